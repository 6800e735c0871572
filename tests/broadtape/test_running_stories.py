"""Stories of a run: one address that later editions update and close, and claims that may not contradict each other."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fakes import weekdays
from invented import RUT, SPX, market
from newsroom import FakeStore
from test_edition import settings

from broadtape import edition
from broadtape.archive import Archive
from broadtape.archive.consistency import Ledger
from broadtape.archive.files import beside
from broadtape.config import Instance
from broadtape.desk import pictures, proof
from broadtape.model import Article, MarketView

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
# Seven sessions in which small caps lead, then one in which they do not: Jan. 2 to 12, and Jan. 13.
RUN = {
    "small": [-0.5, *[0.6] * 7, -0.4],
    "large": [0.5, *[0.1] * 7, 0.5],
    "tech": [0.5, 0.9, 0.0, 0.9, 0.0, 0.9, 0.0, 0.9, 0.0],
}
SEVENTH, ENDED = date(2026, 1, 12), date(2026, 1, 13)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return settings(tmp_path / "room")


@pytest.fixture
def store() -> FakeStore:
    return FakeStore(market("2026-01-13", **RUN))


def write(instance: Instance, store: FakeStore, on: date, **more: object) -> list[edition.Filed]:
    return edition.write(instance, store, on, now=NOW, **more)  # type: ignore[arg-type]  # a store by its face


def runs(instance: Instance) -> list[Article]:
    return [one for one in Archive(instance.content).scan()[0] if one.extra.get("run")]


def verified(instance: Instance, store: FakeStore, article: Article) -> proof.Report:
    def view(day: date) -> MarketView:
        return store.view(day)

    return proof.verify(article, view, Archive(instance.content).lookup)


def test_the_next_edition_of_a_run_updates_the_same_article(instance: Instance, store: FakeStore) -> None:
    write(instance, store, date(2026, 1, 9), story="rotation")
    first = runs(instance)[0]
    filed = write(instance, store, SEVENTH, story="rotation")
    second = runs(instance)

    assert [one.status for one in filed] == ["updated"]
    assert [(one.id, one.path, one.slug, one.date) for one in second] == [
        (first.id, first.path, first.slug, first.date)
    ]
    assert (first.as_of, second[0].as_of) == (date(2026, 1, 9), SEVENTH)
    assert second[0].updated is not None
    assert second[0].updated.date() == SEVENTH
    assert [(one.text, one.as_of, one.before) for one in second[0].updates] == [
        ("The Russell 2000’s run against the S&P 500 reached seven sessions.", SEVENTH, date(2026, 1, 9))
    ]
    assert verified(instance, store, second[0]).ok


def test_what_stood_there_is_kept_as_a_dated_version(instance: Instance, store: FakeStore) -> None:
    write(instance, store, date(2026, 1, 9), story="rotation")
    before = runs(instance)[0]
    text, facts = Path(before.path).read_bytes(), (Path(before.path).parent / "facts.json").read_bytes()
    write(instance, store, SEVENTH, story="rotation")
    archive = Archive(instance.content)
    versions = archive.versions(runs(instance)[0])

    assert {day: path.read_bytes() for day, path in versions.items()} == {date(2026, 1, 9): text}
    assert (Path(before.path).parent / "versions" / "2026-01-09.facts.json").read_bytes() == facts
    assert len(archive.paths()) == 1  # a version is no article of its own


def test_an_edition_of_a_session_told_before_changes_nothing(instance: Instance, store: FakeStore) -> None:
    for on in (date(2026, 1, 9), SEVENTH):
        write(instance, store, on, story="rotation")
    before = runs(instance)
    again = [write(instance, store, on, story="rotation")[0].status for on in (date(2026, 1, 9), SEVENTH)]

    assert again == ["unchanged", "unchanged"]
    assert runs(instance) == before


def test_when_the_run_ends_the_next_edition_closes_it(instance: Instance, store: FakeStore) -> None:
    write(instance, store, SEVENTH, story="rotation")
    filed = write(instance, store, ENDED, story="wrap")
    article = runs(instance)[0]

    assert [one.status for one in filed] == ["published", "closed"]
    assert article.as_of == SEVENTH
    assert (
        article.updates[-1].text
        == "The Russell 2000’s run against the S&P 500 ended on Jan. 13 after seven sessions."
    )
    assert article.extra["run_ended"] == ENDED
    assert verified(instance, store, article).ok
    assert write(instance, store, ENDED, story="wrap")[-1].status == "unchanged"
    assert len(runs(instance)[0].updates) == 1


def test_the_story_of_the_end_is_the_last_version(instance: Instance, store: FakeStore) -> None:
    write(instance, store, SEVENTH, story="rotation")
    filed = write(instance, store, ENDED, story="rotation")
    article = runs(instance)[0]

    assert [one.status for one in filed] == ["updated"]
    assert "ends" in article.title
    assert article.extra["run_ended"] == ENDED
    assert verified(instance, store, article).ok


def test_an_editors_words_stay_and_only_the_list_of_updates_grows(
    instance: Instance, store: FakeStore
) -> None:
    write(instance, store, date(2026, 1, 9), story="rotation")
    path = Path(runs(instance)[0].path)
    path.write_text(path.read_text("utf-8").replace("## What comes next", "## Up next"), "utf-8")
    body = runs(instance)[0].body
    filed = write(instance, store, SEVENTH, story="rotation")
    article = runs(instance)[0]

    assert [one.status for one in filed] == ["updated"]
    assert article.body == body
    assert article.as_of == date(2026, 1, 9)
    assert [one.as_of for one in article.updates] == [SEVENTH]


@pytest.mark.parametrize(
    ("told", "instead"),
    [("seven", "eight"), ("Russell 2000", "Nasdaq Composite"), ("reached seven", "ended after seven")],
)
def test_an_update_that_does_not_follow_is_refused(
    instance: Instance, store: FakeStore, told: str, instead: str
) -> None:
    write(instance, store, date(2026, 1, 9), story="rotation")
    write(instance, store, SEVENTH, story="rotation")
    article = runs(instance)[0]
    update = dataclasses.replace(article.updates[0], text=article.updates[0].text.replace(told, instead))
    report = verified(instance, store, dataclasses.replace(article, updates=(update,)))

    assert not report.ok
    assert all("updates" in claim.reason for claim in report.failing)


def test_an_update_without_a_fact_is_refused_in_a_desk_article(instance: Instance, store: FakeStore) -> None:
    write(instance, store, SEVENTH, story="rotation")
    article = runs(instance)[0]
    update = edition.Update(NOW, "It went on.")

    assert not verified(instance, store, dataclasses.replace(article, updates=(update,))).ok


# --- claims of two articles -------------------------------------------------------------------------------


def facts_of(article: Article) -> dict[str, Any]:
    found = article.facts["facts"]
    assert isinstance(found, dict)
    return found


def contradict(path: Path, metric: str, value: str, *, definition: int = 0, wording: str = "") -> None:
    """Make a published article's facts say another value of the first fact of that metric."""
    facts = path.parent / "facts.json"
    data = json.loads(facts.read_text("utf-8"))
    fact = next(one for one in data["facts"].values() if one["metric"] == metric)
    fact["value"] = value
    if definition:
        fact["definition"] = definition
        data["definitions"][metric] = {"version": definition, "wording": wording}
    facts.write_text(json.dumps(data), "utf-8")


