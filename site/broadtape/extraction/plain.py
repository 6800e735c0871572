"""Owns articles in plain text and Markdown: where a headline, a heading, a paragraph and the end of it are.

Knows no HTML. Text may have been copied from a page with the site's own lines around the article.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import yaml

from broadtape import frontmatter, markdown
from broadtape.extraction import dates
from broadtape.extraction.tabular import MOST_TABLES, table
from broadtape.extraction.words import Body, clean, is_disclaimer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broadtape.extraction.dates import Said
    from broadtape.extraction.parts import PassageKind, Table

_MOST_LINES: Final = 400
_ENDS: Final = re.compile(r"[.!?…:][”\"'’)\]]*$")
_BULLET: Final = re.compile(r"^\s*(?:[•·*▪◦‣-]|\d{1,2}[.)])\s+")
# Lines of the site around an article, never of the article.
_CHROME: Final = re.compile(
    r"^(?:photo(?: for article| by\b.*| credit\b.*)?|advertisement|sponsored|share(?: this)?\b.{0,40}"
    r"|(?:view|read|show|load) more|skip to .*|sign (?:in|up)\b.{0,40}|log ?in|subscribe\b.{0,60}|menu|search|home"
    r"|tags?:.*|related (?:articles|stories).*|(?:stock )?quotes? .*(?:supplied|provided|delayed).*|.*\bquote api\b.*"
    r"|by accessing this page.*|copyright\b.*|©.*|.*all rights reserved.*|photos? (?:copyright|by)\b.*"
    r"|symbol\s+price\b.*|recent quotes|(?:terms of (?:use|service)|privacy policy)\b.{0,40}"
    r"|.{0,30}cookies? policy.*|follow us\b.*|(?:newsletter|comments?)\b.{0,30}|published\b.{0,60}|updated\b.{0,60}"
    r"|by [A-Z][\w.'’-]+(?: [\w.'’&-]+){0,6})$",
    re.IGNORECASE,
)
_BYLINE: Final = re.compile(r"^by:? ([A-Z][\w.'’-]+(?:[ ,&]+[\w.'’-]+){0,8})(?:\s*[|•–—].*)?$", re.IGNORECASE)


def read_text(text: str) -> tuple[str, Body, list[str], list[Said], list[Table], int]:
    """Headline, body, authors, what says when, tables and the headline's line of a text.

    The headline is the last title before the first paragraphs; the article ends with its disclaimer, or with what
    is no prose.
    """
    lines = [(number, clean(line)) for number, line in enumerate(text.splitlines(), 1)]
    said = [
        dates.Said("text", line, 1)
        for _, line in lines
        if 6 <= len(line) <= 60
        and not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", line)
        and dates.day_in(line)
    ][:5]
    authors = next((_authors(found[1]) for _, line in lines[:60] if (found := _BYLINE.match(line))), [])
    first = _first_paragraph(lines)
    top = _headline(lines, first)
    body = Body()
    ended = False
    place = top + 1 if top >= 0 else first
    while place < len(lines) and not ended:
        number, line = lines[place]
        kind, level = _kind(lines, place)
        if kind == "disclaimer":
            ended = True
        if kind and not (place < first and kind in ("heading", "item")):
            body.add(
                "paragraph" if kind == "disclaimer" else kind,
                _BULLET.sub("", line) if kind == "item" else line,
                number,
                level,
            )
        place += 1
    _drop_loose_ends(body)
    headline = lines[top][1] if top >= 0 else ""
    return headline, body, authors, said, [], lines[top][0] if top >= 0 else 0


def _is_prose(line: str) -> bool:
    words = len(line.split())
    return (words >= 20 or (words >= 8 and bool(_ENDS.search(line)))) and line.count("|") < 2


def _first_paragraph(lines: list[tuple[int, str]]) -> int:
    """Where the article's own paragraphs begin: the first of two near each other, or the only one."""
    prose = [
        place
        for place, (_, line) in enumerate(lines)
        if _is_prose(line) and not _CHROME.match(line) and not _BULLET.match(line)
    ]
    for one, other in pairwise(prose):
        if other - one <= 6:
            return one
    return prose[0] if prose else len(lines)


def _headline(lines: list[tuple[int, str]], first: int) -> int:
    """The line that looks most like a title before the first paragraph; -1 where none does."""
    best, chosen = 0.0, -1
    for place in range(max(0, first - 25), first):
        line = lines[place][1].lstrip("# ")
        words = line.split()
        if not 3 <= len(words) <= 32 or _CHROME.match(line) or _BULLET.match(line) or "|" in line:
            continue
        if dates.day_in(line) and len(words) < 8:
            continue
        if line.endswith(":") or (line.isupper() and len(words) < 4):
            continue
        score = (
            min(len(words), 14)
            + 8 / (1 + (first - place) / 4)
            - (4 if _ENDS.search(line) and len(words) < 6 else 0)
        )
        if score >= best:
            best, chosen = score, place
    return chosen


