"""Whether the dates of a claim are dates of the fact, or name the stretch that it is about.

Owns the reading of no date (dates) and no choice of a window (the fact's).
"""

from __future__ import annotations

import itertools
from datetime import date
from typing import Final

from broadtape.desk.claims.case import MOST_TOGETHER, Case, assign
from broadtape.desk.claims.dates import Period, fits_day, fits_month, names_period
from broadtape.desk.claims.parts import shown
from broadtape.desk.claims.tokens import Moment, Word
from broadtape.model import Status

_CHANGES: Final = frozenset({"return", "relative-return"})
# Which date parts may follow "since"; by default where the window or the data begin.
_SINCE: Final[dict[str, tuple[str, ...]]] = {
    "return-extreme": ("since",),
    "streak-last-longer": ("start", "end"),
    "streak-last-equal": ("start", "end"),
    "streak-longest": ("data_start",),
    "extreme-since": ("value", "date", "since"),
    "first-close-since": ("value",),
    "last-record": ("date", "value", "data_start"),
    "decline": ("value",),
    "decline-before": ("value",),
    "recovery": ("peak",),
    "streak-longer": ("start", "end"),
    "streak-most": ("data_start",),
    "ratio-extreme": ("value",),
    "correlation-since": ("value",),
    "volume-since": ("value",),
    "year-start": ("value",),
    "policy-last": ("day",),
    "policy-rate": ("day",),
    "reading-extreme": ("since", "data_start"),
    "reading-beyond": ("data_start",),
    "closes-beyond": ("data_start",),
    "policy-run": ("start", "data_start"),
    "policy-first": ("value",),
    "policy-largest": ("since", "data_start"),
}
_FROM: Final = frozenset({"from", "between", "starting", "began", "begun", "begins", "starts", "started"})
_BEGUN: Final = _FROM - {"from", "between"}
_TO: Final = frozenset({"through", "until", "till", "to", "ended", "ending", "ends", "end", "by", "–", "—"})
_ENDED: Final = frozenset({"ended", "ending", "ends", "end"})
_JOIN: Final = frozenset({"–", "—", "-", "to", "through", "until", "and"})
_START_PARTS: Final = frozenset({"start", "from", "peak", "low", "data_start", "since"})
_TURNS: Final = frozenset({"decline", "decline-from", "decline-before", "advance", "recovery", "regained"})
# Facts of one session: "in September" would tell its change, or its close, of the month.
_OF_A_SESSION: Final = frozenset({"quote", "gap", "session-extreme", "volume", "level"})
_OF: Final = frozenset({"of", "from"})  # "its peak of Jan. 3" is no day on which the rest happened


def moments(case: Case) -> None:
    """Each date is one of the fact's, or names its whole window, and they stand in order."""
    said = case.of(Moment)
    if len(said) > MOST_TOGETHER:
        texts = ", ".join(moment.text for _, moment in said[:3])
        case.objects(Status.UNSUPPORTED, f"{len(said)} dates, {texts} …, are no single claim", texts)
        return
    choices: list[list[str]] = []
    kept: list[int] = []
    for place, moment in said:
        fitting = _candidates(case, moment)
        if fitting:
            choices.append(fitting)
            kept.append(place)
        else:
            _refuse(case, moment)
    for (_, one), (_, two) in itertools.pairwise(said):
        if one.joiner in {",", "and"} and one.month and _named(one) == _named(two):
            case.objects(Status.CONTRADICTED, f"the text names {two.text} twice", two.text, _dates(case))
            return
    assigned = assign(choices, shared=frozenset({"window", "as-of"}))
    if assigned is None:
        texts = ", ".join(moment.text for _, moment in said)
        case.objects(
            Status.CONTRADICTED,
            f"the dates {texts} cannot all be dates of the fact",
            texts,
            _dates(case),
        )
        return
    case.matched_dates = dict(zip(kept, assigned, strict=True))
    if {"window", "start", "end"} & set(assigned):
        case.result.says_window = True
    order = [name for name in assigned if name in {"start", "end", "from", "to", "peak", "trough"}]
    for first, second in (("end", "start"), ("to", "from"), ("trough", "peak")):
        if first in order and second in order and order.index(first) < order.index(second):
            apart = case.fact.part(first).value != case.fact.part(second).value
            if apart:
                case.objects(Status.CONTRADICTED, "the dates stand in the wrong order", computed=_dates(case))


def _named(moment: Moment) -> tuple[object, ...]:
    return moment.month, moment.day, moment.year or moment.year_hint


