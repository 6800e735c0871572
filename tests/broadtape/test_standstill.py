"""A publish that finds nothing to do looks at times and notes only; whatever differs is still found."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broadtape import config, heartbeat, publishing
from broadtape.archive.catalogue import Catalogue
from broadtape.market.reader import StoreError
from broadtape.publishing import run, standstill
from broadtape.search import Query, mark, open_index

NOW = datetime(2026, 1, 20, 20, tzinfo=UTC)
AGO = NOW.timestamp() - 3600


class Office:
    """An instance with the real store, catalogue and index; tells whether a publish had to be run."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.runs = 0
        self.now = NOW
        self.write("broadtape.toml", '[instance]\ndefault_site = "bay"\n')
        self.write("sites/bay/site.toml", 'name = "Bay"\nurl = "http://bay.test"\nhosts = ["bay.test"]\n')
        for name in ("one", "two", "three"):
            self.post(name)
        self.write(
            "articles/2026/01/bundle/index.md", self.text("Bundle", 'photo: {src: "a.svg", alt: "A"}\n')
        )
        self.write("articles/2026/01/bundle/a.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
        real = run.Run.publish

        def counted(*args: object, **more: object) -> object:
            self.runs += 1
            return real(*args, **more)  # type: ignore[arg-type] # passed on

        monkeypatch.setattr(run.Run, "publish", counted)

    def write(self, name: str, text: str, *, at: float = AGO) -> Path:
        path = self.root / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        os.utime(path, (at, at))
        return path

    def text(self, title: str, more: str = "", when: str = "2026-01-20T10:00:00-08:00") -> str:
        return f"---\ntitle: {title}\ndate: {when}\n{more}---\n\nFerries of {title}.\n"

    def post(self, name: str, *, at: float = AGO, when: str = "2026-01-20T10:00:00-08:00") -> Path:
        return self.write(f"articles/2026/01/{name}.md", self.text(name, when=when), at=at)

    def publish(self) -> publishing.Published:
        return publishing.publish(config.load(self.root), now=self.now)

    def ran(self) -> bool:
        before = self.runs
        self.publish()
        return self.runs > before


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office(tmp_path, monkeypatch)
    made.publish()
    assert made.runs == 1
    return made


def test_a_standstill_says_what_a_publish_without_work_says(office: Office) -> None:
    office.write("articles/2026/01/broken.md", "---\ntitle: [\n---\n")
    office.publish()
    instance = config.load(office.root)

    still = office.publish()
    with closing(sqlite3.connect(instance.catalogue)) as db, db:
        db.execute("UPDATE meta SET value = '' WHERE name = 'told'")  # so that it cannot be told from notes
    run_again = office.publish()

    assert office.runs == 3
    assert (still.counts, still.problems, still.generation, still.next_visible) == (
        run_again.counts,
        run_again.problems,
        run_again.generation,
        run_again.next_visible,
    )
    assert [problem.path for problem in still.problems] == ["content/articles/2026/01/broken.md"]


def changed_text(office: Office) -> None:
    office.post("one", at=AGO + 1)


def same_time_other_size(office: Office) -> None:
    office.write("articles/2026/01/one.md", office.text("One that is longer"))


def new_file(office: Office) -> None:
    office.post("four")


def deleted(office: Office) -> None:
    (office.root / "content/articles/2026/01/one.md").unlink()


def new_facts(office: Office) -> None:
    office.write("articles/2026/01/two.facts.json", '{"facts": {}}')


def other_picture(office: Office) -> None:
    office.write("articles/2026/01/bundle/a.svg", "<svg xmlns='http://www.w3.org/2000/svg'><g/></svg>")


def settings(office: Office) -> None:
    office.write("broadtape.toml", '[instance]\ndefault_site = "bay"\ntitle = "Bay"\n')


def standing_page(office: Office) -> None:
    office.write("pages/about.md", "About us.")


def new_store(office: Office) -> None:
    path = config.load(office.root).store
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE meta (key TEXT, value TEXT)")
        db.execute("INSERT INTO meta VALUES ('generation', '1')")


def catalogue_gone(office: Office) -> None:
    config.load(office.root).catalogue.unlink()


def catalogue_damaged(office: Office) -> None:
    config.load(office.root).catalogue.write_bytes(b"not a database at all" * 500)


def cut_off_before_the_mark(office: Office) -> None:
    heartbeat.mark_path(config.load(office.root)).unlink()


def index_gone(office: Office) -> None:
    (config.load(office.root).index / mark.NAME).unlink()


def index_damaged(office: Office) -> None:
    index = config.load(office.root).index
    found = mark.read(index)
    assert found is not None
    path = max((index / found.folder / name for name in found.files), key=lambda one: one.stat().st_size)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)
    mark._checked.clear()  # as in a new process


