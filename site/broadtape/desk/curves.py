"""The yield curve as a chart: yields by maturity, today's against those of earlier days.

Owns how a curve looks. Computes no yield and words no claim.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from broadtape.desk.canvas import LEADING, MARGIN, PLOT, TEXT, WIDTH, Drawing, width_of
from broadtape.desk.chart import level_text, levels_between, places_of

MOST_CURVES = 3
_DASHES = ("", "11 6", "3 6")


@dataclass(frozen=True, slots=True)
class Curve:
    """The yields of one day by maturity in months, ascending, in percent; at least two."""

    name: str  # "Jan. 12, 2026"
    points: tuple[tuple[int, Decimal], ...]


@dataclass(frozen=True, slots=True)
class CurveSpec:
    """A yield curve before it is drawn: the newest day first, then up to two earlier ones."""

    title: str
    curves: tuple[Curve, ...]
    source: str
    as_of: date
    alt: str = ""
    subtitle: str = ""


def curve_chart(spec: CurveSpec) -> bytes:
    """The curves as an SVG file. Maturities stand at equal distances, so that the short end can be read."""
    if not 1 <= len(spec.curves) <= MOST_CURVES:
        raise ValueError(f"a curve chart holds 1 to {MOST_CURVES} curves, not {len(spec.curves)}")
    for curve in spec.curves:
        months = [month for month, _ in curve.points]
        if len(months) < 2 or months != sorted(set(months)):
            raise ValueError(f"{curve.name}: a curve needs two maturities or more, ascending, each once")
    drawing = Drawing(spec.title, spec.alt or f"Yield curve of {', '.join(one.name for one in spec.curves)}.")
    top = drawing.heading(spec.title, spec.subtitle or "Percent, by maturity")
    for number, curve in enumerate(spec.curves):
        top = drawing.line_key(top, number, curve.name, _DASHES[number])
    values = [value for curve in spec.curves for _, value in curve.points]
    air = (max(values) - min(values)) * Decimal("0.08") or Decimal("0.1")
    low, high = min(values) - air, max(values) + air
    ticks = levels_between(low, high)
    places = places_of(ticks)
    shown = {tick: level_text(tick, places, "percent") for tick in ticks}
    left = MARGIN + max(width_of(text, TEXT) for text in shown.values()) + 12
    right = float(WIDTH - MARGIN - 20)
    top += 14
    bottom = top + PLOT
    maturities = sorted({month for curve in spec.curves for month, _ in curve.points})

    def x(month: int) -> float:
        return left + 24 + (right - left - 24) * maturities.index(month) / max(len(maturities) - 1, 1)

    def y(value: Decimal) -> float:
        return bottom - PLOT * float((value - low) / (high - low))

    for tick in ticks:
        drawing.rule("grid", left, y(tick), right + 20, y(tick), 1.5)
        drawing.text("quiet", left - 12, y(tick) + 9, shown[tick], anchor="end")
    drawing.rule("quiet", left, bottom, right + 20, bottom, 2)
    clear = float(left)
    for month in maturities:
        label = maturity(month)
        half = width_of(label, TEXT) / 2
        drawing.rule("quiet", x(month), bottom, x(month), bottom + 7, 2)
        if x(month) - half >= clear or month == maturities[0]:
            centre = min(max(x(month), MARGIN + half), WIDTH - MARGIN - half)
            drawing.text("quiet", centre, bottom + LEADING, label, anchor="middle")
            clear = x(month) + half + 10
    for number, curve in reversed(list(enumerate(spec.curves))):
        points = [(x(month), y(value)) for month, value in curve.points]
        drawing.path(("one", "two", "quiet")[number], points, dash=_DASHES[number])
        for across, height in points:
            drawing.end(number, across, height)
    return drawing.finish(bottom + LEADING + 8, spec.source, spec.as_of)


def maturity(months: int) -> str:
    """`3M`, `2Y`."""
    return f"{months}M" if months % 12 else f"{months // 12}Y"


def curve_csv(spec: CurveSpec) -> str:
    """The curves as CSV: one row a maturity, one column a day."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["maturity_months", *(curve.name for curve in spec.curves)])
    columns = [dict(curve.points) for curve in spec.curves]
    for month in sorted({month for column in columns for month in column}):
        writer.writerow([month, *(f"{column[month]:f}" if month in column else "" for column in columns)])
    return out.getvalue()
