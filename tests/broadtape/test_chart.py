"""The story chart: what it refuses, what readers of any kind get from it, that its bytes do not vary."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadtape.desk import canvas
from broadtape.desk.chart import (
    Bar,
    BarSpec,
    ChartSpec,
    Line,
    Mark,
    bar_chart,
    data_csv,
    indexed,
    line_chart,
)
from broadtape.desk.curves import Curve, CurveSpec, curve_chart, curve_csv
from broadtape.desk.heat import HeatRow, HeatSpec, heat_csv, heat_table

SVG = "{http://www.w3.org/2000/svg}"
MONDAY = date(2018, 12, 3)


def line(name: str, *values: str, start: date = MONDAY, step: int = 1) -> Line:
    return Line(name, tuple((start + timedelta(days=n * step), Decimal(v)) for n, v in enumerate(values)))


def spec(*lines: Line, **more: object) -> ChartSpec:
    fields: dict[str, object] = {
        "title": "Daily closes",
        "lines": lines,
        "unit": "points",
        "source": "the exchange",
        "as_of": MONDAY,
    }
    return ChartSpec(**(fields | more))  # type: ignore[arg-type]  # a test's shorthand


def drawn(svg: bytes) -> ET.Element:
    return ET.fromstring(svg)


def texts(svg: bytes) -> list[str]:
    return ["".join(node.itertext()) for node in drawn(svg).iter(f"{SVG}text")]


def test_the_same_data_give_the_same_bytes() -> None:
    one = spec(line("S&P 500", "2500.10", "2510.25", "2490"), shade=(MONDAY, MONDAY + timedelta(days=1)))

    assert line_chart(one) == line_chart(one)


def test_a_chart_carries_its_words_as_text_with_title_and_description() -> None:
    svg = line_chart(
        spec(
            line("S&P 500", "100", "99"), line("Nasdaq Composite", "100", "101"), alt="Line chart: one rose."
        )
    )

    root = drawn(svg)
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{SVG}title") == "Daily closes"
    assert root.findtext(f"{SVG}desc") == "Line chart: one rose."
    assert {"S&P 500", "Nasdaq", "Composite"} <= set(texts(svg))


def test_every_text_is_at_least_13_px_high_on_a_360_px_screen() -> None:
    svg = line_chart(spec(line("S&P 500", "100", "99")))

    width = float(drawn(svg).attrib["viewBox"].split()[2])
    sizes = [float(size) for size in re.findall(rb'font-size="([\d.]+)"', svg)]
    assert min(sizes) * 360 / width >= 13


def test_no_inline_style_and_no_script_stand_in_the_way_of_a_strict_policy() -> None:
    svg = line_chart(spec(line("A", "1", "2")))

    assert b"style=" not in svg
    assert b"<script" not in svg
    assert b"href" not in svg


def test_every_colour_has_a_dark_counterpart() -> None:
    svg = line_chart(
        spec(line("A", "1", "2"), line("B", "2", "1"), shade=(MONDAY, MONDAY), shade_label="run")
    )

    used = {name for found in re.findall(rb'class="([^"]+)"', svg) for name in found.decode().split()}
    style = drawn(svg).findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme:dark" in style
    assert {name for name in used if f".{name}{{" not in style} == set()


def test_two_lines_differ_by_dash_and_end_mark_not_by_colour_alone() -> None:
    svg = line_chart(spec(line("A", "1", "2"), line("B", "2", "1")))

    assert svg.count(b"stroke-dasharray") == 1
    assert svg.count(b"<circle") == 1


def test_names_are_escaped_and_control_characters_dropped() -> None:
    hostile = "<script>&\x00\x0b\"'\ufffe"
    svg = line_chart(spec(line(hostile, "1", "2"), line("B", "1", "2"), title=hostile, source=hostile))

    assert drawn(svg).findtext(f"{SVG}title") == "<script>&\"'"


def test_levels_are_round_and_dollars_carry_their_sign() -> None:
    svg = line_chart(spec(line("AMD", "17.82", "18.63", "21.30"), unit="USD"))

    assert {"$18", "$19", "$20", "$21"} <= set(texts(svg))


def test_a_flat_line_is_drawn() -> None:
    assert drawn(line_chart(spec(line("A", "5", "5", "5")))).tag == f"{SVG}svg"


def test_indexing_starts_at_one_hundred_and_rounds_half_up() -> None:
    rebased = indexed(line("A", "80", "80.004", "100"))

    assert [value for _, value in rebased.points] == [Decimal("100.00"), Decimal("100.01"), Decimal("125.00")]


def test_a_line_that_starts_at_nought_cannot_be_indexed() -> None:
    with pytest.raises(ValueError, match="A starts at 0"):
        indexed(line("A", "0", "1"))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "1 or 2 lines, not 0"),
        ((line("A", "1"),), "A: a line needs two sessions"),
        ((Line("A", ((MONDAY, Decimal(1)), (MONDAY, Decimal(2)))),), "A: a line needs two sessions"),
        ((line("A", "1", "2"),) * 3, "not 3"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(lines: tuple[Line, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        line_chart(spec(*lines))


def test_a_mark_on_a_day_without_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="'record' is on 2018-12-01"):
        line_chart(spec(line("A", "1", "2"), marks=(Mark(date(2018, 12, 1), "record"),)))


@pytest.mark.parametrize("sessions", [2, 5, 9, 30, 70, 130, 260, 400, 700, 1500, 8300])
def test_date_labels_never_touch_and_there_is_at_least_one(sessions: int) -> None:
    svg = line_chart(spec(line("A", *(str(100 + n % 7) for n in range(sessions)))))

    dates = re.compile(r"^(?:[A-Z][a-z]{2}(?: \d+)?|\d{4})$")
    placed = [
        (float(node.attrib["x"]), len(node.text or ""))
        for node in drawn(svg).iter(f"{SVG}text")
        if dates.match(node.text or "") and node.get("text-anchor") == "middle"
    ]
    assert placed
    for (left, before), (right, after) in pairwise(placed):
        assert right - left > (before + after) * 26 * 0.5 / 2


def test_a_long_history_stays_small_and_keeps_its_extremes() -> None:
    values = [1000 + (n * 37) % 400 for n in range(8000)]
    values[4321] = 2000
    svg = line_chart(spec(line("A", *map(str, values))))

    points = re.findall(rb'd="M([^"]+)"', svg)
    longest = max(points, key=len)
    heights = [float(point.split()[1]) for point in longest.decode().split("L")]
    assert len(svg) < 40_000
    assert heights.count(min(heights)) == 1


def test_bars_stand_on_the_side_of_their_sign_and_print_it() -> None:
    svg = bar_chart(
        BarSpec("Moves", (Bar("Apple", Decimal("7.04")), Bar("GE", Decimal("-3.5"))), "the exchange", MONDAY)
    )

    assert {"+7.0%", "−3.5%"} <= set(texts(svg))
    up, down = (node for node in drawn(svg).iter(f"{SVG}rect") if node.get("class") in {"f-one", "f-two"})
    assert float(down.attrib["x"]) + float(down.attrib["width"]) == pytest.approx(
        float(up.attrib["x"]), abs=0.2
    )


def test_no_bars_or_too_many_are_refused() -> None:
    with pytest.raises(ValueError, match="not 0"):
        bar_chart(BarSpec("Moves", (), "x", MONDAY))


def test_the_data_behind_a_chart_come_by_session_with_gaps_left_empty() -> None:
    other = line("B", "7", start=MONDAY + timedelta(days=1))
    text = data_csv(spec(line("A", "1.50", "2"), other))

    assert list(csv.reader(io.StringIO(text))) == [
        ["date", "A", "B"],
        ["2018-12-03", "1.50", ""],
        ["2018-12-04", "2", "7"],
    ]


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.decimals("0.01", "99999.99", places=2), min_size=2, max_size=40),
    other=st.lists(st.decimals("0.01", "99999.99", places=2), min_size=2, max_size=40),
    step=st.integers(1, 90),
)
def test_any_two_lines_stay_inside_the_picture(
    values: list[Decimal], other: list[Decimal], step: int
) -> None:
    svg = line_chart(
        spec(
            line("Advanced Micro Devices", *map(str, values), step=step),
            line("S&P 500", *map(str, other), step=step),
        )
    )

    root = drawn(svg)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for node in root.iter():
        for name, most in (("x", width), ("y", height), ("cx", width), ("cy", height)):
            if name in node.attrib:
                assert 0 <= float(node.attrib[name]) <= most


# --- steps, areas, curves, heat -------------------------------------------------------------------------------


def test_a_rate_that_is_set_is_drawn_in_steps() -> None:
    rate = line("Upper end", "5.5", "5.0", "4.5", step=40)
    path = next(node for node in drawn(line_chart(spec(rate, unit="percent", stepped=True))).iter(f"{SVG}path")
                if node.get("stroke-width") == "4")  # fmt: skip
    points = [tuple(map(float, pair.split())) for pair in (path.get("d") or "")[1:].split("L")]

    assert len(points) == 5
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(points))


def test_a_drawdown_is_filled_from_nought_and_its_axis_is_percent() -> None:
    svg = line_chart(
        spec(line("S&P 500", "0", "-4.5", "-12.25"), unit="percent", baseline=Decimal(0), filled=True)
    )

    assert any(
        node.get("class") == "f-shade" and (node.get("d") or "").endswith("Z") for node in drawn(svg).iter()
    )
    assert "−10%" in texts(svg)


def test_a_curve_names_its_days_and_maturities_and_its_lines_differ_by_dash() -> None:
    today = Curve("Jan. 12, 2026", ((24, Decimal("3.5")), (120, Decimal("4.2")), (360, Decimal("4.8"))))
    then = Curve("Jan. 10, 2025", ((24, Decimal("4.4")), (120, Decimal("4.8")), (360, Decimal("5.0"))))
    svg = curve_chart(CurveSpec("Treasury yields by maturity", (today, then), "the Treasury", MONDAY))

    assert {"2Y", "10Y", "30Y", "Jan. 12, 2026", "Jan. 10, 2025"} <= set(texts(svg))
    dashes = {
        node.get("stroke-dasharray")
        for node in drawn(svg).iter(f"{SVG}path")
        if node.get("stroke-width") == "4"
    }
    assert len(dashes) == 2
    assert curve_csv(CurveSpec("", (today, then), "", MONDAY)).splitlines()[1] == "24,3.5,4.4"
    with pytest.raises(ValueError, match="two maturities"):
        curve_chart(CurveSpec("", (Curve("a", ((24, Decimal(1)),)),), "", MONDAY))


def test_a_heat_table_prints_every_figure_with_its_sign() -> None:
    rows = (
        HeatRow("Technology", (Decimal("1.25"), Decimal("-3.4"), None)),
        HeatRow("Utilities", (Decimal("0"), Decimal("12.05"), Decimal("-0.05"))),
    )
    table = HeatSpec("Sector funds", ("1 session", "5 sessions", "2026"), rows, "the exchange", MONDAY)
    svg = heat_table(table)

    assert {"+1.3%", "−3.4%", "–", "0.0%", "+12.1%", "−0.05%"} <= set(texts(svg))
    assert {node.get("class") for node in drawn(svg).iter(f"{SVG}rect")} >= {"f-up3", "f-down3", "f-grid"}
    assert heat_csv(table).splitlines() == ["name,1 session,5 sessions,2026", "Technology,1.25,-3.4,",
                                            "Utilities,0,12.05,-0.05"]  # fmt: skip
    with pytest.raises(ValueError, match="1 to 16 rows"):
        heat_table(HeatSpec("", ("a",), (HeatRow("x", (None,)),) * 17, "", MONDAY))


@pytest.mark.parametrize("tone", ["up1", "up2", "up3", "down1", "down2", "down3", "shade", "grid"])
def test_text_on_a_shade_can_be_read(tone: str) -> None:
    assert contrast(canvas.LIGHT["ink"], canvas.LIGHT[tone]) >= 4.5
    assert contrast(canvas.DARK["ink"], canvas.DARK[tone]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
