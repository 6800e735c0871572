"""No input raises past a source's boundary: every source there is, given bodies that are broken in every way.

Each body comes out of tests/data/sources (one for each label of each source), and out of the recorded answers where
they are; what is done to it depends on a seed alone, so that a failure can be seen again.
"""

from __future__ import annotations

import json
import random
import time
import zlib
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources import LATER, recorded, source

from newswire.directory import Directory
from newswire.errors import NewswireError
from newswire.observations import Harvest
from newswire.sources import builtin
from newswire.wire import Follows, Snapshot, Source

BODIES: dict[str, dict[str, str]] = {
    kind: held
    for kind, held in json.loads(
        (Path(__file__).resolve().parents[1] / "data" / "sources" / "bodies.json").read_text("utf-8")
    ).items()
    if kind != "origin"
}
OPTIONS: dict[str, dict[str, Any]] = {
    "feed": {"url": "https://x.example/feed"},
    "nws": {"places": {"town": [37.8591, -122.4853]}},
    "caltrans": {"district": 4, "places": {"town": [37.8591, -122.4853]}},
    "yahoo": {"symbols": ["NASDAQ:AAPL"]},
    "tiingo": {"symbols": ["NYSE:BRK.B"], "key": "k"},
    "alphavantage": {"symbols": ["NYSEARCA:SPY"], "key": "k"},
    "massive": {"symbols": ["NYSE:BRK.B"], "key": "k"},
    "finnhub": {"symbols": ["NASDAQ:AAPL"], "key": "k", "earnings": True},
    "cloudquote": {"symbols": ["NASDAQ:AAPL"]},
    "twelvedata": {"symbols": ["NASDAQ:AAPL"], "key": "k"},
    "googlenews": {"queries": ["harbour"]},
    "sec": {"companies": ["77"], "facts": True},
}
# Recorded answers, by source: the folder, and the label that an answer is to.
RECORDED: dict[str, list[tuple[str, str]]] = {
    "fred": [("fred_csv/UNRATE.csv", "UNRATE"), ("fred_csv/CPIAUCSL.csv", "CPIAUCSL")],
    "fred-api": [("fred_json/series_observations_BAMLEMCBPIOAS.json", "BAMLEMCBPIOAS")],
    "treasury": [
        ("treasury_csv/ust_par_yields_2026.csv", "2026"),
        ("treasury_xml/yield_curve_2026-08_two_days.xml", "2026"),
    ],
    "nyfed": [("nyfed/sofr.json", "SOFR"), ("nyfed/effr.json", "EFFR")],
    "cboe": [("cboe/VIX_History.csv", "VIX")],
    "bls": [("bls_api/v2_response_oews_shape.json", "")],
    "bls-calendar": [("bls_ics/bls_2023.ics", "calendar")],
    "ecb": [("ecb/EXR_flat.json", ""), ("ecb/EXR_generic_ts.xml", "")],
    "yahoo": [
        ("yahoo_chart/AAPL_1d.json", "NASDAQ:AAPL"),
        ("yahoo_chart/unknown_symbol_404.json", "NASDAQ:AAPL"),
    ],
    "tiingo": [("tiingo/ticker_price.vcr.yaml", "NASDAQ:GOOGL")],
    "alphavantage": [
        ("alphavantage/daily_csv_SPY_2026.csv", "NYSEARCA:SPY"),
        ("alphavantage/time_series.json", "NYSEARCA:SPY"),
    ],
    "massive": [("polygon/aggs_AAPL_range.json", "NASDAQ:AAPL")],
    "nasdaq-listed": [("nasdaqtrader/nasdaqlisted_2025.txt.gz", "nasdaqlisted.txt")],
    "other-listed": [("nasdaqtrader/otherlisted_2025.txt.gz", "otherlisted.txt")],
    "nws": [
        ("nws/gridpoints_forecast_us.json", "forecast town"),
        ("nws/alerts_active_zone.json", "alerts town"),
        ("nws/points.json", "points town"),
    ],
    "sec": [
        ("sec/submissions_CIK0000320193.json.gz", "submissions 320193"),
        ("sec/companyfacts_SNOW.json.gz", "facts 1640147"),
        ("sec/getcurrent_form4_start0.atom.xml", "current 4"),
        ("sec/error_rate_exceeded.html", "tickers"),
    ],
    "fed": [("fed_rss/press_all_2026-09.xml", "press")],
    "feed": [("rss_other/rbi_press.xml", ""), ("google_news/rss_search_6_items.xml", "")],
    "googlenews": [("google_news/rss_search_6_items.xml", "")],
}
# What a broken, hostile or mistaken service puts where a value should be.
INSERTED = [
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"null", b"NaN", b"-Infinity", b"1e999999",
    b"-0", b"9" * 400, b"0.0000000000000000000000000001", b"true", b"[]", b"{}", b'""', b"[[[[" * 200,
    b'{"a":' * 200, b"<x>" * 200, b"]]>", b"<![CDATA[", b"<!DOCTYPE x [<!ENTITY a \"aaaa\">]>",
    b"&a;&amp;&#0;&#xD800;&nosuch;", b"2026-02-30", b"0000-00-00", b"9999-12-31", b"99999-01-01",
    b"1970-01-01T00:00:00Z", b"2026-01-12T25:61:61+99:99", b"Mon, 99 Foo 2026 99:99:99 +9999", b"\xe2\x80\xae",
    b"'\"\\", b"\r\n\r\n", b",,,,,,", b"||||", b"\\ud800", b"\\u0000", b"javascript:alert(1)", b"http://[::1",
    b"https://x.example:99999/", "\u06f1\u06f2".encode(), b"<script>", b"BEGIN:VEVENT",
    b"99999999999999999999999999999999", b"-1",
]  # fmt: skip
INSTEAD: list[Any] = [
    None, True, 0, -1, 1e308, 10**30, "", "x", "NaN", "2026-02-30", [], {}, [None], {"a": None}, [[]], "9" * 400,
    "\ud800", "\x00", "0001-01-01", "9999-12-31", 1.7e18, -62135596800, 253402300800, ["2026-01-12"], {"value": {}},
]  # fmt: skip


