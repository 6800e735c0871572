"""Editions of real sessions for tests: written once a run, read as texts with their facts.

`Press` is one newsroom over the acceptance tables, as an operator would keep it: one archive, editions in order.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from broadtape import config, edition, frontmatter
from broadtape.archive import Archive
from broadtape.config import Instance
from broadtape.desk import proof
from broadtape.edition import Filed
from broadtape.market import MarketStore
from broadtape.model import Article, Claim, MarketView, Status

DATES = (
    "2017-07-14", "2018-12-24", "2019-04-23", "2020-03-23", "2022-06-16", "2024-11-06",
    "2025-04-09", "2025-08-20", "2026-01-12", "2026-01-22", "2026-01-23", "2026-04-15",
)  # fmt: skip
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)

_LINK = re.compile(r"\[([^\]]*)\]\(fact:([a-z0-9]+)\)")
_FAILED = {Status.UNSUPPORTED, Status.CONTRADICTED}
_FIGURES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_ORDINALS = ["zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]


@dataclass(frozen=True)
class Link:
    """A fact link as it stands in the body: its words, its fact's record, its sentence's paragraph."""

    text: str
    fact: str
    record: dict[str, Any]
    paragraph: str

    @property
    def parts(self) -> dict[str, Any]:
        return {part["name"]: part["value"] for part in self.record["parts"]}


@dataclass(frozen=True)
class Story:
    """One filed article of an edition."""

    press: Press
    filed: Filed
    article: Article

    @property
    def kind(self) -> str:
        return self.filed.story

    @property
    def path(self) -> Path:
        return Path(self.article.path)

    @cached_property
    def file(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def visible(self) -> str:
        """The body as readers see it: links by their text."""
        return visible(self.article.body)

    @property
    def words(self) -> int:
        return len(self.visible.split())

    @cached_property
    def paragraphs(self) -> list[str]:
        """Paragraphs of prose, without headings and tables, fact links kept."""
        parts = [part.strip() for part in self.article.body.split("\n\n")]
        return [part for part in parts if part and part[0] not in "#|"]

    @cached_property
    def links(self) -> list[Link]:
        facts = self.article.facts["facts"]
        assert isinstance(facts, dict)
        return [
            Link(found[1], found[2], facts[found[2]], visible(part))
            for part in self.article.body.split("\n\n")
            for found in _LINK.finditer(part)
        ]

    def told(self, metric: str, **params: str) -> list[Link]:
        """The links of a metric, with these parameters among its own."""
        return [
            link for link in self.links
            if link.record["metric"] == metric and params.items() <= link.record["params"].items()
        ]  # fmt: skip

    @cached_property
    def report(self) -> proof.Report:
        return self.press.verify(self.file, self)

    def failing(self, text: str) -> list[Claim]:
        """What fails when the file's text is this."""
        return failures(self.press.verify(text, self))


def visible(markdown: str) -> str:
    return re.sub(r"\\([\\`*_\[\]<>|])", r"\1", _LINK.sub(r"\1", markdown))


def failures(report: proof.Report) -> list[Claim]:
    return [claim for claim in report.claims if claim.status in _FAILED]


def spelt(number: int) -> str:
    """A pattern of the ways to write a count: figures, words, ordinals."""
    forms = [str(number), f"{number}(?:st|nd|rd|th)"]
    if number < len(_FIGURES):
        forms += [_FIGURES[number], _ORDINALS[number]]
    return rf"\b(?:{'|'.join(forms)})\b"


class Press:
    """One newsroom: an archive of its own over the acceptance store."""

    def __init__(self, fetched: Instance, root: Path) -> None:
        copy(fetched.content, root / "content")
        self.instance = config.load(root)
        self.store = MarketStore.open(fetched.store, readonly=True)
        self.archive = Archive(self.instance.content)
        self._views: dict[date, MarketView] = {}
        self._editions: dict[str, list[Story]] = {}

    @classmethod
    def over(cls, instance: Instance) -> Press:
        """A newsroom whose archive is there already."""
        press = cls.__new__(cls)
        press.instance = instance
        press.store = MarketStore.open(instance.store, readonly=True)
        press.archive = Archive(instance.content)
        press._views, press._editions = {}, {}
        return press

    def write(self, on: str, *, now: datetime = NOW, **more: Any) -> list[Filed]:
        return edition.write(self.instance, self.store, date.fromisoformat(on), now=now, **more)

    def on(self, day: str) -> list[Story]:
        """The edition of a session, lead first, written at the first call."""
        if day not in self._editions:
            stories = []
            for filed in self.write(day):
                assert filed.path is not None
                found = self.archive.load(filed.path).article
                assert found is not None
                story = Story(self, filed, found)
                assert story.file  # read now: a later edition may carry a running story on at its address
                stories.append(story)
            self._editions[day] = stories
        return self._editions[day]

    def story(self, day: str, kind: str) -> Story:
        return next(story for story in self.on(day) if story.kind == kind)

    def stories(self) -> list[Story]:
        """Every story of every edition."""
        return [story for day in DATES for story in self.on(day)]

    def view(self, day: date) -> MarketView:
        if day not in self._views:
            self._views[day] = self.store.view(day)
        return self._views[day]

    def forget(self) -> None:
        """Let go of the views of the market: hundreds of sessions' would fill the memory."""
        self._views.clear()

    def verify(self, text: str, story: Story) -> proof.Report:
        """The proof of a file with this text beside the story's facts.json."""
        read = frontmatter.parse(
            text, path=story.article.path, slug=story.article.slug, zone=self.instance.time_zone
        )
        article = dataclasses.replace(read.article, facts=story.article.facts)
        return proof.verify(article, self.view, self.archive.lookup)


def copy(content: Path, target: Path) -> None:
    """The settings of an instance without its articles."""
    shutil.copytree(content, target, ignore=shutil.ignore_patterns("articles"))
