"""What machines read of a site besides feeds and the API: structured data, cards, sitemaps, icons, contacts."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from web_fakes import NOW, FakeCatalogue, FakeSearch, busy, entry, instance
from werkzeug.test import TestResponse

from broadtape import icons, raster
from broadtape.archive.catalogue import Catalogue
from broadtape.archive.cataloguing import CatalogueWriter
from broadtape.archive.records import Filing
from broadtape.config import Instance
from broadtape.model import SourceLink
from broadtape.publishing import icons as drawing
from broadtape.web import create_app

HOME = "https://sausalito.example"
LEAD = "/2026/01/12/small-caps-run/"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def client(made: Instance, catalogue: FakeCatalogue) -> FlaskClient:
    app = create_app(
        made,
        catalogue=catalogue,  # type: ignore[arg-type]  # the fake stands in
        search=FakeSearch(catalogue),
        clock=lambda: NOW,
    )
    return app.test_client()


def get(of: FlaskClient, path: str, base: str = HOME) -> TestResponse:
    return of.get(path, base_url=base, buffered=True)


@pytest.fixture
def site(tmp_path: Path) -> FlaskClient:
    return client(instance(tmp_path, audience="public"), busy(FakeCatalogue(), tmp_path))


def structured(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def properties(html: str) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for name, value in re.findall(r'<meta property="([^"]+)" content="([^"]*)">', html):
        held.setdefault(name, []).append(unescape(value))
    return held


# --- structured data and cards ------------------------------------------------------------------------------


def test_an_article_says_what_it_rests_on_and_is_about(site: FlaskClient) -> None:
    data = structured(get(site, LEAD).text)

    (facts,) = data["isBasedOn"]
    assert (facts["@type"], facts["url"]) == ("Dataset", f"{HOME}{LEAD}facts.json")
    assert facts["temporalCoverage"] == "../2026-01-12"
    assert {"@type": "Corporation", "name": "NVIDIA Corporation", "tickerSymbol": "NASDAQ NVDA",
            "url": f"{HOME}/quotes/NASDAQ:NVDA/"} in data["about"]  # fmt: skip
    assert data["inLanguage"] == "en-US"
    assert data["contentReferenceTime"] == "2026-01-12"
    assert data["dateCreated"] == "2026-11-22T10:00:00+00:00"
    assert data["correction"][0]["text"] == "An earlier version gave the day as Jan. 9."
    assert data["keywords"][0] == data["articleSection"] == "Small caps"


def test_an_import_rests_on_the_story_it_reports_and_links_no_script(tmp_path: Path) -> None:
    catalogue = FakeCatalogue()
    catalogue.publish(entry("good", source=SourceLink("The Wire", "https://wire.example/a"), origin="import"))
    catalogue.publish(entry("bad", source=SourceLink("The Wire", "javascript:alert(1)"), origin="import"))
    of = client(instance(tmp_path), catalogue)

    good, bad = get(of, "/2026/01/12/good/").text, get(of, "/2026/01/12/bad/").text
    assert structured(good)["isBasedOn"] == [
        {"@type": "CreativeWork", "name": "The Wire", "url": "https://wire.example/a"}
    ]
    assert structured(bad)["isBasedOn"] == [{"@type": "CreativeWork", "name": "The Wire"}]


def test_cards_say_when_of_what_and_in_which_language(site: FlaskClient) -> None:
    held = properties(get(site, LEAD).text)

    assert held["og:type"] == ["article"]
    assert held["og:locale"] == ["en_US"]
    assert held["article:published_time"] == ["2026-01-12T13:41:00-08:00"]
    assert held["article:modified_time"] == ["2026-01-12T23:00:00+00:00"]
    assert held["article:tag"][:2] == ["Small caps", "Records"]
    assert "article:author" not in held  # a desk is no person
    assert "article:tag" not in properties(get(site, "/").text)


@pytest.mark.parametrize(
    "path", ["/", "/topics/banks/", "/authors/market-desk/", "/quotes/NASDAQ:NVDA/", "/search?q=the"]
)
def test_readers_find_every_feed_of_a_page_in_the_form_they_want(site: FlaskClient, path: str) -> None:
    html = get(site, path).text
    found = re.findall(r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">', html)
    kinds = ["application/rss+xml", "application/atom+xml", "application/feed+json"]

    assert [kind for kind, _ in found] == kinds * (1 if path == "/" else 2)
    for kind, address in found:
        answer = get(site, unescape(address))
        assert answer.status_code == 200, address
        assert answer.content_type.startswith("application/feed+json") == (kind == kinds[2])


# --- sitemaps ---------------------------------------------------------------------------------------------


def addresses(of: FlaskClient, base: str, path: str = "/sitemap.xml") -> list[str]:
    return [one.text or "" for one in ET.fromstring(get(of, path, base).data).iter(f"{SITEMAP}loc")]


def test_a_sitemap_holds_no_copy_that_is_not_to_be_indexed(tmp_path: Path) -> None:
    catalogue = FakeCatalogue()
    catalogue.publish(entry("ours", owner_site="sausalito"))
    catalogue.publish(entry("theirs", owner_site="keywest"))
    catalogue.publish(entry("everyones"))
    of = client(instance(tmp_path, audience="public", second=True), catalogue)

    owner, copies = addresses(of, HOME), addresses(of, "https://keywest.example")
    assert {one.rsplit("/", 2)[1] for one in owner if "/2026/01/12/" in one} == {
        "ours",
        "theirs",
        "everyones",
    }
    assert {one.rsplit("/", 2)[1] for one in copies if "/2026/01/12/" in one} == {"theirs", "everyones"}
    assert all(one.startswith("https://keywest.example/") for one in copies)


def test_the_catalogue_knows_which_articles_another_site_owns(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    with CatalogueWriter(path) as writer, writer.change(now=NOW):
        for slug, owner in (("mine", "bay"), ("theirs", "hills"), ("free", "")):
            article = replace(
                entry(slug).article, path=slug, id=slug, owner_site=owner, body='"owner_site":"bay"'
            )
            writer.put(
                Filing(article, f"/{slug}/", "", "", 1, {}, {}, {"bay": "x", "hills": "x"}, ()), now=NOW
            )
    catalogue = Catalogue(path, now=lambda: NOW)

    assert catalogue.owned_elsewhere("bay") == ["/theirs/"]
    assert catalogue.owned_elsewhere("hills") == ["/mine/"]


def test_a_news_sitemap_holds_each_sites_stories_of_two_days(tmp_path: Path) -> None:
    catalogue = FakeCatalogue()
    for slug, hours in (("new", 2), ("day-old", 30), ("old", 50)):
        catalogue.publish(entry(slug, when=NOW - timedelta(hours=hours)))
    catalogue.publish(entry("only-here", when=NOW - timedelta(hours=1), sites=("sausalito",)))
    of = client(instance(tmp_path, audience="public", second=True), catalogue)

    def slugs(base: str) -> list[str]:
        return [one.rsplit("/", 2)[1] for one in addresses(of, base, "/news-sitemap.xml")]

    assert slugs(HOME) == ["only-here", "new", "day-old"]
    assert slugs("https://keywest.example") == ["new", "day-old"]


# --- icons, manifest, contact -------------------------------------------------------------------------------


def test_icons_are_drawn_once_and_again_when_the_sites_own_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = instance(tmp_path)
    asked: list[int] = []
    monkeypatch.setattr(raster, "aside", lambda svg, width, height: asked.append(width) or b"\x89PNG drawn")

    assert (drawing.work(made), drawing.work(made)) == (3, 0)
    (made.sites["sausalito"].folder / "favicon.svg").write_text("<svg/>", encoding="utf-8")
    assert drawing.work(made) == 3
    assert asked == [180, 192, 512] * 2


def test_an_icon_that_cannot_be_drawn_is_left_out(tmp_path: Path) -> None:
    made = instance(tmp_path)
    (made.sites["sausalito"].folder / "favicon.svg").write_text("no drawing", encoding="utf-8")

    assert drawing.work(made) == 0
    assert icons.picture(made, "sausalito", "icon-192.png") is None
    assert drawing.work(made) == 0


def test_the_initial_is_a_real_picture(tmp_path: Path) -> None:
    picture = raster.png(icons.svg(instance(tmp_path).sites["sausalito"]), 192, 192)

    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(picture[16:20], "big") == 192


def test_the_manifest_names_the_icons_that_are_there(tmp_path: Path) -> None:
    made = instance(tmp_path, more='palette = { accent = "#123456" }')
    of = client(made, busy(FakeCatalogue(), tmp_path))
    before = json.loads(get(of, "/site.webmanifest").text)
    place = icons.folder(made, "sausalito")
    place.mkdir(parents=True)
    (place / "icon-192.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (place / "apple-touch-icon.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    after = json.loads(get(of, "/site.webmanifest").text)
    html = get(of, "/about/").text

    assert [one["src"] for one in before["icons"]] == ["/favicon.svg"]
    assert [one["src"] for one in after["icons"]] == [
        "/favicon.svg",
        "/apple-touch-icon.png",
        "/icon-192.png",
    ]
    assert (after["name"], after["theme_color"]) == ("Sausalito", "#123456")
    assert '<link rel="manifest" href="/site.webmanifest">' in html
    assert '<link rel="apple-touch-icon" href="/apple-touch-icon.png">' in html
    assert get(of, "/icon-192.png").content_type == "image/png"
    assert get(of, "/icon-512.png").status_code == 404


def test_a_finder_of_a_weakness_knows_whom_to_tell_for_months(site: FlaskClient) -> None:
    answer = get(site, "/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())

    assert answer.content_type == "text/plain; charset=utf-8"
    assert fields["Contact"] == "mailto:desk@example.org"
    assert fields["Canonical"] == f"{HOME}/.well-known/security.txt"
    left = datetime.fromisoformat(fields["Expires"]) - NOW
    assert timedelta(days=120) < left < timedelta(days=365)


def test_nobody_is_named_where_the_settings_name_nobody(tmp_path: Path) -> None:
    of = client(replace(instance(tmp_path), contact=""), busy(FakeCatalogue(), tmp_path))

    assert get(of, "/.well-known/security.txt").status_code == 404


# --- caching ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/", "public, max-age=60"), (LEAD, "public, max-age=60"), ("/feed.xml", "public, max-age=300"),
        ("/api/v1/markets", "public, max-age=60"), ("/sitemap.xml", "public, max-age=3600"),
        ("/site.webmanifest", "public, max-age=86400"), ("/embed/headlines", "public, max-age=300"),
        ("/no-such-page/", "no-cache"), ("/healthz", "no-store"),
    ],
)  # fmt: skip
def test_each_kind_of_answer_says_how_long_it_may_be_kept(site: FlaskClient, path: str, said: str) -> None:
    assert get(site, path).headers["Cache-Control"].startswith(said)
