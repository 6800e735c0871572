"""FRED's own API, with a key: the same series as JSON, with the day from which each value stands.

https://fred.stlouisfed.org/docs/api/fred/series_observations.html
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from newswire.errors import Refused
from newswire.observations import Harvest, Skipped
from newswire.sources._base import BaseSource
from newswire.sources._bodies import day, json_of, listing, mapping, number, refusal
from newswire.sources.fred import MISSING, REVISED, FredSettings, reading
from newswire.wire import About, Request, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot


class FredApi(BaseSource):
    """Readings of the series in the settings."""

    about = About(
        name="fred-api",
        title="FRED API, Federal Reserve Bank of St. Louis",
        home="https://fred.stlouisfed.org/docs/api/fred/",
        terms="https://fred.stlouisfed.org/docs/api/terms_of_use.html",
        licence="public",
        attribution=(
            "FRED, Federal Reserve Bank of St. Louis. This product uses the FRED API but is not endorsed or "
            "certified by the Federal Reserve Bank of St. Louis"
        ),
        every=timedelta(hours=6),
        hosts=("api.stlouisfed.org",),
        rate=1.0,
        budget=1000,
        key="FRED_API_KEY",
    )
    Options = FredSettings
    options: FredSettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request a series."""
        found = []
        for series in self.options.series:
            since = self.options.since
            if series in last:
                since = max(since, (last[series] - REVISED).date().replace(day=1))
            query = urlencode(
                {
                    "series_id": series,
                    "file_type": "json",
                    "observation_start": since.isoformat(),
                    "observation_end": now.date().isoformat(),
                }
            )
            found.append(
                Request(
                    url=f"https://api.stlouisfed.org/fred/series/observations?{query}",
                    accepts=("application/json",),
                    secret=Secret("query", "api_key"),
                    label=series,
                )
            )
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The readings of the series that was asked for; the answer does not name it."""
        answer = mapping(json_of(snapshot), snapshot, "the answer")
        if "error_message" in answer:
            message = f"says: {answer['error_message']}"[:200]
            raise Refused(message, source=snapshot.source, path=snapshot.url)
        if not snapshot.label:
            raise refusal("was asked for no series", snapshot)
        rows = listing(answer.get("observations"), snapshot, "observations")
        count = answer.get("count")
        if isinstance(count, int) and count > len(rows):
            raise refusal(f"holds {len(rows)} of {count} observations", snapshot)
        found, missing = [], []
        for line, one in enumerate(rows, 1):
            row = mapping(one, snapshot, f"observation {line}")
            period = day(row.get("date"), snapshot, line=line, column="date")
            if row.get("value") in MISSING:
                missing.append(line)
                continue
            value = number(row.get("value"), snapshot, line=line, column="value")
            found.append(reading(snapshot.label, period, value, self.provenance(snapshot)))
        return Harvest(
            snapshot.source,
            rows_read=len(rows),
            readings=tuple(found),
            skipped=(Skipped(missing[0], "no value", len(missing)),) if missing else (),
        )
