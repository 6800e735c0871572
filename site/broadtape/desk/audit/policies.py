"""Claims about the Federal Reserve: cuts, increases and holds, how many, by how much, and the target range.

Owns their wording and their judging from `view.decisions()`. Other central banks' decisions are not in the store.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise, takewhile

from broadtape.desk.audit.clauses import Clauses
from broadtape.desk.audit.coverage import cover
from broadtape.desk.audit.findings import finding, unverifiable
from broadtape.desk.audit.measuring import Gap, Measures
from broadtape.desk.audit.parts import Amount, Assertion, Finding, Span, Voice
from broadtape.desk.audit.resolving import Calendar
from broadtape.desk.audit.scan import number_word, ordinal
from broadtape.desk.audit.spans import find_spans
from broadtape.model import Decision, Fact

_COUNT = r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_SIZE = (
    r"(?:(?:a |one |half a |three-quarters of a )?(?:quarter|half|three[- ]quarters?|full)[ -](?:of a |a )?(?:percentage[ -])?points?|a quarter of a percentage point|"
    r"(?:a |half a )?(?:percentage )?point|\d{2,3}[ -]basis[ -]points?|\d{2,3} ?bps?|0?\.\d+(?:%|[ -]percent(?:age)?(?:[ -]points?)?)|\d\.\d+(?:%|[ -]percentage[ -]points?))"
)
_MONTHS_LIST = r"(?P<months>(?:(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan\.|Feb\.|Sept\.|Oct\.|Nov\.|Dec\.)(?:,? and |, ?)?)+)"
_COUNTED = re.compile(
    rf"\b(?P<n>{_COUNT}) (?:(?P<row>consecutive|straight|successive|back-to-back)[ -])?(?:(?P<size>{_SIZE})[ -])?(?:interest[ -])?(?:rate[ -])?(?P<what>cuts|reductions|hikes|increases)"
    rf"(?:,? (?:in|at its meetings in) {_MONTHS_LIST})?",
    re.IGNORECASE,
)
_NTH = re.compile(
    r"\b(?:the|its|a) (?P<n>\w+) (?P<row>consecutive|straight|successive)[ -](?:(?:interest[ -])?rate[ -])?(?P<what>cut|reduction|hike|increase|rate cut|meeting)\b|"
    r"\bfor (?:the|a) (?P<n2>\w+) (?:(?P<row2>consecutive|straight|successive) )?(?:time|meeting)(?P<scope> this year| in a row| since \w+)?",
    re.IGNORECASE,
)
_SINCE = re.compile(
    r"\b(?:the |its |a )?(?P<n>\w+)(?:[ -](?:interest[ -])?rate)?[ -](?P<what>cut|reduction|hike|increase)(?: of (?:the|this) cycle)? (?P<since>since (?:[A-Z]\w+ )?(?:19|20)\d\d)\b",
)
_CHANGED = re.compile(
    r"\b(?P<verb>cut|cuts|lowered|lowers|reduced|trimmed|slashed|raised|raises|hiked|increased|lifted|cutting|lowering|raising)\b (?:(?:its|the|their) )?(?:[a-z-]+ ){0,4}?"
    rf"(?:interest rates?|rates?|federal funds rate|fed funds rate|borrowing costs|target range)(?: (?:target|range))?(?: on)?(?: [A-Z]\w+day)? by (?P<size>{_SIZE})",
    re.IGNORECASE,
)
_SIZED = re.compile(
    rf"\b(?P<size>{_SIZE})[ -](?:interest[ -])?(?:rate[ -])?(?P<what>cut|reduction|hike|increase)\b(?! (?:was|is|in|at the|next|later|would|could))",
    re.IGNORECASE,
)
_HELD = re.compile(
    r"\b(?:held|left|kept|holds?|leaves?|keeps?|holding|leaving|keeping|maintained)\b (?:(?:its|the|their) )?(?:[a-z-]+ ){0,4}?"
    r"(?:interest rates?|rates?|federal funds rate|fed funds rate|target range)(?: \w+)? (?:steady|unchanged|on hold|where they were)",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"(?:range|rate|target|between|at|to)[^.;,]{0,28}?(?P<low>\d{1,2}(?:\.\d{1,2})?(?:[- ][1-3]/[24])?)(?:%|[ -]percent)?\s?(?:–|-|to|and)\s?(?P<high>\d{1,2}(?:\.\d{1,2})?(?:[- ][1-3]/[24])?)(?:%|[ -]percent)",
    re.IGNORECASE,
)
_FORECAST = re.compile(
    r"\b(?:will|would|could|(?-i:may)|might|should|expect(?:s|ed|ing)?|likely|if|forecast(?:s|ing)?|bets?|betting|pricing|priced|odds|chance|probability|see(?:s|n)?|anticipat\w+|"
    r"project(?:s|ed)|hop(?:e|es|ing)|next|whether|predict\w*|before|until|another|call(?:s|ed|ing)? for|plans?|"
    r"guidance|guided|signal\w*|telegraph\w*|debat\w*|consider(?:s|ed|ing)?|discuss\w*|speculat\w*|consensus|instead of|rather than)\b",
    re.IGNORECASE,
)
_RECENT = 7  # days after a decision in which "its 11th increase" is about that one
_WORDS = {"quarter": 25, "half": 50, "three": 75, "full": 100}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class PolicyJudge:
    """Judges one sentence's claims about policy."""

    def __init__(self, measures: Measures, calendar: Calendar) -> None:
        self.measures, self.calendar = measures, calendar
        self.decisions: Sequence[Decision] = [
            one for one in measures.view.decisions() if one.day <= calendar.dated
        ]

    def read(self, clauses: Clauses) -> list[Finding]:
        """The findings of a sentence that speaks of the Fed and of no other central bank."""
        kinds = {token.entity.kind for token in clauses.tokens if token.entity is not None}
        if "policy" not in kinds or "otherbank" in kinds:
            return []
        text = clauses.sentence.text
        found: list[Finding] = []
        taken: list[tuple[int, int]] = []
        methods = (
            (_COUNTED, self._counted), (_CHANGED, self._changed), (_SIZED, self._sized), (_HELD, self._held), (_RANGE, self._range), (_SINCE, self._since), (_NTH, self._nth),
        )  # fmt: skip
        read = {
            place
            for pattern, _ in methods
            for match in pattern.finditer(text)
            for place in clauses.within(*match.span())
        }
        for pattern, method in methods:
            for match in pattern.finditer(text):
                if any(match.start() < end and start < match.end() for start, end in taken):
                    continue
                claim = Assertion(
                    "policy", match.group().strip(" ,"), clauses.sentence, voice=_voice(clauses, match), phrase=match.span(),
                    place=clauses.reach(*match.span(), "policy"), spans=clauses.spans(), certain=True,
                )  # fmt: skip
                claim = cover(clauses, [claim], read)[0]
                before = text[max(0, match.start() - 70) : match.start()]
                clause = re.split(r"[,;]", before)[-1]
                one: Finding | None
                if _FORECAST.search(clause):
                    one = finding(claim, "forecast", "a forecast, a condition or a possibility: not judged")
                elif re.search(r"\b(?:not|never|n’t|no)\b", clause):
                    one = unverifiable(claim, "a denial: not judged")
                elif not self.decisions:
                    one = unverifiable(claim, "the store has no policy decisions up to that day")
                else:
                    one = method(claim, match, clauses)
                if one is not None:
                    taken.append(match.span())
                    _use(clauses, match)
                    found.append(one)
        return found

    # --- shared -----------------------------------------------------------------------------------------

    def _when(self, clauses: Clauses) -> tuple[date, date] | None:
        """The days a sentence speaks of; None where it names none."""
        readings = [
            reading for token in clauses.tokens if token.span is not None and token.span.role in {"in", "bare"}
            for reading in self.calendar.readings(token.span) if not reading.weak
        ]  # fmt: skip
        if not readings:
            return None
        return min(one.first for one in readings), max(one.last for one in readings)

    def _lately(self, clauses: Clauses) -> list[Decision]:
        """The decisions a sentence may be about: within the days it names, else the last one."""
        when = self._when(clauses)
        if when is not None:
            inside = [one for one in self.decisions if when[0] <= one.day <= when[1]]
            if inside:
                return inside
        return [self.decisions[-1]]

    def _told(self, one: Decision) -> str:
        what = (
            "held"
            if one.change_bp == 0
            else f"{'cut' if one.change_bp < 0 else 'raised'} by {abs(one.change_bp)} basis points"
        )
        return f"on {one.day} the Fed {what}, to {one.lower:.2f}–{one.upper:.2f}%"

    def _early(self, day: date) -> bool:
        """Whether the decisions in the store begin too late to speak of a day."""
        return day < self.decisions[0].day

    # --- claims -----------------------------------------------------------------------------------------

    def _counted(self, claim: Assertion, match: re.Match[str], clauses: Clauses) -> Finding | None:
        count = number_word(match["n"])
        sign = -1 if match["what"].lower() in {"cuts", "reductions"} else 1
        size = _points(match["size"]) if match["size"] else 0
        low, high = self._months(match["months"], clauses) if match["months"] else (None, None)
        named = _month_numbers(match["months"]) if match["months"] else []
        if low is None or high is None:
            when = self._when(clauses)
            if when is None and not match["row"]:
                return unverifiable(claim, "it does not say over which time")
            if when is None:
                chosen = self._run(sign)
            else:
                if self._early(when[0]):
                    return unverifiable(claim, f"the decisions in the store start on {self.decisions[0].day}")
                chosen = [
                    one
                    for one in self.decisions
                    if when[0] <= one.day <= when[1] and one.change_bp * sign > 0
                ]
        else:
            if self._early(low):
                return unverifiable(claim, f"the decisions in the store start on {self.decisions[0].day}")
            chosen = [
                one
                for one in self.decisions
                if low <= one.day <= high and one.change_bp * sign > 0 and one.day.month in named
            ]
        days = ", ".join(str(one.day) for one in chosen)
        told = f"{len(chosen)} {match['what'].lower()} of {', '.join(sorted({str(abs(one.change_bp)) for one in chosen})) or 'no'} basis points: {days or 'none'}"
        fact = (
            self.measures.fact(
                "policy-moves", None, over=f"{low:%Y-%m}..{high:%Y-%m}", side="cut" if sign < 0 else "raise"
            )
            if low and high
            else None
        )
        known = fact if not isinstance(fact, Gap) else None
        sized = not size or all(abs(one.change_bp) == size for one in chosen)
        row = not match["row"] or self._in_a_row(chosen)
        monthly = not named or len({one.day.month for one in chosen}) == len(named)
        if len(chosen) == count and sized and row and monthly:
            return finding(claim, "verified", told, fact=known, computed=f"{len(chosen)}")
        if not named and not match["row"]:
            return finding(
                claim, "unverifiable", f"which meetings are meant is not certain; {told}", fact=known
            )
        if not named and self._when(clauses) is not None:
            return finding(
                claim, "unverifiable", f"which meetings are meant is not certain; {told}", fact=known
            )
        return finding(claim, "contradicted", told, fact=known, computed=f"{len(chosen)}")

    def _run(self, sign: int) -> list[Decision]:
        """The last decisions in a row that went one way."""
        run: list[Decision] = []
        for one in reversed(self.decisions):
            if one.change_bp * sign <= 0:
                break
            run.append(one)
        return run[::-1]

    def _in_a_row(self, chosen: Sequence[Decision]) -> bool:
        places = [list(self.decisions).index(one) for one in chosen]
        return all(b - a == 1 for a, b in pairwise(places))

    def _months(self, text: str, clauses: Clauses) -> tuple[date | None, date | None]:
        numbers = _month_numbers(text)
        years = [token.span.year for token in clauses.tokens if token.span is not None and token.span.year]
        dated = self.calendar.dated
        year = years[-1] if years else dated.year if numbers[-1] <= dated.month else dated.year - 1
        last = numbers[-1]
        first = numbers[0]
        start = date(year if first <= last else year - 1, first, 1)
        end = date(year + last // 12, last % 12 + 1, 1) - timedelta(days=1)
        return start, end

    def _changed(self, claim: Assertion, match: re.Match[str], clauses: Clauses) -> Finding | None:
        verb = match["verb"].lower()
        sign = 1 if verb.startswith(("rais", "hik", "increas", "lift")) else -1
        return self._step(
            replace(claim, side="raise" if sign > 0 else "cut"), _points(match["size"]), sign, clauses
        )

    def _sized(self, claim: Assertion, match: re.Match[str], clauses: Clauses) -> Finding | None:
        sign = -1 if match["what"].lower() in {"cut", "reduction"} else 1
        return self._step(
            replace(claim, side="raise" if sign > 0 else "cut"), _points(match["size"]), sign, clauses
        )

    def _step(self, claim: Assertion, size: int, sign: int, clauses: Clauses) -> Finding | None:
        if not size:
            return unverifiable(claim, "by how much is not said in a way that is read")
        near = self._lately(clauses)
        for one in reversed(near):
            if one.change_bp == sign * size:
                return finding(
                    claim,
                    "verified",
                    self._told(one),
                    fact=self._fact(one),
                    computed=f"{one.change_bp} basis points",
                )
        last = near[-1]
        when = self._when(clauses)
        recent = (self.calendar.dated - last.day).days <= 7 and last is self.decisions[-1]
        if when is None and not recent:
            return finding(
                claim,
                "unverifiable",
                f"which meeting is meant is not said; {self._told(last)}",
                fact=self._fact(last),
            )
        if when is not None and not any(when[0] <= one.day <= when[1] for one in near):
            return finding(
                claim, "unverifiable", f"no decision in the store falls on those days; {self._told(last)}"
            )
        return finding(
            claim,
            "contradicted",
            self._told(last),
            fact=self._fact(last),
            computed=f"{last.change_bp} basis points",
        )

    def _fact(self, one: Decision) -> Fact | None:
        found = self.measures.fact("policy-last", one.day)
        return None if isinstance(found, Gap) else found

    def _held(self, claim: Assertion, _: re.Match[str], clauses: Clauses) -> Finding | None:
        near = self._lately(clauses)
        for one in near:
            if one.change_bp == 0:
                return finding(claim, "verified", self._told(one), fact=self._fact(one), computed="held")
        last = near[-1]
        when = self._when(clauses)
        certain = when is not None and any(when[0] <= one.day <= when[1] for one in near)
        if not certain and not (self.calendar.dated - last.day).days <= 2:
            return finding(
                claim,
                "unverifiable",
                f"which meeting is meant is not said; {self._told(last)}",
                fact=self._fact(last),
            )
        return finding(
            claim,
            "contradicted",
            self._told(last),
            fact=self._fact(last),
            computed=f"{last.change_bp} basis points",
        )

    def _range(self, claim: Assertion, match: re.Match[str], _: Clauses) -> Finding | None:
        low, high = _level(match["low"]), _level(match["high"])
        if low is None or high is None or not Decimal("0.2") <= high - low <= Decimal("0.3"):
            return None
        claim = replace(
            claim,
            kind="policy",
            amount=Amount(
                low, Decimal("0.01"), "percent", upper=high, text=f"{match['low']}–{match['high']}%"
            ),
        )
        last = self.decisions[-1]
        if (last.lower, last.upper) == (low, high):
            return finding(
                claim,
                "verified",
                self._told(last),
                fact=self._fact(last),
                computed=f"{last.lower:.2f}–{last.upper:.2f}%",
            )
        former = next(
            (one for one in reversed(self.decisions) if (one.lower, one.upper) == (low, high)), None
        )
        told = self._told(last)
        if former is not None:
            return finding(
                claim,
                "unverifiable",
                f"that range was set on {former.day}, and which time is meant is not certain; {told}",
                fact=self._fact(last),
            )
        if self.decisions[0].day.year >= self.calendar.dated.year - 1:
            return finding(
                claim,
                "unverifiable",
                f"the decisions in the store start on {self.decisions[0].day}; {told}",
                fact=self._fact(last),
            )
        if re.search(r"\b(?:from|was|had been|at the time|peak|between)\b", match.group(), re.IGNORECASE):
            return finding(
                claim, "unverifiable", f"which time is meant is not certain; {told}", fact=self._fact(last)
            )
        return finding(
            claim, "contradicted", told, fact=self._fact(last), computed=f"{last.lower:.2f}–{last.upper:.2f}%"
        )

    def _since(self, claim: Assertion, match: re.Match[str], _: Clauses) -> Finding | None:
        """ "its 11th increase since March 2022": every step that way from then on, holds and the other way between or not."""
        count = ordinal(match["n"])
        span = next((span for _, _, span in find_spans(match["since"])), None)
        if not count or span is None or span.year is None:
            return None
        sign = 1 if match["what"].lower() in {"hike", "increase"} else -1
        if count == 1:
            return self._first(claim, sign, span)
        start = date(span.year, span.month or 1, 1)
        if self._early(start):
            return unverifiable(claim, f"the decisions in the store start on {self.decisions[0].day}")
        chosen = [one for one in self.decisions if one.day >= start and one.change_bp * sign > 0]
        told = (
            f"{len(chosen)} {'increases' if sign > 0 else 'cuts'} from {start} up to {self.decisions[-1].day}"
        )
        fact = self._fact(self.decisions[-1])
        if len(chosen) == count:
            return finding(claim, "verified", told, fact=fact, computed=str(len(chosen)))
        later = [one for one in chosen if (one.day.year, one.day.month) > (start.year, start.month)]
        recent = (
            chosen
            and (self.calendar.dated - chosen[-1].day).days <= _RECENT
            and chosen[-1] is self.decisions[-1]
        )
        if len(later) == count or not recent or not span.month:
            return finding(
                claim, "unverifiable", f"which steps are counted is not certain; {told}", fact=fact
            )
        return finding(claim, "contradicted", told, fact=fact, computed=str(len(chosen)))

    def _first(self, claim: Assertion, sign: int, span: Span) -> Finding:
        """ "its first cut since March 2020": the one before the last was then."""
        steps = [one for one in self.decisions if one.change_bp * sign > 0]
        start = self.decisions[0].day
        if len(steps) < 2:
            return unverifiable(
                claim, f"the decisions in the store start on {start}, and hold no other such step"
            )
        told = f"the step before that of {steps[-1].day} was on {steps[-2].day}"
        fact = self._fact(steps[-1])
        when = steps[-2].day
        if when.year == span.year and span.month in {None, when.month}:
            return finding(claim, "verified", told, fact=fact, computed=str(when))
        # the claim may be about the first step of a run that went on, or of an emergency it does not count
        return finding(claim, "unverifiable", f"which step is meant is not certain; {told}", fact=fact)

    def _nth(self, claim: Assertion, match: re.Match[str], clauses: Clauses) -> Finding | None:
        word = match["n"] or match["n2"]
        count = ordinal(word)
        if not count:
            return None
        text = clauses.sentence.text.lower()
        what = (match["what"] or "").lower()
        sign = (
            1
            if re.search(r"hike|increase|raised|raises", what or text)
            else -1
            if re.search(r"cut|reduc|lowered", what or text)
            else 0
        )
        row = match["row"] or match["row2"] or "row" in (match["scope"] or "")
        if sign == 0:
            if not re.search(r"held|unchanged|steady|hold", text):
                return None
            run = []
            for one in reversed(self.decisions):
                if one.change_bp != 0:
                    break
                run.append(one)
        elif row:
            run = self._run(sign)
            sized = re.search(_SIZE, clauses.sentence.text, re.IGNORECASE)
            size = _points(sized.group()) if sized else 0
            alike = list(takewhile(lambda one: one.change_bp == sign * size, reversed(run)))
            if size and len(alike) == count:  # "by 75 basis points for the fourth straight time"
                run = alike
        elif "this year" in (match["scope"] or ""):
            run = [
                one
                for one in self.decisions
                if one.day.year == self.calendar.dated.year and one.change_bp * sign > 0
            ]
        else:
            return unverifiable(claim, "since when the times are counted is not said")
        told = (
            f"{len(run)} in a row up to {self.decisions[-1].day}"
            if row or sign == 0
            else f"{len(run)} this year up to {self.decisions[-1].day}"
        )
        if len(run) == count:
            return finding(
                claim, "verified", told, fact=self._fact(self.decisions[-1]), computed=str(len(run))
            )
        if (self.calendar.dated - self.decisions[-1].day).days > 7:
            return finding(
                claim,
                "unverifiable",
                f"which meeting is meant is not certain; {told}",
                fact=self._fact(self.decisions[-1]),
            )
        return finding(
            claim, "contradicted", told, fact=self._fact(self.decisions[-1]), computed=str(len(run))
        )


def _voice(clauses: Clauses, match: re.Match[str]) -> Voice:
    return "quoted" if any(a <= match.start() and match.end() <= b for a, b in clauses.quotes) else "article"


def _use(clauses: Clauses, match: re.Match[str]) -> None:
    clauses.used.update(clauses.within(*match.span()))


def _month_numbers(text: str) -> list[int]:
    return [
        _MONTH_NAMES.index(one[:3].lower()) + 1
        for one in re.findall(r"[A-Z][a-z]{2,8}", text)
        if one[:3].lower() in _MONTH_NAMES
    ]


def _points(text: str) -> int:
    """Basis points of "a quarter point", "0.25%", "50 basis points"; 0 where it says none."""
    low = text.lower()
    if found := re.search(r"(\d{2,3})[ -]?(?:basis|bp)", low):
        return int(found[1])
    if found := re.search(r"(\d?\.\d+)", low):
        return int(Decimal(found[1]) * 100)
    if "three" in low:
        return 75
    return next(
        (value for word, value in _WORDS.items() if word in low),
        100 if low in {"a point", "a percentage point"} else 0,
    )


def _level(text: str) -> Decimal | None:
    """3.5 of "3-1/2" or "3.50"."""
    if found := re.fullmatch(r"(\d{1,2})[- ]([1-3])/([24])", text):
        return Decimal(found[1]) + Decimal(found[2]) / Decimal(found[3])
    try:
        return Decimal(text)
    except ArithmeticError:
        return None
