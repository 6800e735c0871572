"""Charts of a story as SVG: real text, light and dark, legible on a phone, the same bytes for the same data.

Owns how a chart looks. Does not choose what is drawn, compute a figure or word a claim: titles, labels and
alternative texts come from the story and are proved with it.

The light look is in presentation attributes, so a chart reads even where a policy forbids its style sheet;
the style sheet only recolours it for readers who prefer dark. Lines differ by dash and end mark as well as by
colour, bars by side and printed sign. Why not a chart library: docs/design-notes.md.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from itertools import pairwise

from broadtape.numbers import day as spelt
from broadtape.numbers import plain, signed_percent

WIDTH = 720
MOST_LINES = 2
MOST_BARS = 16
MOST_MARKS = 4

# All text is at least 26 units high: 13 px where a phone shows the 720 units in 360 px.
_TITLE, _TEXT = 32, 26
_LEADING = 34
_MARGIN = 16
_PLOT = 270  # height of the plotting area of a line chart
_ROW = 42  # height of one bar with its gap

# Light and dark; contrast against the paper: ink 16.9 and 15.3, quiet 6.6 and 8.5, lines at least 6.1 and 8.2
# (4.8 and 5.7 on the shaded stretch). Blue and orange stay apart in the common forms of colour blindness.
_LIGHT = {"paper": "#ffffff", "ink": "#1a1d21", "quiet": "#575e66", "grid": "#dfe2e6", "shade": "#e9e6da",
          "one": "#0b5fa5", "two": "#a84300"}  # fmt: skip
_DARK = {"paper": "#15181c", "ink": "#eceef0", "quiet": "#adb4bb", "grid": "#343a40", "shade": "#37342a",
         "one": "#6cb6f5", "two": "#f0a35e"}  # fmt: skip
# Where there is room the type steps down to the page's; every place was measured for the larger.
_WIDE = "@media (min-width:540px){:root{font-size:21px}.title{font-size:26px}}"
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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
    drawing = _Drawing(spec.title, spec.alt or _describe(spec))
    days = [day for line in spec.lines for day, _ in line.points]
    first, last = min(days), max(days)
    top = drawing.heading(spec.title, spec.subtitle or _subtitle(spec, first, last))
    if spec.shade and spec.shade_label:
        top = drawing.key(top, spec.shade_label)

    low, high = _domain(spec)
    ticks = _levels(low, high)
    places = _places(ticks)
    shown = {tick: _level(tick, places, spec.unit) for tick in ticks}
    left = _MARGIN + max((_width(text, _TEXT) for text in shown.values()), default=0) + 12
    names = _end_names(spec.lines) if len(spec.lines) > 1 else []
    right = WIDTH - _MARGIN - max((_width(row, _TEXT) for rows in names for row in rows), default=0)
    right -= 22 if names else 8
    top += 14
    bottom = top + _PLOT

    def x(day: date) -> float:
        return left + (right - left) * (day - first).days / max((last - first).days, 1)

    def y(value: Decimal) -> float:
        return bottom - _PLOT * float((value - low) / (high - low))

    if spec.shade:
        start, end = (min(max(day, first), last) for day in spec.shade)
        drawing.box("shade", x(start) - 3, top, x(end) - x(start) + 6, _PLOT)
    for tick in ticks:
        heavy = tick == spec.baseline
        drawing.rule("quiet" if heavy else "grid", left, y(tick), right, y(tick), 2.5 if heavy else 1.5)
        drawing.text("quiet", left - 12, y(tick) + 9, shown[tick], anchor="end")
    drawing.rule("quiet", left, bottom, right, bottom, 2)
    _date_axis(drawing, first, last, x, bottom)
    for number, line in reversed(list(enumerate(spec.lines))):
        drawing.path(_TONES[number], [(x(day), y(value)) for day, value in line.points], dashed=number > 0)
    ends = [y(line.points[-1][1]) for line in spec.lines]
    _end_labels(drawing, list(zip(ends, names, strict=False)), right, top, bottom)
    for number, line in enumerate(spec.lines):
        day, value = line.points[-1]
        drawing.end(number, x(day), y(value))
    _marks(drawing, spec, x, y, left, right, top)
    return drawing.finish(bottom + _LEADING + 8, spec.source, spec.as_of)


def bar_chart(spec: BarSpec) -> bytes:
    """Signed percentages as horizontal bars about zero, as an SVG file; ValueError when none or too many."""
    if not 1 <= len(spec.bars) <= MOST_BARS:
        raise ValueError(f"a bar chart holds 1 to {MOST_BARS} bars, not {len(spec.bars)}")
    drawing = _Drawing(spec.title, spec.alt or f"Bar chart: {', '.join(bar.name for bar in spec.bars)}.")
    top = drawing.heading(spec.title, spec.subtitle or "Percent") + 14
    names = [_cut(bar.name, _TEXT, 300) for bar in spec.bars]
    figures = [signed_percent(bar.value) for bar in spec.bars]
    left = _MARGIN + max(_width(name, _TEXT) for name in names) + 16
    gap = max(_width(figure, _TEXT) for figure in figures) + 14
    least = min(*(float(bar.value) for bar in spec.bars), 0.0)
    most = max(*(float(bar.value) for bar in spec.bars), 0.0)
    space = WIDTH - _MARGIN - left - gap * ((least < 0) + (most > 0))
    scale = space / (most - least) if most > least else 0.0
    zero = left + (gap if least < 0 else 0) - least * scale
    bottom = top + _ROW * len(spec.bars)
    for row, (bar, name, figure) in enumerate(zip(spec.bars, names, figures, strict=True)):
        y = top + row * _ROW
        size = float(bar.value) * scale
        drawing.text("ink", _MARGIN, y + 29, name)
        drawing.box("two" if bar.value < 0 else "one", min(zero, zero + size), y + 6, abs(size), _ROW - 12)
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


# --- what is drawn on ---------------------------------------------------------------------------------

_TONES = ("one", "two")


class _Drawing:
    """The SVG as it grows; coordinates in units of the 720-wide view box, y downwards."""

    def __init__(self, title: str, description: str) -> None:
        self._title, self._description = title, description
        self._parts: list[str] = []

    def heading(self, title: str, subtitle: str) -> float:
        """Title in bold, subtitle under it; the height used so far."""
        y = float(_MARGIN)
        for row in _fold(title, _TITLE, WIDTH - 2 * _MARGIN, bold=True, most=3):
            y += _TITLE + 6
            self.text("ink", _MARGIN, y - 8, row, size=_TITLE, bold=True)
        for row in _fold(subtitle, _TEXT, WIDTH - 2 * _MARGIN, most=2):
            y += _LEADING
            self.text("quiet", _MARGIN, y - 8, row)
        return y

    def key(self, y: float, label: str) -> float:
        """A swatch of the shaded stretch and what it is."""
        self.box("shade", _MARGIN, y + 7, 36, 22)
        self.text("quiet", _MARGIN + 48, y + 27, _cut(label, _TEXT, WIDTH - 2 * _MARGIN - 48))
        return y + _LEADING

    def text(
        self,
        tone: str,
        x: float,
        y: float,
        text: str,
        *,
        size: int = _TEXT,
        anchor: str = "start",
        bold: bool = False,
        halo: bool = False,
    ) -> None:
        """One row of text; a halo sets it off from a line behind it."""
        extra = "" if anchor == "start" else f' text-anchor="{anchor}"'
        extra += "" if size == _TEXT else f' font-size="{size}"'
        extra += ' font-weight="700"' if bold else ""
        extra += f' stroke="{_LIGHT["paper"]}" stroke-width="6" paint-order="stroke"' if halo else ""
        classes = f"f-{tone}" + (" s-paper" if halo else "") + (" title" if size == _TITLE else "")
        self._parts.append(
            f'<text class="{classes}" fill="{_LIGHT[tone]}" x="{_n(x)}" y="{_n(y)}"{extra}>'
            f"{_xml(text)}</text>"
        )

    def box(self, tone: str, x: float, y: float, width: float, height: float) -> None:
        """A filled rectangle."""
        self._parts.append(
            f'<rect class="f-{tone}" fill="{_LIGHT[tone]}" x="{_n(x)}" y="{_n(y)}" '
            f'width="{_n(width)}" height="{_n(height)}"/>'
        )

    def rule(self, tone: str, x1: float, y1: float, x2: float, y2: float, width: float) -> None:
        """A straight line."""
        self._parts.append(
            f'<path class="s-{tone}" stroke="{_LIGHT[tone]}" stroke-width="{_n(width)}" '
            f'd="M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}"/>'
        )

    def path(self, tone: str, points: Sequence[tuple[float, float]], *, dashed: bool) -> None:
        """A series; long ones are thinned to what the width can show."""
        dash = ' stroke-dasharray="11 6"' if dashed else ""
        steps = "L".join(f"{_n(x)} {_n(y)}" for x, y in _thin(points))
        self._parts.append(
            f'<path class="s-{tone}" stroke="{_LIGHT[tone]}" stroke-width="4" stroke-linejoin="round" '
            f'fill="none"{dash} d="M{steps}"/>'
        )

    def end(self, number: int, x: float, y: float) -> None:
        """The mark at a line's last value: a disc for the first, an open square for the second."""
        tone = _TONES[number]
        if number == 0:
            shape = f'<circle class="f-{tone}" fill="{_LIGHT[tone]}" cx="{_n(x)}" cy="{_n(y)}" r="7"/>'
        else:
            shape = (
                f'<rect class="f-paper s-{tone}" fill="{_LIGHT["paper"]}" stroke="{_LIGHT[tone]}" '
                f'stroke-width="3.5" x="{_n(x - 6)}" y="{_n(y - 6)}" width="12" height="12"/>'
            )
        self._parts.append(shape)

    def ring(self, x: float, y: float) -> None:
        """The mark of an event."""
        self._parts.append(
            f'<circle class="f-paper s-ink" fill="{_LIGHT["paper"]}" stroke="{_LIGHT["ink"]}" '
            f'stroke-width="3" cx="{_n(x)}" cy="{_n(y)}" r="7"/>'
        )

    def finish(self, y: float, source: str, as_of: date) -> bytes:
        """The source line, and the whole as bytes."""
        line = f"Source: {source.rstrip('.')}. Data as of {spelt(as_of)}."
        for row in _fold(line, _TEXT, WIDTH - 2 * _MARGIN, most=3):
            y += _LEADING - 2
            self.text("quiet", _MARGIN, y - 4, row)
        height = math.ceil(y + _MARGIN)
        dark = "".join(
            f".f-{tone}{{fill:{colour}}}.s-{tone}{{stroke:{colour}}}"
            for tone, colour in sorted(_DARK.items())
        )
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-labelledby="title desc" font-family="{_FONT}" '
            f'font-size="{_TEXT}">\n<title id="title">{_xml(self._title)}</title>\n'
            f'<desc id="desc">{_xml(self._description)}</desc>\n'
            f"<style>{_WIDE}@media (prefers-color-scheme:dark){{{dark}}}</style>\n"
            f'<rect class="f-paper" fill="{_LIGHT["paper"]}" width="{WIDTH}" height="{height}"/>\n'
        )
        return (head + "\n".join(self._parts) + "\n</svg>\n").encode("utf-8")


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