def made(kind: str) -> Source:
    return source(kind, **OPTIONS.get(kind, {}))


def snapshot(body: bytes, label: str, media_type: str = "") -> Snapshot:
    headers = {"content-type": media_type} if media_type else {}
    return Snapshot(
        source="test", url="https://x.example/a", body=body, label=label, headers=headers, retrieved=LATER
    )


def read(one: Source, given: Snapshot) -> Harvest | None:
    """The harvest; None where the source refused. Anything else that is raised is a fault of the source."""
    started = time.perf_counter()
    if isinstance(one, Follows):
        try:
            for request in one.follow(given):
                assert isinstance(request.url, str)
        except NewswireError:
            pass
    harvest, refused = None, ""
    try:
        harvest = one.parse(given, Directory())
    except NewswireError as error:
        refused = str(error)
    assert time.perf_counter() - started < 10
    assert "\n" not in refused, "an error is one line"
    assert len(refused) < 2_000
    if harvest is not None:
        check(harvest)
    return harvest


def check(harvest: Harvest) -> None:
    """What every harvest promises, whatever it was made of."""
    for story in harvest.stories:
        assert 0 < len(story.title) <= 300
        assert len(story.excerpt) <= 300
        assert story.link.startswith(("http://", "https://"))
        assert aware(story.known_at)
        assert story.known_at <= LATER
        assert story.published is None or aware(story.published)
        for text in (
            story.title,
            story.excerpt,
            story.publisher,
            story.uid,
            *story.authors,
            *story.categories,
        ):
            assert "\x00" not in text
            text.encode("utf-8")
    for reading in harvest.readings:
        assert reading.value.is_finite()
        assert reading.known_at is None or aware(reading.known_at)
    for quote in harvest.quotes:
        assert quote.price.is_finite()
        assert quote.price > 0
        assert aware(quote.at)
    for event in harvest.events:
        assert event.title.strip()
        event.title.encode("utf-8")
    for decision in harvest.decisions:
        assert Decimal(-10) <= decision.lower <= decision.upper <= Decimal(100)
    for bars in harvest.bars:
        assert len(bars.days) == len(bars.close)
        assert (bars.days[1:] > bars.days[:-1]).all(), "ascending, each day once"
    for filing in harvest.filings:
        assert aware(filing.at)
        filing.company.encode("utf-8")


