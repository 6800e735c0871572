"""Whether one fact says what a text says: every figure, date, name and controlled word must follow from it.

Owns the rules of docs/contracts/proof.md for a single claim; articles, files and recomputing are desk.proof's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from broadtape.desk.claims import lexicon
from broadtape.desk.claims.dates import fits_day, fits_month, names_period, period_of
from broadtape.desk.claims.lexer import lex
from broadtape.desk.claims.names import NameTable
from broadtape.desk.claims.parts import Window, half_up, shown, window_of
from broadtape.desk.claims.tokens import Figure, Moment, Name, Plain, Proper, Token, Word
from broadtape.desk.claims.words import Use, refusal
from broadtape.model import Fact, Part, Status

_T = TypeVar("_T")

_PERIOD_UNITS: Final = frozenset({"sessions", "days", "weeks", "months", "quarters", "years"})
_DAILY: Final = frozenset(
    {
        "record",
        "last-record",
        "extreme-since",
        "first-close",
        "first-close-since",
        "drawdown",
        "quote",
        "level",
        "decline",
        "advance",
        "session-extreme",
        "gap",
        "recovery",
    }
)
# Metrics of which nothing but the value is worth telling: a total or a threshold alone would mislead.
_VALUE_TOLD: Final = frozenset(
    {
        "what-followed",
        "streak-count",
        "breadth",
        "periods-led",
        "group-return",
        "session-count",
        "record-count",
        "closes-beyond",
        "reading-beyond",
        "declines",
        "regained",
        "season",
        "above-average",
        "average-cross",
    }
)
_DIRECTIONS: Final = frozenset(
    {
        "up",
        "down",
        "flat",
        "lead",
        "lag",
        "exceed",
        "better",
        "worse",
        "best",
        "worst",
        "cut",
        "raise",
        "hold",
        "below",
        "steeper",
        "flatter",
        "bull",
        "bear",
    }
)
_CHANGES: Final = frozenset({"return", "relative-return"})
_POLICY: Final = frozenset(
    {
        "policy-rate", "policy-last", "policy-moves", "policy-run", "policy-cycle", "policy-first", "policy-largest",
    }
)  # fmt: skip
_CURVE: Final = frozenset({"curve-shift", "yield-gap", "yield-inversion"})
_EXTREMES: Final = frozenset({"record", "highest", "lowest", "peak", "trough"})
_SUPERLATIVES: Final = frozenset(
    {"record", "highest", "lowest", "longest", "best", "worst", "largest", "peak", "trough"}
)
# Which date parts may follow "since"; by default where the window or the data begin.
_SINCE: Final[dict[str, tuple[str, ...]]] = {
    "return-extreme": ("since",),
    "streak-last-longer": ("start", "end"),
    "streak-last-equal": ("start", "end"),
    "streak-longest": ("data_start",),
    "extreme-since": ("value", "date", "since"),
    "first-close-since": ("value",),
    "last-record": ("date", "value", "data_start"),
    "decline": ("value",),
    "decline-before": ("value",),
    "recovery": ("peak",),
    "streak-longer": ("start", "end"),
    "streak-most": ("data_start",),
    "ratio-extreme": ("value",),
    "correlation-since": ("value",),
    "volume-since": ("value",),
    "year-start": ("value",),
    "policy-last": ("day",),
    "policy-rate": ("day",),
    "reading-extreme": ("since", "data_start"),
    "reading-beyond": ("data_start",),
    "closes-beyond": ("data_start",),
    "policy-run": ("start", "data_start"),
    "policy-first": ("value",),
    "policy-largest": ("since", "data_start"),
}
_FROM: Final = frozenset({"from", "between", "starting", "began", "begun", "begins", "starts", "started"})
_BEGUN: Final = _FROM - {"from", "between"}
_NO_VALUES: Final = frozenset({"?", "ratio", "rate", "time", "other"})  # units that no part has
_PAST: Final = lexicon.words("""
    was were came been had has have did
""")
_TO: Final = frozenset({"through", "until", "till", "to", "ended", "ending", "ends", "end", "by", "–", "—"})
_ENDED: Final = frozenset({"ended", "ending", "ends", "end"})
_JOIN: Final = frozenset({"–", "—", "-", "to", "through", "until", "and"})
_START_PARTS: Final = frozenset({"start", "from", "peak", "low", "data_start", "since"})
_EVENT_NAMES: Final = {
    "fomc": ("@FED",), "cpi": ("series:CPIAUCSL", "series:CPILFESL"), "jobs": ("series:UNRATE",),
    "gdp": ("series:A191RL1Q225SBEA",),
}  # fmt: skip
_TURNS: Final = frozenset({"decline", "decline-before", "advance", "recovery", "regained"})
_OF: Final = frozenset({"of", "from"})  # "its peak of Jan. 3" is no day on which the rest happened
_FORETOLD: Final = frozenset({"up", "down", "lead", "lag", "exceed", "cut", "raise", "hold"})
_MAGNITUDE: Final = lexicon.words("""
    move moves moved change changes changed swing gap difference apart distance size
""")
_PASSIVE: Final = lexicon.words("""
    was were been being is are be
""")


@dataclass(frozen=True, slots=True)
class Context:
    """What the surroundings of a claim contribute.

    `subject`: the symbols the nearest name before the claim may mean, None when nothing is named.
    `windows`: stretches of sessions already spoken of, which a claim may leave unsaid; None: it may always.
    `total_said`, `scoped`, `median_said`, `closes_said`: whether the surroundings say that dividends are included,
    since when the data run, that a figure is a median or an average, and that prices are those of closes.
    """

    as_of: date
    names: NameTable
    subject: frozenset[str] | None = None
    windows: frozenset[Window] | None = None
    total_said: bool = True
    scoped: bool = False
    median_said: bool = False
    closes_said: bool = False
    subject_required: bool = True


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a text does not follow from the fact: contradicted where the fact says otherwise, else unsupported."""

    status: Status
    reason: str
    claimed: str = ""
    computed: str = ""


