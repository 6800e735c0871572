"""The naive second computation of the metrics of shares and funds: declines, ratios, averages, gaps, seasons.

Written from the definitions' wording like `naive`, whose helpers it uses; shares no code with broadtape.metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from fractions import Fraction
from itertools import pairwise
from math import log
from statistics import StatisticsError
from statistics import correlation as stat_correlation

from naive import Market, Run, Said, SilentError, half_up, members, price, runs

from broadtape.model import NoData, UnknownSymbol


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


def decline_from(m: Market, of: str, **asked: str) -> Said:
    closes, began = m.current(of), date.fromisoformat(asked["from"])
    if began not in closes:
        return None
    after = [day for day in sorted(closes) if day > began]
    if not after or closes[after[0]] >= closes[began]:
        return None
    broken = next((day for day in after if closes[day] >= closes[began]), None)
    below = [day for day in after if broken is None or day < broken]
    low = min(below, key=lambda day: (closes[day], day))
    return {
        "value": half_up((closes[low] / closes[began] - 1) * 100), "peak": began, "trough": low, "broken": broken,
        "length": len(below) + (broken is not None),
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
    "advance": advance, "decline": decline, "decline-before": decline_before, "decline-from": decline_from,
    "declines": declines,
    "recovery": recovery, "regained": regained,
}  # fmt: skip


# --- runs of rises and falls ----------------------------------------------------------------------------


def gone(m: Market, of: str, side: str, unit: str) -> tuple[list[Run], date]:
    closes = m.current(of)
    went = [
        (base, first, last, closes[last] > closes[base] if side == "up" else closes[last] < closes[base])
        for base, first, last in m.periods(unit)
        if base in closes and last in closes
    ]
    if not went:
        raise SilentError
    return runs([(first, last, yes) for _, first, last, yes in went]), went[0][0]


def streak_ended(m: Market, of: str, side: str = "up", unit: str = "session") -> Said:
    ended = [run for run in gone(m, of, side, unit)[0] if run[3] is not None]
    if not ended:
        return None
    first, last, length, broken = ended[-1]
    return {"value": length, "start": first, "end": last, "broken": broken}


def streak_longer(m: Market, of: str, side: str = "up", unit: str = "session") -> Said:
    found, _ = gone(m, of, side, unit)
    for first, last, length, _ in reversed(found[:-1]):
        if length > found[-1][2]:
            return {"value": length, "start": first, "end": last}
    return None


def streak_most(m: Market, of: str, side: str = "up", unit: str = "session") -> Said:
    found, start = gone(m, of, side, unit)
    if not found or any(run[2] >= found[-1][2] for run in found[:-1]):
        return None
    return {"value": found[-1][2], "start": found[-1][0], "end": found[-1][1], "data_start": start}


# --- within a session -------------------------------------------------------------------------------------


def session_extreme(m: Market, of: str, side: str = "low") -> Said:
    closes, within = m.closes(of), m.table(of, side)
    before = m.before(m.today)
    if before not in closes or m.today not in within:
        return None
    return {"value": half_up((within[m.today] / closes[before] - 1) * 100), "date": m.today}


def gap(m: Market, of: str) -> Said:
    closes, opens = m.closes(of), m.table(of, "open")
    before = m.before(m.today)
    high, low = m.table(of, "high"), m.table(of, "low")
    if before not in closes or m.today not in opens or before not in high or before not in low:
        return None
    if low[before] <= opens[m.today] <= high[before]:
        return None
    return {"value": half_up((opens[m.today] / closes[before] - 1) * 100)}


def volume(m: Market, of: str) -> Said:
    traded = m.table(of, "volume")
    if m.today not in traded or len(traded) < 61:
        return None
    usual = [traded[day] for day in sorted(traded)[-61:-1]]
    return {"value": half_up(traded[m.today] / middle(usual), 1)}


def volume_since(m: Market, of: str) -> Said:
    traded = m.table(of, "volume")
    days = sorted(traded)
    if m.today not in traded:
        return None
    as_much = [day for day in days[:-1] if traded[day] >= traded[m.today]]
    return None if not as_much or as_much[-1] == days[-2] else {"value": as_much[-1]}


# --- averages -----------------------------------------------------------------------------------------------


def side_of_average(closes: dict[date, Fraction], length: int) -> list[int]:
    days = sorted(closes)
    found = []
    for at in range(length - 1, len(days)):
        mean = sum((closes[day] for day in days[at - length + 1 : at + 1]), Fraction(0)) / length
        found.append((closes[days[at]] > mean) - (closes[days[at]] < mean))
    return found


def average_distance(m: Market, of: str, sessions: str = "200") -> Said:
    closes = m.current(of)
    last = [closes[day] for day in sorted(closes)[-int(sessions) :]]
    if not 5 <= int(sessions) <= 250 or len(last) < int(sessions):
        return None
    mean = sum(last, Fraction(0)) / len(last)
    return {"value": half_up((closes[m.today] / mean - 1) * 100)}


def average_cross(m: Market, of: str, side: str = "above", sessions: str = "200") -> Said:
    if not 5 <= int(sessions) <= 250:
        return None
    found = side_of_average(m.current(of), int(sessions))
    way = 1 if side == "above" else -1
    if len(found) < 2 or found[-1] != way or found[-2] == way:
        return None
    count = 0
    for one in reversed(found[:-1]):
        if one == way:
            break
        count += 1
    return {"value": count}


def above_average(m: Market, basis: str = "price", sessions: str = "200", **rest: str) -> Said:
    length = int(sessions)
    if not 5 <= length <= 250:
        return None
    members = m.view.group(rest["in"])
    taken = []
    for symbol in members:
        try:
            closes = m.closes(symbol, basis)
        except (NoData, SilentError, UnknownSymbol):
            continue
        if m.today in closes and len(closes) >= length:
            taken.append(side_of_average({day: closes[day] for day in sorted(closes)[-length:]}, length)[-1])
    if 2 * len(taken) < len(members) or not members:
        return None
    return {"value": sum(one > 0 for one in taken), "total": len(taken)}


# --- one against another, seasons -------------------------------------------------------------------------


def ratio_extreme(m: Market, of: str, vs: str, side: str = "high", basis: str = "price") -> Said:
    a, b = m.current(of, basis), m.current(vs, basis)
    days = [day for day in sorted(a) if day in b]
    now = a[m.today] / b[m.today]
    reached = [
        day for day in days[:-1] if (a[day] / b[day] >= now if side == "high" else a[day] / b[day] <= now)
    ]
    return {"value": reached[-1]} if reached and reached[-1] != days[-2] else None


def correlated(m: Market, of: str, vs: str, sessions: str, basis: str) -> list[tuple[date, float]]:
    if not 20 <= int(sessions) <= 260:
        raise SilentError
    a, b = m.current(of, basis), m.current(vs, basis)
    days = [day for day in sorted(a) if day in b]
    x = [log(float(a[one] / a[two])) for two, one in pairwise(days)]
    y = [log(float(b[one] / b[two])) for two, one in pairwise(days)]
    found = []
    for end in range(int(sessions), len(x) + 1):
        one, other = x[end - int(sessions) : end], y[end - int(sessions) : end]
        with suppress(StatisticsError):
            found.append((days[end], stat_correlation(one, other)))
    if not found or found[-1][0] != m.today:
        raise SilentError
    return found


def correlation(m: Market, of: str, vs: str, sessions: str = "63", basis: str = "price") -> Said:
    value = correlated(m, of, vs, sessions, basis)[-1][1]
    return {"value": half_up(Fraction(repr(round(value, 9))))}


def correlation_since(m: Market, of: str, vs: str, sessions: str = "63", basis: str = "price") -> Said:
    found = correlated(m, of, vs, sessions, basis)
    if len(found) < 2 or found[-1][1] * found[-2][1] >= 0:
        return None
    alike = [day for day, value in found[:-1] if value * found[-1][1] > 0]
    return {"value": alike[-1]} if alike else None


def dispersion(m: Market, over: str, basis: str = "price", **rest: str) -> Said:
    found = members(m, rest["in"], over, basis)
    if len(found) < 2:
        return None
    return {"value": half_up(max(found.values()) - min(found.values())), "members": len(found)}


def season(m: Market, of: str, month: str, stat: str = "n") -> Said:
    if int(month) > 12:
        return None
    closes = m.closes(of)
    gains = [
        (closes[last] / closes[base] - 1) * 100
        for base, first, last in m.periods("month")
        if first.month == int(month) and first.year < m.today.year and base in closes and last in closes
    ]
    if stat == "n":
        return {"value": len(gains)}
    if not gains:
        return None
    return {
        "value": half_up(middle(gains)) if stat == "median" else sum(gain > 0 for gain in gains),
        "n": len(gains),
    }


def year_start(m: Market, of: str, side: str = "best") -> Said:
    closes = m.current(of)
    count = sum(day.year == m.today.year for day in m.sessions)
    gains: dict[int, Fraction] = {}
    for year in sorted({day.year for day in m.sessions}):
        inside = [day for day in m.sessions if day.year == year]
        before = [day for day in m.sessions if day.year < year]
        if len(inside) >= count and before and before[-1] in closes and inside[count - 1] in closes:
            gains[year] = closes[inside[count - 1]] / closes[before[-1]] - 1
    sign = 1 if side == "best" else -1
    now = gains.pop(m.today.year, None)
    if now is None or half_up(now * 100) * sign <= 0:
        return None
    reached = [year for year, gain in gains.items() if gain * sign >= now * sign]
    return {"value": reached[-1]} if reached and reached[-1] != m.today.year - 1 else None


def year_rest(m: Market, of: str, stat: str = "n") -> Said:
    closes = m.current(of)
    count = sum(day.year == m.today.year for day in m.sessions)
    starts: dict[int, Fraction] = {}
    rests: dict[int, Fraction] = {}
    for year in sorted({day.year for day in m.sessions}):
        inside = [day for day in m.sessions if day.year == year]
        before = [day for day in m.sessions if day.year < year]
        if len(inside) >= count and before and before[-1] in closes and inside[count - 1] in closes:
            starts[year] = closes[inside[count - 1]] / closes[before[-1]] - 1
            if len(inside) > count and inside[-1] in closes:
                rests[year] = (closes[inside[-1]] / closes[inside[count - 1]] - 1) * 100
    now = starts.pop(m.today.year, None)
    if now is None or not half_up(now * 100) or not starts:
        return None
    alike = sorted(rests[year] for year, start in starts.items() if year in rests and start * now > 0)
    if stat == "n":
        return {"value": len(alike)}
    if not alike:
        return None
    if stat == "positive":
        return {"value": sum(gain > 0 for gain in alike), "n": len(alike)}
    return {"value": half_up((alike[(len(alike) - 1) // 2] + alike[len(alike) // 2]) / 2), "n": len(alike)}


METRICS |= {
    "above-average": above_average, "average-cross": average_cross, "average-distance": average_distance,
    "correlation": correlation, "correlation-since": correlation_since, "dispersion": dispersion, "gap": gap,
    "ratio-extreme": ratio_extreme, "season": season, "session-extreme": session_extreme,
    "streak-ended": streak_ended, "streak-longer": streak_longer, "streak-most": streak_most, "volume": volume,
    "volume-since": volume_since, "year-rest": year_rest, "year-start": year_start,
}  # fmt: skip


def last_event(m: Market, kind: str) -> Said:
    past = [event for event in m.view.events() if event.kind == kind and event.at <= m.view.known]
    if not past:
        return None
    last = max(past, key=lambda event: event.at)
    return {"value": last.day, "title": last.title}


METRICS |= {"last-event": last_event}
