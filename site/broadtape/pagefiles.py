"""Page files: a printed page as the files that a web server gives out, plain, gzip and Brotli beside each other.

Owns the name of a page's file and that it stands there whole or not at all. Which pages an export has, and when, is
exporting's.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote

import brotli
from isal import isal_zlib

from broadtape.pagestore import GZIP_FORM
from broadtape.prepared import WINDOW
from broadtape.printing import QUICK, ask

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from broadtape.config import Site
    from broadtape.pagestore import Printed
    from broadtape.printing import Printer

LARGEST_FILE: Final = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a page's files: `tag` is of what stands there now; gone in the meantime, or not to be rendered."""

    address: str
    outcome: Literal["written", "gone", "failed"]
    tag: str = ""


_PLAIN: Final = re.compile(r"(/|(?:/[\w-]{1,150})+)(/|\.[a-z0-9]{1,20})?", re.ASCII)  # nearly every address


def file_of(address: str) -> str:
    """The path of a page's file under its site's folder; "" for an address that cannot be one.

    "/topics/x/" → "topics/x/index.html"; its second page → "topics/x/page-2.html"; "…/proof" → "…/proof.html".
    """
    if (plain := _PLAIN.fullmatch(address)) is not None and address[:2] not in ("//", "/."):
        end = plain[2] or plain[1]
        return address[1:] + ("index.html" if end.endswith("/") else "" if plain[2] else ".html")
    path, _, query = address.partition("?")
    path = unquote(path)
    parts = path.split("/")
    if not path.startswith("/") or "\0" in path or any(part in (".", "..") for part in parts):
        return ""
    if any(len(part.encode()) > 200 for part in parts) or any(not part for part in parts[1:-1]):
        return ""
    folder, last = path[1:].rpartition("/")[0], parts[-1]
    number = query.removeprefix("page=")
    stem, dot, suffix = last.rpartition(".")
    if not last:
        name = f"page-{number}.html" if query else "index.html"
    elif not dot:
        name = f"{last}.page-{number}.html" if query else f"{last}.html"
    else:
        name = f"{stem}.page-{number}.{suffix}" if query else last
    return f"{folder}/{name}" if folder else name


def write_page(printer: Printer, site: Site, address: str, path: Path) -> Written:
    """Bring the files of a page in line with the page store."""
    page = printer.store.get(site.key, address)
    if page is None:  # went this moment: the next export takes the file away
        return Written(address, "gone")
    if page.plain is None and page.gzip is None:  # a large file: as the application gives it
        status, _, body = ask(printer.app, site, address, largest=LARGEST_FILE)
        if status != 200 or body is None:
            return Written(address, "failed")
        replace_file(path, body, page.modified)
    else:
        write_forms(path, page)
    return Written(address, "written", page.tag)


def write_forms(path: Path, page: Printed) -> None:
    """The plain file and its compressed forms beside it; the plain one last, since it is what is asked for."""
    identity = page.identity() if page.gzip is None else isal_zlib.decompress(page.gzip, GZIP_FORM)
    br = page.br
    if br is None and page.gzip is not None:  # printed a moment ago
        br = brotli.compress(identity, quality=QUICK, lgwin=WINDOW)
    for suffix, body in ((".gz", page.gzip), (".br", br)):
        beside = path.with_name(path.name + suffix)
        if body is not None:
            replace_file(beside, body, page.modified)
        else:
            beside.unlink(missing_ok=True)
    replace_file(path, identity, page.modified)


def replace_file(path: Path, raw: bytes, modified: datetime | None = None) -> None:
    """The file, whole or not at all; its time is when its bytes first stood."""
    partial = f"{path.parent}/.{secrets.token_hex(6)}.part"
    try:
        held = _create(partial)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = _create(partial)
    try:
        with os.fdopen(held, "wb", buffering=0) as file:
            left = memoryview(raw)
            while left:
                left = left[file.write(left) :]
            if modified is not None:
                os.utime(held, (modified.timestamp(), modified.timestamp()))
        os.replace(partial, path)  # noqa: PTH105  as below
    except BaseException:
        os.unlink(partial)  # noqa: PTH108  as below
        raise


def _create(path: str) -> int:
    # Three files a page, tens of thousands of pages: a Path for each part costs as much as the file.
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
