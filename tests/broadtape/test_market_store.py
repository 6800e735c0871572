from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
import wire
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from broadtape.market import Arrangement, MarketReader, MarketStore, StoreError, schema
from broadtape.model import NoData, UnknownSymbol

LISTED = {"NYSE:A": "stock", "NYSE:B": "stock"}
LATER = wire.NOON + timedelta(days=1)
MONDAY, TUESDAY, WEDNESDAY = "2026-01-12", "2026-01-13", "2026-01-14"


def bars(rows: dict[str, float], *, at: datetime = wire.NOON, name: str = "prices", **more: object):  # type: ignore[no-untyped-def]
    return wire.parse(wire.bars(rows), listed=LISTED, at=at, name=name, **more)  # type: ignore[arg-type]


# --- bars as of a session ---------------------------------------------------------------------------------


def test_a_view_shows_nothing_later_than_its_session(tmp_path: Path) -> None:
    with wire.open_store(tmp_path, bars({MONDAY: 10, TUESDAY: 11, WEDNESDAY: 12})) as store:
        view = store.view(date(2026, 1, 13))

        assert view.bars("NYSE:A").close.tolist() == [10, 11]
        assert view.sessions[-1] == np.datetime64(TUESDAY)
        assert view.sessions_after(2).tolist() == [date(2026, 1, 14), date(2026, 1, 15)]
        assert view.known == datetime(2026, 1, 14, 5, 0, tzinfo=UTC) - timedelta(microseconds=1)


def test_a_day_without_session_means_the_session_before(tmp_path: Path) -> None:
    with wire.open_store(tmp_path, bars({"2026-01-09": 10, MONDAY: 11})) as store:
        assert store.view(date(2026, 1, 11)).as_of == date(2026, 1, 9)
        assert store.last_session() == date(2026, 1, 12)


def test_a_delayed_source_is_known_only_after_its_delay(tmp_path: Path) -> None:
    with wire.open_store(tmp_path, bars({MONDAY: 10, TUESDAY: 11}, delay_minutes=24 * 60)) as store:
        assert store.view(date(2026, 1, 12)).symbols_with_bars() == ()
        assert store.view(date(2026, 1, 13)).bars("NYSE:A").close.tolist() == [10]


def test_rows_off_session_or_before_its_close_are_left_out_and_counted(tmp_path: Path) -> None:
    noon_of_friday = datetime(2026, 1, 16, 17, 0, tzinfo=UTC)
    days = {"1984-12-31": 9, "2026-01-11": 1, "2026-01-15": 2, "2026-01-16": 3}
    harvest = bars(days, at=noon_of_friday)

    with wire.open_store(tmp_path) as store:
        counts = store.ingest(harvest)

        early = "before the calendar's first year, 1985"
        assert counts.skipped == {early: 1, "no session": 1, "session not over": 1}
        assert (counts.rows_read, counts.stored, counts.fresh) == (4, 1, 1)
        assert store.view(date(2026, 1, 16)).bars("NYSE:A").days.tolist() == [date(2026, 1, 15)]


def test_absence_is_told_from_ignorance(tmp_path: Path) -> None:
    directory = wire.parse("symbol,name\nA,A Corp.\n", "instruments", exchange="NYSE", name="directory")

    with wire.open_store(tmp_path, directory, bars({TUESDAY: 11})) as store:
        view = store.view(date(2026, 1, 12))
        with pytest.raises(NoData, match="NYSE:A: the store holds no bars of it up to 2026-01-12"):
            view.bars("NYSE:A")
        with pytest.raises(UnknownSymbol, match="NYSE:ZZZ"):
            view.bars("NYSE:ZZZ")
        with pytest.raises(UnknownSymbol):
            view.instrument("NYSE:ZZZ")
        with pytest.raises(NoData, match="CPI"):
            view.readings("CPI")
        assert view.group("nobody") == ()


def test_arrays_of_a_view_cannot_be_changed(tmp_path: Path) -> None:
    with wire.open_store(tmp_path, bars({MONDAY: 10})) as store:
        found = store.view(date(2026, 1, 12)).bars("NYSE:A")

        with pytest.raises(ValueError, match="read-only"):
            found.close[0] = 1


