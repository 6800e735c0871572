"""The tape: every session of every instrument, what is told of each, and the board of the markets page.

Owns var/cache/tape.sqlite, which the keeper writes and readers open read-only. Computes nothing and decides
nothing about licences: what may not be shown is never put into it.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from broadtape import databases
from broadtape.archive.records import HistoryRow

if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T")

SCHEMA = 1  # raised with any change to the tables or to what their columns hold: the file is then made anew
COLUMNS = ("open", "high", "low", "close", "volume")
IndicatorKind = Literal["rate", "commodity", "economy"]
Frequency = Literal["day", "month", "quarter"]


# --- what readers get -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one instrument, ascending. Values are whole numbers of 10^-decimals.

    On basis "price" they are prices as stored, with None where the source gives none; on basis "total" `close`
    is the growth of 100 from the first session, dividends included, and nothing else is given.
    """

    symbol: str
    basis: Literal["price", "total"]
    decimals: int
    days: tuple[int, ...]  # date.toordinal()
    columns: Mapping[str, tuple[int | None, ...]]  # "close" always; the others where the source has them

    def __len__(self) -> int:
        return len(self.days)

    def day(self, at: int) -> date:
        """The session at a place."""
        return date.fromordinal(self.days[at])

    def value(self, column: str, at: int) -> Decimal | None:
        """A price at a place, in its unit; None where there is none."""
        values = self.columns.get(column)
        raw = None if values is None else values[at]
        return None if raw is None else Decimal(raw).scaleb(-self.decimals)

    def before(self, day: date) -> int | None:
        """The place of the last session on or before a day; None where the sessions start later."""
        at = bisect_right(self.days, day.toordinal()) - 1
        return at if at >= 0 else None

    def row(self, at: int) -> HistoryRow:
        """One session as tables show it; the change is that from the session before, rounded by nobody."""
        close, earlier = self.columns["close"][at], self.columns["close"][at - 1] if at else None
        percent = None if close is None or not earlier else Decimal(close - earlier) / earlier * 100
        volumes = self.columns.get("volume")
        price = self.basis == "price"
        return HistoryRow(
            self.day(at),
            self.value("open", at),
            self.value("high", at),
            self.value("low", at),
            self.value("close", at) if price else None,
            volumes[at] if volumes is not None else None,
            percent,
        )

    def newest(self, count: int, offset: int = 0) -> Iterator[HistoryRow]:
        """Sessions from the newest back, `offset` of them left out."""
        top = len(self.days) - 1 - max(0, offset)
        for at in range(top, max(-1, top - count), -1):
            yield self.row(at)


@dataclass(frozen=True, slots=True)
class Saying:
    """A computed fact of an instrument in words. `address` is the fact's long form, `fact_id` its id."""

    text: str
    metric: str
    address: str
    fact_id: str
    as_of: date
    source: str


@dataclass(frozen=True, slots=True)
class Headline:
    """Someone else's story: its title and where it is, and of its text at most what a named speaker says. `at` UTC."""

    title: str
    link: str
    publisher: str
    at: datetime
    symbols: tuple[str, ...] = ()
    speaker: str = ""
    words: str = ""  # of the speaker, within the excerpt that is kept of a story


