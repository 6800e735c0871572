"""What became of an article's claims: the report, and a claim as it is printed.

Owns no judging.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from broadtape import metrics
from broadtape.desk.claims import (
    Objection,
)
from broadtape.desk.claims.parts import shown
from broadtape.model import (
    BadParameter,
    Claim,
    Fact,
    Status,
)

# What the house explains with a figure: the only sentences of kind definition that may hold one.
GLOSSES: Final = (
    "A basis point is one-hundredth of a percentage point.",
    "Fewer than eight cases are few and carry no conclusion.",
)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of every claim, in the order of the file; `facts` are the recomputed facts by id."""

    claims: tuple[Claim, ...]
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many claims have each status; every status is there."""
        found = Counter(claim.status for claim in self.claims)
        return {status.value: found.get(status, 0) for status in Status}

    @property
    def ok(self) -> bool:
        """Nothing is unsupported or contradicted."""
        return not self.failing

    @property
    def failing(self) -> tuple[Claim, ...]:
        """The claims that stop the article."""
        return tuple(
            claim for claim in self.claims if claim.status in {Status.UNSUPPORTED, Status.CONTRADICTED}
        )


def claim_of(
    text: str, line: int, status: Status, fact: Fact | None, reason: str, objection: Objection | None
) -> Claim:
    """The claim with what the fact says and how its metric is defined."""
    value = fact.get("value") if fact else None
    return Claim(
        text=text,
        line=line,
        status=status,
        fact=fact.id if fact else "",
        metric=fact.key.metric if fact else "",
        claimed=objection.claimed if objection else "",
        computed=(objection.computed if objection else "") or (shown(value) if value else ""),
        definition=_wording(fact.key.metric) if fact else "",
        reason=reason,
    )


def _wording(metric: str) -> str:
    try:
        return metrics.definition(metric).wording
    except BadParameter:
        return ""


@lru_cache(maxsize=1)
def _definitions() -> str:
    texts = [" ".join(definition.wording.split()) for definition in metrics.definitions()]
    return "\n".join((*texts, *GLOSSES))


def is_definition(text: str) -> bool:
    """Whether a sentence stands word for word in a definition that readers can look up, or in the house's glosses."""
    return " ".join(text.split()) in _definitions()
