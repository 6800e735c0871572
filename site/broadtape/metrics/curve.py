"""The yield curve: one yield against another, how long it has been inverted, and how its slope changed.

Owns the metrics over two daily yields. Both must be of the same day; a day that only one has is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from broadtape.metrics.macro import series_of
from broadtape.metrics.registry import Answer, Parameter, metric
from broadtape.metrics.series import as_date, percent
from broadtape.model import BadParameter, NoData, NotTrue, Readings

_LONG = Parameter("long", "the yield of the longer maturity", "DGS10", "DGS10", "name")
_SHORT = Parameter("short", "the yield of the shorter maturity", "DGS2", "DGS2", "name")
UNIT = "percentage points"


@dataclass(frozen=True, slots=True)
class Gaps:
    """Days both yields have, ascending, and the longer less the shorter, exactly."""

    long: Readings
    short: Readings
    days: tuple[date, ...]
    at: tuple[tuple[int, int], ...]  # positions of each day in the two series
    values: tuple[Decimal, ...]


def gaps(answer: Answer) -> Gaps:
    """The days and gaps of the two yields asked about; NoData where they share none."""
    long, short = answer["long"], answer["short"]
    if long == short:
        raise BadParameter(f"short: {short} is compared with itself; name another")
    a, b = answer.view.readings(long), answer.view.readings(short)
    held = {one.day for one in (*a.held, *b.held)}
    _, left, right = np.intersect1d(a.periods, b.periods, return_indices=True)
    pairs = [
        (i, j)
        for i, j in zip(left.tolist(), right.tolist(), strict=True)
        if as_date(a.periods[i]) not in held
    ]
    if not pairs:
        raise NoData(f"{long} and {short} have no day in common")
    return Gaps(
        a,
        b,
        tuple(as_date(a.periods[i]) for i, _ in pairs),
        tuple(pairs),
        tuple(a.values[i] - b.values[j] for i, j in pairs),
    )


def _names(answer: Answer) -> None:
    answer.names(f"series:{answer['long']}", f"series:{answer['short']}")
    answer.part("series", "text", series_of(answer["long"]).name)


def _rows(answer: Answer, found: Gaps, place: int) -> None:
    for readings, at in zip((found.long, found.short), found.at[place], strict=True):
        day = as_date(readings.periods[at])
        answer.said(readings.series, day, "reading", f"{readings.values[at]:f}", readings.origin)


def _span(answer: Answer, found: Gaps, first: int, last: int) -> None:
    for readings, side in ((found.long, 0), (found.short, 1)):
        low, high = found.at[first][side], found.at[last][side]
        answer.group_span(
            readings.series,
            "reading",
            found.days[first],
            found.days[last],
            np.array([float(value) for value in readings.values[low : high + 1]]),
            [readings.origin],
        )


@metric(
    "yield-gap",
    "Gap between two yields",
    "The longer yield less the shorter one on the last day known for both, in percentage points. Below zero the "
    "curve is inverted between the two.",
    _LONG,
    _SHORT,
    examples=("yield-gap", "yield-gap?long=DGS30"),
)
def _yield_gap(answer: Answer) -> None:
    found = gaps(answer)
    gap = percent(found.values[-1])
    answer.value("change", gap, UNIT, 2)
    _names(answer)
    answer.day("period", found.days[-1])
    answer.direction(gap, ("lead", "lag", "even"))
    _rows(answer, found, len(found.days) - 1)


@metric(
    "yield-inversion",
    "Inversion of the yield curve",
    "For how many sessions in a row the longer yield has been below the shorter one, or was in the last such run "
    "of the data where it no longer is; days on which both yields are known count as sessions, and equal "
    "yields end a run. With it the first and last day, the day that ended it, and the widest gap.",
    _LONG,
    _SHORT,
    examples=("yield-inversion", "yield-inversion?short=DGS3MO"),
)
def _yield_inversion(answer: Answer) -> None:
    found = gaps(answer)
    below = [value < 0 for value in found.values]
    if not any(below):
        raise NotTrue(f"{answer['long']} was never below {answer['short']} in the data since {found.days[0]}")
    last = max(at for at, yes in enumerate(below) if yes)
    first = last
    while first and below[first - 1]:
        first -= 1
    _inverted(answer, found, first, last, end=True)


@metric(
    "inversion-from",
    "What became of an inversion",
    "For how many sessions in a row the longer yield was below the shorter one from the day on which that began, up "
    "to the last day known for both or until it ended, and then what day ended it; and the widest gap.",
    _LONG,
    _SHORT,
    Parameter("from", "the first day of the inversion", None, "2022-07-06", "date"),
    examples=("inversion-from?from=2022-07-06", "inversion-from?from=2022-10-25&short=DGS3MO"),
)
def _inversion_from(answer: Answer) -> None:
    found = gaps(answer)
    began = date.fromisoformat(answer["from"])
    first = next((at for at, day in enumerate(found.days) if day == began), -1)
    if first < 0 or found.values[first] >= 0 or (first and found.values[first - 1] < 0):
        raise NotTrue(f"no inversion of {answer['long']} and {answer['short']} began on {began}")
    last = first
    while last + 1 < len(found.values) and found.values[last + 1] < 0:
        last += 1
    # Of one that is over not its last day too: "ended on" can then only mean the day that ended it.
    _inverted(answer, found, first, last, end=last == len(found.values) - 1)


def _inverted(answer: Answer, found: Gaps, first: int, last: int, *, end: bool) -> None:
    """A run of days with the longer yield below the shorter: its length, its ends, and its widest gap."""
    ongoing = last == len(found.values) - 1
    answer.value("count", last - first + 1, "sessions")
    _names(answer)
    answer.day("start", found.days[first])
    if end:
        answer.day("end", found.days[last])
    answer.tags |= {"lag", "inversion", "streak", "ongoing" if ongoing else "ended"}
    if not ongoing:
        answer.day("broken", found.days[last + 1])
        _rows(answer, found, last + 1)
    if first == 0:
        answer.tags.add("in-data")
        answer.day("data_start", found.days[0])
    deepest = min(range(first, last + 1), key=lambda at: (found.values[at], at))
    answer.part("deepest", "change", percent(found.values[deepest]), UNIT, 2)
    answer.day("deepest_day", found.days[deepest])
    for place in dict.fromkeys((max(first - 1, 0), first, deepest, last)):
        _rows(answer, found, place)
    _span(answer, found, first, last)


@metric(
    "curve-shift",
    "Shift of the yield curve",
    "How much the gap of the longer over the shorter yield changed over so many days with both yields, in "
    "percentage points, and each yield's own change. The curve steepened where the gap rose and flattened where it "
    "fell; bull says that both yields fell, bear that both rose.",
    _LONG,
    _SHORT,
    Parameter("over", "the number of days with both yields", "5", "5", "count"),
    examples=("curve-shift", "curve-shift?over=21"),
)
def _curve_shift(answer: Answer) -> None:
    found, over = gaps(answer), int(answer["over"])
    if len(found.days) <= over:
        raise NoData(f"over: {over} days reach back before {found.days[0]}, where both yields begin")
    base, last = len(found.days) - 1 - over, len(found.days) - 1
    change = percent(found.values[last] - found.values[base])
    answer.value("change", change, UNIT, 2)
    _names(answer)
    moved = {}
    for name, readings, side in (("long_change", found.long, 0), ("short_change", found.short, 1)):
        moved[name] = percent(readings.values[found.at[last][side]] - readings.values[found.at[base][side]])
        answer.part(name, "change", moved[name], UNIT, 2)
    answer.part("size", "level", abs(change), UNIT, 2)
    answer.day("start", found.days[base])
    answer.day("end", found.days[last])
    answer.count("sessions", over, "sessions")
    answer.tags.add("steeper" if change > 0 else "flatter" if change < 0 else "flat")
    if change and all(value < 0 for value in moved.values()):
        answer.tags.add("bull")
    if change and all(value > 0 for value in moved.values()):
        answer.tags.add("bear")
    _rows(answer, found, base)
    _rows(answer, found, last)
