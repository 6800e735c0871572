"""Texts without links: a partition of their clauses such that each part follows from one fact.

Owns headlines, summaries, captions and chart labels as texts; where they stand is desk.proof's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from weakref import WeakKeyDictionary

from broadtape.desk.claims.bearing import bearing_of, concerns
from broadtape.desk.claims.entail import entails
from broadtape.desk.claims.lexer import lex
from broadtape.desk.claims.names import NameTable
from broadtape.desk.claims.parts import Window, window_of
from broadtape.desk.claims.sharing import Shared, shared_verbs
from broadtape.desk.claims.tokens import Figure, Moment, Name, Plain, Proper, Token, Word
from broadtape.desk.claims.verdicts import Context, Objection
from broadtape.model import Fact, Status

_JOINING: Final = r"(?:and|while|but|as|whereas|after)\s"
_SEPARATORS: Final = re.compile(
    rf"[,;:]\s(?:{_JOINING})?|\s[–—]\s(?:{_JOINING})?|(?<=[\w%)])[.!?]\s+(?=[A-Z“])|\s{_JOINING}", re.I
)

Piece = tuple[str, Status, Fact | None, Objection | None]
_Said = tuple[frozenset[str] | None, frozenset[Window]]
_LONGEST_PART: Final = (
    6  # clauses that one fact may need: "in September, October and December 2025, to 3.50%–3.75%"
)


@dataclass(frozen=True, slots=True)
class Path:
    """How many clauses are proved, by which facts, and what they have said."""

    clauses: int
    path: tuple[tuple[str, Fact | None], ...]
    said: _Said


class Unlinked:
    """Title, summary, captions: a partition of the clauses such that each part follows from one fact."""

    def __init__(
        self,
        facts: Mapping[str, Fact],
        names: NameTable,
        as_of: date,
        unknown: Callable[[Token], str],
    ) -> None:
        self.facts, self.names, self.as_of, self.unknown = facts, names, as_of, unknown
        self._tokens: dict[tuple[str, bool], tuple[Token, ...]] = {}
        self._possible: dict[tuple[str, bool], list[Fact] | None] = {}
        self._before = _sayings_of(tuple(facts.values()), names, as_of)
        self._sharing: Mapping[int, Shared] = {}
        self._claiming = False

    def prove(self, text: str) -> list[Piece]:
        """The parts of the text with what became of each; parts that claim nothing are left out."""
        pieces = clauses(text, self.names)
        if not pieces:
            return []
        reached = self._partition(text, pieces)
        proved: list[Piece] = [
            (piece, Status.VERIFIED, fact, None) for piece, fact in reached.path if fact is not None
        ]
        if reached.clauses == len(pieces):
            return proved
        start, end = pieces[reached.clauses]
        failing, opens = text[start:end], _opens(text, start)
        if shared := self._sharing.get(reached.clauses):
            failing = next((part for part in shared.parts if not self._possibly_said(part, reached)), failing)
        return [*proved, self._explain(failing, reached, opens=opens)]

    def _possibly_said(self, part: str, reached: Path) -> bool:
        return any(fact is not None for fact in self._sayings(part, reached.said, opens=True))

    def _partition(self, text: str, pieces: Sequence[tuple[int, int]]) -> Path:
        """How far the text can be proved: the furthest clause reached, and the facts of the way there.

        States are what the part so far has said (subject, windows); each is reached once.
        """
        self._sharing = shared_verbs(text, pieces, self._lexed)
        inside = {cut for at, one in self._sharing.items() for cut in range(at + 1, one.last + 1)}
        self._claiming = any(self._claims(text[start:end]) for start, end in pieces)
        states: list[dict[_Said, tuple[tuple[str, Fact | None], ...]]] = [{} for _ in range(len(pieces) + 1)]
        states[0][None, frozenset()] = ()
        furthest = 0
        for at in range(len(pieces)):
            if not states[at]:
                continue
            furthest = at
            if at in self._sharing:
                self._share(self._sharing[at], states, at, opens=_opens(text, pieces[at][0]))
            for end in range(min(len(pieces), at + _LONGEST_PART), at, -1):
                if end in inside:  # a name would go with what stands before it, away from its verb
                    continue
                part = text[pieces[at][0] : pieces[end - 1][1]]
                for said, path in states[at].items():
                    for fact in self._sayings(part, said, opens=_opens(text, pieces[at][0])):
                        states[end].setdefault(self._after(part, fact, said), (*path, (part, fact)))
        if states[-1]:
            furthest = len(pieces)
        said, path = next(iter(states[furthest].items()))
        return Path(furthest, path, said)

    def _share(
        self,
        shared: Shared,
        states: list[dict[_Said, tuple[tuple[str, Fact | None], ...]]],
        at: int,
        *,
        opens: bool,
    ) -> None:
        """Names with one verb: each of them must have a fact that says it of it."""
        reached = dict(states[at])
        for part in shared.parts:
            further: dict[_Said, tuple[tuple[str, Fact | None], ...]] = {}
            for said, path in reached.items():
                for fact in self._sayings(part, said, opens=opens):
                    if fact is not None:
                        further.setdefault(self._after(part, fact, said), (*path, (part, fact)))
            reached, opens = further, False
        for said, path in reached.items():
            states[shared.end].setdefault(said, path)

    def _claims(self, part: str) -> bool:
        return any(isinstance(token, Figure | Word) for token in self._lexed(part))

    def _after(self, part: str, fact: Fact | None, said: _Said) -> _Said:
        subject, windows = said
        about = fact.get("subject") if fact else None
        if about is not None:
            subject = frozenset({str(about.value)})
        else:
            names = _named(self._lexed(part))
            subject = names[0].symbols if names else subject
        window = window_of(fact) if fact else None
        return subject, windows | {window} if window else windows

    def _lexed(self, part: str, *, opens: bool = False) -> tuple[Token, ...]:
        key = (part, opens)
        if key not in self._tokens:
            self._tokens[key] = lex(part, self.names, opens=opens)
        return self._tokens[key]

    def _sayings(self, part: str, said: _Said, *, opens: bool) -> Iterable[Fact | None]:
        """The facts that say this part; None alone where it claims nothing."""
        key = (part, opens)
        if key not in self._possible:
            self._possible[key] = self._possibly(self._lexed(part, opens=opens))
        possible = self._possible[key]
        if possible is None:
            # beside a claim a name alone would seem to share it: "the S&P 500, the Russell 2000 rose 2%"
            return () if self._claiming and _named(self._lexed(part, opens=opens)) else (None,)
        tokens = [token for token in self._lexed(part, opens=opens) if not isinstance(token, Proper)]
        return [fact for fact in possible if entails(tokens, fact, self._context(*said)).holds]

    def _possibly(self, tokens: Sequence[Token]) -> list[Fact] | None:
        """The facts that say so whatever was said before; None where the part claims nothing."""
        if any(self._refused(token) for token in tokens):
            return []
        tokens = [token for token in tokens if not isinstance(token, Proper)]
        names = _named(tokens)
        claims = tuple(tokens)
        if claims not in self._before:
            self._before[claims] = self._bearing_out(claims, names)
        return self._before[claims]

    def _bearing_out(self, tokens: Sequence[Token], names: Sequence[Name]) -> list[Fact] | None:
        if not any(isinstance(token, Figure | Word | Moment) for token in tokens):
            known = all(any(concerns(fact, name) for fact in self.facts.values()) for name in names)
            return None if known else []
        if not any(isinstance(token, Figure | Word) for token in tokens):
            return []  # a date alone belongs to the clause before it
        loose = Context(self.as_of, self.names, subject_required=False, scoped=True)
        return [
            fact
            for fact in self.facts.values()
            if (bearing_of(fact).texts or all(concerns(fact, name) for name in names))
            and entails(tokens, fact, loose, first_only=True).holds
        ]

    def _refused(self, token: Token) -> bool:
        """Whether it is a word that is neither a name nor known to claim nothing."""
        return isinstance(token, Proper | Plain) and bool(self.unknown(token))

    def _context(self, subject: frozenset[str] | None, windows: frozenset[Window]) -> Context:
        return Context(self.as_of, self.names, subject, windows, total_said=True, scoped=False)

    def _explain(self, failing: str, reached: Path, *, opens: bool) -> Piece:
        """The clause where the proof ends, with the nearest fact's objection."""
        tokens = self._lexed(failing, opens=opens)
        for token in tokens:
            if self._refused(token):
                reason = self.unknown(token)
                return failing, Status.UNSUPPORTED, None, Objection(Status.UNSUPPORTED, reason, token.text)
        best: tuple[int, Fact, Objection] | None = None
        for fact in self.facts.values():
            objections = entails(tokens, fact, self._context(*reached.said)).objections
            if objections and (best is None or len(objections) < best[0]):
                best = len(objections), fact, objections[0]
        if best is None:
            nothing = Objection(Status.UNSUPPORTED, "it follows from no single fact of the article", failing)
            return failing, Status.UNSUPPORTED, None, nothing
        _, fact, objection = best
        near = f"no fact of the article says so; nearest: {objection.reason}"
        return (
            failing,
            Status.UNSUPPORTED,
            fact,
            Objection(Status.UNSUPPORTED, near, objection.claimed or failing, objection.computed),
        )


