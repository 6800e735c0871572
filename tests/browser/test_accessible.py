"""axe-core finds nothing on any page type, in light and in dark, on either look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page
from served import Served

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
OF_BOTH_LOOKS = ("front", "desk story", "quote", "search")
# The fortieth row of a table is built as the fourth: left in, a proof page alone takes as long as all others.
FEWER = """() => {
  for (const table of document.querySelectorAll("tbody")) [...table.rows].slice(8).forEach((row) => row.remove());
  [...document.querySelectorAll(".fact-sheet, .glossary > div")].slice(6).forEach((one) => one.remove());
}"""


def violations(page: Page, options: dict[str, Any], where: str = "html") -> list[str]:
    """What axe found in `where`, a line each: the rule and the element."""
    # What a page frames is a page of its own here.
    given = {"resultTypes": ["violations"], "iframes": False, **options}
    found = page.evaluate("([where, options]) => axe.run(where, options)", [where, given])
    return [
        f"{one['id']}: {node['target']} {node['failureSummary'][:300]}"
        for one in found["violations"]
        for node in one["nodes"][:3]
    ]


@pytest.mark.parametrize("look", ["broadsheet", "bulletin"])
def test_axe_finds_nothing_on_any_page_type_light_and_dark(
    browser: Browser, newsroom: Served, look: str
) -> None:
    # The policy would keep axe's own script out of the page; it is the page's markup that is judged.
    context = browser.new_context(
        bypass_csp=True, viewport={"width": 1024, "height": 800}, reduced_motion="reduce"
    )
    context.add_init_script(AXE)
    page = context.new_page()
    base = newsroom.base if look == "broadsheet" else newsroom.other
    wanted = newsroom.pages()
    found: dict[str, list[str]] = {}
    for name in wanted if look == "broadsheet" else OF_BOTH_LOOKS:
        page.emulate_media(color_scheme="light")
        page.goto(base + wanted[name])
        page.evaluate(FEWER)
        found[f"{name}, light"] = violations(page, RULES)
        page.emulate_media(color_scheme="dark")
        found[f"{name}, dark"] = violations(page, COLOURS)
    context.close()

    assert {name: lines for name, lines in found.items() if lines} == {}


def test_axe_finds_nothing_in_an_open_proof(browser: Browser, newsroom: Served) -> None:
    context = browser.new_context(bypass_csp=True, viewport={"width": 390, "height": 800})
    context.add_init_script(AXE)
    page = context.new_page()
    page.goto(newsroom.base + newsroom.proved.address)
    page.locator(".body a.fact").first.click()
    page.get_by_role("dialog").wait_for()

    found = violations(page, RULES, "[role=dialog]")  # the page under it is read above
    page.emulate_media(color_scheme="dark")
    found += violations(page, COLOURS, "[role=dialog]")
    context.close()

    assert found == []
