"""Quote pages, the watch list and the markets page, all from what the catalogue holds of instruments.

Owns which instruments are shown where; figures and drawings are made in quotes.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, request
from msgspec.structs import replace as changed

from broadtape import config, numbers, urls
from broadtape.archive.records import QuoteBoard, QuoteRow
from broadtape.web import board, cards, drawing, front, lookup, quotes, words
from broadtape.web.contexts import (
    ChartControls,
    FeedLink,
    FoundSymbol,
    Link,
    MarketsPage,
    Notice,
    PerformanceRow,
    PerformanceTable,
    QuotePage,
    QuotesPage,
    QuoteTable,
    SayingLine,
)
from broadtape.web.press import answer, here, name_of, page, press
from broadtape.web.press import head as page_head

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from broadtape.archive.records import HistoryRow, InstrumentView
    from broadtape.archive.tape import FilingLine, Headline, Saying, Sessions

blueprint = Blueprint("markets", __name__)

IN_STORY = 12  # instruments of one story in the sidebar
FOUND = 20  # instruments of a look-up
HEADLINES = 10  # of others on the markets page
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
EPOCH = date(1970, 1, 1)
FORMS = {
    "10-K": "Annual report",
    "10-Q": "Quarterly report",
    "8-K": "Current report",
    "20-F": "Annual report of a foreign company",
    "6-K": "Report of a foreign company",
    "DEF 14A": "Proxy statement",
    "S-1": "Registration of shares",
    "4": "Insider’s trade",
    "13F-HR": "Holdings of an investment manager",
    "SC 13D": "Stake of over 5 percent",
    "SC 13G": "Passive stake of over 5 percent",
}
SECTORS = "Sector funds"
KINDS = {"index": "Index", "etf": "Exchange-traded fund", "stock": "Stock"}


@blueprint.get("/quotes/")
def watch_list() -> Response:
    """Look-ups, the site's watch list, and other instruments our stories name.

    What names one instrument and nothing else leads to it.
    """
    this, site = press(), here()
    query = lookup.typed(request.args.get("q", ""))
    matches = this.lookup().find(query, FOUND) if query else []
    meant = [one for one in matches if lookup.exact(one, query)]
    if len(meant) == 1:
        return redirect(urls.quote_page(meant[0].listing.symbol), 302)  # type: ignore[return-value]  # one class at run time
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
    found = tuple(
        FoundSymbol(
            one.listing.symbol.replace(":", ": "),
            one.listing.name,
            urls.quote_page(one.listing.symbol),
            one.former,
            KINDS.get(one.listing.kind, ""),
        )
        for one in matches
    )
    head = page_head(
        f"Quotes: {query}" if query else "Quotes",
        description=f"Closing prices of the companies {site.name} watches.",
        index=not query,
    )
    return page("pages/quotes.html", QuotesPage(table, others, "", query, found), head)


@blueprint.get("/quotes/<symbol:symbol>/")
def quote(symbol: str) -> Response:
    """One instrument: last close, key figures, a chart, its history, what is said of it and our stories."""
    this, site = press(), here()
    view = the_instrument(symbol)
    if view.instrument.symbol != symbol:
        return redirect(urls.quote_page(view.instrument.symbol), 301)  # type: ignore[return-value]  # one class at run time
    instrument, address = view.instrument, urls.quote_page(view.instrument.symbol)
    sessions, series = prices(view)
    total = this.catalogue.count(site.key, symbol=instrument.symbol)
    entries = this.catalogue.latest(site.key, symbol=instrument.symbol, limit=STORIES)
    chosen = chosen_range(series)
    other, other_title, problem = compared_with(view, series)
    chart = controls = None
    if series is not None:
        if other is not None:
            chart = drawing.compared(series, other, (instrument.name, other_title), chosen)
            problem = problem or (
                "" if chart else f"{other_title} has too few sessions in common in this range."
            )
        chart = chart or drawing.line_chart(series, instrument.name, chosen)
        controls = chart_controls(address, series, chosen, other, other_title, problem)
    number = page_number()
    count = len(series.days) if series else 0
    pages = max(1, -(-count // quotes.HISTORY))
    if number > pages:
        abort(404)
    listed = newest(view, sessions, quotes.HISTORY, (number - 1) * quotes.HISTORY)
    rows = quotes.history(listed, series) if series else ()
    told = this.tape.told(instrument.symbol)
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
        chart=chart,
        history=rows,
        ranged=any(row.open or row.high or row.low for row in rows),
        csv=f"{address}history.csv" if series else "",
        source="; ".join(cards.credit(this.instance, [view.attribution or view.source])) if series else "",
        retrieved=words.of_instant(view.retrieved, site.time_zone) if series and view.retrieved else None,
        notes=tuple(notes(view, series)),
        cards=cards.cards(this.instance, site, entries),
        total=total,
        feed=urls.feed("rss", address) if total else "",
        controls=controls,
        sayings=tuple(saying_lines(told.sayings)) if series else (),
        headlines=tuple(headline(one) for one in told.headlines),
        filings=tuple(
            Notice(filing_title(one), one.link, one.source, words.on_day(one.at, site.time_zone), one.form)
            for one in told.filings
        ),
        sessions=f"{count:,} sessions since {numbers.day(series.days[0])}" if series else "",
        paging=front.paging(number, pages, lambda n: _stated(address, chosen, other, n)),
    )
    title = f"{instrument.name} ({instrument.exchange}: {instrument.ticker})"
    description = f"Closing prices, changes and stories about {instrument.name}."
    own = FeedLink(f"{site.name}: {instrument.name}", context.feed, "application/rss+xml")
    head = page_head(
        title,
        description=description,
        path=address,
        feeds=(own,) if total else (),
        index=number == 1 and other is None,
    )
    return page("pages/quote.html", context, head)


@blueprint.get("/quotes/<symbol:symbol>/history.csv")
def history_csv(symbol: str) -> Response:
    """Every session that the quote page knows, oldest first."""
    view = the_instrument(symbol)
    sessions, series = prices(view)
    if series is None:
        abort(404)
    rows = map(sessions.row, range(len(sessions))) if sessions is not None else reversed(view.history)
    response = answer(quotes.csv(rows, series), "text/csv", max_age=300)
    name = "".join(c if c.isalnum() else "-" for c in view.instrument.symbol)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


@blueprint.get("/quotes/<symbol:symbol>/series.json")
def series_json(symbol: str) -> Response:
    """Every close in the compact form that the chart reads (docs/contracts/tape.md)."""
    view = the_instrument(symbol)
    _, series = prices(view)
    if series is None:
        abort(404)
    decimals = 4 if not series.price else series.decimals
    scale = Decimal(10) ** decimals
    closes = [int(numbers.rounded(close, decimals) * scale) for close in series.closes]
    days = [(day - EPOCH).days for day in series.days]
    document = {
        "symbol": view.instrument.symbol,
        "name": view.instrument.name,
        "basis": "price" if series.price else "total",
        "unit": series.unit,
        "decimals": decimals,
        "as_of": series.day.isoformat(),
        "days": differences(days),
        "closes": differences(closes),
    }
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return answer(body, "application/json", max_age=300)


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
    told = this.tape.board()
    context = MarketsPage(
        as_of=words.of_day(max(days)) if days else None,
        timing=cards.timing(max(days), delay) if days else "",
        tables=tables,
        sources=cards.credit(this.instance, (view.attribution or view.source for view in views)),
        cards=cards.cards(this.instance, site, entries),
        stale=board.stale(max(days) if days else None, this.clock().astimezone(site.time_zone)),
        movers=board.movers(told) if told else (),
        indicators=board.tables(told) if told else (),
        calendar=board.calendar(told.coming, site.time_zone) if told else (),
        headlines=tuple(headline(one) for one in told.headlines[:HEADLINES]) if told else (),
    )
    head = page_head(
        "Markets",
        description="Indexes, sectors, rates, commodities and companies, each with its day and its source.",
    )
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


def prices(view: InstrumentView) -> tuple[Sessions | None, quotes.Series | None]:
    """The sessions that may be shown of an instrument: all of them from the tape, else the catalogue's year."""
    if not may_show(view):
        return None, None
    sessions = press().tape.sessions(view.instrument.symbol)
    if sessions is not None and (not view.history or sessions.day(-1) >= view.history[0].day):
        return sessions, quotes.whole(sessions, view)
    return None, quotes.series(view)  # the tape is older than the catalogue, or not there


