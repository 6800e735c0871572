"""The feeds: RSS 2.0, Atom 1.0 and JSON Feed 1.1 of a site, a topic, an author or a symbol, and their OPML.

Owns the form of the feeds and what of an article goes into them; the catalogue decides which are visible,
HTTP is web's business. docs/contracts/feeds.md says what readers of feeds may rely on.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from html import escape as html_escape
from html import unescape as html_unescape
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urljoin, urlsplit
from xml.sax.saxutils import escape, quoteattr

from broadtape import __version__, feedpage, numbers, urls
from broadtape.archive.catalogue import Catalogue
from broadtape.archive.records import Entry

if TYPE_CHECKING:
    from broadtape.config import Site

Format = Literal["rss", "atom", "json"]

FILE: dict[Format, str] = {"rss": "feed.xml", "atom": "atom.xml", "json": "feed.json"}
MIME: dict[Format, str] = {  # what links to a feed say
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}
# What answers say: browsers apply a style to XML under its general type only, and show the others as source.
SENT: dict[Format, str] = {
    "rss": "application/xml; charset=utf-8",
    "atom": "application/xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
LENGTH = 20  # items of a feed, or of a page of one
PAGES = 500  # of one feed; what is older is in the archive
LATE = timedelta(days=1)
BEFORE_ALL = datetime(
    2000, 1, 1, tzinfo=UTC
)  # when a feed without items changed: Atom wants a plausible date
DISCLAIMER = (
    "For information only; not investment advice. Figures come from the sources named in the article, may be "
    "delayed, and may be revised."
)
# What article ids that are no ULID are hashed under; any fixed value does, this one must never change.
_IDS = uuid.UUID("5d0c6f0e-0b1e-5c1f-9f5b-3f0a4b7f2d11")


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed ready to be sent; `etag` is without quotes, `modified` None for a feed without items."""

    body: bytes
    content_type: str
    etag: str
    modified: datetime | None
    own: str = ""  # its address
    hub: str = ""  # the WebSub hub that tells of its changes; empty: none


@dataclass(frozen=True, slots=True)
class Pages:
    """Where a feed document stands among the pages of its feed, counted from 1 (RFC 5005, section 3)."""

    number: int = 1
    last: int = 1

    def links(self) -> dict[str, int]:
        """The page behind each relation that exists from here."""
        around = {"first": 1, "previous": self.number - 1, "next": self.number + 1, "last": self.last}
        if self.last <= 1:
            return {}
        return {relation: page for relation, page in around.items() if 1 <= page <= self.last}


@dataclass(frozen=True, slots=True)
class Channel:
    """What a feed is of: titles and absolute addresses."""

    title: str
    description: str
    home: str  # the HTML page it belongs to
    language: str  # "en-US"
    publisher: str
    hub: str = ""  # WebSub hub, told of each change; empty: none

    def own(self, form: Format) -> str:
        """The feed's own address in one format."""
        return _beside(self.home, FILE[form])

    def page(self, form: Format, number: int) -> str:
        """The address of one of its pages; the first is the feed itself."""
        own = self.own(form)
        if number <= 1:
            return own
        return f"{own}{'&' if '?' in own else '?'}page={number}"


@dataclass(frozen=True, slots=True)
class CardPicture:
    """An article's card: a PNG that mail programs and readers show where they show no SVG."""

    name: str  # under the article's address
    width: int
    height: int
    size: int  # bytes


@lru_cache(maxsize=256)
def _beside(address: str, name: str) -> str:
    return urljoin(address, name)


CardOf = Callable[[Entry], CardPicture | None]


def no_card(entry: Entry) -> None:
    """No article has one."""


