"""`broadtape chrome import`: a page of the operator's website into the header and footer of a site.

Reads and writes files and prints; what is taken and what is left out is broadtape.borrowing's.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from broadtape.cli import Newsroom, known, pass_newsroom
from broadtape.model import BroadtapeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from broadtape.borrowing import Borrowed
    from broadtape.config import Instance, Site
    from newswire.collect import Sender

_LONGEST: Final = 2 * 2**20  # of a stylesheet or picture that is read
_SHOWN: Final = 40  # lines of what was left out


@click.group("chrome")
def command() -> None:
    """What stands around a site's pages."""


@command.command("import")
@click.argument("place", metavar="FILE|URL")
@click.option("--site", metavar="SITE", help="The site; by default the instance's default site.")
@click.option(
    "--url", "address", metavar="ADDRESS", help="Where a saved FILE is from, if it does not say so itself."
)
@click.option("--replace", "again", is_flag=True, help="Put it in the place of templates that are there.")
@click.option("--dry-run", is_flag=True, help="Show what would be taken and left out; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_newsroom
def import_(
    newsroom: Newsroom,
    place: str,
    site: str | None,
    address: str | None,
    again: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """A page of your website into the header and footer of a site.

    FILE is a page saved by a browser, its stylesheets and pictures beside it; URL is asked for politely, its pictures
    and stylesheets too. What stands before the article becomes the header, what stands after it the footer; scripts,
    forms and frames are left out, and links become absolute. The files are then yours to change.
    """
    instance = newsroom.instance()
    if address and not re.match(r"https?://[^/\s]+", address):
        raise BroadtapeError(
            f"--url {address}: is no web address; give it whole, as in https://www.example.org/"
        )
    known("--site", site, instance.sites)
    chosen = instance.sites[site or instance.default_site]
    there = [path for path in _templates(chosen) if path.exists()]
    if there and not (again or dry_run):
        raise BroadtapeError(
            f"{_shown(there[0], instance)}: is there already; add --replace to put another in its place"
        )
    borrowed = _borrow(place, instance, chosen, address or "", quiet=as_json)
    written: list[Path] = [] if dry_run else _write(chosen, borrowed)
    if as_json:
        result = {
            "site": chosen.key,
            "written": [_shown(path, instance) for path in written],
            "left_out": list(borrowed.left_out),
            "header": borrowed.header,
            "footer": borrowed.footer,
        }
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    for path in written:
        click.echo(f"wrote {_shown(path, instance)}")
    if borrowed.left_out:
        click.echo("left out:")
        for line in borrowed.left_out[:_SHOWN]:
            click.echo(f"  {line}")
        if len(borrowed.left_out) > _SHOWN:
            click.echo(f"  and {len(borrowed.left_out) - _SHOWN} more (--json lists them)")
    click.echo(
        "nothing written (--dry-run)"
        if dry_run
        else "Look at it with 'broadtape serve'; "
        f"remove content/sites/{chosen.key}/templates/chrome to have ours again."
    )


def _borrow(place: str, instance: Instance, site: Site, address: str, *, quiet: bool) -> Borrowed:
    from contextlib import nullcontext

    from rich.console import Console

    from broadtape.borrowing import borrow
    from broadtape.extraction.loading import ABOUT, asking, load_page

    errors = Console(stderr=True)
    shown = quiet or not errors.is_terminal
    with nullcontext() if shown else errors.status("reading the page") as status:

        def told(what: str) -> None:
            if status is not None:
                status.update(f"asking for {what[:100]}")

        if "://" not in place[:12]:
            page = load_page(place, instance)
            return borrow(
                page.body, address=address, source=page.name, name=site.name, allowed=site.csp_allow,
                fetch=_beside(Path(place).parent),
            )  # fmt: skip
        with asking(instance, place) as client:
            page = load_page(place, instance, client=client)
            about = replace(ABOUT, rate=0.3)  # the operator's own website
            return borrow(
                page.body, address=page.address, source=place, name=site.name, allowed=site.csp_allow,
                fetch=_asked(client, about, told), charset=page.charset,
            )  # fmt: skip


def _beside(folder: Path) -> Callable[[str], bytes | None]:
    """What reads files beside a saved page, and nothing outside its folder."""
    home = folder.resolve()

    def fetch(where: str) -> bytes | None:
        from urllib.parse import unquote, urlsplit

        try:
            if urlsplit(where).scheme:
                return None
            path = (home / unquote(where.partition("?")[0].partition("#")[0]).lstrip("/")).resolve()
            if not path.is_relative_to(home) or not path.is_file() or path.stat().st_size > _LONGEST:
                return None
            return path.read_bytes()
        except (OSError, ValueError):
            return None

    return fetch


def _asked(client: Sender, about: object, told: Callable[[str], None]) -> Callable[[str], bytes | None]:
    """What asks for stylesheets and pictures as for any other page."""
    from newswire.wire import About, Request

    assert isinstance(about, About)

    def fetch(where: str) -> bytes | None:
        if not where.startswith(("http://", "https://")):
            return None
        told(where)
        accepts = ("text/css", "image/*")
        outcome = client.send(Request(url=where, accepts=accepts, max_bytes=_LONGEST, label=where), about)
        return outcome.snapshot.body if outcome.kind == "fetched" and outcome.snapshot else None

    return fetch


def _templates(site: Site) -> tuple[Path, Path]:
    folder = site.folder / "templates" / "chrome"
    return folder / "header.html", folder / "footer.html"


def _write(site: Site, borrowed: Borrowed) -> list[Path]:
    """Pictures and styles first, the templates that name them last; former templates stay beside as .bak."""
    from broadtape.archive.files import write_file

    header, footer = _templates(site)
    written = []
    for name, data in (*sorted(borrowed.files.items()), ("style.css", borrowed.style.encode())):
        path = site.folder / "chrome" / name
        write_file(path, data)
        written.append(path)
    for path, text in ((footer, borrowed.footer), (header, borrowed.header)):
        if path.is_file():
            write_file(path.with_name(f"{path.name}.bak"), path.read_bytes())
        write_file(path, text.encode())
        written.append(path)
    return written


def _shown(path: Path, instance: Instance) -> str:
    try:
        return str(path.relative_to(instance.root))
    except ValueError:
        return str(path)
