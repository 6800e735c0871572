"""`broadtape corrections`: what revised data ask to be corrected, and filing it. The work is broadtape.corrections'."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from broadtape.cli import Newsroom, pass_newsroom

if TYPE_CHECKING:
    from broadtape.archive import Archive
    from broadtape.corrections import Task
    from broadtape.model import Article


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the queue as JSON.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the articles whose figures revised data changed, each with a drafted note.

    Prices and filings that a source restated make a figure wrong as of its own day; readings of a macro series stay
    right as first printed, and are listed where the agency has restated them since.

    An article leaves the list when a correction tells of the new values. Exits 1 while anything is due.
    """
    if ctx.invoked_subcommand is not None:
        return
    newsroom = ctx.find_object(Newsroom)
    assert newsroom is not None
    _, found = _queue(newsroom, None)
    if as_json:
        click.echo(json.dumps([task.to_json() for task in found], indent=2, ensure_ascii=False))
    for task in () if as_json else found:
        click.echo(f"{_place(newsroom, task.article)}: {task.article.title}")
        for change in task.changes:
            click.echo(f"  {change.about}: {change.was} then, {change.now} now  ({change.long_form})")
            for text in change.texts[:3]:
                click.echo(f"    line {text}")
        click.echo(f"  drafted: {task.note}")
    if not found:
        if not as_json:
            click.echo("no corrections are due")
        return
    click.echo(
        f"broadtape: {len(found)} due; file one with broadtape corrections apply PATH (its words: --note)",
        err=True,
    )
    raise SystemExit(1)


@command.command("apply")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--note", default="", metavar="TEXT", help="Your own words instead of the drafted note.")
@pass_newsroom
def apply(newsroom: Newsroom, paths: tuple[str, ...], note: str) -> None:
    """File the correction of an article (by path or id) in its front matter.

    The text stays as it is: the note tells what the data say now. The keeper publishes it, also on /corrections/.
    """
    from broadtape import corrections

    archive, found = _queue(newsroom, paths)
    if note and len(found) > 1:
        raise click.UsageError("--note is one article's; name one path")
    for task in found:
        saved = corrections.apply(archive, task, now=datetime.now(UTC), note=note)
        click.echo(f"{_place(newsroom, saved)}: corrected: {saved.corrections[-1].text}")
    if not found:
        click.echo("broadtape: nothing is due for it; see broadtape corrections", err=True)
        raise SystemExit(1)


def _queue(newsroom: Newsroom, paths: tuple[str, ...] | None) -> tuple[Archive, list[Task]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from broadtape import corrections
    from broadtape.archive import Archive
    from broadtape.market import MarketStore

    instance = newsroom.instance()
    archive = Archive.of(instance)
    if paths is None:
        chosen = archive.scan()[0]
    else:
        chosen = [corrections.find(archive, instance, path) for path in dict.fromkeys(paths)]
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        MarketStore.open(instance.store, readonly=True) as store,
        Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar,
    ):
        shown = bar.add_task("proving", total=len(chosen))

        def told(done: int, total: int) -> None:
            bar.update(shown, completed=done, total=total)

        # Of the session to come: what was read on a day off, or after this one's end, is known by then.
        coming = store.view(datetime.now(UTC).date() + timedelta(days=5))
        return archive, list(corrections.tasks(archive, store.view, chosen, told, today=coming))


def _place(newsroom: Newsroom, article: Article) -> str:
    return article.path.removeprefix(f"{newsroom.root}/")
