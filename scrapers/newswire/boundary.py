"""Owns the edge around a source's own code: whatever it raises, or gives that is nothing of the kind, is a SourceError.

Decides nothing about answers. A source that comes with Broadtape refuses in its own words; one that an operator wrote
may fail in any way, and neither may stop the others.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from newswire.errors import NewswireError, SourceError
from newswire.observations import Harvest, Provenance
from newswire.wire import Follows, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from newswire.directory import Directory
    from newswire.wire import Snapshot, Source

OWN = "broadtape_scrapers."  # the modules of operators' own sources (newswire.sources.own)


def due_of(source: Source, now: datetime, last: Mapping[str, datetime]) -> tuple[Request, ...]:
    """The requests that are due; a NewswireError where the source cannot say."""
    try:
        return _requests(source, source.due(now, last), "due")
    except NewswireError:
        raise
    except Exception as error:  # somebody's code, which may fail in any way
        raise _broken(source, "due", error) from error


def harvest_of(source: Source, snapshot: Snapshot, directory: Directory) -> Harvest:
    """What the snapshot holds; a NewswireError where it cannot be used."""
    try:
        found: object = source.parse(snapshot, directory)
    except NewswireError:
        raise
    except Exception as error:  # as above
        raise _broken(source, "parse", error, snapshot.url) from error
    if not isinstance(found, Harvest):
        wrong = TypeError(f"gave {type(found).__name__} instead of a Harvest")
        raise _broken(source, "parse", wrong, snapshot.url)
    if type(source).__module__.startswith(OWN):  # those that come with Broadtape are typed and tested
        for one in _observed(found):
            wrong_field = _unsound(one)
            if wrong_field:
                raise _broken(source, "parse", TypeError(wrong_field), snapshot.url)
    return found


def followed_by(source: Source, snapshot: Snapshot) -> tuple[Request, ...]:
    """The addresses that the answer names, where the source follows any."""
    if not isinstance(source, Follows):
        return ()
    try:
        return _requests(source, source.follow(snapshot), "follow")
    except NewswireError:
        raise
    except Exception as error:  # as above
        raise _broken(source, "follow", error, snapshot.url) from error


def _observed(harvest: Harvest) -> Iterator[Any]:
    """Every observation of a harvest that is a row of typed fields."""
    for held in fields(harvest):
        value = getattr(harvest, held.name)
        if isinstance(value, tuple):
            yield from (one for one in value if is_dataclass(one))
            if any(not is_dataclass(one) and not isinstance(one, tuple | str) for one in value):
                yield value


def _unsound(one: Any) -> str:
    """Which field of an observation is not of its type, in words; empty where all are."""
    if not is_dataclass(one):
        return f"gave {one!r} among its observations"[:200]
    for held in fields(one):
        wanted, value = str(held.type), getattr(one, held.name)
        if value is None and "None" in wanted:
            continue
        if not _is(value, wanted.removesuffix(" | None")):
            return f"{type(one).__name__}.{held.name} is {value!r}, which is no {wanted}"[:200]
    return ""


def _is(value: object, wanted: str) -> bool:
    match wanted:
        case "str":
            return isinstance(value, str)
        case "int":
            return isinstance(value, int)
        case "Decimal":
            return isinstance(value, Decimal) and value.is_finite()
        case "datetime":
            return isinstance(value, datetime) and value.utcoffset() is not None
        case "date":
            return isinstance(value, date) and not isinstance(value, datetime)
        case "tuple[str, ...]":
            return isinstance(value, tuple) and all(isinstance(one, str) for one in value)
        case "Provenance":
            return isinstance(value, Provenance)
        case _:
            return True


def _requests(source: Source, found: Sequence[Request], what: str) -> tuple[Request, ...]:
    kept = tuple(found)
    for one in kept:
        if not isinstance(one, Request):
            raise _broken(source, what, TypeError(f"gave {type(one).__name__} instead of a Request"))
    return kept


def _broken(source: Source, what: str, error: Exception, where: str = "") -> SourceError:
    words = " ".join(str(error).split())[:200]
    told = f"{type(error).__name__}: {words}" if words else type(error).__name__
    about = source.about
    return SourceError(
        f"a fault in the source's own code, {what}(): {told}",
        source=about.name,
        path=where or about.home or what,
    )
