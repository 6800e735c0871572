"""Judging moves, levels and directions of prices: under which reading a claim holds, or that it holds under none.

Owns when a claim about a price may be contradicted: its window was said, its instrument is one, and every reading of it
was computed from prices of the kind it speaks of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from broadtape.desk.audit.findings import finding, unverifiable
from broadtape.desk.audit.fitting import shown
from broadtape.desk.audit.measuring import Gap
from broadtape.desk.audit.parts import Assertion, Finding, Reading, Verdict
from broadtape.desk.audit.reservations import OF_ANOTHER, Reservations
from broadtape.desk.audit.trials import DAYS, EXACT, Trial, exact, explicit, telling
from broadtape.model import Fact

PRICED = frozenset({"index", "etf", "stock", "market"})


class MoveJudge(Reservations):
    """Judges what the clause grammar read of prices."""

    def judge(self, group: Sequence[Assertion]) -> list[Finding]:
        """The findings of one statement's assertions, judged on one window together."""
        first = group[0]
        entity = first.entity
        assert entity is not None
        strange = [claim for claim in group if self._strange(claim)]
        if strange:
            rest = [claim for claim in group if claim not in strange]
            values = [
                unverifiable(claim, "market values and shares of a total are not in the store")
                for claim in strange
            ]
            return [*(self.judge(rest) if rest else []), *values]
        likely, every, certain = self.readings(first)
        if not likely:
            why = "its time cannot be told" if first.spans else "it does not say over which time"
            return [unverifiable(claim, why) for claim in group]
        table = {
            number: [self.trial(claim, reading, symbol) for reading in likely for symbol in entity.symbols]
            for number, claim in enumerate(group)
        }
        anchored = self._anchor(group, table)
        turned = self._turned(group, likely) if anchored is None or not anchored[1] else None
        findings = []
        for number, claim in enumerate(group):
            trials = table[number]
            if turned is not None and claim.kind != "level":
                one = self.trial(claim, *turned)
                told = (
                    f"{self._told(claim, one)}; its other figures are of that time, and it went the other way"
                )
                findings.append(self._finding(claim, "contradicted", one, told))
                continue
            if anchored is not None and len(group) > 1:
                chosen, strong = anchored
                kept = [one for one in trials if (one.reading, one.symbol) in chosen]
                if not strong and claim.kind != "level":
                    kept = trials
                sure = certain or (strong and len(chosen) == 1)
                pinned = self._pinned(group, chosen) if not strong and not sure else None
                if pinned is not None and claim.kind == "move":
                    fixed = replace(claim, more={**claim.more, "pinned": True})
                    kept = [one for one in trials if one.reading.last == pinned]
                    findings.append(self._verdict(fixed, kept or trials, [], certain=True))
                    continue
                findings.append(self._verdict(claim, kept or trials, [], certain=sure, anchored=strong))
            else:
                findings.append(self._verdict(claim, trials, every, certain=certain))
        return findings

    def _strange(self, claim: Assertion) -> bool:
        """Whether a figure is no price and no change of one: "lost $2 trillion", "rose to 20% of the index"."""
        amount, entity = claim.amount, claim.entity
        if amount is None or entity is None:
            return False
        if claim.kind == "level" and amount.unit == "percent":
            return True
        if amount.unit == "USD" and (
            entity.kind == "index" or amount.value >= 100_000 or amount.quantum >= 1000
        ):
            return True
        return claim.kind == "move" and amount.unit == "number" and amount.quantum >= 1000

    @staticmethod
    def _anchor(
        group: Sequence[Assertion], table: dict[int, list[Trial]]
    ) -> tuple[set[tuple[Reading, str]], bool] | None:
        """The readings under which most of a statement's figures hold, and whether a change is among those.

        None where none holds any exactly. A level alone tells when a window ends, not where it starts.
        """
        scores: dict[tuple[Reading, str], int] = {}
        changed: set[tuple[Reading, str]] = set()
        for number, claim in enumerate(group):
            if claim.kind == "direction":
                continue
            for one in table[number]:
                if one.fit == "yes" and not one.reading.shield and not (claim.amount and claim.amount.hedge):
                    scores[one.reading, one.symbol] = scores.get((one.reading, one.symbol), 0) + (
                        2 if claim.kind == "level" else 1
                    )
                    if claim.kind == "move" and claim.amount is not None and telling(claim.amount):
                        changed.add((one.reading, one.symbol))
        if not scores:
            return None
        best = max(scores.values())
        chosen = {key for key, score in scores.items() if score == best}
        return chosen, chosen <= changed

    @staticmethod
    def _pinned(group: Sequence[Assertion], chosen: set[tuple[Reading, str]]) -> date | None:
        """The session whose close a statement gives to the last digit, where its sentence tells no other time."""
        days = {reading.last for reading, _ in chosen}
        exact = any(
            one.kind == "level"
            and one.amount is not None
            and one.amount.quantum <= EXACT
            and not one.amount.hedge
            for one in group
        )
        plain = all(span.kind in DAYS for span in group[0].spans) and not group[0].more.get("doubtful")
        return next(iter(days)) if exact and plain and len(days) == 1 and not group[0].perfect else None

    def _turned(self, group: Sequence[Assertion], likely: Sequence[Reading]) -> tuple[Reading, str] | None:
        """The reading under which every figure of a statement holds but for its direction; None where there is none.

        At least two figures have to agree, one of them to a tenth: so many do not by chance.
        """
        entity = group[0].entity
        figures = [one for one in group if one.kind in {"move", "level"}]
        if (
            entity is None or entity.loose or len(figures) < 2 or len({one.amount.text for one in figures if one.amount}) < 2
            or any(one.amount is None or one.amount.hedge or one.amount.sign for one in figures)
            or not any(one.amount is not None and one.amount.quantum < 1 for one in figures)
            or all(one.kind == "level" for one in figures) or group[0].on == "intraday"
        ):  # fmt: skip
            return None
        other = {"up": "down", "down": "up"}
        if any(one.side not in other for one in figures):
            return None
        for reading in likely:
            for symbol in entity.symbols:
                trials = [self.trial(replace(one, side=other[one.side]), reading, symbol) for one in figures]
                if all(one.fit == "yes" and not one.total for one in trials):
                    return reading, symbol
        return None

    def _verdict(
        self,
        claim: Assertion,
        trials: Sequence[Trial],
        every: Iterable[Reading],
        *,
        certain: bool,
        anchored: bool = False,
    ) -> Finding:
        entity = claim.entity
        assert entity is not None
        shielded = next((one for one in trials if one.fit != "no" and one.reading.shield), None)
        trials = [one for one in trials if not one.reading.shield]
        good = [one for one in trials if one.fit == "yes"]
        if good and claim.kind == "direction" and entity.loose and entity.kind == "stock":
            # "the stock plunged": half of all shares did, whichever is meant
            return self._finding(
                claim,
                "unverifiable",
                good[0],
                f"which share is meant is not certain; {self._told(claim, good[0])}",
            )
        if good:
            chosen = next((one for one in good if not one.reading.weak), good[0])
            reason = self._told(claim, chosen)
            if chosen.total:
                reason += "; computed including dividends, the only closes the store has"
            amount = claim.amount
            if (
                amount is not None
                and not amount.hedge
                and amount.quantum < 1
                and chosen.reading.first == chosen.reading.last
            ):
                self.bears.add(chosen.reading.last)
                if amount.quantum <= EXACT:
                    self.closes.add(chosen.reading.last)
            return self._finding(claim, "verified", chosen, reason)
        gaps = [one for one in trials if one.gap]
        computed = [one for one in trials if one.value is not None]
        if not computed:
            return unverifiable(claim, gaps[0].gap if gaps else "the store lacks the closes")
        chosen = next((one for one in computed if not one.reading.weak), computed[0])
        told = self._told(claim, chosen)
        near = next((one for one in computed if one.fit == "near"), None)
        if near is not None and anchored and claim.kind == "move" and self._misrounded(claim, near):
            near = None
        if near is not None:
            return self._finding(
                claim,
                "unverifiable",
                near,
                f"too near to tell: {self._told(claim, near)}, and sources differ by as much",
            )
        moment = self._moment(claim, computed) if claim.kind == "move" else ""
        if moment:
            return self._finding(claim, "unverifiable", chosen, f"{moment}; {told}")
        if shielded is not None:
            reason = f"it may be about another day: {self._told(claim, shielded)}"
            return self._finding(claim, "unverifiable", chosen, f"{reason}; {told}")
        far = self._beyond(claim, entity, chosen)
        if far and not gaps:
            return self._finding(claim, "contradicted", chosen, f"{told}; {far}", self.nearest(claim, entity))
        held = self._reservation(claim, entity, chosen, gaps, certain=certain)
        wide = self._hull(claim, every, entity) if not held else ""
        if held or wide:
            return self._finding(claim, "unverifiable", chosen, f"{held or wide}; {told}")
        if entity.kind == "index" and self._with_dividends(claim, computed):
            return self._finding(
                claim,
                "unverifiable",
                chosen,
                f"it may include dividends, which this price index does not; {told}",
            )
        nearest = self.nearest(claim, entity)
        swapped = nearest.startswith(OF_ANOTHER) and exact(claim)
        if nearest and claim.more.get("carried") and not claim.more.get("headed") and not swapped:
            return self._finding(
                claim, "unverifiable", chosen, f"its time is its paragraph's, and {nearest}; {told}"
            )
        if nearest and not anchored and not explicit(claim) and not nearest.startswith(OF_ANOTHER):
            return self._finding(
                claim, "unverifiable", chosen, f"true under another reading: {nearest}; {told}"
            )
        unborne = self._unborne(claim, chosen) if not anchored else ""
        if unborne:
            return self._finding(claim, "unverifiable", chosen, f"{unborne}; {told}")
        also = "" if anchored or len(computed) == 1 else f"; nor does it hold of {_others(computed, chosen)}"
        return self._finding(claim, "contradicted", chosen, told + also, nearest)

    def _finding(
        self, claim: Assertion, status: Verdict, one: Trial, reason: str, nearest: str = ""
    ) -> Finding:
        fact = self._fact(claim, one)
        computed = ""
        if one.value is not None:
            unit = "USD" if claim.kind == "level" and self.measures.unit(one.symbol) == "USD" else ""
            if claim.kind != "level":
                unit = (
                    "percent"
                    if claim.amount is None or claim.amount.unit == "percent"
                    else self.measures.unit(one.symbol)
                )
            computed = shown(one.value, unit)
        return finding(claim, status, reason, fact=fact, computed=computed, nearest=nearest)

    def _fact(self, claim: Assertion, one: Trial) -> Fact | None:
        if one.value is None:
            return None
        if claim.kind == "level":
            day = (
                one.reading.last if not claim.more.get("before") else self.measures.before(one.reading.first)
            )
            found = self.measures.fact("level", None, of=one.symbol, on=str(day))
        elif one.total:
            found = self.measures.fact("return", None, of=one.symbol, over=one.reading.form, basis="total")
        else:
            found = self.measures.fact("return", None, of=one.symbol, over=one.reading.form)
        return None if isinstance(found, Gap) else found


def _others(computed: Sequence[Trial], chosen: Trial) -> str:
    labels = list(
        dict.fromkeys(one.reading.label.removeprefix("on ") for one in computed if one is not chosen)
    )
    labels = [label for label in labels if label != chosen.reading.label]
    return " or ".join(labels[:3]) or "another reading"
