"""An audit for people and for programs.

Owns the JSON of docs/contracts/audit.md, the note and page for an editor, and the order in which findings are grouped; prints nothing itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from broadtape.desk.audit.parts import VERDICTS, Audit, Finding, Verdict

HEADINGS: dict[Verdict, str] = {
    "contradicted": "Contradicted by the data: read each sentence again before you act on it",
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


def as_markdown(audit: Audit) -> str:
    """The audit as a note for an editor: a list under each verdict, the other's words as quotations."""
    lines = [
        f"# Audit of {_plain(audit.path)}",
        "",
        f"Judged as of {audit.dated} ({_plain(audit.why)}): {summary(audit)}.",
        "",
    ]
    lines += [f"- Note: {_plain(notice)}" for notice in audit.notices] + ([""] if audit.notices else [])
    for verdict, findings in grouped(audit):
        lines += [f"## {HEADINGS[verdict]} ({len(findings)})", ""]
        for one in findings:
            where = f" (line {one.line})" if one.line else ""
            voice = ", said in quotation marks" if one.voice == "quoted" else ""
            lines.append(f"- “{_plain(one.text)}”{where}{voice}: {_plain(one.reason)}")
            if one.nearest:
                lines.append(f"  - {_plain(one.nearest)}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def as_html(audit: Audit) -> str:
    """The audit as one page without script or style of its own, for a browser or a printer."""
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">',
        f"<title>Audit of {escape(audit.path)}</title>\n</head>\n<body>\n<h1>Audit of {escape(audit.path)}</h1>",
        f'<p>Judged as of <time datetime="{audit.dated}">{audit.dated}</time> ({escape(audit.why)}): {summary(audit)}.</p>',
        *(f"<p>Note: {escape(notice)}</p>" for notice in audit.notices),
    ]
    for verdict, findings in grouped(audit):
        parts.append(f"<section>\n<h2>{HEADINGS[verdict]} ({len(findings)})</h2>\n<dl>")
        for one in findings:
            where = f" <small>line {one.line}</small>" if one.line else ""
            voice = " <small>in quotation marks</small>" if one.voice == "quoted" else ""
            parts.append(f"<dt><q>{escape(one.text)}</q>{where}{voice}</dt>\n<dd>{escape(one.reason)}</dd>")
            if one.nearest:
                parts.append(f"<dd>{escape(one.nearest)}</dd>")
        parts.append("</dl>\n</section>")
    return "\n".join([*parts, "</body>\n</html>"]) + "\n"


def _plain(text: str) -> str:
    """Another's words as Markdown shows them: nothing in them is mark-up."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text)
