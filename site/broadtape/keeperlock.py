"""The lock that makes a keeper the only one of its instance, and what others may ask of it.

Starts and stops nothing; it is apart from the keeper so that asking does not load what a keeper needs.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broadtape.model import BroadtapeError


class KeeperRunning(BroadtapeError):
    """Another keeper has the instance."""


def lock_path(root: Path) -> Path:
    """Where the keeper's lock is."""
    return root / "var" / "state" / "keeper.lock"


@contextmanager
def only_keeper(root: Path) -> Iterator[None]:
    """Be the instance's one keeper; KeeperRunning names the process that already is.

    The lock is the operating system's, so it ends with the process however that ends.
    """
    path = lock_path(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise running(root) from error
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def running(root: Path) -> KeeperRunning:
    """The refusal that names the process which has the instance."""
    try:
        pid = lock_path(root).read_text("ascii").strip()[:20]
    except (OSError, ValueError):
        pid = ""
    return KeeperRunning(
        f"{root}: a keeper (process {pid or 'unknown'}) already publishes this instance; "
        "stop it, or serve with --no-keeper"
    )


def keeper_alive(root: Path) -> bool:
    """Whether some process holds the keeper's lock now."""
    try:
        with lock_path(root).open("r", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            fcntl.flock(file, fcntl.LOCK_UN)
            return False
    except OSError:
        return False
