"""How well an article's text is found on pages nobody tuned for: ours beside trafilatura alone.

    python bench/bench_extraction.py FOLDER…        (or BROADTAPE_PAGES=FOLDER:FOLDER)

A FOLDER is a checkout of github.com/scrapinghub/article-extraction-benchmark (ground-truth.json,
html/*.html.gz) or of github.com/adbar/trafilatura (tests/evaldata.json, tests/eval/, tests/cache/). They are
read in place; nothing of them is kept or shipped. The first gives whole texts: F1 of words (as a bag, each page
counting alike), and the corpus' own F1 of runs of four words. The second gives pieces that must be in a text
and pieces that must not: F1 over all pieces of a seeded sample of 150 pages.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import statistics
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORD = re.compile(r"\w+", re.UNICODE)


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def shingles(text: str, length: int = 4) -> list[tuple[str, ...]]:
    found = WORD.findall(text)
    if len(found) < length:
        return [tuple(found)] if found else []
    return [tuple(found[place : place + length]) for place in range(len(found) - length + 1)]


def shares(truth: Iterable[object], found: Iterable[object]) -> tuple[float, float]:
    """Precision and recall of one bag against another."""
    mine, theirs = Counter(found), Counter(truth)
    common = sum((mine & theirs).values())
    precision = common / mine.total() if mine else float(not theirs)
    recall = common / theirs.total() if theirs else float(not mine)
    return precision, recall


def f1(pair: tuple[float, float]) -> float:
    return 2 * pair[0] * pair[1] / sum(pair) if sum(pair) else 0.0


def ours(html: bytes, url: str) -> str:
    from broadtape.extraction import NotAnArticle, Page, extract

    try:
        return extract(Page(body=html, name=url, address=url, media_type="text/html"), now=NOW).text
    except NotAnArticle:
        return ""


def alone(html: bytes, url: str) -> str:
    import trafilatura

    return trafilatura.extract(html, url=url, include_comments=False) or ""


def measure(
    name: str, extractor: Callable[[bytes, str], str], pages: list[tuple[bytes, str, str]]
) -> list[float]:
    started = time.perf_counter()
    texts = [extractor(html, url) for html, url, _ in pages]
    seconds = time.perf_counter() - started
    bags = [shares(words(truth), words(text)) for (_, _, truth), text in zip(pages, texts, strict=True)]
    runs = [shares(shingles(truth), shingles(text)) for (_, _, truth), text in zip(pages, texts, strict=True)]
    of_runs = f1((statistics.mean(p for p, _ in runs), statistics.mean(r for _, r in runs)))
    each = [f1(pair) for pair in bags]
    precision, recall = (statistics.mean(one[place] for one in bags) for place in (0, 1))
    print(
        f"{name:<20} words: F1 {statistics.mean(each):.4f} precision {precision:.4f} recall {recall:.4f}"
        f"   runs of four: F1 {of_runs:.4f}   empty {sum(not text for text in texts)}"
        f"   {1000 * seconds / len(pages):.0f} ms a page"
    )
    return each


def folded(text: str) -> str:
    return " ".join(text.split())


def pieces(folder: Path, count: int = 150) -> None:
    """The second corpus: what must be in a text, and what must not."""
    held = json.loads((folder / "evaldata.json").read_text("utf-8"))
    chosen = sorted(held.items())
    random.Random(3).shuffle(chosen)
    tallies = {"trafilatura alone": Counter[str](), "broadtape": Counter[str]()}
    read = 0
    for url, one in chosen:
        path = next(
            (folder / at / one["file"] for at in ("cache", "eval") if (folder / at / one["file"]).is_file()),
            None,
        )
        if path is None:
            continue
        html = path.read_bytes()
        for tally, extractor in zip(tallies.values(), (alone, ours), strict=True):
            text = folded(extractor(html, url))
            tally["there"] += sum(folded(piece) in text for piece in one["with"])
            tally["lost"] += sum(folded(piece) not in text for piece in one["with"])
            tally["wrong"] += sum(folded(piece) in text for piece in one["without"])
        read += 1
        if read >= count:
            break
    for name, tally in tallies.items():
        precision = tally["there"] / (tally["there"] + tally["wrong"])
        recall = tally["there"] / (tally["there"] + tally["lost"])
        print(
            f"{name:<20} pieces: F1 {f1((precision, recall)):.4f} precision {precision:.4f} recall {recall:.4f}"
        )
    print(f"{read} pages of trafilatura's own evaluation")


def main() -> None:
    given = sys.argv[1:] or os.environ.get("BROADTAPE_PAGES", "").split(":")
    folders = [Path(one) for one in given if one and one != "-v"]
    known = [
        one
        for one in folders
        if (one / "ground-truth.json").is_file() or (one / "tests" / "evaldata.json").is_file()
    ]
    if not known:
        print("bench_extraction: skipped: no folder of pages; its first lines say which")
        return
    for folder in known:
        if (folder / "ground-truth.json").is_file():
            texts(folder)
        else:
            pieces(folder / "tests")


def texts(folder: Path) -> None:
    """The first corpus: whole texts."""
    truth = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    pages = [
        (gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes()), one["url"], one["articleBody"])
        for key, one in sorted(truth.items())
    ]
    alone(*pages[0][:2])
    ours(*pages[0][:2])  # imports and tables, not part of the measure
    theirs = measure("trafilatura alone", alone, pages)
    mine = measure("broadtape", ours, pages)
    differing = sorted(
        (b - a, url) for a, b, (_, url, _) in zip(theirs, mine, pages, strict=True) if abs(a - b) > 0.01
    )
    better = sum(1 for delta, _ in differing if delta > 0)
    print(f"{len(pages)} pages; better by over 0.01 on {better}, worse on {len(differing) - better}")
    if "-v" in sys.argv:
        for delta, url in differing:
            print(f"  {delta:+.3f} {url}")


if __name__ == "__main__":
    main()
