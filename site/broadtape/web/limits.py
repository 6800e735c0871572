"""How often one visitor may ask what costs: searches, suggestions, the API. Everything else is answered from bytes.

Owns what is refused; the counting, and who counts as one visitor, is allowances'.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from flask import abort, g, request

from broadtape.allowances import Allowance, SharedAllowance, shared_table, visitor

if TYPE_CHECKING:
    from flask import Flask

    from broadtape.config import Limits

# First part of the path → which allowance it draws on. The longest that fits counts.
GROUPS = {"/search": "search", "/search/suggest": "suggest", "/api/": "api", "/quotes/suggest": "suggest"}


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
