"""The nouns of collecting: what is asked, what came back, and what a source is (docs/contracts/wire.md).

Opens no connection and reads no file; newswire.http, newswire.snapshots and newswire.collect do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from newswire.directory import Directory
    from newswire.observations import Harvest, Licence

MAX_BODY_BYTES = 32 * 2**20  # decompressed, where a request does not say otherwise

OutcomeKind = Literal["fetched", "not-modified", "disallowed", "blocked", "gone", "over-budget", "failed"]


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a key goes when a request is sent. The key itself is in no request, snapshot or log."""

    place: Literal["query", "header", "json"]
    name: str
    prefix: str = ""  # before the key: "Token "
    setting: str = "key"  # the source's setting that holds it


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One address that is due. `label` says what is asked for; a parser checks that the body is about it."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    secret: Secret | None = None
    accepts: tuple[str, ...] = ()  # media types, "text/*" allowed; empty: any
    max_bytes: int = MAX_BODY_BYTES
    label: str = ""
    tells: bool = (
        False  # it brings word and asks for nothing: any 2xx will do, and robots.txt is not about it
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A body as fetched. Header names are lower case; `retrieved` is aware UTC."""

    source: str
    url: str  # as asked, without any key
    body: bytes
    retrieved: datetime
    label: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""  # sha256 of the body, in hex

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", hashlib.sha256(self.body).hexdigest())

    @property
    def media_type(self) -> str:
        """The type that the server named, lower case and without parameters; empty where it named none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The charset that the server named, lower case; empty where it named none."""
        message = Message()
        message["content-type"] = self.headers.get("content-type", "")
        return message.get_content_charset("") or ""

    @property
    def modified(self) -> datetime | None:
        """The server's Last-Modified; None where it is absent, unreadable or without a zone."""
        try:
            given = parsedate_to_datetime(self.headers["last-modified"])
        except (KeyError, ValueError, TypeError):
            return None
        return given if given.tzinfo else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one request, with the reason in one line. `retry_at` is aware UTC."""

    kind: OutcomeKind
    request: Request
    reason: str = ""
    snapshot: Snapshot | None = None
    retry_at: datetime | None = None
    moved_to: str = ""  # a permanent redirect's target, remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an operator and a reader should know of a source."""

    name: str
    title: str
    home: str
    terms: str  # address of the terms of use
    licence: Licence
    attribution: str
    every: timedelta  # between tries
    hosts: tuple[str, ...]  # the only ones it may be fetched from
    delay_minutes: int = 0
    rate: float = 1.0  # seconds between two requests to one of its hosts
    budget: int = 500  # requests a day
    key: str = ""  # the environment variable usually holding its key; empty: none needed
    default: bool = False  # written into a new instance's settings
    note: str = ""


@runtime_checkable
class Source(Protocol):
    """One source: the addresses due, and observations out of what they answered. Pure."""

    about: About

    def due(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """The requests due at `now`. `last`: when each label was last fetched or confirmed."""
        ...

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """What the snapshot holds; SourceError, BadValue, Challenged or Refused for what cannot be used."""
        ...


@runtime_checkable
class Follows(Protocol):
    """A source whose answers name further addresses."""

    def follow(self, snapshot: Snapshot) -> Sequence[Request]:
        """The addresses to ask next, on the source's own hosts."""
        ...
