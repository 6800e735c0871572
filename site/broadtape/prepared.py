"""Prepared pages: a WSGI layer that answers from memory what the application rendered a moment ago.

Owns what may be kept, for how long and in which encodings, and conditional requests for what it keeps.
Renders nothing: what it does not hold, and what must not be kept, the application behind it answers.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from sys import intern
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote_plus

import brotli

from broadtape.http1 import Ready, head_of
from broadtape.pagestore import address_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from broadtape.pagestore import Printed

Encoding = Literal["identity", "gzip", "br"]

LONGEST_S = 60.0  # the clock and "updated … ago" on a kept page are never older than this
MOST_BYTES = (
    16 * 1024 * 1024
)  # of one process, all encodings together: 2,000 printed pages; others are read from disk
OVERHEAD = 3_000  # bytes of a page in memory besides its bodies: headers as text and as they go over the wire
TOUCHED_S = 1.0  # a page asked for more often than this is made the newest in memory only so often
LARGEST = 2 * 1024 * 1024  # a larger answer is passed on as it comes
WINDOW = 16  # of a quick Brotli form: 64 KB, as long as nearly every page, takes a tenth less time than 4 MB
SMALLEST_PACKED = 1_400  # bytes; what fits one packet comes no sooner for being smaller
_PACKABLE = (
    *("text/", "image/svg"),
    *(
        f"application/{kind}"
        for kind in ("json", "xml", "rss", "atom", "feed", "manifest", "opensearch", "javascript")
    ),
)
# The only parameters that a page looks at. Others (those of campaigns and social networks) change nothing.
READ = frozenset(
    {
        *(
            "q",
            "page",
            "topic",
            "symbol",
            "author",
            "year",
            "since",
            "until",
            "sort",
            "v",
        ),  # lists and searches
        *("range", "vs"),  # charts
        *("symbols", "from", "to", "limit"),  # the API
        *("theme", "kind"),  # widgets
    }
)
_KEPT_STATUS = frozenset({200, 301, 308, 404, 410})
_CONDITIONS = (
    *("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH"),
    *("HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE", "HTTP_RANGE"),
)
_WITH_304 = frozenset({"cache-control", "content-location", "date", "expires", "vary", "last-modified"})

Key = tuple[str, str, str]


def packable(media_type: str, cache_control: str = "") -> bool:
    """Whether a body of that kind shrinks and may be transformed."""
    return media_type.startswith(_PACKABLE) and "no-transform" not in cache_control


@dataclass(slots=True)
class Page:
    """One kept answer; `bodies` holds the encodings made so far."""

    status: str
    headers: list[tuple[str, str]]  # without Content-Length, Content-Encoding, ETag
    tag: str  # opaque part of the ETag
    weak: bool
    modified: datetime | None
    packable: bool
    mark: object
    until: float
    bodies: dict[Encoding, bytes] = field(default_factory=dict)
    weight: int = 0  # bytes, as counted
    touched: float = 0.0  # when it last was made the newest in memory
    _ready: dict[Encoding, tuple[list[tuple[str, str]], bytes]] = field(default_factory=dict)
    _wire: dict[tuple[Encoding, str], Ready] = field(default_factory=dict)

    def etag(self, encoding: Encoding) -> str:
        """A strong tag differs by encoding, a weak one need not (RFC 9110, section 8.8.3)."""
        if self.weak:
            return f'W/"{self.tag}"'
        return f'"{self.tag}"' if encoding == "identity" else f'"{self.tag}-{encoding}"'

    def body(self, encoding: Encoding) -> bytes:
        """The body in an encoding, made at first use."""
        held = self.bodies.get(encoding)
        if held is None:
            plain = self.bodies.get("identity")
            if plain is None:  # a printed page is kept in its compressed forms
                plain = gzip.decompress(self.bodies["gzip"])
            held = self.bodies[encoding] = _pack(plain, encoding, quality=11 if _lasting(self.headers) else 5)
        return held

    def answer(self, encoding: Encoding) -> tuple[list[tuple[str, str]], bytes]:
        """All headers and the body in an encoding. The list is for looking: a server may change the one it gets."""
        held = self._ready.get(encoding)
        if held is None:
            body = self.body(encoding)
            headers = [*self.headers, ("Content-Length", str(len(body)))]
            if self.status.startswith("200"):
                headers.append(("ETag", self.etag(encoding)))
            if encoding != "identity":
                headers.append(("Content-Encoding", encoding))
            held = self._ready[encoding] = (headers, body)
        return held

    def unchanged(self, encoding: Encoding) -> list[tuple[str, str]]:
        """The headers of an answer that the reader's copy is this page (RFC 9110, section 15.4.5)."""
        kept = [(name, value) for name, value in self.headers if name.lower() in _WITH_304]
        return [*kept, ("ETag", self.etag(encoding))]

    def wire(self, encoding: Encoding, kind: Literal["GET", "HEAD", "304"]) -> Ready:
        """The answer as it goes over the wire; its body has to be there in that encoding."""
        held = self._wire.get((encoding, kind))
        if held is None:
            if kind == "304":
                held = Ready(304, head_of("304 Not Modified", self.unchanged(encoding)), b"")
            else:
                headers, body = self.answer(encoding)
                code = int(self.status[:3])
                held = Ready(code, head_of(self.status, headers), body if kind == "GET" else b"")
            self._wire[encoding, kind] = held
        return held


