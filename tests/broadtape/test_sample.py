"""The shipped sample data: whole, small, explained, and the same as in the packages they came from."""

from __future__ import annotations

import csv
import gzip
import runpy
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from broadtape import config, sample

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 1_500_000


def rows(name: str) -> list[dict[str, str]]:
    with gzip.open(sample.DATA / name, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_shipped_table_has_its_recorded_digest() -> None:
    sample.check()


def test_every_file_of_data_is_accounted_for() -> None:
    recorded = {table.file for table in sample.provenance().tables}
    shipped = {path.name for path in sample.DATA.iterdir() if path.is_file()}

    assert shipped == recorded | {"provenance.json"}


def test_the_sample_stays_within_its_size() -> None:
    assert sum(path.stat().st_size for path in sample.DATA.rglob("*") if path.is_file()) <= MOST_BYTES


def test_every_carried_over_table_names_package_version_licence_and_the_text_of_it() -> None:
    texts = {path.stem: path.read_text("utf-8") for path in (sample.DATA / "licenses").iterdir()}
    origins = {origin for table in sample.provenance().tables for origin in table.origins}

    assert {(o.package, o.version, o.licence) for o in origins} == {
        ("skfolio", "1.12.2", "BSD-3-Clause"),
        ("arch", "8.0.0", "NCSA"),
    }
    assert all("Redistribution" in texts[origin.package] for origin in origins)


@pytest.mark.parametrize("table", sample.provenance().tables, ids=lambda table: table.file)
def test_provenance_counts_and_dates_are_those_of_the_table(table: sample.Table) -> None:
    found = rows(table.file)
    for series in table.series:
        long = "symbol" in found[0] or "series" in found[0]
        column = series.quantity if long else series.symbol
        mine = [row for row in found if not long or series.symbol in (row.get("symbol"), row.get("series"))]
        days = [row["date"] for row in mine if row[column]]
        assert (len(days), days[0], days[-1]) == (series.rows, series.first, series.last)
        assert days == sorted(set(days))


def test_closes_that_are_known_from_the_record_are_in_the_tables() -> None:
    closes = {(row["symbol"], row["date"]): row["close"] for row in rows("indices.csv.gz")}

    assert closes["SPX", "2008-10-13"] == "1003.35"
    assert closes["SPX", "2009-03-09"] == "676.53"
    assert closes["IXIC", "2000-03-10"] == "5048.62"
    assert closes["VIX", "2018-02-05"] == "37.32"


def test_no_loaded_company_close_is_so_small_that_its_rounding_shows() -> None:
    smallest = min(
        float(row[name]) for row in rows("companies.csv.gz") for name in row if name != "date" and row[name]
    )

    assert smallest >= 1


def test_the_sample_newsroom_finds_its_tables_without_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BROADTAPE_SAMPLE", raising=False)
    instance = config.load(sample.content().parent)

    assert instance.warnings == ()
    assert all(source.location(instance.root).is_file() for source in instance.sources)


def test_a_changed_table_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in sample.DATA.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "amd.csv.gz").write_bytes(b"")
    monkeypatch.setattr(sample, "DATA", tmp_path)

    with pytest.raises(sample.DamagedSample, match=r"amd\.csv\.gz: not the bytes that were shipped"):
        sample.check()


def test_building_from_the_packages_gives_the_shipped_rows(tmp_path: Path) -> None:
    for package, wanted in (("skfolio", "1.12.2"), ("arch", "8.0.0")):
        try:
            found = version(package)
        except PackageNotFoundError:
            pytest.skip(
                f"{package} is not installed (pip install -e '.[sample]'), so there is nothing to build from"
            )
        if found != wanted:
            pytest.skip(f"the sample was built from {package} {wanted}; {found} is installed")
    script = runpy.run_path(str(ROOT / "tools" / "build_sample.py"))

    script["main"](tmp_path)

    built = sorted(path.name for path in tmp_path.iterdir())
    assert built == sorted([table.file for table in sample.provenance().tables] + ["provenance.json"])
    for table in sample.provenance().tables:  # compressors differ between Pythons; what they hold must not
        fresh, shipped = (
            gzip.decompress((folder / table.file).read_bytes()) for folder in (tmp_path, sample.DATA)
        )
        assert fresh == shipped
