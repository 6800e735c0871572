"""Parts of facts as reasons print them, and the arithmetic of printed figures.

Owns no judging.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from broadtape.model import Fact, Part

Window = tuple[date, date]  # first and last session


def window_of(fact: Fact) -> Window | None:
    """First and last session of the stretch the fact is about, if it is about one."""
    start, end = fact.get("start"), fact.get("end")
    if start is None or end is None or not isinstance(start.value, date) or not isinstance(end.value, date):
        return None
    return start.value, end.value


def shown(part: Part) -> str:
    """The part as a reason prints it: "−0.74 percent", "7 sessions", "Jan. 12, 2026"."""
    value = part.value
    if isinstance(value, tuple):
        return f"{value[0]}–{value[1]} {part.unit}".strip()
    if isinstance(value, Decimal):
        number = f"{value.quantize(Decimal(1).scaleb(-part.decimals), ROUND_HALF_UP):,f}".replace("-", "−")
        return f"{number} {part.unit}".strip()
    if part.kind == "month" and isinstance(value, date):
        return f"{value:%B %Y}"
    if isinstance(value, date):
        return value.isoformat()
    return f"{value} {part.unit}".strip()


_SHUT: Final = 5  # days at most that an exchange is shut in a row


def spans(first: date, last: date, months: int) -> bool:
    """Whether a stretch begins at the last session on or before the day so many months ago."""
    year, month = divmod(last.year * 12 + last.month - 1 - months, 12)
    if not 0 < year <= last.year:
        return False
    day = min(last.day, monthrange(year, month + 1)[1])
    return 0 <= (date(year, month + 1, day) - first).days <= _SHUT


def half_up(value: Decimal, step: Decimal) -> Decimal:
    """The value rounded half-up to a multiple of `step`."""
    return (value / step).quantize(Decimal(1), ROUND_HALF_UP) * step
