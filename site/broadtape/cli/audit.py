"""`broadtape audit`: what someone else's article claims, computed. The judging is broadtape.desk.audit's.

Reads the page and the store and prints; keeps nothing of the article.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from broadtape.cli import Newsroom, pass_newsroom

if TYPE_CHECKING:
    from datetime import date

    from rich.console import Console

    from broadtape.config import Instance
    from broadtape.desk.audit import Audit, Script

_COLOURS = {
    "contradicted": "bold red",
    "verified": "green",
    "unverifiable": "yellow",
    "forecast": "dim",
    "opinion": "dim",
}


@click.command()
@click.argument("place", metavar="FILE|URL")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Judge as of this day; default: the day the article says it was published.",
)
@click.option("--json", "as_json", is_flag=True, help="Print every claim as JSON.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "json"]),
    default="text",
    show_default=True,
    help="How to print it; markdown and html are for an editor's notes.",
)
@click.option(
    "--all", "everything", is_flag=True, help="Print forecasts and opinions too, which are not judged."
)
@pass_newsroom
def command(
    newsroom: Newsroom, place: str, as_of: datetime | None, as_json: bool, form: str, everything: bool
) -> None:
    """Check someone else's market article against the store.

    FILE is a page saved as HTML, a text or a Markdown file, or - for standard input. Each claim is computed as of the
    article's day and called verified, contradicted (with the computed value), unverifiable (with what is missing),
    forecast or opinion. The exit code is 1 when something is contradicted.
    """
    from rich.console import Console

    from broadtape.desk.audit import as_json as document
    from broadtape.desk.audit import audit
    from broadtape.desk.audit.reports import as_html, as_markdown
    from broadtape.market import MarketStore
    from broadtape.model import BadParameter

    instance = newsroom.instance()
    store = MarketStore.open(instance.store, readonly=True)
    errors = Console(stderr=True)
    with errors.status(f"reading {place}"):
        script = _script(instance, place, as_of.date() if as_of else None)
    try:
        with errors.status("judging"):
            found = audit(script, store.view)
    except BadParameter as error:
        raise click.UsageError(str(error)) from error
    if form == "markdown":
        click.echo(as_markdown(found), nl=False)
    elif form == "html":
        click.echo(as_html(found), nl=False)
    elif as_json or form == "json":
        click.echo(json.dumps(document(found), indent=2, ensure_ascii=False))
    else:
        _print(Console(highlight=False, soft_wrap=True), found, everything=everything)
    if found.contradicted:
        raise SystemExit(1)


def _script(instance: Instance, place: str, dated: date | None) -> Script:
    """The article, as a page where it is one and as plain sentences where it is too short for one."""
    from broadtape.desk.audit.scripts import from_page, from_text
    from broadtape.extraction import NotAnArticle, extract, form_of
    from broadtape.extraction.loading import load_page

    page = load_page(place, instance)
    try:
        found = extract(page, now=datetime.now(UTC))
    except NotAnArticle:
        if form_of(page) == "html" or "://" in place:
            raise
        return from_text(page.body.decode("utf-8", "replace"), path=place, dated=dated)
    return from_page(found, path=place, zone=instance.time_zone, dated=dated)


def _print(console: Console, found: Audit, *, everything: bool) -> None:
    """The findings by verdict, what is contradicted first."""
    from rich.text import Text

    from broadtape.desk.audit.reports import HEADINGS, grouped, summary

    console.print(Text.assemble((found.path, "bold"), f", judged as of {found.dated} ({found.why})"))
    for notice in found.notices:
        console.print(Text(f"Note: {notice}", style="yellow"))
    for verdict, findings in grouped(found):
        if verdict in {"forecast", "opinion"} and not everything:
            continue
        console.print()
        console.print(Text(f"{HEADINGS[verdict]} ({len(findings)})", style=_COLOURS[verdict]))
        for one in findings:
            where = f"line {one.line}: " if one.line else ""
            voice = " [in quotation marks]" if one.voice == "quoted" else ""
            console.print(Text(f"  {where}“{one.text}”{voice}"))
            console.print(Text(f"    {one.reason}", style="dim"))
            if one.nearest:
                console.print(Text(f"    {one.nearest}", style="cyan"))
    console.print()
    console.print(Text(summary(found), style="bold"))
