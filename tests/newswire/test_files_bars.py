from __future__ import annotations

import io
import os
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import wire

from newswire.errors import BadValue, SourceError
from newswire.files import NamedInstrument, load_file

LISTED = {"NASDAQ:AAPL": "stock", "NYSE:BRK.B": "stock", "NYSE:BAC": "stock"}
HEAD = "symbol,date,open,high,low,close,adj_close,volume\n"


def long_bars(text: str, **more: object) -> object:
    return wire.parse(HEAD + text, listed=LISTED, columns=wire.LONG_BARS, adjustment="split", **more)


def test_a_long_table_gives_ascending_bars_per_symbol() -> None:
    harvest = wire.parse(
        HEAD
        + "BAC,2026-01-12,55,56,54,55.19,54.6,100\n"
        + "AAPL,2026-01-12,260,261,259,260.25,259.54,7\n"
        + "BAC,2026-01-09,55,56,54,55.85,55.2,200\n",
        listed=LISTED,
        columns=wire.LONG_BARS,
        adjustment="split",
    )

    aapl, bac = harvest.bars
    assert [aapl.symbol, bac.symbol] == ["NASDAQ:AAPL", "NYSE:BAC"]
    assert bac.days.tolist() == [date(2026, 1, 9), date(2026, 1, 12)]
    assert bac.close.tolist() == [55.85, 55.19]
    assert bac.volume.tolist() == [200, 100]
    assert (bac.adjustment, bac.unit, bac.decimals) == ("split", "USD", 2)
    assert np.isnan(bac.dividend).all()
    assert harvest.rows_read == 3


def test_an_index_among_shares_is_in_points() -> None:
    harvest = wire.parse(
        "symbol,date,close\nSPX,2026-01-12,6977.27\nAAPL,2026-01-12,260\n",
        listed=LISTED,
        instruments=(NamedInstrument("INDEXSP:SPX", bare="SPX", name="S&P 500", kind="index"),),
    )

    assert {one.symbol: one.unit for one in harvest.bars} == {"INDEXSP:SPX": "points", "NASDAQ:AAPL": "USD"}


def test_class_marks_are_equal_in_any_spelling() -> None:
    for raw in ("BRK.B", "BRK-B", "BRK/B", "brk.b"):
        harvest = wire.parse(f"symbol,date,close\n{raw},2026-01-12,500\n", listed=LISTED)

        assert harvest.bars[0].symbol == "NYSE:BRK.B"


def test_two_spellings_of_one_symbol_are_one_series() -> None:
    with pytest.raises(BadValue, match="line 3, column date: also on line 2: 'BRK-B 2026-01-12'"):
        wire.parse("symbol,date,close\nBRK.B,2026-01-12,500\nBRK-B,2026-01-12,501\n", listed=LISTED)


def test_an_unknown_symbol_is_kept_as_unlisted_and_reported() -> None:
    harvest = wire.parse("symbol,date,close\nZZZZ,2026-01-12,5\n", listed=LISTED)

    assert harvest.bars[0].symbol == "UNLISTED:ZZZZ"
    assert harvest.unresolved == ("UNLISTED:ZZZZ",)


def test_the_primary_listing_is_meant_and_the_choice_reported() -> None:
    listed = {"BATS:AB": "etf", "NYSE:AB": "stock", "INDEXX:AB": "index"}

    harvest = wire.parse("symbol,date,close\nAB,2026-01-12,5\n", listed=listed)

    assert harvest.bars[0].symbol == "NYSE:AB"
    assert harvest.ambiguous == (("AB", ("NYSE:AB", "BATS:AB", "INDEXX:AB")),)


