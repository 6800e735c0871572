"""Earnings mover: a share that moved far on the first session that could know its company's results.

Owns the choice and order; the words are in earnings.md.j2. Needs the filing of the results and the share's bars. What
in the results moved it, the desk does not say: the filing is linked, and prices give no reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from broadtape.desk.outline import ChartPlan, Outline, Section, paragraph, section
from broadtape.desk.patterns import basis_of
from broadtape.desk.stories import Assignment, Proposal, common
from broadtape.desk.stories.base import Plan, day_of, days_since, one_each
from broadtape.desk.stories.volatility import enough
from broadtape.metrics.filings import reports_results
from broadtape.model import Fact, NewsView, NoData

_HORIZONS = (5, 21)
_LEAST_CASES = 4
_FAR_DAYS = 120
_CHART_SESSIONS = 126
_FIGURES = ("revenue", "net-income", "eps")


@dataclass(frozen=True, slots=True)
class EarningsMover:
    """The story of a share that moved with its company's results."""

    name: str = "earnings"
    title: str = "a share that moved far on the session after its company's results"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One story a company, the strongest move first."""
        return one_each(
            assignment, self.name, "earnings", lambda signal: signal.subject,
            lambda signal: (f"company/{signal.subject}",),
        )  # fmt: skip

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The move beside the index, the filing, what was filed, and what followed moves like it."""
        return _Plan(assignment, proposal.key.partition("/")[2]).outline(proposal.key)


class _Plan(Plan):
    """The facts of one share on one session."""

    def __init__(self, assignment: Assignment, symbol: str) -> None:
        super().__init__(assignment)
        move, filing = self.moved(symbol), self.book.find("filing", of=symbol)
        link = link_of(self.view, symbol)
        if move is None or filing is None or not link or not isinstance(move.value, Decimal):
            raise NoData(f"{self.view.as_of}: {symbol} has no results on file, or no close")
        self.of, self.move, self.size = symbol, move, move.value
        self.index = next((one for one in self.indices if self.moved(one) is not None), "")
        self.priced = basis_of(self.view, symbol) == "price"
        up = move.value > 0
        since = (
            self.book.find("extreme-since", of=symbol, side="high" if up else "low") if self.priced else None
        )
        self.values = {
            "of": symbol, "day_move": move, "up": up, "filing": filing, "link": link,
            "close": self.book.find("level", of=symbol) if self.priced else None,
            "since": since if days_since(since, "value", self.view.as_of) >= _FAR_DAYS else None,
            "extreme": self._extreme(up), "index": self.index,
            "index_fact": self.moved(self.index) if self.index else None,
        }  # fmt: skip

    def _extreme(self, up: bool) -> Fact | None:
        fact = (
            self.book.find("return-extreme", of=self.of, side="best" if up else "worst")
            if self.priced
            else None
        )
        far = fact is not None and (
            fact.get("since") is None or days_since(fact, "since", self.view.as_of) >= _FAR_DAYS
        )
        return fact if far else None

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [self._opening(), self._filed(), self._precedent()]
        return Outline(
            story="earnings",
            key=key,
            as_of=self.view.as_of,
            title=self.say("title"),
            title_short=self.say("title", extreme=None),
            summary=self.say("summary"),
            sections=tuple(part for part in parts if part is not None),
            topics=("earnings", "companies"),
            subjects=(self.of,),
            chart=self._chart(),
        )

    def _opening(self) -> Section | None:
        return section(
            None,
            paragraph(self.say("lede"), self.say("index_move") if self.index else None),
            paragraph(self.say("filed")),
            common.levels_table(self.assignment, [self.of, *([self.index] if self.index else [])]),
        )

    def _filed(self) -> Section | None:
        """What the company filed last, where its figures are on record."""
        found = [self.book.find("filed-growth", of=self.of, figure=figure) for figure in _FIGURES]
        grown = [fact for fact in found if fact is not None]
        newest = max((day_of(fact, "period_end") for fact in grown), default=None)
        grown = [fact for fact in grown if day_of(fact, "period_end") == newest]
        ratio = self.book.find("price-to-earnings", of=self.of) if self.priced else None
        return section(
            self.say("filed_heading", "definition"),
            paragraph(self.say("grown", grown=tuple(grown)) if grown else None),
            paragraph(
                self.say("ratio", ratio=ratio) if ratio else None,
                self.say("ratio_means", "definition") if ratio else None,
            ),
        )

    def _precedent(self) -> Section | None:
        step = int(min(abs(self.size), Decimal(10)))
        if step < 1 or not self.priced:
            return None
        said = common.after_cases(
            self.assignment, _HORIZONS, self.values,
            of=self.of, event="gain" if self.size > 0 else "drop", at_least=step,
        )  # fmt: skip
        if not enough(said, _LEAST_CASES):
            return None
        return section(self.say("precedent_heading", "definition"), *common.case_paragraphs(said))

    def _chart(self) -> ChartPlan:
        days = self.view.sessions[-_CHART_SESSIONS:].astype("datetime64[D]").tolist()
        return ChartPlan(
            symbols=(self.of,),
            first=days[0],
            last=self.view.as_of,
            basis="price" if self.priced else "total",
            indexed=not self.priced,
            title=self.say("chart_title", "definition"),
            alt=self.say("chart_alt"),
        )


def link_of(view: object, symbol: str) -> str:
    """The address of the last results on file; empty where it is none that may be linked."""
    if not isinstance(view, NewsView):
        return ""
    found = next((one for one in view.filings(symbol, form="8-K") if reports_results(one)), None)
    plain = (
        found is not None and found.link.startswith("https://") and not set(found.link) & set(" ()<>\"'\\")
    )
    return found.link if found is not None and plain else ""
