"""Where an article's sharing pictures lie and what they are called: one per shape, in var/cache, per site.

Owns names, sizes and places (docs/contracts/cards.md). Draws nothing: publishing.cards makes them, readers only look.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broadtape.config import Instance

SHAPES: dict[str, tuple[int, int]] = {
    "card.png": (1200, 630),  # Open Graph and the cards of social networks
    "card-16x9.png": (1200, 675),
    "card-4x3.png": (1200, 900),
    "card-1x1.png": (1200, 1200),
}
STRUCTURED = ("card-16x9.png", "card-4x3.png", "card-1x1.png")  # the ratios that search engines ask for
MADE = "made"  # the file that says what the folder's pictures were made of; written last


def folder(instance: Instance, site: str, article_id: str) -> Path:
    """The folder of an article's cards for a site; it need not be there."""
    return Path(_place(instance, site, article_id))


def picture(instance: Instance, site: str, article_id: str, name: str) -> Path | None:
    """The card of that name; None where there is none (yet)."""
    if name not in SHAPES:
        return None
    place = _place(instance, site, article_id)
    return Path(place, name) if _there(place, MADE) and _there(place, name) else None


def pictures(instance: Instance, site: str, article_id: str) -> dict[str, tuple[int, int]]:
    """Name and size in pixels of every card that is there, the widest shape first."""
    place = _place(instance, site, article_id)
    if not _there(place, MADE):
        return {}
    return {name: size for name, size in SHAPES.items() if _there(place, name)}


# Asked for each item of each feed, nearly always in vain: a Path costs more than the question.
def _place(instance: Instance, site: str, article_id: str) -> str:
    name = hashlib.sha256(article_id.encode()).hexdigest()[:24]  # an id is whatever the file says
    return f"{instance.cache}/cards/{site}/{name}"


def _there(place: str, name: str) -> bool:
    return os.path.isfile(f"{place}/{name}")  # noqa: PTH113  as above
