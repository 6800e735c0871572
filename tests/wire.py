"""A small vocabulary for tests of tables: `parse` a text, `store` harvests, without files or clocks."""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from broadtape.market import Arrangement, MarketStore
from newswire.directory import Directory
from newswire.files import FileSettings, FileSnapshot, FilesSource
from newswire.observations import Harvest

NOON = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)  # when tests read, unless they say otherwise

LONG_BARS = {name: name for name in ("symbol", "date", "open", "high", "low", "close", "adj_close", "volume")}


def settings(holds: str = "bars", name: str = "table", **more: Any) -> FileSettings:
    defaults: dict[str, dict[str, str]] = {
        "bars": {"symbol": "symbol", "date": "date", "close": "close"},
        "instruments": {"symbol": "symbol", "name": "name"},
        "readings": {"series": "series", "date": "date", "value": "value"},
        "policy": {"date": "date", "lower": "lower", "upper": "upper", "change_bp": "change_bp"},
        "events": {"date": "date", "time": "time", "zone": "zone", "kind": "kind", "title": "title"},
    }
    more.setdefault("columns", defaults[holds])
    return FileSettings(name=name, path=f"{name}.csv", holds=holds, **more)  # type: ignore[arg-type]  # words of tests


def snapshot(data: str | bytes, *, at: datetime = NOON, path: str = "table.csv") -> FileSnapshot:
    raw = data.encode() if isinstance(data, str) else data
    return FileSnapshot(path, raw, hashlib.sha256(raw).hexdigest(), at, at - timedelta(days=1))


def parse(
    data: str | bytes,
    holds: str = "bars",
    *,
    listed: dict[str, str] | None = None,
    at: datetime = NOON,
    name: str = "table",
    **more: Any,
) -> Harvest:
    """The harvest of a table; `listed` are qualified symbols already loaded, with their kinds."""
    directory = Directory(listed.items() if listed else ())  # type: ignore[arg-type]  # kinds as words
    return FilesSource(settings(holds, name, **more)).parse(snapshot(data, at=at), directory)


def packed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def open_store(folder: Path, *harvests: Harvest, **arrangement: Any) -> MarketStore:
    """A store that has taken in the harvests, in their order."""
    store = MarketStore.open(folder / "market.sqlite")
    if arrangement:
        store.configure(Arrangement(**arrangement))
    for harvest in harvests:
        store.ingest(harvest)
    return store


def bars(rows: dict[str, float], symbol: str = "NYSE:A", *, column: str = "close") -> str:
    """A long table of one symbol: session → price."""
    return f"symbol,date,{column}\n" + "".join(f"{symbol},{day},{price}\n" for day, price in rows.items())
