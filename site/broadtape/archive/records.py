"""The catalogue's records: what readers get of an article, a quote, a fact, and what publishing files of them.

Owns their shape and the form of their keys. Reads and writes nothing: rows has their form on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from broadtape import urls
from broadtape.model import Article, Fact, Instrument

TagKind = Literal["topic", "author", "symbol", "month"]
ACKNOWLEDGED: Final = "revisions_noted"  # front-matter key: fact ids with the values a correction has told of

key_of = urls.key  # the form in which topics, authors and months are looked up


def tag_key(kind: TagKind, name: str) -> str:
    """The form in which a tag of that kind is looked up."""
    return name.strip().upper() if kind == "symbol" else key_of(name)


def last_told(article: Article) -> datetime:
    """When its text was last written anew: its date, or the last update that brought another version."""
    return max((article.date, *(one.date for one in article.updates if one.before is not None)))


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


# --- what publishing files --------------------------------------------------------------------------------


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
