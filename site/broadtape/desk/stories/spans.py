"""Week and month: what the indices, the sectors and the companies did in the week or month that the session ends.

Owns when either is due and what is said; the words are in week.md.j2 and month.md.j2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from broadtape import metrics
from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import (
    Cell,
    ChartPlan,
    Outline,
    Paragraph,
    Planned,
    Section,
    Table,
    paragraph,
    section,
)
from broadtape.desk.patterns import basis_of, benchmarks
from broadtape.desk.stories import Assignment, Proposal, common
from broadtape.desk.stories.base import Plan, with_blocks
from broadtape.metrics.groups import SECTOR_FUNDS
from broadtape.metrics.periods import Unit
from broadtape.model import Basis, BroadtapeError, Fact
from broadtape.numbers import day as printed_day

_BASE = {"week": 5.0, "month": 5.5}  # a wrap is due when its period is over, whatever happened in it
_FAR = {
    "week": 90,
    "month": 370,
    "quarter": 740,
    "year": 1_100,
}  # days; an extreme nearer is not worth a headline
_RUN_FAR = 240  # days; that a longer run ended last spring is no news of this one
_RUN = {"week": 3, "month": 3}
_KINDS = ("period", "streak", "streak-ended", "relative-weeks", "relative-months")
_SECTORS_LEAST = 5

_APART_TOLD = Decimal("0.5")  # percentage points: what is less apart went together


@dataclass(frozen=True, slots=True)
class Span:
    """The period that a session ends: its window, and the longer ones that end with it (a month: quarter, year)."""

    unit: Unit
    window: str
    longer: tuple[tuple[Unit, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SpanWrap:
    """The story of a week or a month, told on the session that ends it."""

    name: Literal["week", "month"]

    @property
    def title(self) -> str:
        """What it is about, for help texts."""
        return f"the {self.name} that the session ends: indices, sectors, companies"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One where the session is the period's last, as strong as its strongest signal, never worth nothing."""
        return proposed(assignment, self.name, self.name)

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The period, as it went."""
        span = span_of(assignment, self.name)
        if span is None:
            raise ValueError(f"the session does not end a {self.name}")
        return _Plan(assignment, span, self.name).outline(proposal.key)


def span_of(assignment: Assignment, unit: Unit) -> Span | None:
    """The week or month that ends with the view's session; None where a later session falls into it."""
    view = assignment.view
    try:
        periods = metrics.complete(view, unit)
    except BroadtapeError:
        return None
    last = len(view.sessions) - 1
    if not len(periods) or int(periods.last[-1]) != last:
        return None
    day = view.as_of
    if unit == "week":
        year, week, _ = day.isocalendar()
        return Span(unit, f"{year}-W{week:02}")
    longer: list[tuple[Unit, str]] = []
    if day.month % 3 == 0:
        longer.append(("quarter", f"{day.year}-Q{day.month // 3}"))
    if day.month == 12:
        longer.append(("year", str(day.year)))
    return Span(unit, f"{day:%Y-%m}", tuple(longer))


def proposed(assignment: Assignment, unit: Unit, name: str) -> list[Proposal]:
    """The wrap of the period, if the session ends one; as strong as its strongest own signal."""
    span = span_of(assignment, unit)
    indices = benchmarks(assignment.view)
    if span is None or not indices or _returned(assignment, indices[0], span.window) is None:
        return []
    units = {span.unit, *(one for one, _ in span.longer)}
    own: list[Ranked] = [
        item
        for item in assignment.ranked
        if item.signal.kind in _KINDS and item.signal.params.get("unit") in units
        and item.signal.subject == indices[0]
    ]  # fmt: skip
    lead = own[0] if own else None
    return [Proposal(name, name, max(_BASE[unit], lead.score.total if lead else 0.0), lead)]


def _returned(assignment: Assignment, symbol: str, window: str) -> Fact | None:
    basis = basis_of(assignment.view, symbol)
    chosen = {} if basis in (None, "price") else {"basis": str(basis)}
    return assignment.book.find("return", of=symbol, over=window, **chosen)


