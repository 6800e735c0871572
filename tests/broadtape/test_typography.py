"""What a page does to words and charts before it prints them: line ends, shortened names, charts it holds itself."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import tinycss2
from markupsafe import Markup

from broadtape import markdown
from broadtape.desk.chart import Bar, BarSpec, ChartSpec, Line, Mark, bar_chart, line_chart
from broadtape.desk.curves import Curve, CurveSpec, curve_chart
from broadtape.desk.heat import HeatRow, HeatSpec, heat_table
from broadtape.web import markets, pictures, words
from broadtape.web.press import STATIC, shipped

LINES = ChartSpec(
    title="Small caps & large, first session shown = 100",
    lines=(
        Line("Russell 2000", ((date(2026, 1, 9), Decimal(100)), (date(2026, 1, 12), Decimal("100.4")))),
        Line("S&P 500", ((date(2026, 1, 9), Decimal(100)), (date(2026, 1, 12), Decimal("99.8")))),
    ),
    unit="first session shown = 100",
    source="the sample",
    as_of=date(2026, 1, 12),
    baseline=Decimal(100),
    shade=(date(2026, 1, 9), date(2026, 1, 12)),
    shade_label="The run",
)


@pytest.mark.parametrize(
    ("said", "bound"),
    [
        ("from Jan. 2 through Nov. 10", "from Jan._2 through Nov._10"),
        ("on March 9, 2009, at 1:41 p.m. there", "on March_9, 2009, at 1:41_p.m. there"),
        ("beat the S&P 500 by 4.3 percentage points", "beat the S&P_500 by 4.3_percentage points"),
        ("$1.2 trillion for the Russell 2000", "$1.2_trillion for the Russell_2000"),
        ("in March 2009", "in March_2009"),
        ("the Dow in May. 500 fell", "the Dow in May. 500 fell"),  # a sentence ends there
    ],
)
def test_no_line_ends_inside_a_date_or_an_amount(said: str, bound: str) -> None:
    assert words.bound(Markup(said)).replace("\u00a0", "_") == bound


def test_binding_escapes_plain_words_and_leaves_tags_alone() -> None:
    assert words.bound("<b> S&P 500") == "&lt;b&gt; S&amp;P\u00a0500"
    markup = Markup('<a title="Jan. 2" href="/x?Nov. 10">Jan. 2</a>')
    assert words.bound(markup) == '<a title="Jan. 2" href="/x?Nov. 10">Jan.\u00a02</a>'


def test_names_of_one_family_are_told_apart_by_what_differs() -> None:
    funds = [f"State Street {name} Select Sector SPDR ETF" for name in ("Materials", "Real Estate", "Energy")]

    assert list(markets.apart(funds).values()) == ["Materials", "Real Estate", "Energy"]
    assert markets.apart(funds[:2]) == {}
    assert markets.apart(["Apple", "Nvidia", "Intel"]) == {}
    assert markets.apart([*funds, "State Street Select Sector SPDR ETF"]) == {}


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    path = tmp_path / "chart.svg"
    path.write_bytes(line_chart(LINES))
    return path


def test_a_chart_of_the_desk_stands_in_the_page_with_the_pages_colours(drawn: Path) -> None:
    found = pictures.drawn(drawn)

    assert found is not None
    box, shapes = found
    assert re.fullmatch(r"0 0 720 \d+", box)
    assert "Small caps &amp; large, first" in shapes
    assert "#" not in shapes  # colours are the page's
    assert "<style" not in shapes


DAY = date(2026, 1, 12)
KINDS = {
    "bars": lambda: bar_chart(
        BarSpec("Moves", (Bar("Up", Decimal("1.5")), Bar("Down", Decimal("-0.5"))), "the sample", DAY)
    ),
    "curves": lambda: curve_chart(
        CurveSpec(
            "Yields",
            tuple(
                Curve(name, ((3, Decimal("4.1")), (24, Decimal("3.9")), (120, Decimal("4.4"))))
                for name in ("Now", "A month ago", "A year ago")
            ),
            "the sample",
            DAY,
        )
    ),
    "heat": lambda: heat_table(
        HeatSpec(
            "Sectors",
            ("Week", "Month", "Year"),
            (
                HeatRow("Energy & more", (Decimal("3.1"), Decimal("-2.0"), None)),
                HeatRow("Materials", (Decimal("-0.1"), Decimal("0.4"), Decimal("12.5"))),
            ),
            "the sample",
            DAY,
        )
    ),
    "a drawdown with marks": lambda: line_chart(
        replace(
            LINES, lines=LINES.lines[:1], filled=True, baseline=Decimal(101), marks=(Mark(DAY, "The low"),)
        )
    ),
    "steps": lambda: line_chart(replace(LINES, lines=LINES.lines[:1], stepped=True, baseline=None)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_chart_stands_in_the_page_and_every_tone_has_a_colour(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "chart.svg"
    path.write_bytes(KINDS[kind]())
    css = (STATIC / "site.css").read_text("utf-8")

    found = pictures.drawn(path)

    assert found is not None
    assert "#" not in found[1]
    tones = set(" ".join(re.findall(r'class="([^"]*)"', found[1])).split()) - {"title"}
    assert {one for one in tones if f".{one} {{" not in css} == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</svg>", "<script>alert(1)</script></svg>"),
        ("</svg>", '<image href="https://example.org/x"/></svg>'),
        ("</svg>", '<a href="javascript:alert(1)"><rect/></a></svg>'),
        ("</svg>", "</svg><p>more</p>"),
        ('class="f-paper"', 'class="proof-card"'),
        ('class="f-paper"', 'onload="alert(1)" class="f-paper"'),
        ('class="f-paper"', 'style="position:fixed" class="f-paper"'),
        ('fill="none"', 'fill="url(https://example.org/x)"'),
        ('stroke-width="4"', 'stroke-width="4&quot; onload=&quot;x"'),
        ("<style>", "<style><![CDATA["),
        ("<svg ", "<!DOCTYPE svg [<!ENTITY x 'y'>]><svg "),
    ],
)
def test_what_the_desk_did_not_draw_stays_a_file(drawn: Path, old: str, new: str) -> None:
    text = drawn.read_text("utf-8")
    assert old in text
    drawn.write_text(text.replace(old, new, 1), "utf-8")

    assert pictures.drawn(drawn) is None


def test_a_chart_too_long_for_a_page_stays_a_file(drawn: Path) -> None:
    drawn.write_bytes(drawn.read_bytes().replace(b"</svg>", b" " * pictures.MAX_DRAWN + b"</svg>"))

    assert pictures.drawn(drawn) is None


class NoLinks:
    """A text without claims and tickers."""

    def fact(self, target: str, text: str) -> None:
        return None

    def ticker(self, symbol: str) -> None:
        return None


def test_each_alignment_that_a_table_of_markdown_may_have_is_one_of_the_style_sheet() -> None:
    sheet = (STATIC / "site.css").read_text("utf-8")

    for text, name in (("| a |\n| ---: |\n| 1 |", "right"), ("| a |\n| :---: |\n| 1 |", "center")):
        assert f'<td class="{name}">' in markdown.to_html(markdown.parse(text), NoLinks())
        assert re.search(rf"(?m)^[^{{}}]*\.{name} {{ text-align: {name};", sheet), name


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC.glob("*.css")))
def test_a_style_sheet_as_it_is_sent_has_every_rule_of_its_file(name: str) -> None:
    def rules(text: str) -> list[str]:
        parsed = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
        return [re.sub(r"/\*.*?\*/|\s+", "", rule.serialize(), flags=re.DOTALL) for rule in parsed]

    source, sent = (STATIC / name).read_bytes(), shipped(name)

    assert rules(sent.decode()) == rules(source.decode())
    assert b"/*" not in sent
    assert len(sent) < len(source)


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC.glob("*.js")))
def test_a_script_as_it_is_sent_is_its_file_without_comments_on_lines_of_their_own(name: str) -> None:
    lines = [line.strip() for line in (STATIC / name).read_text("utf-8").splitlines()]

    assert shipped(name).decode().splitlines() == [one for one in lines if one and not one.startswith("//")]
    assert all(line.count("`") % 2 == 0 for line in lines)  # no text over several lines that could lose one
    assert not any(line.startswith(("*", "/*")) for line in lines)


def test_what_others_wrote_is_sent_as_they_wrote_it() -> None:
    vendored = "vendor/uplot/uPlot.iife.min.js"

    assert shipped(vendored) == (STATIC / vendored).read_bytes()
