"""The mark of an index folder: which generation is the one that is complete on disk, and what it consists of.

Written last, after everything it names is on disk; knows nothing of what the files hold.
"""

from __future__ import annotations

import json
import os
import secrets
import time
import zlib
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

NAME: Final = "current"
RECHECK_S: Final = 3600.0  # disks err in silence: every file is read through again so often (54 MB: 0.05 s)
CONDEMNED: Final = "condemned"  # a file of this name asks for a rebuild
SCHEMAS: Final = {"whoosh": 2, "tantivy": 4}  # of each engine's fields; an index of another is rebuilt


@dataclass(frozen=True, slots=True)
class Mark:
    """One complete generation."""

    engine: str
    schema: int
    generation: int  # ours: rises with every commit, rebuilds included
    folder: str  # beside the mark
    commit: int  # the engine's own count of commits in that folder
    documents: int
    files: dict[str, tuple[int, int]]  # name → size and CRC-32; files never change once they are written

    def names(self, folder: Path) -> bool:
        """Whether every file is there with its size."""
        for name, (size, _) in self.files.items():
            try:
                if (folder / self.folder / name).stat().st_size != size:
                    return False
            except OSError:
                return False
        return True

    def contradicted(self, folder: Path) -> bool:
        """Whether a file is there with another size. A file that is not there may have gone with a commit whose
        mark is about to follow, or whose writer was killed before it."""
        for name, (size, _) in self.files.items():
            with suppress(OSError):
                if (folder / self.folder / name).stat().st_size != size:
                    return True
        return False

    def intact(self, folder: Path) -> bool:
        """Whether every file holds the bytes that were written."""
        return self.names(folder) and all(
            _crc(folder / self.folder / name) == crc for name, (_, crc) in self.files.items()
        )


def read(folder: Path) -> Mark | None:
    """The mark of an index folder; None where there is none that can be read."""
    try:
        found = json.loads((folder / NAME).read_bytes()[:1_000_000])
        mark = Mark(
            engine=str(found["engine"]),
            schema=int(found["schema"]),
            generation=int(found["generation"]),
            folder=str(found["folder"]),
            commit=int(found["commit"]),
            documents=int(found["documents"]),
            files={str(name): (int(size), int(crc)) for name, (size, crc) in found["files"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    plain = all(Path(name).name == name for name in (mark.folder, *mark.files))
    return mark if plain else None


def whole(folder: Path, engine: str) -> Mark | None:
    """The mark of an index that may be added to as it is, without loading its engine.

    What only the engine can tell, whether it committed more than the mark says, its writer looks at before it writes.
    """
    found = read(folder)
    if found is None or (found.engine, found.schema) != (engine, SCHEMAS[engine]):
        return None
    return found if not (folder / CONDEMNED).exists() and files_stand(folder, found) else None


_checked: dict[
    Path, tuple[Mark, float]
] = {}  # marks whose files this process wrote or read through, and when


def files_stand(folder: Path, found: Mark) -> bool:
    """Whether what a mark names is there: every byte at a process's first look, and once an hour, else every size."""
    known, at = _checked.get(folder, (None, 0.0))
    if known == found and time.monotonic() - at < RECHECK_S:
        return found.names(folder)
    if not found.intact(folder):
        return False
    written(folder, found)
    return True


def written(folder: Path, mark: Mark) -> None:
    """What the mark names was written or read through just now."""
    _checked[folder] = (mark, time.monotonic())


def write(folder: Path, mark: Mark, known: Collection[str] = ()) -> None:
    """Put the mark in its place, once everything it names is on disk; the files `known` are there already."""
    home = folder / mark.folder
    for name in mark.files.keys() - set(known):
        _sync(home / name)
    _sync(home)
    partial = folder / f".{NAME}.{secrets.token_hex(4)}"
    with partial.open("wb") as file:
        file.write(json.dumps(asdict(mark), sort_keys=True).encode())
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / NAME)
    _sync(folder)


def describe(
    home: Path, known: dict[str, tuple[int, int]], mutable: Collection[str] = ()
) -> dict[str, tuple[int, int]]:
    """Size and checksum of every index file in a folder; those in `known` of the same size are not read again.

    Files that the engine replaces in place (`mutable`) are left out.
    """
    found = {}
    for path in sorted(home.iterdir()):
        if path.name.endswith("LOCK") or path.name.startswith(".") or path.name in mutable:
            continue
        size = path.stat().st_size
        before = known.get(path.name)
        found[path.name] = before if before and before[0] == size else (size, _crc(path))
    return found


def _crc(path: Path) -> int:
    crc = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            crc = zlib.crc32(chunk, crc)
    return crc


def _sync(path: Path) -> None:
    with suppress(OSError):  # folders cannot be opened everywhere
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
