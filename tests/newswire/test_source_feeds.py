from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sources import LATER, parse, recorded, source

from newswire.errors import BadValue, Challenged, Refused, SourceError
from newswire.observations import Harvest, Story
from newswire.sources.feed import instant, plain, shortened

EXPECTED = (SourceError, BadValue, Challenged, Refused)
OPTIONS = {"url": "https://x.example/feed"}
RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:media="http://search.yahoo.com/mrss/"><channel><title>The Harbour &amp; Bay</title><link>https://x.example/</link>
{items}</channel></rss>"""
ITEM = """<item><title>{title}</title><link>{link}</link><guid isPermaLink="false">{guid}</guid>
<pubDate>{date}</pubDate><description>{text}</description><dc:creator>Ann Lee</dc:creator>
<category>Ports</category></item>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://x.example/news/"><title>Bay</title>
<entry><id>urn:1</id><title type="html">A &amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt; day</title>
<link rel="self" href="/self"/><link rel="alternate" href="one"/><updated>2026-01-12T10:00:00-05:00</updated>
<published>2026-01-12T09:00:00-05:00</published><summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Shares
<b>rose</b> here.</div></summary><author><name>Bo Ek</name></author><category term="ports"/></entry></feed>"""


def item(**more: str) -> str:
    held = {
        "title": "Ferry firm sells bonds", "link": "https://x.example/1", "guid": "one",
        "date": "Mon, 12 Jan 2026 14:00:00 GMT", "text": "The firm sold bonds.",
    }  # fmt: skip
    return ITEM.format(**(held | more))


def rss(*items: str) -> str:
    return RSS.format(items="".join(items))


def read(body: str | bytes, kind: str = "feed", **more: Any) -> Harvest:
    return parse(kind, body, options=OPTIONS if kind == "feed" else {}, **more)


def story(body: str | bytes, **more: Any) -> Story:
    (found,) = read(body, **more).stories
    return found


# --- what an entry becomes ---


def test_an_entry_becomes_a_story_with_its_credit() -> None:
    found = story(rss(item()))

    assert (found.uid, found.title, found.link) == ("one", "Ferry firm sells bonds", "https://x.example/1")
    assert found.publisher == "The Harbour & Bay"
    assert found.published == found.known_at == datetime(2026, 1, 12, 14, tzinfo=UTC)
    assert (found.authors, found.categories, found.excerpt) == (
        ("Ann Lee",),
        ("Ports",),
        "The firm sold bonds.",
    )


def test_atom_gives_the_alternate_link_resolved_against_its_base_and_plain_text() -> None:
    found = story(ATOM)

    assert found.link == "https://x.example/news/one"
    assert (found.title, found.excerpt, found.authors) == ("A bold day", "Shares rose here.", ("Bo Ek",))
    assert found.published == datetime(2026, 1, 12, 14, tzinfo=UTC)
    assert found.updated == datetime(2026, 1, 12, 15, tzinfo=UTC)


def test_rdf_feeds_have_their_items_beside_the_channel() -> None:
    body = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Old</title></channel><item rdf:about="https://x.example/r">
    <title>One</title><link>https://x.example/r</link><dc:date>2026-01-12T09:00Z</dc:date></item></rdf:RDF>"""

    found = story(body)
    assert (found.uid, found.title, found.published) == (
        "https://x.example/r",
        "One",
        datetime(2026, 1, 12, 9, tzinfo=UTC),
    )


