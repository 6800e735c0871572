"""The front page and the lists: topics, authors, the archive by month.

Owns what goes where on the front page; cards, chrome and answers are made elsewhere.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, redirect, request

from broadtape import urls
from broadtape.web import cards, words
from broadtape.web.contexts import Card, FeedLink, FrontPage, Link, ListPage, Moment, Paging, QuoteLine, Rail
from broadtape.web.press import head as page_head
from broadtape.web.press import here, name_of, page, press

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broadtape.archive.records import Entry

blueprint = Blueprint("front", __name__)

FRONT = 36  # articles a front page considers
SECONDS = 3
BRIEFS = 5
BRIEF_WORDS = 320
RAILS = 3
RAIL = 4
LATEST = 12
RIVER = 24
PAGE = 20  # cards on a page of a list
STRIP = 6
FRESH = timedelta(days=7)  # a benchmark that stopped longer before the others is history
COMMON = 0.9  # a topic of more of the stories than this tells them apart from nothing
WHOSE = {"Topic": "Stories on", "Author": "Stories by"}
MONTH = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])")


@blueprint.get("/")
def front() -> Response:
    """The front page."""
    this, site = press(), here()
    entries = this.catalogue.latest(site.key, limit=FRONT)
    board = this.catalogue.quotes(site.key, None)
    topics = this.keep(("topics", site.key), lambda: tuple(this.catalogue.topics(site.key)))
    lead, seconds, briefs, rails, latest = arrange(entries)

    def shown(chosen: Sequence[Entry]) -> tuple[Card, ...]:
        return cards.cards(this.instance, site, chosen)

    strip = tuple(this.keep(("strip", site.key), benchmarks))
    context = FrontPage(
        lead=cards.card(this.instance, site, lead) if lead else None,
        seconds=shown(seconds),
        briefs=shown(briefs),
        rails=tuple(Rail(cards.topic_link(topic), shown(chosen)) for topic, chosen in rails),
        latest=shown(latest),
        strip=strip,
        strip_as_of=_strip_day(),
        quotes=cards.quote_table(board, this.instance, name_of),
        topics=tuple(cards.topic_link(name, count) for name, count in topics[:12]),
        archive=urls.ARCHIVE,
        blocks=this.blocks(site),
        river=shown([entry for entry in entries if entry is not lead][:RIVER]),
    )
    description = f"Market news for {site.place or site.name}, with a proof behind every figure."
    return page("pages/front.html", context, page_head(site.name, description=description, path="/"))


def arrange(
    entries: Sequence[Entry],
) -> tuple[
    Entry | None, Sequence[Entry], Sequence[Entry], list[tuple[str, Sequence[Entry]]], Sequence[Entry]
]:
    """Lead, seconds, briefs, rails by topic and the latest list; every entry stands at most once.

    The lead is the newest story with a picture of the newest day, else the newest story. A topic gets a rail
    only where two or more of its stories are left.
    """
    if not entries:
        return None, (), (), [], ()
    recent = [e for e in entries if entries[0].article.date - e.article.date <= timedelta(days=1)]
    lead = next((e for e in recent if e.article.photo is not None), entries[0])
    left = [e for e in entries if e is not lead]
    # Long ones first; a column with one story in it would end in nothing.
    seconds = sorted(left, key=lambda e: e.words <= BRIEF_WORDS)[:SECONDS]
    left = [e for e in left if e not in seconds]
    briefs = [e for e in left if e.words <= BRIEF_WORDS][:BRIEFS]
    left = [e for e in left if e not in briefs]
    rails: list[tuple[str, Sequence[Entry]]] = []
    if len(left) >= 2 * RAIL:
        counted: dict[str, list[Entry]] = {}
        for entry in left:
            for topic in entry.article.topics[:2]:
                counted.setdefault(topic, []).append(entry)
        common = {topic for topic, chosen in counted.items() if len(chosen) > COMMON * len(left)}
        for topic, chosen in sorted(counted.items(), key=lambda item: -len(item[1])):
            if topic in common:
                continue
            free = [e for e in chosen if e in left][:RAIL]
            if len(free) >= 2 and len(rails) < RAILS:
                rails.append((topic, free))
                left = [e for e in left if e not in free]
    return lead, seconds, briefs, rails, left[:LATEST]


def benchmarks() -> list[QuoteLine]:
    """The instance's benchmarks with a quote that may be shown, in the order of the settings."""
    this = press()
    rows = []
    for symbol in dict.fromkeys(this.instance.desk.benchmarks.values()):
        view = this.known(symbol)
        if view is not None and view.quote is not None and cards.shown(view.quote, this.instance):
            rows.append(view.quote)
    newest = max((row.as_of for row in rows), default=None)
    fresh = [row for row in rows if newest is not None and newest - row.as_of <= FRESH]
    return [cards.quote_line(row, newest) for row in fresh[:STRIP] if newest is not None]


