"""Export: the printed pages as files that any web server or CDN can give out, with what nginx needs beside them.

Owns the form of the folder and that it is brought up to date by the least writing; the bytes are those of the page
store, the same that `serve` answers with. Renders nothing that the printer does not print, except what each minute
changes: the news sitemap and the page for what is not found.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import brotli

from broadtape import urls
from broadtape.heartbeat import utc_now
from broadtape.model import BroadtapeError
from broadtape.pagestore import Printed
from broadtape.printing import BEST, QUICK, Printer, ask, printed
from broadtape.web.press import STATIC

if TYPE_CHECKING:
    from broadtape.config import Instance, Site

MANIFEST: Final = ".broadtape-export.json"
LOCK: Final = ".broadtape-export.lock"
RULES: Final = "_nginx"  # folder of the files that nginx includes
NOT_FOUND: Final = "/404.html"
LARGEST_FILE: Final = 512 * 1024 * 1024
_VERSION: Final = 1
_MISSING: Final = "/no-such-page-of-the-export/"
_PORTION: Final = 64  # pages printed between two looks at the queue


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
_IN_FLIGHT: Final = 64  # pages that wait to be written
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
        printer = Printer(instance, now=now)
        try:
            _print(printer, progress)
            return _write(printer, folder, chosen, before, progress, now())
        finally:
            printer.close()


def _print(printer: Printer, progress: Progress) -> None:
    """Print whatever is due, late pages too."""
    due = printer.look()
    total = due + printer.store.count() if due else 0
    while due:
        progress("print", max(total - due, 0), total)
        if not printer.some(_PORTION):
            break
        due = printer.look()
        total = max(total, printer.store.count())
    if total:
        progress("print", total, total)


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
            _replace(folder / MANIFEST, _dump({}))  # whatever is written from now on is ours to remove
        yield


def _manifest(folder: Path) -> Files:
    try:
        held = json.loads((folder / MANIFEST).read_bytes())
        return {str(name): str(tag) for name, tag in held[f"files-{_VERSION}"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CannotExport(
            f"{folder / MANIFEST}: cannot be read, so nothing says which files are an export's; export to a new folder"
        ) from error


def _dump(files: Files) -> bytes:
    return json.dumps({f"files-{_VERSION}": files}, indent=0, sort_keys=True).encode()


def _replace(path: Path, raw: bytes, modified: datetime | None = None) -> None:
    """The file, whole or not at all; its time is when its bytes first stood."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.parent / f".{secrets.token_hex(6)}.part"
    try:
        partial.write_bytes(raw)
        if modified is not None:
            os.utime(partial, (modified.timestamp(), modified.timestamp()))
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _write(
    printer: Printer, folder: Path, sites: list[Site], before: Files, progress: Progress, now: datetime
) -> Exported:
    done = Exported()
    after: Files = {}
    others = {name: tag for name, tag in before.items() if not name.startswith(tuple(_homes(sites)))}
    listed = [(site, _in_order(printer.store.tags(site.key))) for site in sites]
    total, number = sum(len(pages) for _, pages in listed), 0
    known = {
        **before
    }  # what may be on disk: written down before anything new is, so that a crash leaves no orphan
    wanted = {
        f"{site.key}/{name}": tag
        for site, pages in listed
        for address, tag, status in pages
        if status == 200 and (name := file_of(address))
    }
    _replace(folder / MANIFEST, _dump({**dict.fromkeys(wanted, ""), **known}))
    for site, pages in listed:
        home = folder / site.key
        _static(home, site.key, before, after, done)
        last = 0
        with _Hands() as hands:
            for address, tag, status in pages:
                number += 1
                if number % 50 == 0:
                    progress("write", number, total)
                if (rank := _rank(address)) != last:
                    hands.wait()
                    last = rank
                name = file_of(address)
                if status == 410:
                    name = f"{RULES}/{site.key}.gone{address}index.html"
                    _page(printer, site, address, folder / name, name, tag, before, after, done, hands)
                elif status == 200 and name:
                    done.pages += 1
                    key = f"{site.key}/{name}"
                    _page(printer, site, address, home / name, key, tag, before, after, done, hands)
        asked = [(urls.NEWS_SITEMAP, 200), (_MISSING, 404)]
        if printer.instance.contact:
            asked.append((urls.SECURITY, 200))  # no page leads to it
        for address, code in asked:
            _asked(printer, site, address, code, home, before, after, done, now)
        _rules(printer, site, folder, after, done)
        done.failed += printer.store.failed(site.key)
    progress("write", total, total)
    for name in sorted(before.keys() - after.keys() - others.keys()):
        _remove(folder, name)
        done.removed += 1
    _replace(folder / MANIFEST, _dump({**others, **after}))
    return done


def _homes(sites: list[Site]) -> Iterator[str]:
    for site in sites:
        yield from (f"{site.key}/", f"{RULES}/{site.key}.")


