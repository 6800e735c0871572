"""Linting: what `broadtape check` finds, what --fix puts right, and what it does without a market store."""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner
from fakes import FakeMarket

from broadtape import cli
from broadtape.archive import Archive
from broadtape.archive.lint import Surroundings, check
from broadtape.archive.longforms import fix
from broadtape.model import Article

WEST = timezone(timedelta(hours=-8))
AROUND = Surroundings(
    sites=("sausalito",),
    hosts=("sausalito.example",),
    pages=("about",),
    knows_symbol=lambda symbol: symbol in {"NYSE:T", "INDEXRUSSELL:RUT"},
)
LONG = "return?of=INDEXRUSSELL:RUT&over=2s"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "content", zone=WEST)


def put(archive: Archive, body: str, header: str = "", name: str = "2026/01/story/index.md") -> Path:
    path = archive.articles / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"---\ntitle: A story\ndate: 2026-01-12T13:41:00-08:00\n{header}---\n{body}", encoding="utf-8"
    )
    return path


def found(archive: Archive, around: Surroundings = AROUND) -> list[tuple[int, str, str]]:
    return [(p.line, p.level, p.cause) for p in check(archive, around).problems]


def market() -> FakeMarket:
    return FakeMarket("2026-01-12", {"INDEXRUSSELL:RUT": "100 101 102 103 105"})


def test_a_sound_article_has_no_problems(archive):
    path = put(
        archive,
        "Shares (NYSE: T) [here](/2026/01/12/story/) and [there](https://other.example/), [mail](mailto:a@b.example),"
        " [proof](proof), [about](/about/), [topic](/topics/news/), [month](/archive/2026/01/),"
        " [feed](/topics/news/feed.xml), [quote](/quotes/NYSE:T/), [metric](/definitions/return/),"
        " [own](https://sausalito.example/search?q=a), [top](#h-why).\n\n"
        "## Why\n\n### Because\n\n![A line that rises](chart.svg)\n",
        'topics: [news]\nphoto: {src: chart.svg, alt: "A line"}\nsites: [sausalito]\n',
    )
    (path.parent / "chart.svg").write_text("<svg/>")

    assert found(archive) == []


@pytest.mark.parametrize(
    ("body", "line", "level", "cause"),
    [
        ("[x](/2026/01/13/nothing/)", 5, "error", "no article is at /2026/01/13/nothing/"),
        ("[x](/2026/01/12/story/chart.svg)", 5, "error", "chart.svg is not beside"),
        ("[x](/former/)", 5, "error", "leads nowhere"),
        ("[x](https://sausalito.example/nowhere/)", 5, "error", "leads nowhere"),
        ("[x](/topics/unknown/)", 5, "error", "leads nowhere"),
        ("[x](other.html)", 5, "error", "leads nowhere"),
        ("[x](/quotes/NYSE:ZZZZ/)", 5, "error", "no loaded instrument is NYSE:ZZZZ"),
        ("[x](javascript:alert(1))", 5, "error", "pages leave out"),
        ("[x]()", 5, "error", "without an address"),
        ("[](https://other.example/)", 5, "error", "without text"),
        ("[x](http://[)", 5, "error", "not an address"),
        ("![](/media/chart.svg)", 5, "error", "no alternative text"),
        ("![A line](chart.svg)", 5, "error", "is not there: chart.svg"),
        ("![A line](../../../../secret.svg)", 5, "error", "is not there"),
        ("![A line](data:image/png;base64,AAAA)", 5, "error", "cannot be shown"),
        ("![A line](https://other.example/a.png)", 5, "warning", "another server"),
        ("Text\n\n# Big", 7, "warning", "first level"),
        ("Text\n\n## Two\n\n#### Four", 9, "warning", "level 4 follows one of level 2"),
        ("Text\n\n##", 7, "error", "heading is empty"),
        ("Text\n\n<div>x</div>", 7, "warning", "raw HTML"),
        ("", 5, "warning", "no text"),
        ("Shares (NASDAQ: ZZZZ) rose", 5, "warning", "no loaded instrument is NASDAQ:ZZZZ"),
        ("a\nb [fell](fact:aaaaaaaa)", 6, "error", "unknown fact aaaaaaaa"),
        ("[fell](fact:nothing?of=RUT)", 5, "error", "nothing"),
        ("[fell](fact:return?of)", 5, "error", "return?of"),
        (f"[fell](fact:{LONG})", 5, "warning", "a hand-written fact"),
    ],
)
def test_what_is_wrong_in_a_text_is_found_where_it_is(archive, body, line, level, cause):
    put(archive, body)

    problems = check(archive, AROUND).problems

    assert [(p.line, p.level) for p in problems] == [(line, level)]
    assert cause in problems[0].cause
    assert problems[0].remedy


