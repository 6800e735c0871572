"""How a first Whoosh index is filled: our documents straight into the codec, without the chain of general cases.

Writes the same files as Whoosh's own writer, which changes an index later, in about half its time. Answers no query.
"""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import groupby
from operator import sub
from pathlib import Path
from pickle import dumps
from tempfile import TemporaryFile
from typing import IO, Any, Final

from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC, W3TermInfo
from whoosh.system import pack_int, pack_long, pack_uint, pack_ushort
from whoosh.util.numeric import byte_to_length, length_to_byte
from whoosh.writing import SegmentWriter

from broadtape.search import whoosh_schema
from broadtape.search.whoosh_schema import Words

MOST_HELD: Final = 160 * 1024 * 1024  # bytes of postings in memory, about; more go to a file and are merged
_OF_WORD: Final = 72  # bytes that one posting of a word takes
_OF_NAME: Final = 6

_BLOCK: Final = 128  # postings, as the codec has it
_NOTE: Final = W3TermInfo._struct
_SINGLE: Final = pack_uint(1)  # how the places of a word begin that stands in one

Postings = tuple["array[int]", "array[float]", list[bytes]]
"""The documents of one term; of a word also its weight and places in each."""

Run = tuple[str, bytes, Postings]


def _packed(postings: Postings, lengths: array[int] | None) -> tuple[bytes, bytes]:
    """The blocks of a term as the codec writes them, and what it notes of the term but for where they are."""
    documents, weights, places = postings
    parts = [WHOOSH3_HEADER_MAGIC]
    heaviest, shortest, longest = 1.0, 0, 0
    if lengths is not None:
        heaviest, shortest, longest = 0.0, 1 << 32, 0
    for first in range(0, len(documents), _BLOCK):
        numbers = documents[first : first + _BLOCK]
        steps = (numbers[0], *map(sub, numbers[1:], numbers))
        most, least, up_to = 1.0, 0, 0
        if lengths is None:
            block = dumps((steps, None, None), 2)
        else:
            weighed = weights[first : first + _BLOCK]
            most = max(weighed)
            kept: object = None
            if weighed.count(most) != len(weighed):
                kept = tuple(weighed)
            elif most != 1.0:
                kept = most
            block = dumps((steps, kept, tuple(places[first : first + _BLOCK])), 2)
            told = [lengths[number] for number in numbers]
            least, up_to = min(told), max(told)
            heaviest, shortest, longest = max(heaviest, most), min(shortest, least), max(longest, up_to)
        told_of = (len(numbers), numbers[-1], most, 0, length_to_byte(least), length_to_byte(up_to))
        info = dumps(told_of, 2)
        size = len(info) + len(block)
        parts += (pack_int(size if first + _BLOCK < len(documents) else -size), info, block)
    weight = sum(weights) if lengths is not None else float(len(documents))
    note = _NOTE.pack(
        0, weight, len(documents), length_to_byte(shortest), length_to_byte(longest), heaviest,
        documents[0], documents[-1],
    )  # fmt: skip
    return b"".join(parts), note


class Filling(SegmentWriter):  # type: ignore[misc]  # Whoosh's class is untyped for us
    """Whoosh's writer, which postings do not pass one by one and which looks up no document's length again."""

    def __init__(self, index: Any, home: Path, *, most_held: int = MOST_HELD) -> None:
        super().__init__(index, limitmb=1, compound=False, codec=whoosh_schema.codec())
        self._home = home
        self._most_held = most_held
        self._fields = sorted(self.schema.items())
        self._words: dict[str, list[Any]] = {}  # of each: document, weight, places; document, …
        self._names: dict[str, dict[str, array[int]]] = {
            name: {} for name, field in self._fields if field.indexed and name != "words"
        }
        self._size = 0
        self._lengths = array("I")  # of documents in words, as the codec rounds them
        self._runs: list[IO[bytes]] = []

    def take(self, values: Mapping[str, Any]) -> None:
        """Add a document, given the value of every field."""
        number, per_document = self.docnum, self.perdocwriter
        per_document.start_doc(number)
        for name, field in self._fields:
            value, length = values[name], 0
            if name == "words":
                length = self._take_words(number, field, value)
            elif field.indexed:
                held = self._names[name]
                for one in value if isinstance(value, set) else set(value):
                    try:
                        held[one].append(number)
                    except KeyError:
                        held[one] = array("I", (number,))
                self._size += _OF_NAME * len(value)
            if length or field.stored:
                per_document.add_field(name, field, value if field.stored else None, length)
            column = field.column_type
            if column and value is not None:
                per_document.add_column_value(name, column, field.to_column_value(value))
        per_document.finish_doc()
        self._added = True
        self.docnum += 1
        if self._size > self._most_held:
            self._set_aside()

    def _take_words(self, number: int, field: Words, value: Any) -> int:
        held, length = self._words, 0
        for term, frequency, weight, places in field.postings(value):
            length += frequency
            found = held.get(term)
            if found is None:
                held[term] = [number, weight, places]
            else:
                found += (number, weight, places)
        self._lengths.append(byte_to_length(length_to_byte(length)) if length else 0)
        self._size += _OF_WORD * length
        return length

    def _set_aside(self) -> None:
        """Write what is held to a file, in order."""
        run = TemporaryFile(dir=self._home)  # noqa: SIM115  closed when it is merged
        self._runs.append(run)
        for one in self._in_memory():
            pickle.dump(one, run, protocol=5)
        self._words.clear()
        for held in self._names.values():
            held.clear()
        self._size = 0

    def _in_memory(self) -> Iterator[Run]:
        for name, field in self._fields:
            if name == "words":
                for term in sorted(self._words):
                    flat = self._words[term]
                    yield name, term.encode(), (array("I", flat[0::3]), array("f", flat[1::3]), flat[2::3])
            elif field.indexed:
                held = self._names[name]
                for term in sorted(held):
                    yield name, term.encode(), (held[term], array("f"), [])

    def _in_order(self) -> Iterator[Run]:
        """The postings of each term, by field and term."""
        if not self._runs:
            yield from self._in_memory()
            return
        # A single place is one object wherever it stands: the codec writes it once a block.
        once: dict[bytes, bytes] = {}
        runs: list[Iterable[Run]] = [*(_read(run) for run in self._runs), self._in_memory()]
        for (name, term), several in groupby(merge(*runs, key=_key), key=_key):
            whole: Postings = (array("I"), array("f"), [])
            for _, _, (
                documents,
                weights,
                places,
            ) in several:  # in the order of the runs, so of the documents
                whole[0].extend(documents)
                whole[1].extend(weights)
                whole[2].extend(
                    once.setdefault(one, one) if one.startswith(_SINGLE) else one for one in places
                )
            yield name, term, whole

    def _flush_segment(self) -> None:
        self.perdocwriter.close()
        writer, fields = self.fieldwriter, dict(self._fields)
        # What the codec's writer does with a term, without a dozen calls and checks for each posting and block: both
        # Whoosh distributions name its parts so, and the files are compared byte by byte in the tests.
        file, table = writer._postfile, writer._tindex
        for name, terms in groupby(self._in_order(), key=lambda one: one[0]):
            writer.start_field(name, fields[name])
            prefix, lengths = pack_ushort(writer._fieldid), self._lengths if name == "words" else None
            at = file.tell()
            for _, term, postings in terms:
                raw, told = _packed(postings, lengths)
                file.write(raw)
                table.add(prefix + term, told + pack_long(at) + pack_int(len(raw)))
                at += len(raw)
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
