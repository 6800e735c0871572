"""How long the desk takes for one article from a loaded store, proof included.

Run: python bench/bench_article.py [ROUNDS]. The acceptance tables where BROADTAPE_DATA names them, else the
sample data; a temporary folder, nothing kept. Target: under 300 ms an article.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from broadtape import config, demo, edition
from broadtape.market import MarketReader, MarketStore
from broadtape.market.fetching import fetch
from broadtape.model import BroadtapeError

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


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


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        instance, days = newsroom(Path(folder) / "newsroom")
        with MarketReader.open(instance.store) as reader:
            began = time.perf_counter()
            view = reader.view(days[0])
            bars = sum(len(view.bars(symbol).days) for symbol in view.symbols_with_bars())
            floor = time.perf_counter() - began
        print(f"peer: reading all {bars:,} bars of a view once: {floor:.3f} s")
        with MarketStore.open(instance.store) as store:
            seconds: list[float] = []
            cpu: list[float] = []
            for day in days:
                first = True
                for _ in range(rounds):
                    shutil.rmtree(instance.articles, ignore_errors=True)
                    began, worked = time.perf_counter(), time.process_time()
                    try:
                        filed = edition.write(instance, store, day, now=NOW)
                    except BroadtapeError as error:
                        print(f"{day}: {error}")
                        break
                    took = (time.perf_counter() - began) / len(filed)
                    if first:
                        words = sum(one.words for one in filed)
                        print(
                            f"{day}: {len(filed)} articles of {words:,} words, the first time {took:.3f} s each"
                        )
                        first = False
                    else:
                        seconds.append(took)
                        cpu.append((time.process_time() - worked) / len(filed))
        if seconds:
            typical, busy = statistics.median(seconds), statistics.median(cpu)
            met = "met" if typical < 0.3 else "MISSED"
            print(
                f"one article, from signals to filing: {typical:.3f} s, {busy:.3f} s of it CPU (median of {len(cpu)})"
            )
            print(f"ratio to the peer: {typical / floor:.2f}; target under 0.3 s: {met}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
