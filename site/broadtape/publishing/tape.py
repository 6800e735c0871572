"""What the tape holds, made from the market store: histories, sayings, headlines, filings, the markets board.

Owns which of it may be shown on an instance and when it is made anew; the words of sayings are sayings.py's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape import __version__
from broadtape.archive.tape import (
    COLUMNS,
    Coming,
    FilingLine,
    Headline,
    Indicator,
    Listing,
    MarketBoard,
    Mover,
    Sessions,
    TapeWriter,
    Told,
)
from broadtape.config import may_show
from broadtape.metrics import macro
from broadtape.metrics.series import as_date
from broadtape.model import BroadtapeError, NoData
from broadtape.publishing import sayings
from broadtape.publishing.indicators import INDICATORS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from broadtape.archive.records import InstrumentView
    from broadtape.config import Audience
    from broadtape.model import Bars, Filing, MarketView, NewsView, Story

FORM = 1  # raised when the same bars would be put otherwise
GROWTH_DECIMALS = 4  # of the growth of 100
HEADLINES = 12  # kept of an instrument
HEADLINES_ALL = 40  # kept for the markets page
HEADLINES_FOR = timedelta(days=30)
FILINGS = 12
FILINGS_FOR = timedelta(days=400)
MOVERS = 6
AHEAD = 21  # days of the calendar
LONGEST_TITLE = 300  # characters of someone else's headline
NEVER_LISTED = "UNLISTED:"


def update(
    path: Path,
    view: MarketView | None,
    view_on: Callable[[date], MarketView],
    told_at: Callable[[], NewsView | None],
    views: Sequence[InstrumentView],
    *,
    audience: Audience,
    universe: Sequence[str],
    progress: Callable[[str, int, int], None],
) -> None:
    """Bring the tape up to date with the store; what did not change is not made again.

    `views` are the instruments that have a quote page, `universe` the groups that movers are looked for in.
    """
    with TapeWriter(path) as writer:
        context = f"{FORM}|{sayings.FORM}|{__version__}|{audience}"
        anew = writer.meta("context") != context
        held = {} if anew else writer.stamps()
        for number, one in enumerate(views):
            symbol = one.instrument.symbol
            bars = _bars(view, symbol)
            if bars is None:
                continue
            stamp = _stamp(bars)
            if held.get(symbol) == stamp:
                continue
            progress("histories", number, len(views))
            shown = may_show(audience, bars.origin.licence)
            writer.put_sessions(symbol, stamp, sessions(bars) if shown else None)
            said = sayings.of(view_on(as_date(bars.days[-1])), symbol, audience) if shown else ()
            writer.put_sayings(symbol, stamp, said)
        writer.keep_only(one.instrument.symbol for one in views)
        news = told_at()
        companies = {name.symbol: name for name in _named(views)}
        former = _former(news) if news is not None else {}
        stories = _stories(news, audience) if news is not None else ()
        writer.set_told(_told(news, stories, companies.keys(), audience))
        writer.set_listings(
            _listing(one, former.get(one.instrument.symbol, ())) for one in views if not _hidden(one)
        )
        writer.set_board(
            None if view is None else board(view, views, stories, audience=audience, universe=universe)
        )
        writer.set_meta("context", context)


def add(path: Path, views: Sequence[InstrumentView]) -> None:
    """Let look-ups find instruments that a new article named; they have no bars."""
    if views:
        with TapeWriter(path) as writer:
            writer.add_listings(_named(views))


def sessions(bars: Bars) -> Sessions | None:
    """Every session of the bars that has a close; None without one."""
    total = not bool(np.isfinite(bars.close).any())
    deciding = bars.adj_close if total else bars.close
    kept = np.flatnonzero(np.isfinite(deciding) & (deciding > 0))
    if not len(kept):
        return None
    # Days since 1970 to days since the year 1: date.toordinal().
    days = (bars.days[kept].astype("datetime64[D]").astype(np.int64) + date(1970, 1, 1).toordinal()).tolist()
    if total:
        growth = deciding[kept] / deciding[kept[0]] * 100.0
        columns = {"close": _whole(growth, GROWTH_DECIMALS)}
        return Sessions(bars.symbol, "total", GROWTH_DECIMALS, tuple(days), columns)
    columns = {}
    for name in COLUMNS:
        values = getattr(bars, name)[kept]
        if np.isfinite(values).any():
            columns[name] = _whole(values, 0 if name == "volume" else bars.decimals)
    return Sessions(bars.symbol, "price", bars.decimals, tuple(days), columns)


def board(
    view: MarketView,
    views: Iterable[InstrumentView],
    stories: Sequence[Story] = (),
    *,
    audience: Audience,
    universe: Sequence[str],
) -> MarketBoard:
    """Rates, commodities and prints as last known, what moved most, what comes next, others' headlines."""
    moved, compared, source = _movers(view, views, universe)
    return MarketBoard(
        as_of=view.as_of,
        indicators=tuple(_indicators(view, audience)),
        gainers=tuple(one for one in moved[:MOVERS] if one.percent > 0),
        losers=tuple(one for one in reversed(moved[-MOVERS:]) if one.percent < 0),
        movers_of=compared,
        movers_source=source,
        coming=tuple(_coming(view, audience)),
        headlines=tuple(_headline(one) for one in stories[:HEADLINES_ALL]),
    )


