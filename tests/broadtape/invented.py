"""Invented markets for tests of whole stories: three indices, ten companies, closes that follow from a few words."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from fakes import FakeMarket

from broadtape.model import Instrument

SPX, RUT, IXIC, VIX = "INDEXSP:SPX", "INDEXRUSSELL:RUT", "INDEXNASDAQ:IXIC", "INDEXCBOE:VIX"
ROLES = {"large": SPX, "small": RUT, "tech": IXIC, "volatility": VIX}
NAMES = {SPX: "S&P 500", RUT: "Russell 2000", IXIC: "Nasdaq Composite", VIX: "Cboe Volatility Index"}
COMPANIES = {
    "NYSE:ALD": "Alder", "NYSE:BIR": "Birch", "NYSE:CED": "Cedar", "NYSE:ELM": "Elm", "NYSE:FIR": "Fir",
    "NYSE:HAZ": "Hazel", "NYSE:LAR": "Larch", "NYSE:MAP": "Maple", "NYSE:OAK": "Oak", "NYSE:PIN": "Pine",
}  # fmt: skip
LENGTH = 900


def walk(
    seed: int, last: Sequence[float] = (), *, start: float = 1000.0, length: int = LENGTH
) -> list[float]:
    """Closes that wander a percent or so a session, the same for a seed, and then change by `last` percent."""
    drawn = random.Random(seed)
    changes = [round(drawn.gauss(0.03, 0.8), 2) for _ in range(length - len(last))] + list(last)
    return [
        round(close, 2)
        for close in accumulate(changes, lambda close, change: close * (1 + change / 100), initial=start)
    ]


def market(
    on: str = "2026-01-12",
    *,
    large: Sequence[float] = (0.1,),
    small: Sequence[float] = (0.1,),
    tech: Sequence[float] = (0.1,),
    companies: Mapping[str, str] = COMPANIES,
    **more: Any,
) -> FakeMarket:
    """A market whose indices end with these changes in percent."""
    bars: dict[str, Any] = {
        SPX: walk(1, large),
        RUT: walk(2, small),
        IXIC: walk(3, tech),
        VIX: walk(4, start=20.0),
    }
    bars |= {symbol: walk(number, start=50.0) for number, symbol in enumerate(companies, 10)}
    named = [Instrument(symbol, name, "index") for symbol, name in NAMES.items()]
    named += [Instrument(symbol, name, "stock") for symbol, name in companies.items()]
    return FakeMarket(
        on,
        bars,
        benchmarks=ROLES,
        instruments=named,
        groups={"trees": list(companies)} if companies else {},
        **more,
    )
