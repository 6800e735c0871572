"""Who is quoted: words in quotation marks beside a speaker who is named."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswire.quotations import quotations


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            '"We will sell two ferries," said Jane Q. Doe, the chief.',
            ("Jane Q. Doe", "We will sell two ferries"),
        ),
        (
            "“Demand is slowing down,” Jane Doe, chief executive of Acme, said.",
            ("Jane Doe", "Demand is slowing down"),
        ),
        ('Jane Doe said: "Demand is slowing down."', ("Jane Doe", "Demand is slowing down")),
        (
            "Fed Chair Jerome Powell said, “Inflation is still too high.”",
            ("Fed Chair Jerome Powell", "Inflation is still too high"),
        ),
        (
            "According to Maria van der Berg, “orders have doubled twice”.",
            ("Maria van der Berg", "orders have doubled twice"),
        ),
        ('"It was a good year," Dr. Ana Ruiz told Reuters.', ("Dr. Ana Ruiz", "It was a good year")),
        ('"It was a good year," chief economist Tom O’Brien wrote.', None),
        ('"It was a good year," said chief economist Tom O’Brien.', ("Tom O’Brien", "It was a good year")),
        ('"It was a good year," according to Tom Okafor.', ("Tom Okafor", "It was a good year")),
        ('On Monday Jane Doe said "the quarter was strong".', ("Jane Doe", "the quarter was strong")),
        ("«Les ventes ont doublé», said Anne Le Goff.", ("Anne Le Goff", "Les ventes ont doublé")),
    ],
)
def test_a_named_speaker_is_found_with_the_words(text: str, found: tuple[str, str] | None) -> None:
    assert quotations(text) == ((found,) if found else ())


@pytest.mark.parametrize(
    "text",
    [
        '"We are pleased with this," officials said.',
        '"We are pleased with this," he said.',
        'The so-called "Great Rotation trade" continued on Monday.',
        'Officials said: "we are pleased with this".',
        '"No," said Jane Doe.',
        'Shares of the "Magnificent Seven" fell, said analysts.',
        "Nobody was quoted at all by Jane Doe.",
        '"An unfinished quotation said Jane Doe',
    ],
)
def test_words_without_a_name_beside_them_are_nobodys(text: str) -> None:
    assert quotations(text) == ()


def test_several_speakers_are_given_in_order() -> None:
    text = 'Jane Doe said: "Prices will rise again." "They will not do so," said Tom Okafor.'

    assert quotations(text) == (("Jane Doe", "Prices will rise again"), ("Tom Okafor", "They will not do so"))


@given(st.text(alphabet='“”"„«» ,.:AaBb’said', max_size=300))
def test_any_text_gives_only_what_stands_in_it(text: str) -> None:
    for speaker, words in quotations(text):
        assert words in text
        assert speaker in text


def test_a_hostile_text_ends_in_time() -> None:
    started = time.perf_counter()
    for text in ('"' * 300, "“A " * 100, "A’" * 150, 'Aa Bb said "' * 25, "According to A B C D E, " * 12):
        quotations(text)

    assert time.perf_counter() - started < 1
