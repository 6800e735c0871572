"""Owns the query language of docs/contracts/search.md: any text becomes a tree that every engine evaluates.

Never raises: what cannot be meant is read as words, what exceeds the limits is cut and noted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final, Literal

from broadtape import factquery
from broadtape.factquery import Condition, FactQuery
from broadtape.markdown import exchange_code
from broadtape.search import words

MAX_LENGTH: Final = 500
MAX_WORDS: Final = 32
MAX_DEPTH: Final = 8
MIN_PREFIX: Final = 2


@dataclass(frozen=True, slots=True)
class Word:
    """A word in any of its forms."""

    stem: str
    surface: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words beside each other, in order."""

    stems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """Every word that begins so."""

    start: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Documents with a topic, author, symbol or site."""

    name: Literal["topic", "author", "symbol", "site"]
    value: str


@dataclass(frozen=True, slots=True)
class Dates:
    """Documents of these days, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """What it is not."""

    node: Node


@dataclass(frozen=True, slots=True)
class Everything:
    """All documents."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Something asked of published facts; no engine holds those, so to an engine it is everything."""

    condition: Condition


_SEVERAL: Final = (And, Or)
_WORDY: Final = (Word, Phrase, Prefix, Or, And)
Node = Word | Phrase | Prefix | Filter | Dates | And | Or | Not | Everything | Facts


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query as a tree; `written` are its plain words and their places in `text`, for another spelling."""

    node: Node
    text: str
    notes: tuple[str, ...] = ()
    written: tuple[tuple[str, int, int], ...] = ()
    facts: FactQuery | None = None  # where published facts are asked for, by `fact:`
    stems: tuple[str, ...] = ()  # of the words that are asked for, to be marked in snippets
    prefixes: tuple[str, ...] = ()  # the beginnings of words that are asked for

    @property
    def scored(self) -> bool:
        """Whether relevance means anything: some word is asked for."""
        return bool(self.stems or self.prefixes)


def _wanted(node: Node, stems: dict[str, None], prefixes: dict[str, None]) -> None:
    """Gather what is asked for in words."""
    if isinstance(node, _SEVERAL):
        for part in node.nodes:
            _wanted(part, stems, prefixes)
    elif isinstance(node, Word):
        stems[node.stem] = None
    elif isinstance(node, Phrase):
        stems.update(dict.fromkeys(node.stems))
    elif isinstance(node, Prefix):
        prefixes[node.start] = None


_LEXER: Final = re.compile(
    r"""(?P<open>\()|(?P<close>\))
    |(?P<sign>[-+](?=[^\s)+-]))
    |(?P<field>[A-Za-z]{2,16}(?:[ ]?(?:Arca|American|arca|american))?):(?=\s*[^\s)])
    |["“”](?P<phrase>[^"“”]*)["“”]?
    |(?P<text>[^\s()"“”]+)""",
    re.VERBOSE,
)
_VALUE: Final = re.compile(r'\s*(?:["“”]([^"“”]*)["“”]?|([^\s()"“”]+))')
_FIELDS: Final[dict[str, Literal["topic", "author", "symbol", "site"]]] = {
    "topic": "topic", "author": "author", "by": "author", "ticker": "symbol", "symbol": "symbol", "site": "site",
}  # fmt: skip
_ASKING: Final = frozenset({"date", "since", "until", "fact"})


def parse(text: str) -> Parsed:
    """The tree of a query. A page, its facets and its next page ask the same."""
    return _parse(text[: MAX_LENGTH + 1])


@lru_cache(maxsize=1_000)
def _parse(text: str) -> Parsed:
    notes: list[str] = []
    if len(text) > MAX_LENGTH:
        text = text[:MAX_LENGTH]
        notes.append(f"The query was cut after {MAX_LENGTH} characters.")
    reader = _Reader(text, notes)
    node = reader.alternatives(0)
    if isinstance(node, Everything) and text.strip() and not re.search(r"[\w*]", text):
        node = Not(node)  # "(((" asks for something, and nothing is written so
    node = _without_stop_words(node)
    facts = _facts(node, notes) if "fact" in text.lower() else None
    stems: dict[str, None] = {}
    prefixes: dict[str, None] = {}
    _wanted(node, stems, prefixes)
    return Parsed(
        node, text, tuple(dict.fromkeys(notes)), tuple(reader.written), facts, tuple(stems), tuple(prefixes)
    )


def _facts(node: Node, notes: list[str]) -> FactQuery | None:
    """What the query asks of facts: its `fact:` terms with the filters beside them."""
    beside = list(node.nodes) if isinstance(node, And) else [node]
    conditions = tuple(one.condition for one in beside if isinstance(one, Facts))[: factquery.MOST]
    if not conditions:
        if _holds_facts(node):
            notes.append(
                "fact: stands beside other terms, not in brackets with OR or behind NOT; it was left out."
            )
        return None
    names: dict[str, list[str]] = {"symbol": [], "topic": [], "author": [], "site": []}
    words: list[str] = []
    first, last = date.min, date.max
    for one in beside:
        match one:
            case Filter(name, value):
                names[name].append(value)
            case Dates(low, high):
                first, last = max(first, low), min(last, high)
            case Word(_, surface) | Prefix(surface):
                words.append(surface)
            case Phrase(stems):
                words += stems
            case Facts():
                pass
            case _:
                notes.append("Beside fact: only words, ticker:, topic:, author: and dates are understood.")
    return FactQuery(
        conditions,
        tuple(names["symbol"]),
        tuple(names["topic"]),
        tuple(names["author"]),
        tuple(words),
        first,
        last,
    )


def _holds_facts(node: Node) -> bool:
    if isinstance(node, And | Or):
        return any(_holds_facts(part) for part in node.nodes)
    return _holds_facts(node.node) if isinstance(node, Not) else isinstance(node, Facts)


@dataclass(slots=True)
class _Reader:
    """A recursive descent over the text: alternatives of conjunctions of signed leaves."""

    text: str
    notes: list[str]
    at: int = 0
    words: int = 0
    written: list[tuple[str, int, int]] = field(default_factory=list)

    def _next(self) -> re.Match[str] | None:
        while self.at < len(self.text) and (found := _LEXER.match(self.text, self.at)) is None:
            self.at += 1
        return found if self.at < len(self.text) else None

    def alternatives(self, depth: int) -> Node:
        """`a b OR c`: read up to the closing bracket or the end."""
        options: list[Node] = []
        parts: list[Node] = []
        negated = False
        while (found := self._next()) is not None:
            kind = found.lastgroup
            if kind == "close":
                if depth:
                    break
                self.at = found.end()
                continue
            if kind == "sign":
                self.at = found.end()
                negated = negated != (found[0] == "-")
                continue
            word = found["text"] or ""
            if word in {"OR", "|", "||"} or word in {"AND", "&&"} or word == "NOT":
                self.at = found.end()
                if word == "NOT":
                    negated = not negated
                elif word not in {"AND", "&&"} and parts:
                    options.append(_and(parts))
                    parts = []
                continue
            node = self._group(found, depth) if kind == "open" else self._leaf(found)
            if node is not None:
                parts.append(Not(node) if negated else node)
            negated = False
        if parts:
            options.append(_and(parts))
        if not options:
            return Everything()
        return options[0] if len(options) == 1 else Or(tuple(options))

    def _group(self, found: re.Match[str], depth: int) -> Node | None:
        self.at = found.end()
        if depth >= MAX_DEPTH:
            self.notes.append(f"Brackets deeper than {MAX_DEPTH} levels were left out.")
            return None
        node = self.alternatives(depth + 1)
        closing = self._next()
        if closing is not None and closing.lastgroup == "close":
            self.at = closing.end()
        return None if isinstance(node, Everything) else node

    def _leaf(self, found: re.Match[str]) -> Node | None:
        self.at = found.end()
        if found.lastgroup == "field":
            return self._field(found)
        if found.lastgroup == "phrase":
            return self._words(found["phrase"], found.start("phrase"), phrase=True)
        return self._text(found["text"], found.start("text"))

    def _field(self, found: re.Match[str]) -> Node | None:
        name = found["field"]
        value = _VALUE.match(self.text, found.end())
        exchange = exchange_code(name)
        known = _FIELDS.get(name.lower())
        glued = value is not None and not value[0][:1].isspace()
        if (
            value is None
            or not (glued or exchange)
            or (known is None and not exchange and name.lower() not in _ASKING)
        ):
            self.at = found.end()
            return self._words(name, found.start(), phrase=False)
        self.at = value.end()
        said = (value[1] if value[1] is not None else value[2]).strip()
        if exchange and known is None:
            ticker = re.match(r"[A-Za-z0-9][A-Za-z0-9.\-/]*", said)
            return Filter("symbol", f"{exchange}:{ticker[0].upper().rstrip('.')}") if ticker else None
        match name.lower():
            case "date":
                return self._dates(said)
            case "since":
                return self._dates(f">={said}")
            case "until":
                return self._dates(f"<={said}")
            case "fact":
                return self._fact(said)
        return Filter(known, said) if known and said else None

    def _fact(self, said: str) -> Node | None:
        found = factquery.condition(said)
        if found is None:
            self.notes.append(
                f"{said!r} asks nothing of a fact; write fact:streak>=7, fact:return<-2% or fact:record."
            )
            return None
        return Facts(found)

    def _dates(self, said: str) -> Node | None:
        sign = re.match(r"[<>]=?|=", said)
        rest = said[sign.end() :] if sign else said
        low, dots, high = rest.partition("..")
        first, last = factquery.period(low), factquery.period(high if dots else low)
        if (low and first is None) or (dots and high and last is None) or not (first or last):
            self.notes.append(
                f"{said!r} is no date; write date:2026-01-12, date:>2026-01 or date:2025..2026."
            )
            return None
        earliest, latest = date(1, 1, 1), date(9999, 12, 31)
        if dots:
            return Dates(first[0] if first else earliest, last[1] if last else latest)
        assert first is not None
        match sign[0] if sign else "":
            case ">":
                return Dates(_after(first[1]), latest)
            case ">=":
                return Dates(first[0], latest)
            case "<":
                return Dates(earliest, _before(first[0]))
            case "<=":
                return Dates(earliest, first[1])
            case _:
                return Dates(*first)

    def _text(self, said: str, start: int) -> Node | None:
        if "*" not in said:
            return self._words(said, start, phrase=False)
        begin = words.fold(said[: said.index("*")])
        found = [*words.terms(begin)]
        if len(found) != 1 or len(found[0].surface) < MIN_PREFIX:
            if found:
                self.notes.append(f"{said!r}: at least {MIN_PREFIX} letters of one word stand before *.")
            return self._words(said.replace("*", " "), start, phrase=False) if len(found) > 1 else None
        return Prefix(found[0].surface) if self._room(1) else None

    def _words(self, said: str, start: int, *, phrase: bool) -> Node | None:
        found = [*words.terms(said)]
        found = found[: self._room(len(found))]
        if not found:
            if any(char.isalnum() for char in said) and self.words < MAX_WORDS:
                self.notes.append(f"No word has more than {words.MAX_WORD} characters.")
                return Not(Everything())
            return None
        self.written += [(term.surface, start + term.start, start + term.end) for term in found]
        if len(found) == 1:
            return Word(found[0].stem, found[0].surface)
        if phrase or not re.search(r"\s", said):  # "small-cap" is "small cap"
            return Phrase(tuple(term.stem for term in found))
        return And(tuple(Word(term.stem, term.surface) for term in found))

    def _room(self, wanted: int) -> int:
        given = max(min(wanted, MAX_WORDS - self.words), 0)
        self.words += given
        if given < wanted:
            self.notes.append(f"Only the first {MAX_WORDS} words were searched for.")
        return given


def _and(parts: Sequence[Node]) -> Node:
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _without_stop_words(node: Node) -> Node:
    """ "the fed" asks for "fed"; "to be or not to be" for its words all the same."""
    if isinstance(node, Or):
        return Or(tuple(_without_stop_words(part) for part in node.nodes))
    if isinstance(node, Not):
        return Not(_without_stop_words(node.node))
    if not isinstance(node, And):
        return node
    kept = [part for part in node.nodes if not (isinstance(part, Word) and part.surface in words.STOP)]
    asks = any(isinstance(part, _WORDY) for part in kept)
    return _and([_without_stop_words(part) for part in (kept if asks else node.nodes)])


def _after(day: date) -> date:
    return date.fromordinal(min(day.toordinal() + 1, date.max.toordinal()))


def _before(day: date) -> date:
    return date.fromordinal(max(day.toordinal() - 1, 1))
