"""What people do to an article: edits that make it false, and edits that leave it as true as it was.

Each edit is (kind, changed file); none touches link targets or keys that are not printed.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from editions import Story

_LINK = re.compile(r"\[([^\]]*)\]\(fact:\w+\)")
_FACT_LINK = re.compile(r"\[([^\]]*)\]\(fact:(\w+)\)")
_PERCENT = re.compile(r"(\d+\.\d+)%")
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
    yield from _mixed(story)
    yield from exchanged(story)


_HEAD = re.compile(r'^(?:title|summary): "(?P<text>.*)"$|\balt: "(?P<alt>(?:[^"\\]|\\.)*)"', re.M)
_CHANGE = re.compile(r"(?<![\w.])(\d+\.\d+)%")


def exchanged(story: Story) -> Iterator[Edit]:
    """Title, summary and alternative text: names or figures change places, a verb is said of a second name."""
    text, view = story.file, story.press.view(story.article.date.date())
    names = sorted({view.instrument(one).name for one in story.article.symbols}, key=len, reverse=True)
    called = re.compile("|".join(map(re.escape, names)) or r"(?!)")
    for head in _HEAD.finditer(text[: text.index("\n---\n", 3)]):
        at = head.start("text") if head["text"] is not None else head.start("alt")
        said = head["text"] if head["text"] is not None else head["alt"]
        figures, subjects = list(_CHANGE.finditer(said)), list(called.finditer(said))
        for kind, found in (("figures exchanged", figures), ("names exchanged", subjects)):
            for one, two in itertools.pairwise(found):
                if one[0] != two[0] and len({figure[0] for figure in figures}) == len(figures) > 1:
                    changed = (
                        said[: one.start()]
                        + two[0]
                        + said[one.end() : two.start()]
                        + one[0]
                        + said[two.end() :]
                    )
                    yield kind, text[:at] + changed + text[at + len(said) :]
        told = {}  # what each name's own clause says
        for subject in subjects:
            clause = re.split(r"[;,]| and | while ", said[subject.end() :])[0]
            if (change := _CHANGE.search(clause)) is not None:
                told[subject] = change[1]
        for one, two in itertools.permutations(told, 2):
            if abs(Decimal(told[one]) - Decimal(told[two])) > Decimal("0.1"):
                article = "the " if said[: one.start()].lower().endswith("the ") else ""
                changed = f"{said[: one.start()]}{two[0]} and {article}{said[one.start() :]}"
                yield "verb said of a second name", text[:at] + changed + text[at + len(said) :]


def _mixed(story: Story) -> Iterator[Edit]:
    """What is told of one is said of another: sentences merged, a headline rewritten, a figure from next door."""
    text, view = story.file, story.press.view(story.article.date.date())
    links = [(found, story.article.facts["facts"][found[2]]) for found in _FACT_LINK.finditer(text)]
    parts = [{part["name"]: part["value"] for part in record["parts"]} for _, record in links]
    for place, ((one, first), (two, second)) in enumerate(itertools.pairwise(links)):
        between = text[one.end() : two.start()]
        of, other = parts[place].get("subject"), parts[place + 1].get("subject")
        whose = f"{first['params']}", f"{second['params']}"
        told = {str(value) for name, value in parts[place].items() if name != "subject"}
        apart = str(parts[place + 1]["value"]) not in told and not re.search(r"[A-Z]", two[1])
        if (
            of
            and other
            and of != other
            and apart
            and re.search(r"[.;]\s|\bwhile\b", between)
            and len(between) < 160
        ):
            yield "sentences merged", f"{text[: one.end()]} and {text[two.start() :]}"
        value, figure = _PERCENT.search(one[1]), _PERCENT.search(two[1])
        if value and figure and value[1] != figure[1] and whose[0] != whose[1]:
            at = one.start(1)
            yield (
                "figure of the next link",
                f"{text[: at + value.start(1)]}{figure[1]}{text[at + value.end(1) :]}",
            )
    for (found, record), known in zip(links, parts, strict=True):
        subject = known.get("subject")
        if not subject or known.get("object") or not _PERCENT.search(found[1]) or not _VERB.match(found[1]):
            continue
        change = abs(Decimal(str(known["value"]))) if record["unit"] == "percent" else None
        for symbol in story.article.symbols[:3]:
            others = [
                abs(Decimal(str(there["value"])))
                for (_, one), there in zip(links, parts, strict=True)
                if one["unit"] == "percent" and there.get("subject") == symbol
            ]
            if (
                change is not None
                and symbol != subject
                and all(abs(change - one) > Decimal("0.1") for one in others)
            ):
                name = view.instrument(symbol).name
                yield "headline rewritten", _titled(text, f"{name} {found[1].partition(',')[0]}")
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
    yield from _retouched(text)
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


def _retouched(text: str) -> Iterator[Edit]:
    """Clauses in another order, punctuation, words that stand for each other, typography: nothing told is changed."""
    body = text.index("\n---\n", 3) + 5
    for found in re.finditer(r"(?<=\d\))(?:;| while) the (?=[A-Z])", text[body:]):
        at, end = body + found.start(), body + found.end()
        yield "one sentence made two", f"{text[:at]}. The {text[end:]}"
        if found[0].startswith(";"):
            yield "another joint of clauses", f"{text[:at]}, while the {text[end:]}"
        else:
            yield "another joint of clauses", f"{text[:at]}; the {text[end:]}"
    for found in re.finditer(r"\)\. The (?=[A-Z][^.]{0,120}\]\(fact:)", text[body:]):
        at = body + found.start()
        yield "two sentences made one", f"{text[: at + 1]}; the {text[body + found.end() :]}"
    for found in re.finditer(r"(?<=\))( and | while )(?=the [A-Z])", text[body:]):
        yield "a comma more", f"{text[: body + found.start()]},{text[body + found.start() :]}"
        if found[1] == " while ":
            yield (
                "another word for while",
                f"{text[: body + found.start()]} whereas {text[body + found.end() :]}",
            )
    for found in re.finditer(
        r"^(The [A-Z][^\n|#]{0,200}?\]\(fact:\w+\)\.) (The [A-Z][^\n]*)$", text[body:], re.M
    ):
        first, second = found.span(1), found.span(2)
        rest = text[body + second[0] : body + second[1]]
        if (
            "(fact:" in rest
            and rest.count(". ") == 0
            and not re.search(r"\b(?:its?|that|those|also)\b", rest)
        ):
            moved = f"{rest} {text[body + first[0] : body + first[1]]}"
            yield "sentences in another order", f"{text[: body + first[0]]}{moved}{text[body + second[1] :]}"
    if "’" in text[body:]:
        yield "straight quotes", text[:body] + text[body:].replace("’", "'")
    if re.search(r"\w'\w", text[body:]):
        yield "typographic quotes", text[:body] + re.sub(r"(?<=\w)'(?=\w)", "’", text[body:])
    for found in itertools.islice(_FACT_LINK.finditer(text, body), 12):
        if (percent := re.search(r"(?<=\d)%", found[1])) is not None and "|" not in text[
            found.start() - 3 : found.start()
        ]:
            at = found.start(1) + percent.start()
            yield "per cent in words", f"{text[:at]} percent{text[at + 1 :]}"
        if (month := re.search(r"(?<=[a-z]\.) (?=\d)", found[1])) is not None:
            at = found.start(1) + month.start()
            yield "a space that does not break", f"{text[:at]}\u00a0{text[at + 1 :]}"


def _titled(text: str, title: str) -> str:
    shown = title.replace("\\", "\\\\").replace('"', '\\"')
    return re.sub(r'^title: ".*"$', lambda _: f'title: "{shown}"', text, count=1, flags=re.MULTILINE)
