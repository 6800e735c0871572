"""The Nu HTML checker finds no error on any page type.

It is a Java program that npm packs as vnu-jar; .ci/run brings it. Without it, or without Java, this skips.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from served import Served, read

ROOT = Path(__file__).resolve().parents[2]
PACKED = ROOT / "var" / "cache" / "checkers" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


@pytest.fixture(scope="module")
def checker() -> list[str]:
    jar = Path(os.environ.get("BROADTAPE_VNU") or PACKED)
    if not jar.is_file():
        pytest.skip(
            f"the Nu HTML checker is not at {jar}: npm install vnu-jar, or name it with BROADTAPE_VNU"
        )
    java = shutil.which("java")
    if not java:
        pytest.skip("the Nu HTML checker needs Java: apt-get install default-jre-headless")
    return [java, "-Xss8m", "-XX:TieredStopAtLevel=1", "-jar", str(jar)]  # a short run: no time to optimise


def test_no_page_type_has_a_markup_error(checker: list[str], newsroom: Served, tmp_path: Path) -> None:
    for base in (newsroom.base, newsroom.other):
        site = tmp_path / ("first" if base == newsroom.base else "second")
        site.mkdir()
        for name, address in newsroom.pages().items():
            page = site / f"{name.replace(' ', '-').replace(chr(39), '')}.html"
            page.write_text(read(base + address)[2], "utf-8")

    done = subprocess.run(
        [*checker, "--format", "json", "--stdout", str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert done.stdout.startswith("{"), done.stderr
    messages = json.loads(done.stdout)["messages"]
    told = {
        f"{Path(one['url']).name}: line {one.get('lastLine')}: {one['message']} …{one.get('extract', '')}…"
        for one in messages
        if one["type"] == "error"
    }
    assert sorted(told) == []