def on_day(symbol: str, day: date) -> QuoteRow | None:
    """The close of an instrument on a session with its change, as far as it may be shown; None without one."""
    this = press()
    view = None if symbol.startswith("UNLISTED:") else this.catalogue.instrument(symbol)
    if view is None or view.basis != "price" or not may_show(view):
        return None
    row = next((one for one in view.history if one.day == day), None)
    if row is None and (sessions := this.tape.sessions(symbol)) is not None:
        at = sessions.before(day)
        row = sessions.row(at) if at is not None and sessions.day(at) == day else None
    if row is None or row.close is None or row.percent is None:
        return None
    return QuoteRow(
        symbol=view.instrument.symbol,
        name=view.instrument.name,
        price=row.close,
        change=row.close - row.close / (1 + row.percent / 100),
        percent=row.percent,
        unit=view.unit,
        as_of=day,
        source=view.attribution or view.source,
        delay_minutes=view.delay_minutes,
        fact_id="",
        licence=view.licence,
    )


def in_story(symbols: Iterable[str], day: date | None) -> QuoteTable | None:
    """The closes of a story's instruments on its own session."""
    if day is None:
        return None
    this = press()
    rows = tuple(
        row
        for symbol in dict.fromkeys(symbols)
        if (row := this.keep(("on-day", symbol, day), partial(on_day, symbol, day))) is not None
    )
    if not rows:
        return None
    return cards.quote_table(
        QuoteBoard(day, rows[:IN_STORY], (), ()), this.instance, name_of, title="In this story"
    )


