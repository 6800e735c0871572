"""Periods, ratios, sessions within, averages, volume and correlations that stand out from a series' own past.

Owns from what on each is news; a cross of an average and a season are given with their base rates only.
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
    Signal,
    basis_of,
    benchmarks,
    distributed,
    pairs_of,
)
from broadtape.metrics import averages, relations
from broadtape.metrics.periods import Unit
from broadtape.metrics.sessions import USUAL_SESSIONS
from broadtape.model import Fact, MarketView

SESSIONS: dict[Unit, int] = {"week": 5, "month": 21, "quarter": 63, "year": 252}
_REVERSED = 1.25  # percent that a session went the other way before it turned
_VOLUME = 1.8  # times the usual
_RARE, _FAR_GAP = 0.05, 0.75  # share of sessions with as much; of an open outside, in its own volatility
OTHER_SIDE = 40  # sessions on one side of the average before a cross is told
_FAR = 365  # days to the last time
_CORRELATED = 63
_YEARS_FAR = 4  # since a year began as well or badly
_YEAR, _AGAIN = 252, 21  # sessions: over which a ratio is highest, and from which wait on it is news again


def periods(view: MarketView, book: FactBook, _pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """The week, month, quarter or year that the session ends, as the best or worst since another."""
    for symbol in benchmarks(view):
        if basis_of(view, symbol) != "price":
            continue
        name = view.instrument(symbol).name
        for unit, sessions in SESSIONS.items():
            _, ends, gains = metrics.period_returns(view, symbol, unit)
            if len(gains) < 8 or ends[-1] != np.datetime64(view.as_of, "D"):
                continue
            side = "best" if gains[-1] > 0 else "worst"
            fact = book.find("return-extreme", of=symbol, unit=unit, side=side)
            if fact is None:
                continue
            share = float(np.mean(gains >= gains[-1] if gains[-1] > 0 else gains <= gains[-1])) / sessions
            usual = float(np.std(gains[:-1], ddof=1))
            what = f"{name} had its {side} {unit} since {_since(fact)}: {fact.value:+} %"
            size = abs(float(gains[-1])) / usual if usual else 0.0
            yield Signal("period", symbol, what, fact, share, size, params={"unit": unit, "side": side})


def _since(fact: Fact) -> date | str:
    part = fact.get("since")
    return part.value if part is not None and isinstance(part.value, date) else "the data begin"


def year_starts(view: MarketView, book: FactBook, _pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """The first five sessions of a year, on the fifth, as the best or worst start since another year's."""
    begun = int(np.sum(view.sessions.astype("datetime64[Y]") == np.datetime64(view.as_of, "Y")))
    if begun != 5:
        return
    for symbol in benchmarks(view):
        for side in ("best", "worst"):
            fact = book.find("year-start", of=symbol, side=side)
            if (
                fact is not None
                and isinstance(fact.value, int)
                and view.as_of.year - fact.value >= _YEARS_FAR
            ):
                what = f"{view.instrument(symbol).name} had its {side} start of a year since {fact.value}"
                rarity = 1 / (252 * max(view.as_of.year - fact.value, 1))
                yield Signal("year-start", symbol, what, fact, rarity, 0.0, params={"side": side})


