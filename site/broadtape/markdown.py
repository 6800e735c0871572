"""Owns the one Markdown parse: blocks with offsets, spans, sentences, sanitised HTML and plain text.

Knows nothing of files, front matter, facts or addresses: anchors come from the `Links` it is given.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, Literal, Protocol, cast
from urllib.parse import quote, urljoin, urlsplit

import nh3
import pyromark

MAX_BYTES: Final = 1_000_000
MAX_BLOCKS: Final = 20_000
MAX_DEPTH: Final = 48  # lists and quotes inside one another; deeper input is hostile

BlockKind = Literal["heading", "paragraph", "item", "quote", "cell", "code", "image", "html"]
SpanKind = Literal["fact", "link", "image", "ticker"]


@dataclass(frozen=True, slots=True)
class Span:
    """A link, image or ticker inside a block's text.

    `source[source_start:source_end]` is the whole construct, brackets included.
    """

    kind: SpanKind
    target: str  # fact: id or long form without "fact:"; ticker: "NASDAQ:NVDA"; else the address as written
    start: int
    end: int
    source_start: int
    source_end: int
    title: str = ""  # of a link or image, as written; an image's is its caption


@dataclass(frozen=True, slots=True)
class Block:
    """One leaf block. `text` is what a reader sees, with line breaks inside the paragraph as one space."""

    kind: BlockKind
    text: str
    spans: tuple[Span, ...]
    line: int
    start: int
    end: int
    level: int = 0
    section: int = 0
    table: int = -1
    row: int = 0
    column: int = 0
    breaks: tuple[int, ...] = ()  # offsets in `text` of the spaces that stand for a line break


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a block: `block.text[start:end] == text`; span offsets are relative to the sentence."""

    text: str
    start: int
    end: int
    line: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class FactAnchor:
    """What a fact link becomes on a page."""

    href: str
    value: str
    status: str
    id: str


class Links(Protocol):
    """How a page turns claims and tickers into anchors."""

    def fact(self, target: str, text: str) -> FactAnchor | None:
        """The anchor of a fact link, or None for plain text (feeds)."""

    def ticker(self, symbol: str) -> str | None:
        """The address of the symbol's quote page, or None for plain text."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A link begins; `text` is its visible text."""

    kind: Literal["fact", "link"]
    target: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class _Close:
    """The innermost open link ends."""


@dataclass(frozen=True, slots=True)
class _Ticker:
    """A ticker with the text between its parentheses."""

    symbol: str
    text: str


@dataclass(frozen=True, slots=True)
class _Image:
    """An image; `alone` when it is all its paragraph holds."""

    src: str
    alt: str
    title: str
    alone: bool = False


