"""The story kinds: each has its file here (week and month share one) and its wordings in templates/prose.

Owns the list of kinds and what every kind is given; each kind owns its plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from broadtape.desk.facts import FactBook
from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import Outline
from broadtape.model import MarketView

PASSAGES: Mapping[str, tuple[str, ...]] = {
    "companies": ("wrap", "drawdown"),  # the session's winners and losers
    "levels": ("wrap", "drawdown"),  # the table of the indices
    "sectors": ("sectors", "wrap", "drawdown"),  # the ends of the sector funds on the session
    "policy": ("policy", "rotation", "drawdown", "record", "wrap"),  # what the Federal Reserve did of late
    "volatility": ("volatility", "drawdown", "wrap"),  # where the volatility index closed
    "ahead": ("policy", "print", "curve", "week", "month", "rotation", "drawdown", "record", "wrap"),
    "ratios": (
        "rotation",
        "wrap",
        "record",
    ),  # one index against another at its highest, a correlation that turned
    "asides": (
        "wrap",
        "drawdown",
        "record",
    ),  # what stood out beside the session: the wrap's where there is one
}
"""What an edition tells once: each passage, and the kinds in whose story it stands, first choice first."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """The companies that a site's readers live beside: near it, or named by it as its own."""

    site: str
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a story kind works from: the view, its facts, the ranked signals and the desk's settings."""

    view: MarketView
    book: FactBook
    ranked: Sequence[Ranked]
    universe: tuple[str, ...]  # groups of companies to look for winners and losers in, first choice first
    sector_funds: tuple[str, ...]  # funds that stand for sectors
    nearby: tuple[Nearby, ...] = ()  # each site's companies; of the one site where the edition is for one
    site: str = ""  # the one site that the edition is for; empty: all
    covered: frozenset[str] = frozenset()  # what the edition's other stories tell, by their keys


@dataclass(frozen=True, slots=True)
class Proposal:
    """A story that a kind could write. `key` is its identity on the session, `score` its lead signal's."""

    story: str
    key: str
    score: float
    lead: Ranked | None
    covers: tuple[str, ...] = ()  # what else it tells: another story of one of these keys would repeat it
    site: str = ""  # the site it is for; empty: all


class Story(Protocol):
    """A story kind."""

    @property
    def name(self) -> str:
        """The kind, as `--story` takes it."""

    @property
    def title(self) -> str:
        """What the kind is about, for help texts."""

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """The stories this kind could write on the session, best first."""

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The outline of one of them."""


def told_elsewhere(chosen: Sequence[Proposal], proposal: Proposal) -> frozenset[str]:
    """What the other stories of an edition tell, so that this one need not: subjects, and passages that are theirs."""
    others = {key for other in chosen if other is not proposal for key in other.covers}
    told = {one.story for one in chosen}
    owners = {
        passage: next((kind for kind in kinds if kind in told), "") for passage, kinds in PASSAGES.items()
    }
    return frozenset(
        others | {passage for passage, kind in owners.items() if kind and kind != proposal.story}
    )


def kinds() -> dict[str, Story]:
    """Every story kind by name."""
    from broadtape.desk.stories import (  # noqa: PLC0415  the kinds import this module
        brief,
        company,
        curve,
        drawdown,
        earnings,
        gauge,
        local,
        policy,
        record,
        rotation,
        sectors,
        spans,
        streak,
        volatility,
        wrap,
    )
    from broadtape.desk.stories import print as releases  # noqa: PLC0415  a kind's file has its name

    stories: list[Story] = [
        rotation.Rotation(),
        record.RecordClose(),
        policy.PolicyDecision(),
        drawdown.Drawdown(),
        volatility.Volatility(),
        curve.YieldCurve(),
        releases.DataPrint(),
        earnings.EarningsMover(),
        gauge.Gauge(),
        company.CompanyMove(),
        local.LocalMovers(),
        streak.Streak(),
        sectors.SectorLeadership(),
        brief.Brief(),
        spans.SpanWrap("week"),
        spans.SpanWrap("month"),
        wrap.MarketWrap(),
    ]
    return {story.name: story for story in stories}
