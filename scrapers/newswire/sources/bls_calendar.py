"""The Bureau of Labor Statistics' calendar of releases, as iCalendar.

https://www.bls.gov/schedule/news_release/bls.ics. Times are of Washington; the calendar brings its own zone.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import icalendar

from newswire.observations import Event, Harvest, Skipped
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import refusal, refuse_pages, text_of
from newswire.sources.feed import plain, shortened
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

WASHINGTON = ZoneInfo("America/New_York")
PAGE = "https://www.bls.gov/schedule/"
KINDS = {
    "consumer price index": "cpi",
    "employment situation": "jobs",
    "producer price index": "ppi",
    "job openings and labor turnover survey": "jolts",
    "u.s. import and export price indexes": "trade-prices",
    "employment cost index": "eci",
    "productivity and costs": "productivity",
    "real earnings": "real-earnings",
}
_HOUR = time(8, 30)


class BlsCalendar(BaseSource):
    """Each release as an event; "release" where its kind has no name of its own."""

    about = About(
        name="bls-calendar",
        title="U.S. Bureau of Labor Statistics, release calendar",
        home=PAGE,
        terms="https://www.bls.gov/bls/linksite.htm",
        licence="public",
        attribution="U.S. Bureau of Labor Statistics",
        every=timedelta(days=1),
        hosts=("www.bls.gov",),
        rate=5.0,
        budget=10,
        default=True,
    )
    Options = Settings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """The calendar."""
        return [
            Request(
                url="https://www.bls.gov/schedule/news_release/bls.ics",
                accepts=("text/calendar", "text/plain", "application/*"),
                max_bytes=8 * 2**20,
                label="calendar",
            )
        ]

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """Every event that has a time and a name."""
        refuse_pages(snapshot, "a calendar")
        text = re.sub(r"\r?\n(?:[ \t]*\r?\n)+", "\n", text_of(snapshot)).replace("\r\n", "\n").strip()
        if not text.startswith("BEGIN:VCALENDAR"):
            raise refusal("not a calendar", snapshot)
        try:
            held = icalendar.Calendar.from_ical(text.replace("\n", "\r\n"))
            entries = held.walk("VEVENT")
        except (ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise refusal(f"not a calendar: {error}"[:160], snapshot) from error
        events: dict[tuple[date, str], Event] = {}
        skipped: list[int] = []
        for line, one in enumerate(entries, 1):
            try:
                title = shortened(plain(str(one.get("SUMMARY") or "")), 200)
                at = _start(one.get("DTSTART"))
            except (ValueError, TypeError, AttributeError, OverflowError):
                at, title = None, ""
            if at is None or not title or not 1990 <= at.year <= 2200:
                skipped.append(line)
                continue
            local = at.astimezone(WASHINGTON)
            known = datetime(local.year, 1, 1, tzinfo=WASHINGTON).astimezone(
                UTC
            )  # a year's calendar is older than it
            events[local.date(), title] = Event(
                local.date(),
                at.astimezone(UTC),
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
            rows_read=len(entries),
            events=tuple(events[key] for key in sorted(events)),
            skipped=(Skipped(skipped[0], "no time or name", len(skipped)),) if skipped else (),
        )


def _start(value: object) -> datetime | None:
    """When an event begins: the hour of most releases where only a day is given; Washington's where no zone is."""
    found = getattr(value, "dt", None)
    if isinstance(found, datetime):
        return found if found.tzinfo else found.replace(tzinfo=WASHINGTON)
    return datetime.combine(found, _HOUR, WASHINGTON) if isinstance(found, date) else None
