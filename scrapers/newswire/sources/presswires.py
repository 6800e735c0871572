"""Press-release wires and news searches: feeds with habits of their own. Headline, issuer, link and excerpt only.

GlobeNewswire and PR Newswire are read by default; Business Wire and Google News only where an operator asks for them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from msgspec import Meta

from newswire.sources._base import Settings
from newswire.sources._bodies import refusal
from newswire.sources.feed import ACCEPTS, MOST_BYTES, Feed, read
from newswire.wire import About, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from newswire.directory import Directory
    from newswire.observations import Harvest, Story
    from newswire.wire import Snapshot

# What law firms post under companies' names; news of no company.
SOLICITATION = re.compile(
    r"class action|(?:investor|shareholder|stockholder)s? (?:alert|notice|reminder|deadline)|securities fraud|"
    r"lead plaintiff|law (?:offices?|firm) of|(?:reminds|encourages|urges|notifies|alerts) (?:\w+ ){0,4}"
    r"(?:investors|shareholders|stockholders)|investors who lost|on behalf of (?:investors|shareholders)|"
    r"investigat\w+ (?:of )?(?:potential )?claims|shareholder rights",
    re.IGNORECASE,
)
Address = Annotated[str, Meta(pattern=r"^https://\S+\Z", max_length=2000)]


class WireSettings(Settings, frozen=True, kw_only=True):
    """Which feeds of the wire."""

    feeds: tuple[Address, ...] = ()


class _Wire(Feed):
    """A wire with several feeds; the label is the feed's address."""

    Options = WireSettings
    feeds: tuple[str, ...] = ()
    publisher = ""

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request a feed."""
        chosen = self.options.feeds or self.feeds
        return [Request(url=one, accepts=ACCEPTS, max_bytes=MOST_BYTES, label=one) for one in chosen]

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """Every release but those of law firms that look for clients."""
        title, entries = read(snapshot)
        if not title:
            raise refusal("a feed without a title, which this wire gives for an unknown address", snapshot)
        return self.harvest(snapshot, self.publisher, entries)

    def unwanted(self, entry: Mapping[str, Any]) -> str:
        """Law firms' calls for clients are no news."""
        return "solicitation" if SOLICITATION.search(entry["title"]) else ""


_TERMS = "Headline, issuer, link and a short excerpt may be shown; the release is its issuer's."


class GlobeNewswire(_Wire):
    """GlobeNewswire: categories name the issuer's symbols."""

    about = About(
        name="globenewswire",
        title="GlobeNewswire",
        home="https://www.globenewswire.com/",
        terms="https://www.globenewswire.com/about/terms-of-use",
        licence="public",
        attribution="GlobeNewswire",
        every=timedelta(minutes=15),
        hosts=("www.globenewswire.com",),
        rate=5.0,
        budget=200,
        default=True,
        note=_TERMS,
    )
    feeds = (
        "https://www.globenewswire.com/RssFeed/orgclass/1/feedTitle/GlobeNewswire%20-%20News%20about%20Public%20Companies",
    )
    publisher = "GlobeNewswire"


class PrNewswire(_Wire):
    """PR Newswire: an unknown address answers with all news and no title."""

    about = About(
        name="prnewswire",
        title="PR Newswire",
        home="https://www.prnewswire.com/",
        terms="https://www.prnewswire.com/terms-of-use/",
        licence="public",
        attribution="PR Newswire",
        every=timedelta(minutes=15),
        hosts=("www.prnewswire.com",),
        rate=5.0,
        budget=200,
        default=True,
        note=_TERMS,
    )
    feeds = ("https://www.prnewswire.com/rss/news-releases-list.rss",)
    publisher = "PR Newswire"


class BusinessWire(_Wire):
    """Business Wire: feeds have opaque addresses that an operator must know."""

    about = About(
        name="businesswire",
        title="Business Wire",
        home="https://www.businesswire.com/",
        terms="https://www.businesswire.com/portal/site/home/terms/",
        licence="public",
        attribution="Business Wire",
        every=timedelta(minutes=15),
        hosts=("feed.businesswire.com",),
        rate=5.0,
        budget=200,
        note=_TERMS,
    )
    publisher = "Business Wire"


class SearchSettings(Settings, frozen=True, kw_only=True):
    """What to search for."""

    queries: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=50)
    ] = ()


class GoogleNews(Feed):
    """Google News: for personal reading only, so nothing of it may be shown to the public."""

    about = About(
        name="googlenews",
        title="Google News",
        home="https://news.google.com/",
        terms="https://policies.google.com/terms",
        licence="private",
        attribution="Google News",
        every=timedelta(hours=1),
        hosts=("news.google.com",),
        rate=10.0,
        budget=100,
        note="The feed allows personal, non-commercial reading only.",
    )
    Options = SearchSettings

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """One request a query, of the last day."""
        found = []
        for query in self.options.queries:
            asked = urlencode({"q": f"{query} when:1d", "hl": "en-US", "gl": "US", "ceid": "US:en"})
            url = f"https://news.google.com/rss/search?{asked}"
            found.append(Request(url=url, accepts=ACCEPTS, max_bytes=MOST_BYTES, label=query))
        return found

    def story(self, entry: Mapping[str, Any], publisher: str, snapshot: Snapshot) -> Story:
        """The headline without its publisher's name at the end; the text is only the headline again."""
        made = super().story({**entry, "text": ""}, publisher, snapshot)
        return replace(made, title=made.title.removesuffix(f" - {made.publisher}"))
