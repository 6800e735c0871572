"""The two small files by which the keeper tells the other processes how things stand.

Owns their form: the heartbeat (is a keeper alive, what did it last do) and the mark (which generation and
settings are in force). Both live in var/cache, are replaced atomically and may be deleted. Decides nothing.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from broadtape.config import Instance

T = TypeVar("T")

EVERY_S = 5.0  # how often a keeper says that it is alive
LATE = timedelta(seconds=30)  # a heartbeat older than this is a dead or hanging keeper's


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What the keeper last said. `problem` is why its last publish failed, or ""."""

    pid: int
    started: datetime
    beat: datetime
    generation: int = 0
    published: datetime | None = None
    seconds: float = 0.0  # what the last publish took
    problem: str = ""

    def late(self, now: datetime) -> bool:
        """Whether the keeper has been silent for too long."""
        return now - self.beat > LATE


@dataclass(frozen=True, slots=True)
class Mark:
    """What readers must agree with: pages made under another mark are stale."""

    generation: int
    settings: str  # digest of settings and site templates


def heartbeat_path(instance: Instance) -> Path:
    """Where the keeper's heartbeat is."""
    return instance.cache / "keeper.json"


def mark_path(instance: Instance) -> Path:
    """Where the mark is."""
    return instance.cache / "mark.json"


def silent_proxy_path(instance: Instance) -> Path:
    """Noted there: the host for which a proxy asked last without saying for whom."""
    return instance.cache / "silent-proxy"


def heartbeat(instance: Instance) -> Heartbeat | None:
    """The keeper's last word; None where none ever ran or the file is unreadable."""
    return _read(heartbeat_path(instance), Heartbeat)


def mark(instance: Instance) -> Mark | None:
    """The mark in force; None before the first publish."""
    return _read(mark_path(instance), Mark)


def write_heartbeat(instance: Instance, beat: Heartbeat) -> None:
    """Say it; lost without harm on a crash, so not synced."""
    _replace(heartbeat_path(instance), msgspec.json.encode(beat))


def write_mark(instance: Instance, new: Mark) -> None:
    """Set the mark, if it differs."""
    if mark(instance) != new:
        _replace(mark_path(instance), msgspec.json.encode(new))


def settings_digest(root: Path) -> str:
    """Changes when broadtape.toml, a site.toml or a file of a site's templates or borrowed chrome does."""
    content = root / "content"
    found = [content / "broadtape.toml", *sorted((content / "sites").glob("*/site.toml"))]
    found += sorted(path for path in (content / "sites").glob("*/templates/**/*") if path.is_file())
    found += sorted(path for path in (content / "sites").glob("*/chrome/*") if path.is_file())
    digest = hashlib.sha256()
    for path in found:
        try:
            stat = path.stat()
        except OSError:
            continue
        digest.update(f"{path.relative_to(content)}\0{stat.st_mtime_ns}\0{stat.st_size}\0".encode())
    return digest.hexdigest()[:16]


def utc_now() -> datetime:
    """The present, UTC."""
    return datetime.now(UTC)


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def _replace(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
