"""SQLite files that several open at once: made by one, in WAL mode, and never deleted under another's hands."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from broadtape import databases, pagestore
from broadtape.archive.cataloguing import CatalogueWriter
from broadtape.publishing.revisions import Revisions
from broadtape.workshop import Helper


def at_once(number: int, work: Callable[[int], None]) -> list[Exception]:
    """Do it in so many threads that begin together; what they raised."""
    gate, failures = threading.Barrier(number), []

    def run(place: int) -> None:
        gate.wait()
        try:
            work(place)
        except Exception as error:  # noqa: BLE001 – whatever it is, it fails the test
            failures.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.parametrize("before", [None, b"", b"not a database at all" * 100])
def test_what_several_make_at_once_is_one_file_that_keeps_what_each_wrote(
    tmp_path: Path, before: bytes | None
) -> None:
    for attempt in range(5):
        path = tmp_path / f"{attempt}.sqlite"
        if before is not None:
            path.write_bytes(before)

        def work(place: int, path: Path = path) -> None:
            with CatalogueWriter(path) as writer, writer.note():
                writer.set_meta(f"by {place}", "here")

        assert at_once(6, work) == []
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("SELECT count(*) FROM meta WHERE name LIKE 'by %'").fetchone() == (6,)
            assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_pages_and_revisions_can_be_opened_by_several_at_once(tmp_path: Path) -> None:
    def work(place: int) -> None:
        with pagestore.PageWriter(tmp_path / "pages.sqlite") as store, store.change():
            store.set_meta(f"by {place}", "here")
        revisions = Revisions(tmp_path / "state" / "revisions.sqlite")
        with revisions.change():
            revisions.stood("an-id", f"/{place}/")
        revisions.close()

    assert at_once(6, work) == []
    with pagestore.PageWriter(tmp_path / "pages.sqlite") as store:
        assert [store.meta(f"by {place}") for place in range(6)] == ["here"] * 6
    revisions = Revisions(tmp_path / "state" / "revisions.sqlite")
    assert len(revisions.former("an-id")) == 6
    revisions.close()


def test_a_file_that_is_read_meanwhile_gets_its_log_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    reader = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    reader.execute("CREATE TABLE t (x)")
    reader.execute("BEGIN")
    reader.execute(
        "SELECT * FROM t"
    ).fetchall()  # SQLite refuses a change of mode at once, whatever its timeout
    ended = threading.Timer(0.3, lambda: reader.execute("COMMIT"))
    ended.start()

    with closing(databases.open_for_writing(path, "NORMAL")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    ended.join()
    reader.close()


def test_a_helper_begins_nothing_while_a_publish_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    class Work:
        name = "counting"
        steps = 0

        def step(self) -> float:
            self.steps += 1
            return 60.0

        def close(self) -> None:
            pass

    work, stop, free = Work(), threading.Event(), threading.Event()
    wait = free.wait
    monkeypatch.setattr(free, "wait", lambda seconds: wait(seconds / 100))  # a second is a hundredth here
    helper = Helper(work, stop, free)
    helper.start()
    helper.join(0.1)  # ten of those seconds
    assert work.steps == 0
    free.set()
    helper.join(0.3)
    stop.set()
    helper.wake()
    helper.join(5)

    assert work.steps == 1
