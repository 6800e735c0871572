"""Records, highs and lows, round numbers and extremes: what a close stands out from.

Owns every metric that says highest, lowest, first, best, worst or since of one instrument.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape.metrics import windows
from broadtape.metrics.periods import UNITS, Periods, complete
from broadtape.metrics.registry import Answer, Parameter, choice, metric, over, symbol_of
from broadtape.metrics.series import Field, Line, compare_changes, current, line, percent, percent_change
from broadtape.model import MarketView, NoData, NotTrue

if TYPE_CHECKING:
    from numpy.typing import NDArray

YEAR_DAYS = 364  # the 52 weeks before the as-of session
_SIDES = {"high": "highest", "low": "lowest"}
_AS = {"best": "good", "worst": "bad"}
_SCOPE = (
    "It is called all-time only where the data reach back to the declared inception, else it is a record "
    "in the data, whose first session is named."
)


def record_marks(values: NDArray[np.float64], side: str = "high") -> NDArray[np.bool_]:
    """Where a value is above (below) every earlier one; the first value is no record, NaN never is."""
    signed = values if side == "high" else -values
    held = np.where(np.isfinite(signed), signed, -np.inf)
    before = np.concatenate([[-np.inf], np.maximum.accumulate(held)[:-1]])
    marks: NDArray[np.bool_] = (held > before) & np.isfinite(before)
    return marks


def period_returns(
    view: MarketView, symbol: str, unit: str = "month", basis: str = "price"
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64], NDArray[np.float64]]:
    """First and last sessions of each complete period with both closes, and its return (0.015 is 1.5 %)."""
    series = line(view, symbol, "close" if basis == "price" else "adj_close")
    periods = _periods(view, series, unit)
    days, values = series.sessions, series.values
    return days[periods.first], days[periods.last], values[periods.last] / values[periods.base] - 1


def _periods(view: MarketView, series: Line, unit: str) -> Periods:
    periods = complete(view, next(u for u in UNITS if u == unit))
    return periods.where(np.isfinite(series.values[periods.base] + series.values[periods.last]))


def _scope(answer: Answer, series: Line) -> None:
    """How far back the claim reaches: all-time with the inception in the data, else in the data."""
    inception = answer.view.instrument(series.symbol).inception
    start = series.day(series.start)
    answer.tags.add("all-time" if inception is not None and start <= inception else "in-data")
    answer.day("data_start", start)


def _field(on: str, side: str) -> Field:
    if on == "close":
        return "close"
    return "high" if side == "high" else "low"


def _whole(answer: Answer, series: Line) -> None:
    answer.span(series, series.start, len(series.sessions) - 1)


# --- records ------------------------------------------------------------------------------------------


@metric(
    "record",
    "Record",
    "The close (or, where asked on intraday, the session's high or low) of the as-of session when it is "
    "above, or below, every earlier one; equalling an earlier one is no record. Over 52w it is compared "
    "with the 52 weeks "
    "before. " + _SCOPE,
    symbol_of(),
    choice("side", "above or below all others", "high", "low"),
    choice("on", "closing or intraday prices", "close", "intraday"),
    choice("window", "all the data, or 52 weeks", "all", "52w"),
    examples=("record?of=INDEXRUSSELL:RUT", "record?of=INDEXSP:SPX&side=low&window=52w"),
)
def _record(answer: Answer) -> None:
    side, on = answer["side"], answer["on"]
    series = current(line(answer.view, answer["of"], _field(on, side)))
    begin, last = series.start, len(series.sessions) - 1
    if answer["window"] == "52w":
        earliest = series.sessions[-1] - np.timedelta64(YEAR_DAYS, "D")
        reach = int(np.searchsorted(series.sessions, earliest))
        if begin > reach:
            raise NoData(f"{answer['of']}: the data start on {series.day(begin)}, less than 52 weeks before")
        begin = reach
    earlier = series.values[begin:last]
    if not np.isfinite(earlier).any():
        raise NoData(f"{answer['of']}: there is no earlier session to compare with")
    best = np.nanmax(earlier) if side == "high" else np.nanmin(earlier)
    now = series.values[last]
    if not (now > best if side == "high" else now < best):
        raise NotTrue(f"{answer['of']} made no {answer['window']} {side} ({on}) on {series.day(last)}")
    answer.value("level", series.printed(last), series.bars.unit, series.places(last))
    answer.names(answer["of"])
    answer.day("date", series.day(last))
    if answer["window"] == "52w":
        answer.day("data_start", series.day(series.start))
        answer.tags.add("52-week")
    else:
        _scope(answer, series)
        answer.tags.add("record")
    answer.tags |= {_SIDES[side], on}
    answer.row(series, begin + int(np.flatnonzero(earlier == best)[-1]))
    answer.row(series, last)
    answer.span(series, begin, last)


@metric(
    "last-record",
    "Latest record",
    "The latest close (or intraday high or low) up to the as-of session that was above, or below, every "
    "earlier one "
    "in the data. " + _SCOPE,
    symbol_of(),
    choice("side", "above or below all others", "high", "low"),
    choice("on", "closing or intraday prices", "close", "intraday"),
    examples=("last-record?of=INDEXSP:SPX",),
)
def _last_record(answer: Answer) -> None:
    side, on = answer["side"], answer["on"]
    series = current(line(answer.view, answer["of"], _field(on, side)))
    marks = np.flatnonzero(record_marks(series.values, side))
    if not len(marks):
        raise NotTrue(f"{answer['of']} made no record {side} ({on}) in the data")
    at = int(marks[-1])
    answer.value("level", series.printed(at), series.bars.unit, series.places(at))
    answer.names(answer["of"])
    answer.day("date", series.day(at))
    _scope(answer, series)
    answer.tags |= {"record", _SIDES[side], on, "last"}
    answer.row(series, at)
    _whole(answer, series)


@metric(
    "record-count",
    "Number of records",
    "How many sessions of the window closed above, or below, every earlier close in the data. " + _SCOPE,
    symbol_of(),
    choice("side", "above or below all others", "high", "low"),
    over("2025"),
    examples=("record-count?of=INDEXSP:SPX&over=2025",),
)
def _record_count(answer: Answer) -> None:
    window = windows.resolve(answer.view, answer["over"])
    series = line(answer.view, answer["of"])
    series.exact(window.base)
    series.exact(window.last)
    marks = (
        window.base
        + 1
        + np.flatnonzero(record_marks(series.values, answer["side"])[window.base + 1 : window.last + 1])
    )
    answer.value("count", len(marks), "records")
    answer.names(answer["of"])
    answer.window(window)
    _scope(answer, series)
    answer.tags |= {"record", "close", _SIDES[answer["side"]]}
    answer.rows([series], [int(at) for at in marks[-3:]])
    answer.span(series, series.start, window.last)


@metric(
    "record-run",
    "Records in a row",
    "How many sessions in a row, up to the as-of session, closed above (or below) every earlier close in the data. "
    + _SCOPE,
    symbol_of(),
    choice("side", "above or below all others", "high", "low"),
    examples=("record-run?of=INDEXSP:SPX",),
)
def _record_run(answer: Answer) -> None:
    series = current(line(answer.view, answer["of"]))
    kept = np.flatnonzero(np.isfinite(series.values))
    marks = record_marks(series.values[kept], answer["side"])
    others = np.flatnonzero(~marks)
    count = len(marks) - 1 - int(others[-1])
    if not count:
        raise NotTrue(
            f"{answer['of']} made no record {answer['side']} on {series.day(len(series.sessions) - 1)}"
        )
    answer.value("count", count, "records")
    answer.names(answer["of"])
    answer.day("start", series.day(int(kept[-count])))
    answer.day("end", series.day(int(kept[-1])))
    _scope(answer, series)
    answer.tags |= {"record", "close", _SIDES[answer["side"]], "streak", "ongoing"}
    answer.rows([series], [int(kept[-1 - count]), int(kept[-1])])
    _whole(answer, series)


@metric(
    "extreme-since",
    "Highest or lowest since",
    "The last earlier session that closed as high as the as-of session or higher (for lows: as low or "
    "lower). The as-of close is the highest, or lowest, since that day; nothing is said when that day is the "
    "session before.",
    symbol_of(),
    choice("side", "highest or lowest", "high", "low"),
    examples=("extreme-since?of=INDEXCBOE:VIX&side=low",),
)
def _extreme_since(answer: Answer) -> None:
    side = answer["side"]
    series = current(line(answer.view, answer["of"]))
    now = series.values[-1]
    earlier = series.values[:-1]
    reached = np.flatnonzero(earlier >= now if side == "high" else earlier <= now)
    last = len(series.sessions) - 1
    if not len(reached):
        raise NotTrue(f"{answer['of']} never closed as {side} before; ask record")
    at = int(reached[-1])
    if at == last - 1:
        raise NotTrue(f"{answer['of']} closed as {side} on {series.day(at)}, the session before")
    answer.value("date", series.day(at), "date")
    answer.names(answer["of"])
    answer.level("level", series, last)
    answer.level("then", series, at)
    answer.tags |= {_SIDES[side], "since", "close", "last"}
    answer.rows([series], [at, last])
    answer.span(series, at, last)


@metric(
    "return-extreme",
    "Best or worst since",
    "The return of the latest complete session, week, month, quarter or year, with the last earlier one "
    "that was at least as good (best) or as bad (worst). Best is said only of a rise and worst only of a "
    "fall, and not when the one just before was as good or bad; where no earlier one was, it is the best or "
    "worst in the data.",
    symbol_of(),
    choice("unit", "what is compared", *UNITS),
    choice("side", "best or worst", "best", "worst"),
    examples=("return-extreme?of=INDEXSP:SPX&side=worst", "return-extreme?of=INDEXRUSSELL:RUT&unit=month"),
)
def _return_extreme(answer: Answer) -> None:
    side, unit = answer["side"], answer["unit"]
    series = current(line(answer.view, answer["of"]))
    periods = _periods(answer.view, series, unit)
    everything = complete(answer.view, periods.unit)
    if len(periods) < 2 or periods.last[-1] != everything.last[-1]:
        raise NoData(f"{answer['of']}: the data hold no complete {unit} to compare up to {answer.view.as_of}")
    base, last = int(periods.base[-1]), int(periods.last[-1])
    change = percent(percent_change(series.exact(base), series.exact(last)))
    if not (change > 0 if side == "best" else change < 0):
        raise NotTrue(f"{answer['of']} did not {'rise' if side == 'best' else 'fall'} in the last {unit}")
    values = series.values
    against = compare_changes(
        values[periods.base[:-1]], values[periods.last[:-1]], values[[base]], values[[last]]
    )
    reached = np.flatnonzero(against >= 0 if side == "best" else against <= 0)
    if len(reached) and reached[-1] == len(against) - 1:
        raise NotTrue(f"{answer['of']}: the {unit} before was at least as {_AS[side]}")
    answer.value("change", change, "percent", 2)
    answer.names(answer["of"])
    answer.day("start", series.day(int(periods.first[-1])))
    answer.day("end", series.day(last))
    if unit == "month":
        answer.month("month", series.day(last).replace(day=1))
    elif unit == "year":
        answer.part("year", "year", series.day(last).year)
    answer.rows([series], [base, last])
    if len(reached):
        then = int(reached[-1])
        before, at = int(periods.base[then]), int(periods.last[then])
        answer.day("since", series.day(at))
        answer.part(
            "then", "change", percent(percent_change(series.exact(before), series.exact(at))), "percent", 2
        )
        answer.tags.add("since")
        answer.rows([series], [before, at])
    else:
        answer.tags.add("in-data")
    answer.day("data_start", series.day(series.start))
    answer.direction(change)
    answer.tags |= {side, "largest"}
    _whole(answer, series)


# --- round numbers ------------------------------------------------------------------------------------


def _beyond(series: Line, side: str, level: str) -> NDArray[np.bool_]:
    return series.values > float(level) if side == "above" else series.values < float(level)


def _level_parameters() -> tuple[Parameter, ...]:
    return (
        symbol_of(),
        choice("side", "above or below", "above", "below"),
        Parameter("level", "the level, in the price's own unit", None, "2600", "number"),
    )


def _levels(answer: Answer, series: Line, at: int) -> None:
    level = Decimal(answer["level"])
    answer.part("level", "level", level, series.bars.unit, max(0, -int(level.as_tuple().exponent)))
    answer.level("close", series, at)


@metric(
    "first-close",
    "First close beyond a level",
    "The first session in the data that closed above (or below) the level; a close exactly at it is not "
    "beyond it. "
    "Data that start beyond the level cannot show the first. " + _SCOPE,
    *_level_parameters(),
    examples=("first-close?level=2600&of=INDEXRUSSELL:RUT",),
)
def _first_close(answer: Answer) -> None:
    side = answer["side"]
    series = line(answer.view, answer["of"])
    beyond = np.flatnonzero(_beyond(series, side, answer["level"]))
    if not len(beyond):
        raise NotTrue(f"{answer['of']} never closed {side} {answer['level']} in the data")
    at = int(beyond[0])
    if at == series.start:
        raise NoData(f"{answer['of']}: the data start {side} {answer['level']}, on {series.day(at)}")
    answer.value("date", series.day(at), "date")
    answer.names(answer["of"])
    _levels(answer, series, at)
    _scope(answer, series)
    answer.tags |= {"first", side, "close"}
    before = at - 1 - int(np.argmax(np.isfinite(series.values[:at])[::-1]))
    answer.rows([series], [before, at])
    answer.span(series, series.start, at)


@metric(
    "first-close-since",
    "First close beyond a level since",
    "The last earlier session that closed above (or below) the level, when the as-of session closed "
    "beyond it and the session before did not; a close exactly at the level is not beyond it.",
    *_level_parameters(),
    examples=("first-close-since?level=2600&of=INDEXRUSSELL:RUT&side=below",),
)
def _first_close_since(answer: Answer) -> None:
    side, level = answer["side"], answer["level"]
    series = current(line(answer.view, answer["of"]))
    beyond = _beyond(series, side, level)
    last = len(series.sessions) - 1
    if last < 1:
        raise NoData(f"the calendar has no session before {answer.view.as_of}")
    series.exact(last - 1)
    if not beyond[last] or beyond[last - 1]:
        raise NotTrue(f"{answer['of']} did not come to close {side} {level} on {series.day(last)}")
    earlier = np.flatnonzero(beyond[:last])
    if not len(earlier):
        raise NotTrue(f"{answer['of']} never closed {side} {level} before; ask first-close")
    at = int(earlier[-1])
    answer.value("date", series.day(at), "date")
    answer.names(answer["of"])
    _levels(answer, series, last)
    answer.day("date", series.day(last))
    answer.tags |= {"first", "since", side, "close"}
    answer.rows([series], [at, last - 1, last])
    answer.span(series, at, last)


@metric(
    "level-crossings",
    "Times back across a level",
    "How many sessions before the as-of one came to close above (or below) the level when the session before had not; "
    "the first close beyond it in the data is one of them, and a close exactly at the level is not beyond it.",
    *_level_parameters(),
    examples=("level-crossings?level=2600&of=INDEXRUSSELL:RUT&side=below",),
)
def _level_crossings(answer: Answer) -> None:
    side = answer["side"]
    series = current(line(answer.view, answer["of"]))
    kept = np.flatnonzero(np.isfinite(series.values))
    beyond = _beyond(series, side, answer["level"])[kept]
    came = np.flatnonzero(beyond[1:-1] & ~beyond[:-2]) + 1
    answer.value("count", len(came), "times")
    answer.names(answer["of"])
    level = Decimal(answer["level"])
    answer.part("level", "level", level, series.bars.unit, max(0, -int(level.as_tuple().exponent)))
    _scope(answer, series)
    answer.tags |= {side, "close", "earlier"}
    answer.rows([series], [int(kept[at]) for at in came[-3:]])
    _whole(answer, series)


# --- distance from the high ---------------------------------------------------------------------------


@metric(
    "drawdown",
    "Drawdown",
    "How far, in percent, the as-of close is from the highest close in the data; zero on the day of a "
    "record close. The peak is the last session at that high.",
    symbol_of(),
    examples=("drawdown?of=INDEXSP:SPX",),
)
def _drawdown(answer: Answer) -> None:
    series = current(line(answer.view, answer["of"]))
    last = len(series.sessions) - 1
    peak = int(np.flatnonzero(series.values == np.nanmax(series.values))[-1])
    change = percent(percent_change(series.exact(peak), series.exact(last)))
    answer.value("change", change, "percent", 2)
    answer.names(answer["of"])
    answer.day("peak", series.day(peak))
    answer.level("peak_level", series, peak)
    answer.level("level", series, last)
    _scope(answer, series)
    answer.direction(change)
    if series.values[last] < series.values[peak]:
        answer.tags.add("below")
    answer.tags |= {"record", "highest", "close"}
    answer.rows([series], [peak, last])
    _whole(answer, series)
