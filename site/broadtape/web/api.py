"""The JSON API: articles, facts, quotes, histories, search and symbols, as other programs read them.

Owns the addresses under /api/v1/ and their documents, which web/openapi.py describes; says nothing that a page
of the same site would not say, and asks the same licence rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import HTTPException

from broadtape import __version__, numbers, urls
from broadtape.search import language
from broadtape.web import articles, cards, markets, openapi, searching, words
from broadtape.web.press import absolute, answer, here, press

if TYPE_CHECKING:
    from broadtape.archive.published import PublishedFact
    from broadtape.archive.records import Entry, InstrumentView, QuoteRow
    from broadtape.archive.tape import Indicator, Listing
    from broadtape.web.lookup import Match

P = ParamSpec("P")

blueprint = Blueprint("api", __name__)

LIMIT, MOST = 20, 100  # items of a page
QUOTES = 60  # symbols of one request
SESSIONS = 1000  # of a page of a history
SYMBOLS = 10
PAGES = 10_000
MAX_AGE = 60
ULID = "^[0-9A-Za-z_.-]{1,64}$"


class BadRequest(HTTPException):
    """A parameter that cannot be read; the answer says which and what it takes."""

    code = 400


def document(make: Callable[P, dict[str, Any]]) -> Callable[P, Response]:
    """The handler's document as an answer with validators, readable by pages of other sites."""

    @wraps(make)
    def answered(*args: P.args, **kwargs: P.kwargs) -> Response:
        made = make(*args, **kwargs)
        response = answer(
            json.dumps(made, ensure_ascii=False, separators=(",", ":"), default=_plain),
            "application/json",
            max_age=MAX_AGE,
        )
        links = made.get("links", {})
        given = [f'<{links[name]}>; rel="{name}"' for name in ("next", "prev") if links.get(name)]
        if given:
            response.headers["Link"] = ", ".join(given)
        return response

    return answered


# --- what there is ----------------------------------------------------------------------------------------


@blueprint.get(urls.API)
@document
def index() -> dict[str, Any]:
    """Where everything is."""
    site = here()
    names = ("articles", "quotes", "search", "symbols", "markets", "openapi.json")
    return {
        "site": site.name,
        "version": __version__,
        "private": press().instance.audience == "private",
        "links": {name.partition(".")[0]: absolute(f"{urls.API}{name}") for name in names},
    }


@blueprint.get(f"{urls.API}openapi.json")
def description() -> Response:
    """The API in the form of OpenAPI 3.1."""
    body = json.dumps(openapi.document(here().name, here().url), ensure_ascii=False, indent=1)
    return answer(body + "\n", "application/json", max_age=3600)


# --- articles ---------------------------------------------------------------------------------------------


@blueprint.get(f"{urls.API}articles")
@document
def article_list() -> dict[str, Any]:
    """Articles, newest first, of a topic, an author or a symbol."""
    this, site = press(), here()
    given = request.args
    tags = {
        "topic": _text("topic", given.get("topic", "")),
        "author": _text("author", given.get("author", "")),
        "symbol": _text("symbol", given.get("symbol", "")),
    }
    size = _number("limit", given.get("limit", ""), LIMIT, MOST)
    number = _number("page", given.get("page", ""), 1, PAGES)
    total = this.catalogue.count(site.key, **tags)
    entries = this.catalogue.latest(site.key, limit=size, offset=(number - 1) * size, **tags)
    return {
        "articles": [_summary(entry) for entry in entries],
        **_paged("articles", {**tags, "limit": str(size) if size != LIMIT else ""}, number, total, size),
    }


@blueprint.get(f"{urls.API}articles/<article_id>")
@document
def article(article_id: str) -> dict[str, Any]:
    """One article with its text."""
    entry = _entry(article_id)
    it = entry.article
    return {
        **_summary(entry),
        "html": entry.feed_html,
        "text": entry.text,
        "corrections": [{"date": one.date.isoformat(), "text": one.text} for one in it.corrections],
        "source": {"name": it.source.name, "url": it.source.url} if it.source else None,
        "later": {"text": entry.later, "url": absolute(entry.later_address)} if entry.later else None,
    }


@blueprint.get(f"{urls.API}articles/<article_id>/facts")
@document
def facts(article_id: str) -> dict[str, Any]:
    """The facts of an article with values, evidence and status, as far as they may be given out."""
    return articles.facts_document(_entry(article_id))


def _entry(article_id: str) -> Entry:
    found = press().catalogue.entry_by_id(here().key, article_id) if re.fullmatch(ULID, article_id) else None
    if found is None:
        abort(404)
    return found


