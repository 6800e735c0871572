"""Rewording a draft by a language model: what it is shown, what of its answer can be read, and what is kept.

Owns the form of question and answer and the rule that nothing unproved stays. Opens no connection: a `Writer` does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Protocol

from broadtape import markdown
from broadtape.desk.prose import digest

if TYPE_CHECKING:
    from collections.abc import Collection

    from broadtape.model import Claim

INSTRUCTIONS: Final = (
    "You copy-edit a market report. You get paragraphs as a JSON object. Marks such as [[F1]] stand for figures and "
    "[[S1]] for whole sentences that are locked: keep every mark exactly once and in its sentence. Reword only the "
    "words around them, plainly and briefly. Add no figure, date, name, cause, forecast, opinion or advice. Keep the "
    'number of sentences. Answer with one JSON object {"paragraphs": {"p1": "…"}} and nothing else.'
)
MOST_ANSWER: Final = 200_000  # characters
_LINK: Final = re.compile(r"\[(?:[^\]\\]|\\.)*\]\(fact:[^)\s]*\)")
_MARK: Final = re.compile(r"\[\[[FS]\d+\]\]")
_MARKUP: Final = re.compile(
    r"[`*_#|<>~\\\[\]{}]|\]\(|https?:|www\.|&#?\w+;|[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff]"
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\[“])")
_LENGTH: Final = (0.5, 1.8)  # of the words around the marks, against those of the original


class Writer(Protocol):
    """Who answers. Raises Unanswered where nothing usable came; the draft then stays as it is."""

    @property
    def name(self) -> str:
        """What the disclosure calls it."""

    def answer(self, instructions: str, question: str) -> str:
        """The text of the answer."""


class Unanswered(Exception):
    """No answer that can be read; the reason in one line."""


@dataclass(frozen=True, slots=True)
class Reworded:
    """What came of a draft: its body, how many sentences are the model's, and why others are not."""

    body: str
    sentences: int
    discarded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """One paragraph of the body: where it stands, its sentences with marks, and what the marks stand for."""

    start: int
    end: int
    sentences: tuple[str, ...]
    marks: Mapping[str, str]


def reword(
    body: str,
    listed: Collection[str],
    writer: Writer,
    failing: Callable[[str], Sequence[Claim]],
) -> Reworded:
    """The body with the sentences that the model reworded and proof accepts; all others as they were.

    `listed` are the digests of sentences that may not change (definitions, guarded ones); `failing` proves a body.
    Three proofs at most: of all the answer, then without the sentences that fail, then without their paragraphs.
    """
    paragraphs = {f"p{number}": one for number, one in enumerate(_paragraphs(body, listed), 1)}
    if not paragraphs:
        return Reworded(body, 0)
    question = json.dumps(
        {"paragraphs": {key: " ".join(one.sentences) for key, one in paragraphs.items()}}, ensure_ascii=False
    )
    try:
        answers = _read(writer.answer(INSTRUCTIONS, question))
    except Unanswered as error:
        return Reworded(body, 0, (str(error),))
    discarded: list[str] = []
    new: dict[str, list[str]] = {}
    for key, paragraph in paragraphs.items():
        given = answers.get(key)
        if given is None:
            discarded.append(f"{key}: no answer")
            continue
        sentences, reason = _usable(paragraph, given)
        if reason:
            discarded.append(f"{key}: {reason}")
        elif sentences != list(paragraph.sentences):
            new[key] = sentences
    for tries in range(3):
        if not new:
            break
        candidate = _filled(body, paragraphs, new)
        claims = failing(candidate)
        if not claims:
            return Reworded(candidate, _changed(paragraphs, new), tuple(discarded))
        discarded += [f"{one.status}: {one.text[:80]!r}: {one.reason[:160]}" for one in claims]
        _give_back(paragraphs, new, claims, whole=tries > 0)
    return Reworded(body, 0, tuple(discarded))


def _paragraphs(body: str, listed: Collection[str]) -> list[_Paragraph]:
    """The paragraphs of prose that hold a sentence which may be reworded."""
    found: list[_Paragraph] = []
    for match in re.finditer(r"(?:^|\n\n)(?!#|\||>|- |\d+\. )(\S.*?)(?=\n\n|\n*\Z)", body, re.DOTALL):
        text = match[1]
        if "\n|" in text or text.startswith("|"):
            continue
        marks: dict[str, str] = {}

        def locked(link: re.Match[str], marks: dict[str, str] = marks) -> str:
            mark = f"[[F{len(marks) + 1}]]"
            marks[mark] = link[0]
            return mark

        sentences = []
        free = False
        for sentence in _sentences(text):
            plain = markdown.to_text(markdown.parse(sentence)).strip()
            if digest(plain) in listed or not _LINK.search(sentence):
                mark = f"[[S{len(marks) + 1}]]"
                marks[mark] = sentence
                sentences.append(mark)
                continue
            sentences.append(_LINK.sub(locked, sentence))
            free = True
        if free:
            found.append(_Paragraph(match.start(1), match.end(1), tuple(sentences), marks))
    return found


