"""cloudquote.io: quotes of several symbols in one answer, delayed, with an application key.

https://www.cloudquote.io/products/api/fcon-getQuote. Rows come in the order in which symbols were asked for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from newswire.errors import Refused
from newswire.observations import Harvest, Quote, Skipped
from newswire.sources._bodies import json_of, listing, mapping, number, refusal
from newswire.sources._prices import PriceSettings, PriceSource, unit_of
from newswire.wire import About, Request, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

AT_ONCE = 50


class CloudQuote(PriceSource):
    """Quotes of the symbols in the settings; the label is the symbols of one request."""

    about = About(
        name="cloudquote",
        title="CloudQuote",
        home="https://www.cloudquote.io/",
        terms="https://www.cloudquote.io/terms",
        licence="private",
        attribution="CloudQuote",
        every=timedelta(minutes=20),
        hosts=("api.cloudquote.io",),
        rate=2.0,
        budget=2000,
        key="CLOUDQUOTE_KEY",
        delay_minutes=20,
    )
    Options = PriceSettings

    def spelt(self, symbol: str) -> str:
        """Class marks are dots."""
        return symbol.partition(":")[2].replace("-", ".").replace("/", ".")

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request for fifty symbols."""
        symbols = self.options.symbols
        found = []
        for start in range(0, len(symbols), AT_ONCE):
            some = symbols[start : start + AT_ONCE]
            asked = quote(",".join(self.spelt(one) for one in some), safe=",.")
            found.append(
                Request(
                    url=f"https://api.cloudquote.io/fcon/getQuote.json?symbol={asked}",
                    accepts=("application/json", "text/*"),
                    secret=Secret("query", "T"),
                    label=",".join(some),
                )
            )
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """A quote a row; a row without a price is counted."""
        answer = mapping(json_of(snapshot), snapshot, "the answer")
        if "error" in answer or "Error" in answer:
            raise Refused(f"says: {answer.get('error') or answer.get('Error')}"[:200], source=snapshot.source,
                          path=snapshot.url)  # fmt: skip
        rows = listing(answer.get("rows"), snapshot, "rows")
        asked = snapshot.label.split(",")
        if len(rows) != len(asked) or not all(":" in one for one in asked):
            raise refusal(f"has {len(rows)} rows for {len(asked)} symbols", snapshot)
        found, skipped = [], []
        for line, (symbol, one) in enumerate(zip(asked, rows, strict=True), 1):
            row = mapping(one, snapshot, f"row {line}")
            given = str(row.get("Symbol", row.get("TickerSymbol", self.spelt(symbol)))).rpartition(":")[2]
            if given.upper() != self.spelt(symbol).upper():
                raise refusal(f"row {line} is about {given[:20]} instead of {self.spelt(symbol)}", snapshot)
            if not row.get("Price") or not row.get("LastTradeTime"):
                skipped.append(line)
                continue
            price = number(row["Price"], snapshot, line=line, column="Price")
            stamp = number(row["LastTradeTime"], snapshot, line=line, column="LastTradeTime")
            if price <= 0 or not 0 < stamp < 10**10:
                skipped.append(line)
                continue
            change = row.get("Change")
            before = (
                price - number(change, snapshot, line=line, column="Change") if change is not None else None
            )
            at = min(datetime.fromtimestamp(int(stamp), UTC), snapshot.retrieved)
            found.append(Quote(symbol, price, before, at, unit_of(symbol), self.provenance(snapshot)))
        left_out = (Skipped(skipped[0], "no price", len(skipped)),) if skipped else ()
        return Harvest(snapshot.source, rows_read=len(rows), quotes=tuple(found), skipped=left_out)
