"""How long a publish takes: the first, one without changes, and one changed file.

Run: python bench/bench_publish.py [ARTICLES]. Made-up articles in a temporary folder, nothing kept.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from bench_visible import furnish

from broadtape import config, frontmatter, markdown, publishing
from broadtape.publishing.rendering import PlainLinks


def main(articles: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        furnish(root, articles)
        instance = config.load(root)
        paths = sorted(instance.articles.rglob("*.md"))
        began = time.perf_counter()
        for path in paths:
            parts = frontmatter.split(path.read_text("utf-8"))
            assert parts is not None
            markdown.to_html(markdown.parse(parts.body), PlainLinks())
        peer = time.perf_counter() - began
        print(
            f"{'peer: read, parse, render only':<34}{peer:8.2f} s   {peer / articles * 1e3:.2f} ms an article"
        )
        began = time.perf_counter()
        publishing.publish(instance)
        first = time.perf_counter() - began
        print(f"{'first publish, search included':<34}{first:8.2f} s   ratio {first / peer:.1f}")
        time.sleep(2.1)  # files saved a moment ago are read again: their stamp might not show another save
        publishing.publish(instance)
        began = time.perf_counter()
        publishing.publish(instance)
        same = time.perf_counter() - began
        print(
            f"{'nothing changed, all compared':<34}{same:8.3f} s   {same / articles * 20_000:.2f} s for 20,000"
        )
        took = []
        for number in range(10):
            paths[number].write_text(paths[number].read_text("utf-8") + " More.\n", "utf-8")
            began = time.perf_counter()
            publishing.publish(instance, {paths[number]})
            took.append(time.perf_counter() - began)
        print(f"{'one changed file, search included':<34}{sorted(took)[5]:8.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
