"""What machines read: feeds, sitemaps, robots, OpenSearch, icons, palette, media, health and metrics.

Owns addresses and HTTP; the form of feeds is broadtape.feeds'.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING, get_args
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, abort, request, send_file, send_from_directory
from werkzeug.security import safe_join

from broadtape import __version__, feeds, heartbeat, icons, urls
from broadtape import cards as sharing
from broadtape.web import chrome, pictures, words
from broadtape.web.press import STATIC, absolute, answer, caching, here, press, shipped, static_address

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from broadtape.archive.records import Entry

blueprint = Blueprint("machines", __name__)

URLS = 40_000  # of one sitemap; the protocol allows 50,000
NEWS = timedelta(days=2)  # the news sitemap's rule
# A feed is a page of its own in a browser: our styles and fonts, and nothing that runs.
FEED_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
FOREVER = "public, max-age=31536000, immutable"
STANDING = (
    urls.MARKETS,
    "/quotes/",
    "/feeds/",
    "/widgets/",
    urls.ABOUT,
    urls.METHODS,
    "/definitions/",
    urls.CORRECTIONS,
    urls.PRIVACY,
    urls.TERMS,
    urls.ACCESSIBILITY,
)
MOST_BORROWED = 2 * 2**20  # bytes of a file of the borrowed chrome
_BORROWED = re.compile(r"[a-z0-9][a-z0-9-]{0,80}\.(css|png|jpg|gif|webp|avif|svg|ico)")
_DIGESTED = re.compile(r"-[0-9a-f]{10}\.[a-z]+$")  # copied pictures; a stylesheet is its operator's to change
_BORROWED_TYPES = {
    "css": "text/css", "png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "avif": "image/avif", "svg": "image/svg+xml", "ico": "image/x-icon",
}  # fmt: skip
FORMS: dict[str, feeds.Format] = {feeds.FILE[form]: form for form in get_args(feeds.Format)}
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_UNSAFE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


# --- feeds ------------------------------------------------------------------------------------------------


@blueprint.get("/<any('feed.xml', 'atom.xml', 'feed.json'):file>")
def site_feed(file: str) -> Response:
    """The feed of everything."""
    return _paged(file)


@blueprint.get("/topics/<slug>/<any('feed.xml', 'atom.xml', 'feed.json'):file>")
def topic_feed(slug: str, file: str) -> Response:
    """The feed of a topic."""
    name = _known(press().catalogue.topics(here().key), slug)
    shown = words.title_of(name)
    return _paged(file, topic=name, name=shown)


@blueprint.get("/authors/<slug>/<any('feed.xml', 'atom.xml', 'feed.json'):file>")
def author_feed(slug: str, file: str) -> Response:
    """The feed of an author."""
    name = _known(press().catalogue.authors(here().key), slug)
    return _paged(file, author=name)


@blueprint.get("/quotes/<symbol:symbol>/<any('feed.xml', 'atom.xml', 'feed.json'):file>")
def symbol_feed(symbol: str, file: str) -> Response:
    """The feed of an instrument's stories."""
    this = press()
    if symbol.upper().startswith("UNLISTED:") or not this.catalogue.count(here().key, symbol=symbol):
        abort(404)
    view = this.catalogue.instrument(symbol)
    name = view.instrument.name if view else ""
    return _paged(file, symbol=symbol, name=name)


@blueprint.get("/feeds.opml")
def subscriptions() -> Response:
    """Every feed of the site as a list that feed readers import."""
    this, site = press(), here()
    catalogue = this.catalogue
    named = [(symbol, catalogue.instrument(symbol)) for symbol, _ in catalogue.symbols(site.key)]
    groups = (
        (site.name, [feeds.channel(site)]),
        (
            "Topics",
            [
                feeds.channel(site, topic=name, name=words.title_of(name))
                for name, _ in catalogue.topics(site.key)
            ],
        ),
        ("Authors", [feeds.channel(site, author=name) for name, _ in catalogue.authors(site.key)]),
        (
            "Quotes",
            [
                feeds.channel(site, symbol=symbol, name=view.instrument.name)
                for symbol, view in named
                if view is not None and not symbol.startswith("UNLISTED:")
            ],
        ),
    )
    response = answer(feeds.opml(site, groups).decode(), "text/x-opml", max_age=3600)
    response.headers["Content-Disposition"] = 'attachment; filename="feeds.opml"'
    return response


def _paged(file: str, *, topic: str = "", author: str = "", symbol: str = "", name: str = "") -> Response:
    """The page of a feed that the address asks for; 404 for one that it does not have."""
    given = request.args.get("page", "1")
    number = int(given) if re.fullmatch(r"[0-9]{1,4}", given) else 0
    feed = feeds.feed(
        press().catalogue,
        here(),
        FORMS[file],
        topic=topic,
        author=author,
        symbol=symbol,
        name=name,
        page=number,
        card=card_of,
    )
    if feed is None:
        abort(404)
    return feed_answer(feed)


