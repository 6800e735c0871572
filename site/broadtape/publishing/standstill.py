"""Whether a publish would find nothing to do: told from times, sizes and notes, without reading an article.

Owns what must be as the last publish left it. Loads nothing that proves, renders or searches, so that looking costs a
fraction of that; where it cannot tell, the publish itself looks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from broadtape import __version__, heartbeat, views
from broadtape.archive import changes, manifest
from broadtape.model import Problem
from broadtape.publishing import Published, stamps
from broadtape.search import mark as marking

if TYPE_CHECKING:
    from broadtape.config import Instance

RENDERING: Final = (
    3  # raised when the same article would be rendered otherwise: every entry is then made anew
)
TOLD: Final = "told"  # the catalogue's note of what the search index was told


def context(instance: Instance, settings: str) -> str:
    """What every entry of the catalogue depends on: another one, and all are made anew."""
    return f"{settings}|{__version__}|{RENDERING}|{instance.audience}"


def told(generation: int, index: marking.Mark, next_due: int | None) -> str:
    """The note that a generation of the catalogue is in the index; until then, if not for ever, microseconds."""
    return f"{generation}|{index.folder}|{index.generation}|{next_due or ''}"


def published(
    instance: Instance, walked: Mapping[str, stamps.Stamp], now: datetime, *, search: bool
) -> Published | None:
    """What a publish would return, if it would change nothing; None where it is to be done.

    `walked` is what stamps.walk found; only who holds the publish lock may ask.
    """
    if any(site.blocks for site in instance.sites.values()) or any(views.pending(instance).glob("*.json")):
        return None  # what local blocks show changes by itself
    try:
        with closing(sqlite3.connect(f"{instance.catalogue.as_uri()}?mode=ro", uri=True)) as db:
            return _published(db, instance, walked, now, search=search)
    except sqlite3.DatabaseError:  # none there, an older form, damaged
        return None


def _published(
    db: sqlite3.Connection,
    instance: Instance,
    walked: Mapping[str, stamps.Stamp],
    now: datetime,
    *,
    search: bool,
) -> Published | None:
    if db.execute("PRAGMA user_version").fetchone()[0] != changes.SCHEMA:
        return None
    db.execute("BEGIN")
    notes = ("context", "generation", "market", "local", "standing", TOLD)
    known = {name: _note(db, name) for name in notes}
    settings = heartbeat.settings_digest(instance.root)
    store = _store_generation(instance.store)
    generation = int(known["generation"] or 0)
    if known["context"] != context(instance, settings) or not known["market"] == known["local"] == str(store):
        return None
    if heartbeat.mark(instance) != heartbeat.Mark(generation, settings):
        return None  # the last publish did not come to its end
    if known["standing"] != stamps.pages(instance):
        return None
    if search and not _in_search(instance, generation, known[TOLD], now):
        return None
    found = manifest.compare(
        db, walked, store, lambda path, picture: stamps.photo_stamp(instance, path, picture)
    )
    if found.differing or found.gone or found.behind:
        return None
    due = []
    for path in found.pending:
        row = db.execute("SELECT state FROM file WHERE path = ?", (path,)).fetchone()
        state = stamps.load_state(row[0])
        if state.racy or state.blocked or not state.waits(now):
            return None
        due.append(state.due)
    return Published(
        counts={"files": found.files},
        problems=_problems(db),
        generation=generation,
        seconds=0.0,
        next_visible=datetime.fromtimestamp(min(due), now.tzinfo) if due else None,
    )


def _note(db: sqlite3.Connection, name: str) -> str:
    row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return "" if row is None else str(row[0])


def _store_generation(path: Path) -> int:
    """As MarketReader has it; -1 without a store."""
    if not path.exists():
        return -1
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        row = db.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
    return int(row[0]) if row is not None else 0


def _in_search(instance: Instance, generation: int, note: str, now: datetime) -> bool:
    """Whether the index was told of that generation, nothing became due since, and its files are whole."""
    index = marking.whole(instance.index, instance.search.engine)
    if index is None:
        return False
    due = note.rpartition("|")[2]
    return note == told(generation, index, int(due) if due else None) and (
        not due or int(due) > now.timestamp() * 1_000_000
    )


def _problems(db: sqlite3.Connection) -> tuple[Problem, ...]:
    raw = db.execute("SELECT problem FROM problem").fetchall()
    if not raw:
        return ()
    from broadtape.archive.rows import load  # noqa: PLC0415 – most archives have none

    found: list[Problem] = [load(row[0], Problem) for row in raw]
    return tuple(sorted(found, key=lambda problem: (problem.path, problem.line)))
