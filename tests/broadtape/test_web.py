"""The pages of a local site, against a newsroom in memory."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote as quoted
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from msgspec import Struct
from web_fakes import (
    NOW,
    REFERENCE_ROWS,
    SESSION,
    FakeCatalogue,
    FakeSearch,
    board,
    busy,
    change_fact,
    claim,
    entry,
    instance,
    row,
    ticker,
    walk,
)
from werkzeug.test import TestResponse

from broadtape import resources
from broadtape.archive.records import Gone, StandingPage
from broadtape.config import FileSource
from broadtape.model import BadSettings, Correction, Photo, SourceLink
from broadtape.web import contexts, create_app, standing

HOME = "https://sausalito.example"
LEAD = "/2026/01/12/small-caps-run/"
PAGES = (
    "/",
    LEAD,
    f"{LEAD}proof",
    "/topics/",
    "/topics/banks/",
    "/authors/market-desk/",
    "/archive/",
    "/archive/2026/01/",
    "/quotes/",
    "/quotes/NASDAQ:NVDA/",
    "/quotes/NYSE:JPM/",
    "/markets/",
    "/definitions/",
    "/definitions/return/",
    "/corrections/",
    "/about/",
    "/about/methods/",
    "/privacy/",
    "/terms/",
    "/accessibility/",
    "/feeds/",
    "/search",
    "/no-such-page/",
)


class Newsroom:
    """A site, its catalogue and a reader's browser."""

    def __init__(self, root: Path, catalogue: FakeCatalogue | None = None, **settings: Any) -> None:
        self.root = root
        self.instance = instance(root, **settings)
        self.catalogue = catalogue or FakeCatalogue()
        self.search = FakeSearch(self.catalogue)
        self.app = create_app(
            self.instance,
            catalogue=self.catalogue,  # type: ignore[arg-type]  # the fake stands in
            search=self.search,
            clock=lambda: NOW,
        )
        self.client: FlaskClient = self.app.test_client()

    def get(self, path: str, *, base: str = HOME, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, base_url=base, headers=named, buffered=True)

    def page(self, path: str) -> str:
        """The page's words and markup; where lines must not end is a test of its own."""
        response = self.get(path)
        assert response.status_code == 200, path
        return response.text.replace("\u00a0", " ")


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


@pytest.fixture
def busy_room(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path, busy(FakeCatalogue(), tmp_path))


class Outline(HTMLParser):
    """What the tests of markup ask: tags with their attributes, ids, and whether everything closes."""

    VOID = frozenset(["meta", "link", "img", "input", "br", "hr"])

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


# --- every page -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_sound_accessible_markup_with_nothing_inline(busy_room: Newsroom, path: str) -> None:
    response = busy_room.get(path)
    outline = Outline(response.text)

    assert response.status_code == (404 if path == "/no-such-page/" else 200)
    assert not outline.crossed
    assert not outline.open
    assert len(outline.all("h1")) == 1
    assert len(outline.all("main")) == 1
    assert outline.all("html")[0]["lang"] == "en-US"
    assert not [1 for _, attributes in outline.tags if "style" in attributes]
    assert not [name for _, attributes in outline.tags for name in attributes if name.startswith("on")]
    assert all(
        "src" in script or script.get("type") == "application/ld+json" for script in outline.all("script")
    )
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all("alt" in image for image in outline.all("img"))
    labelled = {label.get("for") for label in outline.all("label")}
    assert all(field.get("id") in labelled or field.get("type") == "hidden" for field in outline.all("input"))


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_anything_of_another_host(busy_room: Newsroom, path: str) -> None:
    outline = Outline(busy_room.get(path).text)
    asked = [attributes.get("src") for _, attributes in outline.tags if "src" in attributes]
    asked += [
        link["href"]
        for link in outline.all("link")
        if link.get("rel") in ("stylesheet", "icon", "preload", "search", "alternate")
    ]

    assert asked
    assert all(address and address.startswith("/") and not address.startswith("//") for address in asked)


def test_every_internal_link_leads_to_a_page(busy_room: Newsroom) -> None:
    found: dict[str, str] = {}
    for path in PAGES:
        outline = Outline(busy_room.get(path).text)
        addresses = {(link.get("href") or "").partition("#")[0] for link in outline.all("a")}
        addresses |= {link["href"] or "" for link in outline.all("link") if link.get("rel") != "canonical"}
        found |= {address: path for address in addresses if address.startswith("/")}

    assert len(found) > 60
    for address, path in sorted(found.items()):
        assert busy_room.get(address).status_code == 200, f"{path} links to {address}"


@pytest.mark.parametrize("path", [*PAGES, f"{LEAD}facts.json", "/feed.xml"])
def test_every_answer_carries_the_security_headers(busy_room: Newsroom, path: str) -> None:
    headers = busy_room.get(path).headers
    policy = headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert ("manifest-src 'self'" in policy) == (path != "/feed.xml")  # which shows itself, and runs nothing
    assert ("script-src" in policy) == (path != "/feed.xml")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"]
    assert headers["Permissions-Policy"]
    assert headers["Strict-Transport-Security"]


def test_a_script_carries_what_rules_files_and_no_more(room: Newsroom) -> None:
    headers = room.get("/static/site.js").headers

    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"]
    assert "Permissions-Policy" not in headers


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 8, 30])
def test_the_front_page_stands_with_any_number_of_stories(tmp_path: Path, count: int) -> None:
    room = Newsroom(tmp_path, busy(FakeCatalogue(), tmp_path, count))
    html = room.page("/")

    assert len(Outline(html).all("h1")) == 1
    if count == 0:
        assert "No stories yet" in html
    else:
        assert "Small caps beat the S&amp;P 500" in html
    shown = re.findall(r'<h[23] class="head"><a href="([^"]+)"', html)
    assert len(shown) == len(set(shown))


def test_the_front_page_shows_every_story_once_and_the_lead_with_its_chart(busy_room: Newsroom) -> None:
    html = busy_room.page("/")
    lead = html[html.index('class="lead"') : html.index('class="seconds"')]

    assert f'src="{LEAD}chart.svg"' in lead
    assert 'width="640" height="300"' in lead
    assert html.count(f'<a href="{LEAD}">') == 1


# --- hosts, sites, audience -----------------------------------------------------------------------------


