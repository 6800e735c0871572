"""Pages are printed once per revision, only what depends on a change is printed again, and readers get those bytes."""

from __future__ import annotations

import gzip
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import brotli
import pytest
from fakes import FakeMarket
from newsroom import NOON, Newsroom

from broadtape import pagestore
from broadtape.pagestore import Due, PageWriter
from broadtape.printing import Printer, links, printable, printed
from broadtape.serving import Reader

UP = "Aaa [rose 3.02%](fact:return?of=NASDAQ:AAA&over=2s) in two sessions. (NASDAQ: AAA)"


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    market = FakeMarket(
        "2026-01-20", {"NASDAQ:AAA": "100.00 101.00 103.02", "NASDAQ:BBB": "50.00 49.00 49.49"}
    )
    made = Newsroom(tmp_path, monkeypatch, market=market)
    for day, (slug, topic) in enumerate(
        [("one", "ferries"), ("two", "ferries"), ("three", "harbor"), ("four", "harbor"), ("five", "rates")],
        10,
    ):
        made.post(slug, f"Text of {slug}.", when=f"2026-01-{day}T10:00:00-08:00", topics=f"[{topic}]")
    made.post("up", UP, when="2026-01-20T09:00:00-08:00", topics="[moves]")
    made.publish()
    return made


@contextmanager
def printer(newsroom: Newsroom) -> Iterator[Printer]:
    made = Printer(newsroom.instance, now=lambda: newsroom.now)
    try:
        yield made
    finally:
        made.close()


def print_all(newsroom: Newsroom, *, late: bool = True) -> set[str]:
    """Print until nothing is due; the addresses that were printed."""
    with printer(newsroom) as one:
        before = one.store.prints()
        while one.look():
            jobs = one.store.due(50, late=late)
            if not jobs:
                break
            one.some(50, late=late)
        after = one.store.prints()
    return {address for key, count in after.items() if count != before.get(key, 0) for address in key[1:]}


def article(slug: str, day: int) -> str:
    return f"/2026/01/{day:02d}/{slug}/"


# --- what is printed --------------------------------------------------------------------------------------


def test_everything_that_is_linked_is_printed_and_nothing_is_printed_twice(newsroom: Newsroom) -> None:
    first = print_all(newsroom)

    assert {
        "/", article("one", 10), article("up", 20), f"{article('up', 20)}proof", "/topics/ferries/",
        "/archive/2026/01/", "/quotes/NASDAQ:AAA/", "/definitions/return/", "/feed.xml", "/sitemap.xml",
        "/robots.txt", "/about/",
    } <= first  # fmt: skip
    assert not any(address.startswith(("/search", "/static/", "/editor", "/healthz")) for address in first)
    assert print_all(newsroom) == set()


def test_a_printed_page_leaves_the_clock_to_the_browser_and_keeps_its_date(newsroom: Newsroom) -> None:
    print_all(newsroom)
    with printer(newsroom) as one:
        page = one.store.get("bay", article("one", 10))
        assert page is not None
        html = page.identity().decode()

        assert re.search(r'<time class="clock" datetime="1970-01-01T00:00Z" hidden[^>]*></time>', html)
        assert page.gzip is not None
        assert page.br is None  # made when there is time
        while one.improve(20):
            pass
        better = one.store.get("bay", article("one", 10))
        assert better is not None
        assert better.br is not None
        assert brotli.decompress(better.br) == gzip.decompress(page.gzip) == html.encode()
        first = page.modified

        newsroom.now += timedelta(hours=5)  # printed again, the same bytes keep their date
        one.store.account({pagestore.EVERYTHING}, one.store.generation, one.store.meta("settings"))
    assert article("one", 10) in print_all(newsroom)
    with printer(newsroom) as one:
        again = one.store.get("bay", article("one", 10))
        assert again is not None
        assert (again.modified, again.tag) == (first, page.tag)


