"""How figures, dates and lists are printed: the stylebook's rules by example."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from broadtape import numbers

SESSION = date(2026, 1, 12)


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        ("0.745", 2, "0.75"), ("0.735", 2, "0.74"), ("-0.745", 2, "-0.75"), ("2.5", 0, "3"), ("3.5", 0, "4"),
        ("-2.5", 0, "-3"), ("0.0499", 1, "0.0"), ("184.945", 2, "184.95"),
    ],
)  # fmt: skip
def test_halves_round_away_from_zero(value: str, places: int, shown: str) -> None:
    assert str(numbers.rounded(Decimal(value), places)) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0.74", "0.7%"), ("-0.74", "0.7%"), ("0.05", "0.05%"), ("0.094", "0.09%"), ("0.095", "0.1%"),
        ("0.1", "0.1%"), ("0.004", "0.0%"), ("0", "0.0%"), ("12.25", "12.3%"), ("1234.56", "1,234.6%"),
    ],
)  # fmt: skip
def test_percentages_take_one_decimal_and_two_below_a_tenth(value: str, shown: str) -> None:
    assert numbers.percent(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [("0.74", "+0.7%"), ("-0.05", "−0.05%"), ("0", "0.0%"), ("-0.001", "0.0%")]
)
def test_tables_print_a_true_minus_and_no_sign_at_nought(value: str, shown: str) -> None:
    assert numbers.signed_percent(Decimal(value)) == shown


def test_differences_of_percentages_are_percentage_points() -> None:
    assert numbers.points_of(Decimal("-4.27")) == "4.3 percentage points"
    assert numbers.points_of(Decimal("1.04")) == "1.0 percentage point"


@pytest.mark.parametrize(
    ("value", "unit", "places", "shown"),
    [
        ("184.94", "USD", 2, "$184.94"), ("2603.905", "points", 2, "2,603.91"), ("2600", "points", 0, "2,600"),
        ("-37.63", "points", 2, "−37.63"),
    ],
)  # fmt: skip
def test_levels_are_dollars_or_bare_points(value: str, unit: str, places: int, shown: str) -> None:
    assert numbers.level(Decimal(value), unit, places) == shown


def test_a_rate_range_has_an_en_dash_and_two_decimals() -> None:
    assert numbers.rate_range(Decimal("3.5"), Decimal("3.75")) == "3.50%–3.75%"


@pytest.mark.parametrize(
    ("number", "word", "place"),
    [(1, "one", "first"), (7, "seven", "seventh"), (9, "nine", "ninth"), (10, "10", "10th"),
     (11, "11", "11th"), (12, "12", "12th"), (21, "21", "21st"), (112, "112", "112th"), (1204, "1,204", "1,204th")],
)  # fmt: skip
def test_words_below_ten_and_numerals_from_there(number: int, word: str, place: str) -> None:
    assert numbers.cardinal(number) == word
    assert numbers.ordinal(number) == place


def test_a_noun_agrees_with_its_number() -> None:
    assert numbers.counted(1, "session") == "one session"
    assert numbers.counted(7, "session") == "seven sessions"
    assert numbers.counted(14, "earlier run") == "14 earlier runs"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the index fell", "The index fell"), ("[fell 2%](fact:abc)", "[Fell 2%](fact:abc)"), ("“it”", "“It”"),
        ("14 sessions", "14 sessions"), ("", ""), ("…", "…"),
    ],
)  # fmt: skip
def test_a_sentence_begins_with_a_capital(text: str, shown: str) -> None:
    assert numbers.capital(text) == shown


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(2025, 12, 1), "December"), (date(2025, 2, 1), "February"), (date(2025, 1, 1), "January 2025"),
        (date(2026, 1, 1), "January"), (date(2026, 2, 1), "February 2026"), (date(2019, 1, 1), "January 2019"),
    ],
)  # fmt: skip
def test_a_month_takes_its_year_where_it_could_be_mistaken(day: date, shown: str) -> None:
    assert numbers.month(day, reference=SESSION) == shown


def test_days_are_abbreviated_as_the_wires_do_and_take_another_years_number() -> None:
    assert numbers.day(SESSION, reference=SESSION) == "Jan. 12"
    assert numbers.day(date(2025, 9, 17), reference=SESSION) == "Sept. 17, 2025"
    assert numbers.day(date(2026, 5, 1)) == "May 1, 2026"
    assert numbers.weekday(SESSION) == "Monday"


@pytest.mark.parametrize(
    ("items", "shown"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_a_list_has_no_comma_before_and(items: list[str], shown: str) -> None:
    assert numbers.listing(items) == shown
