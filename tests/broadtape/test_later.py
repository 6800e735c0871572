"""What an older page says above its text: the later state of its main fact, from the newest data, proved."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from invented import ROLES, market
from jinja2 import FileSystemLoader
from newsroom import FakeStore, Newsroom
from test_running_stories import RUN, SEVENTH, settings, write

from broadtape import edition, markdown, metrics, resources
from broadtape.archive import Archive
from broadtape.desk import later, prose
from broadtape.model import Article, Fact

ENV = prose.environment(FileSystemLoader(resources.templates() / "prose"))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
FLAT = [0.1, -0.1] * 4  # the eight weekdays from Jan. 14 to Jan. 23
AFTER = {
    "small": [*RUN["small"], *FLAT], "large": [*RUN["large"], *FLAT], "tech": [*RUN["tech"], *FLAT],
}  # fmt: skip


@pytest.fixture
def articles(tmp_path: Path) -> dict[str, Article]:
    """The edition of the run's seventh session, by kind of story."""
    instance = settings(tmp_path / "room")
    write(instance, FakeStore(market("2026-01-13", **RUN)), SEVENTH)
    return {str(one.extra["story"]).partition("/")[0]: one for one in Archive(instance.content).scan()[0]}


def facts(article: Article) -> list[Fact]:
    held: Any = article.facts["facts"]
    return [metrics.from_json(key, record) for key, record in held.items()]


def said(article: Article, on: str, **more: Any) -> str | None:
    note = later.note(article, facts(article), market(on, **(more or AFTER)), ENV, ROLES)
    return prose.visible(note.markdown) if note is not None else None


def test_of_a_run_it_says_when_it_ended(articles: dict[str, Article]) -> None:
    assert said(articles["rotation"], "2026-01-23") == (
        "The Russell 2000’s run against the S&P 500 ended on Jan. 13 after seven sessions."
    )


def test_of_a_wrap_it_says_what_the_index_did_since(articles: dict[str, Article]) -> None:
    found = said(articles["wrap"], "2026-01-23")

    assert found is not None
    assert re.fullmatch(r"The S&P 500 .*\d%,? from Jan\. 13 through Jan\. 23\.", found)


def test_a_page_of_the_last_week_says_nothing(articles: dict[str, Article]) -> None:
    assert said(articles["rotation"], "2026-01-16") is None


def test_what_the_page_tells_itself_is_not_said_again(articles: dict[str, Article]) -> None:
    ended = dataclasses.replace(
        articles["rotation"],
        updates=(edition.Update(NOW, "It ended.", date(2026, 1, 13), "relative-streak-from?x=y"),),
    )
    found = said(ended, "2026-01-23")

    assert found is None or "ended" not in found


@pytest.mark.parametrize("origin", ["editor", "import"])
def test_of_what_people_wrote_it_says_nothing(articles: dict[str, Article], origin: Any) -> None:
    assert said(dataclasses.replace(articles["wrap"], origin=origin), "2026-01-23") is None


def test_nothing_is_said_where_the_data_cannot_tell(articles: dict[str, Article]) -> None:
    article = dataclasses.replace(articles["wrap"], symbols=(), extra={"story": "wrap/NYSE:NONE"})

    assert later.note(article, [], market("2026-01-23", **AFTER), ENV, ROLES) is None


def test_a_published_page_shows_it_with_its_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roles = ", ".join(f'{role} = "{symbol}"' for role, symbol in ROLES.items())
    room = Newsroom(
        tmp_path,
        monkeypatch,
        market=market("2026-01-23", **AFTER),
        settings=f"[desk]\nbenchmarks = {{ {roles} }}\n",
    )
    assert room.store is not None
    edition.write(room.instance, room.store, SEVENTH, story="rotation", now=NOW)  # type: ignore[arg-type]  # by its face
    room.now = NOW
    room.publish()
    entry = room.catalogue.latest("bay", limit=5)[0]
    proofs = room.catalogue.facts(entry.article.id)

    assert entry.since == "The Russell 2000’s run against the S&P 500 ended on Jan. 13 after seven sessions."
    anchor = re.search(r'data-fact="(\w+)"', entry.since_html)
    assert anchor is not None
    assert (proofs[anchor[1]].fact.as_of, proofs[anchor[1]].status) == (date(2026, 1, 23), "verified")
    assert markdown.parse(entry.since).blocks[0].text == entry.since
