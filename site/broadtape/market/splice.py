"""One series from several sources of the same symbol, never mixing what is measured differently.

Pure; which source goes first is given. The rules are written down in docs/contracts/market-store.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from broadtape.market.schema import BAR_COLUMNS
from broadtape.model import Basis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MIN_OVERLAP = 20  # sessions; fewer prove nothing
TOLERANCE = 0.002  # of a price
SHARE_WITHIN = 0.95  # of the shared sessions must lie within it: single closes differ between feeds
LARGEST = 0.05  # and none may be further out than this
# A lasting difference means another anchor of the adjustment; its step would be a return that never was.
MEDIAN_TOLERANCE = 0.0002
STALE = 5  # sessions by which a source may end earlier than another that does not agree with it

Adjustment = Literal["raw", "split", "total"]


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One source's bars of a symbol: `columns` by name, float64 with NaN for none; `seen` when retrieved."""

    source: str
    adjustment: Adjustment
    unit: str
    decimals: int
    days: NDArray[np.datetime64]
    columns: dict[str, NDArray[np.float64]]
    seen: NDArray[np.int64]

    def until(self, day: np.datetime64) -> Strip:
        """The bars up to and including `day`."""
        end = int(np.searchsorted(self.days, day, side="right"))
        if end == len(self.days):
            return self
        columns = {name: values[:end] for name, values in self.columns.items()}
        return replace(self, days=self.days[:end], columns=columns, seen=self.seen[:end])


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two sources agree on one basis over the sessions both have, in percent of the first's values."""

    basis: Basis
    first: str
    second: str
    sessions: int
    worst_pct: float
    median_pct: float
    agrees: bool


