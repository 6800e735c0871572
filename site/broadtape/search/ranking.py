"""What every engine agrees on besides the language: weights, limits, and which names are the same.

Knows no engine; the order of results is docs/contracts/search.md's.
"""

from __future__ import annotations

from typing import Final

from broadtape import urls
from broadtape.search import words

TITLE_WEIGHT: Final = 4  # a word of the title counts as so many of the text
GAP: Final = 100  # positions between title and text: no phrase reaches across
RECENCY: Final = 0.2  # the newest article scores a fifth more, one a year older a tenth more, and so on
HALVED_DAYS: Final = 365.0  # the boost halves in so many days
MAX_LIMIT: Final = 100
MAX_OFFSET: Final = 10_000
MAX_EXPANSIONS: Final = 128  # words a prefix stands for: the most frequent
MAX_FACETS: Final = 20
EVERYWHERE: Final = "*"  # the site of a document that is on all of them


def window(limit: int, offset: int) -> tuple[int, int]:
    """Limit and offset as they are allowed to be."""
    return min(max(limit, 0), MAX_LIMIT), min(max(offset, 0), MAX_OFFSET)


def class_mark(symbol: str) -> str:
    """A symbol with its share class behind a dot, in capitals: "nyse:brk-b" is "NYSE:BRK.B", "$iwm" and "^VIX" as
    others write them are "IWM" and "VIX"."""
    exchange, colon, ticker = symbol.upper().rpartition(":")
    return exchange + colon + ticker.lstrip("$^").replace("-", ".").replace("/", ".")


def name_key(name: str) -> str:
    """What two writings of a topic's or an author's name have in common: "Élodie Dupré" is "elodie-dupre"."""
    return urls.key(words.fold(name))