@dataclass(slots=True)
class Verdict:
    """The objections to a claim (none: it follows), and whether it says which sessions it covers."""

    objections: list[Objection] = field(default_factory=list)
    says_window: bool = False

    @property
    def holds(self) -> bool:
        """Whether the claim follows from the fact."""
        return not self.objections


def entails(tokens: Sequence[Token], fact: Fact, context: Context, *, first_only: bool = False) -> Verdict:
    """Judge one claim against one fact. A text without any claim follows from every fact.

    With `first_only` the judging ends at the first objection: enough to know that the claim does not follow.
    """
    return Judge(tokens, fact, context).verdict(first_only=first_only)


def concerns(fact: Fact, name: Name) -> bool:
    """Whether a name may stand beside a fact: an entity of it, its series, its group, the Fed of a policy."""
    judge = Judge((), fact, Context(fact.as_of, NameTable()))
    return "" in name.symbols or bool(name.symbols & judge.entities()) or judge.names_group(name)


def licenses(fact: Fact, kind: str) -> bool:
    """Whether a fact licenses a word of this class wherever it stands ("run", "sessions", "median")."""
    judge = Judge((), fact, Context(fact.as_of, NameTable()))
    if kind.startswith("unit:"):
        return kind.removeprefix("unit:") in judge.units()
    if kind in {"streak", "tie"}:
        return "streak" in fact.tags or "streak" in judge.params.get("event", "")
    return kind in fact.tags or (kind == "broken" and "ended" in fact.tags)


