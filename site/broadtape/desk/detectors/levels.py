"""Where an index stands and how far it went: record closes, years' extremes, round numbers, moves of a day and a week.

Owns from what on each is news; runs, declines and what stands out otherwise have modules of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from broadtape import metrics
from broadtape.desk.facts import FactBook
from broadtape.desk.patterns import (
    LEAST_HISTORY,
    RECORD_HISTORY,
    Signal,
    basis_of,
    benchmarks,
    distributed,
    round_step,
    session_size,
)
from broadtape.model import MarketView

_BACK_AFTER = 90  # days since the last such close; less is to and fro
_RUN = 3  # record closes in a row from which their number is the news; two follow each other often
_QUARTER = 63
_MOVE_WINDOWS = (("1s", 1), ("5s", 5))


def records(view: MarketView, book: FactBook, _pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """A first record close in its data, and closes at a 52-week high or low."""
    for symbol, closes in _priced(view):
        name = view.instrument(symbol).name
        # A low is told as a 52-week low: the lowest close "in the data" says more of the data than of the index.
        best = np.maximum.accumulate(closes)
        fresh = np.flatnonzero(closes[1:] > best[:-1]) + 1
        fact = book.find("record", of=symbol, side="high")
        told = fact is not None and ("all-time" in fact.tags or len(closes) >= RECORD_HISTORY)
        if fact is not None and told and len(fresh) > 1 and fresh[-1] == len(closes) - 1:
            wait = int(fresh[-1] - fresh[-2])
            rarity = float(np.sum(np.diff(fresh) >= wait)) / len(closes)
            when = "again" if wait == 1 else f"the first in {wait} sessions"
            what = f"{name} closed at a record high, {when}"
            run, share = _run_of(fresh, len(closes))
            if run >= _RUN:
                rarity = min(rarity, share)
                what = f"{name} closed at a record high for {run} sessions in a row"
            rarity = max(rarity, 1 / len(closes))
            yield Signal("record", symbol, what, fact, rarity, session_size(closes))
        for side, sign in (("high", 1.0), ("low", -1.0)):
            year = book.find("record", of=symbol, side=side, window="52w")
            if year is None or (side == "high" and fact is not None):
                continue
            if side == "low" and distributed(view, symbol):
                continue
            rarity = _share_of_extremes(sign * closes, 252)
            what = f"{name} closed at a 52-week {side}"
            yield Signal("52-week", symbol, what, year, rarity, session_size(closes), params={"side": side})


def _run_of(fresh: NDArray[np.intp], total: int) -> tuple[int, float]:
    """How many sessions in a row end with a record, and the share of all sessions on which as many did."""
    marks = np.zeros(total, dtype=bool)
    marks[fresh] = True
    before = np.maximum.accumulate(np.where(marks, -1, np.arange(total)))
    runs = np.where(marks, np.arange(total) - before, 0)
    return int(runs[-1]), float(np.mean(runs >= runs[-1]))


def _priced(view: MarketView) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """The benchmarks that are judged by price, each with its closes, where these are enough."""
    for symbol in benchmarks(view):
        if basis_of(view, symbol) == "price":
            _, closes = metrics.closes(view, symbol, "price")
            if len(closes) >= LEAST_HISTORY:
                yield symbol, closes


def _share_of_extremes(values: NDArray[np.float64], window: int) -> float:
    """Share of sessions whose value is the highest of the `window` sessions that end with it."""
    if len(values) <= window:
        return 1.0
    views = np.lib.stride_tricks.sliding_window_view(values, window)
    return max(float(np.mean(views[:, -1] >= views.max(axis=1))), 1 / len(values))


def round_numbers(view: MarketView, book: FactBook, _pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """The first close above a round number."""
    for symbol, closes in _priced(view):
        step = round_step(float(closes[-1]))
        crossed = np.floor(closes / step) * step
        reached = float(crossed[-1])
        if reached <= 0 or float(np.max(closes[:-1])) >= reached:
            continue
        fact = book.find("first-close", of=symbol, side="above", level=f"{reached:g}")
        firsts = np.flatnonzero(np.diff(np.maximum.accumulate(np.floor(closes / step))) > 0)
        if fact is not None and fact.value == view.as_of:
            yield Signal("round-number", symbol,
                         f"{view.instrument(symbol).name} closed above {reached:,.0f} for the first time",
                         fact, max(len(firsts), 1) / len(closes), session_size(closes),
                         params={"level": f"{reached:g}"})  # fmt: skip


def recrossed(view: MarketView, book: FactBook, _pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """A close back below a round number, or back above one, for the first time in a season: the furthest crossed."""
    for symbol, closes in _priced(view):
        step = round_step(float(closes[-2]))
        side, level = _crossed(float(closes[-2]), float(closes[-1]), step)
        fact = book.find("first-close-since", of=symbol, side=side, level=f"{level:g}") if level > 0 else None
        if fact is None or not isinstance(fact.value, date) or (view.as_of - fact.value).days < _BACK_AFTER:
            continue
        what = (
            f"{view.instrument(symbol).name} closed {side} {level:,.0f} for the first time since {fact.value}"
        )
        share = _share_of_returns(closes, step, side)  # how far the session went, its move tells
        yield Signal("recross", symbol, what, fact, share, params={"side": side, "level": f"{level:g}"})


def _crossed(before: float, after: float, step: float) -> tuple[str, float]:
    """The side on which a close came of the furthest round number crossed, and that number; 0 where none was."""
    if after < before:
        level = (np.floor(after / step) + 1) * step
        return "below", float(level) if after < level <= before else 0.0
    level = (np.ceil(after / step) - 1) * step
    return "above", float(level) if before <= level < after else 0.0


def _share_of_returns(closes: NDArray[np.float64], step: float, side: str) -> float:
    """Share of sessions that came to a side of a round number on which none of the quarter before had closed."""
    grid = np.floor(closes / step) if side == "below" else -np.ceil(closes / step)
    if len(grid) <= _QUARTER:
        return 1.0
    past = np.lib.stride_tricks.sliding_window_view(grid[:-1], _QUARTER).min(axis=1)
    return max(float(np.mean(grid[_QUARTER:] < past)), 1 / len(closes))


def moves(view: MarketView, book: FactBook, _pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """What each index did on the day and in five sessions."""
    for symbol in benchmarks(view):
        basis = basis_of(view, symbol)
        if basis is None:
            continue
        days, closes = metrics.closes(view, symbol, basis)
        if len(days) < LEAST_HISTORY:
            continue
        chosen = {} if basis == "price" else {"basis": basis}
        for window, sessions in _MOVE_WINDOWS:
            if basis == "price" and distributed(view, symbol, sessions):
                continue
            moves = np.abs(closes[sessions:] / closes[:-sessions] - 1)
            fact = book.find("return", of=symbol, over=window, **chosen)
            if fact is None:
                continue
            rarity = float(np.mean(moves >= moves[-1]))
            what = "on the day" if sessions == 1 else f"over {sessions} sessions"
            yield Signal("move", symbol, f"{view.instrument(symbol).name} {fact.value:+} % {what}", fact, rarity,
                         session_size(closes, sessions), params={"over": window, **chosen})  # fmt: skip
