"""The shared nouns: instruments and series as the stages see them, facts, articles, problems.

Owns no IO and no decisions. Everything here is frozen; a stage that changes something makes a new one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable
from urllib.parse import parse_qsl, quote, urlencode

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import numpy as np
    from numpy.typing import NDArray

Day = date  # for a class that has a field named `date`, inside which mypy no longer takes `date` for the type
Kind = Literal["index", "etf", "stock"]
Basis = Literal["price", "total"]  # total: including dividends
Unit = Literal[
    "percent", "percentage points", "basis points", "points", "USD", "count", "ratio", "date", "text"
]


# --- the market, as a stage sees it ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Instrument:
    """A thing with prices. `name` is what prose prints; `aliases` are other names readers and texts use."""

    symbol: str  # "NYSEARCA:IWM"
    name: str
    kind: Kind
    sector: str = ""
    industry: str = ""
    headquarters: str = ""
    cik: str = ""
    proxy_of: str = ""
    inception: date | None = None
    aliases: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def exchange(self) -> str:
        """The part before the colon."""
        return self.symbol.partition(":")[0]

    @property
    def ticker(self) -> str:
        """The part after the colon."""
        return self.symbol.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows came from, for the source line and the proof page."""

    source: str
    attribution: str
    licence: Literal["private", "public"]
    retrieved: datetime  # UTC
    delay_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """A value that no fact may rest on, with the reason; with `before`, all prices before that day."""

    day: date
    field: str  # "close" or "adj_close"
    reason: str
    before: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Daily bars of one instrument up to the view's session, ascending, one a session, float64 with NaN for none.

    `close` (and open, high, low) follow `adjustment`; a "total" series has no `close` at all, only
    `adj_close` (including dividends), so it can never be printed as a price, level or record.
    """

    symbol: str
    days: NDArray[np.datetime64]  # [D], exchange-local sessions
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    adj_close: NDArray[np.float64]
    volume: NDArray[np.float64]
    dividend: NDArray[np.float64]
    adjustment: Literal["raw", "split", "total"]
    unit: str  # "USD" or "points"
    decimals: int
    origin: Origin
    held: tuple[Held, ...] = ()

    def values(self, basis: Basis) -> NDArray[np.float64]:
        """The closes on one basis; all NaN where the source does not give that basis."""
        return self.close if basis == "price" else self.adj_close

    def why_held(self, field: str, day: date) -> str:
        """Why the value of a session may not be used; empty when it may."""
        kind = "adj_close" if field == "adj_close" else "close"
        for one in self.held:
            if one.field == kind and (day < one.day if one.before else day == one.day):
                return one.reason
        return ""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """A macro series as known at the view's instant, ascending by period (first day of the period)."""

    series: str
    periods: NDArray[np.datetime64]  # [D]
    values: tuple[Decimal, ...]
    known_at: tuple[datetime, ...]  # UTC
    origin: Origin
    held: tuple[Held, ...] = ()  # periods that no fact may rest on


@dataclass(frozen=True, slots=True)
class Decision:
    """A policy decision: target range in percent, change in basis points."""

    day: date
    lower: Decimal
    upper: Decimal
    change_bp: int
    url: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Event:
    """Something scheduled, known at the view's instant; `at` is UTC."""

    day: date
    at: datetime
    zone: str
    kind: str
    title: str
    url: str
    origin: Origin


# --- what is told: others' headlines, filings, companies, forecasts -------------------------------------


@dataclass(frozen=True, slots=True)
class Quote:
    """A price in passing, according to its source at `at` (UTC). Never a close, never an input of a fact."""

    symbol: str
    price: Decimal
    previous_close: Decimal | None
    at: datetime
    unit: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Story:
    """Someone else's headline as last known; `excerpt` is at most 300 characters, nothing more is kept.

    `symbols` are the instruments it is about, as far as that is beyond doubt. `published` is according to
    the publisher; `known_at` is the earliest the public could know this version (both UTC).
    """

    uid: str
    title: str
    link: str
    publisher: str
    published: datetime | None
    known_at: datetime
    excerpt: str
    origin: Origin
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    quotes: tuple[tuple[str, str], ...] = ()  # (speaker, words)
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filing:
    """A filing with a regulator; `at` is its acceptance, UTC. `symbols` are its company's, where known."""

    accession: str
    cik: str
    company: str
    form: str
    filed: date
    at: datetime
    items: tuple[str, ...]
    link: str
    origin: Origin
    period: date | None = None
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Company:
    """A registrant and where it says it is. `symbols` are exchange-qualified where its source says so."""

    cik: str
    name: str
    symbols: tuple[str, ...]
    known_at: datetime
    origin: Origin
    street: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    sic: str = ""
    industry: str = ""
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompanyFact:
    """One filed figure: the latest filing known that gives this concept, unit and period."""

    cik: str
    concept: str
    unit: str
    start: date | None
    end: date
    value: Decimal
    form: str
    accession: str
    known_at: datetime
    origin: Origin


