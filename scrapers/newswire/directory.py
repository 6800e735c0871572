"""The directory of loaded instruments: what a bare symbol in a table means.

Loads nothing itself and keeps no names; it is built from symbols and answers from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from newswire.observations import InstrumentKind

UNLISTED = "UNLISTED"
# Where a bare symbol is listed twice, the primary listing is meant. Others follow by name.
PRIMARY = ("NASDAQ", "NYSE", "NYSEARCA", "NYSEAMERICAN", "BATS", "IEX")
SYMBOL = re.compile(r"[A-Z0-9^][A-Z0-9.\-/$=^]{0,31}")
QUALIFIED = re.compile(rf"([A-Z][A-Z0-9]{{0,31}}):({SYMBOL.pattern})")


def plain(symbol: str) -> str:
    """The symbol in one spelling: upper case, class marks `.`, `-` and `/` all as a dot."""
    return symbol.strip().upper().replace("-", ".").replace("/", ".")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a symbol stands for; `others` are further candidates that were passed over."""

    symbol: str
    others: tuple[str, ...] = ()

    @property
    def listed(self) -> bool:
        """Whether any loaded instrument has it."""
        return not self.symbol.startswith(f"{UNLISTED}:")


class Directory:
    """Bare symbols to qualified ones, over everything loaded so far. Loading order does not matter."""

    def __init__(self, instruments: Iterable[tuple[str, InstrumentKind]] = ()) -> None:
        self._kinds: dict[str, InstrumentKind] = {}
        self._bare: dict[str, list[str]] = {}
        self.add(instruments)

    def add(self, instruments: Iterable[tuple[str, InstrumentKind]]) -> None:
        """Take in qualified symbols with their kinds; a later word on a kind replaces an earlier."""
        for symbol, kind in instruments:
            if symbol.startswith(f"{UNLISTED}:"):
                continue
            if symbol not in self._kinds:
                self._bare.setdefault(plain(symbol.partition(":")[2]), []).append(symbol)
            self._kinds[symbol] = kind

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._kinds

    def __len__(self) -> int:
        return len(self._kinds)

    def kind(self, symbol: str) -> InstrumentKind | None:
        """The kind of a qualified symbol, None when unknown."""
        return self._kinds.get(symbol)

    def resolve(self, raw: str, local: Mapping[str, str] | None = None) -> Meaning | None:
        """What `raw`, bare or qualified, means; an unknown one is UNLISTED. None when it cannot be a symbol.

        `local` holds the table's own names (plain spelling → qualified) and goes first.
        """
        text = raw.strip().upper()
        exchange, colon, ticker = text.rpartition(":")
        bare = plain(ticker)
        if not SYMBOL.fullmatch(ticker) or (colon and not QUALIFIED.fullmatch(text)):
            return None
        if local and not colon and bare in local:
            return Meaning(local[bare])
        candidates = self._bare.get(bare, [])
        if colon:
            candidates = [one for one in candidates if one.startswith(f"{exchange}:")]
        if not candidates:
            return Meaning(f"{UNLISTED}:{bare}")
        first, *others = sorted(candidates, key=self._preference)
        return Meaning(first, tuple(others))

    def _preference(self, symbol: str) -> tuple[bool, int, str]:
        exchange = symbol.partition(":")[0]
        place = PRIMARY.index(exchange) if exchange in PRIMARY else len(PRIMARY)
        return (self._kinds[symbol] == "index", place, symbol)
