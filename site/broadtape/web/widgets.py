"""Quotes and headlines for other sites' pages: small documents for a frame, and the page that gives the snippet.

Owns who may frame them and how they are asked for; prints no figure that a page of this site would not print.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request

from broadtape import urls
from broadtape.archive.records import QuoteBoard
from broadtape.web import cards, chrome, markets, words
from broadtape.web.contexts import EmbedPage, Link, WidgetLine, WidgetsPage
from broadtape.web.press import absolute, answer, here, name_of, page, press, static_address
from broadtape.web.press import head as page_head

if TYPE_CHECKING:
    from broadtape.config import Site
    from broadtape.web.contexts import QuoteTable

blueprint = Blueprint("widgets", __name__)

Theme = Literal["auto", "light", "dark"]
Kind = Literal["quotes", "headlines"]
THEMES: tuple[Theme, ...] = ("auto", "light", "dark")
MOST_QUOTES, MOST_HEADLINES = 12, 10
QUOTES, HEADLINES = 5, 5
WIDTH = 320  # of a frame, pixels; it may be any
# Heights of a frame's parts in pixels: head, a row of each kind, a foot of two lines, each further line.
HEAD, ROW, STORY, FOOT, LINE = 52, 41, 66, 84, 20
A_LINE = 44  # characters of the foot
# Origins that `embeds` of a site's settings may name.
_ORIGIN = re.compile(r"\*|https?://(?:\*\.)?[A-Za-z0-9.-]+(?::[0-9]{1,5}|:\*)?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a widget's address asks for; what cannot be read is as if it were not there."""

    kind: Kind
    symbols: tuple[str, ...] = ()
    topic: str = ""
    symbol: str = ""
    limit: int = 5
    theme: Theme = "auto"

    def address(self) -> str:
        """The address that says exactly this."""
        usual = QUOTES if self.kind == "quotes" else HEADLINES
        stated = {
            "symbols": ",".join(self.symbols),
            "topic": self.topic,
            "symbol": self.symbol,
            "limit": "" if self.limit == usual else str(self.limit),
            "theme": "" if self.theme == "auto" else self.theme,
        }
        query = urlencode({name: value for name, value in stated.items() if value}, safe=":,")
        return f"/embed/{self.kind}" + (f"?{query}" if query else "")


@blueprint.get("/embed/<any('quotes', 'headlines'):kind>")
def embedded(kind: Kind) -> Response:
    """A widget as a document of its own, which the sites of the settings may frame."""
    want = wanted(kind)
    context = _quotes(want) if kind == "quotes" else _headlines(want)
    template = press().environment(here()).get_template("pages/embed.html")
    body = template.render(page=context, style=static_address("embed.css"))
    response = answer(body, "text/html", max_age=300)
    response.headers["Content-Security-Policy"] = policy(
        here(), private=press().instance.audience == "private"
    )
    response.headers["X-Robots-Tag"] = "noindex"
    g.framed = True  # the policy above says by whom, which X-Frame-Options cannot
    return response


@blueprint.get("/widgets/")
def snippets() -> Response:
    """Choose a widget, look at it and copy the markup for one's own page."""
    site = here()
    kind: Kind = "headlines" if request.args.get("kind") == "headlines" else "quotes"
    want = wanted(kind)
    shown = _quotes(want) if kind == "quotes" else _headlines(want)
    height = _height(want, shown)
    title = f"{'Quotes' if kind == 'quotes' else 'Headlines'} from {site.name}"
    source = absolute(want.address())
    code = (
        f'<iframe src="{source.replace("&", "&amp;")}" title="{_quoted(title)}" width="{WIDTH}" height="{height}" '
        f'loading="lazy" style="border:0;max-width:100%"></iframe>'
    )
    context = WidgetsPage(
        kind=kind,
        symbols=", ".join(want.symbols),
        topic=want.topic,
        limit=want.limit,
        most=MOST_QUOTES if kind == "quotes" else MOST_HEADLINES,
        themes=tuple(Link(theme.capitalize(), theme, theme == want.theme) for theme in THEMES),
        topics=tuple(
            Link(words.title_of(name), urls.key(name), urls.key(name) == want.topic)
            for name, _ in press().catalogue.topics(site.key)[:40]
        ),
        preview=want.address(),
        title=title,
        width=WIDTH,
        height=height,
        code=code,
        private=press().instance.audience == "private",
    )
    response = page(
        "pages/widgets.html",
        context,
        page_head("Widgets", description=f"Quotes and headlines of {site.name} for your own site."),
    )
    g.frames_own = True  # the preview
    return response