_Piece = str | _Open | _Close | _Ticker | _Image


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed source. `pieces` is the page in order, with links still to be resolved."""

    source: str
    blocks: tuple[Block, ...]
    pieces: tuple[_Piece, ...] = field(default=(), repr=False, compare=False)


# --- tickers ------------------------------------------------------------------------------------------

_EXCHANGES: Final[Mapping[str, str]] = {
    "NASDAQGS": "NASDAQ", "NASDAQGM": "NASDAQ", "NASDAQCM": "NASDAQ", "NASDAQ GS": "NASDAQ",
    "NASDAQ GM": "NASDAQ", "NASDAQ CM": "NASDAQ", "NASDAQ": "NASDAQ", "NYSE": "NYSE",
    "NYSEARCA": "NYSEARCA", "NYSE ARCA": "NYSEARCA", "ARCA": "NYSEARCA",
    "NYSEAMERICAN": "NYSEAMERICAN", "NYSE AMERICAN": "NYSEAMERICAN", "NYSEMKT": "NYSEAMERICAN",
    "NYSE MKT": "NYSEAMERICAN", "NYSEAMEX": "NYSEAMERICAN", "AMEX": "NYSEAMERICAN",
    "BATS": "BATS", "CBOE BZX": "BATS", "CBOEBZX": "BATS", "CBOE": "BATS", "BZX": "BATS", "IEX": "IEX",
    "OTC": "OTC", "OTCMKTS": "OTC", "OTC MARKETS": "OTC", "OTCQX": "OTC", "OTCQB": "OTC", "OTC PINK": "OTC",
    "PINK": "OTC", "TSX": "TSX", "TSE": "TSE", "TSXV": "TSXV", "TSX-V": "TSXV", "CSE": "CSE", "NEO": "NEO",
    "LSE": "LSE", "LON": "LSE", "AIM": "LSE", "FRA": "FRA", "ETR": "XETRA", "XETRA": "XETRA", "EPA": "EPA",
    "EURONEXT": "EURONEXT", "AMS": "AMS", "SWX": "SWX", "SIX": "SWX", "BIT": "BIT", "BME": "BME",
    "STO": "STO", "ASX": "ASX", "HKEX": "HKEX", "HKG": "HKEX", "SEHK": "HKEX", "TYO": "TYO",
    "NSE": "NSE", "BSE": "BSE", "KRX": "KRX", "SHA": "SHA",
    "SHE": "SHE", "SGX": "SGX", "TPE": "TPE", "JSE": "JSE", "B3": "B3", "BMV": "BMV",
}  # fmt: skip
_DAY: Final = re.compile(
    r"\b(Jan\.|Feb\.|March|April|May|June|July|Aug\.|Sept\.|Oct\.|Nov\.|Dec\.) (?=\d{1,2}\b(?!\d))"
)
_TICKER: Final = re.compile(
    r"\(\s*([A-Za-z][A-Za-z0-9-]{1,15}(?:[ \n][A-Za-z]{2,8})?)\s*:\s*"
    r"([A-Za-z0-9](?:[A-Za-z0-9.\-/]{0,10}[A-Za-z0-9])?)\s*\)"
)
_VENUE: Final = re.compile(r"INDEX[A-Z]{2,12}|X[A-Z]{3}", re.ASCII)  # index families; ISO 10383 market codes


def exchange_code(written: str) -> str | None:
    """The canonical code of an exchange as texts write it ("NYSEArca" → "NYSEARCA"); None if it is none."""
    key = " ".join(written.upper().split())
    known = _EXCHANGES.get(key)
    return known or (key if _VENUE.fullmatch(key) else None)


def ticker_symbol(text: str) -> str | None:
    """The qualified symbol of "(NASDAQ: NVDA)" or "NASDAQ: NVDA", or None where that is no ticker."""
    found = _TICKER.fullmatch(text if text.startswith("(") else f"({text})")
    code = exchange_code(found[1]) if found else None
    return f"{code}:{found[2].upper()}" if found and code else None


# --- the parse ----------------------------------------------------------------------------------------


def parse(source: str, *, first_line: int = 1) -> Document:
    """The blocks of a Markdown source, with offsets in characters and lines counted from `first_line`.

    CommonMark with tables and strikethrough. Raises ValueError over 1 MB, 20,000 blocks or 48 levels of
    nesting; no other input raises.
    """
    try:
        size = len(source) if source.isascii() else len(source.encode())
    except UnicodeEncodeError as error:
        raise ValueError(f"not valid Unicode at character {error.start}") from error
    if size > MAX_BYTES:
        raise ValueError(f"the text is {size:,} bytes long; at most {MAX_BYTES:,} are read")
    return _parsed(source, first_line)


@lru_cache(maxsize=2)  # an article's defaults come from its text, which is then judged: the same parse
def _parsed(source: str, first_line: int) -> Document:
    return _Parser(source, first_line).run()


class _Offsets:
    """Byte offsets, as the parser gives them, into characters and lines."""

    def __init__(self, source: str, first_line: int) -> None:
        self._wide: list[int] = []  # byte offset just behind each character that is not ASCII …
        self._extra: list[int] = [0]  # … and how many bytes more than characters came until there
        extra = 0
        if not source.isascii():
            for found in re.finditer(r"[^\x00-\x7f]", source):
                width = len(found[0].encode())
                extra += width - 1
                self._wide.append(found.end() + extra)
                self._extra.append(extra)
        self._lines = [found.end() for found in re.finditer(r"\r\n?|\n", source)]
        self._first_line = first_line

    def char(self, byte: int) -> int:
        return byte - self._extra[bisect_right(self._wide, byte)] if self._wide else byte

    def line(self, char: int) -> int:
        return self._first_line + bisect_right(self._lines, char)


@dataclass(slots=True)
class _Leaf:
    """A block being read."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    table: int = -1
    row: int = 0
    column: int = 0
    text: list[str] = field(default_factory=list)
    length: int = 0
    spans: list[Span] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    pieces: list[_Piece] = field(default_factory=list)
    run: list[tuple[str, int, int]] = field(default_factory=list)  # text, source start, source end
    plain: bool = True  # False once anything but one image was seen
    images: int = 0
    implicit: bool = False  # the text of a tight item: no paragraph around it


