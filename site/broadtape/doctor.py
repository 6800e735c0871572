"""The doctor: what of an instance is stale, missing or inconsistent, each finding with what to do.

Owns what counts as healthy. Changes nothing; reads settings, store, catalogue, index and the keeper's heartbeat.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from broadtape import heartbeat
from broadtape.archive import Archive
from broadtape.archive.catalogue import Catalogue
from broadtape.heartbeat import utc_now
from broadtape.keeperlock import keeper_alive
from broadtape.model import BadSettings, BroadtapeError
from broadtape.rounds import load_record

if TYPE_CHECKING:
    from broadtape.config import FileSource, Instance
    from broadtape.market import MarketReader
    from broadtape.model import MarketView

Level = Literal["ok", "warning", "error"]

STALE_SESSIONS = 3  # a source of daily bars may lack this many finished sessions before we say so
STALE_DAYS = 60  # other sources: readings come monthly, directories change slowly
LOW_SPACE = 1_000_000_000  # bytes free below which publishing and fetching are at risk
NO_SPACE = 100_000_000
HELD_SESSIONS = 20  # held values of so many sessions are told
MANY_RESTS = 3  # times in a row that a host asks for rest before we say that we ask too much
SILENT = timedelta(days=2)  # so long is told that a proxy named no visitor
NAMED = 5  # so many of a long list are named


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `subject` names it, `remedy` is empty where all is well."""

    level: Level
    subject: str
    says: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """As `doctor --json` prints it."""
        return asdict(self)


def examine(
    instance: Instance, *, now: datetime | None = None, alive: Callable[[Path], bool] | None = None
) -> list[Finding]:
    """Every finding, in the order of the way of the data: settings, store, archive, search, processes, disk.

    `alive` tells whether a keeper holds the instance; the default asks its lock.
    """
    alive = alive or keeper_alive
    moment = now or utc_now()
    found = [*_settings(instance)]
    reader, opening = _open(instance)
    found += opening
    if reader is not None:
        with reader:
            found += _store(instance, reader, moment)
    found += _wire(instance, moment)
    catalogue = Catalogue(instance.catalogue, now=lambda: moment)
    found += _archive(instance, catalogue)
    found += _search(instance, catalogue)
    found += _keeper(instance, alive(instance.root), moment)
    found += _proxy(instance, moment)
    found += _rounds(instance)
    found += _disk(instance)
    catalogue.close()
    return found


def worst(findings: list[Finding]) -> Level:
    """The worst level among them."""
    levels = {finding.level for finding in findings}
    return "error" if "error" in levels else "warning" if "warning" in levels else "ok"


def _few(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 or noun.endswith('s') else 's'}"


# --- settings -----------------------------------------------------------------------------------------------


def _settings(instance: Instance) -> Iterator[Finding]:
    for warning in instance.warnings:
        yield Finding("warning", "settings", warning, "correct or remove the key")
    if not instance.sites:
        yield Finding("error", "settings", "no site is configured", "add content/sites/<name>/site.toml")
    owners: dict[str, str] = {}
    for site in instance.sites.values():
        for host in site.hosts:
            if host in owners:
                says = f"host {host} belongs to both {owners[host]} and {site.key}"
                yield Finding("error", "settings", says, "name each host in one site.toml only")
            owners[host] = site.key
    missing = [
        source.name for source in instance.sources if source.enabled and not _readable(source, instance)
    ]
    if missing:
        says = f"{_count(len(missing), 'source')} cannot be read: {_few(missing)}"
        yield Finding("error", "sources", says, "correct their paths, or set the variables the paths use")
    if not instance.warnings and instance.sites and not missing:
        says = f"{_count(len(instance.sites), 'site')}, {_count(len(instance.sources), 'source')}, {instance.audience}"
        yield Finding("ok", "settings", says)


def _readable(source: FileSource, instance: Instance) -> bool:
    try:
        return os.access(source.location(instance.root), os.R_OK)
    except BadSettings:
        return False


# --- the market store ---------------------------------------------------------------------------------------


def _open(instance: Instance) -> tuple[MarketReader | None, list[Finding]]:
    if not instance.store.is_file():
        level: Level = "error" if instance.sources else "warning"
        says = "there is no market store"
        return None, [
            Finding(level, "store", says, "name sources in broadtape.toml and run 'broadtape fetch'")
        ]
    from broadtape.market import MarketReader  # noqa: PLC0415 – an instance without a store does without

    try:
        return MarketReader.open(instance.store), []
    except BroadtapeError as error:
        return None, [Finding("error", "store", str(error), "restore a backup, or remove it and fetch again")]


