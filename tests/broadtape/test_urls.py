"""Addresses: built, taken apart, and safe for whatever name comes in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadtape import urls


@dataclass
class Site:
    url: str = "https://sausalito.example:8443"


def test_an_article_stands_under_the_day_its_date_is_written_with():
    late_evening = datetime(2026, 1, 12, 22, 30, tzinfo=timezone(timedelta(hours=-8)))

    assert urls.article(late_evening, "small-caps") == "/2026/01/12/small-caps/"
    assert urls.article(late_evening.astimezone(UTC), "small-caps") == "/2026/01/13/small-caps/"


def test_addresses_under_an_article_are_taken_apart_again():
    address = urls.article(date(2026, 1, 12), "a-b")

    assert urls.parse_article(address) == (date(2026, 1, 12), "a-b", "")
    assert urls.parse_article(urls.proof(address)) == (date(2026, 1, 12), "a-b", "proof")
    assert urls.parse_article(urls.facts(address)) == (date(2026, 1, 12), "a-b", "facts.json")
    assert urls.proof(address, "n2tdaldv") == "/2026/01/12/a-b/proof#n2tdaldv"


@pytest.mark.parametrize(
    "path", ["/2026/13/01/a/", "/2026/02/30/a/", "/2026/1/1/a/", "/2026/01/12/A/", "/2026/01/12/a", "/x/", ""]
)
def test_other_paths_are_no_article(path):
    assert urls.parse_article(path) is None


@pytest.mark.parametrize("symbol", ["NYSE:BRK.B", "NYSE:BRK/B", "NASDAQ:NVDA", "NYSE:BF-B", "INDEXSP:SPX"])
def test_a_quote_pages_address_gives_its_symbol_back(symbol):
    address = urls.quote_page(symbol)

    assert re.fullmatch(r"/quotes/[^/]+(?:/[A-Z])?/", address)
    assert urls.parse_quote(address) == symbol


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Nvidia’s $4.2 trillion: Café & more?", "nvidias-4-2-trillion-cafe-and-more"),
        ("S&P 500", "s-and-p-500"),
        ("東京", ""),
        ("  --  ", ""),
        ("Small caps " * 20, "small-caps-" * 6 + "small-caps"),
        ("x" * 200, "x" * 80),
    ],
)
def test_a_slug_is_plain_and_short(title, slug):
    assert urls.slugify(title) == slug


@given(st.text(max_size=200))
def test_any_title_gives_a_slug_that_can_stand_in_an_address(title):
    slug = urls.slugify(title)

    assert slug == "" or urls.is_slug(slug)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_name_breaks_out_of_its_place(name, query):
    for address in (urls.topic(name), urls.author(name), urls.quote_page(f"NYSE:{name}"), urls.search(query)):
        assert re.match(r"/[a-z]", address)
        assert not re.search(r"[\s<>\"'\\]", address)


def test_absolute_addresses_come_from_the_site():
    assert urls.absolute(Site(), urls.topic("Federal Reserve")) == (
        "https://sausalito.example:8443/topics/federal-reserve/"
    )
    assert urls.tag(Site(), "01KEV9", date(2026, 1, 12)) == "tag:sausalito.example,2026:01KEV9"


def test_feeds_stand_under_what_they_are_a_feed_of():
    assert urls.feed() == "/feed.xml"
    assert urls.feed("atom", urls.topic("small-caps")) == "/topics/small-caps/atom.xml"
    assert urls.search_feed("a b", "json") == "/search/feed.json?q=a+b"
    assert urls.search("2,600", topic="", page=2) == "/search?q=2%2C600&page=2"
    assert urls.page("/archive/2026/01/", 1) == "/archive/2026/01/"
