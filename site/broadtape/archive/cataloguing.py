"""Cataloguing: the keeper's side of the catalogue, and the only way into it.

Owns what one change touches and makes visible at once; what may be shown was decided by publishing.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from broadtape import databases
from broadtape.archive import changes, manifest, published
from broadtape.archive.local import Local
from broadtape.archive.manifest import Compared, FileMark, Seen, mark_of, row_of
from broadtape.archive.records import (
    DefinitionView,
    Filing,
    Gone,
    InstrumentView,
    QuoteBoard,
    Searchable,
    StandingPage,
    TagKind,
    last_told,
    tag_key,
)
from broadtape.archive.rows import create, current, dump, dump_article, dump_facts, load, micros
from broadtape.model import Article, Problem


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _shown(path: str) -> str:
    """A file's path as people see it: from the instance's folder."""
    return path if path.startswith(("content/", "/")) or not path else f"content/{path}"


def _sound(db: sqlite3.Connection) -> bool:
    try:
        db.execute("SELECT count(*) FROM meta").fetchone()
        return current(db)
    except sqlite3.DatabaseError:
        return False


class CatalogueWriter:
    """The keeper's side. What one `change()` holds becomes visible at once, as a new generation."""

    def __init__(self, path: Path, *, wait_s: float = databases.WAIT_S) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._touched: set[str] = set()  # keys of broadtape.archive.changes
        with self._refusals():
            self._db, self.rebuilt = databases.made_sound(
                path, lambda: databases.open_for_writing(path, "NORMAL", wait_s=wait_s), _sound, create
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> CatalogueWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._refusals():
            self._db.execute("BEGIN IMMEDIATE")
        try:
            with self._refusals():
                yield
        except BaseException:
            if self._db.in_transaction:  # a full disk has ended it already
                self._db.execute("ROLLBACK")
            raise
        with self._refusals():
            self._db.execute("COMMIT")

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """What the disk refuses in one line: no space, no right to write, another writer that does not end."""
        try:
            yield
        except sqlite3.OperationalError as error:
            from broadtape.archive.files import CannotFile  # noqa: PLC0415  readers load no YAML

            raise CannotFile(
                f"{self.path}: cannot be written: {error}; see to space and rights, then run broadtape index"
            ) from error

    @contextmanager
    def change(self, *, now: datetime | None = None) -> Iterator[None]:
        """A published change: all or nothing; the generation rises if anything was written."""
        self._touched.clear()
        with self._transaction():
            before = self._db.total_changes
            yield
            if self._db.total_changes != before:
                generation = self.generation + 1
                self.set_meta("generation", str(generation))
                self.set_meta("written", (now or _utc_now()).isoformat())
                changes.record(self._db, generation, {changes.EVERYTHING} if self.rebuilt else self._touched)

    @contextmanager
    def note(self) -> Iterator[None]:
        """A change of what readers do not see (what search was told): the generation stays."""
        with self._transaction():
            yield

    def touched_since(self, generation: int) -> set[str]:
        """What changed after a generation, as keys of broadtape.archive.changes."""
        return changes.since(self._db, generation)

    @property
    def generation(self) -> int:
        """The generation as this connection sees it."""
        return int(self.meta("generation") or 0)

    def meta(self, name: str) -> str | None:
        """A note kept with the catalogue."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_near(self, site: str, symbols: Iterable[str]) -> None:
        """Keep which companies are near a site."""
        self.set_meta(f"near/{site}", " ".join(symbols))

    def set_local(self, site: str, local: Local) -> None:
        """Keep what the local blocks of a site hold."""
        value = dump(local).decode()
        if self.meta(f"local/{site}") != value:
            self._touched.add(changes.local(site))
            self.set_meta(f"local/{site}", value)

    def set_meta(self, name: str, value: str) -> None:
        """Keep a note, if it differs from the one kept."""
        if name in ("as_of", "retrieved", "market") or name.startswith("near/"):
            if self.meta(name) == value:
                return
            self._touched.add(changes.STAMP)
        self._db.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
            " WHERE value != excluded.value",
            (name, value),
        )

    # --- articles -------------------------------------------------------------------------------------

    def remove(self, path: str) -> None:
        """Take whatever stood for that file out of the site."""
        before = changes.Standing.of(self._db, path)
        self._drop(path)
        self._touched |= changes.between(self._db, before, None)

    def _drop(self, path: str) -> None:
        row = self._db.execute("SELECT n FROM article WHERE path = ?", (path,)).fetchone()
        if row is not None:
            for table in ("rendering", "listing", "alias", "run", "claimed", "claimed_of", "article"):
                self._db.execute(f"DELETE FROM {table} WHERE n = ?", row)  # noqa: S608 – constant names
            self._db.execute("REPLACE INTO retell VALUES (?, '', '', 0)", (path,))
        self._db.execute("DELETE FROM gone WHERE path = ?", (path,))

    def put(self, filing: Filing, *, now: datetime | None = None) -> None:
        """File an article in place of what stood for its path."""
        article = filing.article
        row = self._db.execute("SELECT n FROM article WHERE path = ?", (article.path,)).fetchone()
        first = (
            row is None and self.rebuilt
        )  # of a catalogue made anew everything is touched, and nothing is there
        before = None if first else changes.Standing.of(self._db, article.path)
        if not first:
            self._drop(article.path)
        at = micros(article.date)
        changed = max(at, micros(article.updated)) if article.updated else at
        at = max(at, micros(last_told(article)))  # a story that runs on stands where it was last told
        packed = dump_article(article)
        stamp = hashlib.sha256(filing.address.encode() + packed + filing.text.encode()).hexdigest()[:24]
        # The same n again: articles of one moment keep their order.
        n = self._db.execute(
            "INSERT INTO article VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                None if row is None else row[0],
                article.path,
                article.id,
                filing.address,
                at,
                changed,
                article.title,
                filing.words,
                packed,
                filing.html,
                filing.text,
                dump(dict(filing.proof)).decode(),
                dump_facts(filing.facts),
                micros(now or _utc_now()),
                filing.photo_bytes,
                stamp,
                article.as_of.isoformat() if article.as_of else None,
                filing.since,
                filing.since_html,
                " ".join(filing.made),
            ),
        ).lastrowid
        self._db.execute("REPLACE INTO retell VALUES (?, ?, ?, ?)", (article.path, filing.address, stamp, at))
        tags: dict[tuple[str, str], str] = {("", ""): ""}
        named: list[tuple[TagKind, Iterable[str]]] = [
            ("topic", article.topics),
            ("author", article.authors),
            ("symbol", filing.symbols),
            ("month", [article.date.strftime("%Y-%m")]),
        ]
        for kind, names in named:
            for name in names:
                if key := tag_key(kind, name):
                    tags.setdefault((kind, key), name)
        for site, feed_html in filing.feeds.items():
            self._db.execute("INSERT INTO rendering VALUES (?, ?, ?)", (n, site, feed_html))
            self._db.executemany(
                "INSERT INTO listing VALUES (?, ?, ?, ?, ?, ?)",
                [(site, kind, key, at, n, name) for (kind, key), name in tags.items()],
            )
        self._db.executemany(
            "INSERT OR IGNORE INTO alias VALUES (?, ?)", [(alias, n) for alias in filing.aliases]
        )
        self._db.executemany(
            "INSERT INTO run VALUES (?, ?, ?, ?)", [(k, at, n, s) for k, s in filing.runs.items()]
        )
        if filing.facts:
            claimed, of = published.rows(int(n or 0), filing.facts, filing.said)
            marks = ", ".join("?" * len(claimed[0]))
            self._db.executemany(f"INSERT INTO claimed VALUES ({marks})", claimed)  # noqa: S608 – marks only
            self._db.executemany("INSERT OR IGNORE INTO claimed_of VALUES (?, ?, ?)", of)
        if not first:
            self._touched |= changes.between(self._db, before, changes.Standing.of(self._db, article.path))

    def put_gone(self, path: str, sites: Iterable[str], gone: Gone) -> None:
        """Say that the article of that file was withdrawn."""
        self.remove(path)
        self._db.executemany(
            "INSERT INTO gone VALUES (?, ?, ?, ?, ?, ?)",
            [(path, site, gone.address, gone.title, gone.note, gone.date.isoformat()) for site in sites],
        )
        self._touched.add(changes.article(gone.address))

    def placed(self, path: str) -> tuple[str, str] | None:
        """Id and address of what is filed for a path."""
        row = self._db.execute("SELECT id, address FROM article WHERE path = ?", (path,)).fetchone()
        return None if row is None else (str(row[0]), str(row[1]))

    def holder(self, path: str, article_id: str, address: str) -> tuple[str, str, str] | None:
        """Path, id and address of another file that has the id or the address."""
        row = self._db.execute(
            "SELECT path, id, address FROM article WHERE (id = ? OR address = ?) AND path != ? LIMIT 1",
            (article_id, address, path),
        ).fetchone()
        return None if row is None else (str(row[0]), str(row[1]), str(row[2]))

    def sessions(self) -> set[date]:
        """The `as_of` of every filed article that has one."""
        rows = self._db.execute("SELECT DISTINCT as_of FROM article WHERE as_of IS NOT NULL")
        return {date.fromisoformat(row[0]) for row in rows}

    def named_symbols(self) -> set[str]:
        """Every symbol that a filed article names."""
        rows = self._db.execute("SELECT DISTINCT key FROM listing WHERE kind = 'symbol'")
        return {str(row[0]) for row in rows}

    # --- the manifest and problems --------------------------------------------------------------------

    def marks(self) -> dict[str, FileMark]:
        """The manifest by path."""
        return {row[0]: mark_of(row) for row in self._db.execute("SELECT * FROM file")}

    def compare(self, found: Mapping[str, Seen], store: int, drawn: Callable[[str, str], int]) -> Compared:
        """How the files that were found differ from the manifest."""
        return manifest.compare(self._db, found, store, drawn)

    def marks_of(self, paths: Iterable[str], store: int) -> dict[str, FileMark]:
        """The part of the manifest for some paths, for pending files and for those proved against other stores."""
        rows = self._db.execute(
            "SELECT * FROM file WHERE pending UNION SELECT * FROM file WHERE store < ?1"
            " UNION SELECT * FROM file WHERE store > ?1",  # not "!=", which would look at all of them
            (store,),
        ).fetchall()
        for path in paths:
            rows += self._db.execute("SELECT * FROM file WHERE path = ?", (path,))
        return {row[0]: mark_of(row) for row in rows}

    def files(self) -> int:
        """How many files the manifest knows."""
        return int(self._db.execute("SELECT count(*) FROM file").fetchone()[0])

    def set_mark(self, mark: FileMark) -> None:
        """Remember a file as seen."""
        self._db.execute("REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row_of(mark))

    def forget(self, path: str) -> None:
        """The file is gone: forget it, its article and its problems."""
        self.remove(path)
        for table in ("problem", "file", "proof", "fact"):
            self._db.execute(f"DELETE FROM {table} WHERE path = ?", (path,))  # noqa: S608 – constant names

    def set_problems(self, path: str, problems: Iterable[Problem]) -> None:
        """The problems of one file (or of "" for the instance), in place of those known before."""
        problems = (replace(one, path=_shown(one.path)) for one in problems)
        wanted = [(path, position, dump(problem)) for position, problem in enumerate(problems)]
        query = "SELECT path, position, problem FROM problem WHERE path = ? ORDER BY position"
        if self._db.execute(query, (path,)).fetchall() != wanted:
            self._db.execute("DELETE FROM problem WHERE path = ?", (path,))
            self._db.executemany("INSERT INTO problem VALUES (?, ?, ?)", wanted)

    def known_problems(self, path: str) -> list[Problem]:
        """The problems of one file as last set."""
        rows = self._db.execute("SELECT problem FROM problem WHERE path = ? ORDER BY position", (path,))
        return [load(row[0], Problem) for row in rows]

    def problems(self) -> list[Problem]:
        """Every problem, by path and line, as this connection sees them."""
        rows = self._db.execute("SELECT problem FROM problem")
        found: list[Problem] = [load(row[0], Problem) for row in rows]
        return sorted(found, key=lambda problem: (problem.path, problem.line))

    # --- search -------------------------------------------------------------------------------------------

    def to_search(self, now: datetime, *, everything: bool = False) -> list[Searchable]:
        """The visible articles of which the index has not been told, or all of them."""
        source = (
            "article a"
            if everything
            else "(SELECT r.path FROM retell r LEFT JOIN searched t ON t.path = r.path WHERE r.address != ''"
            " AND (t.stamp IS NULL OR t.stamp != r.stamp OR t.address != r.address)) d"
            " JOIN article a ON a.path = d.path"
        )
        rows = self._db.execute(
            f"SELECT a.path, a.address, a.stamp, a.article, a.text, s.address FROM {source}"  # noqa: S608 – constant text
            " LEFT JOIN searched s ON s.path = a.path WHERE a.at <= ? ORDER BY a.at",
            (micros(now),),
        )
        return [
            Searchable(path, address, stamp, load(article, Article), text, former or "")
            for path, address, stamp, article, text, former in rows
        ]

    def not_to_search(self, now: datetime) -> dict[str, str]:
        """Path → address of what the index holds and readers do not see (any more)."""
        rows = self._db.execute(
            "SELECT s.path, s.address FROM retell r JOIN searched s ON s.path = r.path"
            " WHERE r.address = '' OR r.at > ?",
            (micros(now),),
        )
        return {str(path): str(address) for path, address in rows}

    def next_at(self, site: str, now: datetime) -> int | None:
        """The moment, in microseconds, from which the next article counts as published; None where none is to come."""
        row = self._db.execute(
            "SELECT min(at) FROM listing WHERE site = ? AND kind = '' AND key = '' AND at > ?",
            (site, micros(now)),
        ).fetchone()
        return None if row[0] is None else int(row[0])

    def searched(
        self, told: Iterable[Searchable], removed: Iterable[str], *, everything: bool = False
    ) -> None:
        """The index was told; with `everything`, of nothing else."""
        if everything:
            self._db.execute("DELETE FROM searched")
        self._db.executemany("DELETE FROM searched WHERE path = ?", [(path,) for path in removed])
        rows = [(one.path, one.address, one.stamp) for one in told]
        self._db.executemany("REPLACE INTO searched VALUES (?, ?, ?)", rows)
        # What was filed again meanwhile differs, and what is scheduled is not told yet: both stay.
        self._db.execute(
            "DELETE FROM retell WHERE (address = '' AND path NOT IN (SELECT path FROM searched)) OR EXISTS"
            " (SELECT 1 FROM searched s"
            " WHERE s.path = retell.path AND s.stamp = retell.stamp AND s.address = retell.address)"
        )

    # --- proofs -------------------------------------------------------------------------------------------

    def proof(self, path: str) -> tuple[str, bytes] | None:
        """Stamp and bytes of the file's last proof."""
        row = self._db.execute("SELECT stamp, proof FROM proof WHERE path = ?", (path,)).fetchone()
        return None if row is None else (row[0], row[1])

    def set_proof(self, path: str, stamp: str, proof: bytes) -> None:
        """Keep a proof in place of the one before."""
        self._db.execute("REPLACE INTO proof VALUES (?, ?, ?)", (path, stamp, proof))

    def set_records(self, path: str, records: Mapping[str, object]) -> None:
        """The records of a facts file, in place of those known before."""
        self._db.execute("DELETE FROM fact WHERE path = ?", (path,))
        rows = [(path, name, dump(record)) for name, record in records.items()]
        self._db.executemany("INSERT INTO fact VALUES (?, ?, ?)", rows)

    def record(self, fact_id: str) -> dict[str, object] | None:
        """The record of a fact from whichever file has it."""
        row = self._db.execute(
            "SELECT record FROM fact WHERE id = ? ORDER BY path LIMIT 1", (fact_id,)
        ).fetchone()
        if row is None:
            return None
        found: dict[str, object] = load(row[0], dict[str, object])
        return found

    # --- market, pages, definitions -------------------------------------------------------------------

    def _replace(self, table: str, columns: tuple[str, ...], rows: Mapping[Any, bytes]) -> None:
        """Make the table hold exactly these rows, touching only those that differ."""
        names = ", ".join(columns)
        last = {"board": "board", "instrument": "view", "page": "page", "definition": "definition"}[table]
        held = {row[:-1]: row[-1] for row in self._db.execute(f"SELECT {names}, {last} FROM {table}")}  # noqa: S608
        where = " AND ".join(f"{column} = ?" for column in columns)
        for key in held.keys() - rows.keys():
            self._touched |= changes.of_row(table, key)
            self._db.execute(f"DELETE FROM {table} WHERE {where}", key)  # noqa: S608 – constant names
        marks = ", ".join("?" * (len(columns) + 1))
        for key, value in rows.items():
            if held.get(key) != value:
                self._touched |= changes.of_row(table, key, new=key not in held)
                self._db.execute(f"REPLACE INTO {table} VALUES ({marks})", (*key, value))  # noqa: S608 – constant names

    def set_boards(self, boards: Mapping[tuple[str, date], QuoteBoard]) -> None:
        """The quote boards by site and session; every other one is dropped."""
        rows = {(site, day.isoformat()): dump(board) for (site, day), board in boards.items()}
        self._replace("board", ("site", "as_of"), rows)

    def has_board(self, site: str, day: date) -> bool:
        """Whether there is a board of that session."""
        query = "SELECT 1 FROM board WHERE site = ? AND as_of = ?"
        return self._db.execute(query, (site, day.isoformat())).fetchone() is not None

    def has_instrument(self, symbol: str) -> bool:
        """Whether the symbol has a quote page."""
        return self._db.execute("SELECT 1 FROM instrument WHERE symbol = ?", (symbol,)).fetchone() is not None

    def add_board(self, site: str, board: QuoteBoard) -> None:
        """One more board."""
        self._touched |= changes.of_row("board", (site, board.as_of.isoformat()))
        self._db.execute("REPLACE INTO board VALUES (?, ?, ?)", (site, board.as_of.isoformat(), dump(board)))

    def add_instruments(self, views: Iterable[InstrumentView]) -> None:
        """More quote pages."""
        rows = [(view.instrument.symbol, dump(view)) for view in views]
        for symbol, _ in rows:
            self._touched |= changes.of_row("instrument", (symbol,), new=True)
        self._db.executemany("REPLACE INTO instrument VALUES (?, ?)", rows)

    def set_instruments(self, views: Iterable[InstrumentView]) -> None:
        """The instruments that have a quote page; every other one is dropped."""
        self._replace("instrument", ("symbol",), {(view.instrument.symbol,): dump(view) for view in views})

    def set_pages(self, pages: Mapping[tuple[str, str], StandingPage]) -> None:
        """The standing pages by site and name; every other one is dropped."""
        self._replace("page", ("site", "name"), {key: dump(page) for key, page in pages.items()})

    def set_definitions(self, definitions: Iterable[DefinitionView]) -> None:
        """The metrics' definitions; every other one is dropped."""
        self._replace("definition", ("name",), {(item.name,): dump(item) for item in definitions})
