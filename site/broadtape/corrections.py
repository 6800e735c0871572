"""Corrections that revised data ask for: which articles, what changed, the drafted note, and filing it.

Owns the queue: it is made from the archive and the store each time, so nothing can fall out of it. Publishes
nothing; an editor's word files a note, and the keeper publishes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadtape import metrics, numbers
from broadtape.archive import Archive
from broadtape.archive.consistency import noted
from broadtape.archive.files import beside
from broadtape.archive.records import ACKNOWLEDGED
from broadtape.desk import pictures, proof
from broadtape.desk.claims.parts import shown
from broadtape.model import (
    Article,
    BadParameter,
    BroadtapeError,
    Claim,
    Correction,
    Fact,
    MarketView,
    NoData,
    Status,
    UnknownSymbol,
)

if TYPE_CHECKING:
    from broadtape.config import Instance

_GONE = "no longer holds"
_MEASURES = {
    "yoy": ", change over 12 months",
    "change": ", change",
    "annualised": ", annual rate over three months",
}
_PERCENT = re.compile(r"(?<=\d) percent\b")  # as the stories print it
_ONE = re.compile(r"((?<![\d.,])(?:0(?:\.\d+)?|1(?:\.0+)?) percentage point)s\b")  # singular up to one
_MOST_NAMED = 5  # changes a note spells out


@dataclass(frozen=True, slots=True)
class Change:
    """One fact whose inputs were revised: what the article was filed with, and what the data say now."""

    fact: str
    long_form: str
    about: str  # "the change of the Russell 2000 in December 2025"
    was: str
    now: str  # "no longer holds" where the statement is not true any more
    texts: tuple[str, ...] = ()  # the words that rest on it, with lines: "12: fell 0.7% in December"


@dataclass(frozen=True, slots=True)
class Task:
    """One article that a correction is due for, with the note drafted for it."""

    article: Article
    changes: tuple[Change, ...]

    @property
    def note(self) -> str:
        """The drafted correction."""
        told = [_printed(f"{one.about}: {one.was} then, {one.now} now") for one in self.changes[:_MOST_NAMED]]
        more = len(self.changes) - len(told)
        rest = f"; and {more} more" if more else ""
        held = (
            f" The figures were right as known on {numbers.day(self.article.as_of)}."
            if self.article.as_of
            else ""
        )
        return f"Data behind this story were revised after it was written. {'; '.join(told)}{rest}.{held}"

    def to_json(self) -> dict[str, Any]:
        """As `broadtape corrections --json` prints it."""
        return {
            "path": self.article.path,
            "id": self.article.id,
            "title": self.article.title,
            "note": self.note,
            "changes": [
                {"fact": one.fact, "long_form": one.long_form, "about": one.about, "was": one.was, "now": one.now,
                 "texts": list(one.texts)}
                for one in self.changes
            ],
        }  # fmt: skip


def tasks(
    archive: Archive,
    view_for: Callable[[date], MarketView],
    articles: Sequence[Article],
    progress: Callable[[int, int], None] = lambda *_: None,
    *,
    today: MarketView | None = None,
) -> Iterator[Task]:
    """The articles among these whose figures revised data changed and no correction tells of yet.

    A view of an earlier day keeps a macro series' first print, so that its story stays right as known then: with
    `today`, the market as known now, a reading that its agency has restated since is due too.
    """
    for number, article in enumerate(articles):
        progress(number, len(articles))
        if article.status != "published" or not article.facts.get("facts"):
            continue
        try:
            report = pictures.verify(article, view_for, archive.lookup, beside(Path(article.path)))
        except (BroadtapeError, ValueError):
            continue  # what cannot be proved at all is verify's to say
        changes = _changes(article, report, view_for)
        if today is not None:
            changes += tuple(_restated(article, report, today))
        if changes:
            yield Task(article, changes)
    progress(len(articles), len(articles))


def find(archive: Archive, instance: Instance, named: str) -> Article:
    """The article that a path or an id names; BadParameter where there is none."""
    for article in archive.scan()[0]:
        path = article.path
        inside = path.removeprefix(f"{instance.root}/")
        if named in {article.id, path, inside} or path == f"{named.rstrip('/')}/index.md" or (
            inside == f"{named.rstrip('/')}/index.md"
        ):  # fmt: skip
            return article
    raise BadParameter(f"{named}: no article has this path or id; see broadtape corrections")


def apply(archive: Archive, task: Task, *, now: datetime, note: str = "") -> Article:
    """File the correction: the drafted note, or an editor's own words, and which values it tells of."""
    told = noted(task.article) | {one.fact: one.now for one in task.changes}
    text = " ".join(note.split()) or task.note
    return archive.save(
        replace(
            task.article,
            corrections=(*task.article.corrections, Correction(now.replace(microsecond=0), text)),
            extra={
                **task.article.extra,
                ACKNOWLEDGED: [f"{key} {value}" for key, value in sorted(told.items())],
            },
        )
    )


