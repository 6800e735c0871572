"""Macro series: a reading known, its change, its trend, and how far it stands out from the series' past.

Owns what each series is called and how its changes are counted. A missing period stays missing. What one yield
says beside another is metrics.curve's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import numpy as np

from broadtape.metrics.registry import Answer, Parameter, choice, metric
from broadtape.metrics.series import as_date, percent, percent_change
from broadtape.model import BadParameter, NoData, NotTrue, Readings

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
    "DCOILBRENTEU": Series("Brent crude oil price", "USD", 2, "unit"),
    "BAMLC0A0CM": Series("investment-grade bond spread", "percentage points", 2, "points"),
    "DTWEXBGS": Series("trade-weighted dollar index", "points", 2, "percent"),
    "EXR.D.USD.EUR.SP00.A": Series("euro reference rate", "USD", 4, "percent"),
    "DEXUSEU": Series("price of a euro in dollars", "USD", 4, "percent"),
    "GOLDPMGBD228NLBM": Series("London gold price", "USD", 2, "unit"),
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


def _earlier(readings: Readings, every: str, transform: str, at: int) -> int:
    """The reading that a change to position `at` counts from; NoData where it is missing."""
    day = as_date(readings.periods[at])
    if every == "day":
        if transform == "annualised":
            raise BadParameter("transform: a daily series has no annual rate; ask yoy or change")
        wanted = day - timedelta(days=1) if transform == "change" else _year_before(day)
        found = int(np.searchsorted(readings.periods, np.datetime64(wanted), side="right")) - 1
        if found < 0 or (wanted - as_date(readings.periods[found])).days > 6:
            raise NoData(f"{readings.series}: no reading within a week before {wanted}")
        return found
    step = {"yoy": 12, "annualised": 3}.get(transform, 1 if every == "month" else 3)
    wanted = _months_before(day, step)
    there = position(readings, wanted)
    if there is None:
        raise NoData(f"{readings.series}: there is no reading for {wanted:%Y-%m}, and missing stays missing")
    return there


def position(readings: Readings, period: date) -> int | None:
    """Where a period stands in the readings; None where it has none."""
    at = int(np.searchsorted(readings.periods, np.datetime64(period, "D")))
    there = at < len(readings.periods) and as_date(readings.periods[at]) == period
    return at if there else None


def changed(readings: Readings, every: str, transform: str, at: int) -> tuple[Decimal, str, int, int]:
    """Change to position `at`, its unit and decimals, and the position it counts from; not yet rounded."""
    about = series_of(readings.series)
    base = _earlier(readings, every, transform, at)
    before, now = readings.values[base], readings.values[at]
    in_percent = about.changes == "percent" or (transform != "change" and about.changes == "unit")
    if transform == "annualised" and not in_percent:
        raise BadParameter(
            f"transform: {readings.series} is no index or amount that grows; ask yoy or change"
        )
    if not in_percent:
        unit = "percentage points" if about.changes == "points" else about.unit
        return now - before, unit, about.decimals, base
    if before <= 0 or now <= 0:
        raise NoData(
            f"{readings.series}: a change in percent needs readings above zero; {before}, {now} are not both"
        )
    change = percent_change(before, now)
    if transform == "annualised":
        change = ((1 + change / 100) ** 4 - 1) * 100
    return change, "percent", 1, base


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


_SERIES = Parameter("series", "the series' id at its source", None, "CPIAUCSL", "name")


@metric(
    "reading",
    "Reading of a macro series",
    "A reading known at the end of the as-of session, the latest unless its period is named, or its change: from "
    "the period before (change), over twelve months (yoy), or over three months as an annual rate "
    "(annualised). Indexes change in percent, rates in percentage points, other series in their own unit; a "
    "change needs both readings, and a period that was never published stays missing. A reading counts from its "
    "release, and as it was first known.",
    _SERIES,
    choice("transform", "the level, or its change", "level", "yoy", "change", "annualised"),
    Parameter("period", "the month or the day read; the latest if left out", "", "2025-11", "period"),
    examples=(
        "reading?series=CPIAUCSL&transform=yoy",
        "reading?series=UNRATE",
        "reading?period=2025-09&series=CPIAUCSL&transform=yoy",
    ),
    version=2,
)
def _reading(answer: Answer) -> None:
    name, transform = answer["series"], answer["transform"]
    readings = answer.view.readings(name)
    every = spacing(readings.periods)
    at = _asked(readings, answer["period"])
    _said(answer, readings, every, transform, at)
    _period(answer, "period", as_date(readings.periods[at]), every)
    answer.part("series", "text", series_of(name).name)
    if transform == "yoy":
        answer.count("span", 12, "months")
    elif transform == "annualised":
        answer.count("span", 3, "months")
        answer.tags.add("annualised")
    if (
        every != "day"
        and at
        and position(readings, _months_before(as_date(readings.periods[at]), 1 if every == "month" else 3))
        is None
    ):
        answer.tags.add("gap")  # the period before was never published
    _row(answer, readings, at)


def _asked(readings: Readings, period: str) -> int:
    """The position of the period asked for, the last when none is; NoData where it has no reading."""
    if not period:
        return len(readings.values) - 1
    if "W" in period:
        raise BadParameter(f"period: {period} is a week; name the month or the day read")
    wanted = date.fromisoformat(period if len(period) > 7 else f"{period}-01")
    at = position(readings, wanted)
    if at is None:
        raise NoData(f"{readings.series}: no reading for {period} was known, and missing stays missing")
    return at


def _said(answer: Answer, readings: Readings, every: str, transform: str, at: int) -> None:
    """The level or the change at a position as the answer's value, with the row it counts from."""
    about = series_of(readings.series)
    if transform == "level":
        answer.value("level", percent(readings.values[at], about.decimals), about.unit, about.decimals)
        return
    exactly, unit, decimals, base = changed(readings, every, transform, at)
    change = percent(exactly, decimals)
    answer.value("change", change, unit, decimals)
    answer.direction(change)
    _row(answer, readings, base)


