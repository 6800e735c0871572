"""The search page, its suggestions and its feeds: everything about a search is in its address.

Owns the address and the page; what matches, in which order and with which snippets is broadtape.search's, and of
published facts the catalogue's.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, redirect, request

from broadtape import feeds, numbers, urls
from broadtape.config import may_show
from broadtape.search import Query, Results, language
from broadtape.web import cards, front, words
from broadtape.web.articles import STATUS_WORDS
from broadtape.web.contexts import Facet, FactHit, FeedLink, Hit, Link, SearchPage
from broadtape.web.machines import FORMS, card_of, feed_answer
from broadtape.web.press import absolute, answer, here, name_of, page, press
from broadtape.web.press import head as page_head

if TYPE_CHECKING:
    from broadtape.archive.published import FoundFacts, PublishedFact
    from broadtape.factquery import FactQuery
    from broadtape.search import Sort

blueprint = Blueprint("searching", __name__)

HITS = 10  # on a page
PAGES = 100  # beyond them, narrowing finds more than turning pages
LONGEST = 500  # characters of a query, the search contract's own limit
SORTS: dict[Sort, str] = {"relevance": "relevance", "date": "newest first"}
LABELS = {
    "topic": "Topic", "symbol": "Symbol", "author": "Author", "year": "Year", "since": "Since", "until": "Until",
}  # fmt: skip
FACTS = 20  # on a page
CHOICES = 8  # of a facet
SUGGESTIONS = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as its address says it."""

    text: str = ""
    topic: str = ""
    symbol: str = ""
    author: str = ""
    year: str = ""
    since: str = ""  # "2026-01-12"
    until: str = ""
    sort: Sort = "relevance"
    page: int = 1

    @property
    def anything(self) -> bool:
        """Whether the reader asked for anything."""
        return bool(self.text) or self.filtered

    @property
    def filtered(self) -> bool:
        """Whether anything but words narrows it."""
        return any(getattr(self, name) for name in LABELS)

    def narrowed(self, name: str, value: str) -> Asked:
        """The same search with another value of one of `LABELS`, from its first page."""
        return replace(self, page=1, **{name: value})  # type: ignore[arg-type]  # one of LABELS: all are texts

    def address(self) -> str:
        """The address that says exactly this."""
        return urls.search(
            self.text,
            topic=self.topic,
            symbol=self.symbol,
            author=self.author,
            year=self.year,
            since=self.since,
            until=self.until,
            sort="" if self.sort == "relevance" else self.sort,
            page=0 if self.page == 1 else self.page,
        )


def asked() -> Asked:
    """What the request's address asks; what cannot be read is as if it were not there."""
    given = request.args
    sort: Sort = "date" if given.get("sort") == "date" else "relevance"
    number = given.get("page", "1")
    year = given.get("year", "")
    return Asked(
        text=clean(given.get("q", "")),
        topic=clean(given.get("topic", "")),
        symbol=clean(given.get("symbol", "")),
        author=clean(given.get("author", "")),
        year=year if re.fullmatch(r"[0-9]{4}", year) else "",
        since=day(given.get("since", "")),
        until=day(given.get("until", "")),
        sort=sort,
        page=min(PAGES, max(1, int(number))) if re.fullmatch(r"[0-9]{1,6}", number) else 1,
    )


def day(text: str) -> str:
    """An ISO day as it is, anything else as if it were not there."""
    try:
        return date.fromisoformat(text).isoformat() if len(text) == 10 else ""
    except ValueError:
        return ""


