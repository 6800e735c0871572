from __future__ import annotations

import gzip
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from misbehaving import Asked, Misbehaving, Script, endless, plain, raw, turns

from newswire.addresses import is_public, resolve
from newswire.http import Client, ContactMissing, Limits, retry_after
from newswire.ledger import Ledger
from newswire.wire import About, Outcome, Request, Secret

QUICK = Limits(connect=2, read=0.6, total=1.5, attempts=1, backoff=0.01)
NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)
OPEN = plain(b"User-agent: *\nAllow: /\n")


def about(**more: Any) -> About:
    held: dict[str, Any] = {
        "name": "test", "title": "Test", "home": "http://x", "terms": "http://x", "licence": "public",
        "attribution": "", "every": timedelta(hours=1), "hosts": ("localhost",), "rate": 0.0, "budget": 100,
    }  # fmt: skip
    return About(**(held | more))


class Desk:
    """A client whose clock moves only when it sleeps, and the server that it asks."""

    def __init__(self, folder: Path, server: Misbehaving, **more: Any) -> None:
        self.server = server
        self.folder = folder
        self.time = NOON
        self.slept: list[float] = []
        self.more: dict[str, Any] = {"allowed": ("localhost",), "limits": QUICK} | more
        self.client = self.fresh()

    def fresh(self, **more: Any) -> Client:
        """A client as another run would make it, with the same memory."""
        settings = self.more | more
        return Client(
            "desk@example.org",
            Ledger(self.folder / "wire.sqlite"),
            now=lambda: self.time,
            sleep=self.sleep,
            **settings,
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)

    def get(self, path: str, source: About | None = None, **more: Any) -> Outcome:
        secrets = more.pop("secrets", None)
        request = Request(url=self.server.home + path, **more)
        return self.client.send(request, source or about(), secrets)

    def serve(self, path: str, script: Script) -> None:
        self.server.scripts[path] = script


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Misbehaving({"/robots.txt": OPEN}) as server:
        made = Desk(tmp_path, server)
        yield made
        made.client.close()


# --- what goes well ---


def test_an_answer_is_fetched_with_its_headers_and_who_we_are(desk: Desk) -> None:
    desk.serve("/a.csv?x=1", plain(b"a,b\n", kind="text/csv", etag='"1"', set_cookie="x=1"))

    found = desk.get("/a.csv?x=1", accepts=("text/csv",), label="a")

    assert found.kind == "fetched"
    assert found.snapshot is not None
    assert (found.snapshot.body, found.snapshot.label, found.snapshot.status) == (b"a,b\n", "a", 200)
    assert found.snapshot.retrieved == NOON
    assert found.snapshot.headers["etag"] == '"1"'
    assert "set-cookie" not in found.snapshot.headers
    for asked in desk.server.log:
        assert asked.headers["user-agent"] == "Broadtape/1 (+desk@example.org)"
        assert "cookie" not in asked.headers


@pytest.mark.parametrize("contact", ["", "  ", "the desk", "a@b"])
def test_nobody_fetches_without_saying_who(tmp_path: Path, contact: str) -> None:
    with pytest.raises(ContactMissing, match=r"instance\.contact"):
        Client(contact, Ledger(tmp_path / "wire.sqlite"))


def test_gzip_is_decoded_and_the_digest_is_of_the_text(desk: Desk) -> None:
    desk.serve("/z", plain(gzip.compress(b"text" * 100), content_encoding="gzip"))

    found = desk.get("/z").snapshot

    assert found is not None
    assert found.body == b"text" * 100


