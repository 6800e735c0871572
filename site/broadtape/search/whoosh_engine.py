"""The reader of a Whoosh index: evaluates query trees over its postings with numpy, scoring every match.

Writes nothing. Whoosh keeps the inverted index; its own collector is not used, since it skips blocks of documents that
would have scored higher (a wrong top ten for 4 of 40 two-word queries). Scores are Whoosh's BM25F to the last digits.
"""

from __future__ import annotations

import math
import pickle
import struct
import zlib
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from whoosh import index
from whoosh.filedb.filestore import FileStorage

from broadtape.search import language, mark, ranking, spelling, whoosh_schema, words
from broadtape.search.generations import Damaged
from broadtape.search.port import FACETS, FacetCount, Hit, Query, Results
from broadtape.search.ranking import HALVED_DAYS, MAX_EXPANSIONS, MAX_FACETS, RECENCY
from broadtape.search.snippets import Marker
from broadtape.search.whoosh_postings import Postings, positions, read, vocabulary

if TYPE_CHECKING:
    from broadtape.search.generations import Opened

_B: Final = 0.75
_K1: Final = 1.2
_CACHED_POSTINGS: Final = 3_000_000  # 8 bytes each

_FAILURES: Final = (
    index.IndexError, OSError, EOFError, ValueError, KeyError, TypeError, zlib.error, struct.error, pickle.PickleError,
)  # fmt: skip
"""What a damaged or vanished file makes Whoosh raise."""

Mask = NDArray[np.bool_]
Scores = NDArray[np.float64]
Ids = NDArray[np.int32]


class _Names(NamedTuple):
    """A field of names: who has which."""

    values: list[str]  # sorted
    ids: Ids  # documents, name by name
    of: Ids  # for each of `ids`, the place of its name in `values`


@dataclass(slots=True)
class _Segment:
    """What never changes of one segment; deletions belong to a generation."""

    count: int
    lengths: Scores
    moments: NDArray[np.int64]
    days: Ids
    names: dict[str, _Names] = field(default_factory=dict)
    surfaces: spelling.Vocabulary | None = None
    postings: dict[tuple[str, str], Postings] = field(default_factory=dict)


class WhooshEngine:
    """Opens Whoosh's generations."""

    @property
    def schema(self) -> int:
        """The version of our fields."""
        return whoosh_schema.SCHEMA

    def open(self, home: Path, found: mark.Mark, before: Opened | None) -> _Generation:
        """The generation in a folder; segments that the former one has open are not read again."""
        try:
            return _Generation(home, found, before if isinstance(before, _Generation) else None)
        except _FAILURES as error:
            raise Damaged(f"{home}: {error}") from error


