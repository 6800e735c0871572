"""Massive, formerly Polygon.io: split-adjusted daily bars as JSON, with a key.

https://massive.com/docs/rest/stocks/aggregates/custom-bars. Instants are milliseconds at midnight in New York.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newswire.errors import Refused
from newswire.observations import Harvest
from newswire.sources._bodies import bad, json_of, listing, mapping, number, refusal
from newswire.sources._prices import PriceSettings, PriceSource, Row, table
from newswire.wire import About, Request, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

WANTED = {"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}
NEW_YORK = ZoneInfo("America/New_York")


class MassiveSettings(PriceSettings, frozen=True, kw_only=True):
    """Which symbols, and from when: two years back without paying."""

    since: date | None = None


class Massive(PriceSource):
    """Bars of one symbol a request."""

    about = About(
        name="massive",
        title="Massive, formerly Polygon.io",
        home="https://massive.com/",
        terms="https://massive.com/legal/market-data-terms-of-service",
        licence="private",
        attribution="Massive",
        every=timedelta(hours=12),
        hosts=("api.massive.com", "api.polygon.io"),
        rate=13.0,
        budget=2000,
        key="MASSIVE_KEY",
    )
    Options = MassiveSettings
    options: MassiveSettings

    def spelt(self, symbol: str) -> str:
        """Class marks are dots: NYSE:BRK.B is BRK.B."""
        return symbol.partition(":")[2].replace("-", ".").replace("/", ".")

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request a symbol: two years at first, then the last month."""
        found = []
        for symbol in self.options.symbols:
            since = self.options.since or now.date() - timedelta(days=725)
            if symbol in last:
                since = max(since, (last[symbol] - timedelta(days=30)).date())
            path = f"v2/aggs/ticker/{self.spelt(symbol)}/range/1/day/{since}/{now.date()}"
            found.append(
                Request(
                    url=f"https://api.massive.com/{path}?adjusted=true&sort=asc&limit=50000",
                    accepts=("application/json",),
                    secret=Secret("header", "Authorization", "Bearer "),
                    label=symbol,
                )
            )
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The bars of the symbol that was asked for."""
        answer = mapping(json_of(snapshot), snapshot, "the answer")
        if answer.get("status") not in ("OK", "DELAYED", None) or "error" in answer:
            said = answer.get("error") or answer.get("message") or answer.get("status")
            raise Refused(f"says: {said}"[:200], source=snapshot.source, path=snapshot.url)
        symbol = self.asked(snapshot)
        if str(answer.get("ticker")).upper() != self.spelt(symbol).upper():
            raise refusal(f"is about {answer.get('ticker')} instead of {self.spelt(symbol)}", snapshot)
        rows = []
        results = listing(answer.get("results") or [], snapshot, "results")
        for line, one in enumerate(results, 1):
            held = mapping(one, snapshot, f"bar {line}")
            stamp = number(held.get("t"), snapshot, line=line, column="t")
            try:
                when = datetime.fromtimestamp(int(stamp) // 1000, NEW_YORK).date()
            except (ValueError, OverflowError, OSError) as error:
                raise bad("no instant", snapshot, line=line, column="t", value=stamp) from error
            prices = {
                ours: number(held[theirs], snapshot, line=line, column=theirs)
                for ours, theirs in WANTED.items()
                if held.get(theirs) is not None
            }
            if "close" in prices:
                rows.append(Row(when, line, **prices))
        adjustment = "split" if answer.get("adjusted") is True else "raw"
        bars = table(symbol, rows, snapshot, self.provenance(snapshot), adjustment=adjustment)  # type: ignore[arg-type]
        return Harvest(snapshot.source, rows_read=len(results), bars=(bars,))
