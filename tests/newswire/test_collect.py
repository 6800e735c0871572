from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newswire.collect import MOST_FOLLOWED, ROUNDS, Job, collect
from newswire.directory import Directory
from newswire.errors import SourceError
from newswire.observations import Harvest
from newswire.snapshots import Snapshots
from newswire.wire import About, Outcome, OutcomeKind, Request, Snapshot

NOW = datetime(2026, 1, 12, 12, tzinfo=UTC)


@dataclass
class Fake:
    """A source whose answers may name further addresses."""

    about: About
    names: Callable[[Snapshot], Sequence[Request]] = lambda _: ()

    def due(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        return ()

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        return Harvest(snapshot.source)

    def follow(self, snapshot: Snapshot) -> Sequence[Request]:
        return self.names(snapshot)


def source(
    name: str = "s", *hosts: str, names: Callable[[Snapshot], Sequence[Request]] = lambda _: ()
) -> Fake:
    about = About(
        name=name, title="", home="", terms="", licence="public", attribution="", every=timedelta(hours=1), hosts=hosts
    )  # fmt: skip
    return Fake(about, names)


@dataclass
class Server:
    """Answers at once or after a pause, and knows who was asked at the same time."""

    kinds: dict[str, OutcomeKind] = field(default_factory=dict)
    pause: float = 0.0
    asked: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    most_at_once: int = 0
    twice: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, request: Request, about: About, secrets: Mapping[str, str] | None = None) -> Outcome:
        host = request.url.split("/")[2]
        with self._lock:
            if host in self.busy:
                self.twice.append(host)
            self.busy.append(host)
            self.most_at_once = max(self.most_at_once, len(self.busy))
            self.asked.append(request.url)
        time.sleep(self.pause)
        with self._lock:
            self.busy.remove(host)
        kind = self.kinds.get(request.url, "fetched")
        body = request.url.encode()
        held = Snapshot(source=about.name, url=request.url, label=request.label, body=body, retrieved=NOW)
        return Outcome(kind=kind, request=request, snapshot=held if kind != "not-modified" else None)

    def confirm(self, outcome: Outcome) -> None:
        self.confirmed.append(outcome.request.url)


@pytest.fixture
def kept(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path)


def urls(host: str, count: int) -> list[Request]:
    return [Request(url=f"https://{host}/{n}", label=f"{host} {n}") for n in range(count)]


def run(kept: Snapshots, server: Server, *jobs: Job) -> list[Outcome]:
    return [one.outcome for one in collect(jobs, server, kept, now=NOW)]


def test_hosts_are_asked_at_once_and_each_one_by_one(kept: Snapshots) -> None:
    server = Server(pause=0.02)
    jobs = [Job(source(f"s{n}"), urls(f"h{n}.example", 4)) for n in range(4)]

    outcomes = run(kept, server, *jobs)

    assert len(outcomes) == 16
    assert server.twice == []
    assert server.most_at_once > 1


def test_two_sources_of_one_host_take_turns(kept: Snapshots) -> None:
    server = Server(pause=0.01)

    run(kept, server, Job(source("a"), urls("h.example", 3)), Job(source("b"), urls("h.example", 3)))

    assert server.twice == []
    assert len(server.asked) == 6


def test_a_body_is_kept_before_its_outcome_is_told_and_then_confirmed(kept: Snapshots) -> None:
    server = Server()

    for got in collect([Job(source(), urls("h.example", 2))], server, kept, now=NOW):
        assert got.outcome.snapshot is not None
        assert kept.has(got.outcome.snapshot.digest)
        assert got.outcome.request.url in server.confirmed
        assert got.total == 2


def test_what_is_as_it_was_is_confirmed_and_what_fails_is_evidence_only(kept: Snapshots) -> None:
    server = Server({"https://h.example/0": "not-modified", "https://h.example/1": "failed"})

    run(kept, server, Job(source(), urls("h.example", 2)))

    assert kept.last("s") == {"h.example 0": NOW}
    assert kept.count() == 0


@pytest.mark.parametrize("kind", ["blocked", "gone", "over-budget"])
def test_a_source_that_is_turned_away_is_asked_nothing_more(kept: Snapshots, kind: OutcomeKind) -> None:
    server = Server({"https://h.example/1": kind})

    run(kept, server, Job(source("s"), urls("h.example", 5)), Job(source("t"), urls("h.example", 1)))

    assert server.asked.count("https://h.example/2") == 0
    assert len(server.asked) == 3


def test_answers_lead_on_to_the_sources_own_hosts_only(kept: Snapshots) -> None:
    def names(snapshot: Snapshot) -> Sequence[Request]:
        if snapshot.url.endswith("/next"):
            return ()
        return [Request(url="https://h.example/next"), Request(url="https://evil.example/next")]

    server = Server()
    run(kept, server, Job(source("s", "h.example", names=names), urls("h.example", 1)))

    assert server.asked == ["https://h.example/0", "https://h.example/next"]


def test_answers_that_lead_on_for_ever_come_to_an_end(kept: Snapshots) -> None:
    deep = Server()
    one_more = source("s", "h.example", names=lambda got: [Request(url=f"{got.url}/x")])
    run(kept, deep, Job(one_more, urls("h.example", 1)))
    assert len(deep.asked) == 1 + ROUNDS

    wide = Server()
    many = source("s", "h.example", names=lambda got: [Request(url=f"{got.url}/{n}") for n in range(1000)])
    run(kept, wide, Job(many, urls("h.example", 1)))
    assert len(wide.asked) == 1 + MOST_FOLLOWED


def test_an_answer_that_cannot_be_read_leads_nowhere(kept: Snapshots) -> None:
    def broken(snapshot: Snapshot) -> Sequence[Request]:
        raise SourceError("no feed", source="s", path=snapshot.url)

    assert len(run(kept, Server(), Job(source("s", "h.example", names=broken), urls("h.example", 1)))) == 1


def test_stopping_early_starts_nothing_new(kept: Snapshots) -> None:
    server = Server(pause=0.01)
    going = collect([Job(source(), urls("h.example", 50))], server, kept, now=NOW)

    next(going)
    going.close()  # type: ignore[attr-defined]  # it is a generator

    assert len(server.asked) <= 3
