"""The keeper: the one process that publishes. It watches content/ and the market store and keeps the hours.

Owns when something is published; what that means is publishing's business. Serves nothing.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog
import watchfiles

from broadtape import config, heartbeat
from broadtape.heartbeat import Heartbeat, settings_digest, utc_now
from broadtape.hub import Teller
from broadtape.keeperlock import only_keeper
from broadtape.model import BroadtapeError
from broadtape.workshop import Helper, Workshop

if TYPE_CHECKING:
    from broadtape.config import Instance
    from broadtape.publishing import Published

QUIET_MS = 5  # a save is complete when nothing more came for so long (editors write, rename, set times)
GATHER_MS = 400  # but a flood is cut into portions of this length
TICK_MS = 500  # how often schedules, the store and the heartbeat are looked at while nothing is saved
EVERYTHING_S = 60.0  # how often all files are compared with the manifest, for changes the watcher never saw
MANY = 200  # more changed paths than this: compare everything instead
RETRY_S = (1.0, 5.0, 15.0, 60.0)  # after a publish that failed
STOP_WITHIN_S = 5.0
MAKING_S = 0.5  # between two looks whether another process has made the search index
WAIT_S = 600.0  # for a publish that begins while the index is told, to let what was told be noted
SWITCH_S = (
    0.0005  # a helper gives the interpreter away after so long: publishing asks for it at each call of SQLite
)
REPROVING_S = 1.0  # how long one publish may spend on proving anew what a new market store left behind


class Publish(Protocol):
    """`broadtape.publishing.publish`."""

    def __call__(
        self,
        instance: Instance,
        changed: set[Path] | None = None,
        *,
        budget_s: float | None = None,
        search: bool = True,
    ) -> Published:
        """Publish what changed."""


class Open:
    """Connections that do nothing but stay open between publishes.

    Whoever closes a database last writes its log back into it: with three files, three times two waits for the disk,
    some 60 ms of every save. Here that is done when nothing else is to do.
    """

    def __init__(self) -> None:
        self._held: dict[Path, tuple[int, sqlite3.Connection]] = {}
        self._changed = False

    def hold(self, *paths: Path) -> None:
        """Keep these open from now on; a file that was replaced is opened anew."""
        self._changed = True
        for path in paths:
            try:
                inode = path.stat().st_ino
            except OSError:
                continue
            held = self._held.get(path)
            if held is not None and held[0] == inode:
                continue
            if held is not None:
                held[1].close()
            db = sqlite3.connect(path, isolation_level=None)
            with suppress(sqlite3.DatabaseError):  # a damaged one is made anew by the next publish
                db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            self._held[path] = (inode, db)

    def settle(self) -> None:
        """Write the logs back, if there was a change since: what was published outlives a power cut from here on."""
        if not self._changed:
            return
        self._changed = False
        for _, db in self._held.values():
            with suppress(sqlite3.DatabaseError):
                db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Let go of them."""
        for _, db in self._held.values():
            db.close()
        self._held.clear()


@dataclass(slots=True)
class _Due:
    """What the next publish has to look at. `everything` compares all files, `changed` only those."""

    everything: bool = True
    changed: frozenset[Path] = frozenset()
    other: bool = False  # the store, a schedule or unfinished proving
    not_before: float = 0.0

    def any(self) -> bool:
        return self.everything or bool(self.changed) or self.other


