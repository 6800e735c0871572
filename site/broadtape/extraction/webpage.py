"""Owns the reading of an HTML page: body by trafilatura, structured parts by Beautiful Soup, lines by lxml.

Trusts nothing of it: scripts are dropped unread but for JSON-LD, addresses are kept only as http(s), sizes are bounded.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

import lxml.html
from bs4 import BeautifulSoup, Tag
from lxml import etree

from broadtape.extraction import dates, jsonld
from broadtape.extraction.tabular import MOST_COLUMNS, MOST_ROWS, MOST_TABLES, table
from broadtape.extraction.words import Body, clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadtape.extraction.dates import Said
    from broadtape.extraction.jsonld import Described
    from broadtape.extraction.parts import PassageKind, Table

MOST_TAGS: Final = 120_000  # of markup that is read; what follows is cut
MOST_ELEMENTS: Final = 15_000  # that trafilatura is given; the largest of 181 measured pages has 1,573
MOST_DEPTH: Final = 400
_KEPT_SCRIPT: Final = re.compile(r"ld\+json", re.IGNORECASE)
_PUBLISHED: Final = (
    "article:published_time", "article:published", "og:article:published_time", "og:published_time", "datepublished",
    "date", "dc.date", "dc.date.issued", "dcterms.created", "dcterms.date", "parsely-pub-date", "sailthru.date",
    "pubdate", "publishdate", "publish-date", "publish_date", "publication_date", "citation_publication_date",
    "cxenseparse:recs:publishtime", "originalpublicationdate", "article.published", "bt:pubdate",
    "analyticsattributes.articledate",
)  # fmt: skip
_MODIFIED: Final = (
    "article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "dc.date.modified", "lastmod",
    "last-modified", "article.updated",
)  # fmt: skip
_LOCKED: Final = re.compile(
    r"(?:subscribe|sign in|log in|register) (?:now )?to (?:continue|keep) reading"
    r"|to continue reading,? (?:please )?(?:subscribe|sign|log)"
    r"|this (?:article|story|content) is (?:only )?(?:available |reserved )?(?:exclusively )?(?:for|to) (?:paying )?"
    r"(?:subscribers|members)|already a subscriber\?|unlock this article"
    r"|become a (?:member|subscriber) to (?:read|continue)",
    re.IGNORECASE,
)
_CHALLENGE: Final = re.compile(
    r"captcha|just a moment|checking your browser|enable javascript and cookies|access denied|unusual traffic"
    r"|are you a robot|verify you are (?:a )?human|please enable js",
    re.IGNORECASE,
)
_BYLINE: Final = re.compile(r"^\s*(?:written |words |story )?by:?\s+", re.IGNORECASE)
_TITLE_TAIL: Final = re.compile(r"\s+(?:[|–—»·]|-|::)\s+[^|–—»·]{2,60}$")
_ASIDE: Final = re.compile(
    r"related|recommend|teaser|promo|newsletter|comment|subscri|donat|support|share|social|author-?(?:box|bio)|\bads?\b",
    re.IGNORECASE,
)
_XML: Final = re.compile(r"\A\s*<\?xml[^>]*\?>")  # Beautiful Soup warns of it, lxml refuses it
_QUIET: Final = ("script", "style", "noscript", "template", "svg", "iframe", "object", "select", "textarea")


@dataclass(slots=True)
class Read:
    """A page as far as its HTML tells."""

    body: Body
    headline: str = ""
    standfirst: str = ""
    publisher: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""
    canonical: str = ""
    published: list[Said] = field(default_factory=list)
    updated: list[Said] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    flowing: str = ""  # all visible text, a block a line
    lines: Lines | None = None
    locked: bool = False
    is_article: bool = False  # it says of itself that it is one
    challenge: bool = False
    links: float = 0.0  # the share of its words that are nothing but links


def read_html(text: str, address: str) -> Read:
    """Everything a page tells; `address` is its own, empty for a file."""
    notices: list[str] = []
    text = _bounded(without_scripts(_XML.sub("", text.replace("\x00", ""))), notices)
    tree = _tree(text)
    if tree is None:
        return Read(Body())
    soup = BeautifulSoup(text, "lxml")
    metas = _metas(soup)
    canonical = _canonical(soup, metas, address, notices)
    scripts = [
        one.get_text() for one in soup.find_all("script") if _KEPT_SCRIPT.search(str(one.get("type", "")))
    ]
    about, told = jsonld.described(scripts, canonical or address)
    for quiet in soup(list(_QUIET)):
        quiet.decompose()
    lines = Lines(tree)
    tables = list(_tables(soup, tree))
    headline = _headline(soup, metas, about)
    body = _body(text, tree, about, headline, lines, address)
    visible = soup.get_text("\n", strip=True)
    read = Read(
        body=body,
        headline=headline,
        standfirst=about.description or _first(metas, "og:description", "description", "twitter:description"),
        publisher=about.publisher
        or _first(metas, "og:site_name", "application-name")
        or host_of(canonical or address),
        authors=tuple(dict.fromkeys(_authors(soup, metas, about))),
        language=_language(soup, about),
        canonical=canonical or about.url,
        published=list(_published(soup, metas, about, canonical or address, body)),
        updated=list(_updated(soup, metas, about)),
        tables=tables,
        flowing=clean_lines(visible),
        lines=lines,
        locked=not about.free or bool(_LOCKED.search(visible)),
        is_article=bool(about.type) or _first(metas, "og:type").lower() == "article",
        challenge=bool(_CHALLENGE.search(visible[:3000])),
        links=_links(soup, body),
    )
    body.notices[:0] = [*notices, *told]
    return read


def clean_lines(text: str) -> str:
    """The text with every line made plain."""
    return "\n".join(line for one in text.split("\n") if (line := clean(one)))


# --- markup -----------------------------------------------------------------------------------------------


def without_scripts(text: str) -> str:
    """The markup without scripts and styles, but for JSON-LD; their line breaks stay, so that lines count."""
    lowered = text.lower() if text.isascii() else re.sub(r"[A-Z]+", lambda m: m[0].lower(), text)
    pieces, place = [], 0
    opening = re.compile(r"<(script|style)\b[^>]{0,2000}>")
    while found := opening.search(lowered, place):
        end = lowered.find(f"</{found[1]}", found.end())
        if end < 0:
            if found[1] == "script" and _KEPT_SCRIPT.search(found[0]):
                break
            pieces.append(text[place : found.start()])
            place = len(text)
            break
        close = lowered.find(">", end)
        close = len(text) if close < 0 else close + 1
        if found[1] == "script" and _KEPT_SCRIPT.search(found[0]):
            pieces.append(text[place:close])
        else:
            pieces.append(text[place : found.start()])
            pieces.append("\n" * text.count("\n", found.start(), close))
        place = close
    pieces.append(text[place:])
    return "".join(pieces)


def _bounded(text: str, notices: list[str]) -> str:
    """The markup up to so many tags."""
    if text.count("<") <= MOST_TAGS:
        return text
    place = -1
    for _ in range(MOST_TAGS):
        place = text.find("<", place + 1)
    notices.append(f"more than {MOST_TAGS:,} tags; what follows was not read")
    return text[:place]


def _tree(text: str) -> Any:
    """The page as lxml sees it; None for what has no elements."""
    parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True)
    try:
        return lxml.html.document_fromstring(text, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


class Lines:
    """Where the words of a page stand in its source."""

    def __init__(self, tree: Any) -> None:
        pieces: list[str] = []
        self._starts: list[int] = []
        self._lines: list[int] = []
        length, line = 0, 1
        for event, node in etree.iterwalk(tree, events=("start", "end")):
            if not isinstance(node.tag, str):
                continue
            if event == "start":
                line = max(node.sourceline or 0, 1)
                words = node.text
            else:
                words = node.tail
            if not words:
                continue
            bare = "".join(clean(words).split())
            if bare:
                self._starts.append(length)
                self._lines.append(line + words[: len(words) - len(words.lstrip())].count("\n"))
                pieces.append(bare)
                length += len(bare)
            line += words.count("\n")
        self._text = "".join(pieces)
        self._place = 0

    def of(self, text: str) -> int:
        """The line on which the words begin, looked for from where the last ones were found; 0 unknown."""
        wanted = "".join(text.split())[:60]
        if not wanted:
            return 0
        place = self._text.find(wanted, self._place)
        if place < 0:
            place = self._text.find(wanted)
        if place < 0:
            return 0
        self._place = place
        return self._lines[bisect_right(self._starts, place) - 1]

    def anywhere(self, text: str) -> int:
        """The line of the words wherever they stand first; 0 unknown."""
        place = self._text.find("".join(text.split())[:60])
        return self._lines[bisect_right(self._starts, place) - 1] if place >= 0 else 0


# --- the body ---------------------------------------------------------------------------------------------


def _body(text: str, tree: Any, about: Described, headline: str, lines: Lines, address: str) -> Body:
    """The article's passages: trafilatura's, or what the page itself calls its article where that is far more."""
    found = list(_by_trafilatura(text, tree, address))
    words = sum(len(one.split()) for _, one, _ in found)
    own: list[tuple[PassageKind, str, int]] = [
        ("paragraph", one, 0) for one in re.split(r"\n\s*\n|\n|<br\s*/?>|</p>", about.body) if clean(one)
    ]
    own_words = sum(len(one.split()) for _, one, _ in own)
    if own_words > 2 * words and own_words >= 40:
        found = [(kind, re.sub(r"<[^>]{1,300}>", " ", one), level) for kind, one, level in own]
        words = own_words
    plain = list(_paragraphs(tree))
    if sum(len(one.split()) for _, one, _ in plain) > 2 * words:
        found = plain
    body = Body()
    title = clean(headline).casefold()
    for kind, one, level in found:
        cleaned = clean(one)
        if kind == "heading" and not body.passages and cleaned.casefold() == title:
            continue
        body.add(kind, cleaned, lines.of(cleaned), level)
    return body


def _by_trafilatura(text: str, tree: Any, address: str) -> Iterator[tuple[PassageKind, str, int]]:
    """What trafilatura takes for the article: (kind, text, level of a heading)."""
    import trafilatura  # noqa: PLC0415 – a second of imports that only this needs

    if sum(1 for _ in tree.iter()) > MOST_ELEMENTS or _deep(tree):
        return
    try:
        held = trafilatura.bare_extraction(
            text, url=address or None, include_comments=False, include_tables=True, with_metadata=False
        )
    except (ValueError, TypeError, AttributeError, IndexError, RecursionError, etree.LxmlError):
        return  # it is made for pages as they come, and still meets one that breaks it
    if held is None or isinstance(held, dict) or held.body is None:
        return
    yield from _passages(held.body)


def _deep(tree: Any) -> bool:
    """Whether elements are nested deeper than any page that people write."""
    depth = deepest = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest > MOST_DEPTH


def _passages(node: Any) -> Iterator[tuple[PassageKind, str, int]]:
    if node.text and node.text.strip():
        yield "paragraph", node.text, 0
    for one in node:
        tag = one.tag if isinstance(one.tag, str) else ""
        if tag == "head":
            level = str(one.get("rend", "h2"))[-1:]
            yield "heading", _flat(one), int(level) if level.isdigit() else 2
        elif tag == "list":
            for item in one.iter("item"):
                yield "item", _flat(item), 0
        elif tag == "quote":
            for piece in _split(one):
                yield "quote", piece, 0
        elif tag == "table":
            yield from _rows(one)
        elif tag == "div":
            yield from _passages(one)
        else:
            for piece in _split(one):
                yield "paragraph", piece, 0
        if one.tail and one.tail.strip():
            yield "paragraph", one.tail, 0


def _links(soup: BeautifulSoup, body: Body) -> float:
    """How much of the passages is links from end to end: much of it on a front page, little in an article."""
    linked = {
        text for one in soup.find_all("a", limit=400) if len((text := clean(one.get_text(" "))).split()) > 2
    }
    words = left = 0
    for one in body.passages[:60]:
        rest = one.text
        for text in linked:
            rest = rest.replace(text, " ")
        words += len(one.text.split())
        left += len(rest.split())
    return 1 - left / words if words else 0.0


def _rows(node: Any) -> Iterator[tuple[PassageKind, str, int]]:
    """A table's rows; one that only lays out the page gives what its cells hold."""
    for row in node.iter("row"):
        cells = list(row.iter("cell"))
        if any(one.find("p") is not None or one.find("head") is not None for one in cells):
            for one in cells:
                yield from _passages(one)
        else:
            yield "row", " | ".join(words for one in cells if (words := clean(_flat(one)))), 0


