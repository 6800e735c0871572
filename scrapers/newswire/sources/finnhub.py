"""Finnhub: quotes in passing and the dates of earnings, with a key. Daily candles are not free and not asked for.

https://finnhub.io/docs/api
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newswire.errors import Refused
from newswire.observations import Event, Harvest, Quote, Skipped
from newswire.sources._bodies import bad, day, json_of, listing, mapping, number, refusal
from newswire.sources._prices import PriceSettings, PriceSource, unit_of
from newswire.wire import About, Request, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from newswire.directory import Directory
    from newswire.wire import Snapshot

NEW_YORK = ZoneInfo("America/New_York")
HOURS = {"bmo": time(8, 0), "amc": time(16, 15), "dmh": time(12, 0)}  # before, after, during market hours
AHEAD = timedelta(days=30)


class FinnhubSettings(PriceSettings, frozen=True, kw_only=True):
    """Which symbols, and whether their earnings dates are looked after."""

    earnings: bool = True


class Finnhub(PriceSource):
    """Labels are the symbols, and "earnings"."""

    about = About(
        name="finnhub",
        title="Finnhub",
        home="https://finnhub.io/",
        terms="https://finnhub.io/terms-of-service",
        licence="private",
        attribution="Finnhub",
        every=timedelta(minutes=30),
        hosts=("finnhub.io",),
        rate=1.1,
        budget=5000,
        key="FINNHUB_KEY",
        delay_minutes=15,
    )
    Options = FinnhubSettings
    options: FinnhubSettings

    def spelt(self, symbol: str) -> str:
        """Class marks are dots."""
        return symbol.partition(":")[2].replace("-", ".").replace("/", ".")

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """A quote of each symbol, and the earnings of the next thirty days."""
        secret = Secret("header", "X-Finnhub-Token")
        accepts = ("application/json",)
        found = [
            Request(
                url=f"https://finnhub.io/api/v1/quote?symbol={self.spelt(one)}",
                accepts=accepts,
                secret=secret,
                label=one,
            )
            for one in self.options.symbols
        ]
        if self.options.earnings and found:
            url = f"https://finnhub.io/api/v1/calendar/earnings?from={now.date()}&to={(now + AHEAD).date()}"
            found.append(Request(url=url, accepts=accepts, secret=secret, label="earnings"))
        return found

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """A quote, or the earnings of the symbols in the settings."""
        answer = mapping(json_of(snapshot), snapshot, "the answer")
        if "error" in answer:
            raise Refused(f"says: {answer['error']}"[:200], source=snapshot.source, path=snapshot.url)
        if snapshot.label == "earnings":
            return self._earnings(answer, snapshot)
        symbol = self.asked(snapshot)
        price = number(answer.get("c"), snapshot, line=1, column="c")
        if price <= 0:
            raise Refused(f"knows no {self.spelt(symbol)}", source=snapshot.source, path=snapshot.url)
        stamp = number(answer.get("t"), snapshot, line=1, column="t")
        if not 0 < stamp < 10**10:
            raise bad("no instant", snapshot, line=1, column="t", value=stamp)
        before = number(answer["pc"], snapshot, line=1, column="pc") if answer.get("pc") else None
        at = min(datetime.fromtimestamp(int(stamp), UTC), snapshot.retrieved)
        quote = Quote(symbol, price, before, at, unit_of(symbol), self.provenance(snapshot))
        return Harvest(snapshot.source, rows_read=1, quotes=(quote,))

    def _earnings(self, answer: Mapping[str, Any], snapshot: Snapshot) -> Harvest:
        wanted = {self.spelt(one).upper(): one for one in self.options.symbols}
        rows = listing(answer.get("earningsCalendar"), snapshot, "earningsCalendar")
        found, others = [], 0
        for line, one in enumerate(rows, 1):
            row = mapping(one, snapshot, f"row {line}")
            symbol = wanted.get(str(row.get("symbol")).upper())
            if symbol is None:
                others += 1
                continue
            when = day(row.get("date"), snapshot, line=line, column="date")
            hour = HOURS.get(str(row.get("hour")), time(16, 15))
            at = datetime.combine(when, hour, NEW_YORK).astimezone(UTC)
            title = f"Earnings of {symbol}"
            link = "https://finnhub.io/"
            found.append(
                Event(
                    when,
                    at,
                    NEW_YORK.key,
                    "earnings",
                    title,
                    snapshot.retrieved,
                    link,
                    self.provenance(snapshot),
                )
            )
        if not isinstance(answer.get("earningsCalendar"), list):
            raise refusal("holds no calendar", snapshot)
        skipped = (Skipped(1, "of other companies", others),) if others else ()
        return Harvest(snapshot.source, rows_read=len(rows), events=tuple(found), skipped=skipped)
