"""Judging claims of a history: streaks, records, highest since, best since, crossings, distance from a peak, who led.

Each is computed on every session it may be about and under every usual definition (close or intraday, sessions, weeks
or months). It is contradicted only where it holds under none and the data reach as far back as it does.
"""

from __future__ import annotations

import calendar as months
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape import metrics
from broadtape.desk.audit.fitting import fits, shown
from broadtape.desk.audit.measuring import Gap, Measures
from broadtape.desk.audit.moves import finding, unverifiable
from broadtape.desk.audit.parts import Assertion, Finding, Reading, Span
from broadtape.desk.audit.phrases import length_days
from broadtape.desk.audit.resolving import Calendar
from broadtape.metrics.periods import Unit
from broadtape.metrics.streaks import Course, as_unit
from broadtape.model import BroadtapeError, Fact

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PLURAL = {"session": "sessions", "week": "weeks", "month": "months", "quarter": "quarters", "year": "years"}
_NEAR = Decimal(
    "0.001"
)  # of a level: a high or close as near as this to the level named may be beyond it elsewhere
_STALE_DAYS = 5
_FAR_FROM_QUOTES = Decimal("0.20")  # points: no quote of an hour is as far from the day's own reading
_FLAT_CURVE = Decimal("0.10")  # points: as near to nought as this an hour may have been on the other side
_LATELY = 12  # sessions back that a phrase without a day may still be about


@dataclass(frozen=True, slots=True)
class _Series:
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


