"""What search is told of a publish: the articles that readers see now, and those they do not see any more.

Owns when the index is added to and when it is rebuilt. The index itself is search's.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from broadtape.publishing import standstill
from broadtape.search import Document, IndexInDoubt, SearchBusy, document_of, mark, open_writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from broadtape.archive.cataloguing import CatalogueWriter
    from broadtape.archive.records import Searchable
    from broadtape.config import Instance


MUCH: Final = 1_000  # articles; an index of so many is made by a process of its own


def much(instance: Instance, writer: CatalogueWriter) -> bool:
    """Whether the index has to be made anew, and of how many that is."""
    return writer.files() >= MUCH and mark.whole(instance.index, instance.search.engine) is None


def update(
    instance: Instance,
    writer: CatalogueWriter,
    now: datetime,
    progress: Callable[[str, int, int], None],
    *,
    rebuild: bool = False,
) -> bool:
    """Bring the index in line with the catalogue; False where another process is writing to it: try again."""
    index = open_writer(instance.index, instance.search.engine)
    try:
        if rebuild or index.state() != "sound":
            everything = writer.to_search(now, everything=True)
            _rebuild(index.rebuild, everything, progress)
            with writer.note():
                writer.searched(everything, (), everything=True)
                _note(instance, writer, now)
            return True
        changed, removed = writer.to_search(now), writer.not_to_search(now)
        if not changed and not removed:
            with writer.note():
                writer.searched((), ())
                _note(instance, writer, now)
            return True
        gone = set(removed.values()) | {one.former for one in changed if one.former not in ("", one.address)}
        gone -= {one.address for one in changed}
        progress("index", 0, len(changed))
        try:
            index.update([_document(one) for one in changed], gone)
        except IndexInDoubt:
            return update(instance, writer, now, progress, rebuild=True)
        progress("index", len(changed), len(changed))
        with writer.note():
            writer.searched(changed, removed)
            _note(instance, writer, now)
    except SearchBusy:
        return False
    return True


def _note(instance: Instance, writer: CatalogueWriter, now: datetime) -> None:
    """Write down that the index has it all, so that the next publish need not ask the engine."""
    found = mark.read(instance.index)
    if found is not None:
        due = min(
            (at for site in instance.sites if (at := writer.next_at(site, now)) is not None), default=None
        )
        writer.set_meta(standstill.TOLD, standstill.told(writer.generation, found, due))


def _rebuild(
    rebuild: Callable[[Iterable[Document], Callable[[int], None]], int],
    everything: list[Searchable],
    progress: Callable[[str, int, int], None],
) -> None:
    total = len(everything)
    progress("index", 0, total)
    rebuild([_document(one) for one in everything], lambda done: progress("index", done, total))


def _document(one: Searchable) -> Document:
    return document_of(one.article, one.address, one.text)


def main(arguments: list[str]) -> int:
    """A process that brings an index up to date: `python -m broadtape.publishing.searchable ROOT`."""
    from broadtape import config  # noqa: PLC0415  only as a process
    from broadtape.archive.cataloguing import CatalogueWriter  # noqa: PLC0415
    from broadtape.heartbeat import utc_now  # noqa: PLC0415

    os.nice(5)  # publishing and answering come first
    instance = config.load(Path(arguments[0]))
    with CatalogueWriter(instance.catalogue, wait_s=600) as writer:
        return 0 if update(instance, writer, utc_now(), lambda _step, _done, _total: None) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
