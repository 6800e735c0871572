"""Recording: the catalogue, the tape and the press as pages are printed from, noting what each page reads.

Owns which keys of broadtape.archive.changes a read is. Prints nothing, and decides nothing about what is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from broadtape import urls
from broadtape.archive import changes
from broadtape.archive.catalogue import Catalogue
from broadtape.archive.local import Local
from broadtape.archive.records import Entry, Ledger
from broadtape.archive.tape import Tape
from broadtape.heartbeat import utc_now
from broadtape.web.press import Press

if TYPE_CHECKING:
    from broadtape.config import Site
    from broadtape.web.contexts import Block, Chrome

T = TypeVar("T")

TAPE: Final = "tape"


class Recorder(Catalogue):
    """A catalogue that notes what is read from it, as keys of broadtape.archive.changes."""

    def __init__(self, path: Path, *, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(path, now=now)
        self.keys: set[str] = set()
        self.deaf = 0  # while above zero nothing is noted

    def note(self, *keys: str) -> None:
        """Note that these are read."""
        if not self.deaf:
            self.keys.update(keys)

    def _list(self, site: str, topic: str, author: str, symbol: str, month: str) -> None:
        given = (("topic", topic), ("author", author), ("symbol", symbol), ("month", month))
        keys = [
            changes.listing(site, kind, name.strip().upper() if kind == "symbol" else urls.key(name))
            for kind, name in given
            if name
        ]
        self.note(*(keys or [changes.listing(site, "", "")]))

    def _shown(self, entries: Iterable[Entry | None]) -> None:
        self.note(*(changes.article(one.address) for one in entries if one is not None))

    def latest(
        self, site: str, *, limit: int = 20, offset: int = 0, topic: str = "", author: str = "",
        symbol: str = "", month: str = "",
    ) -> list[Entry]:  # fmt: skip
        """Depends on the list and on every article shown."""
        self._list(site, topic, author, symbol, month)
        found = super().latest(
            site, limit=limit, offset=offset, topic=topic, author=author, symbol=symbol, month=month
        )
        self._shown(found)
        return found

    def count(
        self, site: str, *, topic: str = "", author: str = "", symbol: str = "", month: str = ""
    ) -> int:
        """Depends on the list."""
        self._list(site, topic, author, symbol, month)
        return super().count(site, topic=topic, author=author, symbol=symbol, month=month)

    def entry(self, site: str, address: str) -> Entry | None:
        """Depends on the article."""
        self.note(changes.article(address))
        return super().entry(site, address)

    def entry_by_id(self, site: str, article_id: str) -> Entry | None:
        """Depends on the article."""
        self.note(changes.facts(article_id))
        return super().entry_by_id(site, article_id)

    def facts(self, article_id: str) -> dict[str, Any]:
        """Depends on the article's facts."""
        self.note(changes.facts(article_id))
        return super().facts(article_id)

    def gone(self, site: str, address: str) -> Any:
        """Depends on what stands there."""
        self.note(changes.article(address))
        return super().gone(site, address)

    def moved(self, site: str, address: str) -> str | None:
        """Depends on the former address, and on where it leads."""
        found = super().moved(site, address)
        self.note(changes.alias(address), *((changes.article(found),) if found else ()))
        return found

    def topics(self, site: str) -> list[tuple[str, int]]:
        """Depends on the topics' names and counts."""
        self.note(changes.names(site, "topic"))
        return super().topics(site)

    def authors(self, site: str) -> list[tuple[str, int]]:
        """Depends on the authors' names and counts."""
        self.note(changes.names(site, "author"))
        return super().authors(site)

    def symbols(self, site: str) -> list[tuple[str, int]]:
        """Depends on the symbols' names and counts."""
        self.note(changes.names(site, "symbol"))
        return super().symbols(site)

    def months(self, site: str) -> list[tuple[str, int]]:
        """Depends on the months and their counts."""
        self.note(changes.names(site, "month"))
        return super().months(site)

    def addresses(self, site: str) -> list[tuple[str, datetime]]:
        """Depends on every address and its date."""
        self.note(changes.addresses(site), changes.listing(site, "", ""))
        return super().addresses(site)

    def neighbours(self, site: str, entry: Entry) -> tuple[Entry | None, Entry | None]:
        """Depends on which they are, and on what they show."""
        self.note(changes.neighbours(entry.address))
        found = super().neighbours(site, entry)
        self._shown(found)
        return found

    def related(self, site: str, entry: Entry, limit: int = 4) -> list[Entry]:
        """Depends on what is shown, and softly on everything with the same topics and symbols."""
        self.note(*(changes.related(site, "topic", urls.key(name)) for name in entry.article.topics))
        self.note(*(changes.related(site, "symbol", name.upper()) for name in entry.article.symbols))
        found = super().related(site, entry, limit)
        self._shown(found)
        return found

    def quotes(self, site: str, as_of: date | None) -> Any:
        """Depends on that session's board, or on the newest."""
        self.note(changes.board(site, as_of.isoformat() if as_of else ""))
        return super().quotes(site, as_of)

    def former(self, site: str) -> list[str]:
        """Depends on whatever moved or went."""
        self.note(changes.EVERYTHING)
        return super().former(site)

    def ledger(self, site: str) -> Ledger:
        """Depends on every story of the site."""
        self._list(site, "", "", "", "")
        return super().ledger(site)

    def near(self, site: str) -> tuple[str, ...]:
        """Changes with the market's data."""
        self.note(changes.STAMP)
        return super().near(site)

    def local(self, site: str) -> Local:
        """Changes with what is true around the site."""
        self.note(changes.local(site))
        return super().local(site)

    def page(self, site: str, name: str) -> Any:
        """Depends on the standing page."""
        self.note(changes.standing(site, name))
        return super().page(site, name)

    def pages(self, site: str) -> list[str]:
        """Depends on which there are."""
        self.note(changes.standing(site, ""))
        return super().pages(site)

    def instrument(self, symbol: str) -> Any:
        """Depends on the instrument, and on how many articles name it."""
        self.note(changes.instrument(symbol), changes.naming(symbol))
        return super().instrument(symbol)

    def instruments(self) -> list[str]:
        """Depends on which there are."""
        self.note(changes.INSTRUMENTS)
        return super().instruments()

    def definition(self, name: str) -> Any:
        """Depends on the definitions."""
        self.note(changes.DEFINITIONS)
        return super().definition(name)

    def definitions(self) -> list[Any]:
        """Depends on the definitions."""
        self.note(changes.DEFINITIONS)
        return super().definitions()

    def stamp(self) -> Any:
        """Depends on how fresh the data are."""
        self.note(changes.STAMP)
        return super().stamp()


