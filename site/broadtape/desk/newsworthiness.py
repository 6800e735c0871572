"""How much a signal is worth an editor's attention, component by component; docs/newsworthiness.md says why.

Owns the weighing alone. The score is breadth × local × (rarity + size) × recency × (1 − told):

rarity    −log2 of the share of the series' past sessions on which at least as much happened, at most 12 bits
size      the move in units of the series' own 60-session volatility, at most 5
breadth   how many readers the subject concerns (a broad index 1, a rate or a price 0.75, a single share 0.4),
          wider where it is much traded, times how much the kind of event says to them (a bear market 1.25, a gap 0.45)
local     1.5 for a company near one of the sites, 1.2 for one on its watch list, else 1
recency   1 on the session itself, 0.7 for each session that the event is older
told      how far the archive has told it already: 0 new, up to 0.9
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from broadtape.desk.patterns import SERIES, Signal
from broadtape.model import Kind

_BREADTH_BY_ROLE = {"large": 1.0, "tech": 0.9, "small": 0.85, "volatility": 0.6}
_BREADTH_BY_KIND: dict[Kind, float] = {"index": 0.7, "etf": 0.6, "stock": 0.4}
_BREADTH_OF_SERIES = 0.75  # rates, prices and spreads: everyone's money, few people's day
_RELATIVE = 0.8  # of a signal with an object
# What a kind of event says to readers, beside a far move, a record or a decision, which count whole.
_INTEREST = {
    "drawdown": 1.25, "recovery": 1.1, "bull": 1.1, "period": 0.9, "streak": 0.5, "streak-ended": 0.5, "reversal": 0.8,
    "gap": 0.45, "volume": 0.5, "average-cross": 0.5, "ratio": 0.6, "correlation": 0.4, "year-start": 0.8,
    "relative-weeks": 0.8, "relative-months": 0.8, "breadth": 0.7, "sectors": 0.8, "sector-lead": 0.8, "heat": 0.6,
    "52-week": 0.8, "company": 0.85, "recross": 0.6, "deal": 0.5,
}  # fmt: skip
_OLDER = 0.7


@dataclass(frozen=True, slots=True)
class Score:
    """The components and their total; each is printed by `signals --json`."""

    rarity: float
    size: float
    breadth: float
    recency: float
    told: float
    local: float = 1.0

    @property
    def total(self) -> float:
        """The score: 10 is a front page, under 4 is a line in the wrap."""
        return self.breadth * self.local * (self.rarity + self.size) * self.recency * (1 - self.told)

    @property
    def why(self) -> str:
        """The score in words: `as rare as 1 session in 500; 3.1 times its usual move; of broad interest`."""
        said = [f"as rare as 1 session in {2**self.rarity:,.0f}" if self.rarity >= 1 else "nothing rare"]
        if self.size >= _SIZE_SAID:
            said.append(f"{self.size:.1f} times its usual move")
        reach = "broad" if self.breadth >= _BROAD else "some" if self.breadth >= _SOME else "narrow"
        said.append(f"of {reach} interest")
        if self.local > 1:
            said.append("local")
        if self.recency < 1:
            said.append("not of the session itself")
        if self.told > 0:
            said.append(f"told already, {self.told:.0%} off")
        return "; ".join(said)


_SIZE_SAID, _BROAD, _SOME = 0.5, 0.8, 0.45


@dataclass(frozen=True, slots=True)
class Ranked:
    """A signal with its score."""

    signal: Signal
    score: Score


def _breadth(subject: str, role: Callable[[str], str], kind: Callable[[str], Kind]) -> float:
    if subject.startswith(SERIES):
        return _BREADTH_OF_SERIES
    return _BREADTH_BY_ROLE.get(role(subject), _BREADTH_BY_KIND[kind(subject)])


def rank(
    signals: Collection[Signal],
    *,
    role: Callable[[str], str],
    kind: Callable[[str], Kind],
    told: Callable[[Signal], float],
    local: Mapping[str, float] | None = None,
) -> list[Ranked]:
    """The signals by falling score; equal scores by kind and subject, so that the order is always the same.

    `role` gives a symbol's role in the settings or "", `told` how far the archive has told a signal (0 to 0.9),
    `local` a factor for the companies of the sites' readers.
    """
    ranked = [
        Ranked(
            signal,
            Score(
                rarity=min(-math.log2(max(signal.rarity, 1e-6)), 12.0),
                size=min(signal.size, 5.0),
                breadth=_breadth(signal.subject, role, kind)
                * _INTEREST.get(signal.kind, 1.0)
                * signal.reach
                * (_RELATIVE if signal.object else 1.0),
                recency=_OLDER**signal.age,
                told=min(max(told(signal), 0.0), 0.9),
                local=(local or {}).get(signal.subject, 1.0),
            ),
        )
        for signal in signals
    ]
    return sorted(
        ranked,
        key=lambda item: (-item.score.total, item.signal.kind, item.signal.subject, item.signal.object,
                          item.signal.fact.id),
    )  # fmt: skip