def test_a_confirmed_answer_is_asked_about_and_304_means_as_it_was(desk: Desk) -> None:
    def answer(asked: Asked, connection: Any) -> None:
        known = asked.headers.get("if-none-match") == '"7"' and "if-modified-since" in asked.headers
        script = (
            plain(b"", status=304)
            if known
            else plain(b"x", etag='"7"', last_modified="Mon, 12 Jan 2026 08:00:00 GMT")
        )
        script(asked, connection)

    desk.serve("/f", answer)
    first = desk.get("/f")
    assert desk.get("/f").kind == "fetched", "nobody said that the body was kept"

    desk.client.confirm(first)
    desk.client = desk.fresh()
    assert desk.get("/f").kind == "not-modified"
    desk.client = desk.fresh(has_body=lambda _: False)
    assert desk.get("/f").kind == "fetched", "a body that is lost is asked for whole"


def test_a_304_that_nobody_asked_for_is_no_answer(desk: Desk) -> None:
    desk.serve("/f", plain(b"", status=304))

    assert desk.get("/f").kind == "failed"


# --- redirects ---


@pytest.mark.parametrize(
    ("status", "kept"), [(301, True), (308, True), (302, False), (307, False), (303, False)]
)
def test_only_a_permanent_redirect_is_remembered(desk: Desk, status: int, kept: bool) -> None:
    desk.serve("/old", plain(b"", status=status, location="/new"))
    desk.serve("/new", plain(b"here"))

    found = desk.get("/old")
    assert found.kind == "fetched"
    assert found.snapshot is not None
    assert found.snapshot.url == desk.server.home + "/old"
    desk.client = desk.fresh()
    desk.get("/old")

    assert desk.server.paths().count("/old") == (1 if kept else 2)


def test_a_remembered_move_that_fails_is_forgotten(desk: Desk) -> None:
    desk.serve("/old", turns(plain(b"", status=301, location="/new"), plain(b"back")))
    desk.serve("/new", turns(plain(b"here"), plain(b"", status=404)))

    assert [desk.get("/old").kind for _ in range(3)] == ["fetched", "failed", "fetched"]


def test_a_redirect_loop_and_a_long_chain_end(desk: Desk) -> None:
    desk.serve("/a", plain(b"", status=302, location="/b"))
    desk.serve("/b", plain(b"", status=302, location="/a"))
    for n in range(20):
        desk.serve(f"/{n}", plain(b"", status=302, location=f"/{n + 1}"))

    assert "circle" in desk.get("/a").reason
    assert "redirects" in desk.get("/0").reason
    assert len(desk.server.paths()) <= 8


@pytest.mark.parametrize(
    "where",
    [
        "http://127.0.0.1:{port}/x", "http://other.example/x", "file:///etc/passwd", "ftp://localhost/x",
        "//169.254.169.254/latest", "http://user:pw@localhost:{port}/x", "javascript:alert(1)", "http://[::1]:{port}/x",
    ],
)  # fmt: skip
def test_a_redirect_to_where_a_source_has_no_business_is_not_followed(desk: Desk, where: str) -> None:
    desk.serve("/a", plain(b"", status=302, location=where.format(port=desk.server.port)))
    desk.serve("/x", plain(b"secret"))

    found = desk.get("/a")

    assert found.kind == "disallowed"
    assert desk.server.paths() == ["/a"]


@pytest.mark.parametrize("location", ["", " ", "http://[", "http://localhost:99999/", "\x01"])
def test_a_redirect_to_nowhere_fails(desk: Desk, location: str) -> None:
    desk.serve("/a", plain(b"", status=302, location=location))

    assert desk.get("/a").kind in ("failed", "disallowed")


def test_letters_beyond_ascii_in_addresses_are_sent_encoded(desk: Desk) -> None:
    desk.serve("/a", plain(b"", status=302, location="/café".encode().decode("latin-1")))
    desk.serve("/caf%C3%A9", plain(b"here"))

    assert desk.get("/a").kind == "fetched"
    assert desk.get("/café").kind == "fetched"
    assert desk.client.send(Request(url="http://é.example/"), about(hosts=())).kind == "failed"


