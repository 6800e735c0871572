"""Reads a term's postings from a Whoosh segment in whole blocks, as arrays.

Owns the decoding alone: Whoosh's matchers give the same numbers one by one, with half a dozen calls for each.
"""

from __future__ import annotations

import pickle
import struct
import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC
from whoosh.reading import TermNotFound
from whoosh.system import unpack_int

Ids = NDArray[np.int32]

_INT: Final = 4  # bytes of a block's length, and of the count before the places of a word

_RECORD: Final = struct.Struct("!ii")
_DOCUMENTS: Final = struct.Struct("!5xI")  # behind a flag and the total weight


class Postings(NamedTuple):
    """The documents of one term in one segment, those deleted since among them."""

    ids: Ids
    weights: NDArray[np.float32]
    frequency: int


class _Block(NamedTuple):
    """Up to 128 documents of a term."""

    last: int  # document
    length: int
    compressed: bool
    packed: memoryview

    def opened(self) -> Any:
        """Distances between documents, weights, values."""
        return pickle.loads(zlib.decompress(self.packed) if self.compressed else self.packed)  # noqa: S301  the index is ours, its files are checked against the mark


_NONE: Final = Postings(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32), 0)


def read(leaf: Any, name: str, term: str) -> Postings:
    """The postings of a term; none where the segment does not have it."""
    info = _info(leaf, name, term)
    if info is None:
        return _NONE
    ids: list[Ids] = []
    weights: list[NDArray[np.float32]] = []
    for block in _blocks(leaf, info):
        steps, weighed, _ = block.opened()
        ids.append(np.cumsum(np.array(steps, dtype=np.int32), dtype=np.int32))
        if weighed is None or isinstance(weighed, float):
            weights.append(np.full(block.length, 1.0 if weighed is None else weighed, dtype=np.float32))
        else:
            weights.append(np.array(weighed, dtype=np.float32))
    if len(ids) == 1:
        return Postings(ids[0], weights[0], len(ids[0]))
    whole = np.concatenate(ids)
    return Postings(whole, np.concatenate(weights), len(whole))


def positions(leaf: Any, name: str, term: str, wanted: NDArray[np.intp]) -> list[Sequence[int]]:
    """The places of a word in each of the documents, which are in order and all hold it."""
    found: list[Sequence[int]] = []
    info = _info(leaf, name, term)
    for block in _blocks(leaf, info) if info is not None else ():
        rest = wanted[len(found) :]
        here = rest[: np.searchsorted(rest, block.last, side="right")]
        if not len(here):
            if not len(rest):
                break
            continue  # not unpacked
        steps, _, values = block.opened()
        ids = np.cumsum(np.array(steps, dtype=np.int32))
        for at in np.searchsorted(ids, here).tolist():
            packed = values[at]
            places = pickle.loads(packed[_INT:] if packed.endswith(b".") else packed[_INT:] + b".")  # noqa: S301  see above
            place = 0
            for step, apart in enumerate(places):
                place += apart
                places[step] = place
            found.append(places)
    return found


def vocabulary(leaf: Any, name: str) -> list[tuple[str, int]]:
    """The terms of a field, sorted, with the number of documents each was in."""
    terms = leaf._terms
    key = terms._keycoder(name, b"")
    first = terms._tindex.closest_key_pos(key)
    if first is None:
        return []
    # Records stand one after another: two lengths, the key (two bytes of the field, then the term), the note.
    raw = terms._tindex.dbfile.get(first, terms._tindex.endofdata - first)
    found: list[tuple[str, int]] = []
    at, after = 0, _RECORD.size
    while at < len(raw):
        key_size, note_size = _RECORD.unpack_from(raw, at)
        begin = at + after
        end = begin + key_size
        if raw[begin : begin + len(key)] != key:
            break
        found.append((raw[begin + len(key) : end].decode(), _DOCUMENTS.unpack_from(raw, end)[0]))
        at = end + note_size
    return found


def _info(leaf: Any, name: str, term: str) -> Any:
    try:
        return leaf.term_info(name, term.encode())
    except TermNotFound:
        return None


def _blocks(leaf: Any, info: Any) -> Iterator[_Block]:
    """The blocks of a term, not unpacked yet. Whoosh has no public name for the file; both distributions name it so."""
    offset, length = info.extent()
    if isinstance(length, tuple):  # as both distributions unpack it
        (length,) = length
    raw = leaf._terms._postfile.get(offset, length)
    if not raw.startswith(WHOOSH3_HEADER_MAGIC) or len(raw) != length:
        raise ValueError(f"no postings at {offset} in {leaf}")
    view, file = memoryview(raw), BytesIO(raw)
    at, more = len(WHOOSH3_HEADER_MAGIC), True
    while more:
        size = unpack_int(raw[at : at + _INT])[0]
        more = size > 0  # the last block's is negative
        file.seek(at + _INT)
        count, last, _, compression, _, _ = cast("tuple[int, ...]", pickle.load(file))  # noqa: S301  see above
        end = at + _INT + abs(size)
        yield _Block(last, count, bool(compression), view[file.tell() : end])
        at = end