def newest(
    view: InstrumentView, sessions: Sessions | None, count: int, offset: int = 0
) -> Iterable[HistoryRow]:
    """Sessions from the newest back."""
    return view.history[offset : offset + count] if sessions is None else sessions.newest(count, offset)


def chosen_range(series: quotes.Series | None) -> str:
    """The chart's range that the address asks for, else a year, or the longest there is."""
    there = drawing.available(series) if series else []
    asked = request.args.get("range", "")
    return asked if asked in there else drawing.RANGE if drawing.RANGE in there else "max"


def compared_with(
    view: InstrumentView, series: quotes.Series | None
) -> tuple[quotes.Series | None, str, str]:
    """The series that the address asks to compare with, its name, and why there is none."""
    asked = " ".join(request.args.get("vs", "")[:80].split())
    if not asked or series is None:
        return None, "", ""
    found = press().lookup().resolve(asked)
    if found is None:
        return None, "", f"There is no instrument called “{asked}” here."
    other = press().catalogue.instrument(found.symbol)
    if other is None or found.symbol == view.instrument.symbol:
        return None, "", "An instrument is compared with another one." if other else ""
    _, its = prices(other)
    if its is None:
        return None, "", f"There are no prices of {other.instrument.name} to show."
    return its, other.instrument.name, ""


def chart_controls(
    address: str, series: quotes.Series, chosen: str, other: quotes.Series | None, title: str, problem: str
) -> ChartControls:
    """Links of the ranges and the form of the comparison."""
    links = tuple(
        Link(drawing.RANGES[name][0], _stated(address, name, other), name == chosen)
        for name in drawing.available(series)
    )
    return ChartControls(
        ranges=links,
        range=chosen,
        versus=other.symbol if other else "",
        versus_title=title if other else "",
        problem=problem,
        series=f"{address}series.json",
        symbols=f"{urls.API}symbols",
    )


def _stated(address: str, chosen: str, other: quotes.Series | None, number: int = 1) -> str:
    """The address of the page in this state; what is usual is left out."""
    state = {
        "range": "" if chosen == drawing.RANGE else chosen,
        "vs": other.symbol if other else "",
        "page": str(number) if number > 1 else "",
    }
    given = urlencode({name: value for name, value in state.items() if value}, safe=":")
    return f"{address}?{given}" if given else address


def page_number() -> int:
    """The page that the address asks for; 404 for what is no number."""
    given = request.args.get("page", "1")
    if not re.fullmatch(r"[1-9][0-9]{0,4}", given):
        abort(404)
    return int(given)


