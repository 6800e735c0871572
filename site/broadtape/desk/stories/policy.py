"""Policy decision: what the Federal Reserve did to its range, the path it is on, and how markets closed.

Owns the choice and order; the words are in policy.md.j2. Needs decisions in the store; says nothing of motives or of
who voted how, which no decision on file tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from broadtape.desk.outline import ChartPlan, Outline, Planned, Section, SentenceKind, paragraph, section
from broadtape.desk.patterns import basis_of, benchmarks
from broadtape.desk.stories import Assignment, Proposal, common
from broadtape.desk.stories.base import strongest
from broadtape.model import Fact, NoData

_HORIZONS = (21, 63)
_NOTHING: Mapping[str, object] = {}
_CHART = timedelta(days=3 * 366)
_LEAST_RUN = 2  # a decision that is like the one before is one of a row
_LEAST_CASES = 4  # earlier moves; of fewer there is no median to speak of
_READ_SINCE = timedelta(days=100)  # a reading older than this is not the economy that a decision met


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """The story of a decision of the Federal Reserve."""

    name: str = "policy"
    title: str = "a decision on the policy rate, its path and how markets closed"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One story where a decision fell on the session, or on the days off before it."""
        return strongest(assignment, self.name, lambda signal: signal.kind == "policy")

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The decision, its place in the path, the readings it met, what followed earlier ones."""
        return _Plan(assignment).outline(proposal.key)


class _Plan:
    """The facts of one decision and the sections made of them."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment, self.view, self.book = assignment, assignment.view, assignment.book
        last, rate = self.book.find("policy-last"), self.book.find("policy-rate")
        if last is None or rate is None:
            raise NoData(f"{self.view.as_of}: no policy decision is known")
        self.last = last
        self.side = next(side for side in ("cut", "raise", "hold") if side in last.tags)
        run = self.book.find("policy-run")
        self.run = run if run is not None and isinstance(run.value, int) and run.value >= _LEAST_RUN else None
        cycle = self.book.find("policy-cycle")
        many = cycle is not None and isinstance(cycle.value, int) and (cycle.value > 1 or self.side == "hold")
        self.cycle = cycle if many else None
        self.indices = benchmarks(self.view)
        self.values: dict[str, object] = {
            "last": last, "run": self.run, "side": self.side, "cycle": self.cycle,
            "first": self.book.find("policy-first"), "largest": self.book.find("policy-largest"),
        }  # fmt: skip

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [self._opening(), self._markets(), self._economy(), self._precedent(), self._next()]
        return Outline(
            story="policy",
            key=key,
            as_of=self.view.as_of,
            title=self._say("title"),
            title_short=self._say("title", run=None),
            summary=self._say("summary", more=self._market()),
            sections=tuple(part for part in parts if part is not None),
            topics=("federal-reserve", "interest-rates"),
            subjects=tuple(self.indices[:1]),
            chart=self._chart(),
        )

    def _say(
        self,
        key: str,
        kind: SentenceKind = "fact",
        guard: str = "",
        more: Mapping[str, object] = _NOTHING,
        **named: object,
    ) -> Planned:
        return Planned(key, {**self.values, **more, **named}, kind, guard)

    def _market(self) -> dict[str, object]:
        """The broad index and its move on the session."""
        symbol = self.indices[0] if self.indices else ""
        return {"symbol": symbol, "day_move": self._return(symbol, "1s") if symbol else None}

    def _return(self, symbol: str, window: str) -> Fact | None:
        basis = basis_of(self.view, symbol)
        chosen = {} if basis in (None, "price") else {"basis": str(basis)}
        return self.book.find("return", of=symbol, over=window, **chosen)

    def _opening(self) -> Section | None:
        path = [
            self._say("first") if self.values["first"] else None,
            self._say("largest") if self.values["largest"] else None,
            self._say("cycle") if self.cycle else None,
        ]
        return section(
            None,
            paragraph(self._say("lede"), *path[:2]),
            paragraph(path[2], self._say("what_it_is", "definition")),
        )

    def _markets(self) -> Section | None:
        market = self._market()
        if market["day_move"] is None:
            return None
        symbols = list(self.indices)
        volatility = self.view.benchmark("volatility")
        if volatility is not None:
            symbols.append(volatility)
        yields = [
            fact
            for series in ("DGS2", "DGS10")
            if (fact := self.book.find("reading", series=series)) is not None
        ]
        others = tuple((one, move) for one in self.indices[1:] if (move := self._return(one, "1s")))
        return section(
            self._say("markets_heading", "definition"),
            paragraph(
                self._say("markets", more=market),
                self._say("index_others", others=others) if others else None,
            ),
            common.levels_table(self.assignment, symbols),
            paragraph(
                self._say("yields", two=yields[0], ten=yields[1]) if len(yields) == 2 else None,
            ),
        )

    def _economy(self) -> Section | None:
        prices = self._recent("CPIAUCSL", transform="yoy")
        core = self._recent("CPILFESL", transform="yoy")
        jobs = self._recent("UNRATE")
        return section(
            self._say("economy_heading", "definition"),
            paragraph(
                self._say("prices", prices=prices, core=core) if prices else None,
                self._say("unemployment", jobs=jobs) if jobs else None,
            ),
        )

    def _recent(self, series: str, **more: str) -> Fact | None:
        fact = self.book.find("reading", series=series, **more)
        period = fact.get("period") if fact is not None else None
        if period is None or not hasattr(period.value, "toordinal"):
            return None
        return fact if self.view.as_of - period.value <= _READ_SINCE else None  # type: ignore[operator]  # a date

    def _precedent(self) -> Section | None:
        if self.side == "hold" or not self.indices or basis_of(self.view, self.indices[0]) != "price":
            return None
        said = common.after_cases(
            self.assignment, _HORIZONS, {**self.values, "of": self.indices[0]},
            of=self.indices[0], event=self.side, at_least=25,
        )  # fmt: skip
        cases = said[0].values["cases"] if said else None
        if not isinstance(cases, Fact) or not isinstance(cases.value, int) or cases.value < _LEAST_CASES:
            return None
        return section(self._say("precedent_heading", "definition"), *common.case_paragraphs(said))

    def _next(self) -> Section | None:
        return section(self._say("next_heading", "definition"), paragraph(*common.coming(self.assignment)))

    def _chart(self) -> ChartPlan | None:
        decisions = self.view.decisions()
        first = max(decisions[0].day, self.view.as_of - _CHART)
        if len({one.upper for one in decisions if one.day >= first}) < 2:
            first = decisions[0].day
        if len({one.upper for one in decisions if one.day >= first}) < 2:
            return None
        return ChartPlan(
            symbols=(),
            first=first,
            last=self.view.as_of,
            basis="price",
            indexed=False,
            kind="steps",
            title=self._say("chart_title", "definition"),
            alt=self._say("chart_alt"),
        )
