"""Systematic falsifications of a statement, one figure, word, date, unit or name at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator


def words(text: str) -> list[str]:
    return text.split()


MONTHS = words("January February March April May June July August September October November December")
SHORT = ["Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."]
DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
WORDS = words("two three four five six seven eight nine ten eleven twelve")
ORDINALS = words("second third fourth fifth sixth seventh eighth ninth tenth")

SWAPS: dict[str, tuple[str, ...]] = {
    "rose": ("fell", "was unchanged", "surged"), "gained": ("lost", "shed"), "jumped": ("slid", "plunged"),
    "climbed": ("dropped",), "fell": ("rose", "gained"), "lost": ("gained", "added"), "declined": ("advanced",),
    "plunged": ("surged", "jumped"), "up": ("down",), "down": ("up",), "higher": ("lower",), "loss": ("gain",),
    "gain": ("loss",), "edged up": ("edged down", "jumped"), "beat": ("trailed", "lagged"), "beats": ("trails",),
    "led": ("trailed",), "outpaced": ("lagged",), "trailed": ("led", "beat"), "lagged": ("outpaced",),
    "ahead of": ("behind",), "lag": ("lead",), "beaten": ("trailed", "lagged"), "highest": ("lowest",),
    "lowest": ("highest",), "high": ("low",), "low": ("high",), "longest": ("shortest",), "longer": ("shorter",),
    "best": ("worst",), "worst": ("best",), "above": ("below",), "below": ("above",), "first": ("last",),
    "median": ("average",), "cut": ("raised", "held"), "cuts": ("increases", "hikes"), "lowered": ("raised",),
    "sessions": ("days", "weeks", "months"), "session": ("week", "month", "day"), "months": ("weeks", "sessions"),
    "percentage points": ("percent", "basis points"), "basis points": ("percentage points", "percent"),
    "%": (" percentage points", " points"), " percent": (" points",), "month": ("week", "year"),
    "S&P 500": ("Nasdaq Composite", "Dow Jones Industrial Average", "S&P 400"),
    "Russell 2000": ("Nasdaq Composite", "Russell 1000"), "Small caps": ("Large caps",),
    "small caps": ("large caps",),
    "Consumer prices": ("Core consumer prices", "Oil"), "unemployment rate": ("10-year yield",),
    "all-time": ("52-week",), "52-week": ("all-time",), "matching": ("exceeding", "breaking"),
    "at least": ("at most", "more than"),
    "quarter-point": ("half-point",), "quarter point": ("half point",), "companies": ("sessions",),
    "including dividends": ("excluding dividends",),
    "last month": ("this month", "last year"), "this year": ("last year", "this week"),
    "last quarter": ("last month",),
    "in the year to date": ("in the month to date",), "fourth quarter": ("third quarter",),
    "more than half": ("less than half",),
    "in each of": ("in none of",), "nearly": ("more than",), "three times": ("twice", "four times"),
    "record": ("52-week",),
    "ended": ("extended",), "close": ("intraday high",), "rose for": ("fell for",),
    "$": ("€",) if False else (),
}  # fmt: skip


def falsified(text: str) -> Iterator[tuple[str, str]]:
    """Kind of change and changed text, each different from the text in one place."""
    for found in re.finditer(r"\d", text):
        for step in (1, 3, 8):
            digit = str((int(found.group()) + step) % 10)
            yield "digit", text[: found.start()] + digit + text[found.end() :]
    yield from _rotated(text, WORDS, "number word")
    yield from _rotated(text, ORDINALS, "ordinal")
    yield from _rotated(text, MONTHS, "month")
    yield from _rotated(text, SHORT, "month")
    yield from _rotated(text, DAYS, "weekday")
    for found in re.finditer(r"\b(19|20)\d\d\b", text):
        for year in (int(found.group()) - 1, int(found.group()) + 1):
            yield "year", text[: found.start()] + str(year) + text[found.end() :]
    for word, others in SWAPS.items():
        before = r"(?<![\w-])" if word[0].isalpha() else ""
        for found in re.finditer(
            before + re.escape(word) + (r"(?![\w-])" if word[-1].isalpha() else ""), text
        ):
            for other in others:
                yield f"{word.strip()} → {other.strip()}", text[: found.start()] + other + text[found.end() :]
    verb = re.search(
        r"\b(?:rose|fell|gained|lost|beat|led|closed|was|has|had|cut|set|stood|trailed|ranked)\b", text
    )
    if verb:
        yield "negation", text[: verb.end()] + " not" + text[verb.end() :]
        yield "negation", text[: verb.start()] + "never " + text[verb.start() :]


def _rotated(text: str, names: list[str], kind: str) -> Iterator[tuple[str, str]]:
    for place, name in enumerate(names):
        for found in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w])", text):
            for step in (1, len(names) - 1, 5):
                other = names[(place + step) % len(names)]
                if other != name:
                    yield kind, text[: found.start()] + other + text[found.end() :]
