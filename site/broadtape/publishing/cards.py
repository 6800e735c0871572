"""The sharing pictures of the newest articles, made from what the catalogue shows: SVG to PNG, a few at a time.

Owns which articles get them, when one is made anew, and the rendering. How a card looks is desk.card's, where it lies
broadtape.cards'. Only the keeper and `broadtape index --cards` come here: rendering takes a good part of a second.
"""

from __future__ import annotations

import hashlib
import html
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from broadtape import pagestore, raster
from broadtape.archive import changes
from broadtape.archive.catalogue import Catalogue
from broadtape.cards import MADE, SHAPES, folder
from broadtape.desk import card
from broadtape.publishing import icons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadtape.archive.records import Entry
    from broadtape.config import Instance, Site

LOOK = 2  # raised when the same article would get another picture
MOST = 120  # newest articles of a site that have cards; older ones are seldom shared, and a card is 80 KB a shape
_CLAIM = re.compile(r'<a (?=[^>]*class="fact")[^>]*data-fact="([a-z0-9]+)"[^>]*>(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_SIZE = re.compile(rb'<svg [^>]*width="(\d+)" height="(\d+)"')
_CHART_BYTES = 2_000_000
_COLOUR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?")


@dataclass(slots=True)
class _Due:
    """An article whose cards are to be made, and the shapes that are still missing."""

    site: Site
    entry: Entry
    place: Path
    stamp: str
    shapes: list[str]
    card: card.Card | None = None


class Cards:
    """The cards of an instance, kept up with its catalogue. One process makes them."""

    def __init__(self, instance: Instance, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.instance = instance
        self._clock = clock
        self._generation = -1
        self._waiting: list[_Due] = []

    def work(self, budget_s: float | None = None) -> int:
        """Make cards that are missing or out of date, newest article first; how many articles still wait.

        Ends after the first picture with which `budget_s` seconds are gone; None: when all are made.
        """
        began = self._clock()
        icons.work(self.instance)
        catalogue = Catalogue(self.instance.catalogue)
        self._look(catalogue)
        while self._waiting:
            due = self._waiting[0]
            if due.card is None:
                due.card = of(self.instance, due.site, due.entry, catalogue)
            if due.shapes:
                name = due.shapes.pop(0)
                _write(due.place / name, render(due.card, *SHAPES[name]))
            if not due.shapes:
                _write(due.place / MADE, due.stamp.encode())
                self._waiting.pop(0)
                self._tell(due.entry)
            if budget_s is not None and self._clock() - began >= budget_s:
                break
        return len(self._waiting)

    def _look(self, catalogue: Catalogue) -> None:
        """At a new generation of the catalogue: what is missing, and what nobody shows any more."""
        generation = catalogue.generation
        if generation == self._generation:
            return
        self._waiting = []
        for site in self.instance.sites.values():
            kept = set()
            for entry in catalogue.latest(site.key, limit=MOST):
                place = folder(self.instance, site.key, entry.article.id)
                kept.add(place.name)
                stamp = stamp_of(self.instance, site, entry)
                if _read(place / MADE) != stamp:
                    place.mkdir(parents=True, exist_ok=True)
                    (place / MADE).unlink(missing_ok=True)
                    self._waiting.append(_Due(site, entry, place, stamp, list(SHAPES)))
            for place in _folders(self.instance.cache / "cards" / site.key):
                if place.name not in kept:
                    shutil.rmtree(place, ignore_errors=True)
        self._generation = generation

    def _tell(self, entry: Entry) -> None:
        """The printed page of the article names its picture from now on, so it is to be printed again."""
        path = pagestore.path_of(self.instance.cache)
        if path.exists():
            with pagestore.PageWriter(path) as store:
                store.account({changes.article(entry.address)}, store.generation, store.meta("settings"))


def stamp_of(instance: Instance, site: Site, entry: Entry) -> str:
    """Changes when anything that a card shows does: the words, the chart, the site's name and colour, the look."""
    chart = (instance.content / entry.article.path).parent / "chart.svg"
    try:
        drawn = (chart.stat().st_mtime_ns, chart.stat().st_size)
    except OSError:
        drawn = (0, 0)
    it = entry.article
    shown = (
        LOOK,
        site.name,
        site.url,
        site.palette.get("accent", ""),
        it.title,
        str(it.as_of),
        entry.html,
        drawn,
    )
    return hashlib.sha256(repr(shown).encode()).hexdigest()


def of(instance: Instance, site: Site, entry: Entry, catalogue: Catalogue) -> card.Card:
    """What the card of an article shows on a site."""
    it = entry.article
    chart, size = _chart(instance, entry)
    figure, label = _key_figure(entry, catalogue)
    accent = site.palette.get("accent", "")
    return card.Card(
        site=site.name,
        headline=it.title,
        address=urlsplit(site.url).hostname or site.name,
        as_of=it.as_of,
        figure=figure,
        label=label,
        chart=chart,
        chart_size=size,
        **({"accent": accent} if _COLOUR.fullmatch(accent) else {}),
    )


def render(made: card.Card, width: int, height: int) -> bytes:
    """The card as PNG."""
    return raster.aside(card.svg(made, width, height), width, height)


def _key_figure(entry: Entry, catalogue: Catalogue) -> tuple[str, str]:
    """The first figure that the story gives and that stands for itself, with its subject and the words it is given in.

    The words alone would be read of whom the headline names first.
    """
    facts = catalogue.facts(entry.article.id)
    for found in _CLAIM.finditer(entry.html):
        view = facts.get(found[1])
        if view is None or view.status != "verified":
            continue
        figure = card.printed(view.fact)
        words = html.unescape(_TAG.sub("", found[2])).strip()
        if figure:
            subject = view.fact.get("subject")
            known = catalogue.instrument(str(subject.value)) if subject is not None else None
            if known is not None and known.instrument.name not in words:
                return figure, f"{known.instrument.name}: {words[:1].lower()}{words[1:]}"
            return figure, words[:1].upper() + words[1:]
    return "", ""


def _chart(instance: Instance, entry: Entry) -> tuple[bytes | None, tuple[int, int]]:
    """The desk's own chart beside the article: others' pictures are not ours to put our name on."""
    photo = entry.article.photo
    if entry.article.origin != "desk" or photo is None or photo.src != "chart.svg":
        return None, (0, 0)
    path = (instance.content / entry.article.path).parent / "chart.svg"
    try:
        if path.is_symlink() or path.stat().st_size > _CHART_BYTES:
            return None, (0, 0)
        data = path.read_bytes()
    except OSError:
        return None, (0, 0)
    size = _SIZE.search(data[:2000])
    return (data, (int(size[1]), int(size[2]))) if size else (None, (0, 0))


def _folders(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from (one for one in place.iterdir() if one.is_dir())


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        return ""


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(data)
    partial.replace(path)
