from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from broadtape.archive import changes, rows
from broadtape.archive.catalogue import Catalogue
from broadtape.archive.cataloguing import CatalogueWriter
from broadtape.archive.files import CannotFile
from broadtape.archive.manifest import FileMark
from broadtape.archive.records import (
    FactView,
    Filing,
    Gone,
    HistoryRow,
    InstrumentView,
    QuoteBoard,
    QuoteRow,
    StandingPage,
)
from broadtape.model import (
    Article,
    Correction,
    Evidence,
    Fact,
    FactKey,
    Instrument,
    Part,
    Photo,
    Problem,
    Row,
    SourceLink,
    Span,
)

NOON = datetime(2026, 1, 20, 12, tzinfo=UTC)


def article(slug: str = "one", *, when: datetime = NOON, **more: object) -> Article:
    fields = {
        "path": f"articles/2026/01/{slug}.md",
        "slug": slug,
        "id": f"ID-{slug}",
        "title": slug.title(),
        "date": when,
    }
    return replace(Article(body="Body.", body_line=5, **fields), **more)  # type: ignore[arg-type] # test vocabulary


def filing(slug: str = "one", *, sites: tuple[str, ...] = ("bay",), **more: object) -> Filing:
    runs = more.pop("runs", {})
    symbols = more.pop("symbols", ())
    aliases = more.pop("aliases", ())
    facts = more.pop("facts", {})
    item = article(slug, **more)  # type: ignore[arg-type] # test vocabulary
    return Filing(
        item, f"{item.date:/%Y/%m/%d}/{slug}/", "<p>Body.</p>", "Body.", 1, {"verified": 2}, facts,  # type: ignore[arg-type] # test vocabulary
        {site: f"<p>Body for {site}.</p>" for site in sites}, symbols, aliases, 0, runs,  # type: ignore[arg-type] # test vocabulary
    )  # fmt: skip


class Desk:
    """A writer and a reader over one file, with a clock the test turns."""

    def __init__(self, folder: Path) -> None:
        self.now = NOON
        self.path = folder / "var" / "cache" / "catalogue.sqlite"
        self.writer = CatalogueWriter(self.path)
        self.reader = Catalogue(self.path, now=lambda: self.now)

    def file(self, *filings: Filing) -> None:
        with self.writer.change():
            for item in filings:
                self.writer.put(item)

    def slugs(self, **wanted: str) -> list[str]:
        return [entry.article.slug for entry in self.reader.latest("bay", **wanted)]  # type: ignore[arg-type] # str filters only


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_entry_comes_back_as_it_was_filed(desk: Desk) -> None:
    full = article(
        "one",
        when=datetime.fromisoformat("2026-01-12T13:41:00-08:00"),
        updated=datetime.fromisoformat("2026-01-12T15:00:00-08:00"),
        as_of=date(2026, 1, 12),
        written=NOON,
        authors=("Market Desk",),
        photo=Photo("chart.svg", "A chart"),
        source=SourceLink("Wire", "https://example.org/"),
        corrections=(Correction(NOON, "A name was wrong."),),
        extra={"mood": {"of": ["the", 1.5, None]}},
        lines={"title": 2},
    )
    desk.file(replace(filing(), article=full))

    (entry,) = desk.reader.latest("bay")
    assert entry.article == full
    assert entry.article.date.utcoffset() == timedelta(hours=-8)
    assert (entry.feed_html, entry.proof, entry.words) == ("<p>Body for bay.</p>", {"verified": 2}, 1)


def test_a_front_matter_key_that_json_cannot_hold_does_not_stop_the_article(desk: Desk) -> None:
    desk.file(replace(filing(), article=article("one", extra={"odd": {("a", "b"): {1, 2}}})))

    assert desk.slugs() == ["one"]


def test_an_article_dated_in_the_future_is_nowhere_until_its_time_comes(desk: Desk) -> None:
    desk.file(filing("soon", when=NOON + timedelta(hours=1), topics=("rates",), aliases=("/old/",)))

    address = "/2026/01/20/soon/"
    assert desk.reader.entry("bay", address) is None
    assert (desk.slugs(), desk.reader.topics("bay"), desk.reader.moved("bay", "/old/")) == ([], [], None)
    assert desk.reader.next_change("bay") == NOON + timedelta(hours=1)
    desk.now += timedelta(hours=1)
    assert desk.reader.entry("bay", address) is not None
    assert (desk.slugs(topic="rates"), desk.reader.topics("bay")) == (["soon"], [("rates", 1)])
    assert desk.reader.moved("bay", "/old/") == address