def _store(instance: Instance, reader: MarketReader, now: datetime) -> Iterator[Finding]:
    try:
        last = reader.last_session()
    except BroadtapeError:
        yield Finding("error", "store", "it holds no bars", "run 'broadtape fetch' and look at what it skips")
        return
    view = reader.view(last)
    yield Finding("ok", "store", f"newest session {last}, {_count(len(view.symbols_with_bars()), 'series')}")
    yield from _ages(reader, now)
    yield from _never_fetched(instance, reader)
    yield from _failed(reader)
    yield from _disagreeing(reader)
    yield from _held(instance, reader, view)
    yield from _unresolved(instance, view)
    if instance.audience == "public":
        yield from _restricted(instance, view)


def _ages(reader: MarketReader, now: datetime) -> Iterator[Finding]:
    """How old each source's newest data is: in finished sessions for bars, in days for the rest."""
    finished = _finished_sessions(reader, now)
    last_bar: dict[str, date] = {}
    for spans in reader.shelf().spans.values():
        for name, _, last in spans:
            last_bar[name] = max(last, last_bar.get(name, last))
    for source in reader.sources():
        if source.rank is None:
            says = f"{source.name}: its data is in the store, but it is not in the settings"
            yield Finding("warning", "sources", says, "put it back, or leave it: its data is not used")
            continue
        if source.holds == "bars":
            newest = last_bar.get(source.name)
            if newest is None:
                continue
            behind = [day for day in finished if day > newest]
            if len(behind) > STALE_SESSIONS:
                says = f"{source.name}: last bar {newest}, {len(behind):,} sessions behind"
                yield Finding("warning", "sources", says, "renew its file and run 'broadtape fetch'")
        elif now - source.origin.retrieved > timedelta(days=STALE_DAYS):
            says = f"{source.name}: retrieved {source.origin.retrieved.date()}"
            yield Finding("warning", "sources", says, "renew its file and run 'broadtape fetch'")


def _wire(instance: Instance, now: datetime) -> Iterator[Finding]:
    """What the fetcher remembers of the last seven days: requests, answers 304, budgets, rests, what is gone."""
    asked = {web.name: web for web in instance.web_sources if web.enabled}
    if asked and not instance.contact:
        says = f"{_count(len(asked), 'source')} on the web, and instance.contact names nobody"
        yield Finding("error", "wire", says, "name an e-mail address: whoever is asked is told who asks")
    if not asked or not instance.ledger.is_file():
        return
    from newswire.ledger import Ledger  # noqa: PLC0415  only an instance that fetches needs it

    ledger = Ledger(instance.ledger)
    figures = {one.source: one for one in ledger.figures(now)}
    for name in asked:
        one = figures.get(name)
        if one is None:
            yield Finding("warning", "wire", f"{name}: not asked for seven days", "run 'broadtape fetch'")
            continue
        says = (
            f"{name}: {_count(one.asked, 'request')} in seven days, {one.asked_today:,} today, "
            f"{one.unmodified_share:.0%} answered 304, {one.failed:,} failed"
        )
        yield Finding("ok", "wire", says)
        if one.gone:
            says = f"{name}: gone for good, says {_few(list(one.gone))}"
            yield Finding("warning", "wire", says, f"correct its settings, then 'broadtape fetch {name}'")
        recent = one.last_error_at is not None and now - one.last_error_at < timedelta(days=1)
        if one.last_error and recent:
            says = f"{name}: {one.last_error}"
            yield Finding("warning", "wire", says, "it is tried again when it is due; docs/operating.md")
    for host, hold in ledger.holds(now).items():
        says = f"{host} asked for rest until {hold.until:%Y-%m-%d %H:%M} UTC"
        yield Finding(
            "ok" if hold.times < MANY_RESTS else "warning",
            "wire",
            says,
            "" if hold.times < MANY_RESTS else "ask less often: every_minutes",
        )


def _finished_sessions(reader: MarketReader, now: datetime) -> list[date]:
    try:
        return list(reader.view(now.date() - timedelta(days=1)).sessions[-2_500:].tolist())
    except BroadtapeError:
        return []


