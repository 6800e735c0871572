from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from broadtape.market.schema import BAR_COLUMNS
from broadtape.market.splice import Strip
from broadtape.market.view import _as_retrieved

Rows = dict[int, tuple[float, int]]  # by day: close and when it was retrieved
ROWS = st.dictionaries(st.integers(0, 12), st.tuples(st.floats(1, 9), st.integers(0, 9)), max_size=8)


def strip(rows: Rows) -> Strip:
    days = sorted(rows)
    close = np.array([rows[day][0] for day in days], dtype=np.float64)
    none = np.full(len(days), np.nan)
    return Strip(
        "prices",
        "raw",
        "USD",
        2,
        np.array(days, dtype="datetime64[D]"),
        {name: close if name == "close" else none for name in BAR_COLUMNS},
        np.array([rows[day][1] for day in days], dtype=np.int64),
    )


def spelt(found: Strip) -> Rows:
    closes = found.columns["close"].tolist()
    days = found.days.astype(np.int64).tolist()
    return dict(zip(days, zip(closes, found.seen.tolist(), strict=True), strict=True))


@given(ROWS, st.lists(st.tuples(st.integers(0, 9), ROWS), max_size=4), st.integers(-1, 10))
def test_a_strip_as_retrieved_is_what_a_list_of_its_rows_says(
    rows: Rows, replaced: list[tuple[int, Rows]], cut: int
) -> None:
    former = sorted(replaced, key=lambda one: -one[0])
    wanted = {day: row for day, row in rows.items() if row[1] <= cut}
    for at, old in former:
        if at > cut:
            wanted |= {day: row for day, row in old.items() if row[1] <= cut}

    found = _as_retrieved(strip(rows), [(at, strip(old)) for at, old in former], cut)

    assert spelt(found) == dict(sorted(wanted.items()))
    assert all(len(values) == len(found.days) for values in found.columns.values())


def test_a_strip_that_nothing_changed_later_is_given_as_it_is() -> None:
    held = strip({1: (5.0, 2), 2: (6.0, 3)})

    assert _as_retrieved(held, [], 3) is held