@dataclass(frozen=True, slots=True)
class ForecastPeriod:
    """One half day of a forecast; temperatures in `unit`, instants UTC."""

    name: str
    start: datetime
    end: datetime
    daytime: bool
    temperature: Decimal | None
    unit: str
    rain_chance: int | None
    wind: str
    words: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """The weather ahead at a place; `stale` once it is older than forecasts are worth showing."""

    place: str
    issued: datetime
    periods: tuple[ForecastPeriod, ...]
    origin: Origin
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """Something true of a place for now: a weather alert, a closed lane. Instants UTC."""

    uid: str
    place: str
    kind: str  # "alert", "closure", "chain-control"
    title: str
    words: str
    starts: datetime | None
    ends: datetime | None
    link: str
    origin: Origin
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One piece of news as several tell it: `lead` was known first, `others` after it, ascending."""

    lead: Story
    others: tuple[Story, ...] = ()

    @property
    def stories(self) -> tuple[Story, ...]:
        """All of them, the lead first."""
        return (self.lead, *self.others)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every instrument that one of them is about, sorted."""
        return tuple(sorted({symbol for story in self.stories for symbol in story.symbols}))

    @property
    def publishers(self) -> int:
        """How many publishers tell it."""
        return len({story.publisher.casefold() for story in self.stories})


@dataclass(frozen=True, slots=True)
class Heat:
    """How much is told of an instrument now, against its own past.

    `pieces` counts clusters of the last 24 hours; `usual` is their mean over each of the `days` before.
    `rarity` is the share of those days, today included, on which at least as much was told: (0, 1].
    """

    symbol: str
    pieces: int
    usual: Decimal
    days: int
    rarity: float


@runtime_checkable
class NewsView(Protocol):
    """What had been told by an instant; nothing later than `known` is visible. Absence is an empty tuple."""

    @property
    def known(self) -> datetime:
        """Only what was public by this instant (UTC) is visible."""

    def stories(self, since: datetime | None = None, *, symbol: str = "") -> tuple[Story, ...]:
        """Each story's newest version known, newest first; from `since` on, about an instrument."""

    def clusters(self, since: datetime) -> tuple[Cluster, ...]:
        """Stories known from `since` on, with the same news as one; the most told first."""

    def heat(self, symbol: str) -> Heat | None:
        """How much is told of an instrument now; None without enough of a past."""

    def filings(
        self, company: str = "", *, form: str = "", since: datetime | None = None
    ) -> tuple[Filing, ...]:
        """Filings, newest first; of a CIK or a symbol, of a form."""

    def companies(self) -> tuple[Company, ...]:
        """Every registrant known, by CIK, as last known."""

    def company_facts(self, cik: str, concept: str) -> tuple[CompanyFact, ...]:
        """What a company filed of a concept, by period; of a restated figure the latest known."""

    def forecast(self, place: str) -> Forecast | None:
        """The newest forecast of a place."""

    def notices(self, place: str) -> tuple[Notice, ...]:
        """What is in force at a place, by start."""

    def quotes(self, symbol: str) -> tuple[Quote, ...]:
        """Prices in passing, newest first."""


