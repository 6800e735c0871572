"""The detectors over four decades of shipped closes against plain counts, and at the edges of what data can be."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from math import log
from statistics import median, stdev

import pytest
from fakes import FakeMarket

from broadtape import sample
from broadtape.desk.detectors import companies, declines, extremes, levels, streaks
from broadtape.desk.facts import FactBook
from broadtape.desk.patterns import Detector, Signal

SPX, IXIC, RUT, FUND = "INDEXSP:SPX", "INDEXNASDAQ:IXIC", "INDEXRUSSELL:RUT", "NYSEARCA:SPY"
ALL: tuple[Detector, ...] = (
    levels.records, levels.round_numbers, levels.recrossed, levels.moves, declines.reached, streaks.absolute,
    streaks.relative, streaks.led, extremes.periods, extremes.year_starts, extremes.reversals, extremes.volumes,
    extremes.crosses, extremes.ratios, extremes.correlations, companies.sectors,
)  # fmt: skip


@cache
def shipped() -> dict[date, float]:
    """The S&P 500's closes of the sample, 1990 to 2022."""
    with gzip.open(sample.DATA / "indices.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return {
            date.fromisoformat(row["date"]): float(row["close"])
            for row in csv.DictReader(file)
            if row["symbol"] == "SPX"
        }


@cache
def tape() -> FakeMarket:
    closes = shipped()
    table = {SPX: {day.isoformat(): close for day, close in closes.items()}}
    return FakeMarket(max(closes), table, benchmarks={"large": SPX}, sessions=list(closes))


def found(view: FakeMarket, detector: Detector, pairs: tuple[tuple[str, str], ...] = ()) -> list[Signal]:
    return list(detector(view, FactBook(view), pairs))


def of_kind(view: FakeMarket, detector: Detector, kind: str) -> Signal | None:
    return next((one for one in found(view, detector) if one.kind == kind), None)


REMEMBERED = (
    "1997-10-27", "1998-08-31", "1999-12-31", "2000-03-24", "2001-09-17", "2002-07-23", "2003-06-30", "2007-05-30",
    "2008-10-13", "2008-11-20", "2009-03-09", "2009-07-23", "2011-08-08", "2013-03-28", "2015-08-24", "2017-01-25",
    "2018-02-08", "2019-07-12", "2020-03-16", "2020-03-23", "2020-08-18", "2021-11-08", "2022-06-13", "2022-09-30",
)  # fmt: skip


def days() -> list[date]:
    """Remembered days, and one session in 190 of those with ten years before them."""
    return list(dict.fromkeys([*map(date.fromisoformat, REMEMBERED), *list(shipped())[2_520::190]]))


def until(day: date) -> tuple[list[date], list[float]]:
    kept = {one: close for one, close in shipped().items() if one <= day}
    return list(kept), list(kept.values())


def usual(closes: list[float], sessions: int = 1) -> float:
    logs = [log(b / a) for a, b in pairwise(closes)]
    return stdev(logs[-60 - sessions : -sessions])


# --- over four decades, against plain counts -------------------------------------------------------------------


@pytest.mark.parametrize("day", days(), ids=str)
def test_moves_records_and_round_numbers_are_those_of_plain_counts(day: date) -> None:
    view, (_, closes) = tape().at(day), until(day)
    move = closes[-1] / closes[-2] - 1
    others = [abs(b / a - 1) for a, b in pairwise(closes)]

    moves = [one for one in found(view, levels.moves) if one.params["over"] == "1s"]
    record = of_kind(view, levels.records, "record")
    year_low = [one for one in found(view, levels.records) if one.params.get("side") == "low"]
    first = of_kind(view, levels.round_numbers, "round-number")
    back = of_kind(view, levels.recrossed, "recross")

    assert moves[0].rarity == pytest.approx(sum(one >= abs(move) for one in others) / len(others))
    assert moves[0].size == pytest.approx(abs(log(closes[-1] / closes[-2])) / usual(closes))
    assert (record is not None) == (closes[-1] > max(closes[:-1]))
    inside = [close for one, close in shipped().items() if day - timedelta(days=364) <= one < day]
    assert bool(year_low) == (closes[-1] < min(inside))
    step = 100.0 if closes[-1] >= 1_000 else 10.0
    reached = closes[-1] // step * step
    assert (first is not None) == (max(closes[:-1]) < reached)
    assert (back is not None) == bool(_back_across(day))
    if back is not None:
        assert (back.params["side"], float(back.params["level"])) == _back_across(day)


def _back_across(day: date) -> tuple[str, float] | None:
    """The side and the furthest round number that a close came across for the first time in a season, if any."""
    there, closes = until(day)
    step = 100.0 if closes[-2] >= 1_000 else 10.0
    low, high = sorted(closes[-2:])
    crossed = [level * step for level in range(1, 600) if low < level * step < high]
    if not crossed:
        return None
    side, level = ("below", crossed[0]) if closes[-1] < closes[-2] else ("above", crossed[-1])
    sign = -1 if side == "below" else 1
    before = [one for one, close in zip(there[:-1], closes[:-1], strict=True) if sign * (close - level) > 0]
    return (side, level) if before and (day - before[-1]).days >= 90 else None


