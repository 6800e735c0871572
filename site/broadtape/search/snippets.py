"""Owns what a result shows: the passage that fits the query, and the title, escaped, with `<mark>`.

Works on stored plain text by regular expression: 24 times faster than highlighting by analysis
(0.26 against 6.25 ms for ten results of short articles).
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import AnyStr, Final

from broadtape.search import words

LENGTH: Final = 240  # characters of a passage, about two lines of a result
_WIDE: Final = "\u3040"  # from here on, scripts without spaces between words
_ACCENTED: Final = re.compile("[\u00c0-\u024f\u0370-\u03ff\u0400-\u045f\u1e00-\u1fff]")
_APOSTROPHE: Final = re.compile(r"['’](?<=[^\W_].)(?=[^\W_])(?!s\b)")  # within a word, and no genitive's
_SPECIAL: Final = re.compile("[&<>]")
_LONGEST_NAME: Final = 40  # characters that are looked back for where a name begins
_MOST_FOUND: Final = 160  # places marked in one text, of each word
_MOST_LOOKS: Final = (
    1_000  # places looked at for each beginning: "e" is everywhere in a long text, and seldom a word
)


@dataclass(frozen=True, slots=True)
class Marker:
    """Marks the words of one query."""

    stems: frozenset[str]
    prefixes: tuple[str, ...]
    beginnings: tuple[str, ...]  # what a word to be marked begins with, in small letters
    known: dict[str, str] = field(default_factory=dict)  # what each word seen is to be marked for, or ""

    @classmethod
    def of(cls, stems: Sequence[str], prefixes: Sequence[str]) -> Marker:
        """The marker of a query's stems and prefixes."""
        beginnings = dict.fromkeys((*(one for stem in stems for one in words.beginnings(stem)), *prefixes))
        return cls(frozenset(stems), tuple(prefixes), tuple(beginnings))

    def places(self, text: str) -> list[tuple[int, int, str]]:
        """Start, end and term of each word to be marked, in order."""
        found: list[tuple[int, int, str]] = []
        # One byte a character: small letters of ASCII are made of it ten times faster than of other text.
        letters = text.encode("latin-1", "replace").lower()
        for beginning in self.beginnings:
            if beginning.isascii():
                self._find(text, letters, beginning.encode(), found)
            else:
                self._find(text, _small(text), beginning, found)
        if not text.isascii() or "'" in text:
            missing = {*self.stems, *self.prefixes}.difference(name for _, _, name in found)
            if missing:
                self._find_folded(text, missing, found)
        if len(self.beginnings) > 1 or len(found) > _MOST_FOUND:
            found = sorted(set(found))[:_MOST_FOUND]
        return found

    def _find(self, text: str, low: AnyStr, beginning: AnyStr, found: list[tuple[int, int, str]]) -> None:
        step, most = len(beginning), len(found) + _MOST_FOUND
        here = low.find(beginning)
        for _ in range(_MOST_LOOKS):
            if here < 0 or len(found) >= most:
                break
            if (place := self._word(text, here)) is not None:
                found.append(place)
            here = low.find(beginning, here + step)

    def _word(self, text: str, at: int) -> tuple[int, int, str] | None:
        """The word that begins at a place, if one does and it is to be marked."""
        before = text[at - 1] if at else " "
        if before != " ":
            if before.isalnum() and before < _WIDE and text[at] < _WIDE:
                return None  # inside a word
            if before in ".," and text[at].isdigit() and text[at - 2 : at - 1].isdigit():
                return None  # inside a figure
            if before in "&'’" and text[at - 2 : at - 1].isalnum():
                return None  # inside a name
        token = words.TOKEN.match(text, at)
        if token is None:
            return None
        word = token[0]
        name = self.known.get(word)
        if name is None:
            name = self.known[word] = self._wanted(word)
        return (at, token.end(), name) if name else None

    def _wanted(self, word: str) -> str:
        stem, surface, also = words.normal(word)
        for one in (stem, *also):
            if one in self.stems:
                return one
        return next((start for start in self.prefixes if surface.startswith(start)), "")

    def _find_folded(self, text: str, missing: Collection[str], found: list[tuple[int, int, str]]) -> None:
        """Words not found yet that are written with accents or an apostrophe: "café", "O’Neil"."""
        written = "'" in text or "’" in text
        within = [match.start() for match in _APOSTROPHE.finditer(text)] if written else []
        if not within and not _ACCENTED.search(text):
            return
        low = _small(text)
        plain = _APOSTROPHE.sub("", _ACCENTED.sub(_bare, low))
        left_out = [at - before for before, at in enumerate(within)]
        most = len(found) + _MOST_FOUND
        for beginning in {one for term in missing for one in words.beginnings(term)}:
            here = plain.find(beginning)
            for _ in range(_MOST_LOOKS):
                if here < 0 or len(found) >= most:
                    break
                if (place := self._word(text, here + bisect_right(left_out, here))) is not None:
                    found.append(place)
                here = plain.find(beginning, here + len(beginning))

    def title(self, text: str) -> str:
        """The whole title, marked."""
        return _marked(text, 0, len(text), self.places(text))

    def snippet(self, text: str, summary: str = "") -> str:
        """The passage with the most of the query's words, of a text as `prepared` leaves it; the beginning where none
        is in the text."""
        places = self.places(text)
        if not places:
            opening = " ".join(summary.split()) or text
            return _marked(opening, *_passage(opening, 0, 0), self.places(opening))
        best, inside = self._densest(places)
        part = places[best : best + inside]
        return _marked(text, *_passage(text, part[0][0], part[-1][1]), places)

    def _densest(self, places: Sequence[tuple[int, int, str]]) -> tuple[int, int]:
        """The place with which the best passage begins, and how many are in it: many words, then many places."""
        several = len(self.stems) + len(self.prefixes) > 1
        best, most = 0, (0, 0)
        end = 0  # behind the last place of the window that begins at `first`
        counts: dict[str, int] = {}
        for first, (start, _, name) in enumerate(places):
            if end <= first:  # a word longer than a passage
                end = first + 1
                counts[name] = counts.get(name, 0) + 1
            limit = start + LENGTH
            while end < len(places) and places[end][1] <= limit:
                counts[places[end][2]] = counts.get(places[end][2], 0) + 1
                end += 1
            weight = (len(counts) if several else 1, end - first)
            if weight > most:
                best, most = first, weight
            if counts[name] > 1:
                counts[name] -= 1
            else:
                del counts[name]
            if end == len(places) and not several:
                break  # what follows holds less
        return best, most[1]


