"""What is newsworthy about a session: patterns found in the series, each stated by one fact.

Owns the detectors; how they are weighed is desk.newsworthiness, what is told about them desk.stories.
Every rarity is the share of the series' own past sessions on which at least as much happened. What a dividend or a
split explains is no signal, and neither is what rests on a value that sources dispute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from broadtape import metrics
from broadtape.desk.facts import FactBook
from broadtape.model import Basis, Fact, MarketView, NoData, UnknownSymbol

LEAST_HISTORY = 250  # sessions: under a year of its own past, a series has no measure of the unusual
SERIES = "series:"  # before a macro series' id, where it is a signal's subject
ROLES = ("large", "small", "tech")
_RECORD_HISTORY = 1_260  # sessions, five years: a high of less is no record to readers
_STREAK_FROM = 4  # periods; shorter runs come and go within any fortnight
_MOVE_WINDOWS = (("1s", 1), ("5s", 5))


@dataclass(frozen=True, slots=True)
class Signal:
    """One pattern on one session. `size` is in the series' own 60-session volatility (0 where it has none)."""

    kind: str
    subject: str
    statement: str
    fact: Fact
    rarity: float  # (0, 1]
    size: float = 0.0
    object: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    reach: float = 1.0  # how widely the subject is held among its kind: a share's trading against others'
    age: int = 0  # sessions since what it reports; nearly all report the session itself


Detector = Callable[[MarketView, FactBook, Sequence[tuple[str, str]]], Iterator[Signal]]


def scan(
    view: MarketView,
    pairs: Sequence[tuple[str, str]] = (),
    *,
    universe: Sequence[str] = (),
    watched: Sequence[str] = (),
) -> list[Signal]:
    """Every signal of the view's session, unranked. `pairs` adds ordered pairs to those of the benchmarks.

    `universe` names groups of companies, `watched` further symbols whose own moves count. A detector whose data
    are missing stays silent.
    """
    from broadtape.desk.detectors import companies, declines, extremes, streaks  # noqa: PLC0415  they import this module

    book = FactBook(view)
    found: list[Signal] = []
    for detector in (
        *_DETECTORS, declines.reached, streaks.absolute, streaks.relative, extremes.periods, extremes.year_starts,
        extremes.reversals, extremes.volumes, extremes.crosses, extremes.ratios, extremes.correlations,
        companies.sectors, *_macro(),
    ):  # fmt: skip
        found.extend(detector(view, book, pairs))
    symbols = dict.fromkeys(watched)
    for group in universe:
        symbols |= dict.fromkeys(one for one in view.group(group) if not one.startswith("UNLISTED:"))
    found.extend(companies.moves(view, book, list(symbols)))
    found.extend(companies.breadth(view, book, universe))
    found.extend(companies.heat(view, book, list(symbols)))
    return found


def _macro() -> tuple[Detector, ...]:
    from broadtape.desk.macro_signals import DETECTORS  # noqa: PLC0415  it imports this module

    return DETECTORS


def benchmarks(view: MarketView) -> list[str]:
    """The symbols of the roles large, small and tech that have a close on the view's session."""
    named = [view.benchmark(role) for role in ROLES]
    return [symbol for symbol in named if symbol is not None and basis_of(view, symbol) is not None]


def basis_of(view: MarketView, *symbols: str) -> Basis | None:
    """The basis on which every symbol has a value on the view's session: price before total; else None."""
    for basis in ("price", "total"):
        if all(_has_session(view, symbol, basis) for symbol in symbols):
            return basis
    return None


def distributed(view: MarketView, symbol: str, sessions: int = 1) -> bool:
    """Whether dividends explain the price's last move: with them it is less than half as large, or the other way.

    Known from the closes including dividends, else from the dividends themselves; an index pays none.
    """
    bars = view.bars(symbol)
    kept = np.flatnonzero(np.isfinite(bars.close))
    if len(kept) <= sessions:
        return False
    first, last = int(kept[-1 - sessions]), int(kept[-1])
    price = float(bars.close[last] / bars.close[first] - 1)
    total = float(bars.adj_close[last] / bars.adj_close[first] - 1)
    if not np.isfinite(total):
        paid = float(np.nansum(bars.dividend[first + 1 : last + 1]))
        if paid <= 0:
            return False
        total = float((bars.close[last] + paid) / bars.close[first] - 1)
    if total - price < 0.0005:  # nothing to speak of was paid
        return False
    return abs(total) < 0.5 * abs(price) or total * price < 0


def _has_session(view: MarketView, symbol: str, basis: str) -> bool:
    try:
        bars = view.bars(symbol)
    except (NoData, UnknownSymbol):
        return False
    values = bars.close if basis == "price" else bars.adj_close
    return (
        bool(len(bars.days))
        and bars.days[-1] == np.datetime64(view.as_of, "D")
        and bool(np.isfinite(values[-1]))
    )