def _summary(entry: Entry) -> dict[str, Any]:
    it = entry.article
    picture = cards.picture(press().instance, entry)
    return {
        "id": it.id,
        "url": absolute(entry.address),
        "title": it.title,
        "summary": cards.summary(entry),
        "published": it.date.isoformat(),
        "updated": it.updated.isoformat() if it.updated else None,
        "written": it.written.isoformat() if it.written else None,
        "as_of": it.as_of.isoformat() if it.as_of else None,
        "authors": list(it.authors),
        "topics": list(it.topics),
        "symbols": [symbol for symbol in it.symbols if not symbol.startswith("UNLISTED:")],
        "origin": it.origin,
        "words": entry.words,
        "figures": {"total": sum(entry.proof.values()), "verified": entry.proof.get("verified", 0)},
        "image": {"url": absolute(picture.src), "alt": picture.alt} if picture else None,
        "proof": absolute(urls.proof(entry.address)),
        "facts": absolute(f"{urls.API}articles/{it.id}/facts"),
    }


# --- quotes -----------------------------------------------------------------------------------------------


@blueprint.get(f"{urls.API}quotes")
@document
def quote_list() -> dict[str, Any]:
    """Last closes of the symbols asked for, else of the site's watch list, in that order."""
    given = _text("symbols", request.args.get("symbols", ""), QUOTES * 41)
    asked = [symbol.strip().upper() for symbol in given.split(",") if symbol.strip()]
    if len(asked) > QUOTES:
        raise BadRequest(f"symbols: {len(asked)} symbols; at most {QUOTES} in one request")
    found, missing = [], []
    for symbol in dict.fromkeys(asked or here().watch_list):
        view = None if symbol.startswith("UNLISTED:") else press().known(symbol)
        if view is None or view.quote is None or not cards.shown(view.quote, press().instance):
            missing.append(symbol)
        else:
            found.append(_quote(view, view.quote))
    return {"quotes": found, "missing": missing}


@blueprint.get(f"{urls.API}quotes/<symbol:symbol>")
@document
def quote(symbol: str) -> dict[str, Any]:
    """One instrument: its last close and what is said of it."""
    view = _instrument(symbol)
    instrument = view.instrument
    row = view.quote if view.quote is not None and cards.shown(view.quote, press().instance) else None
    may = markets.may_show(view)
    told = press().tape.told(instrument.symbol)
    return {
        "symbol": instrument.symbol,
        "name": instrument.name,
        "kind": instrument.kind,
        "sector": instrument.sector,
        "industry": instrument.industry,
        "quote": _quote(view, row) if row else None,
        "basis": view.basis,
        "adjustment": view.adjustment,
        "first": view.first.isoformat() if view.first and may else None,
        "last": view.last.isoformat() if view.last and may else None,
        "sayings": [
            {"text": one.text, "fact": one.address, "as_of": one.as_of.isoformat()} for one in told.sayings
        ]
        if may
        else [],
        "headlines": [
            {
                "title": one.title,
                "url": one.link,
                "publisher": one.publisher,
                "published": one.at.isoformat(),
                "said": {"speaker": one.speaker, "words": one.words} if one.words else None,
            }
            for one in told.headlines
        ],
        "filings": [
            {"form": one.form, "url": one.link, "accepted": one.at.isoformat(), "source": one.source}
            for one in told.filings
        ],
        "links": {
            "page": absolute(urls.quote_page(instrument.symbol)),
            "history": absolute(f"{urls.API}quotes/{instrument.symbol}/history"),
        },
    }


@blueprint.get(f"{urls.API}quotes/<symbol:symbol>/history")
@document
def history(symbol: str) -> dict[str, Any]:
    """Sessions from the newest back, between two days."""
    view = _instrument(symbol)
    sessions, series = markets.prices(view)
    given = request.args
    first, last = _day("from", given.get("from", "")), _day("to", given.get("to", ""))
    size = _number("limit", given.get("limit", ""), LIMIT, SESSIONS)
    number = _number("page", given.get("page", ""), 1, PAGES)
    if series is None:
        abort(404)
    end = len(series.days) - 1 if last is None else -1 if (at := series.before(last)) is None else at
    start = 0 if first is None else (at + 1 if (at := series.before(_eve(first))) is not None else 0)
    total = max(0, end - start + 1)
    offset = len(series.days) - 1 - end + (number - 1) * size
    count = max(0, min(size, total - (number - 1) * size))
    rows = list(markets.newest(view, sessions, count, offset)) if count else []
    asked = {
        "from": first.isoformat() if first else "",
        "to": last.isoformat() if last else "",
        "limit": str(size) if size != LIMIT else "",
    }
    return {
        "symbol": view.instrument.symbol,
        "basis": view.basis,
        "unit": series.unit,
        "adjustment": view.adjustment,
        "source": view.attribution or view.source,
        "sessions": [
            {
                "date": row.day.isoformat(),
                "open": row.open if series.price else None,
                "high": row.high if series.price else None,
                "low": row.low if series.price else None,
                "close": row.close if series.price else None,
                "volume": row.volume,
                "change_percent": None if row.percent is None else numbers.rounded(row.percent, 4),
            }
            for row in rows
        ],
        **_paged(f"quotes/{view.instrument.symbol}/history", asked, number, total, size),
    }


