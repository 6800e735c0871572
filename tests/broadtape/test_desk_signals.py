"""Each detector on a market made for it, silence without data, and how the signals are ranked."""

from __future__ import annotations

from datetime import date
from itertools import accumulate

import pytest
from fakes import FakeMarket, weekdays

from broadtape.desk import newsworthiness, patterns, signals
from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.patterns import Signal

SPX, RUT, IXIC = "INDEXSP:SPX", "INDEXRUSSELL:RUT", "INDEXNASDAQ:IXIC"
ROLES = {"large": SPX, "small": RUT, "tech": IXIC}
LENGTH = 320  # sessions: more than the year of its own past that a series needs


def wavy(last: list[float], *, length: int = LENGTH, start: float = 1000.0, step: float = 0.5) -> list[float]:
    """Closes that swing by `step` percent and back, and then change by `last` percent session by session."""
    changes = [step if place % 2 else -step for place in range(length - len(last))] + last
    return list(accumulate(changes, lambda close, change: close * (1 + change / 100), initial=start))


def market(on: str = "2026-01-12", **closes: list[float]) -> FakeMarket:
    """Closes of large, small and tech to a session."""
    return FakeMarket(on, {ROLES[role]: values for role, values in closes.items()}, benchmarks=ROLES)


def kinds(view: FakeMarket) -> list[tuple[str, str]]:
    return [(signal.kind, signal.subject) for signal in signals.scan(view)]


def only(view: FakeMarket, kind: str, subject: str) -> Signal:
    found = [one for one in signals.scan(view) if (one.kind, one.subject) == (kind, subject)]
    assert len(found) == 1, found
    return found[0]


def opposed(last: list[float]) -> tuple[list[float], list[float]]:
    """Two series that lead by turns, and then one leads on each of the last sessions or does not."""
    one, other = wavy(last), wavy([0.0] * len(last), step=-0.5)
    return one, other


# --- detectors -----------------------------------------------------------------------------------------------


def test_four_sessions_ahead_in_a_row_are_a_relative_streak() -> None:
    small, large = opposed([-0.1, 0.2, 0.2, 0.2, 0.2])

    signal = only(market(large=large, small=small), "relative-streak", RUT)

    assert (signal.object, signal.fact.value, signal.fact.unit) == (SPX, 4, "sessions")
    assert signal.statement == "RUT has beaten SPX in 4 consecutive sessions"
    assert 0 < signal.rarity < 0.05
    assert signal.size > 0


def test_three_sessions_ahead_are_no_streak() -> None:
    small, large = opposed([-0.1, 0.2, 0.2, 0.2])

    assert ("relative-streak", RUT) not in kinds(market(large=large, small=small))


def test_a_tie_ends_a_streak_and_only_one_of_five_sessions_is_told_to_have_ended() -> None:
    small, large = opposed([-0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.0])
    ended = only(market(large=large, small=small), "relative-streak-ended", RUT)
    short, other = opposed([-0.1, 0.2, 0.2, 0.2, 0.2, 0.0])

    assert (ended.fact.value, ended.object) == (5, SPX)
    assert "relative-streak" not in {kind for kind, _ in kinds(market(large=large, small=small))}
    assert ("relative-streak-ended", RUT) not in kinds(market(large=other, small=short))


def test_an_ended_streak_is_news_for_one_session() -> None:
    small, large = opposed([-0.1, 0.2, 0.2, 0.2, 0.2, 0.2, -0.1, -0.1])

    assert ("relative-streak-ended", RUT) not in kinds(market(large=large, small=small))


def test_pairs_of_the_settings_are_looked_at_in_both_directions() -> None:
    one, other = opposed([-0.1, 0.2, 0.2, 0.2, 0.2])
    view = FakeMarket("2026-01-12", {"NYSEARCA:A": one, "NYSEARCA:B": other}, benchmarks=ROLES)

    found = [(signal.subject, signal.object) for signal in signals.scan(view, [("NYSEARCA:B", "NYSEARCA:A")])]

    assert found == [("NYSEARCA:A", "NYSEARCA:B")]


def test_a_close_above_all_before_is_a_record_rarer_after_a_wait() -> None:
    waited = only(market(large=wavy([3.0], step=-0.5, length=1_300)), "record", SPX)
    again = only(market(large=wavy([3.0, 0.2], step=-0.5, length=1_300)), "record", SPX)

    assert "record high" in waited.statement
    assert waited.rarity < again.rarity
    assert again.statement.endswith("a record high, again")


