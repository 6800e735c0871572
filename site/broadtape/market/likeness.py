"""Which texts say the same: near-duplicate headlines as clusters, how much is told, drafts too close to a source.

Pure; the rules and the measures are in docs/contracts/news.md. Links of stories to instruments are made in `news`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from broadtape.model import Cluster, Heat, Story

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = timedelta(days=3)  # a piece of news is told anew for so long after its lead
ALIKE = 0.6  # share of words that two headlines must have in common (Jaccard)
CONTAINED = 0.85  # or share of the shorter one's words, where it has enough of them
ENOUGH = 5
_BANDS, _ROWS = 16, 3  # of the sketch: two titles that share 0.6 of their words meet with 98 %

DAY = timedelta(hours=24)
PAST_DAYS = 60  # of an instrument's own past
LEAST_DAYS = 20  # fewer say nothing of what is usual

RUN = 9  # words in a row that a draft may not share with a source
PHRASE = 4  # words; phrases of this length are compared
SHARE = 0.6  # of a source's phrases that a draft may not hold
LEAST_PHRASES = 4

_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d+(?:[.,]\d+)*")
# fmt: off
_STOP = frozenset([
    "a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "it", "its", "of", "on", "or", "s", "the", "to",
    "with", "after", "says", "said", "will", "has", "have", "be", "are", "was", "that", "this", "over", "amid",
])
# Told with words of both sides, two headlines are two pieces of news: raised here, cut there. Stems, see _stem.
_UP = frozenset([
    "rise", "rose", "ris", "raise", "rais", "gain", "jump", "open", "buy", "bought", "upgrade", "upgrad", "beat", "win",
    "won", "up", "higher", "high", "increase", "increas", "approve", "approv", "hire", "hir", "climb", "surge", "surg",
    "top", "expand", "rally", "ralli", "profit", "accept", "more",
])
_DOWN = frozenset([
    "fall", "fell", "drop", "cut", "cutt", "lose", "lost", "loss", "close", "clos", "sell", "sold", "downgrade",
    "downgrad", "miss", "missed", "down", "lower", "low", "decrease", "decreas", "reject", "fire", "fir", "sink",
    "sank", "slide", "slid", "slip", "slipp", "shrink", "tumble", "tumbl", "lay", "deny", "deni", "less", "halt",
])
# fmt: on
_PRIME = (1 << 61) - 1


# --- clusters ---------------------------------------------------------------------------------------------


def clusters(stories: Iterable[Story]) -> tuple[Cluster, ...]:
    """The stories with the same news as one, the first known as its lead; the most told first.

    Two stories are the same news when their titles share enough words, no figure of either contradicts the
    other's, and they are not about different instruments. A story joins the cluster it is most like, within
    three days of its lead. The order of the input does not matter.
    """
    ordered = sorted(stories, key=lambda one: (one.known_at, one.uid, one.link))
    groups: list[list[Story]] = []
    home: dict[int, int] = {}
    buckets: dict[tuple[int, bytes], list[int]] = {}
    marks = [_mark(one.title) for one in ordered]
    for place, (story, mark) in enumerate(zip(ordered, marks, strict=True)):
        keys = list(_keys(mark))
        best, likest = -1, 0.0
        for other in sorted({one for key in keys for one in buckets.get(key, ())}):
            group = groups[home[other]]
            if story.known_at - group[0].known_at > WINDOW or not _may_be_one(
                story, mark, ordered[other], marks[other]
            ):
                continue
            alike = _alike(mark, marks[other])
            if alike > likest:
                best, likest = home[other], alike
        if best < 0:
            best = len(groups)
            groups.append([])
        groups[best].append(story)
        home[place] = best
        for key in keys:
            buckets.setdefault(key, []).append(place)
    found = [Cluster(group[0], tuple(group[1:])) for group in groups]
    found.sort(
        key=lambda one: (-one.publishers, -len(one.stories), -one.lead.known_at.timestamp(), one.lead.uid)
    )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a title is compared by: its telling words and its figures."""

    words: frozenset[str]
    figures: frozenset[str]


@lru_cache(maxsize=20_000)
def _mark(title: str) -> _Mark:
    told = _WORD.findall(title.lower().replace("’", "'"))
    figures = frozenset(one for one in told if one[0].isdigit())
    words = frozenset(_stem(one) for one in told if one not in _STOP and not one[0].isdigit())
    return _Mark(words | figures, figures)


def _stem(word: str) -> str:
    """Without the endings by which two papers tell one thing: "shares", "Acme's"."""
    word = word.removesuffix("'s")
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word


def _alike(one: _Mark, other: _Mark) -> float:
    """How alike two titles are, 0 when not enough to be the same news."""
    shared = len(one.words & other.words)
    if not shared:
        return 0.0
    jaccard = shared / len(one.words | other.words)
    shorter = min(len(one.words), len(other.words))
    if jaccard >= ALIKE or (shorter >= ENOUGH and shared / shorter >= CONTAINED):
        return jaccard
    return 0.0