def test_an_unknown_host_gets_421_and_nothing_of_any_site(busy_room: Newsroom) -> None:
    response = busy_room.get("/", base="http://evil.example")

    assert response.status_code == 421
    assert "Sausalito" not in response.text
    assert "Small caps" not in response.text


def test_health_is_answered_to_any_host(busy_room: Newsroom) -> None:
    response = busy_room.get("/healthz", base="http://10.0.0.7")

    assert response.status_code == 200
    assert response.get_json()["as_of"] == "2026-01-12"


def test_health_is_503_before_anything_was_published(tmp_path: Path) -> None:
    assert Newsroom(tmp_path, FakeCatalogue(generation=0)).get("/healthz").status_code == 503


def test_while_pages_are_made_anew_none_is_said_to_be_missing(tmp_path: Path) -> None:
    room = Newsroom(tmp_path, FakeCatalogue(generation=0))

    for path in ("/", LEAD, "/feed.xml", "/sitemap.xml", "/search?q=fed", "/no-such-page/"):
        response = room.get(path)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5"), path
        assert response.headers["Cache-Control"] == "no-store"
    assert room.get("/static/site.css").status_code == 200


def test_a_topic_named_like_a_page_does_not_stand_beside_it(room: Newsroom) -> None:
    room.catalogue.publish(entry("a", topics=("markets", "banks")))
    html = room.page("/topics/banks/")
    sections = html[html.index('class="sections"') : html.index("</nav>", html.index('class="sections"'))]

    assert re.findall(r">([^<>\n]+)</a>", sections) == ["Front page", "Markets", "Banks", "Archive"]


def test_a_benchmark_that_stopped_is_left_out_of_the_strip_and_named_on_markets(busy_room: Newsroom) -> None:
    stopped = walk("INDEXNASDAQ:IXIC", "Nasdaq Composite", "6635.28", kind="index", until=date(2018, 12, 31))
    busy_room.catalogue.quote(stopped)
    front, markets = busy_room.page("/"), busy_room.page("/markets/")

    assert "6,635.28" not in front
    assert "6,635.28" not in markets
    assert "Left out, with the day of the last close we have: Nasdaq Composite (Dec. 31, 2018)." in markets


def test_each_site_has_its_own_name_clock_and_addresses(tmp_path: Path) -> None:
    room = Newsroom(tmp_path, second=True)
    room.catalogue.publish(entry("both"))
    west, east = room.get("/").text, room.get("/", base="https://keywest.example").text

    assert "Jan. 13, 2026, 10:41 a.m." in west
    assert "Jan. 13, 2026, 1:41 p.m." in east
    assert "<title>Key West: local and market news</title>" in east
    assert 'rel="canonical" href="https://keywest.example/"' in east


def test_absolute_addresses_come_from_the_settings_and_never_from_the_request(busy_room: Newsroom) -> None:
    plain = busy_room.get(LEAD, base="http://sausalito.example:8443", X_Forwarded_Host="evil.example").text

    assert f'rel="canonical" href="{HOME}{LEAD}"' in plain
    assert "evil.example" not in plain
    assert "8443" not in plain


def test_a_private_instance_says_so_and_stays_out_of_indexes(busy_room: Newsroom) -> None:
    response = busy_room.get(LEAD)

    assert "Private preview" in response.text
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert busy_room.page("/robots.txt") == "User-agent: *\nDisallow: /\n"


def test_a_public_instance_is_indexable_and_names_its_sitemaps(tmp_path: Path) -> None:
    room = Newsroom(tmp_path, audience="public")
    room.catalogue.publish(entry("story"))
    response = room.get("/2026/01/12/story/")

    assert "Private preview" not in response.text
    assert "X-Robots-Tag" not in response.headers
    assert "public" in response.headers["Cache-Control"]
    assert f"Sitemap: {HOME}/sitemap.xml" in room.page("/robots.txt")


def test_a_public_page_prints_no_price_that_is_not_licensed_for_it(tmp_path: Path) -> None:
    room = Newsroom(tmp_path, audience="public")
    room.catalogue.boards[SESSION] = board(
        row("NASDAQ:AAPL", "Apple Inc.", "260.25", "0.88", "0.34"),
        row("NASDAQ:MSFT", "Microsoft", "477.18", "-2.10", "-0.44", licence="public"),
    )
    room.catalogue.quote(walk("NASDAQ:AAPL", "Apple Inc.", "260.25"))
    fact = change_fact()
    told = room.catalogue.publish(entry("story", facts=[fact]), facts=[fact])
    pages = [room.page(path) for path in ("/", "/quotes/", "/quotes/NASDAQ:AAPL/", "/markets/")]

    assert "477.18" in pages[0]
    assert not [page for page in pages if "260.25" in page]
    assert "not licensed for publication" in pages[2]
    assert room.get("/quotes/NASDAQ:AAPL/history.csv").status_code == 404
    assert "2500.43" not in room.page(f"{told.address}proof")
    assert "2500.43" not in room.page(f"{told.address}facts.json")


def test_a_copy_of_another_sites_article_is_noindex_or_canonical_by_policy(tmp_path: Path) -> None:
    told = entry("shared", owner_site="keywest")
    for policy in ("noindex", "canonical"):
        room = Newsroom(tmp_path / policy, audience="public", indexing=policy, second=True)
        room.catalogue.publish(told)
        html = room.page(told.address)

        assert ('name="robots" content="noindex"' in html) == (policy == "noindex")
        assert (f'href="https://keywest.example{told.address}"' in html) == (policy == "canonical")


def test_a_site_overrides_one_template_and_keeps_the_rest(tmp_path: Path) -> None:
    room = Newsroom(tmp_path)
    folder = tmp_path / "content" / "sites" / "sausalito" / "templates" / "chrome"
    folder.mkdir(parents=True)
    (folder / "footer.html").write_text("<footer>Our own foot</footer>", encoding="utf-8")
    room = Newsroom(tmp_path)
    html = room.page("/")

    assert "Our own foot" in html
    assert 'class="masthead"' in html


def test_blocks_without_something_true_to_show_are_absent(busy_room: Newsroom) -> None:
    html = busy_room.page("/")

    assert "orecast" not in html
    assert 'href="https://example.org/traffic"' in html
    assert 'action="https://example.org/search"' in html
    assert "form-action 'self' https://example.org" in busy_room.get("/").headers["Content-Security-Policy"]


