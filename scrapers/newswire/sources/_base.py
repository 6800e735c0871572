"""What every source shares: its settings and how an observation says where it came from.

Knows no source in particular.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from newswire.observations import Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from newswire.directory import Directory
    from newswire.observations import Harvest
    from newswire.wire import About, Request, Snapshot


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys that every source's table in the settings knows. A source's own `Options` add to them."""

    enabled: bool = True
    every_minutes: Annotated[int, Meta(ge=1, le=60 * 24 * 31)] = 0
    budget: Annotated[int, Meta(ge=1, le=100_000)] = 0
    licence: Literal["private", "public", ""] = ""
    attribution: str = ""
    key: str = ""


class BaseSource:
    """A source whose terms the settings may change. Subclasses give `about`, `Options`, `due` and `parse`."""

    about: About
    Options: ClassVar[type[Settings]] = Settings

    def __init__(self, options: Settings) -> None:
        self.options = options
        about = type(self).about
        self.about = replace(
            about,
            every=timedelta(minutes=options.every_minutes) if options.every_minutes else about.every,
            budget=options.budget or about.budget,
            licence=options.licence or about.licence,
            attribution=options.attribution or about.attribution,
        )

    def due(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """The requests due at `now`: those of `requests` whose label was not answered within `about.every`."""
        return [
            one
            for one in self.requests(now, last)
            if one.label not in last or last[one.label] + self.about.every <= now
        ]

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """Everything this source would ask."""
        raise NotImplementedError

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """What the snapshot holds."""
        raise NotImplementedError

    def provenance(self, snapshot: Snapshot) -> Provenance:
        """Where what a snapshot holds comes from."""
        about = self.about
        return Provenance(
            source=snapshot.source,
            address=snapshot.url,
            digest=snapshot.digest,
            retrieved=snapshot.retrieved,
            attribution=about.attribution,
            licence=about.licence,
            delay_minutes=about.delay_minutes,
            published=snapshot.modified,
        )
