"""Twelve Data: split-adjusted daily bars as JSON, with a key. Errors come with status 200 as well.

https://twelvedata.com/docs#time-series
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from newswire.errors import Refused
from newswire.observations import Harvest
from newswire.sources._bodies import day, json_of, listing, mapping, number, refusal
from newswire.sources._prices import PriceSettings, PriceSource, Row, table
from newswire.wire import About, Request, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot


class TwelveData(PriceSource):
    """Bars of one symbol a request."""

    about = About(
        name="twelvedata",
        title="Twelve Data",
        home="https://twelvedata.com/",
        terms="https://twelvedata.com/terms",
        licence="private",
        attribution="Twelve Data",
        every=timedelta(hours=12),
        hosts=("api.twelvedata.com",),
        rate=8.0,
        budget=750,
        key="TWELVEDATA_KEY",
    )
    Options = PriceSettings

    def spelt(self, symbol: str) -> str:
        """Class marks are dots."""
        return symbol.partition(":")[2].replace("-", ".").replace("/", ".")

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request a symbol: as many sessions as there are at first, thirty later."""
        found = []
        for symbol in self.options.symbols:
            size = 30 if symbol in last else 5000
            query = urlencode({"symbol": self.spelt(symbol), "interval": "1day", "outputsize": size})
            found.append(
                Request(
                    url=f"https://api.twelvedata.com/time_series?{query}",
                    accepts=("application/json",),
                    secret=Secret("query", "apikey"),
                    label=symbol,
                )
            )
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The bars of the symbol that was asked for."""
        answer = mapping(json_of(snapshot), snapshot, "the answer")
        if answer.get("status") != "ok":
            said = answer.get("message") or answer.get("status")
            raise Refused(f"says: {said}"[:200], source=snapshot.source, path=snapshot.url)
        meta = mapping(answer.get("meta"), snapshot, "meta")
        symbol = self.asked(snapshot)
        if str(meta.get("symbol")).upper() != self.spelt(symbol).upper():
            raise refusal(f"is about {meta.get('symbol')} instead of {self.spelt(symbol)}", snapshot)
        if meta.get("interval") not in (None, "1day"):
            raise refusal(f"has bars of {meta.get('interval')} instead of a day", snapshot)
        rows = []
        values = listing(answer.get("values"), snapshot, "values")
        for line, one in enumerate(values, 1):
            held = mapping(one, snapshot, f"bar {line}")
            prices = {
                name: number(held[name], snapshot, line=line, column=name)
                for name in ("open", "high", "low", "close", "volume")
                if held.get(name) not in (None, "")
            }
            when = day(str(held.get("datetime"))[:10], snapshot, line=line, column="datetime")
            if "close" in prices:
                rows.append(Row(when, line, **prices))
        bars = table(symbol, rows, snapshot, self.provenance(snapshot), adjustment="split")
        return Harvest(snapshot.source, rows_read=len(values), bars=(bars,))
