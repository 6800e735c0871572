"""What an older article's main fact has come to since: one sentence from the newest data, with its facts, proved.

Owns which fact is the main one of a story. Says nothing where nothing true can be said; files nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from broadtape import metrics
from broadtape.desk import proof, prose, threads
from broadtape.desk.macro_signals import RELEASED
from broadtape.desk.outline import Planned
from broadtape.model import (
    Article,
    BadParameter,
    BroadtapeError,
    Fact,
    MarketView,
    NoData,
    UnknownSymbol,
)

if TYPE_CHECKING:
    from jinja2 import Environment

OLD: Final = timedelta(days=7)  # a page that old says what came later
_SERIES_STORIES: Final = frozenset({"print", "gauge", "curve"})
_MAIN_SERIES: Final = {"curve": ("DGS10", "level")}
_LEAST_RUN: Final = 4  # sessions: shorter runs are passed over in a story of something else


@dataclass(frozen=True, slots=True)
class Note:
    """The sentence as Markdown with fact links, and the facts it rests on, as of the newest session."""

    markdown: str
    facts: Mapping[str, Fact]


def note(
    article: Article,
    facts: Iterable[Fact],
    view: MarketView,
    env: Environment,
    roles: Mapping[str, str],
    *,
    seed: int = 0,
) -> Note | None:
    """The later state of a desk article's main fact as of the view; None for a page under a week old.

    `facts` are the article's, the most telling first. The first sentence that proof accepts is taken.
    """
    if article.origin != "desk" or article.as_of is None:
        return None
    told = max((article.as_of, *(one.as_of for one in article.updates if one.as_of)))
    if view.as_of - told <= OLD:
        return None
    for planned in _candidates(article, list(facts), view, told):
        try:
            said = prose.say(
                [planned], env, story="later", key=article.id, as_of=view.as_of, instrument=view.instrument,
                roles=roles, seed=seed,
            )  # fmt: skip
        except UnknownSymbol:
            continue
        found = {fact.id: fact for fact in planned.values.values() if isinstance(fact, Fact)}
        if _proved(said[0], found, view):
            return Note(said[0], found)
    return None


def _candidates(article: Article, facts: list[Fact], view: MarketView, told: date) -> Iterator[Planned]:
    """What could be said, the most telling first."""

    def find(metric: str, **params: str) -> Fact | None:
        try:
            return metrics.fact(view, metric, **params)
        except (NoData, BadParameter, UnknownSymbol):
            return None

    story, _, subject = str(article.extra.get("story", "")).partition("/")
    run = _run(article, facts)
    if run is not None:
        fact = threads.state(run, lambda metric, asked: metrics.compute(view, metric, asked))
        ended = threads.over(fact) if fact is not None else None
        if fact is not None and (ended is None or ended > told):
            yield Planned(threads.wording(fact, "goes_on"), {"run": fact})
    yield from _macro(story, subject, facts, find, told)
    if story in _SERIES_STORIES:
        return
    symbol = subject.partition("/")[0] or _main_symbol(article, facts, view)
    if not symbol:
        return
    if story == "record" or any(fact.key.metric == "record" and _subject(fact) == symbol for fact in facts):
        record = find("last-record", of=symbol, side="high")
        latest = record.get("date") if record is not None else None
        if (
            record is not None
            and latest is not None
            and isinstance(latest.value, date)
            and latest.value > told
        ):
            yield Planned("record_again", {"record": record})
        below = find("drawdown", of=symbol)
        if below is not None and "below" in below.tags:
            yield Planned("below_record", {"below": below})
    after = view.sessions[view.sessions > np.datetime64(told, "D")].astype("datetime64[D]").tolist()
    if after:
        for basis in ("price", "total"):
            moved = find("return", of=symbol, over=f"{after[0]}..{after[-1]}", basis=basis)
            if moved is not None:
                yield Planned("moved_since", {"moved": moved, "total": basis == "total"})


def _macro(
    story: str, subject: str, facts: list[Fact], find: Callable[..., Fact | None], told: date
) -> Iterator[Planned]:
    """What the series of a release, a gauge or a curve reads now, and where the policy rate stands."""
    if story == "policy":
        rate = find("policy-rate")
        moved = rate.get("day") if rate is not None else None
        if moved is not None and isinstance(moved.value, date) and moved.value > told:
            yield Planned("rate_since", {"rate_now": rate})
    series, measure = _MAIN_SERIES.get(story, (subject, "level"))
    if story == "print":
        series, measure = RELEASED.get(subject, ("", "level"))
    if story not in _SERIES_STORIES or not series:
        return
    asked = {"series": series} | ({"transform": measure} if measure != "level" else {})
    before = next(
        (one for one in facts if one.key.metric == "reading" and dict(one.key.params) == asked), None
    )
    now = find("reading", **asked)
    if now is None or (before is not None and _period(now) == _period(before)):
        return
    daily = now.get("period") is not None and now.part("period").kind == "date"
    yield Planned("reading_since" if daily else "print_since", {"now": now})


def _period(fact: Fact) -> list[object]:
    return [part.value for part in fact.parts if part.name in {"period", "quarter", "year"}]


def _run(article: Article, facts: list[Fact]) -> threads.Thread | None:
    """The run that the story follows, or the first long one it tells of as going on."""
    named = threads.read(article.extra.get("run"))
    if named is not None:
        return named
    if str(article.extra.get("story", "")).startswith("drawdown"):
        for fact in facts:  # of a far move in a decline, what has become of that
            if fact.key.metric == "decline" and fact.as_of == article.as_of:
                return threads.of(fact)
    for fact in facts:
        if fact.as_of == article.as_of and "ongoing" in fact.tags and isinstance(fact.value, int):
            thread = threads.of(fact)
            if thread is not None and fact.value >= _LEAST_RUN:
                return thread
    return None


def _main_symbol(article: Article, facts: list[Fact], view: MarketView) -> str:
    """The symbol that the title is about: the subject of the first fact that has prices, benchmarks first."""
    large = view.benchmark("large")
    subjects = [_subject(fact) for fact in facts]
    if large is not None and large in subjects:
        return large
    return next((symbol for symbol in article.symbols if symbol in subjects), "")


def _subject(fact: Fact) -> str:
    part = fact.get("subject")
    return str(part.value) if part is not None else ""


def _proved(markdown: str, facts: Mapping[str, Fact], view: MarketView) -> bool:
    moment = datetime.combine(view.as_of, time(23, 59), view.time_zone)
    said = Article(
        path="later", slug="later", id="", title="", date=moment, body=markdown, body_line=1, as_of=view.as_of,
        origin="desk", facts={"facts": {key: metrics.to_json(fact) for key, fact in facts.items()}},
    )  # fmt: skip
    try:
        return proof.verify(said, lambda _: view, lambda _: None).ok
    except BroadtapeError:
        return False