class _Files(FileStorage):  # type: ignore[misc]  # Whoosh's class is untyped for us
    """A folder's files that remembers which it opened: Whoosh leaves some open when one of them is gone."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.opened: list[Any] = []

    def open_file(self, name: str, *more: Any, **options: Any) -> Any:
        file = super().open_file(name, *more, **options)
        self.opened.append(file)
        return file

    def close_all(self) -> None:
        for file in self.opened:
            if not file.is_closed:
                file.close()
        self.opened.clear()


class _Generation:
    """One opened generation: segments side by side, documents numbered through."""

    def __init__(self, home: Path, found: mark.Mark, before: _Generation | None) -> None:
        self.mark = found
        self.files = _Files(home)
        try:
            self._read(before.segments if before is not None else {})
        except BaseException:
            self.files.close_all()
            raise

    def _read(self, known: dict[str, _Segment]) -> None:
        self.reader = self.files.open_index().reader()
        self.leaves: list[tuple[Any, int, _Segment]] = []
        self.segments: dict[str, _Segment] = {}
        live: list[Mask] = []
        for leaf, offset in self.reader.leaf_readers() if self.reader.doc_count_all() else ():
            name = str(leaf.segment().segment_id())
            segment = known.get(name) or _read_segment(leaf)
            self.segments[name] = segment
            self.leaves.append((leaf, offset, segment))
            leaf.stored_fields(0)  # opens the file now, before a later commit may take it away
            mask = np.ones(segment.count, dtype=bool)
            if leaf.has_deletions():
                mask[:] = False
                mask[np.fromiter(leaf.all_doc_ids(), dtype=np.int64)] = True
            live.append(mask)
        self.count = sum(segment.count for _, _, segment in self.leaves)
        self.live: Mask = np.concatenate(live) if live else np.zeros(0, dtype=bool)
        self.moments = self._joined(lambda segment: segment.moments, np.int64)
        self.days = self._joined(lambda segment: segment.days, np.int32)
        lengths = self._joined(lambda segment: segment.lengths, np.float64)
        average = self.reader.field_length("words") / self.count if self.count else 1.0
        self.norm: Scores = _K1 * ((1 - _B) + _B * lengths / (average or 1.0))
        self.recency = self._recency()
        self.years, self._year_of = _years(self.days)
        self._names: dict[str, _Names] = {}
        self._keys: dict[str, dict[str, list[int]]] = {}
        self._phrases: OrderedDict[tuple[str, ...], Ids] = OrderedDict()
        self._held = sum(len(held.ids) for s in self.segments.values() for held in s.postings.values())

    def close(self) -> None:
        """Close the files."""
        self.reader.close()
        self.files.close_all()

    def _joined(self, part: Callable[[_Segment], NDArray[Any]], kind: type) -> NDArray[Any]:
        return (
            np.concatenate([part(s) for _, _, s in self.leaves]) if self.leaves else np.zeros(0, dtype=kind)
        )

    def _recency(self) -> Scores:
        """Relative to the newest article, not to the clock: the same index gives the same order on any day."""
        if not self.live.any():
            return np.ones(self.count)
        age_days = (self.moments[self.live].max() - self.moments) / 86_400_000_000
        return cast("Scores", 1.0 + RECENCY * np.exp2(-np.maximum(age_days, 0.0) / HALVED_DAYS))

    # --- searching ------------------------------------------------------------------------------------------

    def search(self, query: Query, parsed: language.Parsed) -> Results:
        """Every match scored."""
        try:
            return self._search(query, parsed)
        except _FAILURES as error:
            raise Damaged(str(error)) from error

    def _search(self, query: Query, parsed: language.Parsed) -> Results:
        mask, scores = self.evaluate(parsed.node)
        mask &= self.live
        for name, value in (
            ("site", query.site),
            ("topic", query.topic),
            ("symbol", query.symbol),
            ("author", query.author),
        ):
            if value:
                mask &= self._with_name(name, value)
        if query.year:
            mask &= self._between(_day(query.year, 1, 1), _day(query.year, 12, 31))
        if query.since or query.until:
            mask &= self._between(query.since or date.min, query.until or date.max)
        matched = np.flatnonzero(mask)
        scored = parsed.scored
        ranks = scores * self.recency if scored else np.zeros(self.count)
        by_date = query.sort == "date" or not scored
        limit, offset = ranking.window(query.limit, query.offset)
        best = self._best(matched, self.moments if by_date else ranks, offset + limit)[offset:]
        marker = Marker.of(parsed.stems, parsed.prefixes)
        suggestion = ""
        if len(matched) <= spelling.FEW and scored:
            suggestion = self._other_spelling(query, parsed, len(matched))
        return Results(
            query=query.text,
            total=len(matched),
            hits=tuple(self._hit(number, float(ranks[number]), marker) for number in best),
            facets=self._facets(mask) if query.facets else {},
            suggestion=suggestion,
            notes=parsed.notes,
        )

    def _best(self, matched: NDArray[np.intp], key: NDArray[Any], wanted: int) -> list[int]:
        """The first `wanted` by key, then date, then slug; all of equal rank are compared, whatever the limit."""
        if not wanted or not len(matched):
            return []
        keys = key[matched]
        if len(matched) > wanted:
            least = np.partition(keys, len(keys) - wanted)[len(keys) - wanted]
            matched, keys = matched[keys >= least], keys[keys >= least]
        moments = self.moments[matched]
        order = np.lexsort((-moments, -keys))
        ranked = [int(number) for number in matched[order]]
        ties = [(keys[place], moments[place]) for place in order]
        out: list[int] = []
        start = 0
        while start < len(ranked) and len(out) < wanted:
            end = start + 1
            while end < len(ranked) and ties[end] == ties[start]:
                end += 1
            group = ranked[start:end]
            out += sorted(group, key=self._slug) if len(group) > 1 else group
            start = end
        return out[:wanted]

    def _slug(self, number: int) -> tuple[str, str]:
        kept = self._kept(number)
        return kept["slug"], kept["url"]

    def _kept(self, number: int) -> dict[str, Any]:
        return cast("dict[str, Any]", self.reader.stored_fields(number)["kept"])

    def _hit(self, number: int, score: float, marker: Marker) -> Hit:
        kept = self._kept(number)
        return Hit(
            slug=kept["slug"],
            url=kept["url"],
            title=kept["title"],
            date=datetime.fromisoformat(kept["date"]),
            score=score,
            snippet=marker.snippet(kept["text"], kept["summary"]),
            title_html=marker.title(kept["title"]),
            summary=kept["summary"],
            topics=tuple(kept["topics"]),
            symbols=tuple(kept["symbols"]),
            authors=tuple(kept["authors"]),
        )

    def _facets(self, mask: Mask) -> dict[str, tuple[FacetCount, ...]]:
        found: dict[str, tuple[FacetCount, ...]] = {}
        for name in FACETS[:3]:
            names = self._named(name)
            hits = np.bincount(names.of[mask[names.ids]], minlength=len(names.values))
            # Values are sorted, so that of equal counts the first by name stay first.
            most = np.argsort(-hits, kind="stable")[:MAX_FACETS].tolist()
            found[name] = tuple(FacetCount(names.values[at], int(hits[at])) for at in most if hits[at])
        by_year = np.bincount(self._year_of[mask], minlength=len(self.years)).tolist()
        found["year"] = tuple(
            FacetCount(str(year), count)
            for year, count in zip(reversed(self.years), reversed(by_year), strict=True)
            if count
        )
        return found

    def _named(self, name: str) -> _Names:
        """A field of names over all segments."""
        known = self._names.get(name)
        if known is None:
            parts = [(offset, _names(leaf, segment, name)) for leaf, offset, segment in self.leaves]
            values = sorted({value for _, part in parts for value in part.values})
            place = {value: at for at, value in enumerate(values)}
            empty = np.zeros(0, dtype=np.int32)
            ids = [part.ids + np.int32(offset) for offset, part in parts]
            of = [
                np.fromiter((place[value] for value in part.values), np.int32, len(part.values))[part.of]
                for _, part in parts
            ]
            known = _Names(values, np.concatenate([empty, *ids]), np.concatenate([empty, *of]))
            self._names[name] = known
        return known

    # --- evaluating -----------------------------------------------------------------------------------------

    def evaluate(self, node: language.Node) -> tuple[Mask, Scores]:
        """Which documents match, and the sum of BM25 over the words that do; deleted ones are still among them."""
        match node:
            case language.Word(stem):
                return self._word(stem)
            case language.Phrase(stems):
                return self._phrase(stems)
            case language.Prefix(start):
                return self._prefix(start)
            case language.And(nodes):
                mask, scores = np.ones(self.count, dtype=bool), np.zeros(self.count)
                for one, theirs in map(self.evaluate, nodes):
                    mask &= one
                    scores += theirs
                return mask, scores
            case language.Or(nodes):
                mask, scores = np.zeros(self.count, dtype=bool), np.zeros(self.count)
                for one, theirs in map(self.evaluate, nodes):
                    mask |= one
                    scores += np.where(one, theirs, 0.0)
                return mask, scores
            case language.Not(inner):
                return ~self.evaluate(inner)[0], np.zeros(self.count)
            case language.Filter(name, value):
                return self._with_name(name, value), np.zeros(self.count)
            case language.Dates(first, last):
                return self._between(first, last), np.zeros(self.count)
            case language.Everything() | language.Facts():
                return np.ones(self.count, dtype=bool), np.zeros(self.count)

    def _word(self, stem: str) -> tuple[Mask, Scores]:
        mask, scores = np.zeros(self.count, dtype=bool), np.zeros(self.count)
        found = [
            (offset, self._postings(leaf, segment, "words", stem)) for leaf, offset, segment in self.leaves
        ]
        frequency = sum(held.frequency for _, held in found)
        if not frequency:
            return mask, scores
        idf = self._idf(frequency)
        for offset, held in found:
            places = held.ids + offset
            mask[places] = True
            scores[places] = idf * (held.weights * (_K1 + 1)) / (held.weights + self.norm[places])
        return mask, scores

    def _idf(self, frequency: int) -> float:
        return math.log(self.count / (frequency + 1)) + 1

    def _phrase(self, stems: tuple[str, ...]) -> tuple[Mask, Scores]:
        mask, scores = np.ones(self.count, dtype=bool), np.zeros(self.count)
        for stem in stems:
            one, theirs = self._word(stem)
            mask &= one
            scores += theirs
        if stems not in self._phrases:
            self._phrases[stems] = self._side_by_side(stems, mask)
            if len(self._phrases) > 256:
                self._phrases.popitem(last=False)
        self._phrases.move_to_end(stems)
        exact = np.zeros(self.count, dtype=bool)
        exact[self._phrases[stems]] = True
        return exact, np.where(exact, scores, 0.0)

    def _side_by_side(self, stems: tuple[str, ...], together: Mask) -> Ids:
        """Of the documents that hold all words, those that hold them in a row."""
        found: list[int] = []
        for leaf, offset, segment in self.leaves:
            wanted = np.flatnonzero(together[offset : offset + segment.count])
            if not len(wanted):
                continue
            places = {stem: positions(leaf, "words", stem, wanted) for stem in dict.fromkeys(stems)}
            for at, number in enumerate(wanted.tolist()):
                row = set(places[stems[0]][at])
                for step, stem in enumerate(stems[1:], 1):
                    row.intersection_update([place - step for place in places[stem][at]])
                    if not row:
                        break
                if row:
                    found.append(number + offset)
        return np.array(found, dtype=np.int32)

    def _prefix(self, start: str) -> tuple[Mask, Scores]:
        mask, scores = np.zeros(self.count, dtype=bool), np.zeros(self.count)
        for word, frequency in self._expansions(start, MAX_EXPANSIONS):
            idf = self._idf(frequency)
            for leaf, offset, segment in self.leaves:
                places = self._postings(leaf, segment, "surface", word).ids + offset
                mask[places] = True
                scores[places] = np.maximum(scores[places], idf * (_K1 + 1) / (1 + self.norm[places]))
        return mask, scores

    def _with_name(self, name: str, value: str) -> Mask:
        mask = np.zeros(self.count, dtype=bool)
        names = self._named(name)
        known = self._keys.get(name)
        if known is None:
            known = self._keys[name] = {}
            for at, one in enumerate(names.values):
                for key in _keys(name, one):
                    known.setdefault(key, []).append(at)
        asked = (value, ranking.EVERYWHERE) if name == "site" else _keys(name, value)[:1]
        chosen = np.zeros(len(names.values), dtype=bool)
        chosen[[at for key in asked for at in known.get(key, ())]] = True
        mask[names.ids[chosen[names.of]]] = True
        return mask

    def _between(self, first: date, last: date) -> Mask:
        return (self.days >= first.toordinal()) & (self.days <= last.toordinal())

    def _postings(self, leaf: Any, segment: _Segment, name: str, term: str) -> Postings:
        key = (name, term)
        known = segment.postings.get(key)
        if known is None:
            known = segment.postings[key] = read(leaf, name, term)
            self._held += len(known.ids)
            if self._held > _CACHED_POSTINGS:
                for one in self.segments.values():
                    one.postings.clear()
                segment.postings[key] = known
                self._held = len(known.ids)
        return known

    # --- words ----------------------------------------------------------------------------------------------

    def _vocabularies(self) -> Iterable[spelling.Vocabulary]:
        for leaf, _, segment in self.leaves:
            if segment.surfaces is None:
                segment.surfaces = spelling.Vocabulary(vocabulary(leaf, "surface"))
            yield segment.surfaces

    def _expansions(self, start: str, most: int) -> list[tuple[str, int]]:
        """The most frequent words that begin so, with the number of documents they are in."""
        counts: dict[str, int] = {}
        for held in self._vocabularies():
            low = bisect_left(held.words, start)
            high = bisect_left(held.words, start + "\U0010ffff")
            part = held.counts[low:high]
            chosen: Iterable[int] = range(len(part))
            if len(part) > 4 * most:
                chosen = np.argpartition(part, len(part) - 4 * most)[len(part) - 4 * most :].tolist()
            for place in chosen:
                word = held.words[low + place]
                counts[word] = counts.get(word, 0) + int(part[place])
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]

    def completions(self, start: str, limit: int) -> list[str]:
        """Words that begin so, the most frequent first."""
        limit = min(max(limit, 0), 50)
        try:
            found = self._expansions(start, 4 * limit + 1)
        except _FAILURES as error:
            raise Damaged(str(error)) from error
        return [word for word, _ in found if word != start and word[-1:].isalpha()][:limit]

    def _other_spelling(self, query: Query, parsed: language.Parsed, found: int) -> str:
        """The query with its unknown words as the index knows them, if that finds something; else "".

        Where few stories were found, words of few stories count as unknown, and it has to find many more.
        """
        known = partial(self._is_known, rare=spelling.FEW if found else 0)
        # A word that some stories have is seldom a slip: only what is one edit away is asked about.
        most = 1 if found else 2
        text = spelling.respelt(parsed.text, parsed.written, known, self._vocabularies, most)
        if not text:
            return ""
        mask, _ = self.evaluate(language.parse(text).node)
        if query.site:
            mask &= self._with_name("site", query.site)
        return text if spelling.worth_saying(found, int((mask & self.live).sum())) else ""

    def _is_known(self, surface: str, rare: int) -> bool:
        return all(self._documents_of(term.stem) > rare for term in words.terms(surface))

    def _documents_of(self, stem: str) -> int:
        return sum(
            int(np.count_nonzero(self.live[self._postings(leaf, segment, "words", stem).ids + offset]))
            for leaf, offset, segment in self.leaves
        )


def _day(year: int, month: int, day: int) -> date:
    return date(min(max(year, 1), 9999), month, day)


def _read_segment(leaf: Any) -> _Segment:
    count = leaf.doc_count_all()
    lengths = np.fromiter((leaf.doc_field_length(n, "words") or 0 for n in range(count)), np.float64, count)
    moments = np.fromiter(iter(leaf.column_reader("moment")), np.int64, count)
    days = np.fromiter(iter(leaf.column_reader("day")), np.int32, count)
    return _Segment(count, lengths, moments, days)


def _years(days: Ids) -> tuple[list[int], NDArray[np.intp]]:
    """The years of written days, in order, and for each document the place of its own."""
    distinct, of = np.unique(days, return_inverse=True)
    of_day = [date.fromordinal(max(day, 1)).year for day in distinct.tolist()]
    years = sorted(set(of_day))
    place = {year: at for at, year in enumerate(years)}
    return years, np.fromiter((place[year] for year in of_day), np.intp, len(of_day))[of]


def _names(leaf: Any, segment: _Segment, name: str) -> _Names:
    known = segment.names.get(name)
    if known is None:
        values = [term.decode() for term in leaf.lexicon(name)]
        lists = [read(leaf, name, value).ids for value in values]
        ids = np.concatenate(lists) if lists else np.zeros(0, dtype=np.int32)
        of = np.repeat(np.arange(len(values), dtype=np.int32), [len(one) for one in lists])
        known = segment.names[name] = _Names(values, ids, of)
    return known


def _keys(name: str, value: str) -> tuple[str, ...]:
    """How a name in the index is asked for; the first is how a value in a query asks."""
    if name == "site":
        return (value,)
    if name == "symbol":
        mark = ranking.class_mark(value)
        return (mark, mark.partition(":")[2]) if ":" in mark else (mark,)
    return (ranking.name_key(value),)
