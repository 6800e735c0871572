"""`broadtape backfill`: editions of many sessions, written as on each of them. The work is broadtape.backfill's."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from broadtape.cli import Newsroom, pass_newsroom

if TYPE_CHECKING:
    from pathlib import Path

    from broadtape.backfill import Backfilled, Session

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--from", "first", type=_DAY, required=True, metavar="DATE", help="The first session.")
@click.option("--to", "last", type=_DAY, metavar="DATE", help="The last; default: the newest in the store.")
@click.option("--site", metavar="SITE", help="File the articles for one site; default: all.")
@click.option("--story", metavar="KIND", help="Only this kind of story, such as rotation, record or wrap.")
@click.option("--again", is_flag=True, help="Go through sessions that an earlier run has written, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_newsroom
def command(
    newsroom: Newsroom,
    first: datetime,
    last: datetime | None,
    site: str | None,
    story: str | None,
    again: bool,
    as_json: bool,
) -> None:
    """Write the editions of a stretch of sessions, each from what was known at its end.

    Cut short, the same command goes on where it stopped. The same data, dates and seed give the same articles;
    "written" tells when the run was begun, or $SOURCE_DATE_EPOCH. Exits 1 when an article is held or a
    session failed.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from broadtape import backfill
    from broadtape.cli import known
    from broadtape.desk import stories
    from broadtape.market import MarketStore

    instance = newsroom.instance()
    known("--site", site, instance.sites)
    known("--story", story, stories.kinds())
    if last is not None and first > last:
        raise click.BadParameter(f"{first.date()} lies after --to {last.date()}", param_hint="--from")
    errors = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        MarketStore.open(instance.store, readonly=True) as store,
        Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar,
    ):
        newest = store.last_session()
        until = last.date() if last else newest
        if until > newest:
            click.echo(f"broadtape: the store ends on {newest}; writing up to there", err=True)
        task = bar.add_task("reading", total=None)

        def begin(day: date, done: int, total: int) -> None:
            bar.update(task, description=f"{day}", completed=done, total=total)

        def told(session: Session, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            notable = session.outcome == "failed" or any(item.status == "held" for item in session.filed)
            if notable or (session.outcome != "done" and not errors.is_terminal):
                bar.console.print(
                    f"{session.day}  {done}/{total}  {_said(session)}", markup=False, soft_wrap=True
                )

        try:
            result = backfill.run(
                instance, store, first.date(), until, site=site, story=story, again=again, progress=told,
                begin=begin,
            )  # fmt: skip
        except KeyboardInterrupt:
            bar.stop()
            click.echo("broadtape: interrupted; the same command goes on from there", err=True)
            raise SystemExit(1) from None
    if as_json:
        click.echo(json.dumps(_as_json(result, instance.root), indent=2, ensure_ascii=False))
    else:
        _print(result)
    for item in result.held:
        for claim in item.failing:
            click.echo(f"{item.path}:{claim.line}: {claim.status}: {claim.text!r}: {claim.reason}", err=True)
        for source in item.close:
            click.echo(f"{item.path}: too close to a source: {source}", err=True)
        for conflict in item.conflicts:
            click.echo(f"{item.path}: conflict: {conflict}", err=True)
    if not result.ok:
        failed = result.outcomes.get("failed", 0)
        click.echo(
            f"broadtape: {len(result.held)} articles held, {failed} sessions failed; see the lines above",
            err=True,
        )
        raise SystemExit(1)


def _said(session: Session) -> str:
    """What became of a session, in a line."""
    if not session.filed:
        return f"{session.outcome}: {session.reason}" if session.reason else session.outcome
    return "; ".join(f"{item.status} {item.story}: {item.title}" for item in session.filed)


def _print(result: Backfilled) -> None:
    outcomes, articles = result.outcomes, result.articles
    new = sum(outcomes.values()) - outcomes.get("done", 0)
    told = [f"{count:,} {name}" for name, count in sorted(articles.items())]
    click.echo(f"sessions: {new:,} gone through, {outcomes.get('done', 0):,} done before")
    click.echo(f"articles: {', '.join(told) or 'none'}")
    quiet = [one for one in result.sessions if one.outcome == "quiet"]
    if quiet:
        days = ", ".join(str(one.day) for one in quiet[:12]) + (" …" if len(quiet) > 12 else "")
        click.echo(f"quiet:    {len(quiet):,} with nothing to tell: {days}")
    click.echo(f"took {result.seconds:.1f} s, {result.per_minute:.0f} sessions a minute")


def _as_json(result: Backfilled, root: Path) -> dict[str, object]:
    return {
        "outcomes": dict(result.outcomes),
        "articles": dict(result.articles),
        "seconds": round(result.seconds, 3),
        "sessions_per_minute": round(result.per_minute, 1),
        "resumed": result.resumed,
        "sessions": [
            {
                "on": str(one.day),
                "outcome": one.outcome,
                "reason": one.reason,
                "articles": [
                    {
                        "story": item.story,
                        "title": item.title,
                        "status": item.status,
                        "words": item.words,
                        "path": str(item.path.relative_to(root)) if item.path else None,
                    }
                    for item in one.filed
                ],
            }
            for one in result.sessions
        ],
    }
