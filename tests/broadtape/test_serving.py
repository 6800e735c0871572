from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from newsroom import Newsroom

from broadtape import config, heartbeat, serving, views
from broadtape.heartbeat import Mark, settings_digest
from broadtape.keeperlock import keeper_alive
from broadtape.serving import CannotServe, Reader, addresses, claim_address, default_host


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    return Newsroom(tmp_path, monkeypatch)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(
    reader: Reader, path: str, host: str = "bay.localhost", **headers: str
) -> tuple[str, dict[str, str], str]:
    answer: dict[str, Any] = {}

    def start(status: str, given: list[tuple[str, str]], exc_info: object = None) -> None:
        answer["status"], answer["headers"] = status, {name.lower(): value for name, value in given}

    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "HTTP_HOST": host, "SERVER_NAME": host,
        "SERVER_PORT": "80", "wsgi.url_scheme": "http", "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": None, "wsgi.errors": sys.stderr,
    }  # fmt: skip
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    body = b"".join(reader(environ, start))  # type: ignore[arg-type] # a test's small environ
    return answer["status"], answer["headers"], body.decode("utf-8", "replace")


# --- the reader ---------------------------------------------------------------------------------------------


def test_a_reader_shows_what_was_published_at_the_next_request(newsroom: Newsroom) -> None:
    newsroom.post("one", "Ferries run.", when="2026-01-10T10:00:00-08:00")
    newsroom.publish()
    reader = Reader(newsroom.root)
    address = "/2026/01/10/one/"
    assert "Ferries run." in get(reader, address)[2]
    newsroom.post("one", "Ferries rest.", when="2026-01-10T10:00:00-08:00")
    assert "Ferries run." in get(reader, address)[2]
    newsroom.publish()

    assert "Ferries rest." in get(reader, address)[2]


