"""How much of something one visitor may take: buckets that fill with time, in one process or for several.

Owns who counts as one visitor, and no HTTP: what is refused is the sites' matter. One process keeps addresses for
minutes, in memory only; several share a table of salted digests of them, whose salt is on no disk. Either holds at
most so many.
"""

from __future__ import annotations

import fcntl
import hashlib
import ipaddress
import mmap
import os
import re
import secrets
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

MOST = 20_000  # visitors remembered at once; the one not seen for longest is forgotten first
REMARKED_S = 3_600.0
BURST = 0.5  # of a minute's allowance may come at once


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


class Remark:
    """A note in a file that something is so, and for which host: written once an hour, read by the doctor."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._next = clock()

    def make(self, host: str) -> None:
        """It is so; a disk that takes nothing keeps it to itself."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + REMARKED_S
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(host[:253], "utf-8")


# --- several processes ------------------------------------------------------------------------------------

SHARED = "BROADTAPE_LIMITS"  # the readers' common table: its path, and the salt that is written nowhere else
SLOTS = 1 << 15  # of 24 bytes
_SLOT = struct.Struct("<Qdd")  # whose it is, what is left, when that was
_LOOKED_AT = 8  # neighbouring slots in which one visitor may stand; the one unseen for longest makes room


def share(path: Path) -> None:
    """Make an empty table for the processes that this one will start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(0o600)
    os.truncate(fresh, SLOTS * _SLOT.size)
    fresh.replace(path)
    os.environ[SHARED] = f"{secrets.token_hex(16)}:{path}"


class Table:
    """The common table of several readers, as this process sees it."""

    def __init__(self, told: str) -> None:
        """`told` is what `share` put into the environment; OSError or ValueError where there is no such table."""
        salt, _, path = told.partition(":")
        self._salt = bytes.fromhex(salt)
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC)  # held as long as the process lives
        self._slots = mmap.mmap(self._file, SLOTS * _SLOT.size)
        self._lock = threading.Lock()  # flock holds off other processes, not other threads

    def take(self, group: str, visitor: str, *, size: float, rate: float, now: float) -> float:
        """Take one of the visitor's allowance of a group; 0 where there is one to take, else the seconds until then."""
        digest = hashlib.blake2b(f"{group}\0{visitor}".encode(), digest_size=8, key=self._salt).digest()
        whose = int.from_bytes(digest, "little") or 1  # 0 is nobody's
        places = [(whose + step) % SLOTS * _SLOT.size for step in range(_LOOKED_AT)]
        with self._lock:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                held = [(place, *_SLOT.unpack_from(self._slots, place)) for place in places]
                place, owner, left, seen = next(
                    (one for one in held if one[1] == whose), min(held, key=lambda one: one[3])
                )
                if owner != whose:
                    left, seen = size, now
                left = min(size, left + max(0.0, now - seen) * rate)  # a clock may be set back
                wait = 0.0 if left >= 1 else (1 - left) / rate
                _SLOT.pack_into(self._slots, place, whose, left if wait else left - 1, now)
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        return wait


@dataclass(frozen=True, slots=True)
class SharedAllowance:
    """What Allowance is, for all the processes that have the same table."""

    group: str
    per_minute: int
    table: Table
    clock: Callable[[], float] = time.time

    def take(self, visitor: str) -> float:
        """As Allowance.take."""
        return self.table.take(
            self.group,
            visitor,
            size=max(1.0, self.per_minute * BURST),
            rate=self.per_minute / 60,
            now=self.clock(),
        )


def shared_table() -> Table | None:
    """The table of this process and others; None where it answers alone."""
    told = os.environ.get(SHARED, "")
    try:
        return Table(told) if told else None
    except (OSError, ValueError):
        return None  # each process counts for itself, as one alone does


# --- who asks -----------------------------------------------------------------------------------------------

LONGEST: Final = 2_000  # characters of X-Forwarded-For that are read, from its end


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


def is_local(host: str) -> bool:
    """Whether a Host is a name of this machine: then who asks from here is its operator, or a tool of theirs."""
    name = host.rpartition(":")[0] if re.search(r":\d+\Z", host) else host
    found = _address(name.strip("[]"))
    return name == "localhost" or name.endswith(".localhost") or (found is not None and found.is_loopback)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a text is, its port left out, an IPv4 one as such; None where it is none."""
    ported = re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+", text)
    try:
        found = ipaddress.ip_address((ported[1] or ported[2]) if ported else text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if found.version == 6 else None
    return mapped or found
