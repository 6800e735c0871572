"""Streak: an index rises or falls for many sessions or months in a row, or such a run ends.

Owns the choice and order of what is said of a run; the words are in streak.md.j2. Runs of weeks are the week's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import ChartPlan, Outline, Planned, Section, paragraph, section
from broadtape.desk.patterns import basis_of, benchmarks
from broadtape.desk.stories import Assignment, Proposal, common
from broadtape.model import Fact

_KINDS = ("streak", "streak-ended")
_UNITS = ("session", "month")
_HORIZONS = (21, 63)


@dataclass(frozen=True, slots=True)
class Streak:
    """The story of a run of rises or falls."""

    name: str = "streak"
    title: str = "an index rises or falls for many sessions or months in a row, or such a run ends"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One a session, of the strongest run."""
        for item in assignment.ranked:
            if item.signal.kind in _KINDS and item.signal.params.get("unit") in _UNITS:
                key = f"streak/{item.signal.subject}"
                return [Proposal(self.name, key, item.score.total, item, (key,))]
        return []

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The run, since when it is the longest, what it brought, the others, precedent, what ends it."""
        if proposal.lead is None:
            raise ValueError("a streak story needs the signal that leads it")
        return _Plan(assignment, proposal.lead).outline(proposal.key)


class _Plan:
    """The facts of one run and the sections made of them."""

    def __init__(self, assignment: Assignment, lead: Ranked) -> None:
        self.assignment, self.view, self.book = assignment, assignment.view, assignment.book
        signal = lead.signal
        self.of, self.side, self.unit = signal.subject, signal.params["side"], signal.params["unit"]
        self.over = signal.kind == "streak-ended"
        self.run = signal.fact
        self.start, self.end = _day(self.run, "start"), _day(self.run, "end")
        asked = {"of": self.of, "side": self.side, "unit": self.unit}
        longer = self.book.find("streak-longer", **asked)
        self.values: dict[str, object] = {
            "of": self.of, "run": self.run, "up": self.side == "up", "unit": self.unit, "over": self.over,
            "most": self.book.find("streak-most", **asked),
            "longer": longer if longer is not None and "tie" not in longer.tags else None,
            "gain": self.book.find("return", of=self.of, over=f"{self.start}..{self.end}"),
            "day_move": self.book.find("return", of=self.of, over="1s"),
            "close": self.book.find("level", of=self.of), "record": self.book.find("record", of=self.of),
        }  # fmt: skip

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [self._opening(), self._others(), self._companies(), self._precedent(), self._next()]
        return Outline(
            story="streak",
            key=key,
            as_of=self.view.as_of,
            title=self._say("title_ended" if self.over else "title"),
            title_short=self._say("title_ended" if self.over else "title_short"),
            summary=self._say("summary"),
            sections=tuple(part for part in parts if part is not None),
            topics=("streaks", "markets"),
            subjects=(self.of,),
            chart=self._chart(),
        )

    def _say(self, key: str, kind: str = "fact", guard: str = "", **more: object) -> Planned:
        return Planned(key, {**self.values, **more}, kind, guard)  # type: ignore[arg-type]  # kinds are literals here

    def _opening(self) -> Section | None:
        since = self.values["most"] or self.values["longer"]
        return section(
            None,
            paragraph(
                self._say("lede_ended" if self.over else "lede"),
                self._say("since") if since is not None else None,
            ),
            paragraph(
                self._say("brought") if self.values["gain"] is not None else None,
                self._say("record") if self.values["record"] is not None else None,
            ),
        )

    def _others(self) -> Section | None:
        symbols = [self.of, *(symbol for symbol in benchmarks(self.view) if symbol != self.of)]
        moves = [
            (symbol, fact)
            for symbol in symbols[1:]
            if basis_of(self.view, symbol) == "price"
            and (fact := self.book.find("return", of=symbol, over=f"{self.start}..{self.end}")) is not None
        ]
        return section(
            None,
            paragraph(self._say("others", moves=tuple(moves)) if moves else None),
            common.levels_table(self.assignment, symbols),
        )

    def _companies(self) -> Section | None:
        field = common.field_of(
            self.assignment, f"{self.start}..{self.view.as_of}", self.start, self.view.as_of
        )
        if field is None:
            return None
        table, best, worst = common.winners_and_losers(self.assignment, field)
        if table is None or best is None or worst is None:
            return None
        values = {"best": best, "worst": worst, "total": field.basis == "total"}
        return section(
            Planned("companies_heading", kind="definition"),
            paragraph(Planned("companies_ends", values)),
            table,
            common.breadth(self.assignment, field),
        )

    def _precedent(self) -> Section | None:
        length = self.run.value
        if self.unit != "session" or not isinstance(length, int):
            return None
        said = common.after_cases(
            self.assignment, _HORIZONS, self.values, of=self.of, event="streak", at_least=max(length - 1, 4),
            side=self.side,
        )  # fmt: skip
        if not said:
            return None
        return section(self._say("precedent_heading", "definition"), *common.case_paragraphs(said))

    def _next(self) -> Section | None:
        events = common.coming(self.assignment, 2)
        ends = None if self.over else self._say("what_ends_it", "definition")
        return section(self._say("next_heading", "definition"), paragraph(ends), paragraph(*events))

    def _chart(self) -> ChartPlan:
        back = 63 if self.unit == "session" else 504
        days = self.view.sessions[-back:].astype("datetime64[D]").tolist()
        return ChartPlan(
            symbols=(self.of,),
            first=days[0],
            last=self.view.as_of,
            basis="price",
            indexed=False,
            title=self._say("chart_title", "definition"),
            alt=self._say("chart_alt"),
            shade=(max(self.start, days[0]), self.end),
            shade_label="The run",
        )


def _day(fact: Fact, name: str) -> date:
    found = fact.part(name).value
    if not isinstance(found, date):
        raise TypeError(f"{fact.key.address}: {name} is no date")
    return found
