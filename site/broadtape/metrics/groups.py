"""Groups: where one member stands, how many rose, and what the middle member did.

Owns rank, breadth and group-return. A member without a close it needs, or whose last close is not the as-of
session's, takes no part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape.metrics import windows
from broadtape.metrics.registry import Answer, basis, choice, group, metric, over, symbol_of
from broadtape.metrics.series import as_date, compare_changes, exact, median, percent, percent_change
from broadtape.model import BadParameter, Bars, Basis, MarketView, NoData, UnknownSymbol

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PART = (
    "Members without the closes of the window, or whose last close is not the as-of session's, take no part; "
    "where fewer than half of the group does, nothing is said. "
)


SECTOR_FUNDS = "sector-funds"  # a group that every view has: it need not be in the settings
_SECTOR_FUND = re.compile(r".* Select Sector SPDR\b.*")


def members_of(view: MarketView, name: str) -> tuple[str, ...]:
    """The members of a group; `sector-funds` are the Select Sector SPDR funds that have bars."""
    members = view.group(name)
    if members or name != SECTOR_FUNDS:
        return members
    held = set(view.symbols_with_bars())
    funds = [one for one in view.instruments() if one.kind == "etf" and _SECTOR_FUND.fullmatch(one.name)]
    return tuple(sorted(one.symbol for one in funds if one.symbol in held))


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """The members that take part, by symbol, with their closes before and at the end of the window."""

    symbols: tuple[str, ...]
    base: NDArray[np.float64]
    last: NDArray[np.float64]
    bars: tuple[Bars, ...]

    def change(self, at: int) -> Decimal:
        """One member's change in percent, not yet rounded."""
        return percent_change(exact(self.base[at]), exact(self.last[at]))

    def changes(self) -> list[Decimal]:
        """Every member's change in percent, not yet rounded."""
        return [self.change(at) for at in range(len(self.symbols))]


def taking_part(view: MarketView, name: str, window: windows.Window, basis: Basis) -> Members:
    """The members of a group with every close they need; NoData where fewer than half do."""
    members = members_of(view, name)
    if not members:
        raise NoData(f"in: no group {name!r} has members on {view.as_of}; broadtape.toml names the groups")
    sessions = view.sessions
    needed = sessions[[window.base, window.last, len(sessions) - 1]]
    found: list[tuple[str, float, float, Bars]] = []
    for symbol in members:
        try:
            bars = view.bars(symbol)
        except (NoData, UnknownSymbol):
            continue
        at = np.searchsorted(bars.days, needed)
        if at[2] != len(bars.days) - 1 or (bars.days[np.minimum(at, at[2])] != needed).any():
            continue
        values = bars.values(basis)
        before, after, now = values[at].tolist()
        if before > 0 and after > 0 and now > 0:
            found.append((symbol, before, after, bars))
    if 2 * len(found) < len(members):
        raise NoData(
            f"in: only {len(found)} of the {len(members)} members of {name!r} have the {basis} closes of "
            f"{window.form} and of {view.as_of}, too few to speak for it"
        )
    symbols, base, last, bars_of = zip(*found, strict=True)
    return Members(symbols, np.array(base), np.array(last), bars_of)


def _gathered(answer: Answer) -> tuple[windows.Window, Members]:
    window = windows.resolve(answer.view, answer["over"])
    return window, taking_part(answer.view, answer["in"], window, answer.basis)


def _evidence(answer: Answer, window: windows.Window, members: Members, listed: list[int]) -> None:
    days = [as_date(answer.view.sessions[at]) for at in (window.base, window.last)]
    field = "close" if answer["basis"] == "price" else "adj_close"
    for at in listed:
        for day, value in zip(days, (members.base[at], members.last[at]), strict=True):
            answer.close(members.symbols[at], day, field, float(value), members.bars[at])
    values = np.column_stack([members.base, members.last])
    origins = (bars.origin for bars in members.bars)
    answer.group_span(answer["in"], field, days[0], days[1], values, origins)


@metric(
    "rank",
    "Rank in a group",
    "The place of one member by its return over the window, the best first; members with the same return "
    "share a "
    "place. " + _PART,
    symbol_of("the member"),
    group(),
    over("1s"),
    basis(),
    examples=("rank?basis=total&in=sp500-members&of=NASDAQ:NVDA&over=1s",),
)
def _rank(answer: Answer) -> None:
    window, members = _gathered(answer)
    subject = answer["of"]
    if subject not in members_of(answer.view, answer["in"]):
        raise BadParameter(f"of: {subject} is not in the group {answer['in']}")
    if subject not in members.symbols:
        raise NoData(f"{subject}: lacks a close for {answer['over']} or for {answer.view.as_of}")
    at = members.symbols.index(subject)
    against = compare_changes(members.base, members.last, members.base[[at]], members.last[[at]])
    place = 1 + int((against > 0).sum())
    total = len(members.symbols)
    change = percent(members.change(at))
    answer.value("rank", place, "")
    answer.names(subject)
    answer.count("total", total, "members")
    answer.part("change", "change", change, "percent", 2)
    answer.window(window)
    answer.direction(change)
    tied = int((against == 0).sum()) - 1
    if place == 1:
        answer.tags |= {"first", "best"}
    if place + tied == total:
        answer.tags |= {"last", "worst"}
    if tied:
        answer.tags.add("tie")
    _evidence(answer, window, members, [at])


@metric(
    "breadth",
    "Breadth",
    "How many members of a group rose, or fell, over the window, of all that take part; an unchanged "
    "member did "
    "neither. " + _PART,
    group(),
    over("1s"),
    choice("side", "rose or fell", "up", "down"),
    basis(),
    examples=("breadth?basis=total&in=sp500-members&over=1s",),
)
def _breadth(answer: Answer) -> None:
    window, members = _gathered(answer)
    side = answer["side"]
    went = members.last > members.base if side == "up" else members.last < members.base
    answer.value("count", int(went.sum()), "members")
    answer.count("total", len(members.symbols), "members")
    answer.window(window)
    answer.tags |= {side, "share"}
    _evidence(answer, window, members, [])


@metric(
    "group-return",
    "Return of a group",
    "The median, or the plain mean, of the members' returns over the window, each member counted once "
    "and none "
    "weighted by size. " + _PART,
    group(),
    over("1s"),
    choice("stat", "middle or average", "median", "mean"),
    basis(),
    examples=("group-return?basis=total&in=sp500-members&over=1s",),
)
def _group_return(answer: Answer) -> None:
    window, members = _gathered(answer)
    changes = members.changes()
    middle = median(changes) if answer["stat"] == "median" else sum(changes, Decimal(0)) / len(changes)
    change = percent(middle)
    answer.value("change", change, "percent", 2)
    answer.count("members", len(changes), "members")
    answer.window(window)
    answer.direction(change)
    answer.tags.add(answer["stat"])
    order = sorted(range(len(changes)), key=changes.__getitem__)
    half = len(order) // 2
    middles = order[half - 1 + len(order) % 2 : half + 1] if answer["stat"] == "median" else []
    _evidence(answer, window, members, middles)
