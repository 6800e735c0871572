"""The search page, its suggestions and its feeds: everything about a search is in its address.

Owns the address and the page; what matches, in which order and with which snippets is broadtape.search's.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request

from broadtape import feeds, urls
from broadtape.search import Query, Results
from broadtape.web import cards, front, words
from broadtape.web.contexts import Facet, FeedLink, Hit, Link, SearchPage
from broadtape.web.machines import FORMS, feed_answer
from broadtape.web.press import absolute, answer, here, name_of, page, press
from broadtape.web.press import head as page_head

if TYPE_CHECKING:
    from broadtape.search import Sort

blueprint = Blueprint("searching", __name__)

HITS = 10  # on a page
PAGES = 100  # beyond them, narrowing finds more than turning pages
LONGEST = 500  # characters of a query, the search contract's own limit
SORTS: dict[Sort, str] = {"relevance": "relevance", "date": "newest first"}
LABELS = {"topic": "Topic", "symbol": "Symbol", "author": "Author", "year": "Year"}
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
    sort: Sort = "relevance"
    page: int = 1

    @property
    def anything(self) -> bool:
        """Whether the reader asked for anything."""
        return bool(self.text or self.topic or self.symbol or self.author or self.year)

    def narrowed(self, name: str, value: str) -> Asked:
        """The same search with another value of one of `LABELS`, from its first page."""
        given = {field: getattr(self, field) for field in LABELS} | {name: value}
        return Asked(self.text, **given, sort=self.sort)

    def address(self) -> str:
        """The address that says exactly this."""
        return urls.search(
            self.text,
            topic=self.topic,
            symbol=self.symbol,
            author=self.author,
            year=self.year,
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
        sort=sort,
        page=min(PAGES, max(1, int(number))) if re.fullmatch(r"[0-9]{1,6}", number) else 1,
    )


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
        sort=what.sort,
        limit=limit,
        offset=(what.page - 1) * limit,
        facets=facets,
    )
    return press().search.search(query)


@blueprint.get("/search")
def search() -> Response:
    """The form, and what was found."""
    this, site, what = press(), here(), asked()
    results = find(what) if what.anything else Results("", 0, ())
    pages = min(PAGES, max(1, -(-results.total // HITS)))
    if what.page > pages:
        what = replace(what, page=pages)
        results = find(what)
    hits = tuple(
        Hit(hit.url, hit.title_html, hit.snippet or "", words.on_day(hit.date, site.time_zone))
        for hit in results.hits
    )
    feed = urls.search_feed(what.text) if what.text and hits else ""
    topics = this.keep(("topics", site.key), lambda: tuple(this.catalogue.topics(site.key)))
    latest = () if hits else cards.cards(this.instance, site, this.catalogue.latest(site.key, limit=5))
    context = SearchPage(
        query=what.text,
        asked=what.anything,
        total=results.total,
        hits=hits,
        quotes=tuple(quotes_named(what.text)),
        facets=facets(what, results),
        chosen=chosen(what),
        hidden=tuple((name, getattr(what, name)) for name in (*LABELS, "sort") if carried(what, name)),
        sorts=tuple(
            Link(label, replace(what, sort=name, page=1).address(), name == what.sort)
            for name, label in SORTS.items()
        ),
        suggestion=Link(results.suggestion, replace(what, text=results.suggestion, page=1).address())
        if results.suggestion
        else None,
        notes=results.notes,
        paging=front.paging(what.page, pages, lambda number: replace(what, page=number).address()),
        topics=() if hits else tuple(cards.topic_link(name, count) for name, count in topics[:12]),
        latest=latest,
        feed=feed,
    )
    title = f"Search: {what.text}" if what.text else "Search"
    links = (FeedLink(f"{site.name}: {what.text}", feed, "application/rss+xml"),) if feed else ()
    head = page_head(title, path=what.address(), index=False, feeds=links)
    return page("pages/search.html", context, head)


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
    results = find(Asked(text, sort="date"), facets=False, limit=feeds.LENGTH)
    entries = [
        entry for hit in results.hits if (entry := this.catalogue.entry(site.key, hit.url)) is not None
    ]
    channel = SearchChannel(
        title=f"{site.name}: {text}",
        description=f"Stories of {site.name} that a search for “{text}” finds",
        home=absolute(urls.search(text)),
        language=site.locale.replace("_", "-"),
        publisher=site.name,
        query=text,
    )
    return feed_answer(feeds.render(channel, site, FORMS[file], entries))


# --- parts ------------------------------------------------------------------------------------------------


def facets(what: Asked, results: Results) -> tuple[Facet, ...]:
    """Values that would narrow the result, except where there is nothing to choose between."""
    found = []
    for name, label in LABELS.items():
        counts = results.facets.get(name, ())
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


def carried(what: Asked, name: str) -> bool:
    """Whether the form must carry a field along for the next search to keep it."""
    return bool(getattr(what, name)) and (name != "sort" or what.sort != "relevance")


def shown(name: str, value: str) -> str:
    """A facet's value in words."""
    if name == "symbol" and ":" in value:
        return name_of(value)
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
