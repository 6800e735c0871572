"""Entries and quote boards as pages show them: cards, pictures, quote tables, bylines.

Reads no catalogue; what it is given becomes the records of contexts. The licence rule for quotes is applied
here a second time: a public instance never prints a price whose series is not licensed for it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from broadtape import numbers, urls
from broadtape.config import may_show
from broadtape.web import pictures, words
from broadtape.web.contexts import Card, Link, Picture, QuoteLine, QuoteTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from broadtape.archive.records import Entry, QuoteBoard, QuoteRow
    from broadtape.config import Instance, Site

DISCLAIMER = "This content is intended for informational purposes only and is not financial advice."
_TICKER = re.compile(r'<a (?=[^>]*class="ticker")(?![^>]*\btitle=)([^>]*data-symbol="([^"]+)"[^>]*)>')


_MOST_KEPT = 600  # cards, each with its entry: some ten kilobytes
_kept: dict[tuple[int, str], tuple[Entry, Site, Instance, Card]] = {}


def card(instance: Instance, site: Site, entry: Entry) -> Card:
    """The entry as lists and the front page show it; of the very same entry the very same card."""
    key = (id(entry), site.key)
    held = _kept.get(key)
    if held is not None and held[0] is entry and held[1] is site and held[2] is instance:
        return held[3]
    made = _card(instance, site, entry)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[key] = (entry, site, instance, made)
    return made


def _card(instance: Instance, site: Site, entry: Entry) -> Card:
    article = entry.article
    return Card(
        address=entry.address,
        title=article.title,
        summary=summary(entry),
        kicker=topic_link(article.topics[0]) if article.topics else None,
        published=words.on_day(article.date, site.time_zone),
        updated=words.on_day(article.updated, site.time_zone)
        if article.updates and article.updated
        else None,
        as_of=words.of_day(article.as_of) if article.as_of else None,
        late=words.late_sentence(article, site.time_zone),
        written=words.on_day(article.written, site.time_zone)
        if article.written and words.is_late(article)
        else None,
        picture=picture(instance, entry),
        minutes=words.minutes(entry.words),
        checked=entry.proof.get("verified", 0),
        status=entry.later,
    )


def summary(entry: Entry) -> str:
    """The standfirst: the article's own, else the start of its text to a word's end."""
    if entry.article.summary:
        return entry.article.summary
    first = entry.text.strip().split("\n", 1)[0]
    return first if len(first) <= 240 else first[:240].rsplit(" ", 1)[0] + " …"


def topic_link(name: str, count: int = 0) -> Link:
    """A topic and its page."""
    return Link(words.title_of(name), urls.topic(name), count=count)


def author_link(name: str) -> Link:
    """An author and the page of their stories."""
    return Link(name, urls.author(name))


def picture(instance: Instance, entry: Entry) -> Picture | None:
    """The article's picture where its file is there; pages load nothing from elsewhere."""
    photo = entry.article.photo
    if photo is None or urlsplit(photo.src).scheme or photo.src.startswith("//"):
        return None
    name = photo.src.removeprefix("./")
    if name.startswith("/media/"):
        return Picture(name, photo.alt, photo.caption, photo.credit, None, None, "")
    path = pictures.attachment(instance, entry, name)
    if path is None:
        return None
    width, height = pictures.size(path)
    table = path.with_suffix(".csv").name
    return Picture(
        src=urls.attachment(entry.address, name),
        alt=photo.alt,
        caption=photo.caption,
        credit=photo.credit,
        width=width,
        height=height,
        data=urls.attachment(entry.address, table) if pictures.attachment(instance, entry, table) else "",
        drawing=pictures.drawn(path),
    )


def quote_table(
    board: QuoteBoard | None,
    instance: Instance,
    name_of: Callable[[str], str],
    *,
    title: str = "Recent quotes",
    limit: int | None = None,
) -> QuoteTable | None:
    """The board as a table; None where no row may be shown. `name_of` names what was left out."""
    if board is None:
        return None
    rows = [row for row in board.rows if shown(row, instance)]
    if not rows:
        return None
    kept = rows if limit is None else rows[:limit]
    hidden = [row.symbol for row in board.rows if row not in rows and not row.symbol.startswith("UNLISTED:")]
    return QuoteTable(
        title=title,
        rows=tuple(quote_line(row, board.as_of) for row in kept),
        as_of=words.of_day(board.as_of),
        timing=timing(board.as_of, max(row.delay_minutes for row in kept)),
        attribution=credit(instance, board.attribution or [row.source for row in kept]),
        left_out=tuple(name_of(s) for s in (*board.left_out, *hidden) if not s.startswith("UNLISTED:")),
    )


def shown(row: QuoteRow, instance: Instance) -> bool:
    """Whether a quote may be printed: listed, and licensed for a public page where this is one."""
    return not row.symbol.startswith("UNLISTED:") and (may_show(instance.audience, row.licence))


def quote_line(row: QuoteRow, day: date) -> QuoteLine:
    """One row; its own day only where it differs from the table's."""
    return QuoteLine(
        symbol=row.symbol,
        ticker=row.symbol.partition(":")[2],
        name=f"{row.name} (proxy for {row.stands_for})" if row.stands_for else row.name,
        address=urls.quote_page(row.symbol),
        price=numbers.plain(row.price, places(row.price)),
        change=words.change(row.change, row.percent, decimals=places(row.price)),
        as_of=words.of_day(row.as_of) if row.as_of != day else None,
        source=row.source,
    )


def places(price: Decimal) -> int:
    """Two decimals; four for what trades under a dollar."""
    return 4 if 0 < price < 1 else 2


def timing(day: date, delay_minutes: int) -> str:
    """How late the prices are: daily closes, and the source's delay where it has one."""
    closing = f"Closing prices of {numbers.day(day)}."
    return f"{closing} Quotes delayed at least {delay_minutes} minutes." if delay_minutes else closing


def credit(instance: Instance, named: Iterable[str]) -> tuple[str, ...]:
    """Attributions, each once. Where no more than the names of our sources is known, a list of them is taken apart."""
    found: list[str] = []
    for text in named:
        pieces = text.split(", ")
        found += pieces if all(instance.source(piece) for piece in pieces) else [text]
    return tuple(dict.fromkeys(found))


def with_ticker_titles(html: str, names: dict[str, str]) -> str:
    """The body with a hover title on each linked ticker: the company's name and its last close."""

    def titled(match: re.Match[str]) -> str:
        title = names.get(match[2])
        if title is None:
            return match[0]
        for character, entity in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;")):
            title = title.replace(character, entity)
        return f'<a {match[1]} title="{title}">'

    return _TICKER.sub(titled, html)


def tickers(html: str) -> list[str]:
    """Symbols of the linked tickers of a body, in order, each once."""
    return list(dict.fromkeys(match[2] for match in _TICKER.finditer(html)))


def cards(instance: Instance, site: Site, entries: Iterable[Entry]) -> tuple[Card, ...]:
    """Cards in the order of the entries."""
    return tuple(card(instance, site, entry) for entry in entries)