def test_a_claim_that_a_published_article_makes_otherwise_holds_the_new_one(
    instance: Instance, store: FakeStore
) -> None:
    write(instance, store, SEVENTH, story="rotation")
    contradict(
        Path(runs(instance)[0].path), "relative-streak", "11", definition=9, wording="Months, not sessions."
    )
    path = next(instance.articles.rglob("facts.json"))
    record = json.loads(path.read_text("utf-8"))
    taken = next(one for one in record["facts"].values() if one["metric"] == "relative-streak")
    fresh = {"facts": {"x": {**taken, "value": "7", "definition": 1}},
             "definitions": {"relative-streak": {"version": 1, "wording": "Sessions."}}}  # fmt: skip
    archive = Archive(instance.content)
    other = dataclasses.replace(runs(instance)[0], id="another", path="new")
    found = Ledger(archive).conflicts(other, fresh)

    assert len(found) == 1
    assert re.search(r"7 sessions .*“Sessions\.”.*11 sessions .*“Months, not sessions\.”", str(found[0]))


def test_a_month_that_is_over_may_not_change_between_sessions(instance: Instance, store: FakeStore) -> None:
    write(instance, store, date(2026, 1, 9), story="wrap")
    article = Archive(instance.content).scan()[0][0]
    facts = Path(article.path).parent / "facts.json"
    data = json.loads(facts.read_text("utf-8"))
    key, fact = next((key, one) for key, one in data["facts"].items() if one["metric"] == "return")
    data["facts"][key] = {**fact, "params": {"of": SPX, "over": "2025-12"}, "value": "1.25"}
    facts.write_text(json.dumps(data), "utf-8")
    archive = Archive(instance.content)
    other = dataclasses.replace(article, id="another", path="new")

    def asked(over: str, value: str, of: str = SPX) -> int:
        one = {**fact, "params": {"of": of, "over": over}, "value": value, "as_of": "2026-01-12"}
        return len(Ledger(archive).conflicts(other, {"facts": {"x": one}}))

    assert asked("2025-12", "1.30") == 1
    assert asked("2025-12", "1.250") == 0
    assert asked("2025-12", "1.30", RUT) == 0
    assert asked("2026-01", "1.30") == 0  # the month goes on


def test_a_conflict_is_told_and_ends_when_the_other_article_is_withdrawn(
    instance: Instance, store: FakeStore, tmp_path: Path
) -> None:
    write(instance, store, SEVENTH, story="wrap")
    elsewhere = settings(tmp_path / "elsewhere")
    write(elsewhere, store, SEVENTH, story="rotation")
    wrap = Archive(instance.content).scan()[0][0]
    key, fact = next(iter(facts_of(runs(elsewhere)[0]).items()))
    beside = Path(wrap.path).parent / "facts.json"
    data = json.loads(beside.read_text("utf-8"))
    data["facts"][key] = {**fact, "value": "99"}
    beside.write_text(json.dumps(data), "utf-8")
    held = write(instance, store, SEVENTH, story="rotation")[0]
    text = Path(wrap.path).read_text("utf-8")
    Path(wrap.path).write_text(text.replace("status: published", "status: withdrawn"), "utf-8")
    again = write(instance, store, SEVENTH, story="rotation", replace=True)[0]

    assert held.status == "held"
    assert "has 99 " in held.conflicts[0]
    assert (again.status, again.conflicts) == ("published", ())


