"""Days on which the exchange is closed or closes early, as events, from the stored list of sessions.

Pure; makes no calendar (`calendar` does) and asks no clock.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from broadtape.market.schema import instant
from broadtape.model import Event, Origin

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

REGULAR_CLOSE = time(16, 0)
URL = "https://www.nyse.com/markets/hours-calendars"
_ORIGIN = Origin("exchange-calendar", "New York Stock Exchange", "public", datetime(1985, 1, 1, tzinfo=UTC))


def holiday(day: date) -> str:
    """The holiday for which the exchange is closed on a weekday; empty for a closure announced for one day only.

    One that falls on a weekend is kept on the Friday before or the Monday after.
    """
    month, number, weekday = day.month, day.day, day.weekday()
    fixed = {
        (1, 1): "New Year’s Day",
        (6, 19): "Juneteenth",
        (7, 4): "Independence Day",
        (12, 25): "Christmas Day",
    }
    for shift, only in ((0, None), (1, 4), (-1, 0)):  # the day itself, the Friday before, the Monday after
        near = day + timedelta(days=shift)
        if (only is None or weekday == only) and (near.month, near.day) in fixed:
            return fixed[near.month, near.day]
    week = (number - 1) // 7 + 1
    if weekday == 0:
        third = {1: "Martin Luther King Jr. Day", 2: "Presidents’ Day"}
        if week == 3 and month in third:
            return third[month]
        if month == 5 and number > 24:
            return "Memorial Day"
        if month == 9 and week == 1:
            return "Labor Day"
    if month == 11 and weekday == 3 and week == 4:
        return "Thanksgiving Day"
    return "Good Friday" if day == easter(day.year) - timedelta(days=2) else ""


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Meeus 1991, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    x = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * x) // 451
    month, day = divmod(h + x - 7 * m + 114, 31)
    return date(year, month, day + 1)


def closures(
    sessions: NDArray[np.datetime64], closes: NDArray[np.int64], first: date, last: date, zone: ZoneInfo
) -> tuple[Event, ...]:
    """Holidays ("holiday") and early closes ("early-close") from `first` to `last`, by day.

    Closures announced for one day only are left out: the list does not say since when they were known.
    """
    begin, end = (int(np.searchsorted(sessions, np.datetime64(day, "D"))) for day in (first, last))
    open_days = {day.item() for day in sessions[begin : end + 1]}
    found = []
    for at in range(begin, min(end + 1, len(sessions))):
        local = instant(int(closes[at])).astimezone(zone)
        if sessions[at] <= np.datetime64(last, "D") and local.time() < REGULAR_CLOSE:
            hour = f"{local.hour % 12 or 12}{f':{local.minute:02d}' if local.minute else ''}"
            title = f"Stock exchanges close at {hour} {'p.m.' if local.hour >= 12 else 'a.m.'}"
            found.append(
                Event(local.date(), local.astimezone(UTC), zone.key, "early-close", title, URL, _ORIGIN)
            )
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        name = holiday(day) if day.weekday() < 5 and day not in open_days else ""
        if name:
            at_open = datetime.combine(day, time(9, 30), zone).astimezone(UTC)
            title = f"Stock exchanges are closed for {name}"
            found.append(Event(day, at_open, zone.key, "holiday", title, URL, _ORIGIN))
    return tuple(sorted(found, key=lambda one: (one.day, one.kind)))
