"""What does a reader process weigh after all kinds of pages, and is a search held up while the keeper prints?

Run: python bench/bench_readers.py [ARTICLES [ENGINE...]]; 20000 for the size that counts, engines whoosh and tantivy.
One newsroom a engine, through `broadtape serve` with one reader. Targets: 120 MB; a search's 99th percentile while
everything is printed for the first time at most twice that of a keeper at rest, and 20 ms more for what else it waits.
"""

from __future__ import annotations

import http.client
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote_plus

from bench_nginx import family, free_port
from reuters import furnish, stories

from broadtape import config, publishing
from broadtape.pagestore import Due, PageWriter, path_of
from broadtape.search import open_index

MEASURED_S = 15.0
WEIGHT = 120.0  # MB
KINDS = (
    "{a}",
    "{a} {b}",
    '"{a} {b}"',
    "{a} or {b}",
    "{c}*",
    "{d}",
    "topic:{t}",
    "topic:{t} {a}",
    "{a} date:>2024-01-01",
)


def queries(number: int, articles: int) -> list[str]:
    """Searches of every kind: a word, two, a phrase, either, a beginning, a misspelling, a topic, a date."""
    chance = random.Random(7)
    words = sorted(
        {
            word.lower()
            for one in stories(min(articles, 400))
            for word in one.body.split()
            if word.isalpha() and len(word) > 4
        }
    )
    topics = sorted({topic for one in stories(min(articles, 400)) for topic in one.topics})
    found = []
    for n in range(number):
        a, b = chance.choice(words), chance.choice(words)
        wrong = a[:2] + a[3] + a[2] + a[4:]
        found.append(KINDS[n % len(KINDS)].format(a=a, b=b, c=a[:4], d=wrong, t=chance.choice(topics)))
    return found


