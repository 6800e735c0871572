"""Bodies as fetched: kept compressed by their digest, with when, from where and how each came.

Owns var/state/snapshots: a body is written first, its row second, so that a row's body is always whole. Parses
nothing and opens no connection.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import zstandard

from newswire.errors import NewswireError
from newswire.wire import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVEL = 3  # most of what is kept is small or compressed already
MOST_BYTES = 512 * 2**20  # of one body; more is not a body of ours
_PART = ".part"
_PART_KEPT = timedelta(hours=1)  # a half-written body younger than this may be somebody's at work
_LAYOUT = """
CREATE TABLE IF NOT EXISTS fetches (
  n INTEGER PRIMARY KEY, source TEXT NOT NULL, url TEXT NOT NULL, label TEXT NOT NULL, digest TEXT NOT NULL,
  status INTEGER NOT NULL, headers TEXT NOT NULL, retrieved INTEGER NOT NULL, usable INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS fetches_of ON fetches (source, label, url);
CREATE INDEX IF NOT EXISTS fetches_digest ON fetches (digest);
CREATE TABLE IF NOT EXISTS confirmed (
  source TEXT, label TEXT, at INTEGER NOT NULL, PRIMARY KEY (source, label)) WITHOUT ROWID;
"""


class SnapshotDamaged(NewswireError):
    """A body that the index names is missing, or is not what its digest says."""


class Snapshots:
    """The snapshots of an instance. Several processes may add to them at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bodies = folder / "bodies"
        self._bodies.mkdir(parents=True, exist_ok=True)
        self._local = threading.local()
        with self._change() as db:
            for statement in _LAYOUT.split(";\n"):
                db.execute(statement)

    def _db(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "db", None)
        if found is None:
            found = sqlite3.connect(self._folder / "index.sqlite", timeout=30.0, isolation_level=None)
            found.execute("PRAGMA journal_mode = WAL")
            found.execute("PRAGMA synchronous = FULL")
            self._local.db = found
        return found

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        db = self._db()
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")

    # --- keeping ---

    def keep(self, snapshot: Snapshot, *, usable: bool = True) -> int:
        """Keep a snapshot and give its number; `usable` is False for an answer that is evidence only.

        OSError where the disk will not take it: nothing recorded before is touched.
        """
        self._write(snapshot.digest, snapshot.body)
        row = (
            snapshot.source,
            snapshot.url,
            snapshot.label,
            snapshot.digest,
            snapshot.status,
            json.dumps(dict(snapshot.headers), sort_keys=True),
            _micros(snapshot.retrieved),
            int(usable),
        )
        with self._change() as db:
            number = db.execute(
                "INSERT INTO fetches (source, url, label, digest, status, headers, retrieved, usable)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            ).lastrowid
        return int(number or 0)

    def confirm(self, source: str, label: str, at: datetime) -> None:
        """What was kept of a label is still so."""
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO confirmed VALUES (?, ?, ?)", (source, label, _micros(at)))

    def _path(self, digest: str) -> Path:
        return self._bodies / digest[:2] / f"{digest}.zst"

    def _write(self, digest: str, body: bytes) -> None:
        path = self._path(digest)
        if path.exists():
            return
        path.parent.mkdir(exist_ok=True)
        part = path.with_name(f"{digest}.{os.getpid()}.{threading.get_ident()}{_PART}")
        try:
            with part.open("wb") as file:
                file.write(zstandard.ZstdCompressor(level=LEVEL, write_content_size=True).compress(body))
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    # --- reading ---

    def has(self, digest: str) -> bool:
        """Whether the body of that digest is kept."""
        return self._path(digest).is_file()

    def body(self, digest: str) -> bytes:
        """The body of that digest; SnapshotDamaged where it is missing or not what it was."""
        path = self._path(digest)
        try:
            data = path.read_bytes()
            body = zstandard.ZstdDecompressor().decompress(data, max_output_size=MOST_BYTES)
        except FileNotFoundError as error:
            raise SnapshotDamaged(f"{path}: the body is missing; fetch it again") from error
        except (zstandard.ZstdError, MemoryError) as error:
            raise SnapshotDamaged(f"{path}: cannot be read: {error}; delete it and fetch again") from error
        if hashlib.sha256(body).hexdigest() != digest:
            raise SnapshotDamaged(f"{path}: is not what its name says; delete it and fetch again")
        return body

    def last(self, source: str) -> dict[str, datetime]:
        """When each label of a source was last fetched or confirmed, aware UTC."""
        rows = self._db().execute(
            "SELECT label, max(at) FROM (SELECT label, retrieved AS at FROM fetches WHERE source = ? AND usable"
            " UNION ALL SELECT label, at FROM confirmed WHERE source = ?) GROUP BY label",
            (source, source),
        )
        return {label: _instant(at) for label, at in rows}

    def all(self, sources: tuple[str, ...] = ()) -> Iterator[Snapshot]:
        """Every usable snapshot in the order in which they were kept; SnapshotDamaged at a damaged one."""
        rows = (
            self._db()
            .execute(
                "SELECT source, url, label, digest, status, headers, retrieved FROM fetches WHERE usable ORDER BY n"
            )
            .fetchall()
        )
        for source, url, label, digest, status, headers, retrieved in rows:
            if sources and source not in sources:
                continue
            yield Snapshot(
                source=source,
                url=url,
                label=label,
                body=self.body(digest),
                status=status,
                headers=json.loads(headers),
                retrieved=_instant(retrieved),
                digest=digest,
            )

    def count(self) -> int:
        """How many usable snapshots are kept."""
        return int(self._db().execute("SELECT count(*) FROM fetches WHERE usable").fetchone()[0])

    # --- order ---

    def prune(self, days: int, now: datetime) -> int:
        """Drop what is older than `days` and replaced by a newer one of the same address; how many rows went.

        The newest of each address stays, whatever its age. 0 days: nothing is dropped.
        """
        if days > 0:
            before = _micros(now - timedelta(days=days))
            with self._change() as db:
                gone = db.execute(
                    "DELETE FROM fetches WHERE retrieved < ? AND n NOT IN"
                    " (SELECT max(n) FROM fetches GROUP BY source, label, url, usable)",
                    (before,),
                ).rowcount
        else:
            gone = 0
        self._sweep(now)
        return gone

    def _sweep(self, now: datetime) -> None:
        """Remove bodies that no row names, and parts that nobody finished. Younger ones may be at work."""
        named = {row[0] for row in self._db().execute("SELECT DISTINCT digest FROM fetches")}
        for path in self._bodies.glob("*/*"):
            try:
                young = now - datetime.fromtimestamp(path.stat().st_mtime, UTC) < _PART_KEPT
            except FileNotFoundError:
                continue
            if not young and (path.name.endswith(_PART) or path.name.removesuffix(".zst") not in named):
                path.unlink(missing_ok=True)


def _micros(moment: datetime) -> int:
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def _instant(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
