"""Whether the chart of an article shows what the market says: drawn again from its rows and compared byte by byte.

Owns the record of a chart in facts.json and what a picture that differs is said to be. Reads no file itself, and
knows nothing of how a chart looks. What an editor puts in the chart's place is named, not read.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from html import unescape
from itertools import zip_longest
from typing import Final

import msgspec

from broadtape.desk import drawing, proof
from broadtape.desk.claims.recomputed import Lookup, filed_view
from broadtape.desk.outline import ChartKind, ChartPlan, Planned
from broadtape.model import Article, Basis, BroadtapeError, Claim, Fact, MarketView, Status
from broadtape.numbers import day as spelt
from broadtape.numbers import plain

Files = Callable[[str], bytes | None]  # what lies beside the article under a name; None where nothing does

CHART: Final = "chart.svg"
TABLE: Final = "chart.csv"
METRIC: Final = "chart"  # under which claims about it are listed
_TEXT: Final = re.compile(r">([^<>]+)<")
_STYLE: Final = re.compile(r"<style>.*?</style>", re.DOTALL)
_MOST_TOLD: Final = 3  # values of a chart that a reason spells out
_LONGEST: Final = 200  # characters of a text that a reason quotes


class BadChart(ValueError):
    """The record of a chart in facts.json cannot be read."""


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A chart as facts.json keeps it: what is drawn and with which words, not what it came to."""

    look: int  # drawing.LOOK when it was drawn
    kind: ChartKind
    title: str
    alt: str
    source: str
    first: date
    last: date
    basis: Basis = "price"
    indexed: bool = False
    symbols: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    transform: str = "level"
    days: tuple[date, ...] = ()
    cells: tuple[tuple[str | None, ...], ...] = ()  # fact ids
    columns: tuple[str, ...] = ()
    marks: tuple[tuple[date, str], ...] = ()
    shade: tuple[date, date] | None = None
    shade_label: str = ""
    digests: dict[str, str] = {}  # of the files as they were filed: 16 hex digits of sha256

    @property
    def chart_title(self) -> str:
        """The title as drawing takes it."""
        return self.title


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart's files."""

    svg: bytes
    table: bytes

    def files(self) -> dict[str, bytes]:
        """By name, as they lie beside the article."""
        return {CHART: self.svg, TABLE: self.table}


def record(plan: ChartPlan, labels: drawing.Labels, spec: drawing.Spec) -> dict[str, object]:
    """What facts.json keeps of a chart that was drawn."""
    made = _files(spec)
    kept = Record(
        look=drawing.LOOK, kind=plan.kind, title=labels.chart_title, alt=labels.alt, source=spec.source,
        first=plan.first, last=plan.last, basis=plan.basis, indexed=plan.indexed, symbols=plan.symbols,
        series=plan.series, transform=plan.transform, days=plan.days,
        cells=tuple(tuple(fact.id if fact is not None else None for fact in row) for row in plan.cells),
        columns=plan.columns, marks=plan.marks, shade=plan.shade, shade_label=plan.shade_label,
        digests={name: _digest(data) for name, data in made.files().items()},
    )  # fmt: skip
    plainly: dict[str, object] = msgspec.to_builtins(kept)
    return plainly


def verify(
    article: Article, view_for: Callable[[date], MarketView], lookup: Lookup, files: Files
) -> proof.Report:
    """The proof of an article and of the chart beside it; `files` gives what lies beside it by name."""
    report = proof.verify(article, view_for, lookup)
    found = claims(article, report.facts, view_for, files)
    if not found:
        return report
    if any(one.status in _FAILED for one in found):
        found = _told_before(article, report, view_for, lookup, files, found)
    ordered = sorted((*report.claims, *found), key=lambda claim: claim.line)
    return proof.Report(tuple(ordered), report.facts)


_FAILED: Final = frozenset({Status.UNSUPPORTED, Status.CONTRADICTED})


