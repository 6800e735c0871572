from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from fakes import FakeMarket
from newsroom import NOON, Newsroom

from broadtape import config, heartbeat, publishing
from broadtape.archive import Archive
from broadtape.archive.cataloguing import CatalogueWriter
from broadtape.model import BadSettings
from broadtape.publishing import boards, local, searchable, stamps
from broadtape.publishing.quotes import MOST_VIEWS, Market
from broadtape.search import SearchBusy

Make = Callable[..., Newsroom]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    return lambda **more: Newsroom(tmp_path, monkeypatch, **more)


@pytest.fixture
def newsroom(make: Make) -> Newsroom:
    return make()


def market(**more: Any) -> FakeMarket:
    held: dict[str, Any] = {
        "NASDAQ:AAA": "100.00 101.00 103.02",
        "NASDAQ:BBB": "50.00 49.00 49.49",
        "NASDAQ:GONE": {"2026-01-16": "7.00"},
    }
    return FakeMarket("2026-01-20", held, **more)


UP = "Aaa [rose 3.02%](fact:return?of=NASDAQ:AAA&over=2s) in two sessions."
WRONG = "Aaa [fell 3.02%](fact:return?of=NASDAQ:AAA&over=2s) in two sessions."


# --- files in, pages out ----------------------------------------------------------------------------------


def test_a_plain_file_with_title_and_date_is_on_the_site_and_in_search(newsroom: Newsroom) -> None:
    newsroom.post("ferries-run", "**Ferries** run [hourly](https://example.org/).")
    published = newsroom.publish()

    entry = newsroom.entry("ferries-run")
    assert entry is not None
    assert (entry.address, entry.words) == ("/2026/01/20/ferries-run/", 3)
    assert "<strong>Ferries</strong>" in entry.html
    assert entry.article.summary == "Ferries run hourly."
    assert list(newsroom.index.held) == ["/2026/01/20/ferries-run/"]
    assert published.counts == {"changed": 1, "published": 1, "files": 1}
    assert published.problems == ()


def test_only_changed_files_are_worked_on(newsroom: Newsroom) -> None:
    first, second = newsroom.post("one"), newsroom.post("two")
    newsroom.publish()
    again = newsroom.publish()
    newsroom.post("two", "Changed.")
    changed = newsroom.publish()

    assert again.counts == {"files": 2}
    assert changed.counts == {"changed": 1, "published": 1, "files": 2}
    assert changed.generation > again.generation
    assert newsroom.text("two") == "Changed."
    assert first.exists()
    assert second.exists()


def test_a_save_that_leaves_size_and_time_alike_is_still_noticed(newsroom: Newsroom) -> None:
    path = newsroom.post("one", "Aaaa.")
    saved = newsroom.now.timestamp() - 1
    os.utime(path, (saved, saved))
    newsroom.publish()
    newsroom.post("one", "Bbbb.")
    os.utime(path, (saved, saved))
    newsroom.publish()

    assert newsroom.text("one") == "Bbbb."


def test_naming_the_changed_path_is_enough(newsroom: Newsroom) -> None:
    newsroom.post("one")
    newsroom.publish()
    two = newsroom.post("two")
    newsroom.post("three")

    newsroom.publish(two)
    assert set(newsroom.slugs()) == {"one", "two"}
    two.unlink()
    newsroom.publish(two)
    assert newsroom.slugs() == ["one"]
    newsroom.publish()
    assert set(newsroom.slugs()) == {"one", "three"}


def test_a_deleted_folder_takes_its_articles_away(newsroom: Newsroom) -> None:
    newsroom.post("one")
    newsroom.publish()
    shutil.rmtree(newsroom.content / "articles")
    published = newsroom.publish()

    assert newsroom.slugs() == []
    assert newsroom.index.held == {}
    assert published.counts["removed"] == 1


def test_content_that_is_not_mounted_is_no_empty_archive(newsroom: Newsroom) -> None:
    newsroom.post("one")
    newsroom.publish()
    instance = newsroom.instance
    newsroom.content.rename(newsroom.root / "away")

    with pytest.raises(BadSettings, match="put content/ back"):
        publishing.publish(instance, now=NOON)
    assert newsroom.slugs() == ["one"]


