"""Figures computed independently from the acceptance tables, reproduced by the metrics."""

from __future__ import annotations

import csv
import gzip
import random
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import naive
import pytest
from fakes import FakeMarket

from broadtape import metrics
from broadtape.market.calendar import exchange_sessions
from broadtape.model import Fact, NoData, NotTrue

pytestmark = pytest.mark.acceptance

INDICES = {
    "SPX": "INDEXSP:SPX",
    "RUT": "INDEXRUSSELL:RUT",
    "IXIC": "INDEXNASDAQ:IXIC",
    "VIX": "INDEXCBOE:VIX",
}
PAIR = {"of": "RUT", "vs": "SPX"}


@pytest.fixture(scope="module")
def market(acceptance_data: Path) -> FakeMarket:
    bars: dict[str, dict[str, Any]] = {}
    with gzip.open(acceptance_data / "prices" / "index_daily.csv.gz", "rt") as table:
        for row in csv.DictReader(table):
            fields = {name: row[name] for name in ("open", "high", "low", "close")}
            bars.setdefault(INDICES[row["symbol"]], {})[row["date"]] = fields
    with (acceptance_data / "macro" / "fomc_decisions.csv").open() as table:
        decisions = {
            row["date"]: (row["lower_pct"], row["upper_pct"], int(row["change_bp"]))
            for row in csv.DictReader(table)
        }
    sessions, _ = exchange_sessions(date(2026, 1, 12))
    return FakeMarket("2026-01-12", bars, decisions=decisions, sessions=sessions)


def parts(fact: Fact) -> dict[str, Any]:
    return {part.name: part.value for part in fact.parts}


def test_the_run_to_12_january_2026_is_seven_sessions_long(market: FakeMarket) -> None:
    fact = metrics.fact(market, "relative-streak", **PAIR)

    assert fact.key.address == "relative-streak?of=INDEXRUSSELL:RUT&vs=INDEXSP:SPX"
    assert (fact.value, fact.unit) == (7, "sessions")
    assert fact.part("start").value == date(2026, 1, 2)
    assert fact.part("end").value == date(2026, 1, 12)
    assert fact.tags == {"streak", "lead", "ongoing"}


def test_february_and_september_2022_tie_and_january_2019_was_longer(market: FakeMarket) -> None:
    equal = parts(metrics.fact(market, "streak-last-equal", **PAIR))
    longer = metrics.fact(market, "streak-last-longer", **PAIR)

    assert (equal["value"], equal["length"]) == (2, 7)
    assert [f"{equal[name]:%Y-%m}" for name in ("end1", "end2")] == ["2022-02", "2022-09"]
    assert longer.value == 8
    assert f"{longer.part('end').value:%Y-%m}" == "2019-01"
    assert "tie" in longer.tags


def test_seven_earlier_runs_of_seven_are_few(market: FakeMarket) -> None:
    fact = metrics.fact(market, "streak-count", at_least="7", **PAIR)

    assert fact.value == 7
    assert {"few", "earlier", "at-least"} <= fact.tags
    with pytest.raises(NotTrue):
        metrics.fact(market, "streak-longest", **PAIR)


def test_the_first_close_above_2600_is_8_january(market: FakeMarket) -> None:
    fact = metrics.fact(market, "first-close", of="RUT", level="2600")

    assert fact.value == date(2026, 1, 8)
    assert fact.part("close").value == Decimal("2603.91")
    assert {"first", "above", "close", "in-data"} <= fact.tags


@pytest.mark.parametrize(
    ("of", "over", "value"),
    [("RUT", "2025-12", "-0.74"), ("SPX", "2025-12", "-0.05"), ("RUT", "2026.first5s", "4.92")],
)
def test_returns(market: FakeMarket, of: str, over: str, value: str) -> None:
    assert metrics.fact(market, "return", of=of, over=over).value == Decimal(value)


