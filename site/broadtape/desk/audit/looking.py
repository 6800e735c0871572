"""A sentence's tokens as they are looked at: codes and words by position, names resolved, stretches of the text.

Owns no grammar: figures and clauses read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from broadtape.desk.audit.context import Context, Move
from broadtape.desk.audit.parts import Entity, Sentence, Span, Token
from broadtape.desk.audit.sentences import quoted

_GENERAL = re.compile(
    r"\b(?:on average|an average|averaged?|median|typically|historically|usually|tends?|generally|annualized|annualised|compounded|inflation-adjusted|adjusted for|"
    r"in real terms|dividends|total return|reinvested|in (?:euro|dollar|yen|sterling|local[- ]currency) terms|(?:each|every|any|all) (?:time|year|month)s?|years? (?:in which|when|that)|"
    r"hypothetical|backtest|simulat\w+|a \$?[\d,]+ investment|would have)\b",
    re.IGNORECASE,
)


class Looking:
    """One sentence's tokens, read once."""

    def __init__(self, sentence: Sentence, tokens: Sequence[Token], context: Context) -> None:
        self.sentence, self.tokens, self.context = sentence, tokens, context
        self.codes = "".join(token.code for token in tokens)
        self.moves: list[Move] = []
        self.used: set[int] = set()  # positions of figures that a claim took
        self.quotes = quoted(sentence.text)
        self.general = _GENERAL.search(sentence.text) is not None

    def code(self, place: int) -> str:
        """The code at a position; "." past either end."""
        return self.codes[place] if 0 <= place < len(self.codes) else "."

    def word(self, place: int) -> str:
        """The word at a position in lower case; "" past either end."""
        return self.tokens[place].text.lower() if 0 <= place < len(self.tokens) else ""

    def skip(self, place: int, codes: str) -> int:
        """The first position from `place` whose code is none of these."""
        while place < len(self.codes) and self.codes[place] in codes:
            place += 1
        return place

    def skip_back(self, place: int, codes: str) -> int:
        """The first position from `place` backwards whose code is none of these."""
        while place >= 0 and self.codes[place] in codes:
            place -= 1
        return place

    def entity(self, place: int) -> Entity | None:
        """The entity at a position, references resolved."""
        found = self.tokens[place].entity
        return None if found is None else self.context.resolve(found)

    def within(self, start: int, end: int) -> range:
        """The positions of the tokens of a stretch of the text."""
        inside = [place for place, token in enumerate(self.tokens) if start <= token.start < end]
        return range(inside[0], inside[-1] + 1) if inside else range(0)

    def reach(self, start: int, end: int, named: str) -> tuple[int, int]:
        """The positions from the last name of someone (or of a kind) before a stretch of the text to its end; else from
        the stretch's start to the first such name behind it."""
        inside = self.within(start, end)
        found = [
            place
            for place, token in enumerate(self.tokens)
            if token.entity is not None
            and (named in {token.entity.name, token.entity.kind} or token.entity.kind == "reference")
        ]
        before = [place for place in found if place < inside.start]
        if before:
            return before[-1], inside.stop
        return inside.start, next((place + 1 for place in found if place >= inside.stop), inside.stop)

    def spans(self) -> tuple[Span, ...]:
        """Every stretch of time of the sentence."""
        return tuple(token.span for token in self.tokens if token.span is not None)

    def voice(self, start: int, end: int) -> str:
        """Whether a stretch of tokens stands in quotation marks."""
        a, b = self.tokens[start].start, self.tokens[max(start, end - 1)].end
        return "quoted" if any(low <= a and b <= high for low, high in self.quotes) else "article"

    def text(self, start: int, end: int) -> str:
        """The sentence's words from one token to another."""
        if end <= start:
            end = start + 1
        return self.sentence.text[self.tokens[start].start : self.tokens[min(end, len(self.tokens)) - 1].end]
