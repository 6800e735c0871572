"""`broadtape write`: one edition, written, proved and filed. The work is broadtape.edition's."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from broadtape.cli import Newsroom, pass_newsroom


@click.command()
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The session to write about; default: the newest in the store.",
)
@click.option("--story", metavar="KIND", help="Only this kind of story, such as rotation, record or wrap.")
@click.option("--site", metavar="SITE", help="File it for one site; default: all.")
@click.option("--draft", is_flag=True, help="File it as a draft: not shown until an editor publishes it.")
@click.option(
    "--replace",
    is_flag=True,
    help="Write over an article of the same story that was changed since; it keeps its address.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_newsroom
def command(
    newsroom: Newsroom,
    on: datetime | None,
    story: str | None,
    site: str | None,
    draft: bool,
    replace: bool,
    as_json: bool,
) -> None:
    """Write, prove and file the edition of a session, from what was known at its end.

    An article that does not pass its proof is filed as held, and the command exits 1 naming the lines.
    """
    from rich.console import Console

    from broadtape import edition
    from broadtape.cli import known
    from broadtape.desk import stories
    from broadtape.market import MarketStore

    instance = newsroom.instance()
    known("--site", site, instance.sites)
    known("--story", story, stories.kinds())
    store = MarketStore.open(instance.store, readonly=True)
    day = on.date() if on else store.last_session()
    console = Console(stderr=True)
    with console.status(f"{day}: reading the store") as status:
        filed = edition.write(
            instance, store, day, story=story, site=site, draft=draft, replace=replace, now=datetime.now(UTC),
            progress=status.update,
        )  # fmt: skip
    root = instance.root
    if as_json:
        rows = [
            {
                "story": item.story, "title": item.title, "status": item.status, "words": item.words,
                "path": str(item.path.relative_to(root)) if item.path else None, "claims": dict(item.claims),
            }
            for item in filed
        ]  # fmt: skip
        click.echo(json.dumps({"on": str(day), "articles": rows}, indent=2, ensure_ascii=False))
    else:
        for item in filed:
            where = item.path.relative_to(root) if item.path else "–"
            proven = ", ".join(f"{number} {status}" for status, number in item.claims.items() if number)
            click.echo(
                f"{item.status:<10} {item.story:<9} {item.words:>5} words  {item.title}\n{'':<10} {where}  ({proven})"
            )
    held = [item for item in filed if item.status == "held"]
    for item in held:
        for claim in item.failing:
            click.echo(f"{item.path}:{claim.line}: {claim.status}: {claim.text!r}: {claim.reason}", err=True)
        for source in item.close:
            click.echo(f"{item.path}: too close to a source: {source}", err=True)
        for conflict in item.conflicts:
            click.echo(f"{item.path}: conflict: {conflict}", err=True)
    if held:
        click.echo(
            f"broadtape: {len(held)} held; correct the text or the data, then broadtape verify", err=True
        )
        raise SystemExit(1)
