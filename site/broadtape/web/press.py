"""The press: what every page needs to be rendered and answered, made once per application.

Owns the environments of templates, the cached chrome parts and how an answer is made (ETag, Last-Modified,
Cache-Control, 304). Knows no page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Response, current_app, g, request
from jinja2 import meta, pass_context
from markupsafe import Markup

from broadtape import resources
from broadtape.archive.tape import Listing, Tape
from broadtape.web import blocks, cards, chrome, words
from broadtape.web.lookup import Lookup, of_listings

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context, Macro
    from msgspec import Struct

    from broadtape.archive.catalogue import Catalogue
    from broadtape.archive.records import InstrumentView
    from broadtape.config import Instance, Site
    from broadtape.search import SearchIndex
    from broadtape.web.contexts import Block, Chrome, FeedLink, Head, QuoteLine

T = TypeVar("T")

STATIC = Path(__file__).parent / "static"
MOST_KEPT = 5000  # small records, a kilobyte or so each
KEPT_FOR = timedelta(seconds=30)  # a scheduled article appears in lists of topics at most this late

# The clock differs every minute; a page that differs in nothing else is the same page.
CLOCK = re.compile(r'(?:<span class="weekday">[^<]*</span>\s*)?<time class="clock"[^>]*>[^<]*</time>')
_WEEKDAY, _TIME = '<span class="weekday">', '<time class="clock"'
MOST_FRAGMENTS = 200


@dataclass(slots=True)
class Press:
    """One application's instance, sources and clock."""

    instance: Instance
    catalogue: Catalogue
    search: SearchIndex
    clock: Callable[[], datetime]
    tape: Tape
    environments: dict[str, Environment] = field(default_factory=dict)
    validates: bool = True  # whether answers carry validators of their own; printed pages get the store's
    policies: dict[str, str] = field(default_factory=dict)  # by site; see broadtape.web
    _kept: dict[Hashable, tuple[int, datetime, Any]] = field(default_factory=dict)
    _fragments: dict[tuple[str, str, int], tuple[Chrome, Markup]] = field(default_factory=dict)

    def environment(self, site: Site) -> Environment:
        """The templates of a site: its own folder first."""
        found = self.environments.get(site.key)
        if found is None:
            own = site.folder / "templates"
            compiled = self.instance.cache / "templates"
            made = _environment(own, compiled=compiled) if own.is_dir() else _shared(compiled)
            found = self.environments[site.key] = made
        return found

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gave for this key, until something is published or half a minute has passed."""
        generation, now = self.catalogue.generation, self.clock()
        held = self._kept.get(key)
        if held is not None and held[0] == generation and held[1] <= now < held[1] + KEPT_FOR:
            value: T = held[2]
            return value
        value = make()
        if len(self._kept) > MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (generation, now, value)
        return value

    def blocks(self, site: Site) -> tuple[Block, ...]:
        """The local blocks with something true to show, at most half a minute old."""

        def quote(symbol: str) -> QuoteLine | None:
            view = self.known(symbol)
            row = view.quote if view is not None else None
            return (
                cards.quote_line(row, row.as_of)
                if row is not None and cards.shown(row, self.instance)
                else None
            )

        def story(address: str) -> str:
            entry = self.catalogue.entry(site.key, address)
            return entry.article.title if entry is not None else ""

        def made() -> tuple[Block, ...]:
            kept = self.catalogue.local(site.key)
            return blocks.blocks(site, kept, now=self.clock(), quote=quote, story=story)

        minute = int(
            self.clock().timestamp() // 60
        )  # they age by themselves, whatever else is kept for longer
        return self.keep(("blocks", site.key, minute), made)

    def known(self, symbol: str) -> InstrumentView | None:
        """An instrument without its history: kept, because lists and bodies name many."""

        def light() -> InstrumentView | None:
            view = self.catalogue.instrument(symbol)
            return None if view is None else replace(view, history=())

        return self.keep(("known", symbol), light)

    def lookup(self) -> Lookup:
        """The index by which instruments are looked up."""

        def listed() -> Lookup:
            found = self.tape.listings()
            if not found:  # a tape not made yet: names are better than nothing
                views = (self.known(symbol) for symbol in self.catalogue.instruments())
                found = tuple(
                    Listing(
                        view.instrument.symbol,
                        view.instrument.name,
                        view.instrument.kind,
                        view.instrument.aliases,
                        view.quote is not None,
                        view.last,
                    )
                    for view in views
                    if view is not None
                )
            return of_listings(found)

        return self.keep("lookup", listed)

    def surroundings(self, site: Site, path: str, *, plain: bool = False) -> Chrome:
        """What surrounds the page at `path`, the same object for every page of a minute that no link of it leads to.

        `plain` reads nothing from the catalogue.
        """
        now = self.clock()
        if plain:
            return chrome.around(site, self.instance, now=now, path=path, as_of=None, topics=())

        def around(where: str) -> Chrome:
            return chrome.around(
                site,
                self.instance,
                now=now,
                path=where,
                as_of=self.catalogue.stamp().as_of,
                topics=self.keep(("topics", site.key), lambda: tuple(self.catalogue.topics(site.key))),
                blocks=blocks.everywhere(self.blocks(site)),
            )

        minute = int(now.timestamp() // 60)
        usual = self.keep(("chrome", site.key, minute, ""), lambda: around(""))
        linked = any(
            link.address == path for links in (usual.utility, usual.sections, usual.legal) for link in links
        )
        return self.keep(("chrome", site.key, minute, path), lambda: around(path)) if linked else usual

    def fragment(self, site: Site, name: str, around: Chrome) -> Markup:
        """A part of pages that shows nothing but their surroundings, rendered once for each state of those."""
        key = (site.key, name, id(around))
        held = self._fragments.get(key)
        if held is None or held[0] is not around:
            made = Markup(self.environment(site).get_template(name).render(chrome=around))  # noqa: S704  escaped
            if len(self._fragments) >= MOST_FRAGMENTS:
                self._fragments.clear()
            held = self._fragments[key] = (around, made)
        return held[1]

    def last_modified(self, site: Site) -> datetime | None:
        """When anything a page could show last changed; whole seconds, UTC, never in the future."""
        written = self.catalogue.stamp().written
        newest = self.keep(("newest", site.key), lambda: self.catalogue.latest(site.key, limit=1))
        moments = [moment for moment in (written, *(entry.article.date for entry in newest)) if moment]
        if not moments:
            return None
        return words.http_instant(min(max(moments), self.clock().astimezone(UTC)))


def _environment(*first: Path, compiled: Path) -> Environment:
    made = resources.environment(first, compiled=compiled)
    made.globals["static"] = static_address
    made.globals["shared"] = _shared_part
    made.globals["once"] = _once
    made.filters["bound"] = words.bound
    return made


_MOST_ONCE = 2_000
_said: dict[Hashable, Markup] = {}


def _once(macro: Macro, *given: Hashable, **named: Hashable) -> Markup:
    """What a macro makes of values alone, kept: the same few stories are related to thousands."""
    key = (macro, given, tuple(named.items()))  # a template that was read anew has other macros
    held = _said.get(key)
    if held is None:
        if len(_said) >= _MOST_ONCE:
            _said.clear()
        held = _said[key] = Markup(macro(*given, **named))  # noqa: S704  escaped
    return held


@pass_context
def _shared_part(context: Context, name: str) -> Markup:
    """The template of that name as an include would give it; rendered once where only the surroundings matter."""
    environment = context.environment
    if name in _of_chrome_alone(environment, name):
        return press().fragment(here(), name, context["chrome"])
    template = environment.get_template(name)
    return Markup("".join(template.root_render_func(template.new_context(context.get_all(), shared=True))))  # noqa: S704  escaped


@cache
def _of_chrome_alone(environment: Environment, name: str) -> frozenset[str]:
    """The template's name where it and what it includes look at nothing but `chrome`; a site's own may look at more."""
    seen, left = set[str](), [name]
    while left:
        one = left.pop()
        if one in seen or environment.loader is None:
            continue
        seen.add(one)
        tree = environment.parse(environment.loader.get_source(environment, one)[0])
        more = list(meta.find_referenced_templates(tree))
        if meta.find_undeclared_variables(tree) - environment.globals.keys() - {"chrome"} or None in more:
            return frozenset()
        left += [found for found in more if found is not None]
    return frozenset({name})


_of_all: list[Environment] = []


def _shared(compiled: Path) -> Environment:
    """The templates of all sites without some of their own: compiled once a process, whichever instance comes first."""
    if not _of_all:
        _of_all.append(_environment(compiled=compiled))
    return _of_all[0]


def press() -> Press:
    """The press of the application at work."""
    found: Press = current_app.extensions["broadtape"]
    return found


def here() -> Site:
    """The site that the request's host names."""
    site: Site = g.site
    return site


