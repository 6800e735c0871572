"""The Federal Reserve: its press feed, the FOMC's statements behind it, and when the FOMC meets.

https://www.federalreserve.gov/feeds/. A statement is published at 14:00 in Washington.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from lxml import html as lxml_html

from newswire.observations import Decision, Event, Harvest, Skipped
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import refusal, text_of
from newswire.sources.feed import ACCEPTS, MOST_BYTES, Feed, read
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

WASHINGTON = ZoneInfo("America/New_York")
AT = time(14, 0)
FEED = "https://www.federalreserve.gov/feeds/press_monetary.xml"
CALENDAR = "https://www.federalreserve.gov/monetarypolicy/fomccalendars.htm"
_STATEMENT = re.compile(r"https://www\.federalreserve\.gov/newsevents/pressreleases/monetary(\d{8})a\.htm")
_HYPHENS = re.compile(r"(?:[-\u2010\u2011\u2012\u2013\u2014\u2212\x91\x96\x97\u2018\u00ad]|&#8209;)+")
_NUMBER = r"(\d{1,2}(?:\.\d+)?(?:\s*-\s*\d/\d)?|\d/\d)"
_RANGE = re.compile(
    rf"target range for the federal funds rate\s*(?:,?\s*(?:at|to|by (?P<by>{_NUMBER}) percentage points?,?\s*to))\s+"
    rf"(?P<lower>{_NUMBER})\s+to\s+(?P<upper>{_NUMBER})\s*percent",
    re.IGNORECASE,
)
_DECIDED = re.compile(
    r"(raise|increase|lower|reduce|cut|decrease|maintain|keep|leave)[^.;]{0,60}?target range for the federal funds rate"
    r"(?:[^.;]{0,20}?by (?P<by>" + _NUMBER + r") percentage point)?",
    re.IGNORECASE,
)
_LOWERS = ("lower", "reduce", "cut", "decrease")
_KEEPS = ("maintain", "keep", "leave")
MONTHS = {name.lower(): n for n, name in enumerate(
    ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
     "December"), 1)}  # fmt: skip
# The second days of the meetings, as the Federal Reserve announced them: for when the page cannot be read.
ANNOUNCED = {
    2025: ("01-29", "03-19", "05-07", "06-18", "07-30", "09-17", "10-29", "12-10"),
    2026: ("01-28", "03-18", "04-29", "06-17", "07-29", "09-16", "10-28", "12-09"),
    2027: ("01-27", "03-17", "04-28", "06-09", "07-28", "09-15", "10-27", "12-08"),
}


def decision(text: str) -> tuple[Decimal, Decimal, int] | None:
    """Lower and upper end of the target range in percent, and the change in basis points, as a statement says them.

    None where the text names no range. A statement that keeps the range changes it by nothing.
    """
    flat = _HYPHENS.sub("-", re.sub(r"\s+", " ", text))
    found = _RANGE.search(flat)
    if found is None:
        return None
    lower, upper = _value(found["lower"]), _value(found["upper"])
    if not 0 <= lower < upper <= 30 or upper - lower > 1:
        return None
    decided = _DECIDED.search(flat)
    verb = decided[1].lower() if decided else "maintain"
    if verb in _KEEPS:
        return lower, upper, 0
    by = found["by"] or (decided["by"] if decided else None)
    if not by:
        return None
    change = int(_value(by) * 100)
    return lower, upper, -change if verb in _LOWERS else change


def _value(text: str) -> Decimal:
    """A number as statements write it: "3-1/2", "1/4", "4", "5.25"."""
    whole, _, part = text.replace(" ", "").rpartition("-")
    if "/" not in text:
        return Decimal(text.strip())
    top, _, bottom = part.partition("/")
    return Decimal(whole or 0) + Decimal(top) / Decimal(bottom)


class Fed(Feed):
    """Press releases as stories, and each FOMC statement as a decision."""

    about = About(
        name="fed",
        title="Federal Reserve, press releases on monetary policy",
        home="https://www.federalreserve.gov/newsevents/pressreleases.htm",
        terms="https://www.federalreserve.gov/disclaimer.htm",
        licence="public",
        attribution="Federal Reserve Board",
        every=timedelta(minutes=30),
        hosts=("www.federalreserve.gov",),
        rate=2.0,
        budget=200,
        default=True,
    )
    Options = Settings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """The feed; what it points to follows."""
        return [Request(url=FEED, accepts=ACCEPTS, max_bytes=MOST_BYTES, label="press")]

    def follow(self, snapshot: Snapshot) -> Sequence[Request]:
        """The statements that the feed names."""
        if snapshot.label != "press":
            return ()
        _, entries = read(snapshot)
        found = {}
        for entry in entries:
            if (match := _STATEMENT.fullmatch(entry["link"])) and "FOMC statement" in entry["title"]:
                found[match[1]] = Request(
                    url=entry["link"],
                    accepts=("text/html",),
                    max_bytes=2 * 2**20,
                    label=f"statement {match[1]}",
                )
        return [found[when] for when in sorted(found)]

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The feed's stories, or a statement's decision."""
        if not snapshot.label.startswith("statement "):
            title, entries = read(snapshot)
            return self.harvest(snapshot, title or "Federal Reserve", entries)
        when = _day(snapshot)
        held = decision(_page_text(snapshot))
        if held is None:
            raise refusal("names no target range; the statement's wording is new", snapshot)
        lower, upper, change = held
        known = datetime.combine(when, AT, WASHINGTON).astimezone(UTC)
        made = Decision(when, lower, upper, change, known, snapshot.url, self.provenance(snapshot))
        return Harvest(snapshot.source, rows_read=1, decisions=(made,))


