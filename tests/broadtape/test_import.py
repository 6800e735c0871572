"""`broadtape import`: what a draft of another publisher's article holds, and what never (docs/contracts/import.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from misbehaving import Misbehaving, plain

from broadtape import cli, config, importing, markdown
from broadtape.archive import Archive
from broadtape.extraction import Page, extract
from broadtape.model import Article

PAGES = Path(__file__).resolve().parents[1] / "data" / "pages"
SAMPLE = PAGES / "nvda-rally.html"
HTML = "text/html; charset=utf-8"
SETTINGS = """
[instance]
contact = "desk@example.org"
default_site = "harbour"

[wire]
allow_private = ["localhost"]

[[sources.files]]
name = "listed"
path = "listed.csv"
holds = "instruments"
columns = { symbol = "symbol", name = "name", exchange = "exchange" }

[[sources.files]]
name = "closes"
path = "closes.csv"
holds = "bars"
columns = { symbol = "symbol", date = "date", close = "close" }

[[sources.feeds]]
name = "ledger"
url = "HOME/feed.xml"
"""
SITE = 'name = "Harbour"\nurl = "https://harbour.example"\ntime_zone = "America/Los_Angeles"\n'
MORE = "The bridge was closed to traffic for most of the morning, and the ferries ran late until the evening."
LISTED = "symbol,name,exchange\nNVDA,Nvidia Corp.,NASDAQ\nAMD,Advanced Micro Devices Inc.,NASDAQ\n"
CLOSES = """symbol,date,close
NVDA,2026-01-08,183.00
NVDA,2026-01-09,184.73
NVDA,2026-01-12,183.99
AMD,2026-01-08,206.00
AMD,2026-01-09,207.69
AMD,2026-01-12,210.60
"""
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Ledger</title><item>
<title>Chip shares lead a quiet session higher</title><link>https://ledger.example/2026/01/12/chip-shares-lead/</link>
<pubDate>Mon, 12 Jan 2026 14:31:00 GMT</pubDate></item></channel></rss>"""


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    scripts = {
        "/story": plain(
            SAMPLE.read_bytes().replace(b'href="/2026', b'href="https://ledger.example/2026'), kind=HTML
        ),
        "/feed.xml": plain(FEED.encode(), kind="application/rss+xml"),
        "/robots.txt": plain(b"User-agent: *\nDisallow: /private/\n"),
        "/private/story": plain(SAMPLE.read_bytes(), kind=HTML),
        "/paper.pdf": plain(b"%PDF-1.7", kind="application/pdf"),
        "/gone": plain(b"no", status=410),
        "/front": plain(b"<html><body><p>Just a few words.</p></body></html>", kind=HTML),
    }
    with Misbehaving(scripts) as made:
        yield made


@pytest.fixture
def room(tmp_path: Path, server: Misbehaving) -> Path:
    content = tmp_path / "content"
    (content / "sites" / "harbour").mkdir(parents=True)
    (content / "broadtape.toml").write_text(SETTINGS.replace("HOME", server.home))
    (content / "sites" / "harbour" / "site.toml").write_text(SITE)
    (content / "listed.csv").write_text(LISTED)
    (content / "closes.csv").write_text(CLOSES)
    return tmp_path


