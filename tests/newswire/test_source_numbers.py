from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sources import LATER, answer, parse, recorded, source

from newswire.directory import Directory
from newswire.errors import BadValue, Challenged, Refused, SourceError
from newswire.observations import BarTable, Harvest
from newswire.sources import builtin

NOW = datetime(2026, 1, 12, 12, tzinfo=UTC)
FRED = "observation_date,DGS10\n2026-01-12,4.19\n2026-01-13,\n"
TREASURY = 'Date,"1 Mo","1.5 Month","10 Yr"\n01/13/2026,3.70,,4.18\n01/12/2026,3.71,3.72,4.19\n'
EFFR = {
    "refRates": [
        {
            "effectiveDate": "2026-01-12",
            "type": "EFFR",
            "percentRate": 3.64,
            "targetRateFrom": 3.5,
            "targetRateTo": 3.75,
        }
    ]
}
VIX = "DATE,OPEN,HIGH,LOW,CLOSE\n01/12/2026,15.000000,16.500000,14.900000,15.120000\n"
BLS = {
    "status": "REQUEST_SUCCEEDED",
    "message": [],
    "Results": {
        "series": [
            {
                "seriesID": "CUSR0000SA0",
                "data": [
                    {"year": "2025", "period": "M13", "value": "321.0"},
                    {"year": "2025", "period": "M11", "value": "325.031"},
                    {"year": "2025", "period": "M10", "value": "-"},
                    {"year": "2025", "period": "M09", "value": "324.368"},
                ],
            }
        ]
    },
}
ECB = "KEY,FREQ,TIME_PERIOD,OBS_VALUE\nEXR.D.USD.EUR.SP00.A,D,2026-01-12,1.1650\nEXR.D.USD.EUR.SP00.A,D,2026-01-13,\n"
BARS = [
    {"date": "2026-01-09T00:00:00.000Z", "open": 10, "high": 11, "low": 9, "close": 10.5, "volume": 100,
     "adjClose": 10.4, "divCash": 0.1},
    {"date": "2026-01-12T00:00:00.000Z", "open": 10, "high": 12, "low": 9, "close": 11.5, "volume": 0,
     "adjClose": 11.5, "divCash": 0},
]  # fmt: skip
ALPHA = "timestamp,open,high,low,close,volume\n2026-01-12,10.0,12.0,9.5,11.5,300\n2026-01-09,9.0,11.0,8.5,10.5,200\n"
MASSIVE = {
    "ticker": "BRK.B", "adjusted": True, "status": "OK",
    "results": [{"t": 1768194000000, "o": 10, "h": 12, "l": 9, "c": 11.5, "v": 3e5}],
}  # fmt: skip
TWELVE = {
    "status": "ok", "meta": {"symbol": "AAPL", "interval": "1day"},
    "values": [{"datetime": "2026-01-12", "open": "10", "high": "12", "low": "9", "close": "11.5", "volume": "3"}],
}  # fmt: skip


def yahoo(**more: Any) -> dict[str, Any]:
    """Two sessions, the second of which ends at 21:00 UTC."""
    meta = {
        "symbol": "AAPL", "currency": "USD", "exchangeTimezoneName": "America/New_York", "dataGranularity": "1d",
        "currentTradingPeriod": {"regular": {"start": 1768228200, "end": 1768251600}},
    }  # fmt: skip
    result = {
        "meta": meta | more,
        "timestamp": [1767969000, 1768228200],
        "events": {"dividends": {"1768228200": {"amount": 0.26, "date": 1768228200}}},
        "indicators": {
            "quote": [
                {"open": [1, 2], "high": [3, 4], "low": [1, 2], "close": [2.5, 3.140000104], "volume": [9, 8]}
            ],
            "adjclose": [{"adjclose": [2.4, 3.1]}],
        },
    }
    return {"chart": {"result": [result], "error": None}}


