"""How fast the files source reads and the market store keeps and gives daily bars.

Run: python bench/bench_market_store.py [SYMBOLS]. Made-up prices, a temporary folder, nothing kept.
"""

from __future__ import annotations

import gzip
import resource
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from broadtape.market import MarketReader, MarketStore
from broadtape.market.calendar import exchange_sessions
from newswire.directory import Directory
from newswire.files import FileSettings, FilesSource, load_file

COLUMNS = ("symbol", "date", "open", "high", "low", "close", "adj_close", "volume")
SESSIONS = 2520  # ten years


def table(symbols: int, days: list[str]) -> bytes:
    chance = np.random.default_rng(1)
    lines = [",".join(COLUMNS)]
    for number in range(symbols):
        prices = np.round(50 * np.exp(np.cumsum(chance.normal(0, 0.01, len(days)))), 2)
        lines += [
            f"S{number:04d},{day},{price:.2f},{price * 1.01:.2f},{price * 0.99:.2f},{price:.2f},{price * 0.9:.4f},{row}"
            for row, (day, price) in enumerate(zip(days, prices, strict=True))
        ]
    return gzip.compress("\n".join(lines).encode(), 1)


def told(what: str, rows: int, started: float) -> None:
    seconds = time.perf_counter() - started
    print(f"{what:<28}{seconds:8.2f} s{rows / seconds / 1e6:8.2f} M rows/s")


def main(symbols: int) -> None:
    now = datetime.now(UTC)
    sessions, _ = exchange_sessions(now.date())
    days = [str(day) for day in sessions[sessions < np.datetime64("2026-05-01")][-SESSIONS:]]
    rows = symbols * len(days)
    settings = FileSettings("bench", "bench.csv.gz", "bars", dict(zip(COLUMNS, COLUMNS, strict=True)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.csv.gz")
        path.write_bytes(table(symbols, days))
        print(f"{symbols} symbols, {rows:,} rows, {path.stat().st_size / 1e6:.0f} MB of gzip")
        started = time.perf_counter()
        harvest = FilesSource(settings).parse(load_file(settings, path, now=now), Directory())
        told("read and check", rows, started)
        with MarketStore.open(Path(folder, "market.sqlite")) as store:
            store.ensure_calendar(now.date())
            for what in ("store", "store again, unchanged"):
                started = time.perf_counter()
                store.ingest(harvest)
                told(what, rows, started)
        with MarketReader.open(Path(folder, "market.sqlite")) as reader:
            for what, day in (
                ("first view, every bar", date(2026, 4, 30)),
                ("another view", date(2025, 4, 30)),
            ):
                started = time.perf_counter()
                view = reader.view(day)
                count = sum(len(view.bars(symbol).days) for symbol in view.symbols_with_bars())
                told(what, count, started)
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 800)
