"""The Nasdaq Trader symbol directory: what is listed on US exchanges, as two tables with bars between the columns.

https://www.nasdaqtrader.com/trader.aspx?id=symboldirdefs. The last line says when a file was made.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from newswire.directory import SYMBOL, plain
from newswire.observations import Harvest, Instrument, Skipped
from newswire.sources._base import BaseSource, Settings
from newswire.sources._bodies import refusal, rows_of
from newswire.sources.feed import shortened
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot

NEW_YORK = ZoneInfo("America/New_York")
EXCHANGES = {"A": "NYSEAMERICAN", "N": "NYSE", "P": "NYSEARCA", "Z": "BATS", "V": "IEX"}
_CREATED = re.compile(r"File Creation Time:\s*(\d{2})(\d{2})(\d{4})(\d{2}):?(\d{2})")
_TERMS = "https://www.nasdaqtrader.com/Trader.aspx?id=PrivacyPolicy"


class _Listed(BaseSource):
    """One of the two tables."""

    Options = Settings
    file: ClassVar[str]
    symbol_column: ClassVar[str]
    exchange: ClassVar[str] = ""

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """The table."""
        url = f"https://www.nasdaqtrader.com/dynamic/SymDir/{self.file}"
        return [Request(url=url, accepts=("text/*", "application/octet-stream"), label=self.file)]

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """What is listed; test issues are left out."""
        (_, header), *rows = rows_of(snapshot, delimiter="|")
        wanted = [self.symbol_column, "Security Name", "Test Issue", "ETF"]
        places = {name: place for place, name in enumerate(header)}
        missing = [name for name in wanted if name not in places]
        if missing:
            raise refusal(f"has no column {missing[0]}: {'|'.join(header)[:80]}", snapshot)
        found: dict[str, Instrument] = {}
        skipped: dict[str, list[int]] = {}
        made = None
        for line, cells in rows:
            if (created := _CREATED.match(cells[0])) is not None:
                made = _instant(created)
                skipped.setdefault("trailer", []).append(line)
                continue
            if len(cells) != len(header):
                raise refusal(f"line {line} has {len(cells)} cells instead of {len(header)}", snapshot)
            symbol = plain(cells[places[self.symbol_column]])
            exchange = self.exchange or EXCHANGES.get(cells[places["Exchange"]], "")
            if cells[places["Test Issue"]] == "Y":
                skipped.setdefault("test issue", []).append(line)
            elif not exchange or not SYMBOL.fullmatch(symbol):
                skipped.setdefault("no symbol or exchange of ours", []).append(line)
            else:
                qualified = f"{exchange}:{symbol}"
                kind = "etf" if cells[places["ETF"]] == "Y" else "stock"
                found[qualified] = Instrument(qualified, shortened(cells[places["Security Name"]], 300), kind)  # type: ignore[arg-type]
        if not found:
            raise refusal("lists nothing", snapshot)
        provenance = replace(self.provenance(snapshot), published=made or snapshot.modified)
        return Harvest(
            snapshot.source,
            rows_read=len(rows),
            instruments=tuple(found.values()),
            skipped=tuple(Skipped(lines[0], reason, len(lines)) for reason, lines in skipped.items()),
            provenance=provenance,
        )


def _instant(found: re.Match[str]) -> datetime | None:
    month, day, year, hour, minute = (int(one) for one in found.groups())
    try:
        return datetime(year, month, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)
    except ValueError:
        return None


class NasdaqListed(_Listed):
    """What is listed on Nasdaq."""

    about = About(
        name="nasdaq-listed",
        title="Nasdaq Trader, Nasdaq-listed securities",
        home="https://www.nasdaqtrader.com/trader.aspx?id=symboldirdefs",
        terms=_TERMS,
        licence="public",
        attribution="Nasdaq Trader symbol directory",
        every=timedelta(days=1),
        hosts=("www.nasdaqtrader.com",),
        rate=2.0,
        budget=10,
        default=True,
    )
    file = "nasdaqlisted.txt"
    symbol_column = "Symbol"
    exchange = "NASDAQ"


class OtherListed(_Listed):
    """What is listed on the New York exchanges, Cboe BZX and IEX."""

    about = replace(
        NasdaqListed.about, name="other-listed", title="Nasdaq Trader, securities listed elsewhere"
    )
    file = "otherlisted.txt"
    symbol_column = "ACT Symbol"

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """As for Nasdaq; the exchange is in a column."""
        (_, header), *_ = rows_of(snapshot, delimiter="|")
        if "Exchange" not in header:
            raise refusal(f"has no column Exchange: {'|'.join(header)[:80]}", snapshot)
        return super().parse(snapshot, directory)