def card_of(entry: Entry) -> feeds.CardPicture | None:
    """The picture of an article for readers that show no SVG, where it has been made."""
    path = sharing.picture(press().instance, here().key, entry.article.id, "card.png")
    if path is None:
        return None
    return feeds.CardPicture("card.png", *sharing.SHAPES["card.png"], path.stat().st_size)


def feed_answer(feed: feeds.Feed) -> Response:
    """A feed as an answer, 304 where the reader has it."""
    response = Response(feed.body, content_type=feed.content_type)
    validates = press().validates
    if validates:
        response.set_etag(feed.etag)
        if feed.modified is not None:
            response.last_modified = words.http_instant(feed.modified)
    response.headers["Cache-Control"] = caching(300)
    response.headers["Content-Security-Policy"] = FEED_POLICY
    if validates:
        response.headers.add("Vary", "Accept-Encoding")
    if feed.hub:
        response.headers["Link"] = f'<{feed.hub}>; rel="hub", <{feed.own}>; rel="self"'
    # Feeds are for programs on other pages too: they hold nothing that is not public where the feed is.
    if press().instance.audience == "public":
        response.headers["Access-Control-Allow-Origin"] = "*"
    if validates:
        response.make_conditional(request)
    return response


def _known(names: list[tuple[str, int]], slug: str) -> str:
    found = next((name for name, _ in names if urls.key(name) == slug), None)
    if found is None:
        abort(404)
    return found


