"""Charts of a story as SVG: real text, light and dark, legible on a phone, the same bytes for the same data.

Owns how a chart looks. Does not choose what is drawn, compute a figure or word a claim: titles, labels and
alternative texts come from the story and are proved with it.

Lines differ by dash and end mark as well as by colour, bars by side and printed sign. The paper they stand on is
desk.canvas's; yield curves and heat tables are desk.curves' and desk.heat's. docs/contracts/charts.md has every kind.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from broadtape.desk.canvas import (
    LEADING,
    MARGIN,
    MONTHS,
    PLOT,
    ROW,
    TEXT,
    TONES,
    WIDTH,
    Drawing,
    cut,
    fold,
    width_of,
)
from broadtape.numbers import day as spelt
from broadtape.numbers import plain, signed_percent

MOST_LINES = 2
MOST_BARS = 16
MOST_MARKS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One series: the name printed at its end and its values by session, ascending, at least two."""

    name: str
    points: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A point to point at: a session of the first line, and a few words."""

    day: date
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: whose it is, and its signed value in percent."""

    name: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """A line chart before it is drawn: one or two lines over time.

    `unit` is "USD", "points" or a phrase such as "first session shown = 100"; `source` is printed as it
    stands, with the day of the newest value behind it. `alt` becomes the drawing's description.
    `shade` marks a stretch of sessions, both included, and `shade_label` says what they are.
    """

    title: str
    lines: tuple[Line, ...]
    unit: str
    source: str
    as_of: date
    alt: str = ""
    subtitle: str = ""  # default: the unit and the days shown
    decimals: int = 2
    baseline: Decimal | None = None  # a level to draw heavier, such as 100
    stepped: bool = False  # a value holds until the next: a rate that is set, not quoted
    filled: bool = False  # the first line is filled to the baseline: a drawdown
    marks: tuple[Mark, ...] = ()
    shade: tuple[date, date] | None = None
    shade_label: str = ""


@dataclass(frozen=True, slots=True)
class BarSpec:
    """A bar chart of signed percentages before it is drawn; bars stand in the order given."""

    title: str
    bars: tuple[Bar, ...]
    source: str
    as_of: date
    alt: str = ""
    subtitle: str = ""


def indexed(line: Line, base: Decimal = Decimal(100)) -> Line:
    """The line with its first value as `base`, at two decimals rounded half-up."""
    first = line.points[0][1]
    if first <= 0:
        raise ValueError(f"{line.name} starts at {first}; only a positive first value can be {base}")
    cent = Decimal("0.01")
    return Line(
        line.name,
        tuple(
            (day, (value * base / first).quantize(cent, rounding=ROUND_HALF_UP)) for day, value in line.points
        ),
    )


