"""The audit never raises, whatever the text, and takes bounded time; its own desk's articles stand before it."""

from __future__ import annotations

import json
import lzma
import time
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from editions import Press, visible
from fakes import FakeMarket
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadtape.config import Instance
from broadtape.desk.audit import as_json, audit
from broadtape.desk.audit.reports import as_html, as_markdown
from broadtape.desk.audit.scripts import from_text
from broadtape.market import MarketStore
from broadtape.model import BadParameter, Instrument, MarketView

DAY = date(2026, 1, 12)
PIECES = """
the S&P 500|Nasdaq|Nvidia (NASDAQ: NVDA)|it|the index|stocks|rose|fell|was up|closed at|jumped to|gains
posted a|0.5%|12 percent|$184.94|6,977.27|123.45 points,|or 0.3%,|a quarter point|18x|on Monday
in December|since Feb. 30|since April 2019|this week|Q4 2025|99/99/9999|respectively
its third straight gain|a record|the highest since 1850|within 0% of its record|below 0|crossed 2,600
for the first time|the Fed|cut rates by|three consecutive cuts|to a range of 3.5%-3.75%|inflation
from a year earlier|(|)|—|,|;|.|and|“quoted words of someone here”|while|but|not|could|U.S.|No. 1|$|%|-
1e999|½|000,000|2026-13-45|in 0 days|over the past 999 years|AAPL 260.25 +0.88 (0.34%)
longest streak against|outperformed|best week since|yield curve|À|\u0301
"""
WORDS = [piece for line in PIECES.strip().splitlines() for piece in line.split("|")]


@pytest.fixture(scope="module")
def market() -> FakeMarket:
    closes = {
        f"{symbol}": "100 101 102 103 102 104 105.5 104 103 106"
        for symbol in ("INDEXSP:SPX", "INDEXNASDAQ:IXIC", "NASDAQ:NVDA", "NASDAQ:AAPL")
    }
    names = {
        "INDEXSP:SPX": "S&P 500",
        "INDEXNASDAQ:IXIC": "Nasdaq Composite",
        "NASDAQ:NVDA": "Nvidia",
        "NASDAQ:AAPL": "Apple",
    }
    return FakeMarket(
        DAY,
        closes,
        instruments=[
            Instrument(symbol, name, "index" if symbol.startswith("INDEX") else "stock")
            for symbol, name in names.items()
        ],
        decisions={"2025-12-10": ("3.50", "3.75", -25)},
        readings={"CPIAUCSL": {"2025-11": "325.0", "2024-11": "316.0"}},
    )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=400), st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)))
def test_no_text_makes_it_raise(market: FakeMarket, text: str) -> None:
    found = audit(from_text(text, dated=DAY), market.at)

    json.dumps(as_json(found))
    assert all(item.reason for item in found.findings)
    assert as_markdown(found)
    assert "<script" not in as_html(found)


def test_a_text_without_a_day_is_refused(market: FakeMarket) -> None:
    with pytest.raises(BadParameter, match="--as-of"):
        audit(from_text("The S&P 500 rose."), market.at)


def test_an_article_dated_after_the_data_is_not_contradicted(market: FakeMarket) -> None:
    found = audit(from_text("The S&P 500 rose 40% on Friday.", dated=date(2026, 3, 6)), market.at)

    assert found.counts["contradicted"] == 0


def test_hostile_words_stay_words(market: FakeMarket) -> None:
    found = audit(
        from_text(
            "The S&P 500 <script>alert(1)</script> rose 40% on Monday. `x` | [y](javascript:z)", dated=DAY
        ),
        market.at,
    )

    assert "<script" not in as_html(found)
    assert "](javascript" not in as_markdown(found).replace("\\", "")


@pytest.fixture(scope="module")
def view_for(acceptance_instance: Instance) -> Callable[[date], MarketView]:
    return cache(MarketStore.open(acceptance_instance.store, readonly=True).view)


@pytest.mark.acceptance
@pytest.mark.slow
def test_wire_stories_of_1987_are_read_quickly_and_never_wrongly_judged(
    acceptance_data: Path, view_for: Callable[[date], MarketView]
) -> None:
    with lzma.open(acceptance_data / "corpus" / "reuters21578.jsonl.xz", "rt", encoding="utf-8") as file:
        bodies = [json.loads(line)["body"] for number, line in enumerate(file) if number % 100 == 0]
    text = "\n\n".join(bodies)[:120_000]
    audit(from_text("The S&P 500 rose on Monday.", dated=DAY), view_for)
    start = time.process_time()

    found = audit(from_text(text, dated=date(1987, 3, 20)), view_for)

    assert time.process_time() - start < 12
    assert [item.text for item in found.findings if item.status in {"verified", "contradicted"}] == []


@pytest.mark.acceptance
@pytest.mark.slow
def test_what_the_desk_proved_is_contradicted_nowhere(press: Press) -> None:
    wrong = []
    for story in press.stories():
        prose = "\n\n".join(
            part for part in visible(story.article.body).split("\n\n") if part.strip()[:1] not in "|!"
        )
        assert story.article.as_of is not None
        found = audit(from_text(f"{story.article.title}\n\n{prose}", dated=story.article.as_of), press.view)
        wrong += [
            (story.article.slug, item.text, item.reason)
            for item in found.findings
            if item.status == "contradicted"
        ]

    assert wrong == []
