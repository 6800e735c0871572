"""Data print: a release of prices, jobs or growth, against the reading before, the trend and its own past.

Owns the choice and order; the words are in print.md.j2. Needs the release's event and its reading, known on the
session: without a release calendar a reading has no day on which it is news. Of what was expected it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from broadtape.desk.outline import ChartPlan, Outline, Planned, Section, paragraph, section
from broadtape.desk.stories import Assignment, Proposal, common
from broadtape.desk.stories.base import Plan, one_each
from broadtape.model import Fact, NoData

_FAR_DAYS = 270  # an extreme nearer than this is not worth a sentence
_CHART = timedelta(days=5 * 366)
_ADJUSTED = {"CPIAUCSL"}  # whose releases lead with a rate of another series
_PAYROLLS = "PAYEMS"
_MONTHS, _QUARTERS = 12, 4  # over which the mean of a series is told
_QUARTERS_DRAWN = 12


@dataclass(frozen=True, slots=True)
class Release:
    """What an event releases: the series told first, one beside it, and whether the level or its change is the news."""

    kind: str
    series: str
    beside: str
    measure: str  # level or yoy
    topics: tuple[str, ...]


RELEASES = (
    Release("cpi", "CPIAUCSL", "CPILFESL", "yoy", ("inflation", "economy")),
    Release("pce", "PCEPI", "PCEPILFE", "yoy", ("inflation", "economy")),
    Release("ppi", "PPIACO", "", "yoy", ("inflation", "economy")),
    Release("jobs", "UNRATE", "", "level", ("jobs", "economy")),
    Release("gdp", "A191RL1Q225SBEA", "", "level", ("economy",)),
)


@dataclass(frozen=True, slots=True)
class DataPrint:
    """The story of a release."""

    name: str = "print"
    title: str = "a release of prices, jobs or growth against the reading before and the trend"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """One story a release of the session."""
        return one_each(assignment, self.name, "print", lambda signal: signal.params["release"])

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The reading, the trend, what is beside it, how markets closed, and when the next one comes."""
        release = next(one for one in RELEASES if proposal.key == f"print/{one.kind}")
        return _Plan(assignment, release).outline(proposal.key)