def _in_order(pages: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """Files first, then articles, then what lists them, the front page last: no link leads to what is not there yet."""
    return sorted(pages, key=lambda one: (_rank(one[0]), one[0]))


def _rank(address: str) -> int:
    if address == urls.FRONT:
        return 3
    if urls.parse_article(address.partition("?")[0]):
        return 0
    return 1 if address.startswith("/media/") else 2


class _Hands:
    """Threads that compress and write: both let others run meanwhile. An error comes up at the next wait."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="export")
        self._begun: deque[Future[None]] = deque()

    def __enter__(self) -> _Hands:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def write(self, path: Path, page: Printed) -> None:
        """Write a page's forms, soon."""
        while len(self._begun) >= _IN_FLIGHT:
            self._begun.popleft().result()
        self._begun.append(self._pool.submit(_forms, path, page))

    def wait(self) -> None:
        """Until everything is written."""
        while self._begun:
            self._begun.popleft().result()


def file_of(address: str) -> str:
    """The path of a page's file under its site's folder; "" for an address that cannot be one.

    "/topics/x/" → "topics/x/index.html"; its second page → "topics/x/page-2.html"; "…/proof" → "…/proof.html".
    """
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


def _page(
    printer: Printer,
    site: Site,
    address: str,
    path: Path,
    name: str,
    tag: str,
    before: Files,
    after: Files,
    done: Exported,
    hands: _Hands,
) -> None:
    after[name] = tag
    if before.get(name) == tag and path.exists():
        done.kept += 1
        return
    page = printer.store.get(site.key, address)
    if page is None:  # went this moment: the next export takes the file away
        del after[name]
        return
    after[name] = page.tag
    if page.plain is None and page.gzip is None:  # a large file: as the application gives it
        status, _, body = ask(printer.app, site, address, largest=LARGEST_FILE)
        if status != 200 or body is None:
            done.failed.append(address)
            del after[name]
            return
        _replace(path, body, page.modified)
    else:
        hands.write(path, page)
    done.written += 1


def _forms(path: Path, page: Printed) -> None:
    """The plain file and its compressed forms beside it; the plain one last, since it is what is asked for."""
    br = page.br
    if br is None and page.gzip is not None:  # printed a moment ago
        br = brotli.compress(page.identity(), quality=QUICK)
    for suffix, body in ((".gz", page.gzip), (".br", br)):
        beside = path.with_name(path.name + suffix)
        if body is not None:
            _replace(beside, body, page.modified)
        else:
            beside.unlink(missing_ok=True)
    _replace(path, page.identity(), page.modified)


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
) -> None:
    """What is not printed, as it is at this moment."""
    status, headers, body = ask(printer.app, site, address)
    if status != code or body is None:
        done.failed.append(address)
        return
    page = printed(status, headers, body, now)
    name = (NOT_FOUND if code == 404 else address)[1:]
    after[f"{site.key}/{name}"] = page.tag
    if before.get(f"{site.key}/{name}") == page.tag and (home / name).exists():
        done.kept += 1
        return
    _forms(home / name, page)
    done.written += 1


def _static(home: Path, key: str, before: Files, after: Files, done: Exported) -> None:
    """Our own styles, scripts and fonts: what pages need, so the first to be there."""
    for source in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        inside = f"static/{source.relative_to(STATIC).as_posix()}"
        found = source.stat()
        tag = f"{found.st_mtime_ns}/{found.st_size}"
        name = f"{key}/{inside}"
        after[name] = tag
        if before.get(name) == tag and (home / inside).exists():
            done.kept += 1
            continue
        body = source.read_bytes()
        worth = source.suffix in (".css", ".js", ".svg", ".txt", ".json")
        modified = datetime.fromtimestamp(found.st_mtime, UTC)
        page = Printed(
            200, (), tag, modified,
            gzip.compress(body, 9, mtime=0) if worth else None,
            brotli.compress(body, quality=BEST) if worth else None,
            None if worth else body, len(body),
        )  # fmt: skip
        _forms(home / inside, page)
        done.written += 1


def _rules(printer: Printer, site: Site, folder: Path, after: Files, done: Exported) -> None:
    """What nginx includes: maps of what moved and of what was withdrawn, keyed by $uri, and the headers of pages."""
    moved, gone = [], []
    for address, status, headers in printer.store.headers(site.key):
        if "?" in address:
            continue
        if status in (301, 308):
            location = next((value for name, value in headers if name.lower() == "location"), "")
            if location.startswith("/") and "$" not in location:  # nginx would take it for a variable
                moved.append(f"{_quoted(unquote(address))} {_quoted(location)};\n")
        elif status == 410:
            gone.append(f"{_quoted(unquote(address))} 1;\n")
    front = printer.store.get(site.key, urls.FRONT)
    named = [
        (name, value) for name, value in (front.headers if front else ()) if name.lower() not in _OF_NGINX
    ]
    sent = [f"add_header {name} {_quoted(value)} always;\n" for name, value in named if "$" not in value]
    for suffix, lines in (("moved.map", moved), ("gone.map", gone), ("headers.conf", sent)):
        name = f"{RULES}/{site.key}.{suffix}"
        raw = "".join(lines).encode()
        path = folder / name
        if not path.exists() or path.read_bytes() != raw:
            _replace(path, raw)
        after[name] = ""
    done.moved += len(moved)
    done.gone += len(gone)


_OF_NGINX: Final = frozenset({"content-type", "vary"})  # what it says of each file itself


def _quoted(text: str) -> str:
    """A string of nginx's configuration."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


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