def index_condemned(office: Office) -> None:
    (config.load(office.root).index / mark.CONDEMNED).touch()


def views_left_by_a_reader(office: Office) -> None:
    office.root.joinpath("var/state/views").mkdir(parents=True)
    office.root.joinpath("var/state/views/2026-01-20T10.1-a.json").write_text("[]", "utf-8")


@pytest.mark.parametrize(
    "change",
    [
        changed_text, same_time_other_size, new_file, deleted, new_facts, other_picture, settings, standing_page,
        catalogue_gone, catalogue_damaged, cut_off_before_the_mark, index_gone, index_damaged, index_condemned,
        views_left_by_a_reader,
    ],
)  # fmt: skip
def test_whatever_differs_is_published(office: Office, change: Callable[[Office], None]) -> None:
    assert not office.ran()
    change(office)
    assert office.ran()
    assert not office.ran()


def test_another_market_store_is_looked_into(office: Office) -> None:
    new_store(office)

    assert standstill._store_generation(config.load(office.root).store) == 1
    with pytest.raises(StoreError, match="no market store"):  # it is no store of ours: the publish says so
        office.publish()


def test_a_file_saved_just_now_is_looked_at_again(office: Office) -> None:
    office.post("one", at=NOW.timestamp() - 0.5)

    assert office.ran()
    assert office.ran()  # the same stamp might be another save
    office.now += timedelta(seconds=5)
    assert office.ran()
    assert not office.ran()


def test_a_scheduled_article_ends_the_standstill_when_it_is_due(office: Office) -> None:
    office.post("later", when="2026-01-20T13:00:00-08:00")
    office.publish()

    assert not office.ran()
    assert office.publish().next_visible == NOW + timedelta(hours=1)
    office.now += timedelta(hours=1, seconds=1)
    assert office.ran()
    assert not office.ran()
    catalogue = Catalogue(config.load(office.root).catalogue, now=lambda: office.now)
    assert catalogue.count("bay") == 5
    assert open_index(config.load(office.root).index).search(Query("later")).total == 1


def test_a_publish_that_did_not_tell_the_index_is_no_standstill(office: Office) -> None:
    office.post("four")
    publishing.publish(config.load(office.root), now=office.now, search=False)

    assert office.ran()
    assert open_index(config.load(office.root).index).search(Query("four")).total == 1


def test_looking_loads_nothing_that_proves_renders_or_searches(office: Office) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom datetime import datetime, UTC\n"
        "from broadtape import config, publishing\n"
        "publishing.publish(config.load(Path(sys.argv[1])), now=datetime(2026, 1, 20, 20, tzinfo=UTC))\n"
        "heavy = 'numpy sqlalchemy yaml whoosh tantivy flask jinja2 nh3 pyromark rich structlog'.split()\n"
        "print(*(name for name in heavy if name in sys.modules))"
    )

    said = subprocess.run([sys.executable, "-c", code, str(office.root)], capture_output=True, check=True)

    assert said.stdout.decode().split() == []