def run(room: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(cli.main, ["-C", str(room), "import", *(str(word) for word in words)])


def told(room: Path, *words: str | Path) -> dict[str, Any]:
    done = run(room, *words, "--json")
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def drafts(room: Path) -> list[Article]:
    return [one for one in Archive(room / "content").scan()[0] if one.origin == "import"]


def test_a_page_becomes_an_attributed_draft(room: Path) -> None:
    got = told(room, SAMPLE)

    [draft] = drafts(room)
    assert (got["outcome"], draft.status, draft.origin) == ("filed", "draft", "import")
    assert draft.title == "Chip shares lead a quiet session higher"
    assert draft.source is not None
    assert (draft.source.name, draft.source.url) == (
        "Bayfront Ledger",
        "https://ledger.example/2026/01/12/chip-shares-lead/",
    )
    assert draft.symbols == ("NASDAQ:NVDA", "NASDAQ:AMD", "NASDAQ:INTC", "FRA:INL")
    imported = draft.extra["imported"]
    assert isinstance(imported, dict)
    assert (imported["published"], imported["authors"]) == (
        "2026-01-12T09:30:00-05:00",
        ["Ana Ruiz", "Tom Okafor"],
    )
    assert draft.date.utcoffset() == datetime.now(config.load(room).sites["harbour"].time_zone).utcoffset()


def test_nothing_of_the_others_text_is_kept_but_headline_and_excerpt(room: Path) -> None:
    told(room, SAMPLE)

    [draft] = drafts(room)
    filed = Path(draft.path).read_text("utf-8")
    text = extract(Page(body=SAMPLE.read_bytes(), name="x"), now=datetime.now(UTC)).text
    allowed = f"{draft.title} {draft.summary}"
    runs = [text.split()[place : place + 5] for place in range(len(text.split()) - 4)]
    assert [run for run in runs if " ".join(run) in filed and " ".join(run) not in allowed] == []
    assert len(draft.summary) <= 300
    assert [one for one in (room / "var").rglob("*") if one.is_file()] == []


def test_what_is_to_be_checked_is_listed_by_line_instrument_and_figure(room: Path) -> None:
    claims = told(room, SAMPLE)["claims"]

    lines = SAMPLE.read_text("utf-8").splitlines()
    first = next(one for one in claims if "NASDAQ:NVDA" in one["about"])
    assert (first["kind"], first["figures"]) == ("return", ["2.1%", "Monday", "Tuesday"])
    assert "Nvidia" in lines[first["line"] - 1]
    record = next(one for one in claims if one["kind"] == "record")
    assert "6,977.27" in record["figures"]


def test_with_a_store_symbols_are_those_that_are_listed_and_the_feed_votes(room: Path) -> None:
    fetched = CliRunner().invoke(cli.main, ["-C", str(room), "fetch"])
    assert fetched.exit_code == 0, fetched.output

    got = told(room, SAMPLE)

    assert got["symbols"] == ["NASDAQ:NVDA", "NASDAQ:AMD"]
    assert [one["by"] for one in got["votes"]][:2] == ["feed", "json-ld"]
    assert got["published"] == "2026-01-12T14:31:00+00:00"
    judged = {
        one["about"][0]: (one["status"], one.get("computed"))
        for one in got["claims"]
        if one["kind"] == "move"
    }
    assert judged["NASDAQ:NVDA"] == ("unverifiable", "−0.40%"), "published before the session was over"
    assert judged["NASDAQ:AMD"] == ("verified", "1.40%")
    later = room / "later.txt"
    later.write_text(
        f"Chips rise on the day\n\nNvidia rose 2.1% on Monday, Jan. 12, 2026. {MORE}\n\n{MORE}\n"
    )
    again = told(room, later, "--url", "https://ledger.example/2026/01/13/chips")
    assert [(one["status"], one["computed"], one["line"]) for one in again["claims"]] == [
        ("contradicted", "−0.40%", 3)
    ]


def test_importing_the_same_address_again_leaves_the_draft_that_is_there(room: Path) -> None:
    told(room, SAMPLE)
    [draft] = drafts(room)
    path = Path(draft.path)
    path.write_text(path.read_text("utf-8").replace("Chip shares", "Chip makers' shares"), "utf-8")
    edited = path.read_bytes()

    again = told(room, SAMPLE)

    assert (again["outcome"], len(drafts(room))) == ("kept", 1)
    assert path.read_bytes() == edited


def test_an_address_is_asked_once_by_name_and_its_robots_are_obeyed(room: Path, server: Misbehaving) -> None:
    got = told(room, f"{server.home}/story")

    assert got["source"]["url"] == "https://ledger.example/2026/01/12/chip-shares-lead/"
    assert any("copy of a page of ledger.example" in one for one in got["notices"])
    assert server.paths() == ["/story"] or server.paths() == ["/robots.txt", "/story"]
    assert all("desk@example.org" in one.headers["user-agent"] for one in server.log)
    refused = run(room, f"{server.home}/private/story")
    assert refused.exit_code == 1
    assert "disallowed" in refused.stderr
    assert "save the page with a browser" in refused.stderr
    assert "/private/story" not in [one.path for one in server.log]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/paper.pdf", "application/pdf"),
        ("/gone", "gone"),
        ("/nowhere", "404"),
        ("/front", "no article found"),
    ],
)
def test_what_is_no_article_is_told_in_one_line(
    room: Path, server: Misbehaving, path: str, words: str
) -> None:
    done = run(room, f"{server.home}{path}")

    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert words in done.stderr
    assert drafts(room) == []


