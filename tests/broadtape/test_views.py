"""Counting what is read: who is counted, what is kept, and that nothing is counted twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from broadtape import config, views
from broadtape.cli import main

NOW = datetime(2026, 1, 13, 18, 41, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
STORY = "/2026/01/12/run/"


@pytest.fixture
def instance(tmp_path: Path) -> config.Instance:
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "broadtape.toml").write_text('[instance]\ntitle = "T"\n', "utf-8")
    return config.load(tmp_path)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


def ask(application: views.Counting, path: str = STORY, agent: str = FIREFOX, **more: str) -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "HTTP_USER_AGENT": agent,
        "HTTP_HOST": "bay",
        **more,
    }
    list(application(environ, lambda *_: lambda _: None))


def counting(tally: views.Tally, status: str = "200 OK") -> views.Counting:
    def pages(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response(status, [])
        return [b""]

    return views.Counting(pages, tally, site_of=lambda host: host)


@pytest.mark.parametrize(
    ("more", "counted"),
    [
        ({}, 1),
        ({"agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, 0),
        ({"agent": "curl/8.5"}, 0),
        ({"agent": ""}, 0),
        ({"agent": FIREFOX + " HeadlessChrome/120.0"}, 0),
        ({"path": "/"}, 0),
        ({"path": STORY + "proof"}, 0),
        ({"REQUEST_METHOD": "HEAD"}, 0),
        ({"HTTP_SEC_PURPOSE": "prefetch;prerender"}, 0),
    ],
)
def test_people_who_open_a_story_are_counted_and_nobody_else(
    instance: config.Instance, more: dict[str, str], counted: int
) -> None:
    tally = views.Tally(views.pending(instance), now=Clock())
    ask(counting(tally), **more)
    tally.flush()

    assert sum(one.views for one in views.table(instance)) == counted


def test_one_visitor_counts_once_a_story_and_hour(instance: config.Instance) -> None:
    clock = Clock()
    tally = views.Tally(views.pending(instance), now=clock)
    application = views.Counting(
        counting(tally)._application,
        tally,
        site_of=lambda host: host,
        visitor_of=lambda one: one["REMOTE_ADDR"],
    )
    for address in ("203.0.113.7", "203.0.113.7", "203.0.113.8", ""):
        ask(application, REMOTE_ADDR=address)
        ask(application, REMOTE_ADDR=address, agent=FIREFOX + " x")
    ask(application, "/2026/01/11/more/", REMOTE_ADDR="203.0.113.7")
    clock.now = NOW + timedelta(hours=1)
    ask(application, REMOTE_ADDR="203.0.113.7")
    tally.flush()

    counted = {(one.hour, one.path): one.views for one in views.table(instance)}
    assert counted == {
        ("2026-01-13T18", STORY): 4,  # two visitors, and twice one whom nobody names
        ("2026-01-13T18", "/2026/01/11/more/"): 1,
        ("2026-01-13T19", STORY): 1,
    }
    assert all("203.0.113" not in path.read_text("utf-8") for path in views.pending(instance).iterdir())


def test_visitors_made_up_by_the_thousand_are_not_counted_without_end(
    instance: config.Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_SEEN", 10)
    tally = views.Tally(views.pending(instance), now=Clock())
    for number in range(50):
        tally.add("bay", STORY, f"198.51.100.{number}")
    tally.flush()

    assert [one.views for one in views.table(instance)] == [10]


def test_what_is_not_there_is_not_counted(instance: config.Instance) -> None:
    tally = views.Tally(views.pending(instance), now=Clock())
    ask(counting(tally, "404 Not Found"))
    tally.flush()

    assert views.table(instance) == []


def test_each_view_counts_once_through_hours_readers_and_gathering(instance: config.Instance) -> None:
    clock = Clock()
    one, other = (views.Tally(views.pending(instance), now=clock) for _ in range(2))
    for _ in range(3):
        ask(counting(one))
    ask(counting(other))
    one.flush()
    other.flush()
    clock.now = NOW + timedelta(hours=1)
    ask(counting(one))
    one.flush()
    expected = [views.Views("2026-01-13T18", "bay", STORY, 4), views.Views("2026-01-13T19", "bay", STORY, 1)]
    assert views.table(instance) == expected

    assert views.gather(instance, clock.now) == 2
    assert views.gather(instance, clock.now) == 0

    assert views.table(instance) == expected
    assert views.table(instance, since=clock.now) == expected[1:]


def test_an_hour_is_gathered_only_when_its_readers_are_done(instance: config.Instance) -> None:
    tally = views.Tally(views.pending(instance), now=Clock())
    ask(counting(tally))
    tally.flush()

    assert views.gather(instance, datetime(2026, 1, 13, 19, 1, tzinfo=UTC)) == 0
    assert views.gather(instance, datetime(2026, 1, 13, 19, 2, tzinfo=UTC)) == 1


def test_the_most_read_have_enough_readers_and_are_of_the_last_hours(instance: config.Instance) -> None:
    clock = Clock()
    tally = views.Tally(views.pending(instance), now=clock)
    pages = counting(tally)
    for count, path in ((5, STORY), (7, "/2026/01/11/more/"), (1, "/2026/01/10/few/")):
        for _ in range(count):
            ask(pages, path)
    tally.flush()

    later = NOW + timedelta(hours=2)
    assert views.most(instance, "bay", 24, 3, now=later) == ("/2026/01/11/more/", STORY)
    assert views.most(instance, "bay", 1, 3, now=later) == ()
    assert views.most(instance, "hills", 24, 3, now=later) == ()


def test_the_table_of_views_is_csv(instance: config.Instance) -> None:
    tally = views.Tally(views.pending(instance), now=Clock())
    ask(counting(tally))
    tally.flush()

    done = CliRunner().invoke(main, ["-C", str(instance.root), "views"])

    assert done.output.splitlines() == ["hour,site,path,views", f"2026-01-13T18,bay,{STORY},1"]
    assert CliRunner().invoke(main, ["-C", str(instance.root), "views", "--site", "hills"]).exit_code == 2


def test_a_file_cut_short_loses_its_counts_and_nothing_else(instance: config.Instance) -> None:
    folder = views.pending(instance)
    folder.mkdir(parents=True)
    (folder / "2026-01-13T10.1-aa.json").write_text('[["bay", "/2026/01/12/run/", 2', "utf-8")
    (folder / "2026-01-13T10.1-bb.json").write_text('[["bay", "/2026/01/12/run/", 2]]', "utf-8")

    views.gather(instance, NOW)

    assert [one.views for one in views.table(instance)] == [2]
    assert list(folder.iterdir()) == []
