from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from newsroom import NOON, Newsroom

from broadtape import config, doctor, heartbeat
from broadtape.cli import main
from broadtape.doctor import Finding
from broadtape.heartbeat import Heartbeat
from broadtape.market.fetching import fetch

Examine = Callable[..., list[Finding]]

SOURCES = """
[desk]
benchmarks = { large = "INDEXSP:SPX" }

[[sources.files]]
name = "directory"
path = "${HERE}/directory.csv"
holds = "instruments"
columns = { symbol = "Symbol", name = "Name" }
exchange = "NASDAQ"

[[sources.files]]
name = "indices"
path = "${HERE}/indices.csv"
holds = "bars"
columns = { symbol = "symbol", date = "date", close = "close" }
unit = "points"
instruments = [{ symbol = "INDEXSP:SPX", as = "SPX", name = "S&P 500", kind = "index" }]

[[sources.files]]
name = "stocks"
path = "${HERE}/stocks.csv"
holds = "bars"
columns = { symbol = "symbol", date = "date", close = "close" }
licence = "public"
"""


class Practice:
    """A newsroom with a real store over small tables, and the doctor's words about it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.newsroom = Newsroom(root, monkeypatch, settings=SOURCES)
        self.here = root / "tables"
        self.here.mkdir()
        monkeypatch.setenv("HERE", str(self.here))
        self.table("directory", "Symbol,Name", "AAA,Aaa Inc. - Common Stock", "BBB,Bbb Inc. - Common Stock")
        self.table("indices", "symbol,date,close", "SPX,2026-01-15,6900", "SPX,2026-01-16,6910")
        self.table(
            "stocks", "symbol,date,close", "AAA,2026-01-16,10.5", "BBB,2026-01-16,20.5", "QQ7,2026-01-16,3.5"
        )
        self.alive = False

    def table(self, name: str, *lines: str) -> None:
        (self.here / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")

    def fetch(self) -> None:
        fetch(self.newsroom.instance)

    def examine(self, **more: Any) -> list[Finding]:
        return doctor.examine(
            self.newsroom.instance, now=self.newsroom.now, alive=lambda root: self.alive, **more
        )

    def says(self, subject: str) -> list[str]:
        return [f"{one.level}: {one.says}" for one in self.examine() if one.subject == subject]


@pytest.fixture
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Practice:
    from broadtape.publishing import run, searchable

    opening, store = searchable.open_writer, run._open_store
    made = Practice(tmp_path, monkeypatch)
    monkeypatch.setattr(searchable, "open_writer", opening)
    monkeypatch.setattr(run, "_open_store", store)
    return made


def test_a_new_instance_is_told_what_to_do_first(practice: Practice) -> None:
    found = {one.subject: one for one in practice.examine()}

    assert "broadtape fetch" in found["store"].remedy
    assert found["archive"].says == "nothing is published yet"
    assert found["keeper"].level == "ok"


def test_a_healthy_newsroom_has_nothing_wrong(practice: Practice) -> None:
    practice.fetch()
    practice.newsroom.post("one")
    practice.newsroom.publish()

    assert doctor.worst([one for one in practice.examine() if one.subject != "symbols"]) == "ok"
    assert practice.says("store") == ["ok: newest session 2026-01-16, 4 series"]
    assert [says.rpartition(" ")[0] for says in practice.says("archive")] == [
        "ok: 1 article shown, generation"
    ]
    assert practice.says("search") == ["ok: the index holds all 1 article"]


def test_unknown_symbols_and_a_watch_list_without_bars_are_named(practice: Practice) -> None:
    practice.fetch()

    said = practice.says("symbols")
    assert "UNLISTED:QQ7" in said[0]
    assert "site bay: no bars for NASDAQ:GONE" in said[1]


def test_a_source_that_fell_behind_is_named_with_the_number_of_sessions(practice: Practice) -> None:
    practice.fetch()
    practice.newsroom.now += timedelta(days=14)

    said = practice.says("sources")
    assert len(said) == 2
    assert "indices: last bar 2026-01-16, 10 sessions behind" in said[0]


def test_a_missing_file_and_a_failed_fetch_are_errors(practice: Practice) -> None:
    practice.fetch()
    practice.table("stocks", "symbol,date,close", "AAA,2026-01-16,ten")
    practice.fetch()
    (practice.here / "indices.csv").unlink()

    said = practice.says("sources")
    assert any("1 source cannot be read: indices" in line for line in said)
    assert any("stocks: the last fetch failed" in line for line in said)


def test_sources_that_disagree_are_named(practice: Practice) -> None:
    more = SOURCES + '\n[[sources.files]]\nname = "second"\npath = "${HERE}/second.csv"\nholds = "bars"\n'
    more += 'columns = { symbol = "symbol", date = "date", close = "close" }\n'
    practice.newsroom.write("broadtape.toml", f'[instance]\ntitle = "T"\ndefault_site = "bay"\n{more}')
    practice.table("stocks", "symbol,date,close", "AAA,2026-01-15,10.0", "AAA,2026-01-16,10.5")
    practice.table("second", "symbol,date,close", "AAA,2026-01-15,10.0", "AAA,2026-01-16,12.5")
    practice.fetch()

    assert any(
        "sources disagree on 1 series: NASDAQ:AAA (stocks and second" in line
        for line in practice.says("sources")
    )
    held = "warning: 1 figure held: NASDAQ:AAA stocks and second differ on the close of 2026-01-16: 10.5 and 12.5"
    assert any(line.startswith(held) for line in practice.says("sources"))


def test_a_public_instance_is_told_which_series_it_may_not_show(practice: Practice) -> None:
    practice.newsroom.write(
        "broadtape.toml", f'[instance]\ntitle = "T"\ndefault_site = "bay"\naudience = "public"\n{SOURCES}'
    )
    practice.fetch()

    assert practice.says("licences") == ["warning: public, but 1 series may not be republished: INDEXSP:SPX"]


def test_broken_articles_are_counted_and_named(practice: Practice) -> None:
    practice.newsroom.write("articles/2026/01/bad.md", "no front matter")
    practice.newsroom.publish()

    assert practice.says("archive")[0] == "error: 1 file with errors: content/articles/2026/01/bad.md"


def test_held_articles_are_named(practice: Practice) -> None:
    practice.newsroom.post("one")
    practice.newsroom.post("two", status="held")
    practice.newsroom.publish()

    assert practice.says("archive")[0] == (
        "warning: 1 article held, which no reader sees: articles/2026/01/two.md"
    )


def test_an_index_that_lost_articles_is_an_error(practice: Practice) -> None:
    practice.newsroom.post("one")
    practice.newsroom.publish()
    shutil.rmtree(practice.newsroom.instance.index)

    assert practice.says("search") == ["error: the index is missing"]


def test_a_keeper_that_runs_and_is_silent_is_an_error(practice: Practice) -> None:
    practice.alive = True
    instance = practice.newsroom.instance
    assert practice.says("keeper") == ["error: it runs and is silent"]
    heartbeat.write_heartbeat(instance, Heartbeat(7, NOON, NOON, 3, NOON, 0.25))
    assert practice.says("keeper") == ["ok: process 7, last publish took 0.25 s"]
    heartbeat.write_heartbeat(instance, Heartbeat(7, NOON, NOON, problem="disk full"))
    assert practice.says("keeper") == ["error: its last publish failed: disk full"]
    practice.newsroom.now += timedelta(minutes=1)
    assert practice.says("keeper")[0].startswith("error: it runs and is silent since 2026-01-20")


def test_a_proxy_that_names_no_visitor_is_told_for_two_days(practice: Practice) -> None:
    note = heartbeat.silent_proxy_path(practice.newsroom.instance)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text("bay.example", "utf-8")
    for hours, told in ((1, True), (49, False)):
        when = (NOON - timedelta(hours=hours)).timestamp()
        os.utime(note, (when, when))
        found = [one for one in practice.examine() if one.subject == "visitors"]
        assert [one.level for one in found] == ["warning"] * told
        assert all("bay.example" in one.says and "X-Forwarded-For" in one.says for one in found)


def test_a_host_of_two_sites_is_an_error(practice: Practice) -> None:
    practice.newsroom.site("hills")
    path = practice.newsroom.content / "sites" / "hills" / "site.toml"
    path.write_text(
        path.read_text("utf-8").replace('hosts = ["hills.localhost"]', 'hosts = ["bay.localhost"]'), "utf-8"
    )
    try:
        said = practice.says("settings")
    except config.BadSettings as error:  # settings may refuse it before the doctor sees it
        said = [f"error: {error}"]

    assert any(line.startswith("error") and "bay.localhost" in line for line in said)


def test_the_command_prints_json_and_exits_1_on_an_error(practice: Practice) -> None:
    practice.newsroom.write("articles/2026/01/bad.md", "no front matter")
    practice.newsroom.publish()
    done = CliRunner().invoke(main, ["-C", str(practice.newsroom.root), "doctor", "--json"])

    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["status"] == "error"
    assert {"level", "subject", "says", "remedy"} == told["findings"][0].keys()


def test_the_command_prints_a_line_for_each_finding_with_its_remedy(practice: Practice) -> None:
    done = CliRunner().invoke(main, ["-C", str(practice.newsroom.root), "doctor"])

    assert "archive: nothing is published yet" in done.stdout
    assert "→ run 'broadtape index' or 'broadtape serve'" in done.stdout
