"""The stylebook's rules for vale (styles/Broadtape), read by a small reader of our own: one rule file, two readers.

Knows vale's extension points existence, substitution, occurrence, repetition and consistency, and the keys that these
rules use; a rule with anything else is refused. Vale itself is asked too where it is installed (test_style.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from broadtape import markdown
from broadtape.markdown import Block

STYLES = Path(__file__).parents[2] / "styles" / "Broadtape"
_COMMON = {"extends", "message", "link", "level", "scope", "ignorecase", "nonword"}
_KEYS = {
    "existence": {"tokens"}, "substitution": {"swap"}, "occurrence": {"max", "token"},
    "repetition": {"tokens", "alpha"}, "consistency": {"either"},
}  # fmt: skip
_PROSE = {"paragraph", "item", "quote"}


@dataclass(frozen=True)
class Rule:
    """One rule file."""

    name: str
    given: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return str(self.given["extends"])

    def found(self, text: str) -> list[str]:
        """What of a text the rule objects to, in order."""
        return list(getattr(self, f"_{self.kind}")(text))

    def _pattern(self, tokens: list[str]) -> re.Pattern[str]:
        joined = "|".join(f"(?:{token})" for token in tokens)
        whole = joined if self.given.get("nonword") else rf"\b(?:{joined})\b"
        return re.compile(whole, re.MULTILINE | (re.IGNORECASE if self.given.get("ignorecase") else 0))

    def _existence(self, text: str) -> Iterator[str]:
        yield from (found[0] for found in self._pattern(self.given["tokens"]).finditer(text))

    def _substitution(self, text: str) -> Iterator[str]:
        yield from (found[0] for found in self._pattern(list(self.given["swap"])).finditer(text))

    def _occurrence(self, text: str) -> Iterator[str]:
        if len(re.findall(self.given["token"], text)) > self.given["max"]:
            yield text

    def _repetition(self, text: str) -> Iterator[str]:
        words = re.findall(self.given["tokens"][0], text)
        for one, other in pairwise(words):
            if one.lower() == other.lower() and one.isalpha():
                yield f"{one} {other}"

    def _consistency(self, text: str) -> Iterator[str]:
        for one, other in self.given["either"].items():
            both = [self._pattern([re.escape(form)]).search(text) for form in (one, other)]
            if all(both):
                yield other


def rules() -> list[Rule]:
    """Every rule; ValueError names the file and key that vale or this reader would not know."""
    found = []
    for path in sorted(STYLES.glob("*.yml")):
        given = yaml.safe_load(path.read_text("utf-8"))
        kind = given.get("extends")
        unknown = set(given) - _COMMON - _KEYS.get(kind, set())
        if kind not in _KEYS or unknown or not _KEYS[kind] <= set(given) | {"alpha"}:
            raise ValueError(f"{path.name}: extends {kind!r} with {sorted(unknown) or 'a key missing'}")
        found.append(Rule(path.stem, given))
    return found


def alerts(body: str) -> list[tuple[str, str]]:
    """What the rules object to in a Markdown text without front matter: rule and words."""
    blocks = [block for block in markdown.parse(body).blocks if block.text.strip()]
    texts = {
        "text": [block.text for block in blocks if block.kind in _PROSE | {"heading", "cell"}],
        "paragraph": [block.text for block in blocks if block.kind in _PROSE],
        "heading": [block.text for block in blocks if block.kind == "heading"],
        "sentence": [
            sentence.text for block in blocks if block.kind in _PROSE for sentence in _sentences(block)
        ],
    }
    whole = ["\n".join(texts["text"])]
    return [
        (rule.name, words)
        for rule in rules()
        for text in (whole if rule.kind == "consistency" else texts[rule.given.get("scope", "text")])
        for words in rule.found(text)
    ]


def _sentences(block: Block) -> list[markdown.Sentence]:
    return list(markdown.sentences(block))
