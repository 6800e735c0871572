"""The naive second computation of the metrics of shares and funds: declines, ratios, averages, gaps, seasons.

Written from the definitions' wording like `naive`, whose helpers it uses; shares no code with broadtape.metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from itertools import pairwise

from naive import Market, Said, half_up, price


def middle(values: list[Fraction]) -> Fraction:
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


# --- declines -------------------------------------------------------------------------------------------


def path(closes: dict[date, Fraction]) -> list[tuple[date, date, date, bool]]:
    """Day, its peak, the low since, whether it is a bear market."""
    found = []
    bear = False
    peak = low = min(closes)
    for day in sorted(closes):
        now = closes[day]
        if bear and now * 10 >= closes[low] * 12:
            bear, peak = False, day
        elif not bear and now >= closes[peak]:
            peak = low = day
        elif now <= closes[low] or (not bear and low < peak):
            low = day
        if not bear and now * 10 <= closes[peak] * 8:
            bear = True
        found.append((day, peak, low, bear))
    return found


def decline(m: Market, of: str, by: str = "10") -> Said:
    closes = m.current(of)
    course = path(closes)
    peak = course[-1][1]
    limit = 1 - Fraction(by) / 100
    days = [day for day in sorted(closes) if day >= peak and closes[day] <= closes[peak] * limit]
    if not days:
        return None
    return {
        "value": days[0], "peak": peak, "close": price(m, of, closes[days[0]]),
        "length": sum(peak < day <= days[0] for day in closes),
    }  # fmt: skip


def decline_before(m: Market, of: str, by: str = "10") -> Said:
    closes = m.current(of)
    course = path(closes)
    limit = 1 - Fraction(by) / 100
    earlier = [
        day for day, its, _, _ in course if day <= course[-1][1] and closes[day] <= closes[its] * limit
    ]
    return {"value": earlier[-1]} if earlier else None


def advance(m: Market, of: str) -> Said:
    closes = m.current(of)
    course = path(closes)
    if course[-1][3]:
        return None
    for before, now in reversed(list(pairwise(course))):
        if before[3] and not now[3]:
            low, day = before[2], now[0]
            return {
                "value": day, "low": low, "close": price(m, of, closes[day]),
                "length": sum(low < one <= day for one in closes),
            }  # fmt: skip
    return None


Fall = tuple[date, date, date | None]  # highest close, lowest since, the close back at it


def falls(closes: dict[date, Fraction]) -> list[Fall]:
    found: list[Fall] = []
    days = sorted(closes)
    top, under = days[0], list[date]()
    for day in days[1:]:
        if closes[day] >= closes[top]:
            if under:
                found.append((top, min(under, key=lambda one: (closes[one], one)), day))
            top, under = day, []
        else:
            under.append(day)
    if under:
        found.append((top, min(under, key=lambda one: (closes[one], one)), None))
    return found


def recovery(m: Market, of: str, by: str = "10", stat: str = "whole") -> Said:
    closes = m.current(of)
    for top, low, back in falls(closes):
        depth = (closes[low] / closes[top] - 1) * 100
        if back == m.today and -depth >= Fraction(by):
            if stat == "depth":
                return {"value": half_up(depth), "trough": low}
            name, start = ("peak", top) if stat == "whole" else ("trough", low)
            return {"value": sum(start < day <= back for day in closes), name: start}
    return None


def regained(m: Market, of: str) -> Said:
    closes = m.current(of)
    found = falls(closes)
    if not found or found[-1][2] is not None:
        return None
    top, low, _ = found[-1]
    share = (closes[m.today] - closes[low]) * 100 / (closes[top] - closes[low])
    return {"value": half_up(share, 0), "peak": top, "trough": low}


def declines(m: Market, of: str, by: str = "10", stat: str = "n") -> Said:
    closes = m.current(of)
    over = [(top, low, back) for top, low, back in falls(closes) if back is not None and back < m.today]
    cases = [one for one in over if (1 - closes[one[1]] / closes[one[0]]) * 100 >= Fraction(by)]
    if stat == "n":
        return {"value": len(cases)}
    if not cases:
        return None
    days = sorted(closes)
    place = {day: at for at, day in enumerate(days)}
    if stat == "depth":
        return {"value": half_up(middle([(closes[low] / closes[top] - 1) * 100 for top, low, _ in cases]))}
    spans = {"down": [place[low] - place[top] for top, low, _ in cases],
             "back": [place[back] - place[low] for _, low, back in cases]}  # fmt: skip
    return {"value": int(half_up(middle([Fraction(span) for span in spans[stat]]), 0)), "n": len(cases)}


METRICS: dict[str, Callable[..., Said]] = {
    "advance": advance, "decline": decline, "decline-before": decline_before, "declines": declines,
    "recovery": recovery, "regained": regained,
}  # fmt: skip
