"""Feeds as readers and validators take them: whatever stands in an article, two readers read the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fastfeedparser
import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from newsroom import Newsroom
from test_feeds import FORMATS, NOW, entry, site

from broadtape import feeds
from broadtape.archive.records import Entry
from broadtape.feeds import Format
from broadtape.model import Correction, Photo, SourceLink

HUB = "https://hub.example/"
NS = {
    "a": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
}
# What breaks naive feeds, and everything else that a keyboard or a scraper produces.
PIECES = st.sampled_from(
    ["]]>", "<![CDATA[", "&amp;", "&nbsp;", "&#0;", "&lt;b&gt;", "<b>", "</item>", "\u202eabc\u202c", "مرحبا",
     "🐻‍❄️", "\x00", "\x07", "\x0b", "\x1b[0m", "\ud800", "\ufffe", "\uffff", "\r\n", "\t", "\u2028", "é", "'", '"',
     "http://x?a=1&b=2", "--", "?>", "%", "\\"]
)  # fmt: skip
WILD = st.lists(PIECES | st.text(st.characters(), max_size=4), max_size=8).map("".join)


def sayable(text: str) -> str:
    """The text without what XML forbids or asks not to use."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    kept = re.sub("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]", "", lines)
    return "".join(one for one in kept if ord(one) & 0xFFFE != 0xFFFE)  # the last two of every plane


def printed(text: str) -> str:
    """What a reader should show of a text: without what XML cannot say, white space folded."""
    return " ".join(sayable(text).split())


def rendered(form: Format, *entries: Entry, hub: str = "") -> bytes:
    there = site(hub=hub)
    return feeds.render(feeds.channel(there), there, form, entries).body


def wild_entry(data: st.DataObject) -> Entry:
    text = data.draw
    return entry(
        title=text(WILD) or "A title",
        summary=text(WILD),
        authors=(text(WILD), "Desk"),
        topics=(text(WILD), "Rates"),
        corrections=(Correction(NOW, text(WILD)),),
        photo=Photo("chart.svg", alt=text(WILD), caption=text(WILD), credit=text(WILD)),
        source=SourceLink(text(WILD), "https://example.org/?a=1&b=" + text(st.sampled_from(["", "]]>", "é"]))),
        photo_bytes=10,
        feed_html=f"<p>{_escaped(text(WILD))}</p>",
    )  # fmt: skip


