"""An editor's folder as it comes: stray files, copies, odd endings; no file hides or breaks another."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from test_proof import SMALL, Paper

from broadtape import metrics
from broadtape.archive import Archive
from broadtape.archive.lint import Surroundings, check

POST = "---\ntitle: {title}\ndate: 2026-01-12\n---\n\n{body}\n"


@pytest.fixture
def month(tmp_path: Path) -> Path:
    folder = tmp_path / "content/articles/2026/01"
    folder.mkdir(parents=True)
    return folder


def post(path: Path, title: str, body: str = "The ferry runs.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(POST.format(title=title, body=body), encoding="utf-8")
    return path


def titles(month: Path) -> list[str]:
    return sorted(article.title for article in Archive(month.parents[2]).scan()[0])


@pytest.mark.parametrize("where", ["index.md", "../index.md"])
def test_an_index_in_a_months_folder_hides_no_article(month: Path, where: str) -> None:
    post(month / "ferry.md", "Ferry")
    post(month / "bundle/index.md", "Bundle")
    post(month / where, "Stray")

    assert titles(month) == ["Bundle", "Ferry", "Stray"]


def test_notes_beside_a_bundles_article_are_no_articles(month: Path) -> None:
    post(month / "bundle/index.md", "Bundle")
    post(month / "bundle/notes.md", "Notes")

    assert titles(month) == ["Bundle"]


@pytest.mark.parametrize(
    "name", ["#ferry.md#", "ferry.md~", ".ferry.md.swp", ".#ferry.md", "ferry.md.bak", "ferry.md.tmp"]
)
def test_what_editors_leave_behind_is_no_article(month: Path, name: str) -> None:
    post(month / "ferry.md", "Ferry")
    post(month / name, "Left behind")

    assert titles(month) == ["Ferry"]


def test_a_link_out_of_content_is_not_followed(month: Path, tmp_path: Path) -> None:
    post(month / "ferry.md", "Ferry")
    outside = post(tmp_path / "elsewhere/secret.md", "Secret")
    (month / "secret.md").symlink_to(outside)
    (month / "gone.md").symlink_to(tmp_path / "nowhere.md")
    (month / "loop").symlink_to(month)

    assert titles(month) == ["Ferry"]


def test_a_fact_told_many_times_is_computed_once_by_check(
    month: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = f"[fell](fact:return?of={SMALL}&over=2025-12)"
    post(month / "many.md", "Many", " ".join([link] * 300))
    market, asked = Paper().market, []
    compute = metrics.compute
    monkeypatch.setattr(metrics, "compute", lambda *given: (asked.append(given), compute(*given))[1])

    def view_for(day: date):  # type: ignore[no-untyped-def]  # a fake market
        return market.at(day)

    report = check(Archive(month.parents[2]), Surroundings(knows_symbol=bool, view_for=view_for))

    assert len(asked) == 1
    assert ["hand-written" in problem.cause for problem in report.problems] == [True]


def test_unknown_keys_and_line_ends_survive_a_save(month: Path) -> None:
    from dataclasses import replace

    path = month / "ferry.md"
    path.write_bytes(
        b"---\r\ntitle: Ferry\r\ndate: 2026-01-12\r\nmykey: {a: 1}  # mine\r\n---\r\n\r\nOne.\r\n\r\nTwo.\r\n"
    )
    archive = Archive(month.parents[2])
    article = archive.load(path).article
    assert article is not None

    archive.save(replace(article, title="Ferries"))

    saved = path.read_bytes()
    assert b"mykey: {a: 1}  # mine\r\n" in saved
    assert b"\r\n\r\nOne.\r\n\r\nTwo.\r\n" in saved
    assert saved.count(b"\n") == saved.count(b"\r\n")
