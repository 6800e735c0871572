"""Seasons: how a month, or the start of a year, compares with those of other years.

Owns season, year-start and year-rest. A calendar effect is told only with its base rate, which these are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from broadtape.metrics.periods import complete
from broadtape.metrics.registry import Answer, Parameter, choice, metric, symbol_of
from broadtape.metrics.series import (
    Line,
    as_date,
    compare_changes,
    current,
    line,
    median,
    percent,
    percent_change,
)
from broadtape.metrics.streaks import FEW
from broadtape.model import NoData, NotTrue


@metric(
    "season",
    "The same month of other years",
    "Of the earlier years' same calendar month: how many there are in the data, their median return, or in how many "
    "it was above zero. The month of the as-of session's own year is left out; fewer than eight are few.",
    symbol_of(),
    Parameter("month", "the calendar month, 1 to 12", None, "9", "count"),
    choice("stat", "how many, middle return, how many above zero", "n", "median", "positive"),
    examples=("season?month=9&of=INDEXSP:SPX&stat=median",),
)
def _season(answer: Answer) -> None:
    month, stat = int(answer["month"]), answer["stat"]
    if month > 12:
        raise NoData(f"month: there is no month {month}")
    series = line(answer.view, answer["of"])
    periods = complete(answer.view, "month")
    values = series.values
    kept = np.isfinite(values[periods.base] + values[periods.last])
    days = [as_date(series.sessions[at]) for at in periods.first]
    wanted = np.array([day.month == month and day.year < answer.view.as_of.year for day in days], bool)
    periods = periods.where(kept & wanted)
    if not len(periods) and stat != "n":
        raise NotTrue(f"no earlier year of the data has that month of {answer['of']}")
    if stat == "n":
        answer.value("count", len(periods), "years")
    elif stat == "positive":
        answer.value("count", int((values[periods.last] > values[periods.base]).sum()), "years")
        answer.tags.add("positive")
    else:
        changes = [
            percent_change(series.exact(int(base)), series.exact(int(last)))
            for base, last in zip(periods.base, periods.last, strict=True)
        ]
        change = percent(median(changes))
        answer.value("change", change, "percent", 2)
        answer.direction(change)
        answer.tags.add("median")
    answer.names(answer["of"])
    answer.month("month", date(answer.view.as_of.year - (month > answer.view.as_of.month), month, 1))
    if stat != "n":
        answer.count("n", len(periods), "years")
    answer.day("data_start", series.day(series.start))
    answer.tags |= {"season", "earlier"}
    if len(periods) < FEW:
        answer.tags.add("few")
    answer.span(series, series.start, len(series.sessions) - 1)


@metric(
    "year-start",
    "Best or worst start of a year since",
    "The last earlier year whose first sessions, as many as this year has had, brought at least as much (best) or as "
    "little (worst). Best is said only of a rise and worst only of a fall, and not when the year before did as well.",
    symbol_of(),
    choice("side", "best or worst", "best", "worst"),
    examples=("year-start?of=INDEXSP:SPX&side=worst",),
)
def _year_start(answer: Answer) -> None:
    side = answer["side"]
    starts = _starts(answer)
    series, change, this = starts.series, starts.change, answer.view.as_of.year
    if not (change > 0 if side == "best" else change < 0):
        raise NotTrue(f"{answer['of']} did not {'rise' if side == 'best' else 'fall'} since the year began")
    v = series.values
    against = compare_changes(v[starts.bases], v[starts.ends], v[[starts.base]], v[[starts.last]])
    reached = np.flatnonzero(against >= 0 if side == "best" else against <= 0)
    if not len(reached):
        raise NotTrue(f"no earlier start of a year in the data was as {'good' if side == 'best' else 'bad'}")
    at = int(reached[-1])
    if starts.years[at] == this - 1:
        raise NotTrue(
            "the year before began at least as well" if side == "best" else "the year before began as badly"
        )
    answer.value("year", starts.years[at], "")
    answer.names(answer["of"])
    answer.part("change", "change", change, "percent", 2)
    answer.count("sessions", starts.count, "sessions")
    answer.direction(change)
    answer.tags |= {side, "since", "first"}
    answer.rows([series], [starts.bases[at], starts.ends[at], starts.base, starts.last])
    answer.span(series, series.start, starts.last)


@dataclass(frozen=True, slots=True)
class _Starts:
    """The first sessions of this year and, as many, of each earlier one in the data, by position."""

    series: Line
    count: int
    base: int
    last: int
    change: Decimal  # of this year's, in percent
    years: list[int]
    bases: list[int]  # the last close of the year before
    ends: list[int]


def _starts(answer: Answer) -> _Starts:
    series = current(line(answer.view, answer["of"]))
    days = series.sessions
    years = days.astype("datetime64[Y]").astype(int) + 1970
    this = answer.view.as_of.year
    firsts = {int(year): int(np.searchsorted(years, year)) for year in np.unique(years)}
    count = len(days) - firsts[this]
    base, last = firsts[this] - 1, len(days) - 1
    if base < 0:
        raise NoData("the calendar has no year before")
    change = percent(percent_change(series.exact(base), series.exact(last)))
    bases, ends, found = [], [], []
    for year, first in firsts.items():
        at = first + count - 1
        inside = year < this and first >= 1 and at < len(days) and years[at] == year
        if inside and np.isfinite(series.values[first - 1] + series.values[at]):
            bases.append(first - 1)
            ends.append(at)
            found.append(year)
    if not found:
        raise NoData(f"{answer['of']}: the data hold no earlier year's start")
    return _Starts(series, count, base, last, change, found, bases, ends)


@metric(
    "year-rest",
    "The rest of years that began alike",
    "Of the earlier years whose first sessions, as many as this year has had, rose as this year's did (or fell as "
    "they did): how many there are in the data, the median return from there to the year's last close, or in how many "
    "it was above zero. Fewer than eight are few.",
    symbol_of(),
    choice("stat", "how many, middle return, how many above zero", "n", "median", "positive"),
    examples=("year-rest?of=INDEXSP:SPX&stat=median",),
)
def _year_rest(answer: Answer) -> None:
    stat = answer["stat"]
    starts = _starts(answer)
    series, v = starts.series, starts.series.values
    if not starts.change:
        raise NotTrue(f"{answer['of']} stands where the year began")
    days = series.sessions.astype("datetime64[Y]").astype(int) + 1970
    alike = []
    for year, base, end in zip(starts.years, starts.bases, starts.ends, strict=True):
        close = int(np.searchsorted(days, year, side="right")) - 1
        if (
            close > end
            and np.isfinite(v[close])
            and (v[end] > v[base] if starts.change > 0 else v[end] < v[base])
        ):
            alike.append((end, close))
    if not alike and stat != "n":
        raise NotTrue(f"no earlier year of the data began like this one of {answer['of']}")
    if stat == "n":
        answer.value("count", len(alike), "years")
    elif stat == "positive":
        answer.value("count", sum(1 for end, close in alike if v[close] > v[end]), "years")
        answer.tags.add("positive")
    else:
        change = percent(
            median([percent_change(series.exact(end), series.exact(close)) for end, close in alike])
        )
        answer.value("change", change, "percent", 2)
        answer.direction(change)
        answer.tags.add("median")
    answer.names(answer["of"])
    answer.count("sessions", starts.count, "sessions")
    if stat != "n":
        answer.count("n", len(alike), "years")
    answer.day("data_start", series.day(series.start))
    answer.tags |= {"season", "earlier", "first"}
    if len(alike) < FEW:
        answer.tags.add("few")
    answer.span(series, series.start, starts.last)
