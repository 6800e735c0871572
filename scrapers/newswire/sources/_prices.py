"""Daily bars out of rows, and how exchange-qualified symbols are spelt elsewhere.

Knows no source in particular and opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from newswire.observations import BarTable
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import bad, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from decimal import Decimal

    from newswire.observations import Adjustment, Provenance
    from newswire.wire import Snapshot

Symbol = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]{0,31}:[A-Z0-9^][A-Z0-9.\-/$=^]{0,31}\Z")]
COLUMNS = ("open", "high", "low", "close", "adj_close", "volume", "dividend")
# Feeds round one column before another; a price further outside its day's range is a mistake.
TOLERANCE = 0.005
LEAST, MOST = 1e-8, 1e12


class PriceSettings(Settings, frozen=True, kw_only=True):
    """The settings of a source of prices: which symbols, exchange-qualified."""

    symbols: tuple[Symbol, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One session as a source gives it; what it does not give is None."""

    day: date
    line: int
    close: Decimal | None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    adj_close: Decimal | None = None
    volume: Decimal | None = None
    dividend: Decimal | None = None


def dashed(symbol: str) -> str:
    """The bare symbol with class marks as dashes, as most services write it: NYSE:BRK.B is BRK-B."""
    return symbol.partition(":")[2].replace(".", "-").replace("/", "-")


def unit_of(symbol: str) -> str:
    """What its prices are in: points for an index."""
    return "points" if symbol.startswith("INDEX") else "USD"


def table(
    symbol: str, rows: Iterable[Row], snapshot: Snapshot, provenance: Provenance, *, adjustment: Adjustment
) -> BarTable:
    """The rows as one table, ascending; a day given twice or a price that cannot be one refuses it whole."""
    ordered = sorted(rows, key=lambda row: row.day)
    if not ordered:
        raise refusal(f"no bars of {symbol}", snapshot)
    for before, after in pairwise(ordered):
        if before.day == after.day:
            raise bad("the day is given twice", snapshot, line=after.line, column="date", value=after.day)
    decimals = 0
    for row in ordered:
        for name in COLUMNS[:5]:
            price = getattr(row, name)
            if price is None:
                continue
            if not LEAST <= float(price) <= MOST:
                raise bad("no price", snapshot, line=row.line, column=name, value=price)
            if name != "adj_close":
                exponent = price.as_tuple().exponent
                decimals = max(decimals, -exponent if isinstance(exponent, int) else 0)
        for name in ("volume", "dividend"):
            if (count := getattr(row, name)) is not None and count < 0:
                raise bad("less than nothing", snapshot, line=row.line, column=name, value=count)
        _in_range(row, snapshot)
    arrays = {
        name: np.array(
            [np.nan if getattr(row, name) is None else float(getattr(row, name)) for row in ordered],
            dtype=np.float64,
        )
        for name in COLUMNS
    }
    return BarTable(
        symbol=symbol,
        days=np.array([row.day for row in ordered], dtype="datetime64[D]"),
        **arrays,
        adjustment=adjustment,
        unit=unit_of(symbol),
        decimals=min(decimals, 8),
        provenance=provenance,
    )


def _in_range(row: Row, snapshot: Snapshot) -> None:
    if row.high is None or row.low is None:
        return
    high, low = float(row.high), float(row.low)
    if high < low * (1 - TOLERANCE):
        raise bad("below the day's low", snapshot, line=row.line, column="high", value=row.high)
    for name in ("open", "close"):
        price = getattr(row, name)
        if price is not None and not low * (1 - TOLERANCE) <= float(price) <= high * (1 + TOLERANCE):
            raise bad("outside of the day's range", snapshot, line=row.line, column=name, value=price)


class PriceSource(BaseSource):
    """A source that is asked for one symbol at a time; the label is the qualified symbol."""

    options: PriceSettings

    def spelt(self, symbol: str) -> str:
        """The symbol as the source writes it."""
        return dashed(symbol)

    def asked(self, snapshot: Snapshot) -> str:
        """The symbol a snapshot was asked for."""
        if ":" not in snapshot.label:
            raise refusal("was asked for no symbol", snapshot)
        return snapshot.label


def columns(header: list[str], wanted: Mapping[str, str], snapshot: Snapshot) -> dict[str, int]:
    """Where the wanted columns are: our name to its place. Names are compared without case."""
    places = {name.lower(): place for place, name in enumerate(header)}
    found = {ours: places[theirs.lower()] for ours, theirs in wanted.items() if theirs.lower() in places}
    missing = [theirs for ours, theirs in wanted.items() if ours in ("date", "close") and ours not in found]
    if missing:
        raise refusal(f"has no column {missing[0]}: {', '.join(header)[:80]}", snapshot)
    return found
