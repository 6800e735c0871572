"""`broadtape run`: the newsroom unattended.

Says what runs and where; the rounds are broadtape.rounds', the processes serving's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from broadtape.cli import Newsroom, pass_newsroom
from broadtape.cli.serve import supervise

if TYPE_CHECKING:
    from broadtape.rounds import Round


@click.command()
@click.option(
    "--host", help="Address to listen on. Default: 127.0.0.1, or every address for a public instance."
)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on."
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Reader processes.")
@click.option("--once", is_flag=True, help="Make one round of fetching and writing, serve nothing, and end.")
@pass_newsroom
def command(newsroom: Newsroom, host: str | None, port: int, workers: int, *, once: bool) -> None:
    """Fetch what is due, write each session's edition, publish and serve, until stopped.

    Sources are asked when they are due; a session is written once it is over and each benchmark has its bar. The
    [run] table of content/broadtape.toml says how often and whether editions are filed as drafts. With --once the
    exit code is 1 if a source failed or an article was held.
    """
    instance = newsroom.instance()
    if once:
        from broadtape import rounds

        _tell(rounds.once(instance))
        return
    supervise(instance, host, port, workers, rounds=True)


def _tell(done: Round) -> None:
    stored = sum(one.outcome == "stored" for one in done.fetched)
    click.echo(
        f"{len(done.fetched)} source{'s' if len(done.fetched) != 1 else ''} looked at, {stored} with something new."
    )
    for day, filed in done.editions:
        for one in filed:
            click.echo(f"{day}: {one.status}: {one.title}")
        if not filed:
            click.echo(f"{day}: nothing to write")
    if not done.editions:
        click.echo(f"No edition is due{f': {done.waiting}' if done.waiting else ''}.")
    for line in done.problems:
        click.echo(f"broadtape: {line}", err=True)
    if done.problems:
        raise SystemExit(1)
