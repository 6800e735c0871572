"""Search: the port, its query language and the engines behind it.

`open_index` gives readers an index, `open_writer` gives the keeper the one writer; neither names an engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadtape.search.port import (
    FACETS,
    Document,
    FacetCount,
    Hit,
    IndexInDoubt,
    Query,
    Results,
    SearchBusy,
    SearchIndex,
    SearchWriter,
    Sort,
)

if TYPE_CHECKING:
    from pathlib import Path

    from broadtape.model import Article

__all__ = [
    "FACETS",
    "Document",
    "FacetCount",
    "Hit",
    "IndexInDoubt",
    "Query",
    "Results",
    "SearchBusy",
    "SearchIndex",
    "SearchWriter",
    "Sort",
    "document_of",
    "open_index",
    "open_writer",
]


def open_index(folder: Path) -> SearchIndex:
    """The reader of the index in a folder; while none is there it finds nothing, and looks again."""
    from broadtape.search.whoosh_engine import WhooshIndex  # noqa: PLC0415  commands without search stay quick

    return WhooshIndex(folder)


def open_writer(folder: Path) -> SearchWriter:
    """The writer of the index in a folder."""
    from broadtape.search.whoosh_writer import WhooshWriter  # noqa: PLC0415  see above

    return WhooshWriter(folder)


def document_of(article: Article, address: str, text: str) -> Document:
    """The document of an article that stands at `address` and whose visible text is `text`."""
    return Document(
        slug=article.slug,
        url=address,
        title=article.title,
        text=text,
        date=article.date,
        topics=article.topics,
        symbols=article.symbols,
        authors=article.authors,
        sites=article.sites,
        summary=article.summary,
    )