class HistoryJudge:
    """Judges what `phrases` read."""

    def __init__(self, measures: Measures, calendar: Calendar, names: dict[str, str]) -> None:
        self.measures, self.calendar, self.names = measures, calendar, names
        self._kept: dict[tuple[str, str], _Series | Gap] = {}

    def judge(self, claim: Assertion) -> Finding:
        """The finding of one phrase."""
        entity = claim.entity
        assert entity is not None
        if claim.label == "forecast":
            return finding(claim, "forecast", "a forecast, a condition or a possibility: not judged")
        if claim.label == "negated":
            return unverifiable(claim, "a denial: not judged")
        if claim.more.get("elsewhen"):
            return unverifiable(claim, "it speaks of another time or of a rule: not judged")
        if entity.missing or not entity.symbols:
            return unverifiable(claim, f"the store has no {entity.missing or 'such series'}")
        if claim.kind == "curve":
            return self._curve(claim)
        if claim.kind == "extreme" and entity.kind == "yield":
            return self._rate_extreme(claim)
        if any(symbol.startswith(("series:", "@")) for symbol in entity.symbols):
            return unverifiable(claim, f"histories of {entity.name} are not judged")
        method = {
            "streak": self._streak, "relative-streak": self._relative_streak, "leads": self._leads, "longest": self._longest, "record": self._record,
            "extreme": self._extreme, "best": self._best, "cross": self._cross, "distance": self._distance, "relative": self._relative,
        }[claim.kind]  # fmt: skip
        return method(claim, entity.symbols[0])

    # --- shared -----------------------------------------------------------------------------------------

    def series(self, symbol: str, field: str = "close") -> _Series | Gap:
        """One field of an instrument without its gaps; a Gap where it is lacking or where some value is held."""
        key = (symbol, field)
        if key not in self._kept:
            found = self.measures.line(symbol, field)
            if isinstance(found, Gap):
                self._kept[key] = found
            else:
                there = np.isfinite(found.values)
                self._kept[key] = _Series(found.sessions[there], found.values[there])
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

    # --- streaks ----------------------------------------------------------------------------------------

    def _course(self, symbol: str, side: str, unit: Unit, day: date) -> Course | Gap:
        try:
            return metrics.moves(self.measures.at(day), symbol, side, unit)
        except BroadtapeError as error:
            return Gap(str(error))

    def _streak(self, claim: Assertion, symbol: str) -> Finding:
        count = claim.more["count"]
        unit = as_unit(claim.unit)
        days, told = self.sessions(claim)
        ended = bool(claim.more.get("ended"))
        lengths: list[int] = []
        for day in days:
            course = self._course(symbol, claim.side, unit, day)
            if isinstance(course, Gap):
                return unverifiable(claim, course.reason)
            length = _run_at(course, ended=ended)
            lengths.append(length)
            if length == count:
                name = self._name(symbol)
                rose = "rose" if claim.side == "up" else "fell"
                reason = f"{name} {rose} in {length} {_PLURAL[unit]} in a row up to {'the session before ' if ended else ''}{day}"
                return self._verified(
                    claim,
                    reason,
                    computed=f"{length} {_PLURAL[unit]}",
                    fact=self._streak_fact(claim, symbol, day, ended=ended),
                )
        first = days[0]
        name = self._name(symbol)
        computed = f"{lengths[0]} {_PLURAL[unit]}"
        way = "rise" if claim.side == "up" else "fall"
        text = f"the run of {way}s of {name} up to {first} was {computed} long"
        recent = self._course(symbol, claim.side, unit, first)
        assert isinstance(recent, Course)
        since = len(recent.went) - _LATELY
        if not claim.spans:
            told = True
        if claim.more.get("in_passing"):
            return self._end(claim, "which run is meant is not certain", text, computed=computed)
        if not (claim.spans and claim.certain) and any(
            int(length) == count and int(start) + int(length) >= since
            for start, length in zip(recent.starts.tolist(), recent.lengths.tolist(), strict=True)
        ):
            return self._end(claim, "a run as long ended shortly before", text, computed=computed)
        nearest = self._other_unit(claim, symbol, first, unit)
        return self._end(
            claim,
            self._doubt(claim, told=told),
            text,
            computed=computed,
            fact=self._streak_fact(claim, symbol, first, ended=ended),
            nearest=nearest,
        )

    def _longest(self, claim: Assertion, symbol: str) -> Finding:
        """ "its longest winning streak since 2017": no longer run ended after it; a run as long is a tie."""
        unit = as_unit(claim.unit)
        days, told = self.sessions(claim)
        texts: list[str] = []
        sure = True
        for day in days:
            limit, wrong = self._reach(claim, day)
            course = self._course(symbol, claim.side, unit, day)
            if isinstance(course, Gap):
                return unverifiable(claim, course.reason)
            if limit is None or wrong is None or not len(course.lengths):
                return unverifiable(claim, "since when is not said in a way that can be computed")
            run = len(course.lengths) - 1
            length = int(course.lengths[run])
            if not course.ongoing:
                texts.append(f"no run of {self._name(symbol)} stood on {day}")
                continue
            longer = np.flatnonzero(course.lengths[:run] > length)
            last = course.lines[0].day(course.last(int(longer[-1]))) if len(longer) else None
            start = course.lines[0].day(course.data_start)
            equal = np.flatnonzero(course.lengths[:run] == length)
            tie = ""
            if len(equal) and course.lines[0].day(course.last(int(equal[-1]))) > limit:
                tie = f"; it is tied with the run that ended on {course.lines[0].day(course.last(int(equal[-1])))}"
            text = f"the run of {length} {_PLURAL[unit]} up to {day} is the longest since the one that ended on {last or 'no day in the data'}{tie}"
            if (last is None and (limit >= start or limit == date.min)) or (
                last is not None and last <= limit
            ):
                return self._verified(
                    claim,
                    text,
                    computed=f"{length} {_PLURAL[unit]}",
                    fact=self._streak_fact(claim, symbol, day, ended=False),
                )
            texts.append(f"a longer run ended on {last}" if last else f"the data start on {start}")
            sure = sure and last is not None and last > wrong
        doubt = (
            self._doubt(claim, told=told)
            if sure
            else "too near to tell, or the data do not reach as far back"
        )
        return self._end(claim, doubt, "; ".join(texts[:2]), computed=texts[0])

    def _streak_fact(self, claim: Assertion, symbol: str, day: date, *, ended: bool) -> Fact | Gap:
        if ended:
            day = self.measures.before(day) or day
        return self.measures.fact("streak", day, of=symbol, side=claim.side, unit=claim.unit)

    def _other_unit(self, claim: Assertion, symbol: str, day: date, unit: Unit) -> str:
        """The unit in which the run would be as long as claimed."""
        others: tuple[Unit, ...] = ("session", "week", "month")
        for other in others:
            if other != unit:
                course = self._course(symbol, claim.side, other, day)
                if not isinstance(course, Gap) and _run_at(course, ended=False) == claim.more["count"]:
                    return f"it would hold of {_PLURAL[other]}"
        return ""

    def _lead(self, claim: Assertion, unit: Unit, day: date) -> Course | Gap:
        assert claim.entity is not None
        assert claim.other is not None
        try:
            return metrics.leads(self.measures.at(day), claim.entity.symbols[0], claim.other.symbols[0], unit)
        except BroadtapeError as error:
            return Gap(str(error))

    def _relative_streak(self, claim: Assertion, symbol: str) -> Finding:
        assert claim.other is not None
        other = claim.other.symbols[0]
        day = self.calendar.day(self.calendar.at_or_before(self.calendar.dated))
        units: tuple[Unit, ...] = (as_unit(claim.unit),) if claim.unit else ("session", "week", "month")
        names = f"{self._name(symbol)} over {self._name(other)}"
        if claim.more.get("count"):
            return self._relative_count(claim, units[0], day, names, other, symbol)
        told: list[str] = []
        for unit in units:
            course = self._lead(claim, unit, day)
            if isinstance(course, Gap):
                return unverifiable(claim, course.reason)
            if not len(course.lengths):
                continue
            run = len(course.lengths) - 1
            length = int(course.lengths[run])
            longer = np.flatnonzero(course.lengths[:run] > length)
            fact = self.measures.fact("streak-last-longer", day, of=symbol, vs=other, unit=unit)
            if claim.more.get("record"):
                if not len(np.flatnonzero(course.lengths[:run] >= length)) and course.ongoing:
                    fact = self.measures.fact("streak-longest", day, of=symbol, vs=other, unit=unit)
                    return self._verified(
                        claim,
                        f"by {_PLURAL[unit]}: the run of {length} of {names} is the longest in the data",
                        computed=f"{length} {_PLURAL[unit]}",
                        fact=fact,
                    )
            else:
                holds = self._since_holds(claim, course, longer, unit, length, names)
                if holds:
                    return self._verified(claim, holds, computed=f"{length} {_PLURAL[unit]}", fact=fact)
            if len(longer):
                at = int(longer[-1])
                ended = course.lines[0].day(course.last(at))
                told.append(
                    f"by {_PLURAL[unit]} the run is {length if course.ongoing else 0} and an earlier one, up to {ended}, was {int(course.lengths[at])}"
                )
            else:
                told.append(f"by {_PLURAL[unit]} the run is {length if course.ongoing else 0}")
        fact = self.measures.fact("relative-streak", day, of=symbol, vs=other)
        computed = f"{fact.value} sessions" if isinstance(fact, Fact) else ""
        start = self.measures.data_start(symbol)
        since = claim.more.get("since")
        if (
            isinstance(since, Span)
            and start is not None
            and since.year is not None
            and since.year < start.year
            and not claim.more.get("record")
        ):
            return finding(
                claim, "unverifiable", f"the data start on {start}; {'; '.join(told)}", computed=computed
            )
        return self._end(claim, self._doubt(claim, told=True), "; ".join(told), computed=computed, fact=fact)

    def _since_holds(
        self, claim: Assertion, course: Course, longer: NDArray[np.intp], unit: Unit, length: int, names: str
    ) -> str:
        """Whether the present run is the longest since the day named; the sentence that says so."""
        since = claim.more.get("since")
        if not isinstance(since, Span) or not course.ongoing:
            return ""
        limit = self._limit(since)
        start = course.lines[0].day(course.data_start)
        if limit is None or (limit < start):
            return ""
        last = course.lines[0].day(course.last(int(longer[-1]))) if len(longer) else None
        if last is not None and last > limit:
            return ""
        run = len(course.lengths) - 1
        after = int(longer[-1]) + 1 if len(longer) else 0
        equal = [int(one) for one in after + np.flatnonzero(course.lengths[after:run] == length)]
        ends = [course.lines[0].day(course.last(one)) for one in equal]
        tied = [end for end in ends if end > limit]
        text = f"by {_PLURAL[unit]}: no run of {names} longer than this one of {length} ended after {limit}"
        if last is not None:
            text += f"; the last longer one ended on {last}"
        if tied:
            text += f"; it is tied with the run that ended on {tied[-1]}"
        return text

    def _relative_count(
        self, claim: Assertion, unit: Unit, day: date, names: str, other: str, symbol: str
    ) -> Finding:
        found: dict[str, int] = {}
        ended = bool(claim.more.get("ended"))
        for one in ("session", "week", "month"):
            course = self._lead(claim, as_unit(one), day)
            if isinstance(course, Gap):
                return unverifiable(claim, course.reason)
            found[one] = int(course.lengths[-1]) if len(course.lengths) and course.ongoing is not ended else 0
        count = claim.more["count"]
        computed = f"{found[unit]} {_PLURAL[unit]}"
        metric = "relative-streak-ended" if ended else "relative-streak"
        fact = self.measures.fact(metric, day, of=symbol, vs=other, unit=unit)
        if found[unit] == count:
            return self._verified(
                claim,
                f"the run of {names}{' that ended' if ended else ''} is {computed} long",
                computed=computed,
                fact=fact,
            )
        others = ", ".join(f"{length} {_PLURAL[one]}" for one, length in found.items())
        held = [one for one, length in found.items() if length == count]
        nearest = (
            f"it would hold of {_PLURAL[held[0]]}" if held else f"the run is {found['session']} sessions long"
        )
        if not isinstance(fact, Fact):
            fact = self.measures.fact("relative-streak", day, of=symbol, vs=other)
        return self._end(
            claim,
            self._doubt(claim, told=True),
            f"the run of {names} up to {day} is {others}",
            computed=computed,
            fact=fact,
            nearest=nearest,
        )

    def _leads(self, claim: Assertion, symbol: str) -> Finding:
        """ "has consistently outperformed on a monthly basis since February 2025"."""
        assert claim.other is not None
        other = claim.other.symbols[0]
        span = claim.spans[0]
        limit = self._start(span)
        if claim.unit != "month" or limit is None:
            return unverifiable(claim, "only leads by month since a month or year are judged")
        dated = self.calendar.dated
        last = (dated.replace(day=1) - timedelta(days=1)).replace(day=1)
        kept: tuple[str, Fact, int] | None = None
        for first in (limit.replace(day=1), _next_month(limit)):
            if first > last:
                continue
            fact = self.measures.fact(
                "periods-led",
                None,
                of=symbol,
                vs=other,
                unit="month",
                **{"from": f"{first:%Y-%m}", "to": f"{last:%Y-%m}"},
            )
            if isinstance(fact, Gap):
                return unverifiable(claim, fact.reason)
            total = fact.get("total")
            whole = total.value if total is not None and isinstance(total.value, int) else 0
            told = f"{self._name(symbol)} led {self._name(other)} in {fact.value} of {whole} months from {first:%Y-%m} to {last:%Y-%m}"
            if fact.value == whole:
                return self._verified(claim, told, computed=f"{fact.value} of {whole} months", fact=fact)
            kept = kept or (told, fact, whole)
        if kept is None:
            return unverifiable(claim, "no month of it is complete")
        told, fact, whole = kept
        run = self.measures.fact("relative-streak", None, of=symbol, vs=other)
        nearest = f"it led in each of the last {run.value} sessions" if isinstance(run, Fact) else ""
        return self._end(
            claim,
            self._doubt(claim, told=True),
            told,
            computed=f"{fact.value} of {whole} months",
            fact=fact,
            nearest=nearest,
        )

    # --- limits of "since" ------------------------------------------------------------------------------

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

    # --- extremes ---------------------------------------------------------------------------------------

    def _extreme(self, claim: Assertion, symbol: str) -> Finding:
        days, told = self.sessions(claim)
        if not days:
            return unverifiable(claim, "it is about no session of the data")
        fields = (
            [("close", "close")]
            if claim.on == "close"
            else [("close", "close"), ("high" if claim.side == "high" else "low", "close")]
        )
        if claim.on != "close":
            fields.append(("high", "high") if claim.side == "high" else ("low", "low"))
        texts, sure = [], True
        for day in days:
            limit, wrong = self._reach(claim, day)
            if limit is None or wrong is None:
                return unverifiable(claim, "since when is not said in a way that can be computed")
            for earlier, present in fields:
                found = self._last_beyond(symbol, earlier, present, day, claim.side)
                if isinstance(found, Gap):
                    if present != "close" or earlier != "close":
                        continue
                    return unverifiable(claim, found.reason)
                last, start = found
                what = "closing" if present == "close" else "intraday"
                if last is None:
                    if limit >= start or limit == date.min:
                        return self._verified(
                            claim,
                            f"{self._name(symbol)}: no {what} {claim.side} beyond it in the data, which start on {start}",
                            fact=self._record_fact(symbol, claim.side, day),
                        )
                    texts.append(f"the data start on {start}")
                    sure = False
                elif last <= limit:
                    fact = self.measures.fact("extreme-since", day, of=symbol, side=claim.side)
                    return self._verified(
                        claim,
                        f"{self._name(symbol)}: the {what} {claim.side} of {day} is beyond all since {last}",
                        computed=f"since {last}",
                        fact=fact,
                    )
                else:
                    texts.append(
                        f"{self._name(symbol)} was as {'high' if claim.side == 'high' else 'low'} on {last} ({earlier})"
                    )
                    sure = sure and last > wrong
        doubt = self._doubt(claim, told=told) if sure else "too near to tell"
        if not sure and any("data start" in text for text in texts):
            doubt = "the data do not reach as far back"
        fact = self.measures.fact("extreme-since", days[0], of=symbol, side=claim.side)
        return self._end(
            claim,
            doubt,
            "; ".join(dict.fromkeys(texts[:2])) or "not found",
            fact=fact,
            computed=texts[0] if texts else "",
        )

    def _curve(self, claim: Assertion) -> Finding:
        """Whether the two-year yield stood above the 10-year on the days it may be about."""
        assert claim.entity is not None
        name = claim.entity.symbols[0].removeprefix("series:")
        found = self.measures.later_readings(name)
        if isinstance(found, Gap):
            return unverifiable(claim, found.reason)
        days = [one.astype("datetime64[D]").item() for one in found.periods]
        texts: list[str] = []
        held: list[Decimal] = []
        for session in self.sessions(claim)[0]:
            at = bisect_right(days, session) - 1
            if at < 0 or (session - days[at]).days > _STALE_DAYS:
                continue
            held += found.values[max(0, at - 5) : at + 2]
            text = f"10-year less two-year Treasury yield was {shown(found.values[at], '')} points on {days[at]} (series {name})"
            if (found.values[at] < 0) == (claim.side == "inverted"):
                return self._verified(claim, text, computed=shown(found.values[at], ""))
            texts.append(text)
        if not texts:
            return unverifiable(claim, f"{name} has no reading of those days")
        way = [value if claim.side == "inverted" else -value for value in held]
        doubt = (
            self._doubt(claim, told=True)
            if min(way) > _FLAT_CURVE
            else "quotes of other hours differ from it by as much"
        )
        return self._end(claim, doubt, texts[0], computed=texts[0])

    def _rate_extreme(self, claim: Assertion) -> Finding:
        """ "its highest since November 2007", of a yield: by the daily series, which no hour's quote has to agree with."""
        assert claim.entity is not None
        name = claim.entity.symbols[0].removeprefix("series:")
        found = self.measures.later_readings(name)
        if isinstance(found, Gap):
            return unverifiable(claim, found.reason)
        days = [one.astype("datetime64[D]").item() for one in found.periods]
        high = claim.side == "high"
        texts: list[str] = []
        sure = True
        for session in self.sessions(claim)[0]:
            at = bisect_right(days, session) - 1
            limit, wrong = self._reach(claim, session)
            if at < 1 or (session - days[at]).days > _STALE_DAYS:
                return unverifiable(claim, f"{name} has no reading of {session}")
            if limit is None or wrong is None:
                return unverifiable(claim, "since when is not said in a way that can be computed")
            now = found.values[at]
            beyond = [
                one for one in range(at) if (found.values[one] > now if high else found.values[one] < now)
            ]
            text = f"{claim.entity.name} was {now} on {days[at]}"
            fact = self.measures.fact("reading", None, series=name)
            if (beyond and days[beyond[-1]] <= limit) or (not beyond and days[0] <= limit):
                last = (
                    f"last beyond that on {days[beyond[-1]]}"
                    if beyond
                    else f"not beyond that since {days[0]}"
                )
                return self._verified(claim, f"{text}, {last} (series {name})", computed=str(now), fact=fact)
            if not beyond:
                return unverifiable(claim, f"{text}; the data start on {days[0]}, and go beyond that nowhere")
            last_day, last_value = days[beyond[-1]], found.values[beyond[-1]]
            texts.append(f"{text}, and {last_value} on {last_day} (series {name})")
            far = [
                one for one in beyond if abs(found.values[one] - now) > _FAR_FROM_QUOTES and days[one] > wrong
            ]
            sure = sure and bool(far)
        doubt = (
            self._doubt(claim, told=True)
            if sure
            else "quotes of other hours differ from the daily series by as much"
        )
        return self._end(claim, doubt, texts[0], computed=texts[0])

    def _last_beyond(
        self, symbol: str, earlier: str, present: str, day: date, side: str
    ) -> tuple[date | None, date] | Gap:
        """The last session before `day` whose value was at least as extreme, and where the data start."""
        before, now = self.series(symbol, earlier), self.series(symbol, present)
        if isinstance(before, Gap) or isinstance(now, Gap):
            return before if isinstance(before, Gap) else now if isinstance(now, Gap) else Gap("")
        at = now.upto(day) - 1
        if at < 0 or now.day(at) != day:
            return Gap(f"{symbol}: no {present} on {day}")
        value = now.values[at]
        past = before.values[: before.upto(day - timedelta(days=1))]
        beyond = np.flatnonzero(past > value if side == "high" else past < value)
        return (before.day(int(beyond[-1])) if len(beyond) else None), before.day(0)

    def _best(self, claim: Assertion, symbol: str) -> Finding:
        unit = as_unit(claim.unit)
        series = self.series(symbol)
        if isinstance(series, Gap):
            return unverifiable(claim, series.reason)
        days, told = self.sessions(claim)
        texts, sure = [], True
        for day in days:
            limit, wrong = self._reach(claim, day)
            if limit is None or wrong is None:
                return unverifiable(claim, "since when is not said in a way that can be computed")
            periods = _period_returns(series, unit, day)
            if len(periods) < 3:
                return unverifiable(claim, f"{symbol}: too few {_PLURAL[unit]} in the data")
            now = periods[-1][2]
            if (now <= 0) if claim.side == "best" else (now >= 0):
                texts.append(
                    f"{self._name(symbol)} {'did not rise' if claim.side == 'best' else 'did not fall'} in the {unit} to {periods[-1][1]}"
                )
                continue
            last = next(
                (
                    one
                    for one in reversed(periods[:-1])
                    if (one[2] >= now if claim.side == "best" else one[2] <= now)
                ),
                None,
            )
            figure = shown(Decimal(repr(now * 100)), "percent")
            if last is None:
                if limit >= periods[0][0]:
                    return self._verified(
                        claim,
                        f"{self._name(symbol)}: the {unit} to {periods[-1][1]} ({figure}) is the {claim.side} in the data, which start on {periods[0][0]}",
                        computed=figure,
                    )
                texts.append(f"the data start on {periods[0][0]}")
                sure = False
            elif last[0] <= limit:
                fact = self.measures.fact("return-extreme", day, of=symbol, unit=claim.unit, side=claim.side)
                told_it = f"{self._name(symbol)}: the {unit} to {periods[-1][1]} ({figure}) is the {claim.side} since that to {last[1]} ({shown(Decimal(repr(last[2] * 100)), 'percent')})"
                return self._verified(claim, told_it, computed=figure, fact=fact)
            else:
                texts.append(
                    f"the {unit} to {last[1]} was as {'good' if claim.side == 'best' else 'bad'}: {shown(Decimal(repr(last[2] * 100)), 'percent')} against {figure} in that to {periods[-1][1]}"
                )
                sure = sure and last[1] > wrong and abs(last[2] - now) > 0.0003
        doubt = (
            self._doubt(claim, told=told)
            if sure
            else "too near to tell, or the data do not reach as far back"
        )
        return self._end(
            claim, doubt, "; ".join(dict.fromkeys(texts[:2])), computed=texts[0] if texts else ""
        )

    # --- records ----------------------------------------------------------------------------------------

    def _record_fact(self, symbol: str, side: str, day: date) -> Fact | Gap:
        return self.measures.fact("record", day, of=symbol, side=side)

    def _record(self, claim: Assertion, symbol: str) -> Finding:
        windows = self.windows(claim)
        told = bool(windows) and claim.certain
        if not windows:
            windows = self.calendar.days()
        high = claim.side == "high"
        intraday = "high" if high else "low"
        fields = (
            ["close"]
            if claim.on == "close"
            else [intraday]
            if claim.on == "intraday"
            else ["close", intraday]
        )
        texts = []
        for field in fields:
            series = self.series(symbol, field)
            if isinstance(series, Gap):
                if field == "close" or claim.on == "intraday":
                    return unverifiable(claim, series.reason)
                told = False
                continue
            marks = _marks(series, high=high, year=claim.more.get("window") == "52w")
            for window in windows:
                a, b = series.upto(window.first - timedelta(days=1)), series.upto(window.last)
                inside = [a + int(one) for one in np.flatnonzero(marks[a:b])]
                days = ", ".join(str(series.day(at)) for at in inside[-4:])
                if not inside:
                    continue
                nth = claim.more.get("nth")
                what = "closing" if field == "close" else "intraday"
                start = series.day(0)
                scope = "in 52 weeks" if claim.more.get("window") == "52w" else f"in data since {start}"
                if nth:
                    year = series.upto(date(window.last.year - 1, 12, 31))
                    ordinal_of = int(marks[year:b].sum())
                    if ordinal_of != nth:
                        texts.append(f"it was the {ordinal_of}. {what} record of {window.last.year} {scope}")
                        continue
                fact = (
                    self.measures.fact("record-count", None, of=symbol, side=claim.side, over=window.form)
                    if window.first != window.last
                    else self._record_fact(symbol, claim.side, window.last)
                )
                many = (
                    f"{len(inside)} {what} record {claim.side}s"
                    if len(inside) > 1
                    else f"{'an' if what == 'intraday' else 'a'} {what} record {claim.side}"
                )
                return self._verified(
                    claim, f"{self._name(symbol)} made {many} {scope}: {days}", computed=days, fact=fact
                )
        first = windows[0]
        doubt = self._doubt(claim, told=told)
        series = self.series(symbol)
        if isinstance(series, Gap):
            return unverifiable(claim, series.reason)
        if not texts:
            at = series.upto(first.last) - 1
            if at < 0:
                return unverifiable(claim, f"{symbol}: no closes up to {first.last}")
            past = series.values[: at + 1]
            top = int(past.argmax() if high else past.argmin())
            texts.append(
                f"{self._name(symbol)} made none {first.label}; its {'highest' if high else 'lowest'} close in the data to then was on {series.day(top)}"
            )
            if claim.more.get("nth"):
                doubt = doubt or ""
        elif claim.more.get("nth"):
            doubt = doubt or "records before the data begin cannot be counted"
        return self._end(
            claim,
            doubt,
            texts[0],
            computed=texts[0],
            fact=self.measures.fact("last-record", first.last, of=symbol, side=claim.side),
        )

    # --- crossings and distances ------------------------------------------------------------------------

    def _cross(self, claim: Assertion, symbol: str) -> Finding:
        amount = claim.amount
        assert amount is not None
        level = amount.value
        closes = self.series(symbol)
        if isinstance(closes, Gap):
            return unverifiable(claim, closes.reason)
        if self._adjusted(symbol, level):
            return unverifiable(claim, "the store's prices of it are adjusted for splits and spin-offs since")
        above = claim.side == "above"
        field = "high" if above else "low"
        extremes = self.series(symbol, field)
        windows = self.windows(claim)
        told = bool(windows) and claim.certain
        if not windows:
            windows = self.calendar.days()
        name = self._name(symbol)
        first = self.measures.fact("first-close", None, of=symbol, level=f"{level}", side=claim.side)
        since = f"; its first close {claim.side} was on {first.value}" if isinstance(first, Fact) else ""
        beyond = closes.values > float(level) if above else closes.values < float(level)
        for window in windows:
            a, b = closes.upto(window.first - timedelta(days=1)), closes.upto(window.last)
            inside = np.flatnonzero(beyond[a:b])
            if len(inside):
                day = closes.day(a + int(inside[0]))
                if claim.more.get("first") and a > 0 and bool(beyond[:a].any()):
                    earlier = closes.day(int(np.flatnonzero(beyond[:a])[-1]))
                    if claim.more.get("ever") or (window.first - earlier).days < 5:
                        return self._end(
                            claim,
                            self._doubt(claim, told=told),
                            f"{name} closed {claim.side} {level} before, on {closes.day(int(np.flatnonzero(beyond[:a])[0]))}",
                            fact=first,
                        )
                    return self._verified(
                        claim,
                        f"{name} closed {claim.side} {level} on {day}, for the first time since {earlier}",
                        computed=str(day),
                        fact=first,
                    )
                return self._verified(
                    claim,
                    f"{name} closed {claim.side} {level} on {day}{since}",
                    computed=str(day),
                    fact=first,
                )
            if claim.on != "close" and not isinstance(extremes, Gap):
                c, d = extremes.upto(window.first - timedelta(days=1)), extremes.upto(window.last)
                passed = extremes.values[c:d] > float(level) if above else extremes.values[c:d] < float(level)
                if passed.any():
                    day = extremes.day(c + int(np.flatnonzero(passed)[0]))
                    return self._verified(
                        claim,
                        f"{name} traded {claim.side} {level} on {day} but did not close there{since}",
                        computed=str(day),
                        fact=first,
                    )
        window = windows[0]
        values = closes if claim.on == "close" or isinstance(extremes, Gap) else extremes
        a, b = values.upto(window.first - timedelta(days=1)), values.upto(window.last)
        if a >= b:
            return unverifiable(claim, f"{symbol}: no prices {window.label}")
        best = float(values.values[a:b].max() if above else values.values[a:b].min())
        told_text = f"{name} reached {shown(Decimal(repr(best)), '')} at {'most' if above else 'least'} {window.label}{since}"
        doubt = self._doubt(claim, told=told)
        if abs(Decimal(repr(best)) - level) <= level * _NEAR:
            doubt = doubt or "too near to tell"
        if claim.on != "close" and isinstance(extremes, Gap):
            doubt = doubt or "the store has no highs and lows of it"
        return self._end(
            claim,
            doubt,
            told_text,
            computed=f"{shown(Decimal(repr(best)), '')}",
            fact=first,
            nearest=since.removeprefix("; "),
        )

    def _adjusted(self, symbol: str, level: Decimal) -> bool:
        found = self.measures.line(symbol)
        if isinstance(found, Gap) or found.bars.unit == "points":
            return False
        at = self.calendar.at_or_before(self.calendar.dated)
        value = self.measures.value(symbol, self.calendar.day(at))
        if isinstance(value, Gap):
            return False
        old = (found.bars.origin.retrieved.date() - self.calendar.dated).days > 730
        return found.bars.adjustment == "split" and (
            old or not Decimal("0.6") < level / value < Decimal("1.6")
        )

    def _distance(self, claim: Assertion, symbol: str) -> Finding:
        amount = claim.amount
        assert amount is not None
        days, told = self.sessions(claim)
        closes, highs = self.series(symbol), self.series(symbol, "high")
        if isinstance(closes, Gap):
            return unverifiable(claim, closes.reason)
        texts, fit_near, computed = [], False, Decimal(0)
        for day in days:
            b = closes.upto(day)
            if b < 2 or closes.day(b - 1) != day:
                return unverifiable(claim, f"{symbol}: no close on {day}")
            for series, what in ((closes, "close"), (highs, "high")):
                if isinstance(series, Gap):
                    continue
                c = series.upto(day)
                past = series.values[:c]
                if claim.more.get("scope") == "52w":
                    past = series.values[series.upto(day - timedelta(days=365)) : c]
                top = float(past.max())
                at = int(np.flatnonzero(series.values[:c] == top)[-1])
                below = (
                    (Decimal(repr(top)) - Decimal(repr(float(closes.values[b - 1]))))
                    * 100
                    / Decimal(repr(top))
                )
                text = f"{self._name(symbol)} closed {shown(below, 'percent')} below its highest {what} in the data ({shown(Decimal(repr(top)), '')} on {series.day(at)}) on {day}"
                fit = fits(amount, below, slack=Decimal("0.03"))
                if fit == "yes":
                    fact = self.measures.fact("drawdown", day, of=symbol)
                    return self._verified(claim, text, computed=shown(below, "percent"), fact=fact)
                fit_near = fit_near or fit == "near"
                computed = computed or below
                texts.append(text)
        doubt = self._doubt(claim, told=told or bool(claim.more.get("now")))
        if fit_near:
            doubt = "too near to tell"
        elif claim.more.get("scope") == "peak":
            doubt = doubt or "which peak is meant is not said"
        elif amount.value > computed and claim.more.get("scope") != "52w":
            doubt = doubt or f"a higher peak before the data start, on {closes.day(0)}, is not known"
        return self._end(
            claim,
            doubt,
            texts[0],
            computed=shown(computed, "percent"),
            fact=self.measures.fact("drawdown", days[0], of=symbol),
        )

    def _relative(self, claim: Assertion, symbol: str) -> Finding:
        assert claim.other is not None
        other = claim.other.symbols[0]
        windows = self.windows(claim)
        if not windows:
            return unverifiable(claim, "it does not say over which time")
        texts, close_call = [], False
        for window in windows:
            one, two = (
                self.measures.change(symbol, window.first, window.last),
                self.measures.change(other, window.first, window.last),
            )
            if isinstance(one, Gap) or isinstance(two, Gap):
                return unverifiable(
                    claim, one.reason if isinstance(one, Gap) else two.reason if isinstance(two, Gap) else ""
                )
            if one.total != two.total:
                return unverifiable(
                    claim,
                    "one of the two has only closes including dividends, which are not compared with prices",
                )
            gap = one.percent - two.percent
            text = f"{self._name(symbol)} {shown(one.percent, 'percent')}, {self._name(other)} {shown(two.percent, 'percent')} {window.label}"
            fact = self.measures.fact(
                "relative-return",
                None,
                of=symbol,
                vs=other,
                over=window.form,
                **({"basis": "total"} if one.total else {}),
            )
            if (gap > 0) == (claim.side == "lead") and gap != 0:
                return self._verified(claim, text, computed=shown(gap, "percentage points"), fact=fact)
            close_call = close_call or abs(gap) < Decimal("0.05")
            texts.append(text)
        doubt = "too near to tell" if close_call else self._doubt(claim, told=claim.certain)
        return self._end(claim, doubt, "; ".join(texts[:2]), computed=texts[0], fact=fact)