def test_dates_outside_the_calendar_are_refused(tmp_path: Path) -> None:
    with wire.open_store(tmp_path, bars({MONDAY: 10})) as store:
        with pytest.raises(NoData, match="starts in 1985"):
            store.view(date(1984, 12, 31))
        with pytest.raises(NoData, match="beyond the stored trading calendar"):
            store.view(date(2099, 1, 1))


# --- several sources --------------------------------------------------------------------------------------


def test_the_settings_order_decides_whatever_the_order_of_fetching(tmp_path: Path) -> None:
    every = np.arange("2026-02-02", "2026-03-28", dtype="datetime64[D]")
    days = [str(day) for day in every if np.is_busday(day)]
    days.remove("2026-02-16")
    first = bars(dict.fromkeys(days[:30], 100.0), name="first")
    second = bars(dict.fromkeys(days, 100.01), name="second")

    with wire.open_store(tmp_path, second, first, order=("first", "second")) as store:
        found = store.view(date(2026, 3, 27)).bars("NYSE:A")

        assert found.close.tolist() == [100.0] * 30 + [100.01] * (len(days) - 30)
        assert found.origin.source == "first, second"
        assert [one.agrees for _, one in store.comparisons()] == [True]


def test_a_source_the_settings_no_longer_name_is_not_read(tmp_path: Path) -> None:
    with wire.open_store(tmp_path, bars({MONDAY: 10}), order=("prices",)) as store:
        store.configure(Arrangement(order=("other",)))

        assert store.view(date(2026, 1, 12)).symbols_with_bars() == ()


def test_a_list_of_members_goes_before_the_columns_of_a_price_table(tmp_path: Path) -> None:
    listed = wire.parse("symbol,name\nA,A\n", "instruments", listed=LISTED, group="index", name="members")
    prices = wire.parse(
        "date,A,B\n2026-01-12,1,2\n", listed=LISTED, layout="wide", columns={"date": "date"}, value="close",
        group="index", name="prices",
    )  # fmt: skip

    with wire.open_store(tmp_path, prices) as store:
        assert store.view(date(2026, 1, 12)).group("index") == ("NYSE:A", "NYSE:B")
        store.ingest(listed)
        assert store.view(date(2026, 1, 12)).group("index") == ("NYSE:A",)


def test_a_symbol_that_resolves_at_last_takes_its_history_along(tmp_path: Path) -> None:
    text = "symbol,date,close\nNEW,2026-01-12,5\n"

    with wire.open_store(tmp_path, wire.parse(text, name="prices")) as store:
        assert store.view(date(2026, 1, 12)).symbols_with_bars() == ("UNLISTED:NEW",)
        store.ingest(wire.parse(text, listed={"NYSE:NEW": "stock"}, at=LATER, name="prices"))
        assert store.view(date(2026, 1, 12)).symbols_with_bars() == ("NYSE:NEW",)
        assert store.revisions() == ()


# --- revisions --------------------------------------------------------------------------------------------


def test_a_changed_bar_is_kept_as_a_revision_with_both_values(tmp_path: Path) -> None:
    with wire.open_store(tmp_path, bars({MONDAY: 10, TUESDAY: 11})) as store:
        counts = store.ingest(bars({MONDAY: 10, TUESDAY: 11.5, WEDNESDAY: 12}, at=LATER))

        assert (counts.fresh, counts.revised, counts.withdrawn) == (1, 1, 0)
        revision = store.revisions("NYSE:A")[0]
        assert (revision.day, revision.field, revision.old, revision.new) == (
            date(2026, 1, 13), "close", "11.0", "11.5",
        )  # fmt: skip
        assert (revision.retrieved, revision.replaced_at) == (wire.NOON, LATER)


def test_a_view_can_be_asked_for_what_was_retrieved_by_then(tmp_path: Path) -> None:
    third = LATER + timedelta(days=1)
    with wire.open_store(tmp_path, bars({MONDAY: 10, TUESDAY: 11})) as store:
        store.ingest(bars({MONDAY: 10, TUESDAY: 11.5, WEDNESDAY: 12}, at=LATER))
        store.ingest(bars({MONDAY: 10.1, WEDNESDAY: 12}, at=third))

        def closes(before: datetime | None) -> list[float]:
            view = store.view(date(2026, 1, 14), retrieved_before=before)
            return list(view.bars("NYSE:A").close)

        assert closes(wire.NOON) == [10, 11]
        assert closes(LATER) == [10, 11.5, 12]
        assert closes(third) == closes(None) == [10.1, 12]
        assert {(one.old, one.new) for one in store.revisions()} == {
            ("11.0", "11.5"),
            ("11.5", ""),
            ("10.0", "10.1"),
        }


