"""`broadtape verify`: recompute every claim of articles and say, by file and line, what does not follow.

Reads the archive and the store and prints; the proof itself is broadtape.desk.proof's.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broadtape.cli import Newsroom, pass_newsroom

if TYPE_CHECKING:
    from collections.abc import Mapping

    from broadtape.desk.proof import Report
    from broadtape.model import Claim

_MANY = 3  # from here on a progress bar helps


@click.command("verify")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help="Print every claim as JSON: one object, or a list for several."
)
@pass_newsroom
def command(newsroom: Newsroom, paths: tuple[Path, ...], as_json: bool) -> None:
    """Recompute every claim of articles from the store, and draw their charts again.

    PATH is a Markdown file, the folder of one article, or a folder of articles; without one, the whole archive.
    The exit code is 1 when a claim is unsupported or contradicted, or a file cannot be read; each is named as
    file:line on stderr.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from broadtape.archive import Archive
    from broadtape.archive.files import beside
    from broadtape.desk.pictures import verify
    from broadtape.market import MarketStore
    from broadtape.model import BroadtapeError

    instance = newsroom.instance()
    archive = Archive.of(instance)
    files = _files(paths or (instance.articles,))
    if not files:
        where = ", ".join(str(path) for path in paths) or str(instance.articles)
        click.echo(
            f"broadtape: {where}: no articles (.md files) there; name a file or a folder of them", err=True
        )
        raise SystemExit(1)
    store = MarketStore.open(instance.store, readonly=True)
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    results: list[dict[str, object]] = []
    totals: Counter[str] = Counter()
    failed = 0
    quiet = as_json or not errors.is_terminal or len(files) < _MANY
    with Progress(*columns, console=errors, transient=True, disable=quiet) as bar:
        for path in bar.track(files, description="proving"):
            loaded = archive.load(path.resolve())
            if loaded.article is None:
                failed += 1
                for problem in loaded.problems:
                    click.echo(f"{path}:{problem.line}: {problem.cause}. {problem.remedy}", err=True)
                results.append(
                    {"path": str(path), "counts": {}, "claims": [], "problem": loaded.problems[0].cause}
                )
                continue
            try:
                report = verify(loaded.article, store.view, archive.lookup, beside(Path(loaded.article.path)))
            except (BroadtapeError, ValueError) as error:
                failed += 1
                click.echo(f"{path}:0: {error}", err=True)
                results.append({"path": str(path), "counts": {}, "claims": [], "problem": str(error)})
                continue
            failed += not report.ok
            totals.update(report.counts)
            results.append(_as_json(path, report))
            for claim in report.failing:
                click.echo(_line(path, claim), err=True)
            if not as_json:
                click.echo(f"{path}: {_summary(report.counts)}")
    if as_json:
        click.echo(json.dumps(results[0] if len(results) == 1 else results, indent=2, ensure_ascii=False))
    elif len(files) > 1:
        click.echo(f"{len(files)} articles, {failed} failing: {_summary(totals)}")
    if totals.get("revised"):
        click.echo(
            "broadtape: data were revised since; see broadtape corrections for drafted notes", err=True
        )
    if failed:
        raise SystemExit(1)


def _files(paths: tuple[Path, ...]) -> list[Path]:
    """The Markdown files named: a file itself, a bundle's index.md, or every article below a folder."""
    from broadtape.archive.names import is_shelf

    found: dict[Path, None] = {}
    for path in paths:
        if path.is_file():
            found[path] = None
        elif (path / "index.md").is_file() and not is_shelf(path.name):
            found[path / "index.md"] = None
        else:
            found.update(dict.fromkeys(sorted(p for p in path.rglob("*.md") if not p.name.startswith("."))))
    return list(found)


def _line(path: Path, claim: Claim) -> str:
    return f"{path}:{claim.line}: {claim.status}: {_short(claim.text)}: {claim.reason}"


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return repr(folded if len(folded) <= 90 else f"{folded[:88]} …")


def _summary(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {status}" for status, number in counts.items() if number) or "no claims"


def _as_json(path: Path, report: Report) -> dict[str, object]:
    return {
        "path": str(path),
        "counts": dict(report.counts),
        "claims": [
            {
                "text": claim.text,
                "line": claim.line,
                "status": str(claim.status),
                "fact": claim.fact,
                "metric": claim.metric,
                "claimed": claim.claimed,
                "computed": claim.computed,
                "definition": claim.definition,
                "reason": claim.reason,
            }
            for claim in report.claims
        ],
    }
