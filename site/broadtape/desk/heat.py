"""A heat table: changes of several things over several windows, each cell with its figure and its shade.

Owns how the table looks. The figure stands in every cell, with its sign: the shade only helps the eye.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from broadtape.desk.canvas import LEADING, MARGIN, TEXT, WIDTH, Drawing, cut, fold, width_of
from broadtape.numbers import signed_percent

MOST_ROWS = 16
MOST_COLUMNS = 5
_HEIGHT = 44
_STEPS = 3  # shades a side


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One row: whose changes, in percent, one a window; None where there is none."""

    name: str
    values: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class HeatSpec:
    """A heat table before it is drawn; rows stand in the order given."""

    title: str
    windows: tuple[str, ...]  # the columns' heads
    rows: tuple[HeatRow, ...]
    source: str
    as_of: date
    alt: str = ""
    subtitle: str = ""


def heat_table(spec: HeatSpec) -> bytes:
    """The table as an SVG file; a column's shades are measured by its own largest move."""
    if not 1 <= len(spec.rows) <= MOST_ROWS or not 1 <= len(spec.windows) <= MOST_COLUMNS:
        raise ValueError(f"a heat table holds 1 to {MOST_ROWS} rows and 1 to {MOST_COLUMNS} windows")
    if any(len(row.values) != len(spec.windows) for row in spec.rows):
        raise ValueError("every row of a heat table needs a value or None for each window")
    drawing = Drawing(
        spec.title, spec.alt or f"Table of changes: {', '.join(row.name for row in spec.rows)}."
    )
    top = drawing.heading(spec.title, spec.subtitle or "Change in percent") + 10
    names = max(max(width_of(row.name, TEXT) for row in spec.rows) + 12, 190)
    room = WIDTH - 2 * MARGIN - min(names, 280)
    cell = min(max(room / len(spec.windows), 96.0), 170.0)
    cell = min(cell, (WIDTH - 2 * MARGIN - 190) / len(spec.windows))
    left = WIDTH - MARGIN - cell * len(spec.windows)
    most = [
        max((abs(value) for row in spec.rows if (value := row.values[at]) is not None), default=Decimal(0))
        for at in range(len(spec.windows))
    ]
    heads = [fold(window, TEXT, cell, most=2) for window in spec.windows]
    deep = max(len(rows) for rows in heads)
    for at, rows in enumerate(heads):
        for line, words in enumerate(rows, deep - len(rows)):
            y = top + LEADING * (line + 1) - 8
            drawing.text("quiet", left + cell * (at + 0.5), y, words, anchor="middle")
    top += LEADING * deep
    for row in spec.rows:
        drawing.text("ink", MARGIN, top + 31, cut(row.name, TEXT, left - MARGIN - 8))
        for at, value in enumerate(row.values):
            x = left + cell * at
            if value is None:
                drawing.text("quiet", x + cell / 2, top + 31, "–", anchor="middle")
                continue
            drawing.box(_tone(value, most[at]), x + 2, top + 2, cell - 4, _HEIGHT - 4)
            shown = signed_percent(value)
            if width_of(shown, TEXT) > cell - 8:
                shown = signed_percent(value, decimals=0)
            drawing.text("ink", x + cell / 2, top + 31, shown, anchor="middle")
        top += _HEIGHT
    return drawing.finish(top + 4, spec.source, spec.as_of)


def _tone(value: Decimal, most: Decimal) -> str:
    """`up1` to `up3`, `down1` to `down3`, or `grid` for no change."""
    if value == 0 or most == 0:
        return "grid"
    step = min(int(abs(value) / most * _STEPS), _STEPS - 1) + 1
    return f"{'up' if value > 0 else 'down'}{step}"


def heat_csv(spec: HeatSpec) -> str:
    """The table as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["name", *spec.windows])
    writer.writerows(
        [row.name, *("" if value is None else f"{value:f}" for value in row.values)] for row in spec.rows
    )
    return out.getvalue()
