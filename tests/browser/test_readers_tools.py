"""What a story's tools do in a real browser: clipboard, paper, tips, keys alone, feeds, and widgets elsewhere."""

from __future__ import annotations

import contextlib
import functools
import re
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import served
from playwright.sync_api import BrowserContext, Page, expect
from served import Served, read


def test_a_reader_copies_a_storys_address_and_its_text(
    page: Page, context: BrowserContext, newsroom: Served
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=newsroom.base)
    address = newsroom.base + newsroom.proved.address
    page.goto(address + "#updates-title")

    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address

    page.get_by_role("button", name="Copy as Markdown").click()
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == read(address + "index.md")[2]


def test_a_story_on_paper_is_the_story(page: Page, newsroom: Served) -> None:
    page.add_init_script("window.print = () => { window.printed = true; }")
    page.goto(newsroom.base + newsroom.proved.address)

    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")

    page.emulate_media(media="print")
    for gone in (".rail", ".sections", ".share", ".ear-search", ".utility", ".neighbours", ".tools"):
        expect(page.locator(gone).first).to_be_hidden()
    for kept in (".body", "h1", "figure.chart", ".byline", ".dates", ".disclaimer", ".name"):
        expect(page.locator(kept).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    expect(page.locator(".paper-only")).to_contain_text(f"{newsroom.base}{newsroom.proved.address}proof")
    sheets = len(re.findall(rb"/Type /Page\b", page.pdf(format="A4")))
    assert sheets == 2  # text in two columns under a chart that leaves it room
    page.goto(newsroom.base + "/quotes/NASDAQ:AMD/")
    for gone in (".chart-bar", ".readout", ".more"):
        expect(page.locator(gone).first).to_be_hidden()


def test_a_ticker_tells_its_last_close_under_the_pointer_and_the_focus(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base + newsroom.proved.address)
    ticker = page.locator(".body a.ticker", has_text="AMD").first
    tip = page.get_by_role("tooltip")

    ticker.hover()
    expect(tip).to_contain_text("Advanced Micro Devices")
    expect(tip).to_contain_text(re.compile(r"\$\d+\.\d\d, [+−]\d+\.\d\d% \(.+ close\)"))
    box = tip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    page.mouse.move(0, 0)
    expect(tip).to_have_count(0)

    ticker.focus()
    expect(ticker).to_have_attribute("aria-describedby", "ticker-tip")
    page.keyboard.press("Escape")
    expect(tip).to_have_count(0)


def tab_to(page: Page, wanted: str, most: int = 90) -> None:
    """Press Tab until what matches has the focus, as somebody without a pointer does; each stop must be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        seen, there = page.evaluate(
            """(wanted) => { const it = document.activeElement, style = getComputedStyle(it);
              return [it === document.body || style.outlineStyle !== "none" || it.matches("iframe"),
                it.matches(wanted)]; }""",
            wanted,
        )
        assert seen, page.evaluate("document.activeElement.outerHTML")
        if there:
            return
    raise AssertionError(f"{wanted} is not reached by {most} tabs")


def test_a_reader_without_a_pointer_reads_proves_looks_up_and_changes_a_chart(
    page: Page, newsroom: Served
) -> None:
    story = newsroom.proved
    page.goto(newsroom.base)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past the masthead
    tab_to(page, f'.head a[href="{story.address}"]')
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(story.article.title)

    tab_to(page, ".body a.fact")
    words = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    card = page.get_by_role("dialog")
    expect(card).to_be_focused()
    expect(card).to_contain_text(words.strip())
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    assert page.evaluate("document.activeElement.textContent") == words

    page.goto(newsroom.base + "/markets/")
    tab_to(page, "input[data-lookup]")
    page.keyboard.type("s&p 500")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/quotes/INDEXSP:SPX/$"))

    tab_to(page, '.ranges a[data-range="5y"]')
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?range=5y$"))
    tab_to(page, ".stage")
    before = page.locator(".readout").inner_text()
    page.keyboard.press("Home")
    expect(page.locator(".readout")).not_to_have_text(before)


def test_a_reader_subscribes_from_the_page_of_feeds(page: Page, newsroom: Served) -> None:
    page.goto(newsroom.base + "/feeds/")
    outline = page.get_by_role("link", name=re.compile("OPML"))
    status, headers, text = read(newsroom.base + str(outline.get_attribute("href")))
    assert status == 200
    assert headers["content-type"].startswith("text/x-opml")
    listed = re.findall(r'xmlUrl="([^"]+)"', text)
    assert f"{newsroom.base}/feed.xml" in listed
    assert all(read(one)[0] == 200 for one in listed[:12])

    page.goto(newsroom.base + "/feed.xml")  # looked at, not subscribed to

    title = newsroom.proved.article.title
    for form in ("feed.xml", "atom.xml"):
        page.goto(f"{newsroom.base}/{form}")
        expect(page).to_have_title(newsroom.instance.sites["sausalito"].name)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("code")).to_have_text(f"{newsroom.base}/{form}")  # what one copies
        assert page.get_by_text(title).count() > 1  # what programs read is there, and not shown
        assert page.get_by_text(title).locator("visible=true").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.get_by_role("link", name=title).click()
        expect(page).to_have_url(newsroom.base + newsroom.proved.address)


@pytest.fixture(scope="module")
def public(newsroom: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    port = served.free_port()
    root = served.publish_openly(newsroom.root, tmp_path_factory.mktemp("public") / "room", port)
    with served.serve(root, port) as at_work:
        end = time.monotonic() + 40
        while "noindex" in read(at_work.base + "/")[2]:  # printed before it was copied
            assert time.monotonic() < end
            time.sleep(0.2)
        yield at_work


def test_a_widget_stands_in_a_strangers_page_where_the_site_lets_it(
    context: BrowserContext, newsroom: Served, public: Served, tmp_path: Path
) -> None:
    for name, room in (("public", public), ("private", newsroom)):
        (tmp_path / f"{name}.html").write_text(
            "<!doctype html><title>Elsewhere</title>"
            f'<iframe src="{room.base}/embed/headlines" width=320 height=400></iframe>',
            "utf-8",
        )
    stranger = context.new_page()
    with elsewhere(tmp_path) as base:
        stranger.goto(f"{base}/public.html")
        shown = stranger.frame_locator("iframe").locator("body")
        expect(shown).to_contain_text(newsroom.entry("winter timetable").article.title)
        expect(shown.get_by_role("link").first).to_have_attribute("href", re.compile("^http"))

        stranger.goto(f"{base}/private.html")
        expect(shown).to_contain_text("refused")  # what Chromium puts there instead

    assert read(newsroom.base + "/embed/headlines")[0] == 200  # there, but for nobody's frame
    assert read(public.base + "/")[1]["x-frame-options"] == "DENY"  # pages are not widgets


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Silence."""


@contextlib.contextmanager
def elsewhere(folder: Path) -> Iterator[str]:
    """Another origin: a server of files on a port of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