def test_the_settings_own_instruments_go_before_the_directory() -> None:
    named = (NamedInstrument("INDEXRUSSELL:RUT", bare="AAPL", name="Russell 2000", kind="index"),)

    harvest = wire.parse(
        "symbol,date,close\nAAPL,2026-01-12,2635.69\n", listed=LISTED, instruments=named, unit="points"
    )

    assert harvest.bars[0].symbol == "INDEXRUSSELL:RUT"
    assert harvest.instruments[0].standing == "settings"
    assert harvest.bars[0].unit == "points"


def test_a_table_of_adjusted_closes_only_has_no_price() -> None:
    harvest = wire.parse(
        "symbol,date,adj_close\nBAC,2026-01-12,54.5961\n",
        listed=LISTED,
        columns={"symbol": "symbol", "date": "date", "adj_close": "adj_close"},
    )

    table = harvest.bars[0]
    assert table.adjustment == "total"
    assert np.isnan(table.close).all()
    assert table.adj_close.tolist() == [54.5961]
    assert table.decimals == 2


def test_prices_are_in_cents_and_levels_as_precise_as_given() -> None:
    text = "symbol,date,close\nBAC,2026-01-09,100\nBAC,2026-01-12,{}\n"

    found = [
        wire.parse(text.format(price), listed=LISTED, unit=unit).bars[0].decimals
        for unit in ("USD", "points")
        for price in ("101", "101.125")
    ]

    assert found == [2, 2, 0, 3]


def test_prices_including_dividends_are_never_kept_as_closes() -> None:
    harvest = long_bars("BAC,2026-01-12,55,56,54,55.19,,100\n".replace(",,", ",55.19,"))
    total = wire.parse(
        "symbol,date,open,close\nBAC,2026-01-12,55,55.19\n",
        listed=LISTED,
        columns={"symbol": "symbol", "date": "date", "open": "open", "close": "close"},
        adjustment="total",
    )

    assert harvest.bars[0].adjustment == "split"  # type: ignore[attr-defined]
    assert np.isnan(total.bars[0].close).all()
    assert np.isnan(total.bars[0].open).all()
    assert total.bars[0].adj_close.tolist() == [55.19]


def test_empty_and_trailer_rows_are_skipped_and_counted() -> None:
    harvest = wire.parse(
        "symbol,date,close\nBAC,2026-01-12,55\n,,\n\nBAC,2026-01-09,\nFile Creation Time: 0112202621:31\n",
        listed=LISTED,
    )

    assert {one.reason: (one.line, one.count) for one in harvest.skipped} == {
        "empty": (3, 2),
        "no value": (5, 1),
        "trailer": (6, 1),
    }
    assert harvest.rows_read == 5
    assert harvest.rows_skipped == 4
    assert len(harvest.bars[0].days) == 1


def test_a_wide_table_has_a_column_per_symbol_and_empty_cells_are_no_bars() -> None:
    harvest = wire.parse(
        "date,BAC,AAPL,NEW\n2026-01-12,55.19,260.25,\n2026-01-09,55.85,,\n",
        listed=LISTED,
        layout="wide",
        columns={"date": "date"},
        value="close",
        group="watched",
    )

    assert {one.symbol: one.close.tolist() for one in harvest.bars} == {
        "NASDAQ:AAPL": [260.25],
        "NYSE:BAC": [55.85, 55.19],
    }
    assert harvest.groups == (("watched", ("NASDAQ:AAPL", "NYSE:BAC", "UNLISTED:NEW")),)


def test_gzip_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    text = "symbol,date,close\r\nBAC,2026-01-12,55.19\r\n"

    for data in (text.encode(), wire.packed(text), b"\xef\xbb\xbf" + text.encode()):
        assert wire.parse(data, listed=LISTED).bars[0].close.tolist() == [55.19]


