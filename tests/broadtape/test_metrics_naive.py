"""Metrics agree with the naive computation from the wording, on a made-up market full of ties and holes."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from itertools import pairwise
from typing import Any

import naive
import pytest
from fakes import FakeMarket, weekdays

from broadtape import metrics
from broadtape.model import BadParameter, NoData

SYMBOLS = ("INDEXX:AA", "INDEXX:BB", "NYSE:CC", "NYSE:DD", "NYSE:EE", "NYSE:FF")
RARE = {
    "advance",
    "average-cross",
    "correlation-since",
    "extreme-since",
    "gap",
    "ratio-extreme",
    "streak-most",
    "year-rest",
    "year-start",
    "first-close-since",
    "policy-first",
    "policy-largest",
    "record",
    "record-run",
    "recovery",
    "relative-streak-from",
    "streak-from",
    "streak-longest",
}  # true on few days: several are tried
SESSIONS = [day for day in weekdays(date(2023, 1, 2), date(2025, 12, 31)).tolist() if day.toordinal() % 53]
TRIPLES = 600
# Of filings, which the made-up market has none of: test_filings_naive has their twins over a store.
FILED = {"filed-growth", "filing", "filing-count", "on-file", "price-to-earnings"}


def made_up(seed: int) -> FakeMarket:
    """Six coarse series (many ties): bars missing, one ended early, one without prices."""
    chance = random.Random(seed)
    bars: dict[str, dict[str, Any]] = {}
    for number, symbol in enumerate(SYMBOLS):
        price, rows = 100 + 10 * number, {}
        for day in SESSIONS[number * 7 :]:
            price = max(60, price + chance.choice((-2, -1, -1, 0, 0, 1, 1, 2)))
            if symbol == "NYSE:FF" and day > date(2025, 6, 30):
                break
            if symbol.startswith("NYSE") and chance.random() < 0.01:
                continue
            rows[day.isoformat()] = {
                "open": price + chance.choice((-2, -1, 0, 0, 1, 2)),
                "volume": 1000 + 10 * chance.randint(0, 90),
                "high": price + chance.choice((0, 1)),
                "low": price - chance.choice((0, 1)),
                "close": f"{price}.5",
                "adj_close": f"{price * 0.9:.4f}",
            }
        if symbol == "NYSE:EE":
            rows = {day: {"adj_close": row["adj_close"]} for day, row in rows.items()}
        bars[symbol] = rows
    decisions = {
        day.isoformat(): (f"{1 + at * 0.25}", f"{1.25 + at * 0.25}", chance.choice((-25, 0, 25, 50)))
        for at, day in enumerate(SESSIONS[10::40])
    }
    months = [f"{year}-{month:02}" for year in (2023, 2024, 2025) for month in range(1, 13)]
    readings = {
        name: {month: f"{base + at * 0.3:.1f}" for at, month in enumerate(months) if month != "2024-10"}
        for name, base in (("CPIAUCSL", 300), ("UNRATE", 3))
    }
    for name, base in (("DGS10", 400), ("DGS2", 400)):  # hundredths; they cross often and tie now and then
        level, days = base, {}
        for day in SESSIONS:
            level += chance.choice((-4, -2, 0, 2, 4))
            if chance.random() > 0.02:
                days[day.isoformat()] = f"{level / 100:.2f}"
        readings[name] = days
    return FakeMarket(
        SESSIONS[-1],
        bars,
        decisions=decisions,
        readings=readings,
        sessions=SESSIONS,
        groups={"all": SYMBOLS},
        events=[
            (f"{month}-{chance.randint(3, 25):02}", kind, f"{kind.upper()} for {month}")
            for month in months
            for kind in ("cpi", "jobs")
        ],
    )


def pick_window(chance: random.Random, today: date) -> str:
    year, month = chance.choice((2023, 2024, 2025)), chance.randint(1, 12)
    first, last = sorted(chance.sample([day for day in SESSIONS if day <= today], 2))
    return chance.choice(
        (
            f"{year}-{month:02}", f"{year}-Q{(month + 2) // 3}", f"{year}-W{chance.randint(1, 52):02}",
            str(year),
            f"{first}..{last}", f"{chance.randint(1, 300)}s", "wtd", "mtd", "qtd", "ytd",
            f"{year}.first{chance.randint(1, 9)}s", f"{year}-{month:02}.first{chance.randint(1, 25)}s",
            f"since:{first}",
        )
    )  # fmt: skip


def pick(chance: random.Random, metric: str, today: date) -> dict[str, str]:
    """Parameters for a metric, drawn from its definition."""
    found: dict[str, str] = {}
    of, vs = chance.sample(SYMBOLS, 2)
    event = chance.choice(("relative-streak", "streak", "drop", "gain", "record", "decline", "cut", "raise"))
    for parameter in metrics.definition(metric).parameters:
        if parameter.default is not None and chance.random() < 0.4:
            continue
        if parameter.choices:
            found[parameter.name] = chance.choice(parameter.choices)
        elif parameter.form == "window":
            found[parameter.name] = pick_window(chance, today)
        else:
            found[parameter.name] = {
                "of": of, "vs": vs, "in": "all", "on": str(chance.choice(SESSIONS)),
                "at_least": str(chance.randint(1, 4)), "series": chance.choice(("CPIAUCSL", "UNRATE")),
                "level": chance.choice(("90.5", "100", "110.5", "121")), "by": chance.choice(("3", "5", "10", "20")),
                "last": str(chance.choice((2, 3, 6, 12))), "from": "", "to": "", "over": "",
                "long": "DGS10", "short": "DGS2",
                "sessions": str(chance.choice((4, 10, 20, 30, 50, 100))), "month": str(chance.randint(1, 13)),
                "kind": chance.choice(("cpi", "jobs", "gdp")),
                "period": f"{chance.choice((2023, 2024, 2025))}-{chance.randint(1, 12):02}",
            }[parameter.name]  # fmt: skip
    if metric == "what-followed":
        found["event"] = event
        found.pop("vs", None)
        if event == "relative-streak" or found.get("measure") == "relative":
            found["vs"] = vs
        if event in ("record", "decline"):
            found["basis"] = "price"
        if event in ("cut", "raise"):
            found["at_least"] = chance.choice(("25", "50"))
    if metric == "curve-shift":
        found["over"] = str(chance.randint(1, 30))
    if metric == "periods-led":
        unit = found.get("unit", "month")
        first, last = sorted(chance.sample([day for day in SESSIONS if day <= today], 2))
        for name, day in (("from", first), ("to", last)):
            year, week, _ = day.isocalendar()
            found[name] = {"month": f"{day:%Y-%m}", "week": f"{year}-W{week:02}", "session": str(day)}[unit]
    if metric in ("relative-streak-from", "streak-from"):
        unit = found.get("unit", "session")
        firsts = [
            day
            for before, day in pairwise(SESSIONS)
            if day <= today and (unit == "session" or _period(before, unit) != _period(day, unit))
        ]
        found["from"] = str(chance.choice(firsts))
    if metric in ("decline-from", "inversion-from"):
        found["from"] = str(chance.choice([day for day in SESSIONS if day <= today]))
    if metric == "session-count":
        found["from"], found["to"] = map(str, sorted(chance.sample(SESSIONS, 2)))
    if metric == "policy-moves":
        low, high = sorted(f"{chance.choice((2023, 2024, 2025))}-{chance.randint(1, 12):02}" for _ in "ab")
        found["over"] = chance.choice((f"{low}..{high}", low, low[:4], "ytd"))
    return found


def _period(day: date, unit: str) -> tuple[int, int]:
    return (day.year, day.month) if unit == "month" else tuple(day.isocalendar())[:2]


def computed(view: FakeMarket, metric: str, params: dict[str, str]) -> dict[str, Any] | None:
    """The fact's values by part, or None where nothing can be said."""
    try:
        fact = metrics.compute(view, metric, params)
    except NoData:
        return None
    except BadParameter as refused:
        if "is the as-of session itself" in str(refused) or "is no index or amount that grows" in str(
            refused
        ):
            return None
        raise
    return {part.name: part.value for part in fact.parts}


def test_every_metric_is_computed_a_second_time() -> None:
    assert {one.name for one in metrics.definitions()} - FILED == set(naive.METRICS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_metrics_say_what_their_wording_says(seed: int) -> None:
    market, chance = made_up(seed), random.Random(seed)
    said: Counter[str] = Counter()
    names = sorted(naive.METRICS)
    for number in range(TRIPLES // 3):
        metric = names[number % len(names)]
        for _ in range(8 if metric in RARE else 3):
            today = chance.choice(SESSIONS[300:])
            view, params = market.at(today), pick(chance, metric, today)
            expected = naive.answer(view, metric, params)
            if expected is not None:
                break
        found = computed(view, metric, params)
        if expected is not None and found is not None:
            found = {name: found.get(name) for name in expected}
            said[metric] += 1

        assert found == expected, f"{metric} {params} on {today}"

    assert said.total() > TRIPLES // 9  # the sample answers enough questions to mean something
    assert (
        len(said) > len(naive.METRICS) * 4 // 5
    )  # three or so questions each: the rare ones may go unanswered
