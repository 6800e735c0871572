"""A claim about a price computed under one reading of its window: what it says, what the store says, how they fit.

Owns the readings of a claim and the arithmetic of a trial; decides no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from broadtape.desk.audit.fitting import Fit, fits, literal, shown
from broadtape.desk.audit.measuring import Change, Gap, Measures
from broadtape.desk.audit.parts import Amount, Assertion, Reading
from broadtape.desk.audit.resolving import Calendar

EXACT = Decimal("0.01")  # of a level's last digit: it is one session's close and no other's
_COARSE = 12  # last places in a change that tells its window
DAYS = frozenset({"weekday", "day", "today"})
# Windows that a text names by the calendar; any other ("this week", "in the quarter") has neighbours it is mixed up with.
_NAMED = frozenset(
    {"weekday", "day", "month", "quarter", "year", "range", "firsts", "week-ended", "since-day"}
)
_CLOSE_ENOUGH = Decimal("0.0002")  # of a level: by so much the last prints of two sources differ
PERCENT_SLACK = Decimal("0.02")
SHARE_SLACK = Decimal("0.10")
_FLAT_PERIOD = Decimal(2)  # percent: what a week, a month or a year may have moved and still be called flat


@dataclass(frozen=True, slots=True)
class Trial:
    """One assertion computed under one reading."""

    reading: Reading
    symbol: str
    fit: Fit
    value: Decimal | None  # in the unit of the claim
    gap: str = ""
    total: bool = False


class Trials:
    """Computes the claims of one article about prices."""

    def __init__(
        self,
        measures: Measures,
        calendar: Calendar,
        names: dict[str, str],
        *,
        closed: bool = False,
        borne: frozenset[date] | None = None,
        over: frozenset[date] = frozenset(),
    ) -> None:
        self.closed = closed  # the article is known to be of after the close
        self.borne = (
            borne  # the sessions that other figures of the article bear out; None where that is not known yet
        )
        self.over = over  # those of them whose very close another figure gives: it was written after it
        self.closes: set[date] = set()
        self.bears: set[date] = set()  # those that this reading of it found
        self.measures, self.calendar, self.names = measures, calendar, names
        self.indexes = [(symbol, name) for symbol, name in names.items() if symbol.startswith("INDEX")]

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
            and coarser(amount, change.places) >= abs(size - amount.value)
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
        return PERCENT_SLACK if claim.entity is not None and claim.entity.kind == "index" else SHARE_SLACK

    @staticmethod
    def _way(side: str, value: Decimal) -> Fit:
        if side == "flat":
            return "yes" if abs(value) <= Decimal("0.2") else "near" if abs(value) < Decimal("0.6") else "no"
        agrees = value > 0 if side == "up" else value < 0
        return "yes" if agrees else "near" if abs(value) <= PERCENT_SLACK else "no"

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
        if fit == "near" and coarser(amount, self.measures.places(symbol, day)) / 2 >= abs(
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


def telling(amount: Amount) -> bool:
    """Whether a change is printed finely enough that it hardly fits by chance: "45.59 points", "2.4%", not "1%"."""
    return amount.quantum * _COARSE <= amount.value


def exact(claim: Assertion) -> bool:
    """Whether a level is given to its last digit: no two indexes close at one."""
    return (
        claim.kind == "level"
        and claim.amount is not None
        and claim.amount.quantum <= EXACT
        and not claim.amount.hedge
    )


def explicit(claim: Assertion) -> bool:
    """Whether the text itself names the window, by the calendar and in the claim's own clause."""
    if claim.more.get("carried") or claim.more.get("borrowed") or claim.more.get("pinned"):
        return False
    return bool(claim.spans) and all(span.kind in _NAMED for span in claim.spans)


def coarser(amount: Amount, places: int) -> Decimal:
    """A unit of the source's last decimal where the figure was printed with more of them; else nothing."""
    step = Decimal(1).scaleb(-places)
    return step if step > amount.quantum and not amount.hedge else Decimal(0)
