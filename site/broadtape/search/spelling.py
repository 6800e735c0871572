"""Finds the word of a vocabulary that was probably meant: edit distance at most two.

Knows no index; length and letters rule out most words before any is measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LEAST: Final = 4  # shorter words are near to everything


def nearest(word: str, vocabularies: Iterable[tuple[list[str], NDArray[np.int32]]]) -> str:
    """The nearest word with letters only, of equally near ones the most frequent; "" when none is near."""
    if len(word) < _LEAST or not word.isalpha():
        return ""
    farthest = 1 if len(word) < 6 else 2
    letters = set(word)
    found: dict[str, tuple[int, int]] = {}
    for vocabulary, frequencies in vocabularies:
        for place, other in enumerate(vocabulary):
            if (
                abs(len(other) - len(word)) > farthest
                or len(letters.symmetric_difference(other)) > 2 * farthest
            ):
                continue
            if other == word or not other.isalpha():
                continue
            distance = edits(word, other, farthest)
            if distance <= farthest:
                count = found.get(other, (0, 0))[1] + int(frequencies[place])
                found[other] = (distance, count)
    if not found:
        return ""
    # A first letter is seldom wrong: another one counts as half an edit more.
    return min(found, key=lambda one: (found[one][0] + (one[0] != word[0]) / 2, -found[one][1], one))


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
