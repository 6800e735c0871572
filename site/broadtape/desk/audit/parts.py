"""What passes between the stages of an audit: passages, sentences, tokens, windows, assertions, findings.

Owns no reading and no judging.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

Verdict = Literal["verified", "contradicted", "unverifiable", "opinion", "forecast"]
VERDICTS: tuple[Verdict, ...] = ("verified", "contradicted", "unverifiable", "opinion", "forecast")
Voice = Literal["article", "quoted"]
Hedge = Literal["", "about", "nearly", "over", "under", "at-least", "at-most"]


# --- the article ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Passage:
    """One heading, paragraph or list item, with the line of the file on which it starts."""

    text: str
    line: int
    heading: bool = False


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """A row of a table of quotes: price, change and change in percent, as far as printed."""

    symbol: str
    price: Decimal
    change: Decimal | None
    change_pct: Decimal | None
    line: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """An article as the audit takes it. `dated` is the day its words are judged as of; `why` says whose vote.

    `closed`: it is known to have been published after the close of that day's session; `open`: before it.
    """

    path: str
    passages: tuple[Passage, ...]
    quotes: tuple[QuoteRow, ...] = ()
    dated: date | None = None
    why: str = ""
    notices: tuple[str, ...] = ()
    closed: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: its text with one kind of space and apostrophe, its line, its paragraph's number."""

    text: str
    line: int
    paragraph: int
    heading: bool = False


# --- tokens -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entity:
    """What a claim is about. `symbols` are those of the store that the name may mean, "series:NAME" for a
    macro series; none with `missing` saying what would be needed. `loose`: the name does not pin one
    instrument ("stocks", "small caps"), so that nothing computed from a stand-in may contradict it.
    """

    name: str
    kind: str  # index, etf, stock, market, yield, commodity, currency, macro, policy, reference
    symbols: tuple[str, ...] = ()
    missing: str = ""
    loose: bool = False
    owner: bool = False  # printed with a possessive: "the S&P 500’s"


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure as printed; `quantum` is the value of its last printed place."""

    value: Decimal
    quantum: Decimal
    unit: str  # percent, percentage points, basis points, points, USD, times, number
    hedge: Hedge = ""
    sign: int = 0
    upper: Decimal | None = None
    text: str = ""
    ordinal: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time as printed. `kind` says how it is to be resolved, `data` what with.

    `role` is how it is governed: "in" (for, on, during, …), "since", "bare", "than"; `partial` marks hours
    of a day that closes cannot tell ("early Tuesday", "premarket").
    """

    kind: str
    role: str = "in"
    weekday: int | None = None
    day: date | None = None
    month: int | None = None
    year: int | None = None
    quarter: int | None = None
    number: int | None = None
    unit: str = ""
    which: str = ""  # this, last, past, to-date, first, next
    partial: str = ""
    text: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a sentence; `code` is its one-letter class (see scan.CODES)."""

    code: str
    start: int
    end: int
    text: str
    entity: Entity | None = None
    amount: Amount | None = None
    span: Span | None = None


# --- assertions -------------------------------------------------------------------------------------------

Kind = Literal[
    "move", "level", "direction", "streak", "relative-streak", "record", "extreme", "best", "cross", "distance",
    "relative", "policy", "policy-count", "reading", "curve", "quote", "leads", "longest", "unread",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assertion:
    """One claim as read. What is not said is empty; `spans` are the windows that may be meant.

    `certain`: the window was said in the same clause or stands at the head of its sentence; only then may the claim be
    contradicted on its window alone. `sibling`: claims of one statement ("fell 123 points, or 0.3%, to 39,000")
    share a number and are judged on one window.
    """

    kind: Kind
    text: str
    sentence: Sentence
    entity: Entity | None = None
    other: Entity | None = None
    amount: Amount | None = None
    side: str = ""  # up, down, flat; high, low; above, below; best, worst; cut, raise, hold
    spans: tuple[Span, ...] = ()
    certain: bool = False
    perfect: bool = False
    unit: str = ""
    on: str = ""  # close, intraday
    voice: Voice = "article"
    sibling: int = 0
    label: Literal["", "forecast", "opinion", "negated", "session-high"] = ""
    reason: str = ""  # of an unread one: why it could not be read, or which data it would need
    more: Mapping[str, object] = field(default_factory=dict)
    place: tuple[int, int] = (0, 0)  # of its words among the sentence's tokens
    phrase: tuple[int, int] = (0, 0)  # of a phrase read as one, in the sentence's text
    unread: tuple[str, ...] = ()  # words of its clause that no reading took (coverage)
    changed: tuple[str, ...] = ()  # those of its own clause that may change what its figure means


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a window: the first and last session whose changes it holds, and its name."""

    first: date
    last: date
    form: str  # the `over` parameter
    label: str
    weak: bool = False  # a less likely reading: good enough to verify
    shield: bool = False  # one that only keeps a claim from being contradicted


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a claim. `nearest` is a reading under which it would be true."""

    text: str
    line: int
    status: Verdict
    kind: str
    fact: str = ""
    metric: str = ""
    claimed: str = ""
    computed: str = ""
    definition: str = ""
    reason: str = ""
    nearest: str = ""
    entity: str = ""
    voice: Voice = "article"
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """An article's findings in its order."""

    path: str
    dated: date
    why: str
    findings: tuple[Finding, ...]
    notices: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """By status, every status present."""
        return {verdict: sum(one.status == verdict for one in self.findings) for verdict in VERDICTS}

    @property
    def contradicted(self) -> bool:
        """Whether anything is."""
        return any(one.status == "contradicted" for one in self.findings)
