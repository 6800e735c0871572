"""The Bureau of Economic Analysis' release schedule, as JSON: when GDP, income and outlays, and trade come out.

https://apps.bea.gov/API/signup/release_dates.json, without a key. The figures themselves are `bea`'s.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newswire.observations import Event, Harvest, Skipped
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import json_of, mapping, refusal, refuse_pages
from newswire.sources.feed import plain, shortened
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

WASHINGTON = ZoneInfo("America/New_York")
PAGE = "https://www.bea.gov/news/schedule"
KINDS = {
    "gross domestic product": "gdp",
    "personal income and outlays": "pce",
    "u.s. international trade in goods and services": "trade",
}
MOST_DATES = 5000  # of all releases together; a schedule of two years holds a few hundred


class BeaCalendar(BaseSource):
    """Each release as an event; "release" where its kind has no name of its own."""

    about = About(
        name="bea-calendar",
        title="U.S. Bureau of Economic Analysis, release schedule",
        home=PAGE,
        terms="https://www.bea.gov/open-data",
        licence="public",
        attribution="U.S. Bureau of Economic Analysis",
        every=timedelta(days=1),
        hosts=("apps.bea.gov",),
        rate=5.0,
        budget=10,
        default=True,
    )
    Options = Settings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """The schedule."""
        return [
            Request(
                url="https://apps.bea.gov/API/signup/release_dates.json",
                accepts=("application/json", "text/*"),
                max_bytes=8 * 2**20,
                label="calendar",
            )
        ]

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """Every release that has an instant with its offset; what is no release is passed over."""
        refuse_pages(snapshot, "a schedule")
        held = mapping(json_of(snapshot), snapshot, "the schedule")
        events: dict[tuple[date, str], Event] = {}
        read = 0
        skipped: list[int] = []
        for name, entry in held.items():
            title = shortened(plain(str(name)), 200)
            dates = entry.get("release_dates") if isinstance(entry, dict) else None
            for told in dates if isinstance(dates, list) else ():
                read += 1
                if read > MOST_DATES:
                    raise refusal(f"holds more than {MOST_DATES:,} dates", snapshot)
                at = _instant(told)
                if at is None or not title:
                    skipped.append(read)
                    continue
                local = at.astimezone(WASHINGTON)
                # A year's schedule is published before it begins.
                known = datetime(local.year, 1, 1, tzinfo=WASHINGTON).astimezone(UTC)
                events[local.date(), title] = Event(
                    local.date(),
                    at,
                    WASHINGTON.key,
                    KINDS.get(title.lower(), "release"),
                    title,
                    min(known, snapshot.retrieved),
                    PAGE,
                    self.provenance(snapshot),
                )
        if not events:
            raise refusal("holds no release", snapshot)
        return Harvest(
            snapshot.source,
            rows_read=read,
            events=tuple(events[key] for key in sorted(events)),
            skipped=(Skipped(skipped[0], "no instant or name", len(skipped)),) if skipped else (),
        )


def _instant(told: object) -> datetime | None:
    """The instant in UTC; None for what is none, has no offset or lies outside 1990 to 2200."""
    try:
        at = datetime.fromisoformat(str(told).strip())
        return at.astimezone(UTC) if at.tzinfo is not None and 1990 <= at.year <= 2200 else None
    except (ValueError, OverflowError):
        return None
