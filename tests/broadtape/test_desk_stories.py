"""Each story kind over invented markets: what is told, what is left out where there is nothing, that it proves."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from fakes import FakeMarket
from invented import COMPANIES, ROLES, RUT, SPX, market, walk

from broadtape import edition, resources
from broadtape.desk import newsworthiness, proof, prose, signals, stories
from broadtape.desk.facts import FactBook
from broadtape.desk.outline import Outline, Paragraph, Table
from broadtape.desk.prose import Draft
from broadtape.desk.stories import Assignment, Proposal
from broadtape.model import Claim, Fact, Instrument, MarketView, Status

RUN = {
    "small": [-0.5, *[0.6] * 7],
    "large": [0.5, *[0.1] * 7],
    "tech": [0.5, 0.9, 0.0, 0.9, 0.0, 0.9, 0.0, 0.9],
}
ENDED = {name: [*moves, move] for (name, moves), move in zip(RUN.items(), (-0.4, 0.2, 0.0), strict=True)}
PLUNGE = {"small": [-0.1, 0.1, -0.1, 0.1, -5.0], "large": [0.1, -0.1, 0.1, -0.1, -6.0],
          "tech": [0.2, -0.2, 0.2, -0.2, -6.5]}  # fmt: skip
FALL = {"large": [90.0, -6.0, -6.0], "small": [90.0, -13.0, -9.0], "tech": [90.0, -2.0, -1.5]}
BEAR = {"large": [90.0, -6.0, -16.0], "small": [90.0, -13.0, -9.0], "tech": [90.0, -12.0, -11.5]}
SURGE = {"large": [90.0, -12.0, 9.0], "small": [90.0, -13.0, 5.0], "tech": [90.0, -12.0, 11.5]}
BACK = {"large": [90.0, -12.0, 15.0], "small": [90.0, -13.0, 5.0], "tech": [90.0, -12.0, 16.5]}
BULL = {"large": [90.0, -25.0, 21.0], "small": [90.0, -25.0, 5.0], "tech": [90.0, -12.0, 16.5]}
DECLINES = (FALL, BEAR, SURGE, BACK, BULL)
RECORD = {"large": [-0.2, 0.2, 90.0], "small": [0.1], "tech": [0.1]}


def assigned(view: FakeMarket, universe: tuple[str, ...] = ("trees",)) -> Assignment:
    roles = {symbol: role for role, symbol in ROLES.items()}
    ranked = newsworthiness.rank(
        signals.scan(view), role=lambda symbol: roles.get(symbol, ""),
        kind=lambda symbol: view.instrument(symbol).kind, told=lambda _: 0.0,
    )  # fmt: skip
    return Assignment(view, FactBook(view), ranked, universe, ())


def planned(view: FakeMarket, kind: str, **more: object) -> Outline:
    assignment = assigned(view, **more)  # type: ignore[arg-type]  # words of tests
    proposals = stories.kinds()[kind].propose(assignment)
    assert proposals, f"no {kind} to write"
    return stories.kinds()[kind].plan(assignment, proposals[0])


def written(
    view: MarketView, outline: Outline, at: Callable[[date], MarketView] | None = None
) -> tuple[Draft, list[Claim]]:
    """The words of an outline, and what proof objects to in the whole article."""
    desk = SimpleNamespace(benchmarks=ROLES, seed=0, author="Market Desk")
    site = SimpleNamespace(time_zone=ZoneInfo("America/Los_Angeles"))
    room = SimpleNamespace(
        desk=desk,
        sites={"bay": site},
        default_site="bay",
        title="Bay",
        audience="private",
        time_zone=ZoneInfo("America/New_York"),
    )
    draft, facts = edition.compose(room, view, outline)  # type: ignore[arg-type]  # an instance by its face
    article, record, _ = edition.assemble(
        room, view, outline, draft, facts, site=None, draft=False, now=datetime(2026, 1, 13, tzinfo=UTC)  # type: ignore[arg-type]  # an instance by its face
    )  # fmt: skip
    report = proof.verify(dataclasses.replace(article, facts=record), at or (lambda _: view), lambda _: None)
    return draft, [one for one in report.claims if one.status in {Status.UNSUPPORTED, Status.CONTRADICTED}]


def told(view: FakeMarket, kind: str, **more: object) -> str:
    """The visible text of a story that proves."""
    draft, failing = written(view, planned(view, kind, **more), view.at)
    assert [(one.text, one.reason) for one in failing] == []
    return prose.visible(re.sub(r"\n+", "\n", draft.body)) + f"\n{draft.title}\n{draft.summary}"


def headings(outline: Outline) -> list[str]:
    return [part.heading.key for part in outline.sections if part.heading is not None]


# --- every kind ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "moves"),
    [
        ("rotation", RUN),
        ("rotation", ENDED),
        ("record", RECORD),
        ("wrap", PLUNGE),
        ("wrap", RUN),
        ("wrap", {}),
        *(("drawdown", moves) for moves in DECLINES),
    ],
)
def test_a_story_proves(kind: str, moves: dict[str, list[float]]) -> None:
    assert told(market(**moves), kind)


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("kind", ["rotation", "record", "wrap"])
def test_whatever_the_market_did_what_is_written_proves(kind: str, number: int) -> None:
    ends = [walk(100 * number + place, length=12, start=1.0) for place in range(3)]
    moves = [[round((b / a - 1) * 100, 2) for a, b in pairwise(one)] for one in ends]
    view = market(large=moves[0], small=moves[1], tech=moves[2])
    assignment = assigned(view)
    for proposal in stories.kinds()[kind].propose(assignment)[:1]:
        outline = stories.kinds()[kind].plan(assignment, proposal)

        assert [(one.text, one.reason) for one in written(view, outline)[1]] == []


@pytest.mark.parametrize(
    ("kind", "moves"),
    [("rotation", RUN), ("record", RECORD), ("wrap", PLUNGE), ("drawdown", BEAR), ("drawdown", BULL)],
)
def test_no_section_is_empty_and_no_block_says_nothing(kind: str, moves: dict[str, list[float]]) -> None:
    outline = planned(market(**moves), kind)

    for part in outline.sections:
        assert part.blocks
        for block in part.blocks:
            assert block.sentences if isinstance(block, Paragraph) else block.rows


@pytest.mark.parametrize(
    ("kind", "moves"),
    [("rotation", RUN), ("record", RECORD), ("wrap", PLUNGE), ("drawdown", BEAR), ("drawdown", BULL)],
)
def test_every_interpretation_has_a_guard_over_the_storys_own_facts(
    kind: str, moves: dict[str, list[float]]
) -> None:
    outline = planned(market(**moves), kind)
    facts = outline.facts()

    for sentence in outline.sentences():
        if sentence.kind == "interpretation":
            assert set(re.findall(r"\b[a-p][a-z2-7]{7}\b", sentence.guard)) & set(facts), sentence.key


def test_a_hostile_company_name_neither_breaks_a_story_nor_its_proof() -> None:
    names = {**COMPANIES, "NYSE:OAK": "Oak|*Sons* [Ltd](fact:aaaaaaaa) <i>"}

    assert told(market(**PLUNGE, companies=names), "wrap")


@pytest.mark.parametrize("kind", ["rotation", "record", "wrap"])
def test_without_companies_there_is_no_section_on_them(kind: str) -> None:
    moves = {"rotation": RUN, "record": RECORD, "wrap": PLUNGE}[kind]
    few = dict(list(COMPANIES.items())[:7])

    assert "companies_heading" in headings(planned(market(**moves), kind))
    assert "companies_heading" not in headings(planned(market(**moves, companies=few), kind))
    assert "companies_heading" not in headings(planned(market(**moves, companies={}), kind))


def test_a_company_without_a_bar_of_the_session_and_an_unlisted_one_take_no_part() -> None:
    view = market(**PLUNGE)
    whole = view._bars["NYSE:OAK"]
    view._bars["NYSE:OAK"] = dataclasses.replace(
        whole, days=whole.days[:-1], **{name: getattr(whole, name)[:-1] for name in ("open", "high", "low", "close",
                                                                                    "adj_close", "volume", "dividend")}
    )  # fmt: skip
    view._groups["trees"] = (*view._groups["trees"], "UNLISTED:ELM")

    text = told(view, "wrap")

    assert "nine companies" in text
    assert "UNLISTED" not in text


# --- rotation ------------------------------------------------------------------------------------------------


def test_the_run_is_told_with_its_days_its_gap_and_its_sessions() -> None:
    outline = planned(market(**RUN), "rotation")
    text = told(market(**RUN), "rotation")
    table = next(block for part in outline.sections for block in part.blocks if isinstance(block, Table))

    assert outline.key == f"rotation/{RUT}/{SPX}"
    assert re.search(r"\b(seven sessions|seventh (?:straight )?session)", text)
    assert "Jan. 2 through Jan. 12" in text
    assert "percentage points" in text
    assert len(table.rows) == 7


def test_a_run_that_ended_is_told_as_ended() -> None:
    view = market("2026-01-13", **ENDED)
    outline = planned(view, "rotation")
    text = told(view, "rotation")

    assert outline.title.key == "title_ended"
    assert re.search(r"\b(ends|ended)\b", text)
    assert "in a row" not in text


def test_of_a_long_run_the_table_shows_both_ends_and_says_so() -> None:
    moves = {"small": [-0.5, *[0.6] * 12], "large": [0.5, *[0.1] * 12], "tech": [0.5, *[0.9, 0.0] * 6]}
    outline = planned(market(**moves), "rotation")
    table = next(block for part in outline.sections for block in part.blocks if isinstance(block, Table))

    assert len(table.rows) == 8
    assert "part_of_table" in [sentence.key for sentence in outline.sentences()]


def test_two_runs_that_share_an_index_make_one_story() -> None:
    both = {"small": [-0.5, *[0.6] * 7], "large": [0.5, *[0.1] * 7], "tech": [0.5, *[0.1] * 7]}

    assert len(stories.kinds()["rotation"].propose(assigned(market(**both)))) == 1


def test_few_earlier_runs_are_said_to_be_few_and_carry_no_conclusion() -> None:
    outline = planned(market(**RUN), "rotation")
    facts = outline.facts().values()
    few = any("few" in fact.tags for fact in facts if fact.key.metric == "what-followed")
    concluded = {"better_than_usual", "worse_than_usual"} & {one.key for one in outline.sentences()}

    assert ("too few to go by" in told(market(**RUN), "rotation")) == few
    assert not (few and concluded)


def test_a_cut_before_the_run_is_told_as_order_not_cause() -> None:
    decisions = {"2025-10-29": ("3.75", "4.00", -25), "2025-12-10": ("3.50", "3.75", -25)}
    text = told(market(**RUN, decisions=decisions), "rotation")

    assert "cut its target range in October and December 2025, to 3.50%–3.75%" in text
    assert "not a cause" in text


def test_a_cut_long_ago_is_not_told() -> None:
    text = told(market(**RUN, decisions={"2025-03-19": ("3.50", "3.75", -25)}), "rotation")

    assert "Federal Reserve" not in text


# --- record --------------------------------------------------------------------------------------------------


def test_a_record_is_scoped_to_the_data_it_is_one_in() -> None:
    text = told(market(**RECORD), "record")

    assert re.search(r"a record(?: close)? in data since \w+ 20\d\d", text)
    assert "all-time" not in text


def test_nothing_is_a_record_on_an_ordinary_session() -> None:
    assert stories.kinds()["record"].propose(assigned(market(large=[-3.0], small=[-3.0], tech=[-3.0]))) == []


# --- drawdown ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moves", "lead", "said"),
    [
        (FALL, "title_correction", r"correction"),
        (BEAR, "title_bear", r"bear market"),
        (SURGE, "title_surge", r"has regained 6\d% of its fall"),
        (BACK, "title_recovery", r"to recover from its low"),
        (BULL, "title_bull", r"at least 20% above its low of Jan\. 9, which makes it a bull market"),
    ],
)
def test_a_decline_is_told_by_what_it_reached(moves: dict[str, list[float]], lead: str, said: str) -> None:
    assert planned(market(**moves), "drawdown").title.key == lead
    assert re.search(said, told(market(**moves), "drawdown"))


def test_of_another_index_in_a_bear_market_the_story_says_so() -> None:
    text = told(market(**FALL), "drawdown")

    assert re.search(r"The Russell 2000 .*closed in a bear market as well", text)
    assert "at least 10% below its peak of Jan. 8" in text


def test_a_fall_that_reached_a_threshold_before_is_no_news_of_it() -> None:
    later = {name: [*moves, -0.1] for name, moves in FALL.items()}

    assert stories.kinds()["drawdown"].propose(assigned(market("2026-01-13", **later))) == []


# --- week and month ------------------------------------------------------------------------------------------

FRIDAY = {
    "large": [0.1, -0.3, -0.5, -0.9, 0.2, -0.4],
    "small": [0.1, 0.2, 0.4, -0.1, 0.3, 0.1],
    "tech": [0.1] * 6,
}


@pytest.mark.parametrize(
    ("kind", "on"), [("week", "2026-01-09"), ("month", "2025-12-31"), ("month", "2025-10-31")]
)
def test_a_week_and_a_month_prove_on_their_last_session(kind: str, on: str) -> None:
    assert told(market(on, **FRIDAY), kind)


@pytest.mark.parametrize(("kind", "on"), [("week", "2026-01-08"), ("month", "2025-12-30")])
def test_before_its_last_session_no_week_or_month_is_told(kind: str, on: str) -> None:
    assert stories.kinds()[kind].propose(assigned(market(on, **FRIDAY))) == []


def test_a_year_that_ends_is_told_before_its_last_month() -> None:
    text = told(market("2025-12-31", **FRIDAY), "month")

    assert re.search(r"(rose|gained|added|advanced|fell|lost|shed|declined) \d+\.\d% in 2025", text)
    assert "fourth quarter" in text


def test_a_week_tells_each_of_its_sessions() -> None:
    outline = planned(market("2026-01-09", **FRIDAY), "week")
    tables = [block for part in outline.sections for block in part.blocks if isinstance(block, Table)]

    assert [row[0].text for row in tables[1].rows] == ["Jan. 5", "Jan. 6", "Jan. 7", "Jan. 8", "Jan. 9"]


# --- wrap ----------------------------------------------------------------------------------------------------


def test_a_quiet_session_makes_a_brief_and_a_plunge_a_story() -> None:
    calm = told(market(large=[0.05], small=[-0.1], tech=[0.02]), "wrap")
    wild = told(market(**PLUNGE), "wrap")

    assert "Summary" not in calm
    assert "little changed" in calm
    assert "plunge" in wild
    assert len(wild.split()) > len(calm.split())


def test_the_first_sentence_says_since_when_the_session_is_the_worst() -> None:
    first = told(market(**PLUNGE), "wrap").split("\n\n")[0]

    assert re.match(
        r"[^;]*plunged 6\.0% on Monday, Jan\. 12, its worst session \S+ [^;]*, and closed at", first
    )


def test_beside_a_story_of_the_record_the_wrap_leads_with_what_that_does_not_tell() -> None:
    view = market(large=[90.0, -3.0, 1.5, 1.8], small=[0.1], tech=[-0.2])
    kind = stories.kinds()["wrap"]
    alone = assigned(view)
    beside = dataclasses.replace(alone, covered=frozenset({f"record/{SPX}"}))
    record = stories.kinds()["record"].propose(assigned(market(**RECORD)))[0]
    assert record.covers == (f"record/{SPX}",)

    titles = [written(view, kind.plan(one, kind.propose(one)[0]))[0].title for one in (alone, beside)]

    assert "record" in titles[0]
    assert "record" not in titles[1]
    assert titles[1].split(";")[1].startswith(" S&P 500 ")


def test_every_index_is_told_with_its_own_move() -> None:
    text = told(market(**PLUNGE), "wrap")

    assert re.search(r"S&P 500 \(INDEXSP: SPX\) plunged 6\.0%", text)
    assert re.search(r"Russell 2000 \(INDEXRUSSELL: RUT\) \w+ 5\.0%", text)
    assert re.search(r"Nasdaq Composite \(INDEXNASDAQ: IXIC\) \w+ 6\.5%", text)


def test_what_comes_next_is_from_the_calendar_and_near() -> None:
    events = [
        ("2026-01-28", "fomc", "Federal Open Market Committee statement"),
        ("2026-04-10", "cpi", "Consumer Price Index"),
    ]
    text = told(market(**PLUNGE, events=events), "wrap")

    assert "statement, with the decision on the target range, is due on Wednesday, Jan. 28" in text
    assert "Consumer Price Index" not in text


def test_a_market_of_one_index_is_enough() -> None:
    view = FakeMarket(
        "2026-01-12", {SPX: walk(1, PLUNGE["large"])}, benchmarks={"large": SPX},
        instruments=[Instrument(SPX, "S&P 500", "index")],
    )  # fmt: skip

    assert "plunged 6.0%" in told(view, "wrap")


def test_an_index_that_includes_dividends_has_no_level() -> None:
    closes = [{"adj_close": close} for close in walk(1, PLUNGE["large"])]
    view = FakeMarket(
        "2026-01-12",
        {SPX: closes},
        benchmarks={"large": SPX},
        instruments=[Instrument(SPX, "S&P 500", "index")],
    )
    text = told(view, "wrap")

    assert "dividends included" in text
    assert not re.search(r"clos(?:ed|ing) at|record|lowest close", text)


def test_without_an_index_there_is_no_wrap() -> None:
    assert stories.kinds()["wrap"].propose(assigned(FakeMarket("2026-01-12", benchmarks=ROLES))) == []


# --- a fourth kind -------------------------------------------------------------------------------------------


def test_every_kind_is_one_file_with_a_wording_file_of_its_name() -> None:
    for name, kind in stories.kinds().items():
        assert (kind.name, bool(kind.title)) == (name, True)
        assert type(kind).__module__.startswith("broadtape.desk.stories.")
        assert (resources.templates() / "prose" / f"{name}.md.j2").is_file()


def test_a_proposal_is_known_by_its_subjects() -> None:
    proposals: list[Proposal] = stories.kinds()["rotation"].propose(assigned(market(**RUN)))

    assert proposals[0].key == f"rotation/{RUT}/{SPX}"
    assert proposals[0].lead is not None
    assert isinstance(proposals[0].lead.signal.fact, Fact)
    assert proposals[0].score == proposals[0].lead.score.total
    assert proposals[0].lead.signal.fact.as_of == date(2026, 1, 12)


# --- an edition tells a thing once ------------------------------------------------------------------------------


def test_each_passage_stands_in_one_story_of_an_edition() -> None:
    chosen = [Proposal(kind, kind, 1.0, None) for kind in ("record", "volatility", "week", "wrap")]
    told = {one.story: stories.told_elsewhere(chosen, one) for one in chosen}

    for passage, owners in stories.PASSAGES.items():
        without = [kind for kind in told if passage not in told[kind]]
        assert without == [next(kind for kind in owners if kind in told)] or passage == "sectors", passage
    assert "sectors" not in told["wrap"]


def test_a_story_alone_tells_all() -> None:
    alone = Proposal("record", "record/x", 1.0, None)

    assert stories.told_elsewhere([alone], alone) == frozenset()


def test_what_another_story_tells_is_not_planned_again() -> None:
    assignment = assigned(market(**RECORD))
    kind = stories.kinds()["record"]
    proposal = kind.propose(assignment)[0]
    whole = kind.plan(assignment, proposal)
    rest = kind.plan(dataclasses.replace(assignment, covered=frozenset({"levels"})), proposal)
    tables = [
        [block for part in outline.sections for block in part.blocks if isinstance(block, Table)]
        for outline in (whole, rest)
    ]

    assert len(tables[0]) == len(tables[1]) + 1
