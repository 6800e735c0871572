"""Runs of rises and falls and of one series ahead of another, by session, week and month, and their end.

Owns from which length a run is news, and when its end is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from broadtape import metrics
from broadtape.desk.facts import FactBook
from broadtape.desk.patterns import (
    LEAST_HISTORY,
    Signal,
    basis_of,
    benchmarks,
    distributed,
    pairs_of,
    session_counts,
    session_size,
)
from broadtape.metrics.periods import Unit
from broadtape.model import MarketView, NoData

FROM: dict[Unit, int] = {"session": 5, "week": 4, "month": 5}  # shorter runs come and go
ENDED_FROM: dict[Unit, int] = {"session": 7, "week": 5, "month": 6}
SESSIONS: dict[Unit, int] = {"session": 1, "week": 5, "month": 21}  # of one period, for a share of sessions
_LEAST = 120  # periods of a past
_LED_FROM = 4  # periods; shorter runs come and go within any fortnight


def absolute(view: MarketView, book: FactBook, _pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """Runs of an index that this session, or the period that it ends, lengthened or ended."""
    for symbol in benchmarks(view):
        if basis_of(view, symbol) != "price" or distributed(view, symbol):
            continue
        _, closes = metrics.closes(view, symbol, "price")
        name, size = view.instrument(symbol).name, session_size(closes)
        for unit, least in FROM.items():
            for side in ("up", "down"):
                try:
                    course = metrics.moves(view, symbol, side, unit)
                except NoData:
                    continue  # a new series has no whole period yet
                if len(course.went) * SESSIONS[unit] < _LEAST * 5 or not len(course.starts):
                    continue
                if course.lines[0].day(int(course.periods.last[-1])) != view.as_of:
                    continue  # the week or month is not over
                length = int(course.lengths[-1])
                params = {"side": side, "unit": unit}
                way = "risen" if side == "up" else "fallen"
                if course.ongoing and length >= least:
                    fact = book.find("streak", of=symbol, side=side, unit=unit)
                    reach = session_counts(course.starts, course.lengths, len(course.went))
                    share = float(np.mean(reach >= length)) / SESSIONS[unit]
                    if fact is not None:
                        what = f"{name} has {way} for {length} {unit}s in a row"
                        yield Signal("streak", symbol, what, fact, share, size, params=params)
                elif length >= ENDED_FROM[unit] and _just_ended(course):
                    fact = book.find("streak-ended", of=symbol, side=side, unit=unit)
                    share = float(np.sum(course.lengths >= length)) / (len(course.went) * SESSIONS[unit])
                    if fact is not None:
                        what = f"a run of {length} {unit}s in which {name} had {way} ended"
                        yield Signal("streak-ended", symbol, what, fact, share, size, params=params)


def _just_ended(course: metrics.Course) -> bool:
    return int(course.starts[-1] + course.lengths[-1]) == len(course.went) - 1


def relative(view: MarketView, book: FactBook, pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """Weeks and months in a row that one led another."""
    for of, vs, basis in pairs_of(view, pairs):
        chosen = {} if basis == "price" else {"basis": basis}
        for unit in ("week", "month"):
            kept: Unit = "week" if unit == "week" else "month"
            try:
                course = metrics.leads(view, of, vs, kept, basis)
            except NoData:
                continue
            over = not len(course.starts) or course.lines[0].day(int(course.periods.last[-1])) != view.as_of
            if over or not course.ongoing or int(course.lengths[-1]) < FROM[kept]:
                continue
            if len(course.went) * SESSIONS[kept] < _LEAST * 5:
                continue
            length = int(course.lengths[-1])
            fact = book.find("relative-streak", of=of, vs=vs, unit=unit, **chosen)
            reach = session_counts(course.starts, course.lengths, len(course.went))
            share = float(np.mean(reach >= length)) / SESSIONS[kept]
            if fact is not None:
                what = f"{view.instrument(of).name} has led {view.instrument(vs).name} for {length} {unit}s in a row"
                yield Signal(f"relative-{unit}s", of, what, fact, share, 0.0, vs, {"unit": unit, **chosen})


def led(view: MarketView, book: FactBook, pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """Sessions in a row that one led another, and the end of such a run."""
    for of, vs, basis in pairs_of(view, pairs):
        course = metrics.leads(view, of, vs, "session", basis)
        if len(course.went) < LEAST_HISTORY or not len(course.starts):
            continue
        chosen = {} if basis == "price" else {"basis": basis}
        if basis == "price" and (distributed(view, of) or distributed(view, vs)):
            continue  # whose day it was, a dividend decided
        names = view.instrument(of).name, view.instrument(vs).name
        length = int(course.lengths[-1])
        ended = int(course.starts[-1]) + length
        _days, a, b = metrics.pair(view, of, vs, basis)
        gap = _gap_size(a, b, length)
        if course.ongoing and length >= _LED_FROM:
            fact = book.find("relative-streak", of=of, vs=vs, **chosen)
            if fact is not None:
                reach = session_counts(course.starts, course.lengths, len(course.went))
                yield Signal(
                    "relative-streak", of, f"{names[0]} has beaten {names[1]} in {length} consecutive sessions",
                    fact, float(np.mean(reach >= length)), gap, vs, chosen,
                )  # fmt: skip
        elif ended == len(course.went) - 1 and length >= _LED_FROM + 1:
            fact = book.find("relative-streak-ended", of=of, vs=vs, **chosen)
            if fact is not None:
                yield Signal(
                    "relative-streak-ended", of, f"a run of {length} sessions of {names[0]} against {names[1]} ended",
                    fact, float(np.sum(course.lengths >= length)) / len(course.went), gap, vs, chosen,
                )  # fmt: skip


def _gap_size(a: NDArray[np.float64], b: NDArray[np.float64], sessions: int) -> float:
    gaps = np.diff(np.log(a)) - np.diff(np.log(b))
    usual = float(np.std(gaps[-(60 + sessions) : -sessions], ddof=1)) if len(gaps) > 60 + sessions else 0.0
    return abs(float(np.sum(gaps[-sessions:]))) / (usual * sessions**0.5) if usual > 0 else 0.0
