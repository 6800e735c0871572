"""One falsehood in a filed article makes proof fail on its line: digits, directions, months, units, names, tickers.

Falsehoods that cannot change how other lines are read are tried together, one a line; names are tried one by one,
since a name says whom the sentences after it speak of.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest
from editions import Press, Story
from mutations import DAYS, MONTHS, ORDINALS, SHORT, WORDS

pytestmark = pytest.mark.acceptance

STORIES = (
    ("2026-01-12", "rotation"), ("2026-01-23", "rotation"), ("2018-12-24", "drawdown"), ("2025-08-20", "wrap"),
    ("2024-11-06", "record"), ("2026-04-15", "record"),
)  # fmt: skip
TURNED = {
    "up": "down", "down": "up", "rose": "fell", "fell": "rose", "gained": "lost", "lost": "gained", "gain": "loss",
    "loss": "gain", "jumped": "plunged", "climbed": "slid", "dropped": "climbed", "slid": "jumped",
    "plunged": "surged", "surged": "plunged", "added": "shed", "shed": "added", "advanced": "declined",
    "declined": "advanced", "edged up": "edged down", "edged down": "edged up", "edges up": "edges down",
    "edges down": "edges up", "led": "trailed", "trailed": "led", "beat": "trailed", "outpaced": "lagged",
    "leads": "trails", "lead": "lag", "lag": "lead", "longer": "shorter", "best": "worst", "worst": "best",
    "higher": "lower", "lower": "higher", "above": "below", "below": "above", "ahead": "behind", "cut": "raised",
    "highest": "lowest", "lowest": "highest", "longest": "shortest", "record close": "record low", "median": "average",
    "for the first time": "for the last time", "ended": "extended", "began": "ended",
}  # fmt: skip
UNITS = {
    "sessions": "months", "session": "month", "months": "sessions", "percentage points": "percent",
    "companies": "sessions", "%": " points", "earlier runs": "earlier weeks",
}  # fmt: skip
KEYS = re.compile(r"(?:title|summary|photo|  *alt|  *caption)\b")


@dataclass(frozen=True)
class Falsehood:
    """A change of one place in a file."""

    kind: str
    start: int
    end: int
    new: str
    line: int

    def shown(self, text: str) -> str:
        before, after = text[max(0, self.start - 50) : self.start], text[self.end : self.end + 30]
        return f"{self.kind}, line {self.line}: {before}>>{text[self.start : self.end]} → {self.new}<<{after}"


def falsehoods(story: Story) -> list[Falsehood]:
    """Every one that leaves other lines to be read as they were."""
    text = story.file
    found = list(_digits(text))
    found += _replaced(text, TURNED.items(), "direction")
    found += _replaced(text, UNITS.items(), "unit")
    for kind, names in (
        ("month", MONTHS), ("month", SHORT), ("weekday", DAYS), ("number", WORDS), ("number", ORDINALS),
    ):  # fmt: skip
        found += _replaced(text, zip(names, names[1:] + names[:1], strict=True), kind)
    return [one for one in found if _is_text(text, one)]


def renamings(story: Story) -> list[Falsehood]:
    """Names and tickers that stand for something else, or for nothing."""
    text, view = story.file, story.press.view(story.article.date.date())
    names = sorted({view.instrument(symbol).name for symbol in story.article.symbols})
    tickers = sorted({symbol.partition(":")[2] for symbol in story.article.symbols})
    found = [*_replaced(text, zip(names, names[1:] + names[:1], strict=True), "name")]
    found += _replaced(text, ((name, "Contoso") for name in names), "name")
    found += _replaced(text, zip(tickers, tickers[1:] + tickers[:1], strict=True), "ticker")
    found += _replaced(text, ((ticker, "ZZZ") for ticker in tickers), "ticker")
    return [one for one in found if _is_text(text, one)]


def _digits(text: str) -> Iterator[Falsehood]:
    for found in re.finditer(r"\d", text):
        digit = str((int(found[0]) + random.Random(found.start()).randint(1, 9)) % 10)
        yield _at(text, "digit", found.start(), found.end(), digit)


def _replaced(text: str, pairs: Iterable[tuple[str, str]], kind: str) -> Iterator[Falsehood]:
    for old, new in pairs:
        if old == new:  # an article of one name has none to put for it
            continue
        before = r"(?<![\w-])" if old[0].isalpha() else ""
        after = r"(?![\w-])" if old[-1].isalpha() else ""
        for found in re.finditer(before + re.escape(old) + after, text):
            yield _at(text, kind, found.start(), found.end(), new)


def _at(text: str, kind: str, start: int, end: int, new: str) -> Falsehood:
    return Falsehood(kind, start, end, new, text.count("\n", 0, start) + 1)


def _is_text(text: str, one: Falsehood) -> bool:
    """In what readers see: not in a link's target, nor in keys that are not printed."""
    if re.search(r"\(fact:\w*$", text[max(0, one.start - 20) : one.start]):
        return False
    header = text.index("\n---\n", 3)
    line = text[text.rfind("\n", 0, one.start) + 1 : one.start]
    if one.start < header:
        return bool(KEYS.match(line)) and not re.search(r"(?:src|credit): (?:\"[^\"]*)?[^\s,]*$", line)
    return True