@dataclass(slots=True)
class _Link:
    """A link being read."""

    kind: Literal["fact", "link"]
    target: str
    title: str
    text_start: int
    source_start: int
    source_end: int
    piece: int  # where its _Open stands in the leaf's pieces
    words: int  # where its text begins in the leaf's text
    spans: int  # how many spans the leaf had


_FACT: Final = re.compile(r"fact:", re.IGNORECASE)
_INLINE: Final = {"Emphasis": "em", "Strong": "strong", "Strikethrough": "del"}
_OPTIONS: Final = pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_STRIKETHROUGH


class _Parser:
    """Walks the events once, making blocks and page pieces side by side."""

    def __init__(self, source: str, first_line: int) -> None:
        self.source = source
        self.at = _Offsets(source, first_line)
        self.blocks: list[Block] = []
        self.pieces: list[_Piece] = []
        self.containers: list[Literal["item", "quote"]] = []
        self.leaf: _Leaf | None = None
        self.link: _Link | None = None
        self.image: tuple[_Image, int, int, list[str]] | None = None
        self.image_depth = 0
        self.sections = 0
        self.tables = -1
        self.cornered = False  # whether the table's first cell is empty
        self.row = self.column = 0
        self.alignments: tuple[str, ...] = ()
        self.anchors: dict[str, int] = {}
        self.depth = 0
        self.dropping = False

    def run(self) -> Document:
        for event, span in pyromark.events_with_range(self.source, options=_OPTIONS):
            start, end = self.at.char(span["start"]), self.at.char(span["end"])
            if isinstance(event, str):
                self._plain_event(event, start, end)
                continue
            name, value = cast("tuple[str, Any]", next(iter(event.items())))  # one key; see pyromark's events
            if name == "Start":
                tag, detail = (value, None) if isinstance(value, str) else next(iter(value.items()))
                self._start(tag, detail, start, end)
            elif name == "End":
                self._end(value if isinstance(value, str) else next(iter(value)), value)
            elif name == "Text":
                self._text(value, start, end)
            elif name == "Code":
                self._code(value, start, end)
            # InlineHtml and Html leave no trace; the text between inline tags arrives as Text.
        self._finish_implicit()
        return Document(self.source, tuple(self.blocks), tuple(self.pieces))

    # -- events

    def _plain_event(self, name: str, start: int, end: int) -> None:
        if name == "SoftBreak":
            self._text("\n", start, end)
        elif name == "HardBreak":
            leaf = self._inline(start, end)
            if self.image:
                self.image[3].append(" ")
                return
            self._flush(leaf)
            leaf.breaks.append(leaf.length)
            self._append(leaf, " ")
            leaf.pieces.append("<br>\n")
        elif name == "Rule":
            self._finish_implicit()
            self.pieces.append("<hr>\n")

    def _start(self, tag: str, detail: object, start: int, end: int) -> None:
        if tag in _INLINE:
            if not self.image:
                leaf = self._inline(start, start)
                leaf.plain = False
                self._flush(leaf)
                leaf.pieces.append(f"<{_INLINE[tag]}>")
        elif tag == "Link" and isinstance(detail, dict):
            self._open_link(detail, start, end)
        elif tag == "Image" and isinstance(detail, dict):
            self._open_image(detail, start, end)
        else:
            self._start_block(tag, detail, start, end)

    def _start_block(self, tag: str, detail: object, start: int, end: int) -> None:
        self._finish_implicit()
        if tag == "Paragraph":
            kind: BlockKind = self.containers[-1] if self.containers else "paragraph"
            self.leaf = _Leaf(kind, start, end)
        elif tag == "Heading" and isinstance(detail, dict):
            self.leaf = _Leaf("heading", start, end, level=int(str(detail["level"])[1:]))
        elif tag == "CodeBlock":
            self.leaf = _Leaf("code", start, end)
        elif tag == "HtmlBlock":
            self.leaf = _Leaf("html", start, end)
        elif tag in {"Item", "BlockQuote"}:
            self.depth += 1
            if self.depth > MAX_DEPTH:
                line = self.at.line(start)
                raise ValueError(f"lists or quotes stand more than {MAX_DEPTH} deep at line {line}")
            self.containers.append("item" if tag == "Item" else "quote")
            self.pieces.append("<li>" if tag == "Item" else "<blockquote>\n")
        elif tag == "List":
            first = "" if detail in (None, 1) else f' start="{detail}"'
            self.pieces.append("<ul>\n" if detail is None else f"<ol{first}>\n")
        elif tag == "Table" and isinstance(detail, tuple):
            self.tables += 1
            self.row = 0
            self.alignments = tuple(str(item) for item in detail)
            self.pieces.append('<div class="table"><table>\n')
        elif tag in {"TableHead", "TableRow"}:
            self.column = 0
            self.row = 0 if tag == "TableHead" else self.row + 1
            self.pieces.append("<thead>\n<tr>" if tag == "TableHead" else "<tr>")
        elif tag == "TableCell":
            self.leaf = _Leaf("cell", start, end, table=self.tables, row=self.row, column=self.column)
            self.column += 1

    def _end(self, tag: str, value: object) -> None:
        if tag in _INLINE:
            if not self.image and self.leaf:
                self._flush(self.leaf)
                self.leaf.pieces.append(f"</{_INLINE[tag]}>")
        elif tag == "Link":
            self._close_link()
        elif tag == "Image":
            self._close_image()
        elif tag in {"Paragraph", "Heading", "CodeBlock", "HtmlBlock", "TableCell"}:
            self._finish()
        elif tag in {"Item", "BlockQuote"}:
            self._finish_implicit()
            self.depth -= 1
            self.containers.pop()
            self.pieces.append("</li>\n" if tag == "Item" else "</blockquote>\n")
        elif tag == "List":
            ordered = isinstance(value, dict) and value["List"]
            self.pieces.append("</ol>\n" if ordered else "</ul>\n")
        elif tag == "Table":
            self.pieces.append("</tbody>\n</table></div>\n")
        elif tag == "TableHead":
            self.pieces.append("</tr>\n</thead>\n<tbody>\n")
        elif tag == "TableRow":
            self.pieces.append("</tr>\n")

    # -- inline content

    def _inline(self, start: int, end: int) -> _Leaf:
        """The leaf that inline content belongs to: the text of a tight item opens one itself."""
        if self.leaf is None:
            kind: BlockKind = self.containers[-1] if self.containers else "paragraph"
            self.leaf = _Leaf(kind, start, end, implicit=True)
        if self.leaf.implicit:
            self.leaf.end = max(self.leaf.end, end)
        return self.leaf

    def _append(self, leaf: _Leaf, text: str) -> None:
        leaf.text.append(text)
        leaf.length += len(text)

    def _text(self, text: str, start: int, end: int) -> None:
        leaf = self._inline(start, end)
        if self.image:
            self.image[3].append(text.replace("\n", " "))
        elif leaf.kind == "code":
            self._append(leaf, text)
        elif leaf.kind != "html":
            leaf.plain = leaf.plain and not text.strip()
            leaf.run.append((text, start, end))

    def _code(self, text: str, start: int, end: int) -> None:
        leaf = self._inline(start, end)
        if self.image:
            self.image[3].append(text)
            return
        leaf.plain = False
        self._flush(leaf)
        self._append(leaf, text)
        leaf.pieces.append(f"<code>{html.escape(text)}</code>")

    def _flush(self, leaf: _Leaf) -> None:
        """Ends a run of plain text: its tickers become spans, except inside a link (anchors do not nest)."""
        if not leaf.run:
            return
        text = "".join(part for part, _, _ in leaf.run)
        base = leaf.length
        leaf.breaks.extend(base + found.start() for found in re.finditer("\n", text))
        written = 0
        if self.link is None:
            for found in _TICKER.finditer(text):
                code = exchange_code(found[1])
                if code is None:
                    continue
                symbol = f"{code}:{found[2].upper()}"
                first = self._source(leaf.run, found.start(), behind=False)
                last = self._source(leaf.run, found.end(), behind=True)
                leaf.spans.append(
                    Span("ticker", symbol, base + found.start(), base + found.end(), first, last)
                )
                leaf.pieces.append(_typeset(text[written : found.start()]))
                leaf.pieces.append(_Ticker(symbol, " ".join(found[0][1:-1].split())))
                written = found.end()
        leaf.pieces.append(_typeset(text[written:]))
        self._append(leaf, text.replace("\n", " "))
        leaf.run.clear()

    @staticmethod
    def _source(run: list[tuple[str, int, int]], offset: int, *, behind: bool) -> int:
        """Where an offset into a run's text lies in the source; inside an entity, its nearer border."""
        for text, start, end in run:
            if offset < len(text) or (behind and offset == len(text)):
                if len(text) == end - start:
                    return start + offset
                return start if offset == 0 and not behind else end if behind else start
            offset -= len(text)
        return run[-1][2]

    def _open_link(self, detail: Mapping[str, object], start: int, end: int) -> None:
        leaf = self._inline(start, end)
        if self.image:
            return
        leaf.plain = False
        self._flush(leaf)
        target = str(detail["dest_url"])
        if detail["link_type"] == "Email":
            target = f"mailto:{target}"
        fact = _FACT.match(target)
        leaf.pieces.append("")
        self.link = _Link(
            "fact" if fact else "link",
            target[fact.end() :] if fact else target,
            str(detail["title"]),
            leaf.length,
            start,
            end,
            len(leaf.pieces) - 1,
            len(leaf.text),
            len(leaf.spans),
        )

    def _close_link(self) -> None:
        leaf, link = self.leaf, self.link
        if leaf is None or link is None or self.image:
            return
        self._flush(leaf)
        self.link = None
        text = "".join(leaf.text[link.words :])
        leaf.pieces[link.piece] = _Open(link.kind, link.target, link.title, text)
        leaf.pieces.append(_Close())
        # Spans do not nest: around an image the link's span is cut, keeping at least an empty one before it.
        images = leaf.spans[link.spans :]
        del leaf.spans[link.spans :]
        here = link.text_start
        for image in images:
            if here < image.start or here == link.text_start:
                leaf.spans.append(self._span_of(link, here, image.start))
            leaf.spans.append(image)
            here = image.end
        if here < leaf.length or not images:
            leaf.spans.append(self._span_of(link, here, leaf.length))

    @staticmethod
    def _span_of(link: _Link, start: int, end: int) -> Span:
        return Span(link.kind, link.target, start, end, link.source_start, link.source_end, link.title)

    def _open_image(self, detail: Mapping[str, object], start: int, end: int) -> None:
        leaf = self._inline(start, end)
        self.image_depth += 1
        if self.image_depth > 1:
            return  # an image inside an alternative text is text
        self._flush(leaf)
        leaf.images += 1
        self.image = (_Image(str(detail["dest_url"]), "", str(detail["title"])), start, end, [])

    def _close_image(self) -> None:
        self.image_depth -= 1
        if self.image_depth or self.image is None or self.leaf is None:
            return
        image, start, end, words = self.image
        self.image = None
        alt = " ".join("".join(words).split())
        leaf = self.leaf
        leaf.spans.append(
            Span("image", image.src, leaf.length, leaf.length + len(alt), start, end, image.title)
        )
        leaf.pieces.append(replace(image, alt=alt))
        self._append(leaf, alt)

    # -- the ends of blocks

    def _finish_implicit(self) -> None:
        if self.leaf is not None and self.leaf.implicit:
            self._finish()

    def _finish(self) -> None:
        leaf = self.leaf
        self.leaf = None
        if leaf is None:
            return
        self._flush(leaf)
        if len(self.blocks) >= MAX_BLOCKS:
            raise ValueError(f"the text has more than {MAX_BLOCKS:,} blocks")
        if leaf.kind not in {"code", "html", "heading", "cell"} and leaf.plain and leaf.images == 1:
            leaf.kind = "image" if not leaf.implicit else leaf.kind
        text = "".join(leaf.text).replace("\r\n", "\n")
        end = leaf.start + len(self.source[leaf.start : leaf.end].rstrip())
        self.blocks.append(
            Block(
                leaf.kind, text, tuple(leaf.spans), self.at.line(leaf.start), leaf.start, end, leaf.level,
                self.sections, leaf.table, leaf.row, leaf.column, tuple(leaf.breaks),
            )
        )  # fmt: skip
        self._render(leaf, text)
        if leaf.kind == "heading":
            self.sections += 1

    def _render(self, leaf: _Leaf, text: str) -> None:
        if leaf.kind == "html":
            return
        if leaf.kind == "code":
            self.pieces.append(f"<pre><code>{html.escape(text, quote=False)}</code></pre>\n")
            return
        if leaf.kind == "image":
            self.pieces.extend(
                replace(piece, alone=True) if isinstance(piece, _Image) else piece for piece in leaf.pieces
            )
            self.pieces.append("\n")
            return
        before, after = "<p>", "</p>\n"
        if leaf.implicit:
            before = after = ""
        elif leaf.kind == "heading":
            tag = f"h{max(leaf.level, 2)}"  # the page's only h1 is the article's title
            before, after = f'<{tag} id="{self._anchor(text)}">', f"</{tag}>\n"
        elif leaf.kind == "cell":
            # A corner without words heads nothing: a header cell there would be read out as one.
            # Below such a corner stand the names of the rows, and they head them.
            if not leaf.row and not leaf.column:
                self.cornered = not leaf.pieces
            named = bool(leaf.row) and not leaf.column and self.cornered and bool(leaf.pieces)
            tag = "th" if named or (not leaf.row and leaf.pieces) else "td"
            aligned = self.alignments[leaf.column] if leaf.column < len(self.alignments) else "None"
            shown = f' class="{aligned.lower()}"' if aligned in {"Left", "Center", "Right"} else ""
            scope = "" if tag == "td" else ' scope="row"' if named else ' scope="col"'
            before, after = f"<{tag}{shown}{scope}>", f"</{tag}>"
        self.pieces.append(before)
        self.pieces.extend(leaf.pieces)
        self.pieces.append(after)

    def _anchor(self, text: str) -> str:
        """A heading's id, unique in the document; the prefix keeps it apart from the page's own ids."""
        stem = "-".join(re.findall(r"\w+", text.lower()))[:60].strip("-") or "section"
        count = self.anchors.get(stem, 0) + 1
        self.anchors[stem] = count
        if count == 1:
            return f"h-{stem}"
        name = f"{stem}-{count}"
        while name in self.anchors:
            count += 1
            name = f"{stem}-{count}"
        self.anchors[stem] = count
        self.anchors[name] = 1
        return f"h-{name}"


