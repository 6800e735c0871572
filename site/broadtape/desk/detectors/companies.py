"""Companies and sectors: far moves, records and thresholds of single shares, breadth, and who leads the sectors.

Owns which of a universe's companies are news; all are looked at together, as columns of one panel. Only the
strongest become signals: a fact is computed for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np

from broadtape.desk.facts import FactBook
from broadtape.desk.patterns import Signal
from broadtape.metrics import panel as panels
from broadtape.metrics.filings import DEALS, of_kind, told_since
from broadtape.metrics.groups import SECTOR_FUNDS, members_of
from broadtape.metrics.panel import Panel
from broadtape.model import Basis, MarketView, NewsView

_LEAST_HISTORY = 250
_MOST = 12  # companies whose moves become signals
_RARE = 0.02
_LEAST_MOVE = 0.03  # of a share; less is nobody's news
_LEAST_GROUP = 8
_LEAD_SESSIONS = 63
_DISPERSED = 0.05
_HEAT_LEAST = 3  # pieces


def moves(view: MarketView, book: FactBook, watched: Sequence[str]) -> Iterator[Signal]:
    """The shares that moved furthest by their own measure, and those at a record or a year's extreme with it."""
    seen: set[str] = set()
    for basis in ("price", "total"):
        kept: Basis = "price" if basis == "price" else "total"
        found = panels.of_view(view, [one for one in watched if one not in seen], kept)
        if not found.symbols:
            continue
        seen |= set(found.symbols)
        yield from _moved(view, book, found, kept)


def _moved(view: MarketView, book: FactBook, panel: Panel, basis: Basis) -> Iterator[Signal]:
    if len(panel.close) < _LEAST_HISTORY:
        return
    own = panel.changes
    if (
        len(panel.symbols) >= _LEAST_GROUP
    ):  # less what the middle one did: on a day when all fall, none is news
        middle = panels.middle(own)
        own = own - np.where(np.isnan(middle), 0.0, middle)[:, None]
    far = np.abs(own)
    with np.errstate(invalid="ignore", divide="ignore"):
        rare = (far >= far[-1]).sum(axis=0) / np.isfinite(far).sum(axis=0)
        size = far[-1] / own[-61:-1].std(axis=0, ddof=1)
    enough = np.count_nonzero(np.isfinite(panel.close), axis=0) >= _LEAST_HISTORY
    worth = enough & (rare <= _RARE) & (panel.sizes[-1] >= _LEAST_MOVE)
    worth &= np.sign(own[-1]) == np.sign(panel.changes[-1])  # falling less than all others is no rise
    weight = np.where(worth & np.isfinite(size), -np.log2(np.maximum(rare, 1e-6)) + np.minimum(size, 5), -1)
    chosen = {} if basis == "price" else {"basis": basis}
    high, low = panels.year_extremes(panel)
    for at in np.argsort(-weight, kind="stable")[:_MOST].tolist():
        if weight[at] <= 0:
            break
        symbol = panel.symbols[at]
        fact = book.find("return", of=symbol, over="1s", **chosen)
        if fact is None or view.instrument(symbol).kind != "stock":
            continue
        more = ", to a 52-week high" if high[at] else ", to a 52-week low" if low[at] else ""
        what = f"{view.instrument(symbol).name} {fact.value:+} % on the day{more}"
        yield Signal(
            "company", symbol, what, fact, float(rare[at]), float(size[at]), params=dict(chosen),
            reach=_reach(view, symbol),
        )  # fmt: skip


def _reach(view: MarketView, symbol: str) -> float:
    """1 to 1.75 by the dollars that usually change hands in a session: 1 to a hundred million, 1.75 from 10 billion."""
    bars = view.bars(symbol)
    traded = (bars.volume * bars.close)[-61:-1]
    traded = traded[np.isfinite(traded)]
    if not len(traded) or bars.unit != "USD":
        return 1.0
    return float(1 + 0.375 * np.clip(np.log10(max(float(np.median(traded)), 1.0)) - 8, 0, 2))


def breadth(view: MarketView, book: FactBook, universe: Sequence[str]) -> Iterator[Signal]:
    """A session in which nearly all companies of a group went one way."""
    for group in universe:
        members = [one for one in view.group(group) if not one.startswith("UNLISTED:")]
        for basis in ("price", "total"):
            kept: Basis = "price" if basis == "price" else "total"
            panel = panels.of_view(view, members, kept, 1_260)
            if len(panel.symbols) < _LEAST_GROUP or 2 * len(panel.symbols) < len(members):
                continue
            known = np.isfinite(panel.changes)
            counted = np.maximum(known.sum(axis=1), 1)
            usable = known.sum(axis=1) >= len(panel.symbols) // 2
            rose = (np.nan_to_num(panel.changes) > 0).sum(axis=1) / counted
            one_way = np.maximum(rose, (np.nan_to_num(panel.changes) < 0).sum(axis=1) / counted)
            past = one_way[usable]
            share = float(np.mean(past >= one_way[-1]))
            side = "up" if rose[-1] >= 0.5 else "down"
            chosen = {} if basis == "price" else {"basis": basis}
            fact = book.find("breadth", side=side, over="1s", in_=group, **chosen)
            large = view.benchmark("large")
            if fact is not None and large is not None and share <= _RARE and len(past) >= _LEAST_HISTORY:
                what = f"{fact.value} of {fact.part('total').value} companies went {side} on the day"
                yield Signal(
                    "breadth", large, what, fact, share, params={"in": group, "side": side, **chosen}
                )
            return  # the first group that can be spoken for


