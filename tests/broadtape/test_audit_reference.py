"""The reference page over the acceptance tables: what it gets right, what it gets wrong, what nobody here can know."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from broadtape.cli import main
from broadtape.config import Instance
from broadtape.desk.audit import Audit, Finding, audit
from broadtape.desk.audit.scripts import from_page
from broadtape.extraction import Page, extract
from broadtape.market import MarketStore

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def page(acceptance_data: Path) -> Path:
    found = acceptance_data.parent / "reference" / "source-page.txt"
    if not found.is_file():
        pytest.skip(f"the reference page is not at {found}")
    return found


@pytest.fixture(scope="module")
def audited(acceptance_instance: Instance, page: Path) -> Audit:
    store = MarketStore.open(acceptance_instance.store, readonly=True)
    read = extract(Page(body=page.read_bytes(), name=page.name), now=datetime(2026, 11, 1, tzinfo=UTC))
    return audit(from_page(read, path=page.name, zone=acceptance_instance.time_zone), store.view)


def one(audited: Audit, words: str, kind: str = "") -> Finding:
    found = [item for item in audited.findings if words in item.text and kind in item.kind]
    assert len(found) == 1, [item.text for item in found]
    return found[0]


def test_the_page_is_judged_as_of_what_it_says_not_of_its_stopped_clock(audited: Audit) -> None:
    assert audited.dated.isoformat() == "2026-01-12"


def test_the_streak_of_eleven_months_is_one_of_seven_sessions(audited: Audit) -> None:
    found = one(audited, "11-month trend")

    assert found.status == "contradicted"
    assert "7 sessions" in found.reason + found.nearest


def test_small_caps_led_in_three_of_the_eleven_months(audited: Audit) -> None:
    found = one(audited, "on a monthly basis")

    assert (found.status, found.computed) == ("contradicted", "3 of 11 months")


def test_december_fell_and_did_not_surge(audited: Audit) -> None:
    found = one(audited, "surged by 12%")

    assert (found.status, found.computed) == ("contradicted", "−0.74%")


def test_2600_was_crossed_in_january(audited: Audit) -> None:
    found = one(audited, "2,600 mark")

    assert found.status == "contradicted"
    assert "2026-01-08" in found.reason


def test_the_streak_is_no_record(audited: Audit) -> None:
    assert one(audited, "record-breaking").status == "contradicted"


def test_the_longest_since_2019_holds_and_its_tie_is_named(audited: Audit) -> None:
    found = one(audited, "longest streak of relative outperformance")

    assert found.status == "verified"
    assert "tied" in found.reason


def test_five_percent_in_the_first_five_sessions_holds(audited: Audit) -> None:
    found = one(audited, "additional 5%")

    assert (found.status, found.computed) == ("verified", "4.92%")


def test_december_held_record_closes(audited: Audit) -> None:
    found = one(audited, "all-time highs")

    assert found.status == "verified"
    assert found.computed == "2025-12-04, 2025-12-10, 2025-12-11"


def test_the_ten_quotes_hold(audited: Audit) -> None:
    quotes = [item for item in audited.findings if item.kind == "quote"]

    assert [item.status for item in quotes] == ["verified"] * 10


def test_nothing_else_is_contradicted(audited: Audit) -> None:
    wrong = [item.text for item in audited.findings if item.status == "contradicted"]

    assert len(wrong) == 5, wrong


def test_the_command_says_so_too(acceptance_instance: Instance, page: Path) -> None:
    root = str(acceptance_instance.root)
    result = CliRunner().invoke(main, ["-C", root, "audit", "--json", str(page)])

    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["counts"]["contradicted"] == 5
    assert {"text", "line", "status", "fact", "metric", "claimed", "computed", "definition", "reason"} <= set(
        told["claims"][0]
    )


def test_an_article_without_a_date_is_wrong_use(acceptance_instance: Instance, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("The S&P 500 rose 1.0% in December 2025.\n", "utf-8")
    root = str(acceptance_instance.root)

    bare = CliRunner().invoke(main, ["-C", root, "audit", str(path)])
    dated = CliRunner().invoke(main, ["-C", root, "audit", "--as-of", "2026-01-12", str(path)])

    assert bare.exit_code == 2
    assert "--as-of" in bare.stderr
    assert dated.exit_code == 1
    assert "−0.05%" in dated.stdout


PAGE = """<!doctype html><html lang="en"><head><title>Stocks end mixed as chips slip</title>
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "NewsArticle",
"headline": "Stocks end mixed as chips slip", "datePublished": "2026-01-12T%s-05:00"}</script></head><body><article>
<h1>Stocks end mixed as chips slip</h1><p>The S&amp;P 500
rose 0.2%% on Monday, while the Nasdaq Composite fell 1.3%%. The Russell
2000 added 0.4%% and is up 6.2%% so far this year, and traders spoke of a calm start to a week with much news ahead.</p>
</article></body></html>"""


@pytest.mark.parametrize(("hour", "contradicted"), [("16:45:00", 1), ("11:15:00", 0)])
def test_a_page_of_before_the_close_is_not_contradicted_from_it(
    acceptance_instance: Instance, tmp_path: Path, hour: str, contradicted: int
) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE % hour, "utf-8")

    result = CliRunner().invoke(
        main, ["-C", str(acceptance_instance.root), "audit", "--format", "json", str(path)]
    )

    told = json.loads(result.stdout)
    assert (told["counts"]["contradicted"], result.exit_code) == (contradicted, contradicted)
    assert told["counts"]["verified"] >= 3
