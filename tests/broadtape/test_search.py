"""Search: what queries find, that nothing better is ever left out, and that no crash or rubbish hurts it."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import random
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whoosh import index as whoosh_index
from whoosh import query as whoosh_query

from broadtape.search import (
    ENGINES,
    Document,
    EngineMissing,
    IndexInDoubt,
    Query,
    SearchBusy,
    language,
    mark,
    open_index,
    open_writer,
    spelling,
    whoosh_schema,
    words,
)
from broadtape.search.generations import FolderIndex
from broadtape.search.ranking import RECENCY
from broadtape.search.snippets import LENGTH, Marker, prepared
from broadtape.search.whoosh_filling import Filling
from broadtape.search.whoosh_writer import small
from broadtape.search.writing import LOCK, FolderWriter

CONTRACT = Path(__file__).parents[2] / "docs" / "contracts" / "search.md"
DAY = datetime(2026, 1, 12, 13, 41, tzinfo=timezone(timedelta(hours=-8)))


def story(slug: str, title: str, text: str = "", *, days_ago: int = 0, **more: object) -> Document:
    when = DAY - timedelta(days=days_ago)
    url = f"/{when:%Y/%m/%d}/{slug}/"
    return Document(slug, url, title, text, when, **more)  # type: ignore[arg-type]  # the fields are the tests' own


STORIES = (
    story(
        "rotation", "Small caps log longest streak since 2019",
        "The Russell 2000 rose 0.74% to 2,600.12 on Monday, above 2,600 for the first time. The great rotation"
        " into small companies goes on. Shares of Berkshire (NYSE: BRK.B) fell $98.10.",
        topics=("small-caps", "federal-reserve"), symbols=("INDEXRUSSELL:RUT", "NYSEARCA:IWM", "NYSE:BRK.B"),
        authors=("Market Desk",), summary="A summary.",
    ),
    story(
        "fed", "Fed cuts rates a third time",
        "The Federal Reserve cut its rate to 3.50%–3.75%. The U.S. economy and AT&T matter to the S&P 500's path.",
        days_ago=33, topics=("federal-reserve",), symbols=("NYSEARCA:SPY",), authors=("Jane Doe",),
    ),
    story(
        "harbor", "Harbor day moves to June", "The café by the ferry. Caps and hats.",
        days_ago=400, sites=("sausalito",),
    ),
    story("tiburon", "Ferry news", "Another site's ferry.", days_ago=3, sites=("tiburon",), authors=("Jane Doe",)),
)  # fmt: skip


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Every engine answers alike: each test that names one runs with each."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed; pip install 'broadtape[{request.param}]'")
    return str(request.param)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, engine: str) -> FolderIndex:
    folder = tmp_path_factory.mktemp("index")
    open_writer(folder, engine).rebuild(STORIES)
    return open_index(folder)


def slugs(found: FolderIndex, text: str, **more: object) -> list[str]:
    return [hit.slug for hit in found.search(Query(text, **more)).hits]  # type: ignore[arg-type]


# --- what is found ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rotations", {"rotation"}),
        ("small cap", {"rotation"}),
        ('"small caps"', {"rotation"}),
        ('"caps small"', set()),
        ('"great rotation into"', {"rotation"}),
        ('"since 2019 the"', set()),  # the title's end and the text's beginning are not beside each other
        ("small-caps", {"rotation"}),
        ("caps", {"rotation", "harbor"}),
        ("caps -hats", {"rotation"}),
        ("caps NOT hats", {"rotation"}),
        ("hats OR rates", {"harbor", "fed"}),
        ("(hats OR rates) cafe", {"harbor"}),
        ("CAFÉ", {"harbor"}),
        ("rotat*", {"rotation"}),
        ("ferr*", {"harbor", "tiburon"}),
        ("2,600", {"rotation"}),
        ("2600", {"rotation"}),
        ("2,600.12", {"rotation"}),
        ("0.74%", {"rotation"}),
        ("0.74", {"rotation"}),
        ("$98.10", {"rotation"}),
        ("3.50%–3.75%", {"fed"}),
        ("BRK.B", {"rotation"}),
        ("brk-b", {"rotation"}),
        ("BRK/B", {"rotation"}),
        ("S&P 500", {"fed"}),
        ("at&t", {"fed"}),
        ("U.S. economy", {"fed"}),
        ("x" * 90, set()),
        ("fed " + "x" * 90, set()),
        ("ticker:$IWM", {"rotation"}),
        ("ticker:^RUT", {"rotation"}),
        ("by:jané-doe", {"fed", "tiburon"}),
        ("ticker:IWM", {"rotation"}),
        ("ticker:NYSEArca:IWM", {"rotation"}),
        ("ticker:NYSEARCA:IWM", {"rotation"}),
        ("NYSEArca:IWM", {"rotation"}),
        ("(NYSEArca: IWM)", {"rotation"}),
        ("ticker:brk-b", {"rotation"}),
        ("topic:federal-reserve", {"rotation", "fed"}),
        ('topic:"Federal Reserve" -topic:small-caps', {"fed"}),
        ('author:"Market Desk"', {"rotation"}),
        ("author:jane-doe", {"fed", "tiburon"}),
        ("site:sausalito ferry", {"harbor"}),
        ("date:2025-12-10", {"fed"}),
        ("date:2025-12", {"fed"}),
        ("date:2026", {"rotation", "tiburon"}),
        ("date:>2026-01-09", {"rotation"}),
        ("date:>=2026-01-09", {"rotation", "tiburon"}),
        ("date:<2025", {"harbor"}),
        ("date:<=2025-12-10", {"harbor", "fed"}),
        ("date:2025-12..2026-01", {"rotation", "fed", "tiburon"}),
        ("date:..2025", {"harbor", "fed"}),
        ("since:2026", {"rotation", "tiburon"}),
        ("until:2025-12 rates", {"fed"}),
        ("the fed", {"fed"}),
        ("to the", {"rotation", "fed", "harbor"}),
        ("nothing-of-this", set()),
        ("", {"rotation", "fed", "harbor", "tiburon"}),
        ("*", {"rotation", "fed", "harbor", "tiburon"}),
        ("-fed", {"rotation", "harbor", "tiburon"}),
    ],
)
def test_the_query_language_finds_what_it_says(there, text, expected):
    assert set(slugs(there, text)) == expected


def test_every_query_of_the_contract_is_understood(there):
    table = CONTRACT.read_text().partition("| written | finds |")[2].partition("\n\n")[0]
    queries = [query for row in table.splitlines() for query in re.findall(r"`([^`]+)`", row.split(" | ")[0])]

    assert len(queries) > 15
    for query in queries:
        assert there.search(Query(query)).notes == (), query


def test_a_word_of_the_title_counts_more_than_one_of_the_text(there):
    assert slugs(there, "ferry")[0] == "tiburon"


def test_fields_of_a_query_narrow_as_facets_do(there):
    assert slugs(there, "ferry", site="sausalito") == ["harbor"]
    assert slugs(there, "", topic="federal-reserve", year=2025) == ["fed"]
    assert slugs(there, "", symbol="NYSEARCA:SPY") == ["fed"]
    assert slugs(there, "", author="Jane Doe", site="tiburon") == ["tiburon", "fed"]
    assert slugs(there, "", since=date(2026, 1, 9), until=date(2026, 1, 9)) == ["tiburon"]
    assert slugs(there, "", until=date(2025, 12, 31)) == ["fed", "harbor"]


def test_facets_count_the_whole_result(there):
    facets = there.search(Query("", limit=1)).facets

    assert [(f.value, f.count) for f in facets["topic"]] == [("federal-reserve", 2), ("small-caps", 1)]
    assert [(f.value, f.count) for f in facets["author"]] == [("Jane Doe", 2), ("Market Desk", 1)]
    assert [(f.value, f.count) for f in facets["year"]] == [("2026", 2), ("2025", 1), ("2024", 1)]
    assert "NYSE:BRK.B" in [f.value for f in facets["symbol"]]


def test_without_words_or_by_wish_the_newest_come_first(there):
    assert slugs(there, "") == ["rotation", "tiburon", "fed", "harbor"]
    assert slugs(there, "the OR ferry", sort="date") == ["rotation", "tiburon", "fed", "harbor"]
    assert slugs(there, "", limit=2, offset=1) == ["tiburon", "fed"]


def test_the_json_has_the_shape_other_tools_rely_on(there):
    found = there.search(Query("rotation ticker:IWM")).to_json()

    example = re.search(r'`(\{"query": "rotation.*\})`', CONTRACT.read_text())
    assert example is not None
    shape = json.loads(example[1])
    assert list(found) == list(shape)
    assert list(found["results"][0]) == list(shape["results"][0])
    assert list(found["facets"]) == list(shape["facets"])
    assert (found["total"], found["results"][0]["date"]) == (1, "2026-01-12T13:41:00-08:00")
    json.dumps(found)


# --- snippets --------------------------------------------------------------------------------------------


def test_a_snippet_shows_the_passage_and_marks_its_words(there):
    (hit,) = there.search(Query("2600 rotations brk-b")).hits

    assert "<mark>2,600</mark>" in hit.snippet
    assert "<mark>rotation</mark>" in hit.snippet
    assert there.search(Query("streak caps")).hits[0].title_html == (
        "Small <mark>caps</mark> log longest <mark>streak</mark> since 2019"
    )


def test_a_snippet_comes_from_where_the_words_are():
    text = "Opening words. " * 60 + "Here the rotation began. " + "Closing words. " * 60

    snippet = Marker.of(["rotat"], []).snippet(text)

    assert snippet.startswith("… ")
    assert snippet.endswith(" …")
    assert "Here the <mark>rotation</mark> began." in snippet


def test_a_snippet_begins_with_a_sentence_and_an_abbreviation_ends_none():
    before = "Words before it. " * 20 + "It closed on Jan. 3 in the U.S. Treasury market. "
    text = f"{before}On Dec. 9 the rotation began. {'More. ' * 90}"

    assert Marker.of(["rotat"], []).snippet(text).startswith("… On Dec. 9 the <mark>rotation</mark> began.")


def test_a_heading_does_not_run_into_its_paragraph():
    assert (
        Marker.of(["rotat"], []).snippet(prepared("The rotation\n\nIt goes on."))
        == "The <mark>rotation</mark> · It goes on."
    )


def test_a_snippet_says_a_table_without_its_pipes():
    text = "How it went.\n\nIndex | Last | Change\nRussell 2000 |  | +5.0%\nS&P 500 | 2,467.70 | +4.9%"

    assert Marker.of(["russel"], []).snippet(prepared(text)) == (
        "How it went. · Index, Last, Change · <mark>Russell</mark> 2000, +5.0% · S&amp;P 500, 2,467.70, +4.9%"
    )


@pytest.mark.parametrize(
    ("before", "begins"),
    [
        ("and so the officials of the Federal Reserve Bank", "… Federal Reserve Bank "),
        ("and so the officials of the Board, Federal Bank", "… Federal Bank "),
        ("and so the officials of any commercial bank", "… bank "),
    ],
)
def test_a_snippet_does_not_begin_inside_a_name(before, begins):
    text = f"{'words ' * 40}{before} {'that say little more ' * 3}rotation {'and on ' * 60}"

    assert Marker.of(["rotat"], []).snippet(text).startswith(begins)


@pytest.mark.parametrize(
    ("asked", "text", "marked"),
    [
        ("cafe", "The café by the ferry", "café"),
        ("CAFÉ", "The Cafe by the ferry", "Cafe"),
        ("oneil", "Mr. O’Neil said", "O’Neil"),
        ("O'Neil", "Mr. O’Neil said", "O’Neil"),
        ("rates", "A rating was cut", "rating"),
        ("city", "The cities grew", "cities"),
        ("possible", "A possibility of loss", "possibility"),
        ("us", "The U.S. economy", "U.S"),
        ("mcdonalds", "McDonald's rose", "McDonald's"),
        ("1200000", "It sold 1,200,000 of them", "1,200,000"),
        ("москва", "Москва today", "Москва"),
        ("市", "東京株式市場", "市"),
        ("2", "A $1.2 billion 2-for-1 deal of 2,002", "2"),
    ],
)
def test_a_word_is_marked_however_it_is_written(asked, text, marked):
    parsed = language.parse(asked)

    assert re.findall("<mark>(.*?)</mark>", Marker.of(parsed.stems, parsed.prefixes).snippet(text)) == [
        marked
    ]


def test_single_letters_in_a_long_text_are_not_looked_for_everywhere():
    parsed = language.parse(" ".join("abcdefghijklmnopqrstuvwxyz"))
    text = "every quick brown fox jumps over lazy dogs; " * 4_000
    began = time.thread_time()

    Marker.of(parsed.stems, parsed.prefixes).snippet(text)

    assert time.thread_time() - began < 0.5


def test_the_second_half_of_a_name_is_not_marked():
    parsed = language.parse("P")

    assert "<mark>" not in Marker.of(parsed.stems, parsed.prefixes).snippet("The S&P 500 rose")


def test_a_snippet_near_the_beginning_begins_there():
    text = f"{'word ' * 20}rotation {'and on ' * 60}"

    assert Marker.of(["rotat"], []).snippet(text).startswith("word word")


class _Marks(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag if not attrs else "attributes!")

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400), st.text(max_size=20))
def test_snippets_are_short_escaped_and_marked_only(text, asked):
    parsed = language.parse(asked)
    snippet = Marker.of(parsed.stems, parsed.prefixes).snippet(
        prepared(text + " <script>alert(1)</script> & " + asked)
    )

    seen = _Marks()
    seen.feed(snippet)
    seen.close()
    assert seen.tags <= {"mark"}
    assert len(seen.text) <= LENGTH * 2


# --- spelling and completion -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("rotaton", "rotation"),
        ("rusell ticker:IWM", "russell ticker:IWM"),
        ("feddral resreve", "federal reserve"),
        ("rotation", ""),
        ("xyzzyqwert", ""),
        ("rotaton topic:nothing", ""),
    ],
)
def test_another_spelling_is_suggested_where_it_would_find_something(there, text, suggestion):
    assert there.search(Query(text)).suggestion == suggestion


def test_where_few_stories_were_found_a_spelling_that_finds_many_more_is_told(tmp_path, engine):
    many = [replace(STORIES[0], url=f"/m/{n}/", slug=f"m{n}", title=f"Rotation {n}") for n in range(12)]
    slip = replace(STORIES[0], url="/slip/", slug="slip", title="Rotaton", text="A slip.", summary="A slip.")
    open_writer(tmp_path, engine).rebuild([*many, slip])
    found = open_index(tmp_path)

    assert found.search(Query("rotaton")).total == 1
    assert found.search(Query("rotaton")).suggestion == "rotation"
    assert found.search(Query("slip")).suggestion == ""
    assert spelling.nearest("rotato", [spelling.Vocabulary([("rotation", 12)])], 1) == ""
    assert found.search(Query("rotation")).suggestion == ""


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("rotation", "rotation", 0),
        ("rotaton", "rotation", 1),
        ("raet", "rate", 1),
        ("abc", "xyz", 3),
        ("a", "abcd", 3),
    ],
)
def test_edits_count_letters_put_in_left_out_changed_and_swapped(one, other, distance):
    assert spelling.edits(one, other, 2) == min(distance, 3)


def test_the_last_word_is_completed_by_what_the_archive_holds(there):
    assert "ferry" in there.suggest("fe")
    assert there.suggest("great rot") == ("great rotation",)
    assert there.suggest('"small comp') == ('"small companies',)
    for text in ("", "f", "   ", "zzzz", "rotation", "()", "x" * 10_000):
        there.suggest(text)
    assert there.suggest("zzzz") == ()


# --- nothing better is left out --------------------------------------------------------------------------


VOCABULARY = [
    f"{a}{b}"
    for a in ("mark", "stock", "bond", "rall", "yiel", "ratex", "fedx")
    for b in ("o", "ums", "ity", "ax")
]


def crowd(number: int, seed: int = 1) -> list[Document]:
    chance = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(len(VOCABULARY))]
    made = []
    for place in range(number):
        body = " ".join(chance.choices(VOCABULARY, weights, k=chance.randint(5, 120)))
        title = " ".join(chance.choices(VOCABULARY, weights, k=chance.randint(1, 6)))
        made.append(
            story(f"s{place}", title, body, days_ago=chance.randint(0, 900), topics=(chance.choice("abc"),))
        )
    return made


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, engine: str) -> FolderIndex:
    """Several segments, with deletions: an index as it is after a day's work."""
    folder = tmp_path_factory.mktemp("crowd")
    writer = open_writer(folder, engine)
    documents = crowd(600)
    writer.rebuild(documents[:500])
    writer.update(documents[500:560])
    writer.update(documents[560:], [one.url for one in documents[10:30]])
    return open_index(folder)


