"""The tape: histories packed and unpacked, what the keeper puts into it, and what quote pages show from it."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import FakeMarket
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from newsroom import Newsroom

from broadtape.archive.tape import COLUMNS, Sessions, Tape, TapeWriter, pack, unpack
from broadtape.model import Filing, Instrument, Origin, Story
from broadtape.publishing import sayings, tape
from broadtape.web import create_app, drawing, quotes

HOME = "http://bay.localhost:8000"
PUBLIC = Origin("feed", "A feed", "public", datetime(2026, 1, 20, tzinfo=UTC))
PRIVATE = Origin("feed", "A feed", "private", datetime(2026, 1, 20, tzinfo=UTC))


def rising(count: int, first: float = 10.0) -> str:
    """So many closes, each a cent above the one before."""
    return " ".join(f"{first + number / 100:.2f}" for number in range(count))


def a_market(**more: Any) -> FakeMarket:
    return FakeMarket(
        "2026-01-20",
        {
            "NASDAQ:AAA": rising(600),
            "NASDAQ:BBB": " ".join(f"{90 - number / 10:.2f}" for number in range(400)),
            "NYSE:TTT": {
                "2026-01-15": {"adj_close": 40.0},
                "2026-01-16": {"adj_close": 44.0},
                "2026-01-20": {"adj_close": 33.0},
            },
        },
        instruments=[
            Instrument("NASDAQ:AAA", "Alpha Corp.", "stock", aliases=("Old Alpha",)),
            Instrument("NASDAQ:BBB", "Beta & Sons", "stock"),
            Instrument("NYSE:TTT", "Total Return Co.", "stock"),
        ],
        **more,
    )


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    return Newsroom(tmp_path, monkeypatch, market=a_market())


def reader(room: Newsroom) -> FlaskClient:
    return create_app(room.instance, clock=lambda: room.now).test_client()


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path, base_url=HOME)
    assert answer.status_code == 200, path
    return answer.text


# --- packing ------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_packed_comes_back_whatever_is_missing(data: st.DataObject) -> None:
    days = sorted(data.draw(st.sets(st.integers(1, 3_000_000), min_size=1, max_size=30)))
    value = st.none() | st.integers(0, 2**61)
    columns = {
        name: tuple(data.draw(st.lists(value, min_size=len(days), max_size=len(days)))) for name in COLUMNS
    }
    told = Sessions("NYSE:A", "price", 2, tuple(days), columns)

    assert unpack(pack(told)) == told


def test_a_session_gives_its_change_and_prices_in_their_unit() -> None:
    told = Sessions("NYSE:A", "price", 2, (10, 11), {"close": (1000, 1050), "volume": (None, 7)})

    assert told.row(1).percent == 5
    assert told.row(1).close == Decimal("10.50")
    assert told.row(1).open is None
    assert (told.row(0).percent, told.row(0).volume, told.row(1).volume) == (None, None, 7)


# --- what the keeper puts into it -----------------------------------------------------------------------------


def test_every_session_is_kept_and_a_total_series_only_as_growth(room: Newsroom) -> None:
    room.publish()
    found = Tape(room.instance.tape)
    long, total = found.sessions("NASDAQ:AAA"), found.sessions("NYSE:TTT")

    assert long is not None
    assert total is not None
    assert len(long) == 600
    assert long.value("close", -1) == Decimal("15.99")
    assert total.basis == "total"
    assert total.columns == {"close": (1_000_000, 1_100_000, 825_000)}
    assert total.row(2).close is None


def test_a_publish_without_new_bars_makes_no_history_again(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.publish()
    made: list[str] = []
    monkeypatch.setattr(tape, "sessions", lambda bars: made.append(bars.symbol))
    assert room.store is not None
    room.store.replace(room.store.view(date(2026, 1, 20)).revised({"NASDAQ:BBB": {"2026-01-20": "51.00"}}))
    room.publish()

    assert made == ["NASDAQ:BBB"]


def test_a_public_instance_keeps_nothing_that_is_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = a_market(
        public=["NASDAQ:BBB"], readings={"DGS10": {"2026-01-15": "4.1"}, "DGS2": {"2026-01-15": "3.9"}}
    )
    room = Newsroom(tmp_path, monkeypatch, market=public, settings='audience = "public"\n')
    room.publish()
    found, client = Tape(room.instance.tape), reader(room)
    board = found.board()

    assert found.sessions("NASDAQ:AAA") is None
    assert found.told("NASDAQ:AAA").sayings == ()
    assert found.sessions("NASDAQ:BBB") is not None
    assert board is not None
    assert board.indicators == ()
    assert [one.symbol for one in (*board.gainers, *board.losers)] == ["NASDAQ:BBB"]
    for name in ("history.csv", "series.json"):
        assert client.get(f"/quotes/NASDAQ:AAA/{name}", base_url=HOME).status_code == 404
        assert client.get(f"/quotes/NASDAQ:BBB/{name}", base_url=HOME).status_code == 200


def test_streaks_and_records_are_told_where_they_hold_and_name_their_days() -> None:
    market = a_market()
    start = _day(market, "NASDAQ:AAA")

    assert [one.text for one in sayings.of(market, "NASDAQ:AAA", "private")] == [
        f"Closed at $15.99 on Jan. 20, 2026, the highest close in our data, which start on {start}.",
        f"Rose 599 sessions in a row, from {_day(market, 'NASDAQ:AAA', 1)} to Jan. 20, 2026.",
    ]
    assert sayings.of(market, "NASDAQ:AAA", "public") == ()


def _day(market: FakeMarket, symbol: str, at: int = 0) -> str:
    from broadtape import numbers

    return numbers.day(market.bars(symbol).days[at].item())


def test_a_fall_is_told_against_the_highest_close() -> None:
    market = FakeMarket("2026-01-20", {"NYSE:A": "80 100 90 95"})

    told = [one.text for one in sayings.of(market, "NYSE:A", "private")]
    assert told == ["5.00% below its highest close in our data, $100.00 on Jan. 16, 2026."]


def test_others_headlines_and_filings_stand_beside_the_instrument_they_are_about(room: Newsroom) -> None:
    at = room.now - timedelta(hours=3)
    told = [
        Story(
            "1",
            "Alpha <wins>",
            "https://news.example/a",
            "The News",
            at,
            at,
            "",
            PRIVATE,
            symbols=("NASDAQ:AAA",),
            quotes=(("Jane Q. Doe", "We will <sell> two ferries"), ("Tom Okafor", "No, we will not")),
        ),
        Story("2", "A trap", "javascript:alert(1)", "The News", at, at, "", PRIVATE, symbols=("NASDAQ:AAA",)),
    ]
    filed = Filing(
        "1", "1", "Alpha", "10-Q/A", at.date(), at, (), "https://sec.example/f", PUBLIC, date(2025, 12, 31),
        ("NASDAQ:AAA",),
    )  # fmt: skip
    assert room.store is not None
    news = SimpleNamespace(
        known=room.now, stories=lambda since: told, companies=list, filings=lambda since: [filed]
    )
    room.store.news = lambda at: news  # type: ignore[method-assign]  # this test's own
    room.publish()
    html = page(reader(room), "/quotes/NASDAQ:AAA/")

    assert 'href="https://news.example/a"' in html
    assert "Alpha &lt;wins&gt;" in html
    assert "The News, <time" in html
    assert "Jane Q. Doe: <q>We will &lt;sell&gt; two ferries</q>" in html
    assert "Tom Okafor" not in html, "one quotation a headline"
    assert "javascript:" not in html
    assert "Quarterly report, amended for the period to Dec. 31, 2025" in html


def test_a_damaged_or_foreign_file_is_made_anew_and_reads_as_empty_until_then(tmp_path: Path) -> None:
    path = tmp_path / "tape.sqlite"
    path.write_bytes(b"no database at all, and longer than a header of one" * 40)
    assert Tape(path).sessions("NYSE:A") is None
    with TapeWriter(path) as writer:
        writer.put_sessions("NYSE:A", "x", Sessions("NYSE:A", "price", 0, (1,), {"close": (5,)}))
    assert Tape(path).sessions("NYSE:A") is not None

    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    assert Tape(path).sessions("NYSE:A") is None
    assert Tape(tmp_path / "none.sqlite").listings() == ()


def test_what_fails_midway_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "tape.sqlite"
    with suppress(RuntimeError), TapeWriter(path) as writer:
        writer.set_meta("context", "x")
        raise RuntimeError

    with TapeWriter(path) as writer:
        assert writer.meta("context") == ""


# --- pages ------------------------------------------------------------------------------------------------


def test_a_quote_page_turns_over_the_whole_history(room: Newsroom) -> None:
    room.publish()
    client = reader(room)
    first, last = page(client, "/quotes/NASDAQ:AAA/"), page(client, "/quotes/NASDAQ:AAA/?page=20")

    assert "600 sessions since" in first
    assert 'rel="next" href="/quotes/NASDAQ:AAA/?page=2"' in first
    assert "$10.00" in last
    assert 'name="robots" content="noindex' in last
    for asked in ("0", "21", "x", "99999999"):
        assert client.get(f"/quotes/NASDAQ:AAA/?page={asked}", base_url=HOME).status_code == 404


def test_the_csv_and_the_charts_series_hold_every_session(room: Newsroom) -> None:
    room.publish()
    client = reader(room)
    rows = list(csv.DictReader(io.StringIO(page(client, "/quotes/NASDAQ:AAA/history.csv"))))
    series = json.loads(page(client, "/quotes/NASDAQ:AAA/series.json"))
    days = [date(1970, 1, 1) + timedelta(days=day) for day in accumulate(series["days"])]

    assert len(rows) == 600
    assert [row["date"] for row in rows] == [day.isoformat() for day in days]
    closes = [Decimal(close).scaleb(-series["decimals"]) for close in accumulate(series["closes"])]
    assert [Decimal(row["close"]) for row in rows] == closes


def test_ranges_and_a_comparison_work_by_address_alone(room: Newsroom) -> None:
    room.publish()
    client = reader(room)
    month = page(client, "/quotes/NASDAQ:AAA/?range=1m")
    both = page(client, "/quotes/NASDAQ:AAA/?range=6m&vs=beta")
    nobody = page(client, "/quotes/NASDAQ:AAA/?vs=%3Cscript%3E")

    assert 'data-range="1m" aria-current="true"' in month
    assert "closing prices, Dec. 19, 2025 to Jan. 20, 2026" in month
    assert "Alpha Corp. and Beta &amp; Sons: change in percent" in both
    assert 'class="line other"' in both
    assert 'href="/quotes/NASDAQ:AAA/?range=max&amp;vs=NASDAQ:BBB"' in both
    assert "There is no instrument called “&lt;script&gt;” here." in nobody


def test_a_comparison_says_which_line_includes_dividends() -> None:
    days = tuple(date(2026, 1, number) for number in range(5, 15))
    price = quotes.Series("A", days, tuple(Decimal(100 + n) for n in range(10)), True, "USD", 2)
    total = quotes.Series("B", days, tuple(Decimal(100 + 2 * n) for n in range(10)), False, "", 2)
    chart = drawing.compared(price, total, ("A", "B"), "max")

    assert chart is not None
    assert chart.description == (
        "Change since the close of Jan. 5, 2026, to Jan. 14, 2026: A +9.00%, B +18.00%. B with dividends."
    )


def test_a_long_line_keeps_its_lowest_and_highest_and_few_points() -> None:
    days = tuple(date(1990, 1, 1) + timedelta(days=number) for number in range(9_000))
    closes = [Decimal(100)] * 9_000
    closes[4_321], closes[7_654] = Decimal(1), Decimal(999)
    chart = drawing.line_chart(quotes.Series("A", days, tuple(closes), True, "USD", 2), "A", "max")

    assert chart is not None
    assert chart.line.count("L") <= 2 * drawing.POINTS
    heights = {float(point.split()[1]) for point in chart.line[1:].split("L")}
    assert len(heights) == 3
    assert [mark.label for mark in chart.xs] == ["1995", "2000", "2005", "2010"]


@pytest.mark.parametrize(("low", "high"), [("100", "1400"), ("100.0", "102.5"), ("0.5", "0.75"), ("3", "10")])
def test_the_axis_prints_the_value_it_stands_at(low: str, high: str) -> None:
    days = tuple(date(2026, 1, number) for number in range(5, 15))
    closes = (Decimal(low), *[Decimal(high)] * 9)
    chart = drawing.line_chart(quotes.Series("A", days, closes, True, "USD", 2), "A", "max")

    assert chart is not None
    steps = [float(mark.label.replace(",", "")) for mark in chart.ys]
    gaps = {round(b - a, 9) for a, b in pairwise(steps)}
    assert len(gaps) == 1


def test_a_quote_page_leads_to_all_its_stories_where_it_does_not_show_them(room: Newsroom) -> None:
    for number in range(12):
        room.post(f"story-{number}", symbols="[NASDAQ:AAA]")
    room.post("other", symbols="[NASDAQ:BBB]")
    room.publish()
    client = reader(room)

    assert 'href="/search?symbol=NASDAQ%3AAAA&amp;sort=date">All 12 stories</a>' in page(
        client, "/quotes/NASDAQ:AAA/"
    )
    assert "All 1 stories" not in page(client, "/quotes/NASDAQ:BBB/")