def clean(text: str) -> str:
    """The text without control characters, white space folded, at most as long as a query may be."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 2 * LONGEST]).split())[:LONGEST]


def find(what: Asked, *, facets: bool = True, limit: int = HITS) -> Results:
    """What the index of this site finds."""
    query = Query(
        text=what.text,
        site=here().key,
        topic=what.topic,
        symbol=what.symbol,
        author=what.author,
        year=int(what.year or 0),
        since=date.fromisoformat(what.since) if what.since else None,
        until=date.fromisoformat(what.until) if what.until else None,
        sort=what.sort,
        limit=limit,
        offset=(what.page - 1) * limit,
        facets=facets,
    )
    return press().search.search(query)


@blueprint.get("/search/")
def search_with_a_stroke() -> Response:
    """Lists have addresses that end in a stroke; this one is typed with it too."""
    asked_for = request.query_string.decode("ascii", "ignore")
    address = f"/search?{asked_for}" if asked_for else "/search"
    return redirect(address, 301)  # type: ignore[return-value]  # one class at run time


@blueprint.get("/search")
def search() -> Response:
    """The form, and what was found."""
    this, site, what = press(), here(), asked()
    parsed = language.parse(what.text)
    if parsed.facts is not None:
        return facts_page(what, parsed.facts, parsed.notes)
    results = find(what) if what.anything else Results("", 0, ())
    shown = what  # what the results are of: another spelling, where the one typed finds nothing
    if not results.total and results.suggestion:
        shown = replace(what, text=results.suggestion, page=1)
        results = replace(find(shown), suggestion=results.suggestion)
    pages = min(PAGES, max(1, -(-results.total // HITS)))
    if shown.page > pages:
        shown = replace(shown, page=pages)
        results = replace(find(shown), suggestion=results.suggestion)
    hits = tuple(
        Hit(hit.url, hit.title_html, hit.snippet or "", words.on_day(hit.date, site.time_zone))
        for hit in results.hits
    )
    feed = urls.search_feed(shown.text) if shown.text and hits else ""
    topics = this.keep(("topics", site.key), lambda: tuple(this.catalogue.topics(site.key)))
    context = SearchPage(
        query=what.text,
        asked=what.anything,
        total=results.total,
        hits=hits,
        facts=(),
        quotes=tuple(quotes_named(what.text)),
        facets=facets(shown, results),
        chosen=chosen(what),
        hidden=hidden(what),
        since=what.since,
        until=what.until,
        sorts=tuple(
            Link(label, replace(shown, sort=name, page=1).address(), name == what.sort)
            for name, label in SORTS.items()
        ),
        suggestion=Link(results.suggestion, replace(what, text=results.suggestion, page=1).address())
        if results.suggestion
        else None,
        ways=() if hits or not what.anything else ways(what),
        respelt=shown.text != what.text,
        notes=results.notes,
        paging=front.paging(shown.page, pages, lambda number: replace(shown, page=number).address()),
        topics=() if hits else tuple(cards.topic_link(name, count) for name, count in topics[:12]),
        latest=() if hits else cards.cards(this.instance, site, this.catalogue.latest(site.key, limit=5)),
        feed=feed,
    )
    title = f"Search: {what.text}" if what.text else "Search"
    links = (FeedLink(f"{site.name}: {shown.text}", feed, "application/rss+xml"),) if feed else ()
    head = page_head(title, path=what.address(), index=False, feeds=links)
    return page("pages/search.html", context, head)


def find_facts(what: Asked, query: FactQuery, *, limit: int = FACTS) -> FoundFacts:
    """The published facts that `fact:` asks for on this site; the filters of the address narrow them."""
    beside = replace(
        query,
        symbols=(*query.symbols, *filter(None, [what.symbol])),
        topics=(*query.topics, *filter(None, [what.topic])),
        authors=(*query.authors, *filter(None, [what.author])),
        first=max(query.first, *(date.fromisoformat(one) for one in _starts(what)), date.min),
        last=min(query.last, *(date.fromisoformat(one) for one in _ends(what)), date.max),
    )
    this = press()
    return this.catalogue.find_facts(
        here().key,
        beside,
        public=not may_show(this.instance.audience, "private"),
        limit=limit,
        offset=(what.page - 1) * limit,
    )


def facts_page(what: Asked, query: FactQuery, notes: tuple[str, ...]) -> Response:
    """The published facts that were asked for, newest session first."""
    found = find_facts(what, query)
    pages = min(PAGES, max(1, -(-found.total // FACTS)))
    if what.page > pages:
        what = replace(what, page=pages)
        found = find_facts(what, query)
    context = SearchPage(
        query=what.text,
        asked=True,
        total=found.total,
        hits=(),
        facts=tuple(fact_hit(one) for one in found.facts),
        quotes=(),
        facets=(),
        chosen=chosen(what),
        hidden=hidden(what),
        since=what.since,
        until=what.until,
        sorts=(),
        suggestion=None,
        respelt=False,
        ways=(),
        notes=notes,
        paging=front.paging(what.page, pages, lambda number: replace(what, page=number).address()),
        topics=(),
        latest=(),
        feed=urls.search_feed(what.text) if found.total else "",
    )
    return page(
        "pages/search.html", context, page_head(f"Search: {what.text}", path=what.address(), index=False)
    )


def _starts(what: Asked) -> list[str]:
    return [one for one in (what.since, f"{what.year}-01-01" if what.year else "") if one]


def _ends(what: Asked) -> list[str]:
    return [one for one in (what.until, f"{what.year}-12-31" if what.year else "") if one]


def fact_hit(one: PublishedFact) -> FactHit:
    """A fact as the page shows it."""
    zone = here().time_zone
    return FactHit(
        printed=one.printed,
        title=one.title,
        heading=heading(one),
        question=one.long_form,
        as_of=words.of_day(one.as_of),
        status=one.status,
        status_words=STATUS_WORDS.get(one.status, one.status),
        symbols=tuple(
            Link(name_of(symbol), urls.quote_page(symbol))
            for symbol in one.symbols
            if not symbol.startswith("UNLISTED:") and press().known(symbol) is not None
        ),
        definition=urls.definition(one.metric),
        article=Link(one.article, one.address),
        published=words.on_day(one.published, zone),
        more=one.articles - 1,
        proof=one.proof,
    )


def heading(one: PublishedFact) -> str:
    """The words of the article; a table's bare figure says too little, so there it is what the figure is of."""
    if len(re.findall(r"[^\W\d_]{2,}", one.said)) > 1:
        return f"“{one.said}”"
    named = [name_of(symbol) for symbol in one.symbols if not symbol.startswith("UNLISTED:")]
    return (
        f"{', '.join(named[:2])}: {one.title.lower()} {one.printed}"
        if named
        else f"{one.title}: {one.printed}"
    )


