"""An iCalendar file of the operator's as the events of the days ahead.

Owns what an entry must be like to be shown and how far a repeating one is followed; asks nobody, writes nothing.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from broadtape.archive.local import LocalEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

MOST_BYTES = 2_000_000
MOST_ENTRIES = 5_000  # of one file; a town's calendar of ten years has fewer
MOST_DAYS = 20_000  # one repeating entry is followed: fifty-four years
MOST_DAYS_OF_ALL = 1_000_000  # of one file: a hundred entries since the year 2000; seconds, not minutes
MOST_A_DAY = 24
LONGEST_RULE = 1_000
MOST_EVENTS = 200
LONGEST = timedelta(days=370)  # an entry that lasts longer is no event
DAYS_OF = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 30, "YEARLY": 365}  # more often than daily is not followed


class BadCalendar(ValueError):
    """The file is no calendar, or too large to be one; the text says what to do."""


class _WalkedFar(Exception):
    """A rule was followed past the last day that is asked for."""


class _Interval(int):
    """A rule's interval that ends the walk once it was added often enough.

    dateutil stops a rule at its next occurrence only, and looks for one until the year 9999: a 31st of February, tried
    daily, takes it 2.9 million days. Each of its steps adds the interval, and nothing else does.
    """

    left: int

    @classmethod
    def of(cls, interval: int, steps: int) -> _Interval:
        made = cls(interval)
        made.left = steps
        return made

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise _WalkedFar

    def __radd__(self, other: int) -> int:  # of a day, month and year
        self._step()
        return other + int(self)

    def __mul__(self, other: int) -> int:  # of a week
        self._step()
        return int(self) * other


class _Budget:
    """Days that may still be walked for one file."""

    def __init__(self) -> None:
        self.left = MOST_DAYS_OF_ALL

    def spend(self, days: int) -> None:
        self.left -= days
        if self.left < 0:
            raise ValueError("the calendar's repeating entries are too many; begin them later, or end them")


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
    moved, budget = _moved(entries), _Budget()
    for number, entry in enumerate(entries, 1):
        name = _words(entry.get("SUMMARY"))
        try:
            if not name or _words(entry.get("STATUS")).upper() == "CANCELLED":
                continue
            shown += _of_entry(entry, name, zone, first, days, moved, budget)
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
    entry: Any,
    name: str,
    zone: ZoneInfo,
    first: date,
    days: int,
    moved: set[tuple[str, datetime | date]],
    budget: _Budget,
) -> Iterator[LocalEvent]:
    begins = entry["DTSTART"].dt
    all_day = not isinstance(begins, datetime)
    length = _length(entry, begins, all_day=all_day)
    if not timedelta() <= length <= LONGEST:
        raise ValueError("it ends before it begins, or lasts over a year")
    limit = datetime.combine(first + timedelta(days=days), time.max, zone)
    place, link = _words(entry.get("LOCATION"))[:120], _link(entry.get("URL"))
    own = entry.get("RECURRENCE-ID") is not None
    for begin in _begins(entry, begins, zone, limit, budget):
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
    entry: Any, begins: datetime | date, zone: ZoneInfo, limit: datetime, budget: _Budget
) -> Iterator[datetime | date]:
    """When it begins, each time it does, ascending and bounded."""
    rule = entry.get("RRULE")
    extra = [one.dt for one in _dates(entry.get("RDATE"))]
    if rule is None:
        yield from sorted({begins, *(one for one in extra if type(one) is type(begins))}, key=_order)
        return
    text = rule.to_ical().decode() if not isinstance(rule, list) else rule[0].to_ical().decode()
    # The rule is followed on the clock of the entry's own zone, so that 9 a.m. stays 9 a.m. over a change of time.
    own = begins.tzinfo if isinstance(begins, datetime) else None
    bare = begins.replace(tzinfo=None) if isinstance(begins, datetime) else datetime.combine(begins, time())
    left_out = {_key(one.dt) for one in _dates(entry.get("EXDATE"))}
    end = (limit if own is None else limit.astimezone(own)).replace(tzinfo=None)
    for at in _followed(_bare_until(text, own or zone), bare, end, budget):
        begin = at.replace(tzinfo=own) if isinstance(begins, datetime) else at.date()
        if _key(begin) not in left_out:
            yield begin
    for one in sorted((one for one in extra if type(one) is type(begins)), key=_order):
        if _local(one, zone) <= limit:
            yield one


def _followed(text: str, begins: datetime, end: datetime, budget: _Budget) -> Iterator[datetime]:
    """What a rule gives from `begins` to `end`, ascending; one that gives nothing is followed no further than `end`."""
    from dateutil.rrule import rrule, rrulestr  # noqa: PLC0415 – as above

    parts = dict(part.upper().split("=", 1) for part in text.split(";") if "=" in part)
    frequency, interval = parts.get("FREQ", ""), int(parts.get("INTERVAL", "1"))
    if frequency not in DAYS_OF:
        raise ValueError(
            f"it repeats {frequency.lower() or 'in no known way'}; daily is the most often shown"
        )
    if interval < 1:
        raise ValueError(f"it repeats every {interval}; every 1 or more is a rule")
    if len(text) > LONGEST_RULE or math.prod(_times(parts)) > MOST_A_DAY:
        raise ValueError(f"its rule is too long, or gives more than {MOST_A_DAY} times a day")
    if begins > end:
        return
    days = (end - begins).days + 1
    if days > MOST_DAYS:
        raise ValueError(f"it repeats from over {MOST_DAYS // 365} years ago; begin it later")
    budget.spend(days)
    rule = rrulestr(text, dtstart=begins)
    if not isinstance(rule, rrule):
        raise TypeError("its rule is more than one")
    counted = _Interval.of(interval, days // (DAYS_OF[frequency] * interval) + 2)
    with contextlib.suppress(_WalkedFar):
        for at in rule.replace(interval=counted):
            if at > end:
                return
            budget.spend(1)
            yield at


def _times(parts: dict[str, str]) -> list[int]:
    """How many hours, minutes and seconds a rule names."""
    return [parts[name].count(",") + 1 for name in ("BYHOUR", "BYMINUTE", "BYSECOND") if name in parts]


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
