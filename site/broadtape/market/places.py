"""Which companies are local to a site: those whose business address lies near it, and those it names itself.

Places a ZIP code by the table that `zipcodes` ships; asks no service. A foreign or unknown address is left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from broadtape.model import Company, Instrument

if TYPE_CHECKING:
    from broadtape.config import Near

_STATES = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO",
    "connecticut": "CT", "delaware": "DE", "district of columbia": "DC", "florida": "FL", "georgia": "GA",
    "hawaii": "HI", "idaho": "ID", "illinois": "IL", "indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY",
    "louisiana": "LA", "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN",
    "mississippi": "MS", "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV", "new hampshire": "NH",
    "new jersey": "NJ", "new mexico": "NM", "new york": "NY", "north carolina": "NC", "north dakota": "ND",
    "ohio": "OH", "oklahoma": "OK", "oregon": "OR", "pennsylvania": "PA", "rhode island": "RI", "south carolina": "SC",
    "south dakota": "SD", "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT", "virginia": "VA",
    "washington": "WA", "west virginia": "WV", "wisconsin": "WI", "wyoming": "WY",
}  # fmt: skip
EARTH_KM = 6371.0088  # mean radius
_ZIP = re.compile(r"([0-9]{5})(?:-?[0-9]{4})?\Z")  # zipcodes 3.0 panics on other scripts' digits


@dataclass(frozen=True, slots=True)
class LocalCompany:
    """A company with listed shares near a site. `km` is None for one that the settings name."""

    symbol: str  # of its first listed share
    symbols: tuple[str, ...]
    name: str  # as prose prints it
    city: str
    state: str
    km: float | None


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The great-circle distance of two (latitude, longitude) pairs in degrees, by the haversine formula."""
    (a, b), (c, d) = (tuple(map(math.radians, place)) for place in (one, other))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


@lru_cache(maxsize=20_000)
def place_of(zip_code: str, state: str) -> tuple[float, float] | None:
    """Latitude and longitude of a United States ZIP code in that state; None for any other.

    EDGAR gives foreign addresses too, with postal codes that may look like ours: the state must be the code's.
    """
    found = _ZIP.match(zip_code.strip())
    if found is None:
        return None
    import zipcodes  # noqa: PLC0415  its table takes a moment to load, and few need it

    for row in zipcodes.matching(found[1]):  # type: ignore[no-untyped-call]  # it ships no types
        if str(row["state"]) == state.strip().upper() and row["lat"] and row["long"]:
            return float(row["lat"]), float(row["long"])
    return None


def local_companies(
    near: Near | None, companies: Iterable[Company], instruments: Mapping[str, Instrument]
) -> tuple[LocalCompany, ...]:
    """The companies near a site, nearest first, then those that the settings name, in their order.

    Only companies with a listed share count. One that is both near and named is given where it is near.
    """
    if near is None:
        return ()
    found: dict[str, LocalCompany] = {}
    for company in companies:
        symbols = _listed(company, instruments)
        where = place_of(company.zip_code, company.state) if symbols else None
        if where is None:
            continue
        km = distance_km(near.place, where)
        if km <= near.radius_km:
            name = instruments[symbols[0]].name
            found[symbols[0]] = LocalCompany(symbols[0], symbols, name, company.city, company.state, km)
    nearest = sorted(found.values(), key=lambda one: (one.km or 0.0, one.symbol))
    have = {symbol for one in nearest for symbol in one.symbols}
    named = [
        LocalCompany(symbol, (symbol,), instruments[symbol].name, "", "", None)
        for symbol in dict.fromkeys(near.also)
        if symbol not in have and symbol in instruments
    ]
    return (*nearest, *named)


def by_headquarters(near: Near, instruments: Iterable[Instrument]) -> tuple[str, ...]:
    """The shares of companies whose headquarters, as a directory gives the city, lie near a site, by symbol."""
    found = []
    for one in instruments:
        where = city_of(one.headquarters) if one.kind == "stock" and one.headquarters else None
        if where is not None and distance_km(near.place, where) <= near.radius_km:
            found.append(one.symbol)
    return tuple(sorted(found))


def city_of(headquarters: str) -> tuple[float, float] | None:
    """The middle of a United States city such as "San Rafael, California"; None for any other place."""
    city, _, state = headquarters.partition(",")
    code = _STATES.get(state.strip().lower())
    return _cities().get((city.strip().lower(), code)) if code is not None else None


@cache
def _cities() -> dict[tuple[str, str], tuple[float, float]]:
    """Every city of the table with the middle of its ZIP codes; read once, for the table answers by scanning."""
    import zipcodes  # noqa: PLC0415  its table takes a moment to load, and few need it

    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in zipcodes.list_all():  # type: ignore[no-untyped-call]  # it ships no types
        if row["lat"] and row["long"]:
            where = (float(row["lat"]), float(row["long"]))
            found.setdefault((str(row["city"]).lower(), str(row["state"])), []).append(where)
    return {
        city: (sum(lat for lat, _ in places) / len(places), sum(long for _, long in places) / len(places))
        for city, places in found.items()
    }


def _listed(company: Company, instruments: Mapping[str, Instrument]) -> tuple[str, ...]:
    """The listed shares of a registrant, ordinary ones first: by its own word, else by its CIK."""
    own = [symbol for symbol in company.symbols if symbol in instruments]
    if not own:
        own = _by_cik(company.cik, instruments)
    return tuple(sorted(set(own), key=lambda symbol: ("$" in symbol, len(symbol), symbol)))


def _by_cik(cik: str, instruments: Mapping[str, Instrument]) -> list[str]:
    wanted = cik.lstrip("0")
    return [one.symbol for one in instruments.values() if wanted and one.cik.lstrip("0") == wanted]
