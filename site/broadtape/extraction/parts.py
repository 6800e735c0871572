"""What a page of another publisher holds, once read: the frozen types of docs/contracts/import.md.

Reads nothing itself; broadtape.extraction.html and .plain do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from broadtape.model import BroadtapeError

Form = Literal["html", "markdown", "text"]
PassageKind = Literal["heading", "paragraph", "item", "quote", "row", "disclaimer"]
VotedBy = Literal["feed", "json-ld", "meta", "time", "url", "text"]


class Unreadable(BroadtapeError):
    """A place whose bytes cannot be had or are no text; says which and what to do."""


class NotAnArticle(BroadtapeError):
    """A page without an article: a front page, a list of links, a challenge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The bytes of a page and what its sender said of them. `address` is empty for a file."""

    body: bytes
    name: str
    address: str = ""
    media_type: str = ""  # lower case, without parameters
    charset: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """One block of the article: `Extracted.text[start:end] == text`; `line` is that of the source, 0 unknown.

    `breaks`: where in the text the source's further lines begin, as pairs of a position and how many lines on.
    """

    kind: PassageKind
    text: str
    start: int
    end: int
    line: int
    level: int = 0  # of a heading, 1 to 6
    breaks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, None before the first one, and what stands under it."""

    heading: Passage | None
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of data; every row has as many cells as the header, where there is one."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    line: int


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """One row of a list of quotes, as printed; `change_pct` in percent."""

    symbol: str
    price: Decimal
    change: Decimal | None
    change_pct: Decimal | None
    line: int


@dataclass(frozen=True, slots=True)
class Ticker:
    """A ticker in brackets. `start` and `end` are places in the text, -1 where it stands elsewhere."""

    symbol: str
    text: str
    name: str
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Vote:
    """One place that gives a date, as read and as written."""

    by: VotedBy
    value: datetime | date
    said: str

    @property
    def day(self) -> date:
        """The day, by the offset it was written with."""
        return self.value.date() if isinstance(self.value, datetime) else self.value


@dataclass(frozen=True, slots=True)
class Dating:
    """A date as voted. `conflict` is a sentence where two places disagree, else empty."""

    value: datetime | date | None = None
    votes: tuple[Vote, ...] = ()
    conflict: str = ""

    @property
    def day(self) -> date | None:
        """The day, by the offset it was written with."""
        return self.value.date() if isinstance(self.value, datetime) else self.value

    @property
    def by(self) -> tuple[str, ...]:
        """Which places agree with the value, in the order of their weight."""
        day = self.day
        return tuple(dict.fromkeys(one.by for one in self.votes if day and abs((one.day - day).days) <= 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """A page of another publisher, read. Nothing of it may be kept but what docs/contracts/import.md allows."""

    form: Form
    headline: str
    text: str
    passages: tuple[Passage, ...]
    standfirst: str = ""
    publisher: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""
    published: Dating = field(default_factory=Dating)
    updated: Dating = field(default_factory=Dating)
    as_of: date | None = None
    canonical: str = ""
    tables: tuple[Table, ...] = ()
    quotes: tuple[QuoteRow, ...] = ()
    tickers: tuple[Ticker, ...] = ()
    access: Literal["full", "partial"] = "full"
    notices: tuple[str, ...] = ()

    @property
    def sections(self) -> tuple[Section, ...]:
        """The passages under their headings, in order; a disclaimer belongs to none."""
        found: list[tuple[Passage | None, list[Passage]]] = [(None, [])]
        for one in self.passages:
            if one.kind == "heading":
                found.append((one, []))
            elif one.kind != "disclaimer":
                found[-1][1].append(one)
        return tuple(Section(head, tuple(held)) for head, held in found if head is not None or held)

    @property
    def disclaimer(self) -> str:
        """What the page says of itself in the way of a disclaimer."""
        return " ".join(one.text for one in self.passages if one.kind == "disclaimer")

    @property
    def words(self) -> int:
        """How many words the article has, its disclaimer left out."""
        return sum(len(one.text.split()) for one in self.passages if one.kind != "disclaimer")