def _may_be_one(story: Story, mark: _Mark, other: Story, others: _Mark) -> bool:
    """Whether nothing says that they are two things: other figures, other companies."""
    if story.link == other.link:
        return True
    if (
        mark.figures
        and others.figures
        and not (mark.figures <= others.figures or others.figures <= mark.figures)
    ):
        return False
    if _sides(mark) != _sides(others) and len(_sides(mark) | _sides(others)) == 2:
        return False
    return not (story.symbols and other.symbols) or not set(story.symbols).isdisjoint(other.symbols)


def _sides(mark: _Mark) -> set[str]:
    """Whether a title speaks of a rise, of a fall, of both."""
    told = {*mark.words, *(word.removesuffix("s") for word in mark.words)}  # "cuts" is too short for a stem
    return {side for side, words in (("up", _UP), ("down", _DOWN)) if not words.isdisjoint(told)}


def _keys(mark: _Mark) -> Iterator[tuple[int, bytes]]:
    """The bands of the title's minhash: titles that are alike share one."""
    if not mark.words:
        return
    sketch = _sketch(mark.words)
    for band in range(_BANDS):
        yield band, sketch[band * _ROWS : (band + 1) * _ROWS].tobytes()


@lru_cache(maxsize=20_000)
def _sketch(words: frozenset[str]) -> NDArray[np.uint64]:
    hashes = np.array([_hash(word) for word in words], dtype=np.uint64)
    factors, shifts = _permutations()
    return np.asarray((hashes[None, :] * factors[:, None] + shifts[:, None]).min(axis=1), dtype=np.uint64)


@lru_cache(maxsize=50_000)
def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


@lru_cache(maxsize=1)
def _permutations() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    chance = np.random.default_rng(20_260_112)
    factors = chance.integers(1, _PRIME, _BANDS * _ROWS, dtype=np.uint64) | np.uint64(1)
    return factors, chance.integers(0, _PRIME, _BANDS * _ROWS, dtype=np.uint64)


# --- heat -------------------------------------------------------------------------------------------------


def heat(symbol: str, told: Sequence[Cluster], at: datetime, begun: datetime) -> Heat | None:
    """How much is told of an instrument in the 24 hours to `at`, against the days before.

    `told`: the clusters of stories about it; `begun`: when the store first heard of anything, since a day before
    that was not silent but unobserved. None with fewer than twenty days of its own past.
    """
    days = min(PAST_DAYS, int((at - DAY - begun) / DAY))
    if days < LEAST_DAYS:
        return None
    counts = [0] * (days + 1)
    for cluster in told:
        age = int((at - cluster.lead.known_at) / DAY)
        if cluster.lead.known_at <= at and age <= days:
            counts[age] += 1
    now, before = counts[0], counts[1:]
    usual = (Decimal(sum(before)) / len(before)).quantize(Decimal("0.01"))
    rarity = sum(one >= now for one in counts) / len(counts)
    return Heat(symbol, now, usual, days, rarity)


# --- too close --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Closeness:
    """Where a draft repeats a source: its words in a row, and the share of the source's phrases it holds."""

    source: str
    words: str
    share: float

    def __str__(self) -> str:
        return f"{self.share:.0%} of {self.source}: “{self.words}”"


def too_close(draft: str, sources: Iterable[tuple[str, str]]) -> tuple[Closeness, ...]:
    """The sources that a draft repeats: nine words in a row, or most of a source's phrases of four words.

    `sources`: (what it is, its title or excerpt). Figures count as words, so that a bare result told alike is
    close only as a whole phrase. The closest comes first.
    """
    ours = _WORD.findall(draft.lower().replace("’", "'"))
    if len(ours) < PHRASE:
        return ()
    phrases = {tuple(ours[at : at + PHRASE]) for at in range(len(ours) - PHRASE + 1)}
    runs = {tuple(ours[at : at + RUN]) for at in range(len(ours) - RUN + 1)}
    found = []
    for name, text in sources:
        theirs = _WORD.findall(text.lower().replace("’", "'"))
        total = len(theirs) - PHRASE + 1
        held = [tuple(theirs[at : at + PHRASE]) in phrases for at in range(total)]
        if not any(held):
            continue
        share = sum(held) / total
        run = next(
            (
                theirs[at : at + RUN]
                for at in range(len(theirs) - RUN + 1)
                if tuple(theirs[at : at + RUN]) in runs
            ),
            None,
        )
        if run is None and (share < SHARE or total < LEAST_PHRASES):
            continue
        first = held.index(True)
        found.append(Closeness(name, " ".join(run or theirs[first : first + PHRASE]), share))
    return tuple(sorted(found, key=lambda one: (-one.share, one.source)))