def test_a_block_with_a_hostile_address_is_absent(tmp_path: Path) -> None:
    room = Newsroom(tmp_path)
    path = tmp_path / "content" / "sites" / "sausalito" / "site.toml"
    text = path.read_text(encoding="utf-8").replace("https://example.org/traffic", "javascript:alert(1)")
    path.write_text(
        text.replace("https://example.org/search", "https://x.example;script-src *"), encoding="utf-8"
    )
    from broadtape.config import load

    app = create_app(load(tmp_path), catalogue=room.catalogue, search=room.search, clock=lambda: NOW)  # type: ignore[arg-type]  # the fake stands in
    response = app.test_client().get("/", base_url=HOME)

    assert "javascript:" not in response.text
    assert "script-src *" not in response.headers["Content-Security-Policy"]


def test_the_palette_takes_colours_of_known_names_only(tmp_path: Path) -> None:
    more = 'palette = { accent = "#7a1f2b", ink = "red;}body{display:none", unknown = "#123456" }'
    room = Newsroom(tmp_path, more=more)

    assert room.page("/palette.css") == "@media (prefers-color-scheme:light){:root{--accent:#7a1f2b}}\n"
    assert "/palette.css?v=" in room.page("/")


@pytest.mark.parametrize(("more", "look"), [("", "broadsheet"), ('look = "bulletin"', "bulletin")])
def test_a_site_has_the_look_it_chose_on_every_page(tmp_path: Path, more: str, look: str) -> None:
    room = Newsroom(tmp_path, more=more)

    for path in ("/", "/markets/", "/search", "/about/"):
        assert f'<html lang="en-US" class="{look}">' in room.page(path)


def test_an_unknown_look_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"look.*broadsheet, bulletin"):
        Newsroom(tmp_path, more='look = "tabloid"')


def test_copyright_years_are_computed(busy_room: Newsroom) -> None:
    assert "Copyright © 2010–2026 Sausalito local media" in busy_room.page("/")


# --- the article ----------------------------------------------------------------------------------------


def test_an_article_page_shows_its_parts(busy_room: Newsroom) -> None:
    html = busy_room.page(LEAD)

    assert "<h1>Small caps beat the S&amp;P 500 for a seventh session" in html
    assert (
        '<a rel="author" href="/authors/market-desk/">Market Desk</a>, <a href="/about/methods/">automated</a>'
        in html
    )
    assert "Jan. 12, 2026, 1:41 p.m." in html
    assert "Data as of <time" in html
    assert f'<a href="{LEAD}proof">' in html
    assert f'<a href="{LEAD}chart.csv">Data (CSV)</a>' in html
    assert "An earlier version gave the day as Jan. 9." in html
    assert "not financial advice" in html
    assert "Sources." in html


def test_a_page_written_long_after_its_date_says_so_above_the_text(busy_room: Newsroom) -> None:
    html = busy_room.page(LEAD)
    sentence = "Written on Nov. 22, 2026, from data as of Jan. 12, 2026."

    assert html.index(sentence) < html.index('class="body"')


def test_a_page_written_within_a_day_of_its_date_does_not_say_when(room: Newsroom) -> None:
    told = room.catalogue.publish(entry("prompt", written=datetime(2026, 1, 13, 10, 0, tzinfo=UTC)))

    assert "Written on" not in room.page(told.address)


def test_a_figure_links_to_its_place_on_the_proof_page(busy_room: Newsroom) -> None:
    html, proof = busy_room.page(LEAD), busy_room.page(f"{LEAD}proof")
    anchors = re.findall(rf'href="{LEAD}proof#([a-z0-9]+)"', html)

    assert len(anchors) == 3
    assert all(f'id="{anchor}"' in proof for anchor in anchors)


def test_the_proof_page_shows_value_definition_inputs_and_source_in_reading_order(
    busy_room: Newsroom,
) -> None:
    proof = busy_room.page(f"{LEAD}proof")

    assert proof.index("“fell 0.7% in December”") < proof.index("“fell 0.05%”")
    assert "−0.74%" in proof
    assert "2481.91" in proof
    assert "0123456789abcdef" in proof
    assert 'href="/definitions/return/"' in proof
    assert "Russell 2000 (INDEXRUSSELL:RUT)" in proof
    assert "Verified" in proof


def test_facts_json_holds_what_the_popover_prints(busy_room: Newsroom) -> None:
    data = json.loads(busy_room.page(f"{LEAD}facts.json"))
    fact = data["facts"][change_fact().fact.id]

    assert data["version"] == 1
    assert fact["printed"] == "−0.74%"
    assert fact["value"] == "-0.74"
    assert fact["title"] == "Return"
    assert fact["evidence"]["rows"][0]["value"] == "2500.43"
    assert fact["as_of_words"] == "Jan. 12, 2026"


def test_an_article_without_facts_has_an_empty_proof_page(room: Newsroom) -> None:
    told = room.catalogue.publish(entry("plain", origin="editor", authors=("Ann Lee",), as_of=None))
    html = room.page(told.address)

    assert "figures proved" not in html
    assert "automated" not in html
    assert "makes no linked claims" in room.page(f"{told.address}proof")


def test_linked_tickers_carry_the_name_and_the_last_close(busy_room: Newsroom) -> None:
    html = busy_room.page(LEAD)

    assert re.search(
        r'data-symbol="NASDAQ:NVDA" title="NVIDIA Corporation: \$184\.94, [+−][\d.]+% \(Jan\. 12, 2026 close\)"',
        html,
    )


def test_a_hostile_instrument_name_stays_inside_its_attribute(room: Newsroom) -> None:
    room.catalogue.quote(walk("NASDAQ:X", 'A"><script>alert(1)</script>', "10.00"))
    told = room.catalogue.publish(entry("x", html=f"<p>X {ticker('NASDAQ:X')}</p>"))

    assert "<script>alert" not in room.page(told.address)


def test_structured_data_cannot_leave_its_script_element(room: Newsroom) -> None:
    told = room.catalogue.publish(entry("x", title="</script><script>alert(1)</script>"))
    html = room.page(told.address)
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', html)

    assert data is not None
    assert json.loads(data[1])["headline"] == "</script><script>alert(1)</script>"
    assert "<script>alert" not in html


def test_an_import_shows_and_links_its_source(room: Newsroom) -> None:
    told = room.catalogue.publish(
        entry("imported", origin="import", source=SourceLink("The Wire", "https://wire.example/a"))
    )

    assert 'First published by <a href="https://wire.example/a"' in room.page(told.address)


