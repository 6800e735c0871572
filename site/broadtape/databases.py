"""How our SQLite files are opened for writing: in WAL mode, and made anew by one at a time.

Owns no table. A file that two make at once would be deleted by the one under the hands of the other.
"""

from __future__ import annotations

import fcntl
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

WAIT_S: Final = 30.0  # for another writer to end


def open_for_writing(
    path: Path, synchronous: Literal["OFF", "NORMAL"], *, wait_s: float = WAIT_S
) -> sqlite3.Connection:
    """The file with a write-ahead log, so that readers do not wait for its writer; made where it is not there.

    SQLite does not wait when the mode of a file is changed while another looks at it: that is tried again here.
    A file that is no database is opened all the same, and what is asked of it raises.
    """
    db = sqlite3.connect(path, isolation_level=None, timeout=wait_s)
    until = time.monotonic() + wait_s
    with suppress(sqlite3.DatabaseError):
        while True:
            try:
                db.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= until:
                    break
                time.sleep(0.01)
        db.execute(f"PRAGMA synchronous = {synchronous}")
    return db


def made_sound(
    path: Path,
    opened: Callable[[], sqlite3.Connection],
    sound: Callable[[sqlite3.Connection], bool],
    make: Callable[[sqlite3.Connection], None],
) -> tuple[sqlite3.Connection, bool]:
    """The file as `opened` opens it, made anew by `make` where it is not `sound`; whether it was.

    All of it one process or thread after another: whoever closes a file that another has just put a new one in the
    place of would take the new one's log away, which SQLite finds by name.
    """
    with _alone(path):
        db = opened()
        if sound(db):
            return db, False
        db.close()
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        db = opened()
        db.execute("BEGIN IMMEDIATE")
        try:
            make(db)
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
    return db, True


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Be the one that opens this file; the lock is the operating system's and ends with the process."""
    with path.with_name(f".{path.name}.lock").open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
