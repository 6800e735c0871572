"""Stories of rates, prices and volatility over the acceptance tables: what each must say, against plain sums.

Every story named here is planned from what was known at the end of its session, worded and proved.
"""

from __future__ import annotations

import csv
import dataclasses
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from broadtape import edition
from broadtape.config import Instance
from broadtape.desk import drawing, macro_signals, newsworthiness, proof, prose, stories
from broadtape.desk.facts import FactBook
from broadtape.desk.outline import Outline
from broadtape.desk.stories import Assignment
from broadtape.market import MarketReader
from broadtape.model import MarketView, Status

pytestmark = pytest.mark.acceptance

READ = (
    ("policy", "2020-03-16"), ("policy", "2024-09-18"), ("policy", "2025-07-30"), ("policy", "2025-12-10"),
    ("volatility", "2017-11-03"), ("volatility", "2020-03-16"), ("volatility", "2024-08-05"), ("curve", "2022-07-07"),
    ("curve", "2023-08-17"), ("curve", "2023-10-06"), ("curve", "2024-08-28"), ("print", "2023-02-03"),
    ("print", "2023-07-12"), ("print", "2026-01-13"), ("gauge", "2020-04-27"), ("gauge", "2025-04-07"),
)  # fmt: skip

FAILED = {Status.UNSUPPORTED, Status.CONTRADICTED}


@dataclass(frozen=True)
class Written:
    """One story in words, with what proof objects to and the chart's file."""

    outline: Outline
    title: str
    text: str
    failing: list[tuple[str, str]]
    attachments: dict[str, bytes]

    def has(self, *sayings: str) -> bool:
        return all(saying in self.text for saying in sayings)


