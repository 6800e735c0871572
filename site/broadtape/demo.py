"""The demo newsroom: a folder with a complete instance made from the shipped sample data.

Owns where that folder is, which sessions are written about and the order of the steps; each step is the same
call that the commands make on any instance. Serves nothing: `broadtape demo` does, with broadtape.serving.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from broadtape import __version__, config, resources, sample, serving
from broadtape.model import BadParameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from broadtape.config import Instance
    from broadtape.edition import Filed

SITE = "sausalito"
HOST = "127.0.0.1"
_BEGUN = (
    Path("var") / "demo"
)  # says that the folder is a demo's; its time of change says when it was last started
_MARK = Path("var") / "demo.made"  # the fingerprint of the code and data that made it; written last
_ADDRESS = re.compile(r'^url = "[^"\n]*"$', re.MULTILINE)
_UNUSED_DAYS = 14  # an earlier version's demo that nobody started for so long is removed

SESSIONS = (
    date(2000, 3, 10),  # the Nasdaq Composite's highest close of its time
    date(2002, 10, 9),  # the low after it
    date(2007, 10, 9),  # the next high of the S&P 500
    date(2008, 9, 29),  # the largest fall of that year
    date(2008, 10, 13),  # the largest daily gain in the data
    date(2009, 3, 9),  # the low
    date(2010, 5, 6),
    date(2011, 8, 8),
    date(2013, 3, 28),  # the first record in over five years
    date(2015, 6, 23),  # momentum ahead of value for the eleventh session
    date(2016, 2, 11),
    date(2017, 1, 25),
    date(2017, 7, 5),  # a quiet day
    date(2017, 7, 24),  # Nasdaq ahead of the S&P 500 for the twelfth session
    date(2018, 2, 5),
    date(2018, 12, 24),
    date(2018, 12, 26),
    date(2018, 12, 31),
    date(2019, 9, 11),  # from here on the sample has the S&P 500, the companies and the ETFs only
    date(2020, 3, 16),
    date(2020, 3, 23),
    date(2020, 8, 18),
    date(2022, 1, 3),
    date(2022, 6, 13),
    date(2022, 11, 10),
    date(2022, 12, 23),  # a quiet day
    date(2022, 12, 28),  # the last of the data, and momentum's tenth session ahead of value
)
"""What the demo writes about: falls, records, turns and quiet days, so that every kind of story occurs."""


ARCHIVE: Mapping[date, tuple[str, ...]] = {
    date(2001, 9, 17): ("drawdown",),  # the exchanges open again after six days
    date(2002, 10, 9): ("wrap",),  # the lowest close after the boom
    date(2003, 3, 21): ("week", "streak"),  # the eighth rise in a row ends the best week since 2001
    date(2008, 10, 13): ("drawdown", "company"),  # the largest daily gain in the data
    date(2009, 3, 23): ("drawdown",),  # a bull market begins
    date(2011, 10, 4): ("wrap",),  # a fall of two percent within the session turns
    date(2013, 3, 28): ("drawdown",),  # a record again, and the way back to it
    date(2013, 12, 31): ("month",),  # the best year since 1997
    date(2017, 7, 24): ("rotation", "record", "wrap"),  # a quiet session with a run and a round number in it
    date(2018, 2, 5): ("wrap", "volatility"),  # volatility more than doubles
    date(2018, 12, 31): ("month",),  # the worst year since 2008
    date(2020, 2, 28): ("week",),
    date(2020, 3, 16): ("drawdown",),
    date(2022, 1, 3): ("record", "wrap"),
    date(2022, 6, 13): ("drawdown",),  # a bear market begins
    date(2022, 12, 28): ("rotation", "wrap"),
}
"""The sessions of the checked-in archive, content/articles (tools/build_archive.py), each with the kinds of story that
an editor would keep of its edition."""


class Progress(Protocol):
    """Told what is being done: `step` names it, `done` of `total` says how far it is."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Called before the first and after each piece of a step."""


@dataclass(frozen=True, slots=True)
class Newsroom:
    """A demo newsroom that is ready to be served."""

    instance: Instance
    fresh: bool  # made now rather than found
    sessions: int  # written about now
    filed: tuple[Filed, ...]  # what was written now
    seconds: float


def default_folder() -> Path:
    """Where the demo lives unless told: in the user's cache, one folder for each state of code and data."""
    if sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "broadtape" / f"demo-{__version__}-{fingerprint()}"


