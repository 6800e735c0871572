"""How often stories are opened: counted by the readers, per site, path and hour, and nothing else.

No cookie, no address of anybody, nothing about a browser is kept; what calls itself a robot is not counted. Within an
hour one network address counts once a story: a digest with a salt of that hour's, in memory, forgotten with it.
Decides nothing about what is shown: publishing makes "most read" of it, `broadtape views` a table.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import re
import secrets
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from broadtape.config import Instance

FLUSH_S = 5.0  # what a reader that is killed may lose
SETTLED = timedelta(minutes=2)  # after its end, an hour's counts are complete
KEPT = timedelta(days=400)
MOST_PATHS = 50_000  # of one reader in one hour; only what was answered 200 counts, so a flood makes none up
MOST_SEEN = (
    200_000  # openings that a reader remembers of an hour; more are not counted, so that nobody makes any up
)
STORY = re.compile(r"/[12]\d{3}/[01]\d/[0-3]\d/[^/]+/\Z")
_BROWSER = re.compile(r"(?:Mozilla|Opera)/\d")
_ROBOT = re.compile(
    r"bot\b|bot[/;)]|crawl|spider|slurp|scrap|fetch|preview|monitor|headless|lighthouse|validator|archive|"
    r"facebookexternalhit|whatsapp|embedly|feed|reader/|http|python|curl|wget|java/|okhttp|scan|pagespeed|ptst",
    re.IGNORECASE,
)
_ADDRESS_OF_A_ROBOT = re.compile(r"\+?https?://|[\w.]+@[\w.]+")


def pending(instance: Instance) -> Path:
    """Where readers leave their counts."""
    return instance.state / "views"


def store(instance: Instance) -> Path:
    """Where the keeper gathers them."""
    return instance.state / "views.sqlite"


def hour_of(moment: datetime) -> str:
    """The UTC hour as it is kept: `2026-01-12T13`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H")


def by_a_person(environ: WSGIEnvironment) -> bool:
    """Whether a request is one to count: for a story's page, by a browser, and not ahead of a reader's wish."""
    get = environ.get
    return (
        _is_browser(get("HTTP_USER_AGENT", ""))
        and environ.get("REQUEST_METHOD") == "GET"
        and STORY.fullmatch(get("PATH_INFO", "")) is not None
        and "prefetch" not in get("HTTP_SEC_PURPOSE", "") + get("HTTP_PURPOSE", "") + get("HTTP_X_MOZ", "")
    )


@lru_cache(maxsize=2_000)
def _is_browser(agent: str) -> bool:
    return (
        _BROWSER.match(agent) is not None
        and _ROBOT.search(agent) is None
        and _ADDRESS_OF_A_ROBOT.search(agent) is None
    )


# --- the readers' side ------------------------------------------------------------------------------------


