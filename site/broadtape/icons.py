"""A site's icons: its own drawing or its initial on its colour, and where the drawn sizes of it lie.

Owns names, sizes and the SVG. Draws no pixels: publishing.icons makes the PNG files, readers only look.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from pathlib import Path

    from broadtape.config import Instance, Site

# What asks for pixels: iOS for its home screen, Android and others by the manifest.
SIZES: dict[str, int] = {"apple-touch-icon.png": 180, "icon-192.png": 192, "icon-512.png": 512}
MOST_BYTES = 100_000  # of a site's own favicon.svg
USUAL = "#0b4f6c"
_COLOUR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?")


def own(site: Site) -> Path | None:
    """The site's own favicon.svg, where its folder has one of a sensible size."""
    path = site.folder / "favicon.svg"
    return path if path.is_file() and path.stat().st_size <= MOST_BYTES else None


def svg(site: Site) -> str:
    """The icon as a drawing: the site's own, else its initial on its colour."""
    path = own(site)
    if path is not None:
        return path.read_text(encoding="utf-8", errors="replace")
    initial = escape(next((c for c in site.name if c.isalnum()), "B").upper())
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">'
        f'<rect width="64" height="64" rx="10" fill="{colour(site)}"/>'
        '<text x="32" y="47" text-anchor="middle" font-family="Georgia,serif" font-weight="700" '
        'font-size="44" '
        f'fill="#fff">{initial}</text></svg>\n'
    )


def colour(site: Site) -> str:
    """The site's accent colour, else ours."""
    accent = site.palette.get("accent", "")
    return accent if _COLOUR.fullmatch(accent) else USUAL


def folder(instance: Instance, site: str) -> Path:
    """Where a site's drawn icons lie; it need not be there."""
    return instance.cache / "icons" / site


def picture(instance: Instance, site: str, name: str) -> Path | None:
    """The drawn icon of that name; None where there is none (yet)."""
    path = folder(instance, site) / name
    return path if name in SIZES and path.is_file() else None
