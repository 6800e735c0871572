"""What is newsworthy in rates, prices and volatility: decisions, prints, curves, spreads, commodities.

Owns the detectors over decisions and readings; what they mean beside others is desk.newsworthiness'. Each names the
data it needs and stays silent without them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from broadtape import metrics
from broadtape.desk.facts import FactBook
from broadtape.desk.patterns import SERIES, Detector, Signal, basis_of, distributed
from broadtape.model import MarketView, NewsView, NoData, Readings

_LEAST_HISTORY = 250  # sessions: under a year of its own past, a series has no measure of the unusual
_JUMP, _RISE, _DROP = 0.2, 0.05, -0.2  # one session's change of the volatility index
_FAR_DAYS = 250  # calendar days: a rise to the highest close for so long is told though it is no jump
_CALM_DAYS = 365
_CLOSE = time(16, 0)  # New York: what is filed later is the next session's
_FAR_MOVE, _LEAST_MOVE = 1.75, 0.02  # of a share with its results: in its own volatility, and at all
_FAR_STEP = 2.5  # of a daily series, in its own 60 days
_LEAST_PRINTS = 24  # releases: two years of a monthly series
_TEN, _TWO = "DGS10", "DGS2"
_MONTH = 21  # days with both yields
_QUIET = 60  # of such days without an inversion, before one is news again
_LONG_RUN = 20  # sessions of an inversion whose end is news
_RARE = 0.02  # share of all days on which the slope changed as far
_QUARTER_POINT = 25  # basis points: the usual step, the unit in which a move of the range is measured


def _policy(view: MarketView, book: FactBook, _extra: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """A decision on the session, or since the one before it. Needs: policy decisions, a broad index."""
    decisions = view.decisions()
    large = view.benchmark("large")
    if not decisions or large is None or decisions[-1].day <= session_before(view):
        return
    fact = book.find("policy-last")
    if fact is None:
        return
    last = decisions[-1]
    alike = sum(1 for decision in decisions if bool(decision.change_bp) is bool(last.change_bp))
    span = max((view.as_of - decisions[0].day).days * 252 // 365, 1)
    what = f"moved by {last.change_bp:+} basis points" if last.change_bp else "was left unchanged"
    yield Signal(
        "policy",
        large,
        f"the policy rate {what}",
        fact,
        min(alike / span, 1.0),
        abs(last.change_bp) / _QUARTER_POINT,
    )


def _volatility(view: MarketView, book: FactBook, _extra: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """A jump or drop of the volatility index, or a calm. Needs: closes of an index in the role volatility."""
    symbol = view.benchmark("volatility")
    if symbol is None or basis_of(view, symbol) != "price":
        return
    _days, closes = metrics.closes(view, symbol, "price")
    fact = book.find("return", of=symbol, over="1s")
    if len(closes) < _LEAST_HISTORY or fact is None:
        return
    moves = closes[1:] / closes[:-1] - 1
    last = float(moves[-1])
    name = view.instrument(symbol).name
    size = abs(last) / usual if (usual := float(np.std(moves[-61:-1], ddof=1))) > 0 else 0.0
    far = _far(view, book, symbol, "high" if last > 0 else "low")
    if last >= _JUMP or (last >= _RISE and far >= _FAR_DAYS):
        rarity = min(float(np.mean(moves >= last)), _share(closes >= closes[-1]))
        yield Signal("volatility", symbol, f"{name} {last:+.1%} to {closes[-1]:.2f}", fact, rarity, size,
                     params={"side": "jump"})  # fmt: skip
    elif last <= _DROP:
        yield Signal("volatility", symbol, f"{name} {last:+.1%} to {closes[-1]:.2f}", fact,
                     float(np.mean(moves <= last)), size, params={"side": "drop"})  # fmt: skip
    elif last < 0 and far >= _CALM_DAYS:
        yield Signal("volatility", symbol, f"{name} closed at {closes[-1]:.2f}, its lowest for {far} days", fact,
                     _share(closes <= closes[-1]), size, params={"side": "calm"})  # fmt: skip


def _far(view: MarketView, book: FactBook, symbol: str, side: str) -> int:
    """For how many days no close was as high (low); the whole of the data where none was."""
    since = book.find("extreme-since", of=symbol, side=side)
    if since is not None and isinstance(since.value, date):
        return (view.as_of - since.value).days
    record = book.find("record", of=symbol, side=side)
    start = record.get("data_start") if record is not None else None
    return (view.as_of - start.value).days if start is not None and isinstance(start.value, date) else 0


def _share(there: NDArray[np.bool_]) -> float:
    return max(float(np.mean(there)), 1 / len(there))


def session_before(view: MarketView) -> date:
    """The session before the view's own; the day itself where the calendar starts there."""
    found = view.sessions[-2:][0].astype("datetime64[D]").item()
    return found if isinstance(found, date) else view.as_of


