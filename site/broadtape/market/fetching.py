"""Fetching: each source of an instance read in turn, what changed stored, and a result for each.

Decides nothing about the rows: sources parse them (newswire), the store keeps them. Prints nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

import msgspec
import numpy as np

from broadtape.market import wire
from broadtape.market.reader import Arrangement, MarketReader
from broadtape.market.store import Counts, MarketStore
from broadtape.model import BadSettings, BroadtapeError
from newswire import files
from newswire.boundary import harvest_of
from newswire.directory import Directory
from newswire.errors import NewswireError
from newswire.snapshots import Snapshots
from newswire.wire import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from broadtape.config import FileSource, Instance, WebSource
    from broadtape.market.reader import SourceState
    from newswire.collect import Sender
    from newswire.observations import Harvest
    from newswire.wire import Source

Outcome = Literal["stored", "unchanged", "failed", "parsed", "not due", "resting", "would ask"]
_FILE = "file"  # the label of a file's snapshot
_REPLAYED = ".replay"
# Tables that say how and when, not what: the replayed store has others.
_BOOKKEEPING = frozenset({"alembic_version", "calendars", "fetches", "meta", "sqlite_sequence"})


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of one source: why it failed, or which symbols differ from an earlier source's.

    Of a source on the web: "not due" yet, "resting" because its budget is used up or its host asked for rest, and
    in a dry run "would ask" with the `addresses`. `last` and `next_due` are aware UTC.
    """

    source: str
    outcome: Outcome
    seconds: float
    counts: Counts = field(default_factory=Counts)
    message: str = ""
    ambiguous: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    last: datetime | None = None
    next_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay: how many snapshots gave how much, what they no longer give, and whether the store made
    from them holds what the one before held (None: there was none)."""

    snapshots: int
    stored: int
    problems: tuple[str, ...]
    same: bool | None


def fetch(
    instance: Instance,
    names: Sequence[str] = (),
    *,
    since: date | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    client: Sender | None = None,
) -> list[Fetched]:
    """Read the named sources, or all that are enabled, into the instance's store; one result each, in order.

    Files are read first, then the web is asked for what is due; a source that is named is asked whether due or not.
    `client` is what asks; by default newswire's.

    Instruments are read first, so that the symbols of every other table resolve. A source whose file,
    settings and symbols are as before is left alone. A source that fails leaves what was stored of it.
    With `since`, only what is dated on or after that day is taken in. With `dry_run` nothing is stored.
    Of several processes that fetch for one instance at a time, each waits for the one before.
    `progress` is told each source before it is read: its name, its place from 0, how many there are.
    """
    sources, web = _chosen(instance, names)
    now = now or datetime.now(UTC)
    if dry_run:
        tried = _try(instance, sources, now, since, progress)
        return tried + _asked(instance, web, None, Directory(), now, bool(names), since, None, None)
    with only_fetch(instance), MarketStore.open(instance.store) as store:
        rearranged = store.configure(arrangement_of(instance))
        store.ensure_calendar(now.date())
        if rearranged:  # a directory that is enabled again is unchanged, but its symbols count from now on
            store.settle()
        directory = Directory((one.symbol, one.kind) for one in store.shelf().instruments.values())
        known = {one.name: one for one in store.sources()}
        snapshots = Snapshots(instance.snapshots)
        results: list[Fetched] = []
        for place, source in enumerate(sources):
            if progress:
                progress(source.name, place, len(sources))
            before = known.get(source.name)
            results.append(_fetch_one(store, snapshots, instance, source, before, directory, now, since))
        results += _asked(instance, web, store, directory, now, bool(names), since, progress, client)
        if any(one.outcome == "stored" for one in results):
            store.settle()
        return [_with_disagreements(store, one) for one in results]


def replay(
    instance: Instance,
    *,
    now: datetime | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Replayed:
    """Make the market store anew from the snapshots alone, and put it in the place of the one there is.

    Nothing is asked and no file of the operator's is read. Snapshots are taken in the order in which they were
    fetched, as of when they were, under the settings of today; one that cannot be used is told and passed over.
    """
    now = now or datetime.now(UTC)
    snapshots = Snapshots(instance.snapshots)
    if not snapshots.count():
        raise BadSettings(f"{instance.snapshots}: no snapshots to replay; run 'broadtape fetch' first")
    fresh = instance.store.with_name(instance.store.name + _REPLAYED)
    with only_fetch(instance):
        _remove(fresh)
        problems: list[str] = []
        stored = 0
        total = snapshots.count()
        with MarketStore.open(fresh) as store:
            store.configure(arrangement_of(instance))
            store.ensure_calendar(now.date())
            directory = Directory()
            web = {one.name: wire.source_of(instance, one)[0] for one in instance.web_sources if one.enabled}
            for place, snapshot in enumerate(snapshots.all()):
                if progress:
                    progress(snapshot.source, place, total)
                try:
                    harvest, read_as = _again(instance, snapshot, web, directory)
                except NewswireError as error:
                    problems.append(_line(error))
                    continue
                if harvest is None:
                    problems.append(f"{snapshot.source}: no longer in the settings")
                    continue
                store.ingest(harvest, settings=read_as, settle=False, retrieved=snapshot.retrieved)
                directory.add((one.symbol, one.kind) for one in harvest.instruments)
                stored += 1
            store.settle()
        before = contents_digest(instance.store) if instance.store.is_file() else None
        same = None if before is None else before == contents_digest(fresh)
        _put_in_place(fresh, instance.store)
    return Replayed(total, stored, tuple(dict.fromkeys(problems)), same)


def contents_digest(path: Path) -> str:
    """A digest of everything observed that a store holds: each row of each table but those that keep the books.

    Two stores with the same digest answer every question alike.
    """
    digest = hashlib.sha256()
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as db:
        tables = [
            row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        for table in tables:
            if table in _BOOKKEEPING:
                continue
            digest.update(f"\n{table}\n".encode())
            columns = [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')]
            order = ", ".join(f'"{name}"' for name in columns)
            for row in db.execute(f'SELECT * FROM "{table}" ORDER BY {order}'):  # noqa: S608 – names of its own
                digest.update(repr(row).encode())
    return digest.hexdigest()


def lacking_benchmarks(instance: Instance) -> tuple[str, ...]:
    """What keeps the desk from writing, in words: no benchmark named, or one without bars in the store."""
    with MarketReader.open(instance.store) as store:
        held = store.shelf().spans
    if held and not instance.desk.benchmarks:
        return ("desk.benchmarks names none: 'write' needs one, such as { large = \"INDEXSP:SPX\" }",)
    return tuple(
        f"desk.benchmarks.{role}: no source has bars of {symbol}"
        for role, symbol in instance.desk.benchmarks.items()
        if symbol not in held
    )


def arrangement_of(instance: Instance) -> Arrangement:
    """What the settings say about reading the store."""
    enabled = [source for source in instance.sources if source.enabled]
    return Arrangement(
        time_zone=instance.time_zone.key,
        benchmarks=dict(instance.desk.benchmarks),
        order=(
            *(source.name for source in enabled),
            *(source.name for source in instance.web_sources if source.enabled),
        ),
        lag_days={series: days for source in reversed(enabled) for series, days in source.lag_days.items()},
    )


def file_settings(source: FileSource) -> files.FileSettings:
    """The settings of a files source in the collector's own words."""
    given = {one.name: getattr(source, one.name) for one in fields(files.FileSettings)}
    named = tuple(
        files.NamedInstrument(**{one.name: getattr(item, one.name) for one in fields(files.NamedInstrument)})
        for item in source.instruments
    )
    return files.FileSettings(**{**given, "instruments": named})