# Every source of numbers, a body that it reads, and what it was asked for.
BODIES: dict[str, tuple[str, str]] = {
    "fred": (FRED, "DGS10"),
    "fred-api": (
        json.dumps({"count": 1, "observations": [{"date": "2026-01-12", "value": "4.19"}]}),
        "DGS10",
    ),
    "treasury": (TREASURY, "2026"),
    "nyfed": (json.dumps(EFFR), "EFFR"),
    "cboe": (VIX, "VIX"),
    "bls": (json.dumps(BLS), "all"),
    "ecb": (ECB, "EXR/D.USD.EUR.SP00.A"),
    "yahoo": (json.dumps(yahoo()), "NASDAQ:AAPL"),
    "tiingo": (json.dumps(BARS), "NYSE:BRK.B"),
    "alphavantage": (ALPHA, "NYSEARCA:SPY"),
    "massive": (json.dumps(MASSIVE), "NYSE:BRK.B"),
    "twelvedata": (json.dumps(TWELVE), "NASDAQ:AAPL"),
}
QUOTE = {"c": 11.5, "pc": 10.5, "t": 1768251600}
EARNINGS = {"earningsCalendar": [{"symbol": "AAPL", "date": "2026-01-29", "hour": "amc"}, {"symbol": "X"}]}
BEA = {"BEAAPI": {"Results": {"Data": [
    {"TableName": "T10101", "SeriesCode": "A191RL", "TimePeriod": "2025Q3", "DataValue": "4.3"},
    {"TableName": "T10101", "SeriesCode": "DPCERL", "TimePeriod": "2025Q3", "DataValue": "---"}]}}}  # fmt: skip
CLOUD = {"rows": [{"Symbol": "AAPL", "Price": "11.5", "Change": "1.0", "LastTradeTime": 1768251600}]}
BODIES |= {
    "finnhub": (json.dumps(QUOTE), "NASDAQ:AAPL"),
    "bea": (json.dumps(BEA), "T10101"),
    "cloudquote": (json.dumps(CLOUD), "NASDAQ:AAPL"),
}
KEYED = ("yahoo", "tiingo", "alphavantage", "massive", "twelvedata", "finnhub", "cloudquote")
EXPECTED = (SourceError, BadValue, Challenged, Refused)
CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Enable JavaScript</body></html>"
)
ERROR_PAGE = "<html><body><h1>503 Service Unavailable</h1></body></html>"


def readings(harvest: Harvest) -> dict[tuple[str, str], str]:
    return {(one.series, one.period.isoformat()): str(one.value) for one in harvest.readings}


def bars(harvest: Harvest) -> BarTable:
    (found,) = harvest.bars
    return found


# --- what each gives ---


def test_fred_gives_readings_and_counts_what_has_no_value() -> None:
    found = parse("fred", FRED, label="DGS10")

    assert readings(found) == {("DGS10", "2026-01-12"): "4.19"}
    assert [(one.line, one.reason, one.count) for one in found.skipped] == [(3, "no value", 1)]
    assert found.readings[0].known_at is None, "the release table or the lag says"


def test_fred_reads_the_header_of_before_2025_and_dots_for_nothing() -> None:
    assert readings(parse("fred", "DATE,DGS10\n1990-01-02,7.94\n1990-01-03,.\n", label="DGS10")) == {
        ("DGS10", "1990-01-02"): "7.94"
    }


@pytest.mark.parametrize(
    ("series", "licence"), [("DGS10", "public"), ("SP500", "private"), ("BAMLH0A0HYM2", "private")]
)
def test_series_that_fred_only_passes_on_are_not_for_the_public(series: str, licence: str) -> None:
    found = parse("fred", f"observation_date,{series}\n2026-01-12,1\n", label=series)

    assert found.readings[0].provenance.licence == licence


