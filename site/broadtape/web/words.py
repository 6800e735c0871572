"""Dates, times, changes and addresses as the pages print them.

Owns no page and reads nothing: plain values in, the small records of contexts out.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from broadtape import numbers
from broadtape.web.contexts import Change, Moment

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from broadtape.model import Article

    PageAddress = Callable[[int], str]  # the address of the nth page of a list

# What a line must not end in the middle of: a day of a month, a clock time, an amount, a name with its number.
# Looked for from the space on: what begins with a look back is tried at every letter, thirty times as slow.
_BOUND = re.compile(
    r" (?:(?=\d)(?:(?<=\b(?:Jan|Feb|Aug|Oct|Nov|Dec)\. )|(?<=\bSept\. )|(?<=\bMay )|(?<=\b(?:June|July) )"
    r"|(?<=\b(?:March|April|Phase) )|(?<=\bRussell )|(?:(?<=\bS&P )|(?<=\bS&amp;P ))(?=500\b))"
    r"|(?=[abmpt])(?<=\d )(?=(?:[ap]\.m\.|(?:million|billion|trillion|percentage|basis|percent)\b)))"
)
_TAGS = re.compile(r"(<[^>]*>)")

READING_SPEED = 230  # words a minute, for "4 min read"; adults read English prose at 238 (Brysbaert 2019)
LATE = timedelta(days=1)  # written later than this after its date, a page says so


def of_day(day: date) -> Moment:
    """A session or other date: `Jan. 12, 2026`."""
    return Moment(day.isoformat(), numbers.day(day))


def of_instant(instant: datetime, zone: ZoneInfo) -> Moment:
    """An instant in the site's zone, to the minute: `Jan. 12, 2026, 1:41 p.m.`."""
    local = instant.astimezone(zone)
    return Moment(local.isoformat(timespec="minutes"), f"{numbers.day(local.date())}, {clock(local)}")


def on_day(instant: datetime, zone: ZoneInfo) -> Moment:
    """An instant of which only the day is printed."""
    local = instant.astimezone(zone)
    return Moment(local.isoformat(timespec="minutes"), numbers.day(local.date()))


def clock(local: datetime) -> str:
    """`1:41 p.m.`."""
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'a.m.' if local.hour < 12 else 'p.m.'}"


def is_late(article: Article) -> bool:
    """Whether an article was written over a day from the date it carries."""
    return article.written is not None and abs(article.written - article.date) > LATE


def late_sentence(article: Article, zone: ZoneInfo) -> str:
    """`Written on Nov. 22, 2026, from data as of Jan. 12, 2026.`, or nothing where it was written in time."""
    if article.written is None or not is_late(article):
        return ""
    day = numbers.day(article.written.astimezone(zone).date())
    if article.as_of is None:
        return f"Written on {day}."
    return f"Written on {day}, from data as of {numbers.day(article.as_of)}."


def change(amount: Decimal | None, percent: Decimal, *, decimals: int = 2) -> Change:
    """A change of a price (`amount`, None where only the percentage is known) as printed.

    The direction is that of the printed figures, so `0.00%` is flat.
    """
    shown = numbers.rounded(percent, 2)
    moved = numbers.rounded(amount, decimals) if amount is not None else shown
    deciding = moved or shown
    direction = "up" if deciding > 0 else "down" if deciding < 0 else "flat"
    return Change(
        direction,  # type: ignore[arg-type]  # mypy widens the conditional to str
        "" if amount is None else signed(amount, decimals),
        numbers.signed_percent(percent, decimals=2),
        {"up": "up", "down": "down", "flat": "unchanged"}[direction],
    )


def signed(value: Decimal, decimals: int) -> str:
    """`+0.08`, `−2.11`, `0.00`."""
    text = numbers.plain(value, decimals)
    return f"+{text}" if numbers.rounded(value, decimals) > 0 else text.replace("−0.00", "0.00")


def minutes(words: int) -> int:
    """Reading time, at least a minute."""
    return max(1, round(words / READING_SPEED))


@lru_cache(maxsize=10_000)  # every card names topics
def title_of(slug: str) -> str:
    """A topic's or author's name from its part of the address: `federal-reserve` is `Federal reserve`."""
    return numbers.capital(slug.replace("-", " "))


def month_title(month: str) -> str:
    """`2026-01` is `January 2026`."""
    year, number = month.split("-")
    return numbers.month(date(int(year), int(number), 1))


def bound(text: str | Markup) -> Markup:
    """Words for a page with no-break spaces where a line must not end: `Jan. 12`, `S&P 500`, `7:55 p.m.`.

    Tags of Markup are left as they are; plain text is escaped first.
    """
    return _bound_markup(text) if isinstance(text, Markup) else _bound_text(text)


@lru_cache(maxsize=4096)  # a title stands in its page, in the lists and beside its neighbours
def _bound_text(text: str) -> Markup:
    return _bound_markup(escape(text))


def _bound_markup(text: Markup) -> Markup:
    if _BOUND.search(text) is None:
        return text
    parts = _TAGS.split(str(text))
    parts[::2] = (_BOUND.sub("\u00a0", part) for part in parts[::2])
    return Markup("".join(parts))  # noqa: S704 – escaped above, or markup that the caller vouched for


def http_instant(instant: datetime) -> datetime:
    """An instant as HTTP dates can say it: UTC, whole seconds."""
    return instant.astimezone(UTC).replace(microsecond=0)