def generated(seed: int) -> tuple[str, whoosh_query.Query, str]:
    """A query in our language, the same as Whoosh's own objects, and the stem that must not be there.

    Whoosh's AndNot lets a document through that holds the word, so the test takes those out itself.
    """
    chance = random.Random(seed)
    chosen = chance.sample(VOCABULARY, 3)
    stems = [words.stemmed(word) for word in chosen]
    terms = [whoosh_query.Term("words", stem) for stem in stems]
    match seed % 5:
        case 0:
            return chosen[0], terms[0], ""
        case 1:
            return f"{chosen[0]} {chosen[1]}", whoosh_query.And(terms[:2]), ""
        case 2:
            return f"{chosen[0]} OR {chosen[1]} OR {chosen[2]}", whoosh_query.Or(terms), ""
        case 3:
            return f"{chosen[0]} {chosen[1]} -{chosen[2]}", whoosh_query.And(terms[:2]), stems[2]
        case _:
            return f'"{chosen[0]} {chosen[1]}"', whoosh_query.Phrase("words", stems[:2]), ""


Ranked = list[tuple[float, float, str]]  # minus score, minus moment, slug: in order


def every_score_of_whoosh(home: Path, seed: int) -> Ranked:
    """By Whoosh's own scorer with no limit."""
    _, theirs, without = generated(seed)
    with whoosh_index.open_dir(str(home)).searcher() as searcher:
        held = [searcher.stored_fields(number)["kept"] for number in range(searcher.doc_count_all())]
        moments = [datetime.fromisoformat(kept["date"]) for kept in held]
        newest = max(moments[number] for number in searcher.reader().all_doc_ids())
        ranked = []
        for number, score in searcher.search(theirs, limit=None).items():
            text = f"{held[number]['title']} {held[number]['text']}"
            if without and without in {term.stem for term in words.terms(text)}:
                continue
            boost = 1 + RECENCY * 2 ** -((newest - moments[number]) / timedelta(days=365))
            ranked.append((-score * boost, -moments[number].timestamp(), held[number]["slug"]))
    return sorted(ranked)


