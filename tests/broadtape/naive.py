"""A second computation of every metric, slow and plain, written from the definitions' wording.

Shares no code with broadtape.metrics: it reads a view's rows into dicts and walks lists. Tests compare both.
Each function returns what the wording promises as a dict of the fact's values by part name ("value" is the
answer), or None where the wording says nothing can be said.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from broadtape.model import NoData, UnknownSymbol

Said = dict[str, Any] | None


class SilentError(Exception):
    """The wording says nothing here."""


def as_day(value: Any) -> date:
    return date.fromisoformat(str(value)[:10])


def half_up(number: Fraction, places: int = 2) -> Decimal:
    """Rounds an exact fraction half away from zero."""
    scaled = abs(number) * 10**places
    whole = scaled.numerator // scaled.denominator
    if scaled - whole >= Fraction(1, 2):
        whole += 1
    result = Decimal(whole).scaleb(-places)
    return -result if number < 0 and whole else result


def fraction(number: float) -> Fraction:
    return Fraction(repr(float(number)))


class Market:
    """The view's rows as plain dicts and lists."""

    def __init__(self, view: Any) -> None:
        self.view = view
        self.sessions = [as_day(day) for day in view.sessions]
        self.place = {day: at for at, day in enumerate(self.sessions)}
        self.today = self.sessions[-1]
        upcoming = view.sessions_after(1)
        self.tomorrow = as_day(upcoming[0]) if len(upcoming) else None
        self._tables: dict[tuple[str, str], dict[date, Fraction]] = {}

    def table(self, symbol: str, field: str) -> dict[date, Fraction]:
        """Day → value, sessions only."""
        if (symbol, field) not in self._tables:
            bars = self.view.bars(symbol)
            found: dict[date, Fraction] = {}
            for day, value in zip(bars.days, getattr(bars, field), strict=True):
                if value == value and value > 0 and as_day(day) in self.place:  # noqa: PLR0124  NaN is not itself
                    found[as_day(day)] = fraction(value)
            self._tables[symbol, field] = found
        return self._tables[symbol, field]

    def closes(self, symbol: str, basis: str = "price") -> dict[date, Fraction]:
        found = self.table(symbol, "close" if basis == "price" else "adj_close")
        if not found:
            raise SilentError
        return found

    def current(self, symbol: str, basis: str = "price") -> dict[date, Fraction]:
        found = self.closes(symbol, basis)
        if self.today not in found:
            raise SilentError
        return found

    def before(self, day: date) -> date:
        at = self.place[day]
        if at == 0:
            raise SilentError
        return self.sessions[at - 1]

    def group_of(self, day: date, unit: str) -> tuple[int, ...]:
        if unit == "session":
            return (day.toordinal(),)
        if unit == "week":
            return tuple(day.isocalendar())[:2]
        if unit == "month":
            return (day.year, day.month)
        if unit == "quarter":
            return (day.year, (day.month - 1) // 3)
        return (day.year,)

    def periods(self, unit: str) -> list[tuple[date, date, date]]:
        """Close it counts from, first session, last session, of each complete period."""
        groups: list[list[date]] = []
        for day in self.sessions:
            if groups and self.group_of(groups[-1][-1], unit) == self.group_of(day, unit):
                groups[-1].append(day)
            else:
                groups.append([day])
        if self.tomorrow and self.group_of(self.tomorrow, unit) == self.group_of(groups[-1][-1], unit):
            groups.pop()
        return [(a[-1], b[0], b[-1]) for a, b in pairwise(groups)]

    def window(self, over: str) -> tuple[date, date, date, int]:
        """Base, first inside, last, number of sessions."""
        if over.startswith("since:"):
            base = date.fromisoformat(over[6:])
            if base not in self.place or base == self.today:
                raise SilentError
            return base, base, self.today, self.place[self.today] - self.place[base]
        if ".." in over:
            first, last = (date.fromisoformat(part) for part in over.split(".."))
            inside = [day for day in self.sessions if first <= day <= last]
            if not inside or inside[0] != first or inside[-1] != last:
                raise SilentError
        elif over.endswith("s") and over[:-1].isdigit():
            inside = self.sessions[-int(over[:-1]) :]
            if len(inside) < int(over[:-1]):
                raise SilentError
        elif over in ("wtd", "mtd", "qtd", "ytd"):
            unit = {"w": "week", "m": "month", "q": "quarter", "y": "year"}[over[0]]
            now = self.group_of(self.today, unit)
            inside = [day for day in self.sessions[-300:] if self.group_of(day, unit) == now]
        else:
            name, _, first_n = over.partition(".first")
            unit = "week" if "W" in name else "quarter" if "Q" in name else "month" if "-" in name else "year"
            wanted: tuple[int, ...]
            if unit == "week":
                wanted = (int(name[:4]), int(name[6:]))
            elif unit == "quarter":
                wanted = (int(name[:4]), int(name[6:]) - 1)
            else:
                wanted = tuple(int(part) for part in name.split("-"))
            inside = [day for day in self.sessions if self.group_of(day, unit) == wanted]
            if first_n:
                count = int(first_n[:-1])
                if len(inside) < count:
                    raise SilentError
                inside = inside[:count]
            elif not inside or (self.tomorrow and self.group_of(self.tomorrow, unit) == wanted):
                raise SilentError
        return self.before(inside[0]), inside[0], inside[-1], len(inside)


def change(closes: dict[date, Fraction], base: date, last: date) -> Fraction:
    if base not in closes or last not in closes:
        raise SilentError
    return (closes[last] / closes[base] - 1) * 100


def price(m: Market, symbol: str, value: Fraction) -> Decimal:
    return half_up(value, m.view.bars(symbol).decimals)


# --- returns ------------------------------------------------------------------------------------------


def return_(m: Market, of: str, over: str, basis: str = "price") -> Said:
    base, first, last, count = m.window(over)
    closes = m.closes(of, basis)
    said: dict[str, Any] = {"value": half_up(change(closes, base, last)), "start": first, "end": last}
    said["sessions"] = count
    if basis == "price":
        said["from"], said["to"] = price(m, of, closes[base]), price(m, of, closes[last])
    return said


def relative_return(m: Market, of: str, vs: str, over: str, basis: str = "price") -> Said:
    base, _, last, _ = m.window(over)
    gap = change(m.closes(of, basis), base, last) - change(m.closes(vs, basis), base, last)
    return {"value": half_up(gap)}


def max_drawdown(m: Market, of: str, over: str) -> Said:
    base, _, last, _ = m.window(over)
    closes = m.closes(of)
    change(closes, base, last)
    days = [day for day in m.sessions if base <= day <= last and day in closes]
    worst, peak, trough = Fraction(0), None, None
    top = days[0]
    for day in days:
        if closes[day] >= closes[top]:
            top = day
        fall = (closes[day] / closes[top] - 1) * 100
        if fall < worst:
            worst, peak, trough = fall, top, day
    return None if peak is None else {"value": half_up(worst), "peak": peak, "trough": trough}


def level(m: Market, of: str, on: str = "") -> Said:
    day = date.fromisoformat(on) if on else m.today
    closes = m.closes(of)
    return {"value": price(m, of, closes[day]), "date": day} if day in closes else None


def quote(m: Market, of: str) -> Said:
    closes = m.current(of)
    before = m.before(m.today)
    percent = half_up(change(closes, before, m.today))
    now = price(m, of, closes[m.today])
    return {"value": now, "change": now - price(m, of, closes[before]), "percent": percent, "date": m.today}


# --- streaks --------------------------------------------------------------------------------------------

Run = tuple[date, date, int, date | None]  # first session, last session, length, what ended it


def runs(went: list[tuple[date, date, bool]]) -> list[Run]:
    """The runs of periods that went the way asked."""
    found: list[Run] = []
    first: date | None = None
    last, length = date.min, 0
    for begin, end, yes in went:
        if yes:
            first, last, length = first or begin, end, length + 1
        elif first:
            found.append((first, last, length, end))
            first, length = None, 0
    if first:
        found.append((first, last, length, None))
    return found


def led(m: Market, of: str, vs: str, unit: str, basis: str) -> tuple[list[Run], date]:
    a, b = m.current(of, basis), m.current(vs, basis)
    went = [
        (base, first, last, a[last] / a[base] > b[last] / b[base])
        for base, first, last in m.periods(unit)
        if all(day in closes for day in (base, last) for closes in (a, b))
    ]
    if not went:
        raise SilentError
    return runs([(first, last, yes) for _, first, last, yes in went]), went[0][0]


def relative_streak(m: Market, of: str, vs: str, unit: str = "session", basis: str = "price") -> Said:
    found, _ = led(m, of, vs, unit, basis)
    if not found or found[-1][3] is not None:
        return None
    first, last, length, _ = found[-1]
    return {"value": length, "start": first, "end": last}


def relative_streak_ended(m: Market, of: str, vs: str, unit: str = "session", basis: str = "price") -> Said:
    ended = [run for run in led(m, of, vs, unit, basis)[0] if run[3] is not None]
    if not ended:
        return None
    first, last, length, broken = ended[-1]
    return {"value": length, "start": first, "end": last, "broken": broken}


def streak_last_longer(m: Market, of: str, vs: str, unit: str = "session", basis: str = "price") -> Said:
    found, _ = led(m, of, vs, unit, basis)
    for first, last, length, _ in reversed(found[:-1]):
        if length > found[-1][2]:
            return {"value": length, "start": first, "end": last}
    return None


def streak_last_equal(m: Market, of: str, vs: str, unit: str = "session", basis: str = "price") -> Said:
    found, _ = led(m, of, vs, unit, basis)
    equal: list[date] = []
    for _, last, length, _ in reversed(found[:-1]):
        if length > found[-1][2]:
            break
        if length == found[-1][2]:
            equal.insert(0, last)
    if not equal:
        return None
    ends = {f"end{number}": day for number, day in enumerate(equal, 1)}
    return {"value": len(equal), "length": found[-1][2], **ends}


def streak_longest(m: Market, of: str, vs: str, unit: str = "session", basis: str = "price") -> Said:
    found, start = led(m, of, vs, unit, basis)
    if not found or any(run[2] >= found[-1][2] for run in found[:-1]):
        return None
    return {"value": found[-1][2], "start": found[-1][0], "end": found[-1][1], "data_start": start}


def streak_count(
    m: Market, of: str, vs: str, at_least: str, unit: str = "session", basis: str = "price"
) -> Said:
    found, start = led(m, of, vs, unit, basis)
    return {"value": sum(run[2] >= int(at_least) for run in found[:-1]), "data_start": start}


def periods_led(
    m: Market, of: str, vs: str, unit: str = "month", basis: str = "price", **bounds: str
) -> Said:
    a, b = m.closes(of, basis), m.closes(vs, basis)

    def name(day: date) -> str:
        year, week, _ = day.isocalendar()
        return {"month": f"{day:%Y-%m}", "week": f"{year}-W{week:02}", "session": day.isoformat()}[unit]

    inside = [p for p in m.periods(unit) if bounds["from"] <= name(p[1]) <= bounds["to"]]
    if not inside or name(inside[0][1]) != bounds["from"] or name(inside[-1][1]) != bounds["to"]:
        return None
    count = 0
    for base, _, last in inside:
        count += change(a, base, last) > change(b, base, last)
    return {"value": count, "total": len(inside)}


def streak(m: Market, of: str, side: str = "up", unit: str = "session") -> Said:
    closes = m.current(of)
    went = [
        (first, last, closes[last] > closes[base] if side == "up" else closes[last] < closes[base])
        for base, first, last in m.periods(unit)
        if base in closes and last in closes
    ]
    found = runs(went)
    if not found or found[-1][3] is not None:
        return None
    return {"value": found[-1][2], "start": found[-1][0], "end": found[-1][1]}


# --- records --------------------------------------------------------------------------------------------


def marks(values: dict[date, Fraction], side: str) -> list[date]:
    """The days above (below) every earlier day."""
    found: list[date] = []
    best: Fraction | None = None
    for day in sorted(values):
        value = values[day] if side == "high" else -values[day]
        if best is not None and value > best:
            found.append(day)
        best = value if best is None else max(best, value)
    return found


def field(on: str, side: str) -> str:
    return "close" if on == "close" else side


def record(m: Market, of: str, side: str = "high", on: str = "close", window: str = "all") -> Said:
    values = m.table(of, field(on, side))
    if m.today not in values:
        return None
    earlier = [day for day in values if day < m.today]
    if window == "52w":
        begin = m.today - timedelta(weeks=52)
        if not values or min(values) > next(day for day in m.sessions if day >= begin):
            return None
        earlier = [day for day in earlier if day >= begin]
    if not earlier:
        return None
    now = values[m.today]
    beaten = all(now > values[day] if side == "high" else now < values[day] for day in earlier)
    return {"value": price(m, of, now), "date": m.today} if beaten else None


def last_record(m: Market, of: str, side: str = "high", on: str = "close") -> Said:
    values = m.table(of, field(on, side))
    if m.today not in values or not marks(values, side):
        return None
    day = marks(values, side)[-1]
    return {"value": price(m, of, values[day]), "date": day, "data_start": min(values)}


def record_count(m: Market, of: str, over: str, side: str = "high") -> Said:
    base, first, last, _ = m.window(over)
    closes = m.closes(of)
    change(closes, base, last)
    first = first if base < first else m.sessions[m.place[base] + 1]
    return {"value": sum(first <= day <= last for day in marks(closes, side))}


def extreme_since(m: Market, of: str, side: str = "high") -> Said:
    closes = m.current(of)
    now = closes[m.today]
    for day in reversed(m.sessions[:-1]):
        if day in closes and (closes[day] >= now if side == "high" else closes[day] <= now):
            if day == m.before(m.today):
                return None
            return {"value": day, "level": price(m, of, now), "then": price(m, of, closes[day])}
    return None


def return_extreme(m: Market, of: str, unit: str = "session", side: str = "best") -> Said:
    closes = m.current(of)
    every = m.periods(unit)
    periods = [p for p in every if p[0] in closes and p[2] in closes]
    if len(periods) < 2 or periods[-1] != every[-1]:
        return None
    sign = 1 if side == "best" else -1
    now = change(closes, periods[-1][0], periods[-1][2])
    if half_up(now) * sign <= 0:
        return None
    said: dict[str, Any] = {"value": half_up(now), "start": periods[-1][1], "end": periods[-1][2]}
    said["data_start"] = min(closes)
    for back, (base, _, last) in enumerate(reversed(periods[:-1])):
        then = change(closes, base, last)
        if then * sign >= now * sign:
            return None if back == 0 else {**said, "since": last, "then": half_up(then)}
    return said


def first_close(m: Market, of: str, level: str, side: str = "above") -> Said:
    closes = m.closes(of)
    for at, day in enumerate(sorted(closes)):
        if closes[day] > Fraction(level) if side == "above" else closes[day] < Fraction(level):
            return {"value": day, "close": price(m, of, closes[day])} if at else None
    return None


def first_close_since(m: Market, of: str, level: str, side: str = "above") -> Said:
    closes = m.current(of)

    def beyond(day: date) -> bool:
        return closes[day] > Fraction(level) if side == "above" else closes[day] < Fraction(level)

    before = m.before(m.today)
    if before not in closes or not beyond(m.today) or beyond(before):
        return None
    earlier = [day for day in sorted(closes) if day < m.today and beyond(day)]
    return {"value": earlier[-1], "close": price(m, of, closes[m.today])} if earlier else None


def record_run(m: Market, of: str, side: str = "high") -> Said:
    closes = m.current(of)
    records, count = set(marks(closes, side)), 0
    for day in sorted(closes, reverse=True):
        if day not in records:
            break
        count += 1
    return {"value": count} if count else None


def level_crossings(m: Market, of: str, level: str, side: str = "above") -> Said:
    closes = m.current(of)
    there = [
        closes[day] > Fraction(level) if side == "above" else closes[day] < Fraction(level)
        for day in sorted(closes)
    ]
    return {"value": sum(now and not before for before, now in pairwise(there[:-1]))}


def drawdown(m: Market, of: str) -> Said:
    closes = m.current(of)
    peak = max(sorted(closes, reverse=True), key=lambda day: closes[day])
    return {
        "value": half_up(change(closes, peak, m.today)),
        "peak": peak,
        "peak_level": price(m, of, closes[peak]),
    }


# --- groups ---------------------------------------------------------------------------------------------


def members(m: Market, name: str, over: str, basis: str) -> dict[str, Fraction]:
    base, _, last, _ = m.window(over)
    found = {}
    for symbol in m.view.group(name):
        try:
            closes = m.current(symbol, basis)
            found[symbol] = change(closes, base, last)
        except (SilentError, NoData, UnknownSymbol):
            continue
    if 2 * len(found) < len(m.view.group(name)):
        raise SilentError
    return found


def rank(m: Market, of: str, over: str, basis: str = "price", **group: str) -> Said:
    found = members(m, group["in"], over, basis)
    if of not in found:
        return None
    better = sum(other > found[of] for other in found.values())
    return {"value": better + 1, "total": len(found), "change": half_up(found[of])}


def breadth(m: Market, over: str, side: str = "up", basis: str = "price", **group: str) -> Said:
    found = members(m, group["in"], over, basis)
    count = sum(value > 0 if side == "up" else value < 0 for value in found.values())
    return {"value": count, "total": len(found)}


def group_return(m: Market, over: str, stat: str = "median", basis: str = "price", **group: str) -> Said:
    found = sorted(members(m, group["in"], over, basis).values())
    middle = (found[(len(found) - 1) // 2] + found[len(found) // 2]) / 2
    value = middle if stat == "median" else sum(found, Fraction(0)) / len(found)
    return {"value": half_up(value), "members": len(found)}


# --- precedent --------------------------------------------------------------------------------------------


def what_followed(
    m: Market, event: str, of: str, at_least: str, vs: str = "", side: str = "up", unit: str = "session",
    horizon: str = "5", stat: str = "n", measure: str = "return", basis: str = "price", **which: str,
) -> Said:  # fmt: skip
    paired = event == "relative-streak" or measure == "relative"
    a = m.current(of, basis)
    b = m.current(vs, basis) if paired else a
    if which.get("set", "cases") == "all":
        days = [day for day in m.sessions if day in a and day in b]
    elif event == "record":
        records = marks(a, "high")
        days = [
            day for before, day in pairwise(records)
            if m.place[day] - m.place[before] >= int(at_least)
        ]  # fmt: skip
    elif event == "decline":
        if basis == "total":
            return None
        top: date | None = None
        days, deep = [], None
        for day in sorted(a):
            if top is None or a[day] >= a[top]:
                days += [deep] if deep else []
                top, deep = day, None
            elif deep is None and (1 - a[day] / a[top]) * 100 >= Fraction(at_least):
                deep = day
    elif event == "turn":
        if basis == "total":
            return None
        sign, within = 1 if side == "up" else -1, m.table(of, "low" if side == "up" else "high")
        days = [
            day for before, day in pairwise(m.sessions)
            if before in a and day in a and day in within
            and -sign * (within[day] / a[before] - 1) * 100 >= Fraction(at_least) and sign * (a[day] - a[before]) > 0
        ]  # fmt: skip
    elif event == "cross":
        if basis == "total":
            return None
        days, other, there = [], 0, sorted(a)
        for at in range(199, len(there)):
            mean = sum((a[day] for day in there[at - 199 : at + 1]), Fraction(0)) / 200
            beyond = a[there[at]] > mean if side == "up" else a[there[at]] < mean
            if beyond and other >= max(int(at_least), 1):
                days.append(there[at])
            other = 0 if beyond else other + 1
    elif event in ("drop", "gain"):
        sign = 1 if event == "gain" else -1
        days = [
            day for before, day in pairwise(m.sessions)
            if before in a and day in a and change(a, before, day) * sign >= Fraction(at_least)
        ]  # fmt: skip
    elif event in ("cut", "raise"):
        sign = 1 if event == "raise" else -1
        days = [
            next(day for day in m.sessions if day >= decision.day)
            for decision in known_decisions(m)
            if way(decision) == sign and abs(decision.change_bp) >= int(at_least)
        ]
    else:
        went = [
            (last, a[last] / a[base] > b[last] / b[base] if event == "relative-streak"
             else a[last] > a[base] if side == "up" else a[last] < a[base])
            for base, _, last in m.periods(unit)
            if base in a and last in a and (event == "streak" or (base in b and last in b))
        ]  # fmt: skip
        days, length, reached = [], 0, None
        for last, yes in went:
            length = length + 1 if yes else 0
            if yes and length == int(at_least):
                reached = last
            if not yes and reached:
                days.append(reached)
                reached = None
    later = {
        day: m.sessions[m.place[day] + int(horizon)]
        for day in days
        if m.place[day] + int(horizon) < len(m.sessions)
    }
    cases = [(day, end) for day, end in later.items() if all(d in c for d in (day, end) for c in (a, b))]
    if stat == "n":
        return {"value": len(cases)}
    gains = sorted(
        change(a, day, end) - (change(b, day, end) if measure == "relative" else 0) for day, end in cases
    )
    if not gains:
        return None
    if stat == "positive":
        return {"value": sum(gain > 0 for gain in gains), "n": len(gains)}
    if stat == "share":
        return {"value": half_up(Fraction(100 * sum(gain > 0 for gain in gains), len(gains)), 1)}
    return {"value": half_up((gains[(len(gains) - 1) // 2] + gains[len(gains) // 2]) / 2), "n": len(gains)}


# --- policy, macro, calendar ------------------------------------------------------------------------------


def policy_moves(m: Market, over: str, side: str = "cut") -> Said:
    known = sorted(m.view.decisions(), key=lambda decision: decision.day)
    if not known:
        return None
    this = f"{m.view.as_of:%Y-%m}"
    if over == "ytd":
        first, last = f"{this[:4]}-01", this
    elif len(over) == 4:
        first, last = f"{over}-01", f"{over}-12"
        if date(int(over), 12, 31) > m.view.as_of:
            return None
    else:
        first, _, last = over.partition("..")
        last = last or first
    if last > this or first < f"{known[0].day:%Y-%m}":
        return None
    sign = {"cut": -1, "raise": 1, "hold": 0}[side]
    found = [
        d for d in known
        if first <= f"{d.day:%Y-%m}" <= last and (d.change_bp > 0) - (d.change_bp < 0) == sign
    ]  # fmt: skip
    said: dict[str, Any] = {"value": len(found)} | {f"day{at}": d.day for at, d in enumerate(found, 1)}
    if found:
        said["range"] = (found[-1].lower, found[-1].upper)
    if found and sign:
        said["total"] = Decimal(sum(abs(d.change_bp) for d in found))
    return said


def session_count(m: Market, **bounds: str) -> Said:
    low, high = date.fromisoformat(bounds["from"]), date.fromisoformat(bounds["to"])
    inside = [day for day in m.sessions if low <= day <= high]
    return (
        {"value": len(inside), "start": inside[0], "end": inside[-1]} if inside and high <= m.today else None
    )


IN_PERCENT = {"CPIAUCSL"}  # the made-up series that change in percent; the others in percentage points
PLACES = {"DGS10": 2, "DGS2": 2}  # decimals printed; one where not named


def table_of(m: Market, series: str) -> dict[date, Fraction]:
    found = m.view.readings(series)
    return {as_day(day): Fraction(value) for day, value in zip(found.periods, found.values, strict=True)}


def months_back(day: date, count: int) -> date:
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def moved(values: dict[date, Fraction], series: str, transform: str, day: date) -> Decimal | None:
    """A monthly series' change to a month as printed; None where a month is missing."""
    before = values.get(months_back(day, {"yoy": 12, "annualised": 3, "change": 1}[transform]))
    if before is None:
        return None
    if series not in IN_PERCENT:
        if transform == "annualised":
            return None  # a rate does not grow at a rate
        return half_up(values[day] - before, PLACES.get(series, 1))
    growth = values[day] / before
    return half_up(((growth**4 if transform == "annualised" else growth) - 1) * 100, 1)


def reading(m: Market, series: str, transform: str = "level", period: str = "") -> Said:
    """Monthly series whose changes are in percent, or in percentage points for UNRATE."""
    values = table_of(m, series)
    day = date.fromisoformat(f"{period}-01") if period else max(values)
    if day not in values:
        return None
    if transform == "level":
        return {"value": half_up(values[day], PLACES.get(series, 1))}
    change = moved(values, series, transform, day)
    return None if change is None else {"value": change}


def reading_extreme(m: Market, series: str, transform: str = "level", side: str = "high") -> Said:
    values = table_of(m, series)
    told = [
        (day, half_up(value, PLACES.get(series, 1)) if transform == "level" else moved(values, series, "yoy", day))
        for day, value in sorted(values.items())
    ]  # fmt: skip
    (last, now), earlier = told[-1], [(day, one) for day, one in told[:-1] if one is not None]
    if now is None or not earlier:
        return None
    as_far = [
        day for day, one in earlier if one is not None and (one >= now if side == "high" else one <= now)
    ]
    if as_far and as_far[-1] == earlier[-1][0]:
        return None
    return {"value": now, "since": as_far[-1] if as_far else None, "period": last}


def reading_beyond(m: Market, series: str, side: str = "high") -> Said:
    values = table_of(m, series)
    told = [half_up(value, PLACES.get(series, 1)) for _, value in sorted(values.items())]
    further = [one for one in told[:-1] if (one > told[-1] if side == "high" else one < told[-1])]
    return {"value": len(further), "total": len(told) - 1}


def known_decisions(m: Market) -> list[Any]:
    return sorted(m.view.decisions(), key=lambda decision: decision.day)


def way(decision: Any) -> int:
    return (decision.change_bp > 0) - (decision.change_bp < 0)


def policy_run(m: Market) -> Said:
    known = known_decisions(m)
    if not known:
        return None
    run = []
    for decision in reversed(known):
        if way(decision) != way(known[-1]):
            break
        run.insert(0, decision)
    return {"value": len(run), "start": run[0].day, "end": known[-1].day}


def policy_cycle(m: Market) -> Said:
    moves = [decision for decision in known_decisions(m) if way(decision)]
    cycle: list[Any] = []
    while moves and way(moves[-1]) == (way(cycle[0]) if cycle else way(moves[-1])):
        cycle.insert(0, moves.pop())
    if not cycle or not moves:
        return None
    return {
        "value": len(cycle), "total": Decimal(sum(abs(one.change_bp) for one in cycle)), "start": cycle[0].day,
        "day": cycle[-1].day, "range": (cycle[-1].lower, cycle[-1].upper),
        "before": (cycle[0].lower - Decimal(cycle[0].change_bp) / 100,
                   cycle[0].upper - Decimal(cycle[0].change_bp) / 100),
    }  # fmt: skip


def policy_first(m: Market) -> Said:
    known = known_decisions(m)
    moves = [decision for decision in known if way(decision)]
    if not known or not way(known[-1]) or (len(moves) > 1 and way(moves[-2]) == way(moves[-1])):
        return None
    alike = [decision.day for decision in moves[:-1] if way(decision) == way(known[-1])]
    return {"value": alike[-1]} if alike else None


def policy_largest(m: Market) -> Said:
    known = known_decisions(m)
    alike = [decision for decision in known[:-1] if way(decision) == way(known[-1])]
    if not known or not way(known[-1]) or not alike or abs(alike[-1].change_bp) >= abs(known[-1].change_bp):
        return None
    large = [one.day for one in alike if abs(one.change_bp) >= abs(known[-1].change_bp)]
    return {"value": Decimal(known[-1].change_bp), "since": large[-1] if large else None}


def gaps(m: Market, long: str, short: str) -> list[tuple[date, Fraction, Fraction]]:
    a, b = table_of(m, long), table_of(m, short)
    return [(day, a[day], b[day]) for day in sorted(a.keys() & b.keys())]


def reading_mean(m: Market, series: str, transform: str = "level", last: str = "3") -> Said:
    table = table_of(m, series)
    days = sorted(table)
    step = 3 if len(days) > 1 and (days[-1] - days[-2]).days > 80 else 1
    newest = days[-1].year * 12 + days[-1].month - 1
    asked = [
        date((newest - step * back) // 12, (newest - step * back) % 12 + 1, 1)
        for back in range(int(last) + 1)
    ]
    wanted = asked if transform == "change" else asked[:-1]
    if any(day not in table for day in wanted):
        return None
    values = [table[day] for day in wanted]
    if transform == "change":
        rate = series == "UNRATE"
        values = [a - b if rate else (a / b - 1) * 100 for a, b in pairwise(values)]
    return {"value": half_up(sum(values, Fraction(0)) / int(last), 1), "period": asked[0]}


def yield_gap(m: Market, long: str = "DGS10", short: str = "DGS2") -> Said:
    day, a, b = gaps(m, long, short)[-1]
    return {"value": half_up(a - b), "period": day}


def yield_inversion(m: Market, long: str = "DGS10", short: str = "DGS2") -> Said:
    runs: list[list[tuple[date, Fraction]]] = [[]]
    broken = None
    for day, a, b in gaps(m, long, short):
        if a < b:
            runs[-1].append((day, a - b))
            broken = None
        elif runs[-1]:
            broken = day
            runs.append([])
    last = next((run for run in reversed(runs) if run), None)
    if last is None:
        return None
    broken = next((day for day, a, b in gaps(m, long, short) if day > last[-1][0]), None)
    return {
        "value": len(last), "start": last[0][0], "end": last[-1][0], "broken": broken,
        "deepest": half_up(min(gap for _, gap in last)), "deepest_day": min(last, key=lambda one: one[1])[0],
    }  # fmt: skip


def inversion_from(m: Market, long: str = "DGS10", short: str = "DGS2", **asked: str) -> Said:
    told, began = gaps(m, long, short), date.fromisoformat(asked["from"])
    at = next((place for place, (day, a, b) in enumerate(told) if day == began and a < b), None)
    if at is None or (at and told[at - 1][1] < told[at - 1][2]):
        return None
    broken = next((day for day, a, b in told[at:] if a >= b), None)
    run = [(day, a - b) for day, a, b in told[at:] if broken is None or day < broken]
    return {
        "value": len(run), "start": began, "end": run[-1][0] if broken is None else None, "broken": broken,
        "deepest": half_up(min(gap for _, gap in run)), "deepest_day": min(run, key=lambda one: one[1])[0],
    }  # fmt: skip


def curve_shift(m: Market, long: str = "DGS10", short: str = "DGS2", over: str = "5") -> Said:
    told = gaps(m, long, short)
    if len(told) <= int(over):
        return None
    (first, a0, b0), (last, a1, b1) = told[-1 - int(over)], told[-1]
    return {
        "value": half_up((a1 - b1) - (a0 - b0)), "long_change": half_up(a1 - a0), "short_change": half_up(b1 - b0),
        "start": first, "end": last,
    }  # fmt: skip


def closes_beyond(m: Market, of: str, side: str = "high") -> Said:
    found = m.current(of)
    now = found[m.today]
    earlier = [value for day, value in found.items() if day < m.today]
    if not earlier:
        return None
    return {
        "value": sum(value > now if side == "high" else value < now for value in earlier),
        "total": len(earlier),
    }


def realised_volatility(m: Market, of: str, sessions: str = "21") -> Said:
    found, days = m.current(of), m.sessions[-int(sessions) - 1 :]
    if int(sessions) < 5 or len(days) <= int(sessions) or any(day not in found for day in days):
        return None
    returns = [found[b] / found[a] - 1 for a, b in pairwise(days)]
    mean = sum(returns) / len(returns)
    variance = sum((one - mean) ** 2 for one in returns) / (len(returns) - 1)
    return {"value": half_up(fraction(float(variance) ** 0.5 * 252**0.5 * 100), 1)}


METRICS: dict[str, Callable[..., Said]] = {
    "breadth": breadth, "closes-beyond": closes_beyond, "curve-shift": curve_shift,
    "drawdown": drawdown, "extreme-since": extreme_since, "first-close": first_close,
    "first-close-since": first_close_since, "group-return": group_return, "last-record": last_record,
    "level": level, "max-drawdown": max_drawdown, "periods-led": periods_led, "policy-moves": policy_moves,
    "policy-cycle": policy_cycle, "policy-first": policy_first, "policy-largest": policy_largest,
    "policy-run": policy_run, "reading-beyond": reading_beyond, "reading-extreme": reading_extreme,
    "realised-volatility": realised_volatility, "yield-gap": yield_gap,
    "reading-mean": reading_mean, "yield-inversion": yield_inversion,
    "inversion-from": inversion_from,
    "quote": quote, "rank": rank, "reading": reading, "record": record, "record-count": record_count,
    "relative-return": relative_return, "relative-streak": relative_streak,
    "relative-streak-ended": relative_streak_ended, "return": return_, "return-extreme": return_extreme,
    "session-count": session_count, "streak": streak, "streak-count": streak_count,
    "streak-last-equal": streak_last_equal, "streak-last-longer": streak_last_longer,
    "streak-longest": streak_longest, "what-followed": what_followed,
    "level-crossings": level_crossings, "record-run": record_run,
}  # fmt: skip


def _join() -> None:
    """Adds the metrics of shares and funds, which have a file of their own."""
    import naive_archive
    import naive_equity

    METRICS.update(naive_equity.METRICS)
    METRICS.update(naive_archive.METRICS)


_join()


def answer(view: Any, metric: str, params: dict[str, str]) -> Said:
    """What the wording promises, or None where it says nothing."""
    try:
        return METRICS[metric](Market(view), **params)
    except SilentError:
        return None
