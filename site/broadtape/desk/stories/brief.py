"""Brief: a gap, a volume, an average or a level crossed, a ratio, a correlation or a year's start that leads the day.

Owns the choice and order of what is said of it; the words are in brief.md.j2. Short on purpose: one thing stood out.
"""

from __future__ import annotations

from dataclasses import dataclass

from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import Outline, Planned, Section, paragraph, section
from broadtape.desk.patterns import Signal, basis_of
from broadtape.desk.stories import Assignment, Proposal, asides, common
from broadtape.desk.stories.base import Plan, chosen, lead_of, strongest
from broadtape.model import Basis, UnknownSymbol

_SESSIONS = {
    "average-cross": 504,
    "ratio": 504,
    "recross": 504,
    "correlation": 252,
}  # drawn; of others half a year
_TOPICS = {"ratio": "rotation", "correlation": "markets", "year-start": "streaks"}


@dataclass(frozen=True, slots=True)
class Brief:
    """The story of one thing that stood out."""

    name: str = "brief"
    title: str = (
        "one thing that stood out: a gap, a volume, an average or a level crossed, a ratio, a correlation"
    )

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One a session, of the strongest such signal that all it is told with is there for."""

        def told(signal: Signal) -> bool:
            return asides.values_of(assignment, signal) is not None

        return strongest(assignment, self.name, told, asides.key_of)

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """What stood out, what followed earlier ones, how the indices closed, what is next."""
        return _Plan(assignment, lead_of(proposal)).outline(proposal.key)


class _Plan(Plan):
    """The facts of one signal and the sections made of them."""

    def __init__(self, assignment: Assignment, lead: Ranked) -> None:
        super().__init__(assignment)
        self.signal = lead.signal
        self.of, self.vs = lead.signal.subject, lead.signal.object
        self.kind = lead.signal.kind.replace("-", "_")
        found = asides.values_of(assignment, lead.signal)
        if found is None:
            raise ValueError(f"{lead.signal.kind} of {self.of}: what it is told with is missing")
        self.basis: Basis = basis_of(self.view, self.of, *([self.vs] if self.vs else [])) or "price"
        self.index = self._index()
        self.values = {
            **found, "dated": self.kind not in {"year_start", "correlation", "deal"},
            "day_move": self.book.find("return", of=self.of, over="1s", **chosen(self.basis)),
            "close": self.book.find("level", of=self.of) if self.basis == "price" else None,
            "index": self.index, "index_move": self.moved(self.index) if self.index else None,
        }  # fmt: skip

    def _index(self) -> str:
        """The index beside the subject: that which a fund stands for, else the broadest other one."""
        stands_for = self.view.instrument(self.of).proxy_of
        known = [stands_for, *self.indices] if stands_for else self.indices
        return next(
            (one for one in known if one and one not in {self.of, self.vs} and self._is_there(one)), ""
        )

    def _is_there(self, symbol: str) -> bool:
        try:
            return basis_of(self.view, symbol) is not None and bool(self.view.instrument(symbol))
        except UnknownSymbol:
            return False

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [self._opening(), self._precedent(), self._standing(), self.ahead(2)]
        return self.assemble(
            "brief",
            key,
            parts,
            title=self.say(f"title_{self.kind}"),
            title_short=self.say("title_short") if self.values["day_move"] is not None else None,
            summary=self.say("summary") if self.values["day_move"] is not None else self.say(f"title_{self.kind}"),
            topics=tuple(dict.fromkeys((_TOPICS.get(self.signal.kind, "market-wrap"), "markets"))),
            subjects=(self.of, *([self.vs] if self.vs else [])),
            chart=self.drawn(
                (self.of, *([self.vs] if self.vs else [])), _SESSIONS.get(self.signal.kind, 126), basis=self.basis,
                indexed=bool(self.vs) or self.basis == "total",
            ),
        )  # fmt: skip

    def _opening(self) -> Section | None:
        source = self.say("on_file", "attributed") if self.kind == "deal" else None
        within = self.say("within") if self.values.get("within") is not None else None
        return section(
            None,
            paragraph(self.say(f"lede_{self.kind}"), source, self._moved(), within),
            paragraph(self.say(f"means_{self.kind}", "definition")),
        )

    def _moved(self) -> Planned | None:
        return self.say("moved") if self.values["day_move"] is not None else None

    def _precedent(self) -> Section | None:
        rate = asides.base_rate(self.signal.kind, self.values)
        if not rate:
            return None
        return section(self.say("precedent_heading", "definition"), paragraph(*rate))

    def _standing(self) -> Section | None:
        symbols = dict.fromkeys((self.of, *([self.vs] if self.vs else []), *self.indices))
        beside = self.say("index") if self.index and self.values["index_move"] is not None else None
        return section(
            self.say("standing_heading", "definition"),
            paragraph(beside),
            common.levels_table(self.assignment, list(symbols)),
        )