def test_fred_asks_for_all_at_first_and_for_what_may_be_revised_later() -> None:
    made = source("fred", series=["DGS10"], since=date(2000, 1, 1))

    (first,) = made.due(NOW, {})
    assert "cosd=2000-01-01" in first.url
    assert made.due(NOW, {"DGS10": NOW - timedelta(hours=1)}) == []
    (later,) = made.due(NOW, {"DGS10": NOW - timedelta(days=1)})
    assert "cosd=2024-12-01" in later.url


def test_the_treasurys_columns_are_matched_by_name_and_given_in_order() -> None:
    found = parse("treasury", TREASURY, label="2026")

    assert list(readings(found).items()) == [
        (("DGS10", "2026-01-12"), "4.19"), (("DGS10", "2026-01-13"), "4.18"), (("DGS1MO", "2026-01-12"), "3.71"),
        (("DGS1MO", "2026-01-13"), "3.70"), (("DGS1_5MO", "2026-01-12"), "3.72"),
    ]  # fmt: skip
    assert sum(one.count for one in found.skipped) == 1


def test_another_year_than_was_asked_for_is_refused() -> None:
    with pytest.raises(BadValue, match=r"not of 2025"):
        parse("treasury", TREASURY, label="2025")


def test_the_treasury_asks_for_a_year_that_is_over_only_once() -> None:
    made = source("treasury", since=2024)
    last = {"2024": datetime(2025, 3, 1, tzinfo=UTC), "2025": datetime(2025, 12, 31, tzinfo=UTC)}

    assert [one.label for one in made.due(NOW, last)] == ["2025", "2026"]


def test_effr_brings_the_target_range() -> None:
    assert readings(parse("nyfed", json.dumps(EFFR), label="EFFR")) == {
        ("EFFR", "2026-01-12"): "3.64", ("DFEDTARL", "2026-01-12"): "3.5", ("DFEDTARU", "2026-01-12"): "3.75",
    }  # fmt: skip


def test_the_vix_is_an_index_in_points() -> None:
    found = parse("cboe", VIX, label="VIX")

    assert (bars(found).symbol, bars(found).unit, bars(found).close.tolist()) == (
        "INDEXCBOE:VIX",
        "points",
        [15.12],
    )
    assert found.instruments[0].kind == "index"


def test_bls_leaves_out_means_and_missing_months_and_names_series_as_fred_does() -> None:
    found = parse("bls", json.dumps(BLS), label="all")

    assert readings(found) == {("CPIAUCSL", "2025-09-01"): "324.368", ("CPIAUCSL", "2025-11-01"): "325.031"}
    assert [one.reason for one in found.skipped] == ["no value"]


def test_bls_that_did_not_process_the_request_says_so_in_its_own_words() -> None:
    body = json.dumps(
        {"status": "REQUEST_NOT_PROCESSED", "message": ["daily threshold reached"], "Results": {}}
    )

    with pytest.raises(Refused, match="daily threshold reached"):
        parse("bls", body, label="all")


@pytest.mark.parametrize(
    ("period", "first"), [("M01", 1), ("M12", 12), ("Q01", 1), ("Q04", 10), ("S02", 7), ("A01", 1)]
)
def test_a_period_of_bls_begins_where_it_should(period: str, first: int) -> None:
    body = json.loads(json.dumps(BLS))
    body["Results"]["series"][0]["data"] = [{"year": "2024", "period": period, "value": "1"}]

    assert parse("bls", json.dumps(body)).readings[0].period == date(2024, first, 1)


def test_the_ecb_gives_the_series_that_was_asked_for() -> None:
    found = parse("ecb", ECB, label="EXR/D.USD.EUR.SP00.A")

    assert readings(found) == {("EXR.USD", "2026-01-12"): "1.1650"}
    with pytest.raises(BadValue, match="is not EXR"):
        parse("ecb", ECB, label="EXR/D.GBP.EUR.SP00.A")


