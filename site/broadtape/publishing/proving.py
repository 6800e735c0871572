"""The proof of one article for publication: what every fact link came to, and whether the site may show it.

Owns the rule of publication and the form in which a proof is kept. The proof itself is desk.proof's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from broadtape import metrics
from broadtape.archive.records import FactView
from broadtape.archive.rows import dump_facts, load_facts
from broadtape.model import (
    Article,
    BroadtapeError,
    Claim,
    Fact,
    MarketView,
    Problem,
    Status,
    parse_fact_address,
)
from broadtape.publishing.boards import machine, printed
from broadtape.publishing.rendering import Resolved

if TYPE_CHECKING:
    from broadtape.config import Audience
    from broadtape.desk.proof import Report
    from broadtape.markdown import Document

Lookup = Callable[[str], Mapping[str, object] | None]
Verify = Callable[[Article, Callable[[date], MarketView], Lookup], "Report"]  # of text and chart

_ID = re.compile(r"[a-z2-7]{8}")
CHART = "chart"  # the metric under which claims about an article's chart are listed (desk.pictures)
OVERRIDE = "override"  # front-matter key: the reason for which an editor publishes against the proof
_WORST_FIRST = (
    *(Status.CONTRADICTED, Status.UNSUPPORTED, Status.REVISED),
    *(Status.UNCHECKED, Status.ATTRIBUTED, Status.VERIFIED),
)


class Proof(msgspec.Struct, frozen=True):
    """What was found, kept with the catalogue until the file or the store changes."""

    ok: bool
    counts: dict[str, int]
    links: dict[str, Resolved]  # by the link's target as written
    failing: tuple[Claim, ...]
    restricted: tuple[str, ...]  # printed facts whose series may not be republished
    facts: bytes  # catalogue.dump_facts

    def views(self) -> dict[str, FactView]:
        """The facts for the proof page."""
        return load_facts(self.facts)

    def dump(self) -> bytes:
        """The form in which it is kept."""
        return _encoder.encode(self)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Proof)

EMPTY = Proof(ok=True, counts={}, links={}, failing=(), restricted=(), facts=dump_facts({}))


def load(raw: bytes) -> Proof | None:
    """A kept proof; None where an older version kept it otherwise."""
    try:
        return _decoder.decode(raw)
    except msgspec.DecodeError:
        return None


def targets(document: Document) -> Iterator[tuple[str, str]]:
    """Target and text of every fact link."""
    for block in document.blocks:
        for span in block.spans:
            if span.kind == "fact":
                yield span.target, block.text[span.start : span.end]


def wants_proof(article: Article, document: Document) -> bool:
    """Whether there is anything to prove: desk articles always, others where they have fact links."""
    return article.origin == "desk" or next(targets(document), None) is not None


def prove(
    article: Article,
    document: Document,
    *,
    verify: Verify,
    view_for: Callable[[date], MarketView],
    lookup: Lookup,
) -> Proof:
    """The article's proof, with what the proof page shows of each fact."""
    report = verify(article, view_for, lookup)
    by_fact: dict[str, list[Claim]] = {}
    for claim in report.claims:
        if claim.fact:
            by_fact.setdefault(claim.fact, []).append(claim)
    links: dict[str, Resolved] = {}
    for target, text in targets(document):
        fact = report.facts.get(_id_of(target, article, view_for))
        if fact is None:
            continue  # the report says why
        claims = by_fact.get(fact.id, [])
        status = _status([claim for claim in claims if claim.text == text] or claims)
        known = links.get(target)
        if known is None or _rank(status) < _rank(known.status):
            links[target] = Resolved(fact.id, status, machine(fact))
    used = {link.id for link in links.values()} | by_fact.keys()
    views = {
        name: _view(fact, _status(by_fact.get(name, [])))
        for name, fact in report.facts.items()
        if name in used
    }
    failing = tuple(c for c in report.claims if c.status in (Status.UNSUPPORTED, Status.CONTRADICTED))
    return Proof(
        ok=may_publish(article, failing),
        counts={str(status): number for status, number in report.counts.items() if number},
        links=links,
        failing=failing,
        restricted=(
            *sorted({v.long_form for v in views.values() if v.fact.licence != "public"}),
            *_drawn_without_licence(article, view_for),
        ),
        facts=dump_facts(views),
    )


def _drawn_without_licence(article: Article, view_for: Callable[[date], MarketView]) -> list[str]:
    """The series of a desk article's chart that may not be republished: no fact of the article need name them."""
    if article.origin != "desk" or article.photo is None or not article.photo.src.startswith("chart."):
        return []
    view = view_for(article.as_of or article.date.date())
    found = []
    for symbol in article.symbols:
        try:
            if view.bars(symbol).origin.licence != "public":
                found.append(f"chart of {symbol}")
        except BroadtapeError:  # no bars, so not drawn
            continue
    return found


def may_publish(article: Article, failing: tuple[Claim, ...]) -> bool:
    """Desk articles need every claim; others fall only over a claim that is contradicted."""
    if article.origin == "desk":
        return not failing
    return not any(claim.status is Status.CONTRADICTED for claim in failing)


def override(article: Article) -> str:
    """The reason for which an editor publishes against the proof, or ""."""
    reason = article.extra.get(OVERRIDE)
    return reason.strip() if isinstance(reason, str) else ""


def problems(article: Article, proof: Proof, audience: Audience, *, shown: str) -> list[Problem]:
    """What an editor has to know; `shown` says what the site shows meanwhile."""
    reason = override(article)
    found: list[Problem] = []
    for claim in proof.failing:
        stops = (
            not proof.ok and not reason and (article.origin == "desk" or claim.status is Status.CONTRADICTED)
        )
        cause = f"{claim.status}: “{claim.text}”{f' – {claim.reason}' if claim.reason else ''}"
        if not stops and reason:
            remedy = f"published by override: {reason}"
        elif claim.metric == CHART:
            remedy = "put the chart back as it was filed, or write it anew with write --replace"
        else:
            remedy = "correct the text or the link, or give the front matter a key override with the reason"
        remedy += shown if stops else ""
        found.append(Problem(article.path, claim.line, cause, remedy, "error" if stops else "warning"))
    if audience == "public" and proof.restricted:
        some = ", ".join(proof.restricted[:3]) + (" …" if len(proof.restricted) > 3 else "")
        cause = f"{len(proof.restricted)} figures are from series that may not be republished: {some}"
        remedy = "use series licensed public, or set the source's licence if you hold it"
        found.append(Problem(article.path, 0, cause, f"{remedy}{shown}"))
    return found


def _id_of(target: str, article: Article, view_for: Callable[[date], MarketView]) -> str:
    """The fact's id behind a link's target: itself, or that of the question a hand-written one asks."""
    if _ID.fullmatch(target):
        return target
    try:
        metric, params = parse_fact_address(target)
        return metrics.key(view_for(article.as_of or article.date.date()), metric, dict(params)).id
    except (BroadtapeError, ValueError):
        return ""


def _status(claims: list[Claim]) -> str:
    found = {claim.status for claim in claims}
    return str(next((status for status in _WORST_FIRST if status in found), Status.UNCHECKED))


def _rank(status: str) -> int:
    return _WORST_FIRST.index(Status(status))


def _view(fact: Fact, status: str) -> FactView:
    definition = metrics.definition(fact.key.metric)
    return FactView(fact, status, definition.title, definition.wording, fact.key.address, printed(fact))
