"""The article page and what stands under its address: proof, facts, Markdown, attachments.

Renders what publishing prepared. Nothing is proved or computed here.
"""

from __future__ import annotations

import html as entities
import json
import re
from datetime import UTC, date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, g, send_file

from broadtape import cards as sharing
from broadtape import numbers, urls
from broadtape.config import may_show
from broadtape.metrics.filed import to_json
from broadtape.web import cards, markets, pictures, words
from broadtape.web.contexts import (
    ArticlePage,
    CorrectionLine,
    InputRange,
    InputRow,
    Link,
    Proof,
    ProofPage,
)
from broadtape.web.press import absolute, answer, caching, here, name_of, page, press
from broadtape.web.press import head as page_head

if TYPE_CHECKING:
    from broadtape.archive.records import Entry, FactView
    from broadtape.model import Fact, Part

blueprint = Blueprint("articles", __name__)

ADDRESS = "/<int(fixed_digits=4):year>/<int(fixed_digits=2):month>/<int(fixed_digits=2):day>/<slug>/"
ATTACHMENT_CSP = "default-src 'none'; style-src 'unsafe-inline'; font-src 'self'; sandbox"
# How words came about, in schema.org's and IPTC's terms: https://cv.iptc.org/newscodes/digitalsourcetype/
SOURCE_TYPES = {
    "algorithmic": ("AlgorithmicMediaDigitalSource", "algorithmicMedia"),
    "model-assisted": (
        "CompositeWithTrainedAlgorithmicMediaDigitalSource",
        "compositeWithTrainedAlgorithmicMedia",
    ),
    "human-edited": ("MinorHumanEditsDigitalSource", "humanEdits"),
}
STATUS_WORDS = {
    "verified": "Verified: recomputed from the data when this page was published",
    "attributed": "Attributed to a named source",
    "unchecked": "Not checked",
    "unsupported": "Unsupported",
    "contradicted": "Contradicted by the data",
    "revised": "Right as known then; the data has since been revised",
}
_CLAIM = re.compile(r'<a (?=[^>]*class="fact")[^>]*data-fact="([a-z0-9]+)"[^>]*>(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def the_entry(year: int, month: int, day: int, slug: str) -> Entry:
    """The visible article at that address; 404 where there is none (or it was withdrawn: errors tells)."""
    found = press().catalogue.entry(here().key, f"/{year:04d}/{month:02d}/{day:02d}/{slug}/")
    if found is None:
        abort(404)
    return found


@blueprint.get(ADDRESS)
def article(year: int, month: int, day: int, slug: str) -> Response:
    """The article."""
    this, site = press(), here()
    entry = the_entry(year, month, day, slug)
    it = entry.article
    board = this.catalogue.quotes(site.key, it.as_of)
    older, newer = this.catalogue.neighbours(site.key, entry)
    # Nobody reads a neighbour twice: related stories leave it to the links at the foot.
    beside = {one.address for one in (older, newer) if one is not None}
    related = [e for e in this.catalogue.related(site.key, entry, 6) if e.address not in beside][:4]
    late = words.late_sentence(it, site.time_zone)
    table = cards.quote_table(board, this.instance, name_of, title="Watch list")
    story_quotes = markets.in_story(it.symbols, it.as_of)
    picture = cards.picture(this.instance, entry)
    if picture is not None and f'src="{picture.src.rsplit("/", 1)[-1]}"' in entry.html:
        picture = None  # the text shows it itself
    checked = entry.proof.get("verified", 0) + entry.proof.get("revised", 0)
    image = social_image(entry)
    context = ArticlePage(
        address=entry.address,
        title=it.title,
        summary="" if opens_with(entry, it.summary) else it.summary,
        body=cards.with_ticker_titles(pictures.placed(this.instance, site, entry), ticker_titles(entry)),
        byline=tuple(cards.author_link(name) for name in it.authors),
        desk=it.origin == "desk",
        made=how_made(entry),
        published=words.of_instant(it.date, site.time_zone),
        updated=words.of_instant(it.updated, site.time_zone)
        if it.updated and it.updated != it.date
        else None,
        as_of=words.of_day(it.as_of) if it.as_of else None,
        written=words.of_instant(it.written, site.time_zone) if late and it.written else None,
        late=late,
        later=Link(entry.later, entry.later_address) if entry.later and not entry.since else None,
        since=entry.since_html,
        history=history(entry),
        kicker=cards.topic_link(it.topics[0]) if it.topics else None,
        picture=picture,
        source=Link(it.source.name, it.source.url) if it.source else None,
        sources=this.keep(("sources", it.id), lambda: sources(entry)) if entry.proof or entry.since else (),
        corrections=tuple(
            CorrectionLine(words.on_day(c.date, site.time_zone), c.text, None) for c in it.corrections
        ),
        topics=tuple(cards.topic_link(name) for name in it.topics),
        symbols=symbol_links(entry),
        related=cards.cards(this.instance, site, related),
        newer=cards.card(this.instance, site, newer) if newer else None,
        older=cards.card(this.instance, site, older) if older else None,
        quotes=table,
        story_quotes=story_quotes,
        minutes=words.minutes(entry.words),
        claims=sum(entry.proof.values()),
        checked=checked,
        proof=urls.proof(entry.address),
        markdown=urls.source(entry.address),
        share=share(canonical(entry), it.title),
    )
    return page(
        "pages/article.html",
        context,
        page_head(
            it.title,
            description=cards.summary(entry),
            path=entry.address,
            canonical=canonical(entry),
            index=indexable(entry),
            kind="article",
            image=image,
            image_alt=it.title if image else "",
            image_size=social_size(entry),
            json_ld=json_ld(entry),
            properties=properties(entry),
        ),
    )


@blueprint.get(ADDRESS + "proof")
def proof(year: int, month: int, day: int, slug: str) -> Response:
    """Every claim of the article with its evidence."""
    this = press()
    entry = the_entry(year, month, day, slug)
    facts = this.catalogue.facts(entry.article.id)
    said = claims(entry)
    order = {fact_id: place for place, fact_id in enumerate(said)}
    ordered = sorted(facts.items(), key=lambda item: order.get(item[0], len(order)))
    context = ProofPage(
        address=entry.address,
        title=entry.article.title,
        as_of=words.of_day(entry.article.as_of) if entry.article.as_of else None,
        counts=tuple((status, count) for status, count in entry.proof.items() if count),
        proofs=tuple(_proof(fact_id, view, tuple(said.get(fact_id, ()))) for fact_id, view in ordered),
        data=urls.facts(entry.address),
    )
    head = page_head(
        f"Proof of “{entry.article.title}”",
        description=f"What each figure of “{entry.article.title}” means and what it was computed from.",
        path=urls.proof(entry.address),
        index=False,
    )
    return page("pages/proof.html", context, head)


@blueprint.get(ADDRESS + "facts.json")
def facts_json(year: int, month: int, day: int, slug: str) -> Response:
    """The article's facts in the form of docs/contracts/facts.md, with what the page prints of each."""
    entry = the_entry(year, month, day, slug)
    document = facts_document(entry)
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=2) + "\n"
    return answer(text, "application/json", max_age=300)


