"""The exchange's sessions and when they close, from exchange_calendars: the one place that imports it.

Stores nothing; the store keeps the list so that readers need neither exchange_calendars nor pandas.
"""

from __future__ import annotations

import warnings
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXCHANGE = "XNYS"
FIRST = date(1985, 1, 1)
AHEAD = timedelta(days=2 * 365)  # how far the list runs into the future
RENEW = timedelta(days=500)  # and how much of that must be left before it is made anew


@lru_cache(maxsize=2)  # a second to make, the same for a day
def exchange_sessions(today: date) -> tuple[NDArray[np.datetime64], NDArray[np.int64]]:
    """Every session from 1985 to two years after `today`, ascending, and its close in microseconds UTC.

    Early closes are as the exchange announced them. The arrays are read-only.
    """
    with warnings.catch_warnings():
        # exchange_calendars 4.13 uses what pandas 3.1 deprecates; its arrays are right all the same.
        warnings.simplefilter("ignore")
        import exchange_calendars  # noqa: PLC0415  pandas takes 0.4 s to load and only the writer needs it

        calendar = exchange_calendars.get_calendar(EXCHANGE, start=FIRST, end=today + AHEAD)
        days = np.array(calendar.sessions.to_numpy(), dtype="datetime64[D]")
        closes = np.asarray(calendar.closes.dt.tz_convert(None).to_numpy(), dtype="datetime64[us]")
    instants = closes.astype(np.int64)
    days.flags.writeable = instants.flags.writeable = False
    return days, instants
