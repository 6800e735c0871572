"""Whole articles under proof: links, the words around them, titles, tables, tampered files, other origins."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeMarket
from mutations import falsified

from broadtape import metrics
from broadtape.config import Instance as Instance_
from broadtape.desk.claims import sentence_digest
from broadtape.desk.proof import Report, verify, verify_texts
from broadtape.model import Article, Claim, Correction, Fact, Instrument, NoData, Photo, Status

SMALL, LARGE, FUND, CHIPS = "INDEXRUSSELL:RUT", "INDEXSP:SPX", "NYSEARCA:IWM", "NASDAQ:NVDA"
AS_OF = date(2026, 1, 12)


def market() -> FakeMarket:
    """Weekdays from June 2025: the small index gains 1 % a session from Jan. 7 on while the large one stands still."""
    days = [d for d in np.arange("2025-06-02", "2026-01-13", dtype="datetime64[D]") if np.is_busday(d)]
    small, large = {}, {}
    for place, day in enumerate(days):
        steps = int(np.busday_count("2026-01-06", day)) if day > np.datetime64("2026-01-06") else 0
        above = Decimal(0) if day >= np.datetime64("2026-01-06") else Decimal(10 - place % 10) / 10
        small[str(day)] = str((Decimal(2000) * Decimal("1.01") ** steps + above).quantize(Decimal("0.01")))
        large[str(day)] = "6000.00"
    bars = {SMALL: small, LARGE: large, FUND: {day: str(Decimal(v) / 10) for day, v in small.items()},
            CHIPS: {day: {"adj_close": v} for day, v in small.items()}}  # fmt: skip
    return FakeMarket(
        AS_OF,
        bars,
        decisions={"2025-10-29": ("3.75", "4.00", -25), "2025-12-10": ("3.50", "3.75", -25)},
        events=[("2026-01-13", "cpi", "Consumer Price Index for December 2025")],
        benchmarks={"small": SMALL, "large": LARGE},
        instruments=[
            Instrument(SMALL, "Russell 2000", "index"),
            Instrument(LARGE, "S&P 500", "index"),
            Instrument(FUND, "iShares Russell 2000 ETF", "etf"),
            Instrument(CHIPS, "NVIDIA Corporation", "stock", aliases=("Nvidia",)),
        ],
    )


@dataclass
class Paper:
    """Articles as a test spells them: `{gain}` in a body is the id of the fact asked as "gain"."""

    market: FakeMarket = field(default_factory=market)
    facts: dict[str, Fact] = field(default_factory=dict)
    archive: dict[str, Mapping[str, object]] = field(default_factory=dict)

    def ask(self, name: str, metric: str, **params: str) -> Fact:
        self.facts[name] = metrics.fact(self.market, metric, **params)
        return self.facts[name]

    def article(
        self, body: str, *, sentences: tuple[tuple[str, str, str], ...] = (), **more: object
    ) -> Article:
        for name, fact in self.facts.items():
            body = body.replace("{" + name + "}", fact.id)
        listed = [
            {"digest": sentence_digest(text), "kind": kind, **({"guard": self.guard(guard)} if guard else {})}
            for text, kind, guard in sentences
        ]
        held = {
            "version": 1,
            "as_of": str(AS_OF),
            "facts": {fact.id: metrics.to_json(fact) for fact in self.facts.values()},
            "sentences": listed,
        }
        given: dict[str, object] = {
            "path": "content/articles/2026/01/x/index.md", "slug": "x", "id": "1", "title": "", "body": body,
            "date": datetime(2026, 1, 12, 22, 0, tzinfo=UTC), "body_line": 10, "as_of": AS_OF, "origin": "desk",
            "facts": json.loads(json.dumps(held)), "lines": {"title": 2, "summary": 3, "photo": 4, "symbols": 5},
        }  # fmt: skip
        return Article(**{**given, **more})  # type: ignore[arg-type]  # the test's own words

    def guard(self, text: str) -> str:
        for name, fact in self.facts.items():
            text = text.replace("{" + name + "}", fact.id)
        return text

    def prove(self, body: str | Article, **more: object) -> Report:
        article = body if isinstance(body, Article) else self.article(body, **more)  # type: ignore[arg-type]
        return verify(article, self.view, self.archive.get)

    def view(self, day: date) -> FakeMarket:
        return self.market.at(min(day, AS_OF))


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


def only(report: Report) -> Claim:
    (claim,) = report.claims
    return claim


def reasons(report: Report) -> list[str]:
    return [claim.reason for claim in report.failing]


RISE = "The Russell 2000 [rose 4.1% from Jan. 7 through Jan. 12](fact:{gain})."
GOOD = """The Russell 2000 (INDEXRUSSELL: RUT) [beat the S&P 500 for a fourth session on Monday, Jan. 12](fact:{run}).
It [rose 4.1% from Jan. 7 through Jan. 12](fact:{gain}); the S&P 500 (INDEXSP: SPX) [was unchanged](fact:{other}).