def _never_fetched(instance: Instance, reader: MarketReader) -> Iterator[Finding]:
    stored = {source.name for source in reader.sources()}
    absent = [source.name for source in instance.sources if source.enabled and source.name not in stored]
    if absent:
        says = f"never fetched: {_few(absent)}"
        yield Finding("warning", "sources", says, "run 'broadtape fetch'")


def _failed(reader: MarketReader) -> Iterator[Finding]:
    """Sources whose latest attempt failed."""
    seen: set[str] = set()
    for record in reader.fetches():
        if record.source in seen:
            continue
        seen.add(record.source)
        if record.outcome == "failed":
            says = f"{record.source}: the last fetch failed: {record.message}"
            yield Finding("error", "sources", says, "correct the file or its settings and fetch again")


def _disagreeing(reader: MarketReader) -> Iterator[Finding]:
    found = [(symbol, one) for symbol, one in reader.comparisons() if not one.agrees]
    if found:
        shown = [
            f"{symbol} ({one.first} and {one.second}, up to {one.worst_pct:.2f}%)" for symbol, one in found
        ]
        says = f"sources disagree on {_count(len(found), 'series')}: {_few(shown)}"
        yield Finding(
            "warning", "sources", says, "the first in the settings is used; find out which is right"
        )


def _held(instance: Instance, reader: MarketReader, view: MarketView) -> Iterator[Finding]:
    """Values of late that no fact may rest on, and prices that a split hides."""
    wanted = [
        *instance.desk.benchmarks.values(),
        *(one for site in instance.sites.values() for one in site.watch_list),
    ]
    wanted += [symbol for symbol, _ in reader.comparisons()]
    since = view.sessions[-HELD_SESSIONS:][0].item()
    reasons = []
    for symbol in dict.fromkeys(wanted):
        try:
            held = view.bars(symbol).held
        except BroadtapeError:
            continue  # said elsewhere
        reasons += [
            one.reason if one.before else f"{symbol} {one.reason.removeprefix('held: ')}"
            for one in held
            if one.before or one.day >= since
        ]
    for series in view.series():
        late = (one for one in view.readings(series).held if (view.as_of - one.day).days <= STALE_DAYS)
        reasons += [f"{series} {one.reason.removeprefix('held: ')}" for one in late]
    if reasons:
        says = f"{_count(len(reasons), 'figure')} held: {'; '.join(reasons[:NAMED])}"
        more = "" if len(reasons) <= NAMED else f" and {len(reasons) - NAMED} more"
        yield Finding(
            "warning", "sources", says + more, "find out which source is right; facts on them are refused"
        )


def _unresolved(instance: Instance, view: MarketView) -> Iterator[Finding]:
    bare = [symbol for symbol in view.symbols_with_bars() if symbol.startswith("UNLISTED:")]
    if bare:
        says = f"{_count(len(bare), 'symbol')} that no directory knows, used but never printed: {_few(bare)}"
        yield Finding("warning", "symbols", says, "name them in a source's instruments, or add a directory")
    known = set(view.symbols_with_bars())
    for site in instance.sites.values():
        without = [symbol for symbol in site.watch_list if symbol not in known]
        if without:
            says = f"site {site.key}: no bars for {_few(without)} of its watch list"
            yield Finding("warning", "symbols", says, "correct the symbols, or add a source that has them")


def _restricted(instance: Instance, view: MarketView) -> Iterator[Finding]:
    """Public, and shown by a site or a benchmark, or read by a fact, yet not licensed for it."""
    wanted = [symbol for site in instance.sites.values() for symbol in site.watch_list]
    wanted += instance.desk.benchmarks.values()
    hidden = []
    for symbol in dict.fromkeys(wanted):
        try:
            if view.bars(symbol).origin.licence != "public":
                hidden.append(symbol)
        except BroadtapeError:
            continue  # said above
    hidden += [series for series in view.series() if view.readings(series).origin.licence != "public"]
    if hidden:
        says = f"public, but {_count(len(hidden), 'series')} may not be republished: {_few(hidden)}"
        yield Finding(
            "warning", "licences", says, 'their figures are left out; license them or set licence = "public"'
        )


# --- archive, search, processes, disk -------------------------------------------------------------------------


