"""A damaged or outdated index is made anew from content, while readers go on searching in the old one."""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from newsroom import Newsroom

from broadtape import search
from broadtape.archive.cataloguing import CatalogueWriter
from broadtape.keeper import Indexing, Keeper
from broadtape.publishing import searchable
from broadtape.search import ENGINES, EngineName, Query, mark, open_index, open_writer

ARTICLES = 120


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineName:
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed; pip install 'broadtape[{request.param}]'")
    found: EngineName = request.param
    return found


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: EngineName) -> Newsroom:
    made = Newsroom(tmp_path, monkeypatch, settings=f'[search]\nengine = "{engine}"\n')
    monkeypatch.setattr(searchable, "open_writer", search.open_writer)
    for number in range(ARTICLES):
        made.post(f"s{number}", f"Harbor ferries run number {number}. " * 20)
    made.publish()
    return made


@contextmanager
def readers(newsroom: Newsroom, least: int) -> Iterator[list[str]]:
    """Three readers that search without pause; what they saw that no reader should see."""
    index = open_index(newsroom.instance.index)
    assert index.search(Query("ferries")).total == ARTICLES
    failures: list[str] = []
    searches = [0]
    done = threading.Event()

    def read() -> None:
        last = 0
        while not done.is_set():
            found = index.search(Query("ferries", site="bay"))
            searches[0] += 1
            if found.total < least:
                failures.append(f"{found.total} found; {found.notes}")
            if index.generation < last:
                failures.append("an older generation came back")
            last = index.generation

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    while searches[0] < len(threads) and all(
        one.is_alive() for one in threads
    ):  # each is past its first search
        time.sleep(0.001)
    begun = searches[0]
    try:
        yield failures
    finally:
        done.set()
        for thread in threads:
            thread.join()
        index.close()
    assert searches[0] > begun + len(threads)  # more than the ones under way were answered meanwhile


def repair(newsroom: Newsroom) -> None:
    """What the keeper's indexing does in a step."""
    Indexing(Keeper(newsroom.root, publish=lambda *_, **__: None)).step()  # type: ignore[arg-type, return-value] # nothing is published here


def test_an_outdated_index_is_rebuilt_while_it_answers(
    newsroom: Newsroom, engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = newsroom.instance.index
    before = mark.read(folder)
    assert before is not None
    monkeypatch.setattr(f"broadtape.search.{engine}_schema.SCHEMA", before.schema + 1)
    assert open_writer(folder, engine).state() == "outdated"

    with readers(newsroom, least=ARTICLES) as failures:
        repair(newsroom)

    after = mark.read(folder)
    assert failures == []
    assert after is not None
    assert (after.schema, after.documents) == (before.schema + 1, ARTICLES)
    assert after.folder != before.folder
    assert open_writer(folder, engine).state() == "sound"
    assert open_index(folder).search(Query("ferries")).total == ARTICLES


@pytest.mark.parametrize("how", ["flipped", "zeroed", "gone", "mark"])
def test_a_damaged_index_is_rebuilt_from_content_and_no_search_fails(
    newsroom: Newsroom, engine: EngineName, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = newsroom.instance.index
    found = mark.read(folder)
    assert found is not None
    monkeypatch.setattr(mark, "RECHECK_S", 0.0)  # the hour is over

    with readers(newsroom, least=0) as failures:
        for path in (folder / found.folder).iterdir():
            if path.name not in found.files:
                continue
            data = bytearray(path.read_bytes())
            if how == "flipped":
                data[len(data) // 2] ^= 0xFF
            elif how == "zeroed":
                data[:] = bytes(len(data))
            elif how == "gone":
                path.unlink()
                continue
            if how != "mark":
                replaced = path.with_name("damaged")
                replaced.write_bytes(data)
                replaced.replace(path)
        if how == "mark":
            (folder / mark.NAME).write_bytes(b"\0" * 100)
        assert open_writer(folder, engine).state() == "damaged"
        repair(newsroom)

    assert failures == []
    assert open_writer(folder, engine).state() == "sound"
    index = open_index(folder)
    assert (index.search(Query("ferries")).total, index.documents) == (ARTICLES, ARTICLES)
    assert index.search(Query('"number 7"')).hits[0].slug == "s7"
    index.close()


def test_a_large_index_is_made_anew_by_another_process(
    newsroom: Newsroom, engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = newsroom.instance.index
    open_writer(folder, engine).condemn()
    monkeypatch.setattr(searchable, "MUCH", ARTICLES)
    monkeypatch.setattr(searchable, "_rebuild", lambda *_: pytest.fail("made here"))
    indexing = Indexing(Keeper(newsroom.root, publish=lambda *_, **__: None))  # type: ignore[arg-type, return-value] # as above

    with readers(newsroom, least=ARTICLES) as failures:
        end = time.monotonic() + 60
        while indexing.step() < 60 and time.monotonic() < end:
            time.sleep(0.05)

    assert failures == []
    assert open_writer(folder, engine).state() == "sound"
    assert open_index(folder).documents == ARTICLES


def test_what_is_saved_during_a_rebuild_is_on_its_page_at_once_and_in_search_after_it(
    newsroom: Newsroom, engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = newsroom.instance.index
    open_writer(folder, engine).condemn()
    begun, go_on = threading.Event(), threading.Event()
    real = searchable._document

    def slow(one: object) -> object:
        begun.set()
        assert go_on.wait(20)
        return real(one)  # type: ignore[arg-type]  # what the real one takes

    monkeypatch.setattr(searchable, "_document", slow)
    indexing = threading.Thread(target=repair, args=(newsroom,))
    indexing.start()
    try:
        assert begun.wait(20)
        newsroom.publish(newsroom.post("late", "A zebra came by ferry."), search=False)
        seen = newsroom.text("late")
        found = open_index(folder).search(Query("ferries")).total
    finally:
        go_on.set()
        indexing.join()

    assert seen == "A zebra came by ferry."
    assert found == ARTICLES
    repair(newsroom)  # the queue: what the catalogue has and the index was not told
    assert [hit.slug for hit in open_index(folder).search(Query("zebra")).hits] == ["late"]
    with CatalogueWriter(newsroom.instance.catalogue) as writer:
        assert writer.to_search(newsroom.now) == []
