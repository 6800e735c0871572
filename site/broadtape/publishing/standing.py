"""Standing pages: content/pages and each site's own pages, over the package's defaults.

Owns which text stands where; rendering is markdown's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from broadtape import frontmatter, markdown, resources
from broadtape.archive.records import StandingPage
from broadtape.model import BrokenArticle, Problem
from broadtape.publishing.rendering import PlainLinks

if TYPE_CHECKING:
    from broadtape.config import Instance

DEFAULTS = ("about", "methods", "privacy", "terms", "accessibility")
MOST_BYTES = 500_000


def pages(instance: Instance) -> tuple[dict[tuple[str, str], StandingPage], list[Problem]]:
    """Every site's pages by site and name: its own, else the instance's, else the package's."""
    problems: list[Problem] = []
    common = {name: page for name in DEFAULTS if (page := _default(name)) is not None}
    common |= _folder(instance, instance.pages, problems)
    found = {}
    for key, site in instance.sites.items():
        for name, page in (common | _folder(instance, site.folder / "pages", problems)).items():
            found[key, name] = page
    return found, problems


def _folder(instance: Instance, folder: Path, problems: list[Problem]) -> dict[str, StandingPage]:
    found = {}
    for path in sorted(folder.glob("*.md")):
        if path.name.startswith("."):
            continue
        shown = path.relative_to(instance.content).as_posix()
        try:
            if path.stat().st_size > MOST_BYTES:
                problems.append(Problem(shown, 0, f"larger than {MOST_BYTES} bytes", "shorten it"))
                continue
            updated = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            found[path.stem] = _page(path.stem, path.read_text(encoding="utf-8"), shown, updated)
        except BrokenArticle as error:
            problems.append(error.problem)
        except UnicodeDecodeError:
            problems.append(Problem(shown, 0, "not UTF-8", "save the file as UTF-8"))
        except (OSError, ValueError) as error:
            problems.append(Problem(shown, 0, str(error), "correct or remove the file"))
    return found


def _default(name: str) -> StandingPage | None:
    text = resources.default_page(name)
    return None if text is None else _page(name, text, name, None)


def _title(header: str, shown: str) -> str:
    """The title of a page's front matter, the only key a standing page needs."""
    try:
        found = yaml.load(header, Loader=yaml.CSafeLoader) if len(header) <= frontmatter.MAX_HEADER else None
    except (yaml.YAMLError, RecursionError) as error:
        raise BrokenArticle(Problem(shown, 2, "its front matter is not YAML", "quote the title")) from error
    title = found.get("title", "") if isinstance(found, dict) else ""
    return " ".join(str(title).split())


def _page(name: str, text: str, shown: str, updated: datetime | None) -> StandingPage:
    parts = frontmatter.split(text)
    body, first_line = (text, 1) if parts is None else (parts.body, parts.body_line)
    document = markdown.parse(body, first_line=first_line)
    title = _title(parts.header, shown) if parts is not None else ""
    title = title or next(
        (block.text for block in document.blocks if block.kind == "heading" and block.level == 1), ""
    )
    title = title or name.replace("-", " ").capitalize()
    summary = frontmatter.first_paragraph(document)
    return StandingPage(
        name, title, markdown.to_html(document, PlainLinks()), markdown.to_text(document), updated, summary
    )
