"""`broadtape index`: catalogue and search index brought up to date with content/. The work is publishing's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broadtape.cli import Newsroom, pass_newsroom

if TYPE_CHECKING:
    from broadtape.config import Instance
    from broadtape.publishing import Progress

_STEPS = {"index": "indexing"}  # publishing's other steps read as they are called


@click.command("index")
@click.option("--rebuild", is_flag=True, help="Make the search index anew; the old one answers meanwhile.")
@click.option(
    "--cards",
    is_flag=True,
    help="Make every missing picture for sharing, too.",
)
@pass_newsroom
def command(newsroom: Newsroom, rebuild: bool, cards: bool) -> None:
    """Bring the catalogue and the search index up to date with content/.

    Only what changed is looked at. Exits 1 when the search index could not be brought up to date.
    """
    from broadtape.publishing import publish
    from broadtape.search import mark

    instance = newsroom.instance()
    sound = mark.whole(instance.index, instance.search.engine) is not None  # asked without loading the engine
    if rebuild or not sound:
        _prepare(instance, rebuild=rebuild)
    with _told() as told:
        published = publish(instance, None, told)
        if cards:
            from broadtape.publishing.cards import Cards

            told("drawing cards", 0, 0)
            Cards(instance).work()
    index = mark.read(instance.index)
    said = ", ".join(f"{count:,} {name}" for name, count in published.counts.items() if count)
    click.echo(f"articles: {said or 'none'}")
    click.echo(
        f"search index: {index.documents if index else 0:,} documents, generation {index.generation if index else 0}"
    )
    click.echo(f"took {published.seconds:.1f} s")
    for problem in published.problems:
        place = f"{_shown(problem.path, instance.root)}{f':{problem.line}' if problem.line else ''}"
        click.echo(f"{place}: {problem.level}: {problem.cause}. {problem.remedy}", err=True)
    if mark.whole(instance.index, instance.search.engine) is None:
        from broadtape.search import open_writer

        state = open_writer(instance.index, instance.search.engine).state()
        click.echo(
            f"broadtape: the search index is {state}: another process may be writing to it; run this again",
            err=True,
        )
        raise SystemExit(1)


def _prepare(instance: Instance, *, rebuild: bool) -> None:
    """Have the index made anew where that is asked for, and say so where it has to be."""
    from broadtape.search import open_writer

    writer = open_writer(instance.index, instance.search.engine)
    state = writer.state()
    if rebuild and state != "missing":
        writer.condemn()
    elif state in ("damaged", "outdated"):
        click.echo(f"broadtape: the search index is {state}; it is made anew", err=True)


@contextmanager
def _told() -> Iterator[Progress]:
    """A bar on a terminal, loaded only where there is one."""
    if not sys.stderr.isatty():
        yield lambda _step, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def told(step: str, done: int, total: int) -> None:
            bar.update(task, description=_STEPS.get(step, step), completed=done, total=total or None)

        yield told


def _shown(path: str, root: Path) -> str:
    try:
        return str(Path(path).relative_to(root))
    except ValueError:
        return path