# --- being sent away ---


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("given", ["120", format_datetime(NOON + timedelta(seconds=120), usegmt=True)])
def test_retry_after_is_kept_over_runs(desk: Desk, status: int, given: str) -> None:
    desk.serve("/a", turns(plain(b"slow down", status=status, retry_after=given), plain(b"ok")))

    first = desk.get("/a")
    assert (first.kind, first.retry_at) == ("over-budget", NOON + timedelta(seconds=120))
    desk.client = desk.fresh()
    desk.time = NOON + timedelta(seconds=119)
    assert desk.get("/a").kind == "over-budget"
    assert len(desk.server.paths()) == 1, "the host was left alone"
    desk.time = NOON + timedelta(seconds=121)
    assert desk.get("/a").kind == "fetched"


def test_a_host_that_sends_us_away_again_and_again_is_blocked(desk: Desk) -> None:
    desk.serve("/a", plain(b"", status=429, retry_after="1"))

    kinds = []
    for _ in range(4):
        kinds.append(desk.get("/a").kind)
        desk.time += timedelta(seconds=5)
    assert kinds == ["over-budget", "over-budget", "blocked", "blocked"]


@pytest.mark.parametrize("given", ["99999999999", "-5", "soon", "", "Thu, 99 Foo 2026", "1e9", "0"])
def test_an_absurd_retry_after_is_bounded(desk: Desk, given: str) -> None:
    desk.serve("/a", plain(b"x", status=429, retry_after=given))

    found = desk.get("/a")

    assert found.retry_at is not None
    assert NOON < found.retry_at <= NOON + timedelta(days=1)


@given(st.text(max_size=60))
def test_any_retry_after_is_a_wait_or_none(value: str) -> None:
    found = retry_after(value, NOON)

    assert found is None or found >= timedelta(0)


@given(st.integers(0, 10**7))
def test_seconds_and_dates_ask_for_the_same(seconds: int) -> None:
    then = NOON + timedelta(seconds=seconds)

    assert retry_after(str(seconds), NOON) == retry_after(format_datetime(then, usegmt=True), NOON)


@pytest.mark.parametrize("status", [401, 403, 451])
def test_a_refusal_is_blocked_and_its_words_are_kept(desk: Desk, status: int) -> None:
    desk.serve("/a", plain(b"<h1>Undeclared tool</h1>", status=status, kind="text/html"))

    found = desk.get("/a", accepts=("text/csv",))

    assert found.kind == "blocked"
    assert found.snapshot is not None
    assert found.snapshot.status == status


def test_what_is_gone_is_not_asked_again_until_it_is_enabled(desk: Desk) -> None:
    desk.serve("/a", turns(plain(b"", status=410), plain(b"back")))

    assert [desk.get("/a").kind, desk.get("/a").kind] == ["gone", "gone"]
    assert len(desk.server.paths()) == 1
    assert Ledger(desk.folder / "wire.sqlite").revive("test") == 1
    assert desk.get("/a").kind == "fetched"


# --- robots.txt ---


def test_what_robots_forbids_is_not_asked(desk: Desk) -> None:
    desk.serve("/robots.txt", plain(b"User-agent: *\nDisallow: /private\nAllow: /private/open\n"))
    desk.serve("/private/x", plain(b"x"))
    desk.serve("/private/open", plain(b"x"))

    assert desk.get("/private/x").kind == "disallowed"
    assert desk.get("/private/open").kind == "fetched"
    assert desk.server.paths() == ["/private/open"]
    assert [asked.path for asked in desk.server.log].count("/robots.txt") == 1, "it is kept for a day"


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (plain(b"", status=404), "fetched"),
        (plain(b"no", status=403), "fetched"),
        (plain(b"", status=500), "disallowed"),
        (plain(b"", status=429, retry_after="60"), "over-budget"),
        (plain(b"\xff\xfe<html>not robots" * 3), "fetched"),
        (plain(b"", status=302, location="/robots.txt"), "fetched"),
        (plain(b"", status=302, location="http://elsewhere.example/robots.txt"), "fetched"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nUser"), "failed"),
        (endless(b"HTTP/1.1 200 OK\r\n\r\n", b"# " * 40000), "disallowed"),
    ],
)  # fmt: skip
def test_robots_errors_mean_what_the_standard_says(desk: Desk, script: Script, kind: str) -> None:
    desk.serve("/robots.txt", script)
    desk.serve("/a", plain(b"x"))

    assert desk.get("/a").kind == kind


