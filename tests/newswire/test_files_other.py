from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import wire

from newswire.errors import BadValue, SourceError
from newswire.files import NamedInstrument, load_file

DIRECTORY = {"symbol": "Symbol", "name": "Name", "etf": "ETF"}


def test_a_directory_of_one_exchange_qualifies_its_symbols() -> None:
    harvest = wire.parse(
        "Symbol,Name,ETF\nAAPL,Apple Inc.,N\nQQQ,Invesco QQQ Trust,Y\nBRK-B,Berkshire,\n",
        "instruments",
        columns=DIRECTORY,
        exchange="NASDAQ",
    )

    assert [(one.symbol, one.kind, one.standing) for one in harvest.instruments] == [
        ("NASDAQ:AAPL", "stock", "directory"),
        ("NASDAQ:QQQ", "etf", "directory"),
        ("NASDAQ:BRK.B", "stock", "directory"),
    ]


def test_exchange_codes_are_translated_and_unknown_ones_skipped() -> None:
    harvest = wire.parse(
        "Symbol,Name,Exchange\nBAC,Bank of America,N\nSPY,SPDR,P\nXX,Other,Q\n",
        "instruments",
        columns={"symbol": "Symbol", "name": "Name", "exchange": "Exchange"},
        exchange_codes={"N": "NYSE", "P": "NYSEARCA"},
    )

    assert [one.symbol for one in harvest.instruments] == ["NYSE:BAC", "NYSEARCA:SPY"]
    assert [(one.line, one.reason) for one in harvest.skipped] == [(4, "exchange not in exchange_codes")]


def test_a_directory_as_served_with_pipes_test_issues_and_its_trailer() -> None:
    harvest = wire.parse(
        "Symbol|Name|Test Issue|ETF\nAAPL|Apple Inc.|N|N\nZVZZT|NASDAQ TEST STOCK|Y|N\n"
        "File Creation Time: 0112202621:31|||\n",
        "instruments",
        columns={**DIRECTORY, "test_issue": "Test Issue"},
        exchange="NASDAQ",
    )

    assert [one.symbol for one in harvest.instruments] == ["NASDAQ:AAPL"]
    assert {one.reason: one.line for one in harvest.skipped} == {"test issue": 3, "trailer": 4}
    assert harvest.provenance is not None
    assert harvest.provenance.published == datetime(2026, 1, 13, 2, 31, tzinfo=UTC)


def test_a_member_list_resolves_its_symbols_and_makes_a_group() -> None:
    harvest = wire.parse(
        "symbol,name\nBAC,Bank of America\nGONE,Gone\n",
        "instruments",
        listed={"NYSE:BAC": "stock"},
        group="members",
    )

    assert harvest.groups == (("members", ("NYSE:BAC", "UNLISTED:GONE")),)
    assert harvest.instruments[0].standing == "members"
    assert harvest.unresolved == ("UNLISTED:GONE",)


def test_a_symbol_twice_in_a_directory_is_refused() -> None:
    with pytest.raises(BadValue, match="line 3, column symbol: stands twice; first on line 2: 'BAC'"):
        wire.parse("symbol,name\nBAC,a\nBAC,b\n", "instruments", exchange="NYSE")


def test_proxies_and_named_instruments_come_with_their_source() -> None:
    harvest = wire.parse(
        "symbol,date,close\nSPY,2026-01-12,695.16\n",
        listed={"NYSEARCA:SPY": "etf"},
        proxies={"NYSEARCA:SPY": "INDEXSP:SPX"},
        instruments=(NamedInstrument("INDEXSP:SPX", name="S&P 500", kind="index", inception="1957-03-04"),),
    )

    assert [(one.symbol, one.proxy_of, one.inception) for one in harvest.instruments] == [
        ("INDEXSP:SPX", "", date(1957, 3, 4)),
        ("NYSEARCA:SPY", "INDEXSP:SPX", None),
    ]


def test_readings_keep_their_digits_and_empty_ones_are_counted() -> None:
    harvest = wire.parse(
        "series,date,value\nCPIAUCSL,2025-09-01,324.2450\nCPIAUCSL,2025-10-01,\nDGS10,2026-01-09,.\n",
        "readings",
    )

    assert [(one.series, one.period, one.value, one.known_at) for one in harvest.readings] == [
        ("CPIAUCSL", date(2025, 9, 1), Decimal("324.2450"), None)
    ]
    assert [(one.line, one.reason, one.count) for one in harvest.skipped] == [(3, "no value", 2)]