def channel(site: Site, *, topic: str = "", author: str = "", symbol: str = "", name: str = "") -> Channel:
    """The channel of the site, or of one topic, author or symbol; `name` is how people write that one."""
    path, what = "/", ""
    if topic:
        path, what = urls.topic(topic), name or topic
    elif author:
        path, what = urls.author(author), name or author
    elif symbol:
        path, what = urls.quote_page(symbol), name or symbol
    about = f"{site.name}: {what}" if what else site.name
    described = (
        f"Articles on {what} from {site.name}" if what else site.tagline or f"Market news from {site.name}"
    )
    return Channel(about, described, site.url + path, site.locale.replace("_", "-"), site.name, site.hub)


def feed(
    catalogue: Catalogue,
    site: Site,
    form: Format,
    *,
    topic: str = "",
    author: str = "",
    symbol: str = "",
    name: str = "",
    limit: int = LENGTH,
    page: int = 1,
    card: CardOf = no_card,
) -> Feed | None:
    """The feed of a site, or of one topic, author or symbol, as it stands now: newest date first.

    None for a page that it does not have; its first page it always has.
    """
    count = catalogue.count(site.key, topic=topic, author=author, symbol=symbol)
    pages = Pages(page, min(PAGES, max(1, -(-count // limit))))
    if not 1 <= page <= pages.last:
        return None
    entries = catalogue.latest(
        site.key, limit=limit, offset=(page - 1) * limit, topic=topic, author=author, symbol=symbol
    )
    about = channel(site, topic=topic, author=author, symbol=symbol, name=name)
    return render(about, site, form, entries, pages=pages, card=card)


def render(
    about: Channel,
    site: Site,
    form: Format,
    entries: Sequence[Entry],
    *,
    pages: Pages | None = None,
    card: CardOf = no_card,
) -> Feed:
    """The entries, in the order given, as one feed or one page of a feed; `card` gives each one's picture."""
    items = [_kept_item(site, entry, card) for entry in entries]
    where = pages or Pages()
    if form == "json":
        text = _json(about, items, where)
    else:
        page = _clean(feedpage.block(_shown(about, site, form, items, where)))
        text = (_rss if form == "rss" else _atom)(about, items, where, page)
    body = text.encode("utf-8")
    newest = max((item.touched for item in items), default=None)
    number = pages.number if pages is not None else 1
    hub = about.hub if number == 1 else ""  # what is older changes without anybody being told
    return Feed(
        body, SENT[form], hashlib.sha256(body).hexdigest()[:32], newest, about.page(form, number), hub
    )


def opml(site: Site, groups: Iterable[tuple[str, Iterable[Channel]]]) -> bytes:
    """All feeds of a site as one subscription list (OPML 2.0), a folder for each group that has any."""
    folders = []
    for name, channels in groups:
        outlines = [
            _empty(
                "outline",
                type="rss",
                text=one.title,
                title=one.title,
                description=one.description,
                xmlUrl=one.own("rss"),
                htmlUrl=one.home,
            )
            for one in channels
        ]
        if outlines:
            opening = f"<outline{_attributes({'text': name})}>"
            folders.append("\n".join([opening, *outlines, "</outline>"]))
    head = _wrap("head", [_element("title", f"{site.name}: feeds"), _element("ownerName", site.name)])
    body = _wrap("body", folders)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<opml version="2.0">\n{head}\n{body}\n</opml>\n'.encode()


def item_id(article_id: str) -> str:
    """The id of an article in every feed, for ever: `urn:uuid:` of its ULID, of a digest for any other id."""
    text = article_id.strip().upper()
    if re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", text):
        number = 0
        for character in text:
            number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(character)
        return uuid.UUID(int=number).urn
    return uuid.uuid5(_IDS, article_id).urn


# --- one item -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Enclosure:
    url: str
    kind: str
    size: int
    title: str


@dataclass(frozen=True, slots=True)
class _Item:
    id: str
    url: str
    title: str
    summary: str
    html: str
    published: datetime
    updated: datetime
    touched: datetime  # the last moment at which anything of it may have changed in a feed
    authors: tuple[str, ...]
    topics: tuple[str, ...]
    enclosure: _Enclosure | None
    card: tuple[str, CardPicture] | None  # its address
    source: tuple[str, str] | None  # name and address of what an import reports on


_MOST_KEPT = 300  # items, of a few kilobytes each: one list is asked for in three formats
_kept: dict[tuple[int, str], tuple[Entry, Site, CardPicture | None, _Item]] = {}


def _kept_item(site: Site, entry: Entry, card: CardOf) -> _Item:
    """The item of an entry, the same for each format that shows the very entry."""
    key, drawn = (id(entry), site.key), card(entry)
    held = _kept.get(key)
    if held is not None and held[0] is entry and held[1] is site and held[2] == drawn:
        return held[3]
    made = _item(site, entry, drawn)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[key] = (entry, site, drawn, made)
    return made


@lru_cache(maxsize=64)
def _root(url: str) -> str:
    """What stands before an address of the site."""
    return urljoin(url, "/")[:-1]


def _item(site: Site, entry: Entry, held: CardPicture | None) -> _Item:
    article = entry.article
    url = _root(site.url) + quote(entry.address)
    updated = max(article.date, article.updated) if article.updated else article.date
    moments = [updated, entry.filed, *([article.written] if article.written else [])]
    source = article.source
    return _Item(
        id=item_id(article.id),
        url=url,
        title=_line(article.title) or article.slug,
        summary=_line(article.summary),
        html=_clean(_own_pictures(entry.feed_html, site) + _tail(site, entry, url)),
        published=article.date,
        updated=updated,
        touched=max(moment for moment in moments if moment is not None).astimezone(UTC),
        authors=_lines(article.authors) or (_line(site.name),),
        topics=_lines(article.topics),
        enclosure=_enclosure(entry, url),
        card=None if held is None else (urljoin(url, held.name), held),
        source=(_line(source.name), _line(source.url)) if source is not None else None,
    )


_IMAGE = re.compile(r"<img\b[^>]*>")
_ATTRIBUTE = re.compile(r'\b(src|alt)="([^"]*)"')


def _own_pictures(markup: str, site: Site) -> str:
    """The markup with pictures of other hosts than the site and those it allows as links to them.

    A reader of the feed would else be seen by hosts that the page itself never asks.
    """

    def shown(found: re.Match[str]) -> str:
        held = dict(_ATTRIBUTE.findall(found[0]))
        source = html_unescape(held.get("src", ""))
        parts = urlsplit(urljoin(site.url, source))
        if f"{parts.scheme}://{parts.netloc}" == site.url or (
            parts.scheme == "https" and parts.netloc in site.csp_allow
        ):
            return found[0]
        words = held.get("alt") or "Picture"
        return f'<a href="{html_escape(source)}">{words}</a>' if parts.scheme in ("http", "https") else words

    return _IMAGE.sub(shown, markup) if "<img" in markup else markup


def _tail(site: Site, entry: Entry, url: str) -> str:
    """What the page says around the body and a feed reader must not miss."""
    article = entry.article
    lines = []
    for update in article.updates[-1:]:
        day = numbers.day(update.date.astimezone(site.time_zone).date())
        done = "Closed" if article.extra.get("run_ended") else "Updated"
        lines.append(f"<strong>{done} {day}:</strong> {html_escape(update.text)}")
    if entry.since:
        lines.append(f"<strong>Since then:</strong> {html_escape(entry.since)}")
    elif entry.later:
        there = urljoin(site.url, quote(entry.later_address))
        lines.append(f'Later: <a href="{html_escape(there)}">{html_escape(entry.later)}</a>')
    for correction in article.corrections:
        day = numbers.day(correction.date.astimezone(site.time_zone).date())
        lines.append(f"<strong>Correction, {day}:</strong> {html_escape(correction.text)}")
    if article.written is not None and article.written - article.date > LATE:
        day = numbers.day(article.written.astimezone(site.time_zone).date())
        known = f", from data as of {numbers.day(article.as_of)}" if article.as_of else ""
        lines.append(f"Written on {day}{known}.")
    elif article.as_of is not None:
        lines.append(f"Data as of {numbers.day(article.as_of)}.")
    if article.source is not None:
        link = f'<a href="{html_escape(article.source.url)}">{html_escape(article.source.name)}</a>'
        lines.append(f"Source: {link}")
    if article.photo is not None and article.photo.credit:
        lines.append(f"Picture: {html_escape(article.photo.credit)}")
    if entry.proof.get("verified"):
        lines.append(f'<a href="{html_escape(url)}proof">Check the figures of this article</a>')
    lines.append(f"<em>{html_escape(DISCLAIMER)}</em>")
    return "\n<hr>\n" + "\n".join(f"<p>{line}</p>" for line in lines)


def _enclosure(entry: Entry, url: str) -> _Enclosure | None:
    photo = entry.article.photo
    if photo is None or not photo.src or entry.photo_bytes <= 0:
        return None
    kind = mimetypes.guess_type(photo.src)[0] or "application/octet-stream"
    return _Enclosure(
        urljoin(url, quote(photo.src)), kind, entry.photo_bytes, _line(photo.caption or photo.alt)
    )


# --- the three formats --------------------------------------------------------------------------------------


_PROLOGUE = '<?xml version="1.0" encoding="utf-8"?>\n' + "".join(
    f'<?xml-stylesheet type="text/css" href="{style}"?>\n' for style in feedpage.STYLES
)


def _shown(about: Channel, site: Site, form: Format, items: Sequence[_Item], pages: Pages) -> feedpage.Shown:
    """What a browser shows of it."""
    others: tuple[tuple[str, Format], ...] = (("RSS", "rss"), ("Atom", "atom"), ("JSON Feed", "json"))
    around = pages.links()
    return feedpage.Shown(
        title=_line(about.title),
        description=_line(about.description),
        kind="RSS" if form == "rss" else "Atom",
        own=about.own(form),
        others=tuple((name, about.own(other)) for name, other in others if other != form),
        home=about.home,
        site=_line(site.name),
        front=site.url + urls.FRONT,
        directory=site.url + urls.FEEDS,
        language=about.language,
        look=site.look,
        stories=[
            feedpage.Story(
                item.title,
                item.url,
                item.summary,
                item.authors,
                item.published,
                item.published.astimezone(site.time_zone).date(),
            )
            for item in items
        ],
        newer=about.page(form, around["previous"]) if "previous" in around else "",
        older=about.page(form, around["next"]) if "next" in around else "",
    )


def _rss(about: Channel, items: Sequence[_Item], pages: Pages, page: str) -> str:
    parts = [
        _title("title", about.title),
        _element("link", about.home),
        _element("description", about.description),
        _element("language", about.language.lower()),
        _element("generator", f"Broadtape {__version__}"),
        _element("docs", "https://www.rssboard.org/rss-specification"),
        _element("ttl", "15"),
        _empty("atom:link", href=about.page("rss", pages.number), rel="self", type=MIME["rss"]),
        *([_empty("atom:link", href=about.hub, rel="hub")] if about.hub and pages.number == 1 else []),
        *(
            _empty("atom:link", href=about.page("rss", number), rel=relation, type=MIME["rss"])
            for relation, number in pages.links().items()
        ),
    ]
    if items:
        newest = max(item.touched for item in items)
        parts.insert(4, _element("lastBuildDate", format_datetime(newest, usegmt=True)))
    parts.append(page)
    for item in items:
        fields = [
            _title("title", item.title),
            _element("link", item.url),
            _element("guid", item.id, isPermaLink="false"),
            _element("pubDate", format_datetime(item.published)),
            *(_element("dc:creator", author) for author in item.authors),
            *(_element("category", topic) for topic in item.topics),
            _element("description", _as_html(item.summary)),
            _element("content:encoded", item.html),
            _element("atom:updated", item.updated.isoformat(timespec="seconds")),
        ]
        if item.enclosure is not None:
            held = item.enclosure
            fields.append(_empty("enclosure", url=held.url, length=str(held.size), type=held.kind))
            if held.kind.startswith("image/"):
                told = [_element("media:description", held.title)] if held.title else []
                opening = _attributes(
                    {"url": held.url, "fileSize": str(held.size), "type": held.kind, "medium": "image"}
                )
                fields.append("\n".join([f"<media:content{opening}>", *told, "</media:content>"]))
        if item.card is not None:
            where, shown = item.card
            fields.append(
                _empty(
                    "media:content",
                    url=where,
                    fileSize=str(shown.size),
                    type="image/png",
                    medium="image",
                    width=str(shown.width),
                    height=str(shown.height),
                )
            )
            fields.append(
                _empty("media:thumbnail", url=where, width=str(shown.width), height=str(shown.height))
            )
        parts.append(_wrap("item", fields))
    return (
        f"{_PROLOGUE}"
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:media="http://search.yahoo.com/mrss/">\n'
        f"{_wrap('channel', parts)}\n</rss>\n"
    )


def _atom(about: Channel, items: Sequence[_Item], pages: Pages, page: str) -> str:
    newest = max((item.touched for item in items), default=BEFORE_ALL)
    own = about.own("atom")
    parts = [
        _element("id", own),
        _text("title", about.title),
        _text("subtitle", about.description),
        _element("updated", newest.isoformat(timespec="seconds")),
        _empty("link", rel="self", type=MIME["atom"], href=about.page("atom", pages.number)),
        *([_empty("link", rel="hub", href=about.hub)] if about.hub and pages.number == 1 else []),
        *(
            _empty("link", rel=relation, type=MIME["atom"], href=about.page("atom", number))
            for relation, number in pages.links().items()
        ),
        _empty("link", rel="alternate", type="text/html", href=about.home),
        _wrap("author", [_element("name", about.publisher)]),
        _element("generator", "Broadtape", version=__version__),
        page,
    ]
    for item in items:
        fields = [
            _element("id", item.id),
            _text("title", item.title),
            _empty("link", rel="alternate", type="text/html", href=item.url),
            _element("published", item.published.isoformat(timespec="seconds")),
            _element("updated", item.updated.isoformat(timespec="seconds")),
            *(_wrap("author", [_element("name", author)]) for author in item.authors),
            *(_empty("category", term=topic) for topic in item.topics),
            _text("summary", item.summary),
            _element("content", item.html, type="html"),
        ]
        if item.enclosure is not None:
            held = item.enclosure
            fields.append(
                _empty("link", rel="enclosure", type=held.kind, href=held.url, length=str(held.size))
            )
        if item.card is not None:
            where, shown = item.card
            fields.append(
                _empty("link", rel="enclosure", type="image/png", href=where, length=str(shown.size))
            )
        if item.source is not None and item.source[1]:
            fields.append(_empty("link", rel="via", href=item.source[1], title=item.source[0]))
        parts.append(_wrap("entry", fields))
    opening = f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(_clean(about.language))}>'
    return f"{_PROLOGUE}{opening}\n" + "\n".join(parts) + "\n</feed>\n"


def _json(about: Channel, items: Sequence[_Item], pages: Pages) -> str:
    listed = []
    for item in items:
        fields: dict[str, object] = {
            "id": item.id,
            "url": item.url,
            "title": item.title,
            "content_html": item.html,
            "summary": item.summary,
            "date_published": item.published.isoformat(timespec="seconds"),
            "date_modified": item.updated.isoformat(timespec="seconds"),
            "authors": [{"name": author} for author in item.authors],
            "tags": list(item.topics),
            "language": about.language,
        }
        if item.source is not None and item.source[1]:
            fields["external_url"] = item.source[1]
        if item.enclosure is not None:
            held = item.enclosure
            fields["image"] = held.url
            attachment: dict[str, object] = {
                "url": held.url,
                "mime_type": held.kind,
                "size_in_bytes": held.size,
            }
            fields["attachments"] = [attachment | ({"title": held.title} if held.title else {})]
        if item.card is not None:
            fields["image"] = item.card[0]  # most readers show no SVG
        listed.append(fields)
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _line(about.title),
        "description": _line(about.description),
        "home_page_url": about.home,
        "feed_url": about.page("json", pages.number),
        **({"next_url": about.page("json", pages.number + 1)} if "next" in pages.links() else {}),
        "language": about.language,
        "authors": [{"name": _line(about.publisher)}],
        **({"hubs": [{"type": "WebSub", "url": about.hub}]} if about.hub and pages.number == 1 else {}),
        "items": [],
    }
    text = json.dumps(document, ensure_ascii=False, indent=1)
    if listed:  # each on its own: json.dumps with an indent goes value by value in Python
        text = text.removesuffix("[]\n}") + "[\n" + ",\n".join(map(_object, listed)) + "\n ]\n}"
    return text + "\n"


def _object(fields: dict[str, object]) -> str:
    """An item as json.dumps writes it two levels deep with an indent of one."""
    lines = [f'   "{name}": {_value(value)}' for name, value in fields.items()]
    return "  {\n" + ",\n".join(lines) + "\n  }"


def _value(value: object, pad: str = "   ") -> str:
    inner = f"{pad} "
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"{inner}{_value(one, inner)}" for one in value) + f"\n{pad}]"
    if isinstance(value, dict) and value:
        lines = (f"{inner}{encode_basestring(name)}: {_value(one, inner)}" for name, one in value.items())
        return "{\n" + ",\n".join(lines) + f"\n{pad}}}"
    return json.dumps(value)


# --- XML ----------------------------------------------------------------------------------------------------

# What XML 1.0 forbids (section 2.2: lone surrogates, control characters) or asks not to use (DEL, the controls of
# ISO 8859-1, which come from texts read in a wrong encoding, and code points that are no characters).
_FORBIDDEN = re.compile(
    "[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]"
    "|["
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}-{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17))
    + "]"
)


