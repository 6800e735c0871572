"""Every source there is, asked in one go by its settings, stored, and made again from the snapshots alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broadtape import config
from broadtape.market import MarketReader
from broadtape.market.fetching import Fetched, contents_digest, fetch, replay
from newswire.sources import builtin
from newswire.wire import About, Outcome, Request, Snapshot

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BODIES: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parents[1] / "data" / "sources" / "bodies.json").read_text("utf-8")
)
SETTINGS = """
[instance]
title = "Harbour newsroom"
contact = "desk@example.org"

[sources.alphavantage]
key = "${ANY_KEY}"
symbols = ["NYSEARCA:SPY"]
[sources.bea]
key = "${ANY_KEY}"
[sources.bea-calendar]
[sources.bls]
series = ["CUSR0000SA0"]
[sources.bls-calendar]
[sources.businesswire]
feeds = ["https://feed.businesswire.com/rss/home/?rss=x"]
[sources.caltrans]
district = 4
places = { town = [37.8591, -122.4853] }
[sources.cboe]
[sources.cloudquote]
key = "${ANY_KEY}"
symbols = ["NASDAQ:AAPL"]
[sources.ecb]
[sources.fed]
[sources.finnhub]
key = "${ANY_KEY}"
symbols = ["NASDAQ:AAPL"]
[sources.fomc-calendar]
[sources.fred]
[sources.fred-api]
key = "${ANY_KEY}"
[sources.globenewswire]
[sources.googlenews]
queries = ["harbour"]
[sources.massive]
key = "${ANY_KEY}"
symbols = ["NYSE:BRK.B"]
[sources.nasdaq-listed]
[sources.nws]
places = { town = [37.8591, -122.4853] }
[sources.nyfed]
[sources.other-listed]
[sources.prnewswire]
[sources.sec]
companies = ["77"]
facts = true
[sources.tiingo]
key = "${ANY_KEY}"
symbols = ["NYSE:BRK.B"]
[sources.treasury]
[sources.twelvedata]
key = "${ANY_KEY}"
symbols = ["NASDAQ:AAPL"]
[sources.yahoo]
symbols = ["NASDAQ:AAPL"]
[[sources.feeds]]
name = "town-hall"
url = "https://x.example/feed"
"""


@dataclass
class Answering:
    """Answers each label of each source with the body on file; anything else has none."""

    asked: dict[str, list[str]] = field(default_factory=dict)
    confirmed: int = 0

    def send(self, request: Request, about: About, secrets: Any = None) -> Outcome:
        self.asked.setdefault(about.name, []).append(request.label)
        held = BODIES.get("feed" if about.name == "town-hall" else about.name, {})
        body = held.get(request.label, held.get("", ""))
        if not body:
            return Outcome(kind="failed", request=request, reason="there is no such answer")
        snapshot = Snapshot(
            source=about.name, url=request.url, body=body.encode(), label=request.label, retrieved=NOW
        )
        return Outcome(kind="fetched", request=request, reason="on file", snapshot=snapshot)

    def confirm(self, outcome: Outcome) -> None:
        self.confirmed += 1


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> tuple[config.Instance, list[Fetched], Answering]:
    root = tmp_path_factory.mktemp("every")
    (root / "content").mkdir()
    (root / "content" / "broadtape.toml").write_text(SETTINGS)
    patch = pytest.MonkeyPatch()
    patch.setenv("ANY_KEY", "k3y")
    try:
        instance = config.load(root)
        client = Answering()
        return instance, fetch(instance, now=NOW, client=client), client
    finally:
        patch.undo()


def test_the_settings_here_name_every_source(room: tuple[config.Instance, list[Fetched], Answering]) -> None:
    instance, results, _ = room

    assert {one.kind for one in instance.web_sources} == set(builtin())
    assert {one.source for one in results} == {one.name for one in instance.web_sources}


def test_every_source_is_asked_and_gives_rows(
    room: tuple[config.Instance, list[Fetched], Answering],
) -> None:
    _, results, client = room

    assert {one.source: one.message for one in results if not one.counts.rows_read} == {}
    assert set(client.asked) == {one.source for one in results}
    assert client.confirmed >= len(results)


def test_what_every_source_gave_is_made_again_from_the_snapshots(
    room: tuple[config.Instance, list[Fetched], Answering], monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, _, client = room
    monkeypatch.setenv("ANY_KEY", "k3y")
    before = contents_digest(instance.store)
    asked = sum(len(one) for one in client.asked.values())

    done = replay(instance, now=NOW)

    assert (done.problems, done.same) == ((), True)
    assert done.stored == client.confirmed
    assert contents_digest(instance.store) == before
    assert sum(len(one) for one in client.asked.values()) == asked
    with MarketReader.open(instance.store) as store:
        assert store.shelf().spans
        assert store.shelf().series
