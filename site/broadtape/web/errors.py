"""What a reader sees when there is no page to show, and how a failure becomes an HTTP answer.

Owns the only place where exceptions turn into answers; no answer ever carries a stack trace.
"""

from __future__ import annotations

import html
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from flask import Response, g, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from broadtape.web import api, words
from broadtape.web.contexts import ErrorPage, Link
from broadtape.web.press import answer, head, here, press, render

if TYPE_CHECKING:
    from flask import Flask
    from structlog.typing import FilteringBoundLogger
    from werkzeug.sansio.response import Response as AnyResponse


TEXTS = {
    404: (
        "Page not found",
        "There is no page at this address. It may have moved, or be incomplete.",
    ),
    405: ("This cannot be done here", "The page exists, but it only answers requests to read it."),
    410: ("This story was withdrawn", "It was published here and has since been taken back."),
    429: (
        "A little slower, please",
        "Searches from your network address came faster than this site answers them. Nothing is lost.",
    ),
    503: (
        "Back in a moment",
        "The pages of this site are being made anew. Please try again in a few seconds.",
    ),
    500: ("Something went wrong", "The fault is ours. It has been recorded; please try again in a moment."),
}
RETRY_S = "5"
WAYS_ON = (Link("Front page", "/"), Link("Search", "/search"), Link("Archive", "/archive/"))


def register(app: Flask) -> None:
    """Answer every failure of the application with one of our pages."""
    app.before_request(on_redirect)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(Exception, on_failure)


def on_http(error: HTTPException) -> AnyResponse:
    """A page for what HTTP has a code for; former addresses lead on, withdrawn ones say so."""
    if error.response is not None:
        return error.response
    code = error.code or 500
    if code == 429:
        return slower()
    if code == 421:
        return misdirected()
    if api.is_api(request.path) and code < 500:
        told = api.problem(code, error.name, api.detail_of(error))
        for name, value in error.get_headers():
            if name.lower() in ("allow", "retry-after"):
                told.headers[name] = value
        return told
    if code == 404:
        found = former()
        if found is not None:
            return found
    if code == 503:
        if api.is_api(request.path):
            waiting = api.problem(code, *TEXTS[code])
            waiting.headers["Retry-After"] = RETRY_S
            return waiting
        waiting = error_page(code, *TEXTS[code])
        waiting.headers["Retry-After"] = RETRY_S
        return waiting
    if code >= 500:
        return on_failure(error)
    title, text = TEXTS.get(code, (error.name, "The request could not be understood."))
    response = error_page(code, title, text)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "content-range"):
            response.headers[name] = value
    return response


def slower() -> AnyResponse:
    """What to do for whom asks too often: wait a moment, which the answer names."""
    wait = int(g.get("retry_after", 0)) or 30
    words_of_it = f"Please try again in {wait} {'second' if wait == 1 else 'seconds'}."
    title, text = TEXTS[429]
    if api.is_api(request.path):
        told = api.problem(429, "Too Many Requests", f"Too many requests from one address. {words_of_it}")
    else:
        told = error_page(429, title, text, note=words_of_it)
        told.headers["Cache-Control"] = "no-store"
    told.headers["Retry-After"] = str(wait)
    return told


def on_redirect() -> AnyResponse | None:
    """The router's own redirect, to the address with a slash, without the scheme and host that it repeats.

    Those are the visitor's word (a port, a scheme behind a proxy), and answers are kept for other visitors.
    """
    wanted = request.routing_exception
    if not isinstance(wanted, RequestRedirect):
        return None
    parts = urlsplit(wanted.new_url)
    address = urlunsplit(("", "", "/" + parts.path.lstrip("/"), parts.query, ""))
    return redirect(address, wanted.code)


def on_failure(error: Exception) -> AnyResponse:
    """A page that blames nobody but us, and a line in the log that can be found from it."""
    reference = secrets.token_hex(4)
    _log().error("page failed", path=request.path, reference=reference, exc_info=error)
    title, text = TEXTS[500]
    if api.is_api(request.path):
        return api.problem(500, title, text, reference=reference)
    try:
        return error_page(500, title, text, reference=reference)
    except Exception:  # noqa: BLE001  logged below, and answered without the page
        _log().exception("error page failed", reference=reference)
        return bare(500, title, f"{text} Reference: {reference}.")


def former() -> AnyResponse | None:
    """The answer where an article used to be: 301 to where it is, 410 where it was withdrawn."""
    this, site = press(), here()
    path = request.path
    address = path if path.endswith("/") else path + "/"
    for candidate in dict.fromkeys((path, address)):
        moved = this.catalogue.moved(site.key, candidate)
        if moved is not None and moved != path:
            return redirect(moved, 301)
    gone = this.catalogue.gone(site.key, address)
    if gone is not None:
        title, text = TEXTS[410]
        day = words.on_day(gone.date, site.time_zone).text
        note = f"“{gone.title}” was withdrawn on {day}." + (f" {gone.note}" if gone.note else "")
        return error_page(410, title, text, note=note)
    if not path.endswith("/") and this.catalogue.entry(site.key, address) is not None:
        return redirect(address, 301)
    return None


def error_page(code: int, title: str, text: str, *, note: str = "", reference: str = "") -> Response:
    """One of our pages with the code; 5xx pages read nothing that may just have failed."""
    context = ErrorPage(code, title, text, note, reference, WAYS_ON)
    body = render("pages/error.html", context, head(title, canonical="", index=False), plain=code >= 500)
    response = answer(body, "text/html", status=code)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def misdirected() -> Response:
    """No site answers for this host: nothing of any site is shown."""
    return bare(421, "Misdirected request", "No site of this server answers to this name. Check the address.")


def bare(code: int, title: str, text: str) -> Response:
    """A page without chrome."""
    body = (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="robots" content="noindex">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></html>\n"
    )
    response = Response(body, status=code, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _log() -> FilteringBoundLogger:
    import structlog  # noqa: PLC0415  takes an eighth of a reader's start, and most never fail

    found: FilteringBoundLogger = structlog.get_logger(__name__)
    return found
