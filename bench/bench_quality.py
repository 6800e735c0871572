"""The English of a year of editions, and whether every one of them proves: measured, beside the pinned floors.

Run: python bench/bench_quality.py [SESSIONS] [FOLDER]. FOLDER is an instance whose archive is there already (made by
`broadtape backfill`); without one so many sessions (default 40) are written in a temporary folder, from the acceptance
tables where BROADTAPE_DATA names them, else the sample data. tests/data/quality_floors.toml holds the floors.
"""

from __future__ import annotations

import random
import re
import statistics
import sys
import tempfile
import tomllib
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyphen
from bench_article import newsroom

from broadtape import backfill, config, markdown
from broadtape.archive import Archive
from broadtape.desk import proof
from broadtape.desk.prose import digest
from broadtape.market import MarketStore
from broadtape.model import Article

FLOORS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "tests" / "data" / "quality_floors.toml").read_text("utf-8")
)["year"]
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PROVED = 60  # articles proved again, drawn from all: the backfill has proved each once
MEMORY = 30  # articles within which nothing may be said twice
_HYPHENS = pyphen.Pyphen(lang="en_US")
_NAME = re.compile(r"\([A-Z]+: [A-Z.]+\)|\b(?:the )?[A-Z][\w&’-]*(?: [A-Z0-9][\w&’-]*)*\.?")


def sentences(article: Article) -> list[str]:
    """What readers see of the prose, sentence by sentence, without headings and tables."""
    return [
        " ".join(sentence.text.split())
        for block in markdown.parse(article.body).blocks
        if block.kind == "paragraph"
        for sentence in markdown.sentences(block)
    ]


def shape(sentence: str) -> str:
    """A sentence without its figures, days and names: two that share it open alike."""
    return " ".join(re.sub(r"[\d.,%]+", "0", _NAME.sub("_", sentence)).split())


def ease(said: list[str]) -> float:
    """Flesch reading ease, names and figures left out; higher is easier."""
    plain = [_NAME.sub("it", re.sub(r"\S*\d\S*", "ten", one)) for one in said]
    words = [word for one in plain for word in re.findall(r"[A-Za-z’']+", one)]
    syllables = sum(len(_HYPHENS.positions(word.lower())) + 1 for word in words)
    return 206.835 - 1.015 * len(words) / max(len(plain), 1) - 84.6 * syllables / max(len(words), 1)


def definitions(article: Article) -> set[str]:
    """Digests of the sentences that say what a word means: the same wherever they stand."""
    listed = article.facts.get("sentences")
    return {
        str(one["digest"])
        for one in (listed if isinstance(listed, list) else ())
        if one["kind"] == "definition"
    }


def measured(articles: list[Article]) -> dict[str, float]:
    """What the floors pin, over articles in the order of their sessions."""
    said = [sentences(one) for one in articles]
    told = [
        {text for text in one if digest(text) not in definitions(article)}
        for one, article in zip(said, articles, strict=True)
    ]
    repeated = openings = 0
    for place in range(len(articles)):
        before = set().union(*told[max(0, place - MEMORY) : place]) if place else set()
        repeated += len(told[place] & before)
        first = said[place][0] if said[place] else ""
        openings += first in {one[0] for one in said[max(0, place - MEMORY) : place] if one}
    words = [len(article.body.split()) for article in articles]
    scores = sorted(ease(one) for one in said)
    shapes = Counter(shape(one[0]) for one in said if one)
    return {
        "articles": len(articles),
        "kinds": len({str(one.extra.get("story", "")).partition("/")[0] for one in articles}),
        "repeated_sentences": repeated / max(sum(len(one) for one in told), 1),
        "repeated_openings": openings,
        "same_headline": max(Counter(one.title for one in articles).values()),
        "reading_ease_least": scores[0],
        "reading_ease_median": statistics.median(scores),
        "words_least": min(words),
        "words_median": statistics.median(words),
        "words_most": max(words),
        "opening_shapes": len(shapes) / len(articles),
        "commonest_opening": max(shapes.values()) / len(articles),
    }


def main(count: int, named: str) -> None:
    """Measure and print; exits 1 where a floor is missed."""
    with tempfile.TemporaryDirectory() as folder:
        if named:
            instance = config.load(Path(named))
        else:
            instance, _ = newsroom(Path(folder) / "newsroom")
            with MarketStore.open(instance.store, readonly=True) as store:
                last = min(store.last_session(), date(2026, 1, 30))
                first = store.view(last).sessions[-count:][0].item()
                done = backfill.run(instance, store, first, last, now=NOW)
            print(f"{first} to {last}: {dict(done.articles)}, {done.per_minute:.0f} sessions a minute")
        archive = Archive(instance.content)
        found = [one for one in archive.scan()[0] if one.origin == "desk"]
        held = [one for one in found if one.status == "held"]
        articles = sorted(
            (one for one in found if one.status == "published"), key=lambda one: (one.as_of, one.date)
        )
        with MarketStore.open(instance.store, readonly=True) as store:
            drawn = random.Random(1).sample(articles, min(PROVED, len(articles)))
            failing = [one.title for one in drawn if not proof.verify(one, store.view, archive.lookup).ok]
        figures = measured(articles)
    missed = []
    for name, value in figures.items():
        least, most = FLOORS.get(f"{name}_at_least"), FLOORS.get(f"{name}_at_most")
        met = (least is None or value >= least) and (most is None or value <= most)
        missed += [] if met else [name]
        bound = f"  floor {least if least is not None else most}: {'met' if met else 'MISSED'}"
        print(f"{name:<22}{value:10.3f}{bound if least is not None or most is not None else ''}")
    print(f"held: {len(held)} of {len(found)}: {[one.title for one in held][:5]}")
    print(f"proved again: {len(drawn) - len(failing)} of {len(drawn)} {failing[:3]}")
    if missed or failing:
        raise SystemExit(1)


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 40,
        sys.argv[2] if len(sys.argv) > 2 else "",
    )
