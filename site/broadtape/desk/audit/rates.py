"""Judging yields, commodities and readings of the economy from the store's macro series.

Their definitions are seldom the article's own: the Treasury's par yields are not quotes of an hour, spot oil is not a
futures contract, and seasonally adjusted prices are not the ones a headline rate is made of. So a figure that fits is
verified and says by what; one that does not is contradicted only where no neighbouring day or month comes near it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from broadtape.desk.audit.findings import finding, unverifiable
from broadtape.desk.audit.fitting import fits, shown
from broadtape.desk.audit.measuring import Gap, Measures
from broadtape.desk.audit.parts import Assertion, Finding
from broadtape.desk.audit.resolving import Calendar
from broadtape.metrics.macro import series_of
from broadtape.model import Fact, Readings

RATED = frozenset({"yield", "commodity", "macro", "curve", "currency"})
_FAR_YIELD = Decimal("0.25")  # points: no hour's quote is as far from every par yield of the week
_OUT_OF_REACH = Decimal("0.75")  # points beyond a year's range: no quote of any hour was there
_YEAR = re.compile(r"(?<!Russell )\b(?:19|20)\d\d\b")
_SPREAD = re.compile(
    r"\b(?:spread|gap|difference|premium|high-yield|junk|corporate|municipal|mortgage|TIPS|real|breakeven)\b",
    re.IGNORECASE,
)
_UNMOVED = Decimal("0.002")  # of a price: too little to have risen or fallen
_FAR_PRICE = Decimal("0.10")  # share: no contract is as far from every spot price of the week
_FAR_RATE = Decimal("0.35")  # points: no adjustment or revision is as far from every reading of half a year
_NEAR = {"yield": Decimal("0.06"), "macro": Decimal("0.11")}


@dataclass(frozen=True, slots=True)
class _Values:
    """A series' readings by day."""

    name: str
    days: tuple[date, ...]
    values: tuple[Decimal, ...]

    @classmethod
    def of(cls, readings: Readings) -> _Values:
        days = tuple(one.astype("datetime64[D]").item() for one in readings.periods)
        return cls(readings.series, days, readings.values)

    def at(self, day: date) -> int:
        """The position of a day's reading; -1 where there is none."""
        place = bisect_left(self.days, day)
        return place if place < len(self.days) and self.days[place] == day else -1

    def around(self, day: date, before: int, after: int) -> list[Decimal]:
        """The readings within so many days of one."""
        low = bisect_left(self.days, day - timedelta(days=before))
        return list(self.values[low : bisect_right(self.days, day + timedelta(days=after))])


