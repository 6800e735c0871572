"""Whether a claim was read whole: every word of its clause is part of the reading, or is known to say nothing of it.

Owns the closed list of words that may stand beside a figure without changing it, and the words that always may change
it. What is left over holds a contradiction back (docs/contracts/audit.md, "Coverage"); owns no readings and no values.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from broadtape.desk.audit.clauses import Clauses
from broadtape.desk.audit.parts import Assertion, Token

# Words that say nothing of whose price, how much, which way or when. Anything else that no reading took is a doubt.
NEUTRAL: Final = frozenset(
    ["also", "just", "sharply", "slightly", "modestly", "broadly", "only", "still", "even", "then", "now", "already", "further", "nearly", "meanwhile", "however", "steadily", "solidly", "strongly", "steeply", "barely", "marginally", "fractionally", "overall", "benchmark", "broad", "broader", "blue-chip", "tech-heavy", "technology-heavy", "technology-focused", "tech-laden", "did", "does", "do", "widely", "watched", "closely", "followed", "30-stock", "key", "main", "wider", "small-cap", "large-cap", "impressive", "whopping", "solid", "modest", "strong", "sharp", "steep", "big", "small", "healthy", "massive", "huge", "stunning", "robust", "respectable", "total", "mere", "more", "little", "nonetheless", "instead", "too", "eventually", "ultimately", "finally", "quickly", "officially", "closely-watched", "roundly", "well", "much", "decisively", "comfortably", "altogether", "bellwether", "giant", "maker", "chipmaker", "retailer", "drugmaker", "automaker", "carmaker", "lender", "airline", "insurer", "heavyweight", "behemoth", "u.s.", "us", "american", "price-weighted", "smaller-company", "broad-based", "fresh", "new", "approximately", "index", "stock", "stocks", "share", "shares", "market", "markets", "closing", "gauge", "barometer", "measure", "companies", "company", "firm", "mark", "level", "point", "points", "apiece", "alone", "all-time", "history", "high", "highs", "low", "lows", "record", "records", "today", "wall", "street", "street’s", "new", "york", "york’s", "the", "a", "an", "its", "their", "his", "her", "this", "that", "these", "those", "another", "one", "it", "they", "he", "she", "we", "here", "there", "very", "quite", "rather", "really", "dramatically", "drastically", "significantly", "substantially", "considerably", "mostly", "largely", "somewhat", "rapidly", "gently", "quietly", "slowly", "swiftly", "abruptly", "hugely", "again", "impressively", "handily", "firmly", "softly", "smoothly", "unexpectedly", "surprisingly", "notably", "s&p", "dow", "jones", "nasdaq", "composite", "industrial", "average", "industrials", "corp", "inc", "co", "ltd", "group", "technologies", "platforms", "popular", "closely-followed", "keenly", "storied", "so-called", "small-company", "smaller", "large", "larger", "biggest", "biggest-ever", "largest", "session", "sessions", "trading", "day", "days", "week", "weeks", "streak", "run", "winning", "losing", "straight", "consecutive", "row", "successive", "since", "best", "worst", "highest", "lowest", "longest", "ever", "first", "time", "mark", "milestone", "threshold", "psychological", "symbolic", "important", "territory", "milestones", "losses", "gains", "rally", "retreat", "advance", "decline", "decliners", "advancers", "close", "end", "finish", "settle", "reach", "software-maker", "tech-giant", "chip", "e-commerce", "social-media", "streaming", "search", "iphone", "electric-car", "electric-vehicle", "result", "product", "part", "federal", "reserve", "central", "bank", "policymakers", "officials", "policy", "committee", "interest", "rate", "rates", "target", "range", "benchmark", "key", "overnight", "borrowing", "costs", "meeting", "cut", "cuts", "hike", "hikes", "increase", "increases", "reduction", "quarter-point", "percentage", "basis", "lowered", "raised", "held", "left", "kept"]
)  # fmt: skip

# Words that may change what a figure beside them means, wherever in the sentence they stand.
_CHANGES: Final = re.compile(
    r"\b(?:futures?|contracts?|pre-?market|after-?hours|extended trading|intraday|mid-?day|overnight|at the open|opening bell|"
    r"early trad\w+|(?:morning|afternoon|noon) trad\w+|session(?:’s)? (?:high|low)s?|(?:day|week)(?:’s)? (?:high|low)s?|at one point|as of|so far today|"
    r"adjusted|adjusting|unadjusted|seasonally|total returns?|price return|including dividends|excluding|net of|reinvest\w*|hedged|annuali[sz]ed|averag(?:ed|ing)|on average|median|"
    r"in (?:euro|dollar|yen|sterling|pound|local|real|nominal|constant)[- ]?(?:currency )?terms|currency[- ]|fiscal|ex-dividend|equal[- ]weight\w*|"
    r"revised|restated|estimated|preliminary|provisional|unofficial|mistaken\w*|erroneous\w*|incorrect\w*|correction to|earlier version|"
    r"hypothetical|backtest\w*|simulat\w+|model(?:ed|led)|portfolio|fund’s|benchmark-beating|leveraged|inverse|implied|indicated|"
    r"rumou?rs?|hoax|fake|false\w*|instead of|not the|would have|could have|had been)\b",
    re.IGNORECASE,
)
# Of another time than the clause's own: what such a word opens is before or beyond what the sentence reports.
_ELSEWHEN: Final = frozenset(
    {"after", "following", "before", "until", "since", "if", "unless", "once", "whenever"}
)
_RELATIVE: Final = frozenset({"when", "where", "whereupon"})
_OPENERS: Final = frozenset("wzHS")  # subordinate clauses, attributions, "with …": of another statement
# What such a verb says of a run or a record is a comment on it, not a part of it.
_COMMENTS: Final = frozenset(
    [
        "marks",
        "reflects",
        "shows",
        "signals",
        "suggests",
        "underscores",
        "underlines",
        "highlights",
        "means",
        "represents",
        "illustrates",
        "demonstrates",
        "confirms",
        "proves",
        "speaks",
    ]
)
# Verbs and nouns of runs and records, which the phrases about them are read with.
_OF_HISTORIES: Final = frozenset(
    [
        "snap",
        "snaps",
        "snapped",
        "snapping",
        "end",
        "ends",
        "ended",
        "ending",
        "broke",
        "breaks",
        "breaking",
        "broken",
        "halt",
        "halts",
        "halted",
        "halting",
        "stopped",
        "stopping",
        "extend",
        "extends",
        "extended",
        "extending",
        "set",
        "sets",
        "setting",
        "hit",
        "hits",
        "hitting",
        "notch",
        "notches",
        "notched",
        "notching",
        "reach",
        "reaches",
        "reached",
        "reaching",
        "make",
        "makes",
        "made",
        "making",
        "mark",
        "marked",
        "marking",
        "score",
        "scored",
        "touch",
        "touched",
        "stretch",
        "stretched",
        "good",
        "enough",
    ]
)
_PARTS: Final = frozenset("csqp")
_PLAIN: Final = frozenset("htfbyoindcARKTprvCULgk+-=asHS")
_MAX_SHOWN = 3


def cover(clauses: Clauses, claims: Iterable[Assertion], read: Iterable[int] = ()) -> list[Assertion]:
    """The claims of a sentence, each with the words of its clause that nothing accounts for.

    Asked once every reading of the sentence is known: what another claim took is accounted for, as are the positions `read`.
    """
    claims = list(claims)
    read = clauses.used.union(read)
    for claim in claims:
        read |= set(clauses.within(*claim.phrase) if claim.phrase[1] else range(*claim.place))
    return [_covered(clauses, claim, read) for claim in claims]


def _covered(clauses: Clauses, claim: Assertion, read: set[int]) -> Assertion:
    start, end = claim.place
    if start >= end:
        return claim
    text = clauses.sentence.text
    segments = _required(clauses, start, end)
    places = [place for low, high in segments for place in range(low, high)]
    left = [clauses.tokens[place].text for place in places if not _known(clauses, claim, place, read)]
    left += _opened(clauses, claim)
    own = " ".join(
        text[clauses.tokens[low].start : clauses.tokens[high - 1].end]
        for low, high in _segments(clauses)
        if low < end and start < high
    )
    changed = [] if claim.phrase[1] else [found.group() for found in _CHANGES.finditer(own)]
    around = [found.group() for found in _CHANGES.finditer(text)]
    return replace(
        claim,
        unread=tuple(dict.fromkeys([*left, *around])),
        changed=tuple(dict.fromkeys(changed)),
    )


# --- which words belong to a claim --------------------------------------------------------------------------


def _segments(clauses: Clauses) -> list[tuple[int, int]]:
    """The stretches between commas, colons, brackets and words that open another clause; each keeps its opener."""
    cuts = [0]
    for place, code in enumerate(clauses.codes):
        if code in _PARTS and not _inside_name(clauses.tokens, place):
            cuts.append(place + 1)
        elif _opens(clauses, place):
            cuts.append(place)
    cuts.append(len(clauses.codes))
    return [(low, high) for low, high in itertools.pairwise(cuts) if low < high]


def _inside_name(tokens: Sequence[Token], place: int) -> bool:
    """Whether a comma stands within a list of figures and joints of one statement: "123 points, or 0.3%, to 39,000"."""
    following = tokens[place + 1].code if place + 1 < len(tokens) else "."
    return tokens[place].code == "c" and following in "RtfhK"


def _new_clause(clauses: Clauses, place: int) -> bool:
    """Whether after "and" a statement of its own follows: a name with a verb, or a subject that is not known."""
    at = clauses.skip(place, "dj")
    if clauses.code(at) == "E":
        return clauses.code(clauses.skip(at + 1, "aj")) in "ULgkvC+-S!Xr"
    if clauses.code(clauses.skip(place, "j")) in "ULvCaS":
        return True  # "… and closed at 6,900": a statement of its own about the same
    return clauses.code(at) == "x" and clauses.word(at) not in NEUTRAL


def _required(clauses: Clauses, start: int, end: int) -> list[tuple[int, int]]:
    """The segments a claim stands in, and what hangs on them by a comma without a word that opens a clause."""
    segments = _segments(clauses)
    first = next((number for number, (low, high) in enumerate(segments) if low <= start < high), 0)
    last = next((number for number, (low, high) in enumerate(segments) if low < end <= high), first)
    while (
        first > 0 and not _opens(clauses, segments[first][0]) and clauses.code(segments[first][0] - 1) in "cp"
    ):
        first -= 1
        if _opens(clauses, segments[first][0]):
            break
    while last + 1 < len(segments) and clauses.code(segments[last + 1][0] - 1) in "cp":
        opener = segments[last + 1][0]
        if _opens(clauses, opener) or (clauses.code(opener) == "d" and clauses.code(opener - 1) == "c"):
            break  # ", a feat not seen in years" describes what was said
        last += 1
    chosen = segments[first : last + 1]
    return [one for one in chosen if not (one[1] <= start and _opens(clauses, one[0]))]
    # a clause of its own between subject and phrase ("the S&P 500, which fell 1%, hit a record") is read or not, as any


def _opens(clauses: Clauses, place: int) -> bool:
    code = clauses.code(place)
    word = clauses.word(place)
    return (
        code in _OPENERS
        or word == "but"
        or word in _COMMENTS
        or (code in "AR" and _new_clause(clauses, place + 1))
    )


def _opened(clauses: Clauses, claim: Assertion) -> list[str]:
    """The word that puts the claim's own clause into another time ("after posting its best month"), unless the clause
    names its time itself."""
    at = claim.place[1] - 1 if claim.phrase[1] else claim.place[0]
    low, high = next(((low, high) for low, high in _segments(clauses) if low <= at < high), (0, 0))
    if clauses.word(low) in _RELATIVE:
        # "in 2019, when it lost 3%": of the time right before it, and of that only
        named = clauses.skip_back(low - 1, "c")
        span = clauses.tokens[named].span if named >= 0 else None
        told = span is not None and any(one.text == span.text for one in claim.spans)
        return [] if told else [clauses.tokens[low].text]
    if clauses.word(low) not in _ELSEWHEN:
        return []
    spans = [
        token.span
        for token in clauses.tokens[low:high]
        if token.span is not None and token.span.role != "since"
    ]
    return [] if any(span in spans for span in claim.spans) else [clauses.tokens[low].text]


# --- what accounts for a word -------------------------------------------------------------------------------


def _known(clauses: Clauses, claim: Assertion, place: int, read: set[int]) -> bool:
    token = clauses.tokens[place]
    own = claim.place[0] <= place < claim.place[1]
    code, word = token.code, token.text.lower()
    if claim.phrase[0] <= token.start and token.end <= claim.phrase[1]:
        return True
    if code == "E":
        return _named(claim, token) or (place in read and not own)
    if code == "W":
        span = token.span
        told = span is not None and any(span.text == one.text for one in claim.spans)
        return (
            told
            or (place in read and not own)
            or (span is not None and span.kind in {"than-year", "than-month"})
        )
    if code in "FQBODNM#":
        return place in read or code == "#"
    if code == "w":
        return True
    if code in _PLAIN or code in "qz":
        return True
    bare = word.removesuffix("’s").removesuffix("’").rstrip(".")
    if claim.phrase[1] and word in _OF_HISTORIES:
        return True
    return word in NEUTRAL or bare in NEUTRAL or (place in read and not own)


def _named(claim: Assertion, token: Token) -> bool:
    """Whether a name is whom the claim is about, or compared with."""
    entity = token.entity
    if entity is None:
        return False
    if entity.kind in {"reference", "policy"}:
        return True
    return any(one is not None and one.name == entity.name for one in (claim.entity, claim.other))


def doubt(claim: Assertion) -> str:
    """Why a claim was not read surely enough to be contradicted; empty where it was."""
    if not claim.unread:
        return ""
    shown = ", ".join(f"“{word}”" for word in claim.unread[:_MAX_SHOWN])
    more = f" and {len(claim.unread) - _MAX_SHOWN} more" if len(claim.unread) > _MAX_SHOWN else ""
    return f"read, but not surely: {shown}{more}"


def altered(claim: Assertion) -> str:
    """Why a claim that holds is not vouched for: a word of its clause may change what its figure means."""
    if not claim.changed:
        return ""
    return f"read, but not surely: {', '.join(f'“{word}”' for word in claim.changed[:_MAX_SHOWN])}"