def sectors(view: MarketView, book: FactBook, _pairs: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """A new leader of the sector funds over three months; and a session that drove the sectors far apart."""
    funds = members_of(view, SECTOR_FUNDS)
    panel = panels.of_view(view, funds, "price", 1_260)
    if len(panel.symbols) < _LEAST_GROUP or len(panel.close) <= _LEAD_SESSIONS + _LEAST_HISTORY:
        return
    spread = np.fmax.reduce(panel.changes[1:], axis=1) - np.fmin.reduce(panel.changes[1:], axis=1)
    share = float(np.mean(spread >= spread[-1]))
    usual = float(np.median(spread[-61:-1]))
    apart = book.find("dispersion", over="1s", in_=SECTOR_FUNDS)
    best = panel.symbols[int(np.nanargmax(panel.changes[-1]))]
    worst = panel.symbols[int(np.nanargmin(panel.changes[-1]))]
    if apart is not None and share <= _DISPERSED:
        far = best if panel.changes[-1].max() > -panel.changes[-1].min() else worst
        what = f"best and worst sector fund were {apart.value} points apart, {best} and {worst}"
        size = float(spread[-1]) / usual if usual else 0.0
        yield Signal(
            "sectors", far, what, apart, share, min(size, 3.0), params={"best": best, "worst": worst}
        )
    over = panel.close[_LEAD_SESSIONS:] / panel.close[:-_LEAD_SESSIONS]
    leader = np.argmax(np.nan_to_num(over), axis=1)
    if leader[-1] != leader[-2] and not (leader[-22:-1] == leader[-1]).any():
        symbol = panel.symbols[int(leader[-1])]
        fact = book.find("rank", of=symbol, over=f"{_LEAD_SESSIONS}s", in_=SECTOR_FUNDS)
        if fact is not None and fact.value == 1:
            fresh = [
                at for at in range(22, len(leader))
                if leader[at] != leader[at - 1] and not (leader[at - 21 : at] == leader[at]).any()
            ]  # fmt: skip
            what = f"{view.instrument(symbol).name} leads the sector funds over {_LEAD_SESSIONS} sessions"
            held = panel.symbols[int(leader[-2])]
            share = max(len(fresh), 1) / len(leader)
            yield Signal("sector-lead", symbol, what, fact, share, 0.0, params={"before": held})


def deals(view: MarketView, book: FactBook, watched: Sequence[str]) -> Iterator[Signal]:
    """A prospectus, a registration, an acquisition, an agreement or a stake that was filed since the session before."""
    if not isinstance(view, NewsView) or len(view.sessions) < 2:
        return
    since = told_since(view)
    wanted = set(watched)
    fresh = {
        (one.symbols[0], kind)
        for kind in DEALS
        for one in of_kind(view.filings(since=since), kind)
        if one.symbols and one.symbols[0] in wanted
    }
    for symbol, kind in sorted(fresh):
        fact = book.find("filing", of=symbol, kind=kind)
        if fact is None:
            continue
        year = of_kind(view.filings(symbol, since=since - timedelta(days=365)), kind)
        what = f"{view.instrument(symbol).name}: {kind} on file"
        yield Signal("deal", symbol, what, fact, min(len(year) / 252, 1.0), params={"kind": kind})


def heat(view: MarketView, book: FactBook, watched: Sequence[str]) -> Iterator[Signal]:
    """A company of which far more is told than usual."""
    if not isinstance(view, NewsView):
        return
    told = Counter(
        symbol for story in view.stories(view.known - timedelta(days=1)) for symbol in story.symbols
    )
    for symbol in watched:
        found = view.heat(symbol) if told[symbol] >= _HEAT_LEAST else None
        if found is None or found.pieces < _HEAT_LEAST or found.rarity > _DISPERSED:
            continue
        fact = book.find("return", of=symbol, over="1s") or book.find(
            "return", of=symbol, over="1s", basis="total"
        )
        if fact is not None:
            what = (
                f"{view.instrument(symbol).name}: {found.pieces} stories in a day, {found.usual:.1f} is usual"
            )
            yield Signal("heat", symbol, what, fact, found.rarity, params={"pieces": str(found.pieces)})