@blueprint.get(ADDRESS + "index.md")
def markdown(year: int, month: int, day: int, slug: str) -> Response:
    """The article's text as Markdown, without its front matter."""
    entry = the_entry(year, month, day, slug)
    it = entry.article
    text = f"# {it.title}\n\n{it.body.strip()}\n\n---\n\n{absolute(entry.address)}\n{cards.DISCLAIMER}\n"
    return answer(text, "text/markdown", max_age=300)


@blueprint.get(ADDRESS + "versions/<day_of>.md")
def version(year: int, month: int, day: int, slug: str, day_of: str) -> Response:
    """What stood at the address of a running story by an earlier session, as Markdown without its front matter."""
    entry = the_entry(year, month, day, slug)
    kept = {str(update.before) for update in entry.article.updates if update.before is not None}
    text = pictures.version(press().instance, entry, day_of) if day_of in kept else None
    if text is None:
        abort(404)
    since = entry.article.updates[-1].text  # what it has come to; there is one, or no version were kept
    head = f"> As of {day_of}. Since then: {since} The story as it stands now: {absolute(entry.address)}\n\n"
    return answer(f"{head}{text}\n---\n\n{cards.DISCLAIMER}\n", "text/markdown", max_age=3600)


@blueprint.get(ADDRESS + "<name>")
def attachment(year: int, month: int, day: int, slug: str, name: str) -> Response:
    """A file of the article's own folder, or one of its pictures for sharing."""
    entry = the_entry(year, month, day, slug)
    path = pictures.attachment(press().instance, entry, name) or sharing.picture(
        press().instance, here().key, entry.article.id, name
    )
    if path is None:
        abort(404)
    response = send_file(path, mimetype=pictures.media_type(path.name), conditional=True, max_age=None)
    response.headers["Cache-Control"] = caching(3600)
    response.headers["Content-Security-Policy"] = ATTACHMENT_CSP
    return response


