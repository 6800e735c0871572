"""The client's memory: validators, moves, refusals to keep to, budgets, and when each host was last asked.

Owns one SQLite file and the locks that give each host one request at a time, over threads and processes. Opens no
connection.
"""

from __future__ import annotations

import fcntl
import hashlib
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LAYOUT = """
CREATE TABLE IF NOT EXISTS validators (
  source TEXT, url TEXT, digest TEXT NOT NULL, etag TEXT NOT NULL, modified TEXT NOT NULL,
  PRIMARY KEY (source, url)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS moves (url TEXT PRIMARY KEY, target TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gone (source TEXT, url TEXT, at REAL NOT NULL, PRIMARY KEY (source, url)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holds (
  host TEXT PRIMARY KEY, until REAL NOT NULL, reason TEXT NOT NULL, times INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS days (
  source TEXT, day TEXT, asked INTEGER NOT NULL DEFAULT 0, unmodified INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (source, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hosts (host TEXT PRIMARY KEY, last REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS robots (
  origin TEXT PRIMARY KEY, body BLOB NOT NULL, status INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS errors (source TEXT PRIMARY KEY, at REAL NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Validators:
    """What makes a request conditional; `digest` is of the body they belong to."""

    digest: str
    etag: str
    modified: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Until when a host is not to be asked, why, and how many times in a row it said so."""

    until: datetime
    reason: str
    times: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What an operator sees of one source: of the last seven days, and what went wrong last."""

    source: str
    asked_today: int
    asked: int
    unmodified: int
    failed: int
    last_error: str = ""
    last_error_at: datetime | None = None
    gone: tuple[str, ...] = ()

    @property
    def unmodified_share(self) -> float:
        """Answers 304 among all requests, 0 to 1."""
        return self.unmodified / self.asked if self.asked else 0.0


class Ledger:
    """The memory of all clients of an instance. Instants are aware UTC; days are of UTC."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._locks = path.with_name(path.name + ".locks")
        self._locks.mkdir(exist_ok=True)
        self._local = threading.local()
        self._threads: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        with self._db() as db:
            db.executescript(_LAYOUT)

    def _db(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "db", None)
        if found is None:
            found = sqlite3.connect(self._path, timeout=30.0, isolation_level=None)
            found.execute("PRAGMA journal_mode = WAL")
            self._local.db = found
        return found

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """One request at a time to a host, whichever thread or process it comes from."""
        with self._guard:
            lock = self._threads.setdefault(host, threading.Lock())
        name = hashlib.sha256(host.encode()).hexdigest()[:24]
        with lock, (self._locks / name).open("w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # --- conditional requests ---

    def validators(self, source: str, url: str) -> Validators | None:
        """What the last answer of an address can be asked about with."""
        row = (
            self._db()
            .execute(
                "SELECT digest, etag, modified FROM validators WHERE source = ? AND url = ?", (source, url)
            )
            .fetchone()
        )
        return Validators(*row) if row else None

    def confirm(self, source: str, url: str, held: Validators) -> None:
        """The body was kept: from now on ask only whether it has changed."""
        self._db().execute(
            "INSERT OR REPLACE INTO validators VALUES (?, ?, ?, ?, ?)",
            (source, url, held.digest, held.etag, held.modified),
        )

    def forget(self, source: str, url: str) -> None:
        """Ask for the whole body the next time."""
        self._db().execute("DELETE FROM validators WHERE source = ? AND url = ?", (source, url))

    # --- moves and ends ---

    def moved(self, url: str) -> str | None:
        """Where an address has moved for good."""
        row = self._db().execute("SELECT target FROM moves WHERE url = ?", (url,)).fetchone()
        return row[0] if row else None

    def move(self, url: str, target: str, now: datetime) -> None:
        """Remember a permanent redirect."""
        self._db().execute("INSERT OR REPLACE INTO moves VALUES (?, ?, ?)", (url, target, now.timestamp()))

    def unmove(self, url: str) -> None:
        """Forget a permanent redirect: its target no longer answers."""
        self._db().execute("DELETE FROM moves WHERE url = ?", (url,))

    def is_gone(self, source: str, url: str) -> bool:
        """Whether the address said that it is gone for good."""
        return bool(
            self._db().execute("SELECT 1 FROM gone WHERE source = ? AND url = ?", (source, url)).fetchone()
        )

    def mark_gone(self, source: str, url: str, now: datetime) -> None:
        """The address said so."""
        self._db().execute("INSERT OR REPLACE INTO gone VALUES (?, ?, ?)", (source, url, now.timestamp()))

    def revive(self, source: str) -> int:
        """The operator enables a source again; how many of its addresses were gone."""
        return self._db().execute("DELETE FROM gone WHERE source = ?", (source,)).rowcount

    # --- rest ---

    def hold(self, host: str) -> Hold | None:
        """What a host last asked for in the way of rest, over or not."""
        row = self._db().execute("SELECT until, reason, times FROM holds WHERE host = ?", (host,)).fetchone()
        return Hold(_instant(row[0]), row[1], row[2]) if row else None

    def rest(self, host: str, until: datetime, reason: str) -> int:
        """A host asks to be left alone until then; how many times in a row it has."""
        self._db().execute(
            "INSERT INTO holds VALUES (?, ?, ?, 1) ON CONFLICT (host) DO UPDATE SET"
            " until = excluded.until, reason = excluded.reason, times = times + 1",
            (host, until.timestamp(), reason),
        )
        held = self.hold(host)
        return held.times if held else 1

    def rested(self, host: str) -> None:
        """The host answers again."""
        self._db().execute("DELETE FROM holds WHERE host = ?", (host,))

    def last_asked(self, host: str) -> datetime | None:
        """When the host was last asked."""
        row = self._db().execute("SELECT last FROM hosts WHERE host = ?", (host,)).fetchone()
        return _instant(row[0]) if row else None

    def asked(self, host: str, now: datetime) -> None:
        """The host is asked now."""
        self._db().execute("INSERT OR REPLACE INTO hosts VALUES (?, ?)", (host, now.timestamp()))

    # --- budgets and figures ---

    def spend(self, source: str, now: datetime, budget: int) -> bool:
        """Take one request from the day's budget; False where it is used up."""
        day = now.astimezone(UTC).date().isoformat()
        db = self._db()
        db.execute("INSERT OR IGNORE INTO days (source, day) VALUES (?, ?)", (source, day))
        taken = db.execute(
            "UPDATE days SET asked = asked + 1 WHERE source = ? AND day = ? AND asked < ?",
            (source, day, budget),
        )
        return taken.rowcount == 1

    def count(
        self, source: str, now: datetime, *, unmodified: int = 0, failed: int = 0, reason: str = ""
    ) -> None:
        """What came of a request."""
        db = self._db()
        day = now.astimezone(UTC).date().isoformat()
        db.execute(
            "UPDATE days SET unmodified = unmodified + ?, failed = failed + ? WHERE source = ? AND day = ?",
            (unmodified, failed, source, day),
        )
        if reason:
            db.execute(
                "INSERT OR REPLACE INTO errors VALUES (?, ?, ?)", (source, now.timestamp(), reason[:500])
            )

    def figures(self, now: datetime) -> list[Figures]:
        """What an operator sees of each source that was asked within seven days, by name."""
        today = now.astimezone(UTC).date()
        since = (today - timedelta(days=6)).isoformat()
        db = self._db()
        rows = db.execute(
            "SELECT source, sum(CASE WHEN day = ? THEN asked ELSE 0 END), sum(asked), sum(unmodified), sum(failed)"
            " FROM days WHERE day >= ? GROUP BY source ORDER BY source",
            (today.isoformat(), since),
        ).fetchall()
        errors = {row[0]: (row[2], _instant(row[1])) for row in db.execute("SELECT * FROM errors")}
        gone: dict[str, list[str]] = {}
        for source, url in db.execute("SELECT source, url FROM gone ORDER BY url"):
            gone.setdefault(source, []).append(url)
        found = []
        for source, asked_today, asked, unmodified, failed in rows:
            reason, at = errors.get(source, ("", None))
            lost = tuple(gone.get(source, ()))
            found.append(Figures(source, asked_today, asked, unmodified, failed, reason, at, lost))
        return found

    def holds(self, now: datetime) -> dict[str, Hold]:
        """The hosts that are being left alone now."""
        rows = self._db().execute(
            "SELECT host, until, reason, times FROM holds WHERE until > ? ORDER BY host", (now.timestamp(),)
        )
        return {row[0]: Hold(_instant(row[1]), row[2], row[3]) for row in rows}

    # --- robots.txt ---

    def robots(self, origin: str, now: datetime, keep: timedelta) -> tuple[int, bytes] | None:
        """Status and text of an origin's robots.txt, where it was read within `keep`."""
        row = (
            self._db()
            .execute(
                "SELECT status, body FROM robots WHERE origin = ? AND at > ?",
                (origin, (now - keep).timestamp()),
            )
            .fetchone()
        )
        return (row[0], row[1]) if row else None

    def keep_robots(self, origin: str, status: int, body: bytes, now: datetime) -> None:
        """What an origin's robots.txt was."""
        self._db().execute(
            "INSERT OR REPLACE INTO robots VALUES (?, ?, ?, ?)", (origin, body, status, now.timestamp())
        )


def next_day(now: datetime) -> datetime:
    """When the budget of the next day begins."""
    tomorrow: date = now.astimezone(UTC).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
