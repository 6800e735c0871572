"""How fast is a search, by kind of query, with snippets and facets, beside plain Whoosh, SQLite FTS5 and bare tantivy?

Run: python bench/bench_search.py [ARTICLES]. The same documents and queries for all, in one process and one run; thread
CPU time, so that a busy machine matters less. The peers give ten results with a snippet each and no facets, ours
facets as well. Plain Whoosh is its own schema and MultifieldParser with `highlights()`.
"""

from __future__ import annotations

import importlib.util
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reuters import stories
from whoosh import fields, index, qparser
from whoosh.analysis import StemmingAnalyzer

from broadtape.search import Document, Query, open_index, open_writer

Search = Callable[[str, str], int]  # kind and text of a query → how many results were shown
KINDS = ("term", "and", "or", "phrase", "topic", "date", "prefix", "typo")
EACH = 25


def queries(documents: list[Document], seed: int = 1) -> list[tuple[str, str]]:
    """Kind and text, in our language, from words and neighbours that stand in the documents."""
    chance = random.Random(seed)
    made: list[tuple[str, str]] = []
    while len(made) < EACH * len(KINDS):
        kind = KINDS[len(made) % len(KINDS)]
        words = re.findall(r"[a-z]{5,12}", chance.choice(documents).text.lower())
        if len(words) < 12:
            continue
        one, two = chance.sample(words, 2)
        at = chance.randrange(len(words) - 1)
        match kind:
            case "term" | "date":
                text = one
            case "and" | "topic":
                text = f"{one} {two}"
            case "or":
                text = f"{one} OR {two}"
            case "phrase":
                text = f'"{words[at]} {words[at + 1]}"'
            case "prefix":
                text = f"{one[:4]}*"
            case _:
                place = chance.randrange(1, len(one) - 1)
                text = one[:place] + one[place + 1 :]
        made.append((kind, text))
    return made


def ours(
    folder: Path, engine: str, documents: list[Document]
) -> tuple[float, Search, Callable[[str], object]]:
    began = time.process_time()
    open_writer(folder, engine).rebuild(documents)  # type: ignore[arg-type]  # one of the engines
    took = time.process_time() - began
    opened = open_index(folder)

    def search(kind: str, text: str) -> int:
        topic = "earn" if kind == "topic" else ""
        found = opened.search(Query(text, topic=topic, sort="date" if kind == "date" else "relevance"))
        if not found.total and found.suggestion:  # as the page does
            found = opened.search(Query(found.suggestion))
        return len(found.hits)

    return took, search, opened.suggest


def plain_whoosh(folder: Path, documents: list[Document]) -> tuple[float, Search]:
    folder.mkdir()
    analyzer = StemmingAnalyzer()
    schema = fields.Schema(
        url=fields.ID(unique=True, stored=True),
        title=fields.TEXT(analyzer=analyzer, stored=True, field_boost=2.0),
        body=fields.TEXT(analyzer=analyzer, stored=True),
        topics=fields.KEYWORD(commas=True),
        date=fields.DATETIME(sortable=True),
    )
    began = time.process_time()
    writer = index.create_in(str(folder), schema).writer(limitmb=256)
    for one in documents:
        when = one.date.replace(tzinfo=None)
        writer.add_document(
            url=one.url, title=one.title, body=one.text, topics=",".join(one.topics), date=when
        )
    writer.commit()
    took = time.process_time() - began
    searcher = index.open_dir(str(folder)).searcher()
    parser = qparser.MultifieldParser(["title", "body"], schema)
    parser.add_plugin(qparser.FuzzyTermPlugin())

    def search(kind: str, text: str) -> int:
        if kind == "topic":
            text += " topics:earn"
        if kind == "typo":
            text += "~2"
        found = searcher.search(
            parser.parse(text), limit=10, **({"sortedby": "date"} if kind == "date" else {})
        )
        return len([hit.highlights("body") for hit in found])

    return took, search


def fts5(documents: list[Document]) -> tuple[float, Search]:
    db = sqlite3.connect(":memory:")
    db.execute(
        "CREATE VIRTUAL TABLE story USING fts5(title, body, topics, date UNINDEXED, tokenize = 'porter unicode61')"
    )
    began = time.process_time()
    db.executemany(
        "INSERT INTO story VALUES (?, ?, ?, ?)",
        [(one.title, one.text, " ".join(one.topics), one.date.isoformat()) for one in documents],
    )
    took = time.process_time() - began

    def search(kind: str, text: str) -> int:
        if kind == "typo":
            return 0  # it has nothing for that
        match = text if kind in ("or", "phrase", "prefix") else " AND ".join(text.split())
        match = f"{{title body}} : ({match})" + (" AND topics : earn" if kind == "topic" else "")
        order = "date DESC" if kind == "date" else "rank"
        rows = db.execute(
            "SELECT title, snippet(story, 1, '<mark>', '</mark>', '…', 32) FROM story WHERE story MATCH ?"
            f" ORDER BY {order} LIMIT 10",
            (match,),
        ).fetchall()
        return len(rows)

    return took, search


