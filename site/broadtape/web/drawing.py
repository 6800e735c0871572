"""The chart of a quote page as the server draws it: a range of sessions, alone or beside another instrument.

Pure: series in, path data and words out. What a browser draws in its place is static/chart.js's, from the same
sessions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from broadtape import numbers
from broadtape.web.contexts import ChartMark, LineChart
from broadtape.web.quotes import as_price, months_back

if TYPE_CHECKING:
    from broadtape.web.quotes import Series

RANGES = {"1m": ("1M", 1), "6m": ("6M", 6), "1y": ("1Y", 12), "5y": ("5Y", 60), "max": ("Max", 0)}
RANGE = "1y"  # where the address names none
FEWEST = 5  # closes that make a line
POINTS = 720  # of a drawn line: one for each unit of its width
LONG = timedelta(days=900)  # from here on the axis names years
_EDGE = 0.05  # of the width: a label nearer to the left edge would be cut off
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 300, 4, 640, 14, 268


def line_chart(of: Series, name: str, chosen: str = RANGE) -> LineChart | None:
    """The range as a line, growth of 100 where closes include dividends; None under five closes."""
    first = _first(of, chosen)
    days, closes = of.days[first:], of.closes[first:]
    if len(closes) < FEWEST:
        return None
    if not of.price:
        closes = tuple(100 * close / closes[0] for close in closes)
    lowest, highest = closes.index(min(closes)), closes.index(max(closes))

    def said(place: int) -> str:
        close = closes[place]
        return as_price(close, of) if of.price else numbers.plain(close, 1)

    what = "Closing prices" if of.price and of.unit == "USD" else "Closing levels" if of.price else (
        "Growth of 100 including dividends")  # fmt: skip
    drawn = _Drawing(days, (_floats(closes),))
    return drawn.chart(
        title=f"{name}: {what[0].lower()}{what[1:]}, {numbers.day(days[0])} to {numbers.day(days[-1])}",
        description=(
            f"{what} from {said(0)} on {numbers.day(days[0])} to {said(-1)} on {numbers.day(days[-1])}; "
            f"lowest {said(lowest)} on {numbers.day(days[lowest])}, "
            f"highest {said(highest)} on {numbers.day(days[highest])}."
        ),
    )


def compared(of: Series, other: Series, names: tuple[str, str], chosen: str = RANGE) -> LineChart | None:
    """Both as change in percent from the first session of the range that both have; None under five in common."""
    theirs = dict(zip(other.days, other.closes, strict=True))
    first = _first(of, chosen)
    both = [
        (day, close, theirs[day])
        for day, close in zip(of.days[first:], of.closes[first:], strict=True)
        if day in theirs
    ]
    if len(both) < FEWEST:
        return None
    days = tuple(day for day, _, _ in both)
    (_, mine, its) = both[0]
    lines = (
        tuple(float(close / mine - 1) * 100 for _, close, _ in both),
        tuple(float(close / its - 1) * 100 for _, _, close in both),
    )
    ends = [numbers.signed_percent(Decimal(repr(line[-1])), decimals=2) for line in lines]
    totals = [
        name for name, one in zip(names, (of, other), strict=True) if not one.price
    ]  # a price return beside one with dividends must be said
    note = f" {numbers.listing(totals)} with dividends." if totals else ""
    drawn = _Drawing(days, lines, percent=True)
    return drawn.chart(
        title=f"{names[0]} and {names[1]}: change in percent, {numbers.day(days[0])} to {numbers.day(days[-1])}",
        description=(
            f"Change since the close of {numbers.day(days[0])}, to {numbers.day(days[-1])}: "
            f"{names[0]} {ends[0]}, {names[1]} {ends[1]}.{note}"
        ),
        names=names,
    )


def available(of: Series) -> list[str]:
    """The ranges that show something of their own: not those that reach beyond the data of a shorter one."""
    found = []
    for name, (_, months) in RANGES.items():
        if months == 0 or _first(of, name) > 0:
            found.append(name)
    return found


def _first(of: Series, chosen: str) -> int:
    months = RANGES[chosen][1]
    if months == 0:
        return 0
    return of.before(months_back(of.day, months)) or 0


def _floats(closes: Sequence[Decimal]) -> tuple[float, ...]:
    return tuple(float(close) for close in closes)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Lines over the same days in one box."""

    days: tuple[date, ...]
    lines: tuple[tuple[float, ...], ...]
    percent: bool = False

    def chart(self, *, title: str, description: str, names: tuple[str, str] = ("", "")) -> LineChart:
        lowest = min(map(min, self.lines))
        low, high, step = _scale(lowest, max(map(max, self.lines)))
        if self.percent and lowest >= -100 > low:
            low = -100.0  # nothing loses more than all
        first = self.days[0].toordinal()
        length = max(1, self.days[-1].toordinal() - first)

        def x(day: date) -> float:
            return _LEFT + (day.toordinal() - first) / length * (_RIGHT - _LEFT)

        def y(value: float) -> float:
            return _BOTTOM - (value - low) / (high - low) * (_BOTTOM - _TOP)

        paths = []
        for line in self.lines:
            kept = _thinned(line)
            paths.append("M" + "L".join(f"{x(self.days[at]):.1f} {y(line[at]):.1f}" for at in kept))
        start = math.ceil(low / step - 1e-9) * step
        marks = [start + step * number for number in range(round((high - start) / step) + 1)]
        places = next((n for n in range(6) if abs(round(step, n) - step) < step / 1000), 6)
        years = self.days[-1] - self.days[0] > LONG
        labels = _years(self.days) if years else _months(self.days)
        bottom = f"L{x(self.days[-1]):.1f} {_BOTTOM}L{_LEFT} {_BOTTOM}Z"
        return LineChart(
            width=_WIDTH,
            height=_HEIGHT,
            left=_LEFT,
            right=_RIGHT,
            bottom=_BOTTOM,
            line=paths[0],
            area="" if self.percent else paths[0] + bottom,
            xs=tuple(ChartMark(f"{x(day):.1f}", label) for day, label in labels),
            ys=tuple(ChartMark(f"{y(value):.1f}", self._mark(value, places)) for value in marks),
            title=title,
            description=description,
            other=paths[1] if len(paths) > 1 else "",
            names=names,
        )

    def _mark(self, value: float, places: int) -> str:
        if not self.percent:
            return f"{value:,.{places}f}"
        return f"{value:+,.{places}f}%".replace("-", "−").replace("+0%", "0%")


