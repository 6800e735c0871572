"""SVG to PNG with the fonts that we ship, in a process of its own.

Owns the rasterising alone. The renderer holds the interpreter while it draws, half a second a picture: aside, a keeper
goes on publishing, and a picture that goes wrong takes nothing down with it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from broadtape.model import BroadtapeError

FAMILY = "Newsreader 16pt"
LONGEST_S = 60.0
_FONTS = sorted((Path(__file__).parent / "fonts").glob("*.ttf"))
# What the shipped fonts draw; other letters come from the machine's fonts, if it has them.
_COVERED = re.compile(r"[\x20-\x7e\xa0\xa3\xa7\xa9\xab\xae\xb0\xb1\xb7\xbb\xbd\xc0-\xff–—‘’“”•…€™−\s]*")


class NotDrawn(BroadtapeError):
    """A picture that could not be made; says why."""


def png(svg: str, width: int, height: int) -> bytes:
    """The picture, drawn in this process. The same bytes on every machine for Latin letters."""
    import resvg_py  # noqa: PLC0415  only the process that draws needs it

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            width=width,
            height=height,
            skip_system_fonts=_COVERED.fullmatch(svg) is not None,
            font_files=[str(path) for path in _FONTS],
            font_family=FAMILY,
            serif_family=FAMILY,
            sans_serif_family=FAMILY,
        )
    )


def aside(svg: str, width: int, height: int) -> bytes:
    """The picture, drawn by a process of its own at a low priority; NotDrawn when that fails or takes too long."""
    command = [sys.executable, "-m", "broadtape.raster", str(width), str(height)]
    try:
        done = subprocess.run(  # noqa: S603  our own module, and numbers
            command, input=svg.encode(), capture_output=True, timeout=LONGEST_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotDrawn(f"a picture of {width} by {height} was not drawn: {error}") from error
    if done.returncode or not done.stdout.startswith(b"\x89PNG"):
        said = done.stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
        raise NotDrawn(f"a picture of {width} by {height} was not drawn: {said or 'no PNG came'}")
    return done.stdout


def main(arguments: list[str]) -> int:
    """`python -m broadtape.raster WIDTH HEIGHT`: SVG from standard input, PNG to standard output."""
    import os  # noqa: PLC0415  only as a process

    if hasattr(os, "nice"):
        os.nice(10)
    width, height = (int(one) for one in arguments)
    sys.stdout.buffer.write(png(sys.stdin.buffer.read().decode("utf-8"), width, height))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
