from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broadtape import cli, config
from broadtape.market import MarketReader

SETTINGS = """
[[sources.files]]
name = "directory"
path = "directory.csv"
holds = "instruments"
columns = { symbol = "symbol", name = "name" }
exchange = "NYSE"

[[sources.files]]
name = "prices"
path = "prices.csv"
holds = "bars"
columns = { symbol = "symbol", date = "date", close = "close" }
"""


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.main, [str(word) for word in words])


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    content = tmp_path / "content"
    content.mkdir()
    (content / "broadtape.toml").write_text(SETTINGS)
    (content / "directory.csv").write_text("symbol,name\nBAC,Bank of America Corporation Common Stock\n")
    (content / "prices.csv").write_text("symbol,date,close\nBAC,2026-01-12,55.19\nZZZ,2026-01-12,1\n,,\n")
    return tmp_path


def results(*words: str | Path) -> dict[str, dict[str, object]]:
    return {one["source"]: one for one in json.loads(run(*words, "--json").stdout)}


def test_a_fetch_prints_what_was_read_stored_skipped_and_unresolved(instance: Path) -> None:
    done = run("-C", instance, "fetch")

    assert done.exit_code == 0
    row = next(line.split() for line in done.stdout.splitlines() if line.strip().startswith("prices "))
    assert row[:8] == ["prices", "stored", "3", "2", "2", "0", "1", "1"]
    assert "prices: skipped 1 empty" in done.stdout
    assert "prices: no loaded instrument for UNLISTED:ZZZ" in done.stdout


def test_a_table_without_rows_is_told(instance: Path) -> None:
    (instance / "content" / "prices.csv").write_text("symbol,date,close")

    assert "prices: the table has a header and no rows" in run("-C", instance, "fetch").stdout


def test_what_the_desk_lacks_is_told_at_once(instance: Path) -> None:
    assert "desk.benchmarks names none: 'write' needs one" in run("-C", instance, "fetch").stdout

    settings = instance / "content" / "broadtape.toml"
    settings.write_text('[desk]\nbenchmarks = { large = "NYSE:BAC", small = "NYSE:NO" }\n' + SETTINGS)
    told = run("-C", instance, "fetch").stdout

    assert "desk.benchmarks.small: no source has bars of NYSE:NO" in told
    assert "desk.benchmarks.large" not in told


def test_a_second_fetch_leaves_everything_alone(instance: Path) -> None:
    run("-C", instance, "fetch")

    assert {one["outcome"] for one in results("-C", instance, "fetch").values()} == {"unchanged"}


def test_one_failed_source_never_stops_the_others_and_keeps_its_data(instance: Path) -> None:
    run("-C", instance, "fetch")
    (instance / "content" / "prices.csv").write_text("symbol,date,close\nBAC,2026-01-12,x\n")
    (instance / "content" / "directory.csv").write_text("symbol,name\nBAC,Bank of America\nNEW,New Corp.\n")

    done = run("-C", instance, "fetch")

    assert done.exit_code == 1
    assert "broadtape: prices failed: prices: " in done.stderr
    assert "line 2, column close: not a number: 'x'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    with MarketReader.open(instance / "var" / "state" / "market.sqlite") as store:
        view = store.view(store.last_session())
        assert view.bars("NYSE:BAC").close.tolist() == [55.19]
        assert view.instrument("NYSE:NEW").name == "New"
        assert [one.outcome for one in store.fetches(2)] == ["failed", "stored"]


def test_a_directory_that_grows_makes_an_unchanged_table_due(instance: Path) -> None:
    run("-C", instance, "fetch")
    (instance / "content" / "directory.csv").write_text("symbol,name\nBAC,Bank of America\nZZZ,Zzz Corp.\n")

    found = results("-C", instance, "fetch")

    assert (found["prices"]["outcome"], found["prices"]["unresolved"]) == ("stored", [])


