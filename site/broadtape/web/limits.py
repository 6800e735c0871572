"""How often one visitor may ask what costs: searches, suggestions, the API. Everything else is answered from bytes.

Owns what is refused; the counting, and who counts as one visitor, is allowances'.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flask import abort, g, request

from broadtape.allowances import Allowance, Remark, SharedAllowance, is_local, shared_table, visitor

if TYPE_CHECKING:
    from flask import Flask

    from broadtape.config import Limits

CROWD = 10  # allowances that all readers behind a proxy share which does not say for whom it asks

# First part of the path → which allowance it draws on. The longest that fits counts.
GROUPS = {"/search": "search", "/search/suggest": "suggest", "/api/": "api", "/quotes/suggest": "suggest"}


def group_of(path: str) -> str:
    """Which allowance an address draws on; "" for none."""
    found = max((start for start in GROUPS if path.startswith(start)), key=len, default="")
    return GROUPS.get(found, "")


def register(
    app: Flask,
    limits: Limits,
    *,
    clock: Callable[[], float] = time.monotonic,
    silent_proxy: Path | None = None,
) -> None:
    """Refuse with 429 what one visitor asks too often; `silent_proxy` is where a proxy that names none is noted."""
    table = shared_table()
    groups = (("search", limits.search), ("suggest", limits.suggest), ("api", limits.api))

    def make(times: int, mark: str) -> Mapping[str, Allowance | SharedAllowance]:
        return {
            name: Allowance(per_minute * times, clock)
            if table is None
            else SharedAllowance(name + mark, per_minute * times, table, clock)
            for name, per_minute in groups
            if per_minute > 0
        }

    kept, crowds = make(1, ""), make(CROWD, "*")
    remark = Remark(silent_proxy) if silent_proxy is not None else None

    def check() -> None:
        group = group_of(request.path)
        allowance = kept.get(group)
        if allowance is None:
            return
        who = visitor(
            request.remote_addr or "", request.headers.get("X-Forwarded-For", ""), limits.trusted_proxies
        )
        if who:
            wait = allowance.take(who)
        elif is_local(request.host):
            wait = 0.0
        else:
            wait = crowds[group].take("all")
            if remark is not None:
                remark.make(request.host)
        if wait:
            g.retry_after = math.ceil(wait)
            abort(429)

    app.before_request(check)