def test_a_later_state_of_a_run_is_said_above_the_text(room: Newsroom) -> None:
    told = room.catalogue.publish(
        entry("run", later=("The run ended on Jan. 23, 2026, after 14 sessions.", "/2026/01/23/ended/"))
    )

    assert '<a href="/2026/01/23/ended/">The run ended on Jan. 23' in room.page(told.address)


def test_markdown_is_served_as_text(busy_room: Newsroom) -> None:
    response = busy_room.get(f"{LEAD}index.md")

    assert response.content_type.startswith("text/markdown")
    assert response.text.startswith("# Small caps beat the S&P 500")
    assert f"{HOME}{LEAD}" in response.text


# --- attachments ----------------------------------------------------------------------------------------


def test_a_chart_is_served_from_the_articles_folder_in_a_sandbox(busy_room: Newsroom) -> None:
    response = busy_room.get(f"{LEAD}chart.svg")

    assert response.content_type.startswith("image/svg+xml")
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["ETag"]


@pytest.mark.parametrize(
    "name",
    [
        "index.txt",
        "facts.yaml",
        ".hidden.svg",
        "..%2f..%2fbroadtape.toml",
        "%2e%2e/x.svg",
        "missing.svg",
        "a\\b.svg",
    ],
)
def test_nothing_else_of_the_folder_is_served(busy_room: Newsroom, name: str) -> None:
    folder = busy_room.root / "content" / "articles" / "2026" / "01" / "small-caps-run"
    for file in ("index.txt", "facts.yaml", ".hidden.svg"):
        (folder / file).write_text("secret", encoding="utf-8")

    assert busy_room.get(LEAD + name).status_code == 404


def test_a_link_that_leads_out_of_the_folder_is_not_followed(busy_room: Newsroom) -> None:
    secret = busy_room.root / "secret.svg"
    secret.write_text("<svg/>", encoding="utf-8")
    (busy_room.root / "content/articles/2026/01/small-caps-run/link.svg").symlink_to(secret)

    assert busy_room.get(f"{LEAD}link.svg").status_code == 404


def test_a_plain_article_serves_only_the_files_it_shows(room: Newsroom) -> None:
    folder = room.root / "content" / "articles" / "2026" / "01"
    folder.mkdir(parents=True)
    for name in ("mine.png", "other.png"):
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes([0, 0, 0, 9, 0, 0, 0, 7]))
    told = room.catalogue.publish(
        entry("plain", path="articles/2026/01/plain.md", photo=Photo("mine.png", alt="A"))
    )

    assert room.get(f"{told.address}mine.png").status_code == 200
    assert room.get(f"{told.address}other.png").status_code == 404
    assert 'width="9" height="7"' in room.page(told.address)


@pytest.mark.parametrize("name", ["IMG 0147.JPG", "höfn.jpeg", "IMG_0147.PNG", "flag.gif"])
def test_pictures_are_served_as_cameras_and_editors_name_them(room: Newsroom, name: str) -> None:
    folder = room.root / "content" / "articles" / "2026" / "01"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(b"GIF89a" + bytes([9, 0, 7, 0]))
    html = f'<p><img src="{quoted(name)}" alt="The quay" loading="lazy"></p>'
    told = room.catalogue.publish(entry("plain", path="articles/2026/01/plain.md", html=html))

    assert room.get(f"{told.address}{quoted(name)}").content_type.startswith("image/")
    assert 'loading="lazy" width="9" height="7">' in room.page(told.address)


def test_a_picture_on_a_host_not_allowed_is_a_link(tmp_path: Path) -> None:
    room = Newsroom(tmp_path, more='csp_allow = ["pictures.example"]')
    there = "".join(
        f'<img src="https://{h}.example/a.png" alt="Quay &amp; sea">' for h in ("else", "pictures")
    )
    html = room.page(room.catalogue.publish(entry("views", html=there)).address)

    assert (
        '<a href="https://else.example/a.png" rel="nofollow noopener">Picture: Quay &amp; sea (else.example)</a>'
        in html
    )
    assert '<img src="https://pictures.example/a.png" alt="Quay &amp; sea">' in html


def test_pictures_of_the_body_never_lead_out_of_their_folders(room: Newsroom) -> None:
    (room.root / "content" / "secret.png").write_bytes(b"GIF89a" + bytes([9, 0, 7, 0]))
    (room.root / "content" / "media").mkdir()
    html = '<img src="/media/../secret.png"><img src="../../../secret.png"><img src="/media/%00.png">'
    told = room.catalogue.publish(entry("plain", html=html))

    assert html in room.page(told.address)


def test_media_are_links_within_the_content_only(room: Newsroom, tmp_path: Path) -> None:
    media = room.root / "content" / "media"
    media.mkdir()
    picture = b"GIF89a" + bytes([9, 0, 7, 0])
    (room.root / "content" / "shared.png").write_bytes(picture)
    (room.root / "content" / "draft.md").write_text("not yet", encoding="utf-8")
    (tmp_path / "outside.png").write_bytes(picture)
    (media / "within.png").symlink_to(room.root / "content" / "shared.png")
    (media / "out.png").symlink_to(tmp_path / "outside.png")
    (media / "draft.png").symlink_to(room.root / "content" / "draft.md")
    (media / "round.png").symlink_to(media / "round.png")

    assert room.get("/media/within.png").data == picture
    for name in ("out.png", "draft.png", "round.png", "missing.png", "%2e%2e/shared.png", "//etc/hosts.png"):
        assert room.get(f"/media/{name}").status_code in (301, 308, 404), name


def test_a_standfirst_that_opens_the_text_is_not_printed_twice(room: Newsroom) -> None:
    text = "The ferry is late.\n\nIt is the third time."
    same = room.catalogue.publish(replace(entry("same", summary="The ferry  is late."), text=text))
    own = room.catalogue.publish(replace(entry("own", summary="Why the ferry is late."), text=text))

    assert 'class="standfirst"' not in room.page(same.address)
    assert '<p class="standfirst">Why the ferry is late.</p>' in room.page(own.address)


def test_an_article_without_figures_offers_no_proof_of_them(room: Newsroom) -> None:
    html = room.page(room.catalogue.publish(entry("ferry")).address)

    assert "/proof" not in html
    assert "facts.json" not in html


# --- quotes ---------------------------------------------------------------------------------------------