def _domain(spec: ChartSpec) -> tuple[Decimal, Decimal]:
    """Lowest and highest level shown: the data with a little air, the baseline included."""
    values = [value for line in spec.lines for _, value in line.points]
    if spec.baseline is not None:
        values.append(spec.baseline)
    low, high = min(values), max(values)
    air = (high - low) * Decimal("0.06") or abs(high) * Decimal("0.01") or Decimal(1)
    return low - air, high + air * (3 if spec.marks else 1)  # a mark's label stands above its point


def _levels(low: Decimal, high: Decimal) -> list[Decimal]:
    """Three to six round levels between the two."""
    rough = (high - low) / 5
    power = Decimal(10) ** rough.adjusted()
    step = next(power * factor for factor in (1, 2, Decimal("2.5"), 5, 10) if power * factor >= rough)
    level = (low / step).to_integral_value(rounding="ROUND_CEILING") * step
    levels = []
    while level <= high:
        levels.append(level)
        level += step
    return levels


def _places(levels: Sequence[Decimal]) -> int:
    """The decimals that all levels need."""
    return max((max(-int(level.normalize().as_tuple().exponent), 0) for level in levels), default=0)


def _level(value: Decimal, places: int, unit: str) -> str:
    shown = plain(value, places)
    if unit != "USD":
        return shown
    return f"−${shown[1:]}" if shown.startswith("−") else f"${shown}"


