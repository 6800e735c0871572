"""What the plans of all stories share: asking for facts, saying sentences, and the sections that several tell alike.

Owns no story and no wording; what a story says of its own, in which order, is its own file's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import (
    ChartPlan,
    Outline,
    Paragraph,
    Planned,
    Section,
    SentenceKind,
    Table,
    paragraph,
    section,
)
from broadtape.desk.patterns import Signal, basis_of, benchmarks
from broadtape.desk.stories import Assignment, Proposal, common
from broadtape.model import Basis, Fact

NOTHING: Mapping[str, object] = {}


def strongest(
    assignment: Assignment,
    story: str,
    wanted: Callable[[Signal], bool],
    key: Callable[[Signal], str] | None = None,
) -> list[Proposal]:
    """The one story that the strongest of the wanted signals makes; a key of its own is told by no other story."""
    item = next((one for one in assignment.ranked if wanted(one.signal)), None)
    if item is None:
        return []
    own = story if key is None else key(item.signal)
    return [Proposal(story, own, item.score.total, item, () if key is None else (own,))]


def one_each(
    assignment: Assignment,
    story: str,
    kind: str,
    of: Callable[[Signal], str],
    covers: Callable[[Signal], tuple[str, ...]] = lambda _: (),
) -> list[Proposal]:
    """A story for each signal of a kind, strongest first: `of` says of what, `covers` what else it tells."""
    return [
        Proposal(story, f"{story}/{of(item.signal)}", item.score.total, item, covers(item.signal))
        for item in assignment.ranked
        if item.signal.kind == kind
    ]


class Plan:
    """The facts of one story; `values` are what every sentence of it may use."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment, self.view, self.book = assignment, assignment.view, assignment.book
        self.indices = benchmarks(self.view)
        self.values: dict[str, object] = {}

    def say(
        self, key: str, kind: SentenceKind = "fact", guard: str = "", more: Mapping[str, object] = NOTHING,
        **named: object,
    ) -> Planned:  # fmt: skip
        """A sentence with the story's values and these besides."""
        return Planned(key, {**self.values, **more, **named}, kind, guard)

    def assemble(
        self, story: str, key: str, parts: Sequence[Section | None], *, topics: tuple[str, ...],
        subjects: tuple[str, ...], title: Planned, title_short: Planned | None, summary: Planned | None = None,
        chart: ChartPlan | None = None, run: Fact | None = None,
    ) -> Outline:  # fmt: skip
        """The outline of those parts that have something to say."""
        return Outline(
            story=story,
            key=key,
            as_of=self.view.as_of,
            title=title,
            title_short=title_short,
            summary=summary or self.say("summary"),
            sections=tuple(part for part in parts if part is not None),
            topics=topics,
            subjects=subjects,
            chart=chart,
            run=run,
        )

    def moved(self, symbol: str, window: str = "1s") -> Fact | None:
        """An instrument's return, on the basis it has on the session."""
        return self.book.find("return", of=symbol, over=window, **chosen(basis_of(self.view, symbol)))

    def index_moves(self) -> Paragraph | None:
        """What the broad indices did on the session, the broadest first (wording: index_move, index_others)."""
        found = [(symbol, fact) for symbol in self.indices if (fact := self.moved(symbol)) is not None]
        if not found:
            return None
        first, others = found[0], tuple(found[1:])
        return paragraph(
            self.say("index_move", symbol=first[0], fact=first[1]),
            self.say("index_others", others=others) if others else None,
        )

    def other_moves(self, of: str, window: str = "1s") -> tuple[tuple[str, Fact], ...]:
        """What the broad indices besides one did over a window, of those with a price on the session."""
        pairs = [
            (symbol, self.book.find("return", of=symbol, over=window))
            for symbol in self.indices
            if symbol != of and basis_of(self.view, symbol) == "price"
        ]
        return tuple((symbol, fact) for symbol, fact in pairs if fact is not None)

    def day_extreme(self, of: str, up: bool, far: int) -> Fact | None:
        """The session as the best or worst since one at least so many days back, or in all the data."""
        fact = self.book.find("return-extreme", of=of, side="best" if up else "worst")
        since = (fact.get("since") or fact.get("data_start")) if fact is not None else None
        if fact is None or since is None or not isinstance(since.value, date):
            return None
        return fact if (self.view.as_of - since.value).days >= far else None

    def last_beyond(self, of: str, side: str, far: int) -> Fact | None:
        """The last earlier close as high or low, where it lies at least so many days back."""
        fact = self.book.find("extreme-since", of=of, side=side)
        return fact if days_since(fact, "value", self.view.as_of) >= far else None

    def recent(self, series: str, within: timedelta, **more: str) -> Fact | None:
        """A reading whose period is no longer ago than that; None otherwise."""
        fact = self.book.find("reading", series=series, **more)
        period = fact.get("period") if fact is not None else None
        if period is None or not isinstance(period.value, date):
            return None
        return fact if self.view.as_of - period.value <= within else None

    def reading_extreme(self, series: str, far: int, **more: str) -> Fact | None:
        """The newest reading as the highest or lowest since one at least so many days back, or in all the data."""
        for side in ("high", "low"):
            fact = self.book.find("reading-extreme", series=series, side=side, **more)
            day = self.view.as_of
            if (
                fact is not None
                and (days_since(fact, "since", day) or days_since(fact, "data_start", day)) >= far
            ):
                return fact
        return None

    def companies(
        self,
        window: str = "1s",
        first: date | None = None,
        *,
        each: int = 4,
        counted: bool = True,
        near: bool = True,
    ) -> Section | None:
        """The winners and losers of the largest group over a window whose first session is `first` (None: the last).

        With how many rose and fell, and the companies near the site, unless told otherwise. Those of the session alone
        are left to the story of the edition that has them.
        """
        if first is None and "companies" in self.assignment.covered:
            return None
        field = common.field_of(self.assignment, window, first, self.view.as_of)
        return self.field(field, each=each, counted=counted, near=near) if field is not None else None

    def field(
        self, field: common.Field, *, each: int = 4, counted: bool = True, near: bool = True
    ) -> Section | None:
        """The section of a field: both ends in words, the table, the middle, the companies near the site."""
        table, best, worst = common.winners_and_losers(self.assignment, field, each)
        if table is None or best is None or worst is None:
            return None
        values = {"best": best, "worst": worst, "total": field.basis == "total"}
        return section(
            Planned("companies_heading", kind="definition"),
            paragraph(Planned("companies_ends", values)),
            table,
            common.breadth(self.assignment, field) if counted else None,
            common.local_lens(self.assignment, field.window) if near else None,
        )

    def ahead(self, most: int = 3, *, headed: bool = True) -> Section | None:
        """The next scheduled events under their heading; None where none is known."""
        events = common.coming(self.assignment, most)
        return section(self.say("next_heading", "definition") if headed else None, paragraph(*events))

    def days_back(self, sessions: int) -> list[date]:
        """The last so many sessions."""
        found = self.view.sessions[-sessions:].astype("datetime64[D]").tolist()
        return [day for day in found if isinstance(day, date)]

    def drawn(
        self, symbols: Sequence[str], sessions: int, *, basis: Basis = "price", indexed: bool = False,
        title: Planned | None = None, shade: tuple[date, date] | None = None, shade_label: str = "",
    ) -> ChartPlan:  # fmt: skip
        """A line chart of symbols over the last sessions, titled and told by the story's own words."""
        return ChartPlan(
            symbols=tuple(symbols),
            first=self.days_back(sessions)[0],
            last=self.view.as_of,
            basis=basis,
            indexed=indexed,
            title=title or self.say("chart_title", "definition"),
            alt=self.say("chart_alt"),
            shade=shade,
            shade_label=shade_label,
        )


