"""The naive computation of what became of a run, of the policy rate and of the calendar; see naive.py."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import naive

Said = dict[str, Any] | None


def _since(found: list[tuple[date, date, int, date | None]], began: str) -> Said:
    for first, last, length, broken in found:
        if first == date.fromisoformat(began):
            ends = {"end": last} if broken is None else {"broken": broken}
            return {"value": length, "start": first, **ends}
    return None


def relative_streak_from(
    m: naive.Market, of: str, vs: str, unit: str = "session", basis: str = "price", **began: str
) -> Said:
    return _since(naive.led(m, of, vs, unit, basis)[0], began["from"])


def streak_from(m: naive.Market, of: str, side: str = "up", unit: str = "session", **began: str) -> Said:
    closes = m.current(of)
    went = [
        (first, last, closes[last] > closes[base] if side == "up" else closes[last] < closes[base])
        for base, first, last in m.periods(unit)
        if base in closes and last in closes
    ]
    return _since(naive.runs(went), began["from"])


def policy_rate(m: naive.Market) -> Said:
    known = sorted(m.view.decisions(), key=lambda decision: decision.day)
    if not known:
        return None
    moves = [one.day for one in known if one.change_bp]
    return {"value": (known[-1].lower, known[-1].upper), "day": moves[-1] if moves else None}


def policy_last(m: naive.Market) -> Said:
    rate = policy_rate(m)
    if rate is None:
        return None
    last = max(m.view.decisions(), key=lambda decision: decision.day)
    return {"value": Decimal(last.change_bp), "range": rate["value"], "day": last.day}


def next_event(m: naive.Market, kind: str) -> Said:
    coming = [event for event in m.view.events() if event.kind == kind and event.at > m.view.known]
    if not coming:
        return None
    first = min(coming, key=lambda event: event.at)
    return {"value": first.day, "title": first.title, "days": first.day.toordinal() - m.today.toordinal()}


METRICS = {
    "relative-streak-from": relative_streak_from, "streak-from": streak_from, "policy-rate": policy_rate,
    "policy-last": policy_last, "next-event": next_event,
}  # fmt: skip