def _flat(node: Any) -> str:
    return "".join(str(piece) for piece in node.itertext())


def _split(node: Any) -> Iterator[str]:
    """The texts of a node, parted at line breaks and at paragraphs inside."""
    held = [node.text or ""]
    for event, one in etree.iterwalk(node, events=("start", "end")):
        if one is node:
            continue
        if one.tag in ("lb", "p", "head", "item"):
            yield "".join(held)
            held = []
        if event == "start":
            held.append(one.text or "")
        else:
            held.append(one.tail or "")
    yield "".join(held)


def _paragraphs(tree: Any) -> Iterator[tuple[PassageKind, str, int]]:
    """Headings and paragraphs of the page's one <article>, or of its itemprop="articleBody"."""
    found = tree.xpath("//*[@itemprop='articleBody']") or tree.xpath("//article")
    if len(found) != 1:
        return
    for one in found[0].iter("p", "h2", "h3"):
        text = clean(_flat(one))
        if not text or any(_is_aside(up) for up in (one, *one.iterancestors())):
            continue
        if one.tag != "p":
            yield "heading", text, int(one.tag[1])
        elif len(text.split()) >= 8 and 2 * sum(len(_flat(link)) for link in one.iter("a")) < len(text):
            yield "paragraph", text, 0


def _is_aside(node: Any) -> bool:
    """Whether an element stands beside an article, though inside of it: teasers, appeals, comments."""
    return node.tag in ("aside", "nav", "footer", "figure", "form") or bool(
        _ASIDE.search(f"{node.get('class') or ''} {node.get('id') or ''}")
    )


