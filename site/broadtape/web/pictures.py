"""The files beside an article: which may be served, as what, and how large a picture is.

Owns no routing. Only an article's own folder and content/media are ever looked into, and only for names with
an allowed suffix.
"""

from __future__ import annotations

import html as entities
import json
import re
import struct
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from broadtape.config import may_show

if TYPE_CHECKING:
    from broadtape.archive.records import Entry
    from broadtape.config import Instance, Site

MEDIA_TYPES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".csv": "text/csv; charset=utf-8",
}
MAX_BYTES = 20_000_000
_NAME = re.compile(r"[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]{0,120}")
_IMAGE = re.compile(r'<img src="([^"]*)"(?: alt="([^"]*)")?(?![^>]* width=)[^>]*>')
# What the desk's charts are made of (desk.canvas). Anything else stays a file behind <img>, where nothing of it runs.
_DRAWN = re.compile(
    r'<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="(0 0 [0-9]{1,4} [0-9]{1,4})" width="([0-9]{1,4})" '
    r'height="([0-9]{1,4})" role="img"[^<>]*>\s*<title[^<>]*>[^<>]*</title>\s*<desc[^<>]*>[^<>]*</desc>\s*'
    r"<style>[^<>]*</style>((?:\s*<(?:rect|path|circle)(?: [a-z-]+=\"[^\"<>]*\")*/>"
    r"|\s*<text(?: [a-z-]+=\"[^\"<>]*\")*>[^<>]*</text>)+)\s*</svg>\s*"
)
_SHAPE = re.compile(r'<(?:rect|path|circle|text)((?: [a-z-]+="[^"<>]*")*)')
_MARK = re.compile(r' ([a-z-]+)="([^"<>]*)"')
_TONED = re.compile(r"(?:[fs]-[a-z]+[1-3]?)(?: [fs]-[a-z]+[1-3]?)*(?: title)?")
_MEASURE = re.compile(r"[0-9MLZ .,-]*")
_PLAIN = {"text-anchor": ("start", "middle", "end"), "font-weight": ("700",), "stroke-linejoin": ("round",),
          "paint-order": ("stroke",)}  # fmt: skip
_MEASURES = frozenset(
    ("x", "y", "width", "height", "cx", "cy", "r", "d", "stroke-width", "stroke-dasharray", "font-size")
)
MAX_DRAWN = 60_000  # characters of a chart that a page may hold itself
_NUMBER = r"\s*([0-9]+(?:\.[0-9]+)?)"


def in_media(instance: Instance, name: str) -> Path | None:
    """The file of that name in content/media; None where there is none that may be served.

    A link is followed to a file of the same kind inside content/ only.
    """
    kind = media_type(name)
    if name.startswith("/") or ".." in name.split("/"):
        return None
    try:
        found = (instance.content / "media" / name).resolve(strict=True)
        inside = found.is_relative_to(instance.content.resolve(strict=True)) and found.is_file()
    except (OSError, RuntimeError, ValueError):
        return None
    return found if inside and kind is not None and media_type(found.name) == kind else None


def attachment(instance: Instance, entry: Entry, name: str) -> Path | None:
    """The file of that name beside the article; None where there is none that may be served.

    A bundle's folder is its own. A plain article shares its folder with others, so only what it shows
    itself is served for it. Links that lead out of the folder are refused.
    """
    if _NAME.fullmatch(name) is None or media_type(name) is None:
        return None
    article = source(instance, entry)
    if article.name != "index.md" and not _shown(entry, name):
        return None
    path = article.parent / name
    try:
        folder = article.parent.resolve(strict=True)
        found = path.resolve(strict=True)
        return (
            found
            if found.parent == folder and found.is_file() and found.stat().st_size <= MAX_BYTES
            else None
        )
    except OSError:
        return None


