"""The week: what the indices, the sectors and the companies did in the week that the session ends.

Owns when it is due; what is said is spans', the words are in week.md.j2.
"""

from __future__ import annotations

from dataclasses import dataclass

from broadtape.desk.outline import Outline
from broadtape.desk.stories import Assignment, Proposal, spans


@dataclass(frozen=True, slots=True)
class WeekWrap:
    """The story of a week."""

    name: str = "week"
    title: str = "the week that the session ends: indices, sectors, companies"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One where the session is the week's last."""
        return spans.proposed(assignment, "week", self.name)

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The week, as it went."""
        span = spans.span_of(assignment, "week")
        if span is None:
            raise ValueError("the session does not end a week")
        return spans.SpanPlan(assignment, span, self.name).outline(proposal.key)
