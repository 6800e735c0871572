"""Owns an article's text file: front matter to a typed Article and back, changing only the lines that differ.

Reads no file and no facts.json, and never touches the body; docs/contracts/article.md is the format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final, Literal, cast, get_args

import yaml

from broadtape import markdown
from broadtape.model import (
    Article,
    ArticleStatus,
    BrokenArticle,
    Correction,
    Photo,
    Problem,
    SourceLink,
    Update,
)

MAX_HEADER: Final = 64_000  # characters of front matter
_KEYS = re.compile(
    r"(?:[A-Za-z][^\n&*]*\n)*"
)  # each line begins with a word, nothing stands for something else
MAX_DEPTH: Final = 8
MAX_ALIASES: Final = 16  # YAML aliases: enough for any hand-written file, too few for a bomb
MAX_NODES: Final = 2_000

KEYS: Final = (
    "id", "title", "date", "updated", "as_of", "written", "status", "summary", "authors", "topics", "symbols",
    "sites", "owner_site", "photo", "origin", "source", "corrections", "updates",
    "aliases",
)  # fmt: skip
"""The keys we know, in the order in which a new file has them."""

_ORIGINS: Final = ("desk", "editor", "import")
_STATUSES: Final = get_args(ArticleStatus)
_FENCE: Final = re.compile(r"---[ \t]*(?:\r\n|\n|\r|\Z)")
_END: Final = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_BREAK: Final = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Parts:
    """A file taken apart: `before + header + fence + body` is the file again, byte for byte."""

    before: str  # byte order mark and opening fence
    header: str  # the YAML between the fences, its last line break included
    fence: str  # the closing fence, its line break included
    body: str
    body_line: int  # from 1


@dataclass(frozen=True, slots=True)
class Parsed:
    """An article with what its file should be told about: warnings only, errors raise."""

    article: Article
    warnings: tuple[Problem, ...] = ()


def split(text: str) -> Parts | None:
    """The parts of a file, or None when it has no front matter (no opening or no closing fence)."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    opening = _FENCE.match(text, len(mark))
    if opening is None:
        return None
    # `$` of the closing pattern stands before \n only: look for it with the other line ends folded in place.
    folded = text.replace("\r\n", " \n").replace("\r", "\n") if "\r" in text else text
    closing = _END.search(folded, opening.end())
    if closing is None:
        return None
    end = closing.end()
    after = _BREAK.match(text, end if text[end - 1 : end] != "\r" else end - 1)
    end = after.end() if after else end
    return Parts(
        text[: opening.end()],
        text[opening.end() : closing.start()],
        text[closing.start() : end],
        text[end:],
        len(_BREAK.findall(text[:end])) + 1,
    )


def parse(text: str, *, path: str, slug: str, zone: tzinfo) -> Parsed:
    """The article in a file's text; `zone` is assumed for dates written without an offset.

    Raises BrokenArticle naming path, line, cause and remedy. Absent keys get their defaults: the summary is
    the first paragraph, symbols are those of the body's tickers.
    """
    parts = split(text)
    if parts is None:
        raise _broken(path, 1, *_no_front_matter(text))
    reader = _Reader(path, _first_line(parts))
    keys = reader.load(parts.header)
    values = _Values(reader, keys, zone)
    title = values.text("title", required=True)
    published = values.moment("date", required=True)
    assert published is not None
    article = Article(
        path=path,
        slug=slug,
        id=values.text("id"),
        title=title,
        date=published,
        body=parts.body,
        body_line=parts.body_line,
        updated=values.moment("updated"),
        as_of=values.day("as_of"),
        written=values.moment("written"),
        status=cast("ArticleStatus", values.choice("status", _STATUSES, "published")),
        summary=values.text("summary"),
        authors=values.texts("authors"),
        topics=values.texts("topics"),
        symbols=values.symbols("symbols"),
        sites=values.texts("sites"),
        owner_site=values.text("owner_site"),
        photo=values.photo("photo"),
        origin=cast("Literal['desk', 'editor', 'import']", values.choice("origin", _ORIGINS, "editor")),
        source=values.source("source"),
        corrections=values.corrections("corrections"),
        updates=values.updates("updates"),
        aliases=values.addresses("aliases"),
        extra={key: reader.plain(node) for key, (node, _) in keys.items() if key not in KEYS},
        lines={key: line for key, (_, line) in keys.items()},
    )
    return Parsed(_with_defaults(article, keys), tuple(reader.warnings))


