"""`broadtape serve`: the sites, in production form.

Says what runs and where; running it is serving's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from broadtape.cli import Newsroom, pass_newsroom

if TYPE_CHECKING:
    from broadtape.config import Instance


@click.command()
@click.option(
    "--host", help="Address to listen on. Default: 127.0.0.1, or every address for a public instance."
)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on."
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Reader processes.")
@click.option(
    "--no-keeper", is_flag=True, help="Only answer readers: another process publishes this instance."
)
@pass_newsroom
def command(newsroom: Newsroom, host: str | None, port: int, workers: int, *, no_keeper: bool) -> None:
    """Serve the sites of the instance and follow changes in content/.

    One keeper publishes what is saved; the readers answer from what it published. Behind nginx or Caddy for
    TLS: see docs/operating.md.
    """
    supervise(newsroom.instance(), host, port, workers, keeper=not no_keeper)


def supervise(
    instance: Instance,
    host: str | None,
    port: int,
    workers: int,
    *,
    keeper: bool = True,
    rounds: bool = False,
) -> None:
    """Run the processes until stopped, and say where the sites are."""
    from broadtape import serving

    def ready(found: list[tuple[str, str]]) -> None:
        for name, address in found:
            click.echo(f"{name}: {address}")
        click.echo("Press Ctrl+C to stop.", err=True)

    serving.supervise(
        instance,
        host=host or serving.default_host(instance),
        port=port,
        workers=workers,
        ready=ready,
        say=lambda line: click.echo(f"broadtape: {line}", err=True),
        keeper=keeper,
        rounds=rounds,
    )
