"""What is told, in the store: versions, as-of reads, and the same bytes for the same harvests."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import told
import wire
from told import HOUR, NOON, harvest

from broadtape.market import MarketReader, MarketStore
from newswire.observations import Harvest, Instrument

DAY = timedelta(days=1)


def rows(folder: Path, table: str) -> int:
    with sqlite3.connect(folder / "market.sqlite") as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_the_same_story_read_twice_is_one_row(tmp_path: Path) -> None:
    first = harvest(told.story("Acme opens a mill", "a1"))
    again = harvest(told.story("Acme opens a mill", "a1", read=NOON + 5 * HOUR))

    with wire.open_store(tmp_path) as store:
        counts = store.ingest(first), store.ingest(again)

    assert [(one.stored, one.fresh, one.revised) for one in counts] == [(1, 1, 0), (1, 0, 0)]
    assert rows(tmp_path, "stories") == 1


def test_a_changed_title_is_a_new_version_and_the_former_stays_known(tmp_path: Path) -> None:
    first = harvest(told.story("Acme opens a mill", "a1"))
    changed = harvest(told.story("Acme closes a mill", "a1", read=NOON + 8 * HOUR))

    with wire.open_store(tmp_path, first) as store:
        counts = store.ingest(changed)

        assert (counts.fresh, counts.revised) == (0, 1)
        titles = [[one.title for one in store.news(NOON + n * HOUR).stories()] for n in (-1, 0, 7, 8)]
    assert titles == [[], ["Acme opens a mill"], ["Acme opens a mill"], ["Acme closes a mill"]]


def test_a_version_that_says_when_it_was_updated_is_known_from_then(tmp_path: Path) -> None:
    first = told.story("Acme opens a mill", "a1")
    changed = told.story("Acme closes a mill", "a1", updated=NOON + 3 * HOUR, read=NOON + 8 * HOUR)

    with wire.open_store(tmp_path, harvest(first), harvest(changed)) as store:
        titles = [store.news(NOON + n * HOUR).stories()[0].title for n in (2, 3)]

    assert titles == ["Acme opens a mill", "Acme closes a mill"]


def test_an_older_snapshot_read_later_replaces_nothing(tmp_path: Path) -> None:
    new = harvest(told.story("Acme closes a mill", "a1", read=NOON + 8 * HOUR))
    old = harvest(told.story("Acme opens a mill", "a1", read=NOON + 1 * HOUR))

    with wire.open_store(tmp_path, new, old) as store:
        assert [one.title for one in store.news(NOON + DAY).stories()] == ["Acme closes a mill"]


def test_an_entry_dated_in_the_future_is_known_when_it_was_read(tmp_path: Path) -> None:
    ahead = replace(
        told.story("Acme opens a mill", "a1"), known_at=NOON + 900 * DAY, published=NOON + 900 * DAY
    )

    with wire.open_store(tmp_path, harvest(ahead)) as store:
        assert [one.known_at for one in store.news(NOON + DAY).stories()] == [NOON + HOUR]


def test_no_more_of_anothers_text_is_kept_than_the_excerpt(tmp_path: Path) -> None:
    long = told.story("Acme opens a mill", "a1", excerpt="word " * 200)

    with wire.open_store(tmp_path, harvest(long)) as store:
        kept = store.news(NOON + DAY).stories()[0].excerpt

    assert len(kept) <= 300
    assert kept.endswith("word…")


def test_stories_come_newest_first_and_from_an_instant_on(tmp_path: Path) -> None:
    three = harvest(*(told.story(f"Story {n}", f"s{n}", at=NOON + n * HOUR) for n in range(3)))

    with wire.open_store(tmp_path, three) as store:
        news = store.news(NOON + DAY)

        assert [one.title for one in news.stories()] == ["Story 2", "Story 1", "Story 0"]
        assert [one.title for one in news.stories(NOON + HOUR)] == ["Story 2", "Story 1"]


def test_a_story_that_two_feeds_carry_is_given_as_the_first_in_the_settings_has_it(tmp_path: Path) -> None:
    link = "https://acme.example.org/mill"
    one = harvest(told.story("Acme Opens Mill", "x", link=link), source="late")
    two = harvest(told.story("Acme opens a mill", "y", link=link, at=NOON + HOUR), source="main")

    with wire.open_store(tmp_path, one, two, order=("main", "late")) as store:
        assert [(s.title, s.origin.source) for s in store.news(NOON + DAY).stories()] == [
            ("Acme opens a mill", "main")
        ]


def test_filings_are_found_by_cik_symbol_and_form(tmp_path: Path) -> None:
    many = harvest(
        told.filing("a-1"), told.filing("a-2", at=NOON + HOUR, form="10-Q"), told.filing("b-1", "0000000009")
    )

    with wire.open_store(
        tmp_path, told.listed(("NYSE:ACM", "Acme Corp")), harvest(told.company()), many
    ) as store:
        news = store.news(NOON + DAY)

        assert [one.accession for one in news.filings("7")] == ["a-2", "a-1"]
        assert [one.accession for one in news.filings("NYSE:ACM")] == ["a-2", "a-1"]
        assert [one.accession for one in news.filings(form="10-Q")] == ["a-2"]
        assert news.filings("NYSE:NONE") == ()
        assert news.filings("7")[0].symbols == ("NYSE:ACM",)
        assert [one.accession for one in store.news(NOON).filings()] == ["b-1", "a-1"]


def test_a_company_that_moves_is_where_it_was_before(tmp_path: Path) -> None:
    here = harvest(told.company(city="Reno", zip_code="89501"))
    there = harvest(told.company(at=NOON + DAY, city="Fresno", zip_code="93650"))

    with wire.open_store(tmp_path, here, there) as store:
        cities = [store.news(NOON + n * DAY).companies()[0].city for n in (0, 1)]

    assert cities == ["Reno", "Fresno"]


def test_of_a_restated_figure_the_latest_filing_known_counts(tmp_path: Path) -> None:
    first = told.figure("100", "2025-12-31", at=NOON, accession="k-1", start="2025-10-01")
    again = told.figure("90", "2025-12-31", at=NOON + DAY, accession="k-2", start="2025-10-01")
    balance = told.figure("7", "2025-12-31", at=NOON, accession="k-1")

    with wire.open_store(tmp_path, harvest(first, again, balance)) as store:
        known = [store.news(NOON + n * DAY).company_facts("7", "us-gaap:Revenues") for n in (0, 1)]

    assert [[one.value for one in found] for found in known] == [
        [Decimal(7), Decimal(100)],
        [Decimal(7), Decimal(90)],
    ]


def test_a_forecast_is_the_newest_issued_and_grows_stale(tmp_path: Path) -> None:
    both = (harvest(told.forecast(degrees="61")), harvest(told.forecast(at=NOON + 6 * HOUR, degrees="58")))

    with wire.open_store(tmp_path, *both) as store:
        early, late, stale = (store.news(NOON + n * HOUR).forecast("town") for n in (1, 7, 19))

        assert store.news(NOON + DAY).forecast("elsewhere") is None
    assert early is not None
    assert late is not None
    assert stale is not None
    assert (early.periods[0].temperature, late.periods[0].temperature) == (Decimal(61), Decimal(58))
    assert (late.stale, stale.stale, [one.name for one in stale.periods]) == (False, True, ["Tonight"])


def test_a_notice_is_over_at_its_end_or_when_its_place_no_longer_has_it(tmp_path: Path) -> None:
    both = harvest(told.notice("n1", ends=NOON + 4 * HOUR), told.notice("n2", title="Flood watch"))
    later = harvest(told.notice("n2", at=NOON + HOUR, title="Flood watch"), places=(("alert", "town"),))
    none = harvest(at=NOON + 2 * HOUR, places=(("alert", "town"),))

    with wire.open_store(tmp_path, both) as store:
        held = [[one.uid for one in store.news(NOON + n * HOUR).notices("town")] for n in (0, 4, 30)]
        assert held == [["n1", "n2"], ["n2"], []]

        assert store.ingest(later).withdrawn == 1
        store.ingest(none)
        after = [[one.uid for one in store.news(NOON + n * HOUR).notices("town")] for n in (0, 1, 2)]

    assert after == [["n1", "n2"], ["n2"], []]


def test_a_delayed_quote_is_known_only_after_its_delay(tmp_path: Path) -> None:
    with wire.open_store(tmp_path, harvest(told.quote("10.5", delay=20))) as store:
        assert store.news(NOON + timedelta(minutes=19)).quotes("NYSE:ACM") == ()
        assert [one.price for one in store.news(NOON + HOUR).quotes("NYSE:ACM")] == [Decimal("10.5")]


def test_a_view_of_a_session_knows_what_was_told_by_its_end(tmp_path: Path) -> None:
    evening = told.story("Told in the evening", "e", at=NOON + 10 * HOUR)
    next_day = told.story("Told the next day", "n", at=NOON + 13 * HOUR)  # 01:00 in New York

    with wire.open_store(tmp_path, harvest(evening, next_day)) as store:
        view = store.view(NOON.date())

        assert [one.title for one in view.stories()] == ["Told in the evening"]
        assert view.forecast("town") is None


def test_one_answer_of_several_does_not_empty_the_list_of_another(tmp_path: Path) -> None:
    def listing(symbol: str, page: str) -> Harvest:
        named = harvest(Instrument(symbol, symbol[5:], "stock"), source="lists")
        return replace(
            named, provenance=told.provenance(source="lists", address=f"https://l.example.org/{page}")
        )

    with wire.open_store(
        tmp_path, listing("NYSE:AAA", "one.txt"), listing("NYSE:BBB", "two.txt?date=2026-03-10")
    ) as store:
        both = [one.symbol for one in store.view(NOON.date()).instruments()]
        counts = store.ingest(listing("NYSE:CCC", "two.txt?date=2026-03-11"))

    assert both == ["NYSE:AAA", "NYSE:BBB"]
    assert (counts.fresh, counts.withdrawn) == (1, 1)


def test_the_same_harvests_make_the_same_rows(tmp_path: Path) -> None:
    def dump(name: str) -> list[str]:
        (tmp_path / name).mkdir()
        harvests = [
            told.listed(("NYSE:ACM", "Acme Corp")),
            harvest(
                told.story("Acme Corp. opens a mill (NYSE: ACM)", "a1"), told.filing("a-1"), told.company()
            ),
            harvest(told.story("Acme Corp. closes a mill", "a1", read=NOON + 8 * HOUR), told.forecast()),
            harvest(told.notice("n1"), told.quote("10.5"), places=(("alert", "town"),)),
        ]
        with wire.open_store(tmp_path / name, *harvests):
            pass
        with sqlite3.connect(tmp_path / name / "market.sqlite") as connection:
            return list(connection.iterdump())

    assert dump("one") == dump("two")


def test_what_is_told_is_read_without_what_collects(tmp_path: Path) -> None:
    wire.open_store(tmp_path, harvest(told.story("Acme opens a mill", "a1"))).close()
    program = (
        "import sys; from pathlib import Path; from datetime import UTC, datetime;"
        "from broadtape.market.reader import MarketReader;"
        f"reader = MarketReader.open(Path({str(tmp_path / 'market.sqlite')!r}));"
        "print(reader.news(datetime(2026, 4, 1, tzinfo=UTC)).stories()[0].title);"
        "print([name for name in sys.modules if name.split('.')[0] == 'newswire'])"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert said.stdout.splitlines() == ["Acme opens a mill", "[]"]


def test_a_store_of_the_first_layout_is_upgraded_with_what_it_holds(tmp_path: Path) -> None:
    wire.open_store(tmp_path, told.listed(("NYSE:ACM", "Acme Corp"))).close()
    path = tmp_path / "market.sqlite"
    with sqlite3.connect(path) as connection:
        for table in (
            "quotes",
            "story_links",
            "stories",
            "filings",
            "companies",
            "company_facts",
            "forecasts",
            "notices",
            "terms",
        ):
            connection.execute(f"DROP TABLE {table}")
        for table in ("listings", "members", "decisions", "events"):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN address")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")

    with MarketStore.open(path) as store:
        store.ingest(harvest(told.story("Acme opens a mill", "a1")))
    with MarketReader.open(path) as reader:
        assert [one.symbol for one in reader.view(NOON.date()).instruments()] == ["NYSE:ACM"]
        assert len(reader.news(NOON + DAY).stories()) == 1


def test_an_answer_that_holds_nothing_changes_no_terms_of_its_source(tmp_path: Path) -> None:
    public = harvest(
        replace(told.notice("n1"), provenance=told.provenance(licence="public", attribution="Office"))
    )
    held = replace(public, provenance=None)
    empty = Harvest("wire", 1, places=(("alert", "town"),))

    with wire.open_store(tmp_path, held) as store:
        counts = store.ingest(empty, retrieved=NOON + HOUR)
        (source,) = store.sources()

        assert counts.withdrawn == 1
        assert (source.origin.licence, source.origin.attribution, source.holds) == (
            "public",
            "Office",
            "notices",
        )
        assert source.origin.retrieved == NOON + HOUR
        assert len(store.news(NOON).notices("town")) == 1
        assert store.news(NOON + HOUR).notices("town") == ()


def test_notices_of_another_kind_at_a_place_are_not_over(tmp_path: Path) -> None:
    both = harvest(told.notice("n1"), replace(told.notice("c1"), kind="closure"))
    closures = Harvest("wire", 0, places=(("closure", "town"),))

    with wire.open_store(tmp_path, both) as store:
        store.ingest(closures, retrieved=NOON + HOUR)

        assert [one.uid for one in store.news(NOON + HOUR).notices("town")] == ["n1"]
