"""A WebSub hub is told of the feeds that changed, by the wire's own client, and holds nothing up."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from misbehaving import Misbehaving, Script, endless, plain, raw
from newsroom import Newsroom

from broadtape import config, hub
from broadtape.model import BadSettings

HUB = "https://hub.example/"
PUBLIC = f'contact = "desk@example.org"\naudience = "public"\n\n[feeds]\nhub = "{HUB}"\n'
SITE = "http://bay.localhost:8000"


class Hub:
    """Remembers what it was told; refuses while told to."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.refuses = ""

    def __call__(self, where: str, topics: Sequence[str]) -> str:
        assert where == HUB
        if not self.refuses:
            self.told += topics
        return self.refuses


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    return Newsroom(tmp_path, monkeypatch, settings=PUBLIC)


def published(room: Newsroom, slug: str, **keys: str) -> None:
    room.now += timedelta(minutes=5)
    room.publish(room.post(slug, **keys))
    room.now += timedelta(minutes=1)


def test_the_first_look_tells_nothing_and_a_new_story_its_own_feeds(room: Newsroom) -> None:
    there = Hub()
    published(room, "one", topics="[rates]")
    first = hub.tell(room.instance, there, now=room.now)
    published(room, "two", topics="[ferries]", authors="[Mia]")
    second = hub.tell(room.instance, there, now=room.now)
    third = hub.tell(room.instance, there, now=room.now)

    assert first.feeds == third.feeds == ()
    assert set(second.feeds) == {
        f"{SITE}{where}{file}"
        for where in ("/", "/topics/ferries/", "/authors/mia/")
        for file in ("feed.xml", "atom.xml", "feed.json")
    }
    assert there.told == list(second.feeds)


def test_what_a_hub_refuses_is_told_later_once(room: Newsroom) -> None:
    there = Hub()
    hub.tell(room.instance, there, now=room.now)
    published(room, "one")
    hub.tell(room.instance, there, now=room.now)
    there.told.clear()
    published(room, "two")
    there.refuses = "answered 500"
    refused = hub.tell(room.instance, there, now=room.now)
    there.refuses = ""
    again = hub.tell(room.instance, there, now=room.now)

    assert (refused.feeds, refused.problem) == ((), "answered 500")
    assert refused.waiting == len(again.feeds) > 0
    assert sorted(there.told) == sorted(again.feeds)


def test_a_private_preview_has_no_hub_and_a_hub_is_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = Newsroom(tmp_path / "a", monkeypatch, settings=PUBLIC.replace('"public"', '"private"'))
    wrong = Newsroom(tmp_path / "b", monkeypatch, settings=PUBLIC.replace(HUB, "hub"))

    assert private.instance.sites["bay"].hub == ""
    with pytest.raises(BadSettings, match=r"feeds\.hub: 'hub' is no address"):
        config.load(wrong.root)


def test_a_lost_memory_tells_nothing_twice(room: Newsroom) -> None:
    (room.instance.state / "hub.json").parent.mkdir(parents=True, exist_ok=True)
    (room.instance.state / "hub.json").write_text("{broken", encoding="utf-8")
    published(room, "one")

    assert hub.tell(room.instance, Hub(), now=room.now).feeds == ()


class _Handler(BaseHTTPRequestHandler):
    asked: list[tuple[str, str, dict[str, list[str]]]] = []  # noqa: RUF012 – shared by every request of a test
    answer = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append((self.path, self.headers["Content-Type"], parse_qs(body)))
        self.send_response(self.answer)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def served() -> Iterator[str]:
    _Handler.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/publish"
    server.shutdown()
    server.server_close()


def test_the_request_is_what_hubs_understand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: str
) -> None:
    settings = PUBLIC.replace(HUB, served) + '\n[wire]\nallow_private = ["127.0.0.1"]\n'
    room = Newsroom(tmp_path, monkeypatch, settings=settings)
    send = hub.client(room.instance)

    assert send(served, [f"{SITE}/feed.xml", f"{SITE}/atom.xml"]) == ""
    assert _Handler.asked == [
        (
            "/publish",
            "application/x-www-form-urlencoded",
            {"hub.mode": ["publish"], "hub.url": [f"{SITE}/feed.xml", f"{SITE}/atom.xml"]},
        )
    ]


def test_a_hub_on_a_private_address_is_not_asked_unless_the_settings_allow_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: str
) -> None:
    room = Newsroom(tmp_path, monkeypatch, settings=PUBLIC.replace(HUB, served))

    assert hub.client(room.instance)(served, ["x"]) != ""
    assert _Handler.asked == []


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@pytest.mark.parametrize(
    "does",
    [
        pytest.param(endless(OK + b"\r\n", b"x" * 65536), id="without end"),
        pytest.param(endless(OK + b"Content-Length: 1000\r\n\r\n", b".", pause=0.2), id="a byte at a time"),
        pytest.param(endless(b"HTTP/1.1 200 OK\r\n", b"X-More: y\r\n"), id="headers without end"),
        pytest.param(raw(OK + b"Content-Length: 99999999999\r\n\r\n"), id="a length that is a lie"),
        pytest.param(
            raw(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"0" * 50_000_000)), id="a bomb"
        ),
        pytest.param(raw(b"\x00\xff nonsense \r\n\r\n"), id="no HTTP"),
        pytest.param(raw(b"", pause=0.0), id="nothing"),
    ],
)
def test_a_hub_that_answers_anything_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: Script
) -> None:
    with Misbehaving({"/publish": does}) as there:
        where = f"{there.home}/publish"
        settings = PUBLIC.replace(HUB, where) + '\n[wire]\nallow_private = ["localhost"]\n'
        room = Newsroom(tmp_path, monkeypatch, settings=settings)
        begun = time.monotonic()

        refused = hub.client(room.instance, seconds=1.0)(where, [f"{SITE}/feed.xml"])

        assert time.monotonic() - begun < 4
        assert len(refused) < 500
        assert "\n" not in refused
        assert len([one for one in there.log if one.path == "/publish"]) == 1


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_hub_leads_nobody_to_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: str, code: int
) -> None:
    """`served` stands for a machine of ours that only we may reach; the hub is named, it is not."""
    with Misbehaving({"/publish": plain(b"", status=code, location=served)}) as there:
        where = f"{there.home}/publish"
        settings = PUBLIC.replace(HUB, where) + '\n[wire]\nallow_private = ["localhost"]\n'
        room = Newsroom(tmp_path, monkeypatch, settings=settings)

        refused = hub.client(room.instance, seconds=2.0)(where, [f"{SITE}/feed.xml"])

    assert refused
    assert _Handler.asked == []


def test_the_keepers_thread_tells_and_ends(room: Newsroom) -> None:
    there, heard = Hub(), threading.Event()

    def send(where: str, topics: Sequence[str]) -> str:
        heard.set()
        return there(where, topics)

    published(room, "one")
    hub.tell(room.instance, there, now=room.now)
    published(room, "two")
    teller = hub.Teller(room.instance, send)
    teller.wake(room.instance)

    assert heard.wait(10)
    teller.stop()
    assert f"{SITE}/feed.xml" in there.told
