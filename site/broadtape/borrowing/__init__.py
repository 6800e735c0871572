"""Owns an operator's existing page made into header and footer for a site (docs/contracts/chrome.md).

Pure but for the `fetch` it is given; files are written by the command.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import lxml.html
from lxml import etree

from broadtape.borrowing import regions
from broadtape.borrowing.markup import NOWHERE, Cleaner, absolute
from broadtape.borrowing.styles import Sheet
from broadtape.extraction.words import decode
from broadtape.model import BroadtapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ["Borrowed", "NothingToBorrow", "borrow"]

MOST_BYTES: Final = 4 * 2**20
MOST_ELEMENTS: Final = 30_000
MOST_SHEETS: Final = 12
MOST_PICTURES: Final = 30
PICTURE_BYTES: Final = 2**20
_KINDS: Final = (
    (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"),
    (b"\x00\x00\x01\x00", "ico"),
)  # fmt: skip

HEADER: Final = """\
{{# Borrowed from {source} by 'broadtape chrome import'; yours to change. #}}
<link rel="stylesheet" href="/chrome/style.css">
<a class="skip" href="#main">Skip to the story</a>
<header>
{{% if chrome.preview %}}
<p class="preview" role="note"><strong>Private preview.</strong> Not for publication: prices may be licensed for internal use only.</p>
{{% endif %}}
{markup}<div class="masthead borrowed">
  <nav class="sections" aria-label="Sections">
    <ul>
      {{% for link in chrome.sections %}}
      <li><a href="{{{{ link.address }}}}"{{% if link.current %}} aria-current="page"{{% endif %}}>{{{{ link.title }}}}</a></li>
      {{% endfor %}}
    </ul>
  </nav>
  <form class="find" action="/search" role="search">
    <label for="find">Search stories and symbols</label>
    <span class="field"><input id="find" name="q" type="search" maxlength="200" autocomplete="off"><button type="submit">Search</button></span>
  </form>
</div>
</header>
"""  # noqa: E501 – markup as it stands in the templates
FOOTER: Final = """\
{{# Borrowed from {source} by 'broadtape chrome import'; yours to change. #}}
<footer>
<div class="foot">
  <p class="disclaimer">This content is intended for informational purposes only and is not financial advice. Prices are those of the day named beside them, not live.</p>
  <nav aria-label="About this site">
    <ul>
      {{% for link in chrome.legal %}}
      <li><a href="{{{{ link.address }}}}"{{% if link.current %}} aria-current="page"{{% endif %}}>{{{{ link.title }}}}</a></li>
      {{% endfor %}}
    </ul>
  </nav>
  <p class="fine">{{% if chrome.credits %}}{{{{ chrome.credits }}}}. {{% endif %}}{{{{ chrome.rights }}}}. All rights reserved.</p>
</div>
{markup}</footer>
"""  # noqa: E501 – as above


class NothingToBorrow(BroadtapeError):
    """A page in which neither a header nor a footer was found."""


@dataclass(frozen=True, slots=True)
class Borrowed:
    """Two templates, a stylesheet, the files they name, and what was left out, a sentence each."""

    header: str
    footer: str
    style: str
    files: Mapping[str, bytes]
    left_out: tuple[str, ...]


def borrow(
    html: bytes,
    *,
    address: str,
    source: str,
    name: str,
    allowed: Collection[str],
    fetch: Callable[[str], bytes | None],
    charset: str = "",
) -> Borrowed:
    """A page's header and footer as templates of a site.

    `address` is the page's own, empty for a file; `source` is what to call it; `name` is the site's; `allowed` are the
    hosts whose pictures the site's pages may show; `fetch` gives the bytes of a stylesheet or picture, or None.
    """
    if len(html) > MOST_BYTES:
        raise NothingToBorrow(f"{source}: more than {MOST_BYTES // 2**20} MB; give a plain page of the site")
    tree = _tree(decode(html, charset)[0], source)
    base = _base(tree, address)
    desk = _Desk(base, frozenset(one.lower() for one in allowed), fetch)
    sheet = Sheet(desk.picture)
    _styles(tree, base, sheet, desk)
    before, after, left_out = regions.split(tree)
    cleaner = Cleaner(base, name, sheet, desk.picture, desk.drawing)
    header, footer = cleaner.html(before), cleaner.html(after)
    if not header and not footer:
        raise NothingToBorrow(
            f"{source}: found nothing before or after the article; "
            "give a page of the site that has its header and footer"
        )
    classes = cleaner.frame(tree.find("body"))
    style = sheet.text
    if not header:
        left_out.append("no header was found: the site's name stands in its place")
        header = '<p class="own-name"><a href="/">{{ chrome.site }}</a></p>'
    if not footer:
        left_out.append("no footer was found")
    if not base and cleaner.dropped[NOWHERE]:
        left_out.append("this file does not say where it is from: --url ADDRESS makes its links lead there")
    said = re.sub(r"[{}#%\s]+", " ", source)[:200]
    return Borrowed(
        header=HEADER.format(source=said, markup=_part("head", header, classes)),
        footer=FOOTER.format(source=said, markup=_part("foot", footer, classes)),
        style=style,
        files=desk.files,
        left_out=(*dict.fromkeys(left_out), *_counted(cleaner.dropped + sheet.dropped), *desk.refused),
    )


def _part(which: str, markup: str, classes: str) -> str:
    """A borrowed part in its frame; a class of the page begins with own-, so that the frame's is nobody's.

    What it draws stays inside `.framed`, which its styles cannot name: nothing of it lies over the story.
    """
    inside = f'<div class="own own{which}{classes}">\n{markup}\n</div>'
    return f'<div class="framed">\n{inside}\n</div>\n' if markup else ""


def _tree(text: str, source: str) -> lxml.html.HtmlElement:
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text.replace("\x00", ""))
    try:
        tree = lxml.html.document_fromstring(text)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise NothingToBorrow(f"{source}: no HTML page: {' '.join(str(error).split())[:120]}") from error
    if sum(1 for _ in tree.iter()) > MOST_ELEMENTS:
        raise NothingToBorrow(
            f"{source}: more than {MOST_ELEMENTS:,} elements; give a plain page of the site"
        )
    return tree


def _base(tree: lxml.html.HtmlElement, address: str) -> str:
    """What relative links start from: the page's <base>, its own address, the one it gives as canonical."""
    for path in ("//base/@href", "//link[@rel='canonical']/@href", "//meta[@property='og:url']/@content"):
        found = tree.xpath(path)
        if (
            found
            and (base := absolute(str(found[0]), address))
            and (path.startswith("//base") or not address)
        ):
            return base
    return address


def _styles(tree: lxml.html.HtmlElement, base: str, sheet: Sheet, desk: _Desk) -> None:
    """The page's stylesheets in their order, those for print left out."""
    for node in tree.iter("link", "style"):
        media = str(node.get("media") or "").lower()
        if "print" in media and "screen" not in media:
            continue
        if node.tag == "style":
            sheet.add(str(node.text or ""), base)
        elif "stylesheet" in str(node.get("rel") or "").lower().split():
            wanted = str(node.get("href") or "")
            where = absolute(wanted, base) or wanted
            data = desk.sheet(where, wanted)
            if data is not None:
                sheet.add(decode(data)[0], where)


def _counted(dropped: Counter[str]) -> list[str]:
    return [
        f"{count} {what if count == 1 else _several(what)}"
        for what, count in sorted(dropped.items())
        if count
    ]


def _several(what: str) -> str:
    """The plural of what was dropped: "links that lead nowhere from here"."""
    if what.startswith("@"):
        return what
    found = re.match(r"(.+?)(?= (?:that|beyond|of|for|to) |$)(.*)", what)
    assert found is not None  # of any text that is not empty
    return f"{found[1]}s{found[2].replace('that is', 'that are').replace('that leads', 'that lead')}"


@dataclass(slots=True)
class _Desk:
    """What is asked for, and the files that come of it."""

    base: str
    allowed: frozenset[str]
    fetch: Callable[[str], bytes | None]
    files: dict[str, bytes] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    _known: dict[str, str] = field(default_factory=dict)
    _sheets: int = 0
    _pictures: int = 0

    def sheet(self, where: str, written: str) -> bytes | None:
        """A stylesheet's bytes, by its address or as the page writes it: beside a saved page."""
        if not where or self._sheets >= MOST_SHEETS:
            return None
        self._sheets += 1
        data = self._read(where, written)
        if data is None:
            self.refused.append(f"stylesheet that could not be read: {where[:200]}")
        return data

    def picture(self, where: str, written: str = "") -> str:
        """Our address of a picture, or its own where its host is allowed; empty where neither is."""
        if where not in self._known:
            self._known[where] = self._take(where, written or where)
        return self._known[where]

    def _read(self, where: str, written: str) -> bytes | None:
        data = self.fetch(where)
        return self.fetch(written) if data is None and written != where else data

    def _take(self, where: str, written: str) -> str:
        if self._pictures < MOST_PICTURES and not where.startswith("data:"):
            self._pictures += 1
            data = self._read(where, written)
            kind = kind_of(data) if data is not None and len(data) <= PICTURE_BYTES else ""
            if data is not None and kind == "svg":
                data = disarmed(data)
            if data is not None and kind:
                return self._file(_stem(where), kind, data)
        parts = urlsplit(where) if where.startswith("https://") else None
        if parts is not None and (parts.hostname or "").lower() in self.allowed:
            return where
        self.refused.append(f"picture that could not be copied: {where[:200]}")
        return ""

    def drawing(self, data: bytes) -> str:
        """The address of an SVG of the page's own."""
        return self._file("drawing", "svg", data) if len(self.files) < MOST_PICTURES else ""

    def _file(self, stem: str, kind: str, data: bytes) -> str:
        name = f"{stem}-{hashlib.sha256(data).hexdigest()[:10]}.{kind}"
        self.files[name] = data
        return f"/chrome/{name}"


def kind_of(data: bytes) -> str:
    """What a picture is by its first bytes; empty for what is none. An SVG has to be one all through."""
    for mark, kind in _KINDS:
        if data.startswith(mark):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "avif"
    head = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"<svg", b"<?xml")) and b"<svg" in data[:2000]:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        try:
            root = etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError):
            return ""
        return "svg" if isinstance(root.tag, str) and root.tag.rpartition("}")[2] == "svg" else ""
    return ""


_ACTIVE: Final = frozenset(
    ["script", "foreignobject", "iframe", "embed", "object", "audio", "video", "handler", "listener", "set"]
)


def disarmed(data: bytes) -> bytes:
    """An SVG without scripts, handlers and what it would fetch: an export may be served without our policy."""
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    for node in list(root.iter()):
        tag = node.tag.rpartition("}")[2].lower() if isinstance(node.tag, str) else ""
        holder = node.getparent()
        if holder is not None and (not tag or tag in _ACTIVE or tag.startswith("animate")):
            holder.remove(node)
            continue
        for key, value in list(node.attrib.items()):
            name = str(key).rpartition("}")[2].lower()
            inside = (
                str(value)
                .strip()
                .lower()
                .startswith(("#", "data:image/png", "data:image/jpeg", "data:image/gif"))
            )
            if name.startswith("on") or (name in ("href", "src") and not inside):
                del node.attrib[key]
    return etree.tostring(root)


def _stem(where: str) -> str:
    try:
        name = urlsplit(where).path.rpartition("/")[2].rpartition(".")[0]
    except ValueError:
        name = ""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "picture"
