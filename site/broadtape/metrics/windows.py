"""Windows of time (`over`): reading their forms and resolving them to sessions.

Owns the forms listed in docs/contracts/metrics.md. Owns no prices; an incomplete window raises NoData.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from broadtape.metrics.periods import next_session
from broadtape.metrics.series import as_date
from broadtape.model import BadParameter, MarketView, NoData, Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMS = (
    "2025-12, 2025-Q4, 2025, 2025-W50, 2026-01-02..2026-01-12, 5s, wtd, mtd, qtd, ytd, 2026.first5s or "
    "since:2025-10-15"
)

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")
_YEAR = re.compile(r"\d{4}")
_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")
_LAST = re.compile(r"([1-9]\d{0,4})s")
_FIRST = re.compile(r"(\d{4}(?:-\d{2})?)\.first([1-9]\d{0,2})s")
_SINCE = re.compile(r"since:(\d{4}-\d{2}-\d{2})")
_TO_DATE = {"wtd": "week", "mtd": "month", "qtd": "quarter", "ytd": "year"}


@dataclass(frozen=True, slots=True)
class Window:
    """Positions in `view.sessions`: from the close at `base` to that at `last`; `first` is inside."""

    form: str
    base: int
    first: int
    last: int
    parts: tuple[Part, ...] = ()  # month, quarter or year where the window is one
    tags: frozenset[str] = frozenset()

    @property
    def sessions(self) -> int:
        """How many sessions' changes the window holds."""
        return self.last - self.base


def normalise(text: str) -> str:
    """The window's canonical form; BadParameter says which forms there are."""
    form = text.strip()
    if len(form) > 40:
        raise _unreadable(form[:40] + "…")
    form = form.upper() if re.fullmatch(r"\d{4}-[qQwW]\d{1,2}", form) else form.lower()
    if form in _TO_DATE or _LAST.fullmatch(form):
        return form
    if match := _SINCE.fullmatch(form):
        _day(match[1], form)
    elif match := _DAYS.fullmatch(form):
        if _day(match[1], form) > _day(match[2], form):
            raise BadParameter(f"over: {form} ends before it starts")
    elif match := _FIRST.fullmatch(form):
        _bounds(match[1], form)
    else:
        _bounds(form, form)
    return form


def resolve(view: MarketView, form: str) -> Window:
    """The sessions of a canonical window; NoData until it is complete."""
    sessions = view.sessions
    end = len(sessions) - 1
    if match := _LAST.fullmatch(form):
        return _window(form, end - int(match[1]) + 1, end)
    if form in _TO_DATE:
        first = int(np.searchsorted(sessions, np.datetime64(_running(form, as_date(sessions[-1])))))
        return _window(form, first, end, tags={"to-date"})
    if match := _SINCE.fullmatch(form):
        named = _session(sessions, match[1], form)
        if named == end:
            raise BadParameter(f"over: {form} is the as-of session itself; name an earlier one")
        return Window(form, named, named, end, tags=frozenset({"since"}))
    if match := _DAYS.fullmatch(form):
        return _window(form, _session(sessions, match[1], form), _session(sessions, match[2], form))
    if match := _FIRST.fullmatch(form):
        low, high, _ = _bounds(match[1], form)
        first, stop = np.searchsorted(sessions, [np.datetime64(low), np.datetime64(high)]).tolist()
        count = int(match[2])
        if stop - first < count:
            if next_session(view) >= np.datetime64(high):
                raise NoData(f"over: {match[1]} has only {stop - first} sessions, {form} needs {count}")
            raise NoData(f"over: {form} is not complete on {view.as_of}")
        return _window(form, first, first + count - 1, tags={"first"})
    low, high, parts = _bounds(form, form)
    first, stop = np.searchsorted(sessions, [np.datetime64(low), np.datetime64(high)]).tolist()
    if stop > end and next_session(view) < np.datetime64(high):
        raise NoData(f"over: {form} is not complete on {view.as_of}")
    if first == stop:
        raise NoData(f"over: {form} has no session up to {view.as_of}")
    return _window(form, first, stop - 1, parts)


def bounds(form: str) -> tuple[date, date]:
    """First day of a canonical month, quarter, year or ISO week, and the day after its last."""
    low, high, _ = _bounds(form, form)
    return low, high


# --- reading ------------------------------------------------------------------------------------------


def _window(
    form: str, first: int, last: int, parts: tuple[Part, ...] = (), tags: set[str] | None = None
) -> Window:
    if first < 1:
        raise NoData(f"over: {form} starts before the calendar does")
    return Window(form, first - 1, first, last, parts, frozenset(tags or ()))


def _bounds(text: str, form: str) -> tuple[date, date, tuple[Part, ...]]:
    try:
        if match := _MONTH.fullmatch(text):
            year, month = int(match[1]), int(match[2])
            low = date(year, month, 1)
            return (
                low,
                date(year + month // 12, month % 12 + 1, 1),
                (Part("month", "month", low, decimals=0),),
            )
        if match := _QUARTER.fullmatch(text):
            year, quarter = int(match[1]), int(match[2])
            low = date(year, 3 * quarter - 2, 1)
            high = date(year + quarter // 4, 3 * (quarter % 4) + 1, 1)
            return low, high, (Part("quarter", "count", quarter, "quarter", 0),)
        if _YEAR.fullmatch(text):
            return (
                date(int(text), 1, 1),
                date(int(text) + 1, 1, 1),
                (Part("year", "year", int(text), decimals=0),),
            )
        if match := _WEEK.fullmatch(text):
            low = date.fromisocalendar(int(match[1]), int(match[2]), 1)
            return low, low + timedelta(days=7), ()
    except (ValueError, OverflowError):
        pass
    raise _unreadable(form)


def _running(form: str, day: date) -> date:
    if form == "wtd":
        return day - timedelta(days=day.weekday())
    month = {"mtd": day.month, "qtd": 3 * ((day.month - 1) // 3) + 1, "ytd": 1}[form]
    return date(day.year, month, 1)


def _day(text: str, form: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _unreadable(form) from None


def _session(sessions: NDArray[np.datetime64], text: str, form: str) -> int:
    day = np.datetime64(text, "D")
    at = int(np.searchsorted(sessions, day))
    if at == len(sessions):
        raise NoData(f"over: {form} reaches past {sessions[-1]}")
    if sessions[at] != day:
        raise BadParameter(f"over: {text} was not a session; name one, such as {sessions[at]}")
    return at


def _unreadable(form: str) -> BadParameter:
    return BadParameter(f"over: {form!r} is not a window; say {FORMS}")
