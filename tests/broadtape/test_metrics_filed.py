"""Facts survive the way into facts.json and back; records that are not facts are refused by name."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from broadtape.metrics import BadRecord, from_json, to_json
from broadtape.model import Evidence, Fact, FactKey, Part, Row, Span

KEY = FactKey("return", (("of", "INDEXRUSSELL:RUT"), ("over", "2025-12")), date(2026, 1, 12), 1)
FACT = Fact(
    key=KEY,
    value=Decimal("-0.74"),
    unit="percent",
    decimals=2,
    parts=(
        Part("value", "change", Decimal("-0.74"), "percent", 2),
        Part("subject", "entity", "INDEXRUSSELL:RUT", decimals=0),
        Part("month", "month", date(2025, 12, 1), decimals=0),
        Part("sessions", "count", 22, "sessions", 0),
        Part("path", "range", (Decimal("3.50"), Decimal("3.75")), "percent", 2),
        Part("year", "year", 2025, decimals=0),
        Part("title", "text", "Consumer price index", decimals=0),
    ),
    tags=frozenset({"down", "size1"}),
    evidence=Evidence(
        rows=(
            Row(
                "INDEXRUSSELL:RUT",
                date(2025, 12, 31),
                "close",
                "2481.91",
                "indices",
                datetime(2026, 11, 22, 10, tzinfo=UTC),
            ),
        ),
        spans=(
            Span(
                "INDEXRUSSELL:RUT",
                "close",
                date(2025, 11, 28),
                date(2025, 12, 31),
                23,
                "0123456789abcdef",
                "indices",
            ),
        ),
    ),
)


def test_a_fact_survives_json() -> None:
    record = json.loads(json.dumps(to_json(FACT), sort_keys=True))

    assert from_json(FACT.id, record) == FACT


def test_the_record_is_the_contracts() -> None:
    record = to_json(FACT)

    assert record["value"] == "-0.74"
    assert record["definition"] == 1
    assert record["parts"][:3] == [
        {"name": "value", "kind": "change", "value": "-0.74", "unit": "percent", "decimals": 2},
        {"name": "subject", "kind": "entity", "value": "INDEXRUSSELL:RUT"},
        {"name": "month", "kind": "month", "value": "2025-12-01"},
    ]
    assert record["evidence"]["rows"][0]["retrieved"] == "2026-11-22T10:00:00Z"


def change(**to: object) -> dict[str, object]:
    record = copy.deepcopy(to_json(FACT))
    for path, value in to.items():
        at: object = record
        *steps, last = path.split("__")
        for step in steps:
            at = at[int(step) if step.isdigit() else step]
        at[int(last) if last.isdigit() else last] = value
    return record


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        (change(value="-0.75"), "value differs from the part"),
        (change(value=-0.74), "not a decimal in quotes"),
        (change(value="NaN"), "not a decimal in quotes"),
        (change(value="-0." + "7" * 60), "not a decimal in quotes"),
        (change(as_of="2026-13-01"), "as_of: '2026-13-01' is not a date"),
        (change(licence="free"), "licence: 'free' is not one of"),
        (change(parts="none"), "parts is missing or not a list"),
        (change(parts=[]), "parts has none named value"),
        (change(parts__0__kind="guess"), "kind: 'guess' is not one of"),
        (change(parts__3__value=True), "not a whole number"),
        (change(parts__4__value=["1"]), "not two numbers"),
        (change(parts__2__value="December"), "is not a date"),
        (change(tags=[1]), "tags is not a list of texts"),
        (change(params__of=7), "params.of is not a text"),
        (change(evidence__rows__0__retrieved="yesterday"), "is not an instant"),
        (change(evidence__rows__0__retrieved="2026-11-22T10:00:00"), "has no zone"),
        (change(evidence__spans=["x"]), "spans holds something that is not a table"),
        (change(evidence__spans__0__count=-1), "count is missing or not a whole number"),
        ({}, "params is missing"),
    ],
)
def test_a_malformed_record_is_refused_with_its_fault(record: dict[str, object], complaint: str) -> None:
    with pytest.raises(BadRecord, match="fact ") as caught:
        from_json(FACT.id, record)

    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_record_under_another_id_is_refused() -> None:
    with pytest.raises(BadRecord, match=f"make {FACT.id}"):
        from_json("azzzzzzz", to_json(FACT))


def test_the_example_of_the_contract_is_a_fact() -> None:
    text = (Path(__file__).parents[2] / "docs" / "contracts" / "facts.md").read_text()
    filed = json.loads(text.split("```json")[1].split("```")[0])

    for fact_id, record in filed["facts"].items():
        assert to_json(from_json(fact_id, record)) == record