def test_the_crawl_delay_of_robots_is_kept(desk: Desk) -> None:
    desk.serve("/robots.txt", plain(b"User-agent: *\nCrawl-delay: 7\n"))
    desk.serve("/a", plain(b"x"))

    desk.get("/a")
    desk.get("/a")

    assert sum(desk.slept) >= 7


# --- rate and budget ---


def test_a_host_is_asked_at_its_rate_over_runs(desk: Desk) -> None:
    desk.serve("/a", plain(b"x"))
    slow = about(rate=4.0)

    desk.get("/a", slow)
    desk.client = desk.fresh()
    desk.get("/a", slow)

    assert sum(desk.slept) == pytest.approx(8.0)  # after robots.txt, and before the second


def test_a_wait_that_is_too_long_is_an_outcome(desk: Desk) -> None:
    desk.serve("/a", plain(b"x"))

    first = desk.get("/a")
    second = desk.get("/a", about(rate=3600.0))

    assert first.kind == "fetched"
    assert second.kind == "over-budget"
    assert second.retry_at == NOON + timedelta(hours=1)
    assert not desk.slept


def test_the_days_budget_holds_over_runs_and_ends_with_the_day(desk: Desk) -> None:
    desk.serve("/a", plain(b"x"))
    small = about(budget=3)  # robots.txt is one of them

    assert [desk.get("/a", small).kind for _ in range(3)] == ["fetched", "fetched", "over-budget"]
    desk.client = desk.fresh()
    over = desk.get("/a", small)
    assert over.kind == "over-budget"
    assert over.retry_at == datetime(2026, 1, 13, tzinfo=UTC)
    desk.time = datetime(2026, 1, 13, 0, 0, 1, tzinfo=UTC)
    assert desk.get("/a", small).kind == "fetched"


