"""What passes through the clauses of an article: who was spoken of, over which time, and one statement as read.

Owns no grammar.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from broadtape.desk.audit.parts import Amount, Entity, Span


@dataclass(slots=True)
class Context:
    """What earlier sentences leave behind: who was spoken of, over which time, against whom."""

    index: Entity | None = None
    stock: Entity | None = None
    last: Entity | None = None
    spans: tuple[Span, ...] = ()
    paragraph: int = -1
    mixed: bool = False  # the paragraph speaks of a week, a month, … besides its day
    lead: tuple[Span, ...] = ()  # "For the week:", which the lines after it are about
    lead_age: int = 0
    pair: tuple[Entity, Entity] | None = None
    siblings: int = 0
    closed: bool = False  # the article was published after the close of the session it is dated

    def resolve(self, entity: Entity) -> Entity | None:
        """Whom "the index", "its shares" or "it" means; None where nobody was named."""
        if entity.kind != "reference":
            return entity
        which = entity.symbols[0]
        found = {"@index": self.index, "@stock": self.stock, "@it": self.last}[which]
        return None if found is None else replace(found, loose=True, owner=entity.owner)

    def keep_pair(self, entity: Entity, other: Entity) -> None:
        """Keep who was compared with whom; a name that pins its instrument is not replaced by one that does not."""
        if self.pair and entity.loose and self.pair[0].symbols == entity.symbols:
            return
        self.pair = (replace(entity, owner=False), replace(other, owner=False))

    def remember(self, entity: Entity) -> None:
        """Keep who was spoken of last."""
        if entity.kind == "index":
            self.index = replace(entity, owner=False)
        elif entity.kind in {"stock", "etf"}:
            self.stock = replace(entity, owner=False)
        if entity.kind in {"index", "stock", "etf", "yield"}:
            self.last = replace(entity, owner=False)


@dataclass(slots=True)
class Move:
    """A statement as read, before its windows are known."""

    subjects: list[Entity]
    side: str
    amounts: list[Amount] = field(default_factory=list)
    level: Amount | None = None
    before: Amount | None = None
    spans: list[Span] = field(default_factory=list)
    start: int = 0  # token positions
    end: int = 0
    perfect: bool = False
    negated: bool = False
    forecast: bool = False
    partial: bool = False
    closing: bool = False
    paired: bool = False
    passing: bool = False  # "was up": said of a moment as often as of a close
    present: bool = False  # "rises": said of what happens as often as of what happened
    vague: bool = False  # "had risen": before something else
    within: bool = False  # "a 1.9% rally in the S&P in October": a stretch of that time as often as all of it
    elliptical: bool = False  # without a verb of its own
    continued: bool = False  # a further verb of the subject before
    each: bool = False
    before_spans: list[Span] = field(default_factory=list)
    vague_tail: str = ""
    on: str = ""
