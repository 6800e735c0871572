"""Record: an index closes where it never has in the data, or beyond a round number for the first time.

Owns the choice and order of what is said about such a close; the words are in record.md.j2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from broadtape import metrics
from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import Outline, Planned, Section, paragraph, section
from broadtape.desk.patterns import benchmarks
from broadtape.desk.stories import Assignment, Proposal, asides, common
from broadtape.desk.stories.base import Plan, count_of, lead_of
from broadtape.model import Fact

_KINDS = ("record", "round-number")
_HORIZONS = (21, 63)
_RUN, _RUN_TITLE = 4, 6  # record closes in a row that are told, and that are the headline
_NEAR = 0.75  # of another record's score, from which the broadest index's story tells it, too
_WAIT_TOLD = 10  # sessions; a record that stood less long is not told of
_WAIT = 21  # sessions between records from which the new one ends a wait


@dataclass(frozen=True, slots=True)
class RecordClose:
    """The story of a close at an extreme."""

    name: str = "record"
    title: str = "an index closes at a record or beyond a round number"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One for each index with such a close, by its strongest signal; near ones are told in that of the broadest."""
        found: dict[str, Proposal] = {}
        for item in assignment.ranked:
            if item.signal.kind in _KINDS:
                key = f"record/{item.signal.subject}"
                found.setdefault(key, Proposal(self.name, key, item.score.total, item, (key,)))
        large = found.pop(f"record/{assignment.view.benchmark('large')}", None)
        if large is None:
            return list(found.values())
        near = [item for item in found.values() if large.score >= _NEAR * item.score]
        best = max([large.score, *(item.score for item in near)])
        covers = (large.key, *(item.key for item in near))
        return [
            replace(large, score=best, covers=covers),
            *(item for item in found.values() if item not in near),
        ]

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The close, the way there, the other indices, the companies, precedent, what comes next."""
        return _Plan(assignment, lead_of(proposal)).outline(proposal.key)


class _Plan(Plan):
    """The facts of one close and the sections made of them."""

    def __init__(self, assignment: Assignment, lead: Ranked) -> None:
        super().__init__(assignment)
        self.of = lead.signal.subject
        self.record = self.book.find("record", of=self.of, side="high")
        self.round = lead.signal.fact if lead.signal.kind == "round-number" else self._round()
        self.day = self.book.find("return", of=self.of, over="1s")
        self.previous = self._previous()
        self.count = self._count()
        self.values: dict[str, object] = {
            "of": self.of, "record": self.record, "round": self.round, "nth": self.count,
            "day_move": self.day, "close": self.record or self.book.find("level", of=self.of),
            "run": self._running(),
        }  # fmt: skip

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [
            self._opening(), self._way(), self._others(), self._led(), self._precedent(), self._next(),
        ]  # fmt: skip
        return self.assemble(
            "record",
            key,
            parts,
            title=self.say(self._title()),
            title_short=self.say("title_record") if self.record and not self.round else None,
            topics=("records", "markets"),
            subjects=(self.of,),
            chart=self.drawn((self.of,), 252),
        )

    def _title(self) -> str:
        if self.round:
            return "title_round"
        run = self.values["run"]
        return "title_run" if isinstance(run, Fact) and count_of(run) >= _RUN_TITLE else "title_record"

    def _running(self) -> Fact | None:
        """The run of record closes that this one lengthens, where it is long enough to be told."""
        fact = self.book.find("record-run", of=self.of)
        return fact if fact is not None and count_of(fact) >= _RUN else None

    def _round(self) -> Fact | None:
        found = [
            item.signal.fact
            for item in self.assignment.ranked
            if item.signal.kind == "round-number" and item.signal.subject == self.of
        ]
        return found[0] if found else None

    def _count(self) -> Fact | None:
        """Which record close of the year it is, from the second on."""
        fact = self.book.find("record-count", of=self.of, side="high", over="ytd") if self.record else None
        return fact if fact is not None and fact.value != 1 else None

    def _previous(self) -> date | None:
        """The record close before this one."""
        if self.record is None:
            return None
        days, closes = metrics.closes(self.view, self.of, "price")
        best = np.maximum.accumulate(closes)
        fresh = np.flatnonzero(closes[1:] > best[:-1]) + 1
        if len(fresh) < 2:
            return None
        found = days[fresh[-2]].astype("datetime64[D]").item()
        return found if isinstance(found, date) else None

    def _opening(self) -> Section | None:
        return section(
            None,
            paragraph(
                self.say("lede_round" if self.round else "lede_record"),
                self.say("record_too")
                if self.round and self.record
                else self.say("count")
                if self.count is not None and self.values["run"] is None
                else None,
                self.say("run") if self.values["run"] is not None else None,
                self._since_previous(),
            ),
        )

    def _since_previous(self) -> Planned | None:
        if self.previous is None:
            return None
        level = self.book.find("level", of=self.of, on=str(self.previous))
        wait = self.book.find("session-count", from_=str(self.previous), to=str(self.view.as_of))
        if level is None or wait is None or not isinstance(wait.value, int) or wait.value < _WAIT_TOLD:
            return None
        return self.say("previous", previous=level)

    def _way(self) -> Section | None:
        names = ("month", "year_move")
        windows = dict(zip(names, common.since_months(self.assignment, 1, 12), strict=True))
        found = {name: self.book.find("return", of=self.of, over=over) for name, over in windows.items()}
        between = None
        if self.previous is not None:
            between = self.book.find("max-drawdown", of=self.of, over=f"since:{self.previous}")
        deep = between if between is not None and between.value <= -3 else None  # type: ignore[operator]  # a Decimal
        return section(
            self.say("way_heading", "definition"),
            paragraph(
                Planned("way", {**self.values, **found}) if all(found.values()) else None,
                self.say("dip", dip=deep) if deep else None,
            ),
        )

    def _led(self) -> Section | None:
        """Which companies did best and worst on the way: over the year, for the session's are the wrap's."""
        window = common.since_months(self.assignment, 12)[0]
        start = date.fromisoformat(window.removeprefix("since:"))
        after = common.sessions_between(self.assignment, start, self.view.as_of)[1:]
        if not after:
            return None
        return self.companies(f"{after[0]}..{self.view.as_of}", after[0])

    def _others(self) -> Section | None:
        too: list[Planned | None] = []  # what is like the lead comes first
        apart: list[Planned | None] = []
        for symbol in benchmarks(self.view):
            if symbol == self.of:
                continue
            also = self.book.find("record", of=symbol, side="high")
            away = self.book.find("drawdown", of=symbol)
            if also is not None:
                too.append(self.say("other_too", other=also, symbol=symbol))
            elif away is not None and away.value:
                apart.append(self.say("other_away", other=away, symbol=symbol))
        table = common.levels_table(
            self.assignment, [self.of, *(s for s in benchmarks(self.view) if s != self.of)]
        )
        return section(
            self.say("others_heading", "definition"),
            paragraph(*too, *apart),
            *asides.told(self.assignment, (self.of,), kinds=("gap", "average-cross", "ratio"), most=1),
            table,
        )

    def _precedent(self) -> Section | None:
        said: list[Planned] = []
        if self.record is not None and self._waited() >= _WAIT:
            said = common.after_cases(
                self.assignment, _HORIZONS, self.values, of=self.of, event="record", at_least=_WAIT
            )
        return section(self.say("precedent_heading", "definition"), *common.case_paragraphs(said))

    def _waited(self) -> int:
        if self.previous is None:
            return 0
        return len(common.sessions_between(self.assignment, self.previous, self.view.as_of)) - 1

    def _next(self) -> Section | None:
        return (
            section(
                self.say("next_heading", "definition"),
                paragraph(*common.coming(self.assignment)),
                common.policy(self.assignment),
            )
            if common.coming(self.assignment)
            else None
        )
