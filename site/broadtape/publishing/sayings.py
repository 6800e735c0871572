"""Streaks and records of an instrument in words: each sentence rests on one computed fact and names its days.

Owns the wording on quote pages; computes through metrics only. A statement that does not hold is not made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from broadtape import metrics, numbers
from broadtape.archive.tape import Saying
from broadtape.config import may_show
from broadtape.model import BroadtapeError, Fact

if TYPE_CHECKING:
    from broadtape.config import Audience
    from broadtape.model import MarketView

FORM = 1  # raised when the same facts would be told otherwise
SHORTEST_RUN = 2  # sessions; one is what the change already says
OLD = 20  # calendar days back from which "the highest since" is worth saying


def of(view: MarketView, symbol: str, audience: Audience) -> tuple[Saying, ...]:
    """What is true of the instrument at the view's session, the rarest first."""
    return tuple(_sayings(view, symbol, audience))


def _sayings(view: MarketView, symbol: str, audience: Audience) -> Iterator[Saying]:
    def ask(metric: str, **params: str) -> Fact | None:
        try:
            fact = metrics.fact(view, metric, of=symbol, **params)
        except BroadtapeError:  # not true as of that session, or nothing to tell it from
            return None
        return fact if may_show(audience, fact.licence) else None

    record = False
    for side in ("high", "low"):
        fact = ask("record", side=side)
        if fact is not None:
            record = True
            yield _saying(fact, _record(fact, side))
            continue
        fact = ask("record", side=side, window="52w")
        if fact is not None:
            yield _saying(fact, _year(fact, side))
    for side in ("up", "down"):
        fact = ask("streak", side=side)
        if fact is not None and _count(fact) >= SHORTEST_RUN:
            yield _saying(fact, _streak(fact, side))
    if not record:
        for side in ("high", "low"):
            fact = ask("extreme-since", side=side)
            if fact is not None and (view.as_of - _day(fact, "value")).days >= OLD:
                yield _saying(fact, _since(fact, side))
        fact = ask("drawdown")
        if fact is not None and isinstance(fact.value, Decimal) and fact.value < 0:
            yield _saying(fact, _drawdown(fact))


def _saying(fact: Fact, text: str) -> Saying:
    sources = dict.fromkeys(
        [*(row.source for row in fact.evidence.rows), *(span.source for span in fact.evidence.spans)]
    )
    return Saying(text, fact.key.metric, fact.key.address, fact.id, fact.as_of, ", ".join(sources))


def _record(fact: Fact, side: str) -> str:
    kind = "highest" if side == "high" else "lowest"
    start = _day(fact, "data_start")
    where = "ever" if "all-time" in fact.tags else f"in our data, which start on {numbers.day(start)}"
    return f"Closed at {_level(fact, 'value')} on {numbers.day(fact.as_of)}, the {kind} close {where}."


def _year(fact: Fact, side: str) -> str:
    kind = "highest" if side == "high" else "lowest"
    return f"Closed at {_level(fact, 'value')} on {numbers.day(fact.as_of)}, the {kind} close in 52 weeks."


def _streak(fact: Fact, side: str) -> str:
    verb = "Rose" if side == "up" else "Fell"
    count = numbers.counted(_count(fact), "session")
    start, end = _day(fact, "start"), _day(fact, "end")
    return f"{verb} {count} in a row, from {numbers.day(start)} to {numbers.day(end)}."


def _since(fact: Fact, side: str) -> str:
    kind = "highest" if side == "high" else "lowest"
    then = _day(fact, "value")
    return (
        f"The close of {_level(fact, 'level')} on {numbers.day(fact.as_of)} is the {kind} since "
        f"{numbers.day(then)}, when it was {_level(fact, 'then')}."
    )


def _drawdown(fact: Fact) -> str:
    assert isinstance(fact.value, Decimal)
    where = "its record close" if "all-time" in fact.tags else "its highest close in our data"
    return (
        f"{numbers.percent(fact.value, decimals=2)} below {where}, {_level(fact, 'peak_level')} on "
        f"{numbers.day(_day(fact, 'peak'))}."
    )


def _level(fact: Fact, name: str) -> str:
    part = fact.part(name)
    assert isinstance(part.value, Decimal)
    return numbers.level(part.value, part.unit, part.decimals)


def _day(fact: Fact, name: str) -> date:
    value = fact.part(name).value
    assert isinstance(value, date)
    return value


def _count(fact: Fact) -> int:
    assert isinstance(fact.value, int)
    return fact.value
