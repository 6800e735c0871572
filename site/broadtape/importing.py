"""Owns what becomes of another publisher's article here: an attributed draft with an excerpt, and what to check in it.

Keeps nothing else of the other's text (docs/contracts/import.md). Reads no page itself and judges no claim.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from broadtape import markdown
from broadtape.desk.claims.lexer import lex
from broadtape.desk.claims.names import NameTable, table_for
from broadtape.desk.claims.tokens import Figure, Moment, Name, Word
from broadtape.model import Article, BroadtapeError, Instrument, SourceLink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from broadtape.archive import Archive
    from broadtape.desk.audit import Audit
    from broadtape.desk.claims.tokens import Token
    from broadtape.extraction import Extracted, Page
    from broadtape.model import MarketView

EXCERPT: Final = 300  # characters of another's text that are kept
MOST_CLAIMS: Final = 60
MOST_FIGURES: Final = 8  # of one claim
MOST_SYMBOLS: Final = 20
_UNITS: Final = frozenset(["percent", "percentage points", "basis points", "points"])
_RUNS: Final = frozenset(["sessions", "days", "weeks", "months", "quarters", "years"])
_MOVES: Final = frozenset(["up", "down", "flat", "cut", "raise", "hold"])
# What a claim is about: the first two wherever they stand in a sentence, else by the first word that tells.
_KINDS: Final = (
    ("record", frozenset(["record", "all-time", "52-week", "highest", "lowest"])),
    ("streak", frozenset(["streak", "longest", "ended"])),
    ("return", frozenset(["up", "down", "flat"])),
    ("relative", frozenset(["lead", "lag"])),
    ("rate", frozenset(["cut", "raise", "hold"])),
    ("threshold", frozenset(["above", "below", "exceed"])),
)


class CannotImport(BroadtapeError):
    """A page that can be read but of which no attributed draft can be made."""


@dataclass(frozen=True, slots=True)
class ToCheck:
    """A claim of the other's text: where it stands and what it has in it, never its words.

    `status` is the audit's where it judged the claim (verified, contradicted, unverifiable), `computed` what it found.
    """

    line: int
    kind: str
    about: tuple[str, ...]
    figures: tuple[str, ...]
    status: str = "unchecked"
    computed: str = ""

    def plain(self) -> dict[str, object]:
        """As front matter keeps it."""
        found: dict[str, object] = {
            "line": self.line,
            "kind": self.kind,
            "about": list(self.about),
            "figures": list(self.figures),
            "status": self.status,
        }
        return {**found, "computed": self.computed} if self.computed else found


@dataclass(frozen=True, slots=True)
class Imported:
    """The draft there is now, whether this import filed it, and what a person should know."""

    article: Article
    filed: bool
    notices: tuple[str, ...]


def draft_of(
    extracted: Extracted,
    page: Page,
    *,
    now: datetime,
    symbols: Sequence[str] = (),
    claims: Sequence[ToCheck] = (),
    address: str = "",
    sites: Sequence[str] = (),
) -> Article:
    """The draft, not yet filed. `now` is aware in the site's zone; `address` is where a file without one came from.

    CannotImport where the page says no address and none was given: a draft without its source is no attribution.
    """
    source = address or extracted.canonical or page.address
    if not source:
        raise CannotImport(
            f"{page.name}: the page does not say where it was published; add --url with its address"
        )
    excerpt = excerpt_of(extracted)
    publisher = extracted.publisher or _host(source)
    published = extracted.published
    kept: dict[str, object] = {
        "published": published.value.isoformat() if published.value else "",
        "published_by": ", ".join(published.by),
        "conflict": published.conflict,
        "authors": list(extracted.authors[:10]),
        "words": extracted.words,
        "access": extracted.access,
        "digest": hashlib.sha256(page.body).hexdigest(),
    }
    return Article(
        path="",
        slug="",
        id="",
        title=extracted.headline[:300] or excerpt[:80],
        date=now.replace(microsecond=0),
        body=_body(extracted, excerpt, source, publisher),
        body_line=0,
        status="draft",
        summary=excerpt,
        symbols=tuple(symbols[:MOST_SYMBOLS]),
        sites=tuple(sites),
        origin="import",
        source=SourceLink(publisher, source),
        extra={
            "imported": {key: value for key, value in kept.items() if value},
            **({"claims": [one.plain() for one in claims[:MOST_CLAIMS]]} if claims else {}),
        },
    )


def file_draft(archive: Archive, draft: Article, notices: Sequence[str] = ()) -> Imported:
    """File a draft, unless one of the same source is there already: that one stays as it is."""
    assert draft.source is not None
    there = find(archive, draft.source.url)
    if there is not None:
        return Imported(there, filed=False, notices=tuple(notices))
    return Imported(archive.save(draft), filed=True, notices=tuple(notices))


def find(archive: Archive, address: str) -> Article | None:
    """The import of an address that the archive has, the oldest where there are several."""
    wanted = _bare(address)
    found = [
        one
        for one in archive.scan()[0]
        if one.origin == "import" and one.source is not None and _bare(one.source.url) == wanted
    ]
    return min(found, key=lambda one: one.date, default=None)


def excerpt_of(extracted: Extracted) -> str:
    """At most 300 characters of the other's text: its standfirst, else the beginning of its first paragraph."""
    first = next((one.text for one in extracted.passages if one.kind in ("paragraph", "quote", "item")), "")
    text = extracted.standfirst if len(extracted.standfirst.split()) >= 6 else first
    return shortened(text, EXCERPT)


