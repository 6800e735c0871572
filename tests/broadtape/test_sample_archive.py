"""The archive that is checked in: written by the desk from the shipped data, proved, and free of anything private."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from broadtape import demo, sample
from broadtape.archive import Archive
from broadtape.archive.files import beside, made
from broadtape.desk import pictures
from broadtape.market import MarketStore
from broadtape.model import Article

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    found, problems = Archive(ROOT / "content").scan()
    assert not problems
    return found


def test_it_tells_of_the_sessions_chosen_in_several_kinds(articles: list[Article]) -> None:
    kinds = {str(one.extra["story"]).partition("/")[0] for one in articles}

    assert {one.as_of for one in articles} <= set(demo.ARCHIVE)
    assert len(articles) >= 12
    assert len(kinds) >= 5
    assert {made(one) for one in articles} == {("algorithmic",)}
    assert all(one.origin == "desk" and one.written is not None for one in articles)


def test_nothing_in_it_is_from_elsewhere_than_the_shipped_data(articles: list[Article]) -> None:
    settings = (ROOT / "content" / "broadtape.toml").read_text("utf-8")
    shipped = set(re.findall(r'^name = "([^"]+)"', settings, re.MULTILINE))
    sources = set()
    for one in articles:
        record = json.loads((Path(one.path).parent / "facts.json").read_text("utf-8"))
        text = json.dumps(record["facts"])  # the chart names its sources as readers see them
        sources |= {name for found in re.findall(r'"source": "([^"]*)"', text) for name in found.split(", ")}

    assert sources <= shipped
    assert max(one.as_of or date.max for one in articles) <= date(2022, 12, 28)


@pytest.mark.slow
def test_every_claim_of_it_is_proved_by_the_shipped_data(
    articles: list[Article], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("archive") / "room"
    instance = demo.prepare(
        root, address="http://localhost:8000", progress=lambda *_: None, sessions=()
    ).instance
    archive = Archive(ROOT / "content")
    with MarketStore.open(instance.store, readonly=True) as store:
        failing = [
            f"{one.title}: {claim.text}: {claim.reason}"
            for one in articles
            for claim in pictures.verify(one, store.view, archive.lookup, beside(Path(one.path))).failing
        ]

    assert failing == []
    assert sample.content() == ROOT / "content"
