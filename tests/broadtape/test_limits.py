"""How often one visitor may ask: who is one visitor, what is counted, and what stays bounded."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_fakes import NOW, FakeCatalogue, FakeSearch, instance

from broadtape import allowances, config
from broadtape.allowances import Allowance, SharedAllowance, Table
from broadtape.heartbeat import silent_proxy_path
from broadtape.web import create_app, limits
from broadtape.web.limits import visitor


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_half_a_minutes_allowance_comes_at_once_and_the_rest_with_time() -> None:
    clock = Clock()
    allowance = Allowance(60, clock)

    assert [bool(allowance.take("a")) for _ in range(31)] == [False] * 30 + [True]
    assert allowance.take("b") == 0
    clock.now += 1.01
    assert allowance.take("a") == 0
    assert 0 < allowance.take("a") <= 1


def test_no_more_visitors_are_remembered_than_said() -> None:
    allowance = Allowance(60, Clock(), most=3)
    for number in range(10):
        allowance.take(str(number))

    assert len(allowance) == 3


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setenv(allowances.SHARED, "")
    allowances.share(tmp_path / "limits.table")
    shared = allowances.shared_table()
    assert shared is not None
    return shared


def test_several_processes_share_one_allowance(table: Table) -> None:
    """Half of 40 at once, from this process and two others, whose requests come in turns."""
    program = (
        "import sys; from broadtape.allowances import *\n"
        "held = SharedAllowance('search', 40, shared_table(), lambda: 1000.0)\n"
        "print(sum(not held.take('203.0.113.7') for _ in range(30)))"
    )
    here = SharedAllowance("search", 40, table, lambda: 1000.0)
    taken = sum(not here.take("203.0.113.7") for _ in range(5))
    others = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(2)]
    taken += sum(int(one.communicate(timeout=30)[0]) for one in others)

    assert taken == 20
    assert here.take("203.0.113.7") > 0
    assert here.take("203.0.113.8") == 0
    assert SharedAllowance("api", 40, table, lambda: 1000.0).take("203.0.113.7") == 0


def test_the_common_table_holds_no_address_and_stays_as_large_as_it_is(table: Table, tmp_path: Path) -> None:
    held = SharedAllowance("search", 60, table, lambda: 1000.0)
    for number in range(3_000):
        held.take(f"2001:db8:{number:x}::/64")
    kept = (tmp_path / "limits.table").read_bytes()

    assert len(kept) == allowances.SLOTS * 24
    assert b"2001:db8" not in kept
    assert os.environ[allowances.SHARED].partition(":")[0].encode() not in kept
    assert (tmp_path / "limits.table").stat().st_mode & 0o077 == 0


def test_a_visitor_of_the_common_table_gets_more_with_time(table: Table) -> None:
    clock = Clock()
    held = SharedAllowance("search", 60, table, clock)

    assert [bool(held.take("a")) for _ in range(31)] == [False] * 30 + [True]
    clock.now += 1.01
    assert held.take("a") == 0
    assert 0 < held.take("a") <= 1


def test_a_table_that_is_not_there_leaves_each_process_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(allowances.SHARED, "00:/nowhere/limits.table")

    assert allowances.shared_table() is None


@given(st.lists(st.floats(0, 5), max_size=200))
def test_nobody_ever_gets_more_than_the_allowance(waits: list[float]) -> None:
    clock = Clock()
    allowance = Allowance(30, clock)
    taken = 0
    for wait in waits:
        clock.now += wait
        taken += not allowance.take("a")

    assert taken <= 15 + sum(waits) * 0.5 + 1e-6


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # anybody can write that header
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6," * 400 + "198.51.100.1", "198.51.100.1"),  # however long it is
        ("127.0.0.1", "198.51.100.1:4711", "198.51.100.1"),  # some proxies tell the port
        ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::/64"),
        ("::ffff:198.51.100.1", "", "198.51.100.1"),  # a socket for both families
        ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # the visitor's own word is not believed
        ("127.0.0.1", "198.51.100.1, 10.0.0.5", "198.51.100.1"),
        ("127.0.0.1", "", ""),
        ("127.0.0.1", "nonsense", ""),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
    ],
)
def test_a_visitor_is_the_address_that_our_own_proxies_vouch_for(peer: str, forwarded: str, who: str) -> None:
    assert visitor(peer, forwarded, ["10.0.0.5"]) == who


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("/search", "search"),
        ("/search/suggest", "suggest"),
        ("/api/v1/articles", "api"),
        ("/", ""),
        ("/quotes/", ""),
    ],
)
def test_only_what_costs_is_counted(path: str, group: str) -> None:
    assert limits.group_of(path) == group


def client(root: Path) -> Any:
    catalogue: Any = FakeCatalogue()
    app = create_app(instance(root), catalogue=catalogue, search=FakeSearch(catalogue), clock=lambda: NOW)
    return app.test_client()


def ask(of: Any, path: str, peer: str) -> Any:
    return of.get(path, base_url="https://sausalito.example", environ_base={"REMOTE_ADDR": peer})


def test_too_many_searches_are_told_to_wait_while_pages_go_on(tmp_path: Path) -> None:
    reader = client(tmp_path)
    answers = [ask(reader, "/search?q=x", "203.0.113.7") for _ in range(31)]

    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    refused = answers[-1]
    assert int(refused.headers["Retry-After"]) >= 1
    assert "A little slower" in refused.text
    assert refused.headers["Cache-Control"] == "no-store"
    assert ask(reader, "/", "203.0.113.7").status_code == 200
    assert ask(reader, "/search?q=x", "203.0.113.8").status_code == 200


def test_the_api_refuses_in_its_own_form(tmp_path: Path) -> None:
    reader = client(tmp_path)
    last = [ask(reader, "/api/v1/articles", "203.0.113.9") for _ in range(61)][-1]

    assert last.status_code == 429
    assert last.content_type == "application/problem+json"
    assert last.get_json()["status"] == 429


def test_readers_behind_a_proxy_that_names_none_share_ten_allowances_and_the_operator_hears_of_it(
    tmp_path: Path,
) -> None:
    room = replace(instance(tmp_path), limits=config.Limits(suggest=6))
    catalogue: Any = FakeCatalogue()
    app = create_app(room, catalogue=catalogue, search=FakeSearch(catalogue), clock=lambda: NOW)
    reader: Any = app.test_client()
    note = silent_proxy_path(room)
    assert ask(reader, "/", "127.0.0.1").status_code == 200
    assert not note.exists()
    answers = [ask(reader, "/search/suggest?q=x", "127.0.0.1").status_code for _ in range(31)]

    assert answers == [200] * 30 + [429]
    assert note.read_text("utf-8") == "sausalito.example"
    told = reader.get(
        "/search/suggest?q=x",
        base_url="https://sausalito.example",
        environ_base={"REMOTE_ADDR": "127.0.0.1"},
        headers={"X-Forwarded-For": "203.0.113.7"},
    )
    assert told.status_code == 200


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("bay.localhost:8000", True),
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("[::1]", True),
        ("bay.example", False),
        ("notlocalhost", False),
        ("localhost.example:80", False),
        ("198.51.100.1", False),
    ],
)
def test_a_name_of_this_machine_is_the_operators_own(host: str, local: bool) -> None:
    assert allowances.is_local(host) == local
