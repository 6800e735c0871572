"""Backup and restore: content/ and var/state in one file, taken while the newsroom works, checked before it is used.

Owns the file's form (docs/contracts/backup.md). Copies databases by SQLite's own backup; knows nothing of what is in
them. var/cache is left out: it is made again.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

import msgspec

from broadtape import __version__
from broadtape.keeperlock import keeper_alive
from broadtape.market.fetching import only_fetch
from broadtape.model import BroadtapeError

if TYPE_CHECKING:
    from broadtape.config import Instance

MANIFEST = "broadtape-backup.json"
FORMAT = 1
PARTS = ("content", "var/state")
DATABASES = (".sqlite",)
PASSING = (
    "-wal",
    "-shm",
    "-journal",
    ".lock",
    ".replay",
    ".part",
)  # endings of what belongs to a running process
SPARE = 64 * 2**20  # bytes that a restore leaves free on the disk
MOST_MEMBERS = 2_000_000
MOST_MANIFEST = 1 << 30  # bytes; some 150 a file
CHUNK = 1 << 20


class BackupRefused(BroadtapeError):
    """The file is no backup, is damaged, or would overwrite something."""


class Member(msgspec.Struct, frozen=True):
    """One file of a backup: its bytes and their SHA-256 in hex."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself; the last member of the archive, so that a file cut short has none."""

    format: int
    broadtape: str
    taken: datetime  # aware UTC
    members: dict[str, Member]  # by path below the instance, with slashes


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written or read: where, how many files and bytes (unpacked)."""

    path: Path
    files: int
    bytes: int
    taken: datetime


# --- taking one -------------------------------------------------------------------------------------------


def save(
    instance: Instance, target: Path, *, now: datetime, progress: Callable[[str], None] = lambda _: None
) -> Backup:
    """Write the backup, whole or not at all; BackupRefused where `target` exists or its ending says no form.

    Readers and keeper may go on; fetching waits until the copy is done, so that store and snapshots agree.
    """
    opener = _form(target)
    if target.exists():
        raise BackupRefused(f"{target}: there is such a file already; name another")
    if not target.parent.is_dir():
        raise BackupRefused(f"{target}: there is no folder {target.parent}")
    members: dict[str, Member] = {}
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    part = Path(name)
    try:
        with (
            only_fetch(instance),
            os.fdopen(handle, "wb") as raw,
            opener(raw) as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            for path, shown in _files(instance.root, avoid=(target, part)):
                progress(shown)
                member = _add(tar, path, shown)
                if member is not None:
                    members[shown] = member
            _add_bytes(tar, MANIFEST, msgspec.json.encode(Manifest(FORMAT, __version__, now, members)))
        with part.open("rb") as written:
            os.fsync(written.fileno())
        os.link(part, target)  # never over a file that appeared meanwhile
    except FileExistsError as error:
        raise BackupRefused(f"{target}: there is such a file already; name another") from error
    finally:
        part.unlink(missing_ok=True)
    return Backup(target, len(members), sum(one.size for one in members.values()), now)


def _files(root: Path, *, avoid: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
    """Every file to keep with its path below the root, databases first: what they name is still there after."""
    found = []
    avoided = {path.resolve() for path in avoid}
    for part in PARTS:
        for path in sorted((root / part).rglob("*")):
            if path.is_symlink() or not path.is_file() or path.resolve() in avoided:
                continue
            if not path.name.endswith(PASSING) and not any(one.endswith(".locks") for one in path.parts):
                found.append((path, path.relative_to(root).as_posix()))
    return iter(sorted(found, key=lambda item: (not item[1].endswith(DATABASES), item[1])))


def _add(tar: tarfile.TarFile, path: Path, shown: str) -> Member | None:
    """Add one file; None where it went away meanwhile."""
    try:
        with _still(path) as file:
            size = os.fstat(file.fileno()).st_size
            info = tarfile.TarInfo(shown)
            info.size, info.mode = size, 0o644
            info.mtime = int(path.stat().st_mtime)
            counted = _Digesting(file, size)
            tar.addfile(info, counted)
            return Member(size, counted.digest.hexdigest())
    except FileNotFoundError:
        return None


@contextmanager
def _still(path: Path) -> Iterator[IO[bytes]]:
    """The file open for reading; of a database a copy that no writer changes."""
    if not path.name.endswith(DATABASES):
        with path.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder:
        copy = Path(folder) / path.name
        try:
            with (
                closing(
                    sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=30.0)
                ) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
        except sqlite3.Error as error:
            raise BackupRefused(f"{path}: cannot be copied: {error}; see broadtape doctor") from error
        with copy.open("rb") as file:
            yield file


class _Digesting:
    """Reads exactly `size` bytes of a file that may grow or shrink, and digests them."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        if len(data) < wanted:
            data += b"\0" * (wanted - len(data))  # cut short while we read: the sizes must agree
        self._left -= len(data)
        self.digest.update(data)
        return data


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