def test_no_more_than_an_excerpt_of_anothers_text_is_kept() -> None:
    long = " ".join(f"word{n}" for n in range(400))
    found = story(rss(item(text=long)))

    assert len(found.excerpt) <= 300
    assert found.excerpt.endswith("…")
    assert long.startswith(found.excerpt[:-1])
    assert "word399" not in repr(found)


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("javascript:alert(1)", None), ("data:text/html,x", None), ("ftp://x.example/1", None), ("", None),
        ("https://u:p@x.example/", None), ("http://[", None), ("/2026/one?utm_source=a", "https://x.example/2026/one?utm_source=a"),
        ("//y.example/1", "https://y.example/1"), ("  https://x.example/1 \n", "https://x.example/1"),
    ],
)  # fmt: skip
def test_only_web_addresses_are_links(given_: str, kept: str | None) -> None:
    found = read(rss(item(link=escape(given_))))

    assert [one.link for one in found.stories] == ([kept] if kept else [])
    assert bool(found.skipped) is (kept is None)


def test_a_guid_that_is_an_address_stands_in_for_a_link() -> None:
    body = rss("<item><title>T</title><guid>https://x.example/g</guid></item>")

    assert story(body).link == "https://x.example/g"


def test_markup_scripts_and_control_characters_do_not_reach_the_text() -> None:
    text = escape("<p>Up <script>alert('x')</script><b>3&nbsp;%</b> \u202eevil\u202c</p>") + "&#9;"
    found = story(rss(item(text=text, title=escape("<i>Fish</i> &amp; chips"))))

    assert found.title == "Fish & chips"
    assert "alert" not in found.excerpt
    assert found.excerpt == "Up 3 % evil"


def test_the_future_is_not_known_yet() -> None:
    later = (LATER + timedelta(days=30)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    found = story(rss(item(date=later)))

    assert found.known_at == LATER
    assert found.published is not None
    assert found.published > LATER


def test_an_entry_without_a_date_is_known_when_it_was_read() -> None:
    assert (story(rss(item(date=""))).published, story(rss(item(date=""))).known_at) == (None, LATER)


def test_the_same_entry_twice_is_one_story() -> None:
    found = read(rss(item(), item(title="Another"), item(guid="two")))

    assert [one.uid for one in found.stories] == ["one", "two"]
    assert [one.reason for one in found.skipped] == ["told twice"]


def test_a_speakers_words_are_kept_with_the_speaker() -> None:
    found = story(
        rss(item(text="Sales fell. “We will sell two of our oldest ferries,” said Jane Q. Doe, the chief."))
    )

    assert found.quotes == (("Jane Q. Doe", "We will sell two of our oldest ferries"),)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Fri, 25 Sep 2026 12:00 GMT", "2026-09-25T12:00"), ("Fri, 25 Sep 2026 12:00:01 EDT", "2026-09-25T16:00:01"),
        ("25 Sep 2026 12:00:00 -0700", "2026-09-25T19:00"), ("Friday, 25 Sep 2026 12:00:00 +0000", "2026-09-25T12:00"),
        ("2026-09-25T12:00:00Z", "2026-09-25T12:00"), ("2026-09-25T12:00:00.123+02:00", "2026-09-25T10:00:00.123000"),
        ("2026-09-25 12:00:00 +0000", "2026-09-25T12:00"), ("2026-09-25", "2026-09-25T00:00"),
        ("September 25, 2026", "2026-09-25T00:00"), ("Thu, 25 Sep 2026 12:00:00 GMT", "2026-09-25T12:00"),
        ("2026-09-25 12:00:00 UTC", "2026-09-25T12:00"),
    ],
)  # fmt: skip
def test_dates_are_read_in_the_forms_that_feeds_use(text: str, when: str) -> None:
    assert instant(text) == datetime.fromisoformat(when).replace(tzinfo=UTC)


@given(st.text(max_size=90))
def test_any_date_is_an_instant_with_a_zone_or_none(text: str) -> None:
    found = instant(text)

    assert found is None or found.tzinfo is UTC


@given(st.text(max_size=400))
def test_plain_text_is_one_line_without_control_characters(text: str) -> None:
    found = plain(text)

    assert "\n" not in found
    assert not any(ord(one) < 32 for one in found)
    assert len(shortened(found, 50)) <= 50


# --- wires ---


