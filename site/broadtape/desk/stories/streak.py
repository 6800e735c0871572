"""Streak: an index rises or falls for many sessions or months in a row, or such a run ends.

Owns the choice and order of what is said of a run; the words are in streak.md.j2. Runs of weeks are the week's.
"""

from __future__ import annotations

from dataclasses import dataclass

from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import ChartPlan, Outline, Section, paragraph, section
from broadtape.desk.patterns import Signal
from broadtape.desk.stories import Assignment, Proposal, common
from broadtape.desk.stories.base import Plan, day_of, lead_of, strongest

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

        def told(signal: Signal) -> bool:
            return signal.kind in _KINDS and signal.params.get("unit") in _UNITS

        return strongest(assignment, self.name, told, lambda signal: f"streak/{signal.subject}")

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The run, since when it is the longest, what it brought, the others, precedent, what ends it."""
        return _Plan(assignment, lead_of(proposal)).outline(proposal.key)


class _Plan(Plan):
    """The facts of one run and the sections made of them."""

    def __init__(self, assignment: Assignment, lead: Ranked) -> None:
        super().__init__(assignment)
        signal = lead.signal
        self.of, self.side, self.unit = signal.subject, signal.params["side"], signal.params["unit"]
        self.over = signal.kind == "streak-ended"
        self.run = signal.fact
        self.start, self.end = day_of(self.run, "start"), day_of(self.run, "end")
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
        since = self.companies(f"{self.start}..{self.view.as_of}", self.start, near=False)
        parts = [self._opening(), self._levels(), since, self._precedent(), self._next()]
        return self.assemble(
            "streak",
            key,
            parts,
            title=self.say("title_ended" if self.over else "title"),
            title_short=self.say("title_ended" if self.over else "title_short"),
            topics=("streaks", "markets"),
            subjects=(self.of,),
            chart=self._chart(),
        )

    def _opening(self) -> Section | None:
        since = self.values["most"] or self.values["longer"]
        return section(
            None,
            paragraph(
                self.say("lede_ended" if self.over else "lede"),
                self.say("since") if since is not None else None,
            ),
            paragraph(
                self.say("brought", moves=self.other_moves(self.of, f"{self.start}..{self.end}"))
                if self.values["gain"] is not None
                else None,
                self.say("record") if self.values["record"] is not None else None,
            ),
        )

    def _levels(self) -> Section | None:
        symbols = [self.of, *(symbol for symbol in self.indices if symbol != self.of)]
        return section(None, common.levels_table(self.assignment, symbols))

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
        return section(self.say("precedent_heading", "definition"), *common.case_paragraphs(said))

    def _next(self) -> Section | None:
        events = common.coming(self.assignment, 2)
        ends = None if self.over else self.say("what_ends_it", "definition")
        return section(self.say("next_heading", "definition"), paragraph(ends), paragraph(*events))

    def _chart(self) -> ChartPlan:
        back = 63 if self.unit == "session" else 504
        shade = (max(self.start, self.days_back(back)[0]), self.end)
        return self.drawn((self.of,), back, shade=shade, shade_label="The run")
