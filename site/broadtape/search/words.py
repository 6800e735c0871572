"""Owns what counts as a word: how text and queries become terms, and how a term is found again in a text.

Knows no engine. Text and query go through the same functions, so that what is written is what is found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from whoosh.lang import porter

_porter: Callable[[str], str] = porter.stem

# Letters with dots are one acronym ("U.S."), a share class is one name ("BRK.B", "brk-b"), figures keep their
# decimals and per cent sign and lose their thousands separators, names keep their & ("S&P"). Scripts without
# spaces between words are taken character by character.
TOKEN: Final = re.compile(
    r"(?P<acronym>(?<!\w)(?:[A-Za-z]\.)+[A-Za-z](?!\w))"
    r"|(?P<share>(?<!\w)[A-Za-z]{1,5}[./-][A-Za-z](?![\w./-]\w))(?!\w)"
    r"|(?P<figure>(?<!\w)(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)*%?)(?!\w)"
    r"|(?P<wide>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])"
    r"|(?P<name>[^\W_]+(?:&[^\W_]+)+)"
    r"|(?P<word>[^\W_]+(?:['’][^\W_]+)*)"
)


MAX_WORD: Final = 80  # characters; longer is no word but an encoding of something


class Term(NamedTuple):
    """One word of a text."""

    stem: str  # what is indexed and looked up
    surface: str  # folded but not stemmed: for prefixes, type-ahead and spelling
    also: tuple[str, ...]  # further terms at the same place
    start: int
    end: int


def terms(text: str) -> Iterator[Term]:
    """The words of a text with their places."""
    for found in TOKEN.finditer(text):
        if found.end() - found.start() > MAX_WORD:
            continue
        stem, surface, also = _normal(found[0], found.lastgroup or "word")
        if stem:
            yield Term(stem, surface, also, found.start(), found.end())


@lru_cache(maxsize=200_000)
def _normal(written: str, kind: str) -> tuple[str, str, tuple[str, ...]]:
    folded = fold(written)
    if kind == "acronym":
        plain = folded.replace(".", "")
        return plain, plain, ()
    if kind == "share":
        name = re.sub(r"[./-]", ".", folded)
        return name, name, tuple(stemmed(part) for part in name.split("."))
    if kind == "figure":
        figure = folded.replace(",", "")
        return figure, figure, (figure[:-1],) if figure.endswith("%") else ()
    if kind == "word" and ("'" in folded or "’" in folded):
        folded = re.sub(r"['’]s$", "", folded)
        folded = re.sub(r"['’]", "", folded)
    return (stemmed(folded), folded, ()) if kind == "word" else (folded, folded, ())


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Small letters without accents: "Café" and "CAFE" are one."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in plain if not unicodedata.combining(char))


def stemmed(word: str) -> str:
    """The stem of an English word; anything else as it is."""
    if len(word) < 3 or not word.isascii() or not word.isalpha():
        return word
    return _porter(word) or word


def pattern(stem: str) -> str:
    """A regular expression that finds every writing of a term; what it finds is to be checked with `terms`."""
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)*%?", stem):
        whole, dot, rest = stem.partition(".")
        digits = whole.rstrip("%")
        groups = re.findall(r"[0-9]{1,3}(?=(?:[0-9]{3})*$)", digits)
        grouped = ",?".join(groups)
        return grouped + re.escape(("%" if whole != digits else "") + dot + rest)
    if "." in stem:
        return r"[./-]".join(re.escape(part) for part in stem.split("."))
    if len(stem) <= 4 and stem.isalpha() and stem.isascii():
        return r"\.?".join(stem) + r"\.?\w*"
    # A stem may end in another letter than the word: "happi" stands for "happy".
    known = stem[:-1] if stem.endswith("i") else stem
    return re.escape(known) + r"[\w&'’]*"


STOP: Final = frozenset(
    re.split(
        " ",
        "a an and are as at be been but by for from had has have he her his how i if in into is it its me my no not"
        " of on or our she so than that the their them then there these they this those to was we were what when"
        " where which who will with would you your",
    )
)
"""Words a query may do without, as long as it has others."""
