"""Dates and parts of dates: reading them out of a text, and deciding whether a day or a period fits them.

Owns no tokens other than Moment and knows no market calendar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from broadtape.desk.claims.tokens import Moment

MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                 "November", "December")  # fmt: skip
_MONTH: Final = (
    r"(?P<month>Jan(?:\.|uary)|Feb(?:\.|ruary)|Mar(?:\.|ch)|Apr(?:\.|il)|May|June?|July?|Aug(?:\.|ust)"
    r"|Sept?(?:\.|ember)|Oct(?:\.|ober)|Nov(?:\.|ember)|Dec(?:\.|ember)"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)(?=\s+\d))(?![A-Za-z])"
)
_WEEKDAY: Final = r"(?P<weekday>Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)(?:s(?=[\s,.;]))?"
_DAY: Final = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?![\d%,.]*\d|%|\s*percent)"
_YEAR: Final = r"(?P<year>(?:1[89]|20)\d\d)(?![\d%]|,\d|\.\d)"
_YEAR_2: Final = _YEAR.replace("year", "year2")
_YEAR_3: Final = _YEAR.replace("year", "year3")

_FULL: Final = re.compile(rf"(?:{_WEEKDAY},?\s+)?{_MONTH}\s+{_DAY}(?:,?\s+{_YEAR})?(?!\w)")
_DAY_FIRST: Final = re.compile(rf"(?:{_WEEKDAY},?\s+)?{_DAY}\s+{_MONTH}(?:,?\s+{_YEAR})?(?!\w)")
_ISO: Final = re.compile(r"(?P<year>(?:1[89]|20)\d\d)-(?P<month>\d\d)(?:-(?P<day>\d\d))?(?![\d-])")
_MONTH_YEAR: Final = re.compile(rf"{_MONTH}(?:(?:,|\s+of)?\s+{_YEAR})?(?![\w])")
_QUARTER: Final = re.compile(
    rf"(?:(?P<word>first|second|third|fourth)[ -]quarter(?:(?:\s+of)?\s+{_YEAR})?"
    rf"|Q(?P<digit>[1-4])(?:\s+(?:of\s+)?{_YEAR_2})?"
    rf"|{_YEAR_3}-Q(?P<digit2>[1-4]))(?!\w)",
    re.IGNORECASE,
)
_WEEKDAY_ONLY: Final = re.compile(rf"{_WEEKDAY}(?!\w)")
_YEAR_ONLY: Final = re.compile(rf"{_YEAR}s?(?![\w])(?!-(?:day|week|month|point|session))")
_RELATIVE: Final = re.compile(
    r"(?P<phrase>today|yesterday|tomorrow|tonight|currently|at present"
    r"|(?:in\s+the\s+)?(?:year|month|quarter|week)[ -]to[ -]date|so far (?:this|in the) (?:year|month|quarter|week)"
    r"|(?:this|last|next) (?:year|month|quarter|week))(?!\w)",
    re.IGNORECASE,
)
_RANGE_DAY: Final = re.compile(
    rf"(?:\s*[–—]\s*|-|\s+(?:to|through|and)\s+){_DAY}(?!\s*(?:sessions?|days?|weeks?|months?|%|percent|points?|cases|of))"
    rf"(?:,?\s+{_YEAR})?(?!\w)"
)
_AFTER: Final = re.compile(
    r"(?P<word>since|from|between|starting|began|begun|begins|starts|started|after|through|until|till|to|ended|ending|ends|end|by|on|in|of|for"
    r"|as of|before|during|dates from|set|and|–|—)\s*(?:\s(?:on|in|at))?"
    r"(?:\s+(?:the|that|those|early|late|mid|week|weeks|month|year|quarter|session|close|closes|both|of|ended|ending))*[\s-]*$",
    re.IGNORECASE,
)
_JOINED: Final = re.compile(r"(?:,\s*|\s*[–—-]\s*|\s+(?:to|through|and|until|or)\s+)", re.IGNORECASE)

_OPENINGS: Final = frozenset(
    {name[:3].lower() for name in MONTHS}
    | {"mon", "tue", "wed", "thu", "fri", "sat", "sun", "fir", "sec", "thi", "fou", "q1", "q2", "q3", "q4"}
    | {"q1 ", "q2 ", "q3 ", "q4 ", "tod", "yes", "tom", "ton", "cur", "at ", "in ", "so ", "las", "nex"}
    | {"yea", "qua", "wee"}
)
_QUARTER_WORDS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def month_number(text: str) -> int:
    """1–12 of a month's name or abbreviation."""
    return next(place for place, name in enumerate(MONTHS, 1) if name.lower().startswith(text[:3].lower()))


