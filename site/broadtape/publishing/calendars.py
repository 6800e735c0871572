"""An iCalendar file of the operator's as the events of the days ahead.

Owns what an entry must be like to be shown and how far a repeating one is followed; asks nobody, writes nothing.
"""

from __future__ import annotations

import itertools
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from broadtape.archive.local import LocalEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

MOST_BYTES = 2_000_000
MOST_ENTRIES = 5_000  # of one file; a town's calendar of ten years has fewer
MOST_STEPS = 20_000  # of one repeating entry: daily for fifty years
MOST_EVENTS = 200
LONGEST = timedelta(days=370)  # an entry that lasts longer is no event
DAILY_AT_MOST = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


class BadCalendar(ValueError):
    """The file is no calendar, or too large to be one; the text says what to do."""


def events(raw: bytes, zone: ZoneInfo, *, first: date, days: int) -> tuple[tuple[LocalEvent, ...], list[str]]:
    """Occurrences that are not over before `first` and begin within `days`, and what was passed over and why.

    Times without a zone are the site's. BadCalendar where the file cannot be read at all.
    """
    from icalendar import Calendar  # noqa: PLC0415 – few sites have a calendar, and it loads slowly

    if len(raw) > MOST_BYTES:
        raise BadCalendar(f"larger than {MOST_BYTES // 1_000_000} MB; keep the coming months only")
    try:
        found = Calendar.from_ical(raw)
        entries = list(itertools.islice(found.walk("VEVENT"), MOST_ENTRIES + 1))
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise BadCalendar("not an iCalendar file; export it again as .ics") from error
    if len(entries) > MOST_ENTRIES:
        raise BadCalendar(f"more than {MOST_ENTRIES} entries; keep the coming months only")
    shown: list[LocalEvent] = []
    passed: list[str] = []
    moved = _moved(entries)
    for number, entry in enumerate(entries, 1):
        name = _words(entry.get("SUMMARY"))
        try:
            if not name or _words(entry.get("STATUS")).upper() == "CANCELLED":
                continue
            shown += _of_entry(entry, name, zone, first, days, moved)
        except (ValueError, TypeError, AttributeError, OverflowError, KeyError) as error:
            passed.append(
                f"entry {number} ({name[:60] or 'without a title'}): {' '.join(str(error).split())}"
            )
    shown.sort(key=lambda one: (one.starts, one.title))
    return tuple(shown[:MOST_EVENTS]), passed


def _moved(entries: list[Any]) -> set[tuple[str, datetime | date]]:
    """Occurrences that an entry of their own takes the place of."""
    found = set()
    for entry in entries:
        instead = entry.get("RECURRENCE-ID")
        if instead is not None and hasattr(instead, "dt"):
            found.add((str(entry.get("UID", "")), _key(instead.dt)))
    return found


def _key(moment: datetime | date) -> datetime | date:
    """An instant in a form in which the same one is equal whatever its zone."""
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment.timestamp()  # type: ignore[return-value]  # only compared with its like
    return moment


def _of_entry(
    entry: Any, name: str, zone: ZoneInfo, first: date, days: int, moved: set[tuple[str, datetime | date]]
) -> Iterator[LocalEvent]:
    begins = entry["DTSTART"].dt
    all_day = not isinstance(begins, datetime)
    length = _length(entry, begins, all_day=all_day)
    if not timedelta() <= length <= LONGEST:
        raise ValueError("it ends before it begins, or lasts over a year")
    limit = datetime.combine(first + timedelta(days=days), time.max, zone)
    place, link = _words(entry.get("LOCATION"))[:120], _link(entry.get("URL"))
    own = entry.get("RECURRENCE-ID") is not None
    for begin in _begins(entry, begins, zone, limit):
        if not own and (str(entry.get("UID", "")), _key(begin)) in moved:
            continue
        start = _local(begin, zone)
        end = _local(
            begin + length, zone
        )  # on the clock: a market from 9 to 1 is that when clocks change too
        last = end - timedelta(days=1) if all_day and length else end
        if start <= limit and last.date() >= first:
            yield LocalEvent(name[:160], start, last, all_day, place, link)


