"""HTTP/1.1 for one reader process: connections, requests and answers on one event loop, a few threads behind it.

Owns what a client may say, how long it may take and what the wire carries. Knows no site and renders nothing: what is
at hand is written where the request was read, everything else is a WSGI application's, which the threads call.
"""

from __future__ import annotations

import asyncio
import io
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from functools import lru_cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from urllib.parse import unquote_to_bytes

import httptools

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

HEADERS_S: Final = (
    10  # from the first byte of a request to the last of its headers; as long may a visitor say nothing
)
BODY_S: Final = 20  # and from there to the end of its body
IDLE_S: Final = 75  # between two requests
CROWDED_IDLE_S: Final = 5  # the same while three quarters of all connections are taken
STALLED_S: Final = 60  # a client that took no byte of its answer for so long is let go
LINGER_S: Final = 3  # after a refusal, for the client to read it before the connection goes
LONGEST_TARGET: Final = 8 * 1024
LONGEST_HEADERS: Final = 32 * 1024
SMALLEST_HEADER: Final = 250  # bytes that one is counted as, besides what it says: a hundred or so are enough
LONGEST_BODY: Final = 64 * 1024  # readers send no bodies worth more
LONGEST_WIRE: Final = (
    8 * LONGEST_BODY
)  # of a body as it comes: with the sizes of its chunks, their extensions, trailers
MOST_PIPELINED: Final = 64  # requests of one connection that wait for one at work; the rest is not read
MOST_WAITING: Final = 512  # requests that wait for a thread; more are told to come back
MOST_CONNECTIONS: Final = 8_000
WRITE_AHEAD: Final = 1024 * 1024  # of answers a client has not taken, before its next request is looked at
JOINED: Final = 8 * 1024  # a body up to this is one piece with its headers

_HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "date"})


class Ready(NamedTuple):
    """An answer in bytes: status line and headers, but for Date and Connection, and the body."""

    status: int
    head: bytes
    body: bytes