def test_small_caps_led_in_3_of_11_months(market: FakeMarket) -> None:
    fact = metrics.fact(market, "periods-led", from_="2025-02", to="2025-12", **PAIR)

    assert (fact.value, fact.part("total").value) == (3, 11)


def test_three_cuts_to_3_50_to_3_75(market: FakeMarket) -> None:
    found = parts(metrics.fact(market, "policy-moves", over="2025-09..2025-12"))

    assert found["value"] == 3
    assert [found[f"day{n}"].month for n in (1, 2, 3)] == [9, 10, 12]
    assert found["range"] == (Decimal("3.50"), Decimal("3.75"))
    assert (found["total"], found["each"]) == (75, 25)


def test_on_22_january_the_run_is_14_the_longest_in_the_data(market: FakeMarket) -> None:
    view = market.at("2026-01-22")

    assert metrics.fact(view, "relative-streak", **PAIR).value == 14
    assert metrics.fact(view, "streak-longest", **PAIR).value == 14


def test_on_23_january_it_ended(market: FakeMarket) -> None:
    view = market.at("2026-01-23")
    ended = metrics.fact(view, "relative-streak-ended", **PAIR)

    assert (ended.value, ended.part("broken").value) == (14, date(2026, 1, 23))
    with pytest.raises(NotTrue):
        metrics.fact(view, "relative-streak", **PAIR)


@pytest.mark.parametrize(
    ("on", "metric", "params", "value"),
    [
        ("2018-12-24", "return", {"of": "SPX", "over": "1s"}, "-2.71"),
        ("2018-12-24", "drawdown", {"of": "SPX"}, "-19.78"),
        ("2020-03-23", "drawdown", {"of": "SPX"}, "-33.92"),
        ("2020-03-23", "return", {"of": "SPX", "over": "1s"}, "-2.93"),
        ("2022-06-16", "return", {"of": "SPX", "over": "1s"}, "-3.25"),
        ("2022-06-16", "drawdown", {"of": "SPX"}, "-23.55"),
    ],
)
def test_days_readers_remember(
    market: FakeMarket, on: str, metric: str, params: dict[str, str], value: str
) -> None:
    assert metrics.fact(market.at(on), metric, **params).value == Decimal(value)


@pytest.mark.slow
def test_a_sample_of_facts_recomputed_naively_agrees(market: FakeMarket) -> None:
    chance = random.Random(20260112)
    days = [str(day) for day in market.at("2026-04-30").sessions[-2300:]]
    questions: list[tuple[str, dict[str, str]]] = []
    for _ in range(25):
        of, vs = chance.sample(sorted(INDICES.values()), 2)
        over = chance.choice(("1s", "5s", "21s", "mtd", "qtd", "ytd"))
        questions += chance.sample(
            [
                ("return", {"of": of, "over": over}),
                ("relative-return", {"of": of, "vs": vs, "over": over}),
                ("relative-streak", {"of": of, "vs": vs}),
                ("streak-count", {"of": of, "vs": vs, "at_least": "4"}),
                ("streak-last-longer", {"of": of, "vs": vs, "unit": "week"}),
                ("extreme-since", {"of": of, "side": chance.choice(("high", "low"))}),
                ("last-record", {"of": of, "on": chance.choice(("close", "intraday"))}),
                ("record-count", {"of": of, "over": over}),
                ("return-extreme", {"of": of, "unit": chance.choice(("session", "month")), "side": "worst"}),
                ("max-drawdown", {"of": of, "over": over}),
                ("what-followed", {"event": "drop", "of": of, "at_least": "2", "stat": "median"}),
                ("quote", {"of": of}),
            ],
            4,
        )
    for metric, params in questions:
        view = market.at(chance.choice(days))
        expected = naive.answer(view, metric, params)
        try:
            found = parts(metrics.compute(view, metric, params))
        except NoData:
            assert expected is None, (metric, params, view.as_of)
            continue

        assert expected is not None, (metric, params, view.as_of)
        assert {name: found[name] for name in expected} == expected, (metric, params, view.as_of)