def test_three_records_in_a_row_are_told_by_their_number() -> None:
    third = only(market(large=wavy([3.0, 0.2, 0.2], step=-0.5, length=1_300)), "record", SPX)

    assert third.statement.endswith("a record high for 3 sessions in a row")
    assert third.rarity == pytest.approx(1 / 1_301)


def test_the_lowest_close_is_a_52_week_low_and_no_record() -> None:
    view = market(large=wavy([-1.2]))

    assert only(view, "52-week", SPX).params == {"side": "low"}
    assert ("record", SPX) not in kinds(view)


def test_a_close_above_a_years_closes_but_not_all_is_a_52_week_high() -> None:
    high = [5.0, *[-0.5, 0.5] * 2, -5.0]
    closes = wavy([*high, *[0.5 if place % 2 else -0.5 for place in range(270)], 1.5], length=560)
    view = market(large=closes)

    assert only(view, "52-week", SPX).params == {"side": "high"}
    assert ("record", SPX) not in kinds(view)


@pytest.mark.parametrize(
    ("level", "step"),
    [(50, 1), (500, 10), (950, 10), (2603.91, 100), (9_990, 100), (10_010, 1000), (24_016, 1000)],
)
def test_round_numbers_lie_further_apart_the_higher_the_level(level: float, step: float) -> None:
    assert patterns.round_step(level) == step


def test_the_first_close_above_a_round_number_is_told_once() -> None:
    first = only(market(large=wavy([0.0, 0.0, 12.0])), "round-number", SPX)
    again = kinds(market(large=wavy([0.0, 0.0, 12.0, 0.1])))

    assert first.params == {"level": "1100"}
    assert first.statement == "SPX closed above 1,100 for the first time"
    assert ("round-number", SPX) not in again


def test_moves_of_a_session_and_of_five_are_measured_against_the_past() -> None:
    quiet = [one for one in signals.scan(market(large=wavy([0.4]))) if one.kind == "move"]
    wild = [one for one in signals.scan(market(large=wavy([-6.0]))) if one.kind == "move"]

    assert [one.params["over"] for one in quiet] == ["1s", "5s"]
    assert quiet[0].rarity > 0.9
    assert wild[0].rarity < 0.01
    assert wild[0].size > 5 > quiet[0].size
    assert wild[0].fact.value < 0  # type: ignore[operator]  # a Decimal


def test_the_first_session_ten_percent_below_the_record_is_told_once() -> None:
    signal = only(market(large=wavy([-6.0, -5.0])), "drawdown", SPX)

    assert signal.params == {"threshold": "-10"}
    assert ("drawdown", SPX) not in kinds(market(large=wavy([-6.0, -5.0, -0.2])))
    assert only(market(large=wavy([-12.0, -10.0])), "drawdown", SPX).params == {"threshold": "-20"}


def test_a_decision_is_told_on_its_session_or_the_next_and_a_pause_counts_less() -> None:
    def on(day: str, basis_points: int, as_of: str = "2025-12-10") -> FakeMarket:
        decisions = {"2025-10-29": ("3.75", "4.00", -25), day: ("3.50", "3.75", basis_points)}
        return FakeMarket(as_of, {SPX: wavy([0.1])}, benchmarks=ROLES, decisions=decisions)

    cut, pause = only(on("2025-12-10", -25), "policy", SPX), only(on("2025-12-10", 0), "policy", SPX)
    assert cut.statement == "the policy rate moved by -25 basis points"
    assert pause.statement == "the policy rate was left unchanged"
    assert (cut.size, pause.size) == (1, 0)
    assert ("policy", SPX) not in kinds(on("2025-12-09", -25))
    assert ("policy", SPX) in kinds(on("2025-12-07", -25, as_of="2025-12-08"))  # a Sunday's is Monday's news


# --- silence -------------------------------------------------------------------------------------------------


def test_an_empty_market_is_silent() -> None:
    assert signals.scan(FakeMarket("2026-01-12", benchmarks=ROLES)) == []
    assert signals.scan(FakeMarket("2026-01-12")) == []


def test_a_series_with_under_a_year_of_past_is_silent() -> None:
    assert kinds(market(large=wavy([-6.0], length=200), small=wavy([6.0], length=200))) == []


