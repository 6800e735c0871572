"""What judges of histories share: a series without its gaps, the sessions a phrase may be about, how far back it reaches.

Owns the days of "since" and the end of a verdict; judges no phrase.
"""

from __future__ import annotations

import calendar as months
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from broadtape.desk.audit.findings import finding
from broadtape.desk.audit.measuring import Gap, Measures
from broadtape.desk.audit.parts import Assertion, Finding, Reading, Span
from broadtape.desk.audit.phrases import length_days
from broadtape.desk.audit.resolving import Calendar
from broadtape.model import Fact

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLURAL = {"session": "sessions", "week": "weeks", "month": "months", "quarter": "quarters", "year": "years"}


@dataclass(frozen=True, slots=True)
class Series:
    """Closes (or highs, lows) of one instrument with their days, gaps left out."""

    days: NDArray[np.datetime64]
    values: NDArray[np.float64]

    def upto(self, day: date) -> int:
        """How many values there are up to a day."""
        return int(np.searchsorted(self.days, np.datetime64(day, "D"), side="right"))

    def day(self, at: int) -> date:
        """The day of a value."""
        value = self.days[at].astype("datetime64[D]").item()
        assert isinstance(value, date)
        return value


class History:
    """One article's series and days."""

    def __init__(
        self, measures: Measures, calendar: Calendar, names: dict[str, str], *, closed: bool = False
    ) -> None:
        self.closed = closed  # the article is known to be of after its day's close
        self.measures, self.calendar, self.names = measures, calendar, names
        self._kept: dict[tuple[str, str], Series | Gap] = {}

    def series(self, symbol: str, field: str = "close") -> Series | Gap:
        """One field of an instrument without its gaps; a Gap where it is lacking or where some value is held."""
        key = (symbol, field)
        if key not in self._kept:
            found = self.measures.line(symbol, field)
            if isinstance(found, Gap):
                self._kept[key] = found
            else:
                there = np.isfinite(found.values)
                self._kept[key] = Series(found.sessions[there], found.values[there])
        return self._kept[key]

    def _name(self, symbol: str) -> str:
        return self.names.get(symbol, symbol)

    def sessions(self, claim: Assertion) -> tuple[list[date], bool]:
        """The sessions a phrase may be about, likeliest first, and whether its time was told."""
        readings = self.windows(claim)
        if readings:
            return list(dict.fromkeys(one.last for one in readings)), claim.certain
        return [one.last for one in self.calendar.days()], False

    def windows(self, claim: Assertion) -> list[Reading]:
        """The windows said, none where it says none."""
        found = [
            one
            for span in claim.spans
            for one in (self.calendar.bases(span)[0] or self.calendar.readings(span))
        ]
        return [one for one in found if not one.shield]

    def _doubt(self, claim: Assertion, *, told: bool) -> str:
        """Why the claim may not be contradicted; empty when it may."""
        entity = claim.entity
        assert entity is not None
        if entity.loose:
            return f"{entity.name!r} does not say which instrument is meant"
        if self.calendar.stale:
            return f"the store's sessions end on {self.calendar.day(self.calendar.last)}"
        if not told or not claim.certain:
            return "its subject or its time is not certain"
        return ""

    def _end(
        self,
        claim: Assertion,
        doubt: str,
        told: str,
        *,
        computed: str = "",
        fact: Fact | Gap | None = None,
        nearest: str = "",
    ) -> Finding:
        """Contradicted, or unverifiable with the doubt."""
        known = fact if isinstance(fact, Fact) else None
        if doubt:
            return finding(claim, "unverifiable", f"{doubt}; {told}", fact=known, computed=computed)
        return finding(claim, "contradicted", told, fact=known, computed=computed, nearest=nearest)

    @staticmethod
    def _verified(
        claim: Assertion, told: str, *, computed: str = "", fact: Fact | Gap | None = None
    ) -> Finding:
        return finding(
            claim, "verified", told, fact=fact if isinstance(fact, Fact) else None, computed=computed
        )

    def _start(self, span: Span) -> date | None:
        """The first day that a printed "since" names."""
        calendar = self.calendar
        if span.kind == "since-year" and span.year:
            return date(span.year, 1, 1)
        if span.kind in {"since-month", "since-start", "since-end"} and span.month:
            year = span.year or (
                calendar.dated.year if span.month < calendar.dated.month else calendar.dated.year - 1
            )
            if span.which == "last":
                year = calendar.dated.year - 1
            return date(year, span.month, 1)
        if span.kind == "since-day":
            for year in [span.year] if span.year else [calendar.dated.year, calendar.dated.year - 1]:
                try:
                    day = date(year, span.month or 1, span.number or 1)
                except ValueError:
                    continue
                if day < calendar.dated:
                    return day
        if span.kind == "since-weekday":
            return calendar.dated - timedelta(days=(calendar.dated.weekday() - (span.weekday or 0)) % 7 or 7)
        if span.kind == "period" and span.unit == "year":
            return date(calendar.dated.year, 1, 1)
        return None

    def _limit(self, span: Span) -> date | None:
        """The last day that a printed "since" names: nothing more extreme may stand after it."""
        start = self._start(span)
        if start is None:
            return None
        if span.kind == "since-year":
            return date(start.year, 12, 31)
        if span.kind in {"since-month", "since-end"}:
            return start.replace(day=months.monthrange(start.year, start.month)[1])
        return start

    def _reach(self, claim: Assertion, day: date) -> tuple[date | None, date | None]:
        """The day after which nothing more extreme may stand, and one with which it is surely wrong."""
        since = claim.more.get("since")
        if isinstance(since, Span):
            limit = self._limit(since)
            return limit, limit
        words = str(claim.more.get("length") or "")
        if "year" in words and not any(sign in words for sign in ("in ", "years")):
            start = date(day.year, 1, 1)
            return start - timedelta(days=1), start - timedelta(days=1)
        if words in {"on record", "ever", "in history"}:
            return date.min, date.min
        length = length_days(words)
        if not length:
            return None, None
        slack = max(3, length // 7)
        return day - timedelta(days=length - slack), day - timedelta(days=max(1, length - 2 * slack))
