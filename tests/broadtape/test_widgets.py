"""Widgets for other sites: who may frame them, what they say, and the snippet that is copied."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from web_fakes import NOW, FakeCatalogue, FakeSearch, busy, instance, walk
from werkzeug.test import TestResponse

from broadtape.web import create_app

HOME = "https://sausalito.example"


def client(root: Path, *, audience: str = "private", more: str = "", licence: str = "private") -> FlaskClient:
    made = instance(root, audience=audience, more=more)
    catalogue = busy(FakeCatalogue(), root)
    if licence == "public":
        for symbol, view in list(catalogue.views.items()):
            quote = replace(view.quote, licence=licence) if view.quote else None
            catalogue.views[symbol] = replace(view, licence=licence, quote=quote)
    catalogue.quote(walk("UNLISTED:ABC", "ABC", "10.00", licence=licence))
    app = create_app(
        made,
        catalogue=catalogue,  # type: ignore[arg-type]  # the fake stands in
        search=FakeSearch(catalogue),
        clock=lambda: NOW,
    )
    return app.test_client()


def get(of: FlaskClient, path: str) -> TestResponse:
    return of.get(path, base_url=HOME, buffered=True)


@pytest.fixture
def public(tmp_path: Path) -> FlaskClient:
    return client(tmp_path, audience="public", licence="public")


def ancestors(answer: TestResponse) -> str:
    return answer.headers["Content-Security-Policy"].rpartition("frame-ancestors ")[2]


@pytest.mark.parametrize("kind", ["quotes", "headlines"])
def test_a_widget_runs_nothing_and_may_be_framed_as_the_settings_say(
    public: FlaskClient, tmp_path: Path, kind: str
) -> None:
    free = get(public, f"/embed/{kind}")
    some = client(
        tmp_path / "some",
        audience="public",
        more='embeds = ["https://partner.example", "evil; script-src *"]',
    )

    assert ancestors(free) == "*"
    assert "X-Frame-Options" not in free.headers
    assert free.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert "<script" not in free.text
    assert "style=" not in free.text
    assert ancestors(get(some, f"/embed/{kind}")) == "'self' https://partner.example"


def test_a_private_preview_is_framed_by_itself_only(tmp_path: Path) -> None:
    assert ancestors(get(client(tmp_path), "/embed/quotes")) == "'self'"


def test_every_other_page_is_framed_by_nobody(public: FlaskClient) -> None:
    for path in ("/", "/widgets/", "/quotes/NASDAQ:NVDA/", "/api/v1/"):
        answer = get(public, path)
        assert answer.headers["X-Frame-Options"] == "DENY", path
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path


def test_quotes_say_their_day_their_delay_their_source_and_lead_back(public: FlaskClient) -> None:
    html = get(public, "/embed/quotes?symbols=nvidia,INDEXSP:SPX&theme=dark").text

    assert 'class="dark"' in html
    assert "Closing prices of Jan. 12, 2026. Source: daily closes, operator&#39;s own table." in html
    assert f'href="{HOME}/quotes/NASDAQ:NVDA/" target="_blank" rel="noopener"' in html
    assert re.findall(r"<td>([\d,.]+)</td>", html) == ["184.94", "6,977.27"]


def test_no_price_is_given_out_that_is_not_licensed_and_nothing_unlisted(
    tmp_path: Path, public: FlaskClient
) -> None:
    unlicensed = client(tmp_path / "private", audience="public")

    assert "No price of these may be shown here." in get(unlicensed, "/embed/quotes").text
    assert "10.00" not in get(public, "/embed/quotes?symbols=UNLISTED:ABC").text


def test_headlines_are_of_a_topic_or_an_instrument(public: FlaskClient) -> None:
    banks = get(public, "/embed/headlines?topic=banks&limit=2").text
    nvidia = get(public, "/embed/headlines?symbol=NASDAQ:NVDA").text

    assert banks.count("<li>") == 2
    assert f'href="{HOME}/topics/banks/"' in banks
    assert f'href="{HOME}/quotes/NASDAQ:NVDA/"' in nvidia
    assert "There are no stories here yet." in get(public, "/embed/headlines?topic=nothing").text


@pytest.mark.parametrize(
    "asked", ["limit=99999999999", "limit=-1", "limit=x", "theme=%22%3E", "symbols=%00,,,", "symbols=" + "A," * 900]
)  # fmt: skip
def test_what_cannot_be_read_is_as_if_it_were_not_there(public: FlaskClient, asked: str) -> None:
    for kind in ("quotes", "headlines"):
        answer = get(public, f"/embed/{kind}?{asked}")
        assert answer.status_code == 200
        assert answer.text.count("<tr>") <= 13


def test_the_snippet_is_the_frame_that_the_page_shows(public: FlaskClient) -> None:
    answer = get(public, "/widgets/?kind=quotes&symbols=NASDAQ:NVDA,NASDAQ:AAPL&theme=light")
    shown = re.search(r"<textarea[^>]*>(.*?)</textarea>", answer.text, re.DOTALL)
    framed = re.search(r'<iframe class="widget" src="([^"]+)"', answer.text)
    assert shown is not None
    assert framed is not None
    code = unescape(shown[1])

    assert f'src="{HOME}{framed[1]}"' in code
    assert 'title="Quotes from Sausalito"' in code
    assert "frame-src 'self';" in answer.headers["Content-Security-Policy"]
    assert get(public, unescape(framed[1])).status_code == 200
