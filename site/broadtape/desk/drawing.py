"""From a chart plan to a chart: the rows of the market that it shows, and the file.

Owns which rows a plan means and whose licences they are under; how a chart looks is chart's, curves' and heat's.
Every value drawn is a stored row or a fact's: nothing is interpolated, and what is missing stays missing.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import numpy as np

from broadtape import metrics
from broadtape.desk import chart, curves, heat, proof
from broadtape.desk.claims.lexer import lex
from broadtape.desk.claims.names import table_for
from broadtape.desk.claims.tokens import Figure, Moment, Token, Word
from broadtape.model import BroadtapeError, Fact, MarketView, NoData, Origin, Status
from broadtape.numbers import day as printed_day
from broadtape.numbers import month as printed_month

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from broadtape.desk.outline import ChartPlan

LOOK = (
    1  # raised with every change of how a chart is drawn: what was drawn before is then known by its digest
)

Spec = chart.ChartSpec | chart.BarSpec | curves.CurveSpec | heat.HeatSpec
_MATURITY = re.compile(r"DGS(\d+)(MO)?")
_NEAR_DAY = 7  # calendar days before the day asked for that a curve may be of


class Labels(Protocol):
    """The words of a chart: those of a draft, or those on file."""

    @property
    def chart_title(self) -> str:
        """What stands above it."""

    @property
    def alt(self) -> str:
        """What it shows, for whoever does not see it."""


def draw(view: MarketView, plan: ChartPlan, written: Labels) -> Spec | None:
    """The story's chart before it is drawn; None where the market has too little to show."""
    try:
        match plan.kind:
            case "bars":
                return _bars(view, plan, written)
            case "heat":
                return _heat(view, plan, written)
            case "curve":
                return _curve(view, plan, written)
            case _:
                return _lines(view, plan, written)
    except NoData:
        return None


def svg(spec: Spec) -> bytes:
    """The chart as an SVG file."""
    match spec:
        case chart.BarSpec():
            return chart.bar_chart(spec)
        case curves.CurveSpec():
            return curves.curve_chart(spec)
        case heat.HeatSpec():
            return heat.heat_table(spec)
        case _:
            return chart.line_chart(spec)


def table(spec: Spec) -> str:
    """What the chart shows, as CSV."""
    match spec:
        case curves.CurveSpec():
            return curves.curve_csv(spec)
        case heat.HeatSpec():
            return heat.heat_csv(spec)
        case _:
            return chart.data_csv(spec)


def origins(view: MarketView, plan: ChartPlan) -> list[Origin]:
    """Where the rows that the plan draws come from; their licences decide whether it may be shown."""
    if plan.kind == "steps":
        return [decision.origin for decision in view.decisions()[-1:]]
    facts = [fact for row in plan.cells for fact in row if fact is not None]
    found = [view.bars(symbol).origin for symbol in (*plan.symbols, *map(_subject, facts)) if symbol]
    found += [view.readings(one).origin for one in dict.fromkeys(_series(fact) for fact in facts) if one]
    found += [view.readings(series).origin for series in plan.series]
    return found


# What a chart's title says of the drawing and not of the market.
_FRAME = re.compile(
    r",? (?:first session shown = 100|distance from the highest close before|change on the session|change by window"
    r"|annual rates|dividends included|daily closes|weekly closes|change over 12 months|upper end)"
    r"(?=,|$)"
)
# Of a stretch or a point, no words that claim which way things went or how far.
_TELLING = frozenset(
    {
        "up",
        "down",
        "lead",
        "lag",
        "highest",
        "lowest",
        "best",
        "worst",
        "largest",
        "smallest",
        "record",
        "cause",
    }
)


def faults(view: MarketView, plan: ChartPlan, written: Labels, facts: Iterable[Fact]) -> list[str]:
    """Why a chart's labels may not stand: its title must follow from the article's facts, as far as it is more than
    the frame of the drawing, and what names a stretch or a point of it claims nothing.
    """
    claims = proof.verify_texts([("chart title", _FRAME.sub("", written.chart_title))], facts, view)
    failed = {Status.UNSUPPORTED, Status.CONTRADICTED}
    found = [f"{one.text}: {one.reason}" for one in claims if one.status in failed]
    names = table_for(view)
    labels = [label for label in (plan.shade_label, *(label for _, label in plan.marks)) if label]
    return found + [
        f"{label}: {token.text!r} claims something in a label"
        for label in labels
        for token in lex(label, names)
        if _tells(token)
    ]


