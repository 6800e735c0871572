"""What the store says: closes, highs, lows and changes of a series between sessions, and facts for the record.

Owns reading the market through one view per day asked; judges nothing. Absence is a `Gap` that says what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from broadtape import metrics
from broadtape.metrics.series import Line, line
from broadtape.model import BroadtapeError, Fact, MarketView, NoData, Readings


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the store cannot tell, in words."""

    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """A series' change between two closes."""

    before: Decimal
    after: Decimal
    total: bool = False  # closes including dividends: never a level
    where: tuple[Line, int, int] | None = None

    @property
    def percent(self) -> Decimal:
        """In percent, not rounded."""
        return (self.after - self.before) * 100 / self.before

    @property
    def places(self) -> int:
        """The decimals that the source gives at both ends."""
        if self.where is None:
            return 6
        series, base, end = self.where
        return min(series.places(base), series.places(end))

    @property
    def points(self) -> Decimal:
        """In the series’ own unit."""
        return self.after - self.before


class Measures:
    """Reads one article's figures; `view_for` gives the market as of a date."""

    def __init__(self, view_for: Callable[[date], MarketView], dated: date) -> None:
        self._view_for = view_for
        self._views: dict[date, MarketView] = {}
        self.dated = dated
        self.view = self.at(dated)
        self._lines: dict[tuple[str, str], Line | Gap] = {}
        self._changes: dict[tuple[str, date, date], Change | Gap] = {}
        self._facts: dict[tuple[str, tuple[tuple[str, str], ...], date], Fact | Gap] = {}

    def at(self, day: date) -> MarketView:
        """The market as of a day."""
        found = self._views.get(day)
        if found is None:
            found = self._views[day] = self._view_for(day)
        return found

    def line(self, symbol: str, field: str = "close") -> Line | Gap:
        """One field of an instrument as the article’s day saw it."""
        key = (symbol, field)
        if key not in self._lines:
            try:
                self._lines[key] = line(self.view, symbol, field)  # type: ignore[arg-type]  # the fields of Bars
            except BroadtapeError as error:
                self._lines[key] = Gap(str(error))
        return self._lines[key]

    def value(self, symbol: str, day: date, field: str = "close") -> Decimal | Gap:
        """A close (high, low) of a session."""
        series = self.line(symbol, field)
        if isinstance(series, Gap):
            return series
        at = int(np.searchsorted(series.sessions, np.datetime64(day, "D")))
        if at >= len(series.sessions) or series.day(at) != day:
            return Gap(f"{symbol}: {day} was no session")
        try:
            return series.exact(at)
        except NoData as error:
            return Gap(str(error))

    def places(self, symbol: str, day: date) -> int:
        """The decimals that the source gives of a series on a day."""
        series = self.line(symbol)
        if isinstance(series, Gap):
            return 6
        at = int(np.searchsorted(series.sessions, np.datetime64(day, "D")))
        return series.places(at) if at < len(series.sessions) and np.isfinite(series.values[at]) else 6

    def change(self, symbol: str, first: date, last: date) -> Change | Gap:
        """From the close before the first session to that of the last; computed once."""
        key = (symbol, first, last)
        if key not in self._changes:
            self._changes[key] = self._change(symbol, first, last)
        return self._changes[key]

    def _change(self, symbol: str, first: date, last: date, field: str = "close") -> Change | Gap:
        series = self.line(symbol, field)
        total = False
        if isinstance(series, Gap) and field == "close":
            series, total = self.line(symbol, "adj_close"), True
        if isinstance(series, Gap):
            return series
        base = int(np.searchsorted(series.sessions, np.datetime64(first, "D"))) - 1
        end = int(np.searchsorted(series.sessions, np.datetime64(last, "D")))
        if base < 0 or end >= len(series.sessions):
            return Gap(f"{symbol}: no closes from {first} to {last}")
        try:
            return Change(series.exact(base), series.exact(end), total, (series, base, end))
        except NoData as error:
            return Gap(str(error))

    def before(self, day: date) -> date | None:
        """The session before a day."""
        at = int(np.searchsorted(self.view.sessions, np.datetime64(day, "D"))) - 1
        return None if at < 0 else self.view.sessions[at].astype("datetime64[D]").item()

    def readings(self, series: str, day: date | None = None) -> Readings | Gap:
        """A macro series as known on a day."""
        try:
            return self.at(day or self.dated).readings(series)
        except BroadtapeError as error:
            return Gap(str(error))

    def later_readings(self, series: str) -> Readings | Gap:
        """The same as known two months on: the store's day of release is cautious, an article's reader may have known."""
        try:
            return self.at(self.dated + timedelta(days=75)).readings(series)
        except BroadtapeError:
            return self.readings(series)

    def fact(self, metric: str, on: date | None = None, /, **params: str) -> Fact | Gap:
        """The fact of a metric as of a day, computed once."""
        day = on or self.dated
        key = (metric, tuple(sorted(params.items())), day)
        if key not in self._facts:
            try:
                self._facts[key] = metrics.fact(self.at(day), metric, **params)
            except BroadtapeError as error:
                self._facts[key] = Gap(str(error))
        return self._facts[key]

    def unit(self, symbol: str) -> str:
        """points or USD."""
        series = self.line(symbol)
        return "" if isinstance(series, Gap) else series.bars.unit

    def data_start(self, symbol: str) -> date | None:
        """The first session of a series."""
        series = self.line(symbol)
        return None if isinstance(series, Gap) else series.day(series.start)
