"""Company: one share moves far by its own measure; what its own past, its peers and the index say of it.

Owns the choice and order of what is said of the move; the words are in company.md.j2. What others told or filed of it
is named and linked, never quoted; where nothing is on file the story says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import Cell, ChartPlan, Outline, Planned, Section, Table, paragraph, section
from broadtape.desk.patterns import basis_of
from broadtape.desk.stories import Assignment, Proposal, common
from broadtape.model import Basis, Fact

_FAR_DAYS = 200
_HORIZONS = (21, 63)
_LEAST_STEP = 3  # percent; smaller moves of a share have cases without number
_PEERS_LEAST, _PEERS_MOST = 3, 6


@dataclass(frozen=True, slots=True)
class CompanyMove:
    """The story of one share's move."""

    name: str = "company"
    title: str = "one share's far move, with its record, its peers and what was filed or told of it"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """Each share whose move is news, strongest first; an edition takes one."""
        for item in assignment.ranked:
            if item.signal.kind == "company":
                key = f"company/{item.signal.subject}"
                return [Proposal(self.name, key, item.score.total, item, (key,))]
        return []

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The move, where it stands, what is on file, the peers, precedent."""
        if proposal.lead is None:
            raise ValueError("a company's story needs the signal that leads it")
        return _Plan(assignment, proposal.lead).outline(proposal.key)


class _Plan:
    """The facts of one share and the sections made of them."""

    def __init__(self, assignment: Assignment, lead: Ranked) -> None:
        self.assignment, self.view, self.book = assignment, assignment.view, assignment.book
        self.of = lead.signal.subject
        self.basis: Basis = basis_of(self.view, self.of) or "price"
        self.chosen = {} if self.basis == "price" else {"basis": self.basis}
        self.day = self.book.find("return", of=self.of, over="1s", **self.chosen)
        self.up = self.day is not None and "up" in self.day.tags
        price = self.basis == "price"
        index = self.view.benchmark("large")
        self.values: dict[str, object] = {
            "of": self.of, "day_move": self.day, "up": self.up, "extreme": self._extreme() if price else None,
            "close": self.book.find("level", of=self.of) if price else None,
            "lowest": self._since() if price else None,
            "below": self.book.find("drawdown", of=self.of) if price else None,
            "record": self.book.find("record", of=self.of) if price else None,
            "index": index, "moved": self.book.find("return", of=index, over="1s") if index is not None else None,
            "rank": self._rank(), "volume": self._volume(), "ytd": self._return("ytd"), "five": self._return("5s"),
        }  # fmt: skip

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [self._opening(), self._on_file(), self._peers(), self._precedent(), self._next()]
        return Outline(
            story="company",
            key=key,
            as_of=self.view.as_of,
            title=self._say("title"),
            title_short=self._say("title_short"),
            summary=self._say("summary"),
            sections=tuple(part for part in parts if part is not None),
            topics=("companies", "markets"),
            subjects=(self.of,),
            chart=self._chart(),
        )

    def _say(self, key: str, kind: str = "fact", guard: str = "", **more: object) -> Planned:
        return Planned(key, {**self.values, **more}, kind, guard)  # type: ignore[arg-type]  # kinds are literals here

    def _return(self, window: str) -> Fact | None:
        return self.book.find("return", of=self.of, over=window, **self.chosen)

    def _extreme(self) -> Fact | None:
        fact = self.book.find("return-extreme", of=self.of, side="best" if self.up else "worst")
        since = (fact.get("since") or fact.get("data_start")) if fact is not None else None
        if fact is None or since is None or not isinstance(since.value, date):
            return None
        return fact if (self.view.as_of - since.value).days >= _FAR_DAYS else None

    def _since(self) -> Fact | None:
        fact = self.book.find("extreme-since", of=self.of, side="high" if self.up else "low")
        known = fact is not None and isinstance(fact.value, date)
        return fact if known and (self.view.as_of - fact.value).days >= _FAR_DAYS else None  # type: ignore[operator, union-attr]  # a date

    def _rank(self) -> Fact | None:
        """The place in the largest group that has it, told at the ends of the field only."""
        field = common.field_of(self.assignment, "1s", None, self.view.as_of)
        if field is None or self.of not in field.symbols:
            return None
        chosen = {} if field.basis == "price" else {"basis": field.basis}
        fact = self.book.find("rank", of=self.of, in_=field.group, over="1s", **chosen)
        return fact if fact is not None and fact.tags & {"best", "worst"} else None

    def _volume(self) -> Fact | None:
        fact = self.book.find("volume", of=self.of)
        return (
            fact
            if fact is not None and isinstance(fact.value, Decimal) and fact.value >= Decimal("1.5")
            else None
        )

    def _opening(self) -> Section | None:
        away = self.values["below"] if not self.values["record"] else None
        return section(
            None,
            paragraph(
                self._say("lede"),
                self._say("rank") if self.values["rank"] is not None else None,
                self._say("index") if self.values["moved"] is not None else None,
            ),
            paragraph(
                self._say("volume") if self.values["volume"] is not None else None,
                self._say("so_far")
                if self.values["ytd"] is not None and self.values["five"] is not None
                else None,
                self._say("below") if isinstance(away, Fact) and away.value else None,
            ),
        )

    def _on_file(self) -> Section | None:
        found = common.on_file(self.assignment, self.of)
        said = [Planned("on_file", {"of": self.of, **one}, "attributed") for one in found]
        return section(
            self._say("on_file_heading", "definition"),
            paragraph(*said) if said else paragraph(self._say("nothing_on_file", "definition")),
        )

    def _peers(self) -> Section | None:
        """Others of its industry, else of its sector, by their move."""
        own = self.view.instrument(self.of)
        members = dict.fromkeys(one for group in self.assignment.universe for one in self.view.group(group))
        for attribute in ("industry", "sector"):
            wanted = getattr(own, attribute)
            alike = [
                symbol
                for symbol in members
                if symbol != self.of and wanted and not symbol.startswith("UNLISTED:")
                and getattr(self.view.instrument(symbol), attribute) == wanted
            ]  # fmt: skip
            moves = [
                (abs(fact.value), symbol, fact)
                for symbol in alike
                if basis_of(self.view, symbol) is not None
                and (fact := self.book.find("return", of=symbol, over="1s", **self.chosen)) is not None
                and isinstance(fact.value, Decimal)
            ]
            if len(moves) >= _PEERS_LEAST:
                moves.sort(key=lambda one: (-one[0], one[1]))
                total = self.basis == "total"
                rows = tuple(
                    (Cell(symbol=symbol), common.fact_cell(fact)) for _, symbol, fact in moves[:_PEERS_MOST]
                )
                first = moves[0]
                return section(
                    self._say("peers_heading", "definition"),
                    paragraph(self._say("peers", symbol=first[1], move_of=first[2])),
                    Table(("Company", "Change, dividends included" if total else "Change"), rows),
                )
        return None

    def _precedent(self) -> Section | None:
        if self.day is None or not isinstance(self.day.value, Decimal):
            return None
        step = int(abs(self.day.value))
        said: list[Planned] = []
        while step >= _LEAST_STEP and not said:
            said = common.after_cases(
                self.assignment, _HORIZONS, self.values, of=self.of, event="gain" if self.up else "drop",
                at_least=step, basis=self.basis,
            )  # fmt: skip
            step //= 2
        if not said:
            return None
        return section(self._say("precedent_heading", "definition"), *common.case_paragraphs(said))

    def _next(self) -> Section | None:
        events = common.coming(self.assignment, 1)
        return section(None, paragraph(*events)) if events else None

    def _chart(self) -> ChartPlan | None:
        days = self.view.sessions[-252:].astype("datetime64[D]").tolist()
        if self.day is None:
            return None
        return ChartPlan(
            symbols=(self.of,),
            first=days[0],
            last=self.view.as_of,
            basis=self.basis,
            indexed=self.basis == "total",
            title=self._say("chart_title", "definition"),
            alt=self._say("chart_alt"),
        )
