"""`broadtape write`: one edition, written, proved and filed. The work is broadtape.edition's."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from broadtape.cli import Newsroom, pass_newsroom

if TYPE_CHECKING:
    from broadtape.config import Instance

_LARGEST = 2_000_000  # bytes of an outline file
_DEEPEST = 20  # levels of an outline; a printed one has nine
_HEAD = """\
# What the desk would say about {day}, and in what order. Edit it, then: broadtape write --from-outline FILE
# Leave out or reorder stories, sections, paragraphs, tables and sentences; group sentences otherwise.
# variant: another wording of the sentence, by its number; `or` has the words of the others. Words of your own go into
# the article once it is written, where they are proved. kind, facts and guard only tell.
"""


@click.command()
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The session to write about; default: the newest in the store.",
)
@click.option("--story", metavar="KIND", help="Only this kind of story, such as rotation, record or wrap.")
@click.option("--site", metavar="SITE", help="File it for one site; default: all.")
@click.option("--draft", is_flag=True, help="File it as a draft: not shown until an editor publishes it.")
@click.option(
    "--replace",
    is_flag=True,
    help="Write over an article of the same story that was changed since; it keeps its address.",
)
@click.option(
    "--outline",
    is_flag=True,
    help="Print what would be said and in what order, as YAML to edit; file nothing.",
)
@click.option(
    "--from-outline",
    "outline_file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Write the stories of an edited outline (- for standard input), and no others.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_newsroom
def command(
    newsroom: Newsroom,
    on: datetime | None,
    story: str | None,
    site: str | None,
    draft: bool,
    replace: bool,
    outline: bool,
    outline_file: Path | None,
    as_json: bool,
) -> None:
    """Write, prove and file the edition of a session, from what was known at its end.

    An article that does not pass its proof is filed as held, and the command exits 1 naming the lines.
    With --outline the plan is printed instead; --from-outline writes what an editor left of it, proved like any other.
    """
    from rich.console import Console

    from broadtape import edition
    from broadtape.cli import known
    from broadtape.desk import stories
    from broadtape.market import MarketStore

    instance = newsroom.instance()
    known("--site", site, instance.sites)
    known("--story", story, stories.kinds())
    if outline_file is not None and (outline or story):
        raise click.UsageError("--from-outline says the stories; leave out --story and --outline")
    planned = _read_outline(outline_file, instance) if outline_file is not None else None
    if planned is not None and on is not None and on.date() != planned[0]:
        raise click.UsageError(
            f"--on {on.date()}: the outline is one of {planned[0]}; print another with --outline"
        )
    store = MarketStore.open(instance.store, readonly=True)
    day = on.date() if on else store.last_session()
    if planned is not None:
        day = planned[0]
    if outline:
        _print_outline(instance, day, edition.plans(instance, store, day, story=story), as_json=as_json)
        return
    console = Console(stderr=True)
    with console.status(f"{day}: reading the store") as status:
        filed = edition.write(
            instance, store, day, story=story, site=site, draft=draft, replace=replace, now=datetime.now(UTC),
            progress=status.update, outlines=planned[1] if planned is not None else None,
        )  # fmt: skip
    root = instance.root
    if as_json:
        rows = [
            {
                "story": item.story, "title": item.title, "status": item.status, "words": item.words,
                "path": str(item.path.relative_to(root)) if item.path else None, "claims": dict(item.claims),
            }
            for item in filed
        ]  # fmt: skip
        click.echo(json.dumps({"on": str(day), "articles": rows}, indent=2, ensure_ascii=False))
    else:
        for item in filed:
            where = item.path.relative_to(root) if item.path else "–"
            proven = ", ".join(f"{number} {status}" for status, number in item.claims.items() if number)
            click.echo(
                f"{item.status:<10} {item.story:<9} {item.words:>5} words  {item.title}\n{'':<10} {where}  ({proven})"
            )
    for item in filed if instance.desk.model is not None else ():
        click.echo(
            f"{item.story}: {item.reworded} sentences reworded, {len(item.discarded)} answers discarded"
            + (f"; the first: {item.discarded[0]}" if item.discarded else ""),
            err=True,
        )
    held = [item for item in filed if item.status == "held"]
    for item in held:
        for claim in item.failing:
            click.echo(f"{item.path}:{claim.line}: {claim.status}: {claim.text!r}: {claim.reason}", err=True)
        for source in item.close:
            click.echo(f"{item.path}: too close to a source: {source}", err=True)
        for conflict in item.conflicts:
            click.echo(f"{item.path}: conflict: {conflict}", err=True)
    if held:
        click.echo(
            f"broadtape: {len(held)} held; correct the text or the data, then broadtape verify", err=True
        )
        raise SystemExit(1)


def _print_outline(instance: Instance, day: date, planned: list[dict[str, Any]], *, as_json: bool) -> None:
    import yaml

    from broadtape.desk.planning import VERSION

    document = {"outline": VERSION, "session": str(day), "seed": instance.desk.seed, "stories": planned}
    if as_json:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    text = yaml.dump(document, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=118)
    click.echo(_HEAD.format(day=day) + text, nl=False)


def _read_outline(path: Path, instance: Instance) -> tuple[date, list[dict[str, Any]]]:
    """Session and stories of an edited outline; a line that says where and what is wrong with it."""
    import yaml

    from broadtape.desk.planning import VERSION
    from broadtape.model import BadParameter

    with click.open_file(str(path), "rb") as file:
        raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise BadParameter(f"{path}: larger than {_LARGEST:,} bytes; no outline is")
    try:
        depth = 0
        for event in yaml.parse(raw, Loader=yaml.CSafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            # A few lines of references can stand for more than a memory holds; no printed outline has any.
            if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
                what = "a reference (*)" if isinstance(event, yaml.AliasEvent) else "too many levels"
                place = f":{event.start_mark.line + 1}" if event.start_mark is not None else ""
                raise BadParameter(f"{path}{place}: {what}; an outline has none, print it again")
        document = yaml.load(raw, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}" if mark is not None else ""
        what = getattr(error, "problem", None) or "not readable"
        raise BadParameter(f"{path}{place}: no YAML: {what}; print the outline again") from error
    if not isinstance(document, dict) or document.get("outline") != VERSION:
        raise BadParameter(f"{path}: no outline of this version; print one with broadtape write --outline")
    told = document.get("stories")
    if not isinstance(told, list) or not told or not all(isinstance(one, dict) for one in told):
        raise BadParameter(f"{path}: stories: none; keep at least one")
    try:
        day = date.fromisoformat(str(document.get("session")))
    except ValueError as error:
        raise BadParameter(
            f"{path}: session: {document.get('session')!r} is no day such as 2026-01-12"
        ) from error
    if document.get("seed") != instance.desk.seed:
        click.echo(
            f"broadtape: {path}: printed with seed {document.get('seed')}, written with {instance.desk.seed}",
            err=True,
        )
    return day, told