def pairs_of(view: MarketView, extra: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, Basis]]:
    """The benchmarks and the further pairs, both ways round, with the basis on which both have a close."""
    named = [*permutations(benchmarks(view), 2)]
    for one, other in extra:
        named += [(one, other), (other, one)]
    for of, vs in dict.fromkeys(named):
        basis = basis_of(view, of, vs)
        if basis is not None:
            yield of, vs, basis


def _relative_streaks(view: MarketView, book: FactBook, extra: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    for of, vs, basis in pairs_of(view, extra):
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
        if course.ongoing and length >= _STREAK_FROM:
            fact = book.find("relative-streak", of=of, vs=vs, **chosen)
            if fact is not None:
                reach = session_counts(course.starts, course.lengths, len(course.went))
                yield Signal(
                    "relative-streak", of, f"{names[0]} has beaten {names[1]} in {length} consecutive sessions",
                    fact, float(np.mean(reach >= length)), gap, vs, chosen,
                )  # fmt: skip
        elif ended == len(course.went) - 1 and length >= _STREAK_FROM + 1:
            fact = book.find("relative-streak-ended", of=of, vs=vs, **chosen)
            if fact is not None:
                yield Signal(
                    "relative-streak-ended", of, f"a run of {length} sessions of {names[0]} against {names[1]} ended",
                    fact, float(np.sum(course.lengths >= length)) / len(course.went), gap, vs, chosen,
                )  # fmt: skip


def session_counts(starts: NDArray[np.intp], lengths: NDArray[np.intp], total: int) -> NDArray[np.int64]:
    """For each session, how long the run is that it belongs to so far; 0 outside runs."""
    counts = np.zeros(total, dtype=np.int64)
    for start, length in zip(starts, lengths, strict=True):
        counts[start : start + length] = np.arange(1, length + 1)
    return counts


def _gap_size(a: NDArray[np.float64], b: NDArray[np.float64], sessions: int) -> float:
    gaps = np.diff(np.log(a)) - np.diff(np.log(b))
    usual = float(np.std(gaps[-(60 + sessions) : -sessions], ddof=1)) if len(gaps) > 60 + sessions else 0.0
    return abs(float(np.sum(gaps[-sessions:]))) / (usual * sessions**0.5) if usual > 0 else 0.0


def _records(view: MarketView, book: FactBook, _extra: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    for symbol in benchmarks(view):
        if basis_of(view, symbol) != "price":
            continue
        days, closes = metrics.closes(view, symbol, "price")
        if len(days) < LEAST_HISTORY:
            continue
        name = view.instrument(symbol).name
        # A low is told as a 52-week low: the lowest close "in the data" says more of the data than of the index.
        best = np.maximum.accumulate(closes)
        fresh = np.flatnonzero(closes[1:] > best[:-1]) + 1
        fact = book.find("record", of=symbol, side="high")
        told = fact is not None and ("all-time" in fact.tags or len(closes) >= _RECORD_HISTORY)
        if fact is not None and told and len(fresh) > 1 and fresh[-1] == len(closes) - 1:
            wait = int(fresh[-1] - fresh[-2])
            rarity = max(float(np.sum(np.diff(fresh) >= wait)) / len(closes), 1 / len(closes))
            what = f"{name} closed at a record high, the first in {wait} sessions"
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


def _share_of_extremes(values: NDArray[np.float64], window: int) -> float:
    """Share of sessions whose value is the highest of the `window` sessions that end with it."""
    if len(values) <= window:
        return 1.0
    views = np.lib.stride_tricks.sliding_window_view(values, window)
    return max(float(np.mean(views[:, -1] >= views.max(axis=1))), 1 / len(values))


def round_step(level: float) -> float:
    """The distance of round numbers at a level: 100 from 1,000 to 10,000, 1,000 from there, 10 below 1,000."""
    return float(10 ** max(int(np.floor(np.log10(max(level, 1.0)))) - 1, 0)) if level < 10_000 else 1000.0


def _round_numbers(view: MarketView, book: FactBook, _extra: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    for symbol in benchmarks(view):
        if basis_of(view, symbol) != "price":
            continue
        days, closes = metrics.closes(view, symbol, "price")
        if len(days) < LEAST_HISTORY:
            continue
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


def session_size(closes: NDArray[np.float64], sessions: int = 1) -> float:
    """The move of the last sessions in units of the 60-session volatility before them; 0 where there is none."""
    moves = np.diff(np.log(closes))
    usual = float(np.std(moves[-(60 + sessions) : -sessions], ddof=1)) if len(moves) > 60 + sessions else 0.0
    return abs(float(np.sum(moves[-sessions:]))) / (usual * sessions**0.5) if usual > 0 else 0.0


def _moves(view: MarketView, book: FactBook, _extra: Sequence[tuple[str, str]]) -> Iterator[Signal]:
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


def _day(value: np.datetime64) -> date:
    found = value.astype("datetime64[D]").item()
    if not isinstance(found, date):
        raise TypeError(f"not a day: {value!r}")
    return found


_DETECTORS: tuple[Detector, ...] = (
    _relative_streaks,
    _records,
    _round_numbers,
    _moves,
)