def head_of(status: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Status line and headers as they go over the wire, without the empty line; ValueError where they may not."""
    lines = [f"HTTP/1.1 {status}"]
    for name, value in headers:
        if name.lower() not in _HOP_BY_HOP:
            lines.append(f"{name}: {value}")
    for line in lines:
        if "\r" in line or "\n" in line or "\0" in line:
            raise ValueError(f"{line!r}: a line end within a header")
    return ("\r\n".join(lines) + "\r\n").encode("latin-1")


def refusal(status: int, text: str = "", *headers: tuple[str, str]) -> Ready:
    """What is said to a client that the sites never hear of."""
    phrase = HTTPStatus(status).phrase
    if status == 204:
        return Ready(status, head_of(f"{status} {phrase}", headers), b"")
    body = f"{phrase}.{f' {text}' if text else ''}\n".encode()
    shown = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    shown += [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), *headers]
    return Ready(status, head_of(f"{status} {phrase}", shown), body)


@lru_cache(maxsize=256)
def _key(name: bytes) -> str:
    """The WSGI name of a header; "" for one with an underscore, which would pass for another with a hyphen."""
    text = name.decode("latin-1").upper()
    if "_" in text:
        return ""
    text = text.replace("-", "_")
    return text if text in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{text}"


_PROTOCOLS: Final = {"1.1": "HTTP/1.1", "1.0": "HTTP/1.0"}


def _read(target: bytes) -> tuple[str, str, str]:
    """The path of a target, its escapes undone, its query, and the target as it stands, as WSGI has them."""
    path, _, query = target.partition(b"#")[0].partition(b"?")
    plain = unquote_to_bytes(path) if b"%" in path else path
    return plain.decode("latin-1"), query.decode("latin-1"), target.decode("latin-1")


_read_again = lru_cache(maxsize=1_000)(_read)
_REMEMBERED: Final = 250  # bytes of a target up to which what it says is remembered


class Door:
    """One process's listener: its connections, its threads, its clock."""

    def __init__(
        self,
        application: WSGIApplication,
        *,
        at_hand: Callable[[WSGIEnvironment], Ready | None] = lambda _: None,
        threads: int = 4,
        log: Callable[[str, BaseException | None], None],
        most: int = MOST_CONNECTIONS,
    ) -> None:
        self.at_hand = at_hand
        self.log = log
        self.connections: set[Connection] = set()
        self.now = 0.0  # seconds, looked at once a second: enough for every time limit here
        self.closing = False
        self.most = most
        self._application = application
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self._waiting = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.AbstractServer | None = None
        self._dated = 0
        self.tails: dict[str, bytes] = {}
        self.tick()

    async def open(self, listener: socket.socket) -> None:
        """Answer on this socket from now on."""
        self._loop = asyncio.get_running_loop()
        self._sweep()
        self._server = await self._loop.create_server(lambda: Connection(self), sock=listener, backlog=1024)

    async def close(self, within_s: float) -> None:
        """Take no more, finish what is at work, and go."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        for one in list(self.connections):
            one.leave()
        end = time.monotonic() + within_s
        while self.connections and time.monotonic() < end:
            await asyncio.sleep(0.02)
        for one in list(self.connections):
            one.abort()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def tick(self) -> None:
        """Look at the clock: the Date of answers, and what time limits are measured by."""
        self.now = time.monotonic()
        seconds = int(time.time())
        if seconds != self._dated:
            self._dated = seconds
            date = f"Date: {formatdate(seconds, usegmt=True)}\r\n"
            self.tails = {
                kind: f"{date}{f'Connection: {kind}' + chr(13) + chr(10) if kind else ''}\r\n".encode("ascii")
                for kind in ("", "close", "keep-alive")
            }

    def _sweep(self) -> None:
        """Once a second: the clock, and connections whose time is over."""
        assert self._loop is not None
        self.tick()
        crowded = len(self.connections) > self.most * 3 // 4
        for one in list(self.connections):
            one.look(self.now, crowded=crowded)
        if not self.closing:
            wait = 1.0 - time.time() % 1.0  # on the second, so that Date is right
            self._loop.call_later(wait + 0.001, self._sweep)

    # --- what is not at hand --------------------------------------------------------------------------------

    def work(self, connection: Connection, environ: WSGIEnvironment) -> bool:
        """Have a thread answer; False where too many wait already."""
        if self._waiting >= MOST_WAITING:
            return False
        self._waiting += 1
        self._pool.submit(self._run, connection, environ)
        return True

    def _run(self, connection: Connection, environ: WSGIEnvironment) -> None:
        assert self._loop is not None
        try:
            answer, rest = self._respond(environ)
        except Exception as error:  # noqa: BLE001 – one answer fails, the reader goes on
            self.log(f"{environ.get('PATH_INFO', '')}: no answer", error)
            answer, rest = refusal(500, "The fault is ours. Please try again in a moment."), None
        try:
            if rest is None:
                self._loop.call_soon_threadsafe(self._done, connection, answer, True)
                return
            self._loop.call_soon_threadsafe(self._done, connection, answer, False)
            self._piece(connection, rest, iter(rest), _length(answer.head))
        except RuntimeError:
            return  # the loop is gone: this process ends

    def _done(self, connection: Connection, answer: Ready, whole: bool) -> None:
        self._waiting -= 1
        connection.answer(answer, whole=whole)

    def _respond(self, environ: WSGIEnvironment) -> tuple[Ready, Iterable[bytes] | None]:
        """The application's answer; its body as far as it comes in one piece, else what is to be iterated over."""
        environ.setdefault("wsgi.input", io.BytesIO())
        environ["wsgi.errors"] = sys.stderr
        said: list[Any] = []
        written: list[bytes] = []

        def start(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
            said[:] = [status, headers]
            return written.append

        chunks = self._application(environ, start)
        if not said:
            _close(chunks)
            raise RuntimeError("the application began a body before its headers")
        status, headers = said
        code = int(status[:3])
        if code in (204, 304) or environ["REQUEST_METHOD"] == "HEAD":
            _close(chunks)
            return Ready(code, head_of(status, headers), b""), None
        if not isinstance(chunks, list):
            return Ready(code, head_of(status, headers), b""), chunks
        body = chunks[0] if len(chunks) == 1 and not written else b"".join([*written, *chunks])
        head = head_of(status, headers)
        told = _length(head)
        if told is None:
            head += b"Content-Length: %d\r\n" % len(body)
        elif told != len(body):
            raise RuntimeError(f"a body of {len(body):,} bytes with a Content-Length of {told:,}")
        return Ready(code, head, body), None

    def _piece(
        self, connection: Connection, source: Iterable[bytes], rest: Iterator[bytes], left: int | None
    ) -> None:
        """Hand over one piece; the next when the client has taken enough of those before, and no thread waits for that.

        `left` is what is still to come of the Content-Length, where there is one.
        """
        assert self._loop is not None
        chunk: bytes | None = None
        whole = False
        try:
            if not connection.gone:
                chunk = next(rest, None)
                whole = chunk is None and not left
                if chunk is not None and left is not None:
                    left -= len(chunk)
                    if left < 0:
                        raise ValueError(f"{-left:,} bytes more than its Content-Length")  # noqa: TRY301 – as any
        except Exception as error:  # noqa: BLE001 – cut off: the client sees that bytes are missing
            self.log("an answer was cut off", error)
            chunk = None
        try:
            if chunk is not None:
                more = partial(self._again, connection, source, rest, left)
                self._loop.call_soon_threadsafe(connection.part, chunk, more)
                return
            self._loop.call_soon_threadsafe(connection.finish, whole)
        except RuntimeError:
            pass  # the loop is gone: this process ends
        _close(source)

    def _again(
        self, connection: Connection, source: Iterable[bytes], rest: Iterator[bytes], left: int | None
    ) -> None:
        try:
            self._pool.submit(self._piece, connection, source, rest, left)
        except RuntimeError:  # this process ends
            _close(source)


class Connection(asyncio.Protocol):
    """One client: its requests are answered in the order in which they came."""

    __slots__ = (
        "_asks", "_base", "_body", "_busy", "_deaf", "_door", "_environ", "_full", "_heads", "_keep", "_lasts",
        "_lingering", "_parser", "_paused", "_pieces", "_since", "_size", "_stalled", "_taken", "_target", "_transport",
        "_waiting", "_working", "gone",
    )  # fmt: skip

    def __init__(self, door: Door) -> None:
        self._door = door
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._base: dict[str, Any] = {}
        self._waiting: deque[tuple[WSGIEnvironment, str]] = deque()
        self._asks = False  # whether to send its body, and was not told yet
        self._busy = False  # a thread is at work on a request
        self._full = False  # the client has not taken what was written
        self._paused = False  # nothing is read
        self._deaf = False  # what comes is not looked at: the last request is in, or was refused
        self._lingering = False
        self._working = ""  # the Connection header of the answer at work
        self._taken: Callable[[], None] | None = None
        self._since, self._lasts = door.now, HEADERS_S  # what the client does now, and how long it may
        self._stalled: tuple[int, float] = (0, 0.0)
        self.gone = False
        self._target = b""
        self._heads: WSGIEnvironment = {}  # of the request that is being read
        self._size = 0  # of its headers told so far, 0 between two requests
        self._pieces = 0  # bytes that came for them after those they began with
        self._body: bytearray | None = None
        self._environ: WSGIEnvironment | None = None  # it, once its headers are there and may be
        self._keep = ""

    # --- the connection ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        transport = self._transport
        transport.set_write_buffer_limits(WRITE_AHEAD, WRITE_AHEAD // 8)
        if len(self._door.connections) >= self._door.most or self._door.closing:
            self._refuse(503, "Too many connections; please try again in a moment.", ("Retry-After", "5"))
        self._door.connections.add(self)
        peer, here = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self._base = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "SCRIPT_NAME": "",
            "SERVER_NAME": here[0] if here else "",
            "SERVER_PORT": str(here[1]) if here else "",
            "REMOTE_ADDR": peer[0] if peer else "",
            "REMOTE_PORT": str(peer[1]) if peer else "",
        }

    def connection_lost(self, _: Exception | None) -> None:
        """The client is gone."""
        self.gone = self._deaf = True
        del self._parser  # it knows us, as we it
        self._door.connections.discard(self)
        self._waiting.clear()
        self._release()

    def eof_received(self) -> bool:
        """The client says no more; what it asked is still answered."""
        self._deaf = True
        if self._lingering:
            self._transport.close()
        self._go_if_done()
        return True

    def pause_writing(self) -> None:
        """The client does not keep up."""
        self._full = True

    def resume_writing(self) -> None:
        """It does again."""
        self._full = False
        self._release()
        self._next()

    def _release(self) -> None:
        if self._taken is not None:
            taken, self._taken = self._taken, None
            taken()

    def look(self, now: float, *, crowded: bool) -> None:
        """Let go of a client that takes too long."""
        left = self._transport.get_write_buffer_size()
        if left:
            if left != self._stalled[0]:
                self._stalled = (left, now)
            elif now - self._stalled[1] > STALLED_S:
                self.abort()
            return
        self._stalled = (0, now)
        if self._busy or self._waiting:
            return
        idle = not self._size
        lasts = min(self._lasts, CROWDED_IDLE_S) if idle and crowded else self._lasts
        if now > self._since + lasts:
            if idle or self._lingering:
                self._transport.close()
            else:
                self._refuse(408)

    def leave(self) -> None:
        """The process ends: answer what was asked, then go."""
        self._deaf = True
        self._go_if_done()

    def abort(self) -> None:
        """Go at once."""
        self._transport.abort()

    def _go_if_done(self) -> None:
        if self._deaf and not self._lingering and not self._busy and not self._waiting:
            self._transport.close()  # what is still to be written is

    # --- requests -------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, of several, or of a part of one."""
        if self._deaf:
            return
        heads = self._heads
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # answered as any request, the last one: what would follow is another protocol
        except httptools.HttpParserError:
            if not self._deaf:
                self._refuse(400)
        else:
            # What comes in many pieces: the parser tells of a header when it is whole, of a chunk's extensions never.
            if self._size and self._heads is heads and not self._deaf:
                self._pieces += len(data)
                if self._environ is None and self._pieces > LONGEST_HEADERS + LONGEST_TARGET:
                    self._refuse(431)
                elif self._pieces > LONGEST_WIRE:
                    self._refuse(413, f"A request here has at most {LONGEST_BODY:,} bytes.")
        if (self._waiting or self._full) and not self._paused and not self._deaf:
            self._paused = True
            self._transport.pause_reading()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if self._deaf:
            return
        self._target = b""
        self._heads = self._base.copy()
        self._size, self._pieces = 1, 0
        self._body = self._environ = None
        self._asks = False
        self._since, self._lasts = self._door.now, HEADERS_S

    def on_url(self, piece: bytes) -> None:
        """The request's target, or a part of it."""
        if self._deaf:
            return
        self._target += piece
        if len(self._target) > LONGEST_TARGET:
            self._refuse(414, f"An address here has at most {LONGEST_TARGET:,} characters.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        if self._deaf:
            return
        self._size += len(name) + len(value) + SMALLEST_HEADER
        if self._size > LONGEST_HEADERS:
            self._refuse(431)
            return
        key = _key(name)
        if not key or self._environ is not None:  # a trailer passes for no header: a proxy did not look at it
            return
        text = value.decode("latin-1").strip(" \t")
        heads = self._heads
        if key in heads:
            if key == "HTTP_HOST":
                self._refuse(400, "A request names one Host.")
                return
            text = f"{heads[key]}{'; ' if key == 'HTTP_COOKIE' else ', '}{text}"
        heads[key] = text

    def on_headers_complete(self) -> None:
        """The request is known, but for its body."""
        if self._deaf:
            return
        self._since, self._lasts = self._door.now, BODY_S
        version = self._parser.get_http_version()
        method = self._parser.get_method().decode("latin-1")
        environ = self._heads
        environ["REQUEST_METHOD"] = method
        environ["SERVER_PROTOCOL"] = _PROTOCOLS.get(version, "")
        if version not in _PROTOCOLS:
            self._refuse(505)
        elif "HTTP_HOST" not in environ and version == "1.1":
            self._refuse(400, "A request names one Host.")
        elif "HTTP_TRANSFER_ENCODING" in environ and version == "1.0":
            self._refuse(400)
        elif environ.get("HTTP_TRANSFER_ENCODING", "chunked").lower() != "chunked":
            self._refuse(501, "No body is unpacked here.")
        elif not self._point(environ, method):
            return
        else:
            self._environ = environ
            last = self._parser.should_upgrade()
            self._keep = "close" if last else _keeps(environ.get("HTTP_CONNECTION", ""), version)
            if "CONTENT_LENGTH" in environ or "HTTP_EXPECT" in environ:
                self._admit(environ, version)

    def _point(self, environ: WSGIEnvironment, method: str) -> bool:
        """What the target names: a path, a whole address as proxies are asked, or the server itself."""
        target = self._target
        if target[:1] != b"/":
            if target == b"*" and method == "OPTIONS":
                self._refuse(204, "", ("Allow", "GET, HEAD, OPTIONS"))
                return False
            if method == "CONNECT":
                self._refuse(405, "", ("Allow", "GET, HEAD, OPTIONS"))
                return False
            try:
                url = httptools.parse_url(target)
            except httptools.HttpParserInvalidURLError:
                self._refuse(400)
                return False
            if (url.schema or b"").lower() not in (b"http", b"https") or not url.host or url.userinfo:
                self._refuse(400)
                return False
            # The target's host counts, whatever Host says (RFC 9112, section 3.2.2).
            host = b"[%b]" % url.host if b":" in url.host else url.host
            environ["HTTP_HOST"] = (host + (b":%d" % url.port if url.port else b"")).decode("latin-1")
            target = (url.path or b"/") + (b"?" + url.query if url.query else b"")
        read = _read_again if len(target) <= _REMEMBERED else _read
        environ["PATH_INFO"], environ["QUERY_STRING"], environ["REQUEST_URI"] = read(target)
        return True

    def _admit(self, environ: WSGIEnvironment, version: str) -> None:
        """Whether its body may come."""
        length = environ.get("CONTENT_LENGTH", "0")
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            self._refuse(413, f"A request here has at most {LONGEST_BODY:,} bytes.")
            return
        expected = environ.get("HTTP_EXPECT", "")
        if expected and version == "1.1":
            if expected.lower() != "100-continue":
                self._refuse(417)
            else:
                self._asks = True
                self._go_on()

    def _go_on(self) -> None:
        """Tell a client that waits for it to send its body, once it has the answers before."""
        if self._asks and not self._busy and not self._waiting:
            self._asks = False
            if self._environ is not None and not self._body and not self._deaf:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, piece: bytes) -> None:
        """A part of a request's body."""
        if self._deaf:
            return
        if self._body is None:
            self._body = bytearray()
        self._body += piece
        if len(self._body) > LONGEST_BODY:
            self._refuse(413, f"A request here has at most {LONGEST_BODY:,} bytes.")

    def on_message_complete(self) -> None:
        """A request is there as a whole."""
        environ = self._environ
        if self._deaf or environ is None:
            return
        if self._body is not None:
            environ["wsgi.input"] = io.BytesIO(self._body)
            environ["CONTENT_LENGTH"] = str(len(self._body))
            environ.pop("HTTP_TRANSFER_ENCODING", None)  # undone here
        keep = self._keep
        self._size = 0
        self._environ = None
        self._since, self._lasts = self._door.now, IDLE_S
        self._deaf = keep == "close"
        if self._busy or self._waiting or self._full:
            self._waiting.append((environ, keep))
            if len(self._waiting) >= MOST_PIPELINED:
                self._waiting[-1] = (environ, "close")
                self._deaf = True
        else:
            self._take(environ, keep)

    # --- answers --------------------------------------------------------------------------------------------

    def _take(self, environ: WSGIEnvironment, keep: str) -> None:
        """Answer a request at once, or have it worked for."""
        door = self._door
        try:
            ready = door.at_hand(environ)
        except Exception as error:  # noqa: BLE001 – then it is worked for, which says what is wrong with it
            door.log("prepared pages failed", error)
            ready = None
        if ready is not None:
            self._write(ready, keep)
            return
        self._busy, self._working = True, keep
        if not door.work(self, environ):
            self._busy = False
            busy = refusal(
                503, "Too many requests at once; please try again in a moment.", ("Retry-After", "2")
            )
            self._write(busy, keep)

    def _next(self) -> None:
        """Whatever may be answered now."""
        while self._waiting and not self._busy and not self._full and not self.gone:
            self._take(*self._waiting.popleft())
        if self._paused and not self._waiting and not self._full and not self.gone:
            self._paused = False
            self._transport.resume_reading()
        self._go_on()
        self._go_if_done()

    def answer(self, ready: Ready, *, whole: bool) -> None:
        """What a thread made; where not `whole`, the rest of the body follows by `part`."""
        if not whole and b"\r\ncontent-length:" not in ready.head.lower():
            self._working = "close"  # the end of the connection is the end of the body
            self._deaf = True
        if not self.gone:
            self._write(ready, self._working, last=whole)
        if whole:
            self._at_rest()
            self._next()

    def part(self, chunk: bytes, taken: Callable[[], None]) -> None:
        """One more piece of a body that comes in pieces; `taken` is called when there is room for the next."""
        if self.gone:
            taken()
            return
        self._transport.write(chunk)
        if self._full:
            self._taken = taken
        else:
            taken()

    def finish(self, whole: bool) -> None:
        """There are no more pieces; where some are missing, nothing may follow that would pass for them."""
        self._at_rest()
        if not whole:
            self._waiting.clear()
        self._deaf = self._deaf or not whole or self._working == "close"
        self._next()

    def _at_rest(self) -> None:
        """The clock of the client runs again: for its next request, or for the one it has begun."""
        self._busy = False
        self._since = self._door.now
        if not self._size:
            self._lasts = IDLE_S

    def _write(self, ready: Ready, keep: str, *, last: bool = True) -> None:
        if self._door.closing and not self._waiting:
            keep = "close"
        head = ready.head + self._door.tails[keep]
        if not ready.body:
            self._transport.write(head)
        elif len(ready.body) <= JOINED:
            self._transport.write(head + ready.body)
        else:
            self._transport.writelines((head, ready.body))
        if last and keep == "close":
            self._deaf = True
            self._go_if_done()

    def _refuse(self, status: int, text: str = "", *headers: tuple[str, str]) -> None:
        """Say why not and listen no more; the client gets time to read it, however much it still sends."""
        self._deaf = True
        self._environ = None
        self._waiting.clear()
        if self._busy:  # an answer is due before this one would be: it is the last
            self._working = "close"
            return
        self._lingering = True
        self._since, self._lasts = self._door.now, LINGER_S
        ready = refusal(status, text, *headers)
        self._transport.write(ready.head + self._door.tails["close"] + ready.body)
        if self._transport.can_write_eof():
            self._transport.write_eof()


def _close(chunks: Iterable[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()


def _length(head: bytes) -> int | None:
    """The Content-Length of an answer's headers, where they have one."""
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else None


def _keeps(told: str, version: str) -> str:
    """What the answer's Connection header says: "" for the usual case, that HTTP/1.1 goes on."""
    asked = {part.strip() for part in told.lower().split(",")} if told else ()
    if "close" in asked:
        return "close"
    if version == "1.0":
        return "keep-alive" if "keep-alive" in asked else "close"
    return ""


def listen(host: str, port: int) -> socket.socket:
    """A socket for one of several processes on an address."""
    family, kind, proto, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, proto)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(address)
    listener.setblocking(False)
    return listener


def most_connections() -> int:
    """As many as the system lets this process hold, up to MOST_CONNECTIONS."""
    import resource  # noqa: PLC0415 – only as a process

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + 500
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(16, min(MOST_CONNECTIONS, soft - 500 if soft > 1_000 else soft // 2))


__all__ = ["Connection", "Door", "Ready", "head_of", "listen", "most_connections", "refusal"]
