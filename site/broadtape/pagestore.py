"""Printed pages on disk: the bytes of every public page, compressed, with what each of them depends on.

Owns var/cache/pages.sqlite: the printer fills it, publishing marks in it what a change made stale, readers answer
from it. Renders nothing and decides nothing about what a page depends on: a dependency is a key, a text.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from broadtape import databases

NAME: Final = "pages.sqlite"
GZIP_FORM: Final = 31  # zlib's word for: the largest window, in a gzip file without name and time
SCHEMA: Final = 2
EVERYTHING: Final = "*"  # the key of what may depend on anything; as a change: everything changed
SAFE: Final = "/:.,-^=$~_@!*()+"  # what stands unquoted in the path of an address here
SOFT: Final = ("r:", "chrome:", "tape")  # changes that an old page may show a little late

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE page (
    n INTEGER PRIMARY KEY, site TEXT NOT NULL,
    address TEXT NOT NULL,          -- path, with its query where the page reads one
    due INTEGER NOT NULL,           -- see Due
    status INTEGER NOT NULL, headers TEXT NOT NULL, tag TEXT NOT NULL,
    modified INTEGER NOT NULL,      -- when these bytes were first printed, seconds since 1970
    plain BLOB, gzip BLOB, br BLOB, -- plain only where it is not worth compressing; none of a file on disk
    quality INTEGER NOT NULL,       -- of the Brotli form
    size INTEGER NOT NULL,          -- of the plain form
    prints INTEGER NOT NULL,        -- how often it was printed
    UNIQUE (site, address)
);
CREATE INDEX page_due ON page (due, n) WHERE due > 0;
CREATE INDEX page_listed ON page (site, status, due, address, tag);
CREATE TABLE dependency (key TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (key, n)) WITHOUT ROWID;
CREATE INDEX dependency_n ON dependency (n);
"""


class Due(IntEnum):
    """Whether a page has to be printed. What is FRESH or LATE is answered from; LATE is printed when there is time."""

    FRESH = 0
    STALE = 1
    NEW = 2
    LATE = 3
    FAILED = 4  # could not be rendered: tried again when something it depends on changes


@dataclass(frozen=True, slots=True)
class Printed:
    """One printed page."""

    status: int
    headers: tuple[tuple[str, str], ...]  # without validators, length and encoding
    tag: str
    modified: datetime
    gzip: bytes | None
    br: bytes | None
    plain: bytes | None
    size: int

    def identity(self) -> bytes:
        """The bytes without compression."""
        if self.plain is not None:
            return self.plain
        return zlib.decompress(self.gzip, GZIP_FORM) if self.gzip is not None else b""


@dataclass(frozen=True, slots=True)
class Job:
    """A page to be printed."""

    n: int
    site: str
    address: str
    due: Due


_COLUMNS: Final = "status, headers, tag, modified, plain, gzip, br, size"


def _printed(row: tuple[Any, ...]) -> Printed:
    status, headers, tag, modified, plain, packed, br, size = row
    return Printed(
        status=status,
        headers=tuple((name, value) for name, value in json.loads(headers)),
        tag=tag,
        modified=datetime.fromtimestamp(modified, UTC),
        gzip=packed,
        br=br,
        plain=plain,
        size=size,
    )


def address_of(path: str, query: str = "") -> str:
    """The address under which the page of a request is kept; `path` as WSGI gives it."""
    quoted = quote(path.encode("latin-1", "replace"), safe=SAFE)
    return f"{quoted}?{query}" if query else quoted


def path_of(cache: Path) -> Path:
    """Where the printed pages of an instance are; `cache` is var/cache."""
    return cache / NAME


class PageReader:
    """The readers' side: read-only, a connection a thread; an absent or damaged file holds nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    def find(self, site: str, address: str, *, generation: int, settings: str) -> Printed | None:
        """The page as it may be answered under that generation and those settings; None where it is to be rendered."""
        db = self._connection()
        if db is None:
            return None
        try:
            row = db.execute(
                f"SELECT {_COLUMNS} FROM page WHERE site = ? AND address = ? AND due IN (0, 3) AND status > 0"  # noqa: S608  constant text
                " AND (plain IS NOT NULL OR gzip IS NOT NULL)"
                " AND (SELECT value FROM meta WHERE name = 'settings') = ?"
                " AND CAST((SELECT value FROM meta WHERE name = 'generation') AS INTEGER) >= ?",
                (site, address, settings, generation),
            ).fetchone()
        except sqlite3.DatabaseError:
            self._local.held = None
            return None
        return None if row is None else _printed(row)

    def close(self) -> None:
        """Close this thread's connection."""
        held = getattr(self._local, "held", None)
        if held is not None:
            held[1].close()
        self._local.held = None

    def _connection(self) -> sqlite3.Connection | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        inode = (found.st_dev, found.st_ino)
        held = getattr(self._local, "held", None)
        if held is not None and held[0] == inode:
            connection: sqlite3.Connection = held[1]
            return connection
        self.close()
        try:
            db = _Connection(self.path.resolve().as_uri() + "?mode=ro", uri=True, check_same_thread=False)
            if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA:
                db.close()
                return None
        except sqlite3.DatabaseError:
            return None
        self._local.held = (inode, db)
        return db