class Room:
    """Plans, words and proves single stories; writes nothing."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.store = MarketReader.open(instance.store)
        self.known: dict[tuple[str, str], Written | None] = {}
        self.charts: dict[tuple[str, str], tuple[MarketView, Outline, prose.Draft]] = {}

    def assignment(self, view: MarketView) -> Assignment:
        desk, book = self.instance.desk, FactBook(view)
        roles = {symbol: role for role, symbol in desk.benchmarks.items()}
        found = [signal for detect in macro_signals.DETECTORS for signal in detect(view, book, ())]
        ranked = newsworthiness.rank(
            found, role=lambda symbol: roles.get(symbol, ""), kind=lambda symbol: view.instrument(symbol).kind,
            told=lambda _: 0.0,
        )  # fmt: skip
        return Assignment(view, book, ranked, desk.universe, desk.sector_funds)

    def story(self, kind: str, day: str) -> Written:
        found = self.maybe(kind, day)
        assert found is not None, f"no {kind} on {day}"
        assert found.failing == []
        return found

    def maybe(self, kind: str, day: str) -> Written | None:
        if (kind, day) not in self.known:
            self.known[kind, day] = self._write(kind, date.fromisoformat(day))
        return self.known[kind, day]

    def _write(self, kind: str, day: date) -> Written | None:
        view = self.store.view(day)
        assignment = self.assignment(view)
        proposals = stories.kinds()[kind].propose(assignment)
        if not proposals:
            return None
        outline = stories.kinds()[kind].plan(assignment, proposals[0])
        draft, facts = edition.compose(self.instance, view, outline)
        article, record, attachments = edition.assemble(
            self.instance,
            view,
            outline,
            draft,
            facts,
            site=None,
            draft=False,
            now=datetime(2026, 6, 1, tzinfo=UTC),
        )
        report = proof.verify(dataclasses.replace(article, facts=record), self.store.view, lambda _: None)
        failing = [(one.text, one.reason) for one in report.claims if one.status in FAILED]
        self.charts[kind, str(day)] = (view, outline, draft)
        text = "\n".join(prose.visible(line) for line in draft.body.splitlines() if line)
        return Written(outline, draft.title, f"{text}\n{draft.summary}\n{draft.alt}", failing, attachments)


@pytest.fixture(scope="module")
def room(acceptance_instance: Instance) -> Iterator[Room]:
    found = Room(acceptance_instance)
    yield found
    found.store.close()


@pytest.fixture(scope="module")
def decisions(acceptance_data: Path) -> list[dict[str, Any]]:
    with (acceptance_data / "macro" / "fomc_decisions.csv").open() as table:
        return list(csv.DictReader(table))


# --- policy decisions ----------------------------------------------------------------------------------------


def test_a_cut_is_told_with_its_place_in_the_cycle(room: Room, decisions: list[dict[str, Any]]) -> None:
    cuts = [
        one for one in decisions if "2024-09" <= one["date"] <= "2025-12-10" and int(one["change_bp"]) < 0
    ]
    story = room.story("policy", "2025-12-10")

    assert (len(cuts), sum(int(one["change_bp"]) for one in cuts)) == (6, -175)
    assert story.title == "Fed cuts target range by 0.25 percentage point, to 3.50%–3.75%"
    assert story.has("third cut in a row", "six times since Sept. 18, 2024, by 1.75 percentage points in all")
    assert story.has("from 5.25%–5.50%", "What followed earlier cuts", "the 12 months to September")


def test_the_first_cut_of_a_cycle_says_since_when_and_counts_nothing(room: Room) -> None:
    story = room.story("policy", "2024-09-18")

    assert story.has("the first cut since March 15, 2020", "by 0.5 percentage point")
    assert "In this cycle" not in story.text


def test_an_emergency_cut_of_a_sunday_is_mondays_story(room: Room) -> None:
    story = room.story("policy", "2020-03-16")

    assert story.has(
        "on Sunday, March 15", "0.00%–0.25%", "the largest cut in data since January 2020", "plunged 12.0%"
    )
    assert "median" not in story.text  # one earlier case is no precedent


def test_meetings_that_hold_are_counted_and_told_in_brief(
    room: Room, decisions: list[dict[str, Any]]
) -> None:
    held = 0
    for one in reversed([one for one in decisions if one["date"] <= "2025-07-30"]):
        if int(one["change_bp"]):
            break
        held += 1
    story = room.story("policy", "2025-07-30")

    assert held == 5
    assert story.title.endswith("for a fifth meeting in a row")
    assert len(story.text.split()) < 320


def test_the_chart_of_a_decision_is_the_path_of_the_rate(room: Room) -> None:
    attachments = room.story("policy", "2025-12-10").attachments

    rows = list(csv.reader(attachments["chart.csv"].decode().splitlines()))
    assert rows[0] == ["date", "Upper end"]
    assert rows[-1] == ["2025-12-10", "3.75"]
    assert ["2024-09-18", "5.00"] in rows or ["2024-09-18", "5.0"] in rows or ["2024-09-18", "5"] in rows
    assert b"Federal Reserve target range" in attachments["chart.svg"]


def test_a_session_without_a_decision_has_no_policy_story(room: Room) -> None:
    assert room.maybe("policy", "2025-12-09") is None
    assert room.maybe("policy", "2019-12-11") is None  # the decisions in the data start in 2020


def test_every_decision_of_the_table_makes_a_story_that_proves(
    room: Room, decisions: list[dict[str, Any]]
) -> None:
    told = ["2020-01-29", "2020-03-03", "2022-03-16", "2022-05-04", "2022-12-14", "2023-06-14", "2026-01-28"]
    assert set(told) <= {one["date"] for one in decisions}
    for day in told:
        story = room.story("policy", day)
        assert not re.search(r"\b(?:will|may|should)\b", story.text)


# --- volatility ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vix(acceptance_data: Path) -> dict[str, float]:
    with gzip.open(acceptance_data / "prices" / "index_daily.csv.gz", "rt") as table:
        return {row["date"]: float(row["close"]) for row in csv.DictReader(table) if row["symbol"] == "VIX"}


def test_a_jump_of_volatility_is_told_with_its_rank(room: Room, vix: dict[str, float]) -> None:
    story = room.story("volatility", "2024-08-05")
    days = [day for day in vix if day <= "2024-08-05" and date.fromisoformat(day).weekday() < 5]
    higher = sum(vix[day] > vix["2024-08-05"] for day in days[:-1])
    since = max(day for day in days[:-1] if vix[day] >= vix["2024-08-05"])

    assert (higher, since) == (37, "2020-10-28")
    assert story.has("surged 64.9%", "closed at 38.57", "its highest close since Oct. 28, 2020")
    assert story.has(
        "closed higher on 37 of 2,038 earlier sessions", "largest daily rise since Feb. 5, 2018."
    )
    assert story.title == "Cboe Volatility Index surges 64.9% to 38.57, highest close since October 2020"


def test_the_highest_close_in_the_data_is_called_that_and_no_more(room: Room) -> None:
    story = room.story("volatility", "2020-03-16")

    assert story.has(
        "closing at 82.69, the highest close in data since June 2016", "in none of the eight cases"
    )
    assert "record" not in story.text


def test_a_calm_is_told_once_it_is_rare_and_a_quiet_session_is_not(room: Room) -> None:
    assert room.story("volatility", "2017-11-03").has("lowest close in data since June 2016")
    assert room.maybe("volatility", "2025-08-20") is None
    assert room.maybe("volatility", "2025-12-10") is None


# --- the yield curve -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def yields(acceptance_data: Path) -> dict[str, tuple[Decimal, Decimal]]:
    """Day → 10-year and two-year yield, where both are there."""
    found: dict[str, dict[str, Decimal]] = {}
    with gzip.open(acceptance_data / "macro" / "fred_long.csv.gz", "rt") as table:
        for row in csv.DictReader(table):
            if row["series_id"] in {"DGS10", "DGS2"} and row["value"]:
                found.setdefault(row["date"], {})[row["series_id"]] = Decimal(row["value"])
    return {day: (one["DGS10"], one["DGS2"]) for day, one in sorted(found.items()) if len(one) == 2}


def test_an_inversion_that_begins_is_told_on_the_day_its_yields_are_known(
    room: Room, yields: dict[str, tuple[Decimal, Decimal]]
) -> None:
    story = room.story("curve", "2022-07-07")

    ten, two = yields["2022-07-06"]
    assert ten < two
    assert story.has(
        f"stood {two - ten} percentage point below the two-year Treasury yield on Wednesday, July 6"
    )
    assert story.title.startswith("Yield curve inverts")
    assert room.maybe("curve", "2022-07-08") is None


def test_the_end_of_a_long_inversion_counts_its_sessions(
    room: Room, yields: dict[str, tuple[Decimal, Decimal]]
) -> None:
    story = room.story("curve", "2024-08-28")
    run = [day for day, (ten, two) in yields.items() if "2022-07-06" <= day <= "2024-08-26" and ten < two]
    days = [day for day in yields if "2022-07-06" <= day <= "2024-08-26"]

    assert run == days
    assert story.title == f"Inversion of the yield curve ends after {len(run)} sessions"
    deepest = min(run, key=lambda day: yields[day][0] - yields[day][1])
    assert (deepest, yields[deepest][0] - yields[deepest][1]) == ("2023-07-03", Decimal("-1.08"))
    assert story.has(
        "by as much as 1.08 percentage points, on July 3, 2023", "from July 6, 2022, through Aug. 26"
    )


def test_a_slope_that_changed_far_says_which_way_both_yields_went(room: Room) -> None:
    story = room.story("curve", "2023-10-06")

    assert story.has("steepened by 0.40 percentage point from Sept. 6 through Oct. 5", "a bear steepening")
    assert story.attachments["chart.csv"].decode().splitlines()[0] == (
        'maturity_months,"Oct. 5, 2023","Sept. 1, 2023","Oct. 5, 2022"'
    )


def test_the_highest_yield_in_the_data_is_scoped(room: Room) -> None:
    assert (
        room.story("curve", "2023-08-17").title
        == "10-year Treasury yield at 4.28%, highest in data since 2015"
    )


# --- data prints ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cpi(acceptance_data: Path) -> dict[str, Decimal]:
    with gzip.open(acceptance_data / "macro" / "fred_long.csv.gz", "rt") as table:
        rows = [row for row in csv.DictReader(table) if row["series_id"] == "CPIAUCSL" and row["value"]]
    return {row["date"][:7]: Decimal(row["value"]) for row in rows}


def grown(cpi: dict[str, Decimal], now: str, before: str, power: int = 1) -> str:
    change = ((cpi[now] / cpi[before]) ** power - 1) * 100
    return f"{change.quantize(Decimal('0.1'), ROUND_HALF_UP)}%"


def test_a_print_is_told_against_the_month_before_and_the_trend(room: Room, cpi: dict[str, Decimal]) -> None:
    story = room.story("print", "2023-07-12")

    assert story.has(f"rose {grown(cpi, '2023-06', '2022-06')} in the 12 months to June")
    assert story.has(f"had risen {grown(cpi, '2023-05', '2022-05')} in the 12 months to May")
    assert story.has(f"an annual rate of {grown(cpi, '2023-06', '2023-03', 4)} in the three months to June")
    assert story.has(f"rose {grown(cpi, '2023-06', '2023-05')} in June", "the lowest rate since March 2021")
    assert story.has("released on Wednesday, July 12", "seasonally adjusted")


def test_a_month_that_was_never_published_is_not_bridged(room: Room, cpi: dict[str, Decimal]) -> None:
    story = room.story("print", "2026-01-13")

    assert "2025-10" not in cpi
    assert story.has("2.7% in the 12 months to December", "2.7% in the 12 months to November")
    rows = [row.split(",")[0] for row in story.attachments["chart.csv"].decode().splitlines()[1:]]
    assert "2025-10-01" not in rows
    assert "2025-11-01" in rows


def test_a_reading_without_a_release_on_the_session_is_no_story(room: Room) -> None:
    assert room.maybe("print", "2023-07-13") is None
    assert room.maybe("print", "2024-07-11") is None  # the calendar at hand has no releases of 2024


def test_unemployment_is_a_level_with_its_change_over_twelve_months(room: Room) -> None:
    story = room.story("print", "2023-02-03")

    assert story.title == "Unemployment rate at 3.5% in January"
    assert story.has("fell by 0.5 percentage point in the 12 months to January")


# --- oil, spreads ---------------------------------------------------------------------------------------------


def test_a_price_below_nought_is_printed_with_its_sign_and_never_in_percent(room: Room) -> None:
    story = room.story("gauge", "2020-04-27")  # the week to April 20 was posted then

    assert story.title == "West Texas Intermediate crude oil price at −$36.98, lowest in data since 2015"
    assert story.has("fell by $55.29 on Monday, April 20, to −$36.98 a barrel")
    assert not re.search(r"crude oil price (?:rose|fell) [\d.]+%", story.text)
    assert "2020-04-20,-36.98" in story.attachments["chart.csv"].decode()


def test_a_spread_says_since_when_and_what_it_is(room: Room) -> None:
    story = room.story("gauge", "2025-04-07")

    assert story.has("rose by 0.44 percentage point on Friday, April 4, to 4.45 percentage points")
    assert story.has(
        "the highest since Nov. 1, 2023", "weaker borrowers", "higher in six of 424 earlier readings"
    )
    assert room.maybe("gauge", "2025-06-10") is None


# --- charts ----------------------------------------------------------------------------------------------------


def test_a_title_or_label_that_claims_what_no_fact_says_costs_the_chart(room: Room) -> None:
    room.story("policy", "2025-12-10")
    view, outline, draft = room.charts["policy", "2025-12-10"]
    plan, facts = outline.chart, list(outline.facts().values())
    assert plan is not None

    assert drawing.faults(view, plan, draft, facts) == []
    wrong = dataclasses.replace(draft, chart_title="Federal Reserve target range, 4.25%–4.50%")
    assert drawing.faults(view, plan, wrong, facts)
    for label in ("The plunge to 3.50%", "The largest move", "Since Sept. 18"):
        assert drawing.faults(view, dataclasses.replace(plan, shade_label=label), draft, facts), label


# --- all of them ---------------------------------------------------------------------------------------------


def test_nothing_gives_advice_a_forecast_or_a_motive(room: Room) -> None:
    for kind, day in READ:
        story = room.story(kind, day)
        assert not re.search(r"\b(?:because|amid|fears?|hopes?|investors|likely|should)\b", story.text), (
            story.title
        )
        assert len(story.title) <= 90
        assert story.outline.chart is None or "chart.svg" in story.attachments, story.title
