"""What an outline need not say again: sentences that stand word for word in the stories just told.

Owns which sentences may be left out or worded otherwise for it: never the first of a story, a definition or a table.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from broadtape import markdown
from broadtape.desk.outline import Outline, Paragraph, Planned, Section, Table
from broadtape.desk.prose import digest, visible

if TYPE_CHECKING:
    from broadtape.desk.prose import Wordings

MEMORY: Final = 30  # stories within which no sentence is said twice
_TICKER: Final = re.compile(r" \([A-Z]+: [A-Z0-9.]+\)")
_LEANS: Final = re.compile(
    r"(?:It|Its|They|Those|These|That|This|Them|Another|Each|Cases|Such|So|All the same"
    r"|The median of all|The month that|At the median|Core consumer|(?:Over|At|After) (?:all|\d+ sessions))\b"
)


def mark(sentence: str) -> str:
    """By what a visible sentence is known again: its words, tickers left out."""
    return digest(_TICKER.sub("", sentence))


def marks(body: str) -> frozenset[str]:
    """The marks of an article's prose."""
    return frozenset(
        mark(sentence.text)
        for block in markdown.parse(body).blocks
        if block.kind == "paragraph"
        for sentence in markdown.sentences(block)
    )


def untold(outline: Outline, wordings: Wordings, told: Collection[str]) -> Outline:
    """The outline without what readers have just read, in other words where it has any.

    A sentence that leans on one left out ("It left the range unchanged …", "Over all stretches of that length …") goes
    with it, and so does what was to be made of it ("The month that followed was better than usual.").
    """
    first = next(iter(outline.sentences()), None)
    sections: list[Section] = []
    for section in outline.sections:
        blocks: list[Paragraph | Table] = []
        dropped = False  # whether what stood just before, in this paragraph or the one above, was left out
        for block in section.blocks:
            if isinstance(block, Table):
                blocks.append(block)
                dropped = False
                continue
            kept: list[Planned] = []
            for planned in block.sentences:
                if planned is first or planned.kind == "definition":
                    kept.append(planned)
                    continue
                made_of_it = planned.kind == "interpretation"
                said = _otherwise(planned, wordings, told)
                leans = dropped and (
                    made_of_it or _LEANS.match(visible(wordings.sentence(planned))) is not None
                )
                dropped = said is None or leans
                if said is not None and not leans:
                    kept.append(said)
            if any(one.kind != "definition" for one in kept) or not dropped:
                blocks += [Paragraph(tuple(kept))] if kept else []
        if blocks:
            sections.append(dataclasses.replace(section, blocks=tuple(blocks)))
    return dataclasses.replace(outline, sections=tuple(sections))


def _otherwise(planned: Planned, wordings: Wordings, told: Collection[str]) -> Planned | None:
    """The sentence in the first of its wordings that was not just told; None where all were."""
    chosen, most = wordings.chosen(planned), wordings.variants(planned)
    for step in range(most):
        variant = (chosen - 1 + step) % most + 1
        one = planned if step == 0 else dataclasses.replace(planned, variant=variant)
        if mark(visible(wordings.sentence(one))) not in told:
            return one
    return None