def _curve(view: MarketView, book: FactBook, _extra: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """The curve's shape and its yields, on the session that knows newer ones. Needs: 10- and two-year yields a day."""
    try:
        long, short = view.readings(_TEN), view.readings(_TWO)
    except NoData:
        return
    if len(long.values) < _LEAST_HISTORY or not (new_on(view, long) and new_on(view, short)):
        return
    gaps = _gaps(long, short)
    subject = f"{SERIES}{_TEN}"
    run, gap = book.find("yield-inversion"), book.find("yield-gap")
    days = len(gaps)
    if run is not None and gap is not None and isinstance(run.value, int):
        before = int(np.sum(np.diff((gaps < 0).astype(np.int8)) != 0)) or 1
        if "ongoing" in run.tags and run.value == 1 and not (gaps[-_QUIET - 1 : -1] < 0).any():
            yield Signal("curve", subject, "the yield curve inverted", gap, before / days, 1.0,
                         params={"change": "began"}, age=1)  # fmt: skip
        broken = run.get("broken")
        if broken is not None and broken.value == as_day(long.periods[-1]) and run.value >= _LONG_RUN:
            yield Signal("curve", subject, f"an inversion of {run.value} sessions ended", run, before / days, 1.0,
                         params={"change": "ended"}, age=1)  # fmt: skip
    shift = book.find("curve-shift", over=_MONTH)
    if shift is not None and shift.tags & {"steeper", "flatter"} and days > _LEAST_HISTORY:
        moves = np.abs(gaps[_MONTH:] - gaps[:-_MONTH])
        rarity = _share(moves >= moves[-1])
        fresh = not (moves[-_QUIET:-1] >= np.quantile(moves, 1 - _RARE)).any()
        if rarity <= _RARE and fresh:
            yield Signal("curve", subject, f"the yield curve moved {shift.value:+} points in {_MONTH} sessions", shift,
                         rarity, params={"change": "shift"}, age=1)  # fmt: skip
    yield from _yield_extremes(view, book)


def _yield_extremes(view: MarketView, book: FactBook) -> Iterator[Signal]:
    """The 10-year yield at its highest or lowest for a year, once a month."""
    for side in ("high", "low"):
        fact = book.find("reading-extreme", series=_TEN, side=side)
        if fact is None:
            continue
        since = fact.get("since")
        start = since if since is not None else fact.get("data_start")
        if start is None or not isinstance(start.value, date) or (view.as_of - start.value).days < _CALM_DAYS:
            continue
        values = np.array([float(value) for value in view.readings(_TEN).values])
        sign = 1 if side == "high" else -1
        if (sign * values[-1] <= sign * values[-_MONTH:-1]).any() or _set_lately(sign * values):
            continue
        year = np.lib.stride_tricks.sliding_window_view(sign * values, _LEAST_HISTORY)
        rarity = _share(year[:, -1] >= year.max(axis=1))
        yield Signal("curve", f"{SERIES}{_TEN}", f"the 10-year yield is its {side}est for a year or more", fact, rarity,
                     params={"change": "extreme"}, age=1)  # fmt: skip


def _set_lately(values: NDArray[np.float64]) -> bool:
    """Whether an earlier session of the last month was the highest of its own year, too: then it has been told."""
    year = 250
    for at in range(2, min(_MONTH, len(values) - year)):
        window = values[-at - year : -at + 1 or None]
        if window[-1] >= window.max():
            return True
    return False


def _gaps(long: Readings, short: Readings) -> NDArray[np.float64]:
    _, left, right = np.intersect1d(long.periods, short.periods, return_indices=True)
    exactly = [long.values[i] - short.values[j] for i, j in zip(left.tolist(), right.tolist(), strict=True)]
    return np.array([float(value) for value in exactly])


def new_on(view: MarketView, readings: Readings) -> bool:
    """Whether the newest reading became known since the session before."""
    known = readings.known_at[-1].astimezone(view.time_zone).date()
    return session_before(view) < known <= view.as_of


def as_day(day: np.datetime64) -> date:
    """A numpy day as a date."""
    found = day.astype("datetime64[D]").item()
    if not isinstance(found, date):
        raise NoData("there is no such day")
    return found


RELEASED = {
    "cpi": ("CPIAUCSL", "yoy"), "pce": ("PCEPI", "yoy"), "ppi": ("PPIACO", "yoy"),
    "jobs": ("UNRATE", "level"), "gdp": ("A191RL1Q225SBEA", "level"),
}  # fmt: skip


def _prints(view: MarketView, book: FactBook, _extra: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """A release of the session. Needs: its event in the calendar, and its reading known by then."""
    since = session_before(view)
    kinds = {
        event.kind for event in view.events() if since < event.day <= view.as_of and event.at <= view.known
    }
    for kind in sorted(kinds & RELEASED.keys()):
        series, measure = RELEASED[kind]
        try:
            readings = view.readings(series)
        except NoData:
            continue
        if not new_on(view, readings):
            continue
        chosen = {} if measure == "level" else {"transform": measure}
        fact = book.find("reading", series=series, **chosen)
        if fact is None or not isinstance(fact.value, Decimal):
            continue
        told = [value for _, value in metrics.course_of(readings, measure) if value is not None]
        steps = np.abs(np.diff(np.array([float(value) for value in told])))
        if len(steps) < _LEAST_PRINTS:
            continue
        usual = float(np.std(steps)) or 1.0
        monthly = 1 / 21  # a release is one session in 21, whatever it says
        yield Signal("print", f"{SERIES}{series}", f"{metrics.series_of(series).name}: {fact.value}", fact,
                     monthly * _share(steps >= steps[-1]), min(float(steps[-1]) / usual, 5.0),
                     params={"release": kind, "story": f"print/{kind}"})  # fmt: skip


def _earnings(view: MarketView, book: FactBook, _extra: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """Shares that moved far on the first session that knew their company's results. Needs: filings, and bars."""
    if not isinstance(view, NewsView):
        return
    zone = view.time_zone
    since = datetime.combine(session_before(view), _CLOSE, zone)
    until = datetime.combine(view.as_of, _CLOSE, zone)
    symbols = {
        symbol
        for one in view.filings(form="8-K", since=since)
        if "2.02" in one.items and since <= one.at < until
        for symbol in one.symbols[:1]
    }
    for symbol in sorted(symbols):
        basis = basis_of(view, symbol)
        if basis is None or (basis == "price" and distributed(view, symbol)):
            continue
        _days, closes = metrics.closes(view, symbol, basis)
        chosen = {} if basis == "price" else {"basis": str(basis)}
        fact = book.find("return", of=symbol, over="1s", **chosen)
        if len(closes) < _LEAST_HISTORY or fact is None:
            continue
        moves = np.abs(closes[1:] / closes[:-1] - 1)
        usual = float(np.std(closes[-61:-1][1:] / closes[-61:-1][:-1] - 1, ddof=1))
        size = float(moves[-1]) / usual if usual > 0 else 0.0
        if size >= _FAR_MOVE and moves[-1] >= _LEAST_MOVE:
            what = f"{view.instrument(symbol).name} {fact.value:+} % with its results"
            story = {"story": f"earnings/{symbol}", **chosen}
            yield Signal("earnings", symbol, what, fact, _share(moves >= moves[-1]), size, params=story)


def _gauges(view: MarketView, book: FactBook, _extra: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """Oil, a credit spread, currencies. Needs: the series, daily, with a reading new on the session."""
    for series in sorted(set(view.series())):
        if series not in GAUGES and not (series.startswith("EXR.") and metrics.series_of(series).unit):
            continue  # a rate that has no name for readers
        readings = view.readings(series)
        if len(readings.values) < _LEAST_HISTORY or not new_on(view, readings):
            continue
        values = np.array([float(value) for value in readings.values])
        newest = _newest(view, readings)
        steps = np.abs(np.diff(values))
        usual = float(np.std(np.diff(values)[-61 - newest : -newest], ddof=1))
        biggest = int(np.argmax(steps[-newest:])) - newest
        last = float(steps[-1])
        fact = book.find("reading", series=series)
        if fact is None or usual <= 0 or biggest != -1:
            continue  # of several readings that came out together, the last must be the one that moved
        side, sign = ("high", 1) if values[-1] > values[-2] else ("low", -1)
        far = _reach(view, book, series, side) >= _CALM_DAYS and not _set_lately(sign * values)
        rarity = _share(steps >= last)
        if (rarity <= _RARE and last / usual >= _FAR_STEP) or (far and last / usual >= 1):
            yield Signal("series", f"{SERIES}{series}", f"{metrics.series_of(series).name}: {fact.value}", fact, rarity,
                         last / usual, params={"series": series, "story": f"gauge/{series}"},
                         age=_age(view, readings))  # fmt: skip


def _age(view: MarketView, readings: Readings) -> int:
    """How many sessions the newest reading is older than the view's own."""
    return int(np.sum(view.sessions > readings.periods[-1]))


def _newest(view: MarketView, readings: Readings) -> int:
    """How many readings became known since the session before."""
    since = session_before(view)
    return sum(since < known.astimezone(view.time_zone).date() for known in readings.known_at[-10:])


def _reach(view: MarketView, book: FactBook, series: str, side: str) -> int:
    """For how many days no reading was as high (low)."""
    fact = book.find("reading-extreme", series=series, side=side)
    start = (fact.get("since") or fact.get("data_start")) if fact is not None else None
    return (view.as_of - start.value).days if start is not None and isinstance(start.value, date) else 0


GAUGES = frozenset({
    "DCOILWTICO", "DCOILBRENTEU", "BAMLH0A0HYM2", "BAMLC0A0CM", "DTWEXBGS", "DEXUSEU", "GOLDPMGBD228NLBM",
})  # fmt: skip

DETECTORS: tuple[Detector, ...] = (_policy, _volatility, _curve, _prints, _earnings, _gauges)
