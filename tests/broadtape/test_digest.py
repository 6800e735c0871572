"""The e-mail digest: what is in it, that mail programs can show it, and that a real SMTP server gets it once."""

from __future__ import annotations

import email
import email.policy
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from click.testing import CliRunner
from fakes import FakeMarket
from newsroom import Newsroom

from broadtape import config, digest, mailing
from broadtape.cli import main
from broadtape.model import BadSettings

DAY = date(2026, 1, 20)
SITE = """
[digest]
to = ["reader@example.org", "other@example.org"]
sender = "The Bay <news@example.org>"
unsubscribe = ["mailto:leave@example.org", "https://example.org/leave"]
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    made = Newsroom(
        tmp_path, monkeypatch, market=FakeMarket(DAY, {"NASDAQ:AAA": "9.00 10.00", "NASDAQ:BBB": "5 4"})
    )
    made.site("bay", watch_list=["NASDAQ:AAA", "NASDAQ:BBB", "NASDAQ:GONE"], more=SITE)
    made.post("ferries", "Boats run \\<again\\> & again.", title="Ferries run & run", authors="[Mia, Jo]")
    made.post("earlier", when="2026-01-19T10:00:00-08:00", title="Earlier")
    made.post("corrected", when="2026-01-18T10:00:00-08:00", title="Corrected",
              corrections='[{date: 2026-01-20T09:00:00-08:00, text: "The pier was another."}]')  # fmt: skip
    made.publish()
    return made


def gathered(room: Newsroom, day: date = DAY) -> digest.Digest:
    instance = room.instance
    return digest.gather(room.catalogue, instance.sites["bay"], day, instance)


def message(room: Newsroom, **more: Any) -> EmailMessage:
    site = room.instance.sites["bay"]
    given: dict[str, Any] = {"sender": site.digest.sender, "to": "reader@example.org", "now": room.now} | more
    return digest.message(gathered(room), site, DAY, **given)


def part(of: EmailMessage, kind: str) -> str:
    body = of.get_body((kind,))
    assert body is not None
    found: str = body.get_content()
    return found


# --- what is in it ------------------------------------------------------------------------------------------


def test_a_days_stories_watch_list_and_corrections_are_in_text_and_html(room: Newsroom) -> None:
    made = message(room)

    for kind in ("plain", "html"):
        text = part(made, kind)
        assert "Earlier" not in text
        assert "http://bay.localhost:8000/2026/01/20/ferries/" in text
        assert "The pier was another." in text
        assert "10.00" in text
        assert "+11.11%" in text
        assert "Closing prices of Jan. 20, 2026." in text
        assert "not investment advice" in text
    assert "Boats run <again> & again." in part(made, "plain")
    assert "Boats run &lt;again&gt; &amp; again." in part(made, "html")


def test_a_day_without_stories_is_said_and_an_empty_site_too(room: Newsroom) -> None:
    with pytest.raises(digest.NothingToSend, match=r"bay: nothing was published on Jan\. 1, 2026"):
        gathered(room, date(2026, 1, 1))
    with pytest.raises(digest.NothingToSend, match="nothing was published yet"):
        digest.newest_day(room.catalogue, replace(room.instance.sites["bay"], key="none"))


def test_a_day_is_the_sites_own(room: Newsroom) -> None:
    room.post(
        "late", when="2026-01-21T02:30:00+00:00", title="Half past six in the evening"
    )  # 6:30 p.m. in the bay
    room.site("bay", watch_list=["NASDAQ:AAA"], more=f'time_zone = "America/Los_Angeles"\n{SITE}')
    room.now += timedelta(days=1)
    room.publish()

    assert "Half past six in the evening" in [
        one.title for one in (gathered(room).lead, *gathered(room).stories)
    ]
    assert digest.newest_day(room.catalogue, room.instance.sites["bay"]) == DAY


def test_a_public_digest_has_no_price_that_is_not_licensed_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = FakeMarket(DAY, {"NASDAQ:AAA": "9.00 10.00", "NASDAQ:BBB": "5 4"}, public=["NASDAQ:BBB"])
    public = Newsroom(tmp_path, monkeypatch, market=market, settings='audience = "public"\n')
    public.post("ferries")
    public.publish()

    assert [row.ticker for row in gathered(public).prices] == ["BBB"]


class Shape(HTMLParser):
    """The tags of a message, and what a mail program would not show or would have to fetch."""

    VOID = frozenset(["meta", "br", "img", "hr", "link", "input"])

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.feed(html)
        self.faults += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "link", "style", "form", "iframe", "object", "svg", "video", "img"):
            self.faults.append(tag)
        self.faults += [name for name in given if name.startswith("on") or name in ("class", "id", "src")]
        href = given.get("href")
        if href is not None and not href.startswith(("http://", "https://", "mailto:")):
            self.faults.append(href)
        if "url(" in (given.get("style") or ""):
            self.faults.append("url()")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"/{tag}")


def test_the_html_needs_nothing_that_mail_programs_take_away(room: Newsroom) -> None:
    html = part(message(room), "html")

    assert Shape(html).faults == []
    assert len(html) < 100_000  # Gmail cuts what is longer


def test_the_headers_say_who_to_whom_and_how_one_leaves(room: Newsroom) -> None:
    made = message(room)

    assert made["From"] == "The Bay <news@example.org>"
    assert made["To"] == "reader@example.org"
    assert made["Subject"] == "Bay: Ferries run & run"
    assert made["List-Unsubscribe"] == "<mailto:leave@example.org>, <https://example.org/leave>"
    assert made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Message-ID"] == message(room, now=room.now + timedelta(days=3))["Message-ID"]
    assert made["Message-ID"] != message(room, to="other@example.org")["Message-ID"]


def test_a_title_cannot_break_a_header(room: Newsroom) -> None:
    room.post("hostile", title="A\\r\\nBcc: everybody@example.org\\r\\n\\r\\nBody\\u202e")
    room.post("ferries", status="draft")
    room.publish()
    sent = message(room).as_bytes()
    read = email.message_from_bytes(sent, policy=email.policy.default)

    assert read["Bcc"] is None
    assert "Bcc: everybody" in str(read["Subject"])
    assert max(map(len, sent.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("to", '["a@b.example\\r\\nBcc: c@d.example"]'),
        ("to", '["nobody"]'),
        ("sender", '"x <y>"'),
        ("unsubscribe", '["javascript:alert(1)"]'),
    ],
)
def test_addresses_that_are_none_are_refused_with_their_key(room: Newsroom, key: str, value: str) -> None:
    room.site("bay", more=f"[digest]\n{key} = {value}\n")

    with pytest.raises(BadSettings, match=rf"site\.toml: digest\.{key}"):
        config.load(room.root)


# --- sending ------------------------------------------------------------------------------------------------


class Inbox:
    """Keeps what a server took; refuses one address."""

    def __init__(self) -> None:
        self.mail: list[tuple[str, EmailMessage]] = []
        self.refused = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address == self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        read = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        self.mail += [(to, read) for to in envelope.rcpt_tos]
        return "250 OK"


def _login(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"desk", b"secret")
    return AuthResult(success=right, handled=right)


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    there = Inbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        there, hostname="127.0.0.1", port=port, authenticator=_login, auth_require_tls=False
    )
    controller.start()
    yield there, port
    controller.stop()


def served(room: Newsroom, port: int, **more: str) -> None:
    """Settings that name the server."""
    keys = {"host": "127.0.0.1", "security": "none"} | more
    lines = "".join(f'{name} = "{value}"\n' for name, value in keys.items())
    settings = (room.content / "broadtape.toml").read_text("utf-8").split("[mail]")[0]
    room.write("broadtape.toml", f"{settings}\n[mail]\nport = {port}\n{lines}")


def run(room: Newsroom, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["-C", str(room.root), "digest", *arguments], catch_exceptions=False)
    return result.exit_code, result.output


def test_the_digest_goes_to_each_address_once(room: Newsroom, inbox: tuple[Inbox, int]) -> None:
    there, port = inbox
    served(room, port)
    first = run(room, "--on", "2026-01-20", "--send")
    second = run(room, "--on", "2026-01-20", "--send")

    assert first == (0, "bay: digest of Tuesday, Jan. 20, 2026 sent to 2\n")
    assert second == (0, "bay: digest of Tuesday, Jan. 20, 2026 sent to 0, 2 had it before\n")
    assert [to for to, _ in there.mail] == ["reader@example.org", "other@example.org"]
    assert all("Ferries run & run" in part(one, "plain") for _, one in there.mail)
    assert [one["To"] for _, one in there.mail] == ["reader@example.org", "other@example.org"]
    assert run(room, "--on", "2026-01-20", "--send", "--again")[0] == 0
    assert len(there.mail) == 4


def test_a_refused_address_is_named_and_the_others_get_theirs(
    room: Newsroom, inbox: tuple[Inbox, int]
) -> None:
    there, port = inbox
    there.refused = "reader@example.org"
    served(room, port)
    code, output = run(room, "--on", "2026-01-20", "--send")
    there.refused = ""

    assert code == 1
    assert "reader@example.org: refused: 550 no such mailbox" in output
    assert [to for to, _ in there.mail] == ["other@example.org"]
    assert run(room, "--on", "2026-01-20", "--send")[0] == 0
    assert [to for to, _ in there.mail] == ["other@example.org", "reader@example.org"]


def test_the_password_comes_from_the_environment_and_a_wrong_one_is_one_line(
    room: Newsroom, inbox: tuple[Inbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, port = inbox
    served(room, port, user="desk", password="${BAY_MAIL}")
    unset = run(room, "--on", "2026-01-20", "--send")
    monkeypatch.setenv("BAY_MAIL", "wrong")
    wrong = run(room, "--on", "2026-01-20", "--send")
    monkeypatch.setenv("BAY_MAIL", "secret")
    right = run(room, "--on", "2026-01-20", "--send")

    assert unset[0] == wrong[0] == 1
    assert "BAY_MAIL is not set" in unset[1]
    assert "refused the login of desk" in wrong[1]
    assert "wrong" not in wrong[1].replace("refused", "")
    assert right[0] == 0
    assert len(there.mail) == 2


def test_a_server_that_is_not_there_or_speaks_no_tls_is_named(
    room: Newsroom, inbox: tuple[Inbox, int]
) -> None:
    served(room, inbox[1], security="starttls")
    plain = run(room, "--on", "2026-01-20", "--send")
    served(room, 1)
    nobody = run(room, "--on", "2026-01-20", "--send")

    assert plain[0] == nobody[0] == 1
    assert re.search(r'SMTP server 127\.0\.0\.1:\d+: .*set mail\.security to "tls" or "none"', plain[1])
    assert "SMTP server 127.0.0.1:1: not reached" in nobody[1]


def test_what_sending_needs_is_asked_for_by_its_key(room: Newsroom) -> None:
    room.site("bay", watch_list=["NASDAQ:AAA"])
    room.publish()
    assert "digest.to names nobody" in run(room, "--send")[1]
    room.site("bay", more='[digest]\nto = ["a@b.example"]\n')
    assert "digest.unsubscribe is empty" in run(room, "--send")[1]
    room.site("bay", more='[digest]\nto = ["a@b.example"]\nunsubscribe = ["mailto:a@b.example"]\n')
    assert "digest.sender and mail.sender are empty" in run(room, "--send")[1]


# --- the command ----------------------------------------------------------------------------------------------


def test_a_file_is_a_message_and_without_one_the_text_is_printed(room: Newsroom, tmp_path: Path) -> None:
    out = tmp_path / "day.eml"
    code, said = run(room, "--on", "2026-01-20", "--out", str(out))
    read = email.message_from_bytes(out.read_bytes(), policy=email.policy.default)

    assert (code, said) == (0, f"{out}: 1 stories of Tuesday, Jan. 20, 2026\n")
    assert isinstance(read, EmailMessage)
    assert "Ferries run & run" in part(read, "html").replace("&amp;", "&")
    assert "WATCH LIST" in run(room, "--on", "2026-01-20")[1]
    assert run(room, "--out", "x.eml", "--send")[0] == 2
    assert run(room, "--on", "2020-01-01") == (
        0, "broadtape: bay: nothing was published on Jan. 1, 2020; name another day with --on\n",
    )  # fmt: skip


def test_what_was_sent_is_remembered_for_a_bounded_number(tmp_path: Path) -> None:
    path = tmp_path / "mailed.json"
    mailing._save(path, [str(n) for n in range(3)])

    assert mailing._load(path) == ["0", "1", "2"]
    path.write_text("{", encoding="utf-8")
    assert mailing._load(path) == []
