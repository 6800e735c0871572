"""What a tantivy index of ours holds: its fields, and how a document becomes one.

Changing anything here raises mark.SCHEMAS: an index of another version is rebuilt from content. No query is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from itertools import repeat
from typing import Any, Final

import msgspec
import tantivy

from broadtape.search import mark, ranking, snippets, words
from broadtape.search.port import Document

SCHEMA: Final = mark.SCHEMAS["tantivy"]


class Kept(msgspec.Struct, frozen=True):
    """What a result shows of a document."""

    slug: str
    url: str
    title: str
    text: str
    date: str
    topics: tuple[str, ...]
    symbols: tuple[str, ...]
    authors: tuple[str, ...]
    summary: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Kept)


def read(raw: Any) -> Kept:
    """What was kept of a document."""
    return _decoder.decode(raw)


def schema() -> Any:
    """The schema of a new index. Terms are ours (broadtape.search.words): tantivy splits nothing."""
    made = tantivy.SchemaBuilder()
    made.add_text_field("words", tokenizer_name="raw", index_option="position")
    made.add_text_field("surface", tokenizer_name="whitespace", index_option="basic")  # several in one text
    for name in ("url", "topic_key", "author_key", "symbol_key", "site"):
        made.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("topic", "author", "symbol"):  # as written, for facets
        made.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("day", "year", "moment"):
        made.add_integer_field(name, indexed=True, fast=True)
    made.add_bytes_field("kept", stored=True)
    return made.build()


def _tokens(title: Sequence[words.Form], text: Sequence[words.Form]) -> list[Any]:
    """Each word with its place, in order; a title's several times."""
    token = tantivy.Token
    tokens: list[Any] = []
    for at, (stem, _, also) in enumerate(title):
        for term in (stem, *also):
            tokens += [token(term, at, 0)] * ranking.TITLE_WEIGHT
    first = len(title) + ranking.GAP
    stems = [stem for stem, _, _ in text]
    done = 0
    for at in [at for at, form in enumerate(text) if form[2]]:  # few have other terms beside them
        tokens += map(token, stems[done : at + 1], range(first + done, first + at + 1), repeat(0))
        tokens += [token(term, first + at, 0) for term in text[at][2]]
        done = at + 1
    tokens += map(token, stems[done:], range(first + done, first + len(stems)), repeat(0))
    return tokens


def document(one: Document) -> Any:
    """A document as tantivy takes it."""
    title, text = words.forms(one.title), words.forms(one.text)
    made = tantivy.Document()
    made.add_pre_tokenized_text("words", tantivy.PreTokenizedString("", _tokens(title, text)))
    made.add_text("surface", " ".join({surface for _, surface, _ in (*title, *text)}))
    made.add_text("url", one.url)
    for name, values in (("topic", one.topics), ("author", one.authors)):
        for value in dict.fromkeys(values):
            made.add_text(name, value)
        for key in {ranking.name_key(value) for value in values}:
            made.add_text(f"{name}_key", key)
    for symbol in dict.fromkeys(one.symbols):
        made.add_text("symbol", symbol)
    marks = {ranking.class_mark(symbol) for symbol in one.symbols}
    for known in marks | {name.partition(":")[2] for name in marks if ":" in name}:
        made.add_text("symbol_key", known)
    for site in one.sites or (ranking.EVERYWHERE,):
        made.add_text("site", site)
    made.add_integer("day", one.date.date().toordinal())
    made.add_integer("year", one.date.year)
    made.add_integer("moment", int(one.date.astimezone(UTC).timestamp() * 1_000_000))
    kept = Kept(
        one.slug, one.url, one.title, snippets.prepared(one.text), one.date.isoformat(),
        one.topics, one.symbols, one.authors, one.summary,
    )  # fmt: skip
    made.add_bytes("kept", _encoder.encode(kept))
    return made