def test_a_private_address_is_not_connected_to(room: Path, server: Misbehaving) -> None:
    done = run(room, f"http://127.0.0.1:{server.port}/story")

    assert done.exit_code == 1
    assert "not public" in done.stderr
    assert server.log == []


def test_a_text_needs_its_address_for_an_attribution(room: Path) -> None:
    text = PAGES / "town-page.txt"

    refused = run(room, text)
    assert (refused.exit_code, "--url" in refused.stderr) == (1, True)
    got = told(room, text, "--url", "https://town.example/banks", "--site", "harbour")
    assert (got["source"]["url"], got["conflict"]) == (
        "https://town.example/banks",
        "as of 2026-01-09, text says 2021-03-03",
    )
    assert drafts(room)[0].sites == ("harbour",)


def test_a_page_on_standard_input_is_read_and_json_tells_all_that_was_found(room: Path) -> None:
    words = ["-C", str(room), "import", "-", "--json"]
    done = CliRunner().invoke(cli.main, words, input=SAMPLE.read_bytes())

    got = json.loads(done.stdout)
    assert got["updated"] == "2026-01-12T11:02:00-05:00"
    assert got["sections"] == ["What the rest of the market did", "What comes next"]
    assert got["tables"][0]["rows"] == [["Technology", "0.9%"], ["Energy", "-0.7%"]]
    assert [one["symbol"] for one in got["quotes"]] == ["NVDA", "AMD", "TSLA"]
    assert got["tickers"][0] == {"symbol": "NASDAQ:NVDA", "name": "Nvidia", "line": 31}
    assert got["disclaimer"].endswith("financial advice.")


def test_a_dry_run_files_nothing(room: Path) -> None:
    done = run(room, SAMPLE, "--dry-run")

    assert done.exit_code == 0, done.stderr
    assert "nothing filed" in done.stdout
    assert drafts(room) == []


@pytest.mark.parametrize("words", [("--site", "elsewhere"), ("--url", "javascript:x"), ("--symbol", "nvda")])
def test_wrong_use_is_told_as_such(room: Path, words: tuple[str, ...]) -> None:
    assert run(room, SAMPLE, *words).exit_code == 2


HOSTILE = [
    "[free money](javascript:alert(1)) now",
    "<script>alert(1)</script> shares rose",
    "![](https://spy.example/pixel.png)",
    "1. first\n2. second",
    "# not a heading",
    "> not a quotation",
    "a claim [rose 5%](fact:return?of=NASDAQ:NVDA)",
    "https://spam.example/ and `code` and |a|b|",
    "&lt;b&gt; &amp; *strong* _weak_ ~~gone~~",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_anothers_words_are_words_and_never_markup(words: str) -> None:
    said = " ".join(words.split())

    document = markdown.parse(f"> {importing.escaped(words)}\n")

    [block] = document.blocks
    assert (block.kind, block.text, block.spans) == ("quote", said, ())


@given(st.text(alphabet="a1 .)(*_[]<>#|~!&;$^{}=+-:@`\\\"'/\t", min_size=1, max_size=60))
def test_no_words_can_become_markup(words: str) -> None:
    said = " ".join(words.split())
    if not said:
        return

    blocks = markdown.parse(f"> {importing.escaped(words)}\n").blocks

    assert [(one.kind, one.text) for one in blocks] == [("quote", said)]
    assert [span for one in blocks for span in one.spans] == []
