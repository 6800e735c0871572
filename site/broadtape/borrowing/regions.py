"""Owns which parts of a page are its header and its footer: what stands before and after the article's place.

Changes nothing but its own copies; what the parts may hold is markup's business.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

import lxml.html

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

_MAIN: Final = re.compile(
    r"(?:main|content|main-?content|page-?content|story|article|post)(?:-?(?:wrap(?:per)?|area|body))?",
    re.IGNORECASE,
)
_BESIDE: Final = re.compile(
    r"side-?bar|\bside\b|\brail\b|widget|related|recommend|comment|disqus|\bads?\b|advert|sponsor|banner-?ad|promo-?box|newsletter|cookie"
    r"|consent|gdpr|modal|popup|overlay|share|social-?bar|breadcrumb|paywall|toast|quote-?(?:board|table)|recent-?quotes",
    re.IGNORECASE,
)  # fmt: skip
_FOOT: Final = re.compile(r"foot|copyright|legal|colophon|bottom|site-?info|credits", re.IGNORECASE)
_HEAD: Final = re.compile(r"head|nav|menu|mast|\btop\b|banner|logo|brand|title-?bar", re.IGNORECASE)
_SKIP: Final = re.compile(r"skip-?(?:link|nav|to)", re.IGNORECASE)
_QUIET: Final = frozenset(["script", "style", "link", "meta", "noscript", "template", "iframe", "title"])


def split(tree: HtmlElement) -> tuple[list[HtmlElement], list[HtmlElement], list[str]]:
    """Header and footer as balanced elements, and what beside the article was left out."""
    body = tree.find("body")
    if body is None:
        return [], [], []
    place = _place(body)
    left_out: list[str] = []
    if place is None:
        return _by_name(body)
    before: list[HtmlElement] = []
    after: list[HtmlElement] = []
    node = place
    while node is not body:
        parent = node.getparent()
        if parent is None:
            break
        index = parent.index(node)
        # The rows of a table that lays out the page stand above and below each other, whatever they are called.
        row = node.tag == "tr" and not any(one.tag in ("td", "th") for one in node.iterancestors())
        top = parent is body or row or any(_is_chrome(one) for one in parent if one is not node)
        mine = [deepcopy(one) for one in parent[:index] if _is_header(one, left_out, top=top)]
        theirs = [deepcopy(one) for one in parent[index + 1 :] if _is_footer(one, left_out, top=top)]
        before = _wrapped(parent, [*mine, *before], body)
        after = _wrapped(parent, [*after, *theirs], body)
        node = parent
    return before, after, left_out


def described(node: HtmlElement) -> str:
    """An element as an operator would look for it: `div#sidebar.right`."""
    names = "".join(f".{one}" for one in str(node.get("class") or "").split()[:2])
    mark = f"#{node.get('id')}" if node.get("id") else ""
    return f"{node.tag}{mark}{names}"[:80]


def _place(body: HtmlElement) -> HtmlElement | None:
    """The element that holds the article."""
    for path in (".//main", ".//*[@role='main']"):
        found = body.xpath(path)
        if len(found) == 1:
            return _known(found[0])
    named = [
        one
        for one in body.iter("div", "section", "article", "td")
        if any(
            _MAIN.fullmatch(name) for name in (str(one.get("id") or ""), *str(one.get("class") or "").split())
        )
        and _prose(one) >= 0.6 * max(_prose(body), 1)
    ]
    if named:
        return named[0]
    articles = body.xpath(".//article")
    if len(articles) == 1:
        return _known(articles[0])
    return _densest(body)


def _densest(body: HtmlElement) -> HtmlElement | None:
    """The deepest element that still holds most of the page's prose."""
    whole = _prose(body)
    if whole < 60:
        return None
    node = body
    while True:
        inner = next((one for one in _elements(node) if _prose(one) >= 0.75 * whole), None)
        if inner is None:
            return node if node is not body else None
        node = inner


def _prose(node: HtmlElement) -> int:
    """Words in paragraphs of some length."""
    total = 0
    for one in node.iter("p"):
        words = len(str(one.text_content()).split())
        total += words if words >= 12 else 0
    return total


def _by_name(body: HtmlElement) -> tuple[list[HtmlElement], list[HtmlElement], list[str]]:
    """Where no article is found: what calls itself header and footer."""
    heads = body.xpath(
        "./header|./*[@role='banner']|./*[contains(@id,'header')]|.//header[not(ancestor::article)]"
    )
    feet = body.xpath(
        "./footer|./*[@role='contentinfo']|./*[contains(@id,'footer')]|.//footer[not(ancestor::article)]"
    )
    return ([deepcopy(_known(heads[0]))] if heads else [], [deepcopy(_known(feet[-1]))] if feet else [], [])


def _is_chrome(node: Any) -> bool:
    """Whether an element is a header, a navigation or a footer: what stands beside it is the page's own level."""
    if not isinstance(node.tag, str):
        return False
    name = f"{node.get('id') or ''} {node.get('class') or ''}"
    named = (_HEAD.search(name) or _FOOT.search(name)) and not _BESIDE.search(name)
    return node.tag in ("header", "nav", "footer") or bool(named)


def _is_header(node: Any, left_out: list[str], *, top: bool) -> bool:
    """Whether what stands before the article is header; `top`: on a level with the page's header or footer."""
    if not isinstance(node.tag, str) or node.tag in _QUIET:
        return False
    if _SKIP.search(f"{node.get('id') or ''} {node.get('class') or ''}"):
        return False  # every page of ours has one
    if node.tag == "aside" or _is_beside(node) or not top:
        left_out.append(f"beside the article: {described(node)}")
        return False
    return True


def _is_footer(node: Any, left_out: list[str], *, top: bool) -> bool:
    if not isinstance(node.tag, str) or node.tag in _QUIET:
        return False
    name = f"{node.get('id') or ''} {node.get('class') or ''}"
    if (
        node.tag == "footer"
        or node.get("role") == "contentinfo"
        or node.xpath(".//footer|.//*[@role='contentinfo']")
    ):
        return True
    if node.tag == "aside" or _is_beside(node):
        left_out.append(f"beside the article: {described(node)}")
        return False
    if _FOOT.search(name) or (top and node.tag != "section"):
        return True
    left_out.append(f"after the article: {described(node)}")
    return False


def _is_beside(node: HtmlElement) -> bool:
    name = f"{node.get('id') or ''} {node.get('class') or ''}"
    return bool(_BESIDE.search(name)) or node.get("role") in ("complementary", "dialog", "alertdialog")


# What pages of before style sheets say of a table's looks; markup.py makes classes of it.
OLD_LOOKS = ("width", "bgcolor", "align", "cellpadding", "cellspacing")


def _wrapped(parent: HtmlElement, held: list[HtmlElement], body: HtmlElement) -> list[HtmlElement]:
    """The elements inside a copy of what surrounds them; without any, nothing."""
    if not held or parent is body:
        return held
    known = parent.tag in ("div", "section", "table", "tbody", "tr", "td", "center", "ul", "li")
    shell = lxml.html.Element(str(parent.tag) if known else "div")  # a parser takes any name, a tree does not
    for name in ("id", "class", "style", *OLD_LOOKS):
        if parent.get(name):
            shell.set(name, str(parent.get(name)))
    for one in held:
        shell.append(one)
    return [shell]


def _elements(node: HtmlElement) -> Iterator[HtmlElement]:
    for one in node:
        if isinstance(one.tag, str) and one.tag not in _QUIET:
            yield one


def _known(node: Any) -> HtmlElement:
    found: HtmlElement = node
    return found
