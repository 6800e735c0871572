"""Sentences without figures: their digest, and the conditions under which they may be said.

Owns the notation of docs/contracts/facts.md for guards and nothing else of it.
"""

from __future__ import annotations

import hashlib
import operator
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from broadtape.model import Fact

_COMPARISON: Final = re.compile(
    r"(?P<id>[a-z][a-z0-9]{7})\.(?P<part>[\w-]+)\s*(?P<op><=|>=|==|!=|<|>)\s*(?P<value>-?\d+(?:\.\d+)?|\d{4}-\d\d-\d\d)"
)
_MEMBERSHIP: Final = re.compile(r"(?P<tag>[\w-]+)\s+(?P<not>not\s+)?in\s+(?P<id>[a-z][a-z0-9]{7})")
_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {  # both sides are dates, or both are numbers
    "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip
MAX_GUARD: Final = 1000


class BadGuard(ValueError):
    """A guard that is not in the notation, or speaks of a fact or part that is not there."""


def sentence_digest(text: str) -> str:
    """The first 16 hex digits of sha256 over the visible text with white space folded."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]


def guard_holds(guard: str, facts: Mapping[str, Fact]) -> bool:
    """Whether every condition of the guard is true of the facts (by id); BadGuard when it cannot be read."""
    if len(guard) > MAX_GUARD:
        raise BadGuard("the guard is over 1,000 characters")
    conditions = [
        _holds(piece.strip(), facts) for piece in re.split(r"\s+and\s+", guard.strip())
    ]  # each is read
    return all(conditions)


def guard_ids(guard: str) -> tuple[str, ...]:
    """The fact ids a guard speaks of."""
    found = (*_COMPARISON.finditer(guard), *_MEMBERSHIP.finditer(guard))
    return tuple(dict.fromkeys(match["id"] for match in found))


def _holds(condition: str, facts: Mapping[str, Fact]) -> bool:
    member = _MEMBERSHIP.fullmatch(condition)
    if member is not None:
        return (member["tag"] in _fact(member["id"], facts).tags) is not bool(member["not"])
    compared = _COMPARISON.fullmatch(condition)
    if compared is None:
        raise BadGuard(f"cannot read the guard {condition!r}")
    part = _fact(compared["id"], facts).get(compared["part"])
    if part is None:
        raise BadGuard(f"fact {compared['id']} has no part {compared['part']!r}")
    wanted: Decimal | date
    if isinstance(part.value, date):
        try:
            wanted = date.fromisoformat(compared["value"])
        except ValueError:
            raise BadGuard(f"{compared['part']} is a date; {compared['value']!r} is none") from None
        return _OPERATORS[compared["op"]](part.value, wanted)
    if isinstance(part.value, Decimal | int) and "-" not in compared["value"][1:]:
        return _OPERATORS[compared["op"]](Decimal(part.value), Decimal(compared["value"]))
    raise BadGuard(f"{compared['part']} of {compared['id']} cannot be compared with {compared['value']!r}")


def _fact(identity: str, facts: Mapping[str, Fact]) -> Fact:
    try:
        return facts[identity]
    except KeyError:
        raise BadGuard(f"the guard speaks of fact {identity}, which the article does not have") from None
