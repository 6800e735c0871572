"""What the name of a file or folder under content/articles says: content, an editor's dropping, a shelf.

Reads no file. Apart from `files`, since who only compares needs neither YAML nor Markdown.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

MAX_DEPTH: Final = 8  # folders below articles/

_DROPPING: Final = re.compile(
    r"^[.#]|~$|\.(?:sw[a-z]|tmp|bak|orig|part|crdownload)$|^4913$|___jb_", re.IGNORECASE
)
_SHELF: Final = re.compile(r"\d{4}|\d{2}")


def is_dropping(name: str) -> bool:
    """Whether a file's name is an editor's or a half-written file's, and no content."""
    if name.endswith(".md"):  # what the rest of the pattern can say of such a name; six times as fast
        return name[0] in ".#" or "___jb_" in name.lower()
    return _DROPPING.search(name) is not None


def is_shelf(name: str) -> bool:
    """Whether a folder's name is a year's or a month's: it holds articles and is none, whatever lies in it."""
    return _SHELF.fullmatch(name) is not None


def facts_path(path: Path) -> Path:
    """Where a Markdown file's facts are: facts.json in a bundle, `<slug>.facts.json` beside a flat file."""
    return path.parent / "facts.json" if path.name == "index.md" else path.with_suffix(".facts.json")
