"""The body of an article, block by block.

Owns the order of reading.
"""

from __future__ import annotations

from broadtape.desk.proof.ground import Ground
from broadtape.desk.proof.sentences import prove_captions, prove_heading, prove_paragraph
from broadtape.desk.proof.tables import prove_table
from broadtape.markdown import Block
from broadtape.model import (
    Status,
)


def prove_body(ground: Ground) -> None:
    """Prove every block in the order of the file; a table once it is complete."""
    table: list[Block] = []
    for block in ground.document.blocks:
        if block.kind in {"paragraph", "item", "quote", "cell", "heading"}:
            ground.legible(block.text, block.line, ground.document.source[block.start : block.end])
        prove_captions(ground, block)
        if table and (block.kind != "cell" or block.table != table[0].table):
            prove_table(ground, table)
            table = []
        if block.kind == "cell":
            table.append(block)
        elif block.kind == "heading":
            prove_heading(ground, block)
        elif block.kind == "image":
            if block.text.strip():
                ground.prove_unlinked(block.text, block.line, "alternative text")
        elif block.kind in {"paragraph", "item", "quote"}:
            prove_paragraph(ground, block)
        elif block.kind == "code" and block.text.strip() and ground.desk:
            ground.add(block.text[:80], block.line, Status.UNSUPPORTED, "a desk article holds no code")
    if table:
        prove_table(ground, table)
