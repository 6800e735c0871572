"""A small vocabulary for tests of what is told: one line makes a story, a filing, a company, a harvest."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from newswire.observations import (
    Company,
    CompanyFact,
    Filing,
    Forecast,
    ForecastPeriod,
    Harvest,
    Instrument,
    Notice,
    Provenance,
    Quote,
    Story,
)

NOON = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def provenance(at: datetime = NOON, source: str = "wire", **more: Any) -> Provenance:
    more.setdefault("address", f"https://{source}.example.org/feed.xml")
    return Provenance(source=source, digest="00", retrieved=at, **more)


def story(
    title: str, uid: str = "", *, at: datetime = NOON, read: datetime | None = None, **more: Any
) -> Story:
    """A headline known at `at`, read an hour later unless told otherwise."""
    uid = uid or title
    more.setdefault("link", f"https://wire.example.org/{''.join(c if c.isalnum() else '-' for c in uid)}")
    more.setdefault("publisher", "Wire")
    more.setdefault("excerpt", "")
    return Story(
        uid=uid, title=title, published=at, known_at=at, provenance=provenance(read or at + HOUR), **more
    )


def filing(accession: str, cik: str = "0000000007", *, at: datetime = NOON, form: str = "8-K") -> Filing:
    link = f"https://filings.example.org/{accession}"
    return Filing(accession, cik, "Acme Corp", form, at.date(), at, ("2.02",), link, provenance(at + HOUR))


def company(cik: str = "0000000007", name: str = "Acme Corp", *, at: datetime = NOON, **more: Any) -> Company:
    more.setdefault("symbols", ("NYSE:ACM",))
    return Company(cik=cik, name=name, known_at=at, provenance=provenance(at), **more)


def figure(value: str, end: str, *, at: datetime, accession: str, start: str = "") -> CompanyFact:
    begun = date.fromisoformat(start) if start else None
    return CompanyFact(
        "0000000007", "us-gaap:Revenues", "USD", begun, date.fromisoformat(end), Decimal(value), "10-Q",
        accession, at, provenance(at + HOUR),
    )  # fmt: skip


def forecast(place: str = "town", *, at: datetime = NOON, degrees: str = "61") -> Forecast:
    half = timedelta(hours=12)
    periods = tuple(
        ForecastPeriod(
            name, at + half * n, at + half * (n + 1), n == 0, Decimal(degrees), "F", 20, "W 10 mph", "Fog."
        )
        for n, name in enumerate(("Today", "Tonight"))
    )
    return Forecast(place, at, periods, provenance(at + timedelta(minutes=5)))


def notice(
    uid: str, *, at: datetime = NOON, ends: datetime | None = None, title: str = "Wind advisory"
) -> Notice:
    return Notice(uid, "town", "alert", title, "Gusts to 45 mph.", at, ends, "", provenance(at))


def quote(price: str, *, at: datetime = NOON, delay: int = 0) -> Quote:
    origin = provenance(at + HOUR, delay_minutes=delay)
    return Quote("NYSE:ACM", Decimal(price), None, at, "USD", origin)


def harvest(*things: Any, source: str = "wire", at: datetime | None = None, **more: Any) -> Harvest:
    """One answer with these things in it, each by its kind."""
    kinds: dict[type, str] = {
        Story: "stories", Filing: "filings", Company: "companies", CompanyFact: "company_facts",
        Forecast: "forecasts", Notice: "notices", Quote: "quotes", Instrument: "instruments",
    }  # fmt: skip
    held: dict[str, tuple[Any, ...]] = {}
    for one in things:
        name = kinds[type(one)]
        held[name] = (*held.get(name, ()), one)
    read = at or max((one.provenance.retrieved for one in things if hasattr(one, "provenance")), default=NOON)
    return Harvest(source, len(things), provenance=provenance(read, source), **held, **more)


def listed(*names: tuple[str, str], **ciks: str) -> Harvest:
    """A directory: (symbol, name) pairs."""
    instruments = tuple(
        Instrument(
            symbol, name, "index" if symbol.startswith("INDEX") else "stock", cik=ciks.get(symbol[-3:], "")
        )
        for symbol, name in names
    )
    return harvest(*instruments, source="directory", at=NOON - timedelta(days=30))
