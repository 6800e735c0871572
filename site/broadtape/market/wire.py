"""Fetching from the web: sources made from the settings, what is due collected, each answer into the store.

Decides nothing about the answers: sources parse them (newswire), the store keeps them. Prints nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from broadtape import __version__, config
from broadtape.market.store import Counts
from broadtape.model import BadSettings
from newswire.boundary import due_of, harvest_of
from newswire.collect import Job, Sender, collect
from newswire.errors import Challenged, NewswireError
from newswire.http import Client
from newswire.ledger import Ledger
from newswire.snapshots import Snapshots
from newswire.sources import make

if TYPE_CHECKING:
    from datetime import date

    from broadtape.config import Instance, WebSource
    from broadtape.market.store import MarketStore
    from newswire.directory import Directory
    from newswire.observations import Harvest
    from newswire.wire import Source

_VARIABLE = re.compile(r"\$\{\w+\}")
Trim = Callable[["Harvest", "date | None"], "Harvest"]


@dataclass(slots=True)
class Told:
    """What came of one web source in one go."""

    name: str
    asked: int = 0
    unmodified: int = 0
    stored: int = 0  # answers that gave something
    counts: Counts = field(default_factory=Counts)
    problems: list[str] = field(default_factory=list)
    rests: list[str] = field(default_factory=list)  # over a budget, or asked to wait
    due: tuple[str, ...] = ()  # addresses, in a dry run
    seconds: float = 0.0
    last: datetime | None = None
    next_due: datetime | None = None


def source_of(instance: Instance, web: WebSource) -> tuple[Source, Mapping[str, str]]:
    """The source with its settings, and its secrets. BadSettings or NewswireError where they cannot be used."""
    options: dict[str, Any] = {}
    for name, value in web.options.items():
        options[name] = config.expand(value, where=f"{web.where}.{name}") if isinstance(value, str) else value
    key = web.options.get("key")
    if isinstance(key, str) and key and not _VARIABLE.fullmatch(key):
        raise BadSettings(f'{web.where}.key: a key is read from the environment only; write "${{NAME}}"')
    if web.kind == "nws" and not options.get("places"):
        options["places"] = _places(instance, "forecast")
    if web.kind == "caltrans" and not options.get("places"):
        options["places"] = _places(instance, "traffic")
    made = make(web.kind, options, name=web.name, folder=instance.scrapers)
    return made, {"key": str(options.get("key", ""))}


def fetch_web(
    instance: Instance,
    chosen: Sequence[WebSource],
    store: MarketStore | None,
    directory: Directory,
    *,
    now: datetime,
    asked_for: bool,
    since: date | None,
    trim: Trim,
    progress: Callable[[str, int, int], None] | None,
    client: Sender | None = None,
) -> list[Told]:
    """Ask the chosen sources what is due, or all they have where they were asked for by name.

    Without a store nothing is asked: the result says what would be.
    """
    snapshots = Snapshots(instance.snapshots)
    told = {web.name: Told(web.name) for web in chosen}
    jobs: list[Job] = []
    ledger = Ledger(instance.ledger)
    for web in chosen:
        last = snapshots.last(web.name)
        try:
            source, secrets = source_of(instance, web)
            requests = due_of(source, now, {} if asked_for else last)
        except (NewswireError, BadSettings) as error:
            told[web.name].problems.append(_line(error))
            continue
        one = told[web.name]
        one.last = max(last.values(), default=None)
        one.next_due = (one.last or now) + source.about.every
        if asked_for and store is not None:
            ledger.revive(web.name)
        if store is None:
            one.due = tuple(request.url for request in requests)
        elif requests:
            jobs.append(Job(source, requests, secrets))
    if store is None or not jobs:
        return list(told.values())
    own = None
    if client is None:
        try:
            own = client = Client(
                instance.contact,
                ledger,
                version=__version__,
                allowed=instance.wire.allow_private,
                has_body=snapshots.has,
            )
        except NewswireError as error:
            for job in jobs:
                told[job.source.about.name].problems.append(_line(error))
            return list(told.values())
    try:
        started = time.perf_counter()
        for got in collect(jobs, client, snapshots, now=now):
            one = told[got.job.source.about.name]
            if progress:
                progress(one.name, got.done, got.total)
            one.asked += 1
            _take(got.job.source, got.outcome, one, store, directory, since, trim)
            one.seconds = time.perf_counter() - started
            if not one.problems and not one.rests:
                one.last, one.next_due = now, now + got.job.source.about.every
    finally:
        if own is not None:
            own.close()
    snapshots.prune(instance.wire.retention_days, datetime.now(UTC))
    return list(told.values())


def _take(
    source: Source,
    outcome: Any,
    told: Told,
    store: MarketStore,
    directory: Directory,
    since: date | None,
    trim: Trim,
) -> None:
    """One outcome into the store, or among the problems."""
    label = outcome.request.label or outcome.request.url
    if outcome.kind == "not-modified":
        told.unmodified += 1
        return
    if outcome.kind == "over-budget":
        told.rests.append(outcome.reason)
        return
    if outcome.kind != "fetched" or outcome.snapshot is None:
        told.problems.append(f"{outcome.kind}: {label}: {outcome.reason}")
        return
    try:
        harvest = trim(harvest_of(source, outcome.snapshot, directory), since)
    except Challenged as error:
        told.problems.append(f"blocked: {_line(error)}")
        return
    except NewswireError as error:
        told.problems.append(_line(error))
        return
    counts = store.ingest(harvest, settings="", settle=False, retrieved=outcome.snapshot.retrieved)
    directory.add((one.symbol, one.kind) for one in harvest.instruments)
    told.stored += 1
    told.counts = _sum(told.counts, counts)


def _sum(one: Counts, other: Counts) -> Counts:
    skipped = dict(one.skipped)
    for reason, count in other.skipped.items():
        skipped[reason] = skipped.get(reason, 0) + count
    return Counts(
        rows_read=one.rows_read + other.rows_read,
        stored=one.stored + other.stored,
        fresh=one.fresh + other.fresh,
        revised=one.revised + other.revised,
        withdrawn=one.withdrawn + other.withdrawn,
        skipped=skipped,
        unresolved=tuple(dict.fromkeys((*one.unresolved, *other.unresolved))),
    )


def _places(instance: Instance, block: str) -> dict[str, Any]:
    """The places whose sites show a block of that name, by site."""
    found = {}
    for site in instance.sites.values():
        place = site.block.get(block, {}).get("place")
        if block in site.blocks and isinstance(place, list):
            found[site.key] = place
    return found


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
