"""Quote pages, the watch list and the markets page, all from what the catalogue holds of instruments.

Owns which instruments are shown where; figures and drawings are made in quotes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, redirect

from broadtape import config, numbers, urls
from broadtape.web import cards, front, quotes, words
from broadtape.web.contexts import (
    FeedLink,
    Link,
    MarketsPage,
    PerformanceRow,
    PerformanceTable,
    QuotePage,
    QuotesPage,
)
from broadtape.web.press import answer, here, name_of, page, press
from broadtape.web.press import head as page_head

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadtape.archive.catalogue import InstrumentView

blueprint = Blueprint("markets", __name__)

STORIES = 10  # of an instrument on its page
MEMBERS = 40  # rows of a group on the markets page
ADJUSTMENTS = {
    "raw": "Prices are as traded: not adjusted for splits or dividends.",
    "split": "Prices are adjusted for splits, not for dividends.",
    "total": (
        "This series includes dividends, so no price of it is a price that was paid: "
        "only its changes and its growth are shown."
    ),
}
KINDS = {"index": "Index", "etf": "Exchange-traded fund", "stock": "Stock"}


@blueprint.get("/quotes/")
def watch_list() -> Response:
    """The site's watch list, and other instruments our stories name."""
    this, site = press(), here()
    table = cards.quote_table(
        this.catalogue.quotes(site.key, None), this.instance, name_of, title="Watch list"
    )
    named = [symbol for symbol, _ in this.catalogue.symbols(site.key)]
    have = {row.symbol for row in table.rows} if table else set()
    others = tuple(
        Link(f"{view.instrument.name} ({view.instrument.ticker})", urls.quote_page(symbol))
        for symbol in named[:80]
        if symbol not in have
        and not symbol.startswith("UNLISTED:")
        and (view := this.known(symbol)) is not None
    )
    head = page_head("Quotes", description=f"Closing prices of the companies {site.name} watches.")
    return page("pages/quotes.html", QuotesPage(table, others, ""), head)


@blueprint.get("/quotes/<symbol>/")
def quote(symbol: str) -> Response:
    """One instrument: last close, key figures, a chart, its history and our stories."""
    this, site = press(), here()
    view = the_instrument(symbol)
    if view.instrument.symbol != symbol:
        return redirect(urls.quote_page(view.instrument.symbol), 301)  # type: ignore[return-value]  # one class at run time
    instrument, address = view.instrument, urls.quote_page(view.instrument.symbol)
    series = quotes.series(view) if may_show(view) else None
    total = this.catalogue.count(site.key, symbol=instrument.symbol)
    entries = this.catalogue.latest(site.key, symbol=instrument.symbol, limit=STORIES)
    rows = quotes.history(view, series) if series else ()
    context = QuotePage(
        symbol=instrument.symbol,
        ticker=instrument.ticker,
        exchange=instrument.exchange,
        name=instrument.name,
        kind=KINDS.get(instrument.kind, ""),
        about=tuple(
            (label, value)
            for label, value in (
                ("Sector", instrument.sector),
                ("Industry", instrument.industry),
                ("Headquarters", instrument.headquarters),
            )
            if value
        ),
        price=quotes.as_price(series.last, series) if series and series.price else "",
        unit=view.unit,
        change=quotes.last_change(series) if series else None,
        as_of=words.of_day(series.day) if series else None,
        timing=cards.timing(series.day, view.delay_minutes) if series and series.price else "",
        figures=quotes.key_figures(series) if series else (),
        chart=quotes.line_chart(series, instrument.name) if series else None,
        history=rows,
        ranged=any(row.open or row.high or row.low for row in rows),
        csv=f"{address}history.csv" if series else "",
        source="; ".join(cards.credit(this.instance, [view.attribution or view.source])) if series else "",
        retrieved=words.of_instant(view.retrieved, site.time_zone) if series and view.retrieved else None,
        notes=tuple(notes(view, series)),
        cards=cards.cards(this.instance, site, entries),
        total=total,
        feed=urls.feed("rss", address) if total else "",
    )
    title = f"{instrument.name} ({instrument.exchange}: {instrument.ticker})"
    description = f"Closing prices, changes and stories about {instrument.name}."
    own = FeedLink(f"{site.name}: {instrument.name}", context.feed, "application/rss+xml")
    head = page_head(title, description=description, path=address, feeds=(own,) if total else ())
    return page("pages/quote.html", context, head)


@blueprint.get("/quotes/<symbol>/history.csv")
def history_csv(symbol: str) -> Response:
    """The sessions behind the quote page."""
    view = the_instrument(symbol)
    series = quotes.series(view) if may_show(view) else None
    if series is None:
        abort(404)
    response = answer(quotes.csv(view, series), "text/csv", max_age=300)
    name = "".join(c if c.isalnum() else "-" for c in view.instrument.symbol)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


