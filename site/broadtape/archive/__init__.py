"""The archive: filed articles on disk and the catalogue that readers read.

Imports nothing until `Archive` is asked for: readers use `archive.catalogue` without YAML or Markdown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broadtape.archive.files import Archive

__all__ = ["Archive"]


def __getattr__(name: str) -> object:
    if name != "Archive":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from broadtape.archive.files import Archive  # noqa: PLC0415 – see above

    return Archive