def every_score_of_tantivy(home: Path, seed: int) -> Ranked:
    """By tantivy's own scorer with no limit."""
    import tantivy

    from broadtape.search.tantivy_engine import TantivyEngine

    opened = TantivyEngine().open(home, mark.Mark("tantivy", 1, 1, home.name, 1, 1, {}), None)
    tree = opened.tree(language.parse(generated(seed)[0]).node)
    everything = opened.searcher.search(tantivy.Query.all_query(), 10_000).hits
    newest = max(datetime.fromisoformat(opened._kept(place).date) for _, place in everything)
    ranked = []
    for score, place in opened.searcher.search(tree, 10_000).hits:
        kept = opened._kept(place)
        moment = datetime.fromisoformat(kept.date)
        boost = 1 + RECENCY * 2 ** -((newest - moment) / timedelta(days=365))
        ranked.append((-score * boost, -moment.timestamp(), kept.slug))
    return sorted(ranked)


@pytest.mark.slow
def test_the_top_ten_are_those_of_scoring_every_document(crowded, engine):
    """Against the engine's own scorer with no limit, over generated queries."""
    found = mark.read(crowded.folder)
    assert found is not None
    every = every_score_of_whoosh if engine == "whoosh" else every_score_of_tantivy
    checked = 0
    for seed in range(40):
        text = generated(seed)[0]
        results = crowded.search(Query(text))

        exhaustive = every(crowded.folder / found.folder, seed)

        assert results.total == len(exhaustive), text
        assert [hit.score for hit in results.hits] == pytest.approx(
            [-one[0] for one in exhaustive[:10]], rel=1e-5
        )
        assert {hit.slug for hit in results.hits} <= {
            slug for score, _, slug in exhaustive if -score >= results.hits[-1].score * (1 - 1e-5)
        }, text
        checked += bool(exhaustive)
    assert checked > 20


