"""Turns hand-written facts of an article into ids with their evidence filed: what `check --fix` and saving do.

Computes through broadtape.metrics and writes through the archive; changes nothing of a text but link targets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from broadtape import markdown, metrics
from broadtape.archive.files import Archive
from broadtape.archive.lint import FACT_ID, computed, fact_spans, facts_of, not_computed
from broadtape.model import Article, BroadtapeError, MarketView, Problem

# The target of an inline link: behind the last "](", perhaps in <>, perhaps with a title behind it.
_TARGET: Final = re.compile(
    r"""\]\(\s*<?(fact:[^\s<>]*?)>?(\s+(?:"[^"]*"|'[^']*'|\([^)]*\)))?\s*\)\Z""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of one article: as it stands now, how many links were changed or facts copied, what could not be."""

    article: Article
    links: int
    copied: int
    problems: tuple[Problem, ...] = ()


def fix(
    archive: Archive, article: Article, view_for: Callable[[date], MarketView] | None, *, save: bool = True
) -> Fixed:
    """File the facts that an article's long forms ask for, and those it took over from other articles by id.

    A long form takes its as-of from the article's `as_of`, else from the last session on or before its date. One that
    cannot be computed stays as it is and becomes a Problem; the rest are filed in one step. Without `view_for` only
    known ids are copied.
    """
    document = markdown.parse(article.body, first_line=article.body_line)
    filed = dict(facts_of(article))
    before = dict(filed)
    problems: list[Problem] = []
    edits: list[tuple[int, int, str]] = []
    copied = 0
    as_of: date | None = None
    for span in fact_spans([document]):
        line = article.body_line + len(re.findall(r"\r\n|\n|\r", document.source[: span.source_start]))
        if FACT_ID.fullmatch(span.target):
            found = archive.lookup(span.target) if span.target not in filed else None
            if found is not None:
                filed[span.target] = dict(found)
                copied += 1
            continue
        if view_for is None:
            continue
        place = _TARGET.search(document.source[span.source_start : span.source_end])
        if place is None:
            remedy = "Write the link inline: [rose 1%](fact:…)"
            problems.append(Problem(article.path, line, f"cannot be changed here: {span.target}", remedy))
            continue
        try:
            fact = computed(article, span.target, view_for)
        except (BroadtapeError, ValueError) as error:
            problems.append(not_computed(article, line, span.target, error))
            continue
        if fact is None:
            continue
        as_of = fact.as_of
        filed[fact.id] = metrics.to_json(fact)
        start = span.source_start
        edits.append((start + place.start(1), start + place.end(1), f"fact:{fact.id}"))
    if not edits and filed == before:
        return Fixed(article, 0, 0, tuple(problems))
    body = document.source
    for start, end, text in sorted(edits, reverse=True):
        body = body[:start] + text + body[end:]
    facts = {**_frame(article, as_of), "facts": filed}
    fixed = replace(article, body=body, facts=facts)
    if save:
        fixed = archive.save(fixed, facts=facts)
    lower = fixed.body_line - article.body_line  # an id may have been written above
    moved = tuple(replace(problem, line=problem.line + lower) for problem in problems)
    return Fixed(fixed, len(edits), copied, moved)


def _frame(article: Article, as_of: date | None) -> Mapping[str, object]:
    """The rest of facts.json: what is there, or a new file's."""
    if article.facts:
        return {key: value for key, value in article.facts.items() if key != "facts"}
    day = article.as_of or as_of or article.date.date()
    return {"version": 1, "as_of": day.isoformat(), "sentences": []}
