"""The JSON API against its own description, and what it refuses; look-ups and the markets page besides."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from web_fakes import NOW, SESSION, FakeCatalogue, FakeSearch, busy, instance, walk
from werkzeug.test import TestResponse

from broadtape.archive.tape import (
    Coming,
    FilingLine,
    Headline,
    Indicator,
    Listing,
    MarketBoard,
    Mover,
    Saying,
    TapeWriter,
    Told,
)
from broadtape.web import board, create_app
from broadtape.web.lookup import Lookup

HOME = "https://sausalito.example"
AT = datetime(2026, 1, 12, 21, 0, tzinfo=UTC)
BOARD = MarketBoard(
    as_of=SESSION,
    indicators=(
        Indicator("policy-rate", "Federal funds target range", "rate", "percent", 2, Decimal("3.50"), Decimal("-0.25"),
                  date(2025, 12, 10), date(2025, 10, 29), "day", AT, "The Board", Decimal("3.75")),
        Indicator("DGS10", "10-year Treasury yield", "rate", "percent", 2, Decimal("4.19"), Decimal("0.01"),
                  SESSION, date(2026, 1, 9), "day", AT, "FRED"),
        Indicator("DCOILWTICO", "Crude oil", "commodity", "USD a barrel", 2, Decimal("59.50"), Decimal("-1.00"),
                  date(2025, 12, 29), date(2025, 12, 26), "day", AT, "FRED"),
        Indicator("CPIAUCSL", "Consumer price index", "economy", "points", 1, Decimal("326.0"), Decimal("1.0"),
                  date(2025, 11, 1), date(2025, 9, 1), "month", AT, "FRED"),
    ),
    gainers=(Mover("NASDAQ:NVDA", "NVIDIA", Decimal("3.21"), "price"),),
    losers=(Mover("NYSE:JPM", "JPMorgan", Decimal("-2.10"), "total"),),
    movers_of=512,
    movers_source=("sidebar",),
    coming=(
        Coming(date(2026, 1, 13), datetime(2026, 1, 13, 13, 30, tzinfo=UTC), "cpi", "Consumer prices",
               "https://bls.example/", "BLS"),
    ),
    headlines=(Headline("Chips & <dips>", "https://news.example/1", "The News", AT),),
)  # fmt: skip


def tape(path: Path) -> None:
    """What a keeper would have written."""
    with TapeWriter(path) as writer:
        writer.put_sayings(
            "NASDAQ:NVDA", "1", [Saying("Rose.", "streak", "streak?of=NASDAQ:NVDA", "a", SESSION, "sidebar")]
        )
        writer.set_told(
            {
                "NASDAQ:NVDA": Told(
                    (),
                    (
                        Headline(
                            "Chips", "https://news.example/1", "The News", AT, (), "Jane Doe", "Up we go"
                        ),
                        Headline("Dips", "https://news.example/2", "The News", AT),
                    ),
                    (FilingLine("8-K", "NVIDIA", "https://sec.example/1", AT, None, "SEC"),),
                )
            }
        )
        writer.set_board(BOARD)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("api")


def client(root: Path, audience: str = "private") -> FlaskClient:
    made = instance(root, audience=audience)
    catalogue = busy(FakeCatalogue(), root, count=30)
    tape(made.tape)
    app = create_app(
        made,
        catalogue=catalogue,  # type: ignore[arg-type]  # the fake stands in
        search=FakeSearch(catalogue),
        clock=lambda: NOW,
    )
    return app.test_client()


@pytest.fixture(scope="module")
def private(folder: Path) -> FlaskClient:
    return client(folder / "private")


@pytest.fixture(scope="module")
def public(folder: Path) -> FlaskClient:
    return client(folder / "public", "public")


def ask(of: FlaskClient, path: str, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return of.get(path, base_url=HOME, headers=named, buffered=True)


@pytest.fixture(scope="module")
def described(private: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(private, "/api/v1/openapi.json").text)
    return found


def answered(described: dict[str, Any], path: str, status: int) -> jsonschema.Draft202012Validator:
    """The validator of what the description says of an answer."""
    said = described["paths"][path]["get"]["responses"][str(status)]["content"]
    (kind,) = said.values()
    schema = {**kind["schema"], "components": described["components"]}
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


# What is asked for each path of the description.
ASKED = {
    "/": [""],
    "/articles": ["articles", "articles?limit=3&page=2", "articles?topic=banks", "articles?page=99"],
    "/articles/{id}": ["articles/{id}"],
    "/articles/{id}/facts": ["articles/{id}/facts"],
    "/quotes": ["quotes", "quotes?symbols=NASDAQ:NVDA,NYSE:JPM,NASDAQ:NOPE"],
    "/quotes/{symbol}": ["quotes/NASDAQ:NVDA", "quotes/NYSE:JPM"],
    "/quotes/{symbol}/history": [
        *("quotes/NASDAQ:NVDA/history", "quotes/NYSE:JPM/history?limit=2"),
        "quotes/NASDAQ:NVDA/history?from=2026-01-05&to=2026-01-09&limit=2&page=3",
    ],
    "/search": ["search?q=the", "search?q=zzz", "search?topic=banks"],
    "/symbols": ["symbols?q=nv", "symbols", "symbols?q=%00%F0%9F%A6%8A"],
    "/markets": ["markets"],
}


def test_the_description_is_sound_openapi_and_names_every_address(described: dict[str, Any]) -> None:
    validate(described)

    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]) == set(ASKED)


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("audience", ["private", "public"])
def test_every_answer_is_as_described(
    request: pytest.FixtureRequest, described: dict[str, Any], path: str, audience: str
) -> None:
    of: FlaskClient = request.getfixturevalue(audience)
    newest = json.loads(ask(of, "/api/v1/articles").text)["articles"][0]["id"]
    for asked in ASKED[path]:
        answer = ask(of, f"/api/v1/{asked.format(id=newest)}")
        if audience == "public" and asked.startswith("quotes/") and "history" in asked:
            answered(described, path, 404).validate(json.loads(answer.text))
            continue
        assert (answer.status_code, answer.content_type) == (200, "application/json; charset=utf-8"), asked
        answered(described, path, 200).validate(json.loads(answer.text))


@pytest.mark.parametrize(
    ("path", "asked", "said"),
    [
        ("/articles", "articles?limit=0", "limit: '0' is no whole number from 1 to 100"),
        ("/articles", "articles?page=x", "page: 'x' is no whole number from 1 to 10000"),
        ("/articles", f"articles?topic={'a' * 300}", "topic: 300 characters; at most 200"),
        ("/quotes", f"quotes?symbols={','.join(['A:B'] * 61)}", "symbols: 61 symbols; at most 60 in one request"),
        ("/quotes/{symbol}/history", "quotes/NASDAQ:NVDA/history?from=yesterday",
         "from: 'yesterday' is no day such as 2026-01-12"),
        ("/quotes/{symbol}/history", "quotes/NASDAQ:NVDA/history?to=2026-02-30",
         "to: '2026-02-30' is no day such as 2026-01-12"),
        ("/search", "search", "q: nothing is asked; give q, or one of topic, symbol, author, year"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(
    private: FlaskClient, described: dict[str, Any], path: str, asked: str, said: str
) -> None:
    answer = ask(private, f"/api/v1/{asked}")
    told = json.loads(answer.text)

    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    answered(described, path, 400).validate(told)
    assert told["detail"] == said


@pytest.mark.parametrize(
    "asked", ["articles/nope", "articles/..%2f..%2fx", "quotes/NASDAQ:NOPE", "quotes/UNLISTED:AB", "nothing"]
)
def test_what_is_not_there_is_a_problem_document_too(private: FlaskClient, asked: str) -> None:
    answer = ask(private, f"/api/v1/{asked}")

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_writing_is_refused_and_asking_what_is_allowed_answered(public: FlaskClient) -> None:
    refused = public.post("/api/v1/articles", base_url=HOME)
    allowed = public.options("/api/v1/articles", base_url=HOME)

    assert (refused.status_code, refused.content_type) == (405, "application/problem+json")
    assert "GET" in refused.headers["Allow"]
    assert allowed.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"


def test_other_sites_pages_may_read_a_public_site_and_no_private_one(
    public: FlaskClient, private: FlaskClient
) -> None:
    assert ask(public, "/api/v1/articles").headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in ask(private, "/api/v1/articles").headers
    assert "Access-Control-Allow-Origin" not in ask(public, "/").headers


def test_an_unchanged_answer_is_304(private: FlaskClient) -> None:
    first = ask(private, "/api/v1/articles")
    again = ask(private, "/api/v1/articles", If_None_Match=first.headers["ETag"])

    assert (again.status_code, again.data) == (304, b"")


def test_following_next_reads_every_article_once(private: FlaskClient) -> None:
    seen: list[str] = []
    path = "/api/v1/articles?limit=7"
    while path:
        answer = ask(private, path)
        told = json.loads(answer.text)
        seen += [one["url"] for one in told["articles"]]
        path = (told["links"]["next"] or "").removeprefix(HOME)
        assert ('rel="next"' in answer.headers.get("Link", "")) == bool(path)

    assert len(seen) == len(set(seen)) == 30


def test_a_public_answer_holds_no_figure_that_is_not_licensed(public: FlaskClient) -> None:
    quotes = json.loads(ask(public, "/api/v1/quotes").text)
    one = json.loads(ask(public, "/api/v1/quotes/NASDAQ:NVDA").text)
    newest = json.loads(ask(public, "/api/v1/articles").text)["articles"][0]["id"]
    facts = json.loads(ask(public, f"/api/v1/articles/{newest}/facts").text)["facts"]

    assert quotes == {
        "quotes": [],
        "missing": ["NASDAQ:AMZN", "NASDAQ:AAPL", "NASDAQ:NVDA", "NYSE:BAC"],
    }
    assert (one["quote"], one["first"], one["sayings"]) == (None, None, [])
    assert all(record.get("withheld") for record in facts.values())
    assert ask(public, "/api/v1/quotes/NASDAQ:NVDA/history").status_code == 404


def test_a_history_is_cut_to_its_days_newest_first(private: FlaskClient) -> None:
    whole = json.loads(ask(private, "/api/v1/quotes/NASDAQ:NVDA/history?limit=1000").text)
    cut = json.loads(ask(private, "/api/v1/quotes/NASDAQ:NVDA/history?from=2026-01-05&to=2026-01-10").text)

    days = [row["date"] for row in whole["sessions"]]
    assert days == sorted(days, reverse=True)
    assert cut["sessions"] == [
        row for row in whole["sessions"] if "2026-01-05" <= row["date"] <= "2026-01-10"
    ]
    assert cut["total"] == 5
    assert (
        json.loads(ask(private, "/api/v1/quotes/NASDAQ:NVDA/history?from=2026-01-09&to=2026-01-05").text)[
            "sessions"
        ]
        == []
    )


def test_sayings_headlines_and_filings_come_with_the_instrument(private: FlaskClient) -> None:
    told = json.loads(ask(private, "/api/v1/quotes/NASDAQ:NVDA").text)

    assert told["sayings"] == [{"text": "Rose.", "fact": "streak?of=NASDAQ:NVDA", "as_of": "2026-01-12"}]
    assert told["headlines"][0]["publisher"] == "The News"
    assert [one["said"] for one in told["headlines"]] == [{"speaker": "Jane Doe", "words": "Up we go"}, None]
    assert told["filings"][0]["form"] == "8-K"


# --- look-ups ---------------------------------------------------------------------------------------------

LISTED = Lookup(
    (
        Listing("NASDAQ:META", "Meta Platforms, Inc.", "stock", ("Facebook, Inc.",), True, SESSION),
        Listing("NYSE:BAC", "Bank of America Corporation", "stock", (), True, SESSION),
        Listing("NYSE:A", "Agilent", "stock", (), True, SESSION),
        Listing("NASDAQ:AAPL", "Apple Inc.", "stock", (), True, SESSION),
        Listing("NYSE:APLE", "Apple Hospitality REIT, Inc.", "stock", (), False, None),
        Listing("NYSE:NESN", "Société Nestlé", "stock", (), True, SESSION),
        Listing("NYSE:BRK.B", "Berkshire Hathaway Inc. Class B", "stock", (), True, SESSION),
    )
)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("a", "NYSE:A"), ("app", "NASDAQ:AAPL"), ("$aapl", "NASDAQ:AAPL"), ("nasdaq:aapl", "NASDAQ:AAPL"),
        ("america", "NYSE:BAC"), ("bank of am", "NYSE:BAC"), ("facebook", "NASDAQ:META"), ("nestle", "NYSE:NESN"),
        ("brk.b", "NYSE:BRK.B"), ("hathaway", "NYSE:BRK.B"), ("apple hosp", "NYSE:APLE"), ("  META ", "NASDAQ:META"),
    ],
)  # fmt: skip
def test_an_instrument_is_found_as_people_type_it(typed: str, first: str) -> None:
    assert LISTED.find(typed)[0].listing.symbol == first


def test_a_former_name_is_named_and_comes_after_present_ones() -> None:
    assert [one.former for one in LISTED.find("face")] == ["Facebook, Inc."]
    assert LISTED.find("zzz") == []
    assert LISTED.find("") == []
    assert LISTED.find("x" * 10_000) == []


def test_a_letter_typed_again_gives_the_same_and_no_more_than_asked() -> None:
    first, again = LISTED.find("a", 2), LISTED.find("a", 9)

    assert first == again[:2]
    assert len(first) == 2


def test_looking_up_works_as_a_page(private: FlaskClient) -> None:
    several, none = ask(private, "/quotes/?q=a"), ask(private, "/quotes/?q=%3Cb%3Ezz")
    one = ask(private, "/quotes/?q=nvda")

    assert 'href="/quotes/NASDAQ:AAPL/"' in several.text
    assert "Nothing found for “&lt;b&gt;zz”" in none.text
    assert 'name="robots" content="noindex' in several.text
    assert (one.status_code, one.headers["Location"]) == (302, "/quotes/NASDAQ:NVDA/")


# --- the markets page -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def markets(private: FlaskClient) -> str:
    return ask(private, "/markets/").text


def test_rates_commodities_and_prints_have_their_period_and_source(markets: str) -> None:
    for text in ("3.50%–3.75%", "−0.25 pt", "4.19%", "$59.50", "−1.00 (−1.7%)", "November 2025", "+0.3%"):
        assert text in markets, text
    assert markets.count('<td class="src">FRED</td>') == 3


def test_what_is_older_than_its_kind_should_be_is_marked(markets: str) -> None:
    rows = [row for row in markets.split("<tr") if 'class="old"' in row]

    assert [row.split('scope="row">')[1].split("<")[0] for row in rows] == ["Crude oil"]


def test_movers_calendar_and_headlines_are_told_with_their_source(markets: str) -> None:
    assert "Of 512 companies with a close of Jan. 12, 2026. Source: sidebar." in markets
    assert "with dividends" in markets
    assert '<td class="clock">5:30 a.m.</td>' in markets
    assert "Chips &amp; &lt;dips&gt;" in markets


def test_markets_that_stopped_say_so(folder: Path) -> None:
    made = instance(folder / "old")
    catalogue = FakeCatalogue()
    catalogue.quote(walk("INDEXSP:SPX", "S&P 500", "6000.00", kind="index", until=date(2025, 12, 30)))
    app = create_app(
        made,
        catalogue=catalogue,  # type: ignore[arg-type]  # the fake stands in
        search=FakeSearch(catalogue),
        clock=lambda: NOW,
    )

    assert (
        "The newest session we have is Dec. 30, 2025: these figures are not of today."
        in ask(app.test_client(), "/markets/").text
    )


def test_a_holiday_has_no_hour():
    at_open = datetime(2026, 1, 19, 14, 30, tzinfo=UTC)
    closed = Coming(date(2026, 1, 19), at_open, "holiday", "Stock exchanges are closed", "", "NYSE")
    early = Coming(date(2026, 1, 19), at_open, "early-close", "Stock exchanges close early", "", "NYSE")

    rows = board.calendar((closed, early), ZoneInfo("America/Los_Angeles"))

    assert [row.time for row in rows] == ["", "6:30 a.m."]
