"""Stories that run on: the run a story follows, what has become of it, and the line that says so.

Owns which run two editions share and when it is over. Files nothing and reads no archive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from broadtape.desk import prose
from broadtape.desk.outline import Planned
from broadtape.model import BadParameter, Fact, MarketView, NoData, UnknownSymbol, parse_fact_address

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLLOWED = {
    "relative-streak": "relative-streak-from",
    "relative-streak-ended": "relative-streak-from",
    "relative-streak-from": "relative-streak-from",
    "streak": "streak-from",
    "streak-from": "streak-from",
}


@dataclass(frozen=True, slots=True)
class Thread:
    """A run that stories follow: the question what became of it, which is the same on every session."""

    metric: str
    params: tuple[tuple[str, str], ...]
    since: date

    @property
    def address(self) -> str:
        """The question in its long form: what an article's front matter names under `run`."""
        return f"{self.metric}?{'&'.join(f'{name}={value}' for name, value in self.params)}"

    @property
    def mark(self) -> bytes:
        """Bytes that are this run's alone: the story's id is made of them, whichever session tells it."""
        return hashlib.sha256(self.address.encode()).digest()


def of(fact: Fact | None) -> Thread | None:
    """The run that a fact tells of; None where it tells of none."""
    metric = _FOLLOWED.get(fact.key.metric) if fact is not None else None
    if fact is None or metric is None:
        return None
    since = fact.part("start").value
    if not isinstance(since, date):
        raise TypeError(f"{fact.key.address}: start is no date")
    asked = dict(fact.key.params) | {"from": since.isoformat()}
    return Thread(metric, tuple(sorted(asked.items())), since)


def read(address: object) -> Thread | None:
    """The run that a front matter names; None for anything else."""
    if not isinstance(address, str):
        return None
    try:
        metric, params = parse_fact_address(address)
        since = date.fromisoformat(dict(params).get("from", ""))
    except ValueError:
        return None
    if metric not in _FOLLOWED.values():
        return None
    return Thread(metric, tuple(sorted(dict(params).items())), since)


def state(thread: Thread, compute: Callable[[str, Mapping[str, str]], Fact]) -> Fact | None:
    """What has become of a run; None where the data cannot tell."""
    try:
        return compute(thread.metric, dict(thread.params))
    except (NoData, BadParameter, UnknownSymbol):
        return None


def over(fact: Fact) -> date | None:
    """The session that ended a run; None while it goes on."""
    broken = fact.get("broken")
    return broken.value if broken is not None and isinstance(broken.value, date) else None


def line(fact: Fact, view: MarketView, env: Environment, roles: Mapping[str, str], *, seed: int = 0) -> str:
    """One sentence, without links, that says what became of the run by the view's session."""
    key = f"{'rise' if fact.get('object') is None else 'run'}_{'ended' if over(fact) else 'reached'}"
    said = prose.say(
        [Planned(key, {"run": fact})], env, story="later", key=fact.key.address, as_of=view.as_of,
        instrument=view.instrument, roles=roles, seed=seed,
    )  # fmt: skip
    return prose.visible(said[0])
