"""How many falsehoods in filed articles the proof catches, and how often it cries wolf, over a whole archive.

Run: python bench/bench_mutations.py [SECONDS] [FOLDER]. FOLDER is an instance with an archive; without one thirty
sessions are written in a temporary folder (the acceptance tables where BROADTAPE_DATA names them, else the sample
data). As many articles are tried as the seconds (default 100) allow, all falsehoods of each: digits, signs, directions,
units, months, ranks, names and tickers, and people's edits. Target: at least 99 % caught, at most 1 % false alarms.
"""

from __future__ import annotations

import itertools
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).parents[1] / "tests"),
    str(Path(__file__).parents[1] / "tests" / "broadtape"),
]

from bench_article import newsroom
from editions import Press, Story
from edits import falsifying, harmless
from test_edition_mutations import Falsehood, falsehoods, is_head, let_stand, renamings

from broadtape import backfill, config
from broadtape.edition import Filed
from broadtape.market import MarketStore

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def stories(press: Press) -> list[Story]:
    """The published articles of the archive, in an order that mixes dates and kinds."""
    found = []
    for article in press.archive.scan()[0]:
        if article.origin == "desk" and article.status == "published":
            kind = str(article.extra.get("story", "")).partition("/")[0]
            filed = Filed(kind, article.title, Path(article.path), "published", 0, {})
            found.append(Story(press, filed, article))
    random.Random(1).shuffle(found)
    return found


def rounds(story: Story) -> list[list[Falsehood]]:
    """All falsehoods of a story, those of different lines together; a table's head and a name by themselves."""
    lines: dict[int, list[Falsehood]] = defaultdict(list)
    single: list[list[Falsehood]] = [[one] for one in renamings(story)]
    for one in falsehoods(story):
        if is_head(story.file, one):
            single.append([one])
        else:
            lines[one.line].append(one)
    together = [
        sorted((one for one in several if one is not None), key=lambda one: one.start)
        for several in itertools.zip_longest(*lines.values())
    ]
    return [*together, *single]


def main(seconds: float, named: str) -> None:
    """Try, count and print; exits 1 where a target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        if named:
            instance = config.load(Path(named))
        else:
            instance, _ = newsroom(Path(folder) / "newsroom")
            with MarketStore.open(instance.store, readonly=True) as store:
                last = min(store.last_session(), date(2026, 1, 30))
                backfill.run(instance, store, store.view(last).sessions[-30].item(), last, now=NOW)
        press = Press.over(instance)
        found = stories(press)
        began, drawn = time.perf_counter(), random.Random(2)
        tried, stood = Counter[str](), Counter[str]()
        edits, missed, calm, alarms = 0, Counter[str](), 0, Counter[str]()
        shown: list[str] = []
        articles = 0
        for story in found:
            if time.perf_counter() - began > seconds:
                break
            articles += 1
            for together in rounds(story):
                tried.update(one.kind for one in together)
                rows = len(together) == 1 and is_head(story.file, together[0])
                for one in let_stand(story, together, rows=rows):
                    stood[one.kind] += 1
                    shown.append(one.shown(story.file))
            for kind, text in falsifying(story, found, drawn):
                edits += 1
                missed[kind] += not story.failing(text)
            for kind, text in harmless(story, drawn):
                calm += 1
                alarms[kind] += bool(story.failing(text))
        took = time.perf_counter() - began
    total, let = sum(tried.values()) + edits, sum(stood.values()) + sum(missed.values())
    print(f"{articles} of {len(found)} articles, {total:,} falsehoods in {took:.0f} s")
    for kind, number in tried.most_common():
        print(f"  {kind:<12}{number:8,}  stood {stood[kind]}")
    print(f"  by people {edits:9,}  stood {sum(missed.values())} {dict(+missed)}")
    caught, cried = 100 * (1 - let / max(total, 1)), 100 * sum(alarms.values()) / max(calm, 1)
    print(f"caught: {caught:.2f} % (target 99): {'met' if caught >= 99 else 'MISSED'}")
    verdict = "met" if cried <= 1 else "MISSED"
    print(f"false alarms: {cried:.2f} % of {calm:,} harmless edits (target 1): {verdict} {dict(+alarms)}")
    for line in shown[:20]:
        print(f"  stood: {line}")
    if caught < 99 or cried > 1:
        raise SystemExit(1)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 100.0, sys.argv[2] if len(sys.argv) > 2 else "")
