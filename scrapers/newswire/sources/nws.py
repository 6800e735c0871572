"""The National Weather Service: the forecast and the alerts of a place in the United States.

https://www.weather.gov/documentation/services-web-api. A place's forecast has an address of its own, which the answer
to the place's coordinates names.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from newswire.errors import Refused
from newswire.observations import Forecast, ForecastPeriod, Harvest, Notice, Skipped
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import json_of, listing, mapping, number, refusal
from newswire.sources.feed import plain, shortened
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

API = "https://api.weather.gov"
ACCEPTS = ("application/geo+json", "application/json", "application/ld+json")
MOST_PERIODS = 28
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


class NwsSettings(Settings, frozen=True, kw_only=True):
    """Places by the name that blocks use, as latitude and longitude. By default the forecast blocks of the sites."""

    places: dict[Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}\Z")], tuple[Latitude, Longitude]] = (
        msgspec.field(default_factory=dict)
    )


class Nws(BaseSource):
    """Forecasts and alerts; labels are "points PLACE", "forecast PLACE" and "alerts PLACE"."""

    about = About(
        name="nws",
        title="National Weather Service",
        home="https://www.weather.gov/",
        terms="https://www.weather.gov/disclaimer",
        licence="public",
        attribution="National Weather Service",
        every=timedelta(hours=1),
        hosts=("api.weather.gov",),
        rate=1.0,
        budget=500,
        default=True,
    )
    Options = NwsSettings
    options: NwsSettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """Where the forecast of each place is, and its alerts."""
        found = []
        for place, (latitude, longitude) in self.options.places.items():
            at = f"{latitude:.4f},{longitude:.4f}"  # more decimals are redirected
            at = ",".join(one.rstrip("0").rstrip(".") for one in at.split(","))
            found.append(Request(url=f"{API}/points/{at}", accepts=ACCEPTS, label=f"points {place}"))
            found.append(
                Request(url=f"{API}/alerts/active?point={at}", accepts=ACCEPTS, label=f"alerts {place}")
            )
        return found

    def follow(self, snapshot: Snapshot) -> Sequence[Request]:
        """The forecast that an answer about a place names."""
        kind, _, place = snapshot.label.partition(" ")
        if kind != "points":
            return ()
        address = self._properties(snapshot).get("forecast")
        if not isinstance(address, str) or not re.fullmatch(
            rf"{re.escape(API)}/gridpoints/[\w/,]+/forecast", address
        ):
            return ()
        return [Request(url=address, accepts=ACCEPTS, label=f"forecast {place}")]

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """A forecast or alerts; the answer about a place only names addresses."""
        kind, _, place = snapshot.label.partition(" ")
        if kind == "alerts":
            return self._alerts(snapshot, place)
        properties = self._properties(snapshot)
        if kind == "points":
            if not isinstance(properties.get("forecast"), str):
                raise refusal("names no forecast: the place may lie outside of the United States", snapshot)
            return Harvest(snapshot.source, rows_read=1)
        return self._forecast(snapshot, place, properties)

    @staticmethod
    def _properties(snapshot: Snapshot) -> dict[str, Any]:
        answer = mapping(json_of(snapshot), snapshot, "the answer")
        if "properties" not in answer and "title" in answer:
            message = f"says: {answer.get('title')}: {answer.get('detail')}"[:200]
            raise Refused(message, source=snapshot.source, path=snapshot.url)
        return mapping(answer.get("properties", answer), snapshot, "properties")

    def _forecast(self, snapshot: Snapshot, place: str, properties: Mapping[str, Any]) -> Harvest:
        issued = _instant(properties.get("updateTime")) or _instant(properties.get("generatedAt"))
        if issued is None:
            raise refusal("does not say when it was issued", snapshot)
        periods, skipped = [], []
        given = listing(properties.get("periods"), snapshot, "periods")
        for line, one in enumerate(given[:MOST_PERIODS], 1):
            held = mapping(one, snapshot, f"period {line}")
            start, end = _instant(held.get("startTime")), _instant(held.get("endTime"))
            if start is None or end is None or end <= start:
                skipped.append(line)
                continue
            degrees, unit = _temperature(held, snapshot, line)
            periods.append(
                ForecastPeriod(
                    name=_words(held.get("name"), 60),
                    start=start,
                    end=end,
                    daytime=held.get("isDaytime") is True,
                    temperature=degrees,
                    unit=unit,
                    rain_chance=_percent(held.get("probabilityOfPrecipitation"), snapshot, line),
                    wind=_wind(held),
                    words=_words(held.get("shortForecast") or held.get("detailedForecast"), 200),
                )
            )
        if not periods:
            raise refusal("forecasts nothing", snapshot)
        periods.sort(key=lambda one: one.start)
        made = Forecast(place, issued, tuple(periods), self.provenance(snapshot))
        left_out = (Skipped(skipped[0], "no time", len(skipped)),) if skipped else ()
        return Harvest(snapshot.source, rows_read=len(given), forecasts=(made,), skipped=left_out)

    def _alerts(self, snapshot: Snapshot, place: str) -> Harvest:
        answer = mapping(json_of(snapshot), snapshot, "the answer")
        features = listing(answer.get("features"), snapshot, "features")
        found, skipped = [], []
        for line, one in enumerate(features[:200], 1):
            held = mapping(
                mapping(one, snapshot, f"alert {line}").get("properties"), snapshot, f"alert {line}"
            )
            title = _words(held.get("headline") or held.get("event"), 300)
            if not title or held.get("status") not in (None, "Actual"):
                skipped.append(line)
                continue
            found.append(
                Notice(
                    uid=str(held.get("id") or held.get("@id") or title)[:300],
                    place=place,
                    kind="alert",
                    title=title,
                    words=_words(held.get("description"), 600),
                    starts=_instant(held.get("onset")) or _instant(held.get("effective")),
                    ends=_instant(held.get("ends")) or _instant(held.get("expires")),
                    link="https://www.weather.gov/alerts",
                    provenance=self.provenance(snapshot),
                    severity=_words(held.get("severity"), 20),
                )
            )
        left_out = (Skipped(skipped[0], "no alert of now", len(skipped)),) if skipped else ()
        return Harvest(
            snapshot.source,
            rows_read=len(features),
            notices=tuple(found),
            places=(("alert", place),),
            skipped=left_out,
        )


def _instant(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo and 1990 < found.year < 2200 else None
    except (ValueError, OverflowError):
        return None


def _words(value: object, most: int) -> str:
    return shortened(plain(value), most) if isinstance(value, str) else ""


def _temperature(held: Mapping[str, Any], snapshot: Snapshot, line: int) -> tuple[Decimal | None, str]:
    """Degrees and their unit: a number with `temperatureUnit`, or an object with value and unit code."""
    value, unit = held.get("temperature"), str(held.get("temperatureUnit") or "")
    if isinstance(value, dict):
        unit = str(value.get("unitCode") or "").rpartition(":")[2].removeprefix("deg")
        value = value.get("value")
    unit = unit[:1].upper()
    if value is None or unit not in ("F", "C"):
        return None, unit if unit in ("F", "C") else "F"
    degrees = number(value, snapshot, line=line, column="temperature")
    return (degrees, unit) if -130 <= degrees <= 150 else (None, unit)


def _percent(value: object, snapshot: Snapshot, line: int) -> int | None:
    value = value.get("value") if isinstance(value, dict) else value
    if value is None:
        return None
    found = number(value, snapshot, line=line, column="probabilityOfPrecipitation")
    return round(found) if 0 <= found <= 100 else None


def _wind(held: Mapping[str, Any]) -> str:
    speed = held.get("windSpeed")
    if isinstance(speed, dict):
        value, unit = speed.get("value") or speed.get("maxValue"), str(speed.get("unitCode") or "")
        speed = (
            f"{round(value)} {'km/h' if 'km' in unit else 'mph'}" if isinstance(value, (int, Decimal)) else ""
        )
    return " ".join(one for one in (_words(held.get("windDirection"), 10), _words(speed, 30)) if one)
