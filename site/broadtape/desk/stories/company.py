"""Company: one share moves far by its own measure; what its own past, its peers and the index say of it.

Owns the choice and order of what is said of the move; the words are in company.md.j2. What others told or filed of it
is named and linked, never quoted; where nothing is on file the story says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from broadtape import metrics
from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import Cell, ChartPlan, Outline, Planned, Section, Table, paragraph, section
from broadtape.desk.patterns import RECORD_HISTORY, basis_of
from broadtape.desk.prose import size
from broadtape.desk.stories import Assignment, Proposal, common, filed
from broadtape.desk.stories.base import Plan, chosen, lead_of, strongest
from broadtape.model import Basis, Fact

_FAR_SIZE = 3  # of the index: jumped, slid
_PIECES = 3  # filings and stories in a day that are counted; fewer are linked one by one
_KINDS = ("company", "heat")  # it moved far, or far more than usual is told of it
_FAR_DAYS = 200
_HORIZONS = (21, 63)
_LEAST_STEP = 3  # percent; smaller moves of a share have cases without number
_FORTNIGHT = 10  # sessions
_PEERS_LEAST, _PEERS_MOST = 3, 6


@dataclass(frozen=True, slots=True)
class CompanyMove:
    """The story of one share's move."""

    name: str = "company"
    title: str = "one share's far move, with its record, its peers and what was filed or told of it"

    def propose(self, assignment: Assignment) -> list[Proposal]:
        """Each share whose move is news, strongest first; an edition takes one."""
        return strongest(
            assignment,
            self.name,
            lambda signal: signal.kind in _KINDS,
            lambda signal: f"company/{signal.subject}",
        )

    def plan(self, assignment: Assignment, proposal: Proposal) -> Outline:
        """The move, where it stands, what is on file, the peers, precedent."""
        return _Plan(assignment, lead_of(proposal)).outline(proposal.key)


