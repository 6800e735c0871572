"""What a site-specific scraper of news derives from: pages without a feed, their entries as stories.

Owns requests, checks, cleaning and limits; a subclass says what is an entry (docs/sources.md shows one). Of another's
text no more than a headline and a short excerpt is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from bs4 import BeautifulSoup, Tag

from newswire.errors import Challenged
from newswire.sources._base import Settings
from newswire.sources._bodies import CHALLENGES, is_html, refusal, text_of
from newswire.sources.feed import MOST_ENTRIES, Feed, address, instant, plain
from newswire.wire import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from newswire.directory import Directory
    from newswire.observations import Harvest
    from newswire.wire import Snapshot

MOST_BYTES = 8 * 2**20
MOST_TAGS = 60_000  # elements, more or less: what no list of news has


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as its page has it; markup, hidden characters and relative addresses are seen to."""

    title: str
    link: str
    text: str = ""
    published: str = ""  # as written: ISO, mail form, "January 12, 2026"
    updated: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


class NewsPage(Feed):
    """The stories of pages without a feed. A subclass gives `about`, `pages` and `entries`."""

    Options: ClassVar[type[Settings]] = Settings
    pages: ClassVar[tuple[str, ...]] = ()  # addresses, on the hosts of `about`
    may_be_empty: ClassVar[bool] = False  # whether a page without entries is one of a quiet day

    def entries(self, page: BeautifulSoup) -> Iterable[Entry]:
        """The entries of one page, in its order."""
        raise NotImplementedError

    @staticmethod
    def text(box: Tag, where: str) -> str:
        """The text of the first element that a CSS selector finds; empty where there is none."""
        found = box.select_one(where)
        return found.get_text(" ") if found is not None else ""

    @staticmethod
    def attribute(box: Tag, where: str, name: str) -> str:
        """An attribute of the first element that a CSS selector finds; empty where there is none."""
        found = box.select_one(where)
        value = found.get(name) if found is not None else None
        return value if isinstance(value, str) else " ".join(value or ())

    def requests(self, now: datetime, last: Mapping[str, datetime]) -> Sequence[Request]:
        """The pages."""
        accepts = ("text/html", "application/xhtml+xml")
        return [Request(url=one, accepts=accepts, max_bytes=MOST_BYTES, label=one) for one in self.pages]

    def parse(self, snapshot: Snapshot, directory: Directory) -> Harvest:
        """Every entry that can be read; a page in which none is found has changed, and is refused."""
        body = snapshot.body
        if not body.strip():
            raise refusal("an empty body instead of a page", snapshot)
        text = text_of(snapshot)
        if not is_html(body) and "<" not in text[:2000]:
            raise refusal("not a page", snapshot)
        if text.count("<") > 2 * MOST_TAGS:
            raise refusal(f"a page of more than {MOST_TAGS:,} elements", snapshot)
        found = [self._entry(one, snapshot) for one, _ in zip(self.entries(_soup(text)), range(MOST_ENTRIES))]  # noqa: B905 – the first so many
        if not found and CHALLENGES.search(body[:200_000]):
            raise Challenged(
                "a page that refuses this client instead of news", source=snapshot.source, path=snapshot.url
            )
        if not found and not self.may_be_empty:
            raise refusal("no entry was found; the page may have changed, see entries()", snapshot)
        return self.harvest(snapshot, self.about.attribution or self.about.title, found)

    def _entry(self, one: Entry, snapshot: Snapshot) -> dict[str, Any]:
        link = address(one.link, snapshot.url)
        return {
            "id": link,
            "title": plain(one.title),
            "link": link,
            "text": plain(one.text[:20_000]),
            "published": instant(one.published),
            "updated": instant(one.updated),
            "authors": [name for given in one.authors if (name := plain(given))],
            "categories": [word for given in one.categories if (word := plain(given))],
            "named": [],
            "publisher": "",
        }


def _soup(text: str) -> BeautifulSoup:
    soup = BeautifulSoup(text, "lxml")
    for one in soup(["script", "style", "noscript", "template"]):
        one.decompose()
    return soup
