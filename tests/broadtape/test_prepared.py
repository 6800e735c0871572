from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadtape import web
from broadtape.prepared import LARGEST, READ, PreparedPages

BODY = b"<p>" + b"Small caps led. " * 100 + b"</p>"


class Site:
    """An application that counts what it renders, and a client in front of its prepared pages."""

    def __init__(self, **more: Any) -> None:
        self.rendered: list[str] = []
        self.body = BODY
        self.status = "200 OK"
        self.headers: list[tuple[str, str]] = []
        self.mark = 1
        self.now = 0.0
        self.due: float | None = None
        self.closed = 0
        self.chunks = 1
        self.strict = True
        self.asked: dict[str, Any] = {}
        self.front = PreparedPages(
            self.render,
            mark=lambda: self.mark,
            site_of=lambda host: host if host in ("bay", "hills") else None,
            expires=lambda site: self.due,
            clock=lambda: self.now,
            **more,
        )

    def render(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.rendered.append(environ["PATH_INFO"])
        assert environ["REQUEST_METHOD"] == "GET" or environ["REQUEST_METHOD"] == "POST"
        self.asked = environ
        assert not self.strict or "HTTP_IF_NONE_MATCH" not in environ
        start_response(self.status, [("Content-Type", "text/html; charset=utf-8"), *self.headers])
        outer = self

        class Body:
            def __iter__(self) -> Any:
                return iter([outer.body] * outer.chunks)

            def close(self) -> None:
                outer.closed += 1

        return Body()

    def get(
        self, path: str = "/", *, method: str = "GET", host: str = "bay", query: str = "", **headers: str
    ) -> Answer:
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": host}
        environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        answer = Answer()
        chunks = self.front(environ, answer.start)  # type: ignore[arg-type] # a test's small start_response
        answer.body = b"".join(chunks)
        close = getattr(chunks, "close", None)
        if close:
            close()
        return answer


class Answer:
    status = ""
    body = b""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status = status
        self.headers = dict(headers)


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_page_is_rendered_once_and_then_answered_from_memory(site: Site) -> None:
    first, second = site.get(), site.get()

    assert first.body == second.body == BODY
    assert first.headers == second.headers
    assert second.headers["Content-Length"] == str(len(BODY))
    assert site.rendered == ["/"]
    assert site.closed == 1


def test_nothing_made_under_an_older_mark_is_ever_answered(site: Site) -> None:
    site.get()
    site.mark, site.body = 2, b"<p>New</p>"

    assert site.get().body == b"<p>New</p>"


def test_a_page_is_never_older_than_a_minute(site: Site) -> None:
    site.get()
    site.now = 59.9
    site.get()
    assert len(site.rendered) == 1
    site.now = 60.0
    site.get()
    assert len(site.rendered) == 2


def test_a_page_ages_when_a_scheduled_article_is_due(site: Site) -> None:
    site.due = 5.0
    site.get()
    site.now = 5.0
    site.get()

    assert len(site.rendered) == 2


def test_sites_do_not_share_pages_and_an_unknown_host_is_never_kept(site: Site) -> None:
    for host in ("bay", "hills", "evil", "evil", "bay"):
        site.get(host=host)

    assert len(site.rendered) == 4


def test_each_encoding_is_the_same_page(site: Site) -> None:
    plain, zipped, packed = (
        site.get(),
        site.get(accept_encoding="gzip"),
        site.get(accept_encoding="gzip, deflate, br, zstd"),
    )

    assert gzip.decompress(zipped.body) == brotli.decompress(packed.body) == plain.body
    assert (zipped.headers["Content-Encoding"], packed.headers["Content-Encoding"]) == ("gzip", "br")
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == zipped.headers["Vary"] == "Accept-Encoding"
    assert len({plain.headers["ETag"], zipped.headers["ETag"], packed.headers["ETag"]}) == 3
    assert len(site.rendered) == 1


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0.2, br;q=0.1", "gzip"),
        ("*", "br"),
        ("identity", ""),
        ("br;q=x", ""),
        ("", ""),
    ],
)
def test_the_encoding_is_one_the_client_takes(site: Site, header: str, encoding: str) -> None:
    assert site.get(accept_encoding=header).headers.get("Content-Encoding", "") == encoding


def test_a_reader_who_has_the_page_is_told_so(site: Site) -> None:
    tag = site.get(accept_encoding="br").headers["ETag"]
    for condition in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        answer = site.get(if_none_match=condition, accept_encoding="br")
        assert (answer.status, answer.body) == ("304 Not Modified", b"")
        assert answer.headers["ETag"] == tag

    assert site.get(if_none_match='"other"').status == "200 OK"
    assert len(site.rendered) == 1


def test_the_first_request_may_be_conditional(site: Site) -> None:
    site.headers = [("ETag", 'W/"abc"')]

    assert site.get(if_none_match='W/"abc"').status == "304 Not Modified"
    assert site.get().headers["ETag"] == 'W/"abc"'
    assert len(site.rendered) == 1


def test_if_modified_since_counts_only_without_if_none_match(site: Site) -> None:
    site.headers = [("Last-Modified", "Mon, 12 Jan 2026 22:00:00 GMT")]

    assert site.get(if_modified_since="Mon, 12 Jan 2026 22:00:00 GMT").status == "304 Not Modified"
    assert site.get(if_modified_since="Mon, 12 Jan 2026 21:59:59 GMT").status == "200 OK"
    assert site.get(if_modified_since="rubbish").status == "200 OK"
    both = site.get(if_modified_since="Tue, 13 Jan 2026 22:00:00 GMT", if_none_match='"other"')
    assert both.status == "200 OK"


