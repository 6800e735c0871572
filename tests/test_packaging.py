"""The wheel: all that a newsroom needs is in it, and it works away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from html import unescape
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [pytest.mark.packaging, pytest.mark.slow]

# Run by the fresh environment's Python: a small demo, then three pages as a browser would ask for them.
PAGES = """
import json, sys
from datetime import date
from pathlib import Path
import broadtape
from broadtape import demo
from broadtape.archive.catalogue import Catalogue
from broadtape.web import create_app

made = demo.prepare(Path(sys.argv[1]), address="http://127.0.0.1:8000", progress=lambda *_: None,
                    sessions=(date(2018, 12, 26),))
catalogue = Catalogue(made.instance.catalogue)
client = create_app(made.instance, catalogue=catalogue).test_client()
first = catalogue.latest(demo.SITE)[0]
wanted = ("/", first.address, "/feed.xml")
answers = {path: client.get(path, base_url="http://127.0.0.1:8000") for path in wanted}
print(json.dumps({
    "home": str(Path(broadtape.__file__).parent),
    "title": first.article.title,
    "pages": {path: [answer.status_code, answer.get_data(as_text=True)] for path, answer in answers.items()},
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; the tests' own lends the dependencies, so no network is needed."""
    folder = tmp_path_factory.mktemp("fresh")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder), cwd=folder)
    fresh = folder / "bin" / "python"
    run(
        *(
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(fresh),
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
        ),
        *("--disable-pip-version-check", str(wheel)),
        cwd=folder,
    )
    own = Path(
        run(str(fresh), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    )
    (own / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return fresh


def run(*command: str, cwd: Path) -> str:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "BROADTAPE", "COV"))
    }
    done = subprocess.run(
        command, cwd=cwd, env=clean, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{command[:4]}: {done.stderr[-3000:]}"
    return done.stdout


def test_the_wheel_holds_code_templates_sample_and_licences_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"broadtape", "newswire"}
    assert {
        "broadtape/templates/pages/base.html",
        "broadtape/sample/data/provenance.json",
        "broadtape/sample/data/licenses/skfolio.txt",
        "broadtape/sample/content/broadtape.toml",
        "broadtape/sample/content/sites/sausalito/site.toml",
        "broadtape/py.typed",
    } <= names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert not [name for name in names if "/articles/" in name or name.endswith(".pyc")]


def test_an_installed_wheel_makes_a_newsroom_and_renders_its_pages_anywhere(
    python: Path, tmp_path: Path
) -> None:
    said = json.loads(run(str(python), "-c", PAGES, str(tmp_path / "demo"), cwd=tmp_path))

    assert Path(said["home"]).is_relative_to(python.parents[1])
    assert [status for status, _ in said["pages"].values()] == [200, 200, 200]
    lead = said["title"].split(",")[0]
    assert all(lead in unescape(text).replace("\u00a0", " ") for _, text in said["pages"].values())


def test_the_installed_command_explains_itself(python: Path, tmp_path: Path) -> None:
    text = run(str(python.with_name("broadtape")), "--help", cwd=tmp_path)

    assert "demo" in text
    assert "verify" in text
