"""Names of instruments, series and institutions as prose prints them, and finding them in a text.

Owns no market data: it is built from a view's instruments, once per view.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from weakref import WeakKeyDictionary

from broadtape.desk.claims import lexicon
from broadtape.markdown import ticker_symbol
from broadtape.metrics import macro
from broadtape.model import Instrument, MarketView, UnknownSymbol

# Endings that a company's short name leaves out, longest first.
_ENDING = re.compile(
    r"(?:,?\s+|,)(?:Class [A-Z]|Series [A-Z0-9]+|Common (?:Stock|Shares)|Ordinary Shares|American Depositary Shares"
    r"|Incorporated|Inc\.?|Corporation|Corp\.?|Company|Companies|Co\.?|Limited|Ltd\.?|plc|PLC|N\.?V\.?|S\.?A\.?|SE"
    r"|A\.?G\.?|L\.?P\.?|LLC|Trust|Holdings|Holding|Group|Platforms|Therapeutics|Defense|International"
    r"|& Co\.?|and Company|ETF|Index Fund|Fund|Composite|Index|\(The\)|\([^)]*\)|\.com)\s*$"
)
_BRACKETS = re.compile(r"\([^()]{3,40}\)")
_WORD_END = re.compile(r"[\w]|[&.](?=\w)")
_NOT_TICKERS = lexicon.words("""
    AI IT US CEO CPI ETF ETFS GDP PCE USA IPO ET PT AM PM ALL ON SO ARE OR AN AS AT BE BY GO HE NOW
    A I
""")
_LEGAL = re.compile(r",? (?:Inc|Corp|Co|Ltd|plc|PLC|N\.V|S\.A)\b\.?(?!\w)")
_FIRST = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Match:
    """A known name at a place of a text."""

    end: int
    symbols: frozenset[str]
    ticker: bool = False


@dataclass(slots=True, eq=False, weakref_slot=True)
class NameTable:
    """Every name that may be printed, by its first word. `titles` is what a reason calls a symbol."""

    titles: dict[str, str] = field(default_factory=dict)
    _forms: dict[str, dict[str, tuple[set[str], bool]]] = field(default_factory=dict)
    _ordered: dict[str, list[tuple[str, frozenset[str], bool]]] = field(default_factory=dict)
    _lower: set[str] = field(default_factory=set)  # forms that need no capital: "small caps"
    version: int = 0  # rises with every name, so that who remembers a reading knows when it is out of date

    @classmethod
    def of(cls, instruments: Iterable[Instrument], roles: dict[str, str] | None = None) -> NameTable:
        """The table of these instruments; `roles` gives the symbol behind "small" and "large"."""
        table = cls()
        for phrase, meaning in lexicon.VOCABULARY.items():
            table._add(phrase, meaning, anywhere=meaning == "@FED" and phrase == "central bank")
        for phrase, names in lexicon.SERIES.items():
            for name in names:
                table._add(phrase, f"series:{name}", anywhere=phrase[0].islower() or phrase[0].isdigit())
        for name, series in macro.SERIES.items():
            table._add(series.name, f"series:{name}", anywhere=True)
        for phrase, role in lexicon.ROLES.items():
            if roles and role in roles:
                table._add(phrase, roles[role], anywhere=True)
        for instrument in instruments:
            table.add(instrument)
        return table

    def add(self, instrument: Instrument) -> None:
        """Make an instrument's names and ticker known."""
        if instrument.exchange == "UNLISTED" or instrument.symbol in self.titles:
            return
        self.titles[instrument.symbol] = instrument.name
        for form in forms(instrument):
            small = form == instrument.name and form[:1].islower() and form.lower() not in lexicon.COMMON
            fund = form.endswith(" sector fund")
            self._add(
                form, instrument.symbol, anywhere=fund or (small and not lexicon.classes_of(form.lower()))
            )
        if len(instrument.ticker) > 1 and instrument.ticker not in _NOT_TICKERS:
            self._add(instrument.ticker, instrument.symbol, anywhere=False, exact=True)

    def title(self, symbol: str) -> str:
        """What a reason calls it: "Russell 2000"; the symbol itself when it has no name."""
        if symbol == "@FED":
            return "Federal Reserve"
        return self.titles.get(symbol, symbol.removeprefix("series:"))

    def match(self, text: str, place: int) -> Match | None:
        """The longest known name that starts at text[place], or None."""
        if text[place] == "(":
            return self._ticker(text, place)
        found = _FIRST.match(text, place)
        if found is None:
            return None
        for form, symbols, exact in self._candidates(_folded(found.group())):
            end = place + len(form)
            piece = text[place:end]
            if (piece == form if exact else _folded(piece) == form) and not _WORD_END.match(text, end):
                if not exact and not self._anywhere(form) and not _capital(piece):
                    continue
                legal = _LEGAL.match(text, end) if symbols - {"", "@FED"} else None
                return Match(legal.end() if legal else end, symbols)
        return None

    def copy(self) -> NameTable:
        """The same names; what is added to the one is not known to the other."""
        forms = {
            key: {form: (set(symbols), exact) for form, (symbols, exact) in entries.items()}
            for key, entries in self._forms.items()
        }
        return NameTable(dict(self.titles), forms, {}, set(self._lower))

    def _ticker(self, text: str, place: int) -> Match | None:
        found = _BRACKETS.match(text, place)
        symbol = ticker_symbol(found.group()) if found else None
        if found is None or symbol is None:
            return None
        return Match(found.end(), frozenset({symbol}) if symbol in self.titles else frozenset(), ticker=True)

    def _anywhere(self, form: str) -> bool:
        return form in self._lower

    def _add(self, phrase: str, symbol: str, *, anywhere: bool, exact: bool = False) -> None:
        phrase = phrase.replace("'", "’")
        form = phrase if exact else _folded(phrase)
        first = _FIRST.search(form)
        if first is None or first.start() != 0:
            return
        if anywhere:
            self._lower.add(form)
        key = _folded(first.group())
        symbols, _ = self._forms.setdefault(key, {}).setdefault(
            f"{'=' if exact else ''}{form}", (set(), exact)
        )
        symbols.add(symbol)
        self.version += 1
        self._ordered.pop(key, None)

    def _candidates(self, key: str) -> list[tuple[str, frozenset[str], bool]]:
        if key not in self._forms:
            return []
        if key not in self._ordered:
            entries = [
                (form.removeprefix("=") if exact else form, frozenset(symbols), exact)
                for form, (symbols, exact) in self._forms[key].items()
            ]
            self._ordered[key] = sorted(entries, key=lambda entry: (-len(entry[0]), entry[2]))
        return self._ordered[key]


