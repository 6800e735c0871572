"""Owns who is quoted in a text: words in quotation marks beside a speaker who is named.

Reads plain text and keeps nothing that is not in it. Words without a name beside them are nobody's.
"""

from __future__ import annotations

import re

MOST = 5  # of one text
FEWEST_WORDS = 3
LONGEST = 280  # characters of one quotation

_WORDS = r"[“\"„«](?P<words>[^“”\"„«»]{8,400})[”\"“»]"
_VERB = (
    r"(?:said|says|told [A-Z][\w.’' ]{1,40}|tells [A-Z][\w.’' ]{1,40}|added|adds|noted|notes|wrote|writes|explained"
    r"|argued|warned|warns|stated|commented|remarked|declared|insisted|recalled|announced|acknowledged)"
)
_PART = r"(?:[A-Z][\w’'-]*\.?|[A-Z]\.)"
_NAME = (
    rf"(?P<name>(?:(?:Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Sir|Dame|Lord|President|Chairman|Chairwoman|Chair|Secretary"
    rf"|Governor|Mayor|Judge|Senator|Professor|Minister|Commissioner|CEO|Chief)\.? )?"
    rf"{_PART}(?: (?:(?:de|van|von|der|den|del|di|da|la|le|al|bin|ben|of|the) ){{0,2}}{_PART}){{0,3}})"
)
_APPOSITION = r"(?:, [^,.“”\"]{3,90},| \([^)]{2,40}\))?"
# "…," said Jane Doe / "…," Jane Doe, the chief executive, said.
_AFTER = (
    re.compile(rf"{_WORDS}[,.]?\s+(?:{_VERB}|according to)\s+(?:[a-z][a-z-]{{0,20}} ){{0,5}}{_NAME}"),
    re.compile(rf"{_WORDS}[,.]?\s+{_NAME}{_APPOSITION}\s+{_VERB}\b"),
)
# Jane Doe said: "…" / According to Jane Doe, "…"
_BEFORE = (
    re.compile(
        rf"{_NAME}{_APPOSITION}\s+{_VERB}(?: (?:that|in|on|at) [^“”\"]{{0,60}})?[:,]?\s+(?:that )?{_WORDS}"
    ),
    re.compile(rf"[Aa]ccording to {_NAME}{_APPOSITION},\s+{_WORDS}"),
)
# Capitalised words that begin a sentence or a group of people, and are nobody's name.
_NOBODY = frozenset(
    """on in at for after when while last earlier he she they it we you i who the a an this that these those but
    and so as one some many most several others officials analysts economists investors traders executives
    police residents critics experts sources managers company companies people everyone nobody monday tuesday
    wednesday thursday friday saturday sunday january february march april may june july august september
    october november december today yesterday""".split()  # noqa: SIM905 – a list of words
)


def quotations(text: str) -> tuple[tuple[str, str], ...]:
    """(speaker, words) of each quotation whose speaker is named beside it, in the order of the text."""
    if not any(mark in text for mark in '“"„«'):
        return ()
    found: dict[int, tuple[str, str]] = {}
    for pattern in (*_AFTER, *_BEFORE):
        for match in pattern.finditer(text):
            place = match.start("words")
            speaker, words = _name(match["name"]), match["words"].strip(" ,;.–—-")
            if place in found or not speaker or len(words.split()) < FEWEST_WORDS or len(words) > LONGEST:
                continue
            found[place] = (speaker, words)
    return tuple(found[place] for place in sorted(found))[:MOST]


def _name(text: str) -> str:
    """The name without what is no part of it; empty where nothing is left that names anybody."""
    parts = text.strip(" .,").split()
    while parts and parts[0].lower().strip(".") in _NOBODY:
        parts.pop(0)
    while parts and parts[-1].lower().strip(".") in _NOBODY:
        parts.pop()
    name = " ".join(parts).removesuffix("’s").removesuffix("'s")
    return name if re.search(r"[A-Z][\w’'-]{1,}", name) else ""
