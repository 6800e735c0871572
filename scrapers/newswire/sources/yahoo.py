"""Yahoo's chart service: daily bars of one symbol a request, without a key. Unofficial, so off by default.

https://query1.finance.yahoo.com/v8/finance/chart/. Closes are adjusted for splits, adjclose for dividends as well.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newswire.errors import Refused
from newswire.observations import Harvest, Skipped
from newswire.sources._bodies import bad, json_of, listing, mapping, number, refusal
from newswire.sources._prices import PriceSettings, PriceSource, Row, dashed, table
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

INDICES = {
    "INDEXSP:SPX": "^GSPC",
    "INDEXRUSSELL:RUT": "^RUT",
    "INDEXNASDAQ:IXIC": "^IXIC",
    "INDEXDJX:DJI": "^DJI",
    "INDEXCBOE:VIX": "^VIX",
}
OVERLAP = timedelta(days=30)
MINOR = {"GBp": "GBP", "GBX": "GBP", "ZAc": "ZAR", "ILA": "ILS"}  # prices in hundredths of the currency


class YahooSettings(PriceSettings, frozen=True, kw_only=True):
    """Which symbols, and from when."""

    since: date = date(2010, 1, 1)


class Yahoo(PriceSource):
    """Bars of the symbols in the settings; a session that is not over is left out."""

    about = About(
        name="yahoo",
        title="Yahoo Finance chart",
        home="https://finance.yahoo.com/",
        terms="https://legal.yahoo.com/us/en/yahoo/terms/otos/index.html",
        licence="private",
        attribution="Yahoo Finance",
        every=timedelta(hours=12),
        hosts=("query1.finance.yahoo.com", "query2.finance.yahoo.com"),
        rate=2.0,
        budget=2000,
        delay_minutes=15,
        note="Unofficial and for personal use: nothing of it may be shown to the public.",
    )
    Options = YahooSettings
    options: YahooSettings

    def spelt(self, symbol: str) -> str:
        """Indices have signs of their own."""
        return INDICES.get(symbol, dashed(symbol))

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request a symbol: whole at first, then the last month."""
        found = []
        for symbol in self.options.symbols:
            since = datetime(
                self.options.since.year, self.options.since.month, self.options.since.day, tzinfo=UTC
            )
            if symbol in last:
                since = max(since, last[symbol] - OVERLAP)
            query = (
                f"period1={int(since.timestamp())}&period2={int(now.timestamp())}"
                "&interval=1d&events=div%7Csplit&includePrePost=false"
            )
            name = quote(self.spelt(symbol), safe="")
            url = f"https://query1.finance.yahoo.com/v8/finance/chart/{name}?{query}"
            found.append(Request(url=url, accepts=("application/json",), label=symbol))
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """The bars of the symbol that was asked for."""
        if snapshot.body.strip() == b"Too Many Requests":
            raise Refused("says: Too Many Requests", source=snapshot.source, path=snapshot.url)
        chart = mapping(mapping(json_of(snapshot), snapshot, "the answer").get("chart"), snapshot, "chart")
        if chart.get("error"):
            said = mapping(chart["error"], snapshot, "error").get("description")
            raise Refused(f"says: {said}"[:200], source=snapshot.source, path=snapshot.url)
        results = listing(chart.get("result"), snapshot, "result")
        result = mapping(results[0] if results else None, snapshot, "result")
        meta = mapping(result.get("meta"), snapshot, "meta")
        symbol = self.asked(snapshot)
        if str(meta.get("symbol")).upper() != self.spelt(symbol).upper():
            raise refusal(f"is about {meta.get('symbol')} instead of {self.spelt(symbol)}", snapshot)
        if meta.get("currency") in MINOR:
            raise refusal(
                f"has prices in {meta['currency']}, hundredths of {MINOR[meta['currency']]}", snapshot
            )
        if meta.get("dataGranularity") not in (None, "1d"):
            raise refusal(f"has bars of {meta['dataGranularity']} instead of a day", snapshot)
        rows, skipped = self._rows(result, meta, snapshot)
        provenance = self.provenance(snapshot)
        bars = (table(symbol, rows, snapshot, provenance, adjustment="split"),) if rows else ()
        return Harvest(
            snapshot.source,
            rows_read=len(rows) + sum(one.count for one in skipped),
            bars=bars,
            skipped=skipped,
        )

    def _rows(
        self, result: Mapping[str, Any], meta: Mapping[str, Any], snapshot: Snapshot
    ) -> tuple[list[Row], tuple[Skipped, ...]]:
        zone = _zone(meta, snapshot)
        stamps = listing(result.get("timestamp") or [], snapshot, "timestamp")
        indicators = mapping(result.get("indicators"), snapshot, "indicators")
        quotes = listing(indicators.get("quote"), snapshot, "quote")
        columns = dict(mapping(quotes[0] if quotes else {}, snapshot, "quote"))
        adjusted = listing(indicators.get("adjclose") or [{}], snapshot, "adjclose")
        columns["adj_close"] = mapping(adjusted[0] if adjusted else {}, snapshot, "adjclose").get("adjclose")
        dividends = _dividends(result, zone, snapshot)
        partial = _partial(meta, zone, snapshot)
        rows: list[Row] = []
        empty: list[int] = []
        live = 0
        for place, stamp in enumerate(stamps):
            line = place + 1
            when = _session(stamp, zone, snapshot, line)
            held = {}
            for name in ("open", "high", "low", "close", "volume", "adj_close"):
                values = columns.get(name)
                if values is None:
                    continue
                if not isinstance(values, list) or len(values) != len(stamps):
                    raise refusal(f"{name} has not one value a session", snapshot)
                if values[place] is not None:
                    held[name] = _rounded(number(values[place], snapshot, line=line, column=name), name)
            if "close" not in held:
                empty.append(line)
            elif when == partial:
                live += 1
            else:
                rows.append(Row(when, line, dividend=dividends.get(when, Decimal(0)), **held))
        skipped = []
        if empty:
            skipped.append(Skipped(empty[0], "no value", len(empty)))
        if live:
            skipped.append(Skipped(len(stamps), "session not over", live))
        return rows, tuple(skipped)


