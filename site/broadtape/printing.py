"""Printing: every public page rendered once per revision into the page store, with what it depends on.

Owns which pages there are, what each read while it was rendered, and their compressed forms. How a page looks is
web's, what changed the catalogue's; serving answers from the store, exporting writes its bytes to files.
"""

from __future__ import annotations

import hashlib
import html
import io
import re
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit

import brotli
import structlog
from flask import g
from isal import isal_zlib
from msgspec.structs import replace

from broadtape import feeds, resources, urls
from broadtape.archive import changes
from broadtape.heartbeat import settings_digest, utc_now
from broadtape.pagestore import GZIP_FORM, SAFE, Due, Job, PageWriter, Printed, path_of
from broadtape.prepared import SMALLEST_PACKED, packable
from broadtape.recording import TAPE, Recorder, RecordingPress, RecordingTape
from broadtape.search import open_index
from broadtape.web import create_app
from broadtape.web.front import PAGE
from broadtape.web.press import Press, find_clock

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Flask
    from flask.ctx import RequestContext
    from werkzeug.routing import MapAdapter, Rule

    from broadtape.config import Instance, Site

UNPACKED: Final = 1  # in place of Brotli's quality: none yet, whoever is asked for it makes one
QUICK: Final = 5  # Brotli for a reader that asks, and for files: 1.4 ms for 64 KB
BEST: Final = 11  # and when nothing else is to do: 60 ms, a fifth smaller
GZIP: Final = 3  # of isal's levels; a fifth of the time of zlib's 6, a twentieth larger, until there is time
LARGEST: Final = 2 * 1024 * 1024  # bytes; a larger answer stays a file
FILES_FROM: Final = 64 * 1024  # of what compression does not shrink (photographs): those too
SEEDS: Final = (
    "/", urls.ROBOTS, urls.SITEMAP, urls.OPENSEARCH, "/feed.xml", "/atom.xml", "/feed.json", "/feeds.opml",
    "/favicon.svg", "/favicon.ico", "/icon-192.png", "/icon-512.png", "/palette.css", "/archive/", "/topics/",
)  # fmt: skip
"""Where every site's pages are found from: the rest is linked."""
UNPRINTED: Final = (
    "/search", "/editor", "/healthz", "/metrics", "/api/", "/static/", "/account", urls.NEWS_SITEMAP,
)  # fmt: skip
"""What answers each visitor or each minute differently, and what is a file already."""
_KEPT_STATUS: Final = frozenset({200, 301, 308, 410})
# Looked for from the quote on, which is plain text to look for; "src" is the end of "data-src".
_LINK: Final = re.compile(r'="(?:(?<=href=")|(?<=src=")|(?<=content="))(/(?!/)[^"#]*)')
_IN_STYLE: Final = re.compile(r'url\("(/(?!/)[^"#]*)"\)')
_SRCSET: Final = re.compile(r'srcset="([^"]*)"')
_PAGE: Final = re.compile(r"page=[0-9]{1,6}")
_DROPPED: Final = frozenset(
    {
        "content-length",
        "etag",
        "last-modified",
        "vary",
        "accept-ranges",
        "date",
        "content-disposition-filename",
    }
)

ADDRESSES: Final = ("a:", "x:")  # keys whose rest is an address
LOOK_S: Final = 20.0  # how often what ages by itself is looked at

log = structlog.get_logger("printer")


@dataclass(frozen=True, slots=True)
class _Made:
    """A page as rendered, what it read and what it leads to; no page where none can be kept."""

    job: Job
    page: Printed | None
    keys: set[str]
    links: tuple[str, ...]
    gone: bool = False


