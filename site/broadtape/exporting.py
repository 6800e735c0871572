"""Export: the printed pages as files that any web server or CDN can give out, with what nginx needs beside them.

Owns the form of the folder and that it is brought up to date by the least writing; the bytes are those of the page
store, the same that `serve` answers with. Renders nothing that the printer does not print, except what each minute
changes: the news sitemap and the page for what is not found.
"""

from __future__ import annotations

import fcntl
import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

import brotli
import msgspec

from broadtape import nginxheaders, urls
from broadtape.heartbeat import utc_now
from broadtape.model import BroadtapeError
from broadtape.nginxheaders import quoted
from broadtape.pagefiles import file_of, replace_file, write_forms
from broadtape.pagestore import Printed
from broadtape.pressroom import Pressroom
from broadtape.printing import BEST, Printer, ask, printed
from broadtape.web.chrome import palette_address
from broadtape.web.press import STATIC, shipped, static_address

if TYPE_CHECKING:
    from broadtape.config import Instance, Site

MANIFEST: Final = ".broadtape-export.json"
LOCK: Final = ".broadtape-export.lock"
RULES: Final = "_nginx"  # folder of the files that nginx includes
NOT_FOUND: Final = "/404.html"
_VERSION: Final = 1
_MISSING: Final = "/no-such-page-of-the-export/"


class CannotExport(BroadtapeError):
    """The folder is not one that an export may write to, or the instance may not be given out."""


@dataclass(slots=True)
class Exported:
    """What an export did: numbers of files."""

    pages: int = 0  # addresses that the folder now answers
    written: int = 0
    kept: int = 0
    removed: int = 0
    moved: int = 0  # entries of the redirect maps
    gone: int = 0
    failed: list[str] = field(default_factory=list)  # addresses that could not be rendered


Progress = Callable[[str, int, int], None]
Files = dict[str, str]  # path under the folder → what tells whether it is the same: a page's tag


def export(
    instance: Instance,
    folder: Path,
    *,
    sites: tuple[str, ...] = (),
    private: bool = False,
    progress: Progress = lambda _step, _done, _total: None,
    now: Callable[[], datetime] = utc_now,
) -> Exported:
    """Bring the folder in line with what `serve` would answer for these sites (all of them by default).

    Each site is a folder of its own. Files are replaced one by one, each whole, what others refer to first; only
    files that an earlier export wrote are removed, and those last. `private` permits a private preview's pages.
    """
    if instance.audience == "private" and not private:
        raise CannotExport(
            f'{instance.root}: a private preview is not given out; set audience = "public", or export with --private'
        )
    chosen = [instance.sites[key] for key in (sites or tuple(instance.sites))]
    folder = folder.absolute()
    if (
        folder == instance.root
        or folder.is_relative_to(instance.content)
        or folder.is_relative_to(instance.cache)
    ):
        raise CannotExport(f"{folder}: part of the instance itself; name another folder")
    with _only_one(folder):
        before = _manifest(folder)
        with closing(Printer(instance, now=now)) as printer, Pressroom(printer, now=now) as room:
            room.print_due(progress)
            return _write(room, folder, chosen, before, progress, now())


# --- the folder -------------------------------------------------------------------------------------------


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Be the one export that writes to the folder, which is empty or an earlier export's."""
    if folder.exists() and not folder.is_dir():
        raise CannotExport(f"{folder}: not a folder; name another")
    if folder.is_dir() and not (folder / MANIFEST).exists():
        strange = next((path.name for path in folder.iterdir() if path.name not in (LOCK, RULES)), None)
        if strange is not None:
            raise CannotExport(f"{folder}: holds {strange}, which no export wrote; name an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotExport(
                f"{folder}: another export is writing to it; wait until it has finished"
            ) from error
        if not (folder / MANIFEST).exists():
            replace_file(folder / MANIFEST, _dump({}))  # whatever is written from now on is ours to remove
        yield


