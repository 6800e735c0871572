"""The catalogue's rows: its tables, and what its JSON and compressed columns hold.

Owns the schema and the way of a record to disk and back; what is read when is the catalogue's, what is written
the cataloguing's.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeVar, get_args

import msgspec

from broadtape.archive import changes, manifest, published
from broadtape.archive.records import FactView
from broadtape.model import Article, Evidence, Fact, FactKey, Part, PartKind

T = TypeVar("T")


def micros(moment: datetime) -> int:
    """The moment as the catalogue orders by it: microseconds since 1970, UTC."""
    return int(moment.timestamp() * 1_000_000)


# --- JSON columns ---------------------------------------------------------------------------------------


def _enc_hook(value: object) -> object:
    return str(value)  # front matter may hold what JSON has no word for


_encoder = msgspec.json.Encoder(enc_hook=_enc_hook)
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
# msgspec 0.22 shows other threads the description of a type before it is complete: two that make the first
# decoders of one type at once crash the process. Decoders that are complete are safe.
_making = threading.Lock()


def dump(value: object) -> bytes:
    """The value as JSON; what JSON has no word for as its text."""
    return _encoder.encode(value)


def load(raw: bytes | str, kind: type[T] | Any) -> T:
    """A value of that type from its JSON."""
    decoder = _decoders.get(kind)
    if decoder is None:
        with _making:
            decoder = _decoders.get(kind) or _decoders.setdefault(kind, msgspec.json.Decoder(kind))
    result: T = decoder.decode(raw)
    return result


def dump_article(article: Article) -> bytes:
    """The article as JSON, without its facts."""
    if article.facts:
        article = replace(article, facts={})  # readers get facts by `facts()`
    try:
        return dump(article)
    except (TypeError, ValueError, RecursionError, OverflowError):
        # an unknown key of a kind JSON cannot hold: readers do without those
        return dump(replace(article, extra={}))


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
    return zlib.compress(dump({name: _fact_to_json(view) for name, view in facts.items()}), 3)


def load_facts(raw: bytes) -> dict[str, FactView]:
    """What `dump_facts` wrote."""
    packed: dict[str, _FactJson] = load(zlib.decompress(raw), dict[str, _FactJson])
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
CREATE TABLE retell (            -- files whose article was filed or taken away since: what they come to, '' nothing
    path TEXT PRIMARY KEY, address TEXT NOT NULL, stamp TEXT NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID;
"""
_ALL_TABLES = _TABLES + manifest.TABLE + published.TABLES + changes.TABLES


def current(db: sqlite3.Connection) -> bool:
    """Whether a database was made with these tables."""
    found = db.execute("PRAGMA user_version").fetchone()
    return int(found[0]) == changes.SCHEMA


def create(db: sqlite3.Connection) -> None:
    """Make the tables in an empty database."""
    for statement in _ALL_TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {changes.SCHEMA}")
