"""Pages printed and written by many processes are those that one would have made, and none is lost with a process."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeMarket
from newsroom import Newsroom

from broadtape import config, pressroom, printing
from broadtape.exporting import MANIFEST, export
from broadtape.pressroom import Pressroom
from broadtape.printing import Printer

UP = "Aaa [rose 3.02%](fact:return?of=NASDAQ:AAA&over=2s) in two sessions. (NASDAQ: AAA)"


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    market = FakeMarket(
        "2026-01-20", {"NASDAQ:AAA": "100.00 101.00 103.02", "NASDAQ:BBB": "50.00 49.00 49.49"}
    )
    made = Newsroom(tmp_path / "one", monkeypatch, market=market)
    for number in range(24):  # topics and feeds of several pages
        day, topic = 1 + number // 2, "ferries" if number % 8 else "harbor"
        when = f"2026-01-{day:02d}T{10 + number % 2}:00:00-08:00"
        made.post(
            f"story-{number}", f"Text {number} <of> “a” story.\n\n- a list", when=when, topics=f"[{topic}]"
        )
    made.post("up", UP, when="2026-01-20T09:00:00-08:00", topics="[moves]", symbols="[NASDAQ:AAA]")
    made.post("gone", "Text.", when="2026-01-15T09:00:00-08:00", status="withdrawn")
    made.post("moved", "Text.", when="2026-01-16T09:00:00-08:00", id="01KAAAAAAAAAAAAAAAAAAAAAAA")
    made.publish()
    made.post("moved", "Text.", when="2026-01-17T09:00:00-08:00", id="01KAAAAAAAAAAAAAAAAAAAAAAA")
    made.publish()
    return made


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes, however few the pages and the cores."""
    monkeypatch.setattr(pressroom, "WORTH", 1)
    monkeypatch.setattr(pressroom, "PORTION", 7)
    monkeypatch.setattr(config, "cores", lambda: 2)


def pages(instance: config.Instance) -> dict[tuple[str, str], Any]:
    """Every page with its bytes, its headers and what it depends on."""
    with closing(sqlite3.connect(instance.cache / "pages.sqlite")) as db:
        columns = "n, site, address, due, status, headers, tag, modified, plain, gzip, size"
        keys: dict[int, set[str]] = {}
        for key, n in db.execute("SELECT key, n FROM dependency"):
            keys.setdefault(n, set()).add(key)
        return {
            (row[1], row[2]): (*row[3:], keys.get(row[0]))
            for row in db.execute(f"SELECT {columns} FROM page")
        }


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def print_due(newsroom: Newsroom, instance: config.Instance) -> None:
    with (
        closing(Printer(instance, now=lambda: newsroom.now)) as printer,
        Pressroom(printer, now=lambda: newsroom.now) as room,
    ):
        room.print_due()


def test_processes_print_and_write_what_one_page_after_another_gives(
    newsroom: Newsroom, tmp_path: Path, processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(newsroom.root, tmp_path / "two")
    alone, shared = newsroom.instance, config.load(tmp_path / "two")
    with monkeypatch.context() as through, closing(Printer(alone, now=lambda: newsroom.now)) as printer:
        through.setattr(printing._Desk, "asked", lambda *_: None)  # all the way through the application
        while printer.look():
            printer.some(1)

    export(shared, tmp_path / "shared", private=True, now=lambda: newsroom.now)
    monkeypatch.setattr(pressroom, "WORTH", 10_000)
    export(alone, tmp_path / "alone", private=True, now=lambda: newsroom.now)

    one, two = pages(alone), pages(shared)
    assert one == two
    kinds = ("/", "/2026/01/20/up/", "/2026/01/20/up/proof", "/2026/01/20/up/facts.json", "/2026/01/20/up/index.md",
             "/topics/ferries/?page=2", "/topics/ferries/feed.json?page=2", "/archive/2026/01/?page=2", "/feed.xml",
             "/atom.xml?page=2", "/quotes/NASDAQ:AAA/", "/quotes/NASDAQ:AAA/history.csv", "/markets/", "/sitemap.xml",
             "/definitions/return/", "/feeds.opml", "/2026/01/15/gone/", "/2026/01/16/moved/")  # fmt: skip
    assert {("bay", address) for address in kinds} <= one.keys()
    first, second = files(tmp_path / "alone"), files(tmp_path / "shared")
    assert first.keys() == second.keys()
    assert [name for name in first if name != MANIFEST and first[name] != second[name]] == []


def test_a_page_at_which_a_process_dies_is_named_and_the_rest_is_printed(
    newsroom: Newsroom, tmp_path: Path, processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = (
        "import os, sys; from broadtape import printing, pressroom\n"
        "made = printing.Printer._made\n"
        "def falls(printer, job):\n"
        "    if job.address == '/2026/01/03/story-4/': os._exit(9)\n"
        "    return made(printer, job)\n"
        "printing.Printer._made = falls\n"
        "sys.exit(pressroom.main(sys.argv[1:]))"
    )
    monkeypatch.setattr(Pressroom, "program", ("-c", dying))

    print_due(newsroom, newsroom.instance)
    with closing(Printer(newsroom.instance, now=lambda: newsroom.now)) as printer:
        failed, due = printer.store.failed("bay"), printer.look()

    assert (failed, due) == (["/2026/01/03/story-4/"], 0)
    assert ("bay", "/2026/01/04/story-6/") in pages(newsroom.instance)


def test_a_full_disk_is_said_as_one_process_would_say_it(
    newsroom: Newsroom, tmp_path: Path, processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    print_due(newsroom, newsroom.instance)
    full = (
        "import sys; from broadtape import pagefiles, pressroom\n"
        "def no_space(path, raw, modified=None): raise OSError(28, 'No space left on device', str(path))\n"
        "pagefiles.replace_file = no_space\n"
        "sys.exit(pressroom.main(sys.argv[1:]))"
    )
    monkeypatch.setattr(Pressroom, "program", ("-c", full))

    with pytest.raises(OSError, match=r"No space left on device: .*/out/bay/"):
        export(newsroom.instance, tmp_path / "out", private=True, now=lambda: newsroom.now)


def test_where_no_process_starts_one_prints_everything(
    newsroom: Newsroom, processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pressroom, "program", ("-c", "import sys; sys.exit(3)"))

    print_due(newsroom, newsroom.instance)

    found = pages(newsroom.instance)
    assert found["bay", "/"][1] == 200
    assert all(page[0] == 0 for page in found.values())
