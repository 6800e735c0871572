"""Pictures for sharing: what they show, when they are made and unmade, and that readers only find them."""

from __future__ import annotations

import struct
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from fakes import FakeMarket
from newsroom import Newsroom

from broadtape import cards as places
from broadtape import raster
from broadtape.desk import card
from broadtape.metrics import fact
from broadtape.publishing.cards import Cards, render, stamp_of
from broadtape.raster import NotDrawn
from broadtape.web import create_app

SVG = "{http://www.w3.org/2000/svg}"
CHART = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 400" width="720" height="400" role="img">'
    b'<rect width="720" height="400" fill="#0b5fa5"/></svg>\n'
)
MARKET = FakeMarket("2026-01-20", {"NASDAQ:AAA": "100 101.25", "NASDAQ:BBB": "10 9"})
BASE = "http://bay.localhost:8000"


def made(**more: object) -> card.Card:
    fields: dict[str, object] = {
        "site": "Bay", "headline": "Small caps beat the S&P 500 for a seventh straight session",
        "address": "bay.example", "as_of": date(2026, 1, 12), "figure": "+6.2%",
        "label": "Jumped 6.2% in seven sessions",
        "chart": CHART, "chart_size": (720, 400),
    }  # fmt: skip
    return card.Card(**(fields | more))  # type: ignore[arg-type]  # a test's shorthand


def texts(drawn: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(drawn).iter(f"{SVG}text")]


