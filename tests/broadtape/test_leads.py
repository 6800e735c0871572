"""Whether the desk leads with what a wire editor would have led with, on lists of days written beforehand."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from broadtape import demo, edition
from broadtape.config import Instance
from broadtape.desk import patterns
from broadtape.desk.facts import FactBook
from broadtape.desk.stories import Assignment
from broadtape.market import MarketStore

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

DATA = Path(__file__).parents[1] / "data"
TUNED_AT_LEAST, HELD_AT_LEAST, THIRD_AT_LEAST = 0.85, 0.8, 0.8


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


def score(rooms: dict[str, Instance], name: str) -> tuple[float, list[str]]:
    """The share of the list's days with the wanted lead, and what led instead on the others."""
    stores = {key: MarketStore.open(room.store, readonly=True) for key, room in rooms.items()}
    listed, missed = days(name), []
    for one in listed:
        room = one.get("data", "acceptance")
        kind, subjects = lead(rooms[room], stores[room], one["on"])
        if kind not in one["kinds"] or not subjects & set(one["subjects"]):
            missed.append(
                f"{one['on']}: {kind} of {'; '.join(sorted(subjects))}, wanted {one['kinds']} ({one['why']})"
            )
    return 1 - len(missed) / len(listed), missed


def test_the_leads_of_the_tuned_list(acceptance_instance: Instance) -> None:
    share, missed = score({"acceptance": acceptance_instance}, "leads_tuning.toml")

    assert share >= TUNED_AT_LEAST, missed


def test_the_leads_of_the_list_that_was_scored_twice(acceptance_instance: Instance) -> None:
    share, missed = score({"acceptance": acceptance_instance}, "leads_held.toml")

    assert share >= HELD_AT_LEAST, missed


def test_the_leads_of_the_list_over_four_decades(
    acceptance_instance: Instance, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("leads") / "room"
    shipped = demo.prepare(folder, address="http://localhost:8000", progress=lambda *_: None, sessions=())

    share, missed = score({"acceptance": acceptance_instance, "sample": shipped.instance}, "leads_third.toml")

    assert share >= THIRD_AT_LEAST, missed


def test_the_lists_share_no_day() -> None:
    tuned, held, third = (
        {one["on"] for one in days(f"leads_{name}.toml")} for name in ("tuning", "held", "third")
    )

    assert len(tuned) >= 25
    assert len(held) >= 15
    assert len(third) >= 20
    assert not tuned & held
    assert not third & (tuned | held)