def shortened(text: str, most: int) -> str:
    """At most so many characters, cut after a word and marked with an ellipsis."""
    if len(text) <= most:
        return text
    head, space, _ = text[: most - 1].rpartition(" ")
    return (head if space and len(head) > most // 2 else text[: most - 1]).rstrip(" ,;:–-") + "…"


def claims_of(extracted: Extracted, names: NameTable) -> tuple[ToCheck, ...]:
    """What the text claims about the market, in its order: headline and disclaimer left out, quotes of people too."""
    found: list[ToCheck] = []
    for passage in extracted.passages:
        if passage.kind in ("heading", "disclaimer"):
            continue
        for sentence in _sentences(passage.text):
            try:
                tokens = lex(sentence, names)
            except ValueError:  # longer than any sentence
                continue
            claim = _claim(tokens, passage.line)
            if claim is not None:
                found.append(claim)
            if len(found) >= MOST_CLAIMS:
                return tuple(found)
    return tuple(found)


def judged(claims: Sequence[ToCheck], audit: Audit, names: NameTable) -> tuple[ToCheck, ...]:
    """The claims with what the audit made of them: those it judged, and of the rest those on other lines.

    A row of quotes that is right is nobody's work; one that is wrong is listed.
    """
    found = [
        ToCheck(
            line=one.line,
            kind=one.kind,
            about=_symbols(one.entity, names),
            figures=(one.claimed[:80],) if one.claimed else (),
            status=one.status,
            computed=one.computed[:120],
        )
        for one in audit.findings
        if one.status in ("verified", "contradicted", "unverifiable")
        and (one.kind != "quote" or one.status == "contradicted")
    ]
    lines = {one.line for one in found}
    rest = [one for one in claims if one.line not in lines]
    return tuple(sorted((*found, *rest), key=lambda one: one.line))[:MOST_CLAIMS]


def _symbols(entity: str, names: NameTable) -> tuple[str, ...]:
    """The instruments that the audit's name for a subject means; the name where it is none of ours."""
    match = names.match(entity, 0) if entity else None
    symbols = sorted(one for one in match.symbols if one and not one.startswith("@")) if match else []
    return tuple(symbols[:1]) or ((entity,) if entity else ())


def names_of(view: MarketView | None, extracted: Extracted) -> NameTable:
    """The names that a text's claims may be about; without a store those that its tickers give."""
    if view is not None:
        return table_for(view, [one.symbol for one in extracted.tickers])
    return NameTable.of(Instrument(one.symbol, one.name, "stock") for one in extracted.tickers if one.name)


def symbols_of(
    extracted: Extracted, listed: Callable[[str], bool] | None, linked: Sequence[str]
) -> tuple[str, ...]:
    """The instruments it is about: its tickers where listed (all without a store), and what headline and excerpt name.

    `linked` are the instruments that the news lexicon finds in headline and excerpt.
    """
    tickers = [one.symbol for one in extracted.tickers if listed is None or listed(one.symbol)]
    return tuple(dict.fromkeys((*linked, *tickers)))[:MOST_SYMBOLS]


# --- the draft --------------------------------------------------------------------------------------------


def _body(extracted: Extracted, excerpt: str, source: str, publisher: str) -> str:
    authors = extracted.authors[:4]
    day = extracted.published.day
    credit = [f"by {', '.join(authors[:-1])}{' and ' if authors[1:] else ''}{authors[-1]}"] if authors else []
    credit.append(publisher)
    if day is not None and not extracted.published.conflict:
        credit.append(f"{day:%B} {day.day}, {day.year}")
    title = escaped(extracted.headline or publisher)
    return f"> {escaped(excerpt)}\n\n[{title}](<{_linked(source)}>), {escaped(', '.join(credit))}.\n"


def escaped(text: str) -> str:
    """Another's words as Markdown that says just them: no link, no markup, no list."""
    plain = re.sub(r"([\\`*_\[\]<>|~$^{}]|&(?=#?\w+;))", r"\\\1", " ".join(text.split()))
    plain = re.sub(r"^(\d{1,9})([.)])", r"\1\\\2", plain)
    return re.sub(r"^(?=[-+=#:])", r"\\", plain)


def _linked(address: str) -> str:
    return address.replace("<", "%3C").replace(">", "%3E").replace("\\", "%5C").replace(" ", "%20")


def _host(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?([^/?#:]+).*", r"\1", address)


def _bare(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?|#.*|/$", "", re.sub(r"#.*", "", address)).rstrip("/")


# --- what to check ----------------------------------------------------------------------------------------


def _sentences(text: str) -> Iterator[str]:
    block = markdown.Block("paragraph", text, (), 1, 0, len(text))
    for one in markdown.sentences(block):
        yield one.text


def _claim(tokens: Sequence[Token], line: int) -> ToCheck | None:
    """The claim of one sentence; None where it makes none about the market."""
    classes = {name for one in tokens if isinstance(one, Word) for name in one.classes}
    figures = [one for one in tokens if isinstance(one, Figure)]
    about = tuple(
        dict.fromkeys(
            symbol
            for one in tokens
            if isinstance(one, Name)
            for symbol in sorted(one.symbols)
            if symbol and not symbol.startswith("@")
        )
    )
    named = bool(about) or any(isinstance(one, Name) and one.symbols - {""} for one in tokens)
    market = [one for one in figures if one.unit in _UNITS or (one.unit == "USD" and named)]
    runs = [one for one in figures if one.unit in _RUNS]
    telling = classes & {"record", "all-time", "52-week", "streak", "longest"}
    if not (
        (market and (named or classes & _MOVES))
        or (named and telling)
        or (named and runs and classes & {"streak", "lead", "lag", *_MOVES})
        or (about and classes & {"up", "down", "lead", "lag"})
    ):
        return None
    said = [one for one in tokens if isinstance(one, Moment) or (isinstance(one, Figure) and _tells(one))]
    texts = tuple(dict.fromkeys(one.text for one in said))[:MOST_FIGURES]
    return ToCheck(line, _kind(tokens, classes), about[:MOST_SYMBOLS], texts)


def _kind(tokens: Sequence[Token], classes: set[str]) -> str:
    for name, words in _KINDS[:2]:
        if classes & words:
            return name
    for token in tokens:
        held = set(token.classes) if isinstance(token, Word) else set()
        for name, words in _KINDS[2:]:
            if held & words:
                return name
    return "level"


def _tells(figure: Figure) -> bool:
    """Whether a figure is worth looking for: one in digits, or one that counts something."""
    return bool(figure.unit) or any(one.isdigit() for one in figure.text)
