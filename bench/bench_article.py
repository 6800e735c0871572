"""How long the desk takes for one article from a loaded store of 500 instruments over 20 years, proof included.

Run: python bench/bench_article.py [EDITIONS] [real]. Made-up prices of 500 companies and four indices, fixed seed,
in a temporary folder; with `real` the acceptance tables where BROADTAPE_DATA names them, else the sample data. Each
edition is of a session of its own and written once, in a process that has started and loaded every bar: nothing is warm
but the store. Target: under 300 ms an article.
"""

from __future__ import annotations

import gzip
import os
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from broadtape import config, demo, edition
from broadtape.archive import Archive
from broadtape.edition import Filed
from broadtape.market import MarketReader, MarketStore
from broadtape.market.calendar import exchange_sessions
from broadtape.market.fetching import fetch

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
COMPANIES, YEARS = 500, 20
SETTINGS = """
[instance]
title = "Bench"
contact = "desk@example.org"
time_zone = "America/New_York"
default_site = "bench"
audience = "private"

[desk]
universe = ["companies"]

[desk.benchmarks]
large = "INDEXSP:SPX"
small = "INDEXRUSSELL:RUT"
tech = "INDEXNASDAQ:IXIC"
volatility = "INDEXCBOE:VIX"

[[sources.files]]
name = "indices"
path = "{folder}/indices.csv.gz"
holds = "bars"
layout = "long"
columns = {{ symbol = "symbol", date = "date", open = "open", high = "high", low = "low", close = "close" }}
unit = "points"
instruments = [
  {{ symbol = "INDEXSP:SPX", as = "SPX", name = "S&P 500", kind = "index" }},
  {{ symbol = "INDEXRUSSELL:RUT", as = "RUT", name = "Russell 2000", kind = "index" }},
  {{ symbol = "INDEXNASDAQ:IXIC", as = "IXIC", name = "Nasdaq Composite", kind = "index" }},
  {{ symbol = "INDEXCBOE:VIX", as = "VIX", name = "Cboe Volatility Index", kind = "index" }},
]
licence = "private"

[[sources.files]]
name = "companies"
path = "{folder}/companies.csv.gz"
holds = "bars"
layout = "long"
adjustment = "split"
group = "companies"
instruments = [
{companies}
]
licence = "private"

[sources.files.columns]
symbol = "symbol"
date = "date"
open = "open"
high = "high"
low = "low"
close = "close"
adj_close = "adj_close"
volume = "volume"
"""
SITE = """
name = "Bench"
place = "Bench"
url = "http://bench.example"
hosts = ["bench.example"]
time_zone = "America/New_York"
"""
_FIRST = """Aldern Brisk Corvane Delmar Esker Fallow Garnet Hollis Ivorn Jasper Kestrel Larkin Merrow Norvik Ostrel
Pelham Quarle Ronson Selwyn Tarrant Umbral Verdan Wexley Yarrow Zephyr"""
_SECOND = """Airways Bancorp Chemical Dynamics Electric Foods Gaming Health Instruments Kitchens Logistics Motors
Networks Oil Paper Railways Steel Textiles Utilities Water"""


def newsroom(folder: Path) -> tuple[config.Instance, list[date]]:
    """A loaded store and the sessions to write about."""
    named = os.environ.get("BROADTAPE_DATA")
    content = Path(named).parent / "instance" / "content" if named else None
    if content is not None and content.is_dir():
        shutil.copytree(content, folder / "content", copy_function=shutil.copyfile)
        instance = config.load(folder)
        fetch(instance)
        return instance, [date(2026, 1, 12), date(2022, 6, 16), date(2018, 12, 24)]
    made = demo.prepare(
        folder, address="http://localhost:8000", progress=lambda *_: None, sessions=demo.SESSIONS[-1:]
    )
    return made.instance, [date(2018, 12, 24), date(2020, 3, 16), date(2022, 6, 13)]


