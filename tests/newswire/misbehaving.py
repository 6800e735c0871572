"""A server on a real socket that answers as scripted, misbehaves on demand, and writes down what it was asked."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

Script = Callable[["Asked", socket.socket], None]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived. `at` is monotonic seconds."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass
class Misbehaving:
    """Answers each path by its script; what has none is 404. `log` holds every request, robots.txt included."""

    scripts: dict[str, Script] = field(default_factory=dict)
    log: list[Asked] = field(default_factory=list)
    most_at_once: int = 0
    certificate: tuple[str, str] | None = None

    def __enter__(self) -> Misbehaving:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.port: int = self._socket.getsockname()[1]
        self._running = True
        self._at_once = 0
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        if self.certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*self.certificate)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running = False
        self._thread.join(2)
        self._socket.close()

    @property
    def home(self) -> str:
        return f"{'https' if self.certificate else 'http'}://localhost:{self.port}"

    def paths(self) -> list[str]:
        return [asked.target for asked in self.log if asked.path != "/robots.txt"]

    def _serve(self) -> None:
        while self._running:
            try:
                connection, _ = self._socket.accept()
            except (TimeoutError, OSError):
                continue
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            connection.settimeout(20)
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            asked = self._read(connection)
            with self._lock:
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                self.log.append(asked)
            try:
                self.scripts.get(asked.target, self.scripts.get(asked.path, plain(b"no", status=404)))(
                    asked, connection
                )
            finally:
                with self._lock:
                    self._at_once -= 1
        connection.close()

    @staticmethod
    def _read(connection: socket.socket) -> Asked:
        held = b""
        while b"\r\n\r\n" not in held:
            more = connection.recv(65536)
            if not more:
                raise ValueError("nothing asked")
            held += more
        head, _, body = held.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65536)
        return Asked(method, target, headers, body, time.monotonic())


def plain(
    body: bytes, *, status: int = 200, kind: str = "text/plain; charset=utf-8", **headers: str
) -> Script:
    """A well-behaved answer. `headers` are named with underscores."""

    def answer(_: Asked, connection: socket.socket) -> None:
        given = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"}
        given |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        connection.sendall(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode("latin-1") + body)

    return answer


def raw(*chunks: bytes, pause: float = 0.0) -> Script:
    """Exactly these bytes, one after the other with a pause between them."""

    def answer(_: Asked, connection: socket.socket) -> None:
        for place, chunk in enumerate(chunks):
            time.sleep(pause if place else 0)
            connection.sendall(chunk)

    return answer


def endless(first: bytes, chunk: bytes, *, pause: float = 0.0) -> Script:
    """`first`, and then `chunk` until the client goes away or twenty seconds have passed."""

    def answer(_: Asked, connection: socket.socket) -> None:
        connection.sendall(first)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            connection.sendall(chunk)
            time.sleep(pause)

    return answer


def turns(*scripts: Script) -> Script:
    """The first request gets the first script, and so on; the last one stays."""
    left = list(scripts)

    def answer(asked: Asked, connection: socket.socket) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(asked, connection)

    return answer
