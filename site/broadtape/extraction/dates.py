"""Owns when a page was published: what its parts say, read and voted on.

Knows nothing of HTML; the parts are given as (who says it, how, with which weight).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from broadtape.extraction.parts import Dating, Vote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from broadtape.extraction.parts import VotedBy

EARLIEST: Final = 1990  # nothing on the web was published before
_ORDER: Final = ("feed", "json-ld", "meta", "time", "url", "text")
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may",), ("june", "jun"),
            ("july", "jul"), ("august", "aug"), ("september", "sept", "sep"), ("october", "oct"),
            ("november", "nov"), ("december", "dec"),
        ),
        1,
    )
    for name in names
}  # fmt: skip
_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_US: Final = re.compile(rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})\b", re.IGNORECASE)
_UK: Final = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+({_MONTH})\.?,?\s+(\d{{4}})\b", re.IGNORECASE)
_ISO: Final = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b")
_FIGURES: Final = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b")
_AS_OF: Final = re.compile(
    r"\bas of (?:(?:the )?(?:close|open|end|market close|midday|noon)[^.,;]{0,30}? )?(?:on )?(?:[a-z]{3,9}day,? )?"
    rf"({_MONTH})\.?\s+(\d{{1,2}}),?\s+(\d{{4}})\b",
    re.IGNORECASE,
)
_DATELINE: Final = re.compile(
    rf"\A[^a-z]{{2,60}}[^.]{{0,40}}?,?\s+({_MONTH})\.?\s+(\d{{1,2}}),?\s+(\d{{4}})\b", re.IGNORECASE
)
_IN_PATH: Final = (
    re.compile(r"/(\d{4})/(\d{1,2})/(\d{1,2})(?=[/_-]|$)"),
    re.compile(rf"/(\d{{4}})/({_MONTH})/(\d{{1,2}})(?=[/_-]|$)", re.IGNORECASE),
    re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)"),
    re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """A date as some part of a page gives it."""

    by: VotedBy
    text: str
    weight: int


def moment(text: str) -> datetime | date | None:
    """The instant or the day that the words name; an instant only where its zone is given. None: unreadable."""
    text = " ".join(text.split())[:120].strip(" .,")
    if not text:
        return None
    return _iso(text) or _mail(text) or day_in(text)


def _iso(text: str) -> datetime | date | None:
    candidate = re.sub(r"\s+(?=[+-]\d{2}:?\d{2}$)", "", re.sub(r"\s?(?:UTC|GMT)$", "+00:00", text))
    try:
        found = datetime.fromisoformat(candidate)
    except ValueError:
        return None
    if re.fullmatch(r"\d{4}|\d{6}|\d{4}-?W.*", candidate):
        return None  # a year or a week is no day
    return _sane(found if found.tzinfo else found.date())


def _mail(text: str) -> datetime | date | None:
    if not re.match(r"(?:[A-Za-z]{3,9},?\s+)?\d{1,2}\s+[A-Za-z]{3}\s+\d{4}\s+\d{1,2}:\d{2}", text):
        return None
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return _sane(found if found.tzinfo else found.date())


def day_in(text: str) -> date | None:
    """The one day that a short text names; None where it names none, or two."""
    found = {day for day in days_of(text) if day}
    return found.pop() if len(found) == 1 else None


def days_of(text: str) -> list[date | None]:
    """Every day that the words name, in figures or spelt."""
    found = [_day(m[3], _MONTHS.get(m[1].lower(), 0), m[2]) for m in _US.finditer(text)]
    found += [_day(m[3], _MONTHS.get(m[2].lower(), 0), m[1]) for m in _UK.finditer(text)]
    found += [_day(m[1], m[2], m[3]) for m in _ISO.finditer(text)]
    for m in _FIGURES.finditer(text):
        month, day = (m[1], m[2]) if int(m[1]) <= 12 else (m[2], m[1])
        if int(m[1]) <= 12 and int(m[2]) <= 12 and m[1] != m[2]:
            continue  # 01/02/2026 is a day in January or in February
        found.append(_day(m[3], month, day))
    return found


def in_address(address: str) -> tuple[date, str] | None:
    """The day that an address names, and the part that names it."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return None
    for pattern in _IN_PATH:
        for m in pattern.finditer(path[:500]):
            month = m[2] if m[2].isdigit() else _MONTHS.get(m[2].lower(), 0)
            day = _day(m[1], month, m[3])
            if day is not None:
                return day, m[0]
    return None