def absolute(path: str) -> str:
    """An address of this site as others see it; never from the request's own host."""
    return here().url + path


@cache
def shipped(name: str) -> bytes:
    """A file of ours as readers get it: our own styles and scripts without comments and indentation, a sixth less."""
    body = (STATIC / name).read_bytes()
    if name.startswith("vendor/") or not name.endswith((".css", ".js")):
        return body
    text = body.decode("utf-8")
    if name.endswith(".css"):
        text = _CSS_COMMENT.sub("", text)
    # Of scripts only what is a comment from its line's beginning: no string of ours begins a line so.
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")).encode()


_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@cache
def static_address(name: str) -> str:
    """The address of a file of ours, with its digest so that it can be kept for ever."""
    digest = hashlib.sha256(shipped(name)).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


def head(
    title: str,
    *,
    description: str = "",
    path: str = "",
    canonical: str | None = None,
    index: bool = True,
    kind: str = "website",
    image: str = "",
    json_ld: str = "",
    feeds: tuple[FeedLink, ...] = (),
    image_alt: str = "",
    image_size: tuple[int, int] | None = None,
    properties: tuple[tuple[str, str], ...] = (),
) -> Head:
    """The head of a page at `path`; nothing is indexable while the instance is a private preview."""
    return chrome.head(
        here(),
        title,
        description=description,
        canonical=absolute(path or request.path) if canonical is None else canonical,
        robots="noindex, nofollow" if press().instance.audience == "private" else "" if index else "noindex",
        article=kind == "article",
        image=image,
        json_ld=json_ld,
        feeds=feeds,
        image_alt=image_alt,
        image_size=image_size,
        properties=properties,
    )