def test_a_site_shows_only_its_own_articles(desk: Desk) -> None:
    desk.file(filing("both", sites=("bay", "hills")), filing("hill", sites=("hills",)))

    assert desk.slugs() == ["both"]
    assert desk.reader.entry("bay", "/2026/01/20/hill/") is None
    assert desk.reader.count("hills") == 2
    assert desk.reader.count("nowhere") == 0


def test_lists_are_newest_first_and_narrow_by_every_tag_given(desk: Desk) -> None:
    desk.file(
        filing("a", when=NOON - timedelta(days=40), topics=("rates",), authors=("Ann Lee",)),
        filing("b", when=NOON - timedelta(days=2), topics=("rates",), symbols=("NASDAQ:NVDA",)),
        filing("c", when=NOON - timedelta(days=1), topics=("Rates", "energy"), authors=("Ann Lee",)),
    )

    assert desk.slugs() == ["c", "b", "a"]
    assert desk.slugs(topic="rates") == ["c", "b", "a"]
    assert desk.slugs(topic="rates", author="ann-lee") == ["c", "a"]
    assert desk.slugs(author="Ann Lee", month="2026-01") == ["c"]
    assert desk.slugs(symbol="NASDAQ:NVDA") == ["b"]
    assert desk.reader.count("bay", topic="rates", author="Ann Lee") == 2
    assert [e.article.slug for e in desk.reader.latest("bay", limit=1, offset=1)] == ["b"]
    assert desk.reader.topics("bay") == [("Rates", 3), ("energy", 1)]
    assert desk.reader.months("bay") == [("2026-01", 2), ("2025-12", 1)]


def test_neighbours_are_the_next_older_and_newer_even_at_one_moment(desk: Desk) -> None:
    desk.file(filing("a"), filing("b"), filing("c"))

    entries = desk.reader.latest("bay")
    assert [e.article.slug for e in entries] == ["c", "b", "a"]
    older, newer = desk.reader.neighbours("bay", entries[1])
    assert (older and older.article.slug, newer and newer.article.slug) == ("a", "c")
    assert desk.reader.neighbours("bay", entries[0])[1] is None


def test_related_articles_share_the_rarer_tags_first(desk: Desk) -> None:
    desk.file(
        filing("here", topics=("markets", "ferries")),
        filing("ferry", when=NOON - timedelta(days=9), topics=("ferries",)),
        filing("market", when=NOON - timedelta(days=1), topics=("markets",)),
        filing("market2", when=NOON - timedelta(days=2), topics=("markets",)),
        filing("other", topics=("tides",)),
    )

    here = desk.reader.entry("bay", "/2026/01/20/here/")
    assert here is not None
    assert [e.article.slug for e in desk.reader.related("bay", here)] == ["ferry", "market", "market2"]
    assert len(desk.reader.related("bay", here, limit=1)) == 1


def test_an_older_page_says_what_became_of_its_run(desk: Desk) -> None:
    desk.file(
        filing("seven", when=NOON - timedelta(days=8), runs={"RUT|SPX|2026-01-02": "The run stood at 7."}),
        filing("over", runs={"RUT|SPX|2026-01-02": "The run ended after 14 sessions."}),
    )

    old = desk.reader.entry("bay", "/2026/01/12/seven/")
    new = desk.reader.entry("bay", "/2026/01/20/over/")
    assert old is not None
    assert new is not None
    assert (old.later, old.later_address) == ("The run ended after 14 sessions.", "/2026/01/20/over/")
    assert new.later == ""


def test_a_withdrawn_article_leaves_its_note_and_nothing_else(desk: Desk) -> None:
    desk.file(filing("one"))
    gone = Gone("One", NOON, "In error.", "/2026/01/20/one/")
    with desk.writer.change():
        desk.writer.put_gone("articles/2026/01/one.md", ["bay"], gone)

    assert desk.reader.entry("bay", "/2026/01/20/one/") is None
    assert desk.reader.gone("bay", "/2026/01/20/one/") == gone
    assert desk.reader.gone("hills", "/2026/01/20/one/") is None