def test_yahoos_open_session_is_no_bar_and_a_closed_one_is() -> None:
    during = parse(
        "yahoo", json.dumps(yahoo()), label="NASDAQ:AAPL", at=datetime(2026, 1, 12, 20, 59, tzinfo=UTC)
    )
    after = parse(
        "yahoo", json.dumps(yahoo()), label="NASDAQ:AAPL", at=datetime(2026, 1, 12, 21, 1, tzinfo=UTC)
    )

    assert [str(one) for one in bars(during).days] == ["2026-01-09"]
    assert [one.reason for one in during.skipped] == ["session not over"]
    table = bars(after)
    assert [str(one) for one in table.days] == ["2026-01-09", "2026-01-12"]
    assert table.close.tolist() == [2.5, 3.14]
    assert table.adj_close.tolist() == [2.4, 3.1]
    assert table.dividend.tolist() == [0, 0.26]
    assert table.adjustment == "split"


def test_a_session_belongs_to_its_exchanges_day() -> None:
    tokyo = yahoo(exchangeTimezoneName="Asia/Tokyo", currentTradingPeriod=None)
    tokyo["chart"]["result"][0]["timestamp"] = [
        1767916800,
        1768262400,
    ]  # midnight UTC is nine in the morning there

    assert [str(one) for one in bars(parse("yahoo", json.dumps(tokyo), label="NASDAQ:AAPL")).days] == [
        "2026-01-09", "2026-01-13",
    ]  # fmt: skip


def test_nulls_among_yahoos_arrays_are_no_bars() -> None:
    body = yahoo(currentTradingPeriod=None)
    body["chart"]["result"][0]["indicators"]["quote"][0]["close"][0] = None

    found = parse("yahoo", json.dumps(body), label="NASDAQ:AAPL")
    assert [str(one) for one in bars(found).days] == ["2026-01-12"]
    assert [one.reason for one in found.skipped] == ["no value"]


def test_a_range_without_sessions_has_no_bars() -> None:
    body = yahoo()
    del body["chart"]["result"][0]["timestamp"]
    body["chart"]["result"][0]["indicators"] = {"quote": [{}], "adjclose": [{}]}

    assert parse("yahoo", json.dumps(body), label="NASDAQ:AAPL").bars == ()


@pytest.mark.parametrize(
    ("more", "says"),
    [({"symbol": "MSFT"}, "instead of AAPL"), ({"currency": "GBp"}, "hundredths"), ({"dataGranularity": "1m"}, "1m"),
     ({"exchangeTimezoneName": "Mars/Olympus"}, "time zone")],
)  # fmt: skip
def test_yahoo_is_refused_where_it_answers_something_else(more: dict[str, Any], says: str) -> None:
    with pytest.raises(SourceError, match=says):
        parse("yahoo", json.dumps(yahoo(**more)), label="NASDAQ:AAPL")


@pytest.mark.parametrize(
    ("symbol", "spelt"), [("NYSE:BRK.B", "BRK-B"), ("INDEXSP:SPX", "%5EGSPC"), ("INDEXRUSSELL:RUT", "%5ERUT")]
)
def test_symbols_are_spelt_as_yahoo_spells_them(symbol: str, spelt: str) -> None:
    (request,) = source("yahoo", symbols=[symbol]).due(NOW, {})

    assert f"/chart/{spelt}?" in request.url
    assert request.label == symbol


@pytest.mark.parametrize("form", ["json", "csv"])
def test_tiingo_gives_raw_bars_and_the_adjusted_close_beside_them(form: str) -> None:
    body = json.dumps(BARS)
    if form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, BARS[0])
        writer.writeheader()
        writer.writerows([{**one, "date": str(one["date"])[:10]} for one in BARS])
        body = out.getvalue()

    table = bars(parse("tiingo", body, label="NYSE:BRK.B"))

    assert (table.adjustment, table.close.tolist(), table.adj_close.tolist()) == (
        "raw",
        [10.5, 11.5],
        [10.4, 11.5],
    )
    assert table.dividend.tolist() == [0.1, 0]