class _Plan(Plan):
    """The facts of one release."""

    def __init__(self, assignment: Assignment, release: Release) -> None:
        super().__init__(assignment)
        self.release = release
        now = self._reading(release.series, release.measure)
        if now is None:
            raise NoData(f"{self.view.as_of}: {release.series} has no reading")
        self.now = now
        self.before = self._before(release.series, release.measure)
        asked = {} if release.measure == "level" else {"transform": "yoy"}
        extreme = self.reading_extreme(release.series, _FAR_DAYS, **asked)
        self.values = {
            "now": now, "before": self.before, "measure": release.measure, "extreme": extreme,
            "direction": _compared(now, self.before),
            "released": self.book.find("last-event", kind=release.kind), "payrolls": self._payrolls(),
        }  # fmt: skip

    def _payrolls(self) -> Fact | None:
        """How many jobs the month brought, where payrolls came out with the rate."""
        if self.release.kind != "jobs":
            return None
        return self._together(self.book.find("reading", series=_PAYROLLS, transform="change"))

    def _together(self, fact: Fact | None) -> Fact | None:
        """A companion reading of the same period; one of another is of another release."""
        period, mine = (one.get("period") if one is not None else None for one in (fact, self.now))
        return fact if period is not None and mine is not None and period.value == mine.value else None

    def _reading(self, series: str, transform: str, **more: str) -> Fact | None:
        chosen = {} if transform == "level" else {"transform": transform}
        return self.book.find("reading", series=series, **chosen, **more)

    def _before(self, series: str, transform: str) -> Fact | None:
        """The same measure of the newest period before that has one."""
        periods = self.view.readings(series).periods.astype("datetime64[D]").tolist()
        for period in reversed(periods[-3:-1]):
            fact = self._reading(series, transform, period=f"{period:%Y-%m}")
            if fact is not None:
                return fact
        return None

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [
            self._opening(), self._jobs(), self._trend(), self._beside(), self._markets(), self.ahead(),
        ]  # fmt: skip
        return self.assemble(
            "print",
            key,
            parts,
            title=self.say("title"),
            title_short=self.say("title_short"),
            summary=self.say(
                "summary", symbol=self.indices[0] if self.indices else "", day_move=self._index_move()
            ),
            topics=self.release.topics,
            subjects=(),
            chart=self._chart(),
        )

    def _index_move(self) -> Fact | None:
        return self.moved(self.indices[0]) if self.indices else None

    def _opening(self) -> Section | None:
        return section(
            None,
            paragraph(self.say("lede")),
            paragraph(
                self.say("released") if self.values["released"] and self.release.kind != "cpi" else None,
            ),
            paragraph(self.say("adjusted", "definition") if self.release.series in _ADJUSTED else None),
        )

    def _jobs(self) -> Section | None:
        """Payrolls against the month before and against what a month brought over the year."""
        if self.values["payrolls"] is None:
            return None
        mean = self.book.find("reading-mean", series=_PAYROLLS, transform="change", last=_MONTHS)
        before = self._before(_PAYROLLS, "change")
        if before is None:
            return None
        return section(
            self.say("payrolls_heading", "definition"),
            paragraph(self.say("payrolls", payrolls_before=before, mean=mean)),
        )

    def _trend(self) -> Section | None:
        series = self.release.series
        said: list[Planned | None] = []
        if self.release.measure == "yoy":
            month, rate = self._reading(series, "change"), self._reading(series, "annualised")
            said.append(self.say("month", month_of=month, rate_of=rate) if month else None)
            said.append(self.say("rate", rate_of=rate) if rate and not month else None)
            if "gap" in self.now.tags:
                said.append(self.say("gap", "interpretation", f"gap in {self.now.id}"))
        else:
            # How far an annual rate of a quarter lies from that of a year before says nothing of the year.
            year = None if self._quarterly else self._reading(series, "yoy")
            said.append(self.say("year", year_of=year) if year and "flat" not in year.tags else None)
            mean = self.book.find("reading-mean", series=series, last=_QUARTERS) if self._quarterly else None
            said.append(self.say("mean", mean=mean) if mean else None)
            if "gap" in self.now.tags:
                said.append(self.say("gap", "interpretation", f"gap in {self.now.id}"))
        told = paragraph(*said)
        return section(self.say("trend_heading", "definition"), told) if told else None

    def _beside(self) -> Section | None:
        name = self.release.beside
        fact = self._together(self._reading(name, self.release.measure)) if name else None
        before = self._before(name, self.release.measure) if fact is not None else None
        rate = self.book.find("policy-rate")
        month, three = (
            self._reading(name, one) if fact is not None else None for one in ("change", "annualised")
        )
        return section(
            self.say("beside_heading", "definition", core=fact),
            paragraph(
                self.say("core", core=fact, core_before=before) if fact is not None else None,
                self.say("core_month", month_of=month, rate_of=three) if month is not None else None,
            ),
            paragraph(self.say("policy", rate_now=rate) if rate is not None else None),
        )

    def _markets(self) -> Section | None:
        moves = self.index_moves()
        if moves is None:
            return None
        return section(
            self.say("markets_heading", "definition"),
            moves,
            common.levels_table(self.assignment, self.indices),
        )

    @property
    def _quarterly(self) -> bool:
        return self.now.get("quarter") is not None

    def _quarters(self) -> ChartPlan | None:
        """The last quarters as bars, newest last."""
        series = self.release.series
        periods = self.view.readings(series).periods.astype("datetime64[D]").tolist()[-_QUARTERS_DRAWN:]
        facts = [self.book.find("reading", series=series, period=f"{period:%Y-%m}") for period in periods]
        if len(facts) < _QUARTERS or None in facts:
            return None
        return ChartPlan(
            (), periods[0], self.view.as_of, "price", indexed=False, kind="bars",
            cells=tuple((fact,) for fact in facts),
            title=self.say("chart_title", "definition"), alt=self.say("chart_alt"),
        )  # fmt: skip

    def _chart(self) -> ChartPlan | None:
        if self._quarterly:
            return self._quarters()
        last = self.view.readings(self.release.series).periods[-1].astype("datetime64[D]").item()
        if not isinstance(last, date):
            return None
        return ChartPlan(
            (), last - _CHART, last, "price", indexed=False, series=(self.release.series,),
            transform="yoy" if self.release.measure == "yoy" else "level",
            title=self.say("chart_title", "definition"), alt=self.say("chart_alt"),
        )  # fmt: skip


def _compared(now: Fact, before: Fact | None) -> str:
    """`more`, `less` or `same` than the reading before; empty without one."""
    if before is None:
        return ""
    return "more" if now.value > before.value else "less" if now.value < before.value else "same"  # type: ignore[operator]  # Decimals