class _Plan(Plan):
    """The facts of one share and the sections made of them."""

    def __init__(self, assignment: Assignment, lead: Ranked) -> None:
        super().__init__(assignment)
        self.of = lead.signal.subject
        self.basis: Basis = basis_of(self.view, self.of) or "price"
        self.chosen = chosen(self.basis)
        self.day = self.book.find("return", of=self.of, over="1s", **self.chosen)
        self.up = self.day is not None and "up" in self.day.tags
        self.on_file = filed.on_file(self.assignment, self.of)
        price = self.basis == "price"
        index = self.view.benchmark("large")
        self.values: dict[str, object] = {
            "of": self.of, "day_move": self.day, "up": self.up,
            "extreme": self.day_extreme(self.of, self.up, _FAR_DAYS) if price else None,
            "close": self.book.find("level", of=self.of) if price else None,
            "lowest": self.last_beyond(self.of, "high" if self.up else "low", _FAR_DAYS) if price else None,
            "below": self._below() if price else None,
            "record": self.book.find("record", of=self.of) if price else None,
            "index": index, "moved": self.book.find("return", of=index, over="1s") if index is not None else None,
            "rank": self._rank(), "volume": self._volume(), "ytd": self._year(), "five": self._return("5s"),
        }  # fmt: skip

    def outline(self, key: str) -> Outline:
        """The whole story."""
        parts = [self._opening(), self._filed(), self._peers(), self._precedent()]
        return self.assemble(
            "company",
            key,
            parts,
            title=self.say("title"),
            title_short=self.say("title_short"),
            topics=("companies", "markets"),
            subjects=(self.of,),
            chart=self._chart(),
        )

    def _return(self, window: str) -> Fact | None:
        return self.book.find("return", of=self.of, over=window, **self.chosen)

    def _rank(self) -> Fact | None:
        """The place in the largest group that has it, told at the ends of the field only."""
        field = common.field_of(self.assignment, "1s", None, self.view.as_of)
        if field is None or self.of not in field.symbols:
            return None
        chosen = {} if field.basis == "price" else {"basis": field.basis}
        fact = self.book.find("rank", of=self.of, in_=field.group, over="1s", **chosen)
        return fact if fact is not None and fact.tags & {"best", "worst"} else None

    def _below(self) -> Fact | None:
        """How far below its highest close, where the data are long enough for that to be a record."""
        fact = self.book.find("drawdown", of=self.of)
        long = len(metrics.closes(self.view, self.of, "price")[0]) >= RECORD_HISTORY
        return fact if fact is not None and ("all-time" in fact.tags or long) else None

    def _volume(self) -> Fact | None:
        fact = self.book.find("volume", of=self.of)
        return (
            fact
            if fact is not None and isinstance(fact.value, Decimal) and fact.value >= Decimal("1.5")
            else None
        )

    def _opening(self) -> Section | None:
        away = self.values["below"] if not self.values["record"] else None
        return section(
            None,
            paragraph(
                self.say("lede"),
                self.say("rank") if self.values["rank"] is not None else None,
                self.say("index") if self.values["moved"] is not None else None,
            ),
            paragraph(
                self.say("volume") if self.values["volume"] is not None else None,
                self.say("so_far") if self.values["five"] is not None else None,
                self.say("below") if isinstance(away, Fact) and away.value else None,
            ),
            paragraph(
                None
                if self.on_file
                else filed.nothing_found(self.assignment, (self.of,), self.say("nothing_on_file"))
            ),
        )

    def _year(self) -> Fact | None:
        """The year to date, once it is longer than the five sessions told beside it."""
        fact = self._return("ytd")
        sessions = fact.get("sessions") if fact is not None else None
        long = sessions is not None and isinstance(sessions.value, int) and sessions.value > _FORTNIGHT
        return fact if long else None

    def _filed(self) -> Section | None:
        said = [one for one in (filed.on_file_said(self.of, self.on_file),) if one is not None]
        deals = [one.signal for one in self.assignment.ranked if one.signal.kind == "deal"]
        own = next((one for one in deals if one.subject == self.of), None)
        if own is not None and said:
            said.insert(0, Planned("aside_deal", {"of": self.of, "fact": own.fact, **own.params}))
        pieces = self.book.find("on-file", of=self.of)
        many = pieces is not None and isinstance(pieces.value, int) and pieces.value >= _PIECES
        return section(
            self.say("on_file_heading", "definition"),
            paragraph(self.say("pieces", pieces=pieces) if many else None, *said),
        )

    def _peers(self) -> Section | None:
        """Others of its industry, else of its sector, by their move."""
        own = self.view.instrument(self.of)
        members = dict.fromkeys(one for group in self.assignment.universe for one in self.view.group(group))
        for attribute in ("industry", "sector"):
            wanted = getattr(own, attribute)
            alike = [
                symbol
                for symbol in members
                if symbol != self.of and wanted and not symbol.startswith("UNLISTED:")
                and getattr(self.view.instrument(symbol), attribute) == wanted
            ]  # fmt: skip
            moves = [
                (abs(fact.value), symbol, fact)
                for symbol in alike
                if basis_of(self.view, symbol) is not None
                and (fact := self.book.find("return", of=symbol, over="1s", **self.chosen)) is not None
                and isinstance(fact.value, Decimal)
            ]
            if len(moves) >= _PEERS_LEAST:
                moves.sort(key=lambda one: (-one[0], one[1]))
                total = self.basis == "total"
                first, shown = moves[0], moves[:_PEERS_MOST]
                shared = self._shared(moves)
                events = filed.events(self.assignment, [symbol for _, symbol, _ in shown])
                rows = tuple(
                    (
                        Cell(symbol=symbol),
                        common.fact_cell(fact),
                        *([events[symbol]] if events is not None else []),
                    )
                    for _, symbol, fact in shown
                )
                headers = ("Company", "Change, dividends included" if total else "Change")
                return section(
                    self.say("peers_heading", "definition"),
                    paragraph(shared, self.say("peers", symbol=first[1], move_of=first[2], shared=shared)),
                    Table((*headers, *([filed.ON_FILE] if events is not None else [])), rows),
                )
        return None

    def _shared(self, moves: list[tuple[Decimal, str, Fact]]) -> Planned | None:
        """That the peers went the same way, where those shown did."""
        way = "up" if self.up else "down"
        shown = [fact for _, _, fact in moves[:_PEERS_MOST]]
        guard = " and ".join(f"{way} in {fact.id}" for fact in shown)
        together = all(way in fact.tags for fact in shown) and not self._market_too(way)
        return self.say("peers_too", "interpretation", guard) if together else None

    def _market_too(self, way: str) -> bool:
        """Whether the whole market moved far the same way: then its peers' moves say little of it."""
        moved = self.values["moved"]
        return isinstance(moved, Fact) and way in moved.tags and size(moved) >= _FAR_SIZE

    def _precedent(self) -> Section | None:
        if self.day is None or not isinstance(self.day.value, Decimal):
            return None
        step = int(abs(self.day.value))
        said: list[Planned] = []
        own = step
        while step >= _LEAST_STEP and not said:
            said = common.after_cases(
                self.assignment, _HORIZONS, self.values, of=self.of, event="gain" if self.up else "drop",
                at_least=step, basis=self.basis,
            )  # fmt: skip
            step //= 2
        if not said:
            return None
        alike = step == own // 2  # the cases are of its size, not only of half of it
        heading = "precedent_heading" if alike else "precedent_wider"
        return section(self.say(heading, "definition"), *common.case_paragraphs(said))

    def _chart(self) -> ChartPlan | None:
        if self.day is None:
            return None
        return self.drawn((self.of,), 252, basis=self.basis, indexed=self.basis == "total")
