"""The stylebook's rules in styles/Broadtape: that each can fail, and that no article of the desk does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from editions import Press
from vale import alerts, rules

from broadtape.archive import Archive

ROOT = Path(__file__).parents[2]
EXAMPLES = tomllib.loads((ROOT / "tests" / "data" / "style_examples.toml").read_text("utf-8"))
# Not to be had from PyPI, npm or Debian: what bears its name there fetches the program elsewhere when it is installed.
VALE = shutil.which("vale")


def test_every_rule_has_examples_and_every_example_a_rule() -> None:
    assert {rule.name for rule in rules()} == set(EXAMPLES)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_rule_refuses_what_it_is_for_and_lets_good_prose_pass(name: str) -> None:
    missed = [text for text in EXAMPLES[name]["bad"] if name not in {rule for rule, _ in alerts(text)}]
    wrong = [text for text in EXAMPLES[name]["good"] if name in {rule for rule, _ in alerts(text)}]

    assert (missed, wrong) == ([], [])


def test_what_the_stylebook_bans_by_word_the_rules_refuse() -> None:
    stylebook = (ROOT / "docs" / "stylebook.md").read_text("utf-8")
    tone = stylebook.split("## Tone", 1)[1].split("\n## ", 1)[0]
    dates = stylebook.split("## Dates", 1)[1].split("2. No", 1)[1].split("\n", 1)[0]
    banned = re.findall(r"[a-z]+(?=,|\.)", tone.split("nothing is", 1)[1].split(".", 1)[0] + ".")
    banned += [word.rstrip(",") for word in re.findall(r'"([^"]+)"', tone + dates)]

    assert len(banned) > 12
    assert [word for word in banned if not alerts(f"It was {word} there.")] == []


def test_links_and_rules_name_places_of_the_stylebook() -> None:
    headings = re.findall(r"(?m)^## (.+)$", (ROOT / "docs" / "stylebook.md").read_text("utf-8"))
    places = {heading.lower().replace(" ", "-") for heading in headings}

    assert {str(rule.given["link"]).partition("#")[2] for rule in rules()} <= places


def test_the_sample_archive_keeps_the_style() -> None:
    found, _ = Archive(ROOT / "content").scan()
    broken = [(one.title, *alert) for one in found for alert in alerts(f"## {one.title}\n\n{one.body}")]

    assert found
    assert broken == []


@pytest.mark.acceptance
def test_freshly_written_editions_keep_the_style(press: Press) -> None:
    broken = [
        (story.article.title, *alert)
        for story in press.stories()
        for alert in alerts(f"## {story.article.title}\n\n{story.article.summary}\n\n{story.article.body}")
    ]

    assert broken == []


@pytest.mark.skipif(
    VALE is None, reason="vale is not installed; our own reader has read the same rules above"
)
def test_vale_reads_the_rules_as_we_do(tmp_path: Path) -> None:
    for name, examples in EXAMPLES.items():
        for kind in ("bad", "good"):
            for place, text in enumerate(examples[kind]):
                (tmp_path / f"{name}-{kind}-{place}.md").write_text(text, "utf-8")
    ran = subprocess.run(
        [str(VALE), "--config", str(ROOT / ".vale.ini"), "--output", "JSON", str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    said = {
        Path(path).stem: {alert["Check"].partition(".")[2] for alert in found}
        for path, found in json.loads(ran.stdout).items()
    }

    for path in sorted(tmp_path.glob("*.md")):
        name, kind, _ = path.stem.split("-")
        assert (name in said.get(path.stem, set())) is (kind == "bad"), path.read_text("utf-8")
