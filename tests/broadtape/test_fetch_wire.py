from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from misbehaving import Misbehaving, plain

from broadtape import cli, config
from broadtape.market import MarketReader
from broadtape.market.fetching import contents_digest, fetch, replay
from newswire.snapshots import Snapshots

OWN = '''
"""An operator's own source of readings."""
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from newswire.errors import SourceError
from newswire.observations import Harvest, Reading
from newswire.sources import BaseSource, Settings
from newswire.wire import About, Request

class Options(Settings, frozen=True, kw_only=True):
    home: str
    days: tuple[str, ...] = ("1",)

class Harbour(BaseSource):
    about = About(
        name="harbour", title="Harbour", home="http://localhost", terms="http://localhost", licence="public",
        attribution="the harbour office", every=timedelta(hours=1), hosts=("localhost",), rate=0.0,
    )
    Options = Options

    def requests(self, now, last):
        return [Request(url=f"{self.options.home}/level/{day}", label=day) for day in self.options.days]

    def parse(self, snapshot, directory):
        try:
            day, value = snapshot.body.decode().split(",")
            value = Decimal(value.strip())
        except (ValueError, InvalidOperation) as error:
            raise SourceError("no level", source=snapshot.source, path=snapshot.url) from error
        reading = Reading("HARBOUR", date.fromisoformat(day), value, snapshot.retrieved, self.provenance(snapshot))
        return Harvest(snapshot.source, rows_read=1, readings=(reading,))
'''
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

