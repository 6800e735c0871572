"""A hand-written market in memory with a tiny vocabulary, for tests of every stage.

No store, no files, no calendar: weekdays are sessions unless a test names its own. It obeys the same
contract as the real view: nothing after `as_of` is visible, absence raises NoData or UnknownSymbol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from broadtape.model import Bars, Decision, Event, Instrument, NoData, Origin, Readings, UnknownSymbol

FIELDS = ("open", "high", "low", "close", "adj_close", "volume", "dividend")
RETRIEVED = datetime(2026, 1, 13, 12, 0, tzinfo=UTC)
Days = NDArray[np.datetime64]

Price = str | float | Decimal | Mapping[str, str | float | Decimal]  # a close, or fields by name
Closes = str | Sequence[Price] | Mapping[str, Price]


def day(text: str | date) -> date:
    return text if isinstance(text, date) else date.fromisoformat(text)


def origin(source: str = "fake", licence: str = "private") -> Origin:
    return Origin(source, f"{source} attribution", "public" if licence == "public" else "private", RETRIEVED)


def weekdays(first: date, last: date) -> Days:
    every = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    return every[np.is_busday(every)]


class FakeMarket:
    """The market a test spells out.

    bars       symbol → {"2026-01-09": "10.00", …} or "10.00 10.50" (closes of the last sessions to as_of);
               a value may be a mapping of fields: {"high": "11", "low": "9", "close": "10"}.
               Only `adj_close` given makes a series that includes dividends ("total"), without prices.
    readings   series → {"2025-11": "3.1"}, or {"2025-11": ("3.1", "2025-12-18")} with its release day
    decisions  {"2025-12-10": ("3.50", "3.75", -25)}
    events     [("2026-01-13", "cpi", "Consumer price index")], known from the first
    """

    def __init__(
        self,
        as_of: str | date,
        bars: Mapping[str, Closes] | None = None,
        *,
        readings: Mapping[str, Mapping[str, str | tuple[str, str]]] | None = None,
        decisions: Mapping[str, tuple[str, str, int]] | None = None,
        events: Sequence[tuple[str, str, str]] = (),
        groups: Mapping[str, Sequence[str]] | None = None,
        benchmarks: Mapping[str, str] | None = None,
        instruments: Sequence[Instrument] = (),
        sessions: Sequence[str | date] | Days | None = None,
        public: Sequence[str] = (),
        decimals: int = 2,
    ) -> None:
        self._as_of = day(as_of)
        self._former: FakeMarket | None = None
        if sessions is None:
            self._all_sessions = weekdays(date(1985, 1, 1), self._as_of + timedelta(days=800))
        else:
            self._all_sessions = np.array(sorted(np.datetime64(s, "D") for s in sessions))
        self._public = frozenset(public)
        self._decimals = decimals
        self._bars = {symbol: self._table(symbol, closes) for symbol, closes in (bars or {}).items()}
        self._readings = dict(readings or {})
        self._decisions = dict(decisions or {})
        self._events = tuple(events)
        self._groups = {name: tuple(sorted(members)) for name, members in (groups or {}).items()}
        self._benchmarks = dict(benchmarks or {})
        named = {i.symbol: i for i in instruments}
        for symbol in self._bars:
            named.setdefault(symbol, Instrument(symbol, symbol.partition(":")[2], _kind(symbol)))
        for name, members in self._groups.items():
            for symbol in members:
                if symbol in named and name not in named[symbol].groups:
                    named[symbol] = replace(named[symbol], groups=(*named[symbol].groups, name))
        self._instruments = named

    def at(self, as_of: str | date) -> FakeMarket:
        """The same market as it was known at the end of an earlier (or later) session."""
        view = object.__new__(FakeMarket)
        view.__dict__.update(self.__dict__)
        view._as_of = day(as_of)
        return view

    def revised(self, bars: Mapping[str, Closes]) -> FakeMarket:
        """The same market after a fetch on the next day changed these closes; it remembers the former ones."""
        view = self.at(self._as_of)
        changed = {
            symbol: dict(self._closes(symbol)) | dict(day_closes) for symbol, day_closes in bars.items()
        }  # type: ignore[call-overload]  # by day
        view._bars = self._bars | {symbol: self._table(symbol, closes) for symbol, closes in changed.items()}
        view._former = self
        return view

    def as_retrieved(self, before: datetime) -> FakeMarket:
        former = self._former
        return self if former is None or before > RETRIEVED else former.at(self._as_of)

    def _closes(self, symbol: str) -> Mapping[str, Price]:
        table = self._bars[symbol]
        return {str(when): repr(float(close)) for when, close in zip(table.days, table.close, strict=True)}

    # --- the view -------------------------------------------------------------------------------------

    @property
    def as_of(self) -> date:
        return self._as_of

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo("America/New_York")

    @property
    def known(self) -> datetime:
        return datetime.combine(self._as_of, time(23, 59, 59), self.time_zone).astimezone(UTC)

    @property
    def sessions(self) -> Days:
        return self._all_sessions[self._all_sessions <= np.datetime64(self._as_of)]

    def sessions_after(self, count: int) -> Days:
        return self._all_sessions[self._all_sessions > np.datetime64(self._as_of)][:count]

    def instrument(self, symbol: str) -> Instrument:
        try:
            return self._instruments[symbol]
        except KeyError:
            raise UnknownSymbol(f"no instrument {symbol!r}") from None

    def instruments(self) -> Sequence[Instrument]:
        return [self._instruments[s] for s in sorted(self._instruments)]

    def symbols_with_bars(self) -> Sequence[str]:
        return [s for s, table in sorted(self._bars.items()) if table.days[0] <= np.datetime64(self._as_of)]

    def bars(self, symbol: str) -> Bars:
        table = self._bars.get(symbol)
        n = 0 if table is None else int(np.searchsorted(table.days, np.datetime64(self._as_of), side="right"))
        if table is None or n == 0:
            if symbol not in self._instruments:
                raise UnknownSymbol(f"no instrument {symbol!r}")
            raise NoData(f"{symbol}: no bars up to {self._as_of}")
        if n == len(table.days):
            return table
        return replace(table, days=table.days[:n], **{f: getattr(table, f)[:n] for f in FIELDS})

    def group(self, name: str) -> tuple[str, ...]:
        return self._groups.get(name, ())

    def readings(self, series: str) -> Readings:
        rows = []
        for period, given in sorted(self._readings.get(series, {}).items()):
            first = date.fromisoformat(period if len(period) == 10 else f"{period}-01")
            value, released = given if isinstance(given, tuple) else (given, None)
            moment = day(released) if released else first + timedelta(days=75)  # a month and 45 days
            known_at = datetime.combine(moment, time(8, 30), self.time_zone).astimezone(UTC)
            if known_at <= self.known:
                rows.append((first, Decimal(value), known_at))
        if not rows:
            raise NoData(f"{series}: no reading was known on {self._as_of}")
        return Readings(
            series,
            np.array([r[0] for r in rows], dtype="datetime64[D]"),
            tuple(r[1] for r in rows),
            tuple(r[2] for r in rows),
            origin("fake-macro", "public"),
        )

    def series(self) -> Sequence[str]:
        def known(name: str) -> bool:
            try:
                self.readings(name)
            except NoData:
                return False
            return True

        return [name for name in sorted(self._readings) if known(name)]

    def decisions(self) -> Sequence[Decision]:
        return [
            Decision(
                day(d), Decimal(lo), Decimal(hi), bp, f"https://example.org/{d}", origin("fomc", "public")
            )
            for d, (lo, hi, bp) in sorted(self._decisions.items())
            if day(d) <= self._as_of
        ]

    def events(self) -> Sequence[Event]:
        return [
            Event(
                day(d),
                datetime.combine(day(d), time(8, 30), self.time_zone).astimezone(UTC),
                "America/New_York",
                kind,
                title,
                "https://example.org/events",
                origin("events", "public"),
            )
            for d, kind, title in sorted(self._events)
        ]

    def benchmark(self, role: str) -> str | None:
        return self._benchmarks.get(role)

    # --- reading the vocabulary -------------------------------------------------------------------------

    def _table(self, symbol: str, closes: Closes) -> Bars:
        rows: dict[np.datetime64, Price]
        if isinstance(closes, Mapping):
            rows = {np.datetime64(d, "D"): price for d, price in closes.items()}
        else:
            prices = closes.split() if isinstance(closes, str) else list(closes)
            rows = dict(zip(self.sessions[-len(prices) :], prices, strict=True))
        days = np.array(sorted(rows), dtype="datetime64[D]")
        columns = {f: np.full(len(days), np.nan) for f in FIELDS}
        for at, moment in enumerate(days):
            price = rows[moment]
            for name, value in (price if isinstance(price, Mapping) else {"close": price}).items():
                columns[name][at] = float(value)
        total = bool(np.isnan(columns["close"]).all())
        return Bars(
            symbol,
            days,
            adjustment="total" if total else "split",
            unit="points" if _kind(symbol) == "index" else "USD",
            decimals=self._decimals,
            origin=origin("fake", "public" if symbol in self._public else "private"),
            **columns,
        )


def _kind(symbol: str) -> str:
    return "index" if symbol.startswith("INDEX") else "etf" if symbol.startswith("NYSEARCA") else "stock"