# --- histories --------------------------------------------------------------------------------------------


def _bars(view: MarketView | None, symbol: str) -> Bars | None:
    try:
        return None if view is None else view.bars(symbol)
    except BroadtapeError:
        return None


def _stamp(bars: Bars) -> str:
    digest = hashlib.sha256(f"{bars.adjustment}|{bars.unit}|{bars.decimals}|{bars.origin.licence}".encode())
    for values in (bars.days, *(getattr(bars, name) for name in COLUMNS), bars.adj_close):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:24]


def _whole(values: NDArray[np.float64], decimals: int) -> tuple[int | None, ...]:
    """Rounded half-up to whole numbers of 10^-decimals; the slack of 1e-9 undoes binary fractions: 2.675."""
    scaled = np.abs(values) * 10.0**decimals
    whole = np.copysign(np.floor(scaled + 0.5 + np.maximum(scaled, 1.0) * 1e-9), values)
    return tuple(None if number != number else int(number) for number in whole.tolist())  # noqa: PLR0124 – NaN


# --- what is told -------------------------------------------------------------------------------------------


def _named(views: Iterable[InstrumentView]) -> list[Listing]:
    return [_listing(one, ()) for one in views if not _hidden(one)]


def _hidden(one: InstrumentView) -> bool:
    return one.instrument.symbol.startswith(NEVER_LISTED)


def _listing(one: InstrumentView, former: Sequence[str]) -> Listing:
    instrument = one.instrument
    names = [name for name in (*instrument.aliases, *former) if name.casefold() != instrument.name.casefold()]
    return Listing(
        instrument.symbol,
        instrument.name,
        instrument.kind,
        tuple(dict.fromkeys(names)),
        bool(one.history),
        one.last,
    )


def _former(news: NewsView) -> Mapping[str, tuple[str, ...]]:
    """Names that registrants had, and are registered under, by symbol."""
    found: dict[str, tuple[str, ...]] = {}
    for company in news.companies():
        for symbol in company.symbols:
            found[symbol] = (*found.get(symbol, ()), company.name, *company.former)
    return found


def _stories(news: NewsView, audience: Audience) -> tuple[Story, ...]:
    """Others' stories whose feed may be shown here, newest first, with an address a page can link to."""
    return tuple(
        one
        for one in news.stories(news.known - HEADLINES_FOR)
        if may_show(audience, one.origin.licence) and one.link.startswith(("https://", "http://"))
    )