@dataclass(slots=True)
class _Sayings:
    """Which of an article's facts say a clause, for the clauses last read: a title is read as often as it is edited."""

    version: int
    facts: tuple[Fact, ...]
    found: dict[tuple[Token, ...], list[Fact] | None] = field(default_factory=dict)


_MOST_SAYINGS: Final = 4_096  # clauses and their joinings of one article
_MOST_ARTICLES: Final = 32
_SAYINGS: WeakKeyDictionary[NameTable, dict[tuple[object, ...], _Sayings]] = WeakKeyDictionary()


def _sayings_of(
    facts: tuple[Fact, ...], names: NameTable, as_of: date
) -> dict[tuple[Token, ...], list[Fact] | None]:
    """What is remembered of clauses before these very facts."""
    articles = _SAYINGS.setdefault(names, {})
    asked = (as_of, *map(id, facts))
    kept = articles.get(asked)
    if kept is None or kept.version != names.version or len(kept.found) >= _MOST_SAYINGS:
        if len(articles) >= _MOST_ARTICLES:
            articles.clear()
        kept = articles[asked] = _Sayings(
            names.version, facts
        )  # holds the facts, so that their ids stay theirs
    return kept.found


def _named(tokens: Iterable[Token]) -> list[Name]:
    return [token for token in tokens if isinstance(token, Name) and "" not in token.symbols]


def _opens(text: str, place: int) -> bool:
    """Whether a sentence starts here."""
    return not text[:place].strip() or text[:place].rstrip()[-1] in ".!?:"


def clauses(text: str, names: NameTable) -> list[tuple[int, int]]:
    """Start and end of each clause: split at commas, semicolons, "and", "while", … outside tokens."""
    tokens = lex(text, names)
    cuts = [
        found.span()
        for found in _SEPARATORS.finditer(text)
        if not any(token.start < found.end() - 1 and found.start() < token.end - 1 and token.end - token.start > 3
                   and not (token.start >= found.start() and token.end <= found.end()) for token in tokens)
    ]  # fmt: skip
    result, start = [], 0
    for first, last in cuts:
        result.append((start, first))
        start = last
    result.append((start, len(text.rstrip(" .!?"))))
    return [(begin, end) for begin, end in result if text[begin:end].strip(" .,;:")]
