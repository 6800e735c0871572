"""`broadtape check`: what is wrong with the content, and with --fix what can be put right. The work is archive's."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broadtape.cli import Newsroom, pass_newsroom

if TYPE_CHECKING:
    from collections.abc import Callable

    from broadtape.archive import Archive
    from broadtape.archive.lint import Surroundings
    from broadtape.config import Instance
    from broadtape.market import MarketStore
    from broadtape.model import MarketView, Problem


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
@click.option(
    "--fix", is_flag=True, help="File hand-written facts under ids, and copy facts of other articles."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_newsroom
def command(newsroom: Newsroom, paths: tuple[Path, ...], fix: bool, as_json: bool) -> None:
    """Lint articles: front matter, links, images, headings, alternative texts, facts, tickers.

    Without PATH all of content/articles is checked. Exits 1 when there are errors; warnings alone exit 0.
    """
    from broadtape.archive import Archive
    from broadtape.archive.lint import check

    instance = newsroom.instance()
    archive = Archive.of(instance)
    store = _store(instance)
    chosen = {_article_path(path) for path in paths} or None
    fixed, problems = _fix(archive, store.view if store else None, chosen) if fix else (0, [])
    report = check(archive, _surroundings(instance, store), chosen)
    found = sorted({*report.problems, *problems}, key=lambda p: (p.path, p.line, p.cause))
    errors = sum(problem.level == "error" for problem in found)
    counts = {
        "articles": report.articles,
        "errors": errors,
        "warnings": len(found) - errors,
        "fixed": fixed,
    }
    if as_json:
        rows = [
            {
                "path": _shown(problem.path, instance),
                "line": problem.line,
                "level": problem.level,
                "cause": problem.cause,
                "remedy": problem.remedy,
            }
            for problem in found
        ]
        shown = {"counts": counts, "problems": rows, "skipped": list(report.skipped)}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        for problem in found:
            place = (
                f"{_shown(problem.path, instance)}:{problem.line}"
                if problem.line
                else _shown(problem.path, instance)
            )
            click.echo(f"{place}: {problem.level}: {problem.cause}. {problem.remedy}.")
        for reason in report.skipped:
            click.echo(f"not checked: {reason}", err=True)
        done = f", {_count(fixed, 'link')} fixed" if fix else ""
        click.echo(
            f"{_count(report.articles, 'article')}: {_count(errors, 'error')},"
            f" {_count(counts['warnings'], 'warning')}{done}",
            err=True,
        )
        if fixed:
            click.echo("Whether the words say what these facts are, broadtape verify tells.", err=True)
    if errors:
        raise SystemExit(1)


def _store(instance: Instance) -> MarketStore | None:
    if not instance.store.is_file():
        return None
    from broadtape.market import MarketStore

    return MarketStore.open(instance.store, readonly=True)


def _surroundings(instance: Instance, store: MarketStore | None) -> Surroundings:
    from broadtape.archive.lint import Surroundings
    from broadtape.model import NoData, UnknownSymbol

    knows: Callable[[str], bool] | None = None
    if store is not None:
        try:
            view = store.view(store.last_session())
        except NoData:
            view = None
        if view is not None:
            market = view

            def knows(symbol: str) -> bool:
                try:
                    market.instrument(symbol)
                except UnknownSymbol:
                    return False
                return True

    pages = {path.stem for path in instance.pages.glob("*.md")} if instance.pages.is_dir() else set()
    return Surroundings(
        sites=frozenset(instance.sites),
        hosts=frozenset(host for site in instance.sites.values() for host in site.hosts),
        pages=frozenset(pages),
        csp_allow=frozenset(host for site in instance.sites.values() for host in site.csp_allow),
        knows_symbol=knows,
        view_for=store.view if store is not None and knows is not None else None,
    )


def _fix(
    archive: Archive, view_for: Callable[[date], MarketView] | None, chosen: set[Path] | None
) -> tuple[int, list[Problem]]:
    from broadtape.archive.longforms import fix
    from broadtape.model import BroadtapeError, Problem

    count = 0
    problems: list[Problem] = []
    for article in archive.scan()[0]:
        path = Path(article.path)
        if chosen is not None and not any(path == one or path.is_relative_to(one) for one in chosen):
            continue
        try:
            done = fix(archive, article, view_for)
        except (BroadtapeError, ValueError) as error:
            problems.append(
                Problem(article.path, 0, f"not fixed: {error}", "See to it and run check --fix again")
            )
            continue
        count += done.links + done.copied
        problems += done.problems
    return count, problems


def _article_path(path: Path) -> Path:
    """What was named, as the archive names it: a bundle by its folder, facts by their article."""
    path = path.absolute()
    if path.name.endswith(".facts.json"):
        return path.with_name(path.name.removesuffix(".facts.json") + ".md")
    return path.parent if path.name == "facts.json" else path


def _shown(path: str, instance: Instance) -> str:
    try:
        return str(Path(path).relative_to(instance.root))
    except ValueError:
        return path


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