def _manifest(folder: Path) -> Files:
    try:
        held = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=dict[str, Files])
        return held[f"files-{_VERSION}"]
    except (OSError, KeyError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CannotExport(
            f"{folder / MANIFEST}: cannot be read, so nothing says which files are an export's; export to a new folder"
        ) from error


def _dump(files: Files) -> bytes:
    return msgspec.json.encode({f"files-{_VERSION}": files}, order="sorted")


def _write(
    room: Pressroom, folder: Path, sites: list[Site], before: Files, progress: Progress, now: datetime
) -> Exported:
    done, printer = Exported(), room.printer
    after: Files = {}
    others = {name: tag for name, tag in before.items() if not name.startswith(tuple(_homes(sites)))}
    listed = [(site, _in_order(site, printer.store.tags(site.key))) for site in sites]
    # What may be on disk is written down before anything new is, so that a crash leaves no orphan.
    new = {page.name: "" for _, pages in listed for page in pages if page.name not in before}
    if new:
        replace_file(folder / MANIFEST, _dump({**new, **before}))
    total, number = sum(len(pages) for _, pages in listed), 0
    for site, pages in listed:
        _static(folder / site.key, site.key, before, after, done)
        home = f"{folder}{os.sep}"
        for _, some in groupby(pages, key=lambda page: page.rank):
            changed: dict[str, str] = {}  # address → name
            for page in some:
                number += 1
                name = page.name
                done.pages += page.status == 200
                after[name] = page.tag
                if before.get(name) == page.tag and os.path.exists(home + name):  # noqa: PTH110 – 50,000 times
                    done.kept += 1
                else:
                    changed[page.address] = name
            number -= len(changed)  # until they are written
            for one in room.write(site, [(address, folder / name) for address, name in changed.items()]):
                number += 1
                if number % 50 == 0:
                    progress("write", number, total)
                if one.outcome == "written":
                    after[changed[one.address]] = one.tag
                    done.written += 1
                    continue
                del after[changed[one.address]]
                if one.outcome == "failed":
                    done.failed.append(one.address)
        asked = [(urls.NEWS_SITEMAP, 200), (_MISSING, 404)]
        if printer.instance.contact:
            asked.append((urls.SECURITY, 200))  # no page leads to it
        sent = _static_headers(printer, site)
        for address, code in asked:
            _asked(printer, site, address, code, folder / site.key, before, after, done, now, sent)
        _rules(printer, site, folder, sent, after, done)
        done.failed += printer.store.failed(site.key)
    progress("write", total, total)
    for name in sorted(before.keys() - after.keys() - others.keys()):
        _remove(folder, name)
        done.removed += 1
    if new or {**others, **after} != before:
        replace_file(folder / MANIFEST, _dump({**others, **after}))
    return done


class _Listed(NamedTuple):
    """A page that has a file, in the order of writing."""

    rank: int
    address: str
    tag: str
    status: int
    name: str  # of its file, under the folder


def _name(site: Site, address: str, status: int) -> str:
    """Where a page's file stands under the folder; "" for what has none."""
    if status == 410:
        return f"{RULES}/{site.key}.gone{address}index.html"
    name = file_of(address) if status == 200 else ""
    return f"{site.key}/{name}" if name else ""


def _homes(sites: list[Site]) -> Iterator[str]:
    for site in sites:
        yield from (f"{site.key}/", f"{RULES}/{site.key}.")


def _in_order(site: Site, pages: list[tuple[str, str, int]]) -> list[_Listed]:
    """Files first, then articles, then what lists them, the front page last: no link leads to what is not there yet."""
    return sorted(
        _Listed(_rank(address), address, tag, status, name)
        for address, tag, status in pages
        if (name := _name(site, address, status))
    )


def _rank(address: str) -> int:
    if address == urls.FRONT:
        return 3
    if address[1].isdigit() and urls.parse_article(address.partition("?")[0]):
        return 0
    return 1 if address.startswith("/media/") else 2


def _asked(
    printer: Printer,
    site: Site,
    address: str,
    code: int,
    home: Path,
    before: Files,
    after: Files,
    done: Exported,
    now: datetime,
    sent: Sent,
) -> None:
    """What is not printed, as it is at this moment."""
    status, headers, body = ask(printer.app, site, address)
    if status != code or body is None:
        done.failed.append(address)
        return
    page = printed(status, headers, body, now)
    name = (NOT_FOUND if code == 404 else address)[1:]
    sent.files.append((f"/{name}", dict(headers)))
    after[f"{site.key}/{name}"] = page.tag
    if before.get(f"{site.key}/{name}") == page.tag and (home / name).exists():
        done.kept += 1
        return
    write_forms(home / name, page)
    done.written += 1


@dataclass(frozen=True, slots=True)
class Sent:
    """With which headers files go out that are not printed; `asked` by address with its query."""

    files: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)