@contextmanager
def only_fetch(instance: Instance) -> Iterator[None]:
    """Wait until no other process fetches: what one reads decides what the next one's symbols mean."""
    instance.state.mkdir(parents=True, exist_ok=True)
    with (instance.state / "fetch.lock").open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# --- one source -------------------------------------------------------------------------------------------


def _chosen(instance: Instance, names: Sequence[str]) -> tuple[list[FileSource], list[WebSource]]:
    there = [*(source.name for source in instance.sources), *(source.name for source in instance.web_sources)]
    for name in names:
        if name not in there:
            raise BadSettings(
                f"no source is called {name!r}; content/broadtape.toml has {', '.join(there) or 'none'}"
            )
    files_ = [one for one in instance.sources if (one.name in names if names else one.enabled)]
    web = [one for one in instance.web_sources if (one.name in names if names else one.enabled)]
    return sorted(files_, key=lambda one: one.holds != "instruments"), web


def _asked(
    instance: Instance,
    web: Sequence[WebSource],
    store: MarketStore | None,
    directory: Directory,
    now: datetime,
    asked_for: bool,
    since: date | None,
    progress: Callable[[str, int, int], None] | None,
    client: Sender | None,
) -> list[Fetched]:
    """What came of the sources on the web, recorded."""
    if not web:
        return []
    told = wire.fetch_web(
        instance,
        web,
        store,
        directory,
        now=now,
        asked_for=asked_for,
        since=since,
        trim=_since,
        progress=progress,
        client=client,
    )
    results = []
    for one in told:
        outcome: Outcome = "not due"
        if one.problems:
            outcome = "failed"
        elif one.rests:
            outcome = "resting"
        elif one.stored:
            outcome = "stored"
        elif one.asked:
            outcome = "unchanged"
        elif one.due:
            outcome = "would ask"
        message = "; ".join(dict.fromkeys(one.problems or one.rests))
        results.append(
            Fetched(
                one.name,
                outcome,
                one.seconds,
                one.counts,
                message[:2000],
                addresses=one.due,
                last=one.last,
                next_due=one.next_due,
            )
        )
        if store is not None and (one.asked or one.problems):
            recorded = outcome if outcome in ("stored", "unchanged", "failed") else "unchanged"
            store.record(
                one.name,
                at=now,
                seconds=one.seconds,
                outcome=recorded,
                counts=one.counts if one.stored else None,
                message=message[:2000],
            )
    return results


def _again(
    instance: Instance, snapshot: Snapshot, web: Mapping[str, Source], directory: Directory
) -> tuple[Harvest | None, str]:
    """What a snapshot gives now, and how a file was read; None where the settings have no such source any more."""
    source = instance.source(snapshot.source)
    if source is not None and source.enabled and snapshot.label == _FILE:
        settings = file_settings(source)
        held = files.FileSnapshot(
            snapshot.url,
            snapshot.body,
            snapshot.digest,
            snapshot.retrieved,
            datetime.fromisoformat(snapshot.headers["modified"]) if "modified" in snapshot.headers else None,
        )
        since = date.fromisoformat(snapshot.headers["since"]) if "since" in snapshot.headers else None
        parser = files.FilesSource(settings, zone=instance.time_zone)
        return _since(parser.parse(held, directory), since), _digest(settings, since)
    if snapshot.source in web:
        return harvest_of(web[snapshot.source], snapshot, directory), ""
    return None, ""


def _snapshot(source: FileSource, held: files.FileSnapshot, since: date | None) -> Snapshot:
    """A file's bytes as a snapshot, with what reading them again needs."""
    headers = {"modified": held.modified.isoformat()} if held.modified else {}
    if since:
        headers["since"] = since.isoformat()
    return Snapshot(
        source=source.name,
        url=held.path,
        label=_FILE,
        body=held.data,
        retrieved=held.retrieved,
        headers=headers,
        digest=held.digest,
    )


