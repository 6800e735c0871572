"""The wording of figures, dates and lists, as the stylebook has it (AP style, half-up rounding).

Owns no facts and no rounding of stored values: it prints what it is given. Reading figures back is the
business of desk.claims.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_MONTHS_WITH_DAY = ("Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.",
                    "Dec.")  # fmt: skip
_CARDINALS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def rounded(value: Decimal, decimals: int) -> Decimal:
    """The value rounded half-up (away from zero at the half) to `decimals` places."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def plain(value: Decimal, decimals: int) -> str:
    """Grouped digits with exactly `decimals` places and a true minus sign: `2,603.91`, `−0.74`."""
    return f"{rounded(value, decimals):,f}".replace("-", "−")


def percent_decimals(value: Decimal) -> int:
    """One place from 0.1 % up, two below; a zero takes one."""
    return 1 if abs(rounded(value, 2)) >= Decimal("0.1") or rounded(value, 2) == 0 else 2


def percent(value: Decimal, *, decimals: int | None = None) -> str:
    """The size of a percentage, without its sign: `0.7%`, `0.05%`, `12.3%`. The verb carries the direction."""
    places = percent_decimals(value) if decimals is None else decimals
    return f"{abs(rounded(value, places)):,f}%"


def signed_percent(value: Decimal, *, decimals: int | None = None) -> str:
    """With its sign, for tables: `+0.7%`, `−0.05%`, `0.0%`."""
    places = percent_decimals(value) if decimals is None else decimals
    shown = rounded(value, places)
    sign = "+" if shown > 0 else "−" if shown < 0 else ""
    return f"{sign}{abs(shown):,f}%"


def points_of(value: Decimal) -> str:
    """Percentage points, the size only, singular up to one: `4.3 percentage points`, `0.4 percentage point`."""
    places = percent_decimals(value)
    shown = abs(rounded(value, places))
    return f"{shown:,f} percentage point{'s' if shown > 1 else ''}"


def level(value: Decimal, unit: str, decimals: int = 2) -> str:
    """A level: `$184.94`, or `2,603.91` for an index (its unit, points, is said by the sentence)."""
    shown = f"{rounded(value, decimals):,f}".replace("-", "−")
    return f"${shown}" if unit == "USD" else shown


def rate_range(lower: Decimal, upper: Decimal) -> str:
    """A target range: `3.50%–3.75%`."""
    return f"{rounded(lower, 2):f}%–{rounded(upper, 2):f}%"


def cardinal(number: int) -> str:
    """Words below 10, numerals from 10 up."""
    return _CARDINALS[number] if 0 <= number < 10 else f"{number:,}"


def ordinal(number: int) -> str:
    """`first` to `ninth` in words, `14th` from 10 up."""
    if 0 < number < 10:
        return _ORDINALS[number - 1]
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def noun(number: int, singular: str) -> str:
    """The noun in the number's form: `session`, `sessions`. The desk's nouns of counting all take an s."""
    return singular if number == 1 else f"{singular}s"


def counted(number: int, singular: str) -> str:
    """Number and noun: `seven sessions`, `14 sessions`, `one session`."""
    return f"{cardinal(number)} {noun(number, singular)}"


def capital(text: str) -> str:
    """The text with its first letter upper-case, links and quotes skipped; a name such as iShares stays as it is."""
    for place, character in enumerate(text):
        if character.isalpha():
            if text[place + 1 : place + 2].isupper():
                return text
            return text[:place] + character.upper() + text[place + 1 :]
        if character.isdigit():
            return text
    return text


def month(day: date, *, reference: date | None = None) -> str:
    """`December`, or `December 2024` where the reference is more than eleven months later."""
    name = _MONTHS[day.month - 1]
    if reference is not None and 0 <= (reference.year - day.year) * 12 + reference.month - day.month <= 11:
        return name
    return f"{name} {day.year}"


def day(value: date, *, reference: date | None = None) -> str:
    """`Jan. 12`, with the year where it is not the reference's: `Dec. 31, 2025`."""
    text = f"{_MONTHS_WITH_DAY[value.month - 1]} {value.day}"
    return text if reference is not None and reference.year == value.year else f"{text}, {value.year}"


def weekday(value: date) -> str:
    """`Monday`."""
    return _WEEKDAYS[value.weekday()]


def listing(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c` (no comma before "and")."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