# --- structured parts -------------------------------------------------------------------------------------


def _metas(soup: BeautifulSoup) -> dict[str, list[str]]:
    """What the meta elements say, by name in small letters."""
    found: dict[str, list[str]] = {}
    for one in soup.find_all("meta", limit=400):
        name = one.get("property") or one.get("name") or one.get("itemprop") or ""
        value = one.get("content")
        if isinstance(name, str) and isinstance(value, str) and value.strip():
            found.setdefault(name.strip().lower(), []).append(clean(value)[:1000])
    return found


def _first(metas: dict[str, list[str]], *names: str) -> str:
    return next((metas[name][0] for name in names if name in metas), "")


def _absolute(target: object, base: str) -> str:
    """An absolute http(s) address; empty for any other."""
    if not isinstance(target, str) or not target.strip():
        return ""
    try:
        found = urljoin(base, "".join(target.split()))
        parts = urlsplit(found)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return ""
    if len(found) > 2000 or any(one <= " " for one in found) or port == 0:
        return ""
    return parts._replace(fragment="").geturl()


def _canonical(soup: BeautifulSoup, metas: dict[str, list[str]], address: str, notices: list[str]) -> str:
    """The address the page gives as its own; one that only names the site's front page is not believed."""
    for one in soup.find_all("link", limit=400):
        relation = one.get("rel")
        names = relation if isinstance(relation, list) else str(relation or "").split()
        if "canonical" in [name.lower() for name in names]:
            found = _absolute(one.get("href"), address)
            if found and _path(found) == "/" and _path(address) not in ("", "/"):
                notices.append(f"its canonical address is a front page, {found}, and was left out")
            elif found:
                return found
    return _absolute(_first(metas, "og:url"), address)


