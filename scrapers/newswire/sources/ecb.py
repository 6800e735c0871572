"""The European Central Bank's data portal: exchange rates and its key rates, as CSV or SDMX.

https://data.ecb.europa.eu/help/api. Reference rates are published at about 16:00 in Frankfurt.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from newswire.observations import Harvest, Reading, Skipped
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import bad, json_of, listing, mapping, number, refusal, rows_of, xml_of
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

    Point = tuple[int, str, str, object]  # line, series key, period, value

NAMES = {"FM.D.U2.EUR.4F.KR.DFR.LEV": "ECBDFR", "EXR.D.USD.EUR.SP00.A": "EXR.USD"}
_GENERIC = "{http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/generic}"


class EcbSettings(Settings, frozen=True, kw_only=True):
    """Which series, as flow and key, and from when."""

    series: tuple[Annotated[str, Meta(pattern=r"^[A-Z0-9_]{1,20}/[A-Z0-9_.+]{1,80}\Z")], ...] = (
        "EXR/D.USD.EUR.SP00.A",
        "FM/D.U2.EUR.4F.KR.DFR.LEV",
    )
    since: date = date(2000, 1, 1)


class Ecb(BaseSource):
    """Readings named by flow and key ("EXR.D.GBP.EUR.SP00.A"), or as `NAMES` has them."""

    about = About(
        name="ecb",
        title="European Central Bank, data portal",
        home="https://data.ecb.europa.eu/",
        terms="https://www.ecb.europa.eu/services/disclaimer/html/index.en.html",
        licence="public",
        attribution="European Central Bank",
        every=timedelta(hours=12),
        hosts=("data-api.ecb.europa.eu",),
        rate=2.0,
        budget=50,
        default=True,
    )
    Options = EcbSettings
    options: EcbSettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request a series."""
        found = []
        for series in self.options.series:
            since = self.options.since
            if series in last:
                since = max(since, (last[series] - timedelta(days=60)).date())
            url = f"https://data-api.ecb.europa.eu/service/data/{series}?format=csvdata&startPeriod={since}"
            found.append(Request(url=url, accepts=("text/csv", "application/*"), label=series))
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The readings, from csvdata, jsondata or generic SDMX-ML."""
        head = snapshot.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
        if head.startswith(b"{"):
            points = list(_from_json(snapshot))
        elif head.startswith((b"<?xml", b"<message")):
            points = list(_from_xml(snapshot))
        else:
            points = list(_from_csv(snapshot))
        if not points:
            raise refusal("holds no series", snapshot)
        wanted = snapshot.label.replace("/", ".")
        provenance = self.provenance(snapshot)
        found: dict[tuple[str, date], Reading] = {}
        missing: list[int] = []
        for line, key, period, value in points:
            if wanted and key != wanted:
                raise bad(f"is not {wanted}", snapshot, line=line, column="KEY", value=key)
            if value in (None, "", "NaN"):
                missing.append(line)
                continue
            series = NAMES.get(key, key)[:64]
            when = _first_day(period, snapshot, line)
            found[series, when] = Reading(
                series, when, number(value, snapshot, line=line, column="OBS_VALUE"), None, provenance
            )
        ordered = sorted(found.values(), key=lambda one: (one.series, one.period))
        skipped = (Skipped(missing[0], "no value", len(missing)),) if missing else ()
        return Harvest(snapshot.source, rows_read=len(points), readings=tuple(ordered), skipped=skipped)


def _from_csv(snapshot: Snapshot) -> Iterator[Point]:
    (_, header), *rows = rows_of(snapshot)
    places = {name: place for place, name in enumerate(header)}
    if not {"KEY", "TIME_PERIOD", "OBS_VALUE"} <= places.keys():
        raise refusal(f"not a table of the ECB: {', '.join(header)[:80]}", snapshot)
    for line, cells in rows:
        if len(cells) != len(header):
            raise refusal(f"line {line} has {len(cells)} cells instead of {len(header)}", snapshot)
        yield line, cells[places["KEY"]], cells[places["TIME_PERIOD"]], cells[places["OBS_VALUE"]]


def _from_json(snapshot: Snapshot) -> Iterator[Point]:
    """SDMX-JSON: series keyed by places in the dimensions' lists, observations by places in the time list.

    A flat answer has no series: its observations are keyed by places in all dimensions.
    """
    answer = mapping(json_of(snapshot), snapshot, "the answer")
    structure = mapping(answer.get("structure"), snapshot, "structure")
    dimensions = mapping(structure.get("dimensions"), snapshot, "dimensions")
    flow = _flow(structure)
    fixed, by_series, by_point = (
        [mapping(one, snapshot, "a dimension") for one in listing(dimensions.get(name) or [], snapshot, name)]
        for name in ("dataSet", "series", "observation")
    )
    line = 0
    for held in listing(answer.get("dataSets"), snapshot, "dataSets"):
        data = mapping(held, snapshot, "a data set")
        groups = data.get("series")
        if not isinstance(groups, dict):
            groups = {"": {"observations": data.get("observations")}}
        for places, group in groups.items():
            observations = mapping(group, snapshot, "a series").get("observations")
            for place, values in mapping(observations, snapshot, "observations").items():
                line += 1
                chosen = {**_chosen(fixed, "", snapshot), **_chosen(by_series, places, snapshot)}
                chosen |= _chosen(by_point, place, snapshot)
                period = chosen.pop("TIME_PERIOD", "")
                order = sorted(
                    (one for one in (*fixed, *by_series, *by_point) if one.get("id") != "TIME_PERIOD"),
                    key=lambda one: (
                        int(one.get("keyPosition", 0)) if str(one.get("keyPosition", 0)).isdigit() else 0
                    ),
                )
                key = ".".join([flow, *(chosen.get(str(one.get("id")), "") for one in order)])
                value = values[0] if isinstance(values, list) and values else None
                yield line, key, period, value


def _flow(structure: Mapping[str, Any]) -> str:
    for link in structure.get("links") or []:
        if isinstance(link, dict) and (
            found := re.search(r"/dataflow/[^/]+/([A-Z0-9_]+)", str(link.get("href")))
        ):
            return found[1]
    return "ECB"


def _chosen(dimensions: Sequence[Mapping[str, Any]], places: str, snapshot: Snapshot) -> dict[str, str]:
    """The value of each dimension at the places of a key ("0:3:1"); without a key each has one value."""
    numbers = places.split(":") if places else ["0"] * len(dimensions)
    if len(numbers) != len(dimensions):
        raise refusal(f"has a key {places[:40]!r} for {len(dimensions)} dimensions", snapshot)
    found = {}
    for dimension, text in zip(dimensions, numbers, strict=True):
        values = listing(dimension.get("values"), snapshot, "values")
        if not text.isdigit() or len(text) > 6 or int(text) >= len(values):
            raise refusal(f"has a key {places[:40]!r} beyond its dimensions", snapshot)
        value = mapping(values[int(text)], snapshot, "a value")
        found[str(dimension.get("id"))] = str(value.get("id") or value.get("name"))
    return found


def _from_xml(snapshot: Snapshot) -> Iterator[Point]:
    root = xml_of(snapshot)
    line = 0
    for series in root.iter(f"{_GENERIC}Series"):
        values = series.findall(f"{_GENERIC}SeriesKey/{_GENERIC}Value")
        key = ".".join(["EXR", *(one.get("value") or "" for one in values)])
        for point in series.findall(f"{_GENERIC}Obs"):
            line += 1
            when = point.find(f"{_GENERIC}ObsDimension")
            value = point.find(f"{_GENERIC}ObsValue")
            yield (
                line,
                key,
                (when.get("value") or "") if when is not None else "",
                (value.get("value") if value is not None else None),
            )


def _first_day(period: str, snapshot: Snapshot, line: int) -> date:
    """The first day of a day, month, quarter, half or year in SDMX's spelling."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", period):
            return date.fromisoformat(period)
        if found := re.fullmatch(r"(\d{4})-(\d{2})", period):
            return date(int(found[1]), int(found[2]), 1)
        if found := re.fullmatch(r"(\d{4})-(Q[1-4]|S[12])", period):
            length = 3 if found[2][0] == "Q" else 6
            return date(int(found[1]), (int(found[2][1]) - 1) * length + 1, 1)
        if re.fullmatch(r"\d{4}", period):
            return date(int(period), 1, 1)
    except ValueError:
        pass
    raise bad("no period", snapshot, line=line, column="TIME_PERIOD", value=period)
