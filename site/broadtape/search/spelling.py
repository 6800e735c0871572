"""Finds the word of a vocabulary that was probably meant: edit distance at most two.

Knows no index; lengths and letters, as arrays, rule out most words before any is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FEW: Final = 3  # results that leave a reader asking whether the words were right
_TIMES: Final = 10  # another spelling is worth a word where it finds so many times more
_LEAST: Final = 4  # shorter words are near to everything
_BITS: Final = np.array([bin(byte).count("1") for byte in range(256)], dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Sorted words, the number of documents each is in, and what rules most of them out at a glance."""

    words: Sequence[str]
    counts: NDArray[np.int32]
    lengths: NDArray[np.int32]
    letters: NDArray[np.uint32]  # one bit for each of 32 classes of characters

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, int]]) -> Vocabulary:
        """The vocabulary of words, already sorted, with their counts."""
        size = len(pairs)
        return cls(
            [word for word, _ in pairs],
            np.fromiter((count for _, count in pairs), np.int32, size),
            np.fromiter((len(word) for word, _ in pairs), np.int32, size),
            np.fromiter((_letters(word) for word, _ in pairs), np.uint32, size),
        )


def _letters(word: str) -> int:
    found = 0
    for char in word:
        found |= 1 << (ord(char) & 31)
    return found


def nearest(word: str, vocabularies: Iterable[Vocabulary]) -> str:
    """The nearest word with letters only, of equally near ones the most frequent; "" when none is near."""
    if len(word) < _LEAST or not word.isalpha():
        return ""
    farthest = 1 if len(word) < 6 else 2
    held = [one for one in vocabularies if len(one.words)]
    for reach in range(1, farthest + 1):
        # A first letter is seldom wrong: another one counts as half an edit more. So whatever is found within this
        # reach is nearer than all beyond it.
        if found := _within(word, held, reach):
            return min(found, key=lambda one: (found[one][0] + (one[0] != word[0]) / 2, -found[one][1], one))
    return ""


def _within(word: str, vocabularies: Sequence[Vocabulary], reach: int) -> dict[str, tuple[int, int]]:
    """Words within so many edits, with their distance and in how many documents they are."""
    found: dict[str, tuple[int, int]] = {}
    for vocabulary in vocabularies:
        # An edit changes the length by one at most, and the set of letters by two.
        apart = vocabulary.letters ^ np.uint32(_letters(word))
        differing = _BITS[apart.view(np.uint8)].reshape(-1, 4).sum(axis=1)
        possible = (np.abs(vocabulary.lengths - len(word)) <= reach) & (differing <= 2 * reach)
        for place in np.flatnonzero(possible).tolist():
            other = vocabulary.words[place]
            if other == word or not other.isalpha():
                continue
            distance = edits(word, other, reach)
            if distance <= reach:
                count = found.get(other, (0, 0))[1] + int(vocabulary.counts[place])
                found[other] = (distance, count)
    return found


def respelt(
    text: str,
    written: Sequence[tuple[str, int, int]],
    known: Callable[[str], bool],
    vocabularies: Callable[[], Iterable[Vocabulary]],
) -> str:
    """The query with each unknown word (word, start, end) as the archive spells what is nearest; "" where one is
    near to nothing or all are known."""
    changed = text
    for word, start, end in reversed(written):
        if known(word):
            continue
        near = nearest(word, vocabularies())
        if not near:
            return ""
        changed = changed[:start] + near + changed[end:]
    return "" if changed == text else changed


def worth_saying(found: int, other: int) -> bool:
    """Whether a spelling that finds `other` is told to one whose own found `found`."""
    return other >= max(1, found * _TIMES)


def edits(one: str, other: str, most: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words; `most` + 1 when it is more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