def prepared(text: str) -> str:
    """A text as passages are cut from it: in one line, headings, paragraphs and rows of tables set apart by a dot."""
    # A heading or a table row has no full stop: the dot keeps it apart from what follows.
    joined = (_rows(text) if " | " in text else text).replace("\n\n", " · ")
    if "\n" in joined or "  " in joined or "\t" in joined:  # not as `to_text` leaves it
        joined = " · ".join(part for block in joined.split(" · ") if (part := " ".join(block.split())))
    return joined


def _small(text: str) -> str:
    """The text in small letters, as long as it was."""
    low = text.lower()
    if len(low) != len(text):  # "İ" becomes two
        low = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return low


def _bare(found: re.Match[str]) -> str:
    """An accented letter without its accent; as it is where that is no single letter."""
    plain = words.fold(found[0])
    return plain if len(plain) == 1 else found[0]


def _passage(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch of whole words around what was found, from the sentence's beginning where that is near."""
    if len(text) <= LENGTH:
        return 0, len(text)
    room = max(LENGTH - (end - start), 0)
    low = max(start - room // 3, 0)
    opening = _sentence(text, max(start - room // 2, 0), start)
    if opening >= 0:
        low = opening
    elif start <= room // 2:
        low = 0
    elif low:
        gap = text.find(" ", low, start)
        low = _name(text, gap + 1 if gap >= 0 else start)
    high = min(low + max(LENGTH, end - low), len(text))
    if high < len(text):
        gap = text.rfind(" ", end, high)
        high = gap if gap > end else high
    return low, high


_ABBREVIATED: Final = frozenset(
    re.split(" ", "Jan Feb Aug Sept Oct Nov Dec Mr Mrs Ms Dr St Inc Corp Co Ltd No vs Gov Sen Rep Gen Jr Sr")
)


def _sentence(text: str, low: int, high: int) -> int:
    """Where the last sentence begins between two places; -1 where none does. "Jan. 3" and "U.S. Steel" end none."""
    apart = text.rfind("· ", low, high)
    begins = apart + 2 if apart >= 0 else -1
    stop = text.rfind(". ", low, high)
    while stop + 2 > begins and stop >= 0:
        opening = text[stop + 2]
        if "A" <= opening <= "Z" or opening in '“"‘':
            start = stop
            while start > low and text[start - 1].isalnum():
                start -= 1
            if stop - start > 1 and text[start:stop] not in _ABBREVIATED:
                return stop + 2
        stop = text.rfind(". ", low, stop + 1)
    return begins


def _name(text: str, at: int) -> int:
    """Where the name or figure begins that the word at this place is part of: "Federal Reserve", not "Reserve"."""
    found = at
    while found > 1 and at - found < _LONGEST_NAME and text[found].isupper() and text[found - 1] == " ":
        before = text.rfind(" ", 0, found - 1) + 1
        word = text[before : found - 1]
        if not word[:1].isupper() or not (word[-1].isalnum() or word[-1] in ".&"):
            break  # a small word, or one that a comma or a bracket ends
        found = before
    return found


def _rows(text: str) -> str:
    """The text with its tables as a reader would say them: cells after commas, each row set apart."""
    blocks = text.split("\n\n")
    for at, block in enumerate(blocks):
        if " | " in block:
            rows = (row.split(" | ") for row in block.split("\n"))
            blocks[at] = "\n\n".join(
                ", ".join(part for cell in row if (part := cell.strip())) for row in rows
            )
    return "\n\n".join(blocks)


def _marked(text: str, low: int, high: int, places: Sequence[tuple[int, int, str]]) -> str:
    out = ["… "] if low else []
    here = low
    plain = not _SPECIAL.search(text, low, high)
    for start, end, _ in places:
        if start < here:
            continue
        if end > high:
            break
        if plain:
            out += (text[here:start], "<mark>", text[start:end], "</mark>")
        else:
            out += (_escaped(text[here:start]), "<mark>", _escaped(text[start:end]), "</mark>")
        here = end
    out.append(text[here:high] if plain else _escaped(text[here:high]))
    if high < len(text):
        out.append(" …")
    return "".join(out)


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)
