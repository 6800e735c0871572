"""Market wrap: what the indices did on a session, at the length that the session earned.

Owns the choice and order; the words are in wrap.md.j2. A quiet session makes a brief, a session far out of the
ordinary a long story with precedent.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from broadtape.desk.outline import ChartPlan, Outline, Paragraph, Planned, Section, paragraph, section
from broadtape.desk.patterns import basis_of, benchmarks
from broadtape.desk.prose import size
from broadtape.desk.stories import Assignment, Proposal, asides, common
from broadtape.desk.stories.base import Plan
from broadtape.model import Basis, Fact

_ALSO = 0.05  # of the second signal: a session with several of its own is worth a little more
_LONG_FROM = 6.0  # score of the session's own signals
_OWN_KINDS = ("move", "drawdown", "policy", "52-week", "reversal", "breadth")
_FAR_DAYS = 120  # an extreme "since" nearer than this is not worth a headline
_TURNED = Decimal(2)  # percent the other way within the session, from which the turn is the headline
_DEEP = Decimal(-5)  # percent below the record from which the distance is told
_QUIET = 1  # size of a move: edged, little changed
_LEAST_STEP = 1  # percent: a smaller session is not set against a year
_TOLD_FROM = Decimal(2)  # percent: a longer stretch of less says nothing against a session
_HORIZONS = (21, 63)


@dataclass(frozen=True, slots=True)
class MarketWrap:
    """The story of a session."""

    name: str = "wrap"
    title: str = "the session's close, brief on a quiet day"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One wrap wherever an index has a close on the session."""
        indices = benchmarks(assignment.view)
        basis = basis_of(assignment.view, *indices[:1]) if indices else None
        chosen = {} if basis in (None, "price") else {"basis": str(basis)}
        if not indices or assignment.book.find("return", of=indices[0], over="1s", **chosen) is None:
            return []
        own = [item for item in assignment.ranked if item.signal.kind in _OWN_KINDS]
        lead = own[0] if own else None
        more = _ALSO * own[1].score.total if len(own) > 1 else 0.0
        return [Proposal(self.name, "wrap", lead.score.total + more if lead else 0.0, lead)]

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The indices, the companies or sector funds, and, on a large move, precedent."""
        return _Plan(assignment, proposal).outline(proposal.key)


class _Plan(Plan):
    """The facts of one session and the sections made of them."""

    def __init__(self, assignment: Assignment, proposal: Proposal) -> None:
        super().__init__(assignment)
        self.of = self.indices[0]
        self.long = proposal.score >= _LONG_FROM
        self.basis: Basis = basis_of(self.view, self.of) or "price"
        self.chosen = {} if self.basis == "price" else {"basis": self.basis}
        self.day = self.moved(self.of, "1s")
        self.up = self.day is not None and "up" in self.day.tags
        price = self.basis == "price" and self.day is not None
        self.since = self.last_beyond(self.of, "high" if self.up else "low", _FAR_DAYS) if price else None
        self.extreme = self.day_extreme(self.of, self.up, _FAR_DAYS) if price else None
        self.drawdown = self._drawdown()
        self.turn = self._turn()
        self.turned = self._turned()
        self.told = f"record/{self.of}" in assignment.covered  # another story of the edition has the record
        self.counted = self._counted()
        self.values: dict[str, object] = {
            "of": self.of, "turn": self.turn, "turned": self.turned, "day_move": self.day, "since": self.since,
            "down": self.drawdown, "extreme": self.extreme,
            "close": self.book.find("level", of=self.of), "record": self._record(), "total": self.basis == "total",
        }  # fmt: skip

    def outline(self, key: str) -> Outline:
        """The whole story."""
        after = [
            self.companies(each=4 if self.long else 3, counted=self.long or self.counted is not None),
            self._sectors(),
        ]
        precedent = self._precedent()
        bare = precedent is not None and precedent.heading is None  # policy alone stands with the indices
        after = [*after, None if bare else precedent]
        headed = any(part is not None and part.heading is not None for part in after)
        parts = [
            self._opening(),
            self._beside(),
            precedent if bare else None,
            self._week(),
            *after,
            self.ahead(2, headed=headed),
        ]
        return self.assemble(
            "wrap",
            key,
            parts,
            title=self._title(),
            title_short=self.say("title", other=None, symbol=""),
            summary=self.say("summary", others=self._others()),
            topics=("market-wrap", "markets"),
            subjects=tuple(self.indices),
            chart=self._chart(),
        )

    def _turn(self) -> Fact | None:
        """How far the session had gone the other way before it turned, where that is news."""
        for item in self.assignment.ranked:
            if item.signal.kind == "reversal" and item.signal.subject == self.of:
                return item.signal.fact
        return None

    def _turned(self) -> Fact | None:
        """How many earlier sessions turned from as far, where there were any: what such a day's being rare rests on."""
        step = int(abs(Decimal(str(self.turn.value)))) if self.turn is not None else 0
        fact = self.book.find("what-followed", of=self.of, horizon=5, **self._turns(step)) if step else None
        return fact if fact is not None and fact.value else None

    def _turns(self, step: int) -> dict[str, str | int]:
        return {"event": "turn", "side": "up" if self.up else "down", "at_least": step}

    def _record(self) -> Fact | None:
        return self.book.find("record", of=self.of) if self.basis == "price" else None

    def _counted(self) -> Paragraph | None:
        """How many companies rose or fell, where the headline needs it: the record is told, no other index closed."""
        if not self.told or self._others():
            return None
        field = common.field_of(self.assignment, "1s", None, self.view.as_of)
        return common.breadth(self.assignment, field) if field is not None else None

    def _drawdown(self) -> Fact | None:
        fact = self.book.find("drawdown", of=self.of) if self.basis == "price" else None
        return fact if fact is not None and isinstance(fact.value, Decimal) and fact.value <= _DEEP else None

    def _title(self) -> Planned:
        if self.turn is not None and isinstance(self.turn.value, Decimal) and abs(self.turn.value) >= _TURNED:
            return self.say("title_turn")
        if self.since is not None:
            return self.say("title_since")
        if self.extreme is not None:
            return self.say("title_extreme")
        symbol, other = self._furthest()
        if self.told and (other is not None or self.counted is not None):
            counts = self.counted.sentences[0].values if self.counted else {}
            share, side = counts.get("share"), counts.get("side")
            return self.say("title_told", other=other, symbol=symbol, share=share, side=side)
        if self.values["record"] is not None:
            return self.say("title_record")
        if self.day is not None and max(size(self.day), size(other) if other is not None else 0) <= _QUIET:
            company = self._company()
            if company is not None:
                return self.say("title_company", other=company[1], symbol=company[0])
        return self.say("title", other=other, symbol=symbol)

    def _company(self) -> tuple[str, Fact] | None:
        """The company that moved furthest on a quiet session, unless another story of the edition is about it."""
        field = common.field_of(self.assignment, "1s", None, self.view.as_of)
        if field is None:
            return None
        ends = ((field.symbols[0], field.values[0]), (field.symbols[-1], field.values[-1]))
        for symbol, _ in sorted(ends, key=lambda end: -abs(end[1])):
            if f"company/{symbol}" not in self.assignment.covered:
                fact = self.moved(symbol)
                return (symbol, fact) if fact is not None else None
        return None

    def _furthest(self) -> tuple[str, Fact | None]:
        """The other index whose move is furthest from the first one's; that of two alike named first."""
        own = self.day.value if self.day is not None else None
        apart = [
            (abs(fact.value - own), -place, symbol, fact)
            for place, (symbol, fact) in enumerate(self._others())
            if isinstance(own, Decimal) and isinstance(fact.value, Decimal)
        ]
        if not apart:
            return "", None
        _, _, symbol, fact = max(apart, key=lambda one: one[:2])
        return symbol, fact

    def _others(self) -> tuple[tuple[str, Fact], ...]:
        pairs = [(symbol, self.moved(symbol, "1s")) for symbol in self.indices[1:]]
        return tuple((symbol, fact) for symbol, fact in pairs if fact is not None)

    def _opening(self) -> Section | None:
        others = self._others()
        month = self.moved(self.of, "mtd") if self.view.as_of.day > 5 and self.view.as_of.month > 1 else None
        if month is not None and abs(Decimal(str(month.value))) < _TOLD_FROM:
            month = None
        return section(
            None,
            paragraph(
                self.say("lede"),
                self.say("turn") if self.turn is not None else None,
                self.say("turn_rate") if self.turned is not None else None,
                self.say("month_to_date", mtd=month) if month and not self.drawdown else None,
                self.say("index_others", others=others) if others else None,
            ),
            paragraph(
                self.say("drawdown") if self.drawdown else None,
                self.say("month_to_date", mtd=month) if month and self.drawdown else None,
                common.volatility(self.assignment) if self.long else None,
            ),
        )

    def _beside(self) -> Section | None:
        """What else stood out of the indices and the funds that stand for them."""
        subjects = [*self.indices, *asides.funds_of(self.assignment, self.indices)]
        return section(None, *asides.told(self.assignment, subjects, most=2 if self.long else 1))

    def _week(self) -> Section | None:
        symbols = list(self.indices)
        volatility = self.view.benchmark("volatility")
        if volatility is not None:
            symbols.append(volatility)
        return section(
            None,
            common.levels_table(self.assignment, symbols),
        )

    def _sectors(self) -> Section | None:
        if "sectors" in self.assignment.covered:
            return None
        moves: list[tuple[Decimal, str, Fact]] = []
        for symbol in self.assignment.sector_funds:
            fact = self.moved(symbol, "1s") if basis_of(self.view, symbol) == "price" else None
            if fact is not None and isinstance(fact.value, Decimal):
                moves.append((fact.value, symbol, fact))
        if len(moves) < 5:
            return None
        moves.sort(key=lambda item: (-item[0], item[1]))
        best, worst = moves[0], moves[-1]
        return section(
            self.say("sectors_heading", "definition"),
            paragraph(
                common.sector_ends(self.assignment, best[1], worst[1], "1s"),
            ),
        )

    def _precedent(self) -> Section | None:
        if self.day is None or not self.long or not isinstance(self.day.value, Decimal):
            return None
        step = int(abs(self.day.value))
        said: list[Planned] = []
        turned = int(abs(Decimal(str(self.turn.value)))) if self.turn is not None else 0
        if turned:  # the session is like others that turned, not like others that closed so far up or down
            said = common.after_cases(
                self.assignment, _HORIZONS, self.values, of=self.of, event="turn", at_least=turned,
                side="up" if self.up else "down",
            )  # fmt: skip
        elif step >= 2:
            said = common.after_cases(
                self.assignment, _HORIZONS, self.values,
                of=self.of, event="gain" if self.up else "drop", at_least=step, basis=self.basis,
            )  # fmt: skip
        counter = self._counter() if step >= _LEAST_STEP else None
        return section(
            self.say("precedent_heading", "definition") if said or counter else None,
            *common.case_paragraphs(said),
            paragraph(counter),
            common.policy(self.assignment),
        )

    def _counter(self) -> Planned | None:
        """A longer stretch that points the other way than the session."""
        for window in common.since_months(self.assignment, 12, 36, 3):
            fact = self.moved(self.of, window)
            far = fact is not None and isinstance(fact.value, Decimal) and abs(fact.value) >= _TOLD_FROM
            if fact is not None and far and ("up" in fact.tags) != self.up:
                return self.say("counter", counter=fact)
        return None

    def _chart(self) -> ChartPlan | None:
        if self.day is None:
            return None
        other = self.indices[1] if len(self.indices) > 1 else ""
        title = self.say("chart_title" if self.long else "chart_title_pair", "definition", other=other)
        return self.drawn(
            (self.of,) if self.long else self.indices[:2], 126, basis=self.basis,
            indexed=not self.long or self.basis == "total", title=title,
        )  # fmt: skip
