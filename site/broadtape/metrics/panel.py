"""Many instruments at once: closes as one matrix, and what every signal of a share asks of it, along all columns.

Owns no facts and no words: it finds where something happened, for scanning; what is told is computed by the
metrics, exactly. Each measure has two forms: of the last session (a vector, for each day's edition) and of the
whole history (a matrix). NaN is no value; a comparison with it is false.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from broadtape.model import Basis, MarketView, NoData, UnknownSymbol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Marks = NDArray[np.bool_]

YEAR = 252  # sessions
USUAL = 60  # sessions whose spread, or median volume, is the usual
AVERAGE = 200
_CHUNK = 256  # sessions of a history worked on at a time where a measure needs windows of its own


@dataclass(frozen=True, eq=False)
class Panel:
    """Closes (and, where there are any, opens, highs, lows, volumes) by session (rows) and symbol (columns)."""

    symbols: tuple[str, ...]
    close: Matrix
    open: Matrix | None = None
    high: Matrix | None = None
    low: Matrix | None = None
    volume: Matrix | None = None

    @cached_property
    def changes(self) -> Matrix:
        """The change from the session before; the first row is NaN."""
        found = np.empty_like(self.close)
        found[:1] = np.nan
        with np.errstate(invalid="ignore", divide="ignore"):
            np.divide(self.close[1:], self.close[:-1], out=found[1:])
        found[1:] -= 1
        return found

    @cached_property
    def sizes(self) -> Matrix:
        """The changes without their sign."""
        return np.abs(self.changes)

    @cached_property
    def best(self) -> NDArray[np.float64]:
        """Each column's highest close before the last session."""
        return np.asarray(np.fmax.reduce(self.close[:-1], axis=0))

    @cached_property
    def worst(self) -> NDArray[np.float64]:
        """Each column's lowest close before the last session."""
        return np.asarray(np.fmin.reduce(self.close[:-1], axis=0))


def of_view(view: MarketView, symbols: Sequence[str], basis: Basis = "price", most: int = 5_040) -> Panel:
    """The panel of those symbols that have a close on the view's session, over its last `most` sessions."""
    sessions = view.sessions[-most:]
    names, columns = [], []
    for symbol in symbols:
        try:
            bars = view.bars(symbol)
        except (NoData, UnknownSymbol):
            continue
        values = bars.values(basis)
        if not len(bars.days) or bars.days[-1] != sessions[-1] or not np.isfinite(values[-1]):
            continue
        column = np.full(len(sessions), np.nan)
        days, values = bars.days[-len(sessions) :], values[-len(sessions) :]
        if np.array_equal(sessions[-len(days) :], days):  # no session left out, as nearly always
            column[-len(days) :] = values
        else:
            at = np.searchsorted(sessions, days)
            inside = (at < len(sessions)) & (days >= sessions[0])
            kept = inside & (sessions[np.minimum(at, len(sessions) - 1)] == days)
            column[at[kept]] = values[kept]
        names.append(symbol)
        columns.append(column)
    close = np.column_stack(columns) if columns else np.empty((len(sessions), 0))
    return Panel(tuple(names), close)