class Printer:
    """Prints what is due, page by page; safe to stop at any moment."""

    def __init__(self, instance: Instance, *, now: Callable[[], datetime] = utc_now) -> None:
        self.instance = instance
        self._now = now
        self.settings = settings_digest(instance.root)
        self.store = PageWriter(path_of(instance.cache))
        self.recorder = Recorder(instance.catalogue, now=now)
        self.app = _application(instance, self.recorder, now)
        self._desk = _Desk(self.app)
        self._seeded = -1
        self._looked = -LOOK_S
        self._known: dict[str, set[str]] = {}  # by site: addresses that were wanted a moment ago

    def close(self) -> None:
        """Close the files."""
        self.store.close()
        self.recorder.close()

    def look(self) -> int:
        """Take note of what is to be printed: new articles, changed surroundings; returns how many pages are due."""
        generation = self.recorder.generation
        if generation == 0:
            return 0
        if self.store.generation != generation or self.store.meta("settings") != self.settings:
            # Publishing accounts for its changes itself; this is for a new store, or one that a crash left behind.
            self.store.account(self.recorder.touched_since(self.store.generation), generation, self.settings)
        if self._seeded < 0:
            before, _, settings = self.store.meta("seeded").partition("|")
            if settings == self.settings and self.store.meta("program") == fingerprint():
                self._seeded = int(before)
        if generation != self._seeded:
            touched = self.recorder.touched_since(self._seeded) if self._seeded >= 0 else {changes.EVERYTHING}
            self._seeded = generation
            with self.store.change():
                if changes.EVERYTHING in touched:
                    self._want_everything()
                else:
                    addresses = [key[2:] for key in touched if key.startswith(ADDRESSES)]
                    for site in (
                        self.instance.sites.values()
                    ):  # where it does not belong it is not found, and dropped
                        self.store.want(site.key, addresses)
                self.store.set_meta("seeded", f"{generation}|{self.settings}")
            self._looked = -LOOK_S
        if time.monotonic() - self._looked >= LOOK_S:
            self._looked = time.monotonic()
            self._known.clear()
            self._look_around()
        tape = _state(self.instance.tape)
        if tape != self.store.meta(TAPE):
            self.store.account({TAPE}, self.store.generation, self.store.meta("settings"))
            self.store.set_meta(TAPE, tape)
        return self.store.count(Due.STALE, Due.NEW, Due.LATE)

    def _want_everything(self) -> None:
        """Every address that nothing need link to, and every page again where this program may print otherwise."""
        program = fingerprint()
        if self.store.meta("program") != program:
            self.store.outdate()
            self.store.set_meta("program", program)
        for site in self.instance.sites.values():
            self.store.want(site.key, SEEDS)
            self.store.want(site.key, (address for address, _ in self.recorder.addresses(site.key)))
            self.store.want(site.key, self.recorder.former(site.key))
            self.store.want(site.key, self._of_lists(site))
        self.store.forget_sites(self.instance.sites)

    def _of_lists(self, site: Site) -> Iterator[str]:
        """The pages of lists and feeds by the counts of their articles: from one to the next they are found one by one,
        and while few are due, most cores wait."""
        read = self.recorder
        counted = [("/", read.count(site.key), True)]
        counted += [(urls.topic(name), count, True) for name, count in read.topics(site.key)]
        counted += [(urls.author(name), count, True) for name, count in read.authors(site.key)]
        for month, count in read.months(site.key):
            counted.append((urls.month(int(month[:4]), int(month[5:])), count, False))
        for address, count, fed in counted:
            if address != urls.FRONT:
                yield from (urls.page(address, number) for number in range(1, -(-count // PAGE) + 1))
            if fed:
                last = min(feeds.PAGES, -(-count // feeds.LENGTH))
                for number in range(
                    1, last + 1
                ):  # three forms of a page side by side, while its stories are at hand
                    yield from (urls.page(address + file, number) for file in feeds.FILE.values())

    def _look_around(self) -> None:
        """Where what surrounds a site's pages changed, they are late; where its blocks did, their pages are stale."""
        for site in self.instance.sites.values():
            around, blocks = surroundings(self.app, site)
            for key, digest in ((f"chrome:{site.key}", around), (f"blocks:{site.key}", blocks)):
                if self.store.meta(key) != digest:
                    self.store.account({key}, self.store.generation, self.store.meta("settings"))
                    self.store.set_meta(key, digest)

    def some(
        self,
        most: int,
        *,
        late: bool = True,
        within_s: float = 60.0,
        go_on: Callable[[], bool] = lambda: True,
    ) -> int:
        """Print the next pages, those that are only late too, no more than fit the time; returns how many."""
        return len(self.these(self.store.due(most, late=late), within_s=within_s, go_on=go_on))

    def these(
        self, jobs: list[Job], *, within_s: float = 60.0, go_on: Callable[[], bool] = lambda: True
    ) -> list[Job]:
        """Print these pages, while they fit the time and `go_on` says so; returns those that it came to."""
        began = time.monotonic()
        if not jobs:
            return jobs
        # A change that comes while pages are rendered marks them again: then they are due again.
        generation = self.store.generation
        with self.recorder.snapshot(), self._desk.open(next(iter(self.instance.sites.values()))):
            made = []
            for number, job in enumerate(jobs):
                if number and (time.monotonic() - began > within_s or not go_on()):
                    jobs = jobs[:number]
                    break
                if (one := self._made(job)) is not None:
                    made.append(one)
        with self.store.change():
            if self.store.generation == generation:
                for one in made:
                    self._put(one)
        return jobs

    def _made(self, job: Job) -> _Made | None:
        """The page as it is now, with what it read."""
        site = self.instance.sites.get(job.site)
        if site is None:
            return None
        self.recorder.keys = set()
        status, headers, body = self._desk.asked(site, job.address) or self._in_full(site, job.address)
        keys = self.recorder.keys  # of whichever way gave the page
        if status in (404, 405, 421) or status == 400:
            return _Made(job, None, keys, (), gone=True)
        if status not in _KEPT_STATUS or not _may_keep(headers):
            if status >= 500:
                log.error("page not printed", site=site.key, address=job.address, status=status)
            return _Made(job, None, keys, ())
        found = links(site, headers, body) if body is not None else ()
        return _Made(job, printed(status, headers, body, self._now()), keys, tuple(found))

    def _in_full(self, site: Site, address: str) -> tuple[int, list[tuple[str, str]], bytes | None]:
        self.recorder.keys = set()
        vars(g).clear()  # its request shares what is known of this one
        return ask(self.app, site, address)

    def _put(self, made: _Made) -> None:
        """Keep a page, and have printed what it leads to."""
        job = made.job
        if made.gone:
            self.store.drop(job)
        elif made.page is None:
            self.store.fail(job, made.keys)
        else:
            self.store.put(job, made.page, made.keys, quality=UNPACKED if made.page.gzip is not None else 0)
            known = self._known.setdefault(job.site, set())
            new = [address for address in made.links if address not in known]
            if new:
                self.store.want(job.site, new)
                known.update(new)

    def improve(self, most: int) -> int:
        """Compress some pages better, now that there is time; returns how many."""
        found = self.store.least_packed(BEST, most)
        for n, packed in found:
            body = zlib.decompress(packed, GZIP_FORM)
            zipped, better = zlib.compress(body, 9, GZIP_FORM), brotli.compress(body, quality=BEST)
            with self.store.change():
                self.store.repack(n, packed, zipped, better, BEST)
        return len(found)


def _application(instance: Instance, recorder: Recorder, now: Callable[[], datetime]) -> Flask:
    app = create_app(instance, catalogue=recorder, search=open_index(instance.index), clock=now)
    press: Press = app.extensions["broadtape"]
    tape = RecordingTape(press.tape.path, recorder)
    app.extensions["broadtape"] = RecordingPress(
        instance=press.instance,
        catalogue=recorder,
        search=press.search,
        tape=tape,
        clock=press.clock,
        validates=False,
    )
    return app


def _state(path: Path) -> str:
    """Changes when a database file or its write-ahead log does."""
    found = []
    for suffix in ("", "-wal"):
        try:
            stat = path.with_name(path.name + suffix).stat()
        except OSError:
            continue
        found.append(f"{stat.st_ino}/{stat.st_mtime_ns}/{stat.st_size}")
    return " ".join(found)


def fingerprint() -> str:
    """Changes when this program may print otherwise: its templates, its pages' code, its version."""
    digest = hashlib.sha256()
    folders = (resources.templates(), Path(__file__).parent / "web")
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found = path.stat()
                digest.update(f"{path.relative_to(folder)}\0{found.st_mtime_ns}\0{found.st_size}\0".encode())
    return digest.hexdigest()[:16]


def surroundings(app: Flask, site: Site) -> tuple[str, str]:
    """Two digests: of what surrounds the site's pages but for the clock, and of its local blocks."""
    press: Press = app.extensions["broadtape"]
    with app.test_request_context("/", base_url=f"http://{site.hosts[0]}"):
        g.site = site
        around, blocks = press.surroundings(site, ""), press.blocks(site)
    still = replace(around, now=replace(around.now, iso="", text=""), weekday="")
    first, second = (hashlib.sha256(repr(one).encode()).hexdigest()[:16] for one in (still, blocks))
    return first, second


def ask(
    app: Flask, site: Site, address: str, *, largest: int = LARGEST
) -> tuple[int, list[tuple[str, str]], bytes | None]:
    """What the application answers: status, headers and body, None where that is larger than `largest`."""
    started: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:  # noqa: ARG001  WSGI's signature
        started[:] = [int(status[:3]), headers]
        return lambda _: None

    chunks = app.wsgi_app(_environ(site, address), start)
    body: bytes | None = b""
    try:
        for chunk in chunks:
            body = body + chunk if body is not None and len(body) + len(chunk) <= largest else None
            if body is None:
                break
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return started[0], started[1], body


class _Desk:
    """Asks the views of an application directly, one page after another, in one context.

    What surrounds a view (the host's site, one state of the catalogue, limits for visitors, WSGI) is known while pages
    are printed, and was a third of the time. A test compares both ways.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._adapters: dict[str, MapAdapter] = {}
        self._rules: dict[str, Rule] = {}
        self._context: RequestContext | None = None

    def asked(self, site: Site, address: str) -> tuple[int, list[tuple[str, str]], bytes] | None:
        """As `ask` for the usual page, which is there and is rendered whole; None where it takes more than its view."""
        app, environ = self._app, _environ(site, address)
        adapter = self._adapters.get(site.key)
        if adapter is None:
            adapter = self._adapters[site.key] = app.url_map.bind_to_environ(environ)
        assert self._context is not None
        request = app.request_class(environ)
        vars(g).clear()  # what the page before has left
        try:
            rule, given = self._routed(adapter, request.path, environ["QUERY_STRING"])
            request.url_rule, request.view_args, self._context.request = rule, dict(given), request
            g.site = site
            found = app.view_functions[rule.endpoint](**given)
        except Exception:  # noqa: BLE001  the other way says what it is
            return None
        response = app.process_response(app.make_response(found))  # type: ignore[arg-type]  # nobody's view is asynchronous
        if response.status_code != 200 or not response.is_sequence or response.direct_passthrough:
            return None
        body = response.get_data()
        return (200, response.headers.to_wsgi_list(), body) if len(body) <= LARGEST else None

    def _routed(self, adapter: MapAdapter, path: str, query: str) -> tuple[Rule, Mapping[str, Any]]:
        """The rule for a path with its values; of articles and their Markdown, half of all pages, it is found once."""
        article = urls.parse_article(path)
        if article is None or article[2] not in ("", "index.md"):
            return adapter.match(path, "GET", return_rule=True, query_args=query)
        day, slug, behind = article
        if behind not in self._rules:
            self._rules[behind], _ = adapter.match(path, "GET", return_rule=True)
        return self._rules[behind], {"year": day.year, "month": day.month, "day": day.day, "slug": slug}

    @contextmanager
    def open(self, site: Site) -> Iterator[None]:
        """While it lasts, pages of whatever site can be asked for."""
        with self._app.request_context(_environ(site, "/")) as self._context:
            yield
        self._context = None


def _environ(site: Site, address: str) -> WSGIEnvironment:
    path, _, query = address.partition("?")
    return {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": unquote(path, "latin-1"), "QUERY_STRING": query,
        "SERVER_NAME": site.hosts[0], "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": site.hosts[0], "REMOTE_ADDR": "127.0.0.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.multithread": False,
        "wsgi.multiprocess": True, "wsgi.run_once": False,
    }  # fmt: skip


def _may_keep(headers: Iterable[tuple[str, str]]) -> bool:
    lower = {name.lower(): value.lower() for name, value in headers}
    return "set-cookie" not in lower and "no-store" not in lower.get("cache-control", "")


def printed(status: int, headers: Iterable[tuple[str, str]], body: bytes | None, now: datetime) -> Printed:
    """The answer as it is kept: the clock left to the browser, compressed where that pays; of a large file
    (`body` None, or a photograph) only what tells whether it changed."""
    lower = {name.lower(): value for name, value in headers}
    media = lower.get("content-type", "")
    kept = [(name, value) for name, value in headers if name.lower() not in _DROPPED]
    modified = now.astimezone(UTC).replace(microsecond=0)
    worth = packable(media, lower.get("cache-control", ""))
    if body is None or (not worth and len(body) > FILES_FROM):
        known = "\n".join(lower.get(name, "") for name in ("etag", "last-modified", "content-length"))
        tag = hashlib.sha256((known if body is None else "").encode() + (body or b"")).hexdigest()[:24]
        return Printed(status, tuple(kept), tag, modified, None, None, None, len(body or b""))
    if media.startswith("text/html"):
        body = _stopped(body.decode()).encode()
    worth = worth and len(body) >= SMALLEST_PACKED
    if worth:
        kept.append(("Vary", "Accept-Encoding"))
    return Printed(
        status=status,
        headers=tuple(kept),
        tag=hashlib.sha256(f"{status} {lower.get('location', '')}\n".encode() + body).hexdigest()[:24],
        modified=modified,
        gzip=isal_zlib.compress(body, GZIP, GZIP_FORM) if worth else None,
        br=None,
        plain=None if worth else body,
        size=len(body),
    )


def _stopped(text: str) -> str:
    """The page with its clock as it is kept: empty and hidden until the browser sets it."""
    found = find_clock(text)
    if found is None:
        return text
    clock = re.sub(r' datetime="[^"]*"', ' datetime="1970-01-01T00:00Z" hidden', found[0], count=1)
    clock = re.sub(r"(<time[^>]*>)[^<]*", r"\1", clock)
    clock = re.sub(r'(<span class="weekday">)[^<]*', r"\1", clock)
    return text[: found.start()] + clock + text[found.end() :]


def links(site: Site, headers: Iterable[tuple[str, str]], body: bytes) -> Iterator[str]:
    """The addresses of this site that a page leads to and that are printed."""
    media = next((value for name, value in headers if name.lower() == "content-type"), "")
    found: list[str] = []
    if media.startswith("text/html"):
        text = body.decode("utf-8", "replace")
        found = _LINK.findall(text)
        for many in _SRCSET.findall(text):
            found += [part.split()[0] for part in many.split(",") if part.split()]
        found += _own(site.url).findall(text)
    elif media.startswith("text/css"):
        found = _IN_STYLE.findall(body.decode("utf-8", "replace"))
    elif "xml" in media or "json" in media:
        found = _own(site.url).findall(body.decode("utf-8", "replace"))
    yield from dict.fromkeys(address for one in dict.fromkeys(found) if (address := _meant(one)) is not None)


@lru_cache(maxsize=20_000)  # most of a page's links stand in thousands
def _meant(link: str) -> str | None:
    return printable(html.unescape(link))


@lru_cache(maxsize=256)
def _own(url: str) -> re.Pattern[str]:
    return re.compile(re.escape(url) + r"(/[^\"'<>\s#]*)")


def printable(link: str) -> str | None:
    """A link as the address of a page that is printed; None for what is not."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or len(link) > 500:
        return None
    path = quote(unquote(parts.path), safe=SAFE)
    if path.startswith(UNPRINTED) or any(part in (".", "..") for part in path.split("/")):
        return None
    query = parts.query if _PAGE.fullmatch(parts.query) else ""
    # The earlier sessions of an instrument are many pages that few turn to: they are rendered when asked for.
    if parts.query and (not query or path.startswith("/quotes/")):
        return None
    return f"{path}?{query}" if query else path