class Tally:
    """One reader's counts of the hour, written to a file of its own every few seconds."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = folder
        self._now = now
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._hour = hour_of(now())
        self._began = self._over = datetime.min.replace(tzinfo=UTC)  # of the hour counted in; not yet known
        self._counts: Counter[tuple[str, str]] = Counter()
        self._seen: set[bytes] = set()
        self._salt = secrets.token_bytes(16)
        self._dirty = False
        self._over_with: list[
            tuple[str, Counter[tuple[str, str]]]
        ] = []  # hours that ended and are to be written
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def add(self, site: str, path: str, visitor: str = "") -> None:
        """One more, unless this visitor opened it within the hour; who is not known ("") counts each time."""
        with self._lock:
            now = self._now().astimezone(UTC)
            if not self._began <= now < self._over:
                self._began = now.replace(minute=0, second=0, microsecond=0)
                self._over = self._began + timedelta(hours=1)
                hour = hour_of(now)
            else:
                hour = self._hour
            if hour != self._hour:
                if self._dirty:
                    self._over_with.append((self._hour, self._counts))
                    self._dirty = False
                self._hour, self._counts = hour, Counter()
                self._seen, self._salt = set(), secrets.token_bytes(16)
            if visitor and not self._first(f"{visitor}\0{site}\0{path}"):
                return
            if len(self._counts) < MOST_PATHS or (site, path) in self._counts:
                self._counts[site, path] += 1
                self._dirty = True

    def _first(self, opening: str) -> bool:
        digest = hashlib.blake2b(opening.encode("utf-8", "replace"), digest_size=8, key=self._salt).digest()
        if digest in self._seen or len(self._seen) >= MOST_SEEN:
            return False
        self._seen.add(digest)
        return True

    def flush(self) -> None:
        """Write what is new; a disk that takes nothing costs counts, not pages."""
        with self._writing:  # and no other lock: a slow disk holds up no page
            with self._lock:
                due, self._over_with = self._over_with, []
                if self._dirty:
                    due.append((self._hour, self._counts.copy()))
                    self._dirty = False
            for hour, counts in due:
                self._write(hour, counts)

    def _write(self, hour: str, counts: Counter[tuple[str, str]]) -> None:
        rows = [[site, path, count] for (site, path), count in counts.items()]
        target = self._folder / f"{hour}.{self._name}.json"
        fresh = target.with_suffix(".new")
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(rows), "utf-8")
            fresh.replace(target)

    def keep_flushing(self) -> None:
        """Flush from a thread of its own from now on, and at the end."""

        def run() -> None:
            while True:
                time.sleep(FLUSH_S)
                self.flush()

        threading.Thread(target=run, name="views", daemon=True).start()
        atexit.register(self.flush)


class Counting:
    """A WSGI application whose stories are counted as people open them."""

    def __init__(
        self,
        application: WSGIApplication,
        tally: Tally,
        *,
        site_of: Callable[[str], str | None],
        visitor_of: Callable[[WSGIEnvironment], str] = lambda _: "",
    ) -> None:
        self._application = application
        self._tally = tally
        self._site_of = site_of
        self._visitor_of = visitor_of

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does."""
        if not by_a_person(environ):
            return self._application(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
            self._add(environ, status[:3])
            return start_response(status, headers, *more)

        return self._application(environ, start)

    def note(self, environ: WSGIEnvironment, code: int) -> None:
        """Count a request that was answered past the application."""
        if by_a_person(environ):
            self._add(environ, str(code))

    def _add(self, environ: WSGIEnvironment, code: str) -> None:
        if code in ("200", "304"):
            site = self._site_of(environ.get("HTTP_HOST", ""))
            if site is not None:
                self._tally.add(site, environ["PATH_INFO"], self._visitor_of(environ))


# --- the keeper's side ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Views:
    """How often a story was opened in an hour; `hour` as in hour_of."""

    hour: str
    site: str
    path: str
    views: int


def gather(instance: Instance, now: datetime) -> int:
    """Take the files of hours that are over into the store, each once; how many there were."""
    over = hour_of(now - SETTLED)
    files = [path for path in _files(instance) if path.name.partition(".")[0] < over]
    if not files:
        return 0
    with closing(_open(store(instance))) as db:
        for path in files:
            rows = _read(path)
            with db:
                done = db.execute("INSERT OR IGNORE INTO taken VALUES (?)", (path.name,)).rowcount
                if done:
                    db.executemany(
                        "INSERT INTO views VALUES (?, ?, ?, ?) ON CONFLICT (hour, site, path)"
                        " DO UPDATE SET views = views + excluded.views",
                        [(one.hour, one.site, one.path, one.views) for one in rows],
                    )
            path.unlink(missing_ok=True)
        with db:
            eldest = hour_of(now - KEPT)
            db.execute("DELETE FROM views WHERE hour < ?", (eldest,))
            db.execute("DELETE FROM taken WHERE name < ?", (hour_of(now - timedelta(days=7)),))
    return len(files)


def table(instance: Instance, *, since: datetime | None = None, site: str = "") -> list[Views]:
    """Every count by hour, site and path, those of the hour at work included."""
    counted: Counter[tuple[str, str, str]] = Counter()
    first = hour_of(since) if since is not None else ""
    taken: set[str] = set()
    path = store(instance)
    if path.is_file():
        with closing(_open(path)) as db:
            rows = db.execute("SELECT hour, site, path, views FROM views WHERE hour >= ?", (first,))
            for hour, of_site, address, views in rows:
                counted[hour, of_site, address] += views
            taken = {str(row[0]) for row in db.execute("SELECT name FROM taken")}
    for file in _files(instance):
        if file.name not in taken and file.name.partition(".")[0] >= first:
            for one in _read(file):
                counted[one.hour, one.site, one.path] += one.views
    return [Views(*key, views) for key, views in sorted(counted.items()) if site in ("", key[1])]


def most(instance: Instance, site: str, hours: int, least: int, *, now: datetime) -> tuple[str, ...]:
    """The addresses of a site's stories that were opened most, at least `least` times, most first."""
    summed: Counter[str] = Counter()
    for one in table(instance, since=now - timedelta(hours=hours), site=site):
        summed[one.path] += one.views
    ranked = sorted(summed.items(), key=lambda item: (-item[1], item[0]))
    return tuple(path for path, views in ranked if views >= least)


def _files(instance: Instance) -> list[Path]:
    return sorted(pending(instance).glob("*.json"))


def _read(path: Path) -> Iterator[Views]:
    hour = path.name.partition(".")[0]
    try:
        rows = json.loads(path.read_bytes())
        for site, address, views in rows:
            yield Views(hour, str(site), str(address), int(views))
    except (OSError, ValueError, TypeError):
        return  # cut short by a full disk: what it held is lost


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=10)
    db.execute(
        "CREATE TABLE IF NOT EXISTS views (hour TEXT, site TEXT, path TEXT, views INTEGER NOT NULL,"
        " PRIMARY KEY (hour, site, path)) WITHOUT ROWID"
    )
    db.execute("CREATE TABLE IF NOT EXISTS taken (name TEXT PRIMARY KEY) WITHOUT ROWID")
    return db
