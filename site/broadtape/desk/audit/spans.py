"""Stretches of time as articles print them: finding "on Tuesday", "since the start of the year", "in December 2025".

Owns the wording; what days they mean is `resolving`'s business.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from broadtape.desk.audit.parts import Span
from broadtape.desk.claims.dates import month_number

_MONTHS = (
    r"(?:Jan(?:\.|uary)?|Feb(?:\.|ruary)?|Mar(?:\.|ch)?|Apr(?:\.|il)?|May|June?\.?|July?\.?|Aug(?:\.|ust)?|"
    r"Sept?(?:\.|ember)?|Oct(?:\.|ober)?|Nov(?:\.|ember)?|Dec(?:\.|ember)?)(?![a-z])"
)
_DAYS = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_YEAR = r"(?:19|20)\d\d(?![\d,%.]\d)(?!\d)"
_COUNT = (
    r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    r"seventeen|eighteen|nineteen|twenty|couple of)"
)
_UNITS = r"(?:trading days?|trading sessions?|sessions?|days?|weeks?|months?|quarters?|years?)"
_IN = r"(?:(?:in|on|during|for|over|throughout|through|by|at|within|of)\s+)"
_NUMBERS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {"a": 1, "an": 1, "couple of": 2}
_ORDER = {"first": 1, "second": 2, "third": 3, "fourth": 4, "final": 4, "last": 4}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_LOW = r"(?P<low>low|high|peak|bottom|trough|lows|highs)"
_PATTERNS: tuple[tuple[str, str], ...] = (
    # hours that closes cannot tell
    ("partial", (r"(?:in|during|before|after|by|at|as of|into|ahead of)?\s*(?:the\s+)?(?P<partial>pre-?market(?: trading| hours| action)?|"
     r"after-?hours(?: trading)?|after the bell|before the (?:opening )?bell|extended(?:-hours)? trading|late trading after|"
     r"(?:early|morning|mid-?day|noon|midmorning|mid-?morning|afternoon|mid-?afternoon|early afternoon|late-morning|late morning|"
     r"early-morning|overnight|opening|Asian|European|London) (?:trading|trade|deals|dealings|action|session)|"
     r"\d{1,2}(?::\d\d)? ?(?:a\.m\.|p\.m\.|am|pm|AM|PM|GMT|ET|EDT|EST)(?:,? (?:in New York|Eastern(?: time)?|ET|EDT|EST|GMT))*|"
     r"mid-?day|noon|the open(?:ing bell)?|midmorning|lunchtime|this morning|this afternoon|overnight|intraday)")),
    # from … to …
    ("range", (rf"(?:from|between)\s+(?P<m1>{_MONTHS})\s+(?P<d1>\d{{1,2}})(?:,?\s+(?P<y1>{_YEAR}))?,?\s+(?:to|through|and|until)\s+"
     rf"(?:(?P<m2>{_MONTHS})\s+)?(?P<d2>\d{{1,2}})(?:,?\s+(?P<y2>{_YEAR}))?")),
    # since …
    ("since-start", rf"since\s+(?:the\s+)?(?:start|beginning|turn|outset)\s+of\s+(?:(?:the|this)\s+)?(?P<sunit>year|month|quarter|week|(?P<sm>{_MONTHS})(?:\s+(?P<smy>{_YEAR}))?|(?P<sy>{_YEAR}))"),
    ("since-end", rf"since\s+(?:the\s+)?(?:end|close)\s+of\s+(?:(?P<ewhich>last)\s+(?P<eunit>year|month|quarter|week)|(?P<em>{_MONTHS})(?:\s+(?P<emy>{_YEAR}))?|(?P<ey>{_YEAR}))"),
    ("since-day", rf"since\s+(?:(?:on|at least)\s+)?(?:{_DAYS},?\s+)?(?P<m>{_MONTHS})\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<y>{_YEAR}))?(?!\d)"),
    ("since-weekday", rf"since\s+(?P<which>last\s+)?(?P<weekday>{_DAYS})"),
    ("since-month", rf"since\s+(?:(?:at least|mid|late|early|the end of|the start of)[ -])?(?P<m>{_MONTHS})(?:(?:,|\s+of)?\s+(?P<y>{_YEAR}|last year))?(?!\w)"),
    ("since-year", rf"since\s+(?:(?:at least|mid|late|early)[ -])?(?P<y>{_YEAR})"),
    ("since-last", r"since\s+(?P<which>last)\s+(?P<unit>week|month|quarter|year|spring|summer|fall|autumn|winter)"),
    # a year ago
    ("than-year", r"(?:from|than|over|versus|vs\.|compared (?:with|to)|on)\s+(?:the\s+same\s+(?:month|period|time)\s+)?(?:a|the|one)\s+year\s+(?:ago|earlier|before|prior)|year[ -](?:over|on)[ -]year|from\s+the\s+same\s+(?:month|period|time)\s+last\s+year|on\s+an\s+annual\s+basis|(?:at|on)\s+an?\s+annual\s+rate|annually|for\s+the\s+12\s+months\s+(?:through|ended|ending)(?:\s+in)?\s+" + _MONTHS + r"|(?:in|over)\s+the\s+12\s+months\s+(?:through|to|ended)\s+" + _MONTHS),
    ("than-month", rf"(?:from|than|over|versus|compared (?:with|to)|on)\s+(?:(?:a|the|one)\s+(?:previous\s+|prior\s+)?month(?:\s+(?:ago|earlier|before|prior))?|the\s+previous\s+month|the\s+prior\s+month)|month[ -](?:over|on)[ -]month|from\s+{_MONTHS}\s+to\s+{_MONTHS}"),
    # first N sessions, first week
    ("firsts", rf"{_IN}?(?:just\s+)?the\s+(?:year’s\s+)?first\s+(?P<n>{_COUNT})\s+(?:trading\s+|market\s+)?(?:days|sessions)\s+of\s+(?:(?P<fy>{_YEAR})|(?P<fwhich>the year|the new year|this year|January|the month)(?:\s+(?P<fy2>{_YEAR}))?)"),
    ("first-week", rf"{_IN}?(?:into\s+)?the\s+first\s+(?:full\s+)?(?:trading\s+)?week\s+of\s+(?:(?P<fy>{_YEAR})|(?P<fwhich>the year|the new year|this year|January)(?:\s+(?P<fy2>{_YEAR}))?)"),
    # rolling
    ("rolling", rf"(?:{_IN}|(?P<alone>))(?:just\s+|only\s+)?(?:the\s+)?(?P<which>past|last|previous|prior|trailing|latest|preceding)\s+(?P<n>{_COUNT})[ -](?P<unit>{_UNITS})"),
    ("rolling", rf"(?:in|over|within|across)\s+(?:just\s+|only\s+|about\s+)?(?P<n>{_COUNT})\s+(?P<unit>{_UNITS})(?!\s+(?:of|to come|ahead|from now))"),
    # this, last, past …
    ("period", rf"(?:{_IN})?(?:so far\s+)?(?:this|the)\s+(?P<unit>week|month|quarter|year)\s+(?:so far|to date)|so far\s+(?:this|in the|for the|on the)\s+(?P<unit2>week|month|quarter|year)|so far in (?P<unity>{_YEAR})|(?P<unit3>week|month|quarter|year)[ -]to[ -]date|YTD"),
    ("period", rf"(?:{_IN})?(?P<which>this|last|past|the past|the last|the previous|the prior|the latest|previous|the holiday-shortened)\s+(?:trading\s+|calendar\s+|holiday-shortened\s+|full\s+)?(?P<unit>week|month|quarter|year)(?![ -]?old|’s|-)(?!\s+(?:ago|earlier))"),
    ("period", r"(?:for|on|over|in|during|throughout|across)\s+the\s+(?:entire\s+|full\s+|whole\s+|trading\s+)?(?P<unit>week|month|quarter|year)(?![ -]?old|’s|-)(?!\s+(?:ago|earlier|ahead|before|to))"),
    ("period", r"(?:for|on|during)\s+the\s+(?P<unit>day|session)(?!’s|-)(?!\s+(?:ago|earlier|ahead|before))"),
    ("week-ended", rf"(?:{_IN})?(?:the\s+)?week\s+(?:that\s+)?(?:ended|ending|to)\s+(?:on\s+)?(?:(?P<weekday>{_DAYS})|(?P<m>{_MONTHS})\s+(?P<d>\d{{1,2}})(?:,?\s+(?P<y>{_YEAR}))?)"),
    # days
    ("day", rf"(?i:{_IN}|from\s+)?(?:{_DAYS},?\s+)?(?P<m>{_MONTHS})\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<y>{_YEAR}))?(?![\d%])(?!,\d{{3}})(?!\.\d)"),
    ("day", rf"(?i:{_IN}|from\s+)?(?:{_DAYS},?\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<m>{_MONTHS})(?:,?\s+(?P<y>{_YEAR}))?(?!\w)"),
    ("day", r"(?i:on\s+)?(?P<iso>(?:19|20)\d\d-\d\d-\d\d)(?!\d)"),
    ("weekday", rf"(?:on|by|for|in|during|from)?\s*(?:(?P<which>last|this|next)\s+)?(?P<time>late|early|at (?:the )?close(?: on)?|before)?\s*(?P<weekday>{_DAYS})(?:’s)?(?:\s+(?P<after>morning|afternoon|evening|night|midday|at noon|session|trading|close|trade))?(?!s)"),
    ("today", r"(?:(?:earlier|later|in|for)\s+)?(?P<today>today|yesterday|tomorrow|tonight|(?:on|in)\s+the\s+(?:previous|prior)\s+(?:day|session))(?:’s\s+(?:session|trading))?(?!’)"),
    # quarters, months, years
    ("quarter", rf"(?:{_IN})(?:the\s+)?(?P<q>first|second|third|fourth|final|last)[ -](?:calendar\s+)?quarter(?:\s+(?:of\s+)?(?P<y>{_YEAR}|last year|the year))?(?!’)"),
    ("quarter", rf"(?:{_IN})?Q(?P<q>[1-4])(?:\s+(?:of\s+)?(?P<y>{_YEAR}))?(?!\w)"),
    ("half", rf"(?:{_IN})the\s+(?P<h>first|second)\s+half\s+of\s+(?:(?P<y>{_YEAR})|(?:the|last|this)\s+year|{_MONTHS})"),
    ("fuzzy", rf"(?:{_IN}|from\s+|since\s+)?(?:early|late|mid)[ -](?:{_MONTHS}|{_YEAR}|week|month|quarter|year)(?:\s+{_YEAR})?(?!\w)"),
    ("month", rf"(?P<gov>(?i:{_IN}|from\s+))(?:all of\s+|the month of\s+|just\s+)?(?P<m>{_MONTHS})(?:(?:,|\s+of)?\s+(?P<y>{_YEAR}|last year))?(?!\w|\s\d)"),
    ("month", rf"(?P<m>(?:January|February|March|April|June|July|August|September|October|November|December))(?:\s+(?P<y>{_YEAR}))?(?:’s)?(?!\w|\s\d)"),
    ("year", rf"(?P<gov>(?i:{_IN}))(?:all of\s+|the year\s+|calendar\s+)?(?P<y>{_YEAR})(?:’s)?(?!\w)"),
    ("year", rf"(?<![\w$,.])(?P<y>{_YEAR})(?!\w|[ -](?:point|call|put))"),
)  # fmt: skip
_COMPILED = tuple(
    (kind, re.compile(rf"(?<![\w’]){pattern}", re.IGNORECASE if kind not in {"month", "day", "year"} else 0))
    for kind, pattern in _PATTERNS
)
_CHEAP = re.compile(
    r"\b(?:19|20)\d\d|day|week|month|quarter|year|session|since|pre-?market|hours|bell|trading|a\.m\.|p\.m\.|noon|open|"
    r"half|morning|overnight|intraday|YTD|Q[1-4]|annual|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|\d [ap]m\b",
    re.IGNORECASE,
)


def find_spans(text: str) -> list[tuple[int, int, Span]]:
    """Every stretch of time in a sentence, in order, none within another; the longest of each place wins."""
    if _CHEAP.search(text) is None:
        return []
    taken: list[tuple[int, int, Span]] = []
    for kind, pattern in _COMPILED:
        for found in pattern.finditer(text):
            start, end = found.span()
            while start < end and text[start] == " ":
                start += 1
            if start == end or any(start < e and s < end for s, e, _ in taken):
                continue
            span = _span(kind, found)
            if span is not None:
                taken.append((start, end, replace(span, text=text[start:end])))
    return sorted(taken, key=lambda one: one[0])


def count_of(word: str) -> int:
    """The number a word or figure says; 0 when it says none."""
    low = word.lower().strip()
    return int(low) if low.isdigit() else _NUMBERS.get(low, 0)


def _day(found: re.Match[str], suffix: str = "") -> tuple[int, int, int | None] | None:
    month, day, year = month_number(found[f"m{suffix}"]), int(found[f"d{suffix}"]), found[f"y{suffix}"]
    if not 1 <= day <= 31:
        return None
    return month, day, int(year) if year and year.isdigit() else None


def _span(kind: str, found: re.Match[str]) -> Span | None:
    named = {key: value for key, value in found.groupdict().items() if value}
    low = found.group().lower()
    if kind == "partial":
        return Span("partial", partial=named["partial"].lower())
    if kind == "range":
        month = month_number(named["m1"])
        second = month_number(named["m2"]) if "m2" in named else month
        year = named.get("y2") or named.get("y1")
        return Span("range", month=month, number=int(named["d1"]), quarter=second, weekday=int(named["d2"]),
                    year=int(year) if year else None)  # fmt: skip
    if kind == "since-start":
        if "sm" in named:
            return Span("since-start", "since", month=month_number(named["sm"]), year=_int(named.get("smy")))
        if "sy" in named:
            return Span("since-start", "since", unit="year", year=int(named["sy"]))
        return Span("period", "since", unit=named["sunit"].lower(), which="to-date")
    if kind == "since-end":
        if "em" in named:
            return Span("since-end", "since", month=month_number(named["em"]), year=_int(named.get("emy")))
        if "ey" in named:
            return Span("since-end", "since", unit="year", year=int(named["ey"]))
        return Span("period", "since", unit=named["eunit"].lower(), which="to-date")
    if kind == "since-day":
        day = _day(found)
        return day and Span("since-day", "since", month=day[0], number=day[1], year=day[2])
    if kind == "since-weekday":
        return Span(
            "since-weekday", "since", weekday=_weekday(named["weekday"]), which=named.get("which", "").strip()
        )
    if kind == "since-month":
        last_year = (named.get("y") or "").lower() == "last year"
        return Span("since-month", "since", month=month_number(named["m"]),
                    year=_int(named.get("y")), which="last" if last_year else "")  # fmt: skip
    if kind == "since-year":
        return Span("since-year", "since", year=int(named["y"]))
    if kind == "since-last":
        return Span("since-last", "since", unit=named["unit"].lower())
    if kind in {"than-year", "than-month"}:
        return Span(kind, "than")
    if kind in {"firsts", "first-week"}:
        year = named.get("fy") or named.get("fy2")
        unit = "month" if named.get("fwhich", "").lower() == "the month" else "year"
        return Span(kind, unit=unit, number=count_of(named.get("n", "5")) or 5, year=_int(year))
    if kind == "rolling":
        number = count_of(named["n"])
        if not number:
            return None
        unit = named["unit"].lower().removeprefix("trading ").rstrip("s")
        return Span(
            "rolling", number=number, unit="session" if named["unit"].lower().startswith("trading") else unit
        )
    if kind == "period":
        return _period(named, low)
    if kind == "week-ended":
        if "weekday" in named:
            return Span("week-ended", weekday=_weekday(named["weekday"]))
        day = _day(found)
        return day and Span("week-ended", month=day[0], number=day[1], year=day[2])
    if kind == "day":
        if "iso" in named:
            try:
                return Span("day", day=date.fromisoformat(named["iso"]))
            except ValueError:
                return None
        day = _day(found)
        return day and Span("day", month=day[0], number=day[1], year=day[2])
    if kind == "weekday":
        partial = named.get("after", "").lower()
        hours = (
            partial if partial in {"morning", "afternoon", "evening", "night", "midday", "at noon"} else ""
        )
        early = "early" if (named.get("time") or "").lower() in {"early", "before"} else ""
        return Span("weekday", weekday=_weekday(named["weekday"]), which=(named.get("which") or "").lower(),
                    partial=hours or early)  # fmt: skip
    if kind == "today":
        word = named["today"].lower()
        return Span(
            "today", which=word if word in {"today", "yesterday", "tomorrow", "tonight"} else "previous"
        )
    if kind == "quarter":
        quarter = named["q"].lower()
        number = int(quarter) if quarter.isdigit() else _ORDER[quarter]
        if quarter == "last" and not named.get("y"):
            return Span("period", unit="quarter", which="last")
        return Span("quarter", quarter=number, year=_int(named.get("y")))
    if kind in {"half", "fuzzy"}:
        return Span("fuzzy")
    if kind == "month":
        governed = (named.get("gov") or "").strip().lower()
        last_year = (named.get("y") or "").lower() == "last year"
        role = "from" if governed == "from" else "in" if governed and governed != "of" else "bare"
        return Span("month", role, month=month_number(named["m"]), year=_int(named.get("y")),
                    which="last" if last_year else "")  # fmt: skip
    governed = (named.get("gov") or "").strip().lower()
    return Span("year", "in" if governed and governed != "of" else "bare", year=int(named["y"]))


def _period(named: dict[str, str], low: str) -> Span:
    unit = (named.get("unit") or named.get("unit2") or named.get("unit3") or "year").lower()
    which = (named.get("which") or "").lower().removeprefix("the ")
    if named.get("unity"):
        return Span("year", year=int(named["unity"]))
    if "to date" in low or "to-date" in low or "so far" in low or low == "ytd":
        which = "to-date"
    elif which in {"holiday-shortened", ""}:
        which = "the"
    elif which in {"previous", "prior", "latest"}:
        which = "last"
    if low.strip().startswith(("the past", "over the past", "in the past", "during the past", "past")):
        which = "past"
    return Span("period", unit="day" if unit == "session" else unit, which=which)


def _weekday(name: str) -> int:
    return _WEEKDAYS.index(name[:3].lower())


def _int(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
