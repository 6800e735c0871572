from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import uvloop

from broadtape import http1
from broadtape.http1 import Door, Ready, head_of

LONG = b"The ferry runs. " * 20_000  # more than the socket's buffers take at once
CHUNK = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
HOST = b"Host: bay.localhost\r\n"


class House:
    """A door with an application behind it, on a loop of its own, and what both were asked."""

    def __init__(self, **more: Any) -> None:
        self.asked: list[dict[str, Any]] = []
        self.logged: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.closed = 0
        self.door: Door
        self.port = 0
        self._more = more
        self._loop = uvloop.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._started.wait(10)

    def _run(self) -> None:
        self.door = Door(
            self.answer,
            at_hand=self.at_hand,
            threads=2,
            log=lambda text, error: self.logged.append(f"{text}: {error!r}"),
            **self._more,
        )
        listener = http1.listen("127.0.0.1", 0)
        self.port = listener.getsockname()[1]
        self._loop.run_until_complete(self.door.open(listener))
        self._started.set()
        self._loop.run_forever()

    def stop(self) -> None:
        self.go_on.set()
        asyncio.run_coroutine_threadsafe(self.door.close(1.0), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def at_hand(self, environ: dict[str, Any]) -> Ready | None:
        self.asked.append(environ)
        path = environ["PATH_INFO"]
        if path == "/broken":
            raise ValueError("no such page")
        if not path.startswith("/held"):
            return None
        body = LONG if path == "/held/long" else path.encode("latin-1")
        head = head_of("200 OK", [("Content-Length", str(len(body)))])
        return Ready(200, head, b"" if environ["REQUEST_METHOD"] == "HEAD" else body)

    def answer(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.go_on.wait(10)
        if path == "/error":
            raise RuntimeError("nothing works")
        if path.startswith("/wrong"):
            start("200 OK", [("Content-Length", "5")])
            return self._wrong(path)
        if path == "/split":
            start("200 OK", [("X", "a\r\nSet-Cookie: b")])
            return [b""]
        if path == "/endless":
            start("200 OK", [("Content-Length", str(len(LONG) * 100))])
            return (LONG for _ in range(100))
        if path.startswith("/pieces"):
            length = [("Content-Length", str(len(LONG) * 4))] if path == "/pieces" else []
            start("200 OK", length)
            return self._pieces()
        body = environ["wsgi.input"].read()
        start("200 OK", [("Content-Type", "text/plain")])
        return [path.encode("latin-1"), b" ", body]

    def _pieces(self) -> Iterator[bytes]:
        try:
            for _ in range(4):
                yield LONG
        finally:
            self.closed += 1

    def _wrong(self, path: str) -> Iterable[bytes]:
        """A body that is not what its Content-Length says."""
        if path.endswith("list"):
            return [b"abc"]
        return (
            self._fails()
            if path.endswith("fails")
            else iter([b"abc", b"" if path.endswith("short") else b"def"])
        )

    def _fails(self) -> Iterator[bytes]:
        yield b"abc"
        raise OSError("the disk is gone")

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def say(self, said: bytes, *, half: bool = False) -> bytes:
        """Everything that is answered until the server closes."""
        with self.connect() as one:
            with contextlib.suppress(OSError):
                one.sendall(said)
                if half:
                    one.shutdown(socket.SHUT_WR)
            return read(one)


def read(one: socket.socket) -> bytes:
    told = b""
    with contextlib.suppress(ConnectionError):
        while more := one.recv(1 << 20):
            told += more
    return told


def wait(done: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    try:
        yield made
    finally:
        made.stop()


def get(path: bytes, *headers: bytes, last: bool = True) -> bytes:
    more = b"".join(b"%b\r\n" % one for one in headers) + (b"Connection: close\r\n" if last else b"")
    return b"GET %b HTTP/1.1\r\n" % path + HOST + more + b"\r\n"


# --- what is asked ------------------------------------------------------------------------------------------


def test_what_is_at_hand_and_what_is_worked_for_are_answered_in_order(house: House) -> None:
    told = house.say(
        get(b"/held/1", last=False)
        + get(b"/slow", last=False)
        + get(b"/held/2", last=False)
        + get(b"/slow/2")
    )

    heads = [part.partition(b"\r\n\r\n")[2] for part in told.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert heads == [b"/held/1", b"/slow ", b"/held/2", b"/slow/2 "]
    assert told.count(b"\r\nDate: ") == 4
    assert told.count(b"Connection: close") == 1


def test_a_request_may_come_byte_by_byte(house: House) -> None:
    with house.connect() as one:
        for byte in get(b"/held/1", b"X-Long: value"):
            one.sendall(bytes((byte,)))

        assert read(one).endswith(b"/held/1")
    assert house.asked[0]["HTTP_X_LONG"] == "value"


def test_a_client_that_has_said_all_still_gets_its_answers(house: House) -> None:
    assert house.say(get(b"/held/1", last=False), half=True).endswith(b"/held/1")
    assert house.say(get(b"/slow", last=False), half=True).endswith(b"/slow ")
    assert house.say(b"GET /he", half=True) == b""
    assert house.say(b"", half=True) == b""


def test_head_has_no_body(house: House) -> None:
    for path, length in ((b"/held/long", str(len(LONG))), (b"/slow", "")):
        head, _, body = house.say(
            b"HEAD " + path + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
        ).partition(b"\r\n\r\n")
        assert body == b""
        assert (f"Content-Length: {length}".encode() in head) == bool(length)


@pytest.mark.parametrize(
    ("line", "more", "kept"),
    [
        (b"HTTP/1.1", b"", True),
        (b"HTTP/1.1", b"Connection: keep-alive\r\n", True),
        (b"HTTP/1.1", b"Connection: Foo, Close\r\n", False),
        (b"HTTP/1.0", b"", False),
        (b"HTTP/1.0", b"Connection: Keep-Alive\r\n", True),
        (b"HTTP/1.1", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n", False),
    ],
)
def test_a_connection_goes_on_where_the_client_takes_that(
    house: House, line: bytes, more: bytes, kept: bool
) -> None:
    with house.connect() as one:
        one.sendall(b"GET /held/1 " + line + b"\r\n" + HOST + more + b"\r\n")
        first = one.recv(65536)
        if kept:
            one.sendall(b"GET /held/2 " + line + b"\r\n" + HOST + more + b"Connection: close\r\n\r\n")
        rest = read(one)

    assert first.endswith(b"/held/1")
    assert (b"connection: close" in first.lower()) == (not kept)
    assert (b"connection: keep-alive" in first.lower()) == (kept and line == b"HTTP/1.0")
    assert rest.endswith(b"/held/2") == kept


def test_a_whole_address_as_target_names_the_host(house: House) -> None:
    house.say(get(b"http://hills.localhost:8000/held/a%20b?q=c%26d"))
    house.say(get(b"HTTP://[::1]:80/held"))
    house.say(get(b"http://hills.localhost"))
    first, second, third = house.asked

    assert (first["HTTP_HOST"], first["PATH_INFO"]) == ("hills.localhost:8000", "/held/a b")
    assert first["QUERY_STRING"] == "q=c%26d"
    assert second["HTTP_HOST"] == "[::1]:80"
    assert (third["HTTP_HOST"], third["PATH_INFO"]) == ("hills.localhost", "/")


def test_headers_reach_the_application_as_wsgi_names_them(house: House) -> None:
    house.say(
        get(
            b"//held/%C3%A9?x",
            b"Accept: a",
            b"accept: b",
            b"Cookie: c=1",
            b"Cookie: d=2",
            b"X_Forwarded_For: 9.9.9.9",
        )
    )
    environ = house.asked[0]

    assert environ["HTTP_ACCEPT"] == "a, b"
    assert environ["HTTP_COOKIE"] == "c=1; d=2"
    assert "HTTP_X_FORWARDED_FOR" not in environ  # it would pass for the one with hyphens
    assert environ["PATH_INFO"].encode("latin-1").decode() == "//held/é"
    assert (environ["REMOTE_ADDR"], environ["SERVER_PROTOCOL"]) == ("127.0.0.1", "HTTP/1.1")


def test_a_body_reaches_the_application(house: House) -> None:
    plain = house.say(b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nConnection: close\r\n\r\nabc")
    chunked = house.say(
        b"POST /b HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    )

    assert plain.endswith(b"/a abc")
    assert chunked.endswith(b"/b abc")
    assert house.asked[1]["CONTENT_LENGTH"] == "3"


def test_a_client_that_asks_first_is_told_to_go_on(house: House) -> None:
    ask = b"POST /a HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: "
    with house.connect() as one:
        one.sendall(ask + b"3\r\n\r\n")
        assert one.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        one.sendall(b"abc")
        assert read(one).endswith(b"/a abc")

    assert house.say(ask + b"99999999\r\n\r\n").startswith(b"HTTP/1.1 413 ")


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: -3\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"A : b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET http://u:p@bay.localhost/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET ftp://bay.localhost/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),  # TLS where none is spoken
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
        (b"CONNECT bay.localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 204),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET /" + b"a" * 5_000_000, 414),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 5_000_000, 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 140 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 70000\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK * 3, 413),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Expect: tea\r\n\r\n", 417),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_and_the_connection_ends(
    house: House, said: bytes, status: int
) -> None:
    told = house.say(said, half=True)

    assert told.startswith(b"HTTP/1.1 %d " % status), told[:200]
    assert b"\r\nConnection: close\r\n" in told
    assert told.count(b"HTTP/1.1") == 1
    if status in (204, 405):
        assert b"Allow: GET, HEAD, OPTIONS" in told
    assert house.asked == []


@pytest.mark.parametrize(("before", "status"), [(b"0\r\nX: ", (413, 431)), (b"1;", (413,))])
def test_what_comes_beside_a_body_has_an_end_too(
    house: House, before: bytes, status: tuple[int, ...]
) -> None:
    ask = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + before
    told = b""
    with house.connect() as one:
        one.sendall(ask)
        for _ in range(40):
            with contextlib.suppress(OSError):
                one.sendall(b"a" * 0x8000)
        with contextlib.suppress(OSError):
            told = one.recv(1000)

    assert told.startswith(tuple(b"HTTP/1.1 %d " % one for one in status)), told
    assert house.asked == []


def test_a_trailer_passes_for_no_header(house: House) -> None:
    told = house.say(
        b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"1\r\nx\r\n0\r\nX-Forwarded-For: 9.9.9.9\r\nHost: evil.example\r\n\r\n"
    )

    assert told.endswith(b"/a x")
    assert house.asked[0]["HTTP_HOST"] == "bay.localhost"
    assert "HTTP_X_FORWARDED_FOR" not in house.asked[0]


@pytest.mark.parametrize("kind", [b"short", b"long", b"fails"])
def test_nothing_follows_an_answer_with_other_bytes_than_it_said(house: House, kind: bytes) -> None:
    told = house.say(get(b"/wrong/" + kind, last=False) + get(b"/held/next", last=False))

    assert (
        told.partition(b"\r\n\r\n")[2] == b"abc"
    )  # and the connection ends: the client sees what is missing


def test_a_body_in_one_piece_with_a_wrong_length_is_not_sent(house: House) -> None:
    told = house.say(get(b"/wrong/list", last=False) + get(b"/held/next"))

    assert told.startswith(b"HTTP/1.1 500 ")
    assert told.endswith(b"/held/next")


def test_head_has_no_body_where_the_application_gives_pieces(house: House) -> None:
    told = house.say(get(b"/pieces", last=False).replace(b"GET", b"HEAD") + get(b"/held/next"))

    assert told.count(b"HTTP/1.1 200 OK") == 2
    assert b"ferry" not in told
    assert told.endswith(b"/held/next")


def test_a_client_behind_a_slow_answer_is_told_to_go_on_after_it(house: House) -> None:
    house.go_on.clear()
    with house.connect() as one:
        one.sendall(get(b"/slow", last=False))
        wait(lambda: len(house.asked) == 1)
        one.sendall(
            b"POST /a HTTP/1.1\r\n"
            + HOST
            + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\n"
        )
        time.sleep(0.05)
        house.go_on.set()
        told = b""
        while not told.endswith(b"HTTP/1.1 100 Continue\r\n\r\n"):
            told += one.recv(1000)
        one.sendall(b"abc")
        assert read(one).endswith(b"/a abc")

    assert b"/slow HTTP/1.1 100" in told


def test_nothing_is_read_behind_what_was_refused(house: House) -> None:
    told = house.say(b"GET / HTTP/1.1\r\n" + HOST + b"A : b\r\n\r\n" + get(b"/held/1"))

    assert told.count(b"HTTP/1.1") == 1
    assert house.asked == []


def test_a_failing_application_costs_one_answer(house: House) -> None:
    for path in (b"/error", b"/split"):
        told = house.say(get(path))
        assert told.startswith(b"HTTP/1.1 500 ")
        assert b"Set-Cookie" not in told
        assert b"nothing works" not in told
    assert house.say(get(b"/broken")).endswith(b"/broken ")  # worked for where looking it up failed

    assert len(house.logged) == 3


# --- who is slow ------------------------------------------------------------------------------------------


def test_an_answer_in_pieces_is_as_fast_as_its_client(house: House) -> None:
    for path in (b"/pieces", b"/pieces/unmeasured"):
        told = house.say(get(path, last=path == b"/pieces"))
        assert told.partition(b"\r\n\r\n")[2] == LONG * 4
    with house.connect() as one:
        one.sendall(get(b"/pieces"))
        one.recv(10)

    wait(lambda: house.closed == 3)  # the generator, whether the client stayed or left


def test_clients_that_do_not_read_hold_neither_threads_nor_the_others(house: House) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(20):
            one = held.enter_context(house.connect())
            one.sendall(get(b"/held/long", last=False) * 30)  # 10 MB nobody takes
            one.sendall(get(b"/slow", last=False))

        assert house.say(get(b"/held/1")).endswith(b"/held/1")
        assert house.say(get(b"/slow")).endswith(b"/slow ")
        written = [one._transport.get_write_buffer_size() for one in house.door.connections]  # type: ignore[attr-defined]
        assert max(written) < http1.WRITE_AHEAD + 2 * len(LONG)


def test_slow_clients_of_answers_in_pieces_hold_no_thread(house: House) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(5):  # of two threads
            held.enter_context(house.connect()).sendall(get(b"/endless"))
        wait(lambda: sum(one._full for one in house.door.connections) == 5)

        assert house.say(get(b"/slow")).endswith(b"/slow ")
        assert len(house.say(get(b"/endless")).partition(b"\r\n\r\n")[2]) == 100 * len(LONG)


def test_a_client_that_reads_late_gets_everything_it_asked(house: House) -> None:
    with house.connect() as one:
        one.sendall(get(b"/held/long", last=False) * 30 + get(b"/held/last"))
        time.sleep(0.1)
        told = read(one)

    assert told.count(b"HTTP/1.1 200 OK") == 31
    assert told.endswith(b"/held/last")


def test_a_flood_of_requests_behind_one_at_work_is_cut_off(house: House) -> None:
    house.go_on.clear()
    with house.connect() as one:
        one.sendall(get(b"/slow", last=False) + get(b"/held/1", last=False) * 5_000)
        time.sleep(0.1)
        house.go_on.set()
        told = read(one)

    assert told.count(b"HTTP/1.1 200 OK") == 1 + http1.MOST_PIPELINED


def test_too_many_requests_at_once_are_told_to_come_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http1, "MOST_WAITING", 2)
    house.go_on.clear()
    with house.connect() as one, house.connect() as two:
        one.sendall(get(b"/slow"))
        two.sendall(get(b"/slow"))
        wait(lambda: len(house.asked) == 2)
        told = house.say(get(b"/slow"))
        assert told.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 2" in told
        assert house.say(get(b"/held/1")).endswith(b"/held/1")
        house.go_on.set()

        assert read(one).endswith(b"/slow ")


def test_too_many_connections_are_told_to_come_back() -> None:
    house = House(most=3)
    try:
        with contextlib.ExitStack() as held:
            for _ in range(3):
                held.enter_context(house.connect())
            wait(lambda: len(house.door.connections) == 3)
            assert house.say(b"").startswith(b"HTTP/1.1 503 ")
        wait(lambda: not house.door.connections)
        assert house.say(get(b"/held/1")).endswith(b"/held/1")
    finally:
        house.stop()


def test_time_limits(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "HEADERS_S", 0)
    monkeypatch.setattr(http1, "BODY_S", 0)
    silent, unfinished, bodiless = house.connect(), house.connect(), house.connect()
    unfinished.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"X")
    bodiless.sendall(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nab")
    with silent, unfinished, bodiless:
        assert read(silent) == b""
        assert read(unfinished).startswith(b"HTTP/1.1 408 ")
        assert read(bodiless).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_takes_nothing_is_let_go(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "STALLED_S", 0)
    with house.connect() as one:
        one.sendall(get(b"/held/long", last=False) * 40)
        wait(lambda: len(house.asked) > 1)
        wait(lambda: not house.door.connections)


def test_the_end_lets_those_at_work_finish(house: House) -> None:
    house.go_on.clear()
    idle, busy = house.connect(), house.connect()
    with idle, busy:
        busy.sendall(get(b"/slow", last=False))
        wait(lambda: len(house.asked) == 1)
        closing = asyncio.run_coroutine_threadsafe(house.door.close(5.0), house._loop)
        assert read(idle) == b""
        house.go_on.set()
        told = read(busy)
        closing.result(5)

    assert told.endswith(b"/slow ")
    assert b"Connection: close" in told


# --- the wire ---------------------------------------------------------------------------------------------


def test_headers_of_the_connection_are_the_servers_own() -> None:
    head = head_of(
        "200 OK", [("Connection", "keep-alive"), ("Date", "x"), ("Transfer-Encoding", "chunked"), ("A", "é")]
    )

    assert head == b"HTTP/1.1 200 OK\r\nA: \xe9\r\n"
    for bad in ("a\nb", "a\rb", "a\0b"):
        with pytest.raises(ValueError, match="line end"):
            head_of("200 OK", [("A", bad)])