# --- for search engines -------------------------------------------------------------------------------------


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What crawlers may read: nothing of a private preview."""
    if press().instance.audience == "private":
        return answer("User-agent: *\nDisallow: /\n", "text/plain", max_age=3600)
    text = (
        "User-agent: *\nDisallow: /search\nDisallow: /metrics\n\n"
        f"Sitemap: {absolute('/sitemap.xml')}\nSitemap: {absolute('/news-sitemap.xml')}\n"
    )
    return answer(text, "text/plain", max_age=3600)


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Every page, or an index of parts where there are more than one sitemap takes."""
    pages = _addresses()
    parts = -(-len(pages) // URLS)
    if parts <= 1:
        return answer(_urlset(pages), "application/xml", max_age=3600)
    parts_of = (absolute(f"/sitemap-{number}.xml") for number in range(1, parts + 1))
    items = "".join(f"<sitemap><loc>{address}</loc></sitemap>\n" for address in parts_of)
    body = f'{_XML}<sitemapindex xmlns="{_SITEMAP}">\n{items}</sitemapindex>\n'
    return answer(body, "application/xml", max_age=3600)


@blueprint.get("/sitemap-<int(max=1000):number>.xml")
def sitemap_part(number: int) -> Response:
    """One part of a long sitemap."""
    part = _addresses()[(number - 1) * URLS : number * URLS] if number else []
    if not part:
        abort(404)
    return answer(_urlset(part), "application/xml", max_age=3600)


@blueprint.get("/news-sitemap.xml")
def news_sitemap() -> Response:
    """Stories of the last two days that were written then."""
    this, site = press(), here()
    now = this.clock()
    items = []
    for entry in this.catalogue.latest(site.key, limit=1000):
        if now - entry.article.date > NEWS:
            break
        if words.is_late(entry.article) or entry.article.owner_site not in ("", site.key):
            continue
        items.append(
            f"<url><loc>{escape(absolute(entry.address))}</loc><news:news><news:publication>"
            f"<news:name>{_text(site.name)}</news:name><news:language>{site.locale.partition('_')[0]}</news:language>"
            f"</news:publication><news:publication_date>{entry.article.date.isoformat()}</news:publication_date>"
            f"<news:title>{_text(entry.article.title)}</news:title></news:news></url>\n"
        )
    news = "http://www.google.com/schemas/sitemap-news/0.9"
    body = f'{_XML}<urlset xmlns="{_SITEMAP}" xmlns:news="{news}">\n{"".join(items)}</urlset>\n'
    return answer(body, "application/xml", max_age=300)


@blueprint.get("/opensearch.xml")
def opensearch() -> Response:
    """How a browser searches this site."""
    site = here()
    page = quoteattr(absolute(urls.SEARCH) + "?q={searchTerms}")
    suggest = quoteattr(absolute(urls.SUGGEST) + "?q={searchTerms}")
    body = (
        f'{_XML}<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">\n'
        f"<ShortName>{_text(site.name[:16])}</ShortName>\n"
        f"<Description>{_text(f'Search the stories of {site.name}')}</Description>\n"
        "<InputEncoding>UTF-8</InputEncoding>\n"
        f'<Image width="16" height="16" type="image/svg+xml">{absolute("/favicon.svg")}</Image>\n'
        '<Query role="example" searchTerms="markets"/>\n'
        f'<Url type="text/html" template={page}/>\n'
        f'<Url type="application/x-suggestions+json" template={suggest}/>\n'
        "</OpenSearchDescription>\n"
    )
    return answer(body, "application/opensearchdescription+xml", max_age=86400)


def _addresses() -> list[tuple[str, datetime | None]]:
    this, site = press(), here()
    catalogue = this.catalogue
    elsewhere = this.keep(("elsewhere", site.key), lambda: frozenset(catalogue.owned_elsewhere(site.key)))
    # A copy is not for search engines where another site owns the story, unless this site's policy is to own it.
    hidden = elsewhere if site.indexing != "owner" else frozenset()
    articles: list[tuple[str, datetime | None]] = [
        (address, changed) for address, changed in catalogue.addresses(site.key) if address not in hidden
    ]
    newest = articles[0][1] if articles else None
    lists = [urls.topic(name) for name, _ in catalogue.topics(site.key)]
    lists += [urls.author(name) for name, _ in catalogue.authors(site.key)]
    lists += [urls.month(int(month[:4]), int(month[5:])) for month, _ in catalogue.months(site.key)]
    lists += [urls.definition(d.name) for d in catalogue.definitions()]
    named = {symbol for symbol, _ in catalogue.symbols(site.key)} | set(site.watch_list)
    lists += [
        urls.quote_page(symbol)
        for symbol in sorted(named & set(catalogue.instruments()))
        if not symbol.startswith("UNLISTED:")
    ]
    return [("/", newest), *((address, None) for address in (*STANDING, *lists)), *articles]


def _urlset(pages: Iterable[tuple[str, datetime | None]]) -> str:
    items = []
    for address, changed in pages:
        when = f"<lastmod>{changed.isoformat(timespec='seconds')}</lastmod>" if changed else ""
        items.append(f"<url><loc>{escape(absolute(address))}</loc>{when}</url>\n")
    return f'{_XML}<urlset xmlns="{_SITEMAP}">\n{"".join(items)}</urlset>\n'


def _text(text: str) -> str:
    return escape(_UNSAFE.sub("", text))


# --- files --------------------------------------------------------------------------------------------------


@blueprint.get("/static/<path:name>")
def static(name: str) -> Response:
    """A file of ours; kept for ever where its address carries a digest."""
    inside = normpath(name)
    path = safe_join(str(STATIC), name)
    if inside.endswith((".css", ".js")) and path is not None and Path(path).is_file():
        body = shipped(inside)
        response = Response(body, mimetype="text/css" if inside.endswith(".css") else "text/javascript")
        response.last_modified = datetime.fromtimestamp(Path(path).stat().st_mtime, UTC)
        response.set_etag(hashlib.sha256(body).hexdigest()[:16])
        response.make_conditional(request)
    else:
        response = send_from_directory(STATIC, name, conditional=True, max_age=None)
    version = request.args.get("v")  # another than the file's own, whoever made it up, is not for ever
    lasting = static_address(inside).endswith(f"?v={version}") if version else name.endswith(".woff2")
    response.headers["Cache-Control"] = FOREVER if lasting else "public, max-age=3600"
    return response


@blueprint.get("/palette.css")
def palette() -> Response:
    """The site's own colours."""
    response = answer(chrome.palette_css(here()), "text/css", max_age=3600)
    if "v" in request.args and chrome.palette_address(here()).endswith(f"?v={request.args['v']}"):
        response.headers["Cache-Control"] = FOREVER
    return response


@blueprint.get("/chrome/<name>")
def borrowed(name: str) -> Response:
    """A stylesheet or picture of the chrome that the site borrowed from its operator's website."""
    found = _BORROWED.fullmatch(name)
    path = here().folder / "chrome" / name
    if found is None or path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_BORROWED:
        abort(404)
    response = send_file(path, mimetype=_BORROWED_TYPES[found[1]], conditional=True, max_age=None)
    response.headers["Cache-Control"] = FOREVER if _DIGESTED.search(name) else caching(3600)
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


@blueprint.get("/favicon.svg")
def favicon() -> Response:
    """The icon: the site's own where its folder has one, else its initial on its colour."""
    own = icons.own(here())
    if own is not None:
        response = send_file(own, mimetype="image/svg+xml", conditional=True, max_age=None)
        response.headers["Cache-Control"] = caching(86400)
        return response
    return answer(icons.svg(here()), "image/svg+xml", max_age=86400)


@blueprint.get("/<any('apple-touch-icon.png', 'icon-192.png', 'icon-512.png'):name>")
def icon(name: str) -> Response:
    """The icon in pixels, where it has been drawn."""
    path = icons.picture(press().instance, here().key, name)
    if path is None:
        abort(404)
    response = send_file(path, mimetype="image/png", conditional=True, max_age=None)
    response.headers["Cache-Control"] = caching(86400)
    return response


@blueprint.get(urls.MANIFEST)
def manifest() -> Response:
    """What a device needs to keep the site on its home screen."""
    this, site = press(), here()
    pictures = [
        {"src": f"/{name}", "sizes": f"{size}x{size}", "type": "image/png"}
        for name, size in icons.SIZES.items()
        if icons.picture(this.instance, site.key, name) is not None
    ]
    document = {
        "name": site.name,
        "short_name": site.name[:12].strip(),
        "description": site.tagline or f"Local and market news from {site.name}",
        "lang": site.locale.replace("_", "-"),
        "start_url": "/",
        "scope": "/",
        "display": "minimal-ui",
        "theme_color": icons.colour(site),
        "background_color": "#fbfaf6",
        "icons": [{"src": "/favicon.svg", "sizes": "any", "type": "image/svg+xml"}, *pictures],
    }
    body = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    return answer(body, "application/manifest+json", max_age=86400)


@blueprint.get(urls.SECURITY)
def security() -> Response:
    """Whom to tell of a weakness (RFC 9116); not there where the settings name nobody."""
    this, site = press(), here()
    contact = this.instance.contact
    if not contact:
        abort(404)
    # The first of a month, so that the file is the same for weeks: between five and six months from now.
    now = this.clock().astimezone(UTC)
    month = now.month + 5
    expires = now.replace(
        year=now.year + month // 12, month=month % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
    )
    reach = contact if contact.startswith(("https://", "mailto:")) else f"mailto:{contact}"
    text = (
        f"Contact: {reach}\nExpires: {expires:%Y-%m-%dT%H:%M:%SZ}\n"
        f"Preferred-Languages: {site.locale.partition('_')[0]}\nCanonical: {absolute(urls.SECURITY)}\n"
    )
    return answer(text, "text/plain", max_age=86400)


@blueprint.get("/favicon.ico")
def favicon_ico() -> Response:
    """Old browsers ask here; the picture is the same."""
    return favicon()


@blueprint.get("/media/<path:name>")
def media(name: str) -> Response:
    """A picture of content/media; only pictures and tables, only from there."""
    found = pictures.in_media(press().instance, name)
    if found is None:
        abort(404)
    response = send_file(found, mimetype=pictures.media_type(name), conditional=True, max_age=None)
    response.headers["Cache-Control"] = caching(3600)
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


# --- for operators ------------------------------------------------------------------------------------------


@blueprint.get("/healthz")
def healthz() -> Response:
    """Whether this reader can answer: 200 and the age of what it has, 503 while nothing was published."""
    stamp = press().catalogue.stamp()
    beat = heartbeat.heartbeat(press().instance)
    body = {
        "status": "ok" if stamp.generation else "empty",
        "version": __version__,
        "generation": stamp.generation,
        "as_of": stamp.as_of.isoformat() if stamp.as_of else None,
        "written": stamp.written.isoformat() if stamp.written else None,
        "keeper": beat.beat.isoformat() if beat else None,
    }
    response = Response(
        json.dumps(body) + "\n", status=200 if stamp.generation else 503, content_type="application/json"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/metrics")
def metrics() -> Response:
    """A few gauges in the Prometheus text format."""
    this = press()
    stamp = this.catalogue.stamp()
    lines = [
        "# HELP broadtape_generation Rises by one with every published change.",
        "# TYPE broadtape_generation gauge",
        f"broadtape_generation {stamp.generation}",
        "# HELP broadtape_articles Visible articles of a site.",
        "# TYPE broadtape_articles gauge",
        *(f'broadtape_articles{{site="{key}"}} {this.catalogue.count(key)}' for key in this.instance.sites),
        "# HELP broadtape_problems Files of content/ with something wrong.",
        "# TYPE broadtape_problems gauge",
        f"broadtape_problems {len(this.catalogue.problems())}",
    ]
    if stamp.written is not None:
        age = (this.clock() - stamp.written).total_seconds()
        lines += [
            "# HELP broadtape_catalogue_age_seconds Since the catalogue was last written.",
            "# TYPE broadtape_catalogue_age_seconds gauge",
            f"broadtape_catalogue_age_seconds {age:.0f}",
        ]
    response = Response("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response
