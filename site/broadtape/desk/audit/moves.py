"""Judging moves, levels and directions of prices: under which reading a claim holds, or that it holds under none.

Owns when a claim about a price may be contradicted: its window was said, its instrument is one, and every reading of it
was computed from prices of the kind it speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from broadtape.desk.audit.coverage import altered, doubt
from broadtape.desk.audit.fitting import Fit, fits, literal, shown
from broadtape.desk.audit.measuring import Change, Gap, Measures
from broadtape.desk.audit.parts import Amount, Assertion, Entity, Finding, Reading, Verdict
from broadtape.desk.audit.resolving import Calendar
from broadtape.model import Fact

PRICED = frozenset({"index", "etf", "stock", "market"})
_EXACT = Decimal("0.01")  # of a level's last digit: it is one session's close and no other's
_COARSE = 12  # last places in a change that tells its window
_DAYS = frozenset({"weekday", "day", "today"})
_REACH, _REACH_DAYS, _REACH_SESSIONS = Decimal("0.15"), 400, 200
_YEAR = re.compile(r"(?<!Russell )\b(?:19|20)\d\d\b")
_OF_ANOTHER = "it would hold of "
# Windows that a text names by the calendar; any other ("this week", "in the quarter") has neighbours it is mixed up with.
_NAMED = frozenset(
    {"weekday", "day", "month", "quarter", "year", "range", "firsts", "week-ended", "since-day"}
)
_CLOSE_ENOUGH = Decimal("0.0002")  # of a level: by so much the last prints of two sources differ
_ODD = Decimal("0.004")  # of a level: how far a source's last print may be from the official close
_PERCENT_SLACK = Decimal("0.02")
_SHARE_SLACK = Decimal("0.10")
_FLAT_PERIOD = Decimal(2)  # percent: what a week, a month or a year may have moved and still be called flat
_MONTH_DAYS = 25
_DIVIDENDS = Decimal("0.2")  # points a month: what an index's dividends add to its price at most
_FRESH_DAYS = 730  # split-adjusted prices as old as this may have been restated for a spin-off since


@dataclass(frozen=True, slots=True)
class Trial:
    """One assertion computed under one reading."""

    reading: Reading
    symbol: str
    fit: Fit
    value: Decimal | None  # in the unit of the claim
    gap: str = ""
    total: bool = False


class MoveJudge:
    """Judges what the clause grammar read of prices."""

    def __init__(
        self,
        measures: Measures,
        calendar: Calendar,
        names: dict[str, str],
        *,
        closed: bool = False,
        borne: frozenset[date] | None = None,
    ) -> None:
        self.closed = closed  # the article is known to be of after the close
        self.borne = (
            borne  # the sessions that other figures of the article bear out; None where that is not known yet
        )
        self.bears: set[date] = set()  # those that this reading of it found
        self.measures, self.calendar, self.names = measures, calendar, names
        self.indexes = [(symbol, name) for symbol, name in names.items() if symbol.startswith("INDEX")]

    # --- readings ---------------------------------------------------------------------------------------

    def readings(self, claim: Assertion) -> tuple[list[Reading], list[Reading], bool]:
        """Likely readings, every possible one, and whether the window was told well enough to be contradicted."""
        likely: list[Reading] = []
        every: list[Reading] = []
        unknown = False
        for span in claim.spans:
            blurred, wide = self.calendar.bases(span)
            found = blurred or self.calendar.readings(span)
            unknown = unknown or not found
            likely += found
            every += wide
        certain = claim.certain and not unknown
        if not claim.spans or claim.more.get("carried"):
            certain = bool(claim.more.get("carried")) and not unknown and not claim.more.get("doubtful")
            if not claim.perfect:
                likely += [replace(one, shield=bool(claim.spans)) for one in self.calendar.days()]
        elif claim.more.get("borrowed") and not claim.perfect:
            # hours ("initially fell 2%, … on Thursday morning") are of the day said beside them, not of the article's
            hours = claim.on == "intraday"
            likely += [replace(one, shield=certain or hours) for one in self.calendar.days()]
        plain = {(one.first, one.last) for one in likely if not one.shield}
        likely = [one for one in likely if not one.shield or (one.first, one.last) not in plain]
        return list(dict.fromkeys(likely)), list(dict.fromkeys(every)), certain

    # --- trials -----------------------------------------------------------------------------------------

    def trial(self, claim: Assertion, reading: Reading, symbol: str) -> Trial:
        """The claim under one reading of its window, of one instrument."""
        if claim.kind == "level":
            return self._level(claim, reading, symbol)
        if claim.amount is not None and claim.amount.hedge == "at-most":
            return self._at_most(claim, reading, symbol)
        change = self.measures.change(symbol, reading.first, reading.last)
        if isinstance(change, Gap):
            return Trial(reading, symbol, "no", None, change.reason)
        fit, value = self._change(claim, change)
        if claim.kind == "direction" and claim.side == "flat" and fit == "no":
            # "flat this year" says less than "flat on Monday"
            fit = "near" if abs(value) < _FLAT_PERIOD and reading.first != reading.last else "no"
        return Trial(reading, symbol, fit, value, total=change.total)

    def _at_most(self, claim: Assertion, reading: Reading, symbol: str) -> Trial:
        """ "Fell as much as 2.3%": the session's low (or high) against the close before; never contradicted from it."""
        amount, before = claim.amount, self.measures.before(reading.first)
        if amount is None or before is None or reading.first != reading.last or amount.unit != "percent":
            return Trial(
                reading, symbol, "no", None, "how far it went within the time is not in daily closes"
            )
        base = self.measures.value(symbol, before)
        extreme = self.measures.value(symbol, reading.last, "high" if claim.side == "up" else "low")
        if isinstance(base, Gap) or isinstance(extreme, Gap):
            gap = base if isinstance(base, Gap) else extreme
            return Trial(reading, symbol, "no", None, gap.reason if isinstance(gap, Gap) else "")
        value = (extreme - base) * 100 / base
        fit = fits(replace(amount, hedge=""), abs(value), slack=Decimal("0.05"))
        return Trial(reading, symbol, "yes" if fit == "yes" else "near", value)

    def _change(self, claim: Assertion, change: Change) -> tuple[Fit, Decimal]:
        amount = claim.amount
        value = change.percent
        if amount is not None and amount.unit != "percent":
            value = change.points
        if claim.kind == "direction" or amount is None:
            return self._way(claim.side, change.percent), change.percent
        slack = self._slack(claim) if amount.unit == "percent" else change.after * _CLOSE_ENOUGH
        if amount.unit == "USD" and change.total:
            return "no", value
        size = abs(value)
        fit = fits(amount, size, slack=slack)
        if (
            fit == "near"
            and amount.unit != "percent"
            and _coarser(amount, change.places) >= abs(size - amount.value)
        ):
            fit = "yes"
        if claim.side == "flat" or amount.sign:
            way = amount.sign or (1 if value >= 0 else -1)
            agrees = (value >= 0) == (way > 0) or size < slack
        else:
            agrees = self._way(claim.side, value) == "yes" or (value == 0 and amount.value == 0)
        if not agrees:
            fit = "near" if fit == "yes" and size <= slack else "no"
        return fit, value

    @staticmethod
    def _slack(claim: Assertion) -> Decimal:
        """By how much honest sources of a change in percent differ: a share's closes more than an index's."""
        return _PERCENT_SLACK if claim.entity is not None and claim.entity.kind == "index" else _SHARE_SLACK

    @staticmethod
    def _way(side: str, value: Decimal) -> Fit:
        if side == "flat":
            return "yes" if abs(value) <= Decimal("0.2") else "near" if abs(value) < Decimal("0.6") else "no"
        agrees = value > 0 if side == "up" else value < 0
        return "yes" if agrees else "near" if abs(value) <= _PERCENT_SLACK else "no"

    def _level(self, claim: Assertion, reading: Reading, symbol: str) -> Trial:
        amount = claim.amount
        assert amount is not None
        day = reading.last
        if claim.more.get("before"):
            earlier = self.measures.before(reading.first)
            if earlier is None:
                return Trial(reading, symbol, "no", None, f"{symbol}: no session before {reading.first}")
            day = earlier
        value = self.measures.value(symbol, day)
        if isinstance(value, Gap):
            return Trial(reading, symbol, "no", None, value.reason)
        fit = fits(amount, value, slack=value * _CLOSE_ENOUGH)
        if fit == "near" and _coarser(amount, self.measures.places(symbol, day)) / 2 >= abs(
            value - amount.value
        ):
            fit = "yes"  # as far as the source's decimals go
        if fit == "no" and claim.on in {"either", "intraday"}:
            low, high = self.measures.value(symbol, day, "low"), self.measures.value(symbol, day, "high")
            if isinstance(low, Gap) or isinstance(high, Gap):
                return Trial(reading, symbol, "no", None, f"{symbol}: no highs and lows on {day}")
            if low - amount.quantum <= amount.value <= high + amount.quantum:
                fit = "yes" if claim.on == "either" else "near"
        return Trial(reading, symbol, fit, value)

    # --- verdicts ---------------------------------------------------------------------------------------

    def judge(self, group: Sequence[Assertion]) -> list[Finding]:
        """The findings of one statement's assertions, judged on one window together."""
        first = group[0]
        entity = first.entity
        assert entity is not None
        strange = [claim for claim in group if self._strange(claim)]
        if strange:
            rest = [claim for claim in group if claim not in strange]
            values = [
                unverifiable(claim, "market values and shares of a total are not in the store")
                for claim in strange
            ]
            return [*(self.judge(rest) if rest else []), *values]
        likely, every, certain = self.readings(first)
        if not likely:
            why = "its time cannot be told" if first.spans else "it does not say over which time"
            return [unverifiable(claim, why) for claim in group]
        table = {
            number: [self.trial(claim, reading, symbol) for reading in likely for symbol in entity.symbols]
            for number, claim in enumerate(group)
        }
        anchored = self._anchor(group, table)
        turned = self._turned(group, likely) if anchored is None or not anchored[1] else None
        findings = []
        for number, claim in enumerate(group):
            trials = table[number]
            if turned is not None and claim.kind != "level":
                one = self.trial(claim, *turned)
                told = (
                    f"{self._told(claim, one)}; its other figures are of that time, and it went the other way"
                )
                findings.append(self._finding(claim, "contradicted", one, told))
                continue
            if anchored is not None and len(group) > 1:
                chosen, strong = anchored
                kept = [one for one in trials if (one.reading, one.symbol) in chosen]
                if not strong and claim.kind != "level":
                    kept = trials
                sure = certain or (strong and len(chosen) == 1)
                pinned = self._pinned(group, chosen) if not strong and not sure else None
                if pinned is not None and claim.kind == "move":
                    fixed = replace(claim, more={**claim.more, "pinned": True})
                    kept = [one for one in trials if one.reading.last == pinned]
                    findings.append(self._verdict(fixed, kept or trials, [], certain=True))
                    continue
                findings.append(self._verdict(claim, kept or trials, [], certain=sure, anchored=strong))
            else:
                findings.append(self._verdict(claim, trials, every, certain=certain))
        return findings

    def _strange(self, claim: Assertion) -> bool:
        """Whether a figure is no price and no change of one: "lost $2 trillion", "rose to 20% of the index"."""
        amount, entity = claim.amount, claim.entity
        if amount is None or entity is None:
            return False
        if claim.kind == "level" and amount.unit == "percent":
            return True
        if amount.unit == "USD" and (
            entity.kind == "index" or amount.value >= 100_000 or amount.quantum >= 1000
        ):
            return True
        return claim.kind == "move" and amount.unit == "number" and amount.quantum >= 1000

    @staticmethod
    def _anchor(
        group: Sequence[Assertion], table: dict[int, list[Trial]]
    ) -> tuple[set[tuple[Reading, str]], bool] | None:
        """The readings under which most of a statement's figures hold, and whether a change is among those.

        None where none holds any exactly. A level alone tells when a window ends, not where it starts.
        """
        scores: dict[tuple[Reading, str], int] = {}
        changed: set[tuple[Reading, str]] = set()
        for number, claim in enumerate(group):
            if claim.kind == "direction":
                continue
            for one in table[number]:
                if one.fit == "yes" and not one.reading.shield and not (claim.amount and claim.amount.hedge):
                    scores[one.reading, one.symbol] = scores.get((one.reading, one.symbol), 0) + (
                        2 if claim.kind == "level" else 1
                    )
                    if claim.kind == "move" and claim.amount is not None and _telling(claim.amount):
                        changed.add((one.reading, one.symbol))
        if not scores:
            return None
        best = max(scores.values())
        chosen = {key for key, score in scores.items() if score == best}
        return chosen, chosen <= changed

    @staticmethod
    def _pinned(group: Sequence[Assertion], chosen: set[tuple[Reading, str]]) -> date | None:
        """The session whose close a statement gives to the last digit, where its sentence tells no other time."""
        days = {reading.last for reading, _ in chosen}
        exact = any(
            one.kind == "level"
            and one.amount is not None
            and one.amount.quantum <= _EXACT
            and not one.amount.hedge
            for one in group
        )
        plain = all(span.kind in _DAYS for span in group[0].spans) and not group[0].more.get("doubtful")
        return next(iter(days)) if exact and plain and len(days) == 1 and not group[0].perfect else None

    def _turned(self, group: Sequence[Assertion], likely: Sequence[Reading]) -> tuple[Reading, str] | None:
        """The reading under which every figure of a statement holds but for its direction; None where there is none.

        At least two figures have to agree, one of them to a tenth: so many do not by chance.
        """
        entity = group[0].entity
        figures = [one for one in group if one.kind in {"move", "level"}]
        if (
            entity is None or entity.loose or len(figures) < 2 or len({one.amount.text for one in figures if one.amount}) < 2
            or any(one.amount is None or one.amount.hedge or one.amount.sign for one in figures)
            or not any(one.amount is not None and one.amount.quantum < 1 for one in figures)
            or all(one.kind == "level" for one in figures) or group[0].on == "intraday"
        ):  # fmt: skip
            return None
        other = {"up": "down", "down": "up"}
        if any(one.side not in other for one in figures):
            return None
        for reading in likely:
            for symbol in entity.symbols:
                trials = [self.trial(replace(one, side=other[one.side]), reading, symbol) for one in figures]
                if all(one.fit == "yes" and not one.total for one in trials):
                    return reading, symbol
        return None

    def _verdict(
        self,
        claim: Assertion,
        trials: Sequence[Trial],
        every: Iterable[Reading],
        *,
        certain: bool,
        anchored: bool = False,
    ) -> Finding:
        entity = claim.entity
        assert entity is not None
        shielded = next((one for one in trials if one.fit != "no" and one.reading.shield), None)
        trials = [one for one in trials if not one.reading.shield]
        good = [one for one in trials if one.fit == "yes"]
        if good and claim.kind == "direction" and entity.loose and entity.kind == "stock":
            # "the stock plunged": half of all shares did, whichever is meant
            return self._finding(
                claim,
                "unverifiable",
                good[0],
                f"which share is meant is not certain; {self._told(claim, good[0])}",
            )
        if good:
            chosen = next((one for one in good if not one.reading.weak), good[0])
            reason = self._told(claim, chosen)
            if chosen.total:
                reason += "; computed including dividends, the only closes the store has"
            amount = claim.amount
            if (
                amount is not None
                and not amount.hedge
                and amount.quantum < 1
                and chosen.reading.first == chosen.reading.last
            ):
                self.bears.add(chosen.reading.last)
            return self._finding(claim, "verified", chosen, reason)
        gaps = [one for one in trials if one.gap]
        computed = [one for one in trials if one.value is not None]
        if not computed:
            return unverifiable(claim, gaps[0].gap if gaps else "the store lacks the closes")
        chosen = next((one for one in computed if not one.reading.weak), computed[0])
        told = self._told(claim, chosen)
        near = next((one for one in computed if one.fit == "near"), None)
        if near is not None and anchored and claim.kind == "move" and self._misrounded(claim, near):
            near = None
        if near is not None:
            return self._finding(
                claim,
                "unverifiable",
                near,
                f"too near to tell: {self._told(claim, near)}, and sources differ by as much",
            )
        moment = self._moment(claim, computed) if claim.kind == "move" else ""
        if moment:
            return self._finding(claim, "unverifiable", chosen, f"{moment}; {told}")
        if shielded is not None:
            reason = f"it may be about another day: {self._told(claim, shielded)}"
            return self._finding(claim, "unverifiable", chosen, f"{reason}; {told}")
        far = self._beyond(claim, entity, chosen)
        if far and not gaps:
            return self._finding(claim, "contradicted", chosen, f"{told}; {far}", self.nearest(claim, entity))
        held = self._reservation(claim, entity, chosen, gaps, certain=certain)
        wide = self._hull(claim, every, entity) if not held else ""
        if held or wide:
            return self._finding(claim, "unverifiable", chosen, f"{held or wide}; {told}")
        if entity.kind == "index" and self._with_dividends(claim, computed):
            return self._finding(
                claim,
                "unverifiable",
                chosen,
                f"it may include dividends, which this price index does not; {told}",
            )
        nearest = self.nearest(claim, entity)
        swapped = nearest.startswith(_OF_ANOTHER) and _exact(claim)
        if nearest and claim.more.get("carried") and not claim.more.get("headed") and not swapped:
            return self._finding(
                claim, "unverifiable", chosen, f"its time is its paragraph's, and {nearest}; {told}"
            )
        if nearest and not anchored and not _explicit(claim) and not nearest.startswith(_OF_ANOTHER):
            return self._finding(
                claim, "unverifiable", chosen, f"true under another reading: {nearest}; {told}"
            )
        unborne = self._unborne(claim, chosen) if not anchored else ""
        if unborne:
            return self._finding(claim, "unverifiable", chosen, f"{unborne}; {told}")
        also = "" if anchored or len(computed) == 1 else f"; nor does it hold of {_others(computed, chosen)}"
        return self._finding(claim, "contradicted", chosen, told + also, nearest)

    def _beyond(self, claim: Assertion, entity: Entity, chosen: Trial) -> str:
        """Whether an index never stood near a level within thirteen months: whichever session is meant, it is wrong."""
        amount = claim.amount
        if (
            not _exact(claim)
            or amount is None
            or entity.kind != "index"
            or entity.loose
            or claim.on == "intraday"
        ):
            return ""
        if (
            self.calendar.stale
            or any(span.kind not in _DAYS for span in claim.spans)
            or _YEAR.search(claim.sentence.text)
        ):
            return ""
        series = self.measures.line(chosen.symbol)
        if isinstance(series, Gap):
            return ""
        end = self.calendar.dated
        since = np.datetime64(end - timedelta(days=_REACH_DAYS), "D")
        values = series.values[(series.sessions >= since) & (series.sessions <= np.datetime64(end, "D"))]
        values = values[np.isfinite(values)]
        if len(values) < _REACH_SESSIONS:
            return ""
        least, most = Decimal(repr(float(values.min()))), Decimal(repr(float(values.max())))
        if least * (1 - _REACH) <= amount.value <= most * (1 + _REACH):
            return ""
        return f"it stood between {shown(least, '')} and {shown(most, '')} all the thirteen months before"

    def _misrounded(self, claim: Assertion, one: Trial) -> bool:
        """Whether a figure beside others that hold is further off than rounding and sources explain."""
        amount = claim.amount
        if amount is None or amount.unit != "percent" or amount.hedge or one.value is None:
            return False
        off = abs(one.value) - amount.value
        return (
            abs(off) > amount.quantum / 2 + self._slack(claim) and not 0 <= off < amount.quantum
        )  # "9.2%" of 9.29%: cut

    def _unborne(self, claim: Assertion, chosen: Trial) -> str:
        """Whether a day is taken from elsewhere, or may not have been over, and nothing else in the article bears it out."""
        day = chosen.reading.last
        if self.borne is None or day in self.borne or chosen.reading.first != day:
            return ""
        if claim.more.get("carried") and not claim.more.get("headed"):
            return "its time is its paragraph's, and no other figure of the article is borne out on that day"
        own = day == self.calendar.dated and not self.closed and not claim.more.get("closing")
        if own and self._passed(claim, chosen):
            return (
                f"it held at some moment of {day}, and no other figure of the article shows that it was over"
            )
        return ""

    def _passed(self, claim: Assertion, chosen: Trial) -> bool:
        """Whether the claim held at some moment of the session."""
        amount, day = claim.amount, chosen.reading.last
        before = self.measures.before(day)
        if before is None or amount is None or amount.unit != "percent":
            return False
        base = self.measures.value(chosen.symbol, before)
        low, high = (
            self.measures.value(chosen.symbol, day, "low"),
            self.measures.value(chosen.symbol, day, "high"),
        )
        if isinstance(base, Gap) or isinstance(low, Gap) or isinstance(high, Gap):
            return False
        claimed = -amount.value if claim.side == "down" else amount.value
        return (
            (low - base) * 100 / base - amount.quantum
            <= claimed
            <= (high - base) * 100 / base + amount.quantum
        )

    def _moment(self, claim: Assertion, trials: Sequence[Trial]) -> str:
        """Whether a window that runs to the article's day would bear a claim out at some moment of that day."""
        amount = claim.amount
        if self.closed or amount is None or amount.unit != "percent":
            return ""
        for one in trials:
            # of the day itself only what is quoted: another's report of an hour that is not known
            span = one.reading.first != one.reading.last or claim.voice == "quoted"
            running = one.reading.last == self.calendar.dated and span
            before = self.measures.before(one.reading.first) if running else None
            if before is None:
                continue
            base = self.measures.value(one.symbol, before)
            low = self.measures.value(one.symbol, one.reading.last, "low")
            high = self.measures.value(one.symbol, one.reading.last, "high")
            if isinstance(base, Gap) or isinstance(low, Gap) or isinstance(high, Gap):
                continue
            claimed = -amount.value if claim.side == "down" else amount.value
            least, most = (low - base) * 100 / base, (high - base) * 100 / base
            if least - amount.quantum <= claimed <= most + amount.quantum:
                return f"it would hold at some moment of {one.reading.last}, and when it was written is not known"
        return ""

    def _reservation(
        self, claim: Assertion, entity: Entity, chosen: Trial, gaps: Sequence[Trial], *, certain: bool
    ) -> str:
        """Why a claim that no reading bears out is still not contradicted; empty when it is."""
        if gaps:
            return gaps[0].gap
        if entity.loose or entity.kind == "market":
            return f"{entity.name!r} does not say which instrument is meant"
        if chosen.total:
            return "the store has only closes including dividends of it, which are no prices"
        if entity.kind == "index" and (doubted := self._odd_close(claim, chosen)):
            return doubted
        if claim.on == "intraday":
            return "it speaks of hours within a session, and the store has daily closes only"
        if not certain:
            return "it does not say over which time" if not claim.spans else "its time is not certain"
        if not claim.more.get("each", True):
            return "it names several subjects and one figure"
        if self.calendar.stale:
            return f"the store's sessions end on {self.calendar.day(self.calendar.last)}"
        if entity.kind in {"stock", "etf"} and claim.kind == "level":
            return self._restated(claim, chosen)
        if entity.kind in {"stock", "etf"} and claim.amount is not None and claim.amount.unit == "USD":
            return self._restated(claim, chosen)
        return ""

    @staticmethod
    def _with_dividends(claim: Assertion, trials: Sequence[Trial]) -> bool:
        """Whether a month's or longer change is above the price's by no more than dividends may be."""
        amount = claim.amount
        if claim.kind != "move" or amount is None or amount.unit != "percent":
            return False
        claimed = -amount.value if claim.side == "down" else amount.value
        for one in trials:
            days = (one.reading.last - one.reading.first).days
            if one.value is not None and days >= _MONTH_DAYS:
                more = claimed - one.value
                if 0 < more <= _DIVIDENDS * days / 30 + amount.quantum / 2:
                    return True
        return False

    def _odd_close(self, claim: Assertion, chosen: Trial) -> str:
        """A close that is the day's very low or high may not be the official one: small differences prove nothing then."""
        amount = claim.amount
        if amount is None or chosen.value is None:
            return ""
        before = self.measures.before(chosen.reading.first)
        days = [chosen.reading.last] if claim.kind == "level" else [before, chosen.reading.last]
        for day in days:
            if day is None:
                continue
            close, low, high = (
                self.measures.value(chosen.symbol, day, name) for name in ("close", "low", "high")
            )
            if isinstance(close, Gap) or isinstance(low, Gap) or isinstance(high, Gap) or low == high:
                continue
            share = Decimal(100) if amount.unit == "percent" else close
            if close in {low, high} and abs(abs(chosen.value) - amount.value) <= share * _ODD:
                return f"the store's close of {day} is that day's very {'low' if close == low else 'high'} and may not be the official one"
        return ""

    def _restated(self, claim: Assertion, chosen: Trial) -> str:
        """Prices adjusted for later splits and spin-offs are not those of their day."""
        series = self.measures.line(chosen.symbol)
        if isinstance(series, Gap):
            return series.reason
        bars = series.bars
        assert claim.amount is not None
        old = (bars.origin.retrieved.date() - chosen.reading.last).days > _FRESH_DAYS
        ratio = claim.amount.value / abs(chosen.value) if chosen.value else Decimal(0)
        if bars.adjustment == "split" and (old or not Decimal("0.7") < ratio < Decimal("1.4")):
            return "the store's prices of it are adjusted for splits and spin-offs since"
        return ""

    def _hull(self, claim: Assertion, every: Iterable[Reading], entity: Entity) -> str:
        """For a window with a blurred start: whether some start within it could bear the claim out."""
        values = []
        for reading in every:
            for symbol in entity.symbols:
                one = self.trial(claim, reading, symbol)
                if one.value is None:
                    return one.gap
                if one.fit != "no":
                    return f"it holds from some starts of the window only ({reading.label})"
                values.append(one.value)
        amount = claim.amount
        if values and amount is not None:
            claimed = -amount.value if claim.side == "down" and amount.unit == "percent" else amount.value
            if min(values) - amount.quantum <= claimed <= max(values) + amount.quantum:
                return "its window does not say exactly from when"
        return ""

    # --- wording ----------------------------------------------------------------------------------------

    def _told(self, claim: Assertion, one: Trial) -> str:
        name = self.names.get(one.symbol, one.symbol)
        if one.value is None:
            return one.gap
        if claim.kind == "level":
            unit = self.measures.unit(one.symbol)
            day = one.reading.last
            if claim.more.get("before"):
                day = self.measures.before(one.reading.first) or day
            return f"{name} closed at {shown(one.value, 'USD' if unit == 'USD' else '')} on {day}"
        unit = (
            "percent"
            if claim.amount is None or claim.amount.unit == "percent"
            else self.measures.unit(one.symbol)
        )
        told = f"{name} changed {shown(one.value, unit)} {one.reading.label}"
        if claim.amount is not None and literal(claim.amount, abs(one.value)):
            told += ", which the hedge covers by its letter only"
        return told

    def _finding(
        self, claim: Assertion, status: Verdict, one: Trial, reason: str, nearest: str = ""
    ) -> Finding:
        fact = self._fact(claim, one)
        computed = ""
        if one.value is not None:
            unit = "USD" if claim.kind == "level" and self.measures.unit(one.symbol) == "USD" else ""
            if claim.kind != "level":
                unit = (
                    "percent"
                    if claim.amount is None or claim.amount.unit == "percent"
                    else self.measures.unit(one.symbol)
                )
            computed = shown(one.value, unit)
        return finding(claim, status, reason, fact=fact, computed=computed, nearest=nearest)

    def _fact(self, claim: Assertion, one: Trial) -> Fact | None:
        if one.value is None:
            return None
        if claim.kind == "level":
            day = (
                one.reading.last if not claim.more.get("before") else self.measures.before(one.reading.first)
            )
            found = self.measures.fact("level", None, of=one.symbol, on=str(day))
        elif one.total:
            found = self.measures.fact("return", None, of=one.symbol, over=one.reading.form, basis="total")
        else:
            found = self.measures.fact("return", None, of=one.symbol, over=one.reading.form)
        return None if isinstance(found, Gap) else found

    def nearest(self, claim: Assertion, entity: Entity) -> str:
        """The nearest reading under which a contradicted claim would be true; empty where none is found."""
        if claim.amount is None:
            return ""
        for symbol in entity.symbols:
            for reading in self._alternatives(claim):
                one = self.trial(claim, reading, symbol)
                if one.fit == "yes":
                    return f"it would hold {'at the close ' if claim.kind == 'level' else ''}{reading.label}: {self._told(claim, one)}"
        likely = self.readings(claim)[0][:2]
        for symbol, name in self.indexes:
            if symbol not in entity.symbols:
                for reading in likely:
                    one = self.trial(claim, reading, symbol)
                    if one.fit == "yes":
                        return f"{_OF_ANOTHER}{name}: {self._told(claim, one)}"
        return ""

    def _alternatives(self, claim: Assertion) -> list[Reading]:
        """Other windows that a writer may have mixed up, the likeliest first."""
        calendar = self.calendar
        likely = self.readings(claim)[0]
        end = calendar.at_or_before(likely[0].last if likely else calendar.dated)
        found: list[Reading] = []
        for back in range(6):
            if end - back >= 1:
                day = calendar.day(end - back)
                found += calendar.session(day, f"on {day}")
        found += [one for one in calendar.defaults if one not in likely]
        # "over 63 sessions" explains nobody's Monday: only windows of about the length that was spoken of
        length = max((self.calendar.length(one) for one in likely), default=1)
        for count in (2, 3, 4, 5, 7, 10, 20, 21, 42, 63, 126, 252):
            if end - count >= 0 and (count <= 5 or length / 2 <= count <= 2 * length):
                first, final = calendar.day(end - count + 1), calendar.day(end)
                found.append(
                    Reading(first, final, f"{first}..{final}", f"over the {count} sessions to {final}")
                )
        last = calendar.day(end)
        for year in (last.year, last.year - 1):
            found += calendar.between(
                date(year, 1, 1),
                date(year + 1, 1, 1),
                "ytd" if year == calendar.dated.year else str(year),
                f"in {year}",
            )
            for month in (10, 7, 4, 1):
                low = date(year, month, 1)
                high = date(year + (month + 2) // 12, (month + 2) % 12 + 1, 1)
                if high <= calendar.dated:
                    found += calendar.between(
                        low, high, f"{year}-Q{(month + 2) // 3}", f"in the quarter from {low}"
                    )
        months = [(last.year * 12 + last.month - 1 - back) for back in range(1, 7)]
        for code in months:
            low = date(code // 12, code % 12 + 1, 1)
            high = date((code + 1) // 12, (code + 1) % 12 + 1, 1)
            found += calendar.between(low, high, f"{low:%Y-%m}", f"in {low:%B %Y}")
        return found


def _telling(amount: Amount) -> bool:
    """Whether a change is printed finely enough that it hardly fits by chance: "45.59 points", "2.4%", not "1%"."""
    return amount.quantum * _COARSE <= amount.value


def _exact(claim: Assertion) -> bool:
    """Whether a level is given to its last digit: no two indexes close at one."""
    return (
        claim.kind == "level"
        and claim.amount is not None
        and claim.amount.quantum <= _EXACT
        and not claim.amount.hedge
    )


def _explicit(claim: Assertion) -> bool:
    """Whether the text itself names the window, by the calendar and in the claim's own clause."""
    if claim.more.get("carried") or claim.more.get("borrowed") or claim.more.get("pinned"):
        return False
    return bool(claim.spans) and all(span.kind in _NAMED for span in claim.spans)


def _coarser(amount: Amount, places: int) -> Decimal:
    """A unit of the source's last decimal where the figure was printed with more of them; else nothing."""
    step = Decimal(1).scaleb(-places)
    return step if step > amount.quantum and not amount.hedge else Decimal(0)


def _others(computed: Sequence[Trial], chosen: Trial) -> str:
    labels = list(
        dict.fromkeys(one.reading.label.removeprefix("on ") for one in computed if one is not chosen)
    )
    labels = [label for label in labels if label != chosen.reading.label]
    return " or ".join(labels[:3]) or "another reading"


# --- findings -------------------------------------------------------------------------------------------


def finding(
    claim: Assertion,
    status: Verdict,
    reason: str,
    *,
    fact: Fact | None = None,
    computed: str = "",
    nearest: str = "",
    metric: str = "",
    definition: str = "",
    claimed: str = "",
) -> Finding:
    """A finding of a claim, with the fact that bears on it; a verdict that the words do not bear surely is held back."""
    from broadtape.metrics import definition as wording  # noqa: PLC0415  numpy only where something was computed

    held = doubt(claim) if status == "contradicted" else altered(claim) if status == "verified" else ""
    if held:
        status, reason = "unverifiable", f"{held}; {reason}"
    if fact is not None:
        metric = metric or fact.key.metric
        definition = definition or wording(fact.key.metric).wording
    return Finding(
        text=claim.text, line=claim.sentence.line, status=status, kind=claim.kind, fact=fact.key.id if fact else "", metric=metric,
        claimed=claimed or claimed_of(claim), computed=computed, definition=definition, reason=reason, nearest=nearest,
        entity=claim.entity.name if claim.entity else "", voice=claim.voice, sentence=claim.sentence.text,
    )  # fmt: skip


def unverifiable(claim: Assertion, reason: str) -> Finding:
    """A finding that says what is missing."""
    return finding(claim, "unverifiable", reason)


def claimed_of(claim: Assertion) -> str:
    """What was claimed in a few words."""
    parts = [claim.side, _figure(claim.amount), claim.unit]
    return " ".join(part for part in parts if part)


def _figure(amount: Amount | None) -> str:
    return amount.text if amount is not None else ""