@pytest.mark.parametrize(
    ("header", "line", "cause"),
    [
        ("sites: [marin]\n", 4, "'marin' is no site"),
        ("owner_site: marin\n", 4, "'marin' is no site"),
        ("updated: 2026-01-01\n", 4, "updated is before date"),
        ("photo: nothing.jpg\n", 4, "is not there: nothing.jpg"),
        ("photo: nothing.jpg\n", 4, "no alternative text"),
        ("symbols: [NYSE:ZZZZ]\n", 4, "no loaded instrument is NYSE:ZZZZ"),
        (f"summary: {'x' * 3}\nother: 1\naliases: [/2026/01/12/second/]\n", 6, "is the address of"),
    ],
)
def test_what_is_wrong_in_front_matter_is_found_at_its_key(archive, header, line, cause):
    put(archive, "Text", header)
    put(archive, "Text", name="second.md")

    assert any(at == line and cause in said for at, _, said in found(archive))


def test_with_a_store_a_fact_that_cannot_be_computed_is_an_error(archive):
    put(archive, f"[rose](fact:{LONG})\n[rose](fact:return?of=NYSE:ZZZZ&over=2s)\n")
    around = Surroundings(view_for=market().at)

    assert [(line, level) for line, level, _ in found(archive, around)] == [(5, "warning"), (6, "error")]


def test_links_to_what_readers_do_not_see_are_warned_of(archive):
    put(archive, "[a](/2026/01/12/draft/) [b](/2025/01/01/old/)")
    put(archive, "Text", "status: draft\naliases: [/2025/01/01/old/]\n", name="draft.md")

    assert [(level, cause) for _, level, cause in found(archive)] == [
        ("warning", "/2025/01/01/old/ is a former address"),
        ("warning", "links /2026/01/12/draft/, which is draft"),
    ]


def test_unreadable_files_are_among_the_problems(archive):
    put(archive, "Text", "status: gone\n")

    assert [(line, level) for line, level, _ in found(archive)] == [(4, "error")]


def test_without_a_store_tickers_are_skipped_and_it_is_said(archive):
    put(archive, "Shares (NASDAQ: ZZZZ) rose; [x](/quotes/NASDAQ:ZZZZ/)")

    report = check(archive, Surroundings())

    assert report.problems == ()
    assert "no market store" in report.skipped[0]


def test_paths_limit_what_is_reported_not_what_is_known(archive):
    put(archive, "[x](/2026/01/12/other/)", name="one.md")
    put(archive, "[x](/nowhere/)", name="other.md")

    report = check(archive, AROUND, {archive.articles / "one.md"})

    assert (report.articles, report.problems, report.ok) == (1, (), True)


# --- --fix -----------------------------------------------------------------------------------------------------


def first(archive: Archive) -> Article:
    return archive.scan()[0][0]


def test_long_forms_become_ids_with_their_evidence_filed(archive):
    body = f'\nThe Russell 2000 [rose 2.9%](fact:{LONG}) and [*again*](<fact:{LONG}> "why")  \n\nSecond.\n'
    path = put(archive, body, "mine:   1   # kept\n")

    done = fix(archive, first(archive), market().at)

    fact_id = done.article.body.partition("(fact:")[2][:8]
    assert (done.links, done.problems) == (2, ())
    assert path.read_text() == (
        "---\ntitle: A story\ndate: 2026-01-12T13:41:00-08:00\nmine:   1   # kept\n---\n"
        + body.replace(LONG, fact_id)
    ).replace("title: A story\n", f"id: {done.article.id}\ntitle: A story\n")
    filed = json.loads((path.parent / "facts.json").read_text())
    assert list(filed["facts"]) == [fact_id]
    assert filed["facts"][fact_id]["metric"] == "return"
    assert filed["as_of"] == "2026-01-12"
    assert found(archive) == []


def test_fixing_again_changes_nothing(archive):
    path = put(archive, f"[rose 2.9%](fact:{LONG})\n")
    fix(archive, first(archive), market().at)
    before = path.read_bytes()

    assert fix(archive, first(archive), market().at).links == 0
    assert path.read_bytes() == before


def test_what_cannot_be_computed_stays_and_is_named(archive):
    path = put(
        archive, f"[rose](fact:{LONG}) [x](fact:return?of=NYSE:ZZZZ&over=2s) [y][ref]\n\n[ref]: fact:{LONG}\n"
    )

    done = fix(archive, first(archive), market().at)

    assert done.links == 1
    assert [problem.line for problem in done.problems] == [6, 6]  # an id was written above
    assert "fact:return?of=NYSE:ZZZZ&over=2s" in path.read_text()
    assert f"[ref]: fact:{LONG}" in path.read_text()