def claims(
    article: Article, facts: Mapping[str, Fact], view_for: Callable[[date], MarketView], files: Files
) -> list[Claim]:
    """What becomes of the chart, file by file; nothing for an article without one.

    `facts` are the article's by id, recomputed.
    """
    if article.origin != "desk" or article.photo is None:
        return []
    line = article.lines.get("photo", 1)
    name = article.photo.src.removeprefix("./")
    if name != CHART:
        if not name.lower().endswith(".svg"):
            return []
        return [_claim(name, line, Status.UNCHECKED, "a drawing that is not the desk's own is not read")]
    kept = article.facts.get("chart") if article.facts else None
    if kept is None:
        why = "it was filed before charts were proved; write it again with write --replace to have it proved"
        return [_claim(name, line, Status.UNCHECKED, why)]
    try:
        found = read(kept)
        view = view_for(article.as_of or article.date.date())
        again, faults = redraw(found, view, facts)
        if found.alt != article.photo.alt:  # else proved with the front matter
            faults += _unproved("alternative text", found.alt, facts, view)
    except (BadChart, BroadtapeError, ValueError) as error:
        return [_claim(name, line, Status.UNSUPPORTED, f"the chart cannot be drawn again: {error}")]
    told = [_claim(name, line, Status.CONTRADICTED, f"its labels: {fault}") for fault in faults]
    for one, fresh in again.files().items():
        there = files(one)
        if there is None:
            told.append(_claim(one, line, Status.UNSUPPORTED, "the file is not there"))
        elif one == TABLE and (values := _values(there, fresh)):
            told.append(_table_claim(line, values))
        elif why := _differs(one, there, fresh, found):
            told.append(_claim(one, line, Status.CONTRADICTED, why))
        else:
            told.append(_claim(one, line, Status.VERIFIED, ""))
    return told


def read(kept: object) -> Record:
    """A record of facts.json; BadChart for anything else."""
    try:
        return msgspec.convert(kept, Record)
    except msgspec.ValidationError as error:
        raise BadChart(f"facts.json: chart: {error}") from error


def redraw(kept: Record, view: MarketView, facts: Mapping[str, Fact]) -> tuple[Drawn, list[str]]:
    """The chart of a record from the market, and what of its words does not follow from the facts.

    The source line is the record's: how a source is to be named may change, what it said does not.
    """
    if kept.transform not in ("level", "yoy"):
        raise BadChart(f"facts.json: chart: transform is level or yoy, not {kept.transform!r}")
    named = [one for row in kept.cells for one in row if one is not None]
    missing = [one for one in named if one not in facts]
    if missing:
        raise BadChart(f"it shows fact {missing[0]}, which is not proved")
    plan = ChartPlan(
        kept.symbols, kept.first, kept.last, kept.basis, indexed=kept.indexed, title=Planned("chart_title"),
        alt=Planned("chart_alt"), shade=kept.shade, shade_label=kept.shade_label, kind=kept.kind,
        series=kept.series, transform=kept.transform, days=kept.days,  # type: ignore[arg-type]  # seen to above
        cells=tuple(tuple(facts[one] if one is not None else None for one in row) for row in kept.cells),
        columns=kept.columns, marks=kept.marks,
    )  # fmt: skip
    if max((kept.last, *kept.days)) > view.as_of:
        raise BadChart(f"it shows days after {view.as_of}, the session of the article")
    spec = drawing.draw(view, plan, kept)
    if spec is None:
        raise BadChart("the market has too little to show")
    return _files(replace(spec, source=kept.source)), drawing.faults(view, plan, kept, facts.values())


def _unproved(where: str, text: str, facts: Mapping[str, Fact], view: MarketView) -> list[str]:
    found = proof.verify_texts([(where, text)], facts.values(), view)
    return [f"{one.text}: {one.reason}" for one in found if one.status in _FAILED]


