"""What a source yields: frozen observations, typed and untangled from the bytes they came in.

Owns no IO and no storage; the market store keeps these, sources make them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

InstrumentKind = Literal["index", "etf", "stock"]
Adjustment = Literal["raw", "split", "total"]
Licence = Literal["private", "public"]
Standing = Literal["settings", "members", "directory"]  # whose word on an instrument goes first
EventKind = str  # "fomc", "cpi", "jobs", "gdp", "ppi", "earnings", …; a source may bring others


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an observation came from. `digest` is the sha256 of the file's or body's bytes, in hex."""

    source: str
    address: str
    digest: str
    retrieved: datetime  # when we read it, aware UTC
    attribution: str = ""
    licence: Licence = "private"
    delay_minutes: int = 0  # how long after the exchange the source gives a figure
    published: datetime | None = None  # the file's own date, aware UTC: its trailer's, else the file system's


@dataclass(frozen=True, slots=True)
class Instrument:
    """A thing with prices. `symbol` is exchange-qualified ("NYSEARCA:IWM"); an unknown one "UNLISTED:SYM".

    `name` is as the source gives it, empty where it gives none. Where sources differ, the settings' own words
    go before a list of members, and that before an exchange's directory.
    """

    symbol: str
    name: str
    kind: InstrumentKind
    sector: str = ""
    industry: str = ""
    headquarters: str = ""
    cik: str = ""
    proxy_of: str = ""  # the index an ETF follows; the proxy is never called the index
    inception: date | None = None  # first day the series existed; None = unknown, so no "all-time"
    aliases: tuple[str, ...] = ()
    standing: Standing = "directory"


@dataclass(frozen=True, slots=True)
class BarTable:
    """Daily bars of one symbol from one source, ascending by session, one row a session.

    `days` is datetime64[D] of exchange-local session dates. Each price column is float64 with NaN
    where the source gave none; `adjustment` says what open/high/low/close are, while `adj_close`
    always includes dividends ("total"). Prices are in `unit` ("USD" or "points"); volume in shares;
    dividend in cash per share on the ex-date. `decimals` is the most decimals the source printed.
    """

    symbol: str
    days: NDArray[np.datetime64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    adj_close: NDArray[np.float64]
    volume: NDArray[np.float64]
    dividend: NDArray[np.float64]
    adjustment: Adjustment
    unit: str
    decimals: int
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a macro series. `period` is the first day of the period it measures, as sources write it.

    `known_at` is the earliest instant the public could know it, aware UTC; None when neither a release
    table nor a documented lag gives one: such a reading is not used for past dates.
    """

    series: str
    period: date
    value: Decimal
    known_at: datetime | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Decision:
    """A policy rate decision: the target range in percent after it, the change in basis points."""

    day: date
    lower: Decimal
    upper: Decimal
    change_bp: int
    known_at: datetime
    url: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Event:
    """Something scheduled. `at` is the instant it is due, aware UTC; `day` is the local date in `zone`."""

    day: date
    at: datetime
    zone: str
    kind: EventKind
    title: str
    known_at: datetime
    url: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Quote:
    """A price in passing: what a source said a symbol traded at. Never a close; `at` is aware UTC."""

    symbol: str
    price: Decimal
    previous_close: Decimal | None
    at: datetime
    unit: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Story:
    """Someone else's headline. `excerpt` is plain text of at most 300 characters; nothing more is kept.

    `published` is aware UTC, None where the entry gives none (then `known_at` is when we read it).
    `named` holds symbols and identifiers that the entry itself gives ("NYSE:MTUS", "ISIN:US…", "CIK:…").
    """

    uid: str  # the entry's own id, else its address: the same entry read twice has one
    title: str
    link: str
    publisher: str
    published: datetime | None
    known_at: datetime
    excerpt: str
    provenance: Provenance
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    quotes: tuple[tuple[str, str], ...] = ()  # (speaker, words), both within the excerpt


@dataclass(frozen=True, slots=True)
class Filing:
    """A filing with a regulator. `accession` identifies it; `at` is its acceptance, aware UTC."""

    accession: str
    cik: str  # ten digits
    company: str
    form: str
    filed: date
    at: datetime
    items: tuple[str, ...]  # of an 8-K: ("2.02", "9.01")
    link: str
    provenance: Provenance
    period: date | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """A registrant: where it is and what its shares are called. Names no longer used are `former`."""

    cik: str  # ten digits
    name: str
    symbols: tuple[str, ...]  # exchange-qualified where the source says so
    known_at: datetime
    provenance: Provenance
    street: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    sic: str = ""
    industry: str = ""
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompanyFact:
    """One figure a company filed: concept, period, value, unit; `known_at` is the filing's day at its close."""

    cik: str  # ten digits
    concept: str  # "us-gaap:EarningsPerShareDiluted"
    unit: str
    start: date | None  # None: a balance at `end`
    end: date
    value: Decimal
    form: str
    accession: str
    known_at: datetime
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ForecastPeriod:
    """One half day of a forecast. Temperatures are in `unit` ("F" or "C")."""

    name: str
    start: datetime  # aware
    end: datetime
    daytime: bool
    temperature: Decimal | None
    unit: str
    rain_chance: int | None  # percent
    wind: str
    words: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """The weather ahead at a place, as its office issued it."""

    place: str  # the label of the settings
    issued: datetime
    periods: tuple[ForecastPeriod, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Notice:
    """Something now true of a place: a weather alert, a closed lane. Instants are aware UTC."""

    uid: str
    place: str
    kind: Literal["alert", "closure", "chain-control"]
    title: str
    words: str
    starts: datetime | None
    ends: datetime | None
    link: str
    provenance: Provenance
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Rows that carried nothing, for one reason ("empty", "trailer", "test issue", "no value").

    `line` is the first of them, `count` how many there were.
    """

    line: int
    reason: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Harvest:
    """Everything one source gave in one go, with the counts an operator wants to see."""

    source: str
    rows_read: int = 0
    instruments: tuple[Instrument, ...] = ()
    bars: tuple[BarTable, ...] = ()
    readings: tuple[Reading, ...] = ()
    decisions: tuple[Decision, ...] = ()
    events: tuple[Event, ...] = ()
    quotes: tuple[Quote, ...] = ()
    stories: tuple[Story, ...] = ()
    filings: tuple[Filing, ...] = ()
    companies: tuple[Company, ...] = ()
    company_facts: tuple[CompanyFact, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    notices: tuple[Notice, ...] = ()
    places: tuple[tuple[str, str], ...] = ()  # (kind, place) of notices given in full: those missing are over
    skipped: tuple[Skipped, ...] = ()
    unresolved: tuple[str, ...] = ()  # symbols kept as UNLISTED:…
    groups: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())  # (group name, member symbols)
    provenance: Provenance | None = None  # of the table as a whole; instruments and groups have no other
    names: tuple[
        tuple[str, str], ...
    ] = ()  # how each symbol of the table was understood: ("AAPL", "NASDAQ:AAPL")
    ambiguous: tuple[
        tuple[str, tuple[str, ...]], ...
    ] = ()  # bare symbols with several candidates, the chosen first

    @property
    def rows_skipped(self) -> int:
        """How many rows carried nothing."""
        return sum(one.count for one in self.skipped)