def test_changed_settings_make_an_unchanged_file_due(instance: Path) -> None:
    run("-C", instance, "fetch")
    (instance / "content" / "broadtape.toml").write_text(SETTINGS + 'licence = "public"\n')

    found = results("-C", instance, "fetch")

    assert (found["directory"]["outcome"], found["prices"]["outcome"]) == ("unchanged", "stored")


def test_a_dry_run_stores_nothing(instance: Path) -> None:
    found = results("-C", instance, "fetch", "--dry-run")

    assert (found["prices"]["outcome"], found["prices"]["stored"]) == ("parsed", 2)
    assert not (instance / "var").exists()


def test_named_sources_only_are_read(instance: Path) -> None:
    assert list(results("-C", instance, "fetch", "directory")) == ["directory"]


def test_a_source_nobody_knows_is_refused_with_those_there_are(instance: Path) -> None:
    done = run("-C", instance, "fetch", "prizes")

    assert done.exit_code == 1
    assert (
        done.stderr
        == "broadtape: no source is called 'prizes'; content/broadtape.toml has directory, prices\n"
    )


def test_since_leaves_older_rows_out(instance: Path) -> None:
    (instance / "content" / "prices.csv").write_text(
        "symbol,date,close\nBAC,2026-01-09,55.85\nBAC,2026-01-12,55.19\n"
    )

    assert results("-C", instance, "fetch", "--since", "2026-01-12")["prices"]["stored"] == 1


def test_a_disabled_source_is_neither_fetched_nor_read(instance: Path) -> None:
    run("-C", instance, "fetch")
    (instance / "content" / "broadtape.toml").write_text(SETTINGS + "enabled = false\n")

    assert list(results("-C", instance, "fetch")) == ["directory"]
    with MarketReader.open(instance / "var" / "state" / "market.sqlite") as store:
        assert store.shelf().spans == {}


def test_a_directory_that_is_enabled_again_is_known_at_once(instance: Path) -> None:
    settings = instance / "content" / "broadtape.toml"
    run("-C", instance, "fetch")
    settings.write_text(SETTINGS.replace("exchange =", "enabled = false\nexchange ="))
    assert results("-C", instance, "fetch")["prices"]["unresolved"] == ["UNLISTED:BAC", "UNLISTED:ZZZ"]
    settings.write_text(SETTINGS)

    found = results("-C", instance, "fetch")

    assert (found["directory"]["outcome"], found["prices"]["unresolved"]) == ("unchanged", ["UNLISTED:ZZZ"])
    with MarketReader.open(instance / "var" / "state" / "market.sqlite") as store:
        assert store.view(store.last_session()).bars("NYSE:BAC").close.tolist() == [55.19]


