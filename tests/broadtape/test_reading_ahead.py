"""A publish whose files another process reads ahead comes to what one process comes to, also if that one dies."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeMarket
from newsroom import NOON, Newsroom

from broadtape import config, publishing
from broadtape.publishing import ahead

UP = "Aaa [rose 3.02%](fact:return?of=NASDAQ:AAA&over=2s) in two sessions. (NASDAQ: AAA)"


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    market = FakeMarket("2026-01-20", {"NASDAQ:AAA": "100.00 101.00 103.02"})
    made = Newsroom(tmp_path / "one", monkeypatch, market=market)
    for number in range(12):
        when = f"2026-01-{1 + number:02d}T10:00:00-08:00"
        made.post(
            f"story-{number}", f"Text {number} of a “story”.\n\n| a | b |\n|---|---|\n| 1 | 2 |", when=when
        )
    made.post("up", UP, when="2026-01-20T09:00:00-08:00", topics="[moves]")
    made.post("gone", "Text.", when="2026-01-15T09:00:00-08:00", status="withdrawn")
    made.post("no-zone", "Text.", when="2026-01-16T09:00:00")
    folder = made.content / "articles" / "2026" / "01"
    (folder / "broken.md").write_text("---\ntitle: No date\n---\n\nText.\n", "utf-8")
    (folder / "strange.md").write_bytes(b"---\ntitle: \xff\n---\n")
    monkeypatch.setattr(ahead, "PORTION", 4)
    monkeypatch.setattr(config, "cores", lambda: 2)
    return made


def filed(instance: config.Instance) -> dict[str, list[Any]]:
    """All that the catalogue holds but for when it was written."""
    with closing(sqlite3.connect(instance.catalogue)) as db:
        tables = ("article", "rendering", "listing", "gone", "problem", "proof", "file")
        return {table: sorted(map(repr, db.execute(f"SELECT * FROM {table}"))) for table in tables}


def published(newsroom: Newsroom, root: Path) -> dict[str, list[Any]]:
    shutil.copytree(newsroom.root, root)
    instance = config.load(root)
    publishing.publish(instance, now=NOON, search=False)
    return filed(instance)


def test_a_process_that_reads_ahead_changes_nothing_of_what_is_filed(
    newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = published(newsroom, tmp_path / "two")

    monkeypatch.setattr(ahead, "WORTH", 1)
    heard: list[int] = []
    hear = ahead.Ahead._hear
    monkeypatch.setattr(ahead.Ahead, "_hear", lambda self: (hear(self), heard.append(len(self._came)))[0])

    assert published(newsroom, tmp_path / "three") == alone
    assert len(alone["article"]) == 14
    assert len(alone["problem"]) == 3
    assert sum(heard) == 17


def test_where_that_process_dies_the_publish_reads_itself(
    newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = published(newsroom, tmp_path / "two")

    monkeypatch.setattr(ahead, "WORTH", 1)
    monkeypatch.setattr(ahead, "__name__", "no_such_module")  # what the process imports first

    assert published(newsroom, tmp_path / "three") == alone