class PreparedPages:
    """The application with a memory. `mark` names the state that pages depend on: a new one empties it.

    `site_of` maps a Host header to the site it names, None for a host that names none (never kept). `expires`
    gives the seconds after which a site's pages age by themselves (a scheduled article), None for not at all.
    `printed` gives the page that was printed for an address, where there is one that may be answered now.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        mark: Callable[[], object],
        site_of: Callable[[str], str | None],
        expires: Callable[[str], float | None] = lambda _: None,
        printed: Callable[[str, str], Printed | None] = lambda _site, _address: None,
        clock: Callable[[], float] = time.monotonic,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._application = application
        self._mark = mark
        self._site_of = site_of
        self._expires = expires
        self._printed = printed
        self._clock = clock
        self._most_bytes = most_bytes
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        method = environ["REQUEST_METHOD"]
        key = self._key(environ)
        if key is None:
            return self._application(environ, start_response)
        if not key[2] and environ.get("QUERY_STRING"):
            environ = dict(environ, QUERY_STRING="")
        mark = self._mark()
        now = self._clock()
        page = self._pages.get(key)
        if page is None or page.mark != mark or now >= page.until:
            kept = self._from_store(key, page, mark, now)
            made = kept or self._render(environ, start_response, key, mark, now)
            if not isinstance(made, Page):
                return made
            page = made
        elif now - page.touched > TOUCHED_S:
            self._touch(page, key, now)
        made_before = len(page.bodies)
        answer = self._answer(page, environ, start_response, method)
        if len(page.bodies) != made_before:
            self._weigh_again(page, key)
        return answer

    def at_hand(self, environ: WSGIEnvironment) -> Ready | None:
        """The answer where it only has to be looked up: no file, no compressing, no waiting."""
        key = self._key(environ)
        page = self._pages.get(key) if key is not None else None
        if page is None or key is None:
            return None
        now = self._clock()
        if page.mark != self._mark() or now >= page.until:
            return None
        encoding = self._encoding(page, environ)
        if _is_unchanged(page, environ):
            found = page.wire(encoding, "304")
        elif encoding not in page.bodies:
            return None
        else:
            found = page.wire(encoding, "GET" if environ["REQUEST_METHOD"] == "GET" else "HEAD")
        if now - page.touched > TOUCHED_S:
            self._touch(page, key, now)
        return found

    def _key(self, environ: WSGIEnvironment) -> Key | None:
        """What the answer is kept under; None for a request whose answer is nobody else's."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        site = self._site_of(environ.get("HTTP_HOST", ""))
        if site is None or not _plain(environ):
            return None
        query = environ.get("QUERY_STRING", "")
        return (site, environ.get("PATH_INFO", "/"), query if query and _tells(query) else "")

    def _touch(self, page: Page, key: Key, now: float) -> None:
        page.touched = now
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)

    def _from_store(self, key: Key, before: Page | None, mark: object, now: float) -> Page | None:
        """The printed page, kept as one in memory; the one before where it has the same bytes."""
        site, path, query = key
        found = self._printed(site, address_of(path, query))
        if found is None:
            return None
        until = now + self._lifetime(site)
        if before is not None and before.tag == found.tag and not before.weak:
            before.mark, before.until = mark, until
            return before
        bodies: dict[Encoding, bytes] = {}
        if found.plain is not None:
            bodies["identity"] = found.plain
        if found.gzip is not None:
            bodies["gzip"] = found.gzip
        if found.br is not None:
            bodies["br"] = found.br
        same = [(intern(name), intern(value)) for name, value in found.headers]  # most are those of all pages
        headers = [*same, ("Last-Modified", format_datetime(found.modified, usegmt=True))]
        status = f"{found.status} {HTTPStatus(found.status).phrase}"
        packs = found.gzip is not None
        page = Page(status, headers, found.tag, False, found.modified, packs, mark, until, bodies)
        self._keep(key, page)
        return page

    # --- rendering and keeping --------------------------------------------------------------------------

    def _render(
        self, environ: WSGIEnvironment, start_response: StartResponse, key: Key, mark: object, now: float
    ) -> Page | Iterable[bytes]:
        """The page as the application renders it now, kept if it may be; a large answer as it comes."""
        asked = dict(environ, REQUEST_METHOD="GET")
        for name in _CONDITIONS:  # the whole page is wanted; conditions are answered from it
            asked.pop(name, None)
        started: list[Any] = []

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            started[:] = [status, headers, exc_info]
            return _no_write

        chunks = self._application(asked, start)
        iterator = iter(chunks)
        body = b""
        for chunk in iterator:
            body += chunk
            if len(body) > LARGEST:  # too large to keep: pass it on as it comes
                if any(name in environ for name in _CONDITIONS):  # a part of it, or whether it changed
                    _close(chunks)
                    return self._application(environ, start_response)
                start_response(*started[:2])
                return _Rest(body, iterator, chunks, silent=environ["REQUEST_METHOD"] == "HEAD")
        _close(chunks)
        status, headers, _ = started
        page = self._page(status, headers, body, mark)
        page.until = now + self._lifetime(key[0])
        if _may_keep(status, headers) and (
            not key[2] or (key[1].startswith("/static/") and _lasting(headers))
        ):
            self._keep(key, page)
        return page

    def _page(self, status: str, headers: list[tuple[str, str]], body: bytes, mark: object) -> Page:
        lower = {name.lower(): value for name, value in headers}
        given = lower.get("etag", "")
        weak = given.startswith("W/")
        tag = given.removeprefix("W/").strip('"') or hashlib.sha256(body).hexdigest()[:24]
        packed = "content-encoding" in lower
        packs = (
            not packed
            and len(body) >= SMALLEST_PACKED
            and packable(lower.get("content-type", ""), lower.get("cache-control", ""))
        )
        dropped = {"content-length", "etag", "vary", "accept-ranges"}  # whole pages only
        kept = [(name, value) for name, value in headers if name.lower() not in dropped]
        vary = [name.strip() for name in lower.get("vary", "").split(",") if name.strip()]
        if packs and "accept-encoding" not in (name.lower() for name in vary):
            vary.append("Accept-Encoding")
        if vary:
            kept.append(("Vary", ", ".join(vary)))
        modified = None
        if "last-modified" in lower:
            try:
                modified = parsedate_to_datetime(lower["last-modified"])
            except ValueError:
                modified = None
        return Page(status, kept, tag, weak, modified, packs, mark, 0.0, {"identity": body})

    def _lifetime(self, site: str) -> float:
        due = self._expires(site)
        return LONGEST_S if due is None else max(0.0, min(LONGEST_S, due))

    def _keep(self, key: Key, page: Page) -> None:
        page.weight = _weight(page)
        if page.weight > self._most_bytes // 4:
            return
        with self._lock:
            old = self._pages.pop(key, None)
            if old is not None:
                self._bytes -= old.weight
            self._pages[key] = page
            self._bytes += page.weight
            self._make_room()

    def _weigh_again(self, page: Page, key: Key) -> None:
        """An encoding was made: it counts."""
        with self._lock:
            if self._pages.get(key) is page:
                self._bytes -= page.weight
                page.weight = _weight(page)
                self._bytes += page.weight
                self._make_room()

    def _make_room(self) -> None:
        while self._bytes > self._most_bytes:
            _, oldest = self._pages.popitem(last=False)
            self._bytes -= oldest.weight

    # --- answering --------------------------------------------------------------------------------------

    def _answer(
        self, page: Page, environ: WSGIEnvironment, start_response: StartResponse, method: str
    ) -> Iterable[bytes]:
        encoding = self._encoding(page, environ)
        if _is_unchanged(page, environ):
            start_response("304 Not Modified", page.unchanged(encoding))
            return []
        headers, body = page.answer(encoding)
        start_response(page.status, headers.copy())
        return [] if method == "HEAD" else [body]

    @staticmethod
    def _encoding(page: Page, environ: WSGIEnvironment) -> Encoding:
        return _accepted(environ.get("HTTP_ACCEPT_ENCODING", "")) if page.packable else "identity"