def _length(entry: Any, begins: datetime | date, *, all_day: bool) -> timedelta:
    if entry.get("DTEND") is not None:
        ends = entry["DTEND"].dt
        if isinstance(ends, datetime) == all_day:
            raise ValueError("one of its ends has a time and the other none")
        if isinstance(ends, datetime) and isinstance(begins, datetime):
            ends, begins = ends.replace(tzinfo=None), begins.replace(tzinfo=None)
        length: timedelta = ends - begins
        return length
    if entry.get("DURATION") is not None:
        lasts: timedelta = entry["DURATION"].dt
        return lasts
    return timedelta(days=1) if all_day else timedelta()


def _begins(
    entry: Any, begins: datetime | date, zone: ZoneInfo, limit: datetime
) -> Iterator[datetime | date]:
    """When it begins, each time it does, ascending and bounded."""
    rule = entry.get("RRULE")
    extra = [one.dt for one in _dates(entry.get("RDATE"))]
    if rule is None:
        yield from sorted({begins, *(one for one in extra if type(one) is type(begins))}, key=_order)
        return
    from dateutil.rrule import rrulestr  # noqa: PLC0415 – as above

    text = rule.to_ical().decode() if not isinstance(rule, list) else rule[0].to_ical().decode()
    frequency = next((part[5:] for part in text.upper().split(";") if part.startswith("FREQ=")), "")
    if frequency not in DAILY_AT_MOST:
        raise ValueError(
            f"it repeats {frequency.lower() or 'in no known way'}; daily is the most often shown"
        )
    # The rule is followed on the clock of the entry's own zone, so that 9 a.m. stays 9 a.m. over a change of time.
    own = begins.tzinfo if isinstance(begins, datetime) else None
    bare = begins.replace(tzinfo=None) if isinstance(begins, datetime) else datetime.combine(begins, time())
    left_out = {_key(one.dt) for one in _dates(entry.get("EXDATE"))}
    end = (limit if own is None else limit.astimezone(own)).replace(tzinfo=None)
    for number, at in enumerate(rrulestr(_bare_until(text, own or zone), dtstart=bare)):
        if at > end or number >= MOST_STEPS:
            break
        begin = at.replace(tzinfo=own) if isinstance(begins, datetime) else at.date()
        if _key(begin) not in left_out:
            yield begin
    for one in sorted((one for one in extra if type(one) is type(begins)), key=_order):
        if _local(one, zone) <= limit:
            yield one


def _bare_until(rule: str, own: Any) -> str:
    """The rule with the last instant it names on the entry's own clock, as the rest of it is."""
    parts = []
    for part in rule.split(";"):
        if part.upper().startswith("UNTIL=") and part.endswith("Z"):
            until = datetime.strptime(part[6:] + "+0000", "%Y%m%dT%H%M%SZ%z").astimezone(own)
            part = f"UNTIL={until:%Y%m%dT%H%M%S}"  # noqa: PLW2901 – the same part, rewritten
        parts.append(part)
    return ";".join(parts)


def _dates(value: Any) -> list[Any]:
    lists = value if isinstance(value, list) else [value] if value is not None else []
    return [one for each in lists for one in getattr(each, "dts", ()) if isinstance(one.dt, date)]


def _order(moment: datetime | date) -> tuple[int, int, float]:
    at = moment if isinstance(moment, datetime) else datetime.combine(moment, time())
    return at.toordinal(), 0, at.hour * 3600 + at.minute * 60 + at.second


def _local(moment: datetime | date, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(), zone)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _words(value: Any) -> str:
    """One line of plain text; control characters are no words."""
    text = "".join(c if c.isprintable() else " " for c in str(value or "")[:1_000])
    return " ".join(text.split())


def _link(value: Any) -> str:
    text = str(value or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    fine = parts.scheme in ("http", "https") and parts.hostname and len(text) <= 2_000 and text.isprintable()
    return text if fine and " " not in text else ""