@contextmanager
def _gzip(raw: IO[bytes]) -> Iterator[IO[bytes]]:
    with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed:
        yield packed  # type: ignore[misc]  # GzipFile is a binary file in all but its type


@contextmanager
def _zstd(raw: IO[bytes]) -> Iterator[IO[bytes]]:
    import zstandard  # noqa: PLC0415 – only this form needs it

    with zstandard.ZstdCompressor(level=9, threads=-1).stream_writer(raw, closefd=False) as packed:
        yield packed


@contextmanager
def _plain(raw: IO[bytes]) -> Iterator[IO[bytes]]:
    yield raw


_Opener = Callable[[IO[bytes]], AbstractContextManager[IO[bytes]]]
_FORMS: dict[tuple[str, ...], _Opener] = {
    (".tar.zst",): _zstd,
    (".tar.gz", ".tgz"): _gzip,
    (".tar",): _plain,
}


def _form(target: Path) -> _Opener:
    for endings, opener in _FORMS.items():
        if target.name.endswith(endings):
            return opener
    raise BackupRefused(f"{target}: a backup is named .tar.zst, .tar.gz or .tar")


# --- taking it back ---------------------------------------------------------------------------------------


_NO_PATH = frozenset({None, errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR})


def restore(
    source: Path, folder: Path, *, replace: bool = False, progress: Callable[[str], None] = lambda _: None
) -> Backup:
    """Unpack a backup into `folder`, every file checked before the first takes its place.

    BackupRefused where the file is none or damaged, where `folder` holds something and `replace` is not given, or a
    newsroom runs there. With `replace` what was there is kept beside it, as content.before and state.before with a
    number; nothing is deleted.
    """
    if not source.is_file():
        raise BackupRefused(f"{source}: no such file")
    if keeper_alive(folder):
        raise BackupRefused(f"{folder}: a newsroom runs there; stop it first")
    standing = [part for part in PARTS if (folder / part).is_dir() and any((folder / part).iterdir())]
    if standing and not replace:
        raise BackupRefused(
            f"{folder}: holds {' and '.join(standing)} already; restore into an empty folder, or say --replace"
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as name:
        fresh = Path(name)
        manifest = _unpack(source, fresh, progress)
        for part in standing:
            _aside(folder / part)
        for part in PARTS:
            target = folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                target.rmdir()  # empty, or it would have been put aside
            (fresh / part).mkdir(parents=True, exist_ok=True)
            (fresh / part).rename(target)
    shutil.rmtree(folder / "var" / "cache", ignore_errors=True)  # of the state before: it is made again
    total = sum(one.size for one in manifest.members.values())
    return Backup(source, len(manifest.members), total, manifest.taken)


def _aside(path: Path) -> None:
    number = 1
    while (kept := path.with_name(f"{path.name}.before{number}")).exists():
        number += 1
    path.rename(kept)


def _unpack(source: Path, fresh: Path, progress: Callable[[str], None]) -> Manifest:
    """Every member below `fresh`, as the manifest says; BackupRefused says what is wrong."""
    digests: dict[str, Member] = {}
    manifest: Manifest | None = None
    try:
        with _opened(source) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            for count, info in enumerate(tar):
                if count >= MOST_MEMBERS:
                    raise BackupRefused(f"{source}: more than {MOST_MEMBERS:,} files")
                file = tar.extractfile(info) if info.isreg() else None
                if file is None:
                    raise BackupRefused(f"{source}: {info.name!r} is no file")
                if info.name == MANIFEST:
                    if info.size > MOST_MANIFEST:
                        raise BackupRefused(f"{source}: its {MANIFEST} is {info.size:,} bytes long; none is")
                    manifest = msgspec.json.decode(file.read(), type=Manifest)
                    continue
                path = fresh / _safe(info.name, source)
                if info.name in digests:
                    raise BackupRefused(f"{source}: damaged: {info.name} is in it twice")
                room = shutil.disk_usage(fresh).free - SPARE
                if info.size > room:
                    raise BackupRefused(
                        f"{fresh.parent}: no room for {info.name} ({info.size:,} bytes, {max(room, 0):,} free beside "
                        f"{SPARE // 2**20} MB that stay so); free some, or restore elsewhere: nothing was changed"
                    )
                path.parent.mkdir(parents=True, exist_ok=True)
                progress(info.name)
                digests[info.name] = _copy(file, path)
                os.utime(path, (info.mtime, info.mtime))
    except (tarfile.TarError, EOFError, zlib.error, msgspec.DecodeError, ValueError, OverflowError) as error:
        raise BackupRefused(f"{source}: cannot be read as a backup: {error}") from error
    except OSError as error:
        if error.errno in _NO_PATH:  # None: a damaged gzip stream; else names that no file can have
            raise BackupRefused(f"{source}: cannot be read as a backup: {error}") from error
        raise
    if manifest is None:
        raise BackupRefused(f"{source}: has no {MANIFEST}: it is no backup, or its end is missing")
    if manifest.format != FORMAT:
        raise BackupRefused(f"{source}: is of format {manifest.format}; this Broadtape reads {FORMAT}")
    wrong = [
        name for name in {*digests, *manifest.members} if digests.get(name) != manifest.members.get(name)
    ]
    if wrong:
        raise BackupRefused(f"{source}: damaged: {', '.join(sorted(wrong)[:5])}")
    return manifest


@contextmanager
def _opened(source: Path) -> Iterator[IO[bytes]]:
    with source.open("rb") as raw:
        head = raw.read(4)
        raw.seek(0)
        if head[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=raw, mode="rb") as packed:
                yield packed  # type: ignore[misc]  # as above
        elif head == b"\x28\xb5\x2f\xfd":
            import zstandard  # noqa: PLC0415 – as above

            try:
                with zstandard.ZstdDecompressor().stream_reader(raw) as unpacked:
                    yield unpacked
            except zstandard.ZstdError as error:
                raise BackupRefused(f"{source}: cannot be read as a backup: {error}") from error
        else:
            yield raw


def _safe(name: str, source: Path) -> PurePosixPath:
    """A member's path; BackupRefused where it leads out of the parts that a backup has."""
    path = PurePosixPath(name)
    inside = any(path.is_relative_to(part) and path != PurePosixPath(part) for part in PARTS)
    if path.is_absolute() or ".." in path.parts or not inside or "\x00" in name:
        raise BackupRefused(f"{source}: {name!r} is no path of an instance")
    return path


def _copy(file: IO[bytes], path: Path) -> Member:
    digest = hashlib.sha256()
    size = 0
    with path.open("xb") as target:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    return Member(size, digest.hexdigest())
