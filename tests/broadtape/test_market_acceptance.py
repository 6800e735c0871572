"""The real tables, loaded as the acceptance settings say; figures read off the tables by hand."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from broadtape.config import Instance
from broadtape.market import MarketReader

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def store(acceptance_instance: Instance) -> MarketReader:
    return MarketReader.open(acceptance_instance.store)


def test_the_russell_2000_closed_above_2600_on_8_january(store: MarketReader) -> None:
    bars = store.view(date(2026, 1, 12)).bars("INDEXRUSSELL:RUT")

    assert dict(zip(map(str, bars.days[-3:]), bars.close[-3:], strict=True)) == {
        "2026-01-08": 2603.91, "2026-01-09": 2624.22, "2026-01-12": 2635.69,
    }  # fmt: skip
    assert bars.unit == "points"


@pytest.mark.parametrize(
    ("symbol", "close"),
    [("NASDAQ:MSFT", 477.18), ("NASDAQ:AAPL", 260.25), ("NYSE:BAC", 55.19)],
)
def test_the_sidebar_closes_are_prices(store: MarketReader, symbol: str, close: float) -> None:
    bars = store.view(date(2026, 1, 12)).bars(symbol)

    assert bars.close[-1] == close
    assert (bars.adjustment, bars.decimals, bars.origin.licence) == ("split", 2, "private")


def test_every_table_comes_back_from_the_store_as_it_stands(
    store: MarketReader, acceptance_data: Path
) -> None:
    view = store.view(date(2026, 4, 30))
    with gzip.open(acceptance_data / "prices" / "sidebar_daily.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    symbols = {one.ticker: one.symbol for one in view.instruments() if one.symbol in view.group("sidebar")}

    for row in rows[::97]:
        bars = view.bars(symbols[row["symbol"]])
        at = int(np.searchsorted(bars.days, np.datetime64(row["date"])))
        assert bars.close[at] == float(row["close"])
        assert bars.adj_close[at] == float(row["adj_close"])
        assert bars.volume[at] == float(row["volume"])


def test_december_inflation_is_known_on_the_13th_and_october_never(store: MarketReader) -> None:
    before = store.view(date(2026, 1, 12)).readings("CPIAUCSL")
    after = store.view(date(2026, 1, 13)).readings("CPIAUCSL")

    assert np.datetime64("2025-12-01") not in before.periods
    assert after.periods[-1] == np.datetime64("2025-12-01")
    assert after.values[-1] == Decimal("326.031")
    assert np.datetime64("2025-10-01") not in store.view(date(2026, 4, 30)).readings("CPIAUCSL").periods


def test_no_reading_is_known_before_its_period_ends(store: MarketReader) -> None:
    view = store.view(date(2026, 4, 30))

    for series in view.series():
        readings = view.readings(series)
        for period, known_at in zip(readings.periods, readings.known_at, strict=True):
            assert known_at.date() > period.item()


def test_the_policy_rate_is_known(store: MarketReader) -> None:
    decisions = store.view(date(2026, 1, 12)).decisions()

    assert [(one.day, one.change_bp) for one in decisions[-3:]] == [
        (date(2025, 9, 17), -25), (date(2025, 10, 29), -25), (date(2025, 12, 10), -25),
    ]  # fmt: skip
    assert (decisions[-1].lower, decisions[-1].upper) == (Decimal("3.5"), Decimal("3.75"))


def test_a_series_is_continued_by_a_source_that_agrees(store: MarketReader) -> None:
    kratos = store.view(date(2026, 1, 12)).bars("NASDAQ:KTOS")

    assert kratos.origin.source == "small-caps, extra"
    assert kratos.days[~np.isnan(kratos.close)][-1] == np.datetime64("2025-04-04")
    assert not np.isnan(kratos.adj_close[-1])
    assert kratos.adj_close[-1] == 117.86


def test_names_are_what_a_wire_prints(store: MarketReader) -> None:
    view = store.view(date(2026, 1, 12))
    names = {
        "NASDAQ:NVDA": "Nvidia", "NASDAQ:GOOG": "Alphabet Class C", "NYSE:BRK.B": "Berkshire Hathaway",
        "NYSEARCA:IWM": "iShares Russell 2000 ETF", "NYSE:DIS": "Walt Disney", "NASDAQ:KTOS":
        "Kratos Defense & Security Solutions", "INDEXRUSSELL:RUT": "Russell 2000",
    }  # fmt: skip

    assert {symbol: view.instrument(symbol).name for symbol in names} == names
    assert view.instrument("NYSEARCA:IWM").proxy_of == "INDEXRUSSELL:RUT"
    assert len({one.name.casefold() for one in view.instruments()}) == len(view.instruments())


def test_groups_and_unresolved_symbols_are_as_the_tables_say(store: MarketReader) -> None:
    view = store.view(date(2026, 1, 12))

    names = ("sp500-members", "sidebar", "small-caps", "large-caps")
    assert [len(view.group(name)) for name in names] == [503, 10, 40, 25]
    assert [one for one in view.symbols_with_bars() if one.startswith("UNLISTED:")] == [
        "UNLISTED:AVB", "UNLISTED:COOP", "UNLISTED:EQR", "UNLISTED:TMHC",
    ]  # fmt: skip


def test_disagreeing_sources_are_named(store: MarketReader) -> None:
    apart = {(symbol, one.first, one.second) for symbol, one in store.comparisons() if not one.agrees}

    assert ("NYSE:XOM", "large-caps", "extra") in apart
    assert ("NASDAQ:AAPL", "sidebar", "sp500-members") not in apart
