"""Owns the fetching of one page for a person who asked for it: a file, standard input or an address.

Keeps nothing of it, and reads nothing out of it; broadtape.extraction does. An address is asked as sources are:
robots.txt, rates, budgets and the checks of where a connection may go are newswire.http's.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from broadtape import __version__
from broadtape.extraction import MOST_BYTES
from broadtape.extraction.parts import Page, Unreadable
from newswire.errors import NewswireError
from newswire.http import Client
from newswire.ledger import Ledger
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadtape.config import Instance
    from newswire.collect import Sender
    from newswire.wire import Outcome

ABOUT: Final = About(
    name="import",
    title="A page that a person asked for",
    home="",
    terms="",
    licence="private",
    attribution="",
    every=timedelta(0),
    hosts=(),  # any: each address is a person's
    rate=2.0,
    budget=200,
)
_ACCEPTS: Final = ("text/html", "application/xhtml+xml", "text/plain", "text/markdown")
_ADVICE: Final = {
    "disallowed": "; save the page with a browser and give the file",
    "blocked": "; save the page with a browser and give the file",
    "gone": "; the publisher has taken it down",
}


def load_page(place: str, instance: Instance, *, client: Sender | None = None) -> Page:
    """The bytes of a file, of standard input ("-") or of an http(s) address. Unreadable says why there are none."""
    if place == "-":
        return Page(body=sys.stdin.buffer.read(MOST_BYTES + 1), name="standard input")
    if "://" in place[:12]:
        return _fetched(place, instance, client)
    path = Path(place)
    try:
        with path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unreadable(
            f"{place}: cannot be read: {error.strerror or error}; name a file or an http(s) address"
        ) from error
    except ValueError as error:  # a null character in the name
        raise Unreadable(f"{place[:200]!r}: no file name: {error}") from error
    return Page(body=body, name=path.name)


@contextmanager
def asking(instance: Instance, what: str) -> Iterator[Client]:
    """What asks for pages of an instance; Unreadable where nobody may ask. `what` is said in the message.

    No body is kept of these pages, so no request is conditional.
    """
    instance.state.mkdir(parents=True, exist_ok=True)
    try:
        client = Client(
            instance.contact,
            Ledger(instance.ledger),
            version=__version__,
            allowed=instance.wire.allow_private,
            has_body=lambda _: False,
        )
    except NewswireError as error:
        raise Unreadable(f"{what}: {error}") from error
    with client:
        yield client


def _fetched(address: str, instance: Instance, client: Sender | None) -> Page:
    try:
        scheme = urlsplit(address).scheme
    except ValueError as error:
        raise Unreadable(f"{address[:200]}: no web address: {error}") from error
    if scheme not in ("http", "https"):
        raise Unreadable(f"{address[:200]}: only http and https addresses are read")
    address = address.partition("#")[0]
    request = Request(url=address, accepts=_ACCEPTS, max_bytes=MOST_BYTES, label=address)
    if client is not None:
        return _page(address, client.send(request, ABOUT))
    with asking(instance, address) as own:
        return _page(address, own.send(request, ABOUT))


def _page(address: str, outcome: Outcome) -> Page:
    snapshot = outcome.snapshot
    if outcome.kind != "fetched" or snapshot is None:
        raise Unreadable(f"{address}: {outcome.kind}: {outcome.reason}{_ADVICE.get(outcome.kind, '')}")
    return Page(
        body=snapshot.body,
        name=address,
        address=outcome.moved_to or snapshot.url,
        media_type=snapshot.media_type,
        charset=snapshot.charset,
    )