def _put_in_place(fresh: Path, store: Path) -> None:
    """The new store in the place of the old: it is whole before, and what the old one had beside it goes."""
    with closing(sqlite3.connect(fresh)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode = DELETE")
    for suffix in ("-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
        fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)
    fresh.replace(store)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _fetch_one(
    store: MarketStore,
    snapshots: Snapshots,
    instance: Instance,
    source: FileSource,
    before: SourceState | None,
    directory: Directory,
    now: datetime,
    since: date | None,
) -> Fetched:
    started = time.perf_counter()
    digest = ""
    try:
        settings = file_settings(source)
        snapshot = files.load_file(settings, source.location(instance.root), now=now)
        digest = snapshot.digest
        read_as = _digest(settings, since)
        parser = files.FilesSource(settings, zone=instance.time_zone)
        if before is not None and _unchanged(before, digest, read_as, parser, directory):
            result = Fetched(source.name, "unchanged", time.perf_counter() - started)
        else:
            harvest = parser.parse(snapshot, directory)
            snapshots.keep(_snapshot(source, snapshot, since))
            counts = store.ingest(_since(harvest, since), settings=read_as, settle=False)
            directory.add((one.symbol, one.kind) for one in harvest.instruments)
            result = Fetched(
                source.name,
                "stored",
                time.perf_counter() - started,
                counts,
                ambiguous=_ambiguous(harvest),
            )
    except (NewswireError, BroadtapeError, OSError) as error:
        result = Fetched(source.name, "failed", time.perf_counter() - started, message=_line(error))
    store.record(
        source.name,
        at=now,
        seconds=result.seconds,
        outcome=result.outcome,
        counts=result.counts if result.outcome == "stored" else None,
        digest=digest,
        message=result.message,
    )
    return result


def _try(
    instance: Instance,
    sources: Sequence[FileSource],
    now: datetime,
    since: date | None,
    progress: Callable[[str, int, int], None] | None,
) -> list[Fetched]:
    """Parse without storing. Symbols resolve through what is stored and what is read on the way."""
    directory = Directory()
    if instance.store.is_file():
        with MarketStore.open(instance.store, readonly=True) as store:
            directory.add((one.symbol, one.kind) for one in store.shelf().instruments.values())
    results: list[Fetched] = []
    for place, source in enumerate(sources):
        if progress:
            progress(source.name, place, len(sources))
        started = time.perf_counter()
        try:
            settings = file_settings(source)
            snapshot = files.load_file(settings, source.location(instance.root), now=now)
            harvest = _since(
                files.FilesSource(settings, zone=instance.time_zone).parse(snapshot, directory), since
            )
            directory.add((one.symbol, one.kind) for one in harvest.instruments)
            counts = Counts(
                rows_read=harvest.rows_read,
                stored=_observations(harvest),
                skipped={one.reason: one.count for one in harvest.skipped},
                unresolved=harvest.unresolved,
            )
            seconds = time.perf_counter() - started
            results.append(Fetched(source.name, "parsed", seconds, counts, ambiguous=_ambiguous(harvest)))
        except (NewswireError, BroadtapeError, OSError) as error:
            results.append(
                Fetched(source.name, "failed", time.perf_counter() - started, message=_line(error))
            )
    return results


def _unchanged(
    before: SourceState, digest: str, read_as: str, parser: files.FilesSource, directory: Directory
) -> bool:
    """Whether reading it again would give what is stored: same bytes, settings, meaning of symbols."""
    if (before.digest, before.settings) != (digest, read_as):
        return False
    directory.add(parser.kinds(directory))
    return all(parser.meaning(raw, directory) == symbol for raw, symbol in before.names.items())


def _digest(settings: files.FileSettings, since: date | None) -> str:
    """A digest of how the file is read: settings, parser and limits."""
    read_as = (files.VERSION, replace(settings, path=""), since)
    return hashlib.sha256(msgspec.json.encode(read_as, order="sorted")).hexdigest()


def _since(harvest: Harvest, since: date | None) -> Harvest:
    """The harvest without what is dated earlier."""
    if since is None:
        return harvest
    first = np.datetime64(since, "D")
    bars = []
    for table in harvest.bars:
        rows = table.days >= first
        if rows.any():
            columns = {
                name: getattr(table, name)[rows]
                for name in ("days", "open", "high", "low", "close", "adj_close", "volume", "dividend")
            }
            bars.append(replace(table, **columns))
    return replace(
        harvest,
        bars=tuple(bars),
        readings=tuple(one for one in harvest.readings if one.period >= since),
        decisions=tuple(one for one in harvest.decisions if one.day >= since),
        events=tuple(one for one in harvest.events if one.day >= since),
        quotes=tuple(one for one in harvest.quotes if one.at.date() >= since),
        stories=tuple(one for one in harvest.stories if one.known_at.date() >= since),
        filings=tuple(one for one in harvest.filings if one.filed >= since),
        company_facts=tuple(one for one in harvest.company_facts if one.end >= since),
    )


def _observations(harvest: Harvest) -> int:
    bars = sum(len(table.days) for table in harvest.bars)
    if bars:
        return bars
    others = (
        harvest.readings, harvest.decisions, harvest.events, harvest.quotes, harvest.stories, harvest.filings,
        harvest.companies, harvest.company_facts, harvest.forecasts, harvest.notices,
    )  # fmt: skip
    return sum(len(one) for one in others) or len(harvest.instruments)


def _ambiguous(harvest: Harvest) -> tuple[str, ...]:
    return tuple(
        f"{raw}: {candidates[0]}, not {', '.join(candidates[1:])}" for raw, candidates in harvest.ambiguous
    )


def _with_disagreements(store: MarketStore, result: Fetched) -> Fetched:
    """The result with the symbols on which this source and an earlier one differ."""
    if result.outcome != "stored":
        return result
    found = tuple(
        f"{symbol} ({one.basis}): up to {one.worst_pct:.2f}% from {one.first} over {one.sessions} sessions"
        for symbol, one in store.comparisons()
        if one.second == result.source and not one.agrees
    )
    return replace(result, disagreements=found)


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())