def wanted(kind: Kind) -> Wanted:
    """What the request's address asks for."""
    given = request.args
    most, usual = (MOST_QUOTES, QUOTES) if kind == "quotes" else (MOST_HEADLINES, HEADLINES)
    asked = given.get("limit", "")
    limit = min(most, max(1, int(asked))) if re.fullmatch(r"[0-9]{1,3}", asked) else usual
    symbols = [
        found.symbol
        for text in given.get("symbols", "")[:600].split(",")[:MOST_QUOTES]
        if text.strip() and (found := press().lookup().resolve(text)) is not None
    ]
    theme, symbol = given.get("theme", ""), given.get("symbol", "").upper()[:40]
    return Wanted(
        kind,
        tuple(dict.fromkeys(symbols)) if kind == "quotes" else (),
        urls.key(given.get("topic", "")[:80]) if kind == "headlines" else "",
        symbol if kind == "headlines" and not symbol.startswith("UNLISTED:") else "",
        limit,
        "light" if theme == "light" else "dark" if theme == "dark" else "auto",
    )


def policy(site: Site, *, private: bool) -> str:
    """The policy of a widget: our style and nothing else; framed by whom the settings name, a preview by nobody."""
    named = [] if private else [one for one in site.embeds if _ORIGIN.fullmatch(one)]
    ancestors = " ".join(("'self'", *named)) if "*" not in named else "*"
    return (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {ancestors}"
    )


# --- parts ------------------------------------------------------------------------------------------------


def _quotes(want: Wanted) -> EmbedPage:
    """The symbols asked for at their last closes, else the first of the watch list."""
    this, site = press(), here()
    chosen = want.symbols or site.watch_list[: want.limit]
    rows = [
        view.quote
        for symbol in chosen
        if (view := this.known(symbol)) is not None and view.quote is not None and markets.may_show(view)
    ]
    table: QuoteTable | None = None
    if rows:
        newest = max(row.as_of for row in rows)
        credits_ = tuple(
            dict.fromkeys(view.attribution or view.source for row in rows if (view := this.known(row.symbol)))
        )
        table = cards.quote_table(
            QuoteBoard(newest, tuple(rows), (), credits_), this.instance, name_of, title="Quotes"
        )
    lines = tuple(
        WidgetLine(absolute(row.address), row.ticker, row.name, row.price, row.change, row.as_of)
        for row in (table.rows if table else ())
    )
    source = f" Source: {'; '.join(table.attribution)}." if table and table.attribution else ""
    return _embed(
        want,
        "Quotes",
        absolute("/quotes/"),
        lines,
        f"{table.timing}{source}" if table else "",
        "No price of these may be shown here.",
    )


def _headlines(want: Wanted) -> EmbedPage:
    """The newest stories, of a topic or about an instrument if one is asked for."""
    this, site = press(), here()
    entries = this.catalogue.latest(site.key, limit=want.limit, topic=want.topic, symbol=want.symbol)
    lines = tuple(
        WidgetLine(
            absolute(entry.address),
            entry.article.title,
            "",
            "",
            None,
            words.on_day(entry.article.date, site.time_zone),
        )
        for entry in entries
    )
    home = urls.topic(want.topic) if want.topic else urls.quote_page(want.symbol) if want.symbol else "/"
    title = words.title_of(want.topic) if want.topic else name_of(want.symbol) if want.symbol else "Headlines"
    return _embed(want, title, absolute(home), lines, "", "There are no stories here yet.")


def _embed(
    want: Wanted, title: str, home: str, lines: tuple[WidgetLine, ...], note: str, empty: str
) -> EmbedPage:
    site = here()
    return EmbedPage(
        kind=want.kind,
        theme=want.theme,
        title=title,
        site=site.name,
        language=site.locale.replace("_", "-"),
        home=home,
        lines=lines,
        note=note,
        empty=empty,
        palette=chrome.palette_address(site),
    )


def _height(want: Wanted, shown: EmbedPage) -> int:
    rows = max(1, len(shown.lines))
    each = ROW if want.kind == "quotes" else STORY
    dated = sum(
        1 for line in shown.lines if want.kind == "quotes" and line.at
    )  # a day of its own under the symbol
    return HEAD + rows * each + dated * LINE + FOOT + max(0, math.ceil(len(shown.note) / A_LINE) - 2) * LINE


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