def test_the_sidebar_prints_the_reference_rows_with_sign_arrow_and_words(busy_room: Newsroom) -> None:
    html = busy_room.page(LEAD)
    table = html[html.index('class="quotes groups"') : html.index("View more")]
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", table))

    for quote in REFERENCE_ROWS:
        assert quote.symbol.partition(":")[2] in text
    assert "246.47 ▼ down −0.91 (−0.37%)" in text
    assert "204.68 ▲ up +6.16 (+3.10%)" in text
    assert "Closing prices of Jan. 12, 2026." in text
    assert "delayed" not in text


def test_recent_quotes_are_the_storys_the_browsers_and_the_whole_watch_list_in_its_order(
    busy_room: Newsroom,
) -> None:
    html = busy_room.page(LEAD)
    groups = html[html.index('class="quotes groups"') : html.index("View more")]
    story, watched = groups.split("Watch list")
    order = [watched.index(f">{quote.symbol.partition(':')[2]}</a>") for quote in REFERENCE_ROWS]

    assert order == sorted(order)
    assert re.findall(r">([A-Z]+)</a>", story) == ["RUT", "SPX", "NVDA", "MSFT"]
    assert re.search(r'<div class="recent" data-recent="\d" hidden>', story)


def test_a_row_of_another_day_names_it_and_a_delay_is_said_only_where_true(room: Newsroom) -> None:
    room.catalogue.boards[SESSION] = board(
        row("NASDAQ:AAPL", "Apple Inc.", "260.25", "0.88", "0.34", delay=20),
        row("NYSE:BAC", "Bank of America", "55.19", "0.00", "0.00", as_of=date(2026, 1, 9)),
        left_out=("NYSE:ORCL", "UNLISTED:XYZ"),
    )
    room.catalogue.quote(walk("NYSE:ORCL", "Oracle Corporation", "204.68", until=date(2026, 1, 8)))
    html = room.page("/quotes/")

    assert html.count("close of <time") == 1
    assert "Jan. 9, 2026" in html
    assert "Quotes delayed at least 20 minutes." in html
    assert "Without a price of that day: Oracle Corporation." in html
    assert "UNLISTED" not in html
    assert "unchanged" in html


def test_a_quote_page_shows_close_figures_chart_history_and_stories(busy_room: Newsroom) -> None:
    html = busy_room.page("/quotes/NASDAQ:NVDA/")

    assert "$184.94" in html
    assert "Closing prices of Jan. 12, 2026." in html
    assert "52-week high (close)" in html
    assert html.count("<tr>") == 31
    assert 'role="img" aria-labelledby="chart-title chart-desc"' in html
    assert "adjusted for splits, not for dividends" in html
    assert LEAD in html


def test_a_class_of_shares_written_with_a_stroke_has_its_pages(busy_room: Newsroom) -> None:
    view = busy_room.catalogue.views["NASDAQ:NVDA"]
    named = replace(view.instrument, symbol="NYSE:BRK/B", name="Berkshire Hathaway B")
    busy_room.catalogue.views["NYSE:BRK/B"] = replace(view, instrument=named)

    for spelt in ("/quotes/NYSE:BRK/B/", "/quotes/NYSE:BRK%2FB/"):
        assert "<h1>Berkshire Hathaway B</h1>" in busy_room.page(spelt)
    assert busy_room.page("/quotes/NYSE:BRK/B/history.csv").startswith("date,")
    assert busy_room.get("/quotes/NYSE:BRK/B/series.json").status_code == 200
    assert busy_room.get("/api/v1/quotes/NYSE:BRK/B/history").get_json()["symbol"] == "NYSE:BRK/B"
    assert busy_room.get("/quotes/nyse:brk/b/").headers["Location"] == "/quotes/NYSE:BRK/B/"
    assert busy_room.get("/quotes/NYSE:BRK/C/").status_code == 404
    assert busy_room.get("/quotes/NYSE:BRK/B/more/").status_code == 404


def test_a_series_including_dividends_shows_no_price(busy_room: Newsroom) -> None:
    html, csv = busy_room.page("/quotes/NYSE:JPM/"), busy_room.page("/quotes/NYSE:JPM/history.csv")

    assert "$" not in html
    assert "310.00" not in html
    assert "including dividends" in html
    assert csv.startswith("date,growth_of_100_including_dividends\n")


@pytest.mark.parametrize("symbol", ["UNLISTED:ABC", "unlisted:abc", "NASDAQ:NOPE", "NVDA", "A" * 50 + ":B"])
def test_an_unknown_or_unlisted_symbol_has_no_page(busy_room: Newsroom, symbol: str) -> None:
    busy_room.catalogue.quote(walk("UNLISTED:ABC", "ABC", "10.00"))

    assert busy_room.get(f"/quotes/{symbol}/").status_code == 404
    assert busy_room.get(f"/quotes/{symbol}/history.csv").status_code == 404


def test_a_lower_case_symbol_leads_to_the_page(busy_room: Newsroom) -> None:
    response = busy_room.get("/quotes/nasdaq:nvda/")

    assert response.status_code == 301
    assert response.headers["Location"] == "/quotes/NASDAQ:NVDA/"


def test_a_phone_shows_the_close_and_its_change_before_the_rest(busy_room: Newsroom) -> None:
    html = busy_room.page("/quotes/NASDAQ:NVDA/")
    head = re.search(r"<tr><th scope=\"col\">Session</th>.*?</tr>", html)
    index = busy_room.page("/quotes/INDEXSP:SPX/")

    assert head is not None
    assert re.findall(r">([A-Z][^<]*)</th>", head[0]) == [
        *("Session", "Close", "Change (%)", "Open", "High", "Low", "Volume"),
    ]
    assert "Volume" not in index


def test_an_instrument_that_stopped_trading_says_since_when(busy_room: Newsroom) -> None:
    busy_room.catalogue.quote(walk("NASDAQ:OLD", "Old Co.", "5.00", until=date(2025, 4, 4)))

    assert "The last price we have is of April 4, 2025; other series reach Jan. 12, 2026." in busy_room.page(
        "/quotes/NASDAQ:OLD/"
    )


def test_markets_shows_windows_for_benchmarks_and_watch_list(busy_room: Newsroom) -> None:
    html = busy_room.page("/markets/")

    assert "Benchmarks" in html
    assert "Watch list" in html
    assert "Year to date" in html
    assert "Sector funds" not in html


