"""What tells that an article's files changed without reading them: which there are, their times and sizes.

Owns what is looked at to find a change on disk. Reads no file; what is in them is reading's.
"""

from __future__ import annotations

import hashlib
import os
import stat as modes
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from broadtape.archive.names import MAX_DEPTH, facts_path, is_dropping, is_shelf

if TYPE_CHECKING:
    from broadtape.config import Instance

RACY_S: Final = 2.0  # a file saved this recently may be saved again within its file system's clock tick


Outcome = Literal["published", "scheduled", "unlisted", "withdrawn", "held", "broken"]


class Stamp(NamedTuple):
    """What tells that an article's files changed, without reading them: times (ns) and sizes."""

    mtime_ns: int
    size: int
    facts_ns: int = 0
    facts_size: int = 0

    @property
    def own(self) -> tuple[int, int]:
        """Of the article's file."""
        return self.mtime_ns, self.size

    @property
    def facts(self) -> tuple[int, int]:
        """Of its facts; (0, 0) without."""
        return self.facts_ns, self.facts_size

    def racy(self, now: datetime) -> bool:
        """Whether another save might leave the same stamp."""
        return max(self.mtime_ns, self.facts_ns) / 1e9 > now.timestamp() - RACY_S


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the manifest remembers of an article's file besides its stamp."""

    outcome: str = ""
    id: str = ""
    due: float = 0.0  # a scheduled article's moment, seconds since 1970
    proved: bool = False  # its page depends on the market store
    store: int = 0  # generation of the store it was proved against
    racy: bool = False  # saved so recently that another save might not have changed its stamp
    blocked: bool = False  # stands back for another file with its id or address

    def waits(self, now: datetime) -> bool:
        """Whether it is scheduled and its moment has not come."""
        return self.outcome == "scheduled" and self.due > now.timestamp()


_states = msgspec.json.Decoder(State)


def load_state(raw: str) -> State:
    """The note of a file's mark."""
    try:
        return _states.decode(raw)
    except msgspec.DecodeError:
        return State(racy=True)  # written by another version: look again


def walk(instance: Instance) -> dict[str, Stamp]:
    """Every article's file by its path under content/, with its stamp.

    The same files as Archive.paths() (a test holds them together), ten times as fast: this looks at all of a
    large archive once a minute.
    """
    found: dict[str, Stamp] = {}
    if instance.articles.is_dir():
        _walk(instance, str(instance.articles), "articles", 0, found)
    return found


def _walk(instance: Instance, folder: str, inside: str, depth: int, found: dict[str, Stamp]) -> None:
    try:
        with os.scandir(folder) as listed:
            entries = {entry.name: entry for entry in listed}
    except OSError:
        return
    bundle = depth > 0 and "index.md" in entries and not is_shelf(inside.rpartition("/")[2])
    names = ["index.md"] if bundle else [name for name in entries if not is_dropping(name)]
    for name in names:
        entry = entries[name]
        if entry.is_dir(follow_symlinks=False):
            if depth < MAX_DEPTH and not bundle:
                _walk(instance, entry.path, f"{inside}/{name}", depth + 1, found)
        elif name.endswith(".md") or name.lower().endswith(".md"):
            own = _entry_stamp(instance, entry)
            if own is None:
                continue
            beside = entries.get("facts.json" if name == "index.md" else name[:-3] + ".facts.json")
            facts = None if beside is None else _entry_stamp(instance, beside)
            found[f"{inside}/{name}"] = Stamp(*own) if facts is None else Stamp(*own, *facts)


def _entry_stamp(instance: Instance, entry: os.DirEntry[str]) -> tuple[int, int] | None:
    if entry.is_symlink():
        return _stamp(instance, Path(entry.path))
    try:
        seen = entry.stat()
    except OSError:
        return None
    return (seen.st_mtime_ns, seen.st_size) if modes.S_ISREG(seen.st_mode) else None


def among(instance: Instance, changed: set[Path]) -> dict[str, Stamp | None]:
    """The articles that the changed paths belong to; None for one that is not there any more."""
    found: dict[str, Stamp | None] = {}
    for path in changed:
        try:
            inside = path.relative_to(instance.content)
        except ValueError:
            continue
        if inside.parts[:1] != ("articles",) or any(is_dropping(part) for part in inside.parts):
            continue
        for article in _articles_of(instance, inside):
            found[article] = stamp(instance, article)
    return found


def _articles_of(instance: Instance, inside: Path) -> set[str]:
    """The article's file that a changed file belongs to: itself, or the one whose facts or picture it is."""
    bundle = inside.with_name("index.md")
    if inside.name == "facts.json" or (
        inside.suffix.lower() != ".md"
        and not is_shelf(inside.parent.name)
        and (instance.content / bundle).exists()
    ):
        return {bundle.as_posix()}
    if inside.name.endswith(".facts.json"):
        return {inside.with_name(inside.name.removesuffix(".facts.json") + ".md").as_posix()}
    if inside.suffix.lower() == ".md":
        return {inside.as_posix()}
    # A picture beside flat articles: any of them may show it.
    folder = instance.content / inside.parent
    return {
        path.relative_to(instance.content).as_posix()
        for path in folder.glob("*.md")
        if not is_dropping(path.name)
    }


def stamp(instance: Instance, path: str) -> Stamp | None:
    """The stamp of an article's files; None where the article's own is no regular file inside content/."""
    own = _stamp(instance, instance.content / path)
    facts = _stamp(instance, facts_path(instance.content / path))
    return None if own is None else Stamp(*own, *(facts or (0, 0)))


def _stamp(instance: Instance, path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
        if not modes.S_ISREG(found.st_mode):
            return None
        if path.is_symlink() and not path.resolve().is_relative_to(instance.content.resolve()):
            return None
    except (OSError, ValueError, RuntimeError):
        return None
    return found.st_mtime_ns, found.st_size


def in_other_bundle(instance: Instance, path: str) -> bool:
    """Whether the file lies in a bundle without being its article: notes and versions beside it are no articles."""
    full = instance.content / path
    for folder in full.parents:
        if folder == instance.articles or not folder.is_relative_to(instance.articles):
            return False
        there = folder / "index.md"
        if there != full and not is_shelf(folder.name) and there.is_file():
            return True
    return False


def photo_stamp(instance: Instance, path: str, src: str) -> int:
    """Changes when the article's picture does, or the table beside a chart; 0 without one."""
    if not src or ":" in src:
        return 0
    full = (
        instance.content / src.lstrip("/")
        if src.startswith("/media/")
        else (instance.content / path).parent / src
    )
    marks = [_stamp(instance, full)]
    if full.suffix == ".svg":
        marks.append(_stamp(instance, full.with_suffix(".csv")))
    return sum((mark[0] ^ mark[1]) * (place + 1) for place, mark in enumerate(marks) if mark is not None)


def pages(instance: Instance) -> str:
    """Changes when any standing page does."""
    digest = hashlib.sha256()
    folders = [instance.pages, *(site.folder / "pages" for site in instance.sites.values())]
    for folder in folders:
        for path in sorted(folder.glob("*.md")):
            try:
                found = path.stat()
            except OSError:
                continue
            if not path.name.startswith("."):
                digest.update(f"{path}\0{found.st_mtime_ns}\0{found.st_size}\0".encode())
    return digest.hexdigest()[:16]
