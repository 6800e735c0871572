"""Fetching: each source of an instance read in turn, what changed stored, and a result for each.

Decides nothing about the rows: sources parse them (newswire), the store keeps them. Prints nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from broadtape.market.reader import Arrangement, MarketReader
from broadtape.market.store import Counts, MarketStore
from broadtape.model import BadSettings, BroadtapeError
from newswire import files
from newswire.directory import Directory
from newswire.errors import NewswireError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from broadtape.config import FileSource, Instance
    from broadtape.market.reader import SourceState
    from newswire.observations import Harvest

Outcome = Literal["stored", "unchanged", "failed", "parsed"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of one source: why it failed, or which symbols differ from an earlier source's."""

    source: str
    outcome: Outcome
    seconds: float
    counts: Counts = field(default_factory=Counts)
    message: str = ""
    ambiguous: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()


def fetch(
    instance: Instance,
    names: Sequence[str] = (),
    *,
    since: date | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Fetched]:
    """Read the named sources, or all that are enabled, into the instance's store; one result each, in order.

    Instruments are read first, so that the symbols of every other table resolve. A source whose file,
    settings and symbols are as before is left alone. A source that fails leaves what was stored of it.
    With `since`, only what is dated on or after that day is taken in. With `dry_run` nothing is stored.
    Of several processes that fetch for one instance at a time, each waits for the one before.
    `progress` is told each source before it is read: its name, its place from 0, how many there are.
    """
    sources = _chosen(instance, names)
    now = now or datetime.now(UTC)
    if dry_run:
        return _try(instance, sources, now, since, progress)
    with _only_one(instance), MarketStore.open(instance.store) as store:
        rearranged = store.configure(arrangement_of(instance))
        store.ensure_calendar(now.date())
        if rearranged:  # a directory that is enabled again is unchanged, but its symbols count from now on
            store.settle()
        directory = Directory((one.symbol, one.kind) for one in store.shelf().instruments.values())
        known = {one.name: one for one in store.sources()}
        results: list[Fetched] = []
        for place, source in enumerate(sources):
            if progress:
                progress(source.name, place, len(sources))
            results.append(_fetch_one(store, instance, source, known.get(source.name), directory, now, since))
        if any(one.outcome == "stored" for one in results):
            store.settle()
        return [_with_disagreements(store, one) for one in results]


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
        order=tuple(source.name for source in enabled),
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
def _only_one(instance: Instance) -> Iterator[None]:
    """Wait until no other process fetches: what one reads decides what the next one's symbols mean."""
    instance.state.mkdir(parents=True, exist_ok=True)
    with (instance.state / "fetch.lock").open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# --- one source -------------------------------------------------------------------------------------------


def _chosen(instance: Instance, names: Sequence[str]) -> list[FileSource]:
    for name in names:
        if instance.source(name) is None:
            known = ", ".join(source.name for source in instance.sources) or "none"
            raise BadSettings(f"no source is called {name!r}; content/broadtape.toml has {known}")
    chosen = [one for one in instance.sources if (one.name in names if names else one.enabled)]
    return sorted(chosen, key=lambda one: one.holds != "instruments")


def _fetch_one(
    store: MarketStore,
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
    )


def _observations(harvest: Harvest) -> int:
    bars = sum(len(table.days) for table in harvest.bars)
    if bars:
        return bars
    return len(harvest.readings) + len(harvest.decisions) + len(harvest.events) or len(harvest.instruments)


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