def missed(story: Story, tried: list[Falsehood]) -> list[str]:
    """Which of them proof let stand; those on different lines are tried together.

    The head of a table is tried alone: what it falsifies are the rows, and they are named.
    """
    lines: dict[int, list[Falsehood]] = defaultdict(list)
    found = []
    for one in tried:
        if is_head(story.file, one):
            found += [one.shown(story.file) for one in let_stand(story, [one], rows=True)]
        else:
            lines[one.line].append(one)
    for together in itertools.zip_longest(*lines.values()):
        chosen = sorted((one for one in together if one is not None), key=lambda one: one.start)
        found += [one.shown(story.file) for one in let_stand(story, chosen)]
    return found


def alone(story: Story, tried: list[Falsehood]) -> list[str]:
    """Which of them proof let stand, each tried by itself."""
    return [one.shown(story.file) for one in tried if let_stand(story, [one], rows=is_head(story.file, one))]


def is_head(text: str, one: Falsehood) -> bool:
    """Whether it changes the head of a table."""
    return "".join(text.splitlines()[one.line : one.line + 1]).startswith("| ---")


def let_stand(story: Story, chosen: list[Falsehood], *, rows: bool = False) -> list[Falsehood]:
    """Which of several, tried together in one proof, it did not name by their lines."""
    text = story.file
    for one in reversed(chosen):
        text = text[: one.start] + one.new + text[one.end :]
    named = {claim.line for claim in story.failing(text)}
    below = {line - 2 for line in named} if rows else set()
    return [one for one in chosen if one.line not in named | below]


def sample(found: list[Falsehood], most: int, seed: int) -> list[Falsehood]:
    """At most so many of each line's, so that rows of figures do not crowd out the prose."""
    drawn = random.Random(seed)
    lines: dict[int, list[Falsehood]] = defaultdict(list)
    for one in found:
        lines[one.line].append(one)
    return [one for line in lines.values() for one in drawn.sample(line, min(most, len(line)))]


@pytest.mark.parametrize(("day", "kind"), STORIES)
def test_a_falsehood_fails_on_its_line(press: Press, day: str, kind: str) -> None:
    story = press.story(day, kind)
    tried = sample(falsehoods(story), 4, seed=20260112)

    assert len(tried) > 50
    assert missed(story, tried) == []


@pytest.mark.parametrize(("day", "kind"), STORIES[:3])
def test_another_name_or_ticker_fails_on_its_line(press: Press, day: str, kind: str) -> None:
    story = press.story(day, kind)
    tried = random.Random(20260112).sample(renamings(story), 8)

    assert alone(story, tried) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [("seventh straight", "eighth straight"), ("matching September 2022", "matching January 2019")],
)
def test_a_headline_cannot_borrow_the_figure_or_the_month_of_a_longer_run(
    press: Press, old: str, new: str
) -> None:
    story = press.story("2026-01-12", "rotation")
    head, title = story.file.split("title:", 1)
    assert old in title.split("\n", 1)[0]

    named = story.failing(f"{head}title:{title.replace(old, new, 1)}")

    assert [claim.line for claim in named] == [head.count("\n") + 1]


