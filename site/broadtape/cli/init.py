"""`broadtape init`: a new instance with commented settings, one site and one article.

Fetches and serves nothing; it says which command comes next.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import tempfile
from datetime import datetime
from pathlib import Path
from string import Template

import click

from broadtape.model import BroadtapeError

_SETTINGS = """\
# An instance of Broadtape: one newsroom with its sites. docs/contracts/settings.md describes every key,
# docs/sources.md how to describe your tables.

[instance]
title = "$title"
contact = "$contact"   # shown on the sites and told to servers we fetch from: put yours
time_zone = "America/New_York"           # of the exchange's sessions; each site has its own for its pages
default_site = "$site"
audience = "private"                     # nothing is indexable; public: only licensed figures are shown

[desk]
universe = []                            # groups of companies to look at: ["watched"], by `group` below
author = "Market Desk"
# What an edition is about: `broadtape write` needs one of these, whose prices a source below holds.
# benchmarks = { large = "INDEXSP:SPX", small = "INDEXRUSSELL:RUT" }

# --- sources: your own files, CSV (also .gz) or Parquet -----------------------------------------------------
# A path may name an environment variable, "$${MARKET_DATA}/prices.csv"; a relative one starts at content/.
# Take the comment marks off to use one. Where two tables hold the same symbol and session, the earlier wins.

# [[sources.files]]
# name = "directory"
# path = "data/instruments.csv"
# holds = "instruments"
# columns = { symbol = "Symbol", name = "Company Name", etf = "ETF" }
# exchange = "NASDAQ"

# [[sources.files]]
# name = "prices"
# path = "data/prices.csv.gz"
# holds = "bars"
# columns = { symbol = "symbol", date = "date", close = "close", adj_close = "adj_close" }
# adjustment = "split"                   # of open, high, low, close: raw | split | total (with dividends)
# group = "watched"
# instruments = [                        # what no directory lists; `as` is its name in this table
#   { symbol = "INDEXSP:SPX", as = "SPX", name = "S&P 500", kind = "index" },
#   { symbol = "INDEXRUSSELL:RUT", as = "RUT", name = "Russell 2000", kind = "index" },
# ]
# attribution = "who supplies these figures"
# licence = "private"                    # private: may be computed with here, not republished

# --- sources: the web -------------------------------------------------------------------------------------
# A source with a table of its own is asked when it is due; docs/sources.md has all of them and their terms.
# Whoever is asked is told who asks: `contact` above must be an e-mail or web address of yours.

$web
# A key is only ever read from the environment: key = "$${TIINGO_KEY}".
# [sources.tiingo]
# key = "$${TIINGO_KEY}"
# symbols = ["NASDAQ:AAPL"]

# Any RSS or Atom feed: headline, link, credit and a short excerpt are kept.
# [[sources.feeds]]
# name = "town-hall"
# url = "https://example.org/news.xml"

# A site without a feed: a class of yours in scrapers/ beside content/; docs/sources.md shows one in thirty lines.
# [[sources.scrapers]]
# name = "harbour"
# use = "harbour:HarbourNotices"
"""

_SITE = """\
# One local publication. Addresses of pages and feeds come from `url`, never from a request.
name = "$name"
place = ""
url = "http://localhost:8000"
hosts = ["localhost", "127.0.0.1"]       # the names it answers to; others get 421
time_zone = "America/New_York"
locale = "en_US"
tagline = ""
watch_list = []                          # "NASDAQ:AAPL", …: the quotes beside every page
blocks = ["recent-quotes"]
indexing = "noindex"
copyright = "$name"
"""

_ARTICLE = """\
---
title: "A new newsroom"
date: $date
summary: "This page shows what an article looks like; replace it with your own."
topics: [about-us]
---

This is an ordinary post: a Markdown file with a title and a date. Everything else has a default.

## Where things are

- The settings are in `content/broadtape.toml`, this site's in `content/sites/$site/site.toml`.
- Articles lie in `content/articles/` by year and month; save a file there and the site shows it.
- What the desk writes is filed beside them, each figure a link to its proof.
"""


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--site", default="local", show_default=True, help="The first site's key: its folder's name.")
@click.option("--title", default="", help="The newsroom's name; by default the folder's.")
@click.option(
    "--contact", default="", help="Your e-mail address: turns the default web sources on, which are told it."
)
def command(folder: Path, site: str, title: str, contact: str) -> None:
    """Make a new instance: commented settings, one site, one article.

    Nothing that exists is changed; a folder that already is an instance is refused.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", site):
        raise click.BadParameter("small letters, digits and hyphens only", param_hint="--site")
    name = title or folder.resolve().name.replace("-", " ").replace("_", " ").title()
    if re.search(r'[\x00-\x1f\x7f"\\]', name):
        raise click.BadParameter(
            "no quotation marks, backslashes or control characters", param_hint="--title"
        )
    now = datetime.now().astimezone().replace(microsecond=0)
    if contact and not re.fullmatch(r"[^@\s\"\\]+@[^@\s\"\\]+\.[^@\s\"\\]+", contact):
        raise click.BadParameter("not an e-mail address", param_hint="--contact")
    web = _web_tables(enabled=bool(contact))
    words = {
        "title": name, "name": name, "site": site, "date": now.isoformat(), "contact": contact, "web": web,
    }  # fmt: skip
    files = {
        folder / "content" / "sites" / site / "site.toml": _SITE,
        folder / "content" / "articles" / f"{now:%Y}" / f"{now:%m}" / "a-new-newsroom.md": _ARTICLE,
        folder / "content" / "broadtape.toml": _SETTINGS,  # last: with it the folder is an instance
        folder / ".gitignore": "var/\n",
    }
    for path in files:
        if path.exists() and path.name != ".gitignore":
            raise BroadtapeError(f"{path}: exists already; name another folder, nothing was written")
    for path, text in files.items():
        if not path.exists():
            _write(path, Template(text).substitute(words))
    click.echo(f"made {folder}: describe your tables in {folder / 'content' / 'broadtape.toml'}, then run")
    shown = shlex.quote(str(folder))
    click.echo(f"  broadtape -C {shown} fetch")
    click.echo(f"  broadtape -C {shown} write")
    click.echo(f"  broadtape -C {shown} serve")


def _web_tables(*, enabled: bool) -> str:
    """A table for each source that is on by default, commented out where nobody is named to be told."""
    from newswire.sources import builtin

    mark = "" if enabled else "# "
    return "".join(
        f"{mark}[sources.{name}]  # {source.about.title}\n"
        for name, source in builtin().items()
        if source.about.default
    )


def _write(path: Path, text: str) -> None:
    """The file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
