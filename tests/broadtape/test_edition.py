"""One run of the desk over an invented market: which stories, filed how, and what happens the second time."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from invented import ROLES, RUT, SPX, market
from newsroom import FakeStore

from broadtape import config, edition
from broadtape.archive import Archive
from broadtape.config import Instance
from broadtape.desk import stories
from broadtape.desk.facts import FactBook
from broadtape.model import Article, BadParameter, NoData, Origin, Story

DAY = date(2026, 1, 12)
ORIGIN = Origin("wire", "", "private", datetime(2026, 1, 12, tzinfo=UTC))
NOW = datetime(2026, 1, 12, 23, 0, tzinfo=UTC)
RUN = {
    "small": [-0.5, *[0.6] * 7],
    "large": [0.5, *[0.1] * 7],
    "tech": [0.5, 0.9, 0.0, 0.9, 0.0, 0.9, 0.0, 0.9],
}
PLUNGE = {"small": [-0.1, 0.1, -0.1, 0.1, -5.0], "large": [0.1, -0.1, 0.1, -0.1, -6.0],
          "tech": [0.2, -0.2, 0.2, -0.2, -6.5]}  # fmt: skip


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return settings(tmp_path / "room")


def settings(root: Path, *, most: int = 3) -> Instance:
    (root / "content" / "sites" / "bay").mkdir(parents=True)
    roles = ", ".join(f'{role} = "{symbol}"' for role, symbol in ROLES.items())
    (root / "content" / "broadtape.toml").write_text(
        '[instance]\ntitle = "Bay newsroom"\ndefault_site = "bay"\ntime_zone = "America/New_York"\n'
        f'[desk]\nuniverse = ["trees"]\nmost_stories = {most}\nbenchmarks = {{ {roles} }}\n',
        "utf-8",
    )
    (root / "content" / "sites" / "bay" / "site.toml").write_text(
        'name = "Bay"\nurl = "http://bay.localhost:8000"\nhosts = ["bay.localhost"]\n'
        'time_zone = "America/Los_Angeles"\n',
        "utf-8",
    )
    return config.load(root)


def write(instance: Instance, *, on: date = DAY, now: datetime = NOW, **more: object) -> list[edition.Filed]:
    moves = more.pop("moves", RUN)
    store = FakeStore(market(**moves))  # type: ignore[arg-type]  # words of tests
    store.told = more.pop("told", [])  # type: ignore[assignment]
    return edition.write(instance, store, on, now=now, **more)  # type: ignore[arg-type]  # a store by its face


def article(instance: Instance, filed: edition.Filed) -> Article:
    assert filed.path is not None
    found = Archive(instance.content).load(filed.path).article
    assert found is not None
    return found


def test_the_strongest_story_leads_and_the_wrap_is_always_there(instance: Instance) -> None:
    ran = write(instance)

    assert ran[0].story == "rotation"
    assert [one.story for one in ran].count("wrap") == 1
    assert {one.status for one in ran} == {"published"}
    assert all(one.failing == () for one in ran)


def test_on_a_plunge_the_fall_leads_and_is_told_once(instance: Instance) -> None:
    ran = write(instance, moves=PLUNGE)

    assert ran[0].story == "drawdown"
    assert "wrap" not in [one.story for one in ran]
    assert "plunges" in ran[0].title


def test_no_more_stories_are_filed_than_the_settings_allow(tmp_path: Path) -> None:
    assert [one.story for one in write(settings(tmp_path / "one", most=1))] == ["wrap"]
    assert len(write(settings(tmp_path / "two", most=2))) == 2


def test_one_kind_alone_can_be_asked_for(instance: Instance) -> None:
    assert [one.story for one in write(instance, story="wrap")] == ["wrap"]


def test_an_unknown_kind_is_refused_with_those_there_are(instance: Instance) -> None:
    known = ", ".join(sorted(stories.kinds()))
    with pytest.raises(BadParameter, match=f"story: 'horoscope' is not one of {known}"):
        write(instance, story="horoscope")


def test_a_kind_that_has_nothing_to_tell_says_so(instance: Instance) -> None:
    with pytest.raises(NoData, match="no rotation to write; see broadtape signals --on 2026-01-12"):
        write(instance, moves=PLUNGE, story="rotation")


def test_a_day_without_session_names_the_one_before(instance: Instance) -> None:
    with pytest.raises(NoData, match="2026-01-11 is no trading session; the session before is 2026-01-09"):
        write(instance, on=date(2026, 1, 11))
    assert Archive(instance.content).paths() == []


def test_a_session_beyond_the_data_names_the_newest_there_is(instance: Instance) -> None:
    store = FakeStore(market())
    later = store._market.at("2026-02-02")
    store.view = lambda day: later  # type: ignore[method-assign]  # a session the calendar has and the data have not

    with pytest.raises(NoData, match="has a bar on 2026-02-02; the newest session with one is 2026-01-12"):
        edition.write(instance, store, date(2026, 2, 2), now=NOW)  # type: ignore[arg-type]  # a store by its face


def test_settings_without_a_benchmark_are_told_apart_from_data_without_one(instance: Instance) -> None:
    store = FakeStore(market())
    store._market._benchmarks = {}

    with pytest.raises(NoData, match=r"the settings name no benchmark; add benchmarks"):
        edition.write(instance, store, DAY, now=NOW)  # type: ignore[arg-type]  # a store by its face


def test_it_is_published_after_the_close_in_the_zone_of_the_site(instance: Instance) -> None:
    filed = article(instance, write(instance, story="wrap")[0])

    assert filed.date.isoformat() == "2026-01-12T13:41:00-08:00"
    assert (filed.as_of, filed.origin, filed.authors) == (DAY, "desk", ("Market Desk",))
    assert filed.written is None
    assert filed.sites == ()


def test_a_late_edition_says_when_it_was_written(instance: Instance) -> None:
    later = NOW + timedelta(days=30)

    assert article(instance, write(instance, story="wrap", now=later)[0]).written == later


def test_it_may_be_filed_for_one_site_and_as_a_draft(instance: Instance) -> None:
    filed = write(instance, story="wrap", site="bay", draft=True)[0]

    assert filed.status == "draft"
    assert article(instance, filed).status == "draft"
    assert article(instance, filed).sites == ("bay",)


def test_writing_again_changes_no_byte(instance: Instance) -> None:
    first = write(instance)
    before = {path: path.read_bytes() for path in instance.articles.rglob("*") if path.is_file()}

    again = write(instance, now=NOW + timedelta(hours=3))

    assert {one.status for one in again} == {"unchanged"}
    assert [one.path for one in again] == [one.path for one in first]
    assert {path: path.read_bytes() for path in instance.articles.rglob("*") if path.is_file()} == before


def test_two_newsrooms_write_the_same_bytes(tmp_path: Path) -> None:
    rooms = [settings(tmp_path / name) for name in ("one", "two")]
    for room, now in zip(rooms, (NOW, NOW + timedelta(hours=2)), strict=True):
        write(room, now=now)

    one, two = (
        {
            str(path.relative_to(room.root)): path.read_bytes()
            for path in room.articles.rglob("*")
            if path.is_file()
        }
        for room in rooms
    )
    assert one == two
    assert any(name.endswith("chart.svg") for name in one)


def test_what_an_editor_changed_is_kept_unless_asked(instance: Instance) -> None:
    path = write(instance, story="wrap")[0].path
    assert path is not None
    text = path.read_text("utf-8")
    path.write_text(text.replace('title: "', 'title: "Evening: '), "utf-8")

    kept = write(instance, story="wrap")
    after = path.read_text("utf-8")
    replaced = write(instance, story="wrap", replace=True)

    assert (kept[0].status, replaced[0].status) == ("kept", "published")
    assert 'title: "Evening: ' in after
    assert "Evening" not in path.read_text("utf-8")
    assert kept[0].title.startswith("Evening: ")


def test_what_is_replaced_keeps_its_address_and_its_bytes(instance: Instance) -> None:
    path = write(instance, story="wrap")[0].path
    assert path is not None
    filed = path.read_text("utf-8")
    path.write_text(filed.replace('title: "', 'title: "Evening: ').replace("Wider", "Other"), "utf-8")
    path.write_text(path.read_text("utf-8") + "\nOne more line.\n", "utf-8")

    again = write(instance, story="wrap", replace=True)[0].path

    assert again == path
    assert path.read_text("utf-8") == filed


def test_what_does_not_prove_is_held_and_names_its_lines(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = edition.prose.realise

    def boastful(*given: object, **more: object) -> object:
        import dataclasses

        draft = spoken(*given, **more)  # type: ignore[arg-type]  # passed through
        return dataclasses.replace(draft, body=f"{draft.body}\nThe S&P 500 will surge 20% next year.\n")

    monkeypatch.setattr(edition.prose, "realise", boastful)
    filed = write(instance, story="wrap")[0]

    assert filed.status == "held"
    assert filed.path is not None
    lines = filed.path.read_text("utf-8").splitlines()
    assert {lines[claim.line - 1] for claim in filed.failing} == {"The S&P 500 will surge 20% next year."}
    assert article(instance, filed).status == "held"


def test_what_was_told_weighs_less_and_fades(instance: Instance) -> None:
    write(instance)
    archive = Archive(instance.content)

    told = {days: edition._memory(archive, DAY + timedelta(days=days)) for days in (0, 1, 9, 10)}
    key = f"rotation/{RUT}/{SPX}"

    assert told[0] == {}
    assert "wrap" not in told[1]
    assert 0.3 > told[1][key] > told[9][key] > 0
    assert told[10] == {}


def test_signals_are_ranked_with_what_the_archive_told(instance: Instance) -> None:
    write(instance)
    later = market(
        small=[*RUN["small"], 0.6], large=[*RUN["large"], 0.1], tech=[*RUN["tech"], 0.0], on="2026-01-13"
    )
    fresh = {key(one): one.score for one in edition.ranked_signals(instance, later)}
    remembered = {
        key(one): one.score for one in edition.ranked_signals(instance, later, Archive(instance.content))
    }

    run = ("relative-streak", RUT, SPX)
    assert remembered[run].told > 0 == fresh[run].told
    assert remembered[run].total < fresh[run].total


def key(ranked: edition.Ranked) -> tuple[str, str, str]:
    return ranked.signal.kind, ranked.signal.subject, ranked.signal.object


def test_the_same_story_of_a_session_has_the_same_id_in_every_newsroom(tmp_path: Path) -> None:
    ids = [
        article(room, write(room, story="wrap")[0]).id
        for room in (settings(tmp_path / "one"), settings(tmp_path / "two"))
    ]

    assert ids[0] == ids[1]
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", ids[0])


def test_the_edition_takes_the_signals_it_is_given(instance: Instance) -> None:
    view = market(**PLUNGE)
    assignment = stories.Assignment(view, FactBook(view), [], ("trees",), ())

    assert [one.story for one in edition.choose(assignment, story=None, most=3)] == ["wrap"]


def test_a_draft_that_repeats_a_source_is_held_and_says_which(instance: Instance) -> None:
    first = write(instance)[0]
    text = article(instance, first).summary
    told = Story("s", text, "https://wire.example.org/1", "Wire", NOW, NOW - timedelta(hours=1), "", ORIGIN)
    other = settings(instance.root.parent / "other")

    held = write(other, told=[told])[0]
    later = write(
        settings(instance.root.parent / "third"),
        told=[dataclasses.replace(told, known_at=NOW + timedelta(hours=1))],
    )

    assert (held.status, held.failing) == ("held", ())
    assert any(one.startswith("100% of Wire (https://wire.example.org/1)") for one in held.close)
    assert article(other, held).status == "held"
    assert {one.status for one in later} == {"published"}


def test_a_market_in_which_nothing_moved_is_told_and_proved(instance: Instance) -> None:
    still = {"small": [0.0] * 3, "large": [0.0] * 3, "tech": [0.0] * 3}

    filed = write(instance, story="wrap", moves=still)[0]

    assert filed.status == "published", filed.failing
    assert "S&P 500 unchanged at " in filed.title


def test_two_days_that_moved_alike_have_headlines_of_their_own(instance: Instance) -> None:
    days = {role: [*moves, 0.5, 0.5] for role, moves in RUN.items()}

    titles = {write(instance, story="wrap", on=on, moves=days)[0].title for on in (date(2026, 1, 9), DAY)}

    assert len(titles) == 2
