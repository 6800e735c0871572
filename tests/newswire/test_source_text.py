from __future__ import annotations

import csv
import gzip
import io
import json
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources import LATER, answer, parse, recorded, source

from newswire.directory import Directory
from newswire.errors import BadValue, Challenged, Refused, SourceError
from newswire.observations import Filing
from newswire.sources.bls_calendar import KINDS
from newswire.sources.fed import ANNOUNCED, decision
from newswire.wire import Follows

EXPECTED = (SourceError, BadValue, Challenged, Refused)
TICKERS = json.dumps({"0": {"cik_str": 320193, "ticker": "AAPL", "title": "Apple Inc."},
                      "1": {"cik_str": 1067983, "ticker": "BRK-B", "title": "BERKSHIRE HATHAWAY INC"}})  # fmt: skip
SUBMISSIONS = json.dumps(
    {
        "cik": "0000000077", "name": "Harbour Ferries Inc", "tickers": ["HFI", "HFI-PA"], "exchanges": ["NYSE", "NYSE"],
        "sic": "4400", "sicDescription": "Water Transportation", "core_type": "new key",
        "addresses": {"business": {"street1": "1 Pier", "street2": None, "city": "SAUSALITO", "stateOrCountry": "CA",
                                   "zipCode": "94965"}},
        "formerNames": [{"name": "BAY BOATS INC"}],
        "filings": {"recent": {
            "accessionNumber": ["0000000077-26-000001", "broken"], "filingDate": ["2026-01-12", "2026-01-12"],
            "acceptanceDateTime": ["2026-01-12T21:05:00.000Z", "2026-01-12T21:05:00.000Z"], "form": ["8-K", "8-K"],
            "items": ["2.02,9.01", ""], "reportDate": ["2025-12-31", ""], "primaryDocument": ["a.htm", ""]}},
    }
)  # fmt: skip
FACTS = json.dumps(
    {
        "cik": 77,
        "facts": {"us-gaap": {"EarningsPerShareDiluted": {"units": {"USD/shares": [
            {"start": "2025-07-01", "end": "2025-09-30", "val": 1.25, "accn": "0000000077-25-000009", "fy": 2025,
             "fp": "Q3", "form": "10-Q", "filed": "2025-10-30"}]}}}},
    }
)  # fmt: skip
CURRENT = """<?xml version="1.0" encoding="ISO-8859-1" ?><feed xmlns="http://www.w3.org/2005/Atom">
<title>Latest Filings - Mon, 12 Jan 2026 18:03:57 EST</title>{entries}</feed>"""
ENTRY = """<entry><title>{form} - {name} ({cik}) ({role})</title>
<link rel="alternate" href="https://www.sec.gov/Archives/edgar/data/77/x-index.htm"/>
<summary type="html">&lt;b&gt;Filed:&lt;/b&gt; 2026-01-12 &lt;b&gt;AccNo:&lt;/b&gt; {number}
&lt;br&gt;Item 2.02: Results &lt;br&gt;Item 9.01: Exhibits</summary><updated>2026-01-12T18:02:43-05:00</updated>
<id>urn:tag:sec.gov,2008:accession-number={number}</id></entry>"""
ICS = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VTIMEZONE
TZID:US-Eastern
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
TZNAME:EST
END:STANDARD
BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
TZNAME:EDT
END:DAYLIGHT
END:VTIMEZONE


