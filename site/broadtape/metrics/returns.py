"""Returns, levels and quotes: how far one instrument moved, alone or against another.

Owns return, relative-return, max-drawdown, level and quote, and the size of a move in the series' own terms.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape.metrics import windows
from broadtape.metrics.registry import Answer, Parameter, basis, metric, over, symbol_of, symbol_vs
from broadtape.metrics.series import Line, as_date, closing, current, line, percent, percent_change
from broadtape.model import Bars, Basis, NoData, NotTrue

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZES = (0.25, 0.75, 1.75, 3.0)
VOLATILITY_SESSIONS = 60


def size_of(values: NDArray[np.float64], base: int, last: int) -> int | None:
    """The size class 0–4 of the move from `base` to `last`, positions in a dense or gapless array of closes.

    |return| in units of the standard deviation of the 60 one-session returns before the window, scaled by the
    square root of the window's sessions: under 0.25, to 0.75, to 1.75, to 3, above. None where there are not
    60 earlier returns or they are all alike.
    """
    before = values[: base + 1]
    before = before[np.isfinite(before)][-(VOLATILITY_SESSIONS + 1) :]
    if len(before) <= VOLATILITY_SESSIONS or last <= base:
        return None
    volatility = float(np.std(before[1:] / before[:-1] - 1, ddof=1)) * float(np.sqrt(last - base))
    move = abs(float(values[last] / values[base]) - 1)
    if not volatility > 1e-12 or not np.isfinite(move):
        return None
    scaled = move / volatility
    return 0 if scaled < SIZES[0] else 1 + int(np.searchsorted(SIZES[1:], scaled))


def size_class(bars: Bars, over: tuple[int, int], basis: Basis = "price") -> int | None:
    """`size_of` for positions (base, last) in the bars themselves."""
    return size_of(bars.values(basis), *over)


def window_change(series: Line, window: windows.Window) -> Decimal:
    """The window's change in percent, not yet rounded; NoData where either close is missing."""
    return percent_change(series.exact(window.base), series.exact(window.last))


@metric(
    "return",
    "Return",
    "The change in percent from the close before the window to the close of its last session, rounded "
    "half-up to two decimals. A month, quarter, year or week counts only when it is complete; a window "
    "since a day starts from that day's own close. Returns are of prices alone unless they are called "
    "including dividends.",
    symbol_of(),
    over(),
    basis(),
    examples=(
        "return?of=INDEXRUSSELL:RUT&over=2025-12",
        "return?of=INDEXRUSSELL:RUT&over=2026.first5s",
        "return?basis=total&of=NYSEARCA:IWM&over=ytd",
    ),
)
def _return(answer: Answer) -> None:
    window = windows.resolve(answer.view, answer["over"])
    series = closing(answer.view, answer["of"], answer.basis)
    change = percent(window_change(series, window))
    answer.value("change", change, "percent", 2)
    answer.names(answer["of"])
    answer.window(window)
    if series.field == "close":
        answer.level("from", series, window.base)
        answer.level("to", series, window.last)
    answer.direction(change)
    size = 0 if change == 0 else size_of(series.values, window.base, window.last)
    if size is not None:
        answer.tags.add(f"size{size}")
    answer.rows([series], [window.base, window.last])
    answer.span(series, window.base, window.last)


@metric(
    "relative-return",
    "Relative return",
    "The return of one minus the return of the other over the same window, in percentage points, rounded "
    "once, half-up, to two decimals. The first leads when the difference is above zero as printed and "
    "lags when it is below; both returns are on the same basis.",
    symbol_of("the one whose lead is measured"),
    symbol_vs(),
    over(),
    basis(),
    examples=("relative-return?of=INDEXRUSSELL:RUT&over=2025-12&vs=INDEXSP:SPX",),
)
def _relative_return(answer: Answer) -> None:
    window = windows.resolve(answer.view, answer["over"])
    one = closing(answer.view, answer["of"], answer.basis)
    other = closing(answer.view, answer["vs"], answer.basis)
    change = percent(window_change(one, window) - window_change(other, window))
    answer.value("change", change, "percentage points", 2)
    answer.names(answer["of"], answer["vs"])
    answer.window(window)
    answer.direction(change, ("lead", "lag", "even"))
    answer.rows([one, other], [window.base, window.last])
    answer.span(one, window.base, window.last)
    answer.span(other, window.base, window.last)