def test_every_kind_of_fact_value_survives(desk: Desk) -> None:
    row = Row("S:A", date(2026, 1, 2), "close", "12.50", "indices", NOON)
    span = Span("S:A", "close", date(2025, 1, 2), date(2026, 1, 2), 250, "0" * 16, "indices")
    minus = Decimal("-0.740")
    parts = (
        Part("value", "change", minus, "percent", 2),
        Part("subject", "entity", "S:A"),
        Part("total", "count", 11, "months"),
        Part("start", "date", date(2026, 1, 2)),
        Part("range", "range", (Decimal("3.50"), Decimal("3.75")), "percent"),
    )
    key = FactKey("return", (("of", "S:A"),), date(2026, 1, 12), 1)
    fact = Fact(key, minus, "percent", 2, parts, frozenset({"down"}), Evidence((row,), (span,)))
    view = FactView(fact, "verified", "Return", "Close to close.", key.address, "−0.74%")
    desk.file(filing(facts={fact.id: view}))

    assert desk.reader.facts("ID-one") == {fact.id: view}
    assert str(desk.reader.facts("ID-one")[fact.id].fact.value) == "-0.740"
    assert desk.reader.facts("nobody") == {}


def test_boards_instruments_pages_and_problems_come_back(desk: Desk) -> None:
    price, day = (Decimal("184.94"), Decimal("0.08"), Decimal("0.04")), date(2026, 1, 12)
    quote = QuoteRow("S:A", "A", *price, "USD", day, "sidebar", 15, "a1234567", "private")
    old = QuoteBoard(date(2026, 1, 9), (), ("S:B",), ())
    new = QuoteBoard(date(2026, 1, 12), (quote,), (), ("by courtesy",))
    history = (HistoryRow(date(2026, 1, 12), None, None, None, Decimal("184.94"), 5, Decimal("0.04")),)
    view = InstrumentView(
        Instrument("S:A", "A", "stock", inception=date(2000, 1, 1)), quote, history, unit="USD"
    )
    problem = Problem("content/articles/x.md", 3, "a colon is missing", "quote the title")
    with desk.writer.change(now=NOON):
        desk.writer.set_boards({("bay", old.as_of): old, ("bay", new.as_of): new})
        desk.writer.set_instruments([view])
        desk.writer.set_pages({("bay", "about"): StandingPage("about", "About", "<p>x</p>", "x")})
        desk.writer.set_problems("articles/x.md", [problem])
        desk.writer.set_meta("as_of", "2026-01-12")

    assert desk.reader.quotes("bay", None) == new
    assert desk.reader.quotes("bay", date(2026, 1, 9)) == old
    assert desk.reader.quotes("bay", date(2026, 1, 8)) is None
    assert desk.reader.instrument("S:A") == view
    assert desk.reader.instrument("S:B") is None
    page = desk.reader.page("bay", "about")
    assert page is not None
    assert page.title == "About"
    assert desk.reader.problems() == [problem]
    stamp = desk.reader.stamp()
    assert (stamp.as_of, stamp.written, stamp.generation) == (date(2026, 1, 12), NOON, 1)


def test_the_generation_rises_only_when_something_was_written(desk: Desk) -> None:
    desk.file(filing())
    problem = Problem("content/articles/x.md", 3, "a colon is missing", "quote the title")
    with desk.writer.change():
        desk.writer.set_problems("articles/x.md", [problem])
    before = desk.reader.generation
    with desk.writer.change():
        desk.writer.set_problems("articles/x.md", [problem])
        desk.writer.set_pages({})

    assert before == 2
    assert desk.reader.generation == 2


def test_a_failed_change_leaves_nothing_behind(desk: Desk) -> None:
    desk.file(filing("one"))

    def fail() -> None:
        with desk.writer.change():
            desk.writer.put(filing("two"))
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert (desk.slugs(), desk.reader.generation) == (["one"], 1)


def test_a_reader_sees_the_old_state_until_the_change_is_complete(desk: Desk) -> None:
    desk.file(filing("one"))
    with desk.writer.change():
        desk.writer.put(filing("two"))
        seen_inside = desk.slugs()

    assert seen_inside == ["one"]
    assert sorted(desk.slugs()) == ["one", "two"]