def aware(moment: datetime) -> bool:
    return moment.utcoffset() is not None


def mutated(body: bytes, dice: random.Random) -> bytes:
    """The body with one to four things done to it."""
    for _ in range(dice.randint(1, 4)):
        size = len(body)
        at = dice.randint(0, size)
        match dice.randrange(9):
            case 0:
                body = body[:at]
            case 1:
                body = body[:at] + dice.choice(INSERTED) + body[at:]
            case 2:
                body = body[:at] + bytes([dice.randrange(256)]) + body[at + 1 :]
            case 3:
                body = body[:at] + body[at + dice.randint(1, 40) :]
            case 4:
                piece = body[at : at + dice.randint(1, 200)]
                body = body[:at] + piece * dice.randint(2, 5) + body[at:]
            case 5:
                body = restructured(body, dice)
            case 6:
                words = body.split(dice.choice([b",", b"\n", b">", b'"', b"|", b":"]))
                dice.shuffle(words)
                body = b",".join(words[:400])
            case 7:
                words = body.split(b'"')
                if len(words) > 2:
                    words[dice.randrange(len(words))] = dice.choice(INSERTED)
                body = b'"'.join(words)
            case _:
                token = dice.choice(INSERTED)
                cells = body.split(b",")
                cells[dice.randrange(len(cells))] = token
                body = b",".join(cells)
    return body[:400_000]