def _kind(lines: list[tuple[int, str]], place: int) -> tuple[PassageKind | None, int]:
    line = lines[place][1]
    if not line or _CHROME.match(line):
        return None, 0
    if is_disclaimer(line):
        return "disclaimer", 0
    if _BULLET.match(line):
        return ("item", 0) if len(line.split()) >= 4 else (None, 0)
    words = line.split()
    if _is_prose(line):
        return "paragraph", 0
    alone = (place == 0 or not lines[place - 1][1]) and (place + 1 >= len(lines) or not lines[place + 1][1])
    follows = next((text for _, text in lines[place + 1 : place + 6] if text), "")
    if (
        1 <= len(words) <= 14
        and alone
        and not _ENDS.search(line)
        and _is_prose(follows)
        and not dates.day_in(line)
    ):
        return "heading", 2
    if len(words) >= 4 and _ENDS.search(line):
        return "paragraph", 0
    return None, 0


def _drop_loose_ends(body: Body) -> None:
    """Headings with nothing under them at the end belong to what came after the article."""
    while body.passages and body.passages[-1].kind == "heading":
        body.drop_last()


def _authors(text: str) -> list[str]:
    return [name for one in re.split(r"\s*(?:,|&|\band\b)\s*", text) if (name := clean(one))][:10]


# --- Markdown -------------------------------------------------------------------------------------------


def read_markdown(text: str) -> tuple[str, Body, list[str], list[Said], list[Table], dict[str, str]]:
    """Headline, body, authors, what says when, tables, and what its front matter says besides."""
    parts = frontmatter.split(text)
    head = _front_matter(parts.header) if parts else {}
    source, line = (parts.body, parts.body_line) if parts else (text, 1)
    document = markdown.parse(source, first_line=line)
    headline = head.get("title", "")
    body = Body()
    lines = source.split("\n")
    cells: dict[int, dict[int, list[tuple[str, bool]]]] = {}
    tables: list[Table] = []
    for block in document.blocks:
        if block.kind == "cell":
            cells.setdefault(block.table, {}).setdefault(block.row, []).append(
                (clean(block.text), block.row == 0)
            )
            continue
        if block.kind == "image" or block.kind == "html":  # noqa: PLR1714 – narrows the type
            continue
        if block.kind == "heading" and not headline and not body.passages:
            headline = clean(block.text)
            continue
        if block.kind == "heading" and block.level == 1 and clean(block.text) == headline:
            continue
        kind: PassageKind = "paragraph" if block.kind == "code" else block.kind
        body.add(kind, block.text, block.line, block.level, source=_lines_of(lines, block.line - line))
    for index in sorted(cells)[:MOST_TABLES]:
        rows = [cells[index][row] for row in sorted(cells[index])]
        start = next(block.line for block in document.blocks if block.kind == "cell" and block.table == index)
        made = table(rows, line=start)
        if made is not None:
            tables.append(made)
    said = [dates.Said("meta", head["date"], 3)] if head.get("date") else []
    authors = [
        name for name in re.split(r"\s*[,;]\s*", head.get("authors") or head.get("author") or "") if name
    ]
    return headline, body, authors, said, tables, head


def _lines_of(lines: Sequence[str], first: int) -> Sequence[str]:
    """The lines of the block that starts at one, up to the next empty one."""
    end = first
    while end < len(lines) and lines[end].strip() and end - first < _MOST_LINES:
        end += 1
    return lines[first:end] if end - first > 1 else ()


def _front_matter(header: str) -> dict[str, str]:
    """The plain values of a front matter, as text; nothing of one that is broken."""
    if len(header) > 64_000 or header.count("*") + header.count("&") > 200:
        return {}
    try:
        node = yaml.compose(header, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    found: dict[str, str] = {}
    if not isinstance(node, yaml.MappingNode):
        return found
    for key, value in node.value[:200]:
        name = str(getattr(key, "value", ""))
        if isinstance(value, yaml.ScalarNode):
            found[name] = clean(str(value.value))
        elif isinstance(value, yaml.SequenceNode):
            found[name] = ", ".join(
                clean(str(one.value)) for one in value.value[:20] if isinstance(one, yaml.ScalarNode)
            )
        elif isinstance(value, yaml.MappingNode):
            for inner, held in value.value[:20]:
                if isinstance(held, yaml.ScalarNode):
                    found[f"{name}.{getattr(inner, 'value', '')}"] = clean(str(held.value))
    return found