def test_parquet_gives_the_same_bars_as_csv() -> None:
    table = pa.table(
        {
            "symbol": pa.array(["BAC", "BAC"]).dictionary_encode(),
            "date": pa.array([date(2026, 1, 9), date(2026, 1, 12)]),
            "close": pa.array([55.85, 55.19]),
            "other": pa.array([[1], [2]]),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)

    harvest = wire.parse(buffer.getvalue(), listed=LISTED)

    assert harvest.bars[0].symbol == "NYSE:BAC"
    assert harvest.bars[0].days.tolist() == [date(2026, 1, 9), date(2026, 1, 12)]
    assert harvest.bars[0].close.tolist() == [55.85, 55.19]


def test_parquet_instants_with_a_zone_are_no_session_dates() -> None:
    table = pa.table(
        {
            "symbol": ["BAC"],
            "date": pa.array([0], type=pa.timestamp("s", tz="UTC")),
            "close": [1.0],
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)

    with pytest.raises(SourceError, match="column date: instants in UTC"):
        wire.parse(buffer.getvalue(), listed=LISTED)


def test_midnight_and_offset_after_a_date_mean_that_date() -> None:
    harvest = wire.parse("symbol,date,close\nBAC,2026-01-12 00:00:00-05:00,55\n", listed=LISTED)

    assert harvest.bars[0].days.tolist() == [date(2026, 1, 12)]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("BAC,2026-01-12,55,56,54,x,55,1", "line 2, column close: not a number: 'x'"),
        ("BAC,2026-01-12,55,56,54,1_000,55,1", "line 2, column close: not a number: '1_000'"),
        ('BAC,2026-01-12,55,56,54,"54,9",55,1', "not a number (write 10.5 and 1234, without commas): '54,9'"),
        (
            "BAC,2026-01-12,55,56,54,N/A,55,1",
            "not a number (leave the cell empty where there is none): 'N/A'",
        ),
        ("BAC,2026-01-12,,,,1e308,55,1", "column close: no price; is it another column's value?: '1e+308'"),
        ("BAC,2026-01-12,,,,1e-300,55,1", "column close: no price"),
        ("BAC,2026-01-12,55,56,54,55,55,1e300", "column volume: too large: '1e+300'"),
        ("BAC,2026-01-12,55,56,54,nan,55,1", "line 2, column close: not a finite number: 'nan'"),
        ("BAC,2026-01-12,55,56,54,-inf,55,1", "line 2, column close: not a finite number: '-inf'"),
        ("BAC,2026-01-12,55,56,54,-55,55,1", "line 2, column close: not a positive price: '-55'"),
        ("BAC,2026-01-12,55,56,54,55,0,1", "line 2, column adj_close: not a positive price: '0'"),
        ("BAC,2026-01-12,55,56,54,55,55,-1", "line 2, column volume: negative: '-1'"),
        ("BAC,2026-01-12,55,53,54,53.5,55,1", "line 2, column high: below the day's low, 54: '53'"),
        ("BAC,2026-01-12,55,56,54,50,55,1", "line 2, column close: outside the day's range 54 to 56"),
        ("BAC,2026-02-30,55,56,54,55,55,1", "line 2, column date: no such day: '2026-02-30'"),
        ("BAC,12/01/2026,55,56,54,55,55,1", "line 2, column date: not an ISO date"),
        ("BAC,2026-06-02,55,56,54,55,55,1", "line 2, column date: a date in the future"),
        ("BAC,,55,56,54,55,55,1", "line 2, column date: no date"),
        (",2026-01-12,55,56,54,55,55,1", "line 2, column symbol: no symbol"),
        ("B A C,2026-01-12,55,56,54,55,55,1", "line 2, column symbol: not a symbol: 'B A C'"),
        ("BAC,2026-01-12,55,56,54,55,55", "line 2: 7 columns where the header has 8"),
        ("BAC,2026-01-12,55,56,54,55,55,1,2", "line 2: 9 columns where the header has 8"),
    ],
)
def test_a_bad_row_refuses_the_table_with_its_place(row: str, complaint: str) -> None:
    with pytest.raises(SourceError) as refusal:
        long_bars(row + "\n")

    assert complaint in str(refusal.value)
    assert str(refusal.value).startswith("table: table.csv: ")
    assert "\n" not in str(refusal.value)


