"""What the plans of the rates, prices and volatility stories share: asking for facts and saying sentences.

Owns no story and no wording.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from broadtape.desk.outline import Paragraph, Planned, SentenceKind, paragraph
from broadtape.desk.patterns import basis_of, benchmarks
from broadtape.desk.stories import Assignment
from broadtape.model import Fact

NOTHING: Mapping[str, object] = {}


class Plan:
    """The facts of one story; `values` are what every sentence of it may use."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment, self.view, self.book = assignment, assignment.view, assignment.book
        self.indices = benchmarks(self.view)
        self.values: dict[str, object] = {}

    def say(
        self, key: str, kind: SentenceKind = "fact", guard: str = "", more: Mapping[str, object] = NOTHING,
        **named: object,
    ) -> Planned:  # fmt: skip
        """A sentence with the story's values and these besides."""
        return Planned(key, {**self.values, **more, **named}, kind, guard)

    def moved(self, symbol: str, window: str = "1s") -> Fact | None:
        """An instrument's return, on the basis it has on the session."""
        basis = basis_of(self.view, symbol)
        chosen = {} if basis in (None, "price") else {"basis": str(basis)}
        return self.book.find("return", of=symbol, over=window, **chosen)

    def index_moves(self) -> Paragraph | None:
        """What the broad indices did on the session, the broadest first (wording: index_move, index_others)."""
        found = [(symbol, fact) for symbol in self.indices if (fact := self.moved(symbol)) is not None]
        if not found:
            return None
        first, others = found[0], tuple(found[1:])
        return paragraph(
            self.say("index_move", symbol=first[0], fact=first[1]),
            self.say("index_others", others=others) if others else None,
        )

    def recent(self, series: str, within: timedelta, **more: str) -> Fact | None:
        """A reading whose period is no longer ago than that; None otherwise."""
        fact = self.book.find("reading", series=series, **more)
        period = fact.get("period") if fact is not None else None
        if period is None or not isinstance(period.value, date):
            return None
        return fact if self.view.as_of - period.value <= within else None


def days_since(fact: Fact | None, name: str, today: date) -> int:
    """Calendar days since a date part of a fact; 0 where it has none."""
    part = fact.get(name) if fact is not None else None
    return (today - part.value).days if part is not None and isinstance(part.value, date) else 0