def test_engines_find_the_same_documents(tmp_path):
    pytest.importorskip("tantivy", reason="pip install 'broadtape[tantivy]'")
    documents = crowd(90)
    for name in ENGINES:
        open_writer(tmp_path / name, name).rebuild(documents)
    one, other = (open_index(tmp_path / name) for name in ENGINES)
    for seed in range(120):
        text = generated(seed)[0]

        theirs = [
            (found.total, sorted(hit.slug for hit in found.hits), found.facets)
            for found in (index.search(Query(text, limit=100)) for index in (one, other))
        ]

        assert theirs[0] == theirs[1], text


def test_pages_of_results_are_one_list_cut_in_pieces(crowded):
    for text in ("marko", "marko OR stocko", "", "topic:a"):
        whole = slugs(crowded, text, limit=100)
        assert [slug for start in range(0, 100, 7) for slug in slugs(crowded, text, limit=7, offset=start)][
            :100
        ] == whole


def test_ties_go_by_date_then_slug(tmp_path, engine):
    twins = [
        story(slug, "Same words", "here", days_ago=age)
        for slug, age in (("b", 1), ("c", 1), ("a", 1), ("z", 0))
    ]
    random.Random(3).shuffle(twins)
    open_writer(tmp_path, engine).rebuild(twins)

    assert slugs(open_index(tmp_path), "same words") == ["z", "a", "b", "c"]
    assert slugs(open_index(tmp_path), "", limit=3) == ["z", "a", "b"]


