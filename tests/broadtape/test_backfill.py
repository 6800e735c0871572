"""A stretch of sessions written one after the other: cut short anywhere, it ends as if it had never been."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from invented import market
from newsroom import FakeStore
from test_edition import RUN, settings

from broadtape import backfill, demo
from broadtape.archive import Archive
from broadtape.cli import main
from broadtape.config import Instance
from broadtape.model import BadParameter, NoData

FIRST, LAST = date(2026, 1, 8), date(2026, 1, 12)  # three sessions
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SPAN = ("--from", "2018-12-19", "--to", "2018-12-26")


class Killed(BaseException):
    """The process ends here, without a chance to tidy up."""


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return settings(tmp_path / "room")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newsroom over the shipped sample data with nothing written."""
    root = tmp_path_factory.mktemp("shipped") / "room"
    demo.prepare(root, address="http://127.0.0.1:8000", progress=lambda *_: None, sessions=())
    return root


def run(instance: Instance, first: date = FIRST, last: date = LAST, **more: object) -> backfill.Backfilled:
    store = FakeStore(market(**RUN))
    return backfill.run(instance, store, first, last, now=NOW, **more)  # type: ignore[arg-type]  # a store by its face


def tree(instance: Instance) -> dict[str, str]:
    """Digest of every file under articles/."""
    return {
        str(path.relative_to(instance.articles)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(instance.articles.rglob("*"))
        if path.is_file()
    }


def sessions(result: backfill.Backfilled) -> list[tuple[str, str]]:
    return [(str(one.day), one.outcome) for one in result.sessions]


def test_every_session_of_the_stretch_is_written_once_in_order(instance: Instance) -> None:
    result = run(instance)

    assert sessions(result) == [
        ("2026-01-08", "written"),
        ("2026-01-09", "written"),
        ("2026-01-12", "written"),
    ]
    assert result.ok
    articles, problems = Archive(instance.content).scan()
    assert {str(article.as_of) for article in articles} == {"2026-01-08", "2026-01-09", "2026-01-12"}
    assert not problems


def test_what_an_earlier_run_wrote_is_skipped_unless_its_articles_are_gone(instance: Instance) -> None:
    run(instance)
    articles = Archive(instance.content).scan()[0]
    second = run(instance)
    for article in articles:
        if article.as_of == FIRST:
            shutil.rmtree(Path(article.path).parent)
    third = run(instance)

    assert {outcome for _, outcome in sessions(second)} == {"done"}
    assert [outcome for _, outcome in sessions(third)] == ["written", "done", "done"]


def test_going_through_all_again_changes_nothing_of_what_is_the_same(instance: Instance) -> None:
    run(instance)
    before = tree(instance)
    result = run(instance, again=True)

    assert set(result.articles) == {"unchanged"}
    assert tree(instance) == before


def test_a_longer_stretch_writes_only_what_is_missing(instance: Instance) -> None:
    run(instance, FIRST, date(2026, 1, 9))
    result = run(instance)

    assert [outcome for _, outcome in sessions(result)] == ["done", "done", "written"]


def test_the_same_data_dates_and_seed_give_the_same_bytes(instance: Instance, tmp_path: Path) -> None:
    run(instance)
    other = settings(tmp_path / "other")
    run(other)

    assert tree(other) == tree(instance)


def test_killed_at_any_write_it_goes_on_to_the_same_bytes(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = 0
    genuine = os.fsync

    def counted(descriptor: int) -> None:
        nonlocal writes
        writes += 1
        genuine(descriptor)

    monkeypatch.setattr("os.fsync", counted)
    run(instance, date(2026, 1, 9), LAST)
    wanted = tree(instance)
    assert writes > 20

    def unlink(path: Path, missing_ok: bool = False) -> None:
        raise Killed

    for at in range(1, writes, 5):
        other = settings(tmp_path / f"killed-{at}")
        left = at

        def dying(descriptor: int) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            genuine(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", dying)
            patch.setattr("pathlib.Path.unlink", unlink)  # the half-written file stays
            with pytest.raises(Killed):
                run(other, date(2026, 1, 9), LAST)
        result = run(other, date(2026, 1, 9), LAST)
        assert tree(other) == wanted, at
        assert result.resumed


def test_a_torn_line_of_the_journal_is_none(instance: Instance) -> None:
    run(instance)
    before = tree(instance)
    journal = instance.state / "backfill" / "all-all.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])  # the end of the run, and a part of the last session
    result = run(instance)

    assert [outcome for _, outcome in sessions(result)] == ["done", "done", "written"]
    assert set(result.articles) == {"unchanged"}
    assert tree(instance) == before
    assert sum(not line.endswith("}") for line in journal.read_text("utf-8").splitlines()) == 1


def test_somebodys_folder_without_an_article_is_never_swept(instance: Instance) -> None:
    month = instance.articles / "2026" / "01"
    (month / "notes").mkdir(parents=True)
    (month / "notes" / "facts.json").write_text("{}", "utf-8")
    (month / "notes" / "idea.txt").write_text("mine", "utf-8")
    (month / "left").mkdir()
    (month / "left" / "facts.json").write_text("{}", "utf-8")

    assert Archive(instance.content).sweep(LAST) == [month / "left"]
    assert (month / "notes" / "idea.txt").is_file()


def test_a_session_with_nothing_to_tell_is_quiet_and_asked_again_only_when_the_store_changed(
    instance: Instance,
) -> None:
    store = FakeStore(market(**RUN))
    result = [
        backfill.run(instance, store, FIRST, FIRST, story="record", now=NOW)  # type: ignore[arg-type]  # by its face
        for _ in range(2)
    ]
    store.replace(market(**RUN))
    third = backfill.run(instance, store, FIRST, FIRST, story="record", now=NOW)  # type: ignore[arg-type]  # by its face

    assert [one.sessions[0].outcome for one in (*result, third)] == ["quiet", "done", "quiet"]
    assert "no record to write" in result[0].sessions[0].reason
    assert result[0].ok


def test_one_backfill_at_a_time(instance: Instance) -> None:
    def again(*_: object) -> None:
        with pytest.raises(backfill.AlreadyRunning, match=f"process {os.getpid()}"):
            run(instance)

    run(instance, FIRST, FIRST, progress=again)


@pytest.mark.parametrize(
    ("first", "last", "error", "words"),
    [
        (LAST, FIRST, BadParameter, "lies after"),
        (date(2030, 1, 1), date(2030, 2, 1), NoData, "newest session"),
        (date(2026, 1, 10), date(2026, 1, 11), NoData, "no trading session"),
    ],
)
def test_a_stretch_without_sessions_is_refused(
    instance: Instance, first: date, last: date, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        run(instance, first, last)


def test_an_instant_that_is_no_number_is_refused(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")

    with pytest.raises(BadParameter, match="SOURCE_DATE_EPOCH"):
        backfill.run(instance, FakeStore(market(**RUN)), FIRST, LAST)  # type: ignore[arg-type]  # by its face


def test_the_command_says_wrong_use_apart_from_failure(shipped: Path) -> None:
    def call(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["-C", str(shipped), "backfill", *arguments])
        return done.exit_code, done.stderr

    assert call()[0] == 2
    assert call("--from", "2018-12-26", "--to", "2018-12-24")[0] == 2
    assert call("--from", "2018-12-19", "--site", "atlantis")[0] == 2
    code, said = call("--from", "2018-12-22", "--to", "2018-12-23")
    assert (code, "no trading session" in said) == (1, True)


@pytest.mark.slow
def test_a_killed_process_goes_on_where_it_stopped(shipped: Path, tmp_path: Path) -> None:
    roots = [tmp_path / "whole", tmp_path / "killed"]
    for root in roots:
        shutil.copytree(shipped, root)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1780000000"}

    def start(root: Path) -> subprocess.Popen[str]:
        call = [
            sys.executable,
            "-c",
            "from broadtape.cli import main; main()",
            "-C",
            str(root),
            "backfill",
            *SPAN,
        ]
        return subprocess.Popen(
            call, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    whole = start(roots[0]).communicate(timeout=120)
    killed = start(roots[1])
    assert killed.stderr is not None
    assert killed.stderr.readline().startswith("2018-12-19")
    time.sleep(0.2)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    rest = start(roots[1])
    said = rest.communicate(timeout=120)

    assert rest.returncode == 0, said
    assert "1 done before" in said[0] or "2 done before" in said[0]
    assert "5 gone through" in whole[0]
    found = [
        {
            str(path.relative_to(root)): path.read_bytes()
            for path in (root / "content").rglob("*")
            if path.is_file()
        }
        for root in roots
    ]
    assert found[0] == found[1]
