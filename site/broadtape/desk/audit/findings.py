"""Findings of claims, and the one place where a verdict that the words do not bear surely is held back.

Owns what a finding says of itself; decides no verdict.
"""

from __future__ import annotations

from broadtape.desk.audit.coverage import altered, doubt
from broadtape.desk.audit.parts import Amount, Assertion, Finding, Verdict
from broadtape.model import Fact


def finding(
    claim: Assertion,
    status: Verdict,
    reason: str,
    *,
    fact: Fact | None = None,
    computed: str = "",
    nearest: str = "",
    metric: str = "",
    definition: str = "",
    claimed: str = "",
) -> Finding:
    """A finding of a claim, with the fact that bears on it; a verdict that the words do not bear surely is held back."""
    from broadtape.metrics import definition as wording  # noqa: PLC0415  numpy only where something was computed

    held = doubt(claim) if status == "contradicted" else altered(claim) if status == "verified" else ""
    if held:
        status, reason = "unverifiable", f"{held}; {reason}"
    if fact is not None:
        metric = metric or fact.key.metric
        definition = definition or wording(fact.key.metric).wording
    return Finding(
        text=claim.text, line=claim.sentence.line, status=status, kind=claim.kind, fact=fact.key.id if fact else "", metric=metric,
        claimed=claimed or claimed_of(claim), computed=computed, definition=definition, reason=reason, nearest=nearest,
        entity=claim.entity.name if claim.entity else "", voice=claim.voice, sentence=claim.sentence.text,
    )  # fmt: skip


def unverifiable(claim: Assertion, reason: str) -> Finding:
    """A finding that says what is missing."""
    return finding(claim, "unverifiable", reason)


def claimed_of(claim: Assertion) -> str:
    """What was claimed in a few words."""
    parts = [claim.side, _figure(claim.amount), claim.unit]
    return " ".join(part for part in parts if part)


def _figure(amount: Amount | None) -> str:
    return amount.text if amount is not None else ""
