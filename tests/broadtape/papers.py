"""Filings as EDGAR answers with them, made up to a pattern of real ones, read by the real source into a store.

Each company has its results (form 8-K, item 2.02) after a close, its quarterly report and the figures in it.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from newswire.directory import Directory
from newswire.observations import Harvest
from newswire.sources import make
from newswire.wire import Snapshot

_READ = datetime(2026, 11, 22, 12, tzinfo=UTC)
_REVENUE = "RevenueFromContractWithCustomerExcludingAssessedTax"


class Quarter(NamedTuple):
    """A period, its figures in millions (a share's in dollars), and the day they were filed."""

    start: str
    end: str
    revenue: float
    income: float
    eps: float
    filed: str


class Registrant(NamedTuple):
    ticker: str
    exchange: str
    cik: int
    name: str
    city: str
    state: str
    results: tuple[str, ...]  # days on which the results came, after the close, newest first
    report_after: int  # days from the results to the report
    figures: tuple[Quarter, ...] = ()


META = Registrant(
    "META", "Nasdaq", 1326801, "Meta Platforms, Inc.", "MENLO PARK", "CA",
    ("2025-10-29", "2025-07-30", "2025-04-30", "2025-01-29", "2024-10-30"), 0,
    (
        Quarter("2024-07-01", "2024-09-30", 40_589, 15_688, 6.03, "2024-10-31"),
        Quarter("2024-01-01", "2024-12-31", 164_501, 62_360, 23.86, "2025-01-30"),
        Quarter("2025-07-01", "2025-09-30", 51_242, 2_709, 1.05, "2025-10-29"),
    ),
)  # fmt: skip
STARBUCKS = Registrant(
    "SBUX", "Nasdaq", 829224, "STARBUCKS CORP", "SEATTLE", "WA", ("2024-04-30", "2024-01-30", "2023-11-02"), 0,
    (
        Quarter("2023-01-02", "2023-04-02", 8_719.8, 908.3, 0.79, "2023-05-02"),
        Quarter("2024-01-01", "2024-03-31", 8_563.0, 772.4, 0.68, "2024-04-30"),
    ),
)  # fmt: skip
AMAZON = Registrant(
    "AMZN", "Nasdaq", 1018724, "AMAZON COM INC", "SEATTLE", "WA", ("2024-04-30", "2024-02-01"), 1
)  # fmt: skip


def harvests(*companies: Registrant) -> list[Harvest]:
    """What the source of the regulator reads from its answers about these companies."""
    found = []
    for one in companies:
        found.append(_parsed(_submissions(one), f"submissions {one.cik}"))
        found.append(_parsed(_figures(one), f"facts {one.cik}"))
    return found


def _parsed(answer: dict[str, Any], label: str) -> Harvest:
    snapshot = Snapshot(source="sec", url="https://data.sec.gov/a", body=json.dumps(answer).encode(), label=label,
                        status=200, headers={}, retrieved=_READ)  # fmt: skip
    return make("sec", {}).parse(snapshot, Directory())


def _submissions(one: Registrant) -> dict[str, Any]:
    rows = []
    for number, day in enumerate(one.results):
        report = date.fromisoformat(day) + timedelta(days=one.report_after)
        rows.append(
            (f"{one.cik:010d}-{day[2:4]}-{100 + number:06d}", day, f"{day}T21:05:32.000Z", "8-K", "2.02,9.01")
        )
        rows.append(
            (
                f"{one.cik:010d}-{day[2:4]}-{200 + number:06d}",
                str(report),
                f"{report}T21:40:10.000Z",
                "10-Q",
                "",
            )
        )
    rows.sort(key=lambda row: row[2], reverse=True)
    named = ("accessionNumber", "filingDate", "acceptanceDateTime", "form", "items")
    recent: dict[str, list[str]] = {name: [row[at] for row in rows] for at, name in enumerate(named)}
    recent["reportDate"] = [row[1] for row in rows]
    recent["primaryDocument"] = ["document.htm"] * len(rows)
    return {
        "cik": str(one.cik), "name": one.name, "tickers": [one.ticker], "exchanges": [one.exchange],
        "addresses": {"business": {"city": one.city, "stateOrCountry": one.state}}, "formerNames": [],
        "filings": {"recent": recent, "files": []},
    }  # fmt: skip


def _figures(one: Registrant) -> dict[str, Any]:
    def rows(values: list[float]) -> list[dict[str, Any]]:
        return [
            {"start": quarter.start, "end": quarter.end, "val": value, "filed": quarter.filed, "form": "10-Q",
             "accn": f"{one.cik:010d}-{quarter.filed[2:4]}-{number:06d}"}
            for number, (quarter, value) in enumerate(zip(one.figures, values, strict=True))
        ]  # fmt: skip

    held = {
        _REVENUE: {"units": {"USD": rows([round(quarter.revenue * 10**6) for quarter in one.figures])}},
        "NetIncomeLoss": {"units": {"USD": rows([round(quarter.income * 10**6) for quarter in one.figures])}},
        "EarningsPerShareDiluted": {"units": {"USD/shares": rows([quarter.eps for quarter in one.figures])}},
    }
    return {"cik": one.cik, "entityName": one.name, "facts": {"us-gaap": held}}