def ways(what: Asked) -> tuple[Link, ...]:
    """Wider searches that do find something: without the filters, or with any of the words."""
    wider: list[tuple[str, Asked]] = []
    if what.filtered and what.text:
        wider.append(("Without filters", Asked(what.text, sort=what.sort)))
    if re.search('["“”]', what.text):
        wider.append(
            ("Without quotation marks", replace(what, text=re.sub('["“”]+', " ", what.text), page=1))
        )
    plain = re.findall(r"[^\s()\"“”:<>=*+-]+", what.text)
    if len(plain) > 1 and ":" not in what.text:
        wider.append(("Any of these words", replace(what, text=" OR ".join(plain[:12]), page=1)))
    found = []
    for label, other in wider:
        count = find(other, facets=False, limit=1).total
        if count:
            found.append(Link(label, other.address(), count=count))
    return tuple(found)


@blueprint.get("/search/suggest")
def suggest() -> Response:
    """Completions in the OpenSearch form: the text, then what it may become."""
    text = clean(request.args.get("q", ""))
    found = press().search.suggest(text, limit=SUGGESTIONS) if text else ()
    symbols = tuple(link.title for link in quotes_named(text))
    body = json.dumps([text, list(dict.fromkeys((*symbols, *found)))[:SUGGESTIONS]], ensure_ascii=False)
    return answer(body, "application/x-suggestions+json", max_age=300)


