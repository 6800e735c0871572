"""The unattended rounds: fetch what is due, then write the edition of each session that is over and whole.

Owns when that happens and what was written last. Fetching is market's business, writing the edition's; nothing is
published here: the keeper notices what a round changed.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import structlog

from broadtape import config, edition
from broadtape.heartbeat import utc_now
from broadtape.market import MarketStore, fetching
from broadtape.model import BroadtapeError, NoData

if TYPE_CHECKING:
    from broadtape.config import Instance
    from broadtape.edition import Filed
    from broadtape.market.fetching import Fetched
    from broadtape.market.reader import MarketReader

MOST_MISSED = 10  # sessions that a newsroom which was off writes afterwards, the newest ones
RETRY_S = (30.0, 120.0, 600.0)  # after a round that failed as a whole
STILL_TRADED = timedelta(days=30)  # a benchmark without bars for longer is not waited for


@dataclass(frozen=True, slots=True)
class Record:
    """What the rounds remember in var/state/rounds.json; instants are aware UTC."""

    written: date | None = None  # the newest session that was written, or found to have nothing to write
    last: datetime | None = None  # when the last round ended
    problem: str = ""  # why it failed, or which sources or stories did


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    fetched: Sequence[Fetched] = ()
    editions: Sequence[tuple[date, Sequence[Filed]]] = ()
    waiting: str = ""  # what keeps the newest session from being written
    problems: tuple[str, ...] = ()


def record_path(instance: Instance) -> Path:
    """Where the record is."""
    return instance.state / "rounds.json"


def load_record(instance: Instance) -> Record:
    """The record; an empty one where none is or it cannot be read: then only the newest session is written."""
    try:
        return msgspec.json.decode(record_path(instance).read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return Record()


def save_record(instance: Instance, record: Record) -> None:
    """Replace the record, whole or not at all."""
    path = record_path(instance)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(record))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


# --- which sessions ---------------------------------------------------------------------------------------


def sessions_due(
    sessions: Sequence[date],
    closes: Sequence[datetime],
    newest: Sequence[date],
    *,
    written: date | None,
    now: datetime,
    after: timedelta,
) -> tuple[list[date], str]:
    """The sessions to write, ascending, and what the next one waits for ("" where nothing).

    `sessions` ascend with their `closes` (aware UTC); `newest` is the last bar of each benchmark. A session is due
    `after` its close, once each benchmark that still trades has its bar. Without `written` only the newest is due.
    """
    over = [
        day
        for day, close in zip(sessions, closes, strict=True)
        if close + after <= now and _later(day, written)
    ]
    if not over:
        return [], ""
    traded = [day for day in newest if over[-1] - day <= STILL_TRADED]
    if not traded:
        return [], "no benchmark has bars of the last month; see broadtape doctor"
    whole = [day for day in over if day <= min(traded)]
    waiting = "" if whole and whole[-1] == over[-1] else f"a benchmark has no bar of {over[-1]} yet"
    return (whole[-MOST_MISSED:] if written else whole[-1:]), waiting


def _later(day: date, written: date | None) -> bool:
    return written is None or day > written


def _due(instance: Instance, store: MarketReader, record: Record, now: datetime) -> tuple[list[date], str]:
    shelf = store.shelf()
    begin = np.datetime64((now - timedelta(days=45)).date(), "D")
    first = int(np.searchsorted(shelf.sessions, begin))
    last = int(np.searchsorted(shelf.sessions, np.datetime64(now.date(), "D"), side="right"))
    newest = [
        max(end for _, _, end in shelf.spans[symbol])
        for symbol in instance.desk.benchmarks.values()
        if shelf.spans.get(symbol)
    ]
    return sessions_due(
        [day.item() for day in shelf.sessions[first:last]],
        [datetime.fromtimestamp(int(at) / 1e6, UTC) for at in shelf.closes[first:last]],
        newest,
        written=record.written,
        now=now,
        after=timedelta(minutes=instance.run.write_after_minutes),
    )


# --- one round --------------------------------------------------------------------------------------------


def once(
    instance: Instance,
    *,
    now: Callable[[], datetime] = utc_now,
    fetch: Callable[..., list[Fetched]] = fetching.fetch,
    write: Callable[..., list[Filed]] = edition.write,
) -> Round:
    """Fetch what is due and write what is due, as `[run]` says; what was written is remembered session by session.

    A source or a story that fails is told in `problems` and stops nothing. Raises what stops the whole round.
    """
    problems: list[str] = []
    fetched: list[Fetched] = []
    if instance.run.fetch:
        fetched = fetch(instance, now=now())
        problems += [f"{one.source} failed: {one.message}" for one in fetched if one.outcome == "failed"]
    editions: list[tuple[date, Sequence[Filed]]] = []
    waiting = ""
    record = load_record(instance)
    if instance.run.write and instance.store.is_file():
        with MarketStore.open(instance.store, readonly=True) as store:
            due, waiting = _due(instance, store, record, now())
            for day in due:
                filed: list[Filed] = []
                try:
                    filed = write(instance, store, day, draft=instance.run.draft, now=now())
                except NoData as error:
                    problems.append(str(error))
                held = [one for one in filed if one.status == "held"]
                problems += [f"{one.path}: held; run 'broadtape verify' on it" for one in held]
                editions.append((day, filed))
                record = replace(record, written=day)
                save_record(instance, record)
    save_record(instance, replace(record, last=now(), problem="; ".join(problems)[:2000]))
    return Round(fetched, editions, waiting, tuple(problems))


@dataclass(slots=True)
class Rounds:
    """The loop: a round, a rest, and again; a round that fails as a whole is tried again sooner."""

    root: Path
    now: Callable[[], datetime] = utc_now
    make: Callable[..., Round] = once
    failures: int = field(default=0, init=False)

    def tick(self) -> float:
        """Make one round; how many seconds until the next."""
        tell = structlog.get_logger("rounds")
        began = time.monotonic()
        try:
            instance = config.load(self.root)
        except BroadtapeError as error:
            tell.error("settings not read; no round made", cause=str(error))
            return self._failed()
        try:
            done = self.make(instance, now=self.now)
        except Exception as error:  # noqa: BLE001 – whatever it is, the next round tries again
            expected = isinstance(error, BroadtapeError | OSError)
            tell.error("round failed", cause=str(error), exc_info=not expected)
            with suppress(OSError):  # a full disk is told in the log
                last = replace(
                    load_record(instance), last=self.now(), problem=f"{type(error).__name__}: {error}"
                )
                save_record(instance, last)
            return self._failed()
        self.failures = 0
        for line in done.problems:
            tell.warning("in this round", cause=line)
        for day, filed in done.editions:
            tell.info("edition", on=str(day), **_counted(filed))
        tell.info(
            "round made",
            stored=sum(one.outcome == "stored" for one in done.fetched),
            asked=len(done.fetched),
            waiting=done.waiting or None,
            seconds=round(time.monotonic() - began, 2),
        )
        return instance.run.every_minutes * 60.0

    def _failed(self) -> float:
        self.failures += 1
        return RETRY_S[min(self.failures, len(RETRY_S)) - 1]

    def run(self, stop: threading.Event) -> None:
        """Make rounds until `stop` is set."""
        while not stop.is_set():
            stop.wait(self.tick())


def _counted(filed: Sequence[Filed]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in filed:
        counts[one.status] = counts.get(one.status, 0) + 1
    return counts


def main(arguments: list[str]) -> int:
    """The process of the rounds: `python -m broadtape.rounds ROOT`."""
    from broadtape.serving import end_with_parent, log_as_lines  # noqa: PLC0415 – only as a process

    log_as_lines()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    end_with_parent()
    Rounds(Path(arguments[0])).run(stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
