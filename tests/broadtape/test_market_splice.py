from __future__ import annotations

from typing import Any

import numpy as np

from broadtape.market.schema import BAR_COLUMNS
from broadtape.market.splice import Strip, compare, splice

CALENDAR = np.arange("2026-01-01", "2026-07-01", dtype="datetime64[D]")


def strip(source: str, first: int, last: int, factor: float = 1.0, **more: Any) -> Strip:
    """Sessions first to last of a rising series, times `factor`; `basis` price, total or both."""
    days = CALENDAR[first:last]
    values = (100.0 + np.arange(first, last)) * factor
    columns = {name: np.full(len(days), np.nan) for name in BAR_COLUMNS}
    basis = more.pop("basis", "price")
    if basis in ("price", "both"):
        columns["close"] = values
    if basis in ("total", "both"):
        columns["adj_close"] = values
    adjustment = more.pop("adjustment", "split" if basis != "total" else "total")
    return Strip(source, adjustment, "USD", 2, days, columns, np.zeros(len(days), dtype=np.int64))


def test_a_later_source_that_agrees_extends_the_first() -> None:
    joined = splice([strip("a", 0, 50), strip("b", 20, 80)])

    assert joined is not None
    assert joined.sources == ("a", "b")
    assert joined.days.tolist() == CALENDAR[:80].tolist()
    assert joined.columns["close"].tolist() == (100.0 + np.arange(80)).tolist()


def test_the_earlier_source_wins_for_every_session_it_has() -> None:
    first, second = strip("a", 0, 50), strip("b", 0, 80, 1.0001)

    joined = splice([first, second])

    assert joined is not None
    assert joined.columns["close"][:50].tolist() == first.columns["close"].tolist()
    assert joined.columns["close"][50:].tolist() == second.columns["close"][50:].tolist()


def test_fewer_than_twenty_shared_sessions_prove_nothing() -> None:
    joined = splice([strip("a", 0, 50), strip("b", 31, 80)])

    assert joined is not None
    assert joined.sources == ("a",)
    assert len(joined.days) == 50


def test_a_lasting_difference_is_another_anchor_and_is_not_spliced() -> None:
    verdict = compare(strip("a", 0, 50), strip("b", 0, 53, 1.0015), "price")
    joined = splice([strip("a", 0, 50), strip("b", 0, 53, 1.0015)])

    assert verdict is not None
    assert not verdict.agrees
    assert (verdict.sessions, round(verdict.worst_pct, 3), round(verdict.median_pct, 3)) == (50, 0.15, 0.15)
    assert joined is not None
    assert joined.sources == ("a",)


def test_single_closes_may_differ_between_feeds() -> None:
    first, second = strip("a", 0, 50), strip("b", 0, 80)
    first.columns["close"][10] *= 1.03

    joined = splice([first, second])

    assert joined is not None
    assert joined.sources == ("a", "b")
    assert joined.columns["close"][10] == first.columns["close"][10]


def test_a_stale_source_does_not_hide_a_current_one_and_they_are_not_mixed() -> None:
    joined = splice([strip("a", 0, 50), strip("b", 20, 100, 5.0)])

    assert joined is not None
    assert joined.sources == ("b",)
    assert joined.days.tolist() == CALENDAR[20:100].tolist()


def test_raw_and_split_prices_are_never_joined() -> None:
    joined = splice([strip("a", 0, 50), strip("b", 0, 100, adjustment="raw")])

    assert joined is not None
    assert joined.sources == ("a",)
    assert joined.adjustment == "split"


def test_price_and_total_come_from_whoever_has_them() -> None:
    joined = splice([strip("a", 0, 50), strip("b", 0, 80, basis="total")])

    assert joined is not None
    assert joined.sources == ("a", "b")
    assert np.isnan(joined.columns["close"][50:]).all()
    assert joined.columns["adj_close"][79] == 179.0
    assert joined.adjustment == "split"


def test_a_source_that_adds_nothing_is_not_named() -> None:
    joined = splice([strip("a", 0, 50, basis="both"), strip("b", 10, 40, basis="total")])

    assert joined is not None
    assert joined.sources == ("a",)


def test_nothing_gives_nothing() -> None:
    assert splice([]) is None
    assert splice([strip("a", 0, 0)]) is None
