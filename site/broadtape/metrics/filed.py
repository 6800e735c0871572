"""Facts as JSON records and back, exactly as docs/contracts/facts.md lays them down.

Owns no files: the archive reads and writes facts.json. A record that is not a fact raises BadRecord.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args

from broadtape.model import BroadtapeError, Evidence, Fact, FactKey, Part, PartKind, Row, Span

Value = Decimal | int | date | str | tuple[Decimal, Decimal]

_LONGEST_LIST = 2_000  # rows, spans or parts of one fact; the largest real one has some 60
_LONGEST_TEXT = 1_000
_MOST_DIGITS = 40
_DECIMAL_KINDS = frozenset({"change", "level", "share", "range"})
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class BadRecord(BroadtapeError):
    """A record of facts.json that cannot be a fact; says which and why."""


def to_json(fact: Fact) -> dict[str, object]:
    """The record that facts.json keeps under the fact's id."""
    return {
        "metric": fact.key.metric,
        "params": dict(fact.key.params),
        "as_of": fact.key.as_of.isoformat(),
        "definition": fact.key.version,
        "value": _plain(fact.value),
        "unit": fact.unit,
        "decimals": fact.decimals,
        "licence": fact.licence,
        "parts": [_part_record(part) for part in fact.parts],
        "tags": sorted(fact.tags),
        "evidence": {
            "rows": [
                {
                    "series": row.series,
                    "day": row.day.isoformat(),
                    "field": row.field,
                    "value": row.value,
                    "source": row.source,
                    "retrieved": row.retrieved.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                }
                for row in fact.evidence.rows
            ],
            "spans": [
                {
                    "series": span.series,
                    "field": span.field,
                    "first": span.first.isoformat(),
                    "last": span.last.isoformat(),
                    "count": span.count,
                    "digest": span.digest,
                    "source": span.source,
                }
                for span in fact.evidence.spans
            ],
        },
    }


def from_json(fact_id: str, record: Mapping[str, object]) -> Fact:
    """The fact a record describes; BadRecord names the id and the first thing wrong with it.

    The id is recomputed: a record under an id that is not its own is refused.
    """
    try:
        fact = _fact(record)
    except _WrongError as wrong:
        raise BadRecord(f"fact {fact_id}: {wrong}; recompute it with `broadtape check --fix`") from wrong
    if fact.id != fact_id:
        raise BadRecord(
            f"fact {fact_id}: its metric, params, as_of and definition make {fact.id}; "
            "recompute it with `broadtape check --fix`"
        )
    return fact


# --- writing ------------------------------------------------------------------------------------------


def _plain(value: Value) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, tuple):
        return [f"{bound:f}" for bound in value]
    return value.isoformat() if isinstance(value, date) else value


def _part_record(part: Part) -> dict[str, object]:
    record: dict[str, object] = {"name": part.name, "kind": part.kind, "value": _plain(part.value)}
    if part.unit:
        record["unit"] = part.unit
    if part.kind in _DECIMAL_KINDS or part.decimals:
        record["decimals"] = part.decimals
    return record


# --- reading ------------------------------------------------------------------------------------------


class _WrongError(Exception):
    """What is wrong with a record, without its id."""


def _fact(record: Mapping[str, object]) -> Fact:
    params = _mapping(record, "params")
    for name, value in params.items():
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            raise _WrongError(f"params.{name} is not a text")
    parts = tuple(_part(item, f"parts[{at}]") for at, item in enumerate(_records(record, "parts")))
    head = next((part for part in parts if part.name == "value"), None)
    if head is None:
        raise _WrongError("parts has none named value")
    tags = _list(record, "tags")
    if not all(isinstance(tag, str) and len(tag) <= 40 for tag in tags):
        raise _WrongError("tags is not a list of texts")
    value = _value(record.get("value"), head.kind, "value")
    if value != head.value:
        raise _WrongError("value differs from the part named value")
    licence = _one_of(record, "licence", ("private", "public"))
    evidence = _mapping(record, "evidence")
    return Fact(
        key=FactKey(
            metric=_text(record, "metric"),
            params=tuple(sorted((str(name), str(value)) for name, value in params.items())),
            as_of=_date(record, "as_of"),
            version=_whole(record, "definition"),
        ),
        value=value,
        unit=_text(record, "unit"),
        decimals=_whole(record, "decimals"),
        parts=parts,
        tags=frozenset(str(tag) for tag in tags),
        evidence=Evidence(
            rows=tuple(_row(item) for item in _records(evidence, "rows")),
            spans=tuple(_span(item) for item in _records(evidence, "spans")),
        ),
        licence="public" if licence == "public" else "private",
    )