def test_drafts_are_not_shown_and_publication_can_be_taken_back(newsroom: Newsroom) -> None:
    newsroom.post("one", status="draft")
    newsroom.publish()
    assert newsroom.slugs() == []
    newsroom.post("one", status="published")
    newsroom.publish()
    assert newsroom.slugs() == ["one"]
    newsroom.post("one", status="review")
    newsroom.publish()
    assert newsroom.slugs() == []


def test_a_withdrawn_article_leaves_a_note(newsroom: Newsroom) -> None:
    newsroom.post("one")
    newsroom.publish()
    newsroom.post("one", status="withdrawn", note="Written in error.")
    newsroom.publish()

    gone = newsroom.catalogue.gone("bay", "/2026/01/20/one/")
    assert gone is not None
    assert gone.note == "Written in error."
    assert newsroom.index.held == {}


def test_a_scheduled_article_comes_to_page_and_search_at_its_time(newsroom: Newsroom) -> None:
    newsroom.post("soon", when="2026-01-20T14:00:00-08:00")
    published = newsroom.publish()

    assert published.counts["scheduled"] == 1
    assert published.next_visible == NOON + timedelta(hours=2)
    assert (newsroom.slugs(), newsroom.index.held) == ([], {})
    newsroom.now += timedelta(hours=2)
    assert newsroom.slugs() == ["soon"]
    again = newsroom.publish(newsroom.content / "nothing")
    assert again.next_visible is None
    assert list(newsroom.index.held) == ["/2026/01/20/soon/"]


def test_a_new_date_moves_the_page_and_the_old_address_leads_there(newsroom: Newsroom) -> None:
    newsroom.post("one", id="01KEV9ZZZZZZZZZZZZZZZZZZZZ")
    newsroom.publish()
    newsroom.post("one", id="01KEV9ZZZZZZZZZZZZZZZZZZZZ", when="2026-01-19T10:00:00-08:00")
    newsroom.publish()
    newsroom.lose_cache()
    newsroom.publish()

    assert newsroom.catalogue.moved("bay", "/2026/01/20/one/") == "/2026/01/19/one/"
    assert list(newsroom.index.held) == ["/2026/01/19/one/"]


def test_a_renamed_file_keeps_its_old_address(newsroom: Newsroom) -> None:
    path = newsroom.post("one", id="01KEV9ZZZZZZZZZZZZZZZZZZZZ")
    newsroom.publish()
    path.rename(path.with_name("two.md"))
    newsroom.publish()

    assert newsroom.slugs() == ["two"]
    assert newsroom.catalogue.moved("bay", "/2026/01/20/one/") == "/2026/01/20/two/"


def test_a_copy_with_the_same_id_stands_back_until_the_first_is_gone(newsroom: Newsroom) -> None:
    path = newsroom.post("one", id="01KEV9ZZZZZZZZZZZZZZZZZZZZ")
    newsroom.publish()
    newsroom.post("a-copy", id="01KEV9ZZZZZZZZZZZZZZZZZZZZ")
    newsroom.publish()

    assert newsroom.slugs() == ["one"]
    assert newsroom.problems() == [
        "content/articles/2026/01/a-copy.md:0: has the id of articles/2026/01/one.md"
    ]
    path.unlink()
    newsroom.publish(path)
    assert newsroom.slugs() == ["a-copy"]
    assert newsroom.problems() == []


def test_an_article_goes_to_the_sites_it_names(newsroom: Newsroom) -> None:
    newsroom.site("hills")
    newsroom.post("everywhere")
    newsroom.post("hills-only", sites="[hills]")
    newsroom.post("nowhere", sites="[valley]")
    newsroom.publish()

    assert newsroom.slugs() == ["everywhere"]
    assert set(newsroom.slugs("hills")) == {"everywhere", "hills-only"}
    assert newsroom.problems() == ["content/articles/2026/01/nowhere.md:4: no such site: valley"]


def test_a_site_added_later_gets_what_is_there(newsroom: Newsroom) -> None:
    newsroom.post("one")
    newsroom.publish()
    newsroom.site("hills")
    newsroom.publish()

    assert newsroom.slugs("hills") == ["one"]
    entry = newsroom.entry("one", "hills")
    assert entry is not None


