from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from broadtape.market import known

READ = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SESSIONS = [date(2026, 1, day) for day in (8, 9, 12, 13, 14)]
CPI = datetime(2026, 1, 13, 13, 30, tzinfo=UTC)
CALENDAR = known.Calendar(SESSIONS, {"cpi": [datetime(2025, 9, 11, 12, 30, tzinfo=UTC), CPI]})


def when(series: str, period: date, **more: object) -> tuple[datetime, str]:
    settings: dict[str, object] = {
        "rule": known.rule_for(series),
        "frequency": "daily",
        "lag_days": None,
        "calendar": CALENDAR,
        "retrieved": READ,
        **more,
    }
    return known.known_at(period, **settings)  # type: ignore[arg-type]


def test_a_reading_is_known_at_the_first_release_after_its_period() -> None:
    assert when("CPIAUCSL", date(2025, 12, 1)) == (CPI, "release")


def test_a_release_more_than_75_days_away_is_not_its_release() -> None:
    assert when("CPIAUCSL", date(2025, 9, 1)) == (datetime(2025, 11, 14, 23, 0, tzinfo=UTC), "lag")


@pytest.mark.parametrize(
    ("series", "period", "day"),
    [
        ("UNRATE", date(2025, 12, 1), date(2026, 2, 14)),
        ("PAYEMS", date(2025, 12, 1), date(2026, 2, 14)),
        ("A191RL1Q225SBEA", date(2025, 10, 1), date(2026, 3, 1)),
        ("FEDFUNDS", date(2025, 12, 1), date(2026, 1, 5)),
        ("DGS10", date(2026, 1, 9), date(2026, 1, 12)),
        ("T10Y2Y", date(2026, 1, 8), date(2026, 1, 9)),
        ("DFF", date(2026, 1, 10), date(2026, 1, 12)),
        ("DGS1_5MO", date(2026, 1, 9), date(2026, 1, 12)),
        ("EXR.USD", date(2026, 1, 9), date(2026, 1, 12)),
        ("OBFR", date(2026, 1, 9), date(2026, 1, 12)),
        ("PPIFIS", date(2025, 12, 1), date(2026, 2, 14)),
        ("MORTGAGE30US", date(2026, 1, 8), date(2026, 1, 10)),
        ("DCOILWTICO", date(2026, 1, 5), date(2026, 1, 12)),
    ],
)
def test_without_a_release_the_documented_lag_counts(series: str, period: date, day: date) -> None:
    at, how = when(series, period)

    assert (at.date(), how) == (day, "lag")


def test_a_series_without_a_lag_is_known_only_from_its_retrieval() -> None:
    assert when("MYSTERY", date(2020, 1, 1)) == (READ, "retrieval")


def test_the_settings_own_lag_makes_a_series_usable() -> None:
    at, how = when("MYSTERY", date(2025, 12, 1), frequency="monthly", lag_days=10)

    assert (at.date(), how) == (date(2026, 1, 10), "lag")


def test_what_was_retrieved_earlier_than_its_rule_allows_was_known_then() -> None:
    early = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)

    assert when("CPIAUCSL", date(2025, 12, 1), retrieved=early) == (early, "retrieval")


@pytest.mark.parametrize(
    ("periods", "frequency"),
    [
        ([date(2025, month, 1) for month in range(1, 13)], "monthly"),
        ([date(2025, month, 1) for month in (1, 4, 7, 10)], "quarterly"),
        ([date(2026, 1, day) for day in (3, 10, 17, 24)], "weekly"),
        ([date(year, 1, 1) for year in range(2019, 2026)], "yearly"),
        (SESSIONS, "daily"),
        ([date(2025, 1, 1)], "daily"),
    ],
)
def test_a_series_shows_how_often_it_comes(periods: list[date], frequency: str) -> None:
    assert known.frequency_of(periods) == frequency


@pytest.mark.parametrize(
    ("period", "frequency", "end"),
    [
        (date(2025, 12, 1), "monthly", date(2025, 12, 31)),
        (date(2024, 2, 1), "monthly", date(2024, 2, 29)),
        (date(2025, 10, 1), "quarterly", date(2025, 12, 31)),
        (date(2025, 1, 1), "yearly", date(2025, 12, 31)),
        (date(2026, 1, 9), "daily", date(2026, 1, 9)),
    ],
)
def test_a_period_ends_on_its_last_day(period: date, frequency: known.Frequency, end: date) -> None:
    assert known.period_end(period, frequency) == end
