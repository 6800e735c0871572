"""Owns borrowed markup made safe: an allow-list of elements and attributes, absolute links, no brace that Jinja reads.

Decides nothing about where a part comes from, and opens nothing: pictures and styles are asked for.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

import lxml.html
import nh3
from lxml import etree

from broadtape.borrowing.styles import ID, PREFIX, TAG, TAGS, Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lxml.html import HtmlElement

MOST_CLASSES: Final = 12
_KEPT: Final = frozenset(
    """a abbr address b bdi bdo blockquote br cite code dd del details div dl dt em figcaption figure hr i img ins kbd
    li mark nav ol p q s samp section small span strong sub summary sup table tbody td tfoot th thead time tr u ul var
    wbr""".split()  # noqa: SIM905 – a list of words
)  # fmt: skip
NOWHERE: Final = "link that leads nowhere from here"
_DROPPED: Final = {
    "script": "script", "noscript": "part for readers without scripts", "iframe": "frame", "frame": "frame",
    "object": "plug-in", "embed": "plug-in", "applet": "plug-in", "form": "form", "input": "field", "select": "field",
    "textarea": "field", "button": "button", "video": "video", "audio": "sound", "canvas": "canvas",
    "template": "template", "dialog": "dialog", "math": "formula", "map": "image map", "link": "link to a resource",
    "style": "", "meta": "", "base": "", "title": "", "head": "", "marquee": "moving text", "portal": "frame",
    "slot": "slot",
}  # fmt: skip
_ATTRIBUTES: Final = {
    "*": frozenset(["class", "title", "lang", "dir", "aria-label", "aria-hidden"]),
    "a": frozenset(["href"]),
    "img": frozenset(["src", "alt", "width", "height"]),
    "time": frozenset(["datetime"]),
    "td": frozenset(["colspan", "rowspan"]),
    "th": frozenset(["colspan", "rowspan", "scope"]),
    "ol": frozenset(["start"]),
    "details": frozenset(["open"]),
}
_SCHEMES: Final = frozenset(["http", "https", "mailto", "tel"])
_SVG_KEPT: Final = frozenset(
    """svg g path rect circle ellipse line polyline polygon text tspan defs lineargradient radialgradient stop title
    desc symbol clippath mask""".split()  # noqa: SIM905 – a list of words
)  # fmt: skip
_SVG_ATTRIBUTE: Final = re.compile(
    r"(?:viewbox|width|height|x|y|x1|x2|y1|y2|cx|cy|r|rx|ry|d|points|transform|fill(?:-.+)?|stroke(?:-.+)?|opacity|offset"
    r"|stop-(?:color|opacity)|gradient(?:units|transform)|clip-(?:path|rule)|font-.+|text-anchor|id|preserveaspectratio|dx|dy)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Cleaner:
    """What two borrowed parts share: the sheet their style attributes go into, and the counts of what was dropped.

    `picture` gives our address of a picture, named by its address and as it is written, or an empty string;
    `drawing` files an SVG and gives its address.
    """

    base: str
    site: str
    sheet: Sheet
    picture: Callable[[str, str], str]
    drawing: Callable[[bytes], str]
    dropped: Counter[str] = field(default_factory=Counter)
    _styles: int = 0
    _navs: int = 0

    def html(self, parts: Sequence[HtmlElement]) -> str:
        """The parts as safe markup for a template; empty where nothing of them is left."""
        root = lxml.html.Element("div")
        for one in parts:
            root.append(one)
        for node in list(root.iter(etree.Comment, etree.ProcessingInstruction)):
            _drop(node, keep_inside=False)
        for cell in root.iter("td", "th"):  # a table says it once for its cells, whose looks it is
            table = next(cell.iterancestors("table"), None)
            if table is not None and table.get("cellpadding"):
                cell.set("cellpadding", str(table.get("cellpadding")))
        for node in list(root.iter()):
            if node is not root and _is_under(node, root):
                self._clean(node)
        if not str(root.text_content()).strip() and not root.xpath(".//img"):
            return ""
        _prune(root)
        text = (root.text or "") + "".join(lxml.html.tostring(one, encoding="unicode") for one in root)
        safe = nh3.clean(
            text,
            tags=set(_KEPT),
            attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
            url_schemes=set(_SCHEMES),
            link_rel="noopener",
        )
        return without_braces(re.sub(r"\n\s*\n+", "\n", safe)).strip()

    def frame(self, body: HtmlElement | None) -> str:
        """The classes of a part's frame that say what the page's <body> says, with a space before each."""
        if body is None:
            return ""
        names = [f"{PREFIX}{one}" for one in str(body.get("class") or "").split() if _name(one)][
            :MOST_CLASSES
        ]
        if (name := body.get("id")) and _name(str(name)):
            names.append(f"{ID}{name}")
        self.sheet.inline(f"{_of_old(body, 'body')}{body.get('style') or ''}", ".own", self.base)
        return "".join(f" {one}" for one in names)

    # --- one element ---

    def _clean(self, node: HtmlElement) -> None:
        tag = node.tag if isinstance(node.tag, str) else ""
        tag = tag.rpartition("}")[2].lower()
        if tag == "svg":
            self._svg(node)
            return
        if tag in _DROPPED:
            if _DROPPED[tag]:
                self.dropped[_DROPPED[tag]] += 1
            _drop(node, keep_inside=False)
            return
        if node.get("hidden") is not None or re.search(r"display\s*:\s*none", str(node.get("style") or "")):
            _drop(node, keep_inside=False)
            return
        classes = [f"{PREFIX}{one}" for one in str(node.get("class") or "").split() if _name(one)][
            :MOST_CLASSES
        ]
        if (name := node.get("id")) and _name(str(name)):
            classes.append(f"{ID}{name}")
        if tag in TAGS:
            classes.append(f"{TAG}{tag}")
            node.tag = "span" if tag == "font" else "div"
        elif tag not in _KEPT:
            _drop(node, keep_inside=True)
            return
        if style := f"{_of_old(node, tag)}{node.get('style') or ''}":
            chosen = f"{PREFIX}s{self._styles + 1}"
            if self.sheet.inline(style, f".own .{chosen}", self.base):
                self._styles += 1
                classes.append(chosen)
        if tag == "a" and not self._link(node):
            _drop(
                node, keep_inside=node.get("href") is None
            )  # an anchor is text; a switch of a menu is nothing
            return
        if tag == "img" and not self._image(node):
            _drop(node, keep_inside=False)
            return
        self._attributes(node, tag)
        if tag == "nav" and not node.get("aria-label"):
            self._navs += 1
            node.set("aria-label", f"{self.site}{f', {self._navs}' if self._navs > 1 else ''}")
        if classes:
            node.set("class", " ".join(dict.fromkeys(classes)))

    def _attributes(self, node: HtmlElement, tag: str) -> None:
        allowed = _ATTRIBUTES["*"] | _ATTRIBUTES.get(tag, frozenset())
        given = {str(name): str(value) for name, value in node.attrib.items()}
        self.dropped["event handler"] += sum(1 for name in given if name.lower().startswith("on"))
        node.attrib.clear()  # one by one fails on names that a parser takes and a tree does not
        for name, value in given.items():
            if name != "class" and name in allowed:
                node.set(name, value)
        for name in ("width", "height", "colspan", "rowspan", "start"):
            if node.get(name) is not None and not re.fullmatch(r"\d{1,5}", str(node.get(name)).strip()):
                del node.attrib[name]

    def _link(self, node: HtmlElement) -> bool:
        """Whether the link leads somewhere that a page may lead to; its address is made absolute."""
        address = absolute(str(node.get("href") or ""), self.base)
        if not address:
            if node.get("href") and not str(node.get("href")).startswith("#"):
                self.dropped[NOWHERE] += 1
            return False
        node.set("href", address)
        return True

    def _image(self, node: HtmlElement) -> bool:
        wanted = str(node.get("src") or node.get("data-src") or "")
        ours = self.picture(absolute(wanted, self.base) or wanted, wanted) if wanted else ""
        if not ours:
            return False
        node.set("src", ours)
        alt = " ".join(str(node.get("alt") or "").split())[:200]
        holder = node.getparent()
        if not alt and holder is not None and holder.tag == "a" and not str(holder.text_content()).strip():
            alt = self.site
        node.set("alt", alt)
        return True

    def _svg(self, node: HtmlElement) -> None:
        """A drawing in the page becomes a picture file; one without size or shapes is an icon of a button."""
        label = node.get("aria-label") or "".join(node.xpath("./*[local-name()='title']/text()"))
        data = drawn(node)
        address = self.drawing(data) if data else ""
        if not address:
            self.dropped["drawing"] += 1
            _drop(node, keep_inside=False)
            return
        made = lxml.html.Element("img")
        made.set("src", address)
        made.set("alt", " ".join(str(label).split())[:200])
        for name in ("width", "height"):
            if re.fullmatch(r"\d{1,4}", str(node.get(name) or "")):
                made.set(name, str(node.get(name)))
        classes = [f"{PREFIX}{one}" for one in str(node.get("class") or "").split() if _name(one)]
        if classes:
            made.set("class", " ".join(classes[:MOST_CLASSES]))
        made.tail = node.tail
        holder = node.getparent()
        assert holder is not None
        if not made.get("alt") and holder.tag == "a" and not str(holder.text_content()).strip():
            made.set("alt", self.site)
        holder.replace(node, made)


def _of_old(node: HtmlElement, tag: str) -> str:
    """What the attributes of older pages say of an element's looks, as declarations."""
    found = []
    for name, declaration in _COLOURS.items():
        value = str(node.get(name) or "").strip()
        if value and re.fullmatch(r"#?[A-Za-z0-9 ,-]{1,60}", value):
            found.append(f"{declaration}:{value}")
    align = str(node.get("align") or "").strip().lower()
    if tag == "table" and align == "center":
        found.append("margin-inline:auto")
    elif tag == "center" or align == "center":
        found.append("text-align:center")
    elif align in ("left", "right") and tag not in ("img", "table"):
        found.append(f"text-align:{align}")
    width = str(node.get("width") or "").strip()
    if tag in ("table", "td", "th") and re.fullmatch(r"\d{1,4}%?", width):
        found.append(f"width:{width if width.endswith('%') else f'{width}px'}")
    if tag == "table" and re.fullmatch(r"\d{1,2}", space := str(node.get("cellspacing") or "").strip()):
        found.append(f"border-spacing:{space}px")
    if tag in ("td", "th"):
        if re.fullmatch(r"\d{1,2}", room := str(node.get("cellpadding") or "").strip()):
            found.append(f"padding:{room}px")
        if (edge := str(node.get("valign") or "").strip().lower()) in ("top", "middle", "bottom"):
            found.append(f"vertical-align:{edge}")
    size = str(node.get("size") or "").strip()
    if tag == "font" and size in _SIZES:
        found.append(f"font-size:{_SIZES[size]}")
    return "".join(f"{one};" for one in found)