def may_open_date(text: str, place: int) -> bool:
    """Whether a date can start here at all; a cheap look before the patterns are tried."""
    return text[place].isdigit() or text[place : place + 3].lower() in _OPENINGS


def read_moment(text: str, place: int, *, initial: bool = False) -> list[Moment]:
    """The date, or the two dates of a range, that start at text[place]; empty when none does."""
    for pattern in (_ISO, _FULL, _DAY_FIRST, _QUARTER, _MONTH_YEAR, _WEEKDAY_ONLY, _RELATIVE, _YEAR_ONLY):
        found = pattern.match(text, place)
        if found is None or (pattern is _MONTH_YEAR and _is_verb(text, found, initial=initial)):
            continue
        first = _moment(text, found)
        if first is None:
            continue
        if pattern is _FULL:
            second = _RANGE_DAY.match(text, found.end())
            if second is not None and int(second["day"]) > (first.day or 0):
                year = int(second["year"]) if second["year"] else None
                start = second.start("day")
                return [
                    replace(first, joiner="–", year_hint=first.year or year),
                    Moment(start, second.end(), text[start : second.end()], month=first.month, day=int(second["day"]),
                           year=year or first.year, after="–"),
                ]  # fmt: skip
        return [first]
    return []


def _is_verb(text: str, found: re.Match[str], *, initial: bool) -> bool:
    """ "May" that is the modal, "March" that is the verb: capitalised only because it opens the sentence."""
    word = found["month"]
    return (
        initial
        and word in {"May", "March"}
        and not found["year"]
        and not text[found.end() :].startswith(" was")
    )


def _moment(text: str, found: re.Match[str]) -> Moment | None:
    named = found.groupdict()
    year = named.get("year") or named.get("year2") or named.get("year3")
    quarter = named.get("digit") or named.get("digit2")
    word = named.get("word")
    month = named.get("month")
    day = int(named["day"]) if named.get("day") else None
    number = None if not month else int(month) if month.isdigit() else month_number(month)
    if (day is not None and not 1 <= day <= 31) or (number is not None and not 1 <= number <= 12):
        return None
    before = _AFTER.search(text[max(0, found.start() - 60) : found.start()])
    return Moment(
        found.start(),
        found.end(),
        found.group(),
        weekday=_WEEKDAYS.index(named["weekday"].lower()) if named.get("weekday") else None,
        month=number,
        day=day,
        year=int(year) if year else None,
        quarter=int(quarter) if quarter else _QUARTER_WORDS.get((word or "").lower()),
        relative=_relative(named.get("phrase") or ""),
        after=before["word"].lower() if before else "",
        joiner=_joiner(text, found.end()),
    )


def _joiner(text: str, place: int) -> str:
    """What joins the date that ends here to another that follows directly: a list or a range; "" when none does."""
    joined = _JOINED.match(text, place)
    if joined is None:
        return ""
    dates = (_ISO, _FULL, _DAY_FIRST, _MONTH_YEAR, _WEEKDAY_ONLY, _YEAR_ONLY)
    if not any(pattern.match(text, joined.end()) for pattern in dates):
        return ""
    return joined.group().strip().lower()


def _relative(phrase: str) -> str:
    words = re.sub(r"[\s-]+", " ", phrase.lower())
    words = words.removeprefix("in the ")
    if words.endswith(" to date"):
        return f"so far {words.split()[0]}"
    if words.startswith("so far"):
        return f"so far {words.split()[-1]}"
    return words


def hinted(moments: list[Moment]) -> list[Moment]:
    """The moments with the year of a later one of the same list as hint ("September, October and December 2025")."""
    result: list[Moment] = []
    hint: int | None = None
    for moment in reversed(moments):
        if moment.year is not None:
            hint = moment.year
        elif moment.joiner or moment.after in {"between", "from"}:
            result.append(replace(moment, year_hint=moment.year_hint or hint))
            continue
        result.append(moment)
    return result[::-1]


# --- fitting ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Period:
    """What an `over` parameter spans in words: a month, quarter, year, week, or none of them ("")."""

    kind: str  # "month", "quarter", "year", "week", "sessions", "span", "since", "moving"
    year: int | None = None
    month: int | None = None
    quarter: int | None = None
    running: bool = False  # to date
    first: bool = False  # its first sessions only


