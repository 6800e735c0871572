"""Proof: whether each claim of a finished article follows from facts recomputed from the market.

Owns the rules of docs/contracts/proof.md for a whole text. Reads no files and writes none; the judging of one
claim against one fact is desk.claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final

from broadtape.desk.claims import Proper, Token
from broadtape.desk.claims.names import table_for
from broadtape.desk.claims.recomputed import FACT_ID, Lookup, filed_view
from broadtape.desk.claims.unlinked import Unlinked
from broadtape.desk.proof.body import prove_body
from broadtape.desk.proof.front import file_records, front_matter
from broadtape.desk.proof.ground import Ground
from broadtape.desk.proof.reports import GLOSSES, Report, claim_of
from broadtape.desk.proof.revisions import with_revisions
from broadtape.model import Article, BroadtapeError, Claim, Fact, MarketView, NoData

__all__ = ["GLOSSES", "Report", "listed_digests", "verify", "verify_texts"]

_MOST_LINKS: Final = 2_000  # fact links of one article; the longest desk article has some 90
_LONGEST_CLAIM: Final = 2_000  # characters of a link's text; the longest of the desk's has some 150


def verify(article: Article, view_for: Callable[[date], MarketView], lookup: Lookup) -> Report:
    """Prove an article. `view_for` gives the market as of a date (its last session on or before it);
    `lookup` finds a fact's record elsewhere in the archive by id. Facts are recomputed, never believed.

    What fails now and held of the market as it stood when the facts were filed is revised: a warning with both
    values. Whether inputs were revised is what the store remembers (`as_retrieved` of its views).
    """
    try:
        ground = _proved(article, view_for, lookup)
        report = ground.report()
        return report if report.ok else _revisions_told(report, ground, view_for, lookup)
    except NoData:
        if article.origin == "desk" or "](fact:" in article.body:
            raise
        return Report(())  # a local post older than the data claims nothing that could be checked


def verify_texts(
    texts: Iterable[tuple[str, str]], facts: Iterable[Fact], view: MarketView
) -> tuple[Claim, ...]:
    """Prove texts that carry no links (chart labels, a social card): each clause must follow from one fact.

    `texts` are (where, text); the claims of a text have `where` in their reason, and line 0.
    """
    known = {fact.id: fact for fact in facts}
    unlinked = Unlinked(known, table_for(view), view.as_of, _no_name)
    claims: list[Claim] = []
    for where, text in texts:
        claims += [
            claim_of(text, 0, status, fact, f"{where}: {objection.reason}" if objection else "", objection)
            for text, status, fact, objection in unlinked.prove(text)
        ]
    return tuple(claims)


def _proved(article: Article, view_for: Callable[[date], MarketView], lookup: Lookup) -> Ground:
    ground = Ground(article, view_for, lookup)
    links = [span for block in ground.document.blocks for span in block.spans if span.kind == "fact"]
    if len(links) > _MOST_LINKS:
        raise ValueError(f"{article.path}: over {_MOST_LINKS} fact links; split the article")
    for span in links:
        if span.end - span.start > _LONGEST_CLAIM:
            raise ValueError(f"{article.path}: a fact link of over {_LONGEST_CLAIM:,} characters; shorten it")
        ground.facts.find(span.target)
    for identity in ground.facts.records:
        if FACT_ID.fullmatch(identity):
            ground.facts.find(identity)
    ground.known = ground.facts.known()
    file_records(ground, {span.target for span in links})
    front_matter(ground)
    prove_body(ground)
    return ground


def _revisions_told(
    report: Report, ground: Ground, view_for: Callable[[date], MarketView], lookup: Lookup
) -> Report:
    """The report, with what only revisions of the inputs made fail as such."""
    then = filed_view(ground.article, view_for)
    if then is None:
        return report
    try:
        if not ground.facts.unlike(then):
            return report  # the proof of then would be the same
        return with_revisions(report, _proved(ground.article, then, lookup).report())
    except BroadtapeError:  # the store remembers nothing from then
        return report


def _no_name(token: Token) -> str:
    return f"{token.text!r} is no known name" if isinstance(token, Proper) and not token.initial else ""


def listed_digests(record: Mapping[str, object]) -> frozenset[str]:
    """The digests of the sentences that a facts file lists: they stand as they are or not at all."""
    entries = record.get("sentences")
    found = (
        (one.get("digest") for one in entries if isinstance(one, Mapping))
        if isinstance(entries, list)
        else ()
    )
    return frozenset(one for one in found if isinstance(one, str))
