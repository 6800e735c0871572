from __future__ import annotations

from pathlib import Path

import pytest

from broadtape import config
from broadtape.model import BadSettings

SOURCE = '[[sources.files]]\nname = "a"\npath = "a.csv"\nholds = "bars"\n'
COLUMNS = 'columns = { symbol = "s", date = "d", close = "c" }\n'
SITE = 'name = "Town"\nurl = "https://town.example.org/"\n'


def instance(root: Path, settings: str = "", site: str | None = SITE) -> Path:
    (root / "content" / "sites" / "town").mkdir(parents=True, exist_ok=True)
    (root / "content" / "broadtape.toml").write_text(settings, encoding="utf-8")
    if site is not None:
        (root / "content" / "sites" / "town" / "site.toml").write_text(site, encoding="utf-8")
    return root


def test_an_empty_file_is_an_instance_with_defaults(tmp_path: Path) -> None:
    loaded = config.load(instance(tmp_path))

    assert (loaded.audience, loaded.time_zone.key, loaded.default_site) == (
        "private",
        "America/New_York",
        "town",
    )
    assert loaded.store == tmp_path / "var" / "state" / "market.sqlite"
    assert loaded.warnings == ()


def test_a_site_answers_to_its_hosts_in_any_case_and_port(tmp_path: Path) -> None:
    loaded = config.load(instance(tmp_path, site=SITE + 'hosts = ["localhost", "::1"]\n'))

    for host in ("town.example.org", "TOWN.example.org:8000", "town.example.org.", "localhost:1"):
        assert loaded.site_for_host(host) is loaded.sites["town"]
    assert loaded.site_for_host("evil.example.org") is None
    assert loaded.site_for_host("") is None
    assert loaded.sites["town"].url == "https://town.example.org"


def test_the_nearest_parent_with_settings_is_the_instance(tmp_path: Path) -> None:
    deep = instance(tmp_path) / "content" / "articles" / "2026"
    deep.mkdir(parents=True)

    assert config.find_root(deep) == tmp_path


def test_no_instance_anywhere_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        BadSettings, match="name an instance with -C DIR or make one with 'broadtape init DIR'"
    ):
        config.find_root(tmp_path)