def test_what_is_at_hand_is_so_until_the_next_publish(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.post("one", "Ferries run.", when="2026-01-10T10:00:00-08:00")
    newsroom.publish()
    reader = Reader(newsroom.root)
    address = "/2026/01/10/one/"
    environ: Any = {
        "REQUEST_METHOD": "GET", "PATH_INFO": address, "QUERY_STRING": "", "HTTP_HOST": "bay.localhost",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/130.0",
    }  # fmt: skip
    assert reader.at_hand(environ) is None  # nothing was looked up yet
    _, headers, body = get(reader, address)
    ready = reader.at_hand(environ)
    assert ready is not None
    assert ready.body.decode() == body
    assert f"ETag: {headers['etag']}\r\n".encode() in ready.head
    assert reader.at_hand(environ | {"HTTP_COOKIE": "a=b"}) is None
    assert reader.at_hand(environ | {"HTTP_HOST": "hills.localhost"}) is None
    same = reader.at_hand(environ | {"HTTP_IF_NONE_MATCH": headers["etag"]})
    assert same is not None
    assert (same.status, same.body) == (304, b"")

    newsroom.post("one", "Ferries rest.", when="2026-01-10T10:00:00-08:00")
    newsroom.publish()
    monkeypatch.setattr(serving, "LOOK_S", 0.0)
    assert reader.at_hand(environ) is None
    monkeypatch.setattr(serving, "LOOK_S", 60.0)  # not even within the time in which nobody looks again
    assert "Ferries rest." in get(reader, address)[2]
    reader.end()
    counted = [one.views for one in views.table(newsroom.instance)]
    assert counted == [2]


def test_a_reader_that_starts_before_the_first_publish_finds_it_later(newsroom: Newsroom) -> None:
    reader = Reader(newsroom.root)
    assert get(reader, "/healthz")[0].startswith("503")
    newsroom.post("one", when="2026-01-10T10:00:00-08:00")
    newsroom.publish()

    assert get(reader, "/healthz")[0].startswith("200")
    assert get(reader, "/2026/01/10/one/")[0].startswith("200")


def test_a_page_of_another_site_is_never_answered(newsroom: Newsroom) -> None:
    newsroom.site("hills")
    newsroom.post("one", sites="[bay]", when="2026-01-10T10:00:00-08:00")
    newsroom.publish()
    reader = Reader(newsroom.root)

    assert get(reader, "/2026/01/10/one/")[0].startswith("200")
    assert get(reader, "/2026/01/10/one/", "hills.localhost")[0].startswith("404")
    assert get(reader, "/2026/01/10/one/", "evil.example")[0].startswith("421")


def test_changed_settings_reach_the_reader(newsroom: Newsroom) -> None:
    newsroom.post("one", when="2026-01-10T10:00:00-08:00")
    newsroom.publish()
    reader = Reader(newsroom.root)
    get(reader, "/")
    newsroom.site("bay", more='tagline = "By the water"\n')
    newsroom.publish()

    assert "By the water" in get(reader, "/")[2]


def test_settings_that_cannot_be_read_leave_the_old_ones_in_force(newsroom: Newsroom) -> None:
    newsroom.post("one", when="2026-01-10T10:00:00-08:00")
    newsroom.publish()
    reader = Reader(newsroom.root)
    instance = newsroom.instance
    newsroom.write("sites/bay/site.toml", "name = [\n")
    heartbeat.write_mark(instance, Mark(99, settings_digest(newsroom.root)))

    assert get(reader, "/")[0].startswith("200")


def test_a_reader_answers_304_for_the_page_it_gave(newsroom: Newsroom) -> None:
    newsroom.post("one", when="2026-01-10T10:00:00-08:00")
    newsroom.publish()
    reader = Reader(newsroom.root)
    _, headers, _ = get(reader, "/")

    status, again, body = get(reader, "/", if_none_match=headers["etag"])
    assert (status[:3], body, again["etag"]) == ("304", "", headers["etag"])


def test_a_large_file_is_given_in_parts_and_not_again(newsroom: Newsroom) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(3_000_000)
    newsroom.write("media/wharf.png", picture)
    newsroom.post("one", "Text.")
    newsroom.publish()
    reader = Reader(newsroom.root)
    _, whole, _ = get(reader, "/media/wharf.png")

    status, headers, body = get(reader, "/media/wharf.png", range="bytes=1-3")
    assert (status[:3], headers["content-range"], body) == ("206", f"bytes 1-3/{len(picture)}", "PNG")
    status, headers, _ = get(reader, "/media/wharf.png", range="bytes=9000000-")
    assert (status[:3], headers["content-range"]) == ("416", f"bytes */{len(picture)}")
    assert get(reader, "/media/wharf.png", if_none_match=whole["etag"])[0].startswith("304")
    never = "Thu, 27 Nov 99999999999 10:00:00 GMT"
    assert get(reader, "/media/wharf.png", if_modified_since=never)[0].startswith("200")
    assert get(reader, "/", if_modified_since=never)[0].startswith("200")


def test_slow_clients_of_large_files_hold_a_piece_each(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(3_000_000)
    newsroom.write("media/wharf.png", picture)
    newsroom.post("one", "Text.")
    newsroom.publish()
    reader = Reader(newsroom.root)

    def asked(**more: str) -> Iterable[bytes]:
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": "/media/wharf.png", "QUERY_STRING": "",
            "HTTP_HOST": "bay.localhost", "SERVER_NAME": "x", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http", **more,
        }  # fmt: skip
        return reader(environ, lambda *_: lambda _: None)

    for more in ({}, {"HTTP_COOKIE": "a=b"}):
        pieces = list(asked(**more))
        assert b"".join(pieces) == picture
        assert max(map(len, pieces)) < serving.PIECE + 10_000  # as much a slow client has in memory, not all

    monkeypatch.setattr(serving, "MOST_LARGE", 2)
    reader = Reader(newsroom.root)
    slow = [iter(asked()) for _ in range(2)]
    for one in slow:
        next(one)  # begun, and not read on
    assert list(asked()) == []  # cut off rather than more files opened
    for one in slow:
        one.close()  # type: ignore[attr-defined]  # generators
    assert b"".join(asked()) == picture


def test_readers_import_nothing_that_collects_or_parses(newsroom: Newsroom) -> None:
    newsroom.post("one", when="2026-01-10T10:00:00-08:00")
    newsroom.publish()
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from broadtape.serving import Reader\n"
        f"reader = Reader(Path({str(newsroom.root)!r}))\n"
        "environ = dict(REQUEST_METHOD='GET', PATH_INFO='/', QUERY_STRING='', HTTP_HOST='bay.localhost',"
        " SERVER_NAME='bay.localhost', SERVER_PORT='80', SERVER_PROTOCOL='HTTP/1.1')\n"
        "environ.update({'wsgi.url_scheme': 'http', 'wsgi.errors': sys.stderr, 'wsgi.input': None})\n"
        "page = b''.join(reader(environ, lambda status, headers, info=None: None))\n"
        "heavy = {'newswire', 'pandas', 'polars', 'pyarrow', 'matplotlib', 'exchange_calendars', 'sqlalchemy'}\n"
        "print(len(page) > 500, sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "True []"


# --- addresses ----------------------------------------------------------------------------------------------


def test_a_port_in_use_is_refused_with_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(CannotServe, match=f"port {port} .* is in use; .*--port"):
            claim_address("127.0.0.1", port)


def test_a_port_that_another_server_of_ours_is_about_to_use_is_refused_too() -> None:
    port = free_port()
    holder = claim_address("127.0.0.1", port)
    try:
        if holder is not None:
            with pytest.raises(CannotServe, match="in use"):
                claim_address("127.0.0.1", port)
    finally:
        if holder is not None:
            holder.close()


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(CannotServe, match="--host"):
        claim_address("192.0.2.1", 8000)
    with pytest.raises(CannotServe, match="not an address of this machine"):
        claim_address("no such host", 8000)


def test_a_private_instance_stays_on_this_machine(newsroom: Newsroom) -> None:
    assert default_host(newsroom.instance) == "127.0.0.1"
    newsroom.write("broadtape.toml", '[instance]\naudience = "public"\ndefault_site = "bay"\n')
    assert default_host(newsroom.instance) == "0.0.0.0"


def test_the_addresses_printed_are_ones_that_answer_here(newsroom: Newsroom) -> None:
    newsroom.write(
        "sites/out/site.toml", 'name = "Out"\nurl = "https://out.example"\nhosts = ["out.example"]\n'
    )

    assert addresses(newsroom.instance, "127.0.0.1", 8000) == [
        ("Bay", "http://bay.localhost:8000/"),
        ("Out", "http://127.0.0.1:8000/ for Host out.example"),
    ]
    assert addresses(newsroom.instance, "127.0.0.1", 9000)[0] == ("Bay", "http://bay.localhost:9000/")


def test_the_settings_digest_follows_settings_and_site_templates(newsroom: Newsroom) -> None:
    before = settings_digest(newsroom.root)
    newsroom.write("articles/2026/01/a.md", "no setting")
    assert settings_digest(newsroom.root) == before
    newsroom.write("sites/bay/templates/pages/front.html", "own")
    after = settings_digest(newsroom.root)
    assert after != before
    newsroom.site("hills")
    assert settings_digest(newsroom.root) not in (before, after)


# --- the whole, as processes ------------------------------------------------------------------------------------


class Server:
    """`broadtape serve` at work."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.port = port
        self.log = root / "serve.log"
        run = "from broadtape.cli import main; main()"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", run, "-C", str(root), "serve", "--port", str(port)],
                stdout=log, stderr=log,
            )  # fmt: skip

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path, headers={"Host": "bay.localhost"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")


def wait(done: Callable[[], object], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    newsroom = Newsroom(tmp_path, monkeypatch)
    newsroom.post("one", "Ferries run.", when="2026-01-10T10:00:00-08:00")
    started = Server(tmp_path, free_port())
    try:
        wait(lambda: started.get("/2026/01/10/one/")[0] == 200)
        yield started
    finally:
        started.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.process.wait(15)
        started.process.kill()


@pytest.mark.slow
def test_requests_that_are_bombs_are_ended_and_readers_go_on(server: Server) -> None:
    """Headers, addresses and bodies without measure, and clients that never finish what they say."""
    host = b"Host: bay.localhost\r\n"
    said: dict[str, bytes] = {}

    def say(name: str, *chunks: bytes) -> None:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as one:
            said[name] = b""
            with contextlib.suppress(OSError):  # refused before it was all said
                for chunk in chunks:
                    one.sendall(chunk)
            with contextlib.suppress(OSError):
                said[name] = one.recv(65536)

    say("a header", b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 5_000_000 + b"\r\n\r\n")
    say("headers", b"GET / HTTP/1.1\r\n" + host + b"X: y\r\n" * 20_000 + b"\r\n")
    say("an address", b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + host + b"\r\n")
    say(
        "a body",
        b"POST /search HTTP/1.1\r\n" + host + b"Content-Length: 100000000\r\n\r\n",
        *[b"x" * 1_000_000] * 100,
    )
    chunk = b"F4240\r\n" + b"x" * 1_000_000 + b"\r\n"
    say("chunks", b"POST /search HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 100)
    say("line ends", b"GET /quotes/a%0d%0aSet-Cookie:x/ HTTP/1.1\r\n" + host + b"Connection: close\r\n\r\n")
    say("no HTTP", b"\x00\x01 / HTTP/9.9\r\n\r\n")
    unfinished = [
        b"GET / HTTP/1.1\r\n" + host + b"X",
        b"POST /search HTTP/1.1\r\n" + host + b"Content-Length: 60000\r\n\r\nabc",
        b"GET /search?q=a HTTP/1.1\r\n" + host + b"Content-Length: 60000\r\n\r\nabc",
    ]
    with contextlib.ExitStack() as held:
        for start in unfinished * 40:
            one = held.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5))
            one.sendall(start)

        assert server.get("/2026/01/10/one/")[0] == 200  # within its five seconds, on a busy machine too
        wait(lambda: server.get("/search?q=ferries")[0] == 200, 15)

    assert all(not answer or re.match(rb"HTTP/1.1 4\d\d ", answer) for answer in said.values()), said
    assert b"\r\nset-cookie" not in said["line ends"].lower()
    assert "level=error" not in server.said()


@pytest.mark.slow
def test_a_saved_file_is_on_the_site_and_in_search_while_readers_go_on(server: Server) -> None:
    text = "---\ntitle: Two\ndate: 2026-01-11T10:00:00-08:00\n---\n\nZebras cross.\n"
    (server.root / "content" / "articles" / "2026" / "01" / "two.md").write_text(text, "utf-8")
    wait(lambda: "Zebras cross." in server.get("/2026/01/11/two/")[1])
    wait(lambda: "Two" in server.get("/search?q=zebras")[1])

    assert "http://bay.localhost" in server.said()


@pytest.mark.slow
def test_a_dead_keeper_is_replaced_while_readers_go_on_and_a_stop_is_quick(server: Server) -> None:
    beat = heartbeat.heartbeat(config.load(server.root))
    assert beat is not None
    os.kill(beat.pid, signal.SIGKILL)
    assert server.get("/2026/01/10/one/")[0] == 200

    def replaced() -> bool:
        now = heartbeat.heartbeat(config.load(server.root))
        return now is not None and now.pid != beat.pid

    wait(replaced)
    assert "the keeper ended with signal SIGKILL" in server.said()
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(15) == 0
    assert time.monotonic() - began < serving.STOP_WITHIN_S
    assert server.get("/")[0] == 0


@pytest.mark.slow
def test_nothing_outlives_a_server_that_was_killed(server: Server) -> None:
    assert keeper_alive(server.root)
    server.process.kill()
    server.process.wait()

    wait(lambda: not keeper_alive(server.root) and server.get("/")[0] == 0)
