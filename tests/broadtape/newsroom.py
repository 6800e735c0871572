"""A small newsroom on disk for tests of publishing, keeper and doctor: files in, what readers see out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fakes import FakeMarket

from broadtape import config, publishing
from broadtape.archive.catalogue import Catalogue
from broadtape.archive.records import Entry
from broadtape.config import Instance
from broadtape.publishing import Published, run, searchable
from broadtape.search import Document

NOON = datetime(2026, 1, 20, 20, 0, tzinfo=UTC)


class FakeStore:
    """A market store over a fake market: rises by a generation when its market is replaced."""

    def __init__(self, market: FakeMarket) -> None:
        self.generation = 1
        self.told: list[Any] = []
        self.companies: list[Any] = []
        self._market = market
        self.newest = market.as_of

    def replace(self, market: FakeMarket) -> None:
        self._market, self.newest = market, market.as_of
        self.generation += 1

    def view(self, day: date) -> FakeMarket:
        sessions = self._market.sessions.tolist()
        return self._market.at(max((one for one in sessions if one <= day), default=day))

    def last_session(self) -> date:
        return self.newest

    def news(self, at: datetime) -> Any:
        """What others told by an instant: the stories that a test puts in."""
        return SimpleNamespace(
            known=at,
            filings=lambda since: [],
            stories=lambda since: [one for one in self.told if since <= one.known_at <= at],
            companies=lambda: self.companies,
        )

    def sources(self) -> list[Any]:
        return [SimpleNamespace(origin=SimpleNamespace(retrieved=NOON - timedelta(hours=5)))]


@dataclass
class FakeIndex:
    """A search index that remembers what it was told."""

    held: dict[str, Document] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    sound: bool = True

    def state(self) -> str:
        return "sound" if self.sound else "missing"

    def update(self, changed: Iterable[Document], removed: Iterable[str] = ()) -> int:
        for url in removed:
            self.held.pop(url, None)
            self.told.append(f"-{url}")
        for one in changed:
            self.held[one.url] = one
            self.told.append(f"+{one.url}")
        return 1

    def rebuild(self, documents: Iterable[Document], progress: Callable[[int], None] = lambda _: None) -> int:
        self.held = {one.url: one for one in documents}
        self.told.append("rebuild")
        self.sound = True
        return 1


class Newsroom:
    """content/ with one site, `bay`; `now` is turned by the test."""

    def __init__(
        self, root: Path, monkeypatch: Any, *, market: FakeMarket | None = None, settings: str = ""
    ) -> None:
        self.root = root
        self.now = NOON
        self.saves = 0
        self.index = FakeIndex()
        self.store = FakeStore(market) if market is not None else None
        self.write("broadtape.toml", f'[instance]\ntitle = "Test"\ndefault_site = "bay"\n{settings}')
        self.site("bay", watch_list=["NASDAQ:AAA", "NASDAQ:BBB", "NASDAQ:GONE"])
        monkeypatch.setattr(searchable, "open_writer", lambda folder, engine: self.index)
        monkeypatch.setattr(run, "_open_store", lambda path: self.store)

    @property
    def content(self) -> Path:
        return self.root / "content"

    @property
    def instance(self) -> Instance:
        return config.load(self.root)

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.content / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        self.saves += 1  # each save an instant of its own, an hour ago by the newsroom's clock
        saved = self.now.timestamp() - 3600 + self.saves
        os.utime(path, (saved, saved))
        return path

    def site(self, key: str, *, watch_list: Iterable[str] = (), more: str = "") -> Path:
        listed = ", ".join(f'"{symbol}"' for symbol in watch_list)
        return self.write(
            f"sites/{key}/site.toml",
            f'name = "{key.title()}"\nurl = "http://{key}.localhost:8000"\nhosts = ["{key}.localhost"]\n'
            f"watch_list = [{listed}]\n{more}",
        )

    def post(
        self, slug: str, body: str = "Ferries run.", *, when: str = "2026-01-20T10:00:00-08:00", **keys: str
    ) -> Path:
        front = "".join(f"{name}: {value}\n" for name, value in keys.items() if name != "title")
        title = keys.get("title", slug.replace("-", " ").capitalize())
        text = f'---\ntitle: "{title}"\ndate: {when}\n{front}---\n\n{body}\n'
        return self.write(f"articles/2026/01/{slug}.md", text)

    def publish(self, *changed: Path, **more: Any) -> Published:
        wanted = set(changed) if changed else None
        return publishing.publish(self.instance, wanted, now=self.now, **more)

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.root / "var" / "cache" / "catalogue.sqlite", now=lambda: self.now)

    def slugs(self, site: str = "bay") -> list[str]:
        return [entry.article.slug for entry in self.catalogue.latest(site, limit=100)]

    def entry(self, slug: str, site: str = "bay") -> Entry | None:
        return next((one for one in self.catalogue.latest(site, limit=100) if one.article.slug == slug), None)

    def text(self, slug: str) -> str:
        entry = self.entry(slug)
        return entry.text if entry is not None else ""

    def problems(self) -> list[str]:
        return [f"{one.path}:{one.line}: {one.cause}" for one in self.catalogue.problems()]

    def lose_cache(self) -> None:
        for path in (self.root / "var" / "cache").iterdir():
            path.unlink()
