"""What a site's `blocks` and `[block.NAME]` tables may say: one typed table for each kind of local block.

Reads no files and shows nothing: publishing fills the blocks, web prints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from broadtape.config import Site

Kind = Literal[
    "forecast",
    "alerts",
    "traffic",
    "lodging",
    "events",
    "companies",
    "most-read",
    "sponsored",
    "html",
    "recent-quotes",
]
KINDS: tuple[str, ...] = get_args(Kind)
Web = Annotated[str, Meta(pattern=r"^(https?://[^\s/?#@]+([/?#]\S*)?)?\Z", max_length=2_000)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.\-]{0,62}\Z")]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every block's table may say."""

    kind: str = ""  # where the block's own name is no kind: a second slot, a second piece of HTML
    title: Annotated[str, Meta(max_length=80)] = ""


class Forecast(Table, frozen=True, kw_only=True):
    """Seven days of the National Weather Service's forecast."""

    place: tuple[float, float] | None = None
    place_name: str = ""  # as [sources.nws] places names it; the site's own key unless said
    link: Web = ""


class Alerts(Table, frozen=True, kw_only=True):
    """What the National Weather Service warns of, while it does."""

    place_name: str = ""


class Traffic(Table, frozen=True, kw_only=True):
    """Closed lanes and chain controls; `link` leads to a map of somebody else's."""

    link: Web = ""
    place: tuple[float, float] | None = None
    place_name: str = ""
    most: Annotated[int, Meta(ge=1, le=50)] = 6


class Lodging(Table, frozen=True, kw_only=True):
    """A form that searches for a bed elsewhere; its host may be sent forms by our pages."""

    action: Web = ""
    check_in: Name = "checkin"
    check_out: Name = "checkout"
    rooms: Name = "rooms"
    also: dict[Name, Annotated[str, Meta(max_length=200)]] = {}  # sent along: a town, a partner's number


class Events(Table, frozen=True, kw_only=True):
    """What is on, from an iCalendar file in the site's folder."""

    file: str = "events.ics"
    days: Annotated[int, Meta(ge=1, le=366)] = 60
    most: Annotated[int, Meta(ge=1, le=50)] = 6


class Companies(Table, frozen=True, kw_only=True):
    """Listed companies near the place; `companies_near` says where and how far."""

    most: Annotated[int, Meta(ge=1, le=50)] = 6


class MostRead(Table, frozen=True, kw_only=True):
    """What was read most in the last hours, where at least `least` readers opened it."""

    hours: Annotated[int, Meta(ge=1, le=24 * 31)] = 24
    most: Annotated[int, Meta(ge=1, le=20)] = 5
    least: Annotated[int, Meta(ge=1)] = 3  # fewer say more about one reader than about the story


class Slot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"until": "to"}):
    """One paid notice, shown from `from` to `to` (both included), always with its label."""

    title: Annotated[str, Meta(min_length=1, max_length=120)]
    link: Web = ""
    text: Annotated[str, Meta(max_length=300)] = ""
    sponsor: Annotated[str, Meta(max_length=120)] = ""
    since: date | None = msgspec.field(default=None, name="from")
    until: date | None = msgspec.field(default=None, name="to")


class Sponsored(Table, frozen=True, kw_only=True):
    """Paid notices; the label cannot be taken away, only worded."""

    label: Annotated[str, Meta(min_length=2, max_length=40)] = "Sponsored"
    slots: tuple[Slot, ...] = ()


class Html(Table, frozen=True, kw_only=True):
    """HTML of the operator's, from a file in the site's folder; sanitised, hosts named in `csp_allow`."""

    file: str = ""
    html: str = ""


class RecentQuotes(Table, frozen=True, kw_only=True):
    """The watch list; it has its own place on the pages."""


TABLES: dict[str, type[Table]] = {
    "forecast": Forecast,
    "alerts": Alerts,
    "traffic": Traffic,
    "lodging": Lodging,
    "events": Events,
    "companies": Companies,
    "most-read": MostRead,
    "sponsored": Sponsored,
    "html": Html,
    "recent-quotes": RecentQuotes,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One block that a site asks for, in the site's order."""

    name: str
    kind: str
    table: Table


def wanted(site: Site) -> tuple[list[Wanted], list[str]]:
    """The site's blocks that can be understood, and one line for each that cannot: it is left out."""
    found, troubles = [], []
    where = f"content/sites/{site.key}/site.toml"
    for name in dict.fromkeys(site.blocks):
        raw: Mapping[str, Any] = site.block.get(name, {})
        kind = str(raw.get("kind") or name)
        if kind not in TABLES:
            known = ", ".join(KINDS)
            troubles.append(f"{where}: blocks: {name!r} is no block; there are {known}, or give it a kind")
            continue
        try:
            found.append(Wanted(name, kind, msgspec.convert(dict(raw), TABLES[kind])))
        except msgspec.ValidationError as error:
            cause, _, at = str(error).partition(" - at `$.")
            key = f".{at.rstrip('`')}" if at else ""
            troubles.append(f"{where}: block.{name}{key}: {cause[:1].lower()}{cause[1:]}")
    return found, troubles


def one(site: Site, kind: str) -> Table | None:
    """The site's first block of a kind; None where it asks for none that can be understood."""
    return next((block.table for block in wanted(site)[0] if block.kind == kind), None)
