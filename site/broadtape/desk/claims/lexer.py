"""Reading a text into tokens: figures with units, dates, names, controlled words and the words between.

Owns the reading of figures (their wording is broadtape.numbers); judges nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final
from weakref import WeakKeyDictionary

from broadtape.desk.claims import lexicon
from broadtape.desk.claims.dates import hinted, may_open_date, read_moment
from broadtape.desk.claims.names import NameTable
from broadtape.desk.claims.tokens import Approximation, Figure, Moment, Name, Plain, Proper, Token, Word

MAX_TEXT: Final = 100_000  # characters of one sentence or cell; more is no prose

_NUMBER: Final = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
_DIGITS: Final = re.compile(
    rf"(?P<sign>[+\-−–](?=[$\d.]))?(?P<dollar>(?:US)?\$)?(?P<sign2>[+\-−](?=[\d.]))?(?P<number>{_NUMBER})(?P<ordinal>st|nd|rd|th)?(?![\w])"
)
_WITH_LETTERS: Final = re.compile(
    rf"(?P<sign>[+\-−–])?(?P<dollar>\$)?(?P<number>{_NUMBER})(?P<letters>[a-zA-Z]+)"
)
_SCALE_LETTERS: Final = {"k": 3, "m": 6, "mn": 6, "bn": 9, "b": 9, "tn": 12, "t": 12}
_APPROXIMATE: Final[tuple[tuple[str, Approximation], ...]] = (
    (r"no (?:fewer|less) than|not (?:fewer|less) than|at least|a minimum of|at minimum", "at-least"),
    (r"as (?:many|much|far) as|no more than|not more than|up to|at most|a maximum of", "at-most"),
    (r"nearly|almost|just (?:under|below|short of)|close to|approaching|not quite|shy of", "nearly"),
    (r"(?:slightly |just )?(?:(?:more|greater|better|higher|longer) than|over|above|upwards of|north of)", "over"),
    (r"(?:slightly |well )?(?:(?:less|fewer|smaller|lower|shorter) than|under|below)", "under"),
    (r"about|around|roughly|approximately|some|circa|approx\.|an estimated", "about"),
)  # fmt: skip
_APPROXIMATORS: Final = re.compile(
    "|".join(rf"(?P<a{place}>(?:{words})\s+(?:an? |the )?)" for place, (words, _) in enumerate(_APPROXIMATE))
    + r"|(?P<tilde>~\s*)",
    re.IGNORECASE,
)
_UNIT: Final = re.compile(
    r"[ -]?(?:(?P<percent>%|per ?cent\b)|(?P<pp>percentage[ -]points?\b|pct\.? pts?\b|pp\b|ppts?\b)"
    r"|(?P<bp>basis[ -]points?\b|bps?\b)|(?P<points>(?:index )?points?\b|pts\b)"
    r"|(?P<ratio>[x×]\b|-?fold\b|times (?=as|the size|more|its|higher)))",
    re.IGNORECASE,
)
_SCALE: Final = re.compile(r"[ -](?P<scale>hundred|thousand|million|billion|trillion)\b", re.IGNORECASE)
_WORDS: Final = re.compile(r"[ -]?(?P<word>[A-Za-z.&’]+(?:-[A-Za-z]+)*|\d+)")
_OF: Final = re.compile(
    rf"\s+(?:out )?of (?:the |its |their |those |these |all )?(?:last |past |latest |previous |prior |first )?"
    rf"(?P<number>{_NUMBER}|[a-z]+(?:-[a-z]+)?)\b",
    re.IGNORECASE,
)
_SEPARATOR: Final = re.compile(r"\s*[–—]\s*|-|\s+(?P<word>to|and)\s+")
_FRACTIONS: Final = (
    (re.compile(r"(?:a |one[ -])?quarter[ -](?:percentage[ -])?point(?:s)?\b", re.I), Decimal(25), "basis points"),
    (re.compile(r"(?:a |one[ -])?half[ -](?:an? )?(?:percentage[ -])?points?\b", re.I), Decimal(50), "basis points"),
    (re.compile(r"three[ -]quarters (?:of a (?:percentage )?point)\b", re.I), Decimal(75), "basis points"),
    (re.compile(r"three[ -](?:quarters|fourths)\b", re.I), Decimal(75), "percent"),
    (re.compile(r"two[ -]thirds\b", re.I), Decimal(67), "percent"),
    (re.compile(r"(?:a|one)[ -]third(?= of\b)", re.I), Decimal(33), "percent"),
    (re.compile(r"(?:a|one)[ -](?:quarter|fourth)(?= of\b)", re.I), Decimal(25), "percent"),
    (re.compile(r"(?:a|one)[ -](?:fifth)(?= of\b)", re.I), Decimal(20), "percent"),
    (re.compile(r"(?:a |one[ -])?half\b(?! an? )", re.I), Decimal(50), "percent"),
)  # fmt: skip
_ONCE: Final = {"once": 1, "twice": 2, "thrice": 3}
_OPENS_FIGURE: Final = frozenset(
    {
        *lexicon.UNITS,
        *lexicon.TENS,
        *lexicon.ORDINALS,
        *_ONCE,
        "a",
        "half",
        "quarter",
        "dozen",
        "minus",
        "negative",
    }
    | {"plus", "no", "us"}
)
_PROTECTED: Final = re.compile(
    r"(?:401\(k\)|403\(b\)|Phase [0-9I]+|(?:Form )?(?:10-[KQ]|8-K|20-F)|COVID-19|24/7|9/11|G-?(?:7|20)|S-1"
    r"|Form \d+)(?!\w)"
)
_UNKNOWN_INDEX: Final = re.compile(
    r"(?:Russell|S&P(?: (?:MidCap|SmallCap|Composite))?|Nasdaq|NASDAQ|Nikkei|FTSE|Dow|Stoxx|STOXX|DAX|CAC"
    r"|Euro Stoxx)[ -]\d[\d,]*(?!\w)"
)
_TIME: Final = re.compile(r"\d{1,2}(?::\d\d)?\s?(?:a\.m\.|p\.m\.|AM\b|PM\b|am\b|pm\b)")
_52: Final = re.compile(
    r"(?:52|fifty-two|one-year|12-month)(?:-|\s)weeks?(?!\w)|(?:one-year|12-month)(?= (?:high|low))",
    re.IGNORECASE,
)
_NUMBER_ONE: Final = re.compile(r"No\.\s?(?P<number>\d{1,4})(?!\w)")
_TOKEN_WORD: Final = re.compile(
    r"[^\W\d_](?:[\w’&]|\.(?=[A-Za-z])|-(?=\w))*(?:\.(?=\s[a-z])|(?<=\b[A-Z])\.)?|%"
)
_SIGN_WORD: Final = re.compile(r"(?P<word>minus|negative|plus)\s+(?=[\d$])", re.IGNORECASE)
_LETTERS: Final = re.compile(r"[A-Za-z]+")
_DOZEN: Final = re.compile(r"(?P<count>a|one|two|three|four|five|six)[ -]dozen\b", re.I)
_A_HUNDRED: Final = re.compile(r"a (?P<scale>hundred|thousand|million|billion|trillion)\b", re.I)
_NUMBER_WORD: Final = re.compile(r"(?:^|(?<=\w)[ -]|)([A-Za-z]+)")
_TWO_WORDS: Final = re.compile(r"[ -]([A-Za-z]+[ -][A-Za-z]+)(?![\w])")
_TRAILING: Final = re.compile(
    r"\b(last|past|latest|previous|prior|next|first|final|preceding|recent)\s+$", re.I
)
_PER: Final = re.compile(  # "6% a session": a rate, which no fact is
    r"\s*(?:/|\b(?:an?|per|each|every)\s)\s*(?:trading )?(?:session|day|week|month|quarter|year|hour|minute)\b"
    r"(?! (?:earlier|ago|later|before))",
    re.IGNORECASE,
)
_DURATIONS: Final = frozenset({"sessions", "days", "weeks", "months", "quarters", "years"})
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?:;]\s+|[“\"(]\s*)$")


def lex(text: str, names: NameTable, *, unit: str = "", opens: bool = True) -> tuple[Token, ...]:
    """The tokens of a text in order, punctuation left out; each keeps its offsets.

    `unit` is what a bare figure counts (a table's header says so); `opens` tells whether the text begins a
    sentence, so that its first capital means nothing. A text over MAX_TEXT characters raises ValueError.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"a text of {len(text)} characters is no sentence")
    kept = _READ.setdefault(names, _Readings())
    if kept.version != names.version or len(kept.tokens) >= _MOST_READ:
        kept.tokens.clear()
        kept.version = names.version
    asked = (text, unit, opens)
    found = kept.tokens.get(asked)
    if found is None:
        found = kept.tokens[asked] = _Lexer(_normal(text), names, unit, opens=opens).tokens()
    return found