# --- queries that mean harm ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000, "(" * 5_000, ")" * 5_000, '"' * 999, "*" * 999, "a* " * 200, "NOT " * 200, "OR AND NOT", "- - -",
        "((a OR b) AND (c OR (d", "field:", ":", "::::", "date:9999-99-99", "date:>9999", "date:..", "date:0000",
        "ticker:", "topic:*", "site:\x00", "\ud83d", "\x00\x01", "%s %n {} {{}}", "' OR 1=1 --", "[a TO z]", "a^1000~2",
        "year:99999999999999999999", "２,６００", "word " * 5_000,
    ],
)  # fmt: skip
def test_no_query_raises_or_takes_long(there, crowded, text):
    started = time.process_time()

    for found in (there, crowded):
        results = found.search(Query(text, limit=10**9, offset=-5))
        assert len(results.hits) <= 100
        found.suggest(text)

    assert time.process_time() - started < 2


@pytest.mark.parametrize("text", ["(((", ")", '"', "!?", "- -", "((()"])
def test_a_query_of_signs_alone_finds_nothing(there, text):
    assert there.search(Query(text)).total == 0


def test_what_is_cut_is_said(there):
    assert any("500 characters" in note for note in there.search(Query("word " * 200)).notes)
    assert any("32 words" in note for note in there.search(Query("a b " * 40)).notes)
    assert any("8 levels" in note for note in there.search(Query("(" * 20 + "ferry" + ")" * 20)).notes)
    assert any("no date" in note for note in there.search(Query("date:soon ferry")).notes)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=80)
    | st.lists(
        st.sampled_from(
            [
                "(",
                ")",
                '"',
                "*",
                "-",
                "OR",
                "AND",
                "NOT",
                "a",
                "ferry",
                "topic:",
                "date:",
                "2026",
                "..",
                ">",
                ",",
            ]
        )
    ).map(" ".join)
)
def test_any_text_is_a_query(there, text):
    results = there.search(Query(text))

    assert results.query == text
    assert results.total >= len(results.hits)