def test_alpha_vantage_is_put_in_order_and_its_notes_are_no_table() -> None:
    assert bars(parse("alphavantage", ALPHA, label="NYSEARCA:SPY")).close.tolist() == [10.5, 11.5]
    for name in ("Note", "Information", "Error Message"):
        with pytest.raises(Refused, match="25 requests"):
            parse(
                "alphavantage", json.dumps({name: "our limit is 25 requests per day"}), label="NYSEARCA:SPY"
            )


def test_an_instant_of_massive_is_midnight_in_new_york() -> None:
    assert [str(one) for one in bars(parse("massive", json.dumps(MASSIVE), label="NYSE:BRK.B")).days] == [
        "2026-01-12"
    ]


@pytest.mark.parametrize("kind", ["finnhub", "cloudquote"])
def test_a_quote_in_passing_has_its_instant_and_the_close_before(kind: str) -> None:
    (quote,) = parse(kind, BODIES[kind][0], label="NASDAQ:AAPL").quotes

    assert (quote.symbol, quote.price, quote.previous_close) == (
        "NASDAQ:AAPL",
        Decimal("11.5"),
        Decimal("10.5"),
    )
    assert quote.at == datetime(2026, 1, 12, 21, tzinfo=UTC)


def test_a_symbol_that_finnhub_does_not_know_is_all_noughts() -> None:
    with pytest.raises(Refused, match="knows no AAPL"):
        parse("finnhub", '{"c":0,"d":null,"pc":0,"t":0}', label="NASDAQ:AAPL")


def test_earnings_of_the_symbols_in_the_settings_are_events_known_when_read() -> None:
    found = parse("finnhub", json.dumps(EARNINGS), label="earnings", options={"symbols": ["NASDAQ:AAPL"]})

    (event,) = found.events
    assert (event.kind, event.at, event.known_at) == (
        "earnings",
        datetime(2026, 1, 29, 21, 15, tzinfo=UTC),
        LATER,
    )
    assert [one.reason for one in found.skipped] == ["of other companies"]


def test_national_accounts_are_named_as_fred_names_them_where_it_does() -> None:
    assert readings(parse("bea", json.dumps(BEA), label="T10101")) == {
        ("A191RL1Q225SBEA", "2025-07-01"): "4.3"
    }
    body = json.dumps({"BEAAPI": {"Results": {"Error": {"APIErrorDescription": "Invalid UserId"}}}})
    with pytest.raises(Refused, match="Invalid UserId"):
        parse("bea", body, label="T10101")


def test_rows_in_another_order_than_asked_are_refused() -> None:
    with pytest.raises(SourceError, match="instead of MSFT"):
        parse("cloudquote", json.dumps(CLOUD), label="NASDAQ:MSFT")
    with pytest.raises(SourceError, match="1 rows for 2 symbols"):
        parse("cloudquote", json.dumps(CLOUD), label="NASDAQ:AAPL,NASDAQ:MSFT")


# --- what each refuses ---


@pytest.mark.parametrize("kind", BODIES)
def test_a_source_reads_its_own_answer(kind: str) -> None:
    body, label = BODIES[kind]
    found = parse(kind, body, label=label)

    assert found.readings or found.bars or found.quotes
    assert found.rows_read > 0


@pytest.mark.parametrize("kind", BODIES)
def test_a_challenge_page_with_status_200_is_a_refusal_of_us(kind: str) -> None:
    with pytest.raises(Challenged, match=r"https://x\.example/a"):
        parse(kind, CHALLENGE, label=BODIES[kind][1])


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize(
    "body", [ERROR_PAGE, "", " \n", "\x00\x01", "[]", "{}", "null", "no,such\n1,2\n", "<a/>"]
)
def test_a_body_that_is_something_else_is_refused_and_named(kind: str, body: str) -> None:
    with pytest.raises(EXPECTED, match=r"https://x\.example/a"):
        parse(kind, body, label=BODIES[kind][1])


