"""Search: the port, its query language and the engines behind it.

`open_index` gives readers an index, `open_writer` gives the keeper the one writer; neither names an engine's class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadtape.search.port import (
    ENGINES,
    FACETS,
    Document,
    EngineMissing,
    EngineName,
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
    from broadtape.search.generations import Engine

__all__ = [
    "ENGINES",
    "FACETS",
    "Document",
    "EngineMissing",
    "EngineName",
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
    """The reader of the index in a folder, whichever engine made it; while none is there it finds nothing, and
    looks again."""
    from broadtape.search.generations import FolderIndex  # noqa: PLC0415  commands without search stay quick

    return FolderIndex(folder, {"whoosh": _whoosh, "tantivy": _tantivy})


def open_writer(folder: Path, engine: EngineName = "whoosh") -> SearchWriter:
    """The writer of the index in a folder; EngineMissing where the engine is not installed."""
    if engine == "tantivy":
        try:
            from broadtape.search.tantivy_writer import TantivyWriter  # noqa: PLC0415  see above
        except ImportError as error:
            raise EngineMissing(
                "the search engine tantivy is not installed; pip install 'broadtape[tantivy]',"
                ' or set engine = "whoosh" in [search]'
            ) from error
        return TantivyWriter(folder)
    from broadtape.search.whoosh_writer import WhooshWriter  # noqa: PLC0415  see above

    return WhooshWriter(folder)


def _whoosh() -> Engine:
    from broadtape.search.whoosh_engine import WhooshEngine  # noqa: PLC0415  only where such an index is

    return WhooshEngine()


def _tantivy() -> Engine | None:
    try:
        from broadtape.search.tantivy_engine import TantivyEngine  # noqa: PLC0415  an extra, and as above
    except ImportError:
        return None
    return TantivyEngine()


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
