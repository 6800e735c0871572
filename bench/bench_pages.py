"""How fast a prepared page is answered, beside a plain Flask view that returns the same bytes.

Run: python bench/bench_pages.py [SECONDS]. Calls the WSGI applications in this process: no server, no network,
so that only what differs is compared. Target: at least 2.5 times the peer.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench_visible import furnish
from flask import Flask, Response

from broadtape import config, publishing
from broadtape.serving import Reader

ADDRESS = "/2026/01/01/story-0/"


def ask(application: Any, **headers: str) -> bytes:
    """One request, its answer's body."""
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": ADDRESS, "QUERY_STRING": "", "HTTP_HOST": "localhost",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
        "wsgi.input": None, "wsgi.errors": sys.stderr,
    } | headers  # fmt: skip
    chunks = application(environ, _start)
    body = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    return body


def _start(_status: str, _headers: list[tuple[str, str]], _failure: object = None) -> None:
    """What a server would do with the head."""


def rate(application: Any, seconds: float, **headers: str) -> tuple[float, int]:
    """Requests a second, and the size of the answer."""
    size = len(ask(application, **headers))
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for _ in range(20):
            ask(application, **headers)
        count += 20
    return count / (time.perf_counter() - began), size


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        furnish(Path(name), 50)
        publishing.publish(config.load(Path(name)))
        reader = Reader(Path(name))
        page = ask(reader)
        plain = Flask("peer")

        @plain.get("/<path:_>")
        def same(_: str) -> Response:
            return Response(page, content_type="text/html; charset=utf-8")

        peer, _ = rate(plain, seconds)
        print(f"{'peer: Flask view, same bytes':<34}{peer:10,.0f} /s   {len(page):,} bytes")
        for what, headers in (
            ("prepared page", {}),
            ("prepared page, Brotli", {"HTTP_ACCEPT_ENCODING": "gzip, deflate, br, zstd"}),
            ("304 Not Modified", {"HTTP_IF_NONE_MATCH": "*"}),
        ):
            ours, size = rate(reader, seconds, **headers)
            met = (
                ""
                if what != "prepared page"
                else f"; target 2.5: {'met' if ours >= 2.5 * peer else 'MISSED'}"
            )
            print(f"{what:<34}{ours:10,.0f} /s   {size:,} bytes   ratio {ours / peer:.1f}{met}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
