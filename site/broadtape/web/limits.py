"""How often one visitor may ask what costs: searches, suggestions, the API. Everything else is answered from bytes.

Owns the counting and who counts as one visitor. Keeps addresses for minutes, in memory only, and at most so many.
"""

from __future__ import annotations

import ipaddress
import math
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import abort, g, request

if TYPE_CHECKING:
    from flask import Flask

    from broadtape.config import Limits

MOST = 20_000  # visitors remembered at once; the one not seen for longest is forgotten first
LONGEST = 2_000  # characters of X-Forwarded-For that are read, from its end
BURST = 0.5  # of a minute's allowance may come at once

# First part of the path → which allowance it draws on. The longest that fits counts.
GROUPS = {"/search": "search", "/search/suggest": "suggest", "/api/": "api", "/quotes/suggest": "suggest"}


@dataclass(slots=True)
class Allowance:
    """A bucket for each visitor that fills with time: `per_minute` on the average, half of that at once."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    most: int = MOST
    _held: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, visitor: str) -> float:
        """Take one; 0 where there is one to take, else the seconds until there is."""
        size = max(1.0, self.per_minute * BURST)
        rate = self.per_minute / 60
        now = self.clock()
        with self._lock:
            left, seen = self._held.pop(visitor, (size, now))
            left = min(size, left + max(0.0, now - seen) * rate)  # a clock may be set back
            wait = 0.0 if left >= 1 else (1 - left) / rate
            self._held[visitor] = (left - 1 if not wait else left, now)
            if len(self._held) > self.most:
                self._held.popitem(last=False)
        return wait

    def __len__(self) -> int:
        return len(self._held)


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
    kept: Mapping[str, Allowance] = {
        name: Allowance(per_minute, clock)
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
