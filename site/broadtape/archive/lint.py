"""What is wrong with articles beyond what keeps them from being read: links, pictures, headings, facts, tickers.

Judges only; `archive.longforms` is what `check --fix` changes. Market data comes in as functions, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from broadtape import markdown, metrics, urls
from broadtape.archive.files import Archive, address
from broadtape.markdown import Block, Document, Span
from broadtape.model import Article, BroadtapeError, Fact, MarketView, Problem, parse_fact_address

LONGEST_TITLE: Final = 90
FACT_ID: Final = re.compile(r"[a-p][a-z2-7]{7}")
_UNDER: Final = frozenset(
    ["", "proof", "facts.json", "index.md"]
)  # what every article's address has below it
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What articles are checked against; `knows_symbol` and `view_for` are None while there is no market store."""

    sites: Collection[str] = ()
    hosts: Collection[str] = ()  # of our own sites: absolute links to them are internal
    pages: Collection[str] = ()  # names of the standing pages in content/pages
    csp_allow: Collection[str] = ()
    knows_symbol: Callable[[str], bool] | None = None
    view_for: Callable[[date], MarketView] | None = None  # the market as of a day's last session


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and which checks could not be made."""

    problems: tuple[Problem, ...]
    articles: int
    skipped: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is nothing but warnings."""
        return all(problem.level != "error" for problem in self.problems)


def check(archive: Archive, around: Surroundings, paths: Collection[Path] | None = None) -> Report:
    """Everything wrong with the articles, or with those at or under `paths`, by path and line."""
    articles, problems = archive.scan()
    known = _Known.of(articles, around)
    found = list(problems)
    chosen = [article for article in articles if _within(Path(article.path), paths)]
    for article in chosen:
        found += _Lint(archive, article, known, around).run()
    kept = {problem for problem in found if _within(Path(problem.path), paths)}
    skipped: tuple[str, ...] = ()
    if around.knows_symbol is None:
        skipped = ("tickers and hand-written facts: there is no market store yet; run broadtape fetch",)
    return Report(tuple(sorted(kept, key=lambda p: (p.path, p.line, p.cause))), len(chosen), skipped)


def _within(path: Path, paths: Collection[Path] | None) -> bool:
    return paths is None or any(path == one or path.is_relative_to(one) for one in paths)


@dataclass(slots=True)
class _Known:
    """Every address there is."""

    articles: dict[str, Article] = field(default_factory=dict)
    former: dict[str, list[Article]] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, articles: Sequence[Article], around: Surroundings) -> _Known:
        known = cls()
        for article in articles:
            known.articles[address(article)] = article
            for alias in article.aliases:
                known.former.setdefault(alias, []).append(article)
            known.lists |= {urls.topic(name) for name in article.topics}
            known.lists |= {urls.author(name) for name in article.authors}
            known.lists.add(urls.month(article.date.year, article.date.month))
        known.lists |= {urls.definition(one.name) for one in metrics.definitions()}
        known.lists |= {f"/{name}/" for name in around.pages} | set(urls.FIXED)
        return known


