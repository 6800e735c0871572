"""Proof of a text again and again while it is edited: the same verdicts as from scratch, and work that grows with it.

Work is counted in calls, not timed: a clock would tell of the machine.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from types import FrameType

import pytest
from editions import Press
from edits import falsifying, harmless
from test_edition_mutations import falsehoods, renamings
from test_proof import GOOD, LARGE, SMALL, Paper

from broadtape.model import Status

TITLE = "Small caps beat S&P 500 for fourth straight session"


@pytest.fixture
def paper() -> Paper:
    sheet = Paper()
    sheet.ask("gain", "return", of=SMALL, over="2026-01-07..2026-01-12")
    sheet.ask("other", "return", of=LARGE, over="2026-01-07..2026-01-12")
    sheet.ask("run", "relative-streak", of=SMALL, vs=LARGE)
    sheet.ask("gap", "relative-return", of=SMALL, vs=LARGE, over="2026-01-07..2026-01-12")
    sheet.ask("rate", "policy-rate")
    return sheet


def calls(work: Callable[[], object]) -> int:
    """How many Python functions the work calls."""
    count = 0

    def called(_frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


# Texts of a size, no two sentences alike, so that nothing is remembered from one to the next.
GROWING: dict[str, Callable[[int], str]] = {
    "paragraphs": lambda n: "\n\n".join(
        f"The Russell 2000 [rose {i}.1% from Jan. 7 through Jan. 12](fact:{{gain}})." for i in range(n)
    ),
    "sentences of a paragraph": lambda n: " ".join(
        f"The Russell 2000 [rose {i}.1% from Jan. 7 through Jan. 12](fact:{{gain}})." for i in range(n)
    ),
    "words of a sentence": lambda n: (
        f"The Russell 2000 {' '.join(f'{i} near the gauge' for i in range(n))} [rose 4.1%](fact:{{gain}})."
    ),
    "figures of a link": lambda n: (
        f"The Russell 2000 [rose {' '.join(f'{i}.1%' for i in range(n))}](fact:{{gain}})."
    ),
    "rows": lambda n: (
        "| Index | Jan. 7 to Jan. 12 |\n| --- | ---: |\n"
        + "\n".join(f"| Russell 2000 | [+{i}.1%](fact:{{gain}}) |" for i in range(n))
    ),
    "rows without links": lambda n: (
        "| Index | Jan. 7 to Jan. 12 |\n| --- | ---: |\n"
        + "\n".join(f"| Russell 2000 | +{i}.1% |" for i in range(n))
    ),
    "headings": lambda n: "\n\n".join(f"## Russell 2000 rose {i}.1%" for i in range(n)),
    "captions": lambda n: "\n\n".join(f"![Russell 2000 rose {i}.1%](chart.svg)" for i in range(n)),
    "plain sentences": lambda n: " ".join(f"The market was at ease on occasion {i}." for i in range(n)),
}


@pytest.mark.parametrize("kind", GROWING)
def test_proof_of_a_text_three_times_as_long_takes_about_three_times_the_work(
    paper: Paper, kind: str
) -> None:
    paper.prove(GOOD, title=TITLE, symbols=(SMALL, LARGE))
    few, more, many = (
        paper.article(GOOD + "\n" + GROWING[kind](n), title=TITLE, symbols=(SMALL, LARGE))
        for n in (13, 39, 117)
    )
    base = calls(lambda: Paper(paper.market, paper.facts).prove(few))
    first = calls(lambda: Paper(paper.market, paper.facts).prove(more)) - base
    second = calls(lambda: Paper(paper.market, paper.facts).prove(many)) - base

    assert second <= 5 * max(first, 200), (
        f"{base}, {first}, {second}"
    )  # 4 where it is linear, 13 where quadratic


@pytest.mark.parametrize(
    "text", ["S&P 500 rose 1.1%, ", "rose ", "x, ", "1.1% ", "Jan. 2 and ", "the Russell 2000 and ", "一"]
)
@pytest.mark.parametrize("place", ["title", "summary"])
def test_a_headline_of_forty_thousand_characters_is_refused_without_being_read(
    paper: Paper, text: str, place: str
) -> None:
    given = {"title": TITLE, "summary": "", place: text * (40_000 // len(text))}
    article = paper.article(GOOD, symbols=(SMALL, LARGE), **given)
    usual = calls(lambda: paper.prove(GOOD, title=TITLE, symbols=(SMALL, LARGE)))

    report = paper.prove(article)

    (claim,) = report.failing
    assert claim.line == {"title": 2, "summary": 3}[place]
    assert claim.reason.startswith(f"{place}: ")
    assert "at most 2,000" in claim.reason
    assert "shorten" in claim.reason
    assert len(claim.text) < 100
    assert calls(lambda: paper.prove(article)) < 2 * usual + 1_000


def test_a_sentence_of_hundreds_of_links_is_refused_as_one(paper: Paper) -> None:
    links = " and ".join(f"[rose {i}.1%](fact:{{gain}})" for i in range(200))

    report = paper.prove(f"{GOOD}\nThe Russell 2000 {links}.", title=TITLE, symbols=(SMALL, LARGE))

    (claim,) = report.failing
    assert claim.status is Status.UNSUPPORTED
    assert "200 fact links" in claim.reason
    assert "split" in claim.reason


def test_a_long_caption_of_an_editors_own_is_listed_and_stops_nothing(paper: Paper) -> None:
    report = paper.prove("A fine day.", title="The ferry " * 400, origin="editor", as_of=None, facts={})

    assert report.ok
    assert [claim.status for claim in report.claims] == [Status.UNCHECKED]


@pytest.mark.slow
@pytest.mark.acceptance
@pytest.mark.parametrize(("day", "kind"), [("2026-01-12", "rotation"), ("2025-08-20", "wrap")])
def test_a_text_proved_after_others_has_the_verdicts_of_a_proof_from_scratch(
    press: Press, day: str, kind: str
) -> None:
    story, drawn = press.story(day, kind), random.Random(20260112)
    changed = [
        story.file[: one.start] + one.new + story.file[one.end :]
        for one in (*drawn.sample(falsehoods(story), 5), *drawn.sample(renamings(story), 2))
    ]
    changed += [text for _, text in drawn.sample(list(falsifying(story, press.on(day), drawn)), 2)]
    changed += [text for _, text in drawn.sample(list(harmless(story, drawn)), 2)]
    changed.append(story.file)
    press.verify(story.file, story)

    again = [press.verify(text, story).claims for text in changed]  # one after the other, nothing forgotten

    for text, claims in zip(changed, again, strict=True):
        press.forget()  # the market is looked at anew: nothing is remembered of a view that nothing was proved on
        assert press.verify(text, story).claims == claims
