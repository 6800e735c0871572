"""Proof: whether each claim of a finished article follows from facts recomputed from the market.

Owns the rules of docs/contracts/proof.md for a whole text. Reads no files and writes none; the judging of one
claim against one fact is desk.claims.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Final

from broadtape import markdown, metrics
from broadtape.desk.claims import (
    Context,
    Figure,
    Moment,
    Name,
    Objection,
    Plain,
    Proper,
    Token,
    Word,
    entails,
    lex,
    sentence_digest,
)
from broadtape.desk.claims.bearing import concerns, licenses
from broadtape.desk.claims.case import is_comparand
from broadtape.desk.claims.guards import BadGuard, guard_holds
from broadtape.desk.claims.names import table_for
from broadtape.desk.claims.parts import Window, shown, window_of
from broadtape.desk.claims.recomputed import (
    FACT_ID,
    Facts,
    Found,
    Lookup,
    differs,
    embellished,
    filed_view,
    same,
)
from broadtape.desk.claims.unlinked import Unlinked
from broadtape.desk.claims.vocabulary import foreign, is_neutral, stranger
from broadtape.markdown import Block, Sentence, Span
from broadtape.model import (
    Article,
    BadParameter,
    BroadtapeError,
    Claim,
    Fact,
    MarketView,
    NoData,
    Status,
    parse_fact_address,
)

_RECORD: Final = re.compile(r"facts\.json: \w+")  # a claim about what is on file, not about a text
_MOST_LINKS: Final = 2_000  # fact links of one article; the longest desk article has some 90
_LONGEST_CLAIM: Final = 2_000  # characters of a link's text; the longest of the desk's has some 150
_INSIDE: Final = "·"  # stands for a link's text where the rest of its sentence is read
_DIVIDENDS: Final = re.compile(
    r"(?:includ\w+|with|reinvest\w+|count\w+) dividends|dividends (?:are )?(?:included|reinvested)|total returns?",
    re.I,
)
_AVERAGE: Final = re.compile(r"\b(?:median|average|mean|typical)", re.I)
_CLOSES: Final = re.compile(r"\bclos(?:e|es|ed|ing)\b", re.I)
_ALL_STRETCHES: Final = re.compile(
    r"\b(?:all|every|any)\b[^,;:]*\b(?:stretch|period|spell|window|time)", re.I
)
_DASH: Final = r"[-+\u2010-\u2015\u2212]"
# What makes another figure of a link's when it stands beside it: a sign, a currency, a percent sign.
_SIGNED: Final = re.compile(rf"(?:(?<![\w%)]){_DASH}|[$%]|(?<![\w%)])[-+\u2212]\s+|[$]\s+)\Z")
_SIGNED_CELL: Final = re.compile(rf"(?:{_DASH}|[$%])\s*\Z")
_TRAILING: Final = re.compile(r"\s*%|[$]")
_TRAILING_CELL: Final = re.compile(rf"\s*(?:{_DASH}|[$%])")
_HEADS_CHANGE: Final = frozenset({"change", "changes", "move", "moves"})  # a column of signed figures
_LISTED_KINDS: Final = frozenset({"definition", "calendar", "attributed", "interpretation"})
_RELATIVE_PRONOUN: Final = re.compile(r"\b(?:which|who|whose|that)\W+(?:[a-z]+\W+){0,2}$", re.I)
_JOINED: Final = re.compile(r"\W*\b(?:and|or)\s+(?:the\s+)?", re.I)
_ENGLISH: Final = re.compile(
    r"[a-z]+(?:ing|ed|ly|ion|ions|ment|ments|ness|ity|ities|ance|ence|able|ible|al|ous|ive|ful|less|ers|ors|ies|ism|ward)"
)

# Words that the rest of a desk sentence may hold: they claim nothing by themselves.
_FREE: Final = frozenset({"close", "total", "intraday"})
# Words that refer back: allowed outside links where a fact of the article licenses them.
_REFERRING: Final = frozenset(
    {"streak", "record", "median", "mean", "few", "broken", "tie", "correction", "bear-market", "bull-market"}
)
# Words that tell what or when: allowed outside links where a fact of the same paragraph licenses them.
_NEARBY: Final = frozenset({"all", "cut", "raise", "hold", "earlier", "ongoing", "ended", "next"})
_NAMED: Final = frozenset({"close", "streak", "record"})  # what a header may call its column
_DIRECTIONAL: Final = frozenset({"up", "down", "lead", "lag", "exceed", "flat"})
_MARKET_UNITS: Final = frozenset({"percent", "percentage points", "basis points", "points"})
# What the house explains with a figure: the only sentences of kind definition that may hold one.
GLOSSES: Final = (
    "A basis point is one-hundredth of a percentage point.",
    "Fewer than eight cases are few and carry no conclusion.",
)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of every claim, in the order of the file; `facts` are the recomputed facts by id."""

    claims: tuple[Claim, ...]
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many claims have each status; every status is there."""
        found = Counter(claim.status for claim in self.claims)
        return {status.value: found.get(status, 0) for status in Status}

    @property
    def ok(self) -> bool:
        """Nothing is unsupported or contradicted."""
        return not self.failing

    @property
    def failing(self) -> tuple[Claim, ...]:
        """The claims that stop the article."""
        return tuple(
            claim for claim in self.claims if claim.status in {Status.UNSUPPORTED, Status.CONTRADICTED}
        )


def verify(article: Article, view_for: Callable[[date], MarketView], lookup: Lookup) -> Report:
    """Prove an article. `view_for` gives the market as of a date (its last session on or before it);
    `lookup` finds a fact's record elsewhere in the archive by id. Facts are recomputed, never believed.

    What fails now and held of the market as it stood when the facts were filed is revised: a warning with both
    values. Whether inputs were revised is what the store remembers (`as_retrieved` of its views).
    """
    try:
        report = _Proof(article, view_for, lookup).report()
        return report if report.ok else _revisions_told(report, article, view_for, lookup)
    except NoData:
        if article.origin == "desk" or "](fact:" in article.body:
            raise
        return Report(())  # a local post older than the data claims nothing that could be checked


def verify_texts(
    texts: Iterable[tuple[str, str]], facts: Iterable[Fact], view: MarketView
) -> tuple[Claim, ...]:
    """Prove texts that carry no links (chart labels, a social card): each clause must follow from one fact.

    `texts` are (where, text); the claims of a text have `where` in their reason, and line 0.
    """
    known = {fact.id: fact for fact in facts}
    unlinked = Unlinked(known, table_for(view), view.as_of, _no_name)
    claims: list[Claim] = []
    for where, text in texts:
        claims += [
            _claim(text, 0, status, fact, f"{where}: {objection.reason}" if objection else "", objection)
            for text, status, fact, objection in unlinked.prove(text)
        ]
    return tuple(claims)


def _revisions_told(
    report: Report, article: Article, view_for: Callable[[date], MarketView], lookup: Lookup
) -> Report:
    """The report, with what only revisions of the inputs made fail as such."""
    then = filed_view(article, view_for)
    if then is None:
        return report
    try:
        return _with_revisions(report, _Proof(article, then, lookup).report())
    except BroadtapeError:  # the store remembers nothing from then
        return report


def _with_revisions(now: Report, then: Report) -> Report:
    """The report of now, its failures that were none when the facts were filed as revised.

    A line on which something else failed then (the text was changed besides) keeps all its failures.
    """
    failed_now = {(claim.line, claim.text) for claim in now.failing}
    failed_then = {(claim.line, claim.text) for claim in then.failing}
    spoilt = {line for line, _ in failed_then - failed_now}
    claims: list[Claim] = []
    for claim in now.claims:
        place = claim.line, claim.text
        failing = claim.status in {Status.UNSUPPORTED, Status.CONTRADICTED}
        if not failing or place in failed_then or claim.line in spoilt:
            claims.append(claim)
        elif _RECORD.fullmatch(claim.text) and claim.fact in now.facts and _alike(now, then, claim.fact):
            continue  # an input was revised, what the fact says was not
        else:
            claims.append(_revised(claim, now, then))
    return Report(tuple(claims), now.facts)


def _alike(now: Report, then: Report, identity: str) -> bool:
    return identity in then.facts and same(then.facts[identity], now.facts[identity])


def _revised(claim: Claim, now: Report, then: Report) -> Claim:
    """A claim that held when it was filed, with what the fact it rested on then said and says now."""
    there = [one for one in then.claims if one.line == claim.line and one.fact]
    before = [one for one in there if one.text == claim.text] or [
        one for one in there if claim.text in one.text or one.text in claim.text
    ]
    identity = before[0].fact if before else claim.fact
    was, is_ = then.facts.get(identity), now.facts.get(identity)
    if was is not None and is_ is not None:
        if same(was, is_):
            reason = f"the inputs were revised since it was filed; now: {claim.reason}"
        else:
            reason = f"revised since it was filed: {differs(was, is_)}"
    elif was is not None:
        value = was.get("value")
        reason = f"revised since it was filed: it was {shown(value) if value else 'so'}; now: {claim.reason}"
    else:
        reason = f"the inputs were revised since it was filed; now: {claim.reason}"
    return replace(claim, status=Status.REVISED, reason=reason, fact=identity or claim.fact)


# --- the article -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reading:
    """What the text has said so far: whom it speaks of, over which sessions, of which facts in this paragraph."""

    subject: frozenset[str] | None = None
    windows: set[Window] = field(default_factory=set)
    runs: set[Window] = field(default_factory=set)
    dividends: bool = False
    facts: list[Fact] = field(default_factory=list)
    block_text: str = ""
    dated: set[Token] = field(
        default_factory=set
    )  # dates around this sentence's links that their facts bear out
    lost: bool = False  # a link of this sentence leads to no usable fact: its names cannot be judged

    def section(self) -> None:
        """A heading: windows and dividends must be said anew; the runs the article is about stay."""
        self.windows.clear()
        self.dividends = False

    def take(self, fact: Fact) -> None:
        """The text has told this fact."""
        self.facts.append(fact)
        window = window_of(fact)
        if window is not None:
            (self.runs if "streak" in fact.tags else self.windows).add(window)


class _Proof:
    """The proof of one article, block by block."""

    def __init__(self, article: Article, view_for: Callable[[date], MarketView], lookup: Lookup) -> None:
        self.article = article
        self.desk = article.origin == "desk"
        self.document = markdown.parse(article.body, first_line=article.body_line)
        self.facts = Facts(article, view_for, lookup)
        self.as_of = self.facts.as_of
        tickers = [
            span.target for block in self.document.blocks for span in block.spans if span.kind == "ticker"
        ]
        tickers += [symbol for symbol in article.symbols if ":" in symbol]
        self.view = self.facts.view(self.as_of)
        self.names = table_for(self.view, tickers)
        titles = (self.names.titles.get(symbol, "") for symbol in dict.fromkeys((*article.symbols, *tickers)))
        self.whole = tuple(title for title in titles if any(mark in title for mark in ".!?"))
        self.listed = _listed(article)
        self.claims: list[Claim] = []
        self.reading = _Reading()
        self.known: dict[str, Fact] = {}
        self._lower: frozenset[str] | None = None
        self._titled: frozenset[str] | None = None
        self._texts: Unlinked | None = None
        self._read: dict[tuple[str, str, bool], tuple[Token, ...]] = {}

    def report(self) -> Report:
        links = [span for block in self.document.blocks for span in block.spans if span.kind == "fact"]
        if len(links) > _MOST_LINKS:
            raise ValueError(f"{self.article.path}: over {_MOST_LINKS} fact links; split the article")
        for span in links:
            if span.end - span.start > _LONGEST_CLAIM:
                raise ValueError(
                    f"{self.article.path}: a fact link of over {_LONGEST_CLAIM:,} characters; shorten it"
                )
            self.facts.find(span.target)
        for identity in self.facts.records:
            if FACT_ID.fullmatch(identity):
                self.facts.find(identity)
        self.known = self.facts.known()
        self._file_records({span.target for span in links})
        self._front_matter()
        self._body()
        ordered = sorted(self.claims, key=lambda claim: claim.line)
        return Report(tuple(ordered), self.known)

    def _lex(self, text: str, *, unit: str = "", opens: bool = True) -> tuple[Token, ...]:
        """The tokens of a text; headers and labels are read once for all their cells."""
        key = (text, unit, opens)
        if key not in self._read:
            self._read[key] = lex(text, self.names, unit=unit, opens=opens)
        return self._read[key]

    def _add(
        self,
        text: str,
        line: int,
        status: Status,
        reason: str = "",
        fact: Fact | None = None,
        objection: Objection | None = None,
    ) -> None:
        self.claims.append(_claim(text, line, status, fact, reason, objection))

    # --- facts.json -------------------------------------------------------------------------------------

    def _file_records(self, linked: set[str]) -> None:
        """Records that no link uses still stand behind title, captions and guards; readers see all evidence."""
        held = self.article.facts.get("as_of") if self.article.facts else None
        if self.desk and held is not None and held != str(self.article.as_of):
            reason = f"facts.json is as of {held}, the article as of {self.article.as_of}"
            self._add("facts.json: as_of", 1, Status.CONTRADICTED, reason)
        for identity in self.facts.records:
            found = self.facts.find(identity) if FACT_ID.fullmatch(identity) else None
            if found is None or not found.fact or not found.filed or not same(found.filed, found.fact):
                continue
            if reason := embellished(found.filed, found.fact):
                self._add(f"facts.json: {identity}", 1, Status.CONTRADICTED, reason, found.fact)
        for identity in self.facts.records:
            if identity in linked:
                continue
            if not FACT_ID.fullmatch(identity):
                self._add(f"facts.json: {identity}", 1, Status.UNSUPPORTED, "not a fact id")
                continue
            found = self.facts.find(identity)
            if found.fact is None:
                self.claims.append(
                    Claim(
                        f"facts.json: {identity}",
                        1,
                        found.status,
                        identity,
                        found.metric,
                        reason=found.reason,
                    )
                )
            elif found.filed is not None and not same(found.filed, found.fact):
                self._add(
                    f"facts.json: {identity}",
                    1,
                    Status.CONTRADICTED,
                    differs(found.filed, found.fact),
                    found.fact,
                )

    # --- title, summary, photo ----------------------------------------------------------------------------

    def _front_matter(self) -> None:
        article = self.article
        texts = [("title", article.title)]
        if (
            "summary" in article.lines or not article.lines
        ):  # else it is the first paragraph, proved with the body
            texts.append(("summary", article.summary))
        if article.photo is not None:
            texts += [("photo", article.photo.alt), ("photo", article.photo.caption)]
        for key, text in texts:
            if text.strip():
                self._prove_unlinked(text, article.lines.get(key, 1), key)
        self._updates()
        self._corrections()
        if not self.desk:
            return
        if article.as_of is None or article.as_of > (article.updated or article.date).date():
            line, gives = article.lines.get("as_of", 1), article.as_of or "no as_of"
            reason = "a desk article gives the last session it uses, and is published no earlier"
            self._add(f"as_of: {gives}", line, Status.UNSUPPORTED, reason)
        if article.photo is not None and self._tells(article.photo.credit):
            line = article.lines.get("photo", 1)
            self._add(
                article.photo.credit, line, Status.UNSUPPORTED, "a credit names a source and claims nothing"
            )
        self._labels()
        told = {
            str(part.value) for fact in self.known.values() for part in fact.parts if part.kind == "entity"
        }
        for symbol in article.symbols:
            if symbol not in told:
                self._add(
                    symbol,
                    article.lines.get("symbols", 1),
                    Status.UNSUPPORTED,
                    "no fact of the article is about this symbol",
                )

    def _labels(self) -> None:
        """Authors, topics and a source name something: a figure in them is no claim that could be proved."""
        article = self.article
        named = [("authors", one) for one in article.authors] + [("topics", one) for one in article.topics]
        if article.source is not None:
            named.append(("source", article.source.name))
        for key, text in named:
            tokens = self._lex(re.sub(r"[-_]+", " ", text))
            if any(isinstance(token, Figure) and token.unit for token in tokens):
                reason = f"{key}: a name holds no figure"
                self._add(text, article.lines.get(key, 1), Status.UNSUPPORTED, reason)

    def _corrections(self) -> None:
        """What a correction says is an editor's: it is listed as such, for no fact of the story bears it out."""
        for correction in self.article.corrections:
            tokens = self._lex(correction.text)
            if self._market_claim(tokens) or any(isinstance(token, Figure) for token in tokens):
                line = self.article.lines.get("corrections", 1)
                self._add(correction.text, line, Status.UNCHECKED, "corrections: an editor's words")

    def _updates(self) -> None:
        """Each line of what became of a story follows from the fact it names, as of its own session."""
        line = self.article.lines.get("updates", 1)
        for update in self.article.updates:
            if not update.fact or update.as_of is None:
                if self.desk:
                    reason = "updates: an update of a desk article names a fact and its session"
                    self._add(update.text, line, Status.UNSUPPORTED, reason)
                continue
            self._legible(update.text, line)
            try:
                metric, params = parse_fact_address(update.fact)
                view = self.facts.view(update.as_of)
                fact = metrics.compute(view, metric, dict(params))
            except (BroadtapeError, ValueError) as error:
                self._add(update.text, line, Status.UNSUPPORTED, f"updates: {error}")
                continue
            if fact.as_of != update.as_of:
                reason = f"updates: there was no session on {update.as_of}"
                self._add(update.text, line, Status.UNSUPPORTED, reason)
                continue
            texts = Unlinked({fact.id: fact}, self.names, update.as_of, self._unknown_word)
            for piece, status, found, objection in texts.prove(update.text):
                reason = f"updates: {objection.reason}" if objection else ""
                self._add(piece, line, status, reason, found, objection)

    def _tells(self, text: str) -> bool:
        """Whether a text that only names something holds a figure, a date or a word that claims."""
        return any(
            isinstance(token, Figure | Moment)
            or (
                isinstance(token, Word)
                and not all(kind in _NAMED or kind.startswith("unit:") for kind in token.classes)
            )
            for token in self._lex(text)
        )

    def _legible(self, text: str, line: int, source: str = "") -> None:
        """Nothing in a desk text may be read one way by proof and another way by readers."""
        if not self.desk:
            return
        for symbol in self.article.symbols:  # a company's own name may hold what a sentence may not
            text = text.replace(self.names.titles.get(symbol) or symbol, "")
        if found := foreign(text):
            shown_as = found if found.isprintable() else f"U+{ord(found):04X}"
            self._add(
                text[:80], line, Status.UNSUPPORTED, f"the character {shown_as!r} has no place in a desk text"
            )
        if "~~" in source:
            self._add(text[:80], line, Status.UNSUPPORTED, "a desk article strikes nothing out: remove it")

    def _prove_unlinked(self, text: str, line: int, where: str) -> None:
        self._legible(text, line)
        proved = self._unlinked().prove(text)
        if self.desk:
            for piece, status, fact, objection in proved:
                self._add(
                    piece, line, status, f"{where}: {objection.reason}" if objection else "", fact, objection
                )
            return
        tokens = self._lex(text)
        if not self._market_claim(tokens):
            return
        holds = all(status is Status.VERIFIED for _, status, _, _ in proved)
        fact = next((fact for _, _, fact, _ in proved if fact), None)
        self._add(
            text, line, Status.VERIFIED if holds else Status.UNCHECKED, "" if holds else "no fact link", fact
        )

    def _unlinked(self) -> Unlinked:
        if self._texts is None:
            self._texts = Unlinked(self.known, self.names, self.as_of, self._unknown_word)
        return self._texts

    # --- body ---------------------------------------------------------------------------------------------

    def _body(self) -> None:
        table: list[Block] = []
        for block in self.document.blocks:
            if block.kind in {"paragraph", "item", "quote", "cell", "heading"}:
                self._legible(block.text, block.line, self.document.source[block.start : block.end])
            self._captions(block)
            if table and (block.kind != "cell" or block.table != table[0].table):
                self._table(table)
                table = []
            if block.kind == "cell":
                table.append(block)
            elif block.kind == "heading":
                self._heading(block)
            elif block.kind == "image":
                if block.text.strip():
                    self._prove_unlinked(block.text, block.line, "alternative text")
            elif block.kind in {"paragraph", "item", "quote"}:
                self._paragraph(block)
            elif block.kind == "code" and block.text.strip() and self.desk:
                self._add(block.text[:80], block.line, Status.UNSUPPORTED, "a desk article holds no code")
        if table:
            self._table(table)

    def _captions(self, block: Block) -> None:
        """What stands below a picture or appears over a link is read like an alternative text."""
        for span in block.spans:
            if span.title.strip() and span.kind in {"image", "link"}:
                where = "caption" if span.kind == "image" else "title of a link"
                self._prove_unlinked(span.title, block.line, where)

    def _beside(self, text: str, spans: Iterable[Span], line: int, *, cell: bool = False) -> None:
        """Nothing directly beside a link may make another figure of its: "−[4.4%]", "$[20]", "([4.4%])" in a table."""
        if not self.desk:
            return
        signed, trailing = (_SIGNED_CELL, _TRAILING_CELL) if cell else (_SIGNED, _TRAILING)
        for span in spans:
            before, after = text[: span.start], text[span.end :]
            found = signed.search(before) or trailing.match(after)
            enclosed = cell and before.rstrip().endswith("(") and after.lstrip().startswith(")")
            if found or enclosed:
                sign = found[0].strip() if found else "()"
                reason = f"{sign!r} beside the link makes another figure of it: write it inside"
                self._add(text[span.start : span.end], line, Status.UNSUPPORTED, reason)

    def _heading(self, block: Block) -> None:
        self.reading.section()
        if any(span.kind == "fact" for span in block.spans):
            for sentence in markdown.sentences(block, self.whole):
                self._sentence(sentence)
        elif sentence_digest(block.text) in self.listed:
            self._listed_sentence(block.text, block.line, block.spans)
        else:
            self._prove_unlinked(block.text, block.line, "heading")

    def _paragraph(self, block: Block) -> None:
        self.reading.facts = []
        self.reading.block_text = block.text
        if _DIVIDENDS.search(block.text):
            self.reading.dividends = True
        for sentence in markdown.sentences(block, self.whole):
            self._sentence(sentence)

    def _sentence(self, sentence: Sentence) -> None:
        links = [span for span in sentence.spans if span.kind == "fact"]
        for span in sentence.spans:
            if span.kind == "image" and sentence.text[span.start : span.end].strip():
                self._prove_unlinked(sentence.text[span.start : span.end], sentence.line, "alternative text")
        rest = _masked(sentence.text, [span for span in sentence.spans if span.kind in {"fact", "image"}])
        outside = self._lex(rest)
        before = len(self.reading.facts)
        self.reading.lost = False
        self.reading.dated = set()
        self._beside(sentence.text, links, sentence.line)
        for span in links:
            self._link(sentence, span, outside)
        told = self.reading.facts[before:]
        if self.desk:
            if links:
                self._rest(sentence, outside)
            else:
                self._without_links(sentence)
        else:
            self._unchecked(sentence, outside)
        self._tickers(sentence.text, outside, sentence.line)
        self._carry(rest, outside, told)

    # --- one fact link --------------------------------------------------------------------------------------

    def _link(self, sentence: Sentence, span: Span, outside: Sequence[Token]) -> None:
        text = sentence.text[span.start : span.end]
        found = self._usable(text, sentence.line, span)
        if found is None or found.fact is None:
            self.reading.lost = True
            return
        fact = found.fact
        tokens = self._lex(text, opens=not sentence.text[: span.start].strip())
        context = self._context(sentence, span, outside)
        if self.desk:
            tokens = self._dated(sentence, span, outside, tokens, fact, context)
        self._judge(text, sentence.line, found, tokens, context, tokens)
        self._cases(sentence, span, fact)
        self._strangers(tokens, sentence.line)
        self.reading.take(fact)

    def _dated(
        self, sentence: Sentence, span: Span, outside: Sequence[Token], own: tuple[Token, ...], fact: Fact,
        context: Context,
    ) -> tuple[Token, ...]:  # fmt: skip
        """The claim with those dates beside it that say when: "On Jan. 2 the index [rose 1.1%](…)"."""
        others = [other for other in sentence.spans if other.kind == "fact" and other is not span]
        start = max((other.end for other in others if other.end <= span.start), default=0)
        end = min((other.start for other in others if other.start >= span.end), default=len(sentence.text))
        before: list[Token] = []
        after: list[Token] = []
        for token in outside:
            if not isinstance(token, Moment) or not start <= token.start < end or token in self.reading.dated:
                continue
            side = before if token.start < span.start else after
            side.append(token)
            verdict = entails((*before, *own, *after), fact, context)
            if verdict.holds and (token.precise or verdict.says_window):
                self.reading.dated.add(token)
            else:
                side.pop()
        return (*before, *own, *after)

    def _cases(self, sentence: Sentence, span: Span, fact: Fact) -> None:
        """What followed all stretches is told of all, and what followed the cases is not."""
        if not self.desk or fact.key.metric != "what-followed":
            return
        before = [other for other in sentence.spans if other.kind == "fact" and other is not span]
        text = _masked(sentence.text, before)[: span.end]
        if ("all" in fact.tags) is not (_ALL_STRETCHES.search(text) is not None):
            cases = "all stretches of the data" if "all" in fact.tags else "the cases, not all stretches"
            self._add(
                sentence.text[span.start : span.end], sentence.line, Status.CONTRADICTED,
                f"the fact is about {cases}", fact,
            )  # fmt: skip

    def _judge(
        self,
        text: str,
        line: int,
        found: Found,
        tokens: Sequence[Token],
        context: Context,
        own: Sequence[Token],
    ) -> None:
        """One link against its fact; `own` are the tokens of the link itself, `tokens` with its row and column."""
        fact, filed = found.fact, found.filed
        assert fact is not None
        verdict = entails(tokens, fact, context)
        if filed is not None and filed.key.version != fact.key.version:
            kind = Status.REVISED if verdict.holds else Status.CONTRADICTED
            reason = f"the definition has changed from version {filed.key.version} to {fact.key.version}"
            self._add(text, line, kind, reason, fact, verdict.objections[0] if verdict.objections else None)
        elif filed is not None and not same(filed, fact):
            objection = verdict.objections[0] if verdict.objections else None
            self._add(text, line, Status.CONTRADICTED, differs(filed, fact), fact, objection)
        elif verdict.holds:
            if any(isinstance(token, Figure | Moment | Word | Name) for token in own) or not self.desk:
                self._add(text, line, Status.VERIFIED, fact=fact)
            else:
                self._add(text, line, Status.UNSUPPORTED, "the link's text says nothing of the fact", fact)
        else:
            worst = next(
                (o for o in verdict.objections if o.status is Status.CONTRADICTED), verdict.objections[0]
            )
            self._add(
                text, line, worst.status, "; ".join(o.reason for o in verdict.objections[:3]), fact, worst
            )

    def _context(self, sentence: Sentence, span: Span, outside: Sequence[Token]) -> Context:
        subject, joined = self._subject(sentence, span, outside)
        if joined is not None:
            subject = joined
        return Context(
            as_of=self.as_of,
            names=self.names,
            subject=subject,
            windows=frozenset(self.reading.windows | self.reading.runs) if self.desk else None,
            total_said=self.reading.dividends or bool(_DIVIDENDS.search(sentence.text)) or not self.desk,
            scoped=not self.desk or _says_scope(self.reading.block_text or sentence.text),
            median_said=not self.desk or _AVERAGE.search(sentence.text) is not None,
            closes_said=not self.desk or _CLOSES.search(sentence.text) is not None,
            subject_required=self.desk,
        )

    def _subject(
        self, sentence: Sentence, span: Span, outside: Sequence[Token]
    ) -> tuple[frozenset[str] | None, frozenset[str] | None]:
        """The nearest name before the link that is no comparand; for "A and B [rose]" no single one."""
        text = sentence.text
        names = [
            token for token in outside
            if isinstance(token, Name) and token.end <= span.start and "" not in token.symbols and not token.ticker
            and not is_comparand(text[: token.start].lower().split())
        ]  # fmt: skip
        if _RELATIVE_PRONOUN.search(text[: span.start]):
            last = [
                token
                for token in self._lex(text[: span.start])
                if isinstance(token, Name) and "" not in token.symbols
            ]
            if last:
                return last[-1].symbols, None
        if not names:
            earlier = [s for s in sentence.spans if s.kind == "fact" and s.end <= span.start]
            for other in reversed(earlier):
                told = self.facts.find(other.target).fact
                subject = told.get("subject") if told else None
                if subject is not None:
                    return frozenset({str(subject.value)}), None
            return self.reading.subject, None
        nearest = names[-1]
        if len(names) > 1:
            between = re.sub(r"\([^)]*\)", "", text[names[-2].end : nearest.start])
            after = re.sub(r"\([^)]*\)", "", text[nearest.end : span.start])
            if _JOINED.fullmatch(between) and _INSIDE not in after and len(after.split()) <= 3:
                return nearest.symbols, frozenset({f"{names[-2].text} and {nearest.text}"})
        return nearest.symbols, None

    def _carry(self, rest: str, outside: Sequence[Token], told: Sequence[Fact]) -> None:
        names = [
            token for token in outside
            if isinstance(token, Name) and "" not in token.symbols and not token.ticker
            and not is_comparand(rest[: token.start].lower().split())
        ]  # fmt: skip
        if names:
            self.reading.subject = names[-1].symbols
            return
        subject = next((part for fact in told if (part := fact.get("subject"))), None)
        if subject is not None:
            self.reading.subject = frozenset({str(subject.value)})

    # --- the rest of a sentence --------------------------------------------------------------------------------

    def _rest(self, sentence: Sentence, outside: Sequence[Token]) -> None:
        sourced = any(span.kind == "link" for span in sentence.spans)
        counted = {
            span.start for span in sentence.spans if sentence.text[span.start : span.start + 1].isdigit()
        }
        for token in outside:
            if token in self.reading.dated:
                continue
            if token.text.lower() == "after" and token.end + 1 in counted:
                continue  # "After [63 sessions the median …]": the link tells of what
            reason = self._outside(token, sourced=sourced)
            if reason:
                self._add(token.text, sentence.line, Status.UNSUPPORTED, reason)

    def _outside(self, token: Token, *, sourced: bool) -> str:
        """Why a token may not stand outside the links of a desk sentence; empty when it may."""
        if isinstance(token, Figure):
            return f"the figure {token.text!r} stands outside a fact link"
        if isinstance(token, Moment):
            return f"the date {token.text!r} stands outside a fact link"
        if isinstance(token, Name):
            if "" in token.symbols or token.ticker:
                return ""
            if self.reading.lost or any(concerns(fact, token) for fact in self.reading.facts):
                return ""
            return f"{token.text} is in no fact of this paragraph"
        if isinstance(token, Word):
            return self._word_outside(token, sourced=sourced)
        if isinstance(token, Plain) and sourced:  # the source answers for its own words
            return ""
        return self._unknown_word(token, outside=True)

    def _word_outside(self, word: Word, *, sourced: bool) -> str:
        kinds = set(word.classes)
        if kinds & _FREE or (sourced and kinds & {"cause", "modal"}):
            return ""
        if "cause" in kinds:
            return f"{word.text!r} gives a cause: name and link a source in the same sentence"
        if any(licenses(fact, kind) for kind in kinds & _REFERRING for fact in self.known.values()):
            return ""
        nearby = {kind for kind in kinds if kind in _NEARBY or kind.startswith("unit:")}
        if any(licenses(fact, kind) for kind in nearby for fact in self.reading.facts):
            return ""
        return f"{word.text!r} claims something outside a fact link"

    def _unknown_word(self, token: Token, *, outside: bool = False) -> str:
        """Why a word is neither a name nor one of the words that claim nothing; empty when it is."""
        if isinstance(token, Proper) and not (self.desk and token.initial and is_neutral(token.text)):
            reason = self._no_known_name(token)
            if reason:
                return reason
        if not self.desk or token.text.lower() in self._titles():
            return ""
        return stranger(token, outside=outside)

    def _titles(self) -> frozenset[str]:
        """The words of the events and series that the article's facts are about."""
        if self._titled is None:
            texts = [part.value for fact in self.known.values() for part in fact.parts if part.kind == "text"]
            self._titled = frozenset(word.lower() for text in texts for word in str(text).split())
        return self._titled

    def _strangers(self, tokens: Sequence[Token], line: int) -> None:
        """Words of a claim that proof does not know; names are judged with the fact."""
        for token in tokens:
            if isinstance(token, Plain) and (reason := self._unknown_word(token)):
                self._add(token.text, line, Status.UNSUPPORTED, reason)

    def _no_known_name(self, token: Proper) -> str:
        """Why a capitalised word is no name; empty when it is an ordinary word that opens a sentence."""
        word = token.text.removesuffix("’s").removesuffix("'s")
        if (
            token.initial
            and word[1:].islower()
            and (word.lower() in self._lower_words() or _ENGLISH.fullmatch(word.lower()))
            and word.lower() not in _listed_first_words(self.view)
        ):
            return ""
        return f"{token.text!r} is no known name"

    def _lower_words(self) -> frozenset[str]:
        if self._lower is None:
            self._lower = frozenset(re.findall(r"\b[a-z]{2,}\b", self.article.body))
        return self._lower

    def _tickers(self, text: str, tokens: Sequence[Token], line: int) -> None:
        """A ticker must be that of the name directly before it."""
        for place, token in enumerate(tokens):
            if not isinstance(token, Name) or not token.ticker:
                continue
            before = tokens[place - 1] if place else None
            if not token.symbols:
                if self.desk:
                    self._add(
                        token.text,
                        line,
                        Status.UNSUPPORTED,
                        f"no instrument {token.text.strip('()')} is known",
                    )
            elif isinstance(before, Name) and not text[before.end : token.start].strip():
                if not before.symbols & token.symbols:
                    self._add(token.text, line, Status.CONTRADICTED if self.desk else Status.UNCHECKED,
                              f"{token.text.strip('()')} is not the ticker of {before.text}")  # fmt: skip
            elif self.desk:
                title = " or ".join(self.names.title(symbol) for symbol in token.symbols)
                self._add(
                    token.text, line, Status.CONTRADICTED, f"the name before this ticker is not {title}"
                )

    def _without_links(self, sentence: Sentence) -> None:
        if sentence.text.strip():
            self._listed_sentence(sentence.text, sentence.line, sentence.spans)

    def _listed_sentence(self, text: str, line: int, spans: Sequence[Span]) -> None:
        """A sentence without links is what facts.json lists it as, or unsupported."""
        entry = self.listed.get(sentence_digest(text))
        if entry is None:
            self._add(text, line, Status.UNSUPPORTED, "it has no fact link and is not listed in facts.json")
            return
        kind, guard = entry
        if kind not in _LISTED_KINDS:
            self._add(text, line, Status.UNSUPPORTED, f"{kind!r} is no kind of sentence without figures")
            return
        tokens = self._lex(text)
        figured = next((token for token in tokens if isinstance(token, Figure | Moment)), None)
        linked = any(span.kind == "link" for span in spans)
        if kind == "attributed":
            status, reason = (
                (Status.ATTRIBUTED, "")
                if linked
                else (Status.UNSUPPORTED, "no source is linked in the sentence")
            )
            self._add(text, line, status, reason)
            return
        if figured is not None and not (kind == "definition" and _is_definition(text)):
            self._add(
                text, line, Status.UNSUPPORTED, f"{figured.text!r} stands in a sentence without a fact link"
            )
            return
        if kind == "interpretation" and not guard:
            self._add(text, line, Status.UNSUPPORTED, "an interpretation needs a guard")
            return
        for token in tokens:
            if isinstance(token, Proper) and (reason := self._no_known_name(token)):
                self._add(token.text, line, Status.UNSUPPORTED, reason)
                return
            if isinstance(token, Word) and {"cause", "puffery", "advice"} & set(token.classes) and not linked:
                self._add(
                    token.text,
                    line,
                    Status.UNSUPPORTED,
                    f"{token.text!r} needs a source linked in the sentence",
                )
                return
        try:
            if guard and not guard_holds(guard, self.known):
                self._add(text, line, Status.CONTRADICTED, f"its condition does not hold: {guard}")
                return
        except BadGuard as error:
            self._add(text, line, Status.UNSUPPORTED, str(error))
            return
        self._add(text, line, Status.VERIFIED)

    def _unchecked(self, sentence: Sentence, outside: Sequence[Token]) -> None:
        """An editor's or imported sentence: market claims outside links are listed; other figures are free."""
        if not self._market_claim(outside):
            return
        sourced = any(span.kind == "link" for span in sentence.spans)
        status = Status.ATTRIBUTED if sourced else Status.UNCHECKED
        self._add(sentence.text, sentence.line, status, "" if sourced else "no fact link")

    def _market_claim(self, tokens: Sequence[Token]) -> bool:
        named = self.reading.subject is not None or any(
            isinstance(token, Name) and any(not symbol.startswith("@") and symbol for symbol in token.symbols)
            for token in tokens
        )
        named_here = any(
            isinstance(token, Name) and any(symbol for symbol in token.symbols) for token in tokens
        )
        for token in tokens:
            if isinstance(token, Figure):
                if token.unit in _MARKET_UNITS and (
                    named or any(isinstance(t, Word) and _DIRECTIONAL & set(t.classes) for t in tokens)
                ):
                    return True
                if token.unit == "USD" and named_here:
                    return True
            if (
                isinstance(token, Word)
                and named_here
                and {*_DIRECTIONAL, "record", "streak", "highest", "lowest"} & set(token.classes)
            ):
                return True
        return False

    # --- tables -----------------------------------------------------------------------------------------------

    def _table(self, cells: Sequence[Block]) -> None:
        """Each cell is read with its row's label and its column's header."""
        grid = {(cell.row, cell.column): cell for cell in cells}
        headers = {cell.column: cell for cell in cells if cell.row == 0}
        if any(_DIVIDENDS.search(cell.text) for cell in cells):
            self.reading.dividends = True
        for cell in cells:
            self._tickers(cell.text, self._lex(cell.text), cell.line)
            if cell.row == 0:
                self._label(cell)
                self._heads_nothing(cell, cells)
                continue
            label = grid.get((cell.row, 0)) if cell.column else None
            if cell.column == 0 and not any(span.kind == "fact" for span in cell.spans):
                linked = any(
                    other.row == cell.row and any(span.kind == "fact" for span in other.spans)
                    for other in cells
                )
                if linked or not self.desk:
                    self._label(cell)
                else:
                    self._prove_unlinked(cell.text, cell.line, "table")
                continue
            self._cell(cell, label, headers.get(cell.column))

    def _heads_nothing(self, header: Block, cells: Sequence[Block]) -> None:
        """A header is judged with the linked cells below it; without any it may not claim."""
        heads = any(
            cell.column == header.column and cell.row and any(span.kind == "fact" for span in cell.spans)
            for cell in cells
        )
        if self.desk and not heads and self._tells(header.text):
            self._add(header.text, header.line, Status.UNSUPPORTED, "no fact link stands below this header")

    def _label(self, cell: Block) -> None:
        """A header or row label claims nothing alone, but its names must be known."""
        if not self.desk:
            return
        for token in self._lex(cell.text):
            if reason := self._unknown_word(token):
                self._add(token.text, cell.line, Status.UNSUPPORTED, reason)

    def _cell(self, cell: Block, label: Block | None, header: Block | None) -> None:
        links = [span for span in cell.spans if span.kind == "fact"]
        unit = _header_unit(header.text) if header else ""
        row = _heads(self._lex(label.text)) if label else []
        column = _heads(self._lex(header.text)) if header else []
        outside = self._lex(_masked(cell.text, links), unit=unit)
        self._beside(cell.text, links, cell.line, cell=True)
        context = self._cell_context([*row, *column])
        for span in links:
            text = cell.text[span.start : span.end]
            found = self._usable(text, cell.line, span)
            if found is None or found.fact is None:
                continue
            own = self._lex(text, unit=unit)
            without = _around(row, own)
            tokens = [*without, *_around(column, own), *own]
            if header is not None and not entails(tokens, found.fact, context).holds:
                plain = entails([*without, *own], found.fact, context)
                if plain.holds:  # the column's header is what does not fit
                    self._judge(header.text, header.line, found, tokens, context, own)
                    continue
            self._judge(text, cell.line, found, tokens, context, own)
            self._strangers(own, cell.line)
        self._strangers(outside, cell.line)
        claims = [token for token in outside if isinstance(token, Figure | Moment | Word | Proper)]
        if claims and not links and self.desk:
            self._free_cell(cell, [*row, *column, *outside], context)
        elif claims and self.desk:
            for token in claims:
                if reason := self._outside(token, sourced=False):
                    self._add(token.text, cell.line, Status.UNSUPPORTED, reason)

    def _usable(self, text: str, line: int, span: Span) -> Found | None:
        """What a link stands for, if its fact exists and is of the article's session; else a claim says why not."""
        found = self.facts.find(span.target)
        if found.fact is None:
            self.claims.append(
                Claim(text, line, found.status, found.id, found.metric, claimed=text, reason=found.reason)
            )
            return None
        if self.article.as_of is not None and found.fact.as_of != self.article.as_of:
            reason = f"the fact is as of {found.fact.as_of}, the article as of {self.article.as_of}"
            self._add(text, line, Status.CONTRADICTED, reason, found.fact)
            return None
        return found

    def _cell_context(self, around: Sequence[Token]) -> Context:
        named = next(
            (t.symbols for t in around if isinstance(t, Name) and "" not in t.symbols), self.reading.subject
        )
        return Context(
            as_of=self.as_of,
            names=self.names,
            subject=named,
            windows=frozenset(self.reading.windows | self.reading.runs) if self.desk else None,
            total_said=self.reading.dividends or not self.desk,
            scoped=True,
            median_said=True,
            closes_said=True,
            subject_required=self.desk,
        )

    def _free_cell(self, cell: Block, tokens: Sequence[Token], context: Context) -> None:
        """A cell with figures but no link must follow from some fact about its row."""
        best: tuple[int, Objection] | None = None
        for fact in self.known.values():
            verdict = entails(tokens, fact, context)
            if verdict.holds:
                self._add(cell.text, cell.line, Status.VERIFIED, fact=fact)
                return
            if best is None or len(verdict.objections) < best[0]:
                best = len(verdict.objections), verdict.objections[0]
        reason = best[1].reason if best else "the article has no facts"
        self._add(
            cell.text, cell.line, Status.UNSUPPORTED, f"no fact of the article says so; nearest: {reason}"
        )


