"""Judging claims of a history: streaks, records, highest since, best since, crossings, distance from a peak, who led.

Each is computed on every session it may be about and under every usual definition (close or intraday, sessions, weeks
or months). It is contradicted only where it holds under none and the data reach as far back as it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadtape.desk.audit.findings import finding, unverifiable
from broadtape.desk.audit.parts import Assertion, Finding

if TYPE_CHECKING:
    pass
from broadtape.desk.audit.peaks import Peaks
from broadtape.desk.audit.runs import Runs
from broadtape.desk.audit.yields import Yields


class HistoryJudge(Runs, Peaks, Yields):
    """Judges what `phrases` read."""

    def judge(self, claim: Assertion) -> Finding:
        """The finding of one phrase."""
        entity = claim.entity
        assert entity is not None
        if claim.label == "forecast":
            return finding(claim, "forecast", "a forecast, a condition or a possibility: not judged")
        if claim.label == "negated":
            return unverifiable(claim, "a denial: not judged")
        if claim.more.get("elsewhen"):
            return unverifiable(claim, "it speaks of another time or of a rule: not judged")
        if entity.missing or not entity.symbols:
            return unverifiable(claim, f"the store has no {entity.missing or 'such series'}")
        if claim.kind == "curve":
            return self._curve(claim)
        if claim.kind == "extreme" and entity.kind == "yield":
            return self._rate_extreme(claim)
        if any(symbol.startswith(("series:", "@")) for symbol in entity.symbols):
            return unverifiable(claim, f"histories of {entity.name} are not judged")
        method = {
            "streak": self._streak, "relative-streak": self._relative_streak, "leads": self._leads, "longest": self._longest, "record": self._record,
            "extreme": self._extreme, "best": self._best, "cross": self._cross, "distance": self._distance, "relative": self._relative,
        }[claim.kind]  # fmt: skip
        return method(claim, entity.symbols[0])
