"""Stories of shares and funds over real sessions: each kind on a day that readers remember, published and proved."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from editions import Press, Story, visible
from test_desk_stories import written as told_and_proved

from broadtape.config import Instance, Near
from broadtape.desk import stories
from broadtape.desk.facts import FactBook
from broadtape.desk.stories import Assignment, Nearby
from broadtape.market import places

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]


@pytest.fixture(scope="module")
def room(acceptance_instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Press:
    """A newsroom of this module's own."""
    return Press(acceptance_instance, tmp_path_factory.mktemp("equity"))


def written(room: Press, day: str, kind: str, site: str | None = None) -> Story:
    filed = [one for one in room.write(day, story=kind, site=site) if one.status != "closed"]
    assert [(one.status, one.failing, one.close) for one in filed] == [("published", (), ())]
    assert filed[0].path is not None
    article = room.archive.load(filed[0].path).article
    assert article is not None
    return Story(room, filed[0], article)


@pytest.mark.parametrize(
    ("day", "kind", "title"),
    [
        ("2018-02-08", "drawdown", r"S&P 500 plunges 3\.8%, first close in a correction"),
        ("2020-08-18", "drawdown", r"S&P 500 closes at 3,389\.78, back above its peak of February 2020"),
        ("2023-10-27", "drawdown", r"S&P 500 \w+ \w*\s?0\.5%, first close in a correction"),
        (
            "2022-05-20",
            "week",
            r"S&P 500 falls 3\.\d% in week through May 20, seventh week of losses in a row",
        ),
        ("2022-12-30", "month", r"S&P 500 falls 19\.4% in 2022, worst year in data since 2016"),
        ("2025-05-02", "streak", r"S&P 500 rises for ninth session in a row, longest run in data since 2016"),
        ("2025-05-05", "streak", r"S&P 500’s run of gains ends after nine sessions"),
        ("2025-01-27", "company", r"Nvidia plunges 17\.0%, worst session since March 2020"),
        (
            "2025-04-04",
            "sectors",
            r"Consumer discretionary sector fund slides 4\.3%; energy sector fund plunges 9\.2%",
        ),
    ],
)
def test_a_remembered_day_makes_the_story_it_is_remembered_for(
    room: Press, day: str, kind: str, title: str
) -> None:
    story = written(room, day, kind)

    assert re.fullmatch(title, story.article.title), story.article.title
    assert story.report.ok


def test_the_companies_near_a_site_are_its_own_story_and_filed_for_it(room: Press) -> None:
    story = written(room, "2026-01-12", "local", "sausalito")
    near = set(room.instance.sites["sausalito"].companies_near.also)  # type: ignore[union-attr]  # it has one
    view = room.view(date(2026, 1, 12))

    assert story.article.sites == ("sausalito",)
    for symbol in set(story.article.symbols) - {"INDEXSP:SPX"} - near:
        where = places.city_of(view.instrument(symbol).headquarters)
        assert where is not None
        assert places.distance_km((37.8591, -122.4853), where) <= 40


def test_the_same_day_at_two_sites_is_two_stories_of_other_companies(room: Press) -> None:
    view = room.view(date(2025, 4, 11))
    listed = list(view.instruments())
    towns = {"bay": (37.8591, -122.4853), "lakes": (44.9778, -93.2650)}
    kind, texts, symbols = stories.kinds()["local"], {}, {}
    for town, place in towns.items():
        near = places.by_headquarters(Near(place=place, radius_km=40), listed)
        assignment = Assignment(
            view, FactBook(view), (), (), (), nearby=(Nearby(town, tuple(near)),), site=town
        )
        outline = kind.plan(assignment, kind.propose(assignment)[0])
        draft, failing = told_and_proved(view, outline)
        assert [(one.text, one.reason) for one in failing] == []
        texts[town], symbols[town] = draft, set(outline.subjects)

    assert min(len(one) for one in symbols.values()) >= 5
    assert not symbols["bay"] & symbols["lakes"]
    assert texts["bay"].title != texts["lakes"].title
    shared = set(visible(texts["bay"].body).split("\n")) & set(visible(texts["lakes"].body).split("\n"))
    assert {one for one in shared if one and not one.startswith("|")} == set()


def test_a_story_for_one_site_tells_of_its_companies_and_one_for_all_does_not(room: Press) -> None:
    for_one = written(room, "2025-04-11", "week", "sausalito")
    for_all = written(room, "2025-04-11", "wrap")

    assert "ear here" in visible(for_one.article.body)
    assert "ear here" not in visible(for_all.article.body)


def test_where_no_source_of_filings_or_stories_is_followed_the_story_names_no_event_and_no_search(
    room: Press,
) -> None:
    story = written(room, "2025-01-28", "company")

    assert "found no filing" not in story.visible  # nothing was looked through
    assert not re.search(r"\b(because|amid|on news|due to)\b", story.visible)


def test_a_share_stands_below_a_record_only_where_five_years_of_closes_are_in_the_data(
    acceptance_instance: Instance, tmp_path: Path
) -> None:
    room = Press(acceptance_instance, tmp_path)  # of its own: what was told before has a say in what is told
    short, long = (written(room, day, "company") for day in ("2026-01-05", "2025-01-27"))

    assert "Chevron" in short.article.title  # its closes in the tables begin in 2023
    assert "record close" not in short.visible
    assert "Nvidia" in long.article.title  # these in 2019
    assert "below its record close" in long.visible
