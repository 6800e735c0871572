"""The archive on disk: what is found, what is refused, and that nothing is ever half filed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from broadtape.archive import Archive
from broadtape.archive import files as archive_files
from broadtape.archive.files import CannotFile, address, load_facts, new_id, state, visible, write_file
from broadtape.model import Article, BrokenArticle

WEST = timezone(timedelta(hours=-8))
NOON = datetime(2026, 1, 12, 12, 0, tzinfo=WEST)
FACT = {"metric": "return", "value": "-0.74", "evidence": {"rows": [{"retrieved": "2026-01-13T00:00:00Z"}]}}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "content", zone=WEST)


def put(
    archive: Archive, name: str, text: str | bytes = "---\ntitle: T\ndate: 2026-01-12\n---\nBody\n"
) -> Path:
    path = archive.articles / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def article(title: str = "Small caps lead", **more: object) -> Article:
    given = {
        "path": "",
        "slug": "",
        "id": "",
        "title": title,
        "date": NOON,
        "body": "Text.\n",
        "body_line": 1,
    }
    return Article(**{**given, **more})  # type: ignore[arg-type]  # the fields are the tests' own


# --- finding -------------------------------------------------------------------------------------------------


def test_flat_files_and_bundles_are_articles(archive):
    put(archive, "2026/01/flat.md")
    put(archive, "2026/01/flat.facts.json", json.dumps({"facts": {"n2tdaldv": FACT}}))
    put(archive, "2026/01/bundle/index.md", "---\ntitle: B\ndate: 2026-01-13\n---\nBody\n")
    put(archive, "2026/01/bundle/facts.json", json.dumps({"facts": {}}))
    put(archive, "2026/01/bundle/notes.md", "no article")

    articles, problems = archive.scan()

    assert problems == []
    assert [(one.slug, address(one)) for one in articles] == [
        ("bundle", "/2026/01/13/bundle/"),
        ("flat", "/2026/01/12/flat/"),
    ]
    assert articles[1].facts == {"facts": {"n2tdaldv": FACT}}


@pytest.mark.parametrize(
    "name",
    [
        ".x.md",
        "x.md~",
        "#x.md#",
        "x.md.swp",
        ".x.md.swo",
        "x.md.tmp",
        "x.md.bak",
        "4913",
        ".git/x.md",
        "x.txt",
    ],
)
def test_what_editors_leave_behind_is_no_content(archive, name):
    put(archive, f"2026/01/{name}", "rubbish")

    assert archive.scan() == ([], [])


def test_one_broken_file_takes_nothing_else_down(archive):
    put(archive, "good.md")
    put(archive, "latin.md", "---\ntitle: Caf\xe9\n".encode("latin-1"))
    put(archive, "empty.md", "")
    put(archive, "huge.md", "---\ntitle: x\ndate: 2026-01-12\n---\n" + "x" * 1_200_000)
    put(archive, "東京.md")
    (archive.articles / "folder.md").mkdir()

    articles, problems = archive.scan()

    assert [one.slug for one in articles] == ["good"]
    assert {(Path(p.path).name, p.line, p.level) for p in problems} == {
        ("latin.md", 2, "error"), ("empty.md", 1, "error"), ("huge.md", 0, "error"), ("東京.md", 0, "error"),
    }  # fmt: skip
    assert all(problem.remedy for problem in problems)


def test_broken_facts_are_a_problem_and_the_article_stays(archive):
    put(archive, "a.md")
    put(archive, "a.facts.json", '{"facts": \n nonsense')

    articles, problems = archive.scan()

    assert [one.facts for one in articles] == [{}]
    assert [(Path(p.path).name, p.line) for p in problems] == [("a.facts.json", 2)]


@pytest.mark.parametrize(
    "data", [b"[]", b'{"facts": []}', b'{"facts": {"a": NaN}}', b"\xff", b"[" * 100_000, b" " * 8_000_001]
)
def test_no_facts_file_raises(tmp_path, data):
    path = tmp_path / "facts.json"
    path.write_bytes(data)

    found, problem = load_facts(path)

    assert found == {}
    assert problem is not None


def test_of_two_with_one_id_or_address_the_older_stays_and_both_are_named(archive):
    put(archive, "a/first.md", "---\nid: X1\ntitle: A\ndate: 2026-01-12\n---\nBody\n")
    copy = put(archive, "a/copy.md", "---\ntitle: A\ndate: 2026-01-13\nid: X1\n---\nBody\n")
    twin = put(archive, "b/first.md", "---\nid: X2\ntitle: B\ndate: 2026-01-12T10:00:00-08:00\n---\nBody\n")

    articles, problems = archive.scan()

    first = archive.articles / "a" / "first.md"
    assert [one.path for one in articles] == [str(first)]
    assert [(p.path, p.line, str(first) in p.cause) for p in problems] == [
        (str(copy), 4, True),
        (str(twin), 0, True),
    ]


def test_links_lead_nowhere_outside_content(archive, tmp_path):
    secret = tmp_path / "secret.md"
    secret.write_text("---\ntitle: Secret\ndate: 2026-01-12\n---\nBody\n")
    put(archive, "real/index.md")
    (archive.articles / "out.md").symlink_to(secret)
    (archive.articles / "loop").symlink_to(archive.articles)
    (archive.articles / "gone.md").symlink_to(tmp_path / "nothing.md")
    (archive.articles / "real" / "photo.svg").symlink_to(secret)

    articles, problems = archive.scan()

    assert ([one.slug for one in articles], problems) == (["real"], [])
    for name in ("photo.svg", "../../../secret.md", "/etc/passwd", "index.md", "", ".hidden", "a\0b"):
        assert archive.attachment(articles[0], name) is None


def test_a_file_is_read_again_when_it_changes(archive):
    path = put(archive, "a.md")
    before = archive.scan()[0][0]
    assert archive.scan()[0][0] is before

    write_file(path, b"---\ntitle: New\ndate: 2026-01-12\n---\nBody\n")

    assert archive.scan()[0][0].title == "New"
    path.unlink()
    assert archive.scan() == ([], [])


def test_articles_are_found_by_id_address_former_address_and_slug(archive):
    saved = archive.save(article(aliases=("/2025/12/31/old/",)))

    assert archive.by_id(saved.id) == saved
    assert archive.by_address("/2026/01/12/small-caps-lead/") == saved
    assert archive.by_address("/2025/12/31/old/") == saved
    assert archive.by_slug("small-caps-lead") == [saved]
    assert archive.by_id("") is None


def test_a_fact_is_looked_up_across_the_archive(archive):
    archive.save(article(), facts={"facts": {"n2tdaldv": FACT}})

    assert archive.lookup("n2tdaldv") == FACT
    assert archive.lookup("zzzzzzzz") is None


# --- when readers see it ---------------------------------------------------------------------------------------


def test_an_article_appears_when_its_date_comes():
    one = article()

    assert (state(one, NOON - timedelta(seconds=1)), state(one, NOON)) == ("scheduled", "visible")
    assert visible(one, NOON)


@pytest.mark.parametrize(
    ("status", "seen"),
    [
        ("draft", "hidden"),
        ("review", "hidden"),
        ("approved", "hidden"),
        ("held", "hidden"),
        ("withdrawn", "withdrawn"),
    ],
)
def test_only_published_articles_are_visible(status, seen):
    assert state(article(status=status), NOON) == seen


# --- filing ------------------------------------------------------------------------------------------------------


def test_a_new_article_gets_id_slug_and_place(archive):
    saved = archive.save(article("Nvidia’s 4% & more: a “day”"))

    assert saved.path == str(archive.articles / "2026/01/nvidias-4-and-more-a-day.md")
    assert len(saved.id) == 26
    assert archive.scan() == ([saved], [])


def test_slugs_are_unique_in_their_month_and_short(archive):
    first, second, third = (archive.save(article("x" * 200)) for _ in range(3))
    february = archive.save(article("x" * 200, date=NOON + timedelta(days=31)))

    assert (first.slug, second.slug, third.slug) == ("x" * 80, "x" * 78 + "-2", "x" * 78 + "-3")
    assert february.slug == "x" * 80


def test_a_desk_article_is_a_bundle_with_facts_and_chart(archive):
    saved = archive.save(article(origin="desk"), facts={"facts": {}}, attachments={"chart.svg": b"<svg/>"})

    folder = archive.articles / "2026/01/small-caps-lead"
    assert sorted(path.name for path in folder.iterdir()) == ["chart.svg", "facts.json", "index.md"]
    assert archive.attachment(saved, "chart.svg") == folder / "chart.svg"


def test_a_changed_slug_or_date_leaves_the_former_address_behind(archive):
    saved = archive.save(article(), facts={"facts": {"n2tdaldv": FACT}})

    moved = archive.save(replace(saved, slug="great-rotation"))
    later = archive.save(replace(moved, date=moved.date + timedelta(days=30)))

    assert later.id == saved.id
    assert later.path == str(archive.articles / "2026/02/great-rotation.md")
    assert later.aliases == ("/2026/01/12/small-caps-lead/", "/2026/01/12/great-rotation/")
    assert later.facts == {"facts": {"n2tdaldv": FACT}}
    left = sorted(path.name for path in archive.articles.rglob("*") if path.is_file())
    assert left == ["great-rotation.facts.json", "great-rotation.md"]


def test_a_bundle_moves_as_a_whole(archive):
    saved = archive.save(article(origin="desk"), facts={"facts": {}}, attachments={"chart.svg": b"<svg/>"})

    moved = archive.save(replace(saved, slug="new"))

    assert archive.attachment(moved, "chart.svg") == archive.articles / "2026/01/new/chart.svg"
    assert not (archive.articles / "2026/01/small-caps-lead").exists()


def test_saving_what_is_there_changes_no_byte(archive):
    path = put(archive, "2026/01/a.md", "---\ntitle:  'T'\nid: X1\ndate: 2026-01-12   # day\n---\n\nBody  \n")
    before = path.read_bytes()

    archive.save(archive.scan()[0][0])

    assert path.read_bytes() == before


def test_a_broken_file_is_not_saved_over(archive):
    saved = archive.save(article())
    Path(saved.path).write_text("---\ntitle: a: b\n---\n")

    with pytest.raises(BrokenArticle):
        archive.save(saved)

    assert Path(saved.path).read_text() == "---\ntitle: a: b\n---\n"


@pytest.mark.parametrize("name", ["../x.svg", "index.md", "facts.json", ".x", "a/b.svg", "x.tmp", ""])
def test_attachments_stay_in_their_folder(archive, name):
    with pytest.raises(CannotFile):
        archive.save(article(), attachments={name: b""})

    assert not archive.articles.exists()


def test_a_crash_before_the_commit_point_leaves_no_article(archive, monkeypatch):
    calls: list[str] = []
    real = archive_files.write_file

    def failing(path: Path, data: bytes) -> None:
        calls.append(path.name)
        if path.name == "index.md":
            raise OSError(28, "No space left on device", str(path))
        real(path, data)

    monkeypatch.setattr(archive_files, "write_file", failing)
    with pytest.raises(CannotFile, match="No space left"):
        archive.save(article(origin="desk"), facts={"facts": {}}, attachments={"chart.svg": b"<svg/>"})

    assert calls == ["chart.svg", "facts.json", "index.md"]
    assert archive.scan() == ([], [])


def test_a_write_that_fails_leaves_the_old_bytes_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "a.md"
    write_file(path, b"old")

    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        write_file(path, b"new")

    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a.md", b"old")]


# --- the desk ------------------------------------------------------------------------------------------------------


def desk(body: str = "Text.\n", **more: object) -> Article:
    return article(origin="desk", id="01KEV9ABCDEFGHJKMNPQRSTVWX", body=body, extra={"story": "wrap"}, **more)


def test_the_same_edition_again_is_unchanged_whenever_it_was_written_and_fetched(archive):
    fetched_later = {**FACT, "evidence": {"rows": [{"retrieved": "2027-01-01T00:00:00Z"}]}}
    path, status = archive.file_desk_article(
        desk(written=NOON), facts={"facts": {"n2tdaldv": FACT}}, attachments={"chart.svg": b"<svg/>"}
    )
    before = path.read_bytes()

    again = archive.file_desk_article(
        desk(written=NOON + timedelta(days=9)),
        facts={"facts": {"n2tdaldv": fetched_later}},
        attachments={"chart.svg": b"<svg/>"},
    )

    assert status == "filed"
    assert again == (path, "unchanged")
    assert path.read_bytes() == before


def test_what_an_editor_changed_is_kept_unless_it_is_to_be_replaced(archive):
    path, _ = archive.file_desk_article(desk(), facts={"facts": {}}, attachments={})

    assert archive.file_desk_article(desk("Other.\n"), facts={"facts": {}}, attachments={}) == (path, "kept")
    replaced = archive.file_desk_article(desk("Other.\n"), facts={"facts": {}}, attachments={}, replace=True)

    assert replaced == (path, "filed")
    assert archive.scan()[0][0].body.strip() == "Other."


def test_a_withdrawn_article_is_never_brought_back_by_the_desk(archive):
    archive.file_desk_article(desk(), facts={"facts": {}}, attachments={})
    archive.save(replace(archive.scan()[0][0], status="withdrawn"))

    _, status = archive.file_desk_article(desk("Other.\n"), facts={"facts": {}}, attachments={}, replace=True)

    assert status == "kept"


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    trees = []
    for name in ("one", "two"):
        there = Archive(tmp_path / name / "content", zone=WEST)
        there.file_desk_article(
            desk(), facts={"facts": {"n2tdaldv": FACT}}, attachments={"chart.svg": b"<svg/>"}
        )
        trees.append(
            {p.relative_to(there.content): p.read_bytes() for p in there.content.rglob("*") if p.is_file()}
        )

    assert trees[0] == trees[1]


def test_ids_sort_by_time_and_can_be_made_again():
    first = new_id(datetime(2026, 1, 1, tzinfo=UTC), b"0123456789")

    assert first == new_id(datetime(2026, 1, 1, tzinfo=UTC), b"0123456789")
    assert first < new_id(datetime(2026, 1, 2, tzinfo=UTC), b"0123456789")
    assert len(new_id()) == 26
