"""The head of an article and its facts file: title, summary, photo, labels, updates, records.

Owns no text of the body.
"""

from __future__ import annotations

import re

from broadtape.desk.claims import (
    Figure,
)
from broadtape.desk.claims.recomputed import (
    FACT_ID,
    differs,
    embellished,
    same,
)
from broadtape.desk.claims.unlinked import Unlinked
from broadtape.desk.proof.ground import LONGEST_TEXT, Ground
from broadtape.model import (
    BroadtapeError,
    Claim,
    Status,
)


def file_records(ground: Ground, linked: set[str]) -> None:
    """Records that no link uses still stand behind title, captions and guards; readers see all evidence."""
    held = ground.article.facts.get("as_of") if ground.article.facts else None
    if ground.desk and held is not None and held != str(ground.article.as_of):
        reason = f"facts.json is as of {held}, the article as of {ground.article.as_of}"
        ground.add("facts.json: as_of", 1, Status.CONTRADICTED, reason)
    for identity in ground.facts.records:
        found = ground.facts.find(identity) if FACT_ID.fullmatch(identity) else None
        if found is None or not found.fact or not found.filed or not same(found.filed, found.fact):
            continue
        if reason := embellished(found.filed, found.fact):
            ground.add(f"facts.json: {identity}", 1, Status.CONTRADICTED, reason, found.fact)
    for identity in ground.facts.records:
        if identity in linked:
            continue
        if not FACT_ID.fullmatch(identity):
            ground.add(f"facts.json: {identity}", 1, Status.UNSUPPORTED, "not a fact id")
            continue
        found = ground.facts.find(identity)
        if found.fact is None:
            ground.claims.append(
                Claim(
                    f"facts.json: {identity}",
                    1,
                    found.status,
                    identity,
                    found.metric,
                    reason=found.reason,
                )
            )
        elif found.filed is not None and not same(found.filed, found.fact):
            ground.add(
                f"facts.json: {identity}",
                1,
                Status.CONTRADICTED,
                differs(found.filed, found.fact),
                found.fact,
            )


def front_matter(ground: Ground) -> None:
    """Prove title, summary, photo, updates and corrections; a desk article's labels and symbols."""
    article = ground.article
    texts = [("title", article.title)]
    if (
        "summary" in article.lines or not article.lines
    ):  # else it is the first paragraph, proved with the body
        texts.append(("summary", article.summary))
    if article.photo is not None:
        texts += [("photo", article.photo.alt), ("photo", article.photo.caption)]
    for key, text in texts:
        if text.strip():
            ground.prove_unlinked(text, article.lines.get(key, 1), key)
    _updates(ground)
    _corrections(ground)
    if not ground.desk:
        return
    if article.as_of is None or article.as_of > (article.updated or article.date).date():
        line, gives = article.lines.get("as_of", 1), article.as_of or "no as_of"
        reason = "a desk article gives the last session it uses, and is published no earlier"
        ground.add(f"as_of: {gives}", line, Status.UNSUPPORTED, reason)
    if article.photo is not None and ground.tells(article.photo.credit):
        line = article.lines.get("photo", 1)
        ground.add(
            article.photo.credit, line, Status.UNSUPPORTED, "a credit names a source and claims nothing"
        )
    _labels(ground)
    told = {str(part.value) for fact in ground.known.values() for part in fact.parts if part.kind == "entity"}
    for symbol in article.symbols:
        if symbol not in told:
            ground.add(
                symbol,
                article.lines.get("symbols", 1),
                Status.UNSUPPORTED,
                "no fact of the article is about this symbol",
            )


def _labels(ground: Ground) -> None:
    """Authors, topics and a source name something: a figure in them is no claim that could be proved."""
    article = ground.article
    named = [("authors", one) for one in article.authors] + [("topics", one) for one in article.topics]
    if article.source is not None:
        named.append(("source", article.source.name))
    for key, text in named:
        tokens = ground.lex(re.sub(r"[-_]+", " ", text))
        if any(isinstance(token, Figure) and token.unit for token in tokens):
            reason = f"{key}: a name holds no figure"
            ground.add(text, article.lines.get(key, 1), Status.UNSUPPORTED, reason)


def _corrections(ground: Ground) -> None:
    """What a correction says is an editor's: it is listed as such, for no fact of the story bears it out."""
    for correction in ground.article.corrections:
        tokens = ground.lex(correction.text)
        if ground.market_claim(tokens) or any(isinstance(token, Figure) for token in tokens):
            line = ground.article.lines.get("corrections", 1)
            ground.add(correction.text, line, Status.UNCHECKED, "corrections: an editor's words")


def _updates(ground: Ground) -> None:
    """Each line of what became of a story follows from the fact it names, as of its own session."""
    line = ground.article.lines.get("updates", 1)
    for update in ground.article.updates:
        if not update.fact or update.as_of is None:
            if ground.desk:
                reason = "updates: an update of a desk article names a fact and its session"
                ground.add(update.text, line, Status.UNSUPPORTED, reason)
            continue
        if len(update.text) > LONGEST_TEXT:
            ground.too_long(
                update.text, line, "updates", f"{len(update.text):,} characters", f"{LONGEST_TEXT:,}"
            )
            continue
        ground.legible(update.text, line)
        try:
            fact = ground.facts.told_on(update.as_of, update.fact)
        except (BroadtapeError, ValueError) as error:
            ground.add(update.text, line, Status.UNSUPPORTED, f"updates: {error}")
            continue
        if fact.as_of != update.as_of:
            reason = f"updates: there was no session on {update.as_of}"
            ground.add(update.text, line, Status.UNSUPPORTED, reason)
            continue
        texts = Unlinked({fact.id: fact}, ground.names, update.as_of, ground.unknown_word)
        for piece, status, found, objection in texts.prove(update.text):
            reason = f"updates: {objection.reason}" if objection else ""
            ground.add(piece, line, status, reason, found, objection)
