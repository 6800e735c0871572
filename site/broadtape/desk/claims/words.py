"""Whether a fact licenses a controlled word: the rules of the single classes of the lexicon.

Owns no figures, dates or names: those are matched first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from broadtape.desk.claims.case import Case
from broadtape.desk.claims.parts import shown
from broadtape.desk.claims.tokens import Moment, Name, Word
from broadtape.model import Status

# The sizes of verbs that each size of a move earns (stylebook, Verbs and size); 2 is the neutral verb.
_STRENGTHS: Final = {0: {2}, 1: {1, 2}, 2: {2}, 3: {2, 3}, 4: {2, 3, 4}}
_SIZE_WORDS: Final = {
    0: "under 0.25 of its usual range: little changed", 1: "0.25 to 0.75 of its usual range: edged",
    2: "0.75 to 1.75 of its usual range: rose or fell", 3: "1.75 to 3 times its usual range: jumped or slid",
    4: "over 3 times its usual range: surged or plunged",
}  # fmt: skip
_FORETOLD: Final = frozenset({"up", "down", "lead", "lag", "exceed", "cut", "raise", "hold"})
Refusal = tuple[Status, str, str]  # status, reason, what the fact says instead


_PLACES_A_RUN: Final = frozenset(
    {"longer", "longest", "last", "since", "earlier"}
)  # it is not the present one


@dataclass(frozen=True, slots=True)
class Use:
    """A controlled word at its place among the tokens of a claim."""

    case: Case
    place: int
    word: Word


def words(case: Case) -> None:
    """Each controlled word is licensed under one of its readings."""
    for place, word in case.of(Word):
        if _to_come(case, place, word):
            case.objects(Status.UNSUPPORTED, f"'to {word.text}' is no statement of fact", word.text)
            continue
        if (turned := _turned(case, place, word)) is not None:
            case.objects(*turned)
            continue
        reasons = [refusal(Use(case, place, word), kind) for kind in _readings(case, place, word)]
        if all(reason is not None for reason in reasons):
            status, text, computed = next(reason for reason in reasons if reason is not None)
            case.objects(status, text, word.text, computed)


def _readings(case: Case, place: int, word: Word) -> tuple[str, ...]:
    """The classes a word may be of where it stands: in "was lower" and "ended lower" nobody cuts."""
    if word.text.lower() == "lower" and case.text_at(place - 1) in _STOOD:
        return tuple(kind for kind in word.classes if kind != "cut")
    return word.classes


_STOOD: Final = frozenset(
    {"was", "were", "is", "are", "been", "be", "ended", "ends", "end", "closed", "finished", "stood"}
)
_HIGHS: Final = frozenset({"highest", "peak", "record"})
_LOWS: Final = frozenset({"lowest", "trough"})


def _turned(case: Case, place: int, word: Word) -> Refusal | None:
    """Whether a way has its ends exchanged: a decline leads from the highest close to the lowest."""
    if "decline" not in case.tags or not (case.tags & _HIGHS and case.tags & _LOWS):
        return None
    led = case.text_at(place - 2 if case.text_at(place - 1) in {"the", "its"} else place - 1)
    classes = set(word.classes)
    if (led == "from" and classes & _LOWS) or (led == "to" and classes & _HIGHS):
        said = f"the fact leads from the highest to the lowest; the text says '{led} … {word.text}'"
        return Status.CONTRADICTED, said, word.text
    return None


def _to_come(case: Case, place: int, word: Word) -> bool:
    """Whether an infinitive foretells: "small caps to beat S&P 500"."""
    if case.text_at(place - 1) != "to" or not _FORETOLD & set(word.classes):
        return False
    return place == 1 or isinstance(case.tokens[place - 2], Name)


def refusal(use: Use, kind: str) -> Refusal | None:
    """Why the word is not licensed under this class; None when it is."""
    if kind.startswith("unit:"):
        unit = kind.removeprefix("unit:")
        if unit in use.case.bearing.units():
            return None
        return Status.CONTRADICTED, f"the fact counts no {unit}; the text says {use.word.text!r}", ""
    rule = _RULES.get(kind)
    if rule is not None:
        return rule(use)
    if kind in use.case.tags:
        return None
    return Status.CONTRADICTED, f"the fact does not say {use.word.text!r}", ", ".join(sorted(use.case.tags))


def _up(use: Use) -> Refusal | None:
    return _direction(use, 1)


def _down(use: Use) -> Refusal | None:
    return _direction(use, -1)


def _flat(use: Use) -> Refusal | None:
    loose = use.word.text.lower() not in {"flat", "unchanged", "not changed", "even with", "level with"}
    if use.case.tags & {"flat"} or ("size0" in use.case.tags and loose):
        return None
    if "even" in use.case.tags and "with" in use.word.text.lower():
        return None
    value = use.case.fact.get("value")
    told = shown(value) if value else ""
    return Status.CONTRADICTED, f"the fact is {told}, not {use.word.text!r}", told


def _lead(use: Use) -> Refusal | None:
    if use.case.object is not None:
        return None  # _relative has judged order and polarity
    if use.case.fact.key.metric == "rank" and use.case.fact.value == 1 and "lead" in use.word.classes:
        return None
    return Status.CONTRADICTED, f"the fact compares with nothing; the text says {use.word.text!r}", ""


def _above(use: Use) -> Refusal | None:
    if "above" in use.case.tags or (use.case.object is not None and use.case.compares(use.place, use.word)):
        return None
    return Status.CONTRADICTED, f"the fact does not say {use.word.text!r}", ""


def _below(use: Use) -> Refusal | None:
    if "below" in use.case.tags or (use.case.object is not None and use.case.compares(use.place, use.word)):
        return None
    return Status.CONTRADICTED, f"the fact does not say {use.word.text!r}", ""


def _better(use: Use) -> Refusal | None:
    if use.case.object is not None:
        return None
    return Status.CONTRADICTED, f"the fact compares with nothing; the text says {use.word.text!r}", ""


def _rank_word(use: Use, *, best: bool) -> Refusal | None:
    wanted = "best" if best else "worst"
    if use.case.fact.key.metric == "rank":
        total = use.case.fact.get("total")
        rank, last = use.case.fact.value, total.value if total else None
        if rank == (1 if best else last) or any(part.kind == "rank" for part in use.case.matched.values()):
            return None
        reason = f"the fact ranks it {rank} of {last}; the text says {use.word.text!r}"
        return Status.CONTRADICTED, reason, str(rank)
    if wanted in use.case.tags:
        return None
    return Status.CONTRADICTED, f"the fact does not say {use.word.text!r}", ""


def _best(use: Use) -> Refusal | None:
    return _rank_word(use, best=True)


def _worst(use: Use) -> Refusal | None:
    return _rank_word(use, best=False)


def _close(use: Use) -> Refusal | None:
    if "intraday" in use.case.tags and "close" not in use.case.tags:
        return (
            Status.CONTRADICTED,
            f"the fact is about prices within the session; the text says {use.word.text!r}",
            "intraday",
        )
    return None


def _since(use: Use) -> Refusal | None:
    if "since" in use.case.tags or any(
        moment.after == "since" and at in use.case.matched_dates for at, moment in use.case.of(Moment)
    ):
        return None
    if use.case.tags & {"longest", "record", "in-data"} and any(
        part.name == "data_start" for part in use.case.fact.parts
    ):
        return None
    return Status.CONTRADICTED, "the fact does not say since when", ""


def _peak(use: Use) -> Refusal | None:
    if use.case.tags & {"peak", "highest"}:
        return None
    return Status.CONTRADICTED, f"the fact does not say {use.word.text!r}", ""


def _trough(use: Use) -> Refusal | None:
    if use.case.tags & {"trough", "lowest"}:
        return None
    return Status.CONTRADICTED, f"the fact does not say {use.word.text!r}", ""


def _first(use: Use) -> Refusal | None:
    if "first" in use.case.tags or (use.case.fact.key.metric == "rank" and use.case.fact.value == 1):
        return None
    return Status.CONTRADICTED, f"the fact does not say {use.word.text!r}", ""


def _last(use: Use) -> Refusal | None:
    if "last" in use.case.tags:
        return None
    if use.case.text_at(use.place + 1) == "time":
        return Status.CONTRADICTED, "the fact does not say that it was the last time", ""
    if use.case.fact.key.metric == "rank":
        total = use.case.fact.get("total")
        if total is not None and total.value == use.case.fact.value:
            return None
    ends = [part.value for part in use.case.fact.parts if part.name in {"end", "date", "day", "period"}]
    if use.case.as_of in ends or use.case.fact.key.metric in {"reading", "policy-rate"}:
        return None
    return Status.CONTRADICTED, f"the fact does not say {use.word.text!r}", ""


def _next(use: Use) -> Refusal | None:
    if "next" in use.case.tags or use.case.fact.key.metric == "what-followed":
        return None
    return Status.CONTRADICTED, f"the fact does not say {use.word.text!r}", ""


def _earlier(use: Use) -> Refusal | None:
    if use.case.tags & {"earlier", "last", "since"} or use.case.fact.key.metric == "what-followed":
        return None
    return Status.CONTRADICTED, f"the fact is not about anything {use.word.text!r}", ""


def _streak(use: Use) -> Refusal | None:
    said = {kind for _, word in use.case.of(Word) for kind in word.classes}
    if "longer" in use.case.tags and not said & _PLACES_A_RUN:
        reason = (
            f"the fact is about a longer run of the past; the text says {use.word.text!r} of the present one"
        )
        return Status.CONTRADICTED, reason, ""
    if "streak" in use.case.tags or "streak" in use.case.params.get("event", ""):
        return None
    return Status.CONTRADICTED, f"the fact is about no run; the text says {use.word.text!r}", ""


def _tie(use: Use) -> Refusal | None:
    if "tie" not in use.case.tags or "longer" in use.case.tags:
        return (
            Status.CONTRADICTED,
            f"the run of the fact was not as long; the text says {use.word.text!r}",
            "",
        )
    return None


def _ended(use: Use) -> Refusal | None:
    if "streak" not in use.case.tags or "ended" in use.case.tags:
        return None
    values = [part.value for part in use.case.fact.parts if part.name.rstrip("0123456789") == "end"]
    ends = [value for value in values if isinstance(value, date)]
    past = bool(ends) and max(ends) < use.case.as_of and "ongoing" not in use.case.tags
    if past and use.case.matched_dates:  # undated it would be the present run
        return None
    following = use.case.tokens[use.place + 1] if use.place + 1 < len(use.case.tokens) else None
    if use.word.text.lower() in {"ended", "ending", "ends", "end"} and isinstance(following, Moment):
        return None
    return Status.CONTRADICTED, f"the run goes on; the text says {use.word.text!r}", "ongoing"


def _broken(use: Use) -> Refusal | None:
    if "streak" in use.case.tags and "ended" not in use.case.tags:
        return (
            Status.CONTRADICTED,
            f"the fact does not say that the run ended; the text says {use.word.text!r}",
            "",
        )
    return None


def _ongoing(use: Use) -> Refusal | None:
    if "streak" not in use.case.tags and use.word.text.lower().startswith("exten"):
        return Status.CONTRADICTED, f"the fact is about no run; the text says {use.word.text!r}", ""
    if "streak" not in use.case.tags or "ongoing" in use.case.tags:
        return None
    if "ended" not in use.case.tags and use.case.window is not None and use.case.window[1] == use.case.as_of:
        return None
    return Status.CONTRADICTED, f"the run is over; the text says {use.word.text!r}", "ended"


def _price(use: Use) -> Refusal | None:
    if "total" not in use.case.tags:
        return None
    return Status.CONTRADICTED, "the return includes dividends", "including dividends"


def _few(use: Use) -> Refusal | None:
    if "few" in use.case.tags:
        return None
    share = use.case.bearing.share()
    if share is not None and share <= 50:
        return None
    return Status.CONTRADICTED, f"the number is not small; the text says {use.word.text!r}", ""


def _longest(use: Use) -> Refusal | None:
    """Of the last longer run the text may say that this is the longest since, unless one as long stands between."""
    if use.case.fact.key.metric == "streak-last-longer":
        if "tie" in use.case.tags:
            return Status.CONTRADICTED, "a run since then was as long: this one only matches it", ""
        if not any("since" in word.classes for _, word in use.case.of(Word)):
            return Status.CONTRADICTED, "the fact does not say that it was the longest", ""
    if "longest" in use.case.tags:
        return None
    return Status.CONTRADICTED, f"the fact does not say {use.word.text!r}", ", ".join(sorted(use.case.tags))


def _at_least(use: Use) -> Refusal | None:
    if "at-least" in use.case.tags or use.case.fact.get("at_least") is not None:
        return None
    return Status.CONTRADICTED, f"the fact gives the number itself, not {use.word.text!r}", ""


def _all(use: Use) -> Refusal | None:
    share = use.case.bearing.share()
    counted = any(part.name == "value" for part in use.case.matched.values())
    if "all" in use.case.tags or share == 100 or ("streak" in use.case.tags and share is None and counted):
        return None
    return Status.CONTRADICTED, f"the fact does not say {use.word.text!r}", ""


def _both(use: Use) -> Refusal | None:
    if use.case.fact.value == 2:
        return None
    return Status.CONTRADICTED, "the fact is not about two", ""


def _majority(use: Use) -> Refusal | None:
    share = use.case.bearing.share()
    if share is not None and share > 50:
        return None
    return Status.CONTRADICTED, f"the fact is no majority; the text says {use.word.text!r}", ""


def _minority(use: Use) -> Refusal | None:
    share = use.case.bearing.share()
    if share is not None and share < 50:
        return None
    return Status.CONTRADICTED, f"the fact is no minority; the text says {use.word.text!r}", ""


def _nothing(use: Use) -> Refusal | None:
    if use.case.fact.value == 0:
        return None
    return Status.CONTRADICTED, f"the fact is not zero; the text says {use.word.text!r}", ""


def _turn(use: Use) -> Refusal | None:
    if use.case.params.get("event") == "turn":
        return None
    return (
        Status.CONTRADICTED,
        f"the fact is about no turn within a session; the text says {use.word.text!r}",
        "",
    )


def _modal(use: Use) -> Refusal | None:
    if use.case.tags & {"next", "scheduled"} and use.word.text.lower() in {
        "will",
        "due",
        "scheduled",
        "expected",
        "can",
    }:
        return None
    return Status.UNSUPPORTED, f"{use.word.text!r} is no statement of fact", ""


def _never(use: Use) -> Refusal | None:
    return Status.CONTRADICTED, f"no fact licenses {use.word.text!r} in a claim", ""


def _cause(use: Use) -> Refusal | None:
    return Status.UNSUPPORTED, f"{use.word.text!r} gives a cause; prices show none", ""


def _direction(use: Use, way: int) -> Refusal | None:
    sign, part = use.case.sign_near(use.place)
    if sign is None:
        if not use.case.directional:
            return Status.CONTRADICTED, f"the fact says who led, not that prices moved: {use.word.text!r}", ""
        return Status.CONTRADICTED, f"the fact says no direction; the text says {use.word.text!r}", ""
    if sign != way:
        actual = {1: "up", -1: "down", 0: "unchanged"}[sign]
        told = shown(part) if part else actual
        return Status.CONTRADICTED, f"the fact is {told} ({actual}); the text says {use.word.text!r}", told
    if use.case.fact.key.metric == "drawdown" and not use.case.matched:
        told = shown(part) if part else ""
        return Status.CONTRADICTED, f"the fact is a distance from a record, {told}, and no move", told
    event = part is None or part.name == "at_least"  # "after a drop of at least 3%": the size is the case's
    if use.word.strength != 2 and not (event and use.case.params.get("event") in {"gain", "drop"}):
        step = next((size for size in range(5) if f"size{size}" in use.case.tags), None)
        if step is None:
            return (
                Status.UNSUPPORTED,
                f"the fact has no size to earn {use.word.text!r}; use a neutral verb",
                "",
            )
        if use.word.strength not in _STRENGTHS[step]:
            return (
                Status.CONTRADICTED,
                f"the move was {_SIZE_WORDS[step]}; the text says {use.word.text!r}",
                f"size{step}",
            )
    return None


_RULES: Final[dict[str, Callable[[Use], Refusal | None]]] = {
    "up": _up, "down": _down, "flat": _flat, "lead": _lead, "lag": _lead, "exceed": _lead, "above": _above,
    "below": _below, "better": _better, "worse": _better, "best": _best, "worst": _worst, "close": _close,
    "since": _since, "first": _first, "last": _last, "next": _next, "earlier": _earlier, "streak": _streak,
    "tie": _tie,
    "ended": _ended, "broken": _broken, "ongoing": _ongoing, "price": _price, "few": _few, "at-least": _at_least,
    "longest": _longest, "peak": _peak, "trough": _trough,
    "turn": _turn, "all": _all, "both": _both, "majority": _majority, "minority": _minority, "nothing": _nothing,
    "modal": _modal,
    "negation": _never, "vague": _never, "puffery": _never, "advice": _never, "cause": _cause,
}  # fmt: skip
