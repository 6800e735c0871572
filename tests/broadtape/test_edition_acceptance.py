"""Editions of sessions that readers remember, against sums done a second time over the same tables."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import pytest
from editions import NOW, Link, Press, Story, failures, spelt
from tables import Tables, half_up

from broadtape import edition
from broadtape.config import Instance
from broadtape.desk import stories
from broadtape.desk.facts import FactBook
from broadtape.model import NoData, Status
from broadtape.publishing import boards

pytestmark = pytest.mark.acceptance

RUN = "2026-01-12"
PAIR = {"of": "INDEXRUSSELL:RUT", "vs": "INDEXSP:SPX"}
SPX, RUT = "INDEXSP:SPX", "INDEXRUSSELL:RUT"
REMEMBERED = ("2018-12-24", "2020-03-23", "2022-06-16")


@pytest.fixture(scope="session")
def tables(acceptance_data: Path) -> Tables:
    return Tables(acceptance_data)


@pytest.fixture(scope="module")
def rotation(press: Press) -> Story:
    return press.story(RUN, "rotation")


def said(links: list[Link], pattern: str) -> Link:
    """The one of the links whose words have the pattern."""
    found = [link for link in links if re.search(pattern, link.text)]
    assert found, f"no link says {pattern!r}; the text has {[link.text for link in links]}"
    return found[0]


def verified(story: Story, link: Link) -> bool:
    claims = [claim for claim in story.report.claims if claim.fact == link.fact and claim.text == link.text]
    return bool(claims) and all(claim.status is Status.VERIFIED for claim in claims)


def month_day(day: str) -> str:
    """A pattern of `Jan. 8`."""
    when = date.fromisoformat(day)
    return rf"{when:%b}\w*\.? {when.day}\b"


# --- 12 January 2026 ---------------------------------------------------------------------------------------


def test_the_edition_leads_with_a_published_rotation_story_that_verifies(press: Press) -> None:
    lead = press.on(RUN)[0]

    assert (lead.kind, lead.filed.status, lead.article.status) == ("rotation", "published", "published")
    assert lead.article.extra["story"] == f"rotation/{RUT}/{SPX}"
    assert lead.report.ok
    assert set(lead.report.counts.values()) == {0, lead.report.counts[Status.VERIFIED]}
    assert 500 <= lead.words <= 1_400


def test_the_run_is_seven_sessions(rotation: Story, tables: Tables) -> None:
    run = tables.runs("RUT", "SPX", RUN)[-1]
    assert (run[0], run[-1], len(run)) == ("2026-01-02", RUN, 7)

    link = said(rotation.told("relative-streak", **PAIR), rf"{spelt(7)}.*session|session.*{spelt(7)}")

    assert verified(rotation, link)
    assert link.record["value"] == len(run)
    assert (link.parts["start"], link.parts["end"]) == (run[0], run[-1])
    assert re.search(spelt(7), rotation.article.title)


def test_as_many_as_in_february_and_september_2022(rotation: Story, tables: Tables) -> None:
    *earlier, run = tables.runs("RUT", "SPX", RUN)
    last_longer = max(one[-1] for one in earlier if len(one) > len(run))
    equal = [one[-1] for one in earlier if len(one) == len(run) and one[-1] > last_longer]
    assert [day[:7] for day in equal] == ["2022-02", "2022-09"]

    link = said(rotation.told("streak-last-equal", **PAIR), "February and September 2022")

    assert verified(rotation, link)
    assert [link.parts["end1"], link.parts["end2"]] == equal


def test_the_last_longer_run_was_eight_in_january_2019(rotation: Story, tables: Tables) -> None:
    *earlier, run = tables.runs("RUT", "SPX", RUN)
    longer = [one for one in earlier if len(one) > len(run)][-1]
    assert (len(longer), longer[-1][:7]) == (8, "2019-01")

    link = said(rotation.told("streak-last-longer", **PAIR), rf"{spelt(8)} session.*January 2019")

    assert verified(rotation, link)
    assert (link.record["value"], link.parts["end"]) == (8, longer[-1])


def test_seven_earlier_runs_are_too_few_for_a_conclusion(rotation: Story, tables: Tables) -> None:
    *earlier, run = tables.runs("RUT", "SPX", RUN)
    assert sum(len(one) >= len(run) for one in earlier) == 7

    told = rotation.told("what-followed", event="relative-streak", at_least="7", stat="positive", **PAIR)
    link = said(told, rf"of the {spelt(7)} cases.*too few to go by")

    assert verified(rotation, link)
    assert link.parts["n"] == 7


def test_the_first_close_above_2600_was_on_8_january(rotation: Story, tables: Tables) -> None:
    day = tables.first_above("RUT", 2600, RUN)
    assert day == "2026-01-08"

    told = rotation.told("first-close", of=RUT, level="2600")
    link = said(told, rf"above 2,600 for the first time.*{month_day(day)}")

    assert verified(rotation, link)
    assert (link.record["value"], link.parts["close"]) == (day, str(tables.indices["RUT"][day]))
    assert f"{tables.indices['RUT'][day]:,}" in link.text


@pytest.mark.parametrize(
    ("of", "symbol", "value", "printed"), [("RUT", RUT, "-0.74", "0.7%"), ("SPX", SPX, "-0.05", "0.05%")]
)
def test_december_was_a_small_loss_for_both(
    rotation: Story, tables: Tables, of: str, symbol: str, value: str, printed: str
) -> None:
    assert half_up(tables.month(of, "2025-12")) == Decimal(value)

    told = rotation.told("return", of=symbol, over="2025-12")
    link = said(told, rf"(down|fell|lost|shed|declined|slipped)\D* {printed}")

    assert verified(rotation, link)
    assert link.record["value"] == value
    assert "December" in link.paragraph


def test_small_caps_led_in_three_of_the_eleven_months_before(rotation: Story, tables: Tables) -> None:
    months = [f"2025-{number:02}" for number in range(2, 13)]
    led = sum(tables.month("RUT", month) > tables.month("SPX", month) for month in months)
    assert led == 3

    told = rotation.told("periods-led", **{**PAIR, "from": "2025-02", "to": "2025-12"})
    link = said(told, rf"{spelt(3)} of the {spelt(11)} months.*February.*December 2025")

    assert verified(rotation, link)
    assert (link.record["value"], link.parts["total"]) == (led, len(months))


def test_the_first_five_sessions_brought_4_9_percent(rotation: Story, tables: Tables) -> None:
    sessions = [day for day in tables.closes("RUT", RUN) if day >= "2026"]
    assert tables.change("RUT", "2025-12-31", sessions[4]) == Decimal("4.92")

    link = said(
        rotation.told("return", of=RUT, over="2026.first5s"), rf"4\.9%.*first {spelt(5)} sessions of 2026"
    )

    assert verified(rotation, link)
    assert link.record["value"] == "4.92"


def test_the_policy_rate_was_cut_three_times(rotation: Story, tables: Tables) -> None:
    cuts = tables.cuts(RUN)
    assert [cut["date"][:7] for cut in cuts] == ["2025-09", "2025-10", "2025-12"]
    assert (Decimal(cuts[-1]["lower_pct"]), Decimal(cuts[-1]["upper_pct"])) == (
        Decimal("3.5"),
        Decimal("3.75"),
    )

    link = said(rotation.told("policy-moves"), "cut .*September, October and December 2025.*3.50%–3.75%")

    assert verified(rotation, link)
    assert [link.parts[f"day{number}"] for number in (1, 2, 3)] == [cut["date"] for cut in cuts]
    assert not re.search(r"\b(because|thanks to|driven by|on hopes|fuel\w+|amid)\b", rotation.visible)


def test_december_prices_released_the_next_morning_are_not_used(press: Press) -> None:
    for story in press.on(RUN):
        rows = [row for record in records(story) for row in record["evidence"].get("rows", [])]

        assert rows
        assert not [row for row in rows if "CPI" in row["series"] and row["day"] >= "2025-12"]
        assert not re.search(r"(inflation|consumer prices)[^.]*%|%[^.]*inflation", story.visible, re.I)


def test_what_comes_next_is_the_release_of_the_next_morning(rotation: Story) -> None:
    link = said(rotation.told("next-event", kind="cpi"), "Consumer Price Index.*Tuesday, Jan. 13")

    assert verified(rotation, link)


def test_the_table_has_each_session_of_the_run(rotation: Story, tables: Tables) -> None:
    run = tables.runs("RUT", "SPX", RUN)[-1]
    for symbol, of in ((RUT, "RUT"), (SPX, "SPX")):
        changes = tables.changes(of, RUN)
        for day in run:
            link = rotation.told("return", of=symbol, over=f"{day}..{day}")[0]
            assert link.record["value"] == str(half_up(changes[day]))
            assert verified(rotation, link)


def test_winners_and_losers_come_with_each_ones_move(rotation: Story) -> None:
    rows = re.findall(
        r"^\| (.+) \(([A-Z]+: [A-Z.]+)\) \| \[([+−][\d.]+%)\]\(fact:", rotation.article.body, re.M
    )

    assert len(rows) >= 6
    moves = [Decimal(move.replace("−", "-").rstrip("%")) for _, _, move in rows]
    assert moves == sorted(moves, reverse=True)
    assert moves[0] > 0 > moves[-1]


def test_the_story_has_a_chart_with_a_text_alternative(rotation: Story) -> None:
    photo = rotation.article.photo

    assert photo is not None
    assert photo.alt.startswith("Line chart")
    assert "<svg" in (rotation.path.parent / photo.src).read_text("utf-8")[:400]


def test_the_sidebar_is_the_reference_pages(press: Press, acceptance_data: Path) -> None:
    page = acceptance_data.parent / "reference" / "source-page.txt"
    if not page.is_file():
        pytest.skip(f"the reference page is not at {page}")
    printed = re.findall(
        r"^([A-Z]+)\s+([\d,.]+)\n([+-][\d.]+) \(([+-]?[\d.]+)%\)$", page.read_text("utf-8"), re.M
    )
    assert len(printed) == 10

    site = press.instance.sites[press.instance.default_site]
    board = boards.board(press.view(date.fromisoformat(RUN)), site.watch_list, press.instance.audience)
    rows = {row.symbol.partition(":")[2]: row for row in board.rows}

    assert board.left_out == ()
    for ticker, price, change, percent in printed:
        cent = Decimal("0.01") if ticker == "MSFT" else Decimal(0)
        assert abs(rows[ticker].price - Decimal(price)) <= cent, ticker
        assert abs(rows[ticker].change - Decimal(change)) <= cent, ticker
        assert abs(rows[ticker].percent - Decimal(percent)) <= cent, ticker


# --- the days after ----------------------------------------------------------------------------------------


def test_on_22_january_the_run_is_14_the_longest_in_the_data(press: Press, tables: Tables) -> None:
    *earlier, run = tables.runs("RUT", "SPX", "2026-01-22")
    assert len(run) == 14 > max(len(one) for one in earlier)

    story = press.on("2026-01-22")[0]

    assert story.article.extra["story"] == f"rotation/{RUT}/{SPX}"
    assert re.search(spelt(14), story.article.title)
    assert verified(
        story, said(story.told("relative-streak", **PAIR), rf"{spelt(14)}.*session|session.*{spelt(14)}")
    )
    link = said(story.told("streak-longest", **PAIR), "longest.*in data since June 2016")
    assert verified(story, link)
    assert link.record["value"] == 14
    assert story.report.ok


def test_on_23_january_it_ended(press: Press, tables: Tables) -> None:
    run = tables.runs("RUT", "SPX", "2026-01-23")[-1]
    assert (len(run), run[-1]) == (14, "2026-01-22")

    story = press.story("2026-01-23", "rotation")  # a company fell by a sixth that day: either may lead

    assert story.article.extra["story"] == f"rotation/{RUT}/{SPX}"
    assert re.search(r"\bend(s|ed)\b", story.article.title)
    link = said(story.told("relative-streak-ended", **PAIR), rf"end.*{spelt(14)}|{spelt(14)}.*end")
    assert verified(story, link)
    assert (link.record["value"], link.parts["broken"]) == (14, "2026-01-23")
    assert story.report.ok


# --- falls -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", REMEMBERED)
def test_the_lead_of_a_remembered_day_is_the_markets_fall(press: Press, tables: Tables, day: str) -> None:
    story = press.on(day)[0]
    fell = half_up(tables.changes("SPX", day)[day])
    close, low = tables.indices["SPX"][day], tables.last_lower_close("SPX", day)
    below = tables.below_record("SPX", day)
    assert fell < Decimal("-2.5")
    assert below < -19

    assert story.kind in {"drawdown", "wrap"}
    assert story.report.ok
    assert re.search(r"^S&P 500 (falls|slides|plunges) ", story.article.title)
    figure = f"{half_up(-fell, 1)}%"
    assert figure in story.article.title

    day_move = said(story.told("return", of=SPX, over="1s"), re.escape(figure))
    assert day_move.record["value"] == str(fell)
    level = said(story.told("level", of=SPX), f"{close:,.2f}".replace(".", r"\."))
    since = said(
        story.told("extreme-since", of=SPX, side="low"), rf"lowest close since {month_day(low)}.*{low[:4]}"
    )
    assert since.record["value"] == low
    drawdown = said(story.told("drawdown", of=SPX), rf"{half_up(-below, 1)}% below its record close")
    assert (drawdown.record["value"], drawdown.parts["peak"]) == (str(below), tables.record("SPX", day)[0])
    assert all(verified(story, link) for link in (day_move, level, since, drawdown))


@pytest.mark.parametrize("day", REMEMBERED)
@pytest.mark.parametrize("of", ["RUT", "IXIC"])
def test_the_other_indices_moves_are_told(press: Press, tables: Tables, day: str, of: str) -> None:
    story = press.on(day)[0]
    symbol = {"RUT": RUT, "IXIC": "INDEXNASDAQ:IXIC"}[of]
    expected = half_up(tables.changes(of, day)[day])

    links = story.told("return", of=symbol, over="1s")

    assert {link.record["value"] for link in links} == {str(expected)}
    assert all(verified(story, link) for link in links)


@pytest.mark.parametrize("day", REMEMBERED)
def test_what_followed_such_falls_is_counted(press: Press, tables: Tables, day: str) -> None:
    story = press.on(day)[0]
    found = story.told("what-followed", of=SPX, event="drop", horizon="21", stat="median")
    link = next(link for link in found if link.record["params"].get("set") != "all")
    least = int(link.record["params"]["at_least"])
    after = tables.after("SPX", -least, 21, day)

    assert (link.parts["n"], link.record["value"]) == (len(after), str(half_up(median(after))))
    assert re.search(rf"after earlier losses of at least {least}%", link.text)
    share = next(
        link for link in story.told("what-followed", of=SPX, event="drop", horizon="21", stat="positive")
        if link.record["params"].get("set") != "all"
    )  # fmt: skip
    above = sum(one > 0 for one in after)
    assert share.record["value"] == above
    assert re.fullmatch(rf"was higher in {spelt(above)} of the {spelt(len(after))} cases", share.text)


# --- a day without news ------------------------------------------------------------------------------------


def test_a_quiet_day_is_one_brief_that_makes_nothing_of_it(press: Press, tables: Tables) -> None:
    day = "2025-08-20"
    moves = {of: abs(tables.changes(of, day)[day]) for of in ("SPX", "RUT", "IXIC")}
    assert max(moves.values()) < Decimal("0.75")

    edition = press.on(day)
    story = edition[0]

    assert [one.kind for one in edition] == ["wrap"]
    assert 120 <= story.words <= 320
    assert re.search(r"little changed|edges (up|down)", story.article.title)
    assert re.search(r"little changed|edged (up|down)|slipped", story.paragraphs[0])
    assert not re.search(r"\b(record|highest|lowest|best session|worst session|surged|plunged|jumped|slid)\b",
                         "\n".join([story.article.title, *story.paragraphs]))  # fmt: skip
    assert story.report.ok


# --- filing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "says"),
    [
        ("2026-01-10", "2026-01-10 is no trading session; the session before is 2026-01-09"),
        ("2026-01-19", "2026-01-19 is no trading session; the session before is 2026-01-16"),  # a holiday
        ("2026-05-15", "has a bar on 2026-05-15; the newest session with one is 2026-04-30"),
    ],
)
def test_a_day_without_data_is_refused(press: Press, on: str, says: str) -> None:
    before = len(press.archive.paths())

    with pytest.raises(NoData) as refusal:
        press.write(on)

    assert says in str(refusal.value)
    assert len(press.archive.paths()) == before


def test_the_same_inputs_give_the_same_bytes(acceptance_instance: Instance, tmp_path: Path) -> None:
    rooms = [Press(acceptance_instance, tmp_path / name) for name in ("one", "other")]
    for room, now in zip(rooms, (NOW, NOW + timedelta(days=30)), strict=True):
        room.write("2018-12-24", now=now)
        room.write("2024-11-06", now=now)
    one, other = (files(room) for room in rooms)

    assert {Path(name).name for name in one} >= {"index.md", "facts.json", "chart.svg"}
    assert one == other


def test_a_seed_chooses_among_wordings_and_changes_no_figure(press: Press) -> None:
    view = press.view(date.fromisoformat(RUN))
    desk = press.instance.desk
    assignment = stories.Assignment(
        view, FactBook(view), edition.ranked_signals(press.instance, view), desk.universe, desk.sector_funds
    )
    lead = edition.choose(assignment, story="rotation", most=1)[0]
    outline = stories.kinds()["rotation"].plan(assignment, lead)
    texts = {}
    for seed in range(4):
        seeded = dataclasses.replace(press.instance, desk=msgspec.structs.replace(desk, seed=seed))
        draft, facts = edition.compose(seeded, view, outline)
        texts[draft.body] = sorted(facts)

    assert len(texts) > 1
    assert len({tuple(ids) for ids in texts.values()}) == 1


def test_writing_again_changes_nothing_and_keeps_what_an_editor_changed(
    acceptance_instance: Instance, tmp_path: Path
) -> None:
    room = Press(acceptance_instance, tmp_path / "room")
    first = room.write("2025-08-20")
    assert first[0].path is not None
    path = first[0].path

    again = room.write("2025-08-20", now=NOW + timedelta(days=1))
    assert [one.status for one in again] == ["unchanged"]

    edited = path.read_text("utf-8").replace("## Sector funds", "## The sector funds")
    path.write_text(edited, "utf-8")
    kept = room.write("2025-08-20", now=NOW + timedelta(days=2))
    assert [one.status for one in kept] == ["kept"]
    assert path.read_text("utf-8") == edited

    replaced = room.write("2025-08-20", now=NOW + timedelta(days=3), replace=True)
    assert [one.status for one in replaced] == ["published"]
    assert "## Sector funds" in path.read_text("utf-8")
    assert len(room.archive.paths()) == 1


def test_every_story_of_every_edition_is_published_and_proves(press: Press) -> None:
    for story in press.stories():
        assert story.filed.status in {"published", "updated", "closed"}, story.article.title
        assert failures(story.report) == [], story.article.title
        first = story.article.date.astimezone(press.instance.time_zone).date()
        assert (
            first == story.article.as_of
            if story.filed.status == "published"
            else first <= story.article.as_of
        )
        assert story.article.written == NOW


def test_no_edition_looks_past_its_session(press: Press) -> None:
    for story in press.stories():
        for record in records(story):
            days = [row["day"] for row in record["evidence"].get("rows", [])]
            days += [span["last"] for span in record["evidence"].get("spans", [])]
            assert record["as_of"] == str(story.article.as_of)
            if record["metric"] != "next-event":
                assert max(days, default="") <= str(story.article.as_of), record


def records(story: Story) -> list[dict[str, Any]]:
    found = story.article.facts["facts"]
    assert isinstance(found, dict)
    return list(found.values())


def sentences(story: Story) -> list[dict[str, str]]:
    found = story.article.facts["sentences"]
    assert isinstance(found, list)
    return found


def files(room: Press) -> dict[str, bytes]:
    """Every filed file by name, without the two things that may differ."""
    found = {}
    for path in sorted(room.instance.articles.rglob("*")):
        if path.is_file():
            data = re.sub(rb"(?m)^written: .*\n", b"", path.read_bytes())
            if path.name == "facts.json":
                data = re.sub(rb'"retrieved": "[^"]*"', b"", data)
                json.loads(path.read_bytes())
            found[str(path.relative_to(room.instance.root))] = data
    return found