def line_chart(spec: ChartSpec) -> bytes:
    """The chart as an SVG file. ValueError when there is nothing to draw or more than fits."""
    _check_lines(spec)
    drawing = Drawing(spec.title, spec.alt or _describe(spec))
    days = [day for line in spec.lines for day, _ in line.points]
    first, last = min(days), max(days)
    top = drawing.heading(spec.title, spec.subtitle or _subtitle(spec, first, last))
    if spec.shade and spec.shade_label:
        top = drawing.key(top, spec.shade_label)

    low, high = _domain(spec)
    ticks = levels_between(low, high)
    places = places_of(ticks)
    shown = {tick: level_text(tick, places, spec.unit) for tick in ticks}
    left = MARGIN + max((width_of(text, TEXT) for text in shown.values()), default=0) + 12
    names = _end_names(spec.lines) if len(spec.lines) > 1 else []
    right = WIDTH - MARGIN - max((width_of(row, TEXT) for rows in names for row in rows), default=0)
    right -= 22 if names else 8
    top += 14
    bottom = top + PLOT

    def x(day: date) -> float:
        return left + (right - left) * (day - first).days / max((last - first).days, 1)

    def y(value: Decimal) -> float:
        return bottom - PLOT * float((value - low) / (high - low))

    if spec.shade:
        start, end = (min(max(day, first), last) for day in spec.shade)
        drawing.box("shade", x(start) - 3, top, x(end) - x(start) + 6, PLOT)
    for tick in ticks:
        heavy = tick == spec.baseline
        drawing.rule("quiet" if heavy else "grid", left, y(tick), right, y(tick), 2.5 if heavy else 1.5)
        drawing.text("quiet", left - 12, y(tick) + 9, shown[tick], anchor="end")
    drawing.rule("quiet", left, bottom, right, bottom, 2)
    _date_axis(drawing, first, last, x, bottom)
    if spec.filled and spec.baseline is not None:
        drawing.area("shade", [(x(day), y(value)) for day, value in spec.lines[0].points], y(spec.baseline))
    for number, line in reversed(list(enumerate(spec.lines))):
        points = [(x(day), y(value)) for day, value in line.points]
        drawing.path(TONES[number], _stairs(points) if spec.stepped else points, dashed=number > 0)
    ends = [y(line.points[-1][1]) for line in spec.lines]
    _end_labels(drawing, list(zip(ends, names, strict=False)), right, top, bottom)
    for number, line in enumerate(spec.lines):
        day, value = line.points[-1]
        drawing.end(number, x(day), y(value))
    _marks(drawing, spec, x, y, left, right, top)
    return drawing.finish(bottom + LEADING + 8, spec.source, spec.as_of)


def bar_chart(spec: BarSpec) -> bytes:
    """Signed percentages as horizontal bars about zero, as an SVG file; ValueError when none or too many."""
    if not 1 <= len(spec.bars) <= MOST_BARS:
        raise ValueError(f"a bar chart holds 1 to {MOST_BARS} bars, not {len(spec.bars)}")
    drawing = Drawing(spec.title, spec.alt or f"Bar chart: {', '.join(bar.name for bar in spec.bars)}.")
    top = drawing.heading(spec.title, spec.subtitle or "Percent") + 14
    names = [cut(bar.name, TEXT, 370) for bar in spec.bars]
    figures = [signed_percent(bar.value) for bar in spec.bars]
    left = MARGIN + max(width_of(name, TEXT) for name in names) + 16
    gap = max(width_of(figure, TEXT) for figure in figures) + 14
    least = min(*(float(bar.value) for bar in spec.bars), 0.0)
    most = max(*(float(bar.value) for bar in spec.bars), 0.0)
    space = WIDTH - MARGIN - left - gap * ((least < 0) + (most > 0))
    scale = space / (most - least) if most > least else 0.0
    zero = left + (gap if least < 0 else 0) - least * scale
    bottom = top + ROW * len(spec.bars)
    for row, (bar, name, figure) in enumerate(zip(spec.bars, names, figures, strict=True)):
        y = top + row * ROW
        size = float(bar.value) * scale
        drawing.text("ink", MARGIN, y + 29, name)
        drawing.box("two" if bar.value < 0 else "one", min(zero, zero + size), y + 6, abs(size), ROW - 12)
        below = bar.value < 0
        drawing.text(
            "ink", zero + size + (-8 if below else 8), y + 29, figure, anchor="end" if below else "start"
        )
    drawing.rule("quiet", zero, top, zero, bottom, 2)
    return drawing.finish(bottom + 4, spec.source, spec.as_of)


