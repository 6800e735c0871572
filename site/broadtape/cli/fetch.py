"""`broadtape fetch`: collect what is due into the market store, and a table of what came of it.

Reads and stores nothing itself; broadtape.market.fetching does.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from broadtape.cli import Newsroom, pass_newsroom

if TYPE_CHECKING:
    from collections.abc import Sequence

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
@click.option("--dry-run", is_flag=True, help="Read and check, store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@pass_newsroom
def command(
    newsroom: Newsroom, sources: tuple[str, ...], since: datetime | None, dry_run: bool, as_json: bool
) -> None:
    """Collect what is due into the market store.

    Without names every enabled source of content/broadtape.toml is read. One that fails is reported, keeps
    what was stored of it before, and never stops the others; the exit code is then 1.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from broadtape.market.fetching import fetch, lacking_benchmarks

    instance = newsroom.instance()
    if not instance.sources:
        click.echo("broadtape: content/broadtape.toml names no sources; see docs/sources.md", err=True)
        raise SystemExit(1)
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("fetching", total=None)

        def told(name: str, place: int, total: int) -> None:
            bar.update(task, description=name, completed=place, total=total)

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
        empty = one.outcome in ("failed", "unchanged")
        cells = ["" if empty else f"{number:,}" for number in numbers]
        table.add_row(one.source, one.outcome, *cells, f"{one.seconds:.2f}")
    output.print(table)
    for one in results:
        for note in _notes(one):
            output.print(f"{one.source}: {note}", highlight=False, markup=False)


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
    }
