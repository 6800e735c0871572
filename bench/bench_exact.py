"""Are the first ten results those that scoring every document gives, for thousands of made-up queries and both engines?

Run: python bench/bench_exact.py [QUERIES [ARTICLES]]. An index as it is after a day's work: several segments, with
deletions. The other side is the engine's own scorer with no limit (Whoosh's collector, tantivy's), boosted for what is
recent by the formula of docs/contracts/search.md. Over a minute for 10,000 queries: run it with nice.
"""

from __future__ import annotations

import importlib.util
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from reuters import stories
from whoosh import index
from whoosh import query as whoosh_query

from broadtape.search import Document, Query, language, mark, open_index, open_writer
from broadtape.search.ranking import HALVED_DAYS, RECENCY
from broadtape.search.words import STOP

Score = Callable[[language.Node], Iterable[tuple[str, float]]]  # slug and score of every match
FIRST = 10
NEAR = 1e-5  # scores are sums of single-precision numbers: these are equal


def queries(documents: list[Document], number: int) -> list[str]:
    """One word, two, one of three, without one, phrases; of words and neighbours as they stand in stories."""
    chance = random.Random(7)
    made: list[str] = []
    while len(made) < number:
        words = re.findall(r"[A-Za-z]{3,12}", chance.choice(documents).text)
        if len(words) < 8:
            continue
        one, two, three = chance.sample(words, 3)
        if one.lower() in STOP:  # without other words it asks for all that has it
            continue
        at = chance.randrange(len(words) - 2)
        row = " ".join(words[at : at + chance.choice((2, 3))])
        made.append(
            (one, f"{one} {two}", f"{one} OR {two} OR {three}", f"{one} {two} -{three}", f'"{row}"')[
                len(made) % 5
            ]
        )
    return made


def by_whoosh(home: Path) -> Score:
    """Whoosh's own scorer, with no limit, over our tree in its classes."""
    searcher = index.open_dir(str(home)).searcher()
    slugs = [searcher.stored_fields(number)["kept"]["slug"] for number in range(searcher.doc_count_all())]

    def of(node: language.Node) -> whoosh_query.Query:
        match node:
            case language.Word(stem):
                return whoosh_query.Term("words", stem)
            case language.Phrase(stems):
                return whoosh_query.Phrase("words", list(stems))
            case language.And(nodes):
                return whoosh_query.And([of(one) for one in nodes if not isinstance(one, language.Not)])
            case language.Or(nodes):
                return whoosh_query.Or([of(one) for one in nodes])
        raise TypeError(node)

    def score(node: language.Node) -> Iterable[tuple[str, float]]:
        # Whoosh's AndNot lets a document through that holds the word, so those are taken out here.
        parts = node.nodes if isinstance(node, language.And) else ()
        without = [one.node for one in parts if isinstance(one, language.Not)]
        out = {number for one in without for number, _ in searcher.search(of(one), limit=None).items()}
        found = searcher.search(of(node), limit=None).items()
        return [(slugs[number], score) for number, score in found if number not in out]

    return score


def by_tantivy(home: Path) -> Score:
    """tantivy's own scorer, with no limit."""
    import tantivy

    from broadtape.search import tantivy_schema
    from broadtape.search.tantivy_engine import TantivyEngine

    opened = TantivyEngine().open(home, mark.Mark("tantivy", 1, 1, home.name, 1, 1, {}), None)
    slugs = {}
    for _, place in opened.searcher.search(tantivy.Query.all_query(), 1_000_000).hits:
        kept = tantivy_schema.read(opened.searcher.doc(place).get_first("kept"))
        slugs[place.segment_ord, place.doc] = kept.slug

    def score(node: language.Node) -> Iterable[tuple[str, float]]:
        hits = opened.searcher.search(opened.tree(node), len(slugs)).hits
        return [(slugs[place.segment_ord, place.doc], score) for score, place in hits]

    return score


def wrong(ours: list[str], ranks: dict[str, float]) -> bool:
    """Whether a document is left out, or stands behind another, that has the better score."""
    best = sorted(ranks.values(), reverse=True)[:FIRST]
    return len(ours) != len(best) or any(
        slug not in ranks or abs(ranks[slug] - score) > NEAR * score
        for slug, score in zip(ours, best, strict=True)
    )


def main(number: int, articles: int) -> None:
    documents = [
        Document(one.slug, f"/{one.slug}/", one.title, one.body, one.date, one.topics)
        for one in stories(articles)
    ]
    asked = queries(documents, number)
    newest = max(one.date for one in documents[40:])
    dates: dict[str, datetime] = {one.slug: one.date for one in documents}

    def boosted(slug: str, score: float) -> float:
        age_days = (newest - dates[slug]).total_seconds() / 86_400
        return score * (1 + RECENCY * 2 ** (-age_days / HALVED_DAYS))

    names = ["whoosh", "tantivy"] if importlib.util.find_spec("tantivy") else ["whoosh"]
    with tempfile.TemporaryDirectory() as name:
        for engine in names:
            folder = Path(name) / engine
            writer = open_writer(folder, engine)  # type: ignore[arg-type]  # one of the engines
            part = articles // 10
            writer.rebuild(documents[: articles - 2 * part])
            writer.update(documents[articles - 2 * part : articles - part])
            writer.update(documents[articles - part :], [one.url for one in documents[:40]])
            found, current = open_index(folder), mark.read(folder)
            assert current is not None
            home = folder / current.folder
            exhaustive = by_whoosh(home) if engine == "whoosh" else by_tantivy(home)
            spent = theirs = 0.0
            failed: list[str] = []
            for text in asked:
                began = time.thread_time()
                ours = [hit.slug for hit in found.search(Query(text)).hits]
                spent += time.thread_time() - began
                began = time.thread_time()
                scores = exhaustive(language.parse(text).node)
                theirs += time.thread_time() - began
                if wrong(ours, {slug: boosted(slug, score) for slug, score in scores}):
                    failed.append(text)
            print(
                f"{engine}: {len(asked) - len(failed):,} of {len(asked):,} queries over {articles:,} articles have the"
                f" exact first ten; {spent / len(asked) * 1e3:.2f} ms of CPU a search, scoring everything"
                f" {theirs / len(asked) * 1e3:.2f}"
            )
            for text in failed[:10]:
                print(f"  wrong: {text}")


if __name__ == "__main__":
    main(*(int(one) for one in (*sys.argv[1:], *("10000", "3000")[len(sys.argv) - 1 :])))
