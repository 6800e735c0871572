from __future__ import annotations

import csv
import io
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import wire
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from newswire.errors import BadValue, NewswireError

symbols = st.from_regex(r"[A-Z]{1,4}(\.[A-Z])?", fullmatch=True)
days = st.dates(date(1990, 1, 1), date(2026, 5, 30))
prices = st.decimals(min_value="0.0001", max_value="99999", places=4).map(lambda value: value.normalize())
tables = st.dictionaries(st.tuples(symbols, days), prices, min_size=1, max_size=30)


def as_csv(rows: list[list[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["symbol", "date", "close"], *rows])
    return text.getvalue()


@given(tables, st.randoms(use_true_random=False))
@how(max_examples=60, deadline=None)
def test_every_row_comes_back_once_whatever_the_order_and_the_format(
    table: dict[tuple[str, date], object], shuffle: object
) -> None:
    rows: list[list[object]] = [[symbol, day, f"{price:f}"] for (symbol, day), price in table.items()]  # type: ignore[str-bytes-safe]
    shuffle.shuffle(rows)  # type: ignore[attr-defined]
    buffer = io.BytesIO()
    columns = {
        "symbol": [row[0] for row in rows],
        "date": [row[1] for row in rows],
        "close": [float(str(row[2])) for row in rows],
    }
    pq.write_table(pa.table(columns), buffer)

    for data in (as_csv(rows), buffer.getvalue()):
        harvest = wire.parse(data)
        found = {
            (one.symbol.removeprefix("UNLISTED:"), day.item()): close
            for one in harvest.bars
            for day, close in zip(one.days, one.close, strict=True)
        }
        assert found == {key: float(price) for key, price in table.items()}  # type: ignore[arg-type]
        assert all((np.diff(one.days).astype(int) > 0).all() for one in harvest.bars)


@given(
    tables,
    st.sampled_from(["", "x", "nan", "inf", "-1", "0", "1,5", "0x1F", "1_0", "--1", "1e", "٣", "'1"]),
    st.integers(min_value=0, max_value=29),
)
@how(max_examples=60, deadline=None)
def test_one_bad_price_anywhere_is_named_by_its_line(
    table: dict[tuple[str, date], object], bad: str, at: int
) -> None:
    rows: list[list[object]] = [[symbol, day, f"{price:f}"] for (symbol, day), price in table.items()]  # type: ignore[str-bytes-safe]
    at %= len(rows)
    rows[at][2] = bad
    text = as_csv(rows)

    if bad == "":
        assert wire.parse(text).rows_skipped == 1
        return
    with pytest.raises(BadValue) as refusal:
        wire.parse(text)
    assert (refusal.value.line, refusal.value.column) == (at + 2, "close")


@given(st.binary(max_size=400))
@how(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_bytes_end_otherwise_than_in_a_harvest_or_a_refusal(data: bytes) -> None:
    for raw in (data, b"symbol,date,close\n" + data, b"\x1f\x8b" + data, b"PAR1" + data + b"PAR1"):
        try:
            wire.parse(raw)
        except NewswireError as refusal:
            assert "\n" not in str(refusal)  # noqa: PT017  the claim is about whatever was refused
