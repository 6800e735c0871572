"""The policy rate: its range, the last decision, and how often it was cut, raised or held.

Owns the metrics over `view.decisions()`. Owns no forecast of the next decision.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from broadtape.metrics import windows
from broadtape.metrics.registry import Answer, Parameter, choice, metric
from broadtape.model import Decision, MarketView, NoData

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
    "known at the end of the as-of session. A decision is known at 2 p.m. New York time on its day.",
    examples=("policy-rate",),
)
def _policy_rate(answer: Answer) -> None:
    last = decisions(answer.view)[-1]
    answer.value("range", _bounds(last), "percent", 2)
    answer.day("day", last.day)
    answer.tags.add("policy")
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
