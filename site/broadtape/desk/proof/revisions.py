"""What failed only because inputs were revised since an article was filed: told as revised, with both values.

Owns no judging: the article is proved on the market of now and on that of then.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from broadtape.desk.claims.parts import shown
from broadtape.desk.claims.recomputed import (
    differs,
    same,
)
from broadtape.desk.proof.reports import Report
from broadtape.model import (
    Claim,
    Status,
)

_RECORD: Final = re.compile(r"facts\.json: \w+")  # a claim about what is on file, not about a text


def with_revisions(now: Report, then: Report) -> Report:
    """The report of now, its failures that were none when the facts were filed as revised.

    A line on which something else failed then (the text was changed besides) keeps all its failures.
    """
    failed_now = {(claim.line, claim.text) for claim in now.failing}
    failed_then = {(claim.line, claim.text) for claim in then.failing}
    spoilt = {line for line, _ in failed_then - failed_now}
    claims: list[Claim] = []
    for claim in now.claims:
        place = claim.line, claim.text
        failing = claim.status in {Status.UNSUPPORTED, Status.CONTRADICTED}
        if not failing or place in failed_then or claim.line in spoilt:
            claims.append(claim)
        elif _RECORD.fullmatch(claim.text) and claim.fact in now.facts and _alike(now, then, claim.fact):
            continue  # an input was revised, what the fact says was not
        else:
            claims.append(_revised(claim, now, then))
    return Report(tuple(claims), now.facts)


def _alike(now: Report, then: Report, identity: str) -> bool:
    return identity in then.facts and same(then.facts[identity], now.facts[identity])


def _revised(claim: Claim, now: Report, then: Report) -> Claim:
    """A claim that held when it was filed, with what the fact it rested on then said and says now."""
    there = [one for one in then.claims if one.line == claim.line and one.fact]
    before = [one for one in there if one.text == claim.text] or [
        one for one in there if claim.text in one.text or one.text in claim.text
    ]
    identity = before[0].fact if before else claim.fact
    was, is_ = then.facts.get(identity), now.facts.get(identity)
    if was is not None and is_ is not None:
        if same(was, is_):
            reason = f"the inputs were revised since it was filed; now: {claim.reason}"
        else:
            reason = f"revised since it was filed: {differs(was, is_)}"
    elif was is not None:
        value = was.get("value")
        reason = f"revised since it was filed: it was {shown(value) if value else 'so'}; now: {claim.reason}"
    else:
        reason = f"the inputs were revised since it was filed; now: {claim.reason}"
    return replace(claim, status=Status.REVISED, reason=reason, fact=identity or claim.fact)