NO_NUMBERS = ("NaN", "Infinity", "1e400", "9" * 60, "-", "1,5", "true", '"x"')
MARKS = {("ecb", "NaN"), ("bls", "-")}  # of a missing value there


@pytest.mark.parametrize(("kind", "worse"), sorted({(k, w) for k in BODIES for w in NO_NUMBERS} - MARKS))
def test_what_is_no_number_is_refused(kind: str, worse: str) -> None:
    body, label = BODIES[kind]
    good = {"fred": "4.19", "fred-api": "4.19", "treasury": "4.18", "nyfed": "3.64", "cboe": "15.12", "bls": "324.368",
            "ecb": "1.1650", "yahoo": "2.5", "tiingo": "10.5", "alphavantage": "11.5", "massive": "11.5",
            "twelvedata": "11.5", "finnhub": "11.5", "bea": "4.3", "cloudquote": "11.5"}[kind]  # fmt: skip
    assert good in body

    with pytest.raises(EXPECTED):
        parse(kind, body.replace(good, worse, 1), label=label)


@pytest.mark.parametrize("kind", BODIES)
def test_an_answer_cut_short_anywhere_raises_nothing_else(kind: str) -> None:
    body, label = BODIES[kind]
    for end in range(0, len(body), 3):
        try:
            parse(kind, body[:end], label=label)
        except EXPECTED:
            continue


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(BODIES)), st.binary(max_size=300))
def test_any_bytes_raise_nothing_else(kind: str, body: bytes) -> None:
    with suppress(*EXPECTED):
        parse(kind, body, label=BODIES[kind][1])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(BODIES)), st.data())
def test_a_changed_answer_raises_nothing_else(kind: str, data: st.DataObject) -> None:
    body, label = BODIES[kind]
    at = data.draw(st.integers(0, len(body) - 1))
    length = data.draw(st.integers(0, 20))
    new = data.draw(
        st.text(max_size=12) | st.sampled_from(["null", "[]", "{}", "-1", "1e999", '""', "\ud800"])
    )
    changed = (body[:at] + new + body[at + length :]).encode("utf-8", "surrogatepass")
    with suppress(*EXPECTED):
        parse(kind, changed, label=label)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(SourceError, match=r"nested too deeply|not JSON"):
        parse("nyfed", "[" * 100_000 + "]" * 100_000)


# --- what an operator and the other sources rely on ---


@pytest.mark.parametrize("kind", builtin())
def test_every_source_says_what_an_operator_must_know(kind: str) -> None:
    about = builtin()[kind].about

    assert about.title
    assert about.home.startswith("https://") or not about.hosts
    assert about.terms.startswith("https://") or not about.hosts
    assert about.every >= timedelta(minutes=5)
    assert about.budget > 0
    assert about.rate >= 0.5
    assert not (about.default and about.key), "what is on by default needs no key"


@pytest.mark.parametrize("kind", BODIES)
def test_a_source_asks_only_its_own_hosts_and_holds_no_key(kind: str) -> None:
    options: dict[str, Any] = {"key": "s3cr3t"}
    if kind in KEYED:
        options["symbols"] = ["NASDAQ:AAPL", "NYSE:BRK.B"]
    made = source(kind, **options)

    requests = made.due(NOW, {})
    assert requests
    for request in requests:
        assert request.url.split("/")[2] in made.about.hosts
        assert "s3cr3t" not in repr(request)
    assert len({one.label for one in requests}) == len(requests)


def test_settings_change_a_sources_terms() -> None:
    made = source("fred", every_minutes=30, budget=7, licence="private", attribution="me")

    assert (made.about.every, made.about.budget, made.about.licence) == (timedelta(minutes=30), 7, "private")
    found = made.parse(answer(FRED, label="DGS10"), Directory())
    assert (found.readings[0].provenance.licence, found.readings[0].provenance.attribution) == (
        "private",
        "me",
    )


