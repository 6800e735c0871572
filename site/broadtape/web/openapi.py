"""The description of the JSON API in the form of OpenAPI 3.1.

Owns no address and no document: it says what web/api.py answers, and the tests hold both against each other.
"""

from __future__ import annotations

from typing import Any

from broadtape import __version__

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
ADDRESS: Schema = {"type": "string", "format": "uri"}
DAY: Schema = {"type": "string", "format": "date"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
SYMBOL: Schema = {"type": "string", "pattern": "^[A-Z][A-Z0-9]*:.+$", "examples": ["NASDAQ:AAPL"]}


def maybe(schema: Schema) -> Schema:
    """The schema, or null."""
    if "$ref" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def listed(schema: Schema, most: int | None = None) -> Schema:
    """An array of them."""
    return {"type": "array", "items": schema, **({"maxItems": most} if most else {})}


def of(name: str) -> Schema:
    """A schema of the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(about: str, properties: dict[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    """An object with exactly these members."""
    return {
        "type": "object",
        "description": about,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


PAGED: dict[str, Schema] = {
    "total": COUNT,
    "page": {"type": "integer", "minimum": 1},
    "pages": {"type": "integer", "minimum": 1},
    "links": of("Links"),
}
SUMMARY: dict[str, Schema] = {
    "id": TEXT,
    "url": ADDRESS,
    "title": TEXT,
    "summary": TEXT,
    "published": INSTANT,
    "updated": maybe(INSTANT),
    "written": maybe(INSTANT),
    "as_of": maybe(DAY),
    "authors": listed(TEXT),
    "topics": listed(TEXT),
    "symbols": listed(TEXT),
    "origin": {"type": "string", "enum": ["desk", "editor", "import"]},
    "words": COUNT,
    "figures": record("How many claims it makes, and how many were verified.", {"total": COUNT, "verified": COUNT}),
    "image": {"oneOf": [record("Its picture.", {"url": ADDRESS, "alt": TEXT}), {"type": "null"}]},
    "proof": ADDRESS,
    "facts": ADDRESS,
}  # fmt: skip
MOVED: Schema = record(
    "An instrument and its change in the newest session.",
    {"symbol": TEXT, "name": TEXT, "change_percent": NUMBER, "basis": {"type": "string", "enum": ["price", "total"]}},
)  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "Problem": record(
        "What went wrong (RFC 9457).",
        {
            "type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT, "instance": TEXT,
            "reference": TEXT,
        },
        ("reference",),
    ),
    "Links": record(
        "This page of a list and those beside it.",
        {"self": ADDRESS, "next": maybe(ADDRESS), "prev": maybe(ADDRESS)},
    ),
    "Index": record(
        "The site and where its parts are.",
        {
            "site": TEXT, "version": TEXT, "private": {"type": "boolean"},
            "links": {"type": "object", "additionalProperties": ADDRESS},
        },
    ),
    "ArticleSummary": record("An article as lists show it.", SUMMARY),
    "Article": record(
        "An article with its text. `html` has absolute addresses and no markup of claims.",
        {
            **SUMMARY,
            "html": TEXT,
            "text": TEXT,
            "corrections": listed(record("A correction.", {"date": INSTANT, "text": TEXT})),
            "source": {"oneOf": [record("Who published it first.", {"name": TEXT, "url": TEXT}), {"type": "null"}]},
            "later": {"oneOf": [record("What became of it.", {"text": TEXT, "url": ADDRESS}), {"type": "null"}]},
        },
    ),
    "Articles": record("A page of articles, newest first.", {"articles": listed(of("ArticleSummary"), 100), **PAGED}),
    "Facts": record(
        "The facts of an article by id: metric, parameters, value, parts, evidence, status. One that may not be given "
        "out says `withheld`.",
        {
            "version": {"type": "integer"},
            "as_of": maybe(DAY),
            "article": ADDRESS,
            "facts": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "required": ["status", "status_words", "printed", "title", "wording", "long_form", "as_of_words"],
                },
            },
        },
    ),
    "Quote": record(
        "The last close of an instrument; `change` counts from the close before. `printed` is how our pages say it.",
        {
            "symbol": SYMBOL, "name": TEXT, "price": NUMBER, "change": NUMBER, "change_percent": NUMBER,
            "unit": TEXT, "as_of": DAY, "delay_minutes": COUNT, "source": TEXT, "url": ADDRESS, "ticker": TEXT,
            "printed": record(
                "The same in words.",
                {
                    "price": TEXT, "change": TEXT, "change_percent": TEXT,
                    "direction": {"type": "string", "enum": ["up", "down", "flat"]}, "as_of": TEXT,
                },
            ),
        },
    ),
    "Quotes": record(
        "Last closes in the order asked for; `missing` has none that may be shown.",
        {"quotes": listed(of("Quote"), 60), "missing": listed(TEXT)},
    ),
    "Instrument": record(
        "An instrument and what is said of it. On basis `total` the source gives returns with dividends and no price.",
        {
            "symbol": SYMBOL, "name": TEXT, "kind": TEXT, "sector": TEXT, "industry": TEXT,
            "quote": {"oneOf": [of("Quote"), {"type": "null"}]},
            "basis": {"type": "string", "enum": ["price", "total"]}, "adjustment": TEXT,
            "first": maybe(DAY), "last": maybe(DAY),
            "sayings": listed(record("A computed fact in words.", {"text": TEXT, "fact": TEXT, "as_of": DAY})),
            "headlines": listed(
                record(
                    "Someone else's story.",
                    {
                        "title": TEXT, "url": TEXT, "publisher": TEXT, "published": INSTANT,
                        "said": maybe(record("Who is quoted in it.", {"speaker": TEXT, "words": TEXT})),
                    },
                )
            ),
            "filings": listed(
                record("A filing.", {"form": TEXT, "url": TEXT, "accepted": INSTANT, "source": TEXT})
            ),
            "links": record("Its page and its history.", {"page": ADDRESS, "history": ADDRESS}),
        },
    ),
    "History": record(
        "Sessions from the newest back. Prices are null where the source gives none, or returns with dividends only.",
        {
            "symbol": SYMBOL, "basis": {"type": "string", "enum": ["price", "total"]}, "unit": TEXT,
            "adjustment": TEXT, "source": TEXT,
            "sessions": listed(
                record(
                    "One session.",
                    {
                        "date": DAY, "open": maybe(NUMBER), "high": maybe(NUMBER), "low": maybe(NUMBER),
                        "close": maybe(NUMBER), "volume": maybe(COUNT), "change_percent": maybe(NUMBER),
                    },
                ),
                1000,
            ),
            **PAGED,
        },
    ),
    "Search": record(
        "A page of what a search found.",
        {
            "query": TEXT,
            "results": listed(
                record(
                    "An article that was found.",
                    {
                        "url": ADDRESS, "title": TEXT, "published": INSTANT, "summary": TEXT,
                        "topics": listed(TEXT), "symbols": listed(TEXT), "authors": listed(TEXT),
                    },
                )
            ),
            "facts": listed(
                record(
                    "A published fact, where `fact:` asks for them; then `total` counts facts.",
                    {
                        "id": TEXT, "metric": TEXT, "title": TEXT, "value": TEXT, "unit": TEXT, "printed": TEXT,
                        "as_of": DAY, "status": TEXT, "said": TEXT, "symbols": listed(TEXT), "fact": TEXT,
                        "article": record(
                            "The newest article that states it.", {"title": TEXT, "url": ADDRESS, "date": INSTANT}
                        ),
                        "proof": ADDRESS,
                    },
                )
            ),
            "facets": {
                "type": "object",
                "additionalProperties": listed(record("What would be left.", {"value": TEXT, "count": COUNT})),
            },
            "suggestion": TEXT,
            "notes": listed(TEXT),
            **PAGED,
        },
    ),
    "Symbols": record(
        "Instruments that were found, the likeliest first; `former` is the former name by which one was.",
        {
            "query": TEXT,
            "symbols": listed(
                record(
                    "An instrument.",
                    {"symbol": SYMBOL, "ticker": TEXT, "name": TEXT, "kind": TEXT, "former": TEXT, "url": TEXT},
                ),
                50,
            ),
        },
    ),
    "Markets": record(
        "The markets as of the newest session.",
        {
            "as_of": maybe(DAY),
            "indicators": listed(
                record(
                    "A series; `value` to `upper` where it is a range, `change` from the value before.",
                    {
                        "series": TEXT, "title": TEXT,
                        "kind": {"type": "string", "enum": ["rate", "commodity", "economy"]},
                        "unit": TEXT, "value": NUMBER, "upper": maybe(NUMBER), "change": maybe(NUMBER),
                        "period": DAY, "frequency": {"type": "string", "enum": ["day", "month", "quarter"]},
                        "known_at": INSTANT, "source": TEXT,
                    },
                )
            ),
            "gainers": listed(MOVED),
            "losers": listed(MOVED),
            "calendar": listed(
                record("What comes.", {"date": DAY, "at": INSTANT, "kind": TEXT, "title": TEXT, "url": TEXT})
            ),
        },
    ),
}  # fmt: skip


def asked(name: str, about: str, schema: Schema) -> Schema:
    """A parameter of the query."""
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema}


def named(name: str, about: str, example: str) -> Schema:
    """A parameter of the path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": about,
        "schema": TEXT,
        "example": example,
    }


