"""One run of the desk for one session: from the store to filed articles.

Owns the order of the stages and which stories an edition takes; the stages decide the rest. Reads the market
store and the archive, writes only through the archive.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jinja2 import FileSystemLoader

from broadtape import markdown, metrics, resources, rewriter
from broadtape.archive import Archive
from broadtape.archive.consistency import Ledger
from broadtape.archive.files import beside, new_id, words_digest
from broadtape.config import may_show
from broadtape.desk import (
    drawing,
    newsworthiness,
    patterns,
    pictures,
    planning,
    proof,
    prose,
    repetition,
    rewording,
    signals,
    stories,
    threads,
)
from broadtape.desk.facts import FactBook
from broadtape.desk.newsworthiness import Ranked
from broadtape.desk.outline import Outline
from broadtape.desk.patterns import Signal
from broadtape.desk.prose import Draft
from broadtape.desk.stories import Assignment, Nearby, Proposal, asides
from broadtape.market import likeness, places
from broadtape.model import (
    Article,
    BadParameter,
    BroadtapeError,
    Claim,
    Fact,
    MarketView,
    NewsView,
    NoData,
    Photo,
    Status,
    Update,
)

if TYPE_CHECKING:
    from jinja2 import Environment

    from broadtape.config import Instance, Site
    from broadtape.market import MarketStore

RUN = "run"  # front-matter key: the question what became of the run that a story follows
REWORDED_BY = "reworded_by"  # the language model that reworded sentences
RUN_ENDED = "run_ended"  # and the session that ended it, once it is over
_NEAR, _WATCHED = 1.5, 1.2  # how much more a company says to readers beside it, or who see its quote
_BRIEF_FROM, _BRIEF_TIMES = (
    3.0,
    1.5,
)  # from which, and from how many times the session, a brief leads a quiet one
_FAR_SESSION = 0.05  # share of the broadest index's sessions that moved as far: then its session leads,
_FAR_SIZE = 1.75  # if that is far by its last 60 sessions, too (where "rose" ends and "jumped" begins)
_SECOND_FROM = 5.0  # score from which a further story joins the lead and the wrap
_PUBLISHED_AT = time(16, 41)  # market time: closes are final, readers are on their way home
_MEMORY = timedelta(days=10)  # calendar days the archive remembers a story for
_SOURCES_OF = timedelta(days=14)  # others' stories of so many days are what a draft may be too close to
_TOLD = 0.3  # share of a story's weight that its telling a moment ago would take; it fades over the memory


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one story: where it lies, or why it was kept back."""

    story: str
    title: str
    path: Path | None
    status: str  # published, draft, held, updated, closed, unchanged, kept
    words: int
    claims: Mapping[str, int]
    failing: tuple[Claim, ...] = ()
    close: tuple[str, ...] = ()  # where it repeats a source: then it is held
    conflicts: tuple[str, ...] = ()  # where a published article says otherwise: then it is held
    reworded: int = 0  # sentences that a language model reworded
    discarded: tuple[str, ...] = ()  # what it answered and was not used, and why


def view_on(store: MarketStore, on: date) -> MarketView:
    """The market as of a session; NoData names the nearest earlier session when `on` is none."""
    view = store.view(on)
    if not len(view.sessions) or view.sessions[-1] != np.datetime64(on, "D"):
        last = view.sessions[-1].item() if len(view.sessions) else None
        nearest = f"; the session before is {last}" if last else ""
        raise NoData(f"{on} is no trading session{nearest}")
    if not patterns.benchmarks(view):
        if not any(view.benchmark(role) for role in patterns.ROLES):
            raise NoData("the settings name no benchmark; add benchmarks = { large = … } to [desk]")
        newest = _newest_with(view)
        reach = (
            f"the newest session with one is {newest}"
            if newest
            else "none is in the store; run broadtape fetch"
        )
        raise NoData(f"no benchmark of the settings has a bar on {on}; {reach}")
    return view


def _newest_with(view: MarketView) -> date | None:
    """The last day on which a benchmark has a bar in view."""
    found: list[date] = []
    for role in patterns.ROLES:
        symbol = view.benchmark(role)
        try:
            found += [view.bars(symbol).days[-1].item()] if symbol else []
        except BroadtapeError:
            continue
    return max(found, default=None)


