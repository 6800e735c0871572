from __future__ import annotations

import math
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from broadtape import cli, config, rounds
from broadtape.config import Instance
from broadtape.market.calendar import exchange_sessions
from broadtape.model import NoData
from broadtape.rounds import Record, Round, Rounds, load_record, once, save_record, sessions_due

AFTER = timedelta(minutes=45)
SITE = 'name = "Harbour Post"\nurl = "http://localhost:8000"\ntime_zone = "America/New_York"\n'
SETTINGS = """
[instance]
title = "Harbour newsroom"
contact = "desk@example.org"
default_site = "harbour"

[desk]
benchmarks = { large = "INDEXSP:SPX", tech = "INDEXNASDAQ:IXIC" }

[run]
write_after_minutes = 45

[[sources.files]]
name = "indices"
path = "indices.csv"
holds = "bars"
columns = { symbol = "symbol", date = "date", close = "close" }
unit = "points"
instruments = [
  { symbol = "INDEXSP:SPX", as = "SPX", name = "S&P 500", kind = "index" },
  { symbol = "INDEXNASDAQ:IXIC", as = "IXIC", name = "Nasdaq Composite", kind = "index" },
]
"""


def day(text: str) -> date:
    return date.fromisoformat(text)


def close(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T21:00:00+00:00")


# --- which sessions ---

WEEK = ["2019-03-04", "2019-03-05", "2019-03-06", "2019-03-07", "2019-03-08"]


def due(now: str, newest: list[str], written: str = "") -> tuple[list[str], str]:
    found, waiting = sessions_due(
        [day(one) for one in WEEK],
        [close(one) for one in WEEK],
        [day(one) for one in newest],
        written=day(written) if written else None,
        now=datetime.fromisoformat(f"{now}+00:00"),
        after=AFTER,
    )
    return [one.isoformat() for one in found], waiting


def test_a_session_is_due_some_time_after_its_close_and_not_before() -> None:
    newest = ["2019-03-06", "2019-03-06"]

    assert due("2019-03-06T21:44:59", newest, "2019-03-05") == ([], "")
    assert due("2019-03-06T21:45:00", newest, "2019-03-05") == (["2019-03-06"], "")


def test_a_benchmark_that_lags_is_waited_for_and_named() -> None:
    found, waiting = due("2019-03-06T22:00:00", ["2019-03-06", "2019-03-05"], "2019-03-04")

    assert found == ["2019-03-05"]
    assert waiting == "a benchmark has no bar of 2019-03-06 yet"


def test_a_benchmark_that_no_longer_trades_is_not_waited_for() -> None:
    assert due("2019-03-06T22:00:00", ["2019-03-06", "2012-01-03"], "2019-03-05") == (["2019-03-06"], "")


def test_a_new_newsroom_writes_the_newest_session_only_and_one_that_was_off_all_it_missed() -> None:
    newest = ["2019-03-08", "2019-03-08"]

    assert due("2019-03-09T12:00:00", newest) == (["2019-03-08"], "")
    assert due("2019-03-09T12:00:00", newest, "2019-03-05")[0] == ["2019-03-06", "2019-03-07", "2019-03-08"]
    assert due("2019-03-09T12:00:00", newest, "2019-03-08") == ([], "")


def test_without_any_recent_bar_it_says_where_to_look() -> None:
    assert due("2019-03-09T12:00:00", ["2012-01-03"]) == (
        [],
        "no benchmark has bars of the last month; see broadtape doctor",
    )


@given(st.integers(0, 10_000), st.lists(st.integers(0, 4), min_size=1, max_size=3), st.integers(-1, 4))
def test_what_is_due_is_over_whole_and_not_yet_written(minutes: int, bars: list[int], written: int) -> None:
    now = close(WEEK[0]) + timedelta(minutes=minutes)
    found, _ = sessions_due(
        [day(one) for one in WEEK],
        [close(one) for one in WEEK],
        [day(WEEK[at]) for at in bars],
        written=day(WEEK[written]) if written >= 0 else None,
        now=now,
        after=AFTER,
    )

    assert found == sorted(set(found))
    for one in found:
        assert close(one.isoformat()) + AFTER <= now
        assert one <= day(WEEK[min(bars)])
        assert written < 0 or one > day(WEEK[written])


# --- a round ---


class Harbour:
    """A newsroom over two index tables that grow by a session when told to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "content" / "sites" / "harbour").mkdir(parents=True)
        (root / "content" / "sites" / "harbour" / "site.toml").write_text(SITE)
        (root / "content" / "broadtape.toml").write_text(SETTINGS)
        days = exchange_sessions(day("2019-06-28"))[0].tolist()
        self.days = [one for one in days if day("2018-01-02") <= one <= day("2019-06-28")]

    def bars_until(self, last: str, *, only: str = "") -> None:
        rows = ["symbol,date,close"]
        for name, level in (("SPX", 2700.0), ("IXIC", 7000.0)):
            for at, one in enumerate(self.days):
                if one.isoformat() <= last and not (only and name != only and one.isoformat() == last):
                    rows.append(f"{name},{one},{level * (1 + 0.0004 * at + 0.01 * math.sin(at * 1.7)):.2f}")
        (self.root / "content" / "indices.csv").write_text("\n".join(rows) + "\n")

    @property
    def instance(self) -> Instance:
        return config.load(self.root)

    def round(self, now: str) -> Round:
        moment = datetime.fromisoformat(f"{now}+00:00")
        return once(self.instance, now=lambda: moment)

    def articles(self) -> list[str]:
        return sorted(path.parent.name for path in (self.root / "content/articles").glob("*/*/*/index.md"))


@pytest.fixture
def harbour(tmp_path: Path) -> Harbour:
    return Harbour(tmp_path)


def test_rounds_fetch_write_once_and_go_on_with_the_next_session(harbour: Harbour) -> None:
    harbour.bars_until("2019-06-26")
    first = harbour.round("2019-06-26T21:00:00")
    again = harbour.round("2019-06-26T21:10:00")
    harbour.bars_until("2019-06-27", only="SPX")
    lacking = harbour.round("2019-06-27T21:00:00")
    harbour.bars_until("2019-06-27")
    whole = harbour.round("2019-06-27T21:10:00")

    assert [one.isoformat() for one, _ in first.editions] == ["2019-06-26"]
    assert [one.status for _, filed in first.editions for one in filed] == ["published"] * len(
        first.editions[0][1]
    )
    assert (again.editions, again.fetched[0].outcome) == ([], "unchanged")
    assert (lacking.editions, lacking.waiting) == ([], "a benchmark has no bar of 2019-06-27 yet")
    assert [one.isoformat() for one, _ in whole.editions] == ["2019-06-27"]
    assert len(harbour.articles()) >= 2
    assert load_record(harbour.instance).written == day("2019-06-27")


def test_a_round_can_file_drafts_or_write_nothing(harbour: Harbour) -> None:
    harbour.bars_until("2019-06-26")
    settings = harbour.root / "content" / "broadtape.toml"
    settings.write_text(SETTINGS.replace("[run]", "[run]\nwrite = false"))
    unwritten = harbour.round("2019-06-26T21:00:00")
    settings.write_text(SETTINGS.replace("[run]", "[run]\ndraft = true"))
    drafted = harbour.round("2019-06-26T21:10:00")

    assert unwritten.editions == []
    assert {one.status for _, filed in drafted.editions for one in filed} == {"draft"}


def test_a_source_that_fails_is_told_and_remembered(harbour: Harbour) -> None:
    (harbour.root / "content" / "indices.csv").write_text("symbol,date,close\nSPX,2019-06-26,none\n")
    done = harbour.round("2019-06-26T21:00:00")

    assert "not a number" in done.problems[0]
    assert "not a number" in load_record(harbour.instance).problem


def test_run_once_tells_what_it_did(harbour: Harbour) -> None:
    harbour.bars_until("2019-06-26")
    done = CliRunner().invoke(cli.main, ["-C", str(harbour.root), "run", "--once"])

    assert done.exit_code == 0, done.output
    assert "1 source looked at, 1 with something new." in done.stdout
    assert "No edition is due: no benchmark has bars of the last month" in done.stdout


# --- the loop ---


def test_a_failed_round_is_tried_again_sooner_and_remembered(harbour: Harbour) -> None:
    def broken(instance: Instance, **_: Any) -> Round:
        raise NoData("the store is away")

    loop = Rounds(harbour.root, make=broken)
    waits = [loop.tick(), loop.tick(), loop.tick(), loop.tick()]
    loop.make = lambda instance, **_: Round()

    assert waits == [30.0, 120.0, 600.0, 600.0]
    assert load_record(harbour.instance).problem == "NoData: the store is away"
    assert loop.tick() == 600.0
    assert loop.failures == 0


def test_settings_that_cannot_be_read_stop_no_loop(harbour: Harbour) -> None:
    loop = Rounds(harbour.root, make=lambda instance, **_: Round())
    (harbour.root / "content" / "broadtape.toml").write_text("[instance")

    assert loop.tick() == 30.0


def test_the_loop_ends_when_it_is_told_to(harbour: Harbour) -> None:
    stop = threading.Event()
    made: list[Instance] = []

    def one(instance: Instance, **_: Any) -> Round:
        made.append(instance)
        stop.set()
        return Round()

    Rounds(harbour.root, make=one).run(stop)

    assert len(made) == 1


def test_a_record_that_is_damaged_is_an_empty_one(harbour: Harbour) -> None:
    save_record(
        harbour.instance, Record(written=day("2019-06-26"), last=datetime(2019, 6, 26, 21, tzinfo=UTC))
    )
    kept = load_record(harbour.instance)
    rounds.record_path(harbour.instance).write_bytes(b'{"written": "20')

    assert kept.written == day("2019-06-26")
    assert load_record(harbour.instance) == Record()


def test_the_doctor_tells_what_the_last_round_met(harbour: Harbour) -> None:
    from broadtape import doctor

    harbour.bars_until("2019-06-26")
    harbour.round("2019-06-26T21:00:00")
    good = [one for one in doctor.examine(harbour.instance) if one.subject == "rounds"]
    (harbour.root / "content" / "indices.csv").write_text("date\n")
    harbour.round("2019-06-27T21:00:00")
    bad = [one for one in doctor.examine(harbour.instance) if one.subject == "rounds"]

    assert [(one.level, one.says) for one in good] == [
        ("ok", "last round 2019-06-26 21:00 UTC, newest edition 2019-06-26")
    ]
    assert bad[0].level == "warning"
    assert "indices failed" in bad[0].says
