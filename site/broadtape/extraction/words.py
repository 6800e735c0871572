"""Owns a page's words made plain: bytes to text, white space folded, passages put together with their offsets.

Knows no HTML; what a passage is, is decided by who adds it.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from broadtape import markdown
from broadtape.extraction.parts import Passage, Ticker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from broadtape.extraction.parts import PassageKind

MOST_PASSAGES: Final = 2_000
MOST_CHARACTERS: Final = 20_000  # of one passage
MOST_TICKERS: Final = 500
_LINE_WORD: Final = re.compile(r"[^\W_]+")
_LINE_WORDS: Final = 4  # by which a line of the source is found again
_SPACE: Final = re.compile(r"[\s\u00a0\u200b\u2060\ufeff\u2028\u2029]+")
# Control characters, and those that turn the direction of what follows; soft hyphens show nothing.
_HIDDEN: Final = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200c-\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]"
)
_META: Final = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE
)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LATIN: Final = frozenset(
    ["iso8859-1", "ascii"]
)  # what browsers read as windows-1252 (WHATWG Encoding Standard)
_DISCLAIMER: Final = re.compile(
    r"\b(?:not (?:constitute |be construed as |intended as |be considered )?(?:financial|investment|legal|professional)"
    r"(?:,? (?:or )?(?:financial|investment|legal|tax|professional))* advice"
    r"|not (?:an? )?(?:offer|solicitation|recommendation) to (?:buy|sell|purchase)"
    r"|(?:for|intended for) (?:general )?informational purposes only"
    r"|past performance (?:is|does) (?:no|not)"
    r"|forward[- ]looking statements? (?:within the meaning|(?:are|is) subject|involve)"
    r"|(?:holds?|has|have) no (?:position|business relationship)s? (?:in|with) any)",
    re.IGNORECASE,
)
_FORWARD_LOOKING: Final = re.compile(
    r"\W*(?:cautionary (?:note|statement)s? (?:on|regarding) )?(?:forward[- ]looking statements?|safe harbor"
    r"(?: statement)?|disclaimers?|disclosures?)\W*",
    re.IGNORECASE,
)
_UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f\uac00-\ud7af]")
_BRACKETS: Final = re.compile(r"[(\[]([^()\[\]]{4,160})[)\]]")
_BEFORE: Final = re.compile(
    r"((?:[A-Z0-9][\w&.'’/-]*)(?:,?\s(?:[A-Z0-9][\w&.'’/-]*|of|the|and|de|&)){0,7})[\s,“”\"'’*_]*\Z"
)
_LEADING: Final = re.compile(
    r"(?:The|A|An|And|But|In|At|On|For|From|As|While|With|Shares|Shares of|Like|Both|Companies|Giants)\s+(?=[A-Z])"
)


def decode(body: bytes, charset: str = "") -> tuple[str, str]:
    """The text of a body, and what to tell of its character set: empty where nothing was amiss."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), ""
    found = _META.search(body[:4096])
    declared = found[1].decode("ascii") if found else ""
    for name in dict.fromkeys((charset, declared, "utf-8")):
        try:
            codec = codecs.lookup(name).name if name else ""
        except LookupError:
            continue
        if not codec or (codec == "utf-16" and found):  # a page whose meta was readable is no UTF-16
            continue
        try:
            return body.decode("cp1252" if codec in _LATIN else codec), ""
        except (ValueError, TypeError, LookupError):
            continue  # LookupError: a codec that does not give text
    try:
        return body.decode("cp1252"), ""
    except ValueError:
        text = body.decode("utf-8", "replace")
        return text, f"{text.count(chr(0xFFFD))} characters could not be decoded"


def clean(text: str) -> str:
    """The text in one line: NFC, one space for any white space, nothing hidden."""
    return _SPACE.sub(" ", _HIDDEN.sub("", unicodedata.normalize("NFC", text))).strip()


