"""How many sessions a minute `broadtape backfill` writes, proofs included, and what a second run costs.

Run: python bench/bench_backfill.py [SESSIONS]. The acceptance tables where BROADTAPE_DATA names them, else the
sample data; a temporary folder, nothing kept. Target: 250 sessions in under five minutes, 50 a minute.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from bench_article import newsroom

from broadtape import backfill
from broadtape.market import MarketStore

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        instance, _days = newsroom(Path(folder) / "newsroom")
        with MarketStore.open(instance.store, readonly=True) as store:
            last = min(store.last_session(), date(2026, 1, 30))
            span = store.view(last).sessions[-count:].astype("datetime64[D]").tolist()
            began = time.perf_counter()
            for day in span[:5]:
                view = store.view(day)
                for symbol in view.symbols_with_bars():
                    len(view.bars(symbol).days)
            floor = (time.perf_counter() - began) / min(count, 5)
            print(f"peer: reading all bars of a view once, warm: {floor:.3f} s a session")
            result = backfill.run(instance, store, span[0], last, now=NOW)
            again = backfill.run(instance, store, span[0], last, now=NOW)
        load = os.getloadavg()[0]
        print(f"{span[0]} to {last}: {dict(result.outcomes)}, articles {dict(result.articles)}")
        print(
            f"{result.seconds:.1f} s, {result.per_minute:.0f} sessions a minute (load {load:.1f}); "
            f"250 sessions take {250 / result.per_minute:.1f} minutes"
        )
        print(f"the same again, nothing to do: {again.seconds:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
