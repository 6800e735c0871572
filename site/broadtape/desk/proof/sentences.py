"""Sentences of the body with their fact links: whom they speak of, over which sessions, and whether each link holds.

Owns no tables, and not what stands around the links (around).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from broadtape import markdown
from broadtape.desk.claims import (
    Context,
    Moment,
    Name,
    Token,
    entails,
    sentence_digest,
)
from broadtape.desk.claims.case import is_comparand
from broadtape.desk.proof.around import (
    listed_sentence,
    prove_rest,
    unchecked,
    without_links,
)
from broadtape.desk.proof.ground import DIVIDENDS, INSIDE, MOST_LINKS_TOGETHER, Ground, masked
from broadtape.markdown import Block, Sentence, Span
from broadtape.model import (
    Fact,
    Status,
)

_AVERAGE: Final = re.compile(r"\b(?:median|average|mean|typical)", re.I)
_CLOSES: Final = re.compile(r"\bclos(?:e|es|ed|ing)\b", re.I)
_ALL_STRETCHES: Final = re.compile(
    r"\b(?:all|every|any)\b[^,;:]*\b(?:stretch|period|spell|window|time)", re.I
)
_RELATIVE_PRONOUN: Final = re.compile(r"\b(?:which|who|whose|that)\W+(?:[a-z]+\W+){0,2}$", re.I)
_JOINED: Final = re.compile(r"\W*\b(?:and|or)\s+(?:the\s+)?", re.I)


def prove_captions(ground: Ground, block: Block) -> None:
    """What stands below a picture or appears over a link is read like an alternative text."""
    for span in block.spans:
        if span.title.strip() and span.kind in {"image", "link"}:
            where = "caption" if span.kind == "image" else "title of a link"
            ground.prove_unlinked(span.title, block.line, where)


def prove_heading(ground: Ground, block: Block) -> None:
    """A heading is proved as a sentence with links, as a listed one, or as a text without links."""
    ground.reading.section()
    if any(span.kind == "fact" for span in block.spans):
        for sentence in markdown.sentences(block, ground.whole):
            _sentence(ground, sentence)
    elif sentence_digest(block.text) in ground.listed:
        listed_sentence(ground, block.text, block.line, block.spans)
    else:
        ground.prove_unlinked(block.text, block.line, "heading")


def prove_paragraph(ground: Ground, block: Block) -> None:
    """Prove a paragraph's sentences in order."""
    ground.reading.facts = []
    ground.reading.block_text = block.text
    if DIVIDENDS.search(block.text):
        ground.reading.dividends = True
    for sentence in markdown.sentences(block, ground.whole):
        _sentence(ground, sentence)


def _sentence(ground: Ground, sentence: Sentence) -> None:
    links = [span for span in sentence.spans if span.kind == "fact"]
    if len(links) > MOST_LINKS_TOGETHER:
        ground.too_long(
            sentence.text, sentence.line, "sentence", f"{len(links):,} fact links", f"{MOST_LINKS_TOGETHER}"
        )
        return
    for span in sentence.spans:
        if span.kind == "image" and sentence.text[span.start : span.end].strip():
            ground.prove_unlinked(sentence.text[span.start : span.end], sentence.line, "alternative text")
    rest = masked(sentence.text, [span for span in sentence.spans if span.kind in {"fact", "image"}])
    outside = ground.lex(rest)
    before = len(ground.reading.facts)
    ground.reading.lost = False
    ground.reading.dated = set()
    ground.beside(sentence.text, links, sentence.line)
    for span in links:
        _link(ground, sentence, span, outside)
    told = ground.reading.facts[before:]
    if ground.desk:
        if links:
            prove_rest(ground, sentence, outside)
        else:
            without_links(ground, sentence)
    else:
        unchecked(ground, sentence, outside)
    ground.tickers(sentence.text, outside, sentence.line)
    _carry(ground, rest, outside, told)


def _link(ground: Ground, sentence: Sentence, span: Span, outside: Sequence[Token]) -> None:
    text = sentence.text[span.start : span.end]
    found = ground.usable(text, sentence.line, span)
    if found is None or found.fact is None:
        ground.reading.lost = True
        return
    fact = found.fact
    tokens = ground.lex(text, opens=not sentence.text[: span.start].strip())
    context = _context(ground, sentence, span, outside)
    if ground.desk:
        tokens = _dated(ground, sentence, span, outside, tokens, fact, context)
    ground.judge(text, sentence.line, found, tokens, context, tokens)
    _cases(ground, sentence, span, fact)
    ground.strangers(tokens, sentence.line)
    ground.reading.take(fact)


