"""Macro series: the latest reading known, its change, and its change over twelve months.

Owns what each series is called and how its changes are counted. A missing period stays missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from broadtape.metrics.registry import Answer, Parameter, choice, metric
from broadtape.metrics.series import as_date, percent, percent_change
from broadtape.model import NoData, Readings

Changes = Literal["percent", "points", "unit"]


@dataclass(frozen=True, slots=True)
class Series:
    """A macro series as prose names it. `changes`: in percent, in percentage points, or in its own unit."""

    name: str
    unit: str
    decimals: int
    changes: Changes


SERIES = {
    "CPIAUCSL": Series("consumer price index", "points", 1, "percent"),
    "CPILFESL": Series("consumer price index excluding food and energy", "points", 1, "percent"),
    "PPIACO": Series("producer price index", "points", 1, "percent"),
    "PCEPI": Series("personal consumption expenditures price index", "points", 1, "percent"),
    "PCEPILFE": Series(
        "personal consumption expenditures price index excluding food and energy", "points", 1, "percent"
    ),
    "UNRATE": Series("unemployment rate", "percent", 1, "points"),
    "PAYEMS": Series("nonfarm payrolls", "thousand jobs", 0, "unit"),
    "A191RL1Q225SBEA": Series("annual rate of real economic growth", "percent", 1, "points"),
    "DGS2": Series("two-year Treasury yield", "percent", 2, "points"),
    "DGS10": Series("10-year Treasury yield", "percent", 2, "points"),
    "DGS30": Series("30-year Treasury yield", "percent", 2, "points"),
    "T10Y2Y": Series("gap between 10-year and two-year Treasury yields", "percentage points", 2, "points"),
    "T10YIE": Series("10-year breakeven inflation rate", "percent", 2, "points"),
    "BAMLH0A0HYM2": Series("high-yield bond spread", "percentage points", 2, "points"),
    "DFF": Series("effective federal funds rate", "percent", 2, "points"),
    "FEDFUNDS": Series("monthly average federal funds rate", "percent", 2, "points"),
    "ECBDFR": Series("European Central Bank deposit rate", "percent", 2, "points"),
    "DCOILWTICO": Series("West Texas Intermediate crude oil price", "USD", 2, "unit"),
    "VIXCLS": Series("Cboe Volatility Index", "points", 2, "unit"),
}


def series_of(name: str) -> Series:
    """How a series is called and counted; an unknown one goes by its id, in its own unit."""
    return SERIES.get(name) or Series(name, "", 2, "unit")


def spacing(periods: np.ndarray[tuple[int], np.dtype[np.datetime64]]) -> Literal["day", "month", "quarter"]:
    """Whether periods are days (or weeks), months or quarters, by their usual distance."""
    if len(periods) < 2:
        return "month" if as_date(periods[-1]).day == 1 else "day"
    usual = int(np.median(np.diff(periods[-13:]).astype(np.int64)))
    return "day" if usual < 27 else "month" if usual < 80 else "quarter"


def _months_before(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def _earlier(readings: Readings, every: str, transform: str) -> int:
    """The reading a change counts from, a period or twelve months before; NoData where it is missing."""
    last = as_date(readings.periods[-1])
    if every == "day":
        wanted = last - timedelta(days=1) if transform == "change" else _year_before(last)
        at = int(np.searchsorted(readings.periods, np.datetime64(wanted), side="right")) - 1
        if at < 0 or (wanted - as_date(readings.periods[at])).days > 6:
            raise NoData(f"{readings.series}: no reading within a week before {wanted}")
        return at
    step = 12 if transform == "yoy" else 1 if every == "month" else 3
    wanted = _months_before(last, step)
    at = int(np.searchsorted(readings.periods, np.datetime64(wanted)))
    if at == len(readings.periods) or as_date(readings.periods[at]) != wanted:
        raise NoData(f"{readings.series}: there is no reading for {wanted:%Y-%m}, and missing stays missing")
    return at


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


@metric(
    "reading",
    "Reading of a macro series",
    "The latest reading known at the end of the as-of session, or its change: from the period before "
    "(change), or over twelve months (yoy). Indexes change in percent, rates in percentage points, other "
    "series in their own unit; a change needs both readings, and a period that was never published stays "
    "missing. A reading counts from its release, and as it was first known.",
    Parameter("series", "the series' id at its source", None, "CPIAUCSL", "name"),
    choice("transform", "the level, or its change", "level", "yoy", "change"),
    examples=("reading?series=CPIAUCSL&transform=yoy", "reading?series=UNRATE"),
)
def _reading(answer: Answer) -> None:
    name, transform = answer["series"], answer["transform"]
    readings = answer.view.readings(name)
    about = series_of(name)
    every = spacing(readings.periods)
    now = readings.values[-1]
    if transform == "level":
        answer.value("level", percent(now, about.decimals), about.unit, about.decimals)
    else:
        at = _earlier(readings, every, transform)
        before = readings.values[at]
        in_percent = about.changes == "percent" or (transform == "yoy" and about.changes == "unit")
        if in_percent and before <= 0:
            raise NoData(f"{name}: a change in percent needs a reading above zero, {before} is not")
        unit = "percent" if in_percent else "percentage points" if about.changes == "points" else about.unit
        decimals = 1 if in_percent else about.decimals
        change = percent(percent_change(before, now) if in_percent else now - before, decimals)
        answer.value("change", change, unit, decimals)
        answer.direction(change)
        _row(answer, readings, at)
    _period(answer, as_date(readings.periods[-1]), every)
    answer.part("series", "text", about.name)
    _row(answer, readings, len(readings.values) - 1)


def _period(answer: Answer, first: date, every: str) -> None:
    if every == "day":
        answer.day("period", first)
    elif every == "month":
        answer.month("period", first)
    else:
        answer.count("quarter", (first.month + 2) // 3, "quarter")
        answer.part("year", "year", first.year)


def _row(answer: Answer, readings: Readings, at: int) -> None:
    day = as_date(readings.periods[at])
    held = next((one for one in readings.held if one.day == day), None)
    if held is not None:
        raise NoData(f"{readings.series}: {held.reason}")
    answer.said(readings.series, day, "reading", f"{readings.values[at]:f}", readings.origin)
