"""Stories of companies with filings on file, as the real source reads them: results, local companies, tables."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import papers
import pytest
from editions import NOW, Press, Story, copy
from test_stories_brief import COMPANIES, assigned, filing, indices, text_of, walk

from broadtape import config
from broadtape.config import Instance
from broadtape.desk import stories
from broadtape.market import MarketStore


@pytest.fixture(scope="module")
def room(acceptance_instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Press:
    """A newsroom with filings in its store and a second site, whose companies are others."""
    root: Path = tmp_path_factory.mktemp("filed")
    copy(acceptance_instance.content, root / "content")
    near = (root / "content/sites/sausalito/site.toml").read_text("utf-8")
    for old, new in (("37.8591, -122.4853", "47.6062, -122.3321"), ("ausalito", "eattle"), ('"localhost", ', ""),
                     ('"127.0.0.1"', '"127.0.0.2"'), ('"NASDAQ:BMRN", "NASDAQ:ADSK"', '"NASDAQ:COST"')):  # fmt: skip
        assert old in near, old
        near = near.replace(old, new)
    (root / "content/sites/seattle").mkdir()
    (root / "content/sites/seattle/site.toml").write_text(near, "utf-8")
    instance = config.load(root)
    instance.store.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(acceptance_instance.store, instance.store)
    with MarketStore.open(instance.store) as store:
        for harvest in papers.harvests(papers.META, papers.STARBUCKS, papers.AMAZON):
            store.ingest(harvest)
    return Press.over(instance)


def edition_of(room: Press, day: str) -> dict[str, Story]:
    """The stories of an edition by kind and site, all of them published: none fails its proof."""
    found = {}
    for filed in room.write(day, now=NOW):
        assert (filed.status, filed.failing) == ("published", ()), filed.title
        assert filed.path is not None
        article = room.archive.load(filed.path).article
        assert article is not None
        found["/".join((filed.story, *article.sites))] = Story(room, filed, article)
    return found


@pytest.mark.acceptance
@pytest.mark.slow
def test_a_share_that_moved_with_its_results_is_one_story_with_what_was_filed(room: Press) -> None:
    told = edition_of(room, "2025-10-30")
    text = told["earnings"].visible

    assert "company" not in told  # the same share's move is not told twice
    assert (
        told["earnings"].article.title
        == "Meta Platforms plunges 11.3% to $666.47, worst session since October 2022"
    )
    assert "Meta Platforms filed its results on Wednesday, Oct. 29 ([the filing](https://www.sec.gov/" in text
    assert (
        "The revenue of Meta Platforms rose 26.2% in the quarter to Sept. 30 from that of 12 months before; its net "
        "income fell 82.7% from 12 months before and its diluted earnings a share fell 82.6% from 12 months before."
        in text
    )
    assert "stood at 27.9 times its earnings a share of the fiscal year to Dec. 31, 2024" in text
    assert not re.search(r"(?i)\b(because|beat|missed|expectations|estimates)\b", text)


@pytest.mark.acceptance
@pytest.mark.slow
def test_each_site_has_the_story_of_its_own_companies_and_links_what_they_filed(room: Press) -> None:
    told = edition_of(room, "2024-05-01")
    here = told["local/seattle"].visible

    assert "Starbucks (NASDAQ: SBUX) plunged 15.9%" in here
    assert re.search(
        r"Starbucks filed \[its results\]\(https://www\.sec\.gov/[^)]+\) and \[a form 10-Q\]", here
    )
    assert re.search(r"\| Starbucks \|.*\| \[results\]\(https://www\.sec\.gov/", here)
    assert "The company filed" not in here  # of twelve it would be any
    away = [room.write("2024-05-01", story="local", site="sausalito", now=NOW)[0]]
    other = room.archive.load(away[0].path).article if away[0].path else None
    assert other is not None
    assert not {"NASDAQ:SBUX", "NASDAQ:AMZN"} & set(other.symbols)


def test_the_table_of_a_week_names_what_was_on_file_in_it_results_before_other_forms() -> None:
    view = indices(walk(1), on=date(2026, 1, 16))
    before = filing("NYSE:CED", "8-K", "8.01", days_ago=20)
    view.filed = (before,)
    plain = _week(view)
    first = next(symbol for symbol in COMPANIES if f"| {COMPANIES[symbol]} (" in plain)
    view.filed = (filing(first, "10-Q", days_ago=-2), filing(first, "8-K", "2.02", days_ago=-1), before)

    text = _week(view)

    assert re.search(rf"\| {COMPANIES[first]} \([^|]*\| [^|]*\| \[results\]\(https://filings", text)
    assert text.count("none found") == plain.count("none found") - 1 > 0


def test_a_window_before_which_nothing_was_known_has_no_column_of_what_is_on_file() -> None:
    view = indices(walk(1), on=date(2026, 1, 16))
    view.filed = (filing("NYSE:CED", "8-K", "8.01", days_ago=-1),)

    assert "On file" not in _week(view)


def _week(view: object) -> str:
    assignment = assigned(view)  # type: ignore[arg-type]  # a fake of the market
    kind = stories.kinds()["week"]
    return text_of(view, kind.plan(assignment, kind.propose(assignment)[0]))  # type: ignore[arg-type]  # as above
