"""Editions of many sessions, one after the other: an archive written as if the desk had been there.

Owns which sessions of a stretch are written, the journal by which an interrupted run goes on, and the tally.
Writes no article itself: `edition.write` does, from what was known at the end of each session.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal

from broadtape import edition
from broadtape.archive import Archive
from broadtape.archive.consistency import Ledger
from broadtape.model import BadParameter, BroadtapeError, NoData

if TYPE_CHECKING:
    from pathlib import Path

    from broadtape.config import Instance
    from broadtape.edition import Filed
    from broadtape.market import MarketStore

Outcome = Literal["written", "quiet", "failed", "done"]
_EPOCH = "SOURCE_DATE_EPOCH"  # https://reproducible-builds.org/specs/source-date-epoch/
_VERSION = 1


class AlreadyRunning(BroadtapeError):
    """Another backfill of the instance is at work."""


@dataclass(frozen=True, slots=True)
class Session:
    """What became of one session. `reason` says why it was quiet or failed; `done` means an earlier run wrote it."""

    day: date
    outcome: Outcome
    filed: tuple[Filed, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Backfilled:
    """The tally of a run, in the order of the sessions."""

    sessions: tuple[Session, ...]
    seconds: float
    resumed: bool

    @property
    def outcomes(self) -> Mapping[str, int]:
        """How many sessions had each outcome."""
        return Counter(one.outcome for one in self.sessions)

    @property
    def articles(self) -> Mapping[str, int]:
        """How many articles of this run have each status."""
        return Counter(item.status for one in self.sessions for item in one.filed)

    @property
    def held(self) -> tuple[Filed, ...]:
        """The articles that did not pass."""
        return tuple(item for one in self.sessions for item in one.filed if item.status == "held")

    @property
    def per_minute(self) -> float:
        """Sessions a minute, of those that were written or found quiet now."""
        new = sum(1 for one in self.sessions if one.outcome != "done")
        return new / self.seconds * 60 if self.seconds else 0.0

    @property
    def ok(self) -> bool:
        """Nothing is held and no session failed."""
        return not self.held and not self.outcomes.get("failed")


def sessions_between(store: MarketStore, first: date, last: date) -> list[date]:
    """The sessions of a stretch that the store can tell of; BadParameter or NoData when there is none."""
    if first > last:
        raise BadParameter(f"--from {first} lies after --to {last}")
    newest = store.last_session()
    if first > newest:
        raise NoData(f"--from {first} lies after the newest session in the store, {newest}")
    days: list[date] = store.view(min(last, newest)).sessions.astype("datetime64[D]").tolist()
    found = [day for day in days if day >= first]
    if not found:
        raise NoData(f"no trading session lies between {first} and {last}")
    return found


def run(
    instance: Instance,
    store: MarketStore,
    first: date,
    last: date,
    *,
    site: str | None = None,
    story: str | None = None,
    again: bool = False,
    now: datetime | None = None,
    progress: Callable[[Session, int, int], None] = lambda *_: None,
    begin: Callable[[date, int, int], None] = lambda *_: None,
) -> Backfilled:
    """Write the edition of every session from `first` to `last` that an earlier run has not written.

    A session counts as written while its articles are in the archive; a quiet one until the store changes.
    With `again` all are gone through; what is filed already and the same stays as it is. `now` (aware UTC) fills
    `written`; by default that is $SOURCE_DATE_EPOCH, else the clock when the run was begun: a run that was
    cut short goes on with the same instant. One failing session does not stop the others.
    """
    days = sessions_between(store, first, last)
    started = time.perf_counter()
    archive = Archive.of(instance)
    done: list[Session] = []
    with _only_one(instance):
        journal = Journal(instance.state / "backfill" / f"{site or 'all'}-{story or 'all'}.jsonl")
        resumed, moment = journal.open(first, last, now or _clock())
        if journal.begun is not None:
            archive.sweep(journal.begun)
        ledger = Ledger(archive)
        there = {article.id for article in archive.scan()[0]}
        for number, day in enumerate(days):
            begin(day, number, len(days))
            if not again and journal.stands(day, there, store.generation):
                session = Session(day, "done")
            else:
                journal.note({"day": str(day), "outcome": "begun"})
                session = _session(instance, store, archive, ledger, day, site=site, story=story, now=moment)
                journal.note(_record(session, archive, store.generation))
            done.append(session)
            progress(session, number + 1, len(days))
        journal.note({"run": "ended"})
    return Backfilled(tuple(done), time.perf_counter() - started, resumed)


def _session(
    instance: Instance,
    store: MarketStore,
    archive: Archive,
    ledger: Ledger,
    day: date,
    *,
    site: str | None,
    story: str | None,
    now: datetime,
) -> Session:
    try:
        filed = edition.write(
            instance,
            store,
            day,
            story=story,
            site=site,
            now=now,
            archive=archive,
            ledger=ledger,
            reword=False,
        )
    except NoData as error:
        return Session(day, "quiet", reason=str(error).removeprefix(f"{day}: "))
    except BroadtapeError as error:
        return Session(day, "failed", reason=str(error))
    return Session(day, "written", tuple(filed))


def _record(session: Session, archive: Archive, generation: int) -> dict[str, Any]:
    found = {"day": str(session.day), "outcome": session.outcome, "store": generation}
    if session.reason:
        found["reason"] = session.reason
    if session.filed:
        loaded = (archive.load(item.path).article for item in session.filed if item.path)
        found["articles"] = [article.id for article in loaded if article is not None]
    return found


def _clock() -> datetime:
    """The instant of writing: $SOURCE_DATE_EPOCH where it is set, so that two runs give the same bytes."""
    given = os.environ.get(_EPOCH, "").strip()
    if not given:
        return datetime.now(UTC).replace(microsecond=0)
    if not re.fullmatch(r"\d{1,11}", given):
        raise BadParameter(f"{_EPOCH}: {given!r} is not a number of seconds since 1970")
    return datetime.fromtimestamp(int(given), UTC)


@contextmanager
def _only_one(instance: Instance) -> Iterator[None]:
    """Be the instance's one backfill; the lock ends with the process however that ends."""
    path = instance.state / "backfill" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            pid = file.read(20).strip() or "unknown"
            raise AlreadyRunning(
                f"{instance.root}: a backfill (process {pid}) is at work; wait for it or stop it"
            ) from error
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


