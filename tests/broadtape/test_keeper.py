from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import watchfiles

from broadtape import heartbeat, keeper
from broadtape.config import Instance
from broadtape.keeper import Keeper, watchable
from broadtape.keeperlock import KeeperRunning, keeper_alive, only_keeper
from broadtape.publishing import Published

NOON = datetime(2026, 1, 20, 20, tzinfo=UTC)


class Publisher:
    """Remembers what it was asked to publish; fails while `failing`."""

    def __init__(self) -> None:
        self.asked: list[set[str] | None] = []
        self.failing: Exception | None = None
        self.next_visible: datetime | None = None
        self.waiting = 0
        self.titles: list[str] = []

    def __call__(
        self,
        instance: Instance,
        changed: set[Path] | None = None,
        *,
        budget_s: float | None = None,
        search: bool = True,
    ) -> Published:
        self.asked.append(None if changed is None else {path.name for path in changed})
        self.titles.append(instance.title)
        instance.catalogue.parent.mkdir(parents=True, exist_ok=True)
        instance.catalogue.touch()
        if self.failing is not None:
            raise self.failing
        counts = {"files": 1} | ({"waiting": self.waiting} if self.waiting else {})
        return Published(counts, (), len(self.asked), 0.01, self.next_visible)


class Office:
    """A keeper with a publisher and clocks that the test turns."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings('[instance]\ntitle = "Old"\n')
        (root / "content" / "articles").mkdir()
        self.publisher = Publisher()
        self.now = NOON
        self.seconds = 100.0
        self.keeper = Keeper(
            root, publish=self.publisher, now=lambda: self.now, monotonic=lambda: self.seconds
        )
        self.keeper.tick()
        self.publisher.asked.clear()

    def settings(self, text: str) -> None:
        path = self.root / "content" / "broadtape.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def file(self, name: str) -> Path:
        path = self.root / "content" / "articles" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", "utf-8")
        return path

    def tick(self, *paths: Path, seconds: float = 0.0) -> list[set[str] | None]:
        self.publisher.asked.clear()
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)
        self.keeper.notice(paths)
        self.keeper.tick()
        return list(self.publisher.asked)

    def said(self) -> heartbeat.Heartbeat:
        found = heartbeat.heartbeat(self.keeper.instance)
        assert found is not None
        return found


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_it_publishes_everything_at_its_start(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "broadtape.toml").write_text("", "utf-8")
    publisher = Publisher()
    Keeper(tmp_path, publish=publisher).tick()

    assert publisher.asked == [None]


def test_it_is_quiet_while_nothing_happens(office: Office) -> None:
    assert office.tick() == []
    assert office.tick(seconds=30) == []


def test_a_saved_file_is_published_alone(office: Office) -> None:
    assert office.tick(office.file("a.md")) == [{"a.md"}]


def test_a_deleted_file_is_published_alone_and_a_folder_makes_it_compare_everything(office: Office) -> None:
    gone = office.root / "content" / "articles" / "gone.md"
    folder = office.root / "content" / "articles" / "2026"

    assert office.tick(gone) == [{"gone.md"}]
    assert office.tick(folder) == [None]
    assert office.tick(office.file("2026/a.md").parent) == [None]


def test_the_hub_hears_of_what_was_published_and_of_nothing_else(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(office.keeper._teller, "wake", lambda instance: woken.append(instance.title))
    office.keeper.tick()
    quiet = list(woken)
    for name in ("one.md", "two.md"):  # the first brings the generation that the keeper has already
        office.keeper.notice([office.file(name)])
        office.keeper.tick()

    assert quiet == []
    assert woken == ["Old"]


def test_a_flood_of_changes_is_one_comparison(office: Office) -> None:
    paths = [office.root / "content" / "articles" / f"{n}.md" for n in range(keeper.MANY + 1)]

    assert office.tick(*paths) == [None]


def test_everything_is_compared_once_a_minute_for_what_the_watcher_missed(office: Office) -> None:
    assert office.tick(seconds=keeper.EVERYTHING_S) == [None]
    assert office.tick(seconds=1) == []


def test_a_scheduled_article_is_published_at_its_time(office: Office) -> None:
    office.publisher.next_visible = NOON + timedelta(seconds=20)
    office.tick(office.file("a.md"))

    assert office.tick(seconds=10) == []
    office.publisher.next_visible = None
    assert office.tick(seconds=10) == [set()]
    assert office.tick(seconds=10) == []


def test_a_changed_store_is_published(office: Office) -> None:
    store = office.keeper.instance.store
    store.parent.mkdir(parents=True, exist_ok=True)
    store.write_bytes(b"1")

    assert office.tick() == [set()]
    assert office.tick() == []


def test_unfinished_proving_goes_on(office: Office) -> None:
    office.publisher.waiting = 3
    assert office.tick(office.file("a.md")) == [{"a.md"}]
    assert office.tick() == [set()]
    office.publisher.waiting = 0
    assert office.tick() == [set()]
    assert office.tick() == []


def test_changed_settings_are_read_anew(office: Office) -> None:
    office.settings('[instance]\ntitle = "New name"\n')

    assert office.tick() == [None]
    assert office.publisher.titles[-1] == "New name"


def test_broken_settings_leave_the_old_ones_in_force(office: Office) -> None:
    office.settings("[instance\n")
    office.tick(office.file("a.md"))

    assert office.publisher.titles[-1] == "Old"
    office.settings('[instance]\ntitle = "Mended now"\n')
    office.tick()
    assert office.publisher.titles[-1] == "Mended now"


def test_a_lost_cache_is_made_again(office: Office) -> None:
    office.keeper.instance.catalogue.unlink()

    assert office.tick() == [None]


def test_a_failed_publish_is_told_and_tried_again_later_and_later(office: Office) -> None:
    office.publisher.failing = OSError("disk full")
    assert office.tick(office.file("a.md")) == [{"a.md"}]
    assert "disk full" in office.said().problem
    assert office.tick(seconds=0.5) == []
    assert office.tick(seconds=0.6) == [None]
    assert office.tick(seconds=4.0) == []
    office.publisher.failing = None
    assert office.tick(seconds=1.1) == [None]
    assert office.said().problem == ""


def test_it_says_that_it_is_alive(office: Office) -> None:
    first = office.said()
    office.tick(seconds=heartbeat.EVERY_S)
    second = office.said()

    assert (first.pid, first.generation) == (os.getpid(), 1)
    assert second.beat - first.beat == timedelta(seconds=heartbeat.EVERY_S)
    assert not second.late(office.now + timedelta(seconds=10))
    assert second.late(office.now + timedelta(seconds=31))


@pytest.mark.parametrize("name", [".a.md.swp", "a.md~", "4913", "#a.md#", ".hidden", "a.tmp", "a.md.part"])
def test_editors_droppings_are_no_news(name: str) -> None:
    assert not watchable(watchfiles.Change.added, f"/x/content/articles/{name}")
    assert watchable(watchfiles.Change.added, "/x/content/articles/a.md")


def test_a_database_held_open_is_written_back_when_there_is_time(tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite"

    def write(statement: str) -> None:
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode = WAL")
        with db:
            db.execute(statement)
        db.close()

    write("CREATE TABLE t (n)")
    held = keeper.Open()
    held.hold(path, tmp_path / "absent.sqlite")
    before = path.read_bytes()
    write("INSERT INTO t VALUES ('noticed')")
    assert path.read_bytes() == before  # closing it waited for no disk

    held.settle()
    assert b"noticed" in path.read_bytes()

    path.unlink()
    write("CREATE TABLE u (n)")  # made anew, as a damaged one is
    held.hold(path)
    held.settle()
    held.close()


def test_a_second_keeper_is_refused_and_told_who_has_the_instance(tmp_path: Path) -> None:
    with only_keeper(tmp_path):
        assert keeper_alive(tmp_path)
        with (
            pytest.raises(KeeperRunning, match=rf"process {os.getpid()}\b.*--no-keeper"),
            only_keeper(tmp_path),
        ):
            pass

    assert not keeper_alive(tmp_path)
    with only_keeper(tmp_path):
        pass


# --- with the real watcher ------------------------------------------------------------------------------------


@pytest.fixture
def running(office: Office) -> Iterator[Office]:
    """The office's keeper at work in a thread, on real time."""
    office.keeper = Keeper(office.root, publish=office.publisher)
    stop = threading.Event()
    thread = threading.Thread(target=office.keeper.run, args=(stop,))
    thread.start()
    wait(lambda: office.publisher.asked == [None])
    time.sleep(0.3)  # the watcher says nothing when it is ready
    office.publisher.asked.clear()
    yield office
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def wait(done: Callable[[], object], seconds: float = 8.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_atomic_saves_of_editors_are_followed(running: Office) -> None:
    path = running.file("a.md")
    wait(lambda: {"a.md"} in running.publisher.asked)
    running.publisher.asked.clear()
    temporary = path.with_name(".a.md.tmp")
    temporary.write_text("new", "utf-8")
    temporary.replace(path)

    wait(lambda: any(asked is None or "a.md" in asked for asked in running.publisher.asked))


def test_content_that_goes_and_comes_back_is_followed_again(running: Office) -> None:
    content = running.root / "content"
    content.rename(running.root / "away")
    time.sleep(0.5)
    (running.root / "away").rename(content)
    wait(lambda: None in running.publisher.asked)
    running.publisher.asked.clear()
    running.file("b.md")

    wait(lambda: any(asked is None or "b.md" in asked for asked in running.publisher.asked))


@pytest.mark.slow
def test_the_process_publishes_and_stops_when_told(tmp_path: Path) -> None:
    content = tmp_path / "content"
    (content / "sites" / "bay").mkdir(parents=True)
    (content / "broadtape.toml").write_text('[instance]\ndefault_site = "bay"\n', "utf-8")
    (content / "sites" / "bay" / "site.toml").write_text(
        'name = "Bay"\nurl = "http://bay.localhost"\nhosts = ["bay.localhost"]\n', "utf-8"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "broadtape.keeper", str(tmp_path)], stderr=subprocess.PIPE, text=True
    )
    try:
        mark = tmp_path / "var" / "cache" / "mark.json"
        wait(mark.exists, 30)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=10)
    finally:
        process.kill()

    assert process.returncode == 0
    assert "keeper started" in log
    assert "keeper stopped" in log