# --- parts ------------------------------------------------------------------------------------------------


def facts_document(entry: Entry) -> dict[str, Any]:
    """The facts of an article in the form of docs/contracts/facts.md, with what the page prints of each."""
    records = {}
    for fact_id, view in sorted(press().catalogue.facts(entry.article.id).items()):
        record = to_json(view.fact) if not withheld(view.fact) else {"withheld": True}
        records[fact_id] = {
            **record,
            "status": view.status,
            "status_words": STATUS_WORDS.get(view.status, view.status),
            "printed": "" if withheld(view.fact) else view.printed,
            "title": view.metric_title,
            "wording": view.wording,
            "long_form": view.long_form,
            "as_of_words": numbers.day(view.fact.as_of),
        }
    return {
        "version": 1,
        "as_of": entry.article.as_of.isoformat() if entry.article.as_of else None,
        "article": absolute(entry.address),
        "facts": records,
    }


def share(address: str, title: str) -> tuple[Link, ...]:
    """Where a reader can pass a story on: links only, with nothing in them but its title and address."""
    named, where = quote(title, safe=""), quote(address, safe="")
    return (
        Link("E-mail", f"mailto:?subject={named}&body={where}"),
        Link("Bluesky", f"https://bsky.app/intent/compose?text={named}%20{where}"),
        Link("Facebook", f"https://www.facebook.com/sharer/sharer.php?u={where}"),
        Link("LinkedIn", f"https://www.linkedin.com/sharing/share-offsite/?url={where}"),
    )


def opens_with(entry: Entry, summary: str) -> bool:
    """Whether the text begins with the words of the summary: nobody reads them twice."""
    said = " ".join(summary.split()).rstrip(" …")
    # So much of the text that it is long enough, however it is spaced; a text that is mostly space is looked at whole.
    start = " ".join(entry.text[: 2 * len(said) + 200].split())
    return (start if len(start) > len(said) else " ".join(entry.text.split())).startswith(said)


def how_made(entry: Entry) -> str:
    """In words, for the page: what chose, computed and wrote a desk article, and who changed it."""
    if not entry.made:
        return ""
    by = str(entry.article.extra.get("reworded_by", "")).strip()
    wrote = "computed its figures and wrote the text"
    said = [
        f"Our desk’s program chose the story, {wrote}; each figure was then recomputed before publication."
    ]
    if "model-assisted" in entry.made:
        named = f" ({by})" if by else ""
        said.append(
            f"A language model{named} reworded sentences around the figures; the same checks passed its text."
        )
    if "human-edited" in entry.made:
        said.append("An editor changed the text afterwards.")
    return " ".join(said)


