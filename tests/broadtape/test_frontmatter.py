"""Front matter: what is read, what is refused and how, and that a change touches only its own lines."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadtape import frontmatter
from broadtape.model import Article, BrokenArticle, Correction, Photo, SourceLink

CONTRACT = Path(__file__).parents[2] / "docs" / "contracts" / "article.md"
PACIFIC = ZoneInfo("America/Los_Angeles")
WINTER = timezone(timedelta(hours=-8))


def parse(text: str) -> frontmatter.Parsed:
    return frontmatter.parse(text, path="content/articles/x.md", slug="x", zone=PACIFIC)


def read(text: str) -> Article:
    return parse(text).article


def filed(header: str, body: str = "Text.\n") -> str:
    return f"---\ntitle: A day\ndate: 2026-01-12T13:41:00-08:00\n{header}---\n\n{body}"


def examples() -> list[str]:
    return re.findall(r"```markdown\n(.*?)```", CONTRACT.read_text(), re.S)


def test_the_contracts_example_reads_with_its_defaults():
    article = read(examples()[0])

    assert article.symbols == ("INDEXRUSSELL:RUT",)
    assert article.summary == "The Russell 2000 (INDEXRUSSELL: RUT) fell 0.7% in December."
    assert article.date == datetime(2026, 1, 12, 13, 41, tzinfo=WINTER)
    assert article.date.utcoffset() == timedelta(hours=-8)
    assert (article.status, article.origin, article.topics) == ("published", "editor", ("small-caps",))


def test_the_contracts_refusal_names_line_cause_and_remedy():
    with pytest.raises(BrokenArticle) as caught:
        read(examples()[1])

    problem = caught.value.problem
    assert (problem.line, problem.cause) == (2, "a value holds a colon")
    assert problem.remedy in CONTRACT.read_text()


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ("", 1, "no front matter"),
        ("Just text\n", 1, "no front matter"),
        ("---\ntitle: x\n", 1, "not closed"),
        ("---\n---\n", 1, "is empty"),
        ("---\ntitle: x\n---\n", 1, "date is missing"),
        ("---\ndate: 2026-01-12\ntitle:\n---\n", 3, "title is empty"),
        ("---\ntitle: [a]\ndate: 2026-01-12\n---\n", 2, "title should be text, not a list"),
        ("---\ntitle: x\ndate: soon\n---\n", 3, "'soon' is not a date"),
        ("---\ntitle: x\ndate: 2026-02-30\n---\n", 3, "not a date"),
        (filed("status: done\n"), 4, "'done' is not one of draft"),
        (filed("origin: robot\n"), 4, "'robot' is not one of desk"),
        (filed("as_of: yesterday\n"), 4, "not a day"),
        (filed("topics: {a: b}\n"), 4, "topics should be a list"),
        (filed("topics: [[a]]\n"), 4, "topics should be a list of words"),
        (filed("photo: {alt: x}\n"), 4, "no src"),
        (filed("photo: {src: [x]}\n"), 4, "photo.src should be text"),
        (filed('source: {name: x, url: "javascript:alert(1)"}\n'), 4, "needs a name and a url"),
        (filed("corrections: [{text: x}]\n"), 4, "needs a date and a text"),
        (filed("aliases: [//evil.example/]\n"), 4, "not an address on the site"),
        (filed("title: again\n"), 4, "title is given twice, on lines 2 and 4"),
        (filed("\tx: 1\n"), 4, "tab"),
        (filed("x: !!python/object:os.system y\n"), 4, "cannot be read"),
        (filed("x: 2026-99-99\n"), 4, "cannot be read"),
        (filed("x: &a [*a]\n"), 4, "alias"),
        (filed("x: " + "[" * 50 + "\n"), 4, "deep"),
        (filed("x: &a 1\ny: [" + "*a, " * 17 + "]\n"), 5, "aliases"),
        (filed("x: " + "y" * 70_000 + "\n"), 1, "characters long"),
        ("---\n- title\n---\n", 2, "not a list of keys"),
        ("---\ntitle: x\0\n---\n", 2, "not YAML"),
        (filed("", ">" * 100 + "deep\n"), 5, "deep"),
    ],
)
def test_a_broken_file_says_where_and_why_and_what_to_do(text, line, cause):
    with pytest.raises(BrokenArticle) as caught:
        read(text)

    problem = caught.value.problem
    assert (problem.path, problem.line) == ("content/articles/x.md", line)
    assert cause in problem.cause
    assert problem.remedy


def test_multiplying_aliases_are_refused_before_they_are_built():
    five = "[{0}, {0}, {0}, {0}, {0}]"
    bomb = f"a: &a [{'x, ' * 40}]\nb: &b {five.format('*a')}\nc: &c {five.format('*b')}\nd: {five.format('*c')}\n"

    with pytest.raises(BrokenArticle, match="alias"):
        read(filed(bomb))


@pytest.mark.parametrize(
    ("written", "moment", "warned"),
    [
        ("2026-01-12T13:41:00-08:00", datetime(2026, 1, 12, 13, 41, tzinfo=WINTER), False),
        ("2026-01-12 13:41:00 -0800", datetime(2026, 1, 12, 13, 41, tzinfo=WINTER), False),
        ('"2026-01-12T21:41Z"', datetime(2026, 1, 12, 21, 41, tzinfo=UTC), False),
        ("2026-01-12", datetime(2026, 1, 12, tzinfo=WINTER), False),
        ("2026-07-01 09:00", datetime(2026, 7, 1, 9, tzinfo=timezone(timedelta(hours=-7))), True),
    ],
)
def test_dates_keep_their_offset_or_get_the_sites_with_a_warning(written, moment, warned):
    parsed = parse(f"---\ntitle: x\ndate: {written}\n---\nText\n")

    assert parsed.article.date == moment
    assert parsed.article.date.utcoffset() == moment.utcoffset()
    assert [problem.level for problem in parsed.warnings] == (["warning"] if warned else [])


def test_words_stay_words_whatever_yaml_thinks_of_them():
    article = read("---\ntitle: No\ndate: 2026-01-12\nauthors: 12\ntopics: a, b\nsummary: 2600\n---\nText\n")

    assert (article.title, article.authors, article.topics, article.summary) == (
        "No",
        ("12",),
        ("a", "b"),
        "2600",
    )


def test_symbols_are_canonical_and_nonsense_among_them_is_a_warning():
    parsed = parse(filed("symbols: [Nasdaq:nvda, NYSEArca:IWM, HOUSE:ONE, NVDA]\n"))

    assert parsed.article.symbols == ("NASDAQ:NVDA", "NYSEARCA:IWM", "HOUSE:ONE")
    assert ["'NVDA'" in problem.cause for problem in parsed.warnings] == [True]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_mark_and_any_line_ends_are_read_and_kept(mark, end):
    text = mark + filed("topics: [a]\n", "One.\n\nTwo.\n").replace("\n", end)
    old = read(text)

    revised = frontmatter.revise(text, old, replace(old, status="held"))

    assert old.body_line == 6
    assert revised == text.replace(f"-08:00{end}", f"-08:00{end}status: held{end}", 1)
    assert read(revised).status == "held"


def test_only_the_lines_of_changed_keys_are_rewritten():
    text = (
        "---\n"
        "# written by hand\n"
        "title:   'Old title'   # keep it short\n"
        "date: 2026-01-12 13:41:00 -0800  # as announced\n"
        "mine: {b: 1,   a: [x,y]}\n"
        "topics:\n"
        "    - one\n"
        "    - two   # two\n"
        "\n"
        "# about the picture\n"
        "photo:\n"
        "    src: a.svg\n"
        "    alt: A line\n"
        "--- \n"
        "Body   \n\n\n"
    )
    old = read(text)

    revised = frontmatter.revise(text, old, replace(old, title="New: title", id="01KEV9ABCDEFGHJKMNPQRSTVWX"))

    assert revised == text.replace(
        "title:   'Old title'   # keep it short\n", 'title: "New: title"\n'
    ).replace("# written by hand\n", "# written by hand\n", 1).replace(
        "---\n# written", "---\nid: 01KEV9ABCDEFGHJKMNPQRSTVWX\n# written", 1
    )


def test_a_key_taken_away_goes_with_all_its_lines():
    text = filed(
        "corrections:\n  - {date: 2026-01-13, text: Wrong.}\n  - {date: 2026-01-14, text: Again.}\nmine: 1\n"
    )
    old = read(text)

    revised = frontmatter.revise(text, old, replace(old, corrections=()))

    assert revised == filed("mine: 1\n")


def test_defaults_that_a_file_relies_on_are_not_written_into_it():
    text = filed("", "First (NASDAQ: NVDA).\n\nSecond.\n")
    old = read(text)

    assert old.summary == "First (NASDAQ: NVDA)."
    assert frontmatter.revise(text, old, replace(old, status="draft")) == text.replace(
        "-08:00\n", "-08:00\nstatus: draft\n"
    )


def test_the_same_instant_in_another_offset_is_another_date():
    text = filed("")
    old = read(text)

    revised = frontmatter.revise(text, old, replace(old, date=old.date.astimezone(UTC)))

    assert "date: 2026-01-12T21:41:00+00:00\n" in revised


_text = st.text(max_size=40).map(lambda text: " ".join(text.split()))
_word = _text.filter(lambda text: text and "," not in text)
_moments = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001  Hypothesis takes naive bounds
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001  see above
    timezones=st.sampled_from([UTC, WINTER, PACIFIC]),
).map(lambda moment: moment.replace(microsecond=0))


@st.composite
def articles(draw: st.DrawFn) -> Article:
    return Article(
        path="content/articles/x.md",
        slug="x",
        id=draw(st.sampled_from(["", "01KEV9ABCDEFGHJKMNPQRSTVWX"])),
        title=draw(_text.filter(bool)),
        date=draw(_moments),
        body=draw(st.sampled_from(["", "Text.\n", "\nText (NYSE: T).\n\n## Head\n"])),
        body_line=1,
        updated=draw(st.none() | _moments),
        as_of=draw(st.none() | st.dates(date(1990, 1, 1), date(2030, 1, 1))),
        status=draw(st.sampled_from(["draft", "published", "held", "withdrawn"])),
        summary=draw(_text.filter(bool)),
        authors=tuple(draw(st.lists(_word, max_size=3, unique=True))),
        topics=tuple(draw(st.lists(_word, max_size=3, unique=True))),
        symbols=("NYSE:BRK.B",),
        photo=draw(st.none() | st.builds(Photo, st.just("a b.svg"), _text, _text, _text)),
        origin=draw(st.sampled_from(["desk", "editor", "import"])),
        source=draw(
            st.none() | st.builds(SourceLink, _text.filter(bool), st.just("https://example.org/a?b=c#d"))
        ),
        corrections=tuple(draw(st.lists(st.builds(Correction, _moments, _text.filter(bool)), max_size=2))),
        aliases=tuple(draw(st.sampled_from([(), ("/2026/01/12/old/",)]))),
        extra=draw(st.sampled_from([{}, {"mine": {"deep": [1, "two", None, True]}, "no": "yes: no"}])),
    )


def same(one: Article, other: Article) -> bool:
    return (
        frontmatter.fields_of(one) == frontmatter.fields_of(other) and one.body.strip() == other.body.strip()
    )


@settings(max_examples=150, deadline=None)
@given(articles())
def test_what_is_written_is_read_again(article):
    assert same(read(frontmatter.render(article)), article)


@settings(max_examples=150, deadline=None)
@given(articles(), articles())
def test_any_change_is_read_again_from_the_revised_file(before, after):
    text = frontmatter.render(before)

    revised = frontmatter.revise(text, read(text), after)

    assert same(read(revised), after)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.booleans())
def test_no_header_does_anything_but_parse_or_say_what_is_wrong(text, fenced):
    with suppress(BrokenArticle):
        read(f"---\n{text}\n---\nBody\n" if fenced else text)
