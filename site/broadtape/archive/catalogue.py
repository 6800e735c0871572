"""The catalogue: one SQLite file with everything a reader needs, as readers see it.

Owns no Markdown, no proof and no decision about what may be shown: publishing makes the entries, cataloguing writes
them in one transaction; readers open the file read-only and compute nothing.
"""

from __future__ import annotations

import sqlite3
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from broadtape.archive import changes, published
from broadtape.archive.local import Local
from broadtape.archive.records import (
    ACKNOWLEDGED,
    DefinitionView,
    Entry,
    FactView,
    Gone,
    InstrumentView,
    Ledger,
    QuoteBoard,
    Stamp,
    StandingPage,
    TagKind,
    last_told,
    tag_key,
)
from broadtape.archive.rows import current, load, load_facts, micros
from broadtape.factquery import FactQuery
from broadtape.model import Article, Problem

_RELATED_LOOK = 100  # newest articles of a topic or symbol among which related ones are chosen
_MOST_HELD = 1_000  # entries that a thread remembers between queries: some 10 MB
_HELD_FOR = timedelta(seconds=30)  # what becomes visible by itself shows at most so late
_RANKED_HELD = 20  # related articles of the same tags
_ASKED_OFTEN = 30  # from then on the order of all articles is read at once, a few milliseconds for 20,000
_BOARDS_HELD = 50  # of one session each
_AT_ONCE = 500  # a longer list is read as it comes

_ENTRY = (
    "a.article, a.address, a.html, a.text, a.words, a.proof, a.n, a.at, r.feed_html, a.filed, a.photo_bytes,"
    " a.since, a.since_html, a.made"
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class _Connection:
    """A read-only connection and the file it was opened on; closes itself when its thread is gone."""

    def __init__(self, path: Path) -> None:
        found = path.stat()
        self.inode = (found.st_dev, found.st_ino)
        # Not check_same_thread: the finaliser may run in another thread, nothing else does.
        self.db = sqlite3.connect(
            path.resolve().as_uri() + "?mode=ro", uri=True, check_same_thread=False, timeout=5
        )
        self.usable = current(self.db)

    def __del__(self) -> None:
        with suppress(AttributeError, sqlite3.Error):
            self.db.close()


Tag = tuple[str, str, str]  # site, kind, key


@dataclass(slots=True)
class _Memory:
    """What a thread remembers of one state of the catalogue, while it holds that state."""

    connection: _Connection
    generation: int
    since: datetime
    entries: dict[tuple[str, int], tuple[int, Entry] | None] = field(default_factory=dict)
    newest: dict[Tag, tuple[int, list[tuple[int, int]]]] = field(default_factory=dict)  # uses; n and moment
    tags: dict[tuple[str, int], list[tuple[str, str]]] = field(default_factory=dict)
    names: dict[tuple[str, TagKind], list[tuple[str, int]]] = field(default_factory=dict)
    counts: dict[tuple[object, ...], int] = field(default_factory=dict)
    boards: dict[tuple[str, date | None], QuoteBoard | None] = field(default_factory=dict)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)  # by address and id
    ranked: dict[tuple[str, tuple[tuple[str, str], ...]], list[int]] = field(default_factory=dict)
    in_order: dict[str, list[tuple[int, int]]] = field(default_factory=dict)  # by site: all, as moment and n
    beside: dict[str, int] = field(default_factory=dict)  # by site: how often neighbours were asked for
    runs: bool | None = None  # whether any article reports a run; None: nobody asked

    def serves(self, connection: _Connection, generation: int, now: datetime) -> bool:
        """Whether it still holds."""
        return (
            self.connection is connection
            and self.generation == generation
            and self.since <= now < self.since + _HELD_FOR
        )

    def trim(self) -> None:
        """Forget what is too much to hold; lists of names are few, and long to make."""
        if len(self.entries) > _MOST_HELD:
            self.entries.clear()
        for many in (self.tags, self.counts, self.numbers, self.ranked):
            if len(many) > 20 * _MOST_HELD:
                many.clear()
        if len(self.boards) > _BOARDS_HELD:
            self.boards.clear()


