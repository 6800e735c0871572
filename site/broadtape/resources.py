"""Where templates and shipped texts are: in the installed package, else in the checkout.

Owns the one resolver that pages, feeds and the desk's prose share; knows nothing of what the templates say.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from broadtape.model import BroadtapeError

_PACKAGE = Path(__file__).resolve().parent
_MARK = Path("pages") / "base.html"  # a folder without it is some other "templates"


class TemplatesMissingError(BroadtapeError):
    """Neither the package nor the checkout holds the templates."""


@cache
def templates() -> Path:
    """The folder of templates: `broadtape/templates` of a wheel, else `templates/` of the checkout."""
    for folder in (_PACKAGE / "templates", _PACKAGE.parent.parent / "templates"):
        if (folder / _MARK).is_file():
            return folder
    raise TemplatesMissingError(f"no templates beside {_PACKAGE}; reinstall broadtape")


def loader(first: Iterable[Path] = ()) -> BaseLoader:
    """Templates by their path under the folder ("pages/front.html"); folders in `first` override ours.

    `first` may name folders that do not exist: a site without templates of its own is the usual case.
    """
    return ChoiceLoader([FileSystemLoader(folder) for folder in (*first, templates())])


def environment(first: Iterable[Path] = ()) -> Environment:
    """A Jinja environment over `loader(first)`: HTML and XML escaped, an undefined name is an error.

    Templates are compiled once; a changed template is seen by the next process.
    """
    return Environment(
        loader=loader(first),
        autoescape=select_autoescape(("html", "xml", "svg")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def default_page(name: str) -> str | None:
    """The Markdown of a shipped standing page ("about", "methods", "privacy", "terms", "accessibility").

    Front matter holds `title`. None where we ship no page of that name.
    """
    if not name.replace("-", "").isalnum():
        return None
    path = templates() / "pages" / "defaults" / f"{name}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else None