def dateline(text: str) -> str:
    """The day of a dateline at the start of a first paragraph, as written; empty where there is none."""
    found = _DATELINE.match(text[:140])
    return f"{found[1]} {found[2]}, {found[3]}" if found else ""


def as_of(text: str) -> date | None:
    """The latest day that the text says it is "as of"."""
    days = [_day(m[3], _MONTHS.get(m[1].lower(), 0), m[2]) for m in _AS_OF.finditer(text)]
    return max((day for day in days if day), default=None)


def decide(
    said: Iterable[Said], *, now: datetime, as_of: date | None = None, what: str = "date"
) -> tuple[Dating, list[str]]:
    """The date as voted, and what to tell of it. `as_of` is the day the text itself claims to know of."""
    votes: list[tuple[Vote, int]] = []
    notices: list[str] = []
    for one in said:
        value = moment(one.text)
        if value is None:
            continue
        vote = Vote(one.by, value, one.text.strip()[:80])
        if vote.day > (now.astimezone(UTC) + timedelta(days=1)).date():
            notices.append(
                f"the {what} of {one.by}, {vote.day.isoformat()}, lies in the future and was left out"
            )
            continue
        votes.append((vote, one.weight))
    votes.sort(key=lambda held: _ORDER.index(held[0].by))  # stable: within one place as given
    strong = [held for held in votes if held[1] >= 2]
    if as_of is not None and not any(vote.by != "text" for vote, _ in strong):
        votes.append((Vote("text", as_of, f"as of {as_of.isoformat()}"), 2))
    if not votes:
        return Dating(), notices
    best = max(_groups(votes), key=_weight_of)
    value = _value_of(best)
    dating = Dating(value, tuple(vote for vote, _ in votes))
    day = dating.day
    assert day is not None
    return Dating(value, dating.votes, _conflict(votes, best, day, as_of)), notices


def _groups(votes: Sequence[tuple[Vote, int]]) -> list[list[tuple[Vote, int]]]:
    """For each vote those that agree with it: within a day, for addresses and texts have no zone."""
    return [[other for other in votes if abs((other[0].day - one[0].day).days) <= 1] for one in votes]


def _weight_of(group: Sequence[tuple[Vote, int]]) -> tuple[int, int]:
    by: dict[str, int] = {}
    for vote, weight in group:
        by[vote.by] = max(by.get(vote.by, 0), weight)
    return sum(by.values()), -min(_ORDER.index(one) for one in by)


def _value_of(group: Sequence[tuple[Vote, int]]) -> datetime | date:
    instants = [vote.value for vote, _ in group if isinstance(vote.value, datetime)]
    return instants[0] if instants else group[0][0].value


def _conflict(
    votes: Sequence[tuple[Vote, int]], best: Sequence[tuple[Vote, int]], day: date, as_of: date | None
) -> str:
    others = [(vote, weight) for vote, weight in votes if (vote, weight) not in best]
    against = {vote.by: f"{vote.by} says {vote.day.isoformat()}" for vote, weight in others if weight >= 2}
    if not against and as_of is not None and others and best[0][0].said.startswith("as of "):
        against = {vote.by: f"{vote.by} says {vote.day.isoformat()}" for vote, _ in others}
    if not against and as_of is not None and (as_of - day).days > 1:
        against = {"text": f"the text speaks of itself as of {as_of.isoformat()}"}
    if not against:
        return ""
    winner = best[0][0]
    mine = winner.said if winner.said.startswith("as of ") else f"{winner.by} says {winner.day.isoformat()}"
    return ", ".join((mine, *against.values()))


def _day(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        return None
    return found if EARLIEST <= found.year <= 2200 else None


def _sane(found: datetime | date) -> datetime | date | None:
    if not EARLIEST <= found.year <= 2200:
        return None
    if isinstance(found, datetime) and found.utcoffset() is not None:
        offset = found.utcoffset() or timedelta(0)
        if offset.total_seconds() % 60 or abs(offset) > timedelta(hours=15):
            return found.date()
    return found
