"""Reading the market store: what it holds, and views of it as of a session.

Writes nothing, and imports nothing that fetches (no newswire, pandas, pyarrow, exchange_calendars).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import quote
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from broadtape.market import schema
from broadtape.market.schema import BAR_COLUMNS, instant
from broadtape.market.splice import Comparison, Strip
from broadtape.market.told import News
from broadtape.market.view import StoredView, VintageReading
from broadtape.model import Bars, BroadtapeError, Decision, Event, Instrument, NoData, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from numpy.typing import NDArray
    from sqlalchemy import Connection, Engine

BUSY_TIMEOUT_S = 30.0


class StoreError(BroadtapeError):
    """The market store cannot be opened or has another layout than this program."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """What the store has from one source. `rank` is its place in the settings, None when not in them."""

    name: str
    rank: int | None
    holds: str
    origin: Origin
    digest: str
    settings: str
    names: Mapping[str, str]
    published: datetime | None


@dataclass(frozen=True, slots=True)
class Revision:
    """A value that a later retrieval changed or withdrew (`new` empty). Instants are UTC."""

    series: str  # a symbol or the name of a macro series
    day: date
    field: str
    old: str
    new: str
    source: str
    retrieved: datetime  # when the old value was read
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class FetchRecord:
    """One attempt at a source and what came of it."""

    source: str
    at: datetime
    seconds: float
    outcome: Literal["stored", "unchanged", "failed"]
    counts: Mapping[str, Any]
    message: str


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What the settings say about reading the store: the market's zone, benchmarks, order of sources."""

    time_zone: str = "America/New_York"
    benchmarks: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    lag_days: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """As stored."""
        return json.dumps(
            {
                "time_zone": self.time_zone,
                "benchmarks": dict(self.benchmarks),
                "order": list(self.order),
                "lag_days": dict(self.lag_days),
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> Arrangement:
        """From the stored form."""
        data = json.loads(text)
        return cls(data["time_zone"], data["benchmarks"], tuple(data["order"]), data["lag_days"])


class MarketReader:
    """The store, read-only. Safe to share between threads; what it reads is kept until the store changes."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self.path = path
        self._lock = threading.Lock()
        self._shelf: Shelf | None = None

    @classmethod
    def open(cls, path: Path) -> Self:
        """The store at `path`; StoreError says what to do when it is missing or of another layout."""
        if not path.is_file():
            raise StoreError(f"{path}: no market store yet; run 'broadtape fetch'")
        engine = open_engine(path, readonly=True)
        _check_layout(engine, path)
        return cls(engine, path)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- views

    def view(self, as_of: date, *, retrieved_before: datetime | None = None) -> StoredView:
        """The market as known at the end of session `as_of` (the last session on or before that day).

        With `retrieved_before`, values retrieved later are replaced by those they replaced: the market as
        this store knew it at that instant. NoData when no session lies that far back.
        """
        return StoredView(self.shelf(), as_of, retrieved_before)

    def news(self, at: datetime) -> News:
        """What had been told by an instant (aware): stories, filings, companies, forecasts, notices."""
        return News(self.shelf(), at)

    def shelf(self) -> Shelf:
        """What is kept of the store's present generation."""
        with self._lock:
            generation = self.generation
            if self._shelf is None or self._shelf.generation != generation:
                self._shelf = Shelf(self._engine, generation)
            return self._shelf

    def last_session(self) -> date:
        """The newest session for which the large benchmark, else anything, has a bar; NoData when none."""
        shelf = self.shelf()
        benchmark = shelf.arrangement.benchmarks.get("large", "")
        spans = shelf.spans.get(benchmark) or [span for found in shelf.spans.values() for span in found]
        if not spans:
            raise NoData(f"{self.path}: the store holds no bars; run 'broadtape fetch'")
        return max(last for _, _, last in spans)

    # --- what the store holds

    @property
    def generation(self) -> int:
        """Rises with every change that is committed."""
        with self._engine.connect() as connection:
            return int(meta_value(connection, "generation") or 0)

    @property
    def arrangement(self) -> Arrangement:
        """How the settings of the last fetch arrange the store."""
        return self.shelf().arrangement

    def sources(self) -> tuple[SourceState, ...]:
        """Every source the store has data of, those of the settings first and in their order."""
        return self.shelf().sources

    def revisions(self, series: str = "") -> tuple[Revision, ...]:
        """Values that a later retrieval changed or withdrew, newest first; of a symbol, a series, or all."""
        with self._engine.connect() as connection:
            found = [*_bar_revisions(connection, series), *_reading_revisions(connection, series)]
        return tuple(sorted(found, key=lambda one: (one.replaced_at, one.day, one.series), reverse=True))

    def comparisons(self) -> tuple[tuple[str, Comparison], ...]:
        """How two sources of the same symbol agree, over all sessions: (symbol, comparison), by symbol."""
        table = schema.comparisons
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(table).order_by(table.c.symbol, table.c.basis, table.c.first, table.c.second)
            )
            return tuple(
                (
                    row.symbol,
                    Comparison(
                        row.basis,
                        row.first,
                        row.second,
                        row.sessions,
                        row.worst_pct,
                        row.median_pct,
                        row.agrees,
                    ),
                )
                for row in rows
            )

    def fetches(self, limit: int = 100) -> tuple[FetchRecord, ...]:
        """The latest attempts, newest first."""
        table = schema.fetches
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.id.desc()).limit(limit))
            return tuple(
                FetchRecord(
                    row.source, instant(row.at), row.seconds, row.outcome, json.loads(row.counts), row.message
                )
                for row in rows
            )


