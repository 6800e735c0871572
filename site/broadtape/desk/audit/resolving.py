"""Printed stretches of time into sessions: every reading that an article of that day may mean.

Owns calendars of words ("this week" on a Saturday); owns no prices. A reading that is less likely is `weak`: it may
bear a claim out, and a claim is contradicted only where it holds under none of them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, timedelta
from functools import cached_property

from broadtape.desk.audit.parts import Reading, Span
from broadtape.desk.claims.dates import MONTHS
from broadtape.model import MarketView

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Calendar:
    """The sessions up to an article's day, and what words of time mean on it."""

    def __init__(self, view: MarketView, dated: date) -> None:
        self.dated = dated
        self.view = view
        self.sessions = view.sessions
        self.last = len(self.sessions) - 1
        self._dates: list[date] = self.sessions.astype("datetime64[D]").tolist()
        self._readings: dict[Span, list[Reading]] = {}
        self._bases: dict[Span, tuple[list[Reading], list[Reading]]] = {}

    @cached_property
    def stale(self) -> bool:
        """Whether the store's calendar ends before the article’s day."""
        return (self.dated - self.day(self.last)).days > 5

    def day(self, at: int) -> date:
        """The session at a position."""
        return self._dates[at]

    def at_or_before(self, day: date) -> int:
        """The position of the last session up to a day; -1 before the first."""
        return bisect_right(self._dates, day) - 1

    def at_or_after(self, day: date) -> int:
        """The position of the first session from a day on; one past the last where there is none."""
        return bisect_left(self._dates, day)

    # --- readings ---------------------------------------------------------------------------------------

    def between(self, low: date, high: date, form: str, label: str, *, weak: bool = False) -> list[Reading]:
        """The sessions from one day up to before another, as far as they are over."""
        first, last = self.at_or_after(low), self.at_or_before(high - timedelta(days=1))
        if first > last or first < 1:
            return []
        return [Reading(self.day(first), self.day(last), form, label, weak)]

    def session(self, day: date, label: str, *, weak: bool = False) -> list[Reading]:
        """That day alone; nothing where it is no session of the data."""
        at = self.at_or_before(day)
        if at < 1 or self.day(at) != day:
            return []
        return [Reading(day, day, f"{day}..{day}", label, weak)]

    def length(self, reading: Reading) -> int:
        """How many sessions a window holds."""
        return self.at_or_before(reading.last) - self.at_or_after(reading.first) + 1

    def days(self) -> list[Reading]:
        """The session an undated report is about: the article's own, else the last one before it."""
        at = self.at_or_before(self.dated)
        found = []
        for back in range(2):
            if at - back >= 1:
                day = self.day(at - back)
                found += self.session(day, f"on {shown(day)}", weak=bool(back))
        return found

    @cached_property
    def defaults(self) -> list[Reading]:
        """What a claim without a window may be about."""
        return [
            *self.days(), *self._period("week", "this"), *self._period("month", "this"), *self._period("quarter", "this"),
            *self._period("year", "this"),
        ]  # fmt: skip

    def readings(self, span: Span) -> list[Reading]:
        """Every reading of a printed window; empty where it cannot be told."""
        found = self._readings.get(span)
        if found is None:
            method = getattr(self, f"_{span.kind.replace('-', '_')}", None)
            found = [] if method is None else list(dict.fromkeys(method(span)))
            found = self._readings[span] = [*found, *self._to_the_day_before(span, found)]
        return found

    def _to_the_day_before(self, span: Span, found: list[Reading]) -> list[Reading]:
        """Windows that run to the article's day, without that day: it may have been written before the close."""
        at = self.at_or_before(self.dated)
        if (
            span.kind in {"weekday", "day", "today", "range", "firsts", "week-ended"}
            or at < 1
            or self.day(at) != self.dated
        ):
            return []
        before = self.day(at - 1)
        return [
            Reading(one.first, before, f"{one.first}..{before}", f"{one.label}, without {shown(self.dated)}", True, True)
            for one in found if one.last == self.dated and one.first <= before and not one.weak
        ]  # fmt: skip

    def bases(self, span: Span) -> tuple[list[Reading], list[Reading]]:
        """For windows with a blurred start ("since April", "in the past month"): likely readings, and every possible one."""
        found = self._bases.get(span)
        if found is None:
            found = self._bases[span] = self._blurred(span)
        return found

    def _blurred(self, span: Span) -> tuple[list[Reading], list[Reading]]:
        if span.kind == "rolling":
            return self._rolling_bases(span)
        if span.kind in {"since-month", "since-year", "since-last", "fuzzy"}:
            low, high = self._blur(span)
            if low is None or high is None:
                return [], []
            every = self._since_each(low, high, span.text)
            likely = [one for one in every if one.first in {low, high}] or every[:1] + every[-1:]
            return likely + [one for one in every if one not in likely], every
        return [], []

    # --- kinds ------------------------------------------------------------------------------------------

    def _weekday(self, span: Span) -> list[Reading]:
        back = (self.dated.weekday() - (span.weekday or 0)) % 7
        day = self.dated - timedelta(days=back)
        name = _WEEKDAYS[span.weekday or 0]
        found = self.session(day, f"on {name}, {shown(day)}")
        earlier = day - timedelta(days=7)
        if span.which == "last" or not found:
            found += self.session(earlier, f"on {name}, {shown(earlier)}", weak=span.which != "last")
        return found

    def _today(self, span: Span) -> list[Reading]:
        if span.which in {"tomorrow"}:
            return []
        back = 0 if span.which in {"today", "tonight"} else 1
        found = self.session(
            self.dated - timedelta(days=back), f"on {shown(self.dated - timedelta(days=back))}"
        )
        at = self.at_or_before(self.dated)
        before = at - back if self.day(at) == self.dated else at
        if before >= 1:
            day = self.day(before)
            found += self.session(day, f"on {shown(day)}", weak=bool(found))
        if back and at >= 1 and self.day(at) != self.dated - timedelta(days=1):
            found += self.session(self.day(at), f"on {shown(self.day(at))}", weak=True)
        return found

    def _day(self, span: Span) -> list[Reading]:
        days = [span.day] if span.day else self._days_named(span)
        return [one for day in days for one in self.session(day, f"on {shown(day)}")]

    def _days_named(self, span: Span) -> list[date]:
        """The day of a month, of the year printed or of the nearest past year."""
        years = [span.year] if span.year else [self.dated.year, self.dated.year - 1]
        found = []
        for year in years:
            try:
                day = date(year, span.month or 1, span.number or 1)
            except ValueError:
                continue
            if span.year or day <= self.dated + timedelta(days=1):
                found.append(day)
                break
        return found

    def _range(self, span: Span) -> list[Reading]:
        found = []
        for year in [span.year] if span.year else [self.dated.year, self.dated.year - 1]:
            try:
                low = date(year, span.month or 1, span.number or 1)
                high = date(year, span.quarter or 1, span.weekday or 1)
            except ValueError:
                continue
            if high < low or high > self.dated:
                continue
            a, b = self.at_or_after(low), self.at_or_before(high)
            if 1 <= a < b:
                label = f"from {shown(low)} to {shown(high)}"
                found.append(Reading(self.day(a), self.day(b), f"{self.day(a)}..{self.day(b)}", label))
                found.append(
                    Reading(
                        self.day(a + 1),
                        self.day(b),
                        f"{self.day(a + 1)}..{self.day(b)}",
                        f"{label}, close to close",
                    )
                )
            break
        return found

    def _period(self, unit_or_span: str | Span, which: str = "") -> list[Reading]:
        span = (
            unit_or_span if isinstance(unit_or_span, Span) else Span("period", unit=unit_or_span, which=which)
        )
        unit, which = span.unit, span.which
        if unit == "day":
            return self.days()
        begin, next_begin, before = self._bounds(unit, self.dated)
        at = self.at_or_before(self.dated)
        last = self.day(at) if at >= 0 else self.dated
        running = self.between(
            begin, next_begin, self._form(unit, begin, last, running=True), f"the {unit} to {shown(last)}"
        )
        previous = self.between(
            before,
            begin,
            self._form(unit, before, last, running=False),
            f"the {unit} before ({self._name(unit, before)})",
        )
        since = (self.dated - begin).days
        early = since <= {"week": 2, "month": 5, "quarter": 15, "year": 14}[unit]
        late = (next_begin - self.dated).days <= {"week": 3, "month": 4, "quarter": 7, "year": 7}[unit]
        if which in {"last", "past"}:
            found = (
                [*running, *previous] if late and unit == "week" else [*previous, *(running if late else [])]
            )
            rolling = self._rolling(Span("rolling", unit=unit, number=1)) if which == "past" else []
            return [*found, *rolling]
        if not running or (early and which != "this"):
            return [*running, *[_weakened(one) for one in previous]]
        return running

    def _week_ended(self, span: Span) -> list[Reading]:
        days = (
            self._days_named(span)
            if span.month
            else [self.dated - timedelta(days=(self.dated.weekday() - (span.weekday or 4)) % 7)]
        )
        found = []
        for day in days:
            low = day - timedelta(days=day.weekday())
            found += self.between(
                low,
                low + timedelta(days=7),
                self._form("week", low, day, running=False),
                f"the week of {shown(low)}",
            )
        return found

    def _month(self, span: Span) -> list[Reading]:
        month = span.month or 1
        if span.year:
            years = [span.year]
        elif span.which == "last":
            years = [self.dated.year - 1]
        else:
            years = [self.dated.year if month <= self.dated.month else self.dated.year - 1]
            if month == self.dated.month:
                years.append(self.dated.year - 1)
        found = []
        for number, year in enumerate(years):
            low = date(year, month, 1)
            high = date(year + month // 12, month % 12 + 1, 1)
            running = high > self.dated
            form = self._form("month", low, self.day(self.last), running=running)
            found += self.between(
                low,
                high,
                form,
                f"{MONTHS[month - 1]} {year}" + (" to date" if running else ""),
                weak=bool(number),
            )
        return found

    def _quarter(self, span: Span) -> list[Reading]:
        quarter = span.quarter or 1
        now = (self.dated.month - 1) // 3 + 1
        years = [span.year] if span.year else [self.dated.year if quarter <= now else self.dated.year - 1]
        if not span.year and quarter == now:
            years.append(self.dated.year - 1)
        found = []
        for number, year in enumerate(years):
            low = date(year, 3 * quarter - 2, 1)
            high = date(year + quarter // 4, 3 * (quarter % 4) + 1, 1)
            form = self._form("quarter", low, self.day(self.last), running=high > self.dated)
            found += self.between(
                low,
                high,
                form,
                f"the {('first', 'second', 'third', 'fourth')[quarter - 1]} quarter of {year}",
                weak=bool(number),
            )
        return found

    def _year(self, span: Span) -> list[Reading]:
        year = span.year or self.dated.year
        running = year >= self.dated.year
        return self.between(
            date(year, 1, 1),
            date(year + 1, 1, 1),
            "ytd" if running else str(year),
            f"{year} to date" if running else f"{year}",
        )

    def _firsts(self, span: Span) -> list[Reading]:
        year, count = span.year or self.dated.year, span.number or 5
        month = self.dated.month if span.unit == "month" and not span.year else 1
        first = self.at_or_after(date(year, month, 1))
        if first < 1 or first + count - 1 > self.last:
            return []
        form = f"{year}-{month:02}.first{count}s" if span.unit == "month" else f"{year}.first{count}s"
        return [
            Reading(
                self.day(first), self.day(first + count - 1), form, f"the first {count} sessions of {year}"
            )
        ]

    def _first_week(self, span: Span) -> list[Reading]:
        year = span.year or self.dated.year
        found = self._firsts(Span("firsts", unit="year", number=5, year=year))
        first = self.at_or_after(date(year, 1, 1))
        if first < 1 or first > self.last:
            return []
        low = self.day(first)
        monday = low - timedelta(days=low.weekday())
        for begin in (monday, monday + timedelta(days=7)):
            found += self.between(
                max(begin, date(year, 1, 1)), begin + timedelta(days=7), "", f"the week of {shown(begin)}"
            )
        found += self.between(date(year, 1, 1), monday + timedelta(days=14), "", "the first days of the year")
        return [self._formed(one) for one in found]

    def _rolling(self, span: Span) -> list[Reading]:
        return self._rolling_bases(span)[0]

    def _rolling_bases(self, span: Span) -> tuple[list[Reading], list[Reading]]:
        unit, number = span.unit, span.number or 1
        ends = [self.at_or_before(self.dated)]
        if ends[0] >= 1:
            ends.append(ends[0] - 1)
        likely, every = [], []
        for end in ends:
            if unit in {"session", "day"}:
                bases = [end - number]
                slack = 0 if unit == "session" else 1
            else:
                start = _before(self.day(end), unit, number)
                at = self.at_or_before(start)
                bases = [at, at - 1, at + 1]
                slack = {"week": 2, "month": 6, "quarter": 12, "year": 15}[unit]
            for base in bases:
                likely += self._closes(base, end, f"the {number} {unit}s to {shown(self.day(end))}")
            for base in range(min(bases) - slack, max(bases) + slack + 1):
                every += self._closes(base, end, f"about {number} {unit}s to {shown(self.day(end))}")
        if unit in {"week", "month", "quarter", "year"}:
            begin, _, _ = self._bounds(unit, self.dated)
            low = begin
            for _ in range(number):
                low = self._bounds(unit, low)[2]
            whole = self.between(low, begin, "", f"the last {number} complete {unit}s")
            likely += [self._formed(one) for one in whole]
        if unit in {"session", "day"}:
            year = self.at_or_after(date(self.dated.year, 1, 1))
            if year >= 1 and year + number - 1 <= self.last:
                likely += self._closes(
                    year - 1, year + number - 1, f"the first {number} sessions of {self.dated.year}"
                )
        return likely, every + likely

    def _since_start(self, span: Span) -> list[Reading]:
        year = span.year or self.dated.year
        if span.unit == "year":
            low = date(year, 1, 1)
        else:
            month = span.month or 1
            if not span.year and month > self.dated.month:
                year -= 1
            low = date(year, month, 1)
        return [
            self._formed(one)
            for one in self.between(
                low, self.dated + timedelta(days=1), "", f"since the start of {shown(low)}"
            )
        ]

    def _since_end(self, span: Span) -> list[Reading]:
        year, month = span.year or self.dated.year, span.month or 12
        if span.unit != "year" and not span.year and month >= self.dated.month:
            year -= 1
        low = date(year + month // 12, month % 12 + 1, 1)
        return [
            self._formed(one)
            for one in self.between(
                low, self.dated + timedelta(days=1), "", f"since the end of {MONTHS[month - 1]} {year}"
            )
        ]

    def _since_day(self, span: Span) -> list[Reading]:
        found = []
        for day in self._days_named(span):
            at = self.at_or_before(day)
            for base in (at, at - 1):
                found += self._closes(
                    base,
                    self.at_or_before(self.dated),
                    f"since the close of {shown(self.day(base))}" if base >= 0 else "",
                )
        return found

    def _since_weekday(self, span: Span) -> list[Reading]:
        day = self.dated - timedelta(days=(self.dated.weekday() - (span.weekday or 0)) % 7)
        found = []
        for start in (day, day - timedelta(days=7)):
            at = self.at_or_before(start)
            for base in (at, at - 1):
                found += self._closes(base, self.at_or_before(self.dated), f"since {shown(self.day(base))}")
        return found

    def _blur(self, span: Span) -> tuple[date | None, date | None]:
        """The first and last day on which a blurred "since" may begin."""
        if span.kind == "since-year" and span.year:
            return date(span.year, 1, 1) - timedelta(days=1), date(span.year, 12, 31)
        if span.kind == "since-month" and span.month:
            year = span.year or (self.dated.year if span.month < self.dated.month else self.dated.year - 1)
            if span.which == "last":
                year = self.dated.year - 1
            low = date(year, span.month, 1)
            return low - timedelta(days=1), date(year + span.month // 12, span.month % 12 + 1, 1) - timedelta(
                days=1
            )
        return None, None

    def _since_each(self, low: date, high: date, text: str) -> list[Reading]:
        end = self.at_or_before(self.dated)
        found = []
        for base in range(max(self.at_or_before(low), 0), min(self.at_or_before(high), end - 1) + 1):
            found += self._closes(base, end, f"{text}, from the close of {shown(self.day(base))}")
        return found

    def _since_month(self, span: Span) -> list[Reading]:
        return self.bases(span)[0]

    _since_year = _since_month

    # --- parts ------------------------------------------------------------------------------------------

    def _closes(self, base: int, end: int, label: str) -> list[Reading]:
        if base < 0 or base >= end or end > self.last:
            return []
        return [Reading(self.day(base + 1), self.day(end), f"{self.day(base + 1)}..{self.day(end)}", label)]

    def _formed(self, one: Reading) -> Reading:
        return Reading(one.first, one.last, one.form or f"{one.first}..{one.last}", one.label, one.weak)

    def _bounds(self, unit: str, day: date) -> tuple[date, date, date]:
        """First day of the period, of the next one and of the one before."""
        if unit == "week":
            low = day - timedelta(days=day.weekday())
            return low, low + timedelta(days=7), low - timedelta(days=7)
        if unit == "month":
            low = day.replace(day=1)
            return (
                low,
                date(low.year + low.month // 12, low.month % 12 + 1, 1),
                (low - timedelta(days=1)).replace(day=1),
            )
        if unit == "quarter":
            low = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
            high = date(low.year + (low.month + 2) // 12, (low.month + 2) % 12 + 1, 1)
            before = low - timedelta(days=1)
            return low, high, date(before.year, 3 * ((before.month - 1) // 3) + 1, 1)
        return date(day.year, 1, 1), date(day.year + 1, 1, 1), date(day.year - 1, 1, 1)

    def _form(self, unit: str, low: date, last: date, *, running: bool) -> str:
        if running and self.day(self.last) == last:
            return {"week": "wtd", "month": "mtd", "quarter": "qtd", "year": "ytd"}[unit]
        if unit == "week":
            year, week, _ = low.isocalendar()
            return f"{year}-W{week:02}"
        if unit == "month":
            return f"{low:%Y-%m}"
        if unit == "quarter":
            return f"{low.year}-Q{(low.month - 1) // 3 + 1}"
        return str(low.year)

    def _name(self, unit: str, low: date) -> str:
        return {
            "week": f"week of {shown(low)}",
            "month": f"{MONTHS[low.month - 1]} {low.year}",
            "year": str(low.year),
        }.get(unit, f"Q{(low.month - 1) // 3 + 1} {low.year}")


def shown(day: date) -> str:
    """A day as reasons print it: "Jan. 12, 2026"."""
    name = MONTHS[day.month - 1]
    short = name if len(name) <= 5 else f"{'Sept' if name == 'September' else name[:3]}."
    return f"{short} {day.day}, {day.year}"


def _weakened(one: Reading) -> Reading:
    return Reading(one.first, one.last, one.form, one.label, True)


def _before(day: date, unit: str, number: int) -> date:
    if unit == "week":
        return day - timedelta(days=7 * number)
    months = number * {"month": 1, "quarter": 3, "year": 12}[unit]
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    for back in range(4):
        try:
            return date(year, month + 1, day.day - back)
        except ValueError:
            continue
    return date(year, month + 1, 28)
