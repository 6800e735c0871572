"""The pressroom: many pages printed and written by all cores at once, in processes of our own command.

Owns those processes and which pages each gets. What a page is, what it depends on and how it is kept is printing's;
few pages are printed here, in this process, since starting another costs as much as hundreds of them.
"""

from __future__ import annotations

import errno
import gc
import os
import selectors
import sqlite3
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import structlog

import broadtape
from broadtape import config
from broadtape.heartbeat import utc_now
from broadtape.pagefiles import Written, write_page
from broadtape.pagestore import EVERYTHING, Due, Job
from broadtape.printing import Printer

if TYPE_CHECKING:
    from broadtape.config import Site

WORTH: Final = 600  # pages from which on processes are started: one takes as long as some hundreds of pages
PORTION: Final = 64  # pages handed over at once
MOST_PROCESSES: Final = 8  # 80 MB each
ANSWER_WITHIN_S: Final = 180.0  # for one portion; a process that takes longer is ended
GIVEN: Final = 2  # portions that a process has: the one it is at, and the next
AHEAD: Final = 32  # portions looked up in the store at once
MOST_DEATHS: Final = 20  # of processes; then the rest is done here

Progress = Callable[[str, int, int], None]
log = structlog.get_logger("printer")


# --- what is said between the processes -----------------------------------------------------------------------


class _Print(msgspec.Struct, frozen=True, tag="print"):
    """Print these pages: number, site, address, state."""

    now: datetime
    jobs: list[tuple[int, str, str, int]]


class _Write(msgspec.Struct, frozen=True, tag="write"):
    """Write these pages of a site: address, path."""

    site: str
    pages: list[tuple[str, str]]


class _Answer(msgspec.Struct, frozen=True):
    """What became of a portion; the first that a process says is under which settings it works."""

    settings: str = ""
    failure: tuple[int, str, str] | None = None  # of the disk: number, words, path
    written: list[tuple[str, Literal["written", "gone", "failed"], str]] = []  # address, outcome, tag


_Task = _Print | _Write
_tasks = msgspec.json.Decoder(_Task)
_answers = msgspec.json.Decoder(_Answer)


def _answer(printer: Printer, task: _Task) -> _Answer:
    """As `_perform`; what the disk refuses is told, and raised by whoever asked."""
    try:
        return _perform(printer, task)
    except OSError as error:
        return _Answer(failure=(error.errno or 0, error.strerror or str(error), str(error.filename or "")))
    except sqlite3.OperationalError as error:  # full, or locked for too long
        return _Answer(failure=(errno.EIO, str(error), str(printer.store.path)))


def _perform(printer: Printer, task: _Task) -> _Answer:
    if isinstance(task, _Print):
        printer.these([Job(n, site, address, Due(due)) for n, site, address, due in task.jobs])
        return _Answer()
    site = printer.instance.sites[task.site]
    found = [write_page(printer, site, address, Path(path)) for address, path in task.pages]
    return _Answer(written=[(one.address, one.outcome, one.tag) for one in found])


