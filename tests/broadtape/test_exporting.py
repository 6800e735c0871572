"""Export: the bytes that are served, as files; only what changed is written, and nginx gives them out as we do."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
from click.testing import CliRunner
from fakes import FakeMarket
from newsroom import Newsroom
from test_printing import ask

from broadtape.cli import main
from broadtape.exporting import MANIFEST, CannotExport, Exported, export, file_of
from broadtape.printing import Printer
from broadtape.serving import Reader
from broadtape.web.press import static_address

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"
UP = "Aaa [rose 3.02%](fact:return?of=NASDAQ:AAA&over=2s) in two sessions. (NASDAQ: AAA)"


def furnished(root: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    market = FakeMarket("2026-01-20", {"NASDAQ:AAA": "100.00 101.00 103.02"}, public=["NASDAQ:AAA"])
    made = Newsroom(
        root, monkeypatch, market=market, settings='audience = "public"\ncontact = "desk@example.org"\n'
    )
    for number in range(22):  # two pages of a topic
        when = f"2026-01-{1 + number % 18:02d}T10:00:00-08:00"
        made.post(f"s{number}", f"Text {number}.", when=when, topics="[x]", sites="[bay]")
    made.post("up", UP, when="2026-01-20T09:00:00-08:00", topics="[moves]")
    made.post("gone", "Taken back.", when="2026-01-03T09:00:00-08:00", status="withdrawn", note="A mistake.")
    made.post("new", "Moved.", when="2026-01-04T09:00:00-08:00", aliases="[/2026/01/04/old/]")
    made.publish()
    return made


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    return furnished(tmp_path / "room", monkeypatch)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Newsroom, Path, Exported]]:
    """One export for the tests that only look at it."""
    folder = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        made = furnished(folder / "room", patch)
        yield made, folder / "out", run(made, folder / "out")


def run(newsroom: Newsroom, folder: Path, **more: Any) -> Exported:
    return export(newsroom.instance, folder, now=lambda: newsroom.now, **more)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_every_file_has_the_bytes_that_are_served(exported: tuple[Newsroom, Path, Exported]) -> None:
    newsroom, out, done = exported
    reader = Reader(newsroom.root)
    printer = Printer(newsroom.instance)
    pages = [(address, status) for address, _, status in printer.store.tags("bay")]
    printer.close()

    assert done.failed == []
    assert {"/", "/2026/01/20/up/", "/2026/01/20/up/proof", "/topics/x/?page=2", "/feed.xml"} <= {
        a for a, _ in pages
    }
    compared = 0
    for address, status in pages:
        if status != 200:
            continue
        path = out / "bay" / file_of(address)
        _, headers, body = ask(reader, address)
        assert path.read_bytes() == body, address
        for suffix, encoding, unpack in ((".gz", "gzip", gzip.decompress), (".br", "br", brotli.decompress)):
            beside = path.with_name(path.name + suffix)
            assert beside.exists() == ("Accept-Encoding" in headers.get("Vary", "")), address
            if beside.exists():
                assert unpack(beside.read_bytes()) == body
                assert ask(reader, address, ACCEPT_ENCODING=encoding)[2] == beside.read_bytes()
        compared += 1
    assert compared > 60
    assert b"Contact: mailto:desk@example.org" in (out / "bay" / ".well-known" / "security.txt").read_bytes()
    # Every address that a page leads to is there, save what visitors ask each differently.
    for path in (out / "bay").rglob("*.html"):
        for link in re.findall(r'(?:href|src)="(/(?!/)[^"#]*)', path.read_text()):
            if (
                not link.startswith(("/search", "/editor", "/api/"))
                and "?range" not in link
                and "vs=" not in link
            ):
                name = file_of(link if "?page=" in link else link.partition("?")[0])
                assert (out / "bay" / name).exists(), (path, link)


def test_a_second_export_writes_nothing_and_a_change_only_what_differs(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(newsroom, out)
    first = files(out)

    again = run(newsroom, out)

    assert (again.written, again.removed) == (0, 0)
    assert files(out) == first
    newsroom.post("up", UP + " More.", when="2026-01-20T09:00:00-08:00", topics="[moves]")
    (newsroom.content / "articles/2026/01/s3.md").unlink()
    newsroom.publish()
    changed = run(newsroom, out)
    after = files(out)

    assert "bay/2026/01/04/s3/index.html" in first.keys() - after.keys()
    assert not (out / "bay/2026/01/04/s3").exists()
    assert after["bay/2026/01/20/up/index.html"] != first["bay/2026/01/20/up/index.html"]
    assert after["bay/about/index.html"] == first["bay/about/index.html"]
    assert 0 < changed.written < changed.kept
    assert changed.removed >= 2  # the page and its Markdown
    newsroom.post("s3", "Text 3.", when="2026-01-04T10:00:00-08:00", topics="[x]", sites="[bay]")
    newsroom.publish()
    run(newsroom, out)
    assert files(out).keys() == first.keys()


def test_a_file_that_somebody_removed_is_written_again(exported: tuple[Newsroom, Path, Exported]) -> None:
    newsroom, out, _ = exported
    (out / "bay/about/index.html").unlink()

    assert run(newsroom, out).written == 1
    assert (out / "bay/about/index.html").exists()


def test_one_site_is_exported_without_touching_the_other(newsroom: Newsroom, tmp_path: Path) -> None:
    out = tmp_path / "out"
    newsroom.site("hill", more='indexing = "canonical"\n')
    newsroom.publish()
    run(newsroom, out, sites=("hill",))
    assert (out / "hill/2026/01/20/up/index.html").exists()
    assert not (out / "bay").exists()
    assert not (out / "hill/2026/01/04/s3").exists()

    run(newsroom, out, sites=("bay",))

    assert (out / "hill/index.html").exists()
    assert (out / "bay/index.html").exists()
    assert run(newsroom, out).removed == 0


def test_files_bear_the_time_at_which_their_bytes_first_stood(
    exported: tuple[Newsroom, Path, Exported],
) -> None:
    newsroom, out, _ = exported
    seen = (out / "bay/about/index.html").stat().st_mtime

    assert seen == newsroom.now.timestamp()
    assert (out / "bay/about/index.html.gz").stat().st_mtime == seen


def test_a_crash_half_way_leaves_whole_files_that_the_next_export_owns(
    newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from broadtape import exporting, pagefiles

    out, real, written = tmp_path / "out", pagefiles.replace_file, []

    def failing(path: Path, raw: bytes, modified: Any = None) -> None:
        if len(written) > 60:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        real(path, raw, modified)

    with monkeypatch.context() as full:
        full.setattr(exporting, "replace_file", failing)
        full.setattr(pagefiles, "replace_file", failing)
        with pytest.raises(OSError, match="No space"):
            run(newsroom, out)
    assert not list(out.rglob("*.part"))

    (newsroom.content / "articles/2026/01/s3.md").unlink()
    newsroom.publish()
    run(newsroom, out)
    second = tmp_path / "second"
    run(newsroom, second)
    ours = {name: raw for name, raw in files(out).items() if not name.startswith(".")}
    assert ours == {name: raw for name, raw in files(second).items() if not name.startswith(".")}


def test_a_page_that_cannot_be_rendered_is_named_and_takes_nothing_down(
    newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from broadtape.web import words

    def broken(*_: object) -> str:
        raise RuntimeError("a bug")

    with monkeypatch.context() as bug:
        bug.setattr(words, "month_title", broken)  # of the archive's pages
        done = run(newsroom, tmp_path / "out")

    assert "/archive/" in done.failed
    assert not (tmp_path / "out/bay/archive/index.html").exists()
    assert (tmp_path / "out/bay/2026/01/20/up/index.html").exists()


# --- what is refused --------------------------------------------------------------------------------------


def test_a_private_preview_is_not_given_out_by_accident(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.write("broadtape.toml", '[instance]\ntitle = "T"\ndefault_site = "bay"\n')
    newsroom.publish()

    with pytest.raises(CannotExport, match="--private"):
        run(newsroom, tmp_path / "out")
    run(newsroom, tmp_path / "out", private=True)
    assert "noindex" in (tmp_path / "out/bay/index.html").read_text()


def test_a_folder_with_other_files_is_left_alone(newsroom: Newsroom, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")

    with pytest.raises(CannotExport, match=r"thesis\.txt"):
        run(newsroom, out)
    with pytest.raises(CannotExport, match="part of the instance"):
        run(newsroom, newsroom.content / "out")
    (out / "thesis.txt").unlink()
    run(newsroom, out)
    (out / "bay" / "extra.txt").write_text("mine")
    run(newsroom, out)
    assert (out / "bay" / "extra.txt").read_text() == "mine"
    (out / MANIFEST).write_text("{")
    with pytest.raises(CannotExport, match="new folder"):
        run(newsroom, out)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/", "index.html"),
        ("/topics/x/", "topics/x/index.html"),
        ("/topics/x/?page=2", "topics/x/page-2.html"),
        ("/2026/01/20/up/proof", "2026/01/20/up/proof.html"),
        ("/2026/01/20/up/index.md", "2026/01/20/up/index.md"),
        ("/feed.xml?page=3", "feed.page-3.xml"),
        ("/topics/caf%C3%A9/", "topics/café/index.html"),
        ("/a/%2e%2e/%2e%2e/etc", ""),
        ("/a//b", ""),
        ("/a%00b", ""),
        (f"/{'x' * 300}/", ""),
    ],
)
def test_addresses_become_names_of_files(address: str, name: str) -> None:
    assert file_of(address) == name


def test_the_command_says_what_it_did(newsroom: Newsroom, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["-C", str(newsroom.root), "export", str(tmp_path / "out"), "--site", "bay"]
    )

    assert done.exit_code == 0, done.output
    assert re.search(
        r"\d+ pages: \d+ files written, 0 unchanged, 0 removed; 1 redirects, 1 withdrawn", done.output
    )
    refused = CliRunner().invoke(main, ["-C", str(newsroom.root), "export", str(tmp_path), "--site", "bay"])
    assert refused.exit_code == 1
    assert "name an empty folder" in refused.output


# --- nginx ------------------------------------------------------------------------------------------------


@pytest.fixture
def nginx(exported: tuple[Newsroom, Path, Exported], tmp_path: Path) -> Iterator[int]:
    """The configuration of docs/operating.md over an export, on a port of its own."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed (apt-get install nginx-light)")
    _, out, _ = exported
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = OPERATING.read_text()
    example = text[text.index("map_hash_max_size") : text.index("```", text.index("map_hash_max_size"))]
    example = example.replace("/srv/export", str(out)).replace("town.example.org", "bay.localhost")
    example = example.replace("/town", "/bay").replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    user = "user root;" if os.geteuid() == 0 else ""
    types = "/etc/nginx/mime.types"
    conf = tmp_path / "nginx.conf"
    conf.write_text(
        f"daemon off; worker_processes 1; {user} pid {tmp_path}/pid; error_log {tmp_path}/error.log;\n"
        f"events {{}}\nhttp {{ include {types}; access_log off; client_body_temp_path {tmp_path}/t1;\n"
        f"proxy_temp_path {tmp_path}/t2; fastcgi_temp_path {tmp_path}/t3; uwsgi_temp_path {tmp_path}/t4;\n"
        f"scgi_temp_path {tmp_path}/t5;\n{example} }}\n"
    )
    process = subprocess.Popen([program, "-p", str(tmp_path), "-c", str(conf)], stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 10
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=0.2):
                    break
            except OSError:
                assert process.poll() is None, process.stderr and process.stderr.read().decode()
                assert time.monotonic() < end
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        assert process.stderr is not None
        process.stderr.close()