class MarketView(Protocol):
    """The market as it could be known at the end of session `as_of`; every stage reads through one.

    Absence raises NoData (known instrument, nothing to compute from) or UnknownSymbol; nothing later than
    `known` is ever visible.
    """

    @property
    def as_of(self) -> date:
        """The last session that may be used, exchange-local."""

    @property
    def known(self) -> datetime:
        """Only what was public by this instant (UTC) is visible: the end of `as_of`'s day in `time_zone`."""

    @property
    def time_zone(self) -> ZoneInfo:
        """The market's zone; sessions and relative words belong to it."""

    @property
    def sessions(self) -> NDArray[np.datetime64]:
        """Every exchange session from 1985 to `as_of` inclusive, datetime64[D]."""

    def sessions_after(self, count: int) -> NDArray[np.datetime64]:
        """The next `count` scheduled sessions after `as_of`."""

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of a qualified symbol; UnknownSymbol otherwise."""

    def instruments(self) -> Sequence[Instrument]:
        """Every listed instrument, by symbol."""

    def symbols_with_bars(self) -> Sequence[str]:
        """Qualified symbols that have at least one bar in view, sorted; UNLISTED ones included."""

    def bars(self, symbol: str) -> Bars:
        """Bars to `as_of` from the first source that has them; NoData when there are none."""

    def group(self, name: str) -> tuple[str, ...]:
        """Members of a named group, sorted; empty when unknown."""

    def readings(self, series: str) -> Readings:
        """The series as known; NoData when nothing was known."""

    def series(self) -> Sequence[str]:
        """Names of the macro series that have a reading in view."""

    def decisions(self) -> Sequence[Decision]:
        """Policy decisions known, ascending by day."""

    def events(self) -> Sequence[Event]:
        """Events known at `known`, past and future, ascending by `at`."""

    def benchmark(self, role: str) -> str | None:
        """The symbol the settings name for a role: large, small, tech, volatility; None when unset."""


# --- facts --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FactKey:
    """What is claimed, before it is computed: metric, parameters, as-of and the definition's version."""

    metric: str
    params: tuple[tuple[str, str], ...]  # sorted by name
    as_of: date
    version: int

    @property
    def id(self) -> str:
        """8 characters that mean the same claim in every article; the first is a letter."""
        return _fact_id(self)

    @property
    def address(self) -> str:
        """The long, self-describing form without the scheme: `return?of=INDEXRUSSELL:RUT&over=2025-12`."""
        query = urlencode(self.params, quote_via=quote, safe=":.,-")
        return f"{self.metric}?{query}" if query else self.metric


@lru_cache(maxsize=8192)
def _fact_id(key: FactKey) -> str:
    text = f"{key.metric}?{urlencode(key.params)}@{key.as_of.isoformat()}#v{key.version}"
    digest = hashlib.sha256(text.encode()).digest()
    return "abcdefghijklmnop"[digest[0] >> 4] + base64.b32encode(digest).decode().lower()[:7]