# --- HTML and text --------------------------------------------------------------------------------------

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_EXTERNAL: Final = "nofollow noopener"

# One Cleaner, kept: making one costs more than a page (8,890 pages/s kept, 8,470 made anew).
_CLEANER: Final = nh3.Cleaner(
    tags={
        "a", "blockquote", "br", "code", "data", "del", "div", "em", "figcaption", "figure", "h2", "h3", "h4",
        "h5", "h6", "hr", "img", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th",
        "thead", "tr", "ul",
    },
    clean_content_tags={"script", "style"},
    attributes={
        "a": {"href", "title", "data-fact", "data-status", "data-symbol"},
        "data": {"value"},
        "img": {"src", "alt", "title"},
        "ol": {"start"},
        **{f"h{level}": {"id"} for level in range(2, 7)},
    },
    tag_attribute_values={
        "a": {"rel": {_EXTERNAL}},
        "th": {"scope": {"col", "row"}},
        "img": {"loading": {"lazy"}, "decoding": {"async"}},
    },
    allowed_classes={
        "a": {"fact", "ticker"},
        "div": {"table"},
        "td": {"left", "center", "right"},
        "th": {"left", "center", "right"},
    },
    link_rel=None,
    url_schemes={"http", "https", "mailto"},
)  # fmt: skip


