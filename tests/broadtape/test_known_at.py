"""Each reading is absent on the day before its release and present on the day: series by series, by hand's rules.

When a release was is worked out here anew, from the tables and the calendar, not by the program's rules.
"""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from broadtape import config, sample
from broadtape.config import Instance
from broadtape.market import MarketReader
from broadtape.market.calendar import exchange_sessions
from broadtape.market.closures import easter, holiday
from broadtape.market.fetching import fetch
from broadtape.model import NoData

NEWEST = 30  # periods of each series that are tried
# Days after the period's end, or the kind of the release; None: the next session.
MONTHLY = {"CPIAUCSL": ("cpi", 45), "CPILFESL": ("cpi", 45), "UNRATE": ("jobs", 45), "FEDFUNDS": ("", 5)}
QUARTERLY = {"A191RL1Q225SBEA": ("gdp", 60)}
LATER = {"DCOILWTICO": 7}
NEXT_SESSION = {"BAMLH0A0HYM2", "DFF", "DGS10", "DGS2", "DGS30", "ECBDFR", "T10Y2Y", "T10YIE"}
SERIES = sorted({*MONTHLY, *QUARTERLY, *LATER, *NEXT_SESSION})
SESSIONS = [day.item() for day in exchange_sessions(date(2026, 6, 1))[0]]


def month_end(first: date, months: int = 1) -> date:
    later = first
    for _ in range(months):
        later = (later.replace(day=28) + timedelta(days=4)).replace(day=1)
    return later - timedelta(days=1)


def released(series: str, period: date, events: list[tuple[date, str]]) -> date:
    """The day on which the public could know the reading, by what its publisher says of it."""
    if series in NEXT_SESSION:
        return next(day for day in SESSIONS if day > period)
    if series in LATER:
        return period + timedelta(days=LATER[series])
    kind, lag = MONTHLY.get(series) or QUARTERLY[series]
    end = month_end(period, 3 if series in QUARTERLY else 1)
    own = [day for day, what in events if what == kind and end < day <= end + timedelta(days=75)]
    return min(own) if own else end + timedelta(days=lag)


def value_on(store: MarketReader, series: str, period: date, day: date) -> bool:
    """Whether the view of the last session on or before `day` has the reading."""
    try:
        return bool((store.view(day).readings(series).periods == np.datetime64(period)).any())
    except NoData:
        return False


def check(store: MarketReader, series: str, periods: list[date], events: list[tuple[date, str]]) -> None:
    tried = 0
    for period in periods[-NEWEST:]:
        day = released(series, period, events)
        session = next((one for one in SESSIONS if one >= day), None)
        if session is None or session > date(2026, 5, 29):
            continue

        assert not value_on(store, series, period, day - timedelta(days=1)), (series, period, day)
        assert value_on(store, series, period, session), (series, period, session)
        tried += 1
    assert tried >= min(20, len(periods) - 3), series


# --- the acceptance tables --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(acceptance_instance: Instance) -> Iterator[MarketReader]:
    with MarketReader.open(acceptance_instance.store) as reader:
        yield reader


