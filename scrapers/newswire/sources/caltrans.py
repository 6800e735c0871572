"""Caltrans: lane closures and chain controls of California's highways, by district.

https://cwwp2.dot.ca.gov/documentation/. The folder of a district has no zero, its file has one; addresses outside of
the United States are not answered.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from newswire.observations import Harvest, Notice, Skipped
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import json_of, listing, mapping
from newswire.sources.feed import plain, shortened
from newswire.sources.nws import Latitude, Longitude
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

MAP = "https://quickmap.dot.ca.gov/"
KINDS = {"lcs": "closure", "cc": "chain-control"}
EARTH_KM = 6371.0


class CaltransSettings(Settings, frozen=True, kw_only=True):
    """The district (4 is the Bay Area), the place whose traffic it is, and how far around."""

    district: Annotated[int, Meta(ge=1, le=12)] = 4
    places: dict[Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}\Z")], tuple[Latitude, Longitude]] = (
        msgspec.field(default_factory=dict)
    )
    radius_km: Annotated[float, Meta(gt=0, le=500)] = 25.0


class Caltrans(BaseSource):
    """What is closed now around each place."""

    about = About(
        name="caltrans",
        title="California Department of Transportation, lane closures",
        home="https://cwwp2.dot.ca.gov/",
        terms="https://dot.ca.gov/conditions-of-use",
        licence="public",
        attribution="California Department of Transportation",
        every=timedelta(minutes=15),
        hosts=("cwwp2.dot.ca.gov",),
        rate=2.0,
        budget=300,
        note="Answers addresses in the United States only.",
    )
    Options = CaltransSettings
    options: CaltransSettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """Lane closures and chain controls of the district, where a place is given."""
        district = self.options.district
        base = f"https://cwwp2.dot.ca.gov/data/d{district}"
        return [
            Request(
                url=f"{base}/{kind}/{kind}StatusD{district:02d}.json",
                accepts=("application/*", "text/*"),
                label=kind,
            )
            for kind in ("lcs", "cc")
            if self.options.places
        ]

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """What is in force when it was fetched, near a place."""
        answer = mapping(json_of(snapshot), snapshot, "the answer")
        rows = listing(answer.get("data"), snapshot, "data")
        found: list[Notice] = []
        away = 0
        for line, one in enumerate(rows, 1):
            row = mapping(one, snapshot, f"row {line}")
            kind = next((name for name in ("lcs", "cc") if isinstance(row.get(name), dict)), "")
            held = row.get(kind) or {}
            made = self._closure(held, snapshot) if kind == "lcs" else self._chains(held, snapshot)
            if made is None:
                away += 1
            else:
                found += made
        return Harvest(
            snapshot.source,
            rows_read=len(rows),
            notices=tuple(found),
            places=tuple(
                (KINDS[snapshot.label], place) for place in self.options.places if snapshot.label in KINDS
            ),
            skipped=(Skipped(1, "elsewhere or not now", away),) if away else (),
        )

    def _closure(self, held: Mapping[str, Any], snapshot: Snapshot) -> list[Notice] | None:
        location, closure = _object(held, "location"), _object(held, "closure")
        begin, end = _object(location, "begin"), _object(location, "end")
        stamp = _object(closure, "closureTimestamp")
        starts, ends = _epoch(stamp.get("closureStartEpoch")), _epoch(stamp.get("closureEndEpoch"))
        if starts is None or starts > snapshot.retrieved or (ends is not None and ends <= snapshot.retrieved):
            return None
        road = _text(begin.get("beginRoute"), 20)
        way = _text(location.get("travelFlowDirection"), 20)
        where = _text(begin.get("beginLocationName"), 120)
        until = _text(end.get("endLocationName"), 120)
        lanes = _text(closure.get("lanesClosed"), 40)
        kind = _text(closure.get("typeOfClosure"), 40) or "Lane"
        title = f"{road} {way}: {kind.lower()} closure at {where}".strip()
        words = ". ".join(
            one
            for one in (
                f"To {until}" if until and until != where else "",
                f"Lanes closed: {lanes}" if lanes and lanes != "Not Reported" else "",
                _text(closure.get("typeOfWork"), 80),
            )
            if one
        )
        uid = _text(held.get("index"), 40) or _text(closure.get("logNumber"), 40)
        places = self._near(begin.get("beginLatitude"), begin.get("beginLongitude"))
        if not places or not where:
            return None
        return [
            Notice(
                f"lcs {self.options.district} {uid or title} {int(starts.timestamp())}", place, "closure", title, words,
                starts, ends, MAP, self.provenance(snapshot),
            )
            for place in places
        ]  # fmt: skip

    def _chains(self, held: Mapping[str, Any], snapshot: Snapshot) -> list[Notice] | None:
        location, status = _object(held, "location"), _object(_object(held, "statusData"), "statusData")
        status = status or _object(held, "statusData")
        said = _text(status.get("status"), 20)
        places = self._near(location.get("latitude"), location.get("longitude"))
        if said in ("", "R-0") or not places:
            return None
        where = _text(location.get("locationName"), 120)
        title = f"{_text(location.get('route'), 20)}: chain control {said} at {where}"
        return [
            Notice(
                f"cc {self.options.district} {_text(held.get('index'), 40)}", place, "chain-control", title,
                _text(status.get("statusDescription"), 300), None, None, MAP, self.provenance(snapshot),
            )
            for place in places
        ]  # fmt: skip

    def _near(self, latitude: object, longitude: object) -> list[str]:
        try:
            at = float(str(latitude)), float(str(longitude))
        except ValueError:
            return []
        if not (-90 <= at[0] <= 90 and -180 <= at[1] <= 180):  # nor infinite, nor no number
            return []
        return [
            name
            for name, place in self.options.places.items()
            if distance_km(at, place) <= self.options.radius_km
        ]


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance of two places on a globe (haversine)."""
    a, b, c, d = (math.radians(value) for value in (*one, *other))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def _object(held: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = held.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: object, most: int) -> str:
    return shortened(plain(str(value)), most) if isinstance(value, (str, int)) else ""


def _epoch(value: object) -> datetime | None:
    text = str(value)
    return datetime.fromtimestamp(int(text), UTC) if text.isdigit() and 0 < int(text) < 10**10 else None
