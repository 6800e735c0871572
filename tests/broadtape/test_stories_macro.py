"""Stories of rates, prices and volatility over the acceptance tables: what each must say, against plain sums.

Every story named here is planned from what was known at the end of its session, worded and proved.
"""

from __future__ import annotations

import csv
import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from broadtape import edition
from broadtape.config import Instance
from broadtape.desk import proof, prose, stories
from broadtape.desk.facts import FactBook
from broadtape.desk.outline import Outline
from broadtape.desk.stories import Assignment
from broadtape.market import MarketReader
from broadtape.model import MarketView, Status

pytestmark = pytest.mark.acceptance

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

    def assignment(self, view: MarketView) -> Assignment:
        desk = self.instance.desk
        ranked = edition.ranked_signals(self.instance, view)
        return Assignment(view, FactBook(view), ranked, desk.universe, desk.sector_funds)

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
    assert story.title == "Fed cuts its target range by 0.25 percentage point, to 3.50%–3.75%"
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
