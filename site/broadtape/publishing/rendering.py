"""An article as the catalogue keeps it: rendered for pages and feeds, with what its runs have come to.

Owns how claims and tickers become anchors. Reads the size of the picture and nothing else; decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from broadtape import numbers, urls
from broadtape.archive.records import FactView, Filing
from broadtape.markdown import Document, FactAnchor, to_html, to_text

if TYPE_CHECKING:
    from broadtape.config import Site
    from broadtape.model import Article, Photo
    from broadtape.publishing.aftermath import Aftermath


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a fact link's target came to: the fact's id, what proof says of the link, and the fact's value."""

    id: str
    status: str
    value: str


class PageLinks:
    """Claims lead to their proof on the article's page, tickers to quote pages."""

    def __init__(self, address: str, links: Mapping[str, Resolved], known: Callable[[str], bool]) -> None:
        self._address = address
        self._links = links
        self._known = known

    def fact(self, target: str, text: str) -> FactAnchor | None:  # noqa: ARG002 – markdown.Links
        """The anchor of a claim whose fact is known."""
        found = self._links.get(target)
        if found is None:
            return None
        return FactAnchor(urls.proof(self._address, found.id), found.value, found.status, found.id)

    def ticker(self, symbol: str) -> str | None:
        """The quote page of a symbol that has one."""
        return urls.quote_page(symbol) if self._known(symbol) else None


class PlainLinks:
    """No claim and no ticker becomes an anchor."""

    def fact(self, target: str, text: str) -> FactAnchor | None:  # noqa: ARG002 – markdown.Links
        """Plain text."""
        return None

    def ticker(self, symbol: str) -> str | None:  # noqa: ARG002 – markdown.Links
        """Plain text."""
        return None


class _FeedLinks(PlainLinks):
    def __init__(self, known: Callable[[str], bool]) -> None:
        self._known = known

    def ticker(self, symbol: str) -> str | None:
        return urls.quote_page(symbol) if self._known(symbol) else None


def file(
    article: Article,
    document: Document,
    address: str,
    *,
    sites: Iterable[Site],
    facts: Mapping[str, FactView],
    links: Mapping[str, Resolved],
    counts: Mapping[str, int],
    known: Callable[[str], bool],
    former: Iterable[str] = (),
    photo_bytes: int = 0,
    since: Aftermath,
    made: tuple[str, ...] = (),
) -> Filing:
    """The article rendered for every site that shows it. `known` tells which symbols have a quote page."""
    page = PageLinks(address, links, known)
    feed = _FeedLinks(known)
    text = to_text(document)
    feeds = {
        site.key: to_html(document, feed, base=urljoin(site.url + "/", address.lstrip("/"))) for site in sites
    }
    aliases = dict.fromkeys((*article.aliases, *former))
    aliases.pop(address, None)
    return Filing(
        article=article,
        address=address,
        html=to_html(document, page),
        text=text,
        words=len(text.split()),
        proof=dict(counts),
        facts=facts,
        feeds=feeds,
        symbols=article.symbols,
        aliases=tuple(aliases),
        photo_bytes=photo_bytes,
        runs=runs(facts.values(), article.as_of),
        said=said(document, links),
        since=since.text,
        since_html=since.html,
        made=made,
    )


def said(document: Document, links: Mapping[str, Resolved]) -> dict[str, str]:
    """The words of the article that rest on each fact: those of its first link."""
    found: dict[str, str] = {}
    for block in document.blocks:
        for span in block.spans:
            resolved = links.get(span.target) if span.kind == "fact" else None
            if resolved is not None:
                found.setdefault(resolved.id, block.text[span.start : span.end])
    return found


def runs(facts: Iterable[FactView], as_of: date | None) -> dict[str, str]:
    """The runs an article reports, with their states: by these an older page knows what became of its run."""
    found: dict[str, str] = {}
    for view in facts:
        fact = view.fact
        start = fact.get("start")
        if (
            fact.as_of != as_of
            or start is None
            or fact.key.metric not in _RUNS
            or not isinstance(fact.value, int)
        ):
            continue
        params = dict(fact.key.params)
        subject, other = (part.value if (part := fact.get(name)) else "" for name in ("subject", "object"))
        unit, basis, side = (params.get(name, "") for name in ("unit", "basis", "side"))
        key = "|".join(str(part) for part in (subject, other, side, unit, basis, start.value))
        length = f"{fact.value} {fact.unit if fact.value != 1 else fact.unit.removesuffix('s')}"
        broken = fact.get("broken")
        if broken is not None and isinstance(broken.value, date):
            found[key] = f"The run ended on {numbers.day(broken.value)}, after {length}."
        else:
            found[key] = f"The run had reached {length} by {numbers.day(fact.as_of)}."
    return found


_RUNS = frozenset({"relative-streak", "relative-streak-ended", "streak"})


def photo_size(photo: Photo | None, folder: Path, content: Path) -> int | None:
    """Bytes of the picture's file; 0 for none or one elsewhere, None where the file is missing."""
    if photo is None or not photo.src or re.match(r"[a-z][a-z0-9+.-]*:|//", photo.src, re.IGNORECASE):
        return 0
    path = content / photo.src.lstrip("/") if photo.src.startswith("/media/") else folder / photo.src
    try:
        if not path.resolve().is_relative_to(content.resolve()):
            return None
        return path.stat().st_size
    except (OSError, ValueError):
        return None