def is_disclaimer(text: str) -> bool:
    """Whether a passage is a disclaimer rather than a part of the article."""
    return _DISCLAIMER.search(text) is not None


def line_breaks(text: str, source: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Where the source's second and further lines begin in the text made of them; a line not found is left out."""
    found: list[tuple[int, int]] = []
    place = 0
    for number, line in enumerate(source):
        words = _LINE_WORD.findall(line)[:_LINE_WORDS]
        if not words:
            continue
        match = re.compile(r"[\W_]{1,8}".join(map(re.escape, words))).search(clean(text), place)
        if match is None:
            continue
        if number and text[match.start() - 1 : match.start()] != "":
            found.append((match.start(), number))
        place = match.end()
    return tuple(found)


class Body:
    """An article's passages put together in order; what passes a limit is cut and told."""

    def __init__(self) -> None:
        self.passages: list[Passage] = []
        self.notices: list[str] = []
        self._pieces: list[str] = []
        self._length = 0
        self._legal = False  # under a heading of forward-looking statements and the like

    def add(
        self, kind: PassageKind, text: str, line: int = 0, level: int = 0, *, source: Sequence[str] = ()
    ) -> None:
        """The next passage; an empty one is none. `source`: its lines as written, where they are known."""
        text = clean(text)
        if not text:
            return
        if len(self.passages) >= MOST_PASSAGES:
            self.notices.append(f"more than {MOST_PASSAGES:,} passages; the rest was not read")
            self._once()
            return
        if len(text) > MOST_CHARACTERS:
            text = text[:MOST_CHARACTERS].rstrip()
            self.notices.append(f"a passage of more than {MOST_CHARACTERS:,} characters was cut")
            self._once()
        if _FORWARD_LOOKING.fullmatch(text):
            self._legal = True
            kind, level = "disclaimer", 0
        elif kind == "heading":
            self._legal = False
        elif self._legal or is_disclaimer(text):
            kind = "disclaimer"
        start = self._length + (1 if self._pieces else 0)
        breaks = line_breaks(text, source)
        self.passages.append(Passage(kind, text, start, start + len(text), line, level, breaks))
        self._pieces.append(text)
        self._length = start + len(text)

    def drop_last(self) -> None:
        """Take the last passage away again."""
        self.passages.pop()
        self._pieces.pop()
        self._length = self.passages[-1].end if self.passages else 0

    def _once(self) -> None:
        self.notices = list(dict.fromkeys(self.notices))

    @property
    def text(self) -> str:
        """All passages, joined by a line feed."""
        return "\n".join(self._pieces)


def prose_words(passages: list[Passage]) -> int:
    """Words in paragraphs, quotes and list items."""
    return sum(count_words(p.text) for p in passages if p.kind in ("paragraph", "quote", "item"))


def count_words(text: str) -> int:
    """Words as spaces part them; of scripts without spaces two characters are one."""
    return len(text.split()) + len(_UNSPACED.findall(text)) // 2


def tickers_of(passages: list[Passage]) -> Iterator[Ticker]:
    """Every ticker in the passages, with the words that stand directly before it."""
    count = 0
    for passage in passages:
        for bracket in _BRACKETS.finditer(passage.text):
            name = _name_before(passage.text[: bracket.start()])
            for piece in re.finditer(r"[^;,/|]+(?:,(?!\s*[A-Za-z ]{2,20}:)[^;,/|]+)*", bracket[1]):
                said = re.sub(r"^\s*(?:and|or|ticker)\b:?\s*", "", piece[0])
                symbol = markdown.ticker_symbol(said.strip())
                if symbol is None:
                    continue
                count += 1
                if count > MOST_TICKERS:
                    return
                start, end = passage.start + bracket.start(), passage.start + bracket.end()
                yield Ticker(symbol, bracket[0], name, start, end, passage.line)


def _name_before(text: str) -> str:
    found = _BEFORE.search(text[-120:])
    name = found[1] if found else ""
    while cut := _LEADING.match(name):
        name = name[cut.end() :]
    return name