class RateJudge:
    """Judges what the clause grammar read of macro series."""

    def __init__(self, measures: Measures, calendar: Calendar) -> None:
        self.measures, self.calendar = measures, calendar
        self._kept: dict[str, _Values | Gap] = {}
        self.cautious = False  # the article is about other countries

    def judge(self, group: Sequence[Assertion]) -> list[Finding]:
        """The findings of one statement."""
        return [self._one(claim) for claim in group]

    def _values(self, name: str) -> _Values | Gap:
        if name not in self._kept:
            found = self.measures.later_readings(name)
            self._kept[name] = found if isinstance(found, Gap) else _Values.of(found)
        return self._kept[name]

    def _one(self, claim: Assertion) -> Finding:
        entity = claim.entity
        assert entity is not None
        series = next(
            (one.removeprefix("series:") for one in entity.symbols if one.startswith("series:")), ""
        )
        if not series:
            return unverifiable(claim, f"the store has no {entity.missing or entity.name}")
        values = self._values(series)
        if isinstance(values, Gap):
            return unverifiable(claim, values.reason)
        if entity.kind in {"yield", "commodity", "currency"}:
            return self._daily(claim, values, entity.kind)
        if entity.kind == "macro":
            return self._monthly(claim, values, series)
        return unverifiable(claim, f"claims about {entity.name} are not judged")

    # --- daily series -----------------------------------------------------------------------------------

    def _days(self, claim: Assertion) -> list[tuple[date, date | None]]:
        """The days a claim may be about, each with the one before its window where that is more than a day."""
        told = [one for span in claim.spans for one in self.calendar.readings(span) if not one.shield]
        days: list[tuple[date, date | None]] = []
        for one in told or self.calendar.days():
            at = self.calendar.at_or_before(one.last)
            if one.first != one.last and not claim.more.get("before"):
                days.append((self.calendar.day(at), self.measures.before(one.first)))
                continue
            earlier = at - bool(claim.more.get("before"))
            # the store's day may be one behind the quote's; without a day the reading before is there already
            days += [
                (self.calendar.day(earlier - back), None)
                for back in range(2 if told else 1)
                if earlier - back >= 0
            ]
        return list(dict.fromkeys(days))

    def _daily(self, claim: Assertion, values: _Values, kind: str) -> Finding:
        days = self._days(claim)
        about = series_of(values.name)
        amount = claim.amount
        texts: list[str] = []
        near = False
        fact = self._fact(values.name)
        for day, since in days:
            at = values.at(day)
            base = at - 1 if since is None else bisect_right(values.days, since) - 1
            if at < 1 or base < 0:
                continue
            now, before = values.values[at], values.values[base]
            text = f"{about.name} was {now} on {day}, after {before} on {values.days[base]}"
            texts.append(text)
            if claim.kind == "level" and amount is not None:
                fit = fits(amount, now, slack=_NEAR.get(kind, now * Decimal("0.03")))
            elif claim.kind == "direction" or amount is None:
                little = kind == "commodity" and abs(now - before) < before * _UNMOVED
                fit = (
                    "yes"
                    if (now > before) == (claim.side == "up") and now != before and not little
                    else "near"
                )
            else:
                change = (
                    (now - before) * 100
                    if amount.unit == "basis points"
                    else now - before
                    if amount.unit in {"USD", "percentage points"}
                    else (now - before) * 100 / before
                )
                agrees = (change > 0) == (claim.side == "up")
                fit = fits(amount, abs(change)) if agrees else "no"
                fit = "near" if fit == "no" else fit
            if fit == "yes" and claim.kind == "level" and self._turned(claim, now, before):
                return finding(
                    claim,
                    "unverifiable",
                    f"the level holds, but not the way there: {text}",
                    fact=fact,
                    computed=str(now),
                )
            if fit == "yes":
                return finding(
                    claim,
                    "verified",
                    f"{text} (by the store's daily series {values.name})",
                    fact=fact,
                    computed=str(now),
                )
            near = near or fit == "near"
        if not texts:
            last = values.days[-1] if values.days else "nothing"
            return unverifiable(
                claim,
                f"{values.name} has no reading of {days[0][0] if days else 'that day'}; its last is of {last}",
            )
        reason = f"{texts[0]}; quotes of other hours, and other contracts, differ from the store's daily series {values.name}"
        if far := self._beyond(claim, values, kind, days[0][0]):
            return finding(claim, "contradicted", f"{texts[0]}; {far}", fact=fact, computed=texts[0])
        around = [value for day, _ in days for value in values.around(day, 6, 3)]
        if (
            claim.kind != "level"
            or amount is None
            or near
            or self.cautious
            or not claim.certain
            or claim.voice == "quoted"
            or not around
            or amount.hedge
            or any(span.kind not in {"weekday", "day", "today"} for span in claim.spans)
        ):
            return finding(claim, "unverifiable", reason, fact=fact, computed=texts[0])
        margin = _FAR_YIELD if kind == "yield" else max(around) * _FAR_PRICE
        if min(around) - margin <= amount.value <= max(around) + margin:
            return finding(claim, "unverifiable", reason, fact=fact, computed=texts[0])
        return finding(
            claim,
            "contradicted",
            f"{texts[0]}; no day of that week came near it",
            fact=fact,
            computed=texts[0],
        )

    @staticmethod
    def _beyond(claim: Assertion, values: _Values, kind: str, day: date) -> str:
        """Whether a Treasury yield never stood near a level within thirteen months, whichever day is meant."""
        amount, text = claim.amount, claim.sentence.text
        if (
            kind != "yield" or claim.kind != "level" or amount is None or amount.hedge or claim.voice == "quoted" or "Treasur" not in text
            or any(span.kind not in {"weekday", "day", "today"} for span in claim.spans) or _YEAR.search(text) or _SPREAD.search(text)
        ):  # fmt: skip
            return ""
        reach = values.around(day, 400, 5)
        if len(reach) < 200 or min(reach) - _OUT_OF_REACH <= amount.value <= max(reach) + _OUT_OF_REACH:
            return ""
        return f"it stood between {min(reach)} and {max(reach)} all the thirteen months before"

    @staticmethod
    def _turned(claim: Assertion, now: Decimal, before: Decimal) -> bool:
        """Whether a level of a day is said to have been reached the other way: "rose to 4.49%" from 4.62%."""
        daily = all(span.kind in {"weekday", "day", "today"} for span in claim.spans)
        return (
            daily
            and not claim.more.get("before")
            and now != before
            and claim.side == ("up" if now < before else "down")
        )

    def _fact(self, series: str) -> Fact | None:
        found = self.measures.fact("reading", None, series=series)
        return None if isinstance(found, Gap) else found

    # --- monthly and quarterly series -------------------------------------------------------------------

    def _monthly(self, claim: Assertion, values: _Values, series: str) -> Finding:
        amount = claim.amount
        if claim.kind == "direction":
            return self._turn(claim, values)
        if amount is None or amount.unit not in {"percent", "percentage points"}:
            return unverifiable(claim, f"only percentages of {series_of(series).name} are judged")
        about = series_of(series)
        dated = self.calendar.dated
        places = [
            at
            for at, day in enumerate(values.days)
            if day + timedelta(days=38) <= dated
            or (about.changes == "percent" and day + timedelta(days=40) <= dated)
        ]
        if not places:
            return unverifiable(claim, f"{series} has no reading known on {dated}")
        named = [
            (one.first.year, one.first.month)
            for span in claim.spans
            if span.kind == "month"
            for one in self.calendar.readings(span)
        ]
        chosen = (
            [at for at in places if (values.days[at].year, values.days[at].month) in named]
            if named
            else places[-3:]
        )
        if named and not chosen:
            return unverifiable(claim, f"{series} has no reading of that month known on {dated}")
        transforms = self._transforms(claim, about.changes)
        fact = self._fact(series)
        texts: list[str] = []
        near = False
        for at in reversed(chosen):
            for transform in transforms:
                value = _changed(values, at, transform)
                if value is None:
                    continue
                text = (
                    f"{about.name}, {values.days[at]:%B %Y}: {shown(value, 'percent', 1)}"
                    + {"yoy": " over twelve months", "mom": " over the month", "level": ""}[transform]
                )
                texts.append(text)
                size = abs(value) if transform != "level" and claim.side in {"up", "down"} else value
                fit = fits(amount, size, slack=_NEAR["macro"])
                if fit == "yes":
                    return finding(
                        claim,
                        "verified",
                        f"{text} (series {series})",
                        fact=fact,
                        computed=shown(value, "percent", 1),
                    )
                near = near or fit == "near"
        if not texts:
            return unverifiable(
                claim, f"{series} lacks a reading that this needs; what was never published stays missing"
            )
        reason = (
            f"{texts[0]} by series {series}, which may differ by adjustment or revision from the figure meant"
        )
        wide = [
            value
            for at in places[-6:]
            for transform in transforms
            if (value := _changed(values, at, transform)) is not None
        ]
        far = all(abs(value - amount.value) > _FAR_RATE for value in wide)
        odd = [span for span in claim.spans if span.kind not in {"month", "than-year", "than-month"}]
        if (
            near
            or not far
            or not claim.certain
            or self.cautious
            or odd  # "in 1986": of a time that the last half year is not
            or len(transforms) > 1
            or claim.label
            or amount.hedge
            or about.changes == "unit"
            or series.startswith("A191")
        ):
            return finding(claim, "unverifiable", reason, fact=fact, computed=texts[0])
        return finding(
            claim,
            "contradicted",
            f"{texts[0]}; no reading of half a year came near it",
            fact=fact,
            computed=texts[0],
        )

    def _turn(self, claim: Assertion, values: _Values) -> Finding:
        """Whether the last reading, or the month named, went the way told."""
        named = {
            (one.first.year, one.first.month)
            for span in claim.spans
            if span.kind == "month"
            for one in self.calendar.readings(span)
        }
        for at in range(len(values.days) - 1, 0, -1):
            day = values.days[at]
            if (named and (day.year, day.month) not in named) or day + timedelta(
                days=35
            ) > self.calendar.dated:
                continue
            now, before = values.values[at], values.values[at - 1]
            text = f"{series_of(values.name).name} was {now} for {day:%B %Y}, after {before} for {values.days[at - 1]:%B %Y}"
            agrees = (now > before) == (claim.side == "up") and now != before
            return finding(
                claim,
                "verified" if agrees else "unverifiable",
                text,
                fact=self._fact(values.name),
                computed=str(now),
            )
        return unverifiable(
            claim, f"{values.name} has no reading of that month known on {self.calendar.dated}"
        )

    @staticmethod
    def _transforms(claim: Assertion, changes: str) -> tuple[str, ...]:
        spans = {span.kind for span in claim.spans}
        if changes != "percent":
            return ("level",)
        if "than-year" in spans:
            return ("yoy",)
        if "than-month" in spans:
            return ("mom",)
        return ("yoy",) if claim.kind == "level" else ("yoy", "mom")


def _changed(values: _Values, at: int, transform: str) -> Decimal | None:
    if transform == "level":
        return values.values[at]
    day = values.days[at]
    months = day.year * 12 + day.month - 1 - (12 if transform == "yoy" else 1)
    earlier = date(months // 12, months % 12 + 1, 1)
    before = values.at(earlier)
    if before < 0 or values.values[before] <= 0:
        return None
    return (values.values[at] - values.values[before]) * 100 / values.values[before]
