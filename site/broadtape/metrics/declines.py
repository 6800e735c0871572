"""Declines and recoveries: corrections, bear and bull markets, and how earlier ones went.

Owns decline, decline-from, advance, recovery, regained and declines, and the state machine that tells a bull market
from a bear market. The distance from the highest close in the data is records' drawdown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape.metrics.registry import Answer, Parameter, choice, metric, symbol_of
from broadtape.metrics.series import Line, compare_with, current, line, median, percent, percent_change
from broadtape.metrics.streaks import FEW
from broadtape.model import NoData, NotTrue

if TYPE_CHECKING:
    from numpy.typing import NDArray

CORRECTION, BEAR = Decimal(10), Decimal(20)
_DEFINED = (
    "A bear market begins with the first close at least 20% below the peak, a bull market with the first close at "
    "least 20% above the lowest close of a bear market. The peak is the highest close since the low from which the "
    "present bull market rose, or in the data where they hold no bear market. "
)


@dataclass(frozen=True, slots=True)
class Cycle:
    """Where a series stands: positions among its closes, and how it came there."""

    bear: bool
    peak: int  # the highest close that the present decline, or advance, is measured from
    low: int  # the lowest close since the peak; of a bull market the close it rose from, -1 where none is known
    turned: int  # when the present bear or bull market began, -1 where the data began in it


@dataclass(frozen=True, slots=True)
class Decline:
    """One fall from a highest close to the first close back at it; `back` is -1 while it lasts."""

    peak: int
    trough: int
    back: int


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Session by session: the peak in force, the low since it, whether it is a bear market; positions in the closes."""

    peak: NDArray[np.intp]
    low: NDArray[np.intp]
    bear: NDArray[np.bool_]


def course(values: NDArray[np.float64]) -> Course:
    """The course of closes that are finite and above zero."""
    total = len(values)
    peaks, lows, bears = np.zeros(total, np.intp), np.zeros(total, np.intp), np.zeros(total, np.bool_)
    fall, rise = 1 - float(BEAR) / 100, 1 + float(BEAR) / 100
    bear, peak, low = False, 0, 0
    closes = values.tolist()
    for at, close in enumerate(closes):
        if bear and _reached(close, closes[low], rise, above=True):
            bear, peak = False, at
        elif not bear and close >= closes[peak]:
            peak, low = at, at
        elif close <= closes[low] or (not bear and low < peak):
            low = at
        if not bear and close < closes[peak] and _reached(close, closes[peak], fall, above=False):
            bear = True
        peaks[at], lows[at], bears[at] = peak, low, bear
    return Course(peaks, lows, bears)


def cycle(values: NDArray[np.float64]) -> Cycle:
    """The state after the last of the closes, which are finite and above zero."""
    path = course(values)
    bear = bool(path.bear[-1])
    turns = np.flatnonzero(path.bear[1:] != path.bear[:-1]) + 1
    turned = int(turns[-1]) if len(turns) else (0 if bear else -1)
    if bear:
        return Cycle(bear, int(path.peak[-1]), int(path.low[-1]), turned)
    return Cycle(bear, int(path.peak[-1]), int(path.low[turned - 1]) if turned > 0 else -1, turned)


def _reached(close: float, base: float, factor: float, *, above: bool) -> bool:
    """Whether close/base is at or beyond the factor; what lies within a billionth is decided exactly."""
    gap = close / base - factor
    if abs(gap) < 1e-9:
        exact = Decimal(repr(close)) - Decimal(repr(base)) * Decimal(repr(factor))
        return exact >= 0 if above else exact <= 0
    return gap > 0 if above else gap < 0


def declines(values: NDArray[np.float64]) -> list[Decline]:
    """Every fall from a highest close in the data, ascending; the last may not be over."""
    best = np.maximum.accumulate(values)
    at_best = np.flatnonzero(values == best)
    found = []
    for peak, back in zip(at_best, [*at_best[1:], len(values)], strict=True):
        if back - peak > 1:
            trough = int(peak) + 1 + int(np.argmin(values[peak + 1 : back]))
            found.append(Decline(int(peak), trough, int(back) if back < len(values) else -1))
    return found


