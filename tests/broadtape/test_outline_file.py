"""An outline printed, edited and written: what is kept is said in the order given, and proved."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from invented import market
from newsroom import FakeStore
from test_edition import RUN, settings

from broadtape import edition, frontmatter
from broadtape.archive import Archive
from broadtape.cli import main
from broadtape.config import Instance
from broadtape.desk import prose
from broadtape.market import MarketStore
from broadtape.model import Article, BadParameter

DAY = date(2026, 1, 12)
NOW = datetime(2026, 1, 12, 23, 0, tzinfo=UTC)
CONTRACT = Path(__file__).parents[2] / "docs" / "contracts" / "outline.md"


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return settings(tmp_path / "room")


@pytest.fixture(scope="module")
def store() -> FakeStore:
    return FakeStore(market(**RUN))


@pytest.fixture(scope="module")
def printed(store: FakeStore, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    made = settings(tmp_path_factory.mktemp("outline") / "room")
    return edition.plans(made, store, DAY)  # type: ignore[arg-type]  # a store by its face


def write(instance: Instance, store: FakeStore, outlines: list[dict[str, Any]]) -> list[edition.Filed]:
    return edition.write(instance, store, DAY, now=NOW, outlines=outlines)  # type: ignore[arg-type]  # by its face


def article(instance: Instance, filed: edition.Filed) -> Article:
    assert filed.path is not None
    found = Archive(instance.content).load(filed.path).article
    assert found is not None
    return found


def sentences(story: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one
        for section in story["sections"]
        for block in section["blocks"]
        for one in block.get("paragraph", [])
    ]


def rotation(printed: list[dict[str, Any]]) -> dict[str, Any]:
    return copy.deepcopy(next(one for one in printed if one["story"] == "rotation"))


def test_an_outline_that_nobody_changed_writes_what_write_writes(
    instance: Instance, store: FakeStore, printed: list[dict[str, Any]], tmp_path: Path
) -> None:
    through_yaml = yaml.safe_load(yaml.safe_dump(printed))
    written = [article(instance, one) for one in write(instance, store, through_yaml)]
    other = settings(tmp_path / "other")
    plain = edition.write(other, store, DAY, now=NOW)  # type: ignore[arg-type]  # a store by its face

    assert [frontmatter.render(one) for one in written] == [
        frontmatter.render(article(other, one)) for one in plain
    ]


def test_every_planned_sentence_has_its_kind_its_words_and_its_facts(printed: list[dict[str, Any]]) -> None:
    told = [one for story in printed for one in sentences(story)]

    assert {one["kind"] for one in told} >= {"fact", "definition"}
    assert all(one["words"].strip() for one in told)
    assert all(one["facts"] for one in told if one["kind"] == "fact")
    assert all(one["guard"] and one["facts"] for one in told if one["kind"] == "interpretation")


def test_what_is_dropped_is_not_said_and_what_is_moved_is_said_there(
    instance: Instance, store: FakeStore, printed: list[dict[str, Any]]
) -> None:
    story = rotation(printed)
    tables = [block for section in story["sections"] for block in section["blocks"] if "table" in block]
    dropped = next(one for one in sentences(story) if one["say"] == "lede_gains")
    for section in story["sections"]:
        section["blocks"] = [block for block in section["blocks"] if "table" not in block]
        for block in section["blocks"]:
            block["paragraph"] = [one for one in block["paragraph"] if one["say"] != "lede_gains"]
    first, *rest = story["sections"]
    story["sections"] = [first, *reversed(rest)]
    filed = write(instance, store, [story])
    found = article(instance, filed[0])
    headings = [line[3:] for line in found.body.splitlines() if line.startswith("## ")]

    assert tables
    assert [one.status for one in filed] == ["published"]
    assert dropped["words"] not in found.body
    assert "| ---" not in found.body
    assert headings == [section["heading"]["words"] for section in reversed(rest) if section["blocks"]]


def test_another_wording_is_taken(
    instance: Instance, store: FakeStore, printed: list[dict[str, Any]]
) -> None:
    story = rotation(printed)
    lede = next(one for one in sentences(story) if one["say"] == "lede")
    lede["variant"] = lede["variant"] % lede["of"] + 1
    filed = write(instance, store, [story])

    assert filed[0].status == "published"
    assert lede["words"] not in article(instance, filed[0]).body.replace("](fact:", "")
    assert lede["words"].partition(")")[2][:12] not in article(instance, filed[0]).body


def test_an_editor_sees_the_other_wordings_and_may_choose_one_by_its_words(
    instance: Instance, store: FakeStore, printed: list[dict[str, Any]]
) -> None:
    story = rotation(printed)
    lede = next(one for one in sentences(story) if one["say"] == "lede")
    assert sorted([lede["variant"], *lede["or"]]) == list(range(1, lede["of"] + 1))
    other = next(iter(lede["or"].values()))
    lede["words"] = other
    filed = write(instance, store, [story])

    assert filed[0].status == "published"
    body = prose.visible(article(instance, filed[0]).body)
    assert other in body


@pytest.mark.parametrize("place", ["title", "lede", "heading-2"])
def test_words_of_an_editors_own_are_refused_not_lost(
    instance: Instance, store: FakeStore, printed: list[dict[str, Any]], place: str
) -> None:
    story = rotation(printed)
    known = {one["say"]: one for one in sentences(story)} | {"title": story["title"]}
    known |= {one["heading"]["say"]: one["heading"] for one in story["sections"] if "heading" in one}
    known[place]["words"] = "Small caps are on a roll."

    with pytest.raises(BadParameter, match=f"the words of {place} are not the desk"):
        write(instance, store, [story])


def test_an_order_that_hides_the_subject_is_held(
    instance: Instance, store: FakeStore, printed: list[dict[str, Any]]
) -> None:
    story = rotation(printed)
    story["sections"] = [{"blocks": [{"paragraph": ["lede_gains"]}]}]
    filed = write(instance, store, [story])

    assert filed[0].status == "held"
    assert filed[0].failing


def _unknown(story: dict[str, Any]) -> None:
    story["sections"][0]["blocks"][0]["paragraph"][0] = "prophecy"


def _twice(story: dict[str, Any]) -> None:
    story["sections"][0]["blocks"] *= 2


def _variant(story: dict[str, Any]) -> None:
    sentences(story)[0]["variant"] = 9


def _empty(story: dict[str, Any]) -> None:
    story["sections"] = []


def _key(story: dict[str, Any]) -> None:
    story["key"] = "rotation/NYSE:NONE/NYSE:NADA"


def _key_of_no_kind(story: dict[str, Any]) -> None:
    story["key"] = ["rotation"]


def _shape(story: dict[str, Any]) -> None:
    story["sections"] = "all"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_unknown, "plans no sentence 'prophecy'"),
        (_twice, "stands there twice"),
        (_variant, "has the variants 1 to 2, not 9"),
        (_empty, "keeps no section"),
        (_key, "no story 'rotation/NYSE:NONE/NYSE:NADA' on 2026-01-12"),
        (_key_of_no_kind, "no story"),
        (_shape, "sections is a list"),
    ],
)
def test_what_the_plan_does_not_have_is_refused(
    instance: Instance,
    store: FakeStore,
    printed: list[dict[str, Any]],
    change: Callable[[dict[str, Any]], None],
    words: str,
) -> None:
    story = rotation(printed)
    change(story)

    with pytest.raises(BadParameter, match=words):
        write(instance, store, [story])


def test_the_contracts_example_is_read(instance: Instance, store: FakeStore) -> None:
    example = yaml.safe_load(CONTRACT.read_text("utf-8").split("```yaml\n")[1].split("```")[0])
    filed = edition.write(instance, store, example["session"], now=NOW, outlines=example["stories"])  # type: ignore[arg-type]  # by its face

    assert [one.story for one in filed] == ["rotation"]
    assert [one.status for one in filed] == ["published"]


def test_the_commands_print_and_read_it(
    instance: Instance, store: FakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MarketStore, "open", lambda path, readonly=False: store)

    def call(*arguments: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(main, ["-C", str(instance.root), "write", *arguments])
        return done.exit_code, done.stdout, done.stderr

    code, text, _ = call("--on", "2026-01-12", "--outline")
    file = tmp_path / "plan.yaml"
    file.write_text(text, "utf-8")

    assert (code, text.startswith("# What the desk would say about 2026-01-12")) == (0, True)
    assert not instance.articles.exists()
    assert call("--from-outline", str(file), "--on", "2026-01-09")[0] == 2
    assert call("--from-outline", str(file), "--story", "wrap")[0] == 2
    assert call("--from-outline", str(file))[0] == 0
    file.write_text("outline: [", "utf-8")
    code, _, said = call("--from-outline", str(file))
    assert (code, "plan.yaml:1: no YAML" in said or "plan.yaml:2: no YAML" in said) == (1, True)
    file.write_text("outline: 7", "utf-8")
    assert "no outline of this version" in call("--from-outline", str(file))[2]
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\n"
    file.write_text(f"{bomb}outline: 1\nsession: 2026-01-12\nstories:\n- {{covered: *b}}\n", "utf-8")
    assert "plan.yaml:2: a reference (*)" in call("--from-outline", str(file))[2]
    file.write_text("outline: " + "[" * 5_000 + "]" * 5_000, "utf-8")
    assert "too many levels" in call("--from-outline", str(file))[2]
