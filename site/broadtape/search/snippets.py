"""Owns what a result shows: the passage that fits the query, and the title, escaped, with `<mark>`.

Works on stored plain text by regular expression: 24 times faster than highlighting by analysis
(0.26 against 6.25 ms for ten results of short articles).
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from broadtape.search import words

LENGTH: Final = 240  # characters of a passage, about two lines of a result
_LONGEST_NAME: Final = 40  # characters that are looked back for where a name begins
_MOST_FOUND: Final = 160  # places looked at in one text


@dataclass(frozen=True, slots=True)
class Marker:
    """Marks the words of one query."""

    stems: frozenset[str]
    prefixes: tuple[str, ...]
    finder: re.Pattern[str] | None
    known: dict[str, tuple[tuple[int, int, str], ...]] = field(
        default_factory=dict
    )  # what is to be marked of a word

    @classmethod
    def of(cls, stems: Sequence[str], prefixes: Sequence[str]) -> Marker:
        """The marker of a query's stems and prefixes."""
        patterns = [*map(words.pattern, stems), *(rf"{re.escape(start)}[\w&'’]*" for start in prefixes)]
        finder = re.compile("|".join(patterns)) if patterns else None
        return cls(frozenset(stems), tuple(prefixes), finder)

    def places(self, text: str) -> list[tuple[int, int, str]]:
        """Start, end and term of each word to be marked, in order."""
        found: list[tuple[int, int, str]] = []
        if self.finder is None:
            return found
        known = self.known
        low = text.lower()
        if len(low) != len(text):  # "İ" becomes two
            low = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
        # Small letters, no condition in front: then the expression's machine looks for the letters themselves.
        for match in self.finder.finditer(low):
            at = match.start()
            if at and low[at - 1].isalnum():
                continue  # inside a word
            word = text[at : match.end()]
            parts = known.get(word)
            if parts is None:  # the same words come again and again: each is taken apart once
                parts = known[word] = tuple(
                    (term.start, term.end, name) for term in words.terms(word) if (name := self._wanted(term))
                )
            if parts:
                found += [(at + start, at + end, name) for start, end, name in parts]
                if len(found) >= _MOST_FOUND:
                    break
        return found

    def _wanted(self, term: words.Term) -> str:
        for stem in (term.stem, *term.also):
            if stem in self.stems:
                return stem
        return next((start for start in self.prefixes if term.surface.startswith(start)), "")

    def title(self, text: str) -> str:
        """The whole title, marked."""
        return _marked(text, 0, len(text), self.places(text))

    def snippet(self, text: str, summary: str = "") -> str:
        """The passage with the most of the query's words; the beginning where none is in the text."""
        # A heading or a table row has no full stop: the dot keeps it apart from what follows.
        joined = (_rows(text) if " | " in text else text).replace("\n\n", " · ")
        if "\n" in joined or "  " in joined or "\t" in joined:  # not as `to_text` leaves it
            joined = " · ".join(part for block in joined.split(" · ") if (part := " ".join(block.split())))
        text = joined
        places = self.places(text)
        if not places:
            opening = " ".join(summary.split()) or text
            return _marked(opening, *_passage(opening, 0, 0), self.places(opening))
        several = len(self.stems) + len(self.prefixes) > 1
        best, most = 0, (0, 0)
        last, inside = -1, dict[str, int]()  # the last place of the window that begins at `first`; its names
        for first, (start, _, name) in enumerate(places):
            while last < first or (last + 1 < len(places) and places[last + 1][1] - start <= LENGTH):
                last += 1
                inside[places[last][2]] = inside.get(places[last][2], 0) + 1
            weight = (len(inside) if several else 1, last - first + 1)
            if weight > most:
                best, most = first, weight
            if inside[name] > 1:
                inside[name] -= 1
            else:
                del inside[name]
        start = places[best][0]
        end = max(place[1] for place in places[best:] if place[1] - start <= LENGTH or place is places[best])
        return _marked(text, *_passage(text, start, end), places)


def _passage(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch of whole words around what was found, from the sentence's beginning where that is near."""
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


_STOPS: Final = re.compile(r"(\w+)\. (?=[A-Z“\"‘])|(·) ")
_ABBREVIATED: Final = frozenset(
    re.split(" ", "Jan Feb Aug Sept Oct Nov Dec Mr Mrs Ms Dr St Inc Corp Co Ltd No vs Gov Sen Rep Gen Jr Sr")
)


def _sentence(text: str, low: int, high: int) -> int:
    """Where the last sentence begins between two places; -1 where none does. "Jan. 3" and "U.S. Steel" end none."""
    begins = -1
    for match in _STOPS.finditer(text, low, high + 1):
        word = match[1]
        if word is None or (len(word) > 1 and word not in _ABBREVIATED):
            begins = match.end()
    return begins if begins <= high else -1


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
    for start, end, _ in places:
        if start < here or end > high:
            continue
        out.append(html.escape(text[here:start], quote=False))
        out.append(f"<mark>{html.escape(text[start:end], quote=False)}</mark>")
        here = end
    out.append(html.escape(text[here:high], quote=False))
    if high < len(text):
        out.append(" …")
    return "".join(out)
