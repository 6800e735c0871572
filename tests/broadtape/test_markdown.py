"""The Markdown contract: blocks, spans, sentences, HTML that cannot act, text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from broadtape.markdown import (
    MAX_BLOCKS,
    Block,
    Document,
    FactAnchor,
    exchange_code,
    parse,
    sentences,
    ticker_symbol,
    to_html,
    to_text,
)

CONTRACT = Path(__file__).parents[2] / "docs" / "contracts" / "markdown.md"


class Anchors:
    """A page that knows the fact "n2tdaldv" and every ticker."""

    def fact(self, target: str, text: str) -> FactAnchor | None:
        return FactAnchor(f"proof#{target}", "-0.74", "verified", target) if target == "n2tdaldv" else None

    def ticker(self, symbol: str) -> str | None:
        return f"/quotes/{symbol}/"


class Plain:
    """A feed: claims and tickers stay text."""

    def fact(self, target: str, text: str) -> FactAnchor | None:
        return None

    def ticker(self, symbol: str) -> str | None:
        return None


def only(source: str) -> Block:
    (block,) = parse(source).blocks
    return block


def said(text: str) -> list[str]:
    return [sentence.text for sentence in sentences(only(text))]


# --- blocks and spans ------------------------------------------------------------------------------------


def test_the_contracts_example_is_one_paragraph_with_a_ticker_and_a_fact():
    example_ = re.search(r"## Example\s+`(.+?\)\.)` is one paragraph", CONTRACT.read_text(), re.S)
    assert example_ is not None

    block = only(example_[1])

    assert block.kind == "paragraph"
    assert block.text == "the Russell 2000 (INDEXRUSSELL: RUT) fell 0.7% in December."
    assert [(span.kind, span.target) for span in block.spans] == [
        ("ticker", "INDEXRUSSELL:RUT"),
        ("fact", "n2tdaldv"),
    ]


def test_offsets_count_characters_not_bytes():
    source = "Café — «€» (NYSEArca: IWM) [fell 0,7 %](fact:abc) 🙂 [é](https://example.org/é)"

    block = only(source)

    assert [source[span.source_start : span.source_end] for span in block.spans] == [
        "(NYSEArca: IWM)",
        "[fell 0,7 %](fact:abc)",
        "[é](https://example.org/é)",
    ]
    assert [block.text[span.start : span.end] for span in block.spans] == [
        "(NYSEArca: IWM)",
        "fell 0,7 %",
        "é",
    ]


def test_a_long_form_keeps_its_query_as_target():
    block = only("[fell](fact:return?of=INDEXRUSSELL:RUT&over=2025-12)")

    assert block.spans[0].target == "return?of=INDEXRUSSELL:RUT&over=2025-12"


def test_blocks_name_their_kind_level_section_and_line():
    source = (
        "# One\n\ntext\n\n## Two\n\n- item\n- second\n\n> said\n\n"
        "```\ncode\n```\n\n<div>raw</div>\n\n![a](b.svg)\n"
    )

    blocks = parse(source, first_line=10).blocks

    assert [(b.kind, b.level, b.section, b.line) for b in blocks] == [
        ("heading", 1, 0, 10),
        ("paragraph", 0, 1, 12),
        ("heading", 2, 1, 14),
        ("item", 0, 2, 16),
        ("item", 0, 2, 17),
        ("quote", 0, 2, 19),
        ("code", 0, 2, 21),
        ("html", 0, 2, 25),
        ("image", 0, 2, 27),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_those_an_editor_shows_whatever_ends_them(end):
    source = end.join(["one", "", "two", "more.", "Three (NASDAQ: NVDA)", ""])

    blocks = parse(source).blocks

    assert [block.line for block in blocks] == [1, 3]
    assert [sentence.line for sentence in sentences(blocks[1])] == [3, 5]
    assert blocks[1].text == "two more. Three (NASDAQ: NVDA)"


def test_cells_know_their_table_row_and_column():
    source = "| a | b |\n| - | -: |\n| [1](fact:x) | |\n\n| c |\n| - |\n| d |\n"

    cells = parse(source).blocks

    assert [(c.text, c.table, c.row, c.column) for c in cells] == [
        ("a", 0, 0, 0), ("b", 0, 0, 1), ("1", 0, 1, 0), ("", 0, 1, 1), ("c", 1, 0, 0), ("d", 1, 1, 0),
    ]  # fmt: skip
    assert cells[2].spans[0].target == "x"


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("(NASDAQ: NVDA)", "NASDAQ:NVDA"),
        ("(Nasdaq:nvda)", "NASDAQ:NVDA"),
        ("(NasdaqGS: AAPL)", "NASDAQ:AAPL"),
        ("(NYSEArca: IWM)", "NYSEARCA:IWM"),
        ("(NYSE Arca: SPY)", "NYSEARCA:SPY"),
        ("(NYSE American: IMO)", "NYSEAMERICAN:IMO"),
        ("(nyse: BRK.B)", "NYSE:BRK.B"),
        ("(NYSE: BF-B)", "NYSE:BF-B"),
        ("(INDEXSP: SPX)", "INDEXSP:SPX"),
        ("(TYO: 7203)", "TYO:7203"),
        ("(XLON: SHEL)", "XLON:SHEL"),
        ("(Note: ABC)", None),
        ("(NASDAQ: not a ticker at all)", None),
    ],
)
def test_tickers_are_read_as_texts_write_them(written, symbol):
    spans = only(f"Shares {written} rose").spans

    assert [span.target for span in spans] == ([symbol] if symbol else [])
    assert ticker_symbol(written) == symbol


def test_a_ticker_may_be_wrapped_over_two_lines():
    source = "Shares (NASDAQ:\nNVDA) rose"

    (span,) = only(source).spans

    assert span.target == "NASDAQ:NVDA"
    assert source[span.source_start : span.source_end] == "(NASDAQ:\nNVDA)"


def test_code_holds_no_tickers_and_no_sentences():
    document = parse("Use `(NASDAQ: NVDA)`.\n\n    (NASDAQ: NVDA)\n")

    assert all(not block.spans for block in document.blocks)
    assert sentences(document.blocks[1]) == ()


def test_an_image_inside_a_link_keeps_both_targets():
    block = only("see [![the chart](chart.svg)](https://example.org/)")

    assert [(s.kind, s.target, block.text[s.start : s.end]) for s in block.spans] == [
        ("link", "https://example.org/", ""),
        ("image", "chart.svg", "the chart"),
    ]


def test_an_exchange_is_known_by_its_usual_spellings():
    assert [exchange_code(name) for name in ("NYSEArca", "nyse  american", "Fed")] == [
        "NYSEARCA",
        "NYSEAMERICAN",
        None,
    ]


# --- sentences ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "The index fell on Jan. 12 after the U.S. Treasury sold notes.",
        "AAON, Inc. (NASDAQ: AAON) gained 1.2% to $98.10.",
        "No. 3 on the list was J. P. Morgan of New York.",
        "Mr. Smith of Sausalito, Calif. said so at 2 p.m. Eastern time.",
        "He spoke in St. Louis, Mo. Gov. Lee did not.",
        "It is, e.g. Apple Inc. shares, not news.",
        "Shares of Berkshire (NYSE: BRK.B) were flat at 494.20 vs. Tuesday.",
        "The rate is 3.50%–3.75% at No. 10.",
        "The Federal Reserve Bank of St. Louis said so.",
        "George W. Bush met Robert F. Kennedy Jr. in Dec. 2005.",
        "The eBay Inc. iPhone app is on sale in the U.K. Parliament.",
    ],
)
def test_abbreviations_and_decimals_end_no_sentence(text):
    assert said(text) == [text]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Stocks fell. Bonds rose.", 2),
        ("It rose 0.7%. The Dow fell 1.2%.", 2),
        ("It happened in the U.S. The dollar fell.", 2),
        ("It closed at 2,600.12. It then fell.", 2),
        ("“It fell.” The rest rose.", 2),
        ("Why? Because! So… Nobody knows.", 4),
        ("Apple Inc. The shares fell.", 2),
        ("It was so in Dec. Then it was not.", 2),
        ("Is it No. 3? No. We doubt it.", 3),
        ("Shares gained (as planned). IShares did too.", 2),
        ("下跌。上涨。", 2),
        ("", 0),
    ],
)
def test_sentences_end_where_a_reader_stops(text, count):
    document = parse(text)

    assert sum(len(sentences(block)) for block in document.blocks) == count


def test_a_link_is_never_cut_in_two():
    (first, second) = sentences(only("It [fell 0.7%. Then rose](fact:abc) again. The end."))

    assert first.text == "It fell 0.7%. Then rose again."
    assert first.text[first.spans[0].start : first.spans[0].end] == "fell 0.7%. Then rose"
    assert second.spans == ()


# --- HTML ------------------------------------------------------------------------------------------------


def test_facts_and_tickers_become_anchors_that_carry_their_meaning():
    html = to_html(parse("the Russell 2000 (NYSEArca: IWM) [fell **0.7%**](fact:n2tdaldv)"), Anchors())

    assert html == (
        '<p>the Russell 2000 (<a class="ticker" href="/quotes/NYSEARCA:IWM/" data-symbol="NYSEARCA:IWM">'
        'NYSEArca: IWM</a>) <a class="fact" href="proof#n2tdaldv" data-fact="n2tdaldv" data-status="verified">'
        '<data value="-0.74">fell <strong>0.7%</strong></data></a></p>\n'
    )


def test_in_a_feed_claims_are_text_and_addresses_absolute():
    source = "(NYSE: T) [fell](fact:n2tdaldv) ![c](chart.svg) [here](/about/) [there](https://other.example/)"

    html = to_html(parse(source), Plain(), base="https://site.example/2026/01/12/slug/")

    assert html == (
        '<p>(NYSE: T) fell <img src="https://site.example/2026/01/12/slug/chart.svg" alt="c" loading="lazy"'
        ' decoding="async"> <a href="https://site.example/about/">here</a>'
        ' <a href="https://other.example/" rel="nofollow noopener">there</a></p>\n'
    )


def test_headings_get_ids_of_their_own_and_never_a_second_h1():
    html = to_html(parse("# News\n\n## News\n\n### News 2\n\n## ***\n\n## Café!\n"), Plain())

    assert re.findall(r'<(h\d) id="([^"]*)"', html)[:3] == [
        ("h2", "h-news"), ("h2", "h-news-2"), ("h3", "h-news-2-2"),
    ]  # fmt: skip
    ids = re.findall(r'id="([^"]*)"', html)
    assert len(ids) == len(set(ids))


def test_a_picture_alone_is_a_figure_with_its_title_as_caption():
    html = to_html(parse('![A line rising](chart.svg "Closing levels")'), Plain())

    assert "<figure><img" in html
    assert 'alt="A line rising"' in html
    assert "<figcaption>Closing levels</figcaption></figure>" in html


HOSTILE = [
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#x09;script:alert(1))",
    "[x](&#1;javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '![x" onerror="alert(1)](x)',
    '[x](/a "\\" onmouseover=\\"alert(1)")',
    "<script>alert(1)</script>",
    "a <script>alert(1)</script> b",
    "<img src=x onerror=alert(1)>",
    "a <img src=x onerror=alert(1)> b",
    "<svg><script>alert(1)</script></svg>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe src='//evil.example'></iframe>",
    "<style>@import 'x'</style>",
    '[x](fact:"><script>alert(1)</script>)',
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "`<script>`\n\n    <script>alert(1)</script>\n",
    "## <script>alert(1)</script> x\n",
    "| <img src=x onerror=alert(1)> |\n|-|\n| <script>x</script> |\n",
    "(NASDAQ: <b>X</b>)",
    "[x](\\\\evil.example)",
]


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.acts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style", "iframe", "svg", "object", "embed", "form", "base", "meta", "link"}:
            self.acts.append(tag)
        for name, value in attrs:
            scheme = re.match(r"\s*([a-z][a-z0-9+.-]*):", re.sub(r"[\x00-\x20]", "", value or "").lower())
            if name.startswith("on") or name in {"style", "srcdoc", "formaction"}:
                self.acts.append(name)
            if name in {"href", "src"} and scheme and scheme[1] not in {"http", "https", "mailto"}:
                self.acts.append(str(value))


class Echo:
    """The most careless page: puts everything it is given into the anchors."""

    def fact(self, target: str, text: str) -> FactAnchor | None:
        return FactAnchor(target, text, target, target)

    def ticker(self, symbol: str) -> str | None:
        return symbol


def acts(html: str) -> list[str]:
    seen = _Seen()
    seen.feed(html)
    seen.close()
    return seen.acts


@pytest.mark.parametrize("source", HOSTILE)
def test_hostile_markup_leaves_nothing_executable(source):
    document = parse(source)

    for links in (Anchors(), Plain(), Echo()):
        assert acts(to_html(document, links)) == []
        assert acts(to_html(document, links, base="https://site.example/")) == []


def test_raw_html_leaves_only_its_visible_text():
    assert to_html(parse("a <script>alert(1)</script> b"), Plain()) == "<p>a alert(1) b</p>\n"
    assert to_html(parse("<div onclick=x>\nraw\n</div>"), Plain()) == ""


# --- text ------------------------------------------------------------------------------------------------


def test_text_is_what_a_reader_sees():
    source = (
        "## Head\n\nThe [index](x) &amp; **all**\nrose ![alt](a.svg).\n\n"
        "| a | b |\n|-|-|\n| 1 | 2 |\n\n<p>raw</p>\n"
    )

    assert to_text(parse(source)) == "Head\n\nThe index & all rose .\n\na | b\n1 | 2"


# --- limits and arbitrary input ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("é" * 500_001, "bytes"),
        ("a\n\n" * (MAX_BLOCKS + 1), "blocks"),
        (">" * 200 + "a", "deep"),
        ("\ud800", "Unicode"),
    ],
)
def test_input_beyond_the_limits_is_refused(source, message):
    with pytest.raises(ValueError, match=message):
        parse(source)


_SCRAPS = st.sampled_from(
    [
        "# ",
        "##  ",
        "- ",
        "1. ",
        "> ",
        "`",
        "```\n",
        "\n",
        "\n\n",
        "\r\n",
        "    ",
        "*",
        "**",
        "_",
        "~~",
        "[",
        "](",
        ")",
        "![",
        "](fact:abc)",
        "(NASDAQ: NVDA)",
        "(nyse:\nA)",
        "<",
        "<b>",
        "</b>",
        "<script>",
        "<!--",
        "-->",
        "&amp;",
        "&#40;",
        "\\",
        "é",
        "€",
        "🙂",
        "a",
        "B",
        ". ",
        "? ",
        "U.S. ",
        "12",
        "0.7%",
        "\t",
        "\x00",
        "]: x\n",
        "<http://a.b>",
        " ",
        " - ",
        " -\n",
        "|",
        "| - | - |\n",
        "\n| a | b |\n| - | - |\n",
    ]
)


def holds(document: Document) -> None:
    """Everything docs/contracts/markdown.md says always holds."""
    for block in document.blocks:
        assert 0 <= block.start <= block.end <= len(document.source)
        assert "\n" not in block.text or block.kind == "code"
        before = 0
        for span in block.spans:
            assert before <= span.start <= span.end <= len(block.text)
            assert 0 <= span.source_start < span.source_end <= len(document.source)
            before = span.end
            construct = document.source[span.source_start : span.source_end]
            if span.kind == "ticker":
                assert (construct[0], construct[-1]) in {("(", ")"), ("&", ";"), ("(", ";"), ("&", ")")}
            else:
                assert construct[0] in "[!<"
        end = 0
        for sentence in sentences(block):
            assert end <= sentence.start < sentence.end
            assert block.text[sentence.start : sentence.end] == sentence.text
            assert block.line <= sentence.line
            end = sentence.end
            for span in sentence.spans:
                assert 0 <= span.start <= span.end <= len(sentence.text)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_SCRAPS, max_size=60).map("".join))
@example("[![a](b)(NASDAQ: X) c. D](fact:x)")
@example("- a\n  > b\n  ```\n  c\n")
def test_any_markup_parses_with_true_offsets_and_harmless_html(source):
    try:
        document = parse(source)
    except ValueError:  # nested too deep
        return

    holds(document)
    assert acts(to_html(document, Echo())) == []
    to_text(document)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_parses_with_true_offsets(source):
    holds(parse(source))


def test_a_month_and_its_day_stand_on_one_line_of_a_page() -> None:
    document = parse("It fell on Jan. 12, rose in May 2025 and fell from March 3 through Sept. 9.")
    page = to_html(document, Plain())

    assert "on Jan.&nbsp;12, rose in May 2025 and fell from March&nbsp;3 through Sept.&nbsp;9." in page
    assert "Jan. 12" in document.blocks[0].text


def test_below_an_empty_corner_stand_headers_of_rows() -> None:
    class NoLinks:
        def fact(self, target: str, text: str) -> None:
            return None

        def ticker(self, symbol: str) -> None:
            return None

    cornered = to_html(parse("|  | Close |\n| --- | ---: |\n| S&P 500 | 1 |\n|  | 2 |\n"), NoLinks())
    named = to_html(parse("| Company | Change |\n| --- | ---: |\n| Apple | 1 |\n"), NoLinks())

    assert '<tr><td></td><th class="right" scope="col">Close</th></tr>' in cornered
    assert '<tr><th scope="row">S&amp;P 500</th><td class="right">1</td></tr>' in cornered
    assert "<tr><td></td><td" in cornered  # a cell without words heads nothing
    assert "<tr><td>Apple</td>" in named
