"""The policy rate: its range, the last decision, how often it was cut, raised or held, and the path it is on.

Owns the metrics over `view.decisions()`. Owns no forecast of the next decision.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from broadtape.metrics import windows
from broadtape.metrics.registry import Answer, Parameter, choice, metric
from broadtape.model import Decision, MarketView, NoData, NotTrue

SERIES = "policy-rate"
_UNITS = {"cut": "cuts", "raise": "increases", "hold": "meetings"}


def decisions(view: MarketView) -> list[Decision]:
    """Every decision known, ascending; NoData when there is none."""
    known = list(view.decisions())
    if not known:
        raise NoData(f"no policy decision was known on {view.as_of}; add a table that holds policy")
    return known


def side_of(decision: Decision) -> str:
    """`cut`, `raise` or `hold`."""
    return "cut" if decision.change_bp < 0 else "raise" if decision.change_bp > 0 else "hold"


def _range(answer: Answer, name: str, decision: Decision) -> None:
    answer.part(name, "range", _bounds(decision), "percent", 2)


def _bounds(decision: Decision) -> tuple[Decimal, Decimal]:
    hundredth = Decimal("0.01")
    return decision.lower.quantize(hundredth), decision.upper.quantize(hundredth)


def _row(answer: Answer, decision: Decision) -> None:
    lower, upper = _bounds(decision)
    answer.said(SERIES, decision.day, "range", f"{lower}–{upper}", decision.origin)


@metric(
    "policy-rate",
    "Policy rate",
    "The Federal Reserve's target range for the federal funds rate, in percent, after its last decision "
    "known at the end of the as-of session, and the day of the decision that moved it there: meetings that left it "
    "alone do not count. A range that no decision in the data moved there has been so for longer than they tell. A "
    "decision is known at 2 p.m. New York time on its day.",
    examples=("policy-rate",),
    version=2,
)
def _policy_rate(answer: Answer) -> None:
    known = decisions(answer.view)
    last = known[-1]
    moved = next((decision for decision in reversed(known) if decision.change_bp), None)
    answer.value("range", _bounds(last), "percent", 2)
    answer.tags.add("policy")
    if moved is not None:
        answer.day("day", moved.day)
        _row(answer, moved)
    else:
        answer.day("data_start", known[0].day)
        answer.tags.add("in-data")
    if moved is not last:
        _row(answer, last)


@metric(
    "policy-last",
    "Last policy decision",
    "The change of the target range at the last decision known, in basis points (hundredths of a "
    "percentage point): below zero a cut, above zero an increase, zero a hold.",
    examples=("policy-last",),
)
def _policy_last(answer: Answer) -> None:
    known = decisions(answer.view)
    last = known[-1]
    change = Decimal(last.change_bp)
    answer.value("change", change, "basis points")
    _range(answer, "range", last)
    answer.day("day", last.day)
    answer.direction(change)
    answer.tags |= {side_of(last), "last", "policy"}
    for decision in known[-2:]:
        _row(answer, decision)


@metric(
    "policy-moves",
    "Policy moves",
    "How many decisions within the months asked about cut, raised or held the target range, on which "
    "days, by how many basis points in all, and the range after the last of them. Months before the "
    "first decision in the data are not answered; a running last month is counted to the as-of session.",
    Parameter("over", "months, a year, or the year to date", None, "2025-09..2025-12", "months"),
    choice("side", "cuts, increases, or meetings that held", "cut", "raise", "hold"),
    examples=("policy-moves?over=2025-09..2025-12", "policy-moves?over=2025&side=hold"),
)
def _policy_moves(answer: Answer) -> None:
    view, side, form = answer.view, answer["side"], answer["over"]
    known = decisions(view)
    low, high = _months(view, form)
    if low < known[0].day.replace(day=1):
        raise NoData(f"over: the decisions in the data start on {known[0].day}, after {form} does")
    tomorrow = view.as_of + timedelta(days=1)
    if low > view.as_of or (
        high > tomorrow and (len(form) == 4 or windows.bounds(form[-7:])[0] > view.as_of)
    ):
        raise NoData(f"over: {form} is not complete on {view.as_of}")
    if high > tomorrow or form == "ytd":
        answer.tags.add("to-date")
    found = [d for d in known if low <= d.day < high and side_of(d) == side]
    answer.value("count", len(found), _UNITS[side])
    for number, decision in enumerate(found, 1):
        answer.day(f"day{number}", decision.day)
        _row(answer, decision)
    sizes = {abs(decision.change_bp) for decision in found}
    if found and side != "hold":
        total = sum(abs(decision.change_bp) for decision in found)
        answer.part("total", "level", Decimal(total), "basis points")
        if len(sizes) == 1:
            answer.part("each", "level", Decimal(sizes.pop()), "basis points")
    if found:
        _range(answer, "range", found[-1])
    else:
        for decision in known[-1:]:
            _row(answer, decision)
    if ".." in form or len(form) == 7:
        answer.month("from", low)
        answer.month("to", (high - timedelta(days=1)).replace(day=1))
    else:
        answer.part("year", "year", low.year)
    answer.tags |= {side, "policy"}


def _months(view: MarketView, form: str) -> tuple[date, date]:
    """First day and the day after the last."""
    if form == "ytd":
        return date(view.as_of.year, 1, 1), view.as_of + timedelta(days=1)
    first, _, last = form.partition("..")
    return windows.bounds(first)[0], windows.bounds(last or first)[1]


# --- the path -----------------------------------------------------------------------------------------


@metric(
    "policy-run",
    "Policy decisions in a row",
    "How many decisions in a row, the last one known included, did the same: cut, raised or held the "
    "target range. Decisions are counted, not weeks; one between meetings counts like any other. A run that "
    "reaches back to the first decision in the data may have begun earlier and is said to be in the data.",
    examples=("policy-run",),
)
def _policy_run(answer: Answer) -> None:
    known = decisions(answer.view)
    side = side_of(known[-1])
    count = 1
    while count < len(known) and side_of(known[-1 - count]) == side:
        count += 1
    run = known[-count:]
    answer.value("count", count, _UNITS[side])
    answer.day("start", run[0].day)
    answer.day("end", run[-1].day)
    _range(answer, "range", run[-1])
    answer.tags |= {side, "policy", "streak", "ongoing"}
    if count == len(known):
        answer.tags.add("in-data")
        answer.day("data_start", known[0].day)
    for decision in known[-count - 1 :]:
        _row(answer, decision)


@metric(
    "policy-cycle",
    "Policy cycle",
    "How many times the target range was moved in the direction of its last move since it last moved the "
    "other way, by how many basis points in all, the range before the first of these moves and the range "
    "now. Meetings that held do not end a cycle. A cycle that has no move the other way before it in the data "
    "may have begun earlier and is not answered.",
    examples=("policy-cycle",),
)
def _policy_cycle(answer: Answer) -> None:
    known = decisions(answer.view)
    moves = [decision for decision in known if decision.change_bp]
    if not moves:
        raise NotTrue(f"the target range has not moved since {known[0].day}, where the decisions start")
    up = moves[-1].change_bp > 0
    turned = [at for at, decision in enumerate(moves) if (decision.change_bp > 0) != up]
    if not turned:
        raise NoData(f"the decisions in the data start on {known[0].day}, perhaps after the cycle did")
    cycle = moves[turned[-1] + 1 :]
    step = Decimal(cycle[0].change_bp) / 100
    side = side_of(cycle[-1])
    answer.value("count", len(cycle), _UNITS[side])
    answer.part("total", "level", Decimal(sum(abs(d.change_bp) for d in cycle)), "basis points")
    answer.day("start", cycle[0].day)
    answer.day("day", cycle[-1].day)
    hundredth = Decimal("0.01")
    before = ((cycle[0].lower - step).quantize(hundredth), (cycle[0].upper - step).quantize(hundredth))
    answer.part("before", "range", before, "percent", 2)
    _range(answer, "range", cycle[-1])
    answer.tags |= {side, "policy", "since"}
    for decision in (moves[turned[-1]], *cycle):
        _row(answer, decision)


@metric(
    "policy-first",
    "First policy move of a kind since",
    "The day of the last earlier cut (increase), where the last decision known is a cut (increase) and the "
    "move before it was the other way or no move is known between: the decision is the first of its kind "
    "since that day.",
    examples=("policy-first",),
)
def _policy_first(answer: Answer) -> None:
    known = decisions(answer.view)
    side = side_of(known[-1])
    moves = [decision for decision in known if decision.change_bp]
    if side == "hold":
        raise NotTrue(f"the decision of {known[-1].day} moved nothing")
    if len(moves) > 1 and side_of(moves[-2]) == side:
        raise NotTrue(f"the move before, on {moves[-2].day}, was of the same kind")
    earlier = [decision for decision in moves[:-1] if side_of(decision) == side]
    if not earlier:
        raise NoData(f"the decisions in the data, from {known[0].day}, have no earlier one of its kind")
    answer.value("date", earlier[-1].day, "date")
    answer.day("day", known[-1].day)
    answer.tags |= {side, "policy", "first", "since", "last"}
    for decision in moves[moves.index(earlier[-1]) :]:
        _row(answer, decision)


@metric(
    "policy-largest",
    "Largest policy move since",
    "The change of the target range at the last decision, in basis points, where it is larger than every "
    "other move of its kind since the day given, or in the data where none was as large.",
    examples=("policy-largest",),
)
def _policy_largest(answer: Answer) -> None:
    known = decisions(answer.view)
    last = known[-1]
    side = side_of(last)
    same = [decision for decision in known[:-1] if side_of(decision) == side]
    if side == "hold" or not same:
        raise NotTrue(f"the decision of {last.day} has none of its kind before it to be compared with")
    if abs(same[-1].change_bp) >= abs(last.change_bp):
        raise NotTrue(f"the one before, on {same[-1].day}, was as large")
    as_large = [decision for decision in same if abs(decision.change_bp) >= abs(last.change_bp)]
    answer.value("change", Decimal(last.change_bp), "basis points")
    answer.day("day", last.day)
    answer.tags |= {side, "policy", "largest"}
    answer.direction(Decimal(last.change_bp))
    if as_large:
        answer.day("since", as_large[-1].day)
        answer.tags.add("since")
        _row(answer, as_large[-1])
    else:
        answer.tags.add("in-data")
        answer.day("data_start", known[0].day)
    for decision in (same[-1], last):
        _row(answer, decision)