def _part(record: Mapping[str, object], where: str) -> Part:
    kinds: tuple[PartKind, ...] = get_args(PartKind)
    name = _text(record, "name")
    kind = next((k for k in kinds if k == record.get("kind")), None)
    if kind is None:
        raise _WrongError(f"{where}.kind: {record.get('kind')!r} is not one of {', '.join(kinds)}")
    return Part(
        name=name,
        kind=kind,
        value=_value(record.get("value"), kind, f"{where}.value"),
        unit=_text(record, "unit") if "unit" in record else "",
        decimals=_whole(record, "decimals") if "decimals" in record else 0,
    )


def _value(raw: object, kind: PartKind, where: str) -> Value:
    if kind in ("change", "level", "share"):
        return _number(raw, where)
    if kind == "range":
        if not isinstance(raw, Sequence) or isinstance(raw, str) or len(raw) != 2:
            raise _WrongError(f"{where} is not two numbers")
        return _number(raw[0], where), _number(raw[1], where)
    if kind in ("count", "rank", "year"):
        if not isinstance(raw, int) or isinstance(raw, bool):
            raise _WrongError(f"{where}: {raw!r} is not a whole number")
        return raw
    if not isinstance(raw, str) or len(raw) > _LONGEST_TEXT:
        raise _WrongError(f"{where} is not a text")
    return _iso(raw, where) if kind in ("date", "month") else raw


def _row(record: Mapping[str, object]) -> Row:
    stamp = _text(record, "retrieved")
    try:
        retrieved = datetime.fromisoformat(stamp)
    except ValueError:
        raise _WrongError(f"evidence.rows: retrieved {stamp!r} is not an instant") from None
    if retrieved.tzinfo is None:
        raise _WrongError(f"evidence.rows: retrieved {stamp!r} has no zone")
    return Row(
        series=_text(record, "series"),
        day=_date(record, "day"),
        field=_text(record, "field"),
        value=_text(record, "value"),
        source=_text(record, "source"),
        retrieved=retrieved.astimezone(UTC),
    )


def _span(record: Mapping[str, object]) -> Span:
    return Span(
        series=_text(record, "series"),
        field=_text(record, "field"),
        first=_date(record, "first"),
        last=_date(record, "last"),
        count=_whole(record, "count"),
        digest=_text(record, "digest"),
        source=_text(record, "source"),
    )


def _text(record: Mapping[str, object], name: str) -> str:
    raw = record.get(name)
    if not isinstance(raw, str) or len(raw) > _LONGEST_TEXT:
        raise _WrongError(f"{name} is missing or not a text")
    return raw


def _one_of(record: Mapping[str, object], name: str, choices: Sequence[str]) -> str:
    raw = _text(record, name)
    if raw not in choices:
        raise _WrongError(f"{name}: {raw!r} is not one of {', '.join(choices)}")
    return raw


def _whole(record: Mapping[str, object], name: str) -> int:
    raw = record.get(name)
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 0:
        raise _WrongError(f"{name} is missing or not a whole number")
    return raw


def _date(record: Mapping[str, object], name: str) -> date:
    return _iso(_text(record, name), name)


def _iso(raw: str, where: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise _WrongError(f"{where}: {raw!r} is not a date") from None


def _number(raw: object, where: str) -> Decimal:
    if not isinstance(raw, str) or len(raw) > _MOST_DIGITS or not _NUMBER.fullmatch(raw):
        raise _WrongError(f"{where}: {raw!r} is not a decimal in quotes")
    return Decimal(raw)


def _mapping(record: Mapping[str, object], name: str) -> Mapping[str, object]:
    raw = record.get(name)
    if not isinstance(raw, Mapping) or len(raw) > _LONGEST_LIST:
        raise _WrongError(f"{name} is missing or not a table")
    return raw


def _list(record: Mapping[str, object], name: str) -> Sequence[object]:
    raw = record.get(name)
    if not isinstance(raw, list | tuple) or len(raw) > _LONGEST_LIST:
        raise _WrongError(f"{name} is missing or not a list")
    return raw


def _records(record: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    found: list[Mapping[str, object]] = []
    for item in _list(record, name):
        if not isinstance(item, Mapping):
            raise _WrongError(f"{name} holds something that is not a table")
        found.append(item)
    return found