class _Lint:
    """The checks of one article."""

    def __init__(self, archive: Archive, article: Article, known: _Known, around: Surroundings) -> None:
        self.archive = archive
        self.article = article
        self.known = known
        self.around = around
        self.found: list[Problem] = []
        self.computed: dict[str, Exception | None] = {}

    def run(self) -> list[Problem]:
        self._front_matter()
        try:
            document = markdown.parse(self.article.body, first_line=self.article.body_line)
        except ValueError as error:
            self._error(self.article.body_line, str(error), "Shorten the text or split it")
            return self.found
        self._headings(document)
        for block in document.blocks:
            if block.kind == "html":
                self._warn(block.line, "raw HTML is left out of the page", "Write it in Markdown")
            for span in block.spans:
                self._span(document, block, span)
        if not document.blocks:
            self._warn(self.article.body_line, "the article has no text", "Write it below the closing ---")
        return self.found

    def _error(self, line: int, cause: str, remedy: str) -> None:
        self.found.append(Problem(self.article.path, line, cause, remedy))

    def _warn(self, line: int, cause: str, remedy: str) -> None:
        self.found.append(Problem(self.article.path, line, cause, remedy, "warning"))

    # --- front matter -----------------------------------------------------------------------------------------

    def _front_matter(self) -> None:
        article = self.article

        def line(key: str) -> int:
            return article.lines.get(key, 0)

        path = Path(article.path)
        name = path.parent.name if path.name == "index.md" else path.stem
        if name != article.slug:
            self._warn(
                0, f"the name {name!r} stands as {article.slug!r} in the address", f"Rename it {article.slug}"
            )
        if len(article.title) > LONGEST_TITLE:
            cause = f"the title has {len(article.title)} characters"
            self._warn(line("title"), cause, f"Keep it to {LONGEST_TITLE}")
        for key, names in (("sites", article.sites), ("owner_site", (article.owner_site,))):
            for one in names:
                if one and one not in self.around.sites:
                    there = ", ".join(sorted(self.around.sites)) or "there are none"
                    self._error(
                        line(key), f"{key}: {one!r} is no site", f"Choose from content/sites: {there}"
                    )
        if article.updated and article.updated < article.date:
            self._warn(line("updated"), "updated is before date", "Correct the one that is wrong")
        for alias in article.aliases:
            owner = self.known.articles.get(alias)
            others = [one for one in self.known.former.get(alias, ()) if one is not article]
            if owner is not None and owner is not article:
                self._error(line("aliases"), f"{alias} is the address of {owner.path}", "Remove the alias")
            elif others and article.path > min(one.path for one in others):
                self._error(
                    line("aliases"), f"{alias} is also an alias of {others[0].path}", "Remove one of them"
                )
        if article.photo is not None:
            self._picture(line("photo"), article.photo.src, article.photo.alt, "photo")
        known = self.around.knows_symbol
        for symbol in article.symbols if known is not None and "symbols" in article.lines else ():
            if known is not None and not known(symbol):
                self._warn(line("symbols"), f"no loaded instrument is {symbol}", "Correct its spelling")

    # --- text ---------------------------------------------------------------------------------------------------

    def _headings(self, document: Document) -> None:
        before = 1
        for block in document.blocks:
            if block.kind != "heading":
                continue
            if not block.text.strip():
                self._error(block.line, "a heading is empty", "Write it, or remove the # signs")
            if block.level == 1:
                self._warn(
                    block.line, "a heading of the first level: that is the title's", "Begin it with ##"
                )
            elif block.level > before + 1:
                cause = f"a heading of level {block.level} follows one of level {before}"
                self._warn(block.line, cause, f"Begin it with {'#' * (before + 1)}")
            before = max(block.level, 2)

    def _line(self, document: Document, span: Span) -> int:
        before = document.source[: span.source_start]
        return self.article.body_line + len(re.findall(r"\r\n|\n|\r", before))

    def _span(self, document: Document, block: Block, span: Span) -> None:
        line = self._line(document, span)
        text = block.text[span.start : span.end]
        if span.kind == "image":
            self._picture(line, span.target, text, "a picture")
        elif span.kind == "fact":
            self._fact(line, span.target, text)
        elif span.kind == "ticker":
            known = self.around.knows_symbol
            if known is not None and not known(span.target):
                cause = f"no loaded instrument is {span.target}"
                self._warn(line, cause, "Correct exchange and symbol, or fetch a table that holds it")
        else:
            self._link(line, span, text, followed=_next_is_image(block, span))

    def _picture(self, line: int, src: str, alt: str, what: str) -> None:
        if not alt.strip():
            remedy = "Say what it shows: ![A line that rises](chart.svg), or alt: in photo"
            self._error(line, f"{what} has no alternative text: {src}", remedy)
        scheme = _SCHEME.match(src)
        if scheme and scheme[1].lower() not in {"http", "https"}:
            self._error(line, f"{what} cannot be shown: {src[:60]}", "Put the file beside the article")
        elif scheme or src.startswith("//"):
            host = (urlsplit(src).hostname or "").lower()
            if host not in self.around.hosts and not any(host in one for one in self.around.csp_allow):
                remedy = "Put the file beside the article, or name the host in csp_allow of site.toml"
                self._warn(
                    line, f"{what} is on another server, which browsers are told not to ask: {host}", remedy
                )
        elif not src.startswith("/") and self.archive.attachment(self.article, unquote(src)) is None:
            folder = Path(self.article.path).parent
            self._error(
                line, f"{what} is not there: {src}", f"Put the file into {folder}, or correct the name"
            )

    def _link(self, line: int, span: Span, text: str, *, followed: bool) -> None:
        target = span.target
        if not text.strip() and not followed:
            self._error(line, f"a link without text: {target}", "Say where it leads between the brackets")
        scheme = _SCHEME.match(target)
        if scheme and scheme[1].lower() not in {"http", "https", "mailto"}:
            remedy = "Use an address that begins with https://, / or mailto:"
            self._error(line, f"a link that pages leave out: {target[:60]}", remedy)
            return
        try:
            parts = urlsplit(target)
        except ValueError:
            self._error(line, f"not an address: {target[:60]}", "Correct it")
            return
        if parts.scheme == "mailto" or (not target or target.startswith("#")):
            if not target:
                self._error(line, "a link without an address", "Write it between the parentheses")
            return
        if parts.netloc and (parts.hostname or "") not in self.around.hosts:
            return
        path = unquote(parts.path) or "/"
        if not path.startswith("/"):
            relative = path.removesuffix("/")
            if relative not in _UNDER and not self._beside(path):
                remedy = "Begin an address on the site with /, or put the file beside the article"
                self._error(line, f"a link leads nowhere: {target}", remedy)
            return
        self._internal(line, path, target)

    def _beside(self, path: str) -> bool:
        return self.archive.attachment(self.article, path) is not None

    def _internal(self, line: int, path: str, target: str) -> None:
        slashed = path if path.endswith("/") or "." in path.rpartition("/")[2] else f"{path}/"
        found = urls.parse_article(slashed) or urls.parse_article(path)
        if found is not None:
            where = urls.article(found[0], found[1])
            article = self.known.articles.get(where)
            if article is None and where not in self.known.former:
                self._error(line, f"no article is at {where}", "Correct the address, or link another article")
            elif article is None:
                now = address(self.known.former[where][0])
                self._warn(line, f"{where} is a former address", f"Link {now}")
            elif article.status != "published":
                self._warn(
                    line, f"links {where}, which is {article.status}", "Readers will not find it there"
                )
            elif found[2] not in {"", "proof", "facts.json", "index.md"} and not self.archive.attachment(
                article, found[2]
            ):
                self._error(line, f"{found[2]} is not beside {where}", "Correct the name")
            return
        symbol = urls.parse_quote(slashed)
        if symbol is not None:
            known = self.around.knows_symbol
            if known is not None and not known(symbol):
                self._error(line, f"no loaded instrument is {symbol}", "Correct exchange and symbol")
            return
        folder = re.sub(r"(?:feed\.xml|atom\.xml|feed\.json)$", "", slashed)
        if not {path, slashed, folder} & self.known.lists:
            self._error(line, f"a link leads nowhere: {target}", "Correct the address")

    # --- facts --------------------------------------------------------------------------------------------------

    def _fact(self, line: int, target: str, text: str) -> None:
        if not text.strip():
            self._error(line, f"a fact link without text: {target}", "Write the claim between the brackets")
        if FACT_ID.fullmatch(target):
            if target in facts_of(self.article):
                return
            if self.archive.lookup(target) is not None:
                remedy = "Copy it and its evidence with broadtape check --fix"
                self._warn(line, f"the fact {target} is filed with another article only", remedy)
            else:
                self._error(
                    line, f"unknown fact {target}", "See broadtape facts; write the claim's long form"
                )
            return
        if target not in self.computed:  # the same fact may be told a thousand times
            try:
                computed(self.article, target, self.around.view_for)
                self.computed[target] = None
            except (BroadtapeError, ValueError) as error:
                self.computed[target] = error
        refused = self.computed[target]
        if refused is not None:
            self.found.append(not_computed(self.article, line, target, refused))
            return
        cause = f"a hand-written fact: {target}"
        self._warn(line, cause, "broadtape check --fix computes it and files its evidence")


