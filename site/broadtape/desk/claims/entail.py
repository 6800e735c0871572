"""Whether one fact says what a text says: every figure, date, name and controlled word must follow from it.

Owns the order in which the rules of docs/contracts/proof.md judge a single claim, and the memory of claims judged;
articles, files and recomputing are desk.proof's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from broadtape.desk.claims.bearing import bearing_of
from broadtape.desk.claims.case import Case
from broadtape.desk.claims.figures import figures
from broadtape.desk.claims.moments import moments
from broadtape.desk.claims.names import NameTable
from broadtape.desk.claims.roles import names, roles
from broadtape.desk.claims.telling import scope, sides, told
from broadtape.desk.claims.tokens import Token
from broadtape.desk.claims.verdicts import Context, Verdict
from broadtape.desk.claims.words import words
from broadtape.model import Fact

# Figures and dates are matched before the words that speak of them are judged.
_RULES: Final[tuple[Callable[[Case], None], ...]] = (
    names, figures, moments, roles, words, sides, told, scope,
)  # fmt: skip


def entails(tokens: Sequence[Token], fact: Fact, context: Context, *, first_only: bool = False) -> Verdict:
    """Judge one claim against one fact. A text without any claim follows from every fact.

    With `first_only` the judging ends at the first objection: enough to know that the claim does not follow.
    What a claim is judged by is what is given here and nothing else, so a claim judged before is not judged again:
    the proof of a text in which one word was changed costs that word's sentence.
    """
    if first_only:  # clauses before every fact of an article: who asks remembers which facts hold
        return _judged(tokens, fact, context, first_only=True)
    names = context.names
    kept = _JUDGED.setdefault(names, _Judged())
    if kept.version != names.version or len(kept.verdicts) >= _MOST_JUDGED:
        kept.verdicts.clear()
        kept.version = names.version
    asked = (tuple(tokens), id(fact), context.said)
    found = kept.verdicts.get(asked)
    if found is None or found[0] is not fact:
        found = kept.verdicts[asked] = fact, _judged(tokens, fact, context)
    return found[1]


@dataclass(slots=True)
class _Judged:
    """The verdicts last given with one table of names, each with its fact: an id alone may be used again."""

    version: int = -1
    verdicts: dict[tuple[object, ...], tuple[Fact, Verdict]] = field(default_factory=dict)


_MOST_JUDGED: Final = 8_192  # claims; a long article has some 150
_JUDGED: WeakKeyDictionary[NameTable, _Judged] = WeakKeyDictionary()


def _judged(tokens: Sequence[Token], fact: Fact, context: Context, *, first_only: bool = False) -> Verdict:
    case = Case(tokens, bearing_of(fact), context)
    for rule in _RULES:
        rule(case)
        if first_only and case.result.objections:
            break
    return case.result
