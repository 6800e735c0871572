"""The workshop: a process beside the keeper that prints pages and draws pictures while nothing is published.

Owns that it is there, and how the keeper has it stand still; what is printed is printing's, what is drawn
publishing.cards'. In the keeper's own process it would hold the interpreter whenever a publish asks for it.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from broadtape import config
from broadtape.heartbeat import settings_digest
from broadtape.model import BroadtapeError

if TYPE_CHECKING:
    from broadtape.printing import Printer
    from broadtape.publishing.cards import Cards

PRINTED_AT_ONCE = 8  # pages between two looks at whether something is to be published
PRINTING_S = 0.02  # and no more of them than this takes
DRAWING_S = 0.5  # between two pictures for sharing: each takes about as long
IMPROVING_S = 0.1  # between two pages compressed better: this is nobody's hurry
NICE = 5  # printing and drawing leave the processors to who reads, searches and publishes
AGAIN_S = 5.0  # before one that ended is started again
STOP_WITHIN_S = 5.0
HUSH: Final = b"-"  # what the keeper says: something is to be published, stand still
GO_ON: Final = b"+"  # and: it was, look what there is to do


# --- the keeper's side ------------------------------------------------------------------------------------


class Workshop:
    """The process, as the keeper sees it: told to stand still and to go on, started again when it ended."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._hushed = True
        self._next_start = 0.0
        self._log = structlog.get_logger("keeper")

    def hush(self) -> None:
        """It is to stand still between two pages."""
        if not self._hushed:
            self._hushed = True
            self._say(HUSH)

    def go_on(self) -> None:
        """It may go on, and should look again if it was hushed; started where it is not running."""
        if self._process is None or self._process.poll() is not None:
            if time.monotonic() < self._next_start:
                return
            try:
                self._start()
            except OSError as error:  # no more processes: pages are rendered when they are asked for
                self._log.error("workshop not started", cause=str(error), retry_s=AGAIN_S)
                return
        elif not self._hushed:
            return
        self._hushed = False
        self._say(GO_ON)

    def close(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self) -> None:
        self._next_start = time.monotonic() + AGAIN_S
        if self._process is not None:
            self._log.warning("workshop ended", code=self._process.returncode)
            if self._process.stdin is not None:
                with suppress(OSError):
                    self._process.stdin.close()
        path = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(  # noqa: S603 – our own
            [sys.executable, "-P", "-m", "broadtape.workshop", str(self._root)],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        )
        if self._process.stdin is not None:
            os.set_blocking(self._process.stdin.fileno(), False)

    def _say(self, word: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):  # it has ended, or has 64,000 words to read
                os.write(self._process.stdin.fileno(), word)


# --- what helps -------------------------------------------------------------------------------------------


class Work(Protocol):
    """What a helper does, a little at a time."""

    name: str

    def step(self) -> float:
        """Do the next piece; returns the seconds until there may be more, 0 where there is."""

    def close(self) -> None:
        """Let go of files, in the thread that opened them."""


class Helper(threading.Thread):
    """Does what need not be done before a page can be shown, while nothing is being published."""

    def __init__(self, work: Work, stop: threading.Event, free: threading.Event) -> None:
        super().__init__(name=work.name, daemon=True)
        self._work = work
        self._stopping = stop
        self._free = free
        self._woken = threading.Event()

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    def run(self) -> None:
        """Step after step until the keeper stops."""
        log = structlog.get_logger(self.name)
        try:
            while not self._stopping.is_set():
                if not self._free.wait(1.0):
                    continue  # a first publish takes minutes, and holds the catalogue
                self._woken.clear()
                try:
                    wait = self._work.step()
                except Exception as error:
                    expected = isinstance(error, BroadtapeError | OSError)
                    log.log(logging.ERROR, f"{self.name} failed", cause=str(error), exc_info=not expected)
                    wait = 5.0
                if wait:
                    self._woken.wait(wait)
        finally:
            self._work.close()


class Shop:
    """What the helpers of the workshop know: the instance, and whether they may go on."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._settings = settings_digest(root)
        self.instance = config.load(root)
        self.free = threading.Event()

    def idle(self) -> bool:
        """Whether nothing waits to be published."""
        return self.free.is_set()

    def look_at_settings(self) -> None:
        """Read settings that changed; those that cannot be read leave the old ones in force."""
        digest = settings_digest(self._root)
        if digest != self._settings:
            with suppress(BroadtapeError):  # the keeper says so
                self.instance = config.load(self._root)
                self._settings = digest


class Printing:
    """Fills the page store: stale pages, new ones, late ones; then the same bytes better compressed."""

    name = "printing"

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._printer: Printer | None = None

    def step(self) -> float:
        """Print a few pages."""
        from broadtape.printing import Printer  # noqa: PLC0415 – loads the pages' code

        instance = self._shop.instance
        if self._printer is not None and (
            self._printer.instance is not instance or not self._printer.store.path.exists()
        ):
            self.close()
        if self._printer is None:
            if not instance.catalogue.exists():
                return 0.5
            self._printer = Printer(instance)
        if self._printer.look() and self._printer.some(
            PRINTED_AT_ONCE, within_s=PRINTING_S, go_on=self._shop.idle
        ):
            return 0.0
        return IMPROVING_S if self._printer.improve(1) else 20.0

    def close(self) -> None:
        """Close the printer's files."""
        if self._printer is not None:
            self._printer.close()
        self._printer = None


class Drawing:
    """Makes the pictures for sharing, one at a time."""

    name = "drawing"

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._cards: Cards | None = None

    def step(self) -> float:
        """Draw one picture."""
        from broadtape.publishing.cards import Cards  # noqa: PLC0415 – loads the renderer

        instance = self._shop.instance
        if not instance.catalogue.exists():
            return 1.0
        if self._cards is None or self._cards.instance is not instance:
            self._cards = Cards(instance)
        return DRAWING_S if self._cards.work(0.0) else 60.0

    def close(self) -> None:
        """Nothing is kept open."""


# --- the process ------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """The workshop's process: `python -m broadtape.workshop ROOT`, told by the keeper through its input."""
    from broadtape.serving import log_as_lines  # noqa: PLC0415 – only as a process

    with suppress(OSError):
        os.nice(NICE)
    log_as_lines()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # of a terminal: the keeper gets it too, and lets go of our input
    stop = threading.Event()
    try:
        shop = Shop(Path(arguments[0]))
    except BroadtapeError as error:
        print(f"broadtape: {error}", file=sys.stderr)
        return 1
    helpers = [Helper(work, stop, shop.free) for work in (Printing(shop), Drawing(shop))]
    for helper in helpers:
        helper.start()
    while said := os.read(0, 4096):
        if said.endswith(GO_ON):
            shop.look_at_settings()
            shop.free.set()
            for helper in helpers:
                helper.wake()
        else:
            shop.free.clear()
    stop.set()
    shop.free.set()
    end = time.monotonic() + STOP_WITHIN_S / 2
    for helper in helpers:
        helper.wake()
        helper.join(max(0.0, end - time.monotonic()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