class _Rest:
    """What was read of an answer and the rest of it, closed as WSGI asks."""

    def __init__(self, head: bytes, rest: Iterable[bytes], source: Iterable[bytes], *, silent: bool) -> None:
        self._parts: Iterator[bytes] = iter(()) if silent else _chain(head, rest)
        self._source = source

    def __iter__(self) -> _Rest:
        return self

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        _close(self._source)


def _chain(head: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _close(chunks: Iterable[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()


def _no_write(_: bytes) -> None:
    """WSGI's old write(); Flask does not use it."""
    raise RuntimeError("the application used WSGI's write(), which prepared pages do not support")


def _plain(environ: WSGIEnvironment) -> bool:
    """Whether the answer depends on nothing but host, path and query."""
    get = environ.get
    return not (
        get("HTTP_AUTHORIZATION")
        or get("HTTP_COOKIE")
        or get("CONTENT_LENGTH", "") not in _EMPTY
        or get("HTTP_TRANSFER_ENCODING")
    )


_EMPTY = frozenset({None, "", "0"})  # Content-Length of a request without a body


def _tells(query: str) -> bool:
    """Whether a query string holds a parameter that a page looks at."""
    return any(unquote_plus(pair.partition("=")[0]) in READ for pair in query.split("&"))


def _may_keep(status: str, headers: list[tuple[str, str]]) -> bool:
    lower = {name.lower(): value.lower() for name, value in headers}
    vary = {name.strip() for name in lower.get("vary", "").split(",") if name.strip()}
    return (
        int(status[:3]) in _KEPT_STATUS
        and "set-cookie" not in lower
        and "no-store" not in lower.get("cache-control", "")
        and vary <= {"accept-encoding"}
    )


def _lasting(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether the answer is the same for ever: a file of ours under the address with its digest."""
    return any(name.lower() == "cache-control" and "immutable" in value for name, value in headers)


def _weight(page: Page) -> int:
    return OVERHEAD + sum(len(body) for body in page.bodies.values())


def _pack(body: bytes, encoding: Encoding, *, quality: int) -> bytes:
    """Styles and scripts are packed once a process: a tenth of a second for a tenth less is worth it there."""
    if encoding == "br":
        packed: bytes = brotli.compress(body, quality=quality, lgwin=22 if quality > 9 else WINDOW)
        return packed
    return gzip.compress(body, 6, mtime=0) if encoding == "gzip" else body


def _accepted(header: str) -> Encoding:
    """The best encoding a client takes: Brotli, gzip, else none; `q=0` refuses one."""
    if not header:
        return "identity"
    if header in _USUAL:
        return _USUAL[header]
    weights: dict[str, float] = {}
    for item in header[:500].split(","):
        name, _, parameter = item.strip().partition(";")
        quality = 1.0
        if parameter.strip().lower().startswith("q="):
            try:
                quality = float(parameter.strip()[2:])
            except ValueError:
                quality = 0.0
        weights[name.strip().lower()] = quality
    rest = weights.get("*", 0.0)
    br, zipped = weights.get("br", rest), weights.get("gzip", rest)
    if br > 0 and br >= zipped:
        return "br"
    return "gzip" if zipped > 0 else "identity"


_USUAL: dict[str, Encoding] = {
    "gzip, deflate, br, zstd": "br",
    "gzip, deflate, br": "br",
    "gzip, deflate": "gzip",
    "gzip": "gzip",
    "br": "br",
    "identity": "identity",
}


def _is_unchanged(page: Page, environ: WSGIEnvironment) -> bool:
    return (
        ("HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MODIFIED_SINCE" in environ)
        and page.status.startswith("200")
        and _unchanged(page, environ)
    )


def _unchanged(page: Page, environ: WSGIEnvironment) -> bool:
    """Whether the reader's copy is this page; If-None-Match decides where given (RFC 9110, 13.2.2)."""
    condition = environ.get("HTTP_IF_NONE_MATCH")
    if condition is not None:
        if condition.strip() == "*":
            return True
        given = (tag.strip().removeprefix("W/").strip('"') for tag in condition[:4_000].split(","))
        return any(tag == page.tag or tag.rpartition("-")[0] == page.tag for tag in given)
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if since and page.modified is not None:
        try:
            return page.modified <= parsedate_to_datetime(since)
        except (ValueError, TypeError, OverflowError):  # a year of eleven digits
            return False
    return False
