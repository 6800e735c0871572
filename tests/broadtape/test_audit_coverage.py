"""What holds a contradiction back: words that no reading took, other readings and datelines; and what it does not hide.

The examples of docs/contracts/audit.md are read from there. Falsehoods are planted into true sentences of this file.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from broadtape.config import Instance
from broadtape.desk.audit import Audit, audit
from broadtape.desk.audit.scripts import from_text
from broadtape.market import MarketStore
from broadtape.model import MarketView

pytestmark = pytest.mark.acceptance

CONTRACT = Path(__file__).parents[2] / "docs" / "contracts" / "audit.md"
DAY = date(2026, 1, 12)


@pytest.fixture(scope="module")
def view_for(acceptance_instance: Instance) -> Callable[[date], MarketView]:
    return cache(MarketStore.open(acceptance_instance.store, readonly=True).view)


def judged(
    text: str, view_for: Callable[[date], MarketView], dated: date = DAY, why: str = "--as-of"
) -> Audit:
    return audit(replace(from_text(text, dated=dated), why=why), view_for)


def test_the_contract_s_examples_come_out_as_it_says(view_for: Callable[[date], MarketView]) -> None:
    block = (
        CONTRACT.read_text("utf-8").partition("## Coverage")[2].partition("```text\n")[2].partition("```")[0]
    )
    lines = [re.split(r"\.  +", line, maxsplit=1) for line in block.splitlines()]
    assert len(lines) >= 5
    for sentence, told in lines:
        found = judged(f"{sentence}.", view_for).findings[0]

        assert told.startswith(found.status), (sentence, found)
        assert found.computed == "−0.05%"
        if found.status == "unverifiable":
            assert found.reason.startswith(told.partition(": ")[2]), found.reason


@pytest.mark.parametrize(
    "sentence",
    [
        "S&P 500 futures rose 1.0% in December 2025.",
        "The S&P 500 total return index rose 1.0% in December 2025.",
        "The S&P 500 (SPXT) rose 1.0% in December 2025.",
        "In euro terms, the S&P 500 rose 1.0% in December 2025.",
        "The S&P 500 tech sector rose 1.0% in December 2025.",
        "The equal-weight S&P 500 rose 1.0% in December 2025.",
        "Excluding Nvidia, the S&P 500 rose 1.0% in December 2025.",
        "The S&P 500 rose 1.0% in fiscal December 2025.",
        "The S&P 500 did not rise 1.0% in December 2025.",
        "The S&P 500 rose 1.0% in December 2025, seasonally adjusted.",
        "The S&P 500 rose 3% in premarket trading on Monday.",
        "The S&P 500 (intraday) rose 3% on Monday.",
        "On a hedged view the S&P 500 rose 1.0% in December 2025.",
        "The S&P 500 fell on Monday after posting its best month since 2020.",
        "If the S&P 500 fell 3% on Monday, nobody would care.",
    ],
)
def test_a_word_that_may_change_the_figure_holds_a_contradiction_back(
    sentence: str, view_for: Callable[[date], MarketView]
) -> None:
    assert [
        one.text
        for one in judged(sentence, view_for).findings
        if one.status == "contradicted" and "1.0%" in one.text
    ] == []
    assert not any(
        one.status == "contradicted" and one.kind == "best" for one in judged(sentence, view_for).findings
    )


def test_a_held_back_claim_still_shows_what_was_computed(view_for: Callable[[date], MarketView]) -> None:
    (found,) = judged("The S&P 500 rose 1.0% in December 2025 on an adjusted basis.", view_for).findings

    assert (found.status, found.computed) == ("unverifiable", "−0.05%")


def test_a_relative_window_that_another_bears_out_is_not_contradicted(
    view_for: Callable[[date], MarketView],
) -> None:
    # the week to Friday, Jan. 9 was +1.57%; Friday alone +0.65%
    (found,) = judged("The S&P 500 rose 0.65% for the week.", view_for, date(2026, 1, 9)).findings
    named = judged("The S&P 500 rose 0.65% in December 2025.", view_for, date(2026, 1, 9)).findings[0]

    assert found.status == "unverifiable"
    assert found.reason.startswith("true under another reading: it would hold on 2026-01-09")
    assert named.status == "contradicted"


def test_a_hint_names_no_far_fetched_window(view_for: Callable[[date], MarketView]) -> None:
    found = judged("The Russell 2000 rose 4.9% on Monday.", view_for).findings[0]

    assert found.status == "contradicted"
    assert not re.search(r"over the (?:[6-9]|\d\d+) sessions", found.nearest)


def test_figures_that_agree_but_for_the_way_contradict_it_without_a_day(
    view_for: Callable[[date], MarketView],
) -> None:
    found = judged("The S&P 500 fell 10.99 points to 6,977.27.", view_for).findings

    assert [(one.kind, one.status) for one in found] == [("move", "contradicted"), ("level", "verified")]


def test_a_level_out_of_all_reach_is_contradicted_whatever_the_day(
    view_for: Callable[[date], MarketView],
) -> None:
    (index,) = judged("The Russell 2000 closed at 23,733.90.", view_for).findings
    (rate,) = judged("The yield on the 10-year Treasury note is at 7.19%.", view_for).findings

    assert "thirteen months" in index.reason
    assert (index.status, rate.status) == ("contradicted", "contradicted")


def test_an_article_that_fits_another_day_is_not_contradicted(
    view_for: Callable[[date], MarketView],
) -> None:
    closes = {"S&P 500": "6,966.28", "Nasdaq": "23,671.35", "Russell 2000": "2,624.22"}
    text = " ".join(f"The {name} closed Friday at {close}." for name, close in closes.items())
    right = judged(text, view_for, date(2026, 1, 9), "metadata")
    wrong = judged(text, view_for, date(2026, 1, 8), "metadata")
    given = judged(text, view_for, date(2026, 1, 8))

    assert (right.counts["verified"], right.counts["contradicted"]) == (3, 0)
    assert wrong.counts["contradicted"] == 0
    assert any("more of it holds as of 2026-01-09" in one for one in wrong.notices)
    assert given.counts["contradicted"] == 3


def test_a_lost_space_between_sentences_is_found_again(view_for: Callable[[date], MarketView]) -> None:
    found = judged("The S&P 500 rose 0.2% on Monday.Futures on the Nikkei 225 were flat.", view_for).findings

    assert ("verified", "S&P 500 rose 0.2% on Monday") in [(one.status, one.text) for one in found]


# --- planted falsehoods ---------------------------------------------------------------------------------------

TRUE = {
    "2026-01-12": """
