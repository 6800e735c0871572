"""Owns a page's JSON-LD: what it says of the article, out of scripts that may be broken.

Reads no HTML; it is given the scripts' texts.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from broadtape.extraction.words import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_BYTES: Final = 256 * 1024  # of one script
MOST_NODES: Final = 5_000
ARTICLES: Final = (
    "NewsArticle", "ReportageNewsArticle", "AnalysisNewsArticle", "BackgroundNewsArticle", "OpinionNewsArticle",
    "ReviewNewsArticle", "AskPublicNewsArticle", "LiveBlogPosting", "Report", "Article", "BlogPosting",
    "SocialMediaPosting", "TechArticle", "ScholarlyArticle",
)  # fmt: skip
_COMMENTS: Final = re.compile(r"<!--|-->|//\s*<!\[CDATA\[|<!\[CDATA\[|(?://\s*)?\]\]>|/\*\s*\]\]>\s*\*/")
_TRAILING: Final = re.compile(r",(\s*[}\]])")


@dataclass(frozen=True, slots=True)
class Described:
    """What JSON-LD says of the article; empty where it says nothing."""

    type: str = ""
    headline: str = ""
    description: str = ""
    body: str = ""
    published: str = ""
    modified: str = ""
    authors: tuple[str, ...] = ()
    publisher: str = ""
    url: str = ""
    language: str = ""
    free: bool = True  # False: the page says that it is not accessible for free


def described(scripts: Iterable[str], address: str = "") -> tuple[Described, list[str]]:
    """The article that the scripts describe, and what to tell of them. `address`: the page's own, to choose by."""
    notices: list[str] = []
    nodes: list[Mapping[str, Any]] = []
    for script in scripts:
        if len(script) > MOST_BYTES:
            notices.append(f"a JSON-LD script of more than {MOST_BYTES // 1024} kB was left out")
            continue
        values = list(_values(script))
        if not values and script.strip():
            notices.append("a JSON-LD script is broken and was left out")
        nodes.extend(_nodes(values))
    named = {str(node["@id"]): node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    articles = [node for node in nodes if _kind(node)]
    if not articles:
        return Described(), notices
    chosen = min(articles, key=lambda node: _rank(node, address))
    return _read(chosen, named), notices


def _values(script: str) -> Iterator[Any]:
    """Every JSON value of a script; one after another, with comments and a comma too many."""
    text = _COMMENTS.sub("", script).strip().rstrip(";")
    decoder = json.JSONDecoder(strict=False)
    for attempt in (text, _TRAILING.sub(r"\1", text), _TRAILING.sub(r"\1", html.unescape(text))):
        found, place = [], 0
        try:
            while place < len(attempt):
                value, place = decoder.raw_decode(attempt, place)
                found.append(value)
                while place < len(attempt) and attempt[place] in " \t\r\n,;":
                    place += 1
        except (ValueError, RecursionError):
            if not found:
                continue
        yield from found
        return


def _nodes(values: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """Every object inside, outer ones first; so many and no more."""
    waiting, count = list(values), 0
    while waiting and count < MOST_NODES:
        value = waiting.pop(0)
        count += 1
        if isinstance(value, dict):
            yield value
            waiting.extend(one for one in value.values() if isinstance(one, dict | list))
        elif isinstance(value, list):
            waiting.extend(one for one in value if isinstance(one, dict | list))


def _kind(node: Mapping[str, Any]) -> str:
    types = node.get("@type")
    for one in types if isinstance(types, list) else [types]:
        name = str(one).rpartition("/")[2]
        if name in ARTICLES:
            return name
    return ""


def _rank(node: Mapping[str, Any], address: str) -> tuple[bool, bool, int]:
    """The one about this page first, then one that says when, then by how much of a news article it is."""
    about = {_address(node.get("url")), _address(node.get("mainEntityOfPage")), _address(node.get("@id"))}
    here = bool(address) and _bare(address) in {_bare(one) for one in about if one}
    return not here, not node.get("datePublished"), ARTICLES.index(_kind(node))


def _bare(address: str) -> str:
    return address.partition("#")[0].rstrip("/")


def _read(node: Mapping[str, Any], named: Mapping[str, Mapping[str, Any]]) -> Described:
    free = node.get("isAccessibleForFree")
    return Described(
        type=_kind(node),
        headline=_words(node.get("headline")) or _words(node.get("name")),
        description=_words(node.get("description")),
        body=str(node["articleBody"])[:200_000] if isinstance(node.get("articleBody"), str) else "",
        published=_words(node.get("datePublished")) or _words(node.get("dateCreated")),
        modified=_words(node.get("dateModified")),
        authors=tuple(_names(node.get("author") or node.get("creator"), named)),
        publisher=next(iter(_names(node.get("publisher"), named)), ""),
        url=_address(node.get("url")) or _address(node.get("mainEntityOfPage")),
        language=_words(node.get("inLanguage")),
        free=str(free).strip().lower() != "false",
    )


def _words(value: Any) -> str:
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("@value", "")
    return clean(html.unescape(value)) if isinstance(value, str) else ""


def _address(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("@id") or value.get("url") or ""
    return value.strip() if isinstance(value, str) and re.match(r"https?://", value.strip()) else ""


def _names(value: Any, named: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for one in (value if isinstance(value, list) else [value])[:20]:
        if isinstance(one, str):
            name = clean(html.unescape(one))
        elif isinstance(one, dict):
            known = named.get(str(one.get("@id", "")), {}) if "name" not in one else one
            name = _words(known.get("name"))
        else:
            continue
        if name and not re.match(r"https?://", name):
            yield name[:120]