def _candidates(case: Case, moment: Moment) -> list[str]:
    found: list[str] = []
    start = case.window[0] if case.window else None
    named = case.period is not None and names_period(moment, case.period, start, case.as_of)
    if named and _whole(case, moment):
        found.append("window")
    for part in case.fact.parts:
        value = part.value
        if part.kind == "date" and isinstance(value, date):
            if _may(case, moment, part.name) and fits_day(moment, value, case.as_of):
                found.append(part.name)
        elif part.kind == "month" and isinstance(value, date):
            free = _may(case, moment, part.name) if part.name != "month" else case.period is None
            if free and (fits_month(moment, value, case.as_of) or _quarter_of(case, moment, value)):
                found.append(part.name)
        elif part.name == "quarter" and case.period is None and moment.quarter is not None:
            year = case.fact.get("year")
            if year is not None and isinstance(year.value, int) and isinstance(value, int):
                quarter = Period("quarter", year.value, quarter=value)
                found += [part.name] if names_period(moment, quarter, None, case.as_of) else []
        elif part.kind == "year" and case.period is None and _bare_year(moment) == value:
            found.append(part.name)
    if moment.after == "as of" and fits_day(moment, case.as_of, case.as_of):
        found.append("as-of")
    return found


def _quarter_of(case: Case, moment: Moment, month: date) -> bool:
    """Whether a quarter named is that of a month of the fact, where the fact is of a quarterly series."""
    if moment.quarter is None or case.fact.get("quarter") is None:
        return False
    quarter = Period("quarter", month.year, quarter=(month.month + 2) // 3)
    return names_period(moment, quarter, None, case.as_of)


def _whole(case: Case, moment: Moment) -> bool:
    """A running or partial period must be called one: "so far", "first"."""
    assert case.period is not None
    if case.period.first:
        return any("first" in word.classes for _, word in case.of(Word))
    if case.period.running and not moment.relative:
        return (
            any(token.text.lower() in {"so far", "running"} for token in case.tokens)
            or case.period.kind == "year"
        )
    return True


def _may(case: Case, moment: Moment, part: str) -> bool:
    """Whether the word that governs the date, and the kind of fact, allow it to be this part."""
    metric = case.fact.key.metric
    base = part.rstrip("0123456789") or part
    if metric in _TURNS and (part in {"peak", "low", "trough"}) is not (moment.after in _OF):
        return (moment.after == "since" and metric == "recovery") or (
            part == "trough" and moment.after in {"to", "through", "until"}
        )
    if metric in _OF_A_SESSION and not moment.precise and moment.after != "since":
        return False
    if moment.after in {"before", "after"}:  # both count from the close of the day named
        return moment.after == "after" and case.period is not None and case.period.kind == "since"
    if moment.after in _BEGUN and part not in _START_PARTS:
        return False
    if part == "end" and moment.precise and moment.after in _ENDED and case.fact.get("broken") is not None:
        return False  # the day a run ended is the one that broke it, not its last
    if moment.after == "since":
        if base == "start" and metric in _CHANGES and case.period and case.period.kind == "span":
            return False  # the window begins at the close before
        allowed = _SINCE.get(metric, ("start", "data_start", "from"))
        bounded = metric == "return-extreme" and base == "data_start" and case.fact.get("since") is None
        if base not in allowed and not bounded:
            return False
    elif moment.after in _FROM and (case.window or case.fact.get("from") or case.fact.get("peak")):
        if part not in _START_PARTS:
            return False
    elif moment.after in _TO and part in {"start", "from", "data_start", "peak"}:
        return False
    if part == "from" and moment.after not in _FROM | {"since"} and moment.joiner not in _JOIN - {"and"}:
        return False
    if part == "to" and moment.after not in {*_TO, "and"}:
        return False
    whole = moment.month is None and not moment.precise and not moment.relative
    if case.period is not None and whole and moment.after != "since":
        return False  # a bare year or quarter must name the whole window
    if case.period is None or part not in {"start", "end"}:
        return not (
            part == "data_start"
            and moment.after not in {"since", "in", "on", "from", "starts", "began", "begins"}
        )
    if not moment.precise:
        return case.period.kind == "since" and moment.after == "since" and part == "start"
    single = case.window is not None and case.window[0] == case.window[1]
    return (
        single or moment.joiner in _JOIN or moment.after in {*_FROM, *_TO, "since", "as of", "and", "after"}
    )


def _refuse(case: Case, moment: Moment) -> None:
    dates = _dates(case)
    if not dates:
        case.objects(Status.UNSUPPORTED, f"the fact names no date; the text says {moment.text}", moment.text)
    else:
        case.objects(
            Status.CONTRADICTED,
            f"the fact is about {dates}; the text says {moment.text}",
            moment.text,
            dates,
        )


def _dates(case: Case) -> str:
    if case.period is not None and case.period.kind in {"month", "quarter", "year", "week"}:
        window = f" ({case.window[0]} to {case.window[1]})" if case.window else ""
        return f"{case.over}{window}"
    parts = [part for part in case.fact.parts if part.kind in {"date", "month", "year"}]
    return ", ".join(
        dict.fromkeys(f"{part.name} {shown(part)}" if part.name != "value" else shown(part) for part in parts)
    )


def _bare_year(moment: Moment) -> int | None:
    return moment.year if moment.month is None and moment.quarter is None else None
