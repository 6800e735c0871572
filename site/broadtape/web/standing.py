"""Pages that stand: about, methods, privacy, terms, accessibility, definitions, corrections, feeds.

Their texts come from the catalogue; the package's defaults stand in where it has none yet.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort
from msgspec.structs import replace

from broadtape import resources, urls
from broadtape.web import cards, words
from broadtape.web.contexts import (
    CorrectionLine,
    CorrectionsPage,
    DefinitionLine,
    DefinitionPage,
    DefinitionsPage,
    FeedsPage,
    Link,
    LocalPage,
    Parameter,
    TextPage,
)
from broadtape.web.press import head as page_head
from broadtape.web.press import here, page, press

if TYPE_CHECKING:
    from broadtape.archive.records import Entry, Ledger

blueprint = Blueprint("standing", __name__)

# Address → name of the standing page.
PAGES = {
    urls.ABOUT: "about",
    urls.METHODS: "methods",
    urls.PRIVACY: "privacy",
    urls.TERMS: "terms",
    urls.ACCESSIBILITY: "accessibility",
}
SCANNED = 2000  # newest articles looked through for corrections
STEP = 200


def _text(address: str) -> Response:
    this, site = press(), here()
    name = PAGES[address]
    found = this.catalogue.page(site.key, name)
    if found is not None:
        title, body, updated = found.title, found.html, found.updated
        description = found.summary
    elif (shipped := default(name)) is not None:
        (title, body), updated, description = shipped, None, ""
    else:
        abort(404)
    context = TextPage(
        title=title,
        body=body,
        updated=words.on_day(updated, site.time_zone) if updated else None,
        siblings=tuple(
            Link(label, where, where == address)
            for label, where in (
                ("About", "/about/"),
                ("How we work", "/about/methods/"),
                ("Definitions", "/definitions/"),
                ("Corrections", "/corrections/"),
                ("Privacy", "/privacy/"),
                ("Terms", "/terms/"),
                ("Accessibility", "/accessibility/"),
            )
        ),
    )
    if name == "methods":
        context = replace(
            context, record=record(this.keep(("ledger", site.key), lambda: this.catalogue.ledger(site.key)))
        )
    return page("pages/text.html", context, page_head(title, description=description, path=address))


def record(ledger: Ledger) -> tuple[tuple[str, str], ...]:
    """The site's record in figures and words; nothing where there is no story yet."""
    if not ledger.stories:
        return ()
    proved = ledger.claims.get("verified", 0) + ledger.claims.get("revised", 0)
    claims = sum(ledger.claims.values())
    lines = [("Stories on this site", f"{ledger.stories:,}"), ("Figures and claims in them", f"{claims:,}")]
    if claims:
        lines.append(("Recomputed from the data", f"{proved:,} ({per(proved * 100, claims)}%)"))
    for status, said in (
        ("attributed", "Attributed to a named source"),
        ("unchecked", "Written by a person and not linked to a figure"),
        ("revised", "Right as known then, revised since"),
    ):
        if ledger.claims.get(status):
            lines.append((said, f"{ledger.claims[status]:,}"))
    of = f"{ledger.corrections:,} in {ledger.corrected:,} {'story' if ledger.corrected == 1 else 'stories'}"
    lines.append(("Corrections", of if ledger.corrections else "None so far"))
    lines.append(("Corrections per 1,000 stories", per(ledger.corrections * 1000, ledger.stories)))
    return tuple(lines)


def per(count: int, of: int) -> str:
    """The quotient to one decimal, half up; without one where it is whole."""
    tenths = (count * 20 + of) // (2 * of)
    return f"{tenths // 10:,}" if tenths % 10 == 0 else f"{tenths // 10:,}.{tenths % 10}"


@blueprint.get("/about/")
def about() -> Response:
    """Who we are."""
    return _text(urls.ABOUT)


@blueprint.get("/about/methods/")
def methods() -> Response:
    """How articles are made and checked."""
    return _text(urls.METHODS)


@blueprint.get("/privacy/")
def privacy() -> Response:
    """What is known of readers: nothing."""
    return _text(urls.PRIVACY)


@blueprint.get("/terms/")
def terms() -> Response:
    """Terms of use."""
    return _text(urls.TERMS)


