"""Every output of a public instance, walked link by link: no figure of a series that may not be republished."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import wire
from fakes import FakeMarket
from newsroom import NOON, Newsroom

from broadtape import config, search
from broadtape.model import Instrument
from broadtape.publishing import searchable
from broadtape.web import create_app
from newswire.observations import Harvest, Provenance, Reading

BASE = "http://bay.localhost:8000"
# AAA may be computed with, not republished; BBB and the fund that follows AAA may.
PRIVATE = {"2026-01-15": "7131.77", "2026-01-16": "7219.31", "2026-01-20": "7345.67"}
SECRET = re.compile(
    r"7,?131\.77|7,?219\.31|7,?345\.67|\b3\.00\s?%|\b1\.75\s?%|\b1\.23\s?%|\b213\.90|\b126\.36|Withheldite"
)
AAA = "Aaa (NASDAQ: AAA) [rose 3.00%](fact:return?of=NASDAQ:AAA&over=2s) in two sessions. Withheldite."
BBB = "Bbb [fell 1.02%](fact:return?of=NASDAQ:BBB&over=2s) in two sessions (NASDAQ: BBB), (NASDAQ: AAA)."
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><text>7,345.67</text></svg>'


def market() -> FakeMarket:
    return FakeMarket(
        "2026-01-20",
        {
            "NASDAQ:AAA": {
                day: {"close": price, "high": price, "low": price} for day, price in PRIVATE.items()
            },
            "NASDAQ:BBB": {"2026-01-15": "50.00", "2026-01-16": "49.00", "2026-01-20": "49.49"},
            "NYSEARCA:FND": {"2026-01-15": "71.30", "2026-01-16": "72.10", "2026-01-20": "73.40"},
        },
        public=["NASDAQ:BBB", "NYSEARCA:FND"],
        instruments=[Instrument("NYSEARCA:FND", "Aaa Fund", "etf", proxy_of="NASDAQ:AAA")],
        benchmarks={"large": "NASDAQ:AAA"},
        sessions=[*PRIVATE],
    )


class Reader:
    """Someone who follows every link, reads every feed and file, and tries the addresses that need no link."""

    ALWAYS = (
        "/", "/markets/", "/quotes/", "/quotes/NASDAQ:AAA/", "/quotes/NASDAQ:AAA/history.csv", "/quotes/NYSEARCA:FND/",
        "/feed.xml", "/atom.xml", "/feed.json", "/sitemap.xml", "/news-sitemap.xml", "/search/", "/search?q=aaa",
        "/search?q=rose", "/search?q=withheldite",
        "/search/suggest?q=aa", "/search/feed.xml?q=aaa", "/quotes/NASDAQ:AAA/feed.xml",
        "/quotes/NASDAQ:AAA/feed.json", "/healthz", "/metrics", "/opensearch.xml", "/feeds.opml", "/robots.txt",
        "/archive/2026/01/",
        "/2026/01/20/private-one/", "/2026/01/20/private-one/proof", "/2026/01/20/private-one/facts.json",
        "/2026/01/20/private-one/index.md", "/2026/01/20/overridden/", "/2026/01/20/charted/",
        "/2026/01/20/public-one/proof",
        "/2026/01/20/public-one/facts.json", "/2026/01/20/public-one/index.md", "/2026/01/20/charted/chart.csv",
        "/2026/01/20/charted/chart.svg", "/articles/2026/01/charted/chart.csv",
        "/quotes/NASDAQ:AAA/series.json", "/quotes/NASDAQ:BBB/series.json", "/quotes/NASDAQ:BBB/?vs=NASDAQ:AAA",
        "/quotes/?q=aaa", "/local/", "/.well-known/security.txt", "/widgets/", "/embed/quotes", "/embed/headlines",
        "/embed/quotes?symbols=NASDAQ:AAA,NASDAQ:BBB", "/api/v1/", "/api/v1/openapi.json", "/api/v1/articles",
        "/api/v1/quotes", "/api/v1/quotes/NASDAQ:AAA", "/api/v1/quotes/NASDAQ:AAA/history",
        "/api/v1/quotes/NYSEARCA:FND", "/api/v1/quotes/NASDAQ:BBB/history", "/api/v1/search?q=aaa",
        "/api/v1/search?q=fact:return", "/api/v1/symbols?q=a",
        "/api/v1/markets", "/search?q=fact:return", "/2026/01/20/public-one/versions/2026-01-16.md",
    )  # fmt: skip
    IDS = re.compile(r'"id":\s*"([\w-]{20,30})"')
    ADDRESS = re.compile(
        r"""(?:(?:href|src|url)\s*[=:]|content=(?=["'](?:/|http)))\s*["']([^"'<>]+)["']|<(?:link|loc|id|guid[^>]*)>([^<]+)<"""
    )

    def __init__(self, newsroom: Newsroom) -> None:
        app = create_app(newsroom.instance, catalogue=newsroom.catalogue, clock=lambda: NOON)
        self.routes = [str(rule) for rule in app.url_map.iter_rules()]
        self.client = app.test_client()
        self.read: dict[str, str] = {}

    def walk(self) -> dict[str, str]:
        """Address → body, of everything that answered with something."""
        waiting = list(self.ALWAYS)
        seen = set(waiting)
        waiting += self._of_the_api()
        while waiting:
            address = waiting.pop()
            answer = self.client.get(address, base_url=BASE, buffered=True)
            body = answer.get_data(as_text=True)
            self.read[address] = f"{answer.status_code}\n{answer.headers}\n{body}"
            named = [
                f"/api/v1/articles/{one}{end}" for one in self.IDS.findall(body) for end in ("", "/facts")
            ]
            for found in (*self._addresses(address, body), *named):
                if found not in seen and len(seen) < 1_000:
                    seen.add(found)
                    waiting.append(found)
        return self.read

    def _of_the_api(self) -> list[str]:
        """Each article that the API lists, and its facts."""
        listed = self.client.get("/api/v1/articles?limit=100", base_url=BASE).get_json()["articles"]
        return [f"/api/v1/articles/{one['id']}{more}" for one in listed for more in ("", "/facts")]

    def _addresses(self, page: str, body: str) -> Iterator[str]:
        for pair in self.ADDRESS.findall(body):
            parts = urlsplit(urljoin(BASE + page, html.unescape(pair[0] or pair[1]).strip()))
            if (
                parts.scheme == "http"
                and parts.netloc == urlsplit(BASE).netloc
                and not parts.path.startswith("/static")
            ):
                yield parts.path + (f"?{parts.query}" if parts.query else "")


def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, audience: str) -> Newsroom:
    room = Newsroom(tmp_path, monkeypatch, market=market(), settings=f'audience = "{audience}"\n')
    monkeypatch.setattr(searchable, "open_writer", search.open_writer)
    room.write(
        "broadtape.toml",
        f'[instance]\ntitle = "Test"\ndefault_site = "bay"\naudience = "{audience}"\n'
        '[desk]\nbenchmarks = { large = "NASDAQ:AAA" }\n',
    )
    room.site("bay", watch_list=["NASDAQ:AAA", "NASDAQ:BBB"])
    room.post("private-one", AAA, title="Aaa rises")
    room.post("overridden", AAA, title="Aaa rises again", override="we hold a licence by word of mouth")
    room.post("public-one", BBB, title="Bbb slips")
    bundle = "articles/2026/01/charted"
    front = 'title: "Charted"\ndate: 2026-01-20T10:00:00-08:00\norigin: desk\nas_of: 2026-01-20\n'
    photo = (
        "override: an editor answers for it\nsymbols: [NASDAQ:AAA]\nphoto: {src: chart.svg, alt: A line}\n"
    )
    room.write(f"{bundle}/index.md", f"---\n{front}{photo}---\n\n")
    room.write(f"{bundle}/chart.svg", PICTURE)
    room.write(f"{bundle}/chart.csv", "day,Aaa\n2026-01-20,7345.67\n")
    room.publish()
    return room


