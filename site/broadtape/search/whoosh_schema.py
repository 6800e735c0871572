"""What a Whoosh index of ours holds: its fields, and how a document becomes one.

Changing anything here raises mark.SCHEMAS: an index of another version is rebuilt from content. No query is read here.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from operator import sub
from pickle import dumps
from typing import Any, Final

from whoosh import columns, fields, formats
from whoosh.codec.whoosh3 import W3Codec
from whoosh.system import pack_uint

from broadtape.search import mark, snippets, words
from broadtape.search.port import Document
from broadtape.search.ranking import EVERYWHERE, GAP, TITLE_WEIGHT

SCHEMA: Final = mark.SCHEMAS["whoosh"]

_Forms = list[words.Form]


class Words(fields.FieldType):  # type: ignore[misc]  # Whoosh's class is untyped for us
    """Title and text in one field, since a search over several fields with a limit loses top documents.

    Takes the forms (broadtape.search.words) of title and text. Makes postings itself: Whoosh's chain of Token
    objects costs more than the stemmer.
    """

    def __init__(self) -> None:
        super().__init__(formats.Positions(), None, scorable=True)
        self._once: dict[int, bytes] = {}  # the encoded form of a single position

    def __getstate__(self) -> dict[str, Any]:
        """What an index keeps of its field: not what was encoded."""
        return {**self.__dict__, "_once": {}}

    def index(self, value: tuple[_Forms, _Forms], **_: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Term, frequency, weight and encoded positions of each term."""
        for term, frequency, weight, places in self.postings(value):
            yield term.encode(), frequency, weight, places

    def postings(self, value: tuple[_Forms, _Forms]) -> Iterator[tuple[str, int, float, bytes]]:
        """The same, before terms become bytes."""
        title, text = value
        positions: dict[str, list[int]] = {}
        titled: dict[str, int] = {}
        for at, (stem, _, also) in enumerate(title):
            for one in (stem, *also):
                positions.setdefault(one, []).append(at)
                titled[one] = titled.get(one, 0) + 1
        beside: list[tuple[int, str]] = []
        for at, (stem, _, also) in enumerate(text, len(title) + GAP):
            places = positions.get(stem)
            if places is None:
                positions[stem] = [at]
            else:
                places.append(at)
            if also:
                beside += [(at, one) for one in also]
        for at, one in beside:
            insort(positions.setdefault(one, []), at)
        once = self._once
        for stem, places in positions.items():
            frequency = len(places)
            weight = frequency + (TITLE_WEIGHT - 1) * titled[stem] if stem in titled else frequency
            if frequency > 1:
                # As Whoosh's format encodes them: their number, then the first and the steps to each next one.
                steps = [places[0], *map(sub, places[1:], places)]
                yield stem, frequency, weight, pack_uint(frequency) + dumps(steps, 2)
                continue
            encoded = once.get(places[0])  # most words stand in one place
            if encoded is None:
                encoded = once[places[0]] = self.format.encode(places)
            yield stem, 1, weight, encoded


class Names(fields.FieldType):  # type: ignore[misc]  # see above
    """Whole names, each one term: topics, symbols, authors, sites, addresses, surface words."""

    def __init__(self) -> None:
        super().__init__(formats.Existence(), None, scorable=False)

    def index(self, value: Collection[str], **_: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Each name once."""
        for name in names(value):
            yield name, 1, 1.0, b""

    def process_text(self, qstring: str, **_: object) -> Iterator[str]:  # type: ignore[override, unused-ignore]
        """A name in a query is that name."""
        yield qstring


def names(value: Collection[str]) -> list[bytes]:
    """The terms of names, each once."""
    return [name.encode() for name in sorted(set(value))]


def codec() -> Any:
    """Blocks are not compressed: a cold search costs half, a first index a sixth less; it takes half as much room
    again."""
    return W3Codec(compression=0)


def schema() -> Any:
    """The schema of a new index."""
    return fields.Schema(
        words=Words(),
        surface=Names(),
        url=Names(),
        topic=Names(),
        symbol=Names(),
        author=Names(),
        site=Names(),
        moment=fields.COLUMN(columns.NumericColumn("q", default=0)),  # microseconds since 1970, UTC
        day=fields.COLUMN(columns.NumericColumn("i", default=0)),  # ordinal of the written day
        kept=fields.STORED(),
    )


def values(document: Document) -> dict[str, Any]:
    """The fields of a document, as `IndexWriter.add_document` takes them."""
    title, text = words.forms(document.title), words.forms(document.text)
    return {
        "words": (title, text),
        "surface": {surface for _, surface, _ in (*title, *text)},
        "url": (document.url,),
        "topic": document.topics,
        "symbol": document.symbols,
        "author": document.authors,
        "site": document.sites or (EVERYWHERE,),
        "moment": int(document.date.astimezone(UTC).timestamp() * 1_000_000),
        "day": document.date.date().toordinal(),
        "kept": {
            "slug": document.slug,
            "url": document.url,
            "title": document.title,
            "text": snippets.prepared(document.text),
            "date": document.date.isoformat(),
            "topics": document.topics,
            "symbols": document.symbols,
            "authors": document.authors,
            "summary": document.summary,
        },
    }


def date_of(kept: dict[str, Any]) -> datetime:
    """The written date of stored values."""
    return datetime.fromisoformat(kept["date"])
