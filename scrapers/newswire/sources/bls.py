"""The Bureau of Labor Statistics: consumer prices and jobs, as JSON. A key is optional and raises the limits.

https://www.bls.gov/developers/. Without a key 25 queries a day, 25 series and 10 years a query.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from newswire.errors import Refused
from newswire.observations import Harvest, Reading, Skipped
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import bad, json_of, listing, mapping, number, refusal
from newswire.wire import About, Request, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

# As FRED calls them, so that both are the same series.
NAMES = {
    "CUSR0000SA0": "CPIAUCSL",
    "CUSR0000SA0L1E": "CPILFESL",
    "CUUR0000SA0": "CPIAUCNS",
    "LNS14000000": "UNRATE",
    "CES0000000001": "PAYEMS",
}
MISSING = ("-", "", "N/A")
YEARS, SERIES = 10, 25


class BlsSettings(Settings, frozen=True, kw_only=True):
    """Which series, by the bureau's own ids."""

    series: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Z0-9_#-]{4,40}\Z")], ...],
        Meta(min_length=1, max_length=SERIES),
    ] = ("CUSR0000SA0", "CUSR0000SA0L1E", "LNS14000000", "CES0000000001")


class Bls(BaseSource):
    """Monthly, quarterly and annual readings; the period's first day is its date."""

    about = About(
        name="bls",
        title="U.S. Bureau of Labor Statistics, public data API",
        home="https://www.bls.gov/developers/",
        terms="https://www.bls.gov/developers/termsOfService.htm",
        licence="public",
        attribution="U.S. Bureau of Labor Statistics, which cannot vouch for data or analyses derived from them",
        every=timedelta(hours=12),
        hosts=("api.bls.gov",),
        rate=2.0,
        budget=20,
        default=True,
    )
    Options = BlsSettings
    options: BlsSettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One query for all series: ten years of them at first, two later."""
        years = 1 if "all" in last else YEARS - 1
        asked = {
            "seriesid": list(self.options.series),
            "startyear": str(now.year - years),
            "endyear": str(now.year),
        }
        return [
            Request(
                url="https://api.bls.gov/publicAPI/v2/timeseries/data/",
                method="POST",
                headers={"Content-Type": "application/json"},
                body=json.dumps(asked).encode(),
                secret=Secret("json", "registrationkey") if self.options.key else None,
                accepts=("application/json",),
                label="all",
            )
        ]

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The readings of every series in the answer. Refused where the bureau says that it did not process it."""
        answer = mapping(json_of(snapshot), snapshot, "the answer")
        if answer.get("status") != "REQUEST_SUCCEEDED":
            said = "; ".join(str(one) for one in listing(answer.get("message") or [], snapshot, "message"))
            message = f"says {answer.get('status')}: {said}"[:200]
            raise Refused(message, source=snapshot.source, path=snapshot.url)
        results = answer.get("Results")
        results = results[0] if isinstance(results, list) and results else results
        series = listing(mapping(results, snapshot, "Results").get("series"), snapshot, "series")
        found, missing, read, provenance = [], [], 0, self.provenance(snapshot)
        for one in series:
            held = mapping(one, snapshot, "a series")
            name = str(held.get("seriesID"))
            for line, point in enumerate(listing(held.get("data"), snapshot, f"data of {name}"), 1):
                read += 1
                row = mapping(point, snapshot, f"{name}, row {line}")
                when = self._period(row, snapshot, line)
                if when is None:
                    continue
                if str(row.get("value")).strip() in MISSING:
                    missing.append(line)
                    continue
                value = number(row.get("value"), snapshot, line=line, column=name)
                found.append(Reading(NAMES.get(name, name), when, value, None, provenance))
        if not series:
            raise refusal("holds no series", snapshot)
        found.sort(key=lambda one: (one.series, one.period))
        skipped = (Skipped(missing[0], "no value", len(missing)),) if missing else ()
        return Harvest(snapshot.source, rows_read=read, readings=tuple(found), skipped=skipped)

    @staticmethod
    def _period(row: Mapping[str, object], snapshot: Snapshot, line: int) -> date | None:
        """The first day of a month, quarter, half or year; None for the mean of a year's months (M13)."""
        year, period = str(row.get("year")), str(row.get("period"))
        kind, place = period[:1], period[1:]
        months = {"M": 1, "Q": 3, "S": 6, "A": 12}.get(kind)
        if not (
            year.isdigit()
            and len(year) == 4
            and int(year) > 0
            and months
            and place.isdigit()
            and len(place) == 2
        ):
            raise bad("no period", snapshot, line=line, column="period", value=f"{year} {period}")
        number_ = int(place)
        most = 12 // months
        if number_ == most + 1 and kind in ("M", "Q", "S"):
            return None
        if not 1 <= number_ <= most:
            raise bad("no period", snapshot, line=line, column="period", value=f"{year} {period}")
        return date(int(year), (number_ - 1) * months + 1, 1)