def history(entry: Entry) -> tuple[CorrectionLine, ...]:
    """The updates of a story that runs on, newest first, each with the version that it replaced."""
    zone = here().time_zone
    return tuple(
        CorrectionLine(
            words.on_day(one.date, zone),
            one.text,
            Link("the version before", f"{entry.address}versions/{one.before}.md") if one.before else None,
        )
        for one in reversed(entry.article.updates)
    )


def claims(entry: Entry) -> dict[str, list[str]]:
    """The words of the page that rest on each fact, by id in reading order."""
    found: dict[str, list[str]] = {}
    for match in _CLAIM.finditer(entry.html):
        text = entities.unescape(_TAG.sub("", match[2])).strip()
        texts = found.setdefault(match[1], [])
        if text and text not in texts:
            texts.append(text)
    return found


def symbol_links(entry: Entry) -> tuple[Link, ...]:
    """Quote pages of the article's symbols, by name; what has no quote page is not linked."""
    links = []
    for symbol in entry.article.symbols:
        view = None if symbol.startswith("UNLISTED:") else press().known(symbol)
        if view is not None:
            title = f"{view.instrument.name} ({view.instrument.ticker})"
            links.append(Link(title, urls.quote_page(symbol)))
    return tuple(links)


def ticker_titles(entry: Entry) -> dict[str, str]:
    """Hover titles of the body's tickers: the name, and the last close where it may be shown."""
    this, titles = press(), {}
    for symbol in cards.tickers(entry.html)[:60]:
        view = this.known(symbol)
        if view is None:
            continue
        titles[symbol] = view.instrument.name
        row = view.quote
        if row is not None and cards.shown(row, this.instance):
            line = cards.quote_line(row, row.as_of)
            price = numbers.level(row.price, row.unit, cards.places(row.price))
            titles[symbol] += f": {price}, {line.change.percent} ({numbers.day(row.as_of)} close)"
    return titles


# Whose word it is that comes with the program and is in no settings: credited to who decides it.
_PUBLISHERS = {"exchange-calendar": "New York Stock Exchange (trading days and hours)"}


def sources(entry: Entry) -> tuple[str, ...]:
    """Who supplied the inputs of the article's facts, most used first."""
    counted: dict[str, int] = {}
    for view in press().catalogue.facts(entry.article.id).values():
        evidence = view.fact.evidence
        for named in (*(row.source for row in evidence.rows), *(span.source for span in evidence.spans)):
            for name in named.split(", "):  # a group's span names all of its sources
                counted[name] = counted.get(name, 0) + 1
    names = sorted(counted, key=lambda name: -counted[name])
    settings = press().instance
    shown = []
    for name in names:
        source = settings.source(name)
        if name in _PUBLISHERS:
            shown.append(_PUBLISHERS[name])
            continue
        shown.append(f"{source.attribution} ({name})" if source and source.attribution else name)
    return tuple(shown)


def withheld(fact: Fact) -> bool:
    """Whether a public page may not show the fact's inputs."""
    return not may_show(press().instance.audience, fact.licence)


def canonical(entry: Entry) -> str:
    """The address of the article at the site that owns it, where this site's policy says so; else our own."""
    site, owner = here(), press().instance.sites.get(entry.article.owner_site)
    if owner is not None and owner.key != site.key and site.indexing == "canonical":
        return owner.url + entry.address
    return site.url + entry.address


def indexable(entry: Entry) -> bool:
    """Not where another site owns the article and this one's policy is to stay out of indexes."""
    site, owner = here(), entry.article.owner_site
    return not owner or owner == site.key or site.indexing != "noindex"


