"""Names that share one verb: "A and B rose 1%" says it of both, "A, B and C rose 1%, 2% and 3%" one of each.

Owns the splitting into one clause a name; whether a fact says such a clause is unlinked's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from broadtape.desk.claims.tokens import Figure, Name, Token, Word

_AND: Final = re.compile(r"\s*(?:,|,?\s+(?:and|&))\s+$", re.I)
_ARTICLES: Final = frozenset({"the", "both"})
_EACH: Final = frozenset({"respectively", "each", "in that order"})
_Lexed = Callable[[str], Sequence[Token]]


@dataclass(frozen=True, slots=True)
class Shared:
    """One clause for each of the names; `last` is the clause with the verb, `end` the first one of the text after."""

    parts: tuple[str, ...]
    last: int
    end: int


def shared_verbs(text: str, pieces: Sequence[tuple[int, int]], lexed: _Lexed) -> Mapping[int, Shared]:
    """By the clause where it begins: each run of bare names that ends in a name with a verb."""
    found: dict[int, Shared] = {}
    said = [text[start:end] for start, end in pieces]
    at = 0
    while at < len(pieces):
        last = at
        while last + 1 < len(pieces) and _bare(lexed(said[last])) and _joined(text, pieces, last):
            last += 1
        if last > at and (verb := _predicate(said[last], lexed)) is not None:
            found[at] = _told(text, pieces, (at, last), verb, lexed)
        at = last + 1
    return found


def _told(
    text: str, pieces: Sequence[tuple[int, int]], names: tuple[int, int], verb: int, lexed: _Lexed
) -> Shared:
    """The clauses of names whose last has its verb at `verb`, each with its own figure where a list follows."""
    at, last = names
    said = [text[start:end] for start, end in pieces]
    called = [*said[at:last], said[last][:verb].rstrip()]
    predicate = said[last][verb:]
    end = last + 1
    figures = [token for token in lexed(said[last]) if isinstance(token, Figure)]
    listed = [said[last][figures[-1].start :]] if figures and figures[-1].start >= verb else []
    while listed and end < len(pieces) and isinstance(next(iter(lexed(said[end])), None), Figure):
        listed.append(said[end])
        end += 1
    if len(listed) == len(called):
        tail = listed[-1][_first(lexed(listed[-1])).end :]
        before = predicate[: figures[-1].start - verb]
        each = [f"{before}{one[: _first(lexed(one)).end]}{tail}" for one in listed]
    else:
        end, each = last + 1, [predicate] * len(called)
    if end < len(pieces) and said[end].strip().lower() in _EACH:
        end += 1
    return Shared(tuple(f"{name} {told}" for name, told in zip(called, each, strict=True)), last, end)


def _first(tokens: Sequence[Token]) -> Figure:
    return next(token for token in tokens if isinstance(token, Figure))


def _bare(tokens: Sequence[Token]) -> bool:
    """Whether it is a name and nothing else, but for its article and ticker."""
    names = [token for token in tokens if isinstance(token, Name)]
    rest = [token for token in tokens if not isinstance(token, Name)]
    called = [name for name in names if not name.ticker and "" not in name.symbols]
    return len(called) == 1 and all(token.text.lower() in _ARTICLES for token in rest)


def _predicate(text: str, lexed: _Lexed) -> int | None:
    """Where the verb begins after the name that opens a clause; None where it opens with none, or claims nothing."""
    tokens = lexed(text)
    opening = next((token for token in tokens if token.text.lower() not in _ARTICLES), None)
    if not isinstance(opening, Name) or "" in opening.symbols:
        return None
    end = max(
        [
            opening.end,
            *(t.end for t in tokens if isinstance(t, Name) and t.ticker and t.start < opening.end + 3),
        ]
    )
    if text[end : end + 1] not in {" ", ""} or not any(
        isinstance(t, Figure | Word) for t in tokens if t.start >= end
    ):
        return None
    return end + 1


def _joined(text: str, pieces: Sequence[tuple[int, int]], at: int) -> bool:
    return _AND.fullmatch(text[pieces[at][1] : pieces[at + 1][0]]) is not None
