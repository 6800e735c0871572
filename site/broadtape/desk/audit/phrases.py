"""Phrases of market prose that claim something of a history: streaks, records, "best week since", crossings, distances.

Each is a pattern over the sentence with its subject found beside it. Owns wording; computes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from broadtape.desk.audit.clauses import Clauses
from broadtape.desk.audit.context import Move
from broadtape.desk.audit.moves import PRICED
from broadtape.desk.audit.parts import Amount, Assertion, Entity, Kind, Span, Token, Voice
from broadtape.desk.audit.scan import number_word, ordinal
from broadtape.desk.audit.spans import count_of, find_spans
from broadtape.desk.audit.wordings import (
    BEHIND_SINCE,
    BESIDE,
    BEST,
    CROSS,
    DISTANCE,
    ELSEWHEN,
    ENDED,
    EVERY_MONTH,
    EXTREME,
    FORECAST,
    INDEX_WORDS,
    INVERTED,
    LONGEST,
    NAMED_LAST,
    NEGATED,
    NOW,
    OTHER_CURVES,
    OUTPERFORM,
    OVER,
    OWN,
    PASSING_RUN,
    RECORD,
    RECORD_VERB,
    RELATIVE_STREAK,
    RUN_DATED,
    STREAK_LONG,
    STREAK_ORDINAL,
    TREND,
    UNIT,
    WOULD,
)

Maker = Callable[[re.Match[str], "Phrases"], Iterator[Assertion]]


class Phrases:
    """The phrases of one sentence, each with its subject and time."""

    def __init__(self, clauses: Clauses) -> None:
        self.clauses = clauses
        self.text = clauses.sentence.text
        self.taken: list[tuple[int, int]] = []

    def read(self) -> list[Assertion]:
        """Every phrase, in the order of the patterns; a stretch of text belongs to one phrase."""
        found: list[Assertion] = []
        for pattern, make in _MAKERS:
            for match in pattern.finditer(self.text):
                if any(match.start() < end and start < match.end() for start, end in self.taken):
                    continue
                made = list(make(match, self))
                if made:
                    self.taken.append(match.span())
                    self._use(match.start(), match.end())
                    found += [self._labelled(one, match.start()) for one in made]
        return found

    def _use(self, start: int, end: int) -> None:
        self.clauses.used.update(
            place
            for place, token in enumerate(self.clauses.tokens)
            if start <= token.start and token.end <= end
        )

    def _labelled(self, claim: Assertion, start: int) -> Assertion:
        before = self.text[:start]
        if NEGATED.search(before):
            return replace(claim, label="negated")
        if FORECAST.search(before):
            return replace(claim, label="forecast")
        if claim.kind in {"streak", "relative", "best", "longest"} and ELSEWHEN.search(before):
            return replace(claim, more={**claim.more, "elsewhen": True})
        behind = self.text[start + len(claim.text) :]
        if WOULD.match(behind):
            return replace(claim, label="forecast")
        if claim.kind == "streak" and (PASSING_RUN.search(before) or RUN_DATED.search(behind)):
            return replace(claim, certain=False, more={**claim.more, "in_passing": True})
        return claim

    # --- whose and when ---------------------------------------------------------------------------------

    def subject(self, start: int, end: int) -> tuple[Entity | None, Move | None, bool]:
        """Whom a phrase is about, the statement it hangs on, and whether that is certain."""
        clauses = self.clauses
        after = next(
            (place for place, token in enumerate(clauses.tokens) if token.start >= end), len(clauses.tokens)
        )
        at = after
        if clauses.code(at) in "yob" or clauses.word(at) in {"for", "of", "by"}:
            named = clauses.skip(at + 1, "dj")
            if (
                clauses.code(named) == "E"
                and (entity := clauses.entity(named))
                and entity.kind in PRICED | {"yield"}
            ):
                return replace(entity, owner=False), None, not entity.loose
        move = next((one for one in reversed(clauses.moves) if clauses.tokens[one.start].start < start), None)
        last = next(
            (
                place for place in range(min(after, len(clauses.tokens)) - 1, -1, -1)
                if clauses.codes[place] == "E" and clauses.tokens[place].end <= start + 1
                and (one := clauses.tokens[place].entity) is not None and one.kind not in {"policy", "otherbank"}
            ),
            None,
        )  # fmt: skip
        if move is not None and (last is None or last < move.end):
            if len(move.subjects) > 1:
                return move.subjects[-1], move, False
            return move.subjects[0], move, True
        if last is not None:
            last = self._outside(last)
            entity = clauses.entity(last)
            if entity is None:
                return None, None, False
            plain = replace(entity, owner=False)
            between = clauses.codes[last + 1 : after]
            following = clauses.skip(last + 1, "djWcp")
            if (
                clauses.code(following) == "x"
                and clauses.word(following) not in OWN
                and clauses.tokens[following].start < start
            ):
                return None, None, False
            return (
                plain,
                None,
                not entity.loose and "E" not in between and (entity.owner or clauses.clean_before(last)),
            )
        context = clauses.context.index or clauses.context.stock
        return (replace(context, loose=True) if context else None), None, False

    def stranger(self, end: int) -> bool:
        """Whether the name right before a verb is one that the store does not know: then it is the subject."""
        named = NAMED_LAST.search(self.text[:end])
        if named is None or named["name"] in INDEX_WORDS:
            return False
        place = next(
            (at for at, token in enumerate(self.clauses.tokens) if token.start == named.start("name")), 0
        )
        return place > 0 and self.clauses.code(place) == "x"

    def _outside(self, place: int) -> int:
        """The name that an insertion belongs to: "the Russell 2000, the gauge of small caps, has …"."""
        codes = self.clauses.codes
        before = codes.rfind("E", 0, place)
        if before >= 0 and codes[before + 1] == "c" and codes[place + 1 : place + 2] == "c":
            inside = codes[before + 2 : place]
            if not set(inside) & set("cAwULgks+-=") and self.clauses.entity(before) is not None:
                return before
        return place

    def set_against(self, match: re.Match[str]) -> int | None:
        """The place of the name that directly follows a wording such as "against" or "beat"; None where none does."""
        tokens = self.clauses.tokens
        found = (
            at for at, token in enumerate(tokens) if token.code == "E" and token.start >= match.end() - 4
        )
        place = next(found, None)
        return place if place is not None and tokens[place].start <= match.end() + 4 else None

    def spans(
        self, move: Move | None, *, exclude: tuple[int, int] = (0, 0), beside: int = -1
    ) -> tuple[tuple[Span, ...], bool]:
        """The time of a phrase: its statement's, else one beside it or at the sentence's head.

        `beside`: where the phrase ends; a time right behind it is its own, whatever else the sentence names.
        """
        if move is not None:
            own = [
                span for span in move.spans if span.role != "bare" or span.kind in {"weekday", "day"}
            ] or self.clauses.leading(move)
            if own:
                return tuple(own), True
        found: list[Span] = []
        pinned: Span | None = None
        for token in self.clauses.tokens:
            if token.span is None or (exclude[0] <= token.start and token.end <= exclude[1]):
                continue
            if token.span.role in {"since", "than", "bare", "from"} and token.span.kind not in {
                "weekday",
                "day",
            }:
                continue
            if BEHIND_SINCE.search(self.text[: token.start]):
                continue
            if beside >= 0 and token.start >= beside and BESIDE.match(self.text[beside : token.start]):
                pinned = token.span
            found.append(token.span)
        if pinned is not None:
            return (pinned,), len(found) == 1
        if not found and self.clauses.context.spans:
            return self.clauses.context.spans, True
        return tuple(found), len(found) == 1

    def claim(self, kind: Kind, match: re.Match[str], entity: Entity | None, **more: object) -> Assertion:
        """An assertion of a phrase."""
        start = max(0, match.start())
        voice: Voice = (
            "quoted" if any(a <= start and match.end() <= b for a, b in self.clauses.quotes) else "article"
        )
        return Assertion(
            kind, match.group().strip(" ,."), self.clauses.sentence, entity, voice=voice, more=more,
            place=self._place(match, entity), phrase=match.span(),
        )  # fmt: skip

    def _place(self, match: re.Match[str], entity: Entity | None) -> tuple[int, int]:
        """The tokens from a phrase's subject to its end."""
        return self.clauses.reach(*match.span(), entity.name if entity is not None else "")