def _zone(meta: Mapping[str, Any], snapshot: Snapshot) -> ZoneInfo:
    try:
        return ZoneInfo(str(meta.get("exchangeTimezoneName")))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise refusal(f"has no time zone: {meta.get('exchangeTimezoneName')!r}"[:100], snapshot) from error


def _session(stamp: object, zone: ZoneInfo, snapshot: Snapshot, line: int) -> date:
    """The exchange's own date of a session's opening."""
    seconds = number(stamp, snapshot, line=line, column="timestamp")
    try:
        return datetime.fromtimestamp(int(seconds), zone).date()
    except (ValueError, OverflowError, OSError) as error:
        raise bad("no instant", snapshot, line=line, column="timestamp", value=stamp) from error


def _partial(meta: Mapping[str, Any], zone: ZoneInfo, snapshot: Snapshot) -> date | None:
    """The session that was not over when this was fetched."""
    period = meta.get("currentTradingPeriod")
    regular = period.get("regular") if isinstance(period, dict) else None
    if not isinstance(regular, dict):
        return None
    start, end = regular.get("start"), regular.get("end")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 < end < 10**11:
        return None
    over = snapshot.retrieved.timestamp() >= end
    return None if over else _session(start, zone, snapshot, 0)


def _dividends(result: Mapping[str, Any], zone: ZoneInfo, snapshot: Snapshot) -> dict[date, Decimal]:
    events = result.get("events")
    paid = events.get("dividends") if isinstance(events, dict) else None
    if not isinstance(paid, dict):
        return {}
    found: dict[date, Decimal] = {}
    for line, one in enumerate(paid.values(), 1):
        row = mapping(one, snapshot, "a dividend")
        when = _session(row.get("date"), zone, snapshot, line)
        found[when] = found.get(when, Decimal(0)) + number(
            row.get("amount"), snapshot, line=line, column="amount"
        )
    return found


def _rounded(value: Decimal, name: str) -> Decimal:
    """Without the tail of a binary float: 270.1400146484375 is 270.14; six decimals are more than any price has."""
    return value if name == "volume" else round(value, 6).normalize() if value else value