def parse_fact_address(address: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Metric and sorted parameters of a long form (`fact:` removed); ValueError when it is not one."""
    metric, _, query = address.partition("?")
    if not metric or not metric.replace("-", "").isalnum():
        raise ValueError(f"not a fact address: {address!r}")
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=20)
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError(f"a parameter is given twice: {address!r}")
    return metric, tuple(sorted(pairs))


PartKind = Literal[
    "change", "level", "count", "date", "month", "year", "entity", "rank", "share", "range", "text"
]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing a fact lets a text say. Proof matches each figure, date and name of a claim against parts.

    kind     value            a text may say
    change   Decimal, signed  the size with a direction word or sign that agrees
    level    Decimal          the number with its unit; no direction
    share    Decimal, percent the percentage; no direction
    count    int              the number with the noun in `unit` ("sessions", "weeks", "cases", "cuts", …)
    rank     int              an ordinal ("third") or "No. 3"
    range    (lower, upper)   "3.50%–3.75%"
    date     date             the day, its weekday, month, year
    month    date (the 1st)   the month and year
    year     int              the year
    entity   symbol           any name or ticker of the instrument
    text     str              these words exactly (an event's title)
    """

    name: str  # what it is within the metric: "value", "start", "end", "subject", "object", …
    kind: PartKind
    value: Decimal | int | date | str | tuple[Decimal, Decimal]
    unit: str = ""
    decimals: int = 2  # the precision to which `value` is exact and may be printed


@dataclass(frozen=True, slots=True)
class Row:
    """One deciding input row: which series, which day, which value, from whom, read when (UTC)."""

    series: str
    day: date
    field: str
    value: str
    source: str
    retrieved: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """The inputs that are not listed row by row: a range of a series with its count and digest.

    `digest` is sha256 (first 16 hex digits) over the float64 little-endian bytes of the values in order.
    """

    series: str
    field: str
    first: date
    last: date
    count: int
    digest: str
    source: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a fact was computed from."""

    rows: tuple[Row, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One printable claim. `value` repeats the part named "value"; tags are the controlled words it licenses.

    `licence` is "public" only if every input is.
    """

    key: FactKey
    value: Decimal | int | date | str | tuple[Decimal, Decimal]
    unit: str
    decimals: int
    parts: tuple[Part, ...]
    tags: frozenset[str]
    evidence: Evidence
    licence: Literal["private", "public"] = "private"

    @property
    def id(self) -> str:
        """The key's id."""
        return self.key.id

    @property
    def as_of(self) -> date:
        """The last session the fact may depend on."""
        return self.key.as_of

    def part(self, name: str) -> Part:
        """The part of that name; KeyError when the metric has none."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(f"{self.key.address} has no part {name!r}")

    def get(self, name: str) -> Part | None:
        """The part of that name, or None."""
        return next((part for part in self.parts if part.name == name), None)


# --- proof ----------------------------------------------------------------------------------------------


class Status(StrEnum):
    """What proof says of a claim."""

    VERIFIED = "verified"
    ATTRIBUTED = "attributed"
    UNCHECKED = "unchecked"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"
    REVISED = "revised"


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of a text and what became of it; `line` counts from 1 in the file, front matter included."""

    text: str
    line: int
    status: Status
    fact: str = ""  # the fact's id
    metric: str = ""
    claimed: str = ""
    computed: str = ""
    definition: str = ""  # the metric's wording
    reason: str = ""


# --- articles -------------------------------------------------------------------------------------------

ArticleStatus = Literal["draft", "review", "approved", "published", "held", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Photo:
    """The article's picture; `src` is relative to the article's folder."""

    src: str
    alt: str = ""
    credit: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True)
class SourceLink:
    """Where an imported article came from."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Correction:
    """One dated correction."""

    date: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Update:
    """One dated update of a story that runs on under one address.

    `text` says what became of it by the session `as_of` and follows from `fact`, a long form. `before` is the
    session of the version that it replaced, kept beside the article; None where the text stayed as it was.
    """

    date: datetime
    text: str
    as_of: Day | None = None
    fact: str = ""
    before: Day | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """A filed article: the front matter, typed, and the Markdown body as it stands in the file.

    `path` is the Markdown file; `slug` its name in the address; `date` is aware and its written offset
    gives the day in the address. `extra` holds unknown front-matter keys, kept through a round trip.
    `facts` is what facts.json beside it holds, decoded (see docs/contracts/facts.md), or empty.
    """

    path: str
    slug: str
    id: str
    title: str
    date: datetime
    body: str
    body_line: int  # the line of the file on which the body starts, from 1
    updated: datetime | None = None
    as_of: Day | None = None
    written: datetime | None = None
    status: ArticleStatus = "published"
    summary: str = ""
    authors: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()  # empty: all
    owner_site: str = ""
    photo: Photo | None = None
    origin: Literal["desk", "editor", "import"] = "editor"
    source: SourceLink | None = None
    corrections: tuple[Correction, ...] = ()
    updates: tuple[Update, ...] = ()  # oldest first
    aliases: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)  # front-matter key → its line in the file
    facts: Mapping[str, object] = field(default_factory=dict)  # facts.json, decoded; never believed by proof


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file: where, what, and what to do. `line` 0 means the file as a whole."""

    path: str
    line: int
    cause: str
    remedy: str
    level: Literal["error", "warning"] = "error"


# --- errors ---------------------------------------------------------------------------------------------


class BroadtapeError(Exception):
    """Any failure we foresee. Its text is one line saying what, where and what to do next; the CLI exits 1."""


class UnknownSymbol(BroadtapeError):
    """No loaded instrument has this symbol."""


class NoData(BroadtapeError):
    """The question is sound, but the store holds nothing to answer it as of that date."""


class NotTrue(NoData):
    """A statement that does not hold as of that date, such as a record on a day without one."""


class BadParameter(BroadtapeError):
    """A metric was asked with a parameter it does not take or cannot read; names the parameter."""


class BrokenArticle(BroadtapeError):
    """A file in content/ that cannot be an article; carries its Problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.path}:{problem.line}: {problem.cause}. {problem.remedy}")
        self.problem = problem


class BadSettings(BroadtapeError):
    """broadtape.toml or a site.toml cannot be used; names file and key."""
