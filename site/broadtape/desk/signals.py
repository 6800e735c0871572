"""What is newsworthy about a session: every detector asked in turn, each signal stated by one fact.

Owns the order in which detectors are asked; what a signal is, is desk.patterns', how they are weighed is
desk.newsworthiness, what is told about them desk.stories. Every rarity is the share of the series' own past sessions
on which at least as much happened.
"""

from __future__ import annotations

from collections.abc import Sequence

from broadtape.desk import macro_signals
from broadtape.desk.detectors import companies, declines, extremes, levels, streaks
from broadtape.desk.facts import FactBook
from broadtape.desk.patterns import Detector, Signal
from broadtape.model import MarketView

_DETECTORS: tuple[Detector, ...] = (
    streaks.led, levels.records, levels.round_numbers, levels.recrossed, levels.moves, declines.reached,
    streaks.absolute, streaks.relative, extremes.periods, extremes.year_starts, extremes.reversals, extremes.volumes,
    extremes.crosses, extremes.ratios, extremes.correlations, companies.sectors, *macro_signals.DETECTORS,
)  # fmt: skip


def scan(
    view: MarketView,
    pairs: Sequence[tuple[str, str]] = (),
    *,
    universe: Sequence[str] = (),
    watched: Sequence[str] = (),
) -> list[Signal]:
    """Every signal of the view's session, unranked. `pairs` adds ordered pairs to those of the benchmarks.

    `universe` names groups of companies, `watched` further symbols whose own moves count. A detector whose data
    are missing stays silent.
    """
    book = FactBook(view)
    found: list[Signal] = []
    for detector in _DETECTORS:
        found.extend(detector(view, book, pairs))
    symbols = dict.fromkeys(watched)
    for group in universe:
        symbols |= dict.fromkeys(one for one in view.group(group) if not one.startswith("UNLISTED:"))
    found.extend(companies.moves(view, book, list(symbols)))
    found.extend(companies.breadth(view, book, universe))
    found.extend(companies.deals(view, book, list(symbols)))
    found.extend(companies.heat(view, book, list(symbols)))
    return found