def _static_headers(printer: Printer, site: Site) -> Sent:
    """Those of our own files, for ever where the address names the version; and of the site's colours."""
    sent = Sent()
    for source in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        name = source.relative_to(STATIC).as_posix()
        sent.files.append((f"/static/{name}", dict(ask(printer.app, site, f"/static/{name}")[1])))
        versioned = static_address(name)
        sent.asked[versioned] = dict(ask(printer.app, site, versioned)[1])
    if colours := palette_address(site):
        sent.asked[colours] = dict(ask(printer.app, site, colours)[1])
    return sent


def _static(home: Path, key: str, before: Files, after: Files, done: Exported) -> None:
    """Our own styles, scripts and fonts: what pages need, so the first to be there."""
    for source in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        inside = f"static/{source.relative_to(STATIC).as_posix()}"
        found = source.stat()
        body = shipped(source.relative_to(STATIC).as_posix())
        tag = f"{found.st_mtime_ns}/{len(body)}"
        name = f"{key}/{inside}"
        after[name] = tag
        if before.get(name) == tag and (home / inside).exists():
            done.kept += 1
            continue
        worth = source.suffix in (".css", ".js", ".svg", ".txt", ".json")
        modified = datetime.fromtimestamp(found.st_mtime, UTC)
        page = Printed(
            200, (), tag, modified,
            gzip.compress(body, 9, mtime=0) if worth else None,
            brotli.compress(body, quality=BEST) if worth else None,
            None if worth else body, len(body),
        )  # fmt: skip
        write_forms(home / inside, page)
        done.written += 1


def _rules(printer: Printer, site: Site, folder: Path, sent: Sent, after: Files, done: Exported) -> None:
    """What nginx includes: maps of what moved and of what was withdrawn, keyed by $uri, and the headers of files."""
    moved, gone = [], []
    files = list(sent.files)
    for address, status, headers in printer.store.headers(site.key):
        named = dict(headers)
        if status in (200, 410) and (name := file_of(address)):
            files.append((f"{address}index.html" if status == 410 else f"/{name}", named))
        if "?" in address:
            continue
        if status in (301, 308):
            location = next((value for name, value in headers if name.lower() == "location"), "")
            if location.startswith("/") and "$" not in location:  # nginx would take it for a variable
                moved.append(f"{quoted(unquote(address))} {quoted(location)};\n")
        elif status == 410:
            gone.append(f"{quoted(unquote(address))} 1;\n")
    made = nginxheaders.rules(site.key, files, sent.asked)
    for suffix, text in (
        ("moved.map", "".join(moved)),
        ("gone.map", "".join(gone)),
        ("headers.map", made.maps),
        ("headers.conf", made.headers),
    ):
        name = f"{RULES}/{site.key}.{suffix}"
        raw = text.encode()
        path = folder / name
        if not path.exists() or path.read_bytes() != raw:
            replace_file(path, raw)
        after[name] = ""
    done.moved += len(moved)
    done.gone += len(gone)


def _remove(folder: Path, name: str) -> None:
    path = folder / name
    for one in (path, path.with_name(path.name + ".gz"), path.with_name(path.name + ".br")):
        one.unlink(missing_ok=True)
    parent = path.parent
    while parent not in (folder, folder.parent):
        with suppress(OSError):
            parent.rmdir()
        if parent.exists():
            break
        parent = parent.parent
