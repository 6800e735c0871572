"""How long after a Markdown file is saved it is on its page, in listing, feed and search, through a running server.

Run: python bench/bench_visible.py [ROUNDS] [ARTICLES]. A temporary newsroom, one server on a loopback port,
nothing kept. Target: under a second; p50 at most 50 ms and p99 at most 200 ms on a quiet machine.
"""

from __future__ import annotations

import http.client
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from whoosh import fields, index, qparser

WORDS = (
    "market",
    "index",
    "session",
    "small",
    "large",
    "company",
    "shares",
    "rose",
    "fell",
    "report",
    "rate",
    "bond",
    "ferry",
    "town",
)
FRONT = "---\ntitle: {title}\ndate: 2026-01-{day:02d}T10:00:00-08:00\ntopics: [{topic}]\n---\n\n"


def text(chance: random.Random, words: int = 400) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(words)).capitalize() + "."


def furnish(root: Path, articles: int) -> None:
    chance = random.Random(1)
    site = root / "content" / "sites" / "bay"
    site.mkdir(parents=True)
    (root / "content" / "broadtape.toml").write_text('[instance]\ndefault_site = "bay"\n', "utf-8")
    (site / "site.toml").write_text(
        'name = "Bay"\nurl = "http://localhost"\nhosts = ["127.0.0.1", "localhost"]\n', "utf-8"
    )
    folder = root / "content" / "articles" / "2026" / "01"
    folder.mkdir(parents=True)
    for number in range(articles):
        front = FRONT.format(title=f"Story {number}", day=1 + number % 28, topic=chance.choice(WORDS))
        (folder / f"story-{number}.md").write_text(front + text(chance), "utf-8")


def get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
    except OSError:
        return ""
    else:
        return body if answer.status == 200 else ""
    finally:
        connection.close()


def until(done: Callable[[], bool], limit: float = 60.0) -> None:
    end = time.perf_counter() + limit
    while not done():
        if time.perf_counter() > end:
            raise SystemExit("it did not become visible")
        time.sleep(0.002)


def stock_whoosh(folder: Path, articles: int, rounds: int) -> list[float]:
    """One commit and one search that finds it, over as many documents."""
    chance = random.Random(1)
    folder.mkdir()
    held = index.create_in(
        folder, fields.Schema(url=fields.ID(unique=True, stored=True), body=fields.TEXT(stored=True))
    )
    writer = held.writer()
    for number in range(articles):
        writer.update_document(url=f"/{number}/", body=text(chance))
    writer.commit()
    seconds = []
    for number in range(rounds):
        began = time.perf_counter()
        writer = held.writer()
        writer.update_document(url=f"/new-{number}/", body=f"{text(chance)} Zebra{number}x.")
        writer.commit()
        with held.searcher() as searcher:
            assert (
                len(searcher.search(qparser.QueryParser("body", held.schema).parse(f"zebra{number}x"))) == 1
            )
        seconds.append(time.perf_counter() - began)
    return seconds


def told(what: str, seconds: list[float]) -> float:
    ordered = sorted(seconds)
    p50, p99 = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    print(f"{what:<34} p50 {p50 * 1e3:6.0f} ms   p99 {p99 * 1e3:6.0f} ms")
    return p50


def main(rounds: int, articles: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        furnish(root, articles)
        run = [
            sys.executable,
            "-c",
            "from broadtape.cli import main; main()",
            "-C",
            name,
            "serve",
            "--port",
            str(port),
        ]
        server = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: "Story 0" in get(port, "/2026/01/01/story-0/"), 300)
            until(lambda: "/story-" in get(port, "/search?q=story"), 300)
            folder = root / "content" / "articles" / "2026" / "01"
            chance = random.Random(2)
            time.sleep(5)  # until what surrounds the first pages is printed
            seen: dict[str, list[float]] = {name: [] for name in ("page", "listing", "feed", "search")}
            for number in range(rounds):
                word = f"zebra{number}x"
                body = (
                    FRONT.format(title=f"New {number}", day=28, topic="town") + text(chance) + f" {word}.\n"
                )
                (folder / f".new-{number}.tmp").write_text(body, "utf-8")
                began = time.perf_counter()
                (folder / f".new-{number}.tmp").rename(folder / f"new-{number}.md")
                address = f"/2026/01/28/new-{number}/"
                asked = {
                    "page": (address, word),
                    "listing": ("/topics/town/", address),
                    "feed": ("/feed.xml", address),
                    "search": (f"/search?q={word}", address),
                }
                for kind, (path, what) in asked.items():
                    until(lambda p=path, w=what: w in get(port, p))  # type: ignore[misc] # bound now
                    seen[kind].append(time.perf_counter() - began)
        finally:
            server.terminate()
            server.wait(30)
        peer = stock_whoosh(root / "stock", articles, rounds)
    print(f"{articles:,} articles of 400 words, {rounds} saved one after another")
    ours = 0.0
    for name, took in seen.items():
        ours = told(f"saved → {name}", took)
    theirs = told("peer: stock Whoosh, commit + search", peer)
    worst = max(seen["search"])
    met = "met" if worst < 1 else "MISSED"
    print(f"ratio to the peer: {ours / theirs:.2f}; target under 1 s: {met} (worst {worst:.2f} s)")


if __name__ == "__main__":
    main(*(int(one) for one in (sys.argv[1:] + ["30", "1000"][len(sys.argv) - 1 :])))