class Judge:
    """One claim before one fact."""

    def __init__(self, tokens: Sequence[Token], fact: Fact, context: Context) -> None:
        self.fact, self.context = fact, context
        self.params = dict(fact.key.params)
        self.tags = fact.tags
        self.as_of = fact.as_of
        self.tokens = self._without_titles(tokens)
        self.result = Verdict()
        self.subject = _entity(fact, "subject") or (
            f"series:{self.params['series']}" if "series" in self.params else None
        )
        self.object = _entity(fact, "object")
        # A fact with two sides tells who led; only a relative return after an event tells a direction as well.
        self.directional = self.object is None or (
            fact.key.metric == "what-followed" and self.params.get("measure") != "relative"
        )
        self.over = self.params.get("over", "")
        self.period = period_of(self.over, self.as_of) if self.over else None
        self.window = window_of(fact)
        self.matched: dict[int, Part] = {}  # figures by place in self.tokens
        self.matched_dates: dict[int, str] = {}

    def verdict(self, *, first_only: bool) -> Verdict:
        """Apply every rule in turn."""
        rules = (
            self._names, self._figures, self._moments, self._roles, self._words, self._sides, self._told, self._scope,
        )  # fmt: skip
        for rule in rules:
            rule()
            if first_only and self.result.objections:
                break
        return self.result

    def _object(self, status: Status, reason: str, claimed: str = "", computed: str = "") -> None:
        self.result.objections.append(Objection(status, reason, claimed, computed))

    def of(self, kind: type[_T]) -> list[tuple[int, _T]]:
        """The tokens of a kind with their places."""
        return [(place, token) for place, token in enumerate(self.tokens) if isinstance(token, kind)]

    def _without_titles(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens without those that repeat a text part word for word (an event's title)."""
        kept = list(tokens)
        for part in self.fact.parts:
            if (
                part.kind != "text"
                or part.name == "series"
                or not isinstance(part.value, str)
                or not part.value.strip()
            ):
                continue
            words = [token.text.lower() for token in lex(part.value, self.context.names)]
            for place in range(len(kept) - len(words) + 1):
                if [token.text.lower() for token in kept[place : place + len(words)]] == words:
                    kept[place : place + len(words)] = [
                        Plain(token.start, token.end, token.text)
                        for token in kept[place : place + len(words)]
                    ]
        return kept

    # --- names ----------------------------------------------------------------------------------------------

    def _names(self) -> None:
        known = self.entities()
        for _, name in self.of(Name):
            if "" in name.symbols:
                continue
            if name.symbols & known or self.names_group(name):
                continue
            if name.ticker and not name.symbols:
                self._object(Status.UNSUPPORTED, f"no instrument {name.text} is known", name.text)
                continue
            about = self._about()
            self._object(
                Status.CONTRADICTED if about else Status.UNSUPPORTED,
                f"the fact is about {about}; the text names {name.text}"
                if about
                else f"the fact does not concern {name.text}",
                name.text,
                about,
            )
        for _, proper in self.of(Proper):
            self._object(Status.UNSUPPORTED, f"{proper.text!r} is no known name", proper.text)

    def entities(self) -> set[str]:
        """The symbols, series and institutions that the fact is about."""
        found = {str(part.value) for part in self.fact.parts if part.kind == "entity"}
        found |= {
            f"series:{part.value}"
            for part in self.fact.parts
            if part.kind == "text" and part.name == "series"
        }
        if "series" in self.params:
            found.add(f"series:{self.params['series']}")
        if self.fact.key.metric in _POLICY:
            found |= {"@FED", "series:FEDFUNDS", "series:DFF"}
        if self.fact.key.metric in _CURVE:
            found.add("series:curve")
        if self.fact.key.metric in {"next-event", "last-event"}:
            found |= set(_EVENT_NAMES.get(self.params.get("kind", ""), ()))
        return found

    def names_group(self, name: Name) -> bool:
        """Whether the name calls the fact's group: "S&P 500" for sp500-members."""
        group = re.sub(r"[^a-z0-9]", "", self.params.get("in", "").lower())
        called = re.sub(r"[^a-z0-9]", "", name.text.lower())
        return bool(group) and len(called) > 2 and called in group

    def _about(self) -> str:
        title = self.context.names.title
        names = [title(symbol) for symbol in (self.subject, self.object) if symbol]
        if not names and self.fact.key.metric in _POLICY:
            return "Federal Reserve policy"
        return " and ".join(
            f"the {name}" if name[0].isupper() and name[-1].isdigit() else name for name in names
        )

    # --- figures --------------------------------------------------------------------------------------------

    def _figures(self) -> None:
        figures = self.of(Figure)
        choices = [
            [
                part
                for part in self.fact.parts
                if self._fits(figure, part) and self._said_as(place, figure, part)
            ]
            for place, figure in figures
        ]
        for (_, figure), fitting in zip(figures, choices, strict=True):
            if not fitting and not self._fits_share(figure):
                self._refuse_figure(figure)
        kept = [(place, fitting) for (place, _), fitting in zip(figures, choices, strict=True) if fitting]
        assigned = _assign([[part.name for part in fitting] for _, fitting in kept])
        if assigned is None:
            texts = ", ".join(figure.text for _, figure in figures)
            self._object(
                Status.UNSUPPORTED, f"the figures {texts} would use one value of the fact twice", texts
            )
            return
        self.matched = {place: self.fact.part(name) for (place, _), name in zip(kept, assigned, strict=True)}
        for place, part in self.matched.items():
            token = self.tokens[place]
            if isinstance(token, Figure) and part.name in {"sessions", "weeks", "months"}:
                self.result.says_window = True
                self._trailing(token)

    def _said_as(self, place: int, figure: Figure, part: Part) -> bool:
        """Whether the words around a figure allow it to be this part, not merely its value."""
        if part.name == "at_least":
            said = figure.approximation == "at-least" or any(
                "at-least" in word.classes for _, word in self.of(Word)
            )
            return said and not figure.ordinal
        if figure.ordinal and part.kind == "count":
            return part.name == "value"
        if part.kind == "range" and (self.text_at(place - 1) == "from") is not (part.name == "before"):
            return False  # the range is where the rate is, not where it was
        if part.kind == "range" and self.text_at(place - 1) == "by":
            return False  # nor how far it moved
        if part.name == "peak_level":
            return any({"record", "highest", "peak"} & set(word.classes) for _, word in self.of(Word))
        if part.name == "level" and self.tags & {"above", "below"}:
            beyond = any({"above", "below"} & set(word.classes) for _, word in self.of(Word))
            return figure.approximation in {"over", "under"} or (beyond and "first" in self.tags)
        before = self.tokens[place - 1] if place else None
        if (
            part.kind == "level"
            and part.name != "at_least"
            and isinstance(before, Word)
            and {"up", "down"} & set(before.classes)
        ):
            return False  # "fell $477.18" tells a change, not a level
        if part.kind == "level" and part.name == "from":
            return self.text_at(place - 1) == "from"
        return not (part.name == "total" and part.kind == "level" and "-" in figure.text)

    def _numbers(self) -> list[Part]:
        return [
            part
            for part in self.fact.parts
            if part.kind in {"change", "level", "share", "count", "rank", "range"}
        ]

    def _trailing(self, figure: Figure) -> None:
        if self.window is None or not figure.trailing:
            return
        recent = self.window[1] == self.as_of
        if figure.trailing in {"last", "past", "latest", "recent", "final"} and not (
            recent or "last" in self.tags
        ):
            self._object(
                Status.CONTRADICTED,
                f"the fact's sessions end on {self.window[1]}, not at the as-of session",
                figure.text,
            )
        if figure.trailing in {"previous", "prior", "preceding"} and recent:
            self._object(
                Status.CONTRADICTED, "the fact's sessions are the latest ones, not earlier ones", figure.text
            )

    def _fits(self, figure: Figure, part: Part) -> bool:
        value = part.value
        if part.kind == "range":
            return (
                isinstance(value, tuple)
                and figure.upper is not None
                and figure.unit == "percent"
                and not figure.approximation
                and (figure.value, figure.upper) == value
            )
        if figure.upper is not None or (
            figure.unit in _NO_VALUES and part.unit not in {"times", figure.unit}
        ):
            return False
        if part.kind == "rank":
            bare = figure.ordinal and figure.unit in {"", "members"} and not figure.approximation
            return bare and isinstance(value, int) and figure.value == value
        if figure.place:
            return False
        if part.kind == "count":
            return (
                isinstance(value, int)
                and self._counts(figure, part)
                and self._near(figure, Decimal(value), part)
            )
        if part.kind in {"change", "level", "share"} and isinstance(value, Decimal) and not figure.ordinal:
            factor = self._factor(figure, part)
            return factor is not None and self._near(figure, value * factor, part, factor)
        return False

    def _counts(self, figure: Figure, part: Part) -> bool:
        unit = lexicon.plural_of(part.unit) or part.unit
        if unit in {"periods", "count", ""}:
            unit = lexicon.plural_of(self.params.get("unit", "session"))
        if figure.unit == unit:
            return True
        return figure.unit == "times" and unit in lexicon.OCCURRENCES and not figure.ordinal

    @staticmethod
    def _factor(figure: Figure, part: Part) -> Decimal | None:
        """What turns the part's unit into the figure's; None when they do not fit."""
        unit = part.unit or "points"
        if figure.unit == unit or (figure.unit, unit) == ("ratio", "times"):
            return Decimal(1)
        if (
            figure.unit == ""
            and unit in {"points", "USD", "index", "count", "ratio"}
            and part.kind in {"level", "change"}
        ):
            return Decimal(1)
        if (figure.unit, unit) == ("basis points", "percentage points"):
            return Decimal(100)
        if (figure.unit, unit) == ("percentage points", "basis points"):
            return Decimal("0.01")
        return None

    def _near(self, figure: Figure, value: Decimal, part: Part, factor: Decimal = Decimal(1)) -> bool:
        """Whether the printed figure is the value, rounded half-up to the place printed, or approximates it."""
        if part.kind == "change":
            if figure.sign and value and figure.sign != (1 if value > 0 else -1):
                return False
            value = abs(value)
        elif value < 0:
            if figure.sign != -1:
                return False
            value = -value
        elif figure.sign == -1:
            return False
        limit, kind = figure.value, figure.approximation
        if kind == "about":
            step = figure.quantum
            while step < limit and limit % (step * 10) == 0:
                step *= 10
            return half_up(value, step) == limit
        if kind == "nearly":
            return limit * Decimal("0.95") <= value < limit
        exact = self._exact(figure, value, part, factor)
        if kind in {"over", "under"} and part.kind == "level" and self.tags & {"above", "below"}:
            return exact and part.name == "level" and ("above" if kind == "over" else "below") in self.tags
        if kind == "over":
            return limit < value <= limit * Decimal("1.1")
        if kind == "under":
            few = part.kind == "count" and "few" in self.tags and value < limit == 8
            return limit * Decimal("0.9") <= value < limit or few
        if kind == "at-least":
            return exact and (part.name == "at_least" or "at-least" in self.tags)
        if kind == "at-most":
            return exact and self.fact.key.metric in {
                "max-drawdown", "drawdown", "return-extreme", "session-extreme", "yield-inversion",
            }  # fmt: skip
        return exact

    @staticmethod
    def _exact(figure: Figure, value: Decimal, part: Part, factor: Decimal) -> bool:
        if part.kind == "count":
            return (
                value == figure.value
                if figure.quantum <= 1
                else half_up(value, figure.quantum) == figure.value
            )
        finest = Decimal(1).scaleb(-part.decimals) * factor
        if figure.quantum < finest:
            return value == figure.value
        return half_up(value, figure.quantum) == figure.value

    def _fits_share(self, figure: Figure) -> bool:
        """ "More than half" and "half" of a count with a total."""
        share = self.share()
        if (
            share is None
            or figure.unit != "percent"
            or not figure.text[-1:].isalpha()
            or "cent" in figure.text
        ):
            return False
        if figure.approximation == "over":
            return share > figure.value
        if figure.approximation == "under":
            return share < figure.value
        if figure.approximation == "nearly":
            return figure.value * Decimal("0.95") <= share < figure.value
        return half_up(share, Decimal(1)) == figure.value

    def share(self) -> Decimal | None:
        """The value of a count in percent of its total; None where the fact has no total."""
        total = self.fact.get("total") or self.fact.get("n")
        part = self.fact.get("value")
        if (
            total is None
            or part is None
            or not isinstance(total.value, int)
            or not isinstance(part.value, int)
        ):
            return None
        if part.kind != "count" or total.kind != "count" or not total.value:
            return None
        return Decimal(100 * part.value) / Decimal(total.value)

    def _refuse_figure(self, figure: Figure) -> None:
        said = (
            f"{figure.text} {figure.unit}"
            if figure.unit in _PERIOD_UNITS and figure.unit[:-1] not in figure.text
            else figure.text
        )
        alike = [part for part in self.fact.parts if self._alike(figure, part)]
        if figure.unit in _NO_VALUES:
            self._object(Status.UNSUPPORTED, f"the fact has no value like {said!r}", said)
        elif alike:
            nearest = min(alike, key=lambda part: _distance(figure, part))
            if self._same_size(figure, nearest):
                self._object(
                    Status.CONTRADICTED,
                    f"the fact is {shown(nearest)}; the text says {said}",
                    said,
                    shown(nearest),
                )
                return
            values = " or ".join(dict.fromkeys(shown(part) for part in alike))
            self._object(
                Status.CONTRADICTED, f"the fact says {values}; the text says {said}", said, shown(nearest)
            )
        else:
            numbers = self._numbers()
            if not numbers:
                self._object(Status.UNSUPPORTED, f"the fact has no figure like {said}", said)
                return
            values = " or ".join(dict.fromkeys(shown(part) for part in numbers))
            unit = " (name its unit)" if figure.unit == "" else ""
            self._object(
                Status.CONTRADICTED,
                f"the fact says {values}; the text says {said}{unit}",
                said,
                shown(numbers[0]),
            )

    def _alike(self, figure: Figure, part: Part) -> bool:
        if part.kind == "rank":
            return figure.ordinal
        if part.kind == "range":
            return figure.upper is not None
        if part.kind == "count":
            return self._counts(figure, part)
        return part.kind in {"change", "level", "share"} and self._factor(figure, part) is not None

    @staticmethod
    def _same_size(figure: Figure, part: Part) -> bool:
        return isinstance(part.value, Decimal) and half_up(abs(part.value), figure.quantum) == figure.value

    # --- dates ----------------------------------------------------------------------------------------------

    def _moments(self) -> None:
        moments = self.of(Moment)
        choices: list[list[str]] = []
        kept: list[int] = []
        for place, moment in moments:
            fitting = self._candidates(moment)
            if fitting:
                choices.append(fitting)
                kept.append(place)
            else:
                self._refuse_moment(moment)
        assigned = _assign(choices, shared=frozenset({"window", "as-of"}))
        if assigned is None:
            texts = ", ".join(moment.text for _, moment in moments)
            self._object(
                Status.CONTRADICTED,
                f"the dates {texts} cannot all be dates of the fact",
                texts,
                self._dates(),
            )
            return
        self.matched_dates = dict(zip(kept, assigned, strict=True))
        if {"window", "start", "end"} & set(assigned):
            self.result.says_window = True
        order = [name for name in assigned if name in {"start", "end", "from", "to", "peak", "trough"}]
        for first, second in (("end", "start"), ("to", "from"), ("trough", "peak")):
            if first in order and second in order and order.index(first) < order.index(second):
                apart = self.fact.part(first).value != self.fact.part(second).value
                if apart:
                    self._object(
                        Status.CONTRADICTED, "the dates stand in the wrong order", computed=self._dates()
                    )

    def _candidates(self, moment: Moment) -> list[str]:
        found: list[str] = []
        start = self.window[0] if self.window else None
        named = self.period is not None and names_period(moment, self.period, start, self.as_of)
        if named and self._whole(moment):
            found.append("window")
        for part in self.fact.parts:
            value = part.value
            if part.kind == "date" and isinstance(value, date):
                if self._may(moment, part.name) and fits_day(moment, value, self.as_of):
                    found.append(part.name)
            elif part.kind == "month" and isinstance(value, date):
                free = self._may(moment, part.name) if part.name != "month" else self.period is None
                if free and fits_month(moment, value, self.as_of):
                    found.append(part.name)
            elif part.kind == "year" and self.period is None and _bare_year(moment) == value:
                found.append(part.name)
        if moment.after == "as of" and fits_day(moment, self.as_of, self.as_of):
            found.append("as-of")
        return found

    def _whole(self, moment: Moment) -> bool:
        """A running or partial period must be called one: "so far", "first"."""
        assert self.period is not None
        if self.period.first:
            return any("first" in word.classes for _, word in self.of(Word))
        if self.period.running and not moment.relative:
            return (
                any(token.text.lower() in {"so far", "running"} for token in self.tokens)
                or self.period.kind == "year"
            )
        return True

    def _may(self, moment: Moment, part: str) -> bool:
        """Whether the word that governs the date, and the kind of fact, allow it to be this part."""
        metric = self.fact.key.metric
        base = part.rstrip("0123456789") or part
        if metric in _TURNS and (part in {"peak", "low", "trough"}) is not (moment.after in _OF):
            return (moment.after == "since" and metric == "recovery") or (
                part == "trough" and moment.after in {"to", "through", "until"}
            )
        if moment.after in {"before", "after"}:  # both count from the close of the day named
            return moment.after == "after" and self.period is not None and self.period.kind == "since"
        if moment.after in _BEGUN and part not in _START_PARTS:
            return False
        if (
            part == "end"
            and moment.precise
            and moment.after in _ENDED
            and self.fact.get("broken") is not None
        ):
            return False  # the day a run ended is the one that broke it, not its last
        if moment.after == "since":
            if base == "start" and metric in _CHANGES and self.period and self.period.kind == "span":
                return False  # the window begins at the close before
            allowed = _SINCE.get(metric, ("start", "data_start", "from"))
            bounded = metric == "return-extreme" and base == "data_start" and self.fact.get("since") is None
            if base not in allowed and not bounded:
                return False
        elif moment.after in _FROM and (self.window or self.fact.get("from") or self.fact.get("peak")):
            if part not in _START_PARTS:
                return False
        elif moment.after in _TO and part in {"start", "from", "data_start", "peak"}:
            return False
        if part == "from" and moment.after not in _FROM | {"since"} and moment.joiner not in _JOIN - {"and"}:
            return False
        if part == "to" and moment.after not in {*_TO, "and"}:
            return False
        whole = moment.month is None and not moment.precise and not moment.relative
        if self.period is not None and whole and moment.after != "since":
            return False  # a bare year or quarter must name the whole window
        if self.period is None or part not in {"start", "end"}:
            return not (
                part == "data_start"
                and moment.after not in {"since", "in", "on", "from", "starts", "began", "begins"}
            )
        if not moment.precise:
            return self.period.kind == "since" and moment.after == "since" and part == "start"
        single = self.window is not None and self.window[0] == self.window[1]
        return (
            single
            or moment.joiner in _JOIN
            or moment.after in {*_FROM, *_TO, "since", "as of", "and", "after"}
        )

    def _refuse_moment(self, moment: Moment) -> None:
        dates = self._dates()
        if not dates:
            self._object(
                Status.UNSUPPORTED, f"the fact names no date; the text says {moment.text}", moment.text
            )
        else:
            self._object(
                Status.CONTRADICTED,
                f"the fact is about {dates}; the text says {moment.text}",
                moment.text,
                dates,
            )

    def _dates(self) -> str:
        if self.period is not None and self.period.kind in {"month", "quarter", "year", "week"}:
            window = f" ({self.window[0]} to {self.window[1]})" if self.window else ""
            return f"{self.over}{window}"
        parts = [part for part in self.fact.parts if part.kind in {"date", "month", "year"}]
        return ", ".join(
            dict.fromkeys(
                f"{part.name} {shown(part)}" if part.name != "value" else shown(part) for part in parts
            )
        )

    # --- who leads whom, and whose claim it is -----------------------------------------------------------------

    def _roles(self) -> None:
        if self.subject is None:
            self._no_subject()
            return
        if self.object is not None:
            self._relative()
            return
        inside = [name for _, name in self.of(Name) if "" not in name.symbols]
        if any(self.subject in name.symbols for name in inside):
            return
        self._outside_subject({self.subject})

    def _outside_subject(self, allowed: set[str]) -> None:
        subject = self.context.subject
        if subject is None:
            if self.context.subject_required:
                self._object(
                    Status.UNSUPPORTED, f"nothing before the claim names its subject, {self._about()}"
                )
            return
        if not subject & allowed:
            said = " or ".join(sorted(self.context.names.title(symbol) for symbol in subject))
            self._object(
                Status.CONTRADICTED,
                f"the fact is about {self._about()}; the sentence speaks of {said}",
                said,
                self._about(),
            )

    def _no_subject(self) -> None:
        """A fact about policy, a group or a date must not be told of an instrument: "Nvidia cut rates"."""
        first = next((token for token in self.tokens if not isinstance(token, Plain)), None)
        subject = self.context.subject
        if not isinstance(first, Word) or subject is None or subject & self.entities() or "" in subject:
            return
        if first is self.tokens[0] and set(first.classes) & {"up", "down", "cut", "raise", "hold"}:
            said = " or ".join(sorted(self.context.names.title(symbol) for symbol in subject))
            self._object(Status.CONTRADICTED, f"the fact does not concern {said}", said, self._about())

    def _relative(self) -> None:
        assert self.subject is not None
        assert self.object is not None
        verbs = [
            (place, bool({"lead", "exceed", "better", "above"} & set(word.classes)))
            for place, word in self.of(Word)
            if {"lead", "lag", "exceed", "better", "worse"} & set(word.classes) or self.compares(place, word)
        ]
        names = [(place, name) for place, name in self.of(Name) if "" not in name.symbols and not name.ticker]
        if not verbs:
            before = [name for place, name in names if not self._comparand(place)]
            subjects = {self.subject} | ({"series:curve"} if self.fact.key.metric in _CURVE else set())
            if any(subjects & name.symbols for name in before):
                return
            self._outside_subject(subjects)
            return
        for place, leads in verbs:
            agent = next(
                (name.symbols for at, name in reversed(names) if at < place and not self._comparand(at)),
                self.context.subject,
            )
            patient = next((name.symbols for at, name in names if at > place), None)
            if patient is None and (
                "exceed" in self._classes(place) or "lead" not in self.tags | self._led_tags()
            ):
                self._object(
                    Status.CONTRADICTED, f"the text does not say what is meant by {self.tokens[place].text!r}"
                )
                return
            passive = (
                self.text_at(place - 1).split(" ")[-1] in _PASSIVE
                and self.text_at(place + 1) == "by"
                and patient is not None
            )
            if agent is None:
                if self.context.subject_required:
                    self._object(
                        Status.UNSUPPORTED, f"nothing says who leads; the fact is about {self._about()}"
                    )
                return
            if self.subject in agent and (patient is None or self.object in patient):
                claims = leads is not passive
            elif self.object in agent and (patient is None or self.subject in patient):
                claims = leads is passive
            else:
                said = " and ".join(
                    self.context.names.title(s) for s in sorted(agent | (patient or frozenset()))
                )
                self._object(
                    Status.CONTRADICTED,
                    f"the fact is about {self._about()}; the text speaks of {said}",
                    said,
                    self._about(),
                )
                return
            if "even" in self.tags or claims is not self._leads():
                title = self.context.names.title
                told = f"{title(self.subject)} {self._led_word()} {title(self.object)}"
                reason = f"in the fact {told}; the text has it otherwise"
                self._object(Status.CONTRADICTED, reason, self.tokens[place].text, self._led_word())
                return

    def _classes(self, place: int) -> tuple[str, ...]:
        token = self.tokens[place]
        return token.classes if isinstance(token, Word) else ()

    def _led_tags(self) -> set[str]:
        """Facts that speak of leading though they are not tagged so."""
        told = (
            self.tags & {"lag", "even", "at-least", "positive", "longest"}
            or self.fact.key.metric == "what-followed"
        )
        return {"lead"} if told else set()

    def _led_word(self) -> str:
        return "matched" if "even" in self.tags else "led" if self._leads() else "trailed"

    def _leads(self) -> bool:
        return "lag" not in self.tags

    def compares(self, place: int, word: Word) -> bool:
        """Whether "above" or "below" at this place compares two names, not a price with a level."""
        if not {"above", "below"} & set(word.classes) or {"above", "below"} & self.tags:
            return False
        return (
            isinstance(self.tokens[place + 1] if place + 1 < len(self.tokens) else None, Name)
            or self.text_at(place + 1) == "the"
        )

    def _comparand(self, place: int) -> bool:
        return _introduced([token.text.lower() for token in self.tokens[:place]])

    def text_at(self, place: int) -> str:
        """The token's text in lower case; empty beyond either end."""
        return self.tokens[place].text.lower() if 0 <= place < len(self.tokens) else ""

    # --- controlled words --------------------------------------------------------------------------------------

    def _words(self) -> None:
        for place, word in self.of(Word):
            if self._to_come(place, word):
                self._object(Status.UNSUPPORTED, f"'to {word.text}' is no statement of fact", word.text)
                continue
            reasons = [refusal(Use(self, place, word), kind) for kind in word.classes]
            if all(reason is not None for reason in reasons):
                status, text, computed = next(reason for reason in reasons if reason is not None)
                self._object(status, text, word.text, computed)

    def _to_come(self, place: int, word: Word) -> bool:
        """Whether an infinitive foretells: "small caps to beat S&P 500"."""
        if self.text_at(place - 1) != "to" or not _FORETOLD & set(word.classes):
            return False
        return place == 1 or isinstance(self.tokens[place - 2], Name)

    def units(self) -> set[str]:
        """The units and counting nouns that may be named beside the fact."""
        found = {lexicon.plural_of(part.unit) or part.unit for part in self.fact.parts if part.unit}
        unit = self.params.get("unit", "session" if self.tags & {"streak"} else "")
        metric = self.fact.key.metric
        if metric == "return-extreme":
            unit = unit or "session"
        if metric == "periods-led":
            unit = unit or "month"
        if unit:
            found.add(lexicon.plural_of(unit))
        if self.period is not None:
            found.add(f"{self.period.kind}s")
        if metric in _POLICY:
            found |= {"meetings"} | (
                {"cuts"} if "cut" in self.tags else {"increases"} if "raise" in self.tags else set()
            )
        if metric == "filed-growth":
            found.add("quarters")
        if metric == "price-to-earnings":
            found.add("years")
        if metric == "next-event" and self.params.get("kind") == "fomc":
            found.add("meetings")
        if metric in _DAILY or (self.window is not None and self.window[0] == self.window[1]):
            found |= {"sessions", "days"}
        if metric == "return-extreme" and unit == "session":
            found |= {"sessions", "days"}
        if "streak" in self.tags or "streak" in self.params.get("event", ""):
            found.add("runs")
        if "record" in self.tags or metric == "record-count":
            found.add("records")
        return found

    def sign_near(self, place: int) -> tuple[int | None, Part | None]:
        """The sign that a direction word at this place must agree with, and the part it comes from."""
        signed = [
            (abs(at - place), part) for at, part in self.matched.items() if self._sign(part) is not None
        ]
        if signed:
            part = min(signed, key=lambda entry: entry[0])[1]
            return self._sign(part), part
        value = self.fact.get("value")
        for tag, sign in (("up", 1), ("down", -1), ("flat", 0)):
            if tag in self.tags:
                return sign, value if value is not None and value.kind == "change" else None
        if "positive" in self.tags and self.directional:
            return 1, None
        for part in self.fact.parts:
            if part.kind == "change" and self._sign(part) is not None:
                return self._sign(part), part
        if self.fact.key.metric == "extreme-since" or "beyond" in self.tags:  # "last closed higher on …"
            return (1 if "highest" in self.tags else -1), None
        return {"gain": 1, "drop": -1, "decline": -1}.get(self.params.get("event", "")), None

    def _sign(self, part: Part) -> int | None:
        if part.name == "at_least":
            if "decline" in self.tags:
                return -1
            return {"gain": 1, "drop": -1}.get(self.params.get("event", ""))
        if part.kind == "share" and "positive" in self.tags and self.directional:
            return 1
        if part.kind != "change" or not isinstance(part.value, Decimal) or not self.directional:
            return None
        if part.name == "value" and self.tags & {"up", "down", "flat"}:
            return 1 if "up" in self.tags else -1 if "down" in self.tags else 0
        return (part.value > 0) - (part.value < 0)

    def _sides(self) -> None:
        """A negative change printed without sign or direction reads as a gain."""
        said = {kind for _, word in self.of(Word) for kind in word.classes}
        if said & {
            "down",
            "lag",
            "below",
            "lead",
            "worse",
            "better",
            "cut",
            "raise",
            "hold",
            "steeper",
            "flatter",
        }:
            return
        if "inversion" in said and "inversion" in self.tags:
            return
        for place, part in self.matched.items():
            figure = self.tokens[place]
            negative = part.kind == "change" and isinstance(part.value, Decimal) and part.value < 0
            if not negative or not isinstance(figure, Figure) or figure.sign or figure.value == 0:
                continue
            if not any(token.text.lower() in _MAGNITUDE for token in self.tokens):
                self._object(
                    Status.CONTRADICTED, f"the fact is {shown(part)}; the text gives {figure.text} without saying down",
                    figure.text, shown(part),
                )  # fmt: skip

    def _told(self) -> None:
        """The fact's own value, not only what goes with it, must be what the text tells."""
        parts = {part.name for part in self.matched.values()} | set(self.matched_dates.values())
        value = self.fact.get("value")
        said = {kind for _, word in self.of(Word) for kind in word.classes}
        halves = any(isinstance(token, Figure) and self._fits_share(token) for token in self.tokens)
        computed = shown(value) if value else ""
        if "then" in parts and "value" not in parts:
            self._object(
                Status.CONTRADICTED,
                f"the figure is that of the earlier case; the fact is {computed}",
                computed=computed,
            )
        told = "value" in parts or halves or said & {"majority", "minority", "nothing", "all", "both"}
        if self.fact.key.metric in _VALUE_TOLD and not told and (said or parts):
            self._object(
                Status.UNSUPPORTED,
                f"the text does not tell what the fact says, {computed}",
                computed=computed,
            )
        change = value is not None and value.kind == "change" and "value" not in parts
        if change and (said or parts) and not said & _DIRECTIONS:
            self._object(
                Status.UNSUPPORTED,
                f"the text does not tell what the fact says, {computed}",
                computed=computed,
            )
        ends = sorted(part for part in parts if part.startswith("end") and part[3:].isdigit())
        last = next(
            (
                part
                for part in reversed(self.fact.parts)
                if part.name[:3] == "end" and part.name[3:].isdigit()
            ),
            None,
        )
        if ends and last is not None and last.name not in ends:
            self._object(
                Status.CONTRADICTED, f"the latest equal run ended on {shown(last)}", computed=shown(last)
            )
        if self.fact.key.metric in {"policy-moves", "policy-cycle"}:
            self._told_moves(parts, said)
        if "value" in parts and self.fact.get("span") is not None and not self._says_span(parts):
            self._object(Status.UNSUPPORTED, "the text does not say over how many months the change is")
        if "scheduled" in self.tags and any(token.text.lower() in _PAST for token in self.tokens):
            self._object(Status.CONTRADICTED, f"it is still to come, on {computed}", computed=computed)
        for tag in ("median", "mean"):
            if tag in self.tags and "value" in parts and tag not in said and not self.context.median_said:
                name = "a median" if tag == "median" else "an average"
                self._object(
                    Status.UNSUPPORTED,
                    f"the figure is {name}, and the text does not say so",
                    computed=computed,
                )

    def _says_span(self, parts: set[str]) -> bool:
        """Whether the text says that a change is one of twelve months, or an annual rate of three."""
        words = {word for token in self.tokens for word in token.text.lower().replace("-", " ").split()}
        if "annualised" in self.tags and not words & {"annual", "annualized", "annualised"}:
            return False
        return "span" in parts or bool(words & {"year", "yearly", "annual", "annually"})

    def _told_moves(self, parts: set[str], said: set[str]) -> None:
        """Moves of the policy rate are told with their dates, and where they led only with the last of them."""
        if said & {"cut", "raise"} and not self.matched_dates:
            self._object(Status.UNSUPPORTED, "the text does not say when the rate was moved")
        days = [part.name for part in self.fact.parts if part.name[:3] == "day" and part.name[3:].isdigit()]
        told = parts & {*days, "from", "to"}
        if days and "range" in parts and told and not told & {days[-1], "to"}:
            last = shown(self.fact.part(days[-1]))
            self._object(
                Status.CONTRADICTED, f"the range was reached with the last move, on {last}", computed=last
            )

    # --- scope ----------------------------------------------------------------------------------------------

    def _scope(self) -> None:
        said = {kind for _, word in self.of(Word) for kind in word.classes}
        claims = said or self.matched or self.matched_dates
        if (
            "in-data" in self.tags
            and said & (_SUPERLATIVES - ({"peak", "trough"} & self.tags))
            and not self.context.scoped
            and "52-week" not in said
        ):
            told = any(token.text.lower() == "data" for token in self.tokens)
            dated = "data_start" in self.matched_dates.values() or "since" in self.matched_dates.values()
            if not told and not dated:
                start = self.fact.get("data_start")
                since = (
                    f" since {start.value:%B %Y}"
                    if start is not None and isinstance(start.value, date)
                    else ""
                )
                self._object(
                    Status.UNSUPPORTED, f"it holds in the data{since} only, and the text does not say so"
                )
        extremes = _EXTREMES - ({"peak", "trough"} & self.tags)  # a peak is one of closes by its definition
        if "close" in self.tags and said & extremes and "close" not in said and not self.context.closes_said:
            self._object(Status.UNSUPPORTED, "it is one of closes, and the text does not say so")
        if "total" in self.tags and not self.context.total_said and "total" not in said and self.matched:
            self._object(Status.UNSUPPORTED, "the return includes dividends, and the text does not say so")
        if self.period is None or self.window is None or self.context.windows is None or not claims:
            return
        one_session = self.window == (self.as_of, self.as_of)
        if not (self.result.says_window or one_session or self.window in self.context.windows):
            self._object(
                Status.UNSUPPORTED, f"the text does not say over which sessions; the fact covers {self.over}"
            )


def _introduced(before: Sequence[str]) -> bool:
    """Whether the words before a name make it what something is compared with, not the subject."""
    words = [word for word in before[-3:] if word not in {"the", "its", "that", "of"}]
    if not words:
        return False
    joined = " ".join(before[-4:])
    return words[-1] in {
        "against",
        "versus",
        "vs",
        "vs.",
        "than",
        "over",
        "unlike",
        "beyond",
        "behind",
        "ahead of",
        "with",
    } or bool(re.search(r"(?:compared|relative|next) (?:with|to)(?: the)?$", joined))


is_comparand: Final = _introduced


def _bare_year(moment: Moment) -> int | None:
    return moment.year if moment.month is None and moment.quarter is None else None


def _entity(fact: Fact, name: str) -> str | None:
    part = fact.get(name)
    return str(part.value) if part is not None and part.kind == "entity" else None


def _distance(figure: Figure, part: Part) -> Decimal:
    value = part.value
    if isinstance(value, Decimal | int):
        return abs(abs(Decimal(value)) - figure.value)
    return Decimal("Infinity")


def _assign(choices: Sequence[Iterable[str]], shared: frozenset[str] = frozenset()) -> list[str] | None:
    """One name for each, none used twice unless shared; None when that cannot be."""
    lists = [list(dict.fromkeys(names)) for names in choices]
    result: list[str] = []

    def place(at: int) -> bool:
        if at == len(lists):
            return True
        for name in lists[at]:
            if name in shared or name not in result:
                result.append(name)
                if place(at + 1):
                    return True
                result.pop()
        return False

    if len(lists) > 12:  # a claim is a clause: this many figures cannot be one
        return None
    return result if place(0) else None