@metric(
    "reading-extreme",
    "Highest or lowest reading since",
    "The latest reading known, or its change over twelve months, with the last earlier one that was as high "
    "(for lows: as low) or more so; figures are compared as printed. Nothing is said when that is the reading "
    "before; where no earlier one was, it is the highest or lowest in the data.",
    _SERIES,
    choice("transform", "the level, or its change over twelve months", "level", "yoy"),
    choice("side", "highest or lowest", "high", "low"),
    examples=("reading-extreme?series=CPIAUCSL&transform=yoy", "reading-extreme?series=DGS10&side=low"),
)
def _reading_extreme(answer: Answer) -> None:
    name, transform, sign = answer["series"], answer["transform"], 1 if answer["side"] == "high" else -1
    readings = answer.view.readings(name)
    every = spacing(readings.periods)
    values = _all(readings, every, transform)
    last = len(readings.values) - 1
    now = values[last]
    before = [at for at in range(last) if values[at] is not None]
    if now is None or not before:
        raise NoData(f"{name}: there is no earlier reading to compare {as_date(readings.periods[last])} with")
    as_far = next((at for at in reversed(before) if (values[at] - now) * sign >= 0), None)  # type: ignore[operator]  # none is None
    if as_far == before[-1]:
        raise NotTrue(f"{name}: the reading before was as {answer['side']}")
    _said(answer, readings, every, transform, last)
    _period(answer, "period", as_date(readings.periods[last]), every)
    answer.part("series", "text", series_of(name).name)
    if transform == "yoy":
        answer.count("span", 12, "months")
    answer.tags.add("highest" if sign > 0 else "lowest")
    if as_far is None:
        answer.tags.add("in-data")
    else:
        answer.tags.add("since")
        answer.day("since", readings.periods[as_far]) if every == "day" else answer.month(
            "since", as_date(readings.periods[as_far])
        )
        then = values[as_far]
        head = answer.parts[0]
        if then is not None:
            answer.part("then", head.kind, then, head.unit, head.decimals)
        _row(answer, readings, as_far)
    answer.day("data_start", readings.periods[before[0]])
    _row(answer, readings, last)
    _span(answer, readings)


def course_of(readings: Readings, transform: str) -> list[tuple[date, Decimal | None]]:
    """Every period with its reading, or its change, as printed; None where a change has nothing to count from."""
    values = _all(readings, spacing(readings.periods), transform)
    return list(zip(map(as_date, readings.periods), values, strict=True))