def _date_axis(drawing: _Drawing, first: date, last: date, x: Callable[[date], float], bottom: float) -> None:
    """Ticks at round dates; every label, or every second, third … where they would touch."""
    placed = []
    for day, label in _dates(first, last):
        half = _width(label, _TEXT) / 2
        drawing.rule("quiet", x(day), bottom, x(day), bottom + 7, 2)
        placed.append((min(max(x(day), _MARGIN + half), WIDTH - _MARGIN - half), half, label))
    for stride in range(1, len(placed) + 1):
        shown = placed[::stride]
        if all(a + half + 10 <= b - other for (a, half, _), (b, other, _) in pairwise(shown)):
            break
    else:
        return
    for centre, _, label in shown:
        drawing.text("quiet", centre, bottom + _LEADING, label, anchor="middle")


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
            (day, str(day.year) if day.month == 1 else _MONTHS[day.month - 1])
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
    longest = max(_width(word, _TEXT) for line in lines for word in line.name.split() or [""])
    return [_fold(line.name, _TEXT, min(max(longest, 165), 230)) for line in lines]


def _end_labels(
    drawing: _Drawing, labels: Sequence[tuple[float, list[str]]], right: float, top: float, bottom: float
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
            drawing.text(_TONES[number], right + 18, tops[number] + shift + 22 + row * 28, text)


def _marks(
    drawing: _Drawing,
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
        label = _cut(mark.label, _TEXT, right - left)
        half = _width(label, _TEXT) / 2
        drawing.ring(at, height)
        above = height - 16 if height - 40 > top else height + 36
        drawing.text("ink", min(max(at, left + half), right - half), above, label, anchor="middle", halo=True)


def _thin(points: Sequence[tuple[float, float]]) -> Iterable[tuple[float, float]]:
    """At most the first, lowest, highest and last point of each 2 units of width, in order."""
    if len(points) <= WIDTH:
        return points
    columns: dict[int, list[int]] = {}
    for number, (x, _) in enumerate(points):
        columns.setdefault(int(x / 2), []).append(number)
    kept: set[int] = set()
    for numbers in columns.values():
        kept |= {numbers[0], numbers[-1]}
        kept |= {min(numbers, key=lambda n: points[n][1]), max(numbers, key=lambda n: points[n][1])}
    return [points[number] for number in sorted(kept)]


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


def _width(text: str, size: int, *, bold: bool = False) -> float:
    """How wide a broad sans-serif (DejaVu) sets the text; narrower fonts leave a little room."""
    return sum(map(_advance, text)) * size * (1.12 if bold else 1.0)


def _advance(char: str) -> float:
    if char in "iljtfr.,:;'|!()[] I":
        return 0.4
    if char in "mwMW@%—":
        return 0.97
    return 0.72 if char.isupper() else 0.63


def _fold(text: str, size: int, width: float, *, bold: bool = False, most: int = 3) -> list[str]:
    """The text in rows of at most `width`; what does not fit into `most` rows is cut with an ellipsis."""
    rows = [""]
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if rows[-1] and _width(longer, size, bold=bold) > width:
            rows.append(word)
        else:
            rows[-1] = longer
    if len(rows) > most:
        rows = [*rows[: most - 1], " ".join(rows[most - 1 :])]
    return [_cut(row, size, width, bold=bold) for row in rows if row]


def _cut(text: str, size: int, width: float, *, bold: bool = False) -> str:
    """The text, or as much of it as fits with an ellipsis."""
    if _width(text, size, bold=bold) <= width:
        return text
    while text and _width(text + "…", size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _short(day: date) -> str:
    return f"{_MONTHS[day.month - 1]} {day.day}"


def _range(first: date, last: date) -> str:
    return f"{spelt(first, reference=last)}–{spelt(last)}"


def _xml(text: str) -> str:
    """Escaped, without the control characters that XML cannot hold."""
    return escape(
        "".join(char for char in text if char in "\t\n" or (char >= " " and char not in "\x7f\ufffe\uffff"))
    )


def _n(value: float) -> str:
    """A coordinate at one decimal, without a trailing zero."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
