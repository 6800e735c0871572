"""What every part of an article's proof stands on: its facts, names, words, and what has been said so far.

Owns the claims found and no order of reading: body, sentences, tables and front come here with what they read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from broadtape import markdown
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
)
from broadtape.desk.claims.names import table_for
from broadtape.desk.claims.parts import Window, window_of
from broadtape.desk.claims.recomputed import (
    Facts,
    Found,
    Lookup,
    differs,
    same,
)
from broadtape.desk.claims.unlinked import Unlinked
from broadtape.desk.claims.vocabulary import foreign, is_neutral, stranger
from broadtape.desk.proof.reports import Report, claim_of
from broadtape.markdown import Span
from broadtape.model import (
    Article,
    Claim,
    Fact,
    MarketView,
    Status,
)

_MARKET_UNITS: Final = frozenset({"percent", "percentage points", "basis points", "points"})
DIRECTIONAL: Final = frozenset({"up", "down", "lead", "lag", "exceed", "flat"})
_NAMED: Final = frozenset({"close", "streak", "record"})  # what a header may call its column
_ENGLISH: Final = re.compile(
    r"[a-z]+(?:ing|ed|ly|ion|ions|ment|ments|ness|ity|ities|ance|ence|able|ible|al|ous|ive|ful|less|ers|ors|ies|ism|ward)"
)
_DASH: Final = r"[-+\u2010-\u2015\u2212]"
# What makes another figure of a link's when it stands beside it: a sign, a currency, a percent sign.
_SIGNED: Final = re.compile(rf"(?:(?<![\w%)]){_DASH}|[$%]|(?<![\w%)])[-+\u2212]\s+|[$]\s+)\Z")
_SIGNED_CELL: Final = re.compile(rf"(?:{_DASH}|[$%])\s*\Z")
_TRAILING: Final = re.compile(r"\s*%|[$]")
_TRAILING_CELL: Final = re.compile(rf"\s*(?:{_DASH}|[$%])")
LONGEST_TEXT: Final = (
    2_000  # characters of a headline, summary or caption; the longest of the desk's has some 300
)
MOST_LINKS_TOGETHER: Final = 60  # fact links of one sentence: each is read with what stands before it
INSIDE: Final = "·"  # stands for a link's text where the rest of its sentence is read
DIVIDENDS: Final = re.compile(
    r"(?:includ\w+|with|reinvest\w+|count\w+) dividends|dividends (?:are )?(?:included|reinvested)|total returns?",
    re.I,
)


@dataclass(slots=True)
class Reading:
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


class Ground:
    """The proof of one article, as far as it has come."""

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
        self.reading = Reading()
        self.known: dict[str, Fact] = {}
        self._lower: frozenset[str] | None = None
        self._titled: frozenset[str] | None = None
        self._texts: Unlinked | None = None
        self._read: dict[tuple[str, str, bool], tuple[Token, ...]] = {}

    def report(self) -> Report:
        """What became of every claim found so far, in the order of the file."""
        return Report(tuple(sorted(self.claims, key=lambda claim: claim.line)), self.known)

    def lex(self, text: str, *, unit: str = "", opens: bool = True) -> tuple[Token, ...]:
        """The tokens of a text; headers and labels are read once for all their cells."""
        key = (text, unit, opens)
        if key not in self._read:
            self._read[key] = lex(text, self.names, unit=unit, opens=opens)
        return self._read[key]

    def add(
        self,
        text: str,
        line: int,
        status: Status,
        reason: str = "",
        fact: Fact | None = None,
        objection: Objection | None = None,
    ) -> None:
        """File what became of a claim."""
        self.claims.append(claim_of(text, line, status, fact, reason, objection))

    def tells(self, text: str) -> bool:
        """Whether a text that only names something holds a figure, a date or a word that claims."""
        return any(
            isinstance(token, Figure | Moment)
            or (
                isinstance(token, Word)
                and not all(kind in _NAMED or kind.startswith("unit:") for kind in token.classes)
            )
            for token in self.lex(text)
        )

    def legible(self, text: str, line: int, source: str = "") -> None:
        """Nothing in a desk text may be read one way by proof and another way by readers."""
        if not self.desk:
            return
        for symbol in self.article.symbols:  # a company's own name may hold what a sentence may not
            text = text.replace(self.names.titles.get(symbol) or symbol, "")
        if found := foreign(text):
            shown_as = found if found.isprintable() else f"U+{ord(found):04X}"
            self.add(
                text[:80], line, Status.UNSUPPORTED, f"the character {shown_as!r} has no place in a desk text"
            )
        if "~~" in source:
            self.add(text[:80], line, Status.UNSUPPORTED, "a desk article strikes nothing out: remove it")

    def prove_unlinked(self, text: str, line: int, where: str) -> None:
        """Prove a text without links; an editor's or an import's is listed where it claims something."""
        if len(text) > LONGEST_TEXT:
            self.too_long(text, line, where, f"{len(text):,} characters", f"{LONGEST_TEXT:,}")
            return
        self.legible(text, line)
        proved = self._unlinked().prove(text)
        if self.desk:
            for piece, status, fact, objection in proved:
                self.add(
                    piece, line, status, f"{where}: {objection.reason}" if objection else "", fact, objection
                )
            return
        tokens = self.lex(text)
        if not self.market_claim(tokens):
            return
        holds = all(status is Status.VERIFIED for _, status, _, _ in proved)
        fact = next((fact for _, _, fact, _ in proved if fact), None)
        self.add(
            text, line, Status.VERIFIED if holds else Status.UNCHECKED, "" if holds else "no fact link", fact
        )

    def too_long(self, text: str, line: int, where: str, found: str, most: str) -> None:
        """A text that no reader takes for a headline or a sentence is refused, not read: reading it would take long."""
        reason = f"{where}: {found}; at most {most} are read as one text: shorten or split it"
        self.add(f"{text[:80]}…", line, Status.UNSUPPORTED if self.desk else Status.UNCHECKED, reason)

    def _unlinked(self) -> Unlinked:
        if self._texts is None:
            self._texts = Unlinked(self.known, self.names, self.as_of, self.unknown_word)
        return self._texts

    def beside(self, text: str, spans: Iterable[Span], line: int, *, cell: bool = False) -> None:
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
                self.add(text[span.start : span.end], line, Status.UNSUPPORTED, reason)

    def judge(
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
            self.add(text, line, kind, reason, fact, verdict.objections[0] if verdict.objections else None)
        elif filed is not None and not same(filed, fact):
            objection = verdict.objections[0] if verdict.objections else None
            self.add(text, line, Status.CONTRADICTED, differs(filed, fact), fact, objection)
        elif verdict.holds:
            if any(isinstance(token, Figure | Moment | Word | Name) for token in own) or not self.desk:
                self.add(text, line, Status.VERIFIED, fact=fact)
            else:
                self.add(text, line, Status.UNSUPPORTED, "the link's text says nothing of the fact", fact)
        else:
            worst = next(
                (o for o in verdict.objections if o.status is Status.CONTRADICTED), verdict.objections[0]
            )
            self.add(
                text, line, worst.status, "; ".join(o.reason for o in verdict.objections[:3]), fact, worst
            )

    def unknown_word(self, token: Token, *, outside: bool = False) -> str:
        """Why a word is neither a name nor one of the words that claim nothing; empty when it is."""
        if isinstance(token, Proper) and not (self.desk and token.initial and is_neutral(token.text)):
            reason = self.no_known_name(token)
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

    def strangers(self, tokens: Sequence[Token], line: int) -> None:
        """Words of a claim that proof does not know; names are judged with the fact."""
        for token in tokens:
            if isinstance(token, Plain) and (reason := self.unknown_word(token)):
                self.add(token.text, line, Status.UNSUPPORTED, reason)

    def no_known_name(self, token: Proper) -> str:
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

    def tickers(self, text: str, tokens: Sequence[Token], line: int) -> None:
        """A ticker must be that of the name directly before it."""
        for place, token in enumerate(tokens):
            if not isinstance(token, Name) or not token.ticker:
                continue
            before = tokens[place - 1] if place else None
            if not token.symbols:
                if self.desk:
                    self.add(
                        token.text,
                        line,
                        Status.UNSUPPORTED,
                        f"no instrument {token.text.strip('()')} is known",
                    )
            elif isinstance(before, Name) and not text[before.end : token.start].strip():
                if not before.symbols & token.symbols:
                    self.add(token.text, line, Status.CONTRADICTED if self.desk else Status.UNCHECKED,
                              f"{token.text.strip('()')} is not the ticker of {before.text}")  # fmt: skip
            elif self.desk:
                title = " or ".join(self.names.title(symbol) for symbol in token.symbols)
                self.add(token.text, line, Status.CONTRADICTED, f"the name before this ticker is not {title}")

    def market_claim(self, tokens: Sequence[Token]) -> bool:
        """Whether a text that nothing proves claims something of a market."""
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
                    named or any(isinstance(t, Word) and DIRECTIONAL & set(t.classes) for t in tokens)
                ):
                    return True
                if token.unit == "USD" and named_here:
                    return True
            if (
                isinstance(token, Word)
                and named_here
                and {*DIRECTIONAL, "record", "streak", "highest", "lowest"} & set(token.classes)
            ):
                return True
        return False

    def usable(self, text: str, line: int, span: Span) -> Found | None:
        """What a link stands for, if its fact exists and is of the article's session; else a claim says why not."""
        found = self.facts.find(span.target)
        if found.fact is None:
            self.claims.append(
                Claim(text, line, found.status, found.id, found.metric, claimed=text, reason=found.reason)
            )
            return None
        if self.article.as_of is not None and found.fact.as_of != self.article.as_of:
            reason = f"the fact is as of {found.fact.as_of}, the article as of {self.article.as_of}"
            self.add(text, line, Status.CONTRADICTED, reason, found.fact)
            return None
        return found


def _listed(article: Article) -> dict[str, tuple[str, str]]:
    """Kind and guard of the listed sentences, by digest."""
    entries = article.facts.get("sentences") if article.facts else None
    found: dict[str, tuple[str, str]] = {}
    for entry in entries if isinstance(entries, list | tuple) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("digest"), str):
            found[str(entry["digest"])] = str(entry.get("kind", "")), str(entry.get("guard", ""))
    return found


def masked(text: str, spans: Sequence[Span]) -> str:
    """The text with a placeholder, as long, for each of the spans."""
    for span in spans:
        text = text[: span.start] + INSIDE * (span.end - span.start) + text[span.end :]
    return text


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


_FIRST_WORDS: dict[int, tuple[MarketView, frozenset[str]]] = {}