def test_months_and_wide_readings_and_given_vintages_are_understood() -> None:
    wide = wire.parse("Date,GOLD\n2026-01,4587.000\n", "readings", layout="wide", columns={"date": "Date"})
    dated = wire.parse(
        "series,date,value,known\nX,2026-01-01,1,2026-02-10\nX,2026-01-01,2,2026-03-10T08:30:00-04:00\n",
        "readings",
        columns={"series": "series", "date": "date", "value": "value", "known_at": "known"},
    )

    assert (wide.readings[0].series, wide.readings[0].period) == ("GOLD", date(2026, 1, 1))
    assert [one.known_at for one in dated.readings] == [
        datetime(2026, 2, 10, 5, 0, tzinfo=UTC),
        datetime(2026, 3, 10, 12, 30, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("X,2026-01-01,1e999999", "too long a number"),
        ("X,2026-01-01,Infinity", "not a finite number"),
        ("X,2026-01-01,1_0", "not a finite number"),
        ("X,2026-01-01,abc", "line 2, column value: not a number: 'abc'"),
        ("X Y,2026-01-01,1", "line 2, column series: not the name of a series"),
        ("X,2026-01-01,1\nX,2026-01-01,2", "line 3, column date: also on line 2"),
        ("X,2027-01-01,1", "a date in the future"),
    ],
)
def test_a_bad_reading_refuses_the_table(row: str, complaint: str) -> None:
    with pytest.raises(BadValue) as refusal:
        wire.parse("series,date,value\n" + row + "\n", "readings")

    assert complaint in str(refusal.value)


def test_decisions_are_known_at_two_in_the_afternoon_in_new_york() -> None:
    harvest = wire.parse(
        "date,lower,upper,change_bp\n2025-12-10,3.5,3.75,-25\n2025-07-30,4.25,4.5,0\n", "policy"
    )

    july, december = harvest.decisions
    assert (july.day, july.change_bp) == (date(2025, 7, 30), 0)
    assert december.known_at == datetime(2025, 12, 10, 19, 0, tzinfo=UTC)
    assert (december.lower, december.upper) == (Decimal("3.5"), Decimal("3.75"))


def test_a_missing_change_follows_from_the_decision_before() -> None:
    harvest = wire.parse(
        "date,lower,upper\n2025-09-17,4,4.25\n2025-10-29,3.75,4\n",
        "policy",
        columns={"date": "date", "lower": "lower", "upper": "upper"},
    )

    assert [one.change_bp for one in harvest.decisions] == [0, -25]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("2025-12-10,3.75,3.5,-25", "above the range's upper end"),
        ("2025-12-10,3.5,3.75,-12.5", "not a whole number of basis points"),
        ("2025-12-10,350,375,-25", "not a policy rate in percent"),
        ("2025-12-10,3.5,3.75,0\n2025-12-10,3.5,3.75,0", "also on line 2"),
    ],
)
def test_a_bad_decision_refuses_the_table(row: str, complaint: str) -> None:
    with pytest.raises(BadValue) as refusal:
        wire.parse("date,lower,upper,change_bp\n" + row + "\n", "policy")

    assert complaint in str(refusal.value)


def test_events_are_due_at_their_zones_time() -> None:
    harvest = wire.parse(
        "date,time,zone,kind,title,known_at,url\n"
        '2026-01-13,08:30,America/New_York,cpi,"Consumer Price Index, December",2026-01-01,https://www.bls.gov/\n',
        "events",
        columns={name: name for name in ("date", "time", "zone", "kind", "title", "known_at", "url")},
    )

    event = harvest.events[0]
    assert event.at == datetime(2026, 1, 13, 13, 30, tzinfo=UTC)
    assert event.known_at == datetime(2026, 1, 1, 5, 0, tzinfo=UTC)
    assert event.title == "Consumer Price Index, December"


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("2026-01-13,25:00,America/New_York,cpi,CPI,", "not a time such as 08:30"),
        ("2026-01-13,08:30,Mars/Olympus,cpi,CPI,", "not a time zone"),
        ("2026-01-13,08:30,America/New_York,c p i,CPI,", "not a kind"),
        ("2026-01-13,08:30,America/New_York,cpi,,", "no title"),
        ("2026-01-13,08:30,America/New_York,cpi,CPI,javascript:alert(1)", "not an http or https address"),
        ("2026-01-13,08:30,America/New_York,cpi," + "x" * 301 + ",", "longer than 300 characters"),
    ],
)
def test_a_bad_event_refuses_the_table(row: str, complaint: str) -> None:
    with pytest.raises(BadValue) as refusal:
        wire.parse(
            "date,time,zone,kind,title,url\n" + row + "\n",
            "events",
            columns={name: name for name in ("date", "time", "zone", "kind", "title", "url")},
        )

    assert complaint in str(refusal.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file; put it there or correct the path"):
        load_file(wire.settings(), tmp_path / "absent.csv", now=wire.NOON)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        load_file(wire.settings(), tmp_path, now=wire.NOON)
