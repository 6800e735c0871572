"""Passages into sentences, with one kind of space, apostrophe, dash and quotation mark.

Owns where a sentence ends and what stands in quotation marks; reads no claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from broadtape.desk.audit.parts import Passage, Sentence

MAX_SENTENCE = 1_500  # characters: what is longer is a list or a table that lost its shape
MAX_SENTENCES = 4_000

_SAME = str.maketrans(
    {
        **dict.fromkeys("'\u2018\u02bc\u00b4`", "’"),
        **dict.fromkeys("\u00a0\u202f\u2009\u2007\t\n\r\f\v", " "),
        **dict.fromkeys("\u2010\u2011\u00ad", "-"),
        **dict.fromkeys("\u2212\u2012", "–"),
        **dict.fromkeys("\u201e\u201f\u00ab\u00bb", "“"),
        "\u2044": "/",
        "\u200b": " ",
    }
)
_SPACES = re.compile(r" +")
_ABBREVIATED = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Sen|Rep|Gov|Gen|Prof|St|Jr|Sr|vs|v|Inc|Corp|Co|Cos|Ltd|Bros|No|Nos|Jan|Feb|Mar|Apr|"
    r"Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|Mon|Tue|Tues|Wed|Thu|Thurs|Fri|Sat|Sun|approx|est|dept|Univ|Ave|pct|pts|"
    r"cf|al|e\.g|i\.e|U\.S|U\.K|U\.N|E\.U|a\.m|p\.m|D\.C|N\.Y|[A-Z]\.[A-Z]))\.$"
)
_MAY_END = re.compile(r"\b(?:U\.S|U\.K|a\.m|p\.m|Inc|Corp|Co|Ltd|Jr|Sr|D\.C)\.$")
_END = re.compile(r"[.!?…]+[”\"’)\]]*(?= |$)")
_GLUED = re.compile(
    r"(?<=[a-z%]{3})\.(?=[A-Z][a-z’]+ )|(?<=\d%)\.(?=[A-Z][a-z’]+ )"
)  # "on Wednesday.Futures": a paragraph's end that was lost
_STARTS = re.compile(r" ?[“\"(\[’]*(?P<word>[A-Z0-9][\w’&-]*)")
_OPENERS = frozenset(
    [
        "The",
        "A",
        "An",
        "In",
        "On",
        "At",
        "But",
        "And",
        "Yet",
        "For",
        "From",
        "Still",
        "That",
        "This",
        "These",
        "It",
        "Its",
        "He",
        "She",
        "They",
        "We",
        "I",
        "Investors",
        "Analysts",
        "Stocks",
        "Shares",
        "Meanwhile",
        "However",
        "While",
        "As",
        "After",
        "Before",
        "Since",
        "Last",
        "Among",
        "Elsewhere",
        "Earlier",
        "Treasury",
    ]
)


def normal(text: str) -> str:
    """The text with one kind of space, apostrophe, hyphen, dash and opening mark; runs of space are one."""
    return _GLUED.sub(". ", _SPACES.sub(" ", text.translate(_SAME)).strip())


def sentences(passages: Iterable[Passage]) -> list[Sentence]:
    """The sentences of the passages in order; beyond 4,000 none are read."""
    found: list[Sentence] = []
    for number, passage in enumerate(passages):
        for text, lines in _split(passage):
            if len(found) >= MAX_SENTENCES:
                return found
            found.append(Sentence(text[:MAX_SENTENCE], passage.line + lines, number, passage.heading))
    return found


def _split(passage: Passage) -> list[tuple[str, int]]:
    """The sentences of a passage, each with how many lines into it it starts."""
    pieces: list[tuple[str, int]] = []
    lines = passage.text.split("\n")
    if len(lines) == 1:
        return [(text, 0) for text in _cut(normal(passage.text))]
    joined, marks = "", []
    for number, line in enumerate(lines):
        if clean := normal(line):
            joined = f"{joined} {clean}" if joined else clean
            marks.append((len(joined), number))
    at = 0
    for text in _cut(joined):
        at = joined.find(text, at)
        pieces.append((text, next((number for end, number in marks if at < end), 0)))
    return pieces


def _cut(text: str) -> list[str]:
    found, start = [], 0
    for end in _END.finditer(text):
        following = _STARTS.match(text, end.end())
        if following is None and end.end() < len(text):
            continue
        head = text[max(0, end.start() - 12) : end.start() + 1]
        if (
            text[end.start()] == "."
            and _ABBREVIATED.search(head)
            and following is not None
            and not (_MAY_END.search(head) and following["word"] in _OPENERS)
        ):  # an abbreviation that may also end a sentence does so only where a word follows that opens one
            continue
        piece = text[start : end.end()].strip()
        if piece:
            found.append(piece)
        start = end.end()
    if rest := text[start:].strip():
        found.append(rest)
    return found


def quoted(text: str) -> list[tuple[int, int]]:
    """Where a sentence speaks in quotation marks: stretches of more than four words."""
    spans: list[tuple[int, int]] = []
    start = -1
    for place, sign in enumerate(text):
        if sign == "“" or (sign == '"' and start < 0):
            start = place
        elif sign in '”"' and start >= 0:
            if text.count(" ", start, place) >= 4:
                spans.append((start, place + 1))
            start = -1
    if start >= 0 and text.count(" ", start) >= 4:
        spans.append((start, len(text)))
    return spans
