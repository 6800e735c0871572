"""What stands around fact links, and sentences without any: what they may hold.

Owns no link.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from broadtape.desk.claims import (
    Figure,
    Moment,
    Name,
    Plain,
    Proper,
    Token,
    Word,
    sentence_digest,
)
from broadtape.desk.claims.bearing import bearing_of, concerns, licenses
from broadtape.desk.claims.guards import BadGuard, guard_holds
from broadtape.desk.proof.ground import Ground
from broadtape.desk.proof.reports import is_definition
from broadtape.markdown import Sentence, Span
from broadtape.model import (
    Status,
)

_LISTED_KINDS: Final = frozenset({"definition", "calendar", "attributed", "interpretation"})
# Words that the rest of a desk sentence may hold: they claim nothing by themselves.
_FREE: Final = frozenset({"close", "total", "intraday"})
# Words that refer back: allowed outside links where a fact of the article licenses them.
_REFERRING: Final = frozenset(
    {"streak", "record", "median", "mean", "few", "broken", "tie", "correction", "bear-market", "bull-market"}
)
# Words that tell what or when: allowed outside links where a fact of the same paragraph licenses them.
_OF_ALL: Final = re.compile(r"\b(?:of|among)(?: the| all)?\s+$", re.I)
_NEARBY: Final = frozenset({"all", "cut", "raise", "hold", "earlier", "ongoing", "ended", "next"})


def prove_rest(ground: Ground, sentence: Sentence, outside: Sequence[Token]) -> None:
    """Object to what may not stand outside the links of a sentence."""
    sourced = any(span.kind == "link" for span in sentence.spans)
    counted = {span.start for span in sentence.spans if sentence.text[span.start : span.start + 1].isdigit()}
    for token in outside:
        if token in ground.reading.dated:
            continue
        if token.text.lower() == "after" and token.end + 1 in counted:
            continue  # "After [63 sessions the median …]": the link tells of what
        reason = objection_outside(ground, token, sourced=sourced) or _uncounted(ground, token, sentence)
        if reason:
            ground.add(token.text, sentence.line, Status.UNSUPPORTED, reason)


def _uncounted(ground: Ground, token: Token, sentence: Sentence) -> str:
    """Why "of the sessions" may not stand: what the facts are of is what some fact of the paragraph counts."""
    if not isinstance(token, Word) or not _OF_ALL.search(sentence.text[: token.start]):
        return ""
    units = {kind.removeprefix("unit:") for kind in token.classes if kind.startswith("unit:")}
    if not units or any(units & bearing_of(fact).counted for fact in ground.reading.facts):
        return ""
    return f"no fact of the paragraph counts {token.text}"


def objection_outside(ground: Ground, token: Token, *, sourced: bool) -> str:
    """Why a token may not stand outside the links of a desk sentence; empty when it may."""
    if isinstance(token, Figure):
        return f"the figure {token.text!r} stands outside a fact link"
    if isinstance(token, Moment):
        return f"the date {token.text!r} stands outside a fact link"
    if isinstance(token, Name):
        if "" in token.symbols or token.ticker:
            return ""
        if ground.reading.lost or any(concerns(fact, token) for fact in ground.reading.facts):
            return ""
        return f"{token.text} is in no fact of this paragraph"
    if isinstance(token, Word):
        return _word_outside(ground, token, sourced=sourced)
    if isinstance(token, Plain) and sourced:  # the source answers for its own words
        return ""
    return ground.unknown_word(token, outside=True)


def _word_outside(ground: Ground, word: Word, *, sourced: bool) -> str:
    kinds = set(word.classes)
    if kinds & _FREE or (sourced and kinds & {"cause", "modal"}):
        return ""
    if "cause" in kinds:
        return f"{word.text!r} gives a cause: name and link a source in the same sentence"
    if any(licenses(fact, kind) for kind in kinds & _REFERRING for fact in ground.known.values()):
        return ""
    nearby = {kind for kind in kinds if kind in _NEARBY or kind.startswith("unit:")}
    if any(licenses(fact, kind) for kind in nearby for fact in ground.reading.facts):
        return ""
    return f"{word.text!r} claims something outside a fact link"


def without_links(ground: Ground, sentence: Sentence) -> None:
    """A desk sentence without links stands as facts.json lists it."""
    if sentence.text.strip():
        listed_sentence(ground, sentence.text, sentence.line, sentence.spans)


def listed_sentence(ground: Ground, text: str, line: int, spans: Sequence[Span]) -> None:
    """A sentence without links is what facts.json lists it as, or unsupported."""
    entry = ground.listed.get(sentence_digest(text))
    if entry is None:
        ground.add(text, line, Status.UNSUPPORTED, "it has no fact link and is not listed in facts.json")
        return
    kind, guard = entry
    if kind not in _LISTED_KINDS:
        ground.add(text, line, Status.UNSUPPORTED, f"{kind!r} is no kind of sentence without figures")
        return
    tokens = ground.lex(text)
    figured = next((token for token in tokens if isinstance(token, Figure | Moment)), None)
    linked = any(span.kind == "link" for span in spans)
    if kind == "attributed":
        status, reason = (
            (Status.ATTRIBUTED, "") if linked else (Status.UNSUPPORTED, "no source is linked in the sentence")
        )
        ground.add(text, line, status, reason)
        return
    if figured is not None and not (kind == "definition" and is_definition(text)):
        ground.add(
            text, line, Status.UNSUPPORTED, f"{figured.text!r} stands in a sentence without a fact link"
        )
        return
    if kind == "interpretation" and not guard:
        ground.add(text, line, Status.UNSUPPORTED, "an interpretation needs a guard")
        return
    for token in tokens:
        if isinstance(token, Proper) and (reason := ground.no_known_name(token)):
            ground.add(token.text, line, Status.UNSUPPORTED, reason)
            return
        if isinstance(token, Word) and {"cause", "puffery", "advice"} & set(token.classes) and not linked:
            ground.add(
                token.text,
                line,
                Status.UNSUPPORTED,
                f"{token.text!r} needs a source linked in the sentence",
            )
            return
    try:
        if guard and not guard_holds(guard, ground.known):
            ground.add(text, line, Status.CONTRADICTED, f"its condition does not hold: {guard}")
            return
    except BadGuard as error:
        ground.add(text, line, Status.UNSUPPORTED, str(error))
        return
    ground.add(text, line, Status.VERIFIED)


def unchecked(ground: Ground, sentence: Sentence, outside: Sequence[Token]) -> None:
    """An editor's or imported sentence: market claims outside links are listed; other figures are free."""
    if not ground.market_claim(outside):
        return
    sourced = any(span.kind == "link" for span in sentence.spans)
    status = Status.ATTRIBUTED if sourced else Status.UNCHECKED
    ground.add(sentence.text, sentence.line, status, "" if sourced else "no fact link")