PAGE = asked("page", "The page, from 1.", {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1})
TAGS = [
    asked("topic", "Only of this topic.", {"type": "string", "maxLength": 200}),
    asked("author", "Only of this author.", {"type": "string", "maxLength": 200}),
    asked("symbol", "Only about this instrument.", {"type": "string", "maxLength": 200}),
]


def limit(usual: int, most: int) -> Schema:
    """How many items a page has."""
    return asked(
        "limit", "Items of a page.", {"type": "integer", "minimum": 1, "maximum": most, "default": usual}
    )


def _get(name: str, about: str, answer: str, parameters: list[Schema], *, missing: bool = False) -> Schema:
    problem = {"application/problem+json": {"schema": of("Problem")}}
    responses: Schema = {
        "200": {
            "description": about,
            "headers": {"ETag": {"schema": TEXT}, "Last-Modified": {"schema": TEXT}},
            "content": {"application/json": {"schema": of(answer)}},
        },
        "304": {"description": "What the ETag of If-None-Match names is still current."},
        "503": {"description": "The pages are being made anew; Retry-After says when.", "content": problem},
    }
    if parameters:
        responses["400"] = {"description": "A parameter cannot be read.", "content": problem}
    if missing:
        responses["404"] = {"description": "It is not there, or may not be shown.", "content": problem}
    return {
        "get": {"operationId": name, "summary": about, "parameters": parameters, "responses": responses},
    }


