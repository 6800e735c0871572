"""Corrections that revised data ask for: the queue, the drafted note, and filing it on an editor's word."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes import FakeMarket
from test_proof_verify import BARS, ground  # noqa: F401  the fixture of a small real store

from broadtape import config, corrections, doctor, edition, metrics, publishing
from broadtape.archive import Archive
from broadtape.archive.catalogue import Catalogue
from broadtape.archive.consistency import Ledger
from broadtape.cli import main
from broadtape.market import MarketStore
from broadtape.market.fetching import fetch
from broadtape.model import Article, BadParameter

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


def call(ground: Path, *arguments: str) -> Result:  # noqa: F811  the fixture's value
    return CliRunner().invoke(main, ["-C", str(ground), *arguments])


@pytest.fixture
def filed(ground: Path) -> Article:  # noqa: F811  the fixture
    """An article with its fact on file, written before the data were revised."""
    instance = config.load(ground)
    with MarketStore.open(instance.store) as store:
        view = store.view(date(2026, 1, 12))
        fact = metrics.fact(view, "return", of="INDEXSP:SPX", over="1s")
    article = Article(
        path="", slug="quiet", id="", title="A quiet market", date=datetime(2026, 1, 12, 22, tzinfo=UTC), body_line=1,
        body=f"The S&P 500 [rose 0.4% on Monday](fact:{fact.id}).\n", as_of=view.as_of,
    )  # fmt: skip
    record = {"version": 1, "as_of": "2026-01-12", "facts": {fact.id: metrics.to_json(fact)}}
    return Archive(instance.content).save(article, facts=record)


def revise(ground: Path, close: str) -> None:  # noqa: F811  the fixture's value
    (ground / "bars.csv").write_text(BARS.replace("6977.80", close), "utf-8")
    fetch(config.load(ground))


def test_without_revisions_nothing_is_due(ground: Path, filed: Article) -> None:  # noqa: F811  the fixture
    done = call(ground, "corrections")

    assert (done.exit_code, done.stdout) == (0, "no corrections are due\n")


def test_a_revised_close_raises_a_task_with_both_values_and_a_note(ground: Path, filed: Article) -> None:  # noqa: F811  the fixture
    revise(ground, "6999.00")
    done = call(ground, "corrections")
    task = json.loads(call(ground, "corrections", "--json").stdout)[0]

    assert done.exit_code == 1
    assert "rose 0.4% on Monday" in done.stdout
    assert task["changes"][0]["was"] == "0.40 percent"
    assert task["changes"][0]["now"] == "0.71 percent"
    assert task["note"] == (
        "Data behind this story were revised after it was written. Return, S&P 500, Jan. 12, 2026: 0.40% then, "
        "0.71% now. The figures were right as known on Jan. 12, 2026."
    )
    assert "see broadtape corrections" in call(ground, "verify").stderr


def test_an_editors_word_files_the_note_and_ends_the_task(ground: Path, filed: Article) -> None:  # noqa: F811  the fixture
    revise(ground, "6999.00")
    done = call(ground, "corrections", "apply", filed.id)
    article = Archive(ground / "content").scan()[0][0]

    assert done.exit_code == 0, done.output
    assert "0.71% now" in article.corrections[0].text
    assert article.body == filed.body
    assert call(ground, "corrections").exit_code == 0
    assert call(ground, "corrections", "apply", filed.id).exit_code == 1


def test_what_a_correction_tells_of_holds_up_no_new_article(ground: Path, filed: Article) -> None:  # noqa: F811  the fixture
    revise(ground, "6999.00")
    archive = Archive(ground / "content")
    facts = filed.facts["facts"]
    assert isinstance(facts, dict)
    fresh = {name: {**fact, "value": "0.71"} for name, fact in facts.items()}
    record = {**filed.facts, "facts": fresh}
    other = replace(filed, id="another")

    before = Ledger(archive).conflicts(other, record)
    call(ground, "corrections", "apply", filed.id)

    assert before
    assert not Ledger(archive).conflicts(other, record)
    assert not Ledger(Archive(ground / "content")).conflicts(other, record)


def test_what_is_written_anew_itself_is_no_conflict(ground: Path, filed: Article) -> None:  # noqa: F811  the fixture
    facts = filed.facts["facts"]
    assert isinstance(facts, dict)
    record = {**filed.facts, "facts": {name: {**fact, "value": "0.71"} for name, fact in facts.items()}}
    ledger = Ledger(Archive(ground / "content"))

    assert ledger.conflicts(replace(filed, id="another"), record)
    assert not ledger.conflicts(replace(filed, id="another"), record, {filed.id})


def test_a_further_revision_asks_again(ground: Path, filed: Article) -> None:  # noqa: F811  the fixture
    revise(ground, "6999.00")
    call(ground, "corrections", "apply", filed.path, "--note", "We had the old close.")
    revise(ground, "6985.00")
    task = json.loads(call(ground, "corrections", "--json").stdout)[0]
    call(ground, "corrections", "apply", filed.path)
    article = Archive(ground / "content").scan()[0][0]

    assert task["changes"][0]["now"] == "0.50 percent"
    assert article.corrections[0].text == "We had the old close."
    assert len(article.corrections) == 2


def test_the_doctor_names_what_is_due_and_the_page_shows_the_note(ground: Path, filed: Article) -> None:  # noqa: F811  the fixture
    revise(ground, "6999.00")
    instance = config.load(ground)
    publishing.publish(instance, now=NOW)
    before = [one.says for one in doctor.examine(instance, now=NOW)]
    call(ground, "corrections", "apply", filed.id)
    publishing.publish(instance, now=NOW)
    after = [one.says for one in doctor.examine(instance, now=NOW)]
    entry = Catalogue(instance.catalogue, now=lambda: NOW).latest("bay", limit=1)[0]

    assert any("revised since: articles/2026/01/quiet.md" in says for says in before)
    assert not any("revised since" in says for says in after)
    assert "0.71% now" in entry.article.corrections[0].text


def test_only_an_article_of_the_archive_can_be_named(ground: Path, filed: Article) -> None:  # noqa: F811  the fixture
    instance = config.load(ground)

    with pytest.raises(BadParameter, match="no article has this path or id"):
        corrections.find(Archive(instance.content), instance, "articles/2026/01/none.md")
    assert call(ground, "corrections", "apply", "none").exit_code == 1
    assert call(ground, "corrections", "apply").exit_code == 2


def test_a_version_beside_an_article_is_never_published(ground: Path, filed: Article) -> None:  # noqa: F811  the fixture
    instance = config.load(ground)
    bundle = instance.articles / "2026" / "01" / "story"
    (bundle / "versions").mkdir(parents=True)
    head = '---\nid: 01KDZSAXB0BQZWTFRPWZ461D31\ntitle: "A story"\ndate: 2026-01-12T17:00:00-05:00\n---\n\n'
    text = f"{head}Ferries run.\n"
    (bundle / "index.md").write_text(text, "utf-8")
    (bundle / "versions" / "2026-01-09.md").write_text(text, "utf-8")
    publishing.publish(instance, {bundle / "index.md", bundle / "versions" / "2026-01-09.md"}, now=NOW)
    catalogue = Catalogue(instance.catalogue, now=lambda: NOW)

    assert not catalogue.problems()
    assert [one.article.title for one in catalogue.latest("bay", limit=9)].count("A story") == 1
    assert edition.RUN not in catalogue.latest("bay", limit=9)[0].article.extra


def restated(
    tmp_path: Path, *, before: str, since: str, period: str = "2025-12"
) -> tuple[Archive, Article, FakeMarket]:
    """A story of a reading as first printed, and the market after the agency restated it."""
    first = {period: (before, "2026-01-09")}
    then = FakeMarket("2026-01-12", {"INDEXSP:SPX": "100 101"}, readings={"UNRATE": first})
    fact = metrics.fact(then, "reading", series="UNRATE")
    article = Article(
        path="", slug="jobs", id="", title="Jobs", date=datetime(2026, 1, 12, 22, tzinfo=UTC), body_line=1,
        body=f"The unemployment rate [was {before}% in December](fact:{fact.id}).\n", as_of=then.as_of,
    )  # fmt: skip
    archive = Archive(tmp_path / "content")
    record = {"version": 1, "as_of": "2026-01-12", "facts": {fact.id: metrics.to_json(fact)}}
    again = {period: (since, "2026-01-09"), "2026-01": ("9.9", "2026-02-06")}
    return (
        archive,
        archive.save(article, facts=record),
        FakeMarket("2026-02-10", {"INDEXSP:SPX": "100 101"}, readings={"UNRATE": again}),
    )


def due(archive: Archive, article: Article, today: FakeMarket, before: str) -> list[corrections.Task]:
    first = {"2025-12": (before, "2026-01-09")}
    then = FakeMarket("2026-01-12", {"INDEXSP:SPX": "100 101"}, readings={"UNRATE": first})
    return list(corrections.tasks(archive, lambda _: then, [article], today=today))


def test_a_reading_that_its_agency_restated_is_due_though_its_story_was_right(tmp_path: Path) -> None:
    archive, article, today = restated(tmp_path, before="4.4", since="4.5")
    task = due(archive, article, today, "4.4")[0]
    saved = corrections.apply(archive, task, now=NOW)

    assert task.note == (
        "Data behind this story were revised after it was written. Unemployment rate, December 2025: 4.4% then, "
        "4.5% now. The figures were right as known on Jan. 12, 2026."
    )
    assert "was 4.4% in December" in task.changes[0].texts[0]
    assert due(archive, saved, today, "4.4") == []


@pytest.mark.parametrize("since", ["4.4", "4.41"])
def test_a_restatement_that_prints_alike_is_none(tmp_path: Path, since: str) -> None:
    archive, article, today = restated(tmp_path, before="4.4", since=since)

    assert due(archive, article, today, "4.4") == []