def data_csv(spec: ChartSpec | BarSpec) -> str:
    """What the chart shows, as CSV with a heading row: by session for lines, by name for bars."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if isinstance(spec, BarSpec):
        writer.writerow(["name", "percent"])
        writer.writerows([bar.name, f"{bar.value:f}"] for bar in spec.bars)
        return out.getvalue()
    writer.writerow(["date", *(line.name for line in spec.lines)])
    columns = [dict(line.points) for line in spec.lines]
    for day in sorted({day for column in columns for day in column}):
        cells = [f"{column[day]:f}" if day in column else "" for column in columns]
        writer.writerow([day.isoformat(), *cells])
    return out.getvalue()


# --- parts of a line chart --------------------------------------------------------------------------------


def _check_lines(spec: ChartSpec) -> None:
    if not 1 <= len(spec.lines) <= MOST_LINES:
        raise ValueError(f"a line chart holds 1 or {MOST_LINES} lines, not {len(spec.lines)}")
    for line in spec.lines:
        days = [day for day, _ in line.points]
        if len(days) < 2 or days != sorted(set(days)):
            raise ValueError(f"{line.name}: a line needs two sessions or more, ascending, each once")
    if len(spec.marks) > MOST_MARKS:
        raise ValueError(f"a line chart holds at most {MOST_MARKS} marks, not {len(spec.marks)}")


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points with a corner before each: level until the day of the change, then straight up or down."""
    corners = [(after[0], before[1]) for before, after in pairwise(points)]
    return [points[0], *(one for pair in zip(corners, points[1:], strict=True) for one in pair)]


def _domain(spec: ChartSpec) -> tuple[Decimal, Decimal]:
    """Lowest and highest level shown: the data with a little air, the baseline included."""
    values = [value for line in spec.lines for _, value in line.points]
    if spec.baseline is not None:
        values.append(spec.baseline)
    low, high = min(values), max(values)
    air = (high - low) * Decimal("0.06") or abs(high) * Decimal("0.01") or Decimal(1)
    return low - air, high + air * (3 if spec.marks else 1)  # a mark's label stands above its point


def levels_between(low: Decimal, high: Decimal) -> list[Decimal]:
    """Three to six round levels between the two."""
    rough = (high - low) / 5
    power = Decimal(10) ** rough.adjusted()
    step = next(power * factor for factor in (1, 2, Decimal("2.5"), 5, 10) if power * factor >= rough)
    level = (low / step).to_integral_value(rounding="ROUND_CEILING") * step + 0  # no negative zero
    levels = []
    while level <= high:
        levels.append(level)
        level += step
    return levels


def places_of(levels: Sequence[Decimal]) -> int:
    """The decimals that all levels need."""
    return max((max(-int(level.normalize().as_tuple().exponent), 0) for level in levels), default=0)


def level_text(value: Decimal, places: int, unit: str) -> str:
    """A level as an axis prints it."""
    shown = plain(value, places)
    if unit == "percent":
        return f"{shown}%"
    if unit != "USD":
        return shown
    return f"−${shown[1:]}" if shown.startswith("−") else f"${shown}"


def _date_axis(drawing: Drawing, first: date, last: date, x: Callable[[date], float], bottom: float) -> None:
    """Ticks at round dates; every label, or every second, third … where they would touch."""
    placed = []
    for day, label in _dates(first, last):
        half = width_of(label, TEXT) / 2
        drawing.rule("quiet", x(day), bottom, x(day), bottom + 7, 2)
        placed.append((min(max(x(day), MARGIN + half), WIDTH - MARGIN - half), half, label))
    for stride in range(1, len(placed) + 1):
        shown = placed[::stride]
        if all(a + half + 10 <= b - other for (a, half, _), (b, other, _) in pairwise(shown)):
            break
    else:
        return
    for centre, _, label in shown:
        drawing.text("quiet", centre, bottom + LEADING, label, anchor="middle")


