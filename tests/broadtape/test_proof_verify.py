"""`broadtape verify`: what it says, where, and how it ends, on a small instance with a real store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broadtape import config
from broadtape.cli import main
from broadtape.market.fetching import fetch

SETTINGS = """
[instance]
title = "Proving ground"
contact = "desk@example.org"
time_zone = "America/New_York"
default_site = "bay"
audience = "private"

[desk]
benchmarks = { large = "INDEXSP:SPX" }

[[sources.files]]
name = "indices"
path = "${BROADTAPE_PROVING}/bars.csv"
holds = "bars"
layout = "long"
columns = { symbol = "symbol", date = "date", open = "open", high = "high", low = "low", close = "close" }
unit = "points"
instruments = [{ symbol = "INDEXSP:SPX", as = "SPX", name = "S&P 500", kind = "index" }]
licence = "public"
"""
SITE = """
name = "Bay"
place = "Bay"
url = "http://bay.example"
hosts = ["bay.example"]
time_zone = "America/New_York"
"""
BARS = """symbol,date,open,high,low,close
SPX,2026-01-08,6900,6950,6890,6900.00
SPX,2026-01-09,6900,6970,6895,6950.00
SPX,2026-01-12,6950,6990,6940,6977.80
"""
ARTICLE = """---
title: "A quiet market"
date: 2026-01-12T17:00:00-05:00
origin: editor
---
The S&P 500 [{text}](fact:return?of=INDEXSP:SPX&over=1s).
"""


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "content/sites/bay").mkdir(parents=True)
    (tmp_path / "content/articles/2026/01").mkdir(parents=True)
    (tmp_path / "content/broadtape.toml").write_text(SETTINGS, "utf-8")
    (tmp_path / "content/sites/bay/site.toml").write_text(SITE, "utf-8")
    (tmp_path / "bars.csv").write_text(BARS, "utf-8")
    monkeypatch.setenv("BROADTAPE_PROVING", str(tmp_path))
    fetch(config.load(tmp_path))
    return tmp_path


def post(ground: Path, name: str, text: str) -> Path:
    path = ground / "content/articles/2026/01" / f"{name}.md"
    path.write_text(ARTICLE.format(text=text), "utf-8")
    return path


def verify(ground: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(ground), "verify", *arguments])


def test_a_true_article_passes(ground: Path) -> None:
    path = post(ground, "quiet", "rose 0.4% on Monday")

    done = verify(ground, str(path))

    assert done.exit_code == 0, done.output
    assert done.stdout == f"{path}: 1 verified\n"


def test_a_false_one_fails_and_names_file_line_and_both_values(ground: Path) -> None:
    path = post(ground, "quiet", "rose 0.9% on Monday")

    done = verify(ground, str(path))

    assert done.exit_code == 1
    assert f"{path}:6: contradicted: 'rose 0.9% on Monday': the fact says 0.40 percent" in done.stderr


def test_the_archive_is_verified_as_a_whole(ground: Path) -> None:
    post(ground, "one", "rose 0.4% on Monday")
    post(ground, "two", "fell 0.4% on Monday")

    done = verify(ground)

    assert done.exit_code == 1
    assert "2 articles, 1 failing: 1 verified, 1 contradicted" in done.stdout


def test_json_gives_every_claim_in_the_shape_of_the_design(ground: Path) -> None:
    path = post(ground, "quiet", "rose 0.9% on Monday")

    done = verify(ground, str(path), "--json")

    printed = json.loads(done.stdout)
    assert set(printed) == {"path", "counts", "claims"}
    assert printed["counts"]["contradicted"] == 1
    (claim,) = printed["claims"]
    assert set(claim) == {
        "text", "line", "status", "fact", "metric", "claimed", "computed", "definition", "reason",
    }  # fmt: skip
    assert (claim["line"], claim["metric"], claim["claimed"]) == (6, "return", "0.9%")


def test_a_broken_file_is_named_and_the_others_are_proved(ground: Path) -> None:
    broken = ground / "content/articles/2026/01/broken.md"
    broken.write_text("---\ntitle: [\n---\nText.\n", "utf-8")
    post(ground, "quiet", "rose 0.4% on Monday")

    done = verify(ground)

    assert done.exit_code == 1
    assert str(broken) in done.stderr
    assert "1 verified" in done.stdout


def test_a_folder_without_articles_is_said_to_be_one(ground: Path) -> None:
    done = verify(ground, str(ground / "content/sites"))

    assert done.exit_code == 1
    assert "no articles" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["write", "--site", "nowhere"], "'nowhere' is not one of bay"),
        (["write", "--story", "poem"], "'poem' is not one of "),
        (["search", "--site", "nowhere", "stocks"], "'nowhere' is not one of bay"),
    ],
)
def test_a_name_that_does_not_exist_is_wrong_use_and_the_known_ones_are_told(
    ground: Path, arguments: list[str], said: str
) -> None:
    done = CliRunner().invoke(main, ["-C", str(ground), *arguments])

    assert done.exit_code == 2
    assert said in done.stderr


def test_after_a_later_fetch_changes_a_bar_the_filed_edition_only_warns(ground: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(main, ["-C", str(ground), "write", "--on", "2026-01-12"]).exit_code == 0
    (ground / "bars.csv").write_text(BARS.replace("6977.80", "6978.90"), "utf-8")
    fetch(config.load(ground))

    done = verify(ground)

    assert done.exit_code == 0, done.output
    assert "revised" in done.stdout
