"""The market as of one session: what every stage computes from (`broadtape.model.MarketView`).

Shows nothing that was not known by then; reads through the store's shelf and keeps what it has put together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol

import numpy as np

from broadtape.market.closures import closures
from broadtape.market.crosscheck import Split, disputed_reading, disputes, hidden, splits
from broadtape.market.schema import BAR_COLUMNS, instant, stamp
from broadtape.market.splice import Spliced, Strip, splice
from broadtape.market.told import Reads, ToldShelf
from broadtape.model import (
    Bars,
    Basis,
    Decision,
    Event,
    Held,
    Instrument,
    NoData,
    Origin,
    Readings,
    UnknownSymbol,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray


_BASES: tuple[Basis, ...] = ("price", "total")


MOST_BEFORE = (
    4  # states of one session before later retrievals that are kept; proof asks for the same one again
)


@dataclass(frozen=True, slots=True)
class VintageReading:
    """One vintage of one reading; instants are microseconds UTC."""

    period: date
    value: Decimal
    source: str
    rank: int
    known_at: int
    retrieved: int
    replaced_at: int | None


class _Benchmarks(Protocol):
    @property
    def benchmarks(self) -> Mapping[str, str]: ...


class ShelfLike(ToldShelf, Protocol):
    """What a view reads from: see `broadtape.market.reader.Shelf`."""

    @property
    def arrangement(self) -> _Benchmarks: ...  # noqa: D102  see the class
    @property
    def time_zone(self) -> ZoneInfo: ...  # noqa: D102
    @property
    def sessions(self) -> NDArray[np.datetime64]: ...  # noqa: D102
    @property
    def closes(self) -> NDArray[np.int64]: ...  # noqa: D102
    @property
    def origins(self) -> Mapping[str, Origin]: ...  # noqa: D102
    @property
    def instruments(self) -> Mapping[str, Instrument]: ...  # noqa: D102
    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]: ...  # noqa: D102
    @property
    def spans(self) -> Mapping[str, list[tuple[str, date, date]]]: ...  # noqa: D102
    @property
    def series(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def joined(self) -> dict[str, tuple[tuple[int, ...], Bars]]: ...  # noqa: D102
    @property
    def decisions(self) -> tuple[tuple[Decision, int, int, int | None], ...]: ...  # noqa: D102
    @property
    def events(self) -> tuple[tuple[Event, int, int, int | None], ...]: ...  # noqa: D102
    def strips(self, symbol: str) -> tuple[Strip, ...]: ...  # noqa: D102
    def origin(self, source: str, series: str) -> Origin: ...  # noqa: D102
    def former(self, symbol: str, source: str) -> list[tuple[int, Strip]]: ...  # noqa: D102
    def readings(self, series: str) -> tuple[VintageReading, ...]: ...  # noqa: D102


class StoredView(Reads):
    """A MarketView and a NewsView over the store. What it gives is kept, and its arrays are read-only."""

    def __init__(self, shelf: ShelfLike, as_of: date, retrieved_before: datetime | None = None) -> None:
        at = int(np.searchsorted(shelf.sessions, np.datetime64(as_of, "D"), side="right"))
        if at == 0:
            raise NoData(f"{as_of}: no session on or before that day; the calendar starts in 1985")
        if at == len(shelf.sessions) and np.datetime64(as_of, "D") > shelf.sessions[-1]:
            raise NoData(f"{as_of}: beyond the stored trading calendar; run 'broadtape fetch' to renew it")
        self._shelf: ShelfLike = shelf
        self._sessions = shelf.sessions[:at]
        self._as_of: date = self._sessions[-1].item()
        midnight = datetime.combine(self._as_of + timedelta(days=1), time(), shelf.time_zone)
        self._known = midnight.astimezone(UTC) - timedelta(microseconds=1)
        self._cut = stamp(self._known)
        self._retrieved_cut = None if retrieved_before is None else stamp(retrieved_before)
        self._bars: dict[str, Bars] = {}
        self._readings: dict[str, Readings] = {}
        self._last_days: dict[int, np.datetime64] = {}
        self._before: dict[datetime, StoredView] = {}
        self._with_bars: tuple[str, ...] | None = None

    def as_retrieved(self, before: datetime) -> StoredView:
        """The same session with values retrieved later than `before` replaced by those they replaced."""
        found = self._before.get(before)
        if found is None:
            while len(self._before) >= MOST_BEFORE:
                self._before.pop(next(iter(self._before)))
            found = self._before[before] = StoredView(self._shelf, self._as_of, before)
        return found

    @property
    def as_of(self) -> date:
        """The last session that may be used, exchange-local."""
        return self._as_of

    @property
    def known(self) -> datetime:
        """Only what was public by this instant (UTC) is visible: the end of `as_of`'s day."""
        return self._known

    @property
    def time_zone(self) -> ZoneInfo:
        """The market's zone."""
        return self._shelf.time_zone

    @property
    def sessions(self) -> NDArray[np.datetime64]:
        """Every exchange session from 1985 to `as_of` inclusive."""
        return self._sessions

    def sessions_after(self, count: int) -> NDArray[np.datetime64]:
        """The next `count` scheduled sessions after `as_of`; NoData when the calendar ends before."""
        start = len(self._sessions)
        found = self._shelf.sessions[start : start + count]
        if len(found) < count:
            raise NoData(
                f"the stored trading calendar ends {self._shelf.sessions[-1]}; run 'broadtape fetch'"
            )
        return found

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of a qualified symbol; UnknownSymbol otherwise."""
        found = self._shelf.instruments.get(symbol)
        if found is None:
            raise UnknownSymbol(f"{symbol}: no loaded instrument has this symbol; symbols are like NYSE:BAC")
        return found

    def instruments(self) -> Sequence[Instrument]:
        """Every listed instrument, by symbol."""
        return tuple(self._shelf.instruments.values())

    def symbols_with_bars(self) -> Sequence[str]:
        """Qualified symbols that have at least one bar in view, sorted; UNLISTED ones included."""
        if self._with_bars is None:
            found = [
                symbol
                for symbol, spans in self._shelf.spans.items()
                if any(np.datetime64(first, "D") <= self._last_day(source) for source, first, _ in spans)
            ]
            self._with_bars = tuple(sorted(found))
        return self._with_bars

    def bars(self, symbol: str) -> Bars:
        """Bars to `as_of`, from the first source that has them and those that agree with it."""
        found = self._bars.get(symbol)
        if found is None:
            found = self._bars[symbol] = self._join(symbol)
        return found

    def group(self, name: str) -> tuple[str, ...]:
        """Members of a named group, sorted; empty when unknown."""
        return self._shelf.groups.get(name, ())

    def readings(self, series: str) -> Readings:
        """The series as known, one value a period; NoData when nothing was known."""
        found = self._readings.get(series)
        if found is None:
            found = self._readings[series] = self._as_known(series)
        return found

    def series(self) -> Sequence[str]:
        """Names of the macro series that have a reading in view."""
        return tuple(
            name
            for name in self._shelf.series
            if any(self._in_view(one) for one in self._shelf.readings(name))
        )

    def decisions(self) -> Sequence[Decision]:
        """Policy decisions known, ascending by day."""
        return tuple(
            decision
            for decision, known_at, retrieved, replaced_at in self._shelf.decisions
            if known_at <= self._cut and self._current(retrieved, replaced_at)
        )

    def events(self) -> Sequence[Event]:
        """Events known, past and future, ascending by `at`."""
        return tuple(
            event
            for event, known_at, retrieved, replaced_at in self._shelf.events
            if known_at <= self._cut and self._current(retrieved, replaced_at)
        )

    def calendar(self, days: int = 14) -> Sequence[Event]:
        """What comes next: events known, and holidays and early closes, of the days after `as_of`, by instant."""
        first, last = self._as_of + timedelta(days=1), self._as_of + timedelta(days=days)
        coming = [one for one in self.events() if first <= one.day <= last]
        coming += closures(self._shelf.sessions, self._shelf.closes, first, last, self.time_zone)
        return tuple(sorted(coming, key=lambda one: (one.at, one.kind, one.title)))

    def benchmark(self, role: str) -> str | None:
        """The symbol the settings name for a role; None when unset."""
        return self._shelf.arrangement.benchmarks.get(role)

    # --- bars

    def _join(self, symbol: str) -> Bars:
        strips = [self._in_time(symbol, strip) for strip in self._shelf.strips(symbol)]
        if self._retrieved_cut is not None:
            return self._joined(symbol, strips)
        # Another view of the same session has put the same rows together: the shelf keeps the last result.
        rows = tuple(len(strip.days) for strip in strips)
        kept = self._shelf.joined.get(symbol)
        if kept is None or kept[0] != rows:
            kept = self._shelf.joined[symbol] = (rows, self._joined(symbol, strips))
        return kept[1]

    def _joined(self, symbol: str, strips: Sequence[Strip]) -> Bars:
        joined = splice(strips)
        if joined is None:
            if symbol not in self._shelf.instruments and symbol not in self._shelf.spans:
                raise UnknownSymbol(
                    f"{symbol}: no loaded instrument has this symbol; symbols are like NYSE:BAC"
                )
            raise NoData(f"{symbol}: the store holds no bars of it up to {self._as_of}")
        seen = max(
            int(strip.seen.max()) for strip in strips if strip.source in joined.sources and len(strip.seen)
        )
        held: list[Held] = []
        if len(strips) > 1:
            for basis in _BASES:
                held += disputes(strips, joined.sources, basis)
        columns = {name: joined.columns[name] for name in BAR_COLUMNS}
        split = self._last_split(joined, strips)
        if split is not None:
            held.append(hidden(split.day, split, symbol))
            earlier = joined.days < np.datetime64(split.day, "D")
            for name in ("open", "high", "low", "close"):
                columns[name] = np.where(earlier, np.nan, columns[name])
        for values in columns.values():
            values.flags.writeable = False
        return Bars(
            symbol=symbol,
            days=joined.days,
            adjustment=joined.adjustment,
            unit=joined.unit,
            decimals=joined.decimals,
            origin=self._joint_origin(symbol, joined.sources, seen),
            held=tuple(held),
            **columns,
        )

    def _last_split(self, joined: Spliced, strips: Sequence[Strip]) -> Split | None:
        """The newest split that the joined prices hide; an index has none."""
        if joined.unit == "points" or joined.adjustment == "total":
            return None
        raw = joined.adjustment == "raw"
        others = [(joined.days, joined.columns["adj_close"])]
        for strip in strips:
            others.append((strip.days, strip.columns["adj_close"]))
            if raw and strip.adjustment == "split":
                others.append((strip.days, strip.columns["close"]))
        found = splits(
            joined.days, joined.columns["close"], others, raw=raw, dividend=joined.columns["dividend"]
        )
        return found[-1] if found else None

    def _in_time(self, symbol: str, strip: Strip) -> Strip:
        """The strip as far as it was public by the cut, and as retrieved by then where that was asked."""
        if self._retrieved_cut is not None:
            strip = _as_retrieved(strip, self._shelf.former(symbol, strip.source), self._retrieved_cut)
        return strip.until(self._last_day(strip.source))

    def _last_day(self, source: str) -> np.datetime64:
        """The last session whose bar the source gives by the cut: its close, and the source's delay."""
        delay = self._shelf.origins[source].delay_minutes
        found = self._last_days.get(delay)
        if found is None:
            latest = self._cut - delay * 60_000_000
            count = int(np.searchsorted(self._shelf.closes[: len(self._sessions)], latest, side="right"))
            found = self._sessions[count - 1] if count else np.datetime64("0001-01-01", "D")
            self._last_days[delay] = found
        return found

    def _joint_origin(self, series: str, sources: Sequence[str], seen: int) -> Origin:
        """The origin of rows from one source or several: the strictest licence, the longest delay."""
        origins = [self._shelf.origin(name, series) for name in sources]
        if len(origins) == 1:
            one = origins[0]
            return Origin(one.source, one.attribution, one.licence, instant(seen), one.delay_minutes)
        return Origin(
            source=", ".join(sources),
            attribution="; ".join(dict.fromkeys(one.attribution for one in origins if one.attribution)),
            licence="public" if all(one.licence == "public" for one in origins) else "private",
            retrieved=instant(seen),
            delay_minutes=max(one.delay_minutes for one in origins),
        )

    # --- readings

    def _as_known(self, series: str) -> Readings:
        chosen: dict[date, VintageReading] = {}
        told: dict[date, dict[str, Decimal]] = {}
        for one in self._shelf.readings(series):  # by period, rank, known_at
            if not self._in_view(one):
                continue
            told.setdefault(one.period, {})[one.source] = one.value
            before = chosen.get(one.period)
            if before is None or before.rank == one.rank:  # the first source's latest vintage
                chosen[one.period] = one
        if not chosen:
            raise NoData(f"{series}: no reading was known by the end of {self._as_of}")
        found = list(chosen.values())
        sources = tuple(dict.fromkeys(one.source for one in sorted(found, key=lambda one: one.rank)))
        return Readings(
            series=series,
            periods=np.array([one.period for one in found], dtype="datetime64[D]"),
            values=tuple(one.value for one in found),
            known_at=tuple(instant(one.known_at) for one in found),
            origin=self._joint_origin(series, sources, max(one.retrieved for one in found)),
            held=tuple(
                held
                for one in found
                if len(told[one.period]) > 1
                and (held := disputed_reading(one.period, one.source, told[one.period])) is not None
            ),
        )

    def _in_view(self, one: VintageReading) -> bool:
        """Known by the cut and not replaced by then; a revision counts from when it was retrieved."""
        if one.known_at > self._cut or (one.replaced_at is not None and one.replaced_at <= self._cut):
            return False
        return self._retrieved_cut is None or one.retrieved <= self._retrieved_cut

    def _current(self, retrieved: int, replaced_at: int | None) -> bool:
        """Whether a row of an undated table stands: now, or at the instant asked for."""
        if self._retrieved_cut is None:
            return replaced_at is None
        return retrieved <= self._retrieved_cut and (replaced_at is None or replaced_at > self._retrieved_cut)


def _as_retrieved(strip: Strip, former: list[tuple[int, Strip]], cut: int) -> Strip:
    """The strip as it stood at `cut`: rows read later are gone, rows replaced later are back."""
    parts = [(strip, np.flatnonzero(strip.seen <= cut))]
    parts += [
        (old, np.flatnonzero(old.seen <= cut))
        for replaced_at, old in former  # newest replacement first, so the one in force at the cut comes last
        if replaced_at > cut
    ]
    if len(parts) == 1 and len(parts[0][1]) == len(strip.days):
        return strip
    days = np.concatenate([one.days[rows] for one, rows in parts])
    # Of rows of one day the last part's stands: a stable sort keeps the order of the parts within a day.
    order = np.argsort(days, kind="stable")
    last = np.append(days[order][1:] != days[order][:-1], True)[: len(order)]
    picked = order[last]
    return Strip(
        strip.source,
        strip.adjustment,
        strip.unit,
        strip.decimals,
        days[picked],
        {
            name: np.concatenate([one.columns[name][rows] for one, rows in parts])[picked]
            for name in BAR_COLUMNS
        },
        np.concatenate([one.seen[rows] for one, rows in parts])[picked],
    )