def _unit(text: str | None) -> str:
    low = (text or "day").lower().removeprefix("trading ")
    return {"daily": "session", "weekly": "week", "monthly": "month", "quarterly": "quarter", "annual": "year", "yearly": "year", "day": "session",
            "one-day": "session", "single-day": "session"}.get(low, low)  # fmt: skip


def _streak_ordinal(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    entity, move, sure = here.subject(match.start(), match.end())
    side = "up" if match["up1"] or match["up2"] else "down" if match["down1"] or match["down2"] else ""
    if not side and move is not None:
        side = move.side
    unit = _unit(match["per"] or match["unit"] or "day")
    if match["up2"] and (found := re.search(UNIT, match["up2"])):
        unit = _unit(found.group())
    if match["down2"] and (found := re.search(UNIT, match["down2"])):
        unit = _unit(found.group())
    if side not in {"up", "down"} or entity is None:
        return
    spans, told = here.spans(move)
    told = told or not any(
        token.span for token in here.clauses.tokens
    )  # without any time it is about the day
    yield replace(
        here.claim("streak", match, entity, count=ordinal(match["n"])),
        side=side,
        unit=unit,
        spans=spans,
        certain=sure and told,
    )


def _streak_long(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    entity, move, sure = here.subject(match.start(), match.end())
    if entity is None:
        return
    number = number_word(match["n"] or match["n2"] or match["n3"])
    word = (match["side"] or match["side2"] or match["what"] or match["what3"] or "").lower()
    side = (
        "up"
        if word in {"winning", "win", "gains", "advances"}
        else "down"
        if word
        else move.side
        if move
        else ""
    )
    if side not in {"up", "down"} or not number:
        return
    unit = _unit(match["unit"] or match["unit2"] or match["unit3"] or match["per3"])
    spans, told = here.spans(move)
    told = told or not any(
        token.span for token in here.clauses.tokens
    )  # without any time it is about the day
    ended = ENDED.search(here.text[: match.start()]) is not None
    if re.search(r"(?:against|versus|over|relative to) (?:the )?", here.text[match.end() : match.end() + 14]):
        return
    yield replace(
        here.claim("streak", match, entity, count=number, ended=ended), side=side, unit=unit, spans=spans, certain=sure and told
    )  # fmt: skip


def _relative(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    """ "longest winning streak against the S&P 500 since 2019"."""
    clauses = here.clauses
    other_at = here.set_against(match)
    if other_at is None:
        return
    other = clauses.entity(other_at)
    entity, _, _ = here.subject(match.start(), match.start())
    if (entity is None or entity.kind not in {"index", "etf", "market", "stock"}) and clauses.context.pair:
        entity = clauses.context.pair[0]
    if (
        other is None
        or entity is None
        or not entity.symbols
        or not other.symbols
        or entity.symbols == other.symbols
    ):
        return
    clauses.context.keep_pair(entity, other)
    before = here.text[max(0, match.start() - 16) : match.start()].lower()
    words = (match["longest"] or "").lower()
    since = next(
        (
            token.span
            for token in clauses.tokens[other_at:]
            if token.span is not None and token.span.role == "since"
        ),
        None,
    )
    if number := number_word(match["n"] or ""):
        before_it, behind = here.text[: match.start()], here.text[clauses.tokens[other_at].end :]
        ended = bool(ENDED.search(before_it) or OVER.search(before_it) or OVER.search(behind))
        yield replace(
            here.claim("relative-streak", match, entity, count=number, ended=ended),
            other=other,
            unit=_unit(match["unit"]),
            certain=True,
        )
    if words.startswith("longest") or "longest" in before:
        yield replace(
            here.claim("relative-streak", match, entity, longest=True, since=since),
            other=other,
            certain=since is not None,
        )
    elif words.startswith("record") or "record" in before:
        yield replace(here.claim("relative-streak", match, entity, record=True), other=other, certain=True)


def _longest(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    entity, move, sure = here.subject(match.start(), match.end())
    span, length = _since(match)
    if entity is None or (span is None and not length):
        return
    spans, told = here.spans(move, exclude=match.span())
    unit = _unit(match["per"])
    if not match["per"]:
        weekly = re.search(r"\bweek", here.text[: match.start()], re.IGNORECASE)
        unit = (
            "week"
            if weekly
            and "streak" not in here.text[: match.start()]
            and not re.search(r"\bday|session", here.text)
            else unit
        )
    yield replace(here.claim("longest", match, entity, since=span, length=length), side="up" if match["side"].lower() == "winning" else "down",
                  unit=unit, spans=spans, certain=sure and told and bool(match["per"]))  # fmt: skip


def _trend(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    pair = here.clauses.context.pair
    if pair is None or not re.search(r"\b(?:streak|outperform\w*|relative)\b", here.text, re.IGNORECASE):
        return
    yield replace(
        here.claim("relative-streak", match, pair[0], count=number_word(match["n"])),
        other=pair[1],
        unit=_unit(match["unit"]),
        certain=True,
    )


def _every(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    clauses = here.clauses
    other = next((clauses.entity(place) for place, token in enumerate(clauses.tokens)
                  if token.code == "E" and match.start("other") - 4 <= token.start < match.end("other")), None)  # fmt: skip
    entity, _, sure = here.subject(match.start(), match.start())
    if other is None or entity is None or not entity.symbols or not other.symbols:
        return
    clauses.context.keep_pair(entity, other)
    spans = tuple(
        token.span for token in clauses.tokens if token.span is not None and token.span.role == "since"
    )
    unit = _unit(match["basis"] or match["every"])
    if spans:
        yield replace(
            here.claim("leads", match, entity), other=other, unit=unit, spans=spans[:1], certain=sure
        )


def _record(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    before = here.text[: match.start()]
    verb = RECORD_VERB.search(before)
    if verb is None or here.stranger(verb.start()):
        return
    entity, move, sure = here.subject(match.start(), match.end())
    if entity is None or entity.kind not in PRICED | {"yield"}:
        return
    low = match.group().lower()
    side = "low" if re.search(r"\blows?\b", low) else "high"
    on = (
        "close"
        if "clos" in low
        or re.search(r"\b(?:closed|ended|finished|settled|closing|ending)(?: \w+day)? at ", before[-40:])
        else "intraday"
        if "intraday" in low
        else ""
    )
    window = "52w" if "52-week" in low or "one-year" in low else "all"
    plural = re.search(r"(?:highs|records|closes|levels|peaks)\b", low) is not None
    spans, told = here.spans(move, beside=match.end())
    many = len(move.subjects) > 1 if move else False
    subjects = move.subjects if move and many else [entity]
    for one in subjects:
        yield replace(
            here.claim("record", match, one, window=window, nth=ordinal((match["nth"] or "").strip()), plural=plural),
            side=side, on=on, spans=spans, certain=(sure or many) and told,
        )  # fmt: skip


def _since(match: re.Match[str]) -> tuple[Span | None, str]:
    """The "since" of a superlative as a span, or its length in words."""
    text = match["since"]
    if text.lower().startswith("since"):
        for start, _, span in find_spans(text):
            if start == 0 and span.role == "since":
                return span, ""
        return None, ""
    return None, text.lower()


def _extreme(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    entity, move, sure = here.subject(match.start(), match.end())
    span, length = _since(match)
    if entity is None or (span is None and not length):
        return
    low = match["side"].lower()
    side = "high" if low in {"highest", "strongest"} else "low"
    noun = (match["noun"] or "").lower()
    on = (
        "close"
        if (match["on"] or "").lower() == "closing"
        or noun in {"close", "closing level", "finish", "settlement", "closing price"}
        else ""
    )
    spans, told = here.spans(move, exclude=match.span())
    yield replace(
        here.claim("extreme", match, entity, since=span, length=length),
        side=side,
        on=on,
        spans=spans,
        certain=sure and told,
    )


def _best(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    entity, move, sure = here.subject(match.start(), match.end())
    span, length = _since(match)
    if entity is None or (span is None and not length) or match["pct"] == "point":
        return
    if not match["unit"] and not match["kind"] and not match["noun"]:
        return
    low, noun = match["side"].lower(), (match["noun"] or "").lower()
    fall = bool(re.search(r"loss|drop|decline|fall|slide|plunge|sell|retreat|pullback|slump", noun))
    rise = bool(re.search(r"gain|advance|rise|jump|increase|rally", noun))
    side = (
        "worst"
        if low in {"worst", "weakest"} or fall
        else "best"
        if low in {"best", "strongest"} or rise
        else ""
    )
    if not side:
        return
    unit = _unit(match["kind"] or match["unit"] or ("day" if match["noun"] else ""))
    spans, told = here.spans(move, exclude=match.span())
    yield replace(here.claim("best", match, entity, since=span, length=length), side=side, unit=unit, spans=spans,
                  certain=sure and told and bool(match["unit"] or match["kind"]))  # fmt: skip


def _cross(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    entity, move, sure = here.subject(match.start(), match.end())
    if entity is None or match["pct"]:
        return
    verb = match["verb"].lower()
    side = "below" if re.search(r"below|under|beneath", verb) else "above"
    if verb.endswith("through") and not verb.startswith(("broke", "push", "cross")):
        return
    digits = match["level"].replace(",", "")
    rest = here.text[match.end("level") : match.end("level") + 12].lower()
    if re.match(
        r"\s*(?:million|billion|trillion|jobs|years?|days?|people|points? (?:lower|higher)|%|-[a-z])",
        rest,
    ):
        return
    value = Decimal(digits)
    if entity.kind == "index" and value < 5:
        return
    amount = Amount(
        value,
        Decimal(1).scaleb(-len(digits.partition(".")[2])),
        "USD" if match["money"] else "number",
        text=match["level"],
    )
    spans, told = here.spans(move)
    on = "close" if re.match(r"clos|end|finish|settl", verb) else ""
    first = bool(match["first"])
    yield replace(
        here.claim("cross", match, entity, first=first, ever=bool(match["ever"])),
        side=side,
        on=on,
        amount=amount,
        spans=spans,
        certain=sure and told,
    )


def _distance(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    entity, move, sure = here.subject(match.start(), match.end())
    if entity is None or (match["dir"].lower() == "of" and not match["within"]):
        return
    hedges = {"about": "about", "around": "about", "roughly": "about", "some": "about", "nearly": "nearly", "almost": "nearly", "just under": "nearly",
              "more than": "over", "over": "over", "just over": "over", "less than": "under", "at least": "at-least"}  # fmt: skip
    hedge = "under" if match["within"] else hedges.get((match["hedge"] or "").strip().lower(), "")
    value = Decimal(match["n"]) if match["n"][0].isdigit() else Decimal(number_word(match["n"]))
    places = len(match["n"].partition(".")[2]) if match["n"][0].isdigit() else 0
    amount = Amount(value, Decimal(1).scaleb(-places), "percent", hedge=hedge, text=match.group())  # type: ignore[arg-type]  # one of the hedges
    peak = match["peak"].lower()
    scope = "52w" if "52" in peak else "record" if re.search(r"record|all-time", peak) else "peak"
    if re.search(r"[A-Z][a-z]+ (?:high|peak|record)", match["peak"]) and scope == "peak":
        sure = False
    spans = tuple(span for span in (move.spans if move else []) if span.kind in {"weekday", "day", "today"})
    now = NOW.search(here.text[: match.start()]) is not None  # "is within 2% of": of the article's day
    told = bool(spans) or now
    yield replace(
        here.claim("distance", match, entity, scope=scope, now=now),
        amount=amount,
        spans=spans,
        certain=sure and told,
    )


def _outperform(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    clauses = here.clauses
    other_at = here.set_against(match)
    if other_at is None:
        return
    other = clauses.entity(other_at)
    entity, move, sure = here.subject(match.start(), match.start())
    if (
        other is None
        or entity is None
        or not entity.symbols
        or not other.symbols
        or other.owner
        or entity.symbols == other.symbols
    ):
        return
    following: Token | None = clauses.tokens[other_at + 1] if other_at + 1 < len(clauses.tokens) else None
    if following is not None and following.code == "x":
        return
    clauses.context.keep_pair(entity, other)
    spans, told = here.spans(move)
    side = "lag" if re.match(r"under|lagg|trail", match["verb"], re.IGNORECASE) else "lead"
    if spans:
        yield replace(
            here.claim("relative", match, entity), other=other, side=side, spans=spans, certain=sure and told
        )


def _inverted(match: re.Match[str], here: Phrases) -> Iterator[Assertion]:
    """ "the yield curve remains inverted": of the two- and ten-year yields, unless others are named."""
    curve = next(
        (
            token.entity
            for token in reversed(here.clauses.tokens)
            if token.entity is not None and token.entity.kind == "curve" and token.end <= match.start() + 1
        ),
        None,
    )
    if curve is None or OTHER_CURVES.search(here.text):
        return
    spans, told = here.spans(None)
    side = "normal" if match["no"] or match["up"] is not None or match["up2"] is not None else "inverted"
    now = re.match(r"is|are|remains|stays", match.group(), re.IGNORECASE) is not None
    yield replace(here.claim("curve", match, curve), side=side, spans=spans, certain=now or told)


_MAKERS: tuple[tuple[re.Pattern[str], Maker], ...] = (
    (RELATIVE_STREAK, _relative), (LONGEST, _longest), (EVERY_MONTH, _every), (STREAK_ORDINAL, _streak_ordinal), (STREAK_LONG, _streak_long),
    (TREND, _trend), (EXTREME, _extreme), (BEST, _best), (DISTANCE, _distance), (RECORD, _record), (CROSS, _cross), (OUTPERFORM, _outperform), (INVERTED, _inverted),
)  # fmt: skip


def length_days(words: str) -> int:
    """How many days "in more than two years" goes back; 0 where it says no length."""
    found = re.search(r"(?P<n>\d+|an?|[a-z]+) (?P<unit>day|week|month|quarter|year)", words)
    if found is None:
        return 0
    number = count_of(found["n"])
    return number * {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}[found["unit"]]
