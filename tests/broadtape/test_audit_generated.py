"""Thousands of sentences about real sessions, true and false by a second computation: precision and recall.

The floors are in tests/data/quality_floors.toml. No true one may be contradicted, no false one verified.
"""

from __future__ import annotations

import csv
import gzip
import tomllib
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import claimant
import pytest
from fakes import FakeMarket

from broadtape.config import Instance
from broadtape.desk.audit import Audit, Passage, Script, audit
from broadtape.market import MarketStore
from broadtape.model import Instrument, MarketView

ROOT = Path(__file__).parents[2]
FLOORS = tomllib.loads((ROOT / "tests" / "data" / "quality_floors.toml").read_text("utf-8"))["audit"]
SAMPLE = ROOT / "site" / "broadtape" / "sample" / "data" / "indices.csv.gz"


def judged(
    cases: list[claimant.Case], view_for: Callable[[date], MarketView]
) -> tuple[Counter[str], list[str]]:
    """How many cases came out right, were not judged, or came out wrong; the wrong ones in words."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for day in sorted({case.dated for case in cases}):
        told = [case for case in cases if case.dated == day]
        script = Script(
            "generated", tuple(Passage(case.text, line) for line, case in enumerate(told, 1)), dated=day
        )
        found: Audit = audit(script, view_for)
        for line, case in enumerate(told, 1):
            statuses = {item.status for item in found.findings if item.line == line}
            bad = "contradicted" in statuses if case.true else statuses == {"verified"}
            good = ("verified" if case.true else "contradicted") in statuses
            counts["wrong" if bad else "right" if good else "silent"] += 1
            if bad:
                wrong.append(f"{day}: {case.text} ({'true' if case.true else 'false'}, {case.template})")
    return counts, wrong


@pytest.mark.acceptance
@pytest.mark.slow
def test_generated_claims_over_the_acceptance_tables(
    acceptance_instance: Instance, acceptance_data: Path
) -> None:
    cases = claimant.cases(claimant.tables(acceptance_data), days=FLOORS["days"], seed=20260112)
    counts, wrong = judged(cases, cache(MarketStore.open(acceptance_instance.store, readonly=True).view))

    assert wrong == []
    assert counts["right"] / len(cases) >= FLOORS["judged_at_least"], counts
    assert len(cases) > 1000


@pytest.fixture(scope="module")
def sample() -> dict[str, list[claimant.Bar]]:
    """The shipped levels of 1990 to 2022: closes alone."""
    found: dict[str, list[claimant.Bar]] = {}
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["symbol"] in claimant.TITLES:
                close = Decimal(row["close"])
                found.setdefault(row["symbol"], []).append(
                    claimant.Bar(date.fromisoformat(row["date"]), close, close, close)
                )
    return found


def test_generated_claims_over_the_shipped_sample(sample: dict[str, list[claimant.Bar]]) -> None:
    names = {"SPX": "INDEXSP:SPX", "IXIC": "INDEXNASDAQ:IXIC"}
    market = FakeMarket(
        date(2022, 12, 28),
        {
            names[symbol]: {bar.day.isoformat(): str(bar.close) for bar in bars}
            for symbol, bars in sample.items()
        },
        instruments=[Instrument(names[symbol], claimant.TITLES[symbol], "index") for symbol in sample],
        sessions=[bar.day for bar in sample["SPX"]],
    )
    sessions = [bar.day for bar in sample["SPX"]]
    cases = claimant.cases(sample, days=FLOORS["sample_days"], seed=1990, first=date(1992, 1, 2))
    counts, wrong = judged(cases, cache(lambda day: market.at(max(one for one in sessions if one <= day))))

    assert wrong == []
    assert counts["right"] / len(cases) >= FLOORS["judged_at_least"], counts