def _strip_day() -> Moment | None:
    this = press()
    days = [
        view.quote.as_of
        for symbol in this.instance.desk.benchmarks.values()
        if (view := this.known(symbol)) and view.quote
    ]
    return words.of_day(max(days)) if days else None


@blueprint.get("/topics/")
def topics() -> Response:
    """Every topic with its count."""
    this, site = press(), here()
    links = tuple(cards.topic_link(name, count) for name, count in this.catalogue.topics(site.key))
    context = _links("Topics", "All topics", "What we write about, most used first.", links)
    return page("pages/list.html", context, page_head("Topics", description=context.description))


@blueprint.get("/topics/<slug>/")
def topic(slug: str) -> Response:
    """The stories of a topic, newest first."""
    return _tagged("Topic", "topic", slug, press().catalogue.topics(here().key))


@blueprint.get("/authors/<slug>/")
def author(slug: str) -> Response:
    """The stories of an author, newest first."""
    return _tagged("Author", "author", slug, press().catalogue.authors(here().key))


@blueprint.get("/archive/")
def archive() -> Response:
    """The months that have stories."""
    this, site = press(), here()
    links = tuple(
        Link(words.month_title(month), urls.month(int(month[:4]), int(month[5:])), count=count)
        for month, count in this.catalogue.months(site.key)
    )
    context = _links("Archive", "Archive by month", f"Every story {site.name} has published.", links)
    return page("pages/list.html", context, page_head("Archive", description=context.description))


@blueprint.get("/archive/<year>/<month>/")
def archive_month(year: str, month: str) -> Response:
    """The stories of a month, newest first."""
    key = f"{year}-{month}"
    if MONTH.fullmatch(key) is None:
        abort(404)
    total = press().catalogue.count(here().key, month=key)
    if total == 0:
        abort(404)
    title = words.month_title(key)
    return _page_of("Archive", title, "", urls.month(int(year), int(month)), total, month=key)


def _tagged(label: str, kind: str, slug: str, known: list[tuple[str, int]]) -> Response:
    found = next(((name, count) for name, count in known if urls.key(name) == urls.key(slug)), None)
    if found is None:
        abort(404)
    name, total = found
    address = urls.topic(name) if kind == "topic" else urls.author(name)
    if slug != urls.key(name):  # compared decoded: addresses of names like “Café” are not their path
        return redirect(address, 301)  # type: ignore[return-value]  # werkzeug's Response is ours at run time
    title = words.title_of(name) if kind == "topic" else name
    feed = urls.feed("rss", address)
    return _page_of(label, title, feed, address, total, **{kind: name})


def _page_of(label: str, title: str, feed: str, address: str, total: int, **tags: str) -> Response:
    this, site = press(), here()
    pages = max(1, -(-total // PAGE))
    number = page_number(pages)
    entries = this.catalogue.latest(site.key, limit=PAGE, offset=(number - 1) * PAGE, **tags)
    context = ListPage(
        label=label,
        title=title,
        description="",
        cards=cards.cards(this.instance, site, entries),
        links=(),
        paging=paging(number, pages, lambda n: urls.page(address, n)),
        total=total,
        feed=feed,
    )
    feeds = (FeedLink(f"{site.name}: {title}", feed, "application/rss+xml"),) if feed else ()
    path = urls.page(address, number)
    described = f"{title}: {total} {'story' if total == 1 else 'stories'} from {site.name}."
    named = f"{WHOSE[label]} {title}" if label in WHOSE else title
    if number > 1:
        named, described = f"{named}, page {number}", f"{described} Page {number} of {pages}."
    return page("pages/list.html", context, page_head(named, description=described, path=path, feeds=feeds))


def page_number(pages: int) -> int:
    """The page asked for; 404 where there is no such page."""
    asked = request.args.get("page", "1")
    if not asked.isascii() or not asked.isdigit() or len(asked) > 6 or not 1 <= int(asked) <= pages:
        abort(404)
    return int(asked)


def paging(number: int, pages: int, address: words.PageAddress) -> Paging:
    """Where one is in a list, with the addresses of the pages beside it."""
    return Paging(
        page=number,
        pages=pages,
        newer=address(number - 1) if number > 1 else "",
        older=address(number + 1) if number < pages else "",
    )


def _links(label: str, title: str, description: str, links: tuple[Link, ...]) -> ListPage:
    return ListPage(label, title, description, (), links, Paging(1, 1, "", ""), len(links), "")