BEGIN:VEVENT
UID:1
DTSTART;TZID=US-Eastern:20260113T083000
SUMMARY:Consumer Price Index
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;TZID=US-Eastern:20260702T083000
SUMMARY:Employment Situation
END:VEVENT
BEGIN:VEVENT
UID:3
SUMMARY:No time
END:VEVENT
END:VCALENDAR
"""
LISTED = """Symbol|Security Name|Market Category|Test Issue|Financial Status|Round Lot Size|ETF|NextShares
AAPL|Apple Inc. - Common Stock|Q|N|N|100|N|N
QQQ|Invesco QQQ Trust|G|N|N|100|Y|N
ZZT|Test|Q|Y|N|100|N|N
File Creation Time: 0112202618:01|||||||
"""
OTHER = """ACT Symbol|Security Name|Exchange|CQS Symbol|ETF|Round Lot Size|Test Issue|NASDAQ Symbol
BRK.B|Berkshire Hathaway|N|BRK.B|N|100|N|BRK.B
SPY|SPDR S&P 500|P|SPY|Y|100|N|SPY
XX|Unknown exchange|Q|XX|N|100|N|XX
"""
FORECAST = json.dumps({"properties": {"updateTime": "2026-01-12T18:00:00+00:00", "periods": [
    {"name": "Tonight", "startTime": "2026-01-12T18:00:00-08:00", "endTime": "2026-01-13T06:00:00-08:00",
     "isDaytime": False, "temperature": 48, "temperatureUnit": "F", "probabilityOfPrecipitation": {"value": 30},
     "windSpeed": "10 mph", "windDirection": "W", "shortForecast": "Rain <b>likely</b>"}]}})  # fmt: skip
ALERTS = json.dumps({"features": [{"properties": {
    "id": "urn:1", "status": "Actual", "headline": "High surf", "severity": "Moderate", "description": "Waves.",
    "onset": "2026-01-12T10:00:00-08:00", "ends": "2026-01-13T10:00:00-08:00"}},
    {"properties": {"id": "urn:2", "status": "Test", "headline": "A test"}}]})  # fmt: skip
CLOSURES = json.dumps({"data": [
    {"lcs": {"index": "7", "location": {"travelFlowDirection": "North", "begin": {
        "beginRoute": "US-101", "beginLocationName": "Spencer Avenue", "beginLatitude": "37.8580",
        "beginLongitude": "-122.4950"}, "end": {"endLocationName": "Rodeo Avenue"}},
        "closure": {"closureTimestamp": {"closureStartEpoch": "1795300000", "closureEndEpoch": "1895400000"},
                    "typeOfClosure": "Lane", "lanesClosed": "1,2", "typeOfWork": "Paving"}}}]})  # fmt: skip
SCHEDULE = json.dumps({
    "file_updated": "2025-12-18T08:00:00-05:00",
    "Gross Domestic Product": {"release_dates": ["2026-01-29T13:30:00+00:00", "2026-07-30T12:30:00+00:00", "soon"]},
    "Personal Income and Outlays": {"release_dates": ["2026-01-30T08:30:00-05:00"], "to_be_rescheduled": []},
    "Corporate Profits": {"release_dates": ["2026-03-26T12:30:00"]}})  # fmt: skip
PLACES = {"places": {"town": (37.8591, -122.4853)}}
# Every source of text and events, a body that it reads, its label and its settings.
BODIES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "fed": ("fed", "<p>maintain the target range for the federal funds rate at 3-1/2 to 3-3/4 percent.</p>",
            "statement 20260128", {}),
    "fomc-calendar": ("fomc-calendar", "<h4>2026 FOMC Meetings</h4><p>January</p> 27-28", "calendar", {}),
    "bls-calendar": ("bls-calendar", ICS, "calendar", {}),
    "bea-calendar": ("bea-calendar", SCHEDULE, "calendar", {}),
    "tickers": ("sec", TICKERS, "tickers", {}),
    "submissions": ("sec", SUBMISSIONS, "submissions 77", {}),
    "facts": ("sec", FACTS, "facts 77", {}),
    "current": ("sec", CURRENT.format(entries=ENTRY.format(
        form="8-K", name="X", cik="77", role="Filer", number="0000000077-26-000001")), "current 8-K", {}),
    "nasdaq-listed": ("nasdaq-listed", LISTED, "nasdaqlisted.txt", {}),
    "other-listed": ("other-listed", OTHER, "otherlisted.txt", {}),
    "forecast": ("nws", FORECAST, "forecast town", {}),
    "alerts": ("nws", ALERTS, "alerts town", {}),
    "closures": ("caltrans", CLOSURES, "lcs", PLACES),
}  # fmt: skip


# --- the Federal Reserve ---


@pytest.mark.parametrize(
    ("text", "lower", "upper", "change"),
    [
        ("lower the target range for the federal funds rate by 1/4 percentage point to 3-1/2 to 3-3/4 percent.",
         "3.5", "3.75", -25),
        ("decided to raise the target range for the federal funds rate by 1/2 percentage point, to 1 to 1-1/4 percent",
         "1", "1.25", 50),
        ("decided to raise the target range for the federal funds rate to 4 to 4-1/4 percent", None, None, 0),
        ("decided to maintain the target range for the federal funds rate at 0 to 1/4 percent", "0", "0.25", 0),
        ("decided to keep the target range for the federal funds rate at 0 to 1/4 percent and expects", "0", "0.25", 0),
        ("lower the target range for the federal funds rate by 1/2 percentage\npoint to 4-\u20113/4 to 5 percent",
         "4.75", "5", -50),
        ("raise the target range for the federal funds rate by 3/4 percentage point, to 3\x911/4 to 3-\x911/2 percent",
         "3.25", "3.5", 75),
        ("The Committee discussed the economy.", None, None, 0),
        ("maintain the target range for the federal funds rate at 50 to 60 percent", None, None, 0),
    ],
)  # fmt: skip
def test_a_statement_says_range_and_change(text: str, lower: str | None, upper: str, change: int) -> None:
    assert decision(text) == (None if lower is None else (Decimal(lower), Decimal(upper), change))


def test_a_statement_becomes_a_decision_known_at_two_in_washington() -> None:
    (made,) = parse("fed", BODIES["fed"][1], label="statement 20260128").decisions

    assert (made.day, made.lower, made.upper, made.change_bp) == (
        date(2026, 1, 28),
        Decimal("3.5"),
        Decimal("3.75"),
        0,
    )
    assert made.known_at == datetime(2026, 1, 28, 19, tzinfo=UTC)


def test_a_statement_in_new_words_is_refused_rather_than_guessed() -> None:
    with pytest.raises(SourceError, match="wording is new"):
        parse("fed", "<p>The Committee set rates anew.</p>", label="statement 20260128")


def test_the_press_feed_leads_to_its_statements_only() -> None:
    def item(title: str, link: str) -> str:
        return f"<item><title>{title}</title><link><![CDATA[{link}]]></link></item>"

    base = "https://www.federalreserve.gov/newsevents/pressreleases"
    body = "<rss><channel><title>FRB</title>{}</channel></rss>".format(
        item("Federal Reserve issues FOMC statement", f"{base}/monetary20260128a.htm")
        + item("Implementation note", f"{base}/monetary20260128a1.htm")
        + item("Federal Reserve issues FOMC statement", "https://evil.example/monetary20260128a.htm")
        + item("Board approves", f"{base}/orders20260128a.htm")
    )
    made = source("fed")
    assert isinstance(made, Follows)

    assert [one.label for one in made.follow(answer(body, label="press"))] == ["statement 20260128"]
    assert len(made.parse(answer(body, label="press"), Directory()).stories) == 4


@pytest.mark.acceptance
def test_recorded_statements_agree_with_the_table_of_decisions(acceptance_data: Path) -> None:
    text = gzip.decompress((acceptance_data / "macro" / "fomc_statements.csv.gz").read_bytes()).decode()
    with (acceptance_data / "macro" / "fomc_decisions.csv").open(encoding="utf-8") as file:
        known = {row["date"]: row for row in csv.DictReader(file)}
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) > 15
    for row in rows:
        wanted = known[row["date"]]
        assert decision(row["body"]) == (
            Decimal(wanted["lower_pct"]), Decimal(wanted["upper_pct"]), int(wanted["change_bp"])
        ), row["date"]  # fmt: skip


@pytest.mark.acceptance
def test_the_announced_meetings_agree_with_the_table_of_events(acceptance_data: Path) -> None:
    with (acceptance_data / "macro" / "events.csv").open(encoding="utf-8") as file:
        wanted = {row["date"] for row in csv.DictReader(file) if row["kind"] == "fomc"}

    assert {f"{year}-{one}" for year in (2025, 2026) for one in ANNOUNCED[year]} == wanted


def test_the_calendar_page_is_read_leniently() -> None:
    page = """<div><h4>2028 FOMC Meetings</h4><div class="fomc-meeting"><strong>January</strong> 25-26
    <a>Statement:</a> (Released February 16, 2028)</div><div>March 14-15*</div><div>Apr/May 30-1</div>
    <div>May 22 (notation vote)</div><div>June 13\u201114*</div></div>"""

    events = [one for one in parse("fomc-calendar", page, label="calendar").events if one.day.year == 2028]
    assert [one.day.isoformat()[5:] for one in events] == ["01-26", "03-15", "05-01", "06-14"]
    assert events[0].at == datetime(2028, 1, 26, 19, tzinfo=UTC)
    assert events[3].at == datetime(2028, 6, 14, 18, tzinfo=UTC)
    assert {one.known_at for one in events} == {LATER}, "the page of a later year is known when it was read"


def test_a_year_that_the_page_lacks_is_as_announced() -> None:
    page = "<h4>2026 FOMC Meetings</h4> January 27-28"

    days = [one.day.isoformat() for one in parse("fomc-calendar", page, label="calendar").events]
    assert [one for one in days if one.startswith("2026")] == ["2026-01-28"]
    assert len([one for one in days if one.startswith("2025")]) == 8


# --- releases ---


def test_the_release_calendar_gives_kinds_and_instants() -> None:
    found = parse("bls-calendar", ICS, label="calendar")

    cpi, jobs = found.events
    assert (cpi.kind, cpi.at) == ("cpi", datetime(2026, 1, 13, 13, 30, tzinfo=UTC))
    assert (jobs.kind, jobs.at) == ("jobs", datetime(2026, 7, 2, 12, 30, tzinfo=UTC))
    assert cpi.known_at == datetime(2026, 1, 1, 5, tzinfo=UTC)
    assert [(one.line, one.reason) for one in found.skipped] == [(3, "no time or name")]


def test_the_schedule_of_national_accounts_gives_kinds_and_instants() -> None:
    found = parse("bea-calendar", SCHEDULE, label="calendar")

    assert [(one.kind, one.at) for one in found.events] == [
        ("gdp", datetime(2026, 1, 29, 13, 30, tzinfo=UTC)),
        ("pce", datetime(2026, 1, 30, 13, 30, tzinfo=UTC)),
        ("gdp", datetime(2026, 7, 30, 12, 30, tzinfo=UTC)),
    ]
    assert found.events[0].known_at == datetime(2026, 1, 1, 5, tzinfo=UTC)
    assert [(one.reason, one.count) for one in found.skipped] == [("no instant or name", 2)]


@pytest.mark.acceptance
def test_the_recorded_release_calendar(acceptance_data: Path) -> None:
    body = recorded(acceptance_data, "bls_ics/bls_2023.ics")
    found = parse("bls-calendar", body, label="calendar")

    assert len(found.events) + sum(one.count for one in found.skipped) <= body.count(b"BEGIN:VEVENT")
    with (acceptance_data / "macro" / "events.csv").open(encoding="utf-8") as file:
        wanted = {
            (row["date"], row["kind"])
            for row in csv.DictReader(file)
            if row["date"] < "2024" and row["title"].lower() in KINDS
        }
    assert len(wanted) > 20
    assert wanted <= {(one.day.isoformat(), one.kind) for one in found.events}


# --- EDGAR ---


def test_tickers_resolve_through_what_is_loaded() -> None:
    directory = Directory([("NASDAQ:AAPL", "stock"), ("NYSE:BRK.B", "stock")])
    found = parse("sec", TICKERS, label="tickers", directory=directory)

    assert [(one.cik, one.symbols) for one in found.companies] == [
        ("0000320193", ("NASDAQ:AAPL",)), ("0001067983", ("NYSE:BRK.B",)),
    ]  # fmt: skip


def test_a_company_has_its_address_its_former_names_and_its_filings() -> None:
    found = parse("sec", SUBMISSIONS, label="submissions 77")

    (company,) = found.companies
    assert (company.zip_code, company.city, company.former) == ("94965", "SAUSALITO", ("BAY BOATS INC",))
    assert company.symbols == ("NYSE:HFI", "NYSE:HFI.PA")
    (filing,) = found.filings
    assert (filing.items, filing.at, filing.period) == (
        ("2.02", "9.01"), datetime(2026, 1, 13, 2, 5, tzinfo=UTC), date(2025, 12, 31),
    )  # fmt: skip
    assert filing.link == "https://www.sec.gov/Archives/edgar/data/77/000000007726000001/a.htm"
    assert [one.reason for one in found.skipped] == ["no filing"]


def test_another_company_than_was_asked_for_is_refused() -> None:
    with pytest.raises(SourceError, match="instead of 78"):
        parse("sec", SUBMISSIONS, label="submissions 78")


def test_a_figure_is_known_on_the_day_it_was_filed() -> None:
    (fact,) = parse("sec", FACTS, label="facts 77").company_facts

    assert (fact.concept, fact.value, fact.start, fact.end) == (
        "us-gaap:EarningsPerShareDiluted", Decimal("1.25"), date(2025, 7, 1), date(2025, 9, 30),
    )  # fmt: skip
    assert fact.known_at == datetime(2025, 10, 30, 21, 30, tzinfo=UTC)


def test_a_filing_with_several_parties_is_one_and_names_the_issuer() -> None:
    number = "0000000077-26-000001"
    entries = "".join(
        ENTRY.format(form="4", name=name, cik=cik, role=role, number=number)
        for name, cik, role in (("Doe Jane", "1", "Reporting"), ("Harbour Ferries Inc", "77", "Issuer"))
    )

    found = parse("sec", CURRENT.format(entries=entries), label="current 4")

    (filing,) = found.filings
    assert isinstance(filing, Filing)
    assert (filing.company, filing.cik, filing.items) == (
        "Harbour Ferries Inc",
        "0000000077",
        ("2.02", "9.01"),
    )
    assert filing.at == datetime(2026, 1, 12, 23, 2, 43, tzinfo=UTC)


def test_edgar_is_asked_for_large_files_only_weekly() -> None:
    made = source("sec", companies=["77"])
    labels = [one.label for one in made.due(LATER, {})]
    assert labels == ["tickers", "current 8-K", "submissions 77", "facts 77"]

    day_before = LATER.replace(day=LATER.day - 2)
    assert [one.label for one in made.due(LATER, dict.fromkeys(labels, day_before))] == [
        "current 8-K",
        "submissions 77",
    ]


@pytest.mark.acceptance
def test_recorded_edgar(acceptance_data: Path) -> None:
    tickers = parse("sec", recorded(acceptance_data, "sec/company_tickers.json.gz"), label="tickers")
    assert len(tickers.companies) > 5000
    current = recorded(acceptance_data, "sec/getcurrent_form4_start0.atom.xml")
    found = parse("sec", current, label="current 4")
    assert len(found.filings) == len({one.accession for one in found.filings})
    assert found.rows_read == current.count(b"<entry>")
    apple = parse(
        "sec", recorded(acceptance_data, "sec/submissions_CIK0000320193.json.gz"), label="submissions 320193"
    )
    assert apple.companies[0].zip_code == "95014"
    assert "APPLE COMPUTER INC" in apple.companies[0].former
    assert len(apple.filings) > 500
    results = [
        one.at.astimezone(ZoneInfo("America/New_York")) for one in apple.filings if "2.02" in one.items
    ]
    assert {one.hour for one in results} <= {16, 18}  # after the close, in winter as in summer
    snow = parse("sec", recorded(acceptance_data, "sec/companyfacts_SNOW.json.gz"), label="facts 1640147")
    held = json.loads(recorded(acceptance_data, "sec/companyfacts_SNOW.json.gz"))
    rows = held["facts"]["us-gaap"]["EarningsPerShareDiluted"]["units"]["USD/shares"]
    mine = [one for one in snow.company_facts if one.concept == "us-gaap:EarningsPerShareDiluted"]
    assert {(str(one.end), float(one.value)) for one in mine} == {(one["end"], one["val"]) for one in rows}


@pytest.mark.acceptance
@pytest.mark.parametrize("label", ["tickers", "current 8-K", "submissions 77", "facts 77"])
def test_the_recorded_block_page_is_a_refusal_of_us(acceptance_data: Path, label: str) -> None:
    with pytest.raises(Challenged):
        parse("sec", recorded(acceptance_data, "sec/error_rate_exceeded.html"), label=label)


# --- directories ---


def test_the_directories_give_qualified_symbols_and_leave_out_tests() -> None:
    nasdaq = parse("nasdaq-listed", LISTED, label="nasdaqlisted.txt")
    assert [(one.symbol, one.kind) for one in nasdaq.instruments] == [
        ("NASDAQ:AAPL", "stock"),
        ("NASDAQ:QQQ", "etf"),
    ]
    assert {one.reason for one in nasdaq.skipped} == {"test issue", "trailer"}
    assert nasdaq.provenance is not None
    assert nasdaq.provenance.published == datetime(2026, 1, 12, 23, 1, tzinfo=UTC)
    other = parse("other-listed", OTHER, label="otherlisted.txt")
    assert [one.symbol for one in other.instruments] == ["NYSE:BRK.B", "NYSEARCA:SPY"]


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("kind", "name"), [("nasdaq-listed", "nasdaqlisted"), ("other-listed", "otherlisted")]
)
def test_recorded_directories(acceptance_data: Path, kind: str, name: str) -> None:
    body = recorded(acceptance_data, f"nasdaqtrader/{name}_2025.txt.gz")
    found = parse(kind, body)

    lines = [one for one in body.decode("utf-8", "replace").splitlines()[1:] if one.strip("|").strip()]
    assert len(found.instruments) + sum(one.count for one in found.skipped) == len(lines) == found.rows_read


# --- places ---


def test_a_forecast_has_its_periods_in_plain_words() -> None:
    (made,) = parse("nws", FORECAST, label="forecast town").forecasts

    (period,) = made.periods
    assert (made.place, period.temperature, period.unit, period.rain_chance) == ("town", Decimal(48), "F", 30)
    assert (period.words, period.wind, period.daytime) == ("Rain likely", "W 10 mph", False)


def test_the_answer_about_a_place_leads_to_its_forecast_on_the_same_host_only() -> None:
    made = source("nws", places={"town": (37.85910, -122.4853)})
    assert isinstance(made, Follows)
    assert [one.url for one in made.due(LATER, {})] == [
        "https://api.weather.gov/points/37.8591,-122.4853", "https://api.weather.gov/alerts/active?point=37.8591,-122.4853",
    ]  # fmt: skip

    def follow(address: str) -> list[str]:
        body = json.dumps({"properties": {"forecast": address}})
        return [one.url for one in made.follow(answer(body, label="points town"))]

    good = "https://api.weather.gov/gridpoints/MTR/84,112/forecast"
    assert follow(good) == [good]
    assert follow("https://evil.example/gridpoints/MTR/84,112/forecast") == []
    assert follow("https://api.weather.gov/gridpoints/../../x") == []


def test_a_place_outside_of_the_united_states_is_refused_in_the_services_words() -> None:
    body = json.dumps(
        {"title": "Data Unavailable For Requested Point", "detail": "Unable to provide data", "status": 404}
    )

    with pytest.raises(Refused, match="Data Unavailable"):
        parse("nws", body, label="points town")


def test_only_alerts_of_now_count() -> None:
    found = parse("nws", ALERTS, label="alerts town")

    assert [(one.uid, one.severity) for one in found.notices] == [("urn:1", "Moderate")]
    assert parse("nws", '{"features": []}', label="alerts town").notices == ()


def test_closures_near_a_place_that_are_in_force_are_told() -> None:
    now = datetime.fromtimestamp(1795300001, UTC)
    found = parse("caltrans", CLOSURES, label="lcs", options=PLACES, at=now)

    (closure,) = found.notices
    assert closure.title == "US-101 North: lane closure at Spencer Avenue"
    assert closure.words == "To Rodeo Avenue. Lanes closed: 1,2. Paving"
    assert (
        parse("caltrans", CLOSURES, label="lcs", options={"places": {"far": (40.0, -120.0)}}, at=now).notices
        == ()
    )
    before = datetime.fromtimestamp(1795299999, UTC)
    assert parse("caltrans", CLOSURES, label="lcs", options=PLACES, at=before).notices == ()


@pytest.mark.acceptance
@pytest.mark.parametrize("name", ["gridpoints_forecast_us", "gridpoints_forecast_hourly_us"])
def test_recorded_forecasts(acceptance_data: Path, name: str) -> None:
    body = recorded(acceptance_data, f"nws/{name}.json")
    found = parse("nws", body, label="forecast town")

    given_ = json.loads(body)["properties"]["periods"]
    periods = found.forecasts[0].periods
    assert len(periods) == min(len(given_), 28)
    assert all(one.end > one.start for one in periods)


@pytest.mark.acceptance
def test_recorded_alerts_and_points(acceptance_data: Path) -> None:
    alerts = parse("nws", recorded(acceptance_data, "nws/alerts_active_zone.json"), label="alerts town")
    assert alerts.notices
    assert all(one.title for one in alerts.notices)
    body = recorded(acceptance_data, "nws/points.json")
    made = source("nws")
    assert isinstance(made, Follows)
    assert [one.label for one in made.follow(answer(body, label="points town"))] == ["forecast town"]


# --- what each refuses ---


@pytest.mark.parametrize("name", BODIES)
def test_a_source_reads_its_own_answer(name: str) -> None:
    kind, body, label, options = BODIES[name]

    assert parse(kind, body, label=label, options=options).rows_read > 0


@pytest.mark.parametrize("name", [one for one in BODIES if one not in ("fed", "fomc-calendar")])
@pytest.mark.parametrize(
    "body", ["", " ", "<html><body>503 File Unavailable</body></html>", "\x00", "[1]", "null", "{}"]
)
def test_a_body_that_is_something_else_is_refused(name: str, body: str) -> None:
    kind, _, label, options = BODIES[name]
    with pytest.raises(EXPECTED, match=r"x\.example"):
        parse(kind, body, label=label, options=options)


@pytest.mark.parametrize("name", BODIES)
def test_an_answer_cut_short_anywhere_raises_nothing_else(name: str) -> None:
    kind, body, label, options = BODIES[name]
    for end in range(0, len(body), 5):
        with suppress(*EXPECTED):
            parse(kind, body[:end], label=label, options=options)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(BODIES)), st.binary(max_size=300))
def test_any_bytes_raise_nothing_else(name: str, body: bytes) -> None:
    kind, _, label, options = BODIES[name]
    with suppress(*EXPECTED):
        parse(kind, body, label=label, options=options)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(BODIES)), st.data())
def test_a_changed_answer_raises_nothing_else(name: str, data: st.DataObject) -> None:
    kind, body, label, options = BODIES[name]
    at = data.draw(st.integers(0, len(body) - 1))
    new = data.draw(
        st.text(max_size=12) | st.sampled_from(["null", "[]", "{}", "-1", "1e999", '""', "\ud800", "9" * 30])
    )
    changed = (body[:at] + new + body[at + data.draw(st.integers(0, 20)) :]).encode("utf-8", "surrogatepass")
    with suppress(*EXPECTED):
        parse(kind, changed, label=label, options=options)
