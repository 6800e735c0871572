"""Prices as arrays over the market's sessions, and exact figures from them.

Owns reading a series on one basis and comparing or dividing its values without float artefacts. Owns no
metric and no wording.

Arrays are float64 over `view.sessions`, NaN where the series has no value: index i of two lines is the
same session. What is printed is divided in Decimal from the shortest text of each stored value and rounded
half-up once; comparisons within 1e-12 of each other are decided in Decimal too, so that a tie is a tie.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import numpy as np

from broadtape.model import Bars, Basis, MarketView, NoData
from broadtape.numbers import rounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

Field = Literal["close", "adj_close", "high", "low"]
Floats = "NDArray[np.float64]"

_NEAR = 1e-12
_HUNDRED = Decimal(100)
_MOST_GIVEN = 4  # decimals of an index level; more are a source's float noise


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One field of one instrument over the market's sessions; NaN where there is no value."""

    symbol: str
    field: Field
    sessions: NDArray[np.datetime64]
    values: NDArray[np.float64]
    bars: Bars

    @property
    def start(self) -> int:
        """The position of the first session with a value."""
        return int(np.flatnonzero(np.isfinite(self.values))[0])

    def exact(self, position: int) -> Decimal:
        """The stored value at a position as a decimal; NoData says why where there is none or it is held."""
        value = float(self.values[position])
        if self.bars.held and (reason := self.bars.why_held(self.field, self.day(position))):
            raise NoData(f"{self.symbol}: {reason.removeprefix(f'{self.symbol}: ')}")
        if math.isnan(value):
            raise NoData(f"{self.symbol}: no {words(self.field)} on {self.day(position)}")
        return exact(value)

    def day(self, position: int) -> date:
        """The session at a position."""
        return as_date(self.sessions[position])

    def places(self, position: int) -> int:
        """The decimals to print at a position; later data never change it, or filed facts would no longer hold.

        Prices are printed in cents, those under a dollar with up to four digits. An index level has the most
        that the source gave in the 20 sessions to it: one that keeps six digits gives 6192.92, and later
        23733.9; printing 23,733.90 would claim a digit that it never gave.
        """
        if self.bars.unit != "points":
            price = self.exact(position)
            return 2 if price >= 1 else min(3 - price.adjusted(), max(2, digits(price)))
        recent = self.values[max(position - 19, 0) : position + 1]
        most = max((digits(exact(value)) for value in recent[np.isfinite(recent)].tolist()), default=0)
        return most if most <= _MOST_GIVEN else 2

    def printed(self, position: int) -> Decimal:
        """The value as prose and tables print it: with the decimals the source gives there."""
        return tidy(rounded(self.exact(position), self.places(position)))


def line(view: MarketView, symbol: str, field: Field = "close") -> Line:
    """One field of an instrument over `view.sessions`; NoData where its source does not give that field.

    Days that are no sessions of the market's calendar are left out.
    """
    bars = view.bars(symbol)
    sessions = view.sessions
    source: NDArray[np.float64] = getattr(bars, field)
    values = np.full(len(sessions), np.nan)
    at = np.searchsorted(sessions, bars.days)
    at[at == len(sessions)] = 0
    kept = (sessions[at] == bars.days) & np.isfinite(source) & (source > 0)
    if not kept.any():
        raise NoData(f"{symbol}: {_lacking(bars, field)}")
    values[at[kept]] = source[kept]
    return Line(symbol, field, sessions, values, bars)


def closing(view: MarketView, symbol: str, basis: Basis = "price") -> Line:
    """The closes on one basis; never a mixture."""
    return line(view, symbol, "close" if basis == "price" else "adj_close")


def current(series: Line) -> Line:
    """The line itself if it has a value on the as-of session; NoData naming its last one otherwise."""
    if not np.isfinite(series.values[-1]):
        last = int(np.flatnonzero(np.isfinite(series.values))[-1])
        missing = f"no {words(series.field)} on {series.day(-1)}"
        raise NoData(f"{series.symbol}: {missing}; the last is of {series.day(last)}")
    return series


