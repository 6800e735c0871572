"""The newsroom that browser tests read: the demo's sample data, five sessions, and what a test needs besides.

`serve` runs it as `broadtape serve` does, as processes of their own; nothing here is a stand-in.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from broadtape import config, demo
from broadtape.archive.catalogue import Catalogue
from broadtape.archive.records import Entry
from broadtape.market import MarketStore
from newswire.observations import Forecast, ForecastPeriod, Harvest, Notice, Provenance

SESSIONS = (date(2015, 6, 23), date(2018, 12, 24), date(2018, 12, 26), date(2022, 12, 28))
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
HOSTILE = "Ferries </title><script>alert(1)</script> run late"

ARTICLES = {
    "2022/12/ferry-back.md": """---
title: The ferry is back on its winter timetable
date: 2022-12-29T09:00:00-08:00
summary: Boats leave on the hour again from Monday.
authors: [Mia Torres]
topics: [ferries]
corrections:
  - {date: 2022-12-30T09:00:00-08:00, text: "An earlier version gave the wrong pier."}
---

Boats leave **on the hour** again from Monday, the operator said.

## What changes

The last boat leaves at 7:55 p.m. Shares of the maker of its engines, Advanced Micro Devices
(NASDAQ: AMD), have nothing to do with it.

| Pier | First boat | Last boat |
| --- | --- | --- |
| Town | 6:10 a.m. | 7:55 p.m. |
| City | 6:40 a.m. | 8:25 p.m. |
""",
    "2022/12/long-word.md": f"""---
title: "{LONG_WORD} أ"
date: 2022-12-27T10:00:00-08:00
topics: [ferries]
---

{LONG_WORD} {LONG_WORD}
https://example.org/{"a" * 150}

- {LONG_WORD}

| {LONG_WORD} | Second | Third |
| --- | --- | ---: |
| `{"x" * 80}` | b | 1 |
""",
    "2022/12/withdrawn.md": """---
title: A story that was taken back
date: 2022-12-27T09:00:00-08:00
status: withdrawn
note: It was about another town.
---

Nothing.
""",
    "2022/12/hostile.md": f"""---
