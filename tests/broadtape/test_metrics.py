"""What each metric says and refuses to say, on markets small enough to check by eye."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeMarket, weekdays

from broadtape import metrics
from broadtape.metrics.series import compare_changes
from broadtape.model import BadParameter, Fact, Instrument, NoData, NotTrue, UnknownSymbol, parse_fact_address

CONTRACT = Path(__file__).parents[2] / "docs" / "contracts" / "metrics.md"


def value(view: FakeMarket, metric: str, **params: str) -> Any:
    return metrics.fact(view, metric, **params).value


def parts(fact: Fact) -> dict[str, Any]:
    return {part.name: part.value for part in fact.parts}


def rising(first: date, last: date, start: int = 100) -> dict[str, str]:
    return {str(day): f"{start + at}" for at, day in enumerate(weekdays(first, last).tolist())}


# --- definitions ----------------------------------------------------------------------------------------


def test_every_metric_of_the_contract_is_defined_and_no_other() -> None:
    table = CONTRACT.read_text().split("## The metrics")[1]
    named = re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)

    assert sorted(named) == [found.name for found in metrics.definitions()]


def test_the_contract_names_every_parameter() -> None:
    table = CONTRACT.read_text().split("## The metrics")[1]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]*) \|", table, re.MULTILINE))
    for found in metrics.definitions():
        for parameter in found.parameters:
            assert re.search(rf"\b{parameter.name}\b", rows[found.name]), f"{found.name}: {parameter.name}"


@pytest.mark.parametrize("found", metrics.definitions(), ids=lambda found: found.name)
def test_a_definition_is_whole_and_its_examples_are_canonical(found: metrics.Definition) -> None:
    symbols = "INDEXRUSSELL:RUT INDEXSP:SPX INDEXCBOE:VIX NYSEARCA:IWM NYSEARCA:SPY NASDAQ:TLT NASDAQ:MSFT NASDAQ:NVDA"
    view = FakeMarket("2026-01-12", dict.fromkeys(symbols.split(), "1 2"))

    assert found.wording.endswith(". ") or found.wording.endswith(".")
    assert len(re.findall(r"[.;] ", found.wording + " ")) <= 8
    assert found.examples
    for example in found.examples:
        metric, params = parse_fact_address(example)
        assert metric == found.name
        assert metrics.key(view, metric, dict(params)).address == example


def test_an_unknown_metric_names_the_known_ones() -> None:
    with pytest.raises(BadParameter, match=r"no metric 'retrun'; nearest: return\b"):
        metrics.definition("retrun")
    with pytest.raises(BadParameter, match=r"no metric 'momentum'; there are .*, breadth, "):
        metrics.definition("momentum")


# --- parameters -----------------------------------------------------------------------------------------

X = FakeMarket("2026-01-12", {"NYSE:X": "10 11 12", "NASDAQ:Y": "5 5 5", "NYSE:BRK.B": "1 1 2"})


def test_bare_and_lower_case_symbols_are_qualified_and_defaults_left_out() -> None:
    key = metrics.key(X, "return", {"of": " x ", "over": "2S", "basis": "price"})

    assert key.address == "return?of=NYSE:X&over=2s"
    assert key == metrics.fact(X, "return", of="NYSE:X", over="2s").key


@pytest.mark.parametrize("text", ["BRK.B", "BRK-B", "brk/b", "NYSE: BRK-B"])
def test_class_marks_are_equal(text: str) -> None:
    assert metrics.fact(X, "level", of=text).part("subject").value == "NYSE:BRK.B"


def test_an_ambiguous_ticker_is_refused_unless_one_has_prices() -> None:
    listed = [Instrument("NYSE:Z", "Zed", "stock"), Instrument("NASDAQ:Z", "Zet", "stock")]
    unpriced = FakeMarket("2026-01-12", instruments=listed)
    priced = FakeMarket("2026-01-12", {"NASDAQ:Z": "1 2"}, instruments=listed)

    with pytest.raises(BadParameter, match="of: Z could be NASDAQ:Z or NYSE:Z"):
        metrics.key(unpriced, "level", {"of": "Z"})
    assert metrics.key(priced, "level", {"of": "Z"}).params == (("of", "NASDAQ:Z"),)


@pytest.mark.parametrize(
    ("metric", "params", "complaint"),
    [
        ("return", {"of": "X"}, "over: missing"),
        ("return", {"of": "X", "over": "1s", "in": "all"}, "in: return does not take it; it takes of"),
        ("return", {"of": "X", "over": "December"}, "over: 'december' is not a window; say 2025-12"),
        ("return", {"of": "X", "over": "2025-13"}, "over: '2025-13' is not a window"),
        ("return", {"of": "X", "over": "2025-W54"}, "over: '2025-W54' is not a window"),
        ("return", {"of": "X", "over": "0s"}, "over: '0s' is not a window"),
        ("return", {"of": "X", "over": "9999-12"}, "over: '9999-12' is not a window"),
        ("return", {"of": "X", "over": "2026-01-12..2026-01-09"}, "ends before it starts"),
        ("return", {"of": "X", "over": "2026-01-10..2026-01-12"}, "2026-01-10 was not a session"),
        ("return", {"of": "X", "over": "1" * 500}, "over: longer than 80 characters"),
        ("return", {"of": "X", "over": "1s", "basis": "raw"}, "basis: 'raw' is not one of price, total"),
        ("relative-streak", {"of": "X", "vs": "Y", "unit": "fortnight"},
         "unit: 'fortnight' is not one of session, week, month"),
        ("relative-streak", {"of": "X", "vs": "NYSE:X"}, "vs: NYSE:X is compared with itself"),
        ("streak-count", {"of": "X", "vs": "Y", "at_least": "0"}, "at_least: '0' is not a whole number"),
        ("first-close", {"of": "X", "level": "-5"}, "level: '-5' is not a number above zero"),
        ("first-close", {"of": "X", "level": "1.2.3"}, "level: '1.2.3' is not a number above zero"),
        ("level", {"of": "X", "on": "yesterday"}, "on: 'yesterday' is not a date such as"),
        ("periods-led", {"of": "X", "vs": "Y", "from": "2025-W01", "to": "2025-02"}, "is not a month"),
        ("policy-moves", {"over": "2025-12..2025-09"}, "over: '2025-12..2025-09' is not 2025-09"),
        ("what-followed", {"event": "drop", "of": "X", "vs": "Y", "at_least": "3"}, "vs: event=drop"),
        ("what-followed", {"event": "relative-streak", "of": "X", "at_least": "3"}, "vs: missing"),
        ("what-followed", {"event": "streak", "of": "X", "at_least": "2.5"}, "not a whole number"),
    ],
)  # fmt: skip
def test_a_parameter_that_cannot_be_read_is_named(
    metric: str, params: dict[str, str], complaint: str
) -> None:
    with pytest.raises(BadParameter) as caught:
        metrics.compute(X, metric, params)

    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unlisted_symbol_is_never_printed() -> None:
    view = FakeMarket("2026-01-12", {"UNLISTED:Q": "1 2"})
    view._instruments.clear()

    for text in ("UNLISTED:Q", "Q"):
        with pytest.raises(NoData, match="nothing of it is printed"):
            metrics.fact(view, "return", of=text, over="1s")


def test_an_unknown_symbol_says_so() -> None:
    with pytest.raises(UnknownSymbol, match="of: no instrument 'ZZZ'"):
        metrics.key(X, "level", {"of": "ZZZ"})


def test_numbers_are_canonical_in_the_key() -> None:
    assert metrics.key(X, "first-close", {"of": "X", "level": "2600.00"}).params[0] == ("level", "2600")


# --- rounding -------------------------------------------------------------------------------------------


def test_a_return_exactly_at_a_half_is_rounded_away_from_zero() -> None:
    up = FakeMarket("2026-01-12", {"NYSE:X": "80.00 80.10"})  # 0.125 %: a float gives 0.12499999999999
    down = FakeMarket("2026-01-12", {"NYSE:X": "80.00 79.90"})

    assert value(up, "return", of="X", over="1s") == Decimal("0.13")
    assert value(down, "return", of="X", over="1s") == Decimal("-0.13")


def test_a_move_that_prints_as_zero_is_flat_and_has_no_sign() -> None:
    fact = metrics.fact(
        FakeMarket("2026-01-12", {"INDEXX:X": "50000.00 49999.90"}), "return", of="X", over="1s"
    )

    assert str(fact.value) == "0.00"
    assert fact.tags == {"flat", "size0"}


def test_equal_returns_of_different_prices_are_a_tie_whatever_floats_say() -> None:
    assert 144.48 / 142.31 != 20.64 / 20.33  # though each is seven times the other
    view = FakeMarket("2026-01-12", {"NYSE:X": "142.31 144.48", "NYSE:Y": "20.33 20.64"})

    with pytest.raises(NotTrue):
        metrics.fact(view, "relative-streak", of="X", vs="Y")
    with pytest.raises(NotTrue):
        metrics.fact(view, "relative-streak", of="Y", vs="X")
    assert compare_changes(*(np.array([p]) for p in (142.31, 144.48, 20.33, 20.64))).tolist() == [0]


# --- windows --------------------------------------------------------------------------------------------

YEARS = FakeMarket("2026-01-14", {"NYSE:X": rising(date(2024, 12, 2), date(2026, 1, 14))})


@pytest.mark.parametrize(
    ("over", "start", "end", "sessions"),
    [
        ("2025-12", "2025-12-01", "2025-12-31", 23),
        ("2025-Q4", "2025-10-01", "2025-12-31", 66),
        ("2025", "2025-01-01", "2025-12-31", 261),
        ("2025-W50", "2025-12-08", "2025-12-12", 5),
        ("2026-01-02..2026-01-12", "2026-01-02", "2026-01-12", 7),
        ("5s", "2026-01-08", "2026-01-14", 5),
        ("wtd", "2026-01-12", "2026-01-14", 3),
        ("mtd", "2026-01-01", "2026-01-14", 10),
        ("qtd", "2026-01-01", "2026-01-14", 10),
        ("ytd", "2026-01-01", "2026-01-14", 10),
        ("2026.first5s", "2026-01-01", "2026-01-07", 5),
        ("2026-01.first5s", "2026-01-01", "2026-01-07", 5),
        ("since:2026-01-12", "2026-01-12", "2026-01-14", 2),
    ],
)
def test_a_window_runs_from_the_close_before_its_first_session(
    over: str, start: str, end: str, sessions: int
) -> None:
    fact = metrics.fact(YEARS, "return", of="X", over=over)
    said = parts(fact)

    assert (str(said["start"]), str(said["end"]), said["sessions"]) == (start, end, sessions)
    assert said["to"] - said["from"] == sessions  # the series gains one a session
    assert [row.value for row in fact.evidence.rows] == [f"{said['from']}", f"{said['to']}"]
    assert fact.evidence.spans[0].count == sessions + 1


def test_windows_that_are_periods_name_them() -> None:
    assert parts(metrics.fact(YEARS, "return", of="X", over="2025-12"))["month"] == date(2025, 12, 1)
    assert metrics.fact(YEARS, "return", of="X", over="2025-q4").part("quarter").unit == "quarter"
    assert parts(metrics.fact(YEARS, "return", of="X", over="2025"))["year"] == 2025
    assert "to-date" in metrics.fact(YEARS, "return", of="X", over="ytd").tags
    assert "since" in metrics.fact(YEARS, "return", of="X", over="since:2026-01-12").tags
    assert "first" in metrics.fact(YEARS, "return", of="X", over="2026.first5s").tags


@pytest.mark.parametrize(
    "over", ["2026-01", "2026-Q1", "2026", "2026-W03", "2026.first11s", "2026-02", "2027"]
)
def test_a_period_is_not_answered_before_it_is_complete(over: str) -> None:
    with pytest.raises(NoData, match="over: "):
        metrics.fact(YEARS, "return", of="X", over=over)


def test_a_month_is_complete_on_its_last_session() -> None:
    assert value(YEARS.at("2025-12-31"), "return", of="X", over="2025-12")
    with pytest.raises(NoData, match="not complete on 2025-12-30"):
        metrics.fact(YEARS.at("2025-12-30"), "return", of="X", over="2025-12")


def test_a_missing_close_at_either_end_is_no_data_not_the_nearest_close() -> None:
    rows = rising(date(2025, 11, 3), date(2026, 1, 14))
    del rows["2025-11-28"]

    with pytest.raises(NoData, match="NYSE:X: no close on 2025-11-28"):
        metrics.fact(FakeMarket("2026-01-14", {"NYSE:X": rows}), "return", of="X", over="2025-12")


# --- basis ------------------------------------------------------------------------------------------------


def test_prices_and_closes_including_dividends_never_mix() -> None:
    view = FakeMarket("2026-01-12", {"NYSE:T": [{"adj_close": 10}, {"adj_close": 11}], "NYSE:P": "10 11"})
    total = metrics.fact(view, "return", of="T", over="1s", basis="total")

    assert total.value == 10
    assert "total" in total.tags
    assert total.get("from") is None
    assert {row.field for row in total.evidence.rows} == {"adj_close"}
    for metric, params in (
        ("return", {"over": "1s"}), ("level", {}), ("quote", {}), ("record", {}), ("drawdown", {}),
        ("relative-return", {"vs": "P", "over": "1s"}),
    ):  # fmt: skip
        with pytest.raises(NoData, match="only closes including dividends"):
            metrics.fact(view, metric, of="T", **params)
    with pytest.raises(NoData, match="NYSE:P: its source gives no closes including dividends"):
        metrics.fact(view, "relative-return", of="T", vs="P", over="1s", basis="total")


# --- licence, evidence --------------------------------------------------------------------------------------


def test_a_fact_is_public_only_if_all_its_inputs_are() -> None:
    view = FakeMarket(
        "2026-01-12",
        {"NYSE:X": "1 2", "NYSE:Y": "1 1"},
        public=["NYSE:X"],
        decisions={"2025-12-10": ("3.5", "3.75", -25)},
    )

    assert metrics.fact(view, "return", of="X", over="1s").licence == "public"
    assert metrics.fact(view, "relative-return", of="X", vs="Y", over="1s").licence == "private"
    assert metrics.fact(view, "policy-rate").licence == "public"
    assert metrics.fact(view, "session-count", from_="2026-01-09", to="2026-01-12").licence == "public"


def test_evidence_prints_what_is_stored_and_prices_at_least_in_cents() -> None:
    view = FakeMarket("2026-01-12", {"NYSE:X": "10.5 0.1234"})

    rows = metrics.fact(view, "return", of="X", over="1s").evidence.rows

    assert [row.value for row in rows] == ["10.50", "0.1234"]


def test_every_fact_of_a_busy_day_survives_json() -> None:
    view = FakeMarket(
        "2026-01-12",
        {"NYSE:X": "10 11 9 12 13", "NYSE:Y": "10 10 10 10 10"},
        decisions={"2025-12-10": ("3.50", "3.75", -25)},
        readings={"UNRATE": {"2025-09": "4.4"}},
        events=[("2026-01-13", "cpi", "Consumer price index")],
        groups={"all": ["NYSE:X", "NYSE:Y"]},
    )
    asked = [
        ("return", {"of": "X", "over": "2s"}),
        ("relative-streak", {"of": "X", "vs": "Y"}),
        ("record", {"of": "X"}),
        ("streak-count", {"of": "X", "vs": "Y", "at_least": "1"}),
        ("rank", {"of": "X", "in": "all", "over": "1s"}),
        ("policy-rate", {}),
        ("policy-last", {}),
        ("reading", {"series": "UNRATE"}),
        ("next-event", {"kind": "cpi"}),
        ("first-close", {"of": "X", "level": "11.5"}),
        ("breadth", {"in": "all", "over": "1s"}),
        ("quote", {"of": "X"}),
    ]
    for metric, params in asked:
        fact = metrics.compute(view, metric, params)
        assert metrics.from_json(fact.id, metrics.to_json(fact)) == fact


# --- streaks ------------------------------------------------------------------------------------------------


def versus(led: str) -> FakeMarket:
    """X against a still Y: + rises, - falls, = stays."""
    price, closes = 100.0, ["100"]
    for step in led:
        price += {"+": 1, "-": -1, "=": 0}[step]
        closes.append(f"{price}")
    return FakeMarket("2026-01-12", {"NYSE:X": closes, "NYSE:Y": ["50"] * len(closes)})


PAIR = {"of": "X", "vs": "Y"}


def test_a_tie_ends_a_run() -> None:
    view = versus("+++=++")

    assert value(view, "relative-streak", **PAIR) == 2
    assert value(view.at(view.sessions[-3].item()), "relative-streak-ended", **PAIR) == 3


def test_equal_longer_and_longest_are_told_apart() -> None:
    tied, longest = versus("++++-++-++-++"), versus("++-+++")

    longer = metrics.fact(tied, "streak-last-longer", **PAIR)
    assert longer.value == 4
    assert "tie" in longer.tags
    assert value(tied, "streak-last-equal", **PAIR) == 2
    with pytest.raises(NotTrue):
        metrics.fact(tied, "streak-longest", **PAIR)
    assert metrics.fact(longest, "streak-longest", **PAIR).tags >= {"longest", "in-data", "ongoing"}
    with pytest.raises(NotTrue):
        metrics.fact(longest, "streak-last-longer", **PAIR)
    assert "tie" not in metrics.fact(versus("++++-++"), "streak-last-longer", **PAIR).tags


def test_an_equal_run_is_not_longest() -> None:
    with pytest.raises(NotTrue, match="at least as long"):
        metrics.fact(versus("+++-+++"), "streak-longest", **PAIR)


def test_where_none_runs_the_last_that_ended_is_measured() -> None:
    view = versus("++-+++-")

    ended = metrics.fact(view, "relative-streak-ended", **PAIR)
    assert ended.value == 3
    assert ended.part("broken").value == date(2026, 1, 12)
    assert "ended" in metrics.fact(view, "streak-longest", **PAIR).tags
    assert value(view, "streak-count", at_least="2", **PAIR) == 1


def test_the_present_run_is_not_among_the_earlier_ones() -> None:
    few = metrics.fact(versus("++-+++-++"), "streak-count", at_least="2", **PAIR)
    many = metrics.fact(versus("+-" * 8 + "+"), "streak-count", at_least="1", **PAIR)

    assert (few.value, "few" in few.tags) == (2, True)
    assert (many.value, "few" in many.tags) == (8, False)


def test_a_session_only_one_has_neither_ends_nor_lengthens_a_run() -> None:
    days = [str(day) for day in weekdays(date(2026, 1, 5), date(2026, 1, 12)).tolist()]
    x = dict(zip(days, ("10", "11", "12", "13", "14", "15"), strict=True))
    y = dict.fromkeys(days, "10")
    del y[days[2]]

    fact = metrics.fact(FakeMarket("2026-01-12", {"NYSE:X": x, "NYSE:Y": y}), "relative-streak", **PAIR)

    assert fact.value == 3  # the sessions of 6, 9 and 12 January; 7 and 8 lack a close they need


def test_a_streak_is_not_claimed_for_a_series_that_has_stopped() -> None:
    view = FakeMarket("2026-01-12", {"NYSE:X": {"2026-01-08": "1", "2026-01-09": "2"}, "NYSE:Y": "1 1 1"})

    with pytest.raises(NoData, match="no close on 2026-01-12; the last is of 2026-01-09"):
        metrics.fact(view, "relative-streak", **PAIR)


def test_weeks_and_months_count_when_complete() -> None:
    days = weekdays(date(2025, 9, 29), date(2026, 1, 14)).tolist()
    x = {str(day): f"{100 + at}" for at, day in enumerate(days)}
    view = FakeMarket("2026-01-14", {"NYSE:X": x, "NYSE:Y": dict.fromkeys(x, "10")})

    months = metrics.fact(view, "relative-streak", unit="month", **PAIR)
    assert (months.value, months.unit) == (3, "months")
    assert (months.part("start").value, months.part("end").value) == (date(2025, 10, 1), date(2025, 12, 31))
    weeks = metrics.fact(view, "relative-streak", unit="week", **PAIR)
    assert weeks.part("end").value == date(2026, 1, 9)


def test_periods_led_needs_every_period() -> None:
    days = weekdays(date(2025, 9, 1), date(2026, 1, 14)).tolist()
    x = {str(day): f"{100 + at}" for at, day in enumerate(days)}
    y = dict.fromkeys(x, "10")
    whole = FakeMarket("2026-01-14", {"NYSE:X": x, "NYSE:Y": y})
    gap = FakeMarket("2026-01-14", {"NYSE:X": x, "NYSE:Y": {d: p for d, p in y.items() if d != "2025-10-31"}})

    assert parts(metrics.fact(whole, "periods-led", from_="2025-10", to="2025-12", **PAIR))["total"] == 3
    with pytest.raises(NoData, match="2025-10-31"):
        metrics.fact(gap, "periods-led", from_="2025-10", to="2025-12", **PAIR)
    with pytest.raises(NoData):
        metrics.fact(whole, "periods-led", from_="2025-12", to="2026-01", **PAIR)


def test_an_unchanged_close_ends_a_streak() -> None:
    assert value(FakeMarket("2026-01-12", {"NYSE:X": "9 8 8 7 6"}), "streak", of="X", side="down") == 2
    with pytest.raises(NotTrue):
        metrics.fact(FakeMarket("2026-01-12", {"NYSE:X": "8 9 9"}), "streak", of="X")


def test_runs_of_an_array() -> None:
    starts, lengths = metrics.runs(np.array([True, True, False, True, False, False, True]))

    assert (starts.tolist(), lengths.tolist()) == ([0, 3, 6], [2, 1, 1])
    assert metrics.runs(np.zeros(0, dtype=bool))[0].tolist() == []


# --- records ------------------------------------------------------------------------------------------------


def test_equalling_a_record_is_none() -> None:
    with pytest.raises(NotTrue):
        metrics.fact(FakeMarket("2026-01-12", {"NYSE:X": "9 10 10"}), "record", of="X")


def test_all_time_needs_the_inception_in_the_data() -> None:
    def scope(inception: date | None) -> frozenset[str]:
        named = [Instrument("NYSE:X", "X", "stock", inception=inception)]
        view = FakeMarket("2026-01-12", {"NYSE:X": "9 10 11"}, instruments=named)
        return metrics.fact(view, "record", of="X").tags & {"all-time", "in-data"}

    assert scope(None) == {"in-data"}
    assert scope(date(2026, 1, 5)) == {"in-data"}
    assert scope(date(2026, 1, 8)) == {"all-time"}


def test_a_52_week_high_is_no_record_and_needs_52_weeks() -> None:
    rows = rising(date(2024, 1, 1), date(2026, 1, 12))
    rows["2024-03-01"] = "5000"
    fact = metrics.fact(FakeMarket("2026-01-12", {"NYSE:X": rows}), "record", of="X", window="52w")

    assert fact.tags == {"highest", "52-week", "close"}
    with pytest.raises(NoData, match="less than 52 weeks"):
        metrics.fact(X, "record", of="X", window="52w")


def test_intraday_records_are_of_highs_and_lows_and_say_so() -> None:
    view = FakeMarket("2026-01-12", {"NYSE:X": [{"high": 12, "close": 9}, {"high": 13, "close": 8}]})

    assert metrics.fact(view, "record", of="X", on="intraday").tags >= {"intraday", "highest"}
    with pytest.raises(NotTrue):
        metrics.fact(view, "record", of="X")


def test_highest_since_ends_at_an_equal_close_and_skips_the_session_before() -> None:
    assert value(FakeMarket("2026-01-12", {"NYSE:X": "12 10 11 12"}), "extreme-since", of="X") == date(
        2026, 1, 7
    )
    with pytest.raises(NotTrue, match="the session before"):
        metrics.fact(FakeMarket("2026-01-12", {"NYSE:X": "13 12"}), "extreme-since", of="X")
    with pytest.raises(NotTrue, match="ask record"):
        metrics.fact(FakeMarket("2026-01-12", {"NYSE:X": "11 12"}), "extreme-since", of="X")


def test_best_since_names_the_last_at_least_as_good() -> None:
    fact = metrics.fact(FakeMarket("2026-01-12", {"NYSE:X": "100 105 106 107 112"}), "return-extreme", of="X")

    assert parts(fact)["since"] == date(2026, 1, 7)
    assert {"best", "largest", "since", "up"} <= fact.tags
    alone = metrics.fact(FakeMarket("2026-01-12", {"NYSE:X": "100 101 110"}), "return-extreme", of="X")
    assert alone.get("since") is None
    assert "in-data" in alone.tags


def test_a_first_close_above_is_strictly_above_and_not_where_the_data_start() -> None:
    assert value(
        FakeMarket("2026-01-12", {"NYSE:X": "99 100 101"}), "first-close", of="X", level="100"
    ) == date(2026, 1, 12)
    with pytest.raises(NoData, match="the data start above 100"):
        metrics.fact(FakeMarket("2026-01-12", {"NYSE:X": "101 99 102"}), "first-close", of="X", level="100")
    assert value(
        FakeMarket("2026-01-12", {"NYSE:X": "101 99 102"}), "first-close-since", of="X", level="100"
    ) == date(2026, 1, 8)


def test_a_drawdown_at_the_record_is_flat() -> None:
    assert metrics.fact(FakeMarket("2026-01-12", {"NYSE:X": "9 10"}), "drawdown", of="X").tags == {
        "flat", "record", "highest", "close", "in-data",
    }  # fmt: skip
    below = metrics.fact(FakeMarket("2026-01-12", {"NYSE:X": "9 10 8"}), "drawdown", of="X")
    assert (below.value, below.part("peak").value) == (Decimal("-20.00"), date(2026, 1, 9))


# --- groups -------------------------------------------------------------------------------------------------

GROUP = FakeMarket(
    "2026-01-12",
    {"NYSE:A": "10 11", "NYSE:B": "10 9", "NYSE:C": "20 22", "NYSE:D": {"2026-01-09": "2"}},
    groups={"g": ["NYSE:A", "NYSE:B", "NYSE:C", "NYSE:D", "NYSE:NONE"]},
)  # fmt: skip


def test_a_member_without_the_as_of_close_takes_no_part() -> None:
    assert parts(metrics.fact(GROUP, "breadth", in_="g", over="1s")) | {"value": 2, "total": 3} == parts(
        metrics.fact(GROUP, "breadth", in_="g", over="1s")
    )
    assert value(GROUP, "group-return", in_="g", over="1s") == 10
    assert value(GROUP, "group-return", in_="g", over="1s", stat="mean") == Decimal("3.33")


def test_members_with_equal_returns_share_a_place() -> None:
    best, worst = (metrics.fact(GROUP, "rank", of=of, in_="g", over="1s") for of in ("C", "B"))

    assert (best.value, best.tags) == (1, {"first", "best", "tie", "up"})
    assert (worst.value, worst.tags) == (3, {"last", "worst", "down"})
    with pytest.raises(NoData):
        metrics.fact(GROUP, "rank", of="D", in_="g", over="1s")


def test_fewer_than_half_of_a_group_do_not_speak_for_it() -> None:
    few = FakeMarket("2026-01-12", {"NYSE:A": "10 11"}, groups={"g": ["NYSE:A", "NYSE:B", "NYSE:C"]})

    with pytest.raises(NoData, match="only 1 of the 3 members"):
        metrics.fact(few, "breadth", in_="g", over="1s")


# --- policy, macro, calendar --------------------------------------------------------------------------------

POLICY = FakeMarket(
    "2026-01-12",
    decisions={
        "2025-06-18": ("4.25", "4.50", 0), "2025-09-17": ("4.00", "4.25", -25),
        "2025-10-29": ("3.75", "4.00", -25),
        "2025-12-10": ("3.50", "3.75", -25), "2026-01-28": ("3.50", "3.75", 0),
    },
)  # fmt: skip


def test_three_cuts_are_counted_with_their_days_and_size() -> None:
    said = parts(metrics.fact(POLICY, "policy-moves", over="2025-09..2025-12"))

    assert (said["value"], said["total"], said["each"]) == (3, 75, 25)
    assert said["range"] == (Decimal("3.50"), Decimal("3.75"))
    assert said["day3"] == date(2025, 12, 10)
    assert metrics.fact(POLICY, "policy-last").tags == {"cut", "down", "last", "policy"}


def test_moves_before_the_data_are_not_denied() -> None:
    with pytest.raises(NoData, match="start on 2025-06-18"):
        metrics.fact(POLICY, "policy-moves", over="2024")
    with pytest.raises(NoData, match="not complete"):
        metrics.fact(POLICY, "policy-moves", over="2026")
    assert value(POLICY, "policy-moves", over="ytd") == 0
    assert "to-date" in metrics.fact(POLICY, "policy-moves", over="2025-12..2026-01").tags


def test_a_missing_month_stays_missing() -> None:
    months = {f"2024-{month:02}": f"{300 + month}" for month in range(1, 13)} | {
        "2025-09": "310",
        "2025-11": "312",
    }
    view = FakeMarket("2026-02-12", readings={"CPIAUCSL": months})

    assert metrics.fact(view, "reading", series="CPIAUCSL", transform="yoy").value == Decimal("0.3")
    with pytest.raises(NoData, match="no reading for 2025-10"):
        metrics.fact(view, "reading", series="CPIAUCSL", transform="change")


def test_a_reading_is_not_used_before_its_release() -> None:
    view = FakeMarket(
        "2026-01-12",
        readings={"UNRATE": {"2025-11": ("4.5", "2025-12-16"), "2025-12": ("4.4", "2026-01-13")}},
    )

    fact = metrics.fact(view, "reading", series="UNRATE")
    assert (fact.value, fact.part("period").value) == (Decimal("4.5"), date(2025, 11, 1))
    changed = metrics.fact(view.at("2026-01-13"), "reading", series="UNRATE", transform="change")
    assert (changed.value, changed.unit) == (Decimal("-0.1"), "percentage points")


def test_quarters_and_days_are_not_called_months() -> None:
    view = FakeMarket(
        "2026-01-12",
        readings={
            "A191RL1Q225SBEA": {"2025-01": "1", "2025-04": "2", "2025-07": "4.3"},
            "DGS10": {"2026-01-08": ("4.10", "2026-01-08"), "2026-01-09": ("4.18", "2026-01-09")},
            "MYSTERY": {"2025-09": "7"},
        },
    )

    quarter = metrics.fact(view, "reading", series="A191RL1Q225SBEA")
    assert parts(quarter) | {"quarter": 3, "year": 2025} == parts(quarter)
    day = metrics.fact(view, "reading", series="DGS10", transform="change")
    assert (day.value, day.part("period").kind) == (Decimal("0.08"), "date")
    assert metrics.fact(view, "reading", series="MYSTERY").part("series").value == "MYSTERY"


def test_the_next_event_is_after_the_session() -> None:
    view = FakeMarket("2026-01-12", events=[("2026-01-12", "cpi", "old"), ("2026-02-11", "cpi", "CPI")])

    assert value(view, "next-event", kind="cpi") == date(2026, 2, 11)
    with pytest.raises(NoData):
        metrics.fact(view, "next-event", kind="jobs")


# --- precedent, size ----------------------------------------------------------------------------------------


def test_each_past_run_counts_once_and_the_present_one_not_at_all() -> None:
    view = versus("+++-=-=-++-=-=-=-+++")
    asked = {"event": "relative-streak", "at_least": "2", "horizon": "5", **PAIR}

    cases = metrics.fact(view, "what-followed", **asked)
    assert (cases.value, "few" in cases.tags) == (2, True)
    share = metrics.fact(view, "what-followed", stat="share", **asked)
    assert (share.value, share.unit) == (Decimal("0.0"), "percent")
    everything = metrics.fact(view, "what-followed", set="all", **asked)
    assert everything.value == 21 - 5
    assert {"all"} <= everything.tags
    assert "few" not in everything.tags


def test_a_drop_of_exactly_the_threshold_is_one() -> None:
    closes = ["100", "97", *["97"] * 6]
    view = FakeMarket("2026-01-12", {"NYSE:X": closes})

    assert value(view, "what-followed", event="drop", of="X", at_least="3") == 1
    assert value(view, "what-followed", event="drop", of="X", at_least="3.01") == 0
    with pytest.raises(NotTrue):
        metrics.fact(view, "what-followed", event="gain", of="X", at_least="3", stat="median")


def test_size_is_in_the_series_own_volatility() -> None:
    calm = [100.0]
    for at in range(60):
        calm.append(calm[-1] * (1.01 if at % 2 else 0.99))
    for move, size in ((0.001, 0), (0.005, 1), (0.012, 2), (0.025, 3), (-0.05, 4)):
        closes = np.array([*calm, calm[-1] * (1 + move)])
        assert metrics.size_of(closes, 60, 61) == size
    assert metrics.size_of(np.array([*calm[1:], calm[-1]]), 59, 60) is None


def test_nothing_later_than_the_view_changes_a_fact() -> None:
    whole = YEARS.at("2025-12-31")
    cut = FakeMarket("2025-12-31", {"NYSE:X": rising(date(2024, 12, 2), date(2025, 12, 31))})

    for metric, params in (
        ("return", {"of": "X", "over": "2025"}),
        ("record", {"of": "X"}),
        ("streak", {"of": "X"}),
    ):
        assert metrics.compute(whole, metric, params) == metrics.compute(cut, metric, params)


def test_scanning_functions_share_their_days() -> None:
    view = FakeMarket("2026-01-14", {"NYSE:X": {"2026-01-12": "1", "2026-01-14": "2"}, "NYSE:Y": "1 2 3"})

    days, a, b = metrics.pair(view, "NYSE:X", "NYSE:Y")
    assert (len(days), a.tolist(), b.tolist()) == (2, [1.0, 2.0], [1.0, 3.0])
    _, last, returns = metrics.period_returns(YEARS, "NYSE:X", "month")
    assert str(last[-1]) == "2025-12-31"
    assert all(later < earlier for earlier, later in pairwise(returns.tolist()[-3:])) or len(returns) == 12


def test_later_digits_of_a_series_change_no_earlier_fact() -> None:
    before = {"NYSE:X": "10.5 11.25", "INDEXX:Y": "10.5 11.25"}
    after = {"NYSE:X": "10.5 11.25 11.1875", "INDEXX:Y": "10.5 11.25 11.1875"}

    for symbol in before:
        for metric, asked in (("level", {}), ("return", {"over": "1s"}), ("drawdown", {})):
            early = metrics.fact(FakeMarket("2026-01-09", before), metric, of=symbol, **asked)
            market = FakeMarket("2026-01-12", after, decimals=4)
            late = metrics.fact(market.at("2026-01-09"), metric, of=symbol, **asked)
            assert early.parts == late.parts
            assert [row.value for row in early.evidence.rows] == [row.value for row in late.evidence.rows]


def test_prices_are_printed_in_cents_and_small_ones_with_four_digits() -> None:
    market = FakeMarket(
        "2026-01-12", {"NYSE:A": "159.1155", "NYSE:B": "0.25", "NYSE:C": "0.2537", "NYSE:D": "0.000123456"}
    )

    printed = [str(metrics.fact(market, "level", of=one).value) for one in ("A", "B", "C", "D")]

    assert printed == ["159.12", "0.25", "0.2537", "0.0001235"]


def test_an_index_level_has_no_more_decimals_than_its_source_gave() -> None:
    market = FakeMarket(
        "2026-01-12", {"INDEXX:SIX": "23700.1 23810.5 23733.9", "INDEXX:TWO": "6190.10 6195.55 6192.92"}
    )

    six, two = (
        metrics.fact(market, "level", of=symbol).part("value") for symbol in ("INDEXX:SIX", "INDEXX:TWO")
    )

    assert (six.decimals, two.decimals) == (1, 2)


def test_a_range_stands_since_the_decision_that_moved_it_not_since_the_last_meeting() -> None:
    rate = metrics.fact(
        FakeMarket(
            "2023-11-14",
            decisions={
                "2023-06-14": ("5.00", "5.25", 0), "2023-07-26": ("5.25", "5.50", 25),
                "2023-11-01": ("5.25", "5.50", 0),
            },
        ),
        "policy-rate",
    )  # fmt: skip
    still = metrics.fact(
        FakeMarket("2020-02-14", decisions={"2020-01-29": ("1.50", "1.75", 0)}), "policy-rate"
    )

    assert rate.part("day").value == date(2023, 7, 26)
    assert (still.get("day"), "in-data" in still.tags) == (None, True)
