"""Drawdown: an index falls into a correction or a bear market, swings far while deep in one, or climbs out of it.

Owns the choice and order of what is said of a decline and of a recovery; the words are in drawdown.md.j2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from broadtape import metrics
from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import Cell, ChartPlan, Outline, Paragraph, Planned, Section, paragraph, section
from broadtape.desk.patterns import basis_of, benchmarks
from broadtape.desk.stories import Assignment, Proposal, asides, common
from broadtape.desk.stories.base import Plan, day_of, lead_of
from broadtape.model import Fact

_KINDS = ("drawdown", "bull", "recovery")
_DEEP_RARITY = 0.02  # of a session's move that makes a story of a decline under way
_STILL_DEEP = Decimal(
    -10
)  # percent from the peak, before the session or after; one mostly made good is no frame for it
_SECOND = 0.95  # of the broadest index's own score, for what comes after it
_ALSO_RARITY = 0.05  # of the large index, where another one moved so far
_CHART_BEFORE = timedelta(days=182)
_TOLD_FROM = 5  # percent: a longer stretch of less says nothing against a decline
_FAR_DAYS = 120  # an extreme "since" nearer than this is not worth a sentence
_HORIZONS = (63, 21)
_MOVE_HORIZONS = (21, 63)
_LEAST_STEP = 2  # percent; a smaller move has cases without number
_SECTORS_LEAST = 5
_STANDING = (
    "others_bear_new",
    "others_bear",
    "others_record",
    "others_away",
)  # what is like the lead comes first
_REGAINED_LEAST = Decimal(10)  # percent of the fall


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The story of a decline, or of the way out of it."""

    name: str = "drawdown"
    title: str = "a correction, a bear or bull market, a far move in one, or the close back at a record"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One a session, of the index whose signal is strongest; of far moves that of the large index goes first."""
        found = [
            item for item in assignment.ranked if item.signal.kind in _KINDS or self._deep(assignment, item)
        ]
        if not found:
            return []
        lead = found[0]
        large = assignment.view.benchmark("large")
        if lead.signal.kind == "move" or lead.signal.subject != large:
            # The broadest index goes first where its own session is news: beside another's far move, where it moved
            # far itself; beside a stage that another reached, where a story of its own would be told.
            rarity = _ALSO_RARITY if lead.signal.kind == "move" else _DEEP_RARITY
            also = (item for item in assignment.ranked if self._deep(assignment, item, rarity))
            lead = next((item for item in also if item.signal.subject == large), lead)
            # The session's move is told in the story of the stage that it reached, even where an earlier one was news.
            stages = (item for item in found if item.signal.kind in _KINDS)
            lead = next((item for item in stages if item.signal.subject == lead.signal.subject), lead)
        subject = lead.signal.subject
        covers: tuple[str, ...] = (f"drawdown/{subject}", f"record/{subject}", "move")
        score = found[0].score.total
        broad = next((item for item in assignment.ranked if _moved_far(item, large)), None)
        if subject != large and broad is not None:
            # A narrower index's stage is the second story of a session on which the broadest moved far itself.
            covers, score = covers[:-1], min(score, _SECOND * broad.score.total)
        return [Proposal(self.name, f"drawdown/{subject}", score, lead, covers)]

    @staticmethod
    def _deep(assignment: Assignment, item: Ranked, rarity: float = _DEEP_RARITY) -> bool:
        """Whether it is a session's rare move of an index in a correction or worse, before the session or after."""
        signal = item.signal
        if signal.kind != "move" or signal.params.get("over") != "1s" or signal.rarity > rarity:
            return False
        decline = assignment.book.find("decline", of=signal.subject)
        if decline is None:
            return False
        fall = assignment.book.find("return", of=signal.subject, over=f"since:{day_of(decline, 'peak')}")
        move = signal.fact.value
        if fall is None or not isinstance(fall.value, Decimal) or not isinstance(move, Decimal):
            return False
        before = (1 + fall.value / 100) / (1 + move / 100) * 100 - 100
        return min(fall.value, before) <= _STILL_DEEP

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """What was reached, how the indices stand, who fell most, precedent, what speaks against it, what is next."""
        return _Plan(assignment, lead_of(proposal)).outline(proposal.key)


