from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import feedparser
import pytest
from lxml import etree

from broadtape import feeds
from broadtape.archive.catalogue import Catalogue
from broadtape.archive.cataloguing import CatalogueWriter
from broadtape.archive.records import Entry, Filing
from broadtape.config import Site
from broadtape.feeds import Format
from broadtape.model import Article, Correction, Photo, SourceLink, Update

FORMATS: tuple[Format, ...] = ("rss", "atom", "json")
ULID = "01KEV9ZZZZZZZZZZZZZZZZZZZZ"
NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
NASTY = "Bell\x07 \ud800 ]]> <b>&amp; \u202eright-to-left\u202c 🐻\u200d❄️ \ufffe \x00 “quotes” 'n' \"more\""
NS = {
    "a": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def site(**more: Any) -> Site:
    held = {
        "key": "bay", "name": "Bay & Hills", "tagline": "The bay's own", "url": "https://bay.example",
        "time_zone": ZoneInfo("America/Los_Angeles"), "locale": "en_US", "csp_allow": (), "hub": "",
        "look": "broadsheet",
    }  # fmt: skip
    return cast(Site, SimpleNamespace(**(held | more)))


def entry(**more: Any) -> Entry:
    shown = {
        name: more.pop(name)
        for name in ("feed_html", "photo_bytes", "proof", "later", "later_address")
        if name in more
    }
    article = Article(
        path="articles/2026/01/one.md", slug="one", id=ULID, title="One", body="x", body_line=1,
        date=datetime.fromisoformat("2026-01-12T13:41:00-08:00"), authors=("Market Desk",), summary="Short.",
    )  # fmt: skip
    filed = datetime(2026, 1, 12, 22, tzinfo=UTC)
    made = Entry(
        replace(article, **more), "/2026/01/12/one/", "<p>x</p>", "x", "<p>Body</p>", 1, {}, filed=filed
    )
    return replace(made, **shown)


def parsed(form: Format, *entries: Entry, where: Site | None = None) -> Any:
    there = where or site()
    body = feeds.render(feeds.channel(there), there, form, entries).body
    if form != "json":
        etree.fromstring(body)
        held = feedparser.parse(body)
        assert not held.bozo, held.bozo_exception
        return held
    return json.loads(body)


def the_feed(catalogue: Catalogue, form: Format, page: int = 1, **wanted: str) -> feeds.Feed:
    found = feeds.feed(catalogue, site(), form, page=page, **wanted)  # type: ignore[arg-type] # filters only
    assert found is not None
    return found


def item(form: Format, one: Entry) -> dict[str, str]:
    """The same fields of one item under the same names, whatever the format."""
    held = parsed(form, one)
    if form == "json":
        found = held["items"][0]
        return {
            "id": found["id"], "title": found["title"], "html": found["content_html"], "url": found["url"],
            "published": found["date_published"], "updated": found["date_modified"],
            "summary": found["summary"],
        }  # fmt: skip
    found = held.entries[0]
    html = found.content[0].value if "content" in found else ""
    return {
        "id": found.id, "title": found.title, "html": html, "url": found.link, "summary": found.summary,
        "published": datetime(*found.published_parsed[:6], tzinfo=UTC).isoformat(),
        "updated": datetime(*found.updated_parsed[:6], tzinfo=UTC).isoformat(),
    }  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_an_item_is_complete_in_every_format(form: Format) -> None:
    found = item(form, entry(updated=datetime.fromisoformat("2026-01-12T15:00:00-08:00")))

    assert found["title"] == "One"
    assert found["url"] == "https://bay.example/2026/01/12/one/"
    assert found["summary"] == "Short."
    assert "<p>Body</p>" in found["html"]
    assert "not investment advice" in found["html"]
    assert datetime.fromisoformat(found["published"]) == datetime(2026, 1, 12, 21, 41, tzinfo=UTC)
    assert datetime.fromisoformat(found["updated"]) == datetime(2026, 1, 12, 23, tzinfo=UTC)


def test_an_id_is_the_same_in_all_formats_and_survives_slug_date_and_host() -> None:
    moved = replace(entry(slug="two", date=NOW, title="Two"), address="/2026/01/20/two/")

    ids = {item(form, one)["id"] for form in FORMATS for one in (entry(), moved)}
    assert ids == {"urn:uuid:019bb69f-ffff-ffff-ffff-ffffffffffff"}
    raw = feeds.render(feeds.channel(site()), site(url="https://new.example"), "rss", [entry()]).body
    assert b'<guid isPermaLink="false">urn:uuid:019bb69f-ffff-ffff-ffff-ffffffffffff</guid>' in raw


def test_an_id_that_is_no_ulid_still_gives_a_stable_uuid() -> None:
    assert feeds.item_id("my-post") == feeds.item_id("my-post") != feeds.item_id("my-posts")
    assert feeds.item_id("my-post").startswith("urn:uuid:")


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_text_anywhere_leaves_the_feed_well_formed(form: Format) -> None:
    hostile = entry(
        title=NASTY, summary=NASTY, authors=(NASTY,), topics=(NASTY,), feed_html=f"<p>{NASTY}</p>",
        photo=Photo("a b&c.png", NASTY, NASTY, NASTY), photo_bytes=9, source=SourceLink(NASTY, "https://x.example/?a=1&b=2"),
        corrections=(Correction(NOW, NASTY),),
    )  # fmt: skip
    there = site(name=NASTY, tagline=NASTY)
    held = parsed(form, hostile, where=there)

    title = held["items"][0]["title"] if form == "json" else unescape(held.entries[0].title)
    assert "🐻\u200d❄️" in title
    assert "]]>" in title
    assert "\x07" not in title


@pytest.mark.parametrize("form", FORMATS)
def test_a_backdated_page_keeps_its_date_and_says_when_it_was_written(form: Format) -> None:
    found = item(form, entry(written=datetime(2026, 11, 22, 18, tzinfo=UTC), as_of=date(2026, 1, 12)))

    assert found["published"][:10] == found["updated"][:10] == "2026-01-12"
    assert "Written on Nov. 22, 2026, from data as of Jan. 12, 2026." in found["html"]
    assert "Written on" not in item(form, entry(written=datetime(2026, 1, 13, 0, tzinfo=UTC)))["html"]


def test_corrections_source_later_state_and_proof_stand_after_the_text() -> None:
    html = item(
        "rss",
        entry(
            corrections=(Correction(NOW, "A name was <wrong>."),),
            source=SourceLink("Wire", "https://wire.example/1"),
            later="The run ended on Jan. 23.",
            later_address="/2026/01/23/over/",
            proof={"verified": 3},
        ),
    )["html"]

    assert "<strong>Correction, Jan. 20, 2026:</strong> A name was &lt;wrong&gt;." in html
    assert '<a href="https://wire.example/1">Wire</a>' in html
    assert '<a href="https://bay.example/2026/01/23/over/">The run ended on Jan. 23.</a>' in html
    assert '<a href="https://bay.example/2026/01/12/one/proof">' in html


@pytest.mark.parametrize(("extra", "label"), [({}, "Updated"), ({"run_ended": "2026-01-13"}, "Closed")])
@pytest.mark.parametrize("form", FORMATS)
def test_a_running_story_says_what_came_last_and_whether_it_is_over(
    form: Format, extra: dict[str, object], label: str
) -> None:
    then = datetime.fromisoformat("2026-01-13T13:41:00-08:00")
    update = Update(then, "The run ended.", date(2026, 1, 13), "streak-from?from=2026-01-02&of=INDEXSP:SPX")
    told = item(form, entry(updates=(update,), updated=then, extra=extra))

    assert f"<strong>{label} Jan. 13, 2026:</strong> The run ended." in told["html"]


def test_a_picture_becomes_an_enclosure_with_type_and_length() -> None:
    pictured = entry(photo=Photo("chart one.svg", "A chart"), photo_bytes=1234)

    enclosure = parsed("rss", pictured).entries[0].enclosures[0]
    assert enclosure.href == "https://bay.example/2026/01/12/one/chart%20one.svg"
    assert (enclosure.type, enclosure.length) == ("image/svg+xml", "1234")
    attachment = parsed("json", pictured)["items"][0]["attachments"][0]
    assert attachment["size_in_bytes"] == 1234
    assert parsed("rss", entry(photo=Photo("missing.svg"))).entries[0].enclosures == []


def test_rss_has_what_validators_ask_for() -> None:
    body = feeds.render(feeds.channel(site()), site(), "rss", [entry(topics=("small-caps",))]).body
    tree = etree.fromstring(body)

    own = tree.find("channel/a:link", NS)
    assert own is not None
    assert (own.get("href"), own.get("rel")) == ("https://bay.example/feed.xml", "self")
    assert tree.findtext("channel/item/dc:creator", namespaces=NS) == "Market Desk"
    assert tree.findtext("channel/item/category") == "small-caps"
    assert tree.findtext("channel/language") == "en-us"
    assert "<p>Body</p>" in str(tree.findtext("channel/item/content:encoded", namespaces=NS))


def test_atom_has_what_the_standard_requires() -> None:
    tree = etree.fromstring(feeds.render(feeds.channel(site()), site(), "atom", [entry()]).body)

    for path in (
        "id",
        "title",
        "updated",
        "author/name",
        "entry/id",
        "entry/title",
        "entry/updated",
        "entry/content",
    ):
        assert tree.findtext("/".join(f"a:{step}" for step in path.split("/")), namespaces=NS), path


def test_json_feed_has_what_the_standard_requires() -> None:
    held = parsed("json", entry())

    assert held["version"] == "https://jsonfeed.org/version/1.1"
    assert held["feed_url"] == "https://bay.example/feed.json"
    assert {"id", "url", "content_html", "date_published"} <= held["items"][0].keys()


@pytest.mark.parametrize("form", FORMATS)
def test_a_feed_without_items_is_valid_too(form: Format) -> None:
    held = feeds.render(feeds.channel(site()), site(), form, [])

    assert held.modified is None
    parsed(form)


def test_the_etag_follows_the_bytes_and_the_date_the_newest_change() -> None:
    one = feeds.render(feeds.channel(site()), site(), "rss", [entry()])
    same = feeds.render(feeds.channel(site()), site(), "rss", [entry()])
    edited = feeds.render(
        feeds.channel(site()), site(), "rss", [replace(entry(feed_html="<p>New</p>"), filed=NOW)]
    )

    assert one.etag == same.etag != edited.etag
    assert (one.modified, edited.modified) == (datetime(2026, 1, 12, 22, tzinfo=UTC), NOW)


def test_topic_author_and_symbol_feeds_hold_only_theirs(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    with CatalogueWriter(path) as writer, writer.change(now=NOW):
        for slug, topics, symbols in (("a", ("Rates",), ()), ("b", (), ("NASDAQ:NVDA",)), ("c", (), ())):
            article = replace(entry().article, path=slug, id=slug, slug=slug, topics=topics, title=slug)
            writer.put(Filing(article, f"/{slug}/", "", "", 1, {}, {}, {"bay": "<p>x</p>"}, symbols), now=NOW)
    catalogue = Catalogue(path, now=lambda: NOW)

    def titles(**wanted: str) -> list[str]:
        held = json.loads(the_feed(catalogue, "json", **wanted).body)
        return [one["title"] for one in held["items"]]

    assert titles() == ["c", "b", "a"]
    assert titles(topic="rates") == ["a"]
    assert titles(symbol="NASDAQ:NVDA") == ["b"]
    assert titles(author="market-desk") == ["c", "b", "a"]
    about = feeds.channel(site(), symbol="NASDAQ:NVDA", name="Nvidia")
    assert (about.title, about.own("atom")) == (
        "Bay & Hills: Nvidia",
        "https://bay.example/quotes/NASDAQ:NVDA/atom.xml",
    )


@pytest.fixture
def years(tmp_path: Path) -> Catalogue:
    """Forty-five articles, one a day."""
    path = tmp_path / "catalogue.sqlite"
    with CatalogueWriter(path) as writer, writer.change(now=NOW):
        for n in range(45):
            article = replace(
                entry().article, path=f"{n}", id=f"{n}", slug=f"{n}", title=f"No. {n}",
                date=datetime(2025, 11, 1, 12, tzinfo=UTC) + timedelta(days=n),
            )  # fmt: skip
            writer.put(Filing(article, f"/{n}/", "", "", 1, {}, {}, {"bay": "<p>x</p>"}, ()), now=NOW)
    return Catalogue(path, now=lambda: NOW)


def relations(body: bytes, form: Format) -> dict[str, str]:
    path = "//a:feed/a:link" if form == "atom" else "//channel/a:link"
    links = etree.fromstring(body).xpath(path, namespaces=NS)
    return {link.get("rel"): link.get("href") for link in links}


def test_following_next_reads_every_article_once_in_every_format(years: Catalogue) -> None:
    for form in FORMATS:
        ids: list[str] = []
        page: int | None = 1
        while page:
            body = the_feed(years, form, page=page).body
            if form == "json":
                held = json.loads(body)
                ids += [one["id"] for one in held["items"]]
                onward = held.get("next_url", "")
            else:
                ids += [one.id for one in feedparser.parse(body).entries]
                onward = relations(body, form).get("next", "")
            page = int(onward.rpartition("=")[2]) if onward else None

        assert len(ids) == 45, form
        assert len(set(ids)) == 45, form


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_page_names_its_neighbours_and_itself(years: Catalogue, form: Format) -> None:
    own = f"https://bay.example/{feeds.FILE[form]}"

    middle = relations(the_feed(years, form, page=2).body, form)
    assert {name: middle[name] for name in ("self", "first", "previous", "next", "last")} == {
        "self": f"{own}?page=2", "first": own, "previous": own, "next": f"{own}?page=3", "last": f"{own}?page=3",
    }  # fmt: skip
    assert "previous" not in relations(the_feed(years, form).body, form)
    assert "next" not in relations(the_feed(years, form, page=3).body, form)


@pytest.mark.parametrize("page", [0, -1, 4, 9999])
def test_a_page_beyond_the_feed_is_none(years: Catalogue, page: int) -> None:
    assert feeds.feed(years, site(), "rss", page=page) is None


def test_a_feed_that_fits_one_page_names_no_others() -> None:
    there = site()
    body = feeds.render(feeds.channel(there), there, "atom", [entry()]).body

    assert set(relations(body, "atom")) == {"self", "alternate"}


@pytest.mark.parametrize(
    ("markup", "kept"),
    [
        ('<img src="https://bay.example/m/a.png" alt="A" loading="lazy">', True),
        ('<img src="/m/a.png" alt="A">', True),
        ('<img src="https://pictures.example/a.png" alt="A">', True),
        ('<img src="https://tracker.example/a.png?id=1" alt="A">', False),
        ('<img src="http://pictures.example/a.png" alt="A">', False),
        ('<img src="//tracker.example/a.png" alt="A">', False),
        ('<img alt="A" src="https://bay.example.evil.example/a.png">', False),
        ('<img src="data:image/png;base64,xx" alt="A">', False),
    ],
)
def test_a_picture_of_another_host_is_a_link_in_feeds(markup: str, kept: bool) -> None:
    there = site(csp_allow=("pictures.example",))
    one = entry(feed_html=f"<p>{markup}</p>")
    held = json.loads(feeds.render(feeds.channel(there), there, "json", [one]).body)

    html = held["items"][0]["content_html"]
    assert ("<img" in html) is kept
    assert "A" in html


def test_a_picture_is_media_with_its_words_in_rss() -> None:
    there, one = site(), entry(photo=Photo("chart.svg", alt="A line & a dot"), photo_bytes=1234)
    tree = etree.fromstring(feeds.render(feeds.channel(there), there, "rss", [one]).body)

    media = tree.find(".//{http://search.yahoo.com/mrss/}content")
    assert media is not None
    assert (media.get("medium"), media.get("fileSize"), media.get("type")) == (
        "image",
        "1234",
        "image/svg+xml",
    )
    assert media.findtext("{http://search.yahoo.com/mrss/}description") == "A line & a dot"


def test_the_list_of_feeds_is_opml_with_a_folder_for_each_group_that_has_any() -> None:
    there = site()
    body = feeds.opml(
        there,
        [
            ("Bay", [feeds.channel(there)]),
            ("Topics", [feeds.channel(there, topic="rates", name="Rates & bonds")]),
            ("Authors", []),
        ],
    )

    tree = etree.fromstring(body)
    assert tree.get("version") == "2.0"
    assert [one.get("text") for one in tree.findall("body/outline")] == ["Bay", "Topics"]
    leaves = [one for one in tree.iter("outline") if one.get("type") == "rss"]
    assert [one.get("xmlUrl") for one in leaves] == [
        "https://bay.example/feed.xml", "https://bay.example/topics/rates/feed.xml",
    ]  # fmt: skip
    assert leaves[1].get("title") == "Bay & Hills: Rates & bonds"