def test_a_wires_categories_name_the_issuers_symbols() -> None:
    extra = """<category domain="https://www.globenewswire.com/rss/stock">NYSE:MTUS</category>
    <category domain="https://www.globenewswire.com/rss/ISIN">US8873991033</category></item>"""
    body = rss(item().replace("</item>", extra))

    (found,) = parse("globenewswire", body).stories
    assert found.named == ("NYSE:MTUS", "ISIN:US8873991033")
    assert found.categories == ("Ports",)
    assert found.publisher == "GlobeNewswire"


@pytest.mark.parametrize(
    "title",
    [
        "INVESTOR ALERT: Pomerantz Law Firm Investigates Claims", "Kessler Reminds Acme Shareholders of Deadline",
        "Acme (ACME) Class Action: Lead Plaintiff Deadline", "Rosen Law Firm Encourages Acme Investors to Inquire",
    ],
)  # fmt: skip
def test_law_firms_looking_for_clients_are_left_out_of_wires_only(title: str) -> None:
    body = rss(item(title=title), item(guid="two", title="Acme Reports Third-Quarter Results"))

    found = parse("prnewswire", body)
    assert [one.uid for one in found.stories] == ["two"]
    assert [one.reason for one in found.skipped] == ["solicitation"]
    assert len(read(body).stories) == 2


def test_a_wire_that_answers_with_a_feed_without_a_title_answers_for_an_unknown_address() -> None:
    with pytest.raises(SourceError, match="unknown address"):
        parse("prnewswire", rss(item()).replace("The Harbour &amp; Bay", ""))


# --- refusals and broken feeds ---


@pytest.mark.parametrize(
    "body", ["", " ", "{}", "<html><body>404</body></html>", "<opml/>", "plain words", "<a><b></a>", "\x00"]
)
def test_what_is_no_feed_is_refused(body: str) -> None:
    with pytest.raises(EXPECTED, match=r"x\.example"):
        read(body)


def test_entities_of_a_feeds_own_are_not_expanded() -> None:
    bomb = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    body = rss(item(title="x &b; &c;")).replace("?>", "?>" + bomb, 1)

    with suppress(*EXPECTED):
        for one in read(body).stories:
            assert "haha" not in one.title
            assert "root:" not in one.title


BREAKAGES = {
    "a bare ampersand": lambda body: body.replace("sells bonds", "sells R&D bonds"),
    "an undefined entity": lambda body: body.replace("sells bonds", "sells&nbsp;bonds &eacute;"),
    "a control character": lambda body: body.replace("sells", "sel\x0bls"),
    "cut after the second entry": lambda body: body[: body.index("</item>", body.index("</item>") + 1) + 7],
    "cut within the third entry": lambda body: body[: body.rindex("<pubDate>")],
    "an unclosed tag": lambda body: body.replace("</channel></rss>", ""),
    "text before the declaration": lambda body: "\n\n" + body,
    "a wrong charset": lambda body: body.replace("UTF-8", "us-ascii").replace("Ferry", "Färry"),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_every_recoverable_entry_of_a_broken_feed_is_read(name: str) -> None:
    whole = rss(*(item(guid=f"g{n}", link=f"https://x.example/{n}") for n in range(3)))
    broken = BREAKAGES[name](whole).encode()
    second_opinion = [
        one.link for one in feedparser.parse(broken).entries if one.get("link") and one.get("title")
    ]

    found = [one.link for one in read(broken).stories]

    assert len(found) >= 2
    assert set(second_opinion) <= set(found)


# --- against a second reader ---

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cf", "Co", "Cn", "Zl", "Zp"]),
    min_size=1,
    max_size=40,
)
TITLES = WORDS.map(lambda text: " ".join(text.split())).filter(
    lambda text: bool(text) and "<" not in text and "&" not in text
)
WHEN = st.integers(0, 13_000 * 86_400).map(lambda n: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=n))