def impatient(folder: Path, engine: str, wait_s: float) -> FolderWriter:
    """A writer that waits only so long for another."""
    writer = open_writer(folder, engine)
    assert isinstance(writer, FolderWriter)
    writer._wait_s = wait_s
    return writer


# --- writing, crashes, readers beside a writer -----------------------------------------------------------


def test_an_update_replaces_and_removes_in_one_commit(tmp_path, engine):
    writer = open_writer(tmp_path, engine)
    writer.rebuild(STORIES)
    reader = open_index(tmp_path)
    first = reader.generation

    changed = story("rotation", "Small caps fall back", "Other words")
    generation = writer.update([changed, story("new", "New story", "Zebra")], [STORIES[1].url, "/not/there/"])

    assert generation == first + 1 == reader.generation
    assert reader.documents == 4
    assert slugs(reader, "streak") == []
    assert slugs(reader, "fall back") == ["rotation"]
    assert slugs(reader, "zebra") == ["new"]
    assert slugs(reader, "rates") == []
    assert [f.value for f in reader.search(Query()).facets["topic"]] == []


def test_without_an_index_nothing_is_found_until_there_is_one(tmp_path, engine):
    reader = open_index(tmp_path / "none")
    assert (reader.generation, reader.search(Query("a")).total, reader.suggest("ab")) == (0, 0, ())
    assert open_writer(tmp_path / "none", engine).state() == "missing"
    with pytest.raises(IndexInDoubt, match=r"missing.*--rebuild"):
        open_writer(tmp_path / "none", engine).update([])

    open_writer(tmp_path / "none", engine).rebuild(STORIES)

    assert reader.search(Query("rotation")).total == 1


def test_an_empty_index_is_an_index(tmp_path, engine):
    writer = open_writer(tmp_path, engine)
    writer.rebuild([])
    reader = open_index(tmp_path)

    assert (writer.state(), reader.search(Query("a")).total, reader.search(Query()).total) == ("sound", 0, 0)
    writer.update(STORIES)
    assert reader.search(Query()).total == 4
    writer.update([], [one.url for one in STORIES])
    assert (reader.search(Query("ferry")).total, reader.search(Query()).total) == (0, 0)


def damaged(folder: Path, how: str) -> None:
    found = mark.read(folder)
    assert found is not None
    home = folder / found.folder
    segment = next(path for path in home.iterdir() if path.suffix in (".trm", ".term"))
    if how == "mark":
        (folder / mark.NAME).write_text("{")
    elif how == "cut off":
        segment.write_bytes(segment.read_bytes()[:-100])
    elif how == "flipped":
        data = bytearray(segment.read_bytes())
        data[len(data) // 2] ^= 0xFF
        segment.write_bytes(bytes(data))
    elif how == "gone":
        segment.unlink()
    elif how == "ahead":  # the engine committed, then the power went before our mark
        if found.engine == "whoosh":
            whoosh_index.open_dir(str(home)).writer().commit()
        else:
            import tantivy

            writer = tantivy.Index.open(str(home)).writer(16_000_000, 1)
            writer.delete_documents_by_term("url", STORIES[0].url)
            writer.commit()


@pytest.mark.parametrize("how", ["mark", "cut off", "flipped", "gone", "ahead"])
def test_a_damaged_index_is_found_out_refused_and_rebuilt(tmp_path, engine, how, monkeypatch):
    open_writer(tmp_path, engine).rebuild(STORIES)
    reader = open_index(tmp_path)
    assert reader.search(Query("rotation")).total == 1

    damaged(tmp_path, how)
    monkeypatch.setattr("broadtape.search.mark._checked", {})  # as in a new process

    assert open_writer(tmp_path, engine).state() == "damaged"
    with pytest.raises(IndexInDoubt):
        open_writer(tmp_path, engine).update([])
    reader.search(Query("rotation"))  # whatever it says, it does not raise
    open_index(tmp_path).search(Query("rotation"))
    open_writer(tmp_path, engine).rebuild(STORIES)
    assert open_writer(tmp_path, engine).state() == "sound"
    assert reader.search(Query("rotation")).total == 1


def test_an_index_of_an_older_version_is_outdated_and_answers_until_it_is_rebuilt(
    tmp_path, engine, monkeypatch
):
    open_writer(tmp_path, engine).rebuild(STORIES)

    monkeypatch.setattr(f"broadtape.search.{engine}_schema.SCHEMA", 99)

    reader = open_index(tmp_path)
    assert open_writer(tmp_path, engine).state() == "outdated"
    assert reader.search(Query("rotation")).total == 1
    open_writer(tmp_path, engine).rebuild(STORIES[1:])
    assert (open_writer(tmp_path, engine).state(), reader.search(Query("rotation")).total) == ("sound", 0)


def test_an_index_of_a_newer_version_is_not_read(tmp_path, engine, monkeypatch):
    with monkeypatch.context() as newer:
        newer.setattr(f"broadtape.search.{engine}_schema.SCHEMA", 99)
        open_writer(tmp_path, engine).rebuild(STORIES)

    assert open_writer(tmp_path, engine).state() == "outdated"
    assert open_index(tmp_path).search(Query("rotation")).total == 0


def test_the_index_of_another_engine_answers_until_ours_is_built(tmp_path, engine):
    other = next(name for name in ENGINES if name != engine)
    if importlib.util.find_spec(other) is None:
        pytest.skip(f"{other} is not installed; pip install 'broadtape[{other}]'")
    open_writer(tmp_path, other).rebuild(STORIES)
    reader = open_index(tmp_path)

    writer = open_writer(tmp_path, engine)

    assert (writer.state(), reader.search(Query("rotation")).total) == ("outdated", 1)
    writer.rebuild(STORIES)
    found = mark.read(tmp_path)
    assert found is not None
    assert (writer.state(), found.engine, reader.search(Query("rotation")).total) == ("sound", engine, 1)


def test_an_engine_that_is_not_installed_is_named_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "broadtape.search.tantivy_writer", None)

    with pytest.raises(EngineMissing, match=r"pip install 'broadtape\[tantivy\]'"):
        open_writer(tmp_path, "tantivy")


