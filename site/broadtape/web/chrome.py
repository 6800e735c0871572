"""What surrounds every page: navigation, clock, local blocks, credits, copyright, and the page's head.

Pure: settings, `now` and a few counts in, contexts out. A block that has nothing true to show is absent.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING

from broadtape import icons, numbers, urls
from broadtape.web import words
from broadtape.web.contexts import Block, Chrome, FeedLink, Head, Link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadtape.config import Instance, Site

TOPICS_SHOWN = 5
COLOUR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?")
# Custom properties a site may set; with "-dark" for the dark scheme.
PALETTE = ("accent", "paper", "panel", "ink", "muted", "rule", "band", "band-ink", "trim")
LEGAL = (
    ("Corrections", urls.CORRECTIONS),
    ("How we work", urls.METHODS),
    ("Definitions", "/definitions/"),
    ("Privacy", urls.PRIVACY),
    ("Terms", urls.TERMS),
    ("Accessibility", urls.ACCESSIBILITY),
)


def around(
    site: Site,
    instance: Instance,
    *,
    now: datetime,
    path: str,
    as_of: date | None,
    topics: Iterable[tuple[str, int]],
    blocks: Iterable[Block] = (),
) -> Chrome:
    """The chrome of one page at `path`."""
    local = now.astimezone(site.time_zone)
    utility = [Link(f"About {site.name}", "/about/", path == "/about/")]
    if instance.contact:
        utility.append(Link("Contact us", f"mailto:{instance.contact}"))
    utility.append(Link("Feeds", "/feeds/", path == "/feeds/"))
    return Chrome(
        site=site.name,
        place=site.place or site.name,
        tagline=site.tagline,
        language=site.locale.replace("_", "-"),
        zone=site.time_zone.key,
        now=words.of_instant(local, site.time_zone),
        weekday=numbers.weekday(local.date()),
        data=words.of_day(as_of) if as_of else None,
        utility=tuple(utility),
        sections=tuple(sections(site, topics, path)),
        legal=tuple(Link(title, address, path == address) for title, address in LEGAL),
        blocks=tuple(blocks),
        credits=site.credits,
        rights=rights(site, local.year),
        preview=instance.audience == "private",
        palette=palette_address(site),
        look=site.look,
        style="site.css",
        script="site.js",
        theme=icons.colour(site),
        touch_icon="/apple-touch-icon.png"
        if icons.picture(instance, site.key, "apple-touch-icon.png") is not None
        else "",
    )


def sections(site: Site, topics: Iterable[tuple[str, int]], path: str) -> list[Link]:
    """The site's navigation; without one: the front page, markets, its most used topics, about."""
    if site.navigation:
        chosen = [(item.title, item.address) for item in site.navigation]
    else:
        titled = ((words.title_of(name), name) for name, _ in topics)
        used = [
            (title, urls.topic(name))
            for title, name in islice(titled, TOPICS_SHOWN + 2)  # of hundreds, on every page
            if title not in ("Markets", "Archive")  # these are pages of their own
        ]
        chosen = [
            ("Front page", urls.FRONT),
            ("Markets", urls.MARKETS),
            *used[:TOPICS_SHOWN],
            ("Archive", urls.ARCHIVE),
        ]
    return [Link(title, address, path == address) for title, address in chosen]


def rights(site: Site, year: int) -> str:
    """`Copyright © 2010–2026 …`; the year is computed, the first one comes from the settings."""
    years = f"{site.founded}–{year}" if site.founded and site.founded < year else str(year)
    return f"Copyright © {years} {site.copyright or site.name}"


def head(
    site: Site,
    title: str,
    *,
    description: str,
    canonical: str,
    robots: str,
    article: bool,
    image: str,
    json_ld: str,
    feeds: tuple[FeedLink, ...],
    image_alt: str = "",
    image_size: tuple[int, int] | None = None,
    properties: tuple[tuple[str, str], ...] = (),
) -> Head:
    """The head; the site's own feed is on every page."""
    own = FeedLink(f"{site.name}: all stories", "/feed.xml", "application/rss+xml")
    return Head(
        title=f"{title} – {site.name}" if title != site.name else f"{site.name}: local and market news",
        description=description or site.tagline,
        canonical=canonical,
        robots=robots,
        kind="article" if article else "website",
        image=image,
        json_ld=json_ld,
        feeds=tuple(form for link in (own, *feeds) for form in _every_form(link)),
        image_alt=image_alt,
        image_size=image_size,
        properties=properties,
    )


def _every_form(link: FeedLink) -> tuple[FeedLink, ...]:
    """An RSS feed and the same stories as Atom and as JSON Feed, for readers that look for one of them."""
    return tuple(
        FeedLink(link.title + name, link.address.replace("feed.xml", file, 1), media_type)
        for name, file, media_type in (
            ("", "feed.xml", "application/rss+xml"),
            (" (Atom)", "atom.xml", "application/atom+xml"),
            (" (JSON)", "feed.json", "application/feed+json"),
        )
    )


def palette_address(site: Site) -> str:
    """The address of the site's colours with their digest; empty where the site keeps ours."""
    css = palette_css(site)
    return f"/palette.css?v={hashlib.sha256(css.encode()).hexdigest()[:10]}" if css else ""


def palette_css(site: Site) -> str:
    """The site's colours as CSS; anything that is no hexadecimal colour of a known name is left out."""
    light: list[str] = []
    dark: list[str] = []
    for name, value in sorted(site.palette.items()):
        base = name.removesuffix("-dark")
        if base in PALETTE and COLOUR.fullmatch(value):
            (dark if name.endswith("-dark") else light).append(f"--{base}:{value}")
    css = f"@media (prefers-color-scheme:light){{:root{{{';'.join(light)}}}}}\n" if light else ""
    return css + (f"@media (prefers-color-scheme:dark){{:root{{{';'.join(dark)}}}}}\n" if dark else "")
