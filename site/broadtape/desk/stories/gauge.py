"""Gauge: a price, a spread or a rate that is read daily and moved far or stands where it has not for long.

Owns the choice and order; the words are in gauge.md.j2. Oil, a credit spread, a currency: each needs
its own daily series, and the day on which its newest reading came out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from broadtape.desk.outline import ChartPlan, Outline, Section, paragraph, section
from broadtape.desk.stories import Assignment, Proposal, common
from broadtape.desk.stories.base import Plan, one_each
from broadtape.model import Fact, NoData

_FAR_DAYS = 120
_CHART = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Gauge:
    """The story of one daily series."""

    name: str = "gauge"
    title: str = "oil, a credit spread, a currency or another daily series that moved far"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One story a series, the strongest first."""
        return one_each(assignment, self.name, "series", lambda signal: signal.params["series"])

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The reading, its rank, where it was a year before, and what the indices did."""
        return _Plan(assignment, proposal.key.partition("/")[2]).outline(proposal.key)


class _Plan(Plan):
    """The facts of one series on the day of its newest reading."""

    def __init__(self, assignment: Assignment, series: str) -> None:
        super().__init__(assignment)
        now, moved = (
            self.book.find("reading", series=series),
            self.book.find("reading", series=series, transform="change"),
        )
        period = now.get("period") if now is not None else None
        if now is None or moved is None or period is None or not isinstance(period.value, date):
            raise NoData(f"{self.view.as_of}: {series} has no reading and change of a day")
        self.series, self.day = series, period.value
        self.values = {
            "now": now, "moved_by": moved, "when_of": self.day, "barrel": _TOPICS.get(series) == "oil",
            "extreme": self.reading_extreme(series, _FAR_DAYS),
        }  # fmt: skip

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [self._opening(), self._past(), self._markets(), self.ahead(2)]
        return self.assemble(
            "gauge",
            key,
            parts,
            title=self.say("title"),
            title_short=self.say("title", extreme=None),
            topics=("markets", _TOPICS.get(self.series, "interest-rates")),
            subjects=(),
            chart=self._chart(),
        )

    def _opening(self) -> Section | None:
        return section(
            None,
            paragraph(self.say("lede")),
            paragraph(
                self.say("credit", "definition") if _TOPICS.get(self.series) == "credit" else None,
                self.say("late", "definition"),
            ),
        )

    def _past(self) -> Section | None:
        extreme = self.values["extreme"]
        side = "low" if isinstance(extreme, Fact) and "lowest" in extreme.tags else "high"
        beyond = self.book.find("reading-beyond", series=self.series, side=side)
        year = self.book.find("reading", series=self.series, transform="yoy")
        told = beyond is not None and isinstance(beyond.value, int) and beyond.value > 1
        past = paragraph(
            self.say("beyond", beyond=beyond, side=side) if told else None,
            self.say("year", year=year, follows=told)
            if year is not None and "flat" not in year.tags
            else None,
        )
        return section(self.say("past_heading", "definition"), past) if past is not None else None

    def _markets(self) -> Section | None:
        moves = self.index_moves()
        if moves is None:
            return None
        return section(
            self.say("markets_heading", "definition"),
            moves,
            common.levels_table(self.assignment, self.indices),
        )

    def _chart(self) -> ChartPlan:
        return ChartPlan(
            (), self.day - _CHART, self.day, "price", indexed=False, series=(self.series,),
            title=self.say("chart_title", "definition"), alt=self.say("chart_alt"),
        )  # fmt: skip


_TOPICS = {
    "DCOILWTICO": "oil", "DCOILBRENTEU": "oil", "BAMLH0A0HYM2": "credit", "DTWEXBGS": "currencies",
    "DEXUSEU": "currencies", "GOLDPMGBD228NLBM": "gold",
}  # fmt: skip
