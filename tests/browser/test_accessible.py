"""axe-core finds nothing on any page type, in light and in dark, on either look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page
from served import Served

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
# Templates, parts and forms as the other look colours them; their markup is the same.
OF_BOTH_LOOKS = (
    "front", "desk story", "proof", "markets", "quote", "look-up", "local", "widgets", "search", "search of facts",
    "not found",
)  # fmt: skip
# Of the type of another page that is looked at: a topic, the topics, how we work.
ALIKE = frozenset(
    ("long words", "author", "month", "archive", "about", "privacy", "terms", "accessibility", "comparison")
)
# What surrounds a page is the same on all of a site: judged on its first page, left out of the others.
AROUND = [["body > header"], [".foot"]]
# The fortieth row of a table is built as the fourth: left in, a proof page alone takes as long as all others.
FEWER = """() => {
  const past = (many, some) => [...many].slice(some).forEach((one) => one.remove());
  for (const table of document.querySelectorAll("tbody")) past(table.rows, 4);
  past(document.querySelectorAll(".fact-sheet, .glossary > div"), 4);
  for (const list of document.querySelectorAll("main :is(ul, ol, .listing)")) past(list.children, 6);
}"""


@pytest.fixture(scope="module")
def judged(browser: Browser) -> Iterator[Page]:
    """A page that axe may enter: the policy would keep its script out, and it is the markup that is judged."""
    context = browser.new_context(
        bypass_csp=True, viewport={"width": 1024, "height": 800}, reduced_motion="reduce"
    )
    context.add_init_script(AXE)
    yield context.new_page()
    context.close()


def violations(page: Page, options: dict[str, Any], where: Any = "html") -> list[str]:
    """What axe found in `where`, a line each: the rule and the element."""
    # What a page frames is a page of its own here; style sheets of ours need not be fetched a second time.
    given = {"resultTypes": ["violations"], "iframes": False, "preload": False, **options}
    found = page.evaluate("([where, options]) => axe.run(where, options)", [where, given])
    return [
        f"{one['id']}: {node['target']} {node['failureSummary'][:300]}"
        for one in found["violations"]
        for node in one["nodes"][:3]
    ]


@pytest.mark.parametrize("look", ["broadsheet", "bulletin"])
def test_axe_finds_nothing_on_any_page_type_light_and_dark(judged: Page, newsroom: Served, look: str) -> None:
    first = look == "broadsheet"
    base = newsroom.base if first else newsroom.other
    pages = newsroom.pages()
    found: dict[str, list[str]] = {}
    for name in (one for one in pages if one not in ALIKE) if first else OF_BOTH_LOOKS:
        where: Any = {"exclude": AROUND} if found else "html"
        judged.emulate_media(color_scheme="light")
        judged.goto(base + pages[name], wait_until="domcontentloaded")
        judged.evaluate(FEWER)
        found[f"{name}, light"] = violations(judged, RULES if first else COLOURS, where)
        judged.emulate_media(color_scheme="dark")
        found[f"{name}, dark"] = violations(judged, COLOURS, where)

    assert {name: lines for name, lines in found.items() if lines} == {}


def test_axe_finds_nothing_in_an_open_proof(judged: Page, newsroom: Served) -> None:
    judged.set_viewport_size({"width": 390, "height": 800})
    judged.emulate_media(color_scheme="light")
    judged.goto(newsroom.base + newsroom.proved.address)
    judged.locator(".body a.fact").first.click()
    judged.get_by_role("dialog").wait_for()

    found = violations(judged, RULES, "[role=dialog]")  # the page under it is read above
    judged.emulate_media(color_scheme="dark")
    found += violations(judged, COLOURS, "[role=dialog]")

    assert found == []
