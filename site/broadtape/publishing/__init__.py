"""Publishing: from the files in content/ and the market store to what readers and search see.

Owns what may be shown and when; `publish` is the one way anything gets onto the sites. Writes the catalogue,
the last proven revisions and the search index; fetches nothing and changes nothing in content/.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from broadtape import config
from broadtape.heartbeat import utc_now
from broadtape.model import BadSettings, Problem

if TYPE_CHECKING:
    from broadtape.config import Instance


class Progress(Protocol):
    """Told what is being done: `step` names it, `done` of `total` says how far it is."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Called before the first and after each piece of a step."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did.

    counts: files (articles in content/), changed (looked at), and how many of those looked at are now
    published, scheduled, unlisted (drafts and the like), withdrawn, held, broken; removed; waiting (still to
    be proved anew because the store changed).
    """

    counts: Mapping[str, int]
    problems: tuple[Problem, ...]
    generation: int
    seconds: float
    next_visible: datetime | None = None  # when the next scheduled article is due, UTC


def publish(
    instance: Instance,
    changed: set[Path] | None = None,
    progress: Progress | None = None,
    *,
    now: datetime | None = None,
    budget_s: float | None = None,
    search: bool = True,
) -> Published:
    """Bring the sites up to date with content/ and the market store; does only the work that changes ask for.

    `changed` limits the comparison to those paths (files that were saved, moved or deleted); None compares
    every file with the manifest. `budget_s` limits the time for proving anew what only the store's change
    left behind: `counts["waiting"]` says how many remain for the next call. Without `search`, somebody else tells
    the search index (`searchable.update`). One publish runs at a time.
    """
    started = time.perf_counter()
    if not (instance.root / config.SETTINGS).is_file():  # not an empty archive: a folder moved or not mounted
        raise BadSettings(
            f"{instance.root / config.SETTINGS} is gone; put content/ back, nothing was changed"
        )
    with _only_one(instance), ExitStack() as stack:
        moment = now or utc_now()
        walked = None
        if changed is None:
            from broadtape.publishing import stamps, standstill  # noqa: PLC0415 – they need Published

            walked = stamps.walk(instance)
            still = standstill.published(instance, walked, moment, search=search)
            if still is not None:
                return replace(still, seconds=time.perf_counter() - started)
        from broadtape.publishing.run import Run  # noqa: PLC0415 – loads all that proves and renders

        run = Run(instance, progress or _silent, moment, stack)
        published = run.publish(changed, budget_s, search=search, walked=walked)
    return replace(published, seconds=time.perf_counter() - started)


def _silent(step: str, done: int, total: int) -> None:
    """No progress is wanted."""


@contextmanager
def _only_one(instance: Instance) -> Iterator[None]:
    """Wait until no other process publishes this instance."""
    instance.state.mkdir(parents=True, exist_ok=True)
    with (instance.state / "publish.lock").open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