def pixels(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


# --- what a card shows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", places.SHAPES.values(), ids=places.SHAPES)
def test_every_shape_shows_site_headline_figure_chart_and_day_within_its_edges(size: tuple[int, int]) -> None:
    drawn = card.svg(made(), *size)
    said = " ".join(texts(drawn))

    assert "Small caps beat the S&P 500 for a seventh straight session" in said
    assert {"Bay", "+6.2%", "Data as of Jan. 12, 2026", "bay.example"} <= set(texts(drawn))
    image = next(ET.fromstring(drawn).iter(f"{SVG}image"))
    left, top, width, height = (float(image.get(name) or 0) for name in ("x", "y", "width", "height"))
    assert left >= 0
    assert left + width <= size[0]
    assert top + height <= size[1] - 66


def test_a_long_headline_gets_smaller_type_and_the_words_of_a_figure_are_whole_or_absent() -> None:
    long = "Federal Reserve raises its target range by 0.75 percentage point to 1.50%–1.75% as before"
    drawn = card.svg(made(headline=long, label="a label that is far too long " * 6), 1200, 630)

    assert " ".join(texts(drawn)[1:-3]).startswith(long[:40])
    assert not any(text.startswith("a label") for text in texts(drawn))


def test_without_figure_or_chart_the_headline_stands_alone() -> None:
    drawn = card.svg(made(figure="", label="", chart=None, as_of=None), 1200, 630)

    assert not list(ET.fromstring(drawn).iter(f"{SVG}image"))
    assert not any("Data as of" in text for text in texts(drawn))


def test_a_headline_is_text_and_never_markup() -> None:
    drawn = card.svg(made(headline='<script>alert("1")</script> & co'), 1200, 630)

    assert "<script" not in drawn
    ET.fromstring(drawn)


@pytest.mark.parametrize(
    ("metric", "params", "shown"),
    [
        ("return", {"of": "AAA", "over": "1s"}, "+1.3%"),
        ("level", {"of": "AAA"}, "$101.25"),
        ("session-count", {"from": "2026-01-12", "to": "2026-01-20"}, "7 sessions"),
    ],
)
def test_a_figure_is_the_value_of_its_fact(metric: str, params: dict[str, str], shown: str) -> None:
    found = fact(
        MARKET, metric, **{name + ("_" if name == "from" else ""): value for name, value in params.items()}
    )

    assert card.printed(found) == shown
    assert isinstance(found.value, Decimal | int)


def test_what_cannot_be_drawn_says_so_and_ends_nothing() -> None:
    with pytest.raises(NotDrawn, match="a picture of 1200 by 630 was not drawn: "):
        raster.aside("<svg", 1200, 630)


def test_the_picture_has_its_size_and_other_letters_do_not_break_it() -> None:
    assert pixels(render(made(), 1200, 630)) == (1200, 630)
    assert pixels(render(made(headline="東京株式市場 – Київ", chart=None), 1200, 630)) == (1200, 630)


# --- when they are made ---------------------------------------------------------------------------------------


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    newsroom = Newsroom(tmp_path, monkeypatch, market=MARKET)
    body = "Aaa [rose 1.3% on Tuesday](fact:return?of=NASDAQ:AAA&over=1s)."
    newsroom.post("aaa-rises", body, title="Aaa rises")
    newsroom.post("ferries", title="Ferries run")
    newsroom.publish()
    return newsroom


def folder(room: Newsroom, slug: str) -> Path:
    entry = room.entry(slug)
    assert entry is not None
    return places.folder(room.instance, "bay", entry.article.id)


def test_cards_are_made_a_few_at_a_time_newest_first(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadtape.publishing.cards.render", lambda made, *_: made.headline.encode())
    clock = iter(range(100))
    cards = Cards(room.instance, clock=lambda: float(next(clock)))

    first = room.slugs()[0]
    while cards.work(1.0) == 2:
        pass
    assert sorted(path.name for path in folder(room, first).iterdir()) == sorted(
        [*places.SHAPES, places.MADE]
    )
    assert cards.work() == 0
    assert {path.name for path in (room.instance.cache / "cards" / "bay").iterdir()} == {
        folder(room, slug).name for slug in room.slugs()
    }


def test_a_card_is_made_anew_when_its_words_change_and_goes_with_its_article(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(
        "broadtape.publishing.cards.render", lambda made, *_: drawn.append(made.headline) or b"png"
    )
    cards = Cards(room.instance)
    cards.work()
    assert Cards(room.instance).work() == 0
    assert len(drawn) == 2 * len(places.SHAPES)

    gone = folder(room, "ferries")
    (room.content / "articles/2026/01/ferries.md").unlink()
    room.publish(room.post("aaa-rises", "Aaa opened an office.", title="Aaa opens an office"),
                 room.content / "articles/2026/01/ferries.md")  # fmt: skip
    cards.work()

    assert set(drawn[8:]) == {"Aaa opens an office"}
    assert not gone.exists()


def test_the_figure_of_a_card_is_the_first_verified_one_of_the_story(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[card.Card] = []
    monkeypatch.setattr("broadtape.publishing.cards.render", lambda made, *_: shown.append(made) or b"png")
    Cards(room.instance).work()

    by_headline = {one.headline: (one.figure, one.label) for one in shown}
    assert by_headline == {"Aaa rises": ("+1.3%", "AAA: rose 1.3% on Tuesday"), "Ferries run": ("", "")}


def test_a_stamp_follows_the_sites_name_and_the_chart(room: Newsroom) -> None:
    entry = room.entry("aaa-rises")
    assert entry is not None
    before = stamp_of(room.instance, room.instance.sites["bay"], entry)
    room.write("articles/2026/01/chart.svg", CHART)

    assert stamp_of(room.instance, room.instance.sites["bay"], entry) != before


# --- what readers get -----------------------------------------------------------------------------------------


def test_a_page_names_its_card_once_it_is_there(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadtape.publishing.cards.render", lambda *_: b"\x89PNG\r\n\x1a\n" + bytes(40))
    client = create_app(room.instance, catalogue=room.catalogue, clock=lambda: room.now).test_client()
    address = "/2026/01/20/aaa-rises/"

    def page() -> str:
        return client.get(address, base_url=BASE).get_data(as_text=True)

    assert "card.png" not in page()
    assert client.get(f"{address}card.png", base_url=BASE).status_code == 404
    Cards(room.instance).work()

    assert f'content="{BASE}{address}card.png"' in page()
    assert all(f"{BASE}{address}{name}" in page() for name in places.STRUCTURED)
    answer = client.get(f"{address}card-16x9.png", base_url=BASE, buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert client.get(f"{address}card-2x1.png", base_url=BASE).status_code == 404
    assert client.get(f"{address}made", base_url=BASE).status_code == 404
