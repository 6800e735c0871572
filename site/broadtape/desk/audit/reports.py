"""An audit for people and for programs.

Owns the JSON of docs/contracts/audit.md and the order in which findings are grouped; prints nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from broadtape.desk.audit.parts import VERDICTS, Audit, Finding, Verdict

HEADINGS: dict[Verdict, str] = {
    "contradicted": "Contradicted by the data",
    "verified": "Verified",
    "unverifiable": "Not verifiable here",
    "forecast": "Forecasts, not judged",
    "opinion": "Opinion, not judged",
}
ORDER: tuple[Verdict, ...] = ("contradicted", "verified", "unverifiable", "forecast", "opinion")
assert set(ORDER) == set(VERDICTS)


def as_json(audit: Audit) -> dict[str, object]:
    """The audit as `--json` prints it."""
    return {
        "path": audit.path,
        "dated": audit.dated.isoformat(),
        "dated_by": audit.why,
        "counts": audit.counts,
        "claims": [
            {
                "text": one.text, "line": one.line, "status": one.status, "fact": one.fact, "metric": one.metric, "claimed": one.claimed,
                "computed": one.computed, "definition": one.definition, "reason": one.reason, "nearest": one.nearest, "kind": one.kind,
                "entity": one.entity, "voice": one.voice,
            }
            for one in audit.findings
        ],
        "notices": list(audit.notices),
    }  # fmt: skip


def grouped(audit: Audit) -> list[tuple[Verdict, Sequence[Finding]]]:
    """The findings by verdict, what is contradicted first; verdicts without any left out."""
    groups = [(verdict, [one for one in audit.findings if one.status == verdict]) for verdict in ORDER]
    return [(verdict, found) for verdict, found in groups if found]


def summary(audit: Audit) -> str:
    """ "4 contradicted, 15 verified, …"."""
    return (
        ", ".join(f"{audit.counts[verdict]} {verdict}" for verdict in ORDER if audit.counts[verdict])
        or "no claims found"
    )