def _moved_far(item: Ranked, symbol: str | None) -> bool:
    signal = item.signal
    of_day = signal.kind == "move" and signal.params.get("over") == "1s"
    return of_day and signal.subject == symbol and signal.rarity <= _DEEP_RARITY


class _Plan(Plan):
    """The facts of one decline or recovery and the sections made of them."""

    def __init__(self, assignment: Assignment, lead: Ranked) -> None:
        super().__init__(assignment)
        self.of = lead.signal.subject
        self.day = self.book.find("return", of=self.of, over="1s")
        self.up = self.day is not None and "up" in self.day.tags
        self.bear = self.book.find("decline", of=self.of, by=20)
        self.correction = self.book.find("decline", of=self.of)
        self.mode = self._mode(lead)
        self.reached = {"bear": self.bear, "correction": self.correction}.get(self.mode)
        self.bull = self.book.find("advance", of=self.of) if self.mode == "bull" else None
        self.recovery = self.book.find("recovery", of=self.of)
        self.climb = self.book.find("recovery", of=self.of, stat="climb")
        self.before = self.book.find("decline-before", of=self.of, by=20 if self.mode == "bear" else 10)
        self.peak = self._peak()
        self.window = f"since:{self.peak}"
        self.below = self.book.find("drawdown", of=self.of)
        self.extreme = self.day_extreme(self.of, self.up, _FAR_DAYS)
        self.values: dict[str, object] = {
            "of": self.of, "day_move": self.day, "close": self.book.find("level", of=self.of), "below": self.below,
            "fall": self.book.find("return", of=self.of, over=self.window), "reached": self.reached,
            "bull": self.bull, "recovery": self.recovery, "climb": self.climb, "before": self.before,
            "depth": self.book.find("recovery", of=self.of, stat="depth"), "extreme": self.extreme, "mode": self.mode,
            "correction": self.correction, "bear": self.bear, "up": self.up,
            "lowest": None if self.up else self.last_beyond(self.of, "low", _FAR_DAYS),
            "regained": self._regained(), "record": self.book.find("record", of=self.of),
        }  # fmt: skip

    def _decline(self) -> Fact | None:
        """The decline whose stages the story tells: reached, deeper, out of the bear market, back where it began.

        A far move is a story of its own session and follows none.
        """
        if self.mode == "bull":
            days, closes = metrics.closes(self.view, self.of, "price")
            peak = metrics.bear_peak(closes)
            return self.book.find("decline-from", of=self.of, from_=str(days[peak])) if peak >= 0 else None
        return self.recovery if self.mode == "recovery" else self.reached

    def _mode(self, lead: Ranked) -> str:
        kind = lead.signal.kind
        if kind == "drawdown":
            return "bear" if lead.signal.params.get("threshold") == "-20" else "correction"
        return {"bull": "bull", "recovery": "recovery"}.get(kind, "surge" if self.up else "plunge")

    def _peak(self) -> date:
        """The day the story measures from: the peak of the decline; of a recovery and a bull market, the low."""
        fact = {"bull": self.bull, "recovery": self.climb}.get(self.mode) or self.correction
        if fact is None:
            raise ValueError(f"{self.of} is in no decline")
        name = {"bull": "low", "recovery": "trough"}.get(self.mode, "peak")
        return day_of(fact, name)

    @property
    def rising(self) -> bool:
        """Whether the story measures from a low."""
        return self.mode in {"bull", "recovery"}

    @property
    def single(self) -> bool:
        """Whether the story is of one session's move."""
        return self.mode in {"surge", "plunge"}

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [
            self._opening(), self._standing(), self._sectors(), self._companies(), self._precedent(),
            self.ahead(),
        ]  # fmt: skip
        return self.assemble(
            "drawdown",
            key,
            parts,
            title=self.say(f"title_{self.mode}"),
            title_short=self.say("title_short"),
            summary=self.say("summary", others=self.other_moves(self.of)),
            topics=("drawdowns", "markets"),
            subjects=(self.of,),
            chart=self._chart(),
            run=self._decline(),
        )

    def _regained(self) -> Fact | None:
        """How much of the fall is made good, where it is worth telling."""
        fact = self.book.find("regained", of=self.of)
        known = fact is not None and isinstance(fact.value, Decimal) and fact.value >= _REGAINED_LEAST
        return fact if known else None

    def _fund(self) -> Planned | None:
        """The session as the best or worst of a fund on the index, where the fund's data reach further back."""
        if self.extreme is None or "in-data" not in self.extreme.tags:
            return None
        for instrument in self.view.instruments():
            if instrument.proxy_of != self.of:
                continue
            side = "best" if self.up else "worst"
            fact = self.book.find("return-extreme", of=instrument.symbol, side=side)
            if fact is not None and fact.get("since") is not None:
                return self.say("fund_extreme", fund=instrument.symbol, longer=fact)
        return None

    def _opening(self) -> Section | None:
        others = self.other_moves(self.of)
        deep = self.single
        return section(
            None,
            paragraph(
                self.say(f"lede_{self.mode}"),
                self.say("extreme") if self.extreme and not deep else None,
                self.say("deep_below") if deep and self.below else None,
                self._fund(),
            ),
            paragraph(
                self.say("length") if self.reached else None,
                self.say("since_last") if self.reached and self.before else None,
                self.say("regained_share")
                if self.mode == "surge" and self.values["regained"] is not None
                else None,
                self.say("recovery_time") if self.mode == "recovery" else None,
                self.say("bull_time") if self.mode == "bull" else None,
                self.say("bull_below") if self.mode == "bull" and self.below and self.below.value else None,
                self.say("in_bear")
                if deep and self.bear
                else self.say("in_correction")
                if deep and self.correction
                else None,
                self.say("index_others", others=others) if others else None,
            ),
        )

    def _standing(self) -> Section | None:
        """How far each index stands from where the story measures, and which of them are as deep."""
        rows = []
        symbols = [self.of, *(symbol for symbol in benchmarks(self.view) if symbol != self.of)]
        for symbol in symbols:
            if basis_of(self.view, symbol) != "price":
                continue
            quote = self.book.find("quote", of=symbol)
            if quote is None:
                continue
            value = quote.part("value")
            cells = [
                common.fact_cell(self.book.find("return", of=symbol, over=window))
                for window in ("1s", self.window, "ytd")
            ]
            shown = f"{value.value:,.{value.decimals}f}"
            rows.append((Cell(symbol=symbol), Cell(shown, quote), *cells))
        named = common.since_header(self.assignment, self.peak)
        heads = ("", "Close", "1 session", named, "Year to date")
        table = (
            common.filled(heads, rows) if len(rows) > 1 else None
        )  # of one index the story tells as much in words
        others = paragraph(*self._others_stand(symbols[1:]), common.volatility(self.assignment))
        return section(
            self.say("standing_heading", "definition") if table or others else None,
            table,
            others,
            *self._against(),
        )

    def _others_stand(self, symbols: list[str]) -> list[Planned]:
        """Which other indices reached as much, and how far the rest is from a record."""
        found: dict[str, list[tuple[str, Fact]]] = {}
        for symbol in symbols:
            if basis_of(self.view, symbol) != "price":
                continue
            bear = self.book.find("decline", of=symbol, by=20)
            record = self.book.find("record", of=symbol) if self.rising else None
            away = self.book.find("drawdown", of=symbol)
            if bear is not None:
                new = bear.value == self.view.as_of
                found.setdefault("others_bear_new" if new else "others_bear", []).append((symbol, bear))
            elif record is not None:
                found.setdefault("others_record", []).append((symbol, record))
            elif away is not None and away.value:
                found.setdefault("others_away", []).append((symbol, away))
        return [self.say(key, listed=tuple(found[key])) for key in _STANDING if key in found]

    def _sectors(self) -> Section | None:
        """The sector funds, by what the story measures: the session of a far move, else the whole way."""
        moves: list[tuple[Decimal, str, Fact, Fact]] = []
        for symbol in self.assignment.sector_funds:
            if basis_of(self.view, symbol) != "price":
                continue
            day = self.book.find("return", of=symbol, over="1s")
            whole = self.book.find("return", of=symbol, over=self.window)
            if day is not None and whole is not None:
                key = day if self.single else whole
                if isinstance(key.value, Decimal):
                    moves.append((key.value, symbol, day, whole))
        if len(moves) < _SECTORS_LEAST:
            return None
        moves.sort(key=lambda item: (-item[0], item[1]))
        rows = tuple(
            (Cell(symbol=symbol), common.fact_cell(day), common.fact_cell(whole))
            for _, symbol, day, whole in moves
        )
        return section(
            self.say("sectors_heading", "definition"),
            paragraph(
                common.sector_ends(
                    self.assignment, moves[0][1], moves[-1][1], "1s" if self.single else self.window
                )
            ),
            common.filled(("", "1 session", common.since_header(self.assignment, self.peak)), rows),
        )

    def _companies(self) -> Section | None:
        after = common.sessions_between(self.assignment, self.peak, self.view.as_of)[1:]
        if not after:
            return None
        window, first = ("1s", None) if self.single else (f"{after[0]}..{self.view.as_of}", after[0])
        return self.companies(window, first)

    def _precedent(self) -> Section | None:
        by = 20 if self.mode == "bear" and self._cases(20) >= 3 else 10
        found = {
            stat: self.book.find("declines", of=self.of, by=by, stat=stat)
            for stat in ("n", "depth", "down", "back")
        }
        after = self._after(by)
        cases = found["n"]
        told: list[Planned] = []
        if cases is not None and self._cases(by) > 1 and all(found.values()):
            few = "few" in cases.tags
            told = [
                Planned(key, {**self.values, **found, "few": few})
                for key in ("earlier_declines", "earlier_back")
            ]
        if not told and not after:
            return None
        heading = "precedent_heading"
        if self.single and after:  # either may be left out later, where other stories said as much
            heading = "both_heading" if told else "after_heading"
        return section(
            self.say(heading, "definition"),
            paragraph(*told),
            *common.case_paragraphs(after),
        )

    def _after(self, by: int) -> list[Planned]:
        """What followed: the sessions that moved so far, or the first closes so far below the highest."""
        if self.rising or self.day is None or not isinstance(self.day.value, Decimal):
            return []
        if not self.single:
            return common.after_cases(
                self.assignment, _HORIZONS, self.values, of=self.of, event="decline", at_least=by
            )
        step = int(abs(self.day.value))
        if step < _LEAST_STEP:
            return []
        event = "gain" if self.up else "drop"
        return common.after_cases(
            self.assignment, _MOVE_HORIZONS, self.values, of=self.of, event=event, at_least=step
        )

    def _cases(self, by: int) -> int:
        fact = self.book.find("declines", of=self.of, by=by)
        return fact.value if fact is not None and isinstance(fact.value, int) else 0

    def _against(self) -> list[Paragraph | None]:
        """The longer stretch that points the other way, the volatility index, and what the Federal Reserve did."""
        counter = None
        wanted = "down" if self.rising or self.mode == "surge" else "up"
        for window in common.since_months(self.assignment, 12, 36, 60):
            fact = self.book.find("return", of=self.of, over=window)
            if fact is not None and wanted in fact.tags and self._tells(fact, window):
                counter = self.say("counter", counter=fact)
                break
        return [
            paragraph(counter),
            *asides.told(
                self.assignment,
                (self.of, *asides.funds_of(self.assignment, (self.of,))),
                kinds=("gap", "average-cross", "recross", "volume"),
                extreme=self.mode == "plunge",  # the others lead with the stage, not with the close
            ),
            common.policy(self.assignment),
        ]

    def _tells(self, fact: Fact, window: str) -> bool:
        """Whether a longer stretch says what the decline does not: it is no wash, nor measured from near the peak."""
        start = date.fromisoformat(window.removeprefix("since:"))
        far = isinstance(fact.value, Decimal) and abs(fact.value) >= _TOLD_FROM
        return far and abs((start - self.peak).days) > _FAR_DAYS

    def _chart(self) -> ChartPlan | None:
        if self.day is None:
            return None
        """How far the close lay below the highest before, from a year before the fall on."""
        plan = self.drawn((self.of,), 504)
        first = min(plan.first, self.peak - _CHART_BEFORE)
        return replace(plan, kind="drawdown", first=first)