def render(template: str, context: Struct, page_head: Head, *, plain: bool = False) -> str:
    """The page's HTML. Context fields are the template's top-level names, beside `head` and `chrome`.

    `plain` reads nothing from the catalogue, for pages about failures.
    """
    this, site = press(), here()
    values = {name: getattr(context, name) for name in context.__struct_fields__}
    around = this.surroundings(site, request.path, plain=plain)
    return this.environment(site).get_template(template).render(**values, head=page_head, chrome=around)


def page(template: str, context: Struct, page_head: Head, *, status: int = 200) -> Response:
    """A rendered page as an answer."""
    response = answer(render(template, context, page_head), "text/html", status=status)
    if page_head.robots:
        response.headers["X-Robots-Tag"] = page_head.robots
    return response


def answer(body: str | bytes, media_type: str, *, status: int = 200, max_age: int = 60) -> Response:
    """An answer with its validators; 304 where the reader's copy is the same.

    The ETag is a digest of the body without the clock, so it is weak where a page has one. Last-Modified is
    the catalogue's: everything a page shows comes from there, or from an article whose date has since come.
    """
    this = press()
    raw = body.encode() if isinstance(body, str) else body
    response = Response(raw, status=status, content_type=f"{media_type}; charset=utf-8")
    if status != 200:
        response.headers["Cache-Control"] = "no-store" if status >= 500 else "no-cache"
        return response
    response.headers["Cache-Control"] = caching(max_age)
    if not this.validates:
        return response
    same: str | bytes = body
    if media_type == "text/html" and isinstance(body, str) and (clock := find_clock(body)) is not None:
        same = body[: clock.start()] + body[clock.end() :]
    digest = hashlib.sha256(same.encode() if isinstance(same, str) else same).hexdigest()[:24]
    response.set_etag(digest, weak=same is not body)
    written = this.last_modified(here())
    if written is not None:
        response.last_modified = written
    response.headers.add("Vary", "Accept-Encoding")
    response.make_conditional(request)
    return response


def find_clock(text: str) -> re.Match[str] | None:
    """The page's clock. Looked for as plain text first: a pattern that may begin with nothing tries everywhere."""
    at = text.find(_TIME)
    if at < 0:
        return None
    before = text.rfind(_WEEKDAY, max(0, at - 120), at)
    return (CLOCK.match(text, before) if before >= 0 else None) or CLOCK.match(text, at)


def caching(max_age: int) -> str:
    """Cache-Control of something that a change may replace: asked again each time while private."""
    if press().instance.audience == "private":
        return "private, no-cache"
    return f"public, max-age={max_age}, stale-while-revalidate={max_age * 10}"


def name_of(symbol: str) -> str:
    """What an instrument is called, else its symbol."""
    view = press().known(symbol)
    return view.instrument.name if view is not None else symbol
