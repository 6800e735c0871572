"""When a site's pages age by themselves: the moment its next scheduled article becomes visible.

Reads one row of the catalogue without what the catalogue's records are made of: a reader that starts needs no more
to answer from printed pages.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path


def next_change(catalogue: Path, site: str, now: datetime) -> datetime | None:
    """As Catalogue.next_change: UTC; None where nothing is to come, or no catalogue can be read."""
    try:
        with closing(sqlite3.connect(f"{catalogue.absolute().as_uri()}?mode=ro", uri=True)) as db:
            (found,) = db.execute(
                "SELECT min(at) FROM listing WHERE site = ? AND kind = '' AND key = '' AND at > ?",
                (site, int(now.timestamp() * 1_000_000)),
            ).fetchone()
    except sqlite3.DatabaseError:
        return None
    return None if found is None else datetime.fromtimestamp(found / 1_000_000, UTC)
