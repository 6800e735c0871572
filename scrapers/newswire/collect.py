"""What is due, fetched over hosts at once: each answer kept, then handed on with its source.

Owns order and concurrency. Sends nothing itself (newswire.http), keeps nothing itself (newswire.snapshots), parses
nothing (the sources) and stores nothing.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from newswire.boundary import followed_by
from newswire.errors import NewswireError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from newswire.snapshots import Snapshots
    from newswire.wire import About, Outcome, Request, Source

HOSTS = 8  # asked at once
ROUNDS = 3  # of addresses that answers name
MOST_FOLLOWED = 200  # addresses that the answers of one source may name in one go


class Sender(Protocol):
    """What newswire.http.Client is to this module."""

    def send(self, request: Request, about: About, secrets: Mapping[str, str] | None = None) -> Outcome:
        """What became of the request."""
        ...

    def confirm(self, outcome: Outcome) -> None:
        """The outcome's snapshot was kept."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """A source that is to be asked, with its secrets and the requests that are due."""

    source: Source
    requests: Sequence[Request]
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collected:
    """One outcome, of which source, and how many requests of all are answered."""

    job: Job
    outcome: Outcome
    done: int
    total: int


@dataclass(slots=True)
class _Task:
    job: Job
    request: Request
    round: int = 0


def collect(
    jobs: Sequence[Job], client: Sender, snapshots: Snapshots, *, now: datetime
) -> Iterator[Collected]:
    """Ask everything, one request a host at a time, and give each outcome as it comes, its body already kept.

    A source that answers 410, blocks or is over its budget is asked nothing more in this go. Closing the iterator
    lets what is under way end and starts nothing new.
    """
    waiting: dict[str, deque[_Task]] = {}
    followed: dict[str, int] = {}
    stopped: set[str] = set()
    total = done = 0
    for job in jobs:
        for request in job.requests:
            waiting.setdefault(_host(request.url), deque()).append(_Task(job, request))
            total += 1
    busy: dict[Future[Outcome], tuple[str, _Task]] = {}
    with ThreadPoolExecutor(HOSTS, thread_name_prefix="fetch") as pool:
        try:
            while waiting or busy:
                for host in [one for one in waiting if one not in {at for at, _ in busy.values()}]:
                    if len(busy) >= HOSTS:
                        break
                    queue = waiting[host]
                    while queue and queue[0].job.source.about.name in stopped:
                        queue.popleft()
                        total -= 1
                    if queue:
                        task = queue.popleft()
                        future = pool.submit(
                            client.send, task.request, task.job.source.about, task.job.secrets
                        )
                        busy[future] = (host, task)
                    if not queue:
                        del waiting[host]
                if not busy:
                    continue
                finished, _ = wait(busy, return_when=FIRST_COMPLETED)
                for future in finished:
                    host, task = busy.pop(future)
                    done += 1
                    outcome = future.result()
                    name = task.job.source.about.name
                    _keep(outcome, name, client, snapshots, now)
                    if outcome.kind in ("blocked", "gone", "over-budget"):
                        stopped.add(name)
                    for request in _next(task, outcome):
                        if followed.get(name, 0) >= MOST_FOLLOWED:
                            break
                        followed[name] = followed.get(name, 0) + 1
                        waiting.setdefault(_host(request.url), deque()).append(
                            _Task(task.job, request, task.round + 1)
                        )
                        total += 1
                    yield Collected(task.job, outcome, done, total)
        finally:
            waiting.clear()


def _keep(outcome: Outcome, name: str, client: Sender, snapshots: Snapshots, now: datetime) -> None:
    if outcome.kind == "not-modified":
        snapshots.confirm(name, outcome.request.label, now)
    elif outcome.snapshot is not None:
        snapshots.keep(outcome.snapshot, usable=outcome.kind == "fetched")
        client.confirm(outcome)


def _next(task: _Task, outcome: Outcome) -> Sequence[Request]:
    """The addresses that an answer names, on hosts where its source may ask."""
    source = task.job.source
    if outcome.kind != "fetched" or outcome.snapshot is None or task.round >= ROUNDS:
        return ()
    try:
        named = followed_by(source, outcome.snapshot)
    except NewswireError:
        return ()  # parsing the same body says why
    hosts = source.about.hosts
    return [one for one in named if not hosts or _host(one.url).partition(":")[0] in hosts]


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return f"{host}:{port}" if port else host