def test_a_rolling_window_keeps_what_it_no_longer_shows(tmp_path: Path) -> None:
    with wire.open_store(tmp_path, bars({MONDAY: 10, TUESDAY: 11})) as store:
        counts = store.ingest(bars({TUESDAY: 11, WEDNESDAY: 12}, at=LATER))

        assert (counts.fresh, counts.revised, counts.withdrawn) == (1, 0, 0)
        assert store.view(date(2026, 1, 14)).bars("NYSE:A").close.tolist() == [10, 11, 12]


def readings(value: str, at: datetime = wire.NOON, period: str = "2025-12-01"):  # type: ignore[no-untyped-def]
    return wire.parse(f"series,date,value\nCPIAUCSL,{period},{value}\n", "readings", at=at, name="macro")


RELEASE = wire.parse(
    "date,time,zone,kind,title\n2026-01-13,08:30,America/New_York,cpi,Consumer Price Index\n",
    "events", name="calendar",
)  # fmt: skip


def test_a_reading_is_seen_from_its_release_on(tmp_path: Path) -> None:
    with wire.open_store(tmp_path, readings("326.031"), RELEASE) as store:
        assert store.view(date(2026, 1, 12)).series() == ()
        found = store.view(date(2026, 1, 13)).readings("CPIAUCSL")

        assert found.values == (Decimal("326.031"),)
        assert found.known_at == (datetime(2026, 1, 13, 13, 30, tzinfo=UTC),)


def test_a_revised_reading_replaces_the_first_print_only_from_then_on(tmp_path: Path) -> None:
    with wire.open_store(tmp_path, RELEASE, readings("326.031")) as store:
        counts = store.ingest(readings("326.5", at=LATER))

        assert counts.revised == 1
        assert store.view(date(2026, 1, 13)).readings("CPIAUCSL").values == (Decimal("326.031"),)
        assert store.view(LATER.date()).readings("CPIAUCSL").values == (Decimal("326.5"),)
        assert [(one.old, one.new) for one in store.revisions("CPIAUCSL")] == [("326.031", "326.5")]


def test_dated_vintages_are_each_known_at_their_own_time(tmp_path: Path) -> None:
    text = "series,date,value,known\nX,2025-12-01,1,2026-01-09\nX,2025-12-01,2,2026-02-09\n"
    columns = {"series": "series", "date": "date", "value": "value", "known_at": "known"}

    with wire.open_store(tmp_path, wire.parse(text, "readings", columns=columns)) as store:
        for day, value in ((date(2026, 1, 9), 1), (date(2026, 2, 6), 1), (date(2026, 2, 9), 2)):
            assert store.view(day).readings("X").values == (Decimal(value),)


def test_a_series_without_a_documented_lag_is_not_used_for_past_dates(tmp_path: Path) -> None:
    harvest = wire.parse("series,date,value\nMYSTERY,2020-01-01,1\n", "readings")

    with wire.open_store(tmp_path, harvest) as store:
        assert store.view(date(2026, 5, 29)).series() == ()
        assert store.view(wire.NOON.date()).series() == ("MYSTERY",)


def test_decisions_and_events_are_seen_from_when_they_were_known(tmp_path: Path) -> None:
    policy = wire.parse("date,lower,upper,change_bp\n2025-12-10,3.5,3.75,-25\n", "policy", name="policy")

    with wire.open_store(tmp_path, policy, RELEASE) as store:
        assert store.view(date(2025, 12, 9)).decisions() == ()
        assert store.view(date(2025, 12, 10)).decisions()[0].upper == Decimal("3.75")
        assert [one.kind for one in store.view(date(2026, 1, 13)).events()] == ["cpi"]


