"""What is asked of published facts: `fact:streak>=7 ticker:IWM since:2020` as data.

Owns the form of a condition and of dates; finding the facts is archive's, reading a whole query is search's.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

Sign = Literal["", "=", "<", "<=", ">", ">=", ".."]

_CONDITION: Final = re.compile(
    r"(?P<metric>\*|[a-z][a-z0-9]*(?:-[a-z0-9]+)*\*?)?(?:(?P<sign>[<>]=?|=)(?P<value>.+))?", re.IGNORECASE
)
_NUMBER: Final = re.compile(
    r"([+\-−–]?)\$?((?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?)(?:%|[a-z]+)?", re.IGNORECASE
)
MOST: Final = 8  # conditions of one query


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing asked of a fact. `metric` is a name, a name's last part ("streak" is "relative-streak" too), its
    beginning with *, or "" for any; `numbers` and `days` are what the value may mean: low and high are one unless
    the sign is ".."."""

    metric: str
    sign: Sign = ""
    numbers: tuple[Decimal, Decimal] | None = None
    days: tuple[date, date] | None = None  # first and last day of the period that was named
    word: str = ""

    @property
    def tolerance(self) -> Decimal:
        """Half of the last decimal as written: =0.7 is true of 0.74."""
        if self.numbers is None:
            return Decimal(0)
        exponent = self.numbers[0].as_tuple().exponent
        return (
            Decimal(5).scaleb(int(exponent) - 1) if isinstance(exponent, int) and exponent < 0 else Decimal(0)
        )


@dataclass(frozen=True, slots=True)
class FactQuery:
    """Everything that is asked: all of it has to hold of one fact."""

    conditions: tuple[Condition, ...]
    symbols: tuple[str, ...] = ()  # "NYSEARCA:IWM", or the ticker alone
    topics: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()  # somewhere in what the article says, the metric's title or the article's
    first: date = date.min  # of the fact's as-of
    last: date = date.max


def condition(said: str) -> Condition | None:
    """The condition in `fact:…`; None where nothing can be made of it."""
    found = _CONDITION.fullmatch(said.strip())
    if found is None:
        return None
    metric = (found["metric"] or "").lower()
    metric = "" if metric == "*" else metric
    if found["sign"] is None:
        return Condition(metric) if found["metric"] else None
    value = found["value"].strip()
    sign: Sign = found["sign"]  # type: ignore[assignment]  # the expression allows no other
    low, dots, high = value.partition("..")
    if dots:
        if sign != "=":
            return None
        numbers, days = (number(low), number(high)), (period(low), period(high))
        return Condition(
            metric,
            "..",
            (numbers[0], numbers[1]) if numbers[0] is not None and numbers[1] is not None else None,
            (days[0][0], days[1][1]) if days[0] and days[1] else None,
        )
    single, named = number(value), period(value)
    word = value if sign == "=" and single is None and named is None else ""
    if single is None and named is None and not word:
        return None
    return Condition(metric, sign, None if single is None else (single, single), named, word)


def number(text: str) -> Decimal | None:
    """A figure as people write it: `2,600`, `-0.7%`, `−3.5`, `$98.10`, `7d`."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None or not found[2]:
        return None
    try:
        value = Decimal(found[2].replace(",", ""))
    except InvalidOperation:
        return None
    return -value if found[1] not in ("", "+") else value


def period(text: str) -> tuple[date, date] | None:
    """First and last day of a year, month or day: "2026", "2026-01", "2026-01-12"."""
    found = re.fullmatch(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?", text.strip())
    if found is None:
        return None
    try:
        year = int(found[1])
        if found[2] is None:
            return date(year, 1, 1), date(year, 12, 31)
        month = int(found[2])
        if found[3] is None:
            return date(year, month, 1), date(year, month, monthrange(year, month)[1])
        day = date(year, month, int(found[3]))
    except ValueError:
        return None
    return day, day
