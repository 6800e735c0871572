"""Local blocks: what fills them, when they are absent, and that nothing of the operator's or others' runs."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadtape import config, localblocks
from broadtape.archive.local import (
    FORECAST_FRESH,
    HalfDay,
    Local,
    LocalForecast,
    LocalNotice,
    NearCompany,
)
from broadtape.config import Site
from broadtape.market import told
from broadtape.publishing import calendars, local
from broadtape.web import blocks
from broadtape.web.contexts import Block

PACIFIC = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 1, 13, 18, 41, tzinfo=UTC)  # 10:41 a.m. in Sausalito


def site(root: Path, more: str, *files: tuple[str, str]) -> Site:
    folder = root / "content" / "sites" / "bay"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "content" / "broadtape.toml").write_text('[instance]\ntitle = "T"\n', "utf-8")
    (folder / "site.toml").write_text(
        'name = "Bay"\nurl = "http://bay.localhost"\ntime_zone = "America/Los_Angeles"\n' + more, "utf-8"
    )
    for name, text in files:
        (folder / name).write_text(text, "utf-8")
    return config.load(root).sites["bay"]


def shown(of: Site, held: Local, now: datetime = NOW) -> list[Block]:
    titles = {"/2026/01/12/run/": "A run"}
    return list(blocks.blocks(of, held, now=now, quote=lambda _: None, story=lambda a: titles.get(a, "")))


def half(start: datetime, *, day: bool, degrees: int | None, rain: int | None = None) -> HalfDay:
    return HalfDay(
        start, start + timedelta(hours=12), day, degrees, "F", rain, "5 mph", "Sunny" if day else "Clear"
    )


def week(issued: datetime = NOW - timedelta(hours=2)) -> Local:
    first = datetime(2026, 1, 13, 14, tzinfo=UTC)  # 6 a.m.
    parts = [
        half(first + timedelta(hours=12 * n), day=n % 2 == 0, degrees=60 - n, rain=10 * n if n < 10 else None)
        for n in range(16)
    ]
    return Local(forecast=LocalForecast(issued, "National Weather Service", tuple(parts)))


def notice(kind: str = "alert", **more: Any) -> LocalNotice:
    given = {
        "title": "Gale Warning", "words": "Winds of 40 knots.", "starts": NOW - timedelta(hours=1),
        "ends": NOW + timedelta(hours=3), "link": "https://example.gov/1", "severity": "Severe",
        "source": "National Weather Service", "seen": NOW - timedelta(minutes=10), **more,
    }  # fmt: skip
    return LocalNotice(kind=kind, **given)


# --- settings -----------------------------------------------------------------------------------------------


def test_a_block_that_cannot_be_understood_is_left_out_and_named(tmp_path: Path) -> None:
    found, troubles = localblocks.wanted(
        site(tmp_path, 'blocks = ["tides", "traffic", "events"]\n[block.traffic]\nlink = "javascript:x"\n')
    )

    assert [one.kind for one in found] == ["events"]
    assert "'tides' is no block" in troubles[0]
    assert "block.traffic.link" in troubles[1]


def test_a_second_block_of_a_kind_has_a_name_of_its_own(tmp_path: Path) -> None:
    of = site(tmp_path, 'blocks = ["note"]\n[block.note]\nkind = "html"\nhtml = "<p>Hello</p>"\n')

    assert [(one.name, one.kind) for one in localblocks.wanted(of)[0]] == [("note", "html")]


def test_a_site_with_blocks_but_nothing_true_to_show_shows_none(tmp_path: Path) -> None:
    names = list(localblocks.KINDS)
    of = site(tmp_path, f"blocks = {names}\n")

    assert shown(of, Local()) == []


# --- weather and roads ----------------------------------------------------------------------------------------


def test_a_forecast_has_seven_days_with_highs_lows_and_its_issue(tmp_path: Path) -> None:
    of = site(tmp_path, 'blocks = ["forecast"]\n')

    (block,) = shown(of, week())

    assert [item.title for item in block.items] == [
        "Today", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Monday",
    ]  # fmt: skip
    assert (block.items[0].value, block.items[0].note, block.items[0].mark) == ("60°", "59°", "10%")
    assert block.stamp is not None
    assert (block.stamped, block.stamp.text) == ("Issued", "Jan. 13, 2026, 8:41 a.m.")
    assert block.source == "National Weather Service"


def test_in_the_evening_the_forecast_begins_with_tonight(tmp_path: Path) -> None:
    of = site(tmp_path, 'blocks = ["forecast"]\n')
    evening = datetime(2026, 1, 14, 3, tzinfo=UTC)  # 7 p.m. on the 13th

    (block,) = shown(of, week(issued=evening), evening)

    assert (block.items[0].title, block.items[0].value, block.items[0].note) == ("Tonight", "", "59°")


def test_a_stale_forecast_is_not_shown(tmp_path: Path) -> None:
    of = site(tmp_path, 'blocks = ["forecast"]\n')

    assert shown(of, week(issued=NOW - FORECAST_FRESH - timedelta(minutes=1))) == []
    assert FORECAST_FRESH == told.FORECAST_FRESH


@pytest.mark.parametrize(
    ("given", "there"),
    [
        ({}, True),
        ({"ends": NOW}, False),
        ({"ends": None}, True),
        ({"ends": None, "seen": NOW - timedelta(hours=25)}, False),
        ({"starts": NOW + timedelta(hours=11)}, True),
        ({"starts": NOW + timedelta(days=2), "ends": NOW + timedelta(days=3)}, False),
    ],
)
def test_an_alert_is_shown_while_it_holds(tmp_path: Path, given: dict[str, Any], there: bool) -> None:
    of = site(tmp_path, 'blocks = ["alerts"]\n')

    assert bool(shown(of, Local(notices=(notice(**given),)))) is there


def test_the_gravest_alert_comes_first_and_closures_are_traffic(tmp_path: Path) -> None:
    of = site(tmp_path, 'blocks = ["alerts", "traffic"]\n')
    held = (
        notice(title="Minor", severity="Minor"),
        notice(title="Grave", severity="Extreme"),
        notice("closure", title="Lane closed", severity="", ends=None),
    )

    alerts, traffic = shown(of, Local(notices=held))

    assert [item.title for item in alerts.items] == ["Grave", "Minor"]
    assert [item.mark for item in alerts.items] == ["Extreme", ""]
    assert [item.title for item in traffic.items] == ["Lane closed"]


# --- events ------------------------------------------------------------------------------------------------------


def calendar(*entries: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:t"]
    for entry in entries:
        lines += ["BEGIN:VEVENT", *entry.strip().splitlines(), "END:VEVENT"]
    return ("\r\n".join([*lines, "END:VCALENDAR"]) + "\r\n").encode()


def events(raw: bytes, first: date = date(2026, 10, 25), days: int = 21) -> list[tuple[str, str]]:
    found, _ = calendars.events(raw, PACIFIC, first=first, days=days)
    return [(one.title, f"{one.starts:%m-%d %H:%M}–{one.ends:%m-%d %H:%M}") for one in found]


def test_a_weekly_market_keeps_its_hour_when_clocks_change_and_leaves_out_what_is_left_out() -> None:
    market = """UID:m
