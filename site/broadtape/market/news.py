"""Which instruments a story is about: symbols, tickers and names in its title and excerpt.

Pure text; rather leaves a story unlinked than links it wrongly (docs/contracts/news.md has the rules). Owns no
clusters and no heat (`likeness`), and stores nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

How = Literal["named", "exchange", "cashtag", "ticker", "name"]

VERSION = 1  # of the rules: a store links all its stories anew when it changes

_EXCHANGES = {
    "nasdaq": ("NASDAQ",), "nasdaqgs": ("NASDAQ",), "nasdaqgm": ("NASDAQ",), "nasdaqcm": ("NASDAQ",),
    "nyse": ("NYSE", "NYSEARCA", "NYSEAMERICAN"), "nysearca": ("NYSEARCA", "NYSE"), "nyse arca": ("NYSEARCA", "NYSE"),
    "nyse american": ("NYSEAMERICAN", "NYSE"), "nyseamerican": ("NYSEAMERICAN", "NYSE"), "nyse mkt": ("NYSEAMERICAN",),
    "amex": ("NYSEAMERICAN", "NYSEARCA"), "bats": ("BATS",), "cboe": ("BATS",), "cboe bzx": ("BATS",),
}  # fmt: skip
_EXCHANGE_FORM = re.compile(
    r"\b(NYSE(?:\s?American|\s?Arca|\s?MKT)?|NASDAQ(?:GS|GM|CM)?|AMEX|BATS|Cboe(?: BZX)?)\s*:\s*"
    r"\$?([A-Za-z][A-Za-z0-9.\-]{0,9})\b",
    re.IGNORECASE,
)
_CASHTAG = re.compile(r"(?<![\w$])\$([A-Z]{1,5}(?:\.[A-Z])?)(?![\w$])")
_CLASS = re.compile(r"\b(?:Class|Series) ([A-Z])\b")
_IN_BRACKETS = re.compile(r"\(\$?([A-Z]{1,5}(?:\.[A-Z])?)\)")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9&.'’+\-]*")

# Newspapers are named as sources; that alone is no story about their publisher.
_PRESS = frozenset({("new", "york", "times"), ("thomson", "reuters"), ("news", "corp")})
_NAMES_SHARE_FROM = 2  # letters that the tickers of two classes of one company begin with


@dataclass(frozen=True, slots=True)
class Named:
    """An instrument and everything it is called; `former` are names that its company no longer uses."""

    symbol: str
    kind: str
    names: tuple[str, ...]
    former: tuple[str, ...] = ()
    cik: str = ""

    @property
    def ticker(self) -> str:
        """The part after the colon."""
        return self.symbol.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Link:
    """One instrument that a story is about, how that is seen, and the words that say so."""

    symbol: str
    how: How
    words: str


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    word: str  # lower case, without dots and possessive
    owned: str  # the same with its possessive: "domino's"
    start: int
    end: int

    @property
    def capital(self) -> bool:
        return self.text[0].isupper() or self.text[0].isdigit()


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    tokens: tuple[_Token, ...]
    title: bool  # headline style: capitals tell nothing


@dataclass(slots=True)
class _Key:
    """One name, as words, and whose it is; `shape` is how it is written."""

    words: tuple[str, ...]
    shape: str
    symbols: set[str] = field(default_factory=set)


def digest(named: Iterable[Named]) -> str:
    """Changes with the rules and with every name."""
    lines = sorted("|".join((one.symbol, one.kind, one.cik, *one.names, "", *one.former)) for one in named)
    return hashlib.sha256("\n".join((str(VERSION), *lines)).encode()).hexdigest()[:32]


class Lexicon:
    """Every name and ticker of the listed instruments, looked up in texts. Ambiguous ones are left out."""

    def __init__(self, named: Iterable[Named]) -> None:
        self._named = {one.symbol: one for one in named if _usual(one)}
        self._tickers: dict[str, list[str]] = {}
        self._by_cik: dict[str, list[str]] = {}
        for symbol, one in self._named.items():
            self._tickers.setdefault(one.ticker, []).append(symbol)
            if one.cik.isdigit():
                self._by_cik.setdefault(one.cik.zfill(10), []).append(symbol)
        self._keys: dict[str, list[_Key]] = {}
        for key in self._unambiguous():
            self._keys.setdefault(key.words[0], []).append(key)
        for keys in self._keys.values():
            keys.sort(key=lambda key: (-len(key.words), key.words))

    def links(
        self, title: str, excerpt: str = "", *, named: Sequence[str] = (), publisher: str = ""
    ) -> tuple[Link, ...]:
        """The instruments a story is about, each once, by symbol.

        `named` are identifiers that the entry itself gives. A name that is also a common word, or short, counts
        only with support: a ticker, a legal form, or words around it that speak of a company.
        """
        texts = [_read(_without_publisher(title, publisher)), _read(excerpt)]
        found: dict[str, Link] = {}
        for link in self._certain(texts, named):
            found.setdefault(link.symbol, link)
        weak: list[Link] = []
        for text in texts:
            for key, first, last in self._matches(text):
                link = Link(
                    self._primary(key.symbols),
                    "name",
                    text.text[text.tokens[first].start : text.tokens[last].end],
                )
                if self._stands_alone(key, text, first, last) or _supported(key, text, first, last):
                    found.setdefault(link.symbol, link)
                else:
                    weak.append(link)
        whole = f"{title}\n{excerpt}"
        bracketed = set(_IN_BRACKETS.findall(whole))
        for link in weak:
            if self._named[link.symbol].ticker in bracketed:
                found.setdefault(link.symbol, link)
        return tuple(found[symbol] for symbol in sorted(found))

    # --- tickers

    def _certain(self, texts: Sequence[_Text], named: Sequence[str]) -> Iterator[Link]:
        for given in named:
            symbol = self._identified(given)
            if symbol:
                yield Link(symbol, "named", given)
        for text in texts:
            for match in _EXCHANGE_FORM.finditer(text.text):
                symbol = self._listed(match[1], match[2])
                if symbol:
                    yield Link(symbol, "exchange", match[0])
            for match in _CASHTAG.finditer(text.text):
                symbol = self._only(match[1])
                if symbol:
                    yield Link(symbol, "cashtag", match[0])
            for place, token in enumerate(text.tokens[:-1]):
                after = text.tokens[place + 1]
                if after.word in ("stock", "shares", "options", "calls", "puts") and _is_ticker(token.text):
                    symbol = self._only(token.text)
                    if symbol and token.word not in _words():
                        yield Link(symbol, "ticker", token.text)

    def _identified(self, given: str) -> str:
        """The instrument of an identifier in an entry: "NYSE:MTUS", "Nasdaq: AAPL", "CIK:320193"."""
        scheme, colon, value = given.partition(":")
        if not colon:
            return ""
        if scheme.strip().upper() == "CIK":
            symbols = self._by_cik.get(value.strip().zfill(10), [])
            return self._primary(symbols) if symbols else ""
        return self._listed(scheme, value)

    def _listed(self, exchange: str, ticker: str) -> str:
        """The instrument listed as (exchange: ticker); empty for an exchange or ticker we do not have."""
        plain = ticker.strip().upper().replace("-", ".").rstrip(".")
        for name in _EXCHANGES.get(" ".join(exchange.split()).lower(), ()):
            if f"{name}:{plain}" in self._named:
                return f"{name}:{plain}"
        return ""

    def _only(self, ticker: str) -> str:
        """The instrument of a bare ticker when there is just one."""
        symbols = self._tickers.get(ticker, [])
        return symbols[0] if len(symbols) == 1 else ""

    # --- names

    def _unambiguous(self) -> Iterator[_Key]:
        """A key for each name that means one company."""
        present: dict[tuple[str, ...], _Key] = {}
        former: dict[tuple[str, ...], _Key] = {}
        for symbol in sorted(self._named):
            one = self._named[symbol]
            for names, into in ((one.names, present), (one.former, former)):
                for name in names:
                    for words, shape in _forms_of(name, one.kind):
                        into.setdefault(words, _Key(words, shape)).symbols.add(symbol)
        for words, key in former.items():
            present.setdefault(words, key)
        for key in present.values():
            if self._one_company(key.symbols):
                yield key

    def _one_company(self, symbols: Iterable[str]) -> bool:
        """Whether all are shares of one company: by CIK, else by tickers that begin alike."""
        first, *others = sorted(symbols, key=lambda symbol: (len(symbol), symbol))
        one = self._named[first]
        for symbol in others:
            other = self._named[symbol]
            if one.cik and other.cik:
                if one.cik.zfill(10) != other.cik.zfill(10):
                    return False
            elif one.kind != other.kind or (
                one.ticker[:_NAMES_SHARE_FROM] != other.ticker[:_NAMES_SHARE_FROM]
                or not other.ticker.startswith(one.ticker.partition(".")[0][:3])
            ):
                return False
        return True

    def _primary(self, symbols: Iterable[str]) -> str:
        """Of several classes of one company its class A, else the one with the shortest ticker."""

        def place(symbol: str) -> tuple[int, int, str]:
            one = self._named[symbol]
            letter = _CLASS.search(" ".join(one.names[:1]))
            return (0 if letter is None else ord(letter[1]) - 64, len(one.ticker), symbol)

        return min(symbols, key=place)

    def _matches(self, text: _Text) -> Iterator[tuple[_Key, int, int]]:
        """Names in a text, longest first, none within another: the key, its first and its last token."""
        place = 0
        while place < len(text.tokens):
            for key in self._candidates(text.tokens[place]):
                last = place + len(key.words) - 1
                if last < len(text.tokens) and _reads(key, text, place, last):
                    if not _is_part_of_more(text, last, self._named[self._primary(key.symbols)].kind):
                        yield key, place, last
                    place = last
                    break
            place += 1

    def _candidates(self, token: _Token) -> list[_Key]:
        found = self._keys.get(token.word, [])
        if token.owned != token.word and token.owned in self._keys:
            return sorted([*found, *self._keys[token.owned]], key=lambda key: -len(key.words))
        return found

    def _stands_alone(self, key: _Key, text: _Text, first: int, last: int) -> bool:
        """Whether the name needs no support: coined, with its legal form, or capitalised where words are not."""
        told = [word for word in key.words if word not in _listed_words("small")]
        if key.words in _PRESS:
            return False
        if any(word in _listed_words("forms") for word in told) and len(told) > 1:
            return True
        if len(told) == 1:
            return _coined(key) and not _within_a_name(text, first, last)
        if any(any(c.isdigit() for c in word) for word in told):
            return True
        if not all(_common(word) for word in told):
            return True
        if not text.title:
            return not _within_a_name(text, first, last)
        people = _people()
        return any(word in people for word in told) and not all(word in _places() for word in told)


# --- reading texts ----------------------------------------------------------------------------------------


def _read(text: str) -> _Text:
    tokens = []
    for match in _TOKEN.finditer(text[:2_000]):
        written = match[0].rstrip(".'’-+&")
        owned = _word(written)
        word = owned.removesuffix("'s") if owned.endswith("'s") else owned
        tokens.append(_Token(written, word, owned, match.start(), match.start() + len(written)))
    telling = [
        one
        for one in tokens[1:]
        if one.text[0].isalpha() and one.word not in _listed_words("small") and len(one.word) > 3
    ]
    capitals = sum(one.text[0].isupper() for one in telling)
    return _Text(text[:2_000], tuple(tokens), capitals * 2 > len(telling))


def _word(written: str) -> str:
    return written.lower().replace("’", "'").replace(".", "")


def _without_publisher(title: str, publisher: str) -> str:
    """A title without the name of its publisher at the end, as collections of news write it."""
    for mark in (" - ", " | ", " – ", " — "):
        head, found, tail = title.rpartition(mark)
        if found and head and publisher and tail.strip().casefold() == publisher.strip().casefold():
            return head
    return title


def _reads(key: _Key, text: _Text, first: int, last: int) -> bool:
    """Whether the tokens are this name: the same words, written as a name, nothing but spaces between."""
    tokens = text.tokens[first : last + 1]
    for number, (word, token) in enumerate(zip(key.words, tokens, strict=True)):
        owned = token.owned == word
        if token.word != word and not owned:
            return False
        if token.word == word and token.owned != word and number < len(tokens) - 1:
            return False  # a possessive inside: "Morgan's Stanley"
    for before, after in pairwise(tokens):
        gap = text.text[before.end : after.start].strip()
        if (
            gap
            and not (gap in (",", ".", ".,") and (after.word in _listed_words("forms") or gap == "."))
            and gap != "&"
        ):
            return False
    written = key.shape.split()
    for token, shape in zip(tokens, written, strict=False):
        if token.word in _listed_words("small") or token.word in _listed_words("forms"):
            continue
        if not token.capital and not token.text.startswith(shape[:2]):
            return False
    return True


def _is_part_of_more(text: _Text, last: int, kind: str) -> bool:
    """Whether the words belong to a longer name: a stadium, a street, another fund."""
    after = text.tokens[last + 1] if last + 1 < len(text.tokens) else None
    if after is None or text.text[text.tokens[last].end : after.start].strip():
        return False
    if kind == "index" and after.word in _listed_words("funds"):
        return True
    return after.capital and after.word in _listed_words("venues")


def _within_a_name(text: _Text, first: int, last: int) -> bool:
    """In running text, whether a capitalised word beside the name makes it part of another name."""
    if text.title:
        return False
    if last + 1 < len(text.tokens):
        after = text.tokens[last + 1]
        beside = not text.text[text.tokens[last].end : after.start].strip()
        possessive = text.tokens[last].owned != text.tokens[last].word
        if (
            beside
            and not possessive
            and after.text[0].isupper()
            and after.word not in (_listed_words("after") | _listed_words("forms"))
        ):
            return True
    if first > 0:
        before = text.tokens[first - 1]
        gap = text.text[before.end : text.tokens[first].start]
        opens = first == 1 or text.text[: before.start].rstrip().endswith((".", "!", "?", ":", ";", "—", "–"))
        if not gap.strip() and before.text[0].isupper() and not opens and before.owned == before.word:
            return (
                before.word not in (_listed_words("before") | _listed_words("after"))
                and not before.text.isupper()
            )
    return False


def _supported(key: _Key, text: _Text, first: int, last: int) -> bool:
    """Whether the words beside a name speak of a company: "Target shares", "shares of Gap", "Visa CEO"."""
    if key.words in _PRESS or _within_a_name(text, first, last):
        return False
    tokens = text.tokens
    before = tokens[first - 1] if first else None
    gap = text.text[before.end : tokens[first].start] if before else ""
    opens = before is None or bool(gap.strip())
    free = (
        opens
        or before is None
        or before.word in _listed_words("plain before")
        or not (before.capital or text.title)
    )
    if last + 1 < len(tokens):
        after = tokens[last + 1]
        beside = text.text[tokens[last].end : after.start]
        if beside.strip() in ("", "'", "’") and after.word in _listed_words("after") and free:
            return True
    if before is None:
        return False
    if (
        before.word in _listed_words("before")
        and not gap.strip()
        and before.word not in ("shares", "stock", "stake")
    ):
        return not text.title or before.word in (
            "retailer",
            "chipmaker",
            "automaker",
            "carmaker",
            "drugmaker",
            "insurer",
        )
    if before.word in _listed_words("linking") and first > 1 and not gap.strip():
        return tokens[first - 2].word in (
            "shares",
            "stock",
            "stake",
            "ceo",
            "cfo",
            "chairman",
            "shareholders",
            "investors",
        )
    return False


# --- names and words --------------------------------------------------------------------------------------


def _usual(one: Named) -> bool:
    """Whether an instrument is what news is about: no warrant, unit, preferred share or note."""
    if "$" in one.ticker or not one.ticker or one.symbol.startswith("UNLISTED:"):
        return False
    said = one.names[0] if one.names else ""
    return one.kind != "stock" or not re.search(
        r"\b(?:warrants?|rights?|units?|preferred|preference|notes? due|debentures?|depositary shares, each)\b",
        said,
        re.IGNORECASE,
    )


def _forms_of(name: str, kind: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """A name as words to look for; nothing for one that says too little."""
    tokens = [match[0].rstrip(".'’-+&") for match in _TOKEN.finditer(name)]
    words = tuple(_word(token) for token in tokens)
    told = [
        word for word in words if word not in _listed_words("small") and word not in _listed_words("forms")
    ]
    if not told or len(words) > 12:
        return
    if kind == "etf" and len(told) < 2:
        return
    if len(told) == 1 and len(told[0]) < 2:
        return
    yield words, " ".join(tokens)
    if words[0] == "the" and len(words) > 2:
        yield words[1:], " ".join(tokens[1:])


def _coined(key: _Key) -> bool:
    """Whether a single word can mean nothing but the company: no English word, name or place, and not too short."""
    (word,) = (one for one in key.words if one not in _listed_words("small"))
    written = next((one for one in key.shape.split() if _word(one) == word), key.shape)
    if "&" in word or any(c.isdigit() for c in word):
        return len(word) > 1
    if len(word) <= 3 or (len(word) == 4 and written.isupper()):
        return False
    return not _common(word) and word not in _people() and word not in _places()


def _common(word: str) -> bool:
    """Whether a word says something else too: English, or a person's or a place's name."""
    words = _words()
    if word in words or word in _people() or word in _places() or len(word) < 3:
        return True
    return any(stem in words for stem in _stems(word))


_ENDINGS = (
    ("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("ers", ""),
    ("er", ""), ("er", "e"), ("ly", ""), ("ness", ""), ("est", ""), ("ations", "ate"), ("ation", "ate"), ("ally", "al"),
    ("'s", ""), ("ization", "ize"), ("ment", ""), ("ments", ""), ("ors", "or"), ("ical", "ic"),
)  # fmt: skip


def _stems(word: str) -> Iterator[str]:
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            yield stem + instead
            if len(stem) > 3 and stem[-1] == stem[-2]:
                yield stem[:-1]


def _is_ticker(text: str) -> bool:
    return 2 <= len(text) <= 5 and text.isalpha() and text.isupper()


@lru_cache(maxsize=1)
def _sections() -> Mapping[str, frozenset[str]]:
    """The shipped words by section; words.txt says what each is for."""
    found: dict[str, list[str]] = {}
    into: list[str] = []
    for line in (Path(__file__).parent / "words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            into = found.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            into += line.split()
    return {name: frozenset(words) for name, words in found.items()}


def _listed_words(section: str) -> frozenset[str]:
    return _sections()[section]


def _words() -> frozenset[str]:
    return _sections()["words"]


def _people() -> frozenset[str]:
    return _sections()["people"]


def _places() -> frozenset[str]:
    return _sections()["places"]
