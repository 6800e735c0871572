"""Within a session: how far it went from the close before, where it opened, how much was traded.

Owns session-extreme, gap, volume and volume-since; each needs fields that not every source gives.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape.metrics.registry import Answer, choice, metric, symbol_of
from broadtape.metrics.series import as_date, compare_with, current, exact, line, percent, percent_change
from broadtape.model import NoData, NotTrue

if TYPE_CHECKING:
    from numpy.typing import NDArray

USUAL_SESSIONS = 60  # before the as-of one, whose median volume is the usual


def turns(answer: Answer, way: str, at_least: Decimal) -> NDArray[np.intp]:
    """Positions of the sessions that went at least so many percent the other way and closed `way`: up, or down."""
    closes = line(answer.view, answer["of"])
    within = line(answer.view, answer["of"], "low" if way == "up" else "high").values
    sign = 1 if way == "up" else -1
    before, after = closes.values[:-1], closes.values[1:]
    there = np.isfinite(before) & np.isfinite(after) & np.isfinite(within[1:])
    turned = compare_with(before, within[1:], -sign * at_least) * sign <= 0
    return np.asarray(1 + np.flatnonzero(there & turned & (sign * (after - before) > 0)), dtype=np.intp)


@metric(
    "session-extreme",
    "How far a session went",
    "The change in percent from the close before to the lowest (or highest) price within the as-of session.",
    symbol_of(),
    choice("side", "the lowest or the highest price", "low", "high"),
    examples=("session-extreme?of=INDEXSP:SPX",),
)
def _session_extreme(answer: Answer) -> None:
    side = answer["side"]
    closes = line(answer.view, answer["of"])
    within = current(line(answer.view, answer["of"], "low" if side == "low" else "high"))
    last = len(closes.sessions) - 1
    if last < 1:
        raise NoData(f"the calendar has no session before {answer.view.as_of}")
    change = percent(percent_change(closes.exact(last - 1), within.exact(last)))
    answer.value("change", change, "percent", 2)
    answer.names(answer["of"])
    answer.day("date", closes.day(last))
    answer.direction(change)
    answer.tags |= {"intraday", "lowest" if side == "low" else "highest"}
    answer.row(closes, last - 1)
    answer.row(within, last)


@metric(
    "gap",
    "Gap at the open",
    "The change in percent from the close before to the open of the as-of session, when the session opened above the "
    "highest or below the lowest price of the session before.",
    symbol_of(),
    examples=("gap?of=NYSEARCA:SPY",),
)
def _gap(answer: Answer) -> None:
    closes = line(answer.view, answer["of"])
    bars = closes.bars
    highs, lows = line(answer.view, answer["of"], "high"), line(answer.view, answer["of"], "low")
    last = len(closes.sessions) - 1
    at = len(bars.days) - 1
    if last < 1 or at < 1 or bars.days[at] != closes.sessions[last] or not bars.open[at] > 0:
        raise NoData(f"{answer['of']}: no open on {answer.view.as_of}")
    opened = exact(bars.open[at])
    if not highs.exact(last - 1) < opened and not opened < lows.exact(last - 1):
        raise NotTrue(f"{answer['of']} opened within the range of the session before")
    change = percent(percent_change(closes.exact(last - 1), opened))
    answer.value("change", change, "percent", 2)
    answer.names(answer["of"])
    answer.day("date", closes.day(last))
    answer.direction(change)
    answer.tags |= {"intraday", "gap"}
    answer.row(closes, last - 1)
    answer.close(answer["of"], closes.day(last), "open", float(bars.open[at]), bars)


def volumes(answer: Answer) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Days and volumes up to the as-of session, which must have one; days without are left out."""
    bars = answer.view.bars(answer["of"])
    kept = np.isfinite(bars.volume) & (bars.volume > 0)
    days, traded = bars.days[kept], bars.volume[kept]
    if not len(days) or as_date(days[-1]) != answer.view.as_of:
        raise NoData(f"{answer['of']}: no volume on {answer.view.as_of}")
    return days, traded


@metric(
    "volume",
    "Volume against the usual",
    "The shares traded in the as-of session as a multiple of the median of the 60 sessions before.",
    symbol_of(),
    examples=("volume?of=NYSEARCA:SPY",),
)
def _volume(answer: Answer) -> None:
    days, traded = volumes(answer)
    if len(traded) <= USUAL_SESSIONS:
        raise NoData(f"{answer['of']}: under {USUAL_SESSIONS} earlier sessions with a volume")
    usual = sorted(exact(float(one)) for one in traded[-USUAL_SESSIONS - 1 : -1])
    middle = (usual[USUAL_SESSIONS // 2 - 1] + usual[USUAL_SESSIONS // 2]) / 2
    ratio = percent(exact(float(traded[-1])) / middle, 1)
    answer.value("level", ratio, "times", 1)
    answer.names(answer["of"])
    answer.day("date", as_date(days[-1]))
    answer.tags |= {"volume", "median"}
    bars = answer.view.bars(answer["of"])
    answer.close(answer["of"], as_date(days[-1]), "volume", float(traded[-1]), bars)
    answer.group_span(
        answer["of"], "volume", as_date(days[-USUAL_SESSIONS - 1]), as_date(days[-2]),
        traded[-USUAL_SESSIONS - 1 : -1], [bars.origin],
    )  # fmt: skip


@metric(
    "volume-since",
    "Most traded since",
    "The last earlier session in which at least as many shares were traded as in the as-of session; nothing is said "
    "when that is the session before.",
    symbol_of(),
    examples=("volume-since?of=NYSEARCA:SPY",),
)
def _volume_since(answer: Answer) -> None:
    days, traded = volumes(answer)
    reached = np.flatnonzero(traded[:-1] >= traded[-1])
    if not len(reached):
        raise NotTrue(f"{answer['of']} never traded so much before in the data")
    at = int(reached[-1])
    if at == len(days) - 2:
        raise NotTrue(f"{answer['of']} traded as much in the session before")
    answer.value("date", as_date(days[at]), "date")
    answer.names(answer["of"])
    answer.tags |= {"volume", "since", "largest", "last"}
    bars = answer.view.bars(answer["of"])
    for place in (at, len(days) - 1):
        answer.close(answer["of"], as_date(days[place]), "volume", float(traded[place]), bars)
    answer.group_span(
        answer["of"], "volume", as_date(days[at]), as_date(days[-1]), traded[at:], [bars.origin]
    )
