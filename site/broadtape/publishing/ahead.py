"""Reading ahead: while one process files articles, another reads and parses the next, when there are many.

Owns that process and what it hands over. What a file says is reading's; what becomes of it, the publish decides, which
reads itself whatever did not come.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

import broadtape
from broadtape import config
from broadtape.heartbeat import settings_digest
from broadtape.model import BroadtapeError
from broadtape.publishing import reading
from broadtape.publishing.stamps import Stamp

if TYPE_CHECKING:
    from broadtape.config import Instance
    from broadtape.frontmatter import Parsed
    from broadtape.markdown import Document

WORTH: Final = 1_500  # files from which on a process is started: it takes as long as some hundreds of them
PORTION: Final = 64  # files handed over at once
AHEAD: Final = 4  # portions: some megabytes


@dataclass(frozen=True, slots=True)
class Read:
    """A file's bytes and those of its facts, and what they say; None where that is an error, said by who asks again."""

    source: bytes
    facts: bytes
    said: tuple[Parsed, Document] | None = None


class Ahead:
    """Articles in the order in which they will be asked for; without a process it has none."""

    def __init__(self, instance: Instance, settings: str, paths: Sequence[str]) -> None:
        self._left = deque(paths)
        self._asked: deque[list[str]] = deque()
        self._came: dict[str, Read] = {}
        self._process: subprocess.Popen[bytes] | None = None
        if len(paths) >= WORTH and config.cores() > 1:
            self._start(instance, settings)

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def take(self, path: str) -> Read | None:
        """The file, if it was read ahead."""
        found = self._came.pop(path, None)
        while found is None and self._asked and path in self._asked[0]:
            self._hear()
            found = self._came.pop(path, None)
        return found

    def _start(self, instance: Instance, settings: str) -> None:
        path = [str(Path(broadtape.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        # Not as `-m`: what it hands over would be of the module `__main__`.
        program = f"import sys; from {__name__} import main; sys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-P", "-c", program, str(instance.root), settings]
        with suppress(OSError):
            self._process = subprocess.Popen(  # noqa: S603  our own
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            )
            for _ in range(AHEAD):
                self._ask()

    def _ask(self) -> None:
        portion = [self._left.popleft() for _ in range(min(PORTION, len(self._left)))]
        if not portion or self._process is None or self._process.stdin is None:
            return
        self._asked.append(portion)
        with suppress(OSError):  # that it has ended is noticed when it is heard
            self._process.stdin.write(msgspec.json.encode(portion) + b"\n")
            self._process.stdin.flush()

    def _hear(self) -> None:
        """The next portion; whatever is wrong with the process, the rest is read by whoever asks."""
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            size = int.from_bytes(self._process.stdout.read(4), "big")
            raw = self._process.stdout.read(size)
            came = pickle.loads(raw) if size and len(raw) == size else None  # noqa: S301  from our own process
        except Exception:  # noqa: BLE001  whatever came, it is read again here
            came = None
        if came is None:
            self._asked.clear()
            self._left.clear()
            self._end()
            return
        self._came = dict(zip(self._asked.popleft(), came, strict=True))
        self._ask()

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()
        self._process = None


def _read(instance: Instance, path: str) -> Read:
    source, facts = reading.raw(instance, path, Stamp(0, 0))
    try:
        return Read(source, facts, reading.parsed(instance, path, source, facts))
    except (BroadtapeError, ValueError):
        return Read(source, facts)


def main(arguments: list[str]) -> int:
    """The process, with the newsroom's folder and the digest of its settings: paths in, their files out."""
    root, settings = Path(arguments[0]), arguments[1]
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)  # what anything prints is no answer
        if settings_digest(root) != settings:  # saved this moment: times may mean another zone
            return 1
        instance = config.load(root)
        try:
            for line in sys.stdin.buffer:
                raw = pickle.dumps(
                    [_read(instance, path) for path in msgspec.json.decode(line, type=list[str])], 5
                )
                out.write(len(raw).to_bytes(4, "big") + raw)
                out.flush()
        except (BrokenPipeError, KeyboardInterrupt):
            return 1
    return 0