def _path(address: str) -> str:
    return (urlsplit(address).path or "/") if address else ""


def host_of(address: str) -> str:
    """The host of an address, without "www."; empty where there is none."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def _headline(soup: BeautifulSoup, metas: dict[str, list[str]], about: Described) -> str:
    """The heading that the page's head agrees with; else what the head says."""
    title = clean(soup.title.get_text(" ")) if soup.title else ""
    said = [about.headline, _first(metas, "og:title"), _first(metas, "twitter:title"), title]
    heads = [clean(one.get_text(" ")) for one in soup.find_all("h1", limit=10)]
    for head in heads:
        if len(head.split()) >= 2 and any(_alike(head, one) for one in said):
            return head[:300]
    best = next((one for one in said if one), "") or next((one for one in heads if one), "")
    tail = _TITLE_TAIL.search(best)
    if tail and len(best[: tail.start()].split()) >= 3:
        best = best[: tail.start()]
    return best[:300]


def _alike(one: str, other: str) -> bool:
    mine, theirs = set(re.findall(r"\w+", one.casefold())), set(re.findall(r"\w+", other.casefold()))
    return bool(mine and theirs) and len(mine & theirs) >= 0.6 * len(mine)


def _language(soup: BeautifulSoup, about: Described) -> str:
    given = soup.html.get("lang") if isinstance(soup.html, Tag) else ""
    found = about.language or (given if isinstance(given, str) else "")
    return found[:12].lower() if re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", found) else ""


