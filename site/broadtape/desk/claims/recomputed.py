"""The facts an article speaks of, recomputed from the market and compared with what is on file.

Owns no judging of texts: a fact that cannot be had comes with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, Protocol, runtime_checkable
from weakref import WeakKeyDictionary

from broadtape import metrics
from broadtape.desk.claims.parts import shown
from broadtape.model import (
    Article,
    BadParameter,
    BroadtapeError,
    Fact,
    MarketView,
    NoData,
    Part,
    Row,
    Status,
    UnknownSymbol,
    parse_fact_address,
)

Lookup = Callable[[str], Mapping[str, object] | None]

FACT_ID: Final = re.compile(r"[a-p][a-z2-7]{7}")
_BARE: Final = re.compile(r"[a-z0-9]{8}")  # meant as an id, though none starts so


_MOST_REMEMBERED: Final = 20_000  # facts of one view; a long article has a hundred
_COMPUTED: WeakKeyDictionary[MarketView, dict[tuple[object, ...], Fact | BroadtapeError]] = (
    WeakKeyDictionary()
)


@dataclass(frozen=True, slots=True)
class Found:
    """A link's target: the fact as recomputed, the one on file, or why there is none."""

    fact: Fact | None = None
    filed: Fact | None = None
    status: Status = Status.UNSUPPORTED
    reason: str = ""
    id: str = ""
    metric: str = ""


class Facts:
    """The facts an article speaks of, recomputed once each."""

    def __init__(self, article: Article, view_for: Callable[[date], MarketView], lookup: Lookup) -> None:
        self._article, self._lookup = article, lookup
        self._view_for, self._views = view_for, dict[date, MarketView]()
        records = article.facts.get("facts") if article.facts else None
        self.records: Mapping[str, object] = records if isinstance(records, Mapping) else {}
        self._found: dict[str, Found] = {}
        self._elsewhen: dict[tuple[date, str], Fact | None] = {}
        self.as_of = article.as_of or article.date.date()

    def view(self, day: date) -> MarketView:
        """The market as of a date."""
        if day not in self._views:
            self._views[day] = self._view_for(day)
        return self._views[day]

    def find(self, target: str) -> Found:
        """What a link's target stands for."""
        if target not in self._found:
            self._found[target] = self._filed(target) if FACT_ID.fullmatch(target) else self._computed(target)
        return self._found[target]

    def told_on(self, day: date, address: str) -> Fact:
        """The fact of a long form as of another session, as an update of a story tells it; raises why there is none."""
        self._elsewhen[day, address] = None
        metric, params = parse_fact_address(address)
        fact = self._elsewhen[day, address] = _remembered(self.view(day), metric, dict(params))
        return fact

    def unlike(self, view_for: Callable[[date], MarketView]) -> bool:
        """Whether anything that was found, a fact or why there is none, is another in these views of the market."""
        then = Facts(self._article, view_for, self._lookup)
        if tuple(self.view(self.as_of).symbols_with_bars()) != tuple(
            then.view(self.as_of).symbols_with_bars()
        ):
            return True  # other names would be known
        for (day, address), fact in self._elsewhen.items():
            try:
                if fact is None or fact != then.told_on(day, address):
                    return True
            except (BroadtapeError, ValueError):
                return True
        return any(found != then.find(target) for target, found in self._found.items())

    def known(self) -> dict[str, Fact]:
        """The facts found so far that may be relied on, by id."""
        return {
            found.fact.id: found.fact
            for found in self._found.values()
            if found.fact is not None and not found.reason and self._current(found.fact)
        }

    def _current(self, fact: Fact) -> bool:
        return self._article.as_of is None or fact.as_of == self._article.as_of

    def _computed(self, target: str) -> Found:
        if _BARE.fullmatch(target) and target not in {one.name for one in metrics.definitions()}:
            return Found(reason=f"unknown fact {target}", id=target)
        try:
            metric, params = parse_fact_address(target)
            return self._compute(metric, dict(params), self.view(self.as_of))
        except (ValueError, BadParameter) as error:
            return Found(reason=f"{error}")
        except BroadtapeError as error:
            return Found(reason=str(error))

    def _compute(
        self, metric: str, params: Mapping[str, str], view: MarketView, filed: Fact | None = None
    ) -> Found:
        identity = filed.id if filed else ""
        try:
            fact = _remembered(view, metric, params)
        except NoData as error:
            untrue = type(error).__name__ == "NotTrue"
            status = Status.CONTRADICTED if untrue else Status.UNSUPPORTED
            return Found(filed=filed, status=status, reason=str(error), id=identity, metric=metric)
        except (BadParameter, UnknownSymbol) as error:
            return Found(filed=filed, reason=str(error), id=identity, metric=metric)
        return Found(fact=fact, filed=filed, id=identity or fact.id, metric=metric)

    def _filed(self, identity: str) -> Found:
        record = self.records.get(identity)
        if not isinstance(record, Mapping):
            record = self._lookup(identity)
        if record is None:
            return Found(reason=f"unknown fact {identity}", id=identity)
        try:
            filed = _on_file(identity, record)
        except BroadtapeError as error:
            return Found(status=Status.CONTRADICTED, reason=str(error), id=identity)
        view = self.view(filed.as_of)
        if view.as_of != filed.as_of:
            return Found(
                filed=filed,
                reason=f"there was no session on {filed.as_of}",
                id=identity,
                metric=filed.key.metric,
            )
        return self._compute(filed.key.metric, dict(filed.key.params), view, filed)