def document(site: str, url: str) -> Schema:
    """The description of one site's API."""
    symbol = named("symbol", "The exchange and the ticker.", "NASDAQ:AAPL")
    article = named("id", "The article's id.", "01JH3Z8F7Q4V5W6X7Y8Z9A0B1C")
    since = [asked("from", "The first day.", DAY), asked("to", "The last day.", DAY)]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{site}: articles, facts and quotes",
            "version": __version__,
            "description": (
                "What the pages say, for programs. Every answer has an ETag; lists are paged and name their "
                "neighbours in `links` and in a Link header; failures are problem+json. Prices are closes, delayed as "
                "their source says; what is not licensed for publication is left out. Answers of a public site may be "
                "read by pages of other sites."
            ),
        },
        "servers": [{"url": f"{url}/api/v1"}],
        "paths": {
            "/": _get("index", "Where everything is.", "Index", []),
            "/articles": _get(
                "articles", "Articles, newest first.", "Articles", [*TAGS, limit(20, 100), PAGE]
            ),
            "/articles/{id}": _get(
                "article", "One article with its text.", "Article", [article], missing=True
            ),
            "/articles/{id}/facts": _get(
                "facts", "The facts of an article.", "Facts", [article], missing=True
            ),
            "/quotes": _get(
                "quotes",
                "Last closes, without symbols those of the watch list.",
                "Quotes",
                [asked("symbols", "At most 60, separated by commas.", {"type": "string", "maxLength": 2460})],
            ),
            "/quotes/{symbol}": _get(
                "quote", "One instrument and what is said of it.", "Instrument", [symbol], missing=True
            ),
            "/quotes/{symbol}/history": _get(
                "history",
                "Its sessions, newest first.",
                "History",
                [symbol, *since, limit(20, 1000), PAGE],
                missing=True,
            ),
            "/search": _get(
                "search",
                "What a search finds.",
                "Search",
                [
                    asked("q", "Words and fields, as the search page takes them.", {"type": "string"}),
                    *TAGS,
                    asked("year", "Only of this year.", {"type": "string", "pattern": "^[0-9]{4}$"}),
                    asked(
                        "sort",
                        "By relevance or newest first.",
                        {"type": "string", "enum": ["relevance", "date"]},
                    ),
                    PAGE,
                ],
            ),
            "/symbols": _get(
                "symbols",
                "Instruments by the beginning of a symbol, a name or a former name.",
                "Symbols",
                [asked("q", "What was typed.", {"type": "string", "maxLength": 200}), limit(10, 50)],
            ),
            "/markets": _get("markets", "Rates, commodities, prints, movers, calendar.", "Markets", []),
        },
        "components": {"schemas": SCHEMAS},
    }
