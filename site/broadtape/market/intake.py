"""One harvest into the store's tables: what is new, what changed, what is gone; the former is kept.

Works in a transaction that its caller commits; what follows from several sources is left to the caller.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from broadtape.market import schema
from broadtape.market.crosscheck import restated, split_factor
from broadtape.market.intake_told import Told
from broadtape.market.reader import unpack
from broadtape.market.schema import BAR_COLUMNS, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection, Table

    from broadtape.market.splice import Strip
    from newswire.observations import BarTable, Harvest


_FEW = 500  # so many names are asked for; an answer about few does not read what a source says of all
_OF_A_DAY = re.compile(r"[\d.:TZ-]*")


class Intake:
    """Takes one harvest in and counts what became of it."""

    def __init__(
        self,
        connection: Connection,
        harvest: Harvest,
        sessions: NDArray[np.datetime64],
        closes: NDArray[np.int64],
        retrieved: datetime | None = None,
    ) -> None:
        self._connection = connection
        self._harvest = harvest
        self._source = harvest.source
        self._sessions = sessions
        self._closes = closes
        self._now = stamp(_retrieved(harvest, retrieved))
        self._address = _address(harvest)
        self._terms_of_source = _terms(harvest)
        self.stored = self.fresh = self.revised = self.withdrawn = 0
        self.left_out: Counter[str] = Counter()

    @property
    def _web(self) -> bool:
        """Whether the source is asked at addresses, of which this harvest answers one."""
        return self._address.startswith(("http:", "https:"))

    def _mine(self, row: Any) -> bool:
        """Whether this harvest speaks of a stored row: a file of the whole source, an answer of its address."""
        return not self._web or row.address in ("", self._address)

    def register(self, settings: str, rank: int) -> None:
        """Write down the source and how it was read; follow symbols that are now understood otherwise."""
        table, provenance = schema.sources, self._harvest.provenance
        if provenance is None:
            provenance = next((one.provenance for one in _observations(self._harvest)), None)
        names = dict(self._harvest.names)
        before = self._connection.execute(sa.select(table).where(table.c.name == self._source)).first()
        if before is not None and self._web:  # one of several answers: what others named still holds
            names = {**json.loads(before.names), **names}
        holds = _holds(self._harvest) or (before.holds if before is not None else "")
        values: dict[str, Any] = {
            "rank": rank,
            "holds": holds,
            "settings": settings,
            "digest": provenance.digest if provenance else "",
            "names": json.dumps(names, sort_keys=True),
            "address": provenance.address if provenance else "",
            "attribution": self._terms_of_source[1],
            "licence": self._terms_of_source[0],
            "delay_minutes": provenance.delay_minutes if provenance else 0,
            "published": stamp(provenance.published) if provenance and provenance.published else None,
            "retrieved": self._now,
        }
        if before is not None and provenance is None:  # an answer that holds nothing changes no terms
            self._connection.execute(
                sa.update(table).where(table.c.name == self._source).values(rank=rank, retrieved=self._now)
            )
            return
        if before is None:
            self._connection.execute(sa.insert(table).values(name=self._source, **values))
            return
        self._connection.execute(sa.update(table).where(table.c.name == self._source).values(**values))
        for raw, old in json.loads(before.names).items():
            new = names.get(raw)
            if new is not None and new != old:
                self._rename(old, new)

    def take(self) -> None:
        """Everything the harvest holds."""
        self._keep_terms()
        if self._harvest.instruments:
            self._take_instruments()
        if self._harvest.groups:
            self._take_groups()
        for table in self._harvest.bars:
            self._take_bars(table)
        if self._harvest.readings:
            self._take_readings()
        if self._harvest.decisions:
            rows = [
                {
                    "day": one.day.isoformat(),
                    "lower": str(one.lower),
                    "upper": str(one.upper),
                    "change_bp": one.change_bp,
                    "url": one.url,
                    "known_at": stamp(one.known_at),
                }
                for one in self._harvest.decisions
            ]
            self._replace(schema.decisions, ("day",), rows)
        if self._harvest.events:
            rows = [
                {
                    "day": one.day.isoformat(),
                    "at": stamp(one.at),
                    "zone": one.zone,
                    "kind": one.kind,
                    "title": one.title,
                    "url": one.url,
                    "known_at": stamp(one.known_at),
                }
                for one in self._harvest.events
            ]
            self._replace(schema.events, ("day", "kind", "title"), rows)
        told = Told(self._connection, self._harvest, self._now)
        told.take()
        self.stored += told.stored
        self.fresh += told.fresh
        self.revised += told.revised
        self.withdrawn += told.withdrawn
        self.left_out.update(told.left_out)

    # --- bars

    def _take_bars(self, table: BarTable) -> None:
        keep = self._closed_sessions(table)
        days = table.days[keep]
        if not len(days):
            return
        columns = {name: np.asarray(getattr(table, name)[keep], dtype=np.float64) for name in BAR_COLUMNS}
        self.stored += len(days)
        where = (schema.bars.c.symbol == table.symbol, schema.bars.c.source == self._source)
        row = self._connection.execute(sa.select(schema.bars).where(*where)).first()
        if row is None:
            self.fresh += len(days)
            seen = np.full(len(days), self._now, dtype=np.int64)
            self._connection.execute(
                sa.insert(schema.bars).values(
                    symbol=table.symbol, source=self._source, **self._packed_row(table, days, columns, seen)
                )
            )
            return
        merged = self._merge(unpack(row), table.symbol, days, columns)
        self._connection.execute(
            sa.update(schema.bars).where(*where).values(**self._packed_row(table, *merged))
        )

    def _merge(
        self,
        old: Strip,
        symbol: str,
        days: NDArray[np.datetime64],
        columns: Mapping[str, NDArray[np.float64]],
    ) -> tuple[NDArray[np.datetime64], dict[str, NDArray[np.float64]], NDArray[np.int64]]:
        """Old and new rows as one; rows that changed or that the new table leaves out are kept as former.

        Outside the new table's first and last day old rows stay: many files are rolling windows. Where the new
        table restates the shared rows as a whole (a split, a dividend), the rows before it are carried along by
        the same factor; where that factor is none, they are withdrawn.
        """
        place = np.searchsorted(days, old.days)
        inside = np.minimum(place, len(days) - 1)
        again = days[inside] == old.days
        same = again.copy()
        for name in BAR_COLUMNS:
            before, now = old.columns[name], columns[name][inside]
            same &= (before == now) | (np.isnan(before) & np.isnan(now))
        changed = again & ~same
        gone = ~again & (old.days > days[0]) & (old.days < days[-1])
        older = old.days < days[0]
        carried = _carried(old, columns, inside, again, older) if older.any() else old.columns
        if (
            carried is None
        ):  # restated in a way that cannot be carried back: the rows before are another series
            gone |= older
            carried = old.columns
        elif carried is not old.columns:
            changed |= older
        if changed.any() or gone.any():
            self._keep_former(old, symbol, changed | gone)
        self.revised += int(np.count_nonzero(changed))
        self.withdrawn += int(np.count_nonzero(gone))
        self.fresh += len(days) - int(np.count_nonzero(again))
        seen = np.full(len(days), self._now, dtype=np.int64)
        seen[place[same]] = old.seen[same]
        outside = ~again & ~gone
        if not outside.any():
            return days, dict(columns), seen
        then = np.where(changed, self._now, old.seen)
        all_days = np.concatenate([days, old.days[outside]])
        order = np.argsort(all_days, kind="stable")
        return (
            all_days[order],
            {name: np.concatenate([columns[name], carried[name][outside]])[order] for name in BAR_COLUMNS},
            np.concatenate([seen, then[outside]])[order],
        )

    def _closed_sessions(self, table: BarTable) -> NDArray[np.bool_]:
        """Rows that are closes: on a session, and read after it closed and the source's delay was over."""
        place = np.minimum(np.searchsorted(self._sessions, table.days), len(self._sessions) - 1)
        on_session = self._sessions[place] == table.days
        due = self._closes[place] + table.provenance.delay_minutes * 60_000_000
        closed = due <= stamp(table.provenance.retrieved)
        before = table.days < self._sessions[0]
        self._leave_out(before, f"before the calendar's first year, {self._sessions[0].item().year}")
        self._leave_out(~on_session & ~before, "no session")
        self._leave_out(on_session & ~closed, "session not over")
        keep: NDArray[np.bool_] = on_session & closed
        return keep

    def _leave_out(self, rows: NDArray[np.bool_], reason: str) -> None:
        count = int(np.count_nonzero(rows))
        if count:
            self.left_out[reason] += count

    def _keep_former(self, old: Strip, symbol: str, rows: NDArray[np.bool_]) -> None:
        self._connection.execute(
            sa.insert(schema.bars_former).values(
                symbol=symbol,
                source=self._source,
                replaced_at=self._now,
                days=_pack_days(old.days[rows]),
                seen=_pack_ints(old.seen[rows]),
                **_pack_columns({name: values[rows] for name, values in old.columns.items()}),
            )
        )

    def _packed_row(
        self,
        table: BarTable,
        days: NDArray[np.datetime64],
        columns: Mapping[str, NDArray[np.float64]],
        seen: NDArray[np.int64],
    ) -> dict[str, Any]:
        return {
            "first": days[0].item().isoformat(),
            "last": days[-1].item().isoformat(),
            "sessions": len(days),
            "adjustment": table.adjustment,
            "unit": table.unit,
            "decimals": table.decimals,
            "retrieved": self._now,
            "days": _pack_days(days),
            "seen": _pack_ints(seen),
            **_pack_columns(columns),
        }

    def _rename(self, old: str, new: str) -> None:
        """Move what the source gave under one symbol to another; the directory has learnt better."""
        own = schema.terms.c
        self._connection.execute(
            sa.delete(schema.terms).where(own.source == self._source, own.series.in_((old, new)))
        )
        for table in (schema.bars, schema.members, schema.listings):
            taken = self._connection.execute(
                sa.select(table.c.symbol).where(table.c.source == self._source, table.c.symbol == new)
            ).first()
            if taken is None:
                self._connection.execute(
                    sa.update(table)
                    .where(table.c.source == self._source, table.c.symbol == old)
                    .values(symbol=new)
                )
        former = schema.bars_former
        self._connection.execute(
            sa.update(former)
            .where(former.c.source == self._source, former.c.symbol == old)
            .values(symbol=new)
        )

    def _keep_terms(self) -> None:
        """What each series of the harvest may be used for; the strictest where its rows differ."""
        given: dict[str, tuple[str, str]] = {}
        for series, provenance in (
            *((one.symbol, one.provenance) for one in self._harvest.bars),
            *((one.series, one.provenance) for one in self._harvest.readings),
        ):
            held = given.get(series, ("public", ""))
            strict = "public" if held[0] == provenance.licence == "public" else "private"
            given[series] = (strict, provenance.attribution or held[1])
        if not given:
            return
        table = schema.terms
        query = sa.select(table).where(table.c.source == self._source)
        if len(given) <= _FEW:
            query = query.where(table.c.series.in_(list(given)))
        stored = {row.series: (row.licence, row.attribution) for row in self._connection.execute(query)}
        changed = [
            {"source": self._source, "series": series, "licence": licence, "attribution": attribution}
            for series, (licence, attribution) in given.items()
            if stored.get(series) != (licence, attribution)
        ]
        if changed:
            self._connection.execute(sa.insert(table).prefix_with("OR REPLACE"), changed)

    # --- instruments and groups

    def _take_instruments(self) -> None:
        provenance = self._harvest.provenance
        published = provenance.published if provenance else None
        known_at = min(stamp(published), self._now) if published else self._now
        rows = [
            {
                "symbol": one.symbol,
                "name": one.name,
                "kind": one.kind,
                "sector": one.sector,
                "industry": one.industry,
                "headquarters": one.headquarters,
                "cik": one.cik,
                "proxy_of": one.proxy_of,
                "inception": one.inception.isoformat() if one.inception else None,
                "aliases": json.dumps(one.aliases, ensure_ascii=False),
                "standing": one.standing,
            }
            for one in self._harvest.instruments
        ]
        table = schema.listings
        query = sa.select(table).where(table.c.source == self._source)
        if self._web and len(rows) <= _FEW:
            own = table.c.symbol.in_([row["symbol"] for row in rows])
            query = query.where(sa.or_(own, table.c.address.in_(("", self._address))))
        before = {row.symbol: row for row in self._connection.execute(query)}
        new, changed = [], []
        for row in {row["symbol"]: row for row in rows}.values():
            old = before.pop(row["symbol"], None)
            if old is None:
                new.append(
                    {
                        **row,
                        "source": self._source,
                        "known_at": known_at,
                        "retrieved": self._now,
                        "address": self._address,
                    }
                )
            elif old.replaced_at is not None or any(getattr(old, name) != row[name] for name in row):
                changed.append(row)
        if new:
            self._connection.execute(sa.insert(table), new)
        for row in changed:
            self._connection.execute(
                sa.update(table)
                .where(table.c.source == self._source, table.c.symbol == row["symbol"])
                .values(**row, retrieved=self._now, replaced_at=None, address=self._address)
            )
        left = [symbol for symbol, old in before.items() if old.replaced_at is None and self._mine(old)]
        for symbol in left:  # delisted: its past stays known, so the row stays
            self._connection.execute(
                sa.update(table)
                .where(table.c.source == self._source, table.c.symbol == symbol)
                .values(replaced_at=self._now)
            )
        if not self._harvest.bars:  # those spelt out beside a table of prices are not counted with it
            self.stored += len(rows)
            self.fresh += len(new)
            self.revised += len(changed)
            self.withdrawn += len(left)

    def _take_groups(self) -> None:
        provenance = self._harvest.provenance
        published = provenance.published if provenance else None
        known_at = min(stamp(published), self._now) if published else self._now
        table = schema.members
        listed = not self._harvest.bars
        for name, symbols in self._harvest.groups:
            mine = (table.c.name == name, table.c.source == self._source)
            before = {row.symbol: row for row in self._connection.execute(sa.select(table).where(*mine))}
            new = [symbol for symbol in symbols if symbol not in before]
            if new:
                self._connection.execute(
                    sa.insert(table),
                    [
                        {
                            "name": name,
                            "symbol": symbol,
                            "source": self._source,
                            "listed": listed,
                            "known_at": known_at,
                            "retrieved": self._now,
                            "address": self._address,
                        }
                        for symbol in new
                    ],
                )
            current = set(symbols)
            for symbol, old in before.items():
                if (symbol in current) == (old.replaced_at is not None) and (
                    symbol in current or self._mine(old)
                ):
                    self._connection.execute(
                        sa.update(table)
                        .where(*mine, table.c.symbol == symbol)
                        .values(replaced_at=None if symbol in current else self._now)
                    )
        kept = [name for name, _ in self._harvest.groups]
        self._connection.execute(
            sa.update(table)
            .where(
                table.c.source == self._source,
                table.c.name.not_in(kept),
                table.c.replaced_at.is_(None),
                *((table.c.address.in_(("", self._address)),) if self._web else ()),
            )
            .values(replaced_at=self._now)
        )

    # --- readings, decisions, events

    def _take_readings(self) -> None:
        """New vintages beside the old. A source that dates its readings gives vintages itself."""
        table = schema.readings
        current: dict[tuple[str, str, int | None], Any] = {}
        told = {one.series for one in self._harvest.readings}
        query = sa.select(table).where(table.c.source == self._source, table.c.replaced_at.is_(None))
        if len(told) <= _FEW:
            query = query.where(table.c.series.in_(sorted(told)))
        for row in self._connection.execute(query):
            current[row.series, row.period, row.stated] = row
        spans: dict[str, tuple[str, str]] = {}
        new, replaced = [], []
        for one in self._harvest.readings:
            period = one.period.isoformat()
            first, last = spans.get(one.series, (period, period))
            spans[one.series] = (min(first, period), max(last, period))
            stated = None if one.known_at is None else stamp(one.known_at)
            old = current.pop((one.series, period, stated), None)
            self.stored += 1
            if old is not None and old.value == str(one.value):
                continue
            if old is None:
                self.fresh += 1
            else:
                self.revised += 1
                replaced.append(old.id)
            new.append(
                {
                    "source": self._source,
                    "series": one.series,
                    "period": period,
                    "value": str(one.value),
                    "stated": stated,
                    "known_at": self._now,  # until settled; see known.py
                    "known_by": "retrieval",
                    "retrieved": self._now,
                }
            )
        for (series, period, _), old in current.items():
            if series in spans and spans[series][0] < period < spans[series][1]:
                replaced.append(old.id)
                self.withdrawn += 1
        self._retire(table, replaced)
        if new:
            self._connection.execute(sa.insert(table), new)

    def _replace(self, table: Table, key: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
        """Rows of an undated table: what changed or is gone is retired, what is new is added."""
        current = {
            tuple(getattr(row, name) for name in key): row
            for row in self._connection.execute(
                sa.select(table).where(table.c.source == self._source, table.c.replaced_at.is_(None))
            )
        }
        new, retired = [], []
        for row in rows:
            old = current.pop(tuple(row[name] for name in key), None)
            self.stored += 1
            if old is not None and all(getattr(old, name) == row[name] for name in row):
                continue
            if old is None:
                self.fresh += 1
            else:
                self.revised += 1
                retired.append(old.id)
            new.append({**row, "source": self._source, "retrieved": self._now, "address": self._address})
        days = sorted(row["day"] for row in rows)
        for old in current.values():
            if days[0] <= old.day <= days[-1] and self._mine(old):
                retired.append(old.id)
                self.withdrawn += 1
        self._retire(table, retired)
        if new:
            self._connection.execute(sa.insert(table), new)

    def _retire(self, table: Table, ids: Sequence[int]) -> None:
        if ids:
            self._connection.execute(
                sa.update(table).where(table.c.id == sa.bindparam("row")).values(replaced_at=self._now),
                [{"row": one} for one in ids],
            )


def _carried(
    old: Strip,
    columns: Mapping[str, NDArray[np.float64]],
    inside: NDArray[np.intp],
    again: NDArray[np.bool_],
    older: NDArray[np.bool_],
) -> dict[str, NDArray[np.float64]] | None:
    """The old columns with rows before the new table on its anchor; the same object where nothing was restated.

    None where prices were restated by something that is no split.
    """
    price = restated(old.columns["close"][again], columns["close"][inside][again])
    total = restated(old.columns["adj_close"][again], columns["adj_close"][inside][again])
    if price == 1.0 and total == 1.0:
        return old.columns
    found = dict(old.columns)
    if price != 1.0:
        factor = None if price is None else split_factor(price)
        if factor is None:
            return None
        for name in ("open", "high", "low", "close", "dividend"):
            found[name] = np.where(older, np.round(old.columns[name] * factor, 6), old.columns[name])
        found["volume"] = np.where(older, np.round(old.columns["volume"] / factor), old.columns["volume"])
    carried = np.nan if total is None else np.round(old.columns["adj_close"] * total, 6)
    found["adj_close"] = np.where(older, carried, old.columns["adj_close"])
    return found


def _terms(harvest: Harvest) -> tuple[str, str]:
    """The source's licence and attribution: its harvest's word, else what its observations agree on.

    Where they do not, the source counts as private, and each series has its own.
    """
    if harvest.provenance is not None:
        return harvest.provenance.licence, harvest.provenance.attribution
    licences = {one.provenance.licence for one in _observations(harvest)}
    credited = {one.provenance.attribution for one in _observations(harvest)}
    return "public" if licences == {"public"} else "private", credited.pop() if len(credited) == 1 else ""


def _address(harvest: Harvest) -> str:
    """Where the harvest came from, without the dates, hours and page numbers that its address asks for."""
    provenance = harvest.provenance
    if provenance is None:
        provenance = next((one.provenance for one in _observations(harvest)), None)
    if provenance is None:
        return ""
    path, _, query = provenance.address.partition("?")
    asked = [one for one in query.split("&") if one and not _OF_A_DAY.fullmatch(one.partition("=")[2])]
    return f"{path}?{'&'.join(asked)}" if asked else path


def _retrieved(harvest: Harvest, given: datetime | None) -> datetime:
    """When the harvest was read: its own word, else its rows', else its caller's, else now."""
    if harvest.provenance is not None:
        return harvest.provenance.retrieved
    first = next(_observations(harvest), None)
    if first is not None:
        return first.provenance.retrieved  # type: ignore[no-any-return]  # every observation has one
    return given or datetime.now(UTC)


def _observations(harvest: Harvest) -> Iterator[Any]:
    """Everything that has a provenance of its own."""
    for kind in _KINDS:
        yield from getattr(harvest, kind)


# What a source is said to hold, the first that its harvest has.
_KINDS = {
    "bars": "bars",
    "readings": "readings",
    "decisions": "policy",
    "events": "events",
    "stories": "stories",
    "filings": "filings",
    "companies": "companies",
    "company_facts": "company facts",
    "forecasts": "forecasts",
    "notices": "notices",
    "quotes": "quotes",
}


def _holds(harvest: Harvest) -> str:
    """What kind of table it is; empty where it holds nothing."""
    found = next((holds for kind, holds in _KINDS.items() if getattr(harvest, kind)), "")
    return found or ("instruments" if harvest.instruments or harvest.groups else "")


def _pack_days(days: NDArray[np.datetime64]) -> bytes:
    return days.astype("datetime64[D]").astype("<i8").tobytes()


def _pack_ints(values: NDArray[np.int64]) -> bytes:
    return values.astype("<i8").tobytes()


def _pack_columns(columns: Mapping[str, NDArray[np.float64]]) -> dict[str, bytes | None]:
    """Each column as bytes; none where every value is missing."""
    return {
        name: None if np.isnan(values).all() else values.astype("<f8").tobytes()
        for name, values in columns.items()
    }