def table(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def events(acceptance_data: Path) -> list[tuple[date, str]]:
    return [
        (date.fromisoformat(row["date"]), row["kind"])
        for row in table(acceptance_data / "macro" / "events.csv")
    ]


@pytest.fixture(scope="module")
def readings(acceptance_data: Path) -> dict[str, list[date]]:
    found: dict[str, list[date]] = {}
    for row in table(acceptance_data / "macro" / "fred_long.csv.gz"):
        if row["value"] not in ("", "."):
            found.setdefault(row["series_id"], []).append(date.fromisoformat(row["date"]))
    return {series: sorted(periods) for series, periods in found.items()}


@pytest.mark.acceptance
def test_no_series_of_the_tables_is_left_out_of_this_test(readings: dict[str, list[date]]) -> None:
    assert sorted(readings) == SERIES


@pytest.mark.acceptance
@pytest.mark.parametrize("series", SERIES)
def test_a_reading_is_absent_before_its_release_and_present_on_it(
    store: MarketReader, readings: dict[str, list[date]], events: list[tuple[date, str]], series: str
) -> None:
    check(store, series, readings[series], events)


@pytest.mark.acceptance
def test_missing_months_stay_missing(store: MarketReader, readings: dict[str, list[date]]) -> None:
    """October 2025 was never collected: no view fills it, whatever its date."""
    assert date(2025, 10, 1) not in readings["CPIAUCSL"]
    for day in (date(2025, 11, 14), date(2026, 1, 13), date(2026, 4, 30)):
        periods = store.view(day).readings("CPIAUCSL").periods.tolist()
        assert date(2025, 10, 1) not in periods
        assert set(periods) <= set(readings["CPIAUCSL"])


# --- the shipped sample -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarketReader]:
    root = tmp_path_factory.mktemp("sample")
    shutil.copytree(sample.content(), root / "content")
    patch = pytest.MonkeyPatch()
    patch.setenv("BROADTAPE_SAMPLE", str(sample.DATA))
    try:
        instance = config.load(root)
        assert [one.message for one in fetch(instance, ["readings"]) if one.outcome != "stored"] == []
    finally:
        patch.undo()
    with MarketReader.open(instance.store) as reader:
        yield reader


@pytest.mark.parametrize(("series", "lag"), [("CPILFESL", 45), ("DCOILWTICO", 10)])  # as its settings say
def test_a_reading_of_the_sample_is_absent_before_its_lag_is_over(
    samples: MarketReader, series: str, lag: int
) -> None:
    rows = [row for row in table(sample.DATA / "readings.csv.gz") if row["series"] == series and row["value"]]
    periods = [date.fromisoformat(row["date"]) for row in rows][-NEWEST:]

    assert {row["series"] for row in table(sample.DATA / "readings.csv.gz")} == {"CPILFESL", "DCOILWTICO"}
    for period in periods:
        day = (month_end(period) if series == "CPILFESL" else period) + timedelta(days=lag)
        session = next(one for one in SESSIONS if one >= day)
        assert not value_on(samples, series, period, day - timedelta(days=1)), period
        assert value_on(samples, series, period, session), period


# --- what comes next --------------------------------------------------------------------------------------


def test_every_closure_of_twenty_years_that_comes_each_year_has_its_name() -> None:
    closed = [
        date(2005, 1, 1) + timedelta(days=offset)
        for offset in range(21 * 365)
        if (date(2005, 1, 1) + timedelta(days=offset)).weekday() < 5
    ]
    without = [day for day in closed if day not in set(SESSIONS) and not holiday(day)]

    assert [str(day) for day in without] == [
        "2007-01-02",  # mourning for President Ford
        "2012-10-29", "2012-10-30",  # a hurricane
        "2018-12-05",  # mourning for President Bush
        "2025-01-09",  # mourning for President Carter
    ]  # fmt: skip


def test_no_session_is_called_a_holiday_but_new_years_eve_and_the_years_before_a_holiday_was_kept() -> None:
    wrong = [day for day in SESSIONS if day.year >= 2005 and holiday(day)]

    assert {(day.month, holiday(day)) for day in wrong} <= {(12, "New Year’s Day"), (6, "Juneteenth")}
    assert [day for day in wrong if day.month == 6 and day.year >= 2022] == []


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (1999, date(1999, 4, 4)),
        (2024, date(2024, 3, 31)),
        (2026, date(2026, 4, 5)),
        (2038, date(2038, 4, 25)),
    ],
)
def test_easter_is_where_it_is(year: int, day: date) -> None:
    assert easter(year) == day


def test_what_comes_next_names_closures_early_closes_and_events(samples: MarketReader) -> None:
    thanksgiving = [
        (str(one.day), one.kind, one.title) for one in samples.view(date(2025, 11, 21)).calendar()
    ]
    easter_week = [one.title for one in samples.view(date(2026, 3, 27)).calendar(7)]

    assert thanksgiving == [
        ("2025-11-27", "holiday", "Stock exchanges are closed for Thanksgiving Day"),
        ("2025-11-28", "early-close", "Stock exchanges close at 1 p.m."),
    ]
    assert easter_week == ["Stock exchanges are closed for Good Friday"]


def test_a_day_of_mourning_is_not_told_before_it_was_announced(samples: MarketReader) -> None:
    assert samples.view(date(2024, 12, 27)).calendar(14)[-1].day == date(2025, 1, 1)
