"""What stands out beside the day's story: told as a brief of its own and as a sentence within others, and proved."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from editions import Press
from fakes import FakeMarket, origin
from invented import COMPANIES, IXIC, NAMES, ROLES, RUT, SPX, walk
from test_desk_stories import assigned, written

from broadtape import edition
from broadtape.config import Instance
from broadtape.desk import prose, stories
from broadtape.desk.facts import FactBook
from broadtape.desk.outline import Outline
from broadtape.desk.stories import Assignment
from broadtape.model import Filing, Instrument, Story

ON = date(2026, 1, 12)
FUND = "NYSEARCA:SPY"


class ToldMarket(FakeMarket):
    """A market of which something is filed and told."""

    filed: tuple[Filing, ...] = ()
    told: tuple[Story, ...] = ()

    def filings(
        self, company: str = "", *, form: str = "", since: datetime | None = None
    ) -> tuple[Filing, ...]:
        return tuple(
            one for one in self.filed
            if company in ("", *one.symbols) and form in ("", one.form) and (since is None or one.at >= since)
        )  # fmt: skip

    def stories(self, since: datetime | None = None, *, symbol: str = "") -> tuple[Story, ...]:
        return tuple(
            one for one in self.told
            if symbol in ("", *one.symbols) and (since is None or one.known_at >= since)
        )  # fmt: skip

    def heat(self, symbol: str) -> None:
        return None

    def clusters(self, since: datetime) -> tuple[()]:
        return ()

    def companies(self) -> tuple[()]:
        return ()

    def company_facts(self, cik: str, concept: str) -> tuple[()]:
        return ()

    def forecast(self, place: str) -> None:
        return None

    def notices(self, place: str) -> tuple[()]:
        return ()

    def quotes(self, symbol: str) -> tuple[()]:
        return ()


def filing(symbol: str, form: str = "424B5", *items: str, days_ago: int = 0) -> Filing:
    at = datetime(2026, 1, 12, 15, tzinfo=UTC) - timedelta(days=days_ago)
    number = f"0000000007-26-{abs(hash((symbol, form, days_ago))) % 10**6:06}"
    link = f"https://filings.example.org/{number}"
    return Filing(
        number, "0000000007", "Alder", form, at.date(), at, items, link, origin("sec"), symbols=(symbol,)
    )


def bars(closes: list[float], **last: float) -> list[Any]:
    """Closes with prices within the session a little around them; `last` are the fields of the last."""
    whole = [
        {"open": one, "high": one * 1.002, "low": one * 0.998, "close": one, "volume": 1_000.0}
        for one in closes
    ]
    whole[-1] |= last
    return whole


def indices(large: list[Any], on: date = ON, **more: Any) -> ToldMarket:
    named = [Instrument(symbol, name, "index") for symbol, name in NAMES.items()]
    named += [Instrument(symbol, name, "stock") for symbol, name in COMPANIES.items()]
    named.append(Instrument(FUND, "SPDR S&P 500 ETF", "etf", proxy_of=SPX))
    table: dict[str, Any] = {SPX: large, RUT: walk(2), IXIC: walk(3), **more.pop("also", {})}
    table = {symbol: walk(number, start=50.0) for number, symbol in enumerate(COMPANIES, 10)} | table
    return ToldMarket(
        on, table, benchmarks=ROLES, instruments=named, groups={"trees": list(COMPANIES)}, **more
    )


def brief(view: FakeMarket, kind: str, watched: tuple[str, ...] = ()) -> Outline | None:
    assignment = assigned(view)
    found = [one for one in edition_signals(view, watched) if one.signal.kind == kind]
    proposals = stories.kinds()["brief"].propose(dataclasses.replace(assignment, ranked=found))
    return stories.kinds()["brief"].plan(assignment, proposals[0]) if proposals else None


def edition_signals(view: FakeMarket, watched: tuple[str, ...]) -> Any:
    from broadtape.desk import newsworthiness, signals

    return newsworthiness.rank(
        signals.scan(view, (), universe=("trees",), watched=watched), role=lambda _: "",
        kind=lambda symbol: view.instrument(symbol).kind, told=lambda _: 0.0,
    )  # fmt: skip


def text_of(view: FakeMarket, outline: Outline | None) -> str:
    assert outline is not None
    draft, failing = written(view, outline)
    assert [(one.text, one.reason) for one in failing] == [], draft.body
    return "\n".join((draft.title, draft.summary, re.sub(r"\[([^\]]*)\]\(fact:\w+\)", r"\1", draft.body)))


def test_an_open_far_outside_the_range_before_is_told_with_how_near_it_came_again() -> None:
    closes = walk(1, [-3.0])
    view = indices(bars(closes, open=closes[-2] * 0.97, high=closes[-2] * 0.99, low=closes[-1] * 0.99))

    text = text_of(view, brief(view, "gap"))

    assert "S&P 500 opens 3.0% lower, closes down 3.0%" in text
    assert "opened 3.0% lower on Monday, Jan. 12, outside the range of the session before" in text
    assert "It was down 1.0% at its highest within the session." in text


def test_a_fund_that_traded_far_more_than_its_median_is_told_by_it() -> None:
    traded = [{"close": one, "volume": 1_000.0 + number % 7} for number, one in enumerate(walk(5))]
    traded[-1]["volume"] = 3_000.0
    view = indices(walk(1), also={FUND: traded})

    text = text_of(view, brief(view, "volume"))

    assert "SPDR S&P 500 ETF trades 3.0 times its median volume" in text


def test_a_close_back_below_a_round_number_says_since_when_and_how_often() -> None:
    swings = [3_050.0, 3_150.0] * 60 + [2_950.0] * 5 + [3_100.0 + number % 3 for number in range(200)]
    view = indices([*swings, 2_990.0])

    text = text_of(view, brief(view, "recross"))

    assert "S&P 500 closes below 3,000 for the first time since" in text
    assert "had come to close below that level" not in text  # once is what "since" says


def test_a_crossed_average_is_told_only_with_what_followed_earlier_ones() -> None:
    way = [100.0 + number / 10 for number in range(300)]
    few = indices([*way, 100.0])
    wave = [1_000 + 200 * ((number // 60) % 2) + number % 5 for number in range(890)]
    many = indices([*wave, 1_000.0] if wave[-1] > 1_100 else [*wave, 1_203.0])

    assert brief(few, "average-cross") is None
    told = brief(many, "average-cross")
    assert told is None or "earlier cases of such a close" in text_of(many, told)


def test_what_a_company_filed_is_told_with_its_link_and_no_more() -> None:
    view = indices(walk(1))
    view.filed = (filing("NYSE:ALD"),)

    text = text_of(view, brief(view, "deal"))

    assert "Alder files a prospectus" in text
    assert "Alder (NYSE: ALD) filed a prospectus on Monday, Jan. 12." in text
    assert "https://filings.example.org/" in text
    assert not re.search(r"\b(because|raise|dilut|plans?)\b", text)


def test_without_a_link_a_filing_is_not_told() -> None:
    view = indices(walk(1))
    view.filed = (dataclasses.replace(filing("NYSE:ALD"), link="http://plain.example.org/1"),)

    assert brief(view, "deal") is None


# --- the events beside the moves -------------------------------------------------------------------------------


def wrapped(view: ToldMarket) -> str:
    assignment = assigned(view)
    kind = stories.kinds()["wrap"]
    return text_of(view, kind.plan(assignment, kind.propose(assignment)[0]))


def test_the_table_of_winners_and_losers_names_what_is_on_file_of_each() -> None:
    plain, view = wrapped(indices(walk(1))), indices(walk(1))
    symbols = [symbol for symbol in COMPANIES if COMPANIES[symbol] in plain]
    view.filed = tuple(filing(symbol, "8-K", "8.01") for symbol in symbols[:1])

    text = wrapped(view)

    assert "On file" not in plain  # no source of filings or stories: nothing is said of either
    assert "| Company | Change | On file |\n| --- | ---: | --- |" in text
    assert "[filing](https://filings.example.org/" in text
    assert "none found" in text


def test_a_source_that_has_long_been_silent_finds_nothing_and_says_nothing() -> None:
    view = indices(walk(1))
    view.filed = (filing("NYSE:ALD", days_ago=90),)

    assert "On file" not in wrapped(view)


def moved_company(*filed: Filing) -> str:
    closes = walk(10, start=50.0)
    jump = [*closes[:-1], closes[-2] * 1.2]
    view = indices(walk(1), also={"NYSE:ALD": jump})
    view.filed = filed
    ranked = [one for one in edition_signals(view, ("NYSE:ALD",)) if one.signal.kind == "company"]
    assignment = dataclasses.replace(assigned(view), ranked=ranked)
    kind = stories.kinds()["company"]
    return text_of(view, kind.plan(assignment, kind.propose(assignment)[0]))


def test_of_a_far_move_the_company_story_says_that_nothing_was_found_only_where_something_was_looked_through() -> (
    None
):
    nothing = "The desk found no filing and no story about Alder that day."

    assert nothing not in moved_company()
    assert nothing in moved_company(filing("NYSE:BIR"))
    assert nothing not in moved_company(filing("NYSE:ALD", "8-K", "8.01"))


def test_a_company_of_which_much_is_on_file_is_told_how_much() -> None:
    filed = [filing("NYSE:ALD", form, "8.01") for form in ("8-K", "424B5", "S-1")]

    text = moved_company(*filed)

    assert "Of Alder three pieces were found on file." in text
    assert "pieces were found" not in moved_company(*filed[:1])


def small_caps_back_below_a_thousand(large: float) -> FakeMarket:
    swings = [1_001.0 + 3 * (number % 2) for number in range(601)]
    return indices(walk(1, [large]), also={RUT: [*swings[:300], 990.0, *swings, 999.8]})


def test_on_a_quiet_session_what_stood_out_leads_and_beside_a_plunge_it_is_a_sentence() -> None:
    quiet, plunge = (
        edition.choose(assigned(small_caps_back_below_a_thousand(move)), story=None, most=4)
        for move in (0.05, -4.0)
    )

    assert [one.key for one in quiet] == [f"brief/recross/{RUT}", "wrap"]
    assert not [one for one in plunge if one.story == "brief"]


def test_the_week_counts_the_deals_that_were_filed_in_it() -> None:
    view = indices(walk(1), on=date(2026, 1, 16))
    since = [filing("NYSE:ALD", "8-K", "8.01", days_ago=40), filing("NYSE:BIR", "424B5", days_ago=5)]
    view.filed = (
        filing("NYSE:ALD", days_ago=-2),
        filing("NYSE:BIR", days_ago=-1),
        filing("NYSE:CED", "8-K", "2.01", days_ago=-3),
        *since,
    )
    assignment = assigned(view)
    kind = stories.kinds()["week"]

    text = text_of(view, kind.plan(assignment, kind.propose(assignment)[0]))

    assert (
        "The companies whose filings are followed made two filings of a prospectus from Jan. 12 through Jan. 16 "
        "and one filing of an acquisition." in text
    )


# --- over real sessions ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def room(acceptance_instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Press:
    return Press(acceptance_instance, tmp_path_factory.mktemp("brief"))


@pytest.mark.acceptance
@pytest.mark.slow
@pytest.mark.parametrize(
    ("day", "lead", "title", "said"),
    [
        ("2025-04-07", "gap/INDEXSP:SPX", "S&P 500 opens 2.4% lower, closes down 0.2%", "up as much as 3.4% within"),
        ("2025-04-09", "volume/NYSEARCA:IWM", "most since October 2011", "4.6 times its median volume"),
        ("2018-12-19", "recross/INDEXNASDAQ:IXIC", "below 6,700 for the first time since October 2017", "6,636.83"),
        ("2020-01-16", "recross/INDEXRUSSELL:RUT", "above 1,700 for the first time", "four times in earlier data"),
        ("2022-05-09", "ratio/INDEXSP:SPX", "against Russell 2000 since May 2020", "led the Russell 2000 by 5.3"),
        ("2025-03-03", "average-cross/INDEXNASDAQ:IXIC", "after 333 sessions", "earlier cases of such a close"),
        ("2026-01-08", "year-start/INDEXRUSSELL:RUT", "best start of a year since 2021", "six earlier years"),
    ],
)  # fmt: skip
def test_a_signal_that_leads_makes_a_brief_that_proves(
    room: Press, day: str, lead: str, title: str, said: str
) -> None:
    view = room.view(date.fromisoformat(day))
    ranked = edition.ranked_signals(room.instance, view)
    own = [one for one in ranked if f"{one.signal.kind}/{one.signal.subject}" == lead]
    assignment = Assignment(
        view, FactBook(view), own, room.instance.desk.universe, room.instance.desk.sector_funds
    )
    kind = stories.kinds()["brief"]

    draft, failing = written(view, kind.plan(assignment, kind.propose(assignment)[0]))

    assert [(one.text, one.reason) for one in failing] == []
    assert title in draft.title
    assert said in prose.visible(draft.body)
    assert 90 <= len(prose.visible(draft.body).split()) <= 300
