"""What the market store gives a publish: its views, quote boards, quote pages and their histories.

Owns when boards and pages are made anew and for which instruments; their form is boards' and tape's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from broadtape.model import Article, MarketView, NoData, UnknownSymbol
from broadtape.publishing import boards, tape

if TYPE_CHECKING:
    from broadtape.archive.cataloguing import CatalogueWriter
    from broadtape.archive.records import InstrumentView, QuoteBoard
    from broadtape.config import Instance, Site
    from broadtape.market import MarketReader

STORE_MISSING = "run 'broadtape fetch', so that its figures can be proven"
MOST_VIEWS = (
    6  # kept at once, 8 MB each with 500 symbols in use: articles come by date, a few ask for other days
)


class Market:
    """The store's views, the last few kept as they are made; without a store there are none."""

    def __init__(self, reader: MarketReader | None) -> None:
        self.reader = reader
        self.generation = reader.generation if reader is not None else -1
        self._views: dict[date, MarketView] = {}

    def view(self, day: date) -> MarketView:
        """The market as of the last session on or before the day."""
        if self.reader is None:
            raise NoData(f"no market store; {STORE_MISSING}")
        found = self._views.pop(day, None)
        if found is None:
            while len(self._views) >= MOST_VIEWS:
                del self._views[next(iter(self._views))]
            found = self.reader.view(day)
        self._views[day] = found  # the last in the order, so the last to go
        return found

    def newest(self) -> MarketView | None:
        """The view of the newest session, if the store holds one."""
        if self.reader is None:
            return None
        try:
            return self.view(self.reader.last_session())
        except NoData:
            return None


class Quotes:
    """The boards and quote pages of one publish."""

    def __init__(
        self,
        instance: Instance,
        writer: CatalogueWriter,
        market: Market,
        progress: Callable[[str, int, int], None],
        now: datetime,
    ) -> None:
        self._instance = instance
        self._writer = writer
        self._market = market
        self._progress = progress
        self._now = now
        self._known: dict[str, bool] = {}

    def has_page(self, symbol: str) -> bool:
        """Whether an instrument has a page, or will have one when something names it."""
        if self._writer.has_instrument(symbol):
            return True
        if symbol not in self._known:
            view = self._market.newest()
            try:
                self._known[symbol] = view is not None and bool(view.instrument(symbol))
            except UnknownSymbol:
                self._known[symbol] = False
        return self._known[symbol] and not symbol.startswith(boards.UNPRINTABLE)

    def update(self, anew: bool, put: Iterable[Article]) -> None:
        """Boards and quote pages: all of them when the store changed, else only what new articles ask for."""
        generation = str(self._market.generation)
        fresh = anew or self._writer.meta("market") != generation
        lists = {site.key: site.watch_list for site in self._instance.sites.values() if site.watch_list}
        if not fresh:
            days = {article.as_of for article in put if article.as_of}
            for site, symbols in lists.items():
                for day in sorted(days):
                    if not self._writer.has_board(site, day) and self._has_session(day):
                        self._writer.add_board(site, self._board(day, symbols))
            named = {symbol for article in put for symbol in article.symbols}
            missing = {
                name for name in named if not self._writer.has_instrument(name) and self.has_page(name)
            }
            more = self._instruments(missing)
            self._writer.add_instruments(more)
            tape.add(self._instance.tape, more)
            return
        view = self._market.newest()
        newest = {view.as_of} if view is not None else set()
        days = newest | {day for day in self._writer.sessions() if self._has_session(day)}
        self._writer.set_boards(
            {
                (site, day): self._board(day, symbols)
                for site, symbols in lists.items()
                for day in sorted(days)
            }
        )
        listed = set(view.symbols_with_bars()) if view is not None else set()
        named = {symbol for symbol in self._writer.named_symbols() if self.has_page(symbol)}
        printable = {name for name in listed | named if not name.startswith(boards.UNPRINTABLE)}
        views = self._instruments(printable)
        self._writer.set_instruments(views)
        self._tape(view, views)
        for one in self._instance.sites.values():
            self._writer.set_near(one.key, self._near(one))
        self._writer.set_definitions(boards.definitions())
        self._writer.set_meta("as_of", view.as_of.isoformat() if view is not None else "")
        self._writer.set_meta("retrieved", self._retrieved())
        self._writer.set_meta("market", generation)

    def _tape(self, view: MarketView | None, views: list[InstrumentView]) -> None:
        """Histories and the markets board; a reader may see them a moment before the catalogue's new state."""
        reader = self._market.reader
        tape.update(
            self._instance.tape,
            view,
            self._market.view,
            lambda: None if reader is None else reader.news(self._now),
            views,
            audience=self._instance.audience,
            universe=self._instance.desk.universe,
            progress=self._progress,
        )

    def _board(self, day: date, symbols: tuple[str, ...]) -> QuoteBoard:
        return boards.board(self._market.view(day), symbols, self._instance.audience)

    def _has_session(self, day: date) -> bool:
        try:
            return self._market.view(day).as_of == day
        except NoData:
            return False

    def _retrieved(self) -> str:
        reader = self._market.reader
        moments = [source.origin.retrieved for source in reader.sources()] if reader is not None else []
        return max(moments).isoformat() if moments else ""

    def _near(self, site: Site) -> tuple[str, ...]:
        """The symbols of the companies near a site that have a quote page, nearest first."""
        reader, view = self._market.reader, self._market.newest()
        if site.companies_near is None or reader is None or view is None:
            return ()
        from broadtape.market.places import local_companies  # noqa: PLC0415 – few sites have such companies

        listed = {one.symbol: one for one in view.instruments()}
        found = local_companies(site.companies_near, reader.news(self._now).companies(), listed)
        return tuple(one.symbol for one in found if self._writer.has_instrument(one.symbol))

    def _instruments(self, symbols: set[str]) -> list[InstrumentView]:
        view = self._market.newest()
        if view is None:
            return []
        views: list[InstrumentView] = []
        for number, symbol in enumerate(sorted(symbols)):
            if len(symbols) > 50:
                self._progress("quotes", number, len(symbols))
            instrument = view.instrument(symbol)
            views.append(boards.instrument_view(view, instrument, self._market.view, self._instance.audience))
        return views
