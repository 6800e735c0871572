"""Which instruments stories are linked to: measured on headlines made by hand, and each rule by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from broadtape.market.news import Lexicon, Named

DATA = Path(__file__).parents[1] / "data" / "news"
# Pinned: linking wrongly is worse than not at all. Lowering either is a decision, not a repair.
PRECISION = 0.98
RECALL = 0.93


@dataclass(frozen=True)
class Headline:
    expected: frozenset[str]
    title: str
    excerpt: str


def lines(name: str) -> list[list[str]]:
    text = (DATA / name).read_text(encoding="utf-8")
    return [
        [part.strip() for part in line.split("|")]
        for line in text.splitlines()
        if line and not line.startswith("#")
    ]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    def names(text: str) -> tuple[str, ...]:
        return tuple(one.strip() for one in text.split(";") if one.strip())

    return Lexicon(
        Named(symbol, kind, names(given), names(former), cik.strip("0"))
        for symbol, kind, cik, given, former in lines("names.txt")
    )


@pytest.fixture(scope="module")
def headlines() -> list[Headline]:
    return [
        Headline(frozenset() if wanted == "-" else frozenset(wanted.split(",")), title, excerpt)
        for wanted, title, excerpt in lines("headlines.txt")
    ]


def linked(lexicon: Lexicon, title: str, excerpt: str = "", **more: object) -> set[str]:
    found = lexicon.links(title, excerpt, **more)  # type: ignore[arg-type]  # words of tests
    return {link.symbol.partition(":")[2] for link in found}


def test_links_of_headlines_made_by_hand_are_right(lexicon: Lexicon, headlines: list[Headline]) -> None:
    right = wrong = missed = 0
    mistakes = []
    for one in headlines:
        found = linked(lexicon, one.title, one.excerpt)
        right += len(found & one.expected)
        wrong += len(found - one.expected)
        missed += len(one.expected - found)
        if found != one.expected:
            mistakes.append(f"{one.title}: {sorted(found)}, not {sorted(one.expected)}")

    assert len(headlines) >= 120
    assert right / (right + wrong) >= PRECISION, mistakes
    assert right / (right + missed) >= RECALL, mistakes