_MOST_ON_FILE: Final = 2_000  # records; an edition of a day has some 300
_ON_FILE: dict[str, tuple[Mapping[str, object], Fact]] = {}


def _on_file(identity: str, record: Mapping[str, object]) -> Fact:
    """The fact of a record, read once for the same record. Raises as `metrics.from_json` does."""
    kept = _ON_FILE.get(identity)
    if kept is not None and kept[0] == record:
        return kept[1]
    filed = metrics.from_json(identity, record)
    if len(_ON_FILE) >= _MOST_ON_FILE:
        _ON_FILE.clear()
    _ON_FILE[identity] = deepcopy(record), filed  # a copy: who holds the record may change it
    return filed


def _remembered(view: MarketView, metric: str, params: Mapping[str, str]) -> Fact:
    """The fact, computed once for a view: a view never changes. Raises as `metrics.compute` does."""
    try:
        known = _COMPUTED.setdefault(view, {})
    except TypeError:  # a view that cannot be remembered, such as one made of plain data
        return metrics.compute(view, metric, params)
    asked = (metric, *sorted(params.items()))
    found = known.get(asked)
    if found is None:
        try:
            found = metrics.compute(view, metric, params)
        except BroadtapeError as error:
            found = error
        if len(known) < _MOST_REMEMBERED:
            known[asked] = found
    if isinstance(found, BroadtapeError):
        raise found.with_traceback(None)
    return found


def same(one: Fact, other: Fact) -> bool:
    """Whether two facts say the same: value, parts and tags; 159.110 is 159.11."""
    return (
        tuple(_said(part) for part in one.parts) == tuple(_said(part) for part in other.parts)
        and one.tags == other.tags
        and (one.value, one.unit) == (other.value, other.unit)
    )


def _said(part: Part) -> tuple[object, ...]:
    """What a part says, without the decimals it is printed with: those follow from how a source writes."""
    return part.name, part.kind, part.value, part.unit


@runtime_checkable
class Remembers(Protocol):
    """A view that can also show its session as it stood before later retrievals changed values."""

    def as_retrieved(self, before: datetime) -> MarketView:
        """The same session from what had been retrieved by `before`."""


def filed_view(
    article: Article, view_for: Callable[[date], MarketView]
) -> Callable[[date], MarketView] | None:
    """The market as the store held it when the article's facts were filed; None where that cannot be had.

    The instant is the latest retrieval that the evidence on file names: what was read later was not used.
    """
    records = article.facts.get("facts") if article.facts else None
    stamps = [
        row.retrieved
        for identity, record in (records.items() if isinstance(records, Mapping) else ())
        if isinstance(record, Mapping)
        for row in _rows_on_file(str(identity), record)
    ]
    if not stamps:
        return None
    before = max(stamps)
    views: dict[date, MarketView] = {}

    def then(day: date) -> MarketView:
        if day not in views:
            view = view_for(day)
            views[day] = view.as_retrieved(before) if isinstance(view, Remembers) else view
        return views[day]

    return then


def _rows_on_file(identity: str, record: Mapping[str, object]) -> tuple[Row, ...]:
    try:
        return _on_file(identity, record).evidence.rows
    except BroadtapeError:
        return ()


def embellished(filed: Fact, fresh: Fact) -> str:
    """Why what stands on file beside a right value is not what it was computed from; empty when it is."""
    if filed.licence == "public" and fresh.licence != "public":
        return "facts.json calls the fact public; its inputs are not"
    if (fresh.evidence.rows and not filed.evidence.rows) or (
        fresh.evidence.spans and not filed.evidence.spans
    ):
        return "facts.json leaves out the evidence"
    computed = {(row.series, row.day, row.field): row for row in fresh.evidence.rows}
    for row in filed.evidence.rows:
        now = computed.get((row.series, row.day, row.field))
        if now is not None and (_amount(row.value), row.source) != (_amount(now.value), now.source):
            given, found = f"{row.value} from {row.source}", f"{now.value} from {now.source}"
            return f"facts.json gives {given} for {row.series} on {row.day}; it is {found}"
    return ""


def _amount(printed: str) -> Decimal | str:
    """A row's value as a number where it is one: "6845.50" is "6845.5"."""
    try:
        return Decimal(printed)
    except InvalidOperation:
        return printed


def differs(filed: Fact, fresh: Fact) -> str:
    """In one line, how the fact on file and the recomputed one differ."""
    old, new = filed.get("value"), fresh.get("value")
    before, after = shown(old) if old else "", shown(new) if new else ""
    if before == after:
        told = [
            f"{part.name}: {shown(held)} on file, {shown(part)} computed"
            for part in fresh.parts
            if (held := filed.get(part.name)) is not None and _said(held) != _said(part)
        ]
        return f"facts.json differs from what is computed in {'; '.join(told) or 'what it tells'}"
    return f"facts.json says {before}; computed again it is {after}"