def _sentences(text: str) -> list[str]:
    """The sentences of a paragraph as Markdown, cut where the one parser of page and proof cuts them."""
    source = " ".join(text.split())
    # What no reader sees is masked, so that the letters of a sentence are found where it stands.
    masked = re.sub(r"\]\(fact:[^)\s]*\)", lambda found: "\0" * len(found[0]), source)
    cuts, at = [0], 0
    for block in markdown.parse(source).blocks:
        for sentence in markdown.sentences(block):
            for letter in sentence.text:
                if not letter.isspace():
                    at = masked.find(letter, at) + 1
                    if not at:
                        return [source]  # the text shows what its source does not hold: an entity
            while masked[at : at + 1] == "\0":
                at += 1
            cuts.append(at)
    cuts[-1] = len(source)
    return [part for one, other in pairwise(cuts) if (part := source[one:other].strip())]


def _read(text: str) -> dict[str, str]:
    """The paragraphs of an answer; Unanswered where it is none."""
    if len(text) > MOST_ANSWER:
        raise Unanswered(f"the answer is longer than {MOST_ANSWER:,} characters")
    fenced = re.fullmatch(r"\s*```(?:json)?\s*(.*?)\s*```\s*", text, re.DOTALL)
    try:
        document = json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError) as error:
        raise Unanswered(f"the answer is no JSON: {error}") from error
    found = document.get("paragraphs") if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise Unanswered("the answer holds no paragraphs")
    return {str(key): value for key, value in found.items() if isinstance(value, str)}


def _usable(paragraph: _Paragraph, given: str) -> tuple[list[str], str]:
    """The sentences of an answered paragraph, and why it cannot be used."""
    text = " ".join(given.split())
    marks = _MARK.findall(text)
    if sorted(marks) != sorted(paragraph.marks):
        return [], "marks are missing, doubled or made up"
    around = _MARK.sub("", text)
    if (found := _MARKUP.search(around)) is not None:
        return [], f"it holds {found[0]!r}"
    before = sum(len(_MARK.sub("", one).split()) for one in paragraph.sentences)
    if not before * _LENGTH[0] - 3 <= len(around.split()) <= before * _LENGTH[1] + 3:
        return [], "it is much shorter or longer"
    sentences = _split(text)
    if len(sentences) != len(paragraph.sentences):
        return [], f"it has {len(sentences)} sentences instead of {len(paragraph.sentences)}"
    for old, new in zip(paragraph.sentences, sentences, strict=True):
        if _MARK.findall(old) != _MARK.findall(new):
            return [], "a mark left its sentence"
        if re.fullmatch(r"\[\[S\d+\]\]", old) and old != new:
            return [], "a locked sentence was changed"
    return sentences, ""


def _split(text: str) -> list[str]:
    """The sentences of a marked text: a mark of a whole sentence is one by itself."""
    parts = re.split(r"\s*(\[\[S\d+\]\])\s*", text)
    found: list[str] = []
    for part in parts:
        if _MARK.fullmatch(part):
            found.append(part)
            continue
        held = ""
        for piece in _SENTENCE_END.split(part.strip()):
            held = f"{held} {piece}".strip()
            if not re.search(r"\b(?:Jan|Feb|Aug|Sept|Oct|Nov|Dec|No|Inc|Corp|Co|Ltd|U\.S|Mr|Ms|St)\.$", held):
                found.append(held)
                held = ""
        found += [held] if held else []
    return [one for one in found if one]


def _unmarked(text: str, marks: Mapping[str, str]) -> str:
    return _MARK.sub(lambda mark: marks[mark[0]], text)


def _filled(body: str, paragraphs: Mapping[str, _Paragraph], new: Mapping[str, Sequence[str]]) -> str:
    for key in sorted(new, key=lambda one: -paragraphs[one].start):
        paragraph = paragraphs[key]
        text = _unmarked(" ".join(new[key]), paragraph.marks)
        body = body[: paragraph.start] + text + body[paragraph.end :]
    return body


def _changed(paragraphs: Mapping[str, _Paragraph], new: Mapping[str, Sequence[str]]) -> int:
    return sum(
        old != fresh
        for key, sentences in new.items()
        for old, fresh in zip(paragraphs[key].sentences, sentences, strict=True)
    )


def _give_back(
    paragraphs: Mapping[str, _Paragraph],
    new: dict[str, list[str]],
    claims: Sequence[Claim],
    *,
    whole: bool,
) -> None:
    """Put back the sentences that hold what fails, or their whole paragraphs; all, where it cannot be told."""
    told = {" ".join(claim.text.split()) for claim in claims}
    hit = False
    for key, sentences in list(new.items()):
        paragraph = paragraphs[key]
        for place, sentence in enumerate(sentences):
            if sentence == paragraph.sentences[place]:
                continue
            filled = _unmarked(sentence, paragraph.marks)
            plain = " ".join(markdown.to_text(markdown.parse(filled)).split())
            if any(text in plain or plain in text for text in told):
                hit = True
                sentences[place] = paragraph.sentences[place]
                if whole:
                    del new[key]
                    break
        if key in new and sentences == list(paragraph.sentences):
            del new[key]
    if not hit:
        new.clear()