class Client:
    """One visitor with a connection that stays open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        try:
            self._open.request("GET", path, headers=headers)
            answer = self._open.getresponse()
            return answer.status, answer.read()
        except OSError:
            self._open.close()
            self._open = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            return 0, b""


def ms(values: list[float]) -> str:
    values.sort()
    return f"p50 {statistics.median(values):6.1f}, p99 {values[min(len(values) - 1, int(len(values) * 0.99))]:6.1f} ms"


def latencies(client: Client, searches: list[str], pages: list[str]) -> tuple[list[float], list[float]]:
    """Milliseconds of searches and of pages, in turn for a while, with a moment between as readers leave."""
    searched: list[float] = []
    opened: list[float] = []
    end = time.monotonic() + MEASURED_S
    n = 0
    while time.monotonic() < end:
        for path, into in (
            (f"/search?q={quoted(searches[n % len(searches)])}", searched),
            (pages[n % len(pages)], opened),
        ):
            began = time.perf_counter()
            status, _ = client.get(path, **{"Accept-Encoding": "gzip"})
            into.append((time.perf_counter() - began) * 1000)
            assert status == 200, (status, path)
            time.sleep(0.005)
        n += 1
    return searched, opened


def quoted(text: str) -> str:
    return quote_plus(text)


def weight(pid: int) -> tuple[float, float]:
    """Proportional and resident megabytes of a process."""
    told = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    held = {line.split(":")[0]: line.split()[1] for line in told.splitlines()[1:]}
    return int(held["Pss"]) / 1024, int(held["Rss"]) / 1024


@contextmanager
def serving(root: Path, *more: str) -> Iterator[tuple[Client, int]]:
    port = free_port()
    run = "from broadtape.cli import main; main()"
    command = [sys.executable, "-c", run, "-C", str(root), "serve", "--host", "127.0.0.1", "--workers", "1"]
    with Path(os.devnull).open("wb") as nothing:
        process = subprocess.Popen([*command, "--port", str(port), *more], stdout=nothing, stderr=nothing)
    try:
        client = Client(port)
        while client.get("/healthz")[0] != 200:
            time.sleep(0.1)
        yield client, process.pid
    finally:
        process.terminate()
        process.wait(30)


def reader_of(pid: int) -> int:
    return next(
        one for one in family(pid) if b"broadtape.serving" in Path(f"/proc/{one}/cmdline").read_bytes()
    )


def until_searchable(root: Path, articles: int) -> None:
    """Until the index is there as a whole."""
    while True:
        index = open_index(config.load(root).index)
        held = index.documents
        index.close()
        if held >= articles:
            return
        time.sleep(0.5)


def visit(client: Client, articles: int, searches: list[str]) -> int:
    """All kinds of pages, and enough of them to fill what a reader keeps in memory."""
    newest = list(stories(min(articles, 3_000)))
    pages = [f"/{one.date:%Y/%m/%d}/{one.slug}/" for one in newest]
    pages += [
        "/",
        "/archive/",
        "/topics/",
        "/markets/",
        "/quotes/",
        "/feeds/",
        "/definitions/",
        "/corrections/",
        "/about/methods/",
    ]
    pages += [
        "/feed.xml",
        "/atom.xml",
        "/feed.json",
        "/sitemap.xml",
        "/robots.txt",
        "/widgets/",
        "/api/v1/openapi.json",
        "/metrics",
    ]
    pages += [f"/topics/{topic}/" for one in newest[:60] for topic in one.topics[:1]]
    pages += [f"{page}proof" for page in pages[:50]] + [f"/nothing/{n}/" for n in range(50)]
    pages += [f"/search?q={quoted(one)}" for one in searches]
    pages += [f"/search?q={quoted(one)}&page=2&sort=date" for one in searches[:100]]
    pages += [f"/search/suggest?q={quoted(one[:3])}" for one in searches] + ["/search?q=fact:streak%3E%3D3"]
    pages += [f"/api/v1/search?q={quoted(one)}" for one in searches[:100]] + ["/search", "/search?topic=news"]
    for page in pages:
        for encoding in ("gzip, deflate, br", "identity"):
            status, _ = client.get(page, **{"Accept-Encoding": encoding})
            assert status < 500, (status, page)
    return len(pages)


def measure(articles: int, engine: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        furnish(root, articles, settings=f'[search]\nengine = "{engine}"\n')
        instance = config.load(root)
        publishing.publish(instance)
        searches = queries(200, articles)
        pages = [f"/{one.date:%Y/%m/%d}/{one.slug}/" for one in stories(min(articles, 400))]
        with serving(root) as (client, pid):
            until_searchable(root, articles)
            before = printed(root)
            busy, busy_pages = latencies(client, searches, pages)
            made = printed(root) - before
        with serving(root, "--no-keeper") as (client, pid):
            latencies(client, searches[:50], pages[:50])
            rest, rest_pages = latencies(client, searches, pages)
            count = visit(client, articles, searches)
            proportional, resident = weight(reader_of(pid))
        held = sorted(busy)[int(len(busy) * 0.99)] <= 2 * sorted(rest)[int(len(rest) * 0.99)] + 20
        print(f"{articles:,} articles, {engine}, load {os.getloadavg()[0]:.1f}")
        print(f"  search at rest    {ms(rest)}   page {ms(rest_pages)}")
        print(
            f"  while printing    {ms(busy)}   page {ms(busy_pages)}   ({made:,} pages printed meanwhile)"
            f"; held up: {'no' if held else 'YES'}"
        )
        met = "met" if resident <= WEIGHT else "MISSED"
        print(
            f"  a reader after {count:,} pages in two forms: PSS {proportional:.0f} MB, RSS {resident:.0f} MB"
            f"; target {WEIGHT:.0f}: {met}"
        )


def printed(root: Path) -> int:
    """Pages that are printed so far."""
    with PageWriter(path_of(config.load(root).cache)) as store:
        return store.count(Due.FRESH)


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    for chosen in sys.argv[2:] or ("whoosh", "tantivy"):
        measure(number, chosen)
