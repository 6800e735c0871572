"""Yields over their window, their highest since, the curve's inversion, and how many steps the Fed has taken since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from broadtape.cli import main
from broadtape.config import Instance
from broadtape.desk.audit import audit
from broadtape.desk.audit.scripts import from_text
from broadtape.market import MarketStore
from broadtape.model import MarketView

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def view_for(acceptance_instance: Instance) -> Callable[[date], MarketView]:
    return cache(MarketStore.open(acceptance_instance.store, readonly=True).view)


TEN, CURVE, FED = "The 10-year Treasury yield", "The yield curve", "On Wednesday the Fed"


@pytest.mark.parametrize(
    ("dated", "sentence", "kind", "status"),
    [
        ("2023-10-19", f"{TEN} rose on Thursday to its highest level since 2016.", "extreme", "verified"),
        ("2023-10-19", f"{TEN} rose on Thursday to its highest since 2007.", "extreme", "unverifiable"),
        ("2024-08-05", f"{TEN} fell on Monday to its lowest level since June 2020.", "extreme", "contradicted"),
        # the par yield was three hundredths lower in July 2023: a quote of an hour may not have been
        ("2024-08-05", f"{TEN} fell on Monday to its lowest since June 2023.", "extreme", "unverifiable"),
        ("2022-10-14", "The two-year Treasury yield rose 0.18 percentage point this week.", "move", "verified"),
        ("2023-04-07", f"{TEN} fell this week.", "direction", "verified"),
        ("2023-04-05", f"{TEN} rose to 3.3% on Wednesday.", "level", "unverifiable"),
        ("2022-07-20", f"{CURVE} remains inverted.", "curve", "verified"),
        ("2025-07-18", f"{CURVE} is inverted.", "curve", "contradicted"),
        ("2025-07-18", f"{CURVE} is no longer inverted.", "curve", "verified"),
        ("2025-07-18", f"{CURVE} between three-month bills and 10-year notes is inverted.", "curve", "none"),
        ("2023-07-27", f"{FED} raised rates, its 11th increase since March 2022.", "policy", "verified"),
        ("2023-07-27", f"{FED} made its ninth increase since March 2022.", "policy", "contradicted"),
        ("2024-09-19", f"{FED} made its first cut since March 2020.", "policy", "verified"),
        ("2022-11-04", "The Fed raised rates by 75 basis points for the fourth straight time.", "policy", "verified"),
    ],
)  # fmt: skip
def test_what_is_said_of_rates(
    dated: str, sentence: str, kind: str, status: str, view_for: Callable[[date], MarketView]
) -> None:
    found = audit(from_text(sentence, dated=date.fromisoformat(dated)), view_for).findings
    told = [one.status for one in found if one.kind == kind] or ["none"]

    assert told[-1] == status, [(one.kind, one.status, one.reason) for one in found]


def test_a_day_before_when_is_the_clause_s_own(view_for: Callable[[date], MarketView]) -> None:
    text = "The S&P 500 fell 2.71% on Monday, its worst day since Dec. 4, when it lost 3.24%."
    found = audit(from_text(text, dated=date(2018, 12, 24)), view_for).findings

    assert {one.status for one in found if "3.24" in one.text} == {"verified"}


def test_a_coarse_figure_tells_no_window(view_for: Callable[[date], MarketView]) -> None:
    # of the week to Thursday; Friday's 0.52% is 1% too
    text = "US stock markets for the week: The S&P 500 is up 45.59 points, or 1%."
    found = audit(from_text(text, dated=date(2022, 2, 4)), view_for).findings

    assert all(one.status != "contradicted" for one in found)


def test_a_share_that_is_not_named_is_not_vouched_for(view_for: Callable[[date], MarketView]) -> None:
    text = "Apple was little changed. Poltava Mining warned of losses. The stock rose on Monday."
    found = audit(from_text(text, dated=date(2026, 1, 12)), view_for).findings

    assert [one.status for one in found if one.kind == "direction"][-1] == "unverifiable"


@pytest.mark.parametrize(
    ("dated", "sentence"),
    [
        ("2019-04-09", "Apple shares rose for a tenth straight session on Tuesday."),  # until noon
        ("2020-01-28", "A 1.9% rally in the S&P 500 in October 2018 followed a loss of 3.1%."),
        ("2019-02-05", "Apple rose 1.7% on Tuesday, while Microsoft rose 0.9%."),
    ],
)
def test_a_session_that_may_still_run_and_a_stretch_of_a_month_contradict_nothing(
    dated: str, sentence: str, view_for: Callable[[date], MarketView]
) -> None:
    found = audit(from_text(sentence, dated=date.fromisoformat(dated)), view_for).findings

    assert [one.text for one in found if one.status == "contradicted"] == []


MARKDOWN = """---
title: Small caps lead
date: 2026-01-12
---

# Small caps lead

The S&P 500 rose 0.2% on Monday
and the *Nasdaq* added 0.3% on Monday.
The Russell
2000 fell 3% on Monday.

- A list begins here
- The S&P 500 closed at a record
  on Monday.
"""


def test_a_sentence_of_markdown_has_its_own_line(acceptance_instance: Instance, tmp_path: Path) -> None:
    path = tmp_path / "note.md"
    path.write_text(MARKDOWN, "utf-8")

    result = CliRunner().invoke(
        main, ["-C", str(acceptance_instance.root), "audit", "--format", "markdown", str(path)]
    )

    assert "(line 10)" in result.stdout or "line 10" in result.stdout, result.stdout
    assert "line 14" in result.stdout, result.stdout