def test_unknown_keys_are_warnings_with_their_place(tmp_path: Path) -> None:
    settings = (
        '[instance]\ntitel = "x"\n' + SOURCE + COLUMNS.replace("}", ', colour = "k" }') + "colour = 1\n"
    )

    loaded = config.load(instance(tmp_path, settings, SITE + "shape = 1\n"))

    assert loaded.warnings == (
        "content/broadtape.toml: unknown key instance.titel",
        "content/broadtape.toml: unknown key sources.files[0].colour",
        (
            "content/broadtape.toml: sources.files[0].columns: unknown column colour; a table of bars has "
            "adj_close, close, date, dividend, high, low, open, symbol, volume"
        ),
        "content/sites/town/site.toml: unknown key shape",
    )


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (
            SOURCE + COLUMNS + 'adjustment = "dividends"\n',
            "sources.files[0].adjustment: 'dividends' is not one of raw, split, total",
        ),
        (SOURCE + COLUMNS + 'unit = "EUR"\n', "sources.files[0].unit: 'EUR' is not one of USD, points"),
        (SOURCE + COLUMNS + "licence = 1\n", "sources.files[0].licence: "),
        (SOURCE + COLUMNS + 'enabled = "yes"\n', "sources.files[0].enabled: expected `bool`, got `str`"),
        (SOURCE + COLUMNS + "delay_minutes = -1\n", "sources.files[0].delay_minutes: expected `int` >= 0"),
        (SOURCE + 'columns = { symbol = "s" }\n', "sources.files[0].columns: a table of bars needs date"),
        (SOURCE + 'columns = { symbol = "s", date = "d" }\n', "needs close or adj_close"),
        (SOURCE + COLUMNS + 'layout = "wide"\n', "sources.files[0].value: '' is not one of close, adj_close"),
        (SOURCE + COLUMNS + SOURCE + COLUMNS, "sources.files[1].name: 'a' is used twice"),
        ('[[sources.files]]\nname = "a"\nholds = "bars"\n', "sources.files[0].path: is required and missing"),
        (
            SOURCE.replace('"a"', '"A B"') + COLUMNS,
            "sources.files[0].name: 'A B' is not of the accepted form",
        ),
        (
            '[desk]\nbenchmarks = { large = "SPX" }\n',
            "desk.benchmarks.large: 'SPX' is not a qualified symbol such as 'NYSE:BAC'",
        ),
        (
            '[desk]\nbenchmarks = { large = "X:A", small = "X:A" }\n',
            "desk.benchmarks.small: X:A is the benchmark large already",
        ),
        ('[desk]\npairs = [["X:A", "X:A"]]\n', "desk.pairs[0]: X:A cannot be compared with itself"),
        ('[instance]\ntime_zone = "New York"\n', "instance.time_zone: 'New York' is no time zone"),
        (
            '[instance]\ndefault_site = "city"\n',
            "instance.default_site: there is no content/sites/city/site.toml",
        ),
        ('[instance]\naudience = "all"\n', "instance.audience: 'all' is not one of private, public"),
        ("[instance\n", "not valid TOML"),
    ],
)
def test_a_wrong_setting_names_file_and_key(tmp_path: Path, settings: str, complaint: str) -> None:
    with pytest.raises(BadSettings) as refusal:
        config.load(instance(tmp_path, settings))

    assert str(refusal.value).startswith("content/broadtape.toml: ")
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("site", "complaint"),
    [
        ('name = "T"\n', "url: is required and missing"),
        ('name = "T"\nurl = "town.example.org"\n', "url: 'town.example.org' is not an absolute address"),
        ('name = "T"\nurl = "javascript:alert(1)"\n', "is not an absolute address"),
        (SITE + 'time_zone = "Nowhere"\n', "time_zone: 'Nowhere' is no time zone"),
        (SITE + 'watch_list = ["AAPL"]\n', "'AAPL' is not a qualified symbol"),
        (SITE + 'indexing = "yes"\n', "indexing: 'yes' is not one of noindex, canonical, owner"),
        (
            SITE + "companies_near = { place = [100.0, 0.0] }\n",
            "companies_near.place[0]: expected `float` <= 90",
        ),
    ],
)
def test_a_wrong_site_names_file_and_key(tmp_path: Path, site: str, complaint: str) -> None:
    with pytest.raises(BadSettings) as refusal:
        config.load(instance(tmp_path, site=site))

    assert str(refusal.value).startswith("content/sites/town/site.toml: ")
    assert complaint in str(refusal.value)


def test_one_host_belongs_to_one_site(tmp_path: Path) -> None:
    instance(tmp_path)
    other = tmp_path / "content" / "sites" / "village"
    other.mkdir()
    (other / "site.toml").write_text(SITE)

    with pytest.raises(BadSettings, match="already belongs to the site town"):
        config.load(tmp_path)


def test_an_unset_variable_is_refused_only_when_the_path_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOME_FOLDER", raising=False)
    loaded = config.load(instance(tmp_path, SOURCE.replace("a.csv", "${SOME_FOLDER}/a.csv") + COLUMNS))
    source = loaded.sources[0]

    with pytest.raises(BadSettings, match="source a: path: the environment variable SOME_FOLDER is not set"):
        source.location(loaded.root)
    monkeypatch.setenv("SOME_FOLDER", "/data")
    assert source.location(loaded.root) == Path("/data/a.csv")


def test_a_relative_path_starts_at_content(tmp_path: Path) -> None:
    loaded = config.load(instance(tmp_path, SOURCE + COLUMNS))

    assert loaded.sources[0].location(loaded.root) == tmp_path / "content" / "a.csv"


def test_settings_that_are_no_text_are_refused(tmp_path: Path) -> None:
    instance(tmp_path)
    (tmp_path / "content" / "broadtape.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(BadSettings, match="not UTF-8 at byte 0"):
        config.load(tmp_path)


@pytest.mark.acceptance
def test_the_acceptance_settings_load_without_a_warning(acceptance_data: Path) -> None:
    loaded = config.load(acceptance_data.parent / "instance")

    assert loaded.warnings == ()
    assert len(loaded.sources) == 15
    assert loaded.sites["sausalito"].companies_near is not None