def _dated(ground: Ground, sentence: Sentence, span: Span, outside: Sequence[Token], own: tuple[Token, ...], fact: Fact,
    context: Context,
) -> tuple[Token, ...]:  # fmt: skip
    """The claim with those dates beside it that say when: "On Jan. 2 the index [rose 1.1%](…)"."""
    others = [other for other in sentence.spans if other.kind == "fact" and other is not span]
    start = max((other.end for other in others if other.end <= span.start), default=0)
    end = min((other.start for other in others if other.start >= span.end), default=len(sentence.text))
    before: list[Token] = []
    after: list[Token] = []
    for token in outside:
        if not isinstance(token, Moment) or not start <= token.start < end or token in ground.reading.dated:
            continue
        side = before if token.start < span.start else after
        side.append(token)
        verdict = entails((*before, *own, *after), fact, context)
        if verdict.holds and (token.precise or verdict.says_window):
            ground.reading.dated.add(token)
        else:
            side.pop()
    return (*before, *own, *after)


def _cases(ground: Ground, sentence: Sentence, span: Span, fact: Fact) -> None:
    """What followed all stretches is told of all, and what followed the cases is not."""
    if not ground.desk or fact.key.metric != "what-followed":
        return
    before = [other for other in sentence.spans if other.kind == "fact" and other is not span]
    text = masked(sentence.text, before)[: span.end]
    if ("all" in fact.tags) is not (_ALL_STRETCHES.search(text) is not None):
        cases = "all stretches of the data" if "all" in fact.tags else "the cases, not all stretches"
        ground.add(
            sentence.text[span.start : span.end], sentence.line, Status.CONTRADICTED,
            f"the fact is about {cases}", fact,
        )  # fmt: skip


def _context(ground: Ground, sentence: Sentence, span: Span, outside: Sequence[Token]) -> Context:
    subject, joined = _subject(ground, sentence, span, outside)
    if joined is not None:
        subject = joined
    return Context(
        as_of=ground.as_of,
        names=ground.names,
        subject=subject,
        windows=frozenset(ground.reading.windows | ground.reading.runs) if ground.desk else None,
        total_said=ground.reading.dividends or bool(DIVIDENDS.search(sentence.text)) or not ground.desk,
        scoped=not ground.desk or _says_scope(ground.reading.block_text or sentence.text),
        median_said=not ground.desk or _AVERAGE.search(sentence.text) is not None,
        closes_said=not ground.desk or _CLOSES.search(sentence.text) is not None,
        subject_required=ground.desk,
    )


def _subject(
    ground: Ground, sentence: Sentence, span: Span, outside: Sequence[Token]
) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """The nearest name before the link that is no comparand; for "A and B [rose]" no single one."""
    text = sentence.text
    names = [
        token for token in outside
        if isinstance(token, Name) and token.end <= span.start and "" not in token.symbols and not token.ticker
        and not is_comparand(text[: token.start].lower().split())
    ]  # fmt: skip
    if _RELATIVE_PRONOUN.search(text[: span.start]):
        last = [
            token
            for token in ground.lex(text[: span.start])
            if isinstance(token, Name) and "" not in token.symbols
        ]
        if last:
            return last[-1].symbols, None
    if not names:
        earlier = [s for s in sentence.spans if s.kind == "fact" and s.end <= span.start]
        for other in reversed(earlier):
            told = ground.facts.find(other.target).fact
            subject = told.get("subject") if told else None
            if subject is not None:
                return frozenset({str(subject.value)}), None
        return ground.reading.subject, None
    nearest = names[-1]
    if len(names) > 1:
        between = re.sub(r"\([^)]*\)", "", text[names[-2].end : nearest.start])
        after = re.sub(r"\([^)]*\)", "", text[nearest.end : span.start])
        if _JOINED.fullmatch(between) and INSIDE not in after and len(after.split()) <= 3:
            return nearest.symbols, frozenset({f"{names[-2].text} and {nearest.text}"})
    return nearest.symbols, None


def _carry(ground: Ground, rest: str, outside: Sequence[Token], told: Sequence[Fact]) -> None:
    names = [
        token for token in outside
        if isinstance(token, Name) and "" not in token.symbols and not token.ticker
        and not is_comparand(rest[: token.start].lower().split())
    ]  # fmt: skip
    if names:
        ground.reading.subject = names[-1].symbols
        return
    subject = next((part for fact in told if (part := fact.get("subject"))), None)
    if subject is not None:
        ground.reading.subject = frozenset({str(subject.value)})


def _says_scope(text: str) -> bool:
    return re.search(r"\bdata\b", text) is not None