class _Plan(Plan):
    """The facts of one period and the sections made of them."""

    def __init__(self, assignment: Assignment, span: Span, story: str) -> None:
        super().__init__(assignment)
        self.span, self.story = span, story
        self.of = self.indices[0]
        self.basis: Basis = basis_of(self.view, self.of) or "price"
        self.gain = self.moved(self.of, span.window)
        self.up = self.gain is not None and "up" in self.gain.tags
        self.run = self._run()
        self.far = {unit: self._extreme(unit) for unit in (span.unit, *(one for one, _ in span.longer))}
        self.values: dict[str, object] = {
            "of": self.of, "gain": self.gain, "up": self.up, "close": self.book.find("level", of=self.of),
            "run": self.run, "most": self._of_run("streak-most"), "longer_run": self._of_run("streak-longer"),
            "extreme": self.far[span.unit], "record": self._record(), "others": self._others(),
            **{f"{unit}_gain": self.moved(self.of, window) for unit, window in span.longer},
            **{f"{unit}_extreme": self.far[unit] for unit, _ in span.longer},
        }  # fmt: skip
        for unit in ("quarter", "year"):
            self.values.setdefault(f"{unit}_gain", None)
            self.values.setdefault(f"{unit}_extreme", None)

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [
            self._opening(), self._days() if self.span.unit == "week" else self._season(), self._sectors(),
            self._companies(), self.ahead(),
        ]  # fmt: skip
        return self.assemble(
            self.story,
            key,
            parts,
            title=self.say("title"),
            title_short=self.say("title_short"),
            topics=("market-wrap", "markets"),
            subjects=tuple(self.indices),
            chart=self._chart(),
        )

    def _run(self) -> Fact | None:
        """The run of such weeks or months that this one lengthens, from three on."""
        if self.basis != "price":
            return None
        side = "up" if self.up else "down"
        fact = self.book.find("streak", of=self.of, side=side, unit=self.span.unit)
        least = _RUN["week" if self.span.unit == "week" else "month"]
        return fact if fact is not None and isinstance(fact.value, int) and fact.value >= least else None

    def _of_run(self, metric: str) -> Fact | None:
        if self.run is None:
            return None
        side = "up" if self.up else "down"
        fact = self.book.find(metric, of=self.of, side=side, unit=self.span.unit)
        end = fact.part("end").value if fact is not None else None
        near = isinstance(end, date) and 0 < (self.view.as_of - end).days < _RUN_FAR
        return None if fact is None or near or "tie" in fact.tags else fact

    def _extreme(self, unit: Unit) -> Fact | None:
        """The period as the best or worst since one far enough back to be news."""
        if self.basis != "price" or self.gain is None:
            return None
        window = dict((*self.span.longer, (self.span.unit, self.span.window)))[unit]
        gain = self.moved(self.of, window)
        if gain is None:
            return None
        side = "best" if "up" in gain.tags else "worst"
        fact = self.book.find("return-extreme", of=self.of, unit=unit, side=side)
        since = fact.get("since") if fact is not None else None
        if fact is None or since is None or not isinstance(since.value, date):
            return fact  # nothing in the data was as good or bad
        return fact if (self.view.as_of - since.value).days >= _FAR[unit] else None

    def _record(self) -> Fact | None:
        return self.book.find("record", of=self.of) if self.basis == "price" else None

    def _others(self) -> tuple[tuple[str, Fact], ...]:
        pairs = [(symbol, self.moved(symbol, self.span.window)) for symbol in self.indices[1:]]
        return tuple((symbol, fact) for symbol, fact in pairs if fact is not None)

    def _opening(self) -> Section | None:
        others = self._others()
        said = [
            self.say("extreme") if self.far[self.span.unit] else None,
            self.say("run") if self.run else None,
            *(
                self.say(f"{unit}_gain")
                for unit, _ in self.span.longer
                if unit == "quarter" and self.values[f"{unit}_gain"] is not None
            ),
        ]
        blocks: list[Paragraph | Table | None] = [
            paragraph(self.say("lede")),
            paragraph(*said),
            paragraph(self.say("others") if others else None, self._apart()),
            self._table(),
        ]
        return section(None, *blocks)

    def _apart(self) -> Planned | None:
        """How far the index furthest from the first one led or trailed it, where it is told in points."""
        apart = [
            (abs(fact.value), symbol, fact)
            for symbol, _ in self._others()
            if (fact := self._ahead(symbol)) is not None and isinstance(fact.value, Decimal)
        ]  # fmt: skip
        if not apart:
            return None
        wide, symbol, fact = max(apart, key=lambda one: (one[0], one[1]))
        return self.say("apart", symbol=symbol, apart=fact) if wide >= _APART_TOLD else None

    def _ahead(self, symbol: str) -> Fact | None:
        over = self.span.window
        return self.book.find("relative-return", of=symbol, vs=self.of, over=over, **self._chosen())

    def _chosen(self) -> dict[str, str]:
        return {} if self.basis == "price" else {"basis": self.basis}

    def _table(self) -> Table | None:
        rows = []
        windows = [self.span.window, *(window for _, window in self.span.longer)]
        heads = [
            "Week" if self.span.unit == "week" else "Month",
            *(unit.capitalize() for unit, _ in self.span.longer),
        ]
        if "Year" not in heads:
            windows.append("ytd")
            heads.append("Year to date")
        volatility = self.view.benchmark("volatility")
        for symbol in [*self.indices, *([volatility] if volatility else [])]:
            quote = self.book.find("quote", of=symbol)
            if quote is None:
                continue
            price = quote.part("value")
            shown = f"{price.value:,.{price.decimals}f}"
            cells = [common.fact_cell(self.moved(symbol, window)) for window in windows]
            rows.append(
                (Cell(symbol=symbol), Cell(f"${shown}" if price.unit == "USD" else shown, quote), *cells)
            )
        return common.filled(("", "Close", *heads), rows) if rows else None

    def _days(self) -> Section | None:
        """Session by session, with the one that moved most."""
        start = self.gain.get("start") if self.gain else None
        if start is None or not isinstance(start.value, date) or self.basis != "price":
            return None
        days = common.sessions_between(self.assignment, start.value, self.view.as_of)
        moves = [
            (abs(fact.value), day, fact)
            for day in days
            if (fact := self.moved(self.of, f"{day}..{day}")) is not None and isinstance(fact.value, Decimal)
        ]
        if len(moves) < 2:
            return None
        _, day, fact = max(moves, key=lambda one: (one[0], one[1]))
        rows = []
        for when in days:
            cells = [common.fact_cell(self.moved(symbol, f"{when}..{when}")) for symbol in self.indices]
            rows.append((Cell(printed_day(when, reference=self.view.as_of)), *cells))
        heads = ("Session", *(self.view.instrument(symbol).name for symbol in self.indices))
        return section(
            self.say("days_heading", day=day, largest=fact),
            common.filled(heads, rows),
        )

    def _season(self) -> Section | None:
        """How the same month went in other years, as a base rate and no more."""
        month = self.view.as_of.month
        found = {
            stat: self.book.find("season", of=self.of, month=month, stat=stat)
            for stat in ("median", "positive")
        }
        cases = self.book.find("season", of=self.of, month=month)
        if self.basis != "price" or cases is None or not isinstance(cases.value, int) or cases.value < 3:
            return None
        if not all(found.values()) or abs(Decimal(str(found["median"].value))) < Decimal("0.05"):  # type: ignore[union-attr]  # all are there
            return None
        return section(
            self.say("season_heading", "definition"),
            paragraph(Planned("season", {**self.values, **found, "years": cases})),
        )

    def _sectors(self) -> Section | None:
        moves = [
            (fact.value, symbol, fact)
            for symbol in self.assignment.sector_funds
            if basis_of(self.view, symbol) == "price"
            and (fact := self.moved(symbol, self.span.window)) is not None
            and isinstance(fact.value, Decimal)
        ]
        if len(moves) < _SECTORS_LEAST:
            return None
        moves.sort(key=lambda one: (-one[0], one[1]))
        rose = sum(1 for value, _, _ in moves if value > 0)
        side = "up" if rose * 2 >= len(moves) else "down"
        share = self.book.find("breadth", in_=SECTOR_FUNDS, over=self.span.window, side=side)
        values = {"share": share, "side": side}
        head = "Week" if self.span.unit == "week" else "Month"
        rows = tuple(
            (Cell(symbol=symbol), common.fact_cell(fact), common.fact_cell(self.moved(symbol, "ytd")))
            for _, symbol, fact in moves
        )
        return section(
            self.say("sectors_heading", "definition"),
            paragraph(
                common.sector_ends(self.assignment, moves[0][1], moves[-1][1], self.span.window),
                Planned("sectors_share", {**self.values, **values}) if share is not None else None,
            ),
            common.filled(("", head, "Year to date"), rows),
        )

    def _companies(self) -> Section | None:
        start = self.gain.get("start") if self.gain else None
        if start is None or not isinstance(start.value, date):
            return None
        return with_blocks(self.companies(self.span.window, start.value), self._deals())

    def _deals(self) -> Paragraph | None:
        """How many prospectuses, acquisitions and agreements the companies filed whose filings are followed."""
        counted = [
            (kind, fact)
            for kind in ("offering", "acquisition", "agreement")
            if (fact := self.book.find("filing-count", kind=kind, over=self.span.window)) is not None
            and fact.value
        ]
        return paragraph(Planned("deals", {"counted": tuple(counted)})) if counted else None

    def _chart(self) -> ChartPlan | None:
        start = self.gain.get("start") if self.gain else None
        if self.gain is None or start is None or not isinstance(start.value, date):
            return None
        other = self.indices[1] if len(self.indices) > 1 else ""
        return self.drawn(
            self.indices[:2], 63 if self.span.unit == "week" else 252, basis=self.basis, indexed=True,
            title=self.say("chart_title", "definition", other=other),
            shade=(start.value, self.view.as_of), shade_label=f"The {self.span.unit}",
        )  # fmt: skip