def _all(readings: Readings, every: str, transform: str) -> list[Decimal | None]:
    """Every reading (or change) as printed; None where a change has nothing to count from."""
    places = series_of(readings.series).decimals
    if transform == "level":
        return [percent(value, places) for value in readings.values]
    found: list[Decimal | None] = []
    for at in range(len(readings.values)):
        try:
            change, _, decimals, _ = changed(readings, every, transform, at)
        except NoData:
            found.append(None)
        else:
            found.append(percent(change, decimals))
    return found


@metric(
    "reading-beyond",
    "Readings further out",
    "How many earlier readings in the data were higher (for lows: lower) than the latest one known, of how many "
    "in all; figures are compared as printed, and equal ones are not counted.",
    _SERIES,
    choice("side", "how many were higher, or lower", "high", "low"),
    examples=("reading-beyond?series=BAMLH0A0HYM2",),
)
def _reading_beyond(answer: Answer) -> None:
    name, sign = answer["series"], 1 if answer["side"] == "high" else -1
    readings = answer.view.readings(name)
    about = series_of(name)
    printed = [percent(value, about.decimals) for value in readings.values]
    if len(printed) < 2:
        raise NoData(f"{name}: there is no earlier reading to compare with")
    answer.value("count", sum((one - printed[-1]) * sign > 0 for one in printed[:-1]), "readings")
    answer.count("total", len(printed) - 1, "readings")
    answer.part("series", "text", about.name)
    answer.part("level", "level", printed[-1], about.unit, about.decimals)
    answer.day("data_start", readings.periods[0])
    answer.tags |= {"beyond", "highest" if sign > 0 else "lowest", "earlier"}
    _row(answer, readings, len(printed) - 1)
    _span(answer, readings)


@metric(
    "reading-mean",
    "Mean of the last readings",
    "The mean of a monthly or quarterly series over so many periods in a row up to the latest known, or of its changes "
    "from the period before. Where one of them was never published there is no mean.",
    _SERIES,
    choice("transform", "the readings, or their changes", "level", "change"),
    Parameter("last", "how many periods", "3", "12", "count"),
    examples=("reading-mean?last=12&series=PAYEMS&transform=change",),
)
def _reading_mean(answer: Answer) -> None:
    name, transform, count = answer["series"], answer["transform"], int(answer["last"])
    readings = answer.view.readings(name)
    every = spacing(readings.periods)
    if every == "day" or count < 2:
        raise BadParameter(f"last: a mean is of two months or quarters and more; {name} has one a {every}")
    step = 1 if every == "month" else 3
    newest = as_date(readings.periods[-1])
    places = [position(readings, _months_before(newest, step * back)) for back in reversed(range(count))]
    known = [at for at in places if at is not None]
    if len(known) < count:
        raise NoData(
            f"{name}: not every one of the last {count} periods has a reading, and missing stays missing"
        )
    about = series_of(name)
    if transform == "level":
        parts, unit, decimals = [readings.values[at] for at in known], about.unit, about.decimals
    else:
        told = [changed(readings, every, "change", at) for at in known]
        parts, (unit, decimals) = [one[0] for one in told], told[0][1:3]
        _row(answer, readings, told[0][3])
    mean = percent(sum(parts, Decimal(0)) / count, decimals)
    answer.value("level" if transform == "level" else "change", mean, unit, decimals)
    answer.part("series", "text", about.name)
    answer.count("span", count, "months" if every == "month" else "quarters")
    _period(answer, "period", newest, every)
    answer.tags |= {"mean"}
    if transform == "change":
        answer.direction(mean)
    for at in known:
        _row(answer, readings, at)


def _period(answer: Answer, name: str, first: date, every: str) -> None:
    if every == "day":
        answer.day(name, first)
    elif every == "month":
        answer.month(name, first)
    else:
        answer.count("quarter", (first.month + 2) // 3, "quarter")
        answer.part("year", "year", first.year)


def _span(answer: Answer, readings: Readings) -> None:
    """Names every reading in view as the rest of the evidence."""
    answer.group_span(
        readings.series,
        "reading",
        as_date(readings.periods[0]),
        as_date(readings.periods[-1]),
        np.array([float(value) for value in readings.values]),
        [readings.origin],
    )


def _row(answer: Answer, readings: Readings, at: int) -> None:
    day = as_date(readings.periods[at])
    held = next((one for one in readings.held if one.day == day), None)
    if held is not None:
        raise NoData(f"{readings.series}: {held.reason}")
    answer.said(readings.series, day, "reading", f"{readings.values[at]:f}", readings.origin)