def test_feeds_get_absolute_addresses_of_their_site(newsroom: Newsroom) -> None:
    newsroom.post("one", "See [about](/about/) and ![x](map.png).")
    newsroom.publish()

    entry = newsroom.entry("one")
    assert entry is not None
    assert 'href="http://bay.localhost:8000/about/"' in entry.feed_html
    assert 'src="http://bay.localhost:8000/2026/01/20/one/map.png"' in entry.feed_html


def test_a_bundle_is_one_article_with_its_picture(newsroom: Newsroom) -> None:
    photo = 'photo: {src: chart.svg, alt: "A chart"}'
    front = f"---\ntitle: Two\ndate: 2026-01-20T10:00:00-08:00\n{photo}\n---\n\nText.\n"
    newsroom.write("articles/2026/01/two/index.md", front)
    newsroom.write("articles/2026/01/two/notes.md", "not an article")
    newsroom.publish()
    assert newsroom.problems() == [
        "content/articles/2026/01/two/index.md:4: its picture 'chart.svg' is not there"
    ]

    chart = newsroom.write("articles/2026/01/two/chart.svg", "<svg/>")
    newsroom.publish(chart)
    entry = newsroom.entry("two")
    assert entry is not None
    assert entry.photo_bytes == 6
    assert newsroom.slugs() == ["two"]
    assert newsroom.problems() == []
    notes = newsroom.write("articles/2026/01/two/notes.md", "still not an article")
    newsroom.publish(notes)
    assert newsroom.slugs() == ["two"]


# --- broken files and proofs -------------------------------------------------------------------------------


def test_a_broken_file_takes_nothing_else_down_and_is_listed(newsroom: Newsroom) -> None:
    newsroom.post("good")
    newsroom.write("articles/2026/01/bad.md", "---\ntitle: a: b: c\n---\n")
    newsroom.write("articles/2026/01/latin.md", "---\ntitle: caf\xe9\n---\n".encode("latin-1"))
    published = newsroom.publish()

    assert newsroom.slugs() == ["good"]
    assert published.counts["broken"] == 2
    assert {problem.path for problem in published.problems} == {
        "content/articles/2026/01/bad.md",
        "content/articles/2026/01/latin.md",
    }
    assert all(problem.remedy for problem in published.problems)


def test_a_file_that_becomes_broken_keeps_its_page_even_without_the_cache(newsroom: Newsroom) -> None:
    path = newsroom.post("one", "Good.")
    newsroom.publish()
    path.write_text("---\ntitle: [\n---\n", "utf-8")
    newsroom.publish()
    assert newsroom.text("one") == "Good."
    newsroom.lose_cache()
    newsroom.publish()
    assert newsroom.text("one") == "Good."
    assert len(newsroom.problems()) == 1

    newsroom.post("one", "Mended.")
    newsroom.publish()
    assert newsroom.text("one") == "Mended."
    assert newsroom.problems() == []


def test_a_true_claim_is_linked_to_its_proof(make: Make) -> None:
    newsroom = make(market=market())
    newsroom.post("up", UP)
    newsroom.publish()

    entry = newsroom.entry("up")
    assert entry is not None
    assert newsroom.problems() == []
    assert entry.proof["verified"] >= 1
    assert 'href="/2026/01/20/up/proof#' in entry.html
    assert 'data-status="verified"' in entry.html
    assert "<a" not in entry.feed_html
    (view,) = newsroom.catalogue.facts(entry.article.id).values()
    assert (view.printed, view.status, view.long_form) == (
        "+3.02%",
        "verified",
        "return?of=NASDAQ:AAA&over=2s",
    )
    assert view.wording


def test_a_contradicted_file_is_held_and_named(make: Make) -> None:
    newsroom = make(market=market())
    newsroom.post("down", WRONG)
    published = newsroom.publish()

    assert newsroom.slugs() == []
    assert published.counts["held"] == 1
    (problem,) = published.problems
    assert problem.cause.startswith("contradicted: “fell 3.02%”")
    assert problem.line == 6
    assert "the site does not show it" in problem.remedy


def test_an_edit_into_a_contradiction_leaves_the_proven_revision_up(make: Make) -> None:
    newsroom = make(market=market())
    newsroom.post("up", UP)
    newsroom.publish()
    newsroom.post("up", WRONG)
    newsroom.publish()
    newsroom.lose_cache()
    newsroom.publish()

    assert newsroom.text("up").startswith("Aaa rose")
    assert "the site shows the last proven revision" in newsroom.catalogue.problems()[0].remedy
    assert "rose" in next(iter(newsroom.index.held.values())).text