def test_a_corrected_decision_counts_and_the_former_is_kept(tmp_path: Path) -> None:
    def policy(upper: str, at: datetime):  # type: ignore[no-untyped-def]
        return wire.parse(f"date,lower,upper,change_bp\n2025-12-10,3.5,{upper},-25\n", "policy", at=at)

    with wire.open_store(tmp_path, policy("3.7", wire.NOON)) as store:
        store.ingest(policy("3.75", LATER))

        assert [one.upper for one in store.view(date(2025, 12, 10)).decisions()] == [Decimal("3.75")]
        then = store.view(date(2025, 12, 10), retrieved_before=wire.NOON)
        assert [one.upper for one in then.decisions()] == [Decimal("3.7")]


# --- instruments ------------------------------------------------------------------------------------------


def test_the_settings_word_on_an_instrument_goes_first_then_the_member_list(tmp_path: Path) -> None:
    from newswire.files import NamedInstrument

    directory = wire.parse(
        "symbol,name,etf\nNVDA,NVIDIA Corporation - Common Stock,N\nSPY,SPDR S&P 500 ETF Trust,Y\n",
        "instruments", exchange="NASDAQ", name="directory",
        columns={"symbol": "symbol", "name": "name", "etf": "etf"},
    )  # fmt: skip
    listed = {"NASDAQ:NVDA": "stock", "NASDAQ:SPY": "etf"}
    members = wire.parse(
        "symbol,name,sector\nNVDA,Nvidia,Information Technology\n", "instruments",
        listed=listed, name="members",
        group="index", columns={"symbol": "symbol", "name": "name", "sector": "sector"},
    )  # fmt: skip
    named = (NamedInstrument("INDEXSP:SPX", name="S&P 500", kind="index", inception="1957-03-04"),)
    prices = wire.parse(
        "symbol,date,close\nNVDA,2026-01-12,184\n", listed=listed, instruments=named,
        proxies={"NASDAQ:SPY": "INDEXSP:SPX"}, name="prices",
    )  # fmt: skip

    with wire.open_store(tmp_path, directory, members, prices) as store:
        view = store.view(date(2026, 1, 12))
        nvidia = view.instrument("NASDAQ:NVDA")
        assert (nvidia.name, nvidia.sector, nvidia.groups) == ("Nvidia", "Information Technology", ("index",))
        assert "NVIDIA Corporation" in nvidia.aliases
        spy = view.instrument("NASDAQ:SPY")
        assert (spy.name, spy.kind, spy.proxy_of) == ("SPDR S&P 500 ETF", "etf", "INDEXSP:SPX")
        spx = view.instrument("INDEXSP:SPX")
        assert (spx.name, spx.kind, spx.inception) == ("S&P 500", "index", date(1957, 3, 4))
        assert [one.symbol for one in view.instruments()] == ["INDEXSP:SPX", "NASDAQ:NVDA", "NASDAQ:SPY"]


def test_an_instrument_that_leaves_the_directory_stays_known(tmp_path: Path) -> None:
    def directory(text: str, at: datetime):  # type: ignore[no-untyped-def]
        return wire.parse("symbol,name\n" + text, "instruments", exchange="NYSE", at=at)

    with wire.open_store(tmp_path, directory("A,A Corp.\nB,B Corp.\n", wire.NOON)) as store:
        counts = store.ingest(directory("A,A Corp.\n", LATER))

        assert counts.withdrawn == 1
        assert store.view(date(2026, 1, 12)).instrument("NYSE:B").name == "B"


# --- the file ---------------------------------------------------------------------------------------------


def test_the_migrations_make_what_the_schema_says(tmp_path: Path) -> None:
    MarketStore.open(tmp_path / "market.sqlite").close()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'market.sqlite'}")

    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, schema.metadata)
        version = context.get_current_revision()
    engine.dispose()

    folder = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))
    assert differences == []
    assert version == schema.HEAD == folder.get_current_head() == schema.KNOWN[-1]
    assert {one.revision for one in folder.walk_revisions()} == set(schema.KNOWN)


def test_a_missing_store_says_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no market store yet; run 'broadtape fetch'"):
        MarketReader.open(tmp_path / "market.sqlite")


