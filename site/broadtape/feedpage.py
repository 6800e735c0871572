"""The page that browsers show of a feed: XHTML inside the feed's own XML, its words and its links.

Owns that block alone; what a feed holds is broadtape.feeds', how the block looks /static/feed.css.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from html import escape

from broadtape import numbers

# In document order; the last one is the site's own colours. Named without a digest: feeds lie in files for long.
STYLES = ("/static/feed.css", "/palette.css")


@dataclass(frozen=True, slots=True)
class Story:
    """One story as the list shows it; all plain text. `day` is of the site's zone."""

    title: str
    url: str
    summary: str
    authors: tuple[str, ...]
    published: datetime
    day: date


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page says of the feed; all plain text, all addresses absolute."""

    title: str
    description: str
    kind: str  # "RSS" or "Atom"
    own: str  # what one subscribes to, whichever page of it this is
    others: tuple[tuple[str, str], ...]  # name and address of the same stories in the other formats
    home: str  # the page it belongs to
    site: str
    front: str
    directory: str  # the page of all feeds
    language: str
    look: str
    stories: Sequence[Story]
    newer: str = ""
    older: str = ""


def block(shown: Shown) -> str:
    """The page as one XHTML element of a feed. Readers of feeds pass over elements of another namespace.

    `div` is the one element of XHTML that W3C's validator knows in a channel; inside it none is called as one of
    a feed's is, save the title, which is the same: programs that ignore namespaces read nothing else there.
    """
    title, name = escape(shown.title), escape(shown.site)
    heading = title if shown.title != shown.site else "All stories"  # the name stands above it already
    stories = "\n".join(_story(one) for one in shown.stories)
    listed = f"<ol>\n{stories}\n</ol>" if stories else "<p>There is no story yet.</p>"
    others = " and ".join(f"{_link(address, f'as {name}')}" for name, address in shown.others)
    turns = [
        _link(address, words)
        for address, words in ((shown.newer, "Newer"), (shown.older, "Older"))
        if address
    ]
    standfirst = f'<p class="standfirst">{escape(shown.description)}</p>' if shown.description else ""
    language = escape(shown.language)
    directory = _link(shown.directory, f"all feeds of {name}")
    return f"""\
<div xmlns="http://www.w3.org/1999/xhtml" class="{escape(shown.look)}" lang="{language}" xml:lang="{language}">
<title>{title}</title><meta name="viewport" content="width=device-width, initial-scale=1"/>
<header><p class="name">{_link(shown.front, name)}</p><p class="kind">{shown.kind} feed</p></header>
<main><h1>{_link(shown.home, heading)}</h1>{standfirst}
<section class="how"><h2>How to subscribe</h2>
<p>{_WHAT}</p>
<p class="address"><code>{escape(shown.own)}</code></p>
<p>The same stories {others}; {directory}, by topic and author.</p></section>
<h2>{"Older stories" if shown.newer else "Newest stories"}</h2>
{listed}{f'<p class="turn">{" ".join(turns)}</p>' if turns else ""}
</main></div>"""


_WHAT = (
    "This page is a feed, made for feed readers: apps and websites that collect stories for you. Give yours this "
    "address, and new stories come to you, whole, without an account and without anybody counting what you read."
)


@lru_cache(maxsize=4096)  # a story stands in many feeds, each in two forms
def _story(story: Story) -> str:
    when = f'<time datetime="{story.published.isoformat(timespec="seconds")}">{numbers.day(story.day)}</time>'
    signed = f" · {escape(numbers.listing(story.authors))}" if story.authors else ""
    summary = f"<p>{escape(story.summary)}</p>" if story.summary else ""
    return (
        f"<li><h3>{_link(story.url, escape(story.title))}</h3>{summary}"
        f'<p class="when">{when}{signed}</p></li>'
    )


def _link(address: str, words: str) -> str:
    """A link; `words` is markup."""
    return f'<a href="{escape(address)}">{words}</a>'