def _tells(token: Token) -> bool:
    """Whether a word of a label is a figure, a date, or a word of direction or rank."""
    if isinstance(token, Word):
        return len(token.classes) == 1 and bool(_TELLING & set(token.classes))
    return isinstance(token, Figure | Moment)


# --- lines ----------------------------------------------------------------------------------------------------


def _lines(view: MarketView, plan: ChartPlan, written: Labels) -> chart.ChartSpec | None:
    if plan.kind == "steps":
        lines, unit = [_policy(view, plan)], "percent"
    elif plan.kind == "drawdown":
        lines, unit = [_drawdown(view, plan)], "percent"
    else:
        lines = [_closes(view, symbol, plan) for symbol in plan.symbols]
        lines += [_readings(view, series, plan) for series in plan.series]
        unit = view.bars(plan.symbols[0]).unit if plan.symbols else _unit(plan)
    if not lines or any(len(line.points) < 2 for line in lines):
        return None
    if plan.indexed:
        lines = [chart.indexed(line) for line in lines]
    zero = plan.kind == "drawdown"
    slow = bool(plan.series) and metrics.spacing(view.readings(plan.series[0]).periods) != "day"
    days = {day for day, _ in lines[0].points}
    return chart.ChartSpec(
        title=written.chart_title,
        lines=tuple(lines),
        unit="first session shown = 100" if plan.indexed else unit,
        source=_source(origins(view, plan)),
        as_of=view.as_of if slow else plan.last,
        alt=written.alt,
        subtitle=_months_shown(unit, lines) if slow else "",
        baseline=Decimal(100) if plan.indexed else Decimal(0) if zero else _zero(lines),
        shade=plan.shade,
        shade_label=plan.shade_label,
        stepped=plan.kind == "steps",
        filled=zero,
        marks=tuple(chart.Mark(day, label) for day, label in plan.marks if day in days),
    )


def _months_shown(unit: str, lines: Iterable[chart.Line]) -> str:
    """The unit and the months shown: a monthly reading is of no day."""
    days = [day for line in lines for day, _ in line.points]
    return f"{unit[:1].upper()}{unit[1:]}, {printed_month(min(days))}–{printed_month(max(days))}"


def _closes(view: MarketView, symbol: str, plan: ChartPlan) -> chart.Line:
    bars = view.bars(symbol)
    values = bars.values(plan.basis)
    inside = (bars.days >= np.datetime64(plan.first, "D")) & np.isfinite(values)
    return chart.Line(
        view.instrument(symbol).name,
        tuple(
            (day, Decimal(str(round(value, 6))))
            for day, value in zip(bars.days[inside].tolist(), values[inside].tolist(), strict=True)
        ),
    )


def _drawdown(view: MarketView, plan: ChartPlan) -> chart.Line:
    days, closes = metrics.closes(view, plan.symbols[0], plan.basis)
    below = (closes / np.maximum.accumulate(closes) - 1) * 100
    inside = days >= np.datetime64(plan.first, "D")
    return chart.Line(
        view.instrument(plan.symbols[0]).name,
        tuple(
            (day, Decimal(str(round(value, 2))))
            for day, value in zip(days[inside].tolist(), below[inside].tolist(), strict=True)
        ),
    )


def _readings(view: MarketView, series: str, plan: ChartPlan) -> chart.Line:
    """What was read, or its change; a period without one is left out, never bridged by a value."""
    readings = view.readings(series)
    held = {one.day for one in readings.held}
    told: Iterable[tuple[date, Decimal | None]]
    if plan.transform == "level":
        told = zip(readings.periods.astype("datetime64[D]").tolist(), readings.values, strict=True)
    else:
        told = metrics.course_of(readings, plan.transform)
    points = tuple(
        (day, value)
        for day, value in told
        if value is not None and plan.first <= day <= plan.last and day not in held
    )
    name = metrics.series_of(series).name
    return chart.Line(name[:1].upper() + name[1:], points)


def _policy(view: MarketView, plan: ChartPlan) -> chart.Line:
    """The upper end of the range: what held on the first day, each change, and the last day."""
    decisions = [one for one in view.decisions() if one.day <= plan.last]
    before = [one for one in decisions if one.day < plan.first]
    inside = [one for one in decisions if one.day >= plan.first]
    points = {plan.first: before[-1].upper} if before else {}
    points |= {one.day: one.upper for one in inside if one.change_bp or not points}
    if decisions:
        points[plan.last] = decisions[-1].upper
    return chart.Line("Upper end", tuple(sorted(points.items())))