@blueprint.get("/accessibility/")
def accessibility() -> Response:
    """How the pages can be used by everybody."""
    return _text(urls.ACCESSIBILITY)


@cache
def default(name: str) -> tuple[str, str] | None:
    """Title and HTML of a shipped page, rendered once a process."""
    from broadtape import markdown  # noqa: PLC0415  (readers parse Markdown only where no catalogue is there yet)

    text = resources.default_page(name)
    if text is None:
        return None
    _, front, body = text.split("---\n", 2)
    title = front.partition("title:")[2].strip().strip('"')
    return title, markdown.to_html(markdown.parse(body), PlainLinks())


class PlainLinks:
    """Standing pages make no claims about markets: fact links and tickers stay text."""

    def fact(self, target: str, text: str) -> None:
        """No anchor."""

    def ticker(self, symbol: str) -> None:
        """No anchor."""


@blueprint.get("/definitions/")
def definitions() -> Response:
    """Every metric in words."""
    every = press().catalogue.definitions()
    lines = tuple(DefinitionLine(d.name, d.title, d.wording, urls.definition(d.name)) for d in every)
    description = "What each figure on this site means, exactly."
    return page(
        "pages/definitions.html", DefinitionsPage(lines), page_head("Definitions", description=description)
    )


@blueprint.get("/definitions/<name>/")
def definition(name: str) -> Response:
    """One metric: wording, parameters, examples."""
    found = press().catalogue.definition(name)
    if found is None:
        abort(404)
    context = DefinitionPage(
        name=found.name,
        title=found.title,
        version=found.version,
        wording=found.wording,
        parameters=tuple(Parameter(p.name, p.meaning, p.default or "", p.example) for p in found.parameters),
        examples=found.examples,
    )
    return page("pages/definition.html", context, page_head(found.title, description=found.wording))


@blueprint.get("/corrections/")
def corrections() -> Response:
    """Every correction, newest first."""
    this, site = press(), here()
    lines, articles = this.keep(("corrections", site.key), _corrections)
    description = f"Corrections to stories on {site.name}."
    context = CorrectionsPage(lines, articles)
    return page("pages/corrections.html", context, page_head("Corrections", description=description))


def _corrections() -> tuple[tuple[CorrectionLine, ...], int]:
    this, site = press(), here()
    found: list[tuple[object, CorrectionLine]] = []
    total = this.catalogue.count(site.key)
    for offset in range(0, min(total, SCANNED), STEP):
        for entry in this.catalogue.latest(site.key, limit=STEP, offset=offset):
            found += [(c.date, _line(entry, number)) for number, c in enumerate(entry.article.corrections)]
    found.sort(key=lambda item: str(item[0]), reverse=True)
    return tuple(line for _, line in found), total


def _line(entry: Entry, number: int) -> CorrectionLine:
    correction = entry.article.corrections[number]
    day = words.on_day(correction.date, here().time_zone)
    return CorrectionLine(day, correction.text, Link(entry.article.title, entry.address))


@blueprint.get(urls.LOCAL)
def local() -> Response:
    """Everything local on one page; there is none where nothing is true to show."""
    this, site = press(), here()
    found = this.blocks(site)
    if not any(block.kind not in ("sponsored", "html") for block in found):
        abort(404)
    place = site.place or site.name
    description = f"Weather, roads and what is on in {place}."
    context = LocalPage(title=f"Around {site.name}", place=place, blocks=found)
    return page(
        "pages/local.html", context, page_head(context.title, description=description, path=urls.LOCAL)
    )


@blueprint.get("/feeds/")
def feeds() -> Response:
    """The feeds one can subscribe to."""
    this, site = press(), here()
    topics = [cards.topic_link(name, count) for name, count in this.catalogue.topics(site.key)]
    authors = [cards.author_link(name) for name, _ in this.catalogue.authors(site.key)]
    context = FeedsPage(
        groups=(
            ("All stories", (Link(site.name, "/"),)),
            ("Topics", tuple(topics)),
            ("Authors", tuple(authors)),
        )
    )
    description = f"RSS, Atom and JSON feeds of {site.name}."
    return page("pages/feeds.html", context, page_head("Feeds", description=description))