def _typeset(text: str) -> str:
    """Text for a page: escaped, a month and its day kept on one line by a no-break space."""
    return _DAY.sub("\\1\u00a0", html.escape(text, quote=False))


def to_html(document: Document, links: Links, *, base: str = "") -> str:
    """The document as sanitised HTML; `base`, an absolute address, makes every address absolute (feeds)."""
    out: list[str] = []
    closing: list[str] = []
    for piece in document.pieces or parse(document.source).pieces:
        if isinstance(piece, str):
            out.append(piece)
        elif isinstance(piece, _Open):
            before, after = _link_tags(piece, links, base)
            out.append(before)
            closing.append(after)
        elif isinstance(piece, _Close):
            out.append(closing.pop())
        elif isinstance(piece, _Ticker):
            out.append(_ticker_html(piece, links, base))
        else:
            out.append(_image_html(piece, base))
    return _CLEANER.clean("".join(out))


def _link_tags(link: _Open, links: Links, base: str) -> tuple[str, str]:
    if link.kind == "fact":
        anchor = links.fact(link.target, link.text)
        href = _address(anchor.href, base) if anchor else None
        if anchor is None or href is None:
            return "", ""
        name, status = html.escape(anchor.id), html.escape(anchor.status)
        before = f'<a class="fact" href="{html.escape(href)}" data-fact="{name}" data-status="{status}">'
        return f'{before}<data value="{html.escape(anchor.value)}">', "</data></a>"
    href = _address(link.target, base)
    if not href:
        return "", ""
    rel = f' rel="{_EXTERNAL}"' if _leads_out(href, base) else ""
    title = f' title="{html.escape(link.title)}"' if link.title else ""
    return f'<a href="{html.escape(href)}"{title}{rel}>', "</a>"


