"""What is on file of a company: filings and others' stories since a close, as a column of a table and as a sentence.

Owns no deals (asides) and no filed figures (earnings): only who filed or told what, linked, or that none was found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from broadtape.desk.outline import Cell, Planned
from broadtape.desk.stories import Assignment
from broadtape.metrics.filings import CLOSE, reports_results, told_since
from broadtape.model import Fact, NewsView

ON_FILE = "On file"  # the head of a column of what was filed or told of a company
_TWO = 2  # sessions: this and the one before
_RESULTS: Final = "its results"


def events(assignment: Assignment, symbols: Sequence[str], window: str = "1s") -> dict[str, Cell] | None:
    """What is on file of each company over the window, as a cell: results, another filing, else a story, linked.

    Or that none was found. None where the desk has no source of either, or none that reaches back so far, so that a
    table says nothing instead of "none found".
    """
    chosen = {} if window == "1s" else {"over": window}
    facts = {symbol: assignment.book.find("on-file", of=symbol, **chosen) for symbol in symbols}
    if not symbols or any(fact is None for fact in facts.values()):
        return None
    return {symbol: _event(assignment, symbol, fact) for symbol, fact in facts.items() if fact is not None}


def nothing_found(assignment: Assignment, symbols: Sequence[str], wording: Planned) -> Planned | None:
    """The wording, guarded by what says that nothing is on file of the shares; None where nobody looked."""
    facts = [assignment.book.find("on-file", of=symbol) for symbol in symbols]
    known = [fact for fact in facts if fact is not None and fact.value == 0]
    if not known or len(known) < len(facts):
        return None
    guard = " and ".join(f"{fact.id}.value == 0" for fact in known)
    return replace(
        wording, kind="interpretation", guard=guard, values={**wording.values, "found": tuple(known)}
    )


def _event(assignment: Assignment, symbol: str, fact: Fact) -> Cell:
    since = fact.part("since").value
    found = on_file(assignment, symbol, 1, since=since if isinstance(since, date) else None)
    if found:
        return Cell(found[0].cell, link=found[0].url)
    return Cell("none found", fact) if fact.value == 0 else Cell("–")


@dataclass(frozen=True, slots=True)
class Piece:
    """Something on file of a company: its own filing, where `who` is empty, or a story that `who` published."""

    who: str
    what: str  # "its results", "a form 10-Q", "a story about it"
    url: str

    @property
    def cell(self) -> str:
        """The word for it in a table."""
        return "report" if self.who else "results" if self.what == _RESULTS else "filing"


def on_file(assignment: Assignment, symbol: str, most: int = 2, *, since: date | None = None) -> list[Piece]:
    """What was filed, or told by others, of an instrument since a close, the session before's if none is given.

    Results come first, then what else was filed for readers at once (form 8-K). Titles are left out: they are others'
    words, and may hold anything.
    """
    view = assignment.view
    if not isinstance(view, NewsView) or len(view.sessions) < _TWO:
        return []
    after = told_since(view) if since is None else datetime.combine(since, CLOSE, view.time_zone)
    filings = sorted(
        view.filings(symbol, since=after), key=lambda one: (not reports_results(one), one.form != "8-K")
    )
    found = [
        Piece("", _RESULTS if reports_results(one) else f"a form {one.form}", one.link)
        for one in filings
        if one.link.startswith("https://") and re.fullmatch(r"[A-Z0-9/ -]{1,12}", one.form)
    ]
    for story in view.stories(after, symbol=symbol):
        publisher = " ".join(story.publisher.split())
        if story.link.startswith("https://") and re.fullmatch(r"[\w .&'’-]{2,40}", publisher):
            found.append(Piece(publisher, "a story about it", story.link))
    return [one for one in found if not set(one.url) & set(" ()<>[]\"'")][:most]


def on_file_said(symbol: str, pieces: Sequence[Piece]) -> Planned | None:
    """One sentence that links them; None where there is none."""
    return Planned("on_file", {"of": symbol, "pieces": tuple(pieces)}, "attributed") if pieces else None
