"""Volatility: how far a series has been moving, and how a level stands among its own past closes.

Owns realised volatility and the count of closes further out. The level itself and its extremes are returns' and
records'.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from broadtape.metrics.registry import Answer, Parameter, choice, metric, symbol_of
from broadtape.metrics.series import current, exact, line, percent
from broadtape.model import NoData

TRADING_DAYS = 252  # sessions of a year, as the trade counts them
_LEAST = 5  # returns; fewer have no spread worth a figure


@metric(
    "closes-beyond",
    "Closes further out",
    "How many earlier sessions in the data closed higher (for lows: lower) than the as-of session, of how many "
    "in all; equal closes are not counted.",
    symbol_of(),
    choice("side", "how many closed higher, or lower", "high", "low"),
    examples=("closes-beyond?of=INDEXCBOE:VIX",),
)
def _closes_beyond(answer: Answer) -> None:
    series = current(line(answer.view, answer["of"]))
    earlier = series.values[:-1][np.isfinite(series.values[:-1])]
    if not len(earlier):
        raise NoData(f"{answer['of']}: there is no earlier session to compare with")
    now = series.values[-1]
    beyond = int((earlier > now).sum() if answer["side"] == "high" else (earlier < now).sum())
    last = len(series.sessions) - 1
    answer.value("count", beyond, "sessions")
    answer.count("total", len(earlier), "sessions")
    answer.names(answer["of"])
    answer.level("level", series, last)
    answer.day("data_start", series.day(series.start))
    answer.tags |= {"beyond", "earlier", "close", "highest" if answer["side"] == "high" else "lowest"}
    answer.row(series, last)
    answer.span(series, series.start, last)


@metric(
    "realised-volatility",
    "Realised volatility",
    "The standard deviation of the one-session returns of the last so many sessions, as an annual rate: times the "
    "square root of 252, in percent. It says how far a series has moved from session to session, not where to.",
    symbol_of(),
    Parameter("sessions", "how many sessions' returns", "21", "21", "count"),
    examples=("realised-volatility?of=INDEXSP:SPX",),
)
def _realised(answer: Answer) -> None:
    count = int(answer["sessions"])
    series = current(line(answer.view, answer["of"]))
    if count < _LEAST:
        raise NoData(f"sessions: {count} returns have no spread worth a figure; ask {_LEAST} or more")
    last = len(series.sessions) - 1
    window = series.values[max(last - count, 0) :]
    if len(window) <= count or not np.isfinite(window).all():
        raise NoData(f"{answer['of']}: a close is missing in the {count} sessions to {series.day(last)}")
    returns = np.diff(window) / window[:-1]
    level = percent(exact(float(np.std(returns, ddof=1)) * float(np.sqrt(TRADING_DAYS)) * 100), 1)
    answer.value("level", Decimal(level), "percent", 1)
    answer.names(answer["of"])
    answer.count("sessions", count, "sessions")
    answer.day("start", series.day(last - count + 1))
    answer.day("end", series.day(last))
    answer.tags.add("annualised")
    answer.row(series, last)
    answer.span(series, last - count, last)
