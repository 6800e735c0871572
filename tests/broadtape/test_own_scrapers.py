"""An operator's own sources: the one that docs/sources.md shows, and what becomes of one that is at fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from misbehaving import Misbehaving, plain

from broadtape import cli, config
from broadtape.market import MarketReader
from newswire.sources import Settings, builtin

DOC = (Path(__file__).resolve().parents[2] / "docs" / "sources.md").read_text("utf-8")
NOTICES = """<!doctype html><html><body><nav><a href="/">Home</a></nav>
<article class="notice"><h2><a href="/notices/7">Dock &amp; ramp closed</a></h2>
<time datetime="2026-01-12T08:00:00-08:00">Jan 12</time>
<p>The dock is closed <b>until June</b>.</p><script>track()</script></article>
<article class="notice"><h2><a href="notices/8">Ferry runs hourly</a></h2><p>From Monday on.</p></article>
<article class="notice"><h2>No address</h2></article>
<article class="notice"><p>No title</p></article>
</body></html>"""
SETTINGS = """
[instance]
contact = "desk@example.org"

[wire]
allow_private = ["localhost"]

[[sources.files]]
name = "prices"
path = "prices.csv"
holds = "bars"
columns = { symbol = "symbol", date = "date", close = "close" }
"""


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with Misbehaving({"/notices": plain(NOTICES.encode(), kind="text/html; charset=utf-8")}) as made:
        yield made


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "content").mkdir()
    (tmp_path / "scrapers").mkdir()
    (tmp_path / "content" / "prices.csv").write_text("symbol,date,close\nBAC,2026-01-12,55.19\n")
    return tmp_path


def shown() -> tuple[str, str]:
    """The class and its table as docs/sources.md has them."""
    [code] = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
    [table] = re.findall(r"```toml\n(\[\[sources\.scrapers\]\].*?)```", DOC, re.DOTALL)
    return code, table


def fetched(room: Path, *words: str) -> Result:
    return CliRunner().invoke(cli.main, ["-C", str(room), "fetch", *words, "--json"])


def results(done: Result) -> dict[str, dict[str, Any]]:
    return {one["source"]: one for one in json.loads(done.stdout)}


def own(room: Path, name: str, code: str, table: str = "") -> None:
    (room / "scrapers" / f"{name}.py").write_text(code)
    settings = room / "content" / "broadtape.toml"
    before = settings.read_text() if settings.exists() else SETTINGS
    settings.write_text(before + (table or f'\n[[sources.scrapers]]\nname = "{name}"\nuse = "{name}:Own"\n'))


def test_the_scraper_that_the_documentation_shows_has_thirty_lines() -> None:
    code, _ = shown()

    assert len(code.splitlines()) <= 30


def test_the_scraper_that_the_documentation_shows_is_fetched(room: Path, server: Misbehaving) -> None:
    code, table = shown()
    code = code.replace("https://harbour.example", server.home).replace('"harbour.example"', '"localhost"')
    own(room, "harbour", code, table)

    done = fetched(room)

    assert done.exit_code == 0, done.stderr
    got = results(done)["harbour"]
    assert (got["outcome"], got["new"], got["skipped"]) == ("stored", 2, {"no address": 1, "no title": 1})
    with MarketReader.open(config.load(room).store) as store:
        stories = {one.title: one for one in store.news(datetime.now(UTC)).stories()}
    dock = stories["Dock & ramp closed"]
    assert (dock.link, dock.excerpt, dock.publisher) == (
        f"{server.home}/notices/7",
        "The dock is closed until June .",
        "Harbour office",
    )
    assert dock.published == datetime(2026, 1, 12, 16, tzinfo=UTC)
    assert stories["Ferry runs hourly"].link == f"{server.home}/notices/8"
    assert results(fetched(room))["harbour"]["outcome"] == "not due"


def test_a_page_in_which_nothing_is_found_has_changed_and_says_so(room: Path) -> None:
    code, table = shown()
    with Misbehaving(
        {"/notices": plain(b"<html><body><p>New design!</p></body></html>", kind="text/html")}
    ) as server:
        code = code.replace("https://harbour.example", server.home).replace(
            '"harbour.example"', '"localhost"'
        )
        own(room, "harbour", code, table)
        done = fetched(room)

    assert done.exit_code == 1
    assert "no entry was found; the page may have changed" in results(done)["harbour"]["message"]


OWN = """
from datetime import date, timedelta
from decimal import Decimal

from newswire.observations import Harvest, Reading
from newswire.sources import BaseSource
from newswire.wire import About, Request


class Own(BaseSource):
    about = About(
        name="own", title="Own", home="http://localhost", terms="", licence="public", attribution="",
        every=timedelta(hours=1), hosts=("localhost",), rate=0.0,
    )

    def requests(self, now, last):
        REQUESTS

    def parse(self, snapshot, directory):
        PARSE
"""
ASKED = 'return [Request(url="HOME/notices", label="a")]'
FAULTS = {
    "a fault in parse": (ASKED, "return {}['price']", r"own code, parse\(\): KeyError: 'price'"),
    "nothing from parse": (ASKED, "pass", r"parse\(\): TypeError: gave NoneType instead of a Harvest"),
    "a fault in requests": ("return [1 / 0]", "pass", r"due\(\): ZeroDivisionError: division by zero"),
    "no requests": ("return ['http://localhost/']", "pass", r"due\(\): AttributeError"),
    "an exit": (ASKED, "raise RecursionError('deep\\nand deeper')", r"RecursionError: deep and deeper"),
    "a value of another type": (
        ASKED,
        "return Harvest('own', 1, readings=(Reading('OWN', date(2026, 1, 12), 'much', None, PROVENANCE),))".replace(
            "PROVENANCE", "self.provenance(snapshot)"
        ),
        r"TypeError: Reading\.value is 'much', which is no Decimal",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_an_operators_class_is_told_and_stops_no_other(
    room: Path, server: Misbehaving, fault: str
) -> None:
    requests, parse, words = FAULTS[fault]
    own(
        room, "broken", OWN.replace("REQUESTS", requests.replace("HOME", server.home)).replace("PARSE", parse)
    )
    code, table = shown()
    code = code.replace("https://harbour.example", server.home).replace('"harbour.example"', '"localhost"')
    own(room, "harbour", code, table)

    done = fetched(room)

    got = results(done)
    assert done.exit_code == 1
    assert re.search(words, got["broken"]["message"]), got["broken"]["message"]
    assert "\n" not in got["broken"]["message"]
    assert (got["prices"]["outcome"], got["harbour"]["outcome"]) == ("stored", "stored")


def test_the_documentation_lists_every_source_with_its_keys_and_terms() -> None:
    listed = {
        found[1]: found[0]
        for found in (re.match(r"\| `([a-z-]+)`\*? \|.*", line) for line in DOC.splitlines())
        if found and "](http" in found[0]
    }

    assert set(listed) == set(builtin()) - {"feed"}
    common = set(Settings.__struct_fields__)
    for name, row in listed.items():
        about, options = builtin()[name].about, builtin()[name].Options
        assert ("`*" in row) == about.default, name
        assert f"| {about.licence} |" in row, name
        assert f"]({about.terms})" in row, name
        assert (f"`{about.key}`" in row) or not about.key, name
        for key in set(options.__struct_fields__) - common:
            assert f"`{key}`" in row, (name, key)
