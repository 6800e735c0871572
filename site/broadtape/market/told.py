"""What had been told by an instant: others' stories, filings, companies, forecasts, notices (`model.NewsView`).

Shows nothing that was not known by then, and of each thing the version in force; writes nothing.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from broadtape.market import likeness, schema
from broadtape.market.schema import instant, stamp
from broadtape.model import (
    Cluster,
    Company,
    CompanyFact,
    Filing,
    Forecast,
    ForecastPeriod,
    Heat,
    Notice,
    Origin,
    Quote,
    Story,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from sqlalchemy import Engine, Select, Table

    from broadtape.model import Instrument

MOST = 2_000  # rows of one answer
FORECAST_FRESH = timedelta(hours=12)  # an office issues one every six hours or so
# A notice that names no end holds while its source goes on giving it.
CONFIRMED = timedelta(hours=24)


class ToldShelf(Protocol):
    """What the reads below need of `broadtape.market.reader.Shelf`."""

    @property
    def begun(self) -> datetime | None: ...  # noqa: D102  see broadtape.market.reader.Shelf
    @property
    def engine(self) -> Engine: ...  # noqa: D102  see the class
    @property
    def origins(self) -> Mapping[str, Origin]: ...  # noqa: D102
    @property
    def ranks(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def instruments(self) -> Mapping[str, Instrument]: ...  # noqa: D102
    @property
    def symbols_by_cik(self) -> Mapping[str, tuple[str, ...]]: ...  # noqa: D102


class Reads:
    """The reads of a NewsView, over a store's shelf and an instant in microseconds UTC."""

    _shelf: ToldShelf
    _cut: int
    _retrieved_cut: int | None

    def stories(
        self, since: datetime | None = None, *, symbol: str = "", limit: int = MOST
    ) -> tuple[Story, ...]:
        """Each story's version in force, newest first; of those known from `since` on, about an instrument.

        A story that several feeds carry at one address is given once, as the first source has it.
        """
        table, links = schema.stories, schema.story_links
        query = self._in_force(table)
        if since is not None:
            query = query.where(table.c.known_at >= stamp(since))
        if symbol:
            query = query.where(
                table.c.id.in_(sa.select(links.c.story).where(links.c.symbol == symbol).scalar_subquery())
            )
        query = query.order_by(table.c.known_at.desc(), table.c.id.desc()).limit(limit * 2)
        rows = _latest(self._rows(query), lambda row: (row.source, row.uid))
        first: dict[str, Any] = {}
        for row in rows:
            held = first.get(row.link)
            if held is None or self._order(row) < self._order(held):
                first[row.link] = row
        kept = sorted(first.values(), key=lambda row: (_when(row), row.uid), reverse=True)[:limit]
        about = self._about([row.id for row in kept])
        return tuple(self._story(row, about.get(row.id, ())) for row in kept)

    def clusters(self, since: datetime) -> tuple[Cluster, ...]:
        """Stories known from `since` on, with the same news as one; the most told first.

        What was led earlier and is told again since then has its lead from before.
        """
        found = likeness.clusters(self.stories(since - likeness.WINDOW))
        return tuple(one for one in found if any(story.known_at >= since for story in one.stories))

    def heat(self, symbol: str) -> Heat | None:
        """How much is told of an instrument now, against its own past; None without enough of one."""
        at = instant(self._cut)
        begun = self._shelf.begun
        if begun is None:
            return None
        since = at - (likeness.PAST_DAYS + 1) * likeness.DAY
        told = likeness.clusters(self.stories(since, symbol=symbol))
        return likeness.heat(symbol, told, at, begun)

    def filings(
        self, company: str = "", *, form: str = "", since: datetime | None = None, limit: int = MOST
    ) -> tuple[Filing, ...]:
        """Filings, newest first; of a company by CIK or symbol, of a form, accepted from `since` on."""
        table = schema.filings
        query = self._in_force(table)
        if company:
            cik = self._cik(company)
            if not cik:
                return ()
            query = query.where(table.c.cik == cik)
        if form:
            query = query.where(table.c.form == form)
        if since is not None:
            query = query.where(table.c.at >= stamp(since))
        query = query.order_by(table.c.at.desc(), table.c.accession.desc()).limit(limit)
        found = self._best(query, lambda row: (row.accession, row.cik))
        return tuple(
            Filing(
                row.accession,
                row.cik,
                row.company,
                row.form,
                date.fromisoformat(row.filed),
                instant(row.at),
                tuple(json.loads(row.items)),
                row.link,
                self._origin(row),
                date.fromisoformat(row.period) if row.period else None,
                self._shelf.symbols_by_cik.get(row.cik, ()),
            )
            for row in sorted(found, key=lambda row: (row.at, row.accession), reverse=True)
        )

    def companies(self) -> tuple[Company, ...]:
        """Every registrant known, by CIK; where several sources have one, the first in the settings."""
        found = self._best(self._in_force(schema.companies), lambda row: row.cik)
        return tuple(self._company(row) for row in sorted(found, key=lambda row: row.cik))

    def company_facts(self, cik: str, concept: str) -> tuple[CompanyFact, ...]:
        """What a company filed of a concept, by period; of a restated figure the latest filing known."""
        table = schema.company_facts
        query = self._in_force(table).where(table.c.cik == cik.zfill(10), table.c.concept == concept)
        rows = sorted(self._rows(query), key=lambda row: (-self._rank(row), row.known_at, row.id))
        newest = {(row.unit, row.start, row.end): row for row in rows}
        return tuple(
            CompanyFact(
                row.cik,
                row.concept,
                row.unit,
                date.fromisoformat(row.start) if row.start else None,
                date.fromisoformat(row.end),
                Decimal(row.value),
                row.form,
                row.accession,
                instant(row.known_at),
                self._origin(row),
            )
            for row in sorted(newest.values(), key=lambda row: (row.end, row.start, row.unit))
        )

    def forecast(self, place: str) -> Forecast | None:
        """The newest forecast of a place with the periods that are not over; None where there is none."""
        table = schema.forecasts
        query = self._in_force(table).where(table.c.place == place)
        rows = self._rows(query.order_by(table.c.issued.desc(), table.c.id.desc()).limit(10))
        if not rows:
            return None
        row = rows[0]
        now = instant(self._cut)
        periods = tuple(part for part in _periods(row.periods) if part.end > now)
        issued = instant(row.issued)
        return Forecast(row.place, issued, periods, self._origin(row), now - issued > FORECAST_FRESH)

    def notices(self, place: str) -> tuple[Notice, ...]:
        """What is in force or announced at a place, by start; nothing that is over."""
        table = schema.notices
        query = self._in_force(table).where(
            table.c.place == place,
            sa.or_(
                table.c.ends > self._cut,
                sa.and_(table.c.ends.is_(None), table.c.seen >= self._cut - CONFIRMED // _MICROSECOND),
            ),
        )
        rows = _latest(self._rows(query.limit(MOST)), lambda row: (row.source, row.uid))
        rows.sort(key=lambda row: (row.starts or 0, row.kind, row.uid))
        return tuple(
            Notice(
                row.uid,
                row.place,
                row.kind,
                row.title,
                row.words,
                None if row.starts is None else instant(row.starts),
                None if row.ends is None else instant(row.ends),
                row.link,
                self._origin(row),
                row.severity,
            )
            for row in rows
        )

    def quotes(self, symbol: str, limit: int = 20) -> tuple[Quote, ...]:
        """Prices in passing, newest first. None of them is a close."""
        table = schema.quotes
        query = self._in_force(table).where(table.c.symbol == symbol)
        rows = self._rows(query.order_by(table.c.at.desc(), table.c.id.desc()).limit(limit))
        return tuple(
            Quote(
                row.symbol,
                Decimal(row.price),
                None if row.previous_close is None else Decimal(row.previous_close),
                instant(row.at),
                row.unit,
                self._origin(row),
            )
            for row in rows
        )

    # --- versions and sources

    def _in_force(self, table: Table) -> Select[Any]:
        """Versions known by the instant and not replaced by then, of the sources that the settings name."""
        query = sa.select(table).where(
            table.c.known_at <= self._cut,
            sa.or_(table.c.replaced_at.is_(None), table.c.replaced_at > self._cut),
            table.c.source.in_(list(self._shelf.ranks)),
        )
        if self._retrieved_cut is not None:
            query = query.where(table.c.retrieved <= self._retrieved_cut)
        return query

    def _rows(self, query: Select[Any]) -> Sequence[Any]:
        with self._shelf.engine.connect() as connection:
            return connection.execute(query).all()

    def _best(self, query: Select[Any], key: Any) -> list[Any]:
        """Of each key the first source's newest version."""
        best: dict[Hashable, Any] = {}
        for row in self._rows(query):
            held = best.get(key(row))
            if held is None or (self._rank(row), -row.id) < (self._rank(held), -held.id):
                best[key(row)] = row
        return list(best.values())

    def _rank(self, row: Any) -> int:
        return self._shelf.ranks[row.source]

    def _order(self, row: Any) -> tuple[int, int, int]:
        return (self._rank(row), row.known_at, row.id)

    def _origin(self, row: Any) -> Origin:
        one = self._shelf.origins[row.source]
        return Origin(one.source, one.attribution, one.licence, instant(row.retrieved), one.delay_minutes)

    def _cik(self, company: str) -> str:
        if company.isdigit():
            return company.zfill(10)
        found = self._shelf.instruments.get(company)
        if found is not None and found.cik:
            return found.cik.zfill(10)
        return next((cik for cik, held in self._shelf.symbols_by_cik.items() if company in held), "")

    # --- from rows

    def _about(self, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        links = schema.story_links
        found: dict[int, list[str]] = {}
        with self._shelf.engine.connect() as connection:
            for start in range(0, len(ids), 500):
                query = sa.select(links.c.story, links.c.symbol).where(
                    links.c.story.in_(ids[start : start + 500])
                )
                for row in connection.execute(query.order_by(links.c.story, links.c.symbol)):
                    found.setdefault(row.story, []).append(row.symbol)
        return {story: tuple(symbols) for story, symbols in found.items()}

    def _story(self, row: Any, symbols: tuple[str, ...]) -> Story:
        return Story(
            uid=row.uid,
            title=row.title,
            link=row.link,
            publisher=row.publisher,
            published=None if row.published is None else instant(row.published),
            known_at=instant(row.known_at),
            excerpt=row.excerpt,
            origin=self._origin(row),
            updated=None if row.updated is None else instant(row.updated),
            authors=tuple(json.loads(row.authors)),
            categories=tuple(json.loads(row.categories)),
            named=tuple(json.loads(row.named)),
            quotes=tuple((speaker, words) for speaker, words in json.loads(row.quotes)),
            symbols=symbols,
        )

    def _company(self, row: Any) -> Company:
        return Company(
            cik=row.cik,
            name=row.name,
            symbols=tuple(json.loads(row.symbols)),
            known_at=instant(row.known_at),
            origin=self._origin(row),
            street=row.street,
            city=row.city,
            state=row.state,
            zip_code=row.zip_code,
            sic=row.sic,
            industry=row.industry,
            former=tuple(json.loads(row.former)),
        )


class News(Reads):
    """A NewsView at an instant: what a page or the desk may know of others' words right then."""

    def __init__(self, shelf: ToldShelf, at: datetime) -> None:
        self._shelf = shelf
        self._cut = stamp(at)
        self._retrieved_cut = None
        self._at = at

    @property
    def known(self) -> datetime:
        """Only what was public by this instant (UTC) is visible."""
        return self._at


_MICROSECOND = timedelta(microseconds=1)


def _latest(rows: Sequence[Any], key: Any) -> list[Any]:
    """One row a key, the newest version; the order is that of the rows."""
    best: dict[Hashable, Any] = {}
    for row in rows:
        held = best.get(key(row))
        if held is None or row.id > held.id:
            best[key(row)] = row
    return list(best.values())


def _when(row: Any) -> int:
    """When a story appeared: as its publisher says, unless that lies after we knew it."""
    return int(row.known_at if row.published is None else min(row.published, row.known_at))


def _periods(text: str) -> Iterator[ForecastPeriod]:
    for name, start, end, daytime, temperature, unit, rain, wind, words in json.loads(text):
        degrees = None if temperature is None else Decimal(temperature)
        yield ForecastPeriod(name, instant(start), instant(end), daytime, degrees, unit, rain, wind, words)