class _Connection(sqlite3.Connection):
    """Closes itself when its thread is gone."""

    def __del__(self) -> None:
        with suppress(sqlite3.Error):
            self.close()


def _sound(db: sqlite3.Connection) -> bool:
    try:
        db.execute("SELECT count(*) FROM meta").fetchone()
        return bool(db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA)
    except sqlite3.DatabaseError:
        return False


def _create(db: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA}")


class PageWriter:
    """The keeper's side. Each thread has its own; SQLite's lock keeps them apart."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._db, _ = databases.made_sound(
            path,
            lambda: databases.open_for_writing(path, "OFF"),  # can be printed again
            _sound,
            _create,
        )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> PageWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """All or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # --- what is known --------------------------------------------------------------------------------------

    def meta(self, name: str) -> str:
        """A note kept with the pages, or ""."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return "" if row is None else str(row[0])

    def set_meta(self, name: str, value: str) -> None:
        """Keep a note."""
        self._db.execute("REPLACE INTO meta VALUES (?, ?)", (name, value))

    @property
    def generation(self) -> int:
        """The catalogue's generation up to which changes are accounted for."""
        return int(self.meta("generation") or 0)

    def count(self, *dues: Due) -> int:
        """How many pages are in those states, or in any."""
        if not dues:
            return int(self._db.execute("SELECT count(*) FROM page").fetchone()[0])
        marks = ",".join(str(int(due)) for due in dues)
        return int(self._db.execute(f"SELECT count(*) FROM page WHERE due IN ({marks})").fetchone()[0])  # noqa: S608  numbers

    def get(self, site: str, address: str) -> Printed | None:
        """A page whatever its state."""
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM page WHERE site = ? AND address = ? AND status > 0",  # noqa: S608  constant text
            (site, address),
        ).fetchone()
        return None if row is None else _printed(row)

    def failed(self, site: str) -> list[str]:
        """Addresses of a site that could not be rendered."""
        rows = self._db.execute(
            "SELECT address FROM page WHERE site = ? AND due = ? AND due > 0 ORDER BY address",
            (site, Due.FAILED),
        )
        return [str(row[0]) for row in rows]

    def headers(self, site: str) -> Iterator[tuple[str, int, tuple[tuple[str, str], ...]]]:
        """Address, status and headers of everything that is printed."""
        rows = self._db.execute(
            "SELECT address, status, headers FROM page INDEXED BY page_listed"
            " WHERE site = ? AND status > 0 AND due IN (0, 3) ORDER BY address",
            (site,),
        )
        read: dict[str, tuple[tuple[str, str], ...]] = {}  # nearly all pages have the same few
        for address, status, headers in rows:
            if headers not in read:
                read[headers] = tuple((name, value) for name, value in json.loads(headers))
            yield str(address), int(status), read[headers]

    def prints(self) -> dict[tuple[str, str], int]:
        """How often each page was printed."""
        return {
            (row[0], row[1]): row[2] for row in self._db.execute("SELECT site, address, prints FROM page")
        }

    def tags(self, site: str) -> list[tuple[str, str, int]]:
        """Address, tag and status of every printed page of a site; the index has them, no page's bytes are read."""
        rows = self._db.execute(
            "SELECT address, tag, status FROM page INDEXED BY page_listed"
            " WHERE site = ? AND status > 0 AND due IN (0, 3)",
            (site,),
        )
        return rows.fetchall()

    # --- what changes ---------------------------------------------------------------------------------------

    def account(self, keys: Iterable[str], generation: int, settings: str) -> None:
        """Mark what depends on these keys; then readers of that generation may answer from the rest.

        Generations rise, save where everything changed: a catalogue made anew counts from one.
        """
        changed = set(keys)
        with self.change():
            if settings != self.meta("settings") or EVERYTHING in changed:
                self._db.execute("UPDATE page SET due = ? WHERE due IN (0, 3, 4)", (Due.STALE,))
            elif changed:
                changed.add(EVERYTHING)
                for key in changed:
                    soft = key.startswith(SOFT)
                    self._db.execute(
                        "UPDATE page SET due = ? WHERE due IN (0, 4, ?)"
                        " AND n IN (SELECT n FROM dependency WHERE key = ?)",
                        (Due.LATE if soft else Due.STALE, Due.FRESH if soft else Due.LATE, key),
                    )
            self.set_meta("settings", settings)
            anew = EVERYTHING in changed
            self.set_meta("generation", str(generation if anew else max(generation, self.generation)))

    def outdate(self) -> None:
        """Have every page printed again."""
        self._db.execute("UPDATE page SET due = ? WHERE due IN (0, 3, 4)", (Due.STALE,))

    def forget_sites(self, kept: Iterable[str]) -> None:
        """Drop the pages of sites that are no more."""
        known = list(kept)
        marks = ",".join("?" * len(known))
        gone = f"SELECT n FROM page WHERE site NOT IN ({marks})"  # noqa: S608  marks only
        self._db.execute(f"DELETE FROM dependency WHERE n IN ({gone})", known)  # noqa: S608  marks only
        self._db.execute(f"DELETE FROM page WHERE site NOT IN ({marks})", known)  # noqa: S608  marks only

    def want(self, site: str, addresses: Iterable[str]) -> None:
        """Have pages printed that are not known yet."""
        self._db.executemany(
            "INSERT OR IGNORE INTO page VALUES (NULL, ?, ?, ?, 0, '[]', '', 0, NULL, NULL, NULL, 0, 0, 0)",
            [(site, address, Due.NEW) for address in addresses],
        )

    def due(self, limit: int, *, late: bool = True) -> list[Job]:
        """Pages to be printed: stale ones first, then new ones, then late ones."""
        found: list[Job] = []
        for due in (Due.STALE, Due.NEW, Due.LATE)[: 3 if late else 2]:
            rows = self._db.execute(
                "SELECT n, site, address, due FROM page WHERE due = ? AND due > 0 ORDER BY n LIMIT ?",
                (due, limit - len(found)),
            )
            found += [Job(n, site, address, Due(state)) for n, site, address, state in rows]
            if len(found) >= limit:
                break
        return found

    def put(
        self,
        job: Job,
        page: Printed,
        keys: Iterable[str],
        *,
        quality: int,
    ) -> bool:
        """Keep a page as printed; False where its bytes are those it had, which keep their date."""
        same = False
        if job.due != Due.NEW:  # else it has neither bytes nor dependencies
            row = self._db.execute("SELECT tag, status FROM page WHERE n = ?", (job.n,)).fetchone()
            same = row is not None and row == (page.tag, page.status)
            self._db.execute("DELETE FROM dependency WHERE n = ?", (job.n,))
        self._db.executemany(
            "INSERT OR IGNORE INTO dependency VALUES (?, ?)", [(key, job.n) for key in sorted(set(keys))]
        )
        if same:
            self._db.execute(
                "UPDATE page SET due = 0, prints = prints + 1, headers = ? WHERE n = ?",
                (json.dumps(page.headers), job.n),
            )
        else:
            self._db.execute(
                "UPDATE page SET due = 0, status = ?, headers = ?, tag = ?, modified = ?, plain = ?, gzip = ?, br = ?,"
                " quality = ?, size = ?, prints = prints + 1 WHERE n = ?",
                (
                    page.status, json.dumps(page.headers), page.tag, int(page.modified.timestamp()),
                    page.plain, page.gzip, page.br, quality, page.size, job.n,
                ),
            )  # fmt: skip
        return not same

    def drop(self, job: Job) -> None:
        """The page is no more."""
        self._db.execute("DELETE FROM dependency WHERE n = ?", (job.n,))
        self._db.execute("DELETE FROM page WHERE n = ?", (job.n,))

    def fail(self, job: Job, keys: Iterable[str]) -> None:
        """The page could not be rendered: readers try it themselves, and a change tries it again here."""
        self._db.execute("DELETE FROM dependency WHERE n = ?", (job.n,))
        self._db.executemany(
            "INSERT OR IGNORE INTO dependency VALUES (?, ?)", [(key, job.n) for key in sorted(set(keys))]
        )
        self._db.execute("UPDATE page SET due = ? WHERE n = ?", (Due.FAILED, job.n))

    def least_packed(self, below: int, limit: int) -> list[tuple[int, bytes]]:
        """Number and gzip form of pages whose Brotli form could be better."""
        rows = self._db.execute(
            "SELECT n, gzip FROM page WHERE due = 0 AND quality BETWEEN 1 AND ? AND gzip IS NOT NULL LIMIT ?",
            (below - 1, limit),
        )
        return [(int(n), bytes(packed)) for n, packed in rows]

    def repack(self, n: int, before: bytes, packed: bytes, br: bytes, quality: int) -> None:
        """Better gzip and Brotli forms of the bytes whose gzip form is `before`."""
        self._db.execute(
            "UPDATE page SET gzip = ?, br = ?, quality = ? WHERE n = ? AND gzip = ?",
            (packed, br, quality, n, before),
        )
