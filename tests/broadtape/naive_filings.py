"""The metrics over filings once more, over plain rows with loops: what was filed, how often, and figures filed.

Owns no reading of sources; written from the definitions in docs/contracts/metrics.md and not from the metrics' code.
A fact that cannot be had is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Paper:
    """One filing: by whom, when accepted, on which form, of which items."""

    symbol: str
    at: datetime
    form: str
    items: tuple[str, ...]

    @property
    def day(self) -> date:
        return self.at.astimezone(NEW_YORK).date()

    def is_of(self, kind: str) -> bool:
        wanted = {
            "results": ("8-K", "2.02"), "acquisition": ("8-K", "2.01"), "agreement": ("8-K", "1.01"),
            "registration": ("S-1", ""), "stake": ("SC 13D", ""), "offering": ("424B5", ""),
        }[kind]  # fmt: skip
        return self.form == wanted[0] and (wanted[1] == "" or wanted[1] in self.items)


@dataclass(frozen=True)
class Sum:
    """One figure filed: of a company, a concept, for a period, when."""

    symbol: str
    concept: str
    start: date
    end: date
    value: Decimal
    at: datetime


def filing(papers: list[Paper], day: date, of: str, kind: str) -> date | None:
    """The day of the last filing of a kind."""
    days = [one.day for one in papers if one.day <= day and one.symbol == of and one.is_of(kind)]
    return max(days, default=None)


def filing_count(papers: list[Paper], day: date, of: str, kind: str, first: date) -> int | None:
    """How many of a kind from `first` on; None where what is known begins later."""
    own = [one for one in papers if one.day <= day and (not of or one.symbol == of)]
    begin = datetime(first.year, first.month, first.day, tzinfo=NEW_YORK)
    if not [one for one in own if one.at <= begin]:
        return None
    return sum(1 for one in own if one.is_of(kind) and first <= one.day <= day)


def on_file(papers: list[Paper], day: date, before: date, of: str, *, far: bool = False) -> int | None:
    """How many filings since the close of the session before; over a longer window only where one came before it."""
    since = datetime(before.year, before.month, before.day, 16, tzinfo=NEW_YORK)
    then = [one for one in papers if one.day <= day]
    own = sum(1 for one in then if one.symbol == of and one.at >= since)
    if not own and not [one for one in then if one.at >= since - timedelta(days=30)]:
        return None
    if far and not [one for one in then if since - timedelta(days=30) <= one.at <= since]:
        return None
    return own


def _latest(sums: list[Sum], day: date, of: str, concept: str, low: int, high: int) -> dict[date, Sum]:
    """The figures of periods of about so many days, by their end, as last filed."""
    found: dict[date, Sum] = {}
    for one in sums:
        right = one.symbol == of and one.concept == concept and low <= (one.end - one.start).days <= high
        out = one.at.astimezone(NEW_YORK).date() <= day
        if right and out and (one.end not in found or found[one.end].at < one.at):
            found[one.end] = one
    return found


def filed_growth(sums: list[Sum], day: date, of: str, concept: str) -> Decimal | None:
    """The last quarter filed against that of a year before, in percent."""
    quarters = _latest(sums, day, of, concept, 80, 100)
    if not quarters:
        return None
    end = max(quarters)
    year_ago = [one for one in quarters if abs((one - end).days + 365) <= 10]
    if not year_ago:
        return None
    then, now = quarters[max(year_ago)].value, quarters[end].value
    if then <= 0 or now <= 0:
        return None
    return (100 * (now - then) / then).quantize(Decimal("0.1"), ROUND_HALF_UP)


def price_to_earnings(sums: list[Sum], day: date, of: str, close: Decimal) -> Decimal | None:
    """The close over the earnings a share of the last full year filed."""
    years = _latest(sums, day, of, "us-gaap:EarningsPerShareDiluted", 350, 380)
    if not years or (day - max(years)).days > 500 or years[max(years)].value <= 0:
        return None
    return (close / years[max(years)].value).quantize(Decimal("0.1"), ROUND_HALF_UP)