def _ticker_html(ticker: _Ticker, links: Links, base: str) -> str:
    text = html.escape(ticker.text, quote=False)
    href = _address(links.ticker(ticker.symbol) or "", base)
    if not href:
        return f"({text})"
    symbol = html.escape(ticker.symbol)
    return f'(<a class="ticker" href="{html.escape(href)}" data-symbol="{symbol}">{text}</a>)'


def _image_html(image: _Image, base: str) -> str:
    src = _address(image.src, base)
    if not src or src.startswith("mailto:"):
        return html.escape(image.alt, quote=False)
    caption = html.escape(image.title, quote=False)
    title = f' title="{html.escape(image.title)}"' if image.title and not image.alone else ""
    alt = html.escape(image.alt)
    tag = f'<img src="{html.escape(src)}" alt="{alt}"{title} loading="lazy" decoding="async">'
    if not image.alone:
        return tag
    return f"<figure>{tag}{f'<figcaption>{caption}</figcaption>' if caption else ''}</figure>"


def _address(written: str, base: str) -> str | None:
    """An address that a page may carry, percent-encoded, or None for any scheme but http, https, mailto."""
    # Browsers drop control characters inside addresses and read \ as /: neither is let through.
    if not written or "\\" in written or any(ord(char) < 0x20 or ord(char) == 0x7F for char in written):
        return None
    written = written.strip()
    scheme = _SCHEME.match(written)
    if scheme and scheme[1].lower() not in {"http", "https", "mailto"}:
        return None
    try:
        urlsplit(written)
        absolute = urljoin(base, written) if base else written
    except ValueError:  # "http://[": not an address
        return None
    return quote(absolute, safe="/:?#[]@!$&'()*+,;=%-._~")


