"""Where a connection may go: names resolved, each address checked, and the checked address connected to.

Owns the guard in the HTTP client's network backend, and with it the time and the bytes one request may take. Knows
nothing of HTTP.
"""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

import httpcore2

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection, Iterable, Sequence

MOST_ADDRESSES = 8  # of one name that are tried
RESOLVE_SECONDS = 10.0
# Prefixes of IPv6 that carry an IPv4 address inside (RFC 6052, RFC 8215), besides those that ipaddress reads.
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_SITE_LOCAL = IPv6Network("fec0::/10")


class Forbidden(OSError):
    """The address is not one that a fetcher may connect to."""


class TooMuch(httpcore2.ReadError):
    """More bytes came than one request may take."""


def is_public(address: str | IPv4Address | IPv6Address) -> bool:
    """Whether the address is one of the public internet.

    Not public: private, loopback, link-local (metadata services among them), shared (100.64/10), multicast,
    reserved, documentation and unspecified ones, and IPv6 forms that stand for such an IPv4 address.
    """
    try:
        found = ip_address(address) if isinstance(address, str) else address
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return found.is_global and not found.is_multicast and not found.is_reserved
    if found.scope_id is not None or found in _SITE_LOCAL:
        return False
    inner = _inside(found)
    if inner is not None:
        return all(is_public(one) for one in inner)
    return found.is_global and not found.is_multicast and not found.is_reserved


def _inside(address: IPv6Address) -> tuple[IPv4Address, ...] | None:
    """The IPv4 addresses that an IPv6 one carries; None where it carries none."""
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if any(address in network for network in _TRANSLATED) or int(address) >> 32 == 0:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return None


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, in the order the system prefers; OSError where it has none in time."""
    found: list[str] = []
    failed: list[OSError] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))
        except OSError as error:
            failed.append(error)
        except UnicodeError as error:
            failed.append(OSError(f"no host name: {error}"))

    worker = threading.Thread(target=ask, daemon=True)  # the system's resolver has no time-out of its own
    worker.start()
    worker.join(RESOLVE_SECONDS)
    if worker.is_alive():
        raise OSError(f"{host} was not resolved within {RESOLVE_SECONDS:.0f} seconds")
    if failed:
        raise failed[0]
    return found


@dataclass(slots=True)
class Allowance:
    """What is left of one request: until when (monotonic seconds), and how many bytes may still come in."""

    until: float
    bytes_left: int

    def seconds(self, wanted: float | None) -> float:
        """How long the next step may take; ReadTimeout where nothing is left."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the whole request took too long")
        return left if wanted is None else min(wanted, left)


class Guard(httpcore2.NetworkBackend):
    """Connects to checked addresses only; a name is resolved once and its checked address is connected to.

    `allowed` are host names whose addresses the operator vouches for, whatever they are. What `within` grants
    holds for the thread that called it.
    """

    def __init__(
        self, allowed: Collection[str] = (), *, resolver: Callable[[str, int], Sequence[str]] = resolve
    ) -> None:
        self._allowed = frozenset(name.lower() for name in allowed)
        self._resolver = resolver
        self._inner = httpcore2.SyncBackend()
        self._local = threading.local()

    def grant(self, allowance: Allowance | None) -> None:
        """What the requests of this thread may take from now on."""
        self._local.allowance = allowance

    @property
    def allowance(self) -> Allowance | None:
        """What this thread has left."""
        found: Allowance | None = getattr(self._local, "allowance", None)
        return found

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to one of the host's addresses; ConnectError where none may be or can be reached."""
        try:
            addresses = list(self._resolver(host, port))[:MOST_ADDRESSES]
        except OSError as error:
            raise httpcore2.ConnectError(f"{host} has no address: {error}") from error
        may = addresses if host.lower() in self._allowed else [one for one in addresses if is_public(one)]
        if not may:
            shown = ", ".join(addresses) or "no address"
            raise httpcore2.ConnectError(f"{host} is {shown}, which is not public") from Forbidden(host)
        last: Exception | None = None
        for address in may:
            allowance = self.allowance
            wait = allowance.seconds(timeout) if allowance else timeout
            try:
                stream = self._inner.connect_tcp(address, port, wait, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                last = error
                continue
            return _Metered(stream, self)
        raise last if last is not None else httpcore2.ConnectError(f"{host} cannot be reached")


class _Metered(httpcore2.NetworkStream):
    """A stream that takes no longer and gives no more than what is granted to the thread that reads it."""

    def __init__(self, inner: httpcore2.NetworkStream, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        allowance = self._guard.allowance
        if allowance is None:
            return self._inner.read(max_bytes, timeout)
        data = self._inner.read(max_bytes, allowance.seconds(timeout))
        allowance.bytes_left -= len(data)
        if allowance.bytes_left < 0:
            raise TooMuch("the answer is longer than allowed")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        allowance = self._guard.allowance
        self._inner.write(buffer, allowance.seconds(timeout) if allowance else timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        allowance = self._guard.allowance
        wait = allowance.seconds(timeout) if allowance else timeout
        return _Metered(self._inner.start_tls(ssl_context, server_hostname, wait), self._guard)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