# --- what is kept between queries -------------------------------------------------------------------------


class Shelf:
    """One generation of the store, loaded piece by piece when first asked for."""

    def __init__(self, engine: Engine, generation: int) -> None:
        self.engine = engine
        self.generation = generation
        self._strips: dict[str, tuple[Strip, ...]] = {}
        self._readings: dict[str, tuple[VintageReading, ...]] = {}
        self.joined: dict[
            str, tuple[tuple[int, ...], Bars]
        ] = {}  # by symbol, what views last joined of how many rows

    @cached_property
    def arrangement(self) -> Arrangement:
        """How the settings arrange the store."""
        with self.engine.connect() as connection:
            text = meta_value(connection, "arrangement")
        return Arrangement.from_json(text) if text else Arrangement()

    @cached_property
    def time_zone(self) -> ZoneInfo:
        """The market's zone."""
        return ZoneInfo(self.arrangement.time_zone)

    @cached_property
    def _calendar(self) -> tuple[NDArray[np.datetime64], NDArray[np.int64]]:
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(schema.calendars).limit(1)).first()
        if row is None:
            raise NoData("the market store has no trading calendar yet; run 'broadtape fetch'")
        return np.frombuffer(row.days, "<i8").astype("datetime64[D]"), np.frombuffer(row.closes, "<i8")

    @property
    def sessions(self) -> NDArray[np.datetime64]:
        """Every session, past and scheduled."""
        return self._calendar[0]

    @property
    def closes(self) -> NDArray[np.int64]:
        """Their closes, microseconds UTC."""
        return self._calendar[1]

    @cached_property
    def sources(self) -> tuple[SourceState, ...]:
        """All sources, by rank."""
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(schema.sources)).all()
        found = [
            SourceState(
                row.name,
                row.rank,
                row.holds,
                Origin(row.name, row.attribution, row.licence, instant(row.retrieved), row.delay_minutes),
                row.digest,
                row.settings,
                json.loads(row.names),
                None if row.published is None else instant(row.published),
            )
            for row in rows
        ]
        return tuple(sorted(found, key=lambda one: (one.rank is None, one.rank, one.name)))

    @cached_property
    def ranks(self) -> dict[str, int]:
        """The sources that views read, with their place in the settings."""
        return {one.name: one.rank for one in self.sources if one.rank is not None}

    @cached_property
    def origins(self) -> dict[str, Origin]:
        """Where each source's rows come from."""
        return {one.name: one.origin for one in self.sources}

    @cached_property
    def terms(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Licence and attribution of each series of a source, by (source, symbol or series)."""
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(schema.terms)).all()
        return {(row.source, row.series): (row.licence, row.attribution) for row in rows}

    def origin(self, source: str, series: str) -> Origin:
        """Where a series of a source comes from, on its own terms; on its source's where it has none."""
        whole = self.origins[source]
        own = self.terms.get((source, series))
        if own is None:
            return whole
        return replace(
            whole,
            licence="public" if own[0] == "public" else "private",
            attribution=own[1] or whole.attribution,
        )

    @cached_property
    def instruments(self) -> dict[str, Instrument]:
        """Listed instruments by symbol, ascending."""
        table = schema.instruments
        membership: dict[str, list[str]] = {}
        for name, symbols in self.groups.items():
            for symbol in symbols:
                membership.setdefault(symbol, []).append(name)
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.symbol)).all()
        return {
            row.symbol: Instrument(
                symbol=row.symbol,
                name=row.name,
                kind=row.kind,
                sector=row.sector,
                industry=row.industry,
                headquarters=row.headquarters,
                cik=row.cik,
                proxy_of=row.proxy_of,
                inception=date.fromisoformat(row.inception) if row.inception else None,
                aliases=() if row.aliases == "[]" else tuple(json.loads(row.aliases)),
                groups=tuple(membership.get(row.symbol, ())),
            )
            for row in rows
        }

    @cached_property
    def symbols_by_cik(self) -> dict[str, tuple[str, ...]]:
        """The listed symbols of each registrant (ten digits), sorted: by the instruments and the registrants."""
        found: dict[str, set[str]] = {}
        for one in self.instruments.values():
            if one.cik.isdigit():
                found.setdefault(one.cik.zfill(10), set()).add(one.symbol)
        table = schema.companies
        query = sa.select(table.c.cik, table.c.symbols, table.c.source).where(table.c.replaced_at.is_(None))
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            if row.source in self.ranks:
                listed = {one for one in json.loads(row.symbols) if one in self.instruments}
                if listed:
                    found.setdefault(row.cik, set()).update(listed)
        return {cik: tuple(sorted(symbols)) for cik, symbols in sorted(found.items())}

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Members by group, sorted: as a list of members says; where there is none, tables of prices."""
        table = schema.members
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(table).where(table.c.replaced_at.is_(None))).all()
        found: dict[str, dict[bool, set[str]]] = {}
        for row in rows:
            if row.source in self.ranks:
                found.setdefault(row.name, {}).setdefault(bool(row.listed), set()).add(row.symbol)
        return {name: tuple(sorted(kinds.get(True) or kinds[False])) for name, kinds in sorted(found.items())}

    @cached_property
    def spans(self) -> dict[str, list[tuple[str, date, date]]]:
        """For each symbol with bars: source, first and last session, by precedence."""
        table = schema.bars
        with self.engine.connect() as connection:
            rows = connection.execute(
                sa.select(table.c.symbol, table.c.source, table.c.first, table.c.last).order_by(
                    table.c.symbol
                )
            ).all()
        found: dict[str, list[tuple[str, date, date]]] = {}
        for row in rows:
            if row.source in self.ranks:
                found.setdefault(row.symbol, []).append(
                    (row.source, date.fromisoformat(row.first), date.fromisoformat(row.last))
                )
        for spans in found.values():
            spans.sort(key=lambda span: self.ranks[span[0]])
        return found

    def strips(self, symbol: str) -> tuple[Strip, ...]:
        """The bars of a symbol from each source, by precedence."""
        found = self._strips.get(symbol)
        if found is None:
            table = schema.bars
            with self.engine.connect() as connection:
                rows = connection.execute(sa.select(table).where(table.c.symbol == symbol)).all()
            ranked = sorted(
                (row for row in rows if row.source in self.ranks), key=lambda row: self.ranks[row.source]
            )
            found = self._strips[symbol] = tuple(unpack(row) for row in ranked)
        return found

    def former(self, symbol: str, source: str) -> list[tuple[int, Strip]]:
        """Rows that were replaced, with when, newest replacement first."""
        if (symbol, source) not in self._replaced:
            return []
        table = schema.bars_former
        with self.engine.connect() as connection:
            rows = connection.execute(
                sa.select(table)
                .where(table.c.symbol == symbol, table.c.source == source)
                .order_by(table.c.replaced_at.desc(), table.c.id.desc())
            ).all()
        return [(row.replaced_at, unpack(row)) for row in rows]

    @cached_property
    def _replaced(self) -> frozenset[tuple[str, str]]:
        """Symbol and source of every series that has replaced rows; few have."""
        table = schema.bars_former
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(table.c.symbol, table.c.source).distinct()).all()
        return frozenset((row.symbol, row.source) for row in rows)

    @cached_property
    def begun(self) -> datetime | None:
        """When the first story was read: from then on the wire was watched. Asked of every company, so kept."""
        table = schema.stories
        query = sa.select(sa.func.min(table.c.retrieved)).where(table.c.source.in_(list(self.ranks)))
        with self.engine.connect() as connection:
            first = connection.execute(query).scalar()
        return None if first is None else instant(first)

    @cached_property
    def series(self) -> tuple[str, ...]:
        """Every macro series of the store."""
        table = schema.readings
        with self.engine.connect() as connection:
            return tuple(
                connection.execute(sa.select(table.c.series).distinct().order_by(table.c.series)).scalars()
            )

    def readings(self, series: str) -> tuple[VintageReading, ...]:
        """All vintages of a series, by period, precedence and when they were known."""
        found = self._readings.get(series)
        if found is None:
            table = schema.readings
            with self.engine.connect() as connection:
                rows = connection.execute(sa.select(table).where(table.c.series == series)).all()
            vintages = [
                VintageReading(
                    date.fromisoformat(row.period),
                    Decimal(row.value),
                    row.source,
                    self.ranks[row.source],
                    row.known_at,
                    row.retrieved,
                    row.replaced_at,
                )
                for row in rows
                if row.source in self.ranks
            ]
            vintages.sort(key=lambda one: (one.period, one.rank, one.known_at, one.retrieved))
            found = self._readings[series] = tuple(vintages)
        return found

    @cached_property
    def decisions(self) -> tuple[tuple[Decision, int, int, int | None], ...]:
        """Decisions with known_at, retrieved and replaced_at; of one day only the first source's."""
        table = schema.decisions
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.day, table.c.id)).all()
        return tuple(
            (
                Decision(
                    date.fromisoformat(row.day),
                    Decimal(row.lower),
                    Decimal(row.upper),
                    row.change_bp,
                    row.url,
                    self.origins[row.source],
                ),
                row.known_at,
                row.retrieved,
                row.replaced_at,
            )
            for row in self._first_source(rows, lambda row: row.day)
        )

    @cached_property
    def events(self) -> tuple[tuple[Event, int, int, int | None], ...]:
        """Events with known_at, retrieved and replaced_at, by instant."""
        table = schema.events
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.at, table.c.kind, table.c.id)).all()
        return tuple(
            (
                Event(
                    date.fromisoformat(row.day),
                    instant(row.at),
                    row.zone,
                    row.kind,
                    row.title,
                    row.url,
                    self.origins[row.source],
                ),
                row.known_at,
                row.retrieved,
                row.replaced_at,
            )
            for row in self._first_source(rows, lambda row: (row.day, row.kind, row.title))
        )

    def _first_source(self, rows: Sequence[Any], key: Any) -> list[Any]:
        """The rows of the first source, by the settings' order, that has each key."""
        best: dict[Any, int] = {}
        for row in rows:
            if row.source in self.ranks:
                rank = self.ranks[row.source]
                best[key(row)] = min(best.get(key(row), rank), rank)
        return [row for row in rows if row.source in self.ranks and best[key(row)] == self.ranks[row.source]]


