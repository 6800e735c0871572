"""What one fact is about, read once: whom, which sessions, which units, which signs.

Owns nothing of a text: case holds a claim before a fact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from broadtape.desk.claims import lexicon
from broadtape.desk.claims.dates import period_of
from broadtape.desk.claims.parts import window_of
from broadtape.desk.claims.tokens import Name
from broadtape.model import Fact, Part

_DAILY: Final = frozenset(
    {
        "record",
        "last-record",
        "extreme-since",
        "first-close",
        "first-close-since",
        "drawdown",
        "quote",
        "level",
        "decline",
        "decline-from",
        "advance",
        "session-extreme",
        "gap",
        "average-cross",
        "ratio-extreme",
        "recovery",
    }
)
POLICY: Final = frozenset(
    {
        "policy-rate", "policy-last", "policy-moves", "policy-run", "policy-cycle", "policy-first", "policy-largest",
    }
)  # fmt: skip
CURVE: Final = frozenset({"curve-shift", "yield-gap", "yield-inversion", "inversion-from"})
_EVENT_NAMES: Final = {
    "fomc": ("@FED",), "cpi": ("series:CPIAUCSL", "series:CPILFESL"), "jobs": ("series:UNRATE",),
    "gdp": ("series:A191RL1Q225SBEA",),
}  # fmt: skip


class Bearing:
    """One fact, with what the rules ask of it again and again."""

    def __init__(self, fact: Fact) -> None:
        self.fact = fact
        self.params: Mapping[str, str] = dict(fact.key.params)
        self.tags = fact.tags
        self.as_of = fact.as_of
        self.subject = _entity(fact, "subject") or (
            f"series:{self.params['series']}" if "series" in self.params else None
        )
        self.object = _entity(fact, "object")
        # A fact with two sides tells who led; only a relative return after an event tells a direction as well.
        self.directional = self.object is None or (
            fact.key.metric == "what-followed" and self.params.get("measure") != "relative"
        )
        self.over = self.params.get("over", "")
        self.period = period_of(self.over, self.as_of) if self.over else None
        self.window = window_of(fact)
        self.texts = tuple(
            part.value
            for part in fact.parts
            if part.kind == "text"
            and part.name != "series"
            and isinstance(part.value, str)
            and part.value.strip()
        )  # what may stand in a claim word for word, such as an event's title
        self.counted = frozenset(
            lexicon.plural_of(part.unit) or part.unit
            for part in fact.parts
            if part.kind in {"count", "rank"} and part.name in {"value", "total", "n"}
        )
        self._group = re.sub(r"[^a-z0-9]", "", self.params.get("in", "").lower())
        self._units: frozenset[str] | None = None
        self._entities: frozenset[str] | None = None

    def entities(self) -> frozenset[str]:
        """The symbols, series and institutions that the fact is about."""
        if self._entities is None:
            self._entities = frozenset(self._concerned())
        return self._entities

    def _concerned(self) -> set[str]:
        found = {str(part.value) for part in self.fact.parts if part.kind == "entity"}
        found |= {
            f"series:{part.value}"
            for part in self.fact.parts
            if part.kind == "text" and part.name == "series"
        }
        if "series" in self.params:
            found.add(f"series:{self.params['series']}")
        if self.fact.key.metric in POLICY:
            found |= {"@FED", "series:FEDFUNDS", "series:DFF"}
        if self.fact.key.metric in CURVE:
            found.add("series:curve")
        if self.fact.key.metric in {"next-event", "last-event"}:
            found |= set(_EVENT_NAMES.get(self.params.get("kind", ""), ()))
        return found

    def names_group(self, name: Name) -> bool:
        """Whether the name calls the fact's group: "S&P 500" for sp500-members."""
        if not self._group:
            return False
        called = re.sub(r"[^a-z0-9]", "", name.text.lower())
        return len(called) > 2 and called in self._group

    def units(self) -> frozenset[str]:
        """The units and counting nouns that may be named beside the fact."""
        if self._units is None:
            self._units = frozenset(self._countable())
        return self._units

    def _countable(self) -> set[str]:
        found = {lexicon.plural_of(part.unit) or part.unit for part in self.fact.parts if part.unit}
        unit = self.params.get("unit", "session" if self.tags & {"streak"} else "")
        metric = self.fact.key.metric
        if metric == "return-extreme":
            unit = unit or "session"
        if metric == "periods-led":
            unit = unit or "month"
        if unit:
            found.add(lexicon.plural_of(unit))
        if self.period is not None:
            found.add(f"{self.period.kind}s")
        if metric in POLICY:
            found |= {"meetings"} | (
                {"cuts"} if "cut" in self.tags else {"increases"} if "raise" in self.tags else set()
            )
        if metric == "filed-growth":
            found.add("quarters")
        if metric in {"price-to-earnings", "year-start"}:
            found.add("years")
        if metric == "next-event" and self.params.get("kind") == "fomc":
            found.add("meetings")
        if metric in _DAILY or (self.window is not None and self.window[0] == self.window[1]):
            found |= {"sessions", "days"}
        if metric == "return-extreme" and unit == "session":
            found |= {"sessions", "days"}
        if "streak" in self.tags or "streak" in self.params.get("event", ""):
            found.add("runs")
        if "record" in self.tags or metric == "record-count":
            found.add("records")
        return found

    def share(self) -> Decimal | None:
        """The value of a count in percent of its total; None where the fact has no total."""
        total = self.fact.get("total") or self.fact.get("n")
        part = self.fact.get("value")
        if (
            total is None
            or part is None
            or not isinstance(total.value, int)
            or not isinstance(part.value, int)
        ):
            return None
        if part.kind != "count" or total.kind != "count" or not total.value:
            return None
        return Decimal(100 * part.value) / Decimal(total.value)

    def numbers(self) -> list[Part]:
        """The parts that a figure may print."""
        return [
            part
            for part in self.fact.parts
            if part.kind in {"change", "level", "share", "count", "rank", "range"}
        ]

    def sign(self, part: Part) -> int | None:
        """Which way a part points; None where it has no direction."""
        if part.name == "at_least":
            if "decline" in self.tags:
                return -1
            if self.params.get("event") == "turn":  # it had gone the other way
                return 1 if self.params.get("side") == "down" else -1
            return {"gain": 1, "drop": -1}.get(self.params.get("event", ""))
        if part.kind == "share" and "positive" in self.tags and self.directional:
            return 1
        if part.kind != "change" or not isinstance(part.value, Decimal) or not self.directional:
            return None
        if part.name == "value" and self.tags & {"up", "down", "flat"}:
            return 1 if "up" in self.tags else -1 if "down" in self.tags else 0
        return (part.value > 0) - (part.value < 0)

    def led_tags(self) -> set[str]:
        """Facts that speak of leading though they are not tagged so."""
        told = (
            self.tags & {"lag", "even", "at-least", "positive", "longest"}
            or self.fact.key.metric == "what-followed"
        )
        return {"lead"} if told else set()

    def leads(self) -> bool:
        """Whether the subject led the object."""
        return "lag" not in self.tags