_KNOWN = {"close", "generation", "next_change", "path", "snapshot"}


def _whatever(name: str) -> Callable[..., Any]:
    def read(self: Recorder, *given: Any, **named: Any) -> Any:
        self.note(changes.EVERYTHING)
        return getattr(super(Recorder, self), name)(*given, **named)

    return read


# What is read by a way that is not spelt out above may depend on anything: printed too often, never too late.
for _name in dir(Catalogue):
    if not _name.startswith("_") and _name not in _KNOWN and _name not in vars(Recorder):
        setattr(Recorder, _name, _whatever(_name))


class RecordingTape(Tape):
    """A tape that notes that it is read: which of its rows changed, nobody tells."""

    def __init__(self, path: Path, recorder: Recorder) -> None:
        super().__init__(path)
        self._recorder = recorder

    def _rows(self, query: str, *values: object) -> list[Any]:
        self._recorder.note(TAPE)
        return super()._rows(query, *values)


@dataclass(slots=True)
class RecordingPress(Press):
    """A press that knows what each kept value was made from, and leaves out what only this minute shows."""

    made_from: dict[Hashable, tuple[int, Any, frozenset[str]]] = field(default_factory=dict)

    @property
    def recorder(self) -> Recorder:
        """The catalogue, which is a recorder here."""
        assert isinstance(self.catalogue, Recorder)
        return self.catalogue

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """As ever, and whoever gets a kept value depends on what it was made from."""
        recorder, generation = self.recorder, self.catalogue.generation
        held = self.made_from.get(key)
        if held is None or held[0] != generation:
            if held is not None or len(self.made_from) > 20_000:
                self.made_from.clear()
            # Whoever makes it may have been told not to listen; whoever gets it next depends on it all the same.
            outer, recorder.keys = recorder.keys, set()
            deaf, recorder.deaf = recorder.deaf, 0
            try:
                value = make()
                held = self.made_from[key] = (generation, value, frozenset(recorder.keys))
            finally:
                recorder.keys, recorder.deaf = outer, deaf
        recorder.note(*held[2])
        kept: T = held[1]
        return kept

    def surroundings(self, site: Site, path: str, *, plain: bool = False) -> Chrome:
        """What surrounds all pages is one dependency: `surroundings` tells when it changed."""
        recorder = self.recorder
        recorder.note(f"chrome:{site.key}")
        recorder.deaf += 1
        try:
            return super(RecordingPress, self).surroundings(site, path, plain=plain)  # slots: no bare super()
        finally:
            recorder.deaf -= 1

    def blocks(self, site: Site) -> tuple[Block, ...]:
        """Local blocks age by themselves: `surroundings` tells when they changed."""
        recorder = self.recorder
        recorder.note(f"blocks:{site.key}")
        recorder.deaf += 1
        try:
            return super(RecordingPress, self).blocks(site)  # as above
        finally:
            recorder.deaf -= 1

    def last_modified(self, site: Site) -> datetime | None:  # noqa: ARG002  the press's signature
        """The store says when a page's bytes were first printed."""
        return None
