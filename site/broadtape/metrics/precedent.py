"""Precedent: what followed earlier cases like the present one, against every session of the data.

Owns what-followed. Draws no conclusion: few cases are marked few.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape.metrics import policy
from broadtape.metrics.averages import crossings
from broadtape.metrics.declines import reached
from broadtape.metrics.records import record_marks
from broadtape.metrics.registry import Answer, Parameter, basis, choice, metric, symbol_of, symbol_vs
from broadtape.metrics.series import (
    Line,
    closing,
    compare_changes,
    compare_with,
    current,
    exact,
    median,
    percent,
    percent_change,
)
from broadtape.metrics.sessions import turns
from broadtape.metrics.streaks import FEW, PLURAL, Course, as_unit, leads, moves
from broadtape.model import BadParameter, NotTrue

if TYPE_CHECKING:
    from numpy.typing import NDArray


def first_reached(course: Course, at_least: int) -> NDArray[np.intp]:
    """The positions at which past runs first were `at_least` periods long; the present run is left out."""
    past = len(course.starts) - course.ongoing
    long = np.flatnonzero(course.lengths[:past] >= at_least)
    cases: NDArray[np.intp] = course.periods.last[course.starts[long] + at_least - 1]
    return cases


def jumps(values: NDArray[np.float64], side: str, at_least: Decimal) -> NDArray[np.intp]:
    """Positions whose one-session return was at least so many percent: a gain, or a drop."""
    sign = 1 if side == "gain" else -1
    against = compare_with(values[:-1], values[1:], sign * at_least)
    there = np.isfinite(values[:-1]) & np.isfinite(values[1:])
    return 1 + np.flatnonzero(there & (against * sign >= 0))


def _events(answer: Answer, series: Line) -> NDArray[np.intp]:
    event, at_least = answer["event"], answer["at_least"]
    if event in ("cut", "raise"):
        return _policy_sessions(answer, series, event, Decimal(at_least))
    if event in ("drop", "gain"):
        return jumps(series.values, event, Decimal(at_least))
    if event in ("record", "decline", "turn", "cross") and answer["basis"] == "total":
        raise BadParameter(f"basis: closes including dividends make no {event}; leave it out")
    if event == "turn":
        return turns(answer, answer["side"], Decimal(at_least))
    if event == "decline":
        kept = np.flatnonzero(np.isfinite(series.values))
        cases: NDArray[np.intp] = kept[reached(series.values[kept], Decimal(at_least))]
        return cases
    if "." in at_least:
        raise BadParameter(f"at_least: {at_least!r} is not a whole number of {PLURAL[answer['unit']]}")
    if event == "cross":
        kept = np.flatnonzero(np.isfinite(series.values))
        crossed: NDArray[np.intp] = kept[crossings(series.values[kept], 200, answer["side"], int(at_least))]
        return crossed
    if event == "record":
        marks = np.flatnonzero(record_marks(series.values))
        return marks[1:][np.diff(marks) >= int(at_least)]
    unit = as_unit(answer["unit"])
    if event == "streak":
        course = moves(answer.view, answer["of"], answer["side"], unit, answer.basis)
    else:
        course = leads(answer.view, answer["of"], answer["vs"], unit, answer.basis)
    return first_reached(course, int(at_least))


def _policy_sessions(answer: Answer, series: Line, event: str, at_least: Decimal) -> NDArray[np.intp]:
    """The session of each earlier cut or increase of at least so many basis points; of one on a day off, the next."""
    found = [
        int(np.searchsorted(series.sessions, np.datetime64(decision.day, "D")))
        for decision in policy.decisions(answer.view)
        if policy.side_of(decision) == event and abs(decision.change_bp) >= at_least
    ]
    return np.array([at for at in found if at < len(series.sessions)], dtype=np.intp)


@metric(
    "what-followed",
    "What followed",
    "The subject's return over the 5, 21 or 63 sessions after earlier cases: the number of cases, their "
    "median, and in how many, or what share, it was above zero; relative, the other's return is taken off. A case is "
    "a run, counted once, on the session it first was long enough, a one-session gain or drop of at least so "
    "many percent, the first close at least so many percent below the highest close in the data, once a decline, "
    "a record close at least so many sessions after the one before, a close on another side of the mean of the last "
    "200 closes than at least so many sessions before it, a session that went at least so many percent the other way "
    "from the close before and closed up (or down), or a cut or an increase of the policy rate of "
    "at least so many basis points. The present run or decline and "
    "cases without that many later sessions in view are left out; the set of all measures the same after "
    "every session of the data, and fewer than eight cases are few and carry no conclusion.",
    choice(
        "event",
        "what happened before",
        *("relative-streak", "streak", "drop", "gain", "record", "decline", "cut", "raise", "turn", "cross"),
        default=None,
    ),
    symbol_of(),
    symbol_vs(default=""),
    choice("side", "of a streak: rises or falls; of a turn and a cross: to which side", "up", "down"),
    choice("unit", "of a streak: what is counted", "session", "week", "month"),
    Parameter(
        "at_least", "the shortest run or wait in periods, or the least move in percent", None, "7", "number"
    ),
    choice("horizon", "sessions after the case", "5", "21", "63"),
    choice(
        "stat",
        "number of cases, middle return, share or number above zero",
        "n",
        "median",
        "share",
        "positive",
    ),
    choice("set", "the cases, or every session", "cases", "all"),
    choice("measure", "the subject's return, or what it gained on the other", "return", "relative"),
    basis(),
    examples=(
        "what-followed?at_least=7&event=relative-streak&horizon=21&of=INDEXRUSSELL:RUT&stat=median&vs=INDEXSP:SPX",
        "what-followed?at_least=3&event=drop&of=INDEXSP:SPX&set=all&stat=share",
    ),
)
def _what_followed(answer: Answer) -> None:
    event, relative, stat = answer["event"], answer["measure"] == "relative", answer["stat"]
    paired = event == "relative-streak" or relative
    if paired and not answer["vs"]:
        raise BadParameter(
            f"vs: missing; {event if not relative else 'measure=relative'} needs the other one"
        )
    if answer["vs"] and not paired:
        raise BadParameter(f"vs: event={event} with measure=return compares with nothing; leave it out")
    one = current(closing(answer.view, answer["of"], answer.basis))
    other = current(closing(answer.view, answer["vs"], answer.basis)) if paired else None
    horizon = int(answer["horizon"])
    cases = _after(answer, one, other, horizon)
    _stat(answer, one, other if relative else None, cases, horizon)
    if stat != "n":
        answer.count("n", len(cases), "cases")
    answer.count("horizon", horizon, "sessions")
    if answer["set"] == "cases":
        _threshold(answer)
    answer.names(answer["of"], answer["vs"])
    lines = [one] if other is None else [one, other]
    start = max(series.start for series in lines)
    answer.day("data_start", one.day(start))
    if answer["set"] == "cases" and len(cases) < FEW:
        answer.tags.add("few")
    answer.tags.add("earlier")
    if event == "record":
        answer.tags |= {"record", "close"}
    if event in ("cut", "raise"):
        answer.tags |= {event, "policy"}
    if event == "decline":
        answer.tags |= {"decline", "highest", "close", "first", "below"}
    if answer["set"] == "all":
        answer.tags.add("all")
    if len(cases) <= 2 * FEW:
        for case in cases.tolist():
            answer.rows(lines if relative else [one], [case, case + horizon])
    for series in lines:
        answer.span(series, start, len(series.sessions) - 1)


def _after(answer: Answer, one: Line, other: Line | None, horizon: int) -> NDArray[np.intp]:
    """Positions of the cases that have the closes needed, on their session and at the horizon."""
    usable = np.isfinite(one.values) if other is None else np.isfinite(one.values + other.values)
    cases = np.flatnonzero(usable) if answer["set"] == "all" else _events(answer, one)
    cases = cases[cases + horizon < len(usable)]
    kept: NDArray[np.intp] = cases[usable[cases] & usable[cases + horizon]]
    return kept


def _stat(answer: Answer, one: Line, other: Line | None, cases: NDArray[np.intp], horizon: int) -> None:
    """The number of cases, their median return, or the share or number above zero."""
    stat = answer["stat"]
    if stat == "n":
        answer.value("count", len(cases), "cases")
        return
    if not len(cases):
        raise NotTrue(f"no earlier case of {answer['event']} has {horizon} later sessions in the data")
    a0, a1 = one.values[cases], one.values[cases + horizon]
    if stat in ("share", "positive"):
        ones = np.ones(1)
        against = (
            compare_changes(a0, a1, ones, ones)
            if other is None
            else compare_changes(a0, a1, other.values[cases], other.values[cases + horizon])
        )
        above = int((against > 0).sum())
        if stat == "share":
            answer.value("share", percent(Decimal(above) * 100 / len(cases), 1), "percent", 1)
        else:
            answer.value("count", above, "cases")
        answer.tags.add("positive")
        if other is not None:
            answer.tags.add("lead")
        return
    gains = a1 / a0 if other is None else a1 / a0 - other.values[cases + horizon] / other.values[cases]
    order = np.argsort(gains, kind="stable")
    middle = order[(len(order) - 1) // 2 : len(order) // 2 + 1].tolist()  # one, or the two middle ones
    changes = []
    for at in middle:
        change = percent_change(exact(a0[at]), exact(a1[at]))
        if other is not None:
            case = int(cases[at])
            change -= percent_change(other.exact(case), other.exact(case + horizon))
        changes.append(change)
    change = percent(median(changes))
    answer.value("change", change, "percent" if other is None else "percentage points", 2)
    answer.direction(change, ("up", "down", "flat") if other is None else ("lead", "lag", "even"))
    answer.tags.add("median")


def _threshold(answer: Answer) -> None:
    at_least = answer["at_least"]
    if answer["event"] in ("drop", "gain", "decline", "cut", "raise", "turn"):
        level = Decimal(at_least)
        unit = "percent" if answer["event"] in ("drop", "gain", "decline", "turn") else "basis points"
        answer.part("at_least", "level", level, unit, max(0, -int(level.as_tuple().exponent)))
    else:
        answer.count("at_least", int(at_least), PLURAL[answer["unit"]])
