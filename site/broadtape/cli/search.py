"""`broadtape search`: the archive searched from the command line, as the site's search page does it."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

import click

from broadtape.cli import Newsroom, pass_newsroom
from broadtape.search import FACETS, Query

if TYPE_CHECKING:
    from broadtape.config import Instance
    from broadtape.search.language import Parsed


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
    ticker: topic: author: site: date:>2026-01-01 since:2020 and until:2024. With fact: published facts are found
    instead, with value, article and proof: fact:streak>=7 ticker:IWM since:2020. Exits 0 whether or not something
    was found.
    """
    from broadtape.cli import known
    from broadtape.model import BroadtapeError
    from broadtape.search import language, open_index

    instance = newsroom.instance()
    known("--site", site or None, instance.sites)
    parsed = language.parse(" ".join(query))
    if parsed.facts is not None:
        _facts(instance, parsed, site or instance.default_site, limit, offset, as_json=as_json)
        return
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


def _facts(instance: Instance, parsed: Parsed, site: str, limit: int, offset: int, *, as_json: bool) -> None:
    from broadtape.archive.catalogue import Catalogue
    from broadtape.config import may_show
    from broadtape.model import BroadtapeError

    catalogue = Catalogue(instance.catalogue)
    if not catalogue.generation:
        raise BroadtapeError(f"{instance.catalogue}: nothing is published yet; run broadtape index first")
    assert parsed.facts is not None
    public = not may_show(instance.audience, "private")
    found = catalogue.find_facts(site, parsed.facts, public=public, limit=limit, offset=offset)
    catalogue.close()
    if as_json:
        shown = {
            "query": parsed.text, "total": found.total, "results": [], "facets": {}, "suggestion": "",
            "facts": [one.to_json() for one in found.facts],
        }  # fmt: skip
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    for note in parsed.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{found.total:,} published fact{'' if found.total == 1 else 's'}")
    for number, one in enumerate(found.facts, offset + 1):
        said = f" “{one.said}”" if one.said else ""
        click.echo(f"\n{number}. {click.style(one.printed, bold=True)}{said}")
        click.echo(f"   {one.long_form}  as of {one.as_of}  {one.status}")
        click.echo(f"   {one.article}  {one.published:%Y-%m-%d}  {one.proof}")


def _plain(snippet: str) -> str:
    """The snippet for a terminal: what is marked stands out, entities are characters."""
    marked = re.sub(r"<mark>(.*?)</mark>", lambda m: click.style(m[1], underline=True), snippet)
    return html.unescape(marked)
