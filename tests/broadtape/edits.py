"""What people do to an article: edits that make it false, and edits that leave it as true as it was.

Each edit is (kind, changed file); none touches link targets or keys that are not printed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

from editions import Story

_LINK = re.compile(r"\[([^\]]*)\]\(fact:\w+\)")
_SPELT = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_VERB = re.compile(
    r"\b(?:rose|fell|gained|lost|added|shed|climbed|slid|jumped|led|beat|closed|set|stood|trailed)\b"
)
_LONG = {"Jan.": "January", "Feb.": "February", "Aug.": "August", "Sept.": "September", "Oct.": "October",
         "Nov.": "November", "Dec.": "December"}  # fmt: skip
_ALIKE = {"rose": "gained", "gained": "rose", "fell": "lost", "lost": "fell", "added": "rose", "shed": "lost"}

Edit = tuple[str, str]


def falsifying(story: Story, others: Sequence[Story], drawn: random.Random) -> Iterator[Edit]:
    """Edits after which the article says something that does not follow from its facts."""
    text = story.file
    links = list(_LINK.finditer(text))
    for found in links:
        verb = _VERB.search(found[1])
        if verb is not None:
            at = found.start(1) + verb.start()
            yield "negation", f"{text[:at]}never {text[at:]}"
        if (unit := re.search(r"\bsessions\b", found[1])) is not None:
            at = found.start(1) + unit.start()
            yield "sessions to days", f"{text[:at]}days{text[at + len('sessions') :]}"
        if (number := re.search(r"(?<![\w.,–-])(\d)(?![\w.,%–-])", found[1])) is not None:
            at = found.start(1) + number.start(1)
            wrong = _SPELT[(int(number[1]) + 1) % 10]
            yield "number spelt out wrongly", f"{text[:at]}{wrong}{text[at + 1 :]}"
    facts = {found[0] for found in links}
    for other in drawn.sample(list(others), min(3, len(others))):
        pasted = [part for part in other.paragraphs if _LINK.search(part) and part not in text]
        foreign = [part for part in pasted if not {found[0] for found in _LINK.finditer(part)} <= facts]
        if foreign and other.article.as_of != story.article.as_of:
            yield "pasted paragraph", f"{text.rstrip()}\n\n{drawn.choice(foreign)}\n"
        title = other.article.title
        if other.article.as_of != story.article.as_of:
            yield "another headline", _titled(text, title)
    names = sorted(
        {story.press.view(story.article.date.date()).instrument(one).name for one in story.article.symbols}
    )
    for found in links[:8]:
        sentence = text[: found.start()].rpartition(". ")[2].rpartition("\n")[2]
        for name in names:
            place = sentence.find(name)
            others_named = [one for one in names if one not in sentence and one not in found[1]]
            if place >= 0 and others_named and sentence.startswith(("The ", name)):
                at = found.start() - len(sentence) + place
                yield "subject swapped", f"{text[:at]}{others_named[0]}{text[at + len(name) :]}"
                break


def harmless(story: Story, drawn: random.Random) -> Iterator[Edit]:
    """Edits after which every sentence is as true as before."""
    text = story.file
    for found in _LINK.finditer(text):
        for word, other in _ALIKE.items():
            verb = re.search(rf"\b{word}\b(?! \d+ of)", found[1])
            if verb is not None and "%" in found[1] and "was little" not in found[1]:
                at = found.start(1) + verb.start()
                yield "another neutral verb", f"{text[:at]}{other}{text[at + len(word) :]}"
        for short, long in _LONG.items():
            if re.search(rf"\b{re.escape(short)} \d", found[1]):
                at = found.start(1) + found[1].index(short)
                yield "month in full", f"{text[:at]}{long}{text[at + len(short) :]}"
        if (
            number := re.search(r"(?<![\w.,-])(two|three|four|five|six|seven|eight|nine)(?![\w-])", found[1])
        ) is not None:
            at = found.start(1) + number.start()
            digit = str(_SPELT.index(number[1]))
            yield "number in digits", f"{text[:at]}{digit}{text[at + len(number[1]) :]}"
    body = text.index("\n---\n", 3) + 5
    parts = text[body:].strip().split("\n## ")
    if len(parts) > 3:
        moved = "\n".join((parts[0], *(f"## {one}" for one in [*parts[2:], parts[1]])))
        yield "sections in another order", f"{text[:body]}\n{moved}\n"
    yield "spaces at line ends", re.sub(r"\.\n\n", ". \n\n", text)
    yield "an empty line more", text.replace("\n\n", "\n\n\n", 3)
    tables = [block for block in text.split("\n\n") if block.startswith("| ")]
    if tables:
        table = drawn.choice(tables)
        rows = table.splitlines()
        yield "a row of a table less", text.replace(table, "\n".join([*rows[:2], *rows[3:]]), 1)


def _titled(text: str, title: str) -> str:
    shown = title.replace("\\", "\\\\").replace('"', '\\"')
    return re.sub(r'^title: ".*"$', lambda _: f'title: "{shown}"', text, count=1, flags=re.MULTILINE)