def test_a_condemned_index_answers_until_it_is_rebuilt(tmp_path, engine):
    writer = open_writer(tmp_path, engine)
    writer.rebuild(STORIES)

    writer.condemn()

    assert writer.state() == "outdated"
    assert open_index(tmp_path).search(Query("rotation")).total == 1
    writer.rebuild(STORIES)
    assert writer.state() == "sound"


def test_the_old_index_answers_while_the_new_one_is_built(tmp_path, engine):
    writer = open_writer(tmp_path, engine)
    writer.rebuild(STORIES)
    reader = open_index(tmp_path)
    seen: list[int] = []

    def documents():
        for number in range(3):
            seen.append(reader.search(Query("rotation")).total)
            yield story(f"n{number}", "Zebra", "stripes")

    writer.rebuild(documents())

    assert seen == [1, 1, 1]
    assert (reader.search(Query("rotation")).total, reader.search(Query("zebra")).total) == (0, 3)


def test_a_rebuild_that_fails_leaves_the_old_index(tmp_path, engine):
    writer = open_writer(tmp_path, engine)
    writer.rebuild(STORIES)

    def documents():
        yield STORIES[0]
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        writer.rebuild(documents())

    assert writer.state() == "sound"
    assert open_index(tmp_path).search(Query()).total == 4
    assert len([*tmp_path.glob("g*")]) == 1


def test_an_update_that_fails_changes_nothing(tmp_path, engine):
    writer = open_writer(tmp_path, engine)
    writer.rebuild(STORIES)

    with pytest.raises(AttributeError):
        writer.update([STORIES[0], None])  # type: ignore[list-item]  # what a bug would hand over

    assert writer.state() == "sound"
    assert slugs(open_index(tmp_path), "rotation") == ["rotation"]


def test_small_segments_are_merged_after_a_change_is_found_and_large_ones_stay(tmp_path):
    writer = open_writer(tmp_path, "whoosh")
    writer.rebuild(crowd(40))
    found, most, marks = open_index(tmp_path), 0, set()
    for number in range(30):
        before = found.generation
        writer.update([story(f"n{number}", f"Number{number}x")], [STORIES[0].url])
        current = mark.read(tmp_path)
        most = max(most, sum(1 for _ in (tmp_path / current.folder).glob("*.trm")))
        marks.add(current.generation - before)
        assert slugs(found, f"number{number}x") == [f"n{number}"]
        assert writer.state() == "sound"

    assert found.search(Query(limit=0)).total == found.documents == 70
    assert most < 8
    assert marks == {1, 2}  # some changes are followed by a commit that merges


@pytest.mark.parametrize(
    ("sizes", "merged"),
    [
        ([1] * 7 + [20_000], 7),
        ([1, 1, 1, 1, 50, 300, 3_000, 20_000], 4),
        ([1, 1, 1, 25, 50, 300, 3_000, 20_000], 6),
        ([5_000] * 9, 0),
    ],
)
def test_segments_are_merged_with_those_of_their_size(sizes, merged):
    assert small(sizes) == merged