def _with_defaults(article: Article, keys: Mapping[str, object]) -> Article:
    if "summary" in keys and "symbols" in keys:
        return article
    try:
        document = markdown.parse(article.body, first_line=article.body_line)
    except ValueError as error:
        remedy = "Shorten the text or split it into several articles"
        raise _broken(article.path, article.body_line, str(error), remedy) from error
    if "summary" not in keys:
        article = replace(article, summary=first_paragraph(document))
    if "symbols" not in keys:
        article = replace(article, symbols=symbols_of(document))
    return article


def first_paragraph(document: markdown.Document) -> str:
    """The text of the first paragraph, or "" when there is none."""
    return next(
        (block.text for block in document.blocks if block.kind == "paragraph" and block.text.strip()), ""
    )


def symbols_of(document: markdown.Document) -> tuple[str, ...]:
    """The symbols of the tickers in a text, in order of first mention."""
    found = (span.target for block in document.blocks for span in block.spans if span.kind == "ticker")
    return tuple(dict.fromkeys(found))


def _no_front_matter(text: str) -> tuple[str, str]:
    if _FENCE.match(text.removeprefix("\ufeff")):
        return "the front matter is not closed", "Put a line of three hyphens (---) after its last key"
    return (
        "no front matter",
        "Begin the file with a line of three hyphens, then title: and date:, then three hyphens again",
    )


def _first_line(parts: Parts) -> int:
    return len(_BREAK.findall(parts.before)) + 1


def _broken(path: str, line: int, cause: str, remedy: str) -> BrokenArticle:
    return BrokenArticle(Problem(path, line, cause, remedy))


# --- reading YAML -----------------------------------------------------------------------------------------


class _Loader(yaml.CSafeLoader):
    """The safe loader; a class of its own so that nobody's registered constructors reach it."""


