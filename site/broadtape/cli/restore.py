"""`broadtape restore`: an instance from a backup. The work is broadtape.backup's."""

from __future__ import annotations

from pathlib import Path

import click

from broadtape.cli import Newsroom, pass_newsroom


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--replace", is_flag=True, help="Put what the folder holds aside, as content.before1 and so on."
)
@pass_newsroom
def command(newsroom: Newsroom, file: Path, folder: Path | None, *, replace: bool) -> None:
    """Unpack the backup FILE into DIR (default: the instance that -C names).

    Every file is checked against the backup's own list before the first takes its place. A folder that holds an
    instance is refused unless --replace is given; then the old one stays beside it. Nothing is ever deleted.
    """
    from rich.console import Console

    from broadtape import backup

    target = folder if folder is not None else newsroom.folder
    if target is None:
        raise click.UsageError("say where to: broadtape restore FILE DIR")
    console = Console(stderr=True)
    with console.status("unpacking", spinner="line") as status:
        done = backup.restore(file, target.absolute(), replace=replace, progress=status.update)
    click.echo(
        f"{target}: {done.files:,} files of {done.taken:%Y-%m-%d %H:%M} UTC, {done.bytes / 1e6:,.1f} MB"
    )
    click.echo(f"Start it with: broadtape -C {target} serve", err=True)