def fingerprint() -> str:
    """Eight hex digits over everything a demo is made from: code, templates, settings and data.

    By names, sizes and times of change, so that a start need not read them; a wheel installed anew makes a
    new demo.
    """
    digest = hashlib.sha256(__version__.encode())
    for root in (Path(__file__).resolve().parent, resources.templates(), sample.content()):
        for path in sorted(_sources(root)):
            facts = path.stat()
            digest.update(f"{path.relative_to(root)}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:8]


def prepare(
    folder: Path, *, address: str, progress: Progress, sessions: tuple[date, ...] = SESSIONS
) -> Newsroom:
    """The demo newsroom in `folder`, made if it is not there yet, with `address` as its site's.

    A folder that a demo made is used again; anything else in it is refused, and so is the checkout.
    """
    started = time.perf_counter()
    folder = folder.absolute()
    _refuse(folder)
    mark = folder / _MARK
    found = mark.read_text("utf-8").strip() if mark.is_file() else ""
    fresh = found != fingerprint()
    moved = _furnish(folder, address)
    instance = config.load(folder)
    filed: tuple[Filed, ...] = ()
    if fresh:
        sample.check()
        _load(instance, progress)
        filed = _write(instance, sessions, progress)
    if fresh or moved:
        _publish(instance, progress)
    if fresh:
        mark.write_text(fingerprint() + "\n", "utf-8")
    return Newsroom(instance, fresh, len(sessions) if fresh else 0, filed, time.perf_counter() - started)


def need_port(port: int) -> None:
    """CannotServe where the port cannot be had: better said before the work than after it."""
    held = serving.claim_address(HOST, port)
    if held is not None:
        held.close()


def free_port(first: int = 8000, most: int = 50) -> int:
    """The first port from `first` on that can be had; BadParameter when there is none of `most`."""
    for port in range(first, first + most):
        try:
            need_port(port)
        except serving.CannotServe:
            continue
        return port
    raise BadParameter(f"no free port from {first} to {first + most - 1}; name one with --port")


def forget_unused(kept: Path) -> None:
    """Remove the default folders of other versions that nobody started for two weeks; it is a cache."""
    eldest = time.time() - _UNUSED_DAYS * 24 * 3600
    for folder in kept.parent.glob("demo-*"):
        begun = folder / _BEGUN
        if folder != kept and begun.is_file() and begun.stat().st_mtime < eldest:
            shutil.rmtree(folder, ignore_errors=True)


# --- the steps -------------------------------------------------------------------------------------------


def _refuse(folder: Path) -> None:
    """BadParameter where a demo must not be made: in the checkout, or among somebody's files."""
    checkout = sample.content().parent
    if (checkout / "pyproject.toml").is_file() and folder.is_relative_to(checkout):
        raise BadParameter(f"--dir: {folder} is in the checkout {checkout}; name a folder outside of it")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _BEGUN).is_file():
        raise BadParameter(f"--dir: {folder} is not empty and no demo; name a new folder")


def _furnish(folder: Path, address: str) -> bool:
    """Settings, sites and pages as shipped where missing, and the sites' addresses; whether those changed."""
    begun = folder / _BEGUN
    begun.parent.mkdir(parents=True, exist_ok=True)
    begun.touch()
    content = folder / "content"
    for path in sorted(_sources(sample.content())):
        target = content / path.relative_to(sample.content())
        if target.parts[len(content.parts)] != "articles" and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    port = address.rpartition(":")[2]
    changed = False
    for settings in sorted((content / "sites").glob("*/site.toml")):
        key = settings.parent.name
        own = (
            address if key == SITE else f"http://{key}.localhost:{port}"
        )  # browsers take it for this machine
        before = settings.read_text("utf-8")
        after = _ADDRESS.sub(f'url = "{own}"', before, count=1)
        if after != before:
            fresh = settings.with_suffix(".new")
            fresh.write_text(after, "utf-8")
            fresh.replace(settings)
            changed = True
    return changed


def _load(instance: Instance, progress: Progress) -> None:
    """The sample tables into the market store; DamagedSample where one cannot be read."""
    from broadtape.market import fetching  # noqa: PLC0415  a second start, which is to be instant, needs none

    def show(name: str, done: int, total: int) -> None:
        progress(f"Loading {name}", done, total)

    for result in fetching.fetch(instance, progress=show):
        if result.outcome == "failed":
            raise sample.DamagedSample(f"{result.source}: {result.message}. Install the package again.")


def _publish(instance: Instance, progress: Progress) -> None:
    """Everything in content/ proved once more and put where readers and search find it."""
    from broadtape import publishing  # noqa: PLC0415  as above

    def show(step: str, done: int, total: int) -> None:
        progress(f"Publishing: {step}", done, total)

    publishing.publish(instance, progress=show)


def _write(instance: Instance, sessions: tuple[date, ...], progress: Progress) -> tuple[Filed, ...]:
    """The editions, in the order of their sessions, as they would have been written one after the other."""
    from broadtape import edition  # noqa: PLC0415  as above
    from broadtape.market import MarketStore  # noqa: PLC0415  as above

    filed: list[Filed] = []
    with MarketStore.open(instance.store, readonly=True) as store:
        for done, session in enumerate(sessions):
            progress(f"Writing the edition of {session}", done, len(sessions))
            filed += edition.write(instance, store, session, now=datetime.now(UTC))
    return tuple(filed)


def _sources(root: Path) -> Iterator[Path]:
    """Files below `root` that we ship; what Python or an editor leaves beside them is none."""
    for path in root.rglob("*"):
        if path.is_file() and path.suffix != ".pyc" and not path.name.startswith((".", "_tmp")):
            yield path
