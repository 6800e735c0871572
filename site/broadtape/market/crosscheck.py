"""What sources say against each other: values they dispute, splits that a price series hides, restated histories.

Pure; decides what is held, never which value is right. The view applies it, docs/contracts/market-store.md tells it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape.market.splice import Strip
from broadtape.model import Basis, Held

if TYPE_CHECKING:
    from numpy.typing import NDArray

DISPUTED = 0.005  # of a value: beyond it two sources do not say the same close
AROUND = 20  # shared sessions before one, by whose middle ratio another anchor is told from a dispute

READING_SLACK = Decimal(
    "0.0005"
)  # of a reading: beyond it, and beyond its printed digits, two sources differ

LEAST_SPLIT = 1.17  # the smallest is 5:4, on a day that moves against it
NEAR = 0.06  # of the ratio: a split day has a move of its own
NEAR_ALONE = 0.02  # where nothing else bears it out
SURE_FROM = 1.9  # and then only 2:1 and beyond
_RATIOS = sorted(
    {(n, 1) for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 35, 40, 50, 75, 100)}
    | {(3, 2), (4, 3), (5, 2), (5, 4), (5, 3), (7, 2)},
    key=lambda ratio: ratio[0] / ratio[1],
)

RESTATED_LEAST = 5  # shared rows that show a history restated as a whole
RESTATED_SHARE = 0.8  # of them that must have moved by the same factor


# --- disputes ---------------------------------------------------------------------------------------------


def disputes(strips: Sequence[Strip], used: Iterable[str], basis: Basis) -> list[Held]:
    """Sessions on which another source contradicts the one in use and none bears it out, ascending.

    `strips` by precedence, each cut at the view's instant; `used`: the sources that the joined series is made of.
    A lasting factor between two sources is another anchor of the adjustment, no dispute: each session's ratio is
    compared with the middle one of the twenty shared sessions before it.
    """
    key = "close" if basis == "price" else "adj_close"
    taken = set(used)
    found: dict[date, Held] = {}
    settled: set[date] = set()
    for number, ours in enumerate(strips):
        if ours.source not in taken:
            continue
        against: dict[int, tuple[Strip, float, float]] = {}
        borne_out: set[int] = set()
        for other in (*strips[:number], *strips[number + 1 :]):
            here, ratio, theirs = _ratios(ours, other, basis)
            if not len(here):
                continue
            if len(ratio) > AROUND and ratio.max() <= ratio.min() * (1 + DISPUTED):
                borne_out.update(here.tolist())  # no session can be further from its usual ratio than that
                continue
            off = np.abs(ratio / _usual(ratio) - 1)
            printed = 0.5 * 10.0**-ours.decimals / (theirs / ratio) + 0.5 * 10.0**-other.decimals / theirs
            alike = off <= DISPUTED + printed  # pennies of a cheap share are half a percent by themselves
            borne_out.update(here[alike].tolist())
            for at in np.flatnonzero(~alike).tolist():
                against.setdefault(int(here[at]), (other, float(theirs[at]), float(off[at])))
        for row, (other, value, off_by) in against.items():
            day: date = ours.days[row].item()
            if row in borne_out or day in settled:
                continue
            mine = float(ours.columns[key][row])
            what = "close" if key == "close" else "close including dividends"
            reason = (
                f"held: {ours.source} and {other.source} differ on the {what} of {day}: "
                f"{mine:g} and {value:g} ({off_by:.1%})"
            )
            found.setdefault(day, Held(day, key, reason))
        settled.update(ours.days.tolist())  # a later source fills in only where this one has nothing
    return [found[day] for day in sorted(found)]


def _ratios(
    ours: Strip, other: Strip, basis: Basis
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Our rows that both have, their value over ours, and their value."""
    none = np.array([], dtype=np.intp), np.array([]), np.array([])
    if basis == "price" and (ours.adjustment, ours.unit) != (other.adjustment, other.unit):
        return none
    key = "close" if basis == "price" else "adj_close"
    _, here, there = np.intersect1d(ours.days, other.days, assume_unique=True, return_indices=True)
    mine, theirs = ours.columns[key][here], other.columns[key][there]
    both = (mine > 0) & (theirs > 0)
    return here[both], theirs[both] / mine[both], theirs[both]


