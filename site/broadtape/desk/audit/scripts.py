"""Pages and plain text as a script: passages with their lines, rows of quotes and the day it is about.

Owns text too short to be an article, a sentence say; pages are read by broadtape.extraction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, tzinfo
from decimal import Decimal

from broadtape.desk.audit.parts import Passage, QuoteRow, Script
from broadtape.desk.audit.spans import find_spans
from broadtape.extraction import Extracted

_QUOTE = re.compile(
    r"^\s*\$?(?P<symbol>[A-Z]{1,5}(?:[.-][A-Z])?)[\s|]+\$?(?P<price>\d[\d,]*\.\d{2,4})[\s|]+(?P<change>[+\-–−]?\d[\d,]*\.\d{2,4})[\s|]*"
    r"\(?(?P<percent>[+\-–−]?\d[\d,]*\.\d{1,4})\s?%\)?\s*\|?\s*$",
    re.MULTILINE,
)
_CLOSE = time(16, 0)  # of the market's day; an early close only makes an article look earlier than it was
_ITEM = re.compile(r"\s*[•·*▪◦‣-]\s+")
_AS_OF = re.compile(r"\b[Aa]s of\b[^.]{0,40}")


def from_page(page: Extracted, *, path: str, zone: tzinfo, dated: date | None = None) -> Script:
    """A script of a page as extracted; `zone` is the market's, in which a publication's instant has its day."""
    passages = [Passage(page.headline, 0, heading=True)] if page.headline else []
    if page.standfirst and all(page.standfirst not in one.text for one in page.passages):
        passages.append(Passage(page.standfirst, 0))
    passages += [
        Passage(_broken(one.text, one.breaks), one.line, one.kind == "heading")
        for one in page.passages
        if one.kind not in {"row", "disclaimer"}
    ]
    quotes = tuple(
        QuoteRow(one.symbol, one.price, one.change, one.change_pct, one.line) for one in page.quotes
    )
    published = page.published.value
    day = (
        published.astimezone(zone).date()
        if isinstance(published, datetime) and published.tzinfo
        else published
    )
    day = day.date() if isinstance(day, datetime) else day
    votes = ", ".join(
        dict.fromkeys(vote.by for vote in page.published.votes if _day_of(vote.value, zone) == day)
    )
    why = "--as-of" if dated else votes
    hour = (
        published.astimezone(zone).time()
        if isinstance(published, datetime) and published.tzinfo and not dated
        else None
    )
    closed, early = hour is not None and hour >= _CLOSE, hour is not None and hour < _CLOSE
    return Script(path, tuple(passages), quotes, dated or day, why, page.notices, closed=closed, open=early)


def _broken(text: str, breaks: tuple[tuple[int, int], ...]) -> str:
    """The text with the line ends of its source, so that a sentence is told its own line."""
    done, pieces, lines = 0, [], 0
    for place, number in breaks:
        if place > done and number > lines and text[place - 1] == " ":
            pieces.append(text[done : place - 1] + "\n" * (number - lines))
            done, lines = place, number
    return "".join([*pieces, text[done:]])


def _day_of(value: date, zone: tzinfo) -> date:
    if isinstance(value, datetime):
        return (value.astimezone(zone) if value.tzinfo else value).date()
    return value


def from_text(text: str, *, path: str = "-", dated: date | None = None) -> Script:
    """A script of plain text: blank lines part paragraphs, a short line without a full stop is a heading.

    An item of a list is a paragraph of its own: what stands in one is not said of the next.
    """
    quotes = tuple(
        QuoteRow(row["symbol"], _number(row["price"]), _number(row["change"]), _number(row["percent"]),
                 text.count("\n", 0, row.start("symbol")) + 1, " ".join(row.group().split()))
        for row in _QUOTE.finditer(text)
    )  # fmt: skip
    body = _QUOTE.sub(lambda found: "\n" * found.group().count("\n"), text)
    passages, line = [], 1
    for block in re.split(r"(\n\s*\n)", body):
        stripped = block.strip()
        if stripped:
            offset = block[: len(block) - len(block.lstrip())].count("\n")
            for number, lines, item in _items(stripped.split("\n")):
                heading = (
                    not item
                    and len(lines) == 1
                    and len(lines[0]) < 120
                    and not lines[0].endswith((".", "!", "?", "”", ":", "%"))
                )
                passages.append(Passage("\n".join(lines), line + offset + number, heading))
        line += block.count("\n")
    day = dated or _said(body)
    why = "--as-of" if dated else "the text's own “as of”" if day else ""
    return Script(path, tuple(passages), quotes, day, why)


def _items(lines: Sequence[str]) -> Iterator[tuple[int, list[str], bool]]:
    """A block's lines, parted where an item of a list begins: the number of the first line, the lines, whether an item."""
    begun, held, item = 0, list[str](), False
    for number, line in enumerate(lines):
        opens = _ITEM.match(line) is not None
        if held and opens:
            yield begun, held, item
            begun, held = number, []
        item = opens if not held else item
        held.append(line.strip().lstrip("#>*• ").removeprefix("- ").rstrip())
    yield begun, held, item


def _said(text: str) -> date | None:
    """The latest full day that the text says it is as of."""
    found = []
    for phrase in _AS_OF.finditer(text):
        for _, _, span in find_spans(phrase.group()):
            if span.kind == "day" and span.day:
                found.append(span.day)
            elif span.kind == "day" and span.year and span.month and span.number:
                try:
                    found.append(date(span.year, span.month, span.number))
                except ValueError:
                    continue
    return max(found, default=None)


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("–", "-").replace("−", "-"))
