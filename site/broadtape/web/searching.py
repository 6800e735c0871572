"""The search page and its suggestions: everything about a search is in its address.

Owns the address and the page; what matches, in which order and with which snippets is broadtape.search's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

if TYPE_CHECKING:
    from broadtape.config import Instance
    from broadtape.search import SearchIndex

blueprint = Blueprint("searching", __name__)


def open_index(instance: Instance) -> SearchIndex | None:
    """The instance's index, or None while there is none."""
    return None