def period_of(over: str, as_of: date) -> Period:
    """The period a window parameter names (docs/contracts/metrics.md, Windows)."""
    quarter = (as_of.month - 1) // 3 + 1
    named = {
        "wtd": Period("week", as_of.year, running=True),
        "mtd": Period("month", as_of.year, as_of.month, running=True),
        "qtd": Period("quarter", as_of.year, quarter=quarter, running=True),
        "ytd": Period("year", as_of.year, running=True),
    }
    if over in named:
        return named[over]
    found = re.fullmatch(r"(\d{4})(?:-(\d\d))?(\.first\d+s)?", over)
    if found:
        year, month = int(found[1]), int(found[2]) if found[2] else None
        return Period("month" if month else "year", year, month, first=bool(found[3]))
    found = re.fullmatch(r"(\d{4})-Q([1-4])(\.first\d+s)?", over)
    if found:
        return Period("quarter", int(found[1]), quarter=int(found[2]), first=bool(found[3]))
    if re.fullmatch(r"\d{4}-W\d\d", over):
        return Period("week", int(over[:4]))
    if re.fullmatch(r"\d+s", over):
        return Period("sessions")
    return Period("since" if over.startswith("since:") else "span")


def names_period(moment: Moment, period: Period, start: date | None, as_of: date) -> bool:
    """Whether a moment without a day names exactly this period."""
    if moment.precise:
        return False
    if moment.relative:
        return _relative_names(moment.relative, period, start, as_of)
    if period.kind == "year":
        return moment.month is None and moment.quarter is None and moment.year == period.year
    if period.kind == "month" and moment.month is not None:
        return moment.month == period.month and _year_fits(moment, period.year or 0, period.month or 1, as_of)
    if period.kind == "quarter" and moment.quarter is not None:
        return moment.quarter == period.quarter and _year_fits(
            moment, period.year or 0, 3 * (period.quarter or 1), as_of
        )
    return False


def _relative_names(relative: str, period: Period, start: date | None, as_of: date) -> bool:
    which, _, unit = relative.rpartition(" ")
    if unit != period.kind:
        return False
    today = _period_index(as_of, unit)
    begun = _period_index(start, unit) if start else None
    if which == "last":
        return begun is not None and begun == today - 1 and not period.running and not period.first
    if which in {"this", "so far"}:
        return begun == today or (begun is None and period.running)
    return False


def _period_index(day: date, unit: str) -> int:
    if unit == "week":
        return (day.toordinal() - 1) // 7
    if unit == "month":
        return day.year * 12 + day.month - 1
    if unit == "quarter":
        return day.year * 4 + (day.month - 1) // 3
    return day.year


def _year_fits(moment: Moment, year: int, month: int, as_of: date) -> bool:
    if moment.year is not None:
        return moment.year == year
    if moment.year_hint is not None:
        return moment.year_hint == year
    return -11 <= as_of.year * 12 + as_of.month - (year * 12 + month) <= 11


def fits_month(moment: Moment, month: date, as_of: date) -> bool:
    """Whether a moment names this month."""
    if moment.precise or moment.quarter is not None or moment.month is None:
        return moment.relative.endswith(" month") and _in_relative(moment.relative, month, as_of, "month")
    return moment.month == month.month and _year_fits(moment, month.year, month.month, as_of)


def fits_day(moment: Moment, day: date, as_of: date) -> bool:
    """Whether everything the moment says holds of this day; an omitted year means within a year of `as_of`."""
    if moment.relative:
        if moment.relative in {"today", "yesterday", "tomorrow"}:
            return day == as_of + timedelta(
                days={"today": 0, "yesterday": -1, "tomorrow": 1}[moment.relative]
            )
        return _in_relative(moment.relative, day, as_of, moment.relative.split()[-1])
    if moment.weekday is not None and day.weekday() != moment.weekday:
        return False
    if moment.month is None and moment.year is None and moment.quarter is None:
        return moment.weekday is not None and abs((as_of - day).days) <= 6
    if moment.month is not None and day.month != moment.month:
        return False
    if moment.day is not None and day.day != moment.day:
        return False
    if moment.quarter is not None and (day.month - 1) // 3 + 1 != moment.quarter:
        return False
    if moment.year is not None:
        return day.year == moment.year
    if moment.year_hint is not None and day.year == moment.year_hint:
        return True
    if moment.day is None:
        return _year_fits(moment, day.year, day.month, as_of)
    return abs((as_of - day).days) <= 365


def _in_relative(relative: str, day: date, as_of: date, unit: str) -> bool:
    which = relative.rpartition(" ")[0]
    if unit not in {"week", "month", "quarter", "year"} or which not in {"this", "last", "next"}:
        return False
    return _period_index(day, unit) == _period_index(as_of, unit) + {"this": 0, "last": -1, "next": 1}[which]
