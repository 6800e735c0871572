"""The reader of a tantivy index: query trees become tantivy's queries, its scores get our boost for what is recent.

Writes nothing. tantivy has no hook for a boost that depends on a document's date, so more documents than wanted
are asked for, until none that was left out could still come among them: the order is that of boosting every match.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cached_property, partial
from math import exp2
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import tantivy

from broadtape.search import language, mark, ranking, spelling, tantivy_schema, words
from broadtape.search.generations import Damaged
from broadtape.search.port import FACETS, FacetCount, Hit, Query, Results
from broadtape.search.snippets import Marker

if TYPE_CHECKING:
    from broadtape.search.generations import Opened

_FIRST_LOOK: Final = 64  # documents asked for at first: enough for most first pages
_VALUES: Final = 64  # of a facet, given back before those shown are chosen by name among equals
_ALL_VALUES: Final = 10_000
_DAY_MICROS: Final = 86_400_000_000

Find = tantivy.Query


@contextmanager
def _guarded() -> Iterator[None]:
    """A damaged file makes tantivy raise or panic; either is Damaged."""
    try:
        yield
    except (ValueError, OSError, KeyError, msgspec.DecodeError) as error:
        raise Damaged(str(error)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # pyo3 gives it no importable name
            raise
        raise Damaged(str(error)) from error


class TantivyEngine:
    """Opens tantivy's generations."""

    @property
    def schema(self) -> int:
        """The version of our fields."""
        return tantivy_schema.SCHEMA

    def open(self, home: Path, found: mark.Mark, before: Opened | None) -> _Generation:  # noqa: ARG002  nothing is shared
        """The generation in a folder."""
        with _guarded():
            return _Generation(home, found)


