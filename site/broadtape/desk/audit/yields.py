"""Judging histories of yields: their highest and lowest since, and whether the curve is inverted.

By the daily series, from which quotes of an hour differ: only what lies beyond those differences is contradicted.
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from typing import TYPE_CHECKING

from broadtape.desk.audit.findings import unverifiable
from broadtape.desk.audit.fitting import shown
from broadtape.desk.audit.history import History
from broadtape.desk.audit.measuring import Gap
from broadtape.desk.audit.parts import Assertion, Finding

if TYPE_CHECKING:
    pass

_STALE_DAYS = 5
_FAR_FROM_QUOTES = Decimal("0.20")  # points: no quote of an hour is as far from the day's own reading
_FLAT_CURVE = Decimal("0.10")  # points: as near to nought as this an hour may have been on the other side


class Yields(History):
    """Judges histories of rates."""

    def _curve(self, claim: Assertion) -> Finding:
        """Whether the two-year yield stood above the 10-year on the days it may be about."""
        assert claim.entity is not None
        name = claim.entity.symbols[0].removeprefix("series:")
        found = self.measures.later_readings(name)
        if isinstance(found, Gap):
            return unverifiable(claim, found.reason)
        days = [one.astype("datetime64[D]").item() for one in found.periods]
        texts: list[str] = []
        held: list[Decimal] = []
        for session in self.sessions(claim)[0]:
            at = bisect_right(days, session) - 1
            if at < 0 or (session - days[at]).days > _STALE_DAYS:
                continue
            held += found.values[max(0, at - 5) : at + 2]
            text = f"10-year less two-year Treasury yield was {shown(found.values[at], '')} points on {days[at]} (series {name})"
            if (found.values[at] < 0) == (claim.side == "inverted"):
                return self._verified(claim, text, computed=shown(found.values[at], ""))
            texts.append(text)
        if not texts:
            return unverifiable(claim, f"{name} has no reading of those days")
        way = [value if claim.side == "inverted" else -value for value in held]
        doubt = (
            self._doubt(claim, told=True)
            if min(way) > _FLAT_CURVE
            else "quotes of other hours differ from it by as much"
        )
        return self._end(claim, doubt, texts[0], computed=texts[0])

    def _rate_extreme(self, claim: Assertion) -> Finding:
        """ "its highest since November 2007", of a yield: by the daily series, which no hour's quote has to agree with."""
        assert claim.entity is not None
        name = claim.entity.symbols[0].removeprefix("series:")
        found = self.measures.later_readings(name)
        if isinstance(found, Gap):
            return unverifiable(claim, found.reason)
        days = [one.astype("datetime64[D]").item() for one in found.periods]
        high = claim.side == "high"
        texts: list[str] = []
        sure = True
        for session in self.sessions(claim)[0]:
            at = bisect_right(days, session) - 1
            limit, wrong = self._reach(claim, session)
            if at < 1 or (session - days[at]).days > _STALE_DAYS:
                return unverifiable(claim, f"{name} has no reading of {session}")
            if limit is None or wrong is None:
                return unverifiable(claim, "since when is not said in a way that can be computed")
            now = found.values[at]
            beyond = [
                one for one in range(at) if (found.values[one] > now if high else found.values[one] < now)
            ]
            text = f"{claim.entity.name} was {now} on {days[at]}"
            fact = self.measures.fact("reading", None, series=name)
            if (beyond and days[beyond[-1]] <= limit) or (not beyond and days[0] <= limit):
                last = (
                    f"last beyond that on {days[beyond[-1]]}"
                    if beyond
                    else f"not beyond that since {days[0]}"
                )
                return self._verified(claim, f"{text}, {last} (series {name})", computed=str(now), fact=fact)
            if not beyond:
                return unverifiable(claim, f"{text}; the data start on {days[0]}, and go beyond that nowhere")
            last_day, last_value = days[beyond[-1]], found.values[beyond[-1]]
            texts.append(f"{text}, and {last_value} on {last_day} (series {name})")
            far = [
                one for one in beyond if abs(found.values[one] - now) > _FAR_FROM_QUOTES and days[one] > wrong
            ]
            sure = sure and bool(far)
        doubt = (
            self._doubt(claim, told=True)
            if sure
            else "quotes of other hours differ from the daily series by as much"
        )
        return self._end(claim, doubt, texts[0], computed=texts[0])