@metric(
    "max-drawdown",
    "Largest drawdown",
    "The largest fall in percent from one close to a later close within the window, the close before the "
    "window included. The peak is the last session at the high it fell from, the trough the first "
    "session at the low.",
    symbol_of(),
    over("2025"),
    examples=("max-drawdown?of=INDEXSP:SPX&over=2025",),
)
def _max_drawdown(answer: Answer) -> None:
    window = windows.resolve(answer.view, answer["over"])
    series = line(answer.view, answer["of"])
    series.exact(window.base)
    series.exact(window.last)
    values = series.values[window.base : window.last + 1]
    held = np.where(np.isfinite(values), values, -np.inf)
    falls = np.nan_to_num(values / np.maximum.accumulate(held) - 1)
    trough = int(np.argmin(falls))
    if falls[trough] >= 0:
        raise NotTrue(f"{answer['of']} never closed below an earlier close over {answer['over']}")
    peak = trough - 1 - int(np.argmax(held[:trough][::-1]))
    change = percent(percent_change(series.exact(window.base + peak), series.exact(window.base + trough)))
    answer.value("change", change, "percent", 2)
    answer.names(answer["of"])
    answer.window(window)
    answer.day("peak", series.day(window.base + peak))
    answer.day("trough", series.day(window.base + trough))
    answer.direction(change)
    answer.tags.add("largest")
    answer.rows([series], [window.base + peak, window.base + trough])
    answer.span(series, window.base, window.last)


@metric(
    "level",
    "Closing level",
    "The close of one session as printed: a price in dollars, or an index level in points.",
    symbol_of(),
    Parameter("on", "the session; the as-of session if left out", "", "2026-01-08", "date"),
    examples=("level?of=INDEXRUSSELL:RUT&on=2026-01-08", "level?of=INDEXRUSSELL:RUT"),
)
def _level(answer: Answer) -> None:
    series = line(answer.view, answer["of"])
    at = len(series.sessions) - 1
    if answer["on"]:
        on = np.datetime64(answer["on"], "D")
        at = int(np.searchsorted(series.sessions, on))
        if at == len(series.sessions) or series.sessions[at] != on:
            raise NoData(f"on: {answer['on']} was no session up to {answer.view.as_of}")
    answer.value("level", series.printed(at), series.bars.unit, series.places(at))
    answer.names(answer["of"])
    answer.day("date", series.day(at))
    answer.tags.add("close")
    answer.row(series, at)


@metric(
    "quote",
    "Quote",
    "The close of the as-of session with its change from the close of the session before, in the price's "
    "own unit and in percent. An instrument without a close on either session has no quote.",
    symbol_of(),
    examples=("quote?of=NASDAQ:MSFT",),
)
def _quote(answer: Answer) -> None:
    series = current(line(answer.view, answer["of"]))
    at = len(series.sessions) - 1
    before = at - 1
    if before < 0:
        raise NoData(f"{answer['of']}: the calendar has no session before {as_date(series.sessions[at])}")
    change = percent(percent_change(series.exact(before), series.exact(at)))
    answer.value("level", series.printed(at), series.bars.unit, series.places(at))
    answer.names(answer["of"])
    moved = series.printed(at) - series.printed(before)
    answer.part("change", "change", moved, series.bars.unit, max(series.places(at), series.places(before)))
    answer.part("percent", "change", change, "percent", 2)
    answer.day("date", series.day(at))
    answer.direction(moved)
    answer.tags.add("close")
    answer.rows([series], [before, at])