def test_the_line_of_an_error_counts_skipped_rows_too() -> None:
    with pytest.raises(BadValue) as refusal:
        wire.parse(
            "symbol,date,close\n\nBAC,2026-01-09,55\n,,\nFile Creation Time: 1\nBAC,2026-01-12,5x\n",
            listed=LISTED,
        )

    assert (refusal.value.line, refusal.value.column, refusal.value.value) == (6, "close", "5x")


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"\nsymbol,date,close\nBAC,2026-01-12,1\n", "line 1: empty; the header must be the first line"),
        (b"symbol,date\nBAC,2026-01-12\n", "line 1: no column 'close'; the file has symbol, date"),
        (b"symbol,date,close,close\nBAC,2026-01-12,1,1\n", "line 1: the column 'close' stands twice"),
        (b"symbol,date,close\nB\xe9C,2026-01-12,1\n", "line 2: byte 0xe9 is not UTF-8"),
        ("symbol,date,close\n".encode("utf-16"), "encoded as UTF-16"),
        (b"<!DOCTYPE html><html></html>", "holds a web page"),
        (b"symbol,date,close\nBAC,2026-01-12,1\0\n", "line 2: a zero byte"),
        (wire.packed("symbol,date,close\nBAC,2026-01-12,1\n")[:-9], "the gzip file ends early"),
        (b"\x1f\x8bnonsense", "damaged gzip"),
        (b"PAR1 nonsense", "not a readable Parquet file"),
        (b'symbol,date,close\nBAC,2026-01-12,"1\n2"\n', "line 2"),
    ],
)
def test_an_unreadable_structure_refuses_the_table(data: bytes, complaint: str) -> None:
    with pytest.raises(SourceError, match=r"table\.csv") as refusal:
        wire.parse(data, listed=LISTED)

    assert complaint in str(refusal.value)


def test_a_header_alone_is_a_table_without_rows() -> None:
    for text in ("symbol,date,close", "symbol,date,close\n", "symbol,date,close\r\n"):
        harvest = wire.parse(text, listed=LISTED)

        assert (harvest.rows_read, harvest.bars) == (0, ())


def test_small_prices_keep_four_digits_and_ordinary_noise_two_decimals() -> None:
    small = wire.parse("symbol,date,close\nBAC,2026-01-09,0.00012\nBAC,2026-01-12,0.000137\n", listed=LISTED)
    noise = wire.parse("symbol,date,close\nBAC,2026-01-09,54.123456789\nBAC,2026-01-12,0.25\n", listed=LISTED)

    assert (small.bars[0].decimals, noise.bars[0].decimals) == (7, 2)


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "prices.csv")

    with pytest.raises(SourceError, match="not a file but a pipe or device"):
        load_file(wire.settings(), tmp_path / "prices.csv", now=wire.NOON)


def test_what_unpacks_to_more_than_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newswire.tables.MAX_TEXT_BYTES", 1000)

    with pytest.raises(SourceError, match="unpacks to more than"):
        wire.parse(wire.packed("symbol,date,close\n" + "x" * 2000), listed=LISTED)


def test_more_rows_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newswire.tables.MAX_ROWS", 1)

    with pytest.raises(SourceError, match="more than 1 rows"):
        wire.parse("symbol,date,close\nBAC,2026-01-09,1\nBAC,2026-01-12,1\n", listed=LISTED)


def test_other_delimiters_are_seen_in_the_header() -> None:
    for delimiter in "|;\t":
        text = "symbol,date,close\nBAC,2026-01-12,55\n".replace(",", delimiter)

        assert wire.parse(text, listed=LISTED).bars[0].close.tolist() == [55.0]


def test_a_file_without_rows_is_an_empty_harvest() -> None:
    assert wire.parse("symbol,date,close\n", listed=LISTED).bars == ()
