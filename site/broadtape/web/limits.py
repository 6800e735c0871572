"""How often one visitor may ask what costs: searches, suggestions, the API. Everything else is answered from bytes.

Owns who counts as one visitor and what is refused; the counting is allowances'.
"""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from flask import abort, g, request

from broadtape.allowances import Allowance, SharedAllowance, shared_table

if TYPE_CHECKING:
    from flask import Flask

    from broadtape.config import Limits

LONGEST = 2_000  # characters of X-Forwarded-For that are read, from its end

# First part of the path → which allowance it draws on. The longest that fits counts.
GROUPS = {"/search": "search", "/search/suggest": "suggest", "/api/": "api", "/quotes/suggest": "suggest"}


def visitor(peer: str, forwarded: str, trusted: Iterable[str] = ()) -> str:
    """Who asks: a network address, of IPv6 its /64; "" where a proxy of ours does not say for whom it asks.

    `forwarded` is X-Forwarded-For, believed only as far as it was written by a proxy on this machine or a
    trusted one.
    """
    known = set(trusted)

    def ours(address: str) -> bool:
        found = _address(address)
        return found is not None and (found.is_loopback or address in known or str(found) in known)

    # Proxies append: of a list that is too long, what the visitor wrote is dropped, never what a proxy did.
    told = forwarded if len(forwarded) <= LONGEST else forwarded[-LONGEST:].partition(",")[2]
    chain = [part.strip() for part in told.split(",") if part.strip()] + [peer]
    while chain and ours(chain[-1]):
        chain.pop()
    if not chain:
        return ""
    found = _address(chain[-1])
    if found is None:
        return peer if not ours(peer) else ""
    if found.version == 6:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a text is, its port left out, an IPv4 one as such; None where it is none."""
    ported = re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+", text)
    try:
        found = ipaddress.ip_address((ported[1] or ported[2]) if ported else text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if found.version == 6 else None
    return mapped or found


def group_of(path: str) -> str:
    """Which allowance an address draws on; "" for none."""
    found = max((start for start in GROUPS if path.startswith(start)), key=len, default="")
    return GROUPS.get(found, "")


def register(app: Flask, limits: Limits, *, clock: Callable[[], float] = time.monotonic) -> None:
    """Refuse with 429 what one visitor asks too often."""
    table = shared_table()
    kept: Mapping[str, Allowance | SharedAllowance] = {
        name: Allowance(per_minute, clock)
        if table is None
        else SharedAllowance(name, per_minute, table, clock)
        for name, per_minute in (("search", limits.search), ("suggest", limits.suggest), ("api", limits.api))
        if per_minute > 0
    }

    def check() -> None:
        allowance = kept.get(group_of(request.path))
        if allowance is None:
            return
        who = visitor(
            request.remote_addr or "", request.headers.get("X-Forwarded-For", ""), limits.trusted_proxies
        )
        wait = allowance.take(who) if who else 0.0
        if wait:
            g.retry_after = math.ceil(wait)
            abort(429)

    app.before_request(check)