# --- small things ---------------------------------------------------------------------------------------------


def _claim(
    text: str, line: int, status: Status, fact: Fact | None, reason: str, objection: Objection | None
) -> Claim:
    value = fact.get("value") if fact else None
    return Claim(
        text=text,
        line=line,
        status=status,
        fact=fact.id if fact else "",
        metric=fact.key.metric if fact else "",
        claimed=objection.claimed if objection else "",
        computed=(objection.computed if objection else "") or (shown(value) if value else ""),
        definition=_wording(fact.key.metric) if fact else "",
        reason=reason,
    )


def _wording(metric: str) -> str:
    try:
        return metrics.definition(metric).wording
    except BadParameter:
        return ""


@lru_cache(maxsize=1)
def _definitions() -> str:
    texts = [" ".join(definition.wording.split()) for definition in metrics.definitions()]
    return "\n".join((*texts, *GLOSSES))


def _is_definition(text: str) -> bool:
    """Whether a sentence stands word for word in a definition that readers can look up, or in the house's glosses."""
    return " ".join(text.split()) in _definitions()


def listed_digests(record: Mapping[str, object]) -> frozenset[str]:
    """The digests of the sentences that a facts file lists: they stand as they are or not at all."""
    entries = record.get("sentences")
    found = (
        (one.get("digest") for one in entries if isinstance(one, Mapping))
        if isinstance(entries, list)
        else ()
    )
    return frozenset(one for one in found if isinstance(one, str))