def _folded(text: str) -> str:
    """The text in lower case, character for character: offsets stay true, whatever the script."""
    if text.isascii():
        return text.lower()
    return "".join(lower if len(lower := one.lower()) == 1 else one for one in text)


def _capital(piece: str) -> bool:
    """Whether it is written as a name: "Ørsted", "3M", "iShares", "三菱", which knows no capitals."""
    return any(not one.islower() and one.isalnum() for one in piece[:2])


_SECTOR_FUND = re.compile(r"(?:The |State Street )?(?P<sector>[A-Z][\w ]+?) Select Sector SPDR\b.*")


def sector_of_fund(instrument: Instrument) -> str:
    """`Energy`, `Health Care`: the sector that a sector fund holds, by its name; empty for any other instrument."""
    found = _SECTOR_FUND.fullmatch(instrument.name) if instrument.kind == "etf" else None
    return found["sector"] if found else ""


def forms(instrument: Instrument) -> set[str]:
    """What prose may call an instrument: its name, its aliases and the name without company endings."""
    found: set[str] = set()
    for given in (instrument.name, *instrument.aliases):
        name = " ".join(given.split()).replace("'", "’")
        name = name.removeprefix("The ")
        while name and name not in found:
            if name == given or (
                len(name) > 2 and name.lower() not in lexicon.COMMON and name not in lexicon.VOCABULARY
            ):
                found.add(name)
            shorter = _ENDING.sub("", name).rstrip(" ,&")
            if shorter == name:
                break
            name = shorter
    if sector := sector_of_fund(instrument):
        found.add(f"{sector} sector fund")
    return found


_KNOWN: WeakKeyDictionary[MarketView, NameTable] = WeakKeyDictionary()
_SHARED: Final = 4  # tables kept by what they are of: views of neighbouring sessions mostly name the same


def table_for(view: MarketView, mentioned: Iterable[str] = ()) -> NameTable:
    """The names of a view: instruments with bars, benchmarks, and the symbols mentioned (unknown ones left out)."""
    try:
        table = _KNOWN.get(view)
    except TypeError:  # a view that cannot be weakly referenced or hashed is read anew
        table = None
    if table is None:
        table = _build(view)
        with suppress(TypeError):
            _KNOWN[view] = table
    for symbol in mentioned:
        if symbol not in table.titles:
            try:
                table.add(view.instrument(symbol))
            except UnknownSymbol:
                continue
    return table


def _build(view: MarketView) -> NameTable:
    roles = {role: symbol for role in ("small", "large") if (symbol := view.benchmark(role))}
    instruments = []
    for symbol in dict.fromkeys((*view.symbols_with_bars(), *roles.values())):
        try:
            instruments.append(view.instrument(symbol))
        except UnknownSymbol:
            continue
    return _shared(tuple(instruments), tuple(roles.items())).copy()


@lru_cache(maxsize=_SHARED)
def _shared(instruments: tuple[Instrument, ...], roles: tuple[tuple[str, str], ...]) -> NameTable:
    return NameTable.of(instruments, dict(roles))