The S&P 500 rose 0.16% on Monday to 6,977.27, while the Nasdaq Composite added 0.26% on Monday.
The Russell 2000 gained 0.44% on Monday, its seventh day in a row ahead of the S&P 500.
The S&P 500 closed at a record on Monday. The Russell 2000 fell 0.74% in December 2025.
The S&P 500 rose 10.99 points to 6,977.27. The Nasdaq Composite gained 62.56 points, or 0.26%, to close at 23,733.90.
""",
    "2025-04-04": """
The S&P 500 fell 6% on Friday to 5,074.08, its worst day since March 2020.
The Nasdaq Composite sank 5.8% on Friday. The Russell 2000 dropped 4.4% on Friday.
The S&P 500 lost 9.1% for the week, and the Nasdaq Composite shed 10% for the week.
""",
    "2022-06-15": """
The Federal Reserve raised its benchmark rate by 75 basis points on Wednesday, to a range of 1.50% to 1.75%.
The S&P 500 gained 1.5% on Wednesday to 3,789.99, and the Nasdaq Composite jumped 2.5% on Wednesday.
""",
}  # fmt: skip
UP, DOWN = ["rose", "added", "gained", "climbed", "raised"], ["fell", "shed", "lost", "dropped", "lowered"]
OTHERS = {"sank": "climbed", "jumped": "slid"}
WAYS = dict(zip(UP, DOWN, strict=True)) | dict(zip(DOWN, UP, strict=True)) | OTHERS
NAMES = ("S&P 500", "Nasdaq Composite", "Russell 2000")


def planted(sentence: str, chance: random.Random) -> list[tuple[str, str]]:
    """The sentence with one figure, direction or name changed, each kind once where it has any."""
    made: list[tuple[str, str]] = []
    if figures := list(re.finditer(r"\d+\.\d+(?=%)|\d(?=%)", sentence)):
        one = chance.choice(figures)
        digits = len(one.group().partition(".")[2])
        value = float(one.group()) * chance.choice([0.4, 1.7, 2.3]) + 1
        made.append(("figure", f"{sentence[: one.start()]}{value:.{digits}f}{sentence[one.end() :]}"))
    if ways := list(re.finditer(rf"\b(?:{'|'.join(WAYS)})\b", sentence)):
        one = chance.choice(ways)
        made.append(("way", f"{sentence[: one.start()]}{WAYS[one.group()]}{sentence[one.end() :]}"))
    if names := list(re.finditer("|".join(NAMES), sentence)):
        one = chance.choice(names)
        other = chance.choice([name for name in NAMES if name != one.group()])
        if "in a row ahead" not in sentence and "record" not in sentence:
            made.append(("name", f"{sentence[: one.start()]}{other}{sentence[one.end() :]}"))
    return made


def test_planted_falsehoods_are_still_found(view_for: Callable[[date], MarketView]) -> None:
    counts: dict[str, Counter[str]] = {}
    missed = []
    for (day, text), chance in itertools.product(TRUE.items(), [random.Random(1), random.Random(2)]):
        sentences = [
            one for line in text.strip().splitlines() for one in re.split(r"(?<=[a-z\d]\.) (?=The)", line)
        ]
        for place, sentence in enumerate(sentences):
            for kind, false in planted(sentence, chance):
                article = "\n\n".join([*sentences[:place], false, *sentences[place + 1 :]])
                found = [
                    one
                    for one in judged(article, view_for, date.fromisoformat(day)).findings
                    if one.sentence == false
                ]
                caught = any(one.status == "contradicted" for one in found)
                counts.setdefault(kind, Counter())["caught" if caught else "missed"] += 1
                missed += [] if caught else [(false, [(one.status, one.reason) for one in found])]
    total = sum(counts.values(), Counter())

    assert total["caught"] + total["missed"] >= 50
    assert total["caught"] / (total["caught"] + total["missed"]) >= 0.85, (counts, missed)


def test_the_true_articles_hold(view_for: Callable[[date], MarketView]) -> None:
    for day, text in TRUE.items():
        found = judged(text.strip().replace("\n", "\n\n"), view_for, date.fromisoformat(day))

        assert [(one.text, one.reason) for one in found.findings if one.status != "verified"] == []


def test_each_item_of_a_list_is_of_its_own_subject_and_a_signed_figure_is_a_move(
    view_for: Callable[[date], MarketView],
) -> None:
    # on Jan. 12 the S&P 500 gained 0.16 %, and the Nasdaq Composite rose for the second session in a row
    items = (
        "S&P 500 +0.2% at 6,977.27",
        "Nasdaq Composite +0.3%, a fourth straight gain",
        "Fed cut rates on Dec. 10",
    )
    text = "CLOSE\n" + "\n".join(f"* {item}" for item in items)
    found = {one.text: one.status for one in judged(text, view_for).findings}

    assert found["S&P 500 +0.2% at 6,977.27"] == "verified"
    assert found["fourth straight gain"] == "contradicted"


@pytest.mark.parametrize("sentence", ["S&P 500 +1.4%", "YTD returns\n* S&P 500 +1.9%\n* Russell 2000 +6.2%"])
def test_a_signed_figure_that_another_window_bears_out_is_not_contradicted(
    sentence: str, view_for: Callable[[date], MarketView]
) -> None:
    assert [one.text for one in judged(sentence, view_for).findings if one.status == "contradicted"] == []