def computed(article: Article, target: str, view_for: Callable[[date], MarketView] | None) -> Fact | None:
    """The fact that a long form in an article asks for; None without a market, when at least it is well formed.

    Its as-of is the article's, else the last session on or before its date. Raises ValueError or a BroadtapeError.
    """
    metric, params = parse_fact_address(target)
    metrics.definition(metric)
    if view_for is None:
        return None
    return metrics.compute(view_for(article.as_of or article.date.date()), metric, dict(params))


def not_computed(article: Article, line: int, target: str, error: Exception) -> Problem:
    """What is wrong with a long form that cannot be computed."""
    remedy = "Write it as in fact:return?of=INDEXSP:SPX&over=2025-12; broadtape facts lists the metrics"
    return Problem(article.path, line, f"{target}: {error}", remedy)


def facts_of(article: Article) -> Mapping[str, object]:
    """The facts filed with an article, by id."""
    held = article.facts.get("facts", {})
    return held if isinstance(held, Mapping) else {}


def _next_is_image(block: Block, span: Span) -> bool:
    return any(
        one.kind == "image" and span.source_start < one.source_start < span.source_end for one in block.spans
    )


def fact_spans(documents: Iterable[Document]) -> Iterator[Span]:
    """The fact links of texts, in order."""
    for document in documents:
        for block in document.blocks:
            yield from (span for span in block.spans if span.kind == "fact")