def test_markets_shows_the_group_sectors_else_the_funds_the_desk_knows(tmp_path: Path) -> None:
    room = Newsroom(tmp_path)
    fund = walk("BATS:OWN", "A Sector Fund of Our Own", "140.00", kind="etf")
    room.catalogue.quote(replace(fund, instrument=replace(fund.instrument, groups=("sectors",))))
    source = FileSource(name="funds", path="funds.csv", holds="bars", group="sectors")
    app = create_app(
        replace(room.instance, sources=(source,)),
        catalogue=room.catalogue,  # type: ignore[arg-type]  # the fake stands in
        search=room.search,
        clock=lambda: NOW,
    )

    assert "A Sector Fund of Our Own" in app.test_client().get("/markets/", base_url=HOME).text
    assert "Sector funds" not in room.page("/markets/")
    room.catalogue.quote(walk("NYSEARCA:XLK", "Technology Select Sector SPDR", "140.00", kind="etf"))
    room.catalogue.generation += 1
    assert "Technology Select Sector SPDR" in room.page("/markets/")


# --- lists, corrections, standing pages -----------------------------------------------------------------


def test_a_long_list_is_paged_and_a_page_beyond_it_is_not_there(tmp_path: Path) -> None:
    room = Newsroom(tmp_path)
    for number in range(45):
        room.catalogue.publish(
            entry(f"s-{number}", when=datetime(2026, 1, 12, tzinfo=UTC) - timedelta(hours=number))
        )
    html = room.page("/topics/small-caps/?page=2")

    assert "<title>Stories on Small caps, page 2 – Sausalito</title>" in html
    assert "Page 2 of 3" in html
    assert 'rel="prev" href="/topics/small-caps/"' in html
    assert 'rel="next" href="/topics/small-caps/?page=3"' in html
    for bad in ("4", "0", "-1", "x", "", "9" * 30, "²"):
        assert room.get(f"/topics/small-caps/?page={bad}").status_code == 404, bad


def test_a_topic_is_found_by_its_key_only(room: Newsroom) -> None:
    room.catalogue.publish(entry("a", topics=("Small Caps",)))

    assert room.get("/topics/small-caps/").status_code == 200
    assert room.get("/topics/Small-Caps/").status_code == 301
    assert room.get("/topics/nothing/").status_code == 404


@pytest.mark.parametrize("kind", ["topics", "authors"])
def test_a_name_with_an_accent_has_a_page_of_its_own(room: Newsroom, kind: str) -> None:
    room.catalogue.publish(entry("menu", topics=["Café"], authors=("Café",)))

    page = room.get(f"/{kind}/caf%C3%A9/")
    other = room.get(f"/{kind}/CAF%C3%89/")

    assert page.status_code == 200
    assert (other.status_code, other.headers["Location"]) == (301, f"/{kind}/caf%C3%A9/")


def test_corrections_of_all_stories_are_listed_newest_first(room: Newsroom) -> None:
    for day in (3, 9, 6):
        fix = Correction(datetime(2026, 1, day, tzinfo=UTC), f"Fix of the {day}th.")
        room.catalogue.publish(entry(f"c-{day}", corrections=(fix,)))
    html = room.page("/corrections/")

    assert html.index("Fix of the 9th.") < html.index("Fix of the 6th.") < html.index("Fix of the 3th.")


def test_a_standing_page_of_the_site_replaces_the_shipped_one(room: Newsroom) -> None:
    shipped = room.page("/about/")
    room.catalogue.standing["about"] = StandingPage("about", "Who we are", "<p>Ours.</p>", "Ours.")

    assert "About this site" in shipped
    assert "<h1>Who we are</h1>" in room.page("/about/")


@pytest.mark.parametrize("name", ["about", "methods", "privacy", "terms", "accessibility"])
def test_every_standing_page_is_shipped_with_a_title(name: str) -> None:
    text = resources.default_page(name)

    assert text is not None
    assert text.startswith("---\ntitle: ")


def test_there_is_no_shipped_page_outside_the_defaults() -> None:
    assert resources.default_page("../base") is None
    assert resources.default_page("nothing") is None


# --- moved, withdrawn, broken ---------------------------------------------------------------------------


def test_a_former_address_leads_to_the_present_one(room: Newsroom) -> None:
    room.catalogue.aliases = {"/2026/01/11/old/": "/2026/01/12/new/", "/news/old.html": "/2026/01/12/new/"}

    for old in room.catalogue.aliases:
        response = room.get(old)
        assert (response.status_code, response.headers["Location"]) == (301, "/2026/01/12/new/")


def test_a_withdrawn_story_answers_410_with_its_note(room: Newsroom) -> None:
    address = "/2026/01/12/wrong/"
    room.catalogue.withdrawn[address] = Gone(
        "Wrong story", datetime(2026, 1, 13, tzinfo=UTC), "The data were wrong."
    )
    response = room.get(address)

    assert response.status_code == 410
    assert "“Wrong story” was withdrawn" in response.text
    assert "The data were wrong." in response.text


def test_an_address_without_its_last_slash_leads_to_the_story(busy_room: Newsroom) -> None:
    response = busy_room.get(LEAD.rstrip("/"))

    assert response.status_code in (301, 308)
    assert response.headers["Location"].endswith(LEAD)


@pytest.mark.parametrize("path", ["/markets", "/search/?q=x", "//markets", "/topics/banks?page=2"])
def test_a_redirect_never_repeats_the_hosts_name(busy_room: Newsroom, path: str) -> None:
    response = busy_room.get(path, Host="sausalito.example:4711")

    assert response.headers.get("Location", "/").startswith("/")
    assert not response.headers.get("Location", "/").startswith("//")
    assert "4711" not in response.text


def test_writing_to_a_page_is_405_and_says_what_is_allowed(busy_room: Newsroom) -> None:
    response = busy_room.client.post("/", base_url=HOME)

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert "This cannot be done here" in response.text


def test_a_failure_shows_no_trace_and_a_reference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(FakeCatalogue):
        def latest(self, site: str, **wanted: Any) -> Any:
            raise RuntimeError("secret detail")

    room = Newsroom(tmp_path, Broken())
    response = room.get("/")
    reference = re.search(r"Reference: <code>([0-9a-f]{8})</code>", response.text)

    assert response.status_code == 500
    assert "secret detail" not in response.text
    assert "Traceback" not in response.text
    assert reference is not None
    assert reference[1] in capsys.readouterr().out


