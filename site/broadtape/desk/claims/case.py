"""One claim before one fact: the tokens, what the fact is about, and what of it has been matched so far.

Owns no rules: figures, moments, roles, words and telling judge a case, each one side of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar, cast

from broadtape.desk.claims.bearing import POLICY, Bearing
from broadtape.desk.claims.lexer import lex
from broadtape.desk.claims.tokens import Name, Plain, Token, Word
from broadtape.desk.claims.verdicts import Context, Objection, Verdict
from broadtape.model import Part, Status

MOST_TOGETHER: Final = 12  # figures, or dates, of one claim: a claim is a clause
_NONE: Final[list[tuple[int, Token]]] = []
_T = TypeVar("_T")


class Case:
    """A claim's tokens before one fact."""

    def __init__(self, tokens: Sequence[Token], bearing: Bearing, context: Context) -> None:
        self.bearing, self.context = bearing, context
        self.fact, self.params, self.tags, self.as_of = (
            bearing.fact, bearing.params, bearing.tags, bearing.as_of,
        )  # fmt: skip
        self.subject, self.object, self.directional = bearing.subject, bearing.object, bearing.directional
        self.over, self.period, self.window = bearing.over, bearing.period, bearing.window
        self.tokens = self._without_titles(tokens) if bearing.texts else list(tokens)
        self._of: dict[type, list[tuple[int, Token]]] = {}
        for place, token in enumerate(self.tokens):
            self._of.setdefault(type(token), []).append((place, token))
        self.result = Verdict()
        self.matched: dict[int, Part] = {}  # figures by place in self.tokens
        self.matched_dates: dict[int, str] = {}

    def objects(self, status: Status, reason: str, claimed: str = "", computed: str = "") -> None:
        """Object to the claim."""
        self.result.objections.append(Objection(status, reason, claimed, computed))

    def of(self, kind: type[_T]) -> list[tuple[int, _T]]:
        """The tokens of a kind with their places."""
        return cast("list[tuple[int, _T]]", self._of.get(kind, _NONE))

    def _without_titles(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens without those that repeat a text part word for word (an event's title)."""
        kept = list(tokens)
        for text in self.bearing.texts:
            words = [token.text.lower() for token in lex(text, self.context.names)]
            for place in range(len(kept) - len(words) + 1):
                if [token.text.lower() for token in kept[place : place + len(words)]] == words:
                    kept[place : place + len(words)] = [
                        Plain(token.start, token.end, token.text)
                        for token in kept[place : place + len(words)]
                    ]
        return kept

    def about(self) -> str:
        """What a reason says that the fact is about."""
        title = self.context.names.title
        names = [title(symbol) for symbol in (self.subject, self.object) if symbol]
        if not names and self.fact.key.metric in POLICY:
            return "Federal Reserve policy"
        return " and ".join(
            f"the {name}" if name[0].isupper() and name[-1].isdigit() else name for name in names
        )

    def classes(self, place: int) -> tuple[str, ...]:
        """The readings of the controlled word at a place; none for another token."""
        token = self.tokens[place]
        return token.classes if isinstance(token, Word) else ()

    def compares(self, place: int, word: Word) -> bool:
        """Whether "above" or "below" at this place compares two names, not a price with a level."""
        if not {"above", "below"} & set(word.classes) or {"above", "below"} & self.tags:
            return False
        return (
            isinstance(self.tokens[place + 1] if place + 1 < len(self.tokens) else None, Name)
            or self.text_at(place + 1) == "the"
        )

    def comparand(self, place: int) -> bool:
        """Whether the name at a place is what something is compared with, not the subject."""
        return is_comparand([token.text.lower() for token in self.tokens[:place]])

    def text_at(self, place: int) -> str:
        """The token's text in lower case; empty beyond either end."""
        return self.tokens[place].text.lower() if 0 <= place < len(self.tokens) else ""

    def sign_near(self, place: int) -> tuple[int | None, Part | None]:
        """The sign that a direction word at this place must agree with, and the part it comes from."""
        signed = [
            (abs(at - place), part)
            for at, part in self.matched.items()
            if self.bearing.sign(part) is not None
        ]
        if signed:
            part = min(signed, key=lambda entry: entry[0])[1]
            return self.bearing.sign(part), part
        value = self.fact.get("value")
        for tag, sign in (("up", 1), ("down", -1), ("flat", 0)):
            if tag in self.tags:
                return sign, value if value is not None and value.kind == "change" else None
        if "positive" in self.tags and self.directional:
            return 1, None
        for part in self.fact.parts:
            if part.kind == "change" and self.bearing.sign(part) is not None:
                return self.bearing.sign(part), part
        if self.fact.key.metric == "extreme-since" or "beyond" in self.tags:  # "last closed higher on …"
            return (1 if "highest" in self.tags else -1), None
        return {"gain": 1, "drop": -1, "decline": -1}.get(self.params.get("event", "")), None


def is_comparand(before: Sequence[str]) -> bool:
    """Whether the words before a name make it what something is compared with, not the subject."""
    words = [word for word in before[-3:] if word not in {"the", "its", "that", "of"}]
    if not words:
        return False
    joined = " ".join(before[-4:])
    return words[-1] in {
        "against",
        "versus",
        "vs",
        "vs.",
        "than",
        "over",
        "unlike",
        "beyond",
        "behind",
        "ahead of",
        "with",
    } or bool(re.search(r"(?:compared|relative|next) (?:with|to)(?: the)?$", joined))


def assign(choices: Sequence[Iterable[str]], shared: frozenset[str] = frozenset()) -> list[str] | None:
    """One name for each, none used twice unless shared; None when that cannot be."""
    lists = [list(dict.fromkeys(names)) for names in choices]
    result: list[str] = []

    def place(at: int) -> bool:
        if at == len(lists):
            return True
        for name in lists[at]:
            if name in shared or name not in result:
                result.append(name)
                if place(at + 1):
                    return True
                result.pop()
        return False

    return result if place(0) else None
