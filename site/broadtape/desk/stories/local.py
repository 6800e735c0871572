"""Local: what the companies near a site did on the session, one story a site.

Owns the choice and order of what is said of them; which companies are near is market.places'. The words are in
local.md.j2.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from broadtape.desk.outline import Cell, ChartPlan, Outline, Planned, Section, paragraph, section
from broadtape.desk.patterns import basis_of
from broadtape.desk.stories import Assignment, Nearby, Proposal, common, filed
from broadtape.desk.stories.base import Plan, chosen
from broadtape.model import Basis, Fact

_LEAST = 3  # companies; fewer are no field
_MOST = 12
_FORTNIGHT = 10  # sessions; a year to date no longer says little
_FAR = Decimal(3)  # percent; from here the desk says what is on file of a move


@dataclass(frozen=True, slots=True)
class LocalMovers:
    """The story of the companies near a site."""

    name: str = "local"
    title: str = "the companies near a site"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One a site with at least three companies; as strong as its strongest company's signal."""
        found = []
        for place in assignment.nearby:
            if len(_moves(assignment, place)) < _LEAST:
                continue
            key = f"local/{place.site}"
            own = [
                item
                for item in assignment.ranked
                if item.signal.kind == "company" and item.signal.subject in place.symbols
            ]
            lead = own[0] if own else None
            covers = (key, *((f"company/{lead.signal.subject}",) if lead is not None else ()))
            found.append(
                Proposal(self.name, key, lead.score.total - 1 if lead else 0.0, lead, covers, place.site)
            )
        return sorted(found, key=lambda one: (-one.score, one.key))

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The ends of the field, each company, against the index, what is on file of far moves."""
        place = next(one for one in assignment.nearby if one.site == proposal.site)
        return _Plan(assignment, place).outline(proposal.key)


def _moves(assignment: Assignment, place: Nearby) -> list[tuple[Decimal, str, Fact, Basis]]:
    """The companies by their move, best first; those of one basis, whichever has more."""
    best: list[tuple[Decimal, str, Fact, Basis]] = []
    bases: tuple[Basis, ...] = ("price", "total")
    for basis in bases:
        chosen = {} if basis == "price" else {"basis": basis}
        found = [
            (fact.value, symbol, fact, basis)
            for symbol in place.symbols
            if basis_of(assignment.view, symbol) is not None
            and (fact := assignment.book.find("return", of=symbol, over="1s", **chosen)) is not None
            and isinstance(fact.value, Decimal)
        ]
        best = found if len(found) > len(best) else best
    return sorted(best, key=lambda one: (-one[0], one[1]))


class _Plan(Plan):
    """The facts of the companies near one site."""

    def __init__(self, assignment: Assignment, place: Nearby) -> None:
        super().__init__(assignment)
        self.moves = _moves(assignment, place)
        self.basis = self.moves[0][3]
        self.chosen = chosen(self.basis)
        large = self.view.benchmark("large")
        best, worst = self.moves[0], self.moves[-1]
        self.first, self.second = sorted((best, worst), key=lambda one: (-abs(one[0]), one[1]))
        self.values: dict[str, object] = {
            "best": best[2], "best_of": best[1], "worst": worst[2], "worst_of": worst[1], "large": large,
            "first": self.first[2], "first_of": self.first[1], "second": self.second[2], "second_of": self.second[1],
            "index": self.book.find("return", of=large, over="1s") if large else None,
        }  # fmt: skip

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [self._opening(), self._on_file()]
        return self.assemble(
            "local",
            key,
            parts,
            title=self.say("title"),
            title_short=self.say("title_short"),
            topics=("local", "companies"),
            subjects=tuple(one[1] for one in self.moves),
            chart=self._chart(),
        )

    def _opening(self) -> Section | None:
        shown = (
            self.moves[: _MOST // 2] + self.moves[-(_MOST // 2) :] if len(self.moves) > _MOST else self.moves
        )
        events = filed.events(self.assignment, [one[1] for one in shown])
        rows = tuple(
            (
                Cell(symbol=symbol), common.fact_cell(fact),
                *(common.fact_cell(self._return(symbol, over)) for over in ("5s", "ytd")),
                *([events[symbol]] if events is not None else []),
            )
            for _, symbol, fact, _ in shown
        )  # fmt: skip
        head = "1 session, dividends included" if self.basis == "total" else "1 session"
        return section(
            None,
            paragraph(self.say("lede"), self.say("index") if self.values["index"] is not None else None),
            paragraph(self._longer()),
            common.filled(
                (
                    "Company",
                    head,
                    "5 sessions",
                    "Year to date",
                    *([filed.ON_FILE] if events is not None else []),
                ),
                rows,
            ),
        )

    def _return(self, symbol: str, window: str) -> Fact | None:
        return self.book.find("return", of=symbol, over=window, **self.chosen)

    def _on_file(self) -> Section | None:
        """What was filed or told of the companies that moved far."""
        said: list[Planned] = []
        silent: list[str] = []
        for value, symbol, _, _ in self.moves:
            if abs(value) < _FAR:
                continue
            found = filed.on_file(self.assignment, symbol)
            said += [one for one in (filed.on_file_said(symbol, found),) if one is not None]
            led = symbol in {self.first[1], self.second[1]}  # of the others silence is no news
            silent += [symbol] if led and not found else []
        wording = self.say("nothing_on_file", silent=tuple(silent))
        nothing = filed.nothing_found(self.assignment, silent, wording) if silent else None
        if not said and nothing is None:
            return None
        return section(self.say("on_file_heading", "definition"), paragraph(*said), paragraph(nothing))

    def _longer(self) -> Planned | None:
        """The best and the worst of the year to date."""
        year = [
            (fact.value, symbol, fact)
            for _, symbol, _, _ in self.moves
            if (fact := self.book.find("return", of=symbol, over="ytd", **self.chosen)) is not None
            and isinstance(fact.value, Decimal)
        ]
        sessions = year[0][2].get("sessions") if year else None
        long = sessions is not None and isinstance(sessions.value, int) and sessions.value > _FORTNIGHT
        if len(year) < _LEAST or not long:
            return None
        year.sort(key=lambda one: (-one[0], one[1]))
        values = {"top": year[0][2], "top_of": year[0][1], "tail": year[-1][2], "tail_of": year[-1][1]}
        return Planned("longer", {**self.values, **values})

    def _chart(self) -> ChartPlan:
        title = self.say("chart_title", "definition", total=self.basis == "total")
        return self.drawn((self.first[1], self.second[1]), 63, basis=self.basis, indexed=True, title=title)