def test_an_editor_may_override_with_a_reason(make: Make) -> None:
    newsroom = make(market=market())
    newsroom.post("down", WRONG, override='"The store lacks a correction of the exchange."')
    newsroom.publish()

    entry = newsroom.entry("down")
    assert entry is not None
    assert entry.proof["contradicted"] == 1
    (problem,) = newsroom.catalogue.problems()
    assert problem.level == "warning"
    assert "The store lacks a correction" in problem.remedy


def test_an_unknown_fact_of_an_editor_is_a_warning_and_plain_text(make: Make) -> None:
    newsroom = make(market=market())
    newsroom.post("old", "It [rose 2%](fact:aaaaaaaa).")
    newsroom.publish()

    entry = newsroom.entry("old")
    assert entry is not None
    assert "<a" not in entry.html
    assert newsroom.catalogue.problems()[0].level == "warning"


def test_claims_without_a_store_are_held_with_a_remedy(newsroom: Newsroom) -> None:
    newsroom.post("up", UP)
    newsroom.post("plain")
    published = newsroom.publish()

    assert newsroom.slugs() == ["plain"]
    assert "broadtape fetch" in published.problems[0].remedy


def test_a_changed_store_proves_again_and_may_hold_what_stood(make: Make) -> None:
    newsroom = make(market=market())
    newsroom.post("up", UP)
    newsroom.post("plain")
    newsroom.publish()
    assert newsroom.store is not None
    newsroom.store.replace(FakeMarket("2026-01-20", {"NASDAQ:AAA": "100.00 101.00 99.00"}))
    published = newsroom.publish(newsroom.content / "nothing")

    assert published.counts["changed"] == 1
    assert published.counts["held"] == 1
    assert newsroom.text("up").startswith("Aaa rose")
    assert newsroom.problems()[0].startswith("content/articles/2026/01/up.md:6: contradicted")


def test_proving_again_after_a_fetch_is_spread_over_several_publishes(make: Make) -> None:
    newsroom = make(market=market())
    for n in range(4):
        newsroom.post(f"up-{n}", UP)
    newsroom.publish()
    assert newsroom.store is not None
    newsroom.store.replace(market())
    first = newsroom.publish(newsroom.content / "nothing", budget_s=0.0)
    assert first.counts["waiting"] == 4
    rest = newsroom.publish(newsroom.content / "nothing")
    assert rest.counts["changed"] == 4
    assert "waiting" not in rest.counts


def test_a_figure_that_may_not_be_republished_is_not_on_a_public_site(make: Make) -> None:
    newsroom = make(market=market(), settings='audience = "public"\n')
    newsroom.post("up", UP)
    published = newsroom.publish()

    assert newsroom.slugs() == []
    assert "may not be republished" in published.problems[0].cause


def test_a_preview_that_goes_public_takes_back_what_may_not_be_republished(make: Make) -> None:
    newsroom = make(market=market())
    newsroom.post("up", UP)
    newsroom.post("ferry")
    newsroom.publish()
    previewed = newsroom.slugs()
    newsroom.write("broadtape.toml", '[instance]\ntitle = "T"\ndefault_site = "bay"\naudience = "public"\n')
    newsroom.publish()

    assert sorted(previewed) == ["ferry", "up"]
    assert newsroom.slugs() == ["ferry"]
    assert "last proven revision" not in newsroom.catalogue.problems()[0].remedy


def test_a_licensed_figure_is_on_a_public_site(make: Make) -> None:
    newsroom = make(market=market(public=["NASDAQ:AAA"]), settings='audience = "public"\n')
    newsroom.post("up", UP)
    newsroom.publish()

    assert newsroom.slugs() == ["up"]


# --- the market ---------------------------------------------------------------------------------------------


def test_the_board_is_in_watch_list_order_and_names_who_is_left_out(make: Make) -> None:
    newsroom = make(market=market())
    newsroom.publish()

    board = newsroom.catalogue.quotes("bay", None)
    assert board is not None
    assert board.as_of == date(2026, 1, 20)
    assert [row.symbol for row in board.rows] == ["NASDAQ:AAA", "NASDAQ:BBB"]
    assert board.left_out == ("NASDAQ:GONE",)
    row = board.rows[0]
    assert (str(row.price), str(row.change), str(row.percent)) == ("103.02", "2.02", "2.00")
    assert board.attribution == ("fake attribution",)