def middle(values: Matrix) -> NDArray[np.float64]:
    """The median of what is known in each row, as `np.nanmedian` has it but sooner; NaN where nothing is."""
    ordered = np.sort(values, axis=1)  # what is unknown comes last
    known = np.count_nonzero(~np.isnan(values), axis=1)
    rows = np.arange(len(values))
    low, high = ordered[rows, np.maximum(known - 1, 0) // 2], ordered[rows, known // 2]
    return np.asarray((low + high) / 2)


# --- the last session -------------------------------------------------------------------------------------


def rarity(panel: Panel) -> NDArray[np.float64]:
    """The share of each column's sessions whose change was at least as large as the last one's."""
    last = panel.sizes[-1]
    known = np.count_nonzero(np.isfinite(panel.sizes), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.count_nonzero(panel.sizes >= last, axis=0) / known)


def size(panel: Panel) -> NDArray[np.float64]:
    """The last change in units of the spread of the 60 changes before it."""
    before = panel.changes[-1 - USUAL : -1]
    usual = before.std(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(panel.sizes[-1] / usual)


def run(panel: Panel) -> NDArray[np.int64]:
    """How many sessions in a row each column rose (positive) or fell (negative) up to the last."""
    signs = np.sign(panel.changes[-64:])
    return (
        _run_of(signs)
        if np.abs(_run_of(signs)).max(initial=0) < len(signs)
        else _run_of(np.sign(panel.changes))
    )


def _run_of(signs: Matrix) -> NDArray[np.int64]:
    last = signs[-1]
    same = signs[::-1] == last
    lengths = np.where(same.all(axis=0), len(signs), np.argmin(same, axis=0))
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(last) & (last != 0), lengths * last, 0).astype(np.int64)


def records(panel: Panel) -> tuple[Marks, Marks]:
    """Whose last close is above, and whose below, every earlier one."""
    return panel.close[-1] > panel.best, panel.close[-1] < panel.worst


def year_extremes(panel: Panel) -> tuple[Marks, Marks]:
    """Whose last close is the highest, and whose the lowest, of the last 252 sessions."""
    before = panel.close[-YEAR:-1]
    last = panel.close[-1]
    return last > np.fmax.reduce(before, axis=0), last < np.fmin.reduce(before, axis=0)


def drawdown(panel: Panel) -> NDArray[np.float64]:
    """How far each last close is from the highest close, in percent; zero at it."""
    return np.asarray((panel.close[-1] / np.fmax(panel.best, panel.close[-1]) - 1) * 100)


def crossed(panel: Panel, by: float) -> Marks:
    """Who came to close at least `by` percent below the highest close in the last session."""
    before = panel.close[-2] / panel.best - 1
    now = panel.close[-1] / np.fmax(panel.best, panel.close[-1]) - 1
    return np.asarray((now * 100 <= -by) & (before * 100 > -by))


def above_average(panel: Panel, back: int = 0) -> Marks:
    """Who closed above the mean of its last 200 closes, `back` sessions before the last."""
    end = len(panel.close) - back
    return np.asarray(panel.close[end - 1] > panel.close[max(end - AVERAGE, 0) : end].mean(axis=0))


def average_crossed(panel: Panel) -> NDArray[np.int8]:
    """1 where the last close came above its 200-session mean, -1 where it came below, else 0."""
    return above_average(panel).astype(np.int8) - above_average(panel, 1).astype(np.int8)


def round_crossed(panel: Panel) -> NDArray[np.float64]:
    """The round number that the last close is above and no earlier one was; NaN where there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        step = 10.0 ** np.maximum(np.floor(np.log10(panel.close[-1])) - 1, 0)
    level = np.floor(panel.close[-1] / step) * step
    return np.where((level > 0) & (panel.best < level), level, np.nan)


def gapped(panel: Panel) -> NDArray[np.int8]:
    """1 where the last session opened above the range of the one before, -1 where below, else 0."""
    if panel.open is None or panel.high is None or panel.low is None:
        return np.zeros(len(panel.symbols), np.int8)
    opened = panel.open[-1]
    return np.asarray((opened > panel.high[-2]).astype(np.int8) - (opened < panel.low[-2]).astype(np.int8))


def reversal(panel: Panel) -> NDArray[np.float64]:
    """The lowest price of a session that closed up, or the highest of one that closed down, from the close before."""
    if panel.high is None or panel.low is None:
        return np.zeros(len(panel.symbols))
    up = panel.changes[-1] > 0
    far = np.where(up, panel.low[-1] / panel.close[-2] - 1, panel.high[-1] / panel.close[-2] - 1)
    return np.where(np.sign(far) == -np.sign(panel.changes[-1]), far, 0.0)


def volume(panel: Panel) -> NDArray[np.float64]:
    """The last session's volume as a multiple of the median of the 60 before; NaN without volumes."""
    if panel.volume is None:
        return np.full(len(panel.symbols), np.nan)
    return np.asarray(panel.volume[-1] / np.median(panel.volume[-1 - USUAL : -1], axis=0))


def advancing(panel: Panel) -> float:
    """The share of columns with a last change that rose."""
    last = panel.changes[-1]
    known = np.isfinite(last)
    return float((last[known] > 0).mean()) if known.any() else float("nan")


# --- the whole history ----------------------------------------------------------------------------------


def run_history(panel: Panel) -> NDArray[np.int16]:
    """`run` of every session."""
    signs = np.sign(panel.changes)
    np.nan_to_num(signs, copy=False)
    signs = signs.astype(np.int16)
    found = np.zeros(signs.shape, np.int16)
    now = np.zeros(signs.shape[1], np.int16)
    for at, sign in enumerate(signs):
        now *= (now * sign) > 0  # a turn, or a session without a change, begins anew
        now += sign
        found[at] = now
    return found


def record_history(panel: Panel) -> Marks:
    """Where a close is above every earlier one."""
    best = np.fmax.accumulate(panel.close, axis=0)
    found = np.zeros(best.shape, bool)
    np.greater(panel.close[1:], best[:-1], out=found[1:])
    return found


def drawdown_history(panel: Panel) -> Matrix:
    """`drawdown` of every session."""
    best = np.fmax.accumulate(panel.close, axis=0)
    np.divide(panel.close, best, out=best)
    best -= 1
    best *= 100
    return best


def year_high_history(panel: Panel) -> Marks:
    """Where a close is the highest of the last 252 sessions: the running maximum of blocks, forwards and backwards.

    Two passes instead of 252 comparisons a session (van Herk, Gil and Werman).
    """
    total, width = panel.close.shape
    blocks = -(-total // YEAR)
    padded = np.full((blocks * YEAR, width), -np.inf)
    np.copyto(padded[:total], panel.close, where=np.isfinite(panel.close))
    shaped = padded.reshape(blocks, YEAR, width)
    forwards = np.maximum.accumulate(shaped, axis=1).reshape(-1, width)
    backwards = np.maximum.accumulate(shaped[:, ::-1], axis=1)[:, ::-1].reshape(-1, width)
    found = np.zeros((total, width), bool)
    if total >= YEAR:
        window = np.maximum(backwards[: total - YEAR + 1], forwards[YEAR - 1 : total])
        np.greater_equal(panel.close[YEAR - 1 :], window, out=found[YEAR - 1 :])
    return found


def average_history(panel: Panel) -> Marks:
    """`above_average` of every session; a running sum of each column, which stays in the processor's cache."""
    close = panel.close
    found = np.zeros(close.shape, bool)
    sums = np.zeros(close.shape[1])
    known = np.zeros(close.shape[1], np.int32)
    there = np.isfinite(close)
    for at, row in enumerate(close):
        sums += np.where(there[at], row, 0.0)
        known += there[at]
        if at >= AVERAGE:
            sums -= np.where(there[at - AVERAGE], close[at - AVERAGE], 0.0)
            known -= there[at - AVERAGE]
        np.logical_and(row * AVERAGE > sums, known == AVERAGE, out=found[at])
    return found


def size_history(panel: Panel) -> Matrix:
    """`size` of every session, from running sums of the changes and of their squares."""
    changes = np.nan_to_num(panel.changes)
    total = np.cumsum(changes, axis=0)
    squares = np.cumsum(changes * changes, axis=0)
    found = np.full(changes.shape, np.nan)
    first = USUAL + 1
    if len(changes) > first:
        sums = total[USUAL:-1] - total[: -USUAL - 1]
        spread = squares[USUAL:-1] - squares[: -USUAL - 1] - sums * sums / USUAL
        spread /= USUAL - 1
        np.maximum(spread, 0, out=spread)
        np.sqrt(spread, out=spread)
        with np.errstate(invalid="ignore", divide="ignore"):
            np.divide(panel.sizes[first:], spread, out=found[first:])
    return found


def volume_history(panel: Panel) -> Matrix:
    """`volume` of every session, a stretch of sessions at a time."""
    if panel.volume is None:
        return np.full(panel.close.shape, np.nan)
    traded = panel.volume
    found = np.full(traded.shape, np.nan)
    for start in range(USUAL, len(traded), _CHUNK):
        end = min(start + _CHUNK, len(traded))
        windows = np.lib.stride_tricks.sliding_window_view(traded[start - USUAL : end - 1], USUAL, axis=0)
        middle = np.partition(windows, (USUAL // 2 - 1, USUAL // 2), axis=-1)
        found[start:end] = traded[start:end] / (middle[..., USUAL // 2 - 1 : USUAL // 2 + 1].mean(axis=-1))
    return found