class _Generation:
    """One opened generation."""

    def __init__(self, home: Path, found: mark.Mark) -> None:
        self.mark = found
        opened = tantivy.Index.open(str(home))
        opened.config_reader("manual")  # this generation stays what it is
        opened.reload()
        self.schema = opened.schema
        self.searcher: Any = opened.searcher()  # tantivy's stubs leave out what a count is
        newest = self.searcher.search(Find.all_query(), 1, count=False, order_by_field="moment").hits
        self.newest = int(newest[0][0]) if newest else 0
        self._vocabulary: spelling.Vocabulary | None = None

    def close(self) -> None:
        """The files go with the last reference to the searcher."""

    # --- searching ------------------------------------------------------------------------------------------

    def search(self, query: Query, parsed: language.Parsed) -> Results:
        """The results of a query."""
        with _guarded():
            return self._search(query, parsed)

    def _search(self, query: Query, parsed: language.Parsed) -> Results:
        wanted = self._narrowed(query, self.tree(parsed.node))
        limit, offset = ranking.window(query.limit, query.offset)
        scored = parsed.scored
        by_date = query.sort == "date" or not scored
        total, ranked = (self._by_date if by_date else self._by_relevance)(wanted, offset + limit)
        chosen = ranked[offset : offset + limit]
        scores = self._scores(wanted, chosen) if by_date and scored else [score for score, _ in chosen]
        marker = Marker.of(parsed.stems, parsed.prefixes)
        suggestion = self._other_spelling(query, parsed, total) if total <= spelling.FEW and scored else ""
        return Results(
            query=query.text,
            total=total,
            hits=tuple(
                self._hit(place, score, marker) for (_, place), score in zip(chosen, scores, strict=True)
            ),
            facets=self._facets(wanted) if query.facets else {},
            suggestion=suggestion,
            notes=parsed.notes,
        )

    def _narrowed(self, query: Query, tree: Any) -> Any:
        """The tree with the fields of the query, as facets narrow."""
        filters: list[language.Node] = []
        if query.site:
            filters.append(language.Filter("site", query.site))
        if query.topic:
            filters.append(language.Filter("topic", query.topic))
        if query.symbol:
            filters.append(language.Filter("symbol", query.symbol))
        if query.author:
            filters.append(language.Filter("author", query.author))
        if query.year:
            year = min(max(query.year, 1), 9999)
            filters.append(language.Dates(date(year, 1, 1), date(year, 12, 31)))
        if query.since or query.until:
            filters.append(language.Dates(query.since or date.min, query.until or date.max))
        if not filters:
            return tree
        must = tantivy.Occur.Must
        return Find.boolean_query([(must, tree), *((must, self.tree(one)) for one in filters)])

    def _by_date(self, wanted: Any, number: int) -> tuple[int, list[tuple[float, Any]]]:
        if not number:
            return self.searcher.search(wanted, 1).count, []
        ask = number + 16
        while True:
            found = self.searcher.search(wanted, ask, order_by_field="moment")
            hits = [(int(moment), place) for moment, place in found.hits]
            # Those of one moment go by slug, so all of the last one's have to be known.
            if len(hits) < ask or hits[-1][0] != hits[number - 1][0]:
                break
            ask *= 4
        ordered = self._untied([((moment,), place) for moment, place in hits], number)
        return found.count, [(0.0, place) for _, place in ordered]

    def _by_relevance(self, wanted: Any, number: int) -> tuple[int, list[tuple[float, Any]]]:
        if not number:
            return self.searcher.search(wanted, 1).count, []
        ask = max(_FIRST_LOOK, 2 * number)
        while True:
            found = self.searcher.search(wanted, ask)
            places = [place for _, place in found.hits]
            if not places:
                return 0, []
            moments = self.searcher.fast_field_values("moment", places)
            ranks = self._boosted([score for score, _ in found.hits], moments)
            # What is equal to the last one wanted may come before it by its slug.
            last = sorted(ranks, reverse=True)[min(number, len(ranks)) - 1]
            # No document left out scores more than the last one, nor is boosted by more than the newest is.
            if len(places) < ask or found.hits[-1][0] * (1 + ranking.RECENCY) < last:
                break
            ask *= 4
        kept = [
            ((rank, moment or 0), place)
            for rank, moment, place in zip(ranks, moments, places, strict=True)
            if rank >= last
        ]
        kept.sort(key=itemgetter(0), reverse=True)
        return found.count, [(rank[0], place) for rank, place in self._untied(kept[: number + 256], number)]

    def _boosted(self, scores: Sequence[float], moments: Sequence[int | None]) -> list[float]:
        newest, shrinks = self.newest, 1 / (_DAY_MICROS * ranking.HALVED_DAYS)
        return [
            score * (1 + ranking.RECENCY * exp2(((moment or 0) - newest) * shrinks))
            for score, moment in zip(scores, moments, strict=True)
        ]

    def _untied(
        self, ranked: Sequence[tuple[tuple[float, ...], Any]], number: int
    ) -> list[tuple[tuple[float, ...], Any]]:
        """The first `number`; what is equal in rank goes by slug."""
        out: list[tuple[tuple[float, ...], Any]] = []
        start = 0
        while start < len(ranked) and len(out) < number:
            end = start + 1
            while end < len(ranked) and ranked[end][0] == ranked[start][0]:
                end += 1
            group = list(ranked[start:end])
            out += sorted(group, key=lambda one: self._slug(one[1])) if len(group) > 1 else group
            start = end
        return out[:number]

    def _scores(self, wanted: Any, chosen: Sequence[tuple[float, Any]]) -> list[float]:
        """Scores of results that were ordered by date."""
        moments = self.searcher.fast_field_values("moment", [place for _, place in chosen])
        told = [wanted.explain(self.searcher, place).to_json() for _, place in chosen]
        return self._boosted([float(msgspec.json.decode(one)["value"]) for one in told], moments)

    def _kept(self, place: Any) -> tantivy_schema.Kept:
        return tantivy_schema.read(self.searcher.doc(place).get_first("kept"))

    def _slug(self, place: Any) -> tuple[str, str]:
        kept = self._kept(place)
        return kept.slug, kept.url

    def _hit(self, place: Any, score: float, marker: Marker) -> Hit:
        kept = self._kept(place)
        return Hit(
            slug=kept.slug,
            url=kept.url,
            title=kept.title,
            date=datetime.fromisoformat(kept.date),
            score=score,
            snippet=marker.snippet(kept.text, kept.summary),
            title_html=marker.title(kept.title),
            summary=kept.summary,
            topics=kept.topics,
            symbols=kept.symbols,
            authors=kept.authors,
        )

    def _facets(self, wanted: Any) -> dict[str, tuple[FacetCount, ...]]:
        counted = self.searcher.aggregate(wanted, self._counters) if self._counters else {}
        found = {}
        for name in FACETS:
            buckets: Sequence[Any] = counted[name]["buckets"] if name in counted else ()
            tied = len(buckets) == _VALUES
            if tied and buckets[ranking.MAX_FACETS - 1]["doc_count"] == buckets[-1]["doc_count"]:
                buckets = self._all_values(wanted, name)  # the first of the equal ones may not be among them
            if name == "year":
                years = sorted(((int(one["key"]), int(one["doc_count"])) for one in buckets), reverse=True)
                found[name] = tuple(FacetCount(str(year), count) for year, count in years)
            else:
                counts = sorted((-one["doc_count"], one["key"]) for one in buckets)
                found[name] = tuple(
                    FacetCount(value, -count) for count, value in counts[: ranking.MAX_FACETS]
                )
        return found

    def _all_values(self, wanted: Any, name: str) -> Sequence[Any]:
        counter = {name: {"terms": {"field": name, "size": _ALL_VALUES}}}
        found: Sequence[Any] = self.searcher.aggregate(wanted, counter)[name]["buckets"]
        return found

    @cached_property
    def _counters(self) -> dict[str, Any]:
        """How facets are counted; those that no document has cost nothing."""
        if not self.mark.documents:
            return {}
        held = [name for name in FACETS if name == "year" or self.searcher.terms_with_prefix(name, "")]
        # So many of each segment that none is missed which only together with others comes among the first.
        return {
            name: {"terms": {"field": name, "size": _VALUES, "segment_size": _ALL_VALUES}} for name in held
        }

    # --- the tree -------------------------------------------------------------------------------------------

    def tree(self, node: language.Node) -> Any:
        """A node as tantivy's query."""
        must, should, without = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
        match node:
            case language.Word(stem):
                return self._term("words", stem)
            case language.Phrase(stems):
                if len(stems) == 1:
                    return self._term("words", stems[0])
                return Find.phrase_query(self.schema, "words", list(stems))
            case language.Prefix(start):
                found = [self._term("surface", word) for word, _ in self._expansions(start)]
                return Find.disjunction_max_query(found) if found else Find.empty_query()
            case language.And(nodes):
                return Find.boolean_query([(must, self.tree(one)) for one in nodes])
            case language.Or(nodes):
                return Find.boolean_query([(should, self.tree(one)) for one in nodes])
            case language.Not(inner):
                return Find.boolean_query([(must, _plain(Find.all_query())), (without, self.tree(inner))])
            case language.Filter(name, value):
                return _plain(self._named(name, value))
            case language.Dates(first, last):
                return _plain(
                    Find.range_query(
                        self.schema, "day", tantivy.FieldType.Integer, first.toordinal(), last.toordinal()
                    )
                )
            case language.Everything() | language.Facts():
                return _plain(Find.all_query())

    def _term(self, field: str, value: str) -> Any:
        return Find.term_query(self.schema, field, value, "freq" if field == "words" else "basic")

    def _named(self, name: str, value: str) -> Any:
        if name == "site":
            return Find.term_set_query(self.schema, "site", [value, ranking.EVERYWHERE])
        if name == "symbol":
            return self._term("symbol_key", ranking.class_mark(value))
        return self._term(f"{name}_key", ranking.name_key(value))

    # --- words ----------------------------------------------------------------------------------------------

    def _expansions(self, start: str, most: int = ranking.MAX_EXPANSIONS) -> list[tuple[str, int]]:
        found = self.searcher.terms_with_prefix("surface", start)
        return sorted(found, key=lambda one: (-one[1], one[0]))[:most]

    def completions(self, start: str, limit: int) -> list[str]:
        """Words that begin so, the most frequent first."""
        limit = min(max(limit, 0), 50)
        with _guarded():
            found = self._expansions(start, 4 * limit + 1)
        return [word for word, _ in found if word != start and word[-1:].isalpha()][:limit]

    def _vocabularies(self) -> list[spelling.Vocabulary]:
        if self._vocabulary is None:
            self._vocabulary = spelling.Vocabulary(self.searcher.terms_with_prefix("surface", ""))
        return [self._vocabulary]

    def _other_spelling(self, query: Query, parsed: language.Parsed, found: int) -> str:
        known = partial(self._is_known, rare=spelling.FEW if found else 0)
        # A word that some stories have is seldom a slip: only what is one edit away is asked about.
        most = 1 if found else 2
        text = spelling.respelt(parsed.text, parsed.written, known, self._vocabularies, most)
        if not text:
            return ""
        tree = self.tree(language.parse(text).node)
        if query.site:
            must = tantivy.Occur.Must
            tree = Find.boolean_query([(must, tree), (must, self.tree(language.Filter("site", query.site)))])
        return text if spelling.worth_saying(found, self.searcher.search(tree, 1).count) else ""

    def _is_known(self, surface: str, rare: int) -> bool:
        return all(self.searcher.doc_freq("words", term.stem) > rare for term in words.terms(surface))


def _plain(query: Any) -> Any:
    """A query that finds and does not score."""
    return Find.const_score_query(query, 0.0)
