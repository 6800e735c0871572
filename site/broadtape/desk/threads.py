"""Stories that run on: the run a story follows, what has become of it, and the line that says so.

Owns which run two editions share and when it is over. Files nothing and reads no archive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from broadtape import metrics
from broadtape.desk import prose
from broadtape.desk.outline import Planned
from broadtape.model import BadParameter, Fact, MarketView, NoData, UnknownSymbol, parse_fact_address

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class _Followed:
    """How a fact tells of a run: the metric that asks what became of it, and the part that says where it began."""

    metric: str
    began: str
    said: str  # of which wordings in later.md.j2


_RUN, _RISE = (
    _Followed("relative-streak-from", "start", "run"),
    _Followed("streak-from", "start", "rise"),
)
_DECLINE, _INVERSION = (
    _Followed("decline-from", "peak", "decline"),
    _Followed("inversion-from", "start", "inversion"),
)
_FOLLOWED: Final = {
    "relative-streak": _RUN,
    "relative-streak-ended": _RUN,
    "relative-streak-from": _RUN,
    "streak": _RISE,
    "streak-from": _RISE,
    "decline": _DECLINE,
    "recovery": _DECLINE,
    "decline-from": _DECLINE,
    "yield-inversion": _INVERSION,
    "inversion-from": _INVERSION,
}
_BY_QUESTION: Final = {one.metric: one for one in _FOLLOWED.values()}


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
    followed = _FOLLOWED.get(fact.key.metric) if fact is not None else None
    part = fact.get(followed.began) if fact is not None and followed is not None else None
    if fact is None or followed is None or part is None:
        return None  # of a recovery, only the fact that names the peak tells of the decline
    since = part.value
    if not isinstance(since, date):
        raise TypeError(f"{fact.key.address}: {followed.began} is no date")
    known = {one.name for one in metrics.definition(followed.metric).parameters}
    asked = {name: value for name, value in fact.key.params if name in known} | {"from": since.isoformat()}
    return Thread(followed.metric, tuple(sorted(asked.items())), since)


def read(address: object) -> Thread | None:
    """The run that a front matter names; None for anything else."""
    if not isinstance(address, str):
        return None
    try:
        metric, params = parse_fact_address(address)
        since = date.fromisoformat(dict(params).get("from", ""))
    except ValueError:
        return None
    if metric not in _BY_QUESTION:
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


def wording(fact: Fact, going_on: str) -> str:
    """The name of the sentence in later.md.j2 that says what became of a run; `going_on` where it is not over."""
    return f"{_BY_QUESTION[fact.key.metric].said}_{'ended' if over(fact) else going_on}"


def line(fact: Fact, view: MarketView, env: Environment, roles: Mapping[str, str], *, seed: int = 0) -> str:
    """One sentence, without links, that says what became of the run by the view's session."""
    key = wording(fact, "reached")
    said = prose.say(
        [Planned(key, {"run": fact})], env, story="later", key=fact.key.address, as_of=view.as_of,
        instrument=view.instrument, roles=roles, seed=seed,
    )  # fmt: skip
    return prose.visible(said[0])
