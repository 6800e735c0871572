"""The local sites: a Flask application that renders what was published, for the site its Host names.

Fetches nothing, computes nothing, writes nothing. Articles come from the catalogue, words from templates/.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request
from werkzeug.http import parse_date
from werkzeug.routing import BaseConverter

from broadtape.archive.catalogue import Catalogue
from broadtape.archive.tape import Tape
from broadtape.heartbeat import silent_proxy_path
from broadtape.search import open_index
from broadtape.web import (
    api,
    articles,
    errors,
    front,
    limits,
    machines,
    markets,
    searching,
    standing,
    widgets,
)
from broadtape.web.press import Press, press

if TYPE_CHECKING:
    from collections.abc import Callable

    from broadtape.config import Instance, Site
    from broadtape.search import SearchIndex

__all__ = ["create_app"]

MAX_REQUEST = 64 * 1024  # readers send no bodies worth more
ANY_HOST = ("/healthz", "/metrics")  # asked by address, not by name
NOBODY = "'none'"
NOTHING = "default-src 'none'; frame-ancestors 'none'"  # the policy of what is no page
BARE = frozenset(
    ["text/css", "text/javascript", "application/javascript", "font/woff2"]
)  # never shown as a page
STATIC = (
    "machines.static",
    "machines.palette",
    "machines.favicon",
    "machines.borrowed",
)  # what the page about it needs


class SymbolConverter(BaseConverter):
    """An instrument in an address: `NYSE:KO`, and a class of shares written with a stroke, `NYSE:BRK/B`."""

    part_isolating = False
    regex = r"[^/]+(?:/[A-Za-z0-9]{1,4})?"


def _now() -> datetime:
    return datetime.now(UTC)


def create_app(
    instance: Instance,
    *,
    catalogue: Catalogue | None = None,
    search: SearchIndex | None = None,
    clock: Callable[[], datetime] = _now,
) -> Flask:
    """The application of an instance's sites.

    `catalogue` and `search` default to the instance's own, opened read-only; `clock` gives an aware `now`.
    """
    app = Flask("broadtape.web", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.url_map.strict_slashes = True
    app.url_map.converters["symbol"] = SymbolConverter
    app.extensions["broadtape"] = Press(
        instance=instance,
        catalogue=catalogue if catalogue is not None else Catalogue(instance.catalogue, now=clock),
        search=search if search is not None else open_index(instance.index),
        clock=clock,
        tape=Tape(instance.tape),
    )
    app.before_request(_forget_impossible_dates)
    app.before_request(_one_state)
    app.teardown_request(_let_go)
    app.before_request(_find_site)
    app.after_request(_secure)
    for module in (front, articles, markets, standing, searching, machines, api, widgets):
        app.register_blueprint(module.blueprint)
    errors.register(app)
    app.before_request(_wait_for_catalogue)
    limits.register(
        app,
        instance.limits,
        clock=lambda: clock().timestamp(),
        silent_proxy=silent_proxy_path(instance),
    )
    return app


def _forget_impossible_dates() -> None:
    """A condition with a date no calendar has (a year of eleven digits) is none; Werkzeug would fail on it."""
    for name in ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE"):
        try:
            parse_date(request.environ.get(name))
        except OverflowError:
            del request.environ[name]


def _one_state() -> None:
    """A page is of one state of the catalogue, and asks once which that is."""
    g.snapshot = press().catalogue.snapshot()
    g.snapshot.__enter__()


def _let_go(_: BaseException | None = None) -> None:
    snapshot = g.pop("snapshot", None)
    if snapshot is not None:
        snapshot.__exit__(None, None, None)


def _find_site() -> None:
    """The Host names the site; an unknown one gets 421 and nothing of any site."""
    instance = press().instance
    site = instance.site_for_host(request.host)
    if site is None and request.path in ANY_HOST:
        site = instance.sites.get(instance.default_site)
    if site is None:
        abort(421)
    g.site = site


def _wait_for_catalogue() -> None:
    """Until the keeper has published, or published anew, nothing is known: neither that a story is not there."""
    if press().catalogue.generation == 0 and request.path not in ANY_HOST and request.endpoint not in STATIC:
        abort(503)


def policy(site: Site, *, frames_own: bool = False) -> str:
    """The Content-Security-Policy of a site's pages: everything from here, nothing inline.

    Hosts of `csp_allow` may give pictures and frames; a hotel search form may be sent where it says. `frames_own`
    is for the page that shows what other sites may frame.
    """
    allowed = " ".join(f"https://{host}" for host in site.csp_allow if _is_host(host))
    frames = [*(["'self'"] if frames_own else []), *([allowed] if allowed else [])]
    forms = {
        f"{parts.scheme}://{parts.netloc}"
        for settings in site.block.values()
        if isinstance(action := settings.get("action"), str)
        and (parts := urlsplit(action)).scheme in ("http", "https")
        and _is_host(parts.netloc)
    }
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' {allowed}".strip(),
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            f"frame-src {' '.join(frames) or NOBODY}",
            f"form-action {' '.join((chr(39) + 'self' + chr(39), *sorted(forms)))}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _is_host(host: str) -> bool:
    return bool(host) and all(c.isalnum() or c in ".-:*" for c in host)


def _secure(response: Response) -> Response:
    site: Site | None = g.get("site")
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    if site is not None and site.url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if response.mimetype in BARE and response.status_code == 200:
        # A font or a script is no document: what follows rules documents, and is half a kilobyte on each file.
        headers.setdefault("Content-Security-Policy", NOTHING)
        return response
    if "Content-Security-Policy" not in headers:
        headers["Content-Security-Policy"] = _policy(site) if site else NOTHING
    headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    if not g.get("framed"):
        headers["X-Frame-Options"] = "DENY"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = (
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
    )
    return response


def _policy(site: Site) -> str:
    """The site's policy, put together once; the page that frames our own has one more source."""
    if g.get("frames_own"):
        return policy(site, frames_own=True)
    known = press().policies
    if site.key not in known:
        known[site.key] = policy(site)
    return known[site.key]