def _leads_out(href: str, base: str) -> bool:
    if not href.lower().startswith(("http:", "https:", "//")):
        return False
    return not base or urlsplit(href).netloc.lower() != urlsplit(base).netloc.lower()


def to_text(document: Document) -> str:
    """What a reader sees: blocks apart by an empty line, table rows on a line each, images left out."""
    out: list[str] = []
    place = (-1, -1)
    for block in document.blocks:
        if block.kind in {"html", "image"}:
            continue
        text = _without_images(block).strip()
        if block.kind != "cell":
            if text:
                out.append(f"\n\n{text}")
            place = (-1, -1)
            continue
        here = (block.table, block.row)
        out.append(" | " if here == place else "\n" if block.table == place[0] else "\n\n")
        out.append(text)
        place = here
    return "".join(out).strip()


def _without_images(block: Block) -> str:
    images = [span for span in block.spans if span.kind == "image"]
    if not images:
        return block.text
    kept: list[str] = []
    here = 0
    for image in images:
        kept.append(block.text[here : image.start])
        here = image.end
    kept.append(block.text[here:])
    return " ".join("".join(kept).split())


# --- sentences ------------------------------------------------------------------------------------------


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Followed by a name or a number as a rule: never the end of a sentence.
_TITLES: Final = _words(
    "mr mrs ms mx dr gov sen sens rep reps gen lt col sgt capt cmdr adm maj cpl pvt st ste ft mt prof"
    " rev hon msgr pres supt vs v e.g i.e cf viz approx ca al fig figs vol"
)
# Followed by a figure they belong to it; else they may end the sentence ("in Dec. Stocks fell").
_BEFORE_FIGURES: Final = _words(
    "jan feb mar apr jun jul aug sep sept oct nov dec no nos art sec p pp ch q vol est circa"
)
# May end a sentence; whether they do is told by the word that follows.
_ABBREVIATIONS: Final = _words(
    "inc corp co cos ltd bros plc llc lp l.p n.v s.a a.g u.s u.k u.n e.u u.s.a d.c a.m p.m jr sr esq"
    " etc ph.d m.d b.a m.a m.b.a assn dept div est intl natl univ mfg ave blvd rd dist hwy mon tue"
    " tues wed thu thurs fri sat sun ala ariz ark calif colo conn del fla ga ill ind kan ky la md"
    " mass mich minn miss mo mont neb nev n.h n.j n.m n.y n.c n.d okla ore pa r.i s.c s.d tenn tex vt"
    " va wash w.va wis wyo jan feb aug sept oct nov dec no nos vol cl ser sec pct avg max min est"
)
_STARTERS: Final = _words(
    "a after all also although among an and another any as at because before both but by despite"
    " during each early earlier economists even every few for four from futures gains he her here his"
    " however how if in indeed inflation investors it its just last late later less like losses many"
    " meanwhile month more most much my neither new no nor not nothing now of on once one only or"
    " other others our over prices rates recent separately several shares she since small-cap"
    " small-caps small so some still stocks such ten than that the their then there these they this"
    " those three though through throughout thus to today trading traders two under unlike until up"
    " volume we weaker what when where whether which while who whose why with within without year yet"
    " yields you your"
)
_END: Final = re.compile(r"(?:[.!?…]+[\"'”’»)\]]*(?=\s|$))|[。！？]+[”’」』）]*")
_WORD_BEFORE: Final = re.compile(r"[^\s(\[“”\"‘«—–/]*$")
_WORD_AFTER: Final = re.compile(r"\s*[\"'“‘«(\[]*([^\s,;:.!?)\]”’\"]*)")
_INITIAL: Final = re.compile(r"[^\W\d_]\.?", re.UNICODE)


