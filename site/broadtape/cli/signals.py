"""`broadtape signals`: what the desk found on a session, ranked, with the components of each score."""

from __future__ import annotations

import json
import textwrap
from datetime import datetime

import click

from broadtape.cli import Newsroom, pass_newsroom

WIDTH = 100  # columns of the list


@click.command()
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The session; default: the newest in the store.",
)
@click.option(
    "--most", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many to print."
)
@click.option("--json", "as_json", is_flag=True, help="Print all of them as JSON, with every component.")
@pass_newsroom
def command(newsroom: Newsroom, on: datetime | None, most: int, as_json: bool) -> None:
    """List a session's signals by newsworthiness.

    The score is breadth × local × (rarity + size) × recency × (1 − told). Rarity is −log2 of the share of the series'
    own past sessions on which at least as much happened; size is in its own 60-session volatility. "why" says so in
    words; docs/newsworthiness.md explains each component.
    """
    from broadtape import edition
    from broadtape.archive import Archive
    from broadtape.market import MarketStore

    instance = newsroom.instance()
    store = MarketStore.open(instance.store, readonly=True)
    day = on.date() if on else store.last_session()
    view = edition.view_on(store, day)
    ranked = edition.ranked_signals(instance, view, Archive.of(instance))
    held = edition.held_figures(instance, view)
    if as_json:
        rows = [
            {
                "kind": item.signal.kind, "subject": item.signal.subject, "object": item.signal.object or None,
                "statement": item.signal.statement, "fact": item.signal.fact.key.address, "id": item.signal.fact.id,
                "score": round(item.score.total, 3),
                "components": {
                    "rarity": round(item.score.rarity, 3), "share": round(item.signal.rarity, 6),
                    "size": round(item.score.size, 3), "breadth": round(item.score.breadth, 4),
                    "local": item.score.local, "recency": item.score.recency, "told": item.score.told,
                },
                "why": item.score.why,
            }
            for item in ranked
        ]  # fmt: skip
        click.echo(json.dumps({"on": str(day), "signals": rows, "held": held}, indent=2, ensure_ascii=False))
        return
    for reason in held:
        click.echo(reason, err=True)
    if not ranked:
        click.echo(f"{day}: nothing out of the ordinary")
        return
    click.echo(f"Signals of {day}\n")
    click.echo("score  what, and why it counts")
    for item in ranked[:most]:
        score = item.score
        parts = (
            ("rarity", score.rarity), ("size", score.size), ("breadth", score.breadth),
            ("local", score.local), ("told", score.told),
        )  # fmt: skip
        components = ", ".join(f"{name} {number:.2f}" for name, number in parts)
        for line in (
            f"{score.total:5.2f}  {item.signal.statement}",
            f"       {item.signal.kind}: {score.why}",
        ):
            click.echo(textwrap.fill(line, WIDTH, subsequent_indent=" " * 7, break_on_hyphens=False))
        click.echo(f"       {components}")
    if len(ranked) > most:
        click.echo(f"\n{len(ranked) - most} more: --most {len(ranked)}")
