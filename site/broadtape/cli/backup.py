"""`broadtape backup`: all that cannot be made again, in one file. The work is broadtape.backup's."""

from __future__ import annotations

from pathlib import Path

import click

from broadtape.cli import Newsroom, pass_newsroom


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_newsroom
def command(newsroom: Newsroom, file: Path) -> None:
    """Write content/ and var/state into FILE (.tar.zst, .tar.gz or .tar), while the newsroom works.

    Databases are copied as they stand at one moment; fetching waits for the copy. var/cache is left out: it is made
    again. FILE may hold drafts and what your sources do not let you publish: keep it like them.
    """
    from rich.console import Console

    from broadtape import backup
    from broadtape.heartbeat import utc_now

    console = Console(stderr=True)
    with console.status("copying", spinner="line") as status:
        done = backup.save(newsroom.instance(), file.absolute(), now=utc_now(), progress=status.update)
    packed = done.path.stat().st_size
    click.echo(f"{file}: {done.files:,} files, {done.bytes / 1e6:,.1f} MB, packed {packed / 1e6:,.1f} MB")