def test_fetches_at_the_same_time_wait_for_each_other(instance: Path) -> None:
    code = "from broadtape.cli import main; main()"
    program = [sys.executable, "-c", code, "-C", str(instance), "fetch"]
    running = [subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    ends = [(process.communicate()[1], process.returncode) for process in running]

    assert ends == [(b"", 0)] * 3
    with MarketReader.open(instance / "var" / "state" / "market.sqlite") as store:
        assert sorted(one.outcome for one in store.fetches()) == ["stored"] * 2 + ["unchanged"] * 4
        assert set(store.shelf().spans) == {"NYSE:BAC", "UNLISTED:ZZZ"}


def test_an_unset_variable_fails_its_source_alone(instance: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOWHERE", raising=False)
    (instance / "content" / "broadtape.toml").write_text(SETTINGS.replace("prices.csv", "${NOWHERE}/p.csv"))

    found = results("-C", instance, "fetch")

    assert (found["directory"]["outcome"], found["prices"]["outcome"]) == ("stored", "failed")
    assert "environment variable NOWHERE is not set" in str(found["prices"]["message"])


def test_wrong_use_is_exit_code_2(instance: Path) -> None:
    assert run("-C", instance, "fetch", "--since", "soon").exit_code == 2
    assert run("fitch").exit_code == 2
    assert run("-C", instance / "nowhere", "fetch").exit_code == 2


def test_a_folder_that_is_no_instance_says_what_to_do(tmp_path: Path) -> None:
    done = run("-C", tmp_path, "fetch")

    assert done.exit_code == 1
    assert "make one with 'broadtape init" in done.stderr


def test_help_lists_every_command_and_imports_none() -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom broadtape import cli\n"
        "print(CliRunner().invoke(cli.main, ['--help']).output)\n"
        "print([name for name in ('numpy', 'flask', 'sqlalchemy', 'rich') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert all(f"\n  {name} " in done.stdout for name in cli.COMMANDS)
    assert done.stdout.strip().endswith("[]")


def test_a_new_instance_loads_without_a_warning_and_is_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "my-town"

    done, again = run("init", folder), run("init", folder)

    assert done.exit_code == 0
    loaded = config.load(folder)
    assert (loaded.title, loaded.default_site, loaded.warnings) == ("My Town", "local", ())
    assert again.exit_code == 1
    assert "exists already; name another folder, nothing was written" in again.stderr
    assert not [path for path in folder.rglob("*") if path.name.startswith(".") and path.name != ".gitignore"]


def test_the_commented_settings_of_a_new_instance_are_right(tmp_path: Path) -> None:
    run("init", tmp_path / "new")
    path = tmp_path / "new" / "content" / "broadtape.toml"
    lines = path.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("# [[sources.files]]"))
    marked = re.compile(r"# (?:\[|\]|\s|\w+ = )")
    bare = [
        line.removeprefix("# ") if marked.match(line) and (number >= start or "benchmarks" in line) else line
        for number, line in enumerate(lines)
    ]
    path.write_text("\n".join(bare))

    loaded = config.load(tmp_path / "new")

    assert loaded.warnings == ()
    assert [one.name for one in loaded.sources] == ["directory", "prices"]
    assert {"fred", "tiingo", "town-hall"} <= {one.name for one in loaded.web_sources}


def test_what_init_says_to_run_can_be_pasted(tmp_path: Path) -> None:
    folder = tmp_path / "my town"

    assert f"  broadtape -C '{folder}' fetch\n" in run("init", folder).stdout


@pytest.mark.parametrize("words", [("--site", "No Good"), ("--title", 'a "quoted" one')])
def test_what_cannot_stand_in_the_settings_is_wrong_use(tmp_path: Path, words: tuple[str, str]) -> None:
    assert run("init", tmp_path / "new", *words).exit_code == 2
    assert not (tmp_path / "new").exists()


def test_a_new_instance_asks_the_web_only_when_somebody_says_who_asks(tmp_path: Path) -> None:
    from newswire.sources import builtin

    default = {name for name, source in builtin().items() if source.about.default}
    run("init", tmp_path / "quiet")
    run("init", tmp_path / "open", "--contact", "ann@news.example")

    quiet, asking = config.load(tmp_path / "quiet"), config.load(tmp_path / "open")
    assert quiet.web_sources == ()
    assert all(f"# [sources.{name}]" in (quiet.content / "broadtape.toml").read_text() for name in default)
    assert {one.name for one in asking.web_sources} == default
    assert asking.contact == "ann@news.example"
    assert run("init", tmp_path / "other", "--contact", "nobody").exit_code == 2


def test_every_default_source_can_be_asked_with_the_settings_of_a_new_instance(tmp_path: Path) -> None:
    run("init", tmp_path / "open", "--contact", "ann@news.example")

    found = results("-C", tmp_path / "open", "fetch", "--dry-run")
    assert {one["outcome"] for name, one in found.items() if name != "nws"} == {"would ask"}
    assert found["nws"]["outcome"] == "not due", "no site shows a forecast yet"
    assert "https://fred.stlouisfed.org/graph/fredgraph.csv?id=DGS2" in str(found["fred"]["addresses"])