@pytest.mark.slow
def test_every_falsehood_in_the_rotation_story_fails_on_its_line(press: Press) -> None:
    story = press.story("2026-01-12", "rotation")

    assert missed(story, falsehoods(story)) == []


@pytest.mark.slow
def test_every_other_name_or_ticker_in_the_rotation_story_fails_on_its_line(press: Press) -> None:
    story = press.story("2026-01-12", "rotation")

    assert alone(story, renamings(story)) == []


def test_a_paragraph_of_another_dates_article_fails_on_its_line(press: Press) -> None:
    story = press.story("2026-01-12", "rotation")
    others = [press.story("2026-01-22", "rotation"), press.story("2026-01-23", "rotation")]
    for other in others:
        for pasted in [part for part in other.paragraphs if "fact:" in part][:3]:
            text = f"{story.file.rstrip()}\n\n{pasted}\n"
            line = text.count("\n", 0, text.rindex(pasted)) + 1

            assert line in {claim.line for claim in story.failing(text)}, pasted


def test_a_plain_sentence_that_an_editor_adds_is_named(press: Press) -> None:
    story = press.story("2026-01-12", "rotation")
    text = f"{story.file.rstrip()}\n\nThe ferry landing was busy.\n"

    named = story.failing(text)

    assert [claim.line for claim in named] == [text.rstrip("\n").count("\n") + 1]
    assert "not listed" in named[0].reason


def test_another_spelling_of_the_same_number_stands(press: Press) -> None:
    story = press.story("2026-01-12", "rotation")
    spelt = {"eight": "8", "seventh": "7th", "seven": "7", "three": "3", "11": "eleven"}
    tried = 0
    for old, new in spelt.items():
        for found in re.finditer(rf"\[[^\]]*(?<![\w.,-])({old})(?![\w.,%-])[^\]]*\]\(fact:", story.file):
            text = story.file[: found.start(1)] + new + story.file[found.end(1) :]
            tried += 1

            assert story.failing(text) == [], found[0]

    assert tried >= 5


def test_a_figure_without_its_link_fails_on_its_line(press: Press) -> None:
    story = press.story("2026-01-12", "rotation")
    links = re.compile(r"\[([^\]]*\d[^\]]*)\]\(fact:\w+\)")
    for paragraph in story.paragraphs[:6]:
        found = links.search(paragraph)
        if found is None:
            continue
        text = story.file.replace(paragraph, paragraph.replace(found[0], found[1], 1), 1)
        line = story.file.count("\n", 0, story.file.index(paragraph)) + 1

        assert line in {claim.line for claim in story.failing(text)}, found[0]


def test_the_ends_of_a_decline_cannot_be_exchanged(press: Press) -> None:
    way = "from the highest close to the lowest"
    told = [story for story in press.stories() if way in story.file]

    assert told
    for old, new in (("from the highest", "from the lowest"), ("to the lowest", "to the highest")):
        changed = told[0].file.replace(way, way.replace(old, new), 1)
        assert any("leads from the highest" in claim.reason for claim in told[0].failing(changed)), new


def test_a_list_of_months_names_none_of_them_twice(press: Press) -> None:
    months = re.compile(r"(?<=in )(\w+), (\w+) and (?=\w+ 20\d\d)")
    told = [(story, found) for story in press.stories() if (found := months.search(story.file))]

    assert told
    story, found = told[0]
    last = re.match(r"\w+", story.file[found.end() :])
    assert last is not None
    for twice in (f"{found[1]}, {found[1]} and ", f"{found[1]}, {last[0]} and "):
        changed = story.file[: found.start()] + twice + story.file[found.end() :]
        assert story.failing(changed), twice


@pytest.mark.parametrize("verb", ["was", "ended"])
def test_what_was_lower_after_cuts_was_not_cut(press: Press, verb: str) -> None:
    told = [story for story in press.stories() if f"{verb} higher in" in story.file]

    assert told
    for story in told[:3]:
        changed = story.file.replace(f"{verb} higher in", f"{verb} lower in", 1)
        assert story.failing(changed), story.article.title
