"""Published facts are searchable: by metric, value, instrument and date, on the page and on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fakes import FakeMarket
from flask.testing import FlaskClient
from newsroom import Newsroom

from broadtape.archive.published import PublishedFact
from broadtape.cli import main
from broadtape.factquery import Condition, condition, number
from broadtape.model import Instrument
from broadtape.search import Query, language, open_index
from broadtape.web import create_app

UP = "Aaa [rose 3.02%](fact:return?of=NASDAQ:AAA&over=2s) in two sessions."
BOTH = "Aaa [rose 3.02%](fact:return?of=NASDAQ:AAA&over=2s). Bbb [fell 1.02%](fact:return?of=NASDAQ:BBB&over=2s)."


def market(**more: Any) -> FakeMarket:
    held: dict[str, Any] = {"NASDAQ:AAA": "100.00 101.00 103.02", "NASDAQ:BBB": "50.00 49.00 49.49"}
    return FakeMarket("2026-01-20", held, **more)


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    made = Newsroom(tmp_path, monkeypatch, market=market())
    made.post("up", UP, topics="[small-caps]")
    made.post("both", BOTH, when="2026-01-20T11:00:00-08:00", title="Two moves", authors="[Jane Doe]")
    made.post("ferry")
    made.publish()
    return made


Found = Callable[..., list[PublishedFact]]


@pytest.fixture
def found(newsroom: Newsroom) -> Found:
    def look(text: str, *, site: str = "bay", public: bool = False) -> list[PublishedFact]:
        asked = language.parse(text).facts
        assert asked is not None, text
        return list(newsroom.catalogue.find_facts(site, asked, public=public, limit=50).facts)

    return look


# --- what is found ----------------------------------------------------------------------------------------


def test_a_fact_is_found_with_value_date_article_and_proof(found: Found) -> None:
    (one,) = found("fact:return>=3 ticker:AAA")

    assert (one.metric, one.value, one.unit, one.printed) == ("return", "3.02", "percent", "+3.02%")
    assert (one.as_of, one.status, one.said) == (date(2026, 1, 20), "verified", "rose 3.02%")
    assert (one.article, one.articles) == ("Two moves", 2)  # once, with the newest article that states it
    assert one.proof == f"/2026/01/20/both/proof#{one.id}"
    assert one.symbols == ("NASDAQ:AAA",)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("fact:return", ["+3.02%", "−1.02%"]),
        ("fact:*", ["+3.02%", "−1.02%"]),
        ("fact:ret*", ["+3.02%", "−1.02%"]),
        ("fact:streak", []),
        ("fact:return>0", ["+3.02%"]),
        ("fact:return>3.02", []),
        ("fact:return>=3.02%", ["+3.02%"]),
        ("fact:return<-1%", ["−1.02%"]),
        ("fact:return<=−1.02", ["−1.02%"]),
        ("fact:return=3.0", ["+3.02%"]),
        ("fact:return=3.1", []),
        ("fact:return=-2..0", ["−1.02%"]),
        ("fact:return>-5 fact:return<0", ["−1.02%"]),
        ("fact:return ticker:NASDAQ:BBB", ["−1.02%"]),
        ("fact:return ticker:bbb", ["−1.02%"]),
        ("fact:return ticker:ZZZ", []),
        ("fact:return since:2026", ["+3.02%", "−1.02%"]),
        ("fact:return since:2026-02", []),
        ("fact:return until:2025", []),
        ("fact:return date:2026-01-20", ["+3.02%", "−1.02%"]),
        ("fact:return topic:small-caps", ["+3.02%"]),
        ('fact:return author:"Jane Doe"', ["+3.02%", "−1.02%"]),
        ("fact:return fell", ["−1.02%"]),
        ("fact:return 100%_", []),
    ],
)
def test_every_part_of_a_query_narrows(found: Found, text: str, printed: list[str]) -> None:
    assert sorted(one.printed for one in found(text)) == sorted(printed)


def test_a_fund_that_stands_for_an_index_finds_the_facts_of_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {"INDEXRUSSELL:RUT": "100.00 101.00 103.02", "NYSEARCA:IWM": "50.00 50.50 51.51"}
    fund = Instrument("NYSEARCA:IWM", "A fund", "etf", proxy_of="INDEXRUSSELL:RUT")
    held_market = FakeMarket("2026-01-20", held, instruments=[fund])
    newsroom = Newsroom(tmp_path, monkeypatch, market=held_market)
    newsroom.post("up", "The index [rose 3.02%](fact:return?of=INDEXRUSSELL:RUT&over=2s).")
    newsroom.publish()
    asked = language.parse("fact:return ticker:IWM").facts
    assert asked is not None

    (one,) = newsroom.catalogue.find_facts("bay", asked, public=False).facts

    assert one.symbols == ("INDEXRUSSELL:RUT",)


def test_a_metric_is_found_by_the_last_part_of_its_name() -> None:
    from broadtape.archive.published import _condition

    clause, values = _condition(Condition("streak"))

    assert clause == "(c.metric = ? OR c.metric LIKE ? ESCAPE '\\')"
    assert values == ["streak", "%-streak"]


def test_what_readers_do_not_see_is_not_found(newsroom: Newsroom, found: Found) -> None:
    assert found("fact:return", public=True) == []  # its series may not be republished
    assert found("fact:return", site="elsewhere") == []

    newsroom.post("both", BOTH, when="2026-01-20T11:00:00-08:00", status="draft")
    newsroom.publish()
    assert [one.address for one in found("fact:return")] == ["/2026/01/20/up/"]

    (newsroom.content / "articles/2026/01/up.md").unlink()
    newsroom.publish()
    assert found("fact:return") == []


# --- the language -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("streak>=7", Condition("streak", ">=", (Decimal(7), Decimal(7)))),
        ("Streak", Condition("streak")),
        ("*", Condition("")),
        (">=7", Condition("", ">=", (Decimal(7), Decimal(7)))),
        ("level>2,600", Condition("level", ">", (Decimal(2600), Decimal(2600)))),
        ("return=-5..-2", Condition("return", "..", (Decimal(-5), Decimal(-2)))),
        ("last-record=2020-01", Condition("last-record", "=", None, (date(2020, 1, 1), date(2020, 1, 31)))),
        ("rank=first", Condition("rank", "=", None, None, "first")),
        ("streak>soon", None),
        (">>", None),
        ("", None),
        ("a b", None),
        ("' OR 1=1 --", None),
    ],
)
def test_a_condition_means_what_it_says(said: str, meant: Condition | None) -> None:
    assert condition(said) == meant


@pytest.mark.parametrize(
    ("text", "value"), [("−0.7%", "-0.7"), ("$1,234.50", "1234.50"), ("7d", "7"), ("", None), ("1,23", None)]
)
def test_numbers_are_read_as_people_write_them(text: str, value: str | None) -> None:
    assert number(text) == (None if value is None else Decimal(value))


def test_facts_inside_or_and_not_are_left_out_with_a_note(tmp_path: Path) -> None:
    for text in ("fact:return OR ferry", "-fact:return ferry", "(fact:return OR a) b"):
        parsed = language.parse(text)
        assert parsed.facts is None
        assert any("fact:" in note for note in parsed.notes)
        open_index(tmp_path).search(Query(text))
    assert any("asks nothing" in note for note in language.parse("fact:>> ferry").notes)


def test_the_contract_names_only_queries_that_are_understood() -> None:
    text = (Path(__file__).parents[2] / "docs" / "contracts" / "search.md").read_text()
    table = text.partition("| written | finds facts |")[2].partition("\n\n")[0]
    queries = [q for row in table.splitlines() for q in row.split(" | ")[0].split("`")[1::2]]

    assert len(queries) > 12
    for query in queries:
        parsed = language.parse(query if "fact:" in query else f"fact:* {query}")
        assert parsed.facts is not None, query
        assert parsed.notes == (), query


# --- on the page and on the command line ------------------------------------------------------------------


@pytest.fixture
def client(newsroom: Newsroom, tmp_path: Path) -> FlaskClient:
    app = create_app(
        newsroom.instance,
        catalogue=newsroom.catalogue,
        search=open_index(tmp_path / "none"),
        clock=lambda: newsroom.now,
    )
    return app.test_client()


def test_the_search_page_shows_facts_with_their_proof(client: FlaskClient, newsroom: Newsroom) -> None:
    html = client.get(
        "/search", query_string={"q": "fact:return ticker:AAA"}, base_url="http://bay.localhost"
    ).text

    entry = newsroom.entry("both")
    assert entry is not None
    (fact_id, *_) = (
        name for name, v in newsroom.catalogue.facts(entry.article.id).items() if "AAA" in v.long_form
    )
    heading = "AAA: return +3.02%"  # “rose 3.02%” alone would not say of what
    assert "1 published fact for “fact:return ticker:AAA”" in html
    assert f'<a href="/2026/01/20/both/proof#{fact_id}">{heading}</a>' in html
    assert "<code>return?of=NASDAQ:AAA&amp;over=2s</code>" in html
    assert '<data value="+3.02%">+3.02%</data>' in html
    assert 'In <a href="/2026/01/20/both/">Two moves</a>' in html
    assert "and 1 more story" in html
    assert "Nothing matches" not in html


def test_filters_of_the_address_narrow_facts_and_nothing_found_says_so(client: FlaskClient) -> None:
    def page(**asked: str) -> str:
        return client.get("/search", query_string=asked, base_url="http://bay.localhost").text

    assert "1 published fact for" in page(q="fact:return", symbol="NASDAQ:BBB")
    assert "Nothing matches" in page(q="fact:return", since="2026-02-01")
    assert "asks nothing of a fact" in page(q="fact:>> ferry")
    assert "&lt;script&gt;" in page(q="fact:return <script>")


def test_the_api_and_the_feed_of_a_search_know_facts(client: FlaskClient) -> None:
    def get(path: str) -> Any:
        return client.get(path, query_string={"q": "fact:return<0"}, base_url="http://bay.localhost")

    found = get("/api/v1/search").json
    feed = get("/search/feed.xml").text

    assert (found["total"], found["results"]) == (1, [])
    (one,) = found["facts"]
    assert (one["value"], one["symbols"]) == ("-1.02", ["NASDAQ:BBB"])
    assert one["article"]["url"] == "http://bay.localhost:8000/2026/01/20/both/"
    assert one["proof"].startswith("http://bay.localhost:8000/2026/01/20/both/proof#")
    assert feed.count("<item>") == 1
    assert "Two moves" in feed


def test_the_command_prints_facts_as_the_contract_says(newsroom: Newsroom) -> None:
    text = (Path(__file__).parents[2] / "docs" / "contracts" / "search.md").read_text()
    example = re.search(r'`(\{"query": "fact:streak.*\})`', text)
    assert example is not None
    shape = json.loads(example[1])

    done = CliRunner().invoke(
        main, ["-C", str(newsroom.root), "search", "fact:return<0", "ticker:BBB", "--json"]
    )
    plain = CliRunner().invoke(main, ["-C", str(newsroom.root), "search", "fact:return", "ticker:BBB"])

    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    assert list(printed) == list(shape)
    assert list(printed["facts"][0]) == list(shape["facts"][0])
    assert (printed["total"], printed["facts"][0]["value"]) == (1, "-1.02")
    assert printed["facts"][0]["article"]["url"] == "/2026/01/20/both/"
    assert "1 published fact\n" in plain.stdout
    assert "“fell 1.02%”" in plain.stdout
    assert "/2026/01/20/both/proof#" in plain.stdout
