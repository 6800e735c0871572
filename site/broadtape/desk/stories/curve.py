"""Yield curve: an inversion that begins or ends, a slope that changed far, a yield at an extreme.

Owns the choice and order; the words are in curve.md.j2. Needs two Treasury yields a day; which way the economy turns
after an inversion it does not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from broadtape.desk.outline import Cell, ChartPlan, Outline, Section, Table, paragraph, section
from broadtape.desk.stories import Assignment, Proposal, common
from broadtape.desk.stories.base import Plan, strongest
from broadtape.metrics import series_of
from broadtape.model import Fact, NoData
from broadtape.numbers import plain

_MATURITIES = ("DGS3MO", "DGS2", "DGS5", "DGS10", "DGS30")
_SHIFTS = (5, 21)  # days with both yields over which the slope's change is told
_CHART = timedelta(days=3 * 366)
_LEAST_RUN = 5  # sessions; a shorter inversion is told as one that came and went


@dataclass(frozen=True, slots=True)
class YieldCurve:
    """The story of the yield curve on a session."""

    name: str = "curve"
    title: str = "an inversion that begins or ends, a slope or a yield that moved far"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One story where the newest yields changed the curve's shape or set an extreme."""
        return strongest(assignment, self.name, lambda signal: signal.kind == "curve")

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """What changed, the yields, the slope over a week and a month, and what comes next."""
        return _Plan(assignment, proposal).outline(proposal.key)


class _Plan(Plan):
    """The facts of one day's yields."""

    def __init__(self, assignment: Assignment, proposal: Proposal) -> None:
        super().__init__(assignment)
        gap, run = self.book.find("yield-gap"), self.book.find("yield-inversion")
        if gap is None or proposal.lead is None:
            raise NoData(f"{self.view.as_of}: two- and 10-year yields are not known")
        self.gap, self.run = gap, run
        self.change = proposal.lead.signal.params.get("change", "shift")
        self.lead = proposal.lead.signal.fact
        shifts = {over: self.book.find("curve-shift", over=over) for over in _SHIFTS}
        self.values = {
            "gap": gap, "run": run, "change": self.change, "lead": self.lead, "when_of": _day(gap, "period"),
            "week": _told(shifts[5]), "month_shift": _told(shifts[21]), "largest_shift": _told(shifts[21]),
        }  # fmt: skip

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [self._opening(), self._yields(), self._slope(), self._next()]
        return Outline(
            story="curve",
            key=key,
            as_of=self.view.as_of,
            title=self.say("title"),
            title_short=None,
            summary=self.say("summary", ten=self._reading("DGS10"), two=self._reading("DGS2")),
            sections=tuple(part for part in parts if part is not None),
            topics=("bonds", "interest-rates"),
            subjects=(),
            chart=self._chart(),
            run=self.run if self.change in {"began", "ended"} else None,
        )

    def _reading(self, series: str, **more: str) -> Fact | None:
        return self.book.find("reading", series=series, **more)

    def _opening(self) -> Section | None:
        told_run = self.run is not None and self.change in {"began", "ended"}
        return section(
            None,
            paragraph(self.say("lede")),
            paragraph(
                self.say("run_over") if told_run and self.change == "ended" else None,
                self.say("deepest") if self.run is not None and self._long() else None,
                self.say("gap_now") if self.change == "extreme" else None,
            ),
            paragraph(self.say("what_inversion_is", "definition") if told_run else None),
            paragraph(self.say("day_late", "definition")),
        )

    def _long(self) -> bool:
        """Whether the run is worth its depth: as long as a week, and running or just over."""
        run = self.run
        new = run is not None and ("ongoing" in run.tags or self.change == "ended")
        return run is not None and new and isinstance(run.value, int) and run.value >= _LEAST_RUN

    def _yields(self) -> Section | None:
        rows = []
        for series in self._known():
            about = series_of(series)
            level, day, year = (
                self._reading(series), self._reading(series, transform="change"), self._reading(series, transform="yoy")
            )  # fmt: skip
            label = f"{about.name[:1].upper()}{about.name[1:]}"
            cells = (_percent(level), _points(day), _points(year))
            if level is not None:
                rows.append((Cell(label), *cells))
        headers = ("", "Yield", "On the day, percentage points", "In 12 months, percentage points")
        return section(
            self.say("yields_heading", "definition"),
            paragraph(self.say("yields", ten=self._reading("DGS10"), two=self._reading("DGS2"))),
            Table(headers, tuple(rows)) if rows else None,
        )

    def _known(self) -> list[str]:
        """The maturities that have a reading of the curve's day."""
        day = np.datetime64(_day(self.gap, "period"), "D")
        found = []
        for series in _MATURITIES:
            try:
                periods = self.view.readings(series).periods
            except NoData:
                continue
            if len(periods) and periods[-1] == day:
                found.append(series)
        return found

    def _slope(self) -> Section | None:
        week, month = self.values["week"], self.values["month_shift"]
        typed = any(isinstance(one, Fact) and {"bull", "bear"} & one.tags for one in (week, month))
        long = self.say("slope", shift=month) if isinstance(month, Fact) and self.change != "shift" else None
        return section(
            self.say("slope_heading", "definition"),
            paragraph(
                long,
                self.say("slope_week", shift=week, beside=long is not None)
                if isinstance(week, Fact)
                else None,
                self.say("type_means", "definition") if typed else None,
            ),
        )

    def _next(self) -> Section | None:
        return section(self.say("next_heading", "definition"), paragraph(*common.coming(self.assignment, 2)))

    def _chart(self) -> ChartPlan | None:
        today = _day(self.gap, "period")
        known = tuple(self._known())
        if self.change in {"began", "ended"} and "T10Y2Y" in self.view.series():
            return ChartPlan(
                (), today - _CHART, today, "price", indexed=False, series=("T10Y2Y",),
                title=self.say("chart_title_gap", "definition"), alt=self.say("chart_alt"),
            )  # fmt: skip
        if len(known) < 3:
            return None
        return ChartPlan(
            (), today, today, "price", indexed=False, kind="curve", series=known,
            days=(today, today - timedelta(days=31), today - timedelta(days=365)),
            title=self.say("chart_title", "definition"), alt=self.say("chart_alt"),
        )  # fmt: skip


def _told(fact: Fact | None) -> Fact | None:
    """A shift with a direction; one of nought is no news."""
    return fact if fact is not None and fact.tags & {"steeper", "flatter"} else None


def _day(fact: Fact, name: str) -> date:
    found = fact.part(name).value
    if not isinstance(found, date):
        raise NoData(f"{fact.key.address}: {name} is no day")
    return found


def _percent(fact: Fact | None) -> Cell:
    return Cell("–") if fact is None else Cell(f"{plain(fact.value, fact.decimals)}%", fact)  # type: ignore[arg-type]  # a level is a Decimal


def _points(fact: Fact | None) -> Cell:
    """A change in percentage points with its sign; the column's header says the unit."""
    if fact is None:
        return Cell("–")
    shown = plain(fact.value, fact.decimals)  # type: ignore[arg-type]  # a change is a Decimal
    return Cell(shown if shown.startswith("−") or "flat" in fact.tags else f"+{shown}", fact)