def compare(first: Strip, second: Strip, basis: Basis) -> Comparison | None:
    """The comparison on one basis; None when they share no session or are adjusted differently."""
    if basis == "price" and (first.adjustment, first.unit) != (second.adjustment, second.unit):
        return None
    ours, theirs = _values(first, basis), _values(second, basis)
    if ours is None or theirs is None:
        return None
    _, here, there = np.intersect1d(first.days, second.days, assume_unique=True, return_indices=True)
    both = ~np.isnan(ours[here]) & ~np.isnan(theirs[there])
    if not both.any():
        return None
    ratio = theirs[there][both] / ours[here][both] - 1
    size = np.abs(ratio)
    median = float(np.median(ratio))
    agrees = (
        len(ratio) >= MIN_OVERLAP
        and abs(median) <= MEDIAN_TOLERANCE
        and float(np.mean(size <= TOLERANCE)) >= SHARE_WITHIN
        and float(size.max()) <= LARGEST
    )
    return Comparison(
        basis, first.source, second.source, len(ratio), float(size.max()) * 100, median * 100, bool(agrees)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Spliced:
    """The series on both bases over the union of their sessions; `sources` are those used, first first."""

    days: NDArray[np.datetime64]
    columns: dict[str, NDArray[np.float64]]
    adjustment: Adjustment
    unit: str
    decimals: int
    sources: tuple[str, ...]


def splice(strips: Sequence[Strip]) -> Spliced | None:
    """One series from `strips`, ordered by precedence; None when no strip has a bar.

    Per basis the first source wins for every session it has. A later one fills sessions only where both
    agree over at least twenty. Where they disagree and the first ends more than a week earlier, the later
    one is used alone: a source that has gone stale does not hide a current one, and the two are not mixed.
    """
    strips = [strip for strip in strips if len(strip.days)]
    if not strips:
        return None
    if len(strips) == 1:
        only = strips[0]
        return Spliced(only.days, only.columns, only.adjustment, only.unit, only.decimals, (only.source,))
    chosen = {
        basis: _contributing(_choose([one for one in strips if _has(one, basis)], basis), basis)
        for basis in _BASES
    }
    used = [strip for basis in _BASES for strip in chosen[basis]]
    days = np.unique(np.concatenate([strip.days[_present(strip, chosen)] for strip in _unique(used)]))
    columns = {name: np.full(len(days), np.nan) for name in BAR_COLUMNS}
    for basis in _BASES:
        names = ("adj_close",) if basis == "total" else tuple(n for n in BAR_COLUMNS if n != "adj_close")
        key = "adj_close" if basis == "total" else "close"
        for strip in reversed(chosen[basis]):  # the first is written last and wins
            has = ~np.isnan(strip.columns[key])
            at = np.searchsorted(days, strip.days[has])
            for name in names:
                columns[name][at] = strip.columns[name][has]
    if not chosen["price"]:  # volume and dividends still come from whoever has them
        for strip in reversed(chosen["total"]):
            has = ~np.isnan(strip.columns["adj_close"])
            at = np.searchsorted(days, strip.days[has])
            for name in ("volume", "dividend"):
                columns[name][at] = strip.columns[name][has]
    lead = (chosen["price"] or chosen["total"])[0]
    adjustment: Adjustment = lead.adjustment if chosen["price"] else "total"
    sources = tuple(strip.source for strip in _unique(used))
    return Spliced(days, columns, adjustment, lead.unit, lead.decimals, sources)


_BASES: tuple[Basis, ...] = ("price", "total")


def _values(strip: Strip, basis: Basis) -> NDArray[np.float64] | None:
    values = strip.columns["close" if basis == "price" else "adj_close"]
    return None if np.isnan(values).all() else values


def _has(strip: Strip, basis: Basis) -> bool:
    return _values(strip, basis) is not None


def _present(strip: Strip, chosen: dict[Basis, list[Strip]]) -> NDArray[np.bool_]:
    """The strip's sessions that some basis takes from it."""
    rows = np.zeros(len(strip.days), dtype=bool)
    for basis, key in (("price", "close"), ("total", "adj_close")):
        if any(one is strip for one in chosen[basis]):  # type: ignore[index]  # the two bases
            rows |= ~np.isnan(strip.columns[key])
    return rows


def _unique(strips: Sequence[Strip]) -> list[Strip]:
    found: list[Strip] = []
    for strip in strips:
        if not any(one is strip for one in found):
            found.append(strip)
    return found


def _choose(strips: Sequence[Strip], basis: Basis) -> list[Strip]:
    """The strips to use for a basis, the base first: those that agree with it."""
    if len(strips) < 2:
        return list(strips)
    base = strips[0]
    for _ in strips:
        verdicts = [compare(base, strip, basis) for strip in strips]
        chosen = [base] + [
            strip
            for strip, verdict in zip(strips, verdicts, strict=True)
            if strip is not base and verdict is not None and verdict.agrees
        ]
        reach = max(_end(strip, basis) for strip in chosen)
        fresher = next(
            (
                strip
                for strip, verdict in zip(strips, verdicts, strict=True)
                if verdict is not None
                and not verdict.agrees
                and verdict.sessions >= MIN_OVERLAP
                and _sessions_after(strip, basis, reach) > STALE
            ),
            None,
        )
        if fresher is None:
            return chosen
        base = fresher
    return chosen


def _contributing(strips: Sequence[Strip], basis: Basis) -> list[Strip]:
    """Those that have a session which none before them has."""
    found: list[Strip] = []
    covered = np.array([], dtype="datetime64[D]")
    for strip in strips:
        values = strip.columns["close" if basis == "price" else "adj_close"]
        days = strip.days[~np.isnan(values)]
        if not np.isin(days, covered, assume_unique=True).all():
            found.append(strip)
            covered = np.union1d(covered, days)
    return found


def _end(strip: Strip, basis: Basis) -> np.datetime64:
    values = strip.columns["close" if basis == "price" else "adj_close"]
    last: np.datetime64 = strip.days[~np.isnan(values)][-1]
    return last


def _sessions_after(strip: Strip, basis: Basis, day: np.datetime64) -> int:
    values = strip.columns["close" if basis == "price" else "adj_close"]
    return int(np.count_nonzero(~np.isnan(values) & (strip.days > day)))