def drawn(entry: Entry) -> dict[str, tuple[int, int]]:
    """Name and size of the article's cards; looked for once a page, which asks four times."""
    held: dict[str, dict[str, tuple[int, int]]] = g.setdefault("drawn", {})
    found = held.get(entry.article.id)
    if found is None:
        found = held[entry.article.id] = sharing.pictures(press().instance, here().key, entry.article.id)
    return found


def social_image(entry: Entry) -> str:
    """The address of a picture that other sites can show: the article's card, else its own (theirs take no SVG)."""
    if "card.png" in drawn(entry):
        return absolute(entry.address + "card.png")
    picture = cards.picture(press().instance, entry)
    if picture is None:
        return ""
    if picture.src.endswith(".svg"):
        name = picture.src.rsplit("/", 1)[-1].removesuffix(".svg") + ".png"
        card = pictures.attachment(press().instance, entry, name)
        return absolute(entry.address + name) if card else ""
    return absolute(picture.src)


def social_size(entry: Entry) -> tuple[int, int] | None:
    """The size of the article's card; None where the picture is another one."""
    return drawn(entry).get("card.png")


def properties(entry: Entry) -> tuple[tuple[str, str], ...]:
    """What Open Graph says of articles: when, of what, by whom."""
    it = entry.article
    said = [("article:published_time", it.date.isoformat())]
    if it.updated and it.updated != it.date:
        said.append(("article:modified_time", it.updated.isoformat()))
    if it.topics:
        said.append(("article:section", words.title_of(it.topics[0])))
    said += [("article:tag", words.title_of(name)) for name in it.topics]
    if it.origin != "desk":
        said += [("article:author", absolute(cards.author_link(name).address)) for name in it.authors]
    return tuple(said)


def based_on(entry: Entry) -> list[dict[str, object]]:
    """What the article rests on: the data of its figures, with who supplied them, and the story it reports on."""
    it, found = entry.article, []
    if it.source is not None:
        work: dict[str, object] = {"@type": "CreativeWork", "name": it.source.name}
        found.append(
            {**work, "url": it.source.url} if it.source.url.startswith(("https://", "http://")) else work
        )
    if entry.proof:
        suppliers = press().keep(("sources", it.id), lambda: sources(entry))
        found.append(
            {
                "@type": "Dataset",
                "name": f"Facts of “{it.title}”",
                "description": "Each figure of the article with its definition and the rows it was computed from.",
                "url": absolute(urls.facts(entry.address)),
                **({"temporalCoverage": f"../{it.as_of.isoformat()}"} if it.as_of else {}),
                **({"creditText": "; ".join(suppliers)} if suppliers else {}),
            }
        )
    return found


def about(entry: Entry) -> list[dict[str, object]]:
    """The instruments it is about, with their tickers."""
    found: list[dict[str, object]] = []
    for symbol in entry.article.symbols[:20]:
        view = None if symbol.startswith("UNLISTED:") else press().known(symbol)
        if view is not None:
            one: dict[str, object] = {"@type": "Thing", "name": view.instrument.name}
            if view.instrument.kind == "stock":
                one = {
                    "@type": "Corporation",
                    "name": view.instrument.name,
                    "tickerSymbol": symbol.replace(":", " "),
                }
            found.append({**one, "url": absolute(urls.quote_page(symbol))})
    return found


def structured_images(entry: Entry) -> list[str]:
    """The addresses of the article's pictures for search engines: its cards in three ratios, else the one it has."""
    there = drawn(entry)
    found = [absolute(entry.address + name) for name in sharing.STRUCTURED if name in there]
    return found or [image for image in (social_image(entry),) if image]


