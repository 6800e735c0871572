"""Measures over many columns at once: the last session and the history agree, and both with a plain walk."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from fakes import FakeMarket

from broadtape.metrics import panel as panels
from broadtape.metrics.panel import Panel


@pytest.fixture(scope="module")
def made_up() -> Panel:
    chance = np.random.default_rng(3)
    close = np.round(
        50 * np.exp(np.cumsum(chance.standard_normal((700, 40)) * 0.01, axis=0)), 1
    )  # ties on purpose
    close[:120, 5] = np.nan  # listed late
    volume = chance.integers(1_000, 9_000, close.shape).astype(float)
    return Panel(
        tuple(f"NYSE:S{at}" for at in range(40)), close, open=np.roll(close, 1, axis=0),
        high=close * 1.01, low=close * 0.99, volume=volume,
    )  # fmt: skip


def test_runs_of_rises_and_falls_are_counted_alike(made_up: Panel) -> None:
    walked = []
    for column in made_up.close.T:
        length = 0
        for before, now in pairwise(column):
            way = int(now > before) - int(now < before)
            length = length + way if way * length > 0 else way
        walked.append(length)

    assert panels.run(made_up).tolist() == walked
    assert panels.run_history(made_up)[-1].tolist() == walked


def test_records_and_years_extremes_are_those_of_each_column(made_up: Panel) -> None:
    high, low = panels.records(made_up)
    year_high, year_low = panels.year_extremes(made_up)

    for at, column in enumerate(made_up.close.T):
        earlier = column[:-1][np.isfinite(column[:-1])]
        assert high[at] == (column[-1] > earlier.max())
        assert low[at] == (column[-1] < earlier.min())
        assert year_high[at] == (column[-1] > np.nanmax(column[-252:-1]))
        assert year_low[at] == (column[-1] < np.nanmin(column[-252:-1]))
    assert (panels.record_history(made_up)[-1] == high).all()
    assert (panels.year_high_history(made_up)[-1] >= year_high).all()


def test_average_size_volume_and_drawdown_have_one_value_in_both_forms(made_up: Panel) -> None:
    assert (panels.average_history(made_up)[-1] == panels.above_average(made_up)).all()
    assert np.allclose(panels.size_history(made_up)[-1], panels.size(made_up))
    assert np.allclose(panels.volume_history(made_up)[-1], panels.volume(made_up))
    assert np.allclose(panels.drawdown_history(made_up)[-1], panels.drawdown(made_up))


def test_a_column_that_begins_late_has_an_average_once_it_has_200_closes(made_up: Panel) -> None:
    history = panels.average_history(made_up)

    assert not history[:319, 5].any()
    assert history[319:, 5].any()


def test_rarity_is_the_share_of_a_columns_own_past(made_up: Panel) -> None:
    column = np.abs(np.diff(made_up.close[:, 0]) / made_up.close[:-1, 0])

    assert panels.rarity(made_up)[0] == pytest.approx((column >= column[-1]).mean())


def test_a_view_gives_those_with_a_close_of_the_session_and_leaves_out_the_rest() -> None:
    view = FakeMarket("2026-01-12", {"NYSE:A": ["10", "11", "12"], "NYSE:B": {"2026-01-08": {"close": "5"}}})

    found = panels.of_view(view, ["NYSE:A", "NYSE:B", "NYSE:C"])

    assert found.symbols == ("NYSE:A",)
    assert found.close[-3:, 0].tolist() == [10, 11, 12]


@pytest.mark.parametrize("columns", [1, 2, 7, 40])
def test_the_middle_of_a_row_is_its_median_of_what_is_known(columns: int) -> None:
    chance = np.random.default_rng(columns)
    values = chance.integers(-5, 5, (300, columns)) / 7
    values[chance.random(values.shape) < 0.4] = np.nan
    values[3] = np.nan
    with pytest.warns(RuntimeWarning, match="All-NaN"):
        median = np.nanmedian(values, axis=1)

    np.testing.assert_array_equal(panels.middle(values), median)


def test_a_panel_of_gaps_and_late_listings_has_each_close_on_its_session() -> None:
    days = [f"2026-01-{day:02}" for day in (5, 6, 7, 8, 9, 12)]
    left_out: dict[str, set[str]] = {
        "NYSE:A": set(),
        "NYSE:B": {days[2]},
        "NYSE:C": {days[0], days[1]},
        "NYSE:D": {days[-1]},
    }
    bars = {
        symbol: {day: {"close": str(10 + at)} for at, day in enumerate(days) if day not in without}
        for symbol, without in left_out.items()
    }
    view = FakeMarket("2026-01-12", bars, sessions=days)

    for most in (6, 4, 2):
        panel = panels.of_view(view, sorted(left_out), "price", most)
        expected = [
            [10.0 + days.index(day) if day not in left_out[symbol] else np.nan for symbol in panel.symbols]
            for day in days[-most:]
        ]
        assert panel.symbols == ("NYSE:A", "NYSE:B", "NYSE:C")  # D has no close on the session
        np.testing.assert_array_equal(panel.close, expected)
