"""What a story will say and in what order: planned sentences, tables and sections, before any wording.

Owns no words and no figures of its own: a planned sentence names a wording in templates/prose and carries
the facts that the wording may claim.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from broadtape.model import Basis, Fact

SentenceKind = Literal["fact", "attributed", "definition", "calendar", "interpretation"]


@dataclass(frozen=True, slots=True)
class Planned:
    """One sentence to come. `key` names its wording, `values` what the wording may use.

    `guard` is the condition over facts under which a sentence of kind interpretation may be said, in the
    notation of docs/contracts/facts.md; definitions may carry one too.
    """

    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    kind: SentenceKind = "fact"
    guard: str = ""
    variant: int | None = None  # which of its wordings, from 1; None: the seed chooses


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell: its text, and the fact that the text states, if any. `symbol` prints a name and ticker.

    `link` is the address, on someone else's site, of what the text names.
    """

    text: str = ""
    fact: Fact | None = None
    symbol: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the article; `headers` are plain labels, the first column holds the rows' labels."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences that belong together."""

    sentences: tuple[Planned, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part; the first section of an outline has no heading."""

    heading: Planned | None
    blocks: tuple[Paragraph | Table, ...]


ChartKind = Literal["line", "drawdown", "steps", "curve", "bars", "heat"]


@dataclass(frozen=True, slots=True)
class ChartPlan:
    """The chart of a story, from one session to another; `kind` says how it is drawn (docs/contracts/charts.md).

    line      closes of the symbols, then readings of the series (or their changes, by `transform`); with `indexed`
              every line starts at 100
    drawdown  the distance of the first symbol's close from its highest close before, filled
    steps     the upper end of the policy range, level from decision to decision
    curve     the series (DGS2, DGS10, …) by maturity, on `days`, newest first
    bars      the facts of `cells`, one a row, as bars
    heat      the facts of `cells`: rows by windows, headed by `columns`

    `shade` marks the sessions that the story is about. `title`, `alt`, `shade_label` and the labels of `marks` are
    unlinked texts and proved like a headline; what bars and heat tables print are facts.
    """

    symbols: tuple[str, ...]
    first: date
    last: date
    basis: Basis
    indexed: bool
    title: Planned
    alt: Planned
    shade: tuple[date, date] | None = None
    shade_label: str = ""
    kind: ChartKind = "line"
    series: tuple[str, ...] = ()
    transform: Literal["level", "yoy"] = (
        "level"  # of the series: readings, or their change over twelve months
    )
    days: tuple[date, ...] = ()
    cells: tuple[tuple[Fact | None, ...], ...] = ()
    columns: tuple[str, ...] = ()
    marks: tuple[tuple[date, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """A story before its words. `key` is the story's identity within its edition (kind and subjects)."""

    story: str
    key: str
    as_of: date
    title: Planned
    title_short: Planned | None  # for where the title comes out over 90 characters
    summary: Planned
    sections: tuple[Section, ...]
    topics: tuple[str, ...]
    subjects: tuple[str, ...]
    chart: ChartPlan | None = None
    run: Fact | None = None  # the run the story follows: later editions of it update the same article

    def sentences(self) -> list[Planned]:
        """Every planned sentence of the body in reading order, headings left out."""
        return [
            sentence
            for section in self.sections
            for block in section.blocks
            if isinstance(block, Paragraph)
            for sentence in block.sentences
        ]

    def facts(self) -> dict[str, Fact]:
        """The facts the outline holds by id, in order of first use."""
        found: dict[str, Fact] = {}

        def take(values: Mapping[str, object]) -> None:
            for value in values.values():
                gather(value)

        def gather(value: object) -> None:
            if isinstance(value, Fact):
                found.setdefault(value.id, value)
            elif isinstance(value, tuple | list):
                for item in value:
                    gather(item)

        texts = [self.title, self.summary, *([self.title_short] if self.title_short else [])]
        if self.chart is not None:
            texts += [self.chart.title, self.chart.alt]
            take({str(place): drawn for place, drawn in enumerate(self.chart.cells)})
        for planned in [*texts, *self.sentences(), *(part.heading for part in self.sections if part.heading)]:
            take(planned.values)
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Table):
                    for row in block.rows:
                        take({str(place): cell.fact for place, cell in enumerate(row)})
        return found


def paragraph(*sentences: Planned | None) -> Paragraph | None:
    """A paragraph of those sentences that have something to say; None when none has."""
    kept = tuple(sentence for sentence in sentences if sentence is not None)
    return Paragraph(kept) if kept else None


def section(heading: Planned | None, *blocks: Paragraph | Table | None) -> Section | None:
    """A section of those blocks that have something to say; None when none has: a section without facts is left out."""
    kept = tuple(block for block in blocks if block is not None)
    return Section(heading, kept) if kept else None