def test_an_article_of_the_future_is_not_there_yet(room: Newsroom) -> None:
    told = room.catalogue.publish(entry("tomorrow", when=NOW + timedelta(days=1)))

    assert room.get(told.address).status_code == 404
    assert "Tomorrow" not in room.page("/")


# --- HTTP -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        LEAD,
        f"{LEAD}facts.json",
        f"{LEAD}chart.svg",
        "/feed.xml",
        "/sitemap.xml",
        "/static/site.css",
        "/quotes/NASDAQ:NVDA/history.csv",
    ],
)
def test_an_unchanged_page_is_304_and_head_has_the_same_headers(busy_room: Newsroom, path: str) -> None:
    first = busy_room.get(path)
    again = busy_room.get(path, If_None_Match=first.headers["ETag"])
    head = busy_room.client.head(path, base_url=HOME, buffered=True)

    assert again.status_code == 304
    assert again.data == b""
    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["ETag"] == first.headers["ETag"]


def test_the_clock_alone_does_not_change_a_pages_tag(tmp_path: Path) -> None:
    catalogue = busy(FakeCatalogue(), tmp_path)
    room = Newsroom(tmp_path, catalogue)
    later = create_app(
        room.instance, catalogue=catalogue, search=room.search, clock=lambda: NOW + timedelta(minutes=3)
    )  # type: ignore[arg-type]  # the fake stands in
    first, second = room.get("/"), later.test_client().get("/", base_url=HOME)

    assert first.text != second.text
    assert first.headers["ETag"] == second.headers["ETag"]


def test_a_page_not_modified_since_is_304(busy_room: Newsroom) -> None:
    stamp = busy_room.get(LEAD).headers["Last-Modified"]

    assert busy_room.get(LEAD, If_Modified_Since=stamp).status_code == 304
    assert busy_room.get(LEAD, If_Modified_Since="Mon, 12 Jan 2026 00:00:00 GMT").status_code == 200


def test_static_files_with_a_digest_are_kept_for_ever(busy_room: Newsroom) -> None:
    html = busy_room.page("/")
    style = re.search(r'href="(/static/site\.css\?v=[0-9a-f]{10})"', html)

    assert style is not None
    assert "immutable" in busy_room.get(style[1]).headers["Cache-Control"]
    assert "immutable" not in busy_room.get("/static/site.css").headers["Cache-Control"]
    assert "immutable" not in busy_room.get("/static/site.css?v=made-up").headers["Cache-Control"]
    assert "immutable" not in busy_room.get("/palette.css?v=made-up").headers["Cache-Control"]
    assert busy_room.get("/static/../press.py").status_code == 404


# --- machines -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("under", ["/", "/topics/banks/", "/authors/market-desk/", "/quotes/NASDAQ:NVDA/"])
@pytest.mark.parametrize(("file", "kind"), [("feed.xml", "xml"), ("atom.xml", "xml"), ("feed.json", "json")])
def test_every_list_has_its_three_feeds(busy_room: Newsroom, under: str, file: str, kind: str) -> None:
    response = busy_room.get(under + file)

    assert response.status_code == 200
    assert kind in response.content_type


@pytest.mark.parametrize(
    "path",
    [
        "/topics/none/feed.xml",
        "/authors/none/atom.xml",
        "/quotes/NASDAQ:NONE/feed.json",
        "/quotes/UNLISTED:X/feed.xml",
    ],
)
def test_a_feed_of_nothing_is_not_there(busy_room: Newsroom, path: str) -> None:
    assert busy_room.get(path).status_code == 404


def test_the_sitemap_lists_every_page_that_exists(busy_room: Newsroom) -> None:
    root = ET.fromstring(busy_room.get("/sitemap.xml").data)
    places = [element.text or "" for element in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]

    assert f"{HOME}{LEAD}" in places
    assert len(places) == len(set(places))
    for place in places:
        assert busy_room.get(place.removeprefix(HOME)).status_code == 200, place


def test_the_news_sitemap_leaves_out_old_and_backdated_stories(tmp_path: Path) -> None:
    room = Newsroom(tmp_path)
    room.catalogue.publish(entry("fresh", title="Fresh & new"))
    room.catalogue.publish(entry("old", when="2026-01-09T08:00:00-08:00"))
    room.catalogue.publish(entry("backdated", written=datetime(2026, 11, 22, tzinfo=UTC)))
    body = room.get("/news-sitemap.xml").text
    ET.fromstring(body)

    assert "Fresh &amp; new" in body
    assert "/old/" not in body
    assert "/backdated/" not in body


def test_opensearch_and_icon_are_well_formed(busy_room: Newsroom) -> None:
    for path in ("/opensearch.xml", "/favicon.svg", "/favicon.ico"):
        ET.fromstring(busy_room.get(path).data)

    assert f"{HOME}/search?q={{searchTerms}}" in busy_room.get("/opensearch.xml").text


def test_metrics_name_generation_and_articles(busy_room: Newsroom) -> None:
    text = busy_room.get("/metrics", base="http://127.0.0.1").text

    assert 'broadtape_articles{site="sausalito"} 30' in text


# --- search ---------------------------------------------------------------------------------------------


def test_an_empty_search_offers_topics_and_the_latest(busy_room: Newsroom) -> None:
    html = busy_room.page("/search")

    assert "Browse by topic" in html
    assert "Latest stories" in html
    assert not busy_room.search.asked


def test_a_search_shows_marked_titles_counts_facets_and_its_feed(busy_room: Newsroom) -> None:
    html = busy_room.page("/search?q=caps")

    assert "<mark>caps</mark>" in html
    assert "stories for “caps”" in html
    assert 'href="/search?q=caps&amp;topic=records"' in html
    assert 'href="/search/feed.xml?q=caps"' in html
    assert 'name="robots" content="noindex' in html


def test_a_search_typed_with_a_stroke_is_the_same_search(busy_room: Newsroom) -> None:
    done = busy_room.get("/search/?q=rotation%20now&sort=newest")

    assert done.status_code == 301
    assert done.headers["Location"].endswith("/search?q=rotation%20now&sort=newest")


def test_all_of_a_search_is_in_its_address(busy_room: Newsroom) -> None:
    html = busy_room.page("/search?q=caps&topic=small-caps&year=2026&sort=date&page=1")
    query = busy_room.search.asked[-1]

    assert (query.text, query.topic, query.year, query.sort, query.site) == (
        "caps",
        "small-caps",
        2026,
        "date",
        "sausalito",
    )
    assert '<input type="hidden" name="topic" value="small-caps">' in html
    assert '<input type="hidden" name="sort" value="date">' in html
    assert 'href="/search?q=caps&amp;year=2026&amp;sort=date"' in html  # without the topic
    assert 'aria-current="true">newest first' in html