def _instrument(symbol: str) -> InstrumentView:
    return markets.the_instrument(symbol)


def _quote(view: InstrumentView, row: QuoteRow) -> dict[str, Any]:
    return {
        "symbol": row.symbol,
        "name": row.name,
        "price": row.price,
        "change": row.change,
        "change_percent": numbers.rounded(row.percent, 2),
        "unit": row.unit,
        "as_of": row.as_of.isoformat(),
        "delay_minutes": row.delay_minutes,
        "source": view.attribution or row.source,
        "url": absolute(urls.quote_page(row.symbol)),
        "ticker": view.instrument.ticker,
        "printed": {
            "price": numbers.plain(row.price, cards.places(row.price)),
            "change": (
                said := words.change(row.change, row.percent, decimals=cards.places(row.price))
            ).amount,
            "change_percent": said.percent,
            "direction": said.direction,
            "as_of": numbers.day(row.as_of),
        },
    }


# --- search, symbols, markets -----------------------------------------------------------------------------


@blueprint.get(f"{urls.API}search")
@document
def search() -> dict[str, Any]:
    """What a search finds, with what would narrow it."""
    given = request.args
    number = _number("page", given.get("page", ""), 1, searching.PAGES)
    what = searching.asked()
    if not what.anything:
        raise BadRequest("q: nothing is asked; give q, or one of topic, symbol, author, year")
    stated = {name: getattr(what, name) for name in searching.LABELS}
    sort = what.sort if what.sort != "relevance" else ""
    parsed = language.parse(what.text)
    if parsed.facts is not None:
        facts = searching.find_facts(what, parsed.facts)
        return {
            "query": what.text,
            "results": [],
            "facts": [_published(one) for one in facts.facts],
            "facets": {},
            "suggestion": "",
            "notes": list(parsed.notes),
            **_paged("search", {"q": what.text, **stated}, number, facts.total, searching.FACTS),
        }
    found = searching.find(what)
    return {
        "query": what.text,
        "results": [
            {
                "url": absolute(hit.url),
                "title": hit.title,
                "published": hit.date.isoformat(),
                "summary": hit.summary,
                "topics": list(hit.topics),
                "symbols": [symbol for symbol in hit.symbols if not symbol.startswith("UNLISTED:")],
                "authors": list(hit.authors),
            }
            for hit in found.hits
        ],
        "facts": [],
        "facets": {
            name: [{"value": one.value, "count": one.count} for one in counts]
            for name, counts in found.facets.items()
        },
        "suggestion": found.suggestion,
        "notes": list(found.notes),
        **_paged("search", {"q": what.text, **stated, "sort": sort}, number, found.total, searching.HITS),
    }


