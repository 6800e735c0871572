"""What a signal is, and what the detectors share: which series count, on which basis, and how far a move went.

Owns no detector: those are desk.detectors' and desk.macro_signals', desk.signals calls them. What a dividend or a
split explains is no signal, and neither is what rests on a value that sources dispute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from broadtape.desk.facts import FactBook
from broadtape.model import Basis, Fact, MarketView, NoData, UnknownSymbol

LEAST_HISTORY = 250  # sessions: under a year of its own past, a series has no measure of the unusual
RECORD_HISTORY = 1_260  # sessions, five years: a high of less is no record to readers
SERIES = "series:"  # before a macro series' id, where it is a signal's subject
ROLES = ("large", "small", "tech")


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


def session_counts(starts: NDArray[np.intp], lengths: NDArray[np.intp], total: int) -> NDArray[np.int64]:
    """For each session, how long the run is that it belongs to so far; 0 outside runs."""
    counts = np.zeros(total, dtype=np.int64)
    for start, length in zip(starts, lengths, strict=True):
        counts[start : start + length] = np.arange(1, length + 1)
    return counts


def round_step(level: float) -> float:
    """The distance of round numbers at a level: 100 from 1,000 to 10,000, 1,000 from there, 10 below 1,000."""
    return float(10 ** max(int(np.floor(np.log10(max(level, 1.0)))) - 1, 0)) if level < 10_000 else 1000.0


def session_size(closes: NDArray[np.float64], sessions: int = 1) -> float:
    """The move of the last sessions in units of the 60-session volatility before them; 0 where there is none."""
    moves = np.diff(np.log(closes))
    usual = float(np.std(moves[-(60 + sessions) : -sessions], ddof=1)) if len(moves) > 60 + sessions else 0.0
    return abs(float(np.sum(moves[-sessions:]))) / (usual * sessions**0.5) if usual > 0 else 0.0
