"""Reading claims and judging them against single facts: no true wording refused, no falsified one passed."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from claimed import AS_OF, FACTS, FUND, LARGE, NAMES, SMALL, TRUE
from fakes import FakeMarket
from falsehoods import FALSE
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import falsified

from broadtape import metrics, numbers
from broadtape.desk.claims import Context, Figure, Moment, Name, Proper, Verdict, Word, entails, lex
from broadtape.desk.claims.guards import BadGuard, guard_holds, guard_ids, sentence_digest
from broadtape.desk.claims.lexer import MAX_TEXT
from broadtape.desk.claims.names import NameTable
from broadtape.model import Instrument, Status

STILL_TRUE = {
    "fell 4.1%, the worst day since April 4, 2025"
}  # a falsification that is none: a session is a day
CAUGHT_AT_LEAST = 0.999  # of the falsifications; measured 1.0 when pinned


def judge(key: str, subject: str, text: str) -> Verdict:
    context = Context(
        AS_OF, NAMES, frozenset({subject}) if subject else None, windows=frozenset(), total_said=False
    )
    return entails(lex(text, NAMES), FACTS[key], context)


def tokens(text: str, kind: type, **options: object) -> list:  # type: ignore[type-arg]
    return [token for token in lex(text, NAMES, **options) if isinstance(token, kind)]  # type: ignore[arg-type]


def figure(text: str) -> Figure:
    (only,) = tokens(text, Figure)
    return only


def moment(text: str) -> Moment:
    (only,) = tokens(text, Moment)
    return only


# --- the two rates -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "subject", "text"), TRUE)
def test_a_true_wording_is_verified(key: str, subject: str, text: str) -> None:
    assert judge(key, subject, text).objections == []


@pytest.mark.parametrize(("key", "subject", "text"), FALSE)
def test_a_misleading_wording_is_refused(key: str, subject: str, text: str) -> None:
    verdict = judge(key, subject, text)

    assert not verdict.holds
    assert all(objection.reason and "\n" not in objection.reason for objection in verdict.objections)


def test_falsified_statements_are_caught() -> None:
    missed: Counter[str] = Counter()
    tried = 0
    for key, subject, text in TRUE:
        for kind, changed in falsified(text):
            if changed in STILL_TRUE:
                continue
            tried += 1
            if judge(key, subject, changed).holds:
                missed[f"{kind}: {changed}"] += 1

    assert tried > 2_500
    assert 1 - sum(missed.values()) / tried >= CAUGHT_AT_LEAST, missed


def test_every_metric_has_a_true_wording() -> None:
    from broadtape import metrics

    told = {FACTS[key].key.metric for key, _, _ in TRUE}

    assert {definition.name for definition in metrics.definitions()} <= told


# --- figures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("0.7%", "0.7", "percent"),
        ("0.7 percent", "0.7", "percent"),
        ("4.3 percentage points", "4.3", "percentage points"),
        ("25 basis points", "25", "basis points"),
        ("a quarter point", "25", "basis points"),
        ("a quarter-percentage-point cut", "25", "basis points"),
        ("half a point", "50", "basis points"),
        ("2,603.91", "2603.91", ""),
        ("2,603.91 points", "2603.91", "points"),
        ("$184.94", "184.94", "USD"),
        ("$1.2 billion", "1200000000", "USD"),
        ("$3bn", "3000000000", "USD"),
        ("35 cents", "0.35", "USD"),
        ("seven straight trading sessions", "7", "sessions"),
        ("a seven-session run", "7", "sessions"),
        ("an 8-session-long run", "8", "sessions"),
        ("14 trading days", "14", "sessions"),
        ("14 days", "14", "days"),
        ("twenty-one sessions", "21", "sessions"),
        ("one hundred and", "100", ""),
        ("two dozen members", "24", "members"),
        ("twice", "2", "times"),
        ("three quarter-point cuts", "3", "cuts"),
        ("six earlier runs", "6", "runs"),
        ("3rd of 10 companies", "3", "members"),
        ("the 39th record close", "39", "records"),
        ("half of", "50", "percent"),
        ("two-thirds of", "67", "percent"),
        ("18x", "18", "ratio"),
    ],
)
def test_a_figure_is_read_with_its_unit(text: str, value: str, unit: str) -> None:
    read = tokens(text, Figure)[0]

    assert (read.value, read.unit) == (Decimal(value), unit)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("about 7%", "about"), ("nearly 5%", "nearly"), ("more than 2,600", "over"), ("above 2,600", "over"),
        ("less than 8%", "under"), ("fewer than eight cases", "under"), ("at least seven sessions", "at-least"),
        ("up to 3%", "at-most"), ("~7%", "about"),
    ],
)  # fmt: skip
def test_an_approximation_belongs_to_its_figure(text: str, kind: str) -> None:
    assert figure(text).approximation == kind


@pytest.mark.parametrize("text", ["−0.74%", "-0.74%", "–0.74%", "minus 0.74%", "negative 0.74%"])
def test_a_minus_sign_is_read_however_it_is_set(text: str) -> None:
    assert (figure(text).sign, figure(text).value) == (-1, Decimal("0.74"))


@pytest.mark.parametrize(
    "text", ["3.50%–3.75%", "3.50%-3.75%", "3.50–3.75%", "3.50% to 3.75%", "between 3.50% and 3.75%"]
)
def test_a_range_is_one_figure(text: str) -> None:
    assert (figure(text).value, figure(text).upper, figure(text).unit) == (
        Decimal("3.50"),
        Decimal("3.75"),
        "percent",
    )


def test_from_one_figure_to_another_is_no_range() -> None:
    assert [read.upper for read in tokens("rose from 1.2% to 3.4%", Figure)] == [None, None]


@pytest.mark.parametrize(
    "text",
    ["the S&P 500", "the Russell 2000", "a 401(k)", "a Phase 3 trial", "the 52-week high", "COVID-19",
     "a two-year Treasury yield", "one of them"],
)  # fmt: skip
def test_a_name_with_digits_is_no_figure(text: str) -> None:
    assert tokens(text, Figure) == []


@given(st.decimals("-99", "99", places=2, allow_nan=False), st.integers(0, 2))
@settings(max_examples=200, deadline=None)
def test_what_numbers_prints_is_read_back(value: Decimal, decimals: int) -> None:
    read = figure(numbers.signed_percent(value, decimals=decimals))

    shown = numbers.rounded(value, decimals)
    assert (read.value, read.unit) == (abs(shown), "percent")
    assert read.sign == (shown > 0) - (shown < 0)


@given(st.integers(2, 99))
@settings(deadline=None)
def test_a_counted_noun_is_read_back(number: int) -> None:
    read = figure(numbers.counted(number, "session"))

    assert (read.value, read.unit) == (number, "sessions")


@given(st.integers(2, 60))
@settings(deadline=None)
def test_an_ordinal_is_read_back(number: int) -> None:
    read = tokens(f"the {numbers.ordinal(number)} session", Figure)[0]

    assert (read.value, read.unit, read.ordinal) == (number, "sessions", True)


# --- dates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("on Monday, Jan. 12", (0, 1, 12, None)),
        ("on Monday, Jan. 12, 2026", (0, 1, 12, 2026)),
        ("on 12 January 2026", (None, 1, 12, 2026)),
        ("on 2026-01-12", (None, 1, 12, 2026)),
        ("in December", (None, 12, None, None)),
        ("in Sept. 2025", (None, 9, None, 2025)),
        ("on Friday", (4, None, None, None)),
        ("since 2022", (None, None, None, 2022)),
    ],
)
def test_a_date_is_read_as_far_as_it_is_printed(text: str, parts: tuple[int | None, ...]) -> None:
    read = moment(text)

    assert (read.weekday, read.month, read.day, read.year) == parts


def test_a_range_of_days_is_two_dates_of_one_month() -> None:
    first, last = tokens("from Jan. 2–12, 2026", Moment)

    assert [(m.month, m.day, m.year or m.year_hint) for m in (first, last)] == [(1, 2, 2026), (1, 12, 2026)]


def test_a_list_of_months_shares_the_year_printed_last() -> None:
    assert [m.year or m.year_hint for m in tokens("in September, October and December 2025", Moment)] == [
        2025
    ] * 3


@pytest.mark.parametrize(("text", "quarter"), [("the fourth quarter of 2025", 4), ("Q3 2025", 3)])
def test_a_quarter_is_read(text: str, quarter: int) -> None:
    assert (moment(text).quarter, moment(text).year) == (quarter, 2025)


@given(st.dates(date(1990, 1, 1), date(2035, 12, 31)))
@settings(deadline=None)
def test_a_day_that_numbers_prints_is_read_back(day: date) -> None:
    read = moment(f"on {numbers.weekday(day)}, {numbers.day(day)}")

    assert (read.weekday, read.month, read.day, read.year) == (day.weekday(), day.month, day.day, day.year)


def test_may_the_modal_is_no_month() -> None:
    assert tokens("It may rise", Moment) == []
    assert moment("in May").month == 5


# --- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("the Russell 2000’s run", SMALL),
        ("small caps", SMALL),
        ("Small-cap stocks", SMALL),
        ("the iShares Russell 2000 ETF", FUND),
        ("IWM", FUND),
        ("(NYSEArca: IWM)", FUND),
        ("large caps", LARGE),
        ("the Nasdaq", "INDEXNASDAQ:IXIC"),
        ("NVIDIA Corp.", "NASDAQ:NVDA"),
        ("shares of Nvidia", "NASDAQ:NVDA"),
        ("the Fed", "@FED"),
        ("core inflation", "series:CPILFESL"),
    ],
)
def test_a_name_is_known_by_its_forms(text: str, symbol: str) -> None:
    (name,) = tokens(text, Name)

    assert symbol in name.symbols


def test_a_company_named_like_a_word_needs_its_capital_or_ticker() -> None:
    names = NameTable.of(
        [Instrument("NYSE:BBY", "Best Buy Co., Inc.", "stock"), Instrument("NYSE:GAP", "Gap Inc.", "stock")]
    )

    assert not [t for t in lex("The gap widened", names) if isinstance(t, Name)]
    assert [t for t in lex("Shares of Gap rose", names) if isinstance(t, Name)]
    assert [t for t in lex("Gap (NYSE: GAP) rose", names) if isinstance(t, Name)]


@pytest.mark.parametrize(
    "text", ["Shares of Zorblax rose", "the S&P 400 rose", "the Russell 1000 rose", "VK2735 rose"]
)
def test_a_capitalised_word_that_nobody_knows_is_no_plain_word(text: str) -> None:
    assert tokens(text, Proper)


def test_a_ticker_nobody_knows_has_no_symbol() -> None:
    (name,) = tokens("(NASDAQ: ZZZZ)", Name)

    assert name.ticker
    assert not name.symbols


# --- tokens ------------------------------------------------------------------------------------------------------


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_with_true_offsets(text: str) -> None:
    read = lex(text, NAMES)

    assert all(0 <= token.start < token.end <= len(text) for token in read)
    assert all(one.end <= two.start for one, two in pairwise(read))


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="no sentence"):
        lex("x" * (MAX_TEXT + 1), NAMES)


@pytest.mark.parametrize(
    ("text", "strength"), [("edged up", 1), ("rose", 2), ("jumped", 3), ("surged", 4), ("little changed", 0)]
)
def test_a_verb_carries_the_size_it_claims(text: str, strength: int) -> None:
    (word,) = tokens(text, Word)

    assert word.strength == strength


# --- reasons and statuses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "subject", "text", "reason"),
    [
        (
            "december",
            SMALL,
            "rose 0.7% in December",
            "the fact is −0.74 percent (down); the text says 'rose'",
        ),
        ("december", SMALL, "fell 0.9% in December", "the fact says −0.74 percent; the text says 0.9%"),
        (
            "streak",
            SMALL,
            "beat the S&P 500 for eight sessions",
            "the fact says 7 sessions; the text says eight sessions",
        ),
        (
            "december",
            LARGE,
            "fell 0.7% in December",
            "the fact is about the Russell 2000; the sentence speaks of S&P 500",
        ),
        (
            "ytd-total",
            FUND,
            "rose 6.2% this year",
            "the return includes dividends, and the text does not say so",
        ),
    ],
)
def test_a_reason_names_both_sides(key: str, subject: str, text: str, reason: str) -> None:
    assert reason in [objection.reason for objection in judge(key, subject, text).objections]


def test_what_the_fact_denies_is_contradicted_and_what_it_does_not_know_unsupported() -> None:
    denied = judge("december", SMALL, "rose 0.7% in December").objections[0]
    unknown = judge("december", SMALL, "fell 0.7% in December, as Zorblax did").objections[0]

    assert denied.status is Status.CONTRADICTED
    assert unknown.status is Status.UNSUPPORTED


# --- guards --------------------------------------------------------------------------------------------------------


def test_a_guard_is_true_only_if_each_condition_is() -> None:
    facts = {FACTS["december"].id: FACTS["december"], FACTS["longest"].id: FACTS["longest"]}
    down, long = FACTS["december"].id, FACTS["longest"].id

    assert guard_holds(f"{down}.value < 0", facts)
    assert guard_holds(f"{down}.value <= -0.74 and longest in {long} and few not in {long}", facts)
    assert guard_holds(f"{long}.start < 2026-01-01", facts)
    assert not guard_holds(f"{down}.value < 0 and few in {long}", facts)
    assert guard_ids(f"{down}.value < 0 and few in {long}") == (down, long)


@pytest.mark.parametrize(
    "guard",
    ["", "True", "__import__('os')", "a.b < 1", "aaaaaaaa.value < 0", "{id}.nothing < 0", "{id}.value < 2026-01-01",
     "{id}.start < 5", "{id}.value < 0 or {id}.value > 0"],
)  # fmt: skip
def test_a_guard_that_cannot_be_read_is_refused(guard: str) -> None:
    fact = FACTS["december"]

    with pytest.raises(BadGuard):
        guard_holds(guard.replace("{id}", fact.id), {fact.id: fact})


def test_the_digest_of_a_sentence_ignores_how_it_is_broken_into_lines() -> None:
    assert sentence_digest("A tie\n ends  a run.") == sentence_digest("A tie ends a run.")
    assert len(sentence_digest("x")) == 16


@pytest.mark.parametrize(("last", "holds"), [("10", True), ("10.01", False), ("9.99", False)])
def test_that_the_middle_of_a_group_was_unchanged_tells_a_change_of_nothing(last: str, holds: bool) -> None:
    market = FakeMarket(
        "2026-01-12", {"NYSE:A": f"10 {last}", "NYSE:B": "10 11", "NYSE:C": "10 9"},
        groups={"trio": ("NYSE:A", "NYSE:B", "NYSE:C")},
    )  # fmt: skip
    fact = metrics.fact(market, "group-return", in_="trio", over="1s")
    context = Context(market.as_of, NameTable(), subject_required=False, median_said=True)

    assert entails(lex("The median company was unchanged", NameTable()), fact, context).holds is holds


@pytest.mark.parametrize(
    "text", ["the S&P 500’s run against the S&P 500", "the Russell 2000’s run against the Russell 2000"]
)
def test_nothing_is_set_against_itself(text: str) -> None:
    fact = next(one for one in FACTS.values() if one.get("object") is not None and "streak" in one.tags)
    context = Context(fact.as_of, NAMES, scoped=True, subject_required=False)

    assert any("against itself" in one.reason for one in entails(lex(text, NAMES), fact, context).objections)
