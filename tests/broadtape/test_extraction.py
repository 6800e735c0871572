"""What is read out of other publishers' pages (docs/contracts/import.md)."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadtape.extraction import (
    Dating,
    Extracted,
    NotAnArticle,
    Page,
    Passage,
    QuoteRow,
    Section,
    Table,
    Ticker,
    Unreadable,
    Vote,
    extract,
    webpage,
)
from broadtape.extraction.webpage import without_scripts

PAGES = Path(__file__).resolve().parents[1] / "data" / "pages"
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
ADDRESS = "https://ledger.example/2026/01/12/chip-shares-lead/"
PROSE = " ".join(
    ["The council voted on Tuesday to widen the road by the harbour before the summer begins."] * 3
)


def read(body: str | bytes, *, address: str = "", name: str = "", **more: Any) -> Extracted:
    raw = body.encode() if isinstance(body, str) else body
    feed = more.pop("feed", None)
    return extract(
        Page(body=raw, name=name or address or "page", address=address, **more), now=NOW, feed=feed
    )


def page(head: str = "", body: str = "", *, prose: str = PROSE) -> str:
    return (
        f"<!doctype html><html><head><title>Road to be widened</title>{head}</head><body><article>"
        f"<h1>Road to be widened</h1><p>{prose}</p><p>{prose}</p>{body}</article></body></html>"
    )


def ld(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **fields})}</script>'


def sample() -> Extracted:
    return read((PAGES / "nvda-rally.html").read_bytes(), address=ADDRESS)


def test_a_news_page_gives_headline_byline_publisher_and_address() -> None:
    got = sample()

    assert (got.form, got.headline) == ("html", "Chip shares lead a quiet session higher")
    assert got.authors == ("Ana Ruiz", "Tom Okafor")
    assert (got.publisher, got.canonical, got.language) == ("Bayfront Ledger", ADDRESS, "en-us")
    assert got.standfirst.startswith("Semiconductor makers rose")


def test_the_dates_of_a_page_are_voted_on_and_agree() -> None:
    got = sample().published

    assert got.value == datetime(2026, 1, 12, 9, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert (got.by, got.conflict) == (("json-ld", "meta", "time", "url"), "")
    assert sample().updated.day == date(2026, 1, 12)


def test_sections_hold_their_passages_with_offsets_and_lines() -> None:
    got = sample()
    source = (PAGES / "nvda-rally.html").read_text("utf-8").splitlines()

    heads = [one.heading.text if one.heading else None for one in got.sections]
    assert heads == [None, "What the rest of the market did", "What comes next"]
    assert all(got.text[one.start : one.end] == one.text for one in got.passages)
    assert [one.kind for one in got.sections[2].passages] == ["item", "item"]
    for one in got.passages:
        if one.kind != "row":
            assert one.text.split()[0] in source[one.line - 1], one


def test_a_disclaimer_is_none_of_the_articles_claims() -> None:
    got = sample()

    assert (
        got.disclaimer
        == "This article is for informational purposes only and does not constitute financial advice."
    )
    assert all(one.kind != "disclaimer" for section in got.sections for one in section.passages)


def test_tickers_have_the_name_before_them_and_several_may_share_brackets() -> None:
    found = {one.symbol: one for one in sample().tickers}

    assert list(found) == ["NASDAQ:NVDA", "NASDAQ:AMD", "NASDAQ:INTC", "FRA:INL"]
    assert (found["NASDAQ:NVDA"].name, found["NASDAQ:AMD"].name) == ("Nvidia", "Advanced Micro Devices")
    assert sample().text[found["NASDAQ:AMD"].start : found["NASDAQ:AMD"].end] == "(NASDAQ: AMD)"


def test_quotes_are_read_from_tables_and_from_running_columns_but_not_where_they_contradict_themselves() -> (
    None
):
    found = {one.symbol: (one.price, one.change, one.change_pct) for one in sample().quotes}

    assert found == {
        "NVDA": (Decimal("188.61"), Decimal("3.88"), Decimal("2.10")),
        "AMD": (Decimal("210.60"), Decimal("2.91"), Decimal("1.40")),
        "TSLA": (Decimal("448.96"), Decimal("3.95"), Decimal("0.89")),
    }


def test_tables_keep_caption_header_and_rows() -> None:
    first = sample().tables[0]

    assert (first.caption, first.header) == ("Sectors on Monday", ("Sector", "Change"))
    assert first.rows == (("Technology", "0.9%"), ("Energy", "-0.7%"))
    assert "<table>" in (PAGES / "nvda-rally.html").read_text("utf-8").splitlines()[first.line - 1]


def test_a_text_copied_from_a_page_is_told_from_the_site_around_it() -> None:
    got = read((PAGES / "town-page.txt").read_bytes(), name="town-page.txt")

    assert got.form == "text"
    assert got.headline == "Small Banks Post Their Best Week Since the Spring of 2023"
    heads = [one.heading.text if one.heading else None for one in got.sections]
    assert heads == [None, "Why Investors Care", "A Look Ahead"]
    assert [one.symbol for one in got.quotes] == ["HRBR", "ZION"]
    assert got.tickers[0].symbol == "NASDAQ:HRBR"
    assert got.disclaimer == "This content is not investment advice."
    assert "accessing" not in got.text
    assert "CHECK-IN" not in got.text
    lines = (PAGES / "town-page.txt").read_text("utf-8").splitlines()
    assert all(one.text in lines[one.line - 1] for one in got.passages)


def test_a_sites_clock_does_not_date_an_article_that_says_as_of_when_it_is() -> None:
    got = read((PAGES / "town-page.txt").read_bytes(), name="town-page.txt")

    assert (got.published.day, got.as_of) == (date(2026, 1, 9), date(2026, 1, 9))
    assert got.published.conflict == "as of 2026-01-09, text says 2021-03-03"
    assert any("disagree" in one for one in got.notices)


def test_json_ld_against_the_address_is_a_conflict_that_names_both() -> None:
    got = read(page(ld(datePublished="2020-09-01T08:00:00Z")), address=ADDRESS)

    assert got.published.day == date(2020, 9, 1)
    assert got.published.conflict == "json-ld says 2020-09-01, url says 2026-01-12"


def test_a_feed_and_the_address_together_outvote_json_ld() -> None:
    at = datetime(2026, 1, 12, 15, tzinfo=UTC)
    got = read(page(ld(datePublished="2020-09-01T08:00:00Z")), address=ADDRESS, feed={ADDRESS: at})

    assert got.published.value == at
    assert got.published.conflict == "feed says 2026-01-12, json-ld says 2020-09-01"


def test_a_page_without_a_date_has_none_and_says_so() -> None:
    got = read(page())

    assert (got.published.value, got.notices) == (None, ("the page gives no date",))


def test_a_date_in_the_future_votes_nothing() -> None:
    got = read(page(ld(datePublished="2031-01-01") + '<meta name="date" content="2026-01-05">'))

    assert got.published.day == date(2026, 1, 5)
    assert any("2031-01-01, lies in the future" in one for one in got.notices)


@pytest.mark.parametrize(
    "script",
    [
        '[{"@type": "BreadcrumbList"}, {"@type": ["Thing", "NewsArticle"], "datePublished": "2026-01-05"}]',
        '{"@graph": [{"@type": "WebPage", "mainEntity": {"@type": "Article", "datePublished": "2026-01-05"}}]}',
        '<!-- {"@type": "NewsArticle", "datePublished": "2026-01-05",} -->',
        '//<![CDATA[\n{"@type": "http://schema.org/NewsArticle", "datePublished": "2026-01-05", "x": "a\tb\nc"}\n//]]>',
        '{"@type": "Organization"}\n{"@type": "NewsArticle", "datePublished": "2026-01-05"};',
        "{&quot;@type&quot;: &quot;NewsArticle&quot;, &quot;datePublished&quot;: &quot;2026-01-05&quot;}",
    ],
)
def test_json_ld_is_read_in_every_form_it_takes(script: str) -> None:
    got = read(page(f'<script type="application/ld+json">{script}</script>'))

    assert (got.published.day, got.published.by) == (date(2026, 1, 5), ("json-ld",))


def test_broken_json_ld_is_left_out_and_told() -> None:
    got = read(page('<script type="application/ld+json">{"@type": "NewsArticle", oh no</script>'))

    assert "a JSON-LD script is broken and was left out" in got.notices


def test_a_paywalled_page_is_partial_and_says_so() -> None:
    got = read(page(ld(isAccessibleForFree=False, datePublished="2026-01-05")))

    assert got.access == "partial"
    assert any("subscribers" in one for one in got.notices)


def test_an_amp_page_names_its_canonical_address() -> None:
    amp = page('<link rel="canonical" href="https://ledger.example/a.html">').replace("<html>", "<html amp>")

    assert read(amp, address="https://ledger.example/a.amp").canonical == "https://ledger.example/a.html"


def test_a_canonical_address_that_is_only_the_front_page_is_not_believed() -> None:
    got = read(page('<link rel="canonical" href="/">'), address="https://ledger.example/a.html")

    assert got.canonical == ""
    assert any("front page" in one for one in got.notices)


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "https://u:p@x.example/a", "http://[::1", ""]
)
def test_an_address_that_is_none_is_no_canonical_address(target: str) -> None:
    assert (
        read(page(f'<link rel="canonical" href="{target}">'), address="https://a.example/b").canonical == ""
    )


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (page(body="<p>Café Zürich</p>").encode("utf-8"), ""),
        (page(body="<p>Café Zürich</p>").encode("cp1252"), ""),
        (page(body="<p>Café Zürich</p>").encode("cp1252"), "iso-8859-1"),
        (page('<meta charset="windows-1252">', "<p>Café Zürich</p>").encode("cp1252"), "no-such"),
        (b"\xff\xfe" + page(body="<p>Café Zürich</p>").encode("utf-16-le"), ""),
    ],
)
def test_any_common_character_set_is_read(body: bytes, charset: str) -> None:
    assert "Café Zürich" in read(body, charset=charset).text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 ...", "binary"),
        (b"\x89PNG\r\n", "binary"),
        (b"a\x00b" * 100, "binary"),
        (b"x" * (8 * 2**20 + 1), "more than 8 MB"),
    ],
)
def test_what_is_no_text_is_unreadable_and_says_why(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(body)


def test_another_media_type_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="application/pdf instead of a page"):
        read(b"hello", media_type="application/pdf")


@pytest.mark.parametrize(
    "body",
    [
        "<html><body><h1>Just a moment...</h1><p>Checking your browser before you go on.</p></body></html>",
        "<html><body><ul>" + "<li><a href='/a'>A story about one thing</a></li>" * 30 + "</ul></body></html>",
        "<html><body></body></html>",
        "Short.",
    ],
)
def test_a_page_without_an_article_is_none(body: str) -> None:
    with pytest.raises(NotAnArticle):
        read(body)


def test_markdown_gives_its_front_matter_headings_and_lines() -> None:
    text = f"""---
