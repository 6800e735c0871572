"""Releases in several decades: payrolls with the rate, prices with their core, growth over quarters; and silence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes import weekdays
from invented import ROLES, market
from jinja2 import FileSystemLoader
from newsroom import FakeStore
from test_edition import settings

from broadtape import edition, metrics, resources
from broadtape.archive import Archive
from broadtape.archive.files import beside
from broadtape.config import Instance
from broadtape.desk import later, pictures, prose
from broadtape.model import Article

ENV = prose.environment(FileSystemLoader(resources.templates() / "prose"))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
Given = Mapping[str, Mapping[str, str | tuple[str, str]]]


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return settings(tmp_path / "room")


def months(last: str, count: int) -> list[str]:
    year, month = map(int, last.split("-"))
    at = year * 12 + month - 1
    return [f"{one // 12}-{one % 12 + 1:02d}" for one in range(at - count + 1, at + 1)]


def course(last: str, released: str, values: list[float], places: int = 1) -> dict[str, tuple[str, str]]:
    """Monthly readings, each public five weeks after its month began, the last on the day of its release."""
    found = {}
    for month, value in zip(months(last, len(values)), values, strict=True):
        public = released if month == last else str(date.fromisoformat(f"{month}-01") + timedelta(days=40))
        found[month] = (f"{value:.{places}f}", public)
    return found


def written(instance: Instance, on: str, kind: str, readings: Given) -> Article:
    """The story of a release, as a reader sees it: proved, with its chart."""
    there = market(
        on, readings=readings, events=[(on, kind, {"jobs": "Employment Situation"}.get(kind, kind.upper()))]
    )
    store = FakeStore(there)
    filed = edition.write(instance, store, date.fromisoformat(on), story="print", now=NOW)[0]
    archive = Archive(instance.content)
    assert filed.path is not None
    article = archive.load(filed.path).article
    assert article is not None
    report = pictures.verify(article, store.view, archive.lookup, beside(filed.path))
    assert report.ok, report.failing
    assert filed.status == "published"
    return article


def text(article: Article) -> str:
    return re.sub(r"\]\(fact:\w+\)|\[", "", article.body)


@pytest.mark.parametrize(
    ("on", "last", "per_month", "newest", "said"),
    [
        ("1996-03-08", "1996-02", 200, 705, "rose by 705,000 in February"),
        ("2009-02-06", "2009-01", -450, -598, "fell by 598,000 in January"),
        ("2023-07-07", "2023-06", 300, 209, "rose by 209,000 in June"),
    ],
)
def test_payrolls_are_told_against_the_month_before_and_the_year(
    instance: Instance, on: str, last: str, per_month: int, newest: int, said: str
) -> None:
    jobs = [130_000.0 + per_month * at for at in range(30)]
    jobs.append(jobs[-1] + newest)
    rates = [5.0 + at % 3 / 10 for at in range(30)] + [5.6]
    article = written(
        instance, on, "jobs", {"PAYEMS": course(last, on, jobs, 0), "UNRATE": course(last, on, rates)}
    )
    mean = round((per_month * 11 + newest) / 12)

    assert "unemployment rate at 5.6%" in article.title
    assert f"{abs(newest)},000" in article.title
    assert f"Nonfarm payrolls {said}" in text(article)
    assert f"by {abs(per_month)},000 in" in text(article)
    assert f"monthly average of {abs(mean)},000 in the 12 months to" in text(article)


def test_payrolls_of_another_month_are_not_told(instance: Instance) -> None:
    jobs, rates = [150_000.0 + 100 * at for at in range(30)], [4.0 + at % 2 / 10 for at in range(30)]
    article = written(
        instance, "2023-07-07", "jobs",
        {"PAYEMS": course("2023-05", "2023-06-02", jobs, 0), "UNRATE": course("2023-06", "2023-07-07", rates)},
    )  # fmt: skip

    assert "ayrolls" not in text(article)


@pytest.mark.parametrize(
    ("on", "last"), [("1990-10-18", "1990-09"), ("2008-08-14", "2008-07"), ("2022-07-13", "2022-06")]
)
def test_prices_are_told_with_their_core_of_the_same_month(instance: Instance, on: str, last: str) -> None:
    prices, core = [100 * 1.003**at for at in range(40)], [90 * 1.002**at for at in range(40)]
    article = written(
        instance, on, "cpi", {"CPIAUCSL": course(last, on, prices, 3), "CPILFESL": course(last, on, core, 3)}
    )

    assert "rose 3.7% in the 12 months to" in text(article)
    assert "excluding food and energy rose 2.4% in the 12 months to" in text(article)
    assert "Core consumer prices rose 0.2% in" in text(article)
    assert "at an annual rate of 2.4% in the three months to" in text(article)


@pytest.mark.parametrize("year", [1994, 2009, 2025])
def test_growth_is_told_over_quarters_and_drawn_as_bars(instance: Instance, year: int) -> None:
    quarters = [f"{year - 8 + at // 4}-{at % 4 * 3 + 1:02d}" for at in range(34)][:33]
    rates = [2.0, 3.0, -1.0, 2.5]
    told = {
        quarter: (
            f"{rates[at % 4] + at % 5 / 10:.1f}",
            str(date.fromisoformat(f"{quarter}-01") + timedelta(days=118)),
        )
        for at, quarter in enumerate(quarters)
    }
    on = date.fromisoformat(told[quarters[-1]][1])
    on += timedelta(days=7 - on.weekday() if on.weekday() > 4 else 0)
    told[quarters[-1]] = (told[quarters[-1]][0], str(on))
    article = written(instance, str(on), "gdp", {"A191RL1Q225SBEA": told})
    last = [float(told[one][0]) for one in quarters[-4:]]
    table = (Path(article.path).parent / "chart.csv").read_text("utf-8")

    assert f"was {sum(last) / 4:.1f}% on average over the four quarters" in text(article)
    assert f"Q1 {year}," in table
    assert len(table.splitlines()) == 13


def test_without_a_release_in_the_calendar_nothing_is_told(instance: Instance) -> None:
    """A reading has no day on which it is news: of 2024, say, whose calendar is not in the store."""
    there = market(
        "2024-07-11",
        readings={"CPIAUCSL": course("2024-06", "2024-07-11", [100 + at / 3 for at in range(40)], 3)},
    )
    kinds = {one.signal.kind for one in edition.ranked_signals(instance, there)}

    assert "print" not in kinds


@pytest.mark.parametrize(
    ("kind", "readings", "since"),
    [
        (
            "jobs",
            {"UNRATE": course("2023-06", "2023-07-07", [3.5, 3.4] * 15)},
            "The unemployment rate was 4.1% in July.",
        ),
        (
            "cpi",
            {"CPIAUCSL": course("2023-06", "2023-07-07", [100 * 1.003**at for at in range(40)], 3)},
            "The consumer price index rose 6.2% in the 12 months to July.",
        ),
    ],
)
def test_an_older_page_of_a_print_says_what_the_series_reads_since(
    instance: Instance, kind: str, readings: Given, since: str
) -> None:
    article = written(instance, "2023-07-07", kind, readings)
    newer = {
        name: {**told, "2023-07": ("4.1" if kind == "jobs" else "115.500", "2023-08-10")}
        for name, told in readings.items()
    }
    held: Any = article.facts["facts"]
    told = [metrics.from_json(key, record) for key, record in held.items()]
    note = later.note(article, told, market("2023-08-14", readings=newer), ENV, ROLES)

    assert note is not None
    assert prose.visible(note.markdown) == since
    assert later.note(article, told, market("2023-08-07", readings=readings), ENV, ROLES) is None


@pytest.mark.parametrize(
    ("series", "start", "move", "said"),
    [
        ("GOLDPMGBD228NLBM", 850.0, 41.5, "The London gold price rose by $41.50 on"),
        ("DTWEXBGS", 118.0, -2.6, "The trade-weighted dollar index fell 2."),
        ("EXR.D.USD.EUR.SP00.A", 1.1, 0.03, "The euro reference rate rose 2."),
        ("BAMLC0A0CM", 1.2, 0.4, "The investment-grade bond spread rose by 0.40 percentage point on"),
    ],
)
def test_gold_currencies_and_spreads_that_moved_far_are_told(
    instance: Instance, series: str, start: float, move: float, said: str
) -> None:
    days = weekdays(date(2007, 1, 2), date(2008, 9, 17)).tolist()
    level = [start * (1 + (at % 3 - 1) / 1000) for at in range(len(days) - 1)]
    values = [*level, level[-1] + move]
    told = {str(day): (f"{value:.4f}", str(day)) for day, value in zip(days, values, strict=True)}
    store = FakeStore(market("2008-09-17", readings={series: told}))
    filed = edition.write(instance, store, date(2008, 9, 17), story="gauge", now=NOW)[0]
    article = Archive(instance.content).scan()[0][0]

    assert (filed.status, filed.failing) == ("published", ())
    assert said in text(article)


def test_a_rate_without_a_name_for_readers_is_not_told(instance: Instance) -> None:
    days = weekdays(date(2007, 1, 2), date(2008, 9, 17)).tolist()
    told = {
        str(day): (f"{90 + at % 3 / 10 + (30 if at == len(days) - 1 else 0):.2f}", str(day))
        for at, day in enumerate(days)
    }
    there = market("2008-09-17", readings={"EXR.D.JPY.EUR.SP00.A": told})

    assert "series" not in {one.signal.kind for one in edition.ranked_signals(instance, there)}
