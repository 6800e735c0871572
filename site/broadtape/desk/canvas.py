"""The paper of the desk's charts: palette, type, rows that fit, and the SVG as it grows.

Owns how a mark looks. Knows no chart: what is drawn where is chart's, curves' and heat's.

The light look is in presentation attributes, so a chart reads even where a policy forbids its style sheet;
the style sheet only recolours it for readers who prefer dark. Why not a chart library: docs/design-notes.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape

from broadtape.numbers import day as spelt

WIDTH = 720

# All text is at least 26 units high: 13 px where a phone shows the 720 units in 360 px.
TITLE, TEXT = 32, 26
LEADING = 34
MARGIN = 16
PLOT = 270  # height of the plotting area of a line chart
ROW = 42  # height of one bar with its gap

# Light and dark; contrast against the paper: ink 16.9 and 15.3, quiet 6.6 and 8.5, lines at least 6.1 and 8.2
# (4.8 and 5.7 on the shaded stretch). Blue and orange stay apart in the common forms of colour blindness.
LIGHT = {"paper": "#ffffff", "ink": "#1a1d21", "quiet": "#575e66", "grid": "#dfe2e6", "shade": "#e9e6da",
          "one": "#0b5fa5", "two": "#a84300",
          "up1": "#e6f0f9", "up2": "#bcd8f0", "up3": "#8fbde6",
          "down1": "#fbeadd", "down2": "#f5cba8", "down3": "#eda76c"}  # fmt: skip
DARK = {"paper": "#15181c", "ink": "#eceef0", "quiet": "#adb4bb", "grid": "#343a40", "shade": "#37342a",
         "one": "#6cb6f5", "two": "#f0a35e",
         "up1": "#1b2b39", "up2": "#1d4463", "up3": "#1f5c8c",
         "down1": "#352618", "down2": "#5a3716", "down3": "#824a12"}  # fmt: skip
# Where there is room the type steps down to the page's; every place was measured for the larger.
_WIDE = "@media (min-width:540px){:root{font-size:21px}.title{font-size:26px}}"
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


TONES = ("one", "two")


class Drawing:
    """The SVG as it grows; coordinates in units of the 720-wide view box, y downwards."""

    def __init__(self, title: str, description: str) -> None:
        self._title, self._description = title, description
        self._parts: list[str] = []

    def heading(self, title: str, subtitle: str) -> float:
        """Title in bold, subtitle under it; the height used so far."""
        y = float(MARGIN)
        for row in fold(title, TITLE, WIDTH - 2 * MARGIN, bold=True, most=3):
            y += TITLE + 6
            self.text("ink", MARGIN, y - 8, row, size=TITLE, bold=True)
        for row in fold(subtitle, TEXT, WIDTH - 2 * MARGIN, most=2):
            y += LEADING
            self.text("quiet", MARGIN, y - 8, row)
        return y

    def key(self, y: float, label: str) -> float:
        """A swatch of the shaded stretch and what it is."""
        self.box("shade", MARGIN, y + 7, 36, 22)
        self.text("quiet", MARGIN + 48, y + 27, cut(label, TEXT, WIDTH - 2 * MARGIN - 48))
        return y + LEADING

    def line_key(self, y: float, number: int, label: str, dash: str) -> float:
        """A stroke as the line has it, with its mark, and what it is."""
        self.path(("one", "two", "quiet")[number], [(MARGIN, y + 18), (MARGIN + 64, y + 18)], dash=dash)
        self.end(number, MARGIN + 32, y + 18)
        self.text("ink", MARGIN + 80, y + 27, cut(label, TEXT, WIDTH - 2 * MARGIN - 80))
        return y + LEADING

    def text(
        self,
        tone: str,
        x: float,
        y: float,
        text: str,
        *,
        size: int = TEXT,
        anchor: str = "start",
        bold: bool = False,
        halo: bool = False,
    ) -> None:
        """One row of text; a halo sets it off from a line behind it."""
        extra = "" if anchor == "start" else f' text-anchor="{anchor}"'
        extra += "" if size == TEXT else f' font-size="{size}"'
        extra += ' font-weight="700"' if bold else ""
        extra += f' stroke="{LIGHT["paper"]}" stroke-width="6" paint-order="stroke"' if halo else ""
        classes = f"f-{tone}" + (" s-paper" if halo else "") + (" title" if size == TITLE else "")
        self._parts.append(
            f'<text class="{classes}" fill="{LIGHT[tone]}" x="{coordinate(x)}" y="{coordinate(y)}"{extra}>'
            f"{xml(text)}</text>"
        )

    def box(self, tone: str, x: float, y: float, width: float, height: float) -> None:
        """A filled rectangle."""
        self._parts.append(
            f'<rect class="f-{tone}" fill="{LIGHT[tone]}" x="{coordinate(x)}" y="{coordinate(y)}" '
            f'width="{coordinate(width)}" height="{coordinate(height)}"/>'
        )

    def rule(self, tone: str, x1: float, y1: float, x2: float, y2: float, width: float) -> None:
        """A straight line."""
        self._parts.append(
            f'<path class="s-{tone}" stroke="{LIGHT[tone]}" stroke-width="{coordinate(width)}" '
            f'd="M{coordinate(x1)} {coordinate(y1)}L{coordinate(x2)} {coordinate(y2)}"/>'
        )

    def path(
        self, tone: str, points: Sequence[tuple[float, float]], *, dashed: bool = False, dash: str = ""
    ) -> None:
        """A series; long ones are thinned to what the width can show."""
        pattern = dash or ("11 6" if dashed else "")
        dash = f' stroke-dasharray="{pattern}"' if pattern else ""
        steps = "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in _thin(points))
        self._parts.append(
            f'<path class="s-{tone}" stroke="{LIGHT[tone]}" stroke-width="4" stroke-linejoin="round" '
            f'fill="none"{dash} d="M{steps}"/>'
        )

    def area(self, tone: str, points: Sequence[tuple[float, float]], floor: float) -> None:
        """What lies between a series and a level."""
        steps = "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in _thin(points))
        first, last = coordinate(points[0][0]), coordinate(points[-1][0])
        ground = coordinate(floor)
        self._parts.append(
            f'<path class="f-{tone}" fill="{LIGHT[tone]}" d="M{first} {ground}L{steps}L{last} {ground}Z"/>'
        )

    def end(self, number: int, x: float, y: float) -> None:
        """The mark of a line's value: a disc for the first, an open square for the second, a dash for a third."""
        tone = (*TONES, "quiet")[number]
        if number == 2:
            shape = (
                f'<rect class="f-{tone}" fill="{LIGHT[tone]}" x="{coordinate(x - 7)}" y="{coordinate(y - 3)}" '
                f'width="14" height="6"/>'
            )
        elif number == 0:
            shape = f'<circle class="f-{tone}" fill="{LIGHT[tone]}" cx="{coordinate(x)}" cy="{coordinate(y)}" r="7"/>'
        else:
            shape = (
                f'<rect class="f-paper s-{tone}" fill="{LIGHT["paper"]}" stroke="{LIGHT[tone]}" '
                f'stroke-width="3.5" x="{coordinate(x - 6)}" y="{coordinate(y - 6)}" width="12" height="12"/>'
            )
        self._parts.append(shape)

    def ring(self, x: float, y: float) -> None:
        """The mark of an event."""
        self._parts.append(
            f'<circle class="f-paper s-ink" fill="{LIGHT["paper"]}" stroke="{LIGHT["ink"]}" '
            f'stroke-width="3" cx="{coordinate(x)}" cy="{coordinate(y)}" r="7"/>'
        )

    def finish(self, y: float, source: str, as_of: date) -> bytes:
        """The source line, and the whole as bytes."""
        line = f"Source: {source.rstrip('.')}. Data as of {spelt(as_of)}."
        for row in fold(line, TEXT, WIDTH - 2 * MARGIN, most=3):
            y += LEADING - 2
            self.text("quiet", MARGIN, y - 4, row)
        height = math.ceil(y + MARGIN)
        dark = "".join(
            f".f-{tone}{{fill:{colour}}}.s-{tone}{{stroke:{colour}}}" for tone, colour in sorted(DARK.items())
        )
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-labelledby="title desc" font-family="{_FONT}" '
            f'font-size="{TEXT}">\n<title id="title">{xml(self._title)}</title>\n'
            f'<desc id="desc">{xml(self._description)}</desc>\n'
            f"<style>{_WIDE}@media (prefers-color-scheme:dark){{{dark}}}</style>\n"
            f'<rect class="f-paper" fill="{LIGHT["paper"]}" width="{WIDTH}" height="{height}"/>\n'
        )
        return (head + "\n".join(self._parts) + "\n</svg>\n").encode("utf-8")


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