@blueprint.get("/markets/")
def markets() -> Response:
    """Benchmarks, sector funds and the watch list over the usual windows."""
    this, site = press(), here()
    roles = tuple(dict.fromkeys(this.instance.desk.benchmarks.values()))
    near = [symbol for symbol in this.catalogue.near(site.key) if symbol not in site.watch_list][:MEMBERS]
    tables = this.keep(("performance", site.key), lambda: _tables(roles, site.watch_list, near))
    views = [
        view for table in tables for row in table.rows if (view := this.known(row.line.symbol)) is not None
    ]
    days = [view.quote.as_of for view in views if view.quote]
    delay = max((view.delay_minutes for view in views), default=0)
    entries = this.catalogue.latest(site.key, limit=6)
    context = MarketsPage(
        as_of=words.of_day(max(days)) if days else None,
        timing=cards.timing(max(days), delay) if days else "",
        tables=tables,
        sources=cards.credit(this.instance, (view.attribution or view.source for view in views)),
        cards=cards.cards(this.instance, site, entries),
    )
    head = page_head("Markets", description="Indexes, funds and companies at their last close.")
    return page("pages/markets.html", context, head)


# --- parts ------------------------------------------------------------------------------------------------


def the_instrument(symbol: str) -> InstrumentView:
    """The listed instrument of an address; 404 for an unknown one, and for one that is only detected with."""
    if len(symbol) > 40 or ":" not in symbol or symbol.upper().startswith("UNLISTED:"):
        abort(404)
    view = press().catalogue.instrument(symbol) or press().catalogue.instrument(symbol.upper())
    if view is None:
        abort(404)
    return view


def may_show(view: InstrumentView) -> bool:
    """Whether the bars of an instrument may be printed on this instance's pages."""
    return config.may_show(press().instance.audience, view.licence)


def notes(view: InstrumentView, series: quotes.Series | None) -> Iterable[str]:
    """What a reader must know of the figures: their basis, their age, why some are missing."""
    if series is None:
        if view.last is not None and not may_show(view):
            yield "The prices of this instrument are not licensed for publication."
        else:
            yield "We have no prices of this instrument."
        return
    if view.adjustment in ADJUSTMENTS and view.instrument.kind != "index":
        yield ADJUSTMENTS["total" if not series.price else view.adjustment]
    newest = press().catalogue.stamp().as_of
    if newest is not None and series.day < newest:
        last = numbers.day(series.day)
        yield f"The last price we have is of {last}; other series reach {numbers.day(newest)}."
    if view.instrument.proxy_of:
        index = press().catalogue.instrument(view.instrument.proxy_of)
        if index is not None:
            yield f"This fund follows the {index.instrument.name}; its price is not the index’s level."


def sector_funds() -> tuple[str, ...]:
    """Funds that the settings put into a group named "sectors"; none where there is no such group."""
    this = press()
    if not any(source.group == "sectors" for source in this.instance.sources):
        return ()  # nothing to look for among thousands

    def found() -> tuple[str, ...]:
        members = (
            symbol
            for symbol in this.catalogue.instruments()
            if (view := this.catalogue.instrument(symbol)) is not None and "sectors" in view.instrument.groups
        )
        return tuple(members)[:MEMBERS]

    return this.keep("sector-funds", found)


def _tables(
    roles: Iterable[str], watched: Iterable[str], near: Iterable[str]
) -> tuple[PerformanceTable, ...]:
    wanted = (
        ("Benchmarks", roles),
        ("Sector funds", sector_funds()),
        ("Watch list", watched),
        ("Local companies", near),
    )
    return tuple(table for title, symbols in wanted if (table := performance(title, symbols)) is not None)


def performance(title: str, symbols: Iterable[str]) -> PerformanceTable | None:
    """Last close and changes over the usual windows of those that have a price; None where none has."""
    rows = []
    for view in _views(symbols):
        series = quotes.series(view)
        if view.quote is None or series is None or not cards.shown(view.quote, press().instance):
            continue
        found = [quotes.window(series, name) for name in quotes.WINDOWS]
        windows = tuple(None if one is None else one[1] for one in found)
        rows.append((view.quote, windows))
    if not rows:
        return None
    newest = max(row.as_of for row, _ in rows)
    fresh = [(row, windows) for row, windows in rows if newest - row.as_of <= front.FRESH]
    old = [f"{row.name} ({numbers.day(row.as_of)})" for row, _ in rows if newest - row.as_of > front.FRESH]
    return PerformanceTable(
        title=title,
        note=f"Left out, with the day of the last close we have: {numbers.listing(old)}." if old else "",
        windows=quotes.WINDOWS,
        rows=tuple(PerformanceRow(cards.quote_line(row, newest), windows) for row, windows in fresh),
    )


def _views(symbols: Iterable[str]) -> list[InstrumentView]:
    found = (press().catalogue.instrument(symbol) for symbol in symbols if not symbol.startswith("UNLISTED:"))
    return [view for view in found if view is not None]
