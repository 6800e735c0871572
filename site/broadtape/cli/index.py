"""`broadtape index`: catalogue and search index brought up to date with content/. The work is publishing's."""

from __future__ import annotations

from pathlib import Path

import click

from broadtape.cli import Newsroom, pass_newsroom

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
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from broadtape.publishing import publish
    from broadtape.publishing.cards import Cards
    from broadtape.search import open_index, open_writer

    instance = newsroom.instance()
    writer = open_writer(instance.index, instance.search.engine)
    before = writer.state()
    if rebuild and before != "missing":
        writer.condemn()
    elif before in ("damaged", "outdated"):
        click.echo(f"broadtape: the search index is {before}; it is made anew", err=True)
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("reading", total=None)

        def told(step: str, done: int, total: int) -> None:
            bar.update(task, description=_STEPS.get(step, step), completed=done, total=total)

        published = publish(instance, None, told)
        if cards:
            bar.update(task, description="drawing cards", completed=0, total=None)
            Cards(instance).work()
    index = open_index(instance.index)
    said = ", ".join(f"{count:,} {name}" for name, count in published.counts.items() if count)
    click.echo(f"articles: {said or 'none'}")
    click.echo(f"search index: {index.documents:,} documents, generation {index.generation}")
    click.echo(f"took {published.seconds:.1f} s")
    index.close()
    for problem in published.problems:
        place = f"{_shown(problem.path, instance.root)}{f':{problem.line}' if problem.line else ''}"
        click.echo(f"{place}: {problem.level}: {problem.cause}. {problem.remedy}", err=True)
    state = writer.state()
    if state != "sound":
        click.echo(
            f"broadtape: the search index is {state}: another process may be writing to it; run this again",
            err=True,
        )
        raise SystemExit(1)


def _shown(path: str, root: Path) -> str:
    try:
        return str(Path(path).relative_to(root))
    except ValueError:
        return path
