"""Owns a page of another publisher, read: its bytes become an Extracted (docs/contracts/import.md).

Fetches nothing (broadtape.extraction.loading does), keeps nothing, and says nothing of whether its claims hold.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from broadtape.extraction import dates, plain, webpage
from broadtape.extraction.parts import (
    Dating,
    Extracted,
    NotAnArticle,
    Page,
    Passage,
    QuoteRow,
    Section,
    Table,
    Ticker,
    Unreadable,
    Vote,
)
from broadtape.extraction.tabular import quotes_of
from broadtape.extraction.words import clean, decode, prose_words, tickers_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from broadtape.extraction.parts import Form

__all__ = [
    "Dating", "Extracted", "NotAnArticle", "Page", "Passage", "QuoteRow", "Section", "Table", "Ticker", "Unreadable",
    "Vote", "extract", "form_of",
]  # fmt: skip

MOST_BYTES: Final = 8 * 2**20
FEWEST_WORDS: Final = 25
MOST_LINKS: Final = 0.6  # of an article's words that stand in links alone
_HTML: Final = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|article|main|div|p|h1|section|meta|title)\b",
    re.IGNORECASE | re.DOTALL,
)
_BINARY: Final = (
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"RIFF",
    b"\x7fELF",
)
_TEXTUAL: Final = ("text/html", "application/xhtml+xml", "text/plain", "text/markdown", "text/x-markdown", "")


def extract(page: Page, *, now: datetime, feed: Mapping[str, datetime] | None = None) -> Extracted:
    """What the page says: headline, dates, passages, tables, quotes, tickers. Pure.

    `feed`: when feeds said that addresses were published. Unreadable for what is no text, NotAnArticle for a page
    without an article.
    """
    form = form_of(page)
    text, notice = decode(page.body, page.charset)
    notices = [notice] if notice else []
    if form == "html":
        return _from_html(page, text, notices, now, feed or {})
    return _from_plain(page, text, form, notices, now, feed or {})


def form_of(page: Page) -> Form:
    """What kind of text the bytes are; Unreadable where they are none, with what to do."""
    body = page.body
    if not body.strip():
        raise Unreadable(f"{page.name}: empty; give the address of an article or a saved page")
    if len(body) > MOST_BYTES:
        raise Unreadable(
            f"{page.name}: more than {MOST_BYTES // 2**20} MB; save the article's part of it as a file"
        )
    if page.media_type not in _TEXTUAL and not page.media_type.startswith("text/"):
        raise Unreadable(
            f"{page.name}: {page.media_type} instead of a page; only HTML, text and Markdown are read"
        )
    wide = body.startswith((b"\xff\xfe", b"\xfe\xff"))
    if body.startswith(_BINARY) or (b"\x00" in body[:4096] and not wide):
        raise Unreadable(f"{page.name}: no text but binary data; only HTML, text and Markdown are read")
    head = decode(body[:4096])[0].encode() if wide else body[:4096]
    if _HTML.match(head.removeprefix(b"\xef\xbb\xbf")) or page.media_type in (
        "text/html",
        "application/xhtml+xml",
    ):
        return "html"
    if page.media_type in ("text/markdown", "text/x-markdown") or page.name.lower().endswith(
        (".md", ".markdown")
    ):
        return "markdown"
    if body.removeprefix(b"\xef\xbb\xbf").startswith(b"---") and re.search(
        rb"^title\s*:", head, re.MULTILINE
    ):
        return "markdown"
    return "text"


def _from_html(
    page: Page, text: str, notices: list[str], now: datetime, feed: Mapping[str, datetime]
) -> Extracted:
    read = webpage.read_html(text, page.address)
    body = read.body
    words = prose_words(body.passages)
    if read.challenge and words < 120 and not read.is_article:
        raise NotAnArticle(
            f"{page.name}: a page that keeps programs out instead of an article; save the page as a file"
        )
    if read.links > MOST_LINKS and not read.is_article:
        raise NotAnArticle(f"{page.name}: a list of links and no article; give the address of one article")
    _require(page, words, is_article=read.is_article and words > 0, address=page.address or read.canonical)
    notices += body.notices
    as_of = dates.as_of(body.text)
    address = read.canonical or page.address
    told = [
        dates.Said("feed", feed[one].isoformat(), 4)
        for one in dict.fromkeys((address, page.address))
        if one in feed
    ]
    published, more = dates.decide([*told, *read.published], now=now, as_of=as_of)
    updated, others = dates.decide(read.updated, now=now, what="date of the update")
    notices += [*more, *others, *_dating_notices(published)]
    if page.address and read.canonical and webpage.host_of(page.address) != webpage.host_of(read.canonical):
        notices.append(f"it gives itself as a copy of a page of {webpage.host_of(read.canonical)}")
    if read.locked:
        notices.append(
            "the page says that the whole article is for subscribers; what is read here may be a part"
        )
    lines = read.lines
    assert lines is not None
    return Extracted(
        form="html",
        headline=read.headline or _headline_of(body.text),
        text=body.text,
        passages=tuple(body.passages),
        standfirst=read.standfirst,
        publisher=read.publisher,
        authors=read.authors,
        language=read.language,
        published=published,
        updated=updated,
        as_of=as_of,
        canonical=read.canonical,
        tables=tuple(read.tables),
        quotes=quotes_of(read.tables, read.flowing, lines.anywhere),
        tickers=tuple(tickers_of(body.passages)),
        access="partial" if read.locked else "full",
        notices=tuple(dict.fromkeys(notices)),
    )


def _from_plain(
    page: Page, text: str, form: Form, notices: list[str], now: datetime, feed: Mapping[str, datetime]
) -> Extracted:
    head: dict[str, str] = {}
    if form == "markdown":
        headline, body, authors, said, tables, head = plain.read_markdown(text)
    else:
        headline, body, authors, said, tables, _ = plain.read_text(text)
    _require(page, prose_words(body.passages), is_article=False, address="")
    as_of = dates.as_of(body.text)
    first = next((one.text for one in body.passages if one.kind == "paragraph"), "")
    if line := dates.dateline(first):
        said.append(dates.Said("text", line, 1))
    canonical = next(
        (head[name] for name in ("canonical", "source.url", "url") if _is_web(head.get(name, ""))), ""
    )
    address = canonical or page.address
    if address in feed:
        said.insert(0, dates.Said("feed", feed[address].isoformat(), 4))
    if found := dates.in_address(address):
        said.append(dates.Said("url", found[0].isoformat(), 2))
    published, more = dates.decide(said, now=now, as_of=as_of)
    notices += [*body.notices, *more, *_dating_notices(published)]
    rows = text.splitlines()

    def line_of(symbol: str) -> int:
        return next(
            (number for number, row in enumerate(rows, 1) if re.match(rf"\W*{re.escape(symbol)}\b", row)), 0
        )

    return Extracted(
        form=form,
        headline=headline or _headline_of(body.text),
        text=body.text,
        passages=tuple(body.passages),
        standfirst=head.get("summary", "") or head.get("description", ""),
        publisher=head.get("source.name", "") or head.get("publisher", ""),
        authors=tuple(authors),
        published=published,
        as_of=as_of,
        canonical=canonical,
        tables=tuple(tables),
        quotes=quotes_of(tables, webpage.clean_lines(text), line_of),
        tickers=tuple(tickers_of(body.passages)),
        notices=tuple(dict.fromkeys(notices)),
    )


def _require(page: Page, words: int, *, is_article: bool, address: str) -> None:
    if words >= FEWEST_WORDS or is_article:
        if not _is_front(address) or is_article:
            return
        raise NotAnArticle(f"{page.name}: the front page of a site; give the address of one article")
    raise NotAnArticle(
        f"{page.name}: no article found: {words} words of prose; "
        "give the address of one article, or save its page as a file"
    )


def _is_front(address: str) -> bool:
    return bool(re.fullmatch(r"https?://[^/?#]+/?", address))


def _is_web(address: str) -> bool:
    return bool(re.fullmatch(r"https?://[^\s/]+\S*", address)) and len(address) <= 2000


def _headline_of(text: str) -> str:
    """A headline for a page without one: its first sentence, shortened."""
    first = clean(re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0])
    return first if len(first) <= 120 else f"{first[:119].rsplit(' ', 1)[0]}…"


def _dating_notices(published: Dating) -> list[str]:
    if published.value is None:
        return ["the page gives no date"]
    return [f"its dates disagree: {published.conflict}"] if published.conflict else []
