"""Sources against each other: what is held, what a split or dividend explains, what a restatement carries along."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import wire
from fakes import FakeMarket

from broadtape import metrics
from broadtape.desk import signals
from broadtape.desk.facts import FactBook
from broadtape.market import crosscheck
from broadtape.market.calendar import exchange_sessions
from broadtape.model import NoData
from newswire.observations import Harvest

LISTED = {"NYSE:A": "stock", "NYSE:B": "stock"}
LAST = date(2026, 3, 27)
SESSIONS = [
    str(day)
    for day in exchange_sessions(date(2026, 6, 1))[0]
    if np.datetime64("2025-01-02") <= day <= np.datetime64(LAST)
]


def walk(seed: int = 1, count: int = len(SESSIONS)) -> np.ndarray:
    return np.round(100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, count))), 2)


def table(
    name: str,
    closes: np.ndarray,
    total: np.ndarray | None = None,
    *,
    days: list[str] | None = None,
    **more: object,
):  # type: ignore[no-untyped-def]
    days = days or SESSIONS
    columns = {"symbol": "symbol", "date": "date", "close": "close"}
    head = "symbol,date,close"
    if total is not None:
        columns["adj_close"] = "adj_close"
        head += ",adj_close"
    rows = [
        f"NYSE:A,{day},{close:.2f}" + ("" if total is None else f",{total[at]:.4f}")
        for at, (day, close) in enumerate(zip(days, closes, strict=True))
    ]
    return wire.parse("\n".join([head, *rows]) + "\n", listed=LISTED, name=name, columns=columns, **more)  # type: ignore[arg-type]


# --- disputes ---------------------------------------------------------------------------------------------


def test_a_close_that_two_sources_dispute_is_no_fact(tmp_path: Path) -> None:
    ours = walk()
    theirs = ours.copy()
    theirs[-1] *= 1.02

    with wire.open_store(tmp_path, table("first", ours), table("second", theirs)) as store:
        view = store.view(LAST)

        with pytest.raises(
            NoData, match=r"NYSE:A: held: first and second differ on the close of 2026-03-27: .* \(2\.0%\)"
        ):
            metrics.fact(view, "quote", of="NYSE:A")
        with pytest.raises(NoData, match="held"):
            metrics.fact(view, "return", of="NYSE:A", over="1s")
        assert FactBook(view).find("return", of="NYSE:A", over="1s") is None
        before = store.view(date(2026, 3, 26))
        assert metrics.fact(before, "quote", of="NYSE:A").value is not None
        assert before.bars("NYSE:A").held == ()


def test_a_third_source_that_bears_the_first_out_settles_it(tmp_path: Path) -> None:
    ours = walk()
    theirs = ours.copy()
    theirs[-1] *= 1.02
    three = table("first", ours), table("second", theirs), table("third", ours)

    with wire.open_store(tmp_path, *three) as store:
        assert store.view(LAST).bars("NYSE:A").held == ()


def test_a_dispute_of_another_session_leaves_facts_that_do_not_need_it(tmp_path: Path) -> None:
    ours = walk()
    theirs = ours.copy()
    theirs[-40] *= 0.97

    with wire.open_store(tmp_path, table("first", ours), table("second", theirs)) as store:
        view = store.view(LAST)

        assert [str(one.day) for one in view.bars("NYSE:A").held] == [SESSIONS[-40]]
        assert metrics.fact(view, "return", of="NYSE:A", over="1s").value is not None


def test_another_anchor_of_the_adjustment_is_no_dispute(tmp_path: Path) -> None:
    prices = walk()
    ours, theirs = prices * 0.9, prices * 0.87  # dividends counted from another day
    theirs[:100] *= 0.98

    with wire.open_store(tmp_path, table("first", prices, ours), table("second", prices, theirs)) as store:
        held = store.view(LAST).bars("NYSE:A").held

    assert [one.field for one in held if str(one.day) > SESSIONS[130]] == []


def test_pennies_of_a_cheap_share_are_no_dispute() -> None:
    days = np.array(SESSIONS[:60], dtype="datetime64[D]")
    low = np.round(np.linspace(0.8, 0.9, 60), 2)

    assert (
        crosscheck.disputes(
            [strip("a", days, low), strip("b", days, np.round(low + 0.004, 2))], ["a"], "price"
        )
        == []
    )


def strip(name: str, days: np.ndarray, close: np.ndarray):  # type: ignore[no-untyped-def]
    from broadtape.market.schema import BAR_COLUMNS
    from broadtape.market.splice import Strip

    none = np.full(len(days), np.nan)
    columns = {column: close if column == "close" else none for column in BAR_COLUMNS}
    return Strip(name, "split", "USD", 2, days, columns, np.zeros(len(days), np.int64))


# --- splits -----------------------------------------------------------------------------------------------


def with_split(prices: np.ndarray, at: int, ratio: float) -> np.ndarray:
    raw = prices.copy()
    raw[:at] *= ratio
    return raw


@pytest.mark.parametrize(
    ("ratio", "name"), [(2.0, "2:1"), (1.5, "3:2"), (10.0, "10:1"), (0.1, "1:10"), (1.25, "5:4")]
)
def test_a_split_of_a_raw_series_is_no_move(tmp_path: Path, ratio: float, name: str) -> None:
    prices = walk()

    with wire.open_store(
        tmp_path, table("first", with_split(prices, -3, ratio), prices, adjustment="raw")
    ) as store:
        view = store.view(LAST)

        with pytest.raises(NoData, match=f"not comparable with those after a {name} split"):
            metrics.fact(view, "return", of="NYSE:A", over="5s")
        assert metrics.fact(view, "return", of="NYSE:A", over="1s").value is not None
        assert metrics.fact(view, "return", of="NYSE:A", over="5s", basis="total").value is not None
        day_before = store.view(date.fromisoformat(SESSIONS[-4]))
        assert metrics.fact(day_before, "return", of="NYSE:A", over="5s").value is not None


def test_a_halving_of_a_raw_series_without_another_to_compare_is_taken_for_a_split(tmp_path: Path) -> None:
    quiet = np.full(len(SESSIONS), 50.0)

    with wire.open_store(tmp_path, table("first", with_split(quiet, -3, 2.0), adjustment="raw")) as store:
        (held,) = store.view(LAST).bars("NYSE:A").held

    assert "after what looks like a 2:1 split" in held.reason


def test_a_crash_that_other_series_show_too_is_a_move(tmp_path: Path) -> None:
    prices = walk()
    prices[-3:] /= 2

    with wire.open_store(tmp_path, table("first", prices, prices, adjustment="raw")) as store:
        view = store.view(LAST)

        assert view.bars("NYSE:A").held == ()
        assert metrics.fact(view, "return", of="NYSE:A", over="5s").value < -40


def test_a_split_that_a_source_forgot_to_adjust_for_is_seen_by_its_total_series(tmp_path: Path) -> None:
    prices = walk()

    with wire.open_store(
        tmp_path, table("first", with_split(prices, -3, 4.0), prices, adjustment="split")
    ) as store:
        assert [one.before for one in store.view(LAST).bars("NYSE:A").held] == [True]


# --- dividends --------------------------------------------------------------------------------------------


def fund(last_close: float, last_total: float) -> FakeMarket:
    chance = np.random.default_rng(4)
    closes = 100 * np.exp(np.cumsum(chance.normal(0, 0.002, 400)))
    rows = [{"close": f"{close:.2f}", "adj_close": f"{close:.2f}"} for close in closes]
    rows.append({"close": f"{closes[-1] * last_close:.2f}", "adj_close": f"{closes[-1] * last_total:.2f}"})
    return FakeMarket("2026-01-12", {"NYSEARCA:FND": rows}, benchmarks={"large": "NYSEARCA:FND"})


def kinds(market: FakeMarket) -> set[str]:
    return {one.kind for one in signals.scan(market) if one.params.get("over") != "5s"}


def test_a_fall_on_the_ex_dividend_day_is_no_signal() -> None:
    assert "move" in kinds(fund(0.96, 0.96))
    assert kinds(fund(0.96, 0.999)) & {"move", "52-week", "drawdown"} == set()
    assert kinds(fund(0.96, 1.01)) & {"move", "52-week", "drawdown"} == set()


def test_a_fall_that_a_dividend_explains_in_part_is_a_signal() -> None:
    assert "move" in kinds(fund(0.95, 0.97))


# --- restated histories -----------------------------------------------------------------------------------


def again(prices: np.ndarray, total: np.ndarray, first: int):  # type: ignore[no-untyped-def]
    return table(
        "first", prices[first:], total[first:], days=SESSIONS[first:], at=wire.NOON + timedelta(days=1)
    )


def test_a_window_restated_by_a_split_carries_the_rows_before_it_along(tmp_path: Path) -> None:
    prices = walk()
    whole = table("first", prices * 2, prices * 2, days=SESSIONS)

    with wire.open_store(tmp_path, whole) as store:
        counts = store.ingest(again(prices, prices, -30))
        bars = store.view(LAST).bars("NYSE:A")

        assert counts.revised == len(SESSIONS)
        assert bars.held == ()
        assert np.allclose(bars.close, prices, rtol=1e-3)
        then = store.view(LAST, retrieved_before=wire.NOON + timedelta(hours=1)).bars("NYSE:A")
        assert np.allclose(then.close, np.round(prices * 2, 2))


def test_a_window_restated_by_a_dividend_leaves_no_step_in_the_series_with_dividends(tmp_path: Path) -> None:
    prices = walk()
    total = prices.copy()
    total[:-5] *= 0.98  # an ex-dividend day five sessions ago, first seen by the second reading

    with wire.open_store(tmp_path, table("first", prices, prices)) as store:
        store.ingest(again(prices, total, -60))
        bars = store.view(LAST).bars("NYSE:A")

    assert np.allclose(bars.adj_close, total, rtol=1e-3)
    assert np.array_equal(bars.close, prices)


def test_a_window_that_is_another_series_withdraws_the_rows_before_it(tmp_path: Path) -> None:
    prices = walk()

    with wire.open_store(tmp_path, table("first", prices)) as store:
        counts = store.ingest(
            table("first", prices[-30:] * 1.07, days=SESSIONS[-30:], at=wire.NOON + timedelta(days=1))
        )
        days = store.view(LAST).bars("NYSE:A").days

    assert (counts.withdrawn, len(days)) == (len(SESSIONS) - 30, 30)


def test_a_correction_of_one_close_is_no_restatement(tmp_path: Path) -> None:
    prices = walk()
    right = prices.copy()
    right[-2] += 1

    with wire.open_store(tmp_path, table("first", prices)) as store:
        counts = store.ingest(
            table("first", right[-30:], days=SESSIONS[-30:], at=wire.NOON + timedelta(days=1))
        )

    assert (counts.revised, counts.withdrawn) == (1, 0)


# --- partial bars -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "minute", "closed"),
    [(20, 59, False), (21, 0, True)],  # 16:00 in New York, in winter
)
def test_a_bar_read_before_its_close_is_never_a_close(
    tmp_path: Path, hour: int, minute: int, closed: bool
) -> None:
    read = datetime(2026, 1, 12, hour, minute, tzinfo=UTC)
    harvest = wire.parse(wire.bars({"2026-01-09": 10, "2026-01-12": 11}), listed=LISTED, at=read)

    with wire.open_store(tmp_path, harvest) as store:
        assert (date(2026, 1, 12) in store.view(date(2026, 1, 12)).bars("NYSE:A").days.tolist()) is closed


# --- readings ---------------------------------------------------------------------------------------------


def rates(name: str, value: str, before: str = "4.20") -> Harvest:
    text = f"series,date,value\nDGS10,2026-01-08,{before}\nDGS10,2026-01-09,{value}\n"
    return wire.parse(text, "readings", name=name)


@pytest.mark.parametrize(
    ("values", "held"),
    [
        (("4.18", "4.19"), "held: one and two differ on 2026-01-09: 4.18 and 4.19"),
        (("4.18", "4.18"), ""),
        (("4.18", "4.2"), ""),  # the same, to the digits given
        (("4.18", "4.1812"), ""),
        (("4.18", "4.31", "4.18"), ""),  # a third bears it out
        (("4.18", "4.31", "4.31"), "held: one and three differ on 2026-01-09: 4.18 and 4.31"),
    ],
)
def test_a_reading_that_sources_dispute_is_no_fact(
    tmp_path: Path, values: tuple[str, ...], held: str
) -> None:
    harvests = [rates(name, value) for name, value in zip(("one", "two", "three"), values, strict=False)]

    with wire.open_store(tmp_path, *harvests) as store:
        view = store.view(date(2026, 1, 12))
        said = [one.reason for one in view.readings("DGS10").held]

        assert said == ([held] if held else [])
        if held:
            with pytest.raises(NoData, match=held):
                metrics.fact(view, "reading", series="DGS10")
            assert metrics.fact(store.view(date(2026, 1, 9)), "reading", series="DGS10").value is not None
        else:
            assert str(metrics.fact(view, "reading", series="DGS10").value) == values[0]
