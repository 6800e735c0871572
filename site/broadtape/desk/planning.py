"""An outline as a file an editor can change: printed with its sentences, read back as what was kept of it.

Owns the form of docs/contracts/outline.md. An editor drops, reorders and chooses among wordings; what may be said,
and by which facts, stays the plan's. Proves nothing: the article made of it goes through the same proof.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from broadtape.desk import prose
from broadtape.desk.outline import Outline, Paragraph, Planned, Section, Table
from broadtape.model import BadParameter, Fact

if TYPE_CHECKING:
    from broadtape.desk.prose import Wordings

VERSION: Final = 1
T = TypeVar("T")
_CLAIMED: Final = re.compile(r"\]\(fact:(\w+)\)")
_ID: Final = re.compile(r"\b[a-p][a-z2-7]{7}\b")


def as_plain(
    outline: Outline, wordings: Wordings, *, score: float, place: str, covered: Collection[str] = ()
) -> dict[str, Any]:
    """One story's outline as plain values, each sentence with its id, kind, words, facts and guard."""
    names, known = _named(outline), outline.facts()
    sections = []
    for number, section in enumerate(outline.sections, 1):
        blocks: list[dict[str, Any]] = []
        for block in section.blocks:
            if isinstance(block, Table):
                blocks.append({"table": names[id(block)], "holds": _table_words(block)})
            else:
                said = [_sentence(names[id(one)], one, wordings, known) for one in block.sentences]
                blocks.append({"paragraph": said})
        heading = (
            {"heading": _sentence(f"heading-{number}", section.heading, wordings, known)}
            if section.heading
            else {}
        )
        sections.append({"section": number, **heading, "blocks": blocks})
    return {
        "story": outline.story,
        "key": outline.key,
        "score": round(score, 2),
        "place": place,
        "covered": sorted(covered),
        "title": _sentence("title", outline.title, wordings, known),
        "summary": _sentence("summary", outline.summary, wordings, known),
        "sections": sections,
        "chart": outline.chart is not None,
    }


def covered(given: Mapping[str, Any]) -> frozenset[str]:
    """What the other stories of the edition told when the outline was printed."""
    return frozenset(str(one) for one in _items(given, "covered"))


def edited(outline: Outline, given: Mapping[str, Any], wordings: Wordings) -> Outline:
    """The outline as an editor left it; BadParameter names what the plan does not have.

    Sentences, paragraphs, tables and sections may be left out, put in another order and grouped otherwise;
    `variant` chooses a wording; `chart: false` leaves the chart out.
    """
    reader = _Reader(outline, wordings)
    sections = [reader.section(one, number) for number, one in enumerate(_items(given, "sections"), 1)]
    kept = tuple(one for one in sections if one is not None)
    if not kept:
        raise BadParameter(f"{outline.key}: its outline keeps no section; leave the story out instead")
    return dataclasses.replace(
        outline,
        title=reader.titled(given.get("title"), outline.title, "title"),
        title_short=None if _chosen(given.get("title")) else outline.title_short,
        summary=reader.titled(given.get("summary"), outline.summary, "summary"),
        sections=kept,
        chart=outline.chart if given.get("chart", True) else None,
    )


def _named(outline: Outline) -> dict[int, str]:
    """An id for every sentence and table of the body: its wording's name, numbered where it comes again."""
    found: dict[int, str] = {}
    seen: dict[str, int] = {}
    for section in outline.sections:
        for block in section.blocks:
            for thing in (block,) if isinstance(block, Table) else block.sentences:
                key = "table" if isinstance(thing, Table) else thing.key
                seen[key] = seen.get(key, 0) + 1
                found[id(thing)] = key if seen[key] == 1 else f"{key}-{seen[key]}"
    return found


def _sentence(name: str, planned: Planned, wordings: Wordings, known: Mapping[str, Fact]) -> dict[str, Any]:
    others = wordings.others(planned)
    said = wordings.sentence(planned)
    claimed = dict.fromkeys((*_CLAIMED.findall(said), *_ID.findall(planned.guard)))
    facts = [known[identity].key.address for identity in claimed if identity in known]
    return {
        "say": name,
        "kind": planned.kind,
        "words": prose.visible(said),
        **({"variant": wordings.chosen(planned), "of": len(others) + 1, "or": others} if others else {}),
        **({"guard": planned.guard} if planned.guard else {}),
        **({"facts": facts} if facts else {}),
    }