def test_an_article_brings_the_board_of_its_session(make: Make) -> None:
    newsroom = make(market=market())
    newsroom.publish()
    newsroom.post("old", as_of="2026-01-19")
    newsroom.publish()
    newsroom.post("sunday", as_of="2026-01-18")
    newsroom.publish()

    board = newsroom.catalogue.quotes("bay", date(2026, 1, 19))
    assert board is not None
    assert str(board.rows[0].price) == "101.00"
    assert newsroom.catalogue.quotes("bay", date(2026, 1, 18)) is None


def test_a_public_board_leaves_restricted_series_out_or_shows_what_stands_for_them(make: Make) -> None:
    from broadtape.model import Instrument

    stand_in = Instrument("NASDAQ:FND", "Aaa Fund", "etf", proxy_of="NASDAQ:AAA")
    held = FakeMarket(
        "2026-01-20",
        {"NASDAQ:AAA": "100 101 103", "NASDAQ:BBB": "50 49 49.49", "NASDAQ:FND": "10.00 10.10 10.30"},
        public=["NASDAQ:FND"],
        instruments=[stand_in],
    )
    newsroom = make(market=held, settings='audience = "public"\n')
    newsroom.publish()

    board = newsroom.catalogue.quotes("bay", None)
    assert board is not None
    assert [(row.symbol, row.name, row.stands_for) for row in board.rows] == [
        ("NASDAQ:FND", "Aaa Fund", "AAA")
    ]
    assert board.left_out == ("NASDAQ:BBB", "NASDAQ:GONE")
    view = newsroom.catalogue.instrument("NASDAQ:AAA")
    assert view is not None
    assert (view.quote, view.history, view.licence) == (None, (), "private")


def test_a_publish_of_many_sessions_keeps_the_views_of_the_last_few() -> None:
    store = Mock(generation=1, view=Mock(side_effect=lambda day: FakeMarket(str(day), {})))
    held = Market(store)
    days = [date(2026, 1, 5) + timedelta(days=number) for number in range(MOST_VIEWS + 1)]
    first, *_ = [weakref.ref(held.view(day)) for day in days]

    assert first() is None
    assert held.view(days[1]) is held.view(days[1])
    assert [call.args[0] for call in store.view.mock_calls] == days


def test_a_quote_page_has_history_and_the_last_quote_of_a_series_that_ended(make: Make) -> None:
    newsroom = make(market=market())
    newsroom.publish()

    view = newsroom.catalogue.instrument("NASDAQ:AAA")
    assert view is not None
    assert [(str(row.close), str(row.percent)) for row in view.history] == [
        ("103.02", "2.00"), ("101.00", "1.00"), ("100.00", "None"),
    ]  # fmt: skip
    ended = newsroom.catalogue.instrument("NASDAQ:GONE")
    assert ended is not None
    assert ended.last == date(2026, 1, 16)


def test_a_series_including_dividends_shows_changes_and_no_prices() -> None:
    closes = {"2026-01-19": {"adj_close": "90.00"}, "2026-01-20": {"adj_close": "99.00"}}
    view = FakeMarket("2026-01-20", {"NASDAQ:TOT": closes})
    shown = boards.instrument_view(view, view.instrument("NASDAQ:TOT"), view.at, "private")

    assert shown.basis == "total"
    assert (shown.history[0].close, str(shown.history[0].percent)) == (None, "10.00")


def test_a_bare_symbol_nobody_lists_has_no_quote_page(make: Make) -> None:
    newsroom = make(market=FakeMarket("2026-01-20", {"UNLISTED:XYZ": "1 2 3", "NASDAQ:AAA": "1 2 3"}))
    newsroom.post("one", "About (UNLISTED: XYZ) and (NASDAQ: AAA).")
    newsroom.publish()

    assert newsroom.catalogue.instruments() == ["NASDAQ:AAA"]
    entry = newsroom.entry("one")
    assert entry is not None
    assert 'href="/quotes/NASDAQ:AAA/"' in entry.html
    assert "XYZ/" not in entry.html


def test_definitions_come_with_the_market(newsroom: Newsroom) -> None:
    newsroom.publish()

    found = newsroom.catalogue.definition("return")
    assert found is not None
    assert found.wording
    assert {one.name for one in found.parameters} >= {"of", "over"}