def test_an_id_taken_from_another_article_brings_its_evidence(archive):
    put(archive, f"[rose 2.9%](fact:{LONG})\n", name="a/one.md")
    fix(archive, first(archive), market().at)
    fact_id = next(iter(json.loads((archive.articles / "a/one.facts.json").read_text())["facts"]))
    put(archive, f"[rose 2.9%](fact:{fact_id})\n", name="b/two.md")
    assert any("another article only" in cause for _, _, cause in found(archive))

    done = fix(archive, archive.by_slug("two")[0], None)

    assert done.copied == 1
    assert fact_id in json.loads((archive.articles / "b/two.facts.json").read_text())["facts"]
    assert found(archive) == []


# --- the command -------------------------------------------------------------------------------------------------


@pytest.fixture
def newsroom(tmp_path: Path) -> Path:
    content = tmp_path / "content"
    (content / "sites" / "sausalito").mkdir(parents=True)
    (content / "broadtape.toml").write_text(
        '[instance]\ntitle = "Test"\ncontact = "a@example.org"\ntime_zone = "America/New_York"\n'
        'default_site = "sausalito"\n'
    )
    (content / "sites" / "sausalito" / "site.toml").write_text(
        'name = "Sausalito"\nurl = "http://sausalito.localhost:8000"\ntime_zone = "America/Los_Angeles"\n'
    )
    return tmp_path


def run(root: Path, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.main, ["-C", str(root), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_check_exits_0_with_warnings_and_1_with_errors(newsroom):
    archive = Archive(newsroom / "content")
    put(archive, "# Head\n\nText")

    code, out, err = run(newsroom, "check")

    assert code == 0
    assert "content/articles/2026/01/story/index.md:5: warning: a heading of the first level" in out
    assert "1 article: 0 errors, 1 warning" in err
    assert "not checked: tickers" in err

    put(archive, "[x](/nowhere/)")
    code, out, _ = run(newsroom, "check", "--json")

    shown = json.loads(out)
    assert code == 1
    assert shown["counts"] == {"articles": 1, "errors": 1, "warnings": 0, "fixed": 0}
    assert set(shown["problems"][0]) == {"path", "line", "level", "cause", "remedy"}
    assert shown["problems"][0]["path"] == "content/articles/2026/01/story/index.md"


def test_check_takes_files_and_folders(newsroom):
    archive = Archive(newsroom / "content")
    good = put(archive, "Text", name="good.md")
    put(archive, "[x](/nowhere/)", name="bad/index.md")

    assert run(newsroom, "check", str(good))[0] == 0
    assert run(newsroom, "check", str(archive.articles / "bad"))[0] == 1
    assert run(newsroom, "check", str(archive.articles / "bad" / "index.md"))[0] == 1
    assert run(newsroom, "check", str(newsroom / "missing.md"))[0] == 2


def test_fix_without_a_store_says_so_and_harms_nothing(newsroom):
    archive = Archive(newsroom / "content")
    path = put(archive, f"[rose](fact:{LONG})")
    before = path.read_bytes()

    code, _, err = run(newsroom, "check", "--fix")

    assert (code, path.read_bytes()) == (0, before)
    assert "no market store" in err


# --- index and search ----------------------------------------------------------------------


def test_index_then_search_finds_what_is_published(newsroom):
    archive = Archive(newsroom / "content")
    put(archive, "The zebra <b>rotation</b> goes on.", "topics: [zoo]\n")
    put(archive, "A hidden zebra.", "status: draft\n", name="2026/01/hidden.md")
    put(archive, "x", "status: nonsense\n", name="2026/01/broken.md")

    code, out, err = run(newsroom, "index")
    assert code == 0
    assert "search index: 1 documents, generation 1" in out
    assert "content/articles/2026/01/broken.md:4: error" in err

    code, out, _ = run(newsroom, "search", "zebra", "topic:zoo", "--json")
    found = json.loads(out)
    assert (code, found["query"], found["total"]) == (0, "zebra topic:zoo", 1)
    assert found["results"][0]["url"] == "/2026/01/12/story/"
    assert "<mark>zebra</mark>" in found["results"][0]["snippet"]
    assert "A story" in run(newsroom, "search", "zebra")[1]
    assert "Did you mean: zebra" in run(newsroom, "search", "zebar")[1]

    code, out, _ = run(newsroom, "index", "--rebuild")
    assert (code, "generation 2" in out) == (0, True)
    assert run(newsroom, "search", "zebra")[1].startswith("1 result\n")


def test_search_without_an_index_says_what_to_do(newsroom):
    code, _, err = run(newsroom, "search", "zebra")

    assert code == 1
    assert "run broadtape index first" in err
