"""Looking up an instrument by symbol, name or former name, as one types.

Pure: listings in, matches out. Made once for each state of the tape; a look-up is a search in a sorted list.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from broadtape.archive.tape import Listing

LONGEST = 80  # characters of what is typed
MOST = 50  # matches of one look-up
SHORT = 2000  # remembered answers to one or two letters
SCANNED = 3000  # entries that one look-up may touch: a single letter begins many names
FORMER_AFTER = 8  # rank from which a match is by a former name
_WORD = re.compile(r"[^\W_]+(?:[.&'’\-][^\W_]+)*")
# What follows a name in a directory and is not part of how anybody calls the company.
_TAIL = re.compile(
    r"\b(?:inc|incorporated|corp|corporation|company|co|ltd|plc|class [a-c]|common stock|ordinary shares?|the)\b\.?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Match:
    """An instrument that was found; `former` is the former name by which it was, or ""."""

    listing: Listing
    former: str = ""


@dataclass(slots=True)
class Lookup:
    """An index of listings by the beginnings of their symbols and of the words of their names."""

    listings: tuple[Listing, ...]
    _keys: list[tuple[str, int, int, str]] = field(default_factory=list, repr=False)
    _short: dict[str, list[Match]] = field(
        default_factory=dict, repr=False
    )  # of one or two letters: the slow ones

    def __post_init__(self) -> None:
        found: set[tuple[str, int, int, str]] = set()
        for number, one in enumerate(self.listings):
            found.add((folded(one.ticker), 0, number, ""))
            found.add((folded(one.symbol), 0, number, ""))
            found |= {(key, 2 + min(place, 3), number, "") for place, key in enumerate(_starts(one.name))}
            for name in one.former:
                found |= {
                    (key, FORMER_AFTER + min(place, 3), number, name)
                    for place, key in enumerate(_starts(name))
                }
        self._keys = sorted(found)

    def find(self, text: str, limit: int = 10) -> list[Match]:
        """Instruments of which a symbol or a word of a name begins with the text, the likeliest first.

        A symbol typed in full comes first, then symbols that begin so, names, words of names, former names; of
        equals the one with a price, the more recent one, the shorter symbol.
        """
        wanted = folded(text[:LONGEST])
        if not wanted:
            return []
        if len(wanted) > 2:
            return self._find(wanted)[: min(limit, MOST)]
        if wanted not in self._short:
            if len(self._short) >= SHORT:
                self._short.clear()
            self._short[wanted] = self._find(wanted)
        return self._short[wanted][: min(limit, MOST)]

    def _find(self, wanted: str) -> list[Match]:
        best: dict[int, tuple[int, str]] = {}
        start = bisect_left(self._keys, (wanted, -1, -1, ""))
        for key, rank, number, former in self._keys[start : start + SCANNED]:
            if not key.startswith(wanted):
                break
            place = 1 if rank == 0 and key != wanted else rank
            held = best.get(number)
            if held is None or place < held[0]:
                best[number] = (place, former)
        order = sorted(best.items(), key=lambda item: self._order(item[0], item[1][0]))
        return [Match(self.listings[number], former) for number, (_, former) in order[:MOST]]

    def resolve(self, text: str) -> Listing | None:
        """The one instrument that a symbol, a ticker or a name means; the likeliest match otherwise."""
        found = self.find(text, 1)
        return found[0].listing if found else None

    def _order(self, number: int, place: int) -> tuple[int, bool, int, int, str]:
        one = self.listings[number]
        recent = -one.last.toordinal() if one.last else 0
        return place, not one.priced, recent, len(one.ticker), one.symbol


def exact(found: Match, text: str) -> bool:
    """Whether the text is the instrument's symbol or its whole name: then there is nothing to choose."""
    one = found.listing
    return folded(text) in (folded(one.symbol), folded(one.ticker), folded(one.name))


def typed(text: str) -> str:
    """What was typed, without control characters, white space folded, at most as long as a name."""
    kept = "".join(c if c.isprintable() else " " for c in text[: 4 * LONGEST])
    return " ".join(kept.split())[:LONGEST]


def folded(text: str) -> str:
    """The form in which names and what is typed are compared: no accents, no case, single spaces."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").strip().lstrip("$"))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(kept.casefold().split())


def _starts(name: str) -> list[str]:
    """The name from each of its words on: "bank of america" is found by "ame" too."""
    whole = folded(name)
    useful = whole[: tail.start()] if (tail := _TAIL.search(whole)) and tail.start() > 0 else whole
    starts = [whole]
    starts += [whole[found.start() :] for found in _WORD.finditer(useful) if found.start() > 0]
    return starts[:8]


def of_listings(listings: Iterable[Listing]) -> Lookup:
    """A look-up over what is listed; what nobody may be shown is not in it."""
    return Lookup(tuple(one for one in listings if not one.symbol.startswith("UNLISTED:")))