def test_no_output_of_a_public_instance_has_a_figure_of_a_private_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = newsroom(tmp_path, monkeypatch, "public")
    read = Reader(room).walk()

    leaks = {address: SECRET.search(body) for address, body in read.items() if SECRET.search(body)}
    assert leaks == {}
    assert len(read) > 60
    assert room.slugs() == ["public-one"]
    assert "49.49" in read["/quotes/NASDAQ:BBB/history.csv"]
    assert "1.02%" in read["/2026/01/20/public-one/proof"]


def test_the_same_walk_of_a_private_preview_meets_those_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the walk above could fail: pages, proof, feeds, files and search all lie on its way."""
    read = Reader(newsroom(tmp_path, monkeypatch, "private")).walk()

    met = {address for address, body in read.items() if SECRET.search(body)}
    assert met >= {
        "/", "/markets/", "/quotes/", "/quotes/NASDAQ:AAA/", "/quotes/NASDAQ:AAA/history.csv", "/feed.xml", "/atom.xml",
        "/feed.json", "/search?q=withheldite", "/2026/01/20/private-one/", "/2026/01/20/private-one/proof",
        "/2026/01/20/private-one/facts.json", "/2026/01/20/private-one/index.md", "/2026/01/20/overridden/",
        "/quotes/NASDAQ:AAA/feed.xml", "/2026/01/20/charted/chart.csv", "/2026/01/20/charted/chart.svg",
    }  # fmt: skip


def test_every_route_of_the_site_is_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new output has to be walked too, or named here with why it gives no figure."""
    reader = Reader(newsroom(tmp_path, monkeypatch, "private"))
    walked = [urlsplit(address).path for address in reader.walk()]
    without_figures = (
        "/static/",
        "/media/",
        "/chrome/",  # the operator's own files
        "/palette.css",
        "/favicon",
        "/authors/",
        "/topics/",
        "/sitemap-",
    )

    def pattern(route: str) -> str:
        return re.sub(r"<[^>]+>", "[^ ]+", route.replace(".", r"\."))

    missed = [
        route
        for route in reader.routes
        if not route.startswith(without_figures)
        and not any(re.fullmatch(pattern(route), one) for one in walked)
    ]
    assert missed == [], "\n".join(missed)