# --- declines and inversions ---------------------------------------------------------------------------------

# A peak, a correction on Jan. 7, a bear market on Jan. 9, a bull market on Jan. 13 and the peak again on Jan. 15.
FALL = [30.0, -4.0, -7.0, -2.0, -10.0, -1.0, 15.0, 8.0, 1.0, 12.0]
STAGES = {
    date(2026, 1, 7): "in a correction", date(2026, 1, 9): "bear market", date(2026, 1, 14): "bull market",
    date(2026, 1, 16): "back above its peak",
}  # fmt: skip


@pytest.fixture
def falling() -> FakeStore:
    still = [0.1] * len(FALL)
    return FakeStore(market("2026-01-16", large=FALL, small=still, tech=still))


def test_the_stages_of_a_decline_are_told_at_one_address(instance: Instance, falling: FakeStore) -> None:
    titles = []
    for on, stage in STAGES.items():
        filed = write(instance, falling, on, story="drawdown")
        titles.append((filed[0].status, stage in filed[0].title))
    article = runs(instance)[0]

    assert titles == [("published", True), *[("updated", True)] * 3]
    assert len(runs(instance)) == 1
    assert article.extra["run"] == "decline-from?from=2026-01-05&of=INDEXSP:SPX"
    assert article.extra["run_ended"] == date(2026, 1, 16)
    assert [one.before for one in article.updates] == list(STAGES)[:3]
    assert (
        "closed back at its peak of Jan. 5 on Jan. 16, nine sessions on, after a decline of 22.0%"
        in article.updates[-1].text
    )
    assert verified(instance, falling, article).ok
    assert list(Archive(instance.content).versions(article)) == list(STAGES)[:3]


def test_a_decline_that_no_story_ends_is_closed_by_the_next_edition(
    instance: Instance, falling: FakeStore
) -> None:
    write(instance, falling, date(2026, 1, 7), story="drawdown")
    filed = write(instance, falling, date(2026, 1, 16), story="wrap")
    article = runs(instance)[0]

    assert "closed" in [one.status for one in filed]
    assert article.as_of == date(2026, 1, 7)
    assert article.extra["run_ended"] == date(2026, 1, 16)
    assert verified(instance, falling, article).ok


def test_an_edition_written_late_says_only_what_was_known_then(
    instance: Instance, falling: FakeStore
) -> None:
    write(instance, falling, date(2026, 1, 9), story="drawdown")
    article = runs(instance)[0]

    assert "run_ended" not in article.extra
    assert article.updates == ()
    assert "bull" not in article.body


def test_a_kept_version_is_proved_with_its_own_chart(instance: Instance, falling: FakeStore) -> None:
    for on in list(STAGES)[:2]:
        write(instance, falling, on, story="drawdown")
    archive = Archive(instance.content)
    path = archive.versions(runs(instance)[0])[date(2026, 1, 7)]
    there = archive.load(path).article
    assert there is not None
    report = pictures.verify(there, falling.view, archive.lookup, beside(path))

    assert report.ok
    assert {one.text for one in report.claims if one.metric == "chart"} == {"chart.svg", "chart.csv"}


def yields(values: str) -> dict[str, dict[str, tuple[str, str]]]:
    """Yields of the sessions to Jan. 16, the ten-year ones given, the two-year ones at four; public a day later."""
    days = weekdays(date(2024, 6, 3), date(2026, 1, 15)).tolist()
    after = [*days[1:], date(2026, 1, 16)]
    told = ["4.50"] * (len(days) - len(values.split())) + values.split()
    return {
        "DGS10": {str(day): (value, str(known)) for day, known, value in zip(days, after, told, strict=True)},
        "DGS2": {str(day): ("4.00", str(known)) for day, known in zip(days, after, strict=True)},
    }


def test_an_inversion_has_one_address_until_it_ends(instance: Instance) -> None:
    run = " ".join(
        ["3.90", "3.70", *["3.80"] * 23, "4.10"]
    )  # 25 sessions from Dec. 11, the last but one on Jan. 14
    store = FakeStore(market("2026-01-16", readings=yields(run)))
    days = store.view(date(2026, 1, 16)).sessions.tolist()
    first, last = (
        write(instance, store, days[-26], story="curve"),
        write(instance, store, days[-1], story="curve"),
    )
    article = runs(instance)[0]

    assert [first[0].status, last[0].status] == ["published", "updated"]
    assert article.extra["run_ended"] == date(2026, 1, 15)
    assert article.updates[-1].text == "For the yield curve an inversion of 25 sessions ended on Jan. 15."
    assert verified(instance, store, article).ok