class _Reader:
    """Composes the header into nodes, within limits, and keeps their lines."""

    def __init__(self, path: str, first_line: int) -> None:
        self.path = path
        self.first_line = first_line
        self.warnings: list[Problem] = []

    def broken(self, line: int, cause: str, remedy: str) -> BrokenArticle:
        return _broken(self.path, line, cause, remedy)

    def warn(self, line: int, cause: str, remedy: str) -> None:
        self.warnings.append(Problem(self.path, line, cause, remedy, "warning"))

    def line(self, node: yaml.Node) -> int:
        return self.first_line + int(node.start_mark.line)

    def load(self, header: str) -> dict[str, tuple[yaml.Node, int]]:
        """Top-level keys with their value nodes and lines."""
        if len(header) > MAX_HEADER:
            cause = f"the front matter is {len(header):,} characters long; at most {MAX_HEADER:,} are read"
            raise self.broken(1, cause, "Move the text below the closing ---")
        try:
            root = self._compose(header)
        except yaml.YAMLError as error:
            raise self._not_yaml(error, header) from error
        except ValueError as error:  # a character that YAML does not allow
            raise self.broken(
                self.first_line, f"the front matter is not YAML: {error}", "Remove it"
            ) from error
        if root is None:
            raise self.broken(1, "the front matter is empty", "Give at least title: and date:")
        if not isinstance(root, yaml.MappingNode):
            raise self.broken(
                self.line(root), "the front matter is not a list of keys", "Write it as key: value"
            )
        keys: dict[str, tuple[yaml.Node, int]] = {}
        for key, value in root.value:
            name, line = str(key.value), self.line(key)
            if not isinstance(key, yaml.ScalarNode):
                raise self.broken(line, "a key is not a word", "Write keys as plain words")
            if name in keys:
                cause = f"{name} is given twice, on lines {keys[name][1]} and {line}"
                raise self.broken(line, cause, "Remove one of them")
            keys[name] = (value, line)
        return keys

    def _compose(self, header: str) -> yaml.Node | None:
        """The root node, after the events alone have shown that it stays within the limits, where that is not plain."""
        if _flat(header):
            return yaml.compose(header, Loader=_Loader)
        depth = aliases = 0
        for nodes, event in enumerate(yaml.parse(header, Loader=_Loader)):
            line = self.first_line + int(event.start_mark.line if event.start_mark else 0)
            if isinstance(event, yaml.AliasEvent):
                aliases += 1
            elif isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                raise self.broken(line, f"values stand more than {MAX_DEPTH} deep", "Flatten them")
            if aliases > MAX_ALIASES:
                raise self.broken(line, f"more than {MAX_ALIASES} YAML aliases", "Write the values out")
            if nodes > MAX_NODES:
                raise self.broken(
                    line, f"more than {MAX_NODES:,} values", "Move them out of the front matter"
                )
        root = yaml.compose(header, Loader=_Loader)
        self._bounded(root, [], [0])
        return root

    def _bounded(self, node: yaml.Node | None, above: list[int], count: list[int]) -> None:
        """Refuses aliases that hold themselves, or that multiply."""
        count[0] += 1
        if node is not None and (id(node) in above or count[0] > MAX_NODES):
            raise self.broken(self.line(node), "an alias holds itself or multiplies", "Write the values out")
        if not isinstance(node, yaml.CollectionNode):
            return
        for item in node.value:
            for part in item if isinstance(item, tuple) else (item,):
                self._bounded(part, [*above, id(node)], count)

    def _not_yaml(self, error: yaml.YAMLError, header: str) -> BrokenArticle:
        mark = getattr(error, "problem_mark", None)
        line = self.first_line + (mark.line if mark is not None else 0)
        problem = str(
            getattr(error, "problem", None) or getattr(error, "reason", None) or error
        ).splitlines()[0]
        if "mapping values are not allowed" in problem:
            return self.broken(
                line, "a value holds a colon", 'Put the value in quotes: title: "Stocks: a good day"'
            )
        written = _BREAK.split(header)[line - self.first_line :][:1]
        if written and re.match(r" *\t", written[0]):
            return self.broken(line, "a line is indented with a tab", "Indent with spaces")
        remedy = "Put text with special characters in double quotes and indent lists with two spaces"
        return self.broken(line, f"the front matter is not YAML: {problem}", remedy)

    def plain(self, node: yaml.Node) -> object:
        """The value of a node as plain Python."""
        loader = _Loader("")
        try:
            return cast("object", loader.construct_document(node))
        except (yaml.YAMLError, ValueError, TypeError, OverflowError) as error:
            cause = f"a value cannot be read: {str(error).splitlines()[0]}"
            raise self.broken(self.line(node), cause, "Put the value in double quotes") from error
        finally:
            loader.dispose()


def _flat(header: str) -> bool:
    """Whether it is lines of keys with words or short lists beside them, as most are: no aliases, no depth."""
    return (
        len(header) <= MAX_NODES // 4
        and _KEYS.fullmatch(header) is not None
        and header.count("[") + header.count("{") < MAX_DEPTH // 2
    )


