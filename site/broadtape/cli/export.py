"""`broadtape export`: the sites as files for any web server or CDN. The work is exporting's."""

from __future__ import annotations

from pathlib import Path

import click

from broadtape.cli import Newsroom, pass_newsroom

_STEPS = {"publish": "publishing", "print": "printing", "write": "writing"}


@click.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--site", "sites", multiple=True, metavar="SITE", help="Only this site; may be given again.")
@click.option(
    "--private", is_flag=True, help="Export a private preview too: keep it from the public yourself."
)
@pass_newsroom
def command(newsroom: Newsroom, folder: Path, sites: tuple[str, ...], *, private: bool) -> None:
    """Write all public pages to DIR, a folder for each site, with .gz and .br forms beside them.

    The bytes are those that serve answers with. Only what changed since the last export is written, what is no
    more is removed, and DIR/_nginx has maps of what moved and what was withdrawn (docs/operating.md). Exits 1 when
    a page could not be rendered.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from broadtape.cli import known
    from broadtape.exporting import export
    from broadtape.publishing import publish

    instance = newsroom.instance()
    for site in sites:
        known("--site", site, instance.sites)
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("reading", total=None)

        def told(step: str, done: int, total: int) -> None:
            bar.update(task, description=_STEPS.get(step, step), completed=done, total=total)

        publish(instance, None, told, search=False)  # files hold no search; serve and index tell it
        done = export(instance, folder, sites=sites, private=private, progress=told)
    click.echo(
        f"{done.pages:,} pages: {done.written:,} files written, {done.kept:,} unchanged, {done.removed:,} removed;"
        f" {done.moved:,} redirects, {done.gone:,} withdrawn"
    )
    for address in done.failed:
        click.echo(
            f"broadtape: {address}: could not be rendered; see the log, or run broadtape doctor", err=True
        )
    if done.failed:
        raise SystemExit(1)
