"""Articles for benchmarks at a real site's size: the Reuters corpus where it is, else made-up ones.

The corpus is read in place (BROADTAPE_DATA, else ../shared/data beside the checkout) and never copied into the
repository. Dates are moved to the last years, one an hour or so, so that archives, topics and months fill up.
"""

from __future__ import annotations

import json
import lzma
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from bench_visible import WORDS, text

ZONE = timezone(timedelta(hours=-8))
NEWEST = datetime(2026, 1, 20, 9, 0, tzinfo=ZONE)


@dataclass(frozen=True)
class Story:
    slug: str
    title: str
    body: str
    date: datetime
    topics: tuple[str, ...]


def corpus() -> Path | None:
    named = os.environ.get("BROADTAPE_DATA")
    folder = Path(named) if named else Path(__file__).parents[1] / "shared" / "data"
    path = folder / "corpus" / "reuters21578.jsonl.xz"
    return path if path.is_file() else None


def stories(number: int) -> Iterator[Story]:
    """So many stories, the newest first, their text as `markdown.to_text` gives it; the corpus again where it ends."""
    path = corpus()
    made = 0
    while made < number:
        for title, body, topics in _told(path) if path is not None else _invented():
            if made >= number:
                return
            when = NEWEST - timedelta(minutes=53 * made)
            yield Story(f"story-{made}", title, body, when, topics)
            made += 1


def _told(path: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            plain = re.sub(r"[<>&*_`\[\]\\#|~]", " ", one["body"])
            body = "\n\n".join(
                " ".join(part.split()) for part in re.split(r"\n[ \t]{2,}", plain) if part.strip()
            )
            title = re.sub(r"[<>\"\\]", "'", " ".join(one["title"].split())) or "Untitled"
            yield title.capitalize(), body or "No text.", tuple(one["topics"][:4]) or ("news",)


def _invented() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    chance = random.Random(1)
    while True:
        yield (
            f"{chance.choice(WORDS)} {chance.choice(WORDS)}".capitalize(),
            text(chance, 130),
            (chance.choice(WORDS),),
        )


def furnish(root: Path, number: int, *, settings: str = "") -> None:
    """An instance with one site and so many articles."""
    site = root / "content" / "sites" / "bay"
    site.mkdir(parents=True)
    (root / "content" / "broadtape.toml").write_text(
        f'[instance]\ndefault_site = "bay"\naudience = "public"\n{settings}', "utf-8"
    )
    (site / "site.toml").write_text(
        'name = "Bay"\nurl = "http://localhost"\nhosts = ["127.0.0.1", "localhost"]\n'
        'time_zone = "America/Los_Angeles"\n',
        "utf-8",
    )
    for one in stories(number):
        folder = root / "content" / "articles" / f"{one.date:%Y}" / f"{one.date:%m}"
        folder.mkdir(parents=True, exist_ok=True)
        topics = ", ".join(one.topics)
        front = f'---\ntitle: "{one.title}"\ndate: {one.date.isoformat()}\ntopics: [{topics}]\n---\n\n'
        (folder / f"{one.slug}.md").write_text(f"{front}{one.body}\n", "utf-8")
