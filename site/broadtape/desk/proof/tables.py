"""Tables: each cell read with its row's label and its column's header.

Owns no sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from broadtape.desk.claims import (
    Context,
    Figure,
    Moment,
    Name,
    Objection,
    Proper,
    Token,
    Word,
    entails,
)
from broadtape.desk.proof.around import (
    objection_outside,
)
from broadtape.desk.proof.ground import DIRECTIONAL, DIVIDENDS, Ground, masked
from broadtape.markdown import Block
from broadtape.model import (
    Status,
)

_HEADS_CHANGE: Final = frozenset({"change", "changes", "move", "moves"})  # a column of signed figures


def prove_table(ground: Ground, cells: Sequence[Block]) -> None:
    """Each cell is read with its row's label and its column's header."""
    grid = {(cell.row, cell.column): cell for cell in cells}
    headers = {cell.column: cell for cell in cells if cell.row == 0}
    if any(DIVIDENDS.search(cell.text) for cell in cells):
        ground.reading.dividends = True
    for cell in cells:
        ground.tickers(cell.text, ground.lex(cell.text), cell.line)
        if cell.row == 0:
            _label(ground, cell)
            _heads_nothing(ground, cell, cells)
            continue
        label = grid.get((cell.row, 0)) if cell.column else None
        if cell.column == 0 and not any(span.kind == "fact" for span in cell.spans):
            linked = any(
                other.row == cell.row and any(span.kind == "fact" for span in other.spans) for other in cells
            )
            if linked or not ground.desk:
                _label(ground, cell)
            else:
                ground.prove_unlinked(cell.text, cell.line, "table")
            continue
        _cell(ground, cell, label, headers.get(cell.column))


def _heads_nothing(ground: Ground, header: Block, cells: Sequence[Block]) -> None:
    """A header is judged with the linked cells below it; without any it may not claim."""
    heads = any(
        cell.column == header.column and cell.row and any(span.kind == "fact" for span in cell.spans)
        for cell in cells
    )
    if ground.desk and not heads and ground.tells(header.text):
        ground.add(header.text, header.line, Status.UNSUPPORTED, "no fact link stands below this header")


def _label(ground: Ground, cell: Block) -> None:
    """A header or row label claims nothing alone, but its names must be known."""
    if not ground.desk:
        return
    for token in ground.lex(cell.text):
        if reason := ground.unknown_word(token):
            ground.add(token.text, cell.line, Status.UNSUPPORTED, reason)


def _cell(ground: Ground, cell: Block, label: Block | None, header: Block | None) -> None:
    links = [span for span in cell.spans if span.kind == "fact"]
    unit = _header_unit(header.text) if header else ""
    row = _heads(ground.lex(label.text)) if label else []
    column = _heads(ground.lex(header.text)) if header else []
    outside = ground.lex(masked(cell.text, links), unit=unit)
    ground.beside(cell.text, links, cell.line, cell=True)
    context = _cell_context(ground, [*row, *column])
    for span in links:
        text = cell.text[span.start : span.end]
        found = ground.usable(text, cell.line, span)
        if found is None or found.fact is None:
            continue
        own = ground.lex(text, unit=unit)
        without = _around(row, own)
        tokens = [*without, *_around(column, own), *own]
        if header is not None and not entails(tokens, found.fact, context).holds:
            plain = entails([*without, *own], found.fact, context)
            if plain.holds:  # the column's header is what does not fit
                ground.judge(header.text, header.line, found, tokens, context, own)
                continue
        ground.judge(text, cell.line, found, tokens, context, own)
        ground.strangers(own, cell.line)
    ground.strangers(outside, cell.line)
    claims = [token for token in outside if isinstance(token, Figure | Moment | Word | Proper)]
    if claims and not links and ground.desk:
        _free_cell(ground, cell, [*row, *column, *outside], context)
    elif claims and ground.desk:
        for token in claims:
            if reason := objection_outside(ground, token, sourced=False):
                ground.add(token.text, cell.line, Status.UNSUPPORTED, reason)


def _cell_context(ground: Ground, around: Sequence[Token]) -> Context:
    named = next(
        (t.symbols for t in around if isinstance(t, Name) and "" not in t.symbols), ground.reading.subject
    )
    return Context(
        as_of=ground.as_of,
        names=ground.names,
        subject=named,
        windows=frozenset(ground.reading.windows | ground.reading.runs) if ground.desk else None,
        total_said=ground.reading.dividends or not ground.desk,
        scoped=True,
        median_said=True,
        closes_said=True,
        subject_required=ground.desk,
    )


def _free_cell(ground: Ground, cell: Block, tokens: Sequence[Token], context: Context) -> None:
    """A cell with figures but no link must follow from some fact about its row."""
    best: tuple[int, Objection] | None = None
    for fact in ground.known.values():
        verdict = entails(tokens, fact, context)
        if verdict.holds:
            ground.add(cell.text, cell.line, Status.VERIFIED, fact=fact)
            return
        if best is None or len(verdict.objections) < best[0]:
            best = len(verdict.objections), verdict.objections[0]
    reason = best[1].reason if best else "the article has no facts"
    ground.add(cell.text, cell.line, Status.UNSUPPORTED, f"no fact of the article says so; nearest: {reason}")


def _header_unit(text: str) -> str:
    lower = text.lower()
    if "percentage point" in lower:
        return "percentage points"
    if "basis point" in lower:
        return "basis points"
    if "%" in lower or "percent" in lower:
        return "percent"
    found = re.fullmatch(r"\W*(sessions|weeks|months|runs|cases|members|points)\W*", lower)
    return found[1] if found else ""


def _heads(tokens: Sequence[Token]) -> list[Token]:
    """What a row's label or a column's header says of its cells; units are told by the cells' figures."""
    free = {"close", "better", "worse"}
    return [
        token
        for token in tokens
        if not isinstance(token, Proper)
        and token.text.lower() not in _HEADS_CHANGE  # it excuses no missing minus, as "a move of 2%" does
        and not (
            isinstance(token, Word)
            and all(kind.startswith("unit:") or kind in free | DIRECTIONAL for kind in token.classes)
            and (set(token.classes) & free or not set(token.classes) & DIRECTIONAL)
        )
    ]


def _around(heads: Sequence[Token], own: Sequence[Token]) -> list[Token]:
    """The label's tokens for one cell: a figure that the cell repeats is the cell's, and a sign tells direction."""
    figures = [token for token in own if isinstance(token, Figure)]
    said = {(token.value, token.unit) for token in figures}
    signed = any(token.sign or not token.value for token in figures)
    return [
        token
        for token in heads
        if not (isinstance(token, Figure) and (token.value, token.unit) in said)
        and not (signed and isinstance(token, Word) and set(token.classes) <= DIRECTIONAL)
    ]