[[sources.scrapers]]
name = "level"
use = "harbour:Harbour"
home = "HOME"
days = ["1", "2"]
"""


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with Misbehaving({"/level/1": plain(b"2026-01-12,1.50"), "/level/2": plain(b"2026-01-13,1.75")}) as made:
        yield made


@pytest.fixture
def room(tmp_path: Path, server: Misbehaving) -> Path:
    (tmp_path / "content").mkdir()
    (tmp_path / "scrapers").mkdir()
    (tmp_path / "content" / "broadtape.toml").write_text(SETTINGS.replace("HOME", server.home))
    (tmp_path / "content" / "prices.csv").write_text("symbol,date,close\nBAC,2026-01-12,55.19\n")
    (tmp_path / "scrapers" / "harbour.py").write_text(OWN)
    return tmp_path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def results(*words: str | Path) -> dict[str, dict[str, object]]:
    return {one["source"]: one for one in json.loads(run(*words, "--json").stdout)}


def levels(room: Path) -> list[str]:
    with MarketReader.open(config.load(room).store) as store:
        return [str(value) for value in store.view(date(2026, 12, 1)).readings("HARBOUR").values]


def test_an_operators_own_source_is_asked_when_it_is_due_and_not_before(
    room: Path, server: Misbehaving
) -> None:
    first = results("-C", room, "fetch")
    assert (first["level"]["outcome"], first["level"]["stored"], first["prices"]["outcome"]) == (
        "stored",
        2,
        "stored",
    )
    assert levels(room) == ["1.50", "1.75"]

    assert results("-C", room, "fetch")["level"]["outcome"] == "not due"
    assert len(server.paths()) == 2
    assert results("-C", room, "fetch", "level")["level"]["outcome"] == "stored", "it was named"
    later = fetch(config.load(room), now=datetime.now(UTC) + timedelta(hours=2))
    assert [one.outcome for one in later] == ["unchanged", "stored"]


def test_a_dry_run_names_the_addresses_and_asks_none(room: Path, server: Misbehaving) -> None:
    found = results("-C", room, "fetch", "--dry-run")

    assert found["level"]["outcome"] == "would ask"
    assert found["level"]["addresses"] == [f"{server.home}/level/1", f"{server.home}/level/2"]
    assert not server.log
    assert not config.load(room).store.exists()


def test_one_that_fails_is_told_kept_as_evidence_and_stops_nobody(room: Path, server: Misbehaving) -> None:
    server.scripts["/level/1"] = plain(b"<html>maintenance</html>", kind="text/html")

    done = run("-C", room, "fetch")

    assert done.exit_code == 1
    assert "level failed: level: " in done.stderr
    assert "no level" in done.stderr
    assert levels(room) == ["1.75"]
    assert b"<html>maintenance</html>" in {one.body for one in Snapshots(config.load(room).snapshots).all()}


def test_a_source_that_refuses_is_not_asked_further(room: Path, server: Misbehaving) -> None:
    server.scripts["/level/1"] = plain(b"no", status=403)

    found = results("-C", room, "fetch")

    assert found["level"]["outcome"] == "failed"
    assert "blocked" in str(found["level"]["message"])
    assert server.paths() == ["/level/1"]


def test_a_host_that_asks_for_rest_is_left_alone_without_a_failure(room: Path, server: Misbehaving) -> None:
    server.scripts["/level/1"] = plain(b"", status=429, retry_after="600")

    done = run("-C", room, "fetch")

    assert done.exit_code == 0
    assert "resting" in done.stdout
    assert "rest until" in done.stdout
    run("-C", room, "fetch", "level")
    assert server.paths() == ["/level/1"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('use = "harbour:Harbour"', 'use = "harbour:Other"'), "no class Other"),
        (('use = "harbour:Harbour"', 'use = "absent:Harbour"'), "there is no"),
        (('days = ["1", "2"]', "days = 5"), "Expected `array`"),
        (('days = ["1", "2"]', "weeks = 5"), "unknown field `weeks`"),
        (('days = ["1", "2"]', 'key = "secret"'), "read from the environment only"),
        (('days = ["1", "2"]', 'key = "${NO_SUCH_KEY_HERE}"'), "NO_SUCH_KEY_HERE is not set"),
        (('contact = "desk@example.org"', ""), "instance.contact"),
    ],
)
def test_settings_that_cannot_be_used_fail_that_source_alone(
    room: Path, server: Misbehaving, change: tuple[str, str], says: str
) -> None:
    path = room / "content" / "broadtape.toml"
    path.write_text(path.read_text().replace(*change))

    found = results("-C", room, "fetch")

    assert found["level"]["outcome"] == "failed"
    assert says in str(found["level"]["message"])
    assert found["prices"]["outcome"] == "stored"
    assert not server.log


def test_a_source_that_nobody_wrote_names_those_there_are(room: Path) -> None:
    path = room / "content" / "broadtape.toml"
    path.write_text(path.read_text() + "\n[sources.bloomburg]\n")

    message = str(results("-C", room, "fetch")["bloomburg"]["message"])
    assert "no source is called 'bloomburg'" in message


def test_a_replay_gives_the_same_store_without_files_or_network(room: Path, server: Misbehaving) -> None:
    instance = config.load(room)
    fetch(instance)
    (room / "content" / "prices.csv").write_text(
        "symbol,date,close\nBAC,2026-01-12,55.20\nBAC,2026-01-13,56\n"
    )
    server.scripts["/level/1"] = plain(b"2026-01-12,1.55")
    fetch(instance, now=datetime.now(UTC) + timedelta(hours=2))
    before = contents_digest(instance.store)
    (room / "content" / "prices.csv").unlink()
    asked = len(server.log)

    done = replay(instance)

    assert (done.snapshots, done.stored, done.problems, done.same) == (6, 6, (), True)
    assert contents_digest(instance.store) == before
    assert len(server.log) == asked
    instance.store.unlink()
    again = replay(instance)
    assert (again.stored, again.same) == (6, None)
    assert contents_digest(instance.store) == before
    assert not list(instance.state.glob("*.replay*"))


def test_a_replay_notices_a_store_that_was_tampered_with(room: Path) -> None:
    import sqlite3

    instance = config.load(room)
    fetch(instance)
    with sqlite3.connect(instance.store) as db:
        db.execute("UPDATE readings SET value = '9.99' WHERE series = 'HARBOUR'")

    done = run("-C", room, "fetch", "--replay")

    assert "It differs from the one before." in done.stdout
    assert levels(room) == ["1.50", "1.75"]


def test_a_replay_is_refused_where_nothing_was_kept_or_with_other_wishes(room: Path) -> None:
    refused = run("-C", room, "fetch", "--replay")
    assert refused.exit_code == 1
    assert "no snapshots to replay" in refused.stderr
    assert run("-C", room, "fetch", "--replay", "--dry-run").exit_code == 2


def test_a_key_never_reaches_the_disk(
    room: Path, server: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARBOUR_KEY", "s3cr3t-k3y")
    path = room / "content" / "broadtape.toml"
    path.write_text(path.read_text() + 'key = "${HARBOUR_KEY}"\n')
    code = (room / "scrapers" / "harbour.py").read_text()
    code = code.replace("label=day)", 'label=day, secret=Secret("query", "apikey"))').replace(
        "About, Request", "About, Request, Secret"
    )
    (room / "scrapers" / "harbour.py").write_text(code)
    server.scripts["/level/1?apikey=s3cr3t-k3y"] = plain(b"2026-01-12,1.50")

    assert results("-C", room, "fetch")["level"]["outcome"] == "stored"

    assert "apikey=s3cr3t-k3y" in server.log[-1].target
    for folder, _, names in os.walk(room):
        for name in names:
            assert b"s3cr3t-k3y" not in (Path(folder) / name).read_bytes(), name


def findings(room: Path) -> list[tuple[str, str]]:
    from broadtape.doctor import examine

    return [(one.level, one.says) for one in examine(config.load(room)) if one.subject == "wire"]


def test_the_doctor_tells_requests_errors_and_what_is_gone(room: Path, server: Misbehaving) -> None:
    assert findings(room) == []
    run("-C", room, "fetch")
    assert findings(room) == [("ok", "level: 3 requests in seven days, 3 today, 0% answered 304, 0 failed")]

    server.scripts["/level/1"] = plain(b"", status=410)
    run("-C", room, "fetch", "level")
    levels_and_words = findings(room)
    assert [level for level, _ in levels_and_words] == ["ok", "warning", "warning"]
    assert "gone for good" in levels_and_words[1][1]
    assert "410" in levels_and_words[2][1]


def test_the_doctor_asks_for_a_contact_where_the_web_is_to_be_asked(room: Path) -> None:
    path = room / "content" / "broadtape.toml"
    path.write_text(path.read_text().replace('contact = "desk@example.org"', ""))

    assert [level for level, _ in findings(room)] == ["error"]