def restructured(body: bytes, dice: random.Random) -> bytes:
    """JSON with one value replaced by another of any kind, or dropped; other text as it is."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    places = list(where(value))
    if not places:
        return body
    holder, key = dice.choice(places)
    if isinstance(holder, dict) and dice.random() < 0.3:
        del holder[key]
    else:
        holder[key] = dice.choice(INSTEAD)
    return json.dumps(value).encode()


def where(value: Any) -> Iterator[tuple[Any, Any]]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        for key in list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ():
            yield one, key
            if isinstance(one[key], dict | list):
                waiting.append(one[key])


def test_every_source_there_is_has_a_body_here() -> None:
    assert set(BODIES) == set(builtin())


@pytest.mark.parametrize(
    ("kind", "label"), [(kind, label) for kind, held in BODIES.items() for label in held]
)
def test_a_body_as_it_should_be_gives_something(kind: str, label: str) -> None:
    harvest = read(made(kind), snapshot(BODIES[kind][label].encode(), label))

    assert harvest is not None
    assert harvest.rows_read > 0 or label.startswith("points")


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_no_broken_body_raises_past_its_source(kind: str) -> None:
    one = made(kind)
    dice = random.Random(zlib.crc32(kind.encode()))
    for label, text in BODIES[kind].items():
        for _ in range(120 // len(BODIES[kind])):
            body = mutated(text.encode(), dice)
            try:
                read(
                    one, snapshot(body, label, dice.choice(["", "text/html", "application/json; charset=x"]))
                )
            except Exception as error:
                raise AssertionError(
                    f"{kind} {label!r}: {type(error).__name__} on {body[:2000]!r}"
                ) from error


@pytest.mark.slow
@pytest.mark.acceptance
@pytest.mark.parametrize("kind", sorted(RECORDED))
def test_no_broken_recorded_body_raises_past_its_source(kind: str, acceptance_data: Path) -> None:
    one = made(kind)
    dice = random.Random(zlib.crc32(kind.encode()) + 1)
    for name, label in RECORDED[kind]:
        whole = recorded(acceptance_data, name)
        small = whole[:12_000] if len(whole) > 30_000 else whole
        for body in (whole, *(mutated(small, dice) for _ in range(12))):
            try:
                read(one, snapshot(body, label))
            except Exception as error:
                raise AssertionError(f"{kind} {name}: {type(error).__name__} on {body[:2000]!r}") from error


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_the_answer_to_another_question_is_refused_or_empty_and_never_a_fault(kind: str) -> None:
    one = made(kind)
    for held in BODIES.values():
        for text in held.values():
            for label in BODIES[kind]:
                read(one, snapshot(text.encode(), label))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(BODIES)), st.binary(max_size=300), st.text(max_size=12))
def test_any_bytes_under_any_label_stay_within_the_boundary(kind: str, body: bytes, label: str) -> None:
    one = made(kind)
    for name in (label, next(iter(BODIES[kind]))):
        read(one, snapshot(body, name))
        read(one, snapshot(BODIES[kind][next(iter(BODIES[kind]))].encode() + body, name))


# --- feeds: every entry that can be read is read ----------------------------------------------------------

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=60).filter(
    lambda text: bool("".join(one for one in text if one.isalnum()))
)


@settings(max_examples=60, deadline=None)
@given(st.lists(words, min_size=1, max_size=8), st.sampled_from(["rss", "atom"]), st.booleans())
def test_every_entry_of_a_well_formed_feed_is_read(titles: list[str], form: str, cdata: bool) -> None:
    from xml.sax.saxutils import escape

    def said(text: str) -> str:
        kept = "".join(one for one in text if one in "\t\n\r" or (one >= " " and one not in "\ufffe\uffff"))
        return f"<![CDATA[{kept.replace(']]>', ']] >')}]]>" if cdata else escape(kept)

    if form == "rss":
        items = "".join(
            f"<item><title>{said(title)}</title><link>https://x.example/{place}</link></item>"
            for place, title in enumerate(titles)
        )
        body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{items}</channel></rss>'
    else:
        items = "".join(
            f'<entry><title>{said(title)}</title><link href="https://x.example/{place}"/></entry>'
            for place, title in enumerate(titles)
        )
        body = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>{items}</feed>'

    harvest = read(made("feed"), snapshot(body.encode(), ""))

    assert harvest is not None
    untitled = sum(one.count for one in harvest.skipped if one.reason == "no title")
    assert len(harvest.stories) + untitled == len(titles)
    # A title that is nothing but markup or hidden characters is none; every other one is there.
    assert untitled <= sum(1 for one in titles if "<" in one or not one.isprintable() or "&" in one)


BREAKS = ["<b>", "&nbsp;&eacute;&bogus;", "a & b", "</p>", "\x08", "<br>", "x < y", "<img src=a>", "&#xZZ;"]


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6), st.sampled_from(BREAKS), st.integers(0, 5), st.sampled_from(["rss", "atom"]))
def test_a_malformed_feed_gives_the_entries_beside_the_fault(
    count: int, fault: str, at: int, form: str
) -> None:
    at %= count
    if form == "rss":
        parts = [
            f"<item><title>Story number {n}</title><link>https://x.example/{n}</link>"
            f"<description>{fault if n == at else 'fine'}</description></item>"
            for n in range(count)
        ]
        body = f"<rss version='2.0'><channel><title>T</title>{''.join(parts)}</channel></rss>"
    else:
        parts = [
            f"<entry><title>Story number {n}</title><id>u{n}</id><link href='https://x.example/{n}'/>"
            f"<summary>{fault if n == at else 'fine'}</summary></entry>"
            for n in range(count)
        ]
        body = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title>{''.join(parts)}</feed>"

    harvest = read(made("feed"), snapshot(body.encode(), ""))

    assert harvest is not None
    assert [one.title for one in harvest.stories] == [f"Story number {n}" for n in range(count)]


@given(st.integers(1, 6), st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_a_feed_that_breaks_off_gives_the_entries_before_the_break(count: int, cut: int) -> None:
    parts = [
        f"<item><title>Story number {n}</title><link>https://x.example/{n}</link></item>"
        for n in range(count)
    ]
    head = "<rss version='2.0'><channel><title>T</title>"
    body = (head + "".join(parts))[: len(head) + cut]
    whole = sum(1 for n in range(count) if len(head) + sum(len(one) for one in parts[: n + 1]) <= len(body))

    harvest = read(made("feed"), snapshot(body.encode(), ""))

    found = [one.title for one in harvest.stories] if harvest else []
    assert found[:whole] == [f"Story number {n}" for n in range(whole)]
