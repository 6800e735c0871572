"""How much a signal is worth an editor's attention, component by component.

Owns the weighing alone. The score is breadth × (rarity + size) × recency × (1 − told):

rarity    −log2 of the share of the series' past sessions on which at least as much happened, at most 12 bits
size      the move in units of the series' own 60-session volatility, at most 5
breadth   how many readers the subject concerns: a broad index 1, a rate or a price 0.75, a single share 0.4;
          four fifths of that for one thing against another, which is of less concern than the thing itself
recency   1 on the session itself (every detector reports what happened on the session it was asked about)
told      how far the archive has told it already: 0 new, up to 0.9
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass

from broadtape.desk.signals import SERIES, Signal
from broadtape.model import Kind

_BREADTH_BY_ROLE = {"large": 1.0, "tech": 0.9, "small": 0.85, "volatility": 0.6}
_BREADTH_BY_KIND: dict[Kind, float] = {"index": 0.7, "etf": 0.6, "stock": 0.4}
_BREADTH_OF_SERIES = 0.75  # rates, prices and spreads: everyone's money, few people's day
_RELATIVE = 0.8  # of a signal with an object
_LOCAL = 0.3  # added for a company near one of the sites


@dataclass(frozen=True, slots=True)
class Score:
    """The components and their total; each is printed by `signals --json`."""

    rarity: float
    size: float
    breadth: float
    recency: float
    told: float

    @property
    def total(self) -> float:
        """The score: 10 is a front page, under 4 is a line in the wrap."""
        return self.breadth * (self.rarity + self.size) * self.recency * (1 - self.told)


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
    local: Collection[str] = (),
) -> list[Ranked]:
    """The signals by falling score; equal scores by kind and subject, so that the order is always the same.

    `role` gives a symbol's role in the settings or "", `told` how far the archive has told a signal (0 to 0.9).
    """
    ranked = [
        Ranked(
            signal,
            Score(
                rarity=min(-math.log2(max(signal.rarity, 1e-6)), 12.0),
                size=min(signal.size, 5.0),
                breadth=(_breadth(signal.subject, role, kind) + (_LOCAL if signal.subject in local else 0.0))
                * (_RELATIVE if signal.object else 1.0),
                recency=1.0,
                told=min(max(told(signal), 0.0), 0.9),
            ),
        )
        for signal in signals
    ]
    return sorted(
        ranked,
        key=lambda item: (-item.score.total, item.signal.kind, item.signal.subject, item.signal.object,
                          item.signal.fact.id),
    )  # fmt: skip
