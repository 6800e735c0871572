"""Serving: the readers' application with its prepared pages, and the supervisor of keeper and readers.

Owns processes and addresses; what a page says is web's business, what is published the keeper's.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from broadtape import allowances, config
from broadtape.archive import coming
from broadtape.heartbeat import Mark, mark_path, settings_digest, utc_now
from broadtape.keeperlock import keeper_alive, running
from broadtape.model import BadSettings, BroadtapeError
from broadtape.pagestore import PageReader, path_of
from broadtape.prepared import PreparedPages
from broadtape.views import Counting, Tally, pending

if TYPE_CHECKING:
    from datetime import datetime

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from broadtape.config import Instance
    from broadtape.http1 import Ready
    from broadtape.pagestore import Printed
    from broadtape.search import SearchIndex

THREADS = 4  # of one reader: enough to overlap file and SQLite waits, few enough not to fight over Python
LARGEST_WHOLE = (
    1024 * 1024
)  # bytes of an answer handed over in one piece; of a larger one a slow client has little
PIECE = 256 * 1024  # bytes of it, and this many at a time
MOST_LARGE = 200  # of those at once, each with an open file
LOOK_S = 0.001  # a publish is noticed this late at most; a flood of requests asks the disk no more often
SWITCH_S = (
    0.001  # a thread at a search lets the loop answer pages after so long; Python's usual 5 ms are felt
)
COLLECT_AT = 20_000  # objects made between two looks of the collector at the youngest
STOP_WITHIN_S = 8.0
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
MOST_HOSTS = 1_000  # names whose site is remembered
STEADY_S = 60.0  # a child that lived this long starts its backoff anew


class CannotServe(BroadtapeError):
    """The address cannot be had, or no site is configured."""


# --- the readers' application -------------------------------------------------------------------------------


class Reader:
    """The WSGI application of one reader process: prepared pages before the sites."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._mark_path = mark_path(config.load(root))
        self._seen: tuple[int, int] | None = None
        self._looked = -LOOK_S
        self._mark: object = None
        self._published: Mark | None = None
        self._settings = settings_digest(root)
        self._lock = threading.Lock()
        self._large = threading.BoundedSemaphore(MOST_LARGE)
        self._tally = Tally(pending(config.load(root)))
        self._application, self._pages = self._make()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        self._refresh()
        chunks = self._application(environ, start_response)
        return chunks if isinstance(chunks, list) else self._whole(chunks)

    def at_hand(self, environ: WSGIEnvironment) -> Ready | None:
        """The answer where it only has to be looked up and nothing was published since; else `__call__` has it."""
        if time.monotonic() - self._looked >= LOOK_S and self._look() != self._seen:
            self._looked = -LOOK_S  # `__call__` is to look again, at once
            return None
        ready = self._pages.at_hand(environ)
        if ready is not None:
            self._application.note(environ, ready.status)
        return ready

    def _whole(self, chunks: Iterable[bytes]) -> Iterable[bytes]:
        """An answer in one piece where it is small; else in pieces as its client takes them, so many at once."""
        body, iterator = bytearray(), iter(chunks)
        try:
            for chunk in iterator:
                body += chunk
                if len(body) > LARGEST_WHOLE:
                    return self._slowly(bytes(body), iterator, chunks)
        except BaseException:
            _close(chunks)
            raise
        _close(chunks)
        return [bytes(body)]

    def _slowly(self, head: bytes, rest: Iterator[bytes], chunks: Iterable[bytes]) -> Iterator[bytes]:
        try:
            if not self._large.acquire(blocking=False):
                log_refused()
                return  # shorter than its Content-Length: the client sees that it was cut off, and may resume
            try:
                for start in range(0, len(head), PIECE):
                    yield head[start : start + PIECE]
                del head
                gathered = bytearray()
                for chunk in rest:  # files come by 8 KB
                    gathered += chunk
                    if len(gathered) >= PIECE:
                        yield bytes(gathered)
                        gathered.clear()
                if gathered:
                    yield bytes(gathered)
            finally:
                self._large.release()
        finally:
            _close(chunks)

    def end(self) -> None:
        """Write what was counted."""
        self._tally.flush()

    def count(self) -> None:
        """Write what is counted from now on, not only count it."""
        self._tally.keep_flushing()

    def _make(self) -> tuple[Counting, PreparedPages]:
        instance = config.load(self._root)
        self._sites = sites = _Sites(instance)
        store = PageReader(path_of(instance.cache))

        hosts: dict[str, str | None] = {}

        def site_of(host: str) -> str | None:
            if host not in hosts:
                if len(hosts) > MOST_HOSTS:  # whoever asks decides what stands in the header
                    hosts.clear()
                hosts[host] = _site_key(instance, host)
            return hosts[host]

        def printed(site: str, address: str) -> Printed | None:
            mark = self._published
            if mark is None:
                return None
            return store.find(site, address, generation=mark.generation, settings=mark.settings)

        pages = PreparedPages(
            sites,
            mark=lambda: self._mark,
            site_of=site_of,
            expires=_Schedule(instance.catalogue, lambda: self._mark),
            printed=printed,
        )

        def visitor_of(environ: WSGIEnvironment) -> str:
            told = environ.get("HTTP_X_FORWARDED_FOR", "")
            return allowances.visitor(environ.get("REMOTE_ADDR", ""), told, instance.limits.trusted_proxies)

        return Counting(pages, self._tally, site_of=site_of, visitor_of=visitor_of), pages

    def warm(self) -> None:
        """Load what renders and the search index: their first visitor does not wait for it (0.5 s)."""
        self._sites.warm()

    def _refresh(self) -> None:
        """Notice a publish: a stat of the mark for each request, but not for those that come within it."""
        if time.monotonic() - self._looked < LOOK_S:
            return
        seen = self._look()
        if seen == self._seen:
            return
        if seen is None:
            self._mark = self._published = self._seen = None
            return
        with self._lock:
            if seen == self._seen:
                return
            new = _read_mark(self._mark_path)
            if new is not None and new.settings != self._settings:
                try:
                    self._application, self._pages = self._make()
                except BadSettings:
                    new = None  # half-saved: the old settings stay until they can be read
                else:
                    self._settings = new.settings
            self._published = new
            self._mark = (seen, new)
            self._seen = seen

    def _look(self) -> tuple[int, int] | None:
        self._looked = time.monotonic()
        try:
            stat = os.stat(self._mark_path)  # noqa: PTH116 – twice as fast as Path.stat, on every request
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns


