"""`broadtape chrome import`: an operator's page as header and footer of a site (docs/contracts/chrome.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
import tinycss2
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from hypothesis import example, given, settings
from hypothesis import strategies as st
from misbehaving import Misbehaving, plain
from web_fakes import NOW, FakeCatalogue, FakeSearch, busy, instance

from broadtape import cli, resources
from broadtape.borrowing import FOOTER, HEADER, Borrowed, NothingToBorrow, borrow
from broadtape.borrowing.styles import BASE, Sheet
from broadtape.heartbeat import settings_digest
from broadtape.printing import links
from broadtape.web import create_app
from broadtape.web.press import STATIC

SITES = Path(__file__).resolve().parents[1] / "data" / "sites"
TOWN = SITES / "town" / "index.html"
ALL = sorted(SITES.glob("*/*.html"))
SETTINGS = (
    '[instance]\ncontact = "desk@example.org"\ndefault_site = "mill"\n[wire]\nallow_private = ["localhost"]\n'
)
JINJA = r"\{[{%#].*?[}%#]\}"
SITE = 'name = "Millbrook"\nurl = "https://news.millbrook.example"\n'


def taken(page: Path | str, **more: object) -> Borrowed:
    body = page.read_bytes() if isinstance(page, Path) else page.encode()
    folder = page.parent if isinstance(page, Path) else None

    def fetch(where: str) -> bytes | None:
        path = folder / where if folder and "://" not in where else None
        return path.read_bytes() if path and path.is_file() else None

    given: dict[str, object] = {"address": "", "allowed": (), "fetch": fetch, **more}
    return borrow(body, source="page.html", name="Millbrook", **given)  # type: ignore[arg-type]  # words of tests


def rendered(template: str, tmp_path: Path) -> str:
    """A template as a site's own, with a chrome that has what the contract of pages says."""
    folder = tmp_path / "templates" / "chrome"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "part.html").write_text(template)
    link = SimpleNamespace(title="Markets", address="/markets/", current=False)
    chrome = SimpleNamespace(
        preview=True,
        site="Millbrook",
        sections=(link,),
        legal=(link,),
        credits="Photos",
        rights="Copyright © 2026",
    )
    return (
        resources.environment([tmp_path / "templates"]).get_template("chrome/part.html").render(chrome=chrome)
    )