def with_blocks(part: Section | None, *blocks: Paragraph | Table | None) -> Section | None:
    """A section with further blocks at its end; None where there is no section."""
    return section(part.heading, *part.blocks, *blocks) if part is not None else None


def chosen(basis: Basis | None) -> dict[str, str]:
    """The parameter that asks for a basis: none for prices, which are meant where nothing is said."""
    return {} if basis in (None, "price") else {"basis": str(basis)}


def lead_of(proposal: Proposal) -> Ranked:
    """The signal that leads a proposal; ValueError where none does."""
    if proposal.lead is None:
        raise ValueError(f"{proposal.key}: a {proposal.story} story needs the signal that leads it")
    return proposal.lead


def day_of(fact: Fact, name: str) -> date:
    """A part of a fact that is a date; TypeError where it is none."""
    found = fact.part(name).value
    if not isinstance(found, date):
        raise TypeError(f"{fact.key.address}: {name} is no date")
    return found


def count_of(fact: Fact) -> int:
    """The value of a fact that counts; TypeError where it does not."""
    if not isinstance(fact.value, int):
        raise TypeError(f"{fact.key.address} is no count")
    return fact.value


def days_since(fact: Fact | None, name: str, today: date) -> int:
    """Calendar days since a date part of a fact; 0 where it has none."""
    part = fact.get(name) if fact is not None else None
    return (today - part.value).days if part is not None and isinstance(part.value, date) else 0
