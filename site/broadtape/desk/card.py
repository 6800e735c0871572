"""The picture of an article that other sites show when it is shared: headline, key figure, chart, site, as-of.

Owns how the card looks, as SVG; what makes a PNG of it is publishing's. It says nothing that the page does not: the
headline and the figure's words are the article's own, the figure is a fact's value.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date

from broadtape.desk.canvas import coordinate, fold, width_of, xml
from broadtape.model import Fact, Part
from broadtape.numbers import day as printed_day
from broadtape.numbers import level, plain, rate_range, signed_percent
from broadtape.raster import FAMILY

_NARROW = 0.74  # Newsreader sets text so much narrower than the broad sans-serif that fold measures
_INK, _QUIET, _PAPER, _RULE = "#1a1d21", "#575e66", "#ffffff", "#dfe2e6"
_EDGE = 56


@dataclass(frozen=True, slots=True)
class Card:
    """What a card shows. `figure` and `label` are empty and `chart` is None where the article has none."""

    site: str
    headline: str
    address: str  # the site's host, as a reader would type it
    as_of: date | None = None
    figure: str = ""
    label: str = ""
    chart: bytes | None = None
    chart_size: tuple[int, int] = (0, 0)
    accent: str = "#0b5fa5"


def svg(card: Card, width: int, height: int) -> str:
    """The card in a size: the chart beside the words where it is wide, below them where it is not."""
    wide = width > 1.5 * height
    parts = [
        f'<rect width="{width}" height="{height}" fill="{_PAPER}"/>',
        f'<rect width="{width}" height="14" fill="{card.accent}"/>',
        _text(card.site, _EDGE, 78, 34, card.accent, bold=True),
    ]
    drawn = card.chart is not None and card.chart_size[0] > 0
    column = (width - 2 * _EDGE) * (0.5 if wide and drawn else 1) - (20 if wide and drawn else 0)
    below = height - 74
    y = _headline(parts, card, column, 118.0, most=5 if wide or not drawn else 3)
    y = _figure(parts, card, column, y, below)
    if drawn:
        _chart(parts, card, (_EDGE + column + 40, 100.0) if wide else (float(_EDGE), y + 12), width, below)
    parts.append(f'<path d="M{_EDGE} {height - 66}H{width - _EDGE}" stroke="{_RULE}" stroke-width="2"/>')
    if card.as_of is not None:
        parts.append(_text(f"Data as of {printed_day(card.as_of)}", _EDGE, height - 26, 26, _QUIET))
    parts.append(_text(card.address, width - _EDGE, height - 26, 26, _QUIET, anchor="end"))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="{FAMILY}">\n{body}\n</svg>\n'
    )


def _headline(parts: list[str], card: Card, column: float, y: float, *, most: int) -> float:
    """The headline in the largest type in which it fits."""
    for size in (62, 54, 48, 42):
        rows = _rows(card.headline, size, column, most + 1)
        if len(rows) <= most:
            break
    for row in rows[:most]:
        y += size * 1.12
        parts.append(_text(row, _EDGE, y - size * 0.22, size, _INK, bold=True))
    return y


def _figure(parts: list[str], card: Card, column: float, y: float, below: float) -> float:
    """The key figure, with the words that the article says it in; left out where there is no room."""
    if not card.figure or y + 110 > below:
        return y
    size = min(84.0, 84 * column / max(width_of(card.figure, 84, bold=True) * _NARROW, column))
    y += size + 14
    parts.append(_text(card.figure, _EDGE, y, size, card.accent, bold=True))
    rows = _rows(card.label, 28, column, 4)
    if len(rows) > 2 or y + 36 * len(rows) >= below:
        return y  # half a claim is another claim
    for row in rows:
        y += 36
        parts.append(_text(row, _EDGE, y, 28, _QUIET))
    return y


def _rows(text: str, size: int, column: float, most: int) -> list[str]:
    return fold(text, size, column / _NARROW, bold=True, most=most)


def _chart(parts: list[str], card: Card, at: tuple[float, float], width: int, below: float) -> None:
    """The chart as it stands in the article, scaled into the room that is left; left out where it is too little."""
    x, y = at
    across, down = width - _EDGE - x, below - y - 8
    scale = min(across / card.chart_size[0], down / card.chart_size[1])
    if scale < 0.4 or card.chart is None:
        return
    high = card.chart_size[1] * scale
    room = (down - high) / 2 if x > _EDGE else 0.0
    left = x + (across - card.chart_size[0] * scale) / 2
    data = base64.b64encode(card.chart).decode("ascii")
    parts.append(
        f'<image x="{coordinate(left)}" y="{coordinate(y + room)}" width="{coordinate(card.chart_size[0] * scale)}" '
        f'height="{coordinate(high)}" xlink:href="data:image/svg+xml;base64,{data}"/>'
    )


def _text(
    text: str, x: float, y: float, size: float, colour: str, *, bold: bool = False, anchor: str = "start"
) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{coordinate(x)}" y="{coordinate(y)}" font-size="{coordinate(size)}" fill="{colour}" '
        f'text-anchor="{anchor}"{weight}>{xml(text)}</text>'
    )


def printed(fact: Fact) -> str:
    """A fact's value as a card prints it: `−12.0%`, `3.50%–3.75%`, `2,603.91`, `7 sessions`; empty for a day."""
    part = fact.get("value")
    return _printed(part) if part is not None else ""


def _printed(part: Part) -> str:
    value = part.value
    if isinstance(value, tuple):
        return rate_range(*value)
    if isinstance(value, int):
        return f"{value:,} {part.unit}" if part.kind == "count" and value != 1 else ""
    if isinstance(value, (date, str)):
        return ""
    if part.unit == "percent":
        return signed_percent(value) if part.kind == "change" else f"{plain(value, part.decimals)}%"
    if part.unit in {"USD", "points"} and part.kind == "level":
        return level(value, part.unit, part.decimals)
    if part.unit in {"percentage points", "basis points"}:
        return f"{plain(value, part.decimals)} {part.unit}"
    return ""