def json_ld(entry: Entry) -> str:
    """NewsArticle data for machines: only what the page says itself, safe inside a script element."""
    it, site = entry.article, here()
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": it.title,
        "description": cards.summary(entry),
        "datePublished": it.date.isoformat(),
        "dateModified": (it.updated or it.date).isoformat(),
        "mainEntityOfPage": canonical(entry),
        "author": [
            {
                "@type": "Organization" if it.origin == "desk" else "Person",
                "name": name,
                "url": absolute(urls.METHODS if it.origin == "desk" else cards.author_link(name).address),
            }
            for name in it.authors
        ],
        "publisher": {"@type": "NewsMediaOrganization", "name": site.name, "url": site.url + "/"},
        "publishingPrinciples": absolute(urls.METHODS),
        "isAccessibleForFree": True,
    }
    data |= {
        "inLanguage": site.locale.replace("_", "-"),
        "wordCount": entry.words,
        "isPartOf": {"@type": "WebSite", "name": site.name, "url": site.url + "/"},
        "copyrightHolder": {"@type": "Organization", "name": site.copyright or site.name},
    }
    if it.topics:
        data["articleSection"] = words.title_of(it.topics[0])
        data["keywords"] = [words.title_of(name) for name in it.topics]
    if it.written is not None:
        data["dateCreated"] = it.written.isoformat()
    if it.as_of is not None:
        data["contentReferenceTime"] = it.as_of.isoformat()
    for name, value in (("isBasedOn", based_on(entry)), ("about", about(entry))):
        if value:
            data[name] = value
    if entry.made:
        names = [SOURCE_TYPES[one] for one in entry.made if one in SOURCE_TYPES]
        data["digitalSourceType"] = [f"https://schema.org/{name}" for name, _ in names] + [
            f"http://cv.iptc.org/newscodes/digitalsourcetype/{name}" for _, name in names
        ]
    images = structured_images(entry)
    if images:
        data["image"] = images
    if it.corrections:
        data["correction"] = [
            {"@type": "CorrectionComment", "text": c.text, "datePublished": c.date.isoformat()}
            for c in it.corrections
        ]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


_FIELDS = {"adj_close": "adjusted close"}  # as a reader says what the tables' columns hold


def _proof(fact_id: str, view: FactView, said: tuple[str, ...]) -> Proof:
    fact, hidden = view.fact, withheld(view.fact)
    return Proof(
        id=fact_id,
        status=view.status,
        status_words=STATUS_WORDS.get(view.status, view.status),
        claims=said,
        printed="" if hidden else view.printed,
        title=view.metric_title,
        wording=view.wording,
        definition=urls.definition(fact.key.metric),
        long_form=view.long_form,
        as_of=words.of_day(fact.as_of),
        parts=()
        if hidden
        else tuple((part.name.replace("_", " "), _part(part)) for part in fact.parts if part.name != "value"),
        rows=()
        if hidden
        else tuple(
            InputRow(
                row.series,
                words.of_day(row.day),
                _FIELDS.get(row.field, row.field),
                row.value,
                row.source,
                words.of_instant(row.retrieved, UTC),  # type: ignore[arg-type]  # any tzinfo does
            )
            for row in fact.evidence.rows
        ),
        ranges=()
        if hidden
        else tuple(
            InputRange(
                span.series,
                _FIELDS.get(span.field, span.field),
                words.of_day(span.first),
                words.of_day(span.last),
                f"{span.count:,}",
                span.digest,
                span.source,
            )
            for span in fact.evidence.spans
        ),
        withheld=hidden,
    )


def _part(part: Part) -> str:
    value = part.value
    if part.kind == "entity":
        view = press().known(str(value))
        return f"{view.instrument.name} ({value})" if view else str(value)
    if isinstance(value, tuple):
        return numbers.rate_range(*value)
    if isinstance(value, date):
        return numbers.month(value) if part.kind == "month" else numbers.day(value)
    if isinstance(value, Decimal):
        printed = numbers.plain(value, part.decimals)
        return f"{printed}%" if part.unit == "percent" else f"{printed} {part.unit}".strip()
    unit = part.unit.removesuffix("s") if value == 1 else part.unit
    return f"{value} {unit}".strip()
