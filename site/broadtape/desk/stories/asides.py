"""What stands out beside a story: gaps, volume, averages and levels crossed, ratios, correlations, a year's start.

Owns which facts each such signal is told by and whether all that it needs is there; how it is told as a sentence
within other stories is in common.md.j2, as a story of its own in brief's plan.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from broadtape.desk.detectors.extremes import OTHER_SIDE
from broadtape.desk.outline import Paragraph, Planned, paragraph
from broadtape.desk.patterns import Signal
from broadtape.desk.stories import Assignment, common, filed
from broadtape.model import Fact, UnknownSymbol

_HORIZON: Final = 63
_FAR_DAYS: Final = 120  # an extreme of so many days is told by the stories of a session and of a decline
_LEAST_CASES: Final = 3  # a median of two is none
_MOST: Final = 2  # in one story; a list of oddities is none

RELATIVE: Final = frozenset({"ratio", "correlation"})  # of two instruments

Values = dict[str, object]


def values_of(assignment: Assignment, signal: Signal) -> Values | None:
    """The facts a signal is told by, with its subject; None where the desk does not tell it.

    A crossed average and a start of a year are told with what followed earlier ones, or not at all.
    """
    found = _FACTS[signal.kind](assignment, signal) if signal.kind in _FACTS else None
    return (
        None if found is None else {"of": signal.subject, "vs": signal.object, "fact": signal.fact, **found}
    )


def key_of(signal: Signal) -> str:
    """The identity of the brief that a signal could lead."""
    return "/".join(("brief", signal.kind, signal.subject, *((signal.object,) if signal.object else ())))


def told(
    assignment: Assignment,
    subjects: Collection[str],
    *,
    kinds: Collection[str] = (),
    most: int = _MOST,
    extreme: bool = True,
) -> list[Paragraph]:
    """A paragraph a signal of these subjects, strongest first; less what another story of the edition leads with.

    `extreme` says that the story tells since when its close is the highest or lowest, and need not tell a level.
    """
    said: list[Paragraph] = []
    seen: set[str] = set()
    for item in assignment.ranked:
        signal = item.signal
        if signal.subject not in subjects or signal.kind in seen or key_of(signal) in assignment.covered:
            continue
        passage = "ratios" if signal.kind in RELATIVE else "asides"
        if passage in assignment.covered or (kinds and signal.kind not in kinds):
            continue
        if signal.kind == "recross" and _told_as_extreme(assignment, signal, far=extreme):
            continue
        values = values_of(assignment, signal)
        block = sentences(signal.kind, values) if values is not None else None
        if block is not None:
            seen.add(signal.kind)
            said.append(block)
        if len(said) == most:
            break
    return said


def _told_as_extreme(assignment: Assignment, signal: Signal, *, far: bool) -> bool:
    """Whether the close that crossed a level again is told already, as a record or the highest since then."""
    if signal.params["side"] == "above" and assignment.book.find("record", of=signal.subject) is not None:
        return True
    sides = (assignment.book.find("extreme-since", of=signal.subject, side=side) for side in ("high", "low"))
    return any(
        one is not None and _implies(one, signal.fact, assignment.view.as_of, far=far) for one in sides
    )


def _implies(extreme: Fact, crossed: Fact, as_of: date, *, far: bool) -> bool:
    """The highest close since January is the first above a level since March, where the story tells that it is."""
    then, last = extreme.value, crossed.value
    if not isinstance(then, date) or not isinstance(last, date):
        return False
    return then == last or (far and then < last and (as_of - then).days > _FAR_DAYS)


def sentences(kind: str, values: Mapping[str, object]) -> Paragraph | None:
    """The signal in a sentence, with what followed earlier ones where it is told only so."""
    name = kind.replace("-", "_")
    source = Planned("on_file", values, "attributed") if kind == "deal" else None
    return paragraph(Planned(f"aside_{name}", values), source, *base_rate(kind, values))


def base_rate(kind: str, values: Mapping[str, object]) -> list[Planned]:
    """What followed earlier cases of a crossed average or of such a start of a year."""
    if kind not in _WITH_BASE_RATE:
        return []
    name = kind.replace("-", "_")
    said = [Planned(f"{name}_followed", values)]
    if kind == "average-cross":
        said.append(Planned("cross_usually", values))
    return said


def funds_of(assignment: Assignment, indices: Collection[str]) -> list[str]:
    """The funds that stand for these indices."""
    return [one.symbol for one in assignment.view.instruments() if one.proxy_of in indices]


def _gap(assignment: Assignment, signal: Signal) -> Values:
    """With how near the close before it came again: at its best after a fall at the open, at its worst after a rise."""
    side = "low" if "up" in signal.fact.tags else "high"
    within = assignment.book.find("session-extreme", of=signal.subject, side=side)
    small = within is None or abs(Decimal(str(within.value))) < Decimal("0.05")
    return {
        "within": None if small else within,
        "move_of": assignment.book.find("return", of=signal.subject, over="1s"),
    }


def _volume(assignment: Assignment, signal: Signal) -> Values:
    since = assignment.book.find("volume-since", of=signal.subject)
    far = since is not None and (assignment.view.as_of - since.value).days > 60  # type: ignore[operator]  # a date
    return {"since": since if far else None}


def _cross(assignment: Assignment, signal: Signal) -> Values | None:
    side = "up" if signal.params.get("side") == "above" else "down"
    found = common.what_followed(
        assignment, of=signal.subject, event="cross", at_least=OTHER_SIDE, horizon=_HORIZON, side=side
    )
    cases = found["cases"] if found is not None else None
    few = not isinstance(cases, Fact) or not isinstance(cases.value, int) or cases.value < _LEAST_CASES
    return None if found is None or few else {**found, "side": signal.params.get("side", "")}


def _year_start(assignment: Assignment, signal: Signal) -> Values | None:
    found: Values = {
        name: assignment.book.find("year-rest", of=signal.subject, stat=stat)
        for name, stat in (("cases", "n"), ("median", "median"), ("positive", "positive"))
    }
    first = assignment.book.find("return", of=signal.subject, over=f"{assignment.view.as_of.year}.first5s")
    cases = found["cases"]
    told_of = isinstance(cases, Fact) and isinstance(cases.value, int) and cases.value > 1
    return {**found, "first5": first} if told_of and first is not None and all(found.values()) else None


def _recross(assignment: Assignment, signal: Signal) -> Values:
    asked = {"of": signal.subject, "side": signal.params["side"], "level": signal.params["level"]}
    times = assignment.book.find("level-crossings", **asked)
    many = times is not None and isinstance(times.value, int) and times.value > 1
    return {"times_of": times if many else None, "side": asked["side"]}


def _correlation(assignment: Assignment, signal: Signal) -> Values | None:
    level = assignment.book.find("correlation", of=signal.subject, vs=signal.object, **signal.params)
    if level is None or not level.value:
        return None
    return {"level_of": level}


def _ratio(assignment: Assignment, signal: Signal) -> Values | None:
    try:
        assignment.view.instrument(signal.object)
    except UnknownSymbol:
        return None
    gap = assignment.book.find(
        "relative-return", of=signal.subject, vs=signal.object, over="ytd", **signal.params
    )
    return {"year_gap": gap if gap is not None and "even" not in gap.tags else None}


def _deal(assignment: Assignment, signal: Signal) -> Values | None:
    """With the address of what was filed; without one it is not told."""
    found = [one for one in filed.on_file(assignment, signal.subject) if not one.who]
    return {"kind": signal.params["kind"], "pieces": tuple(found[:1])} if found else None


_WITH_BASE_RATE: Final = frozenset({"average-cross", "year-start"})
_FACTS: Final[dict[str, Callable[[Assignment, Signal], Values | None]]] = {
    "gap": _gap, "volume": _volume, "average-cross": _cross, "year-start": _year_start, "recross": _recross,
    "correlation": _correlation, "ratio": _ratio, "deal": _deal,
}  # fmt: skip
KINDS: Final = frozenset(_FACTS)
