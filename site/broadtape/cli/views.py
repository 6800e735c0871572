"""`broadtape views`: how often stories were opened, by hour, site and address, as CSV.

Counts nothing: the readers do, and say so in broadtape.views.
"""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime

import click

from broadtape.cli import Newsroom, pass_newsroom


@click.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="The first day (UTC) to count.")
@click.option("--site", default="", help="Of one site only.")
@pass_newsroom
def command(newsroom: Newsroom, since: datetime | None, site: str) -> None:
    """Print hour (UTC), site, address and views of every story that somebody opened, as CSV.

    Views are counted without cookies; no address of a reader is kept, and robots are left out.
    """
    from broadtape import views

    instance = newsroom.instance()
    if site and site not in instance.sites:
        known = ", ".join(instance.sites) or "none"
        raise click.UsageError(f"--site: no such site: {site}; sites here: {known}")
    out = csv.writer(sys.stdout)
    out.writerow(("hour", "site", "path", "views"))
    for one in views.table(instance, since=since.replace(tzinfo=UTC) if since else None, site=site):
        out.writerow((one.hour, one.site, one.path, one.views))
