"""What a site's local blocks are made of, as the catalogue keeps it: forecast, notices, events, companies.

Decides nothing about what is shown: publishing writes these records, web prints what is true at its moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

FORECAST_FRESH = timedelta(hours=12)  # the market store calls a forecast stale by the same rule
CONFIRMED = timedelta(hours=24)  # a notice without an end counts while its source gave it so lately


@dataclass(frozen=True, slots=True)
class HalfDay:
    """One half day of a forecast; instants UTC, the temperature as the service gives it."""

    start: datetime
    end: datetime
    daytime: bool
    temperature: int | None
    unit: str  # "F" or "C"
    rain_chance: int | None  # percent
    wind: str
    words: str


@dataclass(frozen=True, slots=True)
class LocalForecast:
    """The weather ahead, from its issue until it is stale."""

    issued: datetime
    source: str
    periods: tuple[HalfDay, ...]


@dataclass(frozen=True, slots=True)
class LocalNotice:
    """An alert, a closure or a chain control; `kind` as in the market store."""

    kind: str
    title: str
    words: str
    starts: datetime | None
    ends: datetime | None
    link: str
    severity: str
    source: str
    seen: datetime


@dataclass(frozen=True, slots=True)
class LocalEvent:
    """One occurrence of an entry of the operator's calendar; `starts` and `ends` in the site's zone.

    Of an all-day event only the days count, `ends` is its last one.
    """

    title: str
    starts: datetime
    ends: datetime
    all_day: bool
    place: str
    link: str


@dataclass(frozen=True, slots=True)
class NearCompany:
    """A listed company near the site."""

    symbol: str
    name: str
    city: str
    km: int | None


@dataclass(frozen=True, slots=True)
class Local:
    """Everything local of one site."""

    forecast: LocalForecast | None = None
    notices: tuple[LocalNotice, ...] = ()
    events: tuple[LocalEvent, ...] = ()
    events_of: date | None = None  # when the calendar file was last changed
    companies: tuple[NearCompany, ...] = ()
    companies_of: date | None = None  # when their addresses were read
    read: tuple[str, ...] = ()  # addresses, the most read first
    read_until: datetime | None = None
    html: tuple[tuple[str, str], ...] = ()  # sanitised HTML by the block's name
    day: date | None = None  # the site's day when this was written: paid notices begin and end with days
