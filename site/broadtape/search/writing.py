"""The one writer of an index folder: commits that are whole or not there, and rebuilds beside the old index.

Answers no query and knows no engine's files: an engine fills a folder or changes one, this says when that counts.
No engine of ours can promise that what it wrote is on disk, so every commit ends with our mark, and a reader or
writer that finds mark and index at odds knows that the last commit was cut off.
"""

from __future__ import annotations

import fcntl
import gc
import secrets
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from broadtape.search import mark
from broadtape.search.port import Document, IndexInDoubt, SearchBusy

WAIT_S: Final = 10.0
LOCK: Final = "writer.lock"
_REMEDY: Final = "run broadtape index --rebuild"


class FolderWriter(ABC):
    """Writes the index in a folder; safe to make anew for every publish."""

    engine: str
    mutable: frozenset[str] = frozenset()  # files that commits replace: `commit_of` vouches for them

    def __init__(self, folder: Path, *, wait_s: float = WAIT_S) -> None:
        self.folder = Path(folder)
        self._wait_s = wait_s

    # --- what an engine does ------------------------------------------------------------------------------

    @property
    @abstractmethod
    def schema(self) -> int:
        """The version of what is written; an index of another is rebuilt."""

    @abstractmethod
    def commit_of(self, home: Path) -> int:
        """The engine's own number of the last commit in a folder; OSError or ValueError where none can be read."""

    @abstractmethod
    def fill(self, home: Path, documents: Iterable[Document], progress: Callable[[int], None]) -> int:
        """A new index in an empty folder; returns how many documents it holds."""

    @abstractmethod
    def change(self, home: Path, documents: dict[str, Document], removed: set[str]) -> int:
        """One commit: what has these urls goes, the documents come; returns how many went."""

    def tidy(self, home: Path) -> bool:  # noqa: ARG002  for engines that do not see to it themselves
        """Put small parts together where there are many; whether there was a commit."""
        return False

    # --- what all do --------------------------------------------------------------------------------------

    def state(self) -> Literal["sound", "missing", "outdated", "damaged"]:
        """Whether the index may be added to. The first look of a process, and one an hour, reads every file through."""
        found = mark.read(self.folder)
        if found is None:
            return "damaged" if (self.folder / mark.NAME).exists() else "missing"
        wanted = (self.engine, self.schema)
        if (found.engine, found.schema) != wanted or (self.folder / mark.CONDEMNED).exists():
            return "outdated"
        if not mark.files_stand(self.folder, found):
            return "damaged"
        try:
            commit = self.commit_of(self.folder / found.folder)
        except (OSError, ValueError):
            return "damaged"
        if commit != found.commit:
            return "damaged"
        return "sound"

    def update(self, changed: Iterable[Document], removed: Iterable[str] = ()) -> int:
        """Delete and add in one commit; returns the new generation. IndexInDoubt when the index is not sound."""
        with self._lock():
            state = self.state()
            before = mark.read(self.folder)
            if state != "sound" or before is None:
                raise IndexInDoubt(f"the search index is {state} ({self.folder}); {_REMEDY}")
            documents = {document.url: document for document in changed}
            home = self.folder / before.folder
            gone = self.change(home, documents, {*documents, *removed})
            count = before.documents - gone + len(documents)
            made = self._finish(home, before.generation + 1, count, before.files)
            # What was added is found from here on; the next to write waits, no reader does.
            if self.tidy(home):
                known = mark.read(self.folder)
                made = self._finish(home, made + 1, count, known.files if known else {})
            return made

    def rebuild(self, documents: Iterable[Document], progress: Callable[[int], None] = lambda _: None) -> int:
        """A new index in a folder of its own; the old one answers until the mark names the new one."""
        with self._lock():
            before = mark.read(self.folder)
            generation = before.generation + 1 if before else max(self._generations(), default=0) + 1
            home = self.folder / f"g{generation:08d}-{secrets.token_hex(3)}"
            home.mkdir(parents=True)
            try:
                with _few_collections():
                    made = self._finish(home, generation, self.fill(home, documents, progress), {})
            except BaseException:
                shutil.rmtree(home, ignore_errors=True)
                raise
            (self.folder / mark.CONDEMNED).unlink(missing_ok=True)
            # The one before stays for readers that are just opening it.
            kept = {home.name, before.folder if before else ""}
            for other in self.folder.glob("g*-*"):
                if other.name not in kept:
                    shutil.rmtree(other, ignore_errors=True)
            return made

    def condemn(self) -> None:
        """Ask for a rebuild; readers notice nothing of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / mark.CONDEMNED).touch()

    def _finish(self, home: Path, generation: int, count: int, known: dict[str, tuple[int, int]]) -> int:
        found = mark.Mark(
            engine=self.engine,
            schema=self.schema,
            generation=generation,
            folder=home.name,
            commit=self.commit_of(home),
            documents=count,
            files=mark.describe(home, known, self.mutable),
        )
        mark.write(self.folder, found, known)
        mark.written(self.folder, found)
        return generation

    def _generations(self) -> list[int]:
        return [int(path.name[1:9]) for path in self.folder.glob("g????????-*") if path.name[1:9].isdigit()]

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Be the one writer; the lock is the operating system's and ends with the process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + self._wait_s
        with (self.folder / LOCK).open("w", encoding="ascii") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise SearchBusy(
                            f"another process is writing to the search index ({self.folder});"
                            " try again when it has finished"
                        ) from None
                    time.sleep(0.05)
            yield


@contextmanager
def _few_collections() -> Iterator[None]:
    """Millions of postings are held while an index is filled, and no cycle is among them: looking for cycles as often
    as usual takes a sixth of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(max(usual[0], 50_000), max(usual[1], 50), max(usual[2], 50))
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def unique(documents: Iterable[Document], progress: Callable[[int], None]) -> Iterator[Document]:
    """The documents, of those with one address the first (the archive says so), telling how many were seen."""
    seen: set[str] = set()
    for number, document in enumerate(documents, 1):
        if document.url not in seen:
            seen.add(document.url)
            yield document
        progress(number)
