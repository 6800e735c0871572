"""The manifest: what was seen of each article's files when its entry was made, kept in the catalogue.

Owns how it is found out which files differ without reading one. What becomes of them is publishing's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

Seen = tuple[int, int, int, int]
"""Time (ns) and size of an article's file and of its facts (0, 0 without)."""

TABLE: Final = """
CREATE TABLE file (
    path TEXT PRIMARY KEY, mtime_ns INTEGER NOT NULL, size INTEGER NOT NULL, digest TEXT NOT NULL,
    state TEXT NOT NULL,         -- publishing's own note about the file, JSON
    pending INTEGER NOT NULL,    -- to be looked at whatever changed: scheduled, standing back, saved just now
    store INTEGER,               -- generation of the market store that it was proved against
    facts_ns INTEGER NOT NULL, facts_size INTEGER NOT NULL,
    picture TEXT NOT NULL,       -- what its front matter calls its picture, or ""
    drawn INTEGER NOT NULL       -- changes when the picture's file does
);
CREATE INDEX file_pending ON file (path) WHERE pending;
CREATE INDEX file_store ON file (store) WHERE store IS NOT NULL;
"""


class FileMark(msgspec.Struct, frozen=True):
    """What the manifest knows of a file: enough to tell that it has not changed without reading it."""

    path: str
    mtime_ns: int
    size: int
    digest: str
    state: str = "{}"
    pending: bool = False
    store: int | None = None
    facts_ns: int = 0
    facts_size: int = 0
    picture: str = ""
    drawn: int = 0

    @property
    def seen(self) -> Seen:
        """As the files' own stamps are."""
        return self.mtime_ns, self.size, self.facts_ns, self.facts_size


def mark_of(row: tuple[Any, ...]) -> FileMark:
    """A row of the table."""
    path, mtime_ns, size, digest, state, pending, store, facts_ns, facts_size, picture, drawn = row
    return FileMark(
        path, mtime_ns, size, digest, state, bool(pending), store, facts_ns, facts_size, picture, drawn
    )


def row_of(mark: FileMark) -> tuple[object, ...]:
    """What `mark_of` reads."""
    return msgspec.structs.astuple(mark)


class Compared(msgspec.Struct, frozen=True):
    """How what is there differs from the manifest, by path."""

    files: int  # that the manifest knows
    differing: frozenset[str]  # new ones too
    gone: frozenset[str]
    pending: frozenset[str]  # alike, and to be looked at all the same
    behind: frozenset[str]  # alike, but proved against another store


def compare(
    db: sqlite3.Connection,
    found: Mapping[str, Seen],
    store: int,
    drawn: Callable[[str, str], int],
) -> Compared:
    """Compare the files that were found with the manifest; `drawn` gives the stamp of a path's picture."""
    left = dict(found)
    files = 0
    differing: set[str] = set()
    gone: set[str] = set()
    pending: set[str] = set()
    behind: set[str] = set()
    rows = db.execute(
        "SELECT path, mtime_ns, size, facts_ns, facts_size, picture, drawn, pending,"
        " store IS NOT NULL AND store != ? FROM file",
        (store,),
    )
    for path, mtime_ns, size, facts_ns, facts_size, picture, its_drawn, is_pending, is_behind in rows:
        files += 1
        seen = left.pop(path, None)
        if seen is None:
            gone.add(path)
        elif seen != (mtime_ns, size, facts_ns, facts_size) or (
            picture and drawn(path, picture) != its_drawn
        ):
            differing.add(path)
        elif is_pending:
            pending.add(path)
        elif is_behind:
            behind.add(path)
    differing.update(left)
    return Compared(files, frozenset(differing), frozenset(gone), frozenset(pending), frozenset(behind))