@dataclass(slots=True)
class _Readings:
    """The texts last read with one table of names: parts of an article are read for many facts."""

    version: int = -1
    tokens: dict[tuple[str, str, bool], tuple[Token, ...]] = field(default_factory=dict)


_MOST_READ: Final = 4096
_READ: WeakKeyDictionary[NameTable, _Readings] = WeakKeyDictionary()


def _normal(text: str) -> str:
    """The same text, character for character, with one kind of space, apostrophe and hyphen."""
    return text.translate(_SAME)


_SAME: Final = str.maketrans(
    {
        **dict.fromkeys("'\u2018", "’"),
        **dict.fromkeys("\u00a0\u202f\u2009\n\t", " "),
        **dict.fromkeys("\u2010\u2011", "-"),
        "\u2012": "–",
    }
)


class _Lexer:
    """One pass over one text."""

    def __init__(self, text: str, names: NameTable, unit: str, *, opens: bool) -> None:
        self.text, self.names, self.unit, self.opens = text, names, unit, opens
        self.found: list[Token] = []

    def tokens(self) -> tuple[Token, ...]:
        place = 0
        text = self.text
        while place < len(text):
            character = text[place]
            if character.isspace():
                place += 1
                continue
            started = place == 0 or not (text[place - 1].isalnum() or text[place - 1] in "’_")
            end = self._at(place) if started else place
            if end <= place:
                place += 1
                continue
            place = end
        return self._settled()

    def _settled(self) -> tuple[Token, ...]:
        moments = iter(hinted([token for token in self.found if isinstance(token, Moment)]))
        return tuple(next(moments) if isinstance(token, Moment) else token for token in self.found)

    def _at(self, place: int) -> int:
        """Read what starts here; the place after it, or `place` when nothing does."""
        text = self.text
        character = text[place]
        name = self.names.match(text, place) if character.isalnum() or character == "(" else None
        if name is not None:
            return self._name(place, name.end, name.symbols, ticker=name.ticker)
        if character == "(":
            return place
        for pattern in (_PROTECTED, _UNKNOWN_INDEX):
            found = pattern.match(text, place)
            if found:
                self.found.append(
                    Plain(place, found.end(), found.group())
                    if pattern is _PROTECTED
                    else Proper(place, found.end(), found.group())
                )
                return found.end()
        if character.isalnum() or character == "~":
            found = _52.match(text, place)
            if found:
                return self._word(place, found.end(), ("52-week",))
            found = _TIME.match(text, place)
            if found:
                self.found.append(Figure(place, found.end(), found.group(), Decimal(0), unit="time"))
                return found.end()
            moments = (
                read_moment(text, place, initial=self._initial(place)) if may_open_date(text, place) else []
            )
            if moments and not self._counts(moments):
                self.found.extend(moments)
                return moments[-1].end
            approximate = self._approximate(place)
            if approximate:
                return approximate
        figure = self._figure(place)
        if figure is not None:
            self.found.append(figure)
            return figure.end
        return self._words(place)

    def _counts(self, moments: list[Moment]) -> bool:
        """A "year" that is a number of something: "2000 sessions", "$2025", "1,900.50"."""
        moment = moments[0]
        if moment.month or moment.day or moment.quarter or moment.relative or moment.weekday is not None:
            return False
        return _UNIT.match(self.text, moment.end) is not None or self._noun_after(moment.end)[0] not in {
            "",
            "?",
        }

    # --- names ----------------------------------------------------------------------------------------------

    def _name(self, place: int, end: int, symbols: frozenset[str], *, ticker: bool) -> int:
        piece = self.text[place:end]
        if not ticker and " " not in piece and self._initial(place) and not self._has_ticker(end):
            lower = piece.lower()
            if (lower in lexicon.COMMON and piece[1:].islower()) or (
                lexicon.classes_of(lower) and piece[1:].islower()
            ):
                return self._words(place)
        self.found.append(Name(place, end, piece, symbols, ticker=ticker))
        return end

    def _has_ticker(self, end: int) -> bool:
        rest = self.text[end:].lstrip()
        place = end + len(self.text[end:]) - len(rest)
        match = self.names.match(self.text, place) if rest.startswith("(") else None
        return match is not None and match.ticker

    def _initial(self, place: int) -> bool:
        before = self.text[max(0, place - 4) : place]
        if not self.text[:place].strip(' “"(’—–-#'):
            return self.opens
        return _SENTENCE_START.search(before) is not None and not re.search(r"\b[A-Z]\.\s$", before)

    # --- figures --------------------------------------------------------------------------------------------

    def _approximate(self, place: int) -> int:
        found = _APPROXIMATORS.match(self.text, place)
        if found is None:
            return 0
        if found.end() < len(self.text) and self.names.match(self.text, found.end()) is not None:
            return 0  # "below the two-year Treasury yield": a name, whatever figure it opens with
        figure = self._figure(found.end())
        if figure is None and found.group().rstrip().endswith((" a", " an", " the")):
            shorter = found.end() - len(found.group().rstrip().rsplit(" ", 1)[1]) - 1
            figure = self._figure(shorter)
        if figure is None:
            return 0
        kind: Approximation = next(
            (kind for at, (_, kind) in enumerate(_APPROXIMATE) if found[f"a{at}"]), "about"
        )
        if kind == "over" and figure.unit in _DURATIONS and self._lasts(place, found.group()):
            kind = ""
        self.found.append(
            replace(figure, start=place, text=self.text[place : figure.end], approximation=kind)
        )
        return figure.end

    def _lasts(self, place: int, words: str) -> bool:
        """Whether "over" tells how long and not how many: "rose 6% over seven sessions", "over the 21 sessions"."""
        opening = words.lower().split()
        before = self.found[-1] if self.found else None
        told = isinstance(before, Figure) and not self.text[before.end : place].strip()
        return opening == ["over", "the"] or (opening == ["over"] and told)

    def _figure(self, place: int) -> Figure | None:
        text = self.text
        if place >= len(text):
            return None
        if text[place].isalpha():
            word = _LETTERS.match(text, place)
            if word is None or word.group().lower() not in _OPENS_FIGURE:
                return None
        minus = _SIGN_WORD.match(text, place)
        if minus:
            figure = self._figure(minus.end())
            if figure is not None:
                sign = 1 if minus["word"].lower() == "plus" else -1
                return replace(figure, start=place, text=text[place : figure.end], sign=sign)
        number = _NUMBER_ONE.match(text, place)
        if number:
            return Figure(
                place, number.end(), number.group(), Decimal(number["number"]), ordinal=True, place=True
            )
        for pattern, value, unit in _FRACTIONS:
            fraction = pattern.match(text, place)
            if fraction and not (unit == "percent" and self._noun_after(fraction.end())[0] == "runs"):
                return Figure(place, fraction.end(), fraction.group(), value, unit=unit)
        digits = _DIGITS.match(text, place)
        if digits:
            return self._digits(digits)
        letters = _WITH_LETTERS.match(text, place)
        if letters:
            return self._lettered(letters)
        return self._number_words(place)

    def _digits(self, found: re.Match[str]) -> Figure:
        printed = found["number"].replace(",", "")
        value = Decimal(printed)
        quantum = Decimal(1).scaleb(value.as_tuple().exponent) if "." in printed else Decimal(1)  # type: ignore[arg-type]  # a finite number's exponent is an int
        sign_text = found["sign"] or found["sign2"] or ""
        if sign_text == "–" and found.start() > 0 and not self.text[found.start() - 1].isspace():
            sign_text = ""
        sign = {"": 0, "+": 1}.get(sign_text, -1)
        figure = Figure(
            found.start(),
            found.end(),
            found.group(),
            value,
            quantum,
            sign=sign,
            ordinal=bool(found["ordinal"]),
        )
        return self._range(self._united(figure, dollar=bool(found["dollar"])))

    def _lettered(self, found: re.Match[str]) -> Figure | None:
        """`18x`, `1.2bn`, `$3M`; anything else with digits first is no figure we know: it stays without unit."""
        letters = found["letters"].lower()
        value = Decimal(found["number"].replace(",", ""))
        places = -value.as_tuple().exponent if "." in found["number"] else 0  # type: ignore[operator]  # finite
        quantum = Decimal(1).scaleb(-places)
        if letters in _SCALE_LETTERS:
            factor = Decimal(10) ** _SCALE_LETTERS[letters]
            unit = "USD" if found["dollar"] else ""
            return Figure(found.start(), found.end(), found.group(), value * factor, quantum * factor, unit)
        units = {
            "x": "ratio",
            "bp": "basis points",
            "bps": "basis points",
            "pp": "percentage points",
            "pts": "points",
        }
        return Figure(found.start(), found.end(), found.group(), value, quantum, units.get(letters, "?"))

    def _number_words(self, place: int) -> Figure | None:
        text = self.text
        word = _LETTERS.match(text, place)
        if word is None:
            return None
        first = word.group().lower()
        if first in _ONCE:
            return Figure(place, word.end(), word.group(), Decimal(_ONCE[first]), unit="times")
        if first in {"a", "one", "two", "three", "four", "five", "six"}:
            dozen = _DOZEN.match(text, place)
            if dozen:
                count = 1 if dozen["count"].lower() == "a" else lexicon.UNITS[dozen["count"].lower()]
                return self._united(Figure(place, dozen.end(), dozen.group(), Decimal(12 * count)))
        if first == "dozen":
            return self._united(Figure(place, word.end(), word.group(), Decimal(12)))
        if first == "a":
            hundred = _A_HUNDRED.match(text, place)
            if hundred is None:
                return None
            value = Decimal(lexicon.SCALES[hundred["scale"].lower()])
            return self._united(Figure(place, hundred.end(), hundred.group(), value))
        read = self._cardinal(place)
        if read is None:
            return None
        number, end, ordinal = read
        figure = Figure(place, end, text[place:end], Decimal(number), ordinal=ordinal)
        united = self._united(figure)
        if (
            number == 1
            and not ordinal
            and (united.unit == "" or re.match(r" of (?!the|those|these|its|their)", text[end:]))
        ):
            return None  # the pronoun: "one of eight sessions"
        if (
            ordinal
            and number == 2
            and united.unit == ""
            and re.match(r"\s+(?:thought|hand|half)", text[end:])
        ):
            return None
        return united

    def _cardinal(self, place: int) -> tuple[int, int, bool] | None:
        """Value, end and whether it is an ordinal, of number words from here: "twenty-one", "two hundred"."""
        total = current = 0
        end, started = place, False
        for found in _NUMBER_WORD.finditer(self.text, place):
            if found.start() != end:
                break
            word = found[1].lower()
            if word in lexicon.UNITS and (
                not started
                or current % 100 == 0
                or (current % 10 == 0 and lexicon.UNITS[word] < 10 and current % 100 >= 20)
            ):
                current += lexicon.UNITS[word]
            elif word in lexicon.TENS and (not started or current % 100 == 0):
                current += lexicon.TENS[word]
            elif word == "hundred" and started:
                current *= 100
            elif word in lexicon.SCALES and started:
                total, current = total + current * lexicon.SCALES[word], 0
            elif word in lexicon.ORDINALS and (
                not started or (current % 10 == 0 and lexicon.ORDINALS[word] < 10)
            ):
                if word == "second" and not started and self.text[found.end() :].startswith("s"):
                    return None
                return total + current + lexicon.ORDINALS[word], found.end(), True
            elif word == "first" and started and current % 10 == 0:
                return total + current + 1, found.end(), True
            else:
                break
            started, end = True, found.end()
        return (total + current, end, False) if started else None

    def _united(self, figure: Figure, *, dollar: bool = False) -> Figure:
        """The figure with its scale and unit."""
        text = self.text
        scale = _SCALE.match(text, figure.end)
        value, quantum, end = figure.value, figure.quantum, figure.end
        if scale and not figure.ordinal:
            factor = Decimal(lexicon.SCALES[scale["scale"].lower()])
            value, quantum, end = value * factor, quantum * factor, scale.end()
        unit = "USD" if dollar else ""
        found = _UNIT.match(text, end)
        if found and not dollar:
            unit = {"percent": "percent", "pp": "percentage points", "bp": "basis points", "points": "points",
                    "ratio": "ratio"}[found.lastgroup or "points"]  # fmt: skip
            end = found.end()
        elif not dollar:
            unit, stop = self._noun_after(end)
            if unit == "?":
                unit = ""
            if stop:
                end = stop
            if unit == "":
                unit = self._of_unit(end)
            if unit == "" and not figure.ordinal:
                unit = self.unit
        if unit == "cents":
            value, quantum, unit = value / 100, quantum / 100, "USD"
        trailing = ""
        before = _TRAILING.search(text[max(0, figure.start - 20) : figure.start])
        if before:
            trailing = before[1].lower()
        if _PER.match(text, end):
            unit = "rate"
        return replace(
            figure,
            value=value,
            quantum=quantum,
            unit=unit,
            end=end,
            text=text[figure.start : end],
            trailing=trailing,
        )

    def _noun_after(self, end: int) -> tuple[str, int]:
        """The counting noun that follows, and where it ends if it follows directly; ("", 0) when none does."""
        text, place = self.text, end
        for step in range(6):
            if any(
                text[place + 1 : place + 1 + len(role)].lower() == role
                for role in ("small caps", "large caps")
            ):
                return "members", 0  # the role is a name too, and judged as one
            two = _TWO_WORDS.match(text, place)
            if two and lexicon.plural_of(two[1].replace("-", " ")):
                return lexicon.plural_of(two[1].replace("-", " ")), two.end() if step == 0 else 0
            found = _WORDS.match(text, place)
            if found is None or found.start("word") == place:
                return "", 0
            word = found["word"].rstrip(".’").removesuffix("’s").lower()
            if lexicon.plural_of(word):
                return lexicon.plural_of(word), found.start("word") + len(word) if step == 0 else 0
            head, _, rest = word.partition("-")  # "seven-session-long"
            if step == 0 and rest and lexicon.plural_of(head) and word not in lexicon.BETWEEN:
                return lexicon.plural_of(head), 0
            if word not in lexicon.BETWEEN and not found["word"][0].isupper() and not found["word"].isdigit():
                return "", 0
            if word == "of" and re.match(
                r"\s+(?:the |its |their |those |these |all )?(?:\d|(?:last|past|latest) )",
                text[found.end() :],
            ):
                return "", 0
            place = found.end()
        return "", 0

    def _of_unit(self, end: int) -> str:
        """The unit of the second number in "three of the 11 months"."""
        found = _OF.match(self.text, end)
        if found is None:
            return ""
        number = found["number"].lower()
        if not number[0].isdigit() and self._cardinal(found.start("number")) is None:
            return ""
        return self._noun_after(found.end("number"))[0]

    def _range(self, figure: Figure) -> Figure:
        """The figure with what a dash or "to" adds: "3.50%–3.75%"."""
        text = self.text
        separator = _SEPARATOR.match(text, figure.end)
        if separator is None or figure.unit not in {"", "percent", "USD", "basis points"}:
            return figure
        before = text[: figure.start].rstrip().lower()
        between = before.endswith("between")
        if separator["word"] == "and" and not between:
            return figure
        if separator["word"] == "to" and before.endswith("from"):
            return figure
        second = _DIGITS.match(text, separator.end())
        if second is None or second["sign"] or second["ordinal"]:
            return figure
        other = self._united(
            Figure(second.start(), second.end(), second.group(), Decimal(second["number"].replace(",", "")),
                   Decimal(1).scaleb(-len(second["number"].partition(".")[2]))),
            dollar=bool(second["dollar"]),
        )  # fmt: skip
        if other.unit not in {"percent", figure.unit} or (separator["word"] and not other.unit):
            return figure
        if figure.unit not in {"", other.unit} or other.value <= figure.value or not other.unit:
            return figure
        return replace(
            figure, end=other.end, text=text[figure.start : other.end], upper=other.value, unit=other.unit,
            quantum=min(figure.quantum, other.quantum),
        )  # fmt: skip

    # --- words ----------------------------------------------------------------------------------------------

    def _words(self, place: int) -> int:
        text = self.text
        found = _TOKEN_WORD.match(text, place)
        if found is None:
            return place
        pieces = [found]
        if text[place].isupper() and not self._initial(place) and self._name_like(found.end()):
            self.found.append(Proper(place, found.end(), found.group()))
            return found.end()
        while len(pieces) < lexicon.LONGEST_PHRASE:
            after = pieces[-1].end()
            more = _TOKEN_WORD.match(text, after + 1) if text[after : after + 1] == " " else None
            if more is None:
                break
            pieces.append(more)
        for count in range(len(pieces), 0, -1):
            end = pieces[count - 1].end()
            phrase = text[place:end].lower().rstrip(".")
            counts = phrase.endswith(" all") and _LETTERS.match(
                text, end + 1
            )  # "in all, …" but "in all sessions"
            if lexicon.is_plain_phrase(phrase) and not counts:
                self.found.append(Plain(place, end, text[place:end]))
                return end
            classes = lexicon.classes_of(phrase) or lexicon.classes_of(phrase.removesuffix("’s"))
            if classes:
                return self._word(place, end, classes)
        return self._free(place, found.end())

    def _word(self, place: int, end: int, classes: tuple[str, ...]) -> int:
        piece = self.text[place:end]
        self.found.append(Word(place, end, piece, classes, lexicon.strength_of(piece.lower())))
        return end

    def _name_like(self, end: int) -> bool:
        """A controlled word with a capital inside a sentence and another capital beside it is part of a name."""
        return (
            re.match(r" [A-Z][a-z]", self.text[end:]) is not None
            and self.names.match(self.text, end + 1) is None
        )

    def _free(self, place: int, end: int) -> int:
        piece = self.text[place:end]
        parts = piece.split("-")
        if len(parts) > 1:
            for part_start, part in _parts(place, parts):
                classes = lexicon.classes_of(part.lower())
                if classes:
                    self.found.append(
                        Word(
                            part_start,
                            part_start + len(part),
                            part,
                            classes,
                            lexicon.strength_of(part.lower()),
                        )
                    )
                elif part[:1].isupper() and not self._initial(part_start):
                    self.found.append(Proper(part_start, part_start + len(part), part))
                else:
                    self.found.append(Plain(part_start, part_start + len(part), part))
            return end
        bare = piece.removesuffix("’s").rstrip("’.")
        if bare[:1].isupper() or any(c.isdigit() or c.isupper() for c in bare):
            initial = self._initial(place)
            if initial and (bare.lower() in lexicon.COMMON or lexicon.classes_of(bare.lower())):
                self.found.append(Plain(place, end, piece))
            else:
                self.found.append(Proper(place, end, piece, initial=initial))
        else:
            self.found.append(Plain(place, end, piece))
        return end


def _parts(place: int, parts: list[str]) -> list[tuple[int, str]]:
    result, at = [], place
    for part in parts:
        if part:
            result.append((at, part))
        at += len(part) + 1
    return result
