"""Rotation: one group outpaces another session after session, or stops doing so.

Owns the choice and order of what is said about a relative streak; the words are in rotation.md.j2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from broadtape import metrics
from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import ChartPlan, Outline, Planned, Section, paragraph, section
from broadtape.desk.patterns import round_step
from broadtape.desk.stories import Assignment, Proposal, asides, common
from broadtape.desk.stories.base import Plan, count_of, day_of, days_since, lead_of
from broadtape.model import Basis, Fact

_KINDS = ("relative-streak", "relative-streak-ended")
_TABLE_MOST = 10  # sessions shown one by one; a longer run shows its first and last four
_HORIZONS = (21, 63)
_FAR_DAYS = 180  # an equal run more recent than this is no news
_EARLY = 10  # day of the month
_LEAST_RUN = 4  # sessions; shorter runs are everyday
_CASES_WANTED = 5  # earlier runs; under that the next shorter length is looked at


@dataclass(frozen=True, slots=True)
class Rotation:
    """The story of a relative streak."""

    name: str = "rotation"
    title: str = "one group outpaces another for many sessions, or stops"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One proposal per pair of series; of two that share a subject only the stronger."""
        found: list[Proposal] = []
        taken: set[str] = set()
        for item in assignment.ranked:
            signal = item.signal
            if signal.kind in _KINDS and not {signal.subject, signal.object} & taken:
                taken |= {signal.subject, signal.object}
                key = f"rotation/{signal.subject}/{signal.object}"
                found.append(Proposal(self.name, key, item.score.total, item))
        return found

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The run and its place in the record, the sessions, the companies, precedent, what comes next."""
        return _Plan(assignment, lead_of(proposal)).outline(proposal.key)


class _Plan(Plan):
    """The facts of one run, asked once, and the sections made of them."""

    def __init__(self, assignment: Assignment, lead: Ranked) -> None:
        super().__init__(assignment)
        signal = lead.signal
        self.of, self.vs = signal.subject, signal.object
        self.chosen = dict(signal.params)
        self.basis: Basis = "total" if self.chosen.get("basis") == "total" else "price"
        self.run = signal.fact
        self.over = signal.kind == "relative-streak-ended"
        self.start, self.end = day_of(self.run, "start"), day_of(self.run, "end")
        self.length = count_of(self.run)
        self.window = f"{self.start}..{self.end}"
        pair = {"of": self.of, "vs": self.vs, **self.chosen}
        self.longer = self.book.find("streak-last-longer", **pair)
        self.equal = self.book.find("streak-last-equal", **pair)
        self.longest = self.book.find("streak-longest", **pair)
        self.least, self.earlier = self._precedents(pair)
        self.gain = self._return(self.of, self.window)
        self.other = self._return(self.vs, self.window)
        self.gap = self.book.find("relative-return", over=self.window, **pair)
        self.values: dict[str, object] = {
            "of": self.of, "vs": self.vs, "run": self.run, "over": self.over,
            "longer": self.longer if not self.equal and self._far_longer() else None,
            "equal": self.equal if self._far(self.equal) else None, "longest": self.longest,
            "gain": self.gain, "other": self.other, "gap": self.gap, "total": self.basis == "total",
        }  # fmt: skip

    def _far_longer(self) -> bool:
        """Whether the latest longer run ended far enough back for "the longest since" to be news."""
        return days_since(self.longer, "end", self.view.as_of) >= _FAR_DAYS

    def _far(self, equal: Fact | None) -> bool:
        """Whether the latest equal run ended far enough back for "matching" it to be news."""
        if equal is None or not count_of(equal):
            return False
        return (self.view.as_of - day_of(equal, f"end{count_of(equal)}")).days >= _FAR_DAYS

    def _precedents(self, pair: dict[str, str]) -> tuple[int, Fact | None]:
        """The longest length, at most the run's, that at least a few earlier runs reached; and their count."""
        for least in range(self.length, _LEAST_RUN - 1, -1):
            fact = self.book.find("streak-count", at_least=least, **pair)
            if fact is not None and count_of(fact) >= _CASES_WANTED:
                return least, fact
        return self.length, None

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [
            self._opening(), self._figures(), self._companies(), self._precedent(), self._next(),
        ]  # fmt: skip
        return self.assemble(
            "rotation",
            key,
            parts,
            title=self.say("title_ended" if self.over else "title"),
            title_short=None if self.over else self.say("title_short"),
            summary=self._summary_line(),
            topics=("rotation", "markets"),
            subjects=(self.of, self.vs),
            chart=self._chart(),
            run=self.run,
        )

    def _summary_line(self) -> Planned:
        last = f"{self.view.as_of}..{self.view.as_of}"
        broke, other = self._return(self.of, last), self._return(self.vs, last)
        return self.say("summary_ended" if self.over else "summary", broke=broke, broke_other=other)

    def _return(self, symbol: str, window: str) -> Fact | None:
        return self.book.find("return", of=symbol, over=window, **self.chosen)

    def _opening(self) -> Section | None:
        months = self._months_led()
        broke = (
            self._return(self.of, f"{self.view.as_of}..{self.view.as_of}"),
            self._return(self.vs, f"{self.view.as_of}..{self.view.as_of}"),
        )
        return section(
            None,
            paragraph(
                self.say("lede_ended" if self.over else "lede"),
                self.say("broke", broke=broke[0], broke_other=broke[1]) if self.over and all(broke) else None,
                self.say("lede_gains") if self.gain and self.other and not self.over else None,
                self.say("longer", longer=self.longer)
                if self.longer and self.equal and not self.over
                else None,
            ),
            paragraph(
                self.say("gap") if self.gap else None,
                *self._months(months),
            ),
        )

    def _months_led(self) -> Fact | None:
        """Months led among the complete months that lie inside the year before the session."""
        year_ago = _years_before(self.view.as_of, 1)
        first = year_ago if year_ago.day == 1 else _next_month(year_ago)
        last = _month_before(self.view.as_of)
        return self.book.find(
            "periods-led", of=self.of, vs=self.vs, unit="month", from_=f"{first:%Y-%m}", to=f"{last:%Y-%m}",
            **self.chosen,
        )  # fmt: skip

    def _months(self, months: Fact | None) -> list[Planned]:
        """The months led, with what they make of the run where they lean clearly one way."""
        if months is None:
            return []
        led, total = count_of(months), months.part("total").value
        said = [self.say("months_led", months=months)]
        if isinstance(total, int) and led * 5 <= total * 2:
            said.append(
                self.say("months_against", "interpretation", f"{months.id}.value <= {total * 2 // 5}")
            )
        return said

    def _figures(self) -> Section | None:
        days = common.sessions_between(self.assignment, self.start, self.end)
        shown = days if len(days) <= _TABLE_MOST else [*days[:4], *days[-4:]]
        table = common.session_table(self.assignment, self.of, self.vs, shown, self.basis)
        before = _month_before(self.start)
        month = f"{before:%Y-%m}"
        early = self.start.day <= _EARLY  # later in a month, the month before is not what the run followed
        month_of = self._return(self.of, month) if early else None
        month_vs = self._return(self.vs, month) if early else None
        first5 = None
        if (self.view.as_of - date(self.view.as_of.year, 1, 1)).days <= 31:
            first5 = self._return(self.of, f"{self.view.as_of.year}.first5s")
        return section(
            self.say("figures_heading", "definition"),
            paragraph(
                self.say("first_five", first5=first5, crossed=self._crossed())
                if first5
                else self._round_number(),
                self._record(),
            ),
            table,
            paragraph(self.say("part_of_table", "definition") if len(shown) < len(days) else None),
            paragraph(
                self.say("month_before", month_of=month_of, month_vs=month_vs)
                if month_of and month_vs
                else None,
            ),
            common.policy(self.assignment, after=self.start),
        )

    def _round_number(self) -> Planned | None:
        crossed = self._crossed()
        return self.say("crossed", crossed=crossed) if crossed else None

    def _crossed(self) -> Fact | None:
        """The first close above the highest round number reached, if it fell in the run."""
        if self.basis != "price":
            return None
        _, closes = metrics.closes(self.view, self.of, "price")
        step = round_step(float(closes[-1]))
        reached = int(float(closes[-1]) // step * step)
        fact = self.book.find("first-close", of=self.of, side="above", level=reached) if reached else None
        if fact is None or not isinstance(fact.value, date) or not self.start <= fact.value <= self.end:
            return None
        return fact

    def _record(self) -> Planned | None:
        fact = self.book.find("last-record", of=self.of, side="high") if self.basis == "price" else None
        if fact is None or not self.start <= day_of(fact, "date") <= self.view.as_of:
            return None
        crossed = self._crossed()
        if crossed is not None and crossed.value == day_of(fact, "date"):
            return None  # the same close, told as the round number it crossed
        return self.say("record", record=fact)

    def _companies(self) -> Section | None:
        field = common.field_of(self.assignment, self.window, self.start, self.end)
        if self.over or field is None:
            field = common.field_of(self.assignment, "1s", None, self.view.as_of)
        return self.field(field, near=False) if field is not None else None

    def _precedent(self) -> Section | None:
        if self.earlier is None:
            return None
        other = self._other_record()
        rose = self.other is not None and "up" in self.other.tags
        after = common.after_cases(
            self.assignment, _HORIZONS, self.values,
            of=self.of, vs=self.vs, event="relative-streak", at_least=self.least, basis=self.basis,
        )  # fmt: skip
        counter = self._counter_signal()
        return section(
            self.say("precedent_heading", "definition"),
            *common.case_paragraphs(after),
            paragraph(
                counter,
            ),
            *asides.told(self.assignment, (self.of, self.vs), kinds=asides.RELATIVE, most=1),
            paragraph(
                self.say("other_record", other_record=other) if other else None,
                self.say("no_exodus", "interpretation", f"up in {self.other.id}")
                if other and rose and self.other
                else None,
            ),
        )

    def _counter_signal(self) -> Planned | None:
        """The stretch of three months, a year or three over which the subject trails by most, if it trails at all."""
        worst: Fact | None = None
        for window in common.since_months(self.assignment, 3, 12, 36):
            fact = self.book.find("relative-return", of=self.of, vs=self.vs, over=window, **self.chosen)
            if fact is not None and "lag" in fact.tags and (worst is None or fact.value < worst.value):  # type: ignore[operator]  # Decimals
                worst = fact
        return self.say("counter", counter=worst) if worst else None

    def _other_record(self) -> Fact | None:
        fact = self.book.find("last-record", of=self.vs, side="high") if self.basis == "price" else None
        return fact if fact is not None and self.start <= day_of(fact, "date") <= self.view.as_of else None

    def _next(self) -> Section | None:
        events = common.coming(self.assignment)
        watch: Planned | None = None
        told = (
            self.values["longer"] is not None or self.equal is not None
        )  # the story has told of the longer run
        if not self.over and told and self.longer is not None and count_of(self.longer) == self.length + 1:
            watch = self.say(
                "one_more_matches",
                "interpretation",
                f"{self.longer.id}.value == {self.length + 1}",
                longer=self.longer,
            )
        elif not self.over and self.longest is not None:
            watch = self.say("every_further_extends", "interpretation", f"longest in {self.longest.id}")
        ends = self.say("starts_again" if self.over else "closing_condition", "definition")
        return section(self.say("next_heading", "definition"), paragraph(watch, ends), paragraph(*events))

    def _chart(self) -> ChartPlan | None:
        if self.gain is None or self.other is None:
            return None
        return self.drawn(
            (self.of, self.vs), max(self.length + 15, 42), basis=self.basis, indexed=True,
            shade=(self.start, self.end), shade_label="The run",
        )  # fmt: skip


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # Feb. 29
        return day.replace(year=day.year - years, day=28)


def _month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