@dataclass(slots=True)
class _Values:
    """The known keys, each turned into its type or refused."""

    reader: _Reader
    keys: Mapping[str, tuple[yaml.Node, int]]
    zone: tzinfo

    def _scalar(self, name: str) -> tuple[str, int] | None:
        """Text as it stands in the file: `title: No` and `title: 2600` are words, not a truth or a number."""
        if name not in self.keys:
            return None
        node, line = self.keys[name]
        if not isinstance(node, yaml.ScalarNode):
            raise self._wrong(name, line, "text", node)
        if node.style is None and node.tag == "tag:yaml.org,2002:null":
            return None
        return str(node.value).strip(), line

    def _wrong(self, name: str, line: int, wanted: str, node: yaml.Node) -> BrokenArticle:
        found = "a list" if isinstance(node, yaml.SequenceNode) else "a word"
        found = "keys and values" if isinstance(node, yaml.MappingNode) else found
        example = _EXAMPLES.get(name, "")
        remedy = f"Write {example}" if example else f"Write {wanted}"
        return self.reader.broken(line, f"{name} should be {wanted}, not {found}", remedy)

    def _required(self, name: str) -> BrokenArticle:
        line = self.keys[name][1] if name in self.keys else 1
        cause = f"{name} is empty" if name in self.keys else f"{name} is missing"
        return self.reader.broken(line, cause, f"Write {_EXAMPLES[name]}")

    def text(self, name: str, *, required: bool = False) -> str:
        found = self._scalar(name)
        if not found or not found[0]:
            if required:
                raise self._required(name)
            return ""
        return " ".join(found[0].split())

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self.text(name)
        if not value:
            return default
        if value not in allowed:
            cause = f"{name}: {value!r} is not one of {', '.join(allowed)}"
            raise self.reader.broken(self.keys[name][1], cause, f"Choose one of them, or leave {name} out")
        return value

    def _items(self, name: str) -> list[tuple[yaml.Node, int]]:
        if name not in self.keys:
            return []
        node, line = self.keys[name]
        if isinstance(node, yaml.SequenceNode):
            return [(item, self.reader.line(item)) for item in node.value]
        if isinstance(node, yaml.ScalarNode):  # one value without brackets
            empty = node.tag == "tag:yaml.org,2002:null" or not str(node.value).strip()
            return [] if empty else [(node, line)]
        raise self._wrong(name, line, "a list", node)

    def texts(self, name: str) -> tuple[str, ...]:
        found = []
        for node, line in self._items(name):
            if not isinstance(node, yaml.ScalarNode):
                raise self._wrong(name, line, "a list of words", node)
            parts = [str(node.value)]
            if self.keys[name][0] is node:  # topics: small-caps, rates
                parts = parts[0].split(",")
            found += [" ".join(part.split()) for part in parts]
        return tuple(dict.fromkeys(part for part in found if part))

    def symbols(self, name: str) -> tuple[str, ...]:
        found = []
        for written in self.texts(name):
            symbol = markdown.ticker_symbol(written)
            if symbol is None:
                if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*:[A-Za-z0-9][A-Za-z0-9.\-/]*", written):
                    cause = f"{name}: {written!r} is not EXCHANGE:SYMBOL and is left out"
                    self.reader.warn(self.keys[name][1], cause, "Write it as in NASDAQ:NVDA")
                    continue
                symbol = written.upper()
            found.append(symbol)
        return tuple(dict.fromkeys(found))

    def addresses(self, name: str) -> tuple[str, ...]:
        for value in self.texts(name):
            if not value.startswith("/") or value.startswith("//"):
                cause = f"{name}: {value!r} is not an address on the site"
                raise self.reader.broken(self.keys[name][1], cause, "Write it as in /2026/01/12/former-name/")
        return self.texts(name)

    def moment(self, name: str, *, required: bool = False) -> datetime | None:
        found = self._scalar(name)
        if not found or not found[0]:
            if required:
                raise self._required(name)
            return None
        return self._moment(name, *found)

    def _moment(self, name: str, text: str, line: int) -> datetime:
        moment, assumed = _read_moment(text, self.zone)
        if moment is None:
            cause = f"{name}: {text!r} is not a date and time"
            raise self.reader.broken(line, cause, f"Write {_EXAMPLES.get(name, _EXAMPLES['date'])}")
        if assumed:
            cause = f"{name} has no offset; {moment.isoformat()} is assumed"
            self.reader.warn(line, cause, f"Write {name}: {moment.isoformat()}")
        return moment

    def day(self, name: str) -> date | None:
        found = self._scalar(name)
        if not found or not found[0]:
            return None
        text, line = found
        try:
            return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).date()
        except ValueError as error:
            raise self.reader.broken(
                line, f"{name}: {text!r} is not a day", f"Write {name}: 2026-01-12"
            ) from error

    def _mapping(self, name: str, node: yaml.Node, line: int, known: Sequence[str]) -> dict[str, str]:
        if not isinstance(node, yaml.MappingNode):
            raise self._wrong(name, line, "keys and values", node)
        found: dict[str, str] = {}
        for key, value in node.value:
            at = self.reader.line(key)
            if not isinstance(value, yaml.ScalarNode):
                raise self.reader.broken(at, f"{name}.{key.value} should be text", f"Write {_EXAMPLES[name]}")
            if key.value not in known:
                cause = f"{name} has no {key.value!r}; it has {', '.join(known)}"
                self.reader.warn(at, cause, "Remove it or correct its spelling")
                continue
            null = value.style is None and value.tag == "tag:yaml.org,2002:null"
            found[str(key.value)] = "" if null else " ".join(str(value.value).split())
        return found

    def photo(self, name: str) -> Photo | None:
        if name not in self.keys:
            return None
        node, line = self.keys[name]
        if isinstance(node, yaml.ScalarNode):
            src = self.text(name)
            return Photo(src) if src else None
        given = self._mapping(name, node, line, ("src", "alt", "credit", "caption"))
        if not given.get("src"):
            raise self.reader.broken(line, f"{name} has no src", f"Write {_EXAMPLES[name]}")
        return Photo(**given)

    def source(self, name: str) -> SourceLink | None:
        if name not in self.keys:
            return None
        node, line = self.keys[name]
        if isinstance(node, yaml.ScalarNode) and not self.text(name):
            return None
        given = self._mapping(name, node, line, ("name", "url"))
        if not given.get("name") or not re.match(r"https?://[^\s/]", given.get("url", "")):
            cause = f"{name} needs a name and a url that begins with http:// or https://"
            raise self.reader.broken(line, cause, f"Write {_EXAMPLES[name]}")
        return SourceLink(given["name"], given["url"])

    def corrections(self, name: str) -> tuple[Correction, ...]:
        found = []
        for node, line in self._items(name):
            given = self._mapping(name, node, line, ("date", "text"))
            if not given.get("date") or not given.get("text"):
                cause = "a correction needs a date and a text"
                raise self.reader.broken(line, cause, f"Write {_EXAMPLES[name]}")
            found.append(Correction(self._moment(name, given["date"], line), given["text"]))
        return tuple(found)

    def updates(self, name: str) -> tuple[Update, ...]:
        found = []
        for node, line in self._items(name):
            given = self._mapping(name, node, line, ("date", "text", "as_of", "fact", "before"))
            if not given.get("date") or not given.get("text"):
                cause = "an update needs a date and a text"
                raise self.reader.broken(line, cause, f"Write {_EXAMPLES[name]}")
            days = []
            for key in ("as_of", "before"):
                try:
                    days.append(date.fromisoformat(given[key]) if given.get(key) else None)
                except ValueError:
                    cause = f"{key} of an update is no day: {given[key]}"
                    raise self.reader.broken(line, cause, f"Write {_EXAMPLES[name]}") from None
            moment = self._moment(name, given["date"], line)
            found.append(Update(moment, given["text"], days[0], given.get("fact", ""), days[1]))
        return tuple(found)