def reached(values: NDArray[np.float64], by: Decimal) -> NDArray[np.intp]:
    """The first position of each past fall from a highest close in the data at least `by` percent below it."""
    below = compare_with(np.maximum.accumulate(values), values, -by) <= 0
    below &= np.arange(len(values)) < int(
        np.argmax(values[::-1]) * -1 + len(values)
    )  # the present one is not over
    episodes = np.cumsum(values == np.maximum.accumulate(values))
    there = np.flatnonzero(below)
    _, first = np.unique(episodes[there], return_index=True)
    found: NDArray[np.intp] = there[first]
    return found


def _dense(answer: Answer) -> tuple[Line, NDArray[np.intp], NDArray[np.float64]]:
    series = current(line(answer.view, answer["of"]))
    kept = np.flatnonzero(np.isfinite(series.values))
    return series, kept, series.values[kept]


def _by() -> Parameter:
    return Parameter("by", "the fall in percent from which a decline counts", "10", "20", "number")


def _threshold(answer: Answer) -> Decimal:
    by = Decimal(answer["by"])
    answer.part("at_least", "level", by, "percent", max(0, -int(by.as_tuple().exponent)))
    return by


@metric(
    "decline",
    "Decline reached",
    "The first session of the present decline that closed at least so many percent below the peak. A decline of at "
    "least 10% is a correction, one of at least 20% a bear market. " + _DEFINED,
    symbol_of(),
    _by(),
    examples=("decline?of=INDEXSP:SPX", "decline?by=20&of=INDEXSP:SPX"),
)
def _decline(answer: Answer) -> None:
    series, kept, values = _dense(answer)
    by = Decimal(answer["by"])
    now = cycle(values)
    after = compare_with(np.full(len(values) - now.peak, values[now.peak]), values[now.peak :], -by) <= 0
    if not after.any():
        raise NotTrue(
            f"{answer['of']} has closed no {by}% below its peak of {series.day(int(kept[now.peak]))}"
        )
    at = now.peak + int(np.argmax(after))
    answer.value("date", series.day(int(kept[at])), "date")
    answer.names(answer["of"])
    _threshold(answer)
    answer.day("peak", series.day(int(kept[now.peak])))
    answer.level("close", series, int(kept[at]))
    answer.count("length", at - now.peak, "sessions")
    answer.tags |= {"first", "below", "close", "down", "decline", "peak"}
    if by == CORRECTION:
        answer.tags.add("correction")
    if by == BEAR:
        answer.tags.add("bear-market")
    answer.rows([series], [int(kept[now.peak]), int(kept[at]), int(kept[-1])])
    answer.span(series, series.start, int(kept[-1]))


@metric(
    "decline-before",
    "Last time so far below a peak",
    "The last session before the present peak that closed at least so many percent below the peak of its time. "
    + _DEFINED,
    symbol_of(),
    _by(),
    examples=("decline-before?of=INDEXSP:SPX",),
)
def _decline_before(answer: Answer) -> None:
    series, kept, values = _dense(answer)
    by = Decimal(answer["by"])
    earlier = _last_below(values[: cycle(values).peak + 1], by)
    if earlier < 0:
        raise NotTrue(f"{answer['of']} never closed {by}% below a peak before the present one in the data")
    answer.value("date", series.day(int(kept[earlier])), "date")
    answer.names(answer["of"])
    _threshold(answer)
    answer.tags |= {"last", "since", "below", "close", "peak", "earlier", "decline"}
    answer.row(series, int(kept[earlier]))
    answer.span(series, series.start, int(kept[-1]))


def _last_below(values: NDArray[np.float64], by: Decimal) -> int:
    """The last position that lay so far below the peak of its time; -1 where none did."""
    below = np.flatnonzero(compare_with(values[course(values).peak], values, -by) <= 0)
    return int(below[-1]) if len(below) else -1