@pytest.mark.parametrize("day", days(), ids=str)
def test_runs_declines_and_crossed_averages_are_those_of_plain_counts(day: date) -> None:
    view, (_, closes) = tape().at(day), until(day)
    run = 0
    for before, after in reversed(list(pairwise(closes))):
        if (after > before) is not (closes[-1] > closes[-2]) or after == before:
            break
        run += 1
    means = [sum(closes[at - 199 : at + 1]) / 200 for at in range(199, len(closes))]
    above = [close > mean for close, mean in zip(closes[199:], means, strict=True)]
    waited = next((n for n, one in enumerate(reversed(above[:-1])) if one is above[-1]), len(above) - 1)

    streak = next(
        (
            one
            for one in found(view, streaks.absolute)
            if one.params.get("unit") == "session" and one.kind == "streak"
        ),
        None,
    )
    cross = of_kind(view, extremes.crosses, "average-cross")
    stage = of_kind(view, declines.reached, "drawdown")

    assert (streak is not None) == (run >= streaks.FROM["session"])
    if streak is not None:
        assert streak.fact.value == run
    if cross is not None:
        assert (cross.fact.value, cross.params["side"]) == (waited, "above" if above[-1] else "below")
    else:
        assert (
            waited < extremes.OTHER_SIDE or len(until(day)[0]) < 2_000
        )  # the early data hold no earlier case
    if stage is not None:
        by = -float(stage.params["threshold"]) / 100
        assert closes[-1] <= max(closes) * (1 - by)


def test_runs_of_records_are_as_rare_as_runs_of_that_length() -> None:
    view, (_, closes) = tape().at("2021-11-08"), until(date(2021, 11, 8))
    lengths, best, run = [], closes[0], 0
    for close in closes:
        run = run + 1 if close > best else 0
        best = max(best, close)
        lengths.append(run)

    record = of_kind(view, levels.records, "record")

    assert record is not None
    assert lengths[-1] == 8
    assert record.rarity == pytest.approx(max(sum(one >= 8 for one in lengths), 1) / len(closes))
    assert "for 8 sessions in a row" in record.statement


def test_the_start_of_a_year_is_told_where_no_late_one_was_as_good_or_bad() -> None:
    told = []
    for year in range(1995, 2023):
        fifth = [day for day in shipped() if day.year == year][4]
        told += [(year, one.fact.value) for one in found(tape().at(fifth), extremes.year_starts)]
    starts = {}
    for year in range(1991, 2023):
        before = [close for day, close in shipped().items() if day.year == year - 1][-1]
        starts[year] = [close for day, close in shipped().items() if day.year == year][4] / before - 1

    for year, since in told:
        sign = 1 if starts[year] > 0 else -1
        assert all(sign * starts[other] < sign * starts[year] for other in range(int(since) + 1, year))
        assert sign * starts[int(since)] >= sign * starts[year]
        assert year - int(since) >= 4
    assert (2019, 2006) not in told
    assert len(told) >= 4


# --- at the edges ----------------------------------------------------------------------------------------------


def made(closes: list[float] | Mapping[str, object], on: str = "2026-01-12", **more: object) -> FakeMarket:
    return FakeMarket(on, {SPX: closes}, benchmarks={"large": SPX}, **more)  # type: ignore[arg-type, dict-item]  # words of tests


@pytest.mark.parametrize("detector", ALL, ids=lambda one: one.__name__)
def test_a_short_history_has_nothing_unusual(detector: Detector) -> None:
    view = made([100.0 + number for number in range(60)] + [40.0])

    assert found(view, detector) == []


@pytest.mark.parametrize("detector", ALL, ids=lambda one: one.__name__)
def test_a_series_without_the_session_is_silent(detector: Detector) -> None:
    view = FakeMarket(
        "2026-01-13",
        {SPX: {day.isoformat(): 100.0 + at for at, day in enumerate(_weekdays(400, date(2026, 1, 12)))}},
        benchmarks={"large": SPX},
    )

    assert found(view, detector) == []


def _weekdays(count: int, last: date) -> list[date]:
    all_days = (last - timedelta(days=back) for back in range(3 * count))
    return sorted([day for day in all_days if day.weekday() < 5][:count])


def test_a_close_that_equals_the_highest_is_no_record_and_one_on_the_round_number_is_not_beyond_it() -> None:
    wave = [1_080.0 + 5 * (number % 3) for number in range(1_400)]

    assert found(made([*wave, 1_090.0]), levels.records) == []
    assert found(made([*wave, 1_100.0]), levels.round_numbers) == []
    assert [one.kind for one in found(made([*wave, 1_100.5]), levels.round_numbers)] == ["round-number"]


