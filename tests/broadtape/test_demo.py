"""The demo newsroom: where it may be made, what is in it, and that a second start finds it."""

from __future__ import annotations

import csv
import gzip
import os
import socket
import time
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from broadtape import demo, sample
from broadtape.archive.catalogue import Catalogue
from broadtape.cli import main
from broadtape.model import BadParameter

ADDRESS = "http://127.0.0.1:8000"
TWO = (date(2018, 12, 24), date(2018, 12, 26))


def silent(step: str, done: int, total: int) -> None:
    """No progress is shown."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> demo.Newsroom:
    return demo.prepare(
        tmp_path_factory.mktemp("demo") / "room", address=ADDRESS, progress=silent, sessions=TWO
    )


def test_every_session_of_the_demo_is_one_of_the_sample() -> None:
    with gzip.open(sample.DATA / "indices.csv.gz", "rt", encoding="utf-8") as file:
        known = {row["date"] for row in csv.DictReader(file) if row["symbol"] == "SPX"}

    assert [day for day in demo.SESSIONS if day.isoformat() not in known] == []
    assert list(demo.SESSIONS) == sorted(set(demo.SESSIONS))


def test_the_default_folder_is_in_the_users_cache_and_of_one_state_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert demo.default_folder().parent == tmp_path / "broadtape"
    assert demo.default_folder().name.endswith(demo.fingerprint())


def test_the_checkout_is_refused() -> None:
    with pytest.raises(BadParameter, match="is in the checkout"):
        demo.prepare(sample.content().parent / "var" / "demo", address=ADDRESS, progress=silent)


def test_a_folder_with_somebodys_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", "utf-8")

    with pytest.raises(BadParameter, match="not empty and no demo"):
        demo.prepare(tmp_path, address=ADDRESS, progress=silent)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind((demo.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert demo.free_port(first=port) > port
        with pytest.raises(BadParameter, match="no free port"):
            demo.free_port(first=port, most=1)


def test_the_editions_are_proven_and_on_the_site(made: demo.Newsroom) -> None:
    latest = Catalogue(made.instance.catalogue).latest(demo.SITE)

    assert made.fresh
    assert {item.status for item in made.filed} == {"published"}
    assert {entry.article.as_of for entry in latest} == set(TWO)
    assert (
        sum(entry.proof.get("contradicted", 0) + entry.proof.get("unsupported", 0) for entry in latest) == 0
    )


def test_articles_say_when_they_were_written(made: demo.Newsroom) -> None:
    latest = Catalogue(made.instance.catalogue).latest(demo.SITE)

    assert all(entry.article.written is not None for entry in latest)


def test_a_second_start_finds_the_newsroom_and_writes_nothing(made: demo.Newsroom) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.instance.articles.rglob("*")}

    again = demo.prepare(made.instance.root, address=ADDRESS, progress=silent, sessions=TWO)

    assert not again.fresh
    assert again.filed == ()
    assert {path: path.stat().st_mtime_ns for path in made.instance.articles.rglob("*")} == before


def test_another_port_becomes_the_sites_address(made: demo.Newsroom) -> None:
    moved = demo.prepare(made.instance.root, address="http://127.0.0.1:8123", progress=silent, sessions=TWO)

    assert moved.instance.sites[demo.SITE].url == "http://127.0.0.1:8123"
    others = {site.url for key, site in moved.instance.sites.items() if key != demo.SITE}
    assert others == {"http://duluth.localhost:8123"}
    assert not moved.fresh


def test_a_demo_that_was_cut_short_is_finished(made: demo.Newsroom) -> None:
    (made.instance.root / "var" / "demo.made").unlink()

    finished = demo.prepare(made.instance.root, address=ADDRESS, progress=silent, sessions=TWO)

    assert finished.fresh
    assert not [item for item in finished.filed if item.status == "held"]


def test_only_long_unused_demos_of_other_versions_are_removed(tmp_path: Path) -> None:
    for name in ("demo-1-old", "demo-2-recent", "demo-3-own", "demo-notes"):
        (tmp_path / name / "var").mkdir(parents=True)
        if name != "demo-notes":
            (tmp_path / name / "var" / "demo").touch()
    for name in ("demo-1-old", "demo-3-own"):
        long_ago = time.time() - 30 * 24 * 3600
        os.utime(tmp_path / name / "var" / "demo", (long_ago, long_ago))

    demo.forget_unused(tmp_path / "demo-3-own")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo-2-recent", "demo-3-own", "demo-notes"]


def test_the_command_refuses_a_taken_port_before_it_does_any_work(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((demo.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["demo", "--port", str(port), "--dir", str(tmp_path / "room")])

    assert result.exit_code == 1
    assert f"port {port}" in result.output
    assert not (tmp_path / "room").exists()