def _zero(lines: Iterable[chart.Line]) -> Decimal | None:
    """Nought as a heavier level where a line crosses it."""
    values = [value for line in lines for _, value in line.points]
    return Decimal(0) if min(values) < 0 < max(values) else None


# --- curves, bars, heat ---------------------------------------------------------------------------------------


def _curve(view: MarketView, plan: ChartPlan, written: Labels) -> curves.CurveSpec | None:
    drawn = []
    for wanted in plan.days:
        points: dict[int, Decimal] = {}
        on: date | None = None
        for series in plan.series:
            months = _months(series)
            readings = view.readings(series)
            at = int(np.searchsorted(readings.periods, np.datetime64(wanted), side="right")) - 1
            day = readings.periods[at].astype("datetime64[D]").item() if at >= 0 else None
            if months and day is not None and (wanted - day).days <= _NEAR_DAY and on in {None, day}:
                on = day
                points[months] = readings.values[at]
        if on is not None and len(points) > 1:
            drawn.append(curves.Curve(printed_day(on), tuple(sorted(points.items()))))
    if not drawn or len(drawn) < len(plan.days):
        return None
    return curves.CurveSpec(
        written.chart_title, tuple(drawn), _source(origins(view, plan)), plan.last, written.alt
    )


def _months(series: str) -> int:
    """The maturity of a Treasury yield's series in months; 0 where it is none."""
    found = _MATURITY.fullmatch(series)
    return 0 if found is None else int(found[1]) * (1 if found[2] else 12)


def _bars(view: MarketView, plan: ChartPlan, written: Labels) -> chart.BarSpec | None:
    facts = [row[0] for row in plan.cells if row and row[0] is not None]
    names = without_shared([_name(view, fact) for fact in facts])
    bars = tuple(chart.Bar(name, _change(fact)) for name, fact in zip(names, facts, strict=True))
    if not bars:
        return None
    return chart.BarSpec(written.chart_title, bars, _source(origins(view, plan)), plan.last, written.alt)


def _heat(view: MarketView, plan: ChartPlan, written: Labels) -> heat.HeatSpec | None:
    named = [(next((fact for fact in row if fact is not None), None), row) for row in plan.cells]
    kept = [(fact, row) for fact, row in named if fact is not None]
    names = without_shared([_name(view, fact) for fact, _ in kept])
    rows = [
        heat.HeatRow(name, tuple(None if fact is None else _change(fact) for fact in row))
        for name, (_, row) in zip(names, kept, strict=True)
    ]
    if not rows:
        return None
    return heat.HeatSpec(
        written.chart_title, plan.columns, tuple(rows), _source(origins(view, plan)), plan.last, written.alt
    )


def without_shared(names: Sequence[str]) -> list[str]:
    """The names without the words that all of them begin or end with: what is left tells them apart."""
    split = [name.split() for name in names]
    if len(split) < 2:
        return list(names)
    first = next((at for at, words in enumerate(zip(*split, strict=False)) if len(set(words)) > 1), 0)
    ends = [words[::-1] for words in split]
    last = next((at for at, words in enumerate(zip(*ends, strict=False)) if len(set(words)) > 1), 0)
    short = [" ".join(words[first : len(words) - last]) for words in split]
    return short if all(short) and len(set(short)) == len(short) else list(names)


def _series(fact: Fact) -> str:
    return dict(fact.key.params).get("series", "")


def _subject(fact: Fact) -> str:
    part = fact.get("subject")
    return str(part.value) if part is not None else ""


def _name(view: MarketView, fact: Fact) -> str:
    """Whose a bar is: the instrument's name, of one series the period."""
    if fact.key.metric == "reading":
        quarter, year, period = fact.get("quarter"), fact.get("year"), fact.get("period")
        if quarter is not None and year is not None:
            return f"Q{quarter.value} {year.value}"
        if period is not None and isinstance(period.value, date):
            return printed_month(period.value) if period.kind == "month" else printed_day(period.value)
    try:
        return view.instrument(_subject(fact)).name
    except BroadtapeError:
        return _subject(fact)


def _change(fact: Fact) -> Decimal:
    if not isinstance(fact.value, Decimal):
        raise NoData(f"{fact.key.address} is no change to draw")
    return fact.value


def _unit(plan: ChartPlan) -> str:
    about = metrics.series_of(plan.series[0])
    if plan.transform == "yoy":
        return "percentage points" if about.changes == "points" else "percent"
    return about.unit or "value"


def _source(found: Iterable[Origin]) -> str:
    return "; ".join(dict.fromkeys(one.attribution or one.source for one in found))
