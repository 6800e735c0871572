"""Whether the desk leads with what a wire editor would have led with, on two lists of days written beforehand."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from broadtape import edition
from broadtape.config import Instance
from broadtape.desk import patterns
from broadtape.desk.facts import FactBook
from broadtape.desk.stories import Assignment
from broadtape.market import MarketStore

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

DATA = Path(__file__).parents[1] / "data"
TUNED_AT_LEAST, HELD_AT_LEAST = 0.85, 0.8


def days(name: str) -> list[dict[str, Any]]:
    found = tomllib.loads((DATA / name).read_text("utf-8"))["day"]
    assert isinstance(found, list)
    return found


def lead(instance: Instance, store: MarketStore, day: Any) -> tuple[str, frozenset[str]]:
    """Kind and subjects of the story that an edition of the day would lead with, from an empty archive."""
    view = edition.view_on(store, day)
    assignment = Assignment(
        view,
        FactBook(view),
        edition.ranked_signals(instance, view),
        instance.desk.universe,
        instance.desk.sector_funds,
    )
    first = edition.choose(assignment, story=None, most=instance.desk.most_stories)[0]
    if first.lead is None or first.story in {"wrap", "week", "month"}:  # of the market: all indices are in it
        return first.story, frozenset(patterns.benchmarks(view))
    return first.story, frozenset({first.lead.signal.subject})


def score(instance: Instance, name: str) -> tuple[float, list[str]]:
    """The share of the list's days with the wanted lead, and what led instead on the others."""
    store = MarketStore.open(instance.store, readonly=True)
    listed, missed = days(name), []
    for one in listed:
        kind, subjects = lead(instance, store, one["on"])
        if kind not in one["kinds"] or not subjects & set(one["subjects"]):
            missed.append(
                f"{one['on']}: {kind} of {'; '.join(sorted(subjects))}, wanted {one['kinds']} ({one['why']})"
            )
    return 1 - len(missed) / len(listed), missed


def test_the_leads_of_the_tuned_list(acceptance_instance: Instance) -> None:
    share, missed = score(acceptance_instance, "leads_tuning.toml")

    assert share >= TUNED_AT_LEAST, missed


def test_the_leads_of_the_list_that_was_never_tuned_on(acceptance_instance: Instance) -> None:
    share, missed = score(acceptance_instance, "leads_held.toml")

    assert share >= HELD_AT_LEAST, missed


def test_the_lists_share_no_day() -> None:
    tuned, held = ({one["on"] for one in days(name)} for name in ("leads_tuning.toml", "leads_held.toml"))

    assert len(tuned) >= 25
    assert len(held) >= 15
    assert not tuned & held