def _run_at(course: Course, *, ended: bool) -> int:
    """The length of the present run; of an ended one the length of the run up to the period before the last."""
    if not len(course.lengths):
        return 0
    last = len(course.went) - 1
    end = int(course.starts[-1]) + int(course.lengths[-1]) - 1
    if not ended:
        return int(course.lengths[-1]) if end == last else 0
    return int(course.lengths[-1]) if end == last - 1 else 0


def _marks(series: _Series, *, high: bool, year: bool) -> NDArray[np.bool_]:
    """Where a value is beyond every earlier one, of the data or of 52 weeks."""
    signed = series.values if high else -series.values
    if not year:
        best = np.maximum.accumulate(signed)
        marks = np.zeros(len(signed), dtype=bool)
        marks[1:] = signed[1:] > best[:-1]
        return marks
    marks = np.zeros(len(signed), dtype=bool)
    starts = np.searchsorted(series.days, series.days - np.timedelta64(365, "D"))
    for at in range(1, len(signed)):
        if starts[at] > 0:
            marks[at] = signed[at] > signed[starts[at] : at].max()
    return marks


def _period_returns(series: _Series, unit: Unit, day: date) -> list[tuple[date, date, float]]:
    """First and last day and return of every period up to a day, the running one included, ascending."""
    end = series.upto(day)
    days, values = series.days[:end], series.values[:end]
    if unit == "session":
        if end < 2:
            return []
        returns = values[1:] / values[:-1] - 1
        stamps = days[1:].astype("datetime64[D]").tolist()
        return list(zip(stamps, stamps, returns.tolist(), strict=True))
    numbers = days.astype("datetime64[D]").astype(np.int64)
    months_of = days.astype("datetime64[M]").astype(np.int64)
    code = (numbers + 3) // 7 if unit == "week" else months_of // {"month": 1, "quarter": 3, "year": 12}[unit]
    turn = np.flatnonzero(np.diff(code))
    if not len(turn):
        return []
    base, last = turn, np.concatenate([turn[1:], [end - 1]])
    returns = values[last] / values[base] - 1
    firsts = days[base + 1].astype("datetime64[D]").tolist()
    return list(zip(firsts, days[last].astype("datetime64[D]").tolist(), returns.tolist(), strict=True))


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
