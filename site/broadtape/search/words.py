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
_ACRONYM: Final = r"(?<!\w)(?:[A-Za-z]\.)+[A-Za-z](?!\w)"
_SHARE: Final = r"(?<!\w)[A-Za-z]{1,5}[./-][A-Za-z](?![\w./-]\w)(?!\w)"
_FIGURE: Final = r"(?<!\w)(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)*%?(?!\w)"
_WIDE: Final = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_NAME: Final = r"[^\W_]+(?:&[^\W_]+)+"
_WORD: Final = r"[^\W_]+(?:['’][^\W_]+)*"
# Most words: letters, and nothing behind them that could go on. Tried first, the other rules are spared.
_PLAIN: Final = r"[A-Za-z]{2,}+(?![\w&'’/-]|\.\w)"
TOKEN: Final = re.compile(f"{_PLAIN}|{_ACRONYM}|{_SHARE}|{_FIGURE}|{_WIDE}|{_NAME}|{_WORD}")

_IS_ACRONYM: Final = re.compile(_ACRONYM).fullmatch
_IS_SHARE: Final = re.compile(_SHARE).fullmatch
_IS_FIGURE: Final = re.compile(_FIGURE).fullmatch

MAX_WORD: Final = 80  # characters; longer is no word but an encoding of something


Form = tuple[str, str, tuple[str, ...]]
"""Stem, surface and further terms of a word: what `Term` has without its place."""


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
        stem, surface, also = normal(found[0])
        if stem:
            yield Term(stem, surface, also, found.start(), found.end())


def forms(text: str) -> list[Form]:
    """Stem, surface and further terms of each word in order: `terms` without places, for the indexer."""
    return [form for form in map(normal, TOKEN.findall(text)) if form[0]]


@lru_cache(maxsize=200_000)
def normal(written: str) -> Form:
    """What one word as written becomes; nothing where it is too long to be a word."""
    if len(written) > MAX_WORD:
        return "", "", ()
    folded = fold(written)
    if folded.isalpha():
        return stemmed(folded), folded, ()
    if _IS_ACRONYM(written):
        plain = folded.replace(".", "")
        return plain, plain, ()
    if _IS_SHARE(written):
        name = re.sub(r"[./-]", ".", folded)
        return name, name, tuple(stemmed(part) for part in name.split("."))
    if _IS_FIGURE(written):
        figure = folded.replace(",", "")
        return figure, figure, (figure[:-1],) if figure.endswith("%") else ()
    if "'" in folded or "’" in folded:
        folded = re.sub(r"['’]", "", re.sub(r"['’]s$", "", folded))
    return stemmed(folded), folded, ()


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Small letters without accents: "Café" and "CAFE" are one."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in plain if not unicodedata.combining(char))


@lru_cache(maxsize=100_000)
def stemmed(word: str) -> str:
    """The stem of an English word; anything else as it is."""
    if len(word) < 3 or not word.isascii() or not word.isalpha():
        return word
    return _porter(word) or word


def beginnings(stem: str) -> tuple[str, ...]:
    """What a word of this term begins with, in small letters, however it is written; what is found with it is to be
    checked with `normal`."""
    if stem[:1].isdigit() and (figure := re.fullmatch(r"([0-9]+)((?:\.[0-9]+)*)%?", stem)):
        return stem, f"{int(figure[1]):,}" + stem[figure.end(1) :]
    if "." in stem:
        return stem, stem.replace(".", "-"), stem.replace(".", "/")
    if len(stem) <= 4 and len(stem) > 1 and stem.isalpha() and stem.isascii():
        return _shortened(stem), ".".join(stem)  # "us" may be written "U.S."
    return (_shortened(stem),)


def _shortened(stem: str) -> str:
    """A stem may end in other letters than the word: "happi" stands for "happy", "file" for "filing", "possibl" for
    "possibility"."""
    cut = stem[:-1] if stem.endswith(("i", "e", "bl")) else stem
    return cut if len(cut) > 1 else stem


STOP: Final = frozenset(
    re.split(
        " ",
        "a an and are as at be been but by for from had has have he her his how i if in into is it its me my no not"
        " of on or our she so than that the their them then there these they this those to was we were what when"
        " where which who will with would you your",
    )
)
"""Words a query may do without, as long as it has others."""
