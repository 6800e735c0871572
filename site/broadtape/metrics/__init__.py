"""Metrics: named, documented, pure questions to a MarketView whose answers are Facts.

Owns every figure the desk may print. Owns no wording of sentences, no files and no choice of what is news.

One figure      fact(view, "return", of="RUT", over="2025-12") → Fact; compute, key, normalise, definition(s)
On file         to_json, from_json
For scanning    closes(view, symbol, basis) → days, values; pair(view, of, vs, basis) → days, a, b
                leads(view, of, vs, unit, basis) and moves(view, of, side, unit, basis) → Course with its runs
                period_returns(view, symbol, unit, basis) → first days, last days, returns
                record_marks(values, side), first_reached(course, at_least), jumps(values, side, at_least)
                runs(bools) → starts, lengths; size_of(closes, base, last) and size_class(bars, (base, last))

Names are imported when first used, so that a reader of facts on file loads no arrays.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broadtape.metrics.declines import bear_peak
    from broadtape.metrics.filed import BadRecord, from_json, to_json
    from broadtape.metrics.macro import course_of, series_of, spacing
    from broadtape.metrics.periods import complete, runs
    from broadtape.metrics.precedent import first_reached, jumps
    from broadtape.metrics.records import period_returns, record_marks
    from broadtape.metrics.registry import (
        Definition,
        Parameter,
        compute,
        definition,
        definitions,
        fact,
        key,
        normalise,
    )
    from broadtape.metrics.returns import size_class, size_of
    from broadtape.metrics.series import Line, closes, closing, pair
    from broadtape.metrics.streaks import Course, leads, moves

__all__ = [
    "BadRecord",
    "Course",
    "Definition",
    "Line",
    "Parameter",
    "bear_peak",
    "closes",
    "closing",
    "complete",
    "compute",
    "course_of",
    "definition",
    "definitions",
    "fact",
    "first_reached",
    "from_json",
    "jumps",
    "key",
    "leads",
    "moves",
    "normalise",
    "pair",
    "period_returns",
    "record_marks",
    "runs",
    "series_of",
    "size_class",
    "size_of",
    "spacing",
    "to_json",
]

_HOMES = {
    "declines": ("bear_peak",),
    "filed": ("BadRecord", "from_json", "to_json"),
    "macro": ("course_of", "series_of", "spacing"),
    "periods": ("complete", "runs"),
    "precedent": ("first_reached", "jumps"),
    "records": ("period_returns", "record_marks"),
    "registry": (
        "Definition", "Parameter", "compute", "definition", "definitions", "fact", "key", "normalise",
    ),
    "returns": ("size_class", "size_of"),
    "series": ("Line", "closes", "closing", "pair"),
    "streaks": ("Course", "leads", "moves"),
}  # fmt: skip
_MODULE = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """The public name from its module, imported now."""
    try:
        module = import_module(f"broadtape.metrics.{_MODULE[name]}")
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(module, name)
    globals()[name] = value
    return value
