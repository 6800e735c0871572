"""Owns tables of data and rows of quotes: what a page sets out in columns.

Takes rows of cells and plain text; where they stand in a page is its reader's business.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from broadtape.extraction.parts import QuoteRow, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MOST_TABLES: Final = 100
MOST_ROWS: Final = 500
MOST_COLUMNS: Final = 40
MOST_QUOTES: Final = 100
_NUMBER: Final = re.compile(r"[+\-−–]?\$?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+\-−–]?\$?\d+(?:\.\d+)?")
_SYMBOL: Final = re.compile(r"(?:[A-Z][A-Za-z ]{1,15}:\s*)?\^?[A-Z]{1,6}(?:[.\-/][A-Z]{1,3})?")
_FLOWING: Final = re.compile(
    r"(?<![\w.])(?P<symbol>\^?[A-Z]{1,6}(?:[.\-][A-Z]{1,2})?)\s+"
    r"\$?(?P<price>\d{1,3}(?:,\d{3})+\.\d{2,4}|\d{1,7}\.\d{2,4})\s+"
    r"(?P<arrow>[▲▼△▽↑↓]?)\s*(?P<change>[+\-−–]?\$?\d[\d,]{0,9}\.\d{1,4})\s*"
    r"(?:\(\s*(?P<inside>[+\-−–]?\d{1,5}\.\d{1,4})\s*%\s*\)|(?P<after>[+\-−–]?\d{1,5}\.\d{1,4})\s*%)"
)
_HEADS: Final = {
    "symbol": ("symbol", "ticker", "index", "stock"),
    "price": ("price", "last", "last price", "close", "value", "level", "last trade"),
    "change": ("change", "chg", "net change", "net chg", "change ($)", "chg ($)", "points", "pts"),
    "percent": ("%", "% change", "% chg", "change %", "change (%)", "chg %", "%chg", "pct change", "percent change"),
}  # fmt: skip


def table(rows: Sequence[Sequence[tuple[str, bool]]], *, caption: str = "", line: int = 0) -> Table | None:
    """A table of (cell, is a header) rows; None where it lays out a page rather than data."""
    kept = [list(row[:MOST_COLUMNS]) for row in rows[: MOST_ROWS + 1] if any(text for text, _ in row)]
    width = max((len(row) for row in kept), default=0)
    if width < 2 or len(kept) < 2 or any(len(text) > 400 for row in kept for text, _ in row):
        return None
    filled = sum(1 for row in kept for text, _ in row if text)
    if filled < len(kept) * width * 0.3:
        return None
    padded = [[*(text for text, _ in row), *[""] * (width - len(row))] for row in kept]
    heads = all(is_head for text, is_head in kept[0] if text) or not _has_figures(padded[0])
    header = tuple(padded[0]) if heads and any(_has_figures(row) for row in padded[1:]) else ()
    body = padded[1:] if header else padded
    return Table(caption, header, tuple(tuple(row) for row in body), line)


def _has_figures(row: Sequence[str]) -> bool:
    return any(re.search(r"\d", cell) for cell in row)


def quotes_of(tables: Iterable[Table], text: str, line_of: Callable[[str], int]) -> tuple[QuoteRow, ...]:
    """The rows of quotes in tables and in running columns; each symbol once, as first printed."""
    found: dict[str, QuoteRow] = {}
    for row in (*_from_tables(tables), *flowing(text, line_of)):
        if row.symbol not in found and len(found) < MOST_QUOTES:
            found[row.symbol] = row
    return tuple(found.values())


def _from_tables(tables: Iterable[Table]) -> Iterator[QuoteRow]:
    for one in tables:
        columns = _columns(one.header)
        if columns is None:
            continue
        for row in one.rows:
            symbol = row[columns["symbol"]]
            if not _SYMBOL.fullmatch(symbol):
                continue
            price = number(row[columns["price"]])
            change, percent = _changes(row, columns)
            plus = any(re.search(r"\+\s*[\d.]+\s*%", cell) for cell in row)
            made = quote(symbol.rpartition(":")[2].strip(), price, change, percent, one.line, plus=plus)
            if made is not None:
                yield made


def _columns(header: Sequence[str]) -> dict[str, int] | None:
    names = [" ".join(cell.lower().split()) for cell in header]
    found = {
        what: next((names.index(word) for word in words if word in names), -1)
        for what, words in _HEADS.items()
    }
    if found["symbol"] < 0 or found["price"] < 0 or max(found["change"], found["percent"]) < 0:
        return None
    return found


def _changes(row: Sequence[str], columns: dict[str, int]) -> tuple[Decimal | None, Decimal | None]:
    """Change and percentage; one column may hold both: "-0.91 (-0.37%)"."""
    change = percent = None
    for what in ("change", "percent"):
        cell = row[columns[what]] if columns[what] >= 0 else ""
        for found in re.finditer(rf"({_NUMBER.pattern})\s*(%?)", cell):
            value = number(found[1])
            if found[2] or (what == "percent" and change is not None and percent is None):
                percent = value if percent is None else percent
            elif change is None and what == "change":
                change = value
            elif what == "percent" and percent is None:
                percent = value
        if "▼" in cell or "↓" in cell:
            change, percent = _lowered(change), _lowered(percent)
    return change, percent


def flowing(text: str, line_of: Callable[[str], int]) -> Iterator[QuoteRow]:
    """Rows that follow one another as words: ticker, price, change and percentage."""
    for found in _FLOWING.finditer(text):
        change, percent = number(found["change"]), number(found["inside"] or found["after"])
        if found["arrow"] in ("▼", "▽", "↓") and found["arrow"]:
            change, percent = _lowered(change), _lowered(percent)
        made = quote(
            found["symbol"],
            number(found["price"]),
            change,
            percent,
            line_of(found["symbol"]),
            plus=(found["inside"] or found["after"]).startswith("+"),
        )
        if made is not None:
            yield made


def quote(
    symbol: str,
    price: Decimal | None,
    change: Decimal | None,
    percent: Decimal | None,
    line: int,
    *,
    plus: bool = False,
) -> QuoteRow | None:
    """One row of quotes; None where its figures contradict each other or are no quote.

    `plus`: the percentage is printed with a plus sign.
    """
    if price is None or price <= 0 or (change is None and percent is None):
        return None
    if change is not None:
        before = price - change
        if before <= 0:
            return None
        if percent is not None:
            implied = change / before * 100
            if percent > 0 > change and not plus:
                percent = -percent  # "-0.91 (0.37%)": the sign is said once
            if abs(implied - percent) > Decimal("0.06") + abs(implied) * Decimal("0.02"):
                return None
    return QuoteRow(symbol, price, change, percent, line)


def number(text: str) -> Decimal | None:
    """A printed number; None where it is none."""
    found = _NUMBER.search(text)
    if not found or len(found[0]) > 24:
        return None
    try:
        return Decimal(re.sub(r"[$,]", "", found[0]).replace("−", "-").replace("–", "-"))
    except InvalidOperation:
        return None


def _lowered(value: Decimal | None) -> Decimal | None:
    return None if value is None else -abs(value)
