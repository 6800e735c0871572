"""The last proven revision of every published file, and the addresses articles once had.

Owns var/state/revisions.sqlite: a file that an editor breaks keeps its page, and a moved article its old
links, even after var/cache was deleted. Decides nothing about what is proven.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from broadtape import databases

_TABLES = """
CREATE TABLE IF NOT EXISTS revision (
    path TEXT PRIMARY KEY, id TEXT NOT NULL, digest TEXT NOT NULL, source BLOB NOT NULL, facts BLOB NOT NULL,
    proven TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS former (id TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (id, address))
    WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Revision:
    """A file as it was when it last passed: its bytes and those of its facts (b"" without)."""

    path: str  # relative to content/
    id: str
    digest: str
    source: bytes
    facts: bytes
    proven: datetime  # UTC


class Revisions:
    """The file; every change inside `change()` is kept or none."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = databases.open_for_writing(path, "NORMAL")
        for statement in _TABLES.split(";\n"):
            if statement.strip():
                self._db.execute(statement)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

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

    def get(self, path: str) -> Revision | None:
        """The last proven revision of the file."""
        row = self._db.execute("SELECT * FROM revision WHERE path = ?", (path,)).fetchone()
        if row is None:
            return None
        where, article_id, digest, source, facts, proven = row
        return Revision(where, article_id, digest, source, facts, datetime.fromisoformat(proven))

    def put(self, new: Revision) -> None:
        """Keep a revision in place of the one before."""
        self._db.execute(
            "INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
            " id = excluded.id, digest = excluded.digest, source = excluded.source, facts = excluded.facts,"
            " proven = excluded.proven WHERE digest != excluded.digest",
            (new.path, new.id, new.digest, new.source, new.facts, new.proven.isoformat()),
        )

    def forget(self, path: str) -> None:
        """The file was deleted or taken off the site on purpose."""
        self._db.execute("DELETE FROM revision WHERE path = ?", (path,))

    def stood(self, article_id: str, address: str) -> None:
        """Remember that an article stood at this address: it may move."""
        self._db.execute("INSERT OR IGNORE INTO former VALUES (?, ?)", (article_id, address))

    def former(self, article_id: str) -> tuple[str, ...]:
        """Every address an article is known to have had."""
        rows = self._db.execute("SELECT address FROM former WHERE id = ? ORDER BY address", (article_id,))
        return tuple(str(row[0]) for row in rows)