_COLOURS: Final = {"bgcolor": "background-color", "color": "color", "text": "color", "face": "font-family"}
_SIZES: Final = {
    "1": "x-small", "2": "small", "3": "medium", "4": "large", "5": "x-large", "6": "xx-large", "7": "xxx-large",
    "-2": "x-small", "-1": "small", "+1": "large", "+2": "x-large", "+3": "xx-large", "+4": "xxx-large",
}  # fmt: skip


def absolute(target: str, base: str) -> str:
    """The address a link leads to, http(s), mailto or tel; empty for any other."""
    target = "".join(one for one in target.strip() if one > " ")
    if not target or target.startswith("#"):
        return ""
    try:
        found = urljoin(base, target)
        parts = urlsplit(found)
    except ValueError:
        return ""
    if parts.scheme in ("mailto", "tel"):
        return found[:500] if re.fullmatch(r"(?:mailto|tel):[^\s<>\"']{1,400}", found) else ""
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return ""
    return found if len(found) <= 2_000 else ""


def without_braces(text: str) -> str:
    """Markup in which nothing opens a Jinja expression, statement or comment."""
    return text.replace("{", "&#123;").replace("}", "&#125;")


def drawn(node: Any) -> bytes:
    """An SVG with shapes and paint only; empty where none is left."""
    shapes = 0

    def copy(old: Any, depth: int) -> Any:
        nonlocal shapes
        name = old.tag.rpartition("}")[2] if isinstance(old.tag, str) else ""
        if name.lower() not in _SVG_KEPT or depth > 12:
            return None
        new = etree.Element(_cased(name))
        for key, value in old.attrib.items():
            plain = str(key).rpartition("}")[2]
            if _SVG_ATTRIBUTE.fullmatch(plain) and not re.search(
                r"url\((?!#)|javascript|<|&|\\", str(value), re.IGNORECASE
            ):
                new.set(_cased(plain), str(value)[:20_000])
        shapes += name.lower() in ("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text")
        new.text = old.text if name.lower() in ("text", "tspan", "title", "desc") else None
        for child in old:
            made = copy(child, depth + 1)
            if made is not None and shapes < 500:
                new.append(made)
        return new

    root = copy(node, 0)
    if root is None or not shapes:
        return b""
    root.set("xmlns", "http://www.w3.org/2000/svg")
    return etree.tostring(root)


_CASED: Final = {
    one.lower(): one
    for one in (
        "viewBox", "linearGradient", "radialGradient", "clipPath", "gradientUnits", "gradientTransform",
        "preserveAspectRatio",
    )
}  # fmt: skip


def _cased(name: str) -> str:
    return _CASED.get(name.lower(), name.lower())


def _name(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9_-]{1,60}", text))


def _is_under(node: Any, root: HtmlElement) -> bool:
    return any(one is root for one in node.iterancestors())


def _drop(node: Any, *, keep_inside: bool) -> None:
    """Take an element away, its content with it or in its place."""
    if keep_inside:
        node.drop_tag()
    elif node.getparent() is not None:
        node.drop_tree() if hasattr(node, "drop_tree") else node.getparent().remove(node)


def _prune(root: HtmlElement) -> None:
    """Take away what is empty now: a list without items, an item without words."""
    for node in reversed(list(root.iter("li", "ul", "ol", "nav", "p", "section", "div", "span", "a"))):
        if node is root or node.getparent() is None or node.get("class", "").startswith(f"{PREFIX}s"):
            continue
        if not str(node.text_content()).strip() and not node.xpath(".//img|.//hr"):
            node.drop_tree()
