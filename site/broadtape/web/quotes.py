"""Key figures and history of one instrument, from the sessions that the tape or the catalogue holds of it.

Pure: sessions in, the parts of the quote page out; charts are drawing's. Never prints a price of a series that
includes dividends: that one is tabled as growth of 100.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from broadtape import numbers
from broadtape.web import words
from broadtape.web.contexts import Change, KeyFigure, SessionRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from broadtape.archive.records import HistoryRow, InstrumentView
    from broadtape.archive.tape import Sessions

HISTORY = 30  # sessions in the table
WINDOWS = ("1 session", "1 week", "1 month", "Year to date", "1 year")


@dataclass(frozen=True, slots=True)
class Series:
    """The usable closes of one instrument, ascending; `price` tells whether they may be printed as prices."""

    symbol: str
    days: tuple[date, ...]
    closes: tuple[Decimal, ...]
    price: bool
    unit: str
    decimals: int

    @property
    def last(self) -> Decimal:
        """The newest close."""
        return self.closes[-1]

    @property
    def day(self) -> date:
        """The newest session."""
        return self.days[-1]

    def before(self, day: date) -> int | None:
        """The place of the last close on or before `day`; None where the series starts later."""
        place = bisect_right(self.days, day) - 1
        return place if place >= 0 else None


def series(view: InstrumentView) -> Series | None:
    """What may be shown of an instrument, ascending; None where the catalogue has no session of it."""
    rows = view.history[::-1]
    decimals = 4 if view.unit == "USD" and rows and _sub_dollar(rows[-1].close) else 2
    if view.basis == "price":
        kept = [(row.day, row.close) for row in rows if row.close is not None and row.close > 0]
        if not kept:
            return None
        days, closes = zip(*kept, strict=True)
        return Series(view.instrument.symbol, days, closes, True, view.unit, decimals)
    index = Decimal(100)
    days_: list[date] = []
    levels: list[Decimal] = []
    for number, row in enumerate(rows):
        if number and row.percent is None:
            index, days_, levels = Decimal(100), [], []  # a gap: growth starts again after it
        elif number and row.percent is not None:
            index *= 1 + row.percent / 100
        days_.append(row.day)
        levels.append(index)
    return Series(view.instrument.symbol, tuple(days_), tuple(levels), False, "", 2) if levels else None


def whole(sessions: Sessions, view: InstrumentView) -> Series:
    """Every session of the tape as a series."""
    price = sessions.basis == "price"
    scale = Decimal(1).scaleb(-sessions.decimals)
    closes = tuple(Decimal(value or 0) * scale for value in sessions.columns["close"])
    decimals = 4 if price and view.unit == "USD" and _sub_dollar(closes[-1]) else 2
    return Series(
        view.instrument.symbol,
        tuple(map(date.fromordinal, sessions.days)),
        closes,
        price,
        view.unit if price else "",
        decimals,
    )


def as_price(value: Decimal, of: Series) -> str:
    """A close as printed: `$184.94` or `2,603.91`."""
    return numbers.level(value, of.unit, of.decimals)


def last_change(of: Series) -> Change | None:
    """The last session's change; None with a single close."""
    return _change(of, len(of.closes) - 2, len(of.closes) - 1) if len(of.closes) > 1 else None


def window(of: Series, name: str) -> tuple[int, Change] | None:
    """The change over a window of `WINDOWS` and the place of the close it starts from; None without data.

    A week is five sessions. A month and a year start from the last close on or before the same day
    of the month or year before; a year to date from the last close of the year before.
    """
    day, end = of.day, len(of.closes) - 1
    start: int | None
    if name == "1 session":
        start = end - 1
    elif name == "1 week":
        start = end - 5
    elif name == "1 month":
        start = of.before(months_back(day, 1))
    elif name == "Year to date":
        start = of.before(date(day.year - 1, 12, 31))
    else:
        start = of.before(months_back(day, 12))
    if start is None or start < 0 or start == end:
        return None
    if name in ("1 month", "Year to date", "1 year") and of.days[start] < _oldest(day, name):
        return None  # the close before the window is too old to be its start: a gap in the data
    return start, _change(of, start, end)


def key_figures(of: Series) -> tuple[KeyFigure, ...]:
    """Previous close, 52-week range and changes over the usual windows, each with its days."""
    return tuple(_key_figures(of))


def history(listed: Iterable[HistoryRow], of: Series) -> tuple[SessionRow, ...]:
    """Sessions as the table shows them, in their order; without prices where the series includes dividends."""
    rows = []
    for row in listed:
        at = of.before(row.day)
        if at is None or of.days[at] != row.day:
            continue
        shown = [_shown(value, of) for value in (row.open, row.high, row.low)]
        rows.append(
            SessionRow(
                day=words.of_day(row.day),
                open=shown[0],
                high=shown[1],
                low=shown[2],
                price=_shown(of.closes[at], of),
                change=_change(of, at - 1, at) if at else None,
                volume=f"{row.volume:,}" if row.volume else "",
            )
        )
    return tuple(rows)


def csv(rows: Iterable[HistoryRow], of: Series) -> str:
    """The sessions as CSV, in the order given; growth of 100 where the series includes dividends."""
    if not of.price:
        return "date,growth_of_100_including_dividends\n" + "".join(
            f"{day},{level:.4f}\n" for day, level in zip(of.days, of.closes, strict=True)
        )
    lines = ["date,open,high,low,close,volume\n"]
    for row in rows:
        cells = (row.open, row.high, row.low, row.close, row.volume)
        lines.append(f"{row.day},{','.join('' if cell is None else str(cell) for cell in cells)}\n")
    return "".join(lines)


# --- helpers --------------------------------------------------------------------------------------------


def _shown(value: Decimal | None, of: Series) -> str:
    return as_price(value, of) if of.price and value is not None else ""


def _sub_dollar(close: Decimal | None) -> bool:
    return close is not None and close < 1


def _change(of: Series, start: int, end: int) -> Change:
    old, new = of.closes[start], of.closes[end]
    return words.change(new - old if of.price else None, (new - old) / old * 100, decimals=of.decimals)


def _key_figures(of: Series) -> Iterator[KeyFigure]:
    if of.price and len(of.closes) > 1:
        yield KeyFigure("Previous close", as_price(of.closes[-2], of), numbers.day(of.days[-2]))
    if of.price and of.days[0] <= of.day - timedelta(days=350):
        first = bisect_right(of.days, of.day - timedelta(weeks=52))
        span = range(first, len(of.closes))
        low, high = min(span, key=of.closes.__getitem__), max(span, key=of.closes.__getitem__)
        yield KeyFigure("52-week high (close)", as_price(of.closes[high], of), numbers.day(of.days[high]))
        yield KeyFigure("52-week low (close)", as_price(of.closes[low], of), numbers.day(of.days[low]))
    for name in WINDOWS[1:]:
        found = window(of, name)
        if found is not None:
            start, change = found
            yield KeyFigure(name, "", f"since the close of {numbers.day(of.days[start])}", change)


def months_back(day: date, months: int) -> date:
    """The same day so many months before, or the last of that month where it is shorter."""
    total = day.year * 12 + day.month - 1 - months
    year, month = divmod(total, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def _oldest(day: date, name: str) -> date:
    start = {"1 month": months_back(day, 1), "Year to date": date(day.year - 1, 12, 31)}
    return start.get(name, months_back(day, 12)) - timedelta(days=10)
