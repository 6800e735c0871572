"""Any RSS or Atom feed that an operator names: its entries as stories.

Well-formed feeds are read directly; a broken one goes through feedparser, which recovers what can be recovered. Of
another's text no more than a headline and a short excerpt is kept.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from urllib.parse import urljoin, urlsplit

import feedparser
from lxml import etree
from lxml import html as lxml_html
from msgspec import Meta

from newswire.observations import Harvest, Skipped, Story
from newswire.quotations import quotations
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import refusal, refuse_pages, text_of
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

EXCERPT = 300  # characters of another's text that are kept
TITLE = 300
MOST_ENTRIES = 2000
MOST_BYTES = 8 * 2**20
ACCEPTS = ("application/*", "text/*")
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*(\[.*?\]\s*)?>", re.DOTALL)
_SPACE = re.compile(r"[\s\u00a0\u200b\ufeff]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_DAYS = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+", re.IGNORECASE)
_WRITTEN = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%Y/%m/%d", "%m/%d/%Y", "%m/%d/%Y %H:%M:%S", "%Y%m%d")


class FeedSettings(Settings, frozen=True, kw_only=True):
    """The feed's address, and what to call its publisher where the feed's own title will not do."""

    url: Annotated[str, Meta(pattern=r"^https?://\S+\Z", max_length=2000)]
    publisher: Annotated[str, Meta(max_length=200)] = ""


class Feed(BaseSource):
    """The stories of one feed."""

    about = About(
        name="feed",
        title="A feed that the operator names",
        home="",
        terms="",
        licence="public",
        attribution="",
        every=timedelta(minutes=30),
        hosts=(),
        rate=2.0,
        budget=200,
        note="Headline, link, credit and a short excerpt may be shown; the text stays its publisher's.",
    )
    Options: ClassVar[type[Settings]] = FeedSettings
    options: Any

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """The feed."""
        return [Request(url=self.options.url, accepts=ACCEPTS, max_bytes=MOST_BYTES, label=self.options.url)]

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """Every entry that can be read; those without a title or an address are counted."""
        title, entries = read(snapshot)
        publisher = getattr(self.options, "publisher", "") or title or urlsplit(snapshot.url).netloc
        return self.harvest(snapshot, publisher, entries)

    def harvest(self, snapshot: Snapshot, publisher: str, entries: Sequence[Mapping[str, Any]]) -> Harvest:
        """The entries as stories."""
        stories: dict[str, Story] = {}
        skipped: dict[str, list[int]] = {}
        for line, entry in enumerate(entries, 1):
            reason = self.unwanted(entry)
            if not reason and not entry["title"]:
                reason = "no title"
            if not reason and not entry["link"]:
                reason = "no address"
            if reason:
                skipped.setdefault(reason, []).append(line)
                continue
            made = self.story(entry, publisher, snapshot)
            if made.uid in stories:
                skipped.setdefault("told twice", []).append(line)
            else:
                stories[made.uid] = made
        return Harvest(
            snapshot.source,
            rows_read=len(entries),
            stories=tuple(stories.values()),
            skipped=tuple(Skipped(lines[0], reason, len(lines)) for reason, lines in skipped.items()),
        )

    def unwanted(self, entry: Mapping[str, Any]) -> str:
        """Why an entry is not taken; empty where it is."""
        return ""

    def story(self, entry: Mapping[str, Any], publisher: str, snapshot: Snapshot) -> Story:
        """One entry as a story."""
        published = entry["published"]
        known = min(published, snapshot.retrieved) if published else snapshot.retrieved
        excerpt = shortened(entry["text"], EXCERPT)
        return Story(
            uid=entry["id"] or entry["link"],
            title=shortened(entry["title"], TITLE),
            link=entry["link"],
            publisher=shortened(entry["publisher"] or publisher, 200),
            published=published,
            known_at=known,
            excerpt=excerpt,
            provenance=self.provenance(snapshot),
            updated=entry["updated"],
            authors=tuple(shortened(one, 100) for one in entry["authors"][:10]),
            categories=tuple(shortened(one, 100) for one in entry["categories"][:20]),
            named=tuple(dict.fromkeys(entry["named"]))[:20],
            quotes=quotations(excerpt),
        )


def read(snapshot: Snapshot) -> tuple[str, list[dict[str, Any]]]:
    """The feed's title and its entries; SourceError for what is no feed."""
    refuse_pages(snapshot, "a feed")
    if len(snapshot.body) > MOST_BYTES:
        raise refusal(f"a feed of more than {MOST_BYTES // 2**20} MB", snapshot)
    body = _DOCTYPE.sub(b"", snapshot.body.lstrip(b"\xef\xbb\xbf \t\r\n"), count=1)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return _recovered(snapshot)
    if root is None:
        return _recovered(snapshot)
    kind = _local(root.tag)
    if kind == "feed":
        return _whole(_child_text(root, "title"), list(_atom(root, snapshot)))
    if kind in ("rss", "RDF"):
        channel = next((one for one in root if _local(one.tag) == "channel"), None)
        title = _child_text(channel, "title") if channel is not None else ""
        return _whole(title, list(_rss(root, snapshot)))
    raise refusal(f"not a feed but <{kind[:40]}>", snapshot)