_EXAMPLES: Final = {
    "title": 'title: "What happened, in one line"',
    "date": "date: 2026-01-12T13:41:00-08:00",
    "authors": "authors: [Jane Doe]",
    "topics": "topics: [small-caps, federal-reserve]",
    "symbols": "symbols: [NASDAQ:NVDA]",
    "sites": "sites: [sausalito]",
    "photo": 'photo: {src: chart.svg, alt: "What it shows", credit: "…", caption: "…"}',
    "source": 'source: {name: "Publisher", url: "https://example.org/page"}',
    "corrections": 'corrections: [{date: 2026-01-13, text: "What was wrong and is right now"}]',
    "updates": 'updates: [{date: 2026-01-13, text: "What became of it"}]',
    "aliases": "aliases: [/2026/01/12/former-name/]",
}


def _read_moment(text: str, zone: tzinfo) -> tuple[datetime | None, bool]:
    """The instant with a fixed offset, and whether the offset of a time had to be assumed."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return _fixed(datetime.combine(date.fromisoformat(text), datetime.min.time(), zone)), False
        # "2026-01-12 13:41:00 -0800", "2026-01-12T13:41Z": forms that YAML and other generators write
        moment = datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d\d:?\d\d$|Z$)", "", text))
        if moment.tzinfo is None:
            return _fixed(moment.replace(tzinfo=zone)), True
        return _fixed(moment), False
    except (ValueError, OverflowError):
        return None, False


def _fixed(moment: datetime) -> datetime:
    """The same instant with its offset as a number: the written offset is part of an article's address."""
    offset = moment.utcoffset() or timedelta()
    return moment.replace(tzinfo=timezone(offset))