@metric(
    "decline-from",
    "What became of a decline",
    "How far below a close the lowest close after it lay, until the first one at or above it again, and then what "
    "session that was; the sessions are counted from that close on. A decline is one whose next close was lower.",
    symbol_of(),
    Parameter("from", "the session of the close from which it fell", None, "2025-02-19", "date"),
    examples=("decline-from?from=2025-02-19&of=INDEXSP:SPX",),
)
def _decline_from(answer: Answer) -> None:
    series, kept, values = _dense(answer)
    began = date.fromisoformat(answer["from"])
    peak = next((at for at, place in enumerate(kept.tolist()) if series.day(place) == began), -1)
    if peak < 0:
        raise NoData(f"{answer['of']} has no close on {began}")
    after = values[peak + 1 :]
    if not len(after) or after[0] >= values[peak]:
        raise NotTrue(f"{answer['of']} did not fall from its close of {began}")
    back = np.flatnonzero(after >= values[peak])
    over = int(back[0]) if len(back) else -1
    fallen = after[:over] if over >= 0 else after
    low = peak + 1 + int(np.argmin(fallen))
    end = peak + 1 + over if over >= 0 else len(values) - 1
    depth = percent_change(series.exact(int(kept[peak])), series.exact(int(kept[low])))
    answer.value("change", percent(depth), "percent", 2)
    answer.names(answer["of"])
    answer.day("peak", began)
    answer.day("trough", series.day(int(kept[low])))
    answer.count("length", end - peak, "sessions")
    answer.tags |= {"decline", "down", "below", "close", "peak", "trough", "lowest"}
    answer.tags.add("ended" if over >= 0 else "ongoing")
    if over >= 0:
        answer.tags.add("recovered")
        answer.day("broken", series.day(int(kept[end])))
    answer.rows([series], [int(kept[peak]), int(kept[low]), int(kept[end])])
    answer.span(series, int(kept[peak]), int(kept[end]))


def bear_peak(values: NDArray[np.float64]) -> int:
    """The peak of the last bear market that is over; -1 where none is."""
    path = course(values)
    ended = np.flatnonzero(path.bear[:-1] & ~path.bear[1:])
    return int(path.peak[ended[-1]]) if len(ended) else -1


@metric(
    "advance",
    "Bull market",
    "The first session that closed at least 20% above the lowest close of the last bear market, from which the "
    "present bull market is counted. " + _DEFINED,
    symbol_of(),
    examples=("advance?of=INDEXSP:SPX",),
)
def _advance(answer: Answer) -> None:
    series, kept, values = _dense(answer)
    now = cycle(values)
    if now.bear or now.turned < 0:
        raise NotTrue(f"{answer['of']} is in no bull market whose beginning the data hold")
    low, at = int(kept[now.low]), int(kept[now.turned])
    answer.value("date", series.day(at), "date")
    answer.names(answer["of"])
    answer.part("at_least", "level", BEAR, "percent", 0)
    answer.day("low", series.day(low))
    answer.level("close", series, at)
    answer.count("length", now.turned - now.low, "sessions")
    answer.tags |= {"first", "above", "close", "up", "bull-market", "trough"}
    answer.rows([series], [low, at])
    answer.span(series, series.start, int(kept[-1]))


@metric(
    "recovery",
    "Recovery",
    "Of the as-of session, when it is the first to close at or above the highest close in the data after a decline "
    "of at least so many percent: the sessions since that highest close, the sessions since the lowest close "
    "between, or the depth of the lowest.",
    symbol_of(),
    _by(),
    choice("stat", "sessions from the peak, sessions from the low, depth", "whole", "climb", "depth"),
    examples=("recovery?of=INDEXSP:SPX", "recovery?of=INDEXSP:SPX&stat=depth"),
)
def _recovery(answer: Answer) -> None:
    series, kept, values = _dense(answer)
    by, stat = Decimal(answer["by"]), answer["stat"]
    found = declines(values)
    last = found[-1] if found else None
    if last is None or last.back != len(values) - 1:
        raise NotTrue(f"{answer['of']} did not come back to its highest close on {answer.view.as_of}")
    peak, trough = int(kept[last.peak]), int(kept[last.trough])
    depth = percent_change(series.exact(peak), series.exact(trough))
    if -depth < by:
        raise NotTrue(f"{answer['of']} fell less than {by}% before it came back")
    if stat == "whole":
        answer.value("count", last.back - last.peak, "sessions")
        answer.day("peak", series.day(peak))
        answer.tags |= {"peak", "first", "earlier"}
    elif stat == "climb":
        answer.value("count", last.back - last.trough, "sessions")
        answer.day("trough", series.day(trough))
        answer.tags.add("trough")
    else:
        answer.value("change", percent(depth), "percent", 2)
        answer.day("trough", series.day(trough))
        answer.tags |= {"trough", "down"}
    answer.names(answer["of"])
    answer.day("date", series.day(int(kept[-1])))
    answer.tags |= {"recovered", "above", "close"}
    answer.rows([series], [peak, trough, int(kept[-1])])
    answer.span(series, series.start, int(kept[-1]))


