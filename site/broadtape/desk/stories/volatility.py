"""Volatility: a jump or a drop of the volatility index, or a calm that has not been seen for long.

Owns the choice and order; the words are in volatility.md.j2. Needs an index in the role volatility. What frightened
whom it does not say: prices do not show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from broadtape.desk.outline import ChartPlan, Outline, Planned, Section, paragraph, section
from broadtape.desk.patterns import basis_of
from broadtape.desk.stories import Assignment, Proposal, common
from broadtape.desk.stories.base import Plan, days_since, strongest
from broadtape.model import Fact, NoData

_HORIZONS = (21, 63)
_LEAST_CASES = 4
_FAR_DAYS = 120  # an extreme "since" nearer than this is not worth a headline
_CHART_SESSIONS = 252
_STEPS = (100, 50, 30, 20, 10)  # percent: the round size below a move, for cases like it


@dataclass(frozen=True, slots=True)
class Volatility:
    """The story of a session's volatility."""

    name: str = "volatility"
    title: str = "a jump, a drop or a rare calm of the volatility index"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One story where the volatility index moved far or stands where it has not for long."""
        return strongest(assignment, self.name, lambda signal: signal.kind == "volatility")

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The move and its rank, what the indices did, what followed earlier moves of the size."""
        return _Plan(assignment).outline(proposal.key)


class _Plan(Plan):
    """The facts of one session's volatility."""

    def __init__(self, assignment: Assignment) -> None:
        super().__init__(assignment)
        symbol = self.view.benchmark("volatility")
        move = self.moved(symbol) if symbol and basis_of(self.view, symbol) == "price" else None
        if symbol is None or move is None or not isinstance(move.value, Decimal):
            raise NoData(f"{self.view.as_of}: no index of the role volatility has a close")
        self.of, self.move, self.size = symbol, move, move.value
        self.up = move.value > 0
        side = "high" if self.up else "low"
        since = self.book.find("extreme-since", of=symbol, side=side)
        self.values = {
            "of": symbol, "day_move": move, "up": self.up, "close": self.book.find("level", of=symbol),
            "since": since if days_since(since, "value", self.view.as_of) >= _FAR_DAYS else None,
            "record": self.book.find("record", of=symbol, side=side),
            "extreme": self._extreme(), "large": self.view.benchmark("large"),
        }  # fmt: skip

    def _extreme(self) -> Fact | None:
        """The session's move as the largest for long."""
        fact = self.book.find("return-extreme", of=self.of, side="best" if self.up else "worst")
        if fact is None:
            return None
        far = fact.get("since") is None or days_since(fact, "since", self.view.as_of) >= _FAR_DAYS
        return fact if far else None

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [self._opening(), self._indices(), self._precedent(), self._next()]
        return Outline(
            story="volatility",
            key=key,
            as_of=self.view.as_of,
            title=self.say("title"),
            title_short=self.say("title", since=None, record=None),
            summary=self.say(
                "summary", index=self.indices[0] if self.indices else "", index_fact=self._index()
            ),
            sections=tuple(part for part in parts if part is not None),
            topics=("volatility", "markets"),
            subjects=(self.of,),
            chart=self._chart(),
        )

    def _index(self) -> Fact | None:
        return self.moved(self.indices[0]) if self.indices else None

    def _opening(self) -> Section | None:
        beyond, high = self._beyond()
        record = self.values["record"]
        return section(
            None,
            paragraph(self.say("lede")),
            paragraph(
                self.say("extreme") if self.values["extreme"] else None,
                self.say("beyond", beyond=beyond, high=high)
                if beyond is not None and beyond.value and record is None
                else None,
            ),
            paragraph(self.say("what_it_is", "definition") if self.values["large"] else None),
        )

    def _beyond(self) -> tuple[Fact | None, bool]:
        """How often it closed beyond, on the side where that is rarer: after a drop it may stand high all the same."""
        sides = {high: self.book.find("closes-beyond", of=self.of, side="high" if high else "low")
                 for high in (self.up, not self.up)}  # fmt: skip
        known = {
            high: fact for high, fact in sides.items() if fact is not None and isinstance(fact.value, int)
        }
        if not known:
            return None, self.up
        high = min(known, key=lambda side: int(str(known[side].value)))
        return known[high], high

    def _indices(self) -> Section | None:
        moves = self.index_moves()
        if moves is None:
            return None
        first = self.indices[0]
        lived = (
            self.book.find("realised-volatility", of=first) if basis_of(self.view, first) == "price" else None
        )
        return section(
            self.say("indices_heading", "definition"),
            moves,
            common.levels_table(self.assignment, [*self.indices, self.of]),
            paragraph(
                self.say("lived", lived=lived, symbol=first) if lived else None,
                self.say("lived_means", "definition") if lived else None,
            ),
        )

    def _precedent(self) -> Section | None:
        step = next((step for step in _STEPS if abs(self.size) >= step), 0)
        if not step:
            return None
        said = common.after_cases(
            self.assignment, _HORIZONS, self.values,
            of=self.of, event="gain" if self.up else "drop", at_least=step,
        )  # fmt: skip
        if not enough(said, _LEAST_CASES):
            return None
        return section(self.say("precedent_heading", "definition"), *common.case_paragraphs(said))

    def _next(self) -> Section | None:
        return section(self.say("next_heading", "definition"), paragraph(*common.coming(self.assignment, 2)))

    def _chart(self) -> ChartPlan:
        days = self.view.sessions[-_CHART_SESSIONS:].astype("datetime64[D]").tolist()
        return ChartPlan(
            symbols=(self.of,),
            first=days[0],
            last=self.view.as_of,
            basis="price",
            indexed=False,
            title=self.say("chart_title", "definition"),
            alt=self.say("chart_alt"),
        )


def enough(said: list[Planned], least: int) -> bool:
    """Whether what followed is told of so many cases; a median of fewer is none to speak of."""
    cases = said[0].values.get("cases") if said else None
    return isinstance(cases, Fact) and isinstance(cases.value, int) and cases.value >= least
