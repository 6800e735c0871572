"""`broadtape serve`: the sites, in production form.

Says what runs and where; running it is serving's business.
"""

from __future__ import annotations

import click

from broadtape.cli import Newsroom, pass_newsroom


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
    from broadtape import serving

    instance = newsroom.instance()

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
        keeper=not no_keeper,
    )
