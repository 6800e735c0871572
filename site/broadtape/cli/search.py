"""`broadtape search`: the archive searched from the command line, as the site's search page does it."""

from __future__ import annotations

import html
import json
import re

import click

from broadtape.cli import Newsroom, pass_newsroom
from broadtape.search import FACETS, Query


@click.command("search")
@click.argument("query", nargs=-1, metavar="QUERY")
@click.option("--site", default="", metavar="SITE", help="Only what this site shows.")
@click.option(
    "--sort",
    type=click.Choice(["relevance", "date"]),
    default="relevance",
    show_default=True,
    help="The order.",
)
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="How many results.")
@click.option("--offset", type=click.IntRange(0, 10_000), default=0, help="How many results to skip.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_newsroom
def command(
    newsroom: Newsroom, query: tuple[str, ...], site: str, sort: str, limit: int, offset: int, as_json: bool
) -> None:
    """Search the archive.

    Words are all required; "…" is a phrase, rotat* a beginning, OR and NOT (or -) are understood, as are
    ticker: topic: author: site: and date:>2026-01-01. Exits 0 whether or not something was found.
    """
    from broadtape.cli import known
    from broadtape.model import BroadtapeError
    from broadtape.search import open_index

    instance = newsroom.instance()
    known("--site", site or None, instance.sites)
    index = open_index(instance.index)
    if not index.generation:
        raise BroadtapeError(f"{instance.index}: there is no search index yet; run broadtape index first")
    asked = Query(
        text=" ".join(query),
        site=site,
        sort="date" if sort == "date" else "relevance",
        limit=limit,
        offset=offset,
    )
    found = index.search(asked)
    index.close()
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
        return
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{found.total:,} result{'' if found.total == 1 else 's'}")
    for number, hit in enumerate(found.hits, offset + 1):
        click.echo(f"\n{number}. {click.style(hit.title, bold=True)}\n   {hit.date:%Y-%m-%d}  {hit.url}")
        if hit.snippet:
            click.echo(f"   {_plain(hit.snippet)}")
    if found.suggestion:
        click.echo(f"\nDid you mean: {found.suggestion}")
    shown = [
        f"{name}: " + ", ".join(f"{one.value} ({one.count:,})" for one in found.facets[name][:8])
        for name in FACETS
        if found.facets.get(name)
    ]
    if shown and found.total > 1:
        click.echo("\n" + "\n".join(shown))


def _plain(snippet: str) -> str:
    """The snippet for a terminal: what is marked stands out, entities are characters."""
    marked = re.sub(r"<mark>(.*?)</mark>", lambda m: click.style(m[1], underline=True), snippet)
    return html.unescape(marked)
