"""`broadtape doctor`: what is stale, missing or inconsistent. The examination is broadtape.doctor's."""

from __future__ import annotations

import json

import click

from broadtape.cli import Newsroom, pass_newsroom

_SIGNS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "error": ("ERROR", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@pass_newsroom
def command(newsroom: Newsroom, *, as_json: bool) -> None:
    """Say what is stale, missing or inconsistent in the instance, and what to do about it.

    Looks at settings, sources, market store, articles, search index, licences, keeper and disk. Exits 1 when
    something is wrong, 0 on warnings alone.
    """
    from broadtape import doctor

    findings = doctor.examine(newsroom.instance())
    level = doctor.worst(findings)
    if as_json:
        click.echo(json.dumps({"status": level, "findings": [one.to_json() for one in findings]}, indent=2))
    else:
        for one in findings:
            sign, colour = _SIGNS[one.level]
            click.echo(f"{click.style(f'{sign:<8}', fg=colour)}{one.subject}: {one.says}")
            if one.remedy:
                click.echo(f"{'':<8}  → {one.remedy}")
    if level == "error":
        raise SystemExit(1)
