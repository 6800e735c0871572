"""What is newsworthy in rates, prices and volatility: decisions, prints, curves, spreads, commodities.

Owns the detectors over decisions and readings; what they mean beside others is desk.newsworthiness'. Each names the
data it needs and stays silent without them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from broadtape.desk.facts import FactBook
from broadtape.desk.signals import Detector, Signal
from broadtape.model import MarketView

_QUARTER_POINT = 25  # basis points: the usual step, the unit in which a move of the range is measured


def _policy(view: MarketView, book: FactBook, _extra: Sequence[tuple[str, str]]) -> Iterator[Signal]:
    """A decision on the session, or since the one before it. Needs: policy decisions, a broad index."""
    decisions = view.decisions()
    large = view.benchmark("large")
    if not decisions or large is None or decisions[-1].day <= session_before(view):
        return
    fact = book.find("policy-last")
    if fact is None:
        return
    last = decisions[-1]
    alike = sum(1 for decision in decisions if bool(decision.change_bp) is bool(last.change_bp))
    span = max((view.as_of - decisions[0].day).days * 252 // 365, 1)
    what = f"moved by {last.change_bp:+} basis points" if last.change_bp else "was left unchanged"
    yield Signal(
        "policy",
        large,
        f"the policy rate {what}",
        fact,
        min(alike / span, 1.0),
        abs(last.change_bp) / _QUARTER_POINT,
    )


def session_before(view: MarketView) -> date:
    """The session before the view's own; the day itself where the calendar starts there."""
    found = view.sessions[-2:][0].astype("datetime64[D]").item()
    return found if isinstance(found, date) else view.as_of


DETECTORS: tuple[Detector, ...] = (_policy,)