def _thinned(values: Sequence[float]) -> list[int]:
    """The places to draw: all of few; of many the lowest and the highest of each stretch, and both ends."""
    if len(values) <= POINTS:
        return list(range(len(values)))
    width = len(values) / (POINTS // 2)
    kept = {0, len(values) - 1}
    for number in range(POINTS // 2):
        stretch = range(int(number * width), int((number + 1) * width))
        kept |= {min(stretch, key=values.__getitem__), max(stretch, key=values.__getitem__)}
    return sorted(kept)


def _scale(low: float, high: float) -> tuple[float, float, float]:
    """Round bounds around the values and a round step that makes three to six intervals."""
    span = (high - low) or abs(high) * 0.02 or 1.0
    rough = span / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    return math.floor(low / step) * step, math.ceil(high / step + 1e-9) * step, step


def _months(days: tuple[date, ...]) -> Iterator[tuple[date, str]]:
    """The first session of every month, thinned where there are many; the year at first and in January."""
    firsts = [
        day
        for before, day in pairwise(days)
        if before.month != day.month and (day - days[0]).days > _EDGE * (days[-1] - days[0]).days
    ]
    every = 1 if len(firsts) <= 4 else 2 if len(firsts) <= 8 else 3 if len(firsts) <= 14 else 6
    for number, day in enumerate(firsts):
        if number % every == 0:
            name = numbers.month(day).split()[0][:3]
            yield day, f"{name} {day.year}" if number == 0 or day.month <= every else name


def _years(days: tuple[date, ...]) -> Iterator[tuple[date, str]]:
    """The first session of every year, or of every second, fifth or tenth."""
    firsts = [
        day
        for before, day in pairwise(days)
        if before.year != day.year and (day - days[0]).days > _EDGE * (days[-1] - days[0]).days
    ]
    every = next((n for n in (1, 2, 5, 10) if len(firsts) <= 6 * n), 20)
    for day in firsts:
        if day.year % every == 0:
            yield day, str(day.year)