def test_a_long_result_is_paged_and_a_page_beyond_it_is_the_last(busy_room: Newsroom) -> None:
    html = busy_room.page("/search?q=move&page=999999")

    assert "Page 3 of 3" in html
    assert 'rel="prev" href="/search?q=move&amp;page=2"' in html


def test_no_result_offers_another_spelling(busy_room: Newsroom) -> None:
    html = busy_room.page("/search?q=smoll+caps")

    assert 'Did you mean <a href="/search?q=small+caps">small caps</a>?' in html
    assert "these are for that spelling" in html
    assert "<mark>Small</mark> <mark>caps</mark>" in html
    assert 'value="smoll caps"' in html


def test_dates_narrow_and_stay_in_the_address(busy_room: Newsroom) -> None:
    html = busy_room.page("/search?q=caps&since=2026-01-02&until=2026-13-99")
    query = busy_room.search.asked[-1]

    assert (query.since, query.until) == (date(2026, 1, 2), None)
    assert 'name="since" type="date" value="2026-01-02"' in html
    assert 'name="until" type="date" value=""' in html
    assert 'href="/search?q=caps">Since: Jan. 2, 2026' in html  # taking it away


def test_no_result_offers_wider_searches_that_find_something(busy_room: Newsroom) -> None:
    assert "Without filters" in busy_room.page("/search?q=caps&year=1999")
    assert "Nothing matches" in busy_room.page("/search?q=xyzzy")
    assert "Without filters" not in busy_room.page("/search?q=xyzzy&year=1999")


def test_a_typed_ticker_leads_to_its_quote_page(busy_room: Newsroom) -> None:
    assert '<a href="/quotes/NASDAQ:NVDA/">NVIDIA Corporation (NASDAQ:NVDA)</a>' in busy_room.page(
        "/search?q=nvda"
    )


@pytest.mark.parametrize(
    "query",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "a" * 5000,
        "\x00\x1b[31m",
        "%F0%9F%93%88",
        "page=x&year=99999&sort=up",
    ],
)
def test_a_hostile_query_is_text(busy_room: Newsroom, query: str) -> None:
    response = busy_room.client.get("/search", query_string={"q": query}, base_url=HOME)

    assert response.status_code == 200
    assert "<script>alert" not in response.text
    assert "<img src=x" not in response.text
    assert len(busy_room.search.asked[-1].text) <= 500


def test_suggestions_are_in_the_opensearch_form(busy_room: Newsroom) -> None:
    response = busy_room.get("/search/suggest?q=smal")

    assert response.content_type.startswith("application/x-suggestions+json")
    assert json.loads(response.text) == ["smal", ["small", "smaller"]]
    assert json.loads(busy_room.page("/search/suggest")) == ["", []]


def test_every_feed_in_the_list_of_feeds_answers(busy_room: Newsroom) -> None:
    listed = busy_room.get("/feeds.opml")

    assert listed.content_type.startswith("text/x-opml")
    addresses = re.findall(r'xmlUrl="https?://[^/"]+([^"]+)"', listed.text)
    assert len(addresses) > 3
    assert {busy_room.get(address).status_code for address in addresses} == {200}


@pytest.mark.parametrize("asked", ["?page=0", "?page=999", "?page=x", "?page=-1"])
def test_a_feed_page_that_is_not_there_is_404(busy_room: Newsroom, asked: str) -> None:
    assert busy_room.get(f"/feed.xml{asked}").status_code == 404


def test_a_search_has_feeds_with_their_own_addresses(busy_room: Newsroom) -> None:
    body = busy_room.page("/search/atom.xml?q=caps")

    assert f"{HOME}/search/atom.xml?q=caps" in body
    assert "Small caps close above 2,600" in body
    assert busy_room.get("/search/feed.xml").status_code == 404


def test_the_methods_page_tells_the_sites_record(busy_room: Newsroom, room: Newsroom) -> None:
    entries = busy_room.catalogue.entries
    claims = sum(sum(one.proof.values()) for one in entries)

    page = busy_room.page("/about/methods/")

    assert f"<dt>Figures and claims in them</dt><dd>{claims:,}</dd>" in page
    assert "<dt>Corrections per 1,000 stories</dt>" in page
    assert "Our record" not in room.page("/about/methods/")


@pytest.mark.parametrize(
    ("count", "of", "said"),
    [(1, 1000, "0"), (1, 3, "0.3"), (2, 3, "0.7"), (5, 1, "5"), (12_345_000, 1000, "12,345")],
)
def test_a_rate_is_said_to_one_decimal(count: int, of: int, said: str) -> None:
    assert standing.per(count, of) == said


def test_a_page_that_is_not_there_offers_a_search(room: Newsroom) -> None:
    page = room.get("/no-such-page/").text

    assert 'action="/search"' in page
    assert "What were you looking for?" in page


# --- contract -------------------------------------------------------------------------------------------


def test_the_contract_names_every_context_and_its_fields() -> None:
    text = (Path(__file__).parents[2] / "docs" / "contracts" / "pages.md").read_text(encoding="utf-8")
    told = {
        match[1]: set(re.findall(r"\w+", match[2]))
        for match in re.finditer(r"^\| `(\w+)` \| [^|]*\| ([^|]*)\|$", text, re.MULTILINE)
    }
    real = {
        name: set(kind.__struct_fields__)
        for name, kind in vars(contexts).items()
        if isinstance(kind, type) and issubclass(kind, Struct) and kind is not Struct
    }

    assert told == real


def test_a_fact_in_a_body_without_an_article_is_never_reworded(room: Newsroom) -> None:
    view = change_fact()
    address = "/2026/01/12/one/"
    told = room.catalogue.publish(
        entry(
            "one", html=f"<p>It {claim(view, 'fell 0.7% in <em>December</em>', address)}.</p>", facts=[view]
        ),
        facts=[view],
    )

    assert "“fell 0.7% in December”" in room.page(f"{told.address}proof")


def test_numbers_of_readers_requests_are_bounded(busy_room: Newsroom) -> None:
    assert busy_room.get("/topics/" + "a" * 3000 + "/").status_code == 404
    assert busy_room.get("/%ff%fe").status_code == 404
