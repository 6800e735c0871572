"""Owns an operator's styles made safe: confined to the borrowed parts, with properties and values of an allow-list.

Reads no file; the pictures that values may name are given as a mapping from their address to ours.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urljoin

import tinycss2
from tinycss2.serializer import serialize_identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

PREFIX: Final = "own-"
ID: Final = "own-id-"
TAG: Final = "own-tag-"
SCOPE: Final = ".own"
MOST_BYTES: Final = 600_000
MOST_RULES: Final = 8_000
MOST_DEPTH: Final = 12
# What comes before the borrowed rules: ours end at the borrowed part, where a browser's own begin.
BASE: Final = (
    ".own{all:revert;color-scheme:light;background:#fff;color:#111}\n"
    ".own :where(*){all:revert}\n"
    ".own :where(img){max-width:100%;height:auto}\n"
    ".own :where(table){max-width:100%}\n.own :where(.own-tag-center)>:where(table){margin-inline:auto}\n"
    ".own :where(.own-tag-h1,.own-tag-h2,.own-tag-h3,.own-tag-h4,.own-tag-h5,.own-tag-h6)"
    "{font-weight:700;margin:.7em 0}\n"
    ".own :where(.own-tag-h1){font-size:2em}\n.own :where(.own-tag-h2){font-size:1.5em}\n"
    ".own :where(.own-tag-h3){font-size:1.17em}\n"
)
TAGS: Final = frozenset(
    ["header", "footer", "main", "body", "h1", "h2", "h3", "h4", "h5", "h6", "center", "font"]
)
_PROPERTIES: Final = re.compile(
    r"(?:color|background(?:-(?:color|image|position|size|repeat|clip|origin|position-[xy]))?|opacity"
    r"|border(?:-.+)?|outline(?:-.+)?|margin(?:-.+)?|padding(?:-.+)?|box-(?:shadow|sizing)"
    r"|font(?:-(?:family|size|weight|style|variant|stretch|variant-.+))?|line-height|letter-spacing|word-spacing|text-.+"
    r"|white-space|word-(?:break|wrap)|overflow(?:-.+)?|hyphens|direction|vertical-align|display|visibility|float|clear"
    r"|flex(?:-.+)?|order|grid(?:-.+)?|(?:row-|column-)?gap|(?:align|justify|place)-.+|columns|column-.+|aspect-ratio"
    r"|object-(?:fit|position)|(?:min-|max-)?(?:width|height|inline-size|block-size)|position|top|right|bottom|left|inset(?:-.+)?"
    r"|z-index|list-style(?:-.+)?|table-layout|border-collapse|border-spacing|caption-side|empty-cells|cursor|transform"
    r"|transform-origin|fill|stroke(?:-width)?|accent-color|color-scheme|--[a-z0-9_-]+)",
    re.IGNORECASE,
)
_FUNCTIONS: Final = frozenset(
    """rgb rgba hsl hsla hwb lab lch oklab oklch color color-mix light-dark calc min max clamp var linear-gradient
    radial-gradient conic-gradient repeating-linear-gradient repeating-radial-gradient repeat minmax fit-content
    translate translatex translatey scale scalex scaley rotate skew""".split()  # noqa: SIM905 – a list of words
)  # fmt: skip
_PSEUDO: Final = frozenset(
    """hover focus focus-visible focus-within active visited link any-link first-child last-child nth-child nth-of-type
    first-of-type last-of-type only-child not is where before after first-letter first-line empty root marker
    placeholder nth-last-child lang disabled checked""".split()  # noqa: SIM905 – a list of words
)  # fmt: skip
_IN_ADDRESS: Final = "/:?#[]@!$&*+,;=%-._~"
_AT_KEPT: Final = frozenset(["media", "supports"])


class Sheet:
    """Borrowed rules, one after another; what was dropped is counted."""

    def __init__(self, picture: Callable[[str, str], str]) -> None:
        self._picture = picture  # the address of a picture, and as it is written → ours, or ""
        self._rules: list[str] = []
        self._count = 0
        self._fixed = False  # whether a part stood over the page, which then keeps room for it
        self.dropped: Counter[str] = Counter()

    def add(self, css: str, base: str = "") -> None:
        """The rules of a stylesheet; `base` is its address."""
        if len(css) > MOST_BYTES:
            self.dropped["stylesheet that is too long"] += 1
            return
        rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
        self._rules += list(self._all(rules, base, 0))

    def inline(self, style: str, selector: str, base: str = "") -> bool:
        """A style attribute under a class of its own; False where nothing of it is left."""
        kept = self._declarations(tinycss2.parse_blocks_contents(style), base)
        if kept:
            self._rules.append(f"{selector}{{{kept}}}")
        return bool(kept)

    @property
    def text(self) -> str:
        """The stylesheet."""
        room = ".own{padding-top:0}\n" if self._fixed else ""
        return BASE + "".join(f"{one}\n" for one in self._rules) + room

    # --- rules ---

    def _all(self, rules: Iterable[Any], base: str, depth: int) -> Iterator[str]:
        for rule in rules:
            if self._count >= MOST_RULES or depth > MOST_DEPTH:
                self.dropped["style rule beyond the limit"] += 1
                continue
            self._count += 1
            if rule.type == "qualified-rule":
                made = self._rule(rule, base)
                if made:
                    yield made
            elif rule.type == "at-rule":
                yield from self._at_rule(rule, base, depth)

    def _at_rule(self, rule: Any, base: str, depth: int) -> Iterator[str]:
        name = rule.lower_at_keyword
        condition = self._condition(rule.prelude) if name in _AT_KEPT else ""
        if rule.content is None or not condition:
            if name != "charset":
                self.dropped[f"@{name}"] += 1
            return
        inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
        kept = "".join(self._all(inner, base, depth + 1))
        if kept:
            yield f"@{name} {condition}{{{kept}}}"

    def _condition(self, prelude: Sequence[Any]) -> str:
        text = " ".join(tinycss2.serialize(prelude).split())
        return (
            text
            if re.fullmatch(r"[A-Za-z0-9\s(),:.<>=/%_-]{1,300}", text) and "url" not in text.lower()
            else ""
        )

    def _rule(self, rule: Any, base: str) -> str:
        selectors = [made for one in _split(rule.prelude) if (made := self._selector(one))]
        if not selectors:
            return ""
        kept = self._declarations(
            tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True), base
        )
        return f"{','.join(selectors)}{{{kept}}}" if kept else ""

    # --- selectors ---

    def _selector(self, tokens: Sequence[Any]) -> str:
        """The selector within the borrowed parts; empty where it uses what is not known."""
        compounds = _renamed(tokens)
        if compounds is None:
            self.dropped["selector of an unknown form"] += 1
            return ""
        text = compounds.strip()
        text = re.sub(r"^(?:(?:html|:root)(?=[\s>.:#\[]|$)[^\s>+~]*\s*>?\s*)?", "", text, count=1)
        body = re.match(r"^(?:\.own-tag-body|body)([^\s>+~]*)\s*>?\s*(.*)$", text)
        own, rest = (body[1], body[2]) if body else ("", text)
        # What stands beside a borrowed part is ours: "body ~ *" must not reach it, however it is dressed up.
        if rest.startswith(("+", "~")) or "(" in own or rest.count("(") != rest.count(")"):
            self.dropped["selector of what is not borrowed"] += 1
            return ""
        if body:
            return f"{SCOPE}{own} {rest}".strip()
        return f"{SCOPE} {rest}" if rest else SCOPE

    # --- declarations ---

    def _declarations(self, found: Iterable[Any], base: str) -> str:
        kept = []
        for one in found:
            if one.type != "declaration":
                continue
            name = one.lower_name if not one.name.startswith("--") else one.name
            value = self._value(one.value, base, 0) if _PROPERTIES.fullmatch(name) else None
            self._fixed |= name == "position" and value == "fixed"
            if value is None or not _may(name, value):
                self.dropped["declaration"] += 1
                continue
            kept.append(f"{name}:{value}{'!important' if one.important else ''}")
        return ";".join(kept)

    def _value(self, tokens: Sequence[Any], base: str, depth: int) -> str | None:
        """The value as text; None where anything in it is not on the list."""
        pieces: list[str] = []
        if depth > MOST_DEPTH or len(tokens) > 400:
            return None
        for token in tokens:
            kind = token.type
            if kind == "comment":
                continue
            if kind == "whitespace":
                pieces.append(" ")
            elif kind == "url" or (kind == "function" and token.lower_name == "url"):
                address = token.value if kind == "url" else _only_string(token.arguments)
                ours = self._picture(_joined(base, address), address) if address else ""
                if not ours:
                    return None
                # Percent-encoded: a quote or bracket in an address would end the value, and our confinement with it.
                pieces.append(f'url("{quote(ours, safe=_IN_ADDRESS)}")')
            elif kind == "function":
                inner = self._value(token.arguments, base, depth + 1)
                if token.lower_name not in _FUNCTIONS or inner is None:
                    return None
                pieces.append(f"{token.lower_name}({inner})")
            elif kind == "() block":
                inner = self._value(token.content, base, depth + 1)
                if inner is None:
                    return None
                pieces.append(f"({inner})")
            elif kind in ("ident", "dimension", "number", "percentage", "hash", "unicode-range"):
                pieces.append(token.serialize())
            elif kind == "string":
                pieces.append(_string(token.value))
            elif kind == "literal" and token.value in (",", "/", "+", "-", "*", ":"):
                pieces.append(token.value)
            else:
                return None
        return "".join(pieces).strip()


def _may(name: str, value: str) -> bool:
    if not value or len(value) > 2_000 or "<" in value or "\\" in value:
        return False
    if name == "position":
        return value.lower() in ("static", "relative", "absolute")
    if name == "z-index":
        return bool(re.fullmatch(r"-?\d{1,3}|auto", value))
    return True


def _string(value: str) -> str:
    return '"' + re.sub(r"[\"\\<>\x00-\x1f\x7f]", "", value)[:200] + '"'


def _only_string(tokens: Sequence[Any]) -> str:
    strings = [one.value for one in tokens if one.type == "string"]
    return strings[0] if len(strings) == 1 else ""


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""


def _split(tokens: Sequence[Any]) -> Iterator[list[Any]]:
    held: list[Any] = []
    for one in tokens:
        if one.type == "literal" and one.value == ",":
            yield held
            held = []
        else:
            held.append(one)
    yield held


def _renamed(tokens: Sequence[Any]) -> str | None:
    """A selector with its classes, ids and some of its elements renamed; None for a form that is not known."""
    pieces: list[str] = []
    before = ""
    for one in tokens:
        kind = one.type
        if kind == "whitespace":
            pieces.append(" ")
        elif kind == "literal" and one.value in (".", ":", ">", "+", "~", "*"):
            pieces.append(one.value)
        elif kind == "ident":
            made = _ident(one.value, before)
            if made is None:
                return None
            pieces.append(made)
        elif kind == "hash":
            pieces.append(
                f".{serialize_identifier(ID + one.value)}"
            )  # wrappers stand around both parts: no id
        elif kind == "function" and before == ":" and one.lower_name in _PSEUDO:
            inner = [_renamed(part) for part in _split(one.arguments)]
            if one.lower_name.startswith("nth") or one.lower_name == "lang":
                inner = [tinycss2.serialize(one.arguments)]
            if any(part is None for part in inner):
                return None
            pieces.append(f"{one.lower_name}({','.join(str(part) for part in inner)})")
        elif kind != "comment":
            return None  # attributes in selectors among them: what they name is dropped from the markup
        before = one.value if kind == "literal" else ""
    return "".join(pieces)


def _ident(value: str, before: str) -> str | None:
    if before == ".":
        return str(serialize_identifier(PREFIX + value))
    if before == ":":
        return value.lower() if value.lower() in _PSEUDO else None
    name = value.lower()
    if not re.fullmatch(r"[a-z][a-z0-9]*", name):
        return None
    return f".{TAG}{name}" if name in TAGS else name