def _clean(text: str) -> str:
    if text.replace("\n", "").isprintable():  # as nearly all are: nothing to look for
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    return text if _FORBIDDEN.search(text) is None else _FORBIDDEN.sub("", text)


@lru_cache(maxsize=4096)
def _line(text: str) -> str:
    return " ".join(_clean(text).split())


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return quoteattr(_line(text))


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    """Each as a line, without those of which nothing is left: an empty element is an error to validators."""
    return tuple(line for line in map(_line, texts) if line)


def _attributes(attributes: dict[str, str]) -> str:
    return "".join(f" {name}={_quoted(value)}" for name, value in attributes.items())


def _element(element: str, text: str, /, **attributes: str) -> str:
    # Escaped rather than CDATA: "]]>" inside a text then needs no special care.
    return f"<{element}{_attributes(attributes) if attributes else ''}>{escape(_clean(text))}</{element}>"


def _as_html(text: str) -> str:
    """The text as markup that shows it: "S&P" is no markup, readers only forgive it."""
    return html_escape(text, quote=False)


def _text(element: str, text: str) -> str:
    """A text of Atom: what readers could take for markup is declared as markup that shows it."""
    if "<" not in text and html_unescape(text) == text:
        return _element(element, text)
    return _element(element, _as_html(text), type="html")


def _title(element: str, text: str) -> str:
    """A title of RSS, which no rule says to be text or markup: with the references that its profile found to be
    read alike by both kinds of readers (rssboard.org/rss-profile, "character data")."""
    return _element(element, text).replace("&amp;", "&#x26;").replace("&lt;", "&#x3C;")


def _empty(element: str, /, **attributes: str) -> str:
    return f"<{element}{_attributes(attributes)}/>"


def _wrap(element: str, parts: Iterable[str]) -> str:
    return f"<{element}>\n" + "\n".join(parts) + f"\n</{element}>"
