"""Sessions grouped into weeks, months, quarters and years by the market's calendar.

Owns which periods are complete and which close a period starts from. Owns no prices.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from broadtape.metrics.series import as_date
from broadtape.model import MarketView, NoData

if TYPE_CHECKING:
    from numpy.typing import NDArray

Unit = Literal["session", "week", "month", "quarter", "year"]
UNITS: tuple[Unit, ...] = ("session", "week", "month", "quarter", "year")


@dataclass(frozen=True, slots=True, eq=False)
class Periods:
    """Complete periods as positions in `view.sessions`: from the close at `base` to the close at `last`."""

    unit: Unit
    base: NDArray[np.intp]  # the last session of the period before
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    code: NDArray[np.int64]  # months (weeks, …) since 1970

    def __len__(self) -> int:
        return len(self.last)

    def where(self, kept: NDArray[np.bool_]) -> Periods:
        """Only the periods marked."""
        return Periods(self.unit, self.base[kept], self.first[kept], self.last[kept], self.code[kept])


def codes(days: NDArray[np.datetime64], unit: Unit) -> NDArray[np.int64]:
    """The number of the week (from Monday), month, quarter or year each day lies in, counted from 1970."""
    if unit == "session":
        return np.arange(len(days), dtype=np.int64)
    if unit == "week":
        return (days.astype("datetime64[D]").astype(np.int64) + 3) // 7  # 1970-01-01 was a Thursday
    months = days.astype("datetime64[M]").astype(np.int64)
    return months // {"month": 1, "quarter": 3, "year": 12}[unit]


def next_session(view: MarketView) -> np.datetime64:
    """The first scheduled session after the as-of one; the next weekday where the calendar ends."""
    with suppress(NoData):
        after = view.sessions_after(1)
        if len(after):
            return np.datetime64(after[0], "D")
    day = as_date(view.sessions[-1]) + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return np.datetime64(day, "D")


def complete(view: MarketView, unit: Unit) -> Periods:
    """Every complete period of the calendar up to the as-of session, ascending.

    A period is complete when no later session falls into it; the calendar's first period has no base and is
    left out.
    """
    sessions = view.sessions
    if len(sessions) < 2:
        raise NoData(f"the calendar has no two sessions up to {view.as_of}")
    if unit == "session":
        at = np.arange(1, len(sessions))
        return Periods(unit, at - 1, at, at, at.astype(np.int64))
    code = codes(sessions, unit)
    turn = np.flatnonzero(np.diff(code))
    first = np.concatenate([[0], turn + 1])
    last = np.concatenate([turn, [len(sessions) - 1]])
    if codes(np.array([next_session(view)]), unit)[0] == code[-1]:
        first, last = first[:-1], last[:-1]
    return Periods(unit, last[:-1], first[1:], last[1:], code[last[1:]])


def runs(led: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where each run of True starts, and how long it is, ascending."""
    edges = np.diff(np.concatenate([[0], led.astype(np.int8), [0]]))
    starts = np.flatnonzero(edges == 1)
    return starts, np.flatnonzero(edges == -1) - starts
