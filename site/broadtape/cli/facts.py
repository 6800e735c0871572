"""`broadtape facts`: what can be claimed, with definitions; and one claim computed, with its evidence."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from broadtape.cli import Newsroom, pass_newsroom
from broadtape.model import BadParameter, parse_fact_address

if TYPE_CHECKING:
    from rich.console import Console

    from broadtape.metrics import Definition, Parameter
    from broadtape.metrics.filed import Value
    from broadtape.model import Evidence, Fact, Part


@click.command()
@click.argument("metric", required=False)
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Compute as of this session; default: the newest in the store.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_newsroom
def command(newsroom: Newsroom, metric: str | None, on: datetime | None, as_json: bool) -> None:
    """List what can be claimed, explain one METRIC, or compute a claim.

    \b
    broadtape facts                      every metric and what it says
    broadtape facts return               its definition, parameters and examples
    broadtape facts 'return?of=RUT&over=2025-12' --on 2026-01-12
                                         value, parts and evidence as of a session
    broadtape facts policy-rate --on 2026-01-12
                                         the same for a metric without parameters

    The long form is what may be written by hand in Markdown: [fell 0.7%](fact:return?of=RUT&over=2025-12).
    Symbols may be bare (RUT) or qualified (INDEXRUSSELL:RUT). Listing and explaining need no instance.
    """
    from broadtape import metrics

    if metric is None:
        if on is not None:
            raise click.UsageError(
                "--on computes a claim; name one, for example 'return?of=RUT&over=2025-12'"
            )
        _list(metrics.definitions(), as_json)
    elif "?" not in metric and on is None:
        _explain(metrics.definition(metric), as_json)
    else:
        _show(_computed(newsroom, metric, on.date() if on else None), as_json)


def _computed(newsroom: Newsroom, address: str, on: date | None) -> Fact:
    from broadtape import metrics

    try:
        name, params = parse_fact_address(address.removeprefix("fact:"))
    except ValueError as wrong:
        raise BadParameter(
            f"{wrong}; say METRIC?name=value&name=value, as in `broadtape facts METRIC`"
        ) from wrong
    metrics.definition(name)  # an unknown metric is said before the store is looked for
    from broadtape.edition import view_on
    from broadtape.market import MarketStore

    store = MarketStore.open(newsroom.instance().store, readonly=True)
    if on is None:
        on = store.last_session()
    return metrics.compute(view_on(store, on), name, dict(params))


# --- printing -------------------------------------------------------------------------------------------


def _list(definitions: tuple[Definition, ...], as_json: bool) -> None:
    if as_json:
        _json({"metrics": [_record(found) for found in definitions]})
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    table.add_column("metric", no_wrap=True)
    table.add_column("what it says", ratio=1)
    for found in definitions:
        table.add_row(found.name, f"{found.title}. {_first_sentence(found.wording)}")
    console = _console()
    console.print(table)
    console.print("\nbroadtape facts METRIC explains one; its examples can be computed.", style="dim")


def _explain(found: Definition, as_json: bool) -> None:
    if as_json:
        _json(_record(found))
        return
    console = _console()
    console.print(f"{found.title}  ({found.name}, definition {found.version})", style="bold")
    console.print(found.wording)
    if found.parameters:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("parameter", "default", "example", "meaning"):
            table.add_column(column, no_wrap=column == "parameter", overflow="fold")
        for parameter in found.parameters:
            default = "required" if parameter.default is None else parameter.default or "–"
            table.add_row(parameter.name, default, parameter.example, _meaning(parameter))
        console.print()
        console.print(table)
    console.print("\nexamples", style="bold")
    for example in found.examples:
        click.echo(f"  broadtape facts '{example}'" + (" --on DATE" if "?" not in example else ""))


def _show(fact: Fact, as_json: bool) -> None:
    from broadtape.metrics import definition, to_json

    if as_json:
        _json({"id": fact.id, "long_form": fact.key.address, **to_json(fact)})
        return
    from rich.table import Table

    console = _console()
    console.print(_printed(fact.value, fact.parts[0]), style="bold")
    console.print(definition(fact.key.metric).wording, style="dim")
    parts = Table(box=None, pad_edge=False, show_header=False)
    rows = [
        ("id", fact.id),
        ("long form", fact.key.address),
        ("as of", fact.as_of.isoformat()),
        *((part.name, _printed(part.value, part)) for part in fact.parts[1:]),
        ("tags", ", ".join(sorted(fact.tags)) or "–"),
        ("licence", fact.licence),
    ]
    for row in rows:
        parts.add_row(*row)
    console.print()
    console.print(parts)
    _evidence(console, fact.evidence)


def _evidence(console: Console, evidence: Evidence) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("series", "field", "day", "value", "source"):
        table.add_column(column, overflow="fold", justify="right" if column == "value" else "left")
    for row in evidence.rows:
        table.add_row(row.series, row.field, row.day.isoformat(), row.value, row.source)
    for span in evidence.spans:
        days = f"{span.first} to {span.last}"
        table.add_row(span.series, span.field, days, f"{span.count} values, {span.digest}", span.source)
    if table.row_count:
        console.print()
        console.print(table)


def _printed(value: Value, part: Part) -> str:
    if isinstance(value, tuple):
        text = f"{value[0]:f} to {value[1]:f}"
    elif isinstance(value, Decimal) and part.kind == "change":
        text = f"{value:+,f}" if value else f"{value:f}"
    elif isinstance(value, Decimal):
        text = f"{value:,f}"
    elif part.kind == "month" and isinstance(value, date):
        return f"{value:%Y-%m}"
    else:
        text = str(value)
    return f"{text} {part.unit}".strip() if part.kind not in ("date", "text") else text


def _meaning(parameter: Parameter) -> str:
    from broadtape.metrics.windows import FORMS

    if parameter.choices:
        return f"{parameter.meaning}: {', '.join(parameter.choices)}"
    return f"{parameter.meaning}: {FORMS}" if parameter.form == "window" else parameter.meaning


def _record(found: Definition) -> dict[str, object]:
    return {
        "name": found.name,
        "title": found.title,
        "definition": found.version,
        "wording": found.wording,
        "parameters": [
            {
                "name": parameter.name,
                "meaning": parameter.meaning,
                "required": parameter.default is None,
                "default": parameter.default or None,
                "choices": list(parameter.choices) or None,
                "example": parameter.example,
            }
            for parameter in found.parameters
        ],
        "examples": list(found.examples),
    }


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".") + "."


def _json(record: object) -> None:
    click.echo(json.dumps(record, indent=2, ensure_ascii=False))


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, markup=False)
