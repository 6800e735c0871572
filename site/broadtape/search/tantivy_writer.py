"""What a tantivy index is written with: tantivy's own writer over our schema.

Answers no query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import tantivy

from broadtape.search import tantivy_schema
from broadtape.search.port import Document
from broadtape.search.writing import FolderWriter, unique

ENGINE: Final = "tantivy"
META: Final = "meta.json"  # tantivy's list of segments, replaced by each commit
_HEAP: Final = 128_000_000
_HEAP_SMALL: Final = 16_000_000


class _Meta(msgspec.Struct, frozen=True):
    opstamp: int


class TantivyWriter(FolderWriter):
    """Writes with tantivy."""

    engine = ENGINE
    mutable = frozenset({META})

    @property
    def schema(self) -> int:
        """The version of our fields."""
        return tantivy_schema.SCHEMA

    def commit_of(self, home: Path) -> int:
        """tantivy's stamp of the last operation that was committed."""
        try:
            return msgspec.json.decode((home / META).read_bytes(), type=_Meta).opstamp
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from error

    def fill(self, home: Path, documents: Iterable[Document], progress: Callable[[int], None]) -> int:
        """All documents; one thread, since making the words of a document takes longer than indexing them."""
        writer = tantivy.Index(tantivy_schema.schema(), path=str(home)).writer(_HEAP, 1)
        count = 0
        try:
            for document in unique(documents, progress):
                writer.add_document(tantivy_schema.document(document))
                count += 1
        except BaseException:
            writer.rollback()
            raise
        writer.commit()
        writer.wait_merging_threads()  # what they leave is what the mark describes
        return count

    def change(self, home: Path, documents: dict[str, Document], removed: set[str]) -> int:
        """One commit with tantivy's own policy of merging."""
        opened = tantivy.Index.open(str(home))
        opened.config_reader("manual")
        opened.reload()
        searcher: Any = opened.searcher()  # tantivy's stubs leave out what a count is
        writer = opened.writer(_HEAP_SMALL, 1)
        gone = 0
        try:
            for url in sorted(removed):
                held = tantivy.Query.term_query(opened.schema, "url", url, "basic")
                if count := searcher.search(held, 1).count:
                    gone += count
                    writer.delete_documents_by_term("url", url)
            for document in documents.values():
                writer.add_document(tantivy_schema.document(document))
        except BaseException:
            writer.rollback()
            raise
        writer.commit()
        writer.wait_merging_threads()
        return gone
