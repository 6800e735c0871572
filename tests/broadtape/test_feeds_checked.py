"""Feeds judged by rules that others wrote: the schema of RFC 4287, and W3C's feed validator where it is at hand.

The validator is in no package registry: BROADTAPE_FEEDVALIDATOR names a checkout of github.com/w3c/feedvalidator.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from newsroom import Newsroom
from test_feeds import entry, site
from test_feeds_read import HOSTILE, rendered, wild_entry

from broadtape import feeds
from broadtape.feeds import Format

SCHEMAS = Path(__file__).parents[1] / "data" / "schemas"
ATOM = etree.RelaxNG(etree.parse(SCHEMAS / "atom.rng"))

# What the validator may say of feeds without their being wrong.
PARDONED = {
    # A headline is text, and may be about markup; RSS has no way to say so.
    "ContainsHTML",
    # The same of a name in a subscription list, where programs show what they find: "S&amp;P" is worse than "S&P".
    "NotHtml opml",
    # RFC 4287 asks for different times of one id only; the stories of an edition are filed in the same minute.
    "DuplicateUpdated",
    # A text that an editor saved with a sign of lost letters keeps it: nobody can say what it was.
    "BadCharacters",
}
ASKING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import feedvalidator
from feedvalidator import compatibility
for line in sys.stdin:
    path, address = line.split()
    with Path(path).open("rb") as file:
        events = feedvalidator.validateStream(file, contentType="application/xml; charset=utf-8", base=address)
    for event in compatibility.AA(events["loggedEvents"]):
        print(type(event).__name__, Path(path).name, sorted(event.params.items()))
"""


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whatever_stands_in_an_article_its_atom_feed_keeps_to_the_standards_schema(
    data: st.DataObject,
) -> None:
    there = site(hub="https://hub.example/")
    for pages in (feeds.Pages(1, 3), feeds.Pages(2, 3)):
        made = feeds.render(feeds.channel(there), there, "atom", [wild_entry(data)], pages=pages)
        ATOM.assertValid(etree.fromstring(made.body))
    ATOM.assertValid(etree.fromstring(rendered("atom")))


def test_the_schema_finds_what_is_wrong() -> None:
    feed = etree.fromstring(rendered("atom", entry()))
    entries = feed.findall("{*}entry")
    for name in ("id", "title", "updated"):
        entries[0].remove(entries[0].find(f"{{*}}{name}"))

        assert not ATOM.validate(feed)


@pytest.fixture(scope="module")
def checkout() -> Path:
    folder = Path(os.environ.get("BROADTAPE_FEEDVALIDATOR", "")) / "src"
    if not (folder / "feedvalidator" / "__init__.py").is_file():
        pytest.skip("no feed validator: BROADTAPE_FEEDVALIDATOR names a checkout of w3c/feedvalidator")
    pytest.importorskip("html5lib", reason="the feed validator needs html5lib: pip install html5lib")
    return folder


def judged(checkout: Path, folder: Path, held: dict[str, tuple[str, bytes]]) -> list[str]:
    """What the validator says of documents by name, each with its address; errors and warnings."""
    lines = []
    for name, (address, body) in held.items():
        (folder / name).write_bytes(body)
        lines.append(f"{folder / name} {address}\n")
    done = subprocess.run(
        [sys.executable, "-c", ASKING, str(checkout)],
        input="".join(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    told = [line for line in done.stdout.splitlines() if line]
    return [line for line in told if not PARDONED & {line.split()[0], " ".join(line.split()[:2])}]


XML: tuple[Format, ...] = ("rss", "atom")


def test_w3cs_validator_finds_nothing_in_feeds_of_hostile_texts(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Newsroom(tmp_path / "room", monkeypatch)
    titles = (
        "AT&T's <b>bold</b> ]]> &amp; 🐻 \u202eend\u202c",
        "x" * 1900,
        "1 < 2 & 3 > 2",
        "Plain",
    )
    for number, body in enumerate(HOSTILE * 5):
        told = titles[number % len(titles)]
        room.post(
            f"story-{number}",
            body + " Lost \x93letters\x94.",
            title=told,
            summary="'S&P <i>rose</i> &nbsp; ]]>'",
            topics="[R&D]",
        )
    assert room.publish().counts["published"] == len(HOSTILE) * 5
    here = room.instance.sites["bay"]
    held = {}
    for form in XML:
        for page in (1, 2):
            made = feeds.feed(room.catalogue, here, form, page=page)
            assert made is not None
            held[f"{form}-{page}"] = (made.own, made.body)
        empty = feeds.render(feeds.channel(here, topic="none"), here, form, [])
        held[f"{form}-empty"] = (empty.own, empty.body)
    held["opml"] = (
        "https://bay.example/feeds.opml",
        feeds.opml(here, [("All & <more>", [feeds.channel(here)])]),
    )

    assert judged(checkout, tmp_path, held) == []
    wrong = held["rss-1"][1].replace(b"<guid", b"<gruid").replace(b"</guid", b"</gruid")
    assert judged(checkout, tmp_path, {"wrong": ("https://bay.example/feed.xml", wrong)})