def bearing_of(fact: Fact) -> Bearing:
    """The fact's bearing, worked out once for the same fact: an article asks hundreds of times."""
    kept = _KEPT.get(id(fact))
    if kept is None or kept.fact is not fact:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        kept = _KEPT[id(fact)] = Bearing(fact)
    return kept


_MOST_KEPT: Final = 8_192  # bearings kept; each holds its fact, so that an id in use is no other fact's
_KEPT: dict[int, Bearing] = {}


def concerns(fact: Fact, name: Name) -> bool:
    """Whether a name may stand beside a fact: an entity of it, its series, its group, the Fed of a policy."""
    bearing = bearing_of(fact)
    return "" in name.symbols or bool(name.symbols & bearing.entities()) or bearing.names_group(name)


def licenses(fact: Fact, kind: str) -> bool:
    """Whether a fact licenses a word of this class wherever it stands ("run", "sessions", "median")."""
    bearing = bearing_of(fact)
    if kind.startswith("unit:"):
        return kind.removeprefix("unit:") in bearing.units()
    if kind in {"streak", "tie"}:
        return "streak" in fact.tags or "streak" in bearing.params.get("event", "")
    return kind in fact.tags or (kind == "broken" and "ended" in fact.tags)


def _entity(fact: Fact, name: str) -> str | None:
    part = fact.get(name)
    return str(part.value) if part is not None and part.kind == "entity" else None