def test_what_is_no_more_is_dropped_and_what_moved_leads_on(newsroom: Newsroom) -> None:
    print_all(newsroom)
    newsroom.post(
        "one",
        "Text of one.",
        when="2026-01-11T10:00:00-08:00",
        topics="[ferries]",
        id="01KAAAAAAAAAAAAAAAAAAAAAAA",
    )
    (newsroom.content / "articles/2026/01/five.md").unlink()
    newsroom.publish()

    print_all(newsroom)

    with printer(newsroom) as one:
        assert one.store.get("bay", article("five", 14)) is None
        assert one.store.get("bay", "/topics/rates/") is None
        assert one.store.get("bay", article("one", 11)) is not None


# --- what is printed again --------------------------------------------------------------------------------


def test_an_edited_text_prints_its_page_and_nobody_elses(newsroom: Newsroom) -> None:
    print_all(newsroom)
    newsroom.post(
        "three", "Another text of three.", when="2026-01-12T10:00:00-08:00", topics="[harbor]", summary="S"
    )
    newsroom.publish()
    print_all(newsroom)
    newsroom.post(
        "three", "Yet another text.", when="2026-01-12T10:00:00-08:00", topics="[harbor]", summary="S"
    )
    newsroom.publish()

    again = print_all(newsroom)

    here = article("three", 12)
    assert {here, f"{here}index.md"} <= again
    # Its card stands on these; pages of other topics and articles that do not show it are as they were.
    assert {"/", "/topics/harbor/", "/archive/2026/01/"} <= again
    assert not again & {
        article("one", 10), article("five", 14), article("up", 20), "/topics/ferries/", "/topics/rates/", "/topics/",
        "/about/", "/quotes/NASDAQ:BBB/", "/definitions/return/", f"{article('up', 20)}proof",
    }  # fmt: skip


def test_a_new_article_prints_its_neighbours_lists_and_feeds(newsroom: Newsroom) -> None:
    print_all(newsroom)
    newsroom.post("six", "New.", when="2026-01-12T18:00:00-08:00", topics="[ferries]")
    newsroom.publish()

    urgent = print_all(newsroom, late=False)

    assert article("six", 12) in urgent
    assert {article("three", 12), article("four", 13)} <= urgent  # next and previous
    assert {"/", "/topics/ferries/", "/topics/", "/archive/2026/01/", "/feed.xml", "/sitemap.xml"} <= urgent
    assert not urgent & {article("five", 14), article("up", 20), "/about/", "/definitions/return/"}
    late = print_all(newsroom)
    assert {article("one", 10), article("two", 11)} <= late  # stories of its topic: related ones may differ


def test_a_printer_that_stays_prints_new_articles_and_their_former_addresses(newsroom: Newsroom) -> None:
    with printer(newsroom) as one:
        while one.look():
            one.some(100)
        newsroom.post("six", "New.", when="2026-01-12T18:00:00-08:00", aliases="[/2026/01/01/before/]")
        newsroom.publish()
        assert one.look() > 0
        due = {job.address for job in one.store.due(500)}
        while one.look():
            one.some(100)
        moved = one.store.get("bay", "/2026/01/01/before/")

        assert {article("six", 12), "/2026/01/01/before/", "/"} <= due
        assert len(due) < 40
        assert moved is not None
        assert (moved.status, dict(moved.headers)["Location"]) == (301, article("six", 12))


def test_a_new_quote_prints_what_shows_it(newsroom: Newsroom) -> None:
    print_all(newsroom)
    assert newsroom.store is not None
    newsroom.store.replace(
        FakeMarket("2026-01-20", {"NASDAQ:AAA": "100.00 101.00 103.02", "NASDAQ:BBB": "50.00 49.00 49.60"})
    )
    newsroom.publish()

    again = print_all(newsroom, late=False)

    assert "/quotes/NASDAQ:BBB/" in again
    assert not again & {"/definitions/return/", "/robots.txt"}


