"""A seeded 5,000 of what may be falsified in the editions, and what people edit: caught, and no false alarms.

`bench/bench_mutations.py` tries the same over an archive of hundreds of articles.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
from editions import Press, Story
from edits import falsifying, harmless
from test_edition_mutations import Falsehood, alone, falsehoods, is_head, let_stand, renamings

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

SEED = 20260112
TOGETHER, ALONE, EDITED = 4_950, 50, 60  # one a line together; names one by one; by people


def rounds(stories: list[Story], drawn: random.Random) -> Iterator[tuple[Story, list[Falsehood]]]:
    """Falsehoods that are tried together, one of each line of a story, story after story and round after round."""
    lines: list[tuple[Story, list[list[Falsehood]]]] = []
    for story in stories:
        by_line: dict[int, list[Falsehood]] = defaultdict(list)
        for one in falsehoods(story):
            if not is_head(story.file, one):
                by_line[one.line].append(one)
        for found in by_line.values():
            drawn.shuffle(found)
        lines.append((story, list(by_line.values())))
    for number in itertools.count():
        left = False
        for story, found in lines:
            together = sorted((one[number] for one in found if number < len(one)), key=lambda one: one.start)
            if together:
                left = True
                yield story, together
        if not left:
            return


def test_of_thousands_of_falsehoods_99_in_100_are_caught(press: Press) -> None:
    drawn, tried = random.Random(SEED), 0
    stood: list[str] = []
    for story, together in rounds(press.stories(), drawn):
        tried += len(together)
        stood += [one.shown(story.file) for one in let_stand(story, together)]
        if tried >= TOGETHER:
            break
    names = [(story, one) for story in press.stories() for one in renamings(story)]
    for story, one in drawn.sample(names, ALONE):
        tried += 1
        stood += alone(story, [one])

    assert tried >= TOGETHER + ALONE
    assert len(stood) <= tried // 100, f"{len(stood)} of {tried}: {stood[:20]}"


def test_what_people_falsify_is_caught(press: Press) -> None:
    stories, drawn = press.stories(), random.Random(SEED)
    pool = [(story, *edit) for story in stories for edit in falsifying(story, stories, drawn)]
    chosen = drawn.sample(pool, min(EDITED, len(pool)))
    stood = [f"{kind}: {story.article.title}" for story, kind, text in chosen if not story.failing(text)]

    assert len(Counter(kind for _, kind, _ in chosen)) >= 6
    assert len(stood) <= len(chosen) // 100, stood


def test_what_people_leave_true_raises_no_alarm(press: Press) -> None:
    drawn = random.Random(SEED)
    kinds: dict[str, list[tuple[Story, str]]] = defaultdict(list)
    for story in press.stories():
        for kind, text in harmless(story, drawn):
            kinds[kind].append((story, text))
    chosen = [
        (kind, *one) for kind, found in kinds.items() for one in drawn.sample(found, min(8, len(found)))
    ]
    alarms = [
        f"{kind}: {story.article.title}: {[(claim.text, claim.reason) for claim in failing][:1]}"
        for kind, story, text in chosen
        if (failing := story.failing(text))
    ]

    assert len(chosen) >= 30
    assert len(alarms) <= len(chosen) // 100, alarms
