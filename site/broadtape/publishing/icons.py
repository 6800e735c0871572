"""Each site's icon in the sizes that home screens ask for, drawn anew when the site's icon changed.

Owns when one is drawn; how it looks is broadtape.icons'. Comes here from where cards are made: rendering takes time.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from broadtape import icons, raster

if TYPE_CHECKING:
    from pathlib import Path

    from broadtape.config import Instance

FORM = 1  # raised when the same icon would be drawn otherwise
MADE = "made"  # the file that says what the folder's pictures were made of; written last


def work(instance: Instance) -> int:
    """Draw the icons that are missing or out of date; how many were drawn. One that cannot be is left out."""
    drawn = 0
    for site in instance.sites.values():
        place = icons.folder(instance, site.key)
        try:
            source = icons.svg(site)
            stamp = hashlib.sha256(f"{FORM}|{source}".encode()).hexdigest()
            if _read(place / MADE) == stamp:
                continue
            place.mkdir(parents=True, exist_ok=True)
            for name, size in icons.SIZES.items():
                (place / name).unlink(missing_ok=True)
                with suppress(raster.NotDrawn):  # an operator's own drawing may be none
                    _write(place / name, raster.aside(source, size, size))
                    drawn += 1
            _write(place / MADE, stamp.encode())
        except OSError:
            continue  # a full disk: pages do without
    return drawn


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)  # noqa: PTH105 – atomic on one file system, as Path.replace is