def test_an_unchanged_close_ends_a_run() -> None:
    wave = [1_000.0 + 5 * (number % 2) for number in range(800)]
    rising = [1_010.0, 1_020.0, 1_030.0, 1_040.0, 1_050.0, 1_060.0]

    assert [one.fact.value for one in found(made([*wave, *rising]), streaks.absolute)] == [7]
    assert found(made([*wave, *rising[:3], 1_030.0, *rising[3:]]), streaks.absolute) == []


def test_a_session_without_a_bar_neither_makes_nor_hides_a_round_number() -> None:
    closes = [2_050.0 + number % 7 for number in range(400)]
    days_of = _weekdays(401, date(2026, 1, 12))
    rows: dict[str, object] = {
        day.isoformat(): close for day, close in zip(days_of, [*closes, 1_990.0], strict=True)
    }
    rows[days_of[100].isoformat()] = 1_980.0
    del rows[days_of[-40].isoformat()]

    back = found(made(rows), levels.recrossed)

    assert [(one.params["side"], one.params["level"], one.fact.value) for one in back] == [
        ("below", "2000", days_of[100])
    ]


def test_a_fall_through_several_round_numbers_is_told_by_the_furthest() -> None:
    view = made([1_950.0] * 5 + [2_350.0 + number % 9 for number in range(400)] + [1_940.0])

    back = found(view, levels.recrossed)

    assert [one.params["level"] for one in back] == ["2000"]


def test_what_a_dividend_took_is_neither_a_low_nor_a_move_nor_a_run() -> None:
    closes = [100.0 + 0.1 * (number % 5) for number in range(300)]
    rows = [{"close": close, "adj_close": close * 0.9} for close in closes]
    rows.append({"close": 89.9, "adj_close": 90.2, "dividend": 10.0})
    fund = FakeMarket("2026-01-12", {FUND: rows}, benchmarks={"large": FUND})

    assert found(fund, levels.records) == []
    assert [one for one in found(fund, levels.moves) if one.params["over"] == "1s"] == []
    assert found(fund, streaks.absolute) == []
    assert found(fund, declines.reached) == []


def session(close: float, **fields: float) -> dict[str, float]:
    return {
        "open": close,
        "high": close * 1.003,
        "low": close * 0.997,
        "close": close,
        "volume": 1_000.0,
    } | fields


def test_a_turn_a_gap_and_a_volume_count_from_how_rare_they_are() -> None:
    calm = [session(1_000.0 + 5 * (number % 2)) for number in range(300)]
    turned = made([*calm, session(1_010.0, low=960.0)])
    opened = made([*calm, session(1_040.0, open=1_030.0)])
    inside = made([*calm, session(1_007.0, open=1_006.0)])

    turn = of_kind(turned, extremes.reversals, "reversal")
    gap = of_kind(opened, extremes.reversals, "gap")

    assert turn is not None
    assert (turn.params["side"], turn.rarity) == ("low", pytest.approx(1 / 300))
    assert gap is not None
    assert gap.rarity == pytest.approx(1 / 300)
    assert found(inside, extremes.reversals) == []


def test_a_volume_is_rare_against_earlier_ones_by_their_own_medians() -> None:
    traded = [1_000.0 * (1 + number // 100) for number in range(400)]
    rows = [session(100.0 + number % 3, volume=volume) for number, volume in enumerate([*traded, 12_000.0])]
    named = {SPX: [1_000.0 + number % 4 for number in range(401)], FUND: rows}
    from broadtape.model import Instrument

    fund = Instrument(FUND, "SPDR S&P 500 ETF", "etf", proxy_of=SPX)
    view = FakeMarket("2026-01-12", named, benchmarks={"large": SPX}, instruments=[fund])

    signals = found(view, extremes.volumes)
    times = [
        traded_now / median(rows_before) for rows_before, traded_now in _with_before([*traded, 12_000.0])
    ]

    assert [one.fact.value for one in signals] == [pytest.approx(3.0)]  # type: ignore[comparison-overlap]  # a Decimal
    assert signals[0].rarity == pytest.approx(sum(one >= 3.0 for one in times) / len(times))


def _with_before(values: list[float]) -> Iterator[tuple[list[float], float]]:
    for at in range(60, len(values)):
        yield values[at - 60 : at], values[at]


def test_a_ratio_at_its_highest_again_within_a_month_is_the_same_story() -> None:
    risen = [1_000.0 + number for number in range(301)]  # the last of them stays the highest for long
    fallen = [1_290.0 - number / 2 for number in range(500)]
    once = [*risen, *fallen, 1_200.0]
    again = [*once, *[1_150.0] * 10, 1_201.0]
    much_later = [*once, *[1_150.0] * 30, 1_201.0]

    def ratio(small: list[float]) -> list[str]:
        table = {SPX: [1_000.0] * len(small), RUT: small}
        view = FakeMarket("2026-01-12", table, benchmarks={"large": SPX, "small": RUT})
        return [one.subject for one in found(view, extremes.ratios)]

    assert ratio(once) == [RUT]
    assert ratio(again) == []
    assert ratio(much_later) == [RUT]
