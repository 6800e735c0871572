"""When the public could know a macro reading: at its release, else a documented lag after its period.

Pure rules (docs/contracts/market-store.md lists them); which readings there are, the store knows.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Frequency = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
How = Literal["source", "release", "lag", "retrieval"]

NEW_YORK = ZoneInfo("America/New_York")
RELEASE_WITHIN = timedelta(days=75)  # a figure's release is the first of its kind after its period, this soon
PUBLISHED = time(18, 0)  # New York: by then a day's statistics are out (H.15 16:15, par yields by 18:00)


@dataclass(frozen=True, slots=True)
class Rule:
    """How soon a series is known. `lag_days` count from the period's end; None: on the next session."""

    series: str  # a regular expression for the whole name
    frequency: Frequency
    lag_days: int | None
    kind: str = ""  # the kind of event that releases it


RULES = (
    Rule(r"CPIAUCSL|CPILFESL|CPIAUCNS|CPILFENS|CU[SU]R0000SA0(L1E)?", "monthly", 45, "cpi"),
    Rule(r"UNRATE|PAYEMS|CIVPART|CES0500000003|LNS14000000|CES0000000001", "monthly", 45, "jobs"),
    Rule(r"PPIFIS|PPIACO|WP[SU]FD4\w*|WPU00000000", "monthly", 45, "ppi"),
    Rule(
        r"PCEPI(LFE)?|PCE|DSPIC96", "monthly", 62, "pce"
    ),  # the end of the month after, later after a shutdown
    Rule(r"RSAFS|RSXFS", "monthly", 50, "retail"),
    Rule(r"INDPRO|TCU|HOUST|PERMIT|M2SL|UMCSENT", "monthly", 60),
    Rule(r"A191RL1Q225SBEA|GDP|GDPC1", "quarterly", 60, "gdp"),
    Rule(r"FEDFUNDS", "monthly", 5),
    Rule(
        r"DGS\d+(_\d+)?(MO)?|T10Y2Y|T10Y3M|T\d+YIE|T5YIFR|DFF|EFFR|OBFR|SOFR|DFEDTAR[UL]?|ECBDFR|EXR\.[\w.]+|BAML\w+|"
        r"VIXCLS",
        "daily",
        None,
    ),
    Rule(r"DCOIL(WTICO|BRENTEU)", "daily", 7),  # the EIA posts a week's spot prices together
    Rule(r"MORTGAGE(15|30)US|WALCL", "weekly", 2),  # dated by the day of the survey, out that day or the next
    Rule(r"ICSA|IC4WSA", "weekly", 5),  # dated by the Saturday that ends the week, out on Thursday
)


def rule_for(series: str) -> Rule | None:
    """The documented rule of a series, None when there is none."""
    return next((rule for rule in RULES if re.fullmatch(rule.series, series)), None)


def frequency_of(periods: Sequence[date]) -> Frequency:
    """How often a series comes, from its ascending periods; daily when they do not show."""
    if len(periods) < 3:
        return "daily"
    gaps = np.diff(np.array(periods, dtype="datetime64[D]")).astype(int)
    middle = float(np.median(gaps))
    for frequency, low, high in (
        ("weekly", 6, 8),
        ("monthly", 28, 31),
        ("quarterly", 89, 93),
        ("yearly", 360, 367),
    ):
        if low <= middle <= high:
            return frequency  # type: ignore[return-value]  # the literals above are frequencies
    return "daily"


def period_end(period: date, frequency: Frequency) -> date:
    """The last day of the period that begins on `period`; daily and weekly ones are dated by their end."""
    months = {"monthly": 1, "quarterly": 3, "yearly": 12}.get(frequency, 0)
    if not months:
        return period
    year, month = divmod(period.year * 12 + period.month - 1 + months, 12)
    return date(year, month + 1, 1) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the rules look up: sessions ascending, and the instants of releases by kind, ascending."""

    sessions: Sequence[date]
    releases: Mapping[str, Sequence[datetime]]

    def next_session(self, day: date) -> date:
        """The first session after `day`; the day after it where the list ends."""
        at = bisect_right(self.sessions, day)
        return self.sessions[at] if at < len(self.sessions) else day + timedelta(days=1)

    def release(self, kind: str, end: date) -> datetime | None:
        """The first release of that kind after the period's end, None when none is near."""
        first = datetime.combine(end + timedelta(days=1), time(), NEW_YORK).astimezone(UTC)
        releases = self.releases.get(kind, ())
        at = bisect_right(releases, first)
        if at < len(releases) and releases[at] - first <= RELEASE_WITHIN:
            return releases[at]
        return None


def known_at(
    period: date,
    *,
    rule: Rule | None,
    frequency: Frequency,
    lag_days: int | None,
    calendar: Calendar,
    retrieved: datetime,
) -> tuple[datetime, How]:
    """When a first print could be known, and by which rule; never later than when we had it.

    `lag_days` is the settings' own lag for the series and goes before the documented one. A series with
    neither counts as known only from when it was retrieved, so it is not used for past dates.
    """
    frequency = rule.frequency if rule else frequency
    end = period_end(period, frequency)
    release = calendar.release(rule.kind, end) if rule and rule.kind else None
    found: tuple[datetime, How]
    if release is not None:
        found = (release, "release")
    elif lag_days is not None:
        found = (_published(end + timedelta(days=lag_days)), "lag")
    elif rule is None:
        return retrieved, "retrieval"
    elif rule.lag_days is None:
        found = (_published(calendar.next_session(end)), "lag")
    else:
        found = (_published(end + timedelta(days=rule.lag_days)), "lag")
    return found if found[0] <= retrieved else (retrieved, "retrieval")


def _published(day: date) -> datetime:
    return datetime.combine(day, PUBLISHED, NEW_YORK).astimezone(UTC)