def _escaped(text: str) -> str:
    """As the renderer writes text into markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whatever_stands_in_an_article_two_readers_read_its_title_and_all_its_text(
    data: st.DataObject,
) -> None:
    one = wild_entry(data)
    title = printed(one.article.title) or one.article.slug
    for form in FORMATS:
        body = rendered(form, one)
        if form == "json":
            item = json.loads(body)["items"][0]
            assert item["title"] == title
            assert sayable(one.feed_html) in item["content_html"]
            continue
        tree = etree.fromstring(body)
        held = tree.find(".//a:entry/a:content" if form == "atom" else ".//content:encoded", NS)
        assert held is not None
        assert held.text is not None
        assert sayable(one.feed_html) in held.text
        first, second = feedparser.parse(body), fastfeedparser.parse(body)
        assert not first.bozo, first.bozo_exception
        assert len(first.entries) == len(second.entries) == 1
        # Readers may decode entities in titles or not; what they show comes from the same characters.
        assert decoded(second.entries[0].title) == decoded(title)
        assert first.entries[0].id == second.entries[0].id == feeds.item_id(one.article.id)


def decoded(title: str) -> str:
    return printed(unescape(unescape(title)))


HOSTILE = (
    "Ends ]]> here and <![CDATA[ begins",
    "<script>alert(1)</script> and <b onclick=x>bold</b> &amp; &lt;i&gt; &nbsp; &#x1F43B; &#0;",
    "\u202eright to left\u202c, مرحبا بالعالم, שלום, 🐻‍❄️ and 👩🏽‍🚀",
    "Line\u2028separator, tab\tand a very\u00a0wide\u3000space \x85",
    '[a link](/about/ "title") and ![a chart](chart.svg) and <https://example.org/?a=1&b=2>',
    "| a | b |\n|---|---|\n| ]]> | `&amp;` |",
)


def test_articles_as_editors_write_them_reach_two_readers_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Newsroom(tmp_path, monkeypatch)
    for number, body in enumerate(HOSTILE):
        room.post(
            f"story-{number}",
            f"Start{number}.\n\n{body}\n\nFinish{number}.",
            title=f"Title {number} & 🐻 ]]>",
        )
    room.publish()
    here = room.instance.sites["bay"]
    for form in FORMATS:
        feed = feeds.feed(room.catalogue, here, form)
        assert feed is not None
        assert faults(form, feed.body, feeds.channel(here).own(form)) == []
        if form == "json":
            texts = [(one["title"], one["content_html"]) for one in json.loads(feed.body)["items"]]
            assert len(texts) == len(HOSTILE)
        else:
            first, second = feedparser.parse(feed.body), fastfeedparser.parse(feed.body)
            assert not first.bozo
            assert [one.title for one in second.entries] == [one.title for one in first.entries]
            texts = [(one.title, one.content[0].value) for one in first.entries]
        for title, html in texts:
            number = re.findall(r"Start(\d)", html)[0]
            assert f"Finish{number}." in html
            assert title == f"Title {number} & 🐻 ]]>"
            assert "<script" not in html


# --- a validator's rules ------------------------------------------------------------------------------------


def faults(form: Format, body: bytes, own: str) -> list[str]:
    """What feedvalidator.org would complain of, as far as its rules concern what we write."""
    return _json_faults(json.loads(body), own) if form == "json" else _xml_faults(form, body, own)


def _xml_faults(form: Format, body: bytes, own: str) -> list[str]:
    tree = etree.fromstring(body)
    found: list[str] = []

    def check(holds: object, fault: str) -> None:
        if not holds:
            found.append(fault)

    atom = form == "atom"
    if atom:
        top, items = tree, tree.findall("a:entry", NS)
        required = ("a:id", "a:title", "a:updated")
        links = [(one.get("rel"), one.get("href")) for one in tree.findall("a:link", NS)]
    else:
        channel = tree.find("channel")
        assert channel is not None
        top, items = channel, channel.findall("item")
        required = ("title", "link", "description")
        links = [(one.get("rel"), one.get("href")) for one in channel.findall("a:link", NS)]
    for name in required:
        check(len(top.findall(name, NS)) == 1, f"{name} once in the feed")
    check(("self", own) in links, "self link is where the feed is")
    for _, href in links:
        check(urlsplit(href or "").scheme in ("http", "https"), f"absolute link: {href}")
    ids = []
    for item in items:
        one = ("a:id", "a:title", "a:updated", "a:published", "a:content", "a:summary") if atom else (
            "title", "link", "guid", "pubDate", "description", "content:encoded")  # fmt: skip
        for name in one:
            check(len(item.findall(name, NS)) == 1, f"{name} once in an item")
        ids.append(item.findtext("a:id" if atom else "guid", namespaces=NS))
        html = item.findtext("a:content" if atom else "content:encoded", namespaces=NS) or ""
        for reference in re.findall(r'(?:href|src)="([^"]*)"', html):
            check(urlsplit(unescape(reference)).scheme, f"relative reference: {reference}")
        check("<script" not in html and " on" not in re.sub(r">[^<]*<", "><", html), "no script in content")
        check("data-fact" not in html, "no fact markup in content")
        if atom:
            for name in ("a:updated", "a:published"):
                check(datetime.fromisoformat(item.findtext(name, "", NS)).tzinfo, f"{name} has a zone")
            check(item.findall("a:author/a:name", NS), "an author")
            for link in item.findall("a:link[@rel='enclosure']", NS):
                check(link.get("length", "").isdigit() and "/" in link.get("type", ""), "enclosure")
            check(all(one.get("term") for one in item.findall("a:category", NS)), "category has a term")
        else:
            check(parsedate_to_datetime(item.findtext("pubDate", "")).tzinfo, "pubDate has a zone")
            for held in item.findall("enclosure"):
                check(held.get("length", "").isdigit() and "/" in held.get("type", ""), "enclosure")
            check(len(item.findall("enclosure")) <= 1, "one enclosure at most")
            check(all(one.text for one in item.findall("category")), "category has text")
            check(all(one.text for one in item.findall("dc:creator", NS)), "creator has text")
    check(len(ids) == len(set(ids)), "ids are unique")
    return found


def _json_faults(held: dict[str, Any], own: str) -> list[str]:
    found = []
    if held.get("version") != "https://jsonfeed.org/version/1.1":
        found.append("version")
    if held.get("feed_url") != own:
        found.append("feed_url is where the feed is")
    for item in held["items"]:
        found += [
            f"item.{name}" for name in ("id", "url", "content_html") if not isinstance(item.get(name), str)
        ]
        for name in ("date_published", "date_modified"):
            if datetime.fromisoformat(item[name]).tzinfo is None:
                found.append(f"{name} has a zone")
        found += [f"tag {tag!r}" for tag in item["tags"] if not tag]
        found += [f"author {one}" for one in item["authors"] if not one.get("name")]
        for held_file in item.get("attachments", []):
            if not held_file["url"].startswith("https://") or "/" not in held_file["mime_type"]:
                found.append("attachment")
        for reference in re.findall(r'(?:href|src)="([^"]*)"', item["content_html"]):
            if not urlsplit(unescape(reference)).scheme:
                found.append(f"relative reference: {reference}")
    return found


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_every_feed_keeps_a_validators_rules(data: st.DataObject) -> None:
    others = [replace(entry(id=f"x{n}"), address=f"/{n}/") for n in range(data.draw(st.integers(0, 2)))]
    for form in FORMATS:
        own = feeds.channel(site()).own(form)
        assert faults(form, rendered(form, wild_entry(data), *others), own) == []
        assert faults(form, rendered(form), own) == []


@pytest.mark.parametrize("form", FORMATS)
def test_the_rules_find_what_is_wrong(form: Format) -> None:
    own = feeds.channel(site()).own(form)
    there = site()
    relative = feeds.render(
        feeds.channel(there), there, form, [entry(feed_html='<p><a href="/x/">x</a></p>')]
    ).body

    assert faults(form, relative, own) == ["relative reference: /x/"]
    assert "self link is where the feed is" in faults(form, rendered(form), own + "x") or form == "json"


@pytest.mark.parametrize("form", FORMATS)
def test_updates_and_corrections_reach_readers(form: Format) -> None:
    corrected = entry(
        updated=datetime(2026, 1, 14, tzinfo=UTC), corrections=(Correction(NOW, "The pier was another."),)
    )
    before, after = rendered(form, entry()), rendered(form, corrected)

    assert b"Correction, Jan. 20, 2026" in after
    assert b"2026-01-14T00:00:00" in after
    assert b"2026-01-14T00:00:00" not in before


def test_a_card_stands_beside_the_chart_for_readers_that_show_no_svg() -> None:
    there = site()
    one = entry(photo=Photo("chart.svg", alt="A line"), photo_bytes=10)

    def made(form: Format) -> bytes:
        card = feeds.CardPicture("card.png", 1200, 630, 81_234)
        return feeds.render(feeds.channel(there), there, form, [one], card=lambda _: card).body

    where = "https://bay.example/2026/01/12/one/card.png"
    rss, atom = etree.fromstring(made("rss")), etree.fromstring(made("atom"))
    pictures = rss.findall(".//media:content", NS)
    assert [(held.get("url"), held.get("width")) for held in pictures][1] == (where, "1200")
    assert rss.find(".//media:thumbnail", NS).get("url") == where
    assert len(rss.findall(".//enclosure")) == 1
    links = atom.findall(".//a:entry/a:link[@rel='enclosure']", NS)
    assert [(held.get("href"), held.get("length")) for held in links][1] == (where, "81234")
    assert json.loads(made("json"))["items"][0]["image"] == where
    assert fastfeedparser.parse(made("rss")).entries[0].media_content[1]["url"] == where
    for form in FORMATS:
        assert faults(form, made(form), feeds.channel(there).own(form)) == []


# --- WebSub -------------------------------------------------------------------------------------------------


def test_the_first_page_of_a_feed_names_the_hub_and_itself() -> None:
    there = site(hub=HUB)
    first = feeds.render(feeds.channel(there), there, "rss", [entry()], pages=feeds.Pages(1, 2))
    second = feeds.render(feeds.channel(there), there, "rss", [entry()], pages=feeds.Pages(2, 2))

    assert (first.hub, first.own) == (HUB, "https://bay.example/feed.xml")
    assert b'<atom:link href="https://hub.example/" rel="hub"/>' in first.body
    assert second.hub == ""
    assert b"hub.example" not in second.body
    assert b'<link rel="hub" href="https://hub.example/"/>' in rendered("atom", entry(), hub=HUB)
    assert json.loads(rendered("json", entry(), hub=HUB))["hubs"] == [{"type": "WebSub", "url": HUB}]
    assert b"hub" not in rendered("rss", entry())
