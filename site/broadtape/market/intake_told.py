"""What a harvest tells, into the store: stories, filings, companies, their figures, forecasts, notices, quotes.

Works in its caller's transaction and keeps every version; which one is in force when, `told` decides.
Numbers of the market itself are taken in by `intake`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from broadtape.market import schema
from broadtape.market.schema import EXCERPT, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from newswire.observations import Harvest

TITLE = 500  # characters; a longer headline is none
WORDS = 2_000  # of a notice: an agency's own public text
_CHUNK = 400  # keys asked for at once; SQLite binds 32,766 values


class Told:
    """Takes in what one harvest tells and counts what became of it."""

    def __init__(self, connection: Connection, harvest: Harvest, now: int) -> None:
        self._connection = connection
        self._harvest = harvest
        self._source = harvest.source
        self._now = now
        self.stored = self.fresh = self.revised = self.withdrawn = 0
        self.left_out: Counter[str] = Counter()

    def take(self) -> None:
        """Everything of those kinds that the harvest holds."""
        harvest = self._harvest
        if harvest.quotes:
            self._take_quotes()
        if harvest.stories:
            self._take_stories()
        if harvest.filings:
            self._take_filings()
        if harvest.companies:
            self._take_companies()
        if harvest.company_facts:
            self._take_company_facts()
        if harvest.forecasts:
            self._take_forecasts()
        if harvest.notices or harvest.places:
            self._take_notices()

    # --- one kind after the other

    def _take_quotes(self) -> None:
        rows = [
            {
                "symbol": one.symbol,
                "at": stamp(one.at),
                "price": str(one.price),
                "previous_close": None if one.previous_close is None else str(one.previous_close),
                "unit": one.unit,
                "known_at": self._by_now(stamp(one.at) + one.provenance.delay_minutes * 60_000_000),
            }
            for one in self._harvest.quotes
        ]
        self._versions(schema.quotes, ("symbol", "at"), rows)

    def _take_stories(self) -> None:
        rows = []
        for one in self._harvest.stories:
            if not one.uid or not one.title.strip() or not one.link:
                self.left_out["no title, link or id"] += 1
                continue
            rows.append(
                {
                    "uid": one.uid[:TITLE],
                    "title": _cut(one.title, TITLE),
                    "link": one.link,
                    "publisher": one.publisher,
                    "published": _stamp(one.published),
                    "updated": _stamp(one.updated),
                    "excerpt": _cut(one.excerpt, EXCERPT),
                    "authors": _json(one.authors),
                    "categories": _json(one.categories),
                    "named": _json(one.named),
                    "quotes": _json(one.quotes),
                    "known_at": self._by_now(stamp(one.known_at)),
                }
            )
        self._versions(schema.stories, ("uid",), rows)

    def _take_filings(self) -> None:
        rows = [
            {
                "accession": one.accession,
                "cik": one.cik,
                "company": one.company,
                "form": one.form,
                "filed": one.filed.isoformat(),
                "at": stamp(one.at),
                "items": _json(one.items),
                "link": one.link,
                "period": one.period.isoformat() if one.period else None,
                "known_at": self._by_now(stamp(one.at)),
            }
            for one in self._harvest.filings
        ]
        self._versions(schema.filings, ("accession", "cik"), rows)

    def _take_companies(self) -> None:
        rows = [
            {
                "cik": one.cik,
                "name": one.name,
                "symbols": _json(one.symbols),
                "former": _json(one.former),
                "street": one.street,
                "city": one.city,
                "state": one.state,
                "zip_code": one.zip_code,
                "sic": one.sic,
                "industry": one.industry,
                "known_at": self._by_now(stamp(one.known_at)),
            }
            for one in self._harvest.companies
        ]
        self._versions(schema.companies, ("cik",), rows)

    def _take_company_facts(self) -> None:
        rows = [
            {
                "cik": one.cik,
                "concept": one.concept,
                "unit": one.unit,
                "start": one.start.isoformat() if one.start else "",
                "end": one.end.isoformat(),
                "value": str(one.value),
                "form": one.form,
                "accession": one.accession,
                "known_at": self._by_now(stamp(one.known_at)),
            }
            for one in self._harvest.company_facts
        ]
        key = ("cik", "concept", "unit", "start", "end", "accession")
        self._versions(schema.company_facts, key, rows)

    def _take_forecasts(self) -> None:
        rows = [
            {
                "place": one.place,
                "issued": stamp(one.issued),
                "periods": json.dumps(
                    [
                        [
                            part.name,
                            stamp(part.start),
                            stamp(part.end),
                            part.daytime,
                            None if part.temperature is None else str(part.temperature),
                            part.unit,
                            part.rain_chance,
                            part.wind,
                            part.words,
                        ]
                        for part in one.periods
                    ],
                    ensure_ascii=False,
                ),
                "known_at": self._by_now(stamp(one.issued)),
            }
            for one in self._harvest.forecasts
        ]
        self._versions(schema.forecasts, ("place", "issued"), rows)

    def _take_notices(self) -> None:
        """Notices in force. One that its source no longer gives for a place read in full is over."""
        rows = [
            {
                "uid": one.uid,
                "place": one.place,
                "kind": one.kind,
                "title": _cut(one.title, TITLE),
                "words": _cut(one.words, WORDS),
                "severity": one.severity,
                "starts": _stamp(one.starts),
                "ends": _stamp(one.ends),
                "link": one.link,
                "known_at": self._now,
                "seen": self._now,
            }
            for one in self._harvest.notices
        ]
        table = schema.notices
        again = self._versions(table, ("place", "uid"), rows)
        if again:
            self._connection.execute(
                sa.update(table).where(table.c.id == sa.bindparam("row")).values(seen=self._now),
                [{"row": one} for one in again],
            )
        given = {(row["place"], row["uid"]) for row in rows}
        for kind, place in dict.fromkeys(self._harvest.places):
            standing = self._connection.execute(
                sa.select(table.c.id, table.c.uid).where(
                    table.c.source == self._source,
                    table.c.place == place,
                    table.c.kind == kind,
                    table.c.replaced_at.is_(None),
                    table.c.retrieved <= self._now,
                )
            ).all()
            over = [row.id for row in standing if (place, row.uid) not in given]
            self._retire(table, over)
            self.withdrawn += len(over)

    # --- versions

    def _versions(self, table: Table, key: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[int]:
        """Add what is new or says something else now; ids of rows that say what they said.

        Of a key given twice in one harvest the last counts. A version that was read later than this harvest
        stays: an older snapshot never replaces a newer.
        """
        wanted = {tuple(row[name] for name in key): row for row in rows}
        before = self._current(table, key, wanted)
        new, retired, again = [], [], []
        for where, row in wanted.items():
            self.stored += 1
            digest = _digest(row)
            old = before.get(where)
            if old is not None and (old.digest == digest or old.retrieved > self._now):
                again.append(old.id)
                continue
            values = {**row, "source": self._source, "digest": digest, "retrieved": self._now}
            if old is None:
                self.fresh += 1
            else:
                self.revised += 1
                retired.append(old.id)
                values["known_at"] = self._changed_at(row, old)
            new.append(values)
        self._retire(table, retired)
        for chunk in _batched(new, 2_000):
            self._connection.execute(sa.insert(table), chunk)
        return again

    def _current(
        self, table: Table, key: Sequence[str], wanted: Mapping[tuple[Any, ...], Any]
    ) -> dict[tuple[Any, ...], Any]:
        """The versions in force of these keys, by key; looked up by the key's first column."""
        first = table.c[key[0]]
        columns = [
            table.c.id,
            table.c.digest,
            table.c.retrieved,
            table.c.known_at,
            *(table.c[k] for k in key),
        ]
        found: dict[tuple[Any, ...], Any] = {}
        for chunk in _batched(dict.fromkeys(where[0] for where in wanted), _CHUNK):
            query = sa.select(*columns).where(
                table.c.source == self._source, table.c.replaced_at.is_(None), first.in_(chunk)
            )
            for row in self._connection.execute(query):
                found[tuple(getattr(row, name) for name in key)] = row
        return found

    def _changed_at(self, row: Mapping[str, Any], old: Any) -> int:
        """When a changed version could be known: when it says it was updated, else when we saw it."""
        updated = row.get("updated")
        if updated is not None and old.known_at < updated <= self._now:
            return int(updated)
        return self._now

    def _by_now(self, stamped: int) -> int:
        """Nothing is known later than we read it: entries dated in the future are known all the same."""
        return min(stamped, self._now)

    def _retire(self, table: Table, ids: Iterable[int]) -> None:
        rows = [{"row": one} for one in ids]
        if rows:
            self._connection.execute(
                sa.update(table).where(table.c.id == sa.bindparam("row")).values(replaced_at=self._now), rows
            )


def _batched(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = list(values)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]


def _digest(row: Mapping[str, Any]) -> str:
    """Of what the row says, not of when it was read."""
    said = {name: value for name, value in row.items() if name not in ("known_at", "seen")}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


def _cut(text: str, most: int) -> str:
    """The text in one line, shortened at a word where it is longer than allowed."""
    plain = " ".join(text.split())
    if len(plain) <= most:
        return plain
    head = plain[: most - 1]
    whole = head.rsplit(" ", 1)[0] if " " in head[most // 2 :] else head
    return whole.rstrip(" ,;:–-") + "…"


def _stamp(moment: datetime | None) -> int | None:
    return None if moment is None else stamp(moment)


def _json(values: Sequence[Any]) -> str:
    return json.dumps(values, ensure_ascii=False)