def _day(snapshot: Snapshot) -> date:
    text = snapshot.label.removeprefix("statement ")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError as error:
        raise refusal(f"was asked for no statement: {snapshot.label[:40]!r}", snapshot) from error


def _page_text(snapshot: Snapshot) -> str:
    """The words of a page; those of its article where it has one."""
    if not snapshot.body.strip():
        raise refusal("an empty body instead of a statement", snapshot)
    text = text_of(snapshot)
    if "<" not in text:
        return text
    try:
        root: Any = lxml_html.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except (ValueError, TypeError, AssertionError) as error:
        raise refusal(f"not a page: {error}"[:120], snapshot) from error
    except Exception as error:  # lxml's parser errors share no narrower kind
        raise refusal(f"not a page: {type(error).__name__}", snapshot) from error
    for one in list(root.iter("script", "style")):
        one.drop_tree()
    chosen = root.get_element_by_id("article", None)
    return " ".join(str(piece) for piece in (root if chosen is None else chosen).itertext())


class FomcCalendar(BaseSource):
    """When the FOMC's statements are due: 14:00 in Washington on a meeting's last day."""

    about = About(
        name="fomc-calendar",
        title="Federal Reserve, FOMC meeting calendars",
        home=CALENDAR,
        terms="https://www.federalreserve.gov/disclaimer.htm",
        licence="public",
        attribution="Federal Reserve Board",
        every=timedelta(days=1),
        hosts=("www.federalreserve.gov",),
        rate=2.0,
        budget=20,
        default=True,
    )
    Options = Settings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """The page."""
        return [Request(url=CALENDAR, accepts=("text/html",), max_bytes=4 * 2**20, label="calendar")]

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The meetings of every year on the page; a year that it lacks is as it was announced before."""
        days, skipped = _meetings(_page_text(snapshot))
        if not days:
            raise refusal("names no meeting", snapshot)
        years = {one.year for one in days}
        for year, announced in ANNOUNCED.items():
            if year not in years:
                days += [date.fromisoformat(f"{year}-{one}") for one in announced]
        events = []
        for one in sorted(set(days)):
            at = datetime.combine(one, AT, WASHINGTON)
            known = datetime(one.year, 1, 1, tzinfo=WASHINGTON).astimezone(
                UTC
            )  # a year's calendar is older than it
            events.append(
                Event(
                    one,
                    at.astimezone(UTC),
                    WASHINGTON.key,
                    "fomc",
                    "FOMC statement",
                    min(known, snapshot.retrieved),
                    CALENDAR,
                    self.provenance(snapshot),
                )
            )
        left_out = (Skipped(1, "not scheduled", skipped),) if skipped else ()
        return Harvest(
            snapshot.source, rows_read=len(events) + skipped, events=tuple(events), skipped=left_out
        )


_YEAR = re.compile(r"\b(20\d\d) FOMC Meetings\b")
_MEETING = re.compile(
    r"\b(" + "|".join(name.title() for name in MONTHS) + r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)"
    r"(?:/(\w{3,9}))?\s+(\d{1,2})(?:\s*-\s*(\d{1,2}))?\s*\*?\s*(\((?:notation vote|unscheduled|cancelled)\))?",
)


def _meetings(text: str) -> tuple[list[date], int]:
    """The last days of the scheduled meetings, and how many others the page has."""
    flat = _HYPHENS.sub("-", re.sub(r"\s+", " ", text))
    years = list(_YEAR.finditer(flat))
    found: list[date] = []
    others = 0
    for place, year in enumerate(years):
        end = years[place + 1].start() if place + 1 < len(years) else len(flat)
        panel = re.sub(r"\((?:Released|released)[^)]*\)", " ", flat[year.end() : end])
        for match in _MEETING.finditer(panel):
            if match[5]:
                others += 1
                continue
            if match[4] is None:
                continue  # a date in passing: meetings take two days
            first = _month(match[1])
            last = _month(match[2]) if match[2] else first + (int(match[4]) < int(match[3]))
            try:
                found.append(date(int(year[1]), (last - 1) % 12 + 1, int(match[4])))
            except ValueError:
                others += 1
    return found, others


def _month(name: str) -> int:
    return next((number for full, number in MONTHS.items() if full.startswith(name[:3].lower())), 0)
