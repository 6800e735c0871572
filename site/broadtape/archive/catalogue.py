"""The catalogue: one SQLite file with everything a reader needs, and the only way into and out of it.

Owns no Markdown, no proof and no decision about what may be shown: publishing makes the entries and writes
them here in one transaction; readers open the file read-only and compute nothing.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import msgspec

from broadtape import urls
from broadtape.archive import changes, published
from broadtape.archive.local import Local
from broadtape.factquery import FactQuery
from broadtape.model import Article, Evidence, Fact, FactKey, Instrument, Part, PartKind, Problem

# Any change to the tables or to what the JSON columns hold raises it, and every catalogue is rebuilt.
SCHEMA = 3

T = TypeVar("T")
TagKind = Literal["topic", "author", "symbol", "month"]
_RELATED_LOOK = 100  # newest articles of a topic or symbol among which related ones are chosen


# --- what readers get -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """A published article as one site shows it."""

    article: Article
    address: str  # "/2026/01/12/slug/"
    html: str  # rendered body with its anchors
    text: str  # visible text
    feed_html: str  # no fact markup, absolute addresses of this site
    words: int
    proof: Mapping[str, int]  # counts by status
    later: str = ""  # what became of a run this article reports: "The run ended on Jan. 23, 2026, …", or ""
    later_address: str = ""  # the article that says so
    filed: datetime | None = None  # when this state of it was published here, UTC: HTTP's Last-Modified
    photo_bytes: int = 0  # size of the picture's file; 0 without one
    since: str = ""  # what the main fact of an older article has come to by the newest data, or ""
    since_html: str = ""  # the same with its proof links
    made: tuple[
        str, ...
    ] = ()  # how its words came about: algorithmic, model-assisted, human-edited; () by people


@dataclass(frozen=True, slots=True)
class Gone:
    """A withdrawn article: its place is kept, its text is not."""

    title: str
    date: datetime  # when it was withdrawn, else its last change
    note: str  # why, if the file says
    address: str = ""


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """One line of the sidebar; `change` is in `unit`, `percent` in percent (−0.74 means −0.74 %)."""

    symbol: str
    name: str
    price: Decimal
    change: Decimal
    percent: Decimal
    unit: str
    as_of: date
    source: str
    delay_minutes: int
    fact_id: str
    licence: str
    stands_for: str = ""  # the name of what may not be shown, where this is its proxy


@dataclass(frozen=True, slots=True)
class QuoteBoard:
    """The quotes of one session in the site's order; `left_out` had no bar of it, or no licence."""

    as_of: date
    rows: tuple[QuoteRow, ...]
    left_out: tuple[str, ...]
    attribution: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactView:
    """A fact with what the proof page prints about it; `printed` as in "−0.74%"."""

    fact: Fact
    status: str
    metric_title: str
    wording: str
    long_form: str
    printed: str


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One session of a quote page, newest first; prices are None where the source gives none.

    `percent` is the close-to-close change; in a view whose basis is "total" it includes dividends.
    """

    day: date
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: int | None
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class InstrumentView:
    """What a quote page shows. No `history` where there are no bars, or none that may be shown."""

    instrument: Instrument
    quote: QuoteRow | None
    history: tuple[HistoryRow, ...] = ()
    basis: Literal["price", "total"] = "price"
    adjustment: str = ""
    unit: str = ""
    first: date | None = None  # first and last session in the store; None without bars
    last: date | None = None
    source: str = ""
    attribution: str = ""
    licence: str = ""
    delay_minutes: int = 0
    retrieved: datetime | None = None
    articles: int = 0  # visible articles that name it, on whatever site


@dataclass(frozen=True, slots=True)
class ParameterView:
    """One parameter of a metric."""

    name: str
    meaning: str
    default: str | None
    example: str


@dataclass(frozen=True, slots=True)
class DefinitionView:
    """A metric's definition as readers see it."""

    name: str
    title: str
    version: int
    wording: str
    parameters: tuple[ParameterView, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StandingPage:
    """A page that is no article: about, methods, privacy, …"""

    name: str
    title: str
    html: str
    text: str
    updated: datetime | None = None  # None: the package's default text
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A site's record: its stories, their claims by status of proof, corrections, and stories that have one."""

    stories: int
    claims: Mapping[str, int]
    corrections: int
    corrected: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """How fresh the catalogue is: newest session and retrieval, when it was written."""

    as_of: date | None
    retrieved: datetime | None
    written: datetime | None
    generation: int = 0


# --- keys and moments -----------------------------------------------------------------------------------


key_of = urls.key  # the form in which topics, authors and months are looked up


def _tag_key(kind: TagKind, name: str) -> str:
    return name.strip().upper() if kind == "symbol" else key_of(name)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


# --- JSON columns ---------------------------------------------------------------------------------------


def _enc_hook(value: object) -> object:
    return str(value)  # front matter may hold what JSON has no word for


_encoder = msgspec.json.Encoder(enc_hook=_enc_hook)
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
# msgspec 0.22 shows other threads the description of a type before it is complete: two that make the first
# decoders of one type at once crash the process. Decoders that are complete are safe.
_making = threading.Lock()


def _dump(value: object) -> bytes:
    return _encoder.encode(value)


def _load(raw: bytes | str, kind: type[T] | Any) -> T:
    decoder = _decoders.get(kind)
    if decoder is None:
        with _making:
            decoder = _decoders.get(kind) or _decoders.setdefault(kind, msgspec.json.Decoder(kind))
    result: T = decoder.decode(raw)
    return result


def _last_told(article: Article) -> datetime:
    """When its text was last written anew: its date, or the last update that brought another version."""
    return max((article.date, *(one.date for one in article.updates if one.before is not None)))


def _dump_article(article: Article) -> bytes:
    article = replace(article, facts={})  # readers get facts by `facts()`
    try:
        return _dump(article)
    except (TypeError, ValueError, RecursionError, OverflowError):
        # an unknown key of a kind JSON cannot hold: readers do without those
        return _dump(replace(article, extra={}))


FactValue = Decimal | int | date | str | tuple[Decimal, Decimal]


class _PartJson(msgspec.Struct, array_like=True, frozen=True):
    name: str
    kind: str
    value: Any
    unit: str
    decimals: int


class _FactJson(msgspec.Struct, frozen=True):
    metric: str
    params: tuple[tuple[str, str], ...]
    as_of: date
    version: int
    value: Any
    unit: str
    decimals: int
    parts: tuple[_PartJson, ...]
    tags: tuple[str, ...]
    evidence: Evidence
    licence: Literal["private", "public"]
    status: str
    metric_title: str
    wording: str
    long_form: str
    printed: str


def _pack(value: FactValue) -> tuple[str, Any]:
    """The value with a letter for its kind: a bare string would not tell a date from a name."""
    if isinstance(value, Decimal):
        return "d", str(value)
    if isinstance(value, date):
        return "t", value.isoformat()
    if isinstance(value, tuple):
        return "r", [str(bound) for bound in value]
    return ("i", value) if isinstance(value, int) else ("s", value)


def _unpack(packed: tuple[str, Any]) -> FactValue:
    kind, raw = packed
    if kind == "d":
        return Decimal(raw)
    if kind == "t":
        return date.fromisoformat(raw)
    if kind == "r":
        return Decimal(raw[0]), Decimal(raw[1])
    return int(raw) if kind == "i" else str(raw)


def _fact_to_json(view: FactView) -> _FactJson:
    fact = view.fact
    return _FactJson(
        metric=fact.key.metric,
        params=fact.key.params,
        as_of=fact.key.as_of,
        version=fact.key.version,
        value=_pack(fact.value),
        unit=fact.unit,
        decimals=fact.decimals,
        parts=tuple(_PartJson(p.name, p.kind, _pack(p.value), p.unit, p.decimals) for p in fact.parts),
        tags=tuple(sorted(fact.tags)),
        evidence=fact.evidence,
        licence=fact.licence,
        status=view.status,
        metric_title=view.metric_title,
        wording=view.wording,
        long_form=view.long_form,
        printed=view.printed,
    )


_PART_KINDS: dict[str, PartKind] = {kind: kind for kind in get_args(PartKind)}


def _fact_from_json(raw: _FactJson) -> FactView:
    fact = Fact(
        key=FactKey(raw.metric, raw.params, raw.as_of, raw.version),
        value=_unpack(raw.value),
        unit=raw.unit,
        decimals=raw.decimals,
        parts=tuple(
            Part(p.name, _PART_KINDS[p.kind], _unpack(p.value), p.unit, p.decimals) for p in raw.parts
        ),
        tags=frozenset(raw.tags),
        evidence=raw.evidence,
        licence=raw.licence,
    )
    return FactView(fact, raw.status, raw.metric_title, raw.wording, raw.long_form, raw.printed)


def dump_facts(facts: Mapping[str, FactView]) -> bytes:
    """The facts as compressed bytes; publishing keeps proof results in the same form."""
    return zlib.compress(_dump({name: _fact_to_json(view) for name, view in facts.items()}), 3)


def load_facts(raw: bytes) -> dict[str, FactView]:
    """What `dump_facts` wrote."""
    packed: dict[str, _FactJson] = _load(zlib.decompress(raw), dict[str, _FactJson])
    return {name: _fact_from_json(view) for name, view in packed.items()}


# --- the tables -----------------------------------------------------------------------------------------

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE article (
    n INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,   -- relative to content/
    id TEXT NOT NULL,
    address TEXT NOT NULL,
    at INTEGER NOT NULL,         -- publication, or the last update of a story that runs on; microseconds since 1970 UTC
    changed INTEGER NOT NULL,    -- updated, else publication
    title TEXT NOT NULL,
    words INTEGER NOT NULL,
    article BLOB NOT NULL,       -- JSON of model.Article
    html TEXT NOT NULL,
    text TEXT NOT NULL,
    proof TEXT NOT NULL,
    facts BLOB NOT NULL,
    filed INTEGER NOT NULL,      -- when this row was written, microseconds
    photo_bytes INTEGER NOT NULL,
    stamp TEXT NOT NULL,         -- digest of what search knows of it
    as_of TEXT,                  -- the session it is of
    since TEXT NOT NULL,         -- what its main fact has come to, as text and as HTML
    since_html TEXT NOT NULL,
    made TEXT NOT NULL           -- how its words came about, by spaces
);
CREATE INDEX article_as_of ON article (as_of);
CREATE INDEX article_address ON article (address);
CREATE INDEX article_id ON article (id);
CREATE TABLE rendering (
    n INTEGER NOT NULL, site TEXT NOT NULL, feed_html TEXT NOT NULL,
    PRIMARY KEY (site, n)
) WITHOUT ROWID;
CREATE INDEX rendering_n ON rendering (n);
CREATE TABLE listing (           -- kind '': every article of the site
    site TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, n INTEGER NOT NULL,
    name TEXT NOT NULL,          -- as the newest article writes it
    PRIMARY KEY (site, kind, key, at, n)
) WITHOUT ROWID;
CREATE INDEX listing_n ON listing (n);
CREATE TABLE alias (alias TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (alias, n)) WITHOUT ROWID;
CREATE INDEX alias_n ON alias (n);
CREATE TABLE run (               -- runs an article reports, so that an older page can say what became of them
    key TEXT NOT NULL, at INTEGER NOT NULL, n INTEGER NOT NULL, state TEXT NOT NULL,
    PRIMARY KEY (key, at, n)
) WITHOUT ROWID;
CREATE INDEX run_n ON run (n);
CREATE TABLE gone (
    path TEXT NOT NULL, site TEXT NOT NULL, address TEXT NOT NULL, title TEXT NOT NULL, note TEXT NOT NULL,
    date TEXT NOT NULL, PRIMARY KEY (site, address, path)
) WITHOUT ROWID;
CREATE INDEX gone_path ON gone (path);
CREATE TABLE problem (path TEXT NOT NULL, position INTEGER NOT NULL, problem BLOB NOT NULL,
    PRIMARY KEY (path, position)) WITHOUT ROWID;
CREATE TABLE board (site TEXT NOT NULL, as_of TEXT NOT NULL, board BLOB NOT NULL, PRIMARY KEY (site, as_of))
    WITHOUT ROWID;
CREATE TABLE instrument (symbol TEXT PRIMARY KEY, view BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE page (site TEXT NOT NULL, name TEXT NOT NULL, page BLOB NOT NULL, PRIMARY KEY (site, name))
    WITHOUT ROWID;
CREATE TABLE definition (name TEXT PRIMARY KEY, definition BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE proof (             -- publishing's last proof of a file, so that it is not computed twice
    path TEXT PRIMARY KEY, stamp TEXT NOT NULL, proof BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE fact (              -- the records of every facts file, for claims copied to other articles
    path TEXT NOT NULL, id TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY (path, id)
) WITHOUT ROWID;
CREATE INDEX fact_id ON fact (id);
CREATE TABLE searched (          -- what the search index was last told of each file
    path TEXT PRIMARY KEY, address TEXT NOT NULL, stamp TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE file (              -- the manifest: what was seen of each file when its entry was made
    path TEXT PRIMARY KEY, mtime_ns INTEGER NOT NULL, size INTEGER NOT NULL, digest TEXT NOT NULL,
    state TEXT NOT NULL,         -- publishing's own note about the file, JSON
    pending INTEGER NOT NULL,    -- to be looked at whatever changed: scheduled, standing back, saved just now
    store INTEGER                -- generation of the market store that it was proved against
) WITHOUT ROWID;
CREATE INDEX file_pending ON file (path) WHERE pending;
CREATE INDEX file_store ON file (store) WHERE store IS NOT NULL;
"""
_ALL_TABLES = _TABLES + published.TABLES + changes.TABLES

_ENTRY = (
    "a.article, a.address, a.html, a.text, a.words, a.proof, a.n, a.at, r.feed_html, a.filed, a.photo_bytes,"
    " a.since, a.since_html, a.made"
)


# --- reading --------------------------------------------------------------------------------------------


class _Connection:
    """A read-only connection and the file it was opened on; closes itself when its thread is gone."""

    def __init__(self, path: Path) -> None:
        found = path.stat()
        self.inode = (found.st_dev, found.st_ino)
        # Not check_same_thread: the finaliser may run in another thread, nothing else does.
        self.db = sqlite3.connect(
            path.resolve().as_uri() + "?mode=ro", uri=True, check_same_thread=False, timeout=5
        )
        self.usable = _schema_of(self.db) == SCHEMA

    def __del__(self) -> None:
        with suppress(AttributeError, sqlite3.Error):
            self.db.close()


def _schema_of(db: sqlite3.Connection) -> int:
    found = db.execute("PRAGMA user_version").fetchone()
    return int(found[0])


class Catalogue:
    """The reader's side: read-only, one connection a thread; an absent or outdated file reads as empty.

    `now` decides what is visible: an article whose date has not come is nowhere.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = _utc_now) -> None:
        self.path = path
        self._now = now
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection | None:
        """This thread's connection; opened anew when the file was replaced, None while there is none."""
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
        self._local.connection = None

    def _rows(self, query: str, *values: object) -> list[Any]:
        db = self._connection()
        return [] if db is None else db.execute(query, values).fetchall()

    def _value(self, query: str, *values: object) -> Any:
        rows = self._rows(query, *values)
        return rows[0][0] if rows else None

    def _at(self) -> int:
        return _micros(self._now())

    @property
    def generation(self) -> int:
        """Rises by one with every published change; 0 while nothing was ever published."""
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
        given = [(kind, _tag_key(kind, name)) for kind, name in tags.items() if name]
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
        tags: dict[TagKind, str] = {"symbol": symbol, "author": author, "topic": topic, "month": month}
        clause, values = self._wanted(site, tags)
        return int(self._value(f"SELECT count(*) {clause}", *values) or 0)

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
            revised: int = _load(proof, dict[str, int]).get("revised", 0)
            if revised > 0 and "revisions_noted" not in _load(article, Article).extra:
                found.append(str(path))
        return found

    def visible(self) -> int:
        """How many articles are visible, on whatever site."""
        return int(self._value("SELECT count(*) FROM article WHERE at <= ?", self._at()) or 0)

    def _entries(self, site: str, chosen: str, values: list[object]) -> list[Entry]:
        """Entries whose n the query `chosen` selects, newest first."""
        rows = self._rows(
            f"SELECT {_ENTRY} FROM article a JOIN rendering r ON r.n = a.n AND r.site = ?"  # noqa: S608 – constant text
            f" WHERE a.n IN ({chosen}) ORDER BY a.at DESC, a.n DESC",
            site,
            *values,
        )
        return [self._entry(site, row) for row in rows]

    def _entry(self, site: str, row: tuple[Any, ...]) -> Entry:
        article, address, html, text, words, proof, n, at, feed_html, filed, photo_bytes, *said = row
        since, since_html, made = said
        later, later_address = self._later(site, n, at)
        return Entry(
            article=_load(article, Article),
            address=address,
            html=html,
            text=text,
            feed_html=feed_html,
            words=words,
            proof=_load(proof, dict[str, int]),
            later=later,
            later_address=later_address,
            filed=datetime.fromtimestamp(max(filed, at) / 1_000_000, UTC),
            photo_bytes=photo_bytes,
            since=since,
            since_html=since_html,
            made=tuple(made.split()),
        )

    def _later(self, site: str, n: int, at: int) -> tuple[str, str]:
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
        rows = self._rows(
            # SQLite takes the bare column from the row that holds max(at): the newest spelling.
            "SELECT name, count(*), max(at) FROM listing WHERE site = ? AND kind = ? AND at <= ?"
            " GROUP BY key ORDER BY count(*) DESC, key",
            site, kind, self._at(),
        )  # fmt: skip
        return [(str(name), int(count)) for name, count, _ in rows]

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
        query = "SELECT n FROM article WHERE address = ? AND id = ?"
        found: int | None = self._value(query, entry.address, entry.article.id)
        return found

    def neighbours(self, site: str, entry: Entry) -> tuple[Entry | None, Entry | None]:
        """The next older and the next newer visible article of the site."""
        here = self._number(entry)
        if here is None:
            return None, None
        at = _micros(_last_told(entry.article))
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

    def related(self, site: str, entry: Entry, limit: int = 4) -> list[Entry]:
        """Of the newest of its topics and symbols, those that share most: rarest shared tags first, then newest."""
        here = self._number(entry)
        if here is None or limit <= 0:
            return []
        mine = self._rows(
            "SELECT kind, key FROM listing WHERE n = ? AND site = ? AND kind IN ('topic', 'symbol')",
            here,
            site,
        )
        # Only the newest of each tag are looked at: a tag of thousands of articles would cost more than the page.
        uses: dict[tuple[str, str], int] = {}
        moments: dict[int, int] = {}
        for kind, key in mine:
            tag = (site, kind, key)
            counted = "SELECT count(*) FROM (SELECT 1 FROM listing WHERE site = ? AND kind = ? AND key = ? LIMIT 5000)"
            uses[kind, key] = max(1, int(self._value(counted, *tag)))
            newest = self._rows(
                "SELECT n, at FROM listing WHERE site = ? AND kind = ? AND key = ? AND at <= ?"
                " ORDER BY at DESC, n DESC LIMIT ?",
                *tag, self._at(), _RELATED_LOOK,
            )  # fmt: skip
            moments.update((n, at) for n, at in newest if n != here)
        if not moments:
            return []
        marks = ",".join("?" * len(moments))
        weights: dict[int, float] = {}
        for n, kind, key in self._rows(
            f"SELECT n, kind, key FROM listing WHERE n IN ({marks}) AND site = ? AND kind IN ('topic', 'symbol')",  # noqa: S608 – marks only
            *moments, site,
        ):  # fmt: skip
            if (kind, key) in uses:
                weights[n] = weights.get(n, 0.0) + 1.0 / uses[kind, key]
        ranked = sorted(weights, key=lambda n: (-weights[n], -moments[n]))[:limit]
        order = {n: place for place, n in enumerate(ranked)}
        if not order:
            return []
        marks = ",".join("?" * len(order))
        found = self._rows(
            f"SELECT {_ENTRY} FROM article a JOIN rendering r ON r.n = a.n AND r.site = ?"  # noqa: S608 – marks only
            f" WHERE a.n IN ({marks})",
            site,
            *order,
        )
        return [self._entry(site, row) for row in sorted(found, key=lambda row: order[int(row[6])])]

    def quotes(self, site: str, as_of: date | None) -> QuoteBoard | None:
        """The board of a session (None: of the newest one); None where there is none."""
        if as_of is None:
            raw = self._value("SELECT board FROM board WHERE site = ? ORDER BY as_of DESC LIMIT 1", site)
        else:
            raw = self._value("SELECT board FROM board WHERE site = ? AND as_of = ?", site, as_of.isoformat())
        return None if raw is None else _load(raw, QuoteBoard)

    def near(self, site: str) -> tuple[str, ...]:
        """Symbols of the companies near a site, nearest first; none where none is known."""
        raw = self._value("SELECT value FROM meta WHERE name = ?", f"near/{site}")
        return tuple(str(raw).split()) if raw else ()

    def local(self, site: str) -> Local:
        """What the site's local blocks hold, as last published; what of it is still true, web decides."""
        raw = self._value("SELECT value FROM meta WHERE name = ?", f"local/{site}")
        return _load(raw, Local) if raw else Local()

    def page(self, site: str, name: str) -> StandingPage | None:
        """A standing page: the site's own, else the instance's, else the package's."""
        raw = self._value("SELECT page FROM page WHERE site = ? AND name = ?", site, name)
        return None if raw is None else _load(raw, StandingPage)

    def pages(self, site: str) -> list[str]:
        """Names of the standing pages."""
        return [str(row[0]) for row in self._rows("SELECT name FROM page WHERE site = ? ORDER BY name", site)]

    def problems(self) -> list[Problem]:
        """What is wrong with files, by path and line."""
        rows = self._rows("SELECT problem FROM problem ORDER BY path, position")
        found: list[Problem] = [_load(row[0], Problem) for row in rows]
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
        view: InstrumentView = _load(raw, InstrumentView)
        naming = "SELECT count(DISTINCT n) FROM listing WHERE kind = 'symbol' AND key = ? AND at <= ?"
        return replace(view, articles=self._value(naming, _tag_key("symbol", symbol), self._at()))

    def instruments(self) -> list[str]:
        """Symbols that have a quote page."""
        return [str(row[0]) for row in self._rows("SELECT symbol FROM instrument ORDER BY symbol")]

    def definition(self, name: str) -> DefinitionView | None:
        """A metric's definition."""
        raw = self._value("SELECT definition FROM definition WHERE name = ?", name)
        return None if raw is None else _load(raw, DefinitionView)

    def definitions(self) -> list[DefinitionView]:
        """Every definition by name."""
        rows = self._rows("SELECT definition FROM definition ORDER BY name")
        return [_load(row[0], DefinitionView) for row in rows]

    def stamp(self) -> Stamp:
        """How fresh the catalogue is."""
        meta = dict(self._rows("SELECT name, value FROM meta"))
        return Stamp(
            as_of=date.fromisoformat(meta["as_of"]) if meta.get("as_of") else None,
            retrieved=datetime.fromisoformat(meta["retrieved"]) if meta.get("retrieved") else None,
            written=datetime.fromisoformat(meta["written"]) if meta.get("written") else None,
            generation=int(meta.get("generation", 0)),
        )


# --- writing --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filing:
    """What is kept of one published article; `feeds` has its feed text for each site showing it."""

    article: Article
    address: str
    html: str
    text: str
    words: int
    proof: Mapping[str, int]
    facts: Mapping[str, FactView]
    feeds: Mapping[str, str]
    symbols: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    photo_bytes: int = 0
    runs: Mapping[str, str] = field(default_factory=dict)  # run → its state as this article reports it
    since: str = ""
    since_html: str = ""
    made: tuple[str, ...] = ()
    said: Mapping[str, str] = field(
        default_factory=dict
    )  # fact id → the words of the article that rest on it


@dataclass(frozen=True, slots=True)
class Searchable:
    """An article as search is told of it; `former` is the address under which the index has it, or ""."""

    path: str
    address: str
    stamp: str
    article: Article
    text: str
    former: str = ""


@dataclass(frozen=True, slots=True)
class FileMark:
    """What the manifest knows of a file: enough to tell that it has not changed without reading it."""

    path: str
    mtime_ns: int
    size: int
    digest: str
    state: str = "{}"
    pending: bool = False
    store: int | None = None


def _mark(row: tuple[Any, ...]) -> FileMark:
    path, mtime_ns, size, digest, state, pending, store = row
    return FileMark(path, mtime_ns, size, digest, state, bool(pending), store)


def _shown(path: str) -> str:
    """A file's path as people see it: from the instance's folder."""
    return path if path.startswith(("content/", "/")) or not path else f"content/{path}"


class CatalogueWriter:
    """The keeper's side. What one `change()` holds becomes visible at once, as a new generation."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._db = self._open()
        self._touched: set[str] = set()  # keys of broadtape.archive.changes
        self.rebuilt = False
        if not self._sound():
            self._db.close()
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            self._db = self._open()
            self.rebuilt = True
            with self._transaction():
                for statement in _ALL_TABLES.split(";\n"):
                    if statement.strip():
                        self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {SCHEMA}")

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, timeout=30)
        with suppress(sqlite3.DatabaseError):
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
        return db

    def _sound(self) -> bool:
        try:
            self._db.execute("SELECT count(*) FROM meta").fetchone()
            return _schema_of(self._db) == SCHEMA
        except sqlite3.DatabaseError:
            return False

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> CatalogueWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._refusals():
            self._db.execute("BEGIN IMMEDIATE")
        try:
            with self._refusals():
                yield
        except BaseException:
            if self._db.in_transaction:  # a full disk has ended it already
                self._db.execute("ROLLBACK")
            raise
        with self._refusals():
            self._db.execute("COMMIT")

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """What the disk refuses in one line: no space, no right to write, another writer that does not end."""
        try:
            yield
        except sqlite3.OperationalError as error:
            from broadtape.archive.files import CannotFile  # noqa: PLC0415  readers load no YAML

            raise CannotFile(
                f"{self.path}: cannot be written: {error}; see to space and rights, then run broadtape index"
            ) from error

    @contextmanager
    def change(self, *, now: datetime | None = None) -> Iterator[None]:
        """A published change: all or nothing; the generation rises if anything was written."""
        self._touched.clear()
        with self._transaction():
            before = self._db.total_changes
            yield
            if self._db.total_changes != before:
                generation = self.generation + 1
                self.set_meta("generation", str(generation))
                self.set_meta("written", (now or _utc_now()).isoformat())
                changes.record(self._db, generation, {changes.EVERYTHING} if self.rebuilt else self._touched)

    @contextmanager
    def note(self) -> Iterator[None]:
        """A change of what readers do not see (what search was told): the generation stays."""
        with self._transaction():
            yield

    def touched_since(self, generation: int) -> set[str]:
        """What changed after a generation, as keys of broadtape.archive.changes."""
        return changes.since(self._db, generation)

    @property
    def generation(self) -> int:
        """The generation as this connection sees it."""
        return int(self.meta("generation") or 0)

    def meta(self, name: str) -> str | None:
        """A note kept with the catalogue."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_near(self, site: str, symbols: Iterable[str]) -> None:
        """Keep which companies are near a site."""
        self.set_meta(f"near/{site}", " ".join(symbols))

    def set_local(self, site: str, local: Local) -> None:
        """Keep what the local blocks of a site hold."""
        value = _dump(local).decode()
        if self.meta(f"local/{site}") != value:
            self._touched.add(changes.local(site))
            self.set_meta(f"local/{site}", value)

    def set_meta(self, name: str, value: str) -> None:
        """Keep a note, if it differs from the one kept."""
        if name in ("as_of", "retrieved", "market") or name.startswith("near/"):
            if self.meta(name) == value:
                return
            self._touched.add(changes.STAMP)
        self._db.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
            " WHERE value != excluded.value",
            (name, value),
        )

    # --- articles -------------------------------------------------------------------------------------

    def remove(self, path: str) -> None:
        """Take whatever stood for that file out of the site."""
        before = changes.Standing.of(self._db, path)
        self._drop(path)
        self._touched |= changes.between(self._db, before, None)

    def _drop(self, path: str) -> None:
        row = self._db.execute("SELECT n FROM article WHERE path = ?", (path,)).fetchone()
        if row is not None:
            for table in ("rendering", "listing", "alias", "run", "claimed", "claimed_of", "article"):
                self._db.execute(f"DELETE FROM {table} WHERE n = ?", row)  # noqa: S608 – constant names
        self._db.execute("DELETE FROM gone WHERE path = ?", (path,))

    def put(self, filing: Filing, *, now: datetime | None = None) -> None:
        """File an article in place of what stood for its path."""
        article = filing.article
        before = changes.Standing.of(self._db, article.path)
        row = self._db.execute("SELECT n FROM article WHERE path = ?", (article.path,)).fetchone()
        self._drop(article.path)
        at = _micros(article.date)
        changed = max(at, _micros(article.updated)) if article.updated else at
        at = max(at, _micros(_last_told(article)))  # a story that runs on stands where it was last told
        packed = _dump_article(article)
        # The same n again: articles of one moment keep their order.
        n = self._db.execute(
            "INSERT INTO article VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                None if row is None else row[0],
                article.path,
                article.id,
                filing.address,
                at,
                changed,
                article.title,
                filing.words,
                packed,
                filing.html,
                filing.text,
                _dump(dict(filing.proof)).decode(),
                dump_facts(filing.facts),
                _micros(now or _utc_now()),
                filing.photo_bytes,
                hashlib.sha256(filing.address.encode() + packed + filing.text.encode()).hexdigest()[:24],
                article.as_of.isoformat() if article.as_of else None,
                filing.since,
                filing.since_html,
                " ".join(filing.made),
            ),
        ).lastrowid
        tags: dict[tuple[str, str], str] = {("", ""): ""}
        named: list[tuple[TagKind, Iterable[str]]] = [
            ("topic", article.topics),
            ("author", article.authors),
            ("symbol", filing.symbols),
            ("month", [article.date.strftime("%Y-%m")]),
        ]
        for kind, names in named:
            for name in names:
                if key := _tag_key(kind, name):
                    tags.setdefault((kind, key), name)
        for site, feed_html in filing.feeds.items():
            self._db.execute("INSERT INTO rendering VALUES (?, ?, ?)", (n, site, feed_html))
            self._db.executemany(
                "INSERT INTO listing VALUES (?, ?, ?, ?, ?, ?)",
                [(site, kind, key, at, n, name) for (kind, key), name in tags.items()],
            )
        self._db.executemany(
            "INSERT OR IGNORE INTO alias VALUES (?, ?)", [(alias, n) for alias in filing.aliases]
        )
        self._db.executemany(
            "INSERT INTO run VALUES (?, ?, ?, ?)", [(k, at, n, s) for k, s in filing.runs.items()]
        )
        if filing.facts:
            claimed, of = published.rows(int(n or 0), filing.facts, filing.said)
            marks = ", ".join("?" * len(claimed[0]))
            self._db.executemany(f"INSERT INTO claimed VALUES ({marks})", claimed)  # noqa: S608 – marks only
            self._db.executemany("INSERT OR IGNORE INTO claimed_of VALUES (?, ?, ?)", of)
        self._touched |= changes.between(self._db, before, changes.Standing.of(self._db, article.path))

    def put_gone(self, path: str, sites: Iterable[str], gone: Gone) -> None:
        """Say that the article of that file was withdrawn."""
        self.remove(path)
        self._db.executemany(
            "INSERT INTO gone VALUES (?, ?, ?, ?, ?, ?)",
            [(path, site, gone.address, gone.title, gone.note, gone.date.isoformat()) for site in sites],
        )
        self._touched.add(changes.article(gone.address))

    def placed(self, path: str) -> tuple[str, str] | None:
        """Id and address of what is filed for a path."""
        row = self._db.execute("SELECT id, address FROM article WHERE path = ?", (path,)).fetchone()
        return None if row is None else (str(row[0]), str(row[1]))

    def holder(self, path: str, article_id: str, address: str) -> tuple[str, str, str] | None:
        """Path, id and address of another file that has the id or the address."""
        row = self._db.execute(
            "SELECT path, id, address FROM article WHERE (id = ? OR address = ?) AND path != ? LIMIT 1",
            (article_id, address, path),
        ).fetchone()
        return None if row is None else (str(row[0]), str(row[1]), str(row[2]))

    def sessions(self) -> set[date]:
        """The `as_of` of every filed article that has one."""
        rows = self._db.execute("SELECT DISTINCT as_of FROM article WHERE as_of IS NOT NULL")
        return {date.fromisoformat(row[0]) for row in rows}

    def named_symbols(self) -> set[str]:
        """Every symbol that a filed article names."""
        rows = self._db.execute("SELECT DISTINCT key FROM listing WHERE kind = 'symbol'")
        return {str(row[0]) for row in rows}

    # --- the manifest and problems --------------------------------------------------------------------

    def marks(self) -> dict[str, FileMark]:
        """The manifest by path."""
        return {row[0]: _mark(row) for row in self._db.execute("SELECT * FROM file")}

    def marks_of(self, paths: Iterable[str], store: int) -> dict[str, FileMark]:
        """The part of the manifest for some paths, for pending files and for those proved against other stores."""
        rows = self._db.execute(
            "SELECT * FROM file WHERE pending UNION SELECT * FROM file WHERE store IS NOT NULL AND store != ?",
            (store,),
        ).fetchall()
        for path in paths:
            rows += self._db.execute("SELECT * FROM file WHERE path = ?", (path,))
        return {row[0]: _mark(row) for row in rows}

    def files(self) -> int:
        """How many files the manifest knows."""
        return int(self._db.execute("SELECT count(*) FROM file").fetchone()[0])

    def set_mark(self, mark: FileMark) -> None:
        """Remember a file as seen."""
        values = (mark.path, mark.mtime_ns, mark.size, mark.digest, mark.state, mark.pending, mark.store)
        self._db.execute("REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def forget(self, path: str) -> None:
        """The file is gone: forget it, its article and its problems."""
        self.remove(path)
        for table in ("problem", "file", "proof", "fact"):
            self._db.execute(f"DELETE FROM {table} WHERE path = ?", (path,))  # noqa: S608 – constant names

    def set_problems(self, path: str, problems: Iterable[Problem]) -> None:
        """The problems of one file (or of "" for the instance), in place of those known before."""
        problems = (replace(one, path=_shown(one.path)) for one in problems)
        wanted = [(path, position, _dump(problem)) for position, problem in enumerate(problems)]
        query = "SELECT path, position, problem FROM problem WHERE path = ? ORDER BY position"
        if self._db.execute(query, (path,)).fetchall() != wanted:
            self._db.execute("DELETE FROM problem WHERE path = ?", (path,))
            self._db.executemany("INSERT INTO problem VALUES (?, ?, ?)", wanted)

    def known_problems(self, path: str) -> list[Problem]:
        """The problems of one file as last set."""
        rows = self._db.execute("SELECT problem FROM problem WHERE path = ? ORDER BY position", (path,))
        return [_load(row[0], Problem) for row in rows]

    def problems(self) -> list[Problem]:
        """Every problem, by path and line, as this connection sees them."""
        rows = self._db.execute("SELECT problem FROM problem")
        found: list[Problem] = [_load(row[0], Problem) for row in rows]
        return sorted(found, key=lambda problem: (problem.path, problem.line))

    # --- search -------------------------------------------------------------------------------------------

    def to_search(self, now: datetime, *, everything: bool = False) -> list[Searchable]:
        """The visible articles of which the index has not been told, or all of them."""
        differs = (
            "" if everything else " AND (s.stamp IS NULL OR s.stamp != a.stamp OR s.address != a.address)"
        )
        rows = self._db.execute(
            "SELECT a.path, a.address, a.stamp, a.article, a.text, s.address FROM article a"  # noqa: S608 – constant text
            f" LEFT JOIN searched s ON s.path = a.path WHERE a.at <= ?{differs} ORDER BY a.at",
            (_micros(now),),
        )
        return [
            Searchable(path, address, stamp, _load(article, Article), text, former or "")
            for path, address, stamp, article, text, former in rows
        ]

    def not_to_search(self, now: datetime) -> dict[str, str]:
        """Path → address of what the index holds and readers do not see (any more)."""
        rows = self._db.execute(
            "SELECT s.path, s.address FROM searched s LEFT JOIN article a ON a.path = s.path AND a.at <= ?"
            " WHERE a.path IS NULL",
            (_micros(now),),
        )
        return {str(path): str(address) for path, address in rows}

    def searched(
        self, told: Iterable[Searchable], removed: Iterable[str], *, everything: bool = False
    ) -> None:
        """The index was told; with `everything`, of nothing else."""
        if everything:
            self._db.execute("DELETE FROM searched")
        self._db.executemany("DELETE FROM searched WHERE path = ?", [(path,) for path in removed])
        rows = [(one.path, one.address, one.stamp) for one in told]
        self._db.executemany("REPLACE INTO searched VALUES (?, ?, ?)", rows)

    # --- proofs -------------------------------------------------------------------------------------------

    def proof(self, path: str) -> tuple[str, bytes] | None:
        """Stamp and bytes of the file's last proof."""
        row = self._db.execute("SELECT stamp, proof FROM proof WHERE path = ?", (path,)).fetchone()
        return None if row is None else (row[0], row[1])

    def set_proof(self, path: str, stamp: str, proof: bytes) -> None:
        """Keep a proof in place of the one before."""
        self._db.execute("REPLACE INTO proof VALUES (?, ?, ?)", (path, stamp, proof))

    def set_records(self, path: str, records: Mapping[str, object]) -> None:
        """The records of a facts file, in place of those known before."""
        self._db.execute("DELETE FROM fact WHERE path = ?", (path,))
        rows = [(path, name, _dump(record)) for name, record in records.items()]
        self._db.executemany("INSERT INTO fact VALUES (?, ?, ?)", rows)

    def record(self, fact_id: str) -> dict[str, object] | None:
        """The record of a fact from whichever file has it."""
        row = self._db.execute(
            "SELECT record FROM fact WHERE id = ? ORDER BY path LIMIT 1", (fact_id,)
        ).fetchone()
        if row is None:
            return None
        found: dict[str, object] = _load(row[0], dict[str, object])
        return found

    # --- market, pages, definitions -------------------------------------------------------------------

    def _replace(self, table: str, columns: tuple[str, ...], rows: Mapping[Any, bytes]) -> None:
        """Make the table hold exactly these rows, touching only those that differ."""
        names = ", ".join(columns)
        last = {"board": "board", "instrument": "view", "page": "page", "definition": "definition"}[table]
        held = {row[:-1]: row[-1] for row in self._db.execute(f"SELECT {names}, {last} FROM {table}")}  # noqa: S608
        where = " AND ".join(f"{column} = ?" for column in columns)
        for key in held.keys() - rows.keys():
            self._touched |= changes.of_row(table, key)
            self._db.execute(f"DELETE FROM {table} WHERE {where}", key)  # noqa: S608 – constant names
        marks = ", ".join("?" * (len(columns) + 1))
        for key, value in rows.items():
            if held.get(key) != value:
                self._touched |= changes.of_row(table, key, new=key not in held)
                self._db.execute(f"REPLACE INTO {table} VALUES ({marks})", (*key, value))  # noqa: S608 – constant names

    def set_boards(self, boards: Mapping[tuple[str, date], QuoteBoard]) -> None:
        """The quote boards by site and session; every other one is dropped."""
        rows = {(site, day.isoformat()): _dump(board) for (site, day), board in boards.items()}
        self._replace("board", ("site", "as_of"), rows)

    def has_board(self, site: str, day: date) -> bool:
        """Whether there is a board of that session."""
        query = "SELECT 1 FROM board WHERE site = ? AND as_of = ?"
        return self._db.execute(query, (site, day.isoformat())).fetchone() is not None

    def has_instrument(self, symbol: str) -> bool:
        """Whether the symbol has a quote page."""
        return self._db.execute("SELECT 1 FROM instrument WHERE symbol = ?", (symbol,)).fetchone() is not None

    def add_board(self, site: str, board: QuoteBoard) -> None:
        """One more board."""
        self._touched |= changes.of_row("board", (site, board.as_of.isoformat()))
        self._db.execute("REPLACE INTO board VALUES (?, ?, ?)", (site, board.as_of.isoformat(), _dump(board)))

    def add_instruments(self, views: Iterable[InstrumentView]) -> None:
        """More quote pages."""
        rows = [(view.instrument.symbol, _dump(view)) for view in views]
        for symbol, _ in rows:
            self._touched |= changes.of_row("instrument", (symbol,), new=True)
        self._db.executemany("REPLACE INTO instrument VALUES (?, ?)", rows)

    def set_instruments(self, views: Iterable[InstrumentView]) -> None:
        """The instruments that have a quote page; every other one is dropped."""
        self._replace("instrument", ("symbol",), {(view.instrument.symbol,): _dump(view) for view in views})

    def set_pages(self, pages: Mapping[tuple[str, str], StandingPage]) -> None:
        """The standing pages by site and name; every other one is dropped."""
        self._replace("page", ("site", "name"), {key: _dump(page) for key, page in pages.items()})

    def set_definitions(self, definitions: Iterable[DefinitionView]) -> None:
        """The metrics' definitions; every other one is dropped."""
        self._replace("definition", ("name",), {(item.name,): _dump(item) for item in definitions})
