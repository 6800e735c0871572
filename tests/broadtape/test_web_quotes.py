"""Key figures, chart, history and words of pages: pure parts, without a site."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from web_fakes import SESSION, entry, walk

from broadtape.archive.records import HistoryRow, InstrumentView
from broadtape.web import cards, drawing, pictures, quotes, words


def bare(closes: dict[str, str | None], *, basis: str = "price", unit: str = "USD") -> InstrumentView:
    """An instrument with these closes (or, on basis "total", these percentages), oldest first."""
    rows = []
    for day, text in closes.items():
        value = None if text is None else Decimal(text)
        price, percent = (value, None) if basis == "price" else (None, value)
        rows.append(HistoryRow(date.fromisoformat(day), None, None, None, price, None, percent))
    view = walk("NASDAQ:X", "X", "1", sessions=1)
    return replace(
        view, history=tuple(reversed(rows)), basis="price" if basis == "price" else "total", unit=unit
    )


def window(view: InstrumentView, name: str) -> str | None:
    series = quotes.series(view)
    assert series is not None
    found = quotes.window(series, name)
    return None if found is None else found[1].percent


# --- windows ----------------------------------------------------------------------------------------------


def test_a_year_to_date_starts_from_the_last_close_of_the_year_before() -> None:
    view = bare({"2025-12-30": "90", "2025-12-31": "100", "2026-01-02": "150", "2026-01-12": "110"})

    assert window(view, "Year to date") == "+10.00%"


def test_a_month_starts_from_the_last_close_on_or_before_the_same_day() -> None:
    view = bare({"2026-02-27": "100", "2026-03-02": "110", "2026-03-31": "121"})

    assert window(view, "1 month") == "+21.00%"  # Feb. 28 was no session


def test_a_week_is_five_sessions() -> None:
    days = [f"2026-01-{day:02d}" for day in (2, 5, 6, 7, 8, 9)]
    view = bare(dict(zip(days, ["100", "1", "1", "1", "1", "105"], strict=True)))

    assert window(view, "1 week") == "+5.00%"


def test_a_window_older_than_the_data_is_absent() -> None:
    view = bare({"2026-01-09": "100", "2026-01-12": "110"})

    assert [window(view, name) for name in quotes.WINDOWS] == ["+10.00%", None, None, None, None]


def test_a_window_whose_start_falls_into_a_gap_is_absent() -> None:
    view = bare({"2024-06-03": "100", "2026-01-09": "105", "2026-01-12": "110"})

    assert window(view, "1 year") is None
    assert window(view, "Year to date") is None


def test_a_leap_day_has_a_year_before() -> None:
    view = bare({"2023-02-28": "100", "2024-02-28": "120", "2024-02-29": "130"})

    assert window(view, "1 year") == "+30.00%"


def test_a_52_week_range_needs_a_year_of_data_and_names_its_days() -> None:
    long = quotes.series(walk("NASDAQ:X", "X", "100.00"))
    short = quotes.series(walk("NASDAQ:X", "X", "100.00", sessions=100))
    assert long is not None
    assert short is not None

    assert [f.label for f in quotes.key_figures(long)][:3] == [
        "Previous close",
        "52-week high (close)",
        "52-week low (close)",
    ]
    assert not [f for f in quotes.key_figures(short) if "52-week" in f.label]


# --- series -----------------------------------------------------------------------------------------------


def test_a_missing_close_is_left_out_and_a_zero_is_no_price() -> None:
    series = quotes.series(bare({"2026-01-08": "10", "2026-01-09": None, "2026-01-12": "0"}))

    assert series is not None
    assert series.closes == (Decimal(10),)
    assert quotes.last_change(series) is None


def test_nothing_known_is_no_series() -> None:
    assert quotes.series(bare({})) is None
    assert quotes.series(bare({"2026-01-12": None})) is None


def test_growth_including_dividends_compounds_and_starts_again_after_a_gap() -> None:
    view = bare(
        {"2026-01-06": None, "2026-01-07": "50", "2026-01-08": None, "2026-01-09": "10", "2026-01-12": "10"},
        basis="total",
    )
    series = quotes.series(view)

    assert series is not None
    assert not series.price
    assert series.closes == (Decimal(100), Decimal("110.0"), Decimal("121.00"))
    assert quotes.history(view.history, series)[0].price == ""


def test_a_price_under_a_dollar_is_printed_to_four_places() -> None:
    series = quotes.series(bare({"2026-01-09": "0.5012", "2026-01-12": "0.5020"}))

    assert series is not None
    assert quotes.as_price(series.last, series) == "$0.5020"
    change = quotes.last_change(series)
    assert change is not None
    assert change.amount == "+0.0008"


def test_history_gives_each_session_its_change_from_the_one_before() -> None:
    view = bare({"2026-01-08": "100", "2026-01-09": "101", "2026-01-12": "99.99"})
    series = quotes.series(view)
    assert series is not None
    rows = quotes.history(view.history, series)

    assert [row.day.iso for row in rows] == ["2026-01-12", "2026-01-09", "2026-01-08"]
    assert [row.change.percent if row.change else "" for row in rows] == ["−1.00%", "+1.00%", ""]


def test_csv_repeats_the_stored_figures_oldest_first() -> None:
    view = bare({"2026-01-09": "101", "2026-01-12": "99.99"})
    series = quotes.series(view)

    assert series is not None
    assert quotes.csv(reversed(view.history), series) == (
        "date,open,high,low,close,volume\n2026-01-09,,,,101,\n2026-01-12,,,,99.99,\n"
    )


# --- chart ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("close", ["0.01", "1", "99.5", "480000.00"])
def test_a_flat_line_can_be_drawn(close: str) -> None:
    days = [SESSION - timedelta(days=n) for n in range(9, -1, -1)]
    series = quotes.series(bare({day.isoformat(): close for day in days}))
    assert series is not None
    chart = drawing.line_chart(series, "X")

    assert chart is not None
    assert "nan" not in chart.line
    assert len(chart.ys) >= 2


def test_four_closes_are_no_chart() -> None:
    series = quotes.series(bare({f"2026-01-0{n}": "1" for n in range(5, 9)}))

    assert series is not None
    assert drawing.line_chart(series, "X") is None


def test_a_charts_words_name_ends_lowest_and_highest() -> None:
    closes = {
        "2026-01-05": "10",
        "2026-01-06": "12",
        "2026-01-07": "8",
        "2026-01-08": "9",
        "2026-01-09": "11",
    }
    series = quotes.series(bare(closes))
    assert series is not None
    chart = drawing.line_chart(series, "X")

    assert chart is not None
    assert chart.description == (
        "Closing prices from $10.00 on Jan. 5, 2026 to $11.00 on Jan. 9, 2026; "
        "lowest $8.00 on Jan. 7, 2026, highest $12.00 on Jan. 6, 2026."
    )


def test_every_point_of_a_chart_lies_inside_its_box() -> None:
    series = quotes.series(walk("NASDAQ:X", "X", "100.00"))
    assert series is not None
    chart = drawing.line_chart(series, "X")
    assert chart is not None
    points = [tuple(map(float, pair.split())) for pair in chart.line[1:].split("L")]

    assert all(chart.left <= x <= chart.right and 0 <= y <= chart.bottom for x, y in points)
    assert len(points) == 260


# --- words ------------------------------------------------------------------------------------------------


def test_the_direction_is_that_of_the_printed_figures() -> None:
    small = words.change(Decimal("0.004"), Decimal("0.001"))

    assert (small.direction, small.amount, small.percent, small.arrow) == ("flat", "0.00", "0.00%", "–")
    assert words.change(Decimal("-0.004"), Decimal("-0.001")).amount == "0.00"
    assert words.change(None, Decimal("-1.005")).percent == "−1.01%"


def test_half_a_cent_rounds_away_from_zero() -> None:
    assert words.signed(Decimal("-2.105"), 2) == "−2.11"
    assert words.signed(Decimal("2.105"), 2) == "+2.11"


def test_the_hours_around_noon_and_midnight() -> None:
    day = datetime(2026, 1, 12, tzinfo=UTC)
    hours = [words.clock(day.replace(hour=hour, minute=5)) for hour in (0, 11, 12, 23)]

    assert hours == ["12:05 a.m.", "11:05 a.m.", "12:05 p.m.", "11:05 p.m."]


def test_the_standfirst_of_a_long_paragraph_ends_at_a_word() -> None:
    told = replace(entry("a"), text="word " * 100)

    assert cards.summary(told).endswith("word …")
    assert len(cards.summary(told)) <= 242


# --- pictures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "start", "size"),
    [
        ("a.svg", b'<?xml version="1.0"?><svg width="640px" height="300.4" viewBox="0 0 1 1">', (640, 300)),
        ("b.svg", b'<svg viewBox="0 0 640 300">', (640, 300)),
        ("c.svg", b'<svg width="100%" viewBox="0 0 640 300">', (640, 300)),
        ("d.svg", b"<svg>", (None, None)),
        ("e.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\x2c", (640, 300)),
        ("f.jpg", b"\xff\xd8\xff\xe0\0\x04\0\0\xff\xc0\0\x11\x08\x01\x2c\x02\x80\0\0\0", (640, 300)),
        ("g.jpg", b"\xff\xd8\xff\xe0\0\0\0\0", (None, None)),
        ("h.png", b"", (None, None)),
        ("i.webp", b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x7f\x02\0\x2b\x01\0", (640, 300)),
    ],
)
def test_a_pictures_size_is_read_from_its_head(
    tmp_path: Path, name: str, start: bytes, size: tuple[int | None, int | None]
) -> None:
    path = tmp_path / name
    path.write_bytes(start)

    assert pictures.size(path) == size


def test_a_picture_that_is_not_there_has_no_size(tmp_path: Path) -> None:
    assert pictures.size(tmp_path / "none.png") == (None, None)
