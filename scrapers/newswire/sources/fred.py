"""FRED, the Federal Reserve Bank of St. Louis: macro series as CSV, without a key.

https://fred.stlouisfed.org/graph/fredgraph.csv; one series a request. Dates are period starts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from msgspec import Meta

from newswire.observations import Harvest, Reading, Skipped
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import day, number, refusal, rows_of
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from newswire.directory import Directory
    from newswire.observations import Provenance
    from newswire.wire import Snapshot

Series = Annotated[str, Meta(pattern=r"^[A-Z0-9_]{1,40}\Z")]
MISSING = ("", ".")
REVISED = timedelta(days=400)  # how far back a later request reaches, so that revisions show
# Series of others that FRED passes on under their own rights: to be computed with, not to be shown to the public.
COPYRIGHTED = ("SP500", "DJ", "NASDAQ", "BAML", "VIX", "GVZ", "OVX", "RU", "MSCI", "WILL")


class FredSettings(Settings, frozen=True, kw_only=True):
    """Which series, and from when."""

    series: tuple[Series, ...] = (
        "DGS2", "DGS10", "DGS30", "T10Y2Y", "DFF", "DFEDTARU", "DFEDTARL", "SOFR", "CPIAUCSL", "CPILFESL", "UNRATE",
        "PAYEMS", "ICSA", "A191RL1Q225SBEA", "DCOILWTICO",
    )  # fmt: skip
    since: date = date(1990, 1, 1)


class Fred(BaseSource):
    """Readings of the series in the settings."""

    about = About(
        name="fred",
        title="FRED, Federal Reserve Bank of St. Louis",
        home="https://fred.stlouisfed.org/",
        terms="https://fred.stlouisfed.org/legal/",
        licence="public",
        attribution="FRED, Federal Reserve Bank of St. Louis",
        every=timedelta(hours=6),
        hosts=("fred.stlouisfed.org",),
        rate=2.0,
        budget=300,
        default=True,
        note="Series of S&P, Cboe, ICE and others in it stay private: FRED shows them under licences of its own.",
    )
    Options = FredSettings
    options: FredSettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request a series: whole at first, then what may still be revised."""
        found = []
        for series in self.options.series:
            since = self.options.since
            if series in last:
                since = max(since, (last[series] - REVISED).date().replace(day=1))
            query = urlencode({"id": series, "cosd": since.isoformat(), "coed": now.date().isoformat()})
            found.append(
                Request(
                    url=f"https://fred.stlouisfed.org/graph/fredgraph.csv?{query}",
                    accepts=("text/csv", "application/csv", "text/plain", "application/octet-stream"),
                    label=series,
                )
            )
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The readings of the series that was asked for."""
        (_, header), *rows = rows_of(snapshot)
        if len(header) < 2 or header[0].upper() not in ("DATE", "OBSERVATION_DATE"):
            raise refusal(f"not a table of FRED: {', '.join(header)[:80]}", snapshot)
        if snapshot.label and header[1:] != [snapshot.label]:
            raise refusal(f"is about {', '.join(header[1:])[:80]} instead of {snapshot.label}", snapshot)
        found: list[Reading] = []
        missing: list[int] = []
        for line, cells in rows:
            if len(cells) != len(header):
                raise refusal(f"line {line} has {len(cells)} cells instead of {len(header)}", snapshot)
            period = day(cells[0], snapshot, line=line, column=header[0])
            for series, cell in zip(header[1:], cells[1:], strict=True):
                if cell in MISSING:
                    missing.append(line)
                else:
                    value = number(cell, snapshot, line=line, column=series)
                    found.append(reading(series, period, value, self.provenance(snapshot)))
        return Harvest(
            snapshot.source,
            rows_read=len(rows),
            readings=tuple(found),
            skipped=(Skipped(missing[0], "no value", len(missing)),) if missing else (),
        )


def reading(series: str, period: date, value: Decimal, provenance: Provenance) -> Reading:
    """A reading whose licence is that of its series: FRED passes on series that are not its own."""
    if series.startswith(COPYRIGHTED):
        provenance = replace(provenance, licence="private")
    return Reading(series, period, value, None, provenance)
