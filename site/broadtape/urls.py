"""Owns every public address: built and taken apart here alone; absolute ones come from a site's url.

Knows no routes' handlers and reads no request: what a client says about itself never makes an address.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache
from typing import Final, Literal, Protocol
from urllib.parse import quote, unquote, urlencode

MAX_SLUG: Final = 80

FRONT: Final = "/"
FEEDS: Final = "/feeds/"
MARKETS: Final = "/markets/"
CORRECTIONS: Final = "/corrections/"
LOCAL: Final = "/local/"
ARCHIVE: Final = "/archive/"
ABOUT: Final = "/about/"
METHODS: Final = "/about/methods/"
PRIVACY: Final = "/privacy/"
TERMS: Final = "/terms/"
ACCESSIBILITY: Final = "/accessibility/"
SEARCH: Final = "/search"
SUGGEST: Final = "/search/suggest"
SITEMAP: Final = "/sitemap.xml"
NEWS_SITEMAP: Final = "/news-sitemap.xml"
ROBOTS: Final = "/robots.txt"
OPENSEARCH: Final = "/opensearch.xml"
MANIFEST: Final = "/site.webmanifest"
SECURITY: Final = "/.well-known/security.txt"
HEALTH: Final = "/healthz"
METRICS: Final = "/metrics"
EDITOR: Final = "/editor/"
API: Final = "/api/v1/"

FIXED: Final = frozenset(
    [
        FRONT, MARKETS, CORRECTIONS, ARCHIVE, ABOUT, METHODS, PRIVACY, TERMS, ACCESSIBILITY, SEARCH, SUGGEST,
        SITEMAP, NEWS_SITEMAP, ROBOTS, OPENSEARCH, MANIFEST, SECURITY, HEALTH, METRICS, EDITOR, API,
        "/feed.xml", "/atom.xml", "/feed.json", "/feeds.opml", FEEDS, LOCAL, "/topics/", "/authors/",
        "/definitions/",
        "/quotes/", "/widgets/",
    ]
)  # fmt: skip
"""Addresses that are there whatever the archive holds."""

FeedFormat = Literal["rss", "atom", "json"]
_FEEDS: Final[dict[FeedFormat, str]] = {"rss": "feed.xml", "atom": "atom.xml", "json": "feed.json"}
_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ARTICLE: Final = re.compile(r"/(\d{4})/(\d{2})/(\d{2})/([a-z0-9]+(?:-[a-z0-9]+)*)/([A-Za-z0-9._-]*)")
_QUOTE: Final = re.compile(r"/quotes/([^/:]+:[^/]+(?:/[A-Za-z0-9]{1,4})?)/")


class HasUrl(Protocol):
    """A site, as far as addresses care."""

    @property
    def url(self) -> str:
        """Absolute, without a slash at the end."""


# --- names in addresses -----------------------------------------------------------------------------------


def slugify(text: str, *, limit: int = MAX_SLUG) -> str:
    """ASCII letters, digits and single hyphens, at most `limit` characters, cut between words; may be "".

    "Nvidia’s $4.2 trillion: Café?" → "nvidias-4-2-trillion-cafe".
    """
    text = text.replace("&", " and ").replace("’", "").replace("'", "").replace("ß", "ss").replace("ø", "o")
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    slug = "-".join(words)
    if len(slug) <= limit:
        return slug
    cut = slug[: limit + 1].rpartition("-")[0]
    return cut or slug[:limit]


def is_slug(text: str) -> bool:
    """Whether a name can stand in an article's address as it is."""
    return len(text) <= MAX_SLUG and _SLUG.fullmatch(text) is not None


@lru_cache(maxsize=10_000)  # every card names topics
def key(name: str) -> str:
    """How a topic or author stands in an address: "Market Desk" → "market-desk"; other scripts are kept."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "-", folded).strip("-")


# --- addresses on a site ------------------------------------------------------------------------------------


def article(when: datetime | date, slug: str) -> str:
    """ "/2026/01/12/slug/": the day as the date is written, in its own offset."""
    return f"/{when.year:04d}/{when.month:02d}/{when.day:02d}/{slug}/"


def parse_article(path: str) -> tuple[date, str, str] | None:
    """Day, slug and what stands behind them ("", "proof", "index.md", a picture's name), or None."""
    found = _ARTICLE.fullmatch(path)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])), found[4], found[5]
    except ValueError:
        return None


def proof(address: str, fact_id: str = "") -> str:
    """The proof page of an article, or the place of one fact on it."""
    return f"{address}proof#{fact_id}" if fact_id else f"{address}proof"


def facts(address: str) -> str:
    """An article's facts.json."""
    return f"{address}facts.json"


def source(address: str) -> str:
    """An article's Markdown."""
    return f"{address}index.md"


def attachment(address: str, name: str) -> str:
    """A picture or other file beside an article."""
    return f"{address}{quote(name, safe='/')}"


@lru_cache(maxsize=10_000)  # as above
def topic(name: str) -> str:
    """A topic's page."""
    return f"/topics/{quote(key(name))}/"


@lru_cache(maxsize=10_000)
def author(name: str) -> str:
    """An author's page."""
    return f"/authors/{quote(key(name))}/"


def month(year: int, number: int) -> str:
    """A month of the archive."""
    return f"/archive/{year:04d}/{number:02d}/"


def page(address: str, number: int) -> str:
    """Page `number`, from 1, of a listing; the first is the listing's own address."""
    return address if number <= 1 else f"{address}?page={number}"


@lru_cache(maxsize=10_000)
def quote_page(symbol: str) -> str:
    """A symbol's page: "/quotes/NYSEARCA:IWM/"; of a class of shares written so, "/quotes/NYSE:BRK/B/"."""
    return f"/quotes/{quote(symbol, safe=':.-^=$/')}/"


def parse_quote(path: str) -> str | None:
    """The qualified symbol of a quote page's address, or None."""
    found = _QUOTE.fullmatch(path)
    return unquote(found[1]).upper() if found else None


def definition(metric: str) -> str:
    """The page of a metric's definition."""
    return f"/definitions/{quote(metric)}/"


def search(query: str = "", **more: str | int) -> str:
    """The search page; empty values are left out."""
    pairs = {"q": query, **more}
    given = {name: value for name, value in pairs.items() if value not in ("", 0)}
    return f"{SEARCH}?{urlencode(given)}" if given else SEARCH


def feed(form: FeedFormat = "rss", address: str = "/") -> str:
    """A feed of the site ("/") or of a topic's, author's or symbol's page."""
    return f"{address}{_FEEDS[form]}"


def search_feed(query: str, form: FeedFormat = "rss") -> str:
    """The feed of a search."""
    return f"{SEARCH}/{_FEEDS[form]}?{urlencode({'q': query})}"


def absolute(site: HasUrl, address: str) -> str:
    """The address with the site's own url before it."""
    return f"{site.url}{address}"


def tag(site: HasUrl, identifier: str, when: datetime | date) -> str:
    """A feed entry's id (RFC 4151): outlives a changed slug or date when `identifier` is the article's id."""
    host = re.sub(r"^https?://", "", site.url).partition("/")[0].partition(":")[0]
    return f"tag:{host},{when.year:04d}:{identifier}"
