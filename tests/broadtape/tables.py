"""Plain sums over the acceptance tables, for comparison with what the desk writes. Imports nothing of the product."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path

Closes = dict[str, Decimal]  # session → close, ascending


def half_up(value: Decimal, places: int = 2) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Tables:
    """The folder of the tables, and sums over them as of a session: nothing later is looked at."""

    folder: Path

    @cached_property
    def indices(self) -> dict[str, Closes]:
        found: dict[str, Closes] = {}
        with gzip.open(self.folder / "prices" / "index_daily.csv.gz", "rt") as table:
            for row in csv.DictReader(table):
                found.setdefault(row["symbol"], {})[row["date"]] = Decimal(row["close"])
        return {symbol: dict(sorted(closes.items())) for symbol, closes in found.items()}

    def closes(self, symbol: str, until: str) -> Closes:
        """Sessions are those of the S&P 500: the VIX table has days on which the exchange was shut."""
        sessions = self.indices["SPX"]
        return {day: close for day, close in self.indices[symbol].items() if day <= until and day in sessions}

    def changes(self, symbol: str, until: str) -> dict[str, Decimal]:
        """Session → change in percent, unrounded."""
        closes = self.closes(symbol, until)
        return {day: (closes[day] / closes[before] - 1) * 100 for before, day in pairwise(closes)}

    def change(self, symbol: str, since: str, until: str) -> Decimal:
        """From the close of one session to that of another, in percent, half-up at two decimals."""
        closes = self.indices[symbol]
        return half_up((closes[until] / closes[since] - 1) * 100)

    def month(self, symbol: str, month: str) -> Decimal:
        """A calendar month's change, unrounded percent."""
        closes = self.indices[symbol]
        inside = [day for day in closes if day.startswith(month)]
        before = max(day for day in closes if day < inside[0])
        return (closes[inside[-1]] / closes[before] - 1) * 100

    def runs(self, of: str, vs: str, until: str) -> list[list[str]]:
        """The sessions of each run in which one index did better than the other; the last may be going on."""
        one, other = self.changes(of, until), self.changes(vs, until)
        found: list[list[str]] = []
        going = False
        for day in one:
            if one[day] > other[day]:
                if going:
                    found[-1].append(day)
                else:
                    found.append([day])
                going = True
            else:
                going = False
        return found

    def record(self, symbol: str, until: str) -> tuple[str, Decimal]:
        """The session of the highest close, and that close."""
        closes = self.closes(symbol, until)
        best = max(closes.values())
        return min(day for day, close in closes.items() if close == best), best

    def below_record(self, symbol: str, until: str) -> Decimal:
        """How far the last close is below the highest, in percent."""
        return half_up((self.closes(symbol, until)[until] / self.record(symbol, until)[1] - 1) * 100)

    def last_lower_close(self, symbol: str, until: str) -> str:
        """The latest earlier session that closed as low or lower."""
        closes = self.closes(symbol, until)
        return max(day for day, close in closes.items() if day < until and close <= closes[until])

    def first_above(self, symbol: str, level: int, until: str) -> str:
        return min(day for day, close in self.closes(symbol, until).items() if close > level)

    def after(self, symbol: str, at_most: int, horizon: int, until: str) -> list[Decimal]:
        """What a symbol did in the sessions after each earlier change of at most so many percent."""
        changes = self.changes(symbol, until)
        closes = list(self.closes(symbol, until).items())
        return [
            (closes[place + horizon][1] / close - 1) * 100
            for place, (day, close) in enumerate(closes)
            if day in changes and changes[day] <= at_most and place + horizon < len(closes)
        ]  # fmt: skip

    def cuts(self, until: str) -> list[dict[str, str]]:
        """The decisions that lowered the range, latest unbroken chain."""
        with (self.folder / "macro" / "fomc_decisions.csv").open() as table:
            rows = [row for row in csv.DictReader(table) if row["date"] <= until]
        chain: list[dict[str, str]] = []
        for row in reversed(rows):
            if int(row["change_bp"]) < 0:
                chain.insert(0, row)
            elif chain:
                break
        return chain
