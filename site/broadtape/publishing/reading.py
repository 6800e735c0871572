"""The files that publishing reads: their bytes as articles, and what is wrong with them.

Writes nothing; which files there are and whether they changed is stamps'.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from broadtape import frontmatter, markdown
from broadtape.archive.files import MAX_FACTS, MAX_FILE, slug_of
from broadtape.archive.names import facts_path
from broadtape.model import BrokenArticle, Problem

if TYPE_CHECKING:
    from datetime import tzinfo

    from broadtape.config import Instance
    from broadtape.publishing.stamps import Stamp


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


def parsed(
    instance: Instance, path: str, source: bytes, facts: bytes
) -> tuple[frontmatter.Parsed, markdown.Document]:
    """The article and its text; raises as `article` does, and ValueError for a text that is too long."""
    found = article(instance, path, source, facts)
    return found, markdown.parse(found.article.body, first_line=found.article.body_line)


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