@dataclass(frozen=True, slots=True)
class FilingLine:
    """A filing with a regulator; `at` is its acceptance, UTC."""

    form: str
    company: str
    link: str
    at: datetime
    period: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of an instrument besides its prices."""

    sayings: tuple[Saying, ...] = ()
    headlines: tuple[Headline, ...] = ()
    filings: tuple[FilingLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """One instrument as look-ups find it. `former` are names it had or is also known by."""

    symbol: str
    name: str
    kind: str
    former: tuple[str, ...] = ()
    priced: bool = False  # there is a price of it that may be shown
    last: date | None = None

    @property
    def ticker(self) -> str:
        """The part after the exchange."""
        return self.symbol.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Indicator:
    """A macro series on the markets page: its latest value, and the change from the one before."""

    series: str
    title: str
    kind: IndicatorKind
    unit: str  # "percent", "USD a barrel", …
    decimals: int
    value: Decimal
    change: Decimal | None
    period: date  # first day of the period
    before: date | None
    frequency: Frequency
    known_at: datetime
    source: str
    upper: Decimal | None = None  # of a target range; `value` is its lower end


@dataclass(frozen=True, slots=True)
class Mover:
    """An instrument that moved most in the newest session; on basis "total" its change includes dividends."""

    symbol: str
    name: str
    percent: Decimal
    basis: Literal["price", "total"]


@dataclass(frozen=True, slots=True)
class Coming:
    """Something scheduled; `at` UTC."""

    day: date
    at: datetime
    kind: str
    title: str
    url: str
    source: str


@dataclass(frozen=True, slots=True)
class MarketBoard:
    """What the markets page shows besides its instruments, as of the newest session."""

    as_of: date
    indicators: tuple[Indicator, ...] = ()
    gainers: tuple[Mover, ...] = ()
    losers: tuple[Mover, ...] = ()
    movers_of: int = 0  # how many instruments were compared
    movers_source: tuple[str, ...] = ()
    coming: tuple[Coming, ...] = ()
    headlines: tuple[Headline, ...] = ()


# --- packing ----------------------------------------------------------------------------------------------


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    symbol: str
    basis: Literal["price", "total"]
    decimals: int
    days: bytes
    columns: dict[str, tuple[bytes, bytes]]  # differences, and the places that have none


_packer = msgspec.msgpack.Encoder()
_unpacker = msgspec.msgpack.Decoder(_Packed)


def pack(sessions: Sessions) -> bytes:
    """The sessions as bytes: differences of neighbours, compressed. 5,365 sessions of an ETF are 106 kB."""
    columns = {}
    for name, values in sessions.columns.items():
        held: list[int] = []
        gaps = []
        for at, value in enumerate(values):
            if value is None:
                gaps.append(at)
            held.append((held[-1] if held else 0) if value is None else value)
        columns[name] = (_differences(held), array("i", gaps).tobytes())
    made = _Packed(sessions.symbol, sessions.basis, sessions.decimals, _differences(sessions.days), columns)
    return zlib.compress(_packer.encode(made), 6)


def unpack(raw: bytes) -> Sessions:
    """What `pack` wrote."""
    found = _unpacker.decode(zlib.decompress(raw))
    columns: dict[str, tuple[int | None, ...]] = {}
    for name, (differences, places) in found.columns.items():
        values: list[int | None] = list(_sums(differences))
        gaps = array("i")
        gaps.frombytes(places)
        for at in gaps:
            values[at] = None
        columns[name] = tuple(values)
    return Sessions(found.symbol, found.basis, found.decimals, tuple(_sums(found.days)), columns)


def _differences(values: Sequence[int]) -> bytes:
    return array("q", (new - old for old, new in pairwise((0, *values)))).tobytes()


def _sums(raw: bytes) -> Iterator[int]:
    found = array("q")
    found.frombytes(raw)
    return accumulate(found)


# --- the file ---------------------------------------------------------------------------------------------

# `packed` is NULL where nothing of the instrument may be shown: it is remembered that it was looked at.
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions (symbol TEXT PRIMARY KEY, stamp TEXT NOT NULL, packed BLOB);
CREATE TABLE sayings (symbol TEXT PRIMARY KEY, stamp TEXT NOT NULL, sayings BLOB NOT NULL);
CREATE TABLE told (symbol TEXT PRIMARY KEY, told BLOB NOT NULL);
CREATE TABLE listing (symbol TEXT PRIMARY KEY, listing BLOB NOT NULL);
CREATE TABLE board (name TEXT PRIMARY KEY, board BLOB NOT NULL);
"""


class _ToldJson(msgspec.Struct, array_like=True, frozen=True):
    headlines: tuple[Headline, ...] = ()
    filings: tuple[FilingLine, ...] = ()


_encode = msgspec.json.Encoder().encode
_sayings = msgspec.json.Decoder(tuple[Saying, ...])
_told = msgspec.json.Decoder(_ToldJson)
_listing = msgspec.json.Decoder(Listing)
_board = msgspec.json.Decoder(MarketBoard)


class _Connection:
    """A read-only connection and the file it was opened on."""

    def __init__(self, path: Path) -> None:
        found = path.stat()
        self.inode = (found.st_dev, found.st_ino)
        self.db = sqlite3.connect(
            path.resolve().as_uri() + "?mode=ro", uri=True, check_same_thread=False, timeout=5
        )
        self.usable = _schema_of(self.db) == SCHEMA

    def __del__(self) -> None:
        with suppress(AttributeError, sqlite3.Error):
            self.db.close()