title: "Road to be widened"
date: 2026-01-05T08:00:00-08:00
authors: [Kim Lee, Sam Roe]
source: {{name: Ledger, url: "https://ledger.example/road"}}
---

{PROSE}

## What it costs

{PROSE} The builder is Acme (NYSE: ACM).

| Year | Cost |
| --- | --- |
| 2026 | 4.2 |
"""
    got = read(text, name="road.md")

    assert (got.form, got.headline, got.authors) == ("markdown", "Road to be widened", ("Kim Lee", "Sam Roe"))
    assert got.published.day == date(2026, 1, 5)
    assert (got.canonical, got.publisher) == ("https://ledger.example/road", "Ledger")
    assert [(one.heading.text, one.heading.line) for one in got.sections if one.heading] == [
        ("What it costs", 10)
    ]
    assert got.tables[0].rows == (("2026", "4.2"),)
    assert got.tickers[0].line == 12


def test_where_trafilatura_finds_a_fragment_the_pages_own_article_is_taken_without_its_teasers() -> None:
    story = " ".join(
        f"The council voted on point {n} of the plan for the harbour road on Tuesday night." for n in range(9)
    )
    body = (
        f'<article><h1>Road to be widened</h1><div class="teaser-box"><p>{PROSE}</p></div>'
        f'<p><a href="/b">Another story that is told elsewhere on this site of ours today</a></p>'
        + "".join(f"<p>{part}.</p>" for part in story.split(". "))
        + "</article>"
    )
    tree = webpage._tree(f"<html><body>{body}</body></html>")

    found = [text for kind, text, _ in webpage._paragraphs(tree) if kind == "paragraph"]

    assert len(found) == 9
    assert not any("Another story" in one or one == PROSE for one in found)


def test_an_xhtml_page_is_read_without_a_word() -> None:
    assert read('<?xml version="1.0" encoding="utf-8"?>\n' + page()).headline == "Road to be widened"


def test_a_text_in_a_script_without_spaces_has_words() -> None:
    got = read(page(prose="港区的道路将于夏季之前拓宽。" * 12))

    assert got.text.startswith("港区的道路")


def test_scripts_are_dropped_and_lines_still_count() -> None:
    text = "<p>a</p>\n<script>\nif (1 < 2) { }\n</script>\n<p>b</p><SCRIPT>x</SCRIPT ><style>p{}</style>"

    kept = without_scripts(text)
    assert "1 < 2" not in kept
    assert "p{}" not in kept
    assert kept.splitlines()[4].startswith("<p>b</p>")


def test_text_that_turns_the_direction_of_reading_or_hides_is_made_plain() -> None:
    got = read(
        page(body="<p>Shares\u202e rose\u200b by\u00a02\u00ad% on the day, said the \x07 exchange.</p>")
    )

    assert "Shares rose by 2% on the day, said the exchange." in got.text


HOSTILE = [
    "<div>" * 6_000 + PROSE,
    "<table><tr><td>" * 1_000 + PROSE,
    "<p>" + "a " * 200_000,
    "<p>word word</p>" * 8_000,
    "<script>" * 50_000 + PROSE,
    "<a href='" * 30_000 + PROSE,
    "&" * 300_000 + PROSE,
    "<b>" * 16_000 + PROSE,
    "(" * 100_000 + PROSE,
    "<!--" * 30_000 + PROSE,
    "x" * 2_000_000,
    "Word. " * 100_000,
    "A 1.00 +0.10 " * 20_000,
]


@pytest.mark.slow
@pytest.mark.parametrize("inside", HOSTILE, ids=[one[:12] for one in HOSTILE])
def test_hostile_pages_end_in_time_and_with_an_answer(inside: str) -> None:
    started = datetime.now(UTC)
    try:
        got = read(f"<html><head><title>t</title></head><body><article>{inside}</article></body></html>")
    except (NotAnArticle, Unreadable):
        pass
    else:
        assert len(got.passages) <= 2_000
        assert len(got.quotes) <= 100

    assert datetime.now(UTC) - started < timedelta(seconds=20)


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 3))
def test_no_bytes_raise_anything_but_what_is_foreseen(noise: bytes, place: int) -> None:
    whole = (PAGES / "nvda-rally.html").read_bytes()
    cut = len(whole) * place // 4
    for body in (noise, whole[:cut] + noise + whole[cut:], whole[cut:] + noise):
        for name in ("a.html", "a.md", "a.txt"):
            try:
                got = read(body, name=name)
            except (NotAnArticle, Unreadable):
                continue
            assert all(got.text[one.start : one.end] == one.text for one in got.passages)


def test_the_types_are_those_of_the_contract() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "contracts" / "import.md").read_text("utf-8")
    for kind in (Passage, Section, Table, QuoteRow, Ticker, Dating, Vote, Page):
        [line] = re.findall(rf"^class {kind.__name__}:\s+(.*)$", text, re.MULTILINE)
        for name in (one.name for one in fields(kind)):
            assert re.search(rf"\b{name}\b", line), (kind.__name__, name)
    block = text[text.index("class Extracted:") : text.index("class Passage:")]
    for name in (one.name for one in fields(Extracted)):
        assert re.search(rf"\b{name}\b", block), name
