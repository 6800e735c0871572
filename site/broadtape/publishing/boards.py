"""What readers see of the market: quote boards, quote pages, definitions and how a fact's value is printed.

Owns which instruments may be shown under the instance's licence rule. Computes through metrics only; writes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from broadtape import metrics, numbers
from broadtape.archive.records import (
    DefinitionView,
    HistoryRow,
    InstrumentView,
    ParameterView,
    QuoteBoard,
    QuoteRow,
)
from broadtape.config import may_show
from broadtape.metrics.series import as_date
from broadtape.model import BroadtapeError, Fact, Instrument, MarketView, Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from broadtape.config import Audience
    from broadtape.model import Bars

SESSIONS_SHOWN = 260  # about a year of a quote page's history
UNPRINTABLE = "UNLISTED:"  # bare symbols no directory knows: usable for detection, never printed


def board(view: MarketView, symbols: Iterable[str], audience: Audience) -> QuoteBoard:
    """The quotes of the view's session in the order given.

    An instrument without a bar of that session is left out and named. On a public instance so is one whose
    series may not be republished, unless an instrument that stands for it may and is not in the list itself: that
    one is shown, under its own name and as standing for the other.
    """
    rows: list[QuoteRow] = []
    left_out: list[str] = []
    attribution: dict[str, None] = {}
    wanted = list(dict.fromkeys(symbols))
    for symbol in wanted:
        shown = _quote(view, symbol, audience)
        if shown is None:
            stand_ins = (one for one in _proxies(view, symbol, audience) if one not in wanted)
            shown = next((found for one in stand_ins if (found := _quote(view, one, audience))), None)
            if shown is not None:
                shown = (replace(shown[0], stands_for=view.instrument(symbol).name), shown[1])
        if shown is None:
            left_out.append(symbol)
            continue
        row, line = shown
        rows.append(row)
        if line:
            attribution[line] = None
    return QuoteBoard(view.as_of, tuple(rows), tuple(left_out), tuple(attribution))


def _proxies(view: MarketView, symbol: str, audience: Audience) -> list[str]:
    if audience == "private":
        return []
    return [instrument.symbol for instrument in view.instruments() if instrument.proxy_of == symbol]


def _quote(view: MarketView, symbol: str, audience: Audience) -> tuple[QuoteRow, str] | None:
    """The quote of the session and the line that credits its source; None where it may not be shown."""
    if symbol.startswith(UNPRINTABLE):
        return None
    try:
        fact = metrics.fact(view, "quote", of=symbol)
        instrument = view.instrument(symbol)
        bars = view.bars(symbol)
    except BroadtapeError:  # no such instrument, no bar, no price: absence, which the board names
        return None
    if not may_show(audience, fact.licence):
        return None
    price, change, percent = fact.part("value"), fact.part("change"), fact.part("percent")
    row = QuoteRow(
        symbol=symbol,
        name=instrument.name,
        price=_decimal(price, bars.decimals),  # a column of prices has one precision
        change=_decimal(change, bars.decimals),
        percent=_decimal(percent, 2),
        unit=price.unit,
        as_of=fact.as_of,
        source=bars.origin.source,
        delay_minutes=bars.origin.delay_minutes,
        fact_id=fact.id,
        licence=fact.licence,
    )
    return row, bars.origin.attribution or bars.origin.source


def _decimal(part: Part, decimals: int) -> Decimal:
    assert isinstance(part.value, Decimal)
    return numbers.rounded(part.value, max(decimals, part.decimals))


def instrument_view(
    view: MarketView, instrument: Instrument, view_on: Callable[[date], MarketView], audience: Audience
) -> InstrumentView:
    """What the quote page of an instrument shows; no prices where there are none or none may be shown."""
    try:
        bars = view.bars(instrument.symbol)
    except BroadtapeError:
        return InstrumentView(instrument, None)
    origin = bars.origin
    first, last = as_date(bars.days[0]), as_date(bars.days[-1])
    hidden = not may_show(audience, origin.licence)
    quote = None if hidden else _quote(view_on(last), instrument.symbol, audience)
    history, basis = ((), "price") if hidden else _history(bars)
    return InstrumentView(
        instrument=instrument,
        quote=None if quote is None else quote[0],
        history=history,
        basis="total" if basis == "total" else "price",
        adjustment=bars.adjustment,
        unit=bars.unit,
        first=first,
        last=last,
        source=origin.source,
        attribution=origin.attribution,
        licence=origin.licence,
        delay_minutes=origin.delay_minutes,
        retrieved=origin.retrieved,
    )


def _history(bars: Bars) -> tuple[tuple[HistoryRow, ...], str]:
    """The last sessions, newest first, and the basis of their changes."""
    basis = "price" if bool(np.isfinite(bars.close[-SESSIONS_SHOWN - 1 :]).any()) else "total"
    deciding = bars.close if basis == "price" else bars.adj_close
    kept = np.flatnonzero(np.isfinite(deciding))[-SESSIONS_SHOWN - 1 :]
    values = deciding[kept]
    change = np.full(len(values), np.nan)
    change[1:] = np.divide(values[1:], values[:-1], out=change[1:].copy(), where=values[:-1] > 0) * 100 - 100
    nothing = [None] * len(kept)
    prices = [  # an adjusted level is never printed
        _decimals(getattr(bars, name)[kept], bars.decimals) if basis == "price" else nothing
        for name in ("open", "high", "low", "close")
    ]
    volume = [None if value is None else int(value) for value in _decimals(bars.volume[kept], 0)]
    columns = zip(bars.days[kept].tolist(), *prices, volume, _decimals(change, 2), strict=True)
    rows = [HistoryRow(*row) for row in columns]
    return tuple(reversed(rows))[:SESSIONS_SHOWN], basis


def _decimals(values: NDArray[np.float64], places: int) -> list[Decimal | None]:
    """Rounded half-up; a value that is not finite is None. The slack of 1e-9 undoes binary fractions: 2.675."""
    scaled = np.abs(values) * 10.0**places
    whole = np.copysign(np.floor(scaled + 0.5 + np.maximum(scaled, 1.0) * 1e-9), values)
    return [None if number != number else Decimal(int(number)).scaleb(-places) for number in whole.tolist()]  # noqa: PLR0124 – NaN


def definitions() -> list[DefinitionView]:
    """Every metric's definition as readers see it."""
    return [
        DefinitionView(
            found.name,
            found.title,
            found.version,
            found.wording,
            tuple(ParameterView(one.name, one.meaning, one.default, one.example) for one in found.parameters),
            tuple(found.examples),
        )
        for found in metrics.definitions()
    ]