def _files(spec: drawing.Spec) -> Drawn:
    return Drawn(drawing.svg(spec), drawing.table(spec).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _claim(name: str, line: int, status: Status, reason: str) -> Claim:
    return Claim(text=name, line=line, status=status, metric=METRIC, reason=reason)


# --- what differs ------------------------------------------------------------------------------------------


def _differs(name: str, there: bytes, fresh: bytes, kept: Record) -> str:
    """Why a file is not the chart of the record; empty where it is.

    Where another version of the product drew it, the drawing must be the one that was filed; what it shows is in the
    table, and compared there.
    """
    if there == fresh:
        return ""
    if name == TABLE:
        return "its form is not that of the table that was filed"
    if kept.look != drawing.LOOK:
        same = _digest(there) == kept.digests.get(name)
        return "" if same else "the file is not the one that was filed"
    said = next(((a, b) for a, b in zip_longest(texts(there), texts(fresh), fillvalue="") if a != b), None)
    if said is not None:
        return f"it says {_quoted(said[0])}; drawn again from the market it says {_quoted(said[1])}"
    return "what it draws is not what the market shows"


def texts(svg: bytes) -> list[str]:
    """The words and figures of a drawing in order: title, description and every label."""
    return [
        unescape(one).strip()
        for one in _TEXT.findall(_STYLE.sub("", svg.decode("utf-8", "replace")))
        if one.strip()
    ]


def _quoted(text: str) -> str:
    return f"“{text if len(text) <= _LONGEST else text[:_LONGEST] + ' …'}”" if text else "nothing"


def _values(there: bytes, fresh: bytes) -> list[tuple[str, str, str]]:
    """Which values of a table differ: whose, the one given, the market's; none where only its form does."""
    mine, theirs = _rows(there), _rows(fresh)
    return [
        (_label(key), _number(mine.get(key)), _number(theirs.get(key)))
        for key in dict.fromkeys((*theirs, *mine))
        if mine.get(key) != theirs.get(key)
    ]


def _table_claim(line: int, values: list[tuple[str, str, str]]) -> Claim:
    """A table that holds other values than the market, the first few spelt out."""
    told = [f"{whose}: {given} is given, the market has {has}" for whose, given, has in values[:_MOST_TOLD]]
    rest = len(values) - len(told)
    whose, given, has = values[0]
    return Claim(
        text=f"{TABLE}: {whose}", line=line, status=Status.CONTRADICTED, metric=METRIC, claimed=given, computed=has,
        reason="; ".join(told) + (f"; and {rest} more" if rest else ""),
    )  # fmt: skip


def _rows(data: bytes) -> dict[tuple[str, str], str]:
    """The cells of a table by row and column; a row or a column too many is a cell like any other."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8", "replace"))))
    heads = rows[0] if rows else []
    return {
        (row[0] if row else "", heads[at] if at < len(heads) else str(at)): cell
        for row in rows[1:]
        for at, cell in enumerate(row)
        if at
    } | {("", str(at)): head for at, head in enumerate(heads)}


def _label(key: tuple[str, str]) -> str:
    row, column = key
    if not row:
        return "the heads"
    try:
        return f"{column} on {spelt(date.fromisoformat(row))}"
    except ValueError:
        return f"{row}, {column}"


def _number(cell: str | None) -> str:
    if not cell:
        return "nothing"
    try:
        value = Decimal(cell)
    except InvalidOperation:
        return _quoted(cell)
    return plain(value, max(-int(value.as_tuple().exponent), 0)) if value.is_finite() else _quoted(cell)


# --- revisions ---------------------------------------------------------------------------------------------


def _told_before(
    article: Article, report: proof.Report, view_for: Callable[[date], MarketView], lookup: Lookup, files: Files,
    now: list[Claim],
) -> list[Claim]:  # fmt: skip
    """The claims of now, those that held of the market as it was when the facts were filed as revised."""
    then = filed_view(article, view_for)
    if then is None:
        return now
    try:
        facts = report.facts
        if not report.ok or any(claim.status is Status.REVISED for claim in report.claims):
            facts = proof.verify(article, then, lookup).facts
        before = claims(article, facts, then, files)
    except (BroadtapeError, ValueError):  # the store remembers nothing from then
        return now
    if any(one.status in _FAILED for one in before):  # the files were not those of the market then, either
        return now
    return [
        replace(one, status=Status.REVISED, reason=f"revised since it was filed: {one.reason}")
        if one.status in _FAILED
        else one
        for one in now
    ]
