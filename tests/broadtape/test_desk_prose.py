"""The realiser: named sentences with variants, claims as links, names, verbs bound to size, hostile names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from jinja2 import DictLoader, Environment, FileSystemLoader, TemplateSyntaxError, UndefinedError

from broadtape import resources
from broadtape.desk import prose, stories
from broadtape.desk.outline import Cell, Outline, Paragraph, Planned, Section, Table
from broadtape.model import Evidence, Fact, FactKey, Instrument, Part

MONDAY = date(2026, 1, 12)
NAMES = {
    "INDEXRUSSELL:RUT": Instrument("INDEXRUSSELL:RUT", "Russell 2000", "index"),
    "INDEXSP:SPX": Instrument("INDEXSP:SPX", "S&P 500", "index"),
    "NASDAQ:NVDA": Instrument("NASDAQ:NVDA", "Nvidia", "stock"),
    "NYSE:EVIL": Instrument("NYSE:EVIL", "Ev|il* [Co](fact:aaaaaaaa) <b>`x`\\", "stock"),
}
RUT, SPX, NVDA, EVIL = NAMES
ROLES = {"small": RUT, "large": SPX}


def fact(value: str = "-0.74", *tags: str, of: str = RUT, unit: str = "percent", over: str = "1s") -> Fact:
    number = Decimal(value)
    return Fact(
        key=FactKey("return", (("of", of), ("over", over)), MONDAY, 1),
        value=number,
        unit=unit,
        decimals=2,
        parts=(Part("value", "change", number, unit), Part("subject", "entity", of)),
        tags=frozenset(tags),
        evidence=Evidence(),
    )


def realised(
    wording: str,
    *planned: Planned | Table,
    seed: int = 0,
    as_of: date = MONDAY,
    common: str = "",
) -> prose.Draft:
    """The draft of an outline whose first section holds the sentences, each a paragraph."""
    env = prose.environment(DictLoader({"tale.md.j2": wording, "common.md.j2": common}))
    blocks = tuple(one if isinstance(one, Table) else Paragraph((one,)) for one in planned)
    line = Planned("head", kind="definition")
    outline = Outline(
        story="tale", key="tale/x", as_of=as_of, title=line, title_short=None, summary=line,
        sections=(Section(None, blocks),), topics=(), subjects=(),
    )  # fmt: skip
    head = "{% sentence head %}a head{% endsentence %}"
    env.loader = DictLoader({"tale.md.j2": wording + head, "common.md.j2": common})
    return prose.realise(outline, env, instrument=NAMES.__getitem__, roles=ROLES, seed=seed)


def body(wording: str, values: Mapping[str, object], **more: object) -> str:
    return realised(
        "{% sentence it %}" + wording + "{% endsentence %}", Planned("it", values), **more
    ).body.strip()  # type: ignore[arg-type]  # words of tests


def test_a_claim_becomes_a_fact_link_around_its_words() -> None:
    fell = fact("-0.74", "down", "size2")

    said = body(
        "{{ short(of) }} {% claim fell %}fell {{ pct(fell) }}\n   on Monday{% endclaim %}.",
        {"of": RUT, "fell": fell},
    )

    assert said == f"The Russell 2000 [fell 0.7% on Monday](fact:{fell.id})."


def test_a_sentence_starts_with_a_capital_and_white_space_is_folded() -> None:
    assert body("\n  small   caps\n led. ", {}) == "Small caps led."


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("it was little changed, up 0.2% on", "It was little changed, up 0.2%, on."),
        ("it was little changed, up 0.2%", "It was little changed, up 0.2%."),
        ("the close of Oct. 9, 2007 to that of March 9", "The close of Oct. 9, 2007, to that of March 9."),
        ("it rose on Monday, Jan. 12 and closed", "It rose on Monday, Jan. 12, and closed."),
        ("it rose on Monday, Jan. 12, and closed", "It rose on Monday, Jan. 12, and closed."),
        ("it rose from Jan. 2 through Jan. 12", "It rose from Jan. 2 through Jan. 12."),
        ("[it fell on Monday, Jan. 12](fact:a) and", "[It fell on Monday, Jan. 12](fact:a), and."),
    ],
)
def test_what_is_said_aside_stands_between_commas(said: str, printed: str) -> None:
    assert body(f"{said}.", {}) == printed


def test_dividends_included_stand_between_commas() -> None:
    gain = fact("1.25", "up", "size2", "total")

    said = body(
        "{{ short(of) }} {% claim gain %}rose 1.3%{% endclaim %} and waited.", {"of": NVDA, "gain": gain}
    )

    assert said == f"Nvidia [rose 1.3%, dividends included](fact:{gain.id}), and waited."


def test_the_first_mention_has_the_ticker_and_later_ones_have_not() -> None:
    said = body("{{ name(of) }} and {{ name(of) }}; {{ short(vs) }}, {{ name(vs) }}; {{ name(co) }}.",
                {"of": RUT, "vs": SPX, "co": NVDA})  # fmt: skip

    assert said == (
        "The Russell 2000 (INDEXRUSSELL: RUT) and the Russell 2000; the S&P 500, the S&P 500 (INDEXSP: SPX); "
        "Nvidia (NASDAQ: NVDA)."
    )


def test_symbols_are_those_the_body_names_with_their_tickers() -> None:
    draft = realised("{% sentence it %}{{ name(of) }}, {{ short(vs) }}.{% endsentence %}",
                     Planned("it", {"of": NVDA, "vs": SPX}))  # fmt: skip

    assert draft.symbols == (NVDA,)


def test_a_role_may_stand_for_its_index() -> None:
    assert body("{{ crowd(of) }}, {{ crowd(vs) }}", {"of": RUT, "vs": SPX}) == "Small caps, S&P 500"


@pytest.mark.parametrize(
    ("tags", "verbs"),
    [
        (("down", "size0"), {"was little changed, down 0.7%"}),
        (("down", "size1"), {"edged down 0.7%", "slipped 0.7%"}),
        (("down", "size2"), {"fell 0.7%", "lost 0.7%", "shed 0.7%", "declined 0.7%"}),
        (("down", "size3"), {"slid 0.7%", "dropped 0.7%"}),
        (("down", "size4"), {"plunged 0.7%"}),
        (("down",), {"fell 0.7%", "lost 0.7%", "shed 0.7%", "declined 0.7%"}),
    ],
)
def test_a_verb_is_earned_by_size(tags: tuple[str, ...], verbs: set[str]) -> None:
    said = {prose.move(fact("-0.74", *tags, over=f"{n}s")) for n in range(1, 40)}

    assert said == verbs


@pytest.mark.parametrize(
    ("step", "verb"), list(enumerate(["little changed, up", "edges up", "rises", "jumps", "surges"]))
)
def test_headlines_take_the_present_tense(step: int, verb: str) -> None:
    assert prose.move(fact("0.74", "up", f"size{step}"), tense="present") == f"{verb} 0.7%"


def test_nothing_moved_is_unchanged() -> None:
    assert prose.move(fact("0", "size0")) == "was unchanged"
    assert prose.move(fact("0", "size0"), tense="present") == "unchanged"


@pytest.mark.parametrize(
    ("value", "sessions", "said"),
    [
        ("13.60", 252, r"(rose|gained|added|advanced) 13\.6%"),
        ("0.74", 19, r"(rose|gained|added|advanced) 0\.7%"),
        ("0.05", 22, r"was little changed, up 0\.05%"),
        ("0.74", 5, r"was little changed, up 0\.7%"),
    ],
)
def test_over_a_month_or_more_the_verb_is_plain(value: str, sessions: int, said: str) -> None:
    still = fact(value, "up", "size0")
    window = replace(still, parts=(*still.parts, Part("sessions", "count", sessions, "sessions", 0)))

    assert re.fullmatch(said, prose.move(window))


@pytest.mark.parametrize(
    ("value", "tags", "said"),
    [
        ("0.99", ("up", "size0"), r"was little changed, up 1\.0%"),
        ("1.00", ("up", "size0"), r"(rose|gained|added|advanced) 1\.0%"),
        ("1.99", ("up", "size1"), r"edged up 2\.0%"),
        ("-2.00", ("down", "size1"), r"(fell|lost|shed|declined) 2\.0%"),
    ],
)
def test_what_any_reader_calls_a_move_is_told_as_one(value: str, tags: tuple[str, ...], said: str) -> None:
    assert re.fullmatch(said, prose.move(fact(value, *tags, over="5s")))


@pytest.mark.parametrize(
    ("tags", "but", "verbs"),
    [
        (("up", "size4"), "surged", {"jumped"}),
        (("up", "size1"), "edged up", {"rose"}),
        (("down", "size2"), "fell", {"lost", "shed", "declined"}),
    ],
)
def test_a_move_beside_another_takes_another_verb_where_it_has_one(
    tags: tuple[str, ...], but: str, verbs: set[str]
) -> None:
    said = {prose.move(fact("0.74", *tags, over=f"{n}s"), but=but).rpartition(" ")[0] for n in range(1, 40)}

    assert said == verbs


def test_of_two_little_changed_the_second_is_so_too() -> None:
    wording = (
        "{% for of, one, told, too in phrased(pairs) %}{{ '; and so was ' if too }}{{ bare(of) }}"
        "{{ ', ' if too else ' ' }}{{ told }}{% endfor %}."
    )
    pairs = ((RUT, fact("-0.12", "down", "size0")), (SPX, fact("0.07", "up", "size0", of=SPX)))

    assert body(wording, {"pairs": pairs}) == (
        "Russell 2000 was little changed, down 0.1%; and so was S&P 500, up 0.07%."
    )


def test_the_same_fact_takes_the_same_verb_wherever_it_stands() -> None:
    fell = fact("-0.74", "down", "size2")

    assert {prose.move(replace(fell)) for _ in range(5)} == {prose.move(fell)}


def test_neighbouring_sessions_take_different_variants() -> None:
    wording = "{% sentence it %}one.{% or %}two.{% or %}three.{% endsentence %}"
    said = [
        realised(wording, Planned("it"), as_of=MONDAY + timedelta(days=step)).body.strip()
        for step in range(6)
    ]

    assert set(said[:3]) == {"One.", "Two.", "Three."}
    assert all(one != other for one, other in pairwise(said))


def test_the_same_inputs_give_the_same_words_and_the_seed_turns_them() -> None:
    wording = "{% sentence it %}one.{% or %}two.{% or %}three.{% endsentence %}"

    assert len({realised(wording, Planned("it")).body for _ in range(3)}) == 1
    assert len({realised(wording, Planned("it"), seed=seed).body for seed in range(20)}) == 3


def test_a_storys_own_wording_comes_before_the_common_one() -> None:
    common = "{% sentence it %}common.{% endsentence %}{% sentence that %}shared.{% endsentence %}"

    draft = realised("{% sentence it %}own.{% endsentence %}", Planned("it"), Planned("that"), common=common)

    assert draft.body == "Own.\n\nShared.\n"


def test_a_planned_sentence_without_wording_is_named() -> None:
    with pytest.raises(prose.MissingWording, match=r"tale\.md\.j2: no sentence 'nowhere'"):
        realised("", Planned("nowhere"))


def test_an_unknown_word_of_a_template_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        body("{{ nobody }}", {})
    with pytest.raises(TemplateSyntaxError):
        realised("{% sentence it %}never ends", Planned("it"))


def test_sentences_without_figures_are_listed_by_digest_with_their_guard() -> None:
    wording = (
        "{% sentence it %}so few cases prove nothing.{% endsentence %}"
        "{% sentence that %}a tie ends it.{% endsentence %}"
    )

    draft = realised(
        wording,
        Planned("it", kind="interpretation", guard="abcdefgh.value < 8"),
        Planned("that", kind="definition"),
    )

    assert draft.sentences == (
        {
            "digest": prose.digest("So few cases prove nothing."), "kind": "interpretation",
            "guard": "abcdefgh.value < 8",
        },
        {"digest": prose.digest("A tie ends it."), "kind": "definition"},
    )  # fmt: skip


@pytest.mark.parametrize("call", ["name", "short", "bare", "crowd"])
def test_a_hostile_name_is_printed_as_it_is_and_makes_no_markup(call: str) -> None:
    said = body("{% claim fell %}{{ " + call + "(of) }} fell{% endclaim %}.", {"of": EVIL, "fell": fact()})

    assert (
        said.count("](fact:") == 2
    )  # the link's own, and the one the name spells, whose brackets are escaped
    assert r"\[Co\](fact:aaaaaaaa)" in said
    assert r"Ev\|il\*" in said
    assert r"\<b\>\`x\`" in said


def test_a_hostile_name_does_not_break_a_table() -> None:
    moved = fact("-0.74", "down", of=EVIL)
    table = Table(("Company", "Change"), ((Cell(symbol=EVIL), Cell("−0.7%", moved)),))

    rows = realised("", table).body.strip().splitlines()

    assert rows[0] == "| Company | Change |"
    assert rows[1] == "| --- | ---: |"
    assert rows[2].replace(r"\|", "").count("|") == 3
    assert rows[2].endswith(f"(NYSE: EVIL) | [−0.7%](fact:{moved.id}) |")


def test_what_a_reader_sees_has_neither_links_nor_escapes() -> None:
    assert prose.visible(r"Ev\|il [fell  0.7%](fact:abcdefgh)") == "Ev|il fell 0.7%"


@pytest.mark.parametrize("story", sorted(stories.kinds()))
def test_every_shipped_wording_compiles_and_names_each_sentence_once(story: str) -> None:
    folder = resources.templates() / "prose"
    env: Environment = prose.environment(FileSystemLoader(folder))
    source = (folder / f"{story}.md.j2").read_text("utf-8")
    names = [line.split()[2] for line in source.splitlines() if line.startswith("{% sentence ")]

    env.get_template(f"{story}.md.j2")

    assert len(names) == len(set(names))
    assert source.count("{% sentence ") == source.count("{% endsentence %}") == len(names)
