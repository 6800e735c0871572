"""Fixtures for every test: where the acceptance tables are, and a fetched instance over them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from broadtape import config


@pytest.fixture(scope="session")
def acceptance_data() -> Path:
    """The real tables: BROADTAPE_DATA, else ../shared/data beside the checkout; skips without them."""
    named = os.environ.get("BROADTAPE_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not (folder / "prices").is_dir():
        pytest.skip(f"the acceptance tables are not at {folder}; set BROADTAPE_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def acceptance_instance(acceptance_data: Path, tmp_path_factory: pytest.TempPathFactory) -> config.Instance:
    """The acceptance instance in a temporary folder, fetched. Shared by the session: copy it to change it."""
    from broadtape.market.fetching import fetch

    content = acceptance_data.parent / "instance" / "content"
    if not (content / "broadtape.toml").is_file():
        pytest.skip(f"the acceptance instance is not at {content}")
    root = tmp_path_factory.mktemp("acceptance")
    for source in sorted(content.rglob("*")):
        if source.is_file():  # copied without its mode: the original may be read-only
            target = root / "content" / source.relative_to(content)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    patch = pytest.MonkeyPatch()
    patch.setenv("BROADTAPE_DATA", str(acceptance_data))
    try:
        instance = config.load(root)
        failed = [f"{one.source}: {one.message}" for one in fetch(instance) if one.outcome == "failed"]
    finally:
        patch.undo()
    assert not failed
    return instance


@pytest.fixture
def acceptance_environment(acceptance_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """BROADTAPE_DATA set for a test that fetches the acceptance instance again."""
    monkeypatch.setenv("BROADTAPE_DATA", str(acceptance_data))
