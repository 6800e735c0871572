"""Fixtures of the browser tests: one newsroom, one server and one Chromium for all of them.

Where no Chromium is found they skip and say what to install; BROADTAPE_CHROMIUM names one elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import served
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from served import Served

FLAGS = [
    "--no-sandbox",  # CI runs as root, where Chromium's sandbox refuses to start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder on one worker: one server and one browser, whatever `-n` says."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The newsroom, published and served."""
    root, port = tmp_path_factory.mktemp("browser") / "room", served.free_port()
    served.make(root, port)
    with served.serve(root, port) as at_work:
        yield at_work


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    program = served.chromium()
    if not program:
        pytest.skip("no Chromium found: apt-get install chromium, or name one with BROADTAPE_CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A reader's browser with nothing in it."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(20_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, newsroom: Served) -> Iterator[Page]:
    """A page that fails its test where the browser refused or failed to run anything of it."""
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    elsewhere: list[str] = []
    own = (newsroom.base, newsroom.other, "data:", "blob:")
    opened.on("request", lambda one: None if one.url.startswith(own) else elsewhere.append(one.url))
    yield opened
    assert [one for one in complaints if "the server responded with a status of 4" not in one] == []
    assert elsewhere == []  # no request to anybody else
