"""One publish: what changed is read, proved, rendered and filed, in one transaction of the catalogue.

Owns what becomes of each file and in which order; whether there is anything to do was decided before. Only
`broadtape.publishing.publish` runs it, one at a time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from broadtape import __version__, config, heartbeat, localblocks, markdown, pagestore, urls, views
from broadtape.archive.cataloguing import CatalogueWriter
from broadtape.archive.files import beside, made
from broadtape.archive.manifest import FileMark
from broadtape.archive.records import Gone
from broadtape.heartbeat import Mark, settings_digest
from broadtape.model import (
    Article,
    BroadtapeError,
    BrokenArticle,
    Problem,
)
from broadtape.publishing import (
    Published,
    aftermath,
    local,
    proving,
    reading,
    rendering,
    searchable,
    stamps,
    standing,
    standstill,
)
from broadtape.publishing.ahead import Ahead, Read
from broadtape.publishing.proving import Proof
from broadtape.publishing.quotes import STORE_MISSING, Market, Quotes
from broadtape.publishing.revisions import Revision, Revisions
from broadtape.publishing.stamps import Outcome, State, load_state

if TYPE_CHECKING:
    from contextlib import ExitStack

    from broadtape.config import Instance, Site
    from broadtape.desk.proof import Report
    from broadtape.frontmatter import Parsed
    from broadtape.market import MarketReader
    from broadtape.publishing import Progress

KEPT = "; until then the site shows the last proven revision"
ABSENT = "; until then the site does not show it"


@dataclass(slots=True)
class _Tally:
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, number: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + number


class Run:
    """One publish."""

    def __init__(self, instance: Instance, progress: Progress, now: datetime, stack: ExitStack) -> None:
        self.instance = instance
        self.progress = progress
        self.now = now
        self.writer = stack.enter_context(CatalogueWriter(instance.catalogue))
        self.revisions = Revisions(instance.revisions)
        stack.callback(self.revisions.close)
        reader = _open_store(instance.store)
        self.market = Market(reader)
        self.quotes = Quotes(instance, self.writer, self.market, progress, now)
        self.settings = settings_digest(instance.root)
        self.tally = _Tally()
        self.marks: dict[str, FileMark] = {}  # of the files that this publish may have to look at
        self.states: dict[str, State] = {}
        self.put: list[Article] = []
        self.anew = False  # everything is to be made again: the settings changed, or this program did
        self.pictured = ("", 0)  # of the article that is looked at: its picture's name and stamp
        self._licensed: dict[str, bool] = {}
        self._verify: Callable[..., Report] | None = None

    # --- the order of things ------------------------------------------------------------------------------

    def publish(
        self,
        changed: set[Path] | None,
        budget_s: float | None,
        *,
        search: bool,
        walked: Mapping[str, stamps.Stamp] | None = None,
    ) -> Published:
        """As `broadtape.publishing.publish`, which says what the arguments are; `walked` is what stamps.walk gave."""
        context = standstill.context(self.instance, self.settings)
        anew = self.anew = self.writer.rebuilt or self.writer.meta("context") != context
        everything = changed is None or anew
        found: Mapping[str, stamps.Stamp | None]
        gone: AbstractSet[str]
        if everything:
            files = stamps.walk(self.instance) if walked is None else walked
            if anew:
                found, self.marks = files, self.writer.marks()
                gone = self.marks.keys() - found.keys()
            else:
                compared = self.writer.compare(files, self.market.generation, self._drawn)
                found = {path: files[path] for path in compared.differing | compared.pending}
                gone = compared.gone
                self.marks = self.writer.marks_of([*found, *gone], self.market.generation)
        else:
            found = stamps.among(self.instance, changed or set())
            gone = {path for path, stamp in found.items() if stamp is None}
            found = {p: stamp for p, stamp in found.items() if not stamps.in_other_bundle(self.instance, p)}
            self.marks = self.writer.marks_of(found, self.market.generation)
        self.states = {path: load_state(mark.state) for path, mark in self.marks.items()}
        with self.writer.change(now=self.now), self.revisions.change():
            for path in sorted(gone & self.marks.keys()):
                self._delete(path)
            self._articles(self._to_do(found, anew=anew, named=changed), budget_s)
            self.quotes.update(anew, self.put)
            self._standing(anew)
            self._local(everything=everything)
            self.writer.set_meta("context", context)
            self._settings_problems()
        generation = self.writer.generation
        self._account(generation)
        heartbeat.write_mark(self.instance, Mark(generation, self.settings))
        # After the mark: a page does not wait for the index, which may have to be made anew.
        if search and not searchable.update(self.instance, self.writer, self.now, self.progress):
            self.tally.add("waiting")
        due = [state.due for state in self.states.values() if state.outcome == "scheduled"]
        self.tally.counts["files"] = self.writer.files()
        return Published(
            counts=dict(self.tally.counts),
            problems=tuple(self.writer.problems()),
            generation=generation,
            seconds=0.0,
            next_visible=datetime.fromtimestamp(min(due), self.now.tzinfo) if due else None,
        )

    def _account(self, generation: int) -> None:
        """Mark the printed pages that the change made stale, before readers hear of the change."""
        path = pagestore.path_of(self.instance.cache)
        if not path.exists():
            return
        with pagestore.PageWriter(path) as store:
            if store.generation != generation or store.meta("settings") != self.settings:
                store.account(self.writer.touched_since(store.generation), generation, self.settings)

    def _to_do(
        self, found: Mapping[str, stamps.Stamp | None], *, anew: bool, named: set[Path] | None
    ) -> list[tuple[str, stamps.Stamp, bool]]:
        """Path, stamp and whether only the store's change asks for it; what was saved comes first."""
        saved, stale = [], []
        seen = {path: stamp for path, stamp in found.items() if stamp is not None}
        for path, state in self.states.items():
            if path not in seen and (self._due(state) or state.blocked or self._behind(state)):
                stamp = stamps.stamp(self.instance, path)
                if stamp is not None:
                    seen[path] = stamp
        for path, stamp in sorted(seen.items()):
            if anew or (named is not None and path in found) or self._differs(path, stamp):
                saved.append((path, stamp, False))
            elif self._behind(self.states[path]):
                stale.append((path, stamp, True))
        return saved + stale

    def _differs(self, path: str, stamp: stamps.Stamp) -> bool:
        """Whether the article has to be looked at again: saved, due, or in another's way before."""
        state, mark = self.states.get(path), self.marks.get(path)
        if state is None or mark is None or state.racy or state.blocked or self._due(state):
            return True
        return mark.seen != stamp or self._redrawn(mark)

    def _drawn(self, path: str, picture: str) -> int:
        return stamps.photo_stamp(self.instance, path, picture)

    def _redrawn(self, mark: FileMark) -> bool:
        return self._drawn(mark.path, mark.picture) != mark.drawn

    def _due(self, state: State) -> bool:
        return state.outcome == "scheduled" and state.due <= self.now.timestamp()

    def _behind(self, state: State) -> bool:
        return state.proved and state.store != self.market.generation

    def _articles(self, to_do: list[tuple[str, stamps.Stamp, bool]], budget_s: float | None) -> None:
        began = time.perf_counter()
        raws: dict[str, Read] = {}
        for path, stamp, only_store in to_do:  # an article may use a fact of one that comes after it
            if not only_store and stamp.facts != (0, 0):
                raws[path] = Read(*reading.raw(self.instance, path, stamp))
                self.writer.set_records(path, reading.records(raws[path].facts))
        plain = [path for path, stamp, only_store in to_do if not only_store and stamp.facts == (0, 0)]
        with Ahead(self.instance, self.settings, plain) as ahead:
            for number, (path, stamp, only_store) in enumerate(to_do):
                if only_store and budget_s is not None and time.perf_counter() - began > budget_s:
                    self.tally.add("waiting", len(to_do) - number)
                    break
                self.progress("publish", number, len(to_do))
                self._article(path, stamp, raws.pop(path, None) or ahead.take(path))
        if to_do:
            self.progress("publish", len(to_do), len(to_do))

    # --- one article ----------------------------------------------------------------------------------------

    def _delete(self, path: str) -> None:
        self.tally.add("removed")
        self.writer.forget(path)
        self.revisions.forget(path)
        self.states.pop(path, None)

    def _article(self, path: str, stamp: stamps.Stamp, read: Read | None) -> None:
        read = read or Read(*reading.raw(self.instance, path, stamp))
        source, facts = read.source, read.facts
        digest = hashlib.sha256(b"%d:" % len(source) + source + facts).hexdigest()[:32]
        before, mark = self.states.get(path), self.marks.get(path)
        if before is not None and mark is not None and mark.digest == digest and self._stands(mark, before):
            if before.racy != stamp.racy(self.now) or mark.seen != stamp:
                state = msgspec.structs.replace(before, racy=stamp.racy(self.now))
                self._mark(path, stamp, digest, state, (mark.picture, mark.drawn))
            return
        state = State(racy=stamp.racy(self.now))
        self.pictured = ("", 0)
        self.tally.add("changed")
        try:
            parsed, document = read.said or reading.parsed(self.instance, path, source, facts)
        except BrokenArticle as error:
            state = self._keep(path, state, [error.problem], "broken", before)
        except ValueError as error:
            problem = Problem(path, 0, str(error), "shorten it or split it in two")
            state = self._keep(path, state, [problem], "broken", before)
        else:
            state = self._judge(path, parsed, document, state, digest, (source, facts), before)
        self.tally.add(state.outcome)
        self.states[path] = state
        self._mark(path, stamp, digest, state, self.pictured)

    def _stands(self, mark: FileMark, before: State) -> bool:
        """Whether bytes that are the same as last time came to the same."""
        return not (
            self.anew
            or before.blocked
            or self._due(before)
            or self._behind(before)
            or before.outcome == ""
            or self._redrawn(mark)
        )

    def _mark(
        self, path: str, stamp: stamps.Stamp, digest: str, state: State, pictured: tuple[str, int]
    ) -> None:
        pending = state.outcome == "scheduled" or state.racy or state.blocked
        note = msgspec.json.encode(state).decode()
        store = state.store if state.proved else None
        self.writer.set_mark(
            FileMark(path, *stamp.own, digest, note, pending, store, *stamp.facts, *pictured)
        )

    def _judge(
        self,
        path: str,
        parsed: Parsed,
        document: markdown.Document,
        state: State,
        digest: str,
        raw: tuple[bytes, bytes],
        before: State | None,
    ) -> State:
        """What becomes of a file that can be read."""
        article = parsed.article
        address = urls.article(article.date, article.slug)
        photo = article.photo.src if article.photo else ""
        self.pictured = (photo, self._drawn(path, photo))
        state = msgspec.structs.replace(state, id=article.id)
        if article.status == "withdrawn":
            self.revisions.forget(path)
            self.writer.put_gone(path, self.instance.sites, _gone(article, address))
            self.writer.set_problems(path, parsed.warnings)
            return msgspec.structs.replace(state, outcome="withdrawn")
        if article.status != "published":
            self.revisions.forget(path)
            self.writer.remove(path)
            self.writer.set_problems(path, parsed.warnings)
            return msgspec.structs.replace(state, outcome="unlisted")
        if clash := self._clash(path, article.id, address):
            blocked = msgspec.structs.replace(state, blocked=True)
            return self._keep(path, blocked, [clash], "broken", before)
        try:
            proof = self._proof(path, article, document, digest)
        except (BroadtapeError, ValueError) as error:
            problem = Problem(
                path, 0, f"its figures cannot be proven: {error}", "correct it, or fetch more data"
            )
            return self._keep(path, state, [problem], "held", before)
        if proof is None:
            problem = Problem(
                path, 0, "its figures cannot be proven: there is no market store", STORE_MISSING
            )
            return self._keep(path, state, [problem], "held", before)
        wanted = proof is not proving.EMPTY
        state = msgspec.structs.replace(state, proved=wanted, store=self.market.generation if wanted else 0)
        stops = not proof.ok and not proving.override(article)
        stops = stops or (bool(proof.restricted) and not config.may_show(self.instance.audience, "private"))
        said = stops or (bool(proof.restricted) and self.instance.audience == "public")
        shown = KEPT if said and self._proven(path) else ABSENT  # costs a proof of what stood before
        problems = [*parsed.warnings, *proving.problems(article, proof, self.instance.audience, shown=shown)]
        if stops:
            sound = not any(claim.metric == proving.CHART for claim in proof.failing)
            return self._keep(path, state, problems, "held", before, chart=sound)
        self._put(path, article, document, address, proof, problems)
        revised = Revision(path, article.id, digest, *raw, self.now)
        self.revisions.put(revised)
        self.revisions.stood(article.id, address)
        scheduled = article.date > self.now
        return msgspec.structs.replace(
            state,
            outcome="scheduled" if scheduled else "published",
            due=article.date.timestamp() if scheduled else 0.0,
        )

    def _put(
        self,
        path: str,
        article: Article,
        document: markdown.Document,
        address: str,
        proof: Proof,
        problems: list[Problem],
    ) -> None:
        """File the article; every address it ever had leads to it."""
        size = rendering.photo_size(
            article.photo, (self.instance.content / path).parent, self.instance.content
        )
        if size is None and article.photo is not None:
            cause = f"its picture {article.photo.src!r} is not there"
            line = article.lines.get("photo", 0)
            problems = [*problems, Problem(path, line, cause, "add the file or correct photo.src", "warning")]
        unknown = [name for name in article.sites if name not in self.instance.sites]
        if unknown:
            cause = f"no such site: {', '.join(unknown)}"
            remedy = f"sites here are {', '.join(self.instance.sites) or 'none'}"
            problems = [*problems, Problem(path, article.lines.get("sites", 0), cause, remedy, "warning")]
        views = proof.views()
        since = aftermath.of(
            self.instance, article, views, self.market.newest(), address, self.quotes.has_page
        )
        filing = rendering.file(
            article,
            document,
            address,
            sites=self._sites(article),
            facts={**since.facts, **views},
            links=proof.links,
            counts=proof.counts,
            known=self.quotes.has_page,
            former=self.revisions.former(article.id),
            photo_bytes=size or 0,
            since=since,
            made=made(article),
        )
        self.writer.put(filing, now=self.now)
        self.writer.set_problems(path, problems)
        self.put.append(article)

    def _sites(self, article: Article) -> list[Site]:
        wanted = article.sites or tuple(self.instance.sites)
        return [self.instance.sites[key] for key in wanted if key in self.instance.sites]

    def _clash(self, path: str, article_id: str, address: str) -> Problem | None:
        """Another file that already has the id or the address; the one that was there first keeps them."""
        holder = self.writer.holder(path, article_id, address)
        if holder is None:
            return None
        other, its_id, _ = holder
        if its_id == article_id:
            return Problem(path, 0, f"has the id of {other}", "remove the id line from the copy")
        return Problem(path, 0, f"has the address {address} of {other}", "rename the file or change its date")

    def _keep(
        self,
        path: str,
        state: State,
        problems: list[Problem],
        outcome: Outcome,
        before: State | None,
        *,
        chart: bool = True,
    ) -> State:
        """The file cannot be shown as it is: its last proven revision stays, if there is one.

        Without its chart where that is what fails: the file that lies there is no longer the one that was proven.
        """
        held = self._proven(path)
        self.writer.set_problems(path, problems)
        if held is None:
            self.writer.remove(path)
        elif not chart or self.writer.placed(path) is None:
            self._restore(held, chart=chart)
        return msgspec.structs.replace(state, outcome=outcome, id=state.id or (before.id if before else ""))

    def _proven(self, path: str) -> Revision | None:
        """The last proven revision, unless its figures may not be republished: it may have been proven for
        a private preview, or before a licence changed."""
        held = self.revisions.get(path)
        if held is None or self.instance.audience == "private":
            return held
        if path not in self._licensed:
            try:
                _, _, proof = self._proved(held)
                self._licensed[path] = not proof.restricted if proof is not None else not self.anew
            except (BroadtapeError, ValueError):
                self._licensed[path] = not self.anew  # as it was judged when it was last looked at
        return held if self._licensed[path] else None

    def _proved(self, held: Revision) -> tuple[Article, markdown.Document, Proof | None]:
        article = reading.article(self.instance, held.path, held.source, held.facts).article
        document = markdown.parse(article.body, first_line=article.body_line)
        return article, document, self._proof(held.path, article, document, held.digest, keep=False)

    def _restore(self, held: Revision, *, chart: bool = True) -> None:
        """Show a last proven revision again, after the catalogue was lost or made anew."""
        try:
            article, document, proof = self._proved(held)
        except (BroadtapeError, ValueError):
            return  # an older form of front matter; the file's own problem is already said
        address = urls.article(article.date, article.slug)
        if article.status != "published" or self._clash(held.path, article.id, address):
            return
        if proof is None or (self.instance.audience == "public" and proof.restricted):
            return
        known = self.writer.known_problems(held.path)
        article = article if chart else replace(article, photo=None)
        self._put(held.path, article, document, address, proof, known)

    def _proof(
        self, path: str, article: Article, document: markdown.Document, digest: str, *, keep: bool = True
    ) -> Proof | None:
        """The proof, computed unless file and store are those of the last time; None without a store."""
        if not proving.wants_proof(article, document):
            return proving.EMPTY
        if self.market.reader is None:
            return None
        drawn = self._drawn(path, article.photo.src if article.photo else "")
        stamp = f"{digest}|{drawn}|{self.market.generation}|{__version__}|{article.date.date()}"
        held = self.writer.proof(path)
        if held is not None and held[0] == stamp and (kept := proving.load(held[1])) is not None:
            return kept
        if self._verify is None:
            from broadtape.desk.pictures import verify  # noqa: PLC0415 – loads much; most posts have no claim

            self._verify = verify
        proof = proving.prove(
            article,
            document,
            verify=partial(self._verify, files=beside(self.instance.content / path)),
            view_for=self.market.view,
            lookup=self.writer.record,
        )
        if keep:
            self.writer.set_proof(path, stamp, proof.dump())
        return proof

    # --- standing pages, local blocks, settings ---------------------------------------------------------------

    def _standing(self, anew: bool) -> None:
        stamp = stamps.pages(self.instance)
        if not anew and self.writer.meta("standing") == stamp:
            return
        pages, problems = standing.pages(self.instance)
        self.writer.set_pages(pages)
        self.writer.set_problems("pages", problems)
        self.writer.set_meta("standing", stamp)

    def _local(self, *, everything: bool) -> None:
        """The local blocks: their files and what is told change without an article, so every minute at least."""
        if not everything and self.writer.meta("local") == str(self.market.generation):
            return
        views.gather(self.instance, self.now)
        news = self.market.reader.news(self.now) if self.market.reader is not None else None
        view = self.market.newest()
        sites = self.instance.sites.values()
        near = any(localblocks.one(site, "companies") is not None for site in sites)
        listed = (
            view.instruments() if view is not None and near else ()
        )  # thousands, and this is every minute
        problems: list[Problem] = []
        for site in sites:
            found, wrong = local.local(site, news, listed, self.quotes.has_page, self._opened, now=self.now)
            self.writer.set_local(site.key, found)
            problems += wrong
        self.writer.set_problems("local", problems)
        self.writer.set_meta("local", str(self.market.generation))

    def _opened(self, site: str, hours: int, least: int) -> tuple[tuple[str, ...], datetime | None]:
        found = views.most(self.instance, site, hours, least, now=self.now)
        return found, self.now.replace(minute=0, second=0, microsecond=0) if found else None

    def _settings_problems(self) -> None:
        found = [
            Problem(*_warning(text), "correct or remove the key", "warning")
            for text in self.instance.warnings
        ]
        self.writer.set_problems("", found)


_stores: dict[Path, tuple[tuple[int, int], MarketReader]] = {}


def _open_store(path: Path) -> MarketReader | None:
    """The market store, kept open between publishes: what it has read of a generation serves them all."""
    try:
        found = path.stat()
    except OSError:
        return None
    inode = (found.st_dev, found.st_ino)
    held = _stores.get(path)
    if held is None or held[0] != inode:
        from broadtape.market import MarketReader  # noqa: PLC0415 – an instance without a store does without

        if held is not None:
            held[1].close()
        held = _stores[path] = (inode, MarketReader.open(path))
    return held[1]


def _gone(article: Article, address: str) -> Gone:
    note = article.extra.get("note")
    if not isinstance(note, str):
        note = article.corrections[-1].text if article.corrections else ""
    return Gone(article.title, article.updated or article.date, note, address)


def _warning(text: str) -> tuple[str, int, str]:
    """A settings warning ("content/broadtape.toml: unknown key x") as a problem's path, line and cause."""
    path, _, cause = text.partition(": ")
    return (path, 0, cause) if cause else ("content/broadtape.toml", 0, text)
