"""Cboe Global Markets: the daily history of its volatility indices, as CSV.

https://www.cboe.com/tradable_products/vix/vix_historical_data/
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from newswire.observations import Harvest, Instrument
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import day, number, refusal, rows_of
from newswire.sources._prices import Row, columns, table
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

NAMES = {"VIX": "Cboe Volatility Index"}
WANTED = {"date": "DATE", "open": "OPEN", "high": "HIGH", "low": "LOW", "close": "CLOSE"}


class CboeSettings(Settings, frozen=True, kw_only=True):
    """Which indices, by Cboe's own symbols."""

    indices: tuple[Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,10}\Z")], ...] = ("VIX",)


class Cboe(BaseSource):
    """Bars of INDEXCBOE:VIX and its siblings, in points."""

    about = About(
        name="cboe",
        title="Cboe Global Markets, index history",
        home="https://www.cboe.com/tradable_products/vix/vix_historical_data/",
        terms="https://www.cboe.com/legal/terms-conditions/",
        licence="private",
        attribution="Cboe Global Markets",
        every=timedelta(hours=12),
        hosts=("cdn.cboe.com",),
        rate=5.0,
        budget=20,
        default=True,
    )
    Options = CboeSettings
    options: CboeSettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request an index: the file holds its whole history."""
        base = "https://cdn.cboe.com/api/global/us_indices/daily_prices"
        return [
            Request(url=f"{base}/{one}_History.csv", accepts=("text/*", "application/*"), label=one)
            for one in self.options.indices
        ]

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The bars of the index that was asked for: the file does not name it."""
        (_, header), *rows = rows_of(snapshot)
        places = columns(header, WANTED, snapshot)
        index = snapshot.label or "VIX"
        found = []
        for line, cells in rows:
            if len(cells) != len(header):
                raise refusal(f"line {line} has {len(cells)} cells instead of {len(header)}", snapshot)
            prices = {
                name: number(cells[place], snapshot, line=line, column=name)
                for name, place in places.items()
                if name != "date" and cells[place]
            }
            when = day(cells[places["date"]], snapshot, line=line, column="date", forms=("us", "iso"))
            found.append(Row(when, line, prices.pop("close", None), **prices))
        symbol = f"INDEXCBOE:{index}"
        bars = table(symbol, found, snapshot, self.provenance(snapshot), adjustment="raw")
        # All of them each time: what a source's list leaves out counts as withdrawn.
        listed = dict.fromkeys((*self.options.indices, index))
        named = tuple(
            Instrument(f"INDEXCBOE:{one}", NAMES.get(one, f"Cboe {one}"), "index") for one in listed
        )
        return Harvest(
            snapshot.source,
            rows_read=len(rows),
            bars=(bars,),
            instruments=named,
            provenance=self.provenance(snapshot),
        )
