"""The markets page's rates, commodities, prints, movers and calendar as pages print them.

Pure: the tape's board and a clock in, records of contexts out. Marks what is older than its kind should be.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from broadtape import numbers, urls
from broadtape.web import words
from broadtape.web.contexts import CalendarRow, Change, IndicatorRow, IndicatorTable, MoverRow, MoverTable

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from broadtape.archive.tape import Coming, Indicator, IndicatorKind, MarketBoard, Mover

TITLES: dict[IndicatorKind, str] = {
    "rate": "Rates",
    "commodity": "Commodities",
    "economy": "The economy",
}
# Older than this at the newest session, a value is marked: a daily one of last week, a month's of last quarter.
FRESH = {"day": timedelta(days=7), "month": timedelta(days=75), "quarter": timedelta(days=220)}
WHOLE_DAY = ("holiday",)  # kinds of events that have no hour: exchanges are closed all day
SESSION_FRESH = timedelta(days=4)  # a long weekend


def tables(board: MarketBoard) -> tuple[IndicatorTable, ...]:
    """One table for each kind that has a value."""
    found = []
    for kind, title in TITLES.items():
        rows = tuple(indicator(one, board.as_of) for one in board.indicators if one.kind == kind)
        if rows:
            found.append(IndicatorTable(title, rows))
    return tuple(found)


def indicator(one: Indicator, newest: date) -> IndicatorRow:
    """One series with its period, and whether that is older than it should be."""
    if one.upper is not None:
        value = numbers.rate_range(one.value, one.upper)
    elif one.unit == "percent":
        value = f"{numbers.plain(one.value, one.decimals)}%"
    elif one.unit.startswith("USD"):
        value = f"${numbers.plain(one.value, one.decimals)}"
    else:
        value = numbers.plain(one.value, one.decimals)
    decision = one.series == "policy-rate"  # stands until the next one: never old
    return IndicatorRow(
        title=one.title,
        value=value,
        unit="" if one.unit == "percent" else one.unit.removeprefix("USD ").removeprefix("USD"),
        change=_change(one),
        since=_period(one.before, one) if one.before else "",
        as_of=words.of_day(one.period) if one.frequency == "day" else None,
        period=_period(one.period, one),
        source=one.source,
        stale=not decision and newest - one.period > FRESH[one.frequency],
    )


def movers(board: MarketBoard) -> tuple[MoverTable, ...]:
    """What rose and what fell most; nothing where too few were compared to mean anything."""
    day = numbers.day(board.as_of)
    note = f"Of {board.movers_of:,} companies with a close of {day}."
    both = (("Largest gains", board.gainers), ("Largest losses", board.losers))
    return tuple(
        MoverTable(title, tuple(mover(one) for one in moved), note, board.movers_source)
        for title, moved in both
        if moved
    )


def mover(one: Mover) -> MoverRow:
    """One of them."""
    return MoverRow(
        one.symbol.partition(":")[2],
        one.name,
        urls.quote_page(one.symbol),
        words.change(None, one.percent),
        "with dividends" if one.basis == "total" else "",
    )


def calendar(coming: Iterable[Coming], zone: ZoneInfo) -> tuple[CalendarRow, ...]:
    """What is scheduled, in the site's zone; what takes the whole day has no hour."""
    return tuple(
        CalendarRow(
            words.of_day(one.day),
            "" if one.kind in WHOLE_DAY else words.clock(one.at.astimezone(zone)),
            one.title,
            one.url,
            one.source,
        )
        for one in coming
    )


def stale(as_of: date | None, now: datetime) -> str:
    """What to say where the newest session is older than a long weekend explains."""
    if as_of is None or now.date() - as_of <= SESSION_FRESH:
        return ""
    return f"The newest session we have is {numbers.day(as_of)}: these figures are not of today."


def _change(one: Indicator) -> Change | None:
    if one.change is None:
        return None
    moved = numbers.rounded(one.change, one.decimals)
    direction = "up" if moved > 0 else "down" if moved < 0 else "flat"
    spoken = {"up": "up", "down": "down", "flat": "unchanged"}[direction]
    signed = words.signed(one.change, one.decimals)
    before = one.value - one.change
    if one.unit in ("percent", "percentage points"):
        text = f"{signed} pt"
    elif one.unit == "points" and before > 0:
        percent = one.change / before * 100
        direction = (
            "up" if numbers.rounded(percent, 1) > 0 else "down" if numbers.rounded(percent, 1) < 0 else "flat"
        )
        text = numbers.signed_percent(percent, decimals=1)
    elif before > 0:
        text = f"{signed} ({numbers.signed_percent(one.change / before * Decimal(100), decimals=1)})"
    else:
        text = signed
    return Change(direction, "", text, spoken)  # type: ignore[arg-type]  # mypy widens the conditional to str


def _period(day: date, one: Indicator) -> str:
    if one.frequency == "day":
        return numbers.day(day)
    if one.frequency == "month":
        return numbers.month(day)
    return numbers.capital(f"{numbers.ordinal((day.month + 2) // 3)} quarter {day.year}")
