"""Sectors: a session that drives the sector funds far apart, or a new leader among them over three months.

Owns the choice and order of what is said of the sectors; the words are in sectors.md.j2.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import Cell, ChartPlan, Outline, Section, paragraph, section
from broadtape.desk.patterns import basis_of
from broadtape.desk.stories import Assignment, Proposal, common
from broadtape.desk.stories.base import Plan
from broadtape.metrics.groups import SECTOR_FUNDS, members_of
from broadtape.model import Fact, UnknownSymbol

_KINDS = ("sectors", "sector-lead")
_LEAST = 5
_LEAD, _MONTH = "63s", "21s"
_EQUAL, _CAP = "NYSEARCA:RSP", "NYSEARCA:SPY"  # the S&P 500 with every member alike, and by size


@dataclass(frozen=True, slots=True)
class SectorLeadership:
    """The story of who leads the sectors."""

    name: str = "sectors"
    title: str = "sector funds driven far apart, or a new leader among them"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One a session; without a signal it can be asked for and leads nothing."""
        for item in assignment.ranked:
            if item.signal.kind in _KINDS:
                return [Proposal(self.name, self.name, item.score.total, item, (self.name,))]
        if len(_moves(assignment, "1s")) >= _LEAST:
            return [Proposal(self.name, self.name, 0.0, None, (self.name,))]
        return []

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The ends of the session, the leaders of three months, breadth, equal against cap weight, what is next."""
        return _Plan(assignment, proposal.lead).outline(proposal.key)


def _moves(assignment: Assignment, window: str) -> list[tuple[Decimal, str, Fact]]:
    """The sector funds by their return over the window, best first."""
    found = [
        (fact.value, symbol, fact)
        for symbol in members_of(assignment.view, SECTOR_FUNDS)
        if basis_of(assignment.view, symbol) == "price"
        and (fact := assignment.book.find("return", of=symbol, over=window)) is not None
        and isinstance(fact.value, Decimal)
    ]
    return sorted(found, key=lambda one: (-one[0], one[1]))


class _Plan(Plan):
    """The facts of the sectors on one session."""

    def __init__(self, assignment: Assignment, lead: Ranked | None) -> None:
        super().__init__(assignment)
        self.fresh = lead is not None and lead.signal.kind == "sector-lead"
        self.before = lead.signal.params.get("before", "") if lead is not None else ""
        self.day, self.long = _moves(assignment, "1s"), _moves(assignment, _LEAD)
        large = self.view.benchmark("large")
        best, worst = self.day[0], self.day[-1]
        leader = self.long[0] if self.long else best
        rose = sum(1 for value, _, _ in self.day if value > 0)
        side = "up" if rose * 2 >= len(self.day) else "down"
        self.values: dict[str, object] = {
            "best": best[2], "best_of": best[1], "worst": worst[2], "worst_of": worst[1], "fresh": self.fresh,
            "large": large, "index": self.book.find("return", of=large, over="1s") if large else None,
            "apart": self.book.find("dispersion", in_=SECTOR_FUNDS, over="1s"), "side": side,
            "share": self.book.find("breadth", in_=SECTOR_FUNDS, over="1s", side=side),
            "leader_of": leader[1], "leader": self.book.find("rank", of=leader[1], in_=SECTOR_FUNDS, over=_LEAD),
            "leader_move": leader[2], "before_of": self.before,
            "before": self.book.find("rank", of=self.before, in_=SECTOR_FUNDS, over=_LEAD) if self.before else None,
            "last_of": self.long[-1][1] if self.long else "",
            "last_rank": self.book.find("rank", of=self.long[-1][1], in_=SECTOR_FUNDS, over=_LEAD)
            if self.long
            else None,
        }  # fmt: skip

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [self._opening(), self._leaders(), self._weights(), self.ahead(2)]
        return self.assemble(
            "sectors",
            key,
            parts,
            title=self.say("title_lead" if self.fresh else "title"),
            title_short=self.say("title_short"),
            topics=("sectors", "markets"),
            subjects=tuple(symbol for _, symbol, _ in self.day),
            chart=self._chart(),
        )

    def _opening(self) -> Section | None:
        rows = tuple(
            (
                Cell(symbol=symbol), common.fact_cell(fact),
                *(common.fact_cell(self._return(symbol, window)) for window in (_MONTH, _LEAD, "ytd")),
            )
            for _, symbol, fact in self.day
        )  # fmt: skip
        return section(
            None,
            paragraph(self.say("lede_lead" if self.fresh else "lede")),
            paragraph(
                self.say("day_ends") if self.fresh else None,
                self.say("share") if self.values["share"] is not None else None,
                self.say("index") if self.values["index"] is not None else None,
            ),
            common.filled(("", "1 session", "21 sessions", "63 sessions", "Year to date"), rows),
        )

    def _return(self, symbol: str, window: str) -> Fact | None:
        return self.book.find("return", of=symbol, over=window)

    def _leaders(self) -> Section | None:
        if len(self.long) < _LEAST or self.values["leader"] is None:
            return None
        return section(
            self.say("leaders_heading", "definition"),
            paragraph(
                None if self.fresh else self.say("leader"),
                self.say("before") if self.fresh and self.values["before"] is not None else None,
                self.say("last") if self.values["last_rank"] is not None else None,
            ),
        )

    def _weights(self) -> Section | None:
        """Whether the average member did better than the index, by the fund that holds all alike."""
        try:
            self.view.instrument(_EQUAL)
        except UnknownSymbol:
            return None
        month = self.book.find("relative-return", of=_EQUAL, vs=_CAP, over=_MONTH)
        year = self.book.find("relative-return", of=_EQUAL, vs=_CAP, over="ytd")
        above = None
        for group in self.assignment.universe:
            for basis in ("price", "total"):
                above = above or self.book.find("above-average", in_=group, basis=basis)
        if month is None or year is None or {"even"} & (month.tags | year.tags):
            return None
        return section(
            self.say("weights_heading", "definition"),
            paragraph(
                self.say("weights", equal=_EQUAL, cap=_CAP, month=month, year_gap=year),
                self.say("above", above=above) if above is not None else None,
            ),
        )

    def _chart(self) -> ChartPlan:
        """The session's changes as bars; of a new leader, the changes over every window of the table."""
        windows = (_MONTH, _LEAD, "ytd") if self.fresh else ()
        return ChartPlan(
            (), self.view.as_of, self.view.as_of, "price", indexed=False, kind="heat" if self.fresh else "bars",
            cells=tuple((fact, *(self._return(symbol, one) for one in windows)) for _, symbol, fact in self.day),
            columns=("1 session", "21 sessions", "63 sessions", "Year to date") if self.fresh else (),
            title=self.say("chart_title", "definition"), alt=self.say("chart_alt"),
        )  # fmt: skip
