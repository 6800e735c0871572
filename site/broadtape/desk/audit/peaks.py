"""Judging records, the highest and the best since, crossings of a level and distances from a peak.

Each by closes and by session highs and lows; what lies before the data start is not known.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape.desk.audit.findings import unverifiable
from broadtape.desk.audit.fitting import fits, shown
from broadtape.desk.audit.history import PLURAL, History, Series
from broadtape.desk.audit.measuring import Gap
from broadtape.desk.audit.parts import Assertion, Finding
from broadtape.metrics.periods import Unit
from broadtape.metrics.streaks import as_unit
from broadtape.model import Fact

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR = Decimal(
    "0.001"
)  # of a level: a high or close as near as this to the level named may be beyond it elsewhere


class Peaks(History):
    """Judges extremes."""

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
                return unverifiable(claim, f"{symbol}: too few {PLURAL[unit]} in the data")
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
        if abs(Decimal(repr(best)) - level) <= level * NEAR:
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


def _marks(series: Series, *, high: bool, year: bool) -> NDArray[np.bool_]:
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


def _period_returns(series: Series, unit: Unit, day: date) -> list[tuple[date, date, float]]:
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
