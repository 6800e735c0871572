"""Articles in the styles of many publishers, each finding pinned: what holds, what does not, what cannot be judged.

tests/data/audit/*.txt holds the articles (written for this, dated, a paragraph a line), *.expected their findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from broadtape.config import Instance
from broadtape.desk.audit import Audit, audit
from broadtape.desk.audit.scripts import from_text
from broadtape.market import MarketStore
from broadtape.model import MarketView

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

CASES = Path(__file__).parents[1] / "data" / "audit"
FILES = ("styles", "traps", "false")


@pytest.fixture(scope="module")
def view_for(acceptance_instance: Instance) -> Callable[[date], MarketView]:
    return cache(MarketStore.open(acceptance_instance.store, readonly=True).view)


@pytest.fixture(scope="module")
def audits(view_for: Callable[[date], MarketView]) -> dict[str, list[tuple[str, Audit]]]:
    found: dict[str, list[tuple[str, Audit]]] = {}
    for name in FILES:
        for block in re.split(r"^=== ", (CASES / f"{name}.txt").read_text("utf-8"), flags=re.MULTILINE)[1:]:
            head, _, body = block.partition("\n")
            script = from_text(body.replace("\n", "\n\n"), dated=date.fromisoformat(head[:10]))
            found.setdefault(name, []).append((head, audit(script, view_for)))
    return found


def told(audits: list[tuple[str, Audit]]) -> str:
    lines = []
    for head, one in audits:
        lines.append(f"=== {head}")
        lines += [f"{item.status:13}{item.kind:16}{item.text}" for item in one.findings]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", FILES)
def test_each_finding_is_as_pinned(audits: dict[str, list[tuple[str, Audit]]], name: str) -> None:
    assert told(audits[name]) == (CASES / f"{name}.expected").read_text("utf-8")


def test_no_true_article_is_contradicted(audits: dict[str, list[tuple[str, Audit]]]) -> None:
    wrong = [
        item
        for name in ("styles", "traps")
        for _, one in audits[name]
        for item in one.findings
        if item.status == "contradicted"
    ]

    assert [item.text for item in wrong if item.voice == "article"] == []


def test_what_someone_is_quoted_to_have_said_is_labelled_as_theirs(
    audits: dict[str, list[tuple[str, Audit]]],
) -> None:
    quoted = [item for _, one in audits["styles"] for item in one.findings if item.voice == "quoted"]

    assert [(item.status, item.text) for item in quoted] == [("contradicted", "S&P 500 fell 3% on Thursday")]


def test_each_false_article_is_contradicted_with_the_computed_value(
    audits: dict[str, list[tuple[str, Audit]]],
) -> None:
    for head, one in audits["false"]:
        wrong = [item for item in one.findings if item.status == "contradicted"]

        assert wrong, head
        assert all(item.reason and item.computed for item in wrong), [
            item for item in wrong if not item.computed
        ]


def test_every_unverifiable_finding_says_why(audits: dict[str, list[tuple[str, Audit]]]) -> None:
    findings = [item for found in audits.values() for _, one in found for item in one.findings]

    assert all(item.reason for item in findings)
