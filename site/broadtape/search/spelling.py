"""Finds the word of a vocabulary that was probably meant: edit distance at most two.

Knows no index; lengths and letters, as arrays, rule out most words before any is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

FEW: Final = 3  # results that leave a reader asking whether the words were right
_TIMES: Final = 10  # another spelling is worth a word where it finds so many times more
_LEAST: Final = 4  # shorter words are near to everything
_LONGEST: Final = 40  # longer ones are no slips of the finger
_CLASSES: Final = 32  # of characters; those of a–z are told apart
_AT_ONCE: Final = 50_000  # words whose letters are counted together


class Vocabulary:
    """Sorted words and the number of documents each is in."""

    def __init__(self, pairs: Sequence[tuple[str, int]]) -> None:
        self.words: list[str] = [word for word, _ in pairs]
        self.counts: NDArray[np.int32] = np.fromiter((count for _, count in pairs), np.int32, len(pairs))

    @cached_property
    def lengths(self) -> NDArray[np.int16]:
        """Of each word; 0 for one with other characters than letters, which is near to nothing."""
        told = (min(len(word), 32_000) if word.isalpha() else 0 for word in self.words)
        return np.fromiter(told, np.int16, len(self.words))

    @cached_property
    def letters(self) -> NDArray[np.uint64]:
        """The letters of each word, as `_letters` has them."""
        parts = [_letters(self.words[low : low + _AT_ONCE]) for low in range(0, len(self.words), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)


def _letters(words: Sequence[str]) -> NDArray[np.uint64]:
    """One bit for each class of characters that a word has, and one for each that it has twice."""
    lengths = np.fromiter(map(len, words), np.intp, len(words))
    codes = np.frombuffer("".join(words).encode("utf-32-le"), "<u4") % _CLASSES
    owners = np.repeat(np.arange(len(words)) * _CLASSES, lengths)
    counts = np.bincount(owners + codes, minlength=len(words) * _CLASSES).reshape(-1, _CLASSES)
    bits = np.packbits(np.concatenate([counts > 0, counts > 1], axis=1), axis=1)
    return bits.view(np.uint64).ravel()


def nearest(word: str, vocabularies: Iterable[Vocabulary], most: int = 2) -> str:
    """The nearest word with letters only, within so many edits, of equally near ones the most frequent; "" when none
    is near."""
    if not _LEAST <= len(word) <= _LONGEST or not word.isalpha():
        return ""
    farthest = min(most, 1 if len(word) < 6 else 2)
    held = [(one, _apart(word, one)) for one in vocabularies if one.words]
    measured = _measure(word, farthest)
    for reach in range(1, farthest + 1):
        # A first letter is seldom wrong: another one counts as half an edit more. So whatever is found within this
        # reach is nearer than all beyond it.
        found: dict[str, tuple[int, int]] = {}
        for vocabulary, apart in held:
            for place in np.flatnonzero(apart <= reach).tolist():
                other = vocabulary.words[place]
                distance = measured(other)
                if 0 < distance <= reach:
                    found[other] = (distance, found.get(other, (0, 0))[1] + int(vocabulary.counts[place]))
        if found:
            return min(found, key=lambda one: (found[one][0] + (one[0] != word[0]) / 2, -found[one][1], one))
    return ""


def _apart(word: str, vocabulary: Vocabulary) -> NDArray[np.int16]:
    """How many edits there are at least between a word and each of a vocabulary."""
    # A letter put in or left out changes one bit, another letter two, a swap none; and only the first two change
    # the length, by one.
    longer = np.abs(vocabulary.lengths - np.int16(len(word)))
    bits = np.bitwise_count(vocabulary.letters ^ _letters([word])[0])
    apart: NDArray[np.int16] = np.maximum(longer, (bits.astype(np.int16) + longer + 1) // 2)
    return apart


def respelt(
    text: str,
    written: Sequence[tuple[str, int, int]],
    known: Callable[[str], bool],
    vocabularies: Callable[[], Iterable[Vocabulary]],
    most: int = 2,
) -> str:
    """The query with each unknown word (word, start, end) as the archive spells what is nearest; "" where one is
    near to nothing or all are known."""
    changed = text
    for word, start, end in reversed(written):
        if known(word):
            continue
        near = nearest(word, vocabularies(), most)
        if not near:
            return ""
        changed = changed[:start] + near + changed[end:]
    return "" if changed == text else changed


def worth_saying(found: int, other: int) -> bool:
    """Whether a spelling that finds `other` is told to one whose own found `found`."""
    return other >= max(1, found * _TIMES)


def edits(one: str, other: str, most: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words; `most` + 1 when it is more."""
    return _measure(one, most)(other)


def _measure(word: str, most: int) -> Callable[[str], int]:
    """`edits` from one word to many, a column of the table at once as the bits of a number (Hyyrö 2003)."""
    places: dict[str, int] = {}
    for at, char in enumerate(word):
        places[char] = places.get(char, 0) | 1 << at
    full = (1 << len(word)) - 1
    last = 1 << len(word) >> 1

    def measured(other: str) -> int:
        if abs(len(word) - len(other)) > most:
            return most + 1
        distance, up, down, same, before = len(word), full, 0, 0, 0
        for left, char in enumerate(other, 1 - len(other)):
            here = places.get(char, 0)
            swapped = ((same ^ full) & here) << 1 & before
            same = ((((here & up) + up) ^ up) | here | down | swapped) & full
            right_up = down | (full ^ (same | up))
            right_down = same & up
            if right_up & last:
                distance += 1
            elif right_down & last:
                distance -= 1
            if distance + left > most:  # what is left of the word can bring it down by one a letter
                return most + 1
            right_up = (right_up << 1 | 1) & full
            up = (right_down << 1 & full) | (full ^ (same | right_up))
            down = right_up & same
            before = here
        return distance

    return measured