def machine(fact: Fact) -> str:
    """The fact's value for programs: `-0.74`, `7`, `2026-01-12`, `3.50/3.75`."""
    value = fact.value
    if isinstance(value, tuple):
        return "/".join(f"{bound:f}" for bound in value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def printed(fact: Fact) -> str:
    """The fact's value for people: `−0.74%`, `7 sessions`, `$184.94`, `Jan. 12, 2026`."""
    return _printed(fact.part("value"))


def _printed(part: Part) -> str:
    value = part.value
    if isinstance(value, tuple):
        return numbers.rate_range(*value)
    if isinstance(value, Decimal):
        if part.kind == "level":
            return numbers.level(value, part.unit, part.decimals)
        shown = numbers.rounded(value, part.decimals)
        sign = "+" if part.kind == "change" and shown > 0 else ""
        if part.unit == "percent":
            return f"{sign}{numbers.plain(value, part.decimals)}%"
        if part.unit == "USD":
            return f"{'+' if sign else '−' if shown < 0 else ''}${abs(shown):,f}"
        unit = "percentage point" if part.unit == "percentage points" and abs(shown) <= 1 else part.unit
        return f"{sign}{numbers.plain(value, part.decimals)} {unit}".rstrip()
    if isinstance(value, date):
        return numbers.month(value) if part.kind == "month" else numbers.day(value)
    if isinstance(value, int):
        if part.kind == "rank":
            return f"No. {value}"
        unit = part.unit.removesuffix("s") if value == 1 else part.unit
        return str(value) if part.kind == "year" else f"{value:,d} {unit}".rstrip()
    return value
