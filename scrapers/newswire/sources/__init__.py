"""The sources there are: one class each, found by name, and an operator's own beside them.

Makes a source from its settings. Opens no connection; each source's terms and parser are in its own module.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from newswire.errors import NewswireError
from newswire.sources._base import BaseSource, Settings
from newswire.wire import About, Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import ModuleType

__all__ = ["BaseSource", "Settings", "SourceSettingsError", "builtin", "make", "own"]


class SourceSettingsError(NewswireError):
    """A source's settings cannot be used: an unknown source, an unknown key, a class that is none."""


@cache
def builtin() -> Mapping[str, type[BaseSource]]:
    """The sources that come with Broadtape, by name."""
    found: dict[str, type[BaseSource]] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            for one in _classes(importlib.import_module(f"{__name__}.{module.name}")):
                found[one.about.name] = one
    return dict(sorted(found.items()))


def own(folder: Path, use: str) -> type[BaseSource]:
    """An operator's class: `use` is "module:Class", the module a file of `folder`."""
    name, _, wanted = use.partition(":")
    path = folder / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"broadtape_scrapers.{name}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise SourceSettingsError(f"{use}: there is no {path}")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # somebody's code, which may fail in any way
        raise SourceSettingsError(
            f"{use}: {path} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    found = getattr(module, wanted, None)
    if not isinstance(found, type) or not issubclass(found, BaseSource) or not _has_about(found):
        raise SourceSettingsError(f"{use}: {path} has no class {wanted} that is a source with `about`")
    return found


def make(kind: str, options: Mapping[str, Any], *, name: str = "", folder: Path | None = None) -> Source:
    """The source of that kind with these settings; SourceSettingsError says what is wrong with them.

    `name` is what it is called here, where that differs from the kind.
    """
    if ":" in kind:
        if folder is None:
            raise SourceSettingsError(f"{kind}: no folder of scrapers")
        chosen = own(folder, kind)
    elif kind in builtin():
        chosen = builtin()[kind]
    else:
        raise SourceSettingsError(f"no source is called {kind!r}; there are {', '.join(builtin())}")
    try:
        settings = msgspec.convert(dict(options), chosen.Options)
    except msgspec.ValidationError as error:
        raise SourceSettingsError(
            str(error).replace(" - at `$.", " at `").replace("`$`", "its table")
        ) from error
    made = chosen(settings)
    if name:
        made.about = replace(made.about, name=name)
    return made


def _classes(module: ModuleType) -> list[type[BaseSource]]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, BaseSource)
        and value.__module__ == module.__name__
        and isinstance(vars(value).get("about"), About)
    ]


def _has_about(value: type[BaseSource]) -> bool:
    return isinstance(getattr(value, "about", None), About)
