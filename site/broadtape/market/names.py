"""What prose calls an instrument: "Agilent Technologies, Inc. Common Stock" is Agilent Technologies.

Pure text; which source's name is used is the store's decision.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from broadtape.model import Kind

# What a share is, at the end of a directory's name and after " - ".
_SHARES = (
    r"(?:(?:New |Class [A-Z] |Series [A-Z] |Subordinate |Restricted |Limited )*"
    r"(?:Common|Ordinary|Capital|Voting|Subordinate Voting|Registered|Nonvoting|Non-Voting|Beneficial|"
    r"Depositary|"
    r"American Depositary|American Depository|Global Depositary|New York Registry|Common Voting)"
    r" (?:Stock|Shares?|Receipts?|Units?|Interests?)\b.*"
    r"|(?:ADS|ADSs|ADR|ADRs|GDS)\b.*|Shares of Beneficial Interest\b.*)"
)
_AFTER_DASH = re.compile(rf"\s+[-–]\s+(?:{_SHARES}|(?:Class|Series) [A-Z]\b.*)$")
_AT_END = re.compile(rf"[\s,]+{_SHARES}$")
_CLASS = re.compile(r"[\s,]+\(?(?:Class|Series|Cl\.?) ([A-Z])\b\)?[^()]*$")
_CLASS_ANYWHERE = re.compile(r"\b(?:Class|Series) ([A-Z])\b")
_STATE = re.compile(r"\s*/[A-Z]{2,3}/?$|\s*\((?:DE|MD|NV|NEW|New)\)$")
_THE = re.compile(r",?\s*\(The\)$")
_GIVEN_NAME = re.compile(r"^(\w+) \((?!The\b|Class\b|Series\b)([A-Z][a-z]+)\)$")  # "Lilly (Eli)"
_FORMS = re.compile(
    r"(?:,?\s+(?:INC\.?|CORP\.?|CO\.?|LTD\.?|Inc\.?|Incorporated|Corp\.?|Corporation|Co\.?|Company|Ltd\.?|Limited|PLC|plc|P\.?L\.?C\.?|LLC|L\.L\.C\.|"
    r"LP|L\.P\.|N\.?V\.?|S\.?A\.?|S\.?p\.?A\.?|SE|AG|A/S|AB|ASA|Oyj|S\.?A\.?B\.? de C\.?V\.?|"
    r"S\.? ?A\.? de C\.?V\.?)(?=$|\s|,)\.?|\s+(?:&|and)\s+(?:Co\.?|Company)\.?)$"
)
# Alone these words name no company: "News Corp" stays whole.
_TOO_PLAIN = re.compile(
    r"news|dow|bio|american|national|united|general|southern|northern|western|eastern|first|public|global|"
    r"international|standard|federal|trade|capital|bank",
    re.IGNORECASE,
)
_FUND = re.compile(r"\s+(?:Index )?Fund$")
_TRUST = re.compile(r"(\bETF)\s+Trust$|(\bTrust), Series \d+$")
_SAYS_FUND = re.compile(r"\b(?:ETFs?|ETNs?|Funds?|Trust|Shares|Notes?|Portfolio|Depositary)\b", re.IGNORECASE)
_NOT_COMMON = re.compile(
    r"\b(?:Warrants?|Rights?|Units?|Preferred|Preference|Notes?|Debentures?|Bonds?|When[- ]Issued|"
    r"Contingent Value)\b",
    re.IGNORECASE,
)
_ISSUE = {"R": "rights", "W": "warrants", "U": "units"}


@dataclass(frozen=True, slots=True)
class Naming:
    """The name that prose prints, and every other name under which texts may know the instrument."""

    printed: str
    aliases: tuple[str, ...]


def plain_name(long: str, kind: Kind) -> str:
    """A directory's or a member list's name as a wire would print it, its share class left out."""
    name = " ".join(long.split())
    if kind == "index":
        return name
    if kind == "etf":
        return _fund_name(name)
    if _NOT_COMMON.search(name) and not _AFTER_DASH.search(name) and not re.search(r"\bCommon\b", name):
        return name  # a preferred share or note keeps its whole name
    given = _GIVEN_NAME.match(name)
    if given:
        return f"{given[2]} {given[1]}"
    for pattern in (_AFTER_DASH, _AT_END, _CLASS, _STATE):
        name = pattern.sub("", name).rstrip(" ,-")
    the = _THE.search(name) is not None
    name = _THE.sub("", name)
    bare = name
    while True:
        shorter = _FORMS.sub("", bare).rstrip(" ,")
        if shorter == bare or not shorter:
            break
        if _TOO_PLAIN.fullmatch(shorter):
            return bare
        bare = shorter
    if the and bare == name and " " not in bare:
        return f"The {bare}"  # "Hartford (The)" is no city
    return bare or name


def _fund_name(name: str) -> str:
    name = _TRUST.sub(lambda found: found[1] or found[2], name)
    if "ETF" not in name:
        name = _FUND.sub(" ETF", name)  # "iShares Russell 2000 Index Fund", renamed by its issuer
    return name if _SAYS_FUND.search(name) else f"{name} ETF"


def share_class(symbol: str, names: tuple[str, ...]) -> str:
    """The class letter that names or symbol give, else nothing."""
    for name in names:
        found = _CLASS_ANYWHERE.search(name)
        if found:
            return found[1]
    mark = re.search(r"\.([A-Z])$", symbol)
    return mark[1] if mark else ""


@dataclass(frozen=True, slots=True)
class Called:
    """What is known of one instrument's names. `given`: as sources write it, the preferred first."""

    kind: Kind
    given: tuple[str, ...]
    fixed: str = ""  # by the settings
    member: bool = False  # the preferred name is a member list's