def _told(
    news: NewsView | None, stories: Sequence[Story], symbols: Iterable[str], audience: Audience
) -> dict[str, Told]:
    if news is None:
        return {}
    known = set(symbols)
    headlines: dict[str, list[Headline]] = {}
    for story in stories:
        for symbol in story.symbols:
            if symbol in known and len(headlines.setdefault(symbol, [])) < HEADLINES:
                headlines[symbol].append(_headline(story))
    filings: dict[str, list[FilingLine]] = {}
    for filing in news.filings(since=news.known - FILINGS_FOR):
        if not may_show(audience, filing.origin.licence):
            continue
        for symbol in filing.symbols:
            if symbol in known and len(filings.setdefault(symbol, [])) < FILINGS:
                filings[symbol].append(_filing(filing))
    return {
        symbol: Told((), tuple(headlines.get(symbol, ())), tuple(filings.get(symbol, ())))
        for symbol in sorted(headlines.keys() | filings.keys())
    }


def _headline(story: Story) -> Headline:
    at = story.known_at if story.published is None else min(story.published, story.known_at)
    speaker, said = story.quotes[0] if story.quotes else ("", "")
    return Headline(
        story.title[:LONGEST_TITLE], story.link, story.publisher, at, story.symbols, speaker, said
    )


def _filing(filing: Filing) -> FilingLine:
    origin = filing.origin
    return FilingLine(
        filing.form,
        filing.company,
        filing.link,
        filing.at,
        filing.period,
        origin.attribution or origin.source,
    )


# --- the board ----------------------------------------------------------------------------------------------


def _movers(
    view: MarketView, views: Iterable[InstrumentView], universe: Sequence[str]
) -> tuple[list[Mover], int, tuple[str, ...]]:
    """Stocks of the universe by their change in the newest session, best first."""
    wanted = {symbol for name in universe for symbol in view.group(name)}
    found = []
    sources: dict[str, None] = {}
    for one in views:
        symbol = one.instrument.symbol
        if one.instrument.kind != "stock" or (wanted and symbol not in wanted) or not one.history:
            continue
        newest = one.history[0]
        if newest.day != view.as_of or newest.percent is None:
            continue
        # Of one that several sources continue, each by itself.
        sources |= dict.fromkeys([one.attribution] if one.attribution else one.source.split(", "))
        found.append(Mover(symbol, one.instrument.name, newest.percent, one.basis))
    found.sort(key=lambda mover: (-mover.percent, mover.symbol))
    return found, len(found), tuple(sources)


def _indicators(view: MarketView, audience: Audience) -> Iterable[Indicator]:
    decisions = [one for one in view.decisions() if may_show(audience, one.origin.licence)]
    if decisions:
        last = decisions[-1]
        yield Indicator(
            "policy-rate",
            "Federal funds target range",
            "rate",
            "percent",
            2,
            last.lower,
            Decimal(last.change_bp) / 100,
            last.day,
            decisions[-2].day if len(decisions) > 1 else None,
            "day",
            last.origin.retrieved,
            last.origin.attribution or last.origin.source,
            last.upper,
        )
    known = set(view.series())
    for one in INDICATORS:
        if one.series not in known:
            continue
        try:
            readings = view.readings(one.series)
        except NoData:
            continue
        if not may_show(audience, readings.origin.licence):
            continue
        about = macro.series_of(one.series)
        value, period = readings.values[-1], as_date(readings.periods[-1])
        every = macro.spacing(readings.periods)
        earlier = len(readings.values) > 1
        yield Indicator(
            one.series,
            one.title,
            one.kind,
            one.unit or about.unit,
            about.decimals,
            value,
            value - readings.values[-2] if earlier else None,
            period,
            as_date(readings.periods[-2]) if earlier else None,
            every,
            readings.known_at[-1],
            readings.origin.attribution or readings.origin.source,
        )


def _coming(view: MarketView, audience: Audience) -> Iterable[Coming]:
    """What is scheduled in the days after the newest session, closed days of the exchange included."""
    last = view.as_of + timedelta(days=AHEAD)
    calendar = getattr(view, "calendar", None)  # a fake market has none
    events = (
        calendar(AHEAD) if calendar is not None else [e for e in view.events() if view.as_of < e.day <= last]
    )
    for event in events:
        if may_show(audience, event.origin.licence):
            yield Coming(
                event.day, event.at, event.kind, event.title, event.url,
                event.origin.attribution or event.origin.source,
            )  # fmt: skip