def _changes(
    article: Article, report: proof.Report, view_for: Callable[[date], MarketView]
) -> tuple[Change, ...]:
    records = article.facts.get("facts")
    told = noted(article)
    found: dict[str, Change] = {}
    drawn: list[Claim] = []
    for claim in report.claims:
        if claim.status is Status.REVISED and claim.metric == pictures.METRIC:
            drawn.append(claim)
            continue
        record = records.get(claim.fact) if isinstance(records, Mapping) else None
        if claim.status is not Status.REVISED or not isinstance(record, Mapping):
            continue
        text = f"{claim.line}: {claim.text}"
        if claim.fact in found:
            known = found[claim.fact]
            found[claim.fact] = replace(known, texts=tuple(dict.fromkeys((*known.texts, text))))
            continue
        try:
            filed = metrics.from_json(claim.fact, record)
        except BroadtapeError:
            continue
        fresh = report.facts.get(claim.fact)
        now = shown(fresh.part("value")) if fresh is not None else _GONE
        if told.get(claim.fact) == now:
            continue
        about = _about(filed, view_for(filed.as_of))
        found[claim.fact] = Change(
            claim.fact, filed.key.address, about, shown(filed.part("value")), now, (text,)
        )
    return (*found.values(), *_drawn(drawn, told))


def _printed(text: str) -> str:
    """Values as stories print them: 0.4%, 0.22 percentage point."""
    return _ONE.sub(r"\1", _PERCENT.sub("%", text))


def _drawn(claims: Sequence[Claim], told: Mapping[str, str]) -> Iterator[Change]:
    """What a chart shows that was revised: its first value that differs stands for it."""
    for claim in claims:
        if not claim.claimed:
            continue  # the drawing of that table
        about = f"Chart, {claim.text.removeprefix(f'{pictures.TABLE}: ')}"
        if told.get(pictures.METRIC) != claim.computed:
            text = f"{claim.line}: {claim.reason}"
            yield Change(pictures.METRIC, pictures.METRIC, about, claim.claimed, claim.computed, (text,))


def _restated(article: Article, report: proof.Report, today: MarketView) -> Iterator[Change]:
    """The readings an article tells of that are another figure today, at the decimals printed."""
    told = noted(article)
    for fact in report.facts.values():
        said = [one for one in report.claims if one.fact == fact.id and one.status is Status.VERIFIED]
        period = _period(fact)
        if fact.key.metric != "reading" or not said or not period:
            continue
        try:
            now = metrics.compute(today, "reading", {**dict(fact.key.params), "period": period})
        except (NoData, BadParameter, UnknownSymbol):
            continue
        value = shown(now.part("value"))
        if now.value != fact.value and told.get(fact.id) != value:
            texts = tuple(dict.fromkeys(f"{one.line}: {one.text}" for one in said))
            about = _about(fact, today)
            yield Change(fact.id, fact.key.address, about, shown(fact.part("value")), value, texts)


def _period(fact: Fact) -> str:
    """The period of a reading as its metric takes it; empty where it has none."""
    part, quarter, year = fact.get("period"), fact.get("quarter"), fact.get("year")
    if part is not None and isinstance(part.value, date):
        return f"{part.value:%Y-%m}" if part.kind == "month" else part.value.isoformat()
    if quarter is not None and year is not None and isinstance(quarter.value, int):
        return f"{year.value}-{quarter.value * 3 - 2:02d}"
    return ""


def _about(fact: Fact, view: MarketView) -> str:
    """What the fact measures, for a reader of the note."""
    title = metrics.definition(fact.key.metric).title
    names = []
    for part in fact.parts:
        if part.kind == "entity":
            try:
                names.append(view.instrument(str(part.value)).name)
            except (UnknownSymbol, NoData):
                names.append(str(part.value))
    told = f"{title}, {' and '.join(names)}" if names else title
    series = fact.get("series")
    if series is not None:
        told = numbers.capital(str(series.value)) + _MEASURES.get(
            dict(fact.key.params).get("transform", ""), ""
        )
        quarter, year = fact.get("quarter"), fact.get("year")
        if quarter is not None and year is not None and isinstance(quarter.value, int):
            return f"{told}, {numbers.ordinal(quarter.value)} quarter of {year.value}"
        period = fact.get("period")
        if period is not None and isinstance(period.value, date):
            when = numbers.month(period.value) if period.kind == "month" else numbers.day(period.value)
            return f"{told}, {when}"
    month, start, end = (fact.get(name) for name in ("month", "start", "end"))
    if month is not None and isinstance(month.value, date):
        return f"{told}, {numbers.month(month.value)}"
    if (
        start is not None
        and end is not None
        and isinstance(start.value, date)
        and isinstance(end.value, date)
    ):
        if start.value == end.value:
            return f"{told}, {numbers.day(end.value)}"
        return f"{told}, {numbers.day(start.value)} to {numbers.day(end.value)}"
    return told
