"""What Lighthouse says of the front, article, quote and search pages on a slow phone, and what they weigh.

Run: python bench/bench_lighthouse.py [RUNS]. Makes a demo newsroom of two sessions, serves it and measures each page
RUNS times (5) with Lighthouse 12.2.3 and Debian's Chromium, printing medians. Targets: at least 98 in each category, no
layout shift, an article within 60 kB. The peer of an article is the same text as one bare file of HTML, measured the
same way: what is below it is ours, what both lose is the machine's.

Needs node, `npm install lighthouse@12.2.3` (or BROADTAPE_LIGHTHOUSE, its program) and a Chromium; says so and stops
where one is missing. The demo is a private preview, so "is not blocked from indexing" is left out: it is, on purpose.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

import served  # noqa: E402  the newsroom that the browser tests read

from broadtape import demo  # noqa: E402

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"  # fmt: skip  # noqa: E501  one argument
SESSIONS = (date(2018, 12, 24), date(2018, 12, 26))


def lighthouse() -> str:
    """The program; empty where there is none."""
    here = ROOT / "var" / "cache" / "checkers" / "node_modules" / ".bin" / "lighthouse"
    named = os.environ.get("BROADTAPE_LIGHTHOUSE", "")
    return named or (str(here) if here.is_file() else shutil.which("lighthouse") or "")


def measure(program: str, address: str, folder: Path) -> dict[str, Any] | None:
    """One run's report; None where Lighthouse gave none."""
    out = folder / "report.json"
    out.unlink(missing_ok=True)
    subprocess.run(
        [program, address, "--quiet", "--output=json", f"--output-path={out}", "--skip-audits=is-crawlable",
         f"--chrome-flags={FLAGS}"],
        env={**os.environ, "CHROME_PATH": served.chromium()}, capture_output=True, check=False, timeout=180,
    )  # fmt: skip
    return json.loads(out.read_bytes()) if out.is_file() else None


def row(reports: list[dict[str, Any]]) -> list[str]:
    """Medians: four scores, first and largest paint, blocking time, shift, bytes."""

    def audit(name: str) -> float:
        return statistics.median(one["audits"][name].get("numericValue") or 0.0 for one in reports)

    scores = [
        statistics.median((one["categories"][name]["score"] or 0) * 100 for one in reports)
        for name in CATEGORIES
    ]
    return [
        *(f"{score:.0f}" for score in scores),
        f"{audit('first-contentful-paint') / 1000:.1f} s",
        f"{audit('largest-contentful-paint') / 1000:.1f} s",
        f"{audit('total-blocking-time'):.0f} ms",
        f"{audit('cumulative-layout-shift'):.3f}",
        f"{audit('total-byte-weight') / 1000:.1f} kB",
    ]


class Bare(http.server.SimpleHTTPRequestHandler):
    """A file server that says nothing."""

    def log_message(self, *_: object) -> None:
        """Silence."""


def main() -> int:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    program = lighthouse()
    if not program or not served.chromium():
        print("skipped: needs `npm install lighthouse@12.2.3` (or BROADTAPE_LIGHTHOUSE) and a Chromium")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        root, port = Path(temporary) / "room", served.free_port()
        demo.prepare(root, address=f"http://127.0.0.1:{port}", progress=lambda *_: None, sessions=SESSIONS)
        bare = Path(temporary) / "bare"
        bare.mkdir()
        files = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Bare, directory=str(bare))
        )
        threading.Thread(target=files.serve_forever, daemon=True).start()
        with served.serve(root, port) as room:
            story = room.entry("surges")
            (bare / "index.html").write_text(
                '<!doctype html><html lang="en"><meta charset="utf-8">'
                '<meta name="viewport" content="width=device-width">'
                f'<meta name="description" content="peer"><title>{story.article.title}</title>'
                f"<main><h1>{story.article.title}</h1>{re.sub('<a [^>]*>|</a>', '', story.html)}</main></html>",
                "utf-8",
            )
            pages = {
                "front": room.base + "/",
                "article": room.base + story.address,
                "quote": room.base + "/quotes/NASDAQ:AMD/",
                "search": room.base + "/search?q=nasdaq",
                "peer: bare article": f"http://127.0.0.1:{files.server_address[1]}/",
            }
            print(f"medians of {runs}, load {os.getloadavg()[0]:.1f}")
            print("| page | " + " | ".join((*CATEGORIES, "FCP", "LCP", "TBT", "CLS", "bytes")) + " |")
            print("|---" * 10 + "|")
            for name, address in pages.items():
                found = [one for _ in range(runs) if (one := measure(program, address, Path(temporary)))]
                print(f"| {name} | " + (" | ".join(row(found)) if found else "no report") + " |", flush=True)
        files.shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