def test_an_absent_catalogue_reads_as_empty_and_is_found_when_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    reader = Catalogue(path, now=lambda: NOON)

    assert (reader.generation, reader.latest("bay"), reader.quotes("bay", None)) == (0, [], None)
    assert reader.stamp().written is None
    with CatalogueWriter(path) as writer, writer.change():
        writer.put(filing())
    assert len(reader.latest("bay")) == 1


def test_a_catalogue_that_was_replaced_is_opened_anew(desk: Desk) -> None:
    desk.file(filing("one"))
    assert desk.slugs() == ["one"]
    desk.writer.close()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{desk.path}{suffix}").unlink(missing_ok=True)
    desk.writer = CatalogueWriter(desk.path)
    desk.file(filing("two"))

    assert desk.slugs() == ["two"]


@pytest.mark.parametrize("damage", ["schema", "garbage"])
def test_an_outdated_or_damaged_file_reads_as_empty_and_is_rebuilt(
    desk: Desk, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.file(filing("one"))
    desk.writer.close()
    if damage == "schema":
        monkeypatch.setattr(changes, "SCHEMA", changes.SCHEMA + 1)
    else:
        desk.path.write_bytes(b"not a database at all" * 100)

    assert Catalogue(desk.path).latest("bay") == []
    with CatalogueWriter(desk.path) as writer:
        assert writer.rebuilt
        assert writer.marks() == {}


def test_forgetting_a_file_takes_everything_of_it_away(desk: Desk) -> None:
    path = "articles/2026/01/one.md"
    desk.file(filing("one", topics=("rates",), aliases=("/old/",), runs={"k": "s"}))
    with desk.writer.change():
        desk.writer.set_mark(FileMark(path, 1, 2, "d"))
        desk.writer.set_problems(path, [Problem(path, 0, "c", "r")])
    with desk.writer.change():
        desk.writer.forget(path)

    assert (desk.slugs(), desk.reader.topics("bay"), desk.reader.problems()) == ([], [], [])
    assert desk.reader.moved("bay", "/old/") is None
    assert desk.writer.marks() == {}


def test_threads_read_at_once(desk: Desk) -> None:
    desk.file(*[filing(f"a{n}") for n in range(30)])
    seen: list[int] = []

    def read() -> None:
        seen.extend(len(desk.reader.latest("bay", limit=50)) for _ in range(10))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [30] * 40


def test_reading_imports_nothing_that_collects_parses_or_computes() -> None:
    code = (
        "import sys, broadtape.archive.catalogue\n"
        "heavy = {'newswire', 'pandas', 'pyarrow', 'numpy', 'exchange_calendars', 'pyromark', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_threads_make_the_decoder_of_a_type_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    making: list[int] = []
    met: list[bool] = []

    class SlowDecoder:
        def __init__(self, _kind: object) -> None:
            making.append(1)
            met.append(len(making) > 1)
            time.sleep(0.02)
            making.pop()

        def decode(self, _raw: bytes) -> str:
            return "read"

    monkeypatch.setattr(rows.msgspec.json, "Decoder", SlowDecoder)
    monkeypatch.setattr(rows, "_decoders", {})
    threads = [threading.Thread(target=rows.load, args=(b"{}", kind)) for kind in (Article, Problem) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert met == [False, False]


def test_a_full_disk_is_one_line_and_leaves_what_was_there(tmp_path):
    with CatalogueWriter(tmp_path / "catalogue.sqlite") as writer:
        with writer.change(now=NOON):
            writer.put(filing(), now=NOON)
        pages = writer._db.execute("PRAGMA page_count").fetchone()[0]
        writer._db.execute(f"PRAGMA max_page_count = {pages}")

        refused = pytest.raises(
            CannotFile, match=r"catalogue\.sqlite: cannot be written: .*full.*; see to space"
        )
        with refused, writer.change(now=NOON):
            writer.set_meta("long", "x" * 200_000)

        assert writer.generation == 1
        assert writer.meta("long") is None


def test_another_writer_that_does_not_end_is_one_line(tmp_path):
    with CatalogueWriter(tmp_path / "catalogue.sqlite") as one, CatalogueWriter(one.path) as other:
        other._db.execute("PRAGMA busy_timeout = 1")

        with one.change(now=NOON), pytest.raises(CannotFile, match="locked"), other.change(now=NOON):
            pass