def get(port: int, address: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", address, headers={"Host": "bay.localhost", **headers})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def test_nginx_gives_out_the_export_as_the_documentation_says(
    nginx: int, exported: tuple[Newsroom, Path, Exported]
) -> None:
    newsroom = exported[0]
    reader = Reader(newsroom.root)
    for address in (
        "/", "/2026/01/20/up/", "/2026/01/20/up/proof", "/2026/01/20/up/index.md", "/2026/01/20/up/facts.json",
        "/topics/x/", "/topics/x/?page=2", "/feed.xml", "/feed.json", "/sitemap.xml",
        "/robots.txt", "/quotes/NASDAQ:AAA/", "/quotes/NASDAQ:AAA/history.csv", "/quotes/",
    ):  # fmt: skip
        status, headers, body = get(nginx, address)
        _, ours, expected = ask(reader, address)
        assert (status, body) == (200, expected), address
        assert headers["Last-Modified"] == ours["Last-Modified"], address
        if address.endswith("/"):
            assert headers["Content-Type"] == ours["Content-Type"]
            for name in (
                "Content-Security-Policy",
                "X-Content-Type-Options",
                "Referrer-Policy",
                "Cache-Control",
            ):
                assert headers[name] == ours[name]
    _compare_headers(nginx, newsroom, reader)
    status, headers, body = get(nginx, "/2026/01/20/up/", **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert body == ask(reader, "/2026/01/20/up/", ACCEPT_ENCODING="gzip")[2]
    again = {"Accept-Encoding": "gzip", "If-None-Match": headers["ETag"]}
    assert get(nginx, "/2026/01/20/up/", **again)[0] == 304
    status, headers, _ = get(nginx, "/2026/01/04/old/")
    assert (status, headers["Location"]) == (301, "/2026/01/04/new/")
    status, _, body = get(nginx, "/2026/01/03/gone/")
    assert (status, b"A mistake." in body) == (410, True)
    status, _, body = get(nginx, "/nothing/here/")
    assert (status, b"Page not found" in body) == (404, True)
    assert get(nginx, "/topics/x/?page=99")[0] == 404
    status, headers, _ = get(nginx, "/about")
    assert (status, headers["Location"]) == (301, "/about/")
    assert get(nginx, "/static/site.css")[0] == 200
    for live in (
        "/search/feed.xml?q=x",
        "/quotes/NASDAQ:AAA/?page=2",
        "/quotes/?q=aaa",
        "/embed/quotes",
        "/widgets/",
    ):
        assert get(nginx, live)[0] == 502, live
    assert get(nginx, "/search?q=x")[0] == 502  # handed to the application, which does not run here


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/", "index.html"),
        ("/topics/x/", "topics/x/index.html"),
        ("/topics/x/?page=2", "topics/x/page-2.html"),
        ("/2026/01/12/a-b/proof", "2026/01/12/a-b/proof.html"),
        ("/2026/01/12/a-b/index.md", "2026/01/12/a-b/index.md"),
        ("/2026/01/12/a-b/chart.dark.svg", "2026/01/12/a-b/chart.dark.svg"),
        ("/.well-known/security.txt", ".well-known/security.txt"),
        ("/quotes/NYSE:BRK/B/", "quotes/NYSE:BRK/B/index.html"),
        ("/topics/caf%C3%A9/", "topics/café/index.html"),
        ("//evil/", ""),
        ("/a//b/", ""),
        ("/a/../b", ""),
        ("/" + "a" * 201, ""),
        ("topics", ""),
    ],
)
def test_an_address_has_one_file(address: str, name: str) -> None:
    assert file_of(address) == name


