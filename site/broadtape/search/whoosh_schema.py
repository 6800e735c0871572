"""What a Whoosh index of ours holds: its fields, and how a document becomes one.

Changing anything here raises mark.SCHEMAS: an index of another version is rebuilt from content. No query is read here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from whoosh import columns, fields, formats

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
        positions: dict[str, list[int]] = {}
        titled: dict[str, int] = {}
        at = 0
        for stem, _surface, also in value[0]:
            for one in (stem, *also):
                positions.setdefault(one, []).append(at)
                titled[one] = titled.get(one, 0) + 1
            at += 1
        at += GAP
        for stem, _surface, also in value[1]:
            places = positions.get(stem)
            if places is None:
                positions[stem] = [at]
            else:
                places.append(at)
            for one in also:
                positions.setdefault(one, []).append(at)
            at += 1
        encode, once = self.format.encode, self._once
        for stem, places in positions.items():
            frequency = len(places)
            weight = frequency + (TITLE_WEIGHT - 1) * titled[stem] if stem in titled else frequency
            if frequency > 1:
                yield stem.encode(), frequency, weight, encode(places)
                continue
            encoded = once.get(places[0])  # most words stand in one place
            if encoded is None:
                encoded = once[places[0]] = encode(places)
            yield stem.encode(), 1, weight, encoded


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