# --- recorded answers ---


def columns(body: bytes, **named: str) -> dict[str, list[str]]:
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    return {ours: [row[theirs] for row in rows] for ours, theirs in named.items()}


@pytest.mark.acceptance
@pytest.mark.parametrize("series", ["A191RL1Q225SBEA", "CPIAUCSL", "UNRATE"])
def test_recorded_fred(acceptance_data: Path, series: str) -> None:
    body = recorded(acceptance_data, f"fred_csv/{series}.csv")
    held = columns(body, day="observation_date", value=series)

    found = parse("fred", body, label=series)

    given_ = {(series, when): value for when, value in zip(held["day"], held["value"], strict=True) if value}
    assert readings(found) == given_
    if series != "A191RL1Q225SBEA":
        assert (series, "2025-10-01") not in given_


@pytest.mark.acceptance
def test_recorded_fred_api(acceptance_data: Path) -> None:
    body = recorded(acceptance_data, "fred_json/series_observations_BAMLEMCBPIOAS.json")
    found = parse("fred-api", body, label="BAMLEMCBPIOAS")

    rows = [one for one in json.loads(body)["observations"] if one["value"] != "."]
    assert [(str(one.period), str(one.value)) for one in found.readings] == [
        (one["date"], one["value"]) for one in rows
    ]
    assert {one.provenance.licence for one in found.readings} == {"private"}


@pytest.mark.acceptance
def test_recorded_treasury_csv(acceptance_data: Path) -> None:
    old = parse(
        "treasury", recorded(acceptance_data, "treasury_csv/daily-treasury-rates_2024.csv"), label="2024"
    )
    new = parse("treasury", recorded(acceptance_data, "treasury_csv/ust_par_yields_2026.csv"), label="2026")

    assert readings(old)["DGS10", "2024-12-31"] == "4.58"
    assert readings(new)["DGS10", "2026-08-05"] == "4.63"
    assert readings(new)["DGS1_5MO", "2026-08-04"] == "3.80"


@pytest.mark.acceptance
def test_recorded_treasury_xml(acceptance_data: Path) -> None:
    found = parse("treasury", recorded(acceptance_data, "treasury_xml/yield_curve_2026-08_two_days.xml"))

    assert readings(found)["DGS10", "2026-08-11"] == "4.70"
    assert readings(found)["DGS6MO", "2026-08-11"] == "3.99"


@pytest.mark.acceptance
@pytest.mark.parametrize("name", ["effr", "sofr"])
def test_recorded_nyfed(acceptance_data: Path, name: str) -> None:
    body = recorded(acceptance_data, f"nyfed/{name}.json")
    found = parse("nyfed", body, label=name.upper())

    given_ = {one["effectiveDate"]: one["percentRate"] for one in json.loads(body)["refRates"]}
    mine = {str(one.period): float(one.value) for one in found.readings if one.series == name.upper()}
    assert mine == given_


@pytest.mark.acceptance
def test_recorded_cboe(acceptance_data: Path) -> None:
    body = recorded(acceptance_data, "cboe/VIX_History.csv")
    table = bars(parse("cboe", body, label="VIX"))

    assert table.close.tolist() == [float(one) for one in columns(body, close="CLOSE")["close"]]
    assert str(table.days[0]) == "2025-05-09"


@pytest.mark.acceptance
def test_recorded_bls(acceptance_data: Path) -> None:
    body = recorded(acceptance_data, "bls_api/v2_response_oews_shape.json")
    found = parse("bls", body)

    assert readings(found)["OEU004266015125212", "2023-01-01"] == "133690"