def test_a_block_that_ages_prints_the_pages_that_show_it(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    from broadtape.web.contexts import Block

    print_all(newsroom)
    notice = Block("custom", "Ferry notice", "", "No ferry today.", name="ferry")
    monkeypatch.setattr("broadtape.web.blocks.blocks", lambda *_, **__: (notice,))

    again = print_all(newsroom, late=False)

    assert "/" in again
    assert not again & {article("one", 10), "/topics/ferries/", "/about/"}


def test_changed_settings_print_everything(newsroom: Newsroom) -> None:
    first = print_all(newsroom)
    newsroom.site("bay", watch_list=["NASDAQ:AAA"], more='tagline = "Another line"\n')
    newsroom.publish()

    assert first - {"/palette.css"} <= print_all(newsroom) | {"/palette.css"}


def test_a_store_that_missed_changes_catches_up(newsroom: Newsroom) -> None:
    print_all(newsroom)
    path = pagestore.path_of(newsroom.instance.cache)
    hidden = path.with_name("hidden")
    path.rename(hidden)  # as if publishing had been killed before it could account for its change
    newsroom.post("three", "Changed.", when="2026-01-12T10:00:00-08:00", topics="[harbor]")
    newsroom.publish()
    hidden.rename(path)

    again = print_all(newsroom)

    assert article("three", 12) in again
    assert article("one", 10) not in again


def test_a_catalogue_made_anew_has_every_page_printed_again_and_once(newsroom: Newsroom) -> None:
    newsroom.post("two", "Another text.", when="2026-01-11T10:00:00-08:00", topics="[ferries]")
    newsroom.publish()  # the second generation
    first = print_all(newsroom)
    for path in newsroom.instance.catalogue.parent.glob("catalogue.sqlite*"):
        path.unlink()
    newsroom.publish()  # counts from one again

    with printer(newsroom) as one:
        assert one.look() >= len(first)
        while one.look():
            before = one.look()
            one.some(1000)
            assert one.look() < before
    assert print_all(newsroom) == set()


def test_a_damaged_store_is_made_anew(newsroom: Newsroom) -> None:
    first = print_all(newsroom)
    path = pagestore.path_of(newsroom.instance.cache)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(b"not a database" * 1000)

    assert print_all(newsroom) == first


def test_late_pages_are_answered_and_stale_ones_are_not(tmp_path: Path) -> None:
    with PageWriter(tmp_path / "p.sqlite") as store:
        store.account((), 7, "s")
        store.want("bay", ["/a/", "/b/"])
        for job in store.due(5):
            store.put(job, _page(), {"a:/a/"} if job.address == "/a/" else {"r:bay:topic:x"}, quality=0)
        reader = pagestore.PageReader(tmp_path / "p.sqlite")

        def found(generation: int = 7, settings: str = "s") -> list[bool]:
            return [
                reader.find("bay", address, generation=generation, settings=settings) is not None
                for address in ("/a/", "/b/")
            ]

        assert found() == [True, True]
        assert found(generation=8) == [False, False]  # a change it does not know of yet
        assert found(settings="t") == [False, False]
        store.account({"a:/a/", "r:bay:topic:x"}, 8, "s")
        assert found(generation=8) == [False, True]
        assert [job.due for job in store.due(5)] == [Due.STALE, Due.LATE]
        reader.close()
        with sqlite3.connect(tmp_path / "p.sqlite") as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
        assert found(generation=8) == [False, False]
        reader.close()


def _page() -> pagestore.Printed:
    return printed(200, [("Content-Type", "text/plain")], b"x", NOON)


# --- what readers get -------------------------------------------------------------------------------------


def ask(reader: Reader, path: str, **headers: str) -> tuple[str, dict[str, str], bytes]:
    told: list[Any] = []
    path, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": "bay.localhost",
        "SERVER_NAME": "x", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
        "wsgi.input": None,
    } | {f"HTTP_{name}": value for name, value in headers.items()}  # fmt: skip
    chunks = reader(environ, lambda status, found, *_: told.extend([status, dict(found)]))  # type: ignore[arg-type, return-value] # a small start_response
    return told[0], told[1], b"".join(chunks)