class Keeper:
    """The loop, with its clock and its publisher to be replaced in tests."""

    def __init__(
        self,
        root: Path,
        *,
        publish: Publish | None = None,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if publish is None:
            from broadtape.publishing import publish as real  # noqa: PLC0415 – heavy; tests do without

            publish = real
        self._publish = publish
        self._root = root
        self._now = now
        self._monotonic = monotonic
        self._log = structlog.get_logger("keeper").bind(root=str(root))
        self.instance = config.load(root)
        self._teller = Teller(self.instance)
        self._settings = settings_digest(root)
        self._due = _Due()
        self._failures = 0
        self._compared = monotonic()
        self._store: tuple[object, ...] = self._store_state()
        self._next_visible: datetime | None = None
        self._beat = Heartbeat(os.getpid(), now(), now())
        self._beaten = -heartbeat.EVERY_S
        self._helpers: tuple[Helper, ...] = ()
        self._free = threading.Event()  # set while nothing is being published
        self._open = Open()
        self._workshop: Workshop | None = None

    def run(self, stop: threading.Event) -> None:
        """Publish, then follow changes until `stop` is set."""
        self._log.info("keeper started", pid=os.getpid())
        self._free.set()
        self._helpers = (Helper(Indexing(self), stop, self._free),)
        self._workshop = Workshop(self._root)
        for helper in self._helpers:
            helper.start()
        self.tick()
        while not stop.is_set():
            # Watched anew after an error: content/ itself may have been moved away and back.
            try:
                for changes in self._changes(stop):
                    if changes:
                        self._hush()
                    try:
                        self.notice(Path(path) for _, path in changes)
                        self.tick()
                    finally:
                        self._go_on()
            except (FileNotFoundError, RuntimeError, OSError) as error:
                self._log.warning("cannot watch content/", cause=str(error))
                self._due.everything = True
                self.tick()
                stop.wait(1.0)
        self._workshop.close()
        for helper in self._helpers:
            helper.wake()
        end = time.monotonic() + STOP_WITHIN_S
        for helper in self._helpers:
            helper.join(max(0.0, end - time.monotonic()))
        self._teller.stop()
        self._open.close()
        self._log.info("keeper stopped")

    def _changes(self, stop: threading.Event) -> Iterable[set[tuple[watchfiles.Change, str]]]:
        return watchfiles.watch(
            self.instance.content,
            watch_filter=watchable,
            debounce=GATHER_MS,
            step=QUIET_MS,
            stop_event=stop,
            rust_timeout=TICK_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
        )

    def notice(self, paths: Iterable[Path]) -> None:
        """Take note of saved, moved and deleted paths."""
        found = frozenset(paths)
        if not found:
            return
        changed = self._due.changed | found
        if len(changed) > MANY or any(_not_one_file(path) for path in found):
            self._due.everything, self._due.changed = True, frozenset()
        else:
            self._due.changed = changed

    def tick(self) -> None:
        """Look at settings, store, schedules and the long comparison; publish if anything is due."""
        now = self._monotonic()
        self._look_at_settings()
        store = self._store_state()
        if store != self._store:
            self._store, self._due.other = store, True
        if self._next_visible is not None and self._now() >= self._next_visible:
            self._due.other = True
        if now - self._compared >= EVERYTHING_S or not self.instance.catalogue.exists():
            self._due.everything = True
        if self._due.any() and now >= self._due.not_before:
            self._do()
        else:
            self._open.settle()
        if self._monotonic() - self._beaten >= heartbeat.EVERY_S:
            self._say()

    def _look_at_settings(self) -> None:
        digest = settings_digest(self._root)
        if digest == self._settings:
            return
        self._settings = digest
        try:
            self.instance = config.load(self._root)
        except BroadtapeError as error:
            self._log.error("settings not read, the old ones stay in force", cause=str(error))
            self._beat = replace(self._beat, problem=str(error))
            return
        self._log.info("settings read anew")
        self._due.everything = True

    def _store_state(self) -> tuple[object, ...]:
        """Changes when the market store does: size and time of the file and of its write-ahead log."""
        state: list[object] = []
        for suffix in ("", "-wal"):
            try:
                stat = self.instance.store.with_name(self.instance.store.name + suffix).stat()
                state += [stat.st_ino, stat.st_mtime_ns, stat.st_size]
            except OSError:
                state.append(None)
        return tuple(state)

    def _do(self) -> None:
        due, self._due = self._due, _Due(everything=False)
        changed = None if due.everything else set(due.changed)
        if due.everything:
            self._compared = self._monotonic()
        self._hush()
        try:
            # While it runs, the queue of the search index is the helper's, which is told below.
            done = self._publish(self.instance, changed, budget_s=REPROVING_S, search=not self._helpers)
        except Exception as error:  # noqa: BLE001 – whatever it is, the keeper goes on and tries again
            wait = RETRY_S[min(self._failures, len(RETRY_S) - 1)]
            self._failures += 1
            expected = isinstance(error, BroadtapeError | OSError)
            self._log.error("publish failed", cause=str(error), retry_s=wait, exc_info=not expected)
            self._due = _Due(everything=True, not_before=self._monotonic() + wait)
            self._beat = replace(self._beat, problem=f"{type(error).__name__}: {error}")
            self._say()
            return
        finally:
            self._go_on()
        for helper in self._helpers:
            helper.wake()
        if self._helpers:
            self._open.hold(self.instance.catalogue, self.instance.revisions)
        self._failures = 0
        self._next_visible = done.next_visible
        if done.counts.get("waiting"):
            self._due.other = True
        self._store = self._store_state()
        if done.generation != self._beat.generation:
            self._teller.wake(self.instance)
            self._log.info(
                "published", generation=done.generation, seconds=round(done.seconds, 3), **done.counts
            )
        self._beat = replace(
            self._beat, generation=done.generation, published=self._now(), seconds=done.seconds, problem=""
        )
        self._say()

    def _hush(self) -> None:
        """Have the helpers stop where they can: something is to be published."""
        self._free.clear()
        if self._workshop is not None:
            self._workshop.hush()

    def _go_on(self) -> None:
        """Let the helpers go on, and see to it that the workshop is there."""
        self._free.set()
        if self._workshop is not None:
            self._workshop.go_on()

    def _say(self) -> None:
        self._beaten = self._monotonic()
        self._beat = replace(self._beat, beat=self._now())
        try:
            heartbeat.write_heartbeat(self.instance, self._beat)
        except OSError as error:
            self._log.error("heartbeat not written", cause=str(error))


class Indexing:
    """The one writer of the search index: its queue is what the catalogue has and the index was not told."""

    name = "indexing"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._beside: subprocess.Popen[bytes] | None = None
        self._alone = False  # a process of its own came to nothing

    def step(self) -> float:
        """Bring the index up to date, or have it made anew, while the one there is answers."""
        from broadtape.archive.cataloguing import CatalogueWriter  # noqa: PLC0415 – as publishing
        from broadtape.publishing import searchable  # noqa: PLC0415

        if self._beside is not None:
            code = self._beside.poll()
            if code is None:
                return MAKING_S
            self._beside, self._alone = None, code != 0
        instance = self._keeper.instance
        if not instance.catalogue.exists():
            return 1.0
        with CatalogueWriter(instance.catalogue, wait_s=WAIT_S) as writer:
            if not self._alone and searchable.much(instance, writer):
                self._beside = self._start(instance.root)
                return MAKING_S
            told = searchable.update(instance, writer, utc_now(), lambda _step, _done, _total: None)
        self._alone = False
        return 60.0 if told else 1.0

    def _start(self, root: Path) -> subprocess.Popen[bytes]:
        """Half a minute of work for 20,000 articles, and 200 MB: beside this process neither holds up a publish."""
        path = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        return subprocess.Popen(  # noqa: S603 – our own
            [sys.executable, "-P", "-m", "broadtape.publishing.searchable", str(root)],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        )

    def close(self) -> None:
        """End what is being made: the index there is stays."""
        if self._beside is not None:
            self._beside.kill()
            self._beside.wait()
            self._beside = None


def watchable(_: watchfiles.Change, path: str) -> bool:
    """Whether a path may matter: editors' swap and backup files and hidden ones do not."""
    name = path.rpartition("/")[2]
    return not (
        name.startswith((".", "#"))
        or name.endswith(
            ("~", ".swp", ".swx", ".swo", ".tmp", ".part", ".bak", "___jb_tmp___", "___jb_old___")
        )
        or name == "4913"  # Vim tries whether it may write here
    )


def _not_one_file(path: Path) -> bool:
    """A folder, or something gone that may have been one: the watcher does not tell of every file in it."""
    return path.is_dir() or (not path.exists() and not path.suffix)


def main(arguments: list[str]) -> int:
    """The keeper's process: `python -m broadtape.keeper ROOT`."""
    from broadtape.serving import end_with_parent, log_as_lines  # noqa: PLC0415 – only as a process

    root = Path(arguments[0])
    log_as_lines()
    sys.setswitchinterval(SWITCH_S)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    end_with_parent()
    try:
        with only_keeper(root):
            Keeper(root).run(stop)
    except BroadtapeError as error:
        print(f"broadtape: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
