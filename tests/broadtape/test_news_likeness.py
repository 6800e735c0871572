"""Near-duplicates, heat and closeness: what counts as the same news, and what as a copied sentence."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import told
import wire
from told import HOUR, NOON, harvest

from broadtape.market import likeness
from broadtape.market.likeness import too_close
from broadtape.model import Origin, Story

DAY = timedelta(days=1)
ORIGIN = Origin("wire", "", "private", NOON)


def story(title: str, hours: float = 0, publisher: str = "Wire", symbols: tuple[str, ...] = ()) -> Story:
    at = NOON + hours * HOUR
    link = f"https://{publisher.lower()}.example.org/{title}"
    return Story(f"{publisher}/{title}", title, link, publisher, at, at, "", ORIGIN, symbols=symbols)


def titles(*stories: Story) -> list[list[str]]:
    return sorted([one.title for one in cluster.stories] for cluster in likeness.clusters(stories))


def test_the_same_news_told_twice_is_one_with_the_first_known_as_lead() -> None:
    late = story("Acme to close its Fresno mill, lay off 300", 2, "Valley")
    first = story("Acme to close Fresno mill and lay off 300 workers", 0, "Wire")
    other = story("Ferry service to Tiburon resumes", 1)

    found = likeness.clusters([late, other, first])

    assert [[one.publisher for one in cluster.stories] for cluster in found] == [["Wire", "Valley"], ["Wire"]]
    assert (found[0].lead, found[0].publishers) == (first, 2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme profit rises 12% in first quarter", "Acme profit rises 9% in first quarter"),
        (
            "Analyst raises Acme price target before earnings",
            "Analyst cuts Acme price target before earnings",
        ),
        ("Acme opens a mill", "Acme closes a mill"),
        (
            "Investor alert: law firm reminds Acme holders of deadline",
            "Investor alert: law firm invites Zenith owners",
        ),
        ("Council votes on housing plan", "Planning board delays harbor vote"),
    ],
)
def test_headlines_that_differ_in_what_matters_are_two_pieces_of_news(one: str, other: str) -> None:
    assert titles(story(one), story(other, 1)) == sorted([[one], [other]])


def test_alike_headlines_about_two_companies_are_two_pieces_of_news() -> None:
    one = story("Retailer declares quarterly dividend of 25 cents", 0, symbols=("NYSE:ACM",))
    other = story("Retailer declares quarterly dividend of 25 cents a share", 1, symbols=("NYSE:ZEN",))

    assert len(likeness.clusters([one, other])) == 2


def test_the_same_words_after_three_days_are_news_again() -> None:
    weekly = [story("Mortgage rates this week: what to know", hours, f"p{hours}") for hours in (0, 71, 73)]

    assert [len(cluster.stories) for cluster in likeness.clusters(weekly)] == [2, 1]


def test_clusters_do_not_depend_on_the_order_of_reading() -> None:
    stories = [
        story(f"{who} to {what} {number} jobs at its {where} plant", hours, publisher)
        for who in ("Acme", "Zenith")
        for what in ("cut", "add")
        for number in (20, 300)
        for where in ("Fresno", "Reno")
        for hours, publisher in ((0, "Wire"), (1, "Valley"))
    ]
    shuffled = stories.copy()
    random.Random(7).shuffle(shuffled)

    assert likeness.clusters(shuffled) == likeness.clusters(stories)


def test_every_pair_alike_enough_is_found_by_its_sketch() -> None:
    words = [f"word{number}" for number in range(400)]
    chance = random.Random(3)
    pairs = []
    for number in range(150):
        chosen = chance.sample(words, 9)
        pairs.append(
            (
                story(" ".join(chosen), 0, f"a{number}"),
                story(" ".join([*chosen[:8], "else"]), 1, f"b{number}"),
            )
        )

    found = likeness.clusters([one for pair in pairs for one in pair])

    assert sum(len(cluster.stories) == 2 for cluster in found) >= 147  # 98 %


def test_many_stories_are_clustered_in_bounded_time() -> None:
    chance = random.Random(5)
    words = [f"w{number}" for number in range(2_000)]
    stories = [
        story(" ".join(chance.sample(words, 8)), number / 100, f"p{number}") for number in range(3_000)
    ]

    assert len(likeness.clusters(stories)) == 3_000


# --- heat -------------------------------------------------------------------------------------------------


TOPICS = ("strike", "merger", "recall", "lawsuit", "dividend", "forecast", "outage", "hiring")


def coverage(days: dict[int, int]) -> list[Story]:
    """So many pieces of news on each day before noon, by age in days."""
    return [
        story(
            f"{TOPICS[number]} and {TOPICS[number][::-1]} number {age}", -24 * age - 1, symbols=("NYSE:ACM",)
        )
        for age, count in days.items()
        for number in range(count)
    ]


def test_heat_is_the_last_day_against_the_days_before() -> None:
    told_of = likeness.clusters(coverage({0: 4, 1: 1, 5: 4, 9: 1}))

    found = likeness.heat("NYSE:ACM", told_of, NOON, NOON - 31 * DAY)

    assert found is not None
    assert (found.pieces, found.usual, found.days) == (4, Decimal("0.20"), 30)
    assert found.rarity == pytest.approx(2 / 31)


def test_without_twenty_days_of_its_own_past_nothing_is_hot() -> None:
    told_of = likeness.clusters(coverage({0: 8}))

    assert likeness.heat("NYSE:ACM", told_of, NOON, NOON - 20 * DAY) is None
    assert likeness.heat("NYSE:ACM", told_of, NOON, NOON - 21 * DAY) is not None


def test_the_store_knows_the_heat_of_an_instrument_as_of_an_instant(tmp_path: Path) -> None:
    past = [told.story(f"Acme Corp plan {age}", f"p{age}", at=NOON - age * DAY) for age in range(2, 41, 4)]
    today = [
        told.story(f"Acme Corp {what}", what, at=NOON - HOUR)
        for what in ("strike begins", "names Jo Ray", "fire at depot")
    ]
    first = [harvest(one) for one in past]

    with wire.open_store(tmp_path, told.listed(("NYSE:ACM", "Acme Corp")), *first, harvest(*today)) as store:
        now, before = store.news(NOON).heat("NYSE:ACM"), store.news(NOON - DAY).heat("NYSE:ACM")
        clusters = store.news(NOON).clusters(NOON - DAY)

        assert store.news(NOON).heat("NYSE:NONE") is not None
    assert now is not None
    assert before is not None
    assert (now.pieces, before.pieces) == (3, 0)
    assert now.rarity < 0.05 < before.rarity
    assert [cluster.symbols for cluster in clusters] == [("NYSE:ACM",)] * 3


# --- closeness --------------------------------------------------------------------------------------------

EXCERPT = (
    "Acme Corp will shut its century-old Fresno mill in June, a move that ends paper making in the valley and "
    "puts 300 people out of work, the company told employees on Monday."
)


def test_a_draft_that_repeats_nine_words_is_too_close() -> None:
    draft = "Shares fell. The decision is a move that ends paper making in the valley and will be felt."

    (found,) = too_close(draft, [("Valley Daily", EXCERPT)])

    assert found.source == "Valley Daily"
    assert found.words == "a move that ends paper making in the valley"
    assert str(found).startswith("23% of Valley Daily")


def test_a_draft_that_repeats_most_of_a_headline_is_too_close() -> None:
    draft = "Acme to close Fresno mill, lay off 300, its last one in the state."

    assert too_close(draft, [("Wire", "Acme to close Fresno mill, lay off 300")])


@pytest.mark.parametrize(
    "draft",
    [
        "The S&P 500 rose 0.7% on Monday, its third gain in a row, and closed at 6,012.28.",
        "Acme fell 4.1%, the largest loss of the index, after the company said it would shut a mill.",
        "",
        "Acme fell.",
    ],
)
def test_a_draft_in_words_of_its_own_is_not(draft: str) -> None:
    assert too_close(draft, [("Valley Daily", EXCERPT), ("Wire", "S&P 500 rises"), ("Empty", "")]) == ()