def sentences(block: Block, names: Collection[str] = ()) -> tuple[Sentence, ...]:
    """The sentences of a block in order; none for code and raw HTML. A link is never cut in two.

    Nor is one of the `names`, of companies that have a full stop or the like in theirs: "Yum! Brands".
    """
    if block.kind in {"code", "html"}:
        return ()
    text = block.text
    cuts = [0]
    nexts = iter(block.spans)
    span = next(nexts, None)
    for found in _END.finditer(text):
        while span is not None and span.end <= found.start():
            span = next(nexts, None)
        end = found.end()
        if span is not None and span.start < end < span.end:
            continue
        if _ends_here(text, found) and not _within_name(text, found, names):
            cuts.append(end)
    cuts.append(len(text))
    return tuple(_cut(block, cuts))


def _cut(block: Block, cuts: list[int]) -> Iterator[Sentence]:
    spans = block.spans
    first = 0
    for low, high in pairwise(cuts):
        piece = block.text[low:high]
        text = piece.strip()
        if not text:
            continue
        start = low + piece.index(text[0])
        end = start + len(text)
        while first < len(spans) and spans[first].end <= start and spans[first].start < start:
            first += 1
        last = first
        while last < len(spans) and spans[last].start < end:
            last += 1
        inside = tuple(
            replace(span, start=max(span.start - start, 0), end=min(span.end, end) - start)
            for span in spans[first:last]
            if span.end >= start
        )
        first = last
        yield Sentence(text, start, end, block.line + bisect_left(block.breaks, start), inside)


def _within_name(text: str, found: re.Match[str], names: Collection[str]) -> bool:
    """Whether the mark at `found` is a letter of a name and not the end of a sentence."""
    marked = text[: found.end()].rstrip()
    for name in names:
        for place in (place for place, letter in enumerate(name) if letter in ".!?"):
            if marked.endswith(name[: place + 1]):
                rest = text[len(marked) :]
                if rest.startswith(name[place + 1 :]) and (name[place + 1 :] or rest.lstrip()[:1] == "("):
                    return True
    return False


def _ends_here(text: str, found: re.Match[str]) -> bool:
    behind = text[found.end() : found.end() + 80]
    if not behind.strip():
        return True
    after = _WORD_AFTER.match(behind)
    word = after[1] if after else ""
    if found[0][0] in "。！？":
        return True
    if word[:1].islower() and not word[1:2].isupper():  # "iShares" starts one
        return False
    if found[0][0] != "." or found[0][:2] == "..":
        return True
    before = _WORD_BEFORE.search(text[max(0, found.start() - 40) : found.start()])
    last = before[0].lstrip("'’") if before else ""
    folded = last.lower()
    if folded in _TITLES:
        return False
    figure = word[:1].isdigit()
    if folded in _BEFORE_FIGURES and figure:
        return False
    initial = _INITIAL.fullmatch(last) is not None and last != "I"
    dotted = "." in last and re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]", last) is not None
    if folded in _ABBREVIATIONS or initial or dotted:
        if found[0][1:2] in {")", "]", "”", '"'} and not initial:
            return word.lower() in _STARTERS
        return word.lower() in _STARTERS and not (initial and word.lower() == "a")
    return True