DTSTART;TZID=America/Los_Angeles:20261004T090000
DTEND;TZID=America/Los_Angeles:20261004T130000
RRULE:FREQ=WEEKLY;BYDAY=SU;UNTIL=20261115T170000Z
EXDATE;TZID=America/Los_Angeles:20261108T090000
SUMMARY:Market"""

    assert events(calendar(market)) == [
        ("Market", "10-25 09:00–10-25 13:00"),
        ("Market", "11-01 09:00–11-01 13:00"),
        ("Market", "11-15 09:00–11-15 13:00"),
    ]


def test_one_occurrence_that_was_moved_is_shown_where_it_went() -> None:
    own = "UID:m\nDTSTART:20261026T180000\nRRULE:FREQ=WEEKLY;COUNT=2\nSUMMARY:Council"
    moved = "UID:m\nRECURRENCE-ID:20261102T180000\nDTSTART:20261103T190000\nSUMMARY:Council (moved)"

    assert events(calendar(own, moved)) == [
        ("Council", "10-26 18:00–10-26 18:00"),
        ("Council (moved)", "11-03 19:00–11-03 19:00"),
    ]


def test_days_off_last_to_their_last_day_and_cancelled_ones_are_gone() -> None:
    fair = "UID:a\nDTSTART;VALUE=DATE:20261024\nDTEND;VALUE=DATE:20261027\nSUMMARY:Fair"
    off = "UID:b\nDTSTART;VALUE=DATE:20261028\nSTATUS:CANCELLED\nSUMMARY:Not this one"

    assert events(calendar(fair, off)) == [("Fair", "10-24 00:00–10-26 00:00")]


@pytest.mark.parametrize(
    ("entry", "cause"),
    [
        ("UID:a\nDTSTART:20261025T100000\nRRULE:FREQ=SECONDLY\nSUMMARY:Flood", "daily is the most"),
        ("UID:a\nDTSTART:20261025T100000\nDTEND:20261024T100000\nSUMMARY:Backwards", "ends before"),
        ("UID:a\nSUMMARY:Never", "DTSTART"),
        ("UID:a\nDTSTART:20261025T100000\nRRULE:FREQ=DAILY;INTERVAL=0\nSUMMARY:Still", "every 0"),
        ("UID:a\nDTSTART:19260101T100000\nRRULE:FREQ=DAILY\nSUMMARY:Old", "begin it later"),
        (
            "UID:a\nDTSTART:20261025T100000\nRRULE:FREQ=DAILY;BYHOUR=1,2;BYSECOND="
            + ",".join(map(str, range(60)))
            + "\nSUMMARY:Often",
            "times a day",
        ),
    ],
)
def test_an_entry_that_cannot_be_shown_is_named_and_takes_nothing_down(entry: str, cause: str) -> None:
    good = "UID:z\nDTSTART:20261026T100000\nSUMMARY:Good"

    found, passed = calendars.events(calendar(entry, good), PACIFIC, first=date(2026, 10, 25), days=21)

    assert [one.title for one in found] == ["Good"]
    assert len(passed) == 1
    assert cause in passed[0]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3",  # begun in January
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",  # begun in an odd year
    ],
)
def test_a_rule_that_never_comes_true_is_not_followed_past_the_days_shown(rule: str) -> None:
    never = f"UID:n\nDTSTART:20250110T100000\nRRULE:{rule}\nSUMMARY:Never"
    good = "UID:z\nDTSTART:20261026T100000\nSUMMARY:Good"
    began = time.process_time()

    # To the year 9999 a daily one alone takes many seconds; two hundred of them would stop the keeper for an hour.
    found, passed = calendars.events(
        calendar(*[never] * 200, good), PACIFIC, first=date(2026, 10, 25), days=21
    )

    assert [(one.title, passed) for one in found] == [("Good", [])]
    assert time.process_time() - began < 10


def test_a_rule_gives_what_it_did_before_it_was_bounded() -> None:
    rules = {
        "FREQ=DAILY;INTERVAL=10": ["10-25", "11-04", "11-14"],
        "FREQ=DAILY;BYHOUR=9,17;BYDAY=MO;COUNT=500": ["10-26", "10-26", "11-02", "11-02", "11-09", "11-09"],
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH": ["10-27", "10-29", "11-10", "11-12"],
        "FREQ=MONTHLY;BYDAY=-1FR": ["10-30"],
        "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15": [],
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1": ["11-02"],
        "FREQ=YEARLY;BYMONTH=11;BYDAY=1TU": ["11-03"],
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=11;BYMONTHDAY=11": ["11-11"],
    }
    given = {}
    for rule in rules:
        begun = "20240115" if "MONTHLY" in rule or "YEARLY" in rule else "20241015"
        found = events(calendar(f"UID:r\nDTSTART:{begun}T100000\nRRULE:{rule}\nSUMMARY:R"))
        given[rule] = [when[:5] for _, when in found]

    assert given == rules


def test_hostile_entries_are_plain_words_without_a_link_that_runs(tmp_path: Path) -> None:
    text = "UID:a\nDTSTART:20261026T100000\nSUMMARY:<script>alert(1)</script>\n"
    text += "URL:javascript:alert(2)\nLOCATION:\x07<b>Pier</b>"

    found, _ = calendars.events(calendar(text), PACIFIC, first=date(2026, 10, 25), days=21)

    assert [(one.title, one.link, one.place) for one in found] == [
        ("<script>alert(1)</script>", "", "<b>Pier</b>")
    ]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_a_calendar_fail_otherwise_than_by_saying_so(raw: bytes) -> None:
    for text in (raw, b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + raw + b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"):
        with suppress(calendars.BadCalendar):
            calendars.events(text, PACIFIC, first=date(2026, 10, 25), days=21)


# --- the operator's HTML ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<p>Hi <b>all</b></p>", "<p>Hi <b>all</b></p>"),
        ("<script>alert(1)</script><p onclick=x>a</p>", "<p>a</p>"),
        ('<p style="position:fixed" class="masthead" id="main">a</p>', "<p>a</p>"),
        ('<img src="https://pics.example.org/a.png" alt="A">',
         '<img src="https://pics.example.org/a.png" alt="A" loading="lazy">'),
        ('<img src="https://evil.example/a.png"><p>b</p>', "<p>b</p>"),
        ('<img src="//evil.example/a.png" alt="x">c', "c"),
        ('<img src="data:image/svg+xml,x" alt="">d', "d"),
        ('<iframe src="https://evil.example/"></iframe>e', "e"),
        ('<iframe src="https://pics.example.org:8443/" title="x"></iframe>f', "f"),
        ('<a href="javascript:alert(1)">g</a>', '<a rel="nofollow noopener">g</a>'),
        ("<form action=/><input name=q></form>h", "h"),
        ("<svg><script>1</script></svg><math><mi//xlink:href='data:x'>", ""),
        ("<style>*{display:none}</style><link rel=stylesheet href=//x><base href=//x><meta http-equiv=refresh>i", "i"),
    ],
)  # fmt: skip
def test_html_of_the_operator_keeps_what_it_says_and_nothing_that_runs_or_loads(html: str, kept: str) -> None:
    assert local.sanitised(html, ["pics.example.org"]) == kept


def test_a_frame_of_a_named_host_is_sandboxed() -> None:
    made = local.sanitised(
        '<iframe src="https://maps.example.org/x" title="Map"></iframe>', ["*.example.org"]
    )

    assert 'src="https://maps.example.org/x"' in made
    assert 'sandbox="allow-scripts allow-popups"' in made
    assert local.sanitised('<iframe src="https://maps.example.org/x"></iframe>', []) == ""


# --- filling them -------------------------------------------------------------------------------------------------


def test_blocks_are_filled_from_the_site_folder_and_troubles_are_named(tmp_path: Path) -> None:
    of = site(
        tmp_path,
        'blocks = ["events", "note", "gone", "out", "most-read"]\n'
        '[block.events]\ndays = 30\n[block.note]\nkind = "html"\nfile = "note.html"\n'
        '[block.gone]\nkind = "html"\nfile = "gone.html"\n[block.out]\nkind = "html"\nfile = "../../broadtape.toml"\n',
        ("note.html", "<p>Hi</p><script>1</script>"),
        ("events.ics", calendar("UID:a\nDTSTART:20260114T100000\nSUMMARY:Good").decode()),
    )

    held, problems = local.local(
        of, None, (), lambda _: True, lambda *_: (("/2026/01/12/run/",), NOW), now=NOW
    )

    assert held.html == (("note", "<p>Hi</p>"),)
    assert [one.title for one in held.events] == ["Good"]
    assert sorted(one.path for one in problems) == ["sites/bay/../../broadtape.toml", "sites/bay/gone.html"]
    titles = [block.kind for block in shown(of, held)]
    assert titles == ["events", "html", "most-read"]


def test_companies_show_how_far_they_are_and_sponsored_slots_their_label(tmp_path: Path) -> None:
    of = site(
        tmp_path,
        'blocks = ["companies", "sponsored"]\n[block.sponsored]\nslots = [\n'
        '{ title = "Now", link = "https://example.org/", from = 2026-01-01, to = 2026-01-13 },\n'
        '{ title = "Over", to = 2026-01-12 }, { title = "Later", from = 2026-01-14 } ]\n',
    )
    held = replace(Local(), companies=(NearCompany("NASDAQ:ADSK", "Autodesk", "San Rafael", 16),))

    companies, paid = shown(of, held)

    assert [(one.title, one.note) for one in companies.items] == [("Autodesk", "San Rafael, 10 miles")]
    assert (paid.label, [one.title for one in paid.items]) == ("Sponsored", ["Now"])


def test_the_store_fills_forecast_and_notices_of_the_sites_own_place(tmp_path: Path) -> None:
    of = site(tmp_path, 'blocks = ["forecast", "alerts"]\n')
    origin = SimpleNamespace(attribution="National Weather Service", source="nws", retrieved=NOW)
    part = SimpleNamespace(
        start=NOW, end=NOW + timedelta(hours=8), daytime=True, temperature=61, unit="F", rain_chance=None,
        wind="", words="Sunny",
    )  # fmt: skip
    told_notice = SimpleNamespace(
        kind="alert",
        title="Gale",
        words="w",
        starts=None,
        ends=None,
        link="",
        severity="Severe",
        origin=origin,
    )
    news: Any = SimpleNamespace(
        forecast=lambda place: (
            SimpleNamespace(issued=NOW, stale=False, periods=(part,), origin=origin)
            if place == "bay"
            else None
        ),
        notices=lambda place: (told_notice,) if place == "bay" else (),
    )

    held, _ = local.local(of, news, (), lambda _: True, lambda *_: ((), None), now=NOW)

    assert [block.kind for block in shown(of, held)] == ["forecast", "alerts"]
