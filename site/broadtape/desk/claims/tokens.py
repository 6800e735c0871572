"""The kinds of token a text is read into, each with its place in the text.

Owns no reading and no judging: the lexer makes tokens, entail judges them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Approximation = Literal["", "about", "nearly", "over", "under", "at-least", "at-most"]


@dataclass(frozen=True, slots=True)
class Token:
    """Something at text[start:end]; `text` as printed."""

    start: int
    end: int
    text: str

    def __hash__(self) -> int:
        """Of the place and the text: tokens of remembered claims are looked up, and rarely differ in more."""
        return hash((self.start, self.text))


@dataclass(frozen=True, slots=True)
class Figure(Token):
    """A number as printed.

    `quantum` is the value of its last printed place (0.1 for "0.7", 100,000,000 for "1.2 billion");
    `unit` is canonical: percent, percentage points, basis points, points, USD, ratio, a plural noun
    ("sessions"), or "" for a bare number. `upper` closes a range ("3.50%–3.75%").
    `sign` is −1 or 1 where one is printed.
    """

    value: Decimal
    quantum: Decimal = Decimal(1)
    unit: str = ""
    sign: int = 0
    approximation: Approximation = ""
    ordinal: bool = False
    upper: Decimal | None = None
    trailing: str = ""  # "latest" for "the last five sessions": the window must end at the as-of session
    place: bool = False  # "No. 3"

    __hash__ = Token.__hash__


@dataclass(frozen=True, slots=True)
class Moment(Token):
    """A date or a part of one, as far as printed; `relative` is "this month", "yesterday", …

    `year_hint` is the year of the moment that follows in a list or range. `after` is the word that
    governs it: since, from, through, on, of, … ("" when none).
    """

    weekday: int | None = None
    month: int | None = None
    day: int | None = None
    year: int | None = None
    quarter: int | None = None
    relative: str = ""
    year_hint: int | None = None
    after: str = ""
    joiner: str = ""  # what joins it to the next date: "–", "to", "through", "and", ","; "" when none follows

    @property
    def precise(self) -> bool:
        """Whether it names a day rather than a period."""
        return self.day is not None or self.weekday is not None or self.relative in {"today", "yesterday"}

    __hash__ = Token.__hash__


@dataclass(frozen=True, slots=True)
class Name(Token):
    """A known name; `symbols` are what it may mean: instruments, "series:CPIAUCSL", "@FED", or "" for neutral ones."""

    symbols: frozenset[str]
    ticker: bool = False

    __hash__ = Token.__hash__


@dataclass(frozen=True, slots=True)
class Word(Token):
    """A controlled word; `classes` are the readings any of which may license it, `strength` a verb's size 0–4."""

    classes: tuple[str, ...]
    strength: int = 2

    __hash__ = Token.__hash__


@dataclass(frozen=True, slots=True)
class Proper(Token):
    """A capitalised word, or a word with digits in it, that is no known name. `initial`: it opens a sentence."""

    initial: bool = False

    __hash__ = Token.__hash__


@dataclass(frozen=True, slots=True)
class Plain(Token):
    """A word that claims nothing by itself."""

    __hash__ = Token.__hash__
