"""Tables of quotes: each row's price, change and percentage against the closes of the article's session.

Owns the arithmetic of a row, to a cent and a hundredth of a percent: by so much the feeds' last prints differ. A row
whose three figures do not agree with each other says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from broadtape.desk.audit.entities import Directory
from broadtape.desk.audit.findings import finding
from broadtape.desk.audit.fitting import shown
from broadtape.desk.audit.measuring import Gap, Measures
from broadtape.desk.audit.parts import Assertion, Finding, QuoteRow, Reading, Sentence, Verdict
from broadtape.desk.audit.resolving import Calendar
from broadtape.desk.claims.parts import half_up
from broadtape.model import Fact

_CENT = Decimal("0.01")
_FRESH_DAYS = 730


def judge_quotes(
    rows: Iterable[QuoteRow], names: Directory, measures: Measures, calendar: Calendar
) -> list[Finding]:
    """A finding a row."""
    return [_row(row, names, measures, calendar) for row in rows]


def _claim(row: QuoteRow) -> Assertion:
    text = row.text or " ".join(
        part for part in (row.symbol, f"{row.price}", f"{row.change:+}" if row.change is not None else "",
                          f"({row.change_pct:+}%)" if row.change_pct is not None else "") if part
    )  # fmt: skip
    return Assertion("quote", text, Sentence(text, row.line, -1))


def _row(row: QuoteRow, names: Directory, measures: Measures, calendar: Calendar) -> Finding:
    claim = _claim(row)
    claimed = claim.text
    entity = names.ticker(row.symbol)
    if entity is None or not entity.symbols:
        return finding(
            claim, "unverifiable", f"the store has no daily prices of {row.symbol}", claimed=claimed
        )
    symbol = entity.symbols[0]
    best: tuple[int, str, Finding] | None = None
    gaps = []
    at = calendar.at_or_before(calendar.dated)
    for back in range(4):  # a table printed in the morning, or over a week-end, shows the sessions before
        if at - back < 1:
            break
        day = calendar.day(at - back)
        close, change = measures.value(symbol, day), measures.change(symbol, day, day)
        if isinstance(close, Gap) or isinstance(change, Gap) or change.total:
            gaps.append(close.reason if isinstance(close, Gap) else change.reason if isinstance(change, Gap) else
                        f"the store has only closes including dividends of {symbol}, which are no prices")  # fmt: skip
            continue
        wrong = []
        if abs(half_up(close, _quantum(row.price)) - row.price) > _CENT:
            wrong.append(f"price {shown(close, '')}")
        if row.change is not None and abs(half_up(change.points, _quantum(row.change)) - row.change) > _CENT:
            wrong.append(f"change {shown(change.points, '')}")
        if (
            row.change_pct is not None
            and abs(half_up(change.percent, _quantum(row.change_pct)) - row.change_pct) > _CENT
        ):
            wrong.append(f"change {shown(change.percent, 'percent')}")
        computed = f"{shown(close, '')} {shown(change.points, '')} ({shown(change.percent, 'percent')})"
        fact = measures.fact("quote", day, of=symbol)
        told = f"{entity.name} closed at {shown(close, 'USD')} on {day}, {shown(change.points, '')} ({shown(change.percent, 'percent')}) from the session before"
        if not wrong:
            return finding(claim, "verified", told, fact=_or_none(fact), computed=computed, claimed=claimed)
        reading = Reading(day, day, f"{day}..{day}", str(day))
        near = _restated(row, close, measures, symbol, reading)
        status: Verdict = "unverifiable" if near else "contradicted"
        one = finding(
            claim,
            status,
            f"{told}; {near or 'the row says otherwise: ' + ', '.join(wrong)}",
            fact=_or_none(fact),
            computed=computed,
            claimed=claimed,
        )
        if best is None or len(wrong) < best[0]:
            best = (len(wrong), str(day), one)
    if best is None:
        return finding(
            claim,
            "unverifiable",
            gaps[0] if gaps else f"the store has no daily prices of {symbol}",
            claimed=claimed,
        )
    if gaps:
        return finding(claim, "unverifiable", gaps[0], claimed=claimed)
    if (
        best[0] > 1 or row.change is None or row.change_pct is None
    ):  # nothing of the row fixes its moment: a price in passing
        own = _own(row)
        text = "it matches no close of these sessions and may be a price within one" + (
            f"; {own}" if own else ""
        )
        return finding(claim, "unverifiable", text, claimed=claimed, computed=best[2].computed)
    return best[2]


def _own(row: QuoteRow) -> str:
    """Whether a row's own three figures disagree."""
    if row.change is None or row.change_pct is None:
        return ""
    before = row.price - row.change
    if before <= 0:
        return "its own change and price do not go together"
    percent = row.change * 100 / before
    if abs(percent - row.change_pct) > Decimal("0.02") + _quantum(row.change) * 100 / before:
        return f"its own figures disagree: {row.change} of {before} is {shown(percent, 'percent')}"
    return ""


def _restated(row: QuoteRow, close: Decimal, measures: Measures, symbol: str, reading: Reading) -> str:
    series = measures.line(symbol)
    if isinstance(series, Gap):
        return series.reason
    old = (series.bars.origin.retrieved.date() - reading.last).days > _FRESH_DAYS
    ratio = row.price / close if close else Decimal(0)
    if (
        series.bars.adjustment == "split"
        and (old or not Decimal("0.7") < ratio < Decimal("1.4"))
        and half_up(close, _CENT) != row.price
    ):
        return "the store's prices of it are adjusted for splits and spin-offs since"
    return ""


def _quantum(value: Decimal) -> Decimal:
    return Decimal(1).scaleb(int(value.as_tuple().exponent))


def _or_none(fact: Fact | Gap) -> Fact | None:
    return None if isinstance(fact, Gap) else fact