# --- opening and unpacking --------------------------------------------------------------------------------


def unpack(row: Any) -> Strip:
    """A row of `bars` or `bars_former` as arrays, which are read-only."""
    days = np.frombuffer(row.days, "<i8").astype("datetime64[D]")
    none = np.full(len(days), np.nan)
    columns = {
        name: np.frombuffer(blob, "<f8") if (blob := getattr(row, name)) is not None else none
        for name in BAR_COLUMNS
    }
    return Strip(
        row.source,
        getattr(row, "adjustment", "raw"),
        getattr(row, "unit", "USD"),
        getattr(row, "decimals", 2),
        days,
        columns,
        np.frombuffer(row.seen, "<i8"),
    )


def open_engine(path: Path, *, readonly: bool) -> Engine:
    """An engine whose connections wait for each other and keep foreign keys; transactions are explicit.

    Those begun with the execution option `writes` take the write lock at once.
    """
    mode = "ro" if readonly else "rwc"
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA foreign_keys = ON")
            if not readonly:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error as error:
            raise StoreError(f"{path}: cannot be opened as a market store: {error}") from error
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=16)

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and takes its lock later could fail midway.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def layout_of(connection: Connection, path: Path) -> str:
    """The store's migration; empty for a new file. StoreError when it is no store or a newer program's."""
    try:
        tables = set(sa.inspect(connection).get_table_names())
        if not tables:
            return ""
        if "alembic_version" not in tables:
            raise StoreError(
                f"{path}: a database, but no market store; move it away and run 'broadtape fetch'"
            )
        version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    except sa.exc.DatabaseError as error:
        raise StoreError(f"{path}: {_what_ails(error.orig)}") from error
    if version not in schema.KNOWN:
        raise StoreError(
            f"{path}: its layout {version} is newer than this program's {schema.HEAD}; upgrade broadtape"
        )
    return str(version)