def _authors(soup: BeautifulSoup, metas: dict[str, list[str]], about: Described) -> Iterator[str]:
    given = list(about.authors) or [
        one
        for name in ("author", "article:author", "parsely-author", "sailthru.author", "dc.creator")
        for one in metas.get(name, [])
    ]
    if not given:
        for held in soup.select(
            '[rel~="author"], [itemprop="author"], .byline, .author-name, .article-author', limit=5
        ):
            text = clean(held.get_text(" "))
            if 3 <= len(text) <= 90:
                given.append(text)
                break
    for one in given:
        for name in re.split(r"\s*(?:;|,(?!\s*(?:Jr|Sr|Ph)\b)|\band\b|&)\s*", _BYLINE.sub("", one)):
            kept = clean(name).strip(" .,|")
            if 2 <= len(kept) <= 80 and not re.search(
                r"https?://|@|\d{4}|^(?:staff|admin|editor)$", kept, re.IGNORECASE
            ):
                yield kept


def _published(
    soup: BeautifulSoup, metas: dict[str, list[str]], about: Described, address: str, body: Body
) -> Iterator[Said]:
    if about.published:
        yield dates.Said("json-ld", about.published, 4)
    for name in _PUBLISHED:
        for value in metas.get(name, [])[:2]:
            yield dates.Said("meta", value, 3)
    for one in soup.find_all("time", limit=40):
        marked = "pubdate" if one.has_attr("pubdate") else ""
        role = f"{one.get('itemprop', '')} {one.get('class', '')} {marked}".lower()
        if "modif" in role or "updat" in role:
            continue
        given = one.get("datetime")
        words = given if isinstance(given, str) and given.strip() else one.get_text(" ")
        strong = "datepublished" in role or "publish" in role or "pubdate" in role
        if strong or one.find_parent(["article", "main", "header"]) is not None:
            yield dates.Said("time", words, 2 if strong else 1)
            if not strong:
                break
    if found := dates.in_address(address):
        yield dates.Said("url", found[0].isoformat(), 2)
    for one in soup.select(
        '[itemprop="datePublished"], [class*="date" i], [class*="publish" i], [class*="byline" i]', limit=30
    ):
        if one.name in ("meta", "time"):
            continue
        words = clean(one.get_text(" "))
        if 6 <= len(words) <= 120 and dates.day_in(words):
            yield dates.Said("text", words, 1)
            break
    first = next((one.text for one in body.passages if one.kind == "paragraph"), "")
    if line := dates.dateline(first):
        yield dates.Said("text", line, 1)


def _updated(soup: BeautifulSoup, metas: dict[str, list[str]], about: Described) -> Iterator[Said]:
    if about.modified:
        yield dates.Said("json-ld", about.modified, 4)
    for name in _MODIFIED:
        for value in metas.get(name, [])[:1]:
            yield dates.Said("meta", value, 3)
    for one in soup.find_all("time", limit=40):
        role = f"{one.get('itemprop', '')} {one.get('class', '')}".lower()
        given = one.get("datetime")
        if ("modif" in role or "updat" in role) and isinstance(given, str):
            yield dates.Said("time", given, 2)


def _tables(soup: BeautifulSoup, tree: Any) -> Iterator[Table]:
    """The tables of data. Both parsers see the same tables in the same order; lxml knows their lines."""
    lines = [one.sourceline or 0 for one in tree.iter("table")]
    for place, one in enumerate(soup.find_all("table", limit=4 * MOST_TABLES)):
        if one.find("table") is not None:
            continue
        rows = []
        for row in one.find_all("tr", limit=MOST_ROWS + 1):
            cells: list[tuple[str, bool]] = []
            for cell in row.find_all(["td", "th"], limit=MOST_COLUMNS):
                across = str(cell.get("colspan", "1"))
                words = clean(cell.get_text(" "))
                cells += [(words, cell.name == "th")] * (
                    min(int(across), MOST_COLUMNS) if across.isdigit() and int(across or 1) else 1
                )
            rows.append(cells)
        caption = one.find("caption")
        made = table(
            rows,
            caption=clean(caption.get_text(" "))[:300] if isinstance(caption, Tag) else "",
            line=lines[place] if place < len(lines) else 0,
        )
        if made is not None:
            yield made