def test_a_reader_answers_printed_pages_before_anything_that_renders_is_loaded(newsroom: Newsroom) -> None:
    print_all(newsroom)
    code = (
        "import sys\nfrom pathlib import Path\nfrom broadtape.serving import Reader\n"
        "reader = Reader(Path(sys.argv[1]))\n"
        "def ask(path):\n"
        "    found = []\n"
        "    environ = dict(REQUEST_METHOD='GET', PATH_INFO=path, QUERY_STRING='', HTTP_HOST='bay.localhost',"
        " SERVER_NAME='bay.localhost', SERVER_PORT='80', SERVER_PROTOCOL='HTTP/1.1', REMOTE_ADDR='127.0.0.1')\n"
        "    environ.update({'HTTP_USER_AGENT': 'Mozilla/5.0 (X11; Linux x86_64)', 'wsgi.url_scheme': 'http',"
        " 'wsgi.errors': sys.stderr, 'wsgi.input': None})\n"
        "    list(reader(environ, lambda status, *_: found.append(status[:3])))\n"
        "    return found[0], 'flask' in sys.modules, 'whoosh' in sys.modules, 'numpy' in sys.modules\n"
        f"print(ask('/'), ask({article('three', 12)!r}), ask('/nowhere/')[:2])"
    )

    said = subprocess.run(
        [sys.executable, "-c", code, newsroom.root], capture_output=True, text=True, check=True
    )

    printed = "('200', False, False, False)"
    assert said.stdout.strip() == f"{printed} {printed} ('404', True)", said.stderr


def test_readers_answer_with_the_printed_bytes_until_something_changes(newsroom: Newsroom) -> None:
    print_all(newsroom)
    reader = Reader(newsroom.root)
    where = article("three", 12)
    with printer(newsroom) as one:
        page = one.store.get("bay", where)
    assert page is not None

    status, headers, body = ask(reader, where, ACCEPT_ENCODING="br")

    assert (status, headers["Content-Encoding"]) == ("200 OK", "br")
    assert brotli.decompress(body) == page.identity()
    assert headers["ETag"] == f'"{page.tag}-br"'
    assert parsedate_to_datetime(headers["Last-Modified"]) == page.modified
    assert headers["Cache-Control"] == "private, no-cache"
    assert "Content-Security-Policy" in headers
    assert ask(reader, where, IF_NONE_MATCH=headers["ETag"])[0] == "304 Not Modified"
    assert ask(reader, where)[2] == page.identity()

    newsroom.post("three", "Changed.", when="2026-01-12T10:00:00-08:00", topics="[harbor]")
    newsroom.publish()
    assert b"Changed." in ask(reader, where)[2]  # rendered, since it is not printed yet
    print_all(newsroom)
    newsroom.post("other", "Something else.", when="2026-01-01T10:00:00-08:00")
    newsroom.publish()
    print_all(newsroom)
    status, headers, body = ask(reader, where)
    assert b"Changed." in body
    assert not headers["ETag"].startswith("W/")


# --- links ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("/about/", "/about/"),
        ("/topics/x/?page=2", "/topics/x/?page=2"),
        ("/topics/caf%C3%A9/", "/topics/caf%C3%A9/"),
        ("/topics/café/", "/topics/caf%C3%A9/"),
        ("/quotes/NASDAQ:NVDA/", "/quotes/NASDAQ:NVDA/"),
        ("/search?q=x", None),
        ("/static/site.css?v=1", None),
        ("/quotes/NASDAQ:NVDA/?range=5y", None),
        ("/quotes/NASDAQ:NVDA/?page=2", None),
        ("//elsewhere.example/", None),
        ("https://elsewhere.example/", None),
        ("/a/../b", None),
        ("/editor/", None),
    ],
)
def test_links_become_addresses_of_pages(link: str, address: str | None) -> None:
    assert printable(link) == address


def test_absolute_links_of_the_site_itself_are_followed(newsroom: Newsroom) -> None:
    site = newsroom.instance.sites["bay"]
    body = b"<urlset><loc>http://bay.localhost:8000/2026/01/10/one/</loc><loc>http://other.example/x/</loc></urlset>"

    assert list(links(site, [("Content-Type", "application/xml")], body)) == ["/2026/01/10/one/"]
