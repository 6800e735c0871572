"""How long does it take to fill an index, and to add one article to it, inside the engine and beside plain Whoosh?

Run: python bench/bench_index.py [ARTICLES [WORDS [COMMITS]]]. WORDS 0 takes newswire stories as they are (median 88
words), else several are put together until an article has so many. CPU of all threads to fill; wall time and CPU of
the one thread for a commit, with its merges, and until a reader has seen it. Plain Whoosh is title and body, stemmed
and stored, with its own writer and policy of merging.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from bench_search import at
from reuters import stories
from whoosh import fields, index, query
from whoosh.analysis import StemmingAnalyzer

from broadtape.search import Document, Query, open_index, open_writer

Add = Callable[[Document, Callable[[], None]], None]  # adds it, and says when a search finds it


def documents(number: int, words: int) -> Iterator[Document]:
    told = stories(number * (1 + words // 60))  # some are short
    for place in range(number):
        first = next(told)
        parts = [first.body]
        while sum(len(part.split()) for part in parts) < words:
            parts.append(next(told).body)
        yield Document(
            f"a-{place}", f"/a-{place}/", first.title, "\n\n".join(parts), first.date, first.topics
        )


def ours(folder: Path, engine: str, filled: list[Document]) -> tuple[float, float, Add]:
    began, cpu = time.perf_counter(), time.process_time()
    writer = open_writer(folder, engine)  # type: ignore[arg-type]  # one of the engines
    writer.rebuild(filled)
    took = time.perf_counter() - began, time.process_time() - cpu
    reader = open_index(folder)

    asked: list[tuple[Document, Callable[[], None]]] = []
    tidy = writer.tidy  # type: ignore[attr-defined]  # merges come after the change is found: so it is asked for then

    def then(home: Path) -> bool:
        one, found = asked.pop()
        assert reader.search(Query(one.title, facets=False)).total
        found()
        return bool(tidy(home))

    writer.tidy = then  # type: ignore[attr-defined]

    def add(one: Document, found: Callable[[], None]) -> None:
        asked.append((one, found))
        writer.update([one])

    reader.search(Query("first"))

    return *took, add


def plain_whoosh(folder: Path, filled: list[Document]) -> tuple[float, float, Add]:
    folder.mkdir()
    text = fields.TEXT(analyzer=StemmingAnalyzer(), stored=True)
    opened = index.create_in(
        str(folder), fields.Schema(url=fields.ID(unique=True, stored=True), title=text, body=text)
    )
    began, cpu = time.perf_counter(), time.process_time()
    writer = opened.writer(limitmb=256)
    for one in filled:
        writer.add_document(url=one.url, title=one.title, body=one.text)
    writer.commit()
    took = time.perf_counter() - began, time.process_time() - cpu

    def add(one: Document, found: Callable[[], None]) -> None:
        writer = opened.writer()
        writer.update_document(url=one.url, title=one.title, body=one.text)
        writer.commit()
        with opened.searcher() as searcher:
            assert len(searcher.search(query.Term("url", one.url)))
        found()

    return *took, add


def main(articles: int, words: int, commits: int) -> None:
    made = list(documents(articles + commits, words))
    filled, added = made[:articles], made[articles:]
    print(f"{articles:,} articles of {statistics.median(len(one.text.split()) for one in made):.0f} words")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        names = ["whoosh", "tantivy"] if importlib.util.find_spec("tantivy") else ["whoosh"]
        found = {engine: ours(root / engine, engine, filled) for engine in names}
        found["peer: plain Whoosh"] = plain_whoosh(root / "plain", filled)
        plain = found["peer: plain Whoosh"]
        for label, (wall, cpu, add) in found.items():
            seen: list[float] = []
            done: list[float] = []
            cpus: list[float] = []
            for place, one in enumerate(added):
                began, spent = time.perf_counter(), time.thread_time()
                add(
                    replace(one, title=f"Added{place}x"),
                    lambda began=began, seen=seen: seen.append((time.perf_counter() - began) * 1e3),  # type: ignore[misc]  # bound now
                )
                done.append((time.perf_counter() - began) * 1e3)
                cpus.append((time.thread_time() - spent) * 1e3)
            told = ", ".join(
                f"{what} {statistics.median(values):.1f} / {at(values, 0.99):.0f} ms"
                for what, values in (("found", seen), ("done", done), ("CPU", cpus))
            )
            print(
                f"{label:<20} filled in {wall:.1f} s, {cpu:.1f} of CPU ({articles / cpu:,.0f}/s): {wall / plain[0]:.2f}"
                f" and {cpu / plain[1]:.2f} of plain Whoosh\n{'':<20} one added, p50 / p99: {told}"
            )


if __name__ == "__main__":
    main(*(int(one) for one in (*sys.argv[1:], *("3000", "0", "100")[len(sys.argv) - 1 :])))