def ranked_signals(instance: Instance, view: MarketView, archive: Archive | None = None) -> list[Ranked]:
    """The session's signals by newsworthiness; with an archive, less what it has told already."""
    roles = {symbol: role for role, symbol in instance.desk.benchmarks.items()}
    told = _memory(archive, view.as_of) if archive is not None else {}
    local = dict.fromkeys((one for site in instance.sites.values() for one in site.watch_list), _WATCHED)
    local |= dict.fromkeys((one for site in instance.sites.values() for one in near(site, view)), _NEAR)
    return newsworthiness.rank(
        signals.scan(view, instance.desk.pairs, universe=instance.desk.universe, watched=sorted(local)),
        role=lambda symbol: roles.get(symbol, ""),
        kind=lambda symbol: view.instrument(symbol).kind,
        told=lambda signal: 0.0 if signal.kind.endswith("-ended") else told.get(_subject_key(signal), 0.0),
        local=local,
    )


def near(site: Site, view: MarketView) -> tuple[str, ...]:
    """The symbols of the companies near a site, by what registrants had said of their addresses by then."""
    if site.companies_near is None or not isinstance(view, NewsView):
        return ()
    listed = {one.symbol: one for one in view.instruments()}
    found = places.local_companies(site.companies_near, view.companies(), listed)
    seated = places.by_headquarters(site.companies_near, listed.values())
    return tuple(dict.fromkeys((*(symbol for one in found for symbol in one.symbols), *seated)))


def nearby(instance: Instance, view: MarketView, site: str | None = None) -> tuple[Nearby, ...]:
    """The companies near each site (or one), by address or headquarters, and those that it names as its own."""
    found = []
    for key, one in instance.sites.items():
        if site in (None, key):
            found.append(Nearby(key, near(one, view)))
    return tuple(found)


def held_figures(instance: Instance, view: MarketView) -> list[str]:
    """Why figures of the benchmarks and the watch lists may not be used on the view's session, each once."""
    wanted = [
        *instance.desk.benchmarks.values(),
        *(one for site in instance.sites.values() for one in site.watch_list),
    ]
    found: dict[str, None] = {}
    for symbol in dict.fromkeys(wanted):
        try:
            bars = view.bars(symbol)
        except BroadtapeError:
            continue
        for one in bars.held:
            if one.day == view.as_of:
                found[one.reason if one.before else f"{symbol}: {one.reason}"] = None
    return list(found)


def _subject_key(signal: Signal) -> str:
    if signal.kind.startswith("relative-streak"):
        return f"rotation/{signal.subject}/{signal.object}"
    if signal.kind in {"policy", "volatility", "curve", "print", "series", "earnings"}:
        return signal.params.get("story", signal.kind)
    if signal.kind in {"record", "round-number"}:
        return f"record/{signal.subject}"
    if signal.kind in {"drawdown", "bull", "recovery"}:
        return f"drawdown/{signal.subject}"
    if signal.kind in {"company", "streak", "streak-ended"}:
        return f"{signal.kind.removesuffix('-ended')}/{signal.subject}"
    if signal.kind in {"sectors", "sector-lead"}:
        return "sectors"
    if signal.kind in asides.KINDS:
        return asides.key_of(signal)
    return "wrap"


def _memory(archive: Archive, as_of: date) -> dict[str, float]:
    """How far each story key was told by desk articles of the days before, the latest telling counting most.

    The wrap is told anew each session.
    """
    told: dict[str, float] = {}
    articles, _ = archive.scan()
    for article in articles:
        key = str(article.extra.get("story", ""))
        if article.origin != "desk" or article.as_of is None or key == "wrap":
            continue
        last = max((day for day in told_on(article) if day < as_of), default=date.min)
        if as_of - _MEMORY < last:
            fresh = 1 - (as_of - last) / _MEMORY
            told[key] = max(told.get(key, 0.0), _TOLD * fresh)
    return told


def told_on(article: Article) -> list[date]:
    """The sessions on which a story was told: one, or more where it was updated under the same address."""
    days = [article.as_of, *(day for update in article.updates for day in (update.as_of, update.before))]
    return sorted({day for day in days if day is not None})


