"""A sentence into tokens: names, stretches of time, figures with unit and hedge, and words by what they do.

Owns the vocabulary of market prose as others print it. A word that it does not know gets the code "x", and a claim
never reaches across one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final

from broadtape.desk.audit.entities import Directory
from broadtape.desk.audit.parts import Amount, Hedge, Sentence, Token
from broadtape.desk.audit.spans import find_spans

CODES: Final = {
    "E": "a name", "W": "a stretch of time", "F": "percent", "Q": "percentage points", "B": "basis points",
    "O": "points", "D": "money", "N": "a bare number", "M": "times", "#": "an ordinal or count with its noun",
    "U": "rose", "L": "fell", "g": "gain or gains", "k": "drop or drops", "v": "was, closed, edged", "C": "closed, ended, finished",
    "+": "up, higher", "-": "down, lower, off", "=": "unchanged", "r": "posted", "a": "has, had", "h": "at", "t": "to", "f": "from",
    "b": "by", "o": "of", "i": "in", "n": "on", "y": "for", "c": ",", "s": "; : —", "p": "( )", "A": "and", "R": "or",
    "w": "while, as, after", "d": "the, a, its", "j": "says nothing", "X": "may, could, expected", "!": "not", "q": "a quotation mark",
    "K": "respectively", "T": "than", "H": "with", "S": "sent, pushed", "z": "said, according to", "Y": "futures", "x": "unknown",
}  # fmt: skip


def _table(**classes: str) -> dict[str, str]:
    return {word.replace("_", " "): code for code, words in classes.items() for word in words.split()}


_WORDS: Final = {
    **_table(
        U="rose risen rising added adding adds climbed climbing climbs surged surging soared soaring soars jumped jumping "
          "rallied rallying rallies advanced advancing gained gaining rebounded rebounding leapt leaped leaping popped "
          "spiked spiking increased increasing rocketed skyrocketed strengthened bounced grew grown swelled tacked_on picked_up "
          "vaulted shot_up ripped_higher recovered climb_to rise_to",
        L="fell fallen falling falls lost losing loses shed shedding sheds declined declining dropped dropping slid sliding slides "
          "slipped slipping slips dipped dipping dips eased easing eases sank sunk sinking sinks tumbled tumbling tumbles "
          "plunged plunging plunges plummeted plummeting plummets slumped slumping retreated retreating crashed cratered "
          "decreased decreasing weakened gave_up gives_up pulled_back sold_off skidded skidding tanked swooned cooled "
          "sagged stumbled collapsed nosedived",
        g="gain gains rise rises advance advances climb jump jumps surge surges rally increase increases rebound upswing "
          "pop bounce spike uptick run-up runup leap",
        k="drop drops loss losses decline declines fall slide slump slumps plunge slip tumble dip retreat retreats "
          "decrease pullback sell-off selloff rout swoon plunge downturn slide setback",
    ),
    **_table(
        v="was were is are be been being edged edging edges ticked ticking ticks inched inching inches moved moving moves went traded "
          "trading trades opened drifted nudged crept stood stands stood stays stayed remained remains hovered hovering turned "
          "swung shifted ripped rip got sits sat held holds holding came come reached reaching reaches hit hits hitting touched",
        C="closed closing closes ended ending ends finished finishing finishes settled settling settles",
        r="posted posting posts notched notching notches logged logging logs saw sees recorded recording suffered suffering booked "
          "scored marked registered registering enjoyed capped clinched secured took delivered delivering produced endured sustained had "
          "eked_out racked_up chalked_up turned_in eking_out",
        a="has have had having",
    ),
    "up": "+", "higher": "+", "upward": "+", "down": "-", "lower": "-", "off": "-", "downward": "-", "unchanged": "=", "flat": "=", "steady": "=", "stable": "=",
    "at": "h", "to": "t", "from": "f", "by": "b", "of": "o", "in": "i", "on": "n", "for": "y", "than": "T", "with": "H",
    "and": "A", "or": "R", "respectively": "K", "plus": "A",
    **_table(
        w="while as after but whereas when where although though because amid despite following before until even if since which "
          "who that so thanks led helped boosted weighed dragged driven buoyed fueled hurt lifted_by pressured snapping extending "
          "yet even ahead making bringing leaving putting marking compared versus against following outpacing beating topping trailing",
        d="the a an its their his her this that these those another additional further extra roughly_a one",
        j="also just sharply slightly modestly again broadly only still even now then already further nearly meanwhile however steadily "
          "solidly strongly steeply barely marginally fractionally collectively overall benchmark broad broader blue-chip tech-heavy "
          "technology-heavy technology-focused tech-laden did does do widely watched closely followed 30-stock key main wider narrower small-cap large-cap "
          "combined impressive whopping solid modest strong sharp steep big small healthy massive huge stunning robust respectable "
          "cumulative total mere more little similar nonetheless instead too currently eventually ultimately finally "
          "quickly officially consistently continued psychological key closely-watched similarly roundly well much heavily "
          "decisively comfortably altogether together both each all daily weekly monthly quarterly annual yearly one-day "
          "two-day single-day full-year bellwether giant maker chipmaker chipmaking retailer drugmaker automaker carmaker lender airline insurer heavyweight behemoth U.S. US American price-weighted market-cap-weighted smaller-company broad-based fresh new "
          "session trading tech technology trade-sensitive interest-rate-sensitive approximately rate-sensitive bigger smaller deeper",
        X="will would could may might should can expected expects expect forecast forecasts projected projects predicted predicts "
          "likely if unless poised probably perhaps potentially potential possibly estimate estimates estimated anticipated anticipates "
          "target targets sees_the projecting forecasting predicting expecting pricing priced implied implying hoped shall must ought "
          "hopes aims aiming plans planned intends imagine suppose supposed assuming assume whether hypothetical "
          "needs should’ve would’ve could’ve might’ve won’t wouldn’t couldn’t can’t pace track course",
        S="sent sending pushed pushing lifted lifting drove driving sends pushes drives lifts dragged dragging pulled pulling took taking brought "
          "bringing left leaving put helped helping knocked knocking carried propelled propelling boosted boosting",
        z="said says according told wrote writes noted notes added_that",
        Y="futures contracts options",
    ),
    "briefly": "@", "momentarily": "@", "initially": "@", "earlier": "@",
    "not": "!", "never": "!", "no": "!", "n’t": "!", "didn’t": "!", "hasn’t": "!", "wasn’t": "!", "isn’t": "!", "haven’t": "!",
    "don’t": "!", "doesn’t": "!", "weren’t": "!", "aren’t": "!", "without": "!", "failed": "!", "neither": "!", "nor": "!",
    "rather": "!", "instead of": "!", "denied": "!", "false": "!", "hardly": "!", "erased": "!", "erasing": "!", "paring": "!", "pared": "!",
    "trimming": "!", "trimmed": "!", "reversing": "!", "reversed": "!", "avoided": "!", "wiped": "!",
}  # fmt: skip
_PHRASES: Final = {
    "little changed": "=", "barely changed": "=", "virtually unchanged": "=", "nearly unchanged": "=", "nearly flat": "=", "mostly unchanged": "=",
    "barely budged": "=", "little-changed": "=", "essentially flat": "=", "mostly flat": "=", "roughly flat": "=", "virtually flat": "=",
    "up to": "j", "so far": "j", "as well as": "A", "tacked on": "U", "picked up": "U", "put on": "U", "shot up": "U", "gave up": "L", "gives up": "L",
    "pulled back": "L", "sold off": "L", "gave back": "L", "eked out": "r", "racked up": "r", "chalked up": "r", "turned in": "r",
    "an additional": "d", "a further": "d", "a combined": "d", "a total of": "d", "a whopping": "d", "at least": "j",
    "led by": "w", "thanks to": "w", "helped by": "w", "along with": "w", "ahead of": "w", "on hopes": "w", "on worries": "w", "on news": "w",
    "on the back of": "w", "in response to": "w", "in the wake of": "w", "as investors": "w", "on track": "X", "on pace": "X", "on course": "X",
    "set to": "X", "due to": "w", "on optimism": "w", "on concerns": "w", "on fears": "w", "in reaction to": "w", "on expectations": "w", "in a": "i",
    "compared with": "w", "compared to": "w", "according to": "z", "in line with": "w", "because of": "w", "as of": "w", "such as": "w",
    "as traders": "w", "or about": "R", "or roughly": "R", "or nearly": "R", "or more than": "R", "at one point": "@", "at its worst": "@",
    "at its best": "@", "at the lows": "@", "at the highs": "@", "at its high": "@", "at its low": "@", "earlier in the day": "@", "during the session": "@",
    "in intraday trading": "@", "on an intraday basis": "@", "at session lows": "@", "at session highs": "@", "at its session high": "@",
    "is expected": "X", "are expected": "X", "on its way": "X", "bull market": "x", "bear market": "x",
}  # fmt: skip
_PHRASE: Final = re.compile("|".join(sorted(map(re.escape, _PHRASES), key=len, reverse=True)), re.IGNORECASE)
_PHRASE_STARTS: Final = frozenset(phrase.split()[0].lower() for phrase in _PHRASES)

_NUMBER: Final = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
_WORD_NUMBERS: Final = {
    word: number for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
    )
} | {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}  # fmt: skip
_SPELT: Final = "|".join(sorted(_WORD_NUMBERS, key=len, reverse=True))
_FIGURE: Final = re.compile(
    rf"(?P<sign>[+–-](?=[\d.$]))?(?P<money>(?:US|C|A|HK)?\$|€|£|¥)?(?P<sign2>[+–-](?=[\d.]))?(?P<number>{_NUMBER})"
    rf"(?:(?P<fraction> (?P<over>\d{{1,2}})/(?P<under>\d{{1,2}})))?"
    rf"(?P<ordinal>st|nd|rd|th)?(?:\s?-?\s?(?P<scale>thousand|million|billion|trillion|[kKmMbB]n?(?![\w]))(?![\w]))?"
    rf"(?=x\b|(?![\w]))"
)
_SPELT_FIGURE: Final = re.compile(
    rf"(?P<whole>(?:{_SPELT})(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?)(?P<half> and a half)?"
    rf"(?= (?:percent|per cent|percentage|basis|points?|cents?|dollars?)(?!\w))",
    re.IGNORECASE,
)
_QUARTERS: Final = re.compile(
    r"(?P<half>(?:a )?half(?:[ -]a)?|one-half(?: of a)?)(?:[ -]of a)?[ -](?:percentage[ -])?point|(?P<three>three[ -]quarters of a (?:percentage )?point|three-quarters[ -]point|three-quarter[ -](?:percentage[ -])?point)"
    r"|(?P<quarter>(?:a |one[ -])?quarter(?: of a)?[ -](?:percentage[ -])?point|a quarter of a percentage point|quarter-point)",
    re.IGNORECASE,
)
_UNIT: Final = re.compile(
    r"[ -]?(?:(?P<Q>percentage[ -]points?|pct\.? pts?\b|pp\b|ppts?\b)|(?P<F>%|per ?cent(?:age)?\b(?! of)|pct\b)|(?P<F2>percent\b|per cent\b)"
    r"|(?P<B>basis[ -]points?|bps?\b)|(?P<O>(?:index )?points?\b|pts\b)|(?P<c>cents?\b|¢)|(?P<usd>dollars?\b)|(?P<M>times\b|x\b|-?fold\b))",
    re.IGNORECASE,
)
_HEDGES: Final[tuple[tuple[str, Hedge], ...]] = (
    (r"(?:by )?(?:at least|no less than|not less than|a minimum of)", "at-least"),
    (r"(?:by )?(?:as (?:much|many|far) as|up to|at most|no more than)", "at-most"),
    (r"(?:by )?(?:nearly|almost|just (?:under|below|shy of|short of)|close to|approaching|not quite|shy of|a little (?:less|under))", "nearly"),
    (r"(?:by )?(?:(?:slightly |a little |just |well |much |a bit )?(?:more|greater|better|higher|bigger|larger) than|over|above|upwards? of|north of|in excess of|just over)", "over"),
    (r"(?:by )?(?:(?:slightly |a little |just |well )?(?:less|fewer|smaller|lower) than|under|below|south of)", "under"),
    (r"(?:by )?(?:about|around|roughly|approximately|some|near|circa|approx\.|an estimated)", "about"),
)  # fmt: skip
_HEDGE: Final = re.compile(
    rf"(?:{'|'.join(f'(?P<h{n}>{words})' for n, (words, _) in enumerate(_HEDGES))}|(?P<tilde>~))"
    r"(?: the| an?| another| an additional)?(?: psychological(?:ly)?(?: important)?| key| closely watched)? ?$",
    re.IGNORECASE,
)
_RANGE: Final = re.compile(rf"(?: ?(?:–|-|to|and) ?)(?P<money>\$)?(?P<number>{_NUMBER})(?![\w,.]*\d)")
_FRACTION: Final = re.compile(
    r"(?P<whole>\d+)[- ](?P<over>[1-7])/(?P<under>[248])(?=[ -]?(?:percent|%|per cent|point))"
)
_WORD: Final = re.compile(r"[^\W\d_][\w.&]*(?:[-/’][\w.&]+)*’?")
_ORDINALS: Final = {
    word: number for number, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"], 1)
}  # fmt: skip
_SEPARATED: Final = frozenset({"and", "to"})


def ordinal(word: str) -> int:
    """3 of "third" or "3rd"; 0 of another word."""
    low = word.lower()
    if found := re.fullmatch(r"(\d{1,4})(?:st|nd|rd|th)", low):
        return int(found[1])
    return _ORDINALS.get(low, 0)


def number_word(word: str) -> int:
    """7 of "seven" or "7"; 0 of another word."""
    low = word.lower()
    if low.isdigit():
        return int(low)
    tens, _, ones = low.partition("-")
    if ones:
        return _WORD_NUMBERS.get(tens, 0) + _WORD_NUMBERS.get(ones, 0) if ones in _WORD_NUMBERS else 0
    return _WORD_NUMBERS.get(low, 0)


def scan(sentence: Sentence, names: Directory) -> list[Token]:
    """The tokens of a sentence in order; what is no word, figure or mark is left out."""
    text = sentence.text
    spans = find_spans(text)
    fixed: list[tuple[int, int, Token]] = [
        (start, end, Token("W", start, end, text[start:end], span=span)) for start, end, span in spans
    ]
    for start, end, entity in names.find(text):
        clash = [one for one in fixed if one[0] < end and start < one[1]]
        if not clash:
            fixed.append((start, end, Token("E", start, end, text[start:end], entity=entity)))
        elif all(start <= s and e <= end for s, e, _ in clash):  # "10-year yield", "S&P 2000"
            fixed = [one for one in fixed if one not in clash]
            fixed.append((start, end, Token("E", start, end, text[start:end], entity=entity)))
    fixed.sort(key=lambda one: one[0])
    tokens: list[Token] = []
    place = 0
    for start, end, token in fixed:
        _pieces(text, place, start, tokens)
        tokens.append(token)
        place = end
    _pieces(text, place, len(text), tokens)
    return tokens


def _pieces(text: str, place: int, stop: int, tokens: list[Token]) -> None:
    """The tokens between two fixed ones."""
    while place < stop:
        sign = text[place]
        if sign == " ":
            place += 1
            continue
        if (token := _figure(text, place, stop)) is not None:
            _hedged(text, token, tokens)
            place = token.end
            continue
        if sign.isalpha():
            token = _word(text, place, stop)
            tokens.append(token)
            place = token.end
            continue
        code = {
            ",": "c",
            ";": "s",
            ":": "s",
            "—": "s",
            "–": "s",
            "(": "p",
            ")": "p",
            "“": "q",
            "”": "q",
            '"': "q",
            "-": "s",
        }.get(sign)
        if code and not (sign == "-" and text[place - 1 : place] != " "):
            tokens.append(Token(code, place, place + 1, sign))
        elif sign.isdigit():
            end = place + 1
            while end < stop and (text[end].isalnum() or text[end] in "-.,/"):
                end += 1
            tokens.append(Token("x", place, end, text[place:end]))
            place = end
            continue
        place += 1


def _word(text: str, place: int, stop: int) -> Token:
    found = _WORD.match(text, place, stop)
    if found is None:  # a letter by one table of Unicode and none by another
        return Token("x", place, place + 1, text[place])
    word = found.group().rstrip(".") if not re.fullmatch(r"(?:[A-Za-z]\.)+", found.group()) else found.group()
    low = word.lower()
    if low in _PHRASE_STARTS and (phrase := _PHRASE.match(text, place, stop)):
        end = phrase.end()
        if not (end < len(text) and text[end].isalnum()):
            return Token(_PHRASES[phrase.group().lower()], place, end, phrase.group())
    if ordinal(low):
        return Token("#", place, place + len(word), word)
    if word == "May":
        return Token("j", place, place + len(word), word)
    if low.endswith("’s") and word[0].isupper():
        return Token("d", place, place + len(word), word)
    code = _WORDS.get(low) or _WORDS.get(word) or ("!" if low.endswith("n’t") else "x")
    return Token(code, place, place + len(word), word)


def _hedged(text: str, token: Token, tokens: list[Token]) -> None:
    """Puts the figure down, with the hedge before it made part of it."""
    floor = tokens[-1].end if tokens and tokens[-1].code in "EWFQBODNM" else max(0, token.start - 60)
    found = _HEDGE.search(text[floor : token.start])
    assert token.amount is not None
    if found and (found.start() == 0 or not text[floor + found.start() - 1].isalnum()):
        hedge: Hedge = next((name for n, (_, name) in enumerate(_HEDGES) if found[f"h{n}"]), "about")
        start = floor + found.start()
        while tokens and tokens[-1].start >= start:
            tokens.pop()
        amount = replace(token.amount, hedge=hedge, text=text[start : token.end])
        tokens.append(replace(token, start=start, text=text[start : token.end], amount=amount))
        return
    tokens.append(token)


def _figure(text: str, place: int, stop: int) -> Token | None:
    if place and text[place - 1].isalnum():
        return None
    sign = text[place]
    if sign.isalpha():
        if sign.lower() in "ahqtosefnzm" and (found := _QUARTERS.match(text, place, stop)):
            value = Decimal(50 if found["half"] else 75 if found["three"] else 25)
            return _token("B", place, found.end(), text, Amount(value, Decimal(1), "basis points"))
        if (found := _SPELT_FIGURE.match(text, place, stop)) is None:
            return None
        value = Decimal(sum(_WORD_NUMBERS[one] for one in re.split(r"[- ]", found["whole"].lower())))
        value += Decimal("0.5") if found["half"] else 0
        return _with_unit(
            text,
            place,
            found.end(),
            Amount(value, Decimal("0.1") if found["half"] else Decimal(1), "number"),
            money=False,
        )
    if (eighths := _FRACTION.match(text, place, stop)) is not None:
        value = Decimal(eighths["whole"]) + Decimal(eighths["over"]) / Decimal(eighths["under"])
        return _with_unit(text, place, eighths.end(), Amount(value, Decimal("0.01"), "number"), money=False)
    found = _FIGURE.match(text, place, stop)
    if found is None:
        return None
    digits = found["number"].replace(",", "")
    value = Decimal(digits)
    quantum = Decimal(1).scaleb(-len(digits.partition(".")[2])) if "." in digits else Decimal(1)
    printed = found["sign"] or found["sign2"] or ""
    if printed == "-" and place and text[place - 1] not in " (":
        printed = ""
    way = 1 if printed == "+" else -1 if printed else 0
    end = found.end()
    if found["ordinal"]:
        return Token("#", place, end, found.group(), amount=Amount(value, Decimal(1), "number", ordinal=True))
    scale = {
        "thousand": 3,
        "k": 3,
        "million": 6,
        "m": 6,
        "mn": 6,
        "billion": 9,
        "b": 9,
        "bn": 9,
        "trillion": 12,
    }.get((found["scale"] or "").lower())
    if scale:
        value, quantum = value.scaleb(scale), quantum.scaleb(scale)
    amount = Amount(value, quantum, "number", sign=way)
    token = _with_unit(text, place, end, amount, money=bool(found["money"]))
    return _ranged(text, token, stop) if not scale else token


def _with_unit(text: str, start: int, end: int, amount: Amount, *, money: bool) -> Token:
    unit = _UNIT.match(text, end)
    if money:
        return _token("D", start, end, text, replace(amount, unit="USD"))
    if unit is None:
        return _token("N", start, end, text, amount)
    kind = next(name for name, value in unit.groupdict().items() if value)
    if kind == "c":
        return _token(
            "D",
            start,
            unit.end(),
            text,
            replace(amount, value=amount.value / 100, quantum=amount.quantum / 100, unit="USD"),
        )
    code, name = {
        "Q": ("Q", "percentage points"), "F": ("F", "percent"), "F2": ("F", "percent"), "B": ("B", "basis points"),
        "O": ("O", "points"), "usd": ("D", "USD"), "M": ("M", "times"),
    }[kind]  # fmt: skip
    return _token(code, start, unit.end(), text, replace(amount, unit=name))


def _ranged(text: str, token: Token, stop: int) -> Token:
    """ "3.50%–3.75%", "4.00% to 4.25%", "17% to 22%": one figure with an upper end."""
    assert token.amount is not None
    if token.code not in "FNQ":
        return token
    found = _RANGE.match(text, token.end, stop)
    if found is None or found["money"]:
        return token
    before = text[max(0, token.start - 24) : token.start].lower()
    joiner = found.group()[: found.start("number") - found.start()].strip()
    if joiner in _SEPARATED and not re.search(
        r"(?:range of|between|range at|of|to a range of|from) ?$", before
    ):
        return token
    if joiner == "and" and "between" not in before:
        return token
    digits = found["number"].replace(",", "")
    unit = _UNIT.match(text, found.end())
    kind = next((name for name, value in unit.groupdict().items() if value), "") if unit else ""
    if token.code == "N" and kind not in {"F", "F2"}:
        return token
    if token.code == "F" and kind not in {"F", "F2"}:
        return token
    upper = Decimal(digits)
    if upper <= token.amount.value or (joiner == "to" and "from" in before and "range" not in before):
        return token
    end = unit.end() if unit else found.end()
    amount = replace(token.amount, upper=upper, unit="percent" if kind in {"F", "F2"} else token.amount.unit)
    return _token("F" if kind in {"F", "F2"} else token.code, token.start, end, text, amount)


def _token(code: str, start: int, end: int, text: str, amount: Amount) -> Token:
    return Token(code, start, end, text[start:end], amount=replace(amount, text=text[start:end]))