class Seen(HTMLParser):
    """Every element and attribute of a markup."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "br", "hr", "wbr", "input", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)


@pytest.mark.parametrize("page", ALL, ids=lambda path: path.parent.name)
def test_a_page_gives_balanced_templates_that_render_and_hold_nothing_that_acts(
    page: Path, tmp_path: Path
) -> None:
    got = taken(page)

    for template in (got.header, got.footer):
        text = rendered(template, tmp_path)
        seen = Seen(text)
        assert (seen.open, seen.unbalanced) == ([], [])
        ours = {"form", "input", "button", "label", "link", "header", "footer"}
        assert not {tag for tag, _ in seen.tags} & {
            "script",
            "style",
            "iframe",
            "object",
            "svg",
            "h1",
            "main",
            "meta",
        }
        for tag, attributes in seen.tags:
            assert not [
                name for name in attributes if name.startswith("on") or name in ("style", "srcdoc")
            ], tag
            if tag in ours:
                continue
            for name in ("href", "src"):
                value = attributes.get(name) or "https://"
                assert re.match(r"https?://|mailto:|tel:|/[a-z]|#main", value), (tag, value)


def test_what_stands_before_the_article_is_header_and_what_stands_after_it_footer() -> None:
    got = taken(TOWN)

    assert "Book online or call" in got.header
    assert "Visit Millbrook" in got.header
    assert "Photos by Ana Ruiz" in got.footer
    for words in ("The mill reopens", "Farmers' market", "We use cookies", "newsletter", "Hidden", "Skip"):
        assert words not in got.header.replace("Skip to the story", "") + got.footer, words


def test_nothing_that_a_borrowed_part_places_lies_over_the_story() -> None:
    css = (
        "body, .all { position: absolute; inset: 0; height: 100vh } .framed { contain: none; display: block }"
    )
    links = "".join(
        f'<a href="https://town.example/{name}">{name}</a> ' for name in ("News", "Sport", "Jobs")
    )
    page = (
        f"<html><head><style>{css}</style></head><body><header class='all framed'>{links}</header>"
        f"<main><p>{'The mill reopens on Monday. ' * 20}</p></main><footer>Town</footer></body></html>"
    )
    got = taken(page)
    ours = (STATIC.parent / "static" / "site.css").read_text("utf-8")

    assert re.search(
        r'<div class="framed">\s*<div class="own ', got.header
    )  # the page's own classes begin with own-
    assert ".framed" not in got.style
    assert re.search(r"^\.framed \{ contain: layout paint;", ours, re.MULTILINE)


def test_links_become_absolute_and_what_leads_nowhere_is_dropped() -> None:
    links = re.findall(r'href="([^"{]+)"', taken(TOWN).header)

    assert "https://www.millbrook.example/guide/eat" in links
    assert "tel:+18555550134" in links
    assert not [one for one in links if "javascript" in one or "secret" in one]


def test_no_word_of_the_page_is_read_as_jinja(tmp_path: Path) -> None:
    got = taken(TOWN)

    assert "{{ config }}" in rendered(got.header, tmp_path).replace("&#123;", "{").replace("&#125;", "}")
    assert "{# note #}" in rendered(got.footer, tmp_path).replace("&#123;", "{").replace("&#125;", "}")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="{}%#-+ abc'\"<>&;/=._[]()|~\n", max_size=60))
@example("b'><{{ x }} y='")
@example("b' {=c '><{ a'")
def test_any_words_leave_only_our_own_jinja(words: str) -> None:
    link = f"<a href='https://x.example/{words}' title='{words}'>{words}</a>"
    page = f"<body><header class='{words}'>Name {words}{link}</header><main><p>Story</p></main>"
    try:
        got = taken(f"{page}<footer>End {words}</footer></body>")
    except NothingToBorrow:  # words that begin an element may swallow all that follows
        return

    ours = [*re.findall(JINJA, HEADER.replace("{{", "{").replace("}}", "}")), "{{ chrome.site }}"]
    ours += re.findall(JINJA, FOOTER.replace("{{", "{").replace("}}", "}"))
    for template in (got.header, got.footer):
        found = re.findall(JINJA, template)
        assert [one for one in found[1:] if one not in ours] == []
        assert found[0] == "{# Borrowed from page.html by 'broadtape chrome import'; yours to change. #}"


def test_pictures_and_drawings_are_copied_and_named() -> None:
    got = taken(TOWN)

    logo = next(name for name in got.files if name.startswith("logo-"))
    drawing = next(name for name in got.files if name.endswith(".svg"))
    assert got.files[logo] == (TOWN.parent / "logo.png").read_bytes()
    assert f'src="/chrome/{logo}"' in got.header
    assert b"script" not in got.files[drawing]
    assert b"onload" not in got.files[drawing]
    assert 'alt="Your account"' in got.header
    assert 'alt="Millbrook"' in got.header, "a picture that is all of a link says where it leads"


def test_a_picture_stays_where_it_is_only_if_the_site_allows_its_host() -> None:
    page = "<body><header><img src='https://img.example/a.png'>Name</header><main><p>Story</p></main></body>"

    assert "img.example" not in taken(page).header
    assert 'src="https://img.example/a.png"' in taken(page, allowed=("img.example",)).header


def test_a_file_that_is_no_picture_is_not_copied() -> None:
    page = "<body><header><img src='a.png'>Name</header><main><p>Story</p></main></body>"

    got = taken(page, fetch=lambda where: b"<html><script>alert(1)</script>")

    assert got.files == {}
    assert any("a.png" in one for one in got.left_out)


def rules(css: str) -> list[str]:
    return [
        tinycss2.serialize(one.prelude).strip()
        for one in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
        if one.type == "qualified-rule"
    ]


def test_styles_are_confined_and_renamed() -> None:
    style = taken(TOWN).style

    assert all(one.startswith(".own") for one in rules(style))
    assert ".own .own-promo a{" in style
    assert ".own.own-guide .own-id-page{" in style
    assert ".own .own-tag-header{" in style
    assert "var(--river)" in style


@pytest.mark.parametrize(
    "css",
    [
        "a{background:url(https://tracker.example/p.gif)}",
        "a{background:url(javascript:alert(1))}",
        "a{width:expression(alert(1))}",
        "a{behavior:url(x.htc)}",
        "a{-moz-binding:url(x)}",
        "@import 'https://tracker.example/x.css';",
        "@font-face{font-family:x;src:url(https://tracker.example/f)}",
        "a{position:fixed;top:0}",
        "a{content:'\\3c script\\3e'}",
        "a[href^='https://bank']{color:red}",
        "@keyframes x{from{color:red}}",
        "a{color:red\\9}",
        "a{background:image-set('https://tracker.example/a.png' 1x)}",
        "</style><script>alert(1)</script>{color:red}",
        "a{color:env(x)} b{--x:url(https://tracker.example)}",
    ],
)
def test_styles_that_fetch_or_act_are_dropped(css: str) -> None:
    sheet = Sheet(lambda where, written: "")
    sheet.add(css, "https://town.example/")

    text = sheet.text
    for words in (
        "tracker",
        "javascript",
        "expression",
        "behavior",
        "binding",
        "fixed",
        "script",
        "bank",
        "keyframes",
        "<",
    ):
        assert words not in text, words


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="abc.#:>{}()[];,*+~@\"'\\/-!<= \n0u&rl", max_size=120))
def test_any_styles_stay_within_the_borrowed_parts(css: str) -> None:
    sheet = Sheet(lambda where, written: "")
    sheet.add(css)
    sheet.inline(css, ".own .own-s1")

    for rule in tinycss2.parse_stylesheet(
        sheet.text.removeprefix(BASE), skip_comments=True, skip_whitespace=True
    ):
        assert rule.type == "qualified-rule", rule
        outside = re.sub(r"\([^()]*\)", "", tinycss2.serialize(rule.prelude))
        assert all(one.strip().startswith(".own") for one in outside.split(",")), outside
    assert "url(" not in sheet.text


@pytest.mark.parametrize(
    "css",
    [
        "body ~ div{display:none}",
        "+ main{display:none}",
        "html + x{display:none}",
        ":root ~ *{display:none}",
        "body/**/~/**/div{display:none}",
        "body:is(.x > .y) ~ div{display:none}",
        ":root:is(.x > .y) ~ div{display:none}",
    ],
)
def test_no_selector_reaches_what_stands_beside_a_borrowed_part(css: str) -> None:
    sheet = Sheet(lambda _where, _written: "")
    sheet.add(f"{css} body.wide > .a + .b{{color:red}}")

    assert sheet.text.removeprefix(BASE) == ".own.own-wide .own-a + .own-b{color:red}\n"


@pytest.mark.parametrize("address", [r"x\")}*{color:red}.y{a:url(\"", r"x\22 )}*{color:red}.y{a:url(\22 "])
def test_no_address_of_a_picture_ends_its_value(address: str) -> None:
    sheet = Sheet(lambda where, _written: where)
    sheet.add(f'.a{{background:url("https://pics.example/{address}")}}')

    rules = [
        one
        for one in tinycss2.parse_stylesheet(sheet.text.removeprefix(BASE))
        if one.type == "qualified-rule"
    ]
    assert len(rules) == 1


def test_a_copied_drawing_holds_nothing_that_acts() -> None:
    svg = (
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="a()"><script>a()</script><style>.a{fill:red}</style>'
        b'<image href="https://evil.example/x"/><a href="javascript:a()"><path class="a" d="M0 0h1"/></a>'
        b'<foreignObject><p onclick="a()">x</p></foreignObject><animate attributeName="href"/></svg>'
    )
    page = f"<header><img src=https://t.example/a.svg alt=a></header><main>{'<p>word word</p>' * 90}</main>"
    (data,) = taken(page, fetch=lambda _: svg).files.values()

    assert b"<path" in data
    assert b".a{fill:red}" in data
    assert not re.search(rb"script|onload|onclick|evil|foreign|animate", data)


def test_a_file_that_does_not_say_where_it_is_from_is_told_how_to(tmp_path: Path, room: Path) -> None:
    links = "<a href=/news>News</a><a href=/sport>Sport</a>"
    saved = tmp_path / "page.html"
    saved.write_text(f"<header>{links}</header><main>{'<p>word word</p>' * 90}</main><footer>End</footer>")

    bare = CliRunner().invoke(cli.main, ["-C", str(room), "chrome", "import", str(saved), "--dry-run"])
    named = CliRunner().invoke(
        cli.main, ["-C", str(room), "chrome", "import", str(saved), "--url", "https://t.example/x", "--json"]
    )
    wrong = CliRunner().invoke(
        cli.main, ["-C", str(room), "chrome", "import", str(saved), "--url", "t.example"]
    )

    assert "--url ADDRESS" in bare.stdout
    assert "2 links that lead nowhere from here" in bare.stdout
    assert 'href="https://t.example/news"' in json.loads(named.stdout)["header"]
    assert wrong.exit_code == 1
    assert "https://www.example.org/" in wrong.stderr


def test_what_was_left_out_is_told() -> None:
    told = taken(TOWN).left_out

    assert {"1 form", "1 frame", "1 event handler", "1 @import", "1 @font-face"} <= set(told)
    assert any("aside.sidebar" in one for one in told)
    assert any("fonts.cdn.example" in one for one in told)


@pytest.mark.parametrize(
    "page", ["", "<body></body>", "<main><p>Story</p></main>", "just words", "<p>" * 5000]
)
def test_a_page_without_header_and_footer_gives_nothing(page: str) -> None:
    with pytest.raises(NothingToBorrow):
        taken(page)


# --- the command and the pages ----------------------------------------------------------------------------


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "content" / "sites" / "mill").mkdir(parents=True)
    (tmp_path / "content" / "broadtape.toml").write_text(SETTINGS)
    (tmp_path / "content" / "sites" / "mill" / "site.toml").write_text(SITE)
    return tmp_path


def run(room: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(cli.main, ["-C", str(room), "chrome", "import", *(str(word) for word in words)])


def test_the_command_writes_templates_styles_and_pictures(room: Path) -> None:
    done = run(room, TOWN)

    assert done.exit_code == 0, done.stderr
    site = room / "content" / "sites" / "mill"
    found = {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
    assert {"templates/chrome/header.html", "templates/chrome/footer.html", "chrome/style.css"} <= found
    assert any(re.fullmatch(r"chrome/logo-[0-9a-f]{10}\.png", one) for one in found)
    assert "left out:" in done.stdout


def test_templates_that_are_there_are_replaced_only_when_asked_and_then_kept_beside(room: Path) -> None:
    run(room, TOWN)
    header = room / "content" / "sites" / "mill" / "templates" / "chrome" / "header.html"
    header.write_text("mine")

    refused = run(room, TOWN)
    assert (refused.exit_code, "--replace" in refused.stderr) == (1, True)
    assert header.read_text() == "mine"
    assert run(room, TOWN, "--replace").exit_code == 0
    assert header.with_name("header.html.bak").read_text() == "mine"
    assert "Millbrook" in header.read_text()


def test_a_dry_run_writes_nothing_and_json_tells_all(room: Path) -> None:
    done = run(room, TOWN, "--dry-run", "--json")

    assert json.loads(done.stdout)["written"] == []
    assert not (room / "content" / "sites" / "mill" / "templates").exists()


def test_a_file_reaches_nothing_outside_its_folder(room: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes((TOWN.parent / "logo.png").read_bytes())
    page = tmp_path / "saved" / "page.html"
    page.parent.mkdir()
    page.write_text("<header><img src='../secret.png'>Name</header><main><p>Story</p></main>")

    done = run(room, page)

    assert done.exit_code == 0, done.stderr
    assert not list((room / "content").rglob("secret*"))


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    scripts = {
        "/guide/": plain(
            TOWN.read_bytes().replace(b'<base href="https://www.millbrook.example/guide/">', b""),
            kind="text/html",
        ),
        "/guide/town.css": plain((TOWN.parent / "town.css").read_bytes(), kind="text/css"),
        "/guide/logo.png": plain((TOWN.parent / "logo.png").read_bytes(), kind="image/png"),
        "/guide/waves.png": plain(b"not a picture", kind="image/png"),
    }
    with Misbehaving(scripts) as made:
        yield made


def test_an_address_is_asked_with_its_styles_and_pictures(room: Path, server: Misbehaving) -> None:
    done = run(room, f"{server.home}/guide/")

    assert done.exit_code == 0, done.stderr
    header = (room / "content" / "sites" / "mill" / "templates" / "chrome" / "header.html").read_text()
    assert f'href="{server.home}/guide/stay"' in header
    assert "/chrome/logo-" in header
    assert f"picture that could not be copied: {server.home}/guide/waves.png" in done.stdout


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    there = instance(tmp_path)
    assert run(tmp_path, TOWN, "--site", "sausalito").exit_code == 0
    catalogue = busy(FakeCatalogue(), tmp_path)
    app = create_app(
        there,
        catalogue=catalogue,  # type: ignore[arg-type]  # the fake stands in
        search=FakeSearch(catalogue),
        clock=lambda: NOW,
    )
    return app.test_client()


def test_pages_stand_in_the_borrowed_chrome_under_the_same_policy(client: FlaskClient) -> None:
    page = client.get("/", base_url="https://sausalito.example")

    assert page.status_code == 200
    assert "Book online or call" in page.text
    assert "Photos by Ana Ruiz" in page.text
    assert "is not financial advice" in page.text
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.text.count("<h1") == 1
    assert page.text.count("<footer") == page.text.count("<header") == 1, (
        "one landmark of each kind holds all of it"
    )
    for address in re.findall(r'"(/chrome/[^"]+)"', page.text):
        answer = client.get(address, base_url="https://sausalito.example", buffered=True)
        assert answer.status_code == 200, address
        assert ("immutable" in answer.headers["Cache-Control"]) == (address != "/chrome/style.css")


@pytest.mark.parametrize(
    "name", ["../site.toml", "site.toml", "x.html", "..%2fsite.toml", "style.CSS", ".bak", "none.png"]
)
def test_only_files_of_the_borrowed_chrome_are_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/chrome/{name}", base_url="https://sausalito.example").status_code == 404


def test_pages_are_printed_with_all_files_of_the_borrowed_chrome(client: FlaskClient, tmp_path: Path) -> None:
    site = instance(tmp_path).sites["sausalito"]
    names = {path.name for path in (site.folder / "chrome").iterdir()}

    found: set[str] = set()
    for address in ("/", "/chrome/style.css"):
        answer = client.get(address, base_url="https://sausalito.example", buffered=True)
        found |= {one for one in links(site, list(answer.headers), answer.data) if one.startswith("/chrome/")}

    assert found == {f"/chrome/{name}" for name in names}


def test_a_changed_style_is_seen_by_those_who_serve(tmp_path: Path) -> None:
    instance(tmp_path)
    assert run(tmp_path, TOWN, "--site", "sausalito").exit_code == 0
    before = settings_digest(tmp_path)

    (tmp_path / "content" / "sites" / "sausalito" / "chrome" / "style.css").write_text(".own{color:#000}")

    assert settings_digest(tmp_path) != before


PROSE = (
    "<p>"
    + "The council voted on Tuesday night to approve a new dock at the end of Main Street. " * 5
    + "</p>"
)


def test_a_page_laid_out_in_tables_keeps_its_width_its_middle_and_its_cells_room() -> None:
    page = (
        "<body bgcolor=#cccc99><center><table width=780 bgcolor=#FFFFFF cellspacing=0>"
        "<tr><td><table cellpadding=6 align=center><tr><td valign=top><a href=https://x.example/n>News</a></td></tr></table>"
        f"</td></tr><tr><td>{PROSE}</td></tr><tr><td align=center>Copyright 2005</td></tr></table></center></body>"
    )

    made = taken(page, address="https://x.example/")

    for part in (made.header, made.footer):
        frame = re.search(r'<div class="own-tag-center[^"]*"><table class="(own-s\d+)"', part)
        assert frame is not None
        kept = rule(made.style, frame[1])
        assert {"width:780px", "background-color:#FFFFFF", "border-spacing:0px"} <= kept
    assert ".own :where(.own-tag-center)>:where(table){margin-inline:auto}" in made.style
    inner = re.search(r'<table class="(own-s\d+)"><tbody><tr>\s*<td class="(own-s\d+)"><a', made.header)
    assert inner is not None
    assert rule(made.style, inner[1]) == {"margin-inline:auto"}
    assert rule(made.style, inner[2]) == {"padding:6px", "vertical-align:top"}


def rule(style: str, name: str) -> set[str]:
    """The declarations of a class of the importer's own."""
    found = re.search(rf"(?m)^\.own \.{name}\{{([^}}]*)\}}$", style)
    assert found is not None, style
    return set(found[1].split(";"))


@pytest.mark.parametrize(("place", "kept"), [("fixed", True), ("relative", False)])
def test_no_room_is_kept_for_a_bar_that_no_longer_stands_over_the_page(place: str, kept: bool) -> None:
    page = (
        f"<style>body{{padding-top:56px}}nav{{position:{place}}}</style><body><nav><a href=https://x.example/n>News</a></nav>"
        f"<main>{PROSE}</main><footer>Copyright</footer>"
    )

    style = taken(page, address="https://x.example/").style

    assert (style.rstrip().splitlines()[-1] == ".own{padding-top:0}") is kept


def test_an_operators_block_is_none_of_the_borrowed_chromes_parts() -> None:
    blocks = (resources.templates() / "chrome" / "blocks.html").read_text("utf-8")

    assert not re.search(r'class="[^"{]*\bown\b', blocks)
