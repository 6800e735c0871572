"""Whether one fact says what a text says: every figure, date, name and controlled word must follow from it.

Owns the order in which the rules of docs/contracts/proof.md judge a single claim; articles, files and recomputing
are desk.proof's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from broadtape.desk.claims.bearing import bearing_of
from broadtape.desk.claims.case import Case
from broadtape.desk.claims.figures import figures
from broadtape.desk.claims.moments import moments
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
    """
    case = Case(tokens, bearing_of(fact), context)
    for rule in _RULES:
        rule(case)
        if first_only and case.result.objections:
            break
    return case.result