def _listed(article: Article) -> dict[str, tuple[str, str]]:
    """Kind and guard of the listed sentences, by digest."""
    entries = article.facts.get("sentences") if article.facts else None
    found: dict[str, tuple[str, str]] = {}
    for entry in entries if isinstance(entries, list | tuple) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("digest"), str):
            found[str(entry["digest"])] = str(entry.get("kind", "")), str(entry.get("guard", ""))
    return found


def _masked(text: str, spans: Sequence[Span]) -> str:
    for span in spans:
        text = text[: span.start] + _INSIDE * (span.end - span.start) + text[span.end :]
    return text


def _says_scope(text: str) -> bool:
    return re.search(r"\bdata\b", text) is not None


def _header_unit(text: str) -> str:
    lower = text.lower()
    if "percentage point" in lower:
        return "percentage points"
    if "basis point" in lower:
        return "basis points"
    if "%" in lower or "percent" in lower:
        return "percent"
    found = re.fullmatch(r"\W*(sessions|weeks|months|runs|cases|members|points)\W*", lower)
    return found[1] if found else ""


def _heads(tokens: Sequence[Token]) -> list[Token]:
    """What a row's label or a column's header says of its cells; units are told by the cells' figures."""
    free = {"close", "better", "worse"}
    return [
        token
        for token in tokens
        if not isinstance(token, Proper)
        and token.text.lower() not in _HEADS_CHANGE  # it excuses no missing minus, as "a move of 2%" does
        and not (
            isinstance(token, Word)
            and all(kind.startswith("unit:") or kind in free | _DIRECTIONAL for kind in token.classes)
            and (set(token.classes) & free or not set(token.classes) & _DIRECTIONAL)
        )
    ]


def _around(heads: Sequence[Token], own: Sequence[Token]) -> list[Token]:
    """The label's tokens for one cell: a figure that the cell repeats is the cell's, and a sign tells direction."""
    figures = [token for token in own if isinstance(token, Figure)]
    said = {(token.value, token.unit) for token in figures}
    signed = any(token.sign or not token.value for token in figures)
    return [
        token
        for token in heads
        if not (isinstance(token, Figure) and (token.value, token.unit) in said)
        and not (signed and isinstance(token, Word) and set(token.classes) <= _DIRECTIONAL)
    ]


def _no_name(token: Token) -> str:
    return f"{token.text!r} is no known name" if isinstance(token, Proper) and not token.initial else ""


_FIRST_WORDS: dict[int, tuple[MarketView, frozenset[str]]] = {}


def _listed_first_words(view: MarketView) -> frozenset[str]:
    """The first words of every listed name, in lower case; kept for the view asked last."""
    kept = _FIRST_WORDS.get(0)
    if kept is None or kept[0] is not view:
        words = frozenset(
            instrument.name.split()[0].strip(",.").lower()
            for instrument in view.instruments()
            if instrument.name.strip()
        )
        _FIRST_WORDS[0] = kept = (view, words)
    return kept[1]
