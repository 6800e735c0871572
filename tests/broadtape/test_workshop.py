"""The process that prints beside the keeper: it works when told, stands still when told, and does not outlive it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from newsroom import Newsroom

from broadtape import pagestore, workshop
from broadtape.pagestore import Due
from broadtape.workshop import Workshop


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    made = Newsroom(tmp_path, monkeypatch)
    made.post("one")
    made.publish()
    return made


@pytest.fixture
def shop(newsroom: Newsroom) -> Iterator[Workshop]:
    made = Workshop(newsroom.root)
    yield made
    made.close()


def until(done: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_printed(newsroom: Newsroom, address: str, word: str) -> bool:
    path = pagestore.path_of(newsroom.instance.cache)
    if not path.exists():
        return False
    with pagestore.PageWriter(path) as store:
        page = store.get("bay", address)
        return page is not None and word.encode() in page.identity() and store.count(Due.STALE) == 0


def test_it_prints_when_told_and_starts_again_when_it_ended(
    newsroom: Newsroom, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.go_on()
    until(lambda: is_printed(newsroom, "/2026/01/20/one/", "Ferries run."))

    monkeypatch.setattr(workshop, "AGAIN_S", 0.0)
    shop.hush()
    newsroom.post("one", "Ferries rest.")
    newsroom.publish()
    time.sleep(0.3)
    assert not is_printed(newsroom, "/2026/01/20/one/", "Ferries rest.")
    shop.go_on()
    until(lambda: is_printed(newsroom, "/2026/01/20/one/", "Ferries rest."))

    process = shop._process
    assert process is not None
    process.kill()
    process.wait()
    shop._next_start = 0.0
    newsroom.post("one", "Ferries sail.")
    newsroom.publish()
    shop.go_on()
    until(lambda: is_printed(newsroom, "/2026/01/20/one/", "Ferries sail."))


def test_it_ends_with_the_keeper_that_started_it(newsroom: Newsroom) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom broadtape.workshop import Workshop\n"
        "shop = Workshop(Path(sys.argv[1]))\nshop.go_on()\nprint(shop._process.pid, flush=True)\ntime.sleep(60)"
    )
    run = [sys.executable, "-c", code, str(newsroom.root)]
    with subprocess.Popen(run, stdout=subprocess.PIPE) as keeper:
        assert keeper.stdout is not None
        pid = int(keeper.stdout.readline())
        keeper.send_signal(signal.SIGKILL)

    until(lambda: not alive(pid))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