def choose(assignment: Assignment, *, story: str | None, most: int) -> list[Proposal]:
    """The stories of an edition, lead first: the strongest, others above the bar, and the session's wrap.

    Where the broadest index moved as far as once in twenty sessions, the story of its session leads, whatever else is
    rarer. Of two that tell the same, the one that tells more stands at the place of the stronger.
    `story` asks for one kind alone. BadParameter for an unknown kind.
    """
    kinds = stories.kinds()
    if story is not None and story not in kinds:
        raise BadParameter(f"story: {story!r} is not one of {', '.join(sorted(kinds))}")
    proposals = [
        proposal
        for name, kind in kinds.items()
        if story in (None, name)
        for proposal in kind.propose(assignment)
    ]
    proposals.sort(key=lambda item: (-item.score, item.key))
    if story is not None:
        return proposals[:1]
    wrap = [item for item in proposals if item.story == "wrap"]
    kept: list[Proposal] = []
    for item in proposals:
        covered = any(item.key in other.covers for other in kept)
        # What stood out beside a session that is itself the stronger news is a sentence of that story.
        covered |= item.story == "brief" and any(item.score <= other.score for other in wrap)
        if item.story != "wrap" and item.score >= _SECOND_FROM and not covered:
            lesser = [other for other in kept if other.key in item.covers]  # what this one tells, and more
            kept = [other for other in kept if other not in lesser]
            kept.append(dataclasses.replace(item, score=max(one.score for one in (item, *lesser))))
    told = {item.lead.signal.subject for item in kept if item.lead is not None and item.story != "brief"}
    told |= set(
        patterns.benchmarks(assignment.view)[:1]
    )  # the wrap, or what takes its place, is about the broad index
    kept = [
        item  # what stands out of an instrument that another story is about is said there
        for item in kept
        if item.story != "brief" or item.lead is None or item.lead.signal.subject not in told
    ]
    if (
        not kept
    ):  # a quiet session: the one thing that stood out leads where it is far more news than the session was
        first = next((item for item in proposals if item.story == "brief"), None)
        session = max((item.score for item in wrap), default=0.0)
        kept = (
            [first] if first is not None and first.score >= max(_BRIEF_FROM, _BRIEF_TIMES * session) else []
        )
    if any("move" in item.covers for item in kept[:most]):
        wrap = []  # the session is told already, with its indices and companies
    chosen = kept[: most - len(wrap)] + wrap
    broad = assignment.view.benchmark("large") if moved_far(assignment) else None
    return sorted(chosen, key=lambda item: (not _of_session(item, broad), -item.score, item.key))


def moved_far(assignment: Assignment) -> bool:
    """Whether the broadest index's session was one in twenty of its own past or rarer, and far by its last months."""
    large = assignment.view.benchmark("large")
    return any(
        item.signal.kind == "move" and item.signal.subject == large and item.signal.params.get("over") == "1s"
        and item.signal.rarity <= _FAR_SESSION and item.signal.size >= _FAR_SIZE
        for item in assignment.ranked
    )  # fmt: skip


def _of_session(proposal: Proposal, broad: str | None) -> bool:
    """Whether a story tells what that index did on the session: the wrap, its decline's or its record's."""
    if broad is None:
        return False
    own = proposal.lead is not None and proposal.lead.signal.subject == broad
    return proposal.story == "wrap" or (proposal.story in {"drawdown", "record"} and own)