def _dates(first: date, last: date) -> list[tuple[date, str]]:
    """Ticks for the stretch: days, Mondays, months, quarters or years, by its length; January is its year."""
    span = (last - first).days
    if span <= 12:
        every = [first + timedelta(days=step) for step in range(0, span + 1, 1 if span <= 6 else 3)]
        return [(day, _short(day)) for day in every if day.weekday() < 5]
    if span <= 75:
        monday = first + timedelta(days=-first.weekday() % 7)
        weeks = 1 if span <= 35 else 2
        return [(day, _short(day)) for day in _steps(monday, last, weeks * 7)]
    if span <= 800:
        months = 1 if span <= 190 else 2 if span <= 380 else 3 if span <= 560 else 6
        return [
            (day, str(day.year) if day.month == 1 else MONTHS[day.month - 1])
            for day in _firsts(first, last)
            if (day.month - 1) % months == 0
        ]
    years = next(step for step in (1, 2, 5, 10, 20, 50, 100) if span / 365.25 / step <= 6)
    return [(day, str(day.year)) for day in _firsts(first, last) if day.month == 1 and day.year % years == 0]


def _steps(start: date, last: date, days: int) -> list[date]:
    return [start + timedelta(days=step) for step in range(0, (last - start).days + 1, days)]


def _firsts(first: date, last: date) -> list[date]:
    """The first of each month within the stretch."""
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    firsts = (date(month // 12, month % 12 + 1, 1) for month in months)
    return [day for day in firsts if first <= day <= last]


def _end_names(lines: Sequence[Line]) -> list[list[str]]:
    """The names in rows as narrow as their longest word allows, within a fifth to a third of the width."""
    longest = max(width_of(word, TEXT) for line in lines for word in line.name.split() or [""])
    return [fold(line.name, TEXT, min(max(longest, 165), 230)) for line in lines]


def _end_labels(
    drawing: Drawing, labels: Sequence[tuple[float, list[str]]], right: float, top: float, bottom: float
) -> None:
    """Names beside the line ends, moved apart where they would touch."""
    if not labels:
        return
    heights = [len(rows) * 28.0 for _, rows in labels]
    tops = [at - height / 2 for (at, _), height in zip(labels, heights, strict=True)]
    upper, lower = sorted(range(len(labels)), key=lambda number: tops[number])
    overlap = tops[upper] + heights[upper] + 6 - tops[lower]
    if overlap > 0:
        tops[upper] -= overlap / 2
        tops[lower] += overlap / 2
    shift = max(top - tops[upper], 0.0) or min(bottom - tops[lower] - heights[lower], 0.0)
    for number, (_, rows) in enumerate(labels):
        for row, text in enumerate(rows):
            drawing.text(TONES[number], right + 18, tops[number] + shift + 22 + row * 28, text)


def _marks(
    drawing: Drawing,
    spec: ChartSpec,
    x: Callable[[date], float],
    y: Callable[[Decimal], float],
    left: float,
    right: float,
    top: float,
) -> None:
    values = dict(spec.lines[0].points)
    for mark in spec.marks:
        if mark.day not in values:
            raise ValueError(
                f"the mark {mark.label!r} is on {mark.day}, which {spec.lines[0].name} does not have"
            )
        at, height = x(mark.day), y(values[mark.day])
        label = cut(mark.label, TEXT, right - left)
        half = width_of(label, TEXT) / 2
        drawing.ring(at, height)
        above = height - 16 if height - 40 > top else height + 36
        drawing.text("ink", min(max(at, left + half), right - half), above, label, anchor="middle", halo=True)


# --- text ---------------------------------------------------------------------------------------------------


def _subtitle(spec: ChartSpec, first: date, last: date) -> str:
    """The unit, unless the title says it, and the days shown."""
    unit = "U.S. dollars" if spec.unit == "USD" else spec.unit
    shown = _range(first, last)
    return shown if unit.lower() in spec.title.lower() else f"{unit[:1].upper()}{unit[1:]}, {shown}"


def _describe(spec: ChartSpec) -> str:
    """The description where the story gave none: what is drawn, no figures."""
    days = [day for line in spec.lines for day, _ in line.points]
    names = " and ".join(line.name for line in spec.lines)
    return f"Line chart of {names}, {_range(min(days), max(days))}."


def _short(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.day}"


def _range(first: date, last: date) -> str:
    return f"{spelt(first, reference=last)}–{spelt(last)}"