def test_a_host_answers_one_request_at_a_time(desk: Desk) -> None:
    desk.serve(
        "/a",
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n", b"o", b"k", pause=0.05),
    )
    clients = [desk.fresh() for _ in range(3)]
    url = desk.server.home + "/a"

    threads = [
        threading.Thread(target=lambda one=client: one.send(Request(url=url), about())) for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(desk.server.paths()) == 3
    assert desk.server.most_at_once == 1


# --- bodies that are not what they should be ---

BOMB = gzip.compress(b"\0" * (40 << 20))
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
MUCH = b"x" * 65536
MISBEHAVIOUR: dict[str, tuple[Script, str]] = {
    "a gzip bomb": (plain(BOMB, content_encoding="gzip"), "compressed|longer"),
    "broken gzip": (plain(b"\x1f\x8b\x08\0garbage" * 9, content_encoding="gzip"), "gzip"),
    "gzip that breaks off": (plain(gzip.compress(b"abc" * 999)[:-20], content_encoding="gzip"), "breaks off"),
    "an encoding not asked for": (plain(b"xxxx", content_encoding="br"), "not asked for"),
    "an endless stream": (endless(HEAD + b"\r\n", MUCH), "longer|time"),
    "an endless chunked stream": (endless(CHUNKED, b"10000\r\n" + MUCH + b"\r\n"), "longer|time"),
    "an announced length beyond the cap": (endless(HEAD + b"Content-Length: 99999999999\r\n\r\n", MUCH), "longer|time"),
    "a slow drip": (endless(HEAD + b"Content-Length: 5000\r\n\r\n", b"x", pause=0.05), "time"),
    "a slow drip of headers": (endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", pause=0.05), "time|broke"),
    "endless headers": (endless(b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n" * 99), "broke|longer|time"),
    "endless informational answers": (endless(b"", b"HTTP/1.1 103 Early\r\n\r\n" * 99), "longer|time|broke"),
    "silence": (raw(b"", b"", pause=1.2), "time|broke"),
    "a body cut short": (plain(b"abc", content_length="50"), "broke"),
    "a header without an end": (raw(b"HTTP/1.1 200 OK\r\nContent-Ty"), "broke"),
    "no HTTP": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "broke"),
    "a hang-up": (raw(), "broke|connect"),
    "two lengths": (raw(HEAD + b"Content-Length: 2\r\nContent-Length: 5\r\n\r\nhello"), "broke"),
    "an empty body": (plain(b""), "empty"),
    "204": (plain(b"", status=204), "204"),
    "206": (plain(b"part", status=206), "206"),
    "another type": (plain(b"<html>", kind="text/html"), "text/html instead of"),
    "500": (plain(b"oops", status=500), "500"),
    "a status of its own": (plain(b"x", status=299), "299"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_every_misbehaviour_fails_in_bounded_time_and_memory(desk: Desk, name: str) -> None:
    script, reason = MISBEHAVIOUR[name]
    desk.serve("/a", script)
    desk.get("/warm-up")
    tracemalloc.start()
    started = time.monotonic()

    found = desk.get("/a", accepts=("text/plain",), max_bytes=4 << 20)

    seconds = time.monotonic() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.kind == "failed", found
    assert any(word in found.reason for word in reason.split("|")), found.reason
    assert seconds < 4
    assert peak < 64 << 20


def test_a_failing_server_gets_as_many_tries_as_allowed(desk: Desk) -> None:
    desk.client = desk.fresh(limits=Limits(attempts=3, backoff=0.01))
    desk.serve("/a", turns(plain(b"", status=500), plain(b"", status=502), plain(b"ok")))

    assert desk.get("/a").kind == "fetched"
    assert len(desk.server.paths()) == 3


# --- where a connection may go ---


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1", "fc00::1",
        "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::",
        "2002:0a00:0001::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "fe80::1%eth0", "x", "",
    ],
)  # fmt: skip
def test_no_address_of_this_or_a_private_network_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_however_it_is_wrapped(address: IPv4Address) -> None:
    number = int(address)
    mapped = IPv6Address((0xFFFF << 32) | number)
    translated = IPv6Address((0x0064FF9B << 96) | number)

    assert is_public(mapped) == is_public(translated) == is_public(address)


def test_this_machine_is_not_asked_unless_the_operator_allows_it(desk: Desk) -> None:
    desk.client = desk.fresh(allowed=())

    found = desk.get("/a")

    assert found.kind == "failed"
    assert "not public" in found.reason
    assert not desk.server.log


def test_a_name_that_turns_into_a_private_address_is_not_connected_to(desk: Desk) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["192.0.2.7", "127.0.0.1"] if len(asked) == 1 else ["127.0.0.1"]

    desk.client = desk.fresh(allowed=(), resolver=resolver)

    assert desk.get("/a").kind == "failed"
    assert not desk.server.log


def test_what_is_connected_to_is_the_address_that_was_checked(desk: Desk) -> None:
    """One resolution per connection: a second answer of the resolver is never used."""
    calls: list[str] = []

    def resolver(host: str, port: int) -> Sequence[str]:
        calls.append(host)
        return resolve(host, port)

    desk.client = desk.fresh(resolver=resolver)
    desk.serve("/a", plain(b"x"))
    desk.get("/a")

    assert len(calls) == 2  # robots.txt and the page: each connection is closed by this server
    assert all(asked.headers["host"] == f"localhost:{desk.server.port}" for asked in desk.server.log)


def test_names_without_an_address_fail_without_a_second_try(desk: Desk) -> None:
    found = desk.client.send(
        Request(url="http://no-such-host.invalid/"), about(hosts=("no-such-host.invalid",))
    )

    assert found.kind == "failed"
    assert "no address" in found.reason


@pytest.mark.parametrize(
    "url",
    [
        "ftp://localhost/",
        "http://",
        "//localhost",
        "http://localhost:0/",
        "http://a@localhost/",
        "x",
        "http://[::1",
    ],
)
def test_what_is_no_web_address_is_not_asked(desk: Desk, url: str) -> None:
    assert desk.client.send(Request(url=url), about()).kind == "disallowed"


# --- keys ---


@pytest.mark.parametrize("place", ["query", "header", "json"])
def test_a_key_goes_out_and_is_nowhere_else(desk: Desk, place: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    key = "s3cr3t/key+1"
    desk.serve("/a", plain(b"ok", link=f"<http://x/?k={key}>"))
    request = Request(
        url=desk.server.home + "/a?x=1",
        method="POST" if place == "json" else "GET",
        secret=Secret(place, "api", "T "),
    )

    found = desk.client.send(request, about(), {"key": key})

    asked = desk.server.log[-1]
    sent = {"query": asked.target, "header": asked.headers.get("api", ""), "json": asked.body.decode()}[place]
    assert "s3cr3t" in sent
    assert found.kind == "fetched"
    assert "s3cr3t" not in repr(found)
    assert "s3cr3t" not in caplog.text
    assert all(b"s3cr3t" not in path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())


def test_a_key_is_not_shown_to_another_host(desk: Desk) -> None:
    with Misbehaving({"/robots.txt": OPEN, "/b": plain(b"b")}) as other:
        desk.serve("/a", plain(b"", status=302, location=f"http://127.0.0.1:{other.port}/b"))
        source = about(hosts=("localhost", "127.0.0.1"))
        desk.client = desk.fresh(allowed=("localhost", "127.0.0.1"))

        found = desk.get("/a", source, secret=Secret("header", "x-key"), secrets={"key": "s3cr3t"})

        assert found.kind == "fetched"
        assert "x-key" in desk.server.log[-1].headers
        assert all("x-key" not in asked.headers for asked in other.log)


def test_a_source_without_its_key_says_so_and_asks_nothing(desk: Desk) -> None:
    found = desk.get("/a", secret=Secret("query", "apikey"), secrets={"key": ""})

    assert found.kind == "failed"
    assert "no key is set" in found.reason
    assert not desk.server.log


# --- TLS ---


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("tls")
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"openssl cannot make a certificate: {error}")
    return str(folder / "cert.pem"), str(folder / "key.pem")


def test_a_certificate_that_nobody_vouches_for_fails_at_once(
    tmp_path: Path, certificate: tuple[str, str]
) -> None:
    with Misbehaving({"/robots.txt": OPEN, "/a": plain(b"x")}, certificate=certificate) as server:
        desk = Desk(tmp_path, server)
        found = desk.get("/a")

    assert found.kind == "failed"
    assert "CERTIFICATE" in found.reason.upper()
    assert not server.log


def test_an_unencrypted_port_that_should_be_encrypted_fails(desk: Desk) -> None:
    found = desk.client.send(Request(url=f"https://localhost:{desk.server.port}/"), about())

    assert found.kind == "failed"


# --- what an operator sees ---


def test_the_figures_tell_requests_unmodified_answers_and_the_last_error(desk: Desk) -> None:
    desk.serve("/a", plain(b"x", etag='"1"'))
    desk.client.confirm(desk.get("/a"))
    desk.serve("/a", plain(b"", status=304))
    desk.get("/a")
    desk.serve("/b", plain(b"", status=410))
    desk.get("/b")

    figures = Ledger(desk.folder / "wire.sqlite").figures(desk.time)[0]
    assert (figures.source, figures.asked_today, figures.unmodified, figures.failed) == ("test", 4, 1, 1)
    assert figures.unmodified_share == pytest.approx(0.25)
    assert "410" in figures.last_error
    assert figures.gone == (desk.server.home + "/b",)
    assert Ledger(desk.folder / "wire.sqlite").holds(desk.time) == {}
