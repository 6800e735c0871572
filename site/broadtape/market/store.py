"""The market store as its one writer sees it: upgrading it, taking in harvests, settling what follows.

Fetches nothing; fetching.py does and hands over harvests. Readers use reader.py.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import sqlalchemy as sa

from broadtape.market import known, news, schema
from broadtape.market.intake import Intake
from broadtape.market.names import Called, naming
from broadtape.market.news import Lexicon, Named
from broadtape.market.reader import Arrangement, MarketReader, StoreError, layout_of, meta_value, open_engine
from broadtape.market.schema import instant, stamp
from broadtape.market.splice import compare
from broadtape.model import Basis

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray
    from sqlalchemy import Connection, Engine

    from newswire.observations import Harvest

_STANDINGS = {"settings": 0, "members": 1, "directory": 2}


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a harvest. `skipped` counts rows left out, by reason."""

    rows_read: int = 0
    stored: int = 0  # observations the source now gives
    fresh: int = 0  # of them new to the store
    revised: int = 0  # whose value replaced another
    withdrawn: int = 0  # no longer given; kept among the revisions
    skipped: Mapping[str, int] = field(default_factory=dict)
    unresolved: tuple[str, ...] = ()


class MarketStore(MarketReader):
    """The store, for reading and writing."""

    _calendar: tuple[date, NDArray[np.datetime64], NDArray[np.int64]] | None = None

    @classmethod
    def open(cls, path: Path, *, readonly: bool = False) -> Self:
        """The store at `path`, made or upgraded as needed; with `readonly` as it is."""
        if readonly:
            return super().open(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = open_engine(path, readonly=False)
        with engine.connect() as connection:
            layout = layout_of(connection, path)
        if layout != schema.HEAD:
            _upgrade(engine)
        store = cls(engine, path)
        with engine.connect() as connection:
            unsettled = meta_value(connection, "unsettled") == "1"
        if unsettled:  # an earlier fetch was cut short, perhaps before it made the calendar
            store.ensure_calendar(datetime.now(UTC).date())
            store.settle()
        return store

    def configure(self, arrangement: Arrangement) -> bool:
        """Keep how the settings arrange the store; sources they no longer name are not read by views.

        True when that changed anything: then call `settle` once all harvests are in.
        """
        text = arrangement.to_json()
        with self._write() as connection:
            if meta_value(connection, "arrangement") == text:
                return False
            _set_meta(connection, "arrangement", text)
            table = schema.sources
            connection.execute(sa.update(table).values(rank=None))
            for rank, name in enumerate(arrangement.order):
                connection.execute(sa.update(table).where(table.c.name == name).values(rank=rank))
            _set_meta(connection, "unsettled", "1")
            _changed(connection)
        return True

    def ensure_calendar(self, today: date) -> None:
        """Keep the list of sessions running well into the future."""
        from broadtape.market import calendar  # noqa: PLC0415  only the writer may load it, and rarely

        with self._engine.connect() as connection:
            row = connection.execute(sa.select(schema.calendars.c.days)).first()
        if row is not None:
            last = np.frombuffer(row.days, "<i8")[-1:].astype("datetime64[D]")[0].item()
            if last - today >= calendar.RENEW:
                return
        days, closes = calendar.exchange_sessions(today)
        values = {
            "days": days.astype("<i8").tobytes(),
            "closes": closes.astype("<i8").tobytes(),
            "made": stamp(datetime.combine(today, time(), UTC)),
        }
        with self._write() as connection:
            connection.execute(sa.delete(schema.calendars))
            connection.execute(sa.insert(schema.calendars).values(name=calendar.EXCHANGE, **values))
            _changed(connection)

    def ingest(
        self, harvest: Harvest, *, settings: str = "", settle: bool = True, retrieved: datetime | None = None
    ) -> Counts:
        """Take in one source's harvest in one transaction: all of it or, on any failure, none.

        What the source gave before and gives differently now is kept as a revision. `settings` is a digest
        of how the source was read, `retrieved` when it was, for a harvest that holds nothing to say so. Without
        `settle`, call `settle` once after the last harvest.
        """
        sessions, closes = self._sessions_now()
        with self._write() as connection:
            intake = Intake(connection, harvest, sessions, closes, retrieved)
            intake.register(settings, self._rank_for(connection, harvest.source))
            intake.take()
            _set_meta(connection, "unsettled", "1")
            _changed(connection)
        if settle:
            self.settle()
        skipped = {one.reason: one.count for one in harvest.skipped}
        for reason, count in intake.left_out.items():
            skipped[reason] = skipped.get(reason, 0) + count
        return Counts(
            rows_read=harvest.rows_read,
            stored=intake.stored,
            fresh=intake.fresh,
            revised=intake.revised,
            withdrawn=intake.withdrawn,
            skipped=skipped,
            unresolved=harvest.unresolved,
        )

    def lexicon(self) -> Lexicon:
        """Everything that listed instruments are called, for texts that are no stories of the store."""
        with self._engine.connect() as connection:
            return Lexicon(_named(connection))

    def _sessions_now(self) -> tuple[NDArray[np.datetime64], NDArray[np.int64]]:
        """The list of sessions, long enough for today; read from the file once a day, not for each harvest."""
        today = datetime.now(UTC).date()
        if self._calendar is None or self._calendar[0] != today:
            self.ensure_calendar(today)
            shelf = self.shelf()
            self._calendar = (today, shelf.sessions, shelf.closes)
        return self._calendar[1:]

    def settle(self) -> None:
        """Bring what follows from several sources up to date: instruments with their names, when readings
        were known, what stories are about, and how sources of one symbol compare. Until all of it is done the
        store counts as unsettled, and the next opening does it again."""
        sessions = self.shelf().sessions
        with self._write() as connection:
            _settle_instruments(connection)
            _settle_readings(connection, sessions)
            _settle_links(connection)
            _changed(connection)
        generation = self.generation
        found = [
            {
                "symbol": symbol,
                "basis": verdict.basis,
                "first": verdict.first,
                "second": verdict.second,
                "sessions": verdict.sessions,
                "worst_pct": verdict.worst_pct,
                "median_pct": verdict.median_pct,
                "agrees": verdict.agrees,
            }
            for symbol, spans in self.shelf().spans.items()
            if len(spans) > 1
            for verdict in self._compare(symbol)
        ]
        with self._write() as connection:
            connection.execute(sa.delete(schema.comparisons))
            if found:
                connection.execute(sa.insert(schema.comparisons), found)
            if int(meta_value(connection, "generation") or 0) == generation:  # else another writer settles
                _set_meta(connection, "unsettled", "0")

    def record(
        self,
        source: str,
        *,
        at: datetime,
        seconds: float,
        outcome: str,  # stored, unchanged or failed
        counts: Counts | None = None,
        digest: str = "",
        message: str = "",
    ) -> None:
        """Write an attempt into the log of fetches."""
        told: dict[str, Any] = {}
        if counts is not None:
            told = {
                "rows_read": counts.rows_read,
                "stored": counts.stored,
                "fresh": counts.fresh,
                "revised": counts.revised,
                "withdrawn": counts.withdrawn,
                "skipped": dict(counts.skipped),
                "unresolved": list(counts.unresolved),
            }
        with self._write() as connection:
            connection.execute(
                sa.insert(schema.fetches).values(
                    source=source,
                    at=stamp(at),
                    seconds=seconds,
                    outcome=outcome,
                    digest=digest,
                    counts=json.dumps(told, sort_keys=True),
                    message=message,
                )
            )

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """A transaction that writes; it is committed at the end, or leaves no trace."""
        try:
            with self._engine.execution_options(writes=True).begin() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            raise StoreError(
                f"{self.path}: cannot be written: {error.orig}; is the disk full or read-only, or another fetch "
                "running?"
            ) from error

    def _rank_for(self, connection: Connection, source: str) -> int:
        """The source's place in the settings; one that they do not name comes after all others."""
        text = meta_value(connection, "arrangement")
        order = Arrangement.from_json(text).order if text else ()
        if source in order:
            return order.index(source)
        table = schema.sources
        known_rank = connection.execute(sa.select(table.c.rank).where(table.c.name == source)).scalar()
        if known_rank is not None:
            return int(known_rank)
        highest = connection.execute(sa.select(sa.func.max(table.c.rank))).scalar()
        return max(-1 if highest is None else int(highest), len(order) - 1) + 1

    def _compare(self, symbol: str) -> list[Any]:
        strips = self.shelf().strips(symbol)
        bases: tuple[Basis, ...] = ("price", "total")
        verdicts = (
            compare(first, second, basis)
            for basis in bases
            for number, first in enumerate(strips)
            for second in strips[number + 1 :]
        )
        return [verdict for verdict in verdicts if verdict is not None]


# --- settling ---------------------------------------------------------------------------------------------


def _settle_instruments(connection: Connection) -> None:
    """One row per listed symbol from what all sources say, with the name that prose prints."""
    ranks = _ranks(connection)
    told: dict[str, list[Any]] = {}
    for row in connection.execute(sa.select(schema.listings)):
        if row.source in ranks and not row.symbol.startswith("UNLISTED:"):
            told.setdefault(row.symbol, []).append(row)
    for rows in told.values():
        rows.sort(key=lambda row: (_STANDINGS[row.standing], row.replaced_at is not None, ranks[row.source]))
    called: dict[str, Called] = {}
    kinds: dict[str, Any] = {}
    for symbol, rows in told.items():
        kinds[symbol] = _kind(rows)
        given = [row for row in rows if row.name]
        fixed = given[0].name if given and given[0].standing == "settings" else ""
        names = tuple(dict.fromkeys(row.name for row in given if row.standing != "settings"))
        member = bool(given) and not fixed and given[0].standing == "members"
        called[symbol] = Called(kinds[symbol], names, fixed, member)
    names_by_symbol = naming(dict(sorted(called.items())))
    merged = []
    for symbol, rows in sorted(told.items()):
        printed = names_by_symbol[symbol]
        extra = [alias for row in rows for alias in json.loads(row.aliases)]
        aliases = [one for one in dict.fromkeys((*extra, *printed.aliases)) if one != printed.printed]
        merged.append(
            {
                "symbol": symbol,
                "name": printed.printed,
                "kind": kinds[symbol],
                **{
                    name: _first(rows, name)
                    for name in ("sector", "industry", "headquarters", "cik", "proxy_of")
                },
                "inception": _first(rows, "inception") or None,
                "aliases": json.dumps(aliases, ensure_ascii=False),
                "known_at": min(row.known_at for row in rows),
                "retrieved": max(row.retrieved for row in rows),
            }
        )
    connection.execute(sa.delete(schema.instruments))
    if merged:
        connection.execute(sa.insert(schema.instruments), merged)


def _kind(rows: list[Any]) -> str:
    """The settings' word, else the exchange's, else anybody's."""
    for standing in ("settings", "directory", "members"):
        for row in rows:
            if row.standing == standing:
                return str(row.kind)
    return str(rows[0].kind)


def _first(rows: list[Any], name: str) -> str:
    return next((getattr(row, name) for row in rows if getattr(row, name)), "")


def _settle_readings(connection: Connection, sessions: NDArray[np.datetime64]) -> None:
    """When each reading could be known (known.py), for first prints without a date of their own."""
    table = schema.readings
    text = meta_value(connection, "arrangement")
    lags: Mapping[str, int] = Arrangement.from_json(text).lag_days if text else {}
    releases: dict[str, list[datetime]] = {}
    ranks = _ranks(connection)
    for row in connection.execute(
        sa.select(schema.events).where(schema.events.c.replaced_at.is_(None)).order_by(schema.events.c.at)
    ):
        if row.source in ranks:
            releases.setdefault(row.kind, []).append(instant(row.at))
    calendar = known.Calendar(sessions.tolist(), releases)
    rows = connection.execute(sa.select(table).order_by(table.c.series, table.c.source, table.c.period)).all()
    first_print: dict[tuple[str, str, str], int] = {}
    for row in rows:
        key = (row.series, row.source, row.period)
        first_print[key] = min(first_print.get(key, row.id), row.id)
    periods: dict[str, list[date]] = {}
    for row in rows:
        periods.setdefault(row.series, []).append(date.fromisoformat(row.period))
    rules = {
        series: (known.rule_for(series), known.frequency_of(sorted(set(found))))
        for series, found in periods.items()
    }
    changed = []
    for row in rows:
        rule, frequency = rules[row.series]
        if row.stated is not None:
            at, how = row.stated, "source"
        elif first_print[row.series, row.source, row.period] != row.id:
            at, how = row.retrieved, "retrieval"  # a revision is known from when we saw it
        else:
            found, how = known.known_at(
                date.fromisoformat(row.period),
                rule=rule,
                frequency=frequency,
                lag_days=lags.get(row.series),
                calendar=calendar,
                retrieved=instant(row.retrieved),
            )
            at = stamp(found)
        if (at, how) != (row.known_at, row.known_by):
            changed.append({"row": row.id, "at": at, "how": how})
    if changed:
        connection.execute(
            sa.update(table)
            .where(table.c.id == sa.bindparam("row"))
            .values(known_at=sa.bindparam("at"), known_by=sa.bindparam("how")),
            changed,
        )


def _settle_links(connection: Connection) -> None:
    """Which instruments stories are about: of stories not yet looked at; of all when names or rules changed."""
    table, links = schema.stories, schema.story_links
    last = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
    if not last:
        return
    named = _named(connection)
    looked = int(meta_value(connection, "linked") or 0)
    if meta_value(connection, "lexicon") != (names := news.digest(named)):
        connection.execute(sa.delete(links))
        _set_meta(connection, "lexicon", names)
        looked = 0
    if looked == last:
        return
    lexicon = Lexicon(named)
    rows = connection.execute(sa.select(table).where(table.c.id > looked).order_by(table.c.id))
    found = [
        {"story": row.id, "symbol": link.symbol, "how": link.how}
        for row in rows
        for link in lexicon.links(
            row.title, row.excerpt, named=json.loads(row.named), publisher=row.publisher
        )
    ]
    if found:
        connection.execute(sa.insert(links), found)
    _set_meta(connection, "linked", str(last))


def _named(connection: Connection) -> list[Named]:
    """What the listed instruments are called: by their sources, and by the registrants whose shares they are."""
    ranks = _ranks(connection)
    table = schema.companies
    companies: dict[str, list[Any]] = {}
    for row in connection.execute(
        sa.select(table).where(table.c.replaced_at.is_(None)).order_by(table.c.cik, table.c.source)
    ):
        if row.source in ranks:
            for symbol in json.loads(row.symbols):
                companies.setdefault(symbol, []).append(row)
    found = []
    for row in connection.execute(sa.select(schema.instruments).order_by(schema.instruments.c.symbol)):
        registrants = companies.get(row.symbol, [])
        names = (row.name, *json.loads(row.aliases), *(one.name for one in registrants))
        former = tuple(name for one in registrants for name in json.loads(one.former))
        cik = row.cik or next((one.cik for one in registrants), "")
        found.append(Named(row.symbol, row.kind, tuple(dict.fromkeys(names)), former, cik))
    return found


# --- small things -----------------------------------------------------------------------------------------


def _upgrade(engine: Engine) -> None:
    """Run the migrations that are missing."""
    from alembic import command  # noqa: PLC0415  only a new or an old store needs it
    from alembic.config import Config  # noqa: PLC0415

    with engine.execution_options(writes=True).begin() as connection:
        config = Config()
        config.set_main_option(
            "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
        )
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _ranks(connection: Connection) -> dict[str, int]:
    table = schema.sources
    rows = connection.execute(sa.select(table.c.name, table.c.rank).where(table.c.rank.is_not(None)))
    return {row.name: row.rank for row in rows}


def _set_meta(connection: Connection, key: str, value: str) -> None:
    connection.execute(sa.delete(schema.meta).where(schema.meta.c.key == key))
    connection.execute(sa.insert(schema.meta).values(key=key, value=value))


def _changed(connection: Connection) -> None:
    """Let readers know that what they keep is out of date."""
    _set_meta(connection, "generation", str(int(meta_value(connection, "generation") or 0) + 1))
