"""docs/sources.md and the contracts say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from broadtape import config
from broadtape.market import schema
from broadtape.model import BadSettings
from newswire import files

DOCS = Path(__file__).parents[2] / "docs"
SITE = 'name = "Harbour"\nurl = "https://harbour.example.org"\n'


def first_cells(text: str) -> set[str]:
    """The words in code in the first column of every table row."""
    return {
        name for row in re.findall(r"^\| (`[^|]*) \|", text, re.M) for name in re.findall(r"`(\w+)`", row)
    }


def section(path: str, title: str) -> str:
    text = (DOCS / path).read_text(encoding="utf-8")
    found = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##+ |\Z)", text, re.M | re.S)
    assert found, f"{path} has no section {title!r}"
    return found[1]


def block(text: str, kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", text, re.S)
    assert found
    return found[1]


def instance(root: Path, settings: str) -> config.Instance:
    site = root / "content" / "sites" / "harbour" / "site.toml"
    site.parent.mkdir(parents=True)
    site.write_text(SITE, encoding="utf-8")
    (root / "content" / "broadtape.toml").write_text(settings, encoding="utf-8")
    return config.load(root)


def test_every_key_of_a_source_is_described() -> None:
    described = first_cells(section("sources.md", "One table")) | {"name", "path", "holds"}

    assert described == {one.encode_name for one in msgspec.structs.fields(config.FileSource)}


def test_every_column_of_a_table_is_described() -> None:
    text = section("sources.md", "What a table may hold")
    for holds, columns in files.COLUMNS.items():
        row = re.search(rf"^\| `{holds}` \| (.*) \|$", text, re.M)
        assert row, holds
        assert set(re.findall(r"\w+", row[1])) >= set(columns)
        assert config.COLUMNS[holds] == set(columns)


def test_the_example_of_a_source_loads(tmp_path: Path) -> None:
    loaded = instance(tmp_path, block(section("sources.md", "One table"), "toml"))

    assert loaded.warnings == ()


def test_the_example_of_the_settings_contract_loads(tmp_path: Path) -> None:
    loaded = instance(tmp_path, block(section("contracts/settings.md", "Example"), "toml"))

    assert (loaded.title, loaded.warnings) == ("Harbour newsroom", ())


def test_the_refusal_of_the_settings_contract_is_what_is_said(tmp_path: Path) -> None:
    said = section("contracts/settings.md", "Refusal")
    source = '[[sources.files]]\nname = "s{}"\npath = "a"\nholds = "bars"\n'
    source += 'columns = {{ symbol = "a", date = "b", close = "c" }}\n'
    settings = "".join(source.format(number) for number in range(5)) + 'adjustment = "dividends"\n'

    with pytest.raises(BadSettings) as refusal:
        instance(tmp_path, settings)

    assert f"`{refusal.value}`" in said


def test_every_table_of_the_store_is_described() -> None:
    described = first_cells(section("contracts/market-store.md", "Tables"))

    assert described == set(schema.metadata.tables)
