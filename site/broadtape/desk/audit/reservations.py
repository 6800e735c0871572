"""Why a claim that holds under none of its readings is still not contradicted, and under which other reading it would hold.

Owns the doubts of claims about prices: the store's, the window's, the hour's; computes trials through `trials`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from broadtape.desk.audit.fitting import shown
from broadtape.desk.audit.measuring import Gap
from broadtape.desk.audit.parts import Assertion, Entity, Reading
from broadtape.desk.audit.trials import DAYS, Trial, Trials, exact

_REACH, _REACH_DAYS, _REACH_SESSIONS = Decimal("0.15"), 400, 200
_YEAR = re.compile(r"(?<!Russell )\b(?:19|20)\d\d\b")
OF_ANOTHER = "it would hold of "
_ODD = Decimal("0.004")  # of a level: how far a source's last print may be from the official close
_MONTH_DAYS = 25
_DIVIDENDS = Decimal("0.2")  # points a month: what an index's dividends add to its price at most
_FRESH_DAYS = 730  # split-adjusted prices as old as this may have been restated for a spin-off since


class Reservations(Trials):
    """Doubts of one article's claims."""

    def _beyond(self, claim: Assertion, entity: Entity, chosen: Trial) -> str:
        """Whether an index never stood near a level within thirteen months: whichever session is meant, it is wrong."""
        amount = claim.amount
        if (
            not exact(claim)
            or amount is None
            or entity.kind != "index"
            or entity.loose
            or claim.on == "intraday"
        ):
            return ""
        if (
            self.calendar.stale
            or any(span.kind not in DAYS for span in claim.spans)
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
        if self.borne is None or chosen.reading.first != day:
            return ""
        if day not in self.borne and claim.more.get("carried") and not claim.more.get("headed"):
            return "its time is its paragraph's, and no other figure of the article is borne out on that day"
        over = self.closed or day in self.over or bool(claim.more.get("closing"))
        own = day == self.calendar.dated and not over
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
                        return f"{OF_ANOTHER}{name}: {self._told(claim, one)}"
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