Over the run the Russell 2000 [led the S&P 500 by 4.1 percentage points](fact:{gap}).

| Index | Jan. 7 to Jan. 12 |
| --- | ---: |
| Russell 2000 | [+4.1%](fact:{gain}) |
| S&P 500 | [0.0%](fact:{other}) |

The Federal Reserve’s target range [has been at 3.50%–3.75% since Dec. 10](fact:{rate}).
"""


# --- a sound article -------------------------------------------------------------------------------


def test_an_article_that_tells_its_facts_is_verified(paper: Paper) -> None:
    report = paper.prove(
        GOOD,
        title="Small caps beat S&P 500 for fourth straight session",
        summary="The Russell 2000 rose 4.1% from Jan. 7 through Jan. 12 while the S&P 500 was unchanged.",
        photo=Photo("chart.svg", alt="Line chart: the Russell 2000 rose 4.1% from Jan. 7 through Jan. 12."),
        symbols=(SMALL, LARGE),
    )

    assert reasons(report) == []
    assert report.ok
    assert report.counts["verified"] == len(report.claims) >= 11


def test_claims_come_in_the_order_of_the_file_with_its_lines(paper: Paper) -> None:
    report = paper.prove(GOOD, title="Small caps beat S&P 500 for fourth straight session")

    lines = [claim.line for claim in report.claims]
    assert lines == sorted(lines)
    assert lines[0] == 2
    assert [claim.line for claim in report.claims if claim.text.startswith("rose 4.1%")] == [11]


def test_falsifying_any_part_of_an_article_fails_and_names_the_line(paper: Paper) -> None:
    sound = paper.article(
        GOOD,
        title="Small caps beat S&P 500 for fourth straight session",
        summary="The Russell 2000 rose 4.1% from Jan. 7 through Jan. 12 while the S&P 500 was unchanged.",
    )
    lines = sound.body.split("\n")
    tried, missed = 0, []
    for place, line in enumerate(lines):
        for kind, changed in falsified(line):
            if changed.count("(fact:") != line.count("(fact:") or not set(_ids(changed)) >= set(_ids(line)):
                continue  # an id was hit, not a claim
            if kind == "rose → surged":
                continue  # the calm market of this test makes it a surge
            body = "\n".join([*lines[:place], changed, *lines[place + 1 :]])
            failing = paper.prove(replace(sound, body=body)).failing
            tried += 1
            if not any(abs(claim.line - (place + 10)) <= 1 for claim in failing):
                missed.append(f"{kind}: {changed}")
    for name in ("title", "summary"):
        for kind, changed in falsified(getattr(sound, name)):
            if kind == "rose → surged":
                continue
            failing = paper.prove(replace(sound, **{name: changed})).failing
            tried += 1
            if not any(claim.line == sound.lines[name] for claim in failing):
                missed.append(f"{kind}: {changed}")

    assert tried > 200
    assert missed == []


def _ids(text: str) -> list[str]:
    return [piece[:8] for piece in text.split("(fact:")[1:]]


# --- one link --------------------------------------------------------------------------------------


def test_a_link_under_another_subject_is_contradicted(paper: Paper) -> None:
    claim = only(
        paper.prove("The S&P 500 [rose 4.1% from Jan. 7 through Jan. 12](fact:{gain}).", origin="editor")
    )

    assert claim.status is Status.CONTRADICTED
    assert claim.line == 10
    assert "the fact is about the Russell 2000" in claim.reason


def test_a_claim_carries_what_was_claimed_and_what_is_computed(paper: Paper) -> None:
    claim = only(
        paper.prove("The Russell 2000 [rose 5.1% from Jan. 7 through Jan. 12](fact:{gain}).", origin="editor")
    )

    assert (claim.metric, claim.claimed, claim.computed) == ("return", "5.1%", "4.06 percent")
    assert claim.fact == paper.facts["gain"].id
    assert claim.definition


def test_two_names_before_one_claim_are_more_than_one_fact_says(paper: Paper) -> None:
    report = paper.prove(
        "The Russell 2000 and the S&P 500 [were unchanged from Jan. 7 through Jan. 12](fact:{other})."
    )

    assert not report.ok


def test_which_speaks_of_the_name_before_it(paper: Paper) -> None:
    report = paper.prove(
        "The Russell 2000 [beat the S&P 500 for four sessions](fact:{run}), "
        "which [was unchanged from Jan. 7 through Jan. 12](fact:{other})."
    )

    assert reasons(report) == []


def test_the_subject_is_carried_into_the_next_sentence(paper: Paper) -> None:
    body = (
        "The Russell 2000 [closed at 2,081.21](fact:{close}). "
        "It [rose 4.1% from Jan. 7 through Jan. 12](fact:{gain})."
    )

    assert paper.prove(body).ok
    assert not paper.prove(body.replace("{gain}", "{other}").replace("rose 4.1%", "was unchanged")).ok


def test_a_claim_without_a_name_anywhere_is_unsupported_in_a_desk_article(paper: Paper) -> None:
    assert (
        only(paper.prove("It [rose 4.1% from Jan. 7 through Jan. 12](fact:{gain}).")).status
        is Status.UNSUPPORTED
    )


def test_a_window_need_not_be_said_twice_in_a_section_but_once(paper: Paper) -> None:
    said = f"{RISE[:-1]}; the S&P 500 [was unchanged](fact:{{other}})."

    assert paper.prove(said).ok
    unsaid = reasons(paper.prove("The Russell 2000 [closed higher](fact:{december})."))
    assert any("which sessions" in reason for reason in unsaid)


def test_a_long_form_is_computed_where_it_stands(paper: Paper) -> None:
    good = RISE.replace("{gain}", f"return?of={SMALL}&over=2026-01-07..2026-01-12")

    assert only(paper.prove(good)).status is Status.VERIFIED
    assert only(paper.prove(good.replace("4.1%", "4.2%"))).status is Status.CONTRADICTED


@pytest.mark.parametrize(
    ("target", "status", "reason"),
    [
        ("aaaaaaaa", Status.UNSUPPORTED, "unknown fact aaaaaaaa"),
        ("return?of=ZZZ&over=2025-12", Status.UNSUPPORTED, "ZZZ"),
        ("return?of=INDEXRUSSELL:RUT&over=sometime", Status.UNSUPPORTED, "over"),
        ("nonsense?of=INDEXRUSSELL:RUT", Status.UNSUPPORTED, "nonsense"),
        ("first-close?of=INDEXRUSSELL:RUT&level=9000", Status.CONTRADICTED, "9000"),
        ("?", Status.UNSUPPORTED, "not a fact address"),
    ],
)
def test_a_link_to_no_fact_says_why(paper: Paper, target: str, status: Status, reason: str) -> None:
    claim = only(paper.prove(f"The Russell 2000 [rose 0.1%](fact:{target})."))

    assert claim.status is status
    assert reason in claim.reason


def test_a_fact_of_another_article_is_found_in_the_archive(paper: Paper) -> None:
    fact = paper.facts.pop("gain")
    paper.archive[fact.id] = metrics.to_json(fact)

    assert paper.prove(f"The Russell 2000 [rose 4.1% from Jan. 7 through Jan. 12](fact:{fact.id}).").ok


def test_a_paragraph_of_another_date_is_contradicted(paper: Paper) -> None:
    earlier = metrics.fact(paper.market.at("2026-01-09"), "level", of=SMALL)
    paper.archive[earlier.id] = metrics.to_json(earlier)

    claim = only(paper.prove(f"The Russell 2000 [closed at 2,060.60](fact:{earlier.id})."))

    assert claim.status is Status.CONTRADICTED
    assert claim.reason == "the fact is as of 2026-01-09, the article as of 2026-01-12"


# --- facts.json is never believed ------------------------------------------------------------------


def tampered(article: Article, fact: Fact, **changes: object) -> Article:
    held = copy.deepcopy(dict(article.facts))
    held["facts"][fact.id].update(changes)  # type: ignore[index]
    return replace(article, facts=held)


def test_a_tampered_value_is_contradicted_though_the_text_agrees_with_it(paper: Paper) -> None:
    article = paper.article("The Russell 2000 [closed at 2,500.00](fact:{close}).")
    record = metrics.to_json(paper.facts["close"])
    parts = [{**part, "value": "2500.00"} if part["name"] == "value" else part for part in record["parts"]]  # type: ignore[index, union-attr]

    report = paper.prove(tampered(article, paper.facts["close"], value="2500.00", parts=parts))

    assert only(report).status is Status.CONTRADICTED
    assert "facts.json says 2,500.00 points; computed again it is 2,081.21 points" in only(report).reason


def test_a_record_under_the_id_of_another_is_contradicted(paper: Paper) -> None:
    article = paper.article("The Russell 2000 [closed at 2,081.21](fact:{close}).")

    report = paper.prove(tampered(article, paper.facts["close"], params={"of": LARGE}))

    assert only(report).status is Status.CONTRADICTED


def test_a_tampered_record_that_no_link_uses_is_found(paper: Paper) -> None:
    article = paper.article("The Russell 2000 [closed at 2,081.21](fact:{close}).")

    report = paper.prove(tampered(article, paper.facts["gain"], tags=["down"]))

    assert [claim.status for claim in report.failing] == [Status.CONTRADICTED]


def revised(paper: Paper, close: str = "2081.07", day: str = "2026-01-12") -> Paper:
    """The same newsroom after a later fetch gave another close of a day."""
    paper.market = paper.market.revised({SMALL: {day: close}})
    return paper


def test_a_figure_that_was_right_and_has_been_revised_since_is_a_warning(paper: Paper) -> None:
    paper.facts = {"close": paper.facts["close"]}
    article = paper.article("The Russell 2000 [closed at 2,081.21](fact:{close}).")

    report = revised(paper).prove(article)

    link = next(claim for claim in report.claims if claim.text.startswith("closed"))
    assert report.ok
    assert link.status is Status.REVISED
    assert "2,081.21" in link.reason
    assert "2,081.07" in link.reason


def test_every_text_that_rests_on_a_revised_fact_is_a_warning_with_both_values(paper: Paper) -> None:
    picture = Photo("chart.svg", "The Russell 2000 closed at 2,081.21", "Chart: The Desk")
    body = (
        "The Russell 2000 [closed at 2,081.21](fact:{close}). The level is high.\n\n"
        "| | Close |\n| --- | ---: |\n| Russell 2000 | [2,081.21](fact:{close}) |\n"
    )
    guard = "{close}.value > 2081.2"
    paper.facts = {"close": paper.facts["close"]}
    article = paper.article(
        body, title="Russell 2000 closes at 2,081.21", summary="The Russell 2000 closed at 2,081.21.",
        photo=picture, sentences=(("The level is high.", "interpretation", guard),),
    )  # fmt: skip
    assert paper.prove(article).counts["verified"] == 6, [c.reason for c in paper.prove(article).failing]

    report = revised(paper).prove(article)

    assert report.ok, report.failing
    assert [claim.line for claim in report.claims if claim.status is Status.REVISED] == [2, 3, 4, 10, 10, 14]
    told = [claim for claim in report.claims if claim.status is Status.REVISED and claim.fact]
    assert all("2,081.21" in claim.reason and "2,081.07" in claim.reason for claim in told)


def test_a_text_changed_besides_a_revision_still_fails(paper: Paper) -> None:
    article = paper.article(
        "The Russell 2000 [closed at 2,081.27](fact:{close}).", title="Russell 2000 closes at 2,081.27"
    )

    report = revised(paper).prove(article)

    assert [(claim.line, claim.status) for claim in report.failing] == [
        (2, Status.UNSUPPORTED),
        (10, Status.CONTRADICTED),
    ]


def test_a_fact_that_a_revision_makes_untrue_is_a_warning(paper: Paper) -> None:
    paper.ask("record", "record", of=SMALL)
    article = paper.article("The Russell 2000 [closed at a record 2,081.21 in the data](fact:{record}).")
    assert paper.prove(article).ok

    report = revised(paper, "2000.00").prove(article)

    assert report.ok, report.failing
    assert report.counts["revised"] >= 1


def test_what_is_on_file_and_was_never_in_the_store_is_no_revision(paper: Paper) -> None:
    article = paper.article("The Russell 2000 [closed at 2,082.00](fact:{close}).")
    record = json.loads(json.dumps(metrics.to_json(paper.facts["close"])))
    record["value"] = "2082.00"
    for part in record["parts"]:
        if part["name"] == "value":
            part["value"] = "2082.00"
    for row in record["evidence"]["rows"]:
        row.update(value="2082.00", retrieved="2026-01-12T22:00:00Z")

    report = revised(paper).prove(tampered(article, paper.facts["close"], **record))

    assert [claim.status for claim in report.failing] == [Status.CONTRADICTED]


def test_a_revision_that_leaves_what_a_fact_says_alone_is_not_told(paper: Paper) -> None:
    paper.facts = {"gain": paper.facts["gain"]}
    article = paper.article("The Russell 2000 [rose 4.1% from Jan. 7 through Jan. 12](fact:{gain}).")

    report = revised(paper, "2060.00", "2026-01-09").prove(article)

    assert [claim.status for claim in report.claims] == [Status.VERIFIED], report.claims


def test_a_decimal_on_file_with_more_digits_is_the_same_number(paper: Paper) -> None:
    article = paper.article("The Russell 2000 [closed at 2,081.21](fact:{close}).")
    record = json.loads(json.dumps(metrics.to_json(paper.facts["close"])))
    record.update(value="2081.210", decimals=3)
    for part in record["parts"]:
        if part["name"] == "value":
            part.update(value="2081.210", decimals=3)

    report = paper.prove(tampered(article, paper.facts["close"], **record))

    assert only(report).status is Status.VERIFIED


# --- names as companies write them ------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["Ørsted", "L'Oréal", "三菱", "AT&T", "1-800-Flowers.com", "Yum! Brands", "Yahoo!", "E*TRADE", "3M", "Lowe’s",
     "abrdn", "Škoda", "İşbank", "Straße AG", "Jack in the Box", "C3.ai", "U.S. Bancorp"],
)  # fmt: skip
def test_a_company_may_be_called_what_it_is_called(name: str) -> None:
    sheet = Paper()
    symbol = "NYSE:ODD"
    sheet.market._instruments[symbol] = Instrument(symbol, name, "stock")
    sheet.market._bars[symbol] = sheet.market._table(symbol, {"2026-01-09": "10.00", "2026-01-12": "10.10"})
    sheet.ask("day", "return", of=symbol, over="1s")
    sheet.ask("other", "return", of=SMALL, over="1s")
    written = name.replace("*", "\\*")
    body = (
        f"{written} (NYSE: ODD) [rose 1.0% on Monday](fact:{{day}}). The Russell 2000 [rose 1.0%](fact:{{other}}); "
        f"{written} [rose 1.0%](fact:{{day}})."
    )

    report = sheet.prove(body, title=f"{name} rises 1.0%", symbols=(symbol,))
    wrong = sheet.prove(body.replace("NYSE: ODD", "NASDAQ: NVDA"), symbols=(symbol,))

    assert report.ok, report.failing
    assert not wrong.ok


def test_a_name_in_another_script_that_no_instrument_has_is_refused(paper: Paper) -> None:
    for stranger in ("三菱", "Łukasiewicz", "Ørsted"):
        assert not paper.prove(f"{stranger} beat the Russell 2000, which [rose 4.1%](fact:{{gain}}).").ok


# --- the rest of a sentence ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("The Russell 2000 did not", "", "not"),
        ("The Russell 2000 never", "", "never"),
        ("For three sessions the Russell 2000", "", "three sessions"),
        ("In January the Russell 2000", "", "January"),
        ("The soaring Russell 2000", "", "soaring"),
        ("The Russell 2000", ", its best showing", "best"),
        ("The Russell 2000", ", ahead of the S&P 500", "ahead of"),
        ("The Russell 2000", " on Zorblax news", "Zorblax"),
        ("The Russell 2000", " because rates fell", "because"),
        ("The Russell 2000", ", a historic level", "historic"),
        ("The Russell 2000", ", like Nvidia", "Nvidia"),
        ("The Russell 2000", ", a gain of 9%", "9%"),
        ("The Russell 2000", ", and will again", "will"),
        ("Most stocks and the Russell 2000", "", "Most"),
    ],
)
def test_words_around_a_link_claim_nothing(paper: Paper, before: str, after: str, named: str) -> None:
    report = paper.prove(f"{before} [closed at 2,081.21](fact:{{close}}){after}.")

    assert not report.ok
    assert any(named in f"{claim.text} {claim.reason}" for claim in report.failing)


def test_a_cause_may_be_given_where_its_source_is_linked(paper: Paper) -> None:
    body = "The Russell 2000 [closed at 2,081.21](fact:{close}) amid calm, [the exchange said](https://example.org/calm)."

    assert reasons(paper.prove(body)) == []


@pytest.mark.parametrize(
    "name",
    [
        "The S&P 500 (INDEXRUSSELL: RUT)",
        "The Russell 2000 (NYSEARCA: IWM)",
        "The Russell 2000 (NASDAQ: ZZZZ)",
    ],
)
def test_a_ticker_is_that_of_the_name_before_it(paper: Paper, name: str) -> None:
    report = paper.prove(f"{name} [closed at 2,081.21](fact:{{close}}).")

    assert not report.ok


def test_an_etf_is_not_its_index(paper: Paper) -> None:
    report = paper.prove("The iShares Russell 2000 ETF (NYSEARCA: IWM) [closed at 2,081.21](fact:{close}).")

    assert not report.ok


# --- sentences without links -----------------------------------------------------------------------


def test_a_sentence_without_a_link_must_be_listed(paper: Paper) -> None:
    text = "A tie ends a run."

    assert "not listed" in reasons(paper.prove(text))[0]
    assert paper.prove(text, sentences=((text, "definition", ""),)).ok
    assert not paper.prove("A tie starts a run.", sentences=((text, "definition", ""),)).ok


def test_an_interpretation_holds_while_its_guard_does(paper: Paper) -> None:
    text = "The small companies had the better of it."

    assert paper.prove(text, sentences=((text, "interpretation", "{gap}.value > 0"),)).ok
    assert not paper.prove(text, sentences=((text, "interpretation", ""),)).ok
    false = paper.prove(text, sentences=((text, "interpretation", "{gap}.value < 0"),))
    assert only(false).status is Status.CONTRADICTED
    unread = paper.prove(text, sentences=((text, "interpretation", "{gap}.value ~ 0"),))
    assert only(unread).status is Status.UNSUPPORTED


def test_a_listed_sentence_may_not_smuggle_figures_or_names(paper: Paper) -> None:
    for text in ("The index rose 9%.", "Zorblax Holdings won.", "It was so in May 2024."):
        assert not paper.prove(text, sentences=((text, "definition", ""),)).ok


def test_an_attributed_sentence_links_its_source(paper: Paper) -> None:
    with_link = "Trading was thin, [the exchange said](https://example.org)."
    text = "Trading was thin, the exchange said."
    listed = ((text, "attributed", ""),)

    assert only(paper.prove(with_link, sentences=listed)).status is Status.ATTRIBUTED
    assert only(paper.prove(text, sentences=listed)).status is Status.UNSUPPORTED


# --- unlinked texts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "holds"),
    [
        ("Russell 2000 gains 4.1% from Jan. 7 through Jan. 12", True),
        ("Russell 2000 gains 4% from Jan. 7 through Jan. 12", True),
        ("Small caps lead S&P 500 for four sessions, gaining 4.1% from Jan. 7 to Jan. 12", True),
        ("Fed’s range at 3.50%–3.75%", True),
        ("Russell 2000 falls 4.1% from Jan. 7 through Jan. 12", False),
        ("Russell 2000 gains 4.1%", False),
        ("S&P 500 gains 4.1% from Jan. 7 through Jan. 12", False),
        ("S&P 500 beats Russell 2000 for fourth straight session", False),
        ("Russell 2000 closes at a record 2,081.21", False),
        ("Nvidia rallies", False),
        ("Zorblax and Russell 2000 close at 2,081.21", False),
        ("Small caps lead for weeks", False),
    ],
)
def test_a_headline_follows_from_the_facts_of_its_article(paper: Paper, title: str, holds: bool) -> None:
    assert paper.prove(GOOD, title=title).ok is holds


def test_the_clause_that_fails_is_named(paper: Paper) -> None:
    report = paper.prove(
        GOOD, summary="The Russell 2000 rose 4.1% from Jan. 7 through Jan. 12, while the S&P 500 fell 2.0%."
    )

    (claim,) = report.failing
    assert claim.text == "the S&P 500 fell 2.0%"
    assert claim.line == 3
    assert claim.reason.startswith("summary: ")


def test_a_long_headline_of_many_clauses_is_judged_in_bounded_time(paper: Paper) -> None:
    title = ", ".join(["Russell 2000 rose and fell while it closed"] * 12)

    start = time.perf_counter()
    assert not paper.prove(GOOD, title=title).ok
    assert time.perf_counter() - start < 10


def test_chart_labels_are_proved_like_headlines(paper: Paper) -> None:
    facts = list(paper.facts.values())

    good = verify_texts([("chart", "Russell 2000 at 2,081.21")], facts, paper.market)
    bad = verify_texts([("chart", "Russell 2000 at 2,181.21")], facts, paper.market)

    assert [claim.status for claim in good] == [Status.VERIFIED]
    assert [claim.status for claim in bad] == [Status.UNSUPPORTED]
    assert bad[0].reason.startswith("chart: ")


def test_a_symbol_in_the_front_matter_has_a_fact(paper: Paper) -> None:
    report = paper.prove(GOOD, symbols=(SMALL, "NASDAQ:AAPL"))

    assert [claim.text for claim in report.failing] == ["NASDAQ:AAPL"]


# --- tables ----------------------------------------------------------------------------------------


TABLE = f"{RISE}\n\n| Index | HEAD |\n| --- | ---: |\n| LABEL | CELL |\n"


@pytest.mark.parametrize(
    ("header", "label", "cell", "holds"),
    [
        ("Change", "Russell 2000", "[+4.1%](fact:{gain})", True),
        ("Change", "Russell 2000", "+4.1%", True),
        ("Jan. 7 to Jan. 12", "Russell 2000", "[+4.1%](fact:{gain})", True),
        ("Change in 4 sessions", "Russell 2000", "[+4.1%](fact:{gain})", True),
        ("Sessions", "Russell 2000 against the S&P 500", "[4](fact:{run})", True),
        ("Change", "S&P 500", "[+4.1%](fact:{gain})", False),
        ("Change", "S&P 500", "+4.1%", False),
        ("Gain", "Russell 2000", "[4.1%](fact:{gain})", True),
        ("Loss", "Russell 2000", "[4.1%](fact:{gain})", False),
        ("Change", "Russell 2000", "[−4.1%](fact:{gain})", False),
        ("Change", "Russell 2000", "+4.2%", False),
        ("Jan. 6 to Jan. 12", "Russell 2000", "[+4.1%](fact:{gain})", False),
        ("Change in 5 sessions", "Russell 2000", "[+4.1%](fact:{gain})", False),
        ("Weeks", "Russell 2000 against the S&P 500", "[4](fact:{run})", False),
        ("Change", "Zorblax", "[+4.1%](fact:{gain})", False),
        ("Change", "Russell 2000 (NASDAQ: NVDA)", "[+4.1%](fact:{gain})", False),
    ],
)
def test_a_cell_is_read_with_its_row_and_column(
    paper: Paper, header: str, label: str, cell: str, holds: bool
) -> None:
    assert (
        paper.prove(TABLE.replace("HEAD", header).replace("LABEL", label).replace("CELL", cell)).ok is holds
    )


# --- editors and imports ---------------------------------------------------------------------------


def test_an_editors_ordinary_figures_are_nobodys_business(paper: Paper) -> None:
    report = paper.prove(
        "Doors open at 7:30 p.m. on Jan. 20; tickets cost $12, and 340 people came last year.\n\n"
        "The mayor, 54, raised the flag 3 times.",
        origin="editor",
        as_of=None,
    )

    assert report.claims == ()


def test_a_post_older_than_the_data_has_no_claims(paper: Paper) -> None:
    def nothing(day: date) -> FakeMarket:
        raise NoData(f"no session on or before {day}")

    post = paper.article("The S&P 500 Club met.", origin="editor", as_of=None)

    assert verify(post, nothing, paper.archive.get).claims == ()
    with pytest.raises(NoData):
        verify(paper.article("The S&P 500 [rose](fact:{gain}).", origin="editor"), nothing, paper.archive.get)


def test_an_editors_market_claims_without_links_are_listed_as_unchecked(paper: Paper) -> None:
    report = paper.prove("The Russell 2000 rose 9% last year. The market hall opens at 9.", origin="editor")

    assert [(claim.text, claim.status) for claim in report.claims] == [
        ("The Russell 2000 rose 9% last year.", Status.UNCHECKED)
    ]
    assert report.ok


def test_an_editors_claim_with_a_linked_source_is_attributed(paper: Paper) -> None:
    report = paper.prove(
        "The Russell 2000 rose 9% last year, [says FTSE](https://example.org).", origin="import"
    )

    assert only(report).status is Status.ATTRIBUTED


def test_an_editors_fact_link_is_proved_like_any_other(paper: Paper) -> None:
    body = "Locals noticed: the Russell 2000 [fell 4.1% from Jan. 7 through Jan. 12](fact:{gain})."

    assert only(paper.prove(body, origin="editor")).status is Status.CONTRADICTED


# --- dividends -------------------------------------------------------------------------------------


def test_a_return_with_dividends_is_called_one(paper: Paper) -> None:
    paper.ask("total", "return", of=CHIPS, over="2026-01-07..2026-01-12", basis="total")
    body = "Nvidia (NASDAQ: NVDA) [rose 4.1% from Jan. 7 through Jan. 12SAID](fact:{total})."

    assert paper.prove(body.replace("SAID", ", dividends included")).ok
    assert "dividends" in reasons(paper.prove(body.replace("SAID", "")))[0]


# --- hostile input and speed -----------------------------------------------------------------------


def test_too_many_links_are_refused(paper: Paper) -> None:
    with pytest.raises(ValueError, match="fact links"):
        paper.prove("The Russell 2000 [rose](fact:aaaaaaaa).\n\n" * 2_001)


@pytest.mark.parametrize(
    "facts",
    [
        {"facts": []},
        {"facts": {"x": 1}},
        {"facts": {"aaaaaaaa": {}}},
        {"sentences": {"a": 1}},
        {"sentences": [1]},
    ],
)
def test_a_facts_json_of_any_shape_is_survived(paper: Paper, facts: dict[str, object]) -> None:
    paper.prove(paper.article("The Russell 2000 [rose 1%](fact:aaaaaaaa).", facts=facts))


# --- the real thing --------------------------------------------------------------------------------


@pytest.mark.acceptance
@pytest.mark.slow
def test_the_edition_of_a_day_is_verified(acceptance_instance: Instance_, tmp_path: Path) -> None:
    from broadtape import edition
    from broadtape.market import MarketStore

    store = MarketStore.open(acceptance_instance.store, readonly=True)
    instance = replace(acceptance_instance, root=tmp_path)
    filed = edition.write(instance, store, AS_OF, story="rotation", now=datetime(2026, 1, 12, 22, tzinfo=UTC))

    assert filed[0].failing == ()
    assert filed[0].claims["verified"] > 40


@pytest.mark.parametrize(
    ("spelt", "told"),
    [
        ("−[{text}](fact:{gain})", "beside the link"),
        ("$[{text}](fact:{gain})", "beside the link"),
        ("[{text}](fact:{gain})%", "beside the link"),
    ],
)
def test_nothing_beside_a_link_makes_another_figure_of_it(spelt: str, told: str) -> None:
    paper = Paper()
    paper.ask("gain", "return", of=SMALL, over="1s")
    sound = "The Russell 2000 [rose 1.0% on Monday, Jan. 12](fact:{gain})."
    assert paper.prove(sound).ok
    text = "rose 1.0% on Monday, Jan. 12"
    broken = sound.replace(f"[{text}](fact:{{gain}})", spelt.replace("{text}", text))
    assert any(told in claim.reason for claim in paper.prove(broken).failing)


@pytest.mark.parametrize("cell", ["([1.0%](fact:{gain}))", "− [1.0%](fact:{gain})", "[1.0%](fact:{gain})−"])
def test_a_table_cell_holds_no_sign_outside_its_link(cell: str) -> None:
    paper = Paper()
    paper.ask("gain", "return", of=SMALL, over="1s")
    table = "| Index | 1 session |\n| --- | ---: |\n| Russell 2000 | {} |"
    assert paper.prove(table.replace("{}", "[1.0%](fact:{gain})")).ok
    found = paper.prove(table.replace("{}", cell)).failing
    assert any("beside the link" in claim.reason for claim in found)


def test_a_column_called_change_excuses_no_missing_minus() -> None:
    small = {"2026-01-08": "2020.00", "2026-01-09": "2020.00", "2026-01-12": "1999.80"}
    paper = Paper(
        market=FakeMarket(AS_OF, {SMALL: small}, instruments=[Instrument(SMALL, "Russell 2000", "index")])
    )
    paper.ask("loss", "return", of=SMALL, over="1s")
    table = "| Index | Change, 1 session |\n| --- | ---: |\n| Russell 2000 | [{}](fact:{loss}) |"
    assert paper.prove(table.replace("{}", "−1.0%", 1)).ok
    assert not paper.prove(table.replace("{}", "1.0%", 1)).ok


def test_captions_and_titles_of_links_are_proved() -> None:
    paper = Paper()
    paper.ask("gain", "return", of=SMALL, over="1s")
    sound = "The Russell 2000 [rose 1.0% on Monday, Jan. 12](fact:{gain})."
    picture = sound + '\n\n![The Russell 2000 rose 1.0% on Jan. 12.](chart.svg "{}")'
    assert paper.prove(picture.replace("{}", "The Russell 2000 rose 1.0% on Jan. 12.", 1)).ok
    found = paper.prove(picture.replace("{}", "The Russell 2000 fell 50% on Jan. 12.", 1)).failing
    assert any(claim.reason.startswith("caption:") for claim in found)
    link = sound[:-1] + ' ([data](https://example.org "The Russell 2000 fell 50%")).'
    found = paper.prove(link).failing
    assert any(claim.reason.startswith("title of a link:") for claim in found)


def test_names_hold_no_figures_and_corrections_are_listed() -> None:
    paper = Paper()
    paper.ask("gain", "return", of=SMALL, over="1s")
    body = "The Russell 2000 [rose 1.0% on Monday, Jan. 12](fact:{gain})."
    assert paper.prove(body, authors=("Market Desk",), topics=("russell-2000",)).ok
    assert not paper.prove(body, authors=("Russell fell 50%",)).ok
    assert not paper.prove(body, topics=("russell-2000-fell-50-percent",)).ok
    noted = Correction(datetime(2026, 1, 14, tzinfo=UTC), "The Russell 2000 fell 50% on Jan. 12.")
    report = paper.prove(body, corrections=(noted,))
    assert [claim.text for claim in report.claims if claim.status is Status.UNCHECKED] == [noted.text]


def test_a_link_too_long_to_be_a_claim_is_refused_at_once(paper: Paper) -> None:
    with pytest.raises(ValueError, match="a fact link of over"):
        paper.prove(f"The Russell 2000 [rose {'1,' * 20_000}000%](fact:{{gain}}).")
