"""The month: what the indices, the sectors and the companies did in the month that the session ends.

Owns when it is due; what is said is spans', the words are in month.md.j2.
"""

from __future__ import annotations

from dataclasses import dataclass

from broadtape.desk.outline import Outline
from broadtape.desk.stories import Assignment, Proposal, spans


@dataclass(frozen=True, slots=True)
class MonthWrap:
    """The story of a month."""

    name: str = "month"
    title: str = "the month that the session ends: indices, sectors, companies"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One where the session is the month's last."""
        return spans.proposed(assignment, "month", self.name)

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The month, as it went."""
        span = spans.span_of(assignment, "month")
        if span is None:
            raise ValueError("the session does not end a month")
        return spans.SpanPlan(assignment, span, self.name).outline(proposal.key)
