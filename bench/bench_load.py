"""How fast thousands of daily-bar files are loaded in one go, beside a bare bulk load of the same files.

Run: python bench/bench_load.py [FILES]. 5,000 is the size that counts; the default keeps `make bench` short.
Made-up prices in a temporary folder, nothing kept. Each load runs in a process of its own, so that its peak memory
is its own. Ours reads, checks, and keeps provenance and former values; the bare ones only get the rows in.
"""

from __future__ import annotations

import csv
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from broadtape.market import MarketStore
from broadtape.market.calendar import exchange_sessions
from newswire.directory import Directory
from newswire.files import FileSettings, FilesSource, load_file

COLUMNS = ("symbol", "date", "open", "high", "low", "close", "adj_close", "volume")
SESSIONS = 2_520  # ten years
FILES = 300
NOW = datetime(2026, 6, 1, 16, tzinfo=UTC)
TARGET = 0.5  # of the rows per second of a bare bulk load of rows


def write_files(folder: Path, count: int) -> None:
    """One file a symbol, as a vendor's download has them."""
    sessions, _ = exchange_sessions(NOW.date())
    days = [str(day) for day in sessions[sessions < np.datetime64("2026-05-01")][-SESSIONS:]]
    chance = np.random.default_rng(1)
    for number in range(count):
        prices = np.round(50 * np.exp(np.cumsum(chance.normal(0, 0.01, len(days)))), 2)
        lines = [",".join(COLUMNS)]
        lines += [
            f"S{number:04d},{day},{price:.2f},{price * 1.01:.2f},{price * 0.99:.2f},{price:.2f},{price * 0.9:.4f},{row}"
            for row, (day, price) in enumerate(zip(days, prices, strict=True), 1_000)
        ]
        (folder / f"S{number:04d}.csv").write_text("\n".join(lines) + "\n", encoding="ascii")


def files(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("S*.csv"))


def ours(folder: Path) -> int:
    """Through the files source and the store: read, checked, settled, readable by views."""
    rows = 0
    with MarketStore.open(folder / "ours.sqlite") as store:
        store.ensure_calendar(NOW.date())
        for path in files(folder):
            settings = FileSettings(path.stem, str(path), "bars", dict(zip(COLUMNS, COLUMNS, strict=True)))
            harvest = FilesSource(settings).parse(load_file(settings, path, now=NOW), Directory())
            rows += store.ingest(harvest, settle=False).stored
        store.settle()
    return rows


def bare_rows(folder: Path) -> int:
    """The csv module into one SQLite table, one row a session, in a single transaction."""
    rows = 0
    connection = _database(folder / "rows.sqlite")
    connection.execute(
        "CREATE TABLE bars (symbol TEXT, day TEXT, open REAL, high REAL, low REAL, close REAL, adj_close REAL, "
        "volume REAL, PRIMARY KEY (symbol, day)) WITHOUT ROWID"
    )
    for path in files(folder):
        with path.open(encoding="ascii", newline="") as file:
            reader = csv.reader(file)
            next(reader)
            rows += connection.executemany("INSERT INTO bars VALUES (?,?,?,?,?,?,?,?)", reader).rowcount
    connection.commit()
    connection.close()
    return rows


def bare_arrays(folder: Path) -> int:
    """pyarrow's reader into packed arrays, one database row a file: the fastest way we know, nothing checked."""
    rows = 0
    connection = _database(folder / "arrays.sqlite")
    names = ", ".join(f"{name} BLOB" for name in COLUMNS[1:])
    connection.execute(f"CREATE TABLE bars (symbol TEXT PRIMARY KEY, {names})")
    numbers = pacsv.ConvertOptions(column_types={"date": pa.date32(), "symbol": pa.string()})
    for path in files(folder):
        table = pacsv.read_csv(path, convert_options=numbers)
        packed = [
            np.asarray(table[name].cast(pa.int32()) if name == "date" else table[name]).tobytes()
            for name in COLUMNS[1:]
        ]
        connection.execute(f"INSERT INTO bars VALUES (?{',?' * len(packed)})", (path.stem, *packed))
        rows += table.num_rows
    connection.commit()
    connection.close()
    return rows


def _database(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


LOADS: dict[str, Callable[[Path], int]] = {"ours": ours, "bare_rows": bare_rows, "bare_arrays": bare_arrays}


def measure(name: str, folder: Path) -> dict[str, float]:
    """One load in this process."""
    started = time.perf_counter()
    rows = LOADS[name](folder)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {"rows": rows, "seconds": seconds, "peak_mb": peak}


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, count)
        size = sum(path.stat().st_size for path in files(folder)) / 1e6
        print(f"{count:,} files of {SESSIONS:,} sessions, {size:,.0f} MB")
        rates: dict[str, float] = {}
        for load in LOADS:
            command = [sys.executable, __file__, "--one", load, str(folder)]
            said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=1_800).stdout
            found = json.loads(said)
            rates[load] = found["rows"] / found["seconds"]
            print(
                f"{load:<14}{found['seconds']:8.2f} s{rates[load] / 1e6:8.2f} M rows/s  peak {found['peak_mb']:5.0f} MB"
            )
        ratio = rates["ours"] / rates["bare_rows"]
        print(f"ours is {ratio:.2f} of a bare load of rows (target {TARGET}), ", end="")
        print(f"{rates['ours'] / rates['bare_arrays']:.2f} of unchecked arrays")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else FILES)
