"""Sources made as the settings make them, and answers to give to them."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newswire.directory import Directory
from newswire.observations import Harvest
from newswire.sources import make
from newswire.wire import Snapshot, Source

LATER = datetime(2026, 11, 22, 12, tzinfo=UTC)


def source(kind: str, **options: Any) -> Source:
    return make(kind, options)


def answer(
    body: bytes | str, *, label: str = "", kind: str = "", status: int = 200, at: datetime = LATER
) -> Snapshot:
    raw = body.encode() if isinstance(body, str) else body
    headers = {"content-type": kind} if kind else {}
    return Snapshot(
        source="test",
        url="https://x.example/a",
        body=raw,
        label=label,
        status=status,
        headers=headers,
        retrieved=at,
    )


def parse(kind: str, body: bytes | str, *, label: str = "", **more: Any) -> Harvest:
    directory = more.pop("directory", None) or Directory()
    options = more.pop("options", {})
    return source(kind, **options).parse(answer(body, label=label, **more), directory)


def recorded(folder: Path, name: str) -> bytes:
    """A recorded body: unpacked where it is compressed, taken out where it is in an envelope or a cassette."""
    data = (folder / "recorded" / name).read_bytes()
    if name.endswith(".gz"):
        data = gzip.decompress(data)
    if "/http_" in f"/{name}":
        response = json.loads(data)["response"]
        held = response.get("bodyJson", response.get("body"))
        return held.encode() if isinstance(held, str) else json.dumps(held).encode()
    if name.endswith(".vcr.yaml"):
        import yaml

        string = yaml.safe_load(data)["interactions"][0]["response"]["body"]["string"]
        return string if isinstance(string, bytes) else string.encode()
    return data