def reversals(view: MarketView, book: FactBook, _pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """A session that went far one way and closed the other; and one that opened beyond the range before."""
    for symbol in benchmarks(view):
        if basis_of(view, symbol) != "price":
            continue
        bars = view.bars(symbol)
        kept = np.isfinite(bars.close) & np.isfinite(bars.high) & np.isfinite(bars.low)
        if not kept[-1] or kept.sum() < LEAST_HISTORY:
            continue
        close, high, low = bars.close[kept], bars.high[kept], bars.low[kept]
        before = close[:-1]
        change = close[1:] / before - 1
        far = np.where(change > 0, low[1:] / before - 1, high[1:] / before - 1) * 100
        far = np.where(np.sign(far) == -np.sign(change), np.abs(far), 0.0)
        name = view.instrument(symbol).name
        if far[-1] >= _REVERSED:
            side = "low" if change[-1] > 0 else "high"
            fact = book.find("session-extreme", of=symbol, side=side)
            if fact is not None:
                what = f"{name} was {fact.value:+} % within the session and closed the other way"
                share = float(np.mean(far >= far[-1]))
                yield Signal(
                    "reversal", symbol, what, fact, share, _swing(close, far[-1]), params={"side": side}
                )
        gap = book.find("gap", of=symbol)
        if gap is not None and np.isfinite(bars.open[-1]):
            opens = bars.open[kept]
            gaps = np.where(
                (opens[1:] > high[:-1]) | (opens[1:] < low[:-1]), np.abs(opens[1:] / before - 1), 0.0
            )
            share = float(np.mean(gaps >= gaps[-1]))
            if (
                share <= _RARE and _swing(close, gaps[-1] * 100) >= _FAR_GAP
            ):  # one session in five opens just outside
                what = (
                    f"{name} opened {gap.value:+} % from the close before, outside the range of that session"
                )
                yield Signal("gap", symbol, what, gap, share, _swing(close, gaps[-1] * 100))


def _swing(close: np.ndarray, percent: float) -> float:
    usual = float(np.std(np.diff(np.log(close))[-61:-1], ddof=1)) * 100
    return percent / usual if usual > 0 else 0.0


def volumes(view: MarketView, book: FactBook, _pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """Far more shares traded than usual, of the funds on the benchmarks."""
    wanted = set(benchmarks(view))
    for instrument in view.instruments():
        if instrument.proxy_of not in wanted or basis_of(view, instrument.symbol) is None:
            continue
        fact = book.find("volume", of=instrument.symbol)
        if fact is None or float(fact.value) < _VOLUME:  # type: ignore[arg-type]  # a Decimal
            continue
        traded = view.bars(instrument.symbol).volume
        traded = traded[np.isfinite(traded) & (traded > 0)]
        if len(traded) < LEAST_HISTORY:
            continue
        usual = np.median(np.lib.stride_tricks.sliding_window_view(traded[:-1], USUAL_SESSIONS), axis=1)
        times = traded[USUAL_SESSIONS:] / usual
        share = float(np.mean(times >= times[-1]))
        if share > _RARE:
            continue
        what = f"{instrument.name} traded {fact.value} times its median volume"
        yield Signal("volume", instrument.symbol, what, fact, share)


def crosses(view: MarketView, book: FactBook, _pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """A close on the other side of the 200-session average after long on one; only with what followed earlier ones."""
    for symbol in benchmarks(view):
        if basis_of(view, symbol) != "price":
            continue
        _, closes = metrics.closes(view, symbol, "price")
        for side, way in (("above", 1), ("below", -1)):
            fact = book.find("average-cross", of=symbol, side=side)
            if fact is None or not isinstance(fact.value, int) or fact.value < OTHER_SIDE:
                continue
            turned = "up" if way > 0 else "down"
            followed = book.find(
                "what-followed",
                of=symbol,
                event="cross",
                side=turned,
                at_least=OTHER_SIDE,
                horizon=63,
                stat="median",
            )
            if followed is None:
                continue  # without a base rate a cross is not told
            share = max(len(averages.crossings(closes, 200, side, OTHER_SIDE)), 1) / len(closes)
            what = (
                f"{view.instrument(symbol).name} closed {side} its 200-session average after {fact.value} sessions; "
                f"after {followed.part('n').value} such closes the median of 63 sessions was {followed.value:+} %"
            )
            yield Signal("average-cross", symbol, what, fact, share, params={"side": side})


def ratios(view: MarketView, book: FactBook, pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """One against another at the highest in over a year."""
    for of, vs, basis in pairs_of(view, pairs):
        chosen = {} if basis == "price" else {"basis": basis}
        if basis == "price" and (distributed(view, of) or distributed(view, vs)):
            continue
        fact = book.find("ratio-extreme", of=of, vs=vs, side="high", **chosen)
        if fact is None or not isinstance(fact.value, date) or (view.as_of - fact.value).days < _FAR:
            continue
        _, a, b = metrics.pair(view, of, vs, basis)
        waits = _waits(a / b)
        if not len(waits) or waits[-1] < _AGAIN:
            continue  # at its highest again within a month it is the same story
        share = float(np.sum(waits >= waits[-1])) / len(a)
        what = f"{view.instrument(of).name} against {view.instrument(vs).name} is at its highest since {fact.value}"
        yield Signal("ratio", of, what, fact, share, 0.0, vs, chosen)


def _waits(ratio: NDArray[np.float64]) -> NDArray[np.intp]:
    """Sessions between one close at the highest of a year and the next; empty where the last is none."""
    if len(ratio) <= _YEAR:
        return np.zeros(0, np.intp)
    highest = np.lib.stride_tricks.sliding_window_view(ratio, _YEAR).max(axis=1)
    fresh = np.flatnonzero(ratio[_YEAR - 1 :] >= highest)
    return np.diff(fresh) if len(fresh) > 1 and fresh[-1] == len(highest) - 1 else np.zeros(0, np.intp)


def correlations(view: MarketView, book: FactBook, pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """Two series of a pair whose changes had gone together and now go apart, or the other way."""
    for of, vs in pairs:
        basis = basis_of(view, of, vs)
        if basis is None:
            continue
        chosen = {} if basis == "price" else {"basis": basis}
        fact = book.find("correlation-since", of=of, vs=vs, **chosen)
        if fact is None or not isinstance(fact.value, date) or (view.as_of - fact.value).days < _FAR // 2:
            continue
        _, a, b = metrics.pair(view, of, vs, basis)
        found = relations.rolling(a, b, _CORRELATED)
        turns = int(np.sum(np.diff(np.sign(found[np.isfinite(found)])) != 0))
        what = (
            f"the correlation of {view.instrument(of).name} and {view.instrument(vs).name} changed its sign"
        )
        yield Signal("correlation", of, what, fact, max(turns, 1) / max(len(found), 1), 0.0, vs, chosen)