def _usual(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each session the middle ratio of the twenty before it; 1 for the first few."""
    usual = np.ones(len(ratio))
    if len(ratio) > AROUND:
        windows = np.lib.stride_tricks.sliding_window_view(ratio, AROUND)
        usual[AROUND:] = np.median(windows[:-1], axis=1)
        usual[:AROUND] = np.median(ratio[:AROUND])
    return usual


def disputed_reading(period: date, source: str, told: Mapping[str, Decimal]) -> Held | None:
    """The reading as held, where another source contradicts the one in use and none bears it out.

    `told`: what each source last said of the period. Values that agree to the digits of the shorter one are alike.
    """
    mine = told[source]
    others = {name: value for name, value in told.items() if name != source}
    against = {name: value for name, value in others.items() if not _alike(mine, value)}
    if not against or len(against) < len(others):
        return None
    name, value = sorted(against.items())[0]
    return Held(period, "reading", f"held: {source} and {name} differ on {period}: {mine:f} and {value:f}")


def _alike(one: Decimal, other: Decimal) -> bool:
    places = min(-int(value.as_tuple().exponent) for value in (one, other))
    slack = Decimal(1).scaleb(-places) / 2 + max(abs(one), abs(other)) * READING_SLACK
    return abs(one - other) <= slack


# --- splits -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Split:
    """A step of a price series that a split explains; prices before `day` are not comparable with those after."""

    day: date
    ratio: str  # "2:1"; "1:10" is a reverse split
    borne_out: bool  # by a series that shows no such move


def splits(
    days: NDArray[np.datetime64],
    close: NDArray[np.float64],
    totals: Sequence[tuple[NDArray[np.datetime64], NDArray[np.float64]]],
    *,
    raw: bool,
    dividend: NDArray[np.float64] | None = None,
) -> list[Split]:
    """The splits that a price series hides, ascending.

    A step near n:m counts when another series of the same instrument (`totals`: closes including dividends, or
    split-adjusted ones, with their days) shows no such move; in a raw series also alone, when it lies close to 2:1
    or beyond. A step that the other series shows too is a move, and one that a dividend of the day makes a payment.
    """
    there = np.flatnonzero(close > 0)
    if len(there) < 2:
        return []
    values = close[there]
    steps = values[:-1] / values[1:]
    found = []
    for at in np.flatnonzero(np.maximum(steps, 1 / steps) >= LEAST_SPLIT).tolist():
        step = float(steps[at])
        name, off = _nearest(step)
        before, day = days[there[at]], days[there[at + 1]]
        if dividend is not None and dividend[there[at + 1]] > 0.5 * abs(values[at] - values[at + 1]):
            continue
        moves = [
            move
            for other_days, other in totals
            if (move := _move(other_days, other, before, day)) is not None
        ]
        if moves:
            quiet = all(abs(np.log(move)) < 0.35 * abs(np.log(step)) for move in moves)
            if off <= NEAR and quiet:
                found.append(Split(day.item(), name, True))
        elif raw and off <= NEAR_ALONE and max(step, 1 / step) >= SURE_FROM:
            found.append(Split(day.item(), name, False))
    return found


def _nearest(step: float) -> tuple[str, float]:
    """The split ratio nearest to a step and how far it is from it."""
    size = max(step, 1 / step)
    n, m = min(_RATIOS, key=lambda ratio: abs(size / (ratio[0] / ratio[1]) - 1))
    return (f"{n}:{m}" if step > 1 else f"{m}:{n}"), abs(size / (n / m) - 1)


def _move(
    days: NDArray[np.datetime64], values: NDArray[np.float64], before: np.datetime64, day: np.datetime64
) -> float | None:
    """How another series moved between two sessions (1 is not at all); None where it lacks one."""
    one, other = np.searchsorted(days, before), np.searchsorted(days, day)
    if one >= len(days) or other >= len(days) or days[one] != before or days[other] != day:
        return None
    move = float(values[other] / values[one]) if values[one] > 0 else float("nan")
    return move if np.isfinite(move) and move > 0 else None


def hidden(day: date, split: Split, symbol: str) -> Held:
    """Why prices before a split are not given."""
    sure = "after" if split.borne_out else "after what looks like"
    reason = f"{symbol}: prices before {day} are not comparable with those {sure} a {split.ratio} split"
    return Held(day, "close", reason, before=True)


# --- restated histories -----------------------------------------------------------------------------------


def restated(before: NDArray[np.float64], now: NDArray[np.float64]) -> float | None:
    """The factor by which shared rows were restated as a whole; 1 when they were not, None when unevenly."""
    there = (before > 0) & (now > 0)
    if np.count_nonzero(there) < RESTATED_LEAST:
        return 1.0
    factors = now[there] / before[there]
    middle = float(np.median(factors))
    if abs(middle - 1) < 2e-5:
        return 1.0
    alike = np.abs(factors / middle - 1) < 1e-3
    return middle if float(np.mean(alike)) >= RESTATED_SHARE else None


def split_factor(factor: float) -> float | None:
    """The exact factor of a split that restated prices; None for another."""
    name, off = _nearest(1 / factor)
    n, m = (int(part) for part in name.split(":"))
    return m / n if off < 2e-3 and abs(factor - 1) > 0.1 else None