def made_up(folder: Path) -> tuple[config.Instance, list[date]]:
    """A newsroom of companies and indices whose prices wander together, as shares do."""
    every, _ = exchange_sessions(NOW.date())
    days = every[every <= np.datetime64("2026-01-30")][-252 * YEARS :]
    chance = np.random.default_rng(20)
    common = chance.normal(0.0003, 0.009, len(days))
    names = [f"{one} {two}" for one in _FIRST.split() for two in _SECOND.split()][:COMPANIES]
    folder.mkdir(parents=True)
    for file, symbols, at_first, own in (
        ("indices", ["SPX", "RUT", "IXIC", "VIX"], (1300, 740, 2300, 15), (0.003, 0.007, 0.006, 0.05)),
        ("companies", [f"B{at:03d}" for at in range(len(names))], (50,) * COMPANIES, (0.013,) * COMPANIES),
    ):
        with gzip.open(folder / f"{file}.csv.gz", "wt", compresslevel=1) as out:
            out.write("symbol,date,open,high,low,close,adj_close,volume\n")
            for symbol, first, spread in zip(symbols, at_first, own, strict=True):
                moves = (common if symbol != "VIX" else 0) + chance.normal(0, spread, len(days))
                close = np.round(first * np.exp(np.cumsum(moves)), 2)
                volume = chance.lognormal(13, 0.4, len(days)).astype(int)
                opened = np.round(close * np.exp(chance.normal(0, 0.004, len(days))), 2)
                for day, at, price, count in zip(days.astype(str), opened, close, volume, strict=True):
                    high, low = max(at, price) * 1.004, min(at, price) * 0.996
                    out.write(
                        f"{symbol},{day},{at:.2f},{high:.2f},{low:.2f},{price:.2f},{price:.2f},{count}\n"
                    )
    (folder / "content" / "sites" / "bench").mkdir(parents=True)
    listed = "\n".join(
        f'  {{ symbol = "NYSE:B{at:03d}", as = "B{at:03d}", name = "{name}", kind = "stock" }},'
        for at, name in enumerate(names)
    )
    text = SETTINGS.format(folder=folder, companies=listed)
    (folder / "content" / "broadtape.toml").write_text(text, "utf-8")
    (folder / "content" / "sites" / "bench" / "site.toml").write_text(SITE, "utf-8")
    instance = config.load(folder)
    fetch(instance)
    return instance, days[-260::13].astype("datetime64[D]").tolist()


def main(editions: int, *, real: bool) -> None:
    """Write editions, each the first of its session, and tell what one article costs."""
    with tempfile.TemporaryDirectory() as folder:
        instance, days = (newsroom if real else made_up)(Path(folder) / "newsroom")
        with MarketReader.open(instance.store) as reader:
            began = time.perf_counter()
            view = reader.view(days[0])
            bars = sum(len(view.bars(symbol).days) for symbol in view.symbols_with_bars())
            floor = time.perf_counter() - began
            symbols = len(view.symbols_with_bars())
        print(f"peer: reading all {bars:,} bars of {symbols} symbols once: {floor:.3f} s")
        seconds: list[float] = []
        cpu: list[float] = []
        longest: list[int] = []
        with MarketStore.open(instance.store) as store:
            view = store.view(days[-1])
            for symbol in view.symbols_with_bars():
                len(view.bars(symbol).days)
            for number, day in enumerate(days[:editions]):
                began, worked = time.perf_counter(), time.process_time()
                filed: list[Filed] = edition.write(instance, store, day, now=NOW)
                took, busy = time.perf_counter() - began, time.process_time() - worked
                kept = [Archive(instance.content).load(one.path).article for one in filed if one.path]
                words = [len(one.body.split()) for one in kept if one is not None]
                first = ", the first of this process" if number == 0 else ""
                held = sum(one.status == "held" for one in filed)
                print(
                    f"{day}: {len(filed)} articles ({held} held) of {words} words, "
                    f"{took:.3f} s in all, {busy:.3f} s of it CPU{first}"
                )
                if filed:
                    seconds.append(took / len(filed))
                    cpu.append(busy / len(filed))
                    longest.append(max(words))
    typical, busy = statistics.median(seconds), statistics.median(cpu)
    print(f"the longest of each edition: {statistics.median(longest):.0f} words in the median")
    print(
        f"one article, from signals to filing: {typical:.3f} s, {busy:.3f} s of it CPU (median of "
        f"{len(cpu)} editions; the dearest {max(cpu):.3f} s of CPU; load {os.getloadavg()[0]:.1f})"
    )
    met = "met" if min(typical, busy) < 0.3 else "MISSED"
    print(f"ratio to the peer: {typical / floor:.2f}; target under 0.3 s: {met}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:2] and sys.argv[1].isdigit() else 8, real="real" in sys.argv)