def saying_lines(sayings: Iterable[Saying]) -> Iterable[SayingLine]:
    """Computed facts in words, each with the definition of its metric."""
    this = press()
    for one in sayings:
        found = this.keep(("definition", one.metric), partial(this.catalogue.definition, one.metric))
        yield SayingLine(one.text, urls.definition(one.metric), found.title if found else one.metric)


def headline(one: Headline) -> Notice:
    """Someone else's story as a page lists it."""
    at = words.of_instant(one.at, here().time_zone)
    return Notice(one.title, one.link, one.publisher, at, "", one.speaker, one.words)


def filing_title(one: FilingLine) -> str:
    """A filing in a few words: its form and the period it is of."""
    what = FORMS.get(one.form.removesuffix("/A"), "")
    amended = ", amended" if one.form.endswith("/A") else ""
    period = f" for the period to {numbers.day(one.period)}" if one.period and what else ""
    return f"{what or f'Form {one.form}'}{amended}{period}"


def differences(values: list[int]) -> list[int]:
    """The first value, then each one's difference from the one before."""
    return values[:1] + [new - old for old, new in pairwise(values)]


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
    """Funds that the settings put into a group named "sectors", else those that the desk knows as sectors."""
    this = press()
    named = this.instance.desk.sector_funds
    if not any(source.group == "sectors" for source in this.instance.sources):
        return named  # nothing else to look for among thousands

    def found() -> tuple[str, ...]:
        members = (
            symbol
            for symbol in this.catalogue.instruments()
            if (view := this.catalogue.instrument(symbol)) is not None and "sectors" in view.instrument.groups
        )
        return tuple(members)[:MEMBERS] or named

    return this.keep("sector-funds", found)


def _tables(
    roles: Iterable[str], watched: Iterable[str], near: Iterable[str]
) -> tuple[PerformanceTable, ...]:
    wanted = (
        ("Benchmarks", roles),
        (SECTORS, sector_funds()),
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
        credited = "; ".join(cards.credit(press().instance, [view.attribution or view.source]))
        found = [quotes.window(series, name) for name in quotes.WINDOWS]
        windows = tuple(None if one is None else one[1] for one in found)
        starts = tuple(
            "" if one is None else f"since the close of {numbers.day(series.days[one[0]])}" for one in found
        )
        rows.append((replace(view.quote, source=credited), windows, starts))
    if not rows:
        return None
    newest = max(row.as_of for row, _, _ in rows)
    short = apart([row.name for row, _, _ in rows]) if title == SECTORS else {}
    fresh = [one for one in rows if newest - one[0].as_of <= front.FRESH]
    old = [f"{row.name} ({numbers.day(row.as_of)})" for row, _, _ in rows if newest - row.as_of > front.FRESH]
    return PerformanceTable(
        title=title,
        note=f"Left out, with the day of the last close we have: {numbers.listing(old)}." if old else "",
        windows=quotes.WINDOWS,
        rows=tuple(
            PerformanceRow(
                changed(line, name=short.get(line.name, line.name)),
                line.name if line.name in short else "",
                windows,
                starts,
            )
            for row, windows, starts in fresh
            for line in (cards.quote_line(row, newest),)
        ),
    )


def apart(names: Sequence[str]) -> dict[str, str]:
    """What tells names of one family apart: without the words that all begin or end with.

    Empty where there is no such family: fewer than three names, nothing in common, or a name of common words alone.
    """
    split = [name.split() for name in dict.fromkeys(names)]
    if len(split) < 3:
        return {}
    first = _alike(split)
    last = _alike([one[::-1] for one in split])
    if not first + last or any(len(one) <= first + last for one in split):
        return {}
    return {" ".join(one): " ".join(one[first : len(one) - last]) for one in split}


def _alike(names: Sequence[Sequence[str]]) -> int:
    """How many words all begin with."""
    return sum(1 for _ in takewhile(lambda words_: len(set(words_)) == 1, zip(*names, strict=False)))


def _views(symbols: Iterable[str]) -> list[InstrumentView]:
    found = (press().catalogue.instrument(symbol) for symbol in symbols if not symbol.startswith("UNLISTED:"))
    return [view for view in found if view is not None]
