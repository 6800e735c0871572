"""Statements as read into assertions, each with the windows that it may mean.

Owns which time a statement is of and whether that is sure; reads no tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from broadtape.desk.audit.clauses import Clauses
from broadtape.desk.audit.context import Move
from broadtape.desk.audit.parts import Assertion, Entity, Span

_RULE = re.compile(r"\b(?:when|whenever|if|once)\b", re.IGNORECASE)


def assertions(clauses: Clauses) -> list[Assertion]:
    """The moves of a sentence as assertions, each with the windows that it may mean."""
    found: list[Assertion] = []
    context = clauses.context
    for move in clauses.read():
        spans, certain = _windows(clauses, move)
        context.siblings += 1
        for number, subject in enumerate(move.subjects):
            found += _of(
                clauses, move, number, subject, tuple(spans), certain, context.siblings * 100 + number
            )
    return found


def _windows(clauses: Clauses, move: Move) -> tuple[list[Span], bool]:
    own = [span for span in move.spans if span.role != "bare" or span.kind in {"weekday", "day"}]
    leading = clauses.leading(move)
    if leading and not own:
        move.spans = list(leading)
    if own:
        first = [span for span in leading if span.kind == "first-week" and own[0].kind == "rolling"]
        counted = [replace(span, kind="firsts", number=own[0].number) for span in first]
        return [*counted, *own], True
    if leading:
        return leading, True
    near, sure = clauses.others(move)
    near = [span for span in near if span.role != "bare" or span.kind in {"weekday", "day"}]
    if near:
        return near, sure and not move.perfect
    return [], False


def _doubtful(clauses: Clauses, move: Move, spans: Sequence[Span]) -> bool:
    """Whether a statement may be of another kind than it looks: a rule, a moment of a session, a time before another."""
    if clauses.general or move.vague:
        return True
    if move.within and not all(span.kind in {"weekday", "day", "today"} for span in spans):
        return True
    days = bool(spans) and all(span.kind in {"weekday", "day", "today"} for span in spans)
    if move.passing and not move.perfect and days and not move.closing:
        return not clauses.context.closed
    return move.present and not days and not clauses.sentence.heading


def _of(
    clauses: Clauses, move: Move, number: int, subject: Entity, spans: tuple[Span, ...], certain: bool, sibling: int
) -> Iterable[Assertion]:  # fmt: skip
    text = clauses.text(move.start, move.end)
    label: Literal["", "forecast", "negated"] = (
        "negated"
        if move.negated
        else "forecast"
        if move.forecast or (move.present and (clauses.general or _RULE.search(clauses.sentence.text)))
        else ""
    )
    doubtful = bool(move.vague_tail) or _doubtful(clauses, move, spans)
    borrowed = bool(spans) and not move.spans
    on = "intraday" if move.partial or move.on == "intraday" else move.on
    common = Assertion(
        "move", text, clauses.sentence, subject, spans=spans, certain=certain and not doubtful,
        perfect=move.perfect, side=move.side, voice=clauses.voice(move.start, move.end), sibling=sibling,  # type: ignore[arg-type]  # one of the two voices
        label=label, on=on, place=(move.start, max(move.end, move.start + 1)), more={"each": move.each or len(move.subjects) == 1 or move.paired, "closing": move.closing, "borrowed": borrowed, "doubtful": doubtful},
    )  # fmt: skip
    amounts = [move.amounts[number]] if move.paired else move.amounts
    for amount in amounts:
        if subject.kind == "yield" and amount.unit == "percent":
            continue
        yield replace(common, amount=amount)
    if move.level is not None:
        yield replace(common, kind="level", amount=move.level)
    if move.before is not None:
        if move.before_spans:
            yield replace(
                common,
                kind="level",
                amount=move.before,
                side="",
                spans=tuple(move.before_spans),
                certain=True,
                sibling=sibling + 50,
            )
        else:
            yield replace(common, kind="level", amount=move.before, more={**common.more, "before": True})
    if not amounts and move.side and move.spans:
        yield replace(common, kind="direction")
