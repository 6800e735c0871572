"""Telling a WebSub hub which feeds changed, so that their subscribers need not ask.

Owns which feeds are told of, when and how often; the keeper says that something was published. Feeds are
broadtape.feeds', the request is the wire's polite client.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlencode, urlsplit

import msgspec
import structlog

from broadtape import __version__, feeds
from broadtape.archive.catalogue import Catalogue
from broadtape.heartbeat import utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from broadtape.config import Instance, Site

LOOKED_AT = 100  # newest articles of a site; what changed before them is on no feed's first page
TOGETHER = 20  # feeds named by one request
MOST_WAITING = 2_000  # feeds that a hub which does not answer may leave behind
RETRY_S = (60.0, 300.0, 1800.0)
BUDGET = 2_000  # requests a day

Send = Callable[[str, Sequence[str]], str]
"""Tells a hub of feeds; returns what went wrong, or an empty string."""


class State(msgspec.Struct, frozen=True):
    """What is remembered in var/state/hub.json."""

    told: datetime | None = None  # up to when what was published has been looked at
    tags: dict[str, str] = {}  # of each site's own feeds: what they were when last looked at
    waiting: tuple[str, ...] = ()  # feeds that the hub has not been told of yet


@dataclass(frozen=True, slots=True)
class Told:
    """What one look came to: the feeds the hub was told of, and why some are still waiting."""

    feeds: tuple[str, ...]
    waiting: int
    problem: str = ""


def tell(instance: Instance, send: Send, *, now: datetime | None = None) -> Told:
    """Look at what was published since the last time and tell each site's hub of the feeds that changed.

    The first look tells of nothing: everything would be new. What a hub refuses is kept for the next time.
    """
    moment = now or utc_now()
    state = _load(instance)
    waiting = dict.fromkeys(state.waiting)
    tags = dict(state.tags)
    catalogue = Catalogue(instance.catalogue, now=lambda: moment)
    hubs: dict[str, str] = {}
    for site in instance.sites.values():
        if not site.hub:
            continue
        hubs[site.url] = site.hub
        waiting |= dict.fromkeys(_changed(catalogue, site, state.told, tags))
    told: list[str] = []
    problem = ""
    for url, hub in hubs.items():
        mine = [topic for topic in waiting if topic.startswith(url + "/")]
        for start in range(0, len(mine), TOGETHER):
            topics = mine[start : start + TOGETHER]
            refused = send(hub, topics)
            if refused:
                problem = refused
                break
            told += topics
    left = [topic for topic in waiting if topic not in told and topic.startswith(tuple(hubs) or ("\0",))]
    _save(instance, State(moment, tags, tuple(left[-MOST_WAITING:])))
    return Told(tuple(told), len(left), problem)


def _changed(catalogue: Catalogue, site: Site, since: datetime | None, tags: dict[str, str]) -> Iterable[str]:
    """The feeds of a site that are not what they were: its own, and those of what was filed since."""
    own = []
    for form in get_args(feeds.Format):
        feed = feeds.feed(catalogue, site, form)
        address = feeds.channel(site).own(form)
        if feed is not None and tags.get(address) != feed.etag:
            if address in tags:
                own.append(address)
            tags[address] = feed.etag
    yield from own
    if since is None:
        return
    channels: dict[str, feeds.Channel] = {}
    for entry in catalogue.latest(site.key, limit=LOOKED_AT):
        if entry.filed is None or entry.filed <= since:
            continue
        article = entry.article
        named = (
            *(feeds.channel(site, topic=name) for name in article.topics),
            *(feeds.channel(site, author=name) for name in article.authors),
            *(
                feeds.channel(site, symbol=name)
                for name in article.symbols
                if not name.startswith("UNLISTED:")
            ),
        )
        channels |= {one.home: one for one in named}
    for channel in channels.values():
        yield from (channel.own(form) for form in get_args(feeds.Format))


# --- the request ------------------------------------------------------------------------------------------


def client(instance: Instance, *, seconds: float = 30.0) -> Send:
    """The wire's client as a sender: its limits, its guard against private addresses, its name.

    A hub has `seconds` for its whole answer; what it does not manage in them is told again later.
    """
    from newswire.http import Client, Limits  # noqa: PLC0415 – only a newsroom with a hub loads the wire here
    from newswire.ledger import Ledger  # noqa: PLC0415
    from newswire.wire import About, Request  # noqa: PLC0415

    held = Client(
        instance.contact,
        Ledger(instance.ledger),
        version=__version__,
        allowed=instance.wire.allow_private,
        limits=Limits(connect=min(10.0, seconds), read=seconds, total=seconds, attempts=1),
    )

    def send(hub: str, topics: Sequence[str]) -> str:
        host = urlsplit(hub).hostname or ""
        about = About(
            name="hub",
            title="WebSub hub",
            home=hub,
            terms=hub,
            licence="public",
            attribution="",
            every=timedelta(minutes=1),
            hosts=(host,),
            rate=0.0,
            budget=BUDGET,
        )
        body = urlencode([("hub.mode", "publish"), *(("hub.url", topic) for topic in topics)])
        request = Request(
            url=hub,
            method="POST",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=body.encode(),
            max_bytes=64 * 1024,
            label="publish",
            tells=True,
        )
        outcome = held.send(request, about)
        return "" if outcome.kind == "fetched" else f"{hub}: {outcome.reason}"

    return send


class Teller:
    """A thread that tells the hub after each publish; a hub that does not answer holds nothing up."""

    def __init__(self, instance: Instance, send: Send | None = None) -> None:
        self._instance = instance
        self._send = send
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._log = structlog.get_logger("hub")
        self._thread: threading.Thread | None = None

    def wake(self, instance: Instance) -> None:
        """Something was published; `instance` has the settings now in force."""
        self._instance = instance
        if not any(site.hub for site in instance.sites.values()):
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hub", daemon=True)
            self._thread.start()
        self._woken.set()

    def stop(self) -> None:
        """End the thread; what was not told is remembered."""
        self._ended.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        failures = 0
        while True:
            self._woken.wait(RETRY_S[min(failures, len(RETRY_S)) - 1] if failures else None)
            if self._ended.is_set():
                return
            self._woken.clear()
            try:
                self._send = self._send or client(self._instance)
                told = tell(self._instance, self._send)
            except Exception as error:  # noqa: BLE001 – whatever it is, publishing goes on without the hub
                told = Told((), 1, str(error))
            if told.problem:
                failures += 1
                self._log.warning("hub not told", cause=told.problem, waiting=told.waiting)
            else:
                failures = 0
                if told.feeds:
                    self._log.info("hub told", feeds=len(told.feeds))


# --- memory -----------------------------------------------------------------------------------------------


def _path(instance: Instance) -> Path:
    return instance.state / "hub.json"


def _load(instance: Instance) -> State:
    """What is remembered; nothing where it cannot be read: then the next change is the first that is told."""
    try:
        return msgspec.json.decode(_path(instance).read_bytes(), type=State)
    except (OSError, msgspec.DecodeError):
        return State()


def _save(instance: Instance, state: State) -> None:
    path = _path(instance)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(state))
        os.replace(name, path)  # noqa: PTH105 – both are strings already
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise
