"""The desk's English, measured over the editions of real sessions and held to tests/data/quality_floors.toml."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pyphen
import pytest
from editions import DATES, Press, Story, visible

from broadtape.desk.claims.names import sector_of_fund

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
FLOORS: dict[str, Any] = tomllib.loads((ROOT / "tests" / "data" / "quality_floors.toml").read_text("utf-8"))

# After these a full stop ends no sentence.
_ABBREVIATED = re.compile(r"\b(?:Jan|Feb|Aug|Sept|Oct|Nov|Dec|No|Inc|Corp|Co|Ltd|U\.S)\.$")
_TICKER = re.compile(r"\([A-Z]+: [A-Z.]+\)")
_HYPHENS = pyphen.Pyphen(lang="en_US")
_LINKED = re.compile(r"\[[^\]]*\]\(fact:[^)]*\)")


@pytest.fixture(scope="module")
def stories(press: Press) -> list[Story]:
    return press.stories()


def sentences(story: Story) -> list[str]:
    """The sentences of the prose, as readers see them."""
    found: list[str] = []
    for paragraph in story.paragraphs:
        held = ""
        for piece in re.split(r"(?<=[.!?])\s+", visible(paragraph)):
            held = f"{held} {piece}".strip()
            if not _ABBREVIATED.search(held):
                found.append(held)
                held = ""
        found += [held] if held else []
    return found


def definitions(story: Story) -> set[str]:
    """Digests of sentences that say what a word means: they are the same wherever they stand."""
    listed = story.article.facts["sentences"]
    assert isinstance(listed, list)
    return {str(entry["digest"]) for entry in listed if entry["kind"] == "definition"}


def digest(sentence: str) -> str:
    return hashlib.sha256(" ".join(sentence.split()).encode()).hexdigest()[:16]


def plain_names(story: Story, text: str) -> str:
    """The text without names that hold digits, and without tickers."""
    view = story.press.view(story.article.as_of or story.article.date.date())
    named = [view.instrument(symbol) for symbol in story.article.symbols]
    names = [one.name for one in named] + [f"{sector_of_fund(one).lower()} sector fund" for one in named]
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return _TICKER.sub("", text)


def measured(stories: list[Story]) -> dict[str, float]:
    """What the floors file pins, over all stories."""
    days_of: dict[str, set[str]] = defaultdict(set)
    for story in stories:
        for sentence in sentences(story):
            days_of[sentence].add(str(story.article.as_of))
    told = [
        (story, sentence) for story in stories for sentence in sentences(story)
        if digest(sentence) not in definitions(story)
    ]  # fmt: skip
    shared = [sentence for _, sentence in told if len(days_of[sentence]) > 1]
    ease = sorted(reading_ease(story) for story in stories)
    openings = Counter(shape(sentences(story)[0]) for story in stories)
    return {
        "shared_sentences": len(shared) / len(told),
        "reading_ease_least": ease[0],
        "reading_ease_median": ease[len(ease) // 2],
        "headline_characters": max(len(story.article.title) for story in stories),
        "paragraph_words": max(len(visible(part).split()) for story in stories for part in story.paragraphs),
        "sentence_words": max(len(sentence.split()) for _, sentence in told),
        "same_opening": max(openings.values()),
    }


def reading_ease(story: Story) -> float:
    """Flesch reading ease of the prose without tables, names with digits and tickers; higher is easier.

    textstat's own function wants a dictionary from the network for English; its hyphenation, which it falls back
    on for words that the dictionary lacks, needs none.
    """
    said = [plain_names(story, sentence) for sentence in sentences(story)]
    words = [word for sentence in said for word in re.findall(r"[A-Za-z’']+", sentence)]
    syllables = sum(len(_HYPHENS.positions(word.lower())) + 1 for word in words)
    return 206.835 - 1.015 * len(words) / len(said) - 84.6 * syllables / len(words)


def shape(sentence: str) -> str:
    """A sentence without its figures, days and names: two that share it open alike."""
    plain = re.sub(r"\b(?:the )?[A-Z][\w&’-]*(?: [A-Z0-9][\w&’-]*)*\.?", "_", _TICKER.sub("", sentence))
    return " ".join(re.sub(r"[\d.,%]+", "0", plain).split())


def test_the_floors_hold(stories: list[Story]) -> None:
    found = measured(stories)

    assert found["shared_sentences"] <= FLOORS["shared_sentences_at_most"]
    assert found["reading_ease_least"] >= FLOORS["reading_ease_at_least"]
    assert found["reading_ease_median"] >= FLOORS["reading_ease_median_at_least"]
    assert found["headline_characters"] <= FLOORS["headline_characters_at_most"]
    assert found["paragraph_words"] <= FLOORS["paragraph_words_at_most"]
    assert found["sentence_words"] <= FLOORS["sentence_words_at_most"]
    assert found["same_opening"] <= FLOORS["same_opening_at_most"]


def test_every_figure_of_the_prose_stands_in_a_fact_link(stories: list[Story]) -> None:
    untraced = [
        (story.article.title, found)
        for story in stories
        for paragraph in story.paragraphs
        for found in re.findall(r"\S*\d\S*", plain_names(story, _LINKED.sub("", paragraph)))
    ]

    assert len(untraced) == FLOORS["untraced_figures"], untraced


def test_every_figure_of_headlines_captions_and_headings_is_in_the_facts(stories: list[Story]) -> None:
    untraced = []
    for story in stories:
        photo = story.article.photo
        texts = [story.article.title, story.article.summary]
        texts += [photo.alt, photo.caption] if photo else []
        texts += re.findall(r"(?m)^#+ (.*)$", story.article.body)
        linked = " ".join(link.text for link in story.links) + " " + values(story)
        for text in texts:
            untraced += [
                (story.article.title, text, figure)
                for figure in re.findall(r"\d(?:[\d,]*\d)?(?:\.\d+)?", plain_names(story, text))
                if not re.search(rf"(?<![\d.,]){re.escape(figure)}(?!\d|[.,]\d)", linked)
            ]

    assert len(untraced) == FLOORS["untraced_figures"], untraced


def values(story: Story) -> str:
    """Every value of the facts, as a figure might print it: at full and at coarser precision, days by number."""
    said = []
    for link_free in story.article.facts["facts"].values():  # type: ignore[attr-defined]  # a mapping, by contract
        for part in link_free["parts"]:
            value = str(part["value"])
            if part["kind"] in {"date", "month"}:
                said += [value[:4], str(int(value[8:10]))]
            elif part["kind"] in {"count", "rank", "year"}:
                said.append(value)
            elif part["kind"] != "entity" and re.fullmatch(r"-?\d+(\.\d+)?", value):
                for places in range(3):
                    shown = abs(Decimal(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
                    said.append(f"{shown:,f}")
    return " ".join(said)


def test_no_sentence_is_said_twice_in_a_story(stories: list[Story]) -> None:
    twice = [
        (story.article.title, sentence)
        for story in stories
        for sentence, times in Counter(sentences(story)).items()
        if times > 1
    ]

    assert len(twice) == FLOORS["repeated_sentences"], twice


def test_no_paragraph_stands_in_two_stories_of_different_days(stories: list[Story]) -> None:
    days: dict[str, set[str]] = defaultdict(set)
    for story in stories:
        for paragraph in story.paragraphs:
            if not all(digest(one) in definitions(story) for one in sentences_of(story, paragraph)):
                days[visible(paragraph)].add(str(story.article.as_of))
    shared = [paragraph for paragraph, on in days.items() if len(on) > 1]

    assert len(shared) <= FLOORS["shared_paragraphs_at_most"], shared


def sentences_of(story: Story, paragraph: str) -> list[str]:
    text = visible(paragraph)
    return [sentence for sentence in sentences(story) if sentence in text]


def test_numbers_below_ten_are_words_and_no_sentence_begins_with_a_numeral(stories: list[Story]) -> None:
    for story in stories:
        for sentence in sentences(story):
            assert not sentence[0].isdigit(), sentence
            lone = re.findall(
                r"(?<![\w.,:–-])\b[1-9] (?:sessions?|months?|weeks?|cases?|runs?|companies)\b", sentence
            )
            assert lone == [], sentence


def test_a_full_name_carries_its_ticker_once(stories: list[Story]) -> None:
    for story in stories:
        tickers = _TICKER.findall(story.visible)

        assert tickers, story.article.title
        assert [one for one, times in Counter(tickers).items() if times > 1] == [], story.article.title


def test_every_length_is_a_briefs_or_a_storys(stories: list[Story]) -> None:
    for story in stories:
        assert FLOORS["words_at_least"] <= story.words <= FLOORS["words_at_most"], story.article.title


def test_there_are_editions_of_every_kind(stories: list[Story]) -> None:
    assert {story.kind for story in stories} >= {
        "drawdown",
        "rotation",
        "record",
        "volatility",
        "week",
        "wrap",
    }
    assert {str(story.article.as_of) for story in stories} == set(DATES)