def _what_ails(error: BaseException | None) -> str:
    """What SQLite's error says of the file: damaged is only what no longer reads as a database."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"damaged ({error}); restore a backup, or move it away and run 'broadtape fetch'"
    return f"cannot be read: {error}; is the disk full, or another process holding it?"


def _check_layout(engine: Engine, path: Path) -> None:
    with engine.connect() as connection:
        version = layout_of(connection, path)
    if version != schema.HEAD:
        engine.dispose()
        what = (
            f"its layout {version} is older than this program's {schema.HEAD}" if version else "an empty file"
        )
        raise StoreError(f"{path}: {what}; run 'broadtape fetch' once to bring it up to date")


def meta_value(connection: Connection, key: str) -> str | None:
    """A single value the store keeps about itself."""
    return connection.execute(sa.select(schema.meta.c.value).where(schema.meta.c.key == key)).scalar()


# --- revisions --------------------------------------------------------------------------------------------


def _bar_revisions(connection: Connection, symbol: str) -> list[Revision]:
    table = schema.bars_former
    query = sa.select(table).order_by(table.c.id.desc())
    if symbol:
        query = query.where(table.c.symbol == symbol)
    later: dict[tuple[str, str], list[Strip]] = {}
    found: list[Revision] = []
    for row in connection.execute(query):
        old, key = unpack(row), (row.symbol, row.source)
        if key not in later:
            current = connection.execute(
                sa.select(schema.bars).where(
                    schema.bars.c.symbol == row.symbol, schema.bars.c.source == row.source
                )
            ).first()
            later[key] = [unpack(current)] if current is not None else []
        for number, day in enumerate(old.days):
            after = _row_of(later[key], day)
            for name in BAR_COLUMNS:
                before = old.columns[name][number]
                now = after[name] if after is not None else np.nan
                if before != now and not (np.isnan(before) and np.isnan(now)):
                    found.append(
                        Revision(
                            row.symbol,
                            day.item(),
                            name,
                            _shown(before),
                            _shown(now),
                            row.source,
                            instant(int(old.seen[number])),
                            instant(row.replaced_at),
                        )
                    )
        later[key].insert(0, old)
    return found


def _row_of(strips: list[Strip], day: np.datetime64) -> dict[str, float] | None:
    """The values that followed: of the oldest strip newer than the one looked at that has the day."""
    for strip in strips:
        at = int(np.searchsorted(strip.days, day))
        if at < len(strip.days) and strip.days[at] == day:
            return {name: float(values[at]) for name, values in strip.columns.items()}
    return None


def _shown(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))


def _reading_revisions(connection: Connection, series: str) -> list[Revision]:
    table = schema.readings
    query = sa.select(table).where(table.c.replaced_at.is_not(None))
    if series:
        query = query.where(table.c.series == series)
    found: list[Revision] = []
    for row in connection.execute(query).all():
        new = connection.execute(
            sa.select(table.c.value).where(
                table.c.series == row.series,
                table.c.source == row.source,
                table.c.period == row.period,
                table.c.retrieved == row.replaced_at,
            )
        ).scalar()
        found.append(
            Revision(
                row.series,
                date.fromisoformat(row.period),
                "value",
                row.value,
                new or "",
                row.source,
                instant(row.retrieved),
                instant(row.replaced_at),
            )
        )
    return found