def _table_words(table: Table) -> str:
    return f"{' | '.join(header or '–' for header in table.headers)} ({len(table.rows)} rows)"


def _chosen(given: object) -> bool:
    return isinstance(given, Mapping) and "variant" in given


def _items(given: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = given.get(name)
    if found is None:
        return ()
    if not isinstance(found, list):
        raise BadParameter(f"outline: {name} is a list")
    return found


class _Reader:
    """What an edited outline may name, each thing once."""

    def __init__(self, outline: Outline, wordings: Wordings) -> None:
        self._outline, self._wordings = outline, wordings
        names = _named(outline)
        blocks = [block for section in outline.sections for block in section.blocks]
        self._tables = {names[id(block)]: block for block in blocks if isinstance(block, Table)}
        self._sentences = {names[id(one)]: one for one in outline.sentences()}
        self._headings = {
            f"heading-{number}": one.heading for number, one in enumerate(outline.sections, 1) if one.heading
        }
        self._taken: set[str] = set()
        printed = as_plain(outline, wordings, score=0.0, place="")
        self._printed = {"title": printed["title"], "summary": printed["summary"]} | {
            one["say"]: one
            for section in printed["sections"]
            for one in (
                *([section["heading"]] if "heading" in section else []),
                *(said for block in section["blocks"] for said in block.get("paragraph", ())),
            )
        }

    def section(self, given: object, number: int) -> Section | None:
        if not isinstance(given, Mapping):
            raise BadParameter(f"outline: section {number} of {self._outline.key} is no list of keys")
        blocks: list[Paragraph | Table] = []
        for block in _items(given, "blocks"):
            if not isinstance(block, Mapping):
                raise BadParameter(
                    f"outline: section {number} holds {block!r}; it holds paragraphs and tables"
                )
            if "table" in block:
                blocks.append(self._take(self._tables, block["table"], "table"))
                continue
            said = [self._planned(one) for one in _items(block, "paragraph")]
            if said:
                blocks.append(Paragraph(tuple(said)))
        heading = given.get("heading")
        if not blocks:
            return None
        named = self._take(self._headings, _name(heading), "heading") if heading is not None else None
        headed = self._varied(named, heading, str(_name(heading))) if named is not None else None
        return Section(headed, tuple(blocks))

    def titled(self, given: object, planned: Planned, name: str) -> Planned:
        return self._varied(planned, given, name)

    def _planned(self, given: object) -> Planned:
        return self._varied(self._take(self._sentences, _name(given), "sentence"), given, str(_name(given)))

    def _varied(self, planned: Planned, given: object, name: str) -> Planned:
        """The sentence in the wording chosen: by number, or by its words; words of an editor's own are refused."""
        if not isinstance(given, Mapping):
            return planned
        printed = self._printed[name]
        words, known = " ".join(str(given.get("words", printed["words"])).split()), printed.get("or", {})
        if words != " ".join(str(printed["words"]).split()):
            chosen = next((number for number, text in known.items() if text == words), None)
            if chosen is None:
                raise BadParameter(
                    f"outline: the words of {name} are not the desk’s; choose a variant here, and change words in the "
                    "article once it is written"
                )
            return dataclasses.replace(planned, variant=chosen)
        if "variant" not in given:
            return planned
        variant, most = given["variant"], self._wordings.variants(planned)
        if not isinstance(variant, int) or isinstance(variant, bool) or not 1 <= variant <= most:
            raise BadParameter(f"outline: {planned.key} has the variants 1 to {most}, not {variant!r}")
        return dataclasses.replace(planned, variant=variant)

    def _take(self, things: Mapping[str, T], name: object, what: str) -> T:
        known = things.get(name) if isinstance(name, str) else None
        if known is None:
            has = ", ".join(things) or "none"
            raise BadParameter(f"outline: {self._outline.key} plans no {what} {name!r}; it has {has}")
        if (mark := f"{what} {name}") in self._taken:
            raise BadParameter(f"outline: {mark} of {self._outline.key} stands there twice; leave one out")
        self._taken.add(mark)
        return known


def _name(given: object) -> object:
    return given.get("say") if isinstance(given, Mapping) else given