@blueprint.get(f"{urls.API}symbols")
@document
def symbols() -> dict[str, Any]:
    """Instruments of which a symbol, a name or a former name begins with the text."""
    given = request.args
    text = _text("q", given.get("q", ""))
    size = _number("limit", given.get("limit", ""), SYMBOLS, MOST // 2)
    found = press().lookup().find(text, size) if text else []
    return {"query": text, "symbols": [_match(one) for one in found]}


@blueprint.get(f"{urls.API}markets")
@document
def market_board() -> dict[str, Any]:
    """Rates, commodities and prints as last known, what moved most and what comes next."""
    board = press().tape.board()
    if board is None:
        return {"as_of": None, "indicators": [], "gainers": [], "losers": [], "calendar": []}
    return {
        "as_of": board.as_of.isoformat(),
        "indicators": [_indicator(one) for one in board.indicators],
        **{
            name: [
                {
                    "symbol": one.symbol,
                    "name": one.name,
                    "change_percent": numbers.rounded(one.percent, 2),
                    "basis": one.basis,
                }
                for one in moved
            ]
            for name, moved in (("gainers", board.gainers), ("losers", board.losers))
        },
        "calendar": [
            {
                "date": one.day.isoformat(),
                "at": one.at.isoformat(),
                "kind": one.kind,
                "title": one.title,
                "url": one.url,
            }
            for one in board.coming
        ],
    }


def _match(found: Match) -> dict[str, Any]:
    one: Listing = found.listing
    return {
        "symbol": one.symbol,
        "ticker": one.ticker,
        "name": one.name,
        "kind": one.kind,
        "former": found.former,
        "url": urls.quote_page(one.symbol),
    }


def _indicator(one: Indicator) -> dict[str, Any]:
    return {
        "series": one.series,
        "title": one.title,
        "kind": one.kind,
        "unit": one.unit,
        "value": one.value,
        "upper": one.upper,
        "change": one.change,
        "period": one.period.isoformat(),
        "frequency": one.frequency,
        "known_at": one.known_at.isoformat(),
        "source": one.source,
    }


# --- reading parameters, and pages ------------------------------------------------------------------------


def _text(name: str, given: str, longest: int = 200) -> str:
    if len(given) > longest:
        raise BadRequest(f"{name}: {len(given)} characters; at most {longest}")
    return " ".join("".join(c if c.isprintable() else " " for c in given).split())


def _number(name: str, given: str, usual: int, most: int) -> int:
    if not given:
        return usual
    if not re.fullmatch(r"[0-9]{1,6}", given) or not 1 <= int(given) <= most:
        raise BadRequest(f"{name}: {given[:40]!r} is no whole number from 1 to {most}")
    return int(given)


def _day(name: str, given: str) -> date | None:
    if not given:
        return None
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
            _refuse(name, given)
        return date.fromisoformat(given)
    except ValueError:
        _refuse(name, given)


def _refuse(name: str, given: str) -> NoReturn:
    raise BadRequest(f"{name}: {given[:40]!r} is no day such as 2026-01-12")


def _eve(day: date) -> date:
    return date.fromordinal(max(1, day.toordinal() - 1))


def _published(one: PublishedFact) -> dict[str, Any]:
    """A published fact as the command line prints it, with absolute addresses and its instruments that are listed."""
    shown: dict[str, Any] = one.to_json()
    shown["symbols"] = [symbol for symbol in one.symbols if not symbol.startswith("UNLISTED:")]
    shown["article"] = {**shown["article"], "url": absolute(one.address)}
    shown["proof"] = absolute(one.proof)
    return shown


def _paged(path: str, asked: dict[str, str], number: int, total: int, size: int) -> dict[str, Any]:
    """Where one is, and the addresses beside it."""
    pages = max(1, -(-total // size))

    def at(page: int) -> str:
        stated = {**asked, "page": str(page) if page > 1 else ""}
        query = urlencode({name: value for name, value in stated.items() if value})
        return absolute(f"{urls.API}{path}") + (f"?{query}" if query else "")

    return {
        "total": total,
        "page": number,
        "pages": pages,
        "links": {
            "self": at(number),
            "next": at(number + 1) if number < pages else None,
            "prev": at(number - 1) if 1 < number <= pages + 1 else None,
        },
    }


def _plain(value: object) -> object:
    """Decimals as JSON numbers with their own digits."""
    if isinstance(value, Decimal):
        return float(value) if value % 1 else int(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


# --- errors -----------------------------------------------------------------------------------------------


def is_api(path: str) -> bool:
    """Whether an address is the API's: its failures are told in its own form."""
    return path.startswith(urls.API)


def problem(code: int, title: str, detail: str, *, reference: str = "") -> Response:
    """A failure in the form of RFC 9457."""
    told: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": code,
        "detail": detail,
        "instance": request.path,
    }
    if reference:
        told["reference"] = reference
    response = Response(
        json.dumps(told, ensure_ascii=False) + "\n", status=code, content_type="application/problem+json"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.after_app_request
def _open(response: Response) -> Response:
    """Pages of other sites may read what is public; nothing else of an answer is for them."""
    if is_api(request.path):
        if press().instance.audience == "public":
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Expose-Headers"] = "ETag, Link, Last-Modified"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
                response.headers["Access-Control-Allow-Headers"] = "If-None-Match, If-Modified-Since"
                response.headers["Access-Control-Max-Age"] = "86400"
        response.headers["X-Robots-Tag"] = "noindex"
    return response


def detail_of(error: HTTPException) -> str:
    """What went wrong in one sentence."""
    if isinstance(error, BadRequest):
        return str(error.description)
    if error.code == 404:
        return "There is nothing at this address, or nothing that may be shown."
    return str(error.description or error.name)