@dataclass(slots=True)
class Journal:
    """What runs of one kind have done, a line each, every line on disk before the next session begins.

    A line that a crash cut short is none. `begun` is the session that was being written when the last run ended.
    """

    path: Path
    begun: date | None = None
    _days: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def open(self, first: date, last: date, now: datetime) -> tuple[bool, datetime]:
        """Read what is there and begin a run: whether it goes on with one cut short, and its instant."""
        running: Mapping[str, Any] = {}
        for record in self._lines():
            if record.get("run") == "begun":
                running = record
            elif record.get("run") == "ended":
                running = {}
            elif record.get("outcome") == "begun":
                self.begun = _day(record)
            elif isinstance(record.get("day"), str):
                self._days[record["day"]] = record
                self.begun = None
        resumed = (running.get("from"), running.get("to")) == (str(first), str(last))
        if resumed and _EPOCH not in os.environ:
            now = _instant(running.get("now")) or now
        self.note(
            {"run": "begun", "version": _VERSION, "from": str(first), "to": str(last), "now": now.isoformat()}
        )
        return resumed, now

    def stands(self, day: date, there: set[str], generation: int) -> bool:
        """Whether a session need not be gone through again."""
        record = self._days.get(str(day), {})
        if record.get("outcome") == "quiet":
            return record.get("store") == generation
        articles = record.get("articles")
        return (
            record.get("outcome") == "written"
            and isinstance(articles, list)
            and all(isinstance(one, str) and one in there for one in articles)
        )

    def note(self, record: Mapping[str, Any]) -> None:
        """One more line, synced."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            torn = file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n"
            file.write((b"\n" if torn else b"") + json.dumps(record, sort_keys=True).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _lines(self) -> Iterator[Mapping[str, Any]]:
        try:
            text = self.path.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return
        for line in text.splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record


def _day(record: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(str(record.get("day")))
    except ValueError:
        return None


def _instant(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None