class _Sites:
    """The application of the sites, loaded when the first page has to be rendered: printed ones need none of it."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._lock = threading.Lock()
        self._made: tuple[WSGIApplication, SearchIndex] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        application, _ = self._made or self._make()
        return application(environ, start_response)

    def warm(self) -> None:
        """Load all of it, what search needs too."""
        from broadtape.search import Query  # noqa: PLC0415 – see _make

        _, search = self._made or self._make()
        search.search(Query("the", limit=1))

    def _make(self) -> tuple[WSGIApplication, SearchIndex]:
        with self._lock:
            if self._made is None:
                from broadtape.archive.catalogue import Catalogue  # noqa: PLC0415 – four times what a reader is without
                from broadtape.search import open_index  # noqa: PLC0415
                from broadtape.web import create_app  # noqa: PLC0415

                search = open_index(self._instance.index)
                catalogue = Catalogue(self._instance.catalogue)
                self._made = create_app(self._instance, catalogue=catalogue, search=search), search
            return self._made


class _Schedule:
    """Seconds until a site's pages age by themselves; asked of the catalogue once for each publish."""

    def __init__(self, catalogue: Path, mark: Callable[[], object]) -> None:
        self._catalogue = catalogue
        self._mark = mark
        self._known: dict[str, tuple[object, datetime | None]] = {}

    def __call__(self, site: str) -> float | None:
        """None where nothing is scheduled."""
        mark, now = self._mark(), utc_now()
        held = self._known.get(site)
        if held is None or held[0] != mark or (held[1] is not None and held[1] <= now):
            held = self._known[site] = (mark, coming.next_change(self._catalogue, site, now))
        return None if held[1] is None else (held[1] - now).total_seconds()