class Catalogue:
    """The reader's side: read-only, one connection a thread; an absent or outdated file reads as empty.

    `now` decides what is visible: an article whose date has not come is nowhere.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = _utc_now) -> None:
        self.path = path
        self._now = now
        self._local = threading.local()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """While it lasts, this thread reads one state of the catalogue, whatever is published meanwhile.

        A page reads some thirty times: so it asks once which state that is, and remembers the entries that stand in
        several of its lists.
        """
        held = self._local
        if getattr(held, "memory", None) is not None or (db := self._connection()) is None:
            yield
            return
        try:
            db.execute("BEGIN")
            generation, now = self.generation, self._now()
            kept: _Memory | None = getattr(held, "kept", None)
            if kept is None or not kept.serves(held.connection, generation, now):
                kept = held.kept = _Memory(held.connection, generation, now)
            kept.trim()
            held.memory = kept
            yield
        finally:
            held.memory = None
            with suppress(sqlite3.Error):
                db.rollback()

    def _remembered(self) -> _Memory | None:
        """What this thread's snapshot remembers; None outside of one."""
        memory: _Memory | None = getattr(self._local, "memory", None)
        return memory

    def _connection(self) -> sqlite3.Connection | None:
        """This thread's connection; opened anew when the file was replaced, None while there is none."""
        memory = self._remembered()
        if memory is not None:
            return memory.connection.db
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._local.connection = None
            return None
        held: _Connection | None = getattr(self._local, "connection", None)
        if held is None or held.inode != (found.st_dev, found.st_ino) or not held.usable:
            try:
                held = _Connection(self.path)
            except (sqlite3.DatabaseError, FileNotFoundError):  # damaged, or replaced this very moment
                held = None
            self._local.connection = held
        return held.db if held is not None and held.usable else None

    def close(self) -> None:
        """Close this thread's connection; it is opened again when needed."""
        self._local.connection = self._local.kept = None

    def _rows(self, query: str, *values: object) -> list[Any]:
        db = self._connection()
        return [] if db is None else db.execute(query, values).fetchall()

    def _value(self, query: str, *values: object) -> Any:
        rows = self._rows(query, *values)
        return rows[0][0] if rows else None

    def _at(self) -> int:
        return micros(self._now())

    @property
    def generation(self) -> int:
        """Rises by one with every published change; 0 while nothing was ever published."""
        memory = self._remembered()
        if memory is not None:
            return memory.generation
        return int(self._value("SELECT value FROM meta WHERE name = 'generation'") or 0)

    def touched_since(self, generation: int) -> set[str]:
        """What changed after a generation, as keys of broadtape.archive.changes."""
        db = self._connection()
        return {changes.EVERYTHING} if db is None else changes.since(db, generation)

    def next_change(self, site: str) -> datetime | None:
        """When the next scheduled article of the site becomes visible (UTC), if any."""
        query = "SELECT min(at) FROM listing WHERE site = ? AND kind = '' AND key = '' AND at > ?"
        found = self._value(query, site, self._at())
        return None if found is None else datetime.fromtimestamp(found / 1_000_000, UTC)

    def _wanted(self, site: str, tags: Mapping[TagKind, str]) -> tuple[str, list[object]]:
        """FROM and WHERE over listing l for the articles that carry every given tag."""
        given = [(kind, tag_key(kind, name)) for kind, name in tags.items() if name]
        kind, key = given[0] if given else ("", "")
        clause = "FROM listing l WHERE l.site = ? AND l.kind = ? AND l.key = ? AND l.at <= ?"
        values: list[object] = [site, kind, key, self._at()]
        for other, other_key in given[1:]:
            clause += (
                " AND EXISTS (SELECT 1 FROM listing o WHERE o.site = l.site AND o.kind = ? AND o.key = ?"
                " AND o.at = l.at AND o.n = l.n)"
            )
            values += [other, other_key]
        return clause, values

    def latest(
        self,
        site: str,
        *,
        limit: int = 20,
        offset: int = 0,
        topic: str = "",
        author: str = "",
        symbol: str = "",
        month: str = "",
    ) -> list[Entry]:
        """The visible articles that carry every given tag, newest first by date; `month` is "2026-01"."""
        tags: dict[TagKind, str] = {"symbol": symbol, "author": author, "topic": topic, "month": month}
        clause, values = self._wanted(site, tags)
        chosen = f"SELECT l.n {clause} ORDER BY l.at DESC, l.n DESC LIMIT ? OFFSET ?"
        return self._entries(site, chosen, [*values, max(0, limit), max(0, offset)])

    def count(
        self, site: str, *, topic: str = "", author: str = "", symbol: str = "", month: str = ""
    ) -> int:
        """How many articles `latest` would list without a limit."""
        asked, memory = (site, topic, author, symbol, month), self._remembered()
        if memory is not None and asked in memory.counts:
            return memory.counts[asked]
        tags: dict[TagKind, str] = {"symbol": symbol, "author": author, "topic": topic, "month": month}
        clause, values = self._wanted(site, tags)
        found = int(self._value(f"SELECT count(*) {clause}", *values) or 0)
        if memory is not None:
            memory.counts[asked] = found
        return found

    def ledger(self, site: str) -> Ledger:
        """What the site's visible stories claim, how it was checked, and how much was corrected."""
        visible = "FROM listing l JOIN article a ON a.n = l.n WHERE l.site = ? AND l.kind = '' AND l.at <= ?"
        counted = (
            "SELECT count(*), coalesce(sum(json_array_length(CAST(a.article AS TEXT), '$.corrections')), 0),"
            f" coalesce(sum(json_array_length(CAST(a.article AS TEXT), '$.corrections') > 0), 0) {visible}"
        )
        stories, corrections, corrected = next(iter(self._rows(counted, site, self._at())), (0, 0, 0))
        statuses = self._rows(
            "SELECT j.key, sum(j.value) FROM listing l JOIN article a ON a.n = l.n, json_each(a.proof) j"
            " WHERE l.site = ? AND l.kind = '' AND l.at <= ? GROUP BY j.key",
            site,
            self._at(),
        )
        return Ledger(
            int(stories), {str(key): int(n) for key, n in statuses}, int(corrections), int(corrected)
        )

    def with_revisions(self) -> list[str]:
        """Paths of the articles with figures whose inputs were revised, and of which no correction tells."""
        rows = self._rows("SELECT path, proof, article FROM article ORDER BY path")
        found: list[str] = []
        for path, proof, article in rows:
            revised: int = load(proof, dict[str, int]).get("revised", 0)
            if revised > 0 and ACKNOWLEDGED not in load(article, Article).extra:
                found.append(str(path))
        return found

    def visible(self) -> int:
        """How many articles are visible, on whatever site."""
        return int(self._value("SELECT count(*) FROM article WHERE at <= ?", self._at()) or 0)

    def _entries(self, site: str, chosen: str, values: list[object]) -> list[Entry]:
        """Entries whose n the query `chosen` selects, newest first."""
        memory = self._remembered()
        if memory is not None:
            numbers = [int(row[0]) for row in self._rows(chosen, *values)]
            if len(numbers) <= _AT_ONCE:
                return self._numbered(memory, site, numbers)
        rows = self._rows(
            f"SELECT {_ENTRY} FROM article a JOIN rendering r ON r.n = a.n AND r.site = ?"  # noqa: S608 – constant text
            f" WHERE a.n IN ({chosen}) ORDER BY a.at DESC, a.n DESC",
            site,
            *values,
        )
        return [self._entry(site, row) for row in rows]

    def _numbered(self, memory: _Memory, site: str, numbers: list[int]) -> list[Entry]:
        """The entries of these numbers, newest first; those of which the snapshot does not know are read."""
        missing = [n for n in numbers if (site, n) not in memory.entries]
        if missing:
            memory.entries.update({(site, n): None for n in missing})  # until it is found: not of this site
            marks = ",".join("?" * len(missing))
            for row in self._rows(
                f"SELECT {_ENTRY} FROM article a JOIN rendering r ON r.n = a.n AND r.site = ?"  # noqa: S608 – marks only
                f" WHERE a.n IN ({marks})",
                site,
                *missing,
            ):
                entry = self._entry(site, row)
                memory.entries[site, int(row[6])] = (int(row[7]), entry)
                memory.numbers[entry.address, entry.article.id] = int(row[6])
        found = [(held[0], n, held[1]) for n in numbers if (held := memory.entries[site, n]) is not None]
        found.sort(key=lambda one: one[:2], reverse=True)
        return [entry for _, _, entry in found]

    def _entry(self, site: str, row: tuple[Any, ...]) -> Entry:
        article, address, html, text, words, proof, n, at, feed_html, filed, photo_bytes, *said = row
        since, since_html, made = said
        later, later_address = self._later(site, n, at)
        return Entry(
            article=load(article, Article),
            address=address,
            html=html,
            text=text,
            feed_html=feed_html,
            words=words,
            proof=load(proof, dict[str, int]),
            later=later,
            later_address=later_address,
            filed=datetime.fromtimestamp(max(filed, at) / 1_000_000, UTC),
            photo_bytes=photo_bytes,
            since=since,
            since_html=since_html,
            made=tuple(made.split()),
        )

    def _later(self, site: str, n: int, at: int) -> tuple[str, str]:
        memory = self._remembered()
        if memory is not None:
            if memory.runs is None:
                memory.runs = bool(self._rows("SELECT 1 FROM run LIMIT 1"))
            if not memory.runs:
                return "", ""
        rows = self._rows(
            "SELECT later.state, a.address FROM run mine JOIN run later ON later.key = mine.key"
            " JOIN article a ON a.n = later.n JOIN rendering r ON r.n = a.n AND r.site = ?"
            " WHERE mine.n = ? AND later.at > ? AND later.at <= ? AND later.state != mine.state"
            " ORDER BY later.at DESC, later.n DESC LIMIT 1",
            site, n, at, self._at(),
        )  # fmt: skip
        return (str(rows[0][0]), str(rows[0][1])) if rows else ("", "")

    def entry(self, site: str, address: str) -> Entry | None:
        """The visible article at an address of this site."""
        chosen = "SELECT n FROM article WHERE address = ? AND at <= ?"
        found = self._entries(site, chosen, [address, self._at()])
        return found[0] if found else None

    def entry_by_id(self, site: str, article_id: str) -> Entry | None:
        """The visible article of that id, as this site shows it."""
        found = self._entries(
            site, "SELECT n FROM article WHERE id = ? AND at <= ?", [article_id, self._at()]
        )
        return found[0] if found else None

    def gone(self, site: str, address: str) -> Gone | None:
        """The withdrawn article that stood at the address."""
        rows = self._rows("SELECT title, note, date FROM gone WHERE site = ? AND address = ?", site, address)
        if not rows:
            return None
        title, note, when = rows[0]
        return Gone(title, datetime.fromisoformat(when), note, address)

    def moved(self, site: str, address: str) -> str | None:
        """Where the article that used to stand at `address` stands now."""
        found = self._value(
            "SELECT a.address FROM alias x JOIN article a ON a.n = x.n"
            " JOIN rendering r ON r.n = a.n AND r.site = ?"
            " WHERE x.alias = ? AND a.at <= ? ORDER BY a.at DESC LIMIT 1",
            site, address, self._at(),
        )  # fmt: skip
        return None if found is None else str(found)

    def former(self, site: str) -> list[str]:
        """Addresses at which something used to stand: of moved articles, and of withdrawn ones."""
        rows = self._rows(
            "SELECT x.alias FROM alias x JOIN rendering r ON r.n = x.n AND r.site = ?"
            " UNION SELECT address FROM gone WHERE site = ? ORDER BY 1",
            site, site,
        )  # fmt: skip
        return [str(row[0]) for row in rows]

    def _tags(self, site: str, kind: TagKind) -> list[tuple[str, int]]:
        memory = self._remembered()
        if memory is not None and (site, kind) in memory.names:
            return memory.names[site, kind].copy()
        rows = self._rows(
            # SQLite takes the bare column from the row that holds max(at): the newest spelling.
            "SELECT name, count(*), max(at) FROM listing WHERE site = ? AND kind = ? AND at <= ?"
            " GROUP BY key ORDER BY count(*) DESC, key",
            site, kind, self._at(),
        )  # fmt: skip
        found = [(str(name), int(count)) for name, count, _ in rows]
        if memory is not None:
            memory.names[site, kind] = found
            return found.copy()
        return found

    def topics(self, site: str) -> list[tuple[str, int]]:
        """Topics with their number of visible articles, most used first."""
        return self._tags(site, "topic")

    def authors(self, site: str) -> list[tuple[str, int]]:
        """Authors with their number of visible articles."""
        return self._tags(site, "author")

    def symbols(self, site: str) -> list[tuple[str, int]]:
        """Symbols with the number of visible articles that name them."""
        return self._tags(site, "symbol")

    def months(self, site: str) -> list[tuple[str, int]]:
        """Months ("2026-01") with articles, newest first."""
        return sorted(self._tags(site, "month"), reverse=True)

    def addresses(self, site: str) -> list[tuple[str, datetime]]:
        """Every visible address with its last change (UTC), newest first: the sitemap."""
        rows = self._rows(
            "SELECT a.address, a.changed FROM listing l JOIN article a ON a.n = l.n"
            " WHERE l.site = ? AND l.kind = '' AND l.key = '' AND l.at <= ? ORDER BY l.at DESC, l.n DESC",
            site, self._at(),
        )  # fmt: skip
        return [(str(address), datetime.fromtimestamp(changed / 1_000_000, UTC)) for address, changed in rows]

    def owned_elsewhere(self, site: str) -> list[str]:
        """Visible addresses of the site whose article names another site as its owner."""
        rows = self._rows(
            # Few articles name an owner: those that name none are passed over without reading their JSON.
            "SELECT a.address, json_extract(CAST(a.article AS TEXT), '$.owner_site') FROM listing l"
            " JOIN article a ON a.n = l.n WHERE l.site = ? AND l.kind = '' AND l.key = '' AND l.at <= ?"
            " AND instr(CAST(a.article AS TEXT), '\"owner_site\":\"\"') = 0",
            site, self._at(),
        )  # fmt: skip
        return [str(address) for address, owner in rows if owner and owner != site]

    def _number(self, entry: Entry) -> int | None:
        memory = self._remembered()
        if memory is not None and (entry.address, entry.article.id) in memory.numbers:
            return memory.numbers[entry.address, entry.article.id]
        query = "SELECT n FROM article WHERE address = ? AND id = ?"
        found: int | None = self._value(query, entry.address, entry.article.id)
        return found

    def neighbours(self, site: str, entry: Entry) -> tuple[Entry | None, Entry | None]:
        """The next older and the next newer visible article of the site."""
        here = self._number(entry)
        if here is None:
            return None, None
        at = micros(last_told(entry.article))
        memory = self._remembered()
        if memory is not None:
            memory.beside[site] = memory.beside.get(site, 0) + 1
            if memory.beside[site] > _ASKED_OFTEN:
                return self._beside(memory, site, (at, here))
        base = "SELECT n FROM listing WHERE site = ? AND kind = '' AND key = '' AND at <= ?"
        older = self._entries(
            site,
            base + " AND (at, n) < (?, ?) ORDER BY at DESC, n DESC LIMIT 1",
            [site, self._at(), at, here],
        )
        newer = self._entries(
            site, base + " AND (at, n) > (?, ?) ORDER BY at, n LIMIT 1", [site, self._at(), at, here]
        )
        return (older[0] if older else None), (newer[0] if newer else None)

    def _beside(self, memory: _Memory, site: str, here: tuple[int, int]) -> tuple[Entry | None, Entry | None]:
        """The neighbours of a place in the site's whole list, which is read once."""
        order = memory.in_order.get(site)
        if order is None:
            rows = self._rows(
                "SELECT at, n FROM listing WHERE site = ? AND kind = '' AND key = '' AND at <= ? ORDER BY at, n",
                site, self._at(),
            )  # fmt: skip
            order = memory.in_order[site] = [(int(at), int(n)) for at, n in rows]
        left, right = bisect_left(order, here), bisect_right(order, here)
        found = [
            self._numbered(memory, site, [order[place][1]]) if 0 <= place < len(order) else []
            for place in (left - 1, right)
        ]
        return (found[0][0] if found[0] else None), (found[1][0] if found[1] else None)

    def related(self, site: str, entry: Entry, limit: int = 4) -> list[Entry]:
        """Of the newest of its topics and symbols, those that share most: rarest shared tags first, then newest."""
        here = self._number(entry)
        if here is None or limit <= 0:
            return []
        tags = tuple(self._tags_of(site, [here])[here])
        memory = self._remembered()
        ranked = memory.ranked.get((site, tags)) if memory is not None else None
        if ranked is None:
            ranked = self._ranked(site, tags)
            if memory is not None:
                memory.ranked[site, tags] = ranked = ranked[:_RANKED_HELD]
        if limit >= _RANKED_HELD:
            ranked = self._ranked(site, tags)
        return self._in_order(site, [n for n in ranked if n != here][:limit])

    def _ranked(self, site: str, tags: tuple[tuple[str, str], ...]) -> list[int]:
        """Numbers of the articles with these tags: those that share most first."""
        # Only the newest of each tag are looked at: a tag of thousands of articles would cost more than the page.
        uses: dict[tuple[str, str], int] = {}
        moments: dict[int, int] = {}
        for kind, key in tags:
            uses[kind, key], newest = self._newest(site, kind, key)
            moments.update(newest)
        weights: dict[int, float] = {}
        for n, its in self._tags_of(site, list(moments)).items():
            for tag in its:
                if tag in uses:
                    weights[n] = weights.get(n, 0.0) + 1.0 / uses[tag]
        return sorted(weights, key=lambda n: (-weights[n], -moments[n]))

    def _in_order(self, site: str, numbers: list[int]) -> list[Entry]:
        """The entries of these numbers, in their order."""
        memory = self._remembered()
        if memory is not None:
            self._numbered(memory, site, numbers)
            return [held[1] for n in numbers if (held := memory.entries[site, n]) is not None]
        marks = ",".join("?" * len(numbers))
        found = self._rows(
            f"SELECT {_ENTRY} FROM article a JOIN rendering r ON r.n = a.n AND r.site = ?"  # noqa: S608 – marks only
            f" WHERE a.n IN ({marks})",
            site,
            *numbers,
        )
        order = {n: place for place, n in enumerate(numbers)}
        return [self._entry(site, row) for row in sorted(found, key=lambda row: order[int(row[6])])]

    def _newest(self, site: str, kind: str, key: str) -> tuple[int, list[tuple[int, int]]]:
        """How often a tag is used (5,000 is often), and number and moment of its newest articles."""
        memory, tag = self._remembered(), (site, kind, key)
        if memory is not None and tag in memory.newest:
            return memory.newest[tag]
        counted = (
            "SELECT count(*) FROM (SELECT 1 FROM listing WHERE site = ? AND kind = ? AND key = ? LIMIT 5000)"
        )
        newest = self._rows(
            "SELECT n, at FROM listing WHERE site = ? AND kind = ? AND key = ? AND at <= ?"
            " ORDER BY at DESC, n DESC LIMIT ?",
            *tag, self._at(), _RELATED_LOOK,
        )  # fmt: skip
        found = max(1, int(self._value(counted, *tag))), [(int(n), int(at)) for n, at in newest]
        if memory is not None:
            memory.newest[tag] = found
        return found

    def _tags_of(self, site: str, numbers: list[int]) -> dict[int, list[tuple[str, str]]]:
        """Topics and symbols of articles, as kind and key, by the articles' numbers in this order."""
        memory = self._remembered()
        known = memory.tags if memory is not None else {}
        missing = [n for n in numbers if (site, n) not in known]
        for first in range(0, len(missing), _AT_ONCE):
            some = missing[first : first + _AT_ONCE]
            known.update({(site, n): [] for n in some})
            marks = ",".join("?" * len(some))
            for n, kind, key in self._rows(
                f"SELECT n, kind, key FROM listing WHERE n IN ({marks}) AND site = ? AND kind IN ('topic', 'symbol')",  # noqa: S608 – marks only
                *some, site,
            ):  # fmt: skip
                known[site, int(n)].append((str(kind), str(key)))
        return {n: known[site, n] for n in numbers}

    def quotes(self, site: str, as_of: date | None) -> QuoteBoard | None:
        """The board of a session (None: of the newest one); None where there is none."""
        memory = self._remembered()
        if memory is not None and (site, as_of) in memory.boards:
            return memory.boards[site, as_of]
        if as_of is None:
            raw = self._value("SELECT board FROM board WHERE site = ? ORDER BY as_of DESC LIMIT 1", site)
        else:
            raw = self._value("SELECT board FROM board WHERE site = ? AND as_of = ?", site, as_of.isoformat())
        board: QuoteBoard | None = None if raw is None else load(raw, QuoteBoard)
        if memory is not None:
            memory.boards[site, as_of] = board
        return board

    def near(self, site: str) -> tuple[str, ...]:
        """Symbols of the companies near a site, nearest first; none where none is known."""
        raw = self._value("SELECT value FROM meta WHERE name = ?", f"near/{site}")
        return tuple(str(raw).split()) if raw else ()

    def local(self, site: str) -> Local:
        """What the site's local blocks hold, as last published; what of it is still true, web decides."""
        raw = self._value("SELECT value FROM meta WHERE name = ?", f"local/{site}")
        return load(raw, Local) if raw else Local()

    def page(self, site: str, name: str) -> StandingPage | None:
        """A standing page: the site's own, else the instance's, else the package's."""
        raw = self._value("SELECT page FROM page WHERE site = ? AND name = ?", site, name)
        return None if raw is None else load(raw, StandingPage)

    def pages(self, site: str) -> list[str]:
        """Names of the standing pages."""
        return [str(row[0]) for row in self._rows("SELECT name FROM page WHERE site = ? ORDER BY name", site)]

    def problems(self) -> list[Problem]:
        """What is wrong with files, by path and line."""
        rows = self._rows("SELECT problem FROM problem ORDER BY path, position")
        found: list[Problem] = [load(row[0], Problem) for row in rows]
        return sorted(found, key=lambda problem: (problem.path, problem.line))

    def facts(self, article_id: str) -> dict[str, FactView]:
        """What the proof page of a visible article shows, by fact id."""
        raw = self._value("SELECT facts FROM article WHERE id = ? AND at <= ?", article_id, self._at())
        return {} if raw is None else load_facts(raw)

    def find_facts(
        self, site: str, query: FactQuery, *, public: bool, limit: int = 10, offset: int = 0
    ) -> published.FoundFacts:
        """Facts that visible articles of the site state, newest session first; `public` leaves out what may not
        be republished."""
        return published.find(
            self._rows,
            query,
            site=site,
            at=self._at(),
            public=public,
            symbols=[self._meant(symbol) for symbol in query.symbols],
            limit=limit,
            offset=offset,
        )

    def _meant(self, symbol: str) -> list[str]:
        """What a symbol or a bare ticker may mean: itself, and the index that such a fund stands for."""
        wanted = symbol.strip().upper()
        known = self._rows(
            "SELECT json_extract(view, '$.instrument.proxy_of') FROM instrument WHERE symbol LIKE ?",
            wanted if ":" in wanted else f"%:{wanted}",
        )
        return list(dict.fromkeys([wanted, *(str(row[0]) for row in known if row[0])]))

    def instrument(self, symbol: str) -> InstrumentView | None:
        """What a quote page shows."""
        raw = self._value("SELECT view FROM instrument WHERE symbol = ?", symbol)
        if raw is None:
            return None
        view: InstrumentView = load(raw, InstrumentView)
        naming = "SELECT count(DISTINCT n) FROM listing WHERE kind = 'symbol' AND key = ? AND at <= ?"
        return replace(view, articles=self._value(naming, tag_key("symbol", symbol), self._at()))

    def instruments(self) -> list[str]:
        """Symbols that have a quote page."""
        return [str(row[0]) for row in self._rows("SELECT symbol FROM instrument ORDER BY symbol")]

    def definition(self, name: str) -> DefinitionView | None:
        """A metric's definition."""
        raw = self._value("SELECT definition FROM definition WHERE name = ?", name)
        return None if raw is None else load(raw, DefinitionView)

    def definitions(self) -> list[DefinitionView]:
        """Every definition by name."""
        rows = self._rows("SELECT definition FROM definition ORDER BY name")
        return [load(row[0], DefinitionView) for row in rows]

    def stamp(self) -> Stamp:
        """How fresh the catalogue is."""
        meta = dict(self._rows("SELECT name, value FROM meta"))
        return Stamp(
            as_of=date.fromisoformat(meta["as_of"]) if meta.get("as_of") else None,
            retrieved=datetime.fromisoformat(meta["retrieved"]) if meta.get("retrieved") else None,
            written=datetime.fromisoformat(meta["written"]) if meta.get("written") else None,
            generation=int(meta.get("generation", 0)),
        )