def _archive(instance: Instance, catalogue: Catalogue) -> Iterator[Finding]:
    if not catalogue.generation:
        says = "nothing is published yet"
        yield Finding("warning", "archive", says, "run 'broadtape index' or 'broadtape serve'")
        return
    problems = catalogue.problems()
    for level in ("error", "warning"):
        paths = sorted({problem.path for problem in problems if problem.level == level})
        if paths:
            says = f"{_count(len(paths), 'file')} with {level}s: {_few(paths)}"
            yield Finding(level, "archive", says, "run 'broadtape check' for lines and remedies")
    revised = catalogue.with_revisions()
    if revised:
        says = f"{_count(len(revised), 'article')} whose data were revised since: {_few(revised)}"
        yield Finding("warning", "archive", says, "run 'broadtape corrections' for the drafted notes")
    held = [one.path for one in Archive.of(instance).scan()[0] if one.status == "held"]
    if held:
        inside = sorted(path.removeprefix(f"{instance.content}/") for path in held)
        says = f"{_count(len(held), 'article')} held, which no reader sees: {_few(inside)}"
        remedy = (
            "run 'broadtape verify FILE'; write it again with 'write --replace', or set status: published"
        )
        yield Finding("warning", "archive", says, remedy)
    shown = sum(catalogue.count(site) for site in instance.sites)
    yield Finding("ok", "archive", f"{_count(shown, 'article')} shown, generation {catalogue.generation}")


def _search(instance: Instance, catalogue: Catalogue) -> Iterator[Finding]:
    from broadtape.search import open_index, open_writer  # noqa: PLC0415 – loads the engine

    state = open_writer(instance.index, instance.search.engine).state()
    visible = catalogue.visible()
    if state != "sound":
        level: Level = "warning" if not visible else "error"
        yield Finding(level, "search", f"the index is {state}", "run 'broadtape index'")
        return
    index = open_index(instance.index)
    held = index.documents
    index.close()
    if held != visible:
        says = f"the index holds {held:,} articles, the catalogue shows {visible:,}"
        yield Finding("error", "search", says, "run 'broadtape index --rebuild'")
    else:
        yield Finding("ok", "search", f"the index holds all {_count(held, 'article')}")


def _rounds(instance: Instance) -> Iterator[Finding]:
    """What the last unattended round left; nothing where none was ever made."""
    record = load_record(instance)
    if record.last is None:
        return
    newest = f"newest edition {record.written}" if record.written else "no edition yet"
    says = f"last round {record.last:%Y-%m-%d %H:%M} UTC, {newest}"
    if record.problem:
        yield Finding(
            "warning", "rounds", f"{says}; {record.problem}", "correct the cause; the next round tries again"
        )
    else:
        yield Finding("ok", "rounds", says)


def _keeper(instance: Instance, alive: bool, now: datetime) -> Iterator[Finding]:
    beat = heartbeat.heartbeat(instance)
    if not alive:
        yield Finding("ok", "keeper", "not running: changes are published by 'serve' or 'index'")
    elif beat is None or beat.late(now):
        since = f"silent since {beat.beat:%Y-%m-%d %H:%M:%S} UTC" if beat else "silent"
        yield Finding(
            "error", "keeper", f"it runs and is {since}", "restart 'broadtape serve' and read its log"
        )
    elif beat.problem:
        yield Finding(
            "error", "keeper", f"its last publish failed: {beat.problem}", "correct the cause; it tries again"
        )
    else:
        yield Finding("ok", "keeper", f"process {beat.pid}, last publish took {beat.seconds:.2f} s")


def _proxy(instance: Instance, now: datetime) -> Iterator[Finding]:
    """A proxy that does not say for whom it asks: its readers are one visitor to every limit."""
    path = heartbeat.silent_proxy_path(instance)
    try:
        host, when = path.read_text("utf-8"), datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, UnicodeDecodeError):
        return
    if now - when > SILENT:
        return
    yield Finding(
        "warning",
        "visitors",
        f"a proxy asked for {host} without X-Forwarded-For ({when:%Y-%m-%d %H:%M} UTC): its readers count as one",
        "have it send the header; docs/operating.md, 'Behind nginx'",
    )


def _disk(instance: Instance) -> Iterator[Finding]:
    free = shutil.disk_usage(instance.root).free
    says = f"{free / 1e9:.1f} GB free"
    if free < LOW_SPACE:
        level: Level = "error" if free < NO_SPACE else "warning"
        yield Finding(level, "disk", says, "make room: var/cache may be deleted, var/state must not")
    else:
        yield Finding("ok", "disk", says)
    for folder in (instance.content, instance.root / "var"):
        if folder.exists() and not os.access(folder, os.W_OK):
            yield Finding(
                "error", "disk", f"{folder} cannot be written", "give the newsroom's user the right"
            )
