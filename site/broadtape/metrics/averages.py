"""Averages of closes: how far a close is from its average, and how many of a group are above theirs.

Owns average-distance, average-side and above-average. Draws no conclusion from a cross: its base rate is
what-followed's.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape.metrics.groups import members_of
from broadtape.metrics.registry import Answer, Parameter, basis, choice, group, metric, symbol_of
from broadtape.metrics.series import as_date, current, exact, line, percent, percent_change
from broadtape.model import Bars, NoData, NotTrue, UnknownSymbol

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 250


def _length(answer: Answer) -> int:
    length = int(answer["sessions"])
    if not 5 <= length <= MOST:
        raise NoData(f"sessions: an average of {length} is not kept; ask 5 to {MOST}")
    return length


def _sessions() -> Parameter:
    return Parameter("sessions", "how many closes are averaged", "200", "200", "count")


def sides(values: NDArray[np.float64], length: int) -> NDArray[np.int8]:
    """From the first full average on, whether each value is above (1), below (-1) or at (0) its average.

    The average of `length` values ends with the value itself. What lies within a billionth is decided exactly.
    """
    if len(values) < length:
        return np.zeros(0, np.int8)
    total = np.concatenate([[0.0], np.cumsum(values)])
    means = (total[length:] - total[:-length]) / length
    gaps = values[length - 1 :] - means
    found: NDArray[np.int8] = np.sign(gaps).astype(np.int8)
    for at in np.flatnonzero(np.abs(gaps) <= 1e-9 * means).tolist():
        mean = sum((exact(one) for one in values[at : at + length].tolist()), Decimal(0)) / length
        gap = exact(float(values[at + length - 1])) - mean
        found[at] = (gap > 0) - (gap < 0)
    return found


def crossings(values: NDArray[np.float64], length: int, side: str, at_least: int) -> NDArray[np.intp]:
    """Positions that close above (below) the average when at least so many in a row before had not, counted once."""
    found = sides(values, length)
    way = 1 if side in {"above", "up"} else -1
    there = found == way
    came = np.flatnonzero(there[1:] & ~there[:-1]) + 1
    before = np.concatenate([[-1], np.flatnonzero(there)])
    waited = came - 1 - before[np.searchsorted(before, came) - 1]
    return np.asarray(came[waited >= at_least] + length - 1, dtype=np.intp)


@metric(
    "average-distance",
    "Distance from the average",
    "How far, in percent, the as-of close is from the mean of the last 200 (or so many) closes, itself included.",
    symbol_of(),
    _sessions(),
    examples=("average-distance?of=INDEXSP:SPX",),
)
def _average_distance(answer: Answer) -> None:
    length = _length(answer)
    series = current(line(answer.view, answer["of"]))
    kept = np.flatnonzero(np.isfinite(series.values))[-length:]
    if len(kept) < length:
        raise NoData(f"{answer['of']}: fewer than {length} closes")
    mean = sum((series.exact(int(at)) for at in kept), Decimal(0)) / length
    change = percent(percent_change(mean, series.exact(int(kept[-1]))))
    answer.value("change", change, "percent", 2)
    answer.names(answer["of"])
    answer.count("length", length, "sessions")
    answer.tags |= {"above" if change > 0 else "below", "mean", "close"} if change else {"flat", "mean"}
    answer.row(series, int(kept[-1]))
    answer.span(series, int(kept[0]), int(kept[-1]))


@metric(
    "average-cross",
    "Crossing of the average",
    "How many sessions in a row had closed on the other side of the mean of the last 200 (or so many) closes when the "
    "as-of session closed above (or below) it.",
    symbol_of(),
    choice("side", "to which side", "above", "below"),
    _sessions(),
    examples=("average-cross?of=INDEXSP:SPX&side=below",),
)
def _average_cross(answer: Answer) -> None:
    length, side = _length(answer), answer["side"]
    series = current(line(answer.view, answer["of"]))
    kept = np.flatnonzero(np.isfinite(series.values))
    found = sides(series.values[kept], length)
    way = 1 if side == "above" else -1
    if len(found) < 2 or found[-1] != way or found[-2] == way:
        raise NotTrue(f"{answer['of']} did not cross to {side} its {length}-session average")
    before = np.flatnonzero(found[:-1] == way)
    count = len(found) - 2 - int(before[-1]) if len(before) else len(found) - 1
    answer.value("count", count, "sessions")
    answer.names(answer["of"])
    answer.count("length", length, "sessions")
    answer.day("date", series.day(int(kept[-1])))
    answer.tags |= {side, "mean", "close", "earlier", "first"}
    answer.rows([series], [int(kept[-2]), int(kept[-1])])
    answer.span(series, int(kept[max(len(kept) - length - count - 1, 0)]), int(kept[-1]))


@metric(
    "above-average",
    "Members above their average",
    "How many members of a group closed the as-of session above the mean of their own last 200 (or so many) closes, of "
    "all that have so many; where fewer than half of the group has, nothing is said.",
    group(),
    _sessions(),
    basis(),
    examples=("above-average?basis=total&in=sp500-members",),
)
def _above_average(answer: Answer) -> None:
    length = _length(answer)
    members = members_of(answer.view, answer["in"])
    if not members:
        raise NoData(f"in: no group {answer['in']!r} has members on {answer.view.as_of}")
    today = np.datetime64(answer.view.as_of, "D")
    taken: list[tuple[Bars, NDArray[np.float64]]] = []
    for symbol in members:
        try:
            bars = answer.view.bars(symbol)
        except (NoData, UnknownSymbol):
            continue
        values = bars.values(answer.basis)
        values = values[np.isfinite(values) & (values > 0)]
        if len(values) >= length and bars.days[-1] == today and np.isfinite(bars.values(answer.basis)[-1]):
            taken.append((bars, values[-length:]))
    if 2 * len(taken) < len(members):
        raise NoData(f"in: only {len(taken)} of the {len(members)} members have {length} closes")
    above = sum(int(sides(values, length)[-1] > 0) for _, values in taken)
    answer.value("count", above, "members")
    answer.count("total", len(taken), "members")
    answer.count("length", length, "sessions")
    answer.tags |= {"share", "above", "mean"}
    first = as_date(answer.view.sessions[-min(length, len(answer.view.sessions))])
    field = "close" if answer["basis"] == "price" else "adj_close"
    answer.group_span(
        answer["in"], field, first, answer.view.as_of, np.concatenate([values for _, values in taken]),
        (bars.origin for bars, _ in taken),
    )  # fmt: skip
