"""How many falsehoods in filed articles the proof catches, and how often it cries wolf, over a whole archive.

Run: python bench/bench_mutations.py [SECONDS] [FOLDER] [ARTICLES]. FOLDER is an instance with an archive; without
one thirty sessions are written in a temporary folder (the acceptance tables where BROADTAPE_DATA names them, else the
sample data). At most ARTICLES (default 200) are tried, of every kind in turn, as many as the seconds (default 100) of
processor time allow, all falsehoods of each: digits, signs, directions, units, months, ranks, names and tickers, and
people's edits. Interrupted or terminated, it tells of what it has tried. Target: at least 99 % caught, at most 1 %
false alarms. 200 articles take some fifteen minutes of a processor.
"""

from __future__ import annotations

import itertools
import random
import signal
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
    """The published articles of the archive: of every kind in turn, dates mixed."""
    kinds: dict[str, list[Story]] = defaultdict(list)
    for article in press.archive.scan()[0]:
        if article.origin == "desk" and article.status == "published":
            kind = str(article.extra.get("story", "")).partition("/")[0]
            filed = Filed(kind, article.title, Path(article.path), "published", 0, {})
            kinds[kind].append(Story(press, filed, article))
    drawn = random.Random(1)
    for found in kinds.values():
        drawn.shuffle(found)
    turns = itertools.zip_longest(*(kinds[kind] for kind in sorted(kinds)))
    return [story for turn in turns for story in turn if story is not None]


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


class Tally:
    """What was tried and what stood, by kind of edit and by kind of story."""

    def __init__(self) -> None:
        self.tried, self.stood = Counter[str](), Counter[str]()
        self.calm, self.alarms = Counter[str](), Counter[str]()
        self.stories, self.proofs = Counter[str](), 0
        self.shown: list[str] = []

    def article(self, story: Story, others: list[Story], drawn: random.Random) -> None:
        """Try everything on one article."""
        self.stories[story.kind] += 1
        for together in rounds(story):
            self.proofs += 1
            self.tried.update(one.kind for one in together)
            rows = len(together) == 1 and is_head(story.file, together[0])
            for one in let_stand(story, together, rows=rows):
                self.stood[one.kind] += 1
                self.shown.append(f"stood: {story.kind} {story.article.as_of}: {one.shown(story.file)}")
        for kind, text in falsifying(story, others, drawn):
            self.proofs += 1
            self.tried[f"by people: {kind}"] += 1
            if not story.failing(text):
                self.stood[f"by people: {kind}"] += 1
                self.shown.append(f"stood: {story.kind} {story.article.as_of}: {changed(story.file, text)}")
        for kind, text in harmless(story, drawn):
            self.proofs += 1
            self.calm[kind] += 1
            if failing := story.failing(text):
                self.alarms[kind] += 1
                what = f"{changed(story.file, text)}: {failing[0].reason}"
                self.shown.append(f"alarm: {kind}: {story.kind} {story.article.as_of}: {what}")


def changed(before: str, after: str) -> str:
    """Where two texts differ first."""
    at = next((at for at, (one, two) in enumerate(zip(before, after, strict=False)) if one != two), 0)
    return f"…{before[max(0, at - 60) : at + 80]!r} → {after[max(0, at - 10) : at + 80]!r}"


def main(seconds: float, named: str, most: int) -> None:
    """Try, count and print; exits 1 where a target is missed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
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
        began, worked, drawn = time.perf_counter(), time.process_time(), random.Random(2)
        tally = Tally()
        for number, story in enumerate(found[:most], 1):
            if time.process_time() - worked > seconds:
                break
            try:
                tally.article(story, found, drawn)
            except KeyboardInterrupt:  # what was tried so far is told
                break
            press.forget()
            print(f"\r{number}/{min(most, len(found))}", end="", file=sys.stderr, flush=True)
        took, busy = time.perf_counter() - began, time.process_time() - worked
    total, let = sum(tally.tried.values()), sum(tally.stood.values())
    print(f"\n{sum(tally.stories.values())} of {len(found)} articles: {dict(tally.stories.most_common())}")
    print(
        f"{total:,} falsehoods in {tally.proofs:,} proofs, {busy:.0f} s of CPU, {took:.0f} s in all, "
        f"{1000 * busy / max(tally.proofs, 1):.1f} ms a proof"
    )
    for kind, number in tally.tried.most_common():
        print(f"  {kind:<36}{number:8,}  stood {tally.stood[kind]}")
    caught, cried = (
        100 * (1 - let / max(total, 1)),
        100 * sum(tally.alarms.values()) / max(sum(tally.calm.values()), 1),
    )
    print(f"caught: {caught:.3f} % (target 99): {'met' if caught >= 99 else 'MISSED'}")
    verdict = "met" if cried <= 1 else "MISSED"
    print(f"false alarms: {cried:.3f} % of {sum(tally.calm.values()):,} harmless edits (target 1): {verdict}")
    for kind, number in tally.calm.most_common():
        print(f"  {kind:<36}{number:8,}  alarms {tally.alarms[kind]}")
    for line in tally.shown:
        print(f"  {line}")
    if caught < 99 or cried > 1:
        raise SystemExit(1)


if __name__ == "__main__":
    main(
        float(sys.argv[1]) if len(sys.argv) > 1 else 100.0,
        sys.argv[2] if len(sys.argv) > 2 else "",
        int(sys.argv[3]) if len(sys.argv) > 3 else 200,
    )