def width_of(text: str, size: int, *, bold: bool = False) -> float:
    """How wide a broad sans-serif (DejaVu) sets the text; narrower fonts leave a little room."""
    return sum(map(_advance, text)) * size * (1.12 if bold else 1.0)


def _advance(char: str) -> float:
    if char in "iljtfr.,:;'|!()[] I":
        return 0.4
    if char in "mwMW@%—":
        return 0.97
    return 0.72 if char.isupper() else 0.63


def fold(text: str, size: int, width: float, *, bold: bool = False, most: int = 3) -> list[str]:
    """The text in rows of at most `width`; what does not fit into `most` rows is cut with an ellipsis."""
    rows = [""]
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if rows[-1] and width_of(longer, size, bold=bold) > width:
            rows.append(word)
        else:
            rows[-1] = longer
    if len(rows) > most:
        rows = [*rows[: most - 1], " ".join(rows[most - 1 :])]
    return [cut(row, size, width, bold=bold) for row in rows if row]


def cut(text: str, size: int, width: float, *, bold: bool = False) -> str:
    """The text, or as much of it as fits with an ellipsis."""
    if width_of(text, size, bold=bold) <= width:
        return text
    while text and width_of(text + "…", size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def xml(text: str) -> str:
    """Escaped, without the control characters that XML cannot hold."""
    return escape(
        "".join(char for char in text if char in "\t\n" or (char >= " " and char not in "\x7f\ufffe\uffff"))
    )


def coordinate(value: float) -> str:
    """A coordinate at one decimal, without a trailing zero."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