def write(
    instance: Instance,
    store: MarketStore,
    on: date,
    *,
    story: str | None = None,
    site: str | None = None,
    draft: bool = False,
    replace: bool = False,
    now: datetime,
    archive: Archive | None = None,
    ledger: Ledger | None = None,
    outlines: Sequence[Mapping[str, Any]] | None = None,
    reword: bool = True,
    only: Collection[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> list[Filed]:
    """Write, prove and file the edition of a session from what was known at its end.

    `now` is aware UTC, fills `written` and bounds what others' stories we have read. An article that does not pass,
    or repeats a source, is filed as held. One that is in
    the archive already and differs is kept as it stands unless `replace`: an editor may have changed it. What is
    replaced keeps its address, whatever its new title: links to it and its place in feeds stay.
    `archive` and `ledger` are ones that have been read before, for whoever writes several editions.
    A story of a run that an earlier edition told is its next version under the same address; a run that has ended
    since is closed, whether the edition tells of it or not. With `outlines`, as `plans` gave them and an editor
    left them, these stories are written in this order, and no others; with `only`, those of the edition that are of
    these kinds. A language model of the settings rewords
    what proof accepts of its answer, unless `reword` is off.
    Raises NoData when there is nothing to write from.
    """
    view = view_on(store, on)
    archive = archive or Archive.of(instance)
    ledger = ledger or Ledger(archive)
    progress(f"{on}: looking for signals")
    assignment = _assignment(instance, view, archive, site)
    if outlines is None:
        chosen = choose(assignment, story=story, most=instance.desk.most_stories)
        chosen = [one for one in chosen if not only or one.story in only]
    else:
        chosen = _named(assignment, outlines)
    if not chosen and (closed := close_runs(instance, archive, view, site=site)):
        return closed
    if not chosen:
        raise NoData(f"{on}: no {story or 'story'} to write; see broadtape signals --on {on}")
    kinds = stories.kinds()
    told = others_words(store, on, now)
    writer = rewriter.of(instance) if reword else None
    said = ledger.told_before(on, repetition.MEMORY, repetition.marks) if outlines is None else None
    stories_of = {proposal.story for proposal in chosen}
    anew = frozenset(
        one.id
        for one in (archive.scan()[0] if replace else ())
        if one.origin == "desk" and one.as_of == on and one.extra.get("story") in stories_of
    )
    filed = []
    for place, proposal in enumerate(chosen):
        progress(f"{on}: writing {proposal.story}")
        others = (
            stories.told_elsewhere(chosen, proposal)
            if outlines is None
            else planning.covered(outlines[place])
        )
        outline = kinds[proposal.story].plan(dataclasses.replace(assignment, covered=others), proposal)
        if outlines is not None:
            outline = planning.edited(outline, outlines[place], _words_of(instance, view, outline))
        filed.append(
            _file(instance, archive, ledger, view, outline, place, told=told, site=site or proposal.site or None,
                  draft=draft, replace=replace, anew=anew,
                  now=now, writer=writer, said=said, view_for=lambda day: view if day == on else store.view(day))
        )  # fmt: skip
    return filed + close_runs(instance, archive, view, site=site)


def plans(
    instance: Instance,
    store: MarketStore,
    on: date,
    *,
    story: str | None = None,
    archive: Archive | None = None,
) -> list[dict[str, Any]]:
    """The outlines of the edition that `write` would write, lead first, as docs/contracts/outline.md has them.

    Raises NoData when there is nothing to write from. Files nothing.
    """
    view = view_on(store, on)
    assignment = _assignment(instance, view, archive or Archive.of(instance))
    chosen = choose(assignment, story=story, most=instance.desk.most_stories)
    if not chosen:
        raise NoData(f"{on}: no {story or 'story'} to write; see broadtape signals --on {on}")
    found = []
    for number, proposal in enumerate(chosen):
        others = stories.told_elsewhere(chosen, proposal)
        kind = stories.kinds()[proposal.story]
        outline = kind.plan(dataclasses.replace(assignment, covered=others), proposal)
        words = _words_of(instance, view, outline)
        place = "lead" if number == 0 else f"story {number + 1}"
        found.append(planning.as_plain(outline, words, score=proposal.score, place=place, covered=others))
    return found


def _assignment(
    instance: Instance, view: MarketView, archive: Archive, site: str | None = None
) -> Assignment:
    return Assignment(
        view=view,
        book=FactBook(view),
        ranked=ranked_signals(instance, view, archive),
        universe=instance.desk.universe,
        sector_funds=instance.desk.sector_funds,
        nearby=nearby(instance, view, site),
        site=site or "",
    )


def _words_of(instance: Instance, view: MarketView, outline: Outline) -> prose.Wordings:
    names = prose.Names(view.instrument, instance.desk.benchmarks)
    return prose.Wordings(_wordings(resources.templates() / "prose"), outline, names, instance.desk.seed)


def _named(assignment: Assignment, outlines: Sequence[Mapping[str, Any]]) -> list[Proposal]:
    """The proposals that outlines are of; BadParameter where the session has no such story (any more)."""
    known = {
        proposal.key: proposal for kind in stories.kinds().values() for proposal in kind.propose(assignment)
    }
    found = []
    for outline in outlines:
        key = outline.get("key")
        if not isinstance(key, str) or key not in known:
            has = ", ".join(sorted(known)) or "none"
            raise BadParameter(f"outline: no story {key!r} on {assignment.view.as_of}; there are {has}")
        if known[key] in found:
            raise BadParameter(f"outline: {key} stands there twice; leave one out")
        found.append(known[key])
    return found


def close_runs(
    instance: Instance, archive: Archive, view: MarketView, *, site: str | None = None
) -> list[Filed]:
    """Say under every story of a run that has ended, and was told of while it ran, when it ended.

    The text stays as it was; its page, its feeds and its list of updates say so.
    """
    closed = []
    for article in archive.scan()[0]:
        thread = threads.read(article.extra.get(RUN))
        days = told_on(article)
        if (
            thread is None or article.extra.get(RUN_ENDED) or article.origin != "desk"
            or article.status != "published" or not days or days[-1] >= view.as_of
        ):  # fmt: skip
            continue
        fact = threads.state(thread, lambda metric, asked: metrics.compute(view, metric, asked))
        ended = threads.over(fact) if fact is not None else None
        if fact is None or ended is None:
            continue
        update = _update(instance, view, fact, thread, None, site=site)
        archive.save(
            dataclasses.replace(
                article, updated=update.date, updates=(*article.updates, update),
                extra={**article.extra, RUN_ENDED: ended},
            )
        )  # fmt: skip
        story = str(article.extra.get("story", "")).partition("/")[0]
        closed.append(Filed(story, article.title, Path(article.path), "closed", 0, {}))
    return closed


def _update(
    instance: Instance,
    view: MarketView,
    fact: Fact,
    thread: threads.Thread,
    before: date | None,
    *,
    site: str | None,
) -> Update:
    said = threads.line(
        fact,
        view,
        _wordings(resources.templates() / "prose"),
        instance.desk.benchmarks,
        seed=instance.desk.seed,
    )
    return Update(published_at(instance, view.as_of, site), said, view.as_of, thread.address, before)


def published_at(instance: Instance, session: date, site: str | None, place: int = 0) -> datetime:
    """16:41 market time on the session, in the site's zone, a minute earlier for each place below the lead."""
    zone = instance.sites[site or instance.default_site].time_zone
    closing = datetime.combine(session, _PUBLISHED_AT, instance.time_zone)
    return closing.astimezone(zone) - timedelta(minutes=place)


def compose(instance: Instance, view: MarketView, outline: Outline) -> tuple[Draft, dict[str, Fact]]:
    """The words of an outline and the facts they rest on."""
    written = prose.realise(
        outline,
        _wordings(resources.templates() / "prose"),
        instrument=view.instrument,
        roles=instance.desk.benchmarks,
        seed=instance.desk.seed,
    )
    return written, outline.facts()


@cache
def _wordings(folder: Path) -> Environment:
    """The wording files, compiled once a process; a file that changes is read again."""
    return prose.environment(FileSystemLoader(folder))


def _file(
    instance: Instance,
    archive: Archive,
    ledger: Ledger,
    view: MarketView,
    outline: Outline,
    place: int,
    *,
    told: Sequence[tuple[str, str]],
    site: str | None,
    draft: bool,
    replace: bool,
    anew: frozenset[str] = frozenset(),
    now: datetime,
    writer: rewording.Writer | None,
    said: list[tuple[str, frozenset[str]]] | None,
    view_for: Callable[[date], MarketView],
) -> Filed:
    if said is not None:
        outline = _untold(instance, archive, view, outline, said, now=now, view_for=view_for)
    written, facts = compose(instance, view, outline)
    if said is not None:
        said.append((article_id(outline), repetition.marks(written.body)))
    article, record, attachments = assemble(
        instance, view, outline, written, facts, place=place, site=site, draft=draft, now=now
    )
    article, follows = _in_place(instance, archive, view, outline, article, site=site)
    if (
        follows == "past"
    ):  # a later session of the run has been told; what stood here then is among its versions
        standing = archive.by_id(article.id)
        assert standing is not None
        return Filed(outline.story, standing.title, Path(standing.path), "unchanged", 0, {})
    if follows == "edited":
        return _noted(archive, outline, article)
    told_again: rewording.Reworded | None = None
    if writer is not None:
        article, record, told_again = _reworded(article, record, writer, view_for, archive)
        written = dataclasses.replace(written, body=article.body)
    report = pictures.verify(
        dataclasses.replace(article, facts=record), view_for, archive.lookup, attachments.get
    )
    plain = markdown.to_text(markdown.parse(written.body))
    close = likeness.too_close(f"{written.title}\n\n{written.summary}\n\n{plain}", told)
    conflicts = ledger.conflicts(article, record, anew)
    if not report.ok or close or conflicts:
        article = dataclasses.replace(article, status="held")
    if follows and article.status == "held":  # the version that passed stays at the address
        article = dataclasses.replace(
            article, id=new_id(article.date, _mark(outline)), date=article.updated or article.date, updated=None,
            updates=(), slug="", path="",
        )  # fmt: skip
        follows = ""
    path, status = archive.file_desk_article(
        article, facts=record, attachments=attachments, replace=replace, follows=bool(follows)
    )
    if not report.ok and status == "filed":  # once more as filed, so that the lines are the file's
        there = archive.load(path).article
        if there is not None:
            report = pictures.verify(there, view_for, archive.lookup, beside(Path(there.path)))
    standing = archive.load(path).article if status == "kept" else None
    return Filed(
        story=outline.story,
        title=standing.title if standing is not None else article.title,
        path=path,
        status=("updated" if follows else article.status) if status == "filed" else status,
        words=len(written.body.split()),
        claims=report.counts,
        failing=tuple(
            claim for claim in report.claims if claim.status in {Status.UNSUPPORTED, Status.CONTRADICTED}
        ),
        close=tuple(str(one) for one in close),
        conflicts=tuple(str(one) for one in conflicts),
        reworded=told_again.sentences if told_again is not None else 0,
        discarded=told_again.discarded if told_again is not None else (),
    )


def _reworded(
    article: Article,
    record: Mapping[str, object],
    writer: rewording.Writer,
    view_for: Callable[[date], MarketView],
    archive: Archive,
) -> tuple[Article, dict[str, object], rewording.Reworded]:
    """The article in a model's words as far as proof accepts them, which its front matter then says."""

    def failing(body: str) -> Sequence[Claim]:
        candidate = dataclasses.replace(article, body=body, facts=record)
        return proof.verify(candidate, view_for, archive.lookup).failing

    if failing(article.body):
        return article, dict(record), rewording.Reworded(article.body, 0, ("the draft itself is not proved",))
    found = rewording.reword(article.body, proof.listed_digests(record), writer, failing)
    if not found.sentences:
        return article, dict(record), found
    extra = {**article.extra, REWORDED_BY: writer.name, "reworded": found.sentences}
    again = dataclasses.replace(article, body=found.body, extra=extra)
    return again, {**record, "words": words_digest(again)}, found


def _untold(
    instance: Instance,
    archive: Archive,
    view: MarketView,
    outline: Outline,
    said: Sequence[tuple[str, frozenset[str]]],
    *,
    now: datetime,
    view_for: Callable[[date], MarketView],
) -> Outline:
    """The outline without what the stories before have just said; as it was where it is not proved without."""
    mine = article_id(outline)  # what a running story said earlier is what this version takes the place of
    told = frozenset().union(*(marks for story, marks in said[-repetition.MEMORY :] if story != mine))
    shorter = repetition.untold(outline, _words_of(instance, view, outline), told)
    if shorter == outline:
        return outline
    written, facts = compose(instance, view, shorter)
    article, record, _ = assemble(instance, view, shorter, written, facts, site=None, draft=False, now=now)
    report = proof.verify(dataclasses.replace(article, facts=record), view_for, archive.lookup)
    return shorter if report.ok else outline


def _in_place(
    instance: Instance,
    archive: Archive,
    view: MarketView,
    outline: Outline,
    article: Article,
    *,
    site: str | None,
) -> tuple[Article, Literal["", "next", "edited", "past"]]:
    """An article of a run in the place of what an earlier edition said of the same run.

    "next": it is the next version; "edited": somebody changed the words, so only the list of updates grows (and
    the article returned is the one that stands there); "past": a later session has been told already.
    """
    thread = threads.of(outline.run)
    there = archive.by_id(article.id) if thread is not None else None
    if thread is None or outline.run is None:
        return article, ""
    fact = threads.state(thread, lambda metric, asked: metrics.compute(view, metric, asked))
    ended = threads.over(fact) if fact is not None else None
    extra = {**article.extra, RUN: thread.address} | ({RUN_ENDED: ended} if ended else {})
    article = dataclasses.replace(article, extra=extra)
    if there is None or there.as_of is None or fact is None or there.status in {"held", "withdrawn"}:
        return article, ""
    if view.as_of in told_on(there)[:-1] or view.as_of < there.as_of:
        return article, "past"
    if there.as_of == view.as_of:
        return dataclasses.replace(article, date=there.date, updated=there.updated, updates=there.updates), ""
    edited = archive.edited(there)
    if edited and any(one.as_of == view.as_of for one in there.updates):
        return article, "past"
    update = _update(instance, view, fact, thread, None if edited else there.as_of, site=site)
    updates = (*there.updates, update)
    if edited:
        again = dataclasses.replace(
            there, updated=update.date, updates=updates, extra={**there.extra, **extra}
        )
        return again, "edited"
    return dataclasses.replace(article, date=there.date, updated=update.date, updates=updates), "next"


def _noted(archive: Archive, outline: Outline, article: Article) -> Filed:
    """Only the list of updates of an article whose words are an editor's."""
    saved = archive.save(article)
    return Filed(outline.story, saved.title, Path(saved.path), "updated", 0, {})


def others_words(store: MarketStore, since: date, now: datetime) -> list[tuple[str, str]]:
    """Titles and excerpts of others that we have read by `now`, of a fortnight before `since` on, with their place."""
    begin = datetime.combine(since, time(), UTC) - _SOURCES_OF
    return [
        (f"{story.publisher} ({story.link})", text)
        for story in store.news(now).stories(begin)
        for text in (story.title, story.excerpt)
    ]


def assemble(
    instance: Instance,
    view: MarketView,
    outline: Outline,
    written: Draft,
    facts: Mapping[str, Fact],
    *,
    place: int = 0,
    site: str | None,
    draft: bool,
    now: datetime,
) -> tuple[Article, dict[str, object], dict[str, bytes]]:
    """The article before proof, what its facts.json holds, and its attachments.

    The publication instant is 16:41 market time on the session, written in the zone of the (default) site, a
    minute earlier for each place below the edition's lead, so that the newest story is the lead.
    `written` stands only where it is over a day later.
    """
    published = published_at(instance, view.as_of, site, place)
    late = now - published > timedelta(days=1)
    drawn = drawing.draw(view, outline.chart, written) if outline.chart is not None else None
    if drawn is not None and outline.chart is not None:
        licences = [origin.licence for origin in drawing.origins(view, outline.chart)]
        shown = all(may_show(instance.audience, one) for one in licences)
        drawn = drawn if shown and not drawing.faults(view, outline.chart, written, facts.values()) else None
    photo = Photo("chart.svg", written.alt, f"Chart: {instance.title}") if drawn is not None else None
    article = Article(
        path="",
        slug="",
        id=article_id(outline),
        title=written.title,
        date=published,
        body=written.body,
        body_line=1,
        as_of=view.as_of,
        written=now.replace(microsecond=0) if late else None,
        status="draft" if draft else "published",
        summary=written.summary,
        authors=(instance.desk.author,),
        topics=outline.topics,
        symbols=written.symbols,
        sites=(site,) if site else (),
        photo=photo,
        origin="desk",
        extra={"story": outline.key},
    )
    record: dict[str, object] = {
        "version": 1,
        "as_of": view.as_of.isoformat(),
        "seed": instance.desk.seed,
        "story": outline.story,
        "facts": {key: metrics.to_json(fact) for key, fact in facts.items()},
        "definitions": _definitions(facts.values()),
        "words": words_digest(article),
        "sentences": [dict(entry) for entry in written.sentences],
    }
    attachments = {}
    if drawn is not None and outline.chart is not None:
        record["chart"] = pictures.record(outline.chart, written, drawn)
        attachments = {"chart.svg": drawing.svg(drawn), "chart.csv": drawing.table(drawn).encode()}
    return article, record, attachments


def _definitions(facts: Iterable[Fact]) -> dict[str, object]:
    """The wording of every metric used, as it is now: a later reader may need to know what was meant."""
    names = sorted({fact.key.metric for fact in facts})
    return {
        name: {"version": metrics.definition(name).version, "wording": metrics.definition(name).wording}
        for name in names
    }


def article_id(outline: Outline) -> str:
    """The same story of the same session has the same id, whenever it is written; a run has one for all of its."""
    thread = threads.of(outline.run)
    if thread is not None:
        return new_id(datetime.combine(thread.since, _PUBLISHED_AT, UTC), thread.mark)
    return new_id(datetime.combine(outline.as_of, _PUBLISHED_AT, UTC), _mark(outline))


def _mark(outline: Outline) -> bytes:
    return hashlib.sha256(f"{outline.as_of}/{outline.key}".encode()).digest()