# --- the room -----------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Worker:
    """A process, what it was given and has not answered, and what of its next answer came."""

    process: subprocess.Popen[bytes]
    given: deque[_Task] = field(default_factory=deque)
    since: float = field(default_factory=time.monotonic)  # when it began with the first of them
    said: bytearray = field(default_factory=bytearray)
    ready: bool = False

    def give(self, task: _Task) -> None:
        """Hand a portion over. That it is dead is noticed by whoever reads what it says."""
        if not self.given:
            self.since = time.monotonic()
        self.given.append(task)
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.write(msgspec.json.encode(task) + b"\n")
            self.process.stdin.flush()

    def heard(self) -> list[_Answer] | None:
        """The answers that have come; None where it has ended."""
        assert self.process.stdout is not None
        raw = os.read(self.process.stdout.fileno(), 1 << 20)
        if not raw:
            return None
        self.said += raw
        *lines, rest = self.said.split(b"\n")
        self.said, self.since = bytearray(rest), time.monotonic()
        return [_answers.decode(line) for line in lines]

    def end(self) -> None:
        """End it, whatever it is at."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.process.wait()


class Pressroom:
    """Prints all that is due, and writes pages to files; starts processes when there is enough for them."""

    program: tuple[str, ...] = ("-m", "broadtape.pressroom")  # what Python runs as one of its processes

    def __init__(self, printer: Printer, *, now: Callable[[], datetime] = utc_now) -> None:
        self.printer = printer
        self._now = now
        self._most = min(MOST_PROCESSES, config.cores())
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._deaths = 0

    def __enter__(self) -> Pressroom:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._selector.close()

    def print_due(self, progress: Progress = lambda _step, _done, _total: None) -> None:
        """Print whatever is due, late pages too."""
        printer = self.printer
        due = printer.look()
        total = due + printer.store.count() if due else 0
        while due:
            progress("print", max(total - due, 0), total)
            if due >= WORTH and self._most > 1:
                self._print_many(progress)
            elif not printer.some(PORTION):
                break
            due = printer.look()
            total = max(total, printer.store.count())
        if total:
            progress("print", total, total)

    def _print_many(self, progress: Progress) -> None:
        """Print in processes until nothing is due but what was handed over before."""
        store, taken, done = self.printer.store, set[int](), 0

        def portions() -> Iterator[_Task | None]:
            while True:
                jobs = [job for job in store.due(len(taken) + AHEAD * PORTION) if job.n not in taken]
                if not jobs:
                    yield None  # until a page that is at work now leads to more
                for first in range(0, len(jobs), PORTION):
                    some = jobs[first : first + PORTION]
                    taken.update(job.n for job in some)
                    yield _Print(self._now(), [(job.n, job.site, job.address, int(job.due)) for job in some])

        total = store.count()
        for number, (task, _) in enumerate(self._spread(portions())):
            assert isinstance(task, _Print)
            done += len(task.jobs)
            if number % 16 == 0:
                total = store.count()
            progress("print", min(done, total), total)

    def write(self, site: Site, pages: Sequence[tuple[str, Path]]) -> Iterator[Written]:
        """Bring the files of pages (address and path) in line with the page store; each as it is done."""
        if len(pages) < WORTH or self._most < 2:
            for address, path in pages:
                yield write_page(self.printer, site, address, path)
            return

        def portions() -> Iterator[_Task | None]:
            for first in range(0, len(pages), PORTION):
                some = pages[first : first + PORTION]
                yield _Write(site.key, [(address, str(path)) for address, path in some])

        for _, answer in self._spread(portions()):
            for address, outcome, tag in answer.written:
                yield Written(address, outcome, tag)

    # --- its processes ----------------------------------------------------------------------------------------

    def _spread(self, tasks: Iterator[_Task | None]) -> Iterator[tuple[_Task, _Answer]]:
        """Each task with its answer, as they come. The tasks may pause (None) while others are at work."""
        again: deque[_Task] = deque()  # what a process that ended had been given
        while True:
            self._start()
            if not self._workers:  # none can be started
                task = again.popleft() if again else next(tasks, None)
                if task is None:
                    return
                yield task, _perform(self.printer, task)
                continue
            paused = False
            for worker in sorted(self._workers, key=lambda one: len(one.given)):
                while len(worker.given) < GIVEN and not paused:
                    task = again.popleft() if again else next(tasks, None)
                    paused = task is None
                    if task is not None:
                        worker.give(task)
            if not any(worker.given for worker in self._workers):
                return
            for key, _ in self._selector.select(1.0):
                worker = key.data
                answers = worker.heard()
                if answers is None:
                    yield from self._ended(worker, again)
                    continue
                for answer in answers:
                    if answer.failure is not None:
                        number, words, where = answer.failure
                        raise OSError(number, words, where)
                    if worker.ready:
                        yield worker.given.popleft(), answer
                    elif answer.settings == self.printer.settings:
                        worker.ready = True
                    else:  # saved a moment ago: this process goes on with those it began with
                        self._most = 0
                        yield from self._ended(worker, again)
                        break
            for worker in list(self._workers):
                if worker.given and time.monotonic() - worker.since > ANSWER_WITHIN_S:
                    yield from self._ended(worker, again)

    def _start(self) -> None:
        """Have as many processes as there are cores."""
        # A newsroom that runs from a checkout is found there, and nothing in the folder it was started from.
        path = os.pathsep.join(
            [str(Path(broadtape.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        command = [sys.executable, "-P", *self.program, str(self.printer.instance.root)]
        while len(self._workers) < self._most:
            try:
                process = subprocess.Popen(  # noqa: S603  our own
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env={**os.environ, "PYTHONPATH": path},
                )
            except OSError as error:
                log.warning("no process for printing", cause=str(error))
                self._most = len(self._workers)
                return
            worker = _Worker(process)
            self._workers.append(worker)
            assert process.stdout is not None
            self._selector.register(process.stdout, selectors.EVENT_READ, worker)

    def _ended(self, worker: _Worker, again: deque[_Task]) -> Iterator[tuple[_Task, _Answer]]:
        """What a process had been given is given to another; a page at which one ended alone has failed."""
        assert worker.process.stdout is not None
        self._selector.unregister(worker.process.stdout)
        self._workers.remove(worker)
        worker.end()
        self._deaths += 1
        if not worker.ready or self._deaths > MOST_DEATHS:  # it is not the pages
            log.warning("printing in one process", ended=worker.process.returncode)
            self._most = 0
        if not worker.given:
            return
        first = worker.given.popleft()
        pieces = _pieces(first)
        again.extend(worker.given)
        if len(pieces) > 1 or not worker.ready:
            again.extend(pieces)
        else:
            yield first, self._failed(first, worker.process.returncode)

    def _failed(self, task: _Task, code: int) -> _Answer:
        if isinstance(task, _Write):
            [(address, _)] = task.pages
            log.error("page not written", site=task.site, address=address, ended=code)
            return _Answer(written=[(address, "failed", "")])
        [(n, site, address, due)] = task.jobs
        log.error("page not printed: its process ended", site=site, address=address, ended=code)
        with self.printer.store.change():
            self.printer.store.fail(Job(n, site, address, Due(due)), {EVERYTHING})
        return _Answer()


def _pieces(task: _Task) -> list[_Task]:
    """The same, page by page."""
    if isinstance(task, _Write):
        return [_Write(task.site, [page]) for page in task.pages]
    return [_Print(task.now, [job]) for job in task.jobs]


def main(arguments: list[str]) -> int:
    """A process of the room: `python -m broadtape.pressroom ROOT`, a portion a line, an answer a line."""
    root = Path(arguments[0])
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)  # what anything prints is no answer
        at = [utc_now()]
        printer = Printer(config.load(root), now=lambda: at[0])
        # What is there now stays, and what comes is gone with its page without help: looking for it took a tenth.
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        try:
            out.write(msgspec.json.encode(_Answer(settings=printer.settings)) + b"\n")
            out.flush()
            for line in sys.stdin.buffer:  # until the one that asks is gone
                task = _tasks.decode(line)
                if isinstance(task, _Print):
                    at[0] = task.now
                out.write(msgspec.json.encode(_answer(printer, task)) + b"\n")
                out.flush()
        except (BrokenPipeError, KeyboardInterrupt):
            return 1
        finally:
            printer.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