def test_head_has_the_headers_and_no_body(site: Site) -> None:
    head, get = site.get(method="HEAD"), site.get()

    assert head.body == b""
    assert head.headers == get.headers
    assert len(site.rendered) == 1


@pytest.mark.parametrize(
    "headers",
    [
        [("Set-Cookie", "a=b")],
        [("Cache-Control", "private, no-store")],
        [("Vary", "Cookie")],
        [("Vary", "*")],
    ],
)
def test_what_is_personal_or_forbidden_is_not_kept(site: Site, headers: list[tuple[str, str]]) -> None:
    site.headers = headers
    site.get()
    site.get()

    assert len(site.rendered) == 2


def test_errors_are_not_kept_but_absence_is(site: Site) -> None:
    site.status = "500 INTERNAL SERVER ERROR"
    site.get("/a")
    site.get("/a")
    site.status = "404 NOT FOUND"
    site.get("/b")
    missing = site.get("/b", if_none_match="*")

    assert site.rendered == ["/a", "/a", "/b"]
    assert (missing.status, missing.body) == ("404 NOT FOUND", BODY)


def test_requests_with_credentials_or_a_body_reach_the_application(site: Site) -> None:
    site.get()
    site.get(authorization="Basic x")
    site.get(cookie="session=1")
    site.get(method="POST")

    assert len(site.rendered) == 4


def test_queries_are_answered_afresh_except_for_static_files(site: Site) -> None:
    site.headers = [("Cache-Control", "public, max-age=31536000, immutable")]
    for _ in range(2):
        site.get("/search", query="q=fed")
        site.get("/static/site.css", query="v=1")

    assert site.rendered == ["/search", "/static/site.css", "/search"]


def test_a_made_up_version_of_a_file_fills_no_memory(site: Site) -> None:
    site.headers = [("Cache-Control", "public, max-age=3600")]
    for number in range(3):
        site.get("/static/site.css", query=f"v={number}")
        site.get("/static/site.css", query=f"v={number}")

    assert len(site.rendered) == 6


def test_a_very_large_answer_is_passed_on_whole(site: Site) -> None:
    site.body, site.chunks = b"x" * 100_000, LARGEST // 100_000 + 5

    assert len(site.get().body) == 100_000 * site.chunks
    assert site.get(method="HEAD").body == b""
    assert (len(site.rendered), site.closed) == (2, 2)


def test_what_is_asked_of_a_very_large_answer_is_the_applications(site: Site) -> None:
    """A part of it, or whether it changed: it has no copy here to tell from."""
    site.body, site.chunks, site.strict = b"x" * 100_000, LARGEST // 100_000 + 5, False
    for condition in ("range", "if_none_match", "if_modified_since"):
        assert site.get(**{condition: "x"}).status == "200 OK"

    assert site.asked["HTTP_IF_MODIFIED_SINCE"] == "x"
    assert (len(site.rendered), site.closed) == (6, 6)


@given(
    st.text('abcgzipbrq=0.;,* "W/-\x00\u00e9', max_size=40),
    st.text('"*,W/ abc-\u00e9\x00', max_size=40),
    st.one_of(
        st.just("Thu, 27 Nov 99999999999 10:00:00 GMT"),
        st.text("MonJa,: 0123456789GT-", max_size=40),
        st.datetimes().map(lambda when: f"{when:%a, %d %b %Y %H:%M:%S} GMT"),
    ),
)
def test_no_condition_and_no_encoding_is_too_strange(accepted: str, tags: str, since: str) -> None:
    site = Site()
    site.headers = [("Last-Modified", "Mon, 12 Jan 2026 22:00:00 GMT")]
    for headers in ({"if_none_match": tags}, {"if_modified_since": since}, {}):
        answer = site.get(accept_encoding=accepted, **headers)
        assert answer.status in ("200 OK", "304 Not Modified")
        if answer.status == "200 OK":
            packed = answer.headers.get("Content-Encoding", "")
            unpack = {"gzip": gzip.decompress, "br": brotli.decompress, "": bytes}[packed]
            assert unpack(answer.body) == BODY
            assert packed in accepted.lower() or "*" in accepted


def test_memory_is_bounded_and_the_oldest_page_goes_first() -> None:
    site = Site(most_bytes=30_000)
    for n in range(20):
        site.get(f"/{n}")
    site.get("/19")
    site.get("/0")

    assert site.rendered[-1] == "/0"
    assert len(site.rendered) == 21


def test_parameters_that_no_page_looks_at_are_one_page(site: Site) -> None:
    first = site.get("/a/")
    shared = site.get("/a/", query="utm_source=letter&fbclid=IwAR0")
    second = site.get("/a/", query="fbclid=IwAR0&page=2")

    assert shared.headers == first.headers
    assert site.rendered == ["/a/", "/a/"]
    assert second.status == "200 OK"


def test_every_parameter_that_pages_look_at_is_known() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(web.__file__).parent.glob("*.py"))
    asked = set(re.findall(r"(?:args|given)\.get\(\"(\w+)\"", source)) | set(
        re.findall(r"\"(\w+)\" in request\.args", source)
    )

    assert asked == READ