def test_a_newer_layout_is_refused_by_readers_and_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "market.sqlite"
    MarketStore.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    for opening in (MarketReader.open, MarketStore.open):
        with pytest.raises(StoreError, match="layout 9999 is newer than this program's"):
            opening(path)


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    text, other = tmp_path / "text.sqlite", tmp_path / "other.sqlite"
    text.write_text("this is no database, however long it may be " * 50)
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE x (y)")
    connection.close()

    with pytest.raises(StoreError, match=r"damaged|cannot be opened"):
        MarketReader.open(text)
    with pytest.raises(StoreError, match="no market store; move it away"):
        MarketReader.open(other)


def test_a_failure_midway_leaves_the_former_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with wire.open_store(tmp_path, bars({MONDAY: 10})) as store:
        monkeypatch.setattr("broadtape.market.intake.Intake.take", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.ingest(bars({MONDAY: 99}, at=LATER))

        assert store.view(date(2026, 1, 12)).bars("NYSE:A").close.tolist() == [10]
        assert store.sources()[0].origin.retrieved == wire.NOON


def test_a_reader_sees_what_a_writer_commits_while_both_are_open(tmp_path: Path) -> None:
    with (
        wire.open_store(tmp_path, bars({MONDAY: 10})) as store,
        MarketReader.open(tmp_path / "market.sqlite") as reader,
    ):
        before = reader.view(date(2026, 1, 13))
        assert before.bars("NYSE:A").close.tolist() == [10]
        store.ingest(bars({MONDAY: 10, TUESDAY: 11}, at=LATER))

        assert reader.view(date(2026, 1, 13)).bars("NYSE:A").close.tolist() == [10, 11]
        assert before.bars("NYSE:A").close.tolist() == [10]


def test_an_unfinished_fetch_is_settled_at_the_next_opening(tmp_path: Path) -> None:
    with wire.open_store(tmp_path) as store:
        directory = wire.parse("symbol,name\nA,A Corp.\n", "instruments", exchange="NYSE")
        store.ingest(directory, settle=False)
        assert store.view(date(2026, 1, 12)).instruments() == ()

    with MarketStore.open(tmp_path / "market.sqlite") as store:
        assert [one.symbol for one in store.view(date(2026, 1, 12)).instruments()] == ["NYSE:A"]


def test_a_first_fetch_cut_short_at_once_is_taken_up_by_the_next(tmp_path: Path) -> None:
    with MarketStore.open(tmp_path / "market.sqlite") as store:
        store.configure(Arrangement(order=("table",)))  # killed before the calendar was made

    with wire.open_store(tmp_path, bars({MONDAY: 10})) as store:
        assert store.view(date(2026, 1, 12)).bars("NYSE:A").close.tolist() == [10]


def test_a_settling_cut_short_before_the_comparisons_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = np.arange("2025-11-03", "2026-01-10", dtype="datetime64[D]")
    closes = {str(day): 10.0 for day in days[np.is_busday(days)]}
    with wire.open_store(tmp_path, bars(closes)) as store:
        store.ingest(bars(closes, name="second"), settle=False)
        with monkeypatch.context() as cut:
            cut.setattr(MarketStore, "_compare", lambda self, symbol: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                store.settle()

    with MarketStore.open(tmp_path / "market.sqlite") as store:
        assert [(symbol, one.agrees) for symbol, one in store.comparisons()] == [("NYSE:A", True)]


def test_a_store_on_a_full_disk_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.open_store(tmp_path, bars({MONDAY: 10})).close()
    full = sqlite3.OperationalError("disk I/O error")
    full.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE

    def fails(*_: object) -> None:
        raise sa.exc.OperationalError("SELECT", {}, full)

    monkeypatch.setattr("broadtape.market.reader.sa.inspect", fails)
    with pytest.raises(StoreError, match="cannot be read: disk I/O error; is the disk full"):
        MarketReader.open(tmp_path / "market.sqlite")


def test_a_reader_loads_nothing_that_collects_or_computes(tmp_path: Path) -> None:
    wire.open_store(tmp_path, bars({MONDAY: 10})).close()
    code = (
        "import sys; from pathlib import Path; from datetime import date\n"
        "from broadtape.market.reader import MarketReader\n"
        f"store = MarketReader.open(Path({str(tmp_path / 'market.sqlite')!r}))\n"
        "store.view(date(2026, 1, 12)).bars('NYSE:A')\n"
        "heavy = ('pandas', 'pyarrow', 'exchange_calendars', 'newswire', 'alembic')\n"
        "print([name for name in heavy if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