# --- standing pages, search, marks ----------------------------------------------------------------------------


def test_a_sites_own_page_goes_before_the_instances_and_the_default(newsroom: Newsroom) -> None:
    newsroom.site("hills")
    newsroom.publish()
    page = newsroom.catalogue.page("bay", "about")
    assert page is not None
    assert page.updated is None
    newsroom.write("pages/about.md", "---\ntitle: About us\n---\n\nWe are *many*.\n")
    newsroom.write("sites/hills/pages/about.md", "# The hills\n\nHigh.\n")
    newsroom.publish()

    bay, hills = newsroom.catalogue.page("bay", "about"), newsroom.catalogue.page("hills", "about")
    assert bay is not None
    assert hills is not None
    assert (bay.title, bay.text, hills.title) == ("About us", "We are many.", "The hills")
    assert bay.updated is not None


def test_a_broken_standing_page_is_listed_and_the_default_stays(newsroom: Newsroom) -> None:
    newsroom.write("pages/about.md", b"\xff\xfe")
    newsroom.publish()

    page = newsroom.catalogue.page("bay", "about")
    assert page is not None
    assert page.updated is None
    assert newsroom.problems() == ["content/pages/about.md:0: not UTF-8"]


def test_settings_warnings_are_listed(newsroom: Newsroom) -> None:
    newsroom.write("broadtape.toml", '[instance]\ntitle = "Test"\ndefault_site = "bay"\ncolour = 1\n')
    newsroom.publish()

    assert newsroom.problems() == ["content/broadtape.toml:0: unknown key instance.colour"]


def test_a_missing_index_is_rebuilt_from_what_is_visible(newsroom: Newsroom) -> None:
    newsroom.post("one")
    newsroom.post("soon", when="2026-01-21T10:00:00-08:00")
    newsroom.publish()
    newsroom.index.held.clear()
    newsroom.index.sound = False
    newsroom.publish()

    assert newsroom.index.told[-1] == "rebuild"
    assert list(newsroom.index.held) == ["/2026/01/20/one/"]