def _compare_headers(nginx: int, newsroom: Newsroom, reader: Reader) -> None:
    """Every exported address has the status, the type and the headers that the application sends."""
    printer = Printer(newsroom.instance)
    found = [(address, status) for address, _, status in printer.store.tags("bay") if status in (200, 410)]
    printer.close()
    wanted = [one for one in found if not one[0].startswith(("/widgets", "/embed"))]  # handed on
    now = {"/news-sitemap.xml": 200, "/.well-known/security.txt": 200, "/nowhere/": 404}  # as of the export
    for address, code in [
        *wanted,
        *now.items(),
        (static_address("site.css"), 200),
        ("/static/site.css", 200),
    ]:
        status, headers, _ = get(nginx, address, **{"Accept-Encoding": "gzip"})
        answered, ours, _ = ask(reader, address, ACCEPT_ENCODING="gzip")
        assert (status, int(answered[:3])) == (code, code), address
        sent = {name.lower(): value for name, value in headers.items()}
        loose = {
            "content-length",
            "accept-ranges",
            "content-disposition",
            "connection",
            "server",
            "date",
            "etag",
        }
        if code != 200 or address in now or "/static/" in address:
            loose |= {"last-modified", "vary", "content-encoding"}
        for name, value in ours.items():
            assert name.lower() in loose or sent.get(name.lower()) == value, (address, name)
