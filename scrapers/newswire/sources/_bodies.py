"""What came back, as text, rows, JSON or XML, judged by the body and not by the status.

Every function refuses with SourceError, BadValue or Challenged, naming source and address. Opens nothing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from lxml import etree

from newswire.errors import BadValue, Challenged, SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from newswire.wire import Snapshot

MOST = Decimal(10) ** 15
MOST_ROWS = 2_000_000
MOST_NODES = 500_000
# Words of pages that stand between a client and what it asked for, as sources.md records them.
CHALLENGES = re.compile(
    rb"captcha|just a moment|enable javascript|checking your browser|cf-challenge|challenge-platform|"
    rb"undeclared automated tool|request rate threshold|access (?:to this page )?(?:has been )?denied|"
    rb"are you a robot|unusual traffic|proof[- ]of[- ]work|consent\.(?:yahoo|google)\.com|bot detection",
    re.IGNORECASE,
)
_HTML = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][+-]?\d{1,2})?")


def refusal(message: str, snapshot: Snapshot) -> SourceError:
    """A SourceError about the whole body."""
    return SourceError(message, source=snapshot.source, path=snapshot.url)


def bad(message: str, snapshot: Snapshot, *, line: int, column: str, value: object) -> BadValue:
    """A BadValue about one place in it. `line` counts lines, or entries where there are none, from 1."""
    return BadValue(
        message, source=snapshot.source, path=snapshot.url, line=line, column=column, value=str(value)
    )


def is_html(body: bytes) -> bool:
    """Whether the body is a web page, whatever its headers say."""
    return _HTML.match(body[:2000]) is not None


def refuse_pages(snapshot: Snapshot, wanted: str) -> None:
    """Refuse a web page where data were asked for; Challenged where it is one of those that stand in the way."""
    if not snapshot.body.strip():
        raise refusal(f"an empty body instead of {wanted}", snapshot)
    if is_html(snapshot.body):
        if CHALLENGES.search(snapshot.body[:200_000]):
            message = f"a page that refuses this client instead of {wanted}"
            raise Challenged(message, source=snapshot.source, path=snapshot.url)
        raise refusal(f"an HTML page instead of {wanted}", snapshot)


def text_of(snapshot: Snapshot, *, fallback: str = "cp1252") -> str:
    """The body as text: by its byte order mark, the charset it was sent with, UTF-8, or the fallback."""
    body = snapshot.body
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    for name in (snapshot.charset, "utf-8"):
        try:
            return body.decode(name) if name else body.decode("utf-8")
        except (LookupError, ValueError):
            continue
    return body.decode(fallback, "replace")


def rows_of(snapshot: Snapshot, *, delimiter: str = ",") -> list[tuple[int, list[str]]]:
    """The lines of a delimited table with their numbers from 1, blank ones left out. The first is the header."""
    refuse_pages(snapshot, "a table")
    text = text_of(snapshot)
    if "\x00" in text:
        raise refusal("not a table: it has null characters", snapshot)
    found = []
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                found.append((reader.line_num, cells))
            if len(found) > MOST_ROWS:
                raise refusal(f"more than {MOST_ROWS:,} rows", snapshot)
    except csv.Error as error:
        raise refusal(f"not a table: {error}", snapshot) from error
    if not found:
        raise refusal("an empty body instead of a table", snapshot)
    return found


def json_of(snapshot: Snapshot, *, wanted: str = "JSON") -> Any:
    """The body as JSON, numbers as Decimal; NaN and infinities are refused."""
    refuse_pages(snapshot, wanted)

    def never(name: str) -> Any:
        raise ValueError(f"{name} is no number")

    try:
        return json.loads(text_of(snapshot), parse_float=_decimal, parse_constant=never)
    except RecursionError as error:
        raise refusal("nested too deeply", snapshot) from error
    except (ValueError, InvalidOperation) as error:
        shown = " ".join(text_of(snapshot)[:60].split())
        raise refusal(f"not {wanted}: {error}: {shown!r}", snapshot) from error


def _decimal(text: str) -> Decimal:
    if len(text) > 40:
        raise ValueError(f"a number of {len(text)} characters")
    return Decimal(text)


def xml_of(snapshot: Snapshot) -> etree._Element:
    """The body as XML: no DTD, no entities of its own, nothing loaded."""
    refuse_pages(snapshot, "XML")
    if b"<!DOCTYPE" in snapshot.body[:100_000] or b"<!ENTITY" in snapshot.body[:100_000]:
        raise refusal("has a document type of its own, which is not read", snapshot)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(snapshot.body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise refusal(f"not XML: {error}", snapshot) from error
    if root is None:
        raise refusal("an empty document", snapshot)
    return root


def mapping(value: Any, snapshot: Snapshot, what: str) -> dict[str, Any]:
    """The value where it is a JSON object."""
    if not isinstance(value, dict):
        raise refusal(f"{what} is no object", snapshot)
    return value


def listing(value: Any, snapshot: Snapshot, what: str) -> list[Any]:
    """The value where it is a JSON array."""
    if not isinstance(value, list):
        raise refusal(f"{what} is no list", snapshot)
    return value


def number(value: object, snapshot: Snapshot, *, line: int, column: str) -> Decimal:
    """A finite number of reasonable size, from text or JSON; thousands may be marked with commas."""
    if isinstance(value, bool) or value is None:
        raise bad("not a number", snapshot, line=line, column=column, value=value)
    text = str(value).strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    if not _NUMBER.fullmatch(text):
        raise bad("not a number", snapshot, line=line, column=column, value=value)
    found = Decimal(text)
    if not -MOST < found < MOST:
        raise bad("too large to be one", snapshot, line=line, column=column, value=value)
    return found


def day(
    value: object, snapshot: Snapshot, *, line: int, column: str, forms: Sequence[str] = ("iso",)
) -> date:
    """A date: "iso" is 2026-01-12, "us" 01/12/2026, "us2" 1/12/26 (years 70 to 99 are of the last century)."""
    text = str(value).strip()
    for form in forms:
        try:
            if form == "iso" and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
                return date.fromisoformat(text)
            if form == "us" and (found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)):
                return date(int(found[3]), int(found[1]), int(found[2]))
            if form == "us2" and (found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{2})", text)):
                year = int(found[3]) + (1900 if int(found[3]) >= 70 else 2000)
                return date(year, int(found[1]), int(found[2]))
        except ValueError:
            break
    raise bad("not a date", snapshot, line=line, column=column, value=value)
