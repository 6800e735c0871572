"""`broadtape fetch`: collect what is due into the market store, and a table of what came of it.

Reads and stores nothing itself; broadtape.market.fetching does.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from broadtape.cli import Newsroom, pass_newsroom

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from broadtape.config import Instance
    from broadtape.market.fetching import Fetched

_SHOWN = 8  # symbols or notes listed per source; --json lists all


@click.command("fetch")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Take in only what is dated on or after this day.",
)
@click.option(
    "--dry-run", is_flag=True, help="Read files and check, say which addresses are due; store nothing."
)
@click.option("--replay", is_flag=True, help="Make the market store anew from the kept snapshots, offline.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@pass_newsroom
def command(
    newsroom: Newsroom,
    sources: tuple[str, ...],
    since: datetime | None,
    dry_run: bool,
    replay: bool,
    as_json: bool,
) -> None:
    """Collect what is due into the market store.

    Without names every enabled source of content/broadtape.toml is read: files that changed, and what is due on the
    web. A source that is named is asked whether it is due or not. One that fails is reported, keeps what was stored
    of it before, and never stops the others; the exit code is then 1. Every body is kept as it came; --replay makes
    the store from those alone.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from broadtape.market.fetching import fetch, lacking_benchmarks

    instance = newsroom.instance()
    if replay and (sources or since or dry_run):
        raise click.UsageError(
            "--replay takes everything that is kept; leave out names, --since and --dry-run"
        )
    if not instance.sources and not instance.web_sources:
        click.echo("broadtape: content/broadtape.toml names no sources; see docs/sources.md", err=True)
        raise SystemExit(1)
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("fetching", total=None)

        def told(name: str, place: int, total: int) -> None:
            bar.update(task, description=name, completed=place, total=total)

        if replay:
            _replay(instance, told, as_json=as_json)
            return
        results = fetch(
            instance, sources, since=since.date() if since else None, dry_run=dry_run, progress=told
        )
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in results], ensure_ascii=False, indent=2))
    else:
        _print_table(results)
        for note in () if dry_run else lacking_benchmarks(instance):
            click.echo(f"content/broadtape.toml: {note}")
    failed = [one for one in results if one.outcome == "failed"]
    for one in failed:
        click.echo(f"broadtape: {one.source} failed: {one.message}", err=True)
    if failed:
        raise SystemExit(1)


def _replay(instance: Instance, told: Callable[[str, int, int], None], *, as_json: bool) -> None:
    from broadtape.market.fetching import replay

    done = replay(instance, progress=told)
    if as_json:
        click.echo(json.dumps(asdict(done), ensure_ascii=False, indent=2))
    else:
        click.echo(f"{done.stored:,} of {done.snapshots:,} snapshots are in the new store.")
        if done.same is not None:
            click.echo(
                "It holds exactly what the one before held."
                if done.same
                else "It differs from the one before."
            )
        click.echo("A server that runs must be started again to see it.", err=True)
    for problem in done.problems:
        click.echo(f"broadtape: passed over: {problem}", err=True)
    if done.problems:
        raise SystemExit(1)


def _print_table(results: Sequence[Fetched]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    output = Console()
    if not output.is_terminal:
        output = Console(width=140)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("source", overflow="fold")
    table.add_column("result")
    for name in ("read", "stored", "new", "revised", "skipped", "unresolved", "seconds"):
        table.add_column(name, justify="right")
    web = any(one.next_due for one in results)
    for name in ("age", "next due") if web else ():
        table.add_column(name, justify="right")
    now = datetime.now(UTC)
    for one in results:
        counts = one.counts
        numbers = (
            counts.rows_read,
            counts.stored,
            counts.fresh,
            counts.revised + counts.withdrawn,
            sum(counts.skipped.values()),
            len(counts.unresolved),
        )
        full = one.outcome in ("stored", "parsed") or counts.rows_read
        cells = [f"{number:,}" if full else "" for number in numbers]
        when = [_span(now - one.last) if one.last else "", _due(one, now)] if web else []
        table.add_row(one.source, one.outcome, *cells, f"{one.seconds:.2f}", *when)
    output.print(table)
    for one in results:
        for note in _notes(one):
            output.print(f"{one.source}: {note}", highlight=False, markup=False)


def _due(one: Fetched, now: datetime) -> str:
    if one.next_due is None:
        return ""
    return f"in {_span(one.next_due - now)}" if one.next_due > now else "now"


def _span(length: timedelta) -> str:
    """A length of time in its largest unit."""
    seconds = max(0, round(length.total_seconds()))
    for name, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def _notes(one: Fetched) -> list[str]:
    """What an operator should know of a source, a line each."""
    notes = []
    if one.outcome in ("stored", "parsed") and not one.counts.rows_read:
        notes.append("the table has a header and no rows; what was stored of it stays")
    if one.counts.skipped:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(one.counts.skipped.items()))
        notes.append(f"skipped {reasons}")
    if one.counts.unresolved:
        notes.append(f"no loaded instrument for {_some(one.counts.unresolved)}")
    notes += [f"would ask {address}" for address in one.addresses[:_SHOWN]]
    if len(one.addresses) > _SHOWN:
        notes.append(f"and {len(one.addresses) - _SHOWN} more addresses (--json lists them)")
    if one.outcome == "resting":
        notes.append(one.message)
    if one.ambiguous:
        notes.append(f"taken for the primary listing: {_some(one.ambiguous, '; ')}")
    if one.disagreements:
        notes += [f"kept apart from an earlier source: {text}" for text in one.disagreements[:_SHOWN]]
        if len(one.disagreements) > _SHOWN:
            notes.append(f"and {len(one.disagreements) - _SHOWN} more kept apart (--json lists them)")
    return notes


def _some(items: Sequence[str], joint: str = ", ") -> str:
    more = len(items) - _SHOWN
    return joint.join(items[:_SHOWN]) + (f" and {more} more (--json lists them)" if more > 0 else "")


def _as_json(one: Fetched) -> dict[str, Any]:
    counts = one.counts
    return {
        "source": one.source,
        "outcome": one.outcome,
        "seconds": round(one.seconds, 3),
        "rows_read": counts.rows_read,
        "stored": counts.stored,
        "new": counts.fresh,
        "revised": counts.revised,
        "withdrawn": counts.withdrawn,
        "skipped": dict(counts.skipped),
        "unresolved": list(counts.unresolved),
        "ambiguous": list(one.ambiguous),
        "disagreements": list(one.disagreements),
        "message": one.message,
        "addresses": list(one.addresses),
        "last": one.last.isoformat() if one.last else None,
        "next_due": one.next_due.isoformat() if one.next_due else None,
    }