def test_a_series_that_stopped_before_the_session_is_silent() -> None:
    days = weekdays(date(2024, 1, 1), date(2026, 1, 9))[-LENGTH - 1 :]
    stopped = {str(day): close for day, close in zip(days, wavy([-6.0]), strict=True)}
    view = FakeMarket("2026-01-12", {SPX: stopped, RUT: wavy([0.1])}, benchmarks=ROLES)

    assert patterns.benchmarks(view) == [RUT]
    assert {subject for _, subject in kinds(view)} == {RUT}


def test_a_series_that_includes_dividends_has_no_records_levels_or_drawdowns() -> None:
    closes = [{"adj_close": close} for close in wavy([-6.0, -6.0])]
    view = FakeMarket("2026-01-12", {SPX: closes}, benchmarks=ROLES)

    assert {kind for kind, _ in kinds(view)} == {"move"}
    assert {signal.params["basis"] for signal in signals.scan(view)} == {"total"}


def test_nothing_after_the_session_is_seen() -> None:
    later = market(large=wavy([0.1, -9.0]), small=wavy([0.2, 9.0]))

    assert kinds(later.at("2026-01-09")) == [("move", SPX)] * 2 + [("move", RUT)] * 2


def test_the_same_market_gives_the_same_signals_in_the_same_order() -> None:
    view = market(large=wavy([-6.0]), small=wavy([1.2]), tech=wavy([0.3]))

    assert [one.statement for one in signals.scan(view)] == [one.statement for one in signals.scan(view)]


# --- ranking -------------------------------------------------------------------------------------------------


def signal(kind: str = "move", subject: str = SPX, **more: object) -> Signal:
    values: dict[str, object] = {"rarity": 0.25, "size": 1.0, **more}
    return Signal(kind, subject, "it moved", _FACT, **values)  # type: ignore[arg-type]  # words of tests


_FACT = signals.scan(market(large=wavy([0.4])))[0].fact


def ranked(*found: Signal, told: float = 0.0, local: dict[str, float] | None = None) -> list[Ranked]:
    roles = {symbol: role for role, symbol in ROLES.items()}
    return newsworthiness.rank(
        found,
        role=lambda symbol: roles.get(symbol, ""),
        kind=lambda _: "stock",
        told=lambda _: told,
        local=local,
    )


def total(one: Signal, **more: object) -> float:
    return ranked(one, **more)[0].score.total  # type: ignore[arg-type]  # words of tests


def test_the_score_is_breadth_by_rarity_and_size() -> None:
    score = ranked(signal(rarity=0.25, size=1.0))[0].score

    assert (score.rarity, score.size, score.breadth, score.recency, score.told) == (2.0, 1.0, 1.0, 1.0, 0.0)
    assert score.total == 3.0


def test_the_rarer_and_the_larger_come_first() -> None:
    order = ranked(signal(rarity=0.5), signal(rarity=0.01), signal(rarity=0.5, size=4.0))

    assert [(one.signal.rarity, one.signal.size) for one in order] == [(0.01, 1.0), (0.5, 4.0), (0.5, 1.0)]


def test_a_broad_index_weighs_more_than_a_share_and_a_thing_more_than_a_comparison() -> None:
    assert total(signal()) > total(signal(subject=RUT)) > total(signal(subject="NYSE:A"))
    assert total(signal(object=RUT)) == pytest.approx(0.8 * total(signal()))


def test_a_company_near_a_site_weighs_more_there() -> None:
    assert total(signal(subject="NYSE:A"), local={"NYSE:A": 1.5}) > total(signal(subject="NYSE:A"))


def test_what_was_told_weighs_less_and_never_nothing() -> None:
    assert total(signal(), told=0.3) == pytest.approx(0.7 * total(signal()))
    assert total(signal(), told=1.0) == pytest.approx(0.1 * total(signal()))


def test_the_impossible_and_the_enormous_are_bounded() -> None:
    assert ranked(signal(rarity=0.0, size=99.0))[0].score.total == 17.0
    assert ranked(signal(rarity=1.0, size=0.0))[0].score.total == 0.0


def test_equal_scores_stand_in_an_order_of_their_own() -> None:
    one, other = signal(kind="drawdown"), signal(kind="move")

    assert [item.signal.kind for item in ranked(one, other)] == [
        item.signal.kind for item in ranked(other, one)
    ]
