"""Runs of rises and falls by session, week and month, and their end; runs of one ahead of another by week and month.

Owns from which length a run is news. Relative runs of sessions are desk.signals' own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from broadtape import metrics
from broadtape.desk.facts import FactBook
from broadtape.desk.signals import (
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
