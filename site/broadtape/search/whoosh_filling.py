"""How a first Whoosh index is filled: our documents straight into the codec, without the chain of general cases.

Writes the same files as Whoosh's own writer, which changes an index later, in about half its time. Answers no query.
"""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

from whoosh.system import pack_uint
from whoosh.util.numeric import byte_to_length, length_to_byte
from whoosh.writing import SegmentWriter

from broadtape.search.whoosh_schema import Words, names

MOST_HELD: Final = 160 * 1024 * 1024  # bytes of postings in memory, about; more go to a file and are merged
_OF_WORD: Final = 72  # bytes that one posting of a word takes
_OF_NAME: Final = 6

_SINGLE: Final = pack_uint(1)  # how the places of a word begin that stands in one

Run = tuple[str, bytes, "Postings"]


class Postings:
    """The documents of one term; of a word also its weight and places in each."""

    __slots__ = ("documents", "places", "weights")

    def __init__(self) -> None:
        self.documents = array("I")
        self.weights = array("f")
        self.places: list[bytes] = []

    def __getstate__(self) -> tuple[array[int], array[float], list[bytes]]:
        return self.documents, self.weights, self.places

    def __setstate__(self, state: tuple[array[int], array[float], list[bytes]]) -> None:
        self.documents, self.weights, self.places = state


class Filling(SegmentWriter):  # type: ignore[misc]  # Whoosh's class is untyped for us
    """Whoosh's writer, which postings do not pass one by one and which looks up no document's length again."""

    def __init__(self, index: Any, home: Path, *, most_held: int = MOST_HELD) -> None:
        super().__init__(index, limitmb=1, compound=False)
        self._home = home
        self._most_held = most_held
        self._fields = sorted(self.schema.items())
        self._held: dict[str, dict[bytes, Postings]] = {name: {} for name, _ in self._fields}
        self._size = 0
        self._lengths: dict[str, array[int]] = {name: array("I") for name, _ in self._fields}
        self._runs: list[IO[bytes]] = []

    def take(self, values: Mapping[str, Any]) -> None:
        """Add a document, given the value of every field."""
        number, per_document = self.docnum, self.perdocwriter
        per_document.start_doc(number)
        for name, field in self._fields:
            value, length = values[name], 0
            if field.indexed:
                held = self._held[name]
                if isinstance(field, Words):
                    for term, frequency, weight, places in field.index(value):
                        length += frequency
                        try:
                            found = held[term]
                        except KeyError:
                            found = held[term] = Postings()
                        found.documents.append(number)
                        found.weights.append(weight)
                        found.places.append(places)
                    self._size += _OF_WORD * length
                else:
                    for one in names(value):
                        try:
                            held[one].documents.append(number)
                        except KeyError:
                            found = held[one] = Postings()
                            found.documents.append(number)
                        self._size += _OF_NAME
                self._lengths[name].append(byte_to_length(length_to_byte(length)) if length else 0)
            per_document.add_field(name, field, value if field.stored else None, length)
            column = field.column_type
            if column and value is not None:
                per_document.add_column_value(name, column, field.to_column_value(value))
        per_document.finish_doc()
        self._added = True
        self.docnum += 1
        if self._size > self._most_held:
            self._set_aside()

    def _set_aside(self) -> None:
        """Write what is held to a file, in order."""
        run = TemporaryFile(dir=self._home)  # noqa: SIM115  closed when it is merged
        self._runs.append(run)
        for one in self._in_memory():
            pickle.dump(one, run, protocol=5)
        for held in self._held.values():
            held.clear()
        self._size = 0

    def _in_memory(self) -> Iterator[Run]:
        for name, _ in self._fields:
            held = self._held[name]
            for term in sorted(held):
                yield name, term, held[term]

    def _in_order(self) -> Iterator[Run]:
        """The postings of each term, by field and term."""
        if not self._runs:
            yield from self._in_memory()
            return
        once: dict[
            bytes, bytes
        ] = {}  # a single place is one object wherever it stands: the codec writes it once a block
        runs: list[Iterable[Run]] = [*(_read(run) for run in self._runs), self._in_memory()]
        for (name, term), several in groupby(merge(*runs, key=_key), key=_key):
            whole = Postings()
            for _, _, part in several:  # in the order of the runs, so of the documents
                whole.documents.extend(part.documents)
                whole.weights.extend(part.weights)
                whole.places += [
                    once.setdefault(one, one) if one.startswith(_SINGLE) else one for one in part.places
                ]
            yield name, term, whole

    def _flush_segment(self) -> None:
        self.perdocwriter.close()
        writer, fields = self.fieldwriter, dict(self._fields)
        for name, terms in groupby(self._in_order(), key=lambda one: one[0]):
            writer.start_field(name, fields[name])
            # The blocks that the codec's writer would have gathered posting by posting, with a call and four checks
            # for each: both Whoosh distributions name them so, and the files are compared byte by byte in the tests.
            block, lengths = writer._postwriter, self._lengths[name]
            size = block._blocklimit
            for _, term, found in terms:
                writer.start_term(term)
                for first in range(0, len(found.documents), size):
                    if first:
                        block._write_block()
                    numbers = found.documents[first : first + size]
                    block._ids = numbers
                    if found.places:
                        block._weights = found.weights[first : first + size]
                        block._maxweight = max(block._weights)
                        block._values = found.places[first : first + size]
                        told = [lengths[number] for number in numbers]
                        block._minlength, block._maxlength = min(told), max(told)
                    else:
                        block._weights = array("f", (1.0,)) * len(numbers)
                        block._maxweight = 1.0
                writer.finish_term()
            writer.finish_field()
        writer.close()

    def _close_segment(self) -> None:
        super()._close_segment()
        for run in self._runs:
            run.close()
        self._runs.clear()


def _key(one: Run) -> tuple[str, bytes]:
    return one[0], one[1]


def _read(run: IO[bytes]) -> Iterator[Run]:
    run.seek(0)
    while True:
        try:
            yield pickle.load(run)  # noqa: S301  written above, to a file that has no name
        except EOFError:
            return