def test_a_busy_index_is_told_later(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    newsroom.post("one")

    class Busy:
        def state(self) -> str:
            return "sound"

        def update(self, changed: object, removed: object = ()) -> int:
            raise SearchBusy("another process is writing")

    with monkeypatch.context() as patch:
        patch.setattr(searchable, "open_writer", lambda folder, engine: Busy())
        first = newsroom.publish()
    second = newsroom.publish(newsroom.content / "nothing")

    assert first.counts["waiting"] == 1
    assert newsroom.slugs() == ["one"]
    assert "waiting" not in second.counts
    assert list(newsroom.index.held) == ["/2026/01/20/one/"]


def test_readers_are_told_of_a_change_by_the_mark(newsroom: Newsroom) -> None:
    newsroom.post("one")
    first = newsroom.publish()
    mark = heartbeat.mark(newsroom.instance)
    assert mark is not None
    assert mark.generation == first.generation
    same = newsroom.publish()
    assert heartbeat.mark(newsroom.instance) == mark
    assert same.generation == first.generation
    newsroom.site("bay", more='tagline = "New"\n')
    newsroom.publish()
    after = heartbeat.mark(newsroom.instance)
    assert after is not None
    assert after.settings != mark.settings


def test_the_index_is_told_of_what_changed_and_not_of_the_archive(newsroom: Newsroom) -> None:
    for slug in ("one", "two"):
        newsroom.post(slug)
    newsroom.publish()
    with CatalogueWriter(newsroom.instance.catalogue) as writer:
        newsroom.post("one", "Changed.")
        newsroom.publish(search=False)
        told = writer.to_search(newsroom.now)
        newsroom.post("one", "Changed again.")  # while the index is being told
        newsroom.publish(search=False)
        with writer.note():
            writer.searched(told, ())

        assert [one.text for one in told] == ["Changed."]
        assert [one.text for one in writer.to_search(newsroom.now)] == ["Changed again."]
    (newsroom.content / "articles/2026/01/two.md").unlink()
    newsroom.publish()
    with CatalogueWriter(newsroom.instance.catalogue) as writer:
        assert writer.to_search(newsroom.now) == []
        assert writer.not_to_search(newsroom.now) == {}
    assert {url: one.text for url, one in newsroom.index.held.items()} == {
        "/2026/01/20/one/": "Changed again."
    }


def test_an_article_put_off_is_out_of_search_until_it_is_due(newsroom: Newsroom) -> None:
    newsroom.post("one")
    newsroom.publish()
    newsroom.post("one", when="2026-01-20T13:00:00-08:00")
    newsroom.publish()
    assert newsroom.index.held == {}

    newsroom.now += timedelta(hours=2)
    newsroom.publish()
    assert list(newsroom.index.held) == ["/2026/01/20/one/"]


def test_a_failure_half_way_leaves_site_and_revisions_as_they_were(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.post("one", "Good.")
    newsroom.publish()
    newsroom.post("one", "Better.")
    with monkeypatch.context() as patch:
        patch.setattr(local, "local", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            newsroom.publish()

    assert newsroom.text("one") == "Good."
    newsroom.publish()
    assert newsroom.text("one") == "Better."


def test_a_link_out_of_content_is_not_followed(
    newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.md"
    secret.write_text("---\ntitle: Secret\ndate: 2026-01-20\n---\n\nText.\n", "utf-8")
    newsroom.post("one")
    link = newsroom.content / "articles" / "2026" / "01" / "secret.md"
    link.symlink_to(secret)
    newsroom.publish()
    newsroom.publish(link)

    assert newsroom.slugs() == ["one"]


def test_the_walk_finds_the_files_that_the_archive_finds(newsroom: Newsroom) -> None:
    names = [
        *(
            "2026/01/a.md",
            "2026/01/b/index.md",
            "2026/01/b/more.md",
            "2026/01/b/deep/c.md",
            "2026/01/.hidden.md",
        ),
        *("2026/01/a.facts.json", "2026/01/d.md~", "2026/E.MD", "f.md", "index.md", "1/2/3/4/5/6/7/8/g.md"),
        *("1/2/3/4/5/6/7/8/9/h.md", "2026/01/x.md/i.md", ".git/j.md", "2026/01/b/facts.json"),
    ]
    for name in names:
        newsroom.write(f"articles/{name}", "x")
    (newsroom.content / "articles" / "link.md").symlink_to(newsroom.content / "articles" / "f.md")
    (newsroom.content / "articles" / "away.md").symlink_to("/etc/hostname")
    (newsroom.content / "articles" / "dangling.md").symlink_to("nowhere.md")
    instance = newsroom.instance

    walked = stamps.walk(instance)
    assert sorted(walked) == [
        p.relative_to(instance.content).as_posix() for p in Archive(instance.content).paths()
    ]
    assert walked == {path: stamps.stamp(instance, path) for path in walked}
    assert walked["articles/2026/01/a.md"].facts[1] == 1


def test_the_settings_of_a_test_newsroom_are_sound(newsroom: Newsroom) -> None:
    assert config.load(newsroom.root).warnings == ()


def test_the_ledger_counts_stories_and_their_corrections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom = Newsroom(tmp_path, monkeypatch)
    newsroom.post("one")
    newsroom.post("two", corrections='[{date: 2026-01-20T11:00:00-08:00, text: "The pier was wrong."}]')
    newsroom.post("later", when="2030-01-20T10:00:00-08:00")

    newsroom.publish()

    ledger = newsroom.catalogue.ledger("bay")
    assert (ledger.stories, ledger.corrections, ledger.corrected) == (2, 1, 1)
    assert dict(ledger.claims) == {}


def test_local_blocks_follow_their_files_without_an_article(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom = Newsroom(tmp_path, monkeypatch)
    newsroom.site("bay", more='blocks = ["events", "tides"]\n')
    newsroom.publish()
    assert newsroom.catalogue.local("bay").events == ()
    assert any("'tides' is no block" in one for one in newsroom.problems())
    lines = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:t\nBEGIN:VEVENT\nUID:a\nDTSTART:20260121T100000\nSUMMARY:Fair\n"
    )
    newsroom.write("sites/bay/events.ics", lines + "END:VEVENT\nEND:VCALENDAR\n")
    before = newsroom.catalogue.generation

    newsroom.publish()

    assert [one.title for one in newsroom.catalogue.local("bay").events] == ["Fair"]
    assert newsroom.catalogue.generation == before + 1
    newsroom.publish()
    assert newsroom.catalogue.generation == before + 1
