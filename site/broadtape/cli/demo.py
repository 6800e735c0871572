"""`broadtape demo`: a complete newsroom from the shipped sample data.

Says what is made and where; making it is broadtape.demo's work, serving it broadtape.serving's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from broadtape.demo import Newsroom


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port to listen on. Default: the first free one from 8000 on.",
)
@click.option("--no-serve", is_flag=True, help="Make the newsroom and stop.")
@click.option(
    "--dir",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to make it: a new or empty folder, or an earlier demo. Default: the user's cache folder.",
)
def command(port: int | None, folder: Path | None, *, no_serve: bool) -> None:
    """A complete newsroom from the sample data that ship with Broadtape: real prices of 1990 to 2022.

    Loads them, writes editions for two dozen sessions, proves, indexes and serves them on this machine only.
    It needs no key and no network. A second start finds the newsroom made and is instant.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    from broadtape import demo, serving

    if port and not no_serve:
        demo.need_port(port)
    chosen = port or demo.free_port()
    address = f"http://{demo.HOST}:{chosen}"
    where = folder or demo.default_folder()
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Looking for the demo newsroom", total=None)

        def show(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total)

        made = demo.prepare(where, address=address, progress=show)
    if folder is None:
        demo.forget_unused(where)
    click.echo(_summary(made, where))
    if no_serve:
        click.echo(f"Serve it with: broadtape -C {where} serve --port {chosen}")
        return

    def ready(_: list[tuple[str, str]]) -> None:
        click.echo(f"Open {address}/")
        for site in made.instance.sites.values():
            if site.url != address:
                click.echo(f"The same newsroom as another site, {site.name}: {site.url}/", err=True)
        click.echo("Press Ctrl+C to stop.", err=True)

    code = serving.supervise(
        made.instance,
        host=demo.HOST,
        port=chosen,
        workers=2,
        ready=ready,
        say=lambda line: click.echo(f"broadtape: {line}", err=True),
    )
    if code:
        raise SystemExit(code)


def _summary(made: Newsroom, where: Path) -> str:
    if not made.fresh:
        return f"Demo newsroom found in {where} ({made.seconds:.1f} s)."
    kept = sum(item.status == "held" for item in made.filed)
    held = f", {kept} held back by proof" if kept else ""
    return (
        f"Demo newsroom made in {where}: {len(made.filed)} articles from {made.sessions} sessions{held}, "
        f"{made.seconds:.0f} s."
    )