@metric(
    "regained",
    "Share of a decline regained",
    "How much of the fall from the highest close in the data to the lowest close since the as-of close has made good, "
    "in percent of that fall.",
    symbol_of(),
    examples=("regained?of=INDEXSP:SPX",),
)
def _regained(answer: Answer) -> None:
    series, kept, values = _dense(answer)
    found = declines(values)
    if not found or found[-1].back >= 0:
        raise NotTrue(f"{answer['of']} closed at its highest in the data on {answer.view.as_of}")
    peak, trough = int(kept[found[-1].peak]), int(kept[found[-1].trough])
    fall = series.exact(peak) - series.exact(trough)
    share = percent((series.exact(int(kept[-1])) - series.exact(trough)) * 100 / fall, 0)
    answer.value("share", share, "percent", 0)
    answer.names(answer["of"])
    answer.day("peak", series.day(peak))
    answer.day("trough", series.day(trough))
    answer.tags |= {"regained", "down", "close", "peak", "trough"}
    answer.rows([series], [peak, trough, int(kept[-1])])
    answer.span(series, peak, int(kept[-1]))


@metric(
    "declines",
    "Earlier declines",
    "How many earlier declines from a highest close in the data reached so many percent before the close came back "
    "to where they began; their median depth; the median sessions from that highest close to the lowest, and from "
    "the lowest back. The present decline, and one that the as-of session ends, are left out, and fewer than eight "
    "are few and carry no conclusion.",
    symbol_of(),
    _by(),
    choice(
        "stat",
        "how many, median depth, median sessions to the low, median sessions back",
        "n",
        "depth",
        "down",
        "back",
    ),
    examples=("declines?of=INDEXSP:SPX", "declines?by=20&of=INDEXSP:SPX&stat=back"),
)
def _declines(answer: Answer) -> None:
    series, kept, values = _dense(answer)
    by, stat = Decimal(answer["by"]), answer["stat"]
    last = len(values) - 1
    earlier = [one for one in declines(values) if 0 <= one.back < last]
    depths = [
        percent_change(series.exact(int(kept[one.peak])), series.exact(int(kept[one.trough])))
        for one in earlier
    ]
    cases = [(one, depth) for one, depth in zip(earlier, depths, strict=True) if -depth >= by]
    if stat == "n":
        answer.value("count", len(cases), "cases")
    elif not cases:
        raise NotTrue(f"no earlier decline of {answer['of']} in the data reached {by}%")
    elif stat == "depth":
        answer.value("change", percent(median([depth for _, depth in cases])), "percent", 2)
    else:
        spans = [one.trough - one.peak if stat == "down" else one.back - one.trough for one, _ in cases]
        middle = median([Decimal(span) for span in spans])
        answer.value("count", int(percent(middle, 0)), "sessions")
    if stat != "n":
        answer.count("n", len(cases), "cases")
        answer.tags.add("median")
    answer.names(answer["of"])
    _threshold(answer)
    answer.day("data_start", series.day(series.start))
    answer.tags |= {"earlier", "at-least", "decline", "down", "close"}
    if stat == "down":
        answer.tags |= {"highest", "lowest"}
    if stat == "back":
        answer.tags |= {"recovered", "trough"}
    if by == CORRECTION:
        answer.tags.add("correction")
    if len(cases) < FEW:
        answer.tags.add("few")
    for one, _ in cases[-FEW:]:
        answer.rows([series], [int(kept[one.peak]), int(kept[one.trough]), int(kept[one.back])])
    answer.span(series, series.start, int(kept[-1]))
