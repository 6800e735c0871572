"""The market store's tables and the version of their layout.

Holds no queries; migrations/ makes the tables, and a test keeps the two alike.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

HEAD = "0001"  # the newest migration
KNOWN = ("0001",)  # every migration this program has, oldest first

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def stamp(instant: datetime) -> int:
    """An aware instant as microseconds since 1970 UTC, the form in which every instant is stored."""
    return (instant - EPOCH) // _MICROSECOND


def instant(stamped: int) -> datetime:
    """The aware UTC instant of a stamp."""
    return EPOCH + stamped * _MICROSECOND


def day_text(day: date) -> str:
    """A day as stored: ISO."""
    return day.isoformat()


BAR_COLUMNS = ("open", "high", "low", "close", "adj_close", "volume", "dividend")

metadata = MetaData()

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("rank", Integer),  # place in the settings; none: not in them (any more), so not read by views
    Column("holds", Text, nullable=False),
    Column("settings", Text, nullable=False),  # digest of what the settings say of it
    Column("digest", Text, nullable=False),  # of the file's bytes
    Column("names", Text, nullable=False),  # how its symbols were understood, JSON {raw: qualified}
    Column("address", Text, nullable=False),
    Column("attribution", Text, nullable=False),
    Column("licence", Text, nullable=False),
    Column("delay_minutes", Integer, nullable=False),
    Column("published", BigInteger),
    Column("retrieved", BigInteger, nullable=False),
)


def _source() -> Column[str]:
    return Column("source", Text, ForeignKey("sources.name"), nullable=False)


def _source_key() -> Column[str]:
    return Column("source", Text, ForeignKey("sources.name"), primary_key=True)


calendars = Table(
    "calendars",
    metadata,
    Column("name", Text, primary_key=True),
    Column("days", LargeBinary, nullable=False),  # int64 days since 1970
    Column("closes", LargeBinary, nullable=False),  # int64 microseconds UTC
    Column("made", BigInteger, nullable=False),
)

listings = Table(  # what each source says of an instrument
    "listings",
    metadata,
    _source_key(),
    Column("symbol", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("industry", Text, nullable=False),
    Column("headquarters", Text, nullable=False),
    Column("cik", Text, nullable=False),
    Column("proxy_of", Text, nullable=False),
    Column("inception", Text),
    Column("aliases", Text, nullable=False),  # JSON
    Column("standing", Text, nullable=False),
    Column("known_at", BigInteger, nullable=False),
    Column("retrieved", BigInteger, nullable=False),
    Column("replaced_at", BigInteger),  # when it was last seen to have left the list
)

instruments = Table(  # the above as one, with the name that prose prints
    "instruments",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("industry", Text, nullable=False),
    Column("headquarters", Text, nullable=False),
    Column("cik", Text, nullable=False),
    Column("proxy_of", Text, nullable=False),
    Column("inception", Text),
    Column("aliases", Text, nullable=False),  # JSON
    Column("known_at", BigInteger, nullable=False),
    Column("retrieved", BigInteger, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("name", Text, primary_key=True),  # of the group
    Column("symbol", Text, primary_key=True),
    _source_key(),
    Column("listed", Boolean, nullable=False),  # by a list of members, not by a table of prices
    Column("known_at", BigInteger, nullable=False),
    Column("retrieved", BigInteger, nullable=False),
    Column("replaced_at", BigInteger),
)


def _packed(*names: str) -> list[Column[bytes]]:
    return [Column(name, LargeBinary) for name in names]


bars = Table(  # one row a symbol and source; arrays are little-endian, null where the source has no column
    "bars",
    metadata,
    Column("symbol", Text, primary_key=True),
    _source_key(),
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("sessions", Integer, nullable=False),
    Column("adjustment", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("decimals", Integer, nullable=False),
    Column("retrieved", BigInteger, nullable=False),
    Column("days", LargeBinary, nullable=False),  # int64 days since 1970, ascending
    *_packed(*BAR_COLUMNS),  # float64, NaN for none
    Column("seen", LargeBinary, nullable=False),  # int64 microseconds: when each row's values were retrieved
)

bars_former = Table(  # rows as they were before a later retrieval changed or withdrew them
    "bars_former",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("symbol", Text, nullable=False),
    _source(),
    Column("replaced_at", BigInteger, nullable=False),
    Column("days", LargeBinary, nullable=False),
    *_packed(*BAR_COLUMNS),
    Column("seen", LargeBinary, nullable=False),
    Index("bars_former_symbol", "symbol", "source"),
)

readings = Table(
    "readings",
    metadata,
    Column("id", Integer, primary_key=True),
    _source(),
    Column("series", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("value", Text, nullable=False),  # as printed
    Column("stated", BigInteger),  # known_at as the source gives it
    Column("known_at", BigInteger, nullable=False),
    Column("known_by", Text, nullable=False),  # source | release | lag | retrieval
    Column("retrieved", BigInteger, nullable=False),
    Column("replaced_at", BigInteger),
    Index("readings_series", "series", "source", "period"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    _source(),
    Column("day", Text, nullable=False),
    Column("lower", Text, nullable=False),
    Column("upper", Text, nullable=False),
    Column("change_bp", Integer, nullable=False),
    Column("url", Text, nullable=False),
    Column("known_at", BigInteger, nullable=False),
    Column("retrieved", BigInteger, nullable=False),
    Column("replaced_at", BigInteger),
    Index("decisions_day", "day"),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    _source(),
    Column("day", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("zone", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("known_at", BigInteger, nullable=False),
    Column("retrieved", BigInteger, nullable=False),
    Column("replaced_at", BigInteger),
    Index("events_day", "day"),
)

comparisons = Table(  # two sources of one symbol on one basis, over the sessions both have
    "comparisons",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("basis", Text, primary_key=True),
    Column("first", Text, ForeignKey("sources.name"), primary_key=True),
    Column("second", Text, ForeignKey("sources.name"), primary_key=True),
    Column("sessions", Integer, nullable=False),
    Column("worst_pct", Float, nullable=False),
    Column("median_pct", Float, nullable=False),
    Column("agrees", Boolean, nullable=False),
)

fetches = Table(  # what was tried, when, and what came of it
    "fetches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("outcome", Text, nullable=False),  # stored | unchanged | failed
    Column("digest", Text, nullable=False),
    Column("counts", Text, nullable=False),  # JSON
    Column("message", Text, nullable=False),
    Index("fetches_source", "source", "at"),
)
