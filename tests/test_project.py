"""The project's own promises: what its documents, make targets and pins say is so."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_every_pin_is_one_exact_version_and_names_no_host() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()

    assert [line for line in lines if not re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []


def test_every_dependency_is_pinned_within_what_the_project_accepts() -> None:
    pinned = {canonicalize_name(name): version for name, version in pins().items()}
    wanted = map(
        Requirement,
        [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]],
    )

    outside = [
        str(item) for item in wanted if not item.specifier.contains(pinned[canonicalize_name(item.name)])
    ]
    assert outside == []


def test_the_check_runs_what_the_readme_names() -> None:
    script = ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert {"make lint", "make test"} <= set(script.read_text("utf-8").splitlines())


@pytest.mark.parametrize("target", ["run", "test", "lint", "bench", "format", "clean"])
def test_make_knows_the_target(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", document.read_text("utf-8"), flags=re.DOTALL)
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]

    local = [target for target in targets if target and not re.match(r"[a-z]+:|/", target)]
    assert [target for target in local if not (document.parent / target).exists()] == []


def test_every_contract_is_named_in_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")

    assert [
        path.name
        for path in (ROOT / "docs" / "contracts").glob("*.md")
        if f"contracts/{path.name}" not in text
    ] == []


def test_the_import_diagram_shows_the_rows_that_lint_checks() -> None:
    contracts = {item["name"]: item for item in PROJECT["tool"]["importlinter"]["contracts"]}
    rows = [re.findall(r"\w+", layer) for layer in contracts["imports go one way"]["layers"]]
    diagram = (
        (ROOT / "docs" / "architecture.md")
        .read_text("utf-8")
        .split("## Imports go one way")[1]
        .split("```")[1]
    )

    assert [re.findall(r"\w+", row.split("  ")[0]) for row in diagram.strip().splitlines()] == rows


def test_the_licence_is_the_whole_apache_text() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")

    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert len(text.splitlines()) > 190