@dataclass(frozen=True, slots=True)
class SearchChannel(feeds.Channel):
    """The channel of a search; its feeds carry the query in their addresses."""

    query: str = ""

    def own(self, form: feeds.Format) -> str:
        """The feed's own address in one format."""
        return absolute(urls.search_feed(self.query, form))


@blueprint.get("/search/<any('feed.xml', 'atom.xml', 'feed.json'):file>")
def search_feed(file: str) -> Response:
    """The newest stories that a search finds, as a feed; a search without words has none."""
    this, site = press(), here()
    text = clean(request.args.get("q", ""))
    if not text:
        abort(404)
    what = Asked(text, sort="date")
    asking = language.parse(text).facts
    if asking is not None:  # the stories that state the facts
        found = [fact.address for fact in find_facts(what, asking, limit=feeds.LENGTH).facts]
    else:
        found = [hit.url for hit in find(what, facets=False, limit=feeds.LENGTH).hits]
    addresses = dict.fromkeys(found)
    entries = [entry for one in addresses if (entry := this.catalogue.entry(site.key, one)) is not None]
    channel = SearchChannel(
        title=f"{site.name}: {text}",
        description=f"Stories of {site.name} that a search for “{text}” finds",
        home=absolute(urls.search(text)),
        language=site.locale.replace("_", "-"),
        publisher=site.name,
        query=text,
    )
    return feed_answer(feeds.render(channel, site, FORMS[file], entries, card=card_of))


# --- parts ------------------------------------------------------------------------------------------------


def facets(what: Asked, results: Results) -> tuple[Facet, ...]:
    """Values that would narrow the result, except where there is nothing to choose between."""
    found = []
    for name, label in LABELS.items():
        counts = results.facets.get(name, ())  # dates have none
        if getattr(what, name) or len(counts) < 2:
            continue
        links = tuple(
            Link(
                shown(name, one.value),
                what.narrowed(name, one.value).address(),
                count=one.count,
            )
            for one in counts[:CHOICES]
            if not one.value.startswith("UNLISTED:")
        )
        found.append(Facet(label, links))
    return tuple(found)


def chosen(what: Asked) -> tuple[Link, ...]:
    """Filters in force; following one takes it away."""
    return tuple(
        Link(f"{label}: {shown(name, value)}", what.narrowed(name, "").address())
        for name, label in LABELS.items()
        if (value := getattr(what, name))
    )


def hidden(what: Asked) -> tuple[tuple[str, str], ...]:
    """Fields that the form does not show and the next search keeps."""
    shown_by_form = ("since", "until")
    return tuple(
        (name, getattr(what, name))
        for name in (*LABELS, "sort")
        if name not in shown_by_form and carried(what, name)
    )


def carried(what: Asked, name: str) -> bool:
    """Whether the form must carry a field along for the next search to keep it."""
    return bool(getattr(what, name)) and (name != "sort" or what.sort != "relevance")


def shown(name: str, value: str) -> str:
    """A facet's value in words."""
    if name == "symbol" and ":" in value:
        return name_of(value)
    if name in ("since", "until"):
        return numbers.day(date.fromisoformat(value))
    return words.title_of(value) if name == "topic" else value


def quotes_named(text: str) -> list[Link]:
    """Quote pages of the instruments whose ticker is exactly what was typed."""
    this, wanted = press(), text.upper().strip("$")
    if not re.fullmatch(r"[A-Z0-9.:\-]{1,24}", wanted):
        return []
    known = this.keep("instruments", lambda: tuple(this.catalogue.instruments()))
    found = [symbol for symbol in known if wanted in (symbol, symbol.partition(":")[2])]
    views = [view for symbol in found[:4] if (view := this.known(symbol)) is not None]
    return [
        Link(f"{view.instrument.name} ({view.instrument.symbol})", urls.quote_page(view.instrument.symbol))
        for view in views
        if view.instrument.exchange != "UNLISTED"
    ]
