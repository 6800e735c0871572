"""Judging runs: how many sessions, weeks or months in a row, the longest since, who led whom and for how long.

Owns streaks of one instrument and of one against another; a run as long is a tie.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape import metrics
from broadtape.desk.audit.findings import finding, unverifiable
from broadtape.desk.audit.fitting import shown
from broadtape.desk.audit.history import PLURAL, History
from broadtape.desk.audit.measuring import Gap
from broadtape.desk.audit.parts import Assertion, Finding, Span
from broadtape.metrics.periods import Unit
from broadtape.metrics.streaks import Course, as_unit
from broadtape.model import BroadtapeError, Fact

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LATELY = 12  # sessions back that a phrase without a day may still be about


class Runs(History):
    """Judges streaks."""

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
                reason = f"{name} {rose} in {length} {PLURAL[unit]} in a row up to {'the session before ' if ended else ''}{day}"
                return self._verified(
                    claim,
                    reason,
                    computed=f"{length} {PLURAL[unit]}",
                    fact=self._streak_fact(claim, symbol, day, ended=ended),
                )
        first = days[0]
        name = self._name(symbol)
        computed = f"{lengths[0]} {PLURAL[unit]}"
        way = "rise" if claim.side == "up" else "fall"
        text = f"the run of {way}s of {name} up to {first} was {computed} long"
        recent = self._course(symbol, claim.side, unit, first)
        assert isinstance(recent, Course)
        since = len(recent.went) - _LATELY
        if not claim.spans:
            told = True
        if first == self.calendar.dated and not self.closed and unit == "session" and not ended:
            earlier = self.measures.before(first)
            before = self._course(symbol, claim.side, unit, earlier) if earlier is not None else None
            if isinstance(before, Course) and _run_at(before, ended=False) + 1 == count:
                doubt = f"it would hold at some moment of {first}, and when it was written is not known"
                return self._end(claim, doubt, text, computed=computed)
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
            text = f"the run of {length} {PLURAL[unit]} up to {day} is the longest since the one that ended on {last or 'no day in the data'}{tie}"
            if (last is None and (limit >= start or limit == date.min)) or (
                last is not None and last <= limit
            ):
                return self._verified(
                    claim,
                    text,
                    computed=f"{length} {PLURAL[unit]}",
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
                    return f"it would hold of {PLURAL[other]}"
        return ""

    def _course(self, symbol: str, side: str, unit: Unit, day: date) -> Course | Gap:
        try:
            return metrics.moves(self.measures.at(day), symbol, side, unit)
        except BroadtapeError as error:
            return Gap(str(error))

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
                        f"by {PLURAL[unit]}: the run of {length} of {names} is the longest in the data",
                        computed=f"{length} {PLURAL[unit]}",
                        fact=fact,
                    )
            else:
                holds = self._since_holds(claim, course, longer, unit, length, names)
                if holds:
                    return self._verified(claim, holds, computed=f"{length} {PLURAL[unit]}", fact=fact)
            if len(longer):
                at = int(longer[-1])
                ended = course.lines[0].day(course.last(at))
                told.append(
                    f"by {PLURAL[unit]} the run is {length if course.ongoing else 0} and an earlier one, up to {ended}, was {int(course.lengths[at])}"
                )
            else:
                told.append(f"by {PLURAL[unit]} the run is {length if course.ongoing else 0}")
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
        text = f"by {PLURAL[unit]}: no run of {names} longer than this one of {length} ended after {limit}"
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
        computed = f"{found[unit]} {PLURAL[unit]}"
        metric = "relative-streak-ended" if ended else "relative-streak"
        fact = self.measures.fact(metric, day, of=symbol, vs=other, unit=unit)
        if found[unit] == count:
            return self._verified(
                claim,
                f"the run of {names}{' that ended' if ended else ''} is {computed} long",
                computed=computed,
                fact=fact,
            )
        others = ", ".join(f"{length} {PLURAL[one]}" for one, length in found.items())
        held = [one for one, length in found.items() if length == count]
        nearest = (
            f"it would hold of {PLURAL[held[0]]}" if held else f"the run is {found['session']} sessions long"
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


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