def _whole(title: str, entries: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    return plain(title), entries[:MOST_ENTRIES]


# --- well-formed feeds ------------------------------------------------------------------------------------


def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _text(node: etree._Element | None) -> str:
    """All text of a node, its inner markup kept as markup where it has any."""
    if node is None:
        return ""
    if len(node) == 0:
        return node.text or ""
    inner = "".join(etree.tostring(one, encoding="unicode", with_tail=True) for one in node)
    return (node.text or "") + inner


def _child_text(node: etree._Element, name: str) -> str:
    return _text(next((one for one in node if _local(one.tag) == name), None))


def _rss(root: etree._Element, snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    for item in root.iter():
        if _local(item.tag) != "item":
            continue
        held = _fields(item)
        base = _base_of(item, snapshot.url)
        guid = held.get("guid")
        link = (held["link"].text or "") if "link" in held else ""
        link = link or (held["link"].get("href") or "" if "link" in held else "")
        if not link.strip() and guid is not None and guid.get("isPermaLink", "true").lower() != "false":
            link = guid.text or ""
        source = held.get("source")
        encoded = item.find(_CONTENT)
        yield _entry(
            id=(guid.text or "") if guid is not None else (item.get(f"{{{_RDF}}}about") or ""),
            title=_text(held.get("title")),
            link=address(link, base),
            text=_text(held.get("description")) or _text(encoded) or _text(held.get("summary")),
            published=_text(held.get("pubDate")) or _text(held.get("date")) or _text(held.get("published")),
            updated=_text(held.get("updated")) or _text(held.get("modified")),
            authors=[_text(one) for one in item if _local(one.tag) in ("creator", "author")],
            categories=[one for one in item if _local(one.tag) in ("category", "subject")],
            publisher=_text(source) or _text(held.get("contributor")),
        )


_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def _atom(root: etree._Element, snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    for entry in root:
        if _local(entry.tag) != "entry":
            continue
        held = _fields(entry)
        links = [one for one in entry if _local(one.tag) == "link"]
        chosen = next(
            (one for one in links if one.get("rel", "alternate") == "alternate"), links[0] if links else None
        )
        names = [_child_text(one, "name") or _text(one) for one in entry if _local(one.tag) == "author"]
        source = held.get("source")
        yield _entry(
            id=_text(held.get("id")),
            title=_text(held.get("title")),
            link=address(
                (chosen.get("href") or "") if chosen is not None else "", _base_of(entry, snapshot.url)
            ),
            text=_text(held.get("summary")) or _text(held.get("content")),
            published=_text(held.get("published")) or _text(held.get("issued")) or _text(held.get("updated")),
            updated=_text(held.get("updated")) or _text(held.get("modified")),
            authors=names,
            categories=[one for one in entry if _local(one.tag) == "category"],
            publisher=_child_text(source, "title") if source is not None else "",
        )


def _fields(node: etree._Element) -> dict[str, etree._Element]:
    """The first child of each name; a name of the feed's own goes before one of an extension."""
    found: dict[str, etree._Element] = {}
    for one in node:
        if not isinstance(one.tag, str):  # a processing instruction
            continue
        name = _local(one.tag)
        extension = one.tag.startswith("{") and one.prefix not in (None, "dc", "atom")
        if not name or (extension and name in ("title", "link", "description", "author", "category")):
            continue  # media:title and its kin tell of a picture
        if name not in found or (not extension and found[name].prefix is not None):
            found[name] = one
    return found


def _base_of(node: etree._Element, url: str) -> str:
    bases = []
    at: etree._Element | None = node
    while at is not None:
        if at.get(_BASE):
            bases.append(at.get(_BASE) or "")
        at = at.getparent()
    for base in reversed(bases):
        try:
            url = urljoin(url, base)
        except ValueError:
            continue
    return url


def _entry(
    *,
    id: str,  # noqa: A002 – the feeds' own name
    title: str,
    link: str,
    text: str,
    published: str,
    updated: str,
    authors: Sequence[str],
    categories: Sequence[Any],
    publisher: str,
) -> dict[str, Any]:
    named, words = [], []
    for one in categories:
        value = plain(_text(one) or one.get("term") or one.get("label") or "")
        domain = one.get("domain") or one.get("scheme") or ""
        symbol = stock(value, domain)
        if symbol:
            named.append(symbol)
        elif value:
            words.append(value)
    return {
        "id": _SPACE.sub(" ", _CONTROL.sub("", id)).strip()[:500],
        "title": plain(title),
        "link": link,
        "text": plain(text[:20_000]),
        "published": instant(published),
        "updated": instant(updated),
        "authors": [name for one in authors if (name := plain(one))],
        "categories": words,
        "named": named,
        "publisher": plain(publisher),
    }


def stock(value: str, domain: str) -> str:
    """The symbol or number that a category names: "NYSE:MTUS", "ISIN:US…"; empty for an ordinary one."""
    kind = domain.rstrip("/").rpartition("/")[2].lower()
    if kind in ("stock", "ticker", "symbol") and re.fullmatch(
        r"[A-Za-z ]{2,20}:\s*[A-Za-z0-9.\-]{1,12}", value
    ):
        return value.replace(" ", "").upper()
    if kind == "isin" and re.fullmatch(r"[A-Z]{2}[A-Z0-9]{9}[0-9]", value):
        return f"ISIN:{value}"
    if kind == "cik" and re.fullmatch(r"\d{1,10}", value):
        return f"CIK:{int(value):010d}"
    return ""


# --- broken feeds -----------------------------------------------------------------------------------------


def _recovered(snapshot: Snapshot) -> tuple[str, list[dict[str, Any]]]:
    """What feedparser can make of it; SourceError where that is nothing."""
    text = _DOCTYPE.sub(b"", text_of(snapshot).encode("utf-8", "replace"), count=1)
    try:
        # The markup is cleaned here, and only text is kept of it.
        held = feedparser.parse(text, sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # a parser of broken things breaks in ways of its own
        raise refusal(f"not a feed: {type(error).__name__}: {error}"[:200], snapshot) from error
    if not held.entries and not held.get("version"):
        raise refusal(f"not a feed: {str(held.get('bozo_exception', 'unknown form'))[:120]}", snapshot)
    found = []
    for one in held.entries[:MOST_ENTRIES]:
        words: list[str] = []
        named: list[str] = []
        for tag in _held(one, "tags") or []:
            value = plain(str(_held(tag, "term") or ""))
            symbol = stock(value, str(_held(tag, "scheme") or ""))
            (named if symbol else words).append(symbol or value)
        found.append(
            {
                "id": _SPACE.sub(" ", _CONTROL.sub("", str(_held(one, "id") or ""))).strip()[:500],
                "title": plain(str(_held(one, "title") or "")),
                "link": address(str(_held(one, "link") or ""), snapshot.url),
                "text": plain(str(_held(one, "summary") or "")[:20_000]),
                "published": instant(str(_held(one, "published") or _held(one, "updated") or "")),
                "updated": instant(str(_held(one, "updated") or "")),
                "authors": [
                    name
                    for held in (_held(one, "authors") or [])
                    if (name := plain(str(_held(held, "name") or "")))
                ],
                "categories": [word for word in words if word],
                "named": named,
                "publisher": plain(str(_held(_held(one, "source") or {}, "title") or "")),
            }
        )
    return _whole(str(held.feed.get("title") or ""), found)


def _held(entry: dict[str, Any], name: str) -> Any:
    """A field as it is: feedparser's own look-up puts another in the place of one that is missing, and warns."""
    return dict.get(entry, name)


# --- words ------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Plain text of what may be markup, escaped or not: no tags, no control characters, one line."""
    for _ in range(2):  # markup that was escaped into the feed, and entities inside of it
        if "<" in text and re.search(r"</?[a-zA-Z!][^>]*>", text):
            text = _without_tags(text)
        if "&" not in text:
            break
        text = unescape(text)
    if "<" in text and re.search(r"</?[a-zA-Z!][^>]*>", text):
        text = _without_tags(text)
    text = _CONTROL.sub("", text).encode("utf-8", "ignore").decode()
    return _SPACE.sub(" ", text).strip()


def _without_tags(text: str) -> str:
    try:
        node: Any = lxml_html.fromstring(f"<div>{_CONTROL.sub('', text)}</div>")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return re.sub(r"<[^>]*>", " ", text)
    for one in list(node.iter("script", "style", "noscript", "template")):
        one.drop_tree()
    return " ".join(str(piece) for piece in node.itertext())


def shortened(text: str, most: int) -> str:
    """At most so many characters, cut after a word and marked with an ellipsis."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > most // 2 else cut).rstrip(" ,;:–-") + "…"


def address(text: str, base: str) -> str:
    """An absolute http(s) address; empty for any other."""
    text = _CONTROL.sub("", text).strip()
    if not text:
        return ""
    try:
        found = urljoin(base, text)
        parts = urlsplit(found)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or len(found) > 2000:
        return ""
    return found.replace(" ", "%20")


def instant(text: str) -> datetime | None:
    """The instant that a feed's date names, aware UTC; one without a zone is taken for UTC. None: unreadable."""
    text = _SPACE.sub(" ", text).strip()[:80]
    if not text:
        return None
    for reading in (_iso, _mail, _spelt):
        found = reading(text)
        if found is not None:
            try:
                found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
            except (OverflowError, ValueError):
                return None
            return found if found.year > 1970 else None
    return None


def _iso(text: str) -> datetime | None:
    text = re.sub(r"\s+([+-]\d{2}):?(\d{2})$", r"\1:\2", text).replace(" UTC", "Z").replace(" GMT", "Z")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _mail(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(_DAYS.sub("", text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _spelt(text: str) -> datetime | None:
    for form in _WRITTEN:
        try:
            return datetime.strptime(_DAYS.sub("", text), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