@pytest.mark.acceptance
@pytest.mark.parametrize("name", ["EXR_flat.json", "EXR_generic_ts.xml"])
def test_recorded_ecb(acceptance_data: Path, name: str) -> None:
    found = parse("ecb", recorded(acceptance_data, f"ecb/{name}"))

    assert len(found.readings) > 3
    assert all(Decimal("0.1") < one.value < 200 for one in found.readings)
    assert len({(one.series, one.period) for one in found.readings}) == len(found.readings)


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("name", "symbol", "first", "close"),
    [
        ("AAPL_1d.json", "NASDAQ:AAPL", None, None),
        ("MSFT_1d.json", "NASDAQ:MSFT", None, None),
        ("http_AAPL_2020-01.json", "NASDAQ:AAPL", "2020-01-02", 75.0875),
        ("http_MSFT_dividends_2021.json.gz", "NASDAQ:MSFT", None, None),
        ("BZ=F_1mo_2026.json", "NYMEX:BZ=F", None, None),
    ],
)
def test_recorded_yahoo(
    acceptance_data: Path, name: str, symbol: str, first: str | None, close: float | None
) -> None:
    body = recorded(acceptance_data, f"yahoo_chart/{name}")
    table = bars(parse("yahoo", body, label=symbol))

    result = json.loads(body)["chart"]["result"][0]
    closes = [one for one in result["indicators"]["quote"][0]["close"] if one is not None]
    assert np.allclose(table.close, closes[: len(table.close)], atol=1e-6)
    assert np.all(np.diff(table.days) > np.timedelta64(0, "D"))
    if first:
        assert str(table.days[0]) == first
        assert table.close[0] == pytest.approx(close, abs=1e-4)
    paid = result.get("events", {}).get("dividends", {})
    assert int(np.count_nonzero(table.dividend)) == len(paid)


@pytest.mark.acceptance
def test_recorded_yahoo_unknown_symbol(acceptance_data: Path) -> None:
    with pytest.raises(Refused, match="No data found"):
        parse(
            "yahoo",
            recorded(acceptance_data, "yahoo_chart/unknown_symbol_404.json"),
            label="NASDAQ:NONE",
            status=404,
        )


@pytest.mark.acceptance
def test_recorded_tiingo(acceptance_data: Path) -> None:
    one = bars(
        parse("tiingo", recorded(acceptance_data, "tiingo/ticker_price.vcr.yaml"), label="NASDAQ:GOOGL")
    )
    two = bars(
        parse(
            "tiingo",
            recorded(acceptance_data, "tiingo/ticker_price_with_date_csv.vcr.yaml"),
            label="NASDAQ:GOOGL",
        )
    )

    assert (str(one.days[0]), one.close[0]) == ("2018-04-12", 1037.29)
    assert (str(two.days[-1]), two.close[-1], two.high[-1]) == ("2015-01-05", 519.46, 527.9899)


@pytest.mark.acceptance
@pytest.mark.parametrize("symbol", ["SPY", "XLF"])
def test_recorded_alpha_vantage(acceptance_data: Path, symbol: str) -> None:
    body = recorded(acceptance_data, f"alphavantage/daily_csv_{symbol}_2026.csv")
    table = bars(parse("alphavantage", body, label=f"NYSEARCA:{symbol}"))

    assert table.close.tolist() == [float(one) for one in reversed(columns(body, close="close")["close"])]


@pytest.mark.acceptance
@pytest.mark.parametrize("name", ["global_quote.json", "time_series.json"])
def test_recorded_alpha_vantage_json_is_no_table(acceptance_data: Path, name: str) -> None:
    with pytest.raises(SourceError, match="JSON instead"):
        parse("alphavantage", recorded(acceptance_data, f"alphavantage/{name}"), label="NASDAQ:MSFT")


@pytest.mark.acceptance
def test_recorded_massive(acceptance_data: Path) -> None:
    body = recorded(acceptance_data, "polygon/aggs_AAPL_range.json")
    table = bars(parse("massive", body, label="NASDAQ:AAPL"))

    assert table.close.tolist() == [one["c"] for one in json.loads(body)["results"]]
    assert table.adjustment == "split"