def naming(entries: Mapping[str, Called]) -> dict[str, Naming]:
    """Names for all instruments at once, by symbol, no two alike.

    Of two listed shares of one company the one that a member list calls by the company's name keeps it;
    the others get their class, or failing that their ticker.
    """
    printed: dict[str, str] = {}
    for symbol, called in entries.items():
        name = called.fixed or (plain_name(called.given[0], called.kind) if called.given else "")
        printed[symbol] = name if len(name) > 1 else symbol.partition(":")[2]
    sharing: dict[str, list[str]] = {}
    for symbol, name in printed.items():
        sharing.setdefault(name.casefold(), []).append(symbol)
    final = dict(printed)
    for symbols in sharing.values():
        if len(symbols) > 1:
            keeps = [one for one in symbols if entries[one].fixed or _is_the_company(entries[one])]
            for symbol in symbols:
                if keeps != [symbol]:
                    final[symbol] = entries[symbol].fixed or _distinct(
                        symbol, symbols, printed[symbol], entries
                    )
    seen: set[str] = set()
    result: dict[str, Naming] = {}
    for symbol, called in entries.items():
        name = final[symbol]
        if name.casefold() in seen and not called.fixed:
            name = f"{printed[symbol]} {symbol.partition(':')[2]}"
        seen.add(name.casefold())
        result[symbol] = Naming(name, _aliases(name, printed[symbol], called))
    return result


def _is_the_company(called: Called) -> bool:
    return called.member and not _CLASS_ANYWHERE.search(called.given[0])


def _aliases(name: str, base: str, called: Called) -> tuple[str, ...]:
    forms = [base, *called.given]
    if not any(_NOT_COMMON.search(one) for one in called.given):
        forms += [plain_name(one, called.kind) for one in called.given]
        forms += _shorter(called.given, called.kind)
    found = dict.fromkeys(" ".join(one.split()) for one in forms)
    return tuple(one for one in found if len(one) > 1 and one != name)


def _distinct(symbol: str, sharing: list[str], base: str, entries: Mapping[str, Called]) -> str:
    """The name of one of several instruments that would all print the same."""
    ticker = symbol.partition(":")[2]
    letter = share_class(symbol, entries[symbol].given)
    if letter and "$" not in ticker:
        return f"{base} Class {letter}"
    shortest = min(sharing, key=lambda one: (len(one.partition(":")[2]), one))
    stem = shortest.partition(":")[2]
    if symbol == shortest:
        return base
    suffix = ticker.removeprefix(stem).lstrip(".")
    if ticker.startswith(stem) and suffix in _ISSUE:
        return f"{base} {_ISSUE[suffix]}"
    return f"{base} {ticker}"


def _shorter(names: tuple[str, ...], kind: Kind) -> list[str]:
    """Further forms in use: without an issuer's brand before "SPDR", the legal name without its class."""
    found: list[str] = []
    for name in names:
        if kind == "etf":
            short = re.sub(r"^State Street (?=SPDR\b)", "", _fund_name(" ".join(name.split())))
            found += [short, f"{short} Trust"] if short.endswith("ETF") and "Trust" in name else [short]
        elif kind == "stock":
            legal = _AT_END.sub("", _AFTER_DASH.sub("", " ".join(name.split()))).rstrip(" ,-")
            found.append(_THE.sub("", _CLASS.sub("", legal)))
    return found