def _close(chunks: Iterable[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()


def log_refused() -> None:
    """Say that a large file was not given out."""
    import structlog  # noqa: PLC0415 – rare

    structlog.get_logger("reader").warning(
        "large file cut off",
        cause=f"{MOST_LARGE} others are being sent; let nginx or a CDN give out such files",
    )


def _site_key(instance: Instance, host: str) -> str | None:
    site = instance.site_for_host(host) if host else None
    return None if site is None else site.key


def _read_mark(path: Path) -> Mark | None:
    import msgspec  # noqa: PLC0415

    try:
        return msgspec.json.decode(path.read_bytes(), type=Mark)
    except (OSError, msgspec.DecodeError):
        return None


# --- a reader's process -------------------------------------------------------------------------------------


def run_reader(root: Path, host: str, port: int) -> None:
    """Answer on an address until told to stop: one of several processes that share it."""
    import asyncio  # noqa: PLC0415 – only a reader's process needs these

    import uvloop  # noqa: PLC0415

    from broadtape import http1  # noqa: PLC0415

    log_as_lines()
    end_with_parent()
    sys.setswitchinterval(SWITCH_S)
    reader = Reader(root)
    reader.count()
    door = http1.Door(
        reader, at_hand=reader.at_hand, threads=THREADS, log=_log, most=http1.most_connections()
    )

    async def serve() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await door.open(http1.listen(host, port))
        threading.Thread(target=_settle, args=(reader,), name="warm", daemon=True).start()
        await stop.wait()
        await door.close(STOP_WITHIN_S / 2)

    uvloop.run(serve())
    reader.end()
    os._exit(0)  # a thread that still answers nobody does not hold the process


def _settle(reader: Reader) -> None:
    """Open what the first visitors need, then have the collector leave alone what stays for ever."""
    reader.warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AT, 20, 50)


def _log(text: str, error: BaseException | None) -> None:
    import structlog  # noqa: PLC0415 – rare

    structlog.get_logger("reader").error(text, exc_info=error)


# --- the supervisor -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Child:
    """A process that is started again when it dies, later each time it dies young."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    next_start: float = 0.0

    def tend(self, now: float, say: Callable[[str], None]) -> None:
        """Start it if it is due; note its death."""
        if self.process is None:
            if now >= self.next_start:
                few = {"MALLOC_ARENA_MAX": "2", **os.environ}  # else each thread holds what it once needed
                self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, env=few)  # noqa: S603 – our own
                self.started = now
            return
        code = self.process.poll()
        if code is None:
            return
        self.process = None
        self.deaths = 1 if now - self.started > STEADY_S else self.deaths + 1
        wait = BACKOFF_S[min(self.deaths, len(BACKOFF_S)) - 1]
        self.next_start = now + wait
        say(f"the {self.name} ended with {_how(code)}; starting it again in {wait:g} s")


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def default_host(instance: Instance) -> str:
    """Loopback while the instance is a private preview, every address once it is public."""
    return "127.0.0.1" if instance.audience == "private" else "0.0.0.0"  # noqa: S104 – public is asked for


def claim_address(host: str, port: int) -> socket.socket | None:
    """Hold an address for our readers; CannotServe when somebody else has it or the host is not ours.

    Readers share their port among themselves (SO_REUSEPORT), so a second server would bind it unnoticed. The
    socket returned never listens: it only makes the next server's probe fail.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CannotServe(f"{host}: not an address of this machine; choose another with --host") from error
    with socket.socket(family, kind, proto) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotServe(
                    f"port {port} on {host} is in use; stop what uses it or choose another with --port"
                ) from error
            if error.errno == errno.EACCES:
                raise CannotServe(
                    f"port {port} needs more rights than this user has; choose one from 1024 up with --port"
                ) from error
            raise CannotServe(f"{host}:{port}: {error.strerror}; choose another with --host") from error
    if sys.platform != "linux":  # elsewhere the readers inherit one socket
        return None
    holder = socket.socket(family, kind, proto)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind(address)
    return holder


def addresses(instance: Instance, host: str, port: int) -> list[tuple[str, str]]:
    """Name and address under which each site answers on this machine: its own URL where that is this port."""
    found = []
    for site in instance.sites.values():
        parts = urlsplit(site.url)
        own = parts.port or (443 if parts.scheme == "https" else 80)
        local = [name for name in site.hosts if _is_local(name)]
        if own == port and _is_local(parts.hostname or ""):
            found.append((site.name, f"{site.url}/"))
        elif local:
            found.append((site.name, f"http://{local[0]}:{port}/"))
        else:
            shown = f"[{host}]" if ":" in host else host
            found.append((site.name, f"http://{shown}:{port}/ for Host {site.hosts[0]}"))
    return found


def _is_local(name: str) -> bool:
    return name in ("localhost", "127.0.0.1", "::1") or name.endswith(".localhost")


def supervise(
    instance: Instance,
    *,
    host: str,
    port: int,
    workers: int,
    ready: Callable[[list[tuple[str, str]]], None],
    say: Callable[[str], None],
    keeper: bool = True,
    rounds: bool = False,
) -> int:
    """Run one keeper and the readers until SIGTERM or SIGINT; returns the exit code.

    `ready` is called once the readers answer. A dead keeper is started again while readers go on, and the
    other way round. Without `keeper`, something else must publish; with `rounds` fetching and writing run beside it.
    """
    if not instance.sites:
        raise CannotServe(f"{instance.content}/sites: no site is configured; add one with a site.toml")
    if keeper:
        _wait_for_last_keeper(instance.root)
    holder = claim_address(host, port)
    root = str(instance.root)
    here = [sys.executable, "-m"]
    if workers > 1:  # one allowance a visitor, whichever reader answers
        allowances.share(instance.cache / "limits.table")
    names = ["reader"] if workers == 1 else [f"reader {number + 1}" for number in range(workers)]
    children = [_Child(name, [*here, "broadtape.serving", root, host, str(port)]) for name in names]
    if keeper:
        children.insert(0, _Child("keeper", [*here, "broadtape.keeper", root]))
    if rounds:
        children.insert(0, _Child("rounds", [*here, "broadtape.rounds", root]))
    stop = threading.Event()
    previous = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    announced = False
    try:
        while not stop.is_set():
            now = time.monotonic()
            for child in children:
                child.tend(now, say)
            if not announced and _answers(host, port):
                announced = True
                ready(addresses(instance, host, port))
            if not announced and children[-1].deaths >= 3:
                raise CannotServe(f"the readers do not start on {host}:{port}; see the messages above")
            stop.wait(0.05 if not announced else 0.5)
    finally:
        _stop(children)
        if holder is not None:
            holder.close()
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 0


def _wait_for_last_keeper(root: Path) -> None:
    """A server that was killed leaves its keeper for a moment; one that stays belongs to a living server."""
    end = time.monotonic() + STOP_WITHIN_S / 2
    while keeper_alive(root):
        if time.monotonic() > end:
            raise running(root)
        time.sleep(0.1)


def _answers(host: str, port: int) -> bool:
    there = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 – compared, not bound
    try:
        with socket.create_connection((there, port), timeout=0.2):
            return True
    except OSError:
        return False


def _stop(children: list[_Child]) -> None:
    """End the children, the readers first; whoever is not gone in time is killed."""
    alive = [child.process for child in reversed(children) if child.process is not None]
    for process in alive:
        process.terminate()
    end = time.monotonic() + STOP_WITHIN_S
    for process in alive:
        try:
            process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def log_as_lines() -> None:
    """One line an event on stderr, as log collectors take them; a trace without the values of variables."""
    import structlog  # noqa: PLC0415 – the supervisor says what it says by itself

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def end_with_parent() -> None:
    """End this process when the one that started it is gone, however it went."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_WITHIN_S)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def _main(arguments: list[str]) -> None:
    root, host, port = arguments
    run_reader(Path(root), host, int(port))


if __name__ == "__main__":
    _main(sys.argv[1:])
