"""Facts for a story: asked of the metrics by name, computed once each, kept by id.

Owns no metric and no choice of what to say.
"""

from __future__ import annotations

from broadtape import metrics
from broadtape.model import Fact, MarketView, NoData


class FactBook:
    """The facts of one view. A question that the store cannot answer has the answer None."""

    def __init__(self, view: MarketView) -> None:
        self.view = view
        self._known: dict[tuple[str, tuple[tuple[str, str], ...]], Fact | None] = {}

    def find(self, metric: str, **params: str | int) -> Fact | None:
        """The fact, or None where there are no data or the statement does not hold as of the view's session.

        Parameters that are Python keywords take a trailing underscore: `in_`, `from_`.
        """
        named = {name.rstrip("_"): str(value) for name, value in params.items()}
        question = (metric, tuple(sorted(named.items())))
        if question not in self._known:
            try:
                self._known[question] = metrics.compute(self.view, metric, named)
            except NoData:
                self._known[question] = None
        return self._known[question]
