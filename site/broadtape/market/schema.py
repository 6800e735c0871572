"""The market store's tables and the version of their layout.

Holds no queries; migrations/ makes the tables, and a test keeps the two alike.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

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

HEAD = "0003"  # the newest migration
KNOWN = ("0001", "0002", "0003")  # every migration this program has, oldest first

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


EXCERPT = 300  # characters kept of another publisher's text
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


terms = Table(  # what each series of a source may be used for, and whom it credits: of one source some may be private
    "terms",
    metadata,
    _source_key(),
    Column("series", Text, primary_key=True),  # a symbol or the name of a macro series
    Column("licence", Text, nullable=False),
    Column("attribution", Text, nullable=False),
)

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
    Column("address", Text, nullable=False, server_default=""),  # that gave it, where a source has several
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
    Column("address", Text, nullable=False, server_default=""),  # that gave it, where a source has several
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
    Column("address", Text, nullable=False, server_default=""),  # that gave it, where a source has several
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
    Column("address", Text, nullable=False, server_default=""),  # that gave it, where a source has several
    Index("events_day", "day"),
)


# --- what is told: each row is one version; the one in force has no `replaced_at` ---------------------------


def _version() -> list[Column[Any]]:
    return [
        Column("digest", Text, nullable=False),  # of what it says, so that the same said again is no new row
        Column("known_at", BigInteger, nullable=False),
        Column("retrieved", BigInteger, nullable=False),
        Column("replaced_at", BigInteger),
    ]


quotes = Table(
    "quotes",
    metadata,
    Column("id", Integer, primary_key=True),
    _source(),
    Column("symbol", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("price", Text, nullable=False),
    Column("previous_close", Text),
    Column("unit", Text, nullable=False),
    *_version(),
    Index("quotes_symbol", "symbol", "at"),
)

stories = Table(
    "stories",
    metadata,
    Column("id", Integer, primary_key=True),
    _source(),
    Column("uid", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("publisher", Text, nullable=False),
    Column("published", BigInteger),
    Column("updated", BigInteger),
    Column("excerpt", Text, nullable=False),  # at most EXCERPT characters
    Column("authors", Text, nullable=False),  # JSON, as the next three
    Column("categories", Text, nullable=False),
    Column("named", Text, nullable=False),
    Column("quotes", Text, nullable=False),
    *_version(),
    Index("stories_uid", "source", "uid"),
    Index("stories_known", "known_at"),
)

story_links = Table(  # which instruments a story is about; made by settling, never by a source
    "story_links",
    metadata,
    Column("story", Integer, ForeignKey("stories.id"), primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("how", Text, nullable=False),  # named | exchange | cashtag | name
    Index("story_links_symbol", "symbol"),
)

filings = Table(
    "filings",
    metadata,
    Column("id", Integer, primary_key=True),
    _source(),
    Column("accession", Text, nullable=False),
    Column("cik", Text, nullable=False),
    Column("company", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("filed", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("items", Text, nullable=False),  # JSON
    Column("link", Text, nullable=False),
    Column("period", Text),
    *_version(),
    Index("filings_key", "accession", "cik"),
    Index("filings_cik", "cik", "at"),
    Index("filings_at", "at"),
)

companies = Table(
    "companies",
    metadata,
    Column("id", Integer, primary_key=True),
    _source(),
    Column("cik", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("symbols", Text, nullable=False),  # JSON
    Column("former", Text, nullable=False),  # JSON
    Column("street", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("zip_code", Text, nullable=False),
    Column("sic", Text, nullable=False),
    Column("industry", Text, nullable=False),
    *_version(),
    Index("companies_cik", "cik", "source"),
)

company_facts = Table(
    "company_facts",
    metadata,
    Column("id", Integer, primary_key=True),
    _source(),
    Column("cik", Text, nullable=False),
    Column("concept", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("start", Text, nullable=False),  # empty: a balance at `end`
    Column("end", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("accession", Text, nullable=False),
    *_version(),
    Index("company_facts_key", "cik", "concept", "end"),
)

forecasts = Table(
    "forecasts",
    metadata,
    Column("id", Integer, primary_key=True),
    _source(),
    Column("place", Text, nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column("periods", Text, nullable=False),  # JSON
    *_version(),
    Index("forecasts_place", "place", "issued"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    _source(),
    Column("uid", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("starts", BigInteger),
    Column("ends", BigInteger),
    Column("link", Text, nullable=False),
    Column("seen", BigInteger, nullable=False),  # when the source last confirmed it
    *_version(),
    Index("notices_place", "place", "source", "uid"),
)

# --- how sources compare, what was tried ---------------------------------------------------------------------

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