# --- writing ----------------------------------------------------------------------------------------------


def fields_of(article: Article) -> dict[str, object]:
    """The front matter of an article as plain values, without what equals its default; unknown keys last."""
    given: dict[str, object] = {
        "id": article.id,
        "title": article.title,
        "date": _fixed(article.date),
        "updated": _fixed(article.updated) if article.updated else None,
        "as_of": article.as_of,
        "written": _fixed(article.written) if article.written else None,
        "status": article.status,
        "summary": article.summary,
        "authors": list(article.authors),
        "topics": list(article.topics),
        "symbols": list(article.symbols),
        "sites": list(article.sites),
        "owner_site": article.owner_site,
        "photo": _filled(article.photo, ("src", "alt", "credit", "caption")),
        "origin": article.origin if article.origin != "editor" else "",
        "source": _filled(article.source, ("name", "url")),
        "corrections": [{"date": _fixed(c.date), "text": c.text} for c in article.corrections],
        "updates": [_update(one) for one in article.updates],
        "aliases": list(article.aliases),
    }
    known = {key: value for key, value in given.items() if value not in (None, "", [])}
    return known | {key: value for key, value in article.extra.items() if key not in KEYS}


def _update(one: Update) -> dict[str, object]:
    given: dict[str, object] = {"date": _fixed(one.date), "as_of": one.as_of, "text": one.text}
    given |= {"fact": one.fact, "before": one.before}
    return {key: value for key, value in given.items() if value}


def _filled(thing: Photo | SourceLink | None, names: Sequence[str]) -> dict[str, str] | None:
    if thing is None:
        return None
    return {name: value for name in names if (value := getattr(thing, name))}


def render(article: Article) -> str:
    """A new file: the front matter in its fixed order, an empty line, the body as it is."""
    header = "".join(_lines_of(key, value, "\n") for key, value in fields_of(article).items())
    gap = "" if article.body.startswith("\n") else "\n"
    return f"---\n{header}---\n{gap}{article.body}"


def revise(text: str, old: Article, new: Article) -> str:
    """The file with only the lines of changed keys rewritten; everything else stays byte for byte.

    `old` is the article parsed from `text`. A key whose default the file relied on is written only where it
    changed. The body is replaced only when `new` has another.
    """
    parts = split(text)
    if parts is None:
        return render(new)
    before, after = fields_of(old), fields_of(new)
    changes = {
        key: after.get(key)
        for key in [*KEYS, *dict.fromkeys([*before, *after])]
        if before.get(key) != after.get(key) or _offset(before.get(key)) != _offset(after.get(key))
    }
    header = _edit(parts, changes) if changes else parts.header
    if header is None:
        header = "".join(_lines_of(key, value, "\n") for key, value in after.items())
    body = parts.body if new.body == old.body else _below(parts, new.body)
    return f"{parts.before}{header}{parts.fence}{body}"


