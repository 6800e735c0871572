"""`broadtape facts` lists, explains and computes; wrong use is one line."""

from __future__ import annotations

import json

from click.testing import CliRunner, Result

from broadtape.cli import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["facts", *arguments], env={"COLUMNS": "100"})


def test_every_metric_is_listed_without_an_instance() -> None:
    listed = json.loads(run("--json").output)["metrics"]

    assert {"return", "relative-streak", "policy-moves", "what-followed"} <= {
        found["name"] for found in listed
    }
    assert all(found["wording"] and found["examples"] for found in listed)
    assert "relative-streak" in run().output


def test_a_metric_is_explained_with_parameters_and_examples() -> None:
    result = run("return")

    assert result.exit_code == 0
    assert "from the close before the window" in result.output
    assert "broadtape facts 'return?of=INDEXRUSSELL:RUT&over=2025-12'" in result.output
    explained = json.loads(run("streak-count", "--json").output)
    assert [p["name"] for p in explained["parameters"] if p["required"]] == ["of", "vs", "at_least"]


def test_an_unknown_metric_is_one_line_and_exit_code_1() -> None:
    for asked in ("momentum", "momentum?of=RUT"):
        result = run(asked)

        assert result.exit_code == 1
        assert result.stderr.startswith("broadtape: no metric 'momentum'; there are ")
        assert result.stderr.count("\n") == 1


def test_a_day_without_a_claim_is_wrong_use() -> None:
    assert run("--on", "2026-01-12").exit_code == 2


def test_a_long_form_that_is_none_says_what_one_is() -> None:
    result = run("return?of")

    assert result.exit_code == 1
    assert "METRIC?name=value" in result.stderr
