"""Where templates and shipped texts are: in the installed package, else in the checkout.

Owns the one resolver that pages, feeds and the desk's prose share; knows nothing of what the templates say.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    StrictUndefined,
    select_autoescape,
)
from jinja2.bccache import Bucket

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


class _Compiled(FileSystemBytecodeCache):
    """Compiled templates on disk; a folder that cannot be written costs time, not pages."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one, where that is possible."""
        with suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


def environment(first: Iterable[Path] = (), *, compiled: Path | None = None) -> Environment:
    """A Jinja environment over `loader(first)`: HTML and XML escaped, an undefined name is an error.

    Templates are compiled once; a changed template is seen by the next process. In the folder `compiled` they are kept
    for that one, by a digest of their text.
    """
    return Environment(
        bytecode_cache=None if compiled is None else _Compiled(str(compiled)),
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
