"""The chart beside an article: a figure, a label or a point of it that somebody changed does not pass."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from fakes import FakeMarket
from invented import IXIC, RUT, SPX, market
from test_proof_verify import BARS, ground  # noqa: F401  the fixture of a small real store

from broadtape import config, metrics, publishing
from broadtape.archive import Archive
from broadtape.archive.catalogue import Catalogue
from broadtape.archive.files import beside
from broadtape.cli import main
from broadtape.desk import canvas, drawing, pictures
from broadtape.desk.outline import ChartPlan, Planned
from broadtape.market.fetching import fetch
from broadtape.model import Article, Claim, Fact, Photo, Status

ON = date(2026, 1, 12)
WORDS = Planned("words")
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
YIELDS = {"DGS2": "3.10", "DGS5": "3.55", "DGS10": "4.05"}


def view() -> FakeMarket:
    days = [ON - timedelta(days=back) for back in (0, 3, 31, 32)]
    readings = {
        name: {str(day): (f"{float(level) + day.month / 10:.2f}", str(day)) for day in days}
        for name, level in YIELDS.items()
    }
    decisions = {"2025-03-19": ("4.25", "4.50", 0), "2025-09-17": ("4.00", "4.25", -25)}
    return market(str(ON), large=[0.4, -1.2, 0.9], readings=readings, decisions=decisions)


def plan(kind: str, facts: dict[str, Fact]) -> ChartPlan:
    fields: dict[str, Any] = {"symbols": (SPX,), "first": date(2025, 11, 3), "last": ON, "basis": "price"}
    match kind:
        case "line":
            fields |= {"symbols": (RUT, SPX), "shade": (date(2026, 1, 2), ON), "shade_label": "The run"}
        case "steps":
            fields |= {"symbols": (), "first": date(2025, 3, 19)}
        case "curve":
            fields |= {"symbols": (), "series": tuple(YIELDS), "days": (ON, ON - timedelta(days=31))}
        case "bars" | "heat":
            rows = [[facts[f"{symbol}{window}"] for window in ("1s", "5s")] for symbol in (SPX, RUT, IXIC)]
            columns = ("1 session", "5 sessions") if kind == "heat" else ()
            fields |= {
                "symbols": (),
                "cells": tuple(tuple(row if kind == "heat" else row[:1]) for row in rows),
                "columns": columns,
            }
    return ChartPlan(**fields, indexed=kind == "line", title=WORDS, alt=WORDS, kind=kind)  # type: ignore[arg-type]  # one of them


TITLES = {
    "line": "Russell 2000 and S&P 500, first session shown = 100", "drawdown": "S&P 500, daily closes",
    "steps": "Federal funds target range, upper end", "curve": "Treasury yields by maturity",
    "bars": "Indices", "heat": "Indices by window",
}  # fmt: skip


@dataclasses.dataclass
class Chart:
    """An article with a chart, before anything lies on a disk."""

    market: FakeMarket
    article: Article
    facts: dict[str, Fact]
    files: dict[str, bytes]

    def claims(self, market: FakeMarket | None = None, **files: bytes | None) -> list[Claim]:
        there = self.files | {name.replace("_", "."): data for name, data in files.items()}
        return pictures.claims(self.article, self.facts, lambda _: market or self.market, there.get)

    def passes(self, **files: bytes | None) -> bool:
        return {one.status for one in self.claims(**files)} == {Status.VERIFIED}


def chart(kind: str) -> Chart:
    there = view()
    asked = {
        f"{symbol}{window}": metrics.fact(there, "return", of=symbol, over=window)
        for symbol in (SPX, RUT, IXIC)
        for window in ("1s", "5s")
    }
    labels = SimpleNamespace(chart_title=TITLES[kind], alt="A chart.")
    planned = plan(kind, asked)
    spec = drawing.draw(there, planned, labels)
    assert spec is not None
    article = Article(
        path="", slug="", id="", title="", date=datetime(2026, 1, 12, 22, tzinfo=UTC), body="", body_line=1,
        as_of=ON, origin="desk", photo=Photo("chart.svg", "A chart."),
        facts={"chart": pictures.record(planned, labels, spec)},
    )  # fmt: skip
    files = {"chart.svg": drawing.svg(spec), "chart.csv": drawing.table(spec).encode()}
    return Chart(there, article, {fact.id: fact for fact in asked.values()}, files)


def falsified(data: bytes, seed: int, most: int) -> Iterator[bytes]:
    """The file with one digit, sign or letter of its words changed, at places that the seed chooses."""
    text = data.decode()
    style = re.search(r"<style>.*?</style>", text, re.DOTALL)
    skipped = range(*style.span()) if style else range(0)
    places = [
        at.start() for at in re.finditer(r"[\d−+]|(?<=>)[A-Z]|[a-z](?=<)", text) if at.start() not in skipped
    ]
    for at in random.Random(seed).sample(places, min(most, len(places))):
        old = text[at]
        new = str((int(old) + 1) % 10) if old.isdigit() else "" if old in "−+" else "q"
        yield f"{text[:at]}{new}{text[at + 1 :]}".encode()


@pytest.mark.parametrize("kind", TITLES)
def test_every_kind_of_chart_is_drawn_again_to_the_byte_and_no_changed_one_passes(kind: str) -> None:
    made = chart(kind)
    drawn = [*falsified(made.files["chart.svg"], 1, 60)]
    tables = [*falsified(made.files["chart.csv"], 2, 30)]

    assert [one.reason for one in made.claims() if one.reason] == []
    assert [one for one in drawn if made.passes(chart_svg=one)] == []
    assert [one for one in tables if made.passes(chart_csv=one)] == []
    assert len(drawn) > 25


def test_what_differs_is_said_with_both_values() -> None:
    made = chart("drawdown")
    table = made.files["chart.csv"].decode()
    last = table.splitlines()[-1]
    claims = made.claims(chart_csv=table.replace(last, "2026-01-12,-7.77").encode())
    wrong = next(one for one in claims if one.status is Status.CONTRADICTED)

    assert wrong.text == "chart.csv: S&P 500 on Jan. 12, 2026"
    assert wrong.claimed == "−7.77"
    assert wrong.computed == last.partition(",")[2].replace("-", "−")
    assert "the market has" in wrong.reason


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"title": "S&P 500 surged 12%"}, "its labels"),
        ({"alt": "The index surged 12%."}, "its labels"),
        ({"shade_label": "The surge of 12%"}, "its labels"),
        ({"first": "2025-12-01"}, "is given"),
        ({"last": "2026-02-12"}, "days after"),
        ({"cells": [["aaaaaaaa"]], "kind": "bars"}, "not proved"),
        ({"kind": "pie"}, "facts.json"),
        ({"transform": "wow"}, "transform"),
    ],
)
def test_a_record_that_was_changed_with_its_chart_is_refused(change: dict[str, object], says: str) -> None:
    made = chart("drawdown")
    kept = made.article.facts["chart"]
    assert isinstance(kept, dict)
    wrong = {**kept, "shade": ["2025-12-01", "2025-12-03"], **change}
    made.article = dataclasses.replace(made.article, facts={"chart": wrong})
    found = made.claims()

    assert any(one.status in {Status.CONTRADICTED, Status.UNSUPPORTED} for one in found)
    assert says in " ".join(one.reason for one in found)


def test_a_chart_that_is_not_there_or_not_ours_is_said_to_be_so() -> None:
    made = chart("line")
    unread = dataclasses.replace(made, article=dataclasses.replace(made.article, facts={}))
    photo = dataclasses.replace(
        made, article=dataclasses.replace(made.article, photo=Photo("own.svg", "A chart."))
    )
    harbour = dataclasses.replace(
        made, article=dataclasses.replace(made.article, photo=Photo("boat.jpg", "A boat."))
    )

    assert [one.status for one in made.claims(chart_csv=None)] == [Status.VERIFIED, Status.UNSUPPORTED]
    assert [one.status for one in unread.claims()] == [Status.UNCHECKED]
    assert [one.status for one in photo.claims()] == [Status.UNCHECKED]
    assert harbour.claims() == []


def test_what_an_earlier_version_drew_is_known_by_its_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    made = chart("line")
    monkeypatch.setattr(drawing, "LOOK", drawing.LOOK + 1)
    monkeypatch.setattr(canvas, "LIGHT", canvas.LIGHT | {"one": "#000000"})

    assert made.passes()
    assert not made.passes(chart_svg=made.files["chart.svg"].replace(b"100", b"101"))
    assert not made.passes(chart_csv=made.files["chart.csv"].replace(b"100", b"101"))


def test_a_price_revised_since_is_told_with_the_chart(ground: Path) -> None:  # noqa: F811  the fixture
    runner = CliRunner()
    assert runner.invoke(main, ["-C", str(ground), "write", "--on", "2026-01-12"]).exit_code == 0
    (ground / "bars.csv").write_text(BARS.replace("6977.80", "6978.90"), "utf-8")
    fetch(config.load(ground))

    done = runner.invoke(main, ["-C", str(ground), "verify"])
    due = runner.invoke(main, ["-C", str(ground), "corrections"])

    assert done.exit_code == 0, done.output
    assert "Chart, S&P 500 on Jan. 12, 2026: 101.13 then, 101.14 now" in due.stdout


def test_a_changed_chart_leaves_the_page_and_comes_back_with_its_file(ground: Path) -> None:  # noqa: F811  the fixture
    assert CliRunner().invoke(main, ["-C", str(ground), "write", "--on", "2026-01-12"]).exit_code == 0
    instance = config.load(ground)
    article = Archive(instance.content).scan()[0][0]
    there = Path(article.path).parent / "chart.csv"
    filed = there.read_bytes()

    def shown() -> tuple[bool, bool]:
        publishing.publish(instance, now=NOW)
        entry = Catalogue(instance.catalogue, now=lambda: NOW).latest("bay", limit=1)[0]
        return entry.article.photo is not None, bool(publishing.publish(instance, now=NOW).problems)

    first = shown()
    there.write_bytes(filed.replace(b"101.13", b"101.99"))
    wrong = shown()
    there.write_bytes(filed)

    assert (first, wrong, shown()) == ((True, False), (False, True), (True, False))


def test_nothing_outside_an_articles_folder_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "story").mkdir()
    (tmp_path / "secret").write_text("x", "utf-8")
    (tmp_path / "story" / "chart.svg").write_text("drawn", "utf-8")
    (tmp_path / "story" / "link").symlink_to(tmp_path / "secret")
    found = beside(tmp_path / "story" / "index.md")

    assert found("chart.svg") == b"drawn"
    assert [found(name) for name in ("../secret", "link", "none", ".", "..")] == [None] * 5