def _schema_of(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


class Tape:
    """The reader's side; an absent, damaged or outdated file reads as empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    def _rows(self, query: str, *values: object) -> list[Any]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._local.connection = None
            return []
        held: _Connection | None = getattr(self._local, "connection", None)
        try:
            if held is None or held.inode != (found.st_dev, found.st_ino) or not held.usable:
                held = self._local.connection = _Connection(self.path)
            return held.db.execute(query, values).fetchall() if held.usable else []
        except (sqlite3.DatabaseError, FileNotFoundError):  # damaged, or replaced this very moment
            self._local.connection = None
            return []

    def sessions(self, symbol: str) -> Sessions | None:
        """The whole history of an instrument; None where there is none, or none that may be shown."""
        rows = self._rows("SELECT packed FROM sessions WHERE symbol = ? AND packed IS NOT NULL", symbol)
        return unpack(rows[0][0]) if rows else None

    def told(self, symbol: str) -> Told:
        """Sayings, others' headlines and filings of an instrument."""
        said = self._rows("SELECT sayings FROM sayings WHERE symbol = ?", symbol)
        rows = self._rows("SELECT told FROM told WHERE symbol = ?", symbol)
        others = _told.decode(rows[0][0]) if rows else _ToldJson()
        sayings = _sayings.decode(said[0][0]) if said else ()
        return Told(sayings, others.headlines, others.filings)

    def listings(self) -> tuple[Listing, ...]:
        """Every instrument that has a quote page, by symbol."""
        return tuple(
            _listing.decode(row[0]) for row in self._rows("SELECT listing FROM listing ORDER BY symbol")
        )

    def board(self) -> MarketBoard | None:
        """The board of the markets page; None where nothing was made of it yet."""
        rows = self._rows("SELECT board FROM board WHERE name = 'markets'")
        return _board.decode(rows[0][0]) if rows else None


def _sound(db: sqlite3.Connection) -> bool:
    try:
        return bool(
            _schema_of(db) == SCHEMA and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        )
    except sqlite3.DatabaseError:
        return False


def _create(db: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA}")


@dataclass(slots=True)
class TapeWriter:
    """The keeper's side: what one `with` block puts becomes visible at its end, or not at all."""

    path: Path
    _db: sqlite3.Connection = field(init=False, repr=False)

    def __enter__(self) -> TapeWriter:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._db = self._open()
        self._db.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        with closing(self._db):
            self._db.execute("ROLLBACK" if kind else "COMMIT")

    def _open(self) -> sqlite3.Connection:
        path = self.path
        db, _ = databases.made_sound(
            path, lambda: databases.open_for_writing(path, "NORMAL"), _sound, _create
        )
        return db

    def stamps(self) -> dict[str, str]:
        """What the sessions of each instrument were made from."""
        return dict(self._db.execute("SELECT symbol, stamp FROM sessions").fetchall())

    def put_sessions(self, symbol: str, stamp: str, sessions: Sessions | None) -> None:
        """The whole history of an instrument, None where nothing of it may be shown."""
        packed = pack(sessions) if sessions is not None else None
        self._db.execute("REPLACE INTO sessions VALUES (?, ?, ?)", (symbol, stamp, packed))

    def put_sayings(self, symbol: str, stamp: str, sayings: Sequence[Saying]) -> None:
        """What the figures of an instrument come to in words."""
        self._db.execute("REPLACE INTO sayings VALUES (?, ?, ?)", (symbol, stamp, _encode(tuple(sayings))))

    def set_told(self, told: Mapping[str, Told]) -> None:
        """Headlines and filings by symbol, in place of all before."""
        self._replace(
            "told", {symbol: _encode(_ToldJson(one.headlines, one.filings)) for symbol, one in told.items()}
        )

    def set_listings(self, listings: Iterable[Listing]) -> None:
        """The instruments that look-ups find, in place of all before."""
        self._replace("listing", {one.symbol: _encode(one) for one in listings})

    def add_listings(self, listings: Iterable[Listing]) -> None:
        """More of them."""
        rows = [(one.symbol, _encode(one)) for one in listings]
        self._db.executemany("REPLACE INTO listing VALUES (?, ?)", rows)

    def set_board(self, board: MarketBoard | None) -> None:
        """The board of the markets page."""
        self._replace("board", {} if board is None else {"markets": _encode(board)})

    def keep_only(self, symbols: Iterable[str]) -> None:
        """Forget the sessions and sayings of every other instrument."""
        wanted = set(symbols)
        for table in ("sessions", "sayings"):
            held = {row[0] for row in self._db.execute(f"SELECT symbol FROM {table}")}  # noqa: S608 – constant names
            gone = [(symbol,) for symbol in held - wanted]
            self._db.executemany(f"DELETE FROM {table} WHERE symbol = ?", gone)  # noqa: S608 – constant names

    def meta(self, name: str) -> str:
        """A note kept with the tape; "" where there is none."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def set_meta(self, name: str, value: str) -> None:
        """Keep a note."""
        self._db.execute("REPLACE INTO meta VALUES (?, ?)", (name, value))

    def _replace(self, table: str, rows: Mapping[str, bytes]) -> None:
        column = {"board": "name"}.get(table, "symbol")
        held = dict(self._db.execute(f"SELECT * FROM {table}").fetchall())  # noqa: S608 – constant names
        gone = [(key,) for key in held.keys() - rows.keys()]
        self._db.executemany(f"DELETE FROM {table} WHERE {column} = ?", gone)  # noqa: S608 – constant names
        changed = [(key, value) for key, value in rows.items() if held.get(key) != value]
        self._db.executemany(f"REPLACE INTO {table} VALUES (?, ?)", changed)  # noqa: S608 – constant names
