"""Tiingo: daily bars, raw and adjusted in one row, with a key.

https://www.tiingo.com/documentation/end-of-day
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from newswire.errors import Refused
from newswire.observations import Harvest
from newswire.sources._bodies import day, json_of, listing, mapping, number, refusal, rows_of
from newswire.sources._prices import PriceSettings, PriceSource, Row, table
from newswire.wire import About, Request, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

WANTED = {
    "open": "open", "high": "high", "low": "low", "close": "close", "volume": "volume", "adj_close": "adjClose",
    "dividend": "divCash",
}  # fmt: skip


class TiingoSettings(PriceSettings, frozen=True, kw_only=True):
    """Which symbols, and from when."""

    since: date = date(2010, 1, 1)


class Tiingo(PriceSource):
    """Raw bars with the adjusted close beside them, from JSON or CSV."""

    about = About(
        name="tiingo",
        title="Tiingo end of day",
        home="https://www.tiingo.com/",
        terms="https://www.tiingo.com/about/terms",
        licence="private",
        attribution="Tiingo",
        every=timedelta(hours=12),
        hosts=("api.tiingo.com",),
        rate=1.0,
        budget=900,
        key="TIINGO_KEY",
    )
    Options = TiingoSettings
    options: TiingoSettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request a symbol: whole at first, then the last month."""
        found = []
        for symbol in self.options.symbols:
            since = self.options.since
            if symbol in last:
                since = max(since, (last[symbol] - timedelta(days=30)).date())
            query = f"startDate={since}&endDate={now.date()}&format=json&resampleFreq=daily"
            found.append(
                Request(
                    url=f"https://api.tiingo.com/tiingo/daily/{self.spelt(symbol)}/prices?{query}",
                    accepts=("application/json", "text/csv"),
                    secret=Secret("header", "Authorization", "Token "),
                    label=symbol,
                )
            )
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The bars of the symbol that was asked for; the answer does not name it."""
        symbol = self.asked(snapshot)
        rows = [
            Row(
                day(str(held.get("date"))[:10], snapshot, line=line, column="date"),
                line,
                **{
                    ours: number(held[theirs], snapshot, line=line, column=theirs)
                    for ours, theirs in WANTED.items()
                    if held.get(theirs) not in (None, "")
                },
            )
            for line, held in self._held(snapshot)
            if held.get("close") not in (None, "")
        ]
        bars = table(symbol, rows, snapshot, self.provenance(snapshot), adjustment="raw")
        return Harvest(snapshot.source, rows_read=len(rows), bars=(bars,))

    @staticmethod
    def _held(snapshot: Snapshot) -> Iterator[tuple[int, Mapping[str, Any]]]:
        if not snapshot.body.lstrip().startswith((b"[", b"{")):
            (_, header), *rows = rows_of(snapshot)
            if "date" not in header or "close" not in header:
                raise refusal(f"not a table of Tiingo: {', '.join(header)[:80]}", snapshot)
            for line, cells in rows:
                if len(cells) != len(header):
                    raise refusal(f"line {line} has {len(cells)} cells instead of {len(header)}", snapshot)
                yield line, dict(zip(header, cells, strict=True))
            return
        answer = json_of(snapshot)
        if isinstance(answer, dict):
            raise Refused(f"says: {answer.get('detail')}"[:200], source=snapshot.source, path=snapshot.url)
        for line, one in enumerate(listing(answer, snapshot, "the answer"), 1):
            yield line, mapping(one, snapshot, f"row {line}")