def _below(parts: Parts, body: str) -> str:
    """Another body with the blank lines that the file keeps below its front matter."""
    blank = re.match(r"(?:[ \t]*(?:\r\n|\n|\r))*", parts.body)
    return body if body[:1] in {"\n", "\r"} else f"{blank.group() if blank else ''}{body}"


def _offset(value: object) -> timedelta | None:
    """Two equal instants with different offsets are different dates of an address."""
    return value.utcoffset() if isinstance(value, datetime) else None


def _edit(parts: Parts, changes: Mapping[str, object]) -> str | None:
    """The header with changed keys rewritten in place; None where its shape does not allow that."""
    root = yaml.compose(parts.header, Loader=_Loader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return None
    lines = re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$", parts.header)
    newline = "\r\n" if "\r\n" in parts.before else "\n"
    starts = [int(key.start_mark.line) for key, _ in root.value]
    names = [str(key.value) for key, _ in root.value]
    regions: dict[str, tuple[int, int]] = {}
    for number, name in enumerate(names):
        end = starts[number + 1] if number + 1 < len(starts) else len(lines)
        while end - 1 > starts[number] and re.match(r"[ \t]*(?:#|$)", lines[end - 1].rstrip("\r\n")):
            end -= 1
        regions[name] = (starts[number], end)
    edits: list[tuple[int, int, str]] = []
    for key, value in changes.items():
        written = _lines_of(key, value, newline) if value is not None else ""
        if key in regions:
            edits.append((*regions[key], written))
        elif written:
            at = _place(key, names, regions, len(lines))
            edits.append((at, at, written))
    # From the bottom up, so that line numbers stay true; at one place first what is replaced, then what is
    # put before it, the last first.
    edits.reverse()
    for start, end, written in sorted(edits, key=lambda edit: (-edit[0], edit[1] == edit[0])):
        if start and not lines[start - 1].endswith(("\n", "\r")):
            lines[start - 1] += newline
        lines[start:end] = [written] if written else []
    return "".join(lines)


def _place(key: str, names: Sequence[str], regions: Mapping[str, tuple[int, int]], end: int) -> int:
    """The line before which a new key goes: behind the last key that precedes it in the fixed order."""
    if key not in KEYS:
        return end
    earlier = set(KEYS[: KEYS.index(key)])
    behind = [regions[name][1] for name in names if name in earlier]
    return max(behind) if behind else 0


_PLAIN: Final = re.compile(r"[A-Za-z/][A-Za-z0-9 ._/+-]*(?::[A-Z0-9][A-Za-z0-9._/-]*)?")
_RESERVED: Final = frozenset("y n yes no true false on off null".split())  # noqa: SIM905  a list of words


def _lines_of(key: str, value: object, newline: str) -> str:
    """One key as lines; known keys in our hand, unknown ones as YAML writes them."""
    if key not in KEYS:
        text = yaml.dump(
            {key: value}, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=10_000
        )
        return text.replace("\n", newline)
    if key in {"corrections", "updates"} and isinstance(value, list):
        return f"{key}:{newline}" + "".join(f"  - {_inline(item)}{newline}" for item in value)
    quoted = key in {"title", "summary"}
    return f"{key}: {_inline(value, quoted=quoted)}{newline}"


def _inline(value: object, *, quoted: bool = False) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(_inline(item) for item in value)}]"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{k}: {_inline(v, quoted=k not in {'src', 'url'})}" for k, v in value.items())
            + "}"
        )
    text = str(value)
    if re.fullmatch(r"[0-7][0-9A-Z]{25}", text) and re.search(r"[A-DF-Z]", text):
        return text  # an id: no YAML reader takes it for a number
    if not quoted and _PLAIN.fullmatch(text) and text.lower() not in _RESERVED and text == text.strip():
        return text
    return _quoted(text)


_UNPRINTABLE: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def _quoted(text: str) -> str:
    """A double-quoted YAML scalar: JSON's form, with what YAML does not print escaped."""
    shown = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", shown)
