"""Whether a new article says of a settled thing what published articles say of it.

Owns which claims of two articles are the same claim. Computes nothing and judges no text: it compares what the
facts files hold, and reports both sides; `desk.proof` tells which of them holds now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from broadtape.archive.records import ACKNOWLEDGED

if TYPE_CHECKING:
    from broadtape.archive.files import Archive
    from broadtape.model import Article

# Metrics whose value over a stretch that is over does not depend on the session they are asked on. A group's is
# none: who takes part is.
_SETTLED: Final = frozenset({
    "return", "relative-return", "level", "max-drawdown", "policy-moves", "periods-led", "session-count",
})  # fmt: skip
_MONTH: Final = re.compile(r"(\d{4})-(\d\d)")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_TELLING: Final = frozenset({"published", "approved", "review"})

Key = tuple[str, tuple[tuple[str, str], ...], str]


@dataclass(frozen=True, slots=True)
class Told:
    """What one article's facts file says of a claim. `wording` is the definition as it was when it was filed."""

    value: str
    unit: str
    version: str
    wording: str
    as_of: str
    path: str
    title: str

    def __str__(self) -> str:
        shown = f"{self.value} {self.unit}".strip()
        meaning = f": “{self.wording}”" if self.wording else ""
        return f"{shown} as of {self.as_of} (definition {self.version}{meaning})"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One claim of which a published article says something else."""

    claim: str  # long form
    here: Told
    there: Told

    def __str__(self) -> str:
        return (
            f"{self.claim}: here {self.here}; “{self.there.title}” ({self.there.path}) has {self.there}. "
            "Correct the one that is wrong (broadtape corrections), then write this one again with --replace"
        )


class Ledger:
    """What the published articles of an archive claim, by claim; read again only where files changed."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._known: dict[str, tuple[Article, dict[Key, Told]]] = {}
        self._marks: dict[str, tuple[str, frozenset[str]]] = {}

    def conflicts(
        self, article: Article, record: Mapping[str, object], besides: Container[str] = ()
    ) -> list[Conflict]:
        """The claims of a new article's facts that a published one contradicts, by claim.

        What a filed correction tells of is settled, whatever the text says; `besides` are ids of articles that are
        being written anew themselves.
        """
        mine = dict(_claims(article, record))
        found: dict[Key, Conflict] = {}
        for other, told in self._published():
            if other.id == article.id or other.id in besides:
                continue
            for key in mine.keys() & told.keys():
                here, there = mine[key], told[key]
                if (here.value, here.unit) != (there.value, there.unit) and key not in found:
                    found[key] = Conflict(_address(key), here, there)
        return [found[key] for key in sorted(found)]

    def told_before(
        self, session: date, most: int, marks: Callable[[str], frozenset[str]]
    ) -> list[tuple[str, frozenset[str]]]:
        """The sentences of the newest desk stories of sessions before one, by id and marks, newest last.

        Of a story that was written anew on the session or later it is the version that stood before.
        """
        found: list[tuple[date, datetime, str, str, str]] = []
        for article in self._archive.scan()[0]:
            if article.origin != "desk" or article.as_of is None:
                continue
            if article.as_of < session:
                found.append((article.as_of, article.date, article.path, article.body, article.id))
                continue
            earlier = (
                [day for day in self._archive.versions(article) if day < session] if article.updates else []
            )
            if earlier:
                version = self._archive.versions(article)[earlier[-1]]
                kept = self._archive.load(version).article
                if kept is not None:
                    found.append((earlier[-1], article.date, str(version), kept.body, article.id))
        newest = sorted(found)[-most:]
        for _, _, path, body, _ in newest:
            known = self._marks.get(path)
            if known is None or known[0] != body:
                self._marks[path] = (body, marks(body))
        return [(story, self._marks[path][1]) for _, _, path, _, story in newest]

    def _published(self) -> Iterator[tuple[Article, dict[Key, Told]]]:
        present = set()
        for article in self._archive.scan()[0]:
            if article.status not in _TELLING or not article.facts:
                continue
            present.add(article.path)
            known = self._known.get(article.path)
            if known is None or known[0] is not article:
                known = self._known[article.path] = (
                    article,
                    dict(_claims(article, article.facts, noted(article))),
                )
            yield known
        for gone in self._known.keys() - present:
            del self._known[gone]


def noted(article: Article) -> dict[str, str]:
    """The facts of an article that a filed correction tells of, with the values that it gives."""
    held = article.extra.get(ACKNOWLEDGED)
    pairs = [str(one).partition(" ") for one in held] if isinstance(held, list | tuple) else []
    return {key: value for key, _, value in pairs}


def _claims(
    article: Article, record: Mapping[str, object], corrected: Container[object] = ()
) -> Iterator[tuple[Key, Told]]:
    facts, wordings = record.get("facts"), record.get("definitions")
    for name, fact in facts.items() if isinstance(facts, Mapping) else ():
        if (
            name in corrected
            or not isinstance(fact, Mapping)
            or not isinstance(params := fact.get("params"), Mapping)
        ):
            continue
        metric, as_of, value = str(fact.get("metric")), str(fact.get("as_of")), fact.get("value")
        asked = tuple(sorted((str(name), str(given)) for name, given in params.items()))
        settled = _settled(metric, dict(asked), as_of)
        said = wordings.get(metric) if isinstance(wordings, Mapping) else None
        wording = str(said.get("wording", "")) if isinstance(said, Mapping) else ""
        told = Told(
            _plain(value), str(fact.get("unit", "")), str(fact.get("definition", "")), wording, as_of,
            article.path, article.title,
        )  # fmt: skip
        yield (metric, asked, "" if settled else as_of), told


def _settled(metric: str, params: Mapping[str, str], as_of: str) -> bool:
    """Whether the stretch that is asked about was over on the session: then any later one must answer the same."""
    if metric not in _SETTLED:
        return False
    window = params.get("over") or params.get("on") or params.get("to") or ""
    last = window.rpartition("..")[2]
    if _DAY.fullmatch(last):
        return last <= as_of
    month = _MONTH.fullmatch(last)
    if month is None:
        return False
    after = date(int(month[1]) + int(month[2]) // 12, int(month[2]) % 12 + 1, 1)
    return (after - timedelta(days=1)).isoformat() <= as_of


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return " to ".join(str(one) for one in value)
    text = str(value)
    return text.rstrip("0").rstrip(".") if re.fullmatch(r"-?\d+\.\d+", text) else text


def _address(key: Key) -> str:
    metric, params, _ = key
    return f"{metric}?{'&'.join(f'{name}={value}' for name, value in params)}"