def closes(
    view: MarketView, symbol: str, basis: Basis = "price"
) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Days and closes of one instrument on one basis, ascending; sessions without one are left out."""
    series = closing(view, symbol, basis)
    kept = np.isfinite(series.values)
    return series.sessions[kept], series.values[kept]


def pair(
    view: MarketView, of: str, vs: str, basis: Basis = "price"
) -> tuple[NDArray[np.datetime64], NDArray[np.float64], NDArray[np.float64]]:
    """Days both closed on, and both closes. A day only one has is left out. For scanning."""
    a, b = closing(view, of, basis), closing(view, vs, basis)
    kept = np.isfinite(a.values) & np.isfinite(b.values)
    return a.sessions[kept], a.values[kept], b.values[kept]


# --- exact figures ------------------------------------------------------------------------------------


def exact(value: float) -> Decimal:
    """The decimal a float stands for: its shortest text, as the source wrote it."""
    return Decimal(repr(float(value)))


def digits(value: Decimal) -> int:
    """How many decimals a value needs; the noise of binary fractions beyond the ninth is none."""
    return max(-int(round(value, 9).normalize().as_tuple().exponent), 0)


def tidy(value: Decimal) -> Decimal:
    """The value without a negative zero."""
    return abs(value) if value == 0 else value


def percent_change(before: Decimal, after: Decimal) -> Decimal:
    """The change in percent, not yet rounded."""
    return (after - before) * _HUNDRED / before


def percent(value: Decimal, decimals: int = 2) -> Decimal:
    """Rounded half-up, without a negative zero."""
    return tidy(rounded(value, decimals))


def median(values: Sequence[Decimal]) -> Decimal:
    """The middle value, or the mean of the two middle ones."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def compare_changes(
    a0: NDArray[np.float64], a1: NDArray[np.float64], b0: NDArray[np.float64], b1: NDArray[np.float64]
) -> NDArray[np.int8]:
    """1 where a1/a0 is greater than b1/b0, -1 where smaller, 0 where exactly equal; NaN gives 0.

    Shapes broadcast. Quotients closer than 1e-12 are compared by exact cross-multiplication.
    """
    ahead, behind = a1 / a0, b1 / b0
    gap = ahead - behind
    result = np.sign(np.nan_to_num(gap)).astype(np.int8)
    for at in np.flatnonzero(np.abs(gap) <= _NEAR * np.abs(behind)).tolist():
        left = exact(_at(a1, at)) * exact(_at(b0, at))
        right = exact(_at(b1, at)) * exact(_at(a0, at))
        result[at] = (left > right) - (left < right)
    return result


def compare_with(a0: NDArray[np.float64], a1: NDArray[np.float64], change_pct: Decimal) -> NDArray[np.int8]:
    """1 where the change from a0 to a1 exceeds `change_pct` percent, -1 where it is less, 0 where equal."""
    hundred = np.full(len(a0), 100.0)
    return compare_changes(a0, a1, hundred, np.full(len(a0), float(_HUNDRED + change_pct)))


def _at(values: NDArray[np.float64], at: int) -> float:
    return float(values[at]) if len(values) > 1 else float(values[0])


# --- days ---------------------------------------------------------------------------------------------


def as_date(day: np.datetime64) -> date:
    """A numpy day as a date."""
    value = day.astype("datetime64[D]").item()
    if not isinstance(value, date):
        raise NoData("there is no such day")
    return value


def words(field: Field) -> str:
    """A field's name in prose."""
    return {"close": "close", "adj_close": "close including dividends", "high": "high", "low": "low"}[field]


def _lacking(bars: Bars, field: Field) -> str:
    if field == "close" and np.isfinite(bars.adj_close).any():
        return "its source gives only closes including dividends, which are no prices; ask basis=total"
    if field == "adj_close":
        return "its source gives no closes including dividends; ask basis=price"
    return f"its source gives no {words(field)} up to {bars.days[-1]}"