title: "{HOSTILE}"
date: 2022-12-26T09:00:00-08:00
topics: [ferries]
photo: {{src: "javascript:alert(2)", alt: "\\"><img src=x onerror=alert(3)>"}}
---

<script>alert(4)</script> <img src=x onerror="alert(5)"> [a link](javascript:alert(6))
<a href="https://example.org/" style="position:fixed" onclick="alert(7)">words</a> <iframe src="//example.org"></iframe>
""",
}


BLOCKS = """
blocks = ["forecast", "alerts", "traffic", "lodging", "events", "companies", "most-read", "paid", "own"]
[block.forecast]
place = [37.8591, -122.4853]
[block.traffic]
link = "https://example.org/traffic"
[block.lodging]
action = "https://example.org/search"
[block.paid]
kind = "sponsored"
slots = [{ title = "Boats for hire", link = "https://example.org/boats", sponsor = "A boatyard" }]
[block.own]
kind = "html"
title = "From the harbour"
html = "<p onclick=alert(8)>Low water <b>at noon</b>.</p><script>alert(9)</script><img src=x onerror=alert(10)>"
"""


def weather(now: datetime) -> Harvest:
    """A week ahead, a gale and a closed road, as the sources give them."""
    half, first = timedelta(hours=12), now.replace(minute=0, second=0, microsecond=0)
    origin = Provenance(source="nws", digest="00", retrieved=now, address="https://api.weather.gov/x")
    periods = tuple(
        ForecastPeriod(
            f"Half {n}", first + half * n, first + half * (n + 1), n % 2 == 0, Decimal(61 - n), "F", 5 * n, "W 10 mph",
            "Patchy fog then sunny" if n % 2 == 0 else "Mostly clear",
        )
        for n in range(14)
    )  # fmt: skip
    return Harvest(
        "nws",
        1,
        forecasts=(Forecast("sausalito", now - timedelta(hours=1), periods, origin),),
        notices=(
            Notice("g1", "sausalito", "alert", "<b>Gale</b> Warning", "Winds of 40 knots.", now - half, now + half,
                   "https://alerts.weather.gov/g1", origin, "Severe"),
            Notice("c1", "sausalito", "closure", "US-101 north, one lane", "Paving.", now - half, None, "", origin),
        ),
        provenance=origin,
    )  # fmt: skip


@dataclass(frozen=True)
class Served:
    """A newsroom at work; `base` is the first site's address, `other` the second one's."""

    root: Path
    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def other(self) -> str:
        return f"http://duluth.localhost:{self.port}"

    @cached_property
    def instance(self) -> config.Instance:
        return config.load(self.root)

    @cached_property
    def entries(self) -> list[Entry]:
        return Catalogue(self.instance.catalogue).latest(demo.SITE, limit=100)

    def entry(self, words: str) -> Entry:
        """The story with these words in its title."""
        return next(entry for entry in self.entries if words in entry.article.title)

    @cached_property
    def proved(self) -> Entry:
        """A desk story with a chart and many proven figures."""
        return self.entry("surges")

    def pages(self) -> dict[str, str]:
        """One address of every page type, by name."""
        story = self.proved.address
        return {
            "front": "/",
            "desk story": story,
            "editor's story": self.entry("winter timetable").address,
            "hostile story": self.entry("Ferries").address,
            "long words": self.entry(LONG_WORD).address,
            "proof": story + "proof",
            "topic": "/topics/ferries/",
            "topics": "/topics/",
            "author": "/authors/mia-torres/",
            "archive": "/archive/",
            "month": "/archive/2018/12/",
            "markets": "/markets/",
            "quotes": "/quotes/",
            "quote": "/quotes/NASDAQ:AMD/",
            "index": "/quotes/INDEXSP:SPX/",
            "comparison": "/quotes/INDEXSP:SPX/?range=max&vs=NASDAQ:AMD",
            "look-up": "/quotes/?q=s",
            "widget": "/embed/quotes?symbols=NASDAQ:AMD",
            "headlines widget": "/embed/headlines",
            "definitions": "/definitions/",
            "definition": "/definitions/streak/",
            "corrections": "/corrections/",
            "about": "/about/",
            "methods": "/about/methods/",
            "privacy": "/privacy/",
            "terms": "/terms/",
            "accessibility": "/accessibility/",
            "feeds": "/feeds/",
            "local": "/local/",
            "widgets": "/widgets/",
            "search": "/search?q=nasdaq",
            "empty search": "/search",
            "fruitless search": "/search?q=zzyzx",
            "search of facts": "/search?q=fact:*",
            "search not understood": "/search?q=date:banana+(",
            "not found": "/no-such-page/",
            "withdrawn": "/2022/12/27/withdrawn/",
        }


def make(root: Path, port: int) -> None:
    """The newsroom's folder, published."""
    demo.prepare(root, address=f"http://127.0.0.1:{port}", progress=lambda *_: None, sessions=SESSIONS)
    settings = root / "content" / "sites" / demo.SITE / "site.toml"
    written = settings.read_text("utf-8")
    kept = re.sub(r"(?ms)^(blocks = .*?$|# Blocks with nothing.*)", "", written)
    table = kept.find("\n[")
    settings.write_text((kept if table < 0 else kept[:table]) + BLOCKS, "utf-8")
    instance = config.load(root)
    with MarketStore.open(instance.store) as store:
        store.ingest(weather(datetime.now(UTC)))
    for name, text in ARTICLES.items():
        path = root / "content" / "articles" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    from broadtape import publishing

    publishing.publish(config.load(root))


def publish_openly(root: Path, folder: Path, port: int) -> Path:
    """A copy of the newsroom that anybody may read, whose first site lets any page frame its widgets."""
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns("*.log", "*.sock"))
    settings = folder / "content" / "broadtape.toml"
    settings.write_text(
        settings.read_text("utf-8").replace('audience = "private"', 'audience = "public"'), "utf-8"
    )
    site = folder / "content" / "sites" / demo.SITE / "site.toml"
    text = re.sub(
        r"^url = .*$",
        f'url = "http://127.0.0.1:{port}"\nembeds = ["*"]',
        site.read_text("utf-8"),
        count=1,
        flags=re.MULTILINE,
    )
    site.write_text(text, "utf-8")
    return folder


@contextlib.contextmanager
def serve(root: Path, port: int) -> Iterator[Served]:
    """The newsroom served until the block is left."""
    run = "from broadtape.cli import main; main()"
    log = root / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", run, "-C", str(root), "serve", "--port", str(port), "--workers", "1"],
            stdout=out,
            stderr=out,
        )
    try:
        _wait(port, process, log)
        yield Served(root, port)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()


def read(address: str, host: str = "", agent: str = "test") -> tuple[int, dict[str, str], str]:
    """Status, headers (lower-case names) and text of an address; any name under .localhost is this machine."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=10)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"Host": host or parts.netloc, "User-Agent": agent})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def chromium() -> str:
    """The Chromium to test with; empty where there is none."""
    named = os.environ.get("BROADTAPE_CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome")
    return named or next((found for name in names if (found := shutil.which(name))), "")


def _wait(port: int, process: subprocess.Popen[bytes], log: Path, seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        assert process.poll() is None, log.read_text("utf-8", "replace")
        assert time.monotonic() < end, f"it did not start in time: {log.read_text('utf-8', 'replace')}"
        time.sleep(0.05)
