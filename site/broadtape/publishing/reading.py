"""The files that publishing reads: which there are, what stamps they bear, and their bytes as articles.

Owns how a change on disk is noticed without reading everything. Writes nothing; files are archive's.
"""

from __future__ import annotations

import hashlib
import os
import stat as modes
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from broadtape import frontmatter
from broadtape.archive.files import MAX_DEPTH, MAX_FACTS, MAX_FILE, facts_path, is_dropping, is_shelf, slug_of
from broadtape.model import BrokenArticle, Problem

if TYPE_CHECKING:
    from datetime import tzinfo

    from broadtape.config import Instance

RACY_S = 2.0  # a file saved this recently may be saved again within its file system's clock tick


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells that an article's files changed, without reading them: times (ns) and sizes."""

    own: tuple[int, int]
    facts: tuple[int, int] = (0, 0)

    def racy(self, now: datetime) -> bool:
        """Whether another save might leave the same stamp."""
        return max(self.own[0], self.facts[0]) / 1e9 > now.timestamp() - RACY_S


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
        entries = {entry.name: entry for entry in os.scandir(folder) if not is_dropping(entry.name)}
    except OSError:
        return
    bundle = depth > 0 and "index.md" in entries and not is_shelf(inside.rpartition("/")[2])
    if bundle:
        entries = {name: entries[name] for name in ("index.md", "facts.json") if name in entries}
    for name, entry in entries.items():
        if entry.is_dir(follow_symlinks=False):
            if depth < MAX_DEPTH and not bundle:
                _walk(instance, entry.path, f"{inside}/{name}", depth + 1, found)
        elif name.lower().endswith(".md") and (own := _entry_stamp(instance, entry)) is not None:
            beside = entries.get("facts.json" if name == "index.md" else name[:-3] + ".facts.json")
            facts = _entry_stamp(instance, beside) if beside is not None else None
            found[f"{inside}/{name}"] = Stamp(own, facts or (0, 0))


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
    return None if own is None else Stamp(own, facts or (0, 0))


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


def raw(instance: Instance, path: str, seen: Stamp) -> tuple[bytes, bytes]:
    """The bytes of an article's file and of its facts, at most one more than their limits."""
    full = instance.content / path
    facts = _bytes(facts_path(full), MAX_FACTS) if seen.facts != (0, 0) else b""
    return _bytes(full, MAX_FILE), facts


def _bytes(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError:  # gone or locked since it was seen: the next look will tell
        return b""


def article(instance: Instance, path: str, source: bytes, facts: bytes) -> frontmatter.Parsed:
    """The article in a file's bytes; BrokenArticle says what is wrong with it or with its facts."""
    if len(source) > MAX_FILE:
        cause = f"larger than {MAX_FILE:,} bytes"
        raise BrokenArticle(Problem(path, 0, cause, "Split it into several articles"))
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise BrokenArticle(Problem(path, line, "not UTF-8", "Save the file as UTF-8")) from error
    slug = slug_of(Path(path))
    if not slug:
        remedy = "Rename it with letters and digits, as in small-caps-gain.md"
        raise BrokenArticle(Problem(path, 0, "the file's name gives no address", remedy))
    parsed = frontmatter.parse(text, path=path, slug=slug, zone=zone(instance))
    whole = replace(parsed.article, facts=_facts(path, facts), id=parsed.article.id or made_up_id(path))
    return frontmatter.Parsed(whole, parsed.warnings)


def zone(instance: Instance) -> tzinfo:
    """The zone of dates written without an offset: the default site's, else the instance's."""
    site = instance.sites.get(instance.default_site)
    return site.time_zone if site else instance.time_zone


def made_up_id(path: str) -> str:
    """The id of a file that has none yet: as stable as its path. Saving in the editor writes a real one."""
    return "file-" + hashlib.sha256(path.encode()).hexdigest()[:20]


def records(raw_facts: bytes) -> Mapping[str, object]:
    """The records of a facts file by id; none where it cannot be read, which its article's turn will say."""
    try:
        held = _facts("index.md", raw_facts).get("facts")  # any name will do: the problem is not told
    except BrokenArticle:
        return {}
    return held if isinstance(held, dict) else {}


def _facts(path: str, raw_facts: bytes) -> Mapping[str, object]:
    if not raw_facts:
        return {}
    where = facts_path(Path(path)).as_posix()
    if len(raw_facts) > MAX_FACTS:
        cause = f"larger than {MAX_FACTS:,} bytes"
        raise BrokenArticle(Problem(where, 0, cause, "Keep one article's facts in it"))
    try:
        found: dict[str, object] = msgspec.json.decode(raw_facts, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError) as error:
        remedy = "Write the edition again, or remove the file"
        raise BrokenArticle(Problem(where, 0, f"not the JSON of facts: {error}", remedy)) from error
    return found
