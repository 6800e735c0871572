"""Alpha Vantage: raw daily bars as CSV, with a key; 25 requests a day without paying.

https://www.alphavantage.co/documentation/. What is wrong comes with status 200, as JSON even where CSV was asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from newswire.errors import Refused
from newswire.observations import Harvest
from newswire.sources._bodies import day, json_of, mapping, number, refusal, rows_of
from newswire.sources._prices import PriceSettings, PriceSource, Row, columns, dashed, table
from newswire.wire import About, Request, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

WANTED = {
    "date": "timestamp",
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "volume": "volume",
}
SAID = ("Note", "Information", "Error Message")


class AlphaVantage(PriceSource):
    """The last hundred sessions of each symbol."""

    about = About(
        name="alphavantage",
        title="Alpha Vantage",
        home="https://www.alphavantage.co/",
        terms="https://www.alphavantage.co/terms_of_service/",
        licence="private",
        attribution="Alpha Vantage",
        every=timedelta(hours=20),
        hosts=("www.alphavantage.co",),
        rate=15.0,
        budget=25,
        key="ALPHAVANTAGE_KEY",
    )
    Options = PriceSettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request a symbol."""
        found = []
        for symbol in self.options.symbols:
            query = urlencode(
                {
                    "function": "TIME_SERIES_DAILY",
                    "symbol": dashed(symbol),
                    "outputsize": "compact",
                    "datatype": "csv",
                }
            )
            found.append(
                Request(
                    url=f"https://www.alphavantage.co/query?{query}",
                    accepts=("text/csv", "application/*", "text/plain"),
                    secret=Secret("query", "apikey"),
                    label=symbol,
                )
            )
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The bars of the symbol that was asked for; the table does not name it."""
        symbol = self.asked(snapshot)
        if snapshot.body.lstrip().startswith(b"{"):
            answer = mapping(json_of(snapshot), snapshot, "the answer")
            said = next((str(answer[name]) for name in SAID if name in answer), "")
            if said:
                raise Refused(f"says: {said}"[:250], source=snapshot.source, path=snapshot.url)
            raise refusal(f"JSON instead of a table: {', '.join(map(str, answer))[:80]}", snapshot)
        (_, header), *rows = rows_of(snapshot)
        places = columns(header, WANTED, snapshot)
        found = []
        for line, cells in rows:
            if len(cells) != len(header):
                raise refusal(f"line {line} has {len(cells)} cells instead of {len(header)}", snapshot)
            held = {
                name: number(cells[place], snapshot, line=line, column=name)
                for name, place in places.items()
                if name != "date" and cells[place]
            }
            when = day(cells[places["date"]], snapshot, line=line, column="timestamp")
            found.append(Row(when, line, held.pop("close", None), **held))
        bars = table(symbol, found, snapshot, self.provenance(snapshot), adjustment="raw")
        return Harvest(snapshot.source, rows_read=len(rows), bars=(bars,))
