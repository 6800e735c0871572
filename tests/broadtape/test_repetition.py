"""What was just told is not told again: left out, or said in other words, and never at the price of the proof."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from invented import market
from newsroom import FakeStore
from test_edition import settings
from test_running_stories import RUN

from broadtape import edition
from broadtape.archive import Archive
from broadtape.config import Instance
from broadtape.desk import repetition
from broadtape.model import Article

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVENTS = [("2026-01-28", "fomc", "Federal Open Market Committee statement")]
DUE = "Federal Open Market Committee statement, with"


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return settings(tmp_path / "room")


def wrap(instance: Instance, store: FakeStore, on: date) -> Article:
    filed = edition.write(instance, store, on, story="wrap", now=NOW)[0]  # type: ignore[arg-type]  # by its face
    assert filed.status in {"published", "unchanged"}, filed.failing
    assert filed.path is not None
    found = Archive(instance.content).load(filed.path).article
    assert found is not None
    return found


def test_what_the_last_stories_said_is_left_out(instance: Instance) -> None:
    store = FakeStore(market("2026-01-13", events=EVENTS, **RUN))
    first, second = (wrap(instance, store, day) for day in (date(2026, 1, 12), date(2026, 1, 13)))

    assert DUE in first.body
    assert DUE not in second.body
    shared = repetition.marks(first.body) & repetition.marks(second.body)
    assert len(shared) <= 1  # a definition, if anything


def test_an_edition_written_again_says_what_it_said(instance: Instance) -> None:
    store = FakeStore(market("2026-01-13", events=EVENTS, **RUN))
    days = (date(2026, 1, 12), date(2026, 1, 13))
    before = [wrap(instance, store, day).body for day in days]

    assert [wrap(instance, store, day).body for day in days] == before


def test_a_sentence_is_known_again_without_its_ticker() -> None:
    first = "The Russell 2000 (INDEXRUSSELL: RUT) rose."

    assert repetition.mark(first) == repetition.mark("The Russell 2000 rose.")
    assert repetition.mark(first) != repetition.mark("The Russell 2000 fell.")
