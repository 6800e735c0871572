"""The port of search: documents in, queries in, results out; every engine answers it alike.

Knows no engine. The query language is `broadtape.search.language`, the words are `broadtape.search.words`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol, get_args

from broadtape.model import BroadtapeError

Sort = Literal["relevance", "date"]
EngineName = Literal["whoosh", "tantivy"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
FACETS = ("topic", "symbol", "author", "year")


@dataclass(frozen=True, slots=True)
class Document:
    """What search knows of one article. `url` is its address on a site and its key in the index."""

    slug: str
    url: str  # "/2026/01/12/slug/"
    title: str
    text: str  # plain text, as `markdown.to_text` gives it
    date: datetime  # aware; its written offset gives the day and year readers filter by
    topics: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()  # "NYSEARCA:IWM"
    authors: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()  # empty: all
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """One search. `text` is in the query language; the other fields narrow it, as facets do.

    Nothing at all finds everything, newest first.
    """

    text: str = ""
    site: str = ""
    topic: str = ""
    symbol: str = ""  # "NYSEARCA:IWM", or the ticker alone
    author: str = ""
    year: int = 0
    since: date | None = None  # the first written day that counts
    until: date | None = None  # the last one
    sort: Sort = "relevance"
    limit: int = 10
    offset: int = 0
    facets: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. `snippet` and `title_html` are escaped HTML in which only `<mark>` is markup."""

    slug: str
    url: str
    title: str
    date: datetime
    score: float
    snippet: str
    title_html: str
    summary: str = ""
    topics: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetCount:
    """One value with which the result can be narrowed, and how many results would be left."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Results:
    """What a search found. `suggestion` is another spelling worth a try, or ""; `notes` say what was cut."""

    query: str
    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    suggestion: str = ""
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The shape of `broadtape search --json` and of the API."""
        return {
            "query": self.query,
            "total": self.total,
            "results": [
                {
                    "slug": hit.slug,
                    "url": hit.url,
                    "title": hit.title,
                    "date": hit.date.isoformat(),
                    "score": round(hit.score, 4),
                    "snippet": hit.snippet,
                }
                for hit in self.hits
            ],
            "facets": {
                name: [{"value": one.value, "count": one.count} for one in counts]
                for name, counts in self.facets.items()
            },
            "suggestion": self.suggestion,
        }


class SearchIndex(Protocol):
    """The reader's side. Safe for several threads; takes up a new generation by itself."""

    @property
    def generation(self) -> int:
        """Rises with every commit; 0 while there is no index."""

    @property
    def documents(self) -> int:
        """How many documents it holds."""

    def search(self, query: Query) -> Results:
        """The results; no text of a query raises, and what exceeds the limits is cut and noted."""

    def suggest(self, text: str, *, limit: int = 8) -> tuple[str, ...]:
        """What the last word of `text` may become, the most frequent first, each with the words before it."""

    def close(self) -> None:
        """Let go of the files."""


class SearchWriter(Protocol):
    """The keeper's side: one at a time, by a lock."""

    def state(self) -> Literal["sound", "missing", "outdated", "damaged"]:
        """Whether the index on disk may be added to; else it is to be rebuilt from content."""

    def update(self, changed: Iterable[Document], removed: Iterable[str] = ()) -> int:
        """Put documents in the place of those with their url, take away those of `removed`, in one commit.

        Returns the new generation. Raises IndexInDoubt when the index is not sound: rebuild it.
        """

    def rebuild(self, documents: Iterable[Document], progress: Callable[[int], None] = lambda _: None) -> int:
        """A new index from these documents; the old one answers until the new one is complete."""

    def condemn(self) -> None:
        """Have the index rebuilt at the next occasion: its state is "outdated" until then; it goes on answering."""


class IndexInDoubt(BroadtapeError):
    """The index is missing, damaged or of another version: it must be rebuilt from content."""


class SearchBusy(BroadtapeError):
    """Another process is writing to the index."""


class EngineMissing(BroadtapeError):
    """The engine that the settings name is not installed."""
