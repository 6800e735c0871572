"""Whether the figures of a claim are values of the fact: unit, sign, rounding, and none used twice.

Owns the reading of no figure (the lexer's) and the wording of none (broadtape.numbers).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from broadtape.desk.claims import lexicon
from broadtape.desk.claims.case import MOST_TOGETHER, Case, assign
from broadtape.desk.claims.parts import half_up, shown, spans
from broadtape.desk.claims.tokens import Figure, Word
from broadtape.model import Part, Status

_PERIOD_UNITS: Final = frozenset({"sessions", "days", "weeks", "months", "quarters", "years"})
_MONTHS_IN: Final = {"months": 1, "years": 12}
_NO_VALUES: Final = frozenset({"?", "ratio", "rate", "time", "other"})  # units that no part has


def figures(case: Case) -> None:
    """Each figure is a value of the fact, each value at most once."""
    said = case.of(Figure)
    if len(said) > MOST_TOGETHER:
        texts = ", ".join(figure.text for _, figure in said[:3])
        case.objects(Status.UNSUPPORTED, f"{len(said)} figures, {texts} …, are no single claim", texts)
        return
    choices = [
        [
            part
            for part in case.fact.parts
            if _fits(case, figure, part) and _said_as(case, place, figure, part)
        ]
        for place, figure in said
    ]
    for (_, figure), fitting in zip(said, choices, strict=True):
        if not fitting and _fits_span(case, figure):
            case.result.says_window = True
        elif not fitting and not fits_share(case, figure):
            _refuse(case, figure)
    kept = [(place, fitting) for (place, _), fitting in zip(said, choices, strict=True) if fitting]
    assigned = assign([[part.name for part in fitting] for _, fitting in kept])
    if assigned is None:
        texts = ", ".join(figure.text for _, figure in said)
        case.objects(Status.UNSUPPORTED, f"the figures {texts} would use one value of the fact twice", texts)
        return
    case.matched = {place: case.fact.part(name) for (place, _), name in zip(kept, assigned, strict=True)}
    for place, part in case.matched.items():
        token = case.tokens[place]
        if isinstance(token, Figure) and part.name in {"sessions", "weeks", "months"}:
            case.result.says_window = True
            _trailing(case, token)


def _said_as(case: Case, place: int, figure: Figure, part: Part) -> bool:
    """Whether the words around a figure allow it to be this part, not merely its value."""
    if part.name == "at_least":
        said = figure.approximation == "at-least" or any(
            "at-least" in word.classes for _, word in case.of(Word)
        )
        return said and not figure.ordinal
    if figure.ordinal and part.kind == "count":
        return part.name == "value"
    if part.kind == "range" and (case.text_at(place - 1) == "from") is not (part.name == "before"):
        return False  # the range is where the rate is, not where it was
    if part.kind == "range" and case.text_at(place - 1) == "by":
        return False  # nor how far it moved
    if part.name == "peak_level":
        return any({"record", "highest", "peak"} & set(word.classes) for _, word in case.of(Word))
    if part.name == "level" and case.tags & {"above", "below"}:
        beyond = any({"above", "below"} & set(word.classes) for _, word in case.of(Word))
        return figure.approximation in {"over", "under"} or (beyond and "first" in case.tags)
    before = case.tokens[place - 1] if place else None
    if (
        part.kind == "level"
        and part.name != "at_least"
        and isinstance(before, Word)
        and {"up", "down"} & set(before.classes)
    ):
        return False  # "fell $477.18" tells a change, not a level
    if part.kind == "level" and part.name == "from":
        return case.text_at(place - 1) == "from"
    return not (part.name == "total" and part.kind == "level" and "-" in figure.text)


def _trailing(case: Case, figure: Figure) -> None:
    if case.window is None or not figure.trailing:
        return
    recent = case.window[1] == case.as_of
    if figure.trailing in {"last", "past", "latest", "recent", "final"} and not (
        recent or "last" in case.tags
    ):
        case.objects(
            Status.CONTRADICTED,
            f"the fact's sessions end on {case.window[1]}, not at the as-of session",
            figure.text,
        )
    if figure.trailing in {"previous", "prior", "preceding"} and recent:
        case.objects(
            Status.CONTRADICTED, "the fact's sessions are the latest ones, not earlier ones", figure.text
        )


def _fits(case: Case, figure: Figure, part: Part) -> bool:
    value = part.value
    if part.kind == "range":
        return (
            isinstance(value, tuple)
            and figure.upper is not None
            and figure.unit == "percent"
            and not figure.approximation
            and (figure.value, figure.upper) == value
        )
    if figure.upper is not None or (figure.unit in _NO_VALUES and part.unit not in {"times", figure.unit}):
        return False
    if part.kind == "rank":
        bare = figure.ordinal and figure.unit in {"", "members"} and not figure.approximation
        return bare and isinstance(value, int) and figure.value == value
    if figure.place:
        return False
    if part.kind == "count":
        return (
            isinstance(value, int)
            and _counts(case, figure, part)
            and _near(case, figure, Decimal(value), part)
        )
    if part.kind in {"change", "level", "share"} and isinstance(value, Decimal) and not figure.ordinal:
        factor = _factor(figure, part)
        return factor is not None and _near(case, figure, value * factor, part, factor)
    return False


def _counts(case: Case, figure: Figure, part: Part) -> bool:
    unit = lexicon.plural_of(part.unit) or part.unit
    if unit in {"periods", "count", ""}:
        unit = lexicon.plural_of(case.params.get("unit", "session"))
    if figure.unit == unit:
        return True
    return figure.unit == "times" and unit in lexicon.OCCURRENCES and not figure.ordinal


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
    if (figure.unit, unit) == ("", "thousand jobs"):  # "rose by 151,000"
        return Decimal(1000)
    if (figure.unit, unit) == ("basis points", "percentage points"):
        return Decimal(100)
    if (figure.unit, unit) == ("percentage points", "basis points"):
        return Decimal("0.01")
    return None


def _near(case: Case, figure: Figure, value: Decimal, part: Part, factor: Decimal = Decimal(1)) -> bool:
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
    exact = _exact(figure, value, part, factor)
    if kind in {"over", "under"} and part.kind == "level" and case.tags & {"above", "below"}:
        return exact and part.name == "level" and ("above" if kind == "over" else "below") in case.tags
    if kind == "over":
        return limit < value <= limit * Decimal("1.1")
    if kind == "under":
        few = part.kind == "count" and "few" in case.tags and value < limit == 8
        return limit * Decimal("0.9") <= value < limit or few
    if kind == "at-least":
        return exact and (part.name == "at_least" or "at-least" in case.tags)
    if kind == "at-most":
        return exact and case.fact.key.metric in {
            "max-drawdown", "drawdown", "return-extreme", "session-extreme", "yield-inversion",
        }  # fmt: skip
    return exact


def _exact(figure: Figure, value: Decimal, part: Part, factor: Decimal) -> bool:
    if part.kind == "count":
        return (
            value == figure.value if figure.quantum <= 1 else half_up(value, figure.quantum) == figure.value
        )
    finest = Decimal(1).scaleb(-part.decimals) * factor
    if figure.quantum < finest:
        return value == figure.value
    return half_up(value, figure.quantum) == figure.value


def fits_share(case: Case, figure: Figure) -> bool:
    """ "More than half" and "half" of a count with a total."""
    share = case.bearing.share()
    if share is None or figure.unit != "percent" or not figure.text[-1:].isalpha() or "cent" in figure.text:
        return False
    if figure.approximation == "over":
        return share > figure.value
    if figure.approximation == "under":
        return share < figure.value
    if figure.approximation == "nearly":
        return figure.value * Decimal("0.95") <= share < figure.value
    return half_up(share, Decimal(1)) == figure.value


def _fits_span(case: Case, figure: Figure) -> bool:
    """ "In three years" of a stretch that begins at the last close on or before that day three years ago."""
    if figure.unit not in _MONTHS_IN or figure.ordinal or figure.approximation or figure.trailing:
        return False
    if not case.over.startswith("since:") or figure.value % 1:
        return False
    return spans(
        date.fromisoformat(case.over.removeprefix("since:")),
        case.as_of,
        int(figure.value) * _MONTHS_IN[figure.unit],
    )


def _refuse(case: Case, figure: Figure) -> None:
    said = (
        f"{figure.text} {figure.unit}"
        if figure.unit in _PERIOD_UNITS and figure.unit[:-1] not in figure.text
        else figure.text
    )
    alike = [part for part in case.fact.parts if _alike(case, figure, part)]
    if figure.unit in _NO_VALUES:
        case.objects(Status.UNSUPPORTED, f"the fact has no value like {said!r}", said)
    elif alike:
        nearest = min(alike, key=lambda part: _distance(figure, part))
        if _same_size(figure, nearest):
            case.objects(
                Status.CONTRADICTED,
                f"the fact is {shown(nearest)}; the text says {said}",
                said,
                shown(nearest),
            )
            return
        values = " or ".join(dict.fromkeys(shown(part) for part in alike))
        case.objects(
            Status.CONTRADICTED, f"the fact says {values}; the text says {said}", said, shown(nearest)
        )
    else:
        numbers = case.bearing.numbers()
        if not numbers:
            case.objects(Status.UNSUPPORTED, f"the fact has no figure like {said}", said)
            return
        values = " or ".join(dict.fromkeys(shown(part) for part in numbers))
        unit = " (name its unit)" if figure.unit == "" else ""
        case.objects(
            Status.CONTRADICTED,
            f"the fact says {values}; the text says {said}{unit}",
            said,
            shown(numbers[0]),
        )


def _alike(case: Case, figure: Figure, part: Part) -> bool:
    if part.kind == "rank":
        return figure.ordinal
    if part.kind == "range":
        return figure.upper is not None
    if part.kind == "count":
        return _counts(case, figure, part)
    return part.kind in {"change", "level", "share"} and _factor(figure, part) is not None


def _same_size(figure: Figure, part: Part) -> bool:
    return isinstance(part.value, Decimal) and half_up(abs(part.value), figure.quantum) == figure.value


def _distance(figure: Figure, part: Part) -> Decimal:
    value = part.value
    if isinstance(value, Decimal | int):
        return abs(abs(Decimal(value)) - figure.value)
    return Decimal("Infinity")
