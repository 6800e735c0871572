"""What an editor's hand does to a desk article: false edits are refused where they stand, true ones verify."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from test_proof import AS_OF, GOOD, LARGE, SMALL, Paper

TITLE = "Small caps beat S&P 500 for fourth straight session"
SUMMARY = "The Russell 2000 rose 4.1% from Jan. 7 through Jan. 12 while the S&P 500 was unchanged."


@pytest.fixture
def paper() -> Paper:
    sheet = Paper()
    sheet.ask("december", "return", of=SMALL, over="2025-12")
    sheet.ask("gain", "return", of=SMALL, over="2026-01-07..2026-01-12")
    sheet.ask("other", "return", of=LARGE, over="2026-01-07..2026-01-12")
    sheet.ask("run", "relative-streak", of=SMALL, vs=LARGE)
    sheet.ask("gap", "relative-return", of=SMALL, vs=LARGE, over="2026-01-07..2026-01-12")
    sheet.ask("close", "level", of=SMALL)
    sheet.ask("rate", "policy-rate")
    return sheet


def edited(paper: Paper, old: str, new: str, **front: object) -> list[str]:
    """The reasons why the sound article fails once `old` reads `new`."""
    assert old in GOOD
    given = {"title": TITLE, "summary": SUMMARY, **front}
    return [claim.reason for claim in paper.prove(GOOD.replace(old, new), **given).failing]


# --- words that proof does not know -----------------------------------------------------------------


@pytest.mark.parametrize(
    "new",
    [
        "It supposedly [rose 4.1%",
        "It rarely [rose 4.1%",
        "It is a myth that it [rose 4.1%",
        "It came close to having [rose 4.1%",
        "Within minutes it [rose 4.1%",
        "Had it [rose 4.1%",
        "Before that it [rose 4.1%",
        "Traders say it [rose 4.1%",
        "It, a bubble, [rose 4.1%",
        "It [briefly rose 4.1%",
        "It [rose another 4.1%",
        "It [rose an annualized 4.1%",
        "It [steadily rose 4.1%",
        "It [rose 4.1% overnight",
        "It [rose 4.1% in heavy trading",
    ],
)
def test_a_word_that_proof_does_not_know_is_refused_in_and_around_links(paper: Paper, new: str) -> None:
    assert edited(paper, "It [rose 4.1%", new)


@pytest.mark.parametrize(
    "new",
    [
        "It [gained 4.1%", "It [advanced 4.1%", "It [was up 4.1%", "It [has risen 4.1%", "It [posted a gain of 4.1%",
        "Altogether it [rose 4.1%", "Meanwhile, it [rose 4.1%", "Over that stretch it [rose 4.1%", "The index [rose 4%",
        "The small-cap index [put on a gain of 4.1%", "The small-company gauge [rose about 4%",
    ],
)  # fmt: skip
def test_another_true_wording_verifies(paper: Paper, new: str) -> None:
    assert edited(paper, "It [rose 4.1%", new) == []


@pytest.mark.parametrize(
    "text",
    [
        "Recession begins",
        "Small caps in bull market",
        "Russell 2000 bankrupt",
        "Investors dump S&P 500",
        "Why small caps beat S&P 500",
        "Small caps crush S&P 500 for fourth straight session",
        "Small caps beat S&P 500 for fourth straight session on earnings",
    ],
)
def test_a_text_without_links_holds_no_unknown_word(paper: Paper, text: str) -> None:
    assert edited(paper, "It", "It", title=text)
    assert edited(paper, "It", "It", summary=f"{text}.")
    assert edited(paper, "Over the run", f"## {text}\n\nOver the run")
    assert edited(paper, "Over the run", f"![{text}](chart.svg)\n\nOver the run")
    assert edited(paper, "| Index |", f"| {text} |")


def test_the_second_sentence_of_a_summary_may_open_with_an_article(paper: Paper) -> None:
    text = "The Russell 2000 rose 4.1% from Jan. 7 through Jan. 12. The S&P 500 was unchanged."

    assert edited(paper, "It", "It", summary=text) == []


def test_an_editor_may_use_any_word(paper: Paper) -> None:
    haunted = "The market hall, supposedly haunted, reopens."

    assert paper.prove(f"{haunted} {GOOD}", origin="editor").ok


# --- characters -----------------------------------------------------------------


@pytest.mark.parametrize(
    "new",
    [
        "f\u200bell 4.1%", "f\u0435ll 4.1%", "rose \u00bd%", "rose 4.1%\u00b2", "rose \u2166%",
        "rose 4.1% \u2193", "rose >4.1%",
        "rose \u22654.1%", "rose \uff0d4.1%", "rose 4.1%+", "rose 4.1%?", "rose 4\u20601.1%",
    ],
)  # fmt: skip
def test_a_character_that_may_be_read_two_ways_is_refused(paper: Paper, new: str) -> None:
    assert edited(paper, "rose 4.1%", new)


def test_nothing_is_struck_out(paper: Paper) -> None:
    reasons = edited(paper, "It [rose 4.1% from Jan. 7 through Jan. 12](fact:{gain});",
                     "It ~~[rose 4.1% from Jan. 7 through Jan. 12](fact:{gain})~~;")  # fmt: skip

    assert any("strikes" in reason for reason in reasons)


# --- tables and front matter -----------------------------------------------------------------


def test_a_header_over_no_fact_claims_nothing(paper: Paper) -> None:
    assert edited(paper, "| Index |", "| The S&P 500 fell 9% |")
    assert edited(paper, "| Index |", "| Fell on Jan. 9 |")
    assert edited(paper, "| Index |", "| The Fed is about to cut |")
    assert edited(paper, "| Index |", "| Record closes by session |") == []


def test_a_credit_claims_nothing(paper: Paper) -> None:
    from broadtape.model import Photo

    assert edited(paper, "It", "It", photo=Photo("c.svg", alt=SUMMARY, credit="The S&P 500 fell 9%"))
    assert edited(paper, "It", "It", photo=Photo("c.svg", alt=SUMMARY, credit="Chart: Bay News")) == []


def test_a_desk_article_says_of_which_session_it_speaks(paper: Paper) -> None:
    from datetime import UTC, datetime

    assert any("last session" in reason for reason in edited(paper, "It", "It", as_of=None))
    assert edited(paper, "It", "It", date=datetime(2025, 1, 12, tzinfo=UTC), as_of=AS_OF)


# --- what followed -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "name", "holds"),
    [
        ("After such days", "cases", True),
        ("Over all stretches of that length", "all", True),
        ("Over all stretches of that length", "cases", False),
        ("In that stretch", "all", False),
    ],
)
def test_what_followed_all_stretches_is_not_told_of_the_cases(
    paper: Paper, before: str, name: str, *, holds: bool
) -> None:
    asked = {"of": SMALL, "event": "gain", "at_least": "0.04", "horizon": "5", "stat": "median"}
    paper.ask("cases", "what-followed", **asked)
    paper.ask("all", "what-followed", **{**asked, "set": "all"})
    told = paper.facts[name].part("value").value
    way = f"had a median gain of {told}%" if told > 0 else f"had a median loss of {-told}%"  # type: ignore[operator]  # a Decimal
    opening = "The Russell 2000 " if before.startswith("After") else f"{before} the Russell 2000 "

    reasons = [claim.reason for claim in paper.prove(f"{opening}[{way}](fact:{{{name}}}).").failing]

    assert any("stretches" in reason for reason in reasons) is not holds


# --- dates beside a link -----------------------------------------------------------------

DAY = f"fact:return?of={SMALL}&over=2026-01-07..2026-01-07"
OTHER = DAY.replace(SMALL, LARGE)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (f"On Jan. 7 the Russell 2000 [rose 1.0%]({DAY}).", True),
        (f"The Russell 2000 [rose 1.0%]({DAY}) on Wednesday, Jan. 7.", True),
        ("From Jan. 7 through Jan. 12 the Russell 2000 [rose 4.1%](fact:{gain}).", True),
        (f"On Jan. 7 the Russell 2000 [rose 1.0%]({DAY}), and the S&P 500 [was unchanged]({OTHER}).", True),
        (f"The Russell 2000 [rose 1.0%]({DAY}).", False),
        (f"On Jan. 8 the Russell 2000 [rose 1.0%]({DAY}).", False),
        (f"On Thursday, Jan. 7, the Russell 2000 [rose 1.0%]({DAY}).", False),
        (f"The Russell 2000 [rose 1.0%]({DAY}) before Jan. 7.", False),
        (f"The Russell 2000 [rose 1.0% on Jan. 7]({DAY}) and Jan. 8.", False),
        ("On Jan. 7 the Russell 2000 [rose 4.1%](fact:{gain}).", False),
        ("The Russell 2000 [rose 4.1% in four sessions](fact:{gain}) on Jan. 7.", False),
        ("Since Jan. 7 the Russell 2000 [rose 4.1%](fact:{gain}).", False),
        ("From Jan. 12 through Jan. 7 the Russell 2000 [rose 4.1%](fact:{gain}).", False),
        ("In January the Russell 2000 [closed at 2,081.21](fact:{close}).", False),
    ],
)  # fmt: skip
def test_a_date_beside_a_link_must_be_that_of_its_fact(paper: Paper, text: str, *, holds: bool) -> None:
    assert paper.prove(text).ok is holds


# --- facts.json -----------------------------------------------------------------


def tampered(paper: Paper, change: str) -> list[str]:
    """The reasons why the sound article fails once its facts.json was changed by hand."""
    article = paper.article(GOOD, title=TITLE, summary=SUMMARY)
    held = copy.deepcopy(dict(article.facts))
    record = held["facts"][paper.facts["close"].id]  # type: ignore[index]
    if change == "row":
        record["evidence"]["rows"][0]["value"] = "1.00"
    elif change == "decimals":
        record["evidence"]["rows"][0]["value"] += "0"
    elif change == "source":
        record["evidence"]["rows"][0]["source"] = "a better one"
    elif change == "none":
        record["evidence"] = {"rows": [], "spans": []}
    elif change == "as_of":
        held["as_of"] = "2026-01-09"
    return [claim.reason for claim in paper.prove(replace(article, facts=held)).failing]


@pytest.mark.parametrize("change", ["row", "source", "none", "as_of"])
def test_evidence_that_readers_see_is_what_was_computed_from(paper: Paper, change: str) -> None:
    assert any("facts.json" in reason for reason in tampered(paper, change))


def test_an_untouched_facts_json_is_sound(paper: Paper) -> None:
    assert tampered(paper, "nothing") == []


def test_a_row_may_be_written_with_more_decimals(paper: Paper) -> None:
    assert tampered(paper, "decimals") == []


def test_a_licence_may_be_narrowed_by_hand_and_not_widened(paper: Paper) -> None:
    from broadtape.desk.claims.recomputed import embellished

    fact = paper.facts["close"]

    assert embellished(replace(fact, licence="private"), replace(fact, licence="public")) == ""
    assert "public" in embellished(replace(fact, licence="public"), replace(fact, licence="private"))


def test_an_id_of_no_fact_is_called_unknown(paper: Paper) -> None:
    (claim,) = paper.prove("The Russell 2000 [rose 1%](fact:zzzzzzzz).").failing

    assert claim.reason == "unknown fact zzzzzzzz"
