"""A second, naive implementation of the metrics over filings says the same: seeded companies, days and questions."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import naive_filings as naive
import pytest
import told
import wire
from naive_filings import Paper, Sum

from broadtape import metrics
from broadtape.market import MarketStore
from broadtape.model import NoData
from newswire.observations import CompanyFact

COMPANIES = {"NYSE:AAA": "0000000001", "NYSE:BBB": "0000000002", "NYSE:CCC": "0000000003"}
FORMS = (
    ("8-K", ("2.02", "9.01")), ("8-K", ("2.01",)), ("8-K", ("1.01", "2.02")), ("8-K", ("5.02",)), ("8-K/A", ("2.02",)),
    ("S-1", ()), ("SC 13D", ()), ("424B5", ()), ("10-Q", ()),
)  # fmt: skip
KINDS = ("results", "acquisition", "agreement", "offering", "registration", "stake")
CONCEPTS = {
    "revenue": "us-gaap:Revenues", "net-income": "us-gaap:NetIncomeLoss", "eps": "us-gaap:EarningsPerShareDiluted",
}  # fmt: skip
SESSIONS = [date(2025, 9, 2) + timedelta(days=at) for at in range(150)]
SESSIONS = [day for day in SESSIONS if day.weekday() < 5]


def papers(chance: random.Random) -> list[Paper]:
    """Filings at all hours, around the close and midnight of New York too."""
    found = []
    for _ in range(70):
        day = chance.choice([one for one in SESSIONS if one < date(2025, 10, 15) or one > date(2025, 12, 10)])
        hour, minute = chance.choice(((14, 0), (20, 59), (21, 0), (21, 1), (4, 30), (5, 0), (11, 5), (0, 10)))
        at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
        found.append(Paper(chance.choice(list(COMPANIES)), at, *chance.choice(FORMS)))
    return found


def sums(chance: random.Random) -> list[Sum]:
    """Quarters and years of three concepts, some filed anew with another value, some missing, some a loss."""
    found = []
    for symbol, concept in itertools.product(COMPANIES, CONCEPTS.values()):
        for year, quarter in itertools.product((2023, 2024, 2025), range(4)):
            start = date(year, 3 * quarter + 1, 1)
            end = date(year + quarter // 3, (3 * quarter + 3) % 12 + 1, 1) - timedelta(days=1)
            if quarter == 3:
                start = date(year, 1, 1)
            for again in range(chance.choice((0, 1, 1, 1, 2))):
                at = datetime(end.year, end.month, end.day, 21, tzinfo=UTC) + timedelta(days=30 + 20 * again)
                value = Decimal(chance.randint(-40, 400)) / 4
                found.append(Sum(symbol, concept, start, end, value, at))
    return found


def store(folder: Path, filed: list[Paper], figures: list[Sum], closes: dict[date, Decimal]) -> MarketStore:
    rows = "".join(f"{symbol},{day},{close}\n" for symbol in COMPANIES for day, close in closes.items())
    prices = wire.parse(
        f"symbol,date,close\n{rows}", listed=dict.fromkeys(COMPANIES, "stock"), name="prices", adjustment="split"
    )  # fmt: skip
    long_ago = datetime(2019, 1, 2, tzinfo=UTC)
    known = [told.company(cik, symbol, at=long_ago, symbols=(symbol,)) for symbol, cik in COMPANIES.items()]
    forms = [
        dataclasses.replace(
            told.filing(
                f"{COMPANIES[one.symbol]}-25-{at:06}", COMPANIES[one.symbol], at=one.at, form=one.form
            ),
            items=one.items,
        )
        for at, one in enumerate(filed)
    ]
    values = [
        CompanyFact(
            COMPANIES[one.symbol], one.concept, "USD/shares" if "Share" in one.concept else "USD", one.start, one.end,
            one.value, "10-Q", f"f{at}", one.at, told.provenance(one.at + told.HOUR),
        )
        for at, one in enumerate(figures)
    ]  # fmt: skip
    names = told.listed(*((symbol, symbol[-3:]) for symbol in COMPANIES))
    return wire.open_store(folder, names, told.harvest(*known), prices, told.harvest(*forms, *values))


@pytest.fixture(scope="module")
def made_up(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[MarketStore, list[Paper], list[Sum], dict[date, Decimal]]:
    chance = random.Random(20260112)
    filed, figures = papers(chance), sums(chance)
    closes = {day: Decimal(chance.randint(400, 9_000)) / 100 for day in SESSIONS}
    return store(tmp_path_factory.mktemp("filings"), filed, figures, closes), filed, figures, closes


def test_every_metric_over_filings_says_what_plain_loops_say(
    made_up: tuple[MarketStore, list[Paper], list[Sum], dict[date, Decimal]],
) -> None:
    market, filed, figures, closes = made_up
    chance, answered, silent = random.Random(7), Counter[str](), Counter[str]()
    for day in sorted(chance.sample(SESSIONS[5:], 16)):
        view = market.view(day)
        assert view.as_of == day
        sessions = [one.item() for one in view.sessions[-12:]]
        for symbol in COMPANIES:
            asked: list[tuple[str, dict[str, str], object]] = [
                ("on-file", {"of": symbol}, naive.on_file(filed, day, sessions[-2], symbol)),
                ("on-file", {"of": symbol, "over": "5s"}, naive.on_file(filed, day, sessions[-6], symbol, far=True)),
                ("price-to-earnings", {"of": symbol},
                 naive.price_to_earnings(figures, day, symbol, closes[day])),
            ]  # fmt: skip
            asked += [
                ("filing", {"of": symbol, "kind": kind}, naive.filing(filed, day, symbol, kind))
                for kind in KINDS
            ]
            asked += [
                ("filing-count", {"of": of, "kind": kind, "over": f"{length}s"},
                 naive.filing_count(filed, day, of, kind, sessions[-length]))
                for kind in chance.sample(KINDS, 3) for of in (symbol, "") for length in (1, 5, 10)
            ]  # fmt: skip
            asked += [
                ("filed-growth", {"of": symbol, "figure": figure},
                 naive.filed_growth(figures, day, symbol, concept))
                for figure, concept in CONCEPTS.items()
            ]  # fmt: skip
            for metric, params, expected in asked:
                given = {key: value for key, value in params.items() if value}
                try:
                    found = metrics.fact(view, metric, **given).value
                except NoData:
                    found = None
                assert found == expected, (day, metric, params)
                (silent if expected is None else answered)[metric] += 1

    assert set(answered) == {"filing", "filing-count", "on-file", "filed-growth", "price-to-earnings"}
    assert min(answered.values()) >= 20, answered
    assert set(silent) == set(answered), silent
