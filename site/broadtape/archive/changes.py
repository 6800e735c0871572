"""What a published change touched, as keys that pages depend on.

Owns the form of the keys: the catalogue's writer records which it touched, whoever prints pages which they read.
Knows no page. A key too many costs a page printed for nothing, one too few a page that is out of date.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

# Of the whole catalogue: any change to its tables or to what its JSON columns hold raises it, and it is made anew.
SCHEMA: Final = 5
EVERYTHING: Final = "*"
STAMP: Final = "stamp"  # how fresh the data are
INSTRUMENTS: Final = "i"  # which instruments have a page
DEFINITIONS: Final = "d"
MOST: Final = 20_000  # keys of one change; more is everything
KEPT: Final = 500  # generations

TABLES: Final = """
CREATE TABLE touched (generation INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (generation, key)) WITHOUT ROWID;
"""


def article(address: str) -> str:
    """The article at an address: its page and wherever its card stands."""
    return f"a:{address}"


def facts(article_id: str) -> str:
    """The facts of an article."""
    return f"f:{article_id}"


def listing(site: str, kind: str, key: str) -> str:
    """Which articles a list has, and in which order; kind "" is all of the site's."""
    return f"l:{site}:{kind}:{key}"


def names(site: str, kind: str) -> str:
    """Which topics (authors, symbols, months) a site has, and how many articles each."""
    return f"t:{site}:{kind}"


def related(site: str, kind: str, key: str) -> str:
    """What related stories are chosen from."""
    return f"r:{site}:{kind}:{key}"


def neighbours(address: str) -> str:
    """Which articles stand before and after one."""
    return f"n:{address}"


def alias(address: str) -> str:
    """Where a former address leads."""
    return f"x:{address}"


def addresses(site: str) -> str:
    """The addresses of a site's articles with their dates."""
    return f"m:{site}"


def board(site: str, day: str = "") -> str:
    """The quotes of a session, or the newest ones."""
    return f"b:{site}:{day}"


def instrument(symbol: str) -> str:
    """What is known of an instrument."""
    return f"i:{symbol}"


def naming(symbol: str) -> str:
    """How many articles name an instrument."""
    return f"c:{symbol.upper()}"


def standing(site: str, name: str) -> str:
    """A standing page."""
    return f"p:{site}:{name}"


def local(site: str) -> str:
    """What a site's local blocks hold."""
    return f"o:{site}"


def of_row(table: str, key: tuple[Any, ...], *, new: bool = False) -> set[str]:
    """The keys of a row of one of the tables that are replaced whole."""
    match table:
        case "board":
            return {board(str(key[0]), str(key[1])), board(str(key[0]))}
        case "instrument":
            return {instrument(str(key[0])), *((INSTRUMENTS,) if new else ())}
        case "page":
            return {standing(str(key[0]), str(key[1])), standing(str(key[0]), "")}
        case "definition":
            return {DEFINITIONS}
        case _:
            return {EVERYTHING}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a file's article stands: its address, its places in lists, its runs and former addresses."""

    n: int
    id: str
    address: str
    places: frozenset[tuple[str, str, str, int]]  # site, kind, key, moment
    runs: tuple[str, ...]
    aliases: frozenset[str]

    @classmethod
    def of(cls, db: sqlite3.Connection, path: str) -> Standing | None:
        """As filed now; None where nothing is."""
        row = db.execute("SELECT n, id, address FROM article WHERE path = ?", (path,)).fetchone()
        if row is None:
            return None
        n, article_id, address = row
        return cls(
            n,
            article_id,
            address,
            frozenset(db.execute("SELECT site, kind, key, at FROM listing WHERE n = ?", (n,))),
            tuple(key for (key,) in db.execute("SELECT key FROM run WHERE n = ?", (n,))),
            frozenset(name for (name,) in db.execute("SELECT alias FROM alias WHERE n = ?", (n,))),
        )


def between(db: sqlite3.Connection, before: Standing | None, after: Standing | None) -> set[str]:
    """What putting an article in the place of another (or of none, or taking it away) touched."""
    touched: set[str] = set()
    known = [one for one in (before, after) if one is not None]
    for one in known:
        touched |= {article(one.address), facts(one.id)}
        touched |= {addresses(site) for site, kind, _, _ in one.places if not kind}
        for run in one.runs:  # older pages say what became of it
            touched |= {
                article(found)
                for (found,) in db.execute(
                    "SELECT a.address FROM run r JOIN article a ON a.n = r.n WHERE r.key = ?", (run,)
                )
            }
    if len({one.address for one in known}) > 1:
        touched |= {neighbours(one.address) for one in known}
    first = before.aliases if before else frozenset()
    second = after.aliases if after else frozenset()
    touched |= {alias(name) for name in first ^ second}
    old = before.places if before else frozenset()
    new = after.places if after else frozenset()
    for site, kind, key, at in old ^ new:
        touched |= {listing(site, kind, key), names(site, kind)}
        if kind in ("topic", "symbol"):
            touched.add(related(site, kind, key))
        if kind == "symbol":
            touched.add(naming(key))
        if not kind:
            touched |= {neighbours(found) for found in _beside(db, site, at)}
    return touched


def _beside(db: sqlite3.Connection, site: str, at: int) -> Iterable[str]:
    """The addresses of the articles just before and after a moment, and at it."""
    base = (
        "SELECT a.address FROM (SELECT n FROM listing WHERE site = ? AND kind = '' AND key = '' AND at {} ?"
        " ORDER BY at {}, n {} LIMIT 1) l JOIN article a ON a.n = l.n"
    )
    for sign, order in (("<", "DESC"), (">", "ASC")):
        for (found,) in db.execute(base.format(sign, order, order), (site, at)):
            yield str(found)
    more = "SELECT a.address FROM listing l JOIN article a ON a.n = l.n WHERE l.site = ? AND l.kind = '' AND l.key = ''"
    for (found,) in db.execute(f"{more} AND l.at = ? LIMIT 20", (site, at)):
        yield str(found)


def record(db: sqlite3.Connection, generation: int, keys: Iterable[str]) -> None:
    """Keep what a generation touched."""
    touched = set(keys)
    if len(touched) > MOST:
        touched = {EVERYTHING}
    db.executemany("INSERT OR IGNORE INTO touched VALUES (?, ?)", [(generation, key) for key in touched])
    db.execute("DELETE FROM touched WHERE generation <= ?", (generation - KEPT,))


def since(db: sqlite3.Connection, generation: int) -> set[str]:
    """What was touched after a generation; everything where that is too long ago to tell."""
    newest = int(
        db.execute("SELECT coalesce(max(value), 0) FROM meta WHERE name = 'generation'").fetchone()[0]
    )
    if newest < generation or newest - generation >= KEPT:
        return {EVERYTHING}
    return {
        str(key)
        for (key,) in db.execute("SELECT DISTINCT key FROM touched WHERE generation > ?", (generation,))
    }