def version(instance: Instance, entry: Entry, day: str) -> str | None:
    """The Markdown that stood at the address by a session, without its front matter; None where none is kept."""
    from broadtape import frontmatter  # noqa: PLC0415  loads YAML and the Markdown parser; few pages need them

    folder = source(instance, entry).parent
    try:
        path = (folder / "versions" / f"{day}.md").resolve(strict=True)
        if not path.is_relative_to(folder.resolve(strict=True)) or path.stat().st_size > MAX_BYTES:
            return None
        if not _may_show_version(instance, path):
            return None
        parts = frontmatter.split(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if parts is None:
        return None
    title = re.search(r'^title: "(.*)"$', parts.header, re.MULTILINE)
    return f"# {title[1]}\n\n{parts.body.strip()}\n" if title else f"{parts.body.strip()}\n"


def _may_show_version(instance: Instance, path: Path) -> bool:
    """Whether every figure of a kept version may be shown to this audience: its own facts, not today's, say so."""
    if may_show(instance.audience, "private"):
        return True
    try:
        records = json.loads(path.with_suffix(".facts.json").read_bytes())["facts"].values()
        return all(may_show(instance.audience, record["licence"]) for record in records)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def media_type(name: str) -> str | None:
    """What a file of that name is served as, however its suffix is written; None where it is not served."""
    return MEDIA_TYPES.get(Path(name).suffix.lower())


def placed(instance: Instance, site: Site, entry: Entry) -> str:
    """The body, each picture with its size so that nothing moves when it comes.

    A picture on a host that the site does not allow would be a broken frame: a link stands for it.
    """

    def place(match: re.Match[str]) -> str:
        address, words = entities.unescape(match[1]), match[2] or ""
        parts = urlsplit(address)
        if parts.netloc:
            if parts.hostname in site.csp_allow:
                return match[0]
            shown = f"Picture: {words}" if words else "Picture"
            where = entities.escape(parts.netloc)
            return f'<a href="{match[1]}" rel="nofollow noopener">{shown} ({where})</a>'
        path = _local(instance, entry, unquote(parts.path))
        width, height = size(path) if path is not None else (None, None)
        return f'{match[0][:-1]} width="{width}" height="{height}">' if width and height else match[0]

    return _IMAGE.sub(place, entry.html)


def _local(instance: Instance, entry: Entry, name: str) -> Path | None:
    if not name.startswith("/media/"):
        return attachment(instance, entry, name.removeprefix(entry.address).removeprefix("./"))
    return in_media(instance, name.removeprefix("/media/"))


def drawn(path: Path) -> tuple[str, str] | None:
    """View box and shapes of a chart of the desk, for the page itself to hold; None for any other file.

    The page's own type and colours then hold in it: colours are left out where a class names them.
    """
    try:
        return _drawn(str(path), path.stat().st_mtime_ns) if path.suffix == ".svg" else None
    except OSError:
        return None


def source(instance: Instance, entry: Entry) -> Path:
    """The article's Markdown file; the catalogue keeps its path relative to content/."""
    return instance.content / entry.article.path


def size(path: Path) -> tuple[int | None, int | None]:
    """Width and height in pixels where the file says them in a way we read (SVG, PNG, JPEG, GIF, WebP)."""
    try:
        return _size(str(path), path.stat().st_mtime_ns)
    except OSError:
        return None, None


def _shown(entry: Entry, name: str) -> bool:
    photo = entry.article.photo
    if photo is not None and photo.src.removeprefix("./") == name:
        return True
    return any(f'"{entities.escape(form)}"' in entry.html for form in (name, quote(name)))


@lru_cache(maxsize=1024)
def _size(path: str, mtime_ns: int) -> tuple[int | None, int | None]:  # noqa: ARG001 – the time is the key
    with Path(path).open("rb") as file:
        start = file.read(65536)
    found = (_svg(start) if path.lower().endswith(".svg") else None) or _raster(start)
    return found or (None, None)


@lru_cache(maxsize=256)
def _drawn(path: str, mtime_ns: int) -> tuple[str, str] | None:  # noqa: ARG001 – the time is the key
    with Path(path).open("rb") as file:
        whole = _DRAWN.fullmatch(file.read(MAX_DRAWN + 1).decode("utf-8", "replace"))
    if whole is None:
        return None
    found = [_MARK.findall(shape[1]) for shape in _SHAPE.finditer(whole[4])]
    if not all(_harmless(name, value) for marks in found for name, value in marks):
        return None
    return whole[1], re.sub(r' (?:fill|stroke)="#[0-9a-f]{6}"', "", whole[4]).strip()


def _harmless(name: str, value: str) -> bool:
    if name == "class":
        return _TONED.fullmatch(value) is not None
    if name in ("fill", "stroke"):
        return re.fullmatch(r"none|#[0-9a-f]{6}", value) is not None
    if name in _PLAIN:
        return value in _PLAIN[name]
    return name in _MEASURES and _MEASURE.fullmatch(value) is not None


def _svg(start: bytes) -> tuple[int, int] | None:
    root = re.search(r"<svg\b[^>]*>", start.decode("utf-8", "replace"))
    if root is None:
        return None
    width = re.search(rf'\bwidth="{_NUMBER}(?:px)?"', root[0])
    height = re.search(rf'\bheight="{_NUMBER}(?:px)?"', root[0])
    if width and height:
        return round(float(width[1])), round(float(height[1]))
    box = re.search(rf'\bviewBox="\s*-?[0-9.]+[\s,]+-?[0-9.]+[\s,]+{_NUMBER}[\s,]+{_NUMBER}\s*"', root[0])
    return (round(float(box[1])), round(float(box[2]))) if box else None


def _raster(start: bytes) -> tuple[int, int] | None:
    if start.startswith(b"\x89PNG\r\n\x1a\n") and len(start) >= 24:
        width, height = struct.unpack(">II", start[16:24])
        return width, height
    if start[:6] in (b"GIF87a", b"GIF89a") and len(start) >= 10:
        width, height = struct.unpack("<HH", start[6:10])
        return width, height
    if start.startswith(b"\xff\xd8"):
        return _jpeg(start)
    if start[:4] == b"RIFF" and start[8:16] == b"WEBPVP8X" and len(start) >= 30:
        return 1 + int.from_bytes(start[24:27], "little"), 1 + int.from_bytes(start[27:30], "little")
    if start[:4] == b"RIFF" and start[8:16] == b"WEBPVP8 " and len(start) >= 30:
        width, height = struct.unpack("<HH", start[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(start: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(start) and start[at] == 0xFF:
        marker, length = start[at + 1], int.from_bytes(start[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", start[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None
