"""The reader of an index folder: follows the mark from generation to generation and keeps the one that answers.

Knows no engine's files: what is in a generation's folder, the engine that the mark names opens.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from broadtape.search import language, mark, words
from broadtape.search.port import FACETS, FacetCount, Query, Results

if TYPE_CHECKING:
    from broadtape.search.mark import Mark

NO_INDEX: Final = "There is no search index yet."
IN_REPAIR: Final = "The search index is being repaired; please try again soon."


_COUNTED: Final = 256  # results whose facets are kept

Facets = Mapping[str, tuple[FacetCount, ...]]
_Narrowing = tuple[str, str, str, str, str, int, date | None, date | None]


class Damaged(Exception):
    """What an engine raises when a file of its generation is damaged or has vanished."""


class Opened(Protocol):
    """One generation, opened by its engine."""

    @property
    def mark(self) -> Mark:
        """The mark that named it."""

    def search(self, query: Query, parsed: language.Parsed) -> Results:
        """The results; Damaged where a file cannot be read."""

    def completions(self, start: str, limit: int) -> list[str]:
        """Words that begin so, the most frequent first; Damaged as above."""

    def close(self) -> None:
        """Let go of the files."""


class Engine(Protocol):
    """How one engine's generations are opened."""

    @property
    def schema(self) -> int:
        """The version it writes; it reads older ones where it can."""

    def open(self, home: Path, found: Mark, before: Opened | None) -> Opened:
        """The generation in a folder; `before` is the one open now, whose parts may serve again. Raises Damaged."""


class FolderIndex:
    """Answers queries from the newest complete generation; keeps the one it has when a newer cannot be opened.

    The mark says which engine made it, so that after a change of engine the old index answers until there is a
    new one. One of an older schema answers as far as it can be read; its rebuilding is the keeper's business.
    """

    def __init__(self, folder: Path, engines: Mapping[str, Callable[[], Engine | None]]) -> None:
        self.folder = Path(folder)
        self._engines = engines
        self._lock = threading.RLock()
        self._stamp: tuple[int, int] | None = None
        self._open: Opened | None = None
        self._facets: dict[_Narrowing, Facets] = {}  # of this generation: pages of one result have the same

    @property
    def generation(self) -> int:
        """The generation that answers now."""
        with self._lock:
            now = self._now()
            return now.mark.generation if now else 0

    @property
    def documents(self) -> int:
        """How many documents can be found."""
        with self._lock:
            now = self._now()
            return now.mark.documents if now else 0

    def search(self, query: Query) -> Results:
        """The results of a query; nothing in it raises."""
        parsed = language.parse(query.text)
        note = NO_INDEX
        counted = _narrowing(query) if query.facets else None
        with self._lock:
            # Files may go with a commit before they were opened: then the newer ones are there.
            for _ in range(2):
                now = self._now()
                if now is None:
                    break
                facets = self._facets.get(counted) if counted else None
                try:
                    found = now.search(replace(query, facets=False) if facets is not None else query, parsed)
                except Damaged:
                    note = IN_REPAIR
                    self.close()
                    continue
                if facets is not None:
                    return replace(found, facets=facets)
                if counted:
                    self._facets[counted] = found.facets
                    if len(self._facets) > _COUNTED:
                        del self._facets[next(iter(self._facets))]
                return found
        return Results(query.text, 0, (), dict.fromkeys(FACETS, ()), notes=(*parsed.notes, note))

    def suggest(self, text: str, *, limit: int = 8) -> tuple[str, ...]:
        """Completions of the last word, the most frequent first."""
        text = text[: language.MAX_LENGTH]
        start = len(text)
        while start and not text[start - 1].isspace() and text[start - 1] not in '("“-+':
            start -= 1
        begun = [*words.terms(text[start:])]
        if len(begun) != 1 or len(begun[0].surface) < language.MIN_PREFIX:
            return ()
        with self._lock:
            now = self._now()
            try:
                found = now.completions(begun[0].surface, limit) if now else []
            except Damaged:
                found = []
        return tuple(text[:start] + word for word in found)

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            if self._open is not None:
                self._open.close()
            self._open = self._stamp = None
            self._facets.clear()

    def __del__(self) -> None:
        """A reader that nobody holds any more gives its files back."""
        if getattr(self, "_open", None) is not None:
            self.close()

    def _now(self) -> Opened | None:
        """The generation to answer from: a look at the mark's file tells whether there is a newer one."""
        try:
            found = (self.folder / mark.NAME).stat()
            stamp = (found.st_mtime_ns, found.st_ino)
        except OSError:
            return self._open
        if stamp != self._stamp:
            self._take_up(stamp)
        return self._open

    def _take_up(self, stamp: tuple[int, int]) -> None:
        newest = mark.read(self.folder)
        if newest is None:
            return
        if self._open is not None and newest == self._open.mark:
            self._stamp = stamp
            return
        load = self._engines.get(newest.engine)
        engine = load() if load is not None else None
        if engine is None or newest.schema > engine.schema or newest.contradicted(self.folder):
            return  # not for us, or damaged: the one we have goes on
        before = self._open if self._open is not None and self._open.mark.engine == newest.engine else None
        try:
            opened = engine.open(self.folder / newest.folder, newest, before)
        except Damaged:
            return  # replaced since we looked, or damaged
        # The former generation's files are let go with its last reference; no request holds one beyond its lock.
        if self._open is not None:
            self._open.close()
        self._open, self._stamp = opened, stamp
        self._facets.clear()


def _narrowing(query: Query) -> _Narrowing:
    """What a result is made of, whatever its order and page."""
    return (
        query.text, query.site, query.topic, query.symbol, query.author, query.year, query.since, query.until,
    )  # fmt: skip
