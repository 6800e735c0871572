"""Corrections, bear and bull markets, and closes back at the record: told on the session that reaches them.

Owns when a decline or a recovery is news; what they are is metrics.declines'.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from broadtape import metrics
from broadtape.desk.facts import FactBook
from broadtape.desk.patterns import LEAST_HISTORY, Signal, basis_of, benchmarks, distributed, session_size
from broadtape.model import Fact, MarketView

_WORDS = {"10": "a correction", "20": "a bear market"}


def reached(view: MarketView, book: FactBook, _pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """An index in a correction or a bear market since this session, in a bull market, or back at its record."""
    for symbol in benchmarks(view):
        if basis_of(view, symbol) != "price":
            continue
        _days, closes = metrics.closes(view, symbol, "price")
        if len(closes) < LEAST_HISTORY or distributed(view, symbol):
            continue
        name, size, total = view.instrument(symbol).name, session_size(closes), len(closes)
        for by in ("20", "10"):
            fact = book.find("decline", of=symbol, by=by)
            if fact is not None and fact.value == view.as_of:
                rarity = _times(closes, float(by)) / total
                what = f"{name} closed at least {by} % below its peak of {_day(fact, 'peak')}: {_WORDS[by]}"
                yield Signal("drawdown", symbol, what, fact, rarity, size, params={"threshold": f"-{by}"})
                break
        bull = book.find("advance", of=symbol)
        if bull is not None and bull.value == view.as_of:
            what = f"{name} closed at least 20 % above its low of {_day(bull, 'low')}: a bull market"
            yield Signal("bull", symbol, what, bull, _times(closes, 20.0) / total, size)
        back = book.find("recovery", of=symbol)
        if back is not None:
            what = f"{name} closed above its peak of {_day(back, 'peak')}, {back.value} sessions on"
            yield Signal("recovery", symbol, what, back, _times(closes, 10.0) / total, size)


def _times(closes: np.ndarray[tuple[int], np.dtype[np.float64]], by: float) -> int:
    """How often the series was first so far below a highest close, at least once."""
    best = np.maximum.accumulate(closes)
    under = closes <= best * (1 - by / 100)
    return max(len(np.unique(best[under])), 1)


def _day(fact: Fact, name: str) -> date:
    found = fact.part(name).value
    if not isinstance(found, date):
        raise TypeError(f"{fact.key.address}: {name} is no date")
    return found