def test_what_may_not_be_shown_is_replaced_by_its_proxy_named_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Reader(newsroom(tmp_path, monkeypatch, "public")).walk()

    assert "Aaa Fund (proxy for AAA)" in read["/quotes/"]
    assert "not licensed for publication" in read["/quotes/NASDAQ:AAA/"]
    assert read["/quotes/NASDAQ:AAA/history.csv"].startswith("404")


@pytest.mark.parametrize(
    ("audience", "licence", "shown"),
    [("private", "private", True), ("private", "public", True), ("public", "public", True),
     ("public", "private", False), ("public", "", False), ("public", "Public", False)],
)  # fmt: skip
def test_a_public_instance_gives_out_only_what_is_licensed_public(
    audience: Any, licence: str, shown: bool
) -> None:
    assert config.may_show(audience, licence) is shown


# --- terms of a series --------------------------------------------------------------------------------------


def reading(series: str, licence: str, read: datetime) -> Harvest:
    origin = Provenance(
        "fred",
        f"https://fred.example.org/graph.csv?id={series}",
        "00",
        read,
        f"{series}'s owner",
        licence,  # type: ignore[arg-type]
    )
    return Harvest("fred", 1, readings=(Reading(series, date(2026, 1, 5), Decimal("3.1"), read, origin),))


@pytest.mark.parametrize("order", [("CPIAUCSL", "BAMLH0A0HYM2"), ("BAMLH0A0HYM2", "CPIAUCSL")])
def test_of_one_source_each_series_keeps_its_own_licence(tmp_path: Path, order: tuple[str, str]) -> None:
    licences = {"CPIAUCSL": "public", "BAMLH0A0HYM2": "private"}
    read = datetime(2026, 1, 6, 12, tzinfo=UTC)

    with wire.open_store(tmp_path, *(reading(one, licences[one], read) for one in order)) as store:
        view = store.view(date(2026, 1, 7))
        found = {one: view.readings(one).origin for one in licences}

    assert {one: origin.licence for one, origin in found.items()} == licences
    assert found["CPIAUCSL"].attribution == "CPIAUCSL's owner"


def test_a_licence_that_is_withdrawn_counts_from_the_next_reading(tmp_path: Path) -> None:
    read = datetime(2026, 1, 6, 12, tzinfo=UTC)

    with wire.open_store(tmp_path, reading("CPIAUCSL", "public", read)) as store:
        store.ingest(reading("CPIAUCSL", "private", read + timedelta(days=1)))

        assert store.view(date(2026, 1, 8)).readings("CPIAUCSL").origin.licence == "private"