def test_a_first_index_has_the_bytes_that_whoosh_itself_would_write(tmp_path):
    chance = random.Random(5)
    vocabulary = [f"word{chance.choice('aeiou')}{number}" for number in range(60)] + [
        "U.S.",
        "BRK.B",
        "3.5%",
        "café",
    ]
    documents = [
        story(
            f"s{number}", " ".join(chance.choices(vocabulary, k=3)),
            " ".join(chance.choices(vocabulary, k=chance.choice([0, 1, 40, 900]))), days_ago=number,
            topics=(chance.choice(("ferries", "rates")),), authors=("Jane Doe",),
        )
        for number in range(300)
    ]  # fmt: skip

    def written(name: str, fill) -> dict[str, bytes]:
        (tmp_path / name).mkdir()
        writer = fill(whoosh_index.create_in(str(tmp_path / name), whoosh_schema.schema()), tmp_path / name)
        writer.commit()
        found = {path.suffix: path for path in (tmp_path / name).iterdir() if path.suffix not in (".toc", "")}
        columns = {path.name.split("_", 2)[-1]: path.read_bytes() for path in (tmp_path / name).glob("*.col")}
        return {**{end: found[end].read_bytes() for end in (".trm", ".pst")}, **_nameless(columns)}

    def theirs(opened, _home):
        writer = opened.writer(limitmb=256, compound=False, codec=whoosh_schema.codec())
        for document in documents:
            writer.add_document(**whoosh_schema.values(document))
        return writer

    def ours(most: int):
        def fill(opened, home):
            writer = Filling(opened, home, most_held=most)
            for document in documents:
                writer.take(whoosh_schema.values(document))
            return writer

        return fill

    wanted = written("theirs", theirs)
    assert len(wanted) > 3
    assert written("ours", ours(100_000_000)) == wanted
    assert written("in-runs", ours(1_000_000)) == wanted  # set aside several times and merged


def _nameless(columns: dict[str, bytes]) -> dict[str, bytes]:
    """Column files by field: a segment's name is made up anew each time."""
    return {name.split(".")[-2]: raw for name, raw in columns.items()}


def test_a_second_writer_waits_then_says_who_is_in_the_way(tmp_path, engine):
    open_writer(tmp_path, engine).rebuild(STORIES)
    with (tmp_path / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        with pytest.raises(SearchBusy, match="another process"):
            impatient(tmp_path, engine, 0.1).update([])

    assert impatient(tmp_path, engine, 0.1).update([]) == 2


@pytest.mark.slow
def test_readers_in_threads_see_every_generation_and_no_error(tmp_path, engine):
    writer = open_writer(tmp_path, engine)
    writer.rebuild(crowd(60))
    reader = open_index(tmp_path)
    failures: list[str] = []
    done = threading.Event()

    def read() -> None:
        last = 0
        while not done.is_set():
            found = reader.search(Query("marko OR zebra"))
            if found.notes or reader.generation < last:
                failures.append(str(found.notes))
            last = reader.generation

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(25):
        writer.update([story(f"z{number}", "Zebra", "stripes")])
    done.set()
    for thread in threads:
        thread.join()

    assert failures == []
    assert reader.search(Query("zebra")).total == 25


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_an_index_that_answers(tmp_path, engine):
    open_writer(tmp_path, engine).rebuild(crowd(80))
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path; import test_search as t\n"
        "w = t.open_writer(Path(sys.argv[1]), sys.argv[3])\n"
        "print('go', flush=True)\n"
        "for n in range(10_000): w.update([t.story(f'k{n}', 'Zebra', 'stripes ' * 50)])\n"
    )
    for wait in (0.01, 0.07, 0.16):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), str(Path(__file__).parent), engine],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        process.kill()
        process.communicate()
        writer = impatient(tmp_path, engine, 1)
        assert open_index(tmp_path).search(Query("marko")).total > 0
        if writer.state() != "sound":
            writer.rebuild(crowd(80))
        writer.update([story("after", "Afterwards", "words")])
        assert slugs(open_index(tmp_path), "afterwards") == ["after"]


def test_importing_search_warns_of_nothing_and_loads_no_engine():
    code = (
        "import broadtape.search, sys; assert 'whoosh.index' not in sys.modules;"
        " assert 'tantivy' not in sys.modules; import broadtape.search.whoosh_engine"
    )

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


# --- dates of the language -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        (">2024-12-31", date(2025, 1, 1), date.max),
        ("<2024", date(1, 1, 1), date(2023, 12, 31)),
        ("2024..2024-06", date(2024, 1, 1), date(2024, 6, 30)),
        ("=2024-06-01", date(2024, 6, 1), date(2024, 6, 1)),
    ],
)
def test_dates_name_whole_periods(said, first, last):
    assert language.parse(f"date:{said}").node == language.Dates(first, last)


def test_the_day_is_that_of_the_written_offset(tmp_path, engine):
    late = Document("late", "/2026/01/12/late/", "Late", "x", datetime(2026, 1, 12, 22, tzinfo=DAY.tzinfo))
    open_writer(tmp_path, engine).rebuild([late])

    assert late.date.astimezone(UTC).day == 13
    assert slugs(open_index(tmp_path), "date:2026-01-12") == ["late"]