def bare_tantivy(folder: Path, documents: list[Document]) -> tuple[float, Search]:
    import tantivy

    folder.mkdir()
    builder = tantivy.SchemaBuilder()
    for name in ("title", "body"):
        builder.add_text_field(name, stored=True, tokenizer_name="en_stem")
    builder.add_text_field("topics", tokenizer_name="raw")
    builder.add_integer_field("moment", indexed=True, fast=True)
    schema = builder.build()
    began = time.process_time()
    opened = tantivy.Index(schema, path=str(folder))
    writer = opened.writer(128_000_000, 1)
    for one in documents:
        made = tantivy.Document(title=one.title, body=one.text, moment=int(one.date.timestamp()))
        for topic in one.topics:
            made.add_text("topics", topic)
        writer.add_document(made)
    writer.commit()
    writer.wait_merging_threads()
    took = time.process_time() - began
    opened.reload()
    searcher = opened.searcher()

    def search(kind: str, text: str) -> int:
        if kind == "typo":
            query = tantivy.Query.fuzzy_term_query(schema, "body", text, 2)
        elif kind == "prefix":
            query = tantivy.Query.regex_query(schema, "body", f"{text[:-1]}.*")
        else:
            query = opened.parse_query(text, ["title", "body"], conjunction_by_default=True)
        if kind == "topic":
            query = query.and_must_match(tantivy.Query.term_query(schema, "topics", "earn"))
        found = searcher.search(query, 10, **({"order_by_field": "moment"} if kind == "date" else {}))
        generator = tantivy.SnippetGenerator.create(searcher, query, schema, "body")
        return len([generator.snippet_from_doc(searcher.doc(place)).to_html() for _, place in found.hits])

    return took, search


def measure(search: Search, asked: list[tuple[str, str]]) -> dict[str, list[float]]:
    for kind, text in asked[:16]:
        search(kind, text)
    took: dict[str, list[float]] = {}
    for kind, text in asked:
        began = time.thread_time()
        search(kind, text)
        took.setdefault(kind, []).append((time.thread_time() - began) * 1e3)
    return took


def at(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def main(articles: int) -> None:
    documents = [
        Document(one.slug, f"/{one.slug}/", one.title, one.body, one.date, one.topics)
        for one in stories(articles)
    ]
    asked = queries(documents)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        engines: dict[str, tuple[float, Search]] = {}
        suggests: dict[str, Callable[[str], object]] = {}
        names = ["whoosh", "tantivy"] if importlib.util.find_spec("tantivy") else ["whoosh"]
        for engine in names:
            took, search, suggest = ours(root / engine, engine, documents)
            engines[f"ours, {engine}"], suggests[engine] = (took, search), suggest
        engines["peer: plain Whoosh"] = plain_whoosh(root / "plain", documents)
        engines["peer: SQLite FTS5"] = fts5(documents)
        if "tantivy" in names:
            engines["peer: tantivy"] = bare_tantivy(root / "bare", documents)
        print(f"{articles:,} articles; ms of CPU, p50 / p99 by kind; {EACH} queries each")
        print(f"{'':<20}{'docs/s':>8}" + "".join(f"{kind:>15}" for kind in (*KINDS, "all")))
        all_of: dict[str, list[float]] = {}
        for label, (took, search) in engines.items():
            found = measure(search, asked)
            every = all_of[label] = [one for kind in found.values() for one in kind]
            cells = [
                f"{statistics.median(v):.2f} / {at(v, 0.99):.2f}" for v in (*(found[k] for k in KINDS), every)
            ]
            print(f"{label:<20}{articles / took:>8,.0f}" + "".join(f"{cell:>15}" for cell in cells))
        for engine, suggest in suggests.items():
            spent = []
            for _, text in asked:
                word = re.sub(r"[^a-z]", "", text)[:6]
                for end in range(2, len(word) + 1):
                    began = time.thread_time()
                    suggest(word[:end])
                    spent.append((time.thread_time() - began) * 1e3)
            print(
                f"type-ahead, {engine}: p50 {statistics.median(spent):.2f} ms, p99 {at(spent, 0.99):.2f} ms (target 2)"
            )
        for engine, peer, most, worst in (("whoosh", "plain Whoosh", 3, 15), ("tantivy", "tantivy", 0.4, 2)):
            if engine not in names:
                continue
            mine, theirs = all_of[f"ours, {engine}"], all_of[f"peer: {peer}"]
            p50, p99 = statistics.median(mine), at(mine, 0.99)
            ratio = f"{p50 / statistics.median(theirs):.2f} / {p99 / at(theirs, 0.99):.2f}"
            met = "met" if p50 <= most and p99 <= worst else "MISSED"
            print(
                f"{engine}: p50 / p99 {p50:.2f} / {p99:.2f} ms, of {peer} {ratio}; target {most} / {worst}: {met}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