@st.composite
def feeds(draw: st.DrawFn) -> tuple[str, list[tuple[str, str, datetime]]]:
    """A well-formed feed in one of the formats, and what is in it."""
    entries = [
        (draw(TITLES), f"https://x.example/{n}/{draw(st.integers(0, 999))}", draw(WHEN))
        for n in range(draw(st.integers(0, 6)))
    ]
    cdata = draw(st.booleans())

    def text(value: str) -> str:
        return f"<![CDATA[{value}]]>" if cdata and "]]>" not in value else escape(value)

    form = draw(st.sampled_from(["rss", "atom", "rdf"]))
    if form == "atom":
        inner = "".join(
            f"<entry><id>{link}</id><title>{text(title)}</title><link href={quoteattr(link)}/>"
            f"<updated>{when.isoformat()}</updated></entry>"
            for title, link, when in entries
        )
        return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>{inner}</feed>', entries
    stamp = (
        (lambda when: when.isoformat())
        if form == "rdf"
        else (lambda when: when.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    )
    tag = "dc:date" if form == "rdf" else "pubDate"
    inner = "".join(
        f"<item><title>{text(title)}</title><link>{link}</link><{tag}>{stamp(when)}</{tag}></item>"
        for title, link, when in entries
    )
    dc = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    if form == "rdf":
        names = (
            f'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" {dc}'
        )
        return f"<rdf:RDF {names}><channel><title>T</title></channel>{inner}</rdf:RDF>", entries
    return f'<rss version="2.0" {dc}><channel><title>T</title>{inner}</channel></rss>', entries


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(feeds())
def test_every_entry_of_a_well_formed_feed_is_read(made: tuple[str, list[tuple[str, str, datetime]]]) -> None:
    body, entries = made
    found = read(body).stories

    assert [(one.link, one.published) for one in found] == [(link, when) for _, link, when in entries]
    assert [one.title for one in found] == [shortened(plain(title), 300) for title, _, _ in entries]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(feeds(), st.data())
def test_a_mutilated_feed_raises_nothing_but_our_own(made: tuple[str, Any], data: st.DataObject) -> None:
    body = made[0].encode()
    at = data.draw(st.integers(0, len(body)))
    changed = body[:at] + data.draw(st.binary(max_size=30)) + body[at + data.draw(st.integers(0, 40)) :]
    with suppress(*EXPECTED):
        read(changed)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_raise_nothing_but_our_own(body: bytes) -> None:
    with suppress(*EXPECTED):
        read(body)


# --- recorded ---


@pytest.mark.acceptance
@pytest.mark.parametrize(
    "name", ["fed_rss/press_all_2026-09.xml", "rss_other/rbi_press.xml", "google_news/rss_search_6_items.xml"]
)
def test_recorded_feeds_are_read_as_a_second_reader_reads_them(acceptance_data: Path, name: str) -> None:
    body = recorded(acceptance_data, name)
    found = read(body)
    other = feedparser.parse(body).entries

    assert [one.link for one in found.stories] == [one.link for one in other if one.get("link")]
    for mine, theirs in zip(found.stories, other, strict=True):
        assert mine.title == shortened(plain(theirs.title), 300)
        if theirs.get("published_parsed"):
            assert mine.published == datetime(*theirs.published_parsed[:6], tzinfo=UTC)


@pytest.mark.acceptance
def test_recorded_google_news_names_its_publishers_apart_from_the_headline(acceptance_data: Path) -> None:
    found = parse("googlenews", recorded(acceptance_data, "google_news/rss_search_6_items.xml"))

    assert len(found.stories) == 6
    for one in found.stories:
        assert not one.title.endswith(one.publisher)
        assert one.excerpt == ""
        assert one.provenance.licence == "private"


def test_each_wire_asks_its_own_hosts() -> None:
    for kind, options in (("globenewswire", {}), ("prnewswire", {}), ("googlenews", {"queries": ["x y"]})):
        made = source(kind, **options)
        (request,) = made.due(LATER, {})
        assert request.url.split("/")[2] in made.about.hosts
